"""What was adjusted for, and how groups stood beforehand: the tables that other sentences point to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkbank.appraisal.evidence import question
from werkbank.reporting.fitted import NOWHERE, UNADJUSTED, UNIT_PRE
from werkbank.reporting.numbers import Column
from werkbank.reporting.table import table
from werkbank.reporting.tables import texts

if TYPE_CHECKING:
    from werkbank.reporting.blocks import Table
    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.results import Estimate, Fact

HERE = "report.covariates"


def adjusted_for(report: Report) -> Table | None:
    """Name every covariate of every question: in which analyses it is, or why not."""
    words = report.words
    asked: dict[tuple[str, str], dict[str, None]] = {}
    for f in report.results.facts_where(what="covariate"):
        if f.value is None:  # in a copy to share
            continue
        asked.setdefault((f.item, str(f.value)), {})[words.test(f.outcome, f.wave_to, f.contrast)] = None
    everything = {q for of in asked.values() for q in of}
    if not report.bench.copy_to_share:  # a copy lacks the facts; nobody may conclude from that that nothing was done
        for name in report.study.covariates:
            if not any(known == name for known, _ in asked):
                asked[name, "one_group" if report.evidence.arms == [""] else "nothing_estimated"] = {}
    rows = [
        {"covariate": words.covariate(name), "status": words.say(f"{HERE}.{status}")}
        | {"questions": words.say(f"{HERE}.all") if set(of) == everything or not of else words.listed(list(of))}
        for (name, status), of in asked.items()
    ]
    made = {e.method for e in report.results.estimates if e.estimate is not None}
    elsewhere = any(status not in ("used", *NOWHERE) for _, status in asked) and bool(made & set(UNIT_PRE))
    never = [words.method(method) for method in UNADJUSTED if method in made]
    notes = [words.say(f"{HERE}.note", names=words.listed(never))] if never else []
    notes += [words.say(f"{HERE}.elsewhere")] if elsewhere else []
    return table(report, "covariates", "", texts("covariate", "status", "questions"), rows, notes=notes)


def beforehand(report: Report) -> Blocks:
    """Give for each primary question, per group, the score before and covariates of those who were analysed."""
    asked: dict[tuple[str, str, str], list[Estimate]] = {}
    for t in report.evidence.primary:
        if t.contrast:
            asked.setdefault((t.outcome, t.wave_from, t.wave_to), []).append(t)
    for number, tests in enumerate(asked.values(), start=1):
        yield _beforehand(report, tests, number)


def _beforehand(report: Report, tests: list[Estimate], number: int) -> Table | None:
    words, facts = report.words, report.results.facts_where
    told = {t.contrast: facts(kind="before", **question(t)) for t in tests}
    lines = dict.fromkeys((f.item, f.category) for found in told.values() for f in found)
    arms = [arm for arm in report.evidence.arms if any(f.arm == arm for found in told.values() for f in found)]
    rows: list[dict[str, Any]] = []
    for item, word in lines:
        row: dict[str, Any] = {"what": _name(report, tests[0], item, word)}
        for contrast, found in told.items():
            row |= {_key(contrast, f): f.value for f in found if (f.item, f.category) == (item, word)}
        rows.append(row)
    kinds = texts("what")
    for arm in arms:
        for what, short in (("before_mean", "mean"), ("before_sd", "sd")):
            label = f"{words.arm(arm)} {words.say(f'{HERE}.{short}')}"
            kinds[f"{what} {arm}"] = Column(f"{what} {arm}", label, "mean")
    for t in tests:
        label = words.say(f"{HERE}.difference")
        if len(tests) > 1:
            label = words.say(f"{HERE}.difference_of", contrast=words.contrast(t.contrast))
        kinds[f"g {t.contrast}"] = Column(f"g {t.contrast}", label, "estimate")
    asked = words.test(tests[0].outcome, tests[0].wave_to, "")
    title = words.say(f"{HERE}.before_title", question=asked)
    notes = [words.say(f"{HERE}.before_note")]
    return table(report, f"beforehand-{number}", title, kinds, rows, labels=HERE, notes=notes)


def _key(contrast: str, f: Fact) -> str:
    return f"g {contrast}" if f.what == "before_difference" else f"{f.what} {f.arm}"


def _name(report: Report, test: Estimate, item: str, word: str) -> str:
    words = report.words
    if not item:
        return words.test(test.outcome, test.wave_from, "")
    name = words.covariate(item)
    return words.say(f"{HERE}.word", name=name, word=words.value(item, word)) if word else name
