"""What review standards ask beside an effect: equal beginnings, few lost, and an effect in words of percentiles."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from scipy import special

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkbank.statistics.quantity import Quantity

SOURCE = "What Works Clearinghouse, Standards Handbook 4.1, Table II.1"
Equivalence = Literal["satisfied", "with_adjustment", "not_satisfied", "unknown"]
Risk = Literal["low", "high"]

# largest differential attrition (percentage points) at 0, 1, 2, … % overall attrition; beyond the table it is high
_CAUTIOUS = (
    *(5.7, 5.8, 5.9, 5.9, 6.0, 6.1, 6.2, 6.3, 6.3, 6.3, 6.3, 6.2, 6.2, 6.1, 6.0, 5.9, 5.9, 5.8, 5.7, 5.5),
    *(5.4, 5.3, 5.2, 5.1, 4.9, 4.8, 4.7, 4.5, 4.4, 4.3, 4.1, 4.0, 3.8, 3.6, 3.5, 3.3, 3.2, 3.1, 2.9, 2.8),
    *(2.6, 2.5, 2.3, 2.1, 2.0, 1.8, 1.6, 1.5, 1.3, 1.2, 1.0, 0.9, 0.7, 0.6, 0.4, 0.3, 0.2, 0.0),
)
_OPTIMISTIC = (
    *(10.0, 10.1, 10.2, 10.3, 10.4, 10.5, 10.7, 10.8, 10.9, 10.9, 10.9, 10.9, 10.9, 10.8, 10.8, 10.7, 10.6, 10.5),
    *(10.3, 10.2, 10.0, 9.9, 9.7, 9.5, 9.4, 9.2, 9.0, 8.8, 8.6, 8.4, 8.2, 8.0, 7.8, 7.6, 7.4, 7.2, 7.0, 6.7, 6.5),
    *(6.3, 6.0, 5.8, 5.6, 5.3, 5.1, 4.9, 4.6, 4.4, 4.2, 3.9, 3.7, 3.5, 3.2, 3.0, 2.8, 2.6, 2.3, 2.1, 1.9, 1.6),
    *(1.4, 1.1, 0.9, 0.7, 0.5, 0.3),
)
BOUNDARIES = {"cautious": _CAUTIOUS, "optimistic": _OPTIMISTIC}


def baseline_equivalence(g: float) -> Equivalence:
    """Judge the difference before the programme in SDs: |g| ≤ .05 satisfied, ≤ .25 only with adjustment, else not.

    To be computed on the pupils that were analysed, per outcome. NaN gives unknown. WWC Standards Handbook 4.1.
    """
    if math.isnan(g):
        return "unknown"
    return "satisfied" if abs(g) <= 0.05 else "with_adjustment" if abs(g) <= 0.25 else "not_satisfied"


@dataclass(frozen=True)
class Attrition:
    """Shares lost (0-1): overall, and the absolute difference between the arms; the risk against both boundaries."""

    overall: float
    differential: float
    cautious: Risk
    optimistic: Risk


def attrition(assigned: Sequence[int], analysed: Sequence[int]) -> Attrition:
    """Judge how many of the assigned were lost, in all and in one arm more than in another.

    Between whole percents the table gives no value: the stricter neighbour is taken. For randomised designs only.
    Source: `SOURCE`, as coded in the R package baselinr. Checked against its tests (8 %/3 pp low, 30 %/6 pp high).

    Parameters
    ----------
    assigned, analysed : sequence of int
        Counts per arm, of pupils or of the units that were assigned; none of the first is 0. With more than two arms
        the difference is that between the highest and the lowest share lost.
    """
    overall = 1 - sum(analysed) / sum(assigned)
    rates = [1 - after / before for before, after in zip(assigned, analysed, strict=True)]
    differential = max(rates) - min(rates)
    risks = {name: attrition_risk(overall, differential, name) for name in BOUNDARIES}
    return Attrition(overall, differential, risks["cautious"], risks["optimistic"])


def attrition_risk(overall: float, differential: float, boundary: str) -> Risk:
    """Compare shares lost (0-1) with one boundary, cautious or optimistic."""
    table = BOUNDARIES[boundary]
    percent = round(100 * overall, 9)  # 0.08 * 100 is not 8 in binary
    if math.ceil(percent) >= len(table):
        return "high"
    allowed = min(table[math.floor(percent)], table[math.ceil(percent)])
    return "low" if round(100 * differential, 9) <= allowed else "high"


def improvement_index(g: Quantity) -> Quantity:
    """Expected gain in percentile rank of an average control pupil: 100·(Φ(g) - .5), limits likewise.

    From any standardised difference with its interval, whose standardiser it keeps; assumes normal scores. WWC
    Procedures Handbook 5.0; g = .30 gives 11.8.
    """

    def points(x: float | None) -> float | None:
        return None if x is None else 100 * (float(special.ndtr(x)) - 0.5)

    return replace(g, value=points(g.value) or 0.0, se=None, ci_low=points(g.ci_low), ci_high=points(g.ci_high))


def odds_ratio_to_d(odds_ratio: float) -> float:
    """Turn an odds ratio into a standardised difference: ln(OR)/1.65 (Cox 1970; WWC Procedures Handbook 5.0).

    Raises
    ------
    ValueError
        For an odds ratio that is not positive.
    """
    return math.log(odds_ratio) / 1.65
