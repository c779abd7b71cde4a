"""Scores -> estimates: which analysis answers which question, in which design."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from werkbank import steps
from werkbank.effects import comparing
from werkbank.effects.arms import all_arms
from werkbank.effects.asking import role_of_question
from werkbank.effects.binary import as_rates
from werkbank.effects.changing import change_of_pupils
from werkbank.effects.classes import change_by_unit, compared_with_pupils, contextual_effect
from werkbank.effects.imputing import imputed
from werkbank.effects.lagged import lagged
from werkbank.effects.leaving_out import one_left_out
from werkbank.effects.mechanisms import mechanisms
from werkbank.effects.multiplicity import corrected, of_interactions
from werkbank.effects.questions import Question, outcome_waves, questions
from werkbank.effects.repeated import repeated_measures
from werkbank.effects.resampling import bootstrapped
from werkbank.effects.waves import over_waves
from werkbank.measurement.study_scores import scale_of
from werkbank.statistics.quantity import not_computed
from werkbank.statistics.threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from werkbank.results import Estimate
    from werkbank.study.model import Study

REFUSED = "refused_too_few_units"

# design of a comparison -> its analysis; `leading` has the table of the leads
COMPARISONS = {
    "pupils": comparing.pupils,  # assigned one by one
    "sites": comparing.sites,  # assigned one by one, within schools or declared blocks
    "units": comparing.units,  # classes, teachers or schools assigned
    "blocks": comparing.blocks,  # the same within pairs or strata
    "roles": comparing.roles,  # teachers assigned, whose pupils are target pupils or others
}


@one_thread
def estimate(study: Study, scores_table: pd.DataFrame, pupils: pd.DataFrame, seed: int) -> list[Estimate]:
    """Answer every question of the study: outcome x contrast x pair of waves.

    Parameters
    ----------
    study : Study
    scores_table : DataFrame
        Long: pupil, wave, outcome, scale, score (NaN = no score).
    pupils : DataFrame
        Indexed by pupil: class, teacher, school, block, role, arm at assignment, and the covariates.
    seed : int
        Of everything that is drawn.

    Returns
    -------
    list of Estimate
        In the order of the study file. Per question first the headline test, the only one with a `family`; then its
        effect sizes and the checks. At the end the corrected p values (``p_holm``, ``p_bh``; ``p_bh_interaction`` of
        differences by a characteristic). Where classes, teachers or schools were assigned, or a single group sits in
        classes, nothing carries a pupil-level p, SE or interval.
        A question with fewer than two units in an arm has one estimate without a value, `note` refused_too_few_units;
        what the lead itself refuses has its value alone, with the reason.

    Notes
    -----
    Every row of a question that claims to answer it rests on one analysis set: pupils with all scores, covariates and
    groups that it needs (`Question.adjusting`); `n` is their number, and `describe` accounts for the others.
    """
    asked = list(questions(study, scores_table, pupils))
    made: list[Estimate] = []
    for at, question in enumerate(asked, 1):
        steps.begin("estimating", outcome=question.key, at=at, of=len(asked))
        answers = _answers(question, seed)
        made += answers
        if answers and answers[0].p is not None:
            made += _further(study, question, scores_table, pupils, seed)
    made += all_arms(list(study.arms), study.control_arms, [q for q in asked if q.weights and _comparable(q)])
    made += bootstrapped([q for q in asked if _comparable(q) and not q.blocks.level], seed)
    scales = {key: waves for _, key, waves in outcome_waves(study, scores_table) if key in study.mediators}
    for place in dict.fromkeys((q.key, q.contrast) for q in asked):
        later = [q for q in asked if (q.key, q.contrast) == place and q.wave_from and _comparable(q)]
        made += _courses([q for q in later if q.wave_from == later[0].wave_from], scales)
    return [*made, *corrected([test for test in made if test.kind == "headline"]), *of_interactions(made)]


def _answers(q: Question, seed: int) -> list[Estimate]:
    """Return the answer to a question by its design: a refusal, a change, or a comparison."""
    by_unit = q.unit.of_pupil is not None
    if refusal := q.refusal or REFUSED * (min(q.units_per_arm().values()) < 2):
        return [_refusal(q, refusal)]
    if not q.weights:
        if not q.outcome.same_measure:
            return []
        return change_by_unit(q) if by_unit else change_of_pupils(q)
    if q.partly_grouped:
        return compared_with_pupils(q)
    if by_unit and q.roles is None and q.shares_units:
        return [_refusal(q, "units_in_more_than_one_arm")]
    return COMPARISONS[q.plan.design](q, seed)


def _further(study: Study, q: Question, scores_table: pd.DataFrame, pupils: pd.DataFrame, seed: int) -> list[Estimate]:
    """Return what is asked besides of a question that could be answered."""
    made = as_rates(q) if q.weights else []
    primary = "primary" in {q.role, q.outcome.role}  # filling in takes seconds: what decides gets it
    if q.partly_grouped or not primary or q.roles:
        return made  # the rest takes it that all units are of one kind
    if q.weights and q.wave_from:
        if q.plan.design == "units" and q.adjusting.pre:
            rows = q.analysed
            found = contextual_effect(rows, q.weights)
            made.append(q.estimate("contextual_effect", found, len(rows), rows["unit"].nunique()))
        made += one_left_out(q)
        steps.begin("imputing", outcome=q.key)
        made += imputed(q, seed)
    steps.begin("for_whom", outcome=q.key)
    return [*made, *mechanisms(study, q, scores_table, pupils, seed)]


def _refusal(q: Question, note: str) -> Estimate:
    by_unit = q.unit.of_pupil is not None
    method = ("unit_means_post" if by_unit else "hc2_post") if q.weights else "change_unit_means"
    method = method if q.weights or by_unit else "mean_change"
    rows = q.analysed
    refused = q.estimate(method, not_computed(note), len(rows), rows["unit"].nunique() if by_unit else None)
    return replace(refused, kind="headline")  # the answer to its question, but of no family: it is no test


def _comparable(q: Question) -> bool:
    return (
        not q.refusal
        and not q.partly_grouped
        and q.roles is None
        and min(q.units_per_arm().values()) >= 2
        and (q.unit.of_pupil is None or not q.shares_units)
    )


def _courses(later: list[Question], scales: dict[str, pd.DataFrame]) -> list[Estimate]:
    """Answer what three or more waves allow, from the questions of one outcome and contrast with the same start."""
    if len(later) < 2:
        return []
    made: list[Estimate] = []
    if later[0].outcome.same_measure:
        made += [*(over_waves(later) if later[0].weights else []), *repeated_measures(later)]
    others = {name: scores for name, scores in scales.items() if name != later[0].key}
    return [*made, *(lagged(later, others) if "primary" in {later[0].role, later[0].outcome.role} else [])]


def headline(study: Study, estimates: Sequence[Estimate]) -> Estimate | None:
    """Return the one primary result: the first headline test of the first primary outcome (else of the first one)."""
    tests = [e for e in estimates if e.kind == "headline" and e.family]
    first = {(e.outcome, e.contrast): e.wave_to for e in reversed(tests)}
    ranked = [e for e in tests if _role(study, e, first) == "primary"]
    if study.primary:
        order = [asked.outcome for asked in study.primary]
        ranked.sort(key=lambda e: next(i for i, name in enumerate(order) if name in {e.outcome, _outcome(e)}))
    return next(iter([*ranked, *tests]), None)


def _role(study: Study, e: Estimate, first: dict[tuple[str, str], str]) -> str:
    return role_of_question(study, e.outcome, e.wave_to, e.contrast, first[e.outcome, e.contrast])


def _outcome(e: Estimate) -> str:
    return scale_of(e.outcome)[0]
