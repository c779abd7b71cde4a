"""The report on cases that are their own control, a function for each section. Nothing is computed here.

Cases stand in it one by one, and each is a pupil: no part of it leaves the school.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkbank.reporting import cases_figure, numbers
from werkbank.reporting.blocks import Bullets, Heading, Paragraph, Table
from werkbank.reporting.plainly import capital
from werkbank.reporting.sections import maker
from werkbank.reporting.table import table
from werkbank.study.parts import text_in

if TYPE_CHECKING:
    from werkbank.reporting.numbers import Kind
    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.results import Estimate
    from werkbank.study.single_case import CaseOutcome, SingleCase

section = maker("single_case", "cases")
SEPARATE = ("nap", "case_tau", "baseline_corrected_tau", "level_change", "log_response_ratio")
EVEN = 0.5  # NAP without a difference
FEW = 5  # cases: below it a model over cases describes these


@section()
def answer(report: Report) -> Blocks:
    """What was seen of how many cases, how sure that is, and what it does not show."""
    design = _design(report)
    yield Paragraph(
        _say(report, f"answer.design_{design}", n=_count(report, "cases_count"), days=_count(report, "case_days"))
    )
    for outcome in _outcomes(report):
        claim = report.results.claim(kind="single_case", outcome=outcome.column)
        if claim is None:
            continue
        test = next(iter(report.results.where(kind="draw", outcome=outcome.column)), None)
        p = numbers.p_phrase(test.p, report.language) if test is not None else ""
        name = capital(_label(report, outcome))
        yield Paragraph(_say(report, f"claim.{claim.verdict}", outcome=name, p=p, **claim.values), "lead")
    yield Bullets(tuple(_limits(report, design)))


def _limits(report: Report, design: str) -> list[str]:
    block, lines = _block(report), []
    if block.drawn is None:
        lines.append(_say(report, "answer.not_drawn"))
    if design == "ab":
        lines.append(_say(report, "answer.no_replication"))
    if block.given_to == "class":
        lines.append(_say(report, "answer.given_to_class", n=_count(report, "case_classes")))
    lines.append(_say(report, "answer.not_others"))
    return lines


@section()
def figures(report: Report) -> Blocks:
    """Every case, day by day."""
    series = report.bench.followed_cases
    for outcome in _outcomes(report):
        lines = []
        for case, days in series.of(outcome.column).items():
            medians = report.results.facts_where(what="case_median", outcome=outcome.column, arm=case)
            told = tuple((f.wave, float(f.value) if isinstance(f.value, int | float) else None) for f in medians)
            lines.append(cases_figure.Line(case, days, told))
        yield Heading(capital(_label(report, outcome)), 3)
        yield Paragraph(_say(report, f"figures.better_{outcome.better}"))
        yield from cases_figure.pages(lines, outcome.column, _label(report, outcome), outcome.range, report.language)


@section()
def separately(report: Report) -> Blocks:
    """Each case by itself: how far the phases overlap, and what must be known before that is read."""
    yield Paragraph(_say(report, "separately.lead"))
    for outcome in _outcomes(report):
        yield _of_cases(report, outcome)
        yield from _cautions(report, outcome)


def _of_cases(report: Report, outcome: CaseOutcome) -> Table | None:
    kinds: dict[str, Kind] = {"case": "text", "a": "mean", "b": "mean", "n_a": "count", "n_b": "count"}
    kinds |= {
        "nap": "reliability",
        "nap_ci": "reliability",
        "tau": "reliability",
        "corrected": "reliability",
        "level": "estimate",
    }
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for e in report.results.where(kind="case", outcome=outcome.column):
        row = rows.setdefault((e.group, e.level), {"case": _case(report, e)})
        name = {"nap": "nap", "case_tau": "tau", "baseline_corrected_tau": "corrected", "level_change": "level"}.get(
            e.method
        )
        if name:
            row[name] = e.estimate
        if e.method == "nap":
            row["nap_ci"] = (e.ci_low, e.ci_high)
    for (case, level), row in rows.items():
        for phase, column in (("A", "a"), ("B", "b")):
            at = {"outcome": outcome.column, "arm": case, "wave": f"{phase}{level or 1}"}
            median = report.results.fact(what="case_median", **at)
            row |= {column: median.value if median else None, f"n_{column}": median.n if median else None}
    title = _say(report, "separately.title", outcome=_label(report, outcome))
    notes = [_say(report, f"separately.note_{name}") for name in ("nap", "tau", "level")]
    return table(report, f"cases-{outcome.column}", title, kinds, rows.values(), labels="single_case.separately",
                 notes=notes, drop_empty=True)  # fmt: skip


def _case(report: Report, e: Estimate) -> str:
    return _say(report, "separately.pair", case=e.group, n=e.level) if e.level else e.group


def _cautions(report: Report, outcome: CaseOutcome) -> Blocks:
    found: dict[str, list[str]] = {}
    for f in report.results.facts_where(what="case_caution", outcome=outcome.column):
        found.setdefault(f.category, []).append(f.arm)
    if found:
        yield Bullets(tuple(
            _say(report, f"caution.{name}", cases=report.words.listed(list(dict.fromkeys(cases))))
            for name, cases in found.items()
        ))  # fmt: skip


@section()
def together(report: Report) -> Blocks:
    """All cases in one model, the effect in the units of group studies, and the test of what was drawn."""
    yield Paragraph(_say(report, "together.lead"))
    kinds: dict[str, Kind] = {
        "outcome": "text", "what": "text", "cases": "count", "estimate": "estimate", "ci": "interval", "df": "df",
        "p": "p",
    }  # fmt: skip
    rows, notes = [], dict[str, None]()
    for outcome in _outcomes(report):
        found = [*report.results.where(kind="cases", outcome=outcome.column)]
        found += report.results.where(kind="draw", outcome=outcome.column)
        for e in found:
            rows.append(
                {"outcome": _label(report, outcome), "what": _say(report, f"together.{e.level or e.method}"),
                 "cases": e.n_clusters, "estimate": e.estimate, "ci": (e.ci_low, e.ci_high), "df": e.df, "p": e.p}
            )  # fmt: skip
            if e.note:
                notes[f"{_say(report, f'together.{e.method}')}: {_note(report, e.note)}"] = None
    if _block(report).drawn is None and any(row["p"] is not None for row in rows):
        notes = {_say(report, "together.note_p"): None, **notes}
    yield table(report, "cases-together", "", kinds, rows, labels="single_case.together", notes=list(notes))
    n = _count(report, "cases_count")
    if n is not None and n < FEW:
        yield Paragraph(_say(report, "together.few", n=n), "warning")


@section()
def quality(report: Report) -> Blocks:
    """What the field's standards ask of a single-case design, criterion by criterion: a self-check."""
    kinds: dict[str, Kind] = {"outcome": "text", "criterion": "text", "found": "text", "verdict": "text"}
    rows = []
    for outcome in _outcomes(report):
        for f in report.results.facts_where(what="case_standard", outcome=outcome.column):
            if f.value is None or f.category == "all":
                continue
            rows.append(
                {"outcome": _label(report, outcome), "criterion": _say(report, f"quality.{f.category}"),
                 "found": f.item or None, "verdict": _say(report, f"verdict.{f.value}")}
            )  # fmt: skip
    if rows:
        yield Paragraph(_say(report, "quality.lead"))
        yield table(report, "cases-quality", "", kinds, rows, labels="single_case.quality")


