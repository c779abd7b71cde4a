"""How much of the variance lies between classes and schools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, special

from werkbank.statistics.multilevel.clusters import column_sums, labelled
from werkbank.statistics.multilevel.mixed import fit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from werkbank.statistics.multilevel.clusters import Floats, Groups
    from werkbank.statistics.multilevel.mixed import MixedFit


@dataclass(frozen=True)
class IntraclassCorrelation:
    """ICC per level from the null model, with a CI where an exact one exists (one level), else NaN with a note."""

    icc: dict[str, float]
    ci_low: float
    ci_high: float
    ci_level: float
    null_model: MixedFit
    note: str = ""


def icc(y: ArrayLike, groups: Groups, *, ci_level: float = 0.95) -> IntraclassCorrelation:
    """Estimate the ICC of every level by REML of the null model.

    Parameters
    ----------
    y : array (n,)
        Outcome, without missing values.
    groups : mapping of name to labels
        Nested factors, outermost first.
    ci_level : float
        Coverage of the CI (0-1).

    Returns
    -------
    IntraclassCorrelation
        0-1; a level's share of the total variance.

    Notes
    -----
    The CI inverts Wald's (1940) pivot Σ w_i (ȳ_i - ȳ_w)²/(k-1) / MS_within ~ F(k-1, n-k), w_i = n_i/(1 + n_i θ),
    θ = ICC/(1-ICC): exact for unequal classes too; with equal ones it is Searle's interval. Limits are cut at 0. It
    does not come from the REML likelihood, so it can just miss the estimate when that is 0. Checked against lme4 and,
    for the CI, psych::ICC and simulated coverage.
    """
    values = np.asarray(y, dtype=float)
    null = fit(values, np.ones((len(values), 1)), groups, ["(intercept)"])
    low = high = float("nan")
    note = null.note
    if len(null.n_groups) == 1 and not note:
        low, high = _wald_interval(values, groups, ci_level)
    elif not note:
        note = "no exact interval with more than one level"
    return IntraclassCorrelation(null.icc, low, high, ci_level, null, note)


def _wald_interval(values: Floats, groups: Groups, ci_level: float) -> tuple[float, float]:
    (codes,) = labelled(groups).values()
    k, n = int(codes.max()) + 1, len(values)
    sizes = np.bincount(codes).astype(float)
    means = column_sums([values], codes, k)[:, 0] / sizes
    msw = float(((values - means[codes]) ** 2).sum()) / (n - k)

    def pivot(share: float) -> float:
        w = sizes / (1 + sizes * share / (1 - share))
        centre = (w * means).sum() / w.sum()
        return float((w * (means - centre) ** 2).sum() / (k - 1) / msw)

    def limit(tail: float) -> float:
        target = float(special.fdtri(k - 1, n - k, tail))
        if pivot(0.0) <= target:
            return 0.0
        return float(optimize.brentq(lambda share: pivot(share) - target, 0.0, 1 - 1e-12, xtol=1e-12))

    return limit((1 + ci_level) / 2), limit((1 - ci_level) / 2)
