"""What is counted in a log: shares, positive against negative, rates, who was reached, how much was done."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special, stats

from werkbank.errors import UsageError
from werkbank.statistics.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike


def wilson(successes: int, trials: int, level: float = 0.95) -> Quantity:
    """Share (0-1) with Wilson's interval; NaN with ``nothing_counted`` for no trials.

    (p + z²/2n ± z·sqrt(p(1-p)/n + z²/4n²))/(1 + z²/n), Wilson (1927). Assumes independent trials: of the days of one
    pupil the interval is an indication only. Checked against R (9 of 12: .468-.911) and scipy.

    Raises
    ------
    UsageError
        Counts below 0, or more successes than trials.
    """
    if not 0 <= successes <= trials:
        raise UsageError(f"{successes} of {trials}: a count below 0 or above the total")
    if trials == 0:
        return Quantity(math.nan, note="nothing_counted")
    z2, p = float(special.ndtri((1 + level) / 2)) ** 2, successes / trials
    middle = p + z2 / (2 * trials)
    half = math.sqrt(z2 * (p * (1 - p) / trials + z2 / (4 * trials**2)))
    low, high = ((middle + side * half) / (1 + z2 / trials) for side in (-1, 1))
    # at 0 and all the limit on that side is the share itself, but for rounding
    return Quantity(p, ci_low=0.0 if successes == 0 else low, ci_high=1.0 if successes == trials else high)


@dataclass(frozen=True)
class Tally:
    """Positive against negative: the ratio (NaN without negatives), the share of positive with its interval.

    `met` tells whether the ratio reaches the target (None when nothing was counted), `interval_covers_less` whether
    the interval of the share holds a smaller ratio as well.
    """

    positive: int
    negative: int
    ratio: float
    share: Quantity
    met: bool | None
    interval_covers_less: bool
    note: str = ""


def tally(positive: Sequence[int], negative: Sequence[int], target: float = 3.0, level: float = 0.95) -> Tally:
    """Ratio of positive to negative interactions against a target (3 : 1 is a share of .75).

    Counts are added up over the days; a mean of daily ratios would give a day with one negative the weight of a week.

    Returns
    -------
    Tally
        ``no_negatives``: the ratio has no value and the target is met; ``no_interactions``: nothing was counted;
        ``few_interactions`` below ten.

    Raises
    ------
    UsageError
        Counts below 0, or days that do not go together.
    """
    if len(positive) != len(negative) or min((*positive, *negative), default=0) < 0:
        raise UsageError("give for every day a count of positive and of negative interactions, none below 0")
    p, n = int(sum(positive)), int(sum(negative))
    share = wilson(p, p + n, level)
    if p + n == 0:
        return Tally(p, n, math.nan, share, None, interval_covers_less=False, note="no_interactions")
    covers = (share.ci_low or 0.0) < target / (1 + target)
    few = "few_interactions" if p + n < 10 else ""
    if n == 0:
        return Tally(p, n, math.nan, share, met=True, interval_covers_less=covers, note="no_negatives")
    return Tally(p, n, p / n, share, met=p >= target * n, interval_covers_less=covers, note=few)


def rate(count: int, exposure: float, level: float = 0.95) -> Quantity:
    """Events per observed day (or minute), with the exact Poisson interval (Garwood 1936).

    Assumes independent events. NaN with ``not_observed`` when nothing was observed. Checked against scipy's chi-square.

    Raises
    ------
    UsageError
        A count or an exposure below 0; events without exposure.
    """
    if count < 0 or exposure < 0 or (count and not exposure):
        raise UsageError(f"{count} events in {exposure} observed days")
    if not exposure:
        return Quantity(math.nan, note="not_observed")
    tail = (1 - level) / 2
    low = float(special.gammaincinv(count, tail)) if count else 0.0
    return Quantity(
        count / exposure,
        ci_low=low / exposure,
        ci_high=float(special.gammaincinv(count + 1, 1 - tail)) / exposure,
    )


def rate_ratio(before: tuple[int, float], after: tuple[int, float], level: float = 0.95) -> Quantity:
    """Rate after over rate before, each (events, observed days), with its exact conditional interval and p.

    Given x₁ + x₂, x₂ is binomial with p₀ = t₂/(t₁ + t₂): Clopper and Pearson's limits as odds, times t₁/t₂; p as two
    sided binomial test by likelihood.

    Returns
    -------
    Quantity
        NaN with a note when one period was not observed or there were no events at all; infinite when there were none
        before. Assumes independent events: conflicts come in clusters, which makes the interval too narrow.

    Notes
    -----
    Przyborowski & Wilenski (1940). Checked against R: 6 in 20 days, 2 in 30: .222, .022 to 1.243, p .067.
    """
    (x1, t1), (x2, t2) = before, after
    if min(x1, x2, t1, t2) < 0:
        raise UsageError("events and observed days cannot be below 0")
    if not (t1 and t2):
        return Quantity(math.nan, note="not_observed")
    if x1 + x2 == 0:
        return Quantity(math.nan, note="nothing_counted")
    test = stats.binomtest(x2, x1 + x2, t2 / (t1 + t2))
    limits = test.proportion_ci(level, method="exact")
    low, high = (float(x) / (1 - float(x)) * t1 / t2 if x < 1 else math.inf for x in (limits.low, limits.high))
    value = (x2 / t2) / (x1 / t1) if x1 else math.inf
    return Quantity(value, p=float(test.pvalue), ci_low=low, ci_high=high)


def gini(counts: ArrayLike) -> float:
    """Inequality of counts over all pupils of a class: 0 all equal, (n-1)/n everything with one pupil.

    Σ|x_i - x_j|/(2n²·mean), Gini (1912); pupils who were never reached count as 0. NaN when nothing was counted.
    Checked against R (0 1 1 2 6: .52).
    """
    x = np.asarray(counts, dtype=float)
    if not len(x) or not x.sum() > 0:
        return math.nan
    return float(np.abs(x[:, None] - x[None, :]).sum() / (2 * len(x) ** 2 * x.mean()))


def coverage(counts: ArrayLike) -> float:
    """Share (0-1) of the pupils of a class who were reached at least once; NaN without a class list."""
    x = np.asarray(counts, dtype=float)
    return float((x > 0).mean()) if len(x) else math.nan


@dataclass(frozen=True)
class Adherence:
    """Share (0-1) of the expected occasions that was done; only its bounds when too much is unknown."""

    value: float
    low: float
    high: float
    note: str = ""


def adherence(done: int, expected: int, unknown: int = 0, most_unknown: float = 0.20) -> Adherence:
    """Done over expected occasions, absences of the pupil already taken off `expected`.

    A missing row is unknown, not "not done": the bounds are done/E and (done + unknown)/E. Above `most_unknown` (a
    choice of this package) the value is NaN with ``not_observed``; without expected occasions with
    ``nothing_counted``.

    Raises
    ------
    UsageError
        More done and unknown than expected, or counts below 0.
    """
    if min(done, expected, unknown) < 0 or done + unknown > expected:
        raise UsageError(f"{done} done and {unknown} unknown of {expected} expected")
    if not expected:
        return Adherence(math.nan, math.nan, math.nan, "nothing_counted")
    low, high = done / expected, (done + unknown) / expected
    if unknown > most_unknown * expected:
        return Adherence(math.nan, low, high, "not_observed")
    return Adherence(low, low, high)


@dataclass(frozen=True)
class GoalAttainment:
    """T-score of one pupil's goals (50: attained as expected, SD about 10) and how many goals it rests on."""

    value: float
    goals: int
    note: str = ""


