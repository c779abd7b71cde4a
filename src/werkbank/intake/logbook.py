"""Logs as they were filled in -> rows with one name for every column and answer; all that is wrong is told at once.

Nothing is guessed: a cell that cannot be read, a day without school, a day to come, a double entry or a pupil who is
not in the class list is a problem with its row. A line that was prepared and not filled in is counted.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from werkbank.catalogue import LANGUAGES
from werkbank.errors import UnfitError
from werkbank.intake.cells import decide_decimal, number, plain
from werkbank.intake.ledger import Ledger, brief, listed, nearest, shown
from werkbank.intake.log_days import Days, day_of
from werkbank.intake.lookalikes import one_spelling
from werkbank.intake.opening import open_table
from werkbank.programmes.forms import DONE, called, form_names
from werkbank.study.logs import ClassList
from werkbank.study.own_logs import form_of
from werkbank.study.parts import FileSpec
from werkbank.study.spelling import tidy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkbank.intake.model import FileReading, Note, Table
    from werkbank.programmes.forms import Asked, Form
    from werkbank.study.logs import Log
    from werkbank.study.model import Study

CODE = re.compile(r"[^\W_][\w.+-]{0,23}")  # of a goal, an incident, a question: never a sentence
WHO = ("pupil", "teacher", "class")
PREPARED = ("daily", "once")  # logs of which lines stand ready on the sheet
EMPTY = {"", "-", "–"}


@dataclass(frozen=True)
class Logbook:
    """One log as it was read.

    Attributes
    ----------
    log : Log
        As the study file has it.
    form : Form
    rows : DataFrame
        A row a line, in the order of days: the form's columns (dates as ``datetime64``, numbers as float, answers by
        their code, None where empty) and ``row`` in the file.
    unfilled : int
        Lines that were prepared, and on which nothing was filled in.
    file : FileReading
    """

    log: Log
    form: Form
    rows: pd.DataFrame
    unfilled: int
    file: FileReading


@dataclass(frozen=True)
class Logs:
    """All logs of a study; `pupils` is the class list, None where there is none."""

    books: tuple[Logbook, ...]
    pupils: tuple[str, ...] | None
    notes: tuple[Note, ...]

    def recoded(self, known: dict[str, str]) -> Logs:
        """Return the logs with other codes for pupils."""
        names = None if self.pupils is None else tuple(known[name] for name in self.pupils)
        return replace(self, books=tuple(_recoded(book, known) for book in self.books), pupils=names)

    def limited(self, pupils: pd.Index | None) -> Logs:
        """Return the lines of some pupils; of logs about classes and teachers all."""
        if pupils is None:
            return self
        few = {str(name) for name in pupils}
        books = tuple(
            replace(book, rows=book.rows[book.rows["pupil"].isin(few)].reset_index(drop=True))
            if "pupil" in book.rows
            else book
            for book in self.books
        )
        names = None if self.pupils is None else tuple(name for name in self.pupils if name in few)
        return replace(self, books=books, pupils=names)


def _recoded(book: Logbook, known: dict[str, str]) -> Logbook:
    if "pupil" not in book.rows:
        return book
    return replace(book, rows=book.rows.assign(pupil=book.rows["pupil"].map(known)))


def read_logs(study: Study, enrolled: Iterable[str] = (), today: dt.date | None = None) -> Logs:
    """Read every log that a study names.

    Parameters
    ----------
    study : Study
    enrolled : iterable of str
        Pupils in the study's other files: the class list where it names no other.
    today : date, optional
        After which nothing can have happened yet; the day on which this runs when left out.

    Raises
    ------
    UnfitError
        With all that is wrong in all logs.
    """
    ledger, now = Ledger(), today or dt.date.today()  # noqa: DTZ011 - a school's own day
    pupils = _class_list(study, enrolled, ledger)
    if study.calendar is None:
        ledger.note("logs.no_calendar")
    forms = {log.id: asked for log in study.logs if (asked := _form(study, log, ledger)) is not None}
    if pupils is None and any("pupil" in asked.columns for asked in forms.values()):
        ledger.note("logs.no_class_list")
    books = [_read(study, log, forms[log.id], pupils, now, ledger) for log in study.logs if log.id in forms]
    ledger.stop_if_unfit(study.language)
    return Logs(tuple(book for book in books if book is not None), pupils, tuple(ledger.notes))


def _class_list(study: Study, enrolled: Iterable[str], ledger: Ledger) -> tuple[str, ...] | None:
    given = study.class_list
    if isinstance(given, ClassList):
        table = open_table(study, FileSpec(path=given.path, sheet=given.sheet), {given.column}, ledger)
        if table is None:
            return None
        if given.column not in table.names:
            ledger.problem(
                "column_missing", table.path, column=given.column, details=nearest(given.column, table.names)
            )
            return None
        given = [shown(cell) for cell in table.cells(given.column)]
    names = tuple(dict.fromkeys(filter(None, (tidy(str(name)) for name in given or enrolled))))
    return names or None


def _form(study: Study, log: Log, ledger: Ledger) -> Form | None:
    """Return what a log asks; None, with the problem, where nothing says it."""
    try:
        return form_of(log.log, study.folder, study.language, study.file)
    except KeyError:
        where = {"column": "logs", "value": log.log, "details": nearest(log.log, form_names())}
        ledger.problem("log_unknown", study.file, **where)
    except UnfitError as error:
        for p in error.problems:
            ledger.problem(p.code, p.file, column=p.column, row=p.row, value=p.value, details=p.details)
    return None


def _read(
    study: Study, log: Log, asked: Form, pupils: tuple[str, ...] | None, today: dt.date, ledger: Ledger
) -> Logbook | None:
    table = _opened(study, log, {name for column in asked.columns for name in headings(column, asked)}, ledger)
    if table is None:
        return None
    names = _columns(asked, table, ledger)
    if names is None:
        return None
    if log.top is None and any(column.topped for column in asked.columns.values()):
        ledger.problem("log_top_needed", study.file, column="logs", value=log.id)
    reader = _Reader(study, log, asked, table, names, ledger)
    rows = reader.rows(pupils)
    filled = _filled(asked, rows)
    reader.check_cells(rows[filled])
    Days(study.calendar, log, asked, today).check(rows[filled], names, table.path, ledger)
    if unfilled := int((~filled).sum()):
        ledger.note("logs.unfilled", file=table.path, n=unfilled)
    kept = rows[filled]
    kept = kept.sort_values(asked.day, kind="stable") if asked.day else kept
    return Logbook(log, asked, kept.reset_index(drop=True), unfilled, table.reading)


def _opened(study: Study, log: Log, declared: set[str], ledger: Ledger) -> Table | None:
    """Open a sheet; one on which nothing was written yet is a note and no problem."""
    first = Ledger()
    table = open_table(study, log.file, declared, first)
    if first.has("no_rows"):
        ledger.note("logs.empty", file=log.path)
        return None
    ledger.notes += first.notes
    return table if table is not None and not first.unfit else open_table(study, log.file, declared, ledger)


def headings(column: str, *asked: Form) -> list[str]:
    """Return what a column may be called on a sheet: its name, in either language, and how YAML has it."""
    return list(dict.fromkeys([*(called("column", column, one, *asked) for one in LANGUAGES), column]))


def _columns(asked: Form, table: Table, ledger: Ledger) -> dict[str, str] | None:
    """Return for each column of a form its heading in the file; None, with the problems, where one is not there."""
    known = {plain(name): name for name in table.names}
    found = {}
    for column, how in asked.columns.items():
        there = [known[plain(name)] for name in headings(column, asked) if plain(name) in known]
        if there:
            found[column] = there[0]
        elif not how.optional:
            missing = called("column", column, LANGUAGES[0], asked)
            ledger.problem("column_missing", table.path, column=missing, details=nearest(missing, table.names))
    if more := [name for name in table.names if name not in found.values()]:
        ledger.note("logs.columns_unread", file=table.path, n=len(more), columns=listed(more))
    return found if set(found) >= {name for name, how in asked.columns.items() if not how.optional} else None


@dataclass(frozen=True)
class _Reader:
    """The cells of one log."""

    study: Study
    log: Log
    form: Form
    table: Table
    names: dict[str, str]
    ledger: Ledger
    unread: set[tuple[str, int]] = field(default_factory=set)  # cells of which something is wrong already

    def rows(self, pupils: tuple[str, ...] | None) -> pd.DataFrame:
        """Return every line, with cells that cannot be read as problems."""
        made = pd.DataFrame({"row": self.table.rows})
        numeric = [self.names[name] for name, how in self.form.columns.items() if self._is_number(name, how)]
        sign = decide_decimal(self.table, numeric)
        for name, how in self.form.columns.items():
            made[name] = self._column(name, how, sign) if name in self.names else None
        if "pupil" in self.names and pupils is not None:
            self._check_pupils(made, pupils)
        return made

    def _is_number(self, name: str, how: Asked) -> bool:
        return how.kind in {"whole", "number"} and name in self.names

    def _column(self, name: str, how: Asked, sign: str | None) -> Any:  # noqa: ANN401 - a column of a frame
        if how.kind in WHO:
            return one_spelling(self.study, how.kind, self.table, self.names[name], self.ledger)
        cells = list(zip(self.table.rows, self.table.cells(self.names[name]), strict=True))
        read = {"date": self._date, "choice": self._choice, "code": self._code}.get(how.kind, self._number)
        found = [None if shown(cell) in EMPTY else read(name, how, int(row), cell, sign) for row, cell in cells]
        if how.kind == "date":
            return pd.to_datetime(pd.Series(found, dtype=object))
        return pd.Series(found, dtype=float if how.kind in {"whole", "number"} else object)

    def _wrong(self, code: str, name: str, row: int, cell: object, **details: object) -> None:
        self.unread.add((name, row))
        where = {"column": self.names[name], "row": row, "value": brief(shown(cell))}
        self.ledger.problem(code, self.table.path, **where, details={**details})

    def _date(self, name: str, _how: Asked, row: int, cell: object, _sign: object) -> dt.date | None:
        found = day_of(cell)
        if found is None:
            self._wrong("log_date", name, row, cell)
        return found

    def _choice(self, name: str, how: Asked, row: int, cell: object, _sign: object) -> str | None:
        known = {plain(word): answer for answer in how.of for word in answers(answer, self.form)}
        found = known.get(plain(shown(cell)))
        if found is None:
            valid = [called("answer", answer, self.study.language, self.form) for answer in how.of]
            self._wrong("log_choice", name, row, cell, **nearest(shown(cell), valid))
        return found

    def _code(self, name: str, _how: Asked, row: int, cell: object, _sign: object) -> str | None:
        text = tidy(shown(cell))
        if CODE.fullmatch(text) is None:
            self._wrong("log_code", name, row, cell)
            return None
        return text

    def _number(self, name: str, how: Asked, row: int, cell: object, sign: str | None) -> float | None:
        value = number(cell, sign)
        if isinstance(value, str) or (how.kind == "whole" and not value.is_integer()):
            self._wrong("log_number" if how.kind == "number" else "log_whole", name, row, cell)
            return None
        low, high = how.range or (float("-inf"), float("inf"))
        high = self.log.top if how.topped and self.log.top is not None else high
        if not low <= value <= high or (how.above is not None and value <= how.above):
            told = {"low": f"{how.above or low:g}", "high": f"{high:g}"}
            self._wrong("log_range_above" if how.above is not None else "log_range", name, row, cell, **told)
            return None
        return value

    def _check_pupils(self, rows: pd.DataFrame, pupils: tuple[str, ...]) -> None:
        for row, name in zip(rows["row"], rows["pupil"], strict=True):
            if name and name not in pupils:
                self._wrong("log_pupil", "pupil", int(row), name, **nearest(name, pupils))

    def check_cells(self, rows: pd.DataFrame) -> None:
        """Name what was left empty and is needed, and what contradicts that nothing was done."""
        done = rows["status"].isna() | (rows["status"] == DONE) if "status" in self.names else None
        for name, how in self.form.columns.items():
            if how.optional or name not in self.names:
                continue
            always = name == "status" or how.kind in WHO or name in self.form.double
            due = rows if always or done is None else rows[done]
            for row in due.loc[due[name].isna() | (due[name] == ""), "row"]:
                if (name, int(row)) not in self.unread:
                    self._wrong("log_empty", name, int(row), "")
        if done is not None:
            self._check_undone(rows[~done])

    def _check_undone(self, rows: pd.DataFrame) -> None:
        """Name minutes and the like in a line that says that nothing was done."""
        for name, how in self.form.columns.items():
            if how.kind in {"whole", "number"} and name not in {"day_nr", "session_nr"}:
                for row, value in rows.loc[rows[name] > 0, ["row", name]].itertuples(index=False):
                    self._wrong("log_undone", name, int(row), value)


def answers(code: str, *asked: Form) -> list[str]:
    """Return what an answer may be called on a sheet: in either language, and how YAML has it."""
    return list(dict.fromkeys([*(called("answer", code, one, *asked) for one in LANGUAGES), code]))


def _filled(asked: Form, rows: pd.DataFrame) -> pd.Series:
    """Whether anything was filled in on a line, beyond what stands on it beforehand."""
    if asked.rhythm not in PREPARED:
        return pd.Series(data=True, index=rows.index)
    ready = {*WHO, "day_nr", asked.day}
    return rows[[name for name in asked.columns if name not in ready]].notna().any(axis=1)
