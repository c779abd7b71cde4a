"""How far methods of finding underachievement agree, and whether they flag some groups more often."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

from werkbank.disclosure.suppressing import HIDDEN
from werkbank.reporting import said_once
from werkbank.reporting.blocks import Block, Paragraph, Table
from werkbank.reporting.diagrams import upset
from werkbank.reporting.flagged import Flagged, slug
from werkbank.reporting.numbers import Column, Kind
from werkbank.reporting.sections import maker

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.study.underachievement import Group

section = maker("underachieving", "underachievement")

PAIRED, AGAINST = ("kappa", "phi", "jaccard"), ("sensitivity", "specificity")
BY_GROUP: dict[str, tuple[str, dict[str, Kind | Column]]] = {
    "flag_rate": ("rates", {"group": "text", "n": "count", "share": "share", "ci": "share"}),
    "residual": (
        "residuals",
        {"group": "text", "all_n": "count", "clusters": "count", "mean": "estimate", "ci": "interval"},
    ),
}


@section(shared=True)
def agreement(report: Report) -> Blocks:
    """Which methods flag the same pupils: a figure, every pair, and each against the method that counts."""
    found = Flagged(report)
    if len(found.methods) < 2:
        yield Paragraph(found.say("agreement.one"))
        return
    yield Paragraph(found.say(f"agreement.lead{found.of_all}"))
    made: list[Table | None] = []
    for actual in found.last:
        picture, here = _upset(found, actual), [_pairs(found, actual), _against(found, actual)]
        yield picture
        made += here
        if found.any_hidden and picture is None and not any(here):
            yield Paragraph(found.say("agreement.hidden", measure=found.at(actual)))
    yield from said_once.below(report, made)


def _upset(found: Flagged, actual: str) -> Block | None:
    overlap = found.facts("overlap", actual)
    if any(fact.value is None for fact in overlap):
        return None
    place = {name: i for i, name in enumerate(found.methods)}
    combined = [(tuple(place[name] for name in fact.parts), int(fact.value or 0)) for fact in overlap]
    labels = [found.method(name) for name in found.methods]
    return upset(f"fig-upset-{slug(actual)}", found.at(actual), labels, combined, found.report.language)


def _pairs(found: Flagged, actual: str) -> Table | None:
    both = {(a, b): {"a": found.method(a), "b": found.method(b)} for a, b in combinations(found.methods, 2)}
    pairs = {pair: {"pair": found.say("agreement.pair_name", **names)} for pair, names in both.items()}
    kinds: dict[str, Kind] = {"pair": "text", "n": "count"}
    for name in PAIRED:
        kinds |= {name: "reliability", f"{name}_ci": "reliability"}
    title = found.say("agreement.pairs_title", measure=found.at(actual))
    return _agreeing(found, actual, "pairs", title, kinds, PAIRED, pairs)


def _against(found: Flagged, actual: str) -> Table | None:
    main, *others = found.methods
    kinds: dict[str, Kind | Column] = {"method": Column("method", found.say("found.method"))}
    for name in AGAINST:
        n = Column(f"{name}_n", found.say("agreement.n"), "count")
        kinds |= {n.key: n, name: "share", f"{name}_ci": "share"}
    title = found.say("agreement.against_title", measure=found.at(actual), method=found.method(main))
    pairs = {(other, main): {"method": found.method(other)} for other in others}
    return _agreeing(found, actual, "against", title, kinds, AGAINST, pairs)


def _agreeing(
    found: Flagged, actual: str, name: str, title: str, kinds: Mapping[str, Kind | Column], measures: Iterable[str],
    pairs: Mapping[tuple[str, str], dict[str, Any]],
) -> Table | None:  # fmt: skip
    """Return a table with a row for each pair of methods, beginning as `pairs` says; None when all of it is hidden."""
    rows = []
    for (method, other), first in pairs.items():
        made = {measure: found.estimate(actual, measure, method, other) for measure in measures}
        row = dict(first)
        for measure, e in made.items():
            if e is not None and e.note != HIDDEN:
                row |= {measure: e.estimate, f"{measure}_ci": (e.ci_low, e.ci_high), f"{measure}_n": e.n, "n": e.n}
        rows.append(row)
    if not any("n" in row for row in rows):
        return None
    note = found.say(f"agreement.{name}_note")
    return found.table(f"{name}-{slug(actual)}", title, "agreement", kinds, rows, note)


@section(shared=True)
def fairness(report: Report) -> Blocks:
    """Flag rates and residuals by group, small cells hidden; the known risk of missing some groups."""
    found = Flagged(report)
    yield Paragraph(report.words.say("underachievement.fairness.known_risk"), "warning")
    if not found.block.fairness:
        yield Paragraph(found.say("fairness.none"))
        return
    asked = [(a, group, estimand) for a in found.last for group in found.block.fairness for estimand in BY_GROUP]
    yield from said_once.below(report, [_by_group(found, *one) for one in asked])
    least = report.study.privacy.min_cell
    yield Paragraph(report.words.say("underachievement.fairness.hidden", min_cell=least), "note")


def _by_group(found: Flagged, actual: str, group: Group, estimand: str) -> Table | None:
    name, kinds = BY_GROUP[estimand]
    text = found.report.words.text
    rows = []
    for e in found.report.results.where(outcome=actual, estimand=estimand, grouped_by=group.column):
        if e.note not in {"hidden", HIDDEN}:
            said = found.say("fairness.unknown") if e.group == "?" else text(group.values.get(e.group), e.group)
            numbers = {"n": e.n, "all_n": e.n, "clusters": e.n_clusters, "share": e.estimate, "mean": e.estimate}
            rows.append({"group": said, **numbers, "ci": (e.ci_low, e.ci_high)})
    if "n" in kinds:
        kinds = kinds | {"n": Column("n", found.say(f"fairness.n{found.of_all}"), "count")}
    title = found.say(f"fairness.{name}_title", measure=found.at(actual), group=text(group.label, group.column))
    notes = [found.say("fairness.residual_note")] if estimand == "residual" else []
    return found.table(f"{name}-{slug(actual)}-{slug(group.column)}", title, "fairness", kinds, rows, *notes)
