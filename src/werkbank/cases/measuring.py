"""Series -> what is known of each case and of all together: overlap, level, models over cases, what was drawn."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from werkbank.cases import designs
from werkbank.cases.claiming import claims
from werkbank.cases.drawing import drawn
from werkbank.results import Claim, Estimate, Fact
from werkbank.statistics.single_case import magnitude, overlap
from werkbank.statistics.single_case.cautions import cautions
from werkbank.statistics.single_case.comparable import FEWEST_CASES, reml_g
from werkbank.statistics.single_case.inference import test as tested
from werkbank.statistics.single_case.panel import panel
from werkbank.statistics.single_case.phase_model import phase_model
from werkbank.statistics.single_case.piecewise import piecewise
from werkbank.statistics.single_case.series import Comparison, comparisons

if TYPE_CHECKING:
    from werkbank.cases.reading import CaseSeries
    from werkbank.statistics.quantity import Quantity
    from werkbank.study.model import Study
    from werkbank.study.single_case import CaseOutcome

KIND = "single_case"
OF_A_CASE = ("nap", "case_tau", "baseline_corrected_tau", "level_change", "log_response_ratio")
TREND_P = 0.10  # of a baseline that improves by itself


def measured(study: Study, series: CaseSeries) -> tuple[list[Estimate], list[Fact], list[Claim]]:
    """Return everything that is computed of a single-case study, each outcome by itself."""
    estimates: list[Estimate] = []
    facts: list[Fact] = _design(series)
    for outcome in series.block.outcomes:
        compared = {
            case: comparisons(list(days["phase"]), days["value"], better=outcome.better, times=days["session"])
            for case, days in series.of(outcome.column).items()
        }
        for case, pairs in compared.items():
            estimates += _of_case(study, outcome, case, pairs)
            facts += _phases(outcome, case, pairs)
        estimates += _together(study, series, outcome, estimates)
        estimates += drawn(study, series, outcome)
        facts += _standards(series, outcome)
    return estimates, facts, claims(study, series, estimates, facts)


def estimate(study: Study, outcome: CaseOutcome, method: str, found: Quantity, **more: Any) -> Estimate:  # noqa: ANN401
    """Return a quantity of one outcome as a result."""

    def plain(value: float | None) -> float | None:
        return None if value is None or not math.isfinite(value) else float(value)

    at = [more.get("group", ""), more.get("level", "")]
    key = "/".join(["cases", outcome.column, *filter(None, at), method])
    return Estimate(
        key, outcome.column, method, plain(found.value), se=plain(found.se), df=plain(found.df),
        statistic=plain(found.statistic), p=plain(found.p), ci_low=plain(found.ci_low), ci_high=plain(found.ci_high),
        ci_level=study.ci_level, standardiser=found.standardiser, note=f"cases.{found.note}" if found.note else "",
        role="confirmatory" if outcome.role == "primary" and "group" not in more else "exploratory", **more,
    )  # fmt: skip


def _of_case(study: Study, outcome: CaseOutcome, case: str, pairs: tuple[Comparison, ...]) -> list[Estimate]:
    out = []
    for number, pair in enumerate(pairs, 1):
        at = {"group": case, "grouped_by": "case", "kind": "case", "level": str(number) if len(pairs) > 1 else "",
              "n": pair.m + pair.n}  # fmt: skip
        made: dict[str, Quantity] = {
            "nap": overlap.nap(pair, level=study.ci_level),
            "case_tau": overlap.tau(pair, level=study.ci_level),
        }
        if (corrected := _corrected(outcome, pair)) is not None:
            made["baseline_corrected_tau"] = corrected
        made["level_change"] = piecewise(pair, level=study.ci_level).level_change
        if outcome.scale != "rating":
            made["log_response_ratio"] = magnitude.log_response_ratio(pair, outcome.scale)
        out += [estimate(study, outcome, method, found, **at) for method, found in made.items()]
    return out


def _corrected(outcome: CaseOutcome, pair: Comparison) -> overlap.CorrectedTau | None:
    """Return Tau without the trend of A, where A got better by itself; a trend the other way is none to take off."""
    if pair.m < 3:
        return None
    trend, p = overlap.kendall_trend(pair.turned[0])
    scale = outcome.range[0], outcome.range[1]
    return overlap.baseline_corrected_tau(pair, scale=scale) if trend > 0 and p <= TREND_P else None


def _together(study: Study, series: CaseSeries, outcome: CaseOutcome, known: list[Estimate]) -> list[Estimate]:
    days = series.days[["case", "class", "session", "phase", outcome.column]]
    cases = panel(days["case"], days["session"], (days["phase"] == "B").astype(float), days[outcome.column])
    at: dict[str, Any] = {"kind": "cases", "n": len(cases.y), "n_clusters": cases.n_cases}
    naps = [e.estimate for e in known if e.method == "nap" and e.outcome == outcome.column and e.estimate is not None]
    out = [estimate(study, outcome, "nap_mean", _value(float(np.mean(naps))), **at)] if naps else []
    if cases.n_cases < 2:
        return out
    by_class = series.block.given_to == "class" and len(set(days["class"])) > 1
    classes = days.groupby("case")["class"].first().astype(str).to_dict() if by_class else None
    fit = phase_model(cases, classes=classes)
    found = tested(fit, "phase", level=study.ci_level)
    out.append(estimate(study, outcome, "phase_effect", found, **at))
    if classes:  # beside it, what is found when each pupil counts as a replication: too sure
        alone = tested(phase_model(cases), "phase", level=study.ci_level)
        out.append(estimate(study, outcome, "phase_effect", alone, level="without_classes", **at))
    if cases.n_cases >= FEWEST_CASES:
        out.append(estimate(study, outcome, "comparable_g", reml_g(cases, level=study.ci_level), metric="sd", **at))
    return out


def _value(value: float) -> Quantity:
    from werkbank.statistics.quantity import Quantity

    return Quantity(value)


def fact(what: str, value: float | str | None, outcome: str = "", **more: Any) -> Fact:  # noqa: ANN401 - a fact's
    """Return something counted or described of a single-case study."""
    at = [more.get("arm", ""), more.get("wave", ""), more.get("category", "")]
    return Fact(
        "/".join(["cases", *filter(None, [outcome, *at]), what]), what, value, outcome=outcome, kind=KIND, **more
    )


def _design(series: CaseSeries) -> list[Fact]:
    begun = designs.starts(series)
    found = [
        fact("case_design", designs.kind(series)),
        fact("cases_count", int(series.days["case"].nunique())),
        fact("case_days", int(series.days["session"].nunique())),
    ]
    if series.block.given_to == "class":
        found.append(fact("case_classes", len(begun)))
    return found + [fact("case_start", value, arm=who) for who, value in begun.items()]


def _phases(outcome: CaseOutcome, case: str, pairs: tuple[Comparison, ...]) -> list[Fact]:
    out = []
    for number, pair in enumerate(pairs, 1):
        for phase, values, missing in (("A", pair.a, pair.missing[0]), ("B", pair.b, pair.missing[1])):
            at = {"arm": case, "wave": f"{phase}{number}", "n": len(values)}
            middle = float(np.median(values)) if len(values) else None
            out += [
                fact("case_median", middle, outcome.column, **at),
                fact("case_missing", int(missing), outcome.column, **at),
            ]
        best = outcome.range[1] if outcome.better == "higher" else outcome.range[0]
        out += [
            fact("case_caution", told.figure, outcome.column, arm=case, wave=str(number), category=told.key)
            for told in cautions(pair, best)
        ]
        corrected = _corrected(outcome, pair)
        if corrected is not None and corrected.leaves:  # days of B at which A's line is beyond what can be scored
            at = {"arm": case, "wave": str(number), "category": "trend_leaves_scale"}
            out.append(fact("case_caution", len(corrected.leaves), outcome.column, n=pair.n, **at))
    return out


def _standards(series: CaseSeries, outcome: CaseOutcome) -> list[Fact]:
    found = designs.checked(series, outcome.column)
    made = [fact("case_standard", found.verdict, outcome.column, category="all", item=found.version)]
    return made + [
        fact("case_standard", c.verdict, outcome.column, category=c.name, arm=c.case, item=_against(c.found, c.asked))
        for c in found.criteria
    ]


def _against(found: float, asked: float) -> str:
    return f"{found:g} / {asked:g}" if math.isfinite(found) else ""
