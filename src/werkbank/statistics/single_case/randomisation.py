"""Randomisation tests of single-case designs: how unusual a result is among all that could have been drawn.

Valid only when the assignment was really drawn, before the data, from the set that is given. Statistic and direction
are to be fixed beforehand. p = #{T* ≥ T}/count with the drawn assignment included and ties counted; of random draws
p = (1 + #)/(draws + 1), which is never 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from werkbank.errors import UsageError
from werkbank.statistics.single_case.assignments import Alternations, BaselineStarts, PhaseChanges, Starts
from werkbank.statistics.single_case.overlap import theil_sen
from werkbank.statistics.single_case.series import pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from werkbank.statistics.single_case.assignments import (
        AlternatingScheme,
        Assignment,
        AssignmentSet,
        BaselineScheme,
    )
    from werkbank.statistics.single_case.series import Better, Floats

Statistic = Literal["mean", "median", "nap", "slope", "immediate"]
Alternative = Literal["improvement", "two_sided"]
MOST_SUMS = 2**20  # sums of one half of the cases that are held at once


@dataclass(frozen=True)
class Search:
    """How far assignments are gone through one by one, and how many are drawn (with which seed) beyond."""

    most: int = 100_000
    draws: int = 9_999
    seed: int = 0


@dataclass(frozen=True)
class DrawTest:
    """How unusual a result is among the assignments that could have been drawn.

    `statistic` is in the improving direction (the outcome's units, or 0-1 for NAP); `count` assignments are possible,
    of which all were compared when `exact` and else `compared` random ones; `as_extreme` of those compared reach it;
    `smallest_p` is the least p that this set can give. NaN with a note when the test is refused.
    """

    statistic: float
    p: float
    count: int
    compared: int
    as_extreme: int
    exact: bool
    smallest_p: float
    note: str = ""


def phase_start_test(
    values: ArrayLike,
    start: int,
    starts: Sequence[int],
    *,
    better: Better = "higher",
    statistic: Statistic = "mean",
    alternative: Alternative = "improvement",
) -> DrawTest:
    """AB design of which the first occasion of B was drawn.

    Parameters
    ----------
    values : array (N,)
        One case, in order of its occasions; NaN is an occasion without a value, which keeps its number.
    start : int
        First occasion of B that was drawn, counted from 1.
    starts : sequence of int
        All that could have been drawn.
    better : {"higher", "lower"}
        Which direction is an improvement.
    statistic : str
        Difference in mean or median, NAP, difference in Theil-Sen slope, or mean of the first three of B minus that of
        the last three of A.
    alternative : {"improvement", "two_sided"}
        Two-sided compares |T| (|T - .5| for NAP).

    Returns
    -------
    DrawTest
        Refused when `start` is not among `starts`, or there is one only. With 19 starts or fewer p cannot reach .05.

    Notes
    -----
    Edgington (1975); Onghena (1992). Checked against R and by hand (2 3 1 5 6 4 7 6: 1/3), and simulated under no
    effect.
    """
    y = _turned(values, better)
    return _exact_or_drawn(_two_phases(y, statistic), (start,), Starts(tuple(starts)), _sided(statistic, alternative))


def reversal_test(
    values: ArrayLike,
    changes: Sequence[int],
    least: int,
    *,
    better: Better = "higher",
    statistic: Literal["mean", "median"] = "mean",
    alternative: Alternative = "improvement",
    search: Search | None = None,
) -> DrawTest:
    """ABAB (or longer) design whose changes were drawn with phases of at least `least` occasions.

    T is the mean (median) of all values of B minus that of all of A. `changes` are the first occasions of the second
    and later phases; values and the rest as in `phase_start_test`. Onghena (1992). Checked against R and by hand.
    """
    y = _turned(values, better)
    occasions = np.arange(1, len(y) + 1)

    def score(assignment: Assignment) -> float:
        phase = np.searchsorted(np.asarray(assignment), occasions, side="right")
        return _difference(y, phase % 2 == 1, statistic)

    allowed = PhaseChanges(len(y), len(changes) + 1, least)
    return _exact_or_drawn(score, tuple(changes), allowed, _sided(statistic, alternative), search)


def changing_criterion_test(
    values: ArrayLike,
    changes: Sequence[int],
    criteria: Sequence[float],
    least: int,
    *,
    search: Search | None = None,
) -> DrawTest:
    """Changing-criterion design: how closely the values follow a criterion whose changes were drawn.

    Parameters
    ----------
    values : array (N,)
        The baseline and the phases with a criterion; NaN is an occasion without a value.
    changes : sequence of int
        First occasion of each phase with a criterion, as drawn.
    criteria : sequence of float
        The criterion of each of these phases, in their order.
    least : int
        Occasions that each phase (the baseline too) had to have.
    search : Search, optional
        How far to go through all assignments.

    Returns
    -------
    DrawTest
        T is minus the mean distance |value - criterion in force| after the baseline: nearer is better.

    Notes
    -----
    Onghena (1992); Ferron & colleagues (2019) on the statistic. Checked by hand, and simulated under no effect.
    """
    if len(criteria) != len(changes):
        raise UsageError("every phase after the baseline has one criterion")
    y = _turned(values, "higher")
    occasions, in_force = np.arange(1, len(y) + 1), np.array([math.nan, *criteria])

    def score(assignment: Assignment) -> float:
        phase = np.searchsorted(np.asarray(assignment), occasions, side="right")
        counted = (phase > 0) & ~np.isnan(y)
        return -float(np.abs(y - in_force[phase])[counted].mean()) if counted.any() else math.nan

    return _exact_or_drawn(score, tuple(changes), PhaseChanges(len(y), len(changes) + 1, least), _Side(), search)


def alternating_test(
    values: ArrayLike,
    conditions: Sequence[int],
    scheme: AlternatingScheme,
    *,
    better: Better = "higher",
    statistic: Literal["mean", "median", "nap"] = "mean",
    alternative: Alternative = "improvement",
    search: Search | None = None,
) -> DrawTest:
    """Alternating treatments: condition 1 against condition 0 on occasions that were drawn.

    `scheme` says how: all orders of as many of both, those without three in a row, or one of both in every pair of
    occasions. The rest as in `phase_start_test`. Edgington (1967); Onghena & Edgington (1994). Checked against R and by
    hand: 1/70, 1/34 and 1/16 for one series.

    Raises
    ------
    UsageError
        Conditions other than 0 and 1, one for each value, as many of both.
    """
    y, drawn = _turned(values, better), tuple(int(x) for x in conditions)
    if len(drawn) != len(y) or set(drawn) != {0, 1} or 2 * sum(drawn) != len(drawn):
        raise UsageError("conditions are 0 and 1, one for each value, as many of both")

    def score(assignment: Assignment) -> float:
        return _difference(y, np.asarray(assignment) == 1, statistic)

    # a sequence and its mirror image are both in every scheme
    mirrored = 2 if alternative == "two_sided" else 1
    allowed = Alternations(len(drawn) // 2, scheme)
    return _exact_or_drawn(score, drawn, allowed, _sided(statistic, alternative), search, mirrored)


def multiple_baseline_test(
    values: Sequence[ArrayLike],
    starts: Sequence[int],
    scheme: BaselineScheme,
    possible: Sequence[Sequence[int]] | None = None,
    *,
    better: Better = "higher",
    statistic: Statistic = "mean",
    alternative: Alternative = "improvement",
    search: Search | None = None,
) -> DrawTest:
    """Multiple baseline over cases whose order, starts or both were drawn; T is the mean over cases.

    Parameters
    ----------
    values : sequence of arrays
        One series a case, NaN for an occasion without a value.
    starts : sequence of int
        First occasion of B of each case, as drawn.
    scheme : {"order", "independent", "different", "regulated"}
        Starts fixed and the order of cases drawn (k! assignments); a start drawn for each case; a different start for
        each from one set; the order of cases over tiers and a start within each tier.
    possible : sequence of sequences, optional
        Needed but for ``order``: the starts of each case, the one set of all, or those of each tier.
    better, statistic, alternative, search
        As in `phase_start_test`; `search` says how far all assignments are gone through.

    Returns
    -------
    DrawTest
        Refused when nothing was staggered (``order`` with equal starts only). Independent starts are all counted as
        long as the sums of half of the cases fit in memory.

    Notes
    -----
    Wampold & Worsham (1986), Marascuilo & Busk (1988), Koehler & Levin (1998), Levin, Ferron & Gafurov (2018). Checked
    against R, by hand (1/6, 1/216, 1/120, 1/48 for the same data), and simulated under no effect.
    """
    if len(values) != len(starts) or len(values) < 2:
        raise UsageError("a multiple baseline has two or more cases, with one start each")
    if (possible is None) != (scheme == "order"):
        raise UsageError("give the possible starts, but for a drawn order")
    sets = tuple((start,) for start in starts) if possible is None else tuple(tuple(s) for s in possible)
    allowed, drawn = BaselineStarts(len(values), scheme, sets), tuple(starts)
    scores = [_two_phases(_turned(series, better), statistic) for series in values]
    needed = sorted({start for one in sets for start in one} | set(drawn))
    table = [{start: score((start,)) for start in needed} for score in scores]
    side = _sided(statistic, alternative)

    def score(assignment: Assignment) -> float:
        return sum(one[start] for one, start in zip(table, assignment, strict=True)) / len(table)

    if scheme == "order" and len(set(drawn)) == 1:
        return _refused("not_staggered", allowed.count, score(drawn))
    if scheme == "independent" and drawn in allowed and allowed.count > 1:
        found = _all_sums(table, sets, score(drawn), side)
        if found is not None:
            return _counted(score(drawn), found, allowed.count)
    return _exact_or_drawn(score, drawn, allowed, side, search, allowed.coinciding)


def _turned(values: ArrayLike, better: Better) -> Floats:
    y = np.asarray(values, dtype=float).ravel()
    if np.isinf(y).any():
        raise UsageError("a value is infinite")
    return y if better == "higher" else -y


def _two_phases(y: Floats, statistic: Statistic) -> Callable[[Assignment], float]:
    occasions = np.arange(1, len(y) + 1)

    def score(assignment: Assignment) -> float:
        in_b = occasions >= assignment[0]
        if statistic not in {"slope", "immediate"}:
            return _difference(y, in_b, statistic)
        seen = ~np.isnan(y)
        a, b = np.flatnonzero(~in_b & seen), np.flatnonzero(in_b & seen)
        if statistic == "immediate":
            return float(y[b[:3]].mean() - y[a[-3:]].mean()) if min(len(a), len(b)) >= 3 else math.nan
        return theil_sen(occasions[b].astype(float), y[b]) - theil_sen(occasions[a].astype(float), y[a])

    return score


def _difference(y: Floats, in_b: NDArray[np.bool_], statistic: Statistic) -> float:
    """Return B against A over the observed values; NaN when one of them has none."""
    seen = ~np.isnan(y)
    a, b = y[~in_b & seen], y[in_b & seen]
    if not (len(a) and len(b)):
        return math.nan
    if statistic == "nap":
        return float((pairs(a, b) + 1).mean() / 2)
    if statistic == "median":
        return float(np.median(b) - np.median(a))
    if statistic == "mean":
        return float(b.mean() - a.mean())
    raise UsageError(f"no statistic {statistic!r} for this design")


@dataclass(frozen=True)
class _Side:
    """How extreme a statistic is: itself, or its distance from what it is without an effect."""

    two_sided: bool = False
    centre: float = 0.0

    def of(self, value: float) -> float:
        return abs(value - self.centre) if self.two_sided else value


def _sided(statistic: Statistic, alternative: Alternative) -> _Side:
    two_sided = alternative == "two_sided"
    return _Side(two_sided, 0.5 if two_sided and statistic == "nap" else 0.0)


def _refused(note: str, count: int, statistic: float = math.nan) -> DrawTest:
    return DrawTest(statistic, math.nan, count, 0, 0, exact=False, smallest_p=math.nan, note=note)


def _counted(statistic: float, as_extreme: int, count: int, together: int = 1) -> DrawTest:
    return DrawTest(statistic, as_extreme / count, count, count, as_extreme, exact=True, smallest_p=together / count)


def _reach(values: Floats, observed: float) -> int:
    """Count what is as large, up to rounding; without a statistic it counts as larger, which keeps p valid."""
    return int((np.isnan(values) | (values >= observed - 1e-12 * max(1.0, abs(observed)))).sum())


def _exact_or_drawn(
    score: Callable[[Assignment], float],
    drawn: Assignment,
    allowed: AssignmentSet,
    side: _Side,
    search: Search | None = None,
    together: int = 1,
) -> DrawTest:
    how = search or Search()
    if drawn not in allowed:
        return _refused("assignment_outside_the_set", allowed.count)
    statistic = score(drawn)
    if math.isnan(statistic):
        return _refused("assignment_without_data", allowed.count)
    if allowed.count <= together:
        return _refused("one_possible_assignment", allowed.count, statistic)
    observed = side.of(statistic)
    if allowed.count <= how.most:
        found = np.fromiter((side.of(score(a)) for a in allowed), dtype=float, count=allowed.count)
        return _counted(statistic, _reach(found, observed), allowed.count, together)
    rng = np.random.default_rng(how.seed)
    found = np.array([side.of(score(allowed.draw(rng))) for _ in range(how.draws)])
    reached = _reach(found, observed)
    p, least = (reached + 1) / (how.draws + 1), max(together / allowed.count, 1 / (how.draws + 1))
    return DrawTest(statistic, p, allowed.count, how.draws, reached, exact=False, smallest_p=least)


def _all_sums(
    table: list[dict[int, float]], sets: Sequence[Sequence[int]], statistic: float, side: _Side
) -> int | None:
    """Count, among all independent starts, those whose mean is as extreme; None when there are too many to hold.

    Every assignment is a sum over the first half of the cases plus one over the second: with the second sorted, each of
    the first tells at once how many reach (Horowitz & Sahni 1974).
    """
    rows = [np.array([one[start] for start in starts]) for one, starts in zip(table, sets, strict=True)]
    cut = len(rows) // 2
    if max(math.prod(map(len, rows[:cut])), math.prod(map(len, rows[cut:]))) > MOST_SUMS:
        return None
    if any(np.isnan(row).any() for row in rows) or math.isnan(statistic):
        return None
    first, second = _outer(rows[:cut]), np.sort(_outer(rows[cut:]))
    k, observed = len(rows), side.of(statistic)
    slack = 1e-12 * max(1.0, abs(observed))
    if side.two_sided and observed <= slack:
        return len(first) * len(second)
    least = k * (side.centre + observed - slack) - first
    found = len(first) * len(second) - int(np.searchsorted(second, least, side="left").sum())
    if side.two_sided:
        most = k * (side.centre - observed + slack) - first
        found += int(np.searchsorted(second, most, side="right").sum())
    return found


def _outer(rows: list[Floats]) -> Floats:
    sums = np.zeros(1)
    for row in rows:
        sums = np.add.outer(sums, row).ravel()
    return sums
