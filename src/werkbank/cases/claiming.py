"""What a single-case study allows one to say: never that a programme works because one pupil did better."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkbank.results import Claim, Estimate, Fact

if TYPE_CHECKING:
    from werkbank.cases.reading import CaseSeries
    from werkbank.study.model import Study

MOSTLY = 0.75  # of the cases, in one direction
HALF = 0.5
SHOWN = "case_design"


def claims(study: Study, series: CaseSeries, estimates: list[Estimate], facts: list[Fact]) -> list[Claim]:
    """Return a claim for each outcome: what was seen, and whether chance alone was drawn against."""
    design = next(str(f.value) for f in facts if f.what == SHOWN)
    out = []
    for outcome in series.block.outcomes:
        naps = [e for e in estimates if e.method == "nap" and e.outcome == outcome.column and e.estimate is not None]
        test = next(e for e in estimates if e.kind == "draw" and e.outcome == outcome.column)
        if not naps:
            continue
        better = sum(float(e.estimate or 0.0) > HALF for e in naps)
        worse = sum(float(e.estimate or 0.0) < HALF for e in naps)
        side = "better" if better >= MOSTLY * len(naps) else "worse" if worse >= MOSTLY * len(naps) else "mixed"
        sure = test.p is not None and test.p < 1 - study.ci_level
        grade = "effect" if sure and design != "ab" else "change"
        verdict = f"{side}_{'drawn' if sure else 'tested' if test.p is not None else 'seen'}"
        values = {"n": len(naps), "better": better, "worse": worse, "design": design}
        about = (test.id, *(e.id for e in naps))
        key = f"cases/{outcome.column}/claim"
        out.append(Claim(key, about, grade, f"single_case.claim.{verdict}", values, kind="single_case",
                         topic="single_case", verdict=verdict, outcome=outcome.column, role=outcome.role))  # fmt: skip
    return out
