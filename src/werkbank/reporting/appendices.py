"""What a reader of the evaluation looks up: every other estimate, who was lost, instruments, files, formulas.

Nothing is computed here: see `Report`.
"""

from __future__ import annotations

from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from werkbank.appraisal.evidence import REFUSED, SIZES, question
from werkbank.reporting import covariates, describing, fitted, pictures, said_once, tables
from werkbank.reporting.blocks import Bullets, Heading, Paragraph, Table
from werkbank.reporting.sections import maker
from werkbank.reporting.table import table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.results import Estimate

section = maker("report", "effects")

# APA's reporting standards for quantitative research (Appelbaum et al. 2018, table 1), and the part that answers each
JARS = {
    "question": "design", "eligibility": None, "recruitment": None, "assignment": "design", "programme": "design",
    "size": "meaning", "measures": "measures", "masking": "meaning", "diagnostics": "readings", "flow": "flow",
    "missing": "losses", "descriptives": "before_after", "analysis": "summary", "sensitivity": "robustness",
    "subgroups": "mechanisms", "harms": None, "limits": "meaning", "registration": "meaning", "ethics": None,
    "funding": None, "data": "provenance",
}  # fmt: skip
# for whom, and along which way
MECHANISMS = ("moderation", "mediation", "dose", "cace", "lagged")
APART = {*MECHANISMS, "correction", "arms", "sites", "role"}  # what has tables of its own


@section(shared=True, appendix=True)
def all_estimates(report: Report) -> Blocks:
    """Every other estimate, a table for each question; and which covariates were in which analysis."""
    number = count(1)
    beside = {key: beside_main(report, key) for key in report.keys}
    if any(beside.values()):
        yield Paragraph(report.words.say("report.all_estimates.lead"))
    yield covariates.adjusted_for(report)  # where nothing could be estimated it says so
    every = [found for asked in beside.values() for found in asked]
    yield from said_once.below(report, [tables.estimates(report, found, next(number)) for found in every])


def beside_main(report: Report, key: str) -> list[list[Estimate]]:
    """Return what is estimated of one scale besides its main analyses, a list for each question and kind of table."""
    return list(_beside_main(report, key))


def _beside_main(report: Report, key: str) -> Iterator[list[Estimate]]:
    """Yield what is estimated of one scale besides its main analyses, a list for each question and kind of table.

    A table needs a number: what could not be computed for any reason is said in the outcome's own paragraph.
    """
    asked: dict[tuple[str, ...], list[Estimate]] = {}
    for e in report.results.where(outcome=key):
        asked.setdefault(tuple(question(e).values()), []).append(e)
    for found in asked.values():
        test = next((e for e in found if e.family and e.kind == "headline"), None)
        size = report.evidence.beside(test, *SIZES) if test is not None else None
        rest = [e for e in found if e not in (test, size) and e.kind not in APART]
        for repeated in (False, True):
            part = [e for e in rest if (e.kind == "repeated") is repeated]
            if any(e.estimate is not None for e in part):
                yield part


@section(shared=True, appendix=True)
def all_mechanisms(report: Report) -> Blocks:
    """Every estimate that asks for whom, along which way, or with how much."""
    kinds = [kind for kind in MECHANISMS if report.results.where(kind=kind)]
    yield from said_once.below(report, [tables.mechanisms(report, kind) for kind in kinds])


@section(shared=True, appendix=True)
def losses(report: Report) -> Blocks:
    """Who was measured when, and from assigned to analysed: the counts of every question add up."""
    yield pictures.missing(report)
    if analysed := tables.analysed(report):
        yield Paragraph(report.words.say("report.analysed.lead"))
        yield analysed
    yield from describing.lost(report)


@section(shared=True, appendix=True)
def scores(report: Report) -> Blocks:
    """Every score's range, how alike groups were beforehand, and how alike classmates are."""
    made = [tables.before_after(report, key) for key in report.keys]
    before = [block for block in covariates.beforehand(report) if isinstance(block, Table)]
    yield from said_once.below(report, [*made, *before])
    yield from describing.alike(report)


@section(shared=True, appendix=True)
def keys(report: Report) -> Blocks:
    """Instruments: key, certainty, source, licence and missing rule of each; then how reliable the scores were."""
    words = report.words
    for outcome in report.study.outcomes:
        yield from _instrument(report, outcome.id)
    if defaults := _default_rules(report):
        yield Paragraph(words.say("report.measures.default_rule", scales=words.listed(defaults)), "note")
    yield tables.reliability(report) or Paragraph(words.say("report.reliability.none"))


