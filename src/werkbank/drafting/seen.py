"""The columns of files as they lie there, before any study file says what they are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

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
    def numbers(self) -> np.ndarray | None:
        """The different cells as numbers (NaN where a word says that there is none); None when some are words."""
        read = [number(text, self.sign) for text in self.texts]
        found = [np.nan if isinstance(one, str) else one for one in read]
        words = [text for text, one in zip(self.texts, found, strict=True) if np.isnan(one)]
        if len(words) == len(self.texts) or any(not (is_unknown(w) or says_missing(w)) for w in words):
            return None
        return np.array(found)

    @cached_property
    def gaps(self) -> tuple[str, ...]:
        """Words among numbers that say that there is no answer, as NA."""
        numbers = self.numbers
        return () if numbers is None else tuple(t for t, x in zip(self.texts, numbers, strict=True) if np.isnan(x))

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
        """Whether all its numbers are whole."""
        numbers = self.numbers
        return numbers is not None and bool((np.mod(numbers[~np.isnan(numbers)], 1) == 0).all())

    @property
    def shown_words(self) -> tuple[str, ...]:
        """The different cells in small letters, each with its label in place of a code where it has one."""
        return tuple(tidy(self.labels.get(text, text)).casefold() for text in self.texts)


@dataclass(frozen=True)
class SeenFile:
    """One file (or one sheet of a workbook), read."""

    path: str
    sheet: str | None
    n_rows: int
    columns: dict[str, Seen]
    double: tuple[str, ...] = ()

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
    return SeenFile(table.spec.path, table.spec.sheet, len(table.rows), columns, double)


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
    return Seen(name, tuple(known), codes, decide_decimal(table, [name]), labels)
