"""Resampling in one go: every draw is a row of counts, so that sums over draws are one matrix product.

A seed gives the same draws. Pupils, or whole units (classes) where those were assigned, are
drawn within their arm.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from werkbank import steps
from werkbank.statistics.quantity import Quantity, not_computed, t_test
from werkbank.statistics.sizes import small_sample_factor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from werkbank.effects.questions import Question
    from werkbank.results import Estimate

Floats = NDArray[np.float64]
DRAWS = 2000
FEWEST = 4  # units in an arm below which draws say nothing of the tails: three units can be drawn in ten ways


def drawn(groups: Floats, draws: int, seed: int) -> Floats:
    """Return how often each member is drawn: draws x members, drawn with replacement within its group."""
    rng = np.random.default_rng(seed)
    counts = np.zeros((draws, len(groups)))
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        k = len(members)
        picked = rng.integers(k, size=(draws, k)) + k * np.arange(draws)[:, None]
        counts[:, members] = np.bincount(picked.ravel(), minlength=draws * k).reshape(draws, k)
    return counts


def bootstrapped(asked: Sequence[Question], seed: int) -> list[Estimate]:
    """Give every question that compares two arms its ``g_bootstrap``; those of one moment share their draws."""
    made = []
    moments = dict.fromkeys((q.contrast, q.wave_from, q.wave_to) for q in asked)
    for at, moment in enumerate(moments, 1):
        steps.begin("resampling", at=at, of=len(moments))
        together = [q for q in asked if (q.contrast, q.wave_from, q.wave_to) == moment]
        weights, table = together[0].weights, together[0].table
        if sorted(weights.values()) != [-1.0, 1.0]:
            continue
        by_unit = together[0].unit.of_pupil is not None
        table = table.loc[table["unit"].notna()] if by_unit else table
        y = np.column_stack([q.analysed["post"].reindex(table.index) for q in together])
        units = table["unit"].astype(str) if by_unit else table.index
        sizes = bootstrapped_g(y, table["arm"].map(weights) > 0, seed, units, level=together[0].ci_level)
        for q, size in zip(together, sizes, strict=True):
            rows = q.analysed
            made.append(q.estimate("g_bootstrap", size, len(rows), rows["unit"].nunique() if by_unit else None))
    return made


def bootstrapped_g(
    outcomes: ArrayLike,
    treated: ArrayLike,
    seed: int,
    units: ArrayLike | None = None,
    draws: int = DRAWS,
    *,
    level: float = 0.95,
) -> list[Quantity]:
    """Hedges' g of many outcomes at once, with intervals from the same draws of pupils or of whole classes.

    Parameters
    ----------
    outcomes : array (n, k)
        One row per pupil; NaN is a score that does not count.
    treated : array (n,) of bool
    units : array (n,), optional
        The class of every pupil where classes were assigned; pupils themselves when left out.

    Returns
    -------
    list of Quantity
        J(df)·(M_T - M_C)/S_p with its bootstrap SE, df = units - 2 and g ± t(df)·SE; NaN with a note when nothing
        varies. SE is the SD of the draws times √(k/(k - 1)), k the units of the smaller arm: a draw of k units varies
        by (k - 1)/k too little, and percentiles of the draws cover .80 at 6 classes and .91 at 20, where this interval
        covers .95 (docs/calibration.md).

    Notes
    -----
    Efron & Tibshirani (1993); Davison & Hinkley (1997), 3.8; few units: Hesterberg (2015). Checked against pingouin and
    drawing row by row.
    """
    y, arm = np.asarray(outcomes, dtype=float), np.asarray(treated, dtype=bool)
    # in the order of the rows, not of the names: pseudonyms differ from machine to machine, and draws may not
    codes = pd.factorize(np.arange(len(y)) if units is None else np.asarray(units))[0]
    of_unit = np.zeros(codes.max() + 1, dtype=bool)
    of_unit[codes] = arm
    known = np.isfinite(y)
    y = np.where(known, y - np.nanmean(y, axis=0), 0.0)  # sums of squares of large numbers lose digits
    sums = np.zeros((len(of_unit), 3 * y.shape[1]))
    np.add.at(sums, codes, np.hstack([known, y, y**2]))
    observed = _g(np.ones((1, len(of_unit))), sums, of_unit)[0]
    found = _g(drawn(of_unit.astype(float), draws, seed), sums, of_unit)
    made = []
    for k, g in enumerate(observed):
        measured = np.unique(codes[known[:, k]])
        least = int(min(of_unit[measured].sum(), (~of_unit[measured]).sum()))
        se = float(np.std(found[np.isfinite(found[:, k]), k], ddof=1)) if math.isfinite(g) and least > 1 else 0.0
        size = t_test(float(g), se * math.sqrt(least / max(least - 1, 1)), len(measured) - 2, level)
        size = replace(size, statistic=None, p=None, standardiser="sd_post_pooled")
        made.append(size if se > 0 else not_computed("no_variation" if least > 1 else "refused_too_few_units"))
    return made


def _g(counts: Floats, sums: Floats, arm: NDArray[np.bool_]) -> Floats:
    """Return g for every draw and outcome from the units' n, sums and sums of squares."""
    (n_t, mean_t, ss_t), (n_c, mean_c, ss_c) = (_moments(counts[:, of], sums[of]) for of in (arm, ~arm))
    df = n_t + n_c - 2
    with np.errstate(divide="ignore", invalid="ignore"):
        sd = np.sqrt(np.maximum(ss_t + ss_c, 0.0) / df)
        d = np.where(sd > 1e-12, (mean_t - mean_c) / sd, np.nan)
    factors = [small_sample_factor(float(m)) if m > 1 else math.nan for m in sums.sum(axis=0)[: d.shape[1]] - 2]
    return np.asarray(d * np.array(factors))


def _moments(counts: Floats, sums: Floats) -> tuple[Floats, Floats, Floats]:
    n, total, squares = np.split(counts @ sums, 3, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return n, total / n, squares - total**2 / n
