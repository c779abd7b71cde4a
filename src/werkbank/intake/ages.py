"""Birth dates -> ages: a date tells who someone is, an age in months on one day hardly does."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np

from werkbank.intake.layout import report_columns
from werkbank.intake.ledger import shown
from werkbank.study.parts import Rule

if TYPE_CHECKING:
    import pandas as pd

    from werkbank.intake.ledger import Ledger
    from werkbank.intake.model import Table
    from werkbank.study.model import Study

AGE = "age"
WRITTEN = ("%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y", "%Y-%m-%d %H:%M:%S")  # never the American order
OLDEST = 100  # years
PUPILS = (3, 25)  # years: outside these a year of birth is more often a slip than a pupil's


def add_age(
    study: Study, tables: list[Table], frames: dict[str, pd.DataFrame | None], pupils: pd.DataFrame, ledger: Ledger
) -> pd.DataFrame:
    """Return `pupils` with a column ``age``: years on the declared day, in whole months; the date goes no further.

    A cell that is no date, or lies outside 0 to 100 years before that day, is a problem; an empty one is NaN, counted.
    """
    if study.birth_date is None:
        return pupils
    found: dict[str, float] = {}
    for table in tables:
        frame, column = frames[table.path], study.birth_date.column
        if column not in table.names or frame is None or not report_columns([column], table, ledger):
            continue
        born = table.column(column)
        ages = np.array([*(_age(cell, study.birth_date.on) for cell in born.different), np.nan])[born.codes]
        ledger.cells("birth_date", table, column, np.isinf(ages), day=study.birth_date.on.isoformat())
        low, high = (study.rules.get(column) or Rule()).range or (PUPILS if study.unit == "pupil" else (0, OLDEST))
        odd = np.isfinite(ages) & ((ages < low) | (ages > high))
        ledger.cells(
            "birth_date_odd", table, column, odd, low=f"{low:g}", high=f"{high:g}", day=study.birth_date.on.isoformat()
        )
        found |= {who: age for who, age in zip(frame["pupil"], ages, strict=True) if np.isfinite(age)}
    added = pupils.assign(**{AGE: pupils.index.map(found).to_numpy(dtype=float)})
    ledger.note("ages", n=len(found), n_missing=int(added[AGE].isna().sum()), day=study.birth_date.on.isoformat())
    return added


def _age(cell: Any, day: dt.date) -> float:  # noqa: ANN401 - whatever a file may hold
    """Return completed months / 12; NaN for an empty cell, infinite for what is no birth date."""
    if not shown(cell):
        return np.nan
    born = cell.date() if isinstance(cell, dt.datetime) else cell if isinstance(cell, dt.date) else _read(shown(cell))
    if born is None:
        return np.inf
    months = 12 * (day.year - born.year) + day.month - born.month - (day.day < born.day)
    return months / 12 if 0 <= months < 12 * OLDEST else np.inf


def _read(text: str) -> dt.date | None:
    for form in WRITTEN:
        try:
            return dt.datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no time zone
        except ValueError:
            continue
    return None
