"""Tests of fixed effects with few clusters: Kenward-Roger and Satterthwaite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import special

from werkbank.errors import UsageError
from werkbank.statistics.multilevel.contrast import ContrastTest, contrast_rows, no_df, t_test, untestable

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from werkbank.statistics.multilevel.clusters import Floats
    from werkbank.statistics.multilevel.likelihood import Information
    from werkbank.statistics.multilevel.mixed import MixedFit

Df = Literal["kenward-roger", "satterthwaite"]


def test(
    fit: MixedFit,
    contrast: str | ArrayLike,
    df: Df = "kenward-roger",  # noqa: PT028 - the function is no pytest test, as __test__ below says
    *,
    ci_level: float = 0.95,  # noqa: PT028 - as above
) -> ContrastTest:
    """Test a contrast of the fixed effects of a mixed model.

    Parameters
    ----------
    fit : MixedFit
        By REML for Kenward-Roger.
    contrast : str or array (p,) or (q, p)
        A column's name, one linear combination, or q of them for a joint F test.
    df : {"kenward-roger", "satterthwaite"}
        Kenward-Roger also corrects the standard error; it is the one to report with few clusters.
    ci_level : float
        Coverage of the CI (0-1).

    Returns
    -------
    ContrastTest

    Raises
    ------
    UsageError
        An unknown name, a contrast that does not fit, rows that repeat each other, Kenward-Roger on an ML fit.

    Notes
    -----
    Kenward & Roger (1997), as pbkrtest (Halekoh & Højsgaard 2014) computes it: expected information, all variance
    components kept also where they are zero. Satterthwaite as lmerTest: observed information; a component at zero
    contributes nothing, since its derivative in the standard deviation vanishes there. Checked at lme4's own
    variances (1e-6) and at our optimum (SE 1e-5, df 1e-3 relative).
    """
    L = contrast_rows(contrast, fit.names)
    info = fit.information
    if info is None:
        return untestable(len(L), df, ci_level, fit.note)
    unidentified = _unidentified(fit, info)
    if unidentified:
        note = f"the fixed effects leave nothing of {unidentified} to estimate its variance from"
        return untestable(len(L), df, ci_level, note)
    if df == "satterthwaite":
        return _satterthwaite(fit, info, L, ci_level)
    if fit.method != "reml":
        raise UsageError("Kenward-Roger needs a fit by REML")
    return _kenward_roger(fit, info, L, ci_level)


test.__test__ = False  # type: ignore[attr-defined]  # pytest must not take the function for one of its own


def adjusted_vcov(info: Information) -> tuple[Floats, Floats]:
    """Return Kenward and Roger's covariance of β (p, p) and the asymptotic covariance W of the variances (m, m).

    Φ_A = Φ + 2Φ{Σ W_ij (Q_ij - P_i Φ P_j)}Φ with W = 2·inv(expected information).
    """
    Phi, P, Q = info.Phi, info.P, info.Q
    PhiP = Phi @ P
    expected = info.K - 2 * np.trace(Phi @ Q, axis1=-2, axis2=-1) + np.einsum("iab,jba->ij", PhiP, PhiP)
    W = 2 * _inverse(expected)
    U = np.einsum("ij,ijab->ab", W, Q) - np.einsum("ij,iab,jbc->ac", W, P, PhiP)
    return np.asarray(Phi + 2 * Phi @ ((U + U.T) / 2) @ Phi), W


def _inverse(symmetric: Floats) -> Floats:
    # variances of very different size make the matrix look singular: scale to a unit diagonal first
    diagonal = np.diag(symmetric)
    if not (diagonal > 0).all():  # rounding has eaten what was known of a variance near zero: nothing can be tested
        return np.full(symmetric.shape, np.nan)
    size = np.sqrt(diagonal)
    scale = np.outer(size, size)
    return np.asarray(np.linalg.pinv(symmetric / scale, rcond=1e-12, hermitian=True) / scale)


def kenward_roger_df(info: Information, W: Floats, L: Floats) -> tuple[float, float]:
    """Return the denominator df and the factor by which F is scaled (1 for a single row)."""
    Phi, q = info.Phi, len(L)
    Theta = L.T @ np.linalg.solve(L @ Phi @ L.T, L)
    TPP = Theta @ Phi @ info.P @ Phi
    traces = np.trace(TPP, axis1=-2, axis2=-1)
    A1 = float(traces @ W @ traces)
    A2 = float((W * np.einsum("iab,jba->ij", TPP, TPP)).sum())
    B = (A1 + 6 * A2) / (2 * q)
    if A2 <= 0:
        return float("inf"), 1.0
    g = ((q + 1) * A1 - (q + 4) * A2) / ((q + 2) * A2)
    c1, c2, c3 = (top / (3 * q + 2 * (1 - g)) for top in (g, q - g, q + 2 - g))
    # pbkrtest sets differences below 1e-10 to zero before it divides
    v0, v1, v2 = (_chop(v) for v in (1 + c1 * B, 1 - c2 * B, 1 - c3 * B))
    e = _chop(1 - A2 / q)
    ratio = 1.0 if e == 0 and v1 == 0 else e / v1
    # v2 = 0 is the balanced case whose df is exactly 4: rho is infinite
    df = 4.0 if v2 == 0 else 4 + (q + 2) / (ratio**2 * v0 / v2 - 1)
    scaling = 1.0 if abs(df - 2) < 1e-2 else df * e / (df - 2)
    return df, scaling


def _chop(value: float) -> float:
    return 0.0 if abs(value) < 1e-10 else value


def _kenward_roger(fit: MixedFit, info: Information, L: Floats, ci_level: float) -> ContrastTest:
    adjusted, W = adjusted_vcov(info)
    if not np.linalg.eigvalsh(L @ adjusted @ L.T)[0] > 0:  # an approximation: it may exceed what it corrects
        note = "Kenward and Roger's variance is not above zero here: too few groups for the variances"
        return untestable(len(L), "kenward-roger", ci_level, note)
    df, scaling = kenward_roger_df(info, W, L)
    if len(L) == 1:
        return t_test(float(L[0] @ fit.beta), float(np.sqrt(L[0] @ adjusted @ L[0])), df, "kenward-roger", ci_level)
    return _f_test(fit, L, adjusted, df, "kenward-roger", scaling, ci_level)


def satterthwaite_df(info: Information, variances: Floats, row: Floats) -> float:
    """Return Satterthwaite's df of one row: 2v²/(g'Ag), v its variance, g the gradient of v, A = 2·inv(Hessian)."""
    # a covariance may be negative, and counts as long as it is not nothing
    free = np.abs(variances) > 1e-8 * np.abs(variances).sum()
    v = row @ info.Phi @ row
    gradient = -np.array([row @ info.Phi @ P @ info.Phi @ row for P in info.P])[free]
    spread = 2 * _inverse(info.hessian[np.ix_(free, free)])
    return float(2 * v**2 / (gradient @ spread @ gradient))


def _satterthwaite(fit: MixedFit, info: Information, L: Floats, ci_level: float) -> ContrastTest:
    variances = np.array([*fit.variances.values(), fit.residual])
    if len(L) == 1:
        se = float(np.sqrt(L[0] @ info.Phi @ L[0]))
        df = satterthwaite_df(info, variances, L[0])
        return t_test(float(L[0] @ fit.beta), se, df, "satterthwaite", ci_level)
    # as lmerTest: independent contrasts, their df combined so that the F of that df has the mean of the sum of t²
    _, vectors = np.linalg.eigh(L @ info.Phi @ L.T)
    nus = np.array([satterthwaite_df(info, variances, row) for row in vectors.T @ L])
    if (np.abs(np.diff(nus)) < 1e-8).all():
        df = float(nus.mean())
    elif (nus <= 2).any():
        df = 2.0
    else:
        mean = (nus / (nus - 2)).sum()
        df = float(2 * mean / (mean - len(nus)))
    return _f_test(fit, L, info.Phi, df, "satterthwaite", 1.0, ci_level)


def _f_test(
    fit: MixedFit, L: Floats, vcov: Floats, df: float, method: Df, scaling: float, ci_level: float
) -> ContrastTest:
    Lb = L @ fit.beta
    F = scaling * float(Lb @ np.linalg.solve(L @ vcov @ L.T, Lb)) / len(L)
    p = float(special.fdtrc(len(L), df, F)) if df > 0 else float("nan")
    nan = float("nan")
    return ContrastTest(nan, nan, df if df > 0 else nan, F, p, nan, nan, ci_level, len(L), method, no_df(df))


def _unidentified(fit: MixedFit, info: Information) -> str:
    """Name the term about which the data hold no information once the fixed effects are in (or "")."""
    PhiP = info.Phi @ info.P
    kept = np.diag(info.K) - 2 * np.einsum("ab,iiba->i", info.Phi, info.Q) + np.einsum("iab,iba->i", PhiP, PhiP)
    lost = kept <= 1e-9 * np.diag(info.K)
    terms = [*fit.variances, "residual"]
    return next((name for name, gone in zip(terms, lost, strict=True) if gone), "")
