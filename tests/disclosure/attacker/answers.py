"""What a mean and an SD tell of how many people there are, and of who gave which answer: exact, one by one."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np

MIN_CELL = 6


def numbers_of_people(mean, enrolled):
    """Return every number of people whose whole scores could have this mean, as it is printed."""
    digits = len(repr(mean).partition(".")[2])
    half = Fraction(1, 2 * 10**digits)
    exact = Fraction(repr(mean))
    return {n for n in range(1, enrolled + 1) if (exact + half) * n // 1 >= -(-(exact - half) * n // 1)}


def patterns(n, levels, mean, sd, mean_step, sd_step):
    """Return every pattern of answers that rounds to this mean and SD, one by one: counts of each score."""
    found = []
    for first in itertools.product(range(n + 1), repeat=len(levels) - 2):
        left = n - sum(first)
        if left < 0:
            continue
        for one in range(left + 1):
            counts = np.array([*first, one, left - one])
            at = counts @ levels / n
            if abs(at - mean) <= mean_step / 2 + 1e-9:
                spread = np.sqrt(max(counts @ (levels - at) ** 2, 0) / (n - 1))
                if abs(spread - sd) <= sd_step / 2 + 1e-9:
                    found.append(counts)
    return np.array(found)


def narrowed(found):
    """Whether some score is known to be that of fewer than six, or of nobody."""
    ends = zip(found.min(0), found.max(0), strict=True)
    return any(most < MIN_CELL - 1 or 1 < least < MIN_CELL for least, most in ends)


def room_of(score, group, statements):
    """Return which scores of one pupil agree with rounded means and SDs, for one who knows all other scores."""
    others = [Fraction(x) for x in group]
    others.remove(Fraction(score))
    n, total, squares = len(group), sum(others), sum(x * x for x in others)
    left = []
    for candidate in statements["scores"]:
        y = Fraction(candidate)
        at = (total + y) / n
        spread = (squares + y * y - n * at * at) / (n - 1)
        mean, step, sd, wider = (Fraction(repr(v)) for v in statements["printed"])
        low, high = max(sd - wider / 2, Fraction(0)), sd + wider / 2
        if abs(at - mean) <= step / 2 and low * low <= spread <= high * high:
            left.append(y)
    return max(left) - min(left)
