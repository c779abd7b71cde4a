"""Studies of logs for the tests: a sheet as a teacher would fill it in."""

from __future__ import annotations

import datetime as dt

import openpyxl
import yaml

from werkbank.cases.logs.measuring import measured
from werkbank.catalogue import say
from werkbank.intake.logbook import read_logs
from werkbank.programmes.forms import form
from werkbank.study import load_study

TODAY = dt.date(2026, 11, 27)
CALENDAR = {"first": "2026-09-07", "last": "2026-10-30", "closed": ["2026-10-12 .. 2026-10-16", "2026-09-25"]}


def study(folder, log, rows, *, language="nl", more=None, columns=None, **blocks):
    """Write a study of one log, its columns in the form's order, and return its folder; `more` is of the log itself."""
    folder.mkdir(exist_ok=True)
    names = columns or list(form(log).columns)
    sheet(folder / f"{log}.xlsx", names, rows, language)
    logs = [{"log": log, "path": f"{log}.xlsx", **(more or {})}, *blocks.pop("others", [])]
    told = {"title": "Log", "language": language, "calendar": CALENDAR, "class_list": ["L01", "L02", "L03"],
            "logs": logs, "reports": ["programme", "pupil"], **blocks}  # fmt: skip
    told = {name: value for name, value in told.items() if value is not None}
    (folder / "study.yaml").write_text(yaml.safe_dump(told, allow_unicode=True), encoding="utf-8")
    return folder


def sheet(path, names, rows, language="nl"):
    """Write rows under the headings of a language; answers and dates as they are given."""
    book = openpyxl.Workbook()
    book.active.append([say(f"logs.column.{name}", language) for name in names])
    for row in rows:
        book.active.append(list(row))
    book.save(path)


def found(folder, today=TODAY):
    """Return the estimates and facts of a study's logs, as functions that look one up."""
    declared = load_study(folder)
    estimates, facts = measured(declared, read_logs(declared, today=today), today)

    def one(things, wanted):
        fitting = [t for t in things if all(getattr(t, name) == value for name, value in wanted.items())]
        assert len(fitting) == 1, [t.id for t in fitting]
        return fitting[0]

    return (lambda **wanted: one(estimates, wanted)), (lambda **wanted: one(facts, wanted)), estimates, facts


def school_days(n, first=dt.date(2026, 9, 7)):
    """Return the first school days of the calendar."""
    closed = {dt.date(2026, 9, 25), *(dt.date(2026, 10, 12) + dt.timedelta(i) for i in range(5))}
    days = (first + dt.timedelta(i) for i in range(3 * n + 20))
    return [day for day in days if day.weekday() < 5 and day not in closed][:n]
