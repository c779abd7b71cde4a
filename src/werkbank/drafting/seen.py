"""The columns of files as they lie there, before any study file says what they are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from werkbank.drafting.headers import lower_header
from werkbank.errors import UnfitError
from werkbank.intake.cells import decide_decimal, number
from werkbank.intake.folding import is_unknown, says_missing
from werkbank.intake.ledger import Ledger, shown
from werkbank.intake.opening import open_table
from werkbank.study.model import FileSpec, Study
from werkbank.study.spelling import tidy

if TYPE_CHECKING:
    from pathlib import Path

    from werkbank.intake.model import Table

STRAYS = 0.05  # of the cells of a column that may be something else than the others are


@dataclass(frozen=True)
class Seen:
    """One column: its different cells, and which of them stands in each row.

    Attributes
    ----------
    name : str
        The heading.
    texts : tuple of str
        The different cells, without those that are empty or (in SPSS) declared as missing.
    codes : ndarray of int
        For each row the place of its cell in `texts`; -1 where it has none.
    sign : str or None
        The decimal sign of numbers that are stored as text.
    labels : dict
        SPSS value labels: a cell as it is shown -> its label.
    """

    name: str
    texts: tuple[str, ...]
    codes: np.ndarray
    sign: str | None
    labels: dict[str, str]

    @cached_property
    def counts(self) -> np.ndarray:
        """In how many rows each of the different cells stands."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.texts))

    @cached_property
    def numbers(self) -> np.ndarray | None:
        """The different cells as numbers, NaN for words; None when it is no column of numbers.

        Words that say that there is no answer do not count, and neither do a few strays: `check` names those cells.
        """
        read = [number(text, self.sign) for text in self.texts]
        found = np.array([np.nan if isinstance(one, str) else one for one in read])
        words = np.isnan(found)
        strays = np.array([bool(w) and not says_nothing(t) for w, t in zip(words, self.texts, strict=True)], dtype=bool)
        if words.all() or self.counts[strays].sum() > STRAYS * self.counts.sum():
            return None
        return found

    @cached_property
    def gaps(self) -> tuple[str, ...]:
        """Words among numbers that say that there is no answer, as NA."""
        if self.numbers is None:
            return ()
        return tuple(t for t, x in zip(self.texts, self.numbers, strict=True) if np.isnan(x) and says_nothing(t))

    @property
    def usual(self) -> tuple[str, ...]:
        """The different cells that say something and stand in more than a stray row."""
        few = 0.02 * self.counts.sum()
        named = [(t, int(n)) for t, n in zip(self.texts, self.counts, strict=True) if not says_nothing(t)]
        return tuple(text for text, n in named if n > few) or tuple(text for text, _ in named)

    @cached_property
    def values(self) -> np.ndarray:
        """A number for each row; NaN where there is none."""
        known = np.full(len(self.texts) + 1, np.nan)
        if self.numbers is not None:
            known[:-1] = self.numbers
        return np.asarray(known[self.codes])

    @property
    def filled(self) -> np.ndarray:
        """A mask of the rows in which something stands."""
        return np.asarray(self.codes >= 0)

    @property
    def whole(self) -> bool:
        """Whether its numbers are whole, but for a few strays."""
        if self.numbers is None:
            return False
        broken = np.mod(np.nan_to_num(self.numbers), 1) != 0
        return bool(self.counts[broken].sum() <= STRAYS * self.counts.sum())

    @property
    def shown_words(self) -> tuple[str, ...]:
        """The different cells in small letters, each with its label in place of a code where it has one."""
        return tuple(tidy(self.labels.get(text, text)).casefold() for text in self.texts)


def says_nothing(text: str) -> bool:
    """Whether a cell only says that there is nothing to say: NA, onbekend, weet niet."""
    return is_unknown(text) or says_missing(text)


@dataclass(frozen=True)
class SeenFile:
    """One file (or one sheet of a workbook), read."""

    path: str
    sheet: str | None
    n_rows: int
    columns: dict[str, Seen]
    double: tuple[str, ...] = ()
    header: int | None = None

    @property
    def name(self) -> str:
        """The name by which a sentence calls it."""
        return f"{self.path} ({self.sheet})" if self.sheet else self.path


def see(folder: Path, paths: list[str], language: str) -> list[SeenFile]:
    """Read files as intake does, before there is a study file.

    Parameters
    ----------
    folder : path
        The folder of the study to be.
    paths : list of str
        Files in it, relative to it.
    language : str
        Of the problems.

    Returns
    -------
    list of SeenFile
        A workbook with several sheets is one for each sheet that holds a table.

    Raises
    ------
    UnfitError
        With every file that could not be read, and why.
    """
    study, ledger, found = _bare_study(folder, paths), Ledger(), []
    for path in paths:
        own = Ledger()
        table = open_table(study, FileSpec(path=path), set(), own)
        table = lower_header(study, path, table) or table
        if table is not None:
            found.append(_seen(table))
        elif own.has("sheet_needed"):
            found += _sheets(study, path, own, language)
        else:
            _carry_over(own, ledger, language)
    ledger.stop_if_unfit(language)
    return found


def _bare_study(folder: Path, paths: list[str]) -> Study:
    """Return a study file that says nothing but which files there are: what intake's reader asks for."""
    bare = {
        "title": "-",
        "design": {"kind": "single_group"},
        "files": [{"path": path} for path in paths],
        "outcomes": [{"name": "x", "column": "x", "better": "higher"}],
    }
    study = Study.model_validate(bare)
    study._folder = folder  # noqa: SLF001 - as load_study does; there is no study file yet to load
    return study


def _problems(own: Ledger, language: str) -> UnfitError:
    try:
        own.stop_if_unfit(language)
    except UnfitError as unfit:
        return unfit
    return UnfitError([], language)


def _carry_over(own: Ledger, ledger: Ledger, language: str) -> None:
    for problem in _problems(own, language).problems:
        ledger.add(problem)


def _sheets(study: Study, path: str, refused: Ledger, language: str) -> list[SeenFile]:
    """Return every sheet of a workbook that holds a table of at least two columns."""
    named = str(_problems(refused, language).problems[0].details["valid"])
    found = []
    for sheet in named.split(", "):
        table = open_table(study, FileSpec(path=path, sheet=sheet), set(), Ledger())
        if table is not None and len([name for name in table.names if name]) > 1:
            found.append(_seen(table))
    if not found:
        raise _problems(refused, language)
    return found


def _seen(table: Table) -> SeenFile:
    columns = {name: _column(table, name) for name in dict.fromkeys(table.names) if name}
    double = tuple(name for name in columns if table.names.count(name) > 1)
    return SeenFile(table.spec.path, table.spec.sheet, len(table.rows), columns, double, table.spec.header)


def _column(table: Table, name: str) -> Seen:
    column = table.column(name)
    known: dict[str, int] = {}
    places = []
    for cell in column.different:
        text = tidy(shown(cell))
        empty = not text or table.is_user_missing(name, cell)
        places.append(-1 if empty else known.setdefault(text, len(known)))
    codes = np.array([*places, -1], dtype=np.int64)[column.codes]
    labels = {shown(code): str(label) for code, label in table.reading.labels.get(name, {}).items()}
    stored = any(not isinstance(cell, str) for cell in column.different)  # a number of a workbook is shown with a point
    return Seen(name, tuple(known), codes, "." if stored else decide_decimal(table, [name]), labels)
