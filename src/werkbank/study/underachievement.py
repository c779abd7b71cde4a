"""The blocks of study.yaml on underachievement and pupil monitoring: every choice behind a flag, declared once.

One method with one set of choices holds for all moments of a study: a change of method between waves cannot be written.
"""

from __future__ import annotations

from datetime import date  # noqa: TC003 - pydantic reads it
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from werkbank.study.parts import FileSpec, Part, Text, Wave

Method = Literal["absolute", "difference", "regression", "random_intercept", "nomination"]
Source = Literal["teacher", "parent", "peer", "self"]
Tie = Literal[">=", ">"]
Grouping = Literal["class", "school"]


class NormGroup(Part):
    """A norm group that scores are compared with."""

    mean: float = Field(description="of the group, on the scale of the scores")
    sd: float = Field(gt=0, description="its standard deviation, on the same scale")
    group: Text = Field(description="which pupils, when")


class Measured(Part):
    """One measure of a pupil: a scored outcome at a wave, or a column that holds a score."""

    outcome: str | None = Field(default=None, description="an outcome of this study, or outcome.scale")
    wave: Wave | None = Field(default=None, description="of the outcome; the first for what was expected")
    column: str | None = Field(default=None, description="instead of an outcome: a column with a score, higher better")
    label: Text | None = Field(default=None, description="how the report calls it")
    reliability: float | None = Field(default=None, gt=0, le=1, description="in the reference group")
    reliability_source: Text | None = Field(default=None, description="where that is from, or that it is assumed")
    norm: NormGroup | None = Field(default=None, description="compared with this norm group instead of `reference`")
    measured: date | None = Field(default=None, description="when")

    @model_validator(mode="after")
    def _one(self) -> Measured:
        if (self.outcome is None) == (self.column is None):
            raise ValueError("measure_one")
        return self

    @property
    def id(self) -> str:
        """The name that results use for this measure."""
        return self.outcome or str(self.column)


class Expected(Measured):
    """What tells how much a pupil could achieve."""

    basis: Literal["ability", "earlier achievement"] = Field(default="ability", description="an ability test, or not")


class Actual(Measured):
    """What a pupil did achieve."""

    at_stake: bool | None = Field(default=None, description="whether a report or advice hangs on this result")
    liked: str | None = Field(default=None, description="a column: 1 when the pupil likes this subject, 0 when not")


class Cutoff(Part):
    """Where a measure is cut, within its reference group."""

    # quantile: R's type 7; in a norm group quantile and top_mean are those of a normal distribution

    rule: Literal["quantile", "top_mean", "mean", "score", "able_mean"] = Field(
        description="quantile; mean of the top share; SDs above the mean; a score; the mean of the able pupils"
    )
    value: float = Field(
        default=0.0,
        description="of that rule: a quantile or share (0 to 1), a number of SDs, or a score; able_mean has none",
    )
    tie: Tie = Field(default=">=", description=">=: a score at the cut counts as well")

    @model_validator(mode="after")
    def _share(self) -> Cutoff:
        if self.rule in {"quantile", "top_mean"} and not 0 < self.value < 1:
            raise ValueError("cutoff_share")
        return self


ABLE, LOW = Cutoff(rule="quantile", value=0.90), Cutoff(rule="mean", tie=">")


class Group(Part):
    """A column by which flag rates are compared."""

    column: str = Field(description="the column that says in which group a pupil is")
    label: Text | None = Field(default=None, description="how the report calls it; the column when left out")
    values: dict[str, Text] = Field(default_factory=dict, description="the file's codes -> how the report calls them")

    @field_validator("values", mode="before")
    @classmethod
    def _text_keys(cls, raw: Any) -> Any:  # noqa: ANN401 - whatever YAML held
        return {str(k): v for k, v in raw.items()} if isinstance(raw, dict) else raw


