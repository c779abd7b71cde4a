"""Ordered answers (colours) of several pupils before and with a programme: one shift of the odds for all cuts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, special

from werkbank.errors import UsageError
from werkbank.statistics.quantity import Quantity, not_computed, t_test

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

FEWEST_CASES = 5


def ordered_shift(counts: ArrayLike, level: float = 0.95) -> Quantity:
    """Log odds of a higher answer in B over A, the same at every cut (cumulative logit, marginal over pupils).

    Parameters
    ----------
    counts : pupils x 2 x answers
        Of each pupil how often each answer, from low to high, was given in A and in B.
    level : float
        Of the interval.

    Returns
    -------
    Quantity
        Above zero: higher answers in B. Its standard error leaves out one pupil at a time, so that days of one pupil
        never count as independent; df are pupils - 1. Notes: ``few_cases`` below five pupils (it describes these);
        ``odds_not_proportional`` where the single cuts disagree in direction; ``separated`` where an answer never
        overlaps, ``too_few_cases`` below two pupils: then there is no value.

    Raises
    ------
    UsageError
        Counts of another shape, or below 0.

    Notes
    -----
    logit P(Y > k) = β·B - θ_k by maximum likelihood (McCullagh 1980), jackknife over pupils (Tukey 1958). Pupils differ
    in level; the shift is that of the average over pupils, which is smaller than that of one pupil. Checked against
    statsmodels' OrderedModel (estimate) and, of two answers, the log odds ratio of the table.
    """
    table = np.asarray(counts, dtype=float)
    if table.ndim != 3 or table.shape[1] != 2 or table.shape[2] < 2 or (table < 0).any():
        raise UsageError("counts are pupils x 2 (A, B) x answers, none below 0")
    table = table[(table.sum(axis=2) > 0).all(axis=1)]
    pupils = len(table)
    if pupils < 2:
        return not_computed("too_few_cases")
    whole = _shift(table.sum(axis=0))
    if not math.isfinite(whole):
        return not_computed("separated")
    left = np.array([_shift(np.delete(table, one, axis=0).sum(axis=0)) for one in range(pupils)])
    note = "few_cases" if pupils < FEWEST_CASES else ""
    if len({float(np.sign(x)) for x in _cuts(table.sum(axis=0)) if math.isfinite(x) and x}) > 1:
        note = "odds_not_proportional"
    if not np.isfinite(left).all():
        return Quantity(whole, note=note or "separated")
    se = math.sqrt((pupils - 1) / pupils * float(((left - left.mean()) ** 2).sum()))
    if not se:
        return Quantity(whole, note=note)
    found = t_test(whole, se, pupils - 1, level)
    return Quantity(**{**vars(found), "note": note})


def _shift(table: Floats) -> float:
    """Return β of one 2 x answers table; answers that nobody gave are no cut; NaN where A and B do not overlap."""
    table = table[:, table.sum(axis=0) > 0]
    answers = table.shape[1]
    if answers < 2:
        return math.nan
    cut = _cuts(table)
    if not any(math.isfinite(x) for x in cut):
        return math.nan
    below = np.cumsum(table.sum(axis=0))[:-1] / table.sum()
    theta = special.logit(below)
    start = np.r_[0.0, theta[0], np.log(np.diff(theta))]

    def loss(given: Floats) -> float:
        cuts = np.cumsum(np.r_[given[1], np.exp(given[2:])])
        above = np.ones((2, 1)), special.expit(np.array([[0.0], [given[0]]]) - cuts), np.zeros((2, 1))
        shares = -np.diff(np.hstack(above), axis=1)
        return -float((table * np.log(np.maximum(shares, 1e-300))).sum())

    found = optimize.minimize(loss, start, method="BFGS", options={"gtol": 1e-8})
    return float(found.x[0]) if abs(found.x[0]) < 15 else math.nan


def _cuts(table: Floats) -> list[float]:
    """Return the log odds ratio of B at each cut; infinite or NaN where a side is empty."""
    made = []
    for k in range(1, table.shape[1]):
        low, high = table[:, :k].sum(axis=1), table[:, k:].sum(axis=1)
        whole = (low > 0).all() and (high > 0).all()
        made.append(float(np.log(high[1] * low[0] / (low[1] * high[0]))) if whole else math.nan)
    return made
