"""Outcomes of 0 and 1, and counts: differences and ratios of unit means, and a generalised model beside them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from scipy import special

from werkbank.errors import UsageError
from werkbank.statistics.class_crossproducts import cross_contrast, cross_fit
from werkbank.statistics.hc2 import RobustContrast, contrast
from werkbank.statistics.quantity import Quantity, not_computed, t_test
from werkbank.statistics.unit_means import Comparison, compare, contrast_row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

    from werkbank.statistics.hc2 import Floats
    from werkbank.statistics.unit_means import Adjusted

Scale = Literal["log", "logit"]
Family = Literal["binomial", "poisson"]
MOST_STEPS, RARE, ALPHA = 100, 0.2, 0.05


@dataclass(frozen=True)
class Ratio:
    """A ratio of two arms' means (of rates or shares) or of their odds.

    `log` is the test on the log scale; `ratio` the same on the ratio's own scale: value, interval, df, t, p, no SE.
    """

    log: Quantity
    ratio: Quantity


@dataclass(frozen=True)
class Rates:
    """Difference by the headline rule, ratio of the same means and, for shares, ratio of their odds (None: counts).

    `warnings` holds ``rare``: an adjusted share is below .2 or above .8, where shares of classes are skewed; the test
    of the odds then has to agree before a difference is called clear.
    """

    difference: Comparison
    ratio: Ratio
    odds_ratio: Ratio | None
    warnings: tuple[str, ...]

    @property
    def unsure(self) -> bool:
        """Whether the difference excludes 0 while shares are rare and the odds, whose test holds there, do not.

        Odds that cannot be computed (nobody, or all, in an arm) do not confirm anything either: an arm of three classes
        without a single 1 has no spread of its own. Which test counts may not hang on the outcome: the difference leads
        whatever the shares are. Where they are rare, 3 v 9 classes of which the 3 spread twice as much reject up to 9 %
        of true nulls by the difference, and at most 3 % by both (docs/calibration_designs.md, shares).
        """
        odds, p = self.odds_ratio, self.difference.test.p
        clear = p is not None and p < ALPHA
        return (
            clear
            and "rare" in self.warnings
            and odds is not None
            and not (1.0 if odds.log.p is None else odds.log.p) < ALPHA
        )


def compare_rates(adjusted: Adjusted, weights: Mapping[str, float], *, shares: bool, level: float = 0.95) -> Rates:
    """Compare shares (of 0 and 1) or mean counts of units at equal covariates.

    Parameters
    ----------
    adjusted : Adjusted
        Of units whose `y` is the share, or the mean count (per pupil, or per unit of time) in each.
    weights : mapping
        1 for one arm and -1 for the other.
    shares : bool
        Whether means lie between 0 and 1.

    Notes
    -----
    The difference is the headline rule's: it needs no distribution, only means of units. The ratio is that of the
    arms' adjusted means, its SE by the delta method: V(log ratio) = Σ v_a/m_a² (covariances included), df as for the
    difference (Armitage, Berry & Matthews 2002). It is the ratio of the means that are reported. The rule on
    logarithms of the units' own rates would test a geometric mean and has no value for a unit of rate 0, which is
    common where classes are small and the event rare; a constant that is added then decides the answer. Simulated
    (benchmarks/calibration_designs.py): with shares around .1 and 3 v 9 classes of which the 3 vary twice as much, the
    difference rejects 9 % of true nulls, the logarithms of units 9 % (and 10 % at 12 v 12), the ratio by the delta
    method never more than 6 %. Notes:
    ``rate_of_zero`` where an adjusted mean is 0 or less (for odds also 1 or more: ``share_of_0_or_1``).
    """
    difference = compare(adjusted, weights, level=level)
    used = adjusted.means[[adjusted.units.arms.index(name) for name, w in weights.items() if w != 0]]
    rare = shares and bool((np.minimum(used, 1 - used) < RARE).any())
    return Rates(
        difference,
        mean_ratio(adjusted, weights, "log", level=level),
        mean_ratio(adjusted, weights, "logit", level=level) if shares else None,
        ("rare",) if rare else (),
    )


def mean_ratio(adjusted: Adjusted, weights: Mapping[str, float], scale: Scale, *, level: float = 0.95) -> Ratio:
    """Ratio of two arms' adjusted means (``log``) or of their odds (``logit``), by the delta method."""
    used = np.array([adjusted.units.arms.index(name) for name, w in weights.items() if w != 0])
    m = adjusted.means[used]
    refusal = compare(adjusted, weights, level=level).refusal
    if not refusal and (m.min() <= 0 or (scale == "logit" and m.max() >= 1)):
        refusal = "rate_of_zero" if scale == "log" else "share_of_0_or_1"
    if refusal:
        return Ratio(not_computed(refusal), not_computed(refusal))
    value, found, df = mean_ratio_many(adjusted, weights, scale)
    log = t_test(float(value), float(found.se), float(df), level)
    return Ratio(log, on_ratio_scale(log))


