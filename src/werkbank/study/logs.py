"""The blocks of study.yaml about logs: which sheets there are, on which days there was school, what was agreed."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from werkbank.study.parts import FileSpec, Name, Part

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SPAN = re.compile(r"\s*(\d{4}-\d{2}-\d{2})(?:\s*\.\.+\s*(\d{4}-\d{2}-\d{2}))?\s*")
REVIEW = 42  # days after the programme began on which it is talked over


class Calendar(Part):
    """On which days there was school: what a log can have been filled in on."""

    first: date = Field(description="the first day of the period")
    last: date = Field(description="its last day")
    closed: list[str] = Field(
        default_factory=list, description="days without school: 2026-10-28, or 2026-10-17 .. 2026-10-25"
    )
    weekdays: list[Weekday] = Field(
        default=["mon", "tue", "wed", "thu", "fri"],
        min_length=1,
        description="days of the week on which the pupils, or this teacher, are there",
    )

    @field_validator("closed", mode="before")
    @classmethod
    def _texts(cls, raw: Any) -> Any:  # noqa: ANN401 - whatever YAML held
        return [str(day) if isinstance(day, date) else day for day in raw] if isinstance(raw, list) else raw

    @model_validator(mode="after")
    def _in_order(self) -> Calendar:
        if self.first > self.last:
            raise ValueError("calendar_order")
        if any(_span(text) is None for text in self.closed):
            raise ValueError("calendar_day")
        return self

    @cached_property
    def days_closed(self) -> frozenset[date]:
        """Every day that `closed` names."""
        return frozenset(day for text in self.closed for day in _span(text) or ())

    def without_school(self, day: date) -> str:
        """Return why there is no school on a day: weekend, weekday (not one of these), holiday; "" where there is."""
        if day in self.days_closed:
            return "holiday"
        if WEEK[day.weekday()] in self.weekdays:
            return ""
        return "weekend" if day.weekday() >= WEEK.index("sat") else "weekday"

    def school_days(self, first: date | None = None, last: date | None = None) -> list[date]:
        """Return the school days from `first` to `last`, within the period."""
        start, end = max(first or self.first, self.first), min(last or self.last, self.last)
        days = (start + timedelta(n) for n in range((end - start).days + 1))
        return [day for day in days if not self.without_school(day)]


def _span(text: str) -> list[date] | None:
    """Return the days that a text stands for; None where it is none."""
    found = SPAN.fullmatch(text)
    try:
        first, last = (date.fromisoformat(part) for part in (found[1], found[2] or found[1])) if found else (None, None)
    except ValueError:
        return None
    if first is None or last is None or first > last or (last - first).days > 400:
        return None
    return [first + timedelta(n) for n in range((last - first).days + 1)]


class Planned(Part):
    """How much was planned for each pupil (or class, or teacher): what a programme prescribes, or was agreed."""

    sessions: int | None = Field(default=None, ge=1, description="in all")
    per_week: float | None = Field(default=None, gt=0, description="in a week with school")
    weeks: int | None = Field(default=None, ge=1, description="how many; every week with a school day when left out")
    minutes: float | None = Field(default=None, gt=0, description="of one session")


class Log(Part):
    """A sheet that was filled in."""

    log: str = Field(
        description="which: `werkbank programmes` lists them; or one of your own, a file in the study's folder that "
        "ends in .yaml"
    )
    path: str = Field(min_length=1, description="relative to the folder of study.yaml")
    name: Name | None = Field(default=None, description="how results call it, where one log is kept twice")
    sheet: str | None = Field(default=None, description="the sheet of a workbook; needed when there is more than one")
    first: date | None = Field(default=None, description="its first day; that of the calendar when left out")
    last: date | None = Field(default=None, description="its last day; that of the calendar when left out")
    began: date | None = Field(
        default=None, description="the first day of the programme: what lies before it is phase A"
    )
    planned: Planned | None = Field(default=None, description="without it nothing is said of more or less than planned")
    top: float | None = Field(default=None, gt=0, description="of a thermometer: the highest value of its scale")
    reliability: float | None = Field(default=None, gt=0, lt=1, description="of a scale question, where it is known")
    sd: float | None = Field(default=None, gt=0, description="of a scale question between pupils, where it is known")

    @property
    def id(self) -> str:
        """How results call this log."""
        return self.name or self.log.removesuffix(".yaml").rpartition("/")[2]

    @property
    def file(self) -> FileSpec:
        """The file as it is opened."""
        return FileSpec(path=self.path, sheet=self.sheet)


class ClassList(Part):
    """Who there are: pupils of whom a log may hold nothing are in it, too."""

    path: str = Field(min_length=1, description="a file with a row for each pupil")
    column: str = Field(description="the column with their codes")
    sheet: str | None = Field(default=None, description="of a workbook; its first sheet when left out")


class Agreed(Part):
    """What was agreed before a programme began: when it is talked over, what is good enough, and what is too little."""

    made: date = Field(description="the day on which this was agreed; later than the first day of B it decides nothing")
    log: str = Field(description="the log with what is followed")
    column: str = Field(description="of that log: a colour, a number")
    better: Literal["higher", "lower"] = Field(default="higher", description="which direction of that column is good")
    goal: float | None = Field(default=None, description="reached when the middle value of the last five days is there")
    stop: float | None = Field(default=None, description="too bad to go on: the middle value of the last five days")
    review: date | None = Field(default=None, description="when it is talked over; six weeks after B began if left out")
    dose: str | None = Field(default=None, description="the log with what was done, where it is another one")


class Consent(Part):
    """A parent's leave to show a pupil's page to others."""

    pupil: str = Field(description="the pupil's code, as the logs have it")
    given: date = Field(description="the day on which the parent gave leave")
    to: list[Literal["parents", "pupil", "coordinator", "next_teacher"]] = Field(
        min_length=1, description="to whom the page may be shown"
    )
