"""Defend your choices: for the student alone, what an examiner will ask of each result, and this study's answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkbank.appraisal.evidence import SIZES, question
from werkbank.appraisal.other_ways import other_ways
from werkbank.effects.questions import equivalence_bound
from werkbank.reporting import numbers
from werkbank.reporting.blocks import Bullets, Heading, Paragraph
from werkbank.reporting.plainly import answered, capital
from werkbank.reporting.thesis import laid_out
from werkbank.reporting.thesis.found import LOW
from werkbank.reporting.thesis.telling import beside, joined, question_of, spoken, student, told, unit_values

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.results import Claim, Estimate

TWO = 2


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
        yield Paragraph(
            told(report, "defence.found", said=spoken(report, test))
            if test.estimate is not None
            else report.words.claim(claim)
        )
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
    """Return what this study answers to one of the questions on the whole; nothing where it does not arise."""
    if report.study.design.kind == "single_group" and name in {"who_drew", "both_arms", "comparable"}:
        return told(report, "defence.a.single") if name == "comparable" else ""
    answers: dict[str, Callable[[Report], str]] = {
        "who_drew": _drawn, "both_arms": _both_arms, "how_many": _how_many, "how_much": _how_much,
        "comparable": _comparable, "missing": _missing, "planned": _planned,
    }  # fmt: skip
    return answers[name](report)


def _drawn(report: Report) -> str:
    return student(report, "lot") or told(report, f"defence.a.drew_{report.study.design.kind}")


def _both_arms(report: Report) -> str:
    e, words, results = report.evidence, report.words, report.results
    schools = {a: results.count(what="units_schools", arm=a) for a in e.arms}
    if e.unit == "school" or None in schools.values() or len(schools) < TWO:
        return ""
    each = [
        told(report, "defence.a.schools", arm=words.arm(a), schools=words.count("school", n or 0))
        for a, n in schools.items()
    ]
    shared = results.count(what="units_schools_shared")
    both = "" if shared is None else told(report, "defence.a.shared", schools=words.count("school", shared))
    where = "within" if report.study.design.blocks else "across"
    said = told(report, "defence.a.both", each=words.listed(each))
    return joined([said, both, told(report, f"defence.a.both_{where}", **unit_values(report))])


def _how_many(report: Report) -> str:
    found = [c for c in report.results.claims_where(kind="quality", topic="detectable") if "mdes" in c.values]
    each = [
        told(
            report,
            "analysis.mdes_one",
            test=question_of(report, *(str(c.values[k]) for k in ("outcome", "wave", "contrast"))),
            mdes=report.words.decimal(c.values["mdes"]),
        )
        for c in found
    ]
    seen = told(report, "defence.a.detectable", each=report.words.listed(each), **unit_values(report)) if each else ""
    return joined([student(report, "sample_size"), seen])


def _how_much(report: Report) -> str:
    return student(report, "dose") or told(report, "defence.a.no_dose")


def _comparable(report: Report) -> str:
    words = report.words
    found = {}
    for t in report.evidence.primary:
        f = next(iter(report.results.facts_where(what="baseline_difference", outcome=t.outcome, wave=t.wave_to)), None)
        if t.outcome not in found and f is not None and isinstance(f.value, float):
            found[t.outcome] = f.value
    each = [told(report, "participants.apart", outcome=words.outcome(k), g=words.decimal(g)) for k, g in found.items()]
    return told(report, "defence.a.comparable", each=words.listed(each)) if each else ""


def _missing(report: Report) -> str:
    said = [report.words.claim(c) for c in report.results.claims_where(kind="quality", topic="attrition")]
    return " ".join(dict.fromkeys(capital(s) for s in said))


def _planned(report: Report) -> str:
    return told(report, "defence.a.planned" if report.study.design.preregistration else "defence.a.unplanned")


def _rater(report: Report, claim: Claim) -> str:
    key = claim.outcome
    if not report.evidence.rated_by_implementers(key):
        return told(report, f"defence.a.rater_{report.declared(key).informant}")
    others = []
    for t in report.evidence.tests:
        if (
            t.wave_to == claim.wave_to
            and t.estimate is not None
            and not report.evidence.rated_by_implementers(t.outcome)
        ):
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
    ways = other_ways(report.evidence, test)  # those that the chapter tells of, and the evaluation
    if not ways.others or test.p is None:
        return ""
    return told(report, "defence.a.holds", same=len(ways.others) - len(ways.apart), n=len(ways.others))


def _moves(report: Report, test: Estimate) -> str:
    """Name the one choice with which the verdict would be another; or say that none does, and what is nearest."""
    if test.p is None:
        return ""
    ways = other_ways(report.evidence, test)
    others = [e for e in ways.others if e.p is not None]
    if ways.apart:
        nearest = min(ways.apart, key=lambda e: 1.0 if e.p is None else abs(e.p - LOW))
        symbol = "b" if nearest.metric == "points" else "g" if nearest.metric == "sd" else ""
        said = spoken(report, nearest, symbol=symbol) if symbol else numbers.p_phrase(nearest.p, report.language)
        return told(report, "defence.a.moves", name=laid_out.told_method(report, nearest.method), said=said)
    tip = next(iter(report.results.where(method="delta_tipping_point", **question(test))), None)
    if tip is not None and tip.estimate is not None:
        return told(report, "defence.a.tips", sds=report.words.decimal(tip.estimate))
    alone = [
        e
        for e in report.results.where(kind="check", **question(test))
        if e.method.startswith("one_left_out") and e.p is not None
    ]
    crossed = [e for e in alone if ((e.p or 0) < LOW) != (test.p < LOW)]
    if crossed:
        return told(report, "defence.a.one_unit", said=spoken(report, crossed[0]), **unit_values(report))
    if not others:
        return told(report, "defence.a.no_others")
    nearest = max(others, key=lambda e: e.p or 0) if test.p < LOW else min(others, key=lambda e: e.p or 0)
    p = numbers.p_phrase(nearest.p, report.language)
    return told(report, "defence.a.stays", n=len(ways.others), name=laid_out.told_method(report, nearest.method), p=p)
