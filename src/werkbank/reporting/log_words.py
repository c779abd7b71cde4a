"""What logs, their columns, answers and results are called in a report."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Literal

from babel.dates import format_date

from werkbank.catalogue import has
from werkbank.programmes.forms import called

if TYPE_CHECKING:
    from werkbank.intake.logbook import Logbook
    from werkbank.programmes.forms import Form
    from werkbank.reporting.report import Report
    from werkbank.results import Estimate


def book_of(report: Report, log: str) -> Logbook:
    """Return a log by the name that results have."""
    return next(book for book in report.bench.logs.books if book.log.id == log)


def form_of(report: Report, log: str) -> Form:
    """Return what a log asks."""
    return book_of(report, log).form


def filled(report: Report) -> list[str]:
    """Return the logs in which anything was filled in."""
    return [book.log.id for book in report.bench.logs.books if len(book.rows)]


def computed_by(report: Report, log: str, called: str) -> str:
    """Return which function computed something of a log."""
    return next((str(step.do) for step in form_of(report, log).computes if step.called == called), "")


def whose(report: Report, log: str, *do: str) -> list[str]:
    """Return of whom some functions computed anything in a log."""
    called = {step.called for step in form_of(report, log).computes if step.do in do}
    found = [f.arm for f in report.results.facts_where(kind="log", outcome=log) if f.arm and f.table in called]
    return list(dict.fromkeys(found))


def log_name(report: Report, log: str, *, title: bool = False) -> str:
    """Return what a log is called; `title` begins with a capital."""
    book = book_of(report, log)
    text = called("log", book.form.name, report.language, book.form)
    name = text if book.log.name is None else f"{text}, {book.log.name}"
    return f"{name[:1].upper()}{name[1:]}" if title else name


def what(report: Report, e: Estimate) -> str:
    """Return what an estimate of a log is of: the part, the group of lines, or the column."""
    of = answer(report, e.criterion or e.other, first="logs.column")
    return ", ".join(dict.fromkeys([*([answer(report, e.level)] if e.level else []), of]))


def answer(report: Report, code: str, first: str = "logs.answer") -> str:
    """Return what an answer, a column or something computed is called; a user's own code as it is."""
    own = word(report, "answer", code)
    if own not in {code, ""} and any(code in book.form.labels.answers for book in report.bench.logs.books):
        return own
    for kind in ("logs.computed", first, "logs.answer", "programmes.part", "logs.column"):
        if code and has(f"{kind}.{code}", report.language):
            return str(report.words.say(f"{kind}.{code}")).replace("_", " ")
    return word(report, "column", code)


def word(report: Report, kind: Literal["column", "answer"], code: str) -> str:
    """Return what a column or an answer of any of this study's logs is called."""
    return called(kind, code, report.language, *(book.form for book in report.bench.logs.books))


def note(report: Report, key: str) -> str:
    """Return why something has no value; nothing where it has one."""
    return str(report.words.say(f"programme.note.{key.removeprefix('logs.')}")) if key else ""


def day(report: Report, iso: str) -> str:
    """Return a day as readers write it; a dash where there is none."""
    return str(format_date(date.fromisoformat(iso), "long", report.language)) if iso else "–"
