"""The report on effects of several studies, a function for each section. Nothing is computed here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkbank.catalogue import has
from werkbank.reporting import elements, literature, numbers, pooled
from werkbank.reporting.blocks import Bullets, Figure, Heading, Paragraph
from werkbank.reporting.drawn_figure import Drawn, drawn_figure
from werkbank.reporting.numbers import Column, Kind
from werkbank.reporting.review_flow import Step, review_flow
from werkbank.reporting.sections import maker
from werkbank.reporting.table import table
from werkbank.study.parts import text_in
from werkbank.synthesis.review import USUAL_R

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.results import Estimate
    from werkbank.study.synthesis import Synthesis

section = maker("synthesis", "synthesis")
FLOW = ("identified", "other", "removed", "excluded", "not_retrieved", "ineligible", "included")


@section(shared=True)
def answer(report: Report) -> Blocks:
    """What the studies find together, how far they differ, and what that does not say."""
    mean = _one(report, "pooled")
    values = {"outcome": _outcome(report), **_counts(report)}
    if mean is None:
        yield Paragraph(_say(report, "answer.side_by_side", **values), "lead")
        yield _forest(report)
        return
    told = {claim.verdict: claim for claim in report.results.claims_where(kind="synthesis")}
    first = next(name for name in ("clear", "unclear") if name in told)
    side = told[first].side
    yield Paragraph(
        _say(report, f"answer.{first}{'_' + side if side else ''}", **values, **_numbers(report, mean)), "lead"
    )
    yield _forest(report)
    yield Bullets(tuple(_further(report, told)))
    for note in filter(None, [mean.note]):
        yield Paragraph(_note(report, note), "warning")
    yield Paragraph(_say(report, "answer.not_causal"), "note")


def _further(report: Report, told: dict[str, Any]) -> list[str]:
    ahead = _one(report, "prediction")
    said = {} if ahead is None else dict.fromkeys(("next_may_differ", "next_alike"), _numbers(report, ahead))
    said |= {verdict: told[verdict].values for verdict in ("rests_on_one", "rests_on_none") if verdict in told}
    return [_say(report, f"answer.{verdict}", **values) for verdict, values in said.items() if verdict in told]


def _forest(report: Report) -> Figure:
    found = report.results.where(kind="study")
    mean, ahead = _one(report, "pooled"), _one(report, "prediction")
    tau2 = sum(e.estimate or 0.0 for e in report.results.where(kind="heterogeneity") if e.level in SPREADS)
    weights = [1 / ((e.se or 0.0) ** 2 + tau2) for e in found] if mean else [0.0 for _ in found]
    rows = [
        pooled.Row(_named(e, found), e.estimate or 0.0, e.ci_low or 0.0, e.ci_high or 0.0, w / (sum(weights) or 1.0))
        for e, w in zip(found, weights, strict=True)
    ]
    drawn = None
    if mean is not None:
        reach = None if ahead is None else (ahead.ci_low or 0.0, ahead.ci_high or 0.0)
        drawn = pooled.Mean(mean.estimate or 0.0, mean.ci_low or 0.0, mean.ci_high or 0.0, reach)
    return pooled.forest(rows, drawn, report.language)


SPREADS = ("tau2", "between", "within")
VARIANCES: tuple[tuple[str, Kind], ...] = (("value", "estimate"), ("ci", "interval"))


def _named(e: Estimate, found: Sequence[Estimate]) -> str:
    several = sum(other.group == e.group for other in found) > 1
    return f"{e.group}: {e.contrast}" if several and e.contrast else e.group


@section(shared=True)
def effects(report: Report) -> Blocks:
    """Every effect with how it was got from what was printed."""
    kinds: dict[str, Kind] = {
        "study": "text", "effect": "text", "n": "count", "g": "estimate", "ci": "interval", "how": "text",
    }  # fmt: skip
    found = report.results.where(kind="study")
    rows = [
        {"study": e.group, "effect": e.contrast or None, "n": e.n, "g": e.estimate, "ci": (e.ci_low, e.ci_high),
         "how": _road(report, e.criterion)}
        for e in found
    ]  # fmt: skip
    yield Paragraph(_say(report, "effects.lead", better=_say(report, f"effects.better_{_block(report).better}")))
    yield table(report, "effects", "", kinds, rows, labels="synthesis.effects", drop_empty=True)
    counted = {f.category: int(f.value or 0) for f in report.results.facts_where(table="counts")}
    for kind in ("held_back", "not_measured"):
        if n := counted.get(kind):
            yield Paragraph(_say(report, f"effects.{kind}", n=n, outcome=_outcome(report)), "warning")
    yield from _remarks(report)
    yield from _at_each_r(report)


def _at_each_r(report: Report) -> Blocks:
    """A row for each pre-post correlation of every effect of which it is not printed: how precise it then is."""
    found = report.results.where(kind="study_at_r")
    if not found:
        return
    kinds: dict[str, Kind] = {
        "study": "text", "r": "reliability", "g": "estimate", "se": "estimate", "ci": "interval",
    }  # fmt: skip
    rows = [
        {"study": _named(e, found), "r": float(e.level), "g": e.estimate, "se": e.se, "ci": (e.ci_low, e.ci_high)}
        for e in found
    ]
    block, key = _block(report), "each_r.lead"
    r = numbers.bounded(USUAL_R if block.pre_post_r is None else block.pre_post_r, report.language)
    yield Paragraph(_say(report, f"{key}_unsaid" if block.pre_post_r is None else key, r=r), "note")
    yield table(report, "each-r", "", kinds, rows, labels="synthesis.each_r")


def _road(report: Report, how: str) -> str:
    plain, _, corrected = how.partition("+")
    known = plain in {"given", "change", "means", "t", "f", "p", "interval", "odds_ratio", "proportions"}
    said = _say(report, f"road.{plain}") if known else _say(report, "road.results")
    return f"{said}; {_say(report, 'road.clusters')}" if corrected else said


def _remarks(report: Report) -> Blocks:
    if report.bench.copy_to_share:
        return
    found: dict[tuple[str, str, str], list[str]] = {}  # what is told with the same number is told once
    for row in report.bench.reviewed.effects.to_dict("records"):
        for key, value in row["remarks"]:
            of = key.removeprefix("differs_")
            told = "differs" if of != key else key
            road = _road(report, of) if of != key else ""
            found.setdefault((told, report.words.decimal(value), road), []).append(str(row["study"]))
    lines = [
        _say(report, f"remark.{told}", study=report.words.listed(list(dict.fromkeys(studies))), value=value, road=road)
        for (told, value, road), studies in found.items()
    ]
    lines += [note.sentence(report.language) for note in report.bench.reviewed.notes]
    if lines:
        yield Paragraph(_say(report, "remark.lead"))
        yield Bullets(tuple(dict.fromkeys(lines)))


@section(shared=True)
def differences(report: Report) -> Blocks:
    """How far studies differ beyond chance, and by what."""
    found = {e.level: e for e in report.results.where(kind="heterogeneity")}
    if not found:
        return
    q = found["q"]
    said = {"q": numbers.decimal(q.estimate, report.language), "df": numbers.degrees(q.df, report.language),
            "p": numbers.p_phrase(q.p, report.language)}  # fmt: skip
    yield Paragraph(_say(report, "differences.q", **said))
    if "i2" in found:
        yield Paragraph(_say(report, "differences.i2", share=numbers.share(found["i2"].estimate, report.language)))
    shown = {name: Column(name, _say(report, f"differences.{name}"), kind, 3) for name, kind in VARIANCES}
    kinds: dict[str, Kind | Column] = {"what": "text", **shown}
    rows = [
        {"what": _say(report, f"differences.{level}"), "value": found[level].estimate,
         "ci": (found[level].ci_low, found[level].ci_high)}
        for level in SPREADS
        if level in found
    ]  # fmt: skip
    yield table(report, "spread", "", kinds, rows, labels="synthesis.differences", drop_empty=True)
    if "within" in found:
        rho = numbers.bounded(_block(report).correlation, report.language)
        yield Paragraph(_say(report, "differences.correlation", rho=rho), "note")


@section(shared=True)
def traits(report: Report) -> Blocks:
    """By which traits of studies effects differ: explored, one at a time."""
    found = report.results.where(kind="moderation")
    if not found:
        return
    yield Paragraph(_say(report, "traits.lead"))
    for e in found:
        if e.estimate is None:
            yield Paragraph(
                _say(report, "traits.refused", trait=_trait(report, e.moderator), why=_note(report, e.note))
            )
    kinds: dict[str, Kind] = {
        "trait": "text", "kind": "text", "n_studies": "count", "g": "estimate", "ci": "interval", "p": "p",
    }  # fmt: skip
    rows = [_of_kind(report, e) for e in report.results.where(kind="subgroup")]
    rows += [_slope(report, e) for e in found if e.estimate is not None and not e.group]
    notes = [
        _say(report, "traits.note"),
        *dict.fromkeys(_note(report, e.note) for e in found if e.estimate is not None and e.note),
    ]
    yield table(report, "traits", "", kinds, rows, labels="synthesis.traits", notes=notes, drop_empty=True)


def _trait(report: Report, name: str) -> str:
    """Return a trait as a reader knows it: of our own vocabulary in words, of a user's file as it stands there."""
    key = f"synthesis.trait.{name}"
    return report.words.say(key) if name in KNOWN else name


