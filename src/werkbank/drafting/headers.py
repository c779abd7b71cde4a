"""A header that is not the first row: a title stands above it, as in many exports."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from werkbank.intake.delimited import DELIMITERS, find_encoding
from werkbank.intake.grid import RefusedFileError, text
from werkbank.intake.ledger import Ledger
from werkbank.intake.opening import open_table
from werkbank.study.model import FileSpec

if TYPE_CHECKING:
    from werkbank.intake.model import Table
    from werkbank.study.model import Study

LOOKED = 10  # rows in which a header is looked for
FEWEST = 3  # names that make one


def lower_header(study: Study, path: str, table: Table | None) -> Table | None:
    """Return the table below a header that is not the first row; None where it is, or where there is none.

    Parameters
    ----------
    study, path
        The study that asks, and the file.
    table : Table or None
        What was read with the first row as header; None when nothing could be.
    """
    if table is not None and sum(not name for name in table.names) * 2 < len(table.names):
        return None
    found = _in_text(study, path) if table is None else _in_rows(table)
    if found is None:
        return None
    row, names = found
    return open_table(study, FileSpec(path=path, header=row), set(names), Ledger())


def _in_rows(table: Table) -> tuple[int, list[str]] | None:
    for at in range(min(LOOKED, len(table.rows))):
        names = [text(column.at(at)) for column in table.columns]
        if _is_header(names):
            return int(table.rows[at]), names
    return None


def _in_text(study: Study, path: str) -> tuple[int, list[str]] | None:
    file = study.folder / path
    if file.suffix.lower() not in {".csv", ".txt", ".tsv"}:
        return None
    content = file.read_bytes()
    try:
        lines = content.decode(find_encoding(content)[0]).splitlines()[:LOOKED]
    except (RefusedFileError, UnicodeError):
        return None
    for row, line in enumerate(lines[1:], 2):
        for delimiter in DELIMITERS:
            names = next(csv.reader([line], delimiter=delimiter), [])
            if _is_header(names):
                return row, names
    return None


def _is_header(names: list[str]) -> bool:
    """Whether cells are names: all filled, all different, and hardly a number among them."""
    numbers = sum(name.strip().replace(",", "").replace(".", "").isdigit() for name in names)
    return len(names) >= FEWEST and all(names) and len(set(names)) == len(names) and numbers * 2 < len(names)
