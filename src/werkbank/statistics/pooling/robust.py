"""Standard errors of a pooled model that hold when its covariance is wrong: CR2 by study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from werkbank.statistics.pooling.model import Coefficients, Pooled, coefficients

if TYPE_CHECKING:
    from werkbank.statistics.pooling.covariance import Array


def _roots(fit: Pooled, study: int, x: Array) -> Array:
    """Return the CR2 adjustment of one study's residuals.

    With weights that are the inverse of the working covariance V, residuals of study i have the covariance
    V_i - X_i M X_i'. The adjustment is D' (D (V_i - X_i M X_i') D')^(-1/2) D, with D' D = V_i the Cholesky factor.
    """
    v = fit.inverse.dense(study)
    left = np.linalg.cholesky(v)
    inner = left.T @ (v - x @ fit.covariance @ x.T) @ left
    values, vectors = np.linalg.eigh(inner)
    kept = values > 1e-12 * max(values.max(), 1e-300)
    root = (vectors[:, kept] / np.sqrt(values[kept])) @ vectors[:, kept].T
    return np.asarray(left @ root @ left.T)


def cr2(fit: Pooled, *, ci_level: float = 0.95) -> Coefficients:
    """Return coefficients with CR2 standard errors by study and Satterthwaite df, a coefficient each.

    Holds whatever the correlations within studies are; needs studies, not effects. Source: Tipton (2015), Psychological
    Methods 20, 375-393; Pustejovsky and Tipton (2018), J. Bus. Econ. Stat. 36, 672-683. Checked against R's
    clubSandwich 0.5.8 on metafor fits. Below some 4 df the p value is not to be trusted (Tipton 2015): the df says so.
    """
    inverse, m = fit.inverse, fit.covariance
    wx = inverse.times(fit.x)
    n, p = fit.blocks.n, fit.x.shape[1]
    meat, scores = np.zeros((p, p)), []
    for study in range(n):
        mine = fit.blocks.code == study
        # X_i' W_i A_i, a row a coefficient
        pulled = wx[mine].T @ _roots(fit, study, fit.x[mine])
        s = pulled @ fit.residuals[mine]
        meat += np.outer(s, s)
        scores.append(m @ pulled)
    se = np.sqrt(np.diag(m @ meat @ m))
    return coefficients(fit.beta, se, np.array([_df(fit, scores, j) for j in range(p)]), ci_level=ci_level)


def _df(fit: Pooled, scores: list[Array], coefficient: int) -> float:
    """Return Satterthwaite's df of one coefficient's variance under the working covariance."""
    n, m = len(scores), fit.covariance
    across, own = np.zeros((n, fit.x.shape[1])), np.zeros(n)
    for study, score in enumerate(scores):
        mine = fit.blocks.code == study
        g = score[coefficient]
        across[study] = g @ fit.x[mine]
        own[study] = g @ fit.inverse.dense(study) @ g
    cross = np.diag(own) - across @ m @ across.T
    return float(np.trace(cross) ** 2 / (cross**2).sum())
