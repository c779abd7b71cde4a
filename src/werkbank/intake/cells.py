"""Cells -> numbers: decimal signs, words, codes for missing, ranges. What does not convert is never missing."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from werkbank.intake.folding import is_unknown, says_missing
from werkbank.intake.ledger import brief, shown
from werkbank.intake.lone import is_usual
from werkbank.study.spelling import tidy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkbank.intake.ledger import Ledger
    from werkbank.intake.model import Table
    from werkbank.study.model import Outcome
    from werkbank.study.parts import Rule

WHOLE = re.compile(r"[+-]?[0-9]+(?:[eE][+-][0-9]{1,2})?")  # 1e-05 and 1E+06 are how programs write such numbers
DECIMAL = {
    ".": re.compile(r"[+-]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"),
    ",": re.compile(r"[+-]?(?:[0-9]+,[0-9]*|,[0-9]+)(?:[eE][+-]?[0-9]+)?"),
}
TWO_WAYS = re.compile(r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}")  # 1.234: one and a bit, or one thousand and more
THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(?:[.,' \u00a0][0-9]{3})+(?:[.,][0-9]+)?")
MONTH = "jan|feb|mrt|mar|maa|apr|mei|may|jun|jul|aug|sep|okt|oct|nov|dec"
LABELLED = re.compile(r"([+-]?[0-9]+)\s*(?:[-–—=:.)]|\s)\s*([^\W\d_].*)", re.DOTALL)  # 5 - Helemaal mee eens
WITH_NUMBER = re.compile(r"([^\W\d_].*?)\s*[(\[]\s*([+-]?[0-9]+)\s*[)\]]", re.DOTALL)  # Helemaal mee eens (5)
FAILED = re.compile(r"#[A-Z/0]+[!?]", re.IGNORECASE)  # what a spreadsheet writes for a formula that failed
A_FEW = 4  # answers that may be wrong in any file
WORDS_SHOWN = 7  # answers that a message names
WRONG_RANGE = 0.05  # of the answers outside a range: it is not these answers that are wrong
DATE = re.compile(
    rf"[0-9]{{1,2}}[- /](?:{MONTH})[a-z]*\.?(?:[- /][0-9]{{2,4}})?|(?:{MONTH})[a-z]*\.?[- /][0-9]{{2,4}}"
    r"|(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}(?:[ T]00:00(?::00)?)?|[0-9]{1,2}[-/][0-9]{1,2}[-/](?:19|20)[0-9]{2}",
    re.IGNORECASE,
)


def distinct(table: Table, column: str) -> tuple[np.ndarray, list[Any]]:
    """Return codes and distinct cells of a column; -1 is an empty cell (None or NaN)."""
    found = table.column(column)
    return found.codes, found.different


def _sizes(codes: np.ndarray, n: int) -> np.ndarray:
    return np.bincount(codes + 1, minlength=n + 1)[1:]  # the first are the empty ones


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
        codes, values = distinct(table, column)
        counts = _sizes(codes, len(values))
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
    return _no_number(text, sign)


def _no_number(text: str, sign: str | None) -> str:
    """Return the code of the problem with text that is no number."""
    if sign is None and TWO_WAYS.fullmatch(text):
        return "decimal_ambiguous"
    if any(form.fullmatch(text) for form in DECIMAL.values()) or THOUSANDS.fullmatch(text):
        return "decimal_mixed"
    if FAILED.fullmatch(text):
        return "formula_failed"
    if text.startswith("="):
        return "formula_without_value"
    return "date_found" if is_date(text) else "not_a_number"


def plain(word: object) -> str:
    """Return a word without what does not count: case and spaces."""
    return tidy(str(word)).casefold()


@dataclass(frozen=True)
class Reading:
    """How the cells of one outcome are to be read."""

    outcome: Outcome
    range: tuple[float, float]
    sign: str | None
    rule: Rule | None = None  # of this column

    @cached_property
    def words(self) -> dict[str, float] | None:
        """Answers as words -> numbers; None when answers are numbers."""
        answers = self.outcome.answers
        if self.rule is not None and self.rule.answers is not None:
            answers = {**(answers or {}), **self.rule.answers}
        return None if answers is None else {plain(word): float(value) for word, value in answers.items()}

    @cached_property
    def missing(self) -> set[str]:
        """The codes that mean: not answered, as text (a number in its shortest form)."""
        codes = [*self.outcome.missing, *(self.rule.missing if self.rule else [])]
        return {plain(shown(code)) for code in codes}

    @property
    def allowed(self) -> tuple[float, float]:
        """The lowest and highest value that may stand in the cells."""
        return self.rule.range if self.rule is not None and self.rule.range is not None else self.range


@dataclass
class Counts:
    """What happened to cells on their way, for the notes."""

    missing: Counter[str] = field(default_factory=Counter)
    user_missing: Counter[str] = field(default_factory=Counter)
    between: Counter[str] = field(default_factory=Counter)  # 3,5 where an item has whole answers
    words: int = 0
    numbers: int = 0  # numbers among answers in words
    labelled: int = 0  # 5 - Helemaal mee eens
    labels: dict[str, set[float]] = field(default_factory=dict)
    answered: int = 0
    seen: set[float] = field(default_factory=set)
    outside: list[tuple[str, np.ndarray, Reading]] = field(default_factory=list)  # column, cells, how
    wordy: list[tuple[str, np.ndarray, Reading]] = field(default_factory=list)  # the same, of what is no number
    texts: int = 0  # numbers that a workbook stored as text


def convert(table: Table, column: str, how: Reading, counts: Counts, ledger: Ledger) -> np.ndarray:
    """Return the numbers in a column; NaN where the cell is empty or a code for missing.

    A cell that cannot be read, or lies outside the range, is a problem in the ledger (and infinite here, so that its
    column does not pass for empty).
    """
    codes, cells = distinct(table, column)
    sizes = _sizes(codes, len(cells))
    values = np.full(len(cells) + 1, np.nan)
    wrong: dict[str, list[int]] = {}
    for i, (cell, n) in enumerate(zip(cells, sizes, strict=True)):
        if not shown(cell):
            continue
        read = _read(cell, column, table, how, counts, int(n))
        if isinstance(read, str):
            wrong.setdefault(read, []).append(i)
        values[i] = np.inf if isinstance(read, str) else read
    if "out_of_range" in wrong:
        counts.outside.append((column, np.isin(codes, wrong.pop("out_of_range")), how))
    if "not_a_number" in wrong:
        counts.wordy.append((column, np.isin(codes, wrong.pop("not_a_number")), how))
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
    value = number(cell, how.sign)
    known = {plain(text), plain(label or text), shown(value) if isinstance(value, float) else plain(text)}
    if known & how.missing:
        counts.missing[text] += n
        return np.nan
    coded = label or table.reading.kind != "sav" or isinstance(cell, str)  # codes without a label are numbers
    if how.words is not None and (coded or plain(text) in how.words):
        return _word(text, label, value, how, counts, n)
    if label and says_missing(label):
        return "label_says_missing"
    if value == "not_a_number":
        value = _labelled(text, how, counts, n)
    if isinstance(value, str):
        return value
    counts.texts += n if isinstance(cell, str) else 0
    return _number(value, text, how, counts, n)


def _number(value: float, text: str, how: Reading, counts: Counts, n: int) -> float | str:
    counts.answered += n
    counts.seen.add(value)
    if not _fits(value, how):
        return "out_of_range"
    if how.outcome.column is None and not value.is_integer():
        counts.between[text] += n
    return value if how.outcome.kind == "score" or value.is_integer() else "not_whole"


def _word(text: str, label: str | None, value: float | str, how: Reading, counts: Counts, n: int) -> float | str:
    """Return what an answer in words stands for; a number among words counts as itself, when it is one of theirs."""
    words = how.words or {}
    if (meant := words.get(plain(label or text))) is not None:
        counts.words += n
        return meant if _fits(meant, how) else "out_of_range"
    only_words = not any(isinstance(number(word, how.sign), float) for word in words)
    if only_words and isinstance(value, float) and label is None and value in words.values():
        counts.numbers += n
        return _number(value, text, how, counts, n)
    if found := labelled(text):
        if words.get(plain(found[1]), found[0]) != found[0]:
            return "label_and_number"
        return _labelled(text, how, counts, n)
    return "missing_word" if is_unknown(text) or says_missing(text) else "unknown_word"


def labelled(text: str) -> tuple[float, str] | None:
    """Return the number and the words of an answer that has both: 5 - Helemaal mee eens; Helemaal mee eens (5)."""
    if found := LABELLED.fullmatch(text):
        return float(found[1]), found[2]
    found = WITH_NUMBER.fullmatch(text)
    return (float(found[2]), found[1]) if found else None


def _labelled(text: str, how: Reading, counts: Counts, n: int) -> float | str:
    """Return the number of an answer that is written with its words."""
    found = labelled(text)
    if found is None or not how.range[0] <= found[0] <= how.range[1] or np.isinf(how.range).any():
        return "missing_word" if is_unknown(text) or says_missing(text) else "not_a_number"
    value, words = found
    counts.labelled += n
    counts.labels.setdefault(plain(words), set()).add(value)
    if len(counts.labels[plain(words)]) == 1:
        return value
    return "label_two_numbers" if how.outcome.column is None else "not_a_number"  # of a score it is a unit: 12 jaar


def _fits(value: float, how: Reading) -> bool:
    return bool(np.isfinite(value)) and how.allowed[0] <= value <= how.allowed[1]


def report_words(table: Table, counts: Counts, ledger: Ledger) -> None:
    """Report what is no number: as cells that are wrong, or, where they are many, as answers in words."""
    if not counts.wordy:
        return
    found = Counter(shown(cell) for name, wrong, _ in counts.wordy for cell in table.cells(name)[wrong])
    scored = counts.wordy[0][2].outcome.column is not None  # of a score 19,6 jaar is a number with something beside it
    worded = [t for t in found if any(map(str.isalpha, t)) and not (scored and any(map(str.isdigit, t)))]
    if len(worded) < 2 or found.total() <= A_FEW:
        for name, wrong, how in counts.wordy:
            _report("not_a_number", table, name, wrong, how, ledger)
        return
    column, wrong, how = counts.wordy[0]
    row = int(table.rows[wrong.argmax()])
    common = [brief(text) for text, _ in found.most_common(WORDS_SHOWN)]
    more = " …" if len(found) > WORDS_SHOWN else ""
    details = {
        "outcome": how.outcome.id, "n": found.total(), "words": ", ".join(f"‘{word}’" for word in common) + more,
        "answers": ", ".join(f'"{word}": …' for word in common),
    }  # fmt: skip
    ledger.problem("answers_in_words", table.path, column=column, row=row, details=details)


def report_outside(table: Table, counts: Counts, ledger: Ledger) -> None:
    """Report answers outside a range: as cells that are wrong, or, where they are many, as a range that is."""
    if not counts.outside:
        return
    _, _, how = counts.outside[0]
    numbers = {value for value in counts.seen if not is_usual(value) or _fits(value, how)}
    usual = {name: _usual(table, name, how) for name, *_ in counts.outside}
    strange = sum(int((wrong & ~usual[name]).sum()) for name, wrong, _ in counts.outside)
    if strange > max(A_FEW, WRONG_RANGE * counts.answered) and numbers:
        details = {
            "outcome": how.outcome.id, "found": strange, "answered": counts.answered,
            "lowest": f"{min(numbers):g}", "highest": f"{max(numbers):g}",
            "low": f"{how.allowed[0]:g}", "high": f"{how.allowed[1]:g}", "answers": _shifted(numbers, how),
        }  # fmt: skip
        names = [name for name, *_ in counts.outside]
        shown_names = ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
        code = "scale_differs" if details["answers"] else "range_wrong"
        ledger.problem(code, table.path, column=shown_names, details=details)
        return
    for name, wrong, reading in counts.outside:
        _report("out_of_range_usual", table, name, wrong & usual[name], reading, ledger)
        _report("out_of_range", table, name, wrong & ~usual[name], reading, ledger)


def _usual(table: Table, name: str, how: Reading) -> np.ndarray:
    codes, cells = distinct(table, name)
    return np.asarray(np.array([*(is_usual(_as_float(cell, how)) for cell in cells), False])[codes])


def _as_float(cell: object, how: Reading) -> float:
    value = number(cell, how.sign)
    return value if isinstance(value, float) else np.nan


def _shifted(numbers: set[float], how: Reading) -> str:
    """Return the answers of a scale that is numbered from elsewhere, as the study file would declare them."""
    low, high = how.allowed
    steps = high - low
    if how.outcome.column is not None or not 0 < max(numbers) - min(numbers) <= steps or steps > 20:
        return ""
    start = min(numbers) if min(numbers) < low else max(numbers) - steps
    return ", ".join(f"{start + k:g}: {low + k:g}" for k in range(int(steps) + 1))


def _report(code: str, table: Table, column: str, wrong: np.ndarray, how: Reading, ledger: Ledger) -> None:
    details: dict[str, Any] = {"outcome": how.outcome.id, "decimal": how.sign or "–"}
    if code.startswith("out_of_range"):
        details |= {"low": f"{how.allowed[0]:g}", "high": f"{how.allowed[1]:g}"}
    valid = list(how.outcome.answers or how.words or {}) if code == "unknown_word" else None
    if code == "label_says_missing":
        valid = []  # the problem then names the label, and not its code
    ledger.cells(code, table, column, wrong, valid, **details)
