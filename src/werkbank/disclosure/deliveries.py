"""What one copy to share told, and what another may still tell beside it.

Numbers of two copies give someone away in two ways. *Counts* are equations: what one copy hides may follow from what
another shows (`together`). *Sets that hardly differ*: a mean of 47 and one of 46 of them, or of the same 47 of whom one
has another score by now, tell of that one. A number is therefore not shown when an earlier copy shows one of the same
measure and moment, over pupils of whom only a few came, went or changed.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from werkbank.disclosure.flow import kind, slots, system
from werkbank.disclosure.protecting import Counts
from werkbank.disclosure.signals import about
from werkbank.disclosure.standing_behind import COLUMNS, ENROLLED, Behind, Pairs
from werkbank.results import Estimate, Fact

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from werkbank.results import Results

NAN = float("nan")
OF_ONE_SCALE = {  # kinds of results that rest on one outcome at the moments that stand in their columns
    "flow", "described", "change", "regression", "retest", "item", "scale", "reliability", "icc", "baseline", "dropout",
    "headline", "size", "check", "equivalence", "evidence", "reliable_change",
}  # fmt: skip


@dataclass(frozen=True)
class Delivery:
    """One copy to share as it was let go: released counts, how they add up, and who stands behind what it shows.

    Attributes
    ----------
    id : str
        A hash of everything that decides the copy: the same delivery again is known by it.
    report, only : str, dict
        Its name and language, and the codes to which it is limited.
    on : str
        The day, for who reads the list; nothing follows from it.
    before : str
        The state of the register when it was decided.
    also, bare : tuple of str
        What it hides because of other copies.
    earlier : int
        How many of its results are hidden because of deliveries before it.
    shown : dict
        Released counts by name.
    hidden : dict
        Counts that it does not show, so that a later copy can be kept from giving them away; None where not known.
    sensitive : tuple of str
        Those of them that say something of everyone, even when they are 0 or large.
    relations : tuple of dict
        How counts add up (`protecting.Relation`).
    cells : tuple of str
        ``outcome|wave|arm`` of everything that it shows a number of.
    printed : dict
        By id the means and SDs that it shows, as rounded.
    behind : Behind
    key : str
        Four bytes by which the key of the hashes is known.
    """

    id: str
    report: str
    only: dict[str, str]
    on: str
    before: str
    also: tuple[str, ...]
    bare: tuple[str, ...]
    earlier: int
    shown: dict[str, float]
    hidden: dict[str, float | None]
    sensitive: tuple[str, ...]
    relations: tuple[dict[str, float], ...]
    cells: tuple[str, ...]
    printed: dict[str, float]
    behind: Behind = field(repr=False)
    key: str = ""

    def counts(self, part: str) -> Counts:
        """Return its counts as a system: what it showed cannot be hidden any more."""
        shown = {f"{part}{name}": value for name, value in self.shown.items()}
        hidden = {f"{part}{name}": NAN if value is None else value for name, value in self.hidden.items()}
        relations = [{f"{part}{name}": w for name, w in relation.items()} for relation in self.relations]
        sensitive = {f"{part}{name}" for name in self.sensitive}
        return Counts({**hidden, **shown}, relations, dict.fromkeys(shown, GIVEN), sensitive)


GIVEN = 1e9  # the price of hiding a count that was given out: it cannot be taken back


def identity(inputs: Mapping[str, Any], key: str, entry: Mapping[str, Any]) -> str:
    """Return by what the same delivery is known: its inputs, report and language, notebook and its own parameters."""
    decisive = [inputs, key, entry["notebook"], entry.get("parameters", {}), entry["share"]["parts"]]
    return hashlib.sha256(json.dumps(decisive, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def released(results: Results, copy: Results, behind: Behind, min_cell: int, **known: Any) -> Delivery:  # noqa: ANN401 - of `Delivery`
    """Return what a `copy` of `results` tells, to be remembered."""
    whole = system(results, 1)
    shown_items: tuple[Fact | Estimate, ...] = (*copy.facts, *copy.estimates)
    names, items = slots(results), {item.id: item for item in shown_items}
    field_of = {"value": "value", "share": "value", "n": "n"}
    shown = {
        name: whole.values[name]
        for (i, slot), name in names.items()
        if i in items and name in whole.costs and getattr(items[i], field_of[slot], None) is not None
    }
    cells = {cell for item in shown_items if _says(item) for cell in cells_of(item, behind)}
    hidden = {n: None if math.isnan(v) else v for n, v in sorted(whole.values.items()) if n not in shown}
    sensitive = tuple(sorted(system(results, min_cell).sensitive - shown.keys()))
    relations = tuple(dict(sorted(relation.items())) for relation in whole.relations)
    return Delivery(
        shown=dict(sorted(shown.items())), hidden=hidden, sensitive=sensitive, relations=relations,
        cells=tuple(sorted(cells)), printed=magnitudes_in(copy), behind=behind, **known,
    )  # fmt: skip


def magnitudes_in(copy: Results) -> dict[str, float]:
    """Return by id the means and SDs that a copy shows, as it rounds them."""
    return {
        f.id: float(f.value) for f in copy.facts if kind(f.what) == "magnitude" and isinstance(f.value, int | float)
    }


def telling(copy: Results) -> frozenset[str]:
    """Return the ids of results of which a copy shows a number."""
    items: tuple[Fact | Estimate, ...] = (*copy.facts, *copy.estimates)
    return frozenset(item.id for item in items if _says(item))


def _says(item: Fact | Estimate) -> bool:
    return item.n is not None or (item.value if isinstance(item, Fact) else item.estimate) is not None


def cells_of(item: Fact | Estimate, behind: Behind) -> set[str]:
    """Return on whose answers a result rests: ``outcome|wave|arm``; everything where its columns do not say it all."""
    outcome, arms = item.outcome, item.arms or ((item.arm,) if isinstance(item, Fact) else ("",))
    waves = {item.wave_from, item.wave_to} | ({item.wave} if isinstance(item, Fact) else set())
    waves = {one for wave in waves if wave for one in _moments(wave, outcome, behind)}
    scales = {f"{outcome}|{wave}" for wave in waves}
    alone = item.kind in OF_ONE_SCALE and not (isinstance(item, Estimate) and (item.moderator or item.other))
    if about(item) or not alone or (outcome and not scales <= behind.cells.keys()):
        return {f"{place}|" for place in behind.cells}
    of_flow = item.kind == "flow" or (isinstance(item, Fact) and kind(item.what) in {"lost", "lost_ones"})
    places = scales if outcome else {f"|{wave}" for wave in waves if f"|{wave}" in behind.cells}
    places |= {ENROLLED} if of_flow or not outcome else set()
    found = {f"{place}|{arm}" for place in places for arm in arms}
    return found | ({f"{COLUMNS}|{arm}" for arm in arms} if isinstance(item, Estimate) else set())


def _moments(wave: str, outcome: str, behind: Behind) -> list[str]:
    """Return the moments behind a wave: a baseline is the mean of all measurements before."""
    if not wave.startswith("baseline"):
        return [wave]
    return [
        name for of, _, name in (cell.rpartition("|") for cell in behind.cells) if of == outcome and name[:3] == "pre"
    ]


def touched(results: Results, behind: Behind, earlier: Iterable[Delivery], min_cell: int) -> set[str]:
    """Return the ids of results that hardly differ in whom they are about from what was shown before, and do differ."""
    near: dict[str, bool] = {}
    before = [one for one in earlier if one.behind.pupils & behind.pupils]
    shown = [(one, _by_place(one.cells)) for one in before]

    def tells(cell: str) -> bool:
        if cell not in near:
            place, mine = cell.rpartition("|")[0], behind.at(cell)
            near[cell] = any(
                _hardly(mine, one.behind.at(other), min_cell, common=place == COLUMNS)
                for one, by in shown
                for other in by.get(place, ())
            )
        return near[cell]

    items: list[Fact | Estimate] = [*results.estimates, *(fact for fact in results.facts if not _of_nobody(fact))]
    return {item.id for item in items if any(tells(cell) for cell in cells_of(item, behind))} if before else set()


def rounded_otherwise(shown: Results, behind: Behind, earlier: Iterable[Delivery]) -> set[str]:
    """Return the ids of means and SDs of the same scores that were given out with another rounding.

    The extremes of others decide on the steps too; and what rounds to either of two numbers is less than what rounds to
    one of them.
    """
    own, found = magnitudes_in(shown), set()
    places = {f.id: cells_of(f, behind) for f in shown.facts if f.id in own}
    for one in earlier:
        differing = [i for i, value in one.printed.items() if own.get(i, value) != value]
        found |= {i for i in differing if all(behind.at(cell) == one.behind.at(cell) for cell in places[i])}
    return found


def _of_nobody(f: Fact) -> bool:
    """Whether a fact says nothing of answers: a choice, a verdict in words, a number of classes, what was declared."""
    return kind(f.what) == "plain" and (not isinstance(f.value, float) or f.what == "equivalence_bound")


def _by_place(cells: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for cell in cells:
        found.setdefault(cell.rpartition("|")[0], []).append(cell)
    return found


def _hardly(some: Pairs, others: Pairs, min_cell: int, *, common: bool) -> bool:
    """Whether two sets overlap and are told apart by fewer than `min_cell` pupils, who came, went or changed.

    `common`: who came and went is told by other cells, and only who is in both matters here.
    """
    apart = {pupil for pupil, _ in some ^ others}
    if common:
        apart &= {pupil for pupil, _ in some} & {pupil for pupil, _ in others}
    return bool(some & others) and 0 < len(apart) < min_cell


def counts_of(results: Results, ids: Iterable[str]) -> set[str]:
    """Return the counts that these results show: of the flow itself, else how many they rest on."""
    wanted, names = set(ids), slots(results)
    own = {i for (i, slot) in names if slot in {"value", "share"}}
    return {
        name for (i, slot), name in names.items()
        if i in wanted and name and (slot != "n" or i not in own)
    }  # fmt: skip
