"""The copies to share of several reports, of one folder or of a batch: what one hides must not follow from another.

Every run hides what follows from its own report. When more is there, the counts of all are looked at together, and the
copies that must hide more are written again. What was given out before is among all: it stands in the study's register,
and cannot hide more. A manifest keeps what a copy hides because of others (``share``), and beside which state of the
register that was decided, so that the same copy can be made again by itself.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from werkbank import steps
from werkbank.catalogue import say
from werkbank.disclosure.deliveries import Delivery, counts_of, identity, released, rounded_otherwise, telling, touched
from werkbank.disclosure.flow import kind, slots, system
from werkbank.disclosure.standing_behind import Behind, Standing, key_mark, standing
from werkbank.disclosure.together import GivenAwayError, hidden_together
from werkbank.errors import ReportError
from werkbank.intake.pseudonyms import read_key
from werkbank.results import Results
from werkbank.running import given_out, manifest
from werkbank.running.kept import sections_of
from werkbank.running.pages import FORMATS, HELP, pages, reading_help

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from werkbank.reporting.sharing import Shared
    from werkbank.study import Study

HIDES = ("also", "bare")
DECIDED = (*HIDES, "register", "earlier", "held")  # of a copy to share, beside its parts
UNDECIDED: dict[str, Any] = {"also": [], "bare": [], "register": "", "earlier": 0, "held": ""}
CHAPTER = "chapter-"  # as `reporting.blocks` has it, which takes longer to import than most runs need


@dataclass(frozen=True)
class Copy:
    """One report of a folder that has a copy to share, with the results that it was written from."""

    key: str
    entry: dict[str, Any]
    results: Results
    hidden: frozenset[str]  # because of itself alone
    told: frozenset[str] = frozenset()  # the results of which it would then show a number
    alone: Results | None = None  # what it would show then


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


def handed_in(sections: list[dict[str, Any]], files: Mapping[str, str | bytes], key: str) -> dict[str, str | bytes]:
    """Return the files of a chapter to which its user added nothing: they are its copy to share, the one version.

    A chapter is made to be handed in. One that holds what a user added stays as it is, and says that it is private.
    """
    chapter = any(section["id"].startswith(CHAPTER) for section in sections)
    added = any(block["block"] == "Own" for section in sections for block in section["blocks"])
    if not chapter or added:
        return {}
    forms = [form for form in FORMATS if f"{key}.{form}" in files and f"share/{key}.{form}" in files]
    return {f"{key}.{form}": files[f"share/{key}.{form}"] for form in forms}


def earlier(place: Path, inputs: dict[str, Any], key: str) -> dict[str, Any]:
    """Return what the copy of this report in this folder, of the same inputs, hides because of others.

    Of a study whose deliveries are remembered its register says so (`settle`).
    """
    found = manifest.read(place)
    known = found.get("reports", {}).get(key, {}).get("share", {}) if found.get("inputs") == inputs else {}
    return {name: known[name] for name in DECIDED if name in known}


def rewritten(
    study: Study, only: Mapping[str, str], results: Results, language: str, share: Mapping[str, Any]
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


@dataclass(frozen=True)
class Settled:
    """What became of copies to share.

    `failed` names the folders from which a copy was taken away because it could not be written again, and why; `said`
    what is hidden or held back because of what was given out before, and the way out.
    """

    failed: dict[Path, str] = field(default_factory=dict)
    said: dict[Path, tuple[str, ...]] = field(default_factory=dict)


def settle(places: Mapping[Path, Study], *, anew: bool = False, language: str = "") -> Settled:
    """Hide in the copies to share of these folders what follows from all of them, and what was given out before.

    Parameters
    ----------
    places : mapping of path to Study
        Folders with a manifest; others are passed over. Those of one study are looked at together, and beside the
        study's register, in which they are then written down, before they are let go.
    anew : bool
        All that will be read side by side is among `places`; otherwise what was hidden before stays hidden. A copy that
        was given out stays as it was either way.
    language : str
        Of what is said; the study's own when left out.
    """
    steps.begin("sharing")
    studies: dict[Path, dict[Path, Study]] = {}
    for place, study in places.items():
        studies.setdefault(study.folder.resolve(), {})[place] = study
    done = Settled()
    for several in studies.values():
        first = next(iter(several.values()))
        with given_out.held_register(first) as book:
            groups: dict[tuple[str, ...], dict[Path, Study]] = {}
            for place, study in several.items():
                if data := manifest.read(place).get("inputs", {}).get("data"):
                    groups.setdefault(tuple(item["sha256"] for item in data), {})[place] = study
            for group in groups.values():
                _Group(group, book, anew, language or first.language, done).settle()
            for place in several:  # when all that must hide more are no longer there as they were
                manifest.release(place)
    return done


@dataclass
class _Group:
    """Copies to share that were made of the same data, beside the register of their study."""

    places: Mapping[Path, Study]
    book: given_out.Held
    anew: bool
    language: str
    done: Settled

    def settle(self) -> None:
        known, fresh = self._apart()
        for place, key, one in known:
            self._renew(place, key, _decided(one))
        if not any(fresh.values()):
            return
        if not self.book.problem and self.book.remembers and self._of_another_key():
            self.book.problem = "key"
        if self.book.problem not in {"", "none"}:
            self._hold(fresh, self.book.problem)
            return
        copies = {
            place: _copies(place, self.found(place), keys, self.min_cell) for place, keys in fresh.items() if keys
        }
        state, made = self.book.register.state, []
        for place, mine in self._decide(copies).items():
            for copy, share in mine:
                self._renew(place, copy.key, {**share, "register": state}, copy)
                made += [] if share["held"] else [(place, copy.key)]
        if self.book.remembers:
            self.book.add([self._delivery(place, key) for place, key in made if "share" in self.entry(place, key)])
            if self.book.problem:
                self._hold(fresh, self.book.problem)

    def found(self, place: Path) -> dict[str, Any]:
        return manifest.read(place)

    def entry(self, place: Path, key: str) -> dict[str, Any]:
        entry: dict[str, Any] = self.found(place)["reports"][key]
        return entry

    @cached_property
    def min_cell(self) -> int:
        return max(study.privacy.min_cell for study in self.places.values())

    def _apart(self) -> tuple[list[tuple[Path, str, Delivery]], dict[Path, list[str]]]:
        """Return the copies that were given out before just as they are made, and the keys of those that were not."""
        known: list[tuple[Path, str, Delivery]] = []
        fresh: dict[Path, list[str]] = {}
        for place in self.places:
            found = self.found(place)
            fresh[place] = []
            for key, entry in found["reports"].items():
                if "share" not in entry:
                    continue
                one = self.book.register.known(identity(found["inputs"], key, entry))
                if one is None:
                    fresh[place].append(key)
                else:
                    known.append((place, key, one))
        return known, fresh

    def _of_another_key(self) -> bool:
        mine = key_mark(next(iter(self.places.values())))
        return any(one.key != mine for one in self.book.register.standing)

    def standing(self, *, export: bool) -> Standing:
        name = "_export" if export else "_own"
        if not hasattr(self, name):
            setattr(self, name, standing(next(iter(self.places.values())), export=export))
        made: Standing = getattr(self, name)
        return made

    def behind(self, place: Path, keys: list[str]) -> Behind:
        """Return who the reports of a folder are about."""
        only = self.found(place)["inputs"]["parameters"].get("only", {})
        of_export = [key for key in keys if key.startswith("monitoring.")]  # which has pupils of its own
        made = self.standing(export=True).of(only) if of_export else Behind()
        if len(of_export) == len(keys):
            return made
        whole = all(_of_the_whole(self.entry(place, key)["share"]["parts"]) for key in keys)
        return made.joined(self.standing(export=False).of({} if whole else only))

    def _twins(self, copies: Mapping[Path, list[Copy]]) -> dict[Path, Path]:
        """Return the folders whose copies hold what those of another do, and that other: together they tell no more.

        They are the reports of several schools that all tell of the whole study.
        """
        leads: dict[tuple[str, ...], Path] = {}
        twins = {}
        for place, mine in copies.items():
            if mine and all(_of_the_whole(copy.entry["share"]["parts"]) for copy in mine):
                held = [copy.entry["files"].get(f"share/{copy.key}.json", "") for copy in mine]
                if (lead := leads.setdefault((*(copy.key for copy in mine), *held), place)) != place:
                    twins[place] = lead
        return twins

    def _decide(self, copies: Mapping[Path, list[Copy]]) -> dict[Path, list[tuple[Copy, dict[str, Any]]]]:
        """Return what each copy hides beside all others; copies that hold the same hide the same."""
        twins = self._twins(copies)
        decided = self._decide_apart({place: mine for place, mine in copies.items() if place not in twins})
        for place, lead in twins.items():
            shares = [share for _, share in decided[lead]]
            decided[place] = [(copy, dict(share)) for copy, share in zip(copies[place], shares, strict=True)]
        return decided

    def _decide_apart(self, copies: Mapping[Path, list[Copy]]) -> dict[Path, list[tuple[Copy, dict[str, Any]]]]:
        """Return what each copy hides beside all others, those that were given out before among them."""
        behind = {place: self.behind(place, [copy.key for copy in mine]) for place, mine in copies.items()}
        before = _within_reach(self.book.register.standing, behind.values())
        times = Counter(pupil for own in behind.values() for pupil in own.pupils)
        several = {p for p, mine in copies.items() if len({copy.key.rpartition(".")[0] for copy in mine}) > 1}
        met = {p for p, own in behind.items() if any(times[pupil] > 1 for pupil in own.pupils)}
        met |= {p for p, own in behind.items() if any(_met(one.behind, own) for one in before)}
        looked = {place: mine for place, mine in copies.items() if place in met | several}
        near = {p: [self._near(c, behind[p], before) for c in mine] for p, mine in looked.items()}
        hidden, alone = self._hidden(looked, near, behind, before, several), {}
        if before and hidden is not None:  # what would be hidden without them
            alone = (
                self._hidden(looked, {p: [set() for _ in mine] for p, mine in looked.items()}, behind, [], several)
                or {}
            )
        decided: dict[Path, list[tuple[Copy, dict[str, Any]]]] = {}
        for place, mine in copies.items():
            decided[place] = []
            for copy, ids in zip(mine, near.get(place, [set() for _ in mine]), strict=True):
                if place not in looked:
                    share = {name: copy.entry["share"][name] for name in HIDES} if not self.anew else {}
                elif hidden is None:
                    share = {"held": "given"}
                else:
                    also, bare = hidden[place]
                    more = (
                        (also - alone[place][0] - copy.hidden) & system(copy.results, 1).costs.keys()
                        if before
                        else set()
                    )
                    share = {"also": also, "bare": bare | ids, "earlier": len(more) + len(ids)}
                decided[place].append((copy, {**UNDECIDED, **share}))
        return decided

    def _near(self, copy: Copy, behind: Behind, before: list[Delivery]) -> set[str]:
        """Return the ids of results that may not be shown beside those of earlier copies, whatever else is hidden."""
        found = touched(copy.results, behind, before, self.min_cell) & copy.told
        return found | (rounded_otherwise(copy.alone, behind, before) if copy.alone is not None else set())

    def _hidden(
        self,
        looked: Mapping[Path, list[Copy]],
        near: Mapping[Path, list[set[str]]],
        behind: Mapping[Path, Behind],
        before: list[Delivery],
        several: set[Path],
    ) -> dict[Path, tuple[set[str], set[str]]] | None:
        """Return the counts that each folder's copies must hide; None where no hiding is enough."""
        if not looked:
            return {}
        own, stores = {}, {}
        for place, mine in looked.items():
            own[str(place)] = set[str]().union(*(copy.hidden for copy in mine))
            own[str(place)] |= {
                c for copy, ids in zip(mine, near[place], strict=True) for c in counts_of(copy.results, ids)
            }
            if not self.anew:
                own[str(place)] |= {count for copy in mine for count in copy.entry["share"]["also"]}
            stores[str(place)] = _joined([copy.results for copy in mine])
        names = {f"given {number}": one for number, one in enumerate(before)}
        common = set.intersection(
            *({*b.cells} for b in [*(behind[p] for p in looked), *(one.behind for one in before)])
        )
        members = {str(place): behind[place].marks(common) for place in looked}
        members |= {name: one.behind.marks(common) for name, one in names.items()}
        given = {name: one.counts(f"{name}|") for name, one in names.items()}
        try:
            found = hidden_together(stores, own, self.min_cell, members, [str(p) for p in several & {*looked}], given)
        except GivenAwayError:
            return None
        return {place: found[str(place)] for place in looked}

    def _delivery(self, place: Path, key: str) -> Delivery:
        """Return what a copy that is about to be let go tells."""
        found = self.found(place)
        entry = found["reports"][key]
        (copy,) = _copies(place, found, [key], self.min_cell)
        share, only = entry["share"], found["inputs"]["parameters"].get("only", {})
        return released(
            copy.results,
            Results.from_json(manifest.where(place, f"share/{key}.json").read_text(encoding="utf-8")),
            self.behind(place, [key]),
            self.min_cell,
            id=identity(found["inputs"], key, entry),
            report=key,
            only={role: "–" if role == "teacher" else code for role, code in only.items()},  # a teacher's own number
            on=given_out.today(),
            before=share["register"],
            also=tuple(share["also"]),
            bare=tuple(share["bare"]),
            earlier=share["earlier"],
            key=key_mark(self.places[place]),
        )

    def _hold(self, fresh: Mapping[Path, list[str]], problem: str) -> None:
        """Hold copies back that were not given out before, and say why."""
        for place, keys in fresh.items():
            for key in keys:
                entry = self.entry(place, key)
                if "share" in entry:
                    self._renew(place, key, {**UNDECIDED, **_of_share(entry), "held": problem})

    def _renew(self, place: Path, key: str, share: dict[str, Any], copy: Copy | None = None) -> None:
        study = self.places[place]
        if copy is None:
            (copy,) = _copies(place, self.found(place), [key], study.privacy.min_cell)
        if why := _renewed(place, study, copy, share):
            self.done.failed[place] = why
        elif lines := reasons(share, study, self.language):
            self.done.said[place] = tuple(dict.fromkeys([*self.done.said.get(place, ()), *lines]))


