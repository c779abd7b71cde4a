"""Effect sizes, each under its own name and with its standardiser: never just "d".

Signs are post minus pre and treatment minus control. Every function takes means and SDs, so that published tables and
own data go through the same formula. Missing values are dealt with before: what comes in was used.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from werkbank.errors import UsageError
from werkbank.statistics.noncentral import noncentrality_ci
from werkbank.statistics.quantity import Quantity, large_sample_interval, not_computed

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = NDArray[np.float64]


def sd(values: ArrayLike, magnitude: float | None = None) -> float:
    """Sample SD (n - 1); exactly 0 where only rounding noise of `magnitude` is left, NaN below two values."""
    x = np.asarray(values, dtype=float)
    if x.size < 2:
        return math.nan
    s = float(np.std(x, ddof=1))
    return 0.0 if s <= 1e-12 * (magnitude or float(np.max(np.abs(x)))) else s


@dataclass(frozen=True)
class Sample:
    """n, mean and SD of one group."""

    n: int
    mean: float
    sd: float

    @classmethod
    def of(cls, values: ArrayLike) -> Sample:
        """Summarise one group's values (no missing ones)."""
        x = np.asarray(values, dtype=float)
        return cls(x.size, float(np.mean(x)) if x.size else math.nan, sd(x))


@dataclass(frozen=True)
class Paired:
    """n, means and SDs before and after of one group, and the SD of its changes."""

    n: int
    mean_pre: float
    mean_post: float
    sd_pre: float
    sd_post: float
    sd_change: float

    @classmethod
    def of(cls, pre: ArrayLike, post: ArrayLike) -> Paired:
        """Summarise pairs: `pre` and `post` in the same order of pupils, no missing ones."""
        x, y = np.asarray(pre, dtype=float), np.asarray(post, dtype=float)
        if not x.size:
            return cls(0, *[math.nan] * 5)
        # equal changes of 0.1 differ in the last bit: noise is judged by the size of the scores
        magnitude = float(np.max(np.abs([x, y])))
        return cls(x.size, float(np.mean(x)), float(np.mean(y)), sd(x), sd(y), sd(y - x, magnitude))

    @classmethod
    def published(cls, n: int, mean: tuple[float, float], sds: tuple[float, float], r: float) -> Paired:
        """Summarise from a published table: (pre, post) means and SDs, and the pre-post correlation (-1 to 1)."""
        if not -1 <= r <= 1:
            raise UsageError(f"a correlation of {r:g} cannot be: it lies between -1 and 1")
        return cls(n, *mean, *sds, math.sqrt(sds[0] ** 2 + sds[1] ** 2 - 2 * r * sds[0] * sds[1]))

    @property
    def change(self) -> float:
        """Mean change, post minus pre."""
        return self.mean_post - self.mean_pre

    @property
    def covariance(self) -> float:
        """Covariance of pre and post."""
        return (self.sd_pre**2 + self.sd_post**2 - self.sd_change**2) / 2

    @property
    def r(self) -> float:
        """Correlation of pre and post; NaN when one of them does not vary."""
        product = self.sd_pre * self.sd_post
        return max(-1.0, min(1.0, self.covariance / product)) if product > 0 else math.nan


def small_sample_factor(df: float) -> float:
    """Exact bias correction J(df) = Γ(df/2) / (√(df/2)·Γ((df-1)/2)) of Hedges (1981); NaN for df ≤ 1.

    Checked against R's lgamma (J tables of the shared oracles).
    """
    if df <= 1:
        return math.nan
    return math.exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2)) / math.sqrt(df / 2)


def d_z(group: Paired, level: float = 0.95) -> Quantity:
    """Change in SDs of the change: Δ / SD(post - pre), with the exact noncentral-t interval.

    Not comparable with a d between groups: at r = .8 it is 1.58 times as large. Source: Cohen (1988), who calls it
    d_z; uncorrected for small samples (`smcc` is the corrected form). Checked against R and effsize#49.
    """
    return _of_change(group, 1 / group.sd_change if group.sd_change > 0 else math.nan, "sd_change", level)


