"""A chapter in APA style: sentences and tables to take over, and with every step one sentence of why."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkbank.appraisal.evidence import SIZES
from werkbank.catalogue import shipped
from werkbank.reporting import numbers, pictures, tables
from werkbank.reporting.blocks import Block, Bullets, Heading, Paragraph, Table
from werkbank.reporting.numbers import Column
from werkbank.reporting.plainly import capital, ends
from werkbank.reporting.sections import maker
from werkbank.statistics.certainty import EQUIVALENCE_BOUND
from werkbank.study import text_in

if TYPE_CHECKING:
    from werkbank.reporting.numbers import Kind
    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.results import Claim, Estimate

HERE = "thesis"


def _why(report: Report, name: str) -> Paragraph:
    return Paragraph(report.words.say(f"{HERE}.why.{name}"), "note")


section = maker(HERE, "effects", opening=_why)

# why a method: the first start that fits
WHY = (
    ("mixed", "mixed"), ("ancova_unit_means", "unit_means"), ("change_unit_means", "unit_means"),
    ("post_difference_unit_means", "unit_means"), ("ancova", "ancova"), ("mean_change", "change"),
    ("post_difference", "post"), ("cr2", "one_arm"),
)  # fmt: skip


@section(shared=True)
def participants(report: Report) -> Blocks:
    """Who took part in each arm, what became of them, and who was analysed."""
    e, words = report.evidence, report.words
    said = []
    for arm in e.arms:
        pupils, units = e.count("pupils_enrolled", arm=arm), e.count("units_enrolled", arm=arm)
        if pupils is None:  # in a shared copy
            said.append(words.say("privacy.arm", arm=words.arm(arm)))
            continue
        values = {"arm": words.arm(arm), "pupils": words.count("pupil", pupils)}
        kind = ("arm" if arm else "one") + "_units" * (units is not None)
        values |= {} if units is None else {"units": words.count(e.unit, units)}
        said.append(words.say(f"{HERE}.participants.{kind}", **values))
    lost = [words.claim(c) for c in report.claims("quality/attrition/")]
    used = tables.analysed(report)
    yield Paragraph(" ".join([*said, words.say(f"{HERE}.participants.account")]))
    yield from [Bullets(tuple(map(capital, lost)))] if lost else []
    yield tables.flow(report)
    yield from [used] if used is not None else []


@section(shared=True)
def instruments(report: Report) -> Blocks:
    """What each scale was measured with, and how reliable it was in this sample."""
    table = tables.reliability(report)
    said = [Paragraph(_instrument(report, key)) for key in report.keys]
    yield from said
    yield from [table] if table is not None else []


@section(shared=True)
def procedure(report: Report) -> Blocks:
    """What was done, when and by whom, and how groups were formed."""
    study, words = report.study, report.words
    said = []
    if name := study.programme_in(report.language):
        said.append(words.say(f"{HERE}.procedure.programme", programme=name))
    unit = study.unit if study.design.assigned_by == "pupil" else study.design.assigned_by
    said.append(words.say(f"report.design.kind_{study.design.kind}", units=words.say(f"report.unit.{unit}.many")))
    waves = words.listed([words.wave(w) for w in report.evidence.waves])
    said.append(words.say(f"{HERE}.procedure.waves", waves=waves))
    for topic in ("raters", "selection", "preregistration"):
        said += [words.claim(c) for c in report.claims(f"quality/{topic}/")]
    yield Paragraph(" ".join(said))
    yield tables.programme(report)


@section()
def analysis(report: Report) -> Blocks:
    """Which analysis, and why that one."""
    words, e = report.words, report.evidence
    tests = [t for t in e.tests if t.estimate is not None]
    unit = report.study.unit if e.unit == "pupil" else e.unit
    values = {f"unit_{form}": words.say(f"report.unit.{unit}.{form}") for form in ("one", "many")}
    values["persons_start"] = capital(words.say("report.unit." + report.study.unit + ".many"))
    said = []
    for method in dict.fromkeys(t.method for t in tests):
        asked = dict.fromkeys(words.outcome(t.outcome) for t in tests if t.method == method)
        estimand = words.say(f"effects.methods.{method}.estimand")
        named = {"outcomes": words.listed(list(asked)), "name": words.method(method), "estimand": estimand}
        said.append(words.say(f"{HERE}.analysis.method", **named))
        why = next((reason for start, reason in WHY if method.startswith(start)), None)
        said += [words.say(f"{HERE}.analysis.{why}", **values)] if why else []
    said += [words.claim(c) for c in report.claims("quality/unit/") if not tests]
    yield from (Paragraph(text) for text in said)
    yield _conventions(report, tests)


@section(shared=True)
def results(report: Report) -> Blocks:
    """Descriptive statistics, then the main analysis of every question: tables, and sentences to take over."""
    words = report.words
    tests = report.evidence.tests
    shown = (tables.main(report, tests), tables.sizes(report, tests), pictures.forest(report), tables.evidence(report))
    blocks: list[Block] = [Heading(words.say(f"{HERE}.results.described"), 3), _described(report)]
    blocks.append(Heading(words.say(f"{HERE}.results.inferred"), 3))
    blocks += [
        Paragraph(_answer(report, claim), "refusal" if claim.grade == "description" else "plain")
        for claim in report.claims("answer/")
    ]
    blocks += [block for block in shown if block is not None]
    yield from blocks


@section(shared=True)
def limitations(report: Report) -> Blocks:
    """What this design and these data cannot carry; and the whole quality panel."""
    words = report.words
    reasons = [words.claim(c) for c in report.claims("design/reason/")]
    pressing = [c for c in report.claims("quality/") if c.values["status"] in {"attention", "unknown"}]
    found = dict.fromkeys([*reasons, *(words.claim(c) for c in pressing)])
    grade, *_ = report.claims("design/grade")
    yield Paragraph(f"{words.claim(grade)} {words.say(f'{HERE}.limitations.lead')}")
    yield from [Bullets(tuple(map(capital, found)))] if found else []
    yield tables.quality(report)


@section()
def references(report: Report) -> Blocks:
    """Sources of instruments and methods, the software, and where the data are."""
    words, study = report.words, report.study
    keys = [report.scores.instruments[o.id] for o in study.outcomes if o.instrument]
    named = [f"{key.title}: {key.source}." for key in keys if key.source]
    where = "simulated" if study.simulated else "source" if study.source else "closed"
    blocks: list[Block] = []
    if named:
        blocks += [Heading(words.say(f"{HERE}.references.instruments"), 3), Bullets(tuple(dict.fromkeys(named)))]
    blocks += [Heading(words.say(f"{HERE}.references.methods"), 3), Bullets(tuple(_sources(report)))]
    cite = words.say(f"{HERE}.references.cite", version=version("werkbank"))
    blocks += [Heading(words.say(f"{HERE}.references.software"), 3), Bullets((cite,))]
    data = [words.say(f"{HERE}.references.{where}", source=text_in(study.source, report.language))]
    data += [words.say(f"{HERE}.references.again", file=Path(study.file).name)]
    data += [words.say("report.provenance.seed", seed=report.bench.seed)]
    blocks += [Heading(words.say(f"{HERE}.references.data"), 3), Paragraph(" ".join(data))]
    yield from blocks


def _instrument(report: Report, key: str) -> str:
    words, e = report.words, report.evidence
    name, _, scale = key.partition(".")
    outcome, instrument = report.study.outcome(name), report.scores.instruments[name]
    label = capital(words.outcome(key))
    if outcome.column is not None:
        said = [words.say(f"{HERE}.instruments.ready", scale=label)]
    else:
        parts = [scale or name] if (scale or name) in instrument.scales else instrument.composites[scale].weights
        how = "scale" if outcome.instrument else "own"
        source = f" ({instrument.source})" if outcome.instrument and instrument.source else ""
        n = sum(len(instrument.scales[part].items) for part in parts)
        said = [words.say(f"{HERE}.instruments.{how}", scale=label, title=instrument.title, source=source, n=n)]
        said.append(words.say(f"instruments.certainty.{instrument.certainty}"))
    said.append(words.say(f"report.measures.informant_{outcome.informant}"))
    said.append(ends(report, key, f"{HERE}.instruments"))
    alphas = [(w, e.number("alpha", key, wave=w)) for w in e.waves]
    found = [
        words.say(f"{HERE}.instruments.alpha_at", alpha=numbers.bounded(value, report.language), wave=words.wave(w))
        for w, value in alphas
        if value is not None
    ]
    if found:
        said.append(words.say(f"{HERE}.instruments.alpha", values=words.listed(found)))
    return " ".join(said)


def _conventions(report: Report, tests: list[Estimate]) -> Bullets:
    """Return what holds for every analysis: covariates, effect sizes, corrections, equivalence, software."""
    words, e = report.words, report.evidence
    found = {x.method for x in report.results.estimates}
    said = []
    if any(t.method.endswith("covariates") for t in tests):
        said.append(words.say(f"{HERE}.analysis.covariates", covariates=words.listed(list(report.study.covariates))))
    sizes = list(dict.fromkeys(s.method for s in (e.beside(t, *SIZES) for t in tests) if s is not None))
    if sizes:
        said.append(words.say(f"{HERE}.analysis.sizes", names=words.listed([words.method(m) for m in sizes])))
    corrected = [words.method(m) for m in tables.CORRECTED if m in found]
    if corrected:
        said.append(words.say(f"{HERE}.analysis.corrected", names=words.listed(corrected)))
    if "tost" in found:
        bound = numbers.decimal(EQUIVALENCE_BOUND, report.language)
        said.append(words.say(f"{HERE}.analysis.tost", bound=bound))
    said += [words.say(f"{HERE}.analysis.imputation")] if "multiple_imputation" in found else []
    said += [words.say(f"{HERE}.analysis.robust")] if tests else []
    said.append(words.say(f"{HERE}.analysis.software", version=version("werkbank"), seed=report.bench.seed))
    return Bullets(tuple(said))


def _described(report: Report) -> Table:
    e, words = report.evidence, report.words
    rows = []
    for key in report.keys:
        for wave in e.waves:
            row: dict[str, Any] = {"outcome": words.outcome(key), "wave": words.wave(wave)}
            for arm in e.arms:
                mean = e.fact("mean", key, arm, wave)
                row |= {f"n_{arm}": None if mean is None else mean.n}
                row |= {f"{what}_{arm}": e.number(what, key, arm, wave) for what in ("mean", "sd")}
            rows.append(row)
    columns = [Column(key, words.say(f"{HERE}.results.{key}")) for key in ("outcome", "wave")]
    kinds: dict[str, Kind] = {"n": "count", "mean": "mean", "sd": "mean"}
    for arm in e.arms:
        for what, kind in kinds.items():
            short = words.say(f"{HERE}.results.{what}")
            label = words.say(f"{HERE}.results.column", arm=words.arm(arm), what=short) if arm else short
            columns.append(Column(f"{what}_{arm}", label, kind))
    notes = (words.say(f"{HERE}.results.note"),)
    return Table("tab-described", words.say(f"{HERE}.results.described"), tuple(columns), tuple(rows), notes)


def _answer(report: Report, claim: Claim) -> str:
    """Return one answer with its statistics, as they stand in a results section."""
    words = report.words
    test = next(t for t in report.evidence.tests if claim.id == f"answer/{t.id}")
    values = words.written(claim)
    if claim.grade == "description" or claim.sentence.endswith("untested") or claim.values["size"] is None:
        return words.claim(claim)
    values |= {"outcome": capital(values["outcome"]), "treated_first": capital(values.get("treated", ""))}
    values |= {"df": numbers.degrees(test.df, report.language)}
    values["t"] = numbers.decimal(test.statistic, report.language)
    said = [words.say(f"{HERE}.stat.{'compared' if test.contrast else 'change'}", **values)]
    variant = claim.sentence.rpartition(".")[2]
    said.append(words.say(f"{HERE}.verdict.{claim.grade}.{variant}", **values))
    return " ".join([*said, *(words.say(key, **values) for key in claim.values["also"])])


@cache
def sources() -> tuple[dict[str, Any], ...]:
    """Return the sources of methods: `text` in APA style, `for` the methods and topics that rest on it."""
    return tuple(shipped(Path(__file__).with_name("references.yaml")))


def _sources(report: Report) -> list[str]:
    used = {e.method for e in report.results.estimates} | {f.what for f in report.results.facts}
    used |= {"reporting"} | ({"units"} if report.evidence.unit != "pupil" else set())
    used |= {"detectable"} if any("mdes" in c.values for c in report.claims("quality/detectable/")) else set()
    return [source["text"] for source in sources() if used & set(source["for"])]
