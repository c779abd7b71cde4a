"""A bundle that was archived: described as an RO-Crate, looked over byte by byte, and its numbers made again."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from werkbank.bench import PARTS, SEED, Bench
from werkbank.catalogue import LANGUAGES, say
from werkbank.errors import WerkbankError
from werkbank.intake.model import Intake
from werkbank.intake.stored import from_text
from werkbank.measurement.study_scores import score_study
from werkbank.results import Results
from werkbank.running import manifest
from werkbank.running.comparing import Verified, first_difference
from werkbank.study.lot import read_lot
from werkbank.study.model import Study
from werkbank.study.registration import read_registration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

CRATE, SUMS = "ro-crate-metadata.json", "SHA256SUMS"
FORMATS = {".csv": "text/csv", ".json": "application/json", ".html": "text/html", ".txt": "text/plain",
           ".yaml": "application/yaml", ".ipynb": "application/x-ipynb+json"}  # fmt: skip
KINDS = ("estimates", "facts", "claims")


def describe(place: Path, title: str, now: datetime, language: str) -> None:
    """Write what a bundle holds: the crate's metadata, and a line with a hash for every file."""
    from rocrate.rocrate import ROCrate

    files = _files(place)
    not_shared = " · ".join(say("planning.archive.not_shared", one) for one in LANGUAGES)
    made = ROCrate(version="1.1")
    made.metadata.extra_terms["sha256"] = "https://schema.org/sha256"
    for name in files:
        kind = FORMATS.get(f".{name.rpartition('.')[2]}", "application/octet-stream")
        of_file = {"name": name, "encodingFormat": kind, "contentSize": str((place / name).stat().st_size)}
        made.add_file(place / name, name, properties={**of_file, "sha256": manifest.sha256(place / name)})
    about = {
        "name": title, "description": not_shared, "inLanguage": language, "conditionsOfAccess": not_shared,
        "datePublished": now.date().isoformat(), "license": made.dereference("LICENCE.txt"),
    }  # fmt: skip
    for name, told in about.items():
        made.root_dataset[name] = told
    crate: dict[str, Any] = made.metadata.generate()
    _about(crate)["identifier"] = f"urn:sha256:{_seal(crate)}"
    manifest.put(place / CRATE, _written(crate).encode())
    lines = [f"{manifest.sha256(place / name)}  {name}" for name in [*files, CRATE]]
    manifest.put(place / SUMS, ("\n".join(lines) + "\n").encode())


def is_bundle(place: Path) -> bool:
    """Whether a folder is an archived bundle."""
    return (place / CRATE).is_file() or (place / SUMS).is_file()


def verified(place: Path, *, quick: bool = False) -> Iterator[Verified]:
    """Yield what is amiss with a bundle, or that every byte is there and every number comes out again."""
    amiss = list(_damaged(place))
    if amiss or quick:
        yield from amiss or [Verified(place, "archive", "intact")]
        return
    try:
        again, kept = results_of(place), Results.from_json((place / "results.json").read_text(encoding="utf-8"))
    except (WerkbankError, OSError, ValueError, KeyError, TypeError) as error:
        yield Verified(place, "archive", "failed", str(error))
        return
    old, new = ({k: json.loads(store.to_json())[k] for k in KINDS} for store in (kept, again))
    same = old == new
    where = "" if same else first_difference(old, new)
    yield Verified(place, "archive", "differs" if where else "same" if same else "equal", where)


def results_of(place: Path) -> Results:
    """Compute the results of a bundle from its answers, its study file and its keys, and nothing else."""
    study = study_of(place)
    shapes = json.loads((place / "data" / "columns.json").read_text(encoding="utf-8"))
    answers, pupils = (
        from_text((place / "data" / f"{name}.csv").read_text(encoding="utf-8"), shapes[name])
        for name in ("answers", "pupils")
    )
    intake = Intake(study, answers, pupils, (), ())
    bench = Bench(intake, score_study(intake), study.language, SEED)
    return bench.part(*parts_of(study))


def parts_of(study: Study) -> list[str]:
    """Return the parts of a study's results that rest on the answers of its pupils."""
    made = ["effects", "diagnostics", "measurement", "ways", *["underachievement"] * bool(study.underachievement)]
    return [part for part in PARTS if part in made]


def study_of(place: Path) -> Study:
    """Return the study file of a bundle; its lot and its registration lie beside it, and no data file does."""
    raw = json.loads((place / "study.json").read_text(encoding="utf-8"))
    study = Study.model_validate({**raw, "files": [{"path": "data/answers.csv"}]})
    study._folder, study._file = place.resolve(), "study.json"  # noqa: SLF001 - as its reader sets them
    if study.design.lot is not None:
        study._lot = read_lot(place / study.design.lot, study.design.lot)  # noqa: SLF001 - as above
    promise = study.design.preregistration or ""
    if promise.endswith(".yaml"):
        study._registered = read_registration(place / promise, promise)  # noqa: SLF001 - as above
    return study


def _files(place: Path) -> list[str]:
    found = sorted(path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file())
    return [name for name in found if name not in {CRATE, SUMS}]


def _damaged(place: Path) -> Iterator[Verified]:
    """Name every file that is not as it was, is gone, or came besides: by the crate, the list, or the crate's seal."""
    listed, told = _listed(place), _told(place)
    there = {*_files(place), *([CRATE] if (place / CRATE).is_file() else [])}
    if told is None:
        yield Verified(place, "archive", "damaged", CRATE)
    known = {**listed, **(told or {})}
    for name in sorted({*known, *there} - {CRATE}):
        if name not in known:
            yield Verified(place, "archive", "foreign", name)
        elif name not in there:
            yield Verified(place, "archive", "lacking", name)
        elif manifest.sha256(place / name) != known[name]:
            yield Verified(place, "archive", "damaged", name)
    expected = {**known, **({CRATE: manifest.sha256(place / CRATE)} if told is not None else {})}
    text = "".join(
        f"{expected[name]}  {name}\n" for name in [*sorted(set(expected) - {CRATE}), CRATE] if name in expected
    )
    if told is not None and (not (place / SUMS).is_file() or (place / SUMS).read_bytes() != text.encode()):
        yield Verified(place, "archive", "damaged", SUMS)


def _listed(place: Path) -> dict[str, str]:
    try:
        lines = (place / SUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    pairs = [line.split("  ", 1) for line in lines]
    return {pair[1]: pair[0] for pair in pairs if len(pair) == 2 and pair[1] != CRATE}


def _told(place: Path) -> dict[str, str] | None:
    """Return the hashes that the crate's metadata tells; None where these are not as they were written."""
    try:
        text = (place / CRATE).read_text(encoding="utf-8")
        crate = json.loads(text)
        seal = _about(crate).pop("identifier")
        whole = seal == f"urn:sha256:{_seal(crate)}"
        _about(crate)["identifier"] = seal
        if not whole or _written(crate) != text:
            return None
        return {part["@id"]: part["sha256"] for part in crate["@graph"] if part.get("@type") == "File"}
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, StopIteration):
        return None


def _about(crate: dict[str, Any]) -> dict[str, Any]:
    """Return of a crate's metadata what these say of themselves: there the seal stands."""
    found: dict[str, Any] = next(one for one in crate["@graph"] if one["@id"] == CRATE)
    return found


def _written(crate: dict[str, Any]) -> str:
    return json.dumps(crate, ensure_ascii=False, indent=1) + "\n"


def _seal(crate: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(crate, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
