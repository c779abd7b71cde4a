"""The first parts of a method: design, participants, instruments, procedure and programme."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkbank.reporting import fitted, pictures
from werkbank.reporting.blocks import Heading, Paragraph
from werkbank.reporting.plainly import capital
from werkbank.reporting.thesis import citing, laid_out
from werkbank.reporting.thesis.telling import (
    in_words,
    joined,
    persons,
    question_of,
    section,
    sentence,
    student,
    told,
    unit_values,
    with_source,
)

if TYPE_CHECKING:
    from werkbank.reporting.blocks import Table
    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.results import Claim

APART = 0.10  # of shares beforehand: what a reader would want to be told
FEW_WAVES = 1


@section(shared=True)
def participants(report: Report) -> Blocks:
    """The design; who took part on both levels, and how alike the arms were; what became of them."""
    yield Heading(told(report, "heading.design"), 3)
    yield Paragraph(_design(report))
    yield Heading(told(report, "heading.people"), 3)
    table, figure = laid_out.participants(report), pictures.flow(report)
    lost = _lost(report)
    shown = told(report, "participants.table") if table else ""
    start = [student(report, "recruitment"), student(report, "setting"), _counted(report)]
    yield Paragraph(joined([*start, shown, _beforehand(report, table)]))
    yield table
    shown = told(report, "participants.flow") if figure else ""
    if shown or lost:
        yield Paragraph(joined([shown, lost]))
    yield figure


def _design(report: Report) -> str:
    study, words, e = report.study, report.words, report.evidence
    waves = words.listed([words.wave(w) for w in e.waves])
    grouped = "units" if study.design.assigned_by != "pupil" else "pupils"
    kind = study.design.kind if study.design.kind == "single_group" else f"{study.design.kind}_{grouped}"
    unit = study.unit if study.design.assigned_by == "pupil" else study.design.assigned_by
    values = {f"unit_{form}": words.say(f"report.unit.{unit}.{form}") for form in ("one", "many")}
    arms = words.listed([words.arm(arm) for arm in e.arms if arm])
    said = [told(report, f"design.{kind}", arms=arms, n_arms=in_words(report, len(e.arms)), **values)]
    said.append(
        told(report, "design.waves", n=len(e.waves), n_text=in_words(report, len(e.waves)), waves=waves)
        if len(e.waves) > FEW_WAVES
        else ""
    )
    said += [*fitted.drawn_within(report), *fitted.waited(report)]
    said.append(student(report, "lot"))
    primary = list(dict.fromkeys(words.outcome(key) for key in report.primary))
    if primary and len(primary) < len(report.keys):
        said.append(told(report, "design.primary", outcomes=words.listed(primary), n=len(primary)))
    plan = study.design.preregistration
    said.append(told(report, "design.registered", plan=plan) if plan else told(report, "design.unregistered"))
    said.append(student(report, "sample_size"))
    return joined(said)


def _counted(report: Report) -> str:
    """Say how many started in each arm, in what was assigned."""
    e, words = report.evidence, report.words
    said = []
    for arm in e.arms:
        pupils, units = (report.results.count(what=f"{what}_enrolled", arm=arm) for what in ("pupils", "units"))
        if pupils is None:
            said.append(words.say("privacy.arm", arm=words.arm(arm)))
            continue
        values = {"arm": words.arm(arm), "pupils": persons(report, pupils)}
        values |= {} if units is None else {"units": words.count(e.unit, units)}
        said.append(told(report, f"participants.{'arm' if arm else 'one'}{'_units' * (units is not None)}", **values))
    return " ".join(said)


def _beforehand(report: Report, table: Table | None) -> str:
    """Say of primary scales, and of the characteristic that differs most, how far the arms stood apart."""
    words, results = report.words, report.results
    if len(report.evidence.arms) != 2 or table is None:
        return ""
    found = {}
    for t in report.evidence.primary:
        fact = laid_out.fact_of(report, t, "baseline_difference") or next(
            (f for f in results.facts_where(what="baseline_difference", outcome=t.outcome, wave=t.wave_to)), None
        )
        if t.outcome not in found and fact is not None and isinstance(fact.value, float):
            found[t.outcome] = fact.value
    said = []
    if found:
        each = [
            told(report, "participants.apart", outcome=words.outcome(k), g=words.decimal(g)) for k, g in found.items()
        ]
        said.append(told(report, "participants.before", differences=words.listed(each)))
    shares = {
        (f.item, f.category, f.arm): f.value
        for f in results.facts_where(what="enrolled_share")
        if isinstance(f.value, float)
    }
    arms = report.evidence.arms
    pairs = [(item, word) for item, word, arm in shares if arm == arms[0] and (item, word, arms[1]) in shares]
    if pairs:
        item, word = max(pairs, key=lambda at: abs(shares[(*at, arms[0])] - shares[(*at, arms[1])]))
        one, other = shares[item, word, arms[0]], shares[item, word, arms[1]]
        if abs(one - other) >= APART:
            named = {"item": words.covariate(item), "word": words.value(item, word)}
            values = named | {"one": words.share(one), "other": words.share(other)}
            said.append(
                told(report, "participants.shares", first=words.arm(arms[0]), second=words.arm(arms[1]), **values)
            )
    return " ".join(said)


def _lost(report: Report) -> str:
    """Say how many were lost for the primary questions, and whether that matters."""
    words = report.words
    claims = [c for c in report.results.claims_where(kind="quality", topic="attrition") if "share_overall" in c.values]
    plain = [c for c in claims if c.verdict in {"low", "high"}]
    rest = [
        sentence(words.claim(c))
        for c in report.results.claims_where(kind="quality", topic="attrition")
        if c not in plain
    ]
    said = []
    for verdict in ("low", "high"):
        own = [c for c in plain if c.verdict == verdict]
        if own:
            each = [_one_lost(report, c) for c in own]
            said.append(told(report, f"participants.lost_{verdict}", losses=words.listed(each)))
    return joined([*said, *rest])


def _one_lost(report: Report, claim: Claim) -> str:
    values = report.words.written(claim)
    shown = {key: values[key] for key in ("share_overall", "points_differential")}
    at = [str(claim.values[key]) for key in ("outcome", "wave", "contrast")]
    return told(report, "participants.one_lost", test=question_of(report, *at), **shown)


@section(shared=True, level=3)
def instruments(report: Report) -> Blocks:
    """What each scale was measured with, how reliable it was here, and whether it measured the same each time."""
    table = laid_out.instruments(report)
    by: dict[str, list[str]] = {}
    for key in report.keys:
        by.setdefault(report.declared(key).id, []).append(key)
    said = [_measured(report, keys) for keys in by.values()]
    yield Paragraph(joined([*said, told(report, "instruments.table") if table else "", _invariance(report)]))
    yield table


def _measured(report: Report, keys: list[str]) -> str:
    words, outcome = report.words, report.declared(keys[0])
    instrument = report.scale(keys[0])[0]
    values = {"scales": capital(words.listed([words.outcome(key) for key in keys])), "n": len(keys)}
    values["informant"] = told(report, f"informant_by.{outcome.informant}")
    if outcome.column is not None:
        return told(report, "instruments.test" if outcome.informant == "test" else "instruments.ready", **values)
    if not outcome.instrument:
        return told(report, "instruments.own", **values)
    cite = citing.between_brackets(citing.of_instrument(report, outcome.instrument))
    return told(report, "instruments.scale", title=with_source(instrument.title, cite), **values)


def _invariance(report: Report) -> str:
    """Say how far each scale measured the same over waves, with the fit of the model that held."""
    words, facts = report.words, report.results.facts_where
    said = []
    levels = [
        f
        for f in facts(what="invariance_level", table="waves")
        if f.value and report.evidence.role(f.outcome) == "primary"
    ]
    for f in levels:
        at = {"outcome": f.outcome, "wave_from": f.wave_from, "wave_to": f.wave_to, "table": "waves"}
        step = str(f.value)
        cfi, rmsea = (_fit(report, f"invariance_{what}", step, at) for what in ("cfi", "rmsea"))
        if cfi is None or rmsea is None or not has_level(report, step):
            continue
        values = {"outcome": words.outcome(f.outcome), "level": told(report, f"invariance.{step}")}
        values |= {"from": words.wave(f.wave_from), "to": words.wave(f.wave_to)}
        values |= {"cfi": words.bounded(cfi), "rmsea": words.bounded(rmsea)}
        said.append(told(report, "invariance.one", **values))
    return told(report, "invariance.lead", each=words.listed(said)) if said else ""


def _fit(report: Report, what: str, step: str, at: dict[str, str]) -> float | None:
    found = next((f.value for f in report.results.facts_where(what=what, step=step, **at)), None)
    return float(found) if isinstance(found, float | int) else None


def has_level(report: Report, step: str) -> bool:
    """Whether the ladder of invariance has a word for a step."""
    from werkbank.catalogue import has

    return has(f"thesis.invariance.{step}", report.language)


@section(shared=True, level=3)
def procedure(report: Report) -> Blocks:
    """What was done, when and by whom; who knew; consent and ethics; the programme and what others were given."""
    said = [student(report, name) for name in ("dates", "administration")]
    said += [_raters(report), student(report, "blinding"), _selected(report)]
    said += [student(report, name) for name in ("consent", "ethics")]
    plain = joined(said)
    yield Paragraph(
        plain
        or told(
            report, "procedure.waves", waves=report.words.listed([report.words.wave(w) for w in report.evidence.waves])
        )
    )
    programme = report.study.programme_in(report.language)
    items = laid_out.intervention(report)
    if programme or items:
        yield Heading(told(report, "heading.programme"), 3)
        cite = citing.between_brackets(citing.of_programme(report))
        about = [told(report, "procedure.programme", programme=with_source(programme, cite))] if programme else []
        about += [told(report, f"tidier.{item}", said=sentence(text)) for item, text in items]
        about += [student(report, "dose"), student(report, "control")]
        yield Paragraph(joined(about))


def _raters(report: Report) -> str:
    keys = [key for key in report.keys if report.evidence.rated_by_implementers(key)]
    if not keys:
        return ""
    words = report.words
    names = words.listed([words.outcome(key) for key in keys])
    informants = {report.declared(key).informant for key in keys}
    who = (
        told(report, f"informant_many.{informants.pop()}")
        if len(informants) == 1
        else told(report, "informant_many.unknown")
    )
    return told(report, "procedure.raters", outcomes=names, who=who, **unit_values(report))


def _selected(report: Report) -> str:
    on = report.study.design.selected_on
    return told(report, "procedure.selected", outcome=report.words.outcome(on)) if on else ""
