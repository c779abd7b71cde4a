"""The days of a log: what a date is, and why a line cannot be of that day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkbank.errors import Said
from werkbank.study.logs import WEEK

if TYPE_CHECKING:
    import pandas as pd

    from werkbank.intake.ledger import Ledger
    from werkbank.programmes.forms import Form
    from werkbank.study.logs import Calendar, Log

FORMS = ("%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y")  # days before months, and years whole
NO_SCHOOL = "no_school"


def day_of(cell: object) -> dt.date | None:
    """Return the day that a cell holds; None where it holds none that can be read in one way."""
    if isinstance(cell, dt.datetime):
        return cell.date()
    if isinstance(cell, dt.date):
        return cell
    text = cell.strip().removesuffix(" 00:00:00") if isinstance(cell, str) else ""
    for form in FORMS if text else ():
        try:
            return dt.datetime.strptime(text, form).date()  # noqa: DTZ007 - a day
        except ValueError:
            continue
    return None


@dataclass(frozen=True)
class Days:
    """On which days a log can have been filled in."""

    calendar: Calendar | None
    log: Log
    form: Form
    today: dt.date

    def why_not(self, day: dt.date, column: str) -> str:
        """Return the problem with a day in a column; "" where there is none."""
        how = self.form.columns[column]
        if day > self.today and not how.to_come:
            return "log_future"
        if how.any_day or how.to_come:
            return ""
        first = self.log.first or (self.calendar.first if self.calendar else None)
        last = self.log.last or (self.calendar.last if self.calendar else None)
        if (first and day < first) or (last and day > last):
            return "log_outside"
        if self.calendar is None:
            return "log_weekend" if day.weekday() >= WEEK.index("sat") else ""
        why = self.calendar.without_school(day)
        return f"log_{why}" if why else ""

    def check(self, rows: pd.DataFrame, names: dict[str, str], path: str, ledger: Ledger) -> None:
        """Name every day that cannot be, and every line that stands twice."""
        for column in [name for name in self.form.of_kind("date") if name in names]:
            for row in rows[rows[column].notna()].itertuples():
                day = getattr(row, column).date()
                why = self.why_not(day, column)
                if why and not (why != "log_future" and getattr(row, "status", None) == NO_SCHOOL):
                    ledger.problem(why, path, column=names[column], row=int(row.row), value=day.isoformat(),
                                   details=self._told(day))  # fmt: skip
        self._check_double(rows, names, path, ledger)

    def _told(self, day: dt.date) -> dict[str, object]:
        first, last = (
            (self.log.first or self.calendar.first, self.log.last or self.calendar.last)
            if self.calendar
            else (self.log.first, self.log.last)
        )
        weekday = Said(f"logs.weekday.{WEEK[day.weekday()]}")
        return {"first": str(first or "–"), "last": str(last or "–"), "weekday": weekday}

    def _check_double(self, rows: pd.DataFrame, names: dict[str, str], path: str, ledger: Ledger) -> None:
        keys = rows[list(self.form.double)].copy()
        whole = keys.notna().all(axis=1) & (keys != "").all(axis=1)
        if self.form.rhythm == "weekly" and self.form.day in keys:
            keys[self.form.day] = keys[self.form.day].dt.strftime("%G-W%V")
        first: dict[tuple[object, ...], int] = {}
        for key, row, known in zip(keys.itertuples(index=False, name=None), rows["row"], whole, strict=True):
            if not known:
                continue
            if key in first:
                what = ", ".join(_plain(part) for part in key)
                ledger.problem("log_double", path, column=names[self.form.double[0]], row=int(row), value=what,
                               details={"first": first[key]})  # fmt: skip
            else:
                first[key] = int(row)


def _plain(part: object) -> str:
    if isinstance(part, dt.datetime):
        return part.date().isoformat()
    return f"{part:g}" if isinstance(part, float) else str(part)
