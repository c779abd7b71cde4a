"""Mixed models in which one slope differs from class to class, by REML, for Kenward and Roger's test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from scipy import linalg, optimize

from werkbank.errors import UsageError
from werkbank.statistics.multilevel.design import checked, least_squares
from werkbank.statistics.multilevel.likelihood import Information
from werkbank.statistics.multilevel.mixed import MixedFit, rotated
from werkbank.statistics.threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from werkbank.statistics.multilevel.clusters import Floats

# the derivatives of a 2 x 2 covariance in its variance, covariance and variance
PARTS = np.array([[[1.0, 0], [0, 0]], [[0, 1], [1, 0]], [[0, 0], [0, 1]]])
# where the search starts: SDs of intercepts and slopes as shares of the residual SD; one may end in a lesser maximum
STARTS = ((0.4, 0.1), (1.0, 0.5), (0.1, 0.02), (0.1, 1.0))
NOTHING = 1e-8  # a variance ratio below which there is none


class _Sums(NamedTuple):
    """All of the data that the likelihood needs, A = [X, y] and Z = [1, slope's column] of each class.

    `whole` is A'A, `C` (K, 2, 2) Z'Z and `F` (K, 2, a) Z'A of every class, `n` rows.
    """

    n: int
    whole: Floats
    C: Floats
    F: Floats


class _Parts(NamedTuple):
    """Matrices of one place that its second derivatives are made of; see `_evaluated`."""

    n: int
    Phi: Floats
    first: Floats
    W2: Floats
    F: Floats
    MF: Floats
    T: Floats
    U: Floats
    B: Floats
    C: Floats


@dataclass(frozen=True)
class _At:
    """The restricted likelihood at one place: deviance, its gradient (4,) in the variances, and the rest at σ²."""

    deviance: float
    gradient: Floats
    beta: Floats
    sigma2: float
    parts: _Parts


@one_thread
def fit_slopes(
    y: ArrayLike, X: ArrayLike, group: ArrayLike, slope: ArrayLike, names: Sequence[str] | None = None
) -> MixedFit:
    """Fit y = Xβ + u₀ + u₁·slope + e by REML, u₀ and u₁ of each group with variances and a covariance of their own.

    Parameters
    ----------
    y : array (n,)
        Outcome; missing values are refused.
    X : array or DataFrame (n, p)
        Fixed effects: intercept (or arms), the slope's column itself, its products with the arms, covariates.
    group : array (n,)
        The class of every row.
    slope : array (n,)
        The column whose slope differs between groups, in its own units.

    Returns
    -------
    MixedFit
        `variances` are those of the intercept at the column's mean (``intercept``), the ``covariance``, and the
        ``slope`` per unit of the column. Tests: `werkbank.statistics.multilevel.test`, which computes Kenward-Roger as
        pbkrtest does, on the expected information of all three and the residual variance.

    Raises
    ------
    UsageError
        Missing values, one group only, columns of X that follow from others, a column without variation in groups.

    Notes
    -----
    Only cross-products per class enter. The covariance is searched for as LL' from several starts and polished by
    Newton's steps, so that it ends at the optimum to the last digits. Fixed effects and the test do not depend on where
    the column has its 0 as long as X holds it. Raudenbush & Bryk (2002); Kenward & Roger (1997). Checked against lme4
    1.1-31 (nlschools), statsmodels' optimum, and matrices of full size.
    """
    outcome, matrix, columns = checked(y, X, names)
    codes, labels = pd.factorize(np.asarray(group))
    if len(labels) < 2 or (codes < 0).any():
        raise UsageError("slopes between groups need two groups or more, and a group for every row")
    z, spread = _standard(np.asarray(slope, dtype=float), codes)
    b0, rest, R = least_squares(matrix, outcome, columns)
    scale = float(np.sqrt(np.mean(rest**2)))
    if scale <= 1e-10 * float(np.abs(outcome).max(initial=0.0)) or scale == 0.0:
        return _without(
            columns, b0, len(outcome), len(labels), "the outcome does not vary once the fixed effects are in"
        )
    A = np.column_stack([linalg.solve_triangular(R, matrix.T, trans="T").T, rest / scale])
    sums = _summed(A, z, codes, len(labels))
    D, at, converged = _searched(sums)
    ratio = np.diag(D) / at.sigma2
    singular = bool(ratio.min() < NOTHING or np.linalg.det(D) < NOTHING * max(float(np.prod(np.diag(D))), 1e-300))
    s2 = scale**2
    variances = {"intercept": D[0, 0] * s2, "covariance": D[0, 1] * s2 / spread, "slope": D[1, 1] * s2 / spread**2}
    info = rotated(_information(at), R, scale)
    deviance = at.deviance + 2 * (sums.n - len(R)) * np.log(scale) + 2 * float(np.log(np.abs(np.diag(R))).sum())
    return MixedFit(
        names=columns,
        beta=b0 + np.linalg.solve(R, scale * at.beta),
        vcov=info.Phi if converged else np.full_like(info.Phi, np.nan),
        variances={name: float(v) for name, v in variances.items()},
        residual=at.sigma2 * s2,
        loglik=float(-deviance / 2),
        n=sums.n,
        n_groups={"group": len(labels)},
        method="reml",
        converged=converged,
        singular=singular,
        note="" if converged else "the search for the variances did not end at a maximum",
        information=info if converged else None,
    )


def _standard(column: Floats, codes: np.ndarray) -> tuple[Floats, float]:
    """Return the column with mean 0 and SD 1, and its SD; refuse what no group can have a slope of."""
    if not np.isfinite(column).all():
        raise UsageError("the slope's column has missing values; drop and count those rows before the model")
    spread = float(column.std())
    means = np.bincount(codes, column) / np.bincount(codes)
    if not spread > 0 or np.abs(column - means[codes]).max() <= 1e-9 * spread:
        raise UsageError("the slope's column does not vary within groups: no group has a slope of its own")
    return (column - column.mean()) / spread, spread


def _summed(A: Floats, z: Floats, codes: np.ndarray, k: int) -> _Sums:
    Z = np.column_stack([np.ones(len(z)), z])
    C, F = np.zeros((k, 2, 2)), np.zeros((k, 2, A.shape[1]))
    np.add.at(C, codes, Z[:, :, None] * Z[:, None, :])
    np.add.at(F, codes, Z[:, :, None] * A[:, None, :])
    return _Sums(len(A), A.T @ A, C, F)


def _searched(sums: _Sums) -> tuple[Floats, _At, bool]:
    """Return the covariance of intercepts and slopes (in the residual's units), the place, and whether it is one."""

    def objective(x: Floats) -> tuple[float, Floats]:
        L = np.array([[x[0], 0.0], [x[1], x[2]]])
        here = _profiled(sums, L @ L.T)
        s = here.gradient[:3] * here.sigma2  # V = σ²(I + ZΔZ'): at its own σ² the deviance is flat in σ²
        return here.deviance, np.array([2 * s[0] * x[0] + s[1] * x[1], s[1] * x[0] + 2 * s[2] * x[1], 2 * s[2] * x[2]])

    found = [
        optimize.minimize(objective, [a, 0.0, b], jac=True, method="BFGS", options={"gtol": 1e-7, "maxiter": 300})
        for a, b in sorted(STARTS, key=lambda at: objective(np.array([at[0], 0.0, at[1]]))[0])[:2]
    ]
    best = min(found, key=lambda one: float(one.fun))
    L = np.array([[best.x[0], 0.0], [best.x[1], best.x[2]]])
    at = _profiled(sums, L @ L.T)
    D = L @ L.T * at.sigma2
    calm = bool(np.abs(objective(best.x)[1]).max() < 1e-4)
    return (*_polished(sums, D, at), calm)


def _polished(sums: _Sums, D: Floats, at: _At) -> tuple[Floats, _At]:
    """Newton's steps in the variances themselves, where none of them is nothing."""
    for _ in range(8):
        if np.linalg.eigvalsh(D)[0] < 1e-6 * at.sigma2:
            break
        hessian = _information(at).hessian
        if np.linalg.eigvalsh(hessian)[0] <= 0:
            break
        step = -np.linalg.solve(hessian, at.gradient)
        trial, sigma2 = D + np.tensordot(step[:3], PARTS, axes=1), at.sigma2 + float(step[3])
        if sigma2 <= 0 or np.linalg.eigvalsh(trial)[0] <= 0:
            break
        there = _evaluated(sums, trial, sigma2)
        if there.deviance > at.deviance + 1e-9:
            break
        D, at = trial, there
        if np.abs(step / np.array([D[0, 0], D[0, 0] + D[1, 1], D[1, 1], sigma2])).max() < 1e-10:
            break
    return D, at


def _profiled(sums: _Sums, ratio: Floats) -> _At:
    """Return the likelihood at variance ratios Δ and the residual variance that suits them best."""
    p = sums.whole.shape[0] - 1
    cross, _ = _reduced(sums, ratio, 1.0)
    b = np.linalg.solve(cross[:p, :p], cross[:p, p])
    sigma2 = float(cross[p, p] - cross[:p, p] @ b) / (sums.n - p)
    return _evaluated(sums, ratio * sigma2, sigma2)


def _reduced(sums: _Sums, D: Floats, sigma2: float) -> tuple[Floats, Floats]:
    """Return A'V⁻¹A and M (K, 2, 2) in V⁻¹ = (I - Z M Z')/σ² of every class."""
    M = D @ np.linalg.inv(sigma2 * np.eye(2) + sums.C @ D)
    return (sums.whole - np.einsum("kia,kij,kjb->ab", sums.F, M, sums.F)) / sigma2, M


def _evaluated(sums: _Sums, D: Floats, sigma2: float) -> _At:
    """Return deviance and gradient in ψ = (variance, covariance, variance, residual), and what the curvature needs."""
    p, k = sums.whole.shape[0] - 1, len(sums.C)
    W1, M = _reduced(sums, D, sigma2)
    Phi = np.linalg.inv(W1[:p, :p])
    b = Phi @ W1[:p, p]
    # from here on the last column is what is left of y
    basis = np.eye(p + 1)
    basis[:p, p] = -b
    W1, F, C = basis.T @ W1 @ basis, sums.F @ basis, sums.C
    T = (np.eye(2) - M @ C) / sigma2  # V⁻¹Z = ZT
    U = np.swapaxes(F, -1, -2) @ T  # A'V⁻¹Z
    MF = M @ F
    W2 = (W1 - _crossed(U, MF)) / sigma2
    u, v = U[..., 0], U[..., 1]
    uv = u.T @ v
    first = -np.stack([u.T @ u, uv + uv.T, v.T @ v, W2])  # of A'V⁻¹A
    B = C @ T  # Z'V⁻¹Z
    by_class = np.stack([B[:, 0, 0], 2 * B[:, 0, 1], B[:, 1, 1]]).sum(axis=1)
    traces = np.r_[by_class, (sums.n - 2 * k) / sigma2 + np.trace(T, axis1=-2, axis2=-1).sum()]
    gradient = traces + (Phi * first[:, :p, :p]).sum(axis=(-1, -2)) + first[:, p, p]
    logdet = sums.n * np.log(sigma2) + float(np.linalg.slogdet(np.eye(2) + C @ D / sigma2)[1].sum())
    deviance = logdet - float(np.linalg.slogdet(Phi)[1]) + float(W1[p, p]) + (sums.n - p) * np.log(2 * np.pi)
    return _At(deviance, gradient, b, sigma2, _Parts(sums.n, Phi, first, W2, F, MF, T, U, B, C))


def _crossed(U: Floats, MF: Floats) -> Floats:
    """Return Σ U_g M_g F_g over classes, as one product of matrices."""
    a = U.shape[1]
    return np.asarray(np.swapaxes(U, 1, 2).reshape(-1, a).T @ MF.reshape(-1, a))


def _information(at: _At) -> Information:
    """Return what Kenward-Roger needs, and the Hessian of the restricted deviance, at a place."""
    n, Phi, first, W2, F, MF, T, U, B, C = at.parts
    p, k, sigma2 = len(Phi), len(C), at.sigma2
    T2 = T @ T
    U2 = np.swapaxes(F, -1, -2) @ T2  # A'V⁻²Z
    W3 = (W2 - _crossed(U2, MF)) / sigma2
    second = np.empty((4, 4, p + 1, p + 1))
    K = np.empty((4, 4))
    UE = np.einsum("kai,mij->kmaj", U, PARTS)
    second[:3, :3] = np.einsum("kmaj,knbj->mnab", UE @ B[:, None], UE, optimize=True)
    second[:3, 3] = np.einsum("kmai,kbi->mab", UE, U2, optimize=True)
    second[3, :3], second[3, 3] = second[:3, 3], W3
    second = (second + np.swapaxes(second, -1, -2)) / 2
    BE = np.einsum("kij,mjl->kmil", B, PARTS)
    K[:3, :3] = np.einsum("kmij,knji->mn", BE, BE)
    K[:3, 3] = K[3, :3] = np.einsum("kij,mji->m", C @ T2, PARTS)
    K[3, 3] = (n - 2 * k) / sigma2**2 + float(np.trace(T2, axis1=-2, axis2=-1).sum())
    P, Q, at_rest = first[:, :p, :p], second[:, :, :p, :p], first[:, p, :p]
    PhiP = Phi @ P
    expected = K - 2 * np.einsum("ab,mnba->mn", Phi, Q) + np.einsum("mab,nba->mn", PhiP, PhiP)
    bends = second[:, :, p, p] - at_rest @ Phi @ at_rest.T
    return Information(Phi, P, Q, K, 2 * bends - expected)


def _without(names: tuple[str, ...], beta: Floats, n: int, k: int, note: str) -> MixedFit:
    nothing = dict.fromkeys(("intercept", "covariance", "slope"), 0.0)
    empty = np.full((len(names), len(names)), np.nan)
    return MixedFit(
        names, beta, empty, nothing, 0.0, float("nan"), n, {"group": k}, "reml", False, True, f"{note}: nothing to test"
    )
