"""Rows that are no pupil's: a header that stands there again or in two rows, and rows that sum up those above.

Each is one problem with its rows and its way out, and is then left aside, so that it causes no others.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from werkbank.errors import Problem
from werkbank.intake.cells import number, plain
from werkbank.intake.folding import is_summary
from werkbank.intake.layout import declared_names, wave_codes
from werkbank.intake.ledger import brief, shown
from werkbank.intake.moments import windows

if TYPE_CHECKING:
    from werkbank.intake.ledger import Ledger
    from werkbank.intake.model import Table
    from werkbank.study.model import Study

COMPARED = 6  # columns in which a header is looked for again
LOOKED_AT = 50  # rows below the first, which say what a column holds
ENOUGH = 2  # columns in which a row is odd


def without_odd_rows(study: Study, table: Table, ledger: Ledger) -> Table:
    """Return a table without rows that are no pupil's; each kind of them is a problem in the ledger."""
    if not len(table.rows):
        return table
    declared = declared_names(study)
    wanted = [name for name in dict.fromkeys(table.names) if name in declared]
    again, first = _repeats_header(table, wanted), np.arange(len(table.rows)) == 0
    second = first & (again[:1].any() or _is_second_header(study, table, wanted))
    table = _without(table, {"header_again": again & ~first, "header_second": second}, wanted, ledger)
    return _without_summaries(study, table, ledger)


def _without(table: Table, found: dict[str, np.ndarray], wanted: list[str], ledger: Ledger) -> Table:
    for code, odd in found.items():
        if odd.any():
            rows = [int(row) for row in table.rows[odd]]
            said = next((shown(table.cells(name)[odd.argmax()]) for name in reversed(wanted)), "")
            details = {"skip": ", ".join(map(str, rows[:20]))}
            ledger.add(Problem(code, table.path, None, rows[0], brief(said), details), len(rows), rows[1:5])
    odd = np.logical_or.reduce(list(found.values()))
    return only_rows(table, ~odd) if odd.any() else table


def only_rows(table: Table, kept: np.ndarray) -> Table:
    """Return a table with only the rows in a mask."""
    return replace(table, columns=tuple(cells[kept] for cells in table.columns), rows=table.rows[kept])


def _repeats_header(table: Table, wanted: list[str]) -> np.ndarray:
    counted = np.zeros(len(table.rows), dtype=np.int8)
    for name in wanted[:COMPARED]:
        cells = table.column(name)
        counted += cells.spread([cell == name for cell in cells.different], False).astype(bool)
    return counted >= ENOUGH


def _is_second_header(study: Study, table: Table, wanted: list[str]) -> bool:
    """Whether the first row says what the columns are: no number where all others have one, no code that is known."""
    named = study.columns.named()
    codes = {named.get("arm"): {plain(code) for code in study.arms}}
    if not windows(study.waves):
        codes[named.get("wave")] = {plain(code) for code in wave_codes(study)}
    items = set(wanted) - {*named.values(), *study.pupil_columns, study.block_column}
    odd = 0
    for name in wanted:
        column = table.column(name)
        first, *lower = [column.at(i) for i in range(min(LOOKED_AT + 1, len(column)))]
        below = [cell for cell in lower if shown(cell)]
        if not below or not isinstance(first, str) or not first.strip():
            continue
        if codes.get(name):
            fits = plain(first) in codes[name]
            others = all(plain(shown(cell)) in codes[name] for cell in below)
        elif name in items:
            fits, others = _is_number(first), all(map(_is_number, below))
        else:
            continue
        if fits:
            return False
        odd += others
    return odd >= ENOUGH


def _is_number(cell: object) -> bool:
    return isinstance(number(cell, ","), float) or isinstance(number(cell, "."), float)


def _without_summaries(study: Study, table: Table, ledger: Ledger) -> Table:
    """Leave aside rows that are called a mean or a total: by their id, or, where that is empty, by another cell."""
    column = study.columns.named().get("pupil")
    if column not in table.names:
        return table
    ids = table.column(column)
    allowed = {plain(name) for names in study.distinct for name in names}
    named = [isinstance(cell, str) and is_summary(cell) and plain(cell) not in allowed for cell in ids.different]
    if sum(named) * 2 > len(named) + bool((ids.codes < 0).any()):
        return table  # where every other id is such a word, these are codes
    odd = np.array([*named, False])[ids.codes]
    word = {int(i): str(ids.at(i)).strip() for i in odd.nonzero()[0]}
    nobody = np.array(
        [*(not (isinstance(cell, str) and cell.strip()) and not shown(cell) for cell in ids.different), True]
    )[ids.codes].nonzero()[0]
    for cells in table.columns if len(nobody) else ():
        summed = np.array([*(isinstance(cell, str) and is_summary(cell) for cell in cells.different), False])
        for i in nobody[summed[cells.codes[nobody]]]:
            word.setdefault(int(i), str(cells.at(i)).strip())
            odd[i] = True
    for at, name in sorted(word.items()):
        ledger.add(Problem("id_summary", table.path, column, int(table.rows[at]), name))
    return only_rows(table, ~odd) if odd.any() else table
