"""Counts that add up, and which of them to hide so that no small one can be worked out from the others.

Every count is an unknown of at least 0; the ways in which counts add up are linear equations; a count that is shown is
known. What a reader can infer about a hidden count is then the interval that linear programming finds.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

Relation = dict[str, float]  # count -> coefficient; the sum is zero
SLACK = 1e-6
CROWD = 1e5  # more people than a study has: a count that may be this large is not limited by what is shown


@dataclass
class Counts:
    """A system of counts, in the making.

    `values` holds the true count of every name (NaN where it is not known), `relations` the equations between them;
    `costs` the price of hiding each count that a report would show (a name without a price is never shown);
    `sensitive` the names that must be protected even when they are 0 or large, because they say of everyone that they
    have (or lack) something.
    """

    values: dict[str, float] = field(default_factory=dict)
    relations: list[Relation] = field(default_factory=list)
    costs: dict[str, float] = field(default_factory=dict)
    sensitive: set[str] = field(default_factory=set)

    def shown(self, name: str, value: float, cost: float) -> None:
        """Add a count that a report shows; the same one may be met in several places."""
        self.values[name] = value
        self.costs[name] = max(cost, self.costs.get(name, 0.0))

    def take(self, other: Counts) -> None:
        """Add another system to this one; what has one name is one count."""
        self.values |= other.values
        self.relations += other.relations
        self.costs |= other.costs
        self.sensitive |= other.sensitive

    def adds_up(self, whole: str, parts: Iterable[str]) -> None:
        """Say that `whole` is the sum of `parts`, where all are known and they really add up."""
        relation: Relation = {whole: 1.0}
        for part in parts:
            relation[part] = relation.get(part, 0.0) - 1.0
        if all(name in self.values for name in relation) and not abs(_sum(relation, self.values)) > SLACK:
            self.relations.append(relation)

    def within(self, whole: str, *parts: str, telling: bool = False) -> None:
        """Say that `parts` together lie within `whole`: what is left is a count of people as well.

        `telling`: to be in no part says something of someone, so that it is sensitive when it holds of nobody, too.
        """
        if not all(name in self.values for name in (whole, *parts)):
            return
        rest = self.values[whole] - sum(self.values[part] for part in parts)
        if not rest < 0:
            name = f"{whole} without {', '.join(parts)}"
            self.values[name] = rest
            self.relations.append({whole: 1.0, **dict.fromkeys(parts, -1.0), name: -1.0})
            self.sensitive |= {name} if telling and rest == 0 else set()


def _sum(relation: Relation, values: Mapping[str, float]) -> float:
    return sum(weight * values[name] for name, weight in relation.items())


def hide(
    counts: Counts,
    min_cell: int,
    start: Iterable[str] = (),
    doubtful: AbstractSet[str] | None = None,
    given: AbstractSet[str] = frozenset(),
) -> set[str]:
    """Return the names of the counts that must not be shown.

    Parameters
    ----------
    counts : Counts
    min_cell : int
        The smallest count that may be shown. Zero may be shown, unless it is among the sensitive.
    start : iterable of str
        Counts that are hidden whatever comes of it.
    doubtful : set of str, optional
        The only counts that are looked at, where the others are known to be safe when `start` is hidden.
    given : set of str
        Counts that were shown before, whatever they are. One of these among the answer cannot be hidden any more: what
        it gives away it gives away.

    Returns
    -------
    set of str
        Every shown count of 1 to ``min_cell - 1`` and every sensitive one, and as many others (the cheapest first) as
        it takes for every small count, shown or implied (a whole less its shown part), to be anything from 1 to
        ``min_cell - 1`` as far as a reader can tell.

    Notes
    -----
    Greedy cell suppression: while the interval of a small count is too narrow, the cheapest shown count on which its
    bound rests (a non-zero dual of the linear programme) is hidden. Hiding only widens intervals, so one pass is
    enough. Fischetti & Salazar-González (2000) find the cheapest pattern of all; here safety matters, not the optimum.
    """
    small = {name for name, value in counts.values.items() if 0 < value < min_cell} | counts.sensitive
    small -= given
    reader, shown = Reader(counts), (counts.costs.keys() - small - set(start)) | given
    for name in sorted(small if doubtful is None else small & doubtful):
        while cheapest := reader.binding(shown, name, min_cell):
            shown.remove(cheapest)
    return counts.costs.keys() - shown


def interval(counts: Counts, shown: AbstractSet[str], name: str) -> tuple[float, float]:
    """Return what can be inferred about the count `name` when the counts `shown` are known: (lowest, highest)."""
    reader = Reader(counts)
    return reader.bound(shown, name, 1.0)[0], reader.bound(shown, name, -1.0)[0]


class Reader:
    """Someone who knows the equations, and what they can tell of a count that they are not shown.

    Every solution of the equations is kept as the lowest and highest value that each count had in one: a solution for
    one count is one for all, and stays one when more is hidden, so that most counts are known to be safe before they
    have a programme of their own.
    """

    def __init__(self, counts: Counts) -> None:
        self.counts = counts
        self.low: dict[str, float] = {}
        self.high: dict[str, float] = {}
        self.relations_of: dict[str, list[int]] = defaultdict(list)
        for i, relation in enumerate(counts.relations):
            for count in relation:
                self.relations_of[count].append(i)

    def binding(self, shown: AbstractSet[str], name: str, min_cell: int) -> str | None:
        """Return the cheapest shown count that keeps `name` from being anything from 1 to min_cell - 1, or None."""
        lowest, highest = 1 + SLACK, min_cell - 1 - SLACK
        blamed: set[str] = set()
        if self.low.get(name, np.inf) > lowest:
            low, below = self.bound(shown, name, 1.0)
            blamed |= below if low > lowest else set()
        if self.high.get(name, -np.inf) < highest:
            high, above = self.bound(shown, name, -1.0)
            blamed |= above if high < highest else set()
        return min(blamed, key=lambda count: (self.counts.costs[count], count), default=None)

    def bound(self, shown: AbstractSet[str], name: str, sign: float) -> tuple[float, set[str]]:
        """Return the lowest (sign 1) or highest (sign -1) value of `name`, and the shown counts on which that rests."""
        values = self.counts.values
        if name in shown:
            return values[name], {name}
        relations, unknown = self.around(shown, [name])
        open_end = 0.0 if sign > 0 else np.inf
        if not relations:
            return open_end, set()
        place = {count: i for i, count in enumerate(unknown)}
        right = [-sum(w * values[n] for n, w in relation.items() if n not in place) for relation in relations]
        if len(relations) == 1:
            return _alone(relations[0], right[0], name, place, sign)
        return self._programme(relations, right, name, place, sign)

    def _programme(
        self, relations: list[Relation], right: list[float], name: str, place: dict[str, int], sign: float
    ) -> tuple[float, set[str]]:
        cells = [[(place[n], w) for n, w in relation.items() if n in place] for relation in relations]
        value, solution, duals = _solved(cells, right, place[name], sign, len(place))
        if value is None:  # equations that no counts satisfy say nothing
            return (0.0 if sign > 0 else np.inf), set()
        for count, found in zip(place, solution, strict=True):
            self.low[count] = min(found, self.low.get(count, found))
            self.high[count] = max(found, self.high.get(count, found))
        if value > CROWD / 2:
            return np.inf, set()
        tight = [relation for relation, dual in zip(relations, duals, strict=True) if abs(dual) > SLACK]
        return value, {n for relation in tight for n in relation if n not in place}

    def around(self, shown: AbstractSet[str], names: Iterable[str]) -> tuple[list[Relation], list[str]]:
        """Return the equations that bear on `names` through counts that are not shown, and those counts."""
        todo = sorted(name for name in names if name not in shown)
        met, found = set(todo), set()
        while todo:
            for i in self.relations_of.get(todo.pop(), ()):
                if i not in found:
                    found.add(i)
                    new = {count for count in self.counts.relations[i] if count not in shown} - met
                    met |= new
                    todo += sorted(new)
        return [self.counts.relations[i] for i in sorted(found)], sorted(met)


def _solved(
    cells: list[list[tuple[int, float]]], right: list[float], aim: int, sign: float, size: int
) -> tuple[float | None, list[float], list[float]]:
    """Return the lowest (sign 1) or highest value of unknown `aim`, the solution, and the dual of every equation.

    HiGHS itself: SciPy's `linprog` solves with it too, but takes four times as long over programmes as small as these.
    """
    import highspy

    programme = highspy.HighsLp()
    programme.num_col_, programme.num_row_ = size, len(cells)
    programme.col_cost_ = np.where(np.arange(size) == aim, sign, 0.0)
    programme.col_lower_, programme.col_upper_ = np.zeros(size), np.full(size, CROWD)
    programme.row_lower_ = programme.row_upper_ = np.asarray(right)
    matrix = programme.a_matrix_
    matrix.format_ = highspy.MatrixFormat.kRowwise
    matrix.num_col_, matrix.num_row_ = size, len(cells)
    matrix.start_ = np.cumsum([0, *map(len, cells)])
    matrix.index_ = np.array([column for row in cells for column, _ in row])
    matrix.value_ = np.array([weight for row in cells for _, weight in row])
    solver = highspy.Highs.__new__(highspy.Highs)
    super(highspy.Highs, solver).__init__()  # since 1.16 the wrapper's own constructor prints a banner
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)  # another thread would also keep a template from forking
    solver.passModel(programme)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return None, [], []
    found = solver.getSolution()
    return found.col_value[aim], list(found.col_value), list(found.row_dual)


def _alone(
    relation: Relation, right: float, name: str, unknown: Mapping[str, int], sign: float
) -> tuple[float, set[str]]:
    """Bound a count by the only equation that it is in: the others there are 0 or as large as that allows."""
    weight = relation[name]
    others = [w / weight for n, w in relation.items() if n in unknown and n != name]
    if sign < 0 and min(others, default=0.0) < 0:
        return np.inf, set()
    if sign > 0 and max(others, default=0.0) > 0:
        return 0.0, set()
    return max(right / weight, 0.0), relation.keys() - unknown.keys()
