"""The headline again with what is missing filled in, and how wrong that may be before the conclusion falls."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from werkbank.effects import comparison
from werkbank.effects.covariates import prepared
from werkbank.effects.leading import answered
from werkbank.statistics.missing import Imputer, pooled
from werkbank.statistics.quantity import Quantity, not_computed, t_test
from werkbank.statistics.sizes import pooled_sd

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from werkbank.effects.questions import Question
    from werkbank.results import Estimate

COPIES, BURN_IN, THIN = 20, 20, 5
LARGEST_DELTA, FEWEST_DF = 2.0, 2.0


def imputed(q: Question, seed: int) -> list[Estimate]:
    """Repeat the lead on completed copies of everybody enrolled, and find the delta at which it would fall.

    Returns
    -------
    list of Estimate
        ``multiple_imputation``: the lead's own analysis of 20 copies, covariates and blocks included, pooled with df
        from its own in the copies; with fewer than 2 of these the value alone. ``delta_tipping_point``: how many SDs
        the treated who are missing must do worse (for a negative effect: better) than imputed before p reaches .05; NaN
        with a note when 2 SDs are not enough. Empty when nobody has a missing score.

    Notes
    -----
    Pupils without a unit, block or covariate stay out: what is filled in are scores.
    """
    by_unit, blocked = q.unit.of_pupil is not None, bool(q.blocks.level)
    table = q.everyone.dropna(subset=[*["unit"] * by_unit, *["block"] * blocked])
    table = prepared(table, [c for c in q.covariates if c not in q.adjusting.left_out], pre=False).table
    waves = ["pre", "post"] if q.adjusting.pre else ["post"]
    names = {name: pd.Categorical(table[name].astype(str)) for name in ("unit",) * by_unit + ("block",) * blocked}
    table = table.assign(**names)  # coded once for all copies
    missing = table[waves].isna().to_numpy()
    compared = table["arm"].isin(q.plan.arms).to_numpy()
    if not missing[compared].any() or missing.all(axis=0).any():
        return []
    groups = table["unit"] if by_unit else table["block"] if blocked else None
    codes = None if groups is None else pd.factorize(groups)[0]
    arms = pd.factorize(table["arm"])[0] if by_unit else None
    fixed = np.column_stack(
        [pd.get_dummies(table["arm"], dtype=float), *([table[q.adjusting.columns]] if q.covariates else [])]
    ).astype(float)
    copies = Imputer(table[waves].to_numpy(float), fixed, codes, arms).completed(
        COPIES, seed, burn_in=BURN_IN, thin=THIN
    )
    treated = table["arm"].map(q.weights).fillna(0).to_numpy(float) > 0
    lost = missing[:, -1] & treated

    def with_delta(delta: float) -> Quantity:
        filled = [dict(zip(waves, copy.T, strict=True)) for copy in copies]
        whole = [table.assign(**{**scores, "post": scores["post"] + delta * lost}) for scores in filled]
        found = [answered(q.plan, rows).test for rows in whole]
        return _pooled(found, q.ci_level)

    at_random = with_delta(0.0)
    n, units = int(compared.sum()), int(table.loc[compared, "unit"].nunique()) if by_unit else None
    made = [q.estimate("multiple_imputation", at_random, n, units)]
    if at_random.p is not None and at_random.p < 0.05 and lost.any():
        step = -np.sign(at_random.value) * pooled_sd(comparison.samples(q.analysed, q.weights))
        made.append(q.estimate("delta_tipping_point", _tipping_point(with_delta, step), n, units))
    return made


def _pooled(found: Sequence[Quantity], level: float) -> Quantity:
    """Pool the copies' answers; with fewer than 2 df an interval would have no end that means something."""
    if any(x.se is None or x.df is None for x in found):
        return not_computed(next(x.note for x in found if x.se is None or x.df is None) or "no_residual_variation")
    pool = pooled([x.value for x in found], [x.se or 0.0 for x in found], float(np.mean([x.df for x in found])))
    if pool.df is None or pool.df < FEWEST_DF or pool.se is None:
        return Quantity(pool.value, note="imputation_too_few_df")
    return t_test(pool.value, pool.se, pool.df, level)


def _tipping_point(with_delta: Callable[[float], Quantity], step: float) -> Quantity:
    def falls(tenths: int) -> bool:
        p = with_delta(tenths / 10 * step).p
        return p is None or p >= 0.05

    # the effect shrinks evenly with delta, so halving the range finds the first tenth at which it falls
    first = bisect_left(range(1, round(10 * LARGEST_DELTA) + 1), True, key=falls) + 1
    if first > round(10 * LARGEST_DELTA):
        return not_computed("no_tipping_point")
    return Quantity(float(np.sign(step)) * first / 10, standardiser="sd_post_pooled")
