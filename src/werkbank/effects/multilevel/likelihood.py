"""The likelihood of nested random intercepts, from sums per cluster, with exact first and second derivatives.

V = σ² H(θ), H = I + Σ θ_l Z_l Z_l', θ_l = variance of term l / residual variance σ². Each cluster adds one column to
the low-rank part of H, so that A'H⁻¹A and log|H| follow by rank-one (Sherman-Morrison) steps from the innermost level
outwards; a term for cluster by wave is one such step per wave. With w = U'H⁻¹U (waves x waves), u = U'H⁻¹A and a
column c of the cluster: d = 1 + θ c'wc, log|H| += log d, A'H⁻¹A -= (θ/d) (c'u)'(c'u), and w, u likewise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from werkbank.effects.multilevel.jets import (
    Jet,
    gradient_and_hessian,
    logarithm,
    product,
    reciprocal,
    variables,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from werkbank.effects.multilevel.clusters import Floats, Sums


def _gram(f: Jet, g: Jet) -> Jet:
    return np.swapaxes(f, -1, -2) @ g


def _reduce(f: Jet, offsets: NDArray[np.intp]) -> Jet:
    return np.add.reduceat(f, offsets, axis=1)


def reduced(sums: Sums, theta: Floats, *, derivatives: bool) -> tuple[Jet, Jet]:
    """Return A'H⁻¹A (a x a) and log|H| as jets in θ."""
    ratios = variables(theta, derivatives=derivatives)
    ratio = ratios[sums.leaf][:, None]
    d = ratio * sums.sizes
    d[0] += 1
    shrink = product(ratio, reciprocal(d))
    logdet = (logarithm(d) * sums.counts).sum(axis=1)
    cross = -np.tensordot(shrink, sums.size_cross, axes=1)
    cross[0] += sums.cross
    if not sums.levels:
        return cross, logdet
    per_kind = shrink[:, sums.kind_size, None, None]
    w: Jet = -_reduce(per_kind * sums.kind_w, sums.levels[0].offsets)
    u: Jet = -_reduce(per_kind * sums.kind_u, sums.levels[0].offsets)
    w[0] += sums.parent_w[:, :, None] * np.eye(sums.parent_w.shape[1])
    u[0] += sums.parent_u
    waves_left = [level.by_wave is not None for level in sums.levels]
    for position, level in enumerate(sums.levels):
        if position:
            w, u = _reduce(w, level.offsets), _reduce(u, level.offsets)
        if level.by_wave is not None:
            for t in range(w.shape[-1]):
                w, u, gain, log_d = _rank_one(ratios[level.by_wave], w, u, np.eye(w.shape[-1])[t])
                cross, logdet = cross - gain, logdet + log_d
        if not any(waves_left[position + 1 :]) and w.shape[-1] > 1:
            w, u = w.sum(axis=(-1, -2), keepdims=True), u.sum(axis=-2, keepdims=True)
        w, u, gain, log_d = _rank_one(ratios[level.intercept], w, u, np.ones(w.shape[-1]))
        cross, logdet = cross - gain, logdet + log_d
    return cross, logdet


def _rank_one(ratio: Jet, w: Jet, u: Jet, c: Floats) -> tuple[Jet, Jet, Jet, Jet]:
    """Add θ·cc' per cluster: the new w and u, what A'H⁻¹A loses, what log|H| gains."""
    wc, uc = w @ c, c @ u
    theta = ratio[:, None]
    d = product(theta, wc @ c)
    d[0] += 1
    shrink = product(theta, reciprocal(d))[..., None]
    shrunk_u, shrunk_w = product(shrink, uc), product(shrink, wc)
    gain = product(uc, shrunk_u, _gram)
    w = w - product(shrunk_w[..., :, None], wc[..., None, :])
    u = u - product(shrunk_w[..., :, None], uc[..., None, :])
    return w, u, gain, logarithm(d).sum(axis=1)


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
    C = np.linalg.inv(cross[0, :p, :p])
    z = np.append(-C @ cross[0, :p, p], 1.0)
    rss = max(float(z @ cross[0] @ z), np.finfo(float).tiny)
    nu = sums.n - p if reml else sums.n
    deviance = nu * (1 + np.log(2 * np.pi * rss / nu)) + float(logdet[0])
    if reml:
        deviance -= float(np.linalg.slogdet(C)[1])
    if not derivatives:
        return Profile(deviance, np.zeros(0), np.zeros((0, 0)), rss / nu, -z[:p])
    r1, r2 = _residual_derivatives(cross, C, z)
    h1, h2 = gradient_and_hessian(logdet)
    gradient = nu * r1 / rss + h1
    hessian = nu * (r2 / rss - np.outer(r1, r1) / rss**2) + h2
    if reml:
        l1, l2 = _logdet_derivatives(cross[:, :p, :p], C)
        gradient, hessian = gradient + l1, hessian + l2
    return Profile(deviance, gradient, hessian, rss / nu, -z[:p])


def _residual_derivatives(cross: Jet, C: Floats, z: Floats) -> tuple[Floats, Floats]:
    first, second = gradient_and_hessian(cross)
    p = len(C)
    Sz = first @ z
    return Sz @ z, second @ z @ z - 2 * Sz[:, :p] @ C @ Sz[:, :p].T


def _logdet_derivatives(F: Jet, C: Floats) -> tuple[Floats, Floats]:
    first, second = gradient_and_hessian(F)
    CF = C @ first
    return np.trace(CF, axis1=-2, axis2=-1), np.trace(C @ second, axis1=-2, axis2=-1) - np.einsum("iab,jba->ij", CF, CF)


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
    S, S1, S2 = _in_variances(cross, theta, sigma2, degree=-1)
    Phi = np.linalg.inv(S[:p, :p])
    # log|V| = n log σ² + log|H| is homogeneous of degree 0 up to the constant n, which Euler's rule needs
    _, _, L2 = _in_variances(logdet, theta, sigma2, degree=0, constant=sums.n)
    z = np.append(-Phi @ S[:p, p], 1.0)
    Sz = S1 @ z
    hessian = L2 + S2 @ z @ z - 2 * Sz[:, :p] @ Phi @ Sz[:, :p].T
    P = S1[:, :p, :p]
    if reml:
        PhiP = Phi @ P
        hessian += np.trace(Phi @ S2[:, :, :p, :p], axis1=-2, axis2=-1) - np.einsum("iab,jba->ij", PhiP, PhiP)
    return Information(Phi=Phi, P=P, Q=S2[:, :, :p, :p] / 2, K=-L2, hessian=hessian)


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
