"""Ordinary regression with standard errors that know about clusters: CR2 with Satterthwaite df."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from werkbank.errors import UsageError
from werkbank.statistics.multilevel.clusters import column_sums, labelled
from werkbank.statistics.multilevel.contrast import ContrastTest, contrast_rows, no_df, t_test, untestable
from werkbank.statistics.multilevel.design import checked, least_squares

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from werkbank.statistics.multilevel.clusters import Floats


@dataclass(frozen=True)
class RobustFit:
    """Least squares with the CR2 covariance of its coefficients.

    `beta` (p,) in units of y, `vcov` (p, p), `residual` mean square of the residuals, `n` rows, `n_clusters`.
    `whitened` (K, p, p) and `gram` (K, p, p) are B_g and Q_g'Q_g per cluster and `R` the triangle of X = QR, from
    which a contrast's df follow.
    """

    names: tuple[str, ...]
    beta: Floats
    vcov: Floats
    residual: float
    n: int
    n_clusters: int
    whitened: Floats
    gram: Floats
    R: Floats

    @property
    def se(self) -> Floats:
        """CR2 standard errors."""
        return np.sqrt(np.diag(self.vcov))


def cluster_robust(y: ArrayLike, X: ArrayLike, clusters: ArrayLike, names: Sequence[str] | None = None) -> RobustFit:
    """Fit y = Xβ + e by least squares with the bias-reduced cluster-robust covariance CR2.

    Parameters
    ----------
    y : array (n,)
        Outcome; missing values are refused.
    X : array or DataFrame (n, p)
        Regressors, intercept included.
    clusters : array (n,)
        The unit that was assigned: class or school.
    names : sequence of str, optional
        Names of the columns of X.

    Returns
    -------
    RobustFit
        Test it with `cr2_test`, never with z or with K-1 df.

    Raises
    ------
    UsageError
        Missing values, a collinear column (named), fewer than two clusters.

    Notes
    -----
    V = Σ M X_g'A_g e_g e_g'A_g X_g M, A_g = (I - H_gg)^(-1/2) with a zero for what a cluster determines alone
    (Bell & McCaffrey 2002; Pustejovsky & Tipton 2018, identity working model). H_gg has rank p, so that everything is
    done on p x p matrices per cluster: linear in rows. Checked against clubSandwich 0.5.8.
    """
    outcome, matrix, columns = checked(y, X, names)
    codes = labelled({"cluster": clusters})["cluster"]
    k = int(codes.max()) + 1
    if len(codes) != len(outcome) or k < 2:
        raise UsageError("cluster-robust standard errors need a label for every row and at least two clusters")
    beta, rest, R = least_squares(matrix, outcome, columns)
    Q = matrix @ np.linalg.inv(R)
    p = len(R)
    i, j = np.triu_indices(p)
    gram = np.empty((k, p, p))
    gram[:, i, j] = gram[:, j, i] = column_sums(list((Q[:, i] * Q[:, j]).T), codes, k)
    scores = column_sums(list((Q * rest[:, None]).T), codes, k)
    leverage, vectors = np.linalg.eigh(gram)
    left = 1 - leverage
    inverse_root = np.where(left > 1e-10, 1 / np.sqrt(np.maximum(left, 1e-10)), 0.0)
    whitened = (vectors * inverse_root[:, None, :]) @ np.swapaxes(vectors, 1, 2)
    adjusted = np.linalg.solve(R, (whitened @ scores[:, :, None])[:, :, 0].T)
    residual = float(np.mean(rest**2))
    return RobustFit(columns, beta, adjusted @ adjusted.T, residual, len(outcome), k, whitened, gram, R)


def cr2_test(fit: RobustFit, contrast: str | ArrayLike, *, ci_level: float = 0.95) -> ContrastTest:
    """Test one contrast with the CR2 standard error and Satterthwaite's df.

    Parameters
    ----------
    fit : RobustFit
    contrast : str or array (p,)
        A column's name or one linear combination.
    ci_level : float
        Coverage of the CI (0-1).

    Returns
    -------
    ContrastTest

    Raises
    ------
    UsageError
        More than one row: a joint test needs another approximation.

    Notes
    -----
    df = (Σ g_i)² / Σ g_i², g the eigenvalues of the variance of the estimated variance under independent errors;
    with a_g = (I - H)_g'A_g X_g M c, G = [a_1 … a_K]'[a_1 … a_K] = diag(d) - Z'Z, its traces need no n x n matrix.
    """
    rows = contrast_rows(contrast, fit.names)
    if len(rows) > 1:
        raise UsageError("cr2_test takes one contrast at a time")
    variance = float(rows[0] @ fit.vcov @ rows[0])
    direction = np.linalg.solve(fit.R.T, rows[0])
    if variance <= 1e-12 * fit.residual * float(direction @ direction):
        return untestable(1, "cr2", ci_level, "every cluster determines this coefficient alone: nothing varies")
    w = fit.whitened @ direction
    z = (fit.gram @ w[:, :, None])[:, :, 0]
    d = np.einsum("gp,gp->g", w, z)
    trace = d.sum() - (z**2).sum()
    squared = (d**2).sum() - 2 * (d * (z**2).sum(axis=1)).sum() + ((z.T @ z) ** 2).sum()
    df = float(trace**2 / squared) if squared > 0 else float("nan")
    if no_df(df):
        return untestable(1, "cr2", ci_level, no_df(df))
    return t_test(float(rows[0] @ fit.beta), variance**0.5, df, "cr2", ci_level)
