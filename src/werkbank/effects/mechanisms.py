"""For whom and how much: moderators, dose and taking part as the study file declares them. All exploratory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from werkbank.effects.moderation import cace, dose_response, moderated
from werkbank.effects.questions import Question, identifier, outcome_waves
from werkbank.effects.resampling import mediated
from werkbank.effects.units import unit_means, unit_names
from werkbank.statistics.quantity import Quantity, not_computed

if TYPE_CHECKING:
    from werkbank.results import Estimate
    from werkbank.study.model import Study
    from werkbank.study.parts import Moderator


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
        made.append(q.estimate("cace", effect if len(rows) > 3 else _too_few(), n, units))
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
    if q.unit.of_pupil is None:
        teachers = unit_names(pupils, "teacher") if moderator.at == "teacher" else None
        rows = rows.drop(columns="unit") if teachers is None else rows.assign(unit=teachers.reindex(rows.index))
    n, units = len(rows), int(rows["unit"].nunique()) if "unit" in rows else None
    if n < 6 or rows["by"].nunique() < 2:
        refused = _too_few() if n >= 6 or values.notna().any() else not_computed("moderator_not_numeric")
        return [_named(q.estimate("moderation", refused, n, units), moderator)]
    centre, spread = float(rows["by"].mean()), float(rows["by"].std())
    at = {"low": centre - spread, "mean": centre, "high": centre + spread}
    if two := rows["by"].nunique() == 2:
        at = {"low": float(rows["by"].min()), "high": float(rows["by"].max())}
    covariates = ("pre",) if not rows["by"].equals(rows["pre"]) else ()
    found = moderated(rows, q.weights, "by", covariates, list(at.values()))
    made = {"moderation": ("", found.interaction)}  # method -> level, quantity
    made |= {f"moderation_{place}": (place, found.effects[x]) for place, x in at.items()}
    made |= {f"moderation_at_{place}": (place, Quantity(x)) for place, x in at.items()}
    if found.region is not None and not two:
        note = "region_between" if found.between else "region_outside"
        note += "" if all(rows["by"].min() <= x <= rows["by"].max() for x in found.region) else "_beyond"
        borders = [Quantity(x, note=note) for x in found.region]
        made["moderation_region_low"] = "border_low", borders[0]
        made["moderation_region_high"] = "border_high", borders[1]
    elif not two and (p := found.effects[centre].p) is not None:
        made["moderation"] = "", replace(found.interaction, note="region_all" if p < 0.05 else "region_none")
    return [
        _named(q.estimate(method, quantity, n, units), moderator, level) for method, (level, quantity) in made.items()
    ]


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
