"""Columns by which programs mark rows that may not belong: previews, forms that were not finished, a filter of SPSS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from werkbank.intake.cells import plain
from werkbank.intake.filtering import called, columns_asked
from werkbank.intake.ledger import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkbank.intake.ledger import Ledger
    from werkbank.intake.model import Table
    from werkbank.study.model import Study

NO = frozenset(("0", "false", "onwaar", "no", "nee", "n"))
YES = frozenset(("1", "true", "waar", "yes", "ja", "y", "j"))
PREVIEWS = frozenset(("survey preview", "survey test", "preview", "spam"))


@dataclass(frozen=True)
class Mark:
    """What a column of this name says of a row; `where` is the condition that keeps the others."""

    key: str
    outside: Callable[[str], bool]
    where: str


def _below_hundred(text: str) -> bool:
    try:
        return float(text.rstrip("%").replace(",", ".")) < 100
    except ValueError:
        return False


MARKS = {
    "filter_$": Mark("filter", lambda text: text in NO, '{column} == "{other}"'),
    "finished": Mark("unfinished", lambda text: text in NO, '{column} == "{other}"'),
    "progress": Mark("unfinished", _below_hundred, "{column} == 100"),
    "submitdate": Mark("unfinished", lambda text: not text, "{column} is not empty"),
    "status": Mark("preview", lambda text: text in PREVIEWS, '{column} != "{odd}"'),
    "distributionchannel": Mark("preview", lambda text: text in PREVIEWS, '{column} != "{odd}"'),
    **dict.fromkeys(
        ("exclude", "excluded", "uitsluiten", "uitgesloten"),
        Mark("excluded", lambda text: text in YES, '{column} != "{odd}"'),
    ),
}


def note_marks(study: Study, tables: list[Table], ledger: Ledger) -> None:
    """Name rows that a program marked, where `where` does not ask for that column: they are read like all others."""
    asked = columns_asked(study.where)
    for table in tables:
        for name in dict.fromkeys(table.names):
            mark = MARKS.get(name.casefold())
            if mark is not None and name not in asked:
                _note(table, name, mark, ledger)


def _note(table: Table, name: str, mark: Mark, ledger: Ledger) -> None:
    labels = table.reading.labels.get(name, {})
    cells = table.column(name)
    outside = [
        mark.outside(plain(labels.get(cell) or shown(cell))) or mark.outside(plain(shown(cell)))
        for cell in (*cells.different, None)
    ]
    odd = np.array(outside)[cells.codes]
    if not odd.any() or odd.all():
        return
    first, other = (shown(cells.at(i)) for i in (int(odd.argmax()), int((~odd).argmax())))
    # within quotes: YAML takes no value that begins with a backtick
    where = "'" + mark.where.format(column=called(name), odd=first, other=other).replace("'", "''") + "'"
    ledger.note(f"marked_{mark.key}", file=table.path, column=name, n=int(odd.sum()), n_all=len(odd), where=where)
