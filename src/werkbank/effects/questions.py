"""The questions a study asks of its scores: every outcome x contrast x pair of waves, with the pupils it concerns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

import pandas as pd

from werkbank.effects.comparison import Weights, normalised
from werkbank.effects.kinds import KIND, metric_of
from werkbank.effects.units import Unit, unit_of_analysis
from werkbank.remembering import remembered
from werkbank.results import Estimate
from werkbank.study.model import WAVES, Outcome, Study

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkbank.statistics.quantity import Quantity


@dataclass(frozen=True)
class Question:
    """One outcome, one contrast, one pair of waves.

    `table` has a row for every enrolled pupil of the arms compared: arm, unit, pre, post and the covariates, NaN where
    not known. `weights` is empty for a single group; `wave_from` is "" for an outcome without pre-test; `selected`: the
    pupils were chosen on this outcome.
    """

    outcome: Outcome
    key: str
    contrast: str
    weights: Weights
    wave_from: str
    wave_to: str
    table: pd.DataFrame
    unit: Unit
    covariates: tuple[str, ...]
    randomised: bool = False
    selected: bool = False

    @cached_property
    def analysed(self) -> pd.DataFrame:
        """The pupils with all that is needed: post, pre where there is one, and their class if classes count."""
        needed = ["post"] + ["pre"] * bool(self.wave_from) + ["unit"] * (self.unit.of_pupil is not None)
        return self.table.dropna(subset=needed)

    def units_per_arm(self) -> dict[str, int]:
        """Count the units (pupils, classes …) with analysed pupils in every arm."""
        rows = self.analysed
        counted = rows.index.to_series() if self.unit.of_pupil is None else rows["unit"]
        counts = counted.groupby(rows["arm"]).nunique()
        return {arm: int(counts.get(arm, 0)) for arm in self.weights or [""]}

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

    def estimate(
        self,
        method: str,
        quantity: Quantity,
        n: int,
        n_clusters: int | None = None,
        *,
        headline: bool = False,
        ci_level: float = 0.95,
    ) -> Estimate:
        """Put a quantity into the results store; only the headline test of a question belongs to a family."""
        from werkbank.catalogue import has, say

        estimand = f"effects.methods.{method}.estimand"
        exploratory = self.outcome.role == "exploratory" or not (headline or method in OF_THE_HEADLINE)
        return Estimate(
            id=place(self.key, self.wave_from, self.wave_to, self.contrast, method),
            outcome=self.key,
            method=method,
            estimate=_plain(quantity.value),
            family=(self.outcome.family or self.outcome.role) if headline else "",
            informant=self.outcome.informant,
            contrast=self.contrast,
            wave_from=self.wave_from,
            wave_to=self.wave_to,
            estimand=say(estimand, "en") if has(estimand, "en") else "",
            se=_plain(quantity.se),
            df=_plain(quantity.df),
            statistic=_plain(quantity.statistic),
            p=_plain(quantity.p),
            ci_low=_plain(quantity.ci_low),
            ci_high=_plain(quantity.ci_high),
            ci_level=ci_level,
            standardiser=quantity.standardiser,
            n=n,
            n_clusters=n_clusters,
            role="exploratory" if exploratory else "confirmatory",
            note=quantity.note,
            kind="headline" if headline else KIND[method],
            metric=metric_of(method, quantity.standardiser),
            arms=self.arms,
        )


# effect sizes that say the same as the headline test, in SDs
OF_THE_HEADLINE = frozenset({"g_adjusted", "g_adjusted_unit_means", "g_adjusted_mixed", "g_cr2", "smcr_unit_means"})


@remembered(1)
def questions(study: Study, scores: pd.DataFrame, pupils: pd.DataFrame) -> Iterable[Question]:
    """Yield every question in the order of the study file: outcome and scale, wave, contrast."""
    unit = unit_of_analysis(study, pupils)
    covariates = tuple(c for c in study.covariates if c in pupils)
    by_lot = study.design.kind == "randomised"
    above = ["school"] if unit.level in {"class", "teacher"} and "school" in pupils else []
    enrolled = pupils[[*above, *covariates]].assign(
        arm="" if study.design.kind == "single_group" else pupils["arm"].astype(object),
        unit=pd.NA if unit.of_pupil is None else unit.of_pupil,
    )
    for outcome, key, waves in outcome_waves(study, scores):
        chosen = study.design.selected_on in {outcome.id, key}
        for wave_from, wave_to in wave_pairs(study, list(waves)):
            pre = waves[wave_from] if wave_from else math.nan
            table = enrolled.assign(pre=pre, post=waves[wave_to])
            for contrast, weights in contrasts(study).items():
                rows = table if not weights else table.loc[table["arm"].isin(list(weights))]
                yield Question(
                    outcome, key, contrast, weights, wave_from, wave_to, rows, unit, covariates, by_lot, chosen
                )


@remembered(1)
def outcome_waves(study: Study, scores: pd.DataFrame) -> Iterable[tuple[Outcome, str, pd.DataFrame]]:
    """Yield every outcome and scale as (outcome, key, scores: pupil x wave), waves in the order of time."""
    for outcome in study.outcomes:
        of_outcome = scores.loc[(scores["outcome"] == outcome.id) & scores["score"].notna()]
        for scale in dict.fromkeys(of_outcome["scale"].astype(str)):
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
    if not start:
        return [] if study.design.kind == "single_group" else [("", w) for w in present]
    later = [w for w in present if WAVES.index(w) > WAVES.index(start)]
    before = (
        [("baseline", "pre")] if study.design.kind == "single_group" and {"baseline", "pre"} <= set(present) else []
    )
    return [(start, w) for w in later] + before


def contrasts(study: Study) -> dict[str, Weights]:
    """Return the comparisons by name: the planned ones, or every treated arm against every control arm.

    Without control arm every pair of arms is compared, the later one in the study file minus the earlier one.
    """
    if study.design.kind == "single_group":
        return {"": {}}
    if study.contrasts:
        return {contrast.name: normalised(contrast.weights) for contrast in study.contrasts}
    pairs = [(t, c) for t in study.treated_arms for c in study.control_arms]
    pairs = pairs or [(later, earlier) for earlier, later in combinations(study.arms, 2)]
    return {f"{t} - {c}": {t: 1.0, c: -1.0} for t, c in pairs}


def place(outcome: str, wave_from: str, wave_to: str, contrast: str, method: str) -> str:
    """Return the id of an estimate that answers this question by this method."""
    return identifier(outcome, f"{wave_from}-{wave_to}".strip("-"), contrast or "all", method)


def identifier(*parts: str) -> str:
    """Return the id of a result: lower case, no spaces."""
    return "/".join("".join(part.lower().split()) for part in parts)


def _plain(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None
