"""What stands beside scores without being a test of the programme: who was lost, and how alike classmates are."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from werkbank.reporting.blocks import Paragraph
from werkbank.reporting.numbers import Column
from werkbank.reporting.report import place
from werkbank.reporting.table import table
from werkbank.reporting.tables import texts
from werkbank.statistics.standards import SOURCE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from werkbank.reporting.blocks import Table
    from werkbank.reporting.numbers import Kind
    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.results import Fact

HERE = "describing"


def lost(report: Report) -> Blocks:
    """How many were lost in each arm, dropouts against stayers, Little's test, and arms that sat in one class."""
    yield _attrition(report)
    yield _dropouts(report)
    yield _little(report)
    if shared := report.results.count(what="classes_with_both"):
        yield Paragraph(report.words.say(f"{HERE}.together", n=shared, n_text=str(shared)), "warning")


def _attrition(report: Report) -> Table | None:
    """A row a question and level: pupils, what was assigned, and the schools above it."""
    words = report.words
    rows = [
        {"question": words.test(f.outcome, f.wave_to, f.contrast), "level": words.say(f"report.unit.{unit}.many")}
        | {"left": _left(report, f, counted), "overall": f.value}
        | {"differential": report.results.number(what=f"{what}_differential", **place(f))}
        | {end: _judged(report, f, "attrition", f"{what}_{end}") for end in ("cautious", "optimistic")}
        for asked in _asked(report)
        for what, counted, unit in _levels(report)
        for f in report.results.facts_where(what=f"{what}_overall", **asked)
        if f.value is not None
    ]
    # of whole classes and schools only a loss is news
    whole = [row for row in rows if row["overall"] == 0 and row["level"] != rows[0]["level"]]
    rows = [row for row in rows if row not in whole]
    nobody = list(dict.fromkeys(str(row["level"]) for row in whole if row["level"] not in {r["level"] for r in rows}))
    more = [words.say(f"{HERE}.attrition.whole", levels=words.listed(nobody))] if nobody else []
    kinds = texts("question", "level", "left")
    for key in ("overall", "differential"):
        kinds[key] = Column(key, words.say(f"{HERE}.attrition.{key}"), "share", 1)
    made = _table(report, "attrition", kinds | texts("cautious", "optimistic"), rows, source=SOURCE)
    return made and replace(made, notes=(*made.notes, *more))


def _asked(report: Report) -> list[dict[str, str]]:
    """Return the comparisons of which losses are known, in their order."""
    seen = [f for f in report.results.facts if f.what in {"attrition_overall", "attrition_units_overall"}]
    return list({tuple(place(f).items()): place(f) for f in seen}.values())


def _levels(report: Report) -> list[tuple[str, str, str]]:
    """Return for each level the start of its facts, what counts it, and what it is called."""
    return [
        ("attrition", "pupils", report.study.unit),
        ("attrition_units", "units", report.evidence.unit),
        ("attrition_schools", "schools", "school"),
    ]


def _left(report: Report, lost: Fact, counted: str) -> str | None:
    """Return by arm how many of the assigned are left; nothing where a copy to share hides one of them."""
    said, results = [], report.results
    for arm in lost.arms:
        at = {"outcome": lost.outcome, "arm": arm, "wave_from": lost.wave_from, "wave_to": lost.wave_to}
        left = results.count(what=f"{counted}_analysed", **at)
        assigned = results.count(what=f"{counted}_enrolled", **(at if counted == "schools" else {"arm": arm}))
        if left is None or assigned is None:
            return None
        values = {"arm": report.words.arm(arm), "left": left, "assigned": assigned}
        said.append(report.words.say(f"{HERE}.attrition.left_of", **values))
    return "; ".join(said)


def _dropouts(report: Report) -> Table | None:
    words = report.words
    rows = [
        {"scale": words.test(f.outcome, f.wave_to, ""), "arm": words.arm(f.arm), "n": f.n, "g": f.value}
        for f in _known(report, "dropout_difference")
    ]
    return _table(report, "dropouts", texts("scale", "arm") | {"n": "count", "g": "estimate"}, rows)


def _little(report: Report) -> Table | None:
    rows = [
        {"scale": report.words.outcome(f.outcome), "n": f.n, "chi2": f.value}
        | {what: report.results.number(what=f"mcar_{what}", **place(f)) for what in ("df", "p")}
        for f in _known(report, "mcar_chi2")
    ]
    return _table(report, "little", texts("scale") | {"n": "count", "chi2": "estimate", "df": "df", "p": "p"}, rows)


def alike(report: Report) -> Blocks:
    """How alike the arms were beforehand, and classmates (ICC); where pupils were chosen, what chance gives back."""
    words, number = report.words, report.results.number
    rows: list[dict[str, Any]] = [
        {"question": words.test(f.outcome, f.wave_to, f.contrast), "g": f.value}
        | {"verdict": _judged(report, f, "baseline", "baseline_equivalence")}
        for f in _known(report, "baseline_difference")
    ]
    yield _table(report, "baseline", {"question": "text", "g": "estimate", "verdict": "text"}, rows)
    rows = [
        {"scale": words.outcome(f.outcome), "wave": words.wave(f.wave), "n": f.n, "icc": f.value}
        | {"ci": tuple(number(what=f"icc_ci_{end}", **place(f)) for end in ("low", "high"))}
        for f in _known(report, "icc")
    ]
    kinds = texts("scale", "wave") | {"n": "count", "icc": "reliability", "ci": "reliability"}
    yield _table(report, "icc", kinds, rows, unit=words.say(f"report.unit.{report.evidence.unit}.one"))
    for f in _known(report, "regression_break_even_mean"):
        facts = {"mean": f.what, "change": "mean_change", "r": "r_pre_post", "expected": "regression_expected"}
        found = {name: number(what=what, **place(f)) for name, what in facts.items()}
        said = {"outcome": words.outcome(f.outcome), "arm": words.arm(f.arm), "wave": words.wave(f.wave_to)}
        said |= {name: words.decimal(value) for name, value in found.items()}
        known = "expected" if found["expected"] is not None else "break_even"
        yield Paragraph(words.say(f"{HERE}.{known}", **said), "note")


def _judged(report: Report, fact: Fact, topic: str, what: str) -> str | None:
    found = report.results.fact(what=what, **place(fact))
    return report.words.say(f"{HERE}.{topic}.{found.value}") if found is not None and found.value else None


def _known(report: Report, what: str) -> list[Fact]:
    return [f for f in report.results.facts_where(what=what) if f.value is not None]


def _table(
    report: Report, name: str, kinds: Mapping[str, Kind | Column], rows: Sequence[dict[str, Any]], **noted: str
) -> Table | None:
    labels = f"{HERE}.{name}"
    return table(report, name, "", kinds, rows, labels=labels, notes=[report.words.say(f"{labels}.note", **noted)])
