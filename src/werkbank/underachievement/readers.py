"""Pupil-monitoring exports in their common shapes -> one long table: a row per pupil, subject and test moment.

Columns of the long table: ``pupil``, ``subject``, ``date``; where the export has them ``school``, ``class``, ``test``
(edition), ``level`` (of the test taken), ``ability_scale``, ``raw``, ``max``, ``ability``, ``norm`` and ``band``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from werkbank.errors import Problem, UnfitError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

NUMBERS = ("raw", "max", "ability", "norm")
# worst to best: A-E has the best pupils at A, I-V at I
BANDS = {"A-E": ("E", "D", "C", "B", "A"), "I-V": ("V", "IV", "III", "II", "I")}


def from_long(table: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """Read an export with a row per pupil, subject and moment.

    Parameters
    ----------
    table : DataFrame
        As the file's reader gives it, rows in the file's order (header = row 1).
    columns : mapping
        Our name -> the file's; at least pupil, subject and date.

    Returns
    -------
    DataFrame
        The long table. Empty cells are missing values; rows without any result are kept.

    Raises
    ------
    UnfitError
        All at once: columns missing; dates, numbers and bands that cannot be read.
    """
    problems = [
        Problem("monitoring_column_missing", column=name)
        for name in ("pupil", "subject", "date")
        if name not in columns
    ]
    problems += [Problem("monitoring_column_missing", column=c) for c in columns.values() if c not in table]
    if problems:
        raise UnfitError(problems)
    long = pd.DataFrame({ours: _typed(table, ours, theirs, problems) for ours, theirs in columns.items()})
    if problems:
        raise UnfitError(problems)
    return long


def from_sheets(sheets: Mapping[str, pd.DataFrame], columns: Mapping[str, str]) -> pd.DataFrame:
    """Read an export with one sheet per subject, each of the long shape without a column for the subject.

    Parameters
    ----------
    sheets : mapping of subject to DataFrame
    columns : mapping
        As in `from_long`, the same for all sheets.

    Returns
    -------
    DataFrame
        The long table. Raises as `from_long`, all sheets' problems at once (each names its sheet as the file).
    """
    parts, problems = [], []
    for subject, table in sheets.items():
        try:
            parts.append(from_long(table.assign(subject=subject), {**columns, "subject": "subject"}))
        except UnfitError as unfit:
            problems += [replace(p, file=subject) for p in unfit.problems]
    if problems:
        raise UnfitError(problems)
    return pd.concat(parts, ignore_index=True)


def from_wide(
    table: pd.DataFrame, columns: Mapping[str, str], pattern: str, moments: Mapping[str, date]
) -> pd.DataFrame:
    """Read an export with a row per pupil and a column per result.

    Parameters
    ----------
    table : DataFrame
        As the file's reader gives it.
    columns : mapping
        Our name -> the file's, for what is no result: pupil, and optionally school, class.
    pattern : str
        How result columns are named, with ``{subject}``, ``{test}`` and ``{measure}`` (raw, max, ability, norm or
        band): ``"{subject} {test} {measure}"`` reads ``rekenen M5 ability``.
    moments : mapping
        Each test as in the column names -> its date.

    Returns
    -------
    DataFrame
        The long table; a pupil without any result at a moment has no row there. ``attrs["unread"]`` lists the columns
        that were neither results nor named.

    Raises
    ------
    UnfitError
        All at once: columns missing; no column fits; a moment without a date; values that cannot be read.
    """
    kinds = {
        "subject": "(?P<subject>.+?)",
        "test": "(?P<test>[^ _]+)",
        "measure": f"(?P<measure>{'|'.join(NUMBERS)}|band)",
    }
    expression = re.escape(pattern)
    for name, group in kinds.items():
        expression = expression.replace(re.escape(f"{{{name}}}"), group)
    matches = {column: re.fullmatch(expression, str(column)) for column in table}
    results = {column: match.groupdict() for column, match in matches.items() if match}
    problems = [Problem("monitoring_column_missing", column=c) for c in columns.values() if c not in table]
    problems += [] if results else [Problem("monitoring_no_column_fits", value=pattern)]
    undated = dict.fromkeys(r["test"] for r in results.values() if r["test"] not in moments)
    problems += [Problem("monitoring_moment_without_date", value=test) for test in undated]
    moment: dict[tuple[str, str], dict[str, pd.Series]] = {}
    for column, found in results.items():
        measures = moment.setdefault((found["subject"], found["test"]), {})
        measures[found["measure"]] = _typed(table, found["measure"], column, problems)
    if problems:
        raise UnfitError(problems)
    who = pd.DataFrame({ours: table[theirs] for ours, theirs in columns.items()})
    parts = [
        who.assign(subject=subject, test=test, date=pd.Timestamp(moments[test]), **measures).dropna(
            subset=list(measures), how="all"
        )
        for (subject, test), measures in moment.items()
    ]
    long = pd.concat(parts, ignore_index=True)
    long.attrs["unread"] = [c for c in table if c not in results and c not in columns.values()]
    return long


def bands(values: pd.Series) -> pd.Series:
    """Turn bands A-E or I-V into ordered categories, worst to best: an order, never numbers to average.

    Returns
    -------
    Series
        Ordered categorical; empty is missing.

    Raises
    ------
    UnfitError
        Problem ``monitoring_unknown_band`` for each value that is in neither order, or when both occur.
    """
    text = values.astype("string").str.strip().str.upper().replace("", pd.NA)
    seen = set(text.dropna())
    for order in BANDS.values():
        if seen <= set(order):
            return pd.Series(pd.Categorical(text, order, ordered=True), index=values.index, name=values.name)
    nearest = max(BANDS.values(), key=lambda order: text.isin(order).sum())
    strange = text.notna() & ~text.isin(nearest)
    raise UnfitError(_unreadable("monitoring_unknown_band", text, strange, valid=", ".join(reversed(nearest))))


def _unreadable(code: str, values: pd.Series, bad: pd.Series, **details: str) -> list[Problem]:
    """One problem for each of the `bad` cells of a column, with its row as a spreadsheet numbers it."""
    return [
        Problem(code, column=str(values.name), row=int(i) + 2, value=str(values.iloc[i]), details=details)
        for i in np.flatnonzero(bad)
    ]


def _typed(table: pd.DataFrame, ours: str, theirs: str, problems: list[Problem]) -> pd.Series:
    """One column as its name asks: a date, a number, a band, or as it is; what cannot be read becomes a problem."""
    values = table[theirs]
    if ours == "band":
        try:
            return bands(values)
        except UnfitError as unfit:
            problems += unfit.problems
            return values
    if ours == "date":
        read, code = pd.to_datetime(values, errors="coerce", format="ISO8601"), "monitoring_not_a_date"
        bad = read.isna()  # a result without a date cannot be placed
    elif ours in NUMBERS:
        read, code = pd.to_numeric(values, errors="coerce").astype(float), "monitoring_not_a_number"
        bad = read.isna() & values.notna() & (values.astype(str).str.strip() != "")
    else:
        return values
    problems += _unreadable(code, values.astype(object).where(values.notna(), ""), bad)
    return read
