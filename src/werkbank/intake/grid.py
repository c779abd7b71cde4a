"""What a reader of one format hands over: a grid of untouched cells, or the reason why not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from werkbank.intake.columns import Column, Gathering
from werkbank.study.spelling import tidy

if TYPE_CHECKING:
    from collections.abc import Sequence

SEARCHED = 20  # rows in which a header is looked for that is not the first, to say where it stands


class RefusedFileError(Exception):
    """A file that cannot be read as a table; carries the problem."""

    def __init__(self, code: str, row: int | None = None, value: str | None = None, **details: Any) -> None:  # noqa: ANN401
        super().__init__(code)
        self.code, self.row, self.value, self.details = code, row, value, details


@dataclass
class Grid:
    """What a reader hands over: cells by column, the first row the header, each row with its spreadsheet number.

    Rows need not be equally long: `widths` says how many cells each has; what lies beyond is empty.
    """

    columns: list[Column]
    numbers: np.ndarray
    widths: np.ndarray
    how: dict[str, Any] = field(default_factory=dict)  # further fields of the FileReading
    notes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @classmethod
    def gathered(
        cls, rows: Gathering, first: int, how: dict[str, Any], notes: list[tuple[str, dict[str, Any]]]
    ) -> Self:
        """Return the grid of rows that were gathered, numbered from `first`."""
        widths = rows.widths()
        return cls(rows.columns(), np.arange(first, first + len(widths)), widths, how, notes)

    @classmethod
    def of_sheet(cls, rows: Gathering, title: str, notes: list[tuple[str, dict[str, Any]]] | None = None) -> Self:
        """Return the grid of a sheet: every row is as wide as the widest, with nothing in the cells beyond its own."""
        made = cls.gathered(rows, 1, {"sheet": title}, notes or [])
        made.widths[:] = len(made.columns)
        return made

    def __len__(self) -> int:
        return len(self.numbers)

    def row(self, at: int) -> list[Any]:
        """Return the cells of one row."""
        return [column.at(at) for column in self.columns[: self.widths[at]]]

    def head(self, n: int = SEARCHED) -> list[list[Any]]:
        """Return the first rows."""
        return [self.row(at) for at in range(min(n, len(self)))]

    def keep(self, kept: np.ndarray) -> None:
        """Leave out the rows of which a mask is false."""
        if not kept.all():
            self.columns = [Column(column.codes[kept], column.different) for column in self.columns]
            self.numbers, self.widths = self.numbers[kept], self.widths[kept]

    def blank(self) -> np.ndarray:
        """Return a mask of the rows in which nothing stands."""
        found = np.ones(len(self), dtype=bool)
        for column in self.columns:
            if not found.any():
                break
            empty = np.array([*(not text(value) for value in column.different), True])
            found &= empty[column.codes]
        return found


def header_at(rows: Sequence[Sequence[Any]], declared: set[str]) -> int:
    """Return which row holds the column names: the first, unless it has none and a later one has several."""
    names = {name for name in declared if not name.isdigit()}  # a row of answers may hold those
    known = [len({tidy(text(cell)) for cell in row} & names) for row in rows[:SEARCHED]]
    return known.index(max(known)) if known and not known[0] and max(known) > 1 else 0


def text(cell: object) -> str:
    """Return a cell as the text that stands in it."""
    return "" if cell is None else str(cell).strip()
