"""Two more looks at the same pupils: who changed more than an instrument's error, and every defensible analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkbank.appraisal.evidence import SIZES
from werkbank.disclosure.suppressing import HIDDEN
from werkbank.effects.questions import outcome_waves
from werkbank.effects.roles import shown_arms
from werkbank.reporting import estimates, figures, numbers, said_once
from werkbank.reporting.blocks import Bullets, Paragraph
from werkbank.reporting.fitted import fitted
from werkbank.reporting.report import place
from werkbank.reporting.sections import maker
from werkbank.reporting.table import table
from werkbank.reporting.tables import texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkbank.reporting.blocks import Figure, Table
    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.results import Estimate, Fact

section = maker("robustness", "effects", "ways")

METHODS = ("jacobson_truax", "edwards_nunnally", "hageman_arrindell")
CATEGORIES = ("recovered", "improved", "unchanged", "deteriorated")


@section(shared=True, appendix=True)
def reliable_change(report: Report) -> Blocks:
    """How many pupils changed more than the instrument's error allows, by three methods; nobody is named."""
    say = report.words.say
    keys = [key for key in report.keys if report.results.facts_where(what="rci_reliability", outcome=key)]
    if keys:
        yield Paragraph(say("robustness.reliable_change.lead"))
        yield _scatter(report, keys[0])
        yield from said_once.below(report, [_categories(report, key) for key in keys])
    # declared, but no reliability that a score can have: said, for its author expects a table
    perfect = [outcome.id for outcome in report.study.outcomes if outcome.reliability == 1]
    yield from (
        Paragraph(say("robustness.reliable_change.perfect", outcome=report.words.outcome(key)), "note")
        for key in perfect
    )
    if not keys and not perfect:
        yield Paragraph(say("robustness.reliable_change.none"))


def _categories(report: Report, key: str) -> Table | None:
    words, labels = report.words, "robustness.reliable_change"
    judged = report.results.facts_where(what="rci_reliability", outcome=key)
    rows = [
        {"arm": words.arm(fact.arm), "wave": words.wave(fact.wave_to), "n": fact.n}
        | {"method": words.say(f"robustness.methods.{method}"), **_counts(report, fact, method)}
        for fact in judged
        for method in METHODS
    ]
    kinds = texts("arm", "wave", "method") | {"n": "count"}
    kinds |= dict.fromkeys((name for name in CATEGORIES if any(row[name] is not None for row in rows)), "count")
    smallest = [
        words.say(f"{labels}.smallest", arm=words.arm(f.arm), wave=words.wave(f.wave_to), points=words.decimal(points))
        for f in judged
        for points in [report.results.number(what="rci_smallest_change", **place(f))]
    ]
    notes = (
        words.say(f"{labels}.{_origin(report, key)}", alpha=words.bounded(_number(judged[0]))),
        words.say(f"{labels}.smallest_all", smallest=words.listed(smallest)),
        *_recovered(report, key),
        *_without_verdict(report, judged),
    )
    title = words.say(f"{labels}.title", outcome=words.outcome(key))
    return table(report, f"reliable-change-{key.replace('.', '-')}", title, kinds, rows, labels=labels, notes=notes)


def _origin(report: Report, key: str) -> str:
    """Return where the reliability came from: alpha here, or the study file for a score that is ready."""
    given = {outcome.id for outcome in report.study.outcomes if outcome.reliability is not None}
    return "origin_given" if key in given else "origin"


def _counts(report: Report, judged: Fact, method: str) -> dict[str, int | None]:
    """Return by category how many pupils of one arm and wave a method puts there."""
    count = report.results.count
    return {name: count(criterion=method, category=name, kind=judged.kind, **place(judged)) for name in CATEGORIES}


def _without_verdict(report: Report, judged: Sequence[Fact]) -> list[str]:
    """Name the methods that judge nobody at some moment, and say why; what a copy to share hides is not meant."""
    words, at = report.words, [{"kind": fact.kind, **place(fact)} for fact in judged]
    silent = [
        words.say(f"robustness.methods.{method}")
        for method in METHODS
        if any(f.value is None and f.note != HIDDEN for where in at
               for f in report.results.facts_where(criterion=method, category="improved", **where))
    ]  # fmt: skip
    return [words.say("robustness.reliable_change.no_verdict", methods=words.listed(silent))] if silent else []


