"""How large a change of level is: the log response ratio, and the difference in SDs of this case's own baseline."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import special

from werkbank.errors import UsageError
from werkbank.statistics.quantity import Quantity

if TYPE_CHECKING:
    from werkbank.statistics.single_case.series import Comparison, Floats

Scale = Literal["count", "rate", "proportion", "percentage", "other"]
SCALES = ("count", "rate", "proportion", "percentage", "other")
WHOLE = {"percentage": 100.0, "proportion": 1.0}
Valence = Literal["increase", "decrease"]


@dataclass(frozen=True, kw_only=True)
class ResponseRatio(Quantity):
    """ln(mean of B/mean of A); `percent` is the change it stands for, `truncated` that a mean of 0 was replaced."""

    uncorrected: float = math.nan
    percent: float = math.nan
    truncated: bool = False


def log_response_ratio(
    comparison: Comparison,
    scale: Scale,
    *,
    desired: Valence | None = None,
    observation_length: float | None = None,
    level: float = 0.95,
) -> ResponseRatio:
    """Log response ratio with its correction for bias, for outcomes with a true zero.

    ln(M_B) + V_B/(2nM_B²) - ln(M_A) - V_A/(2mM_A²); SE² = V_A/(mM_A²) + V_B/(nM_B²); normal interval.

    Parameters
    ----------
    comparison : Comparison
        A and B.
    scale : {"count", "rate", "proportion", "percentage", "other"}
        What is measured. Not for rating scales: their zero is arbitrary; the caller must not call them ``other``.
    desired : {"increase", "decrease"}, optional
        LRRi (positive is better) or LRRd (negative is better); that of the outcome's direction when left out. For an
        outcome of the other direction a share is taken as 100 - x (1 - x), anything else is multiplied by -1. Of
        percentages LRRi and LRRd are therefore not each other's negative.
    observation_length : float, optional
        D, which bounds a mean of 0: 1 for a count, the length of a session for a rate, the number of intervals for a
        proportion, intervals/100 for a percentage. Means are at least 1/(2Dn), variances at least 1/(D²n³).
    level : float
        Coverage of the interval.

    Returns
    -------
    ResponseRatio
        NaN with a note: a phase of fewer than two values, negative values, a mean of 0 without D.

    Raises
    ------
    UsageError
        An unknown scale; an observation length that is not positive; shares above their whole.

    Notes
    -----
    Pustejovsky (2015, 2018). Checked against R (SingleCaseES 0.7.4) and by hand: counts 8 10 12 and 4 5 6 give
    ln(1/2) with SE sqrt(2/75).
    """
    if scale not in SCALES:
        raise UsageError(f"no scale {scale!r}; there are {', '.join(SCALES)}")
    if observation_length is not None and not observation_length > 0:
        raise UsageError("the observation length must be positive")
    a, b = comparison.a, comparison.b
    if min(comparison.m, comparison.n) < 2:
        return ResponseRatio(math.nan, note=comparison.starved or "too_few_points")
    if min(a.min(), b.min()) < 0:
        return ResponseRatio(math.nan, note="negative_values")
    own: Valence = "increase" if comparison.better == "higher" else "decrease"
    turn = desired is not None and desired != own
    if scale in WHOLE:
        if max(a.max(), b.max()) > WHOLE[scale]:
            raise UsageError(f"a {scale} above {WHOLE[scale]:g}")
        if turn:
            a, b, turn = WHOLE[scale] - a, WHOLE[scale] - b, False
    first, second = _moments(a, observation_length), _moments(b, observation_length)
    if min(first[0], second[0]) <= 0:
        return ResponseRatio(math.nan, note="mean_of_zero")
    sign = -1.0 if turn else 1.0
    crude = sign * (math.log(second[0]) - math.log(first[0]))
    relative = [v / (k * mean**2) for (mean, v, _), k in ((first, len(a)), (second, len(b)))]
    value = crude + sign * (relative[1] - relative[0]) / 2
    se = math.sqrt(sum(relative))
    half = float(special.ndtri((1 + level) / 2)) * se
    return ResponseRatio(
        value,
        se,
        ci_low=value - half,
        ci_high=value + half,
        uncorrected=crude,
        percent=100 * math.expm1(value),
        truncated=first[2] or second[2],
    )


def _moments(values: Floats, length: float | None) -> tuple[float, float, bool]:
    """Return mean and variance, kept from 0 where the observation length allows it, and whether the mean was."""
    n, mean, variance = len(values), float(values.mean()), float(values.var(ddof=1))
    if length is None:
        return mean, variance, False
    least = 1 / (2 * length * n)
    return max(mean, least), max(variance, 1 / (length**2 * n**3)), mean < least


def baseline_smd(comparison: Comparison) -> Quantity:
    """Change of level in SDs of this case's own baseline: J(m-1)·(M_B - M_A)/s_A, in the improving direction.

    J(v) = 1 - 3/(4v - 1); SE = J·sqrt(1/m + V_B/(nV_A) + d²/(2(m-1))), d after J. Never comparable with an effect
    between groups: its yardstick is how much one pupil varies from day to day. NaN with a note when A has fewer than
    three values, B fewer than two, or A does not vary. Gingerich (1984); Pustejovsky (2019). Checked against R.
    """
    m, n = comparison.m, comparison.n
    if m < 3 or n < 2:
        return Quantity(math.nan, note=comparison.starved or "too_few_points")
    a, b = comparison.turned
    v_a, v_b = float(a.var(ddof=1)), float(b.var(ddof=1))
    if not v_a > 1e-18 * max(1.0, float(np.abs(a).max())) ** 2:
        return Quantity(math.nan, note="baseline_constant")
    j = 1 - 3 / (4 * (m - 1) - 1)
    d = (float(b.mean()) - float(a.mean())) / math.sqrt(v_a)
    se = j * math.sqrt(1 / m + v_b / (n * v_a) + (j * d) ** 2 / (2 * (m - 1)))
    return Quantity(j * d, se, standardiser="sd_baseline_within_case")
