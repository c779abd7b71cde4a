"""Mixed models of several cases: level (and trend) over phases, cases that differ in both, neighbours alike in time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from scipy import optimize

from werkbank.errors import UsageError
from werkbank.statistics.single_case.likelihood import Data, Likelihood, Term, factors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from werkbank.statistics.single_case.series import Floats

Method = Literal["reml", "ml"]
# relative SDs from which the search starts: from one only, it can end in the lesser of two maxima
STARTS = (0.15, 0.6, 1.5)
PHI_LIMIT = 0.995
LARGEST = 1e3  # relative SDs beyond which nothing varies within


@dataclass(frozen=True)
class SeriesFit:
    """A fitted model of several series.

    Attributes
    ----------
    names : tuple of str
        The columns of X.
    beta, vcov : ndarray
        Fixed effects in the units of y, and their model-based covariance.
    covariances : dict
        Per group, outermost first: the covariance matrix of its random effects.
    residual, phi : float
        Residual variance, and the correlation of errors one session apart (0 without AR(1)).
    loglik : float
        (Restricted) log-likelihood with all constants, as lme4.
    n, n_cases : int
        Values and cases.
    singular : bool
        A covariance matrix has (numerically) lost a dimension.
    """

    names: tuple[str, ...]
    beta: Floats
    vcov: Floats
    covariances: dict[str, Floats]
    residual: float
    phi: float
    loglik: float
    n: int
    n_cases: int
    method: Method
    singular: bool
    note: str = ""
    data: Data | None = field(default=None, repr=False, compare=False)
    theta: Floats | None = field(default=None, repr=False, compare=False)

    @property
    def se(self) -> Floats:
        """Model-based standard errors, without small-sample correction: for tests use `inference.test`."""
        return np.sqrt(np.diag(self.vcov))


def fit(
    y: ArrayLike,
    X: ArrayLike | pd.DataFrame,
    case: ArrayLike,
    times: ArrayLike,
    random: Mapping[str, Sequence[str]],
    *,
    groups: Mapping[str, ArrayLike] | None = None,
    autocorrelated: bool = False,
    method: Method = "reml",
) -> SeriesFit:
    """Fit y = Xβ + random effects of cases (and classes) + e, e perhaps AR(1) over the sessions of a case.

    Parameters
    ----------
    y : array (n,)
        Outcome; the caller drops missing values, and counts them.
    X : DataFrame (n, p)
        Fixed effects with the intercept's column; its columns' names are those used in `random`.
    case, times : array (n,)
        Label of the case and session number, whole for AR(1) with φ below 0.
    random : mapping of group to columns of X
        What varies over each group, ``"case"`` among them: {"class": ["intercept", "phase"], "case": ["intercept"]}.
        Covariances within a group are free.
    groups : mapping of name to labels, optional
        The groups above the case, outermost first.
    autocorrelated : bool
        Correlation φ^gap of errors within a case, over the real gaps.
    method : {"reml", "ml"}
        REML for what is reported; ML to compare with published ML values.

    Returns
    -------
    SeriesFit
        NaN with a note where the search ends nowhere (``not_converged``) or y does not vary (``no_variation``).

    Raises
    ------
    UsageError
        Missing values, one case only, a group that is not nested, two values of a case in one session, names that do
        not occur.

    Notes
    -----
    Pinheiro & Bates (2000). Checked against lme4 1.1-31 and nlme 3.1-162 on five published files.
    """
    data, names, scales = _prepared(y, X, case, times, random, dict(groups or {}), autocorrelated=autocorrelated)
    if not float(np.ptp(data.y)) > 0:
        return _nothing(data, names, method, "no_variation")
    likelihood = Likelihood(data)
    theta = _search(likelihood, reml=method == "reml")
    if theta is None:
        return _nothing(data, names, method, "not_converged")
    if float(np.abs(theta).max()) > 0.99 * LARGEST:  # every value is fitted: there is no error to judge by
        return _nothing(data, names, method, "no_variation")
    found = at(likelihood, theta, names, scales, method)
    return found if found.residual > 1e-14 * float(data.y.var()) else _nothing(data, names, method, "no_variation")


def at(
    likelihood: Likelihood, theta: Floats, names: tuple[str, ...], scales: list[Floats], method: Method
) -> SeriesFit:
    """Return the fit at the parameters of the search; `scales` are what the columns of each Z were divided by."""
    data, point = likelihood.data, likelihood.at(theta)
    df = len(data.y) - (likelihood.p if method == "reml" else 0)
    sigma2 = point.rss / df
    chol, phi = factors(data, theta)
    relative = [L @ L.T for L in chol]
    smallest = min(float(np.linalg.eigvalsh(D)[0]) for D in relative)
    return SeriesFit(
        names=names,
        beta=point.beta,
        vcov=sigma2 * np.linalg.inv(point.information),
        covariances={
            term.name: sigma2 * D / np.outer(scale, scale)
            for term, D, scale in zip(data.terms, relative, scales, strict=True)
        },
        residual=sigma2,
        phi=phi,
        loglik=-likelihood.deviance(theta, reml=method == "reml") / 2,
        n=len(data.y),
        n_cases=len(np.unique(data.cases)),
        method=method,
        singular=smallest < 1e-6,
        note="ar1_at_boundary" if abs(phi) >= PHI_LIMIT - 1e-6 else "",
        data=data,
        theta=theta,
    )


def _nothing(data: Data, names: tuple[str, ...], method: Method, note: str) -> SeriesFit:
    p, nan = len(names), math.nan
    return SeriesFit(
        names=names,
        beta=np.full(p, nan),
        vcov=np.full((p, p), nan),
        covariances={term.name: np.full((term.q, term.q), nan) for term in data.terms},
        residual=nan,
        phi=nan,
        loglik=nan,
        n=len(data.y),
        n_cases=len(np.unique(data.cases)),
        method=method,
        singular=True,
        note=note,
    )


def _prepared(
    y: ArrayLike,
    X: ArrayLike | pd.DataFrame,
    case: ArrayLike,
    times: ArrayLike,
    random: Mapping[str, Sequence[str]],
    groups: dict[str, ArrayLike],
    *,
    autocorrelated: bool,
) -> tuple[Data, tuple[str, ...], list[Floats]]:
    matrix = X if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X, dtype=float))
    outcome, when = np.asarray(y, dtype=float), np.asarray(times, dtype=float)
    coded = {name: pd.factorize(np.asarray(labels))[0] for name, labels in {**groups, "case": case}.items()}
    _check(outcome, when, matrix, coded, random)
    order = np.lexsort([when, *reversed(list(coded.values()))])
    names = tuple(str(column) for column in matrix.columns)
    terms, scales = [], []
    for name, codes in coded.items():
        columns = tuple(random.get(name, ()))
        if columns:
            Z = matrix[list(columns)].to_numpy(float)[order]
            scale = np.sqrt((Z**2).mean(axis=0))  # a slope a session and an intercept differ in size by far
            terms.append(Term(name, codes[order], Z / scale, columns))
            scales.append(scale)
    data = Data(outcome[order], matrix.to_numpy(float)[order], when[order], tuple(terms), autocorrelated)
    gaps = data.gaps[np.isfinite(data.gaps)]
    if (gaps <= 0).any():
        raise UsageError("a case has two values in one session")
    return data, names, scales


def _check(
    y: Floats, times: Floats, X: pd.DataFrame, coded: dict[str, NDArray[np.intp]], random: Mapping[str, Sequence[str]]
) -> None:
    if not len(y) == len(times) == len(X) == len(coded["case"]):
        raise UsageError("one case, one time and one row of X for every value")
    if not (np.isfinite(y).all() and np.isfinite(times).all() and np.isfinite(X.to_numpy(float)).all()):
        raise UsageError("values are missing; drop and count those rows before the model")
    if "case" not in random or set(random) - set(coded):
        raise UsageError(f"random effects of {', '.join(random)}; there are groups {', '.join(coded)}")
    unknown = {column for columns in random.values() for column in columns} - set(X.columns)
    if unknown:
        raise UsageError(f"no column {', '.join(map(str, unknown))} in X")
    if np.linalg.matrix_rank(X.to_numpy(float)) < X.shape[1]:
        raise UsageError("a column of X follows from the others")
    _check_groups(coded)
    if len(np.unique(coded["case"])) == len(y):
        raise UsageError("every case has one value: what differs between cases cannot be told from error")


def _check_groups(coded: dict[str, NDArray[np.intp]]) -> None:
    previous = None
    for name, codes in coded.items():
        if len(np.unique(codes)) < 2:
            raise UsageError(f"there is one {name} only: nothing varies between")
        if previous is not None:
            parents = pd.DataFrame({"group": codes, "above": previous}).drop_duplicates()
            if parents["group"].duplicated().any():
                raise UsageError(f"a {name} lies in more than one group above it")
        previous = codes


def _search(likelihood: Likelihood, *, reml: bool) -> Floats | None:
    """Return the parameters of least deviance: the best of several starts; None when there is none."""
    data = likelihood.data

    def deviance(theta: Floats) -> float:
        return likelihood.deviance(theta, reml=reml)

    def descend(start: Floats) -> tuple[float, Floats]:
        found = optimize.minimize(
            deviance, start, method="L-BFGS-B", jac="3-point", bounds=bounds, options={"maxiter": 500, "ftol": 1e-15}
        )
        return float(found.fun), np.asarray(found.x, dtype=float)

    diagonal = np.concatenate([np.eye(term.q)[np.tril_indices(term.q)] for term in data.terms])
    bounds = [(0.0, LARGEST) if d else (-LARGEST, LARGEST) for d in diagonal]
    phis = [0.0]
    if data.autocorrelated:
        gaps = data.gaps[np.isfinite(data.gaps)]
        whole = np.array_equal(gaps, np.round(gaps))
        bounds.append((-PHI_LIMIT if whole else 0.0, PHI_LIMIT))
        phis = [0.05, 0.5]
    starts = [np.append(diagonal * size, [phi] * data.autocorrelated) for size in STARTS for phi in phis]
    best, theta = min((descend(start) for start in sorted(starts, key=deviance)[:3]), key=lambda found: found[0])
    for i in np.flatnonzero(diagonal):
        # the slope in L vanishes where an SD is 0, so that a search which strays there stays: look around
        for size in (0.01, 0.03, 0.1, 0.3):
            nearby = theta.copy()
            nearby[i] = size
            if theta[i] < 1e-2 and deviance(nearby) < best - 1e-9:
                best, theta = min((best, theta), descend(nearby), key=lambda found: found[0])
    return theta if math.isfinite(best) else None