def smcc(group: Paired, level: float = 0.95) -> Quantity:
    """Standardised mean change, change-score SD: J(n-1)·d_z; interval J times that of d_z; SE √(1/n + d²/2n).

    Source: Gibbons, Hedeker & Davis (1993); metafor's SMCC. Checked against metafor 3.8.
    """
    exact = d_z(group, level)
    if exact.note or group.n < 3:
        return exact if exact.note else not_computed("too_few_scores")
    j = small_sample_factor(group.n - 1)
    value = j * exact.value
    low, high = (j * (x or 0.0) for x in (exact.ci_low, exact.ci_high))
    se = math.sqrt(1 / group.n + value**2 / (2 * group.n))
    return Quantity(value, se, ci_low=low, ci_high=high, standardiser="sd_change")


def d_av(group: Paired, level: float = 0.95) -> Quantity:
    """Change in SDs of pre and post averaged: Δ / √((s₁² + s₂²)/2); interval of Algina & Keselman (2003).

    Their interval rescales the noncentral-t limits of d_z, so it excludes 0 exactly when the paired test does.
    Uncorrected for small samples. Checked against R (`d_av_rootmeanvar`) and effsize#49.
    """
    mean_variance = (group.sd_pre**2 + group.sd_post**2) / 2
    return _of_change(group, 1 / math.sqrt(mean_variance) if mean_variance > 0 else math.nan, "sd_mean_pre_post", level)


def d_rm(group: Paired, level: float = 0.95) -> Quantity:
    """Change corrected for the correlation: d_z·√(2(1-r)); limits of d_z rescaled in the same way.

    Source: Morris & DeShon (2002), eq. 8. Uncorrected for small samples. Checked against R and effsize#49.
    """
    # at r = 1 it would call any change zero
    factor = math.sqrt(2 * (1 - group.r)) / group.sd_change if group.sd_change > 0 and group.r < 1 - 1e-9 else math.nan
    return _of_change(group, factor, "sd_change_by_r", level)


def _of_change(group: Paired, per_unit: float, standardiser: str, level: float) -> Quantity:
    if group.n < 2:
        return not_computed("too_few_scores")
    if not (math.isfinite(per_unit) and group.sd_change > 0):
        return not_computed("no_variation")
    to_t = math.sqrt(group.n) / group.sd_change
    low, high = (x / to_t * per_unit for x in noncentrality_ci(group.change * to_t, group.n - 1, level))
    return Quantity(group.change * per_unit, ci_low=low, ci_high=high, standardiser=standardiser)


def smcr(group: Paired, level: float = 0.95) -> Quantity:
    """Standardised mean change, pre-test SD: J(n-1)·Δ / s_pre; variance 2(1-r)/n + d²/2n, normal interval.

    The one-group size that compares with a difference between groups. Source: Becker (1988); metafor's SMCR.
    Large-sample interval: it may disagree with the paired test when n is small. Checked against metafor 3.8.
    """
    if group.n < 3:  # the correction for small samples needs two degrees of freedom
        return not_computed("too_few_scores")
    if not group.sd_pre > 0:
        return not_computed("no_variation")
    value = small_sample_factor(group.n - 1) * group.change / group.sd_pre
    r = 0.0 if math.isnan(group.r) else group.r
    variance = 2 * (1 - r) / group.n + value**2 / (2 * group.n)
    return large_sample_interval(value, variance, "sd_pre", level=level)


def pooled_sd(groups: Sequence[Sample]) -> float:
    """SD within groups: √(Σ(n-1)s² / Σ(n-1)); NaN without degrees of freedom."""
    df = sum(g.n - 1 for g in groups)
    return math.sqrt(sum((g.n - 1) * g.sd**2 for g in groups if g.n > 1) / df) if df > 0 else math.nan


