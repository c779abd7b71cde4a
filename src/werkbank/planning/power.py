"""Power and smallest detectable effect of the headline rule, from its own standard error and degrees of freedom.

What is estimated: the chance that the lead of a design (`werkbank.effects.leading`) gives p < alpha where the true
difference is `effect` standard deviations of pupils. Normal scores, equal spread in the arms, loss at random.

Where the rule's df follow from the design alone (equal numbers) this is the noncentral t distribution; where they also
follow from the spreads that will be found (unequal numbers: the smaller of Bell-McCaffrey and Welch), the mean over
those, by a fixed set of quasi-random points. The score before is random, too: the mean over draws of it, from a seed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize, special
from scipy.stats import qmc

from werkbank.statistics.blocks import lead_in_blocks
from werkbank.statistics.hc2 import contrast, robust_means, welch_df
from werkbank.statistics.noncentral import noncentral_t_cdf
from werkbank.statistics.unit_means import adjust, balanced, contrast_row, refused
from werkbank.statistics.units import Units

if TYPE_CHECKING:
    from werkbank.planning.prospect import Prospect
    from werkbank.statistics.blocks import Kind
    from werkbank.statistics.hc2 import Floats
    from werkbank.statistics.unit_means import Adjusted

# draws of the score before: DRAWS/n², for with few units some of them tell most (with 40,000 the interval was 3 % too
# wide at six units); and 2^POINTS points
DRAWS, FEWEST, POINTS = 400_000, 128, 12


@dataclass(frozen=True)
class Shape:
    """What the test of a comparison will look like.

    `sigma2` is the variance of a unit's (adjusted) mean; `scale` (D,) the variance of the difference in units of it, in
    D draws of the covariates; `parts` (D, A) what each arm adds to that; `df` (D,) Bell-McCaffrey's; `free` (A,) the df
    of the arms' own variances where Welch's df count as well, else None. `refusal` says why there will be no test.
    """

    sigma2: float
    scale: Floats
    parts: Floats
    df: Floats
    free: Floats | None
    refusal: str = ""


@lru_cache(maxsize=512)
def _shape(prospect: _Key) -> Shape:
    return _of(prospect.of)


@dataclass(frozen=True)
class _Key:
    """A prospect as something that can be remembered: equal by what it says."""

    said: str
    of: Prospect

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.said == other.said

    def __hash__(self) -> int:
        return hash(self.said)


def shape(prospect: Prospect) -> Shape:
    """Return what the test of a comparison will look like; remembered."""
    return _shape(_Key(repr(prospect), prospect))


def power(prospect: Prospect, effect: float) -> float:
    """Return the chance of p < alpha when the true difference is `effect` SDs of pupils; NaN without a test.

    Notes
    -----
    Two-sided. Checked against R's ``power.t.test(strict = TRUE)`` and the two-level formula for clusters (noncentral t
    with J - 2 df; Bloom 1995, Dong & Maynard 2013), and against simulation through the lead.
    """
    found = shape(prospect)
    if found.refusal:
        return math.nan
    se = np.sqrt(found.sigma2 * found.scale)
    if found.free is None:
        return float(np.mean(_noncentral(effect / se, found.df, prospect.alpha)))
    se_found, critical, se = _found_spreads(found, prospect.alpha)
    reach = critical * se_found
    return float(np.mean(special.ndtr((effect - reach) / se) + special.ndtr((-effect - reach) / se)))


def detectable(prospect: Prospect, aim: float = 0.80) -> float:
    """Return the smallest true difference, in SDs of pupils, that will give p < alpha with chance `aim`; NaN if none.

    The effect at which `power` is `aim`. Where df are few it is not quite Bloom's rule (`bloom_detectable`), which puts
    the t distribution where the noncentral one belongs.
    """
    if shape(prospect).refusal:
        return math.nan
    top = 1.0
    while power(prospect, top) < aim and top < 64:
        top *= 2
    return float(optimize.brentq(lambda d: power(prospect, d) - aim, 0.0, top, xtol=1e-9)) if top < 64 else math.nan


def bloom_detectable(prospect: Prospect, aim: float = 0.80) -> float:
    """Return the published rule: (t[1 - alpha/2] + t[aim])·SE, the SE and df those of this design.

    Bloom (1995); Dong & Maynard (2013). Without covariates and with equal numbers of clusters this is
    M·√(4(ρ + (1 - ρ)/n)/J) on J - 2 df.
    """
    found = shape(prospect)
    if found.refusal:
        return math.nan
    se, df = math.sqrt(found.sigma2 * float(found.scale.mean())), float(found.df.mean())
    return float(special.stdtrit(df, 1 - prospect.alpha / 2) + special.stdtrit(df, aim)) * se


def half_width(prospect: Prospect, level: float = 0.95) -> float:
    """Return how far the interval of the answer is expected to reach to each side, in SDs of pupils.

    t·E(SE), with E(SE) = SE·√(2/df)·Γ((df + 1)/2)/Γ(df/2) where df follow from the design. Kelley & Rausch (2006).
    """
    found = shape(prospect)
    if found.refusal:
        return math.nan
    tail = (1 + level) / 2
    if found.free is not None:
        se_found, critical, _ = _found_spreads(found, 1 - level)
        return float(np.mean(critical * se_found))
    expected = np.sqrt(2 / found.df) * np.exp(special.gammaln((found.df + 1) / 2) - special.gammaln(found.df / 2))
    return float(np.mean(special.stdtrit(found.df, tail) * expected * np.sqrt(found.sigma2 * found.scale)))


def _noncentral(ncp: Floats, df: Floats, alpha: float) -> Floats:
    t = special.stdtrit(df, 1 - alpha / 2)
    found = np.asarray(special.nctdtr(df, ncp, -t) + 1 - special.nctdtr(df, ncp, t))
    for i in np.flatnonzero(~np.isfinite(found)):  # where scipy has no value
        found[i] = noncentral_t_cdf(-t[i], df[i], ncp[i]) + 1 - noncentral_t_cdf(t[i], df[i], ncp[i])
    return found


def _found_spreads(found: Shape, alpha: float) -> tuple[Floats, Floats, Floats]:
    """Return SEs that may be found, their critical values, and the true SEs beside them, at quasi-random points."""
    assert found.free is not None  # noqa: S101 - seen by the caller
    used = found.parts.max(axis=0) > 0
    points = qmc.Sobol(int(used.sum()) + 1, scramble=True, rng=1).random_base2(POINTS)
    draw = np.minimum((points[:, 0] * len(found.df)).astype(int), len(found.df) - 1)
    free = found.free[used]
    ratios = 2 * special.gammaincinv(free / 2, np.clip(points[:, 1:], 1e-12, 1 - 1e-12)) / free
    parts = found.sigma2 * found.parts[draw][:, used] * ratios
    df = np.fmin(found.df[draw], welch_df(parts, free))
    se = np.sqrt(found.sigma2 * found.scale[draw])
    return np.sqrt(parts.sum(axis=1)), special.stdtrit(df, 1 - alpha / 2), se


def _of(p: Prospect) -> Shape:
    if p.single:
        return _of_single(p)
    if p.design == "blocks":
        kind: Kind = "pairs" if max(p.counts) == p.blocks else "strata"
        equal = len({n % p.blocks for n in p.counts} | {0}) == 1 and len(set(p.counts)) == 1
        if lead_in_blocks(kind, p.blocks, equal=equal) == "block_differences":
            return _of_block_differences(p)
    return _of_least_squares(p)


def _of_single(p: Prospect) -> Shape:
    """The mean change of units: Student's t on n - 1."""
    r_in, r_out = p.slopes[0] if p.r is not None else (0.0, 0.0)
    n = p.units[""]
    if p.r is None or n < 2:
        return _none("too_few_single" if n < 2 else "never_twice")
    within = 2 * (1 - p.icc) * (1 - r_in) * p.inverse_size if p.level != "pupil" else 2 * (1 - r_in)
    sigma2 = within + (2 * p.icc * (1 - r_out) if p.level != "pupil" else 0.0)
    return Shape(sigma2, np.array([1 / n]), np.ones((1, 1)), np.array([n - 1.0]), None)


