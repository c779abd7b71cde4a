"""The researcher's full account, a function for each section. Nothing is computed here: see `Report`."""

from __future__ import annotations

from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkbank.appraisal.evidence import REFUSED, SIZES, question
from werkbank.effects.roles import shown_roles
from werkbank.reporting import arms, covariates, describing, fitted, pictures, tables
from werkbank.reporting.blocks import Bullets, Heading, Paragraph
from werkbank.reporting.sections import maker
from werkbank.reporting.table import table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkbank.reporting.blocks import Table
    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.results import Estimate

section = maker("report", "effects")

# APA's reporting standards for quantitative research (Appelbaum et al. 2018, table 1), and the part that answers each
JARS = {
    "question": "design", "eligibility": None, "recruitment": None, "assignment": "design", "programme": "design",
    "size": "meaning", "measures": "measures", "masking": "meaning", "diagnostics": "readings", "flow": "flow",
    "missing": "flow", "descriptives": "before_after", "analysis": "estimates", "sensitivity": "robustness",
    "subgroups": "mechanisms", "harms": None, "limits": "meaning", "registration": "meaning", "ethics": None,
    "funding": None, "data": "provenance",
}  # fmt: skip
# for whom, and along which way
MECHANISMS = ("moderation", "mediation", "dose", "cace", "lagged")
APART = {*MECHANISMS, "correction", "arms", "sites", "role"}  # what has tables of its own

# rows that the study file leaves out, before anybody is counted
LEFT_OUT = ("intake.where", "intake.latest", "intake.rows_skipped")


@section(shared=True)
def summary(report: Report) -> Blocks:
    """In short: what this design allows one to say, and the answers to the primary questions."""
    words = report.words
    (grade,) = report.results.claims_where(kind="grade")
    answers = report.results.claims_where(kind="answer")
    primary = [c for c in answers if c.role == "primary"] or answers
    yield Paragraph(words.claim(grade), "lead")
    yield Bullets(tuple(words.claim(c) for c in primary)) if primary else Paragraph(words.say("report.no_questions"))
    yield Paragraph(words.say("report.summary.reading"), "note")


@section(shared=True)
def design(report: Report) -> Blocks:
    """Question and design: who was compared with whom, on what, when; and the programme after TIDieR."""
    study, words = report.study, report.words
    if report.primary:
        outcomes = words.listed([words.outcome(key) for key in report.primary])
        yield Paragraph(words.say(f"report.design.question_{study.design.kind}", outcomes=outcomes), "lead")
    unit = study.unit if study.design.assigned_by == "pupil" else study.design.assigned_by
    units = words.say(f"report.unit.{unit}.many")
    kind = words.say(f"report.design.kind_{study.design.kind}", units=units)
    yield Paragraph(" ".join([kind, *fitted.drawn_within(report)]))
    if study.arms:
        arms = words.listed([_arm_and_role(report, arm) for arm in report.evidence.arms])
        yield Paragraph(words.say("report.design.arms", arms=arms))
    waves = words.listed([words.wave(w) for w in report.evidence.waves])
    yield Paragraph(words.say("report.design.waves", waves=waves))
    yield Heading(words.say("report.design.programme"), 3)
    yield tables.programme(report)
    if study.source:
        yield Paragraph(words.say("report.design.source", source=words.text(study.source)))


@section(reads=())
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


@section(shared=True)
def flow(report: Report) -> Blocks:
    """The pupil flow: every pupil who was assigned is accounted for."""
    words = report.words
    grouped = report.evidence.unit != "pupil" or "class" in report.study.columns.named()
    yield Paragraph(words.say(f"report.flow.lead{'' if grouped else '_alone'}"))
    # rows that never became pupils; a copy to share has no notes of files
    left = [note.sentence(report.language) for note in report.intake.notes if note.key in LEFT_OUT]
    if left:
        yield Paragraph(words.say("report.flow.left_out"))
        yield Bullets(tuple(left))
    yield pictures.flow(report)
    yield tables.flow(report)
    yield pictures.missing(report)
    yield Paragraph(words.say("report.analysed.lead"))
    yield tables.analysed(report)
    yield from describing.lost(report)


@section(shared=True)
def measures(report: Report) -> Blocks:
    """Instruments: key, certainty, source, licence and missing rule of each; then how reliable the scores were."""
    words = report.words
    for warned in report.scores.warnings:
        yield Paragraph(_warning(report, warned.key, warned.values), "warning")
    for outcome in report.study.outcomes:
        yield from _instrument(report, outcome.id)
    yield Heading(words.say("report.reliability.heading"), 3)
    yield tables.reliability(report) or Paragraph(words.say("report.reliability.none"))


@section(shared=True)
def before_after(report: Report) -> Blocks:
    """Means and spread before and after, for every scale; the primary ones also as a figure."""
    yield Paragraph(report.words.say("report.before_after.lead"))
    yield pictures.before_after(report)
    yield pictures.change(report)
    yield from (tables.before_after(report, key) for key in report.keys)
    yield from describing.alike(report)
    yield from covariates.beforehand(report)


