"""Repeated scores of pupils, on their own or in classes, with a covariance over waves that is chosen: REML and KR."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from werkbank.errors import UsageError
from werkbank.statistics.multilevel.contrast import ContrastTest, contrast_rows, t_test, untestable
from werkbank.statistics.multilevel.covariances import Covariance, Structure
from werkbank.statistics.multilevel.design import checked, least_squares
from werkbank.statistics.multilevel.inference import adjusted_vcov, kenward_roger_df
from werkbank.statistics.multilevel.jets import (
    Jet,
    gradient_and_hessian,
    inverse,
    log_determinant,
    product,
    variables,
)
from werkbank.statistics.multilevel.likelihood import Information
from werkbank.statistics.multilevel.mixed import rotated
from werkbank.statistics.threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike

    from werkbank.statistics.multilevel.clusters import Codes, Floats

NOT_ENDED = "the search for the covariances did not end at a maximum"
MAX_STEPS = 200
AT_ONCE = 2**18  # numbers of the units that are held at a time: as many as a processor has near


@dataclass(frozen=True)
class WavesFit:
    """A fitted model over waves.

    `beta` of the columns `names`; `of_pupils` and `of_units` (T, T) the covariances of what a pupil, and a unit, has
    beside the fixed effects (None without units), in squared units of y, waves in the order given; `loglik` the
    restricted log-likelihood with all constants. Not `converged`: `note` says why, and nothing can be tested.
    """

    names: tuple[str, ...]
    beta: Floats
    of_pupils: Floats
    of_units: Floats | None
    loglik: float
    n: int
    converged: bool
    note: str = ""
    information: Information | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class _Sums:
    """What the likelihood needs of A = [X, y] (a columns), by pattern of waves that a pupil has.

    `masks` (P, T); `counts` (P,) pupils; `cross` (P, T, T, a, a) Σ x_t x_u'; `unit_n` (D, P) the numbers of pupils that
    units have, each different row once; `unit_s` (J, P, T, a) sums of pupils by unit, units with the same numbers after
    each other, and `alike` (J,) their place in `unit_n`; or None.
    """

    masks: Floats
    counts: Floats
    cross: Floats
    unit_n: Floats | None
    unit_s: Floats | None
    alike: Codes | None
    n: int


@dataclass(frozen=True)
class _Place:
    """The deviance at λ with its derivatives there."""

    deviance: float
    gradient: Floats
    hessian: Floats


@one_thread
def fit_over_waves(
    y: ArrayLike,
    X: ArrayLike,
    pupils: ArrayLike,
    waves: ArrayLike,
    units: ArrayLike | None = None,
    *,
    structure: Structure = "unstructured",
    units_structure: Structure = "unstructured",
    names: Sequence[str] | None = None,
) -> WavesFit:
    """Fit y_ijt = x_ijt'β + u_jt + e_ijt by REML: e_ij ~ N(0, S), u_j ~ N(0, G), both over the waves.

    Parameters
    ----------
    y : array (n,)
        One row per pupil and wave at which there is a score.
    X : array or DataFrame (n, p)
        Fixed effects.
    pupils, waves, units : array (n,)
        Of each row. Waves are taken in sorted order; a pupil has a wave once, and sits in one unit.
    structure, units_structure : {"unstructured", "by_distance", "exchangeable"}
        Of S and of G. With "exchangeable" for both this is ``(1 | unit) + (1 | unit:wave) + (1 | pupil)``.

    Raises
    ------
    UsageError
        Missing values, a collinear X, a pupil twice at a wave or in two units.

    Notes
    -----
    A score that is missing is left out of its pupil's rows: right where what is missing depends on what was seen. G may
    end at its border (a variance of 0), S may not. Source: Laird & Ware (1982); Jennrich & Schluchter (1986). Checked
    against lme4 and pbkrtest (exchangeable), nlme's published early-intervention fit, and dense matrices.
    """
    outcome, matrix, columns = checked(y, X, names)
    b0, rest, R = least_squares(matrix, outcome, columns)
    scale = float(np.sqrt(np.mean(rest**2)))
    labels = sorted(set(np.asarray(waves).tolist()))
    own = Covariance.of(structure, len(labels))
    shared = None if units is None else Covariance.of(units_structure, len(labels))
    if scale <= 1e-10 * float(np.abs(outcome).max(initial=0.0)) or scale == 0.0:
        gone = np.zeros((len(labels), len(labels)))
        return WavesFit(columns, b0, gone, None, math.nan, len(outcome), False, "the outcome does not vary")
    basis = np.column_stack([matrix @ np.linalg.inv(R), rest / scale])
    sums = _summed(basis, pupils, np.searchsorted(labels, np.asarray(waves)), len(labels), units)
    free, converged = _optimum(sums, own, shared)
    psi = np.concatenate([part[0] for part in _parts(free, own, shared)])
    deviance, info, beta = _at(sums, psi, own, shared)
    p = len(R)
    deviance += 2 * (sums.n - p) * math.log(scale) + 2 * float(np.log(np.abs(np.diag(R))).sum())
    G = None if shared is None else np.tensordot(psi[own.size :], shared.basis, 1) * scale**2
    return WavesFit(
        names=columns,
        beta=b0 + np.linalg.solve(R, scale * beta),
        of_pupils=np.tensordot(psi[: own.size], own.basis, 1) * scale**2,
        of_units=G,
        loglik=-deviance / 2,
        n=sums.n,
        converged=converged,
        note="" if converged else NOT_ENDED,
        information=rotated(info, R, scale) if converged else None,
    )


def test_over_waves(fit: WavesFit, contrast: ArrayLike, *, ci_level: float = 0.95) -> ContrastTest:  # noqa: PT028 - no pytest test
    """Test one combination of the fixed effects by Kenward and Roger's SE and df.

    The covariance is linear in its parameters, so that Kenward & Roger (1997) holds without terms of the second order.
    With complete scores, unstructured and without units, it gives the df of the multivariate test, n - groups.
    """
    L = contrast_rows(contrast, fit.names)
    if fit.information is None:
        return untestable(len(L), "kenward-roger", ci_level, fit.note)
    adjusted, W = adjusted_vcov(fit.information)
    df, _ = kenward_roger_df(fit.information, W, L)
    variance = float(L[0] @ adjusted @ L[0])
    if not variance > 0:
        return untestable(len(L), "kenward-roger", ci_level, "no variance is left to judge by")
    return t_test(float(L[0] @ fit.beta), math.sqrt(variance), df, "kenward-roger", ci_level)


test_over_waves.__test__ = False  # type: ignore[attr-defined]  # pytest must not take the function for one of its own


def _summed(A: Floats, pupils: ArrayLike, wave: Codes, n_waves: int, units: ArrayLike | None) -> _Sums:
    who, labels = pd.factorize(np.asarray(pupils))
    if len(np.unique(who * n_waves + wave)) < len(who):
        raise UsageError("a pupil has two rows at one wave")
    wide = np.zeros((len(labels), n_waves, A.shape[1]))
    wide[who, wave] = A
    seen = np.zeros((len(labels), n_waves), dtype=bool)
    seen[who, wave] = True
    masks, pattern = np.unique(seen, axis=0, return_inverse=True)
    pattern = pattern.ravel()
    a = A.shape[1]
    cross = np.zeros((len(masks), n_waves, n_waves, a, a))
    for g in range(len(masks)):
        flat = wide[pattern == g].reshape(-1, n_waves * a)
        cross[g] = (flat.T @ flat).reshape(n_waves, a, n_waves, a).transpose(0, 2, 1, 3)
    counts = np.bincount(pattern).astype(float)
    if units is None:
        return _Sums(masks.astype(float), counts, cross, None, None, None, len(A))
    codes, found = pd.factorize(np.asarray(units))
    of_pupil = np.zeros(len(labels), dtype=np.intp)
    of_pupil[who] = codes
    if (of_pupil[who] != codes).any():
        raise UsageError("a pupil sits in two units")
    numbers = np.zeros((len(found), len(masks)))
    np.add.at(numbers, (of_pupil, pattern), 1.0)
    unit_n, alike = np.unique(numbers, axis=0, return_inverse=True)
    order = np.argsort(alike.ravel(), kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    unit_s = np.zeros((len(found), len(masks), n_waves, a))
    np.add.at(unit_s, (place[of_pupil], pattern), wide)
    return _Sums(masks.astype(float), counts, cross, unit_n, unit_s, alike.ravel()[order], len(A))


def _parts(free: Floats, own: Covariance, shared: Covariance | None) -> list[tuple[Floats, Floats, Floats]]:
    parts = [own.parameters(free[: own.size])]
    return parts if shared is None else [*parts, shared.parameters(free[own.size :])]


def _reduced(
    sums: _Sums, psi: Floats, own: Covariance, shared: Covariance | None, *, derivatives: bool
) -> tuple[Jet, Jet]:
    """Return A'V⁻¹A and log|V| with their derivatives in ψ.

    V of a unit is the pupils' blocks plus ZGZ': V⁻¹ = S⁻¹ - S⁻¹Z G(I + WG)⁻¹ Z'S⁻¹, W = Z'S⁻¹Z, which needs no inverse
    of G, and log|V| = Σ log|S_i| + log|I + WG|.
    """
    jets = np.stack(variables(psi, derivatives=derivatives), axis=-1)  # (c, m)
    S = np.tensordot(jets[:, : own.size], own.basis, 1)
    inverses, logdet = [], np.zeros(len(S))
    for mask, count in zip(sums.masks.astype(bool), sums.counts, strict=True):
        at = np.ix_(np.arange(len(S)), np.flatnonzero(mask), np.flatnonzero(mask))
        whole = np.zeros_like(S)
        whole[at] = inverse(S[at])
        inverses.append(whole)
        logdet = logdet + count * log_determinant(S[at])
    A = np.stack(inverses, axis=1)  # (c, P, T, T)
    cross = np.einsum("cptu,ptuab->cab", A, sums.cross, optimize=True)
    if shared is None:
        return cross, logdet
    G = np.tensordot(jets[:, own.size :], shared.basis, 1)[:, None]  # (c, 1, T, T)
    return _less_units(sums, A, G, cross, logdet)


def _less_units(sums: _Sums, A: Jet, G: Jet, cross: Jet, logdet: Jet) -> tuple[Jet, Jet]:
    """Take from A'V⁻¹A, and add to log|V|, what units share: some units at a time, and what is alike in them once."""
    unit_n, unit_s, alike = sums.unit_n, sums.unit_s, sums.alike
    if unit_n is None or unit_s is None or alike is None:
        raise UsageError("the units are not known")
    n_waves, a = unit_s.shape[-2:]
    step = max(1, AT_ONCE // (len(A) * n_waves * a))
    for start in range(0, len(unit_s), step):
        of = alike[start : start + step]
        first = int(of[0])
        W = np.einsum("dp,cptu->cdtu", unit_n[first : of[-1] + 1], A, optimize=True)
        inner = product(W, G, np.matmul)
        inner[0] += np.eye(n_waves)
        weight = product(G, inverse(inner), np.matmul)
        logdet = logdet + log_determinant(inner) @ np.bincount(of - first).astype(float)
        u = np.einsum("cptu,jpua->cjta", A, unit_s[start : start + step], optimize=True)
        v = product(weight[:, of - first], u, np.matmul)
        u, v = (f.reshape(len(f), -1, a) for f in (u, v))
        cross = cross - product(np.swapaxes(u, -1, -2), v, np.matmul)
    return cross, logdet


def _deviance(cross: Jet, logdet: Jet, n: int) -> Jet:
    """Return the restricted deviance: log|V| + log|X'V⁻¹X| + y'Py and its constant."""
    p = cross.shape[-1] - 1
    log_F = log_determinant(cross[:, :p, :p])
    log_rss = log_determinant(cross) - log_F
    value = logdet + log_F
    rss = np.exp(log_rss[0])
    exponent = np.concatenate([[rss], rss * log_rss[1:]])
    if len(log_rss) > 1:
        first, _ = gradient_and_hessian(log_rss)
        i, j = np.triu_indices(len(first))
        exponent[1 + len(first) :] += rss * first[i] * first[j]
    value = np.asarray(value + exponent)
    value[0] += (n - p) * math.log(2 * math.pi)
    return value


def _at(sums: _Sums, psi: Floats, own: Covariance, shared: Covariance | None) -> tuple[float, Information, Floats]:
    cross, logdet = _reduced(sums, psi, own, shared, derivatives=True)
    p = cross.shape[-1] - 1
    deviance = _deviance(cross, logdet, sums.n)
    F1, F2 = gradient_and_hessian(cross[:, :p, :p])
    F = cross[0, :p, :p]
    info = Information(
        Phi=np.linalg.inv(F),
        P=F1,
        Q=F2 / 2,
        K=-gradient_and_hessian(logdet)[1],
        hessian=gradient_and_hessian(deviance)[1],
    )
    return float(deviance[0]), info, np.linalg.solve(F, cross[0, :p, p])


def _optimum(sums: _Sums, own: Covariance, shared: Covariance | None) -> tuple[Floats, bool]:
    """Find the λ of least deviance: damped Newton steps with the exact Hessian, from more than one start."""

    def place(free: Floats) -> _Place | None:
        parts = _parts(free, own, shared)
        psi = np.concatenate([part[0] for part in parts])
        S = np.tensordot(psi[: own.size], own.basis, 1)
        if not np.isfinite(psi).all() or np.linalg.eigvalsh(S)[0] <= 1e-10 * np.trace(S):
            return None
        cross, logdet = _reduced(sums, psi, own, shared, derivatives=True)
        deviance = _deviance(cross, logdet, sums.n)
        if not np.isfinite(deviance).all():
            return None
        g, H = gradient_and_hessian(deviance)
        gradient, hessian, at = np.zeros_like(free), np.zeros((len(free), len(free))), 0
        first = np.zeros((len(free), len(free)))
        for _, D, second in parts:
            here = slice(at, at + len(D))
            first[here, here] = D
            hessian[here, here] = np.tensordot(g[here], second, 1)
            at += len(D)
        gradient, hessian = first.T @ g, hessian + first.T @ H @ first
        return _Place(float(deviance[0]), gradient, hessian)

    best: tuple[Floats, bool, float] | None = None
    for between, alike in ((0.1, 0.4), (0.3, 0.1), (0.02, 0.7)):
        own_start = own.start(alike, 1 - alike - (between if shared else 0.0))
        start = own_start if shared is None else np.concatenate([own_start, shared.start(between / 2, between / 2)])
        found = _descended(place, start)
        if found is not None and (best is None or (found[1], -found[2]) > (best[1], -best[2])):
            best = found
        if best is not None and best[1]:
            break
    return (start, False) if best is None else best[:2]


def _descended(place: Callable[[Floats], _Place | None], free: Floats) -> tuple[Floats, bool, float] | None:
    here = place(free)
    if here is None:
        return None
    for _ in range(MAX_STEPS):
        values, vectors = np.linalg.eigh(here.hessian)
        curved = np.maximum(np.abs(values), 1e-8 * max(1.0, float(np.abs(values).max())))
        step = -vectors @ ((vectors.T @ here.gradient) / curved)
        promise = -float(step @ here.gradient)
        if promise < 1e-13 * max(1.0, abs(here.deviance)):
            return free, True, here.deviance
        length = min(1.0, 2.0 / float(np.abs(step).max()))
        for _ in range(30):
            there = place(free + length * step)
            if there is not None and here.deviance - there.deviance > 1e-4 * length * promise:
                free, here = free + length * step, there
                break
            length /= 2
        else:
            return free, promise < 1e-6, here.deviance
    return free, False, here.deviance
