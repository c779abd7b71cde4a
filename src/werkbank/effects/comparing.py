"""A comparison of arms: the lead of its design, and what stands beside it. One function for each design."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from werkbank.effects import classes, comparison
from werkbank.effects.companions import companions
from werkbank.effects.leading import answered, as_units, slope_of
from werkbank.errors import UsageError
from werkbank.statistics import multilevel
from werkbank.statistics.blocks import may_reassign
from werkbank.statistics.pooling.one_stage import one_stage
from werkbank.statistics.quantity import Quantity, not_computed
from werkbank.statistics.sites import SITES_FOR_A_POPULATION, SiteEffects
from werkbank.statistics.sizes import d_ppc2, hedges_g, sd
from werkbank.statistics.unit_means import Adjusted, Weighting, adjust, compare_weightings, pooled_variance

if TYPE_CHECKING:
    import pandas as pd

    from werkbank.effects.questions import Question
    from werkbank.results import Estimate


def pupils(q: Question, seed: int) -> list[Estimate]:  # noqa: ARG001 - one shape for all designs
    """Compare pupils who were assigned one by one: HC2; beside it one variance for all, and unadjusted sizes."""
    rows, n, adjusting = q.analysed, len(q.analysed), q.adjusting
    made = [*_lead(q, "g_adjusted" if adjusting.adjusted_for else "g_hc2")]
    if adjusting.pre:
        name = "ancova_covariates" if adjusting.columns else "ancova"
        made.append(q.estimate(name, comparison.ancova(q.whole, q.of_all_arms, adjusting.columns), n))
    elif not adjusting.columns:
        made.append(q.estimate("post_difference", comparison.post_difference(q.whole, q.of_all_arms), n))
    size = hedges_g(comparison.samples(rows, q.weights), list(q.weights.values()), level=q.ci_level)
    made.append(q.estimate("hedges_g", size, n))
    if q.wave_from and q.outcome.same_measure:
        change = d_ppc2(comparison.paired_groups(rows, q.weights), list(q.weights.values()), level=q.ci_level)
        made += [q.estimate("gain_difference", _gain(q), n), q.estimate("d_ppc2", change, n)]
    return [*made, *_beside(q)]


def sites(q: Question, seed: int) -> list[Estimate]:  # noqa: ARG001 - one shape for all designs
    """Compare pupils within their schools: in these schools, and in schools like these. The two are never mixed."""
    made, found = _lead(q, "g_adjusted" if q.adjusting.adjusted_for else "g_hc2"), q.answer.found
    n, n_sites = q.answer.n, q.answer.n_units
    if isinstance(found, SiteEffects):
        made.append(q.estimate("sites_fixed_pooled", found.in_these_pooled, n, n_sites))
        made.append(_sites_at_random(q))
        if len(found.effects) >= SITES_FOR_A_POPULATION:
            made.append(q.estimate("sites_like_these", found.in_sites_like_these, n, n_sites))
            made.append(_in_one_stage(q))
        varies = found.heterogeneity
        spread = Quantity(varies.tau, df=float(varies.df), statistic=varies.statistic, p=varies.p, note=varies.note)
        made.append(q.estimate("sites_heterogeneity", spread, n, n_sites))
    if q.wave_from and q.outcome.same_measure:
        made.append(q.estimate("gain_difference", _gain(q), n))
    return [*made, *_beside(q)]


def _sites_at_random(q: Question) -> Estimate:
    """The mixed model: schools at random, so that what lies between them counts, too, if they differ little."""
    rows = q.whole.assign(unit=q.whole["block"])
    rows = rows.drop(columns=["school"] if "school" in rows else [])
    mixed = classes.mixed_difference(rows, q.of_all_arms, q.adjusting.adjusted_for)
    compared = rows.loc[rows["arm"].isin(q.plan.arms), "unit"]
    return q.estimate("sites_mixed", mixed.test, len(compared), compared.nunique())


def _in_one_stage(q: Question) -> Estimate:
    """Schools whose effects differ, from all pupils at once: what pooling their shared results comes close to."""
    adjusting = list(q.adjusting.adjusted_for)
    rows = q.whole.dropna(subset=["post", *adjusting])
    try:
        found = one_stage(rows, q.of_all_arms, covariates=adjusting, site="block", ci_level=q.ci_level)
    except UsageError:  # no variation left within schools, or a covariate without any: the model carries no test
        return q.estimate("sites_one_stage", not_computed("not_testable_by_model"), len(rows))
    counted = rows[rows["block"].isin(found.effects.index) & rows["arm"].isin(q.plan.arms)]
    return q.estimate("sites_one_stage", found.mean, len(counted), len(found.effects))


def units(q: Question, seed: int) -> list[Estimate]:
    """Compare classes (teachers, schools) that were assigned: unit means; beside them models of their pupils."""
    means, n, n_units = as_units(q.plan, q.whole), q.answer.n, q.answer.n_units
    made = [*_lead(q, _unit_size(q)), *_other_ways(q)]
    if isinstance(q.answer.found, Adjusted):
        pooled = pooled_variance(adjust(means, "between" if means.names else None), q.of_all_arms)
        name = "ancova_unit_means" if means.names else "post_difference_unit_means"
        made.append(q.estimate(name, pooled, n, n_units))
    if weighting := weighted(q):
        made.append(q.estimate("unit_means_pupils", weighting.pupils.test, n, n_units))
    return [*made, *_reassigned(q, seed), *_beside(q)]


def blocks(q: Question, seed: int) -> list[Estimate]:
    """Compare classes within the pairs or strata in which they were assigned."""
    return [*_lead(q, _unit_size(q)), *_other_ways(q), *_reassigned(q, seed), *_beside(q)]


def roles(q: Question, seed: int) -> list[Estimate]:  # noqa: ARG001 - one shape for all designs
    """Compare teachers' means of pupils with one role with control teachers, or the two roles under one teacher.

    Target pupils were chosen: what they differ in from their classmates is described, and no test of the programme.
    """
    if q.answer.method == "role_means":
        return [*_lead(q, _unit_size(q)), *_beside(q)]
    shown = q.estimate("role_pairs", replace(q.answer.test, note="roles_chosen"), q.answer.n, q.answer.n_units)
    return [replace(shown, kind="role", role="exploratory")]


def weighted(q: Question) -> Weighting | None:
    """Return the mean over units beside the mean over their pupils, where units differ in size."""
    if q.plan.design != "units" or q.answer.test.p is None:
        return None
    means = as_units(q.plan, q.whole)
    alike = float(means.sizes.min()) == float(means.sizes.max())
    return None if alike else compare_weightings(means, slope_of(q.plan), q.weights)


def _lead(q: Question, size_method: str) -> list[Estimate]:
    answer = q.answer
    size = comparison.adjusted_g(answer.test, q.analysed, q.weights)
    head = q.estimate(answer.method, answer.test, answer.n, answer.n_units, headline=True)
    return [head, q.estimate(size_method, size, answer.n, answer.n_units)]


def _beside(q: Question) -> list[Estimate]:
    answer = q.answer
    size = comparison.adjusted_g(answer.test, q.analysed, q.weights)
    counts = answer.counts if sorted(q.weights.values()) == [-1.0, 1.0] else ()
    return companions(q, size, answer.test, counts, answer.n, answer.n_units)


def _unit_size(q: Question) -> str:
    adjusted = q.adjusting.adjusted_for and q.answer.method != "unit_means_post"  # which also leads without a slope
    return "g_adjusted_unit_means" if adjusted else "g_unit_means"


def _gain(q: Question) -> Quantity:
    """The difference in gain by the lead's own rule, at equal covariates; gains that are alike but for rounding are."""
    gain = q.whole["post"] - q.whole["pre"]
    rounding = 1e-12 * float(q.whole[["pre", "post"]].abs().max(axis=None))
    gain = gain.where((gain - gain.median()).abs() > rounding, gain.median())
    return answered(q.plan, q.whole.assign(gain=gain), "gain").test


