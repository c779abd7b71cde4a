"""A chapter in APA style: sentences and tables to take over, and with every step one sentence of why."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkbank.appraisal.evidence import REFUSED, SIZES
from werkbank.catalogue import shipped
from werkbank.effects.questions import equivalence_bound
from werkbank.reporting import arms, assumptions, covariates, fitted, numbers, pictures, tables
from werkbank.reporting.blocks import Bullets, Heading, Paragraph
from werkbank.reporting.numbers import Column
from werkbank.reporting.plainly import answered, capital, ends
from werkbank.reporting.sections import maker
from werkbank.reporting.table import table

if TYPE_CHECKING:
    from werkbank.reporting.blocks import Table
    from werkbank.reporting.numbers import Kind
    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.results import Claim, Estimate

HERE = "thesis"


def _why(report: Report, name: str) -> Paragraph:
    return Paragraph(report.words.say(f"{HERE}.why.{name}"), "note")


section = maker(HERE, "effects", opening=_why)

# why a method
WHY = {
    "unit_means_within": "unit_means", "unit_means_between": "unit_means", "unit_means_post": "unit_means",
    "change_unit_means": "unit_change", "role_means": "unit_means",
    "block_differences": "blocks", "fixed_blocks": "blocks", "sites_fixed": "sites", "mean_change": "change",
    "cr2_groups": "one_arm",
}  # fmt: skip


@section(shared=True)
def participants(report: Report) -> Blocks:
    """Who took part in each arm, what became of them, and who was analysed."""
    e, words = report.evidence, report.words
    said = []
    for arm in e.arms:
        pupils, units = (report.results.count(what=f"{what}_enrolled", arm=arm) for what in ("pupils", "units"))
        if pupils is None:  # in a shared copy
            said.append(words.say("privacy.arm", arm=words.arm(arm)))
            continue
        values = {"arm": words.arm(arm), "pupils": words.count("pupil", pupils)}
        kind = ("arm" if arm else "one") + "_units" * (units is not None)
        values |= {} if units is None else {"units": words.count(e.unit, units)}
        said.append(words.say(f"{HERE}.participants.{kind}", **values))
    lost = tuple(capital(words.claim(c)) for c in report.results.claims_where(kind="quality", topic="attrition"))
    yield Paragraph(" ".join([*said, words.say(f"{HERE}.participants.account")]))
    yield Bullets(lost) if lost else None
    yield tables.flow(report)
    yield tables.analysed(report)


@section(shared=True)
def instruments(report: Report) -> Blocks:
    """What each scale was measured with, and how reliable it was in this sample."""
    yield from (Paragraph(_instrument(report, key)) for key in report.keys)
    yield tables.reliability(report)


@section(shared=True)
def procedure(report: Report) -> Blocks:
    """What was done, when and by whom, and how groups were formed."""
    study, words = report.study, report.words
    said = []
    if name := study.programme_in(report.language):
        said.append(words.say(f"{HERE}.procedure.programme", programme=name))
    unit = study.unit if study.design.assigned_by == "pupil" else study.design.assigned_by
    said.append(words.say(f"report.design.kind_{study.design.kind}", units=words.say(f"report.unit.{unit}.many")))
    said += fitted.drawn_within(report)
    waves = words.listed([words.wave(w) for w in report.evidence.waves])
    said.append(words.say(f"{HERE}.procedure.waves", waves=waves))
    for topic in ("raters", "selection", "preregistration"):
        said += [words.claim(c) for c in report.results.claims_where(kind="quality", topic=topic)]
    yield Paragraph(" ".join(said))
    yield tables.programme(report)


@section(reads=("effects", "diagnostics"))
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
        estimand = words.estimand(method)
        named = {"outcomes": words.listed(list(asked)), "name": words.method(method), "estimand": estimand}
        said.append(words.say(f"{HERE}.analysis.method", **named))
        same = [t for t in tests if t.method == method and t.contrast]
        said += fitted.notes(report, same)
        within = next((name for t in same if (name := fitted.fitted(report, t).within)), "")
        values["blocks"] = fitted.blocks(report, within) if within else ""
        said += [words.say(f"{HERE}.analysis.{why}", **values) for why in _reasons(report, method, same)]
    said += [words.claim(c) for c in report.results.claims_where(kind="quality", topic="unit") if not tests]
    yield from (Paragraph(text) for text in said)
    yield _conventions(report, tests)
    yield covariates.adjusted_for(report)
    if any(f.value is not None for f in report.results.facts_where(what="residual_normality_w")):  # not in a copy
        yield Heading(words.say("assumptions.heading.assumptions"), 3)
        yield from assumptions.looked_at(report)


@section(shared=True)
def results(report: Report) -> Blocks:
    """Descriptive statistics, then the main analysis of every question: tables, and sentences to take over."""
    say, tests = report.words.say, report.evidence.tests
    yield Heading(say(f"{HERE}.results.described"), 3)
    yield _described(report)
    yield Heading(say(f"{HERE}.results.inferred"), 3)
    for claim in report.results.claims_where(kind="answer"):
        yield Paragraph(_answer(report, claim), "refusal" if claim.grade == "description" else "plain")
    yield tables.main(report, tests)
    yield tables.sizes(report, tests)
    yield pictures.forest(report)
    yield tables.evidence(report)
    yield from covariates.beforehand(report)
    yield from arms.all_arms(report)
    yield from arms.sites(report)
    yield from arms.roles(report)


@section(shared=True)
def limitations(report: Report) -> Blocks:
    """What this design and these data cannot carry; and the whole quality panel."""
    words = report.words
    find = report.results.claims_where
    pressing = [c for c in find(kind="quality") if c.status in {"attention", "unknown"}]
    found = dict.fromkeys(capital(words.claim(c)) for c in (*find(kind="reason"), *pressing))
    (grade,) = find(kind="grade")
    yield Paragraph(f"{words.claim(grade)} {words.say(f'{HERE}.limitations.lead')}")
    yield Bullets(tuple(found)) if found else None
    yield tables.quality(report)


@section()
def references(report: Report) -> Blocks:
    """Sources of instruments and methods, the software, and where the data are."""
    words, study = report.words, report.study
    keys = [report.scores.instruments[o.id] for o in study.outcomes if o.instrument]
    named = [f"{key.title}: {key.source}." for key in keys if key.source]
    where = "simulated" if study.simulated else "source" if study.source else "closed"
    if named:
        yield Heading(words.say(f"{HERE}.references.instruments"), 3)
        yield Bullets(tuple(dict.fromkeys(named)))
    yield Heading(words.say(f"{HERE}.references.methods"), 3)
    yield Bullets(tuple(_sources(report)))
    yield Heading(words.say(f"{HERE}.references.software"), 3)
    yield Bullets((words.say(f"{HERE}.references.cite", version=version("werkbank")),))
    data = [words.say(f"{HERE}.references.{where}", source=words.text(study.source))]
    data += [words.say(f"{HERE}.references.again", file=Path(study.file).name)]
    data += [words.say("report.provenance.seed", seed=report.bench.seed)]
    yield Heading(words.say(f"{HERE}.references.data"), 3)
    yield Paragraph(" ".join(data))


def _instrument(report: Report, key: str) -> str:
    words, e = report.words, report.evidence
    outcome, (instrument, scale) = report.declared(key), report.scale(key)
    label = capital(words.outcome(key))
    if outcome.column is not None:
        said = [words.say(f"{HERE}.instruments.ready", scale=label)]
    else:
        parts = [scale] if scale in instrument.scales else instrument.composites[scale].weights
        how = "scale" if outcome.instrument else "own"
        source = f" ({instrument.source})" if outcome.instrument and instrument.source else ""
        n = sum(len(instrument.scales[part].items) for part in parts)
        said = [words.say(f"{HERE}.instruments.{how}", scale=label, title=instrument.title, source=source, n=n)]
        said.append(words.say(f"instruments.certainty.{instrument.certainty}"))
    said.append(words.say(f"report.measures.informant_{outcome.informant}"))
    said.append(ends(report, key, f"{HERE}.instruments"))
    alphas = [(w, report.results.number(what="alpha", outcome=key, wave=w)) for w in e.waves]
    found = [
        words.say(f"{HERE}.instruments.alpha_at", alpha=words.bounded(value), wave=words.wave(w))
        for w, value in alphas
        if value is not None
    ]
    if found:
        said.append(words.say(f"{HERE}.instruments.alpha", values=words.listed(found)))
    return " ".join(said)


def _reasons(report: Report, method: str, tests: list[Estimate]) -> list[str]:
    """Return the sentences that say why: by the method, and by what was in its model."""
    sets = [fitted.fitted(report, t) for t in tests]
    said = [WHY[method]] if method in WHY else []
    if any(found.within for found in sets) and not report.study.design.blocks:
        said = [f"{why}_undeclared" for why in said]
    if any(found.pre for found in sets):
        said.append("ancova")
    elif any(t.wave_from for t in tests):
        said.append("pre_unused")
    elif tests:
        said.append("post")
    return said


def _conventions(report: Report, tests: list[Estimate]) -> Bullets:
    """Return what holds for every analysis: covariates, effect sizes, corrections, equivalence, software."""
    words, e = report.words, report.evidence
    found = {x.method for x in report.results.estimates}
    said = []
    if report.results.facts_where(what="covariate", value="used"):
        said.append(words.say(f"{HERE}.analysis.covariates"))
    sizes = list(dict.fromkeys(s.method for s in (e.beside(t, *SIZES) for t in tests) if s is not None))
    if sizes:
        said.append(words.say(f"{HERE}.analysis.sizes", names=words.listed([words.method(m) for m in sizes])))
    corrected = [name for m, name in tables.CORRECTED.items() if fitted.corrected(report, m)]
    if corrected:
        said.append(words.say(f"{HERE}.analysis.corrected", names=words.listed(corrected)))
    if "tost" in found:
        said.append(words.say(f"{HERE}.analysis.tost", bound=words.decimal(equivalence_bound(report.study))))
    said += [words.say(f"{HERE}.analysis.imputation")] if "multiple_imputation" in found else []
    said += [words.say(f"{HERE}.analysis.robust")] if tests else []
    said.append(words.say(f"{HERE}.analysis.software", version=version("werkbank"), seed=report.bench.seed))
    return Bullets(tuple(said))


def _described(report: Report) -> Table | None:
    arms, words, labels = report.evidence.arms, report.words, f"{HERE}.results"
    rows = []
    for key in report.keys:
        for wave in report.evidence.waves:
            row: dict[str, Any] = {"outcome": words.outcome(key), "wave": words.wave(wave)}
            for arm in arms:
                row |= {f"{what}_{arm}": x for what, x in tables.described(report, key, arm, wave).items()}
            rows.append(row)
    kinds = tables.texts("outcome", "wave")
    written: dict[str, Kind] = {"n": "count", "mean": "mean", "sd": "mean"}
    for arm in arms:
        for what, kind in written.items():
            short = words.say(f"{labels}.{what}")
            label = words.say(f"{labels}.column", arm=words.arm(arm), what=short) if arm else short
            kinds[f"{what}_{arm}"] = Column(f"{what}_{arm}", label, kind)
    title, note = (words.say(f"{labels}.{part}") for part in ("described", "note"))
    return table(report, "described", title, kinds, rows, labels=labels, notes=[note])


def _answer(report: Report, claim: Claim) -> str:
    """Return one answer with its statistics, as they stand in a results section."""
    words = report.words
    test, values = answered(report, claim), words.written(claim)
    if claim.grade == "description" or claim.verdict == "untested" or claim.values["size"] is None:
        return words.claim(claim)
    values |= {"outcome": capital(values["outcome"]), "treated_first": capital(values.get("treated", ""))}
    values |= {"df": numbers.degrees(test.df, report.language), "t": words.decimal(test.statistic)}
    said = [words.say(f"{HERE}.stat.{'compared' if test.contrast else 'change'}", **values)]
    verdict = claim.sentence.rpartition(".")[2]
    said.append(words.say(f"{HERE}.verdict.{claim.grade}.{verdict}", **values))
    return " ".join([*said, *(words.say(key, **values) for key in claim.values["also"])])


@cache
def sources() -> tuple[dict[str, Any], ...]:
    """Return the sources of methods: `text` in APA style, `for` the methods and topics that rest on it."""
    return tuple(shipped(Path(__file__).with_name("references.yaml")))


def _sources(report: Report) -> list[str]:
    used = {e.method for e in report.results.estimates if e.note not in REFUSED}
    used |= {f.what for f in report.results.facts}
    used -= {m for m in tables.CORRECTED if not fitted.corrected(report, m)}
    used |= {"reporting"} | ({"units"} if report.evidence.unit != "pupil" else set())
    detectable = report.results.claims_where(kind="quality", topic="detectable")
    used |= {"detectable"} if any("mdes" in c.values for c in detectable) else set()
    return [source["text"] for source in sources() if used & set(source["for"])]
