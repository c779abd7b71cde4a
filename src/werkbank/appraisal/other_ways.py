"""Whether other ways to compute the answer to a question lead to the same verdict as its main analysis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkbank.appraisal.evidence import question
from werkbank.appraisal.quality import ALPHA, FOR_THE_MISSING

if TYPE_CHECKING:
    from werkbank.appraisal.evidence import Evidence
    from werkbank.results import Estimate

RATIO = "ratio"  # whose middle is 1, not 0


@dataclass(frozen=True)
class OtherWays:
    """The main analysis of a question beside the others that give it an answer; `apart` are those that disagree."""

    lead: Estimate
    others: tuple[Estimate, ...]
    apart: tuple[Estimate, ...]

    @property
    def ends(self) -> tuple[float, float] | None:
        """The lowest and the highest of all estimates in the units of the scale."""
        found = [e.estimate for e in (self.lead, *self.others) if e.metric == "points" and e.estimate is not None]
        return (min(found), max(found)) if found else None


def other_ways(evidence: Evidence, lead: Estimate) -> OtherWays:
    """Return what else was estimated of a question, and which of it leads to another verdict.

    Another way counts when it tests or bounds the same difference: not a size that only rescales the main analysis, nor
    an equivalence test, a Bayes factor or a tipping point, which ask something else. It agrees when its p is on the
    same side of .05 as that of the main analysis (where it has no p: when its interval does or does not hold zero
    alike) and, where both are below .05, its sign is the same.
    """
    beside = evidence.results.where(**question(lead))
    others = tuple(e for e in beside if _answers(e) and e.id != lead.id)
    apart = tuple(e for e in others if not _agree(lead, e))
    return OtherWays(lead, others, apart)


def _answers(e: Estimate) -> bool:
    if e.estimate is None or e.metric in {"p", "kept"}:
        return False
    return (e.kind == "check" or e.method in FOR_THE_MISSING) and _clear(e) is not None


def _clear(e: Estimate) -> bool | None:
    """Whether an estimate differs from no difference; None where it has neither p nor interval."""
    if e.p is not None:
        return e.p < ALPHA
    if e.ci_low is None or e.ci_high is None:
        return None
    return not e.ci_low <= _middle(e) <= e.ci_high


def _middle(e: Estimate) -> float:
    return 1.0 if e.metric == RATIO else 0.0


def _agree(lead: Estimate, other: Estimate) -> bool:
    if _clear(lead) is not _clear(other):
        return False
    above = [(e.estimate or 0.0) > _middle(e) for e in (lead, other)]
    return not _clear(lead) or above[0] is above[1]
