"""What a comparison of means takes for granted, looked at in its residuals: their shape, their spread, their ranks.

pingouin computes the tests; what is here says of which numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from werkbank.statistics.pingouin_parts import part

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

LEAST, MOST = 3, 5000  # values between which Shapiro and Wilk's p is known


@dataclass(frozen=True)
class Shape:
    """Shapiro and Wilk's W of `n` residuals and its p; NaN with fewer than 3, more than 5,000, or no spread."""

    w: float
    p: float
    n: int


@dataclass(frozen=True)
class Ranks:
    """Mann and Whitney's U of two groups, its p, and the chance that one of the first scores above one of the second.

    `superiority` counts a tie as half.
    """

    u: float
    p: float
    superiority: float
    n: tuple[int, int]


def shape(residuals: ArrayLike) -> Shape:
    """Test whether residuals look like draws from one normal distribution (Shapiro & Wilk 1965).

    Parameters
    ----------
    residuals : array
        In any unit; NaN is left out. A low p says that they do not; a high p, with few values above all, does not show
        that they do.

    Returns
    -------
    Shape

    Notes
    -----
    `pingouin.normality`. Checked against the weights of eleven men in the 1965 paper (W = .79) and R's shapiro.test.
    """
    x = np.asarray(residuals, float)
    x = x[~np.isnan(x)]
    if not LEAST <= len(x) <= MOST or not np.ptp(x) > 1e-12 * (1 + np.abs(x).max()):
        return Shape(math.nan, math.nan, len(x))
    found = part("distribution").normality(x).iloc[0]
    return Shape(float(found["W"]), float(found["pval"]), len(x))


def ranks(first: ArrayLike, second: ArrayLike) -> Ranks:
    """Compare two groups by ranks alone (Mann & Whitney 1947): for scores of few values, or stuck at an end.

    Parameters
    ----------
    first, second : array
        Values of the units that were assigned, adjusted alike; NaN is left out. Without an empty group.

    Returns
    -------
    Ranks
        p is exact for few values without ties, of a normal curve otherwise. It asks another question than a difference
        of means: with arms that spread differently it may be low where the means are equal.

    Notes
    -----
    `pingouin.mwu`. Checked against all assignments of small groups, counted.
    """
    x, y = (np.asarray(values, float) for values in (first, second))
    x, y = x[~np.isnan(x)], y[~np.isnan(y)]
    if not len(x) or not len(y):
        return Ranks(math.nan, math.nan, math.nan, (len(x), len(y)))
    found = part("nonparametric").mwu(x, y).iloc[0]
    return Ranks(float(found["U_val"]), float(found["p_val"]), float(found["CLES"]), (len(x), len(y)))
