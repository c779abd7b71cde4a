"""How much studies differ, and where the next one may lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from werkbank.statistics.pooling.model import Coefficients, Pooled, generalised_q, solve_q


@dataclass(frozen=True)
class Spread:
    """Heterogeneity: Cochran's Q with its df and p, I squared in per cent, H squared, tau squared."""

    q: float
    df: int
    p: float
    i2: float
    h2: float
    tau2: float


def typical_variance(fit: Pooled) -> float:
    """Return the sampling variance of a typical effect (Higgins and Thompson 2002, with moderators as metafor does)."""
    w = 1 / fit.blocks.v
    wx = w[:, None] * fit.x
    trace = w.sum() - np.trace(np.linalg.solve(fit.x.T @ wx, wx.T @ wx))
    return float(fit.df / trace)


def spread(fit: Pooled) -> Spread:
    """Return how much effects differ beyond chance. I squared is a share, not a size: read tau and the prediction."""
    q = generalised_q(fit.y, fit.x, fit.blocks.v, 0.0)
    typical, tau2 = typical_variance(fit), fit.between + fit.within
    if fit.method == "common":
        h2 = q / fit.df
        i2 = 100 * max(0.0, (q - fit.df) / q)
    else:
        h2, i2 = tau2 / typical + 1, 100 * tau2 / (tau2 + typical)
    return Spread(q, fit.df, float(stats.chi2.sf(q, fit.df)), i2, h2, tau2)


def q_profile(fit: Pooled, *, ci_level: float = 0.95) -> tuple[float, float]:
    """Return the interval of tau squared by the Q-profile method (Viechtbauer 2007); each effect its own study."""
    if len(fit.y) != fit.blocks.n:
        raise ValueError("the Q-profile interval exists where each effect is a study of its own")
    at = [stats.chi2.ppf(share, fit.df) for share in ((1 + ci_level) / 2, (1 - ci_level) / 2)]
    low, high = (solve_q(fit.y, fit.x, fit.blocks.v, float(target)) for target in at)
    return low, high


def prediction(fit: Pooled, mean: Coefficients, *, ci_level: float = 0.95) -> tuple[float, float]:
    """Return where the true effect of one more study may lie: mean ± t √(se² + tau²), on the df of the mean.

    After Knapp and Hartung that is t on k - 1 df with the corrected standard error, as R's metafor has it. Source:
    IntHout, Ioannidis, Rovers and Goeman (2016), BMJ Open 6, e010247. Not with moderators, not with two studies.
    """
    if fit.x.shape[1] > 1:
        raise ValueError("with moderators there is no one prediction interval")
    reach = stats.t.ppf((1 + ci_level) / 2, mean.df[0]) * np.sqrt(mean.se[0] ** 2 + fit.between + fit.within)
    return float(mean.estimate[0] - reach), float(mean.estimate[0] + reach)