def hedges_g(
    groups: Sequence[Sample], weights: Sequence[float] = (1, -1), *, limits: bool = True, level: float = 0.95
) -> Quantity:
    """Hedges' g of a contrast of independent groups: J(df)·Σw·M / S_p, with the exact noncentral-t interval.

    Parameters
    ----------
    groups : sequence of Sample
        Treatment first, control last, for the usual two.
    weights : sequence of float
        One per group, positive ones adding up to 1 and negative ones to -1.
    limits : bool
        Whether to compute the interval, which takes nearly all of the time.

    Returns
    -------
    Quantity
        df = N - groups; statistic and p are Student's t test, with which the interval always agrees. NaN with a note
        when the groups do not vary. Not for groups that were assigned as classes.

    Notes
    -----
    Source: Hedges (1981); limits J times those of d (Goulet-Pelletier & Cousineau 2018). Checked against R
    (oracles ``post/g``, ``g_ci_*_ncp``) and effectsize 0.8.3.
    """
    s, df = pooled_sd(groups), sum(g.n for g in groups) - len(groups)
    if df < 2 or min(g.n for g in groups) < 1:
        return not_computed("too_few_scores")
    if not s > 0:
        return not_computed("no_variation")
    d = sum(w * g.mean for w, g in zip(weights, groups, strict=True)) / s
    per_t = math.sqrt(sum(w * w / g.n for w, g in zip(weights, groups, strict=True)))
    j, t = small_sample_factor(df), d / per_t
    low, high = (j * per_t * x for x in noncentrality_ci(t, df, level)) if limits else (None, None)
    return Quantity(j * d, None, df, t, float(2 * stats.t.sf(abs(t), df)), low, high, "sd_post_pooled")


def d_ppc2(
    groups: Sequence[Paired],
    weights: Sequence[float] = (1, -1),
    rho: float | None = None,
    *,
    level: float = 0.95,
) -> Quantity:
    """Difference in change in SDs of the pre-test, pooled over groups: c_P·Σw·Δ / S_pre (Morris 2008, eq. 8).

    Variance by his eq. 25 with the pooled *within-group* pre-post correlation:
    2c²(1-ρ)k·(df/(df-2))·(1 + d²/(2(1-ρ)k)) - d², k = Σw²/n, df = N - groups, c = 1 - 3/(4df - 1); normal interval,
    so it may disagree with the gain test near p = .05.
    `rho` is for a table that gives one for both groups. NaN with a note when the pre-test does not vary or df ≤ 2.
    Checked against R (oracles ``morris/d_ppc2``) and Morris' Table 5, which differs by its exact J in place of c.
    """
    df = sum(g.n - 1 for g in groups)
    s = pooled_sd([Sample(g.n, g.mean_pre, g.sd_pre) for g in groups])
    if df <= 2:
        return not_computed("too_few_scores")
    if not s > 0:
        return not_computed("no_variation")
    c = 1 - 3 / (4 * df - 1)
    value = c * sum(w * g.change for w, g in zip(weights, groups, strict=True)) / s
    rho = pooled_r(groups) if rho is None else rho
    if not -1 <= rho <= 1:
        raise UsageError(f"a correlation of {rho:g} cannot be: it lies between -1 and 1")
    rest = 2 * (1 - rho) * sum(w * w / g.n for w, g in zip(weights, groups, strict=True))
    if not rest > 0:
        return Quantity(value, standardiser="sd_pre_pooled", note="no_variance")
    variance = c**2 * df / (df - 2) * (rest + value**2) - value**2
    return large_sample_interval(value, variance, "sd_pre_pooled", level=level)


def pooled_r(groups: Sequence[Paired]) -> float:
    """Pre-post correlation within groups: pooled covariance over the product of the pooled SDs; 0 without variation."""
    weights = [g.n - 1 for g in groups]
    products = [
        (w * g.covariance, w * g.sd_pre**2, w * g.sd_post**2) for w, g in zip(weights, groups, strict=True) if w
    ]
    cov, pre, post = (sum(column) for column in zip(*products, strict=True))
    return max(-1.0, min(1.0, float(cov / math.sqrt(pre * post)))) if pre * post > 0 else 0.0
