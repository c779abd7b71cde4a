"""Cells -> numbers: decimal signs, words, codes for missing, ranges. What does not convert is never missing."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from werkbank.intake.ledger import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkbank.intake.ledger import Ledger
    from werkbank.intake.model import Table
    from werkbank.study.model import Outcome

WHOLE = re.compile(r"[+-]?[0-9]+")
DECIMAL = {
    ".": re.compile(r"[+-]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"),
    ",": re.compile(r"[+-]?(?:[0-9]+,[0-9]*|,[0-9]+)(?:[eE][+-]?[0-9]+)?"),
}
TWO_WAYS = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")  # 1.234: one and a bit, or one thousand and more
THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(?:[.,' \u00a0][0-9]{3})+(?:[.,][0-9]+)?")
MONTH = "jan|feb|mrt|mar|maa|apr|mei|may|jun|jul|aug|sep|okt|oct|nov|dec"
DATE = re.compile(
    rf"[0-9]{{1,2}}[- /](?:{MONTH})[a-z]*\.?(?:[- /][0-9]{{2,4}})?|(?:{MONTH})[a-z]*\.?[- /][0-9]{{2,4}}"
    r"|(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}(?:[ T]00:00(?::00)?)?|[0-9]{1,2}[-/][0-9]{1,2}[-/](?:19|20)[0-9]{2}",
    re.IGNORECASE,
)


def distinct(cells: np.ndarray) -> tuple[np.ndarray, list[Any]]:
    """Return codes and distinct cells; -1 is an empty cell (None or NaN)."""
    codes, values = pd.factorize(cells)
    return np.asarray(codes), list(values)


def is_date(cell: object) -> bool:
    """Whether a cell is a date, or text that a spreadsheet makes of one."""
    return isinstance(cell, dt.date | dt.time) or (isinstance(cell, str) and DATE.fullmatch(cell.strip()) is not None)


def decide_decimal(table: Table, columns: Iterable[str]) -> str | None:
    """Return the decimal sign of the numbers that are stored as text in these columns; None when nothing decides.

    A sign is proven by a number that can be read in one way only (3,5; 0.125; 2.3333). When both are proven the more
    frequent is returned and the cells with the other are refused at conversion.
    """
    if table.spec.decimal is not None:
        return table.spec.decimal
    proof: Counter[str] = Counter()
    for column in columns:
        codes, values = distinct(table.cells(column))
        counts = np.bincount(codes[codes >= 0], minlength=len(values))
        for value, count in zip(values, counts, strict=True):
            if isinstance(value, str) and not TWO_WAYS.fullmatch(text := value.strip()):
                proof.update({sign: int(count) for sign, form in DECIMAL.items() if form.fullmatch(text)})
    return max(proof, key=lambda sign: proof[sign]) if proof else None


def number(cell: Any, sign: str | None) -> float | str:  # noqa: ANN401 - whatever a file may hold
    """Return the number that a cell holds, or says when `sign` is the decimal sign, or the code of the problem."""
    if not isinstance(cell, str):
        stored = isinstance(cell, int | float | np.number)
        return float(cell) if stored else "date_found" if is_date(cell) else "not_a_number"
    text = cell.strip().replace("−", "-")
    if WHOLE.fullmatch(text) or (sign and DECIMAL[sign].fullmatch(text)):
        return float(text.replace(",", "."))
    if sign is None and TWO_WAYS.fullmatch(text):
        return "decimal_ambiguous"
    if any(form.fullmatch(text) for form in DECIMAL.values()) or THOUSANDS.fullmatch(text):
        return "decimal_mixed"
    if text.startswith("="):
        return "formula_without_value"
    return "date_found" if is_date(text) else "not_a_number"


def plain(word: object) -> str:
    """Return a word without what does not count: case and spaces."""
    return " ".join(str(word).split()).casefold()


@dataclass(frozen=True)
class Reading:
    """How the cells of one outcome are to be read."""

    outcome: Outcome
    range: tuple[float, float]
    sign: str | None

    @cached_property
    def words(self) -> dict[str, float] | None:
        """Answers as words -> numbers; None when answers are numbers."""
        answers = self.outcome.answers
        return None if answers is None else {plain(word): float(value) for word, value in answers.items()}

    @cached_property
    def missing(self) -> set[str]:
        """The codes that mean: not answered, as text (a number in its shortest form)."""
        return {plain(shown(code)) for code in self.outcome.missing}


@dataclass
class Counts:
    """What happened to cells on their way, for the notes."""

    missing: Counter[str] = field(default_factory=Counter)
    user_missing: Counter[str] = field(default_factory=Counter)
    between: Counter[str] = field(default_factory=Counter)  # 3,5 where an item has whole answers
    words: int = 0
    texts: int = 0  # numbers that a workbook stored as text


def convert(table: Table, column: str, how: Reading, counts: Counts, ledger: Ledger) -> np.ndarray:
    """Return the numbers in a column; NaN where the cell is empty or a code for missing.

    A cell that cannot be read, or lies outside the range, is a problem in the ledger (and infinite here, so that its
    column does not pass for empty).
    """
    codes, cells = distinct(table.cells(column))
    sizes = np.bincount(codes[codes >= 0], minlength=len(cells))
    values = np.full(len(cells) + 1, np.nan)
    wrong: dict[str, list[int]] = {}
    for i, (cell, n) in enumerate(zip(cells, sizes, strict=True)):
        if not shown(cell):
            continue
        read = _read(cell, column, table, how, counts, int(n))
        if isinstance(read, str):
            wrong.setdefault(read, []).append(i)
        values[i] = np.inf if isinstance(read, str) else read
    for code, which in wrong.items():
        _report(code, table, column, np.isin(codes, which), how, ledger)
    return np.asarray(values[codes])


def _read(cell: Any, column: str, table: Table, how: Reading, counts: Counts, n: int) -> float | str:  # noqa: ANN401
    """Return the number in one distinct cell (NaN: no answer), or the code of the problem."""
    text = shown(cell)
    label = table.reading.labels.get(column, {}).get(cell)
    if table.is_user_missing(column, cell):
        counts.user_missing[f"{text} ({label})" if label else text] += n
        return np.nan
    if {plain(text), plain(label or text)} & how.missing:
        counts.missing[text] += n
        return np.nan
    if how.words is not None and (label or table.reading.kind != "sav" or isinstance(cell, str)):
        counts.words += n
        return _word(plain(label or text), how)
    value = number(cell, how.sign)
    if isinstance(value, float) and shown(value) in how.missing:
        counts.missing[text] += n
        return np.nan
    counts.texts += n if isinstance(cell, str) else 0
    if isinstance(value, str) or not _fits(value, how):
        return value if isinstance(value, str) else "out_of_range"
    if how.outcome.column is None and not value.is_integer():
        counts.between[text] += n
    return value if how.outcome.kind == "score" or value.is_integer() else "not_whole"


def _word(word: str, how: Reading) -> float | str:
    value = (how.words or {}).get(word)
    if value is None:
        return "unknown_word"
    return value if _fits(value, how) else "out_of_range"


def _fits(value: float, how: Reading) -> bool:
    return bool(np.isfinite(value)) and how.range[0] <= value <= how.range[1]


def _report(code: str, table: Table, column: str, wrong: np.ndarray, how: Reading, ledger: Ledger) -> None:
    details: dict[str, Any] = {"outcome": how.outcome.id, "decimal": how.sign or "–"}
    if code == "out_of_range":
        details |= {"low": f"{how.range[0]:g}", "high": f"{how.range[1]:g}"}
    valid = how.outcome.answers if code == "unknown_word" else None
    ledger.cells(code, table, column, wrong, valid, **details)
