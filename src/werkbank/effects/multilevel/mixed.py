"""Mixed models with nested random intercepts, by profiled REML or ML."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from werkbank.effects.multilevel.clusters import (
    Codes,
    Floats,
    Groups,
    Sums,
    check_nested,
    labelled,
    summarise,
    terms_of,
)
from werkbank.effects.multilevel.likelihood import Information, Profile, information_at, profile
from werkbank.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

Method = Literal["reml", "ml"]
# the places from which the search starts: from one only, it can end in the lesser of two maxima
_STARTS = (0.0, 0.05, 0.4, 3.0)


@dataclass(frozen=True)
class MixedFit:
    """A fitted model with nested random intercepts.

    Attributes
    ----------
    names : tuple of str
        The columns of X.
    beta, se : ndarray (p,)
        Fixed effects in the units of y and their model-based standard errors (without small-sample correction: for
        tests use `werkbank.effects.multilevel.test`).
    vcov : ndarray (p, p)
        (X'V⁻¹X)⁻¹.
    variances : dict
        Variance per term, outermost first, in squared units of y; 0 is kept as 0.
    residual : float
        Residual variance.
    loglik, deviance : float
        (Restricted) log-likelihood with all constants, as lme4; deviance = -2 loglik.
    n : int
        Rows used. `n_groups`: clusters per factor.
    singular : bool
        A variance is (numerically) zero.
    converged : bool
        The optimum was found. False too when there was nothing to estimate; `note` then says why, and every
        standard error is NaN.
    """

    names: tuple[str, ...]
    beta: Floats
    vcov: Floats
    variances: dict[str, float]
    residual: float
    loglik: float
    n: int
    n_groups: dict[str, int]
    method: Method
    converged: bool
    singular: bool
    note: str = ""
    information: Information | None = field(default=None, repr=False, compare=False)

    @property
    def se(self) -> Floats:
        """Model-based standard errors of the fixed effects."""
        return np.sqrt(np.diag(self.vcov))

    @property
    def deviance(self) -> float:
        """-2 log-likelihood (restricted under REML)."""
        return -2 * self.loglik

    @property
    def icc(self) -> dict[str, float]:
        """Share of each term in the total variance (0-1); in a null model the intraclass correlations."""
        total = sum(self.variances.values()) + self.residual
        return {name: value / total if total > 0 else float("nan") for name, value in self.variances.items()}


def fit(
    y: ArrayLike,
    X: ArrayLike,
    groups: Groups,
    names: Sequence[str] | None = None,
    *,
    method: Method = "reml",
    waves: ArrayLike | None = None,
    waves_of: Sequence[str] = (),
) -> MixedFit:
    """Fit y = Xβ + nested random intercepts + e by profiled (restricted) maximum likelihood.

    The rows are reduced once to sums per cluster; after that the cost does not depend on their number.

    Parameters
    ----------
    y : array (n,)
        Outcome. Missing values are refused: the caller drops rows, and counts them.
    X : array or DataFrame (n, p)
        Fixed effects, the intercept's column included.
    groups : mapping of name to labels, or sequence of label arrays
        Grouping factors, outermost first (school, class, pupil), each label within one group of the level before.
    names : sequence of str, optional
        Names of the columns of X (default: those of the DataFrame, or x1, x2, …).
    method : {"reml", "ml"}
        REML for everything that is reported; ML to compare models that differ in X.
    waves : array (n,), optional
        Wave of each row, with `waves_of`: factors whose groups get an extra random effect per wave
        (``"class:wave"``). Where classes were assigned, a model over waves needs it: with a class intercept alone a
        true null is rejected about 29 % of the time at 8 classes.

    Returns
    -------
    MixedFit

    Raises
    ------
    UsageError
        Missing values; a factor that is not nested, repeats another or has one group; a column of X that is a
        combination of the columns before it (named).

    Notes
    -----
    Not for crossed factors or random slopes. A variance that REML puts at zero stays zero (``singular``), as in lme4.
    Source: Bates, Mächler, Bolker & Walker (2015), eq. 41-42, in variance ratios. Checked against lme4 1.1-31 on 72
    generated designs and nlschools (tests/oracles/multilevel_kr.R).
    """
    outcome, matrix, columns = checked(y, X, names)
    coded, wave, crossed = _factors(groups, waves, waves_of, len(outcome))
    b0, rest, R = least_squares(matrix, outcome, columns)
    scale = float(np.sqrt(np.mean(rest**2)))
    if scale <= 1e-10 * float(np.abs(outcome).max(initial=0.0)) or scale == 0.0:
        return _nothing_left(columns, b0, coded, crossed, method)
    sums = in_orthogonal_basis(matrix, rest, R, scale, (coded, wave, crossed))
    return _estimated(sums, R, b0, scale, columns, method)


def in_orthogonal_basis(
    X: Floats, rest: Floats, R: Floats, scale: float, factors: tuple[dict[str, Codes], Codes | None, Sequence[str]]
) -> Sums:
    """Return the sums of A = [Q, rest/scale], X = QR: there A'A is known, and no column drowns another."""
    p = len(R)
    basis = np.eye(p + 1)
    basis[:p, :p], basis[p, p] = np.linalg.inv(R), 1 / scale
    cross = np.eye(p + 1)
    cross[p, p] = (rest**2).sum() / scale**2
    return summarise([*X.T, rest], basis, cross, *factors)


def _estimated(sums: Sums, R: Floats, b0: Floats, scale: float, names: tuple[str, ...], method: Method) -> MixedFit:
    reml = method == "reml"
    theta, best, converged = maximise(sums, reml=reml)
    info = rotated(information_at(sums, theta, best.sigma2, reml=reml), R, scale)
    p = len(R)
    # back to the units of y and the columns of X: Q = XR⁻¹ and y were rescaled for accuracy
    nu = sums.n - p if reml else sums.n
    deviance = best.deviance + 2 * nu * np.log(scale)
    if reml:
        deviance += 2 * float(np.log(np.abs(np.diag(R))).sum())
    sigma2 = best.sigma2 * scale**2
    return MixedFit(
        names=names,
        beta=b0 + np.linalg.solve(R, scale * best.beta),
        vcov=info.Phi if converged else np.full_like(info.Phi, np.nan),
        variances=dict(zip(sums.terms, (theta * sigma2).tolist(), strict=True)),
        residual=sigma2,
        loglik=float(-deviance / 2),
        n=sums.n,
        n_groups=sums.n_groups,
        method=method,
        converged=converged,
        singular=bool((theta < 1e-8).any()),
        note="" if converged else _why_not(sums, theta),
        information=info if converged else None,
    )


def _why_not(sums: Sums, theta: Floats) -> str:
    if theta.max() > 1e4:
        return f"the outcome does not vary within {sums.terms[int(theta.argmax())]!r}: make that the unit of analysis"
    return "the search for the variances did not end at a maximum"


def maximise(sums: Sums, *, reml: bool, max_steps: int = 60) -> tuple[Floats, Profile, bool]:
    """Find the variance ratios θ >= 0 of least deviance: projected Newton steps with the exact Hessian."""
    q = len(sums.terms)
    starts = [np.full(q, start) for start in _STARTS]
    theta = min(starts, key=lambda t: profile(sums, t, reml=reml, derivatives=False).deviance)
    current = profile(sums, theta, reml=reml, derivatives=True)
    for _ in range(max_steps):
        free = (theta > 0) | (current.gradient < 0)
        step = np.zeros(q)
        step[free] = _newton(current.hessian[np.ix_(free, free)], current.gradient[free])
        promise = -float(step @ current.gradient)
        if promise < 1e-13 * max(1.0, abs(current.deviance)):
            return theta, current, bool(theta.max() < 1e6)
        better = _descend(sums, theta, step, current, reml=reml)
        if better is None:
            # no point along the step is better in floating point: what is left of the gradient is rounding
            return theta, current, promise < 1e-6
        theta, current = better
    return theta, current, False


def _newton(hessian: Floats, gradient: Floats) -> Floats:
    """Return the Newton step, downhill also where the deviance is not convex."""
    if not len(gradient):
        return gradient
    values, vectors = np.linalg.eigh(hessian)
    curved = np.maximum(np.abs(values), 1e-10 * max(1.0, float(np.abs(values).max())))
    return np.asarray(-vectors @ ((vectors.T @ gradient) / curved))


def _descend(sums: Sums, theta: Floats, step: Floats, current: Profile, *, reml: bool) -> tuple[Floats, Profile] | None:
    length = 1.0
    for _ in range(40):
        trial = np.maximum(theta + length * step, 0.0)
        found = profile(sums, trial, reml=reml, derivatives=True)
        if current.deviance - found.deviance > max(0.0, 1e-4 * float(current.gradient @ (theta - trial))):
            return trial, found
        length /= 2
    return None


def rotated(info: Information, R: Floats, scale: float) -> Information:
    """Return the information for the columns of X (X = QR) and for y in its own units."""
    inverse = np.linalg.inv(R)
    s2 = scale**2
    return Information(
        Phi=inverse @ info.Phi @ inverse.T * s2,
        P=R.T @ info.P @ R / s2**2,
        Q=R.T @ info.Q @ R / s2**3,
        K=info.K / s2**2,
        hessian=info.hessian / s2**2,
    )


def checked(y: ArrayLike, X: ArrayLike, names: Sequence[str] | None) -> tuple[Floats, Floats, tuple[str, ...]]:
    """Return outcome, matrix and column names, refusing shapes that do not fit and missing values."""
    if names is None and isinstance(X, pd.DataFrame):
        names = [str(column) for column in X.columns]
    outcome, matrix = np.asarray(y, dtype=float), np.asarray(X, dtype=float)
    if matrix.ndim != 2 or outcome.shape != matrix.shape[:1]:
        raise UsageError(f"y has shape {outcome.shape} and X {matrix.shape}: one row of X for every y")
    columns = tuple(names) if names is not None else tuple(f"x{i + 1}" for i in range(matrix.shape[1]))
    if len(columns) != matrix.shape[1]:
        raise UsageError(f"{len(columns)} names for the {matrix.shape[1]} columns of X")
    for what, values in {"y": outcome, **dict(zip(columns, matrix.T, strict=True))}.items():
        missing = int((~np.isfinite(values)).sum())
        if missing:
            raise UsageError(f"{missing} values of {what} are missing; drop and count those rows before the model")
    return outcome, matrix, columns


def least_squares(X: Floats, y: Floats, names: Sequence[str]) -> tuple[Floats, Floats, Floats]:
    """Return β, residuals and R of X = QR, refusing columns that say nothing new."""
    if len(X) < len(names):
        raise UsageError(f"{len(X)} rows cannot carry {len(names)} columns of X")
    R = _triangle(X)
    lengths = np.sqrt((R**2).sum(axis=0))
    empty = np.abs(np.diag(R)) <= 1e-9 * np.maximum(lengths, np.finfo(float).tiny)
    if empty.any():
        culprits = ", ".join(name for name, bad in zip(names, empty, strict=True) if bad)
        raise UsageError(f"X is collinear: {culprits} follows from the columns before it; leave it out")
    beta, rest = np.zeros(len(R)), y
    # einsum, not @: on a busy machine the threads that BLAS starts for long thin matrices wait for each other
    for _ in range(2):  # the second round takes out what rounding left in the first
        beta = beta + np.linalg.solve(R, np.linalg.solve(R.T, np.einsum("ij,i->j", X, rest)))
        rest = y - np.einsum("ij,j->i", X, beta)
    return beta, rest, R


def _triangle(X: Floats) -> Floats:
    """Return R of X = QR; long matrices in blocks that fit the processor's cache, which is three times as fast."""
    blocks, p = len(X) // 1000, X.shape[1]
    if blocks < 2 or p > 100:
        return np.asarray(np.linalg.qr(X, mode="r"))
    parts = np.asarray(np.linalg.qr(X[: blocks * 1000].reshape(blocks, 1000, p), mode="r"))
    return np.asarray(np.linalg.qr(np.vstack([parts.reshape(-1, p), X[blocks * 1000 :]]), mode="r"))


def _factors(
    groups: Groups, waves: ArrayLike | None, waves_of: Sequence[str], n: int
) -> tuple[dict[str, Codes], Codes | None, tuple[str, ...]]:
    """Return the nested factors, the waves (None: no term needs them) and the factors that cross with them."""
    coded = labelled(groups)
    if not coded or any(len(codes) != n for codes in coded.values()):
        raise UsageError("give at least one grouping factor, with one label for every row")
    if not waves_of:
        check_nested(coded)
        return coded, None, ()
    if waves is None or any(name not in coded for name in waves_of):
        raise UsageError(f"waves_of needs the wave of every row and names of grouping factors; got {list(waves_of)}")
    wave, _ = pd.factorize(np.asarray(waves))
    if len(wave) != n or (wave < 0).any():
        raise UsageError("every row needs its wave")
    innermost = next(reversed(coded))
    if innermost in waves_of:
        # nothing lies below it, so cluster by wave is simply one level more
        cell = coded[innermost] * (int(wave.max()) + 1) + wave
        coded[f"{innermost}:wave"] = np.unique(cell, return_inverse=True)[1]
    check_nested(coded)
    crossed = tuple(name for name in waves_of if name != innermost)
    return coded, (np.asarray(wave, dtype=np.intp) if crossed else None), crossed


def _nothing_left(
    names: tuple[str, ...], beta: Floats, coded: dict[str, Codes], crossed: Sequence[str], method: Method
) -> MixedFit:
    return MixedFit(
        names=names,
        beta=beta,
        vcov=np.full((len(names), len(names)), np.nan),
        variances=dict.fromkeys([t for name in coded for t in terms_of(name, crossed)], 0.0),
        residual=0.0,
        loglik=float("nan"),
        n=len(next(iter(coded.values()))),
        n_groups={name: int(codes.max()) + 1 for name, codes in coded.items()},
        method=method,
        converged=False,
        singular=True,
        note="the outcome does not vary once the fixed effects are in: nothing can be tested",
    )
