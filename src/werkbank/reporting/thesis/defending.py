"""Defend your choices: for the student alone, what an examiner will ask of each result, and this study's answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkbank.appraisal.evidence import SIZES, question
from werkbank.effects.questions import equivalence_bound
from werkbank.reporting import numbers
from werkbank.reporting.blocks import Bullets, Heading, Paragraph
from werkbank.reporting.plainly import answered, capital
from werkbank.reporting.thesis import laid_out
from werkbank.reporting.thesis.found import LOW
from werkbank.reporting.thesis.telling import beside, joined, spoken, student, told, unit_values

if TYPE_CHECKING:
    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.results import Claim, Estimate


@beside()
def defence(report: Report) -> Blocks:
    """Questions on the whole study; then by primary result: does it hold, and which one choice moves it."""
    yield Paragraph(told(report, "defence.lead"))
    yield Heading(told(report, "defence.study"), 3)
    for name in ("who_drew", "both_arms", "how_many", "how_much", "comparable", "missing", "planned"):
        yield from _asked(report, f"q.{name}", _of_study(report, name))
    claims = report.results.claims_where(kind="answer")
    for claim in [c for c in claims if c.role == "primary"] or claims:
        test = answered(report, claim)
        yield Heading(capital(report.words.test(test.outcome, test.wave_to, test.contrast)), 3)
        yield Paragraph(told(report, "defence.found", said=spoken(report, test)) if test.estimate is not None else report.words.claim(claim))
        if test.estimate is None:
            continue
        yield from _asked(report, "q.rater", _rater(report, claim))
        yield from _asked(report, "q.large", _large(report, test))
        yield from _asked(report, "q.holds", _holds(report, test))
        yield from _asked(report, "q.moves", _moves(report, test))


def _asked(report: Report, key: str, answer: str) -> Blocks:
    if answer:
        yield Bullets((f"**{told(report, f'defence.{key}', **unit_values(report))}** {answer}",))


def _of_study(report: Report, name: str) -> str:
    e, words, results, values = report.evidence, report.words, report.results, unit_values(report)
    design = report.study.design
    if design.kind == "single_group" and name in {"who_drew", "both_arms", "comparable"}:
        return told(report, "defence.a.single") if name == "comparable" else ""
    if name == "who_drew":
        said = student(report, "lot")
        return said or told(report, f"defence.a.drew_{design.kind}")
    if name == "both_arms":
        schools = [results.count(what="units_schools", arm=a) for a in e.arms]
        if e.unit == "school" or None in schools or len(schools) < 2:  # noqa: PLR2004
            return ""
        each = [told(report, "defence.a.schools", arm=words.arm(a), n=n, schools=words.count("school", n or 0)) for a, n in zip(e.arms, schools, strict=True)]
        blocks = "within" if design.blocks else "across"
        return joined([told(report, "defence.a.both", each=words.listed(each)), told(report, f"defence.a.both_{blocks}", **values)])
    if name == "how_many":
        found = [c for c in results.claims_where(kind="quality", topic="detectable") if "mdes" in c.values]
        each = [told(report, "analysis.mdes_one", test=words.written(c)["test"], mdes=words.decimal(c.values["mdes"])) for c in found]
        own = student(report, "sample_size")
        return joined([own, told(report, "defence.a.detectable", each=words.listed(each), **values) if each else ""])
    if name == "how_much":
        return student(report, "dose") or told(report, "defence.a.no_dose")
    if name == "comparable":
        found_g = {t.outcome: f.value for t in e.primary if (f := laid_out.fact_of(report, t, "baseline_difference")) and isinstance(f.value, float)}
        each = [told(report, "participants.apart", outcome=words.outcome(k), g=words.decimal(g)) for k, g in found_g.items()]
        return told(report, "defence.a.comparable", each=words.listed(each)) if each else ""
    if name == "missing":
        said_lost = [words.claim(c) for c in results.claims_where(kind="quality", topic="attrition")]
        return " ".join(dict.fromkeys(capital(s) for s in said_lost))
    return told(report, "defence.a.planned" if design.preregistration else "defence.a.unplanned")


def _rater(report: Report, claim: Claim) -> str:
    key = claim.outcome
    if not report.evidence.rated_by_implementers(key):
        return told(report, f"defence.a.rater_{report.declared(key).informant}")
    others = []
    for t in report.evidence.tests:
        if t.wave_to == claim.wave_to and t.estimate is not None and not report.evidence.rated_by_implementers(t.outcome):
            size = report.evidence.beside(t, *SIZES)
            if size is not None and size.estimate is not None:
                others.append(f"{report.words.outcome(t.outcome)}, {spoken(report, size, symbol='g', t=False)}")
    said = told(report, "defence.a.rater_hopes")
    return joined([said, told(report, "defence.a.rater_others", others=report.words.listed(others)) if others else ""])


def _large(report: Report, test: Estimate) -> str:
    size = report.evidence.beside(test, *SIZES)
    if size is None or size.estimate is None:
        return ""
    low, high = report.score_range(test.outcome)
    bounded = abs(low) != float("inf") and abs(high) != float("inf")
    values = {"g": spoken(report, size, symbol="g", t=False), "b": report.words.decimal(test.estimate)}
    values |= {"low": f"{low:g}", "high": f"{high:g}", "bound": report.words.decimal(equivalence_bound(report.study))}
    return told(report, f"defence.a.large{'' if bounded else '_unbounded'}", **values)


def _holds(report: Report, test: Estimate) -> str:
    others = laid_out.alternatives(report, test)
    if not others or test.p is None:
        return ""
    same = [e for e in others if (e.p is not None and e.p < LOW) == (test.p < LOW)]
    return told(report, "defence.a.holds", same=len(same), n=len(others))


def _moves(report: Report, test: Estimate) -> str:
    """Name the one choice with which the verdict would be another; or say that none of them does, and what is nearest."""
    if test.p is None:
        return ""
    others = laid_out.alternatives(report, test)
    differ = [e for e in others if e.p is not None and (e.p < LOW) != (test.p < LOW)]
    if differ:
        nearest = min(differ, key=lambda e: abs((e.p or 0) - LOW))
        return told(report, "defence.a.moves", name=laid_out.told_method(report, nearest.method), said=spoken(report, nearest))
    tip = next(iter(report.results.where(method="delta_tipping_point", **question(test))), None)
    if tip is not None and tip.estimate is not None:
        return told(report, "defence.a.tips", sds=report.words.decimal(tip.estimate))
    alone = [e for e in report.results.where(kind="check", **question(test)) if e.method.startswith("one_left_out") and e.p is not None]
    crossed = [e for e in alone if ((e.p or 0) < LOW) != (test.p < LOW)]
    if crossed:
        return told(report, "defence.a.one_unit", said=spoken(report, crossed[0]), **unit_values(report))
    if not others:
        return told(report, "defence.a.no_others")
    nearest = max(others, key=lambda e: e.p or 0) if test.p < LOW else min(others, key=lambda e: e.p or 0)
    p = numbers.p_phrase(nearest.p, report.language)
    return told(report, "defence.a.stays", n=len(others), name=laid_out.told_method(report, nearest.method), p=p)
