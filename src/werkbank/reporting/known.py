"""The evidence base as a reader sees it: as a list, and beside a study's own results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkbank.catalogue import say
from werkbank.reporting import numbers
from werkbank.study.parts import Published
from werkbank.synthesis.evidence import Known, evidence, named

if TYPE_CHECKING:
    from werkbank.reporting.report import Report

Z = 1.959963984540054


def beside(report: Report) -> list[Published]:
    """Return what the study file lays beside its own results, entries of the evidence base among them."""
    return [each if isinstance(each, Published) else _published(named(each)) for each in report.study.evidence]


def _published(known: Known) -> Published:
    g = known.g or 0.0
    reach = Z * (known.se or 0.0)
    return Published(label={**known.label}, g=g, ci=known.ci or (g - reach, g + reach), source=known.source)


def warnings(report: Report) -> list[str]:
    """Return the notes under what others published: that own and rated measures find more, where the study has them."""
    words, study = report.words, report.study
    notes = [words.say("report.evidence.note")]
    rated = study.design.raters_are_implementers and any(o.informant == "teacher" for o in study.outcomes)
    own = any(o.instrument is None for o in study.outcomes)
    if report.study.evidence and (rated or own):
        of = {name: numbers.decimal(named(name).g, report.language) for name in MEASURES}
        notes.append(words.say(f"report.evidence.{'rated' if rated else 'own'}", **of))
    return notes


MEASURES = ("wwc_independent_broad", "wwc_researcher")


def told(language: str, outcome: str = "") -> list[str]:
    """Return the evidence as lines for a reader: each entry with its numbers, what is missing, and its source."""
    lines = []
    for known in evidence():
        if outcome and known.outcome != outcome:
            continue
        missing = say("synthesis.evidence.not_found", language)
        g = missing if known.g is None else numbers.decimal(known.g, language)
        ci = f" {numbers.interval(*known.ci, language)}" if known.ci else ""
        lines.append(say("synthesis.evidence.line", language, id=known.id, label=known.label[language], g=f"{g}{ci}"))
        certainty = say(f"synthesis.certainty.{known.certainty}", language)
        lines.append(say("synthesis.evidence.source", language, source=known.source, certainty=certainty))
        if known.open:
            lines.append(say("synthesis.evidence.open", language, what=known.open))
    return lines
