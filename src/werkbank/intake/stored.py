"""Answers and pupils as text and back, exactly: numbers to their last bit, names in their order, nothing guessed."""

from __future__ import annotations

import csv
import io
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping


def to_text(table: pd.DataFrame, notice: str = "") -> tuple[str, dict[str, Any]]:
    """Return a table as comma-separated text, and what the text alone does not say of its columns.

    Of a column of names the order of its categories, of one of numbers that it is one. An index is the first column; a
    `notice` stands in a last one, in every row, for whoever opens the file in a spreadsheet.
    """
    rows = table if table.index.name is None else table.reset_index()
    shape: dict[str, Any] = {"index": table.index.name, "columns": {}}
    cells = []
    for name in rows.columns:
        column = rows[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            shape["columns"][name] = {"kind": "category", "categories": [str(c) for c in column.cat.categories],
                                      "ordered": bool(column.cat.ordered)}  # fmt: skip
        else:
            numeric = pd.api.types.is_numeric_dtype(column.dtype)
            kind = "number" if numeric else "text" if str(column.dtype) in {"str", "string"} else "object"
            shape["columns"][name] = {"kind": kind}
        cells.append([_cell(value) for value in column.astype(object)])
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*rows.columns, *["notice"] * bool(notice)])
    writer.writerows([*row, *[notice] * bool(notice)] for row in zip(*cells, strict=True))
    return out.getvalue(), shape


def from_text(text: str, shape: Mapping[str, Any]) -> pd.DataFrame:
    """Return the table that `to_text` wrote."""
    header, *rows = list(csv.reader(io.StringIO(text)))
    columns = {name: [row[i] for row in rows] for i, name in enumerate(header)}
    made = {name: _column(columns[name], said) for name, said in shape["columns"].items()}
    table = pd.DataFrame(made, copy=False)
    return table.set_index(shape["index"]) if shape["index"] else table


def _cell(value: Any) -> str:  # noqa: ANN401 - a cell
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return ""
    return repr(float(value)) if isinstance(value, float | np.floating) else str(value)


def _column(cells: list[str], said: Mapping[str, Any]) -> Any:  # noqa: ANN401 - what a frame takes
    if said["kind"] == "number":
        return np.array([float(cell) if cell else math.nan for cell in cells])
    values = [cell or None for cell in cells]
    if said["kind"] == "category":
        return pd.Categorical(values, categories=said["categories"], ordered=said["ordered"])
    return pd.Series(values, dtype="str" if said["kind"] == "text" else object)
