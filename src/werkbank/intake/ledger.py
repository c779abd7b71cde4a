"""All problems and notes of one intake, gathered so that a user hears everything at once and nothing endlessly."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from werkbank import errors
from werkbank.errors import Problem, UnfitError
from werkbank.intake.model import Note

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkbank.intake.model import Table

SHOWN = 20  # of one kind; after that a count says more than a list


class Ledger:
    """Collects; `stop_if_unfit` raises them together."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self._problems: dict[str, list[Problem]] = {}
        self._more: Counter[str] = Counter()

    def problem(self, code: str, file: str = "", **where: Any) -> None:  # noqa: ANN401 - the fields of a Problem
        """Add one problem."""
        self.add(Problem(code, file, **where))

    def add(self, problem: Problem) -> None:
        """Add a problem, or only count it when enough of its kind are listed."""
        listed = self._problems.setdefault(problem.code, [])
        if problem in listed:  # two outcomes may lack the same column
            return
        if len(listed) < SHOWN:
            listed.append(problem)
        else:
            self._more[problem.code] += 1

    def cells(
        self,
        code: str,
        table: Table,
        column: str,
        wrong: np.ndarray,
        valid: Iterable[str] | None = None,
        **details: Any,  # noqa: ANN401 - what the sentence names
    ) -> None:
        """Add one problem for each of the cells `wrong` (a mask) of a column, with the nearest of the `valid` names."""
        at, labels = wrong.nonzero()[0], table.reading.labels.get(column, {})
        for i in at[:SHOWN]:
            cell = table.cells(column)[i]
            value = shown(cell) if valid is None else str(labels.get(cell) or shown(cell))
            near = {} if valid is None else nearest(value, valid)
            where = {"column": column, "row": int(table.rows[i]), "value": value}
            self.problem(code, table.path, **where, details={**details, **near})
        self._more[code] += max(0, len(at) - SHOWN)

    def note(self, name: str, **values: Any) -> None:  # noqa: ANN401 - what the sentence names
        """Add a note; `name` is its catalogue key under ``intake``."""
        self.notes.append(Note(f"intake.{name}", values))

    def stop_if_unfit(self, language: str) -> None:
        """Raise everything that was found, each kind together, with a last line that counts the rest of its kind.

        Raises
        ------
        UnfitError
            When there is any problem.
        """
        problems: list[Problem] = []
        for code, found in self._problems.items():
            problems += found
            if self._more[code]:
                problems.append(Problem("and_more", details={"n": self._more[code], "code": code}))
        if problems:
            raise UnfitError(problems, language)


def shown(cell: object) -> str:
    """Return a cell as the user sees it: 12 and not 12.0."""
    if cell is None or (isinstance(cell, float) and np.isnan(cell)):
        return ""
    if isinstance(cell, float | np.floating) and float(cell).is_integer() and abs(float(cell)) < 1e15:
        return str(int(cell))
    return str(cell).strip()


def nearest(value: str, valid: Iterable[str]) -> dict[str, str]:
    """Return the details ``nearest`` and ``valid`` of a problem about an unknown name."""
    names = list(dict.fromkeys(map(str, valid)))
    return {**errors.nearest(value, names), "valid": listed(names)}


def listed(names: list[str]) -> str:
    """Return names as text, cut off where nobody would read on."""
    return ", ".join(names[:SHOWN]) + (" …" if len(names) > SHOWN else "")
