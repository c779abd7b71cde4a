"""How far two phases overlap: NAP, Tau, the variants of Tau-U, and Tau after the baseline's trend is taken out.

All are in the improving direction and use the order of values only. Their standard errors assume that the values of
a phase are independent of each other; with autocorrelation they are too small.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import optimize, special

from werkbank.statistics.quantity import Quantity
from werkbank.statistics.single_case.series import pairs, rises, ties

if TYPE_CHECKING:
    from werkbank.statistics.single_case.series import Comparison, Floats

StandardError = Literal["unbiased", "hanley", "null"]
TauVariant = Literal["minus_trend_a", "minus_trend_a_over_all_pairs", "plus_trend_b_minus_trend_a"]


@dataclass(frozen=True, kw_only=True)
class Overlap(Quantity):
    """An overlap index of m values of A and n of B, with its pairs: B better, B worse, tied."""

    m: int
    n: int
    positive: int = 0
    negative: int = 0
    tied: int = 0


def nap(comparison: Comparison, se: StandardError = "unbiased", level: float = 0.95) -> Overlap:
    """Nonoverlap of all pairs: the share of pairs (a value of A, one of B) in which B is better, ties for half.

    Parameters
    ----------
    comparison : Comparison
        Occasions without a value do not count.
    se : {"unbiased", "hanley", "null"}
        Sen's and Mee's estimator, Hanley and McNeil's, or that without any effect, (m+n+1)/(12mn).
    level : float
        Coverage of the interval.

    Returns
    -------
    Overlap
        0-1, .5 without an effect. NaN with a note when a phase is empty; no SE and interval when a phase has one value.
        An unbiased variance below 0 becomes an SE of 0 with the note ``variance_at_zero``.

    Notes
    -----
    Parker & Vannest (2009); SE: Sen (1967), Mee (1990), Hanley & McNeil (1982); interval: Newcombe (2006), method 5,
    with the lower limit (upper at 0) at complete separation from the same equation divided by 1 - θ. Checked against
    R (SingleCaseES 0.7.4, except at complete separation, where its interval has no width) and worked fractions.
    """
    a, b = comparison.turned
    signs, m, n = pairs(a, b), comparison.m, comparison.n
    better, worse, tied = (int((signs == sign).sum()) for sign in (1, -1, 0))
    bare = Overlap(math.nan, note=comparison.starved, m=m, n=n, positive=better, negative=worse, tied=tied)
    if comparison.starved:
        return bare
    won = (signs + 1) / 2
    value = float(won.mean())
    if min(m, n) < 2:
        return replace(bare, value=value, note="one_point_in_a_phase")
    variance = _variance(won, value, se)
    low, high = newcombe(value, m, n, level)
    note = "" if variance >= 0 else "variance_at_zero"
    return replace(bare, value=value, se=math.sqrt(max(variance, 0.0)), ci_low=low, ci_high=high, note=note)


def _variance(won: Floats, value: float, se: StandardError) -> float:
    m, n = map(int, won.shape)
    if se == "null":
        return (m + n + 1) / (12 * m * n)
    q1 = float(((won - value).sum(axis=1) ** 2).sum()) / (m * n**2)
    q2 = float(((won - value).sum(axis=0) ** 2).sum()) / (m**2 * n)
    q3 = float(((won - value) ** 2).mean())
    cut = min(max(value, 1 / (2 * m * n)), 1 - 1 / (2 * m * n))  # keeps the SE above 0 at complete separation
    if se == "hanley":
        return (cut * (1 - cut) + (n - 1) * q1 + (m - 1) * q2) / (m * n)
    return (cut * (1 - cut) + n * q1 + m * q2 - 2 * q3) / ((m - 1) * (n - 1))


def newcombe(value: float, m: int, n: int, level: float = 0.95) -> tuple[float, float]:
    """Interval of a NAP by Newcombe's (2006) method 5: the θ whose own variance puts the estimate at its edge."""
    z2, h, mn = float(special.ndtri((1 + level) / 2)) ** 2, (m + n) / 2 - 1, m * n

    def spread(x: float) -> float:
        return 1 + h * (1 - x) / (2 - x) + h * x / (1 + x)

    def score(x: float) -> float:
        return mn * (value - x) ** 2 - z2 * x * (1 - x) * spread(x)

    def divided(x: float) -> float:
        return mn * (1 - x) - z2 * x * spread(x)

    if value in {0.0, 1.0}:
        edge = float(optimize.brentq(divided, 0, 1, xtol=1e-14))
        return (edge, 1.0) if value else (0.0, 1 - edge)
    return (
        float(optimize.brentq(score, 0, value, xtol=1e-14)),
        float(optimize.brentq(score, value, 1, xtol=1e-14)),
    )


