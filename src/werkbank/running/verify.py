"""Is a report still what was made, and does making it again give the same? Hashes first, then every number and text."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkbank import steps
from werkbank.errors import ReportError, UnfitError, UsageError, WerkbankError
from werkbank.results import OlderResultsError, Results
from werkbank.running import bundle, manifest
from werkbank.running.comparing import Verdict, Verified, first_difference
from werkbank.running.notebooks import code_hash, report_names
from werkbank.running.pages import FORMATS
from werkbank.running.presence import faults, places_below

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = ("estimates", "facts", "claims")
DEPTH = 4  # how far below the working folder a study is looked for


def verify(folders: list[Path], *, quick: bool = False, study: Path | None = None) -> Iterator[Verified]:
    """Verify every report in these folders and below them.

    Parameters
    ----------
    folders : list of path
    quick : bool
        Only whether the files are those that were made.
    study : path, optional
        Where the study is. A manifest holds no place, only hashes: left out, it is looked for among the examples and
        below the working folder, by its hash.

    Raises
    ------
    UsageError
        For a folder without any report.
    """
    for folder in folders:
        if bundle.is_bundle(folder):
            yield from bundle.verified(folder, quick=quick)
            continue
        places = places_below(folder)
        if not places:
            from werkbank.catalogue import say

            raise UsageError(say("batch.problem.no_manifest", "en", path=folder.as_posix()))
        for place in places:
            amiss = [Verified(place, *fault) for fault in faults(place)]
            yield from amiss
            broken = any(one.report == one.detail == manifest.NAME for one in amiss)  # what it says is not gone by
            found = {} if broken else manifest.read(place)
            ids: set[str] = set()
            good = not quick and not amiss
            for key in sorted(found.get("reports", {})):
                one = _verified(place, found, key, ids, quick=quick, study=study)
                good = good and one.good
                yield one
            if good and (more := _nobodys(place, ids)):
                yield Verified(place, "results", "differs", more)


def damaged(place: Path, found: dict[str, Any], key: str) -> str:
    """Return the first file of a report that is absent or not the one that was made, or nothing."""
    for name, digest in {**found["results"], **found["reports"][key]["files"]}.items():
        path = manifest.where(place, name)
        inside = path.resolve().is_relative_to(place.resolve())  # a manifest speaks of its own folder only
        if not inside or not path.is_file() or manifest.sha256(path) != digest:
            return str(name)
    return ""


def _verified(
    place: Path, found: dict[str, Any], key: str, ids: set[str], *, quick: bool, study: Path | None
) -> Verified:
    if broken := damaged(place, found, key):
        return Verified(place, key, "damaged", broken)
    if quick or _older(place):
        return Verified(place, key, "intact" if quick else "older")
    file = study or _study_file(found["inputs"])
    name = key.rpartition(".")[0]
    notebook = _notebook(name, found["reports"][key]["notebook"], file) if file else None
    if file is None or notebook is None:
        lacking: tuple[Verdict, str] = ("no_notebook", f"{name}.ipynb")
        return Verified(place, key, *(lacking if file else ("no_study", found["inputs"]["study"]["file"])))
    steps.begin("again", report=(place / key).as_posix())
    with tempfile.TemporaryDirectory(prefix="werkbank-verify-") as folder:
        try:
            verdict = _made_again(place, found, key, file, notebook, Path(folder) / "again")
            ids |= _ids(Path(folder) / "again")
        except UnfitError as error:
            return Verified(place, key, "changed", error.problems[0].sentence(error.language))
        except (ReportError, WerkbankError, OSError) as error:
            return Verified(place, key, "failed", str(error))
    return verdict


def _older(place: Path) -> bool:
    try:
        Results.from_json((place / "results.json").read_text(encoding="utf-8"))
    except OlderResultsError:
        return True
    return False


def _made_again(
    place: Path, found: dict[str, Any], key: str, study: Path, notebook: str | Path, again: Path
) -> Verified:
    from werkbank.running.runner import run_held
    from werkbank.running.together import hide_again
    from werkbank.study import load_study

    name, _, language = key.rpartition(".")
    files = found["reports"][key]["files"]
    formats = tuple(form for form in FORMATS if f"{key}.{form}" in files)
    run_held(study, notebook, languages=(language,), out=again, formats=formats, warm=True, **_parameters(found, key))
    if share := found["reports"][key].get("share"):  # with what it hides because of other copies: nothing is given out
        hide_again(again, load_study(study), key, share)
    made = manifest.read(again)
    for part in ("study", "data", "instruments", "logo"):
        if made["inputs"].get(part) != found["inputs"].get(part):
            return Verified(place, key, "changed", part)
    if made["reports"][key]["notebook"] != found["reports"][key]["notebook"]:
        return Verified(place, key, "changed", f"{name}.ipynb")
    if lie := _untrue(found, made) or _not_given_out(found, key, study):
        return Verified(place, key, "damaged", f"{manifest.NAME}: {lie}")
    alike = made["inputs"] == found["inputs"]  # the same packages must draw the same pictures, and write the same files
    difference = _first_of(place, again, key, pictures=alike)
    entries = [{**of["reports"][key], "remarks": []} for of in (made, found)]  # a log may say another time each run
    if alike and not difference and entries[0] == entries[1]:
        return Verified(place, key, "same")
    if alike and not difference:
        differing = (f for f, digest in made["reports"][key]["files"].items() if files.get(f) != digest)
        difference = next(differing, manifest.NAME)
    return Verified(place, key, "differs" if difference else "equal", difference)


def _untrue(found: dict[str, Any], made: dict[str, Any]) -> str:
    """Return a field that cannot be true: in the same environment these are the same."""
    old, new = found["inputs"], made["inputs"]
    same = old["environment"] == new["environment"]
    return next((f for f in ("werkbank", "packages") if same and old[f] != new[f]), "")


def _not_given_out(found: dict[str, Any], key: str, study: Path) -> str:
    """Return which field the study's register says otherwise of a copy that it knows to have been given out.

    A register that is not there, or does not know this copy (from another computer), says nothing.
    """
    from werkbank.disclosure import register
    from werkbank.disclosure.deliveries import identity
    from werkbank.study import load_study

    entry = found["reports"][key]
    if "share" not in entry:
        return ""
    try:
        of = register.read(load_study(study)).deliveries
    except (register.UnknownStateError, OSError):
        return ""
    mine = [one for one in of if one.id == identity(found["inputs"], key, entry)]
    share = entry["share"]
    said = {"register": "before", "also": "also", "bare": "bare", "earlier": "earlier"}
    as_was = [all(_plain(getattr(one, b)) == share[a] for a, b in said.items()) for one in mine]
    return "" if not mine or any(as_was) or share["held"] else "share"


def _plain(value: Any) -> Any:  # noqa: ANN401 - of a delivery
    return list(value) if isinstance(value, tuple) else value


def _first_of(place: Path, again: Path, key: str, *, pictures: bool) -> str:
    """Return the first difference in results and sections of two makings of one report."""
    copy = f"share/{key}.json"
    for file in ("results.json", f"{key}.ipynb", *[copy] * (again / copy).is_file()):
        if not manifest.where(place, file).is_file():
            return file
        texts = (manifest.where(folder, file).read_text(encoding="utf-8") for folder in (place, again))
        old, new = map(json.loads, texts)
        old.pop("notice", None), new.pop("notice", None)  # for whom the file is meant is no result
        if file != copy:
            old, new = (_sections(old), _sections(new)) if file.endswith(".ipynb") else (_of(new, old), new)
        if difference := first_difference(old, new, pictures=pictures):
            return f"{file}: {difference}"
    return ""


def _ids(place: Path) -> set[str]:
    content = json.loads((place / "results.json").read_text(encoding="utf-8"))
    return {item["id"] for kind in KINDS for item in content[kind]}


def _nobodys(place: Path, ids: set[str]) -> str:
    """Return what stands in a folder's results though none of its reports, made again, gives it."""
    if more := sorted(_ids(place) - ids):
        return f"results.json: /{more[0]}: no report gives it"
    store = Results.from_json((place / "results.json").read_text(encoding="utf-8"))
    with (place / "results.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    told = [{k: v for k, v in row.items() if k != "notice"} for row in rows]
    same = told == list(csv.DictReader(io.StringIO(store.to_csv(), newline="")))
    return "" if same else "results.csv"


def _parameters(found: dict[str, Any], key: str) -> dict[str, Any]:
    return {**found["inputs"]["parameters"], **found["reports"][key].get("parameters", {})}


def _of(report: dict[str, Any], store: dict[str, Any]) -> dict[str, Any]:
    """Return of a folder's store what one report wrote: the other reports in the folder wrote there too."""
    ids = {item["id"] for kind in KINDS for item in report[kind]}
    kept = {kind: [i for i in store[kind] if i["id"] in ids] for kind in KINDS}
    order = {item["id"]: n for kind in kept for n, item in enumerate(report[kind])}
    return {**store, **{kind: sorted(items, key=lambda i: order[i["id"]]) for kind, items in kept.items()}}


def _sections(notebook: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON values
    from werkbank.running.kept import sections_of

    return {section["id"]: section["blocks"] for section in sections_of(notebook)}


def _study_file(inputs: dict[str, Any]) -> Path | None:
    """Return the study file with this name and hash, among the examples and below the working folder.

    Two studies may have the same study file: the one whose data are those of the manifest goes first.
    """
    from werkbank.study.finding import example_path

    wanted = inputs["study"]
    name, examples = Path(wanted["file"]).name, example_path("baumann").parents[1]
    places = [*_below(Path.cwd(), name), *examples.glob(f"*/{name}")]
    same = [path for path in places if path.is_file() and manifest.sha256(path) == wanted["sha256"]]
    of = [item for part in ("data", "instruments", "logo") for item in inputs.get(part, ())]
    return next((path for path in same if _holds(path.parent, of)), next(iter(same), None))


def _holds(folder: Path, files: list[dict[str, str]]) -> bool:
    """Whether these files lie in a study's folder as they were."""
    return all((folder / f["file"]).is_file() and manifest.sha256(folder / f["file"]) == f["sha256"] for f in files)


def _notebook(name: str, code: str, study: Path) -> str | Path | None:
    """Return the report of this name: one of ours, or a user's own notebook with this code.

    That is looked for below the working folder and beside the study, never in the report's own folder: what someone
    else sent is not run.
    """
    if name in report_names():
        return name
    beside = study if study.is_dir() else study.parent
    for path in [*_below(Path.cwd(), f"{name}.ipynb"), *_below(beside, f"{name}.ipynb")]:
        with suppress(OSError, ValueError, KeyError, TypeError):
            if code_hash(path) == code:
                return path
    return None


def _below(folder: Path, name: str) -> Iterator[Path]:
    """Yield the files of this name in a folder and a few levels below it, the nearest first."""
    for depth in range(DEPTH + 1):
        yield from folder.glob("/".join(["*"] * depth + [name]))
