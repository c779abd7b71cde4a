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
LOW = 0.05
section = maker(HERE, "effects", "diagnostics")


@section()
def assumptions(report: Report) -> Blocks:
    """Residuals, spread by arm, and a comparison by ranks, of each primary question."""
    words = report.words
    rows = [_row(report, seen) for seen in report.results.facts_where(what="residual_normality_w")]
    if not rows:
        yield Paragraph(words.say(f"{HERE}.none"))
        return
    yield Paragraph(words.say(f"{HERE}.lead"))
    unit = Column("n", words.say(f"report.flow.units_{report.evidence.unit}"), "count")
    kinds: dict[str, Kind | Column] = {
        "question": "text", "n": unit, "residual_normality_w": "reliability", "residual_normality_p": "p",
        "spread": "text", "rank_superiority": "share", "rank_p": "p",
    }  # fmt: skip
    yield table(report, HERE, "", kinds, rows, labels=HERE, notes=[words.say(f"{HERE}.note")], drop_empty=True)
    odd = [row["question"] for row in rows if _low(row["residual_normality_p"])]
    if odd:
        yield Paragraph(words.say(f"{HERE}.odd", questions=words.listed(odd)), "note")
    known = [row for row in rows if None not in {row["rank_p"], row["lead_p"]}]
    differ = [row["question"] for row in known if _low(row["rank_p"]) != _low(row["lead_p"])]
    if differ:
        yield Paragraph(words.say(f"{HERE}.differ", questions=words.listed(differ)), "note")


def _row(report: Report, seen: Fact) -> dict[str, Any]:
    words, results = report.words, report.results
    at = {"outcome": seen.outcome, "wave_from": seen.wave_from, "wave_to": seen.wave_to, "contrast": seen.contrast}
    numbers = ("residual_normality_w", "residual_normality_p", "rank_superiority", "rank_p")
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
