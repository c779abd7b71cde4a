"""The researcher's account: first the answers, then who took part, how was measured, and what was found.

Everything a reader looks up instead of reads stands in `werkbank.reporting.appendices`. Nothing is computed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkbank.appraisal.other_ways import other_ways
from werkbank.effects.roles import shown_roles
from werkbank.reporting import appendices, arms, fitted, pictures, registration, said_once, tables
from werkbank.reporting.appendices import provenance, readings
from werkbank.reporting.blocks import Bullets, Heading, Paragraph
from werkbank.reporting.informants import apart
from werkbank.reporting.numbers import Column
from werkbank.reporting.sections import maker
from werkbank.reporting.table import table
from werkbank.study import programmes

if TYPE_CHECKING:
    from werkbank.reporting.blocks import Table
    from werkbank.reporting.numbers import Kind
    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.results import Claim, Estimate

__all__ = ["provenance", "readings"]  # which every report has, and copies of older notebooks find here

section = maker("report", "effects")

MOST_ROWS = 12  # questions that the first table answers; of more it has the primary ones
MOST_ARMS = 3  # groups that fit beside one another in a table
SUMMARY: dict[str, Kind] = {"n": "count", "mean": "mean", "sd": "mean"}

LOST = frozenset(f"claims.quality.attrition.{how}" for how in ("low", "high", "low_but_units", "single"))

# rows that the study file leaves out, before anybody is counted
LEFT_OUT = ("intake.where", "intake.latest", "intake.rows_skipped")


@section(shared=True)
def summary(report: Report) -> Blocks:
    """The answers: what this design allows one to say, the primary questions, and every estimate in one picture."""
    words = report.words
    (grade,) = report.results.claims_where(kind="grade")
    answers, primary = _answers(report)
    yield Paragraph(words.claim(grade), "lead")
    yield from said_once.shown(report, said_once.told(report, answers), primary)
    if not primary:
        yield Paragraph(words.say("report.no_questions"))
    if sure := _how_sure(report):
        yield Bullets(sure)
    yield tables.answers(report, _first(report), "main" if _first(report) == report.evidence.tests else "answers")
    yield pictures.forest(report)
    yield Paragraph(words.say("report.summary.reading"), "note")


def _how_sure(report: Report) -> tuple[str, ...]:
    """Say of the primary questions how many were lost, and whether other ways to compute agree."""
    words = report.words
    lost = [
        words.say(
            f"report.summary.lost_{'compared' if 'points_differential' in claim.values else 'single'}",
            question=words.test(*(str(claim.values[name]) for name in ("outcome", "wave", "contrast"))),
            share=words.share(share), points=words.written(claim).get("points_differential"),
        )
        for claim in report.results.claims_where(kind="quality")
        if claim.sentence in LOST and isinstance(share := claim.values.get("share_overall"), float)
    ]  # fmt: skip
    ways = [(test, other_ways(report.evidence, test)) for test in report.evidence.primary if test.p is not None]
    same = [
        words.say(
            f"report.summary.same_{'but' if found.apart else 'of'}", same=len(found.others) - len(found.apart),
            n=len(found.others), question=words.test(test.outcome, test.wave_to, test.contrast),
            apart=words.listed([words.method(e.method) for e in found.apart]),
        )
        for test, found in ways
        if found.others
    ]  # fmt: skip
    told = [("lost", lost), ("same", same)]
    said = [words.say(f"report.summary.{key}", questions="; ".join(each)) for key, each in told if each]
    if (found := apart(report)) is not None:
        who, others = (words.say(f"report.informants.{name}") for name in (found.saw, found.did_not))
        said.append(words.say("report.summary.informants", wave=words.wave(found.wave), who=who, others=others))
    unplanned = report.results.claims_where(topic="preregistration", verdict="unplanned")
    return (*said, *[words.say("report.summary.no_plan")] * bool(unplanned and report.evidence.primary))


def _answers(report: Report) -> tuple[tuple[Claim, ...], tuple[Claim, ...]]:
    """Return the answers to all questions, and those that a report opens with."""
    answers = tuple(report.results.claims_where(kind="answer"))
    return answers, tuple(c for c in answers if c.role == "primary") or answers


def _first(report: Report) -> list[Estimate]:
    """Return the questions in the first table: all, or the primary ones where all would not fit."""
    e = report.evidence
    return e.tests if len(e.tests) <= MOST_ROWS else e.primary[: 2 * MOST_ROWS]


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
    yield Paragraph(" ".join([kind, *fitted.drawn_within(report), *fitted.waited(report)]))
    if study.arms:
        arms = words.listed([_arm_and_role(report, arm) for arm in report.evidence.arms])
        yield Paragraph(words.say("report.design.arms", arms=arms))
    waves = words.listed([words.wave(w) for w in report.evidence.waves])
    yield Paragraph(words.say("report.design.waves", waves=waves))
    yield from registration.became(report)
    yield from _programme(report)
    if study.source:
        yield Paragraph(words.say("report.design.source", source=words.text(study.source)))


def _programme(report: Report) -> Blocks:
    """Describe the programme by what is known; what is not is one line."""
    words, full = report.words, tables.programme(report)
    if full is None:
        return
    missing = words.say("report.not_reported")
    rows = [row for row in full.rows if row["said"] != missing]
    absent = [str(row["item"]) for row in full.rows if row["said"] == missing]
    notes = [words.say("report.design.not_reported", items=words.listed(absent))] if absent else []
    yield Heading(words.say("report.design.programme"), 3)
    if rows:
        kinds = tables.texts("item", "said")
        yield table(report, "programme", "", kinds, rows, labels="report.tidier_columns", notes=notes)
    else:
        yield Paragraph(notes[0])
    if more := programmes.told(report.study, report.language):
        yield Bullets(tuple(more))


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
    yield Paragraph(words.say("report.flow.details"))


@section(shared=True)
def measures(report: Report) -> Blocks:
    """Instruments: key, certainty, source, licence and missing rule of each; then how reliable the scores were."""
    words = report.words
    for warned in report.scores.warnings:
        yield Paragraph(_warning(report, warned.key, warned.values), "warning")
    yield _measured(report)
    yield Paragraph(words.say("report.measures.details"))


def _measured(report: Report) -> Table | None:
    """A row for each scale: who filled it in, how many items, what scores there are, and alpha at each measurement."""
    words, number = report.words, report.results.number
    facts = [f for f in report.results.facts_where(what="alpha") if f.value is not None]
    rows: list[dict[str, Any]] = []
    for key in report.keys:
        instrument, scale = report.scale(key)
        declared = report.declared(key)
        row: dict[str, Any] = {"scale": words.outcome(key), "what": tables.direction(report, key)}
        row["by"] = words.say(f"report.measures.by_{declared.informant}")
        parts = instrument.parts(scale)  # a composite has the items of its scales
        row["items"] = None if declared.column is not None else sum(len(instrument.scales[p].items) for p in parts)
        rows.append(row | {f.wave: number(what="alpha", outcome=key, wave=f.wave) for f in facts if f.outcome == key})
    kinds = tables.texts("scale", "by", "what") | {"items": "count"}
    kinds["scale"] = Column("scale", words.say("report.measures.scale_column"), "text")
    for wave in dict.fromkeys(f.wave for f in facts):
        kinds[wave] = Column(wave, words.say("report.measures.alpha", wave=words.wave(wave)), "reliability")
    n = [f.n for f in facts if f.n]
    notes = [words.say("report.measures.alpha_note", low=str(min(n)), high=str(max(n)))] if n else []
    return table(report, "measures", "", kinds, rows, notes=notes, drop_empty=True)


@section(shared=True)
def before_after(report: Report) -> Blocks:
    """Means and spread of every scale before and after, without any adjustment; the primary ones also as a figure."""
    yield Paragraph(report.words.say("report.before_after.lead"))
    yield pictures.before_after(report)
    yield pictures.change(report)
    if len(report.evidence.arms) <= MOST_ARMS:
        yield _beside(report)
    else:
        yield from (tables.before_after(report, key) for key in report.keys)


def _beside(report: Report) -> Table | None:
    """A row for each scale and measurement, the groups beside one another."""
    e, words = report.evidence, report.words
    rows: list[dict[str, Any]] = []
    for key in report.keys:
        for wave in e.waves:
            row: dict[str, Any] = {"scale": words.outcome(key), "wave": words.wave(wave)}
            for arm in e.arms:
                row |= {f"{what} {arm}": v for what, v in tables.described(report, key, arm, wave).items()}
            if any(row[f"mean {arm}"] is not None for arm in e.arms):
                rows.append(row)
    kinds = tables.texts("scale", "wave")
    for arm in e.arms:
        for what, kind in SUMMARY.items():
            label = words.say(f"report.before_after.{what}_of", arm=words.arm(arm) if arm else "").strip()
            kinds[f"{what} {arm}"] = Column(f"{what} {arm}", label, kind)
    notes = [words.say("report.before_after.note")]
    other = [words.outcome(key) for key in report.keys if key not in report.same_measure]
    notes += [words.say("report.before_after.other_measures", outcomes=words.listed(other))] if other else []
    title = words.say("report.before_after.all_title")
    return table(report, "scores", title, kinds, rows, labels="report.before_after", notes=notes, drop_empty=True)


@section(shared=True)
def estimates(report: Report) -> Blocks:
    """What was found of each question that the answers did not tell yet; then more groups, schools and roles."""
    words = report.words
    yield Paragraph(words.say(f"report.estimates.lead_{_kind(report)}"))
    if _first(report) != report.evidence.tests:
        yield tables.answers(report, report.evidence.tests, "main")
    yield tables.evidence(report)
    if "transfer" in shown_roles(report.study).values():
        yield Paragraph(words.say("report.estimates.spill_over"), "note")
    answers, primary = _answers(report)
    rest = [c for c in answers if c not in primary]
    if rest:
        yield Heading(words.say("report.estimates.rest"), 3)
        yield from said_once.shown(report, said_once.told(report, answers), rest, primary)
    if none := [words.outcome(key) for key in report.keys if key not in {c.outcome for c in answers}]:
        yield Paragraph(words.say("report.estimates.none", outcomes=words.listed(none)))
    yield from arms.all_arms(report)
    yield from arms.sites(report)
    yield from arms.roles(report)


@section(shared=True)
def robustness(report: Report) -> Blocks:
    """Whether another way to compute gives another answer: a row for each question."""
    words = report.words
    asked = any(appendices.beside_main(report, key) for key in report.keys)
    nothing = "none" if any(t.estimate is not None for t in report.evidence.tests) else "nothing"
    yield Paragraph(words.say(f"report.robustness.{'lead' if asked else nothing}"))
    yield tables.other_answers(report, report.evidence.tests)
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
    """For whom: whether differences depend on a characteristic; never mixed with what was found for everyone."""
    words = report.words
    kinds = [kind for kind in appendices.MECHANISMS if report.results.where(kind=kind)]
    lead = "lead_lagged" if kinds == ["lagged"] else "lead" if kinds else "none"
    yield Paragraph(words.say(f"report.mechanisms.{lead}"))
    yield pictures.slopes(report)
    yield tables.interactions(report)
    if kinds:
        yield Paragraph(words.say("report.mechanisms.details"))


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
