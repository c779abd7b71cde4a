"""The report for whoever writes an instruments section, a function for each part. Nothing is computed here."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from werkbank.measurement.circumplex import SECTORS, on_circle
from werkbank.measurement.items import TOO_ALIKE
from werkbank.measurement.perspectives import QUADRANTS, TYPES
from werkbank.reporting import diagrams, figures, numbers, said_once
from werkbank.reporting import measurement_tables as tables
from werkbank.reporting.blocks import Block, Bullets, Heading, Paragraph
from werkbank.reporting.measurement_tables import HERE
from werkbank.reporting.sections import maker
from werkbank.study import text_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkbank.instruments import Instrument
    from werkbank.reporting.measurement_tables import ScaleOf
    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.study import Outcome

section = maker("measurement_report", "measurement")

SPARSE = 0.05  # a share at one end that is a sentence, not a bar
RELIABLE = 0.70  # alpha from which group means can be compared (Terwee et al. 2007)
CROWDED = 0.15  # a share at one end above which a change in that direction can hardly show (Terwee et al. 2007)


@section(shared=True)
def overview(report: Report) -> Blocks:
    """Of every scale whether its scores can be used, with the reasons; then every scale in one row."""
    words = report.words
    yield Paragraph(words.say(f"{HERE}.overview.lead"), "lead")
    yield Bullets(tuple(_use(report, scale) for scale in tables.scales(report) if scale.waves))
    for warned in report.scores.warnings:
        names = {k: words.outcome(str(v)) if k == "outcome" else v for k, v in warned.values.items()}
        names |= {"wave": words.wave(str(warned.values["wave"]))}
        yield Paragraph(words.say(f"report.warnings.{warned.key}", **names), "warning")
    yield tables.overview(report)


@section(shared=True)
def instruments(report: Report) -> Blocks:
    """Each instrument: source, certainty, version, licence; a paragraph for each scale, and the table, to paste."""
    words, scales = report.words, tables.scales(report)
    yield Paragraph(words.say(f"{HERE}.instruments.lead"))
    for outcome in report.study.outcomes:
        key = report.scores.instruments[outcome.id]
        title = _initial(key.title if outcome.instrument else text_in(outcome.label, report.language, outcome.id))
        yield Heading(title, 3)
        yield Bullets(tuple(_facts(report, outcome, key)))
        yield Heading(words.say(f"{HERE}.instruments.paste"), 4)
        yield from (Paragraph(_paragraph(report, s)) for s in scales if s.outcome is outcome)
    yield tables.scores(report)


@section(shared=True)
def reliability(report: Report) -> Blocks:
    """How precise one score is, how stable, how reliable a difference, and what classes share."""
    words, crowded = report.words, list[Block]()
    found = list(_at_ends(report))
    for names, at in found:
        for end, share in (("floor", at.low), ("ceiling", at.high)):
            if share > CROWDED:
                said = words.say(f"{HERE}.precision.end_{end}", share=numbers.share(share, report.language), **names)
                crowded.append(Paragraph(said, "warning"))
    yield Paragraph(words.say(f"{HERE}.precision.lead"))
    yield tables.precision(report)
    most = max((max(at.low, at.high) for _, at in found), default=0.0)
    if most > SPARSE:
        yield figures.ends([at for _, at in found], CROWDED, report.language)
    elif found:
        yield Paragraph(words.say(f"{HERE}.precision.sparse", share=numbers.share(most, report.language)))
    yield from crowded
    if change := tables.change(report):
        yield Paragraph(words.say(f"{HERE}.change.lead"))
        yield change
    yield tables.classes(report)


def _at_ends(report: Report) -> Iterator[tuple[dict[str, str], figures.Ends]]:
    """Yield of every scale and wave what share has the lowest and the highest possible score."""
    words = report.words
    for scale, at in tables.places(report):
        low, high = tables.values(report, at, "floor", "ceiling").values()
        names = {"scale": words.outcome(scale.name), "wave": words.wave(at["wave"])}
        if low is not None and high is not None:
            yield names, figures.Ends(f"{names['scale']}, {names['wave']}", low, high)


def _use(report: Report, scale: ScaleOf) -> str:
    """Return whether the scores of a scale can be used, and why: no, with care, or yes."""
    words, here = report.words, f"{HERE}.use"
    names = {"scale": _initial(words.outcome(scale.name))}
    if scale.outcome.column is not None:
        return words.say(f"{here}.unknown", **names)
    against = any(w.values.get("outcome") == scale.name for w in report.scores.warnings)
    alphas = [report.results.number(what="alpha", outcome=scale.name, wave=wave) for wave in scale.waves]
    known = [alpha for alpha in alphas if alpha is not None]
    judged = [tables.verdict(report, level) for level in tables.levels(report, "waves", outcome=scale.name)]
    at = [max(e.low, e.high) for n, e in _at_ends(report) if n["scale"] == words.outcome(scale.name)]
    reasons = [words.say(f"{here}.against")] if against else []
    if known:
        ends = {
            "low": numbers.bounded(min(known), report.language),
            "high": numbers.bounded(max(known), report.language),
        }
        alike = "one" if ends["low"] == ends["high"] else "range"
        reasons.append(words.say(f"{here}.{'alpha' if min(known) >= RELIABLE else 'low'}_{alike}", **ends))
    failed = [v for v in judged if v not in {"strict", "scalar", "unknown"}]
    if judged:
        same = "same" if not failed and "unknown" not in judged else "not_same" if failed else "not_examined"
        reasons.append(words.say(f"{here}.{same}"))
    if max(at, default=0.0) > CROWDED:
        reasons.append(words.say(f"{here}.crowded"))
    care = failed or "unknown" in judged or not known or min(known) < RELIABLE or max(at, default=0.0) > CROWDED
    verdict = "unfit" if against else "care" if care else "fit"
    return words.say(f"{here}.{verdict}", reasons=words.listed(reasons) or words.say(f"{here}.nothing"), **names)


@section(shared=True, appendix=True)
def items(report: Report) -> Blocks:
    """Every item of every scale, wave by wave."""
    several = [scale for scale in tables.scales(report) if len(scale.part.items) > 1]
    made = [tables.items(report, scale, wave) for scale in several for wave in scale.waves]
    yield Paragraph(report.words.say(f"{HERE}.items.{'lead' if made else 'one'}"))
    yield from said_once.below(report, made)


@section(shared=True)
def comparability(report: Report) -> Blocks:
    """Whether each scale measured the same over waves and in each group; where not, growth language is refused."""
    words = report.words
    if not tables.levels(report, "waves"):
        yield Paragraph(words.say(f"{HERE}.comparability.none"))
        return
    yield Paragraph(words.say(f"{HERE}.comparability.lead"))
    yield from _verdicts(report, "waves")
    if tables.levels(report, "arms"):
        yield Heading(words.say(f"{HERE}.comparability.arms_heading"), 3)
        yield from _verdicts(report, "arms")
    yield Paragraph(words.say(f"{HERE}.comparability.details"))


@section(shared=True, appendix=True)
def models(report: Report) -> Blocks:
    """The four models of every comparison, over waves and over groups, and the limits by which they are judged."""
    made = [made for compared in ("waves", "arms") if (made := tables.ladders(report, compared))]
    if made:
        yield Paragraph(report.words.say(f"{HERE}.comparability.criteria"), "note")
        yield from said_once.below(report, made)


@section(shared=True)
def distinct(report: Report) -> Blocks:
    """Whether scales of one informant still measure two things once measurement error is taken out."""
    words, pairs = report.words, report.results.facts_where(what="r_disattenuated")
    if not pairs:
        yield Paragraph(words.say(f"{HERE}.distinct.none"))
        return
    yield Paragraph(words.say(f"{HERE}.distinct.lead"))
    alike = [fact for fact in pairs if abs(float(fact.value or 0)) > TOO_ALIKE]
    for fact in alike:
        first, second = (words.outcome(part) for part in fact.parts)
        r = numbers.bounded(float(fact.value or 0), report.language)
        values = {"first": first, "second": second, "wave": words.wave(fact.wave), "r": r}
        yield Paragraph(words.say(f"{HERE}.distinct.too_alike", **values), "warning")
    yield None if alike else Paragraph(words.say(f"{HERE}.distinct.fine"))
    yield tables.distinct(report)


@section(shared=True)
def perspectives(report: Report) -> Blocks:
    """Teacher beside pupil; closeness crossed with conflict, before and after."""
    words, results, language = report.words, report.results, report.language
    table = tables.perspectives(report)
    yield Paragraph(words.say(f"{HERE}.perspectives.{'lead' if table else 'none'}"))
    yield table
    for moved in results.facts_where(what="typology_moved", parts=(QUADRANTS[0], QUADRANTS[0])):  # one an outcome
        told = {"wave": words.wave(moved.wave_from), "last": words.wave(moved.wave_to)}
        for scale in TYPES:
            cut = results.number(what="typology_cut", outcome=moved.outcome, category=scale)
            told[scale] = numbers.decimal(cut, language, 1)
        for end, wave in (("first", moved.wave_from), ("last", moved.wave_to)):
            r = results.number(what="typology_r", outcome=moved.outcome, wave=wave)
            told[f"r_{end}"] = numbers.bounded(r, language)
        yield Heading(words.say(f"{HERE}.types.heading"), 3)
        yield Paragraph(words.say(f"{HERE}.types.lead", **told))
        yield tables.types(report, moved)


@section()
def circle(report: Report) -> Blocks:
    """The eight sectors before and after, influence and nearness, and whether the sectors follow a circle.

    None where no instrument has sectors: the part is then left out.
    """
    words = report.words
    round_ones = [o for o in report.study.outcomes if on_circle(report.scores.instruments[o.id])]
    if not round_ones:
        return
    yield Paragraph(words.say(f"{HERE}.circle.lead"))
    for outcome in round_ones:
        key = report.scores.instruments[outcome.id]
        orders = report.results.facts_where(what="circular_order", outcome=outcome.id)
        waves = [fact.wave for fact in orders]
        names = [key.label(name, report.language) for name in SECTORS]
        arms = list(report.study.arms) or [""]  # of respondents, whose arm is their class's or teacher's
        rows = [row for arm in arms if (row := _roses(report, outcome.id, arm, waves[:2]))]
        yield diagrams.circle(rows, names, words.wave(waves[0]), report.language)
        yield tables.circle(report, outcome.id)
        known = [fact for fact in orders if fact.value is not None]
        for fact in known:
            p = report.results.number(what="circular_order_p", outcome=outcome.id, wave=fact.wave)
            values = {"index": numbers.bounded(float(fact.value or 0), report.language), "n": fact.n}
            values |= {"outcome": key.title, "wave": words.wave(fact.wave), "p": numbers.p_phrase(p, report.language)}
            yield Paragraph(words.say(f"{HERE}.circle.order", **values))
        yield Paragraph(words.say(f"{HERE}.circle.order_caveat"), "note") if known else None
    yield from _complementary(report)


def _initial(text: str) -> str:
    return text[:1].upper() + text[1:]


def _facts(report: Report, outcome: Outcome, key: Instrument) -> Iterator[str]:
    words, language = report.words, report.language
    yield words.say(f"report.measures.informant_{outcome.informant}")
    if outcome.column is not None:
        yield words.say("report.measures.ready_score")
        return
    if outcome.instrument:
        source = words.say("report.measures.source", source=key.source) if key.source else ""
        yield source or words.say(f"{HERE}.instruments.no_source")
    yield words.say(f"instruments.certainty.{key.certainty}")
    if key.version:
        yield words.say(f"{HERE}.instruments.version", version=key.version)
    if key.order:
        yield words.say(f"{HERE}.instruments.order", order=key.order)
    if outcome.instrument:
        yield text_in(key.licence, language) or words.say(f"{HERE}.instruments.no_licence")
    if notes := text_in(key.notes, language):
        yield notes


def _paragraph(report: Report, scale: ScaleOf) -> str:
    """Return what an instruments section says of one scale, sentence by sentence."""
    words, outcome, key, part = report.words, scale.outcome, scale.key, scale.part
    shown = _initial(words.outcome(scale.name))
    better = words.say(f"instruments.direction.{part.direction}")
    if outcome.column is not None:
        return words.say(f"{HERE}.paste.ready", scale=shown, title=better)
    k, (low, high), (least, most) = len(part.items), part.response, key.score_range(scale.scale)
    title = words.say(f"{HERE}.instruments.title", title=key.title, version=key.version) if key.version else key.title
    who = f"_{outcome.informant}" if outcome.informant in {"test", "unknown"} else ""
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
    said += [text for text in (_reliable(report, scale), *_comparable(report, scale)) if text]
    return " ".join(said)


def _reliable(report: Report, scale: ScaleOf) -> str:
    parts, language = [], report.language
    for wave in scale.waves:
        at = {"outcome": scale.name, "wave": wave}
        alpha, omega = tables.values(report, at, "alpha", "omega").values()
        if alpha is None:
            continue
        values = {
            "alpha": numbers.bounded(alpha, language), "omega": numbers.bounded(omega, language),
            "ci": numbers.bounded_interval(*tables.ends(report, at, "alpha"), language),
            "wave": report.words.wave(wave), "n": numbers.count(tables.n_of(report, at, "alpha"), language),
        }  # fmt: skip
        parts.append(report.words.say(f"{HERE}.paste.{'part' if omega is not None else 'part_alpha'}", **values))
    return report.words.say(f"{HERE}.paste.reliability", parts="; ".join(parts)) if parts else ""


def _comparable(report: Report, scale: ScaleOf) -> list[str]:
    """Say at which later waves the scale measured as it did at the first, and at which it did not."""
    words, held, failed = report.words, [], []
    judged = tables.levels(report, "waves", outcome=scale.name)
    for level in judged:
        verdict, shown = tables.verdict(report, level), words.wave(level.wave)
        if verdict in {"scalar", "strict"}:
            delta = tables.ladder(report, level, "scalar").get("delta_cfi")
            told = numbers.bounded(cast("float | None", delta and delta.value), report.language, 3)
            held.append(words.say(f"{HERE}.paste.comparable_part", wave=shown, delta_cfi=told))
        elif verdict != "unknown":
            failed.append(shown)
    lists = {"comparable": words.listed(held), "not_comparable": words.listed(failed)}
    since = words.wave(judged[0].wave_from) if judged else ""
    return [words.say(f"{HERE}.paste.{k}", first=since, parts=parts) for k, parts in lists.items() if parts]


def _verdicts(report: Report, compared: str) -> list[Block]:
    """Return what held as a list, then a refusal (over waves) or a note (over arms) for what did not."""
    words, held, refused = report.words, list[str](), list[Block]()
    for level in tables.levels(report, compared):
        verdict, items = tables.verdict(report, level), tables.exempt(report, level)
        reason = tables.ladder(report, level).get("reason")
        values = {
            "outcome": words.outcome(level.outcome), "wave": words.wave(level.wave),
            "wave_from": words.wave(level.wave_from), "items": ", ".join(items), "n": len(items),
            "reason": words.say(f"{HERE}.reason.{reason.value}") if reason and reason.value else "",
        }  # fmt: skip
        said = words.say(f"{HERE}.verdict.{compared}.{verdict}", **values)
        if verdict in {"strict", "scalar", "unknown"}:
            held.append(said)
        else:
            refused.append(Paragraph(said, "refusal" if compared == "waves" else "note"))
    return [*([Bullets(said_once.sentences(held))] if held else []), *refused]


def _roses(report: Report, outcome: str, arm: str, waves: list[str]) -> list[diagrams.Rose]:
    row: list[diagrams.Rose] = []
    for wave in waves:
        at = {"what": "sector_mean", "outcome": outcome, "wave": wave, "arm": arm}
        means = [report.results.number(category=sector, **at) for sector in SECTORS]
        known = tuple(mean for mean in means if mean is not None)
        if len(known) < len(means):
            continue
        title = f"{report.words.arm(arm)}, {report.words.wave(wave)}" if arm else report.words.wave(wave)
        row.append(diagrams.Rose(title, known, row[0].values if row else ()))
    return row


def _complementary(report: Report) -> Iterator[Paragraph]:
    for fact in report.results.facts_where(what="complementarity_communion"):
        at = {"outcome": fact.outcome, "wave": fact.wave}
        first, second = fact.parts
        values = {"first": first, "second": second, "wave": report.words.wave(fact.wave)}
        for what in ("communion", "agency"):
            name = f"complementarity_{what}"
            values[what] = numbers.bounded(report.results.number(what=name, **at), report.language)
            values[f"{what}_ci"] = numbers.bounded_interval(*tables.ends(report, at, name), report.language)
        yield Paragraph(report.words.say(f"{HERE}.circle.complementary", n=fact.n, **values))
