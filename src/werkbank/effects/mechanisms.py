"""For whom and how much: moderators, dose and taking part as the study file declares them. All exploratory."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from werkbank.effects.leading import by_level
from werkbank.effects.moderation import Moderation, cace, dose_response, first_stage, moderated
from werkbank.effects.questions import Question, identifier, outcome_waves
from werkbank.effects.resampling import mediated
from werkbank.effects.units import unit_means, unit_names
from werkbank.results import Fact
from werkbank.statistics.interaction import (
    Interaction,
    Region,
    interaction_between,
    interaction_within,
    moderated_classes,
)
from werkbank.statistics.quantity import Quantity, not_computed
from werkbank.statistics.units import units_of

if TYPE_CHECKING:
    from werkbank.results import Estimate
    from werkbank.study.model import Study
    from werkbank.study.parts import Moderator

AT = "moderation_at_"


def mechanisms(study: Study, q: Question, scores: pd.DataFrame, pupils: pd.DataFrame, seed: int) -> list[Estimate]:
    """Ask of one question for whom, along which way, with how much, and among those who took part.

    Per moderator ``moderation`` (the interaction), the difference at mean - SD, mean and mean + SD (``moderation_low``,
    ``_mean``, ``_high``: simple slopes; of two values at each) with the moderator's value there (``moderation_at_low``
    and so on), and the Johnson-Neyman borders where there are any; `moderator` and `level` say which. ``dose_response``
    among the treated, ``mediation`` per mediator (`other`), as it was scored after the programme, drawn with `seed`.
    ``cace`` where arms were drawn by lot (without a lot a note says so). Where classes were assigned, dose and taking
    part are those of class means. Pupils without the moderator, dose or record are left out; `n` is what was used.
    """
    made: list[Estimate] = []
    if q.weights and q.wave_from:
        for moderator in study.moderators:
            made += _moderation(q, moderator, moderator_values(study, moderator, scores, pupils), pupils)
        later = {key: waves for _, key, waves in outcome_waves(study, scores)} if study.mediators else {}
        made += [_mediation(q, name, later[name], seed) for name in study.mediators if name in later and name != q.key]
    if study.dose in pupils and q.wave_from:
        treated = [arm for arm, w in q.weights.items() if w > 0] or [""]
        rows, n, units = _rows(q, pupils, str(study.dose), treated)
        slope = replace(dose_response(rows, "had"), note="dose_not_by_lot") if len(rows) > 3 else _too_few()
        made.append(q.estimate("dose_response", slope, n, units))
    if study.received in pupils and q.weights and q.wave_from:
        rows, n, units = _rows(q, pupils, str(study.received), list(q.weights))
        effect = cace(rows, q.weights, "had") if q.randomised else not_computed("cace_needs_lot")
        if len(rows) > 3 and len(set(rows["arm"])) > 1:
            made.append(q.estimate("first_stage", first_stage(rows, q.weights, "had"), n, units))
        made.append(q.estimate("cace", effect if len(rows) > 3 else _too_few(), n, units))
    return made


def taken_up(study: Study, q: Question, pupils: pd.DataFrame) -> list[Fact]:
    """Say of each arm of a comparison who took part: the mean of ``received`` of those analysed (of units, of theirs).

    Returns
    -------
    list of Fact
        ``took_part`` (arm; 0 to 1 where the column holds 0 and 1); none where nothing was declared.
    """
    if study.received not in pupils or not q.weights or not q.wave_from:
        return []
    rows, _, _ = _rows(q, pupils, str(study.received), list(q.weights))
    made = []
    for arm, had in rows.groupby(rows["arm"].astype(str), observed=True)["had"]:
        place = identifier(q.key, q.contrast, f"{q.wave_from}-{q.wave_to}", "took_part", str(arm))
        found = Fact(place, "took_part", float(had.mean()), q.key, q.outcome.informant, str(arm), q.wave_to, len(had))
        found = replace(found, kind="took_part", contrast=q.contrast, arms=q.arms)
        made.append(replace(found, wave_from=q.wave_from, wave_to=q.wave_to))
    return made


def moderator_values(study: Study, moderator: Moderator, scores: pd.DataFrame, pupils: pd.DataFrame) -> pd.Series:
    """Return the moderator of every pupil: a column, or the first score; a teacher's is the mean over its pupils.

    Two words become 0 and 1 in alphabetical order; more words than two cannot moderate: all NaN.
    """
    if moderator.column is not None:
        values = pupils.get(moderator.column, pd.Series(pd.NA, pupils.index))
    else:
        found = {key: waves for _, key, waves in outcome_waves(study, scores)}
        waves = found.get(str(moderator.outcome))
        values = pd.Series(pd.NA, pupils.index) if waves is None else waves[_before(list(waves))].reindex(pupils.index)
    if not pd.api.types.is_numeric_dtype(values):
        words = sorted(values.dropna().unique(), key=str)
        values = values.map({word: float(i) for i, word in enumerate(words)} if len(words) == 2 else {})
    values = values.astype(float)
    teachers = unit_names(pupils, "teacher") if moderator.at == "teacher" else None
    return values if teachers is None else values.groupby(teachers).transform("mean")


def _before(waves: list[str]) -> str:
    return "pre" if "pre" in waves else waves[0]


def _moderation(q: Question, moderator: Moderator, values: pd.Series, pupils: pd.DataFrame) -> list[Estimate]:
    rows = q.analysed
    rows = rows.assign(by=values.reindex(rows.index)).dropna(subset=["by"])
    by_unit = q.unit.of_pupil is not None
    n, units = len(rows), int(rows["unit"].nunique()) if by_unit else None
    if n < 6 or rows["by"].nunique() < 2:
        refused = _too_few() if n >= 6 or values.notna().any() else not_computed("moderator_not_numeric")
        return [_named(q.estimate("moderation", refused, n, units), moderator)]
    centre, spread = float(rows["by"].mean()), float(rows["by"].std())
    at = {"low": centre - spread, "mean": centre, "high": centre + spread}
    if two := rows["by"].nunique() == 2:
        at = {"low": float(rows["by"].min()), "high": float(rows["by"].max())}
    found = _interaction(q, rows, moderator.at, list(at.values()))
    made = {"moderation": ("", found.interaction)}  # method -> level, quantity
    if found.effects:
        made |= {f"moderation_{place}": (place, found.effects[x]) for place, x in at.items()}
        made |= {f"moderation_at_{place}": (place, Quantity(x)) for place, x in at.items()}
    made |= {} if two else _region(found, rows["by"])
    stated = [_named(q.estimate(name, x, n, units), moderator, level) for name, (level, x) in made.items()]
    words = _words(moderator, pupils)
    return [replace(e, group=words.get(str(e.level), "")) if e.method.startswith(AT) else e for e in stated]


def _interaction(q: Question, rows: pd.DataFrame, level: str, at: list[float]) -> Interaction:
    """Choose by what was assigned and whose property it is: slopes within classes, or means of classes by moderator."""
    w, names = q.weights, q.adjusting.adjusted_for
    others = [name for name in names if name != "pre" or not rows["by"].equals(rows["pre"])]
    if q.unit.of_pupil is None and level == "teacher":
        return _refused("moderator_of_shared_teachers")
    if q.unit.of_pupil is None and q.blocks.level:
        return _from_least_squares(moderated(rows, w, "by", [*others, "block"], at), at)
    if q.unit.of_pupil is None:
        rows = rows.assign(unit=[f"{i:09d}" for i in range(len(rows))])
    of_unit = rows["by"].groupby(rows["unit"].astype(str))
    if q.unit.of_pupil is not None and bool((of_unit.max() > of_unit.min()).any()):
        inner = by_level(rows, others)[0]
        return interaction_within(moderated_classes(rows, "by", covariates=inner), w, at, level=q.ci_level)
    before = rows["pre"].groupby(rows["unit"].astype(str)).mean()
    same = np.allclose(before, of_unit.mean(), rtol=1e-12, atol=0.0)  # the score before is its own moderator
    means = units_of(rows, pre="pre" if "pre" in others and not same else None, unit_level=["by"])
    columns = None
    if q.blocks.level and q.unit.of_pupil is not None:
        of = rows.groupby(rows["unit"].astype(str))["block"].first().astype(str).reindex(list(means.labels))
        columns = pd.get_dummies(of, drop_first=True, dtype=float).to_numpy()
    return interaction_between(means, "by", w, at, columns=columns, level=q.ci_level)


def _from_least_squares(found: Moderation, at: list[float]) -> Interaction:
    df = found.interaction.df or math.nan
    if found.region is None:
        p = found.effects[at[len(at) // 2]].p
        note = found.interaction.note or ("everywhere" if p is not None and p < 0.05 else "nowhere")
        region = Region(math.nan, math.nan, between=False, note=note)
    else:
        region = Region(*found.region, between=found.between)
    return Interaction(found.interaction, {}, found.effects, region, df, df, df, ())


def _refused(note: str) -> Interaction:
    none = Region(math.nan, math.nan, between=False, note=note)
    return Interaction(not_computed(note), {}, {}, none, math.nan, math.nan, math.nan, ())


def _region(found: Interaction, values: pd.Series) -> dict[str, tuple[str, Quantity]]:
    """Return the Johnson-Neyman borders, or the interaction again with a note that there are none."""
    region = found.region
    if region.note in {"everywhere", "nowhere"}:
        note = "region_all" if region.note == "everywhere" else "region_none"
        return {"moderation": ("", replace(found.interaction, note=note))}
    if region.note:
        return {}
    note = "region_between" if region.between else "region_outside"
    inside = all(values.min() <= x <= values.max() for x in (region.low, region.high))
    borders = [Quantity(x, note=note + "_beyond" * (not inside)) for x in (region.low, region.high)]
    return {
        "moderation_region_low": ("border_low", borders[0]),
        "moderation_region_high": ("border_high", borders[1]),
    }


def _words(moderator: Moderator, pupils: pd.DataFrame) -> dict[str, str]:
    """Return what the two values of a moderator in words are called, at low and at high."""
    values = pupils.get(moderator.column) if moderator.column is not None else None
    if values is None or pd.api.types.is_numeric_dtype(values):
        return {}
    words = sorted(map(str, values.dropna().unique()))
    return {"low": words[0], "high": words[1]} if len(words) == 2 else {}


def _mediation(q: Question, name: str, waves: pd.DataFrame, seed: int) -> Estimate:
    # the mediator as early after the programme as it was measured, so that it can come before a later outcome
    wave = next((w for w in waves if w not in {"baseline", "pre"}), None)
    rows = q.analysed
    rows = rows.assign(by=pd.NA if wave is None else waves[wave].reindex(rows.index)).dropna(subset=["by"])
    rows = rows.drop(columns=[] if q.unit.of_pupil is not None else "unit").astype({"by": float})
    units = int(rows["unit"].nunique()) if "unit" in rows else None
    path = mediated(rows, q.weights, "by", seed)
    note = path.note or ("mediator_at_same_wave" if wave == q.wave_to else "")
    made = q.estimate("mediation", replace(path, note=note), len(rows), units)
    return replace(made, id=identifier(made.id, name), other=name, role="exploratory")


def _named(estimate: Estimate, moderator: Moderator, level: str = "") -> Estimate:
    place = identifier(estimate.id, moderator.id)
    return replace(estimate, id=place, moderator=moderator.id, level=level, role="exploratory")


def _rows(q: Question, pupils: pd.DataFrame, column: str, arms: list[str]) -> tuple[pd.DataFrame, int, int | None]:
    rows = q.analysed
    rows = rows.loc[rows["arm"].isin(arms)]
    had = pd.to_numeric(pupils[column], errors="coerce").reindex(rows.index)
    rows = rows.assign(had=had).dropna(subset=["had"])
    if q.unit.of_pupil is None:
        return rows, len(rows), None
    means = unit_means(rows, ["pre", "post", "had"])
    return means, len(rows), len(means)


def _too_few() -> Quantity:
    return not_computed("not_estimable")
