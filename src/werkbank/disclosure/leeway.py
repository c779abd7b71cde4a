"""Magnitudes: whoever knows the scores of all but one must not find the last one in a mean and an SD (p% rule).

The rule is taken as a feasible set: which scores of the last pupil would round to what is printed? They must span a
tenth of the scale. How many decimals that leaves follows from the number of people and the range of the scale, and so
does that neither the number nor the sum can be found from the decimals.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkbank.disclosure.scales import Scale

LEEWAY = 0.1  # of the scale's range, that must be left for one pupil's score
COARSER = 6  # how many times a step may be widened before a number is hidden instead
GRID = 401  # scores at which the feasible set is looked at


def steps(least: float) -> Iterator[float]:
    """Yield the steps to which a number may be rounded (1, 2 and 5 times a power of ten), the finest first."""
    power = math.floor(math.log10(least))
    for exponent in range(power, power + 8):
        for times in (1.0, 2.0, 5.0):
            step = round(times * 10.0**exponent, max(0, -exponent))
            if step >= least * (1 - 1e-9):
                yield step


def to_step(value: float, step: float) -> float:
    """Return the multiple of `step` that is nearest, without the digits that binary fractions add."""
    digits = max(0, -math.floor(math.log10(step)))
    return round(round(value / step) * step, digits) + 0.0


def step_of(scale: Scale, n: int, min_cell: int) -> float:
    """Return the step to which a mean of `n` scores is rounded.

    A sum of n scores is then known to a tenth of the range at best; and every number of people down to
    ``n - min_cell`` has a sum that gives the same rounded mean.
    """
    return next(steps(max(LEEWAY * scale.width / n, scale.unit / max(n - min_cell, 1))))


def rounded(
    mean: float, sd: float, n: int, scale: Scale, ends: tuple[float, float], min_cell: int
) -> tuple[float, float, float, float] | None:
    """Return a mean and an SD as they may be shown, and their steps; None where no rounding leaves enough open.

    `ends` are the lowest and highest score of these people: the one at the end of the scale has the least room, and
    the one far from the mean is told most by the SD.
    """
    first = step_of(scale, n, min_cell)
    ways = (s for s, _ in zip(steps(first), range(COARSER), strict=False))
    for step in ways:
        shown = to_step(mean, step)
        if all(_room(mean, 0.0, n, x, scale, (shown, step), None) >= LEEWAY - 1e-9 for x in ends):
            for wider, _ in zip(steps(step), range(COARSER), strict=False):
                spread = to_step(sd, wider)
                if all(_room(mean, sd, n, x, scale, (shown, step), (spread, wider)) >= LEEWAY - 1e-9 for x in ends):
                    return shown, spread, step, wider
    return None


def _room(
    mean: float,
    sd: float,
    n: int,
    score: float,
    scale: Scale,
    printed: tuple[float, float],
    spread: tuple[float, float] | None,
) -> float:
    """Return which part of the scale is left for one who scored `score`, for a reader who knows all the others."""
    others, squares = n * mean - score, (n - 1) * sd**2 + n * mean**2 - score**2
    y = np.unique(np.append(np.linspace(scale.low, scale.high, GRID), score))
    its_mean = (others + y) / n
    fits = np.abs(its_mean - printed[0]) <= printed[1] / 2 + 1e-9
    if spread is not None:
        its_sd = np.sqrt(np.maximum(squares + y**2 - n * its_mean**2, 0.0) / max(n - 1, 1))
        fits &= np.abs(its_sd - spread[0]) <= spread[1] / 2 + 1e-9
    left = y[fits]
    return float(left.max() - left.min()) / scale.width if left.size else 0.0
