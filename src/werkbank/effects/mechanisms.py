"""Along which way, with how much, and among whom it was had, as the study file declares it. All exploratory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from werkbank.effects.for_whom import moderation, moderator_values
from werkbank.effects.mediation import mediated
from werkbank.effects.questions import Question, identifier, outcome_waves
from werkbank.effects.taking_part import dose_response, taking_part
from werkbank.statistics.quantity import Quantity, not_computed

if TYPE_CHECKING:
    from werkbank.results import Estimate
    from werkbank.study.model import Study


def mechanisms(study: Study, q: Question, scores: pd.DataFrame, pupils: pd.DataFrame, seed: int) -> list[Estimate]:
    """Ask of one question for whom, along which way, with how much, and among those who took part.

    Per moderator ``moderation`` (the interaction), where pupils of classes differ in it also ``moderation_kr`` (a mixed
    model with a slope of its own for every class), the difference at mean - SD, mean and mean + SD
    (``moderation_low``, ``_mean``, ``_high``: simple slopes; of two values at each) with the moderator's value there
    (``moderation_at_low`` and so on), and the Johnson-Neyman borders where there are any; `moderator` and `level` say
    which. ``dose_response`` among the treated, ``mediation`` per mediator (`other`), as it was scored after the
    programme, its interval drawn with `seed`. ``take_up`` per arm, ``first_stage`` and ``cace`` of a programme that not
    everybody took (the last where arms were drawn by lot; without a lot a note says so). All on the units that were
    assigned, with the covariates and blocks of the lead. Pupils without the moderator, dose or record are left out; `n`
    is what was used.
    """
    made: list[Estimate] = []
    if q.weights:
        for moderator in study.moderators:
            made += moderation(q, moderator, moderator_values(study, moderator, scores, pupils), pupils)
        later = {key: waves for _, key, waves in outcome_waves(study, scores)} if study.mediators else {}
        made += [_mediation(q, name, later[name], seed) for name in study.mediators if name in later and name != q.key]
    if study.dose in pupils and q.weights:
        rows = _had(q, pupils, str(study.dose), [arm for arm, w in q.weights.items() if w > 0])
        slope = dose_response(q.plan, rows) if len(rows) > 3 else _too_few()
        made.append(q.estimate("dose_response", slope, len(rows), _units(q, rows)))
    if study.received in pupils and q.weights:
        made += _taking_part(q, _had(q, pupils, str(study.received), list(q.whole["arm"].unique())))
    return made


def _taking_part(q: Question, rows: pd.DataFrame) -> list[Estimate]:
    if len(rows) < 4 or rows.loc[rows["arm"].isin(q.plan.arms), "arm"].nunique() < len(q.plan.arms):
        return [q.estimate("cace", _too_few(), len(rows), _units(q, rows))]
    found = taking_part(q.plan, rows, drawn=q.randomised)
    made = []
    for arm, share in found.share.items():
        of_arm = rows.loc[rows["arm"] == arm]
        one = q.estimate("take_up", Quantity(share), len(of_arm), _units(q, of_arm))
        made.append(replace(one, id=identifier(one.id, arm), grouped_by="arm", group=arm, arms=(arm,)))
    for method, quantity in (("first_stage", found.first_stage), ("cace", found.effect)):
        made.append(q.estimate(method, quantity, found.n, found.n_units))
    return made


def _mediation(q: Question, name: str, waves: pd.DataFrame, seed: int) -> Estimate:
    # the mediator as early after the programme as it was measured, so that it can come before a later outcome
    wave = next((w for w in waves if w not in {"baseline", "pre"}), None)
    rows = q.analysed
    rows = rows.assign(by=pd.NA if wave is None else waves[wave].reindex(rows.index)).dropna(subset=["by"])
    rows = rows.astype({"by": float})
    whole = len(rows) > 3 and set(rows["arm"]) >= set(q.plan.arms)
    path = mediated(q.plan, rows, "by", seed) if whole else _too_few()
    note = path.note or ("mediator_at_same_wave" if wave == q.wave_to else "")
    made = q.estimate("mediation", replace(path, note=note), len(rows), _units(q, rows))
    return replace(made, id=identifier(made.id, name), other=name, role="exploratory")


def _had(q: Question, pupils: pd.DataFrame, column: str, arms: list[str]) -> pd.DataFrame:
    rows = q.whole.loc[q.whole["arm"].isin(arms)]
    had = pd.to_numeric(pupils[column], errors="coerce").reindex(rows.index).astype(float)
    return rows.assign(had=had).dropna(subset=["had"])


def _units(q: Question, rows: pd.DataFrame) -> int | None:
    return None if q.unit.of_pupil is None else int(rows["unit"].nunique())


def _too_few() -> Quantity:
    return not_computed("not_estimable")