KNOWN = ("rater", "school_type", "measure", "design", "age", "instrument", "outcome")


def _of_kind(report: Report, e: Estimate) -> dict[str, Any]:
    versus = next((d for d in report.results.where(kind="moderation", moderator=e.moderator, group=e.group)), None)
    return {
        "trait": _trait(report, e.moderator), "kind": _kind(report, e), "n_studies": e.n_clusters, "g": e.estimate,
        "ci": (e.ci_low, e.ci_high), "p": versus.p if versus else None,
    }  # fmt: skip


def _kind(report: Report, e: Estimate) -> str:
    """Return a kind of studies: who rated in words, a user's own code as it stands in the file."""
    key = f"synthesis.rater.{e.group}"
    return report.words.say(key) if e.moderator == "rater" and has(key, report.language) else e.group


def _slope(report: Report, e: Estimate) -> dict[str, Any]:
    return {
        "trait": _trait(report, e.moderator), "kind": _say(report, "traits.per_unit"), "n_studies": e.n_clusters,
        "g": e.estimate, "ci": (e.ci_low, e.ci_high), "p": e.p,
    }  # fmt: skip


@section(shared=True)
def doubts(report: Report) -> Blocks:
    """Whether small studies find more, and whether the answer hangs on one study."""
    found = _one(report, "small_studies")
    if found is None:
        return
    mean = _one(report, "pooled")
    if found.estimate is None:
        yield Paragraph(_note(report, found.note), "note")
    else:
        yield pooled.funnel([(e.estimate or 0.0, e.se or 0.0) for e in report.results.where(kind="study")],
                            mean.estimate or 0.0 if mean else 0.0, report.language)  # fmt: skip
        key = "egger_sure" if (found.p or 1.0) < 0.10 else "egger_unsure"
        t, df, p = (numbers.decimal(found.statistic, report.language), numbers.degrees(found.df, report.language),
                    numbers.p_phrase(found.p, report.language))  # fmt: skip
        yield Paragraph(_say(report, f"doubts.{key}", t=t, df=df, p=p))
        yield Paragraph(_say(report, "doubts.other_reasons"), "note")
    kinds: dict[str, Kind] = {"study": "text", "g": "estimate", "ci": "interval", "p": "p"}
    rows = [
        {"study": e.group, "g": e.estimate, "ci": (e.ci_low, e.ci_high), "p": e.p}
        for e in report.results.where(kind="without")
    ]
    yield table(report, "without", "", kinds, rows, labels="synthesis.doubts")
    assumed: dict[str, Kind] = {"r": "reliability", "g": "estimate", "ci": "interval", "p": "p"}
    at_r = [
        {"r": float(e.level), "g": e.estimate, "ci": (e.ci_low, e.ci_high), "p": e.p}
        for e in report.results.where(kind="at_r")
    ]
    yield table(report, "at-r", "", assumed, at_r, labels="synthesis.at_r")