def _within_reach(standing: Iterable[Delivery], behind: Iterable[Behind]) -> list[Delivery]:
    """Return the earlier copies that share pupils with new ones, or with others that do: a whole ties its parts."""
    todo, reached, found = list(standing), frozenset[str]().union(*(own.pupils for own in behind)), list[Delivery]()
    while near := [one for one in todo if not one.behind.pupils.isdisjoint(reached)]:
        found += near
        todo = [one for one in todo if one.behind.pupils.isdisjoint(reached)]
        reached = reached.union(*(one.behind.pupils for one in near))
    return found


def _met(some: Behind, others: Behind) -> bool:
    return not some.pupils.isdisjoint(others.pupils)


def _of_share(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: entry["share"][name] for name in DECIDED if name in entry["share"]}


def _decided(one: Delivery) -> dict[str, Any]:
    """Return how a copy that was given out before is made again: to the byte as it was."""
    return {"also": {*one.also}, "bare": {*one.bare}, "register": one.before, "earlier": one.earlier, "held": ""}


def reasons(share: Mapping[str, Any], study: Study, language: str) -> tuple[str, ...]:
    """Return the sentences on what a copy hides, or why it is held back, because of what was given out before."""
    found: tuple[str, ...] = ()
    if share.get("earlier"):
        found = (say("privacy.earlier", language, n=share["earlier"], study=study.folder.name),)
    return (*found, given_out.said(share["held"], study, language)) if share.get("held") else found


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
            # extremes are in no copy, and decide how its means are rounded
            facts=(*_chosen(store.facts, shown.facts), *(f for f in store.facts if kind(f.what) == "never")),
            claims=_chosen(store.claims, shown.claims),
        )
        again = any(entry["share"][name] for name in HIDES)
        alone = suppress(results, min_cell) if again else shown
        # which indicators have enough people behind them is not known here: any number may be told
        made.append(
            Copy(key, entry, results, frozenset(hidden_by(results, alone)), telling(results if again else shown))
        )
    return made


