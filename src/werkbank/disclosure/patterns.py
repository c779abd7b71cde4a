"""Outcomes with few different scores: which counts of answers agree with a printed mean and SD.

A mean of zeros and ones is a count of pupils, whatever the two answers are called; and one pupil apart among fifty who
answered alike can be read from a mean and an SD. So every pattern of answers that rounds to what is printed is asked
for: each score must be one that nobody or hardly anybody need have given, and one that min_cell - 1 may have given.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

FEW = 7  # different scores; beyond these, `leeway` says what a mean and an SD tell of one
SUMS = 60  # sums that round to one mean; where there are more, no pattern is pinned down


@dataclass(frozen=True)
class Printed:
    """A mean and an SD of `n` scores 0 … `levels` - 1 (steps from the lowest), and to which steps they were rounded."""

    n: int
    levels: int
    mean: float
    sd: float
    mean_step: float
    sd_step: float


def tells(printed: Printed, min_cell: int) -> bool:
    """Whether these numbers say of a score that too few gave it, or nobody.

    Integer programmes over the counts of each score; the squares of the scores are bounded for each sum by itself,
    since the SD is not linear in it.
    """
    n, last = printed.n, printed.levels - 1
    low = max(0, math.ceil(n * (printed.mean - printed.mean_step / 2) - 1e-9))
    high = min(n * last, math.floor(n * (printed.mean + printed.mean_step / 2) + 1e-9))
    if high < low:
        return True  # nothing agrees: these are no such scores, and what they tell is not known
    if high - low > SUMS:
        return False
    met = [(math.inf, -math.inf)] * printed.levels
    for level in range(printed.levels):
        for sign in (1, -1):
            if _settled(met[level], sign, min_cell):
                continue
            for total in sorted(range(low, high + 1), key=lambda s: abs(s - n * printed.mean)):
                found = _extreme(printed, total, level, sign)
                if found is not None:
                    met = [(min(a, c), max(b, c)) for (a, b), c in zip(met, found, strict=True)]
                if _settled(met[level], sign, min_cell):
                    break
    return any(most < min_cell - 1 or 1 < least < min_cell for least, most in met)


def _settled(met: tuple[float, float], sign: int, min_cell: int) -> bool:
    """Whether a score is known to be safe at this end: one at most need have given it, or enough can have."""
    return met[0] <= 1 if sign > 0 else met[1] >= min_cell - 1


def _extreme(printed: Printed, total: int, level: int, sign: int) -> list[int] | None:
    """Return the counts of each score, with this sum, of which that of `level` is the lowest (sign 1) or highest."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    n, scores = printed.n, np.arange(printed.levels, dtype=float)
    ends = [max(printed.sd + way * printed.sd_step / 2, 0.0) ** 2 * (n - 1) + total**2 / n for way in (-1, 1)]
    rows = np.vstack([np.ones(printed.levels), scores, scores**2])
    limits = LinearConstraint(rows, [n, total, ends[0] - 1e-6], [n, total, ends[1] + 1e-6])
    aim = np.where(scores == level, float(sign), 0.0)
    found = milp(aim, constraints=limits, integrality=np.ones(printed.levels), bounds=Bounds(0, n))
    return None if found.x is None else [round(x) for x in found.x]
