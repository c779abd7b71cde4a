"""What stands beside scores without being a test of the programme: who was lost, and how alike classmates are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkbank.reporting import numbers
from werkbank.reporting.blocks import Paragraph, Table
from werkbank.reporting.numbers import Column, Kind
from werkbank.statistics.standards import SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkbank.reporting.report import Report
    from werkbank.results import Fact

HERE = "describing"


def lost(report: Report) -> Iterator[Table | Paragraph]:
    """How many were lost in each arm, dropouts against stayers, Little's test, and arms that sat in one class."""
    yield from _attrition(report)
    yield from _dropouts(report)
    yield from _little(report)
    if shared := report.evidence.count("classes_with_both"):
        yield Paragraph(report.words.say(f"{HERE}.together", n=shared, n_text=str(shared)), "warning")


def _attrition(report: Report) -> Iterator[Table]:
    words, rows = report.words, []
    for fact in _known(report, "attrition_overall"):
        at = (fact.outcome, fact.arm, fact.wave)
        row: dict[str, Any] = {"question": words.test(fact.outcome, fact.wave, fact.arm), "n": fact.n}
        row |= {"overall": fact.value, "differential": report.evidence.number("attrition_differential", *at)}
        for boundary in ("cautious", "optimistic"):
            found = report.evidence.fact(f"attrition_{boundary}", *at)
            row[boundary] = words.say(f"{HERE}.attrition.{found.value}") if found and found.value else None
        rows.append(row)
    kinds: dict[str, Kind] = {"question": "text", "n": "count", "overall": "share", "differential": "share"}
    note = words.say(f"{HERE}.attrition.note", source=SOURCE)
    yield from _table(report, "attrition", rows, {**kinds, "cautious": "text", "optimistic": "text"}, note)


def _dropouts(report: Report) -> Iterator[Table]:
    words = report.words
    rows = [
        {"scale": words.test(f.outcome, f.wave.rpartition("-")[2], ""), "arm": words.arm(f.arm), "n": f.n, "g": f.value}
        for f in _known(report, "dropout_difference")
    ]
    kinds: dict[str, Kind] = {"scale": "text", "arm": "text", "n": "count", "g": "estimate"}
    yield from _table(report, "dropouts", rows, kinds, words.say(f"{HERE}.dropouts.note"))


def _little(report: Report) -> Iterator[Table]:
    words, e = report.words, report.evidence
    rows = [
        {"scale": words.outcome(f.outcome), "n": f.n, "chi2": f.value}
        | {what: e.number(f"mcar_{what}", f.outcome) for what in ("df", "p")}
        for f in _known(report, "mcar_chi2")
    ]
    kinds: dict[str, Kind] = {"scale": "text", "n": "count", "chi2": "estimate", "df": "df", "p": "p"}
    yield from _table(report, "little", rows, kinds, words.say(f"{HERE}.little.note"))


def alike(report: Report) -> Iterator[Table | Paragraph]:
    """How alike the arms were beforehand, and classmates (ICC); where pupils were chosen, what chance gives back."""
    words, e = report.words, report.evidence
    equal: list[dict[str, Any]] = [
        {"question": words.test(f.outcome, f.wave, f.arm), "g": f.value, "verdict": _verdict(report, f)}
        for f in _known(report, "baseline_difference")
    ]
    columns: dict[str, Kind] = {"question": "text", "g": "estimate", "verdict": "text"}
    yield from _table(report, "baseline", equal, columns, words.say(f"{HERE}.baseline.note"))
    rows = [
        {"scale": words.outcome(f.outcome), "wave": words.wave(f.wave), "n": f.n, "icc": f.value}
        | {"ci": tuple(e.number(f"icc_ci_{end}", f.outcome, wave=f.wave) for end in ("low", "high"))}
        for f in _known(report, "icc")
    ]
    kinds: dict[str, Kind] = {"scale": "text", "wave": "text", "n": "count", "icc": "reliability", "ci": "reliability"}
    unit = words.say(f"report.unit.{e.unit}.one")
    yield from _table(report, "icc", rows, kinds, words.say(f"{HERE}.icc.note", unit=unit))
    for f in _known(report, "regression_break_even_mean"):
        said: dict[str, Any] = {"outcome": words.outcome(f.outcome), "arm": words.arm(f.arm)}
        said["wave"] = words.wave(f.wave.rpartition("-")[2])
        at = (f.outcome, f.arm, f.wave)
        facts = {"mean": f.what, "change": "mean_change", "r": "r_pre_post", "expected": "regression_expected"}
        said |= {name: numbers.decimal(e.number(what, *at), report.language) for name, what in facts.items()}
        known = "expected" if e.number("regression_expected", *at) is not None else "break_even"
        yield Paragraph(words.say(f"{HERE}.{known}", **said), "note")


def _verdict(report: Report, g: Fact) -> str | None:
    found = report.evidence.fact("baseline_equivalence", g.outcome, g.arm, g.wave)
    return report.words.say(f"{HERE}.baseline.{found.value}") if found is not None and found.value else None


def _known(report: Report, what: str) -> list[Fact]:
    return [f for f in report.results.facts_where(what=what) if f.value is not None]


def _table(report: Report, name: str, rows: list[dict[str, Any]], kinds: dict[str, Kind], note: str) -> Iterator[Table]:
    if rows:
        say = report.words.say
        digits = {"share": 1}
        columns = tuple(Column(k, say(f"{HERE}.{name}.{k}"), kind, digits.get(kind)) for k, kind in kinds.items())
        yield Table(f"tab-{name}", say(f"{HERE}.{name}.title"), columns, tuple(rows), (note,))