def goal_attainment(
    attained: Sequence[float], weights: Sequence[float] | None = None, rho: float = 0.30
) -> GoalAttainment:
    """Goal attainment T-score: 50 + 10·Σwx/sqrt((1 - ρ)Σw² + ρ(Σw)²).

    Parameters
    ----------
    attained : sequence of float
        -2 (much less than expected) to 2; NaN is a goal that was not rated, and is left out with its weight.
    weights : sequence of float, optional
        Importance of each goal, above 0; 1 when left out.
    rho : float
        The correlation between goals that is assumed.

    Returns
    -------
    GoalAttainment
        NaN with ``few_goals`` below two rated goals. Levels that were written after the start make no T: that is for
        the caller to know.

    Raises
    ------
    UsageError
        A level outside -2 to 2, a weight that is not positive, numbers that do not go together.

    Notes
    -----
    Kiresuk & Sherman (1968). Checked by hand: 1, 0, -1 with weights 1, 2, 1 give 50; 1, 1, 0 give 59.129.
    """
    x = np.asarray(attained, dtype=float)
    w = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=float)
    if len(w) != len(x) or not (w > 0).all() or (np.abs(x[~np.isnan(x)]) > 2).any():
        raise UsageError("levels run from -2 to 2, and every goal has one weight above 0")
    x, w = x[~np.isnan(x)], w[~np.isnan(x)]
    if len(x) < 2:
        return GoalAttainment(math.nan, len(x), "few_goals")
    spread = math.sqrt((1 - rho) * float(w @ w) + rho * float(w.sum()) ** 2)
    return GoalAttainment(50 + 10 * float(w @ x) / spread, len(x))
