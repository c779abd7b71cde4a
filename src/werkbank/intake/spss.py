"""SPSS files: codes as stored; value labels and user-missing codes beside them, never applied in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyreadstat

from werkbank.intake.opening import MAX_CELLS, Grid, RefusedFileError

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd


def read_spss(path: Path) -> Grid:
    """Read a .sav file as stored codes; rows are numbered as SPSS numbers its cases (the first is 1).

    Raises
    ------
    RefusedFileError
        ``file_unreadable``, ``sheet_too_large``.
    """
    _, meta = _read(path, metadataonly=True)
    size = (meta.number_rows or 0) * meta.number_columns
    if size > MAX_CELLS:
        raise RefusedFileError("sheet_too_large", cells=size, limit=MAX_CELLS)
    table, meta = _read(path, user_missing=True)
    columns = [table[name].astype(object).where(table[name].notna(), None).tolist() for name in table.columns]
    how = {
        "encoding": meta.file_encoding,
        "labels": {name: dict(codes) for name, codes in meta.variable_value_labels.items()},
        "user_missing": {n: tuple((r["lo"], r["hi"]) for r in ranges) for n, ranges in meta.missing_ranges.items()},
    }
    rows = [list(table.columns), *zip(*columns, strict=True)]
    return Grid(rows, range(len(rows)), how)


def _read(path: Path, **options: Any) -> tuple[pd.DataFrame, Any]:  # noqa: ANN401 - pyreadstat ships no types
    try:
        table, meta = pyreadstat.read_sav(str(path), **options)
    except Exception as error:  # noqa: BLE001 - a damaged file fails in the C library in any of a dozen ways
        raise RefusedFileError("file_unreadable", reason=str(error)) from None
    return table, meta
