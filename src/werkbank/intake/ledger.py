"""All problems and notes of one intake, gathered so that a user hears everything at once and every cause once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from werkbank import errors
from werkbank.errors import Problem, UnfitError
from werkbank.intake.model import Note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from werkbank.intake.model import Table

SHOWN = 20  # causes of one kind; after that a count says more than a list
APART = 5  # values of one kind in one file that are named apart; more have one cause
LONGEST = 80  # characters of a value in a message
PLACES = 4  # cells that are named of one cause


@dataclass
class _Cause:
    """One problem, with every other cell that it was found in."""

    first: Problem
    n: int = 0
    places: list[tuple[str | None, int | None]] = field(default_factory=list)
    texts: dict[str, None] = field(default_factory=dict)

    def add(self, problem: Problem, n: int = 1, rows: Iterable[int] = ()) -> None:
        self.n += n
        for row in [problem.row, *rows]:
            if len(self.places) < PLACES + 1:
                self.places.append((problem.column, row))
        if problem.value is not None and len(self.texts) < PLACES + 1:
            self.texts[problem.value] = None

    def merged(self, other: _Cause) -> None:
        self.n += other.n
        self.places += other.places[: PLACES + 1 - len(self.places)]
        for value in other.texts:
            if len(self.texts) < PLACES + 1:
                self.texts[value] = None

    def problem(self) -> Problem:
        if self.n < 2:
            return self.first
        columns = list(dict.fromkeys(column for column, _ in self.places if column != self.first.column and column))
        rows = [str(row) for column, row in self.places[1:] if row is not None and column == self.first.column]
        more = {"n": self.n, "rows": rows, "columns": columns, "values": list(self.texts)[1:]}
        return replace(self.first, details={**self.first.details, "more": more})


class Ledger:
    """Collects; `stop_if_unfit` raises them together."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self._causes: dict[str, dict[tuple[Any, ...], _Cause]] = defaultdict(dict)
        self._whole: dict[tuple[Any, ...], list[Problem]] = defaultdict(list)

    @property
    def unfit(self) -> bool:
        """Whether any problem was found."""
        return any(self._causes.values())

    def has(self, code: str) -> bool:
        """Whether a problem of this kind was found."""
        return bool(self._causes.get(code))

    def problem(self, code: str, file: str = "", **where: Any) -> None:  # noqa: ANN401 - the fields of a Problem
        """Add one problem."""
        self.add(Problem(code, file, **where))

    def add(self, problem: Problem, n: int = 1, rows: Iterable[int] = ()) -> None:
        """Add a problem; `n` cells have it, some of them in `rows`."""
        causes = self._causes[problem.code]
        if problem.row is None:
            same = self._whole[problem.code, problem.file, problem.column, problem.value]
            if problem not in same:  # two outcomes may lack the same column
                same.append(problem)
                causes[len(causes), "whole"] = _Cause(problem, 1, [(problem.column, None)])
            return
        key = (problem.file, problem.column, problem.value, problem.details.get("outcome"))
        causes.setdefault(key, _Cause(problem)).add(problem, n, rows)

    def cells(
        self,
        code: str,
        table: Table,
        column: str,
        wrong: np.ndarray,
        valid: Iterable[str] | None = None,
        **details: Any,  # noqa: ANN401 - what the sentence names
    ) -> None:
        """Add a problem for each different value in the cells `wrong` (a mask) of a column, with its count."""
        if not wrong.any():
            return
        labels, cells, rows = table.reading.labels.get(column, {}), table.column(column), table.rows[wrong]
        codes, which = pd.factorize(cells.codes[wrong])  # in the order of the rows
        found: dict[str, int] = {}
        places = []
        for code_of_cell in which:
            cell = None if code_of_cell < 0 else cells.different[code_of_cell]
            text = shown(cell) if valid is None else str(labels.get(cell) or shown(cell))
            places.append(found.setdefault(brief(text), len(found)))
        at = np.array(places)[codes]
        counts, order = np.bincount(at), np.argsort(at, kind="stable")
        starts = np.cumsum(counts) - counts
        for value, i in list(found.items())[: APART + 1]:
            mine = [int(row) for row in rows[order[starts[i] : starts[i] + min(counts[i], PLACES + 1)]]]
            near = {} if valid is None else nearest(value, valid)
            self.add(Problem(code, table.path, column, mine[0], value, {**details, **near}), int(counts[i]), mine[1:])
        if len(found) > APART + 1:  # more values than are named apart have one cause
            value, i = list(found.items())[APART + 1]
            rest, row = int(counts[i:].sum()), int(rows[order[starts[i]]])
            self.add(Problem(code, table.path, column, row, value, details), rest)

    def people(
        self, code: str, rows: pd.DataFrame, column: str | None, details: Callable[[Any], dict[str, Any]]
    ) -> None:
        """Add a problem for each row of a frame with pupil, row and file; of a million, `details` is asked of a few.

        More pupils than are named apart are one problem, so the rest of them is only counted.
        """
        for file, part in rows.groupby("file", sort=False):
            who = pd.factorize(part["pupil"])[0]
            named = np.minimum(who, APART + 1)
            nth = pd.Series(named).groupby(named).cumcount().to_numpy()
            few = (nth <= PLACES) & (named <= APART) | ((nth == 0) & (named > APART))
            counts = np.bincount(named)
            for row, value, n in zip(part[few].itertuples(), named[few], nth[few], strict=True):
                more = 1 if value <= APART and n < min(PLACES, counts[value] - 1) else int(counts[value]) - int(n)
                self.add(Problem(code, str(file), column, int(row.row), row.pupil, details(row)), more)

    def named(self, code: str, file: str, column: str | None, who: list[str], details: dict[str, Any]) -> None:
        """Add a problem for each of some names that stand in no one row, or one for all of them where they are many."""
        if len(who) > APART:
            details = {**details, "more": {"n": len(who), "rows": [], "columns": [], "values": who[1 : PLACES + 1]}}
            who = who[:1]
        for name in who:
            self.problem(code, file, column=column, value=name, details=details)

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
        for code, causes in self._causes.items():
            found = _by_cause(causes)
            problems += [cause.problem() for cause in found[:SHOWN]]
            if rest := sum(cause.n for cause in found[SHOWN:]):
                problems.append(Problem("and_more", found[SHOWN].first.file, details={"n": rest, "code": code}))
        if problems:
            raise UnfitError(problems, language)


