"""What one will be allowed to say of a study that is still to be done: `foresee`, from counts that are expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from werkbank.appraisal.foreseen import Counted, foresee
from werkbank.effects.asking import role_of_question
from werkbank.effects.roles import role_arms
from werkbank.measurement.study_scores import instruments_of, scale_key
from werkbank.planning.asking import asked
from werkbank.planning.power import shape
from werkbank.results import Claim

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkbank.appraisal.foreseen import Foreseen
    from werkbank.planning.asking import Asked
    from werkbank.study import Study

DRAWS = 999  # of who is lost


def foreseen(study: Study) -> tuple[Foreseen, ...]:
    """Say of every question of a plan whether a report will answer it, and what it may then say.

    The rules are those of `check` and of the report itself; only the counts are expected ones.
    """
    return foresee(study, _counted(study))


def claims_of_plan(study: Study) -> list[Claim]:
    """Return what will be said of every question, in the sentences of the report.

    Returns
    -------
    list of Claim
        Of kind ``foreseen``: the grade of each question, `verdict` tested, described or refused; and of kind
        ``foreseen_reason`` what keeps it from a higher one.
    """
    made = []
    for number, one in enumerate(foreseen(study), start=1):
        c = one.counted
        at = {"outcome": c.outcome, "contrast": c.contrast, "wave_from": c.wave_from, "wave_to": c.wave_to}
        values = {"unit": c.unit, "outcome": c.outcome, "wave": c.wave_to}
        key = f"plan/foreseen/{number}"
        made.append(
            Claim(key, (), one.grade, f"claims.grade.{one.grade}", {**values, "reason": one.reason}, kind="foreseen",
                  verdict=one.state, role=c.role, **at)
        )  # fmt: skip
        made += [
            Claim(f"{key}/{why}", (), one.grade, f"claims.reasons.{why}", values, kind="foreseen_reason", verdict=why,
                  **at)
            for why in one.against
        ]  # fmt: skip
    return made


def _counted(study: Study) -> Iterator[Counted]:
    keys, comparisons = instruments_of(study), asked(study)
    first = comparisons[0].wave_to if comparisons else ""
    for outcome in study.outcomes:
        for scale in outcome.scales or list(keys[outcome.id].scales):
            key = scale_key(outcome.id, scale)
            for one in comparisons:
                role = role_of_question(study, key, one.wave_to, one.contrast, first)
                yield _of(study, one, key, outcome.informant, role, same_measure=outcome.same_measure)


def pupils_left(one: Asked) -> dict[str, int]:
    """Return how many pupils of each arm will be left, as it will usually fall out: the draw in the middle of many.

    Pupils are lost one by one, so that arms never lose exactly the share that was expected of each: with few pupils the
    difference between arms alone can lie beyond the boundary. Of `DRAWS` seeded draws the one whose difference lies in
    the middle is taken.
    """
    arms = list(one.enrolled_pupils)
    if len(arms) < 2 or not all(one.enrolled_pupils.values()):
        return dict(one.pupils)
    n, left = (np.array([of[arm] for arm in arms]) for of in (one.enrolled_pupils, one.pupils))
    drawn = np.random.default_rng(20261130).binomial(n, left / n, size=(DRAWS, len(arms)))
    rates = drawn / n
    middle = np.argsort(rates.max(axis=1) - rates.min(axis=1), kind="stable")[DRAWS // 2]
    return dict(zip(arms, drawn[middle].tolist(), strict=True))


def _of(study: Study, one: Asked, key: str, informant: str, role: str, *, same_measure: bool) -> Counted:
    by_unit = study.design.assigned_by != "pupil"
    roles = role_arms(study)
    found = shape(one.middle).refusal
    lead = "roles_chosen" if roles is not None and roles.control not in one.units else found
    left = pupils_left(one)
    never = not one.contrast and not one.wave_from
    return Counted(
        outcome=key, informant=informant, contrast=one.contrast, wave_from=one.wave_from, wave_to=one.wave_to,
        role=role, unit=study.design.assigned_by, units=left if not by_unit else one.units, pupils=left,
        enrolled_units=one.enrolled_units if by_unit else {}, enrolled_pupils=one.enrolled_pupils,
        absent="never_twice" if never else "", same_measure=same_measure, lead="" if never else lead,
    )  # fmt: skip
