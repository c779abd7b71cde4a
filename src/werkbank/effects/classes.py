"""Models of pupils in classes (mixed model, CR2), the change of a single group in classes, groups beside pupils."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from werkbank.effects import comparison
from werkbank.effects.companions import companions
from werkbank.effects.units import unit_means
from werkbank.statistics import multilevel
from werkbank.statistics import sizes_in_clusters as clustered
from werkbank.statistics.change import change_sizes, mean_change
from werkbank.statistics.groups import coded, indicators
from werkbank.statistics.linear import least_squares
from werkbank.statistics.quantity import Quantity, not_computed, of_contrast_test, t_test
from werkbank.statistics.sizes import sd, small_sample_factor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import ArrayLike

    from werkbank.effects.comparison import Weights
    from werkbank.effects.questions import Question
    from werkbank.results import Estimate


def change_by_unit(q: Question) -> list[Estimate]:
    """Test the change of a single group on its class means; the sizes of pupils are descriptions without interval."""
    rows = q.analysed
    means = unit_means(rows, ["pre", "post"])
    n, units = len(rows), len(means)
    change = mean_change(means["pre"], means["post"])
    s = sd(rows["pre"])
    in_sds = change.scaled(small_sample_factor(n - 1) / s, "sd_pre") if s > 0 else not_computed("no_variation")
    bare = {
        name: Quantity(size.value, standardiser=size.standardiser, note=size.note or "pupil_interval_withheld")
        for name, size in change_sizes(rows["pre"], rows["post"]).items()
    }
    return [
        q.estimate("change_unit_means", change, n, units, headline=True),
        q.estimate("smcr_unit_means", in_sds, n, units),
        *(q.estimate(name, size, n, units) for name, size in bare.items()),
        *companions(q, in_sds, change, (units,), n, units),
    ]


def compared_with_pupils(q: Question) -> list[Estimate]:
    """Compare groups with pupils on their own: `groups_difference` as the headline, and its sizes.

    Means of groups and scores of pupils do not spread alike, which class means, reassignment and the Bayes factor would
    take for granted: these are not given.
    """
    rows = q.analysed
    test = groups_difference(rows, q.weights, q.adjusting.adjusted_for)
    size = comparison.adjusted_g(test, rows, q.weights)
    found = {"cr2_groups": test, "g_cr2": size} | _one_arm_in_total_sds(q, test)
    n, units = len(rows), q.count_units()
    made = [q.estimate(name, x, n, units, headline=name == "cr2_groups") for name, x in found.items()]
    return [*made, *companions(q, size, test, (), n, units)]


def groups_difference(rows: pd.DataFrame, weights: Weights, covariates: Sequence[str] = ()) -> Quantity:
    """Difference between groups and single pupils: CR2 by `unit`, t on Welch's df, or Satterthwaite's if fewer.

    CR2's own df take it that all rows vary alike. Those of one arm do more together: the df are those of the arms'
    parts of the variance, w²V on (units - 1), as in Welch (1938). Source of CR2: `cr2_difference`.
    """
    X, contrast = _design(rows, weights, covariates)
    if np.linalg.matrix_rank(X) < X.shape[1]:
        return not_computed("not_estimable")
    fit = multilevel.cluster_robust(rows["post"], X, coded(rows["unit"])[0])
    test = of_contrast_test(multilevel.cr2_test(fit, contrast))
    if test.se is None or test.df is None:
        return test
    parts = np.array(contrast[: len(weights)]) ** 2 * np.diag(fit.vcov)[: len(weights)]
    units = rows.groupby("arm")["unit"].nunique().reindex(list(weights)).to_numpy(float)
    return t_test(test.value, test.se, min(test.df, float(parts.sum() ** 2 / (parts**2 / (units - 1)).sum())))


def _one_arm_in_total_sds(q: Question, test: Quantity) -> dict[str, Quantity]:
    """Hedges & Citkowicz's (2015) d of the regression's difference, with and without what the pre-test explains."""
    rows = q.analysed
    grouped = rows.loc[~rows["arm"].isin(q.unit.alone)]
    if sorted(q.weights.values()) != [-1.0, 1.0] or test.df is None:
        return {}
    sizes, made = grouped.groupby("unit", observed=True).size().tolist(), {}
    adjusted_for = q.adjusting.adjusted_for
    for name, covariates in {"unconditional": [], **({"conditional": adjusted_for} if adjusted_for else {})}.items():
        icc = mixed_difference(grouped, {str(grouped["arm"].iloc[0]): 1.0}, covariates).icc
        s = math.sqrt(least_squares(rows["post"], _design(rows, q.weights, covariates)[0]).variance)
        if math.isfinite(icc):
            alone = len(rows) - len(grouped)
            d = clustered.d_total_one_arm(test.value, s, sizes, alone, icc, test.df, q.ci_level)
            made[f"d_total_one_arm_{name}"] = d
    return made


@dataclass(frozen=True)
class Mixed:
    """The Kenward-Roger test of a contrast, and the variances between classes (all levels) and within."""

    test: Quantity
    between: float
    within: float
    levels: Mapping[str, float] = field(default_factory=dict)  # the variance of each level above the pupil

    @property
    def icc(self) -> float:
        """Share of the variance between classes, after what the model explains."""
        total = self.between + self.within
        return self.between / total if total > 0 else math.nan


def mixed_difference(rows: pd.DataFrame, weights: Weights, covariates: Sequence[str] = ()) -> Mixed:
    """Difference between arms from a mixed model of pupils in classes (in schools): REML, Kenward-Roger.

    post ~ arm + covariates + (1 | school/class). `rows` has unit, and school where known; a school level that cannot
    be told from the classes is left out. Pupils count as what they are: parts of a class. Source and checks:
    `werkbank.statistics.multilevel`.
    """
    X, contrast = _design(rows, weights, covariates)
    kept = levels(rows)
    if not kept or np.linalg.matrix_rank(X) < X.shape[1]:
        return Mixed(not_computed("not_testable_by_model"), math.nan, math.nan)
    fit = multilevel.fit(rows["post"], X, kept)
    return Mixed(
        of_contrast_test(multilevel.test(fit, contrast)), sum(fit.variances.values()), fit.residual, fit.variances
    )


def slopes_difference(rows: pd.DataFrame, weights: Weights, by: str, covariates: Sequence[str] = ()) -> Quantity:
    """Interaction of the arms with a pupil's property, from a mixed model in which its slope differs between classes.

    post ~ arm + arm:by + covariates + (1 + by | class): REML, an unstructured covariance, Kenward-Roger. Slopes of
    pupils within classes and of classes' means are taken to be one, and classes of all arms to vary alike, which fails
    where arms differ in number and spread of classes (docs/calibration_moderation.md). Source and checks:
    `multilevel.fit_slopes`.
    """
    arms = np.column_stack([(rows["arm"] == arm).to_numpy(dtype=float) for arm in weights])
    x = rows[by].to_numpy(dtype=float)
    X = np.column_stack([arms, arms * (x - x.mean())[:, None], comparison.numeric(rows, covariates)])
    if np.linalg.matrix_rank(X) < X.shape[1] or len(rows) <= X.shape[1] + 4:
        return not_computed("not_estimable")
    fit = multilevel.fit_slopes(rows["post"], X, rows["unit"].astype(str), x)
    row = [*[0.0] * len(weights), *weights.values(), *[0.0] * (X.shape[1] - 2 * len(weights))]
    return of_contrast_test(multilevel.test(fit, row))


def with_class_means(rows: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Add the mean of the pre-test in each unit (``pre_of_unit``), if the pre-test is among the columns."""
    if "pre" not in columns:
        return rows
    return rows.assign(pre_of_unit=rows["pre"].groupby(rows["unit"].astype(str)).transform("mean"))


