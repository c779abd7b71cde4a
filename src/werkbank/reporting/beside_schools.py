"""What a school found itself beside the other schools, drawn towards these: one row an outcome, no test, no ranking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkbank.reporting.blocks import Heading, Paragraph
from werkbank.reporting.numbers import Column
from werkbank.reporting.plainly import digits_of
from werkbank.reporting.table import table
from werkbank.reporting.tables import texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkbank.reporting.blocks import Block
    from werkbank.reporting.report import Report
    from werkbank.results import Fact

HERE = "school.beside"


def beside_schools(report: Report, whose: str) -> Iterator[Block | None]:
    """Yield a lead, a table and what is left out; of an outcome without a result of this school the reason."""
    facts = [f for f in report.results.facts_where(what="part_effect") if f.outcome in report.keys]
    if not facts:
        return
    say, least = report.words.say, report.study.privacy.min_cell
    yield Heading(say(f"{HERE}.heading"), 3)
    told = [f for f in facts if f.value is not None]
    if told:
        yield Paragraph(say(f"{HERE}.lead", whose=whose))
        yield _table(report, told, least)
    for note in dict.fromkeys(f.note for f in facts if f.value is None):
        yield Paragraph(say(f"{HERE}.{note}", whose=whose, min_cell=least))


def _table(report: Report, told: list[Fact], least: int) -> Block | None:
    rows, words = [], report.words
    for fact in told:
        at = {"outcome": fact.outcome, "wave": fact.wave, "contrast": fact.contrast}
        found: dict[str, Any] = {
            name: getattr(report.results.fact(what=f"part_{name}", **at), "value", None)
            for name in ("effect", "drawn", "drawn_low", "drawn_high", "others", "schools", "left_out")
        }
        rows.append({**found, "outcome": words.test(fact.outcome, fact.wave, fact.contrast)})
    digits = max(digits_of(report, f.outcome, float(f.value or 0.0)) for f in told)
    rows = [{**row, "ci": (row["drawn_low"], row["drawn_high"]), "schools": int(row["schools"])} for row in rows]
    kinds = texts("outcome")
    for name, kind in (("effect", "estimate"), ("drawn", "estimate"), ("ci", "interval"), ("others", "estimate")):
        kinds[name] = Column(name, words.say(f"{HERE}.{name}"), kind, digits)  # type: ignore[arg-type]  # a kind
    kinds["schools"] = Column("schools", words.say(f"{HERE}.schools"), "count")
    compared = "compared" if any(f.contrast for f in told) else "change"
    notes = [words.say(f"{HERE}.note_{compared}")]
    if out := max(int(row["left_out"]) for row in rows):
        notes.append(words.say(f"{HERE}.left_out", n=out, min_cell=least))
    return table(report, "beside-schools", words.say(f"{HERE}.title"), kinds, rows, labels="school.table", notes=notes)
