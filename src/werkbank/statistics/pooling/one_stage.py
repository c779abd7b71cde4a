"""Schools together from the pupils themselves: what pooling their shared results comes close to."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import optimize

from werkbank.errors import UsageError
from werkbank.statistics.quantity import Quantity, t_test

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from werkbank.statistics.pooling.covariance import Array

NOTHING = 1e-9  # a share of the residual variance below which schools do not differ


@dataclass(frozen=True)
class OneStage:
    """The mean effect over schools, and what it rests on.

    `mean` in the units of the scale, `tau2` the variance of schools' true effects, `residual` that of pupils within
    schools and arms; `effects` has each school's own effect at equal covariates and its variance, by school.
    """

    mean: Quantity
    tau2: float
    residual: float
    effects: pd.DataFrame

    @property
    def standardised(self) -> float:
        """The mean effect in SDs of pupils within schools and arms, which all schools share."""
        return self.mean.value / math.sqrt(self.residual)


@dataclass(frozen=True)
class _Sums:
    """What the likelihood needs: within schools and arms (`within`, `df`), and of each school's gap (`d`, `x`, `c`)."""

    within: Array  # cross-products of [covariates, y] about their cell means
    df: int
    d: Array
    x: Array  # a constant, and the gap of each covariate
    c: Array  # the gap's variance as a multiple of the residual variance
    unit: float  # of y, by which it was divided: the search must not depend on the unit of a scale


def one_stage(
    rows: pd.DataFrame,
    weights: Mapping[str, float],
    y: str = "post",
    *,
    covariates: Sequence[str] = (),
    site: str = "site",
    arm: str = "arm",
    ci_level: float = 0.95,
) -> OneStage:
    """Estimate the mean effect over schools in one model of all pupils.

    What is estimated: δ of y = α_s + (δ + u_s)·arm + γ'x + e, each school with a level of its own (free), effects
    that differ between schools (u_s, variance τ²), and one residual variance. REML; t on schools - 1.

    Parameters
    ----------
    rows : DataFrame
        A row a pupil, no missing values in the columns used. Schools without one of the arms say nothing of δ and are
        left out; `effects` shows which are in.
    weights : mapping
        Weight of each arm compared, summing to 0.

    Raises
    ------
    UsageError
        Fewer than three schools with all arms compared, missing values, or no variation within schools.

    Notes
    -----
    A school's level being free, all that pupils say lies in the cross-products within schools and arms and in each
    school's gap between arms: the likelihood is written in these and needs no matrix of pupils. Against pooling what
    schools share (two stages: `werkbank.statistics.pooling.model.pool` of their own g): that takes each school's own
    SD and so weights by what it measured, this one SD for all and so weights by numbers of pupils. Source: Burke,
    Ensor and Riley (2017), Stat. Med. 36, 855-875. Checked against statsmodels' MixedLM with a dummy for each school,
    and against `pool` at the same residual variance, which must give the same. Not for arms assigned to whole schools.
    """
    columns = [y, *covariates]
    if rows[columns].isna().to_numpy().any():
        raise UsageError("one stage needs every value")
    used = {name: float(w) for name, w in weights.items() if w}
    table = rows[rows[arm].isin(list(used))]
    sizes = table.groupby([site, arm], sort=True).size().unstack().reindex(columns=list(used)).dropna()  # noqa: PD010
    if len(sizes) < 3:
        raise UsageError("fewer than three schools have all arms")
    table = table[table[site].isin(sizes.index)]
    sums = _summed(table, sizes, np.array(list(used.values())), [*covariates, y], [site, arm])
    theta = _searched(sums)
    at, unit = _at(sums, *theta), sums.unit
    mean = t_test(unit * float(at.beta[0]), unit * math.sqrt(at.covariance[0, 0]), len(sizes) - 1, ci_level)
    adjusted = unit * (sums.d - sums.x[:, 1:] @ at.beta[1:])
    effects = pd.DataFrame({"effect": adjusted, "variance": unit**2 * theta[1] * sums.c}, index=sizes.index)
    return OneStage(mean, unit**2 * theta[0], unit**2 * theta[1], effects)


