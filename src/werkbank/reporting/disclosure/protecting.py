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

    def adds_up(self, whole: str, parts: Iterable[str]) -> None:
        """Say that `whole` is the sum of `parts`, where all are known and they really add up."""
        relation: Relation = {whole: 1.0}
        for part in parts:
            relation[part] = relation.get(part, 0.0) - 1.0
        if all(name in self.values for name in relation) and not abs(_sum(relation, self.values)) > SLACK:
            self.relations.append(relation)

    def within(self, whole: str, *parts: str) -> None:
        """Say that `parts` together lie within `whole`: what is left is a count of people as well."""
        if not all(name in self.values for name in (whole, *parts)):
            return
        rest = self.values[whole] - sum(self.values[part] for part in parts)
        if not rest < 0:
            name = f"{whole} without {', '.join(parts)}"
            self.values[name] = rest
            self.relations.append({whole: 1.0, **dict.fromkeys(parts, -1.0), name: -1.0})


def _sum(relation: Relation, values: Mapping[str, float]) -> float:
    return sum(weight * values[name] for name, weight in relation.items())


def hide(counts: Counts, min_cell: int) -> set[str]:
    """Return the names of the counts that must not be shown.

    Parameters
    ----------
    counts : Counts
    min_cell : int
        The smallest count that may be shown. Zero may be shown, unless it is among the sensitive.

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
    hidden = {name for name in small if name in counts.costs}
    for name in sorted(small):
        while cheapest := _binding(counts, counts.costs.keys() - hidden, name, min_cell):
            hidden.add(cheapest)
    return hidden


def interval(counts: Counts, shown: AbstractSet[str], name: str) -> tuple[float, float]:
    """Return what can be inferred about the count `name` when the counts `shown` are known: (lowest, highest)."""
    low, _ = _bound(counts, shown, name, 1.0)
    high, _ = _bound(counts, shown, name, -1.0)
    return low, high


def _binding(counts: Counts, shown: AbstractSet[str], name: str, min_cell: int) -> str | None:
    """Return the cheapest shown count that keeps `name` from being anything from 1 to min_cell - 1, or None."""
    low, below = _bound(counts, shown, name, 1.0)
    high, above = _bound(counts, shown, name, -1.0)
    blamed = (below if low > 1 + SLACK else set()) | (above if high < min_cell - 1 - SLACK else set())
    return min(blamed, key=lambda count: (counts.costs[count], count), default=None)


def _bound(counts: Counts, shown: AbstractSet[str], name: str, sign: float) -> tuple[float, set[str]]:
    """Return the lowest (sign 1) or highest (sign -1) value of `name`, and the shown counts on which that rests."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_array

    if name in shown:
        return counts.values[name], {name}
    relations, unknown = _around(counts.relations, shown, name)
    if not relations:
        return (0.0 if sign > 0 else np.inf), set()
    place = {count: i for i, count in enumerate(unknown)}
    cells = [(r, place[n], w) for r, relation in enumerate(relations) for n, w in relation.items() if n in place]
    rows, columns, weights = zip(*cells, strict=True)
    matrix = csr_array((weights, (rows, columns)), shape=(len(relations), len(unknown)))
    right = [-sum(w * counts.values[n] for n, w in relation.items() if n not in place) for relation in relations]
    aim = np.zeros(len(unknown))
    aim[place[name]] = sign
    found = linprog(aim, A_eq=matrix, b_eq=right, bounds=(0, None), method="highs")
    if found.status == 3:  # unbounded: nothing that is shown limits it
        return np.inf, set()
    if not found.success:  # equations that no counts satisfy say nothing
        return (0.0 if sign > 0 else np.inf), set()
    tight = [relation for relation, dual in zip(relations, found.eqlin.marginals, strict=True) if abs(dual) > SLACK]
    return sign * found.fun, {n for relation in tight for n in relation if n not in place}


def _around(relations: list[Relation], shown: AbstractSet[str], name: str) -> tuple[list[Relation], list[str]]:
    """Return the equations that bear on `name` through counts that are not shown, and those counts."""
    of: dict[str, list[int]] = defaultdict(list)
    for i, relation in enumerate(relations):
        for count in relation:
            of[count].append(i)
    met, found, todo = {name}, set(), [name]
    while todo:
        for i in of[todo.pop()]:
            if i not in found:
                found.add(i)
                new = {count for count in relations[i] if count not in shown} - met
                met |= new
                todo += sorted(new)
    return [relations[i] for i in sorted(found)], sorted(met)