def mean_ratio_many(
    adjusted: Adjusted, weights: Mapping[str, float], scale: Scale
) -> tuple[Floats, RobustContrast, Floats]:
    """Return log ratio, its linearised contrast and df for all studies side by side; NaN where a mean is 0 or less."""
    row, m = contrast_row(adjusted, weights), adjusted.means
    with np.errstate(divide="ignore", invalid="ignore"):
        transformed, slope = (np.log(m), 1 / m) if scale == "log" else (special.logit(m), 1 / (m * (1 - m)))
    k = m.shape[-1]
    w = np.where(row[:k] != 0, row[:k] * slope, 0.0)
    found = contrast(adjusted.fit, np.concatenate([w, np.zeros((*w.shape[:-1], len(row) - k))], axis=-1))
    counts = np.bincount(adjusted.units.arm, minlength=k)[row[:k] != 0]
    alike = adjusted.by == "units" and len(set(counts.tolist())) == 1
    df = found.df_bm if alike else np.fmin(found.df_bm, found.df_welch)
    return np.where(row[:k] != 0, row[:k] * transformed, 0.0).sum(axis=-1), found, np.asarray(df)


def on_ratio_scale(log: Quantity) -> Quantity:
    """Return a log ratio's test with value and interval as ratios."""
    ends = [None if x is None else math.exp(x) for x in (log.ci_low, log.ci_high)]
    return replace(log, value=math.exp(log.value), se=None, ci_low=ends[0], ci_high=ends[1])


def generalised(
    rows: pd.DataFrame,
    weights: Mapping[str, float],
    family: Family,
    y: str = "post",
    *,
    covariates: Sequence[str] = ("pre",),
    unit: str = "unit",
    arm: str = "arm",
    level: float = 0.95,
) -> Ratio:
    """Odds ratio (``binomial``) or rate ratio (``poisson``) of pupils from a generalised linear model, CR2 by unit.

    Notes
    -----
    Canonical link, iterated weighted least squares; then CR2 on the last working problem, its weights the working
    model (as clubSandwich does with glm), t on the smaller of Bell-McCaffrey's and Welch's df: never z. Conditional
    on covariates, so that an odds ratio is further from 1 than that of the arms' shares (it does not collapse), and
    pupils count instead of units. Notes: ``share_of_0_or_1`` (an arm without variation), ``not_converged``,
    ``not_estimable``. Checked against statsmodels' GLM (estimate) and `multilevel.cluster_robust` (SE, df).
    """
    columns = [y, *covariates, unit, arm]
    if rows[columns].isna().any(axis=None):
        raise UsageError("missing values; drop and count those rows first")
    codes, labels = pd.factorize(rows[unit].astype(str), sort=True)
    of_arm, arms = pd.factorize(rows[arm].astype(str), sort=True)
    first = np.zeros(len(labels), dtype=np.intp)
    first[codes] = of_arm
    outcome = rows[y].to_numpy(dtype=float)
    shares = np.bincount(of_arm, outcome) / np.bincount(of_arm)
    if (shares <= 0).any() or (family == "binomial" and (shares >= 1).any()):
        return Ratio(*[not_computed("share_of_0_or_1" if family == "binomial" else "rate_of_zero")] * 2)
    if np.bincount(first).min() < 2:
        return Ratio(*[not_computed("too_few_units")] * 2)
    others = rows[list(covariates)].to_numpy(dtype=float)
    X = np.column_stack([np.eye(len(arms))[of_arm], others - others.mean(axis=0)])
    if np.linalg.matrix_rank(X) < X.shape[1]:
        return Ratio(*[not_computed("not_estimable")] * 2)
    working = working_problem(outcome, X, family)
    if working is None:
        return Ratio(*[not_computed("not_converged")] * 2)
    root, z = np.sqrt(working[0]), working[1]
    wide = np.column_stack([X, z]) * root[:, None]
    sums = np.zeros((len(labels), wide.shape[1], wide.shape[1]))
    np.add.at(sums, codes, wide[:, :, None] * wide[:, None, :])
    fit = cross_fit(sums[:, :-1, :-1], sums[:, :-1, -1], first)
    row = np.r_[[weights.get(name, 0.0) for name in arms], np.zeros(others.shape[1])]
    value, parts, df_bm, df_welch = cross_contrast(fit, row)
    se = float(np.sqrt(parts.sum()))
    if se < 1e-10:
        return Ratio(*[Quantity(v, note="no_residual_variation") for v in (float(value), math.exp(float(value)))])
    log = t_test(float(value), se, float(np.fmin(df_bm, df_welch)), level)
    return Ratio(log, on_ratio_scale(log))


def working_problem(y: ArrayLike, X: Floats, family: Family) -> tuple[Floats, Floats] | None:
    """Return weights and working outcome at the maximum of the likelihood (None: it was not found)."""
    outcome = np.asarray(y, dtype=float)
    mean = (outcome + outcome.mean()) / 2
    eta = special.logit(mean) if family == "binomial" else np.log(mean)
    for _ in range(MOST_STEPS):
        mean = special.expit(eta) if family == "binomial" else np.exp(eta)
        weight = mean * (1 - mean) if family == "binomial" else mean
        if not np.isfinite(weight).all() or weight.min() < 1e-12:
            return None
        z = eta + (outcome - mean) / weight
        XW = X.T * weight
        b = np.linalg.solve(XW @ X, XW @ z)
        found = X @ b
        if np.abs(found - eta).max() < 1e-10 * (1 + np.abs(found).max()):
            return weight, z
        eta = found
    return None
