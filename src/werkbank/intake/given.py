"""What the study file says of a whole file: its class, teacher, school or arm; and a pupil's key of several columns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from werkbank.intake.columns import Column
from werkbank.intake.ledger import nearest, shown
from werkbank.study.model import KEY
from werkbank.study.spelling import tidy

if TYPE_CHECKING:
    from werkbank.intake.ledger import Ledger
    from werkbank.intake.model import Table
    from werkbank.study.model import Study

GIVEN = {"class_": "class", "teacher": "teacher", "school": "school", "arm": "arm"}  # field of a file -> role


def with_given(study: Study, table: Table, ledger: Ledger) -> Table:
    """Return a table with a column for what holds for the whole file, and one for a key of several columns.

    A column that is there and says otherwise in some row is a problem; where its cells are empty, they are filled.
    """
    named = study.columns.named()
    for attribute, role in GIVEN.items():
        value = getattr(table.spec, attribute)
        if value is None or role not in named:
            continue
        column = named[role]
        if column not in table.names:
            table = _with(table, column, Column.filled(value, len(table.rows)))
            continue
        cells = table.column(column)
        texts = cells.spread([tidy(shown(cell)) for cell in cells.different], "")
        ledger.cells("role_conflict", table, column, (texts != "") & (texts != tidy(value)), role=role, given=value)
        at = table.names.index(column)
        filled = cells.where(texts == "", value)
        table = replace(table, columns=(*table.columns[:at], filled, *table.columns[at + 1 :]))
    return _with_key(study, table, ledger)


def _with(table: Table, column: str, cells: Column) -> Table:
    return replace(table, names=(*table.names, column), columns=(*table.columns, cells))


def _with_key(study: Study, table: Table, ledger: Ledger) -> Table:
    """Numbers that restart in every class say who it is together with the class: 5A / 12."""
    parts = study.columns.key
    if len(parts) < 2:
        return table
    lacking = [column for column in parts if column not in table.names]
    for column in lacking:
        ledger.problem("column_missing", table.path, column=column, details=nearest(column, table.names))
    if lacking:
        return table
    columns = [table.column(column) for column in parts]
    texts = [one.spread([tidy(shown(cell)) for cell in one.different], "") for one in columns]
    joined = [KEY.join(row) if all(row) else "" for row in zip(*texts, strict=True)]
    return _with(table, KEY.join(parts), Column.of(joined))