def _summed(table: pd.DataFrame, sizes: pd.DataFrame, w: Array, columns: list[str], by: list[str]) -> _Sums:
    cells = table.groupby(by)
    about = (table[columns] - cells[columns].transform("mean")).to_numpy(dtype=float)
    df = len(table) - cells.ngroups
    squares = (about**2).sum(axis=0)
    if (
        df <= len(columns) - 1
        or not (squares > NOTHING**2 * (table[columns].to_numpy(dtype=float) ** 2).sum(axis=0)).all()
    ):
        raise UsageError("pupils within schools and arms do not vary")
    units = np.sqrt(squares / df)
    about = about / units
    rest = about[:, -1] - about[:, :-1] @ np.linalg.lstsq(about[:, :-1], about[:, -1], rcond=None)[0]
    if not rest @ rest > NOTHING * df:
        raise UsageError("nothing that covariates do not tell is left within schools and arms")
    means = cells[columns].mean()
    gaps = [
        (means[name].unstack().loc[sizes.index, sizes.columns].to_numpy() @ w) / unit  # noqa: PD010
        for name, unit in zip(columns, units, strict=True)
    ]
    x = np.column_stack([np.ones(len(sizes)), *gaps[:-1]])
    c = (w**2 / sizes.to_numpy(dtype=float)).sum(axis=1)
    known = np.column_stack([np.zeros(len(about)), about[:, :-1]])
    if np.linalg.matrix_rank(np.vstack([known, x])) < x.shape[1]:
        raise UsageError("a covariate follows from others within schools and arms")
    return _Sums(about.T @ about, df, np.asarray(gaps[-1]), x, np.asarray(c), float(units[-1]))


@dataclass(frozen=True)
class _Fit:
    beta: Array
    covariance: Array
    deviance: float


def _at(sums: _Sums, tau2: float, residual: float) -> _Fit:
    """Generalised least squares at given variances: pupils about their cells, and schools' gaps."""
    v = tau2 + residual * sums.c
    precision = sums.x.T @ (sums.x / v[:, None])
    right = sums.x.T @ (sums.d / v)
    precision[1:, 1:] += sums.within[:-1, :-1] / residual
    right[1:] += sums.within[:-1, -1] / residual
    covariance = np.asarray(np.linalg.inv(precision))
    beta = covariance @ right
    square = sums.within[-1, -1] / residual + float(sums.d**2 @ (1 / v)) - float(right @ beta)
    deviance = sums.df * math.log(residual) + float(np.log(v).sum()) + float(np.linalg.slogdet(precision)[1]) + square
    return _Fit(beta, covariance, deviance)


def _searched(sums: _Sums) -> tuple[float, float]:
    """Return the variances at which the restricted likelihood is highest; between schools never below 0."""
    start = sums.within[-1, -1] / sums.df

    def profiled(share: float) -> tuple[float, float]:
        """Return the deviance and the residual variance that is best where tau2 is `share` of it."""
        at = _at(sums, share, 1.0)
        n = sums.df + len(sums.d) - sums.x.shape[1]
        logs = float(np.log(share + sums.c).sum() - np.linalg.slogdet(at.covariance)[1])
        residual = (at.deviance - logs) / n  # at a residual variance of 1 the rest of the deviance is the squares
        return n * math.log(residual) + logs, residual

    high = 4 * (float(np.var(sums.d)) / start + 1)
    found = optimize.minimize_scalar(lambda share: profiled(share)[0], bounds=(0, high), method="bounded",
                                     options={"xatol": 1e-12})  # fmt: skip
    better = found.x > NOTHING and profiled(float(found.x))[0] < profiled(0.0)[0]
    share = float(found.x) if better else 0.0
    residual = profiled(share)[1]
    return share * residual, residual
