"""Copies that are read side by side: what one hides must not follow from another.

Reports of a school and of the whole study, of a school and of its classes, or two reports of the same pupils: every
count is the sum over the groups of pupils that are in the same reports, and those sums are equations like any other.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from werkbank.disclosure.flow import slots, system
from werkbank.disclosure.protecting import SLACK, Counts, Reader, hide
from werkbank.disclosure.suppressing import MIN_CELL, suppress

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    from werkbank.results import Estimate, Fact, Results

ENROLLED = "enrolled "  # how counts of who was assigned begin
WHOLE = 1.5  # how much dearer a count of the whole is than one of its parts; dearer still, and each part hides more
FIELD = {"value": "value", "share": "value", "n": "n"}  # where the number of a slot stands


class GivenAwayError(Exception):
    """What was given out before leaves a small count too little room, whatever the new copies hide."""


def suppress_together(
    parts: Mapping[str, Results],
    min_cell: int = MIN_CELL["school"],
    members: Mapping[str, AbstractSet[str]] | None = None,
) -> dict[str, Results]:
    """Return shareable copies of several reports that are read side by side.

    Parameters
    ----------
    parts : mapping of str to Results
        By report, as of every school of a batch.
    min_cell : int
        As for `suppress`.
    members : mapping of str to set of str, optional
        The pupils of each report; without them no two reports have any in common.
    """
    own = {name: hidden_by(results, suppress(results, min_cell)) for name, results in parts.items()}
    hidden = hidden_together(parts, own, min_cell, members or {})
    return {name: suppress(results, min_cell, *hidden[name]) for name, results in parts.items()}


def hidden_by(results: Results, copy: Results) -> set[str]:
    """Return the counts of `results` that its `copy` does not show."""
    names = slots(results)
    both: tuple[Fact | Estimate, ...] = (*copy.facts, *copy.estimates)
    items = {item.id: item for item in both}
    shown = {
        name for (i, slot), name in names.items() if i in items and getattr(items[i], FIELD[slot], None) is not None
    }
    return system(results, 1).costs.keys() - shown


def hidden_together(
    parts: Mapping[str, Results],
    own: Mapping[str, AbstractSet[str]],
    min_cell: int,
    members: Mapping[str, AbstractSet[str]],
    several: Iterable[str] = (),
    given: Mapping[str, Counts] | None = None,
) -> dict[str, tuple[set[str], set[str]]]:
    """Return for each report the counts to hide because of itself (`own`) and of the others.

    The second set of each are those of them that must go with all that rests on them: beside a whole and the other
    parts, the mean of a part tells the mean of a part that is too small to show. `several` names the `parts` that stand
    for more than one copy, of which what is hidden in one is not known to be safe beside the others. `given` are copies
    that were let go before (`deliveries.Delivery.counts`, named ``name|count``): what they showed is known for good.

    Raises
    ------
    GivenAwayError
        When hiding everything in `parts` is not enough, because of what was given out before.
    """
    joint = Counts()
    for counts in (given or {}).values():
        joint.take(counts)
    for name, results in parts.items():
        joint.take(system(results, min_cell, f"{name}|"))
    before = len(joint.relations)
    _overlaps(joint, {name: members.get(name, set()) for name in (*parts, *(given or {}))}, set(given or {}))
    across = joint.relations[before:]
    start = {f"{name}|{count}" for name, counts in own.items() for count in counts} & joint.costs.keys()
    met = {count for relation in across for count in relation}
    met |= {count for count in joint.values if count.partition("|")[0] in set(several)}
    _, doubtful = Reader(joint).around(joint.costs.keys() - start, met)
    known = {count for count in joint.costs if count.partition("|")[0] in (given or {})}
    hidden = hide(joint, min_cell, start, set(doubtful), known)
    if hidden & known:
        raise GivenAwayError
    few = [r for r in across if any(0 < joint.values[c] < min_cell for c in r)]
    bare = {count for relation in few for count in relation if count in hidden}
    return {name: (_of(name, hidden), _of(name, bare)) for name in parts}


def _of(part: str, counts: Iterable[str]) -> set[str]:
    return {count.removeprefix(f"{part}|") for count in counts if count.startswith(f"{part}|")}


def _overlaps(joint: Counts, members: Mapping[str, AbstractSet[str]], given: AbstractSet[str]) -> None:
    """Say that every count of a report is the sum over the groups of its pupils that are in the same reports.

    A group's own count is known where the reports' counts leave it no choice; otherwise it is an unknown (NaN). A
    report that lacks a count that others have (no pupil of it was in that arm) stands for zero.
    """
    of: dict[str, list[str]] = defaultdict(list)
    for name, pupils in members.items():
        for pupil in pupils:
            of[pupil].append(name)
    groups = {frozenset(names) for names in of.values()}
    wholes = {name for name in members.keys() - given if sum(name in group for group in groups) > 1}
    having = _having(joint, given, wholes)

    @cache
    def parted(names: tuple[str, ...]) -> tuple[list[frozenset[str]], np.ndarray, np.ndarray]:
        cells = sorted({group & set(names) for group in groups} - {frozenset()}, key=sorted)
        matrix = np.array([[name in cell for cell in cells] for name in names], float).reshape(len(names), len(cells))
        return cells, matrix, np.linalg.pinv(matrix)

    empty: set[tuple[str, tuple[str, ...], frozenset[str]]] = set()  # arms in which a group has nobody
    arms = {bare.removeprefix(ENROLLED) for bare in having if bare.startswith(ENROLLED)}
    for bare, names in sorted(having.items(), key=lambda one: not one[0].startswith(ENROLLED)):
        cells, matrix, inverse = parted(tuple(names))
        called = [_called(cell, cells, names, bare) for cell in cells]
        found = _solved(matrix, inverse, np.array([joint.values[f"{name}|{bare}"] for name in names]))
        if found is not None:
            joint.values = {**dict(zip(called, found, strict=True)), **joint.values}
            if bare.startswith(ENROLLED):
                gone = {cell for cell, count in zip(cells, called, strict=True) if joint.values[count] == 0}
                empty |= {(bare.removeprefix(ENROLLED), tuple(names), cell) for cell in gone}
            # a group without anyone, as of a school that lacks this arm: a reader knows that as well. That nobody there
            # was lost, a reader does not know: beside earlier copies, which cannot hide more, that counts
            about = {arm for arm in arms if f" {arm} " in f" {bare} "} or arms
            unsure = [bool(given) and not {(arm, tuple(names), cell) for arm in about} <= empty for cell in cells]
            there = [bool(joint.values[c]) or c in joint.costs or u for c, u in zip(called, unsure, strict=True)]
            for name, row in zip(names, matrix, strict=True):
                mine = [c for c, inside, some in zip(called, row, there, strict=True) if inside and some]
                if mine != [f"{name}|{bare}"]:
                    joint.adds_up(f"{name}|{bare}", mine)


def _having(joint: Counts, given: AbstractSet[str], wholes: AbstractSet[str]) -> dict[str, list[str]]:
    """Return by count the reports that have it; a count of a whole is dearer to hide than that of a part."""
    having: dict[str, list[str]] = defaultdict(list)
    # what an earlier copy hid is one that a new one must not tell
    before = [count for count in joint.values if count not in joint.costs and count.partition("|")[0] in given]
    for count in [*joint.costs, *before]:
        name, _, bare = count.partition("|")
        having[bare].append(name)
        if name in wholes:
            joint.costs[count] *= WHOLE
    return having


def _solved(matrix: np.ndarray, inverse: np.ndarray, values: np.ndarray) -> list[float] | None:
    """Return the count of each group, NaN where it is not determined; None where the reports' counts do not add up."""
    if np.isnan(values).any():  # of an earlier copy that hid it
        return [float("nan")] * matrix.shape[1]
    found = inverse @ values
    sure = np.isclose(np.diag(inverse @ matrix), 1.0)
    if np.abs(matrix @ found - values).max() > SLACK or (found[sure] < -SLACK).any():
        return None
    return [round(float(value), 6) if known else float("nan") for value, known in zip(found, sure, strict=True)]


def _called(cell: frozenset[str], cells: Iterable[frozenset[str]], names: Iterable[str], bare: str) -> str:
    """Return the name of a group's count: that of a report which is about just these pupils, where there is one."""
    alone = [name for name in names if name in cell and sum(name in other for other in cells) == 1]
    return f"{min(alone)}|{bare}" if alone else f"only {' & '.join(sorted(cell))}|{bare}"