@section(shared=True)
def estimates(report: Report) -> Blocks:
    """The main analysis of every question, in one figure and one table; then what may be said of each outcome."""
    words = report.words
    yield Paragraph(words.say(f"report.estimates.lead_{_kind(report)}"))
    yield pictures.forest(report)
    yield tables.main(report, report.evidence.tests)
    yield covariates.adjusted_for(report)
    yield tables.sizes(report, report.evidence.tests)
    yield tables.evidence(report)
    if "transfer" in shown_roles(report.study).values():
        yield Paragraph(words.say("report.estimates.spill_over"), "note")
    for key in report.keys:
        role = words.say(f"report.outcome_role.{report.evidence.role(key)}")
        yield Heading(words.say("report.estimates.heading", outcome=words.outcome(key), role=role), 3)
        answers = report.results.claims_where(kind="answer", outcome=key)
        for c in answers:
            yield Paragraph(words.claim(c), "refusal" if c.grade == "description" else "plain")
        if not answers:
            yield Paragraph(words.say("report.estimates.none"))
    yield from arms.all_arms(report)
    yield from arms.sites(report)
    yield from arms.roles(report)


@section(shared=True)
def robustness(report: Report) -> Blocks:
    """Whether another way to compute gives another answer: all other estimates, a table for each question."""
    words, number = report.words, count(1)
    beside = {key: list(_beside_main(report, key)) for key in report.keys}
    nothing = "none" if any(t.estimate is not None for t in report.evidence.tests) else "nothing"
    yield Paragraph(words.say(f"report.robustness.{'lead' if any(beside.values()) else nothing}"))
    for key, asked in beside.items():
        if asked:
            yield Heading(words.outcome(key), 3)
        yield from (tables.estimates(report, found, next(number)) for found in asked)
    yield from _over_waves(report)


def _over_waves(report: Report) -> Blocks:
    """Say which scales have too few waves for a course, and why classes have no repeated-measures ANOVA."""
    later = {key: {e.wave_to for e in report.results.where(outcome=key) if e.wave_from} for key in report.keys}
    two = [report.words.outcome(key) for key, waves in later.items() if len(waves) == 1]
    if two:
        yield Paragraph(report.words.say("report.robustness.two_waves", outcomes=report.words.listed(two)), "note")
    if report.evidence.one_arm_grouped:
        yield Paragraph(report.words.say("report.robustness.one_arm"), "note")
    elif report.evidence.unit != "pupil" and any(len(waves) > 1 for waves in later.values()):
        units = report.words.say(f"report.unit.{report.evidence.unit}.many")
        instead = any(e.estimate is not None for e in report.results.where(method="waves_model"))
        why = f"report.robustness.no_repeated{'_but_model' * instead}"
        yield Paragraph(report.words.say(why, units=units), "note")


@section(shared=True)
def mechanisms(report: Report) -> Blocks:
    """For whom and along which way: never mixed with what was found for everyone."""
    kinds = [kind for kind in MECHANISMS if report.results.where(kind=kind)]
    lead = "lead_lagged" if kinds == ["lagged"] else "lead" if kinds else "none"
    yield Paragraph(report.words.say(f"report.mechanisms.{lead}"))
    yield pictures.slopes(report)
    yield from (tables.mechanisms(report, kind) for kind in kinds)


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


@section(shared=True)
def meaning(report: Report) -> Blocks:
    """What this design allows one to say and what not: the grade, its reasons, and the quality panel."""
    words = report.words
    (grade,) = report.results.claims_where(kind="grade")
    reasons = tuple(words.claim(c) for c in report.results.claims_where(kind="reason"))
    yield Paragraph(words.claim(grade), "lead")
    if reasons:
        yield Bullets(reasons)
    yield tables.quality(report)
    yield Paragraph(words.say("report.quality.adjectives"), "note")


@section(reads=())
def provenance(report: Report) -> Blocks:
    """Where the numbers come from, so that anyone can make them again."""
    words, study = report.words, report.study
    said = [words.say("report.design.source", source=words.text(study.source))] if study.source else []
    said += [
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
    yield Heading(words.say("report.jars.heading"), 3)
    yield _standards(report)
    yield Heading(words.say("report.glossary.heading"), 3)
    yield Bullets(tuple(words.say(f"glossary.{term}") for term in _terms(report)))


def _standards(report: Report) -> Table | None:
    """Return what APA asks of a report, and where it stands; what no study file holds was not reported."""
    say = report.words.say
    rows = [
        {"item": say(f"report.jars.{item}"), "part": say(f"report.heading.{part}" if part else "report.not_reported")}
        for item, part in JARS.items()
    ]
    return table(report, "jars", "", tables.texts("item", "part"), rows, notes=[say("report.jars.note")])


def _kind(report: Report) -> str:
    if report.evidence.arms == [""]:
        return "change" if report.evidence.unit == "pupil" else "change_units"
    if report.evidence.one_arm_grouped:
        return "compared_one_arm"
    return "compared" if report.evidence.unit == "pupil" else "compared_units"


def _arm_and_role(report: Report, arm: str) -> str:
    name, role = report.words.arm(arm), report.words.role(arm)
    return name if role in name else report.words.say("report.design.arm", arm=name, role=role)


def _warning(report: Report, key: str, values: dict[str, Any]) -> str:
    names = {"outcome": report.words.outcome, "wave": report.words.wave}
    written = {k: names[k](v) if k in names else v for k, v in values.items()}
    return report.words.say(f"report.warnings.{key}", **written)


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
    rule = "default" if part.missing.source == "werkbank default" else "rule"
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
