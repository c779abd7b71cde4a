"""The researcher's full account, a function for each section. Nothing is computed here: see `Report`."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkbank.appraisal.evidence import SIZES
from werkbank.reporting import describing, pictures, tables
from werkbank.reporting.blocks import Block, Bullets, Heading, Paragraph, Table
from werkbank.reporting.numbers import Column
from werkbank.reporting.sections import maker
from werkbank.study import text_in

if TYPE_CHECKING:
    from collections.abc import Iterable

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
# how the methods begin that ask for whom, or along which way
MECHANISMS = ("moderation", "mediation", "dose", "cace", "lagged")


@section(shared=True)
def summary(report: Report) -> Blocks:
    """In short: what this design allows one to say, and the answers to the primary questions."""
    words = report.words
    grade, *_ = report.claims("design/grade")
    primary = [c for c in report.claims("answer/") if c.values["role"] == "primary"] or report.claims("answer/")
    yield Paragraph(words.claim(grade), "lead")
    yield Bullets(tuple(words.claim(c) for c in primary)) if primary else Paragraph(words.say("report.no_questions"))
    yield Paragraph(words.say("report.summary.reading"), "note")


@section(shared=True)
def design(report: Report) -> Blocks:
    """Question and design: who was compared with whom, on what, when; and the programme after TIDieR."""
    study, words = report.study, report.words
    outcomes = words.listed([words.outcome(k) for k in report.keys if report.evidence.role(k) == "primary"])
    question = f"report.design.question_{study.design.kind}"
    blocks: list[Block] = []
    if outcomes:
        blocks.append(Paragraph(words.say(question, outcomes=outcomes), "lead"))
    unit = words.say(
        f"report.unit.{study.unit if study.design.assigned_by == 'pupil' else study.design.assigned_by}.many"
    )
    blocks.append(Paragraph(words.say(f"report.design.kind_{study.design.kind}", units=unit)))
    if study.arms:
        arms = words.listed([_arm_and_role(report, arm) for arm in study.arms])
        blocks.append(Paragraph(words.say("report.design.arms", arms=arms)))
    waves = words.listed([words.wave(w) for w in report.evidence.waves])
    blocks.append(Paragraph(words.say("report.design.waves", waves=waves)))
    blocks += [Heading(words.say("report.design.programme"), 3), tables.programme(report)]
    if study.source:
        blocks.append(Paragraph(words.say("report.design.source", source=text_in(study.source, report.language))))
    yield from blocks


@section(reads=())
def readings(report: Report) -> Blocks:
    """What was read: every file, and everything that was decided or converted on the way."""
    words = report.words
    # how a csv file was read stands in the table
    told = [note for note in report.intake.notes if not note.key.startswith("intake.file_csv")]
    notes = tuple(note.sentence(report.language, names_pupils=False) for note in told)
    decided = Bullets(notes) if notes else Paragraph(words.say("report.readings.no_notes"))
    yield Paragraph(words.say("report.readings.lead"))
    yield tables.files(report)
    yield Heading(words.say("report.readings.decided"), 3)
    yield decided


@section(shared=True)
def flow(report: Report) -> Blocks:
    """The pupil flow: every pupil who was assigned is accounted for."""
    words = report.words
    yield Paragraph(words.say("report.flow.lead"))
    yield from _present(pictures.flow(report), tables.flow(report), pictures.missing(report))
    yield Paragraph(words.say("report.analysed.lead"))
    yield from _present(tables.analysed(report))
    yield from describing.lost(report)


@section(shared=True)
def measures(report: Report) -> Blocks:
    """Instruments: key, certainty, source, licence and missing rule of each; then how reliable the scores were."""
    words = report.words
    blocks: list[Block] = [
        Paragraph(_warning(report, warned.key, warned.values), "warning") for warned in report.scores.warnings
    ]
    for outcome in report.study.outcomes:
        blocks += _instrument(report, outcome.id)
    table = tables.reliability(report)
    blocks.append(Heading(words.say("report.reliability.heading"), 3))
    blocks.append(table if table is not None else Paragraph(words.say("report.reliability.none")))
    yield from blocks


@section(shared=True)
def before_after(report: Report) -> Blocks:
    """Means and spread before and after, for every scale; the primary ones also as a figure."""
    words = report.words
    blocks = [*_present(pictures.before_after(report), pictures.change(report))]
    yield Paragraph(words.say("report.before_after.lead"))
    yield from blocks
    yield from (tables.before_after(report, key) for key in report.keys)
    yield from describing.alike(report)


@section(shared=True)
def estimates(report: Report) -> Blocks:
    """The main analysis of every question, in one figure and one table; then what may be said of each outcome."""
    words = report.words
    blocks: list[Block] = [
        Paragraph(words.say(f"report.estimates.lead_{_kind(report)}")),
        *_present(pictures.forest(report), *_answered(report), tables.evidence(report)),
    ]
    if "transfer" in report.study.arms.values():
        blocks.append(Paragraph(words.say("report.estimates.spill_over"), "note"))
    for key in report.keys:
        role = words.say(f"report.outcome_role.{report.evidence.role(key)}")
        blocks.append(Heading(words.say("report.estimates.heading", outcome=words.outcome(key), role=role), 3))
        answers = [c for c in report.claims("answer/") if c.values["outcome"] == key]
        blocks += [Paragraph(words.claim(c), "refusal" if c.grade == "description" else "plain") for c in answers]
        if not answers:
            blocks.append(Paragraph(words.say("report.estimates.none")))
    yield from blocks


@section(shared=True)
def robustness(report: Report) -> Blocks:
    """Whether another way to compute gives another answer: all other estimates, a table for each question."""
    words = report.words
    blocks: list[Block] = [Paragraph(words.say("report.robustness.lead"))]
    for key in report.keys:
        asked = [part for found in report.questions(key) for part in _beside_main(report, found)]
        # a table needs a number: what could not be computed for any reason is said in the outcome's own paragraph
        asked = [found for found in asked if any(e.estimate is not None for e in found)]
        if asked:
            blocks.append(Heading(words.outcome(key), 3))
        for found in asked:
            number = sum(isinstance(block, Table) for block in blocks) + 1
            blocks.append(tables.estimates(report, found, number))
    if len(blocks) == 1:
        blocks = [Paragraph(words.say("report.robustness.none"))]
    yield from blocks
    yield from _over_waves(report)


def _over_waves(report: Report) -> Iterable[Block]:
    """Say which scales have too few waves for a course, and why classes have no repeated-measures ANOVA."""
    later = {key: {e.wave_to for e in report.results.where(outcome=key) if e.wave_from} for key in report.keys}
    two = [report.words.outcome(key) for key, waves in later.items() if len(waves) == 1]
    if two:
        yield Paragraph(report.words.say("report.robustness.two_waves", outcomes=report.words.listed(two)), "note")
    if report.evidence.one_arm_grouped:
        yield Paragraph(report.words.say("report.robustness.one_arm"), "note")
    elif report.evidence.unit != "pupil" and any(len(waves) > 1 for waves in later.values()):
        units = report.words.say(f"report.unit.{report.evidence.unit}.many")
        yield Paragraph(report.words.say("report.robustness.no_repeated", units=units), "note")


@section(shared=True)
def mechanisms(report: Report) -> Blocks:
    """For whom and along which way: never mixed with what was found for everyone."""
    words = report.words
    asked = {kind: [e for e in report.results.estimates if e.method.startswith(kind)] for kind in MECHANISMS}
    shown = [tables.mechanisms(report, found, kind) for kind, found in asked.items() if found]
    lead = Paragraph(words.say(f"report.mechanisms.{'lead' if shown else 'none'}"))
    yield lead
    yield from _present(pictures.slopes(report))
    yield from shown


def _answered(report: Report) -> tuple[Block | None, ...]:
    return tables.main(report, report.evidence.tests), tables.sizes(report, report.evidence.tests)


def _beside_main(report: Report, found: list[Estimate]) -> list[list[Estimate]]:
    test = next((e for e in found if e.family), None)
    size = report.evidence.beside(test, *SIZES) if test is not None else None
    rest = [e for e in found if e is not test and e is not size and not e.method.startswith(MECHANISMS)]
    repeated = [e for e in rest if e.method.startswith(tables.REPEATED)]
    return [[e for e in rest if e not in repeated], *([repeated] if repeated else [])]


@section(shared=True)
def meaning(report: Report) -> Blocks:
    """What this design allows one to say and what not: the grade, its reasons, and the quality panel."""
    words = report.words
    grade, *_ = report.claims("design/grade")
    reasons = tuple(words.claim(c) for c in report.claims("design/reason/"))
    blocks: list[Block] = [Paragraph(words.claim(grade), "lead")]
    if reasons:
        blocks.append(Bullets(reasons))
    yield from blocks
    yield tables.quality(report)
    yield Paragraph(words.say("report.quality.adjectives"), "note")


@section(reads=())
def provenance(report: Report) -> Blocks:
    """Where the numbers come from, so that anyone can make them again."""
    words, study = report.words, report.study
    said = [
        words.say("report.provenance.study", file=Path(study.file).name),
        words.say("report.provenance.version", version=version("werkbank")),
        words.say("report.provenance.seed", seed=report.bench.seed),
        words.say("report.provenance.results"),
    ]
    if study.source:
        said.insert(0, words.say("report.design.source", source=text_in(study.source, report.language)))
    yield Bullets(tuple(said))
    yield from _formulas(report)
    yield Heading(words.say("report.jars.heading"), 3)
    yield _standards(report)
    yield Heading(words.say("report.glossary.heading"), 3)
    yield Bullets(tuple(words.say(f"glossary.{term}") for term in _terms(report)))


def _standards(report: Report) -> Table:
    """Return what APA asks of a report, and where it stands; what no study file holds was not reported."""
    say = report.words.say
    rows = tuple(
        {"item": say(f"report.jars.{item}"), "part": say(f"report.heading.{part}" if part else "report.not_reported")}
        for item, part in JARS.items()
    )
    columns = (Column("item", say("report.jars.item")), Column("part", say("report.jars.part")))
    return Table("tab-jars", say("report.jars.title"), columns, rows, (say("report.jars.note"),))


def _present(*blocks: Block | None) -> Iterable[Block]:
    return (block for block in blocks if block is not None)


def _kind(report: Report) -> str:
    if report.evidence.arms == [""]:
        return "change" if report.evidence.unit == "pupil" else "change_units"
    if report.evidence.one_arm_grouped:
        return "compared_one_arm"
    return "compared" if report.evidence.unit == "pupil" else "compared_units"


def _arm_and_role(report: Report, arm: str) -> str:
    name, role = report.words.arm(arm), report.words.say(f"report.role.{report.study.arms[arm]}")
    return name if role in name else report.words.say("report.design.arm", arm=name, role=role)


def _warning(report: Report, key: str, values: dict[str, Any]) -> str:
    names = {"outcome": report.words.outcome, "wave": report.words.wave}
    written = {k: names[k](v) if k in names else v for k, v in values.items()}
    return report.words.say(f"report.warnings.{key}", **written)


def _instrument(report: Report, name: str) -> list[Block]:
    outcome, key, words = report.study.outcome(name), report.scores.instruments[name], report.words
    title = key.title if outcome.instrument else text_in(outcome.label, report.language, name)
    if key.version:
        title = words.say("report.measures.version", title=title, version=key.version)
    scales = [s for s in outcome.scales or key.scored if s in key.scales]
    said = [words.say(f"report.measures.informant_{outcome.informant}")]
    if outcome.column is not None:
        said.append(words.say("report.measures.ready_score"))
    else:
        said += [_scale(report, name, scale) for scale in scales]
        said.append(words.say(f"instruments.certainty.{key.certainty}"))
    said += [words.say("report.measures.source", source=key.source)] if key.source else []
    texts = [text_in(key.licence, report.language), text_in(key.notes, report.language)]
    return [Heading(title, 3), Bullets((*said, *(text for text in texts if text)))]


def _scale(report: Report, name: str, scale: str) -> str:
    part, words = report.scores.instruments[name].scales[scale], report.words
    k, label = len(part.items), words.outcome(name if scale == name else f"{name}.{scale}")
    rule = "default" if part.missing.source == "werkbank default" else "rule"
    missing = words.say(f"instruments.missing.{rule}", needed=part.missing.needed(k), k=k, source=part.missing.source)
    turned = words.say("report.measures.reversed", items=", ".join(part.reversed)) if part.reversed else ""
    sentences = [words.say("report.measures.scale", scale=label, n=k), words.say(f"instruments.score.{part.score}")]
    return " ".join(s for s in (*sentences, turned, missing) if s)


def _formulas(report: Report) -> Iterable[Block]:
    methods = dict.fromkeys(e.method for e in report.results.estimates)
    if not methods:
        return []
    words = report.words
    said = tuple(
        words.say(
            "report.estimates.formula_said", name=words.method(m), estimand=words.say(f"effects.methods.{m}.estimand")
        )
        for m in methods
    )
    return [Heading(words.say("report.estimates.formulas"), 3), Bullets(said)]


def _terms(report: Report) -> list[str]:
    used = ["n", "mean", "sd", "ci", "p", "holm", "standardised", "alpha", "omega"]
    return used if report.results.facts_where(what="alpha") else [t for t in used if t not in {"alpha", "omega"}]