def _by_cause(causes: dict[tuple[Any, ...], _Cause]) -> list[_Cause]:
    """Return one cause for each value in a file, or one for all its values where these are many."""
    groups: dict[tuple[Any, ...], dict[str | None, _Cause]] = defaultdict(dict)
    for key, cause in causes.items():
        if key[-1] == "whole":
            groups[key][None] = cause
            continue
        file, _, value, outcome = key
        into = groups[file, outcome]
        if value in into:
            into[value].merged(cause)
        else:
            into[value] = cause
    made: list[_Cause] = []
    for into in groups.values():
        first, *others = into.values()
        if len(into) > APART:
            for other in others:
                first.merged(other)
            others = []
        made += [first, *others]
    return made


def shown(cell: object) -> str:
    """Return a cell as the user sees it: 12 and not 12.0."""
    if cell is None or (isinstance(cell, float) and np.isnan(cell)):
        return ""
    if isinstance(cell, float | np.floating) and float(cell).is_integer() and abs(float(cell)) < 1e15:
        return str(int(cell))
    return str(cell).strip()


def brief(text: str) -> str:
    """Return a value as a message names it: a cell may hold a book."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def nearest(value: str, valid: Iterable[str]) -> dict[str, str]:
    """Return the details ``nearest`` and ``valid`` of a problem about an unknown name."""
    names = list(dict.fromkeys(map(str, valid)))
    return {**errors.nearest(value[:200], names), "valid": listed(names)}


def listed(names: list[str]) -> str:
    """Return names as text, cut off where nobody would read on."""
    return ", ".join(names[:SHOWN]) + (" …" if len(names) > SHOWN else "")