class Underachievement(Part):
    """How pupils who achieve less than expected are looked for. What is left out has the default shown here."""

    expected: Expected = Field(description="what tells how much a pupil could achieve")
    actual: list[Actual] = Field(min_length=1, description="what a pupil did achieve; at least one")
    alternatives: list[Expected] = Field(
        default_factory=list, description="other measures of what a pupil could achieve: what hangs on the choice"
    )
    moments: dict[Wave, date] = Field(
        default_factory=dict, description="waves at which pupils are judged, with dates; without: the last, undated"
    )
    reference: Literal["sample", "class", "school"] = Field(default="sample", description="whom scores compare with")
    able: Cutoff | None = Field(default=ABLE, description="who is looked at, by `expected`; null: all pupils")
    low: Cutoff = Field(default=LOW, description="absolute split: the cut of achievement")
    method: Method = Field(default="difference", description="the method whose flags count")
    compare: list[Method] = Field(default_factory=list, description="methods set beside it")
    threshold: float = Field(default=1.0, description="in SDs (difference) or residual SDs (regression)")
    tie: Tie = Field(default=">=", description=">=: a gap equal to the threshold is flagged")
    predictors: list[Measured] = Field(default_factory=list, description="of regression; without: `expected` alone")
    random_intercept: Grouping | None = Field(default=None, description="for the method random_intercept")
    nominations: dict[Source, str] = Field(
        default_factory=dict, description="source -> column: 1 nominated, 0 not, empty: not asked"
    )
    excluded: dict[Literal["disorder", "bullying"], str] = Field(
        default_factory=dict, description="column: 1 present, 0 excluded, empty: not established"
    )
    profiles: str | None = Field(default=None, description="a column with Betts & Neihart labels given by teachers")
    fairness: list[Group] = Field(default_factory=list, description="groups whose flag rates are compared")
    min_group: int = Field(default=10, ge=2, description="smallest class or school that is a reference of its own")

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Underachievement:
        if self.able is not None and self.able.rule == "able_mean":
            raise ValueError("able_by_able")
        if "random_intercept" in self.used and self.random_intercept is None:
            raise ValueError("random_intercept_of_what")
        if "nomination" in self.used and not self.nominations:
            raise ValueError("nominations_missing")
        ids = [measure.id for measure in self.actual]
        if len(ids) != len(set(ids)):
            raise ValueError("actual_double")
        others = [self.expected.id, *(measure.id for measure in self.alternatives)]
        if len(others) != len(set(others)):
            raise ValueError("alternative_double")
        return self

    @property
    def used(self) -> list[Method]:
        """The methods in use, the one whose flags count first."""
        return list(dict.fromkeys([self.method, *self.compare]))

    @property
    def measures(self) -> list[Measured]:
        """Everything measured that counts: what was expected, predictors and what was achieved."""
        return [self.expected, *self.predictors, *self.actual]

    @property
    def outcomes(self) -> list[str]:
        """The outcomes that the block names."""
        return [measure.outcome for measure in (*self.measures, *self.alternatives) if measure.outcome]

    @property
    def columns(self) -> list[str]:
        """The columns that the block names."""
        named = (
            [m.column for m in (*self.measures, *self.alternatives)] + [a.liked for a in self.actual] + [self.profiles]
        )
        named += [*self.nominations.values(), *self.excluded.values(), *(group.column for group in self.fairness)]
        return list(dict.fromkeys(name for name in named if name))


class MonitoringColumns(Part):
    """The names of the columns of a pupil-monitoring export; wide exports have columns of their own for results."""

    pupil: str = Field(description="which pupil it is")
    subject: str | None = Field(default=None, description="which subject the test is of")
    date: str | None = Field(default=None, description="the day of the test")
    school: str | None = Field(default=None, description="the school; one when left out")
    class_: str | None = Field(default=None, alias="class", description="the class")
    test: str | None = Field(default=None, description="which edition")
    level: str | None = Field(default=None, description="of the test that was taken")
    ability_scale: str | None = Field(
        default=None, description="which scale the ability score is on; it must be one per subject"
    )
    raw: str | None = Field(default=None, description="points scored")
    max: str | None = Field(default=None, description="points possible")
    ability: str | None = Field(default=None, description="the ability score, which grows with the pupil")
    norm: str | None = Field(default=None, description="the score beside others of the same age or grade")
    band: str | None = Field(default=None, description="A-E or I-V: kept as an order, never averaged")

    def named(self) -> dict[str, str]:
        """Return our name -> the file's, for the columns that there are."""
        return {k: v for k, v in self.model_dump(by_alias=True).items() if v is not None}


class Monitoring(Part):
    """A pupil-monitoring export, and when a school is told that a pupil's results drop."""

    file: FileSpec = Field(description="the export, as it came out of the system")
    shape: Literal["long", "wide", "sheets"] = Field(description="a row per result, per pupil, or a sheet per subject")
    columns: MonitoringColumns = Field(description="which columns say who, which test and when")
    sheets: list[str] = Field(
        default_factory=list, description="of shape sheets: the subjects, as the sheets are named"
    )
    pattern: str | None = Field(default=None, description='of shape wide: "{subject} {test} {measure}"')
    moments: dict[str, date] = Field(default_factory=dict, description="of shape wide: test -> date")
    day_first: bool = Field(default=False, description="true: dates are day-month-year; false: year-month-day")
    scale: Literal["ability", "norm", "raw"] = Field(default="ability", description="the scores that are followed")
    growth: Literal["linear", "level"] = Field(default="linear", description="what a stable pupil does")
    sem: dict[str, float] | None = Field(default=None, description="subject -> standard error; null: estimated")
    min_history: int = Field(default=3, ge=1, description="earlier scores that a prediction needs")
    confirm: Literal[1, 2] = Field(default=2, description="last scores that must all be low")
    rate: float = Field(default=0.05, gt=0, lt=1, description="false-alarm rate over the whole school")

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Monitoring:
        if self.shape == "wide" and not (self.pattern and self.moments):
            raise ValueError("monitoring_wide")
        if self.shape == "sheets" and not self.sheets:
            raise ValueError("monitoring_sheets")
        least = {"linear": 2, "level": 1}[self.growth] + (self.sem is None)
        if self.min_history < least:
            raise ValueError("monitoring_history")
        return self
