"""How far methods of finding underachievement agree, and whether they flag some groups more often."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

from werkbank.disclosure.suppressing import HIDDEN
from werkbank.reporting.blocks import Block, Paragraph, Table
from werkbank.reporting.diagrams import upset
from werkbank.reporting.flagged import Flagged, slug
from werkbank.reporting.numbers import Column, Kind
from werkbank.reporting.sections import maker
from werkbank.reporting.table import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.study.underachievement import Group

section = maker("underachieving", "underachievement")


@section(shared=True)
def agreement(report: Report) -> Blocks:
    """Which methods flag the same pupils: a figure, every pair, and each against the method that counts."""
    found = Flagged(report)
    if len(found.methods) < 2:
        yield Paragraph(found.say("agreement.one"))
        return
    yield Paragraph(found.say("agreement.lead"))
    for actual in found.last:
        shown = [b for b in (_upset(found, actual), _pairs(found, actual), _against(found, actual)) if b is not None]
        yield from shown
        if found.any_hidden and not shown:
            yield Paragraph(found.say("agreement.hidden", measure=found.at(actual)))


def _upset(found: Flagged, actual: str) -> Block | None:
    overlap = found.facts("overlap", actual)
    if any(fact.value is None for fact in overlap):
        return None
    place = {name: i for i, name in enumerate(found.methods)}
    combined = [(tuple(place[name] for name in fact.parts), int(fact.value or 0)) for fact in overlap]
    labels = [found.method(name) for name in found.methods]
    return upset(f"fig-upset-{slug(actual)}", found.at(actual), labels, combined, found.report.language)


def _pairs(found: Flagged, actual: str) -> Table | None:
    pairs = [
        (found.say("agreement.pair_name", a=found.method(a), b=found.method(b)), a, b)
        for a, b in combinations(found.methods, 2)
    ]
    kinds: dict[str, Kind] = {"pair": "text", "n": "count"}
    for name in ("kappa", "phi", "jaccard"):
        kinds |= {name: "reliability", f"{name}_ci": "reliability"}
    title, notes = found.say("agreement.pairs_title", measure=found.at(actual)), [found.say("agreement.pairs_note")]
    name, rows = f"pairs-{slug(actual)}", _agreeing(found, actual, kinds, pairs)
    return table(found.report, name, title, kinds, rows, labels="underachieving.agreement", notes=notes)


def _against(found: Flagged, actual: str) -> Table | None:
    main, *others = found.methods
    kinds: dict[str, Kind | Column] = {"method": Column("method", found.say("found.method"))}
    for name in ("sensitivity", "specificity"):
        n = Column(f"{name}_n", found.say("agreement.n"), "count")
        kinds |= {n.key: n, name: "share", f"{name}_ci": "share"}
    title = found.say("agreement.against_title", measure=found.at(actual), method=found.method(main))
    rows = _agreeing(found, actual, kinds, [(found.method(other), other, main) for other in others])
    name, notes = f"against-{slug(actual)}", [found.say("agreement.against_note")]
    return table(found.report, name, title, kinds, rows, labels="underachieving.agreement", notes=notes)


def _agreeing(
    found: Flagged, actual: str, columns: Iterable[str], pairs: Iterable[tuple[str, str, str]]
) -> list[dict[str, Any]]:
    """Return a row for each pair of methods (as it is called, method, other); none when nothing of any may be shown."""
    first, *names = columns
    rows: list[dict[str, Any]] = []
    for called, method, other in pairs:
        made = {name: found.estimate(actual, name, method, other) for name in names}
        seen = {name: e for name, e in made.items() if e is not None and e.note != HIDDEN}
        rows.append({first: called})
        for name, e in seen.items():
            rows[-1] |= {name: e.estimate, f"{name}_ci": (e.ci_low, e.ci_high), f"{name}_n": e.n, "n": e.n}
    return rows if any("n" in row for row in rows) else []


@section(shared=True)
def fairness(report: Report) -> Blocks:
    """Flag rates and residuals by group, small cells hidden; the known risk of missing some groups."""
    found = Flagged(report)
    yield Paragraph(report.words.say("underachievement.fairness.known_risk"), "warning")
    if not found.block.fairness:
        yield Paragraph(found.say("fairness.none"))
        return
    for actual in found.last:
        for group in found.block.fairness:
            yield _rates(found, actual, group)
            yield _residuals(found, actual, group)
    least = report.study.privacy.min_cell
    yield Paragraph(report.words.say("underachievement.fairness.hidden", min_cell=least), "note")


def _rates(found: Flagged, actual: str, group: Group) -> Table | None:
    kinds: dict[str, Kind] = {"group": "text", "n": "count", "share": "share", "ci": "share"}
    label = found.report.words.text(group.label, group.column)
    title = found.say("fairness.rates_title", measure=found.at(actual), group=label)
    name, rows = f"rates-{slug(actual)}-{slug(group.column)}", _by_group(found, actual, group, "flag_rate")
    return table(found.report, name, title, kinds, rows, labels="underachieving.fairness")


def _residuals(found: Flagged, actual: str, group: Group) -> Table | None:
    kinds: dict[str, Kind] = {
        "group": "text", "all_n": "count", "clusters": "count", "mean": "estimate", "ci": "interval",
    }  # fmt: skip
    label = found.report.words.text(group.label, group.column)
    title, notes = (
        found.say("fairness.residuals_title", measure=found.at(actual), group=label),
        [found.say("fairness.residual_note")],
    )
    name, rows = f"residuals-{slug(actual)}-{slug(group.column)}", _by_group(found, actual, group, "residual")
    return table(found.report, name, title, kinds, rows, labels="underachieving.fairness", notes=notes)


def _by_group(found: Flagged, actual: str, group: Group, name: str) -> Iterator[dict[str, Any]]:
    for e in found.report.results.where(outcome=actual, estimand=name, grouped_by=group.column):
        if e.note not in {"hidden", HIDDEN}:
            label = found.report.words.text(group.values.get(e.group), e.group)
            said = found.say("fairness.unknown") if e.group == "?" else label
            counts = {"n": e.n, "all_n": e.n, "clusters": e.n_clusters}
            yield {"group": said, **counts, "share": e.estimate, "mean": e.estimate, "ci": (e.ci_low, e.ci_high)}