@section()
def teacher(report: Report, *, shown: bool = False) -> Blocks:
    """A short account of each case for its teacher: only when asked for, and private."""
    if not shown:
        yield Paragraph(_say(report, "teacher.not_here"))
        return
    yield Paragraph(_say(report, "teacher.private"), "warning")
    outcome = _outcomes(report)[0]
    before_it = ""
    for e in (e for e in report.results.where(method="nap", outcome=outcome.column) if e.estimate is not None):
        nap = e.estimate or 0.0
        name = "better" if nap > EVEN else "worse" if nap < EVEN else "alike"
        at = {"what": "case_median", "outcome": outcome.column, "arm": e.group}
        before, after = (report.results.fact(**at, wave=f"{phase}{e.level or 1}") for phase in "AB")
        values = {
            "case": _case(report, e), "outcome": _label(report, outcome),
            "before": numbers.decimal(before.value if before else None, report.language, 1),  # type: ignore[arg-type]
            "after": numbers.decimal(after.value if after else None, report.language, 1),  # type: ignore[arg-type]
            "share": numbers.share(e.estimate, report.language),
        }  # fmt: skip
        # what is about one pupil is on no page of another, nor on one about all
        yield Heading(values["case"], 3, fresh=e.group != before_it)
        before_it = e.group
        yield Paragraph(_say(report, f"teacher.{name}", **values))
        yield Paragraph(_say(report, f"teacher.next_{name}"))


def _block(report: Report) -> SingleCase:
    block = report.study.single_case
    assert block is not None  # noqa: S101 - without it nothing was read
    return block


def _outcomes(report: Report) -> list[CaseOutcome]:
    return sorted(_block(report).outcomes, key=lambda outcome: outcome.role != "primary")


def _label(report: Report, outcome: CaseOutcome) -> str:
    return text_in(outcome.label, report.language) or outcome.column


def _design(report: Report) -> str:
    return str(report.results.facts_where(what="case_design")[0].value)


def _count(report: Report, what: str) -> int | None:
    return report.results.count(what=what)


def _say(report: Report, key: str, **values: object) -> str:
    return report.words.say(f"single_case.{key}", **values)


def _note(report: Report, key: str) -> str:
    return report.words.say(f"single_case.note.{key.removeprefix('cases.')}")
