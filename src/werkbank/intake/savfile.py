"""A .sav or .por file -> standard output: the program that `werkbank.intake.spss` starts; nothing else reads one.

The C library that knows the format ends the process on some damaged files (a format code of which only a byte was
changed). It does so here, in a process of its own, and never in one that has a report in hand. Nothing of werkbank is
imported: the start takes a third of a second.

What is written is one line of JSON, and after it the bytes of every column's codes: of each column the line holds its
different values, the type of its codes and their number (-1 is an empty cell).
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import datetime as dt


def main(path: str, limit: int) -> None:
    """Print a file's codes as stored, by column, and what it says of them; or what is wrong with it."""
    import pyreadstat

    codes: list[np.ndarray] = []
    try:
        portable = path.lower().endswith(".por")
        read = pyreadstat.read_por if portable else pyreadstat.read_sav
        _, meta = read(path, metadataonly=True, output_format="dict")
        size = (meta.number_rows or 0) * meta.number_columns
        if size > limit:
            told: dict[str, Any] = {"cells": size}
        else:
            more = {} if portable else {"user_missing": True}  # of a .por the library keeps such codes anyway
            cells, meta = read(path, output_format="dict", **more)
            columns = {}
            for name in list(cells):
                found, values = _coded(cells.pop(name))
                codes.append(found)
                columns[name] = {"values": values, "type": found.dtype.str, "n": len(found)}
            labels = {name: list(codes.items()) for name, codes in meta.variable_value_labels.items()}
            told = {
                "columns": columns,
                "encoding": meta.file_encoding,
                "labels": labels,
                "missing": meta.missing_ranges,
            }
        text = json.dumps(told, default=_dated)
    except Exception as error:  # noqa: BLE001 - a damaged file fails in the C library in any of a dozen ways
        text, codes = json.dumps({"reason": str(error)}), []
    sys.stdout.buffer.write(text.encode("utf-8") + b"\n")
    for found in codes:
        sys.stdout.buffer.write(found.data)


def _coded(cells: list[Any]) -> tuple[np.ndarray, list[Any]]:
    """Return codes and the different cells, in the order in which they first stand there."""
    import pandas as pd

    numbers = all(isinstance(cell, float) or cell is None for cell in cells[:100])
    try:
        given = np.array(cells, dtype=float if numbers and not _holds_text(cells) else object)
    except (TypeError, ValueError):  # a date, after many empty cells
        given = np.array(cells, dtype=object)
    codes, values = pd.factorize(given)
    kind = np.int8 if len(values) < 1 << 7 else np.int16 if len(values) < 1 << 15 else np.int32
    return codes.astype(kind), values.tolist()


def _holds_text(cells: list[Any]) -> bool:
    return any(isinstance(cell, str) for cell in cells)


def _dated(value: dt.date | dt.time) -> dict[str, str]:
    return {type(value).__name__: value.isoformat()}


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
