"""Times in files: when a form was sent in, and which wave that is where waves are said as windows of days.

A window is a code of `waves` with two days: ``2026-09-01 .. 2026-10-15``. It holds from the first moment of its
first day to the last of its last.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import pandas as pd

from werkbank.intake.ledger import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

WINDOW = re.compile(r"\s*(\S+)\s*(?:\.\.+|…)\s*(\S+)\s*")
DAYS = ("%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y")


@dataclass(frozen=True)
class Window:
    """The days of one wave, both ends included."""

    code: str
    first: dt.date
    last: dt.date

    def holds(self, moment: pd.Timestamp) -> bool:
        """Whether a moment lies in this window."""
        return not pd.isna(moment) and self.first <= moment.date() <= self.last


def middles(codes: Iterable[str]) -> dict[str, dt.date]:
    """Return for each code that is a window of days the day in its middle."""
    return {window.code: window.first + (window.last - window.first) / 2 for window in windows(codes)}


def windows(codes: Iterable[str]) -> list[Window]:
    """Return the codes that are windows of days; the others are codes that stand in a file."""
    made = []
    for code in codes:
        found = WINDOW.fullmatch(code)
        days = [day for text in (found.groups() if found else ()) if (day := _day(text)) is not None]
        if len(days) == 2:
            made.append(Window(code, min(days), max(days)))
    return made


def overlapping(found: Iterable[Window]) -> tuple[Window, Window] | None:
    """Return the first two windows that share a day."""
    return next(((a, b) for a, b in combinations(found, 2) if a.first <= b.last and b.first <= a.last), None)


def window_of(cell: object, known: Iterable[Window]) -> str | None:
    """Return the code of the window in which a cell's moment lies."""
    moment = time_of(cell)
    return next((window.code for window in known if window.holds(moment)), None)


def time_of(cell: object) -> pd.Timestamp:
    """Return a moment; NaT where there is none. Days come before months where slashes or dashes part them."""
    text = re.sub(r"\s+[A-Z]{2,5}$", "", shown(cell)) if shown(cell)[-2:] not in {"AM", "PM"} else shown(cell)
    text = re.sub(r"\b([ap])\.?m\.?", r"\1m", text, flags=re.IGNORECASE)  # Google Forms: 10:20:30 a.m. CEST
    if not text:
        return pd.NaT
    stored = not isinstance(cell, str)
    iso = stored or re.match(r"\d{4}[-/]", text) is not None
    return pd.to_datetime(text.replace("/", "-") if iso else text, dayfirst=not iso, errors="coerce", format="mixed")


def _day(text: str) -> dt.date | None:
    for form in DAYS:
        try:
            return dt.datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no time zone
        except ValueError:
            continue
    return None
