"""Tests of fixed effects with few cases: Kenward-Roger and Satterthwaite, and how well variances are known."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from werkbank.errors import UsageError
from werkbank.statistics.multilevel.contrast import contrast_rows
from werkbank.statistics.multilevel.inference import adjusted_vcov, kenward_roger_df
from werkbank.statistics.multilevel.likelihood import Information
from werkbank.statistics.quantity import Quantity, not_computed, t_test
from werkbank.statistics.single_case.likelihood import Likelihood

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike

    from werkbank.statistics.single_case.likelihood import Data
    from werkbank.statistics.single_case.mixed import SeriesFit
    from werkbank.statistics.single_case.series import Floats

Df = Literal["kenward-roger", "satterthwaite"]


def test(
    fit: SeriesFit,
    contrast: str | ArrayLike,
    df: Df = "kenward-roger",  # noqa: PT028 - the function is no pytest test, as __test__ below says
    level: float = 0.95,  # noqa: PT028 - as above
) -> Quantity:
    """Test one contrast of the fixed effects, with the case as the unit that counts.

    Parameters
    ----------
    fit : SeriesFit
        By REML.
    contrast : str or array (p,)
        A column's name or a linear combination.
    df : {"kenward-roger", "satterthwaite"}
        Below about ten cases Kenward-Roger, which also corrects the standard error; its correction takes φ as if the
        covariance were linear in it (first order).
    level : float
        Coverage of the interval.

    Raises
    ------
    UsageError
        A fit by ML, more than one contrast.

    Notes
    -----
    Kenward & Roger (1997) as in pbkrtest; Satterthwaite as in lmerTest (Cholesky parameters, directions without
    curvature left out). Checked against both on published files.
    """
    L = contrast_rows(contrast, fit.names)
    if len(L) != 1 or fit.method != "reml":
        raise UsageError("one contrast of a fit by REML")
    if fit.data is None or fit.theta is None:
        return not_computed(fit.note)
    value = float(L[0] @ fit.beta)
    if df == "satterthwaite":
        return t_test(value, float(np.sqrt(L[0] @ fit.vcov @ L[0])), _satterthwaite(fit, L[0]), level)
    info = information(fit)
    if not identified(info):
        return not_computed("too_few_df")
    adjusted, W = adjusted_vcov(info)
    variance = float(L[0] @ adjusted @ L[0])
    if not variance > 0:  # the correction is larger than what it corrects: there are too few cases for it
        return not_computed("too_few_df")
    return t_test(value, math.sqrt(variance), kenward_roger_df(info, W, L)[0], level)


test.__test__ = False  # type: ignore[attr-defined]  # pytest must not take the function for one of its own


def expected_covariance(fit: SeriesFit) -> Floats | None:
    """Return the covariance of the variance parameters from the expected REML information; None when there is none.

    Order: per group, the entries (0,0), (1,0), (1,1) … of its covariance matrix; φ with AR(1); residual variance.
    """
    info = information(fit)
    return adjusted_vcov(info)[1] if identified(info) else None


def identified(info: Information) -> bool:
    """Tell whether the fixed effects leave something to estimate every variance from."""
    PhiP = info.Phi @ info.P
    left = np.diag(info.K) - 2 * np.einsum("ab,iiba->i", info.Phi, info.Q) + np.einsum("iab,iba->i", PhiP, PhiP)
    return bool((left > 1e-9 * np.diag(info.K)).all())


def information(fit: SeriesFit) -> Information:
    """Return the parts of the expected information, in the variances' own units.

    Φ = (X'V⁻¹X)⁻¹, P_i = -X'V⁻¹V_iV⁻¹X, Q_ij = X'V⁻¹V_iV⁻¹V_jV⁻¹X, K_ij = tr(V⁻¹V_iV⁻¹V_j), summed over the outermost
    groups. The observed information is not filled in.
    """
    if fit.data is None:
        raise UsageError("this model was not fitted")
    p, r = len(fit.names), fit.data.size + 1
    P, Q, K = np.zeros((r, p, p)), np.zeros((r, r, p, p)), np.zeros((r, r))
    for rows in _blocks(fit.data):
        X = fit.data.X[rows]
        V, derivatives = _covariance(fit, rows)
        inverse = np.linalg.inv(V)
        half = [inverse @ D for D in derivatives]
        VX = inverse @ X
        for i in range(r):
            left = derivatives[i] @ VX
            P[i] -= VX.T @ left
            for j in range(r):
                Q[i, j] += left.T @ (half[j] @ VX)
                K[i, j] += float((half[i] * half[j].T).sum())
    return Information(Phi=fit.vcov, P=P, Q=Q, K=K, hessian=np.full((r, r), np.nan))


def _blocks(data: Data) -> Iterator[slice]:
    starts = [*np.flatnonzero(np.diff(data.terms[0].codes, prepend=-1)), len(data.y)]
    for low, high in pairwise(starts):
        yield slice(int(low), int(high))


def _covariance(fit: SeriesFit, rows: slice) -> tuple[Floats, list[Floats]]:
    """Return V of some rows and its derivatives, in the order of `expected_covariance`."""
    data = fit.data
    if data is None:
        raise UsageError("this model was not fitted")
    V, derivatives = np.zeros((rows.stop - rows.start,) * 2), []
    for term in data.terms:
        same = term.codes[rows][:, None] == term.codes[rows][None, :]
        # in the units of X: the search works with columns of unit size
        Z = data.X[rows][:, [fit.names.index(column) for column in term.columns]]
        V += same * (Z @ fit.covariances[term.name] @ Z.T)
        for a, b in zip(*np.tril_indices(term.q), strict=True):
            one = np.outer(Z[:, a], Z[:, b])
            derivatives.append(same * (one if a == b else one + one.T))
    same = data.cases[rows][:, None] == data.cases[rows][None, :]
    lag = np.where(same, np.abs(data.times[rows][:, None] - data.times[rows][None, :]), 0.0)
    R = np.where(same, np.power(fit.phi, lag), 0.0)
    if data.autocorrelated:
        slope = np.where(same & (lag > 0), lag * np.power(fit.phi, np.maximum(lag - 1, 0)), 0.0)
        derivatives.append(fit.residual * slope)
    return V + fit.residual * R, [*derivatives, R]


def _satterthwaite(fit: SeriesFit, row: Floats) -> float:
    """Return 2v²/(g'Ag): v the variance of the contrast, g its gradient in (L, φ, σ), A twice the inverse Hessian."""
    if fit.data is None or fit.theta is None:
        raise UsageError("this model was not fitted")
    likelihood = Likelihood(fit.data)
    centre = np.append(fit.theta, np.sqrt(fit.residual))

    def deviance(at: Floats) -> float:
        return likelihood.deviance_at(at[:-1], at[-1] ** 2, reml=True)

    def variance(at: Floats) -> float:
        return float(at[-1] ** 2 * (row @ np.linalg.solve(likelihood.at(at[:-1]).information, row)))

    steps = 1e-3 * np.maximum(np.abs(centre), 0.1)
    gradient = np.array([_slope(variance, centre, i, step) for i, step in enumerate(steps)])
    values, vectors = np.linalg.eigh(_hessian(deviance, centre, steps))
    curved = values > 1e-6 * values.max()  # a parameter at its boundary has no curvature
    along = vectors.T[curved] @ gradient
    return float(2 * variance(centre) ** 2 / (2 * (along**2 / values[curved]).sum()))


def _slope(f, centre: Floats, i: int, step: float) -> float:  # type: ignore[no-untyped-def]  # noqa: ANN001
    move = np.zeros(len(centre))
    move[i] = step
    return float(
        (8 * (f(centre + move) - f(centre - move)) - (f(centre + 2 * move) - f(centre - 2 * move))) / 12 / step
    )


def _hessian(f, centre: Floats, steps: Floats) -> Floats:  # type: ignore[no-untyped-def]  # noqa: ANN001
    k = len(centre)
    moves = np.diag(steps)
    found = np.zeros((k, k))
    for i in range(k):
        for j in range(i + 1):
            corners = [f(centre + a * moves[i] + b * moves[j]) * a * b for a in (-1, 1) for b in (-1, 1)]
            found[i, j] = found[j, i] = sum(corners) / (4 * steps[i] * steps[j])
    return found
