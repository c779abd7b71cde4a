"""Cells by column: each different cell once, and a code for every row. Whoever asks a cell asks a value, once."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


@dataclass(frozen=True)
class Column:
    """The cells of a column, untouched.

    Attributes
    ----------
    codes : ndarray of int
        For each row the place of its cell in `different`; -1 where it is empty (None or NaN).
    values : list
        The different cells, in the order in which they first stand there. Numbers that are equal (1 and 1.0) are one.
    """

    codes: np.ndarray
    different: list[Any]

    @classmethod
    def of(cls, cells: Iterable[Any]) -> Self:
        """Return the column of these cells."""
        known, cells = Codes(), list(cells)
        return cls(known.of(cells), list(known))

    @classmethod
    def filled(cls, value: object, n: int) -> Self:
        """Return a column of `n` times the same cell."""
        return cls(np.zeros(n, dtype=np.int8), [value])

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, rows: np.ndarray) -> Column:
        """Return the cells of some rows (a mask, or places); only their own values are left."""
        return Column(self.codes[rows], self.different).without_unused()

    def __iter__(self) -> Iterator[Any]:
        return iter(self.cells())

    def at(self, row: int) -> Any:  # noqa: ANN401 - whatever a file may hold
        """Return one cell; None where it is empty."""
        code = self.codes[row]
        return None if code < 0 else self.different[code]

    def cells(self) -> np.ndarray:
        """Return one cell a row; None where it is empty."""
        return self.spread(self.different, None)

    def spread(self, made: Sequence[Any], empty: object) -> np.ndarray:
        """Return one object a row, made of its value: ``made[i]`` stands for ``different[i]``, `empty` for no cell."""
        known = np.empty(len(made) + 1, dtype=object)
        known[:-1], known[-1] = made, empty
        return np.asarray(known[self.codes])

    def where(self, mask: np.ndarray, value: object) -> Column:
        """Return the column with `value` in the rows of a mask."""
        codes = self.codes.astype(np.int32)
        codes[mask] = -1 if value is None else len(self.different)
        return Column(codes, [*self.different, value][: len(self.different) + (value is not None)]).without_unused()

    def without_unused(self) -> Column:
        """Return the column without values that no row has, the others in the order of their first row."""
        used = np.bincount(self.codes + 1, minlength=len(self.different) + 1)[1:] > 0
        codes, values = self.codes, self.different
        if not used.all():
            place = np.append(np.cumsum(used) - 1, -1)
            codes, values = narrow(place, len(values))[codes], [values[i] for i in used.nonzero()[0]]
        highest = np.maximum.accumulate(codes) if len(codes) else codes
        if (highest[1:] - highest[:-1] > 1).any() or highest[:1].max(initial=0) > 0:
            codes, values = _in_order(codes, values)
        return self if codes is self.codes else Column(narrow(codes, len(values)), values)


def _in_order(codes: np.ndarray, values: list[Any]) -> tuple[np.ndarray, list[Any]]:
    there = (codes >= 0).nonzero()[0]
    _, first = np.unique(codes[there], return_index=True)
    order = np.argsort(first)
    place = np.append(np.argsort(order), -1)
    return place[codes], [values[i] for i in order]


class Codes(dict[Any, int]):
    """Cell -> code, handed out in the order in which cells are met; None and NaN get -1 and are not kept."""

    def __missing__(self, cell: Any) -> int:  # noqa: ANN401 - whatever a file may hold
        if cell is None or cell != cell:  # noqa: PLR0124 - NaN is what differs from itself
            return -1
        self[cell] = code = len(self)
        return code

    def of(self, cells: Sequence[Any]) -> np.ndarray:
        """Return the code of each cell."""
        return narrow(np.fromiter(map(self.__getitem__, cells), np.int32, len(cells)), len(self))


def narrow(codes: np.ndarray, n: int) -> np.ndarray:
    """Return codes of `n` values in the smallest type that holds them."""
    kind = np.int8 if n <= np.iinfo(np.int8).max else np.int16 if n <= np.iinfo(np.int16).max else np.int32
    return codes.astype(kind, copy=False)


class Gathering:
    """Rows that come in one after the other, kept by column; they need not be equally long."""

    def __init__(self) -> None:
        self._known: list[Codes] = []
        self._parts: list[list[np.ndarray]] = []
        self._widths: list[np.ndarray] = []
        self.n = 0

    @property
    def n_cells(self) -> int:
        """How many cells the table has that holds these rows."""
        return self.n * len(self._known)

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Add rows below those that are there."""
        widths = np.fromiter(map(len, rows), np.int32, len(rows))
        width = int(widths.max(initial=0))
        for _ in range(len(self._known), width):
            self._known.append(Codes())
            self._parts.append([np.full(self.n, -1, dtype=np.int8)])
        even = bool((widths == width).all())
        columns = zip(*rows, strict=True) if even else zip_longest(*rows)
        for known, parts, cells in zip(self._known, self._parts, columns, strict=False):
            parts.append(known.of(cells))
        for parts in self._parts[width:]:
            parts.append(np.full(len(rows), -1, dtype=np.int8))
        self._widths.append(widths)
        self.n += len(rows)

    def columns(self) -> list[Column]:
        """Return the columns; what was gathered is given away."""
        made = []
        for known, parts in zip(self._known, self._parts, strict=True):
            made.append(Column(np.concatenate(parts), list(known)))
            parts.clear()
        return made

    def widths(self) -> np.ndarray:
        """Return how many cells each row has."""
        return np.concatenate(self._widths) if self._widths else np.zeros(0, dtype=np.int32)
