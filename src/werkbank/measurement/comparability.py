"""Whether each scale of a study measured the same before and after, and in every arm: the verdicts as facts."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from werkbank.measurement.scoring import item_matrix
from werkbank.measurement.study_scores import scale_key, scales_of_items, waves_of
from werkbank.results import Fact
from werkbank.statistics.cfa import FactorModel
from werkbank.statistics.invariance import Criteria, Invariance, invariance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from werkbank.instruments import Instrument
    from werkbank.intake import Intake
    from werkbank.statistics.cfa.fitting import Missing
    from werkbank.study import Outcome

FEWEST_ROWS = 100  # respondents in each group: below, fit indices say more about chance than about the questionnaire
MOST_ITEMS = 20
MOST_FIML = 2_000  # respondents: above, complete answers are enough, and every pattern of gaps costs time
CRITERIA = Criteria(also_chi2=True)
OF_STEP = ("delta_cfi", "delta_rmsea")  # against the model before it
STEP = ("chi2", "df", "cfi", "rmsea", *OF_STEP)
LATENT = "latent_mean_change"


def comparability(intake: Intake, keys: Mapping[str, Instrument], *, arms: bool = True) -> list[Fact]:
    """Judge of every scale of three or more items whether its scores may be compared over waves and over arms.

    Parameters
    ----------
    intake : Intake
    keys : mapping outcome -> Instrument
        As in `Scores.instruments`.
    arms : bool
        Whether to look at arms too, at each wave.

    Returns
    -------
    list of Fact
        For each scale and later wave (against the first; `wave` is the later one): `invariance_level`, which is
        strict, scalar (score means may be compared), metric, configural, none (not even the same structure could be
        shown) or unknown, with `n` the respondents used. Below scalar `invariance_partial` names the items whose
        release leaves latent means comparable, found by looking at these same data (empty: none does; one by one in
        `parts`). For every model of the ladder, its `step`, `invariance_chi2`, `_df`, `_cfi`, `_rmsea`, `_delta_cfi`
        and `_delta_rmsea`; `invariance_reason`, a key under ``measurement_report.reason``, where the ladder stopped;
        `invariance_missing`, fiml or complete; from (partial) scalar on `latent_mean_change`, in SDs of the first wave.
        For arms the same with ``_arms`` after the name. `table` is waves or arms, `category` level, chi2 and so on.

    Notes
    -----
    A step fails by Chen's (2007) criteria and the chi2 difference test together (`Criteria.also_chi2`). One pair of
    waves at a time, as they are compared; a ladder of 8 items x 2 waves takes about half a second. Unknown
    for fewer than 100 respondents (in any arm), and more than 20 items. See `invariance.invariance`.
    """
    facts: list[Fact] = []
    for outcome, scale in scales_of_items(intake, keys):
        if not outcome.same_measure:
            continue
        items = {wave: _items(intake, outcome, keys[outcome.id], scale, wave) for wave in waves_of(intake, outcome)}
        key = scale_key(outcome.id, scale)
        first, *later = items or [""]
        for wave in later:
            names = list(items[wave].columns)
            data = pd.concat([items[w].add_prefix(f"{w}|") for w in (first, wave)], axis=1)
            model = FactorModel({"f": names}, waves={w: {i: f"{w}|{i}" for i in names} for w in (first, wave)})
            facts += _facts(_Ladder(key, outcome.informant, wave, (first, wave), ""), data, model, None)
        for wave in items if arms and len(intake.study.arms) > 1 else []:
            here = items[wave]
            groups = intake.pupils["arm"].reindex(here.index).astype(object)
            model = FactorModel({"f": list(here.columns)})
            facts += _facts(_Ladder(key, outcome.informant, wave, (wave,), "_arms"), here, model, groups)
    return facts


@dataclass(frozen=True)
class _Ladder:
    """Where the facts of one ladder belong: scale, later wave, the waves compared, and ``_arms`` when that was arms."""

    key: str
    informant: str
    wave: str
    compared: tuple[str, ...]
    suffix: str

    def fact(self, what: str, value: float | str | None, n: int, step: str = "", parts: tuple[str, ...] = ()) -> Fact:
        name = what if what == LATENT else f"invariance_{what}{self.suffix}"
        where = "/".join(part for part in (self.key, "-".join(self.compared), step, name) if part)
        pair: dict[str, Any] = (
            dict(zip(("wave_from", "wave_to"), self.compared, strict=True)) if len(self.compared) == 2 else {}
        )
        table = "arms" if self.suffix else "waves"
        made = Fact(where, name, value, self.key, self.informant, "", self.wave, n, kind="invariance", **pair)
        return replace(made, table=table, category=what, step=step, parts=parts)


def _items(intake: Intake, outcome: Outcome, key: Instrument, scale: str, wave: str) -> pd.DataFrame:
    return item_matrix(intake.answers, outcome.id, key, scale, wave, outcome.informant)


def _facts(ladder: _Ladder, data: pd.DataFrame, model: FactorModel, groups: pd.Series | None) -> list[Fact]:
    if groups is not None:
        data, groups = data[groups.notna()], groups[groups.notna()]
    n, refused = len(data), _refused(data, model, groups)
    if refused:
        return [ladder.fact("level", "unknown", n), ladder.fact("reason", refused, n)]
    missing: Missing = "complete" if n > MOST_FIML else "fiml"
    of = None if groups is None else list(groups.astype(str))
    found = invariance(data, model, group=of, missing=missing, criteria=CRITERIA)
    n = found.steps[0].cfa.counts.used
    facts = [
        ladder.fact("level", _level(found), n),
        ladder.fact("missing", missing, n),
        *(
            ladder.fact(what, value, n, step.level)
            for step in found.steps
            if step.cfa.admissible
            for what in STEP
            if math.isfinite(value := getattr(step if what in OF_STEP else step.cfa.fit, what))
        ),
    ]
    stopped = next((step for step in found.steps if step.held is not True), None)
    if stopped is not None:
        facts.append(ladder.fact("reason", stopped.reason, n))
    if found.level in {"configural", "metric"} and stopped is not None and stopped.reason == "misfit":
        freer = invariance(data, model, group=of, missing=missing, search=True, criteria=CRITERIA)
        comparable = "latent_means" in freer.allows
        exempt = _exempt(freer) if comparable else ()
        facts.append(ladder.fact("partial", ", ".join(exempt), n, parts=exempt))
        found = freer if comparable else found
    if groups is None and found.latent_means:
        # without its interval, which would count every pupil of a class as one more witness
        facts.append(ladder.fact(LATENT, found.latent_means[0].difference, n))
    return facts


def _refused(data: pd.DataFrame, model: FactorModel, groups: pd.Series | None) -> str:
    if len(model.items) < 3:
        return "too_few_items"
    if len(model.items) > MOST_ITEMS:
        return "too_many_items"
    if groups is not None:
        rows = [int(count) for count in groups.value_counts()]
        return "too_few_rows" if len(rows) < 2 or min(rows) < FEWEST_ROWS else ""
    answered = [int(data[columns].notna().any(axis=1).sum()) for columns in _by_wave(model)]
    return "too_few_rows" if min(answered) < FEWEST_ROWS else ""


def _by_wave(model: FactorModel) -> Sequence[list[str]]:
    return [list(columns.values()) for columns in model.waves.values()]


def _level(found: Invariance) -> str:
    if found.level in {"scalar", "strict"}:
        return found.level
    # a model without a proper solution shows no shift: only a step that was judged and failed does
    failed = any(step.held is False for step in found.steps)
    return (found.level or "none") if failed else "unknown"


def _exempt(found: Invariance) -> tuple[str, ...]:
    step = found.step("scalar")
    return tuple(dict.fromkeys(item for items in step.free.values() for item in items))
