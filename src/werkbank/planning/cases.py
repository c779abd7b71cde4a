"""Cases that will be followed day by day: how small p can get, and how often the draw will show the programme."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from werkbank.statistics.lots import draw_starts
from werkbank.statistics.single_case.randomisation import DrawTest, multiple_baseline_test, phase_start_test

if TYPE_CHECKING:
    from werkbank.study.planning import PlannedCases


@dataclass(frozen=True)
class CasePower:
    """`smallest_p` and the number of ways to draw; `power` by `n` simulated studies with its Monte-Carlo error."""

    assignments: int
    smallest_p: float
    power: float
    mcse: float
    n: int


def assignments(plan: PlannedCases) -> int:
    """Return in how many ways the starts could be drawn, all equally likely.

    S days and n cases: S (one case), Sⁿ (independent), S!/(S - n)! (different), n! (order).
    """
    days, n = len(set(plan.starts)), plan.cases
    match plan.scheme:
        case "start":
            return days
        case "independent":
            return int(days**n)
        case "different":
            return math.perm(days, n)
        case _:
            return math.factorial(n)


def case_power(plan: PlannedCases, *, n: int, seed: int, alpha: float = 0.05) -> CasePower:
    """Make studies of cases, draw each one's starts, and test it as a report would.

    Scores are normal with spread 1 among the days of a phase, neighbouring days correlate as planned (first order), and
    the programme raises every day from its first on by `plan.effect`. The test is that of the report, in the favourable
    direction: `phase_start_test` or `multiple_baseline_test`.
    """
    found = np.array([_p(plan, i, seed) for i in range(n)])
    share = float(np.mean(found <= alpha))
    ways = assignments(plan)
    return CasePower(ways, 1 / ways, share, math.sqrt(share * (1 - share) / n), n)


def _p(plan: PlannedCases, i: int, seed: int) -> float:
    rng = np.random.default_rng([seed, i])
    days = sorted(set(plan.starts))
    begun = draw_starts(f"{seed}-{i}", [f"{c:02d}" for c in range(plan.cases)], days, plan.scheme)
    lines = [_series(plan, start, rng) for start in begun]
    found: DrawTest
    if plan.scheme == "start":
        found = phase_start_test(lines[0], begun[0], days, better="higher")
    else:
        possible = {"order": None, "independent": [days] * plan.cases, "different": [days]}[plan.scheme]
        found = multiple_baseline_test(lines, begun, plan.scheme, possible, better="higher")
    return 1.0 if found.p is None or math.isnan(found.p) else float(found.p)


def _series(plan: PlannedCases, start: int, rng: np.random.Generator) -> np.ndarray:
    rho, noise = plan.autocorrelation, rng.normal(size=plan.days)
    line = np.empty(plan.days)
    line[0] = noise[0]
    for day in range(1, plan.days):
        line[day] = rho * line[day - 1] + math.sqrt(1 - rho * rho) * noise[day]
    return line + plan.effect * (np.arange(1, plan.days + 1) >= start)