@section(shared=True)
def each(report: Report) -> Blocks:
    """Each study's own effect drawn towards the others: what it should believe of itself."""
    kinds: dict[str, Kind] = {"study": "text", "own": "estimate", "g": "estimate", "ci": "interval"}
    own = {e.group: e.estimate for e in report.results.where(kind="study")}
    found = report.results.where(kind="shrunken")
    if not found:
        mean = _one(report, "pooled")
        if mean is not None and mean.method == "pooled_mean":
            yield Paragraph(_say(report, "each.few"), "note")
        return
    schools = "_schools" if _block(report).results else ""
    yield Paragraph(_say(report, f"each.lead{schools}"))
    rows = [{"study": e.group, "own": own[e.group], "g": e.estimate, "ci": (e.ci_low, e.ci_high)} for e in found]
    yield _caterpillar(report, found, own)
    notes = [_say(report, "each.note")]
    yield table(report, "each", "", kinds, rows, labels=f"synthesis.each{schools}", notes=notes)


def _caterpillar(report: Report, found: Sequence[Estimate], own: dict[str, float | None]) -> Figure | None:
    """Draw own and drawn results, where all of them are there to be seen."""
    mean = _one(report, "pooled")
    rows = [
        Drawn(e.group, float(own[e.group] or 0.0), e.estimate, e.ci_low, e.ci_high)
        for e in found
        if e.estimate is not None and e.ci_low is not None and e.ci_high is not None and own[e.group] is not None
    ]
    whole = mean is not None and mean.estimate is not None and len(rows) == len(found)
    return drawn_figure(rows, float(mean.estimate or 0.0), report.language) if mean and whole else None


