"""The likelihood of nested random intercepts, from sums per cluster, with exact first and second derivatives.

V = σ² H(θ), H = I + Σ θ_l Z_l Z_l', θ_l = variance of term l / residual variance σ². Going from the innermost level
outwards, each cluster adds U D U' to H, U its rows per wave (one column without a wave term) and D = θ_l 11' +
θ_wave I. With w = U'H⁻¹U, u = U'H⁻¹A and M = I + wD (Woodbury): log|H| += log|M|, A'H⁻¹A -= u'D M⁻¹u, w := M⁻¹w,
u := M⁻¹u; the sums of w and u over its clusters are those of the level above.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from werkbank.statistics.multilevel.jets import (
    Jet,
    gradient_and_hessian,
    inverse,
    log_determinant,
    logarithm,
    product,
    reciprocal,
    variables,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from werkbank.statistics.multilevel.clusters import Floats, Sums


def _gram(f: Jet, g: Jet) -> Jet:
    f, g = (x.reshape(*x.shape[:-3], -1, x.shape[-1]) for x in (f, g))
    return np.swapaxes(f, -1, -2) @ g


def _reduce(f: Jet, offsets: NDArray[np.intp]) -> Jet:
    return np.asarray(np.add.reduceat(f, offsets, axis=-3))


def reduced(sums: Sums, theta: Floats, *, derivatives: bool) -> tuple[Jet, Jet]:
    """Return A'H⁻¹A (a x a) and log|H| as jets in θ (…, q).

    Leading axes of θ, and the same ones of the sums that hold data, stand for several data sets with the same groups.
    """
    ratios = variables(theta, derivatives=derivatives)
    ratio = ratios[sums.leaf][..., None]
    d = ratio * sums.sizes
    d[0] += 1
    shrink = product(ratio, reciprocal(d))
    logdet = (logarithm(d) * sums.counts).sum(axis=-1)
    by_size = sums.size_cross.reshape(*sums.size_cross.shape[:-2], -1)
    cross = -(shrink[..., None, :] @ by_size).reshape(*ratio.shape[:-1], *sums.cross.shape[-2:])
    cross[0] += sums.cross
    if not sums.levels:
        return cross, logdet
    per_kind = shrink[..., sums.kind_size, None, None]
    w = -_reduce(per_kind * sums.kind_w, sums.levels[0].offsets)
    u = -_reduce(per_kind * sums.kind_u, sums.levels[0].offsets)
    w[0] += sums.parent_w[:, :, None] * np.eye(sums.parent_w.shape[1])
    u[0] += sums.parent_u
    for position, level in enumerate(sums.levels):
        if position:
            w, u = _reduce(w, level.offsets), _reduce(u, level.offsets)
        if w.shape[-1] > 1 and all(outer.by_wave is None for outer in sums.levels[position:]):
            w, u = w.sum(axis=(-1, -2), keepdims=True), u.sum(axis=-2, keepdims=True)
        n_waves = w.shape[-1]
        D = ratios[level.intercept][..., None, None, None] * np.ones((n_waves, n_waves))
        if level.by_wave is not None:
            D = D + ratios[level.by_wave][..., None, None, None] * np.eye(n_waves)
        M = product(w, D, np.matmul)
        M[0] += np.eye(n_waves)
        M_inverse = inverse(M)
        old, u, w = u, product(M_inverse, u, np.matmul), product(M_inverse, w, np.matmul)
        cross = cross - product(old, product(D, u, np.matmul), _gram)
        logdet = logdet + log_determinant(M).sum(axis=-1)
    return cross, logdet


def deviance(cross: Jet, logdet: Jet, n: int, *, reml: bool) -> tuple[Jet, Jet]:
    """Return -2 log L, profiled over the fixed effects and σ², and log of the residual sum of squares.

    With S = A'H⁻¹A and F = X'H⁻¹X its leading block, that sum of squares is |S|/|F|.
    """
    p = cross.shape[-1] - 1
    log_F = log_determinant(cross[..., :p, :p])
    log_rss = log_determinant(cross) - log_F
    nu = n - p if reml else n
    value = nu * log_rss + logdet + (log_F if reml else 0.0)
    value[0] += nu * (1 + np.log(2 * np.pi / nu))
    return value, log_rss


@dataclass(frozen=True)
class Profile:
    """The profiled deviance at θ: -2 log L (without the constant of the basis of X), gradient and Hessian in θ."""

    deviance: float
    gradient: Floats
    hessian: Floats
    sigma2: float
    beta: Floats


def profile(sums: Sums, theta: Floats, *, reml: bool, derivatives: bool) -> Profile:
    """Return the deviance with the fixed effects and σ² at their best values for θ."""
    cross, logdet = reduced(sums, theta, derivatives=derivatives)
    p = cross.shape[1] - 1
    value, log_rss = deviance(cross, logdet, sums.n, reml=reml)
    sigma2 = float(np.exp(log_rss[0])) / (sums.n - p if reml else sums.n)
    beta = np.linalg.solve(cross[0, :p, :p], cross[0, :p, p])
    return Profile(float(value[0]), *gradient_and_hessian(value), sigma2, beta)


@dataclass(frozen=True)
class Information:
    """What Kenward-Roger and Satterthwaite need, in variances ψ = (terms …, residual), at the estimate.

    `Phi` = (X'V⁻¹X)⁻¹; `P` (m, p, p) = ∂X'V⁻¹X/∂ψ_i = -X'V⁻¹G_iV⁻¹X; `Q` (m, m, p, p) = half its second derivatives,
    the symmetric part of X'V⁻¹G_iV⁻¹G_jV⁻¹X; `K` (m, m) = tr(V⁻¹G_iV⁻¹G_j); `hessian` of the restricted (or full)
    deviance in ψ.
    """

    Phi: Floats
    P: Floats
    Q: Floats
    K: Floats
    hessian: Floats


def information_at(sums: Sums, theta: Floats, sigma2: float, *, reml: bool) -> Information:
    """Return the derivatives in the variances, from those in θ by homogeneity of V."""
    cross, logdet = reduced(sums, theta, derivatives=True)
    p = cross.shape[1] - 1
    F, F1, F2 = _in_variances(cross[:, :p, :p], theta, sigma2, degree=-1)
    log_F = log_determinant(cross[:, :p, :p])
    log_rss = log_determinant(cross) - log_F
    # logarithms are of degree 0 up to the constant that stands before log σ²; y'Py = exp(log rss) / σ²
    hessian_V = _in_variances(logdet, theta, sigma2, degree=0, constant=sums.n)[2]
    hessian_F = _in_variances(log_F, theta, sigma2, degree=0, constant=-p)[2]
    _, r1, r2 = _in_variances(log_rss, theta, sigma2, degree=0, constant=-1)
    fit = np.exp(log_rss[0]) / sigma2 * (r2 + np.outer(r1, r1))
    hessian = hessian_V + fit + (hessian_F if reml else 0.0)
    return Information(Phi=np.linalg.inv(F), P=F1, Q=F2 / 2, K=-hessian_V, hessian=hessian)


def _in_variances(
    f: Jet, theta: Floats, sigma2: float, *, degree: int, constant: float = 0.0
) -> tuple[Floats, Floats, Floats]:
    """Return value, gradient and Hessian in ψ = (θσ², σ²) of σ^(2·degree) f(θ) (+ constant · log σ²).

    The derivatives in the terms scale with σ²; those that involve the residual variance follow from Euler's theorem,
    Σ ψ_i ∂F/∂ψ_i = degree · F + constant and Σ_i ψ_i ∂²F/∂ψ_i∂ψ_j = (degree - 1) ∂F/∂ψ_j.
    """
    first, second = gradient_and_hessian(f)
    scale, q = sigma2**degree, len(theta)
    value = f[0] * scale
    gradient = np.empty((q + 1, *f.shape[1:]))
    hessian = np.empty((q + 1, q + 1, *f.shape[1:]))
    gradient[:q] = first * scale / sigma2
    gradient[q] = (degree * value + constant) / sigma2 - np.tensordot(theta, gradient[:q], axes=1)
    hessian[:q, :q] = second * scale / sigma2**2
    edge = (degree - 1) * gradient[:q] / sigma2 - np.tensordot(theta, hessian[:q, :q], axes=1)
    hessian[:q, q] = hessian[q, :q] = edge
    hessian[q, q] = (degree - 1) * gradient[q] / sigma2 - np.tensordot(theta, edge, axes=1)
    return value, gradient, hessian
