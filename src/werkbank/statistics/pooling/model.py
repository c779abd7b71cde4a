"""Pooling of effects over studies: one common effect, or effects that differ, with or without moderators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import optimize, stats

from werkbank.statistics.pooling.covariance import Array, Blocks, Inverse

if TYPE_CHECKING:
    from collections.abc import Callable

Method = Literal["REML", "ML", "DL", "PM", "common"]
SMALL = 1e-12


@dataclass(frozen=True)
class Pooled:
    """A pooled model.

    Attributes
    ----------
    y, x : ndarray
        Effects (k,) and the columns of the model (k, p), the first a constant.
    blocks : Blocks
        Studies and sampling variances.
    beta, covariance : ndarray
        Coefficients and their covariance, with the variances between effects taken as known.
    between, within : float
        Variance of the studies' effects (tau squared) and of effects within studies.
    log_likelihood : float
        Restricted where the method is REML.
    """

    y: Array
    x: Array
    blocks: Blocks
    method: Method
    beta: Array
    covariance: Array
    between: float
    within: float
    log_likelihood: float

    @property
    def inverse(self) -> Inverse:
        """The inverse covariance at the estimated variances."""
        return Inverse.at(self.blocks, self.between, self.within)

    @property
    def residuals(self) -> Array:
        """Effects less what the model says."""
        return self.y - self.x @ self.beta

    @property
    def df(self) -> int:
        """Effects less coefficients."""
        return int(len(self.y) - self.x.shape[1])


@dataclass(frozen=True)
class _At:
    """Generalised least squares at given variances."""

    beta: Array
    covariance: Array
    weighted: Array
    log_likelihood: float
    score: Array


def _gls(y: Array, x: Array, inverse: Inverse, *, restricted: bool) -> _At:
    wx = inverse.times(x)
    information = x.T @ wx
    covariance: Array = np.asarray(np.linalg.inv(information), dtype=np.float64)
    beta = covariance @ (wx.T @ y)
    weighted: Array = inverse.times((y - x @ beta)[:, None])[:, 0]
    quadratic = float((y - x @ beta) @ weighted)
    k, p = x.shape
    twice = inverse.log_determinant + quadratic + (k - p if restricted else k) * np.log(2 * np.pi)
    if restricted:
        # the constant that makes it the likelihood of error contrasts, as R's metafor has it
        twice += np.linalg.slogdet(information)[1] - np.linalg.slogdet(x.T @ x)[1]
    traces = np.array(inverse.traces())
    if restricted:
        by_study = inverse.blocks.sums(wx)
        traces -= [np.trace(covariance @ (by_study.T @ by_study)), np.trace(covariance @ (wx.T @ wx))]
    squares = np.array([(inverse.blocks.sums(weighted) ** 2).sum(), (weighted**2).sum()])
    return _At(beta, covariance, weighted, -0.5 * twice, 0.5 * (squares - traces))


def _likelihood(y: Array, x: Array, blocks: Blocks, *, restricted: bool, levels: int) -> tuple[float, float]:
    """Return the variances at which the likelihood is highest, never below 0."""
    scale = max(float(np.var(y)), float(blocks.v.mean()))

    def lower(shares: Array) -> tuple[float, Array]:
        at = _gls(y, x, _inverse(blocks, shares * scale), restricted=restricted)
        return -at.log_likelihood, -at.score[:levels] * scale

    tight = {"ftol": 1e-15, "gtol": 1e-10, "maxiter": 500}
    found = [
        optimize.minimize(
            lower, np.full(levels, start), jac=True, method="L-BFGS-B", bounds=[(0, None)] * levels, options=tight
        )
        for start in (0.05, 0.5)
    ]
    shares = _polished(lower, np.asarray(min(found, key=lambda one: float(one.fun)).x))
    between, within = [*(shares * scale), 0.0][:2]
    return float(between), float(within)


def _inverse(blocks: Blocks, variances: Array) -> Inverse:
    between, within = [*variances, 0.0][:2]
    return Inverse.at(blocks, float(between), float(within))


def _polished(lower: Callable[[Array], tuple[float, Array]], shares: Array) -> Array:
    """Solve the score equations of the variances that are above 0, from where the search ended."""
    free = shares > SMALL
    if not free.any():
        return np.where(free, shares, 0.0)

    def score(values: Array) -> Array:
        whole = np.zeros_like(shares)
        whole[free] = np.abs(values)
        return np.asarray(lower(whole)[1][free])

    solved = optimize.root(score, shares[free], tol=1e-13)
    out = np.zeros_like(shares)
    better = solved.success and np.all(solved.x > 0)
    out[free] = solved.x if better else shares[free]
    return out


def _moments(y: Array, x: Array, blocks: Blocks) -> float:
    """Return tau squared after DerSimonian and Laird (1986), with moderators as Raudenbush (2009)."""
    at = _gls(y, x, Inverse.at(blocks, 0.0, 0.0), restricted=False)
    q = float((y - x @ at.beta) ** 2 @ (1 / blocks.v))
    wx = x / blocks.v[:, None]
    trace = float((1 / blocks.v).sum() - np.trace(at.covariance @ (wx.T @ wx)))
    return max(0.0, float(q - (len(y) - x.shape[1])) / trace)


def generalised_q(y: Array, x: Array, v: Array, tau2: float) -> float:
    """Return the weighted sum of squared residuals at `tau2`: chi-squared with k - p df at the true one."""
    w = 1 / (v + tau2)
    beta = np.linalg.solve(x.T @ (w[:, None] * x), x.T @ (w * y))
    return float(w @ (y - x @ beta) ** 2)


def solve_q(y: Array, x: Array, v: Array, target: float) -> float:
    """Return the tau squared (0 or more) at which `generalised_q` is `target`."""
    if generalised_q(y, x, v, 0.0) <= target:
        return 0.0
    high = max(float(np.var(y)), float(v.mean()))
    while generalised_q(y, x, v, high) > target:
        high *= 4
    return float(optimize.brentq(lambda t: generalised_q(y, x, v, t) - target, 0.0, high, xtol=1e-15, rtol=1e-13))


def pool(
    effects: Array,
    variances: Array,
    *,
    studies: Array | None = None,
    moderators: Array | None = None,
    method: Method = "REML",
    rho: float = 0.0,
) -> Pooled:
    """Pool effects over studies.

    What is estimated: the mean of the studies' true effects (with `method="common"` the one effect that all are taken
    to share), or with moderators the coefficients of a regression of true effects on them. Without `studies` each
    effect is a study of its own; with it, effects lie in studies (three levels), and `rho` says how far their sampling
    errors correlate (correlated effects, Pustejovsky and Tipton 2022).

    Parameters
    ----------
    effects, variances : array_like, shape (k,)
        Effects on one scale and their sampling variances (above 0). No missing values.
    studies : array_like, shape (k,), optional
        The study of each effect. Gives a variance within studies besides the one between.
    moderators : array_like, shape (k, q), optional
        Columns besides the constant.
    method : {"REML", "ML", "DL", "PM", "common"}
        DL and PM (DerSimonian-Laird; Paule-Mandel) exist where each effect is its own study.
    rho : float
        0 <= rho < 1; needs `studies`.

    Returns
    -------
    Pooled

    Raises
    ------
    ValueError
        Fewer effects than coefficients and one, a variance that is not above 0, a missing value, moderators that say
        the same twice, or a method that the levels do not allow.

    Notes
    -----
    Variances maximise the (restricted) likelihood, solved to machine precision: two of the libraries that were tried
    stop at 1e-5, which moves tau squared by 4e-4 of itself. Source: Viechtbauer (2005), J. Educ. Behav. Stat. 30,
    261-293; Konstantopoulos (2011), Res. Synth. Methods 2, 61-76. Checked against R's metafor 3.8-1 and the package
    pimeta. Not for two effects on different scales, and not for one study.

    Examples
    --------
    >>> import numpy as np
    >>> fit = pool(np.array([0.1, 0.4, 0.3]), np.array([0.02, 0.03, 0.02]), method="DL")
    >>> round(float(fit.beta[0]), 3)
    0.255
    """
    y, v = np.asarray(effects, dtype=float), np.asarray(variances, dtype=float)
    columns = [] if moderators is None else [np.asarray(moderators, dtype=float).reshape(len(y), -1)]
    x = np.column_stack([np.ones(len(y)), *columns])
    _refuse(y, v, x, nested=studies is not None, method=method, rho=rho)
    code = np.arange(len(y)) if studies is None else np.unique(np.asarray(studies), return_inverse=True)[1]
    blocks = Blocks(np.asarray(code, dtype=np.intp), v, rho)
    between, within = _variances(y, x, blocks, method, nested=studies is not None)
    at = _gls(y, x, Inverse.at(blocks, between, within), restricted=method == "REML")
    return Pooled(y, x, blocks, method, at.beta, at.covariance, between, within, at.log_likelihood)


def _variances(y: Array, x: Array, blocks: Blocks, method: Method, *, nested: bool) -> tuple[float, float]:
    if method == "common":
        return 0.0, 0.0
    if method == "DL":
        return _moments(y, x, blocks), 0.0
    if method == "PM":
        return solve_q(y, x, blocks.v, len(y) - x.shape[1]), 0.0
    return _likelihood(y, x, blocks, restricted=method == "REML", levels=1 + nested)


def _refuse(y: Array, v: Array, x: Array, *, nested: bool, method: Method, rho: float) -> None:
    k, p = x.shape
    if not (np.isfinite(y).all() and np.isfinite(v).all() and np.isfinite(x).all()):
        raise ValueError("an effect, a variance or a moderator is missing")
    if (v <= 0).any():
        raise ValueError("a sampling variance is not above 0")
    if k <= p:
        raise ValueError(f"{k} effects cannot carry {p} coefficients and a variance")
    if np.linalg.matrix_rank(x) < p:
        raise ValueError("two moderators say the same")
    if nested and method in {"DL", "PM"}:
        raise ValueError(f"{method} knows no levels: leave out studies, or take REML")
    if not 0 <= rho < 1 or (rho and not nested):
        raise ValueError("rho lies from 0 to below 1 and needs studies")


@dataclass(frozen=True)
class Coefficients:
    """Coefficients with what can be said of them: standard errors, df, tests and intervals (arrays of length p)."""

    estimate: Array
    se: Array
    df: Array
    statistic: Array
    p: Array
    low: Array
    high: Array


@dataclass(frozen=True)
class Jointly:
    """A test that several coefficients are 0: F (or chi-squared, where `df_rest` is infinite) with its df and p."""

    statistic: float
    df: int
    df_rest: float
    p: float


def jointly(fit: Pooled, which: list[int], *, knapp_hartung_factor: float | None = None) -> Jointly:
    """Test that the coefficients `which` are all 0: metafor's QM, or with a Knapp-Hartung factor its F."""
    b, v = fit.beta[which], fit.covariance[np.ix_(which, which)]
    wald_statistic = float(b @ np.linalg.solve(v, b))
    if knapp_hartung_factor is None:
        return Jointly(wald_statistic, len(which), np.inf, float(stats.chi2.sf(wald_statistic, len(which))))
    f = wald_statistic / knapp_hartung_factor / len(which)
    return Jointly(f, len(which), fit.df, float(stats.f.sf(f, len(which), fit.df)))


