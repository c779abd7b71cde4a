"""Which single-case design the phases make, and what the field's standards ask of it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from werkbank.statistics.single_case.design_standards import CaseDesign, Kind, SelfCheck, self_check

if TYPE_CHECKING:
    import pandas as pd

    from werkbank.cases.reading import CaseSeries

STAGGERED = 2  # different starts that make phases staggered


def runs(days: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Return the phases of one case in order of time: its condition and its days."""
    codes = [phase for phase, run in groupby(days["phase"]) for _ in run]
    number = [i for i, (_, run) in enumerate(groupby(codes)) for _ in run]
    return [(str(part["phase"].iloc[0]), part) for _, part in days.groupby(number)]


def starts(series: CaseSeries) -> dict[str, float]:
    """Return of each case (or class, where it was given to classes) the session at which the programme began."""
    by = "class" if series.block.given_to == "class" and (series.days["class"] != "").all() else "case"
    treated = series.days[series.days["phase"] == "B"]
    return {str(who): float(days["session"].min()) for who, days in treated.groupby(by, sort=False)}


def kind(series: CaseSeries) -> Kind:
    """Return the design: reversal where a case goes back to its baseline, multiple baseline where starts differ."""
    back = any(len(runs(days)) > len("AB") for _, days in series.days.groupby("case", sort=False))
    if back:
        return "reversal"
    return "multiple_baseline" if len(set(starts(series).values())) >= STAGGERED else "ab"


def checked(series: CaseSeries, outcome: str) -> SelfCheck:
    """Hold the design against the What Works Clearinghouse's single-case standards: a self-check, not a review."""
    cases = []
    for case, days in series.days.groupby("case", sort=False):
        parts = runs(days)
        points = tuple(int(part[outcome].notna().sum()) for _, part in parts)
        begun = next((float(part["session"].min()) for phase, part in parts if phase == "B"), 1.0)
        last = float(parts[0][1]["session"].max())
        cases.append(CaseDesign(str(case), points, begun, last))
    return self_check(kind(series), cases, manipulated=series.block.drawn is not None or None)
