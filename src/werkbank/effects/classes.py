"""Answers where classes, teachers or schools were assigned: class means, the mixed model, CR2 and reassignment."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from werkbank.effects import comparison
from werkbank.effects.companions import companions
from werkbank.effects.units import unit_means
from werkbank.statistics import multilevel
from werkbank.statistics import sizes_in_clusters as clustered
from werkbank.statistics.change import change_sizes, mean_change
from werkbank.statistics.linear import least_squares
from werkbank.statistics.quantity import Quantity, not_computed, of_contrast_test, t_test
from werkbank.statistics.sizes import sd, small_sample_factor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

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
        *companions(q, in_sds, change, {"": units}, n, units),
    ]


def compared_by_unit(q: Question, seed: int) -> list[Estimate]:
    """Compare arms of assigned classes. The headline follows `multilevel.headline_method`: class means when few."""
    rows, arms = q.analysed, q.units_per_arm()
    pre = ["pre"] if q.wave_from else []
    means = unit_means(rows, [*pre, "post"])
    n, units = len(rows), len(means)
    mixed = mixed_difference(rows, q.weights, pre)
    tests = _headline_first(q, means, mixed.test, arms)
    made = [
        q.estimate(name, test, len(used), used["unit"].nunique(), headline=i == 0)
        for i, (name, test, used) in enumerate(tests)
    ]
    name, test, used = tests[0]
    size = comparison.adjusted_g(test, used, q.weights)
    named = ("g_adjusted" if pre else "g") + ("_mixed" if "mixed" in name else "_unit_means")
    made.insert(1, q.estimate(named, size, len(used), units))
    if pre and q.outcome.same_measure:
        gain = comparison.gain_difference(means, q.weights)
        in_sds = comparison.standardised_gain(gain, rows, q.weights)
        made.append(q.estimate("gain_difference_unit_means", gain, n, units))
        made.append(q.estimate("d_ppc2_unit_means", in_sds, n, units))
    made += [q.estimate(name, d, n, units) for name, d in _in_total_and_within_sds(rows, q.weights, mixed).items()]
    made.append(q.estimate("cr2", cr2_difference(rows, q.weights, pre), n, units))
    by_means = next(test for name, test, _ in tests if name.endswith("unit_means"))
    return [*made, *_reassigned(q, rows, pre, seed), *companions(q, size, by_means, arms, n, units)]


def compared_with_pupils(q: Question) -> list[Estimate]:
    """Compare groups with pupils on their own: `groups_difference` as the headline, and its sizes.

    Means of groups and scores of pupils do not spread alike, which class means, reassignment and the Bayes factor would
    take for granted: these are not given.
    """
    rows, pre = q.analysed, ["pre"] if q.wave_from else []
    test = groups_difference(rows, q.weights, pre)
    size = comparison.adjusted_g(test, rows, q.weights)
    found = {"cr2_groups": test, "g_cr2": size} | _one_arm_in_total_sds(q, test)
    n, units = len(rows), q.count_units()
    made = [q.estimate(name, x, n, units, headline=name == "cr2_groups") for name, x in found.items()]
    return [*made, *companions(q, size, test, {}, n, units)]


def groups_difference(rows: pd.DataFrame, weights: Weights, covariates: Sequence[str] = ()) -> Quantity:
    """Difference between groups and single pupils: CR2 by `unit`, t on Welch's df, or Satterthwaite's if fewer.

    CR2's own df take it that all rows vary alike. Those of one arm do more together: the df are those of the arms'
    parts of the variance, w²V on (units - 1), as in Welch (1938). Source of CR2: `cr2_difference`.
    """
    X, contrast = _design(rows, weights, covariates)
    if np.linalg.matrix_rank(X) < X.shape[1]:
        return not_computed("not_estimable")
    fit = multilevel.cluster_robust(rows["post"], X, rows["unit"].astype(str))
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
    for name, covariates in {"unconditional": [], **({"conditional": ["pre"]} if q.wave_from else {})}.items():
        icc = mixed_difference(grouped, {str(grouped["arm"].iloc[0]): 1.0}, covariates).icc
        s = math.sqrt(least_squares(rows["post"], _design(rows, q.weights, covariates)[0]).variance)
        if math.isfinite(icc):
            alone = len(rows) - len(grouped)
            d = clustered.d_total_one_arm(test.value, s, sizes, alone, icc, test.df)
            made[f"d_total_one_arm_{name}"] = d
    return made


def _headline_first(
    q: Question, means: pd.DataFrame, mixed: Quantity, arms: dict[str, int]
) -> list[tuple[str, Quantity, pd.DataFrame]]:
    """Return the tests of one question as (method, test, rows used), the one that counts first."""
    rows = q.analysed
    if q.wave_from:
        tests = [("ancova_unit_means", comparison.ancova(means, q.weights), rows)]
    else:
        tests = [("post_difference_unit_means", comparison.post_difference(means, q.weights), rows)]
    tests.append(("mixed_kr", mixed, rows))
    if q.covariates:
        complete = rows.dropna(subset=list(q.covariates))
        covariates = [*(["pre"] if q.wave_from else []), *q.covariates]
        tests.append(("mixed_kr_covariates", mixed_difference(complete, q.weights, covariates).test, complete))
    sides = [sum(k for arm, k in arms.items() if q.weights[arm] * sign > 0) for sign in (1, -1)]
    if multilevel.headline_method(*sides) == "kenward-roger" and tests[-1][1].p is not None:
        tests.insert(0, tests.pop())
    return tests


@dataclass(frozen=True)
class Mixed:
    """The Kenward-Roger test of a contrast, and the variances between classes (all levels) and within."""

    test: Quantity
    between: float
    within: float

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
    kept = _levels(rows)
    if not kept or np.linalg.matrix_rank(X) < X.shape[1]:
        return Mixed(not_computed("not_testable_by_model"), math.nan, math.nan)
    fit = multilevel.fit(rows["post"], X, kept)
    return Mixed(of_contrast_test(multilevel.test(fit, contrast)), sum(fit.variances.values()), fit.residual)


def mixed_differences(
    copies: Sequence[pd.DataFrame], weights: Weights, covariates: Sequence[str]
) -> Callable[[np.ndarray], list[Quantity]]:
    """Return `mixed_difference` for completed copies of one table, as a function of their outcomes (k, n)."""
    designs = [_design(copy, weights, covariates) for copy in copies]
    kept, contrast = _levels(copies[0]), designs[0][1]
    Xs = np.stack([X for X, _ in designs])
    if not kept or (np.linalg.matrix_rank(Xs) < Xs.shape[-1]).any():
        return lambda posts: [not_computed("not_testable_by_model")] * len(posts)
    return lambda posts: [
        of_contrast_test(multilevel.test(fit, contrast)) for fit in multilevel.fit_several(posts, Xs, kept)
    ]


def _levels(rows: pd.DataFrame) -> Mapping[str, ArrayLike]:
    """Return the levels above the pupil that can be told apart: school where known, and the unit."""
    groups = {"school": rows["school"].fillna("").astype(str)} if "school" in rows else {}
    return multilevel.identifiable(groups | {"unit": rows["unit"].astype(str)})[0]


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
    return of_contrast_test(
        multilevel.cr2_test(multilevel.cluster_robust(rows["post"], X, rows["unit"].astype(str)), contrast)
    )


def _design(rows: pd.DataFrame, weights: Weights, covariates: Sequence[str]) -> tuple[np.ndarray, list[float]]:
    arms = [(rows["arm"] == arm).to_numpy(dtype=float) for arm in weights]
    X = np.column_stack([*arms, comparison.numeric(rows, covariates)])
    return X, [*weights.values(), *[0.0] * (X.shape[1] - len(weights))]


def _in_total_and_within_sds(rows: pd.DataFrame, weights: Weights, conditional: Mixed) -> dict[str, Quantity]:
    """Hedges' (2007) d of the mixed model's difference: total and within SDs, with and without the covariates."""
    if sorted(weights.values()) != [-1.0, 1.0] or conditional.test.df is None:
        return {}
    sizes = rows.groupby(["arm", "unit"], observed=True).size()
    treated, control = (sizes[arm].tolist() for arm in sorted(weights, key=weights.__getitem__, reverse=True))
    everyone = rows.assign(arm="")
    made = {}
    for name, model in (("conditional", conditional), ("unconditional", mixed_difference(everyone, {"": 1.0}))):
        if math.isfinite(model.icc):
            b, s, df = conditional.test.value, math.sqrt(model.between + model.within), conditional.test.df
            made[f"d_total_{name}"] = clustered.d_total(b, s, treated, control, model.icc, df)
            made[f"d_within_{name}"] = clustered.d_within(b, math.sqrt(model.within), treated, control, model.icc, df)
    return made


def _reassigned(q: Question, rows: pd.DataFrame, pre: list[str], seed: int) -> list[Estimate]:
    if sorted(q.weights.values()) != [-1.0, 1.0] or not sd(rows["post"]) > 0:
        return []
    treated = (rows["arm"] == max(q.weights, key=q.weights.__getitem__)).to_numpy()
    covariates = {name: rows[name].to_numpy() for name in pre}
    found = multilevel.randomisation_test(rows["post"], treated, rows["unit"].astype(str), covariates, seed=seed)
    note = "" if q.randomised else "reassignment_not_randomised"
    n, units = len(rows), found.n_clusters
    return [
        q.estimate("randomisation_test", Quantity(found.estimate, p=found.p, note=note), n, units),
        q.estimate("randomisation_smallest_p", Quantity(found.smallest_p), n, units),
    ]
