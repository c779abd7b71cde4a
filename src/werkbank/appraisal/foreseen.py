"""Which questions of a study will be answered and which refused, and why: from counts, before any result is there.

`check` says it of what was read; a plan says it of what is expected. The rules are those by which reports answer
(`werkbank.effects.estimating`) and grade (`grading`): a test holds both to each other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from werkbank.appraisal.grading import grade_of, reasons_against
from werkbank.appraisal.precision import attrition

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from werkbank.appraisal.grading import Loss
    from werkbank.study import Study

State = Literal["tested", "described", "refused"]
FEWEST = 2  # units in an arm, below which nobody can tell chance from programme


@dataclass(frozen=True)
class Counted:
    """One question, and what its answer would rest on.

    Attributes
    ----------
    outcome, informant, contrast, wave_from, wave_to, role : str
        As results call them: `contrast` is "" for a single group, `wave_from` where nothing was measured before.
    unit : str
        What is analysed: pupil, class, teacher or school.
    units, pupils : mapping
        Arm -> how many of them have all that the question needs; "" is a single group.
    enrolled_units, enrolled_pupils : mapping
        The same of all who belong to the study; without units where pupils are analysed.
    absent : str
        Why the question cannot even be asked: `never_twice`, `no_scores`, `not_measured`, `control_had_it`; or "".
    same_measure : bool
        False: another test before than after, so that there is no change to speak of.
    shared : bool
        Whether a unit that was assigned as a whole has pupils of both arms.
    lead : str
        Why the leading analysis gives no test (`no_residual_variation` …), where scores are known; "" if it does, or
        if only counts are known.
    value : bool
        Whether the leading analysis gives a value at least.
    apart : bool
        Whether the arms hardly overlap beforehand, as where the score itself decided who got what (`quality.APART`).
    """

    outcome: str
    informant: str
    contrast: str
    wave_from: str
    wave_to: str
    role: str
    unit: str
    units: Mapping[str, int] = field(default_factory=dict)
    pupils: Mapping[str, int] = field(default_factory=dict)
    enrolled_units: Mapping[str, int] = field(default_factory=dict)
    enrolled_pupils: Mapping[str, int] = field(default_factory=dict)
    absent: str = ""
    same_measure: bool = True
    shared: bool = False
    lead: str = ""
    value: bool = True
    apart: bool = False


@dataclass(frozen=True)
class Foreseen:
    """What will become of one question.

    `state` is tested, described (a value without a test) or refused; `reason` a key under ``check.reasons``, "" where
    a test is given. `grade` is what may be said (description, change, association, effect), `against` what keeps it
    from being an effect: keys under ``claims.reasons``.
    """

    counted: Counted
    state: State
    reason: str
    grade: str
    against: tuple[str, ...]


def foresee(study: Study, counts: Iterable[Counted]) -> tuple[Foreseen, ...]:
    """Say of every question whether a report will answer it, and if not, why.

    Parameters
    ----------
    study : Study
        What was declared.
    counts : iterable of Counted
        What there is, or is expected, behind each question.

    Returns
    -------
    tuple of Foreseen
        In the same order.

    Notes
    -----
    Refused: an arm with fewer than two of the units that were assigned; units in both arms; a question that was not
    measured. Described: the leading analysis has a value and no test (no variation, no degrees of freedom; or arms
    that were not drawn by lot, with fewer than three units, where no slope of the pre-test is safe).
    """
    return tuple(_foreseen(study, count) for count in counts)


def _foreseen(study: Study, c: Counted) -> Foreseen:
    state, reason = _state(c)
    against = reasons_against(
        study,
        contrast=c.contrast,
        unit=c.unit,
        estimated=state != "refused",
        tested=state == "tested",
        lost=_lost(c) if c.contrast and state != "refused" else [],
    )
    return Foreseen(c, state, reason, grade_of(against), tuple(against))


def _state(c: Counted) -> tuple[State, str]:
    if c.absent:
        return "refused", c.absent
    if min(c.units.values(), default=0) < FEWEST:
        return "refused", "too_few_units" if c.contrast else "too_few_single"
    if not c.contrast and not c.same_measure:
        return "refused", "other_measure"
    if c.shared:
        return "refused", "units_in_more_than_one_arm"
    if c.lead:
        return ("described" if c.value else "refused"), c.lead
    return "tested", ""


def _lost(c: Counted) -> list[Loss]:
    pairs = [(c.enrolled_units, c.units)] if c.enrolled_units else []
    return [attrition(dict(was), dict(used)) for was, used in [*pairs, (c.enrolled_pupils, c.pupils)]]
