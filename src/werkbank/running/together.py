"""The copies to share of several reports, of one folder or of a batch: what one hides must not follow from another.

Every run hides what follows from its own report. When more is there, the counts of all are looked at together, and the
copies that must hide more are written again. A manifest keeps what a copy hides because of others (``share``), so that
the same copy can be made again by itself.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from werkbank.errors import ReportError
from werkbank.results import Results
from werkbank.running import manifest
from werkbank.running.pages import FORMATS, HELP, pages, reading_help

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from werkbank.reporting.sharing import Shared
    from werkbank.study import Study

HIDES = ("also", "bare")


@dataclass(frozen=True)
class Copy:
    """One report of a folder that has a copy to share, with the results that it was written from."""

    key: str
    entry: dict[str, Any]
    results: Results
    hidden: frozenset[str]  # because of itself alone


def files_to_share(
    copy: Shared, study: Study, language: str, formats: tuple[str, ...], footer: dict[str, str], key: str
) -> dict[str, str | bytes]:
    """Return the files that may leave the school, by name: pages and results."""
    # what the files with answers are called, and their hashes, are nobody else's concern
    made = pages(copy.sections, study, language, formats, {k: v for k, v in footer.items() if k != "data_sha256"})
    files = {f"share/{key}.{form}": content for form, content in made.items()}
    if _of_the_whole(copy.parts):
        beside = reading_help(study, language, formats, footer, key.partition(".")[0])
        files |= {f"share/{key}.{HELP}.{form}": content for form, content in beside.items()}
    return {**files, f"share/{key}.json": copy.results.to_json(), f"share/{key}.csv": copy.results.to_csv()}


def earlier(place: Path, inputs: dict[str, Any], key: str) -> dict[str, list[str]]:
    """Return what the copy of this report in this folder, of the same inputs, hides because of others."""
    found = manifest.read(place)
    known = found.get("reports", {}).get(key, {}).get("share", {}) if found.get("inputs") == inputs else {}
    return {name: known[name] for name in HIDES if name in known}


def rewritten(
    study: Study, only: Mapping[str, str], results: Results, language: str, share: Mapping[str, list[str]]
) -> Shared:
    """Return a copy to share that also hides what `share` lists; ReportError for parts of a notebook of one's own."""
    from werkbank.bench import Bench
    from werkbank.intake import read_answers
    from werkbank.measurement.study_scores import score_study
    from werkbank.reporting.sharing import written_again

    of_export = all(f.kind == "monitoring" for f in results.facts)  # which has pupils of its own
    whole = _of_the_whole(share["parts"])
    intake = read_answers(study, {} if of_export or whole else only)
    bench = replace(Bench.made(intake, score_study(intake), results, language), only=only if whole else {})
    return written_again(bench, share["parts"], share["also"], set(share["bare"]))


def _of_the_whole(parts: Sequence[str]) -> bool:
    """Whether the parts of a copy tell of the whole study, whichever part of it the report is for."""
    return bool(parts) and all(name.startswith("werkbank.reporting.school:") for name in parts)


def settle(places: Mapping[Path, Study], *, anew: bool = False) -> dict[Path, str]:
    """Hide in the copies to share of these folders what follows from all of them side by side.

    Parameters
    ----------
    places : mapping of path to Study
        Folders with a manifest; others are passed over. Those with the same data files are looked at together.
    anew : bool
        All that will be read side by side is among `places`; otherwise what was hidden before stays hidden.

    Returns
    -------
    mapping of path to str
        The folders from which a copy was taken away because it could not be written again, and why.
    """
    groups: dict[tuple[str, ...], dict[Path, Study]] = {}
    for place, study in places.items():
        if data := manifest.read(place).get("inputs", {}).get("data"):
            groups.setdefault(tuple(item["sha256"] for item in data), {})[place] = study
    failed = {place: why for group in groups.values() for place, why in _settled(group, anew=anew).items()}
    for place in places:  # when all that must hide more are no longer there as they were
        manifest.release(place)
    return failed


def _settled(group: Mapping[Path, Study], *, anew: bool) -> dict[Path, str]:
    from werkbank.disclosure.together import hidden_together

    found = {place: manifest.read(place) for place in group}
    shared = {p: [k for k, r in found[p]["reports"].items() if "share" in r] for p in group}
    twins = _twins(found, shared)
    several = {p for p in group if len({key.rpartition(".")[0] for key in shared[p]}) > 1} - twins.keys()
    looked_at = [p for p in group if shared[p] and p not in twins] if len(group) > 1 else []
    members = {p: _pupils(group[p], found[p], shared[p]) for p in looked_at}
    times = Counter(pupil for own in members.values() for pupil in own)
    met = {p for p, own in members.items() if any(times[pupil] > 1 for pupil in own)}
    copies = {str(p): _copies(p, found[p], shared[p], group[p].privacy.min_cell) for p in met | several}
    hidden: dict[str, tuple[set[str], set[str]]] = {}
    if copies:
        own = {name: set[str]().union(*(c.hidden for c in mine)) for name, mine in copies.items()}
        for name, mine in copies.items() if not anew else ():
            own[name] |= {count for c in mine for count in c.entry["share"]["also"]}
        stores = {name: _joined([c.results for c in mine]) for name, mine in copies.items()}
        pupils = {str(p): own for p, own in members.items()}
        least = max(study.privacy.min_cell for study in group.values())
        hidden = hidden_together(stores, own, least, pupils, map(str, several))
    failed = {}
    for place, study in group.items():
        lead = str(twins.get(place, place))
        again = [] if lead in copies or not anew else shared[place]
        again = [key for key in again if any(found[place]["reports"][key]["share"][h] for h in HIDES)]
        again = shared[place] if place in twins and lead in copies else again
        for copy in copies.get(str(place)) or _copies(place, found[place], again, study.privacy.min_cell):
            also, bare = hidden.get(lead, (set(), set()))
            before = set() if anew else set(copy.entry["share"]["bare"])
            if why := _renewed(place, study, copy, also, bare | before):
                failed[place] = why
    return failed