@section(shared=True)
def flow(report: Report) -> Blocks:
    """How studies were found and chosen, drawn and counted as PRISMA 2020 has it."""
    found = {f.category: f.value for f in report.results.facts_where(table="flow")}
    if not found:
        return
    kinds: dict[str, Kind] = {"step": "text", "n": "count"}
    reasons = [(f.category, f.value) for f in report.results.facts_where(table="ineligible")]
    yield review_flow(_steps(report, found, reasons), report.language)
    rows: list[dict[str, Any]] = []
    for step in FLOW:
        if step == "ineligible":
            rows += [{"step": _say(report, "flow.ineligible", reason=reason), "n": n} for reason, n in reasons]
        else:
            rows.append({"step": _say(report, f"flow.{step}"), "n": found.get(step)})
    yield table(report, "flow", "", kinds, rows, labels="synthesis.flow")
    pooled_of = _counts(report)["n"]
    if pooled_of != found["included"]:
        yield Paragraph(_say(report, "flow.not_all", n=int(found["included"] or 0), pooled=int(pooled_of)), "warning")


def _steps(report: Report, found: Mapping[str, Any], reasons: Sequence[tuple[str, Any]]) -> list[Step]:
    """Return the boxes of the diagram; a step at which nothing could fall off has no box beside it."""

    def line(name: str) -> str:
        return _counted(report, _say(report, f"flow.{name}"), found[name])

    def lost(name: str) -> tuple[str, ...]:
        return (line(name),) if found[name] else ()

    came = (line("identified"), *((line("other"),) if found["other"] else ()))
    fell = tuple(_counted(report, _say(report, "flow.ineligible", reason=reason), n) for reason, n in reasons if n)
    phase = {name: _say(report, f"flow.phase.{name}") for name in ("identification", "screening", "included")}
    return [
        Step(phase["identification"], came, lost("removed")),
        Step(phase["screening"], (line("screened"),), lost("excluded")),
        Step(phase["screening"], (line("sought"),), lost("not_retrieved")),
        Step(phase["screening"], (line("read"),), fell),
        Step(phase["included"], (line("included"), line("left"))),
    ]


def _counted(report: Report, what: str, n: float) -> str:
    return f"{what}: {numbers.count(int(n), report.language)}"


@section(shared=True, appendix=True)
def common_elements(report: Report) -> Blocks:
    """Which techniques known programmes have in common: what studies of one kind may differ by."""
    yield Paragraph(_say(report, "common_elements.lead"))
    yield elements.matrix(report.language)


@section(shared=True, appendix=True)
def field(report: Report) -> Blocks:
    """What was written on these programmes and their theories, with how sure each entry is."""
    yield Paragraph(_say(report, "field.lead"))
    for topic, entries in literature.by_topic().items():
        yield Heading(_say(report, f"field.topic.{topic}"), 3)
        yield Bullets(tuple(literature.line(one, report.language) for one in entries))


@section(shared=True)
def method(report: Report) -> Blocks:
    """Every choice behind the numbers, and what was assumed where papers are silent."""
    block = _block(report)
    mean = _one(report, "pooled")
    lines = [_say(report, f"method.{'nested' if mean and mean.method == 'pooled_levels' else block.method}")]
    if mean is not None and block.method != "common":
        lines.append(_say(report, "method.cr2" if mean.method == "pooled_levels" else "method.knapp_hartung"))
    if block.pre_post_r is not None:
        lines.append(_say(report, "method.r", r=numbers.bounded(block.pre_post_r, report.language)))
    elif report.results.where(kind="study_at_r"):
        lines.append(_say(report, "each_r.lead_unsaid", r=numbers.bounded(USUAL_R, report.language)))
    if block.icc is not None:
        lines.append(_say(report, "method.icc", icc=numbers.bounded(block.icc, report.language)))
    if block.results:
        lines.append(_say(report, "method.two_stages"))
    if mean is not None and block.method != "common":
        lines.append(_say(report, "method.ahead"))
    yield Bullets(tuple(lines))


def _block(report: Report) -> Synthesis:
    block = report.study.synthesis
    assert block is not None  # noqa: S101 - without it nothing was read
    return block


def _say(report: Report, key: str, **values: object) -> str:
    return report.words.say(f"synthesis.{key}", **values)


def _note(report: Report, key: str) -> str:
    return report.words.say(f"synthesis.note.{key.removeprefix('synthesis.')}")


def _outcome(report: Report) -> str:
    block = _block(report)
    return text_in(block.label, report.language) or block.outcome


def _one(report: Report, kind: str) -> Estimate | None:
    return report.results.estimate(kind=kind)


def _counts(report: Report) -> dict[str, Any]:
    found = {f.category: f.value for f in report.results.facts_where(table="counts")}
    return {"n": found.get("studies", 0), "n_effects": found.get("effects", 0)}


def _numbers(report: Report, e: Estimate) -> dict[str, str]:
    spoken = report.language
    return {
        "g": numbers.decimal(e.estimate, spoken), "p": numbers.p_phrase(e.p, spoken),
        "ci": numbers.interval(e.ci_low, e.ci_high, spoken), "level": numbers.share(e.ci_level, spoken),
    }  # fmt: skip
