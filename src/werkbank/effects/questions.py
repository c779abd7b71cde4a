"""The questions a study asks of its scores: every outcome x contrast x pair of waves, with the pupils it concerns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

import pandas as pd

from werkbank.effects.asking import Role, role_of_question
from werkbank.effects.comparison import Weights, normalised
from werkbank.effects.covariates import Covariates, prepared
from werkbank.effects.kinds import GIVEN_THE_LEVEL, KIND, metric_of
from werkbank.effects.leading import Answer, Design, Plan, answered, by_level
from werkbank.effects.nesting import NO_BLOCKS, Blocks, blocks_of
from werkbank.effects.roles import RoleArms, role_arms, shown_arms
from werkbank.effects.units import Unit, unit_of_analysis, unit_words
from werkbank.intake.ledger import shown
from werkbank.remembering import remembered
from werkbank.results import Estimate
from werkbank.statistics.certainty import EQUIVALENCE_BOUND
from werkbank.statistics.quantity import STANDARD_LEVEL, at_level
from werkbank.statistics.unit_means import SLOPE_NEEDS, SlopeChoice, choose_slope
from werkbank.study.model import WAVES, Outcome, Study

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from werkbank.statistics.quantity import Quantity


@dataclass(frozen=True)
class Question:
    """One outcome, one contrast, one pair of waves.

    `everyone` has a row for every enrolled pupil of all arms: arm, unit, block, role, pre, post, whether these were not
    to be measured (`not_pre`, `not_post`) and the covariates, NaN where not known. `weights` is empty for a single
    group; `wave_from` is "" for an outcome without pre-test;
    `selected`: the pupils were chosen on this outcome. `refusal`: why it has no answer, whatever the numbers are.
    `lot`: how many units were drawn for each arm, where a lot was kept and all are in the arm that was drawn.
    """

    outcome: Outcome
    key: str
    contrast: str
    weights: Weights
    wave_from: str
    wave_to: str
    everyone: pd.DataFrame
    unit: Unit
    covariates: tuple[str, ...]
    blocks: Blocks = NO_BLOCKS
    roles: RoleArms | None = None
    ci_level: float = 0.95
    bound: float = EQUIVALENCE_BOUND
    role: Role = "secondary"
    randomised: bool = False
    selected: bool = False
    refusal: str = ""
    lot: Mapping[str, int] | None = None

    @cached_property
    def table(self) -> pd.DataFrame:
        """The enrolled pupils of the arms that are compared."""
        return self._compared(self.everyone)

    @cached_property
    def adjusting(self) -> Covariates:
        """What is adjusted for, and the pupils of all arms with all that every analysis of this question needs.

        A block (a pair, a stratum) without one of the arms compared says nothing of the difference and is left out. The
        pupils of such a school, where pupils were assigned within schools, lend their slope: they are in `whole`, and
        not in `analysed`.
        """
        known = self._prepared(self._with_scores)
        broken = self._broken(known.table) if self.unit.of_pupil is not None else []
        return self._prepared(self._with_scores.loc[~self._in(broken)]) if broken else known

    @cached_property
    def in_broken_blocks(self) -> pd.Series:
        """Which pupils with all that is needed are left out for want of one of the arms in their block."""
        rows = self._prepared(self._with_scores).table
        return rows["block"].isin(self._broken(rows)) if self.blocks.level else pd.Series(data=False, index=rows.index)

    @cached_property
    def missing_by_plan(self) -> pd.DataFrame:
        """Who of the arms compared lacks a score that was not to be had, and no other: columns pre, post and both."""
        rows, pre_counts = self.table, bool(self.wave_from)
        no_pre, no_post = rows["pre"].isna() & pre_counts, rows["post"].isna()
        of_plan = (~no_pre | rows["not_pre"]) & (~no_post | rows["not_post"])
        which = {"pre": no_pre & ~no_post, "post": no_post & ~no_pre, "both": no_pre & no_post}
        return pd.DataFrame({name: found & of_plan for name, found in which.items()})

    @property
    def _with_scores(self) -> pd.DataFrame:
        needed = ["post"] + ["pre"] * bool(self.wave_from) + ["unit"] * (self.unit.of_pupil is not None)
        return self.everyone.dropna(subset=[*needed, *["block"] * bool(self.blocks.level)])

    def _prepared(self, rows: pd.DataFrame) -> Covariates:
        return prepared(rows, self.covariates if self.weights else (), pre=bool(self.wave_from))

    def _broken(self, rows: pd.DataFrame) -> list[str]:
        if not self.blocks.level:
            return []
        compared = rows.loc[rows["arm"].isin([arm for arm, w in self.weights.items() if w])]
        here = compared.groupby("block", observed=True)["arm"].nunique().reindex(rows["block"].unique(), fill_value=0)
        return [str(block) for block in here.index[here < len(self.arms)]]

    def _in(self, blocks: list[str]) -> pd.Series:
        return self._with_scores["block"].isin(blocks)

    @cached_property
    def plan(self) -> Plan:
        """How this comparison is answered, by its design and the numbers of its units, never by its outcome."""
        by_unit, blocked, adjusting = self.unit.of_pupil is not None, bool(self.blocks.level), self.adjusting
        design: Design = ("blocks" if blocked else "units") if by_unit else ("sites" if blocked else "pupils")
        # the slope is that of all arms, and so is the number on which its choice rests
        assigned = self.everyone["unit"].nunique() if by_unit else len(self.everyone)
        return Plan(
            design="roles" if self.roles else design,
            weights=self.weights,
            pre=adjusting.pre,
            covariates=tuple(adjusting.columns),
            choice=self._slope(int(assigned)),
            n_blocks=int(self.table["block"].nunique()) if blocked else None,
            roles=self.roles,
            level=self.ci_level,
        )

    def _slope(self, assigned: int) -> SlopeChoice:
        counts = self.units_per_arm().values()
        # a slope between differences of blocks needs one block more than it would need units an arm
        few = bool(self.blocks.level) and min(counts) <= SLOPE_NEEDS
        return choose_slope(
            counts, drawn=self.randomised, assigned=assigned, moves=few or not self.pre_same_within_units
        )

    @cached_property
    def pre_same_within_units(self) -> bool:
        """Whether the pupils of a unit all have its score before, as with a score given to whole classes."""
        if self.unit.of_pupil is None or not self.adjusting.pre:
            return False
        return not by_level(self.whole, ["pre"])[0]

    @cached_property
    def answer(self) -> Answer:
        """The answer that counts."""
        return answered(self.plan, self.whole)

    @property
    def of_all_arms(self) -> Weights:
        """The contrast's weights with a 0 for every arm that is analysed beside those compared."""
        return self.weights | {arm: 0.0 for arm in self.whole["arm"].unique() if arm not in self.weights}

    @property
    def shares_units(self) -> bool:
        """Whether a unit has pupils of both arms, which only roles under one teacher may."""
        return bool(self.analysed.groupby("unit")["arm"].nunique().max() > 1)

    @property
    def whole(self) -> pd.DataFrame:
        """The analysed pupils of all arms: those of other arms lend their slopes, never their spread."""
        return self.adjusting.table

    @cached_property
    def analysed(self) -> pd.DataFrame:
        """The pupils of the arms compared with all that is needed: scores, unit, block and covariates."""
        rows = self._compared(self.whole)
        return rows.loc[~rows["block"].isin(self._broken(rows))] if self.blocks.level else rows

    def _compared(self, rows: pd.DataFrame) -> pd.DataFrame:
        return rows.loc[rows["arm"].isin(list(self.weights))] if self.weights else rows

    def units_per_arm(self) -> dict[str, int]:
        """Count the units (pupils, classes …) with analysed pupils in every arm."""
        rows = self.analysed
        counted = rows.index.to_series() if self.unit.of_pupil is None else rows["unit"]
        counts = counted.groupby(rows["arm"]).nunique()
        return {arm: int(counts.get(arm, 0)) for arm in self.weights or [""]}

    def units_in_all_arms(self) -> dict[str, int]:
        """Count the units with analysed pupils in every arm of the study."""
        rows = self.whole
        counted = rows.index.to_series() if self.unit.of_pupil is None else rows["unit"]
        return {str(arm): int(n) for arm, n in counted.groupby(rows["arm"]).nunique().items()}

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms compared, treated ones first; none for a single group."""
        return tuple(sorted((arm for arm, w in self.weights.items() if w), key=lambda arm: -self.weights[arm]))

    @property
    def partly_grouped(self) -> bool:
        """Whether groups are compared with pupils on their own."""
        return bool(self.unit.alone & self.weights.keys()) and not self.weights.keys() <= self.unit.alone

    def count_units(self) -> int | None:
        """Count the units behind the pupils analysed; of groups beside pupils on their own the groups alone."""
        rows = self.analysed
        rows = rows.loc[~rows["arm"].isin(self.unit.alone)] if self.partly_grouped else rows
        return None if self.unit.of_pupil is None else int(rows["unit"].nunique())

    def _at_its_level(self, method: str, quantity: Quantity) -> tuple[Quantity, float]:
        """Return a quantity with its interval at the study's level, or as it is with the level that it has.

        What is no t or z interval (a bootstrap, a size with a variance of its own) was made at 95 %, except by the
        methods that were given the level.
        """
        if self.ci_level == STANDARD_LEVEL or quantity.ci_low is None:
            return quantity, self.ci_level
        found = at_level(quantity, self.ci_level)
        if found is None:
            return quantity, self.ci_level if method in GIVEN_THE_LEVEL else STANDARD_LEVEL
        return found, self.ci_level

    def estimate(
        self,
        method: str,
        quantity: Quantity,
        n: int,
        n_clusters: int | None = None,
        *,
        headline: bool = False,
        ci_level: float | None = None,
    ) -> Estimate:
        """Put a quantity into the results store; only the headline test of a question belongs to a family."""
        from werkbank.catalogue import has, say

        estimand = f"effects.methods.{method}.estimand"
        quantity, level = (quantity, ci_level) if ci_level is not None else self._at_its_level(method, quantity)
        exploratory = self.role == "exploratory" or not (headline or method in OF_THE_HEADLINE)
        return Estimate(
            id=place(self.key, self.wave_from, self.wave_to, self.contrast, method),
            outcome=self.key,
            method=method,
            estimate=_plain(quantity.value),
            family=(self.outcome.family or self.role) if headline else "",
            informant=self.outcome.informant,
            contrast=self.contrast,
            wave_from=self.wave_from,
            wave_to=self.wave_to,
            estimand=say(estimand, "en", **unit_words(self.unit.level, "en")) if has(estimand, "en") else "",
            se=_plain(quantity.se),
            df=_plain(quantity.df),
            statistic=_plain(quantity.statistic),
            p=_plain(quantity.p),
            ci_low=_plain(quantity.ci_low),
            ci_high=_plain(quantity.ci_high),
            ci_level=level,
            standardiser=quantity.standardiser,
            n=n,
            n_clusters=n_clusters,
            role="exploratory" if exploratory else "confirmatory",
            note=quantity.note,
            kind="headline" if headline else KIND[method],
            metric=metric_of(method, quantity.standardiser),
            arms=self.arms,
        )


OWN_COLUMNS = frozenset(
    {"arm", "role", "not_pre", "not_post", "unit", "block", "pre", "post", "later", "gain", "pre_of_unit"}
)

CONTROL_HAD_IT = "control_had_it"  # after a waiting list nobody is left who went without

# effect sizes that say the same as the headline test, in SDs
OF_THE_HEADLINE = frozenset(
    {"g_adjusted", "g_hc2", "g_adjusted_unit_means", "g_unit_means", "g_cr2", "smcr_unit_means"}
)


@remembered(1)
def questions(study: Study, scores: pd.DataFrame, pupils: pd.DataFrame) -> Iterable[Question]:
    """Yield every question in the order of the study file: outcome and scale, wave, contrast."""
    unit = unit_of_analysis(study, pupils)
    # a covariate that is called as a column of ours must not be overwritten by it
    own_name = {c: f"{c} (covariate)" if c in OWN_COLUMNS else c for c in study.covariates if c in pupils}
    covariates = tuple(own_name.values())
    by_lot = study.design.kind == "randomised"
    lot = study.lot.per_arm if study.lot is not None and not study.design.lot_deviations else None
    roles = role_arms(study)
    blocks = NO_BLOCKS if roles else blocks_of(study, pupils, unit)
    asked_for = (interval_level(study), equivalence_bound(study))
    above = ["school"] if unit.level in {"class", "teacher"} and "school" in pupils else []
    enrolled = pupils[list(own_name)].rename(columns=own_name).join(pupils[[c for c in above if c not in own_name]])
    enrolled = enrolled.assign(
        arm="" if not study.compared else shown_arms(study, pupils),
        role=pupils.get("role", pd.NA),
        unit=pd.NA if unit.of_pupil is None else unit.of_pupil,
        block=pd.NA if blocks.of_pupil is None else blocks.of_pupil,
    )
    for outcome, key, waves in outcome_waves(study, scores):
        chosen = study.design.selected_on in {outcome.id, key}
        pairs = wave_pairs(study, list(waves))
        for wave_from, wave_to in pairs:
            pre = waves[wave_from] if wave_from else math.nan
            not_pre, not_post = (not_planned(study, pupils, wave) for wave in (wave_from, wave_to))
            table = enrolled.assign(pre=pre, post=waves[wave_to], not_pre=not_pre, not_post=not_post)
            for contrast, weights in contrasts(study).items():
                # an arm in which nobody was measured beforehand was not to be (Solomon): its loss is none
                asked_from = wave_from if _measured(table, weights) else ""
                at = (outcome, key, contrast, weights, asked_from, wave_to)
                role = role_of_question(study, key, wave_to, contrast, pairs[0][1])
                rows = table if asked_from else table.assign(pre=math.nan)
                refusal = CONTROL_HAD_IT if study.control_has_waited(wave_to) and _with_control(study, weights) else ""
                yield Question(
                    *at, rows, unit, covariates, blocks, roles, *asked_for, role, by_lot, chosen, refusal, lot
                )


def _with_control(study: Study, weights: Weights) -> bool:
    return any(weights.get(arm) for arm in study.control_arms)


def not_planned(study: Study, pupils: pd.DataFrame, wave: str) -> pd.Series:
    """Return which pupils were by plan not to be measured at a wave."""
    plan = study.design.planned_missing
    if plan is None or plan.column not in pupils:
        return pd.Series(data=False, index=pupils.index)
    values = [value for value, waves in plan.waves.items() if wave in waves]
    return pupils[plan.column].map(shown).isin(values)


def _measured(table: pd.DataFrame, weights: Weights) -> bool:
    """Whether somebody in every arm of a contrast was measured beforehand, or nobody anywhere afterwards."""
    known = table[["pre", "post"]].notna().groupby(table["arm"].astype(str)).any()
    compared = known.reindex([arm for arm, w in weights.items() if w], fill_value=False)
    return not weights or bool(compared["pre"].all() or not compared["post"].all())


@remembered(1)
def outcome_waves(study: Study, scores: pd.DataFrame) -> Iterable[tuple[Outcome, str, pd.DataFrame]]:
    """Yield every outcome and scale as (outcome, key, scores: pupil x wave), waves in the order of time."""
    for outcome in study.outcomes:
        of_outcome = scores.loc[(scores["outcome"] == outcome.id) & scores["score"].notna()]
        for scale in of_outcome["scale"].astype(str).unique():
            part = of_outcome.loc[of_outcome["scale"] == scale]
            # pupils are paired by id, never by the order of rows; a doubled pupil and wave stops here
            by_wave = part.astype({"wave": str}).set_index(["pupil", "wave"])["score"]
            wide = by_wave.unstack("wave")  # noqa: PD010 - pivot_table would average doubles in silence
            wide.index = wide.index.astype(object)  # in the files' order still, and looked up without its categories
            key = scale if scale == outcome.id else f"{outcome.id}.{scale}"
            yield outcome, key, wide[[w for w in WAVES if w in wide]]


def wave_pairs(study: Study, present: list[str]) -> list[tuple[str, str]]:
    """Return what is compared with what: pre with every later wave; each wave alone when nothing was measured before.

    A single group with two measurements beforehand also shows its change without the programme: baseline to pre.
    """
    start = next((w for w in ("pre", "baseline") if w in present), "")
    if not start or study.design.kind == "association":  # which asks for no change and no difference
        return [("", w) for w in present] if study.compared else []
    later = [w for w in present if WAVES.index(w) > WAVES.index(start)]
    before = (
        [("baseline", "pre")] if study.design.kind == "single_group" and {"baseline", "pre"} <= set(present) else []
    )
    return [(start, w) for w in later] + before


def contrasts(study: Study) -> dict[str, Weights]:
    """Return the comparisons by name: the planned ones, or every treated arm against every control arm.

    Without control arm every pair of arms is compared, the later one in the study file minus the earlier one. Of pupils
    with roles the two kinds are also compared with each other.
    """
    if not study.compared:
        return {"": {}}
    if study.contrasts:
        return {contrast.name: normalised(contrast.weights) for contrast in study.contrasts}
    if roles := role_arms(study):
        pairs = [(roles.target, roles.control), (roles.transfer, roles.control), (roles.target, roles.transfer)]
        return {f"{a} - {b}": {a: 1.0, b: -1.0} for a, b in pairs}
    pairs = [(t, c) for t in study.treated_arms for c in study.control_arms]
    pairs = pairs or [(later, earlier) for earlier, later in combinations(study.arms, 2)]
    return {f"{t} - {c}": {t: 1.0, c: -1.0} for t, c in pairs}


def interval_level(study: Study) -> float:
    """Return the level of intervals."""
    return study.ci_level


def equivalence_bound(study: Study) -> float:
    """Return the smallest difference, in SDs, that matters."""
    return EQUIVALENCE_BOUND if study.equivalence is None else study.equivalence


def place(outcome: str, wave_from: str, wave_to: str, contrast: str, method: str) -> str:
    """Return the id of an estimate that answers this question by this method."""
    return identifier(outcome, f"{wave_from}-{wave_to}".strip("-"), contrast or "all", method)


def identifier(*parts: str) -> str:
    """Return the id of a result: lower case, no spaces."""
    return "/".join("".join(part.lower().split()) for part in parts)


def _plain(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None
