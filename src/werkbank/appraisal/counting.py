"""What was read -> the counts behind every question, from which `foresee` says what will become of it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from werkbank.appraisal.foreseen import Counted
from werkbank.appraisal.quality import APART
from werkbank.effects.asking import role_of_outcome
from werkbank.effects.classes import groups_difference
from werkbank.effects.comparison import samples
from werkbank.effects.questions import contrasts, outcome_waves, questions
from werkbank.effects.units import unit_means
from werkbank.measurement.study_scores import scale_key
from werkbank.statistics.change import mean_change
from werkbank.statistics.sizes import hedges_g

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from werkbank.effects.questions import Question
    from werkbank.instruments import Instrument
    from werkbank.statistics.quantity import Quantity
    from werkbank.study import Study


def counted(
    study: Study, keys: Mapping[str, Instrument], scores: pd.DataFrame, pupils: pd.DataFrame
) -> Iterator[Counted]:
    """Count what every question of a study rests on.

    Parameters
    ----------
    keys : mapping
        Scoring key of every outcome.
    scores : DataFrame
        Long: pupil, wave, outcome, scale, score.
    pupils : DataFrame
        Indexed by pupil, as at assignment.

    Yields
    ------
    Counted
        In the order of the study file. A scale of which no question can be asked stands there once, with the reason.
    """
    asked: dict[str, list[Question]] = {}
    for question in questions(study, scores, pupils):
        asked.setdefault(question.key, []).append(question)
    seen = {key: list(waves) for _, key, waves in outcome_waves(study, scores)}
    for outcome in study.outcomes:
        for scale in outcome.scales or list(keys[outcome.id].scales):
            key = scale_key(outcome.id, scale)
            yield from (_of_question(q) for q in asked.get(key, []))
            if key not in asked:
                waves = seen.get(key, [])
                lacking = Counted(
                    key, outcome.informant, next(iter(contrasts(study))), "", waves[0] if waves else "",
                    role_of_outcome(study, key), "pupil",
                )  # fmt: skip
                yield replace(lacking, absent="never_twice" if waves else "no_scores")


def _of_question(q: Question) -> Counted:
    by_unit = q.unit.of_pupil is not None
    arms = list(q.weights) or [""]
    enrolled = q.table.groupby("arm")
    units = enrolled["unit"].nunique() if by_unit else enrolled.size()
    made = Counted(
        outcome=q.key,
        informant=q.outcome.informant,
        contrast=q.contrast,
        wave_from=q.wave_from,
        wave_to=q.wave_to,
        role=q.role,
        unit=q.unit.level,
        units=q.units_per_arm(),
        pupils={arm: int((q.analysed["arm"] == arm).sum()) for arm in arms},
        enrolled_units={arm: int(units.get(arm, 0)) for arm in arms} if by_unit and not q.partly_grouped else {},
        enrolled_pupils={arm: int((q.table["arm"] == arm).sum()) for arm in arms},
        absent=q.refusal,
        same_measure=q.outcome.same_measure,
        shared=bool(q.weights) and by_unit and q.roles is None and not q.partly_grouped and q.shares_units,
    )
    if made.absent or min(made.units.values()) < 2 or made.shared or not (q.weights or made.same_measure):
        return made
    made, test = replace(made, apart=_apart(q)), _lead(q)
    if test.p is not None and not (q.roles is not None and q.answer.method == "role_pairs"):
        return made
    lead = "roles_chosen" if q.roles is not None and q.answer.method == "role_pairs" else test.note or "not_computed"
    return replace(made, lead=lead, value=math.isfinite(test.value))


def _apart(q: Question) -> bool:
    """Whether arms that no lot divided hardly overlap beforehand."""
    if not (q.weights and q.wave_from) or q.randomised:
        return False
    g = hedges_g(samples(q.analysed, q.weights, "pre"), list(q.weights.values()), limits=False).value
    return abs(g) >= APART


def _lead(q: Question) -> Quantity:
    """Return the answer that leads, of which only is told whether there is a test, never what it says."""
    if q.partly_grouped:
        return groups_difference(q.analysed, q.weights, q.adjusting.adjusted_for)
    if q.weights:
        return q.answer.test
    rows = q.analysed
    means = rows if q.unit.of_pupil is None else unit_means(rows, ["pre", "post"])
    return mean_change(means["pre"], means["post"])
