"""The report for whoever writes an instruments section, a function for each part. Nothing is computed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkbank.measurement.circumplex import SECTORS, on_circle
from werkbank.measurement.items import TOO_ALIKE
from werkbank.reporting import diagrams, figures, numbers
from werkbank.reporting import measurement_tables as tables
from werkbank.reporting.blocks import Block, Bullets, Heading, Paragraph
from werkbank.reporting.measurement_tables import HERE, Measured
from werkbank.reporting.sections import maker
from werkbank.study import text_in

if TYPE_CHECKING:
    from werkbank.instruments import Instrument
    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.study import Outcome

section = maker("measurement_report", "measurement")

CROWDED = 0.15  # a share at one end above which a change in that direction can hardly show (Terwee et al. 2007)


@section(shared=True)
def overview(report: Report) -> Blocks:
    """Every scale in one row, and what must be sorted out before its numbers are used."""
    m, words = Measured(report), report.words
    loud = []
    for warned in report.scores.warnings:
        names = {k: words.outcome(str(v)) if k == "outcome" else v for k, v in warned.values.items()}
        names |= {"wave": words.wave(str(warned.values["wave"]))}
        loud.append(Paragraph(words.say(f"report.warnings.{warned.key}", **names), "warning"))
    lead = Paragraph(words.say(f"{HERE}.overview.lead"), "lead")
    yield lead
    yield from loud
    yield tables.overview(report, m)


@section(shared=True)
def instruments(report: Report) -> Blocks:
    """Each instrument: source, certainty, version, licence; a paragraph for each scale, and the table, to paste."""
    m, words = Measured(report), report.words
    blocks: list[Block] = [Paragraph(words.say(f"{HERE}.instruments.lead"))]
    for outcome in report.study.outcomes:
        key = report.scores.instruments[outcome.id]
        title = _initial(key.title if outcome.instrument else text_in(outcome.label, report.language, outcome.id))
        blocks += [Heading(title, 3), Bullets(tuple(_facts(report, outcome, key)))]
        blocks.append(Heading(words.say(f"{HERE}.instruments.paste"), 4))
        mine = [scale for scale in m.scales if scale[0] is outcome]
        blocks += [Paragraph(_paragraph(report, m, outcome, key, scale, name)) for _, _, scale, name in mine]
    yield from blocks
    yield tables.scores(report, m)


@section(shared=True)
def reliability(report: Report) -> Blocks:
    """How precise one score is, how stable, how reliable a difference, and what classes share."""
    m, words = Measured(report), report.words
    blocks: list[Block] = [Paragraph(words.say(f"{HERE}.precision.lead")), tables.precision(report, m)]
    crowded = [_crowded(report, m, name, wave, end) for name, wave in m.places for end in ("floor", "ceiling")]
    at_ends = [
        figures.Ends(f"{words.outcome(name)}, {words.wave(wave)}", low, high)
        for name, wave in m.places
        for low, high in [(m.value(name, wave, "floor"), m.value(name, wave, "ceiling"))]
        if low is not None and high is not None
    ]
    blocks += [figures.ends(at_ends, CROWDED, report.language)] if at_ends else []
    blocks += [Paragraph(text, "warning") for text in crowded if text]
    change, classes = tables.change(report, m), tables.classes(report, m)
    blocks += [Paragraph(words.say(f"{HERE}.change.lead")), change] if change else []
    yield from blocks
    yield from [classes] if classes else []


@section(shared=True)
def items(report: Report) -> Blocks:
    """Every item of every scale, wave by wave."""
    m, words = Measured(report), report.words
    several = [scale for scale in m.scales if len(scale[1].scales[scale[2]].items) > 1]
    made = [tables.items(report, m, scale, wave) for scale in several for wave in m.waves(scale[3])]
    yield Paragraph(words.say(f"{HERE}.items.{'lead' if made else 'one'}"))
    yield from made


@section(shared=True)
def comparability(report: Report) -> Blocks:
    """Whether each scale measured the same over waves and in each group; where not, growth language is refused."""
    m, words = Measured(report), report.words
    judged, between = _verdicts(report, m, ""), _verdicts(report, m, "_arms")
    if not judged:
        yield Paragraph(words.say(f"{HERE}.comparability.none"))
        return
    blocks: list[Block] = [Paragraph(words.say(f"{HERE}.comparability.lead")), *judged]
    models, of_arms = (tables.ladders(report, m, suffix) for suffix in ("", "_arms"))
    blocks += [Paragraph(words.say(f"{HERE}.comparability.criteria"), "note"), *([models] if models else [])]
    if between:
        blocks += [Heading(words.say(f"{HERE}.comparability.arms_heading"), 3), *between]
        blocks += [of_arms] if of_arms else []
    yield from blocks


@section(shared=True)
def distinct(report: Report) -> Blocks:
    """Whether scales of one informant still measure two things once measurement error is taken out."""
    m, words = Measured(report), report.words
    table = tables.distinct(report, m)
    if table is None:
        yield Paragraph(words.say(f"{HERE}.distinct.none"))
        return
    alike = [f for f in m.pairs("r_disattenuated") if abs(float(f.value or 0)) > TOO_ALIKE]
    said: list[Block] = []
    for fact in alike:
        first, second = (words.outcome(end) for end in fact.outcome.split(" ~ "))
        r = numbers.bounded(float(fact.value or 0), report.language)
        values = {"first": first, "second": second, "wave": words.wave(fact.wave), "r": r}
        said.append(Paragraph(words.say(f"{HERE}.distinct.too_alike", **values), "warning"))
    said = said or [Paragraph(words.say(f"{HERE}.distinct.fine"))]
    yield Paragraph(words.say(f"{HERE}.distinct.lead"))
    yield from said
    yield table


@section(shared=True)
def perspectives(report: Report) -> Blocks:
    """Teacher beside pupil; closeness crossed with conflict, before and after."""
    m, words = Measured(report), report.words
    table = tables.perspectives(report, m)
    blocks: list[Block] = [Paragraph(words.say(f"{HERE}.perspectives.{'lead' if table else 'none'}"))]
    blocks += [table] if table else []
    for outcome in dict.fromkeys(f.outcome for f in m.pairs("typology_moved")):
        first, last = (f.wave for f in m.pairs("typology_r") if f.outcome == outcome)
        cuts = {
            what: numbers.decimal(m.value(outcome, what, "typology_cut"), report.language, 1) for what in tables.CUTS
        }
        r = {
            name: numbers.bounded(m.value(outcome, wave, "typology_r"), report.language)
            for name, wave in (("r_first", first), ("r_last", last))
        }
        waves = {"wave": words.wave(first), "last": words.wave(last)}
        blocks.append(Heading(words.say(f"{HERE}.types.heading"), 3))
        blocks.append(Paragraph(words.say(f"{HERE}.types.lead", **waves, **cuts, **r)))
        blocks.append(tables.types(report, m, outcome, first, last))
    yield from blocks


@section()
def circle(report: Report) -> Blocks:
    """The eight sectors before and after, influence and nearness, and whether the sectors follow a circle.

    None where no instrument has sectors: the part is then left out.
    """
    m, words = Measured(report), report.words
    round_ones = [o for o in report.study.outcomes if on_circle(report.scores.instruments[o.id])]
    if not round_ones:
        return
    blocks: list[Block] = [Paragraph(words.say(f"{HERE}.circle.lead"))]
    for outcome in round_ones:
        key = report.scores.instruments[outcome.id]
        waves = m.waves(f"{outcome.id}.{next(iter(SECTORS))}")
        names = [key.label(name, report.language) for name in SECTORS]
        rows = [row for arm in report.evidence.arms if (row := _roses(report, m, outcome.id, arm, waves[:2]))]
        blocks += [
            diagrams.circle(rows, names, words.wave(waves[0]), report.language),
            tables.circle(report, m, outcome.id),
        ]
        orders = [f for f in m.pairs("circular_order") if f.outcome == outcome.id and f.value is not None]
        for fact in orders:
            p = numbers.p_phrase(m.value(outcome.id, fact.wave, "circular_order_p"), report.language)
            values = {"index": numbers.bounded(float(fact.value or 0), report.language), "p": p, "n": fact.n}
            values |= {"outcome": key.title, "wave": words.wave(fact.wave)}
            blocks.append(Paragraph(words.say(f"{HERE}.circle.order", **values)))
        blocks += [Paragraph(words.say(f"{HERE}.circle.order_caveat"), "note")] if orders else []
    blocks += [Paragraph(text) for text in _complementary(report, m)]
    yield from blocks


def _initial(text: str) -> str:
    return text[:1].upper() + text[1:]


def _facts(report: Report, outcome: Outcome, key: Instrument) -> list[str]:
    words, language = report.words, report.language
    said = [words.say(f"report.measures.informant_{outcome.informant}")]
    if outcome.column is not None:
        return [*said, words.say("report.measures.ready_score")]
    if outcome.instrument:
        source = words.say("report.measures.source", source=key.source) if key.source else ""
        said.append(source or words.say(f"{HERE}.instruments.no_source"))
    said.append(words.say(f"instruments.certainty.{key.certainty}"))
    said += [words.say(f"{HERE}.instruments.version", version=key.version)] if key.version else []
    said += [words.say(f"{HERE}.instruments.order", order=key.order)] if key.order else []
    if outcome.instrument:
        said.append(text_in(key.licence, language) or words.say(f"{HERE}.instruments.no_licence"))
    notes = text_in(key.notes, language)
    return [*said, notes] if notes else said


def _paragraph(report: Report, m: Measured, outcome: Outcome, key: Instrument, scale: str, name: str) -> str:
    """Return what an instruments section says of one scale, sentence by sentence."""
    words, part = report.words, key.scales[scale]
    shown = _initial(words.outcome(name))
    better = words.say(f"instruments.direction.{part.direction}")
    if outcome.column is not None:
        return words.say(f"{HERE}.paste.ready", scale=shown, title=better)
    k, (low, high), (least, most) = len(part.items), part.response, key.score_range(scale)
    title = words.say(f"{HERE}.instruments.title", title=key.title, version=key.version) if key.version else key.title
    who = "" if outcome.informant != "test" else "_test"
    values = {"scale": shown, "title": title, "k": k, "low": f"{low:g}", "high": f"{high:g}"}
    values["informant"] = words.say(f"{HERE}.informant.{outcome.informant}")
    said = [words.say(f"{HERE}.paste.{'measured' if outcome.instrument else 'own'}{who}", **values)]
    ends = {"min": f"{least:g}", "max": f"{most:g}", "better": better}
    said.append(words.say(f"{HERE}.paste.score_{part.score}", **ends))
    if part.reversed:
        turned = words.listed(list(part.reversed))
        said.append(words.say(f"{HERE}.paste.reversed", n=len(part.reversed), items=turned))
    rule = "default" if part.missing.source == "werkbank default" else "rule"
    needed = {"needed": part.missing.needed(k), "k": k, "source": part.missing.source}
    said += [words.say(f"{HERE}.paste.missing_{rule}", **needed)] if k > 1 else []
    said += [text for text in (_reliable(report, m, name), *_comparable(report, m, name)) if text]
    return " ".join(said)


def _reliable(report: Report, m: Measured, name: str) -> str:
    parts = []
    for wave in m.waves(name):
        alpha, omega = (m.value(name, wave, what) for what in ("alpha", "omega"))
        if alpha is None:
            continue
        low, high = (m.value(name, wave, f"alpha_ci_{end}") for end in ("low", "high"))
        values = {
            "alpha": numbers.bounded(alpha, report.language), "omega": numbers.bounded(omega, report.language),
            "ci": numbers.bounded_interval(low, high, report.language), "wave": report.words.wave(wave),
            "n": numbers.count(m.n(name, wave, "alpha"), report.language),
        }  # fmt: skip
        parts.append(report.words.say(f"{HERE}.paste.{'part' if omega is not None else 'part_alpha'}", **values))
    return report.words.say(f"{HERE}.paste.reliability", parts="; ".join(parts)) if parts else ""


def _comparable(report: Report, m: Measured, name: str) -> list[str]:
    """Say at which later waves the scale measured as it did at the first, and at which it did not."""
    first, *later = m.waves(name) or [""]
    held, failed = [], []
    for wave in later:
        place, shown = f"{first}-{wave}", report.words.wave(wave)
        verdict = m.verdict(name, place)
        if verdict in {"scalar", "strict"}:
            delta = numbers.bounded(m.value(name, place, "scalar", "invariance_delta_cfi"), report.language, 3)
            held.append(report.words.say(f"{HERE}.paste.comparable_part", wave=shown, delta_cfi=delta))
        elif verdict != "unknown":
            failed.append(shown)
    lists = {"comparable": report.words.listed(held), "not_comparable": report.words.listed(failed)}
    since = report.words.wave(first)
    return [report.words.say(f"{HERE}.paste.{k}", first=since, parts=parts) for k, parts in lists.items() if parts]


def _crowded(report: Report, m: Measured, name: str, wave: str, end: str) -> str:
    share = m.value(name, wave, end)
    if share is None or share <= CROWDED:
        return ""
    values = {"scale": report.words.outcome(name), "wave": report.words.wave(wave)}
    return report.words.say(f"{HERE}.precision.end_{end}", share=numbers.share(share, report.language), **values)


def _verdicts(report: Report, m: Measured, suffix: str) -> list[Block]:
    """Return what held as a list, then a refusal (over waves) or a note (over groups) for what did not."""
    words, held, refused = report.words, list[str](), list[Block]()
    for fact in m.pairs(f"invariance_level{suffix}"):
        place = fact.id.split("/")[1]
        verdict = m.verdict(fact.outcome, place, suffix)
        reason = m.value(fact.outcome, place, f"invariance_reason{suffix}")
        exempt = m.value(fact.outcome, place, f"invariance_partial{suffix}") or ""
        values = {
            "outcome": words.outcome(fact.outcome), "wave": words.wave(fact.wave),
            "wave_from": words.wave(place.partition("-")[0]), "items": exempt, "n": exempt.count(", ") + 1,
            "reason": words.say(f"{HERE}.reason.{reason}") if reason else "",
        }  # fmt: skip
        said = words.say(f"{HERE}.verdict.{suffix.strip('_') or 'waves'}.{verdict}", **values)
        if verdict in {"strict", "scalar", "unknown"}:
            held.append(said)
        else:
            refused.append(Paragraph(said, "note" if suffix else "refusal"))
    return [*([Bullets(tuple(held))] if held else []), *refused]


def _roses(report: Report, m: Measured, outcome: str, arm: str, waves: list[str]) -> list[diagrams.Rose]:
    row: list[diagrams.Rose] = []
    for wave in waves:
        means = [m.value(outcome, wave, arm, sector, "sector_mean") for sector in SECTORS]
        if any(mean is None for mean in means):
            continue
        title = f"{report.words.arm(arm)}, {report.words.wave(wave)}" if arm else report.words.wave(wave)
        row.append(diagrams.Rose(title, tuple(means), row[0].values if row else ()))
    return row


def _complementary(report: Report, m: Measured) -> list[str]:
    said = []
    for fact in m.pairs("complementarity_communion"):
        at = (fact.outcome, fact.wave)
        values = dict(zip(("first", "second"), fact.outcome.split(" ~ "), strict=True))
        for what in ("communion", "agency"):
            name = f"complementarity_{what}"
            values[what] = numbers.bounded(m.value(*at, name), report.language)
            ends = (m.value(*at, f"{name}_ci_low"), m.value(*at, f"{name}_ci_high"))
            values[f"{what}_ci"] = numbers.bounded_interval(*ends, report.language)
        values |= {"wave": report.words.wave(fact.wave)}
        said.append(report.words.say(f"{HERE}.circle.complementary", n=fact.n, **values))
    return said
