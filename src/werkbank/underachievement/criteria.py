"""Every choice behind a flag, named: measures, reference groups, cuts, thresholds and tie rules."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

from werkbank.errors import Problem, UnfitError, UsageError
from werkbank.study.underachievement import ABLE, LOW, Cutoff, Grouping, Tie

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

Method = Literal["absolute", "difference", "regression", "nomination"]


@dataclass(frozen=True)
class Norm:
    """A norm group: its mean, its SD (in the units of the test) and which group it is."""

    mean: float
    sd: float
    group: str

    def __post_init__(self) -> None:
        if not self.sd > 0:
            raise UsageError(f"the SD of norm group {self.group!r} must be above 0, not {self.sd}")


Reference = Literal["sample", "class", "school"] | Norm


@dataclass(frozen=True)
class Measure:
    """One measured quantity and the group it is compared with.

    Attributes
    ----------
    column : str
        Column of the pupils' table; numbers, higher is better.
    reference : {"sample", "class", "school"} or Norm
        Whose mean and SD turn a score into z.
    reliability : float or None
        In the reference group (0-1]; 1 for what is known without error (sex, grade). None: unknown, and then nothing
        that needs it is computed.
    basis : {"ability", "earlier achievement", "achievement"}
    measured : date or None
        When; needed to see whether an expectation came before the achievement.
    """

    column: str
    reference: Reference = "sample"
    reliability: float | None = None
    basis: Literal["ability", "earlier achievement", "achievement"] = "achievement"
    measured: date | None = None

    def __post_init__(self) -> None:
        if self.reliability is not None and not 0 < self.reliability <= 1:
            raise UsageError(f"the reliability of {self.column!r} must lie between 0 and 1, not {self.reliability}")


@dataclass(frozen=True)
class Criteria:
    """One way of finding underachievement, complete: two findings are comparable when their criteria are equal.

    Attributes
    ----------
    method : {"absolute", "difference", "regression", "nomination"}
    expected, actual : Measure
        What a pupil could, and what a pupil did.
    able : Cutoff or None
        Which pupils are looked at, by `expected`; its tie says whether a score at the cut counts (bdf: 257 pupils
        with >=, 177 with >). None: all pupils.
    low : Cutoff
        Absolute split only: the cut of `actual`; tie ``>`` flags what lies below it, ``>=`` also what lies at it.
    threshold, tie
        Difference: SDs between z_expected and z_actual. Regression: residual SDs below the prediction.
    predictors : tuple of Measure
        Regression only; empty means `expected` alone.
    random_intercept : {"class", "school"} or None
        Regression only: a random intercept; flags are on the marginal residual (prediction without the class's own
        intercept) over the total SD, so that pupils of a weak class are not excused.
    nominated_by : str
        Nomination only: the column with 1 (nominated), 0 (asked, not nominated) or missing (not asked).
    min_group : int
        A class or school with fewer pupils measured has no reference of its own: its pupils are not judged.
    """

    method: Method
    expected: Measure
    actual: Measure
    able: Cutoff | None = ABLE
    low: Cutoff = LOW
    threshold: float = 1.0
    tie: Tie = ">="
    predictors: tuple[Measure, ...] = ()
    random_intercept: Grouping | None = None
    nominated_by: str = ""
    min_group: int = 10

    def __post_init__(self) -> None:
        if (self.method == "nomination") != bool(self.nominated_by):
            raise UsageError("nomination needs nominated_by, and only nomination does")
        if self.method != "regression" and (self.predictors or self.random_intercept):
            raise UsageError(f"predictors and random_intercept belong to regression, not to {self.method}")
        if self.able is not None and self.able.rule == "able_mean":
            raise UsageError("able_mean is a cut of the achievement, not of the ability that defines who is able")

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What the pupils' table must hold: predictors (or the expected measure) first, the actual measure last."""
        return (*(self.predictors or (self.expected,)), self.actual)

    @property
    def contemporaneous(self) -> bool | None:
        """Whether earlier achievement was measured less than half a year (183 days) before the actual one.

        Then it holds the same fall, and underestimates what was expected. None: the dates are not known; False too
        for an ability test, which is not an achievement.
        """
        if self.expected.basis != "earlier achievement":
            return False
        if self.expected.measured is None or self.actual.measured is None:
            return None
        return (self.actual.measured - self.expected.measured).days < 183


def same_method(by_wave: Mapping[str, Criteria]) -> Criteria:
    """Return the one set of criteria that all waves of a study share.

    Two methods flag different pupils by construction; a change of method between waves would be read as a change of
    pupils. Measures may differ in column, date and reliability; everything else must be equal.

    Raises
    ------
    UnfitError
        Problem ``underachievement_method_switched`` for each wave and each choice that differs from the first wave's.
    """
    first_wave, *later = by_wave
    first = _choices(by_wave[first_wave])
    problems = [
        Problem(
            "underachievement_method_switched",
            value=str(value),
            details={"wave": wave, "choice": name, "first_wave": first_wave, "first": str(first[name])},
        )
        for wave in later
        for name, value in _choices(by_wave[wave]).items()
        if value != first[name]
    ]
    if problems:
        raise UnfitError(problems)
    return by_wave[first_wave]


def _choices(criteria: Criteria) -> dict[str, object]:
    chosen = {f.name: getattr(criteria, f.name) for f in fields(criteria)}
    for name in ("expected", "actual"):
        measure: Measure = chosen.pop(name)
        chosen |= {f"{name} reference": measure.reference, f"{name} basis": measure.basis}
    chosen["predictors"] = tuple((p.reference, p.basis) for p in criteria.predictors)
    chosen.pop("nominated_by")
    return chosen
