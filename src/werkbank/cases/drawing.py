"""The randomisation test of what was drawn: none where phases were chosen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from werkbank.cases import designs
from werkbank.results import Estimate, Role
from werkbank.statistics.single_case.randomisation import DrawTest, multiple_baseline_test, phase_start_test

if TYPE_CHECKING:
    from werkbank.cases.reading import CaseSeries
    from werkbank.study.model import Study
    from werkbank.study.single_case import CaseOutcome


def drawn(study: Study, series: CaseSeries, outcome: CaseOutcome) -> list[Estimate]:
    """Return the test of one outcome, among all starts that could have been drawn; why not, where there is none."""
    block = series.block
    if block.drawn is None:
        return [_told(study, outcome, None, "not_drawn")]
    made, note = _test(series, outcome)
    return [_told(study, outcome, made, note)]


def _test(series: CaseSeries, outcome: CaseOutcome) -> tuple[DrawTest | None, str]:
    lot = series.block.drawn
    assert lot is not None  # noqa: S101 - told apart by the caller
    if designs.kind(series) == "reversal":
        return None, "draw_of_reversal"
    lines = {case: days.set_index("session")["value"] for case, days in series.of(outcome.column).items()}
    last = int(max(line.index.max() for line in lines.values()))
    every = np.arange(1, last + 1)
    values = [line.reindex(every).to_numpy(dtype=float) for line in lines.values()]
    begun = {
        case: int(days.loc[days["phase"] == "B", "session"].min())
        for case, days in series.days.groupby("case", sort=False)
    }
    first = [begun[case] for case in lines]
    if lot.scheme == "start":
        if len(values) != 1 or len(lot.starts) != 1:
            return None, "draw_of_one_case"
        return phase_start_test(values[0], first[0], lot.starts[0], better=outcome.better), ""
    possible = (
        None
        if lot.scheme == "order"
        else lot.starts * (len(values) if len(lot.starts) == 1 and lot.scheme == "independent" else 1)
    )
    return multiple_baseline_test(values, first, lot.scheme, possible, better=outcome.better), ""


def _told(study: Study, outcome: CaseOutcome, found: DrawTest | None, note: str) -> Estimate:
    why = note or (found.note if found else "")
    bare = Estimate(
        f"cases/{outcome.column}/randomisation", outcome.column, "multiple_baseline_test", None, kind="draw",
        ci_level=study.ci_level, note=f"cases.{why}" if why else "", role="exploratory",
    )  # fmt: skip
    if found is None or found.note:
        return bare
    method = "phase_start_test" if study.single_case and study.single_case.drawn_one else "multiple_baseline_test"
    role: Role = "confirmatory" if outcome.role == "primary" else "exploratory"
    made = {
        "note": "cases.from_lot" if study.lot is not None and not study.design.lot_deviations else "",
        "estimate": found.statistic,
        "p": found.p,
        "n": found.count,
        "metric": "points",
    }
    return replace(bare, method=method, role=role, **made)  # type: ignore[arg-type]
