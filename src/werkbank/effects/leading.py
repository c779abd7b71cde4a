"""The answer that counts: which analysis leads in which design, on any rows of the same shape.

==============================================  ===================================================================
what was assigned                                the lead
==============================================  ===================================================================
pupils, one by one                               ``hc2``: difference at equal covariates, each arm's spread its own
pupils within schools (classes)                  ``sites_fixed``: the same with a column for every school
classes, teachers or schools                     ``unit_means_within`` where lots were drawn and fewer than 16 were
                                                 assigned; ``unit_means_between`` otherwise; ``unit_means_post``
                                                 with nothing to adjust for
classes within pairs or strata                   ``block_differences`` or ``fixed_blocks``, by the number of blocks
teachers whose pupils have roles                 ``role_means``: teachers' means of one role against control teachers
==============================================  ===================================================================

All are the headline rule of `werkbank.statistics.unit_means`, which its neighbours `blocks`, `sites` and `roles` share.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from werkbank.errors import UsageError
from werkbank.statistics.blocks import InBlocks, compare_in_blocks
from werkbank.statistics.groups import coded, ranges
from werkbank.statistics.quantity import Quantity, at_level, not_computed
from werkbank.statistics.roles import role_effects
from werkbank.statistics.sites import SiteEffects, site_effects
from werkbank.statistics.unit_means import Adjusted, Comparison, SlopeChoice, adjust, compare
from werkbank.statistics.units import Units, units_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from werkbank.effects.roles import RoleArms

Design = Literal["pupils", "sites", "units", "blocks", "roles"]


@dataclass(frozen=True)
class Plan:
    """How one question is answered, fixed before outcomes are looked at.

    `weights` and `level` (of intervals); `pre` whether the pre-test is adjusted for, `covariates` the further columns;
    `choice` which slope of the pre-test counts; `n_blocks` how many blocks were assigned.
    """

    design: Design
    weights: Mapping[str, float]
    pre: bool
    covariates: tuple[str, ...]
    choice: SlopeChoice
    n_blocks: int | None = None
    roles: RoleArms | None = None
    level: float = 0.95

    @property
    def arms(self) -> list[str]:
        """The arms compared."""
        return [arm for arm, w in self.weights.items() if w]


@dataclass(frozen=True)
class Answer:
    """The lead of one question.

    `counts` are the units behind it per arm, or the blocks (one number), for what asks how many there are. `n` pupils
    and `n_units` units were used. `cautions` are keys under ``effects.cautions``; `left_out` covariates that this
    analysis cannot adjust for, with the reason. `found` is the whole result behind `test`.
    """

    method: str
    test: Quantity
    counts: tuple[int, ...]
    n: int
    n_units: int | None
    cautions: tuple[str, ...]
    left_out: Mapping[str, str]
    found: Adjusted | InBlocks | SiteEffects | None


def answered(plan: Plan, rows: pd.DataFrame, y: str = "post") -> Answer:
    """Answer a question by its plan.

    Parameters
    ----------
    rows : DataFrame
        One row per pupil of all arms without missing values in what the plan names: arm, `y`, and where it asks for
        them pre, covariates, unit, block.
    y : str
        The column that is compared: after, or the gain (which no pre-test then adjusts).
    """
    of_unit = plan.design not in {"pupils", "sites"}
    # an arm of one unit beside those compared would have its residual decide nothing and be refused for all
    kept = {*of_several(rows, by_unit=of_unit), *plan.arms}
    of_arm, arms = coded(rows["arm"])
    if of_arm.min(initial=0) < 0 or not kept.issuperset(arms):
        rows = rows.loc[rows["arm"].isin(kept)]
    return ANALYSES[plan.design](plan, rows, y)


def of_several(rows: pd.DataFrame, *, by_unit: bool) -> list[str]:
    """Return the arms of more than one unit, or of more than one pupil."""
    of_arm, arms = coded(rows["arm"])
    there = of_arm >= 0
    units = coded(rows["unit"])[0][there] if by_unit else np.flatnonzero(there)
    of_arm = of_arm[there][units >= 0]
    pairs = np.unique(of_arm * (1 + len(rows)) + units[units >= 0])
    counts = np.bincount(pairs // (1 + len(rows)), minlength=len(arms))
    return [arm for arm, n in zip(arms, counts, strict=True) if n > 1]


def as_units(plan: Plan, rows: pd.DataFrame, y: str = "post") -> Units:
    """Reduce pupils to the units that were assigned, covariates as those of the pupil or of the unit."""
    inner, outer = by_level(rows, plan.covariates)
    return units_of(rows, y, pre="pre" if plan.pre and y == "post" else None, pupil_level=inner, unit_level=outer)


def single_pupils(plan: Plan, rows: pd.DataFrame, y: str = "post") -> Units:
    """Take every pupil as a unit of its own."""
    alone = rows.assign(unit=[f"{i:09d}" for i in range(len(rows))])
    return units_of(alone, y, pre="pre" if plan.pre and y == "post" else None, pupil_level=plan.covariates)


def slope_of(plan: Plan) -> SlopeChoice:
    """Return the slope that counts: for pupils on their own there is but one."""
    if plan.design == "pupils":
        return SlopeChoice("between" if plan.pre or plan.covariates else None, "")
    return plan.choice


def _of_pupils(plan: Plan, rows: pd.DataFrame, y: str) -> Answer:
    units = single_pupils(plan, rows, y)
    choice = slope_of(plan) if units.names else SlopeChoice(None, "")
    adjusted = adjust(units, choice, units_per_covariate=0)
    found = compare(adjusted, plan.weights, level=plan.level)
    method = "hc2" if adjusted.between else "hc2_post"
    counts = _counts(units, plan)
    return Answer(method, found.test, counts, sum(counts), None, found.warnings, adjusted.left_out, adjusted)


def _of_units(plan: Plan, rows: pd.DataFrame, y: str) -> Answer:
    units = as_units(plan, rows, y)
    adjusted = adjust(units, plan.choice)
    found = compare(adjusted, plan.weights, level=plan.level)
    method = "unit_means_post"
    if adjusted.within or adjusted.between:
        method = f"unit_means_{adjusted.slope}"
    counts, n = _counts(units, plan), _pupils(units, plan)
    return Answer(method, found.test, counts, n, sum(counts), found.warnings, adjusted.left_out, adjusted)


def _within_blocks(plan: Plan, rows: pd.DataFrame, y: str) -> Answer:
    units = as_units(plan, rows, y)
    of = rows.groupby(rows["unit"].astype(str))["block"].first().astype(str)
    labels = of.reindex(list(units.labels)).tolist()
    found = compare_in_blocks(units, labels, plan.weights, plan.choice, n_assigned=plan.n_blocks)
    kept = np.isin(labels, found.blocks)
    counts = _counts(units.only(kept), plan)
    test = _at_level(found.headline, plan.level)
    lead = (len(found.blocks),) if found.lead == "block_differences" else counts
    cautions = _unless_refused(found.fixed, test)
    n = _pupils(units.only(kept), plan)
    return Answer(found.lead, test, lead, n, sum(counts), cautions, found.left_out, found)


def _within_sites(plan: Plan, rows: pd.DataFrame, y: str) -> Answer:
    covariates = [*["pre"] * (plan.pre and y == "post"), *plan.covariates]
    inner, outer = by_level(rows, covariates, "block")
    try:
        found = site_effects(rows, plan.weights, y, covariates=inner, site="block")
    except UsageError:  # no site with both arms is left
        return Answer("sites_fixed", not_computed("no_blocks"), (), 0, 0, (), {}, None)
    n_of = found.effects[[f"n_{arm}" for arm in plan.arms]].sum()
    test = _at_level(found.in_these.test, plan.level)
    left_out = dict.fromkeys(outer, "same_in_a_block")
    counts = tuple(int(n) for n in n_of)
    return Answer(
        "sites_fixed", test, counts, sum(counts), len(found.effects), found.in_these.warnings, left_out, found
    )


def _by_role(plan: Plan, rows: pd.DataFrame, y: str) -> Answer:
    if plan.roles is None:
        raise UsageError("no roles are declared")
    a, b, control = plan.roles
    coached = rows["arm"].isin([a, b])
    table = rows.loc[coached | (rows["arm"] == control)]
    # control teachers' pupils have a role where their teachers nominated, too; otherwise all of them are compared with
    table = table.assign(role=table["role"].astype(object).where(~coached, table["arm"]).fillna(""))
    table = table.assign(arm=table["arm"].where(table["arm"] == control, "coached"))
    pre = "pre" if plan.pre and y == "post" else None
    inner, outer = by_level(table, plan.covariates)
    table = table.assign(unit=table["unit"].astype(str))
    found = role_effects(
        table, "coached", control, plan.choice, y, pre=pre, pupil_level=inner, teacher_level=outer, teacher="unit",
        roles=(a, b),
    )  # fmt: skip
    if control in plan.weights:
        role = a if a in plan.weights else b
        compared, counts = found.against_control[role], found.teachers[role]
        like = () if found.like_with_like[role] else ("not_like_with_like",)
        used = table.loc[(table["role"] == role) | ((table["arm"] == control) & (not found.like_with_like[role]))]
        test = _at_level(compared.test, plan.level)
        weak, left_out = (*compared.warnings, *like), found.left_out[role]
        return Answer("role_means", test, counts, len(used), sum(counts), weak, left_out, None)
    test = _at_level(found.between_roles, plan.level)
    counts = found.teachers["between"]
    used = table.loc[(table["arm"] == "coached") & ~table["unit"].astype(str).isin(found.one_role_only)]
    lacking = ("one_role_only",) if found.one_role_only else ()
    return Answer("role_pairs", test, counts, len(used), sum(counts), lacking, found.left_out["between"], None)


ANALYSES = {
    "pupils": _of_pupils, "sites": _within_sites, "units": _of_units, "blocks": _within_blocks, "roles": _by_role,
}  # fmt: skip


def by_level(rows: pd.DataFrame, covariates: Sequence[str], group: str = "unit") -> tuple[list[str], list[str]]:
    """Tell covariates that differ between pupils of a unit (or block) from those that belong to it."""
    inner = []
    codes, labels = coded(rows[group]) if len(covariates) else (np.zeros(0, dtype=np.intp), ())
    for name in covariates if len(rows) else ():
        values = rows[name].to_numpy(dtype=float)
        if ranges(values, codes, len(labels)).max() > 1e-9 * float(np.ptp(values)):
            inner.append(name)
    return inner, [name for name in covariates if name not in inner]


def _counts(units: Units, plan: Plan) -> tuple[int, ...]:
    return tuple(units.counts.get(arm, 0) for arm in plan.arms)


def _pupils(units: Units, plan: Plan) -> int:
    used = [i for i, arm in enumerate(units.arms) if arm in plan.arms]
    return int(units.sizes[np.isin(units.arm, used)].sum())


def _unless_refused(found: Comparison, test: Quantity) -> tuple[str, ...]:
    return () if test.p is None else found.warnings


def _at_level(test: Quantity, level: float) -> Quantity:
    """Return the same test with an interval of another level."""
    return at_level(test, level) or test