def unit_variance(p: Prospect) -> float:
    """Return the variance of a unit's mean after what the lead adjusts for, in squared SDs of pupils.

    Let ρ be the ICC, h the mean of 1/n, and each covariate have the same ICC as the score. Left between units:
    ρ(1 - Σ b²), within: (1 - ρ)(1 - Σ w²)h. A covariate with its slope w among pupils leaves ρ(b - w)² between units;
    one with the slope between unit means leaves what that does not explain of ρb² + (1 - ρ)hw².
    """
    if p.level == "pupil":  # schools, where there are any, are columns of the model
        return (1 - p.icc * bool(p.blocks)) * (1 - sum(w * w for w, _ in p.slopes))
    rho, h = p.icc, p.inverse_size
    left = rho * (1 - sum(b * b for _, b in p.slopes)) + (1 - rho) * h * (1 - sum(w * w for w, _ in p.slopes))
    for i, (w, b) in enumerate(p.slopes):
        is_pre = i == 0 and p.r is not None
        whole = rho * b * b + (1 - rho) * h * w * w
        if p.choice.slope is None:
            left += whole
        elif p.choice.slope == "within" or not is_pre:
            left += rho * (b - w) ** 2
        else:
            left += whole - (rho * b + (1 - rho) * h * w) ** 2 / (rho + (1 - rho) * h)
    return left


