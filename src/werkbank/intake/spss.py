"""SPSS files: codes as stored; value labels and user-missing codes beside them, never applied in silence."""

from __future__ import annotations

import datetime as dt
import json
import math
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from werkbank.intake import room
from werkbank.intake.columns import Column, narrow
from werkbank.intake.grid import Grid, RefusedFileError

if TYPE_CHECKING:
    from collections.abc import Iterable

READER = Path(__file__).with_name("savfile.py")
SECONDS = 300  # for one file
DATES: dict[str, Any] = {"datetime": dt.datetime, "date": dt.date, "time": dt.time}


def read_spss(path: Path, declared: Iterable[str] = ()) -> Grid:
    """Read a .sav or .por file as stored codes; rows are numbered as SPSS numbers its cases (the first is 1).

    A .por file holds its names in capitals: they are read as `declared` has them.

    Raises
    ------
    RefusedFileError
        ``file_unreadable`` (also when reading it ended the process that did), ``sheet_too_large``.
    """
    limit = room.most_cells()
    told, codes = _told(path, limit)
    if "reason" in told:
        raise RefusedFileError("file_unreadable", reason=told["reason"])
    if "cells" in told:
        raise RefusedFileError("sheet_too_large", cells=told["cells"], limit=limit)
    how = {
        "encoding": told["encoding"],
        "labels": {name: dict(codes) for name, codes in told["labels"].items()},
        "user_missing": {n: tuple((r["lo"], r["hi"]) for r in ranges) for n, ranges in told["missing"].items()},
    }
    notes = _spelled(told, how, declared) if path.suffix.lower() == ".por" else []
    columns, at = [], 0
    for name, one in told["columns"].items():
        found = np.frombuffer(codes, one["type"], one["n"], at)
        at += found.nbytes
        columns.append(_below(name, found, [_cell(value) for value in one["values"]]))
    n = len(columns[0]) if columns else 0
    return Grid(columns, np.arange(n), np.full(n, len(columns)), how, notes)


def _spelled(told: dict[str, Any], how: dict[str, Any], declared: Iterable[str]) -> list[tuple[str, dict[str, Any]]]:
    """Give columns the names of the study file where these differ in capitals only."""
    ours = {name.upper(): name for name in declared}
    new = {name: ours.get(name, name) for name in told["columns"]}
    for where, key in ((told, "columns"), (how, "labels"), (how, "user_missing")):
        where[key] = {new.get(name, name): value for name, value in where[key].items()}
    n = sum(old != name for old, name in new.items())
    return [("por_names", {"n": n})] if n else []


def _below(name: str, codes: np.ndarray, values: list[Any]) -> Column:
    """Return a column with its name above its cells, as other files have it."""
    made = narrow(np.append(-1, codes.astype(np.int32)) + 1, len(values) + 1)
    made[1:][codes < 0] = -1
    return Column(made, [name, *values])


def _told(path: Path, limit: int) -> tuple[dict[str, Any], bytes | memoryview]:
    command = [sys.executable, "-P", "-X", "utf8", str(READER), str(path), str(limit)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)  # noqa: S603 - our own words
    except subprocess.TimeoutExpired:
        return {"reason": f"> {SECONDS} s"}, b""
    if done.returncode:
        return {"reason": f"exit {done.returncode}"}, b""
    head = done.stdout.index(b"\n")
    found: dict[str, Any] = json.loads(done.stdout[:head])
    return found, memoryview(done.stdout)[head + 1 :]


def _cell(value: Any) -> Any:  # noqa: ANN401 - text, a number or a date
    if isinstance(value, dict):
        ((kind, text),) = value.items()
        return DATES[kind].fromisoformat(text)
    return None if isinstance(value, float) and math.isnan(value) else value
