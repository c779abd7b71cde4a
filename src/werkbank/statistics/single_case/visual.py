"""What is drawn into the figure of a single case: lines, bands and criteria that describe, and test nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from werkbank.statistics.single_case.series import order

if TYPE_CHECKING:
    from werkbank.statistics.single_case.series import Comparison, Floats


@dataclass(frozen=True)
class SplitMiddle:
    """A line in the outcome's units a session: through the quarter points, and shifted to lie in the middle.

    `intercept` is that of the shifted line at time 0, `intercept_quarter` that of the line before it was shifted;
    `above` and `below` count the values off the shifted line.
    """

    slope: float
    intercept: float
    intercept_quarter: float
    above: int
    below: int
    note: str = ""


def split_middle(times: Floats, values: Floats) -> SplitMiddle:
    """Split-middle line of one phase: through the medians of its halves, then shifted by the median residual.

    The middle value of an odd number is in neither half. NaN with ``too_few_points_for_a_trend`` below four values.
    White (1974). Checked against R and by hand (4 6 5 7 9 8 10: slope 1).
    """
    if len(values) < 4:
        return SplitMiddle(math.nan, math.nan, math.nan, 0, 0, "too_few_points_for_a_trend")
    half = len(values) // 2
    t1, t2 = float(np.median(times[:half])), float(np.median(times[-half:]))
    y1, y2 = float(np.median(values[:half])), float(np.median(values[-half:]))
    slope = (y2 - y1) / (t2 - t1)
    rest = values - slope * times
    middle = float(np.median(rest))
    side = order(middle, rest)
    return SplitMiddle(slope, middle, y1 - slope * t1, int((side > 0).sum()), int((side < 0).sum()))


@dataclass(frozen=True)
class DualCriterion:
    """How many values of B lie beyond both shifted lines of A, of how many, and the chance of as many at one half."""

    beyond: int
    n: int
    p: float
    note: str = ""


def dual_criterion(comparison: Comparison, shift: float = 0.25) -> DualCriterion:
    """Conservative dual criterion: values of B better than A's mean and A's straight line, each shifted.

    Parameters
    ----------
    comparison : Comparison
        A and B with their times.
    shift : float
        In SDs of A, in the improving direction (.25 is the conservative form; 0 the first one).

    Returns
    -------
    DualCriterion
        p is the one-sided binomial chance at 1/2, which supposes independent values. With the note ``too_few_points``
        when a phase has fewer than five; without numbers when A has fewer than two.

    Notes
    -----
    Fisher, Kelley & Lomas (2003). Checked against R.
    """
    if comparison.starved or comparison.m < 2:
        return DualCriterion(0, comparison.n, math.nan, comparison.starved or "one_point_in_a_phase")
    a, b = comparison.turned
    slope, intercept = np.polyfit(comparison.times_a, a, 1)
    moved = shift * float(a.std(ddof=1))
    lines = np.maximum(a.mean(), intercept + slope * comparison.times_b) + moved
    beyond = int((order(lines, b) > 0).sum())
    p = float(special.bdtrc(beyond - 1, comparison.n, 0.5)) if beyond else 1.0
    return DualCriterion(beyond, comparison.n, p, "too_few_points" if min(comparison.m, comparison.n) < 5 else "")


@dataclass(frozen=True)
class Envelope:
    """The band around the median of a phase and the share (0-1) of its values within."""

    low: float
    high: float
    share: float
    note: str = ""


def stability_envelope(values: Floats, width: float = 0.25) -> Envelope:
    """Band of ± `width` of a phase's median, and the share of values within (80 % is called stable).

    Lane & Gast (2014). Without meaning near a median of 0: NaN with ``median_near_zero`` when the band is narrower
    than a hundredth of the values' range. Checked against R.
    """
    if not len(values):
        return Envelope(math.nan, math.nan, math.nan, "empty_phase")
    middle = float(np.median(values))
    half = width * abs(middle)
    if half <= 0 or half < 0.005 * float(np.ptp(values)):
        return Envelope(math.nan, math.nan, math.nan, "median_near_zero")
    inside = (order(middle - half, values) >= 0) & (order(values, middle + half) >= 0)
    return Envelope(middle - half, middle + half, float(inside.mean()))


@dataclass(frozen=True)
class RangeBand:
    """Least and greatest value of A, and how many values of B lie between them (the limits included)."""

    low: float
    high: float
    inside: int
    note: str = ""


def range_band(comparison: Comparison) -> RangeBand:
    """Band from the least to the greatest value of A, extended over B; NaN for an empty phase."""
    if comparison.starved:
        return RangeBand(math.nan, math.nan, 0, comparison.starved)
    low, high = float(comparison.a.min()), float(comparison.a.max())
    inside = (order(low, comparison.b) >= 0) & (order(comparison.b, high) >= 0)
    return RangeBand(low, high, int(inside.sum()))


def immediate_change(comparison: Comparison, points: int = 3) -> float:
    """Mean of the first values of B minus that of the last of A, improvement positive; NaN when there are fewer."""
    if min(comparison.m, comparison.n) < points:
        return math.nan
    a, b = comparison.turned
    return float(b[:points].mean() - a[-points:].mean())
