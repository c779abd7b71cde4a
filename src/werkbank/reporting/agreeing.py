"""How far methods of finding underachievement agree, and whether they flag some groups more often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkbank.disclosure.suppressing import HIDDEN
from werkbank.reporting.blocks import Block, Paragraph, Table
from werkbank.reporting.diagrams import upset
from werkbank.reporting.flagged import Flagged, slug
from werkbank.reporting.numbers import Column, Kind
from werkbank.reporting.sections import maker
from werkbank.study import text_in

if TYPE_CHECKING:
    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks

section = maker("underachieving", "underachievement")

PAIRED = ("kappa", "phi", "jaccard")


@section(shared=True)
def agreement(report: Report) -> Blocks:
    """Which methods flag the same pupils: a figure, every pair, and each against the method that counts."""
    found = Flagged(report)
    if len(found.methods) < 2:
        yield Paragraph(found.say("agreement.one"))
        return
    blocks: list[Block] = [Paragraph(found.say("agreement.lead"))]
    for actual in found.last:
        shown = [b for b in (_upset(found, actual), _pairs(found, actual), _against(found, actual)) if b is not None]
        hidden = found.any_hidden and not shown
        blocks += [Paragraph(found.say("agreement.hidden", measure=found.at(actual)))] if hidden else shown
    yield from blocks


def _upset(found: Flagged, actual: str) -> Block | None:
    place = {name: i for i, name in enumerate(found.methods)}
    combined = []
    if any(fact.value is None for fact in found.facts(actual, "overlap")):
        return None
    for fact in found.facts(actual, "overlap"):
        names = fact.id.rpartition("/")[2].split("+")
        combined.append((tuple(place[n] for n in names if n in place), int(fact.value or 0)))
    labels = [found.method(name) for name in found.methods]
    return upset(f"fig-upset-{slug(actual)}", found.at(actual), labels, combined, found.language)


def _pairs(found: Flagged, actual: str) -> Table | None:
    rows: list[dict[str, Any]] = []
    for i, a in enumerate(found.methods):
        for b in found.methods[i + 1 :]:
            made = {name: found.estimate(actual, f"{a} x {b}", name) for name in PAIRED}
            row: dict[str, Any] = {"pair": found.say("agreement.pair_name", a=found.method(a), b=found.method(b))}
            for name, e in made.items():
                if e is not None and e.note != HIDDEN:
                    row |= {name: e.estimate, f"{name}_ci": (e.ci_low, e.ci_high), "n": e.n}
            rows.append(row)
    if not any("n" in row for row in rows):
        return None
    shown: dict[str, Kind] = {"pair": "text", "n": "count"}
    for name in PAIRED:
        shown |= {name: "reliability", f"{name}_ci": "reliability"}
    title = found.say("agreement.pairs_title", measure=found.at(actual))
    note = (found.say("agreement.pairs_note"),)
    return found.table(f"tab-pairs-{slug(actual)}", title, "agreement", shown, rows, note)


def _against(found: Flagged, actual: str) -> Table | None:
    main, *others = found.methods
    rows = []
    for name in others:
        row: dict[str, Any] = {"method": found.method(name)}
        for measure in ("sensitivity", "specificity"):
            e = found.estimate(actual, f"{name} x {main}", measure)
            if e is not None and e.note != HIDDEN:
                row |= {measure: e.estimate, f"{measure}_ci": (e.ci_low, e.ci_high), f"{measure}_n": e.n}
        rows.append(row)
    if not any("sensitivity" in row for row in rows):
        return None
    columns = [Column("method", found.say("found.method"))]
    for measure in ("sensitivity", "specificity"):
        columns += [
            Column(f"{measure}_n", found.say("agreement.n"), "count"),
            Column(measure, found.say(f"agreement.{measure}"), "share"),
            Column(f"{measure}_ci", found.say(f"agreement.{measure}_ci"), "share"),
        ]
    title = found.say("agreement.against_title", measure=found.at(actual), method=found.method(main))
    note = (found.say("agreement.against_note"),)
    return Table(f"tab-against-{slug(actual)}", title, tuple(columns), tuple(rows), note)


@section(shared=True)
def fairness(report: Report) -> Blocks:
    """Flag rates and residuals by group, small cells hidden; the known risk of missing some groups."""
    found = Flagged(report)
    say = report.words.say
    blocks: list[Block] = [Paragraph(say("underachievement.fairness.known_risk"), "warning")]
    if not found.block.fairness:
        yield from blocks
        yield Paragraph(found.say("fairness.none"))
        return
    for actual in found.last:
        for group in found.block.fairness:
            label = text_in(group.label, found.language, group.column)
            names = {k: text_in(v, found.language) for k, v in group.values.items()}
            for table in ("flag_rate", "residual"):
                made = _by_group(found, actual, (group.column, label, names), table)
                blocks += [made] if made is not None else []
    hidden = say("underachievement.fairness.hidden", min_cell=report.study.privacy.min_cell)
    yield from blocks
    yield Paragraph(hidden, "note")


def _by_group(found: Flagged, actual: str, group: tuple[str, str, dict[str, str]], name: str) -> Table | None:
    column, label, names = group
    start = f"{column}="
    rows = []
    for e in found.report.results.where(outcome=actual, estimand=name):
        if e.contrast.startswith(start) and e.note not in {"hidden", HIDDEN}:
            code = e.contrast.removeprefix(start)
            said = found.say("fairness.unknown") if code == "?" else names.get(code, code)
            ci = (e.ci_low, e.ci_high)
            rows.append(
                {
                    "group": said, "n": e.n, "all_n": e.n, "clusters": e.n_clusters, "share": e.estimate,
                    "mean": e.estimate, "ci": ci,
                }
            )  # fmt: skip
    if not rows:
        return None
    where = f"{slug(actual)}-{slug(column)}"
    if name == "flag_rate":
        shown: dict[str, Kind] = {"group": "text", "n": "count", "share": "share", "ci": "share"}
        title = found.say("fairness.rates_title", measure=found.at(actual), group=label)
        return found.table(f"tab-rates-{where}", title, "fairness", shown, rows)
    shown = {"group": "text", "all_n": "count", "clusters": "count", "mean": "estimate", "ci": "interval"}
    title = found.say("fairness.residuals_title", measure=found.at(actual), group=label)
    note = (found.say("fairness.residual_note"),)
    return found.table(f"tab-residuals-{where}", title, "fairness", shown, rows, note)