def levels(rows: pd.DataFrame) -> Mapping[str, ArrayLike]:
    """Return the levels above the pupil that can be told apart: school where known, and the unit."""
    groups = {"school": coded(rows["school"].fillna(""))[0]} if "school" in rows else {}
    return multilevel.identifiable(groups | {"unit": coded(rows["unit"])[0]})[0]


def contextual_effect(rows: pd.DataFrame, weights: Weights) -> Quantity:
    """What a class of one point higher on the pre-test adds for a pupil with the same pre-test of their own.

    Slope between classes minus slope within them: post ~ arm + (pre - class mean) + class mean + (1 | unit), REML,
    Kenward-Roger. Raudenbush & Bryk (2002). Reliability of the class mean is not corrected for. Checked against
    statsmodels and its other parametrisation (pre uncentred, class mean beside it).
    """
    means = rows.groupby(rows["unit"].astype(str))["pre"].transform("mean")
    centred = rows.assign(within=rows["pre"] - means, between=means)
    X, contrast = _design(centred, weights, ["within", "between"])
    kept, _ = multilevel.identifiable({"unit": rows["unit"].astype(str)})
    if not kept or np.linalg.matrix_rank(X) < X.shape[1]:
        return not_computed("not_testable_by_model")
    row = [*[0.0] * len(weights), -1.0, 1.0]
    return of_contrast_test(multilevel.test(multilevel.fit(rows["post"], X, kept), row[: len(contrast)]))


