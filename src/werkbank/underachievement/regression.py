"""What was to be expected of a pupil, predicted from the whole group: least squares, or with a random intercept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from werkbank.errors import UsageError
from werkbank.statistics.multilevel import fit as fit_mixed

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True)
class Prediction:
    """The regression behind a finding.

    Attributes
    ----------
    coefficients : dict
        ``intercept`` and one slope per predictor, in the units of the measures (z units when a class or school is the
        reference group).
    see : float
        Standard error of estimate, n - p in the denominator; with a random intercept √(τ² + σ²). Units of `actual`.
    r2, cv_r2 : float
        Share of variance explained; the same for pupils (or classes, schools: `cv_by`) that were left out of the
        fit, 1 - PRESS/SS about the mean (may be negative).
    cv_by : str
        What was left out each time: ``pupil``, ``class`` or ``school``.
    n : int
        Pupils in the fit: the whole group, never the able alone (a restricted range lowers r and slope).
    icc : float or None
        Share of the residual variance between classes or schools (random intercept only).
    """

    coefficients: dict[str, float]
    see: float
    r2: float
    cv_r2: float
    cv_by: str
    n: int
    icc: float | None = None


def regress(
    y: Floats, X: Floats, names: tuple[str, ...], folds: Codes, cv_by: str, groups: Codes | None = None
) -> tuple[Prediction, Floats]:
    """Regress `y` on the columns of `X` and an intercept, with a random intercept when `groups` is given.

    Parameters
    ----------
    y : ndarray (n,)
    X : ndarray (n, p)
        Without missing values: the caller leaves incomplete pupils out, and counts them.
    names : tuple of str (p,)
    folds, cv_by
        Codes of the units to leave out in turn for the cross-validated R², and what they are.
    groups : ndarray (n,), optional
        Codes of the classes or schools, each within one fold.

    Returns
    -------
    prediction : Prediction
        With a random intercept r2 is marginal, var(Xβ)/(var(Xβ) + τ² + σ²) (Nakagawa & Schielzeth, 2013).
    residuals : ndarray (n,)
        y minus the fixed part: marginal, a class's own intercept stays in.

    Raises
    ------
    UsageError
        When predictors are constant or repeat each other, or `groups` are all one.

    Notes
    -----
    Checked against R's lm and lme4 (tests/oracles/underachievement.R).
    """
    X = np.column_stack([np.ones(len(y)), X])
    n, p = X.shape
    if n <= p or np.linalg.matrix_rank(X) < p:
        raise UsageError("a predictor is constant, repeats another, or there are too few pupils to predict from")
    ratio, icc = 0.0, None
    if groups is None:
        b = np.linalg.lstsq(X, y, rcond=None)[0]
        unexplained = np.sum((y - X @ b) ** 2)
        see, r2 = np.sqrt(unexplained / (n - p)), 1 - unexplained / np.sum((y - y.mean()) ** 2)
    else:
        mixed = fit_mixed(y, X, {"group": groups})
        b, between, within = mixed.beta, sum(mixed.variances.values()), mixed.residual
        ratio, icc = (between / within if within > 0 else 0.0), between / (between + within)
        explained = np.var(X @ b, ddof=1)
        see, r2 = np.sqrt(between + within), explained / (explained + between + within)
    found = Prediction(
        coefficients=dict(zip(("intercept", *names), map(float, b), strict=True)),
        see=float(see),
        r2=float(r2),
        cv_r2=cross_validated_r2(y, X, folds, groups, ratio),
        cv_by=cv_by,
        n=n,
        icc=icc,
    )
    return found, y - X @ b


def cross_validated_r2(y: Floats, X: Floats, folds: Codes, groups: Codes | None = None, ratio: float = 0.0) -> float:
    """1 - PRESS/SS: the share of variance predicted for units that were left out, each in turn.

    Parameters
    ----------
    y, X : ndarray
        As in `regress`, the intercept's column included in `X`.
    folds : ndarray (n,)
        Code of the unit to leave out: each pupil, or each class or school, whose pupils help to predict each other.
    groups, ratio
        Random-intercept groups, nested in `folds`, and τ²/σ²: held at the estimates from all units.

    Returns
    -------
    float
        At most 1; below 0 when the group's mean would have predicted better. NaN when a unit's absence leaves the
        coefficients undetermined.

    Notes
    -----
    PRESS (Allen, 1974) by taking each unit's cross-products out of the sums, so nothing is refitted. Deterministic,
    unlike k folds. Checked against refitting without each unit.
    """
    _n, p = X.shape
    A, c = np.einsum("ij,ik->ijk", X, X), X * y[:, None]
    by_fold = np.zeros((folds.max() + 1, p, p)), np.zeros((folds.max() + 1, p))
    np.add.at(by_fold[0], folds, A)
    np.add.at(by_fold[1], folds, c)
    if groups is not None and ratio > 0:  # X'V⁻¹X per group: the sums' outer product, weighed, comes off
        size = np.bincount(groups)
        sums = np.column_stack([np.bincount(groups, column) for column in X.T])
        weight = ratio / (1 + size * ratio)
        fold_of = np.zeros(len(size), dtype=np.intp)
        fold_of[groups] = folds
        np.add.at(by_fold[0], fold_of, -weight[:, None, None] * np.einsum("ij,ik->ijk", sums, sums))
        np.add.at(by_fold[1], fold_of, -weight[:, None] * sums * np.bincount(groups, y)[:, None])
    without = by_fold[0].sum(axis=0) - by_fold[0], by_fold[1].sum(axis=0) - by_fold[1]
    try:
        b = np.linalg.solve(without[0], without[1][..., None])[..., 0]
    except np.linalg.LinAlgError:
        return float("nan")
    press = np.sum((y - np.einsum("ij,ij->i", X, b[folds])) ** 2)
    return float(1 - press / np.sum((y - y.mean()) ** 2))
