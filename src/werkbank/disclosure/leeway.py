"""Magnitudes: whoever knows the scores of all but one must not find the last one in a mean and an SD (p% rule).

The rule is taken as a feasible set: which scores of the last pupil would round to what is printed? They must span a
tenth of the scale. How many decimals that leaves follows from the number of people and the range of the scale, and so
does that neither the number nor the sum can be found from the decimals.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from werkbank.disclosure.scales import Scale

LEEWAY = 0.1  # of the scale's range, that must be left for one pupil's score
COARSER = 6  # how many times a step may be widened before a number is hidden instead
GRID = 401  # scores at which the feasible set is looked at, where there are more
BETWEEN = 7  # scores from the lowest to the highest of a group, for whom it is looked at
NEAR = 1e-9


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


@dataclass(frozen=True)
class Group:
    """The scores of `n` people: their mean and SD, as they are."""

    n: int
    mean: float
    sd: float = 0.0


@dataclass(frozen=True)
class Said:
    """A number as it is shown: the mean, or with `spread` the SD, of a group, rounded to `step`.

    Of a change, `score` is that of the one about whom a reader wonders, and `way` is -1 where the score before is the
    one that is not known. Of anything else the score in question counts itself.
    """

    of: Group
    shown: float
    step: float
    spread: bool = False
    score: float | None = None
    way: int = 1

    def fits(self, scores: np.ndarray, tried: np.ndarray) -> np.ndarray:
        """Return, for each score that someone has, which of those that are `tried` would be rounded to the same."""
        n, delta = self.of.n, self.way * (tried[None, :] - scores[:, None])
        if not self.spread:
            return np.asarray(np.abs(self.of.mean + delta / n - self.shown) <= self.step / 2 + NEAR)
        own = scores[:, None] if self.score is None else self.score
        squares = (n - 1) * self.of.sd**2 + delta**2 * (1 - 1 / n) + 2 * delta * (own - self.of.mean)
        spread = np.sqrt(np.maximum(squares, 0.0) / max(n - 1, 1))
        return np.asarray(np.abs(spread - self.shown) <= self.step / 2 + NEAR)


def rounded(
    mean: float, sd: float, n: int, scale: Scale, ends: tuple[float, float], min_cell: int
) -> tuple[float, float, float, float] | None:
    """Return a mean and an SD as they may be shown, and their steps; None where no rounding leaves enough open.

    `ends` are the lowest and highest score of these people: the one at the end of the scale has the least room, the one
    far from the mean is told most by the SD, and so is one near the mean when the SD was rounded down to its limit.
    """
    first, group, scores = step_of(scale, n, min_cell), Group(n, mean, sd), between(ends, mean, scale)
    for step, _ in zip(steps(first), range(COARSER), strict=False):
        middle = Said(group, to_step(mean, step), step)
        if enough([middle], scores, scale):
            for wider, _ in zip(steps(step), range(COARSER), strict=False):
                spread = Said(group, to_step(sd, wider), wider, spread=True)
                if enough([middle, spread], scores, scale):
                    return middle.shown, spread.shown, step, wider
    return None


def between(ends: tuple[float, float], mean: float, scale: Scale) -> np.ndarray:
    """Return scores that people between these ends may have: both ends, the one nearest to the mean, some others."""
    points = np.array([*np.linspace(*ends, BETWEEN), mean])
    return np.unique(np.clip(scale.low + np.round((points - scale.low) / scale.unit) * scale.unit, *ends))


def enough(said: Iterable[Said], scores: np.ndarray, scale: Scale) -> bool:
    """Whether a tenth of the scale is left for each of these scores, for a reader who knows all others.

    Only scores that there can be are tried: where they lie far apart, one that no other can replace is known.
    """
    levels = round(scale.width / scale.unit) + 1
    grid = scale.low + scale.unit * np.arange(levels) if levels <= GRID else np.linspace(scale.low, scale.high, GRID)
    tried = np.unique(np.append(grid, scores))
    fits = np.logical_and.reduce([one.fits(scores, tried) for one in said])
    highest = np.where(fits, tried, -np.inf).max(axis=1)
    lowest = np.where(fits, tried, np.inf).min(axis=1)
    return bool(((highest - lowest) >= LEEWAY * scale.width - NEAR).all())
