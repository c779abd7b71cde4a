"""Two more looks at the same pupils: who changed more than an instrument's error, and every defensible analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkbank.appraisal.evidence import SIZES
from werkbank.effects.questions import outcome_waves
from werkbank.reporting import estimates, figures, numbers
from werkbank.reporting.blocks import Bullets, Heading, Paragraph, Section, Table
from werkbank.reporting.numbers import Column
from werkbank.reporting.sections import maker

if TYPE_CHECKING:
    from werkbank.reporting.blocks import Block, Figure
    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.results import Fact

section = maker("robustness", "effects", "ways")

METHODS = ("jacobson_truax", "edwards_nunnally", "hageman_arrindell")
CATEGORIES = ("recovered", "improved", "unchanged", "deteriorated")


@section(shared=True)
def reliable_change(report: Report) -> Blocks:
    """How many pupils changed more than the instrument's error allows, by three methods; nobody is named."""
    say = report.words.say
    keys = [key for key in report.keys if report.results.facts_where(what="rci_reliability", outcome=key)]
    if not keys:
        yield Paragraph(say("robustness.reliable_change.none"))
        return
    picture = _scatter(report, keys[0])
    blocks: list[Block] = [Paragraph(say("robustness.reliable_change.lead")), *([picture] if picture else [])]
    yield from blocks
    yield from (_categories(report, key) for key in keys)


def _categories(report: Report, key: str) -> Table:
    e, words = report.evidence, report.words
    rows = []
    judged = report.results.facts_where(what="rci_reliability", outcome=key)
    for fact in judged:
        for method in METHODS:
            at = (key, fact.arm, fact.wave)
            counts = {name: e.count(f"rci_{method}_{name}", *at) for name in CATEGORIES}
            first = {"arm": words.arm(fact.arm), "wave": _when(report, fact.wave), "n": fact.n}
            rows.append({**first, "method": words.say(f"robustness.methods.{method}"), **counts})
    texts = ("arm", "wave", "method")
    judged_as = [name for name in CATEGORIES if any(row[name] is not None for row in rows)]
    columns = tuple(
        Column(name, words.say(f"robustness.reliable_change.{name}"), "text" if name in texts else "count")
        for name in (*texts, "n", *judged_as)
    )
    smallest = words.listed(
        [
            words.say(
                "robustness.reliable_change.smallest",
                arm=words.arm(f.arm), wave=_when(report, f.wave), points=numbers.decimal(_number(f), report.language),
            )
            for f in report.results.facts_where(what="rci_smallest_change", outcome=key)
        ]
    )  # fmt: skip
    alpha = numbers.bounded(_number(judged[0]), report.language)
    notes = (
        words.say("robustness.reliable_change.origin", alpha=alpha),
        words.say("robustness.reliable_change.smallest_all", smallest=smallest),
        *_recovered(report, key),
    )
    title = words.say("robustness.reliable_change.title", outcome=words.outcome(key))
    return Table(f"tab-reliable-change-{key.replace('.', '-')}", title, columns, tuple(rows), notes)


def _recovered(report: Report, key: str) -> list[str]:
    """Say where the border of recovery lies, or why there is none; a shared copy does not tell it."""
    norm, say = report.study.norm(key), report.words.say
    if norm is None:
        return [say("robustness.reliable_change.no_cutoff")]
    known = [f.value for f in report.results.facts_where(what="rci_cutoff", outcome=key) if isinstance(f.value, float)]
    said = {name: numbers.decimal(x, report.language) for name, x in zip(("mean", "sd"), norm, strict=True)}
    cuts = [numbers.decimal(cut, report.language) for cut in known[:1]]
    return [say("robustness.reliable_change.cutoff", cut=cut, **said) for cut in cuts]


def _scatter(report: Report, key: str) -> Figure | None:
    e, words = report.evidence, report.words
    if report.scores.table.empty:  # a shared copy draws no pupils
        return None
    first = report.results.facts_where(what="rci_smallest_change", outcome=key)[0].wave
    before = "baseline" if first.startswith("baseline-") else next(w for w in ("pre", "baseline") if w in e.waves)
    wide = next(table for _, found, table in outcome_waves(report.study, report.scores.table) if found == key)
    after = first.partition("-")[2] or first
    arms = report.intake.pupils["arm"].astype(object).reindex(wide.index) if e.arms != [""] else None
    name, _, scale = key.partition(".")
    clouds = []
    for arm in e.arms:
        smallest = e.number("rci_smallest_change", key, arm, first)
        if smallest is None:
            continue
        rows = (wide if arms is None else wide.loc[arms == arm])[[before, after]].dropna()
        counts = {c: e.count(f"rci_jacobson_truax_{c}", key, arm, first) for c in CATEGORIES}
        clouds.append(
            figures.Cloud(
                words.arm(arm), words.outcome(key), (words.wave(before), words.wave(after)),
                rows[before].to_numpy(float), rows[after].to_numpy(float), smallest, counts,
                report.scores.instruments[name].direction(scale or name) == "higher",
            )
        )  # fmt: skip
    return figures.scatter(clouds, report.language) if clouds else None


def _number(fact: Fact) -> float | None:
    return None if isinstance(fact.value, str) else fact.value


def _when(report: Report, wave: str) -> str:
    return report.words.wave(wave.rpartition("-")[2])


@section()
def many_ways(report: Report) -> Blocks:
    """The primary question answered by every defensible combination of decisions, to see whether one decides."""
    words, language, ways = report.words, report.language, report.bench.ways
    if ways is None:
        why = "one_arm" if report.evidence.one_arm_grouped else "none"
        yield Paragraph(words.say(f"robustness.many_ways.{why}"))
        return
    facts = {f.what.removeprefix("multiverse_"): _number(f) for f in ways.facts}
    n = int(facts["specifications"] or 0)
    size = report.evidence.beside(ways.headline, *SIZES)
    question = words.test(ways.headline.outcome, ways.headline.wave_to, ways.headline.contrast)
    said = {
        "n": n,
        "n_text": numbers.count(n, language),
        "question": question,
        **{k: numbers.decimal(facts[k], language) for k in ("median", "lowest", "highest")},
        **{k: numbers.share(facts[k], language) for k in ("same_sign", "significant")},
    }
    blocks: list[Block] = [
        Paragraph(words.say("robustness.many_ways.lead", **said)),
        estimates.specifications(ways.table, size.estimate if size else None, said, language),
        Bullets(tuple(words.say(f"robustness.many_ways.{k}", **said) for k in ("median_said", "sign_said", "p_said"))),
    ]
    few = "few" if n < 200 else "reading"
    yield from blocks
    yield Paragraph(words.say(f"robustness.many_ways.{few}", **said), "note")


def _section(report: Report, name: str, *blocks: Block) -> Section:
    title = report.words.say(f"robustness.heading.{name.replace('-', '_')}")
    return Section(name, report.language, (Heading(title, 2), *blocks))
