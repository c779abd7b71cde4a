"""The headline again with what is missing filled in, and how wrong that may be before the conclusion falls."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from werkbank.effects import comparison
from werkbank.effects.classes import mixed_differences
from werkbank.effects.units import unit_means
from werkbank.statistics.missing import Imputer, pooled
from werkbank.statistics.quantity import Quantity, not_computed
from werkbank.statistics.sizes import pooled_sd

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkbank.effects.questions import Question
    from werkbank.results import Estimate

COPIES, LARGEST_DELTA = 20, 2.0


def imputed(q: Question, headline_method: str, seed: int) -> list[Estimate]:
    """Repeat the headline on completed copies of everybody enrolled, and find the delta at which it would fall.

    Returns
    -------
    list of Estimate
        ``multiple_imputation``: the headline's analysis (class means, mixed model or pupils) of 20 copies, pooled with
        df from that analysis' own complete-data df. ``delta_tipping_point``: how many SDs the treated who are missing
        must do worse (for a negative effect: better) than imputed before p reaches .05; NaN with a note when 2 SDs are
        not enough. Empty when nobody has a missing score.
    """
    table = q.table.dropna(subset=["unit"]) if q.unit.of_pupil is not None else q.table
    missing = table[["pre", "post"]].isna().to_numpy()
    if not missing.any() or missing.all(axis=0).any():
        return []
    arms = pd.get_dummies(table["arm"], dtype=float).to_numpy()
    codes = None if q.unit.of_pupil is None else pd.factorize(table["unit"])[0]
    copies = Imputer(table[["pre", "post"]].to_numpy(float), arms, codes).completed(COPIES, seed, burn_in=20, thin=5)
    analyse = _analysis(q, headline_method, [table.assign(pre=copy[:, 0]) for copy in copies])
    posts = np.stack([copy[:, 1] for copy in copies])
    treated = table["arm"].map(q.weights).to_numpy(float) > 0

    def with_delta(delta: float) -> Quantity:
        shift = np.where(missing[:, 1] & treated, delta, 0.0)
        found = analyse(posts + shift)
        if any(x.se is None or x.df is None for x in found):
            return not_computed("not_testable_by_model")
        df = float(np.mean([x.df for x in found]))
        return pooled([x.value for x in found], [x.se or 0.0 for x in found], df)

    at_random = with_delta(0.0)
    n, units = len(table), None if codes is None else int(codes.max()) + 1
    made = [q.estimate("multiple_imputation", at_random, n, units)]
    if at_random.p is not None and at_random.p < 0.05 and (missing[:, 1] & treated).any():
        step = -np.sign(at_random.value) * pooled_sd(comparison.samples(q.analysed, q.weights))
        made.append(q.estimate("delta_tipping_point", _tipping_point(with_delta, step), n, units))
    return made


def _analysis(q: Question, headline_method: str, copies: list[pd.DataFrame]) -> Callable[[np.ndarray], list[Quantity]]:
    """Return the headline's analysis of the completed copies, as a function of their outcomes (copies, pupils)."""
    if q.unit.of_pupil is not None and "mixed" in headline_method:
        return mixed_differences(copies, q.weights, ["pre"])

    def analyse(rows: pd.DataFrame) -> Quantity:
        units = rows if q.unit.of_pupil is None else unit_means(rows, ["pre", "post"])
        return comparison.ancova(units, q.weights)

    return lambda posts: [analyse(rows.assign(post=post)) for rows, post in zip(copies, posts, strict=True)]


def _tipping_point(with_delta: Callable[[float], Quantity], step: float) -> Quantity:
    def falls(tenths: int) -> bool:
        p = with_delta(tenths / 10 * step).p
        return p is None or p >= 0.05

    # the effect shrinks evenly with delta, so halving the range finds the first tenth at which it falls
    first = bisect_left(range(1, round(10 * LARGEST_DELTA) + 1), True, key=falls) + 1
    if first > round(10 * LARGEST_DELTA):
        return not_computed("no_tipping_point")
    return Quantity(float(np.sign(step)) * first / 10, standardiser="sd_post_pooled")
