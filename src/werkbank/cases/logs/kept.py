"""One log with what surrounds it: its calendar, up to which day it counts, and how its results are called."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from werkbank.results import Estimate, Fact
from werkbank.study.logs import Calendar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkbank.intake.logbook import Logbook, Logs
    from werkbank.programmes.forms import Form, Step
    from werkbank.statistics.quantity import Quantity
    from werkbank.study.logs import Log
    from werkbank.study.model import Study

KIND = "log"
FAR = dt.timedelta(days=366)  # a log without a calendar has Monday to Friday, holidays unknown


@dataclass(frozen=True)
class Kept:
    """One log of a study, and the day after which nothing of it can be known yet.

    Attributes
    ----------
    study : Study
    logs : Logs
        All of them: the class list, and logs that go with this one.
    book : Logbook
    today : date
    """

    study: Study
    logs: Logs
    book: Logbook
    today: dt.date

    @property
    def log(self) -> Log:
        """What the study file says of it."""
        return self.book.log

    @property
    def form(self) -> Form:
        """What it asks."""
        return self.book.form

    @property
    def rows(self) -> pd.DataFrame:
        """Its lines."""
        return self.book.rows

    @property
    def calendar(self) -> Calendar | None:
        """The school days that were declared."""
        return self.study.calendar

    @cached_property
    def period(self) -> tuple[dt.date, dt.date] | None:
        """From which day to which it counts; None for a log without days.

        To the end that was declared once that is past, and until then to the latest line: a period that is not over
        cannot have been filled in.
        """
        days = self.rows[self.form.day].dropna() if self.form.day else pd.Series(dtype="datetime64[ns]")
        if not len(days):
            return None
        first = self.log.first or (self.calendar.first if self.calendar else days.min().date())
        latest = days.max().date()
        end = self.log.last or (self.calendar.last if self.calendar else latest)
        return first, end if end < self.today else max(min(end, latest), first)

    @cached_property
    def school_days(self) -> list[dt.date]:
        """The school days of the period; none without a calendar."""
        return self.calendar.school_days(*self.period) if self.calendar and self.period else []

    @cached_property
    def days(self) -> Calendar:
        """The declared calendar; without one Monday to Friday, of which holidays are not known."""
        if self.calendar is not None:
            return self.calendar
        first = self.period[0] if self.period else self.today
        return Calendar(first=first, last=first + FAR)

    def number(self, day: dt.date | pd.Timestamp) -> int:
        """Return the place of a day among the school days: 1 is the first of the period; of others that before it."""
        return int(np.searchsorted(self._ordinals, pd.Timestamp(day).toordinal(), side="right"))

    @cached_property
    def _ordinals(self) -> np.ndarray[Any, Any]:
        first = self.period[0] if self.period else None
        return np.array([day.toordinal() for day in self.days.school_days(first)])

    def units(self, rows: pd.DataFrame | None = None) -> Iterator[tuple[str, pd.DataFrame]]:
        """Yield of whom a log is, with their lines: pupils in the order of the class list, classes or teachers."""
        rows = self.rows if rows is None else rows
        about = self.form.about
        order = {name: n for n, name in enumerate(self.logs.pupils or ())} if about == "pupil" else {}
        for name in sorted(dict.fromkeys(rows[about]), key=lambda name: (order.get(name, len(order)), str(name))):
            yield str(name), rows[rows[about] == name]

    def phase(self, rows: pd.DataFrame) -> pd.Series:
        """Return the phase of each line: as it says, else by the day on which the programme began; "" unknown."""
        said = rows["phase"] if "phase" in rows else pd.Series(None, index=rows.index, dtype=object)
        if self.log.began is None or self.form.day is None:
            return said.fillna("").astype(str)
        begun = rows[self.form.day] >= pd.Timestamp(self.log.began)
        return said.fillna(begun.map({True: "B", False: "A"})).astype(str)

    def fact(self, step: Step, what: str, value: float | str | None, **more: Any) -> Fact:  # noqa: ANN401 - a fact's
        """Return something counted or described in this log; of a number that is none the reason is its note."""
        unknown = isinstance(value, float) and not math.isfinite(value)
        parts = [more.get(name, "") for name in ("arm", "item", "wave", "category")]
        key = "/".join(["log", self.log.id, step.called, what, *filter(None, parts)])
        return Fact(key, what, None if unknown else value, outcome=self.log.id, kind=KIND, table=step.called, **more)

    def estimate(self, step: Step, method: str, found: Quantity, whose: str = "", **more: Any) -> Estimate:  # noqa: ANN401
        """Return something estimated in this log, of one pupil (class, teacher) or of all; exploratory."""

        def plain(value: float | None) -> float | None:
            return None if value is None or not math.isfinite(value) else float(value)

        parts = [more.get("level", ""), more.get("criterion", "")]
        key = "/".join(["log", self.log.id, step.called, method, *filter(None, [whose, *parts])])
        return Estimate(
            key, self.log.id, method, plain(found.value), se=plain(found.se), p=plain(found.p),
            statistic=plain(found.statistic), df=plain(found.df), ci_low=plain(found.ci_low),
            ci_high=plain(found.ci_high), ci_level=self.study.ci_level,
            role="exploratory", note=f"logs.{found.note}" if found.note else "", kind=KIND, other=step.called,
            group=whose, grouped_by=self.form.about if whose else "", **more,
        )  # fmt: skip


def week_of(days: pd.Series) -> pd.Series:
    """Return the ISO week of each day, as 2026-W37."""
    return days.dt.strftime("%G-W%V")


def among(rows: pd.DataFrame, wanted: dict[str, tuple[str, ...]]) -> pd.DataFrame:
    """Return the lines that have one of the wanted answers in each of these columns."""
    for column, values in wanted.items():
        rows = rows[rows[column].isin(values)]
    return rows


def text(value: object) -> str:
    """Return an answer as a form has it: 0 and not 0.0."""
    return f"{value:g}" if isinstance(value, float) else str(value)