def tau(comparison: Comparison, se: StandardError = "unbiased", level: float = 0.95) -> Overlap:
    """Tau of A against B: better minus worse pairs over all pairs, which is 2 NAP - 1.

    Returns
    -------
    Overlap
        -1 to 1, 0 without an effect; SE and interval those of 2 NAP - 1. Refuses what `nap` refuses.

    Notes
    -----
    Parker, Vannest & Davis (2011). Ties count in the denominator only. Checked with R and worked fractions.
    """
    found = nap(comparison, se, level)
    low, high = (None if x is None else 2 * x - 1 for x in (found.ci_low, found.ci_high))
    return replace(
        found, value=2 * found.value - 1, se=None if found.se is None else 2 * found.se, ci_low=low, ci_high=high
    )


def trend_tau(values: Floats) -> float:
    """Kendall's tau-a of a phase with time: rising minus falling pairs over all; NaN for fewer than two values."""
    k = len(values)
    return rises(values) / math.comb(k, 2) if k > 1 else math.nan


def tau_u(comparison: Comparison, variant: TauVariant = "minus_trend_a") -> Overlap:
    """Tau-U: Tau corrected by pairs for the trend of A (and B). Name the variant wherever it is printed.

    Parameters
    ----------
    comparison : Comparison
        A and B.
    variant : str
        ``minus_trend_a``: (S_AB - S_A)/(mn), that of Parker and colleagues. It can exceed 1 up to 1 + (m-1)/(2n), and
        is not cut off. ``minus_trend_a_over_all_pairs``: over mn + m(m-1)/2. ``plus_trend_b_minus_trend_a``:
        (S_AB + S_B - S_A) over all pairs of the series.

    Returns
    -------
    Overlap
        Without standard error: none is known. NaN with a note when a phase is empty.

    Notes
    -----
    Parker, Vannest, Davis & Sauber (2011); Brossart, Laird & Armstrong (2018) on how far the variants differ. Checked
    against R and the published example (11/20).
    """
    a, b = comparison.turned
    m, n = comparison.m, comparison.n
    found = nap(comparison)
    bare = Overlap(math.nan, m=m, n=n, positive=found.positive, negative=found.negative, tied=found.tied)
    if comparison.starved:
        return replace(bare, note=comparison.starved)
    s = found.positive - found.negative - rises(a)
    below = m * n
    if variant != "minus_trend_a":
        below += math.comb(m, 2)
    if variant == "plus_trend_b_minus_trend_a":
        s, below = s + rises(b), below + math.comb(n, 2)
    return replace(bare, value=s / below)


def tau_b(comparison: Comparison) -> float:
    """Kendall's tau-b of the values with being in B. Its largest value is below 1 (about .71 when m = n).

    S/sqrt((N₀ - ties in y)(N₀ - ties in phase)), N₀ = N(N-1)/2; 0 when all values are equal, NaN for an empty phase.
    What the program scan and singlecaseresearch.org print as Tau; checked against R.
    """
    if comparison.starved:
        return math.nan
    a, b = comparison.turned
    untied = math.comb(comparison.m + comparison.n, 2) - ties(np.concatenate([a, b]))
    return float(pairs(a, b).sum()) / math.sqrt(untied * comparison.m * comparison.n) if untied else 0.0


def theil_sen(times: Floats, values: Floats) -> float:
    """Median of the slopes of all pairs, in units a session (Theil 1950; Sen 1968); NaN for fewer than two values."""
    slopes = [(values[j] - values[i]) / (times[j] - times[i]) for i, j in combinations(range(len(values)), 2)]
    return float(np.median(slopes)) if slopes else math.nan


