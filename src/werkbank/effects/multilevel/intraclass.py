"""How much of the variance lies between classes and schools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, special

from werkbank.effects.multilevel.clusters import column_sums, labelled
from werkbank.effects.multilevel.mixed import fit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from werkbank.effects.multilevel.clusters import Floats, Groups
    from werkbank.effects.multilevel.mixed import MixedFit


@dataclass(frozen=True)
class IntraclassCorrelation:
    """ICC per level from the null model, with a CI where an exact one exists (one level), else NaN with a note."""

    icc: dict[str, float]
    ci_low: float
    ci_high: float
    ci_level: float
    null_model: MixedFit
    note: str = ""


@dataclass(frozen=True)
class AnovaIcc:
    """ICC(1), reliability of one pupil's score for the class, and ICC(2), of the class mean, from the mean squares.

    `icc1` and `icc2` use the mean class size, `icc1_n0` the size adjusted for unequal classes.
    """

    icc1: float
    icc2: float
    icc1_n0: float
    ms_between: float
    ms_within: float
    n: int
    n_clusters: int


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


def icc_anova(y: ArrayLike, clusters: ArrayLike) -> AnovaIcc:
    """Estimate ICC(1) and ICC(2) from the one-way analysis of variance.

    NaN when nothing varies or a value is missing. Unlike REML's, these can be negative. Bliese (2000): ICC(1) =
    (MSB - MSW)/(MSB + (n̄-1)MSW), ICC(2) = (MSB - MSW)/MSB. Checked against R's multilevel 2.7.
    """
    values = np.asarray(y, dtype=float)
    sizes, means, msb, msw = _mean_squares(values, labelled({"cluster": clusters})["cluster"])
    n, k = len(values), len(means)
    n0 = float((n - (sizes**2).sum() / n) / (k - 1))
    with np.errstate(invalid="ignore", divide="ignore"):  # nothing varies: 0/0, which is the NaN that is promised
        icc1, icc1_n0 = (np.float64(msb - msw) / (msb + (size - 1) * msw) for size in (n / k, n0))
        icc2 = np.float64(msb - msw) / msb
    return AnovaIcc(float(icc1), float(icc2), float(icc1_n0), msb, msw, n, k)


def _mean_squares(values: Floats, codes: np.ndarray) -> tuple[Floats, Floats, float, float]:
    k = int(codes.max()) + 1
    sizes = np.bincount(codes).astype(float)
    means = column_sums([values], codes, k)[:, 0] / sizes
    between = float((sizes * (means - values.mean()) ** 2).sum())
    within = float(((values - means[codes]) ** 2).sum())
    return sizes, means, between / (k - 1), within / (len(values) - k)


def _wald_interval(values: Floats, groups: Groups, ci_level: float) -> tuple[float, float]:
    (codes,) = labelled(groups).values()
    sizes, means, _, msw = _mean_squares(values, codes)
    k, n = len(means), len(values)

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