@section(appendix=True, reads=())
def readings(report: Report) -> Blocks:
    """What was read: every file, and everything that was decided or converted on the way."""
    words = report.words
    # how a csv file was read stands in the table
    told = [note for note in report.intake.notes if not note.key.startswith("intake.file_csv")]
    notes = tuple(note.sentence(report.language, names_pupils=False) for note in told)
    yield Paragraph(words.say("report.readings.lead"))
    yield tables.files(report)
    yield Heading(words.say("report.readings.decided"), 3)
    yield Bullets(notes) if notes else Paragraph(words.say("report.readings.no_notes"))


@section(appendix=True, reads=())
def provenance(report: Report) -> Blocks:
    """Where the numbers come from, so that anyone can make them again."""
    words, study = report.words, report.study
    said = [
        words.say("report.provenance.study", file=Path(study.file).name),
        words.say("report.provenance.version", version=version("werkbank")),
        words.say("report.provenance.seed", seed=report.bench.seed),
        words.say("report.provenance.results"),
    ]
    yield Bullets(tuple(said))
    alone = {m for m in ("p_holm", "p_bh") if not fitted.corrected(report, m)}
    made = [e.method for e in report.results.estimates if e.method not in alone and e.note not in REFUSED]
    if methods := dict.fromkeys(made):
        yield Heading(words.say("report.estimates.formulas"), 3)
        yield Bullets(tuple(_formula(report, method) for method in methods))
    if standards := _standards(report):
        yield Heading(words.say("report.jars.heading"), 3)
        yield standards
    yield Heading(words.say("report.glossary.heading"), 3)
    yield Bullets(tuple(words.say(f"glossary.{term}") for term in _terms(report)))


def _standards(report: Report) -> Table | None:
    """Return what APA asks of a report, and where it stands: only in the report that has those parts.

    What no study file holds is one line.
    """
    words, say = report.words, report.words.say
    here = {name.partition(":")[2] for name in report.bench.shown}
    if not {"summary", "design", "measures", "meaning"} <= here:
        return None
    rows = [
        {"item": say(f"report.jars.{item}"), "part": say(f"report.heading.{part}")}
        for item, part in JARS.items()
        if part in here or part == "provenance"
    ]
    absent = [say(f"report.jars.{item}") for item, part in JARS.items() if part is None]
    notes = [say("report.jars.note", items=words.listed(absent))]
    return table(report, "jars", "", tables.texts("item", "part"), rows, notes=notes)


def _default_rules(report: Report) -> list[str]:
    """Return the scales whose key gives no rule for unanswered items, so that werkbank's own was used."""
    found = []
    for key in report.keys:
        instrument, scale = report.scale(key)
        part = instrument.scales.get(scale)
        if report.declared(key).column is None and part is not None and part.missing.source == "werkbank default":
            found.append(report.words.outcome(key))
    return found


def _instrument(report: Report, name: str) -> Blocks:
    outcome, key, words = report.study.outcome(name), report.scores.instruments[name], report.words
    title = key.title if outcome.instrument else words.text(outcome.label, name)
    if key.version:
        title = words.say("report.measures.version", title=title, version=key.version)
    said = [words.say(f"report.measures.informant_{outcome.informant}")]
    if outcome.column is not None:
        said.append(words.say("report.measures.ready_score"))
    else:
        said += [_scale(report, name, scale) for scale in outcome.scales or key.scored if scale in key.scales]
        said.append(words.say(f"instruments.certainty.{key.certainty}"))
    said += [words.say("report.measures.source", source=key.source)] if key.source else []
    yield Heading(title, 3)
    yield Bullets(tuple(text for text in (*said, words.text(key.licence), words.text(key.notes)) if text))


def _scale(report: Report, name: str, scale: str) -> str:
    part, words = report.scores.instruments[name].scales[scale], report.words
    k, label = len(part.items), words.outcome(name if scale == name else f"{name}.{scale}")
    rule = "needed" if part.missing.source == "werkbank default" else "rule"
    missing = words.say(f"instruments.missing.{rule}", needed=part.missing.needed(k), k=k, source=part.missing.source)
    turned = words.say("report.measures.reversed", items=", ".join(part.reversed)) if part.reversed else ""
    sentences = [words.say("report.measures.scale", scale=label, n=k), words.say(f"instruments.score.{part.score}")]
    return " ".join(s for s in (*sentences, turned, missing) if s)


def _formula(report: Report, method: str) -> str:
    words = report.words
    estimand = words.estimand(method)
    said = words.say("report.estimates.formula_said", name=words.method(method), estimand=estimand)
    return " ".join(text for text in (said, fitted.of_method(report, method)) if text)


def _terms(report: Report) -> list[str]:
    used = ["n", "mean", "sd", "ci", "p", "holm", "standardised", "alpha", "omega"]
    if not fitted.corrected(report, "p_holm"):
        used.remove("holm")
    return used if report.results.facts_where(what="alpha") else [t for t in used if t not in {"alpha", "omega"}]
