"""What the writer of a chapter still has to fill in: a list with a count, outside the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkbank.reporting import tables
from werkbank.reporting.blocks import Bullets, Paragraph
from werkbank.reporting.plainly import capital
from werkbank.reporting.thesis import citing
from werkbank.reporting.thesis.telling import beside, told

if TYPE_CHECKING:
    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks

OF_COMPARISONS = ("lot", "control", "blinding")


@beside()
def todo(report: Report) -> Blocks:
    """What only the student knows and the study file does not say yet, and where each answer goes."""
    open_ones = asked(report)
    yield Paragraph(told(report, "todo.none" if not open_ones else "todo.lead", n=len(open_ones)), "lead")
    yield Bullets(tuple(open_ones)) if open_ones else None
    yield Paragraph(told(report, "todo.own"))


def asked(report: Report) -> list[str]:
    """Return every question that is open, each with the place of its answer in the study file."""
    study = report.study
    left = [name for name, text in study.thesis.texts.items() if not text]
    if study.design.kind == "single_group":
        left = [name for name in left if name not in OF_COMPARISONS]
    if study.design.kind != "randomised":
        left = [name for name in left if name != "lot"]
    said = [told(report, f"todo.{name}") for name in left]
    given = study.programme
    if given is None:
        said.append(told(report, "todo.programme"))
    else:
        described = {} if isinstance(given, str) else given.model_dump()
        items = [i for i in tables.TIDIER if i != "name" and not described.get(i)]
        said += [told(report, "todo.tidier", item=report.words.say(f"report.tidier.{i}"), field=i) for i in items]
    if given is not None and not study.thesis.sources:
        said.append(told(report, "todo.sources"))
    named = dict.fromkeys(o.instrument for o in study.outcomes if o.instrument)
    for key in named:
        if not citing.of_instrument(report, key):
            said.append(told(report, "todo.instrument", title=report.scores.instruments[_of(report, key)].title))
    for o in study.outcomes:
        if o.column is not None or not o.instrument:
            said.append(told(report, "todo.own_measure", outcome=capital(report.words.text(o.label, o.id))))
    if study.design.preregistration is None:
        said.append(told(report, "todo.preregistration"))
    return said


def _of(report: Report, key: str) -> str:
    return next((o.id for o in report.study.outcomes if o.instrument == key), key)
