"""Which rows belong to the study: `where`, a small grammar on columns that is never evaluated, and `latest`.

::

    condition = term {"or" term};  term = factor {"and" factor};  factor = "not" factor | "(" condition ")" | comparison
    comparison = column ("==" | "!=" | "<" | "<=" | ">" | ">=") value | column ["not"] "in" "[" value {"," value} "]"
               | column "is" ["not"] "empty"

A column is a bare word, or stands between backticks; a value is a number or a text between quotes. Texts compare
without regard to case and spaces, a text that is a number as a number.
"""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from werkbank.intake.cells import plain
from werkbank.intake.ledger import nearest, shown
from werkbank.intake.moments import time_of, window_of, windows
from werkbank.intake.odd_rows import only_rows, without_odd_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkbank.intake.ledger import Ledger
    from werkbank.intake.model import Table
    from werkbank.study.model import Study

TOKEN = re.compile(
    r"\s*(?:(?P<op>==|!=|<=|>=|<|>|=|[()\[\],])|`(?P<column>[^`]+)`|\"(?P<text>[^\"]*)\"|'(?P<text2>[^']*)'"
    r"|(?P<number>[+-]?\d+(?:\.\d+)?(?![\w.]))|(?P<word>[^\s()\[\],=!<>\"'`]+))"
)
COMPARED: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq, "=": operator.eq, "!=": operator.ne,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
DEEPEST = 50
WORDS = frozenset(("and", "or", "not", "in", "is", "en", "of", "niet", "empty", "leeg"))


class WhereError(ValueError):
    """A condition that cannot be read; says at which word."""


@dataclass(frozen=True)
class Token:
    """A word of a condition, and what it is: op, column, text, number or word."""

    kind: str
    text: str


def tokens(condition: str) -> list[Token]:
    """Return the words of a condition.

    Raises
    ------
    WhereError
        A sign that is no part of one.
    """
    found, at = [], 0
    text = condition.strip()
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            raise WhereError(text[at : at + 20])
        kind = str(match.lastgroup)
        found.append(Token("text" if kind == "text2" else kind, match[kind]))
        at = match.end()
    return found


