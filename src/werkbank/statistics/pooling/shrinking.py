"""Each study's own effect, drawn towards the others: what one school should believe of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from werkbank.statistics.pooling.covariance import Array
    from werkbank.statistics.pooling.model import Pooled

NODES = 200  # of the quadrature over tau
HALVINGS = 60  # of the search for a quantile
LEAST_DF = 3  # studies less coefficients: with fewer, a flat prior on tau squared has no end


@dataclass(frozen=True)
class Shrunken:
    """Effects drawn towards the others (arrays, a study each): estimate, standard deviation, interval, own share.

    `own` is how much of the estimate is the study's own result: 1 is all of it, 0 is the others'.
    """

    estimate: Array
    sd: Array
    low: Array
    high: Array
    own: Array


def given_tau(y: Array, v: Array, x: Array, tau2: float) -> tuple[Array, Array, Array]:
    """Return effects drawn towards the others at one tau squared, their variances, and each one's own share.

    Own effect and pooled mean, each weighted by what it knows; the variance counts that the mean is estimated. This is
    R's `blup`.
    """
    w = 1 / (v + tau2)
    covariance = np.linalg.inv(x.T @ (w[:, None] * x))
    expected = x @ (covariance @ (x.T @ (w * y)))
    own = tau2 * w
    leverage = np.einsum("kp,pq,kq->k", x, covariance, x)
    return own * y + (1 - own) * expected, own * v + (1 - own) ** 2 * leverage, own


def _log_likelihood(y: Array, v: Array, x: Array, tau2: float) -> float:
    w = 1 / (v + tau2)
    information = x.T @ (w[:, None] * x)
    rest = y - x @ np.linalg.solve(information, x.T @ (w * y))
    return float(0.5 * (np.log(w).sum() - np.linalg.slogdet(information)[1] - w @ rest**2))


def shrunken(fit: Pooled, *, ci_level: float = 0.95) -> Shrunken:
    """Draw each study's effect towards the others, knowing that tau is not known.

    What is estimated: the true effect of each study, given that studies differ by a normal distribution. The answer at
    one tau (R's `blup`) is averaged over what the effects say of tau: the restricted likelihood with a flat prior on
    tau squared (Morris and Lysy 2012, whose intervals are meant to cover). With tau taken as known, 95 % intervals of
    60 small studies cover 90 %, and none where tau is estimated as 0; with a flat prior on tau itself they cover 92.5 %
    where true effects differ by a tau of .15 and studies are small, with this one 95 %.

    Parameters
    ----------
    fit : Pooled
        With each effect a study of its own; moderators draw a study towards its like.

    Raises
    ------
    ValueError
        Effects in levels, or fewer studies than three more than coefficients: tau then has no proper distribution.

    Notes
    -----
    Source: Morris and Lysy (2012), Stat. Sci. 27 (arXiv 1203.5610); Röver (2020), J. Stat. Softw. 93 (6). Checked
    against metafor's `blup` at one tau, and by simulation.
    """
    y, v, x = fit.y, fit.blocks.v, fit.x
    if len(y) != fit.blocks.n:
        raise ValueError("shrunken effects exist where each effect is a study of its own")
    if fit.df < LEAST_DF:
        raise ValueError("too few studies to say how far they differ")
    at, weight = np.polynomial.legendre.leggauss(NODES)
    share = (at + 1) / 2
    scale = float(np.sqrt(fit.between + v.mean()))
    tau = scale * share / (1 - share)
    log = np.array([_log_likelihood(y, v, x, t**2) for t in tau])
    weight = weight * tau / (1 - share) ** 2 * np.exp(log - log.max())  # d(tau squared) = 2 tau d(tau)
    weight = weight / weight.sum()
    mean, variance, own = (np.stack(part) for part in zip(*(given_tau(y, v, x, t**2) for t in tau), strict=True))
    estimate = weight @ mean
    sd = np.sqrt(weight @ (variance + mean**2) - estimate**2)
    low, high = (_quantile(q, weight, mean, np.sqrt(variance)) for q in ((1 - ci_level) / 2, (1 + ci_level) / 2))
    return Shrunken(estimate, sd, low, high, weight @ own)


def _quantile(q: float, weight: Array, mean: Array, sd: Array) -> Array:
    """Return the quantile of a mixture of normal distributions, for each study (a column each)."""
    low, high = (mean - 12 * sd).min(axis=0), (mean + 12 * sd).max(axis=0)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        below = weight @ special.ndtr((middle - mean) / sd) < q
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray((low + high) / 2)
