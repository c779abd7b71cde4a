"""A .sav or .por file -> JSON on standard output: the program that `werkbank.intake.spss` starts; none else reads one.

The C library that knows the format ends the process on some damaged files (a format code of which only a byte was
changed). It does so here, in a process of its own, and never in one that has a report in hand. Nothing of werkbank is
imported: the start takes a third of a second.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime as dt


def main(path: str, limit: int) -> None:
    """Print a file's codes as stored, by column, and what it says of them; or what is wrong with it."""
    import pyreadstat

    try:
        portable = path.lower().endswith(".por")
        read = pyreadstat.read_por if portable else pyreadstat.read_sav
        _, meta = read(path, metadataonly=True, output_format="dict")
        size = (meta.number_rows or 0) * meta.number_columns
        if size > limit:
            told: dict[str, Any] = {"cells": size}
        else:
            more = {} if portable else {"user_missing": True}  # of a .por the library keeps such codes anyway
            columns, meta = read(path, output_format="dict", **more)
            labels = {name: list(codes.items()) for name, codes in meta.variable_value_labels.items()}
            told = {
                "columns": columns,
                "encoding": meta.file_encoding,
                "labels": labels,
                "missing": meta.missing_ranges,
            }
        text = json.dumps(told, default=_dated)
    except Exception as error:  # noqa: BLE001 - a damaged file fails in the C library in any of a dozen ways
        text = json.dumps({"reason": str(error)})
    sys.stdout.write(text)


def _dated(value: dt.date | dt.time) -> dict[str, str]:
    return {type(value).__name__: value.isoformat()}


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