class Condition:
    """A condition, read; `columns` are those that it asks about, `holds` says for which rows it is true."""

    def __init__(self, condition: str) -> None:
        self._left, self._depth = tokens(condition), 0
        self.columns: dict[str, None] = {}
        self._test = self._either()
        if self._left:
            raise WhereError(self._left[0].text)

    def holds(self, table: Table) -> np.ndarray:
        """Return a mask of the rows of `table` for which the condition holds."""
        return np.asarray(self._test(table), dtype=bool)

    def _next(self) -> Token:
        if not self._left:
            raise WhereError("…")
        return self._left.pop(0)

    def _is(self, *words: str) -> bool:
        here = self._left[0] if self._left else Token("", "")
        if here.kind in {"word", "op"} and here.text.casefold() in words:
            self._left.pop(0)
            return True
        return False

    def _must(self, word: str) -> None:
        if not self._is(word):
            raise WhereError(self._left[0].text if self._left else "…")

    def _either(self) -> Callable[[Table], np.ndarray]:
        found = [self._both()]
        while self._is("or", "of"):
            found.append(self._both())
        return lambda table: np.logical_or.reduce([test(table) for test in found])

    def _both(self) -> Callable[[Table], np.ndarray]:
        found = [self._one()]
        while self._is("and", "en"):
            found.append(self._one())
        return lambda table: np.logical_and.reduce([test(table) for test in found])

    def _one(self) -> Callable[[Table], np.ndarray]:
        self._depth += 1
        if self._depth > DEEPEST:
            raise WhereError("(")
        if self._is("not", "niet"):
            inner = self._one()
            return lambda table: ~inner(table)
        if self._is("("):
            inner = self._either()
            self._must(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Callable[[Table], np.ndarray]:
        name = self._next()
        if name.kind not in {"word", "column"}:
            raise WhereError(name.text)
        column = name.text
        self.columns[column] = None
        if self._is("is"):
            filled = self._is("not", "niet")
            if not self._is("empty", "leeg"):
                raise WhereError(self._left[0].text if self._left else "…")
            return lambda table: (_texts(table, column) == "") != filled
        other = self._is("not", "niet")
        if other or (self._left and self._left[0].text.casefold() == "in"):
            self._must("in")
            values = self._values()
            return lambda table: np.logical_or.reduce([_compare(table, column, "==", v) for v in values]) != other
        sign = self._next()
        if sign.text not in COMPARED:
            raise WhereError(sign.text)
        value = self._value()
        return lambda table: _compare(table, column, sign.text, value)

    def _values(self) -> list[str | float]:
        self._must("[")
        found = [self._value()]
        while self._is(","):
            found.append(self._value())
        self._must("]")
        return found

    def _value(self) -> str | float:
        token = self._next()
        if token.kind == "number":
            return float(token.text)
        if token.kind != "text":
            raise WhereError(token.text)
        return token.text


def _texts(table: Table, column: str) -> np.ndarray:
    labels = table.reading.labels.get(column, {})
    cells = table.column(column)
    return cells.spread([plain(labels.get(cell) or shown(cell)) for cell in cells.different], "")


def _compare(table: Table, column: str, sign: str, value: str | float) -> np.ndarray:
    """Compare each cell with a value: as a number where both are, else as text, which is only equal or not."""
    compared, labels = COMPARED[sign], table.reading.labels.get(column, {})
    cells = table.column(column)
    made = np.zeros(len(cells.different) + 1, dtype=bool)
    for i, cell in enumerate([*cells.different, None]):
        ours, theirs = _number(cell), _number(value)
        if ours is not None and theirs is not None:
            made[i] = compared(ours, theirs)
        else:
            ways = {plain(shown(cell)), plain(labels.get(cell, ""))} - {""}
            equal = plain(shown(value)) in ways
            made[i] = (equal if sign in {"==", "="} else not equal) if sign in {"==", "=", "!="} else False
    return np.asarray(made[cells.codes])


def _number(cell: object) -> float | None:
    try:
        return float(shown(cell).replace(",", "."))
    except ValueError:
        return None


def called(column: str) -> str:
    """Return a column as a condition names it: between backticks, where it is no bare word."""
    return column if re.fullmatch(r"[^\W\d]\w*", column) and column.casefold() not in WORDS else f"`{column}`"


def columns_asked(condition: str | None) -> set[str]:
    """Return the columns that a condition asks about; none where there is none, or where it cannot be read."""
    try:
        return set(Condition(condition).columns) if condition else set()
    except WhereError:
        return set()


def filtered(study: Study, tables: list[Table], ledger: Ledger) -> list[Table]:
    """Return the tables with only the rows that belong to the study, each with a note of how many were left out."""
    if study.where is not None:
        tables = _where(study, study.where, tables, ledger)
    tables = [without_odd_rows(study, table, ledger) for table in tables]
    if study.latest is not None and not any(study.latest in table.names for table in tables):
        near = nearest(study.latest, [name for table in tables for name in table.names])
        ledger.problem("latest_names_no_column", study.file, column="latest", value=study.latest, details=near)
    return [_latest(study, table, ledger) for table in tables] if study.latest is not None else tables


def _where(study: Study, condition: str, tables: list[Table], ledger: Ledger) -> list[Table]:
    try:
        asked = Condition(condition)
    except WhereError as error:
        ledger.problem("where_unreadable", study.file, column="where", value=condition, details={"word": str(error)})
        return tables
    for column in asked.columns:
        if not any(column in table.names for table in tables):
            near = nearest(column, [name for table in tables for name in table.names])
            ledger.problem("where_names_no_column", study.file, column="where", value=column, details=near)
    made = []
    for table in tables:
        if lacking := [column for column in asked.columns if column not in table.names]:
            ledger.note("where_not_here", file=table.path, column=", ".join(lacking))
            made.append(table)
            continue
        kept = asked.holds(table)
        ledger.note("where", file=table.path, n=int((~kept).sum()), n_all=len(kept), where=condition)
        if not kept.any():
            ledger.problem("where_nobody", table.path, value=condition)
        made.append(only_rows(table, kept))
    return made


def _latest(study: Study, table: Table, ledger: Ledger) -> Table:
    """Keep the latest row of a pupil at a wave; a time that cannot be read, or two that are equal, are problems."""
    column, named = str(study.latest), study.columns.named()
    who = named.get("pupil")
    if column not in table.names or who not in table.names:
        return table
    by = [who, *([named["wave"]] if named.get("wave") in table.names else [])]
    parts = [table.column(name) for name in by]
    texts = [part.spread([plain(shown(cell)) for cell in part.different], "") for part in parts]
    known = windows(study.waves)
    if known and named.get("wave") in by:
        texts[-1] = parts[-1].spread([window_of(cell, known) or "" for cell in parts[-1].different], "")
    keys = pd.MultiIndex.from_arrays(texts)
    moments = table.column(column)
    times = pd.Series([*map(time_of, moments.different), pd.NaT]).iloc[moments.codes].reset_index(drop=True)
    double = keys.duplicated(keep=False) & (texts[0] != "")
    ledger.cells("time_unreadable", table, column, double & times.isna().to_numpy())
    order = np.argsort(times.to_numpy(), kind="stable")
    last = np.zeros(len(keys), dtype=bool)
    last[order[~keys[order].duplicated(keep="last")]] = True
    tied = double & ~last & (pd.Series(times).groupby(keys).transform("max") == times).to_numpy()
    ledger.cells("time_twice", table, column, tied)
    dropped = double & ~last
    if dropped.any():
        ledger.note("latest", file=table.path, n=int(dropped.sum()), column=column)
    return only_rows(table, ~dropped)
