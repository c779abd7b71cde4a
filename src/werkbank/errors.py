"""What can go wrong, and what the user is told.

::

    WerkbankError                exit 1
    ├── UsageError               exit 2   the command itself is wrong
    ├── FirstMendError           exit 3   asked of a study whose problems were shown before
    ├── UnfitError               exit 3   the data or the study file is not fit; carries every Problem found
    ├── MissingPieceError        exit 4   something this machine lacks; says how to get it
    └── ReportError              exit 1   a report stopped; names the cell

Every error is picklable: they cross process borders in a batch.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

CODED = ("arms", "waves", "roles", "answers", "rules", "weights", "labels")  # blocks whose names are a file's codes
PATH = 200  # characters of a path in a message
NEAR = 0.6  # how alike two names are before one may be asked for the other
LONGEST = 900  # characters of a text in a message; a value is cut sooner, where it is taken from a cell
EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_UNFIT, EXIT_ENVIRONMENT, EXIT_INTERRUPTED = 0, 1, 2, 3, 4, 130


def nearest(given: str, valid: list[str]) -> dict[str, str]:
    """Return the valid name that is most like `given` (in whatever case), and all of them, as a sentence's values."""
    names = {name.lower(): name for name in valid}
    close = difflib.get_close_matches(given.lower(), names, n=1, cutoff=0.0)
    return {"nearest": names[close[0]] if close else "–", "valid": ", ".join(valid) or "–"}


def far(given: str, near: str) -> bool:
    """Whether the valid name most like `given` is no guess worth making: unlike it, or another number (T2, T1)."""
    a, b = given.casefold(), near.casefold()
    numbers = [[int(found) for found in re.findall(r"[0-9]{1,9}", name)] for name in (a, b)]
    if numbers[0] != numbers[1] and re.sub(r"[0-9]+", "", a) == re.sub(r"[0-9]+", "", b):
        return True
    return difflib.SequenceMatcher(None, a[:200], b[:200]).ratio() < NEAR


@dataclass(frozen=True)
class Said:
    """A part of a message that is a sentence of its own; several stand in a tuple. The reader's language is theirs."""

    key: str
    values: dict[str, Any] = field(default_factory=dict)


def _spoken(given: object, language: str) -> object:
    from werkbank.catalogue import say

    if isinstance(given, Said):
        inner = {name: readable(_spoken(value, language)) for name, value in given.values.items()}
        return say(given.key, language, **inner)
    if isinstance(given, tuple) and given and all(isinstance(part, Said) for part in given):
        return "; ".join(str(_spoken(part, language)) for part in given)
    return given


def readable(given: object) -> object:
    """Return a text as a line can hold it: cut off, and signs that cannot be seen as their code."""
    if not isinstance(given, str):
        return given
    text = given if len(given) <= LONGEST else f"{given[:LONGEST]}…"
    if text.isascii() and text.isprintable():
        return text
    composed = unicodedata.is_normalized("NFC", text)
    return "".join(f"‹U+{ord(c):04X}›" if _unseen(c, composed=composed) else c for c in text)


def _unseen(c: str, *, composed: bool) -> bool:
    kind = unicodedata.category(c)
    return (
        kind in {"Cf", "Cc", "Zl", "Zp", "Co", "Cs"} or (kind == "Zs" and c != " ") or (kind == "Mn" and not composed)
    )