@dataclass(frozen=True, kw_only=True)
class CorrectedTau(Overlap):
    """Tau after the baseline's trend was taken out.

    `slope` is the Theil-Sen slope of A in the outcome's units a session (raw direction); `trend_tau_b` and `trend_p`
    test it (improving direction); `tau_b` is Kendall's tau-b of the residuals and `se_tarlow` its approximate error;
    `corrected` tells whether the trend was taken out; `leaves` the times in B at which the extended line lies outside
    the scale, when that was given.
    """

    slope: float = math.nan
    corrected: bool = False
    trend_tau_b: float = math.nan
    trend_p: float = math.nan
    tau_b: float = math.nan
    se_tarlow: float = math.nan
    leaves: tuple[float, ...] = ()


def baseline_corrected_tau(
    comparison: Comparison,
    *,
    only_if_p: float | None = None,
    scale: tuple[float, float] | None = None,
    level: float = 0.95,
) -> CorrectedTau:
    """Tau of what is left when A's Theil-Sen line is taken from both phases.

    Parameters
    ----------
    comparison : Comparison
        With the times at which the values were taken: they carry the slope.
    only_if_p : float, optional
        Take the trend out only when its test gives a p of at most this (Tarlow: .05); always, when left out.
    scale : (float, float), optional
        Lowest and highest possible value, to tell where the extended line leaves it.
    level : float
        Coverage of the interval.

    Returns
    -------
    CorrectedTau
        `value` over all mn pairs. Its SE and interval are those of Tau on the residuals and ignore that the slope was
        estimated. NaN with ``too_few_points_for_a_trend`` when A has fewer than three values, as two fit any line.

    Notes
    -----
    Tarlow (2017), whose own coefficient is `tau_b`, with SE sqrt(2(1 - τ²)/(m+n)). Residuals that agree in nine
    decimals are ties; programs that compare them in binary differ here. Checked in exact fractions and against R.
    """
    if comparison.starved or comparison.m < 3:
        note = comparison.starved or "too_few_points_for_a_trend"
        return CorrectedTau(math.nan, note=note, m=comparison.m, n=comparison.n)
    slope = theil_sen(comparison.times_a, comparison.a)
    trend, p = kendall_trend(comparison.turned[0])
    corrected = only_if_p is None or p <= only_if_p
    rest = comparison
    if corrected:
        line_a, line_b = (slope * (t - comparison.times_a[0]) for t in (comparison.times_a, comparison.times_b))
        rest = replace(comparison, a=comparison.a - line_a, b=comparison.b - line_b)
    found, b = tau(rest, level=level), tau_b(rest)
    return CorrectedTau(
        **vars(found),
        slope=slope,
        corrected=corrected,
        trend_tau_b=trend,
        trend_p=p,
        tau_b=b,
        se_tarlow=math.sqrt(max(2 * (1 - b**2), 0.0) / (comparison.m + comparison.n)),
        leaves=_leaves(comparison, slope, scale) if corrected and scale else (),
    )


def _leaves(comparison: Comparison, slope: float, scale: tuple[float, float]) -> tuple[float, ...]:
    middle = float(np.median(comparison.a - slope * comparison.times_a))
    line = middle + slope * comparison.times_b
    outside = (line < scale[0]) | (line > scale[1])
    return tuple(comparison.times_b[outside].tolist())


def kendall_trend(values: Floats) -> tuple[float, float]:
    """Tau-b of a series with its order, and the two-sided p of no trend (normal, continuity and ties corrected).

    p is 1 when S is 0; both are NaN when all values are equal or there are fewer than two. Kendall (1970).
    """
    k, s = len(values), rises(values)
    tied = ties(values)
    untied = math.comb(k, 2) - tied
    if not untied:
        return math.nan, math.nan
    groups = np.unique(np.round(values, 9), return_counts=True)[1].astype(float)
    variance = (k * (k - 1) * (2 * k + 5) - float((groups * (groups - 1) * (2 * groups + 5)).sum())) / 18
    z = max(abs(s) - 1, 0) / math.sqrt(variance)
    return s / math.sqrt(untied * math.comb(k, 2)), float(2 * special.ndtr(-z))