def _twins(found: Mapping[Path, dict[str, Any]], shared: Mapping[Path, list[str]]) -> dict[Path, Path]:
    """Return the folders whose copies hold what those of another do, and that other: together they tell no more.

    They are the reports of several schools that all tell of the whole study.
    """
    leads: dict[tuple[str, ...], Path] = {}
    twins = {}
    for place, keys in shared.items():
        entries = [found[place]["reports"][key] for key in keys]
        if keys and all(_of_the_whole(entry["share"]["parts"]) for entry in entries):
            held = tuple(e["files"].get(f"share/{k}.json", "") for k, e in zip(keys, entries, strict=True))
            if (lead := leads.setdefault((*keys, *held), place)) != place:
                twins[place] = lead
    return twins


def _pupils(study: Study, found: dict[str, Any], keys: list[str]) -> set[str]:
    """Return who the reports of a folder are about."""
    from werkbank.intake import once
    from werkbank.underachievement.following import follow

    only = found["inputs"]["parameters"].get("only", {})
    of_export = [key for key in keys if key.startswith("monitoring.")]
    members = {f"export {pupil}" for pupil in follow(study, only).scores["pupil"]} if of_export else set()
    if len(of_export) == len(keys):
        return members
    pupils = once.keep(study).pupils  # by their own numbers: a code may be longer where there are more pupils
    if all(_of_the_whole(found["reports"][key]["share"]["parts"]) for key in keys):
        return set(pupils.index)
    for role, code in only.items():
        pupils = pupils[(pupils[role].astype("string") == code).fillna(value=False)]
    return members | set(pupils.index)


def _copies(place: Path, found: dict[str, Any], keys: list[str], min_cell: int) -> list[Copy]:
    from werkbank.disclosure.suppressing import suppress
    from werkbank.disclosure.together import hidden_by

    made = []
    for key in keys:
        store = Results.from_json((place / "results.json").read_text(encoding="utf-8"))
        entry = found["reports"][key]
        shown = Results.from_json(manifest.where(place, f"share/{key}.json").read_text(encoding="utf-8"))
        results = replace(
            store,
            estimates=_chosen(store.estimates, shown.estimates),
            facts=_chosen(store.facts, shown.facts),
            claims=_chosen(store.claims, shown.claims),
        )
        alone = suppress(results, min_cell) if entry["share"]["also"] else shown
        made.append(Copy(key, entry, results, frozenset(hidden_by(results, alone))))
    return made


def _chosen(store: tuple[Any, ...], shown: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return of a folder's store what one report holds, in its order."""
    known = {item.id: item for item in store}
    return tuple(known[item.id] for item in shown)


def hide_again(place: Path, study: Study, key: str, share: Mapping[str, list[str]]) -> None:
    """Write a copy again as it was written beside other reports: what ``verify`` makes, it makes by itself."""
    for copy in _copies(place, manifest.read(place), [key], study.privacy.min_cell):
        _renewed(place, study, copy, set(share["also"]), set(share["bare"]))
    manifest.release(place)


def _joined(results: list[Results]) -> Results:
    first, *rest = results
    for more in rest:
        first = first.joined(more)
    return first


def _renewed(place: Path, study: Study, copy: Copy, also: set[str], bare: set[str]) -> str:
    """Write a copy again where it must hide other counts than it does; say why when that cannot be done."""
    from werkbank.disclosure.flow import slots, system

    also = also & system(copy.results, 1).costs.keys()
    bare = bare & {name for (_, slot), name in slots(copy.results).items() if slot == "n"}
    more = bool(also - copy.hidden or bare)
    share = {**copy.entry["share"], "also": sorted(also) * more, "bare": sorted(bare) * more}
    if share == copy.entry["share"]:
        return ""
    found = manifest.read(place)
    name, _, language = copy.key.rpartition(".")
    old = [file for file in copy.entry["files"] if "/" in file]
    formats = tuple(form for form in FORMATS if any(file.endswith(f".{form}") for file in old))
    footer = manifest.footer(found["inputs"], f"{name}.ipynb", copy.entry["notebook"])
    files: dict[str, str | bytes] = {}
    why = ""
    try:
        only = found["inputs"]["parameters"].get("only", {})
        made = rewritten(study, only, copy.results, language, share)
        files = files_to_share(made, study, language, formats, footer, copy.key)
    except ReportError as error:
        why = str(error)  # what may tell of others does not stay there
    kept = {file: digest for file, digest in copy.entry["files"].items() if file not in old}
    for file in old:
        manifest.remove(place, file)
    for file, content in files.items():
        path = manifest.held(place, file)
        path.parent.mkdir(exist_ok=True)
        manifest.put(path, content if isinstance(content, bytes) else content.encode())
        kept[file] = manifest.sha256(path)
    entry = {**copy.entry, "files": kept, "share": share}
    found["reports"][copy.key] = {k: v for k, v in entry.items() if k != "share"} if why else entry
    text = manifest.written(found["inputs"], found["results"], found["reports"])
    manifest.put(place / manifest.NAME, text.encode())
    return why
