"""A list from which lots are drawn: a csv or a workbook -> what it calls its units, and in which block each stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from werkbank.errors import Problem, UnfitError
from werkbank.intake.ledger import Ledger, nearest, shown
from werkbank.intake.opening import open_table
from werkbank.study.model import KEY, Columns, Design, Study
from werkbank.study.parts import FileSpec
from werkbank.study.spelling import tidy

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Rows(NamedTuple):
    """The units of a list in its order (names joined by `KEY` where columns are several), their blocks, its hash."""

    units: list[str]
    blocks: list[str]
    sha256: str


def read_list(
    folder: Path, file: str, unit: Sequence[str], within: str | None, language: str, *, sheet: str | None = None
) -> Rows:
    """Read a list.

    Parameters
    ----------
    folder, file : path, str
        The list, relative to the folder.
    unit : sequence of str
        The columns that together name a unit.
    within : str, optional
        The column with the pair, stratum or class of each.

    Raises
    ------
    UnfitError
        What is wrong with the file; a column that is not there; a unit without a name or block, or one that stands
        twice.
    """
    # a file is opened for a study, and a list has none yet
    study = Study.model_construct(title="", design=Design(kind="single_group"), columns=Columns())
    study._folder = folder.resolve()  # noqa: SLF001 - as above
    ledger, columns = Ledger(), [*unit, *([within] if within else [])]
    table = open_table(study, FileSpec(path=file, sheet=sheet), set(columns), ledger)
    ledger.stop_if_unfit(language)
    assert table is not None  # noqa: S101 - its reasons were raised
    for name in dict.fromkeys(columns):
        if name not in table.names:
            ledger.problem("column_missing", file, column=name, details=nearest(name, table.names))
    ledger.stop_if_unfit(language)
    cells = {name: [tidy(shown(cell)) for cell in table.cells(name)] for name in columns}
    seen: dict[str, int] = {}
    names = []
    for place, row in enumerate(map(int, table.rows)):
        parts = [cells[name][place] for name in columns]
        name = KEY.join(parts[: len(unit)])
        if not all(parts):
            ledger.problem("lot_cell_empty", file, column=columns[parts.index("")], row=row)
        elif name in seen:
            ledger.problem("lot_unit_twice", file, column=KEY.join(unit), row=row, value=name,
                           details={"other": seen[name]})  # fmt: skip
        seen.setdefault(name, row)
        names.append(name)
    ledger.stop_if_unfit(language)
    return Rows(names, cells[within] if within else [""] * len(names), table.reading.sha256)


def same_list(rows: Rows, sha256: str, file: str, language: str) -> None:
    """See that a list is the one from which lots were drawn.

    Raises
    ------
    UnfitError
        ``lot_list_altered``.
    """
    if rows.sha256 != sha256:
        raise UnfitError([Problem("lot_list_altered", file)], language)