def _chosen(store: tuple[Any, ...], shown: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return of a folder's store what one report holds, in its order."""
    known = {item.id: item for item in store}
    return tuple(known[item.id] for item in shown)


def hide_again(place: Path, study: Study, key: str, share: Mapping[str, Any]) -> None:
    """Write a copy again as it was written beside other reports: what ``verify`` makes, it makes by itself."""
    for copy in _copies(place, manifest.read(place), [key], study.privacy.min_cell):
        _renewed(place, study, copy, {name: share[name] for name in DECIDED})
    manifest.release(place)


def _joined(results: list[Results]) -> Results:
    first, *rest = results
    for more in rest:
        first = first.joined(more)
    return first


def _renewed(place: Path, study: Study, copy: Copy, decided: Mapping[str, Any]) -> str:
    """Write a copy again where it must hide other counts than it does; say why when that cannot be done."""
    also = {*decided["also"]} & system(copy.results, 1).costs.keys()
    names = {name for (_, slot), name in slots(copy.results).items() if slot == "n"}
    ids = {fact.id for fact in copy.results.facts} | {estimate.id for estimate in copy.results.estimates}
    bare = {*decided["bare"]} & (names | ids)
    more = bool(also - copy.hidden or bare)
    said = {**decided, "also": sorted(also) * more, "bare": sorted(bare) * more}
    share = {**copy.entry["share"], **said}
    if share["held"]:
        manifest.hold(place, [file for file in copy.entry["files"] if "/" in file])
    if share == copy.entry["share"]:
        return ""
    found, files, why = manifest.read(place), dict[str, str | bytes](), ""
    old = [file for file in copy.entry["files"] if "/" in file]
    if all(share[name] == copy.entry["share"][name] for name in HIDES):
        old = []
    try:
        files = _copy_files(found, study, copy, share, old) if old else {}
    except ReportError as error:
        why = str(error)  # what may tell of others does not stay there
    before = {**UNDECIDED, **copy.entry["share"]}
    if not why and any(share[name] != before[name] for name in ("earlier", "held")):
        files |= _private_pages(place, found, study, copy, share)
    kept = {file: digest for file, digest in copy.entry["files"].items() if file not in old}
    # a chapter is the same file here and in the copy to share: what that one hides, this one hides
    alike = {
        file.removeprefix("share/")
        for file in old
        if kept.get(file.removeprefix("share/")) == copy.entry["files"][file]
    }
    if alike:
        files |= {file: files[f"share/{file}"] for file in alike} if files else {}
        old = [*old, *alike]
        kept = {file: digest for file, digest in kept.items() if file not in alike}
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


def _footer(found: dict[str, Any], copy: Copy) -> dict[str, str]:
    return manifest.footer(found["inputs"], f"{copy.key.rpartition('.')[0]}.ipynb", copy.entry["notebook"])


def _copy_files(
    found: dict[str, Any], study: Study, copy: Copy, share: Mapping[str, Any], old: list[str]
) -> dict[str, str | bytes]:
    language = copy.key.rpartition(".")[2]
    formats = tuple(form for form in FORMATS if any(file.endswith(f".{form}") for file in old))
    only = found["inputs"]["parameters"].get("only", {})
    made = rewritten(study, only, copy.results, language, share)
    return files_to_share(made, study, language, formats, _footer(found, copy), copy.key)


def _private_pages(
    place: Path, found: dict[str, Any], study: Study, copy: Copy, share: Mapping[str, Any]
) -> dict[str, str | bytes]:
    """Return the private report with the reason why its copy to share hides more, or is not there."""
    language = copy.key.rpartition(".")[2]
    kept = json.loads((place / f"{copy.key}.ipynb").read_text(encoding="utf-8"))
    formats = tuple(form for form in FORMATS if f"{copy.key}.{form}" in copy.entry["files"])
    doubts = tuple(note.sentence(language) for note in read_key(study)[1] if note.key == "privacy.key.run")
    notes = (*doubts, *reasons(share, study, language))
    made = pages(sections_of(kept, language), study, language, formats, _footer(found, copy), inside=True, notes=notes)
    return {f"{copy.key}.{form}": content for form, content in made.items()}
