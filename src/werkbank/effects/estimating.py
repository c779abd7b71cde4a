"""Scores -> estimates: one headline test per question, its effect sizes, and what checks it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from werkbank.effects import comparison
from werkbank.effects.binary import as_odds
from werkbank.effects.classes import change_by_unit, compared_by_unit, compared_with_pupils, contextual_effect
from werkbank.effects.companions import companions
from werkbank.effects.crossed import with_crossed_groups
from werkbank.effects.imputing import imputed
from werkbank.effects.lagged import lagged
from werkbank.effects.mechanisms import mechanisms
from werkbank.effects.moderation import moderated
from werkbank.effects.multiplicity import corrected, of_interactions
from werkbank.effects.questions import Question, outcome_waves, questions
from werkbank.effects.repeated import repeated_measures
from werkbank.effects.resampling import bootstrapped
from werkbank.effects.waves import over_waves
from werkbank.measurement.study_scores import scale_of
from werkbank.statistics.change import change_sizes, mean_change
from werkbank.statistics.quantity import not_computed
from werkbank.statistics.sizes import d_ppc2, hedges_g, sd, small_sample_factor

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from werkbank.results import Estimate
    from werkbank.study.model import Study

REFUSED = "refused_too_few_units"


def estimate(study: Study, scores_table: pd.DataFrame, pupils: pd.DataFrame, seed: int) -> list[Estimate]:
    """Answer every question of the study: outcome x contrast x pair of waves.

    Parameters
    ----------
    study : Study
    scores_table : DataFrame
        Long: pupil, wave, outcome, scale, score (NaN = no score).
    pupils : DataFrame
        Indexed by pupil: class, teacher, school, arm at assignment, and the covariates.
    seed : int
        Of everything that is drawn.

    Returns
    -------
    list of Estimate
        In the order of the study file. Per question first the headline test, the only one with a `family`; then its
        effect sizes and the checks. At the end the corrected p values (``p_holm``, ``p_bh``; ``p_bh_interaction`` of
        differences by a characteristic). Where classes, teachers or schools were assigned, or a single group sits in
        classes, nothing carries a pupil-level p, SE or interval.
        Where groups are compared with pupils on their own (`Question.partly_grouped`), the headline is the regression
        with CR2, and only its sizes, the equivalence test and odds stand beside it.
        A question with fewer than two units in an arm has one estimate without a value, `note` refused_too_few_units.

    Notes
    -----
    A pupil without the score before or after is left out of that estimate; `n` is the number that was used, and
    `describe` accounts for the others.
    """
    asked = list(questions(study, scores_table, pupils))
    made: list[Estimate] = []
    for question in asked:
        answers = _answers(question, seed)
        made += answers
        if answers and answers[0].estimate is not None:
            made += as_odds(question)
        if question.partly_grouped:
            continue  # the rest takes it that all units are of one kind
        if answers and answers[0].p is not None and question.weights and question.wave_from and _primary(question):
            if question.unit.of_pupil is not None:
                rows = question.analysed
                found = contextual_effect(rows, question.weights)
                made.append(question.estimate("contextual_effect", found, len(rows), rows["unit"].nunique()))
            made += [_by_pre_test(question), *imputed(question, answers[0].method, seed)]
        if study.analysis is not None and answers and answers[0].p is not None and question.weights:
            made += with_crossed_groups(study.analysis, question, pupils)
        if answers and answers[0].p is not None and _primary(question):
            made += mechanisms(study, question, scores_table, pupils, seed)
    made += bootstrapped([q for q in asked if _comparable(q)], seed)
    scales = {key: waves for _, key, waves in outcome_waves(study, scores_table) if key in study.mediators}
    for place in dict.fromkeys((q.key, q.contrast) for q in asked):
        later = [q for q in asked if (q.key, q.contrast) == place and q.wave_from and _comparable(q)]
        made += _courses([q for q in later if q.wave_from == later[0].wave_from], scales)
    return [*made, *corrected([test for test in made if test.kind == "headline"]), *of_interactions(made)]


def _by_pre_test(q: Question) -> Estimate:
    rows = q.analysed
    units = None if q.unit.of_pupil is None else int(rows["unit"].nunique())
    found = q.estimate("moderation_pre", moderated(rows, q.weights, "pre").interaction, len(rows), units)
    return replace(found, moderator="pre")


def _primary(q: Question) -> bool:
    return q.outcome.role == "primary"  # filling in takes seconds: what decides gets it


def _comparable(q: Question) -> bool:
    return (
        not q.partly_grouped
        and min(q.units_per_arm().values()) >= 2
        and (q.unit.of_pupil is None or not _shares_units(q))
    )


def _courses(later: list[Question], scales: dict[str, pd.DataFrame]) -> list[Estimate]:
    """Answer what three or more waves allow, from the questions of one outcome and contrast with the same start."""
    if len(later) < 2:
        return []
    made: list[Estimate] = []
    if later[0].outcome.same_measure:
        made += [*(over_waves(later) if later[0].weights else []), *repeated_measures(later)]
    others = {name: scores for name, scores in scales.items() if name != later[0].key}
    return [*made, *(lagged(later, others) if _primary(later[0]) else [])]


def headline(study: Study, estimates: Sequence[Estimate]) -> Estimate | None:
    """Return the one primary result: the first headline test of the first primary outcome (else of the first one)."""
    tests = [e for e in estimates if e.kind == "headline" and e.family]
    primary = [outcome.id for outcome in study.outcomes if outcome.role == "primary"]
    ranked = [e for name in primary for e in tests if scale_of(e.outcome)[0] == name]
    return next(iter([*ranked, *tests]), None)


def _answers(question: Question, seed: int) -> list[Estimate]:
    by_unit = question.unit.of_pupil is not None
    if min(question.units_per_arm().values()) < 2:
        return [_refusal(question, by_unit=by_unit)]
    if not question.weights:
        if not question.outcome.same_measure:
            return []
        return change_by_unit(question) if by_unit else _change(question)
    if by_unit and _shares_units(question):
        return [_refusal(question, by_unit=True, note="units_in_more_than_one_arm")]
    if question.partly_grouped:
        return compared_with_pupils(question)
    return compared_by_unit(question, seed) if by_unit else _compared(question)


def _refusal(q: Question, *, by_unit: bool, note: str = REFUSED) -> Estimate:
    method = "ancova" if q.wave_from else "post_difference"
    method = (method if q.weights else "change") + "_unit_means" if by_unit else method if q.weights else "mean_change"
    rows = q.analysed
    refused = q.estimate(method, not_computed(note), len(rows), rows["unit"].nunique() if by_unit else None)
    return replace(refused, kind="headline")  # the answer to its question, but of no family: it is no test


def _shares_units(q: Question) -> bool:
    return bool(q.analysed.groupby("unit")["arm"].nunique().max() > 1)


def _change(q: Question) -> list[Estimate]:
    rows = q.analysed
    change, sizes = mean_change(rows["pre"], rows["post"]), change_sizes(rows["pre"], rows["post"])
    s = sd(rows["pre"])
    in_sds = change.scaled(small_sample_factor(len(rows) - 1) / s, "sd_pre") if s > 0 else not_computed("no_variation")
    return [
        q.estimate("mean_change", change, len(rows), headline=True),
        *(q.estimate(name, size, len(rows)) for name, size in sizes.items()),
        *companions(q, in_sds, change, q.units_per_arm(), len(rows)),
    ]


def _compared(q: Question) -> list[Estimate]:
    rows, n = q.analysed, len(q.analysed)
    g = q.estimate("hedges_g", hedges_g(comparison.samples(rows, q.weights), list(q.weights.values())), n)
    if not q.wave_from:
        after = comparison.post_difference(rows, q.weights)
        size = comparison.adjusted_g(after, rows, q.weights)
        return [
            q.estimate("post_difference", after, n, headline=True),
            g,
            *companions(q, size, after, q.units_per_arm(), n),
        ]
    plain = comparison.ancova(rows, q.weights)
    made = [q.estimate("ancova", plain, n, headline=not q.covariates)]
    adjusted, adjusted_rows = plain, rows
    if q.covariates:
        adjusted_rows = rows.dropna(subset=list(q.covariates))
        adjusted = comparison.ancova(adjusted_rows, q.weights, q.covariates)
        made.insert(0, q.estimate("ancova_covariates", adjusted, len(adjusted_rows), headline=True))
    size = comparison.adjusted_g(adjusted, adjusted_rows, q.weights)
    made += [q.estimate("g_adjusted", size, len(adjusted_rows)), g]
    if q.outcome.same_measure:
        change = d_ppc2(comparison.paired_groups(rows, q.weights), list(q.weights.values()))
        gain = comparison.gain_difference(rows, q.weights)
        made += [q.estimate("gain_difference", gain, n), q.estimate("d_ppc2", change, n)]
    return [*made, *companions(q, size, plain, q.units_per_arm(), n)]