def _other_ways(q: Question) -> list[Estimate]:
    """The same question by a model of pupils (Kenward-Roger) and by regression with CR2, and the difference in gain.

    Both take the mean of the class before beside the pupil's own score, without which they are wrong where classes
    differed beforehand, and blocks as columns.
    """
    answer = q.answer
    rows, covariates = of_pupils(q)
    n, n_units = len(q.analysed), q.count_units()
    mixed = classes.mixed_difference(rows, q.of_all_arms, covariates)
    made = [
        q.estimate("mixed_kr", mixed.test, n, n_units),
        q.estimate("cr2", classes.cr2_difference(rows, q.of_all_arms, covariates), n, n_units),
    ]
    if q.wave_from and q.outcome.same_measure:
        gain = _gain(q)
        in_sds = comparison.standardised_gain(gain, q.analysed, q.weights)
        made.append(q.estimate("gain_difference_unit_means", gain, answer.n, answer.n_units))
        made.append(q.estimate("d_ppc2_unit_means", in_sds, answer.n, answer.n_units))
    compared = rows.loc[rows["arm"].isin(q.plan.arms)]
    sizes = {} if q.blocks.level else classes.in_total_and_within_sds(compared, q.weights, covariates, q.ci_level)
    return [*made, *(q.estimate(name, d, n, n_units) for name, d in sizes.items())]


def of_pupils(q: Question) -> tuple[pd.DataFrame, list[str]]:
    """Return what models of pupils beside the lead are fitted to: rows, and what they adjust for."""
    adjusting = q.adjusting
    rows, covariates = classes.with_class_means(q.whole, adjusting.adjusted_for), list(adjusting.columns)
    covariates = [*(["pre", "pre_of_unit"] if adjusting.pre else []), *covariates, *["block"] * bool(q.blocks.level)]
    return rows.drop(columns=["school"] if q.blocks.level and "school" in rows else []), covariates


def _reassigned(q: Question, seed: int) -> list[Estimate]:
    """The randomisation test, where units were drawn by lot and numbers are equal (in every block)."""
    rows = q.analysed
    means = as_units(q.plan, rows)
    of = rows.groupby(rows["unit"].astype(str))["block"].first().astype(str) if q.blocks.level else None
    labels = None if of is None else of.reindex(list(means.labels)).tolist()
    two = sorted(q.weights.values()) == [-1.0, 1.0]
    varies = sd(rows["post"]) > 0 and q.answer.test.note != "no_residual_variation"
    if not (two and varies and may_reassign(means, labels, q.plan.arms, drawn=q.randomised)):
        return []
    treated = (rows["arm"] == max(q.weights, key=q.weights.__getitem__)).to_numpy()
    covariates = {name: rows[name].to_numpy(float) for name in q.adjusting.adjusted_for}
    strata = None if labels is None else rows["block"].astype(str)
    found = multilevel.randomisation_test(
        rows["post"], treated, rows["unit"].astype(str), covariates, strata=strata, seed=seed
    )
    n, n_units = len(rows), found.n_clusters
    analysed = {arm: means.counts.get(arm, 0) for arm in q.plan.arms}
    kept = q.lot is not None and analysed == {arm: q.lot.get(arm, 0) for arm in analysed}
    note = "" if q.lot is None else "from_lot" if kept else "from_part_of_lot"
    return [
        q.estimate("randomisation_test", Quantity(found.estimate, p=found.p, note=note), n, n_units),
        q.estimate("randomisation_smallest_p", Quantity(found.smallest_p), n, n_units),
    ]
