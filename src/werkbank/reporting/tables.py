"""The tables of a report: values from the results, in rows that a writer of any format can print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkbank.appraisal.evidence import SIZES
from werkbank.catalogue import has
from werkbank.effects.questions import identifier
from werkbank.reporting.blocks import Table
from werkbank.reporting.numbers import Column, Kind
from werkbank.study import text_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkbank.reporting.report import Report
    from werkbank.results import Estimate

TIDIER = (
    "name", "why", "materials", "procedures", "provider", "how", "where", "when_and_how_much", "tailoring",
    "modifications", "fidelity_planned", "fidelity_actual",
)  # fmt: skip
CORRECTED = ("p_holm", "p_bh")
HOW = {"p_holm": "Holm", "p_bh": "Benjamini-Hochberg"}
REPEATED = "rm_"  # how the methods of repeated-measures ANOVA begin
AT, BORDER = "moderation_at_", "moderation_region_"  # how the methods begin whose number is a moderator's value
IN_POINTS = "units of the scale"  # how an estimand says that it has no other unit
UNITS = {
    "improvement_index": "percentiles", "odds_ratio": "ratio", "bayes_factor_jzs": "ratio", "maintenance_ratio": "kept",
}  # fmt: skip
LOSSES = ("without_pre", "without_post", "without_both", "without_unit")


def _columns(report: Report, table: str, **kinds: Kind) -> tuple[Column, ...]:
    return tuple(Column(key, report.words.say(f"report.{table}.{key}"), kind) for key, kind in kinds.items())


def programme(report: Report) -> Table:
    """The TIDieR checklist; an item that the study file leaves empty stays, and says that it was not reported."""
    given: Any = report.study.programme
    described = {"name": given} if isinstance(given, str) else given.model_dump() if given is not None else {}
    say = report.words.say
    said = {item: text_in(described.get(item), report.language, say("report.not_reported")) for item in TIDIER}
    rows = tuple({"item": say(f"report.tidier.{item}"), "said": text} for item, text in said.items())
    columns = _columns(report, "tidier_columns", item="text", said="text")
    return Table("tab-programme", say("report.tidier_columns.title"), columns, rows)


def files(report: Report) -> Table:
    """What was read, and as what; a hash identifies each file."""
    say = report.words.say
    rows = tuple(
        {"path": f.path, "kind": f.kind, "rows": f.n_rows, "encoding": f.encoding, "sha256": f.sha256[:12]}
        | {"delimiter": _sign(report, f.delimiter), "decimal": _sign(report, f.decimal)}
        for f in report.bench.files
    )  # fmt: skip
    kinds: dict[str, Kind] = {"path": "text", "kind": "text", "rows": "count"}
    columns = _columns(report, "files", **kinds | dict.fromkeys(("delimiter", "decimal", "encoding", "sha256"), "text"))
    return Table("tab-files", say("report.files.title"), columns, rows)


def _sign(report: Report, sign: str | None) -> str | None:
    names = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", ".": "point"}
    return report.words.say(f"report.sign.{names[sign]}") if sign in names else sign


def flow(report: Report) -> Table:
    """How many were assigned and measured, for each arm."""
    e, words = report.evidence, report.words
    rows = []
    for arm in e.arms:
        row: dict[str, Any] = {"arm": words.arm(arm), "enrolled": e.count("pupils_enrolled", arm=arm)}
        row["units"] = e.count("units_enrolled", arm=arm)
        row |= {wave: e.count("pupils_measured", arm=arm, wave=wave) for wave in e.waves}
        rows.append(row)
    columns = [*_columns(report, "flow", arm="text", enrolled="count")]
    if any(row["units"] is not None for row in rows):
        columns.append(Column("units", words.say(f"report.flow.units_{e.unit}"), "count"))
    columns += [Column(w, words.say("report.flow.measured", wave=words.wave(w)), "count") for w in e.waves]
    return Table("tab-flow", words.say("report.flow.title"), tuple(columns), tuple(rows))


def analysed(report: Report) -> Table | None:
    """Assigned = analysed + those left out, for every question and arm: the counts add up."""
    e, words = report.evidence, report.words
    rows = []
    for outcome, wave_to, wave in dict.fromkeys((t.outcome, t.wave_to, e.when(t)) for t in e.tests):
        for arm in e.arms:
            used = e.fact("pupils_analysed", outcome, arm, wave)
            if used is None:
                continue
            row: dict[str, Any] = {"question": words.test(outcome, wave_to, ""), "arm": words.arm(arm)}
            row |= {"enrolled": used.n} | {loss: e.count(f"pupils_{loss}", outcome, arm, wave) for loss in LOSSES}
            rows.append({**row, "analysed": used.value, "units": e.count("units_analysed", outcome, arm, wave)})
    if not rows:
        return None
    shown = [loss for loss in LOSSES if any(row[loss] for row in rows)]
    kinds: dict[str, Kind] = {"question": "text", "arm": "text"}
    kinds.update(dict.fromkeys(("enrolled", *shown, "analysed"), "count"))
    columns = [*_columns(report, "analysed", **kinds)]
    if any(row["units"] is not None for row in rows):
        columns.append(Column("units", words.say(f"report.flow.units_{e.unit}"), "count"))
    return Table("tab-analysed", words.say("report.analysed.title"), tuple(columns), tuple(rows))


def reliability(report: Report) -> Table | None:
    """Alpha, omega and the lowest item-rest correlation of each scale at each wave."""
    e, words = report.evidence, report.words
    rows = []
    for fact in report.results.facts_where(what="alpha"):
        at = {"outcome": fact.outcome, "wave": fact.wave}
        row: dict[str, Any] = {"scale": words.outcome(fact.outcome), "wave": words.wave(fact.wave)}
        row |= {"n": fact.n, "alpha": fact.value}
        row["alpha_ci"] = (e.number("alpha_ci_low", **at), e.number("alpha_ci_high", **at))
        rows.append(row | {"omega": e.number("omega", **at), "item_rest": e.number("item_rest_lowest", **at)})
    if not rows:
        return None
    kinds: dict[str, Kind] = {"scale": "text", "wave": "text", "n": "count"}
    kinds |= dict.fromkeys(("alpha", "alpha_ci", "omega", "item_rest"), "reliability")
    columns = _columns(report, "reliability", **kinds)
    notes = (words.say("report.reliability.note"),)
    return Table("tab-reliability", words.say("report.reliability.title"), columns, tuple(rows), notes)


def before_after(report: Report, key: str) -> Table:
    """Mean, spread and range of one scale for each arm and wave."""
    e, words = report.evidence, report.words
    rows = []
    for arm in e.arms:
        for wave in e.waves:
            mean = e.fact("mean", key, arm, wave)
            if mean is None or mean.value is None:
                continue
            spread = {what: e.number(what, key, arm, wave) for what in ("sd", "min", "max")}
            rows.append({"arm": words.arm(arm), "wave": words.wave(wave), "n": mean.n, "mean": mean.value, **spread})
    columns = _columns(
        report, "before_after", arm="text", wave="text", n="count", mean="mean", sd="mean", min="mean", max="mean"
    )
    notes = [direction(report, key)]
    if not report.study.outcome(key.partition(".")[0]).same_measure:
        notes.append(words.say("report.before_after.other_measure"))
    title = words.say("report.before_after.title", outcome=words.outcome(key))
    return Table(f"tab-scores-{key.replace('.', '-')}", title, columns, tuple(rows), tuple(notes))


def direction(report: Report, key: str) -> str:
    """Return which end of a scale is better, and what scores exist, in a sentence."""
    name, _, scale = key.partition(".")
    instrument, words = report.scores.instruments[name], report.words
    low, high = instrument.score_range(scale or name)
    better = words.say(f"instruments.direction.{instrument.direction(scale or name)}")
    if abs(low) == float("inf") or abs(high) == float("inf"):
        return words.say("report.before_after.direction", better=better)
    values = {"low": f"{low:g}", "high": f"{high:g}"}
    if report.language == "nl":
        values = {k: v.replace(".", ",") for k, v in values.items()}
    return words.say("report.before_after.direction_range", better=better, **values)


def main(report: Report, tests: Sequence[Estimate]) -> Table | None:
    """The main analysis in the units of each scale: a row for every question, with p and corrected p."""
    words = report.words
    found = [t for t in tests if t.estimate is not None]
    if not found:
        return None
    rows = tuple(
        {
            "question": words.test(t.outcome, t.wave_to, t.contrast), "n": t.n, "clusters": t.n_clusters,
            "estimate": t.estimate, "ci": (t.ci_low, t.ci_high), "df": t.df, "p": t.p,
            "p_corrected": _corrected_p(report, t),
        }
        for t in found
    )  # fmt: skip
    kinds: dict[str, Kind] = {
        "question": "text", "n": "count", "clusters": "count", "estimate": "estimate", "ci": "interval", "df": "df",
        "p": "p", "p_corrected": "p",
    }  # fmt: skip
    if not any(row["clusters"] for row in rows):
        del kinds["clusters"]
    columns = tuple(_renamed(report, c) for c in _columns(report, "estimates", **kinds))
    used = list(dict.fromkeys(words.method(t.method) for t in found))
    notes = [words.say("report.estimates.main_method", names=words.listed(used))]
    beside = [report.evidence.beside(t, *CORRECTED) for t in found if t.family]
    counted = dict.fromkeys((HOW[c.method], int(c.df)) for c in beside if c is not None and c.df is not None)
    if counted:
        how = [words.say("report.estimates.family", name=name, n=n) for name, n in counted]
        notes.append(words.say("report.estimates.corrected", families=words.listed(how)))
    return Table("tab-main", words.say("report.estimates.main_title"), columns, rows, tuple(notes))


def sizes(report: Report, tests: Sequence[Estimate]) -> Table | None:
    """The same answers in standard deviations, so that scales may be laid side by side."""
    words = report.words
    found = [s for s in (report.evidence.beside(t, *SIZES) for t in tests if t.estimate is not None) if s is not None]
    if not found:
        return None
    rows = tuple(
        {"question": words.test(s.outcome, s.wave_to, s.contrast)} | {"n": s.n, "size": s.estimate}
        | {"size_ci": (s.ci_low, s.ci_high), "formula": words.method(s.method)}
        for s in found
    )  # fmt: skip
    kinds: dict[str, Kind] = {"question": "text", "n": "count", "size": "estimate", "size_ci": "interval"}
    if len({s.method for s in found}) > 1:  # otherwise the note names the one
        kinds["formula"] = "text"
    columns = _columns(report, "estimates", **kinds)
    title = words.say("report.estimates.sizes_title")
    return Table("tab-sizes", title, columns, rows, tuple(_notes(report, found)))


def evidence(report: Report) -> Table | None:
    """What others have published, as the study file gives it: beside the own sizes, never computed with."""
    rows = tuple(
        {"label": text_in(p.label, report.language), "size": p.g, "size_ci": p.ci}
        | {"source": text_in(p.source, report.language)}
        for p in report.study.evidence
    )  # fmt: skip
    kinds: dict[str, Kind] = {"label": "text", "size": "estimate", "size_ci": "interval", "source": "text"}
    columns, notes = _columns(report, "evidence", **kinds), (report.words.say("report.evidence.note"),)
    return Table("tab-evidence", report.words.say("report.evidence.title"), columns, rows, notes) if rows else None


def _corrected_p(report: Report, test: Estimate) -> float | None:
    corrected = report.evidence.beside(test, *CORRECTED) if test.family else None
    return corrected.p if corrected is not None else None


def estimates(report: Report, found: Sequence[Estimate], number: int) -> Table:
    """Estimates of one question beside its main analysis: formula, n, interval and p of each."""
    words, first = report.words, found[0]
    kinds: dict[str, Kind] = {"formula": "text", "n": "count"}
    if any(e.n_clusters for e in found):
        kinds["clusters"] = "count"
    middle: dict[str, Kind] = {"estimate": "estimate", "ci": "interval", "scale": "text"}
    rows = [_estimate_row(report, e) for e in found]
    if repeated := first.method.startswith(REPEATED):
        middle = {"share": "reliability", "statistic": "estimate"}
        rows = [row | {"share": e.estimate, "statistic": e.statistic} for row, e in zip(rows, found, strict=True)]
    kinds.update({**middle, "df": "df", "p": "p"})
    columns = tuple(_renamed(report, c) for c in _columns(report, "estimates", **kinds))
    question = words.test(first.outcome, first.wave_to, first.contrast)
    title = words.say(f"report.estimates.{'repeated_title' if repeated else 'title'}", question=question)
    return Table(f"tab-estimates-{number}", title, columns, tuple(rows), tuple(_notes(report, found)))


def mechanisms(report: Report, found: Sequence[Estimate], kind: str) -> Table:
    """Estimates that ask for whom (``moderation``), along which way or with how much, a row each.

    The characteristic's value to which a difference belongs, or which is a border, stands in a column of its own.
    """
    words = report.words
    question = Column("question", words.say("report.estimates.question"))
    at = {e.id.replace(AT, "moderation_"): e.estimate for e in found if e.method.startswith(AT)}
    at |= {e.id: e.estimate for e in found if e.method.startswith(BORDER)}
    found = [e for e in found if not e.method.startswith(AT)]
    corrected = {e.id: e for e in report.results.where(method="p_bh_interaction")}
    many = {e.id: corrected[f"{e.id}/p_bh_interaction"] for e in found if f"{e.id}/p_bh_interaction" in corrected}
    rows = [
        {"question": words.test(e.outcome, e.wave_to, e.contrast), "at": at.get(e.id)} | _mechanism_row(report, e)
        | {"p_corrected": many[e.id].p if e.id in many else None}
        for e in found
    ]  # fmt: skip
    kinds: dict[str, Kind] = {"formula": "text", "n": "count", "clusters": "count", "at": "estimate"}
    kinds |= {"estimate": "estimate", "ci": "interval", "df": "df", "p": "p", "p_corrected": "p"}
    for key, present in (("clusters", any(e.n_clusters for e in found)), ("at", bool(at)), ("p_corrected", bool(many))):
        if not present:
            del kinds[key]
    columns = (question, *(_renamed(report, c) for c in _columns(report, "estimates", **kinds)))
    title = words.say(f"report.mechanisms.{kind}")
    # a note that does not hold of every question names its own
    asked = {note: dict.fromkeys(words.test(e.outcome, e.wave_to, e.contrast) for e in found if e.note == note)
             for note in dict.fromkeys(e.note for e in found if e.note)}  # fmt: skip
    everything = {row["question"] for row in rows}
    notes = [
        _note(report, note)
        if set(names) == everything
        else words.say("robustness.mechanism", name=words.listed(list(names)), by=_note(report, note))
        for note, names in asked.items()
    ]
    notes += [words.say("report.mechanisms.corrected", n=len(corrected))] if many else []
    return Table(f"tab-mechanisms-{kind}", title, columns, tuple(rows), tuple(notes))


def _mechanism_row(report: Report, e: Estimate) -> dict[str, Any]:
    row, by = _estimate_row(report, e), asked_by(report, e)
    row |= {"estimate": None} if e.method.startswith(BORDER) else {}
    return (
        row if by is None else row | {"formula": report.words.say("robustness.mechanism", name=row["formula"], by=by)}
    )


def asked_by(report: Report, e: Estimate) -> str | None:
    """Return the name of the moderator or mediator that an estimate is about."""
    words = report.words
    called = {name: words.outcome(name) for name in report.study.mediators}
    for m in report.study.moderators:
        called[m.id] = text_in(m.label, report.language, words.outcome(m.outcome) if m.outcome else m.id)
    return next((text for name, text in called.items() if e.id.endswith(f"/{e.method}/{identifier(name)}")), None)


def _renamed(report: Report, column: Column) -> Column:
    label = report.words.say(f"report.flow.units_{report.evidence.unit}")
    return Column(column.key, label, column.kind) if column.key == "clusters" else column


def _estimate_row(report: Report, e: Estimate) -> dict[str, Any]:
    words = report.words
    bare_p = e.method == "randomisation_smallest_p"  # a p-value by itself: it belongs where readers look for p
    return {
        "formula": words.method(e.method), "n": e.n, "clusters": e.n_clusters,
        "estimate": None if bare_p else e.estimate, "ci": (e.ci_low, e.ci_high), "scale": _unit(report, e),
        "df": e.df, "p": e.estimate if bare_p else e.p,
    }  # fmt: skip


def _unit(report: Report, e: Estimate) -> str | None:
    if e.method in UNITS:
        return report.words.say(f"report.estimates.{UNITS[e.method]}")
    if e.standardiser:
        return report.words.say("report.estimates.sd")
    return report.words.say("report.estimates.points") if IN_POINTS in e.estimand else None


def _notes(report: Report, found: Sequence[Estimate]) -> list[str]:
    words = report.words
    # which SD stands in the denominator is said once for all formulas that share it, so that rows stay readable
    units: dict[str, dict[str, None]] = {}
    for e in found:
        if e.standardiser:
            units.setdefault(_standardiser(report, e.standardiser), {})[words.method(e.method)] = None
    said = [words.say("report.estimates.in_sd", names=words.listed([*n]), standardiser=u) for u, n in units.items()]
    if len(units) > 1:
        said.append(words.say("report.estimates.note"))
    if narrow := {e.ci_level: words.method(e.method) for e in found if e.ci_level != 0.95 and e.ci_low is not None}:
        said += [words.say("report.estimates.level", name=n, level=round(100 * x)) for x, n in narrow.items()]
    return said + [_note(report, k) for k in dict.fromkeys(e.note for e in found if e.note)]


def _note(report: Report, key: str) -> str:
    return report.words.say(f"effects.notes.{key}") if has(f"effects.notes.{key}", "nl") else key


def _standardiser(report: Report, name: str) -> str:
    key = f"effects.standardisers.{name}"
    return report.words.say(key) if has(key, "nl") else name


def quality(report: Report) -> Table:
    """The quality panel as a table: what was asked, what was found, and why that matters."""
    words = report.words
    rows = []
    for claim in report.claims("quality/"):
        topic = claim.id.split("/")[1]
        status = words.say(f"claims.status.{claim.values['status']}")
        rows.append({"topic": words.say(f"claims.topic.{topic}"), "status": status, "finding": words.claim(claim)})
    columns = _columns(report, "quality", topic="text", status="text", finding="text")
    return Table("tab-quality", words.say("report.quality.title"), columns, tuple(rows))
