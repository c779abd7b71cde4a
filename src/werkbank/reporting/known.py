"""The evidence base as a reader sees it: as a list, and beside a study's own results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkbank.catalogue import say
from werkbank.reporting import numbers
from werkbank.study.parts import Published
from werkbank.synthesis.evidence import Known, evidence, named

if TYPE_CHECKING:
    from werkbank.reporting.report import Report
    from werkbank.study.model import Outcome

Z = 1.959963984540054


def beside(report: Report) -> list[Published]:
    """Return what the study file lays beside its own results, entries of the evidence base among them."""
    return [each if isinstance(each, Published) else _published(named(each)) for each in report.study.evidence]


def _published(known: Known) -> Published:
    g = known.g or 0.0
    reach = Z * (known.se or 0.0)
    return Published(label={**known.label}, g=g, ci=known.ci or (g - reach, g + reach), source=known.source)


def warnings(report: Report) -> list[str]:
    """Return the notes under what others published: which own outcomes tend to come out larger than theirs, and why.

    Outcomes are named that were made by who studies the programme, that were filled in by who took part in it, and of
    which nobody says who made them.
    """
    words = report.words
    notes = [words.say("report.evidence.note")]
    if not report.study.evidence:
        return notes
    of = {name: numbers.decimal(named(name).g, report.language) for name in MEASURES}
    kinds: dict[str, list[str]] = {"rated": [], "own": [], "maker_unknown": []}
    for key in report.keys:
        kinds["rated"] += [words.outcome(key)] * report.evidence.rated_by_implementers(key)
        if maker := made_by(report.study.outcome(key.partition(".")[0])):
            kinds[maker] += [words.outcome(key)]
    said = {kind: words.listed(list(dict.fromkeys(found))) for kind, found in kinds.items() if found}
    return [*notes, *(words.say(f"report.evidence.{kind}", outcomes=found, **of) for kind, found in said.items())]


def made_by(outcome: Outcome) -> str:
    """Return what must be said of who made a measure: own, maker_unknown, or nothing ("").

    A scoring key is of a published instrument. Own items are own unless the study file says else; of a ready score only
    the study file can say.
    """
    if outcome.made_by is not None:
        return "own" if outcome.made_by == "own" else ""
    if outcome.instrument is not None:
        return ""
    return "maker_unknown" if outcome.items is None else "own"


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
        lines.append(say("synthesis.evidence.about", language, **_about(known, language)))
        certainty = say(f"synthesis.certainty.{known.certainty}", language)
        lines.append(say("synthesis.evidence.source", language, source=known.source, certainty=certainty))
        if known.open:
            lines.append(say("synthesis.evidence.open", language, what=known.open))
    return lines


def _about(known: Known, language: str) -> dict[str, str]:
    """Return what an entry is about, in words: outcome, design, who rated, schools, ages, whose measure, licence."""
    kinds = ("outcome", "design", "rater", "school", "measure")
    told = {kind: say(f"synthesis.evidence.{kind}.{getattr(known, kind)}", language) for kind in kinds}
    age = known.age[language] if known.age else say("synthesis.evidence.not_found", language)
    return told | {"age": age, "licence": say(f"synthesis.evidence.licence.{known.licence}", language)}
