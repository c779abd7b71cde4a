"""Informants who do not see the same: some see a difference where others show none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from werkbank.reporting.report import Report
    from werkbank.results import Claim

PEOPLE = frozenset({"teacher", "pupil", "parent", "observer"})  # a test sees nothing
UNSEEN = frozenset({"unclear", "equivalent"})


@dataclass(frozen=True)
class Apart:
    """Who saw a difference at a wave and who did not demonstrably, each with their answers."""

    wave: str
    saw: str
    did_not: str
    answers: Mapping[str, Sequence[Claim]]


def tested(claim: Claim) -> bool:
    """Whether an answer rests on a test and has a size."""
    return claim.grade != "description" and claim.verdict != "untested" and claim.values.get("size") is not None


def apart(report: Report) -> Apart | None:
    """Return which informants disagree at the first measurement that groups are compared at; None where none do."""
    compared = [t for t in report.evidence.tests if t.contrast]
    if not compared:
        return None
    wave = compared[0].wave_to
    by: dict[str, list[Claim]] = {}
    for claim in report.results.claims_where(kind="answer"):
        informant = report.declared(claim.outcome).informant
        if tested(claim) and claim.values["wave"] == wave and informant in PEOPLE:
            by.setdefault(informant, []).append(claim)
    saw = [who for who, own in by.items() if any(c.verdict == "clear" for c in own)]
    did_not = [who for who, own in by.items() if all(c.verdict in UNSEEN for c in own)]
    return Apart(wave, saw[0], did_not[0], by) if saw and did_not else None