def cr2_difference(rows: pd.DataFrame, weights: Weights, covariates: Sequence[str] = ()) -> Quantity:
    """Difference between arms by least squares with CR2 standard errors, Satterthwaite df; clusters are units."""
    X, contrast = _design(rows, weights, covariates)
    if np.linalg.matrix_rank(X) < X.shape[1]:
        return not_computed("not_estimable")
    fit = multilevel.cluster_robust(rows["post"], X, coded(rows["unit"])[0])
    rounding = max(1e-12 * sd(rows["post"]), 1e-14 * float(rows["post"].abs().max()))
    if math.sqrt(fit.residual) <= rounding:
        return not_computed("no_residual_variation")
    return of_contrast_test(multilevel.cr2_test(fit, contrast))


def independent(columns: np.ndarray) -> np.ndarray:
    """Return the centred columns without those that follow from the ones before them.

    The class mean of a score that whole classes share, and what is the same for a whole block, say nothing new. What
    follows from the arms is kept: the programme cannot be told apart from it, and the analysis refuses by itself.
    """
    kept = np.empty((len(columns), 0))
    for column in columns.T:
        z = column / max(float(column.std()), np.finfo(float).tiny)
        rest = z - kept @ np.linalg.lstsq(kept, z, rcond=None)[0] if kept.size else z
        if np.abs(rest).max(initial=0.0) > 1e-9:
            kept = np.column_stack([kept, z * column.std()])
    return kept


def _design(rows: pd.DataFrame, weights: Weights, covariates: Sequence[str]) -> tuple[np.ndarray, list[float]]:
    arms = indicators(rows["arm"], weights)
    X = np.column_stack([*arms, independent(comparison.numeric(rows, covariates))])
    return X, [*weights.values(), *[0.0] * (X.shape[1] - len(weights))]


def in_total_and_within_sds(
    rows: pd.DataFrame, weights: Weights, covariates: Sequence[str], level: float = 0.95
) -> dict[str, Quantity]:
    """Hedges' (2007) d of the mixed model's difference: total and within SDs, with and without the covariates.

    The total SD is that of pupils within arms as they were sampled, which Hedges' factor corrects for their classes.
    """
    if sorted(weights.values()) != [-1.0, 1.0]:
        return {}
    conditional = mixed_difference(rows, weights, covariates)
    if conditional.test.df is None:
        return {}
    sizes = rows.groupby(["arm", "unit"], observed=True).size()
    treated, control = (sizes[arm].tolist() for arm in sorted(weights, key=weights.__getitem__, reverse=True))
    # variances within arms: without the arms their difference would count as one between classes
    null = mixed_difference(rows, weights)
    made = {}
    for name, model, of in (("conditional", conditional, covariates), ("unconditional", null, [])):
        if math.isfinite(model.icc):
            b, df = conditional.test.value, conditional.test.df
            s = math.sqrt(least_squares(rows["post"], _design(rows, weights, of)[0]).variance)
            made[f"d_total_{name}"] = clustered.d_total(b, s, treated, control, model.icc, df, level)
            made[f"d_within_{name}"] = clustered.d_within(
                b, math.sqrt(model.within), treated, control, model.icc, df, level
            )
    return made