def coefficients(estimate: Array, se: Array, df: Array, *, ci_level: float = 0.95) -> Coefficients:
    """Return tests against 0 and intervals; an infinite df is the normal distribution."""
    t = estimate / se
    reach = stats.t.ppf((1 + ci_level) / 2, df) * se
    return Coefficients(estimate, se, df, t, 2 * stats.t.sf(np.abs(t), df), estimate - reach, estimate + reach)


def residual_factor(fit: Pooled, *, never_narrower: bool = True) -> float:
    """Return what is left of the weighted squares per df: by it Knapp and Hartung multiply the covariance."""
    weighted = fit.inverse.times(fit.residuals[:, None])[:, 0]
    factor = float(fit.residuals @ weighted) / fit.df
    return max(1.0, factor) if never_narrower else factor


def knapp_hartung(fit: Pooled, *, ci_level: float = 0.95, never_narrower: bool = True) -> Coefficients:
    """Return coefficients with standard errors after Knapp and Hartung (2003) and t on k - p df.

    The covariance is multiplied by what is left of the weighted squares per df. With `never_narrower` (the default) a
    factor below 1 is taken as 1: few alike studies are no reason to be surer than the model is (IQWiG's rule).
    """
    se = np.sqrt(np.diag(fit.covariance) * residual_factor(fit, never_narrower=never_narrower))
    return coefficients(fit.beta, se, np.full(len(se), float(fit.df)), ci_level=ci_level)


def wald(fit: Pooled, *, ci_level: float = 0.95, on_t: bool = False) -> Coefficients:
    """Return coefficients with the model's standard errors, normal or (`on_t`) on k - p df. Few studies: too sure."""
    df = float(fit.df) if on_t else np.inf
    return coefficients(fit.beta, np.sqrt(np.diag(fit.covariance)), np.full(len(fit.beta), df), ci_level=ci_level)