def _recovered(report: Report, key: str) -> list[str]:
    """Say where the border of recovery lies, or why there is none; a shared copy does not tell it."""
    norm, say = report.study.norm(key), report.words.say
    if norm is None:
        return [say("robustness.reliable_change.no_cutoff")]
    known = [f.value for f in report.results.facts_where(what="rci_cutoff", outcome=key) if isinstance(f.value, float)]
    said = {name: report.words.decimal(x) for name, x in zip(("mean", "sd"), norm, strict=True)}
    return [say("robustness.reliable_change.cutoff", cut=report.words.decimal(cut), **said) for cut in known[:1]]


def _scatter(report: Report, key: str) -> Figure | None:
    e, words = report.evidence, report.words
    if report.scores.table.empty:  # a shared copy draws no pupils
        return None
    smallest = report.results.facts_where(what="rci_smallest_change", outcome=key)
    before, after = smallest[0].wave_from, smallest[0].wave_to
    wide = next(table for _, found, table in outcome_waves(report.study, report.scores.table) if found == key)
    arms = shown_arms(report.study, report.intake.pupils).reindex(wide.index) if e.arms != [""] else None
    clouds = []
    for fact in sorted(smallest, key=lambda fact: e.arms.index(fact.arm)):
        points = _number(fact)
        if points is None or (fact.wave_from, fact.wave_to) != (before, after):
            continue
        rows = (wide if arms is None else wide.loc[arms == fact.arm])[[before, after]].dropna()
        clouds.append(
            figures.Cloud(
                words.arm(fact.arm), words.outcome(key), (words.wave(before), words.wave(after)),
                rows[before].to_numpy(float), rows[after].to_numpy(float), points,
                _counts(report, fact, METHODS[0]), report.better(key) == "higher",
            )
        )  # fmt: skip
    return figures.scatter(clouds, report.language) if clouds else None


def _number(fact: Fact) -> float | None:
    return None if isinstance(fact.value, str) else fact.value


def _lead(report: Report, size: Estimate | None) -> estimates.Lead:
    """Return what the main analysis chose at every decision."""
    ways = report.bench.ways
    assert ways is not None  # noqa: S101 - asked only where there are
    used = bool(fitted(report, ways.headline).covariates)
    chosen = {"model": ways.headline.method, "scoring": "share_0", "outliers": "kept", "covariates": str(used).lower()}
    chosen |= dict.fromkeys(("within_arms", "normal_ranks", "every_wave", "overlap"), "false")
    return estimates.Lead(size.estimate if size else None, chosen)


@section()
def many_ways(report: Report) -> Blocks:
    """The primary question answered by every defensible combination of decisions, to see whether one decides."""
    words, ways = report.words, report.bench.ways
    if ways is None:
        why = "one_arm" if report.evidence.one_arm_grouped else "none"
        yield Paragraph(words.say(f"robustness.many_ways.{why}"))
        return
    facts = {f.category: _number(f) for f in ways.facts}
    n = int(facts["specifications"] or 0)
    size = report.evidence.beside(ways.headline, *SIZES)
    said = {
        "n": n,
        "level": words.level(report.study.ci_level),
        "n_text": numbers.count(n, report.language),
        "question": words.test(ways.headline.outcome, ways.headline.wave_to, ways.headline.contrast),
        **{k: words.decimal(facts[k]) for k in ("median", "lowest", "highest")},
        **{k: words.share(facts[k]) for k in ("same_sign", "significant")},
    }
    open_ = [c for c in estimates.CHOICES if estimates.differ(ways.table, c)]
    names = words.listed([words.say(f"robustness.many_ways.open.{c}") for c in open_])
    yield Paragraph(words.say(f"robustness.many_ways.{'lead' if open_ else 'lead_alone'}", **said, choices=names))
    yield estimates.specifications(ways.table, _lead(report, size), said, report.language)
    yield Bullets(tuple(words.say(f"robustness.many_ways.{k}", **said) for k in ("median_said", "sign_said", "p_said")))
    yield Paragraph(words.say(f"robustness.many_ways.{'few' if n < 200 else 'reading'}", **said), "note")
