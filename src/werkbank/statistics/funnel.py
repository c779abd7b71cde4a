"""How far the mean of a small group may lie from that of everyone by chance alone: the limits of a funnel plot."""

from __future__ import annotations

import math

from scipy import special


def funnel_limits(
    mean: float, sd: float, n: int, size: float = 1.0, icc: float = 0.0, level: float = 0.95
) -> tuple[float, float]:
    """Return from where to where the mean of `n` pupils lies when they are like everyone: mean ± z·sd·√(D/n).

    Parameters
    ----------
    mean, sd : float
        Of all pupils.
    n : int
        Pupils in the group, who sit in classes of `size` each on average.
    icc : float
        How alike classmates are; below zero counts as zero. D = 1 + (size - 1)·icc is the design effect (Kish 1965).
    level : float
        Of the limits, two-sided.

    Notes
    -----
    Spiegelhalter (2005), Statistics in Medicine 24, 1185-1202, with the sampling variance of a mean of clusters.
    Expects mean and sd as if known: they rest on many more pupils than the group has.

    Raises
    ------
    ValueError
        Without a pupil, or for an sd below zero.
    """
    if n < 1 or sd < 0:
        raise ValueError("a group has at least one pupil, and an sd is not negative")
    effect = 1 + (max(size, 1.0) - 1) * min(max(icc, 0.0), 1.0)
    away = float(special.ndtri(0.5 + level / 2)) * sd * math.sqrt(effect / n)
    return mean - away, mean + away
