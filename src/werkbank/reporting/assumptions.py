"""Whether the main analysis could take for granted what it does: a row a question, and what to make of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkbank.reporting.blocks import Paragraph
from werkbank.reporting.numbers import Column
from werkbank.reporting.sections import maker
from werkbank.reporting.table import table

if TYPE_CHECKING:
    from werkbank.reporting.numbers import Kind
    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.results import Fact

HERE = "assumptions"
WITHIN = ("sites_fixed", "fixed_blocks", "block_differences", "role_means")  # leads that are differences of their own
LOW, FEW_VALUES, PILED_UP = 0.05, 5, 0.15
section = maker(HERE, "effects", "diagnostics")


@section(appendix=True)
def assumptions(report: Report) -> Blocks:
    """Residuals, spread by arm, slopes, influence, ends of the scale and ranks, of each primary question."""
    yield from looked_at(report)


def looked_at(report: Report) -> Blocks:
    """Return the tables and what to make of them; also for a chapter that has a heading of its own."""
    words = report.words
    rows = [_row(report, seen) for seen in report.results.facts_where(what="residual_normality_w")]
    tested = [t for t in report.evidence.primary if t.contrast and t.p is not None and t.method in WITHIN]
    if within := [words.test(t.outcome, t.wave_to, t.contrast) for t in tested]:
        yield Paragraph(words.say(f"{HERE}.other", questions=words.listed(within)))
    if not rows:
        if not within:
            yield Paragraph(words.say(f"{HERE}.none"))
        return
    yield Paragraph(words.say(f"{HERE}.lead"))
    unit = Column("n", words.say(f"report.flow.units_{report.evidence.unit}"), "count")
    kinds: dict[str, Kind | Column] = {
        "question": "text", "n": unit, "residual_normality_w": "reliability", "residual_normality_p": "p",
        "spread": "text", "rank_superiority": "share", "rank_p": "p",
    }  # fmt: skip
    yield table(report, HERE, "", kinds, rows, labels=HERE, notes=[words.say(f"{HERE}.note")], drop_empty=True)
    kinds = {
        "question": "text", "slopes_differ": "estimate", "slopes_differ_p": "p", "influence_largest": "estimate",
        "values_distinct": "count", "share_at_bottom": "share", "share_at_top": "share",
    }  # fmt: skip
    told = ["slopes_note"] * any(row["slopes_differ"] is not None for row in rows) + ["more_note"]
    title, notes = words.say(f"{HERE}.more_title"), [words.say(f"{HERE}.{note}") for note in told]
    yield table(report, f"{HERE}-more", title, kinds, rows, labels=HERE, notes=notes, drop_empty=True)
    yield from _made_of_it(report, rows)


def _made_of_it(report: Report, rows: list[dict[str, Any]]) -> Blocks:
    """Say of which questions something asks for attention."""
    words = report.words
    known = [row for row in rows if None not in {row["rank_p"], row["lead_p"]}]
    differ = [row for row in known if _low(row["rank_p"]) != _low(row["lead_p"])]
    squeezed = [row for row in rows if _squeezed(row)]
    said = {
        "odd": [row for row in rows if _low(row["residual_normality_p"])],
        "slopes": [row for row in rows if _low(row["slopes_differ_p"])],
        "influential": [row for row in rows if (row["influence_largest"] or 0) > 1],
        "differ": [row for row in differ if row not in squeezed],
        "squeezed_alike": [row for row in squeezed if row in known and row not in differ],
        "squeezed_differ": [row for row in squeezed if row in differ],
        "squeezed_only": [row for row in squeezed if row not in known],
    }
    for key, which in said.items():
        if which:
            questions = words.listed([row["question"] for row in which])
            yield Paragraph(words.say(f"{HERE}.{key}", questions=questions), "note")


def _squeezed(row: dict[str, Any]) -> bool:
    """Whether scores take few values or pile up at an end (Terwee and others, 2007: above 15 %); 0 and 1 are shares."""
    distinct = row["values_distinct"]
    if distinct is None or distinct <= 2:
        return False
    return distinct <= FEW_VALUES or max(row["share_at_top"] or 0, row["share_at_bottom"] or 0) > PILED_UP


def _row(report: Report, seen: Fact) -> dict[str, Any]:
    words, results = report.words, report.results
    at = {"outcome": seen.outcome, "wave_from": seen.wave_from, "wave_to": seen.wave_to, "contrast": seen.contrast}
    numbers = (
        "residual_normality_w", "residual_normality_p", "rank_superiority", "rank_p", "slopes_differ",
        "slopes_differ_p", "influence_largest", "values_distinct", "share_at_top", "share_at_bottom",
    )  # fmt: skip
    spread = [f for f in results.facts_where(what="spread_of_units", **at) if isinstance(f.value, float)]
    lead = next((t for t in report.evidence.tests if all(getattr(t, k) == v for k, v in at.items())), None)
    return {
        "question": words.test(seen.outcome, seen.wave_to, seen.contrast),
        "n": seen.n,
        **{what: results.number(what=what, **at) for what in numbers},
        "spread": "; ".join(f"{words.arm(f.arm)} {words.decimal(float(f.value or 0))}" for f in spread),
        "lead_p": None if lead is None else lead.p,
    }


def _low(p: float | None) -> bool:
    return p is not None and p < LOW