def _numbered(path: str) -> str:
    """Return a place in a study file as its writer counts: outcomes[1]; a code that is a number stays one: arms.1."""
    made = ""
    before = ""
    for part in path.split("."):
        counted = part.isdecimal() and made and before not in CODED
        made += f"[{int(part) + 1}]" if counted else f".{part}" if made else part
        before = part
    return made


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with an input, said so that a teacher can mend it.

    Attributes
    ----------
    code : str
        Stable machine name; the sentence and the way out are looked up as ``problems.<code>`` and
        ``problems.<code>.way_out`` in the message catalogues.
    file : str
        The file as the user wrote its path.
    column, row, value : str, int or None
        Where: the column's name, the row as the spreadsheet numbers it (header = row 1), the value found.
    details : dict
        Further values for the sentence (``nearest``, ``low``, ``high``, ``valid`` …).
    """

    code: str
    file: str = ""
    column: str | None = None
    row: int | None = None
    value: str | None = None
    details: dict[str, Any] = field(default_factory=dict)

    def sentence(self, language: str = "nl") -> str:
        """Return where, what and the way out as one line in `language`."""
        from werkbank.catalogue import say

        file = self.file if len(self.file) <= PATH else f"{self.file[:PATH]}…"
        given = {"value": self.value, "column": self.column, "row": self.row, "file": file, **self.details}
        values = {name: readable(_spoken(text, language)) for name, text in given.items()}
        if "reason_key" in self.details:  # a reason that is a sentence of its own, in the reader's language
            values["reason"] = say(f"problems.reason.{self.details['reason_key']}", language, **values)
        parts = [say("problems.where", language, file=values["file"])] if self.file else []
        written = self.file.endswith((".yaml", ".yml"))  # what a user wrote has names and lines; data, columns and rows
        if self.column is not None:
            name = "where_key" if written and not self.details.get("of_data") else "where_column"
            shown = _numbered(str(values["column"])) if name == "where_key" else values["column"]
            parts.append(say(f"problems.{name}", language, column=shown))
        if self.row is not None:
            parts.append(say("problems.where_line" if written else "problems.where_row", language, row=self.row))
        where = ", ".join(parts)
        told = str(self.details.get("told_as", self.code))  # a narrower sentence, where more is known
        what = say(f"problems.{told}.what", language, **values) + self._and_more(language)
        way_out = say(self._way_out(told, language), language, **values)
        return f"{where + ': ' if where else ''}{what} → {way_out}"

    def _way_out(self, told: str, language: str) -> str:
        """Return the key of the way out: without a guess, where no valid name is like what was written."""
        from werkbank.catalogue import has

        near, given, key = self.details.get("nearest"), self.value or self.column or self.file, f"problems.{told}"
        if isinstance(near, str) and has(f"{key}.way_out_far", language) and far(given, near):
            return f"{key}.way_out_far"
        if self.details.get("example") and has(f"{key}.way_out_example", language):
            return f"{key}.way_out_example"
        return f"{key}.way_out"

    def _and_more(self, language: str) -> str:
        """Return in brackets how often this was found, and where else, when that is more than once."""
        from werkbank.catalogue import say

        more = self.details.get("more")
        if not isinstance(more, dict):
            return ""
        parts = [say("problems.more.count", language, n=more["n"])]
        for name in ("rows", "columns", "values"):
            found = [str(readable(text)) for text in more[name]]
            if found:
                cut = [*found[:3], "…"] if len(found) > 3 or more["n"] > len(found) + 1 else found
                parts.append(say(f"problems.more.{name}", language, n=len(found), names=", ".join(cut)))
        return f" ({'; '.join(parts)})"

    def as_row(self, language: str = "nl") -> dict[str, Any]:
        """Return the problem as plain values, for a program that reads them."""
        more = self.details.get("more", {})
        row = {"code": self.code, "file": self.file, "column": self.column, "row": self.row, "value": self.value}
        return {**row, "count": more.get("n", 1), "sentence": self.sentence(language)}


class WerkbankError(Exception):
    """Anything werkbank stops for on purpose; `more` is what a program is told besides."""

    exit_code = EXIT_FAILED
    more: Mapping[str, object] = MappingProxyType({})

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows: what is wrong, and no lines of code that a user cannot mend."""
        return [str(self)]


class UsageError(WerkbankError, ValueError):
    """The command, or a call, asks for something that does not exist."""

    exit_code = EXIT_USAGE


class UnfitError(WerkbankError, ValueError):
    """The data or the study file is not fit to be analysed; `problems` holds every reason at once."""

    exit_code = EXIT_UNFIT

    def __init__(self, problems: list[Problem], language: str = "nl") -> None:
        self.problems = list(problems)
        self.language = language
        super().__init__(self.problems, language)

    def __str__(self) -> str:
        return "\n".join(problem.sentence(self.language) for problem in self.problems)


class FirstMendError(WerkbankError, RuntimeError):
    """Something was asked of a study that is not fit; its problems were shown before."""

    exit_code = EXIT_UNFIT


class MissingPieceError(WerkbankError, RuntimeError):
    """Something is missing on this machine; the message says how to get it."""

    exit_code = EXIT_ENVIRONMENT


class ReportError(WerkbankError, RuntimeError):
    """A report stopped before its end; `cell` is the notebook cell (counted from 1), `line` its first line of code."""

    exit_code = EXIT_FAILED

    def __init__(self, message: str, cell: int | None = None, line: str | None = None) -> None:
        self.message, self.cell, self.line = message, cell, line
        super().__init__(message, cell, line)

    def __str__(self) -> str:
        return self.message
