"""What a reader of one format hands over: a grid of untouched cells, or the reason why not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from werkbank.study.spelling import tidy

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_CELLS = 30_000_000  # of a table in memory
SEARCHED = 20  # rows in which a header is looked for that is not the first, to say where it stands


class RefusedFileError(Exception):
    """A file that cannot be read as a table; carries the problem."""

    def __init__(self, code: str, row: int | None = None, value: str | None = None, **details: Any) -> None:  # noqa: ANN401
        super().__init__(code)
        self.code, self.row, self.value, self.details = code, row, value, details


@dataclass
class Grid:
    """What a reader hands over: rows of cells, the first of them the header, each with its spreadsheet row number."""

    rows: Sequence[Sequence[Any]]
    numbers: Sequence[int]
    how: dict[str, Any] = field(default_factory=dict)  # further fields of the FileReading
    notes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


def header_at(rows: Sequence[Sequence[Any]], declared: set[str]) -> int:
    """Return which row holds the column names: the first, unless it has none and a later one has several."""
    names = {name for name in declared if not name.isdigit()}  # a row of answers may hold those
    known = [len({tidy(text(cell)) for cell in row} & names) for row in rows[:SEARCHED]]
    return known.index(max(known)) if known and not known[0] and max(known) > 1 else 0


def text(cell: object) -> str:
    """Return a cell as the text that stands in it."""
    return "" if cell is None else str(cell).strip()
