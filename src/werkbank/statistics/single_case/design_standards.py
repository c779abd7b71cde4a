"""What the What Works Clearinghouse asks of a single-case design, as checks one can do oneself. Not a WWC review.

The thresholds are parameters with a label. Those of the multiple baseline are as quoted from version 4.0; the rest of
4.x and the numbers of 5.0 are as commonly reported, not read in the documents themselves: say so where they are shown.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from werkbank.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal["ab", "reversal", "multiple_baseline", "alternating", "changing_criterion"]
Verdict = Literal["meets", "with_reservations", "does_not_meet", "unknown"]
WORST_FIRST: tuple[Verdict, ...] = ("does_not_meet", "unknown", "with_reservations", "meets")


@dataclass(frozen=True)
class Thresholds:
    """Numbers of one version: fully, and with reservations."""

    label: str
    points: int = 5
    points_reservations: int = 3
    first_baseline: int = 5
    alternating_points: int = 5
    alternating_points_reservations: int = 4
    in_a_row: int = 2
    demonstrations: int = 3
    agreement_share: float = 0.20
    agreement: float = 0.80
    kappa: float = 0.60


WWC_4 = Thresholds("WWC 4.x")
WWC_5 = Thresholds("WWC 5.0", first_baseline=6)


@dataclass(frozen=True)
class Criterion:
    """One criterion: what was found, what is asked, and the verdict. `case` names the case that decided it ("" all)."""

    name: str
    verdict: Verdict
    found: float
    asked: float
    case: str = ""


@dataclass(frozen=True)
class CaseDesign:
    """What one case went through.

    `points` are the observed values of each phase in order of time; `start` is the session at which the first phase
    after the baseline began; `last_baseline` the last session of the baseline (start - 1 when left out).
    """

    label: str
    points: tuple[int, ...]
    start: float = 1.0
    last_baseline: float | None = None


@dataclass(frozen=True)
class Agreement:
    """Second observers in one phase of one case: the share of points with two, and how far these agreed (0-1)."""

    case: str
    phase: int
    share: float
    agreement: float | None = None
    kappa: float | None = None


@dataclass(frozen=True)
class SelfCheck:
    """The verdict of the worst criterion, each criterion, and the version of the thresholds."""

    verdict: Verdict
    criteria: tuple[Criterion, ...]
    version: str


def self_check(
    kind: Kind,
    cases: Sequence[CaseDesign],
    *,
    thresholds: Thresholds = WWC_5,
    agreement: Sequence[Agreement] | None = None,
    conditions: Sequence[Sequence[int]] = (),
    manipulated: bool | None = None,
) -> SelfCheck:
    """Hold a design against the single-case standards.

    Parameters
    ----------
    kind : str
        The design.
    cases : sequence of CaseDesign
        All cases of the experiment.
    thresholds : Thresholds
        `WWC_4` or `WWC_5`, or one's own with a label.
    agreement : sequence of Agreement, optional
        One for each phase of each case; unknown when left out.
    conditions : sequence of sequences
        For alternating treatments: the conditions in order, per case, of which at most two in a row are alike.
    manipulated : bool, optional
        Whether the researcher decided when phases changed; unknown when left out.

    Returns
    -------
    SelfCheck
        ``does_not_meet`` beats ``unknown`` beats ``with_reservations``: what is not known may still be mended.

    Raises
    ------
    UsageError
        No cases, a case without phases.
    """
    if not cases or any(not case.points for case in cases):
        raise UsageError("every case has at least one phase")
    criteria = [
        _manipulated(manipulated),
        _demonstrated(kind, cases, thresholds),
        *_points(kind, cases, thresholds),
    ]
    if kind == "multiple_baseline":
        criteria.append(_concurrent(cases))
    if kind == "alternating":
        criteria.append(_in_a_row(conditions, thresholds))
    criteria += _agreed(cases, agreement, thresholds)
    verdict = min((criterion.verdict for criterion in criteria), key=WORST_FIRST.index)
    return SelfCheck(verdict, tuple(criteria), thresholds.label)


def demonstrations(kind: Kind, cases: Sequence[CaseDesign]) -> int:
    """Count the chances to show an effect, each at another point in time.

    AB 1, ABA 2, ABAB 3 (changes of phase of the longest case); multiple baseline: different starts; changing criterion:
    changes of the criterion; alternating treatments: comparisons, as many as its rarest condition has points.
    """
    if kind == "multiple_baseline":
        return len({case.start for case in cases if len(case.points) > 1})
    if kind == "alternating":
        return max(min(case.points) if len(case.points) > 1 else 0 for case in cases)
    if kind == "ab":
        return min(1, max(len(case.points) for case in cases) - 1)
    return max(len(case.points) for case in cases) - 1


def _manipulated(manipulated: bool | None) -> Criterion:  # noqa: FBT001 - a fact, not a switch
    if manipulated is None:
        return Criterion("manipulated", "unknown", math.nan, 1)
    return Criterion("manipulated", "meets" if manipulated else "does_not_meet", float(manipulated), 1)


def _demonstrated(kind: Kind, cases: Sequence[CaseDesign], asked: Thresholds) -> Criterion:
    found = demonstrations(kind, cases)
    enough = found >= asked.demonstrations
    return Criterion("demonstrations", "meets" if enough else "does_not_meet", found, asked.demonstrations)


def _graded(found: float, fully: float, reservations: float) -> Verdict:
    return "meets" if found >= fully else "with_reservations" if found >= reservations else "does_not_meet"


def _points(kind: Kind, cases: Sequence[CaseDesign], asked: Thresholds) -> list[Criterion]:
    if kind == "alternating":
        shortest, label = min((min(case.points), case.label) for case in cases)
        verdict = _graded(shortest, asked.alternating_points, asked.alternating_points_reservations)
        return [Criterion("points_per_condition", verdict, shortest, asked.alternating_points, label)]
    first, of_first = min((case.points[0], case.label) for case in cases)
    verdict = _graded(first, asked.first_baseline, asked.points_reservations)
    found = [Criterion("points_in_first_baseline", verdict, first, asked.first_baseline, of_first)]
    later = [(points, case.label) for case in cases for points in case.points[1:]]
    if later:
        shortest, label = min(later)
        verdict = _graded(shortest, asked.points, asked.points_reservations)
        found.append(Criterion("points_per_phase", verdict, shortest, asked.points, label))
    return found


def _concurrent(cases: Sequence[CaseDesign]) -> Criterion:
    """At every start but the last a case that starts later must be in its baseline still."""
    starts = sorted({case.start for case in cases})
    ends = {case.label: case.start - 1 if case.last_baseline is None else case.last_baseline for case in cases}
    bad = [
        case.label
        for case in cases
        if case.start != starts[-1]
        and not any(other.start > case.start and ends[other.label] >= case.start for other in cases)
    ]
    return Criterion("concurrent_baselines", "does_not_meet" if bad else "meets", len(bad), 0, bad[0] if bad else "")


def _in_a_row(conditions: Sequence[Sequence[int]], asked: Thresholds) -> Criterion:
    if not conditions:
        return Criterion("alike_in_a_row", "unknown", math.nan, asked.in_a_row)
    longest = max(_longest_run(sequence) for sequence in conditions)
    verdict: Verdict = "meets" if longest <= asked.in_a_row else "does_not_meet"
    return Criterion("alike_in_a_row", verdict, longest, asked.in_a_row)


def _longest_run(sequence: Sequence[int]) -> int:
    longest = run = 0
    previous: int | None = None
    for condition in sequence:
        run = run + 1 if condition == previous else 1
        longest, previous = max(longest, run), condition
    return longest


def _agreed(
    cases: Sequence[CaseDesign], agreement: Sequence[Agreement] | None, asked: Thresholds
) -> tuple[Criterion, Criterion]:
    """Two observers on enough points of every phase of every case, who agree enough."""
    given = {(one.case, one.phase): one for one in agreement or ()}
    if len(given) != len(agreement or ()):
        doubled, _ = Counter((one.case, one.phase) for one in agreement or ()).most_common(1)[0]
        raise UsageError(f"agreement in phase {doubled[1]} of {doubled[0]} is given twice")
    wanted = [(case.label, phase) for case in cases for phase in range(len(case.points))]
    if agreement is None:
        return (
            Criterion("agreement_share", "unknown", math.nan, asked.agreement_share),
            Criterion("agreement", "unknown", math.nan, asked.agreement),
        )
    share, of_share = min((given[key].share if key in given else 0.0, key[0]) for key in wanted)
    enough: Verdict = "meets" if share >= asked.agreement_share else "does_not_meet"
    worst, value, of_worst = min(
        (_judged(one, asked) for one in given.values()),
        key=lambda found: (WORST_FIRST.index(found[0]), found[1]),
        default=("does_not_meet", math.nan, ""),
    )
    return (
        Criterion("agreement_share", enough, share, asked.agreement_share, of_share),
        Criterion("agreement", worst, value, asked.agreement, of_worst),
    )


def _judged(one: Agreement, asked: Thresholds) -> tuple[Verdict, float, str]:
    if one.agreement is None and one.kappa is None:
        return "unknown", math.nan, one.case
    good = (one.agreement or 0) >= asked.agreement or (one.kappa or 0) >= asked.kappa
    value = one.kappa if one.agreement is None else one.agreement
    return "meets" if good else "does_not_meet", math.nan if value is None else value, one.case