def _between(p: Prospect) -> int:
    """Return how many covariates have a slope between the rows that are analysed, which costs df."""
    if p.level == "pupil":
        return len(p.slopes)
    return int(p.choice.slope == "between" and p.r is not None)


def _of_least_squares(p: Prospect) -> Shape:
    """Least squares of the units on arms, blocks and covariates: HC2, as `unit_means.compare` has it."""
    q, n = _between(p), sum(p.units.values())
    one, row = _fitted(p, q, 1)
    if refusal := refused(one, row):
        return _none(refusal)
    adjusted = _fitted(p, q, max(FEWEST, DRAWS // n**2))[0] if q else one
    fit = adjusted.fit
    direction = np.linalg.solve(np.swapaxes(fit.R, -1, -2), np.broadcast_to(row, fit.b.shape)[..., None])
    squared = np.einsum("...jp,...p->...j", fit.Q, direction[..., 0]) ** 2
    parts = squared @ np.eye(len(p.units))[fit.arm]
    free = None if balanced(adjusted, row) else fit.free
    return Shape(unit_variance(p), parts.sum(axis=-1), parts, contrast(fit, row).df_bm, free)


def _fitted(p: Prospect, q: int, studies: int) -> tuple[Adjusted, Floats]:
    """Return the lead's least squares with `q` covariates, of studies side by side, and the weights of the contrast."""
    (arm, names), n = p.arms(), sum(p.units.values())
    rng = np.random.default_rng(20261201)
    x = rng.normal(size=(studies, n, q))
    named = tuple(f"x{i}" for i in range(q))
    ones = np.ones((studies, n))
    inside = np.zeros((studies, q, q)) if p.level == "pupil" else np.broadcast_to(np.eye(q), (studies, q, q))
    units = Units(tuple(map(str, range(n))), tuple(names), arm, ones, rng.normal(size=(studies, n)), x, named,
                  bool(q), q, inside, np.zeros((studies, q)))  # fmt: skip
    columns = (p.block_of()[:, None] == np.arange(1, p.blocks)).astype(float) if p.blocks else None
    choice = p.choice if q or p.choice.reason == "not_drawn_too_few_units" else None
    adjusted = adjust(units, choice, columns=columns, units_per_covariate=0)
    return adjusted, contrast_row(adjusted, p.weights)


def _of_block_differences(p: Prospect) -> Shape:
    """The mean of the blocks' differences: Student's t, a df for a slope of differences on differences."""
    names, block = sorted(p.units), p.block_of()
    arm, _ = p.arms()
    each = sum(
        w * w / np.array([((arm == names.index(a)) & (block == s)).sum() for s in range(p.blocks)])
        for a, w in p.weights.items()
        if w
    )
    q = _between(p)
    if p.blocks < 2 + q or (q and p.blocks < 4):
        return _none("too_few_for_slope" if q else "no_degrees_of_freedom")
    x = (
        np.random.default_rng(20261202).normal(size=(max(FEWEST, DRAWS // p.blocks**2) if q else 1, p.blocks, q))
        * np.sqrt(each)[:, None]
    )
    X = np.concatenate([np.ones((*x.shape[:-1], 1)), x], axis=-1)
    fit = robust_means(np.zeros(X.shape[:-1]), X, np.zeros(p.blocks, dtype=np.intp))
    first = np.broadcast_to(np.eye(1 + q)[0], fit.b.shape)[..., None]
    scale = (np.linalg.solve(np.swapaxes(fit.R, -1, -2), first)[..., 0] ** 2).sum(axis=-1) * float(np.mean(each))
    df = np.full(len(scale), p.blocks - 1.0 - q)
    return Shape(unit_variance(p), scale, scale[:, None], df, None)


def _none(refusal: str) -> Shape:
    nothing = np.array([math.nan])
    return Shape(math.nan, nothing, nothing[:, None], nothing, None, refusal)
