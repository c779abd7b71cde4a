"""The tables of the measurement report, and how its facts are looked up."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from werkbank.measurement.comparability import STEP
from werkbank.measurement.perspectives import QUADRANTS
from werkbank.measurement.study_quality import fact_id
from werkbank.measurement.study_scores import scale_key
from werkbank.reporting import numbers
from werkbank.reporting.blocks import Table
from werkbank.reporting.numbers import Column, Kind
from werkbank.statistics.invariance import LEVELS
from werkbank.study import WAVES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from werkbank.instruments import Instrument
    from werkbank.reporting.report import Report
    from werkbank.results import Fact
    from werkbank.study import Outcome

Row = dict[str, Any]
CUTS = ("closeness", "conflict")
HERE = "measurement_report"


@dataclass(frozen=True)
class Measured:
    """The facts of a report about measurement, found by their id."""

    report: Report

    @cached_property
    def facts(self) -> dict[str, Fact]:
        """Every fact by its id."""
        return {fact.id: fact for fact in self.report.results.facts}

    @cached_property
    def scales(self) -> list[tuple[Outcome, Instrument, str, str]]:
        """Every scale in the study file's order: outcome, key, scale, and what results call it."""
        keys = self.report.scores.instruments
        return [
            (outcome, keys[outcome.id], scale, scale_key(outcome.id, scale))
            for outcome in self.report.study.outcomes
            for scale in outcome.scales or list(keys[outcome.id].scales)
            if scale in keys[outcome.id].scales
        ]

    @cached_property
    def places(self) -> list[tuple[str, str]]:
        """Every scale at every wave with scores."""
        return [(name, wave) for *_, name in self.scales for wave in self.waves(name)]

    def fact(self, *parts: str) -> Fact | None:
        """Return the fact whose id has these parts, or None."""
        return self.facts.get(fact_id(*parts))

    def value(self, *parts: str) -> Any:  # noqa: ANN401 - a number or a word, as the fact holds it
        """Return the value of the fact whose id has these parts, or None."""
        return getattr(self.fact(*parts), "value", None)

    def n(self, *parts: str) -> int | None:
        """Return the n of the fact whose id has these parts, or None."""
        return getattr(self.fact(*parts), "n", None)

    def waves(self, name: str) -> list[str]:
        """Return the waves at which a scale has scores."""
        return [wave for wave in WAVES if fact_id(name, wave, "scale_mean") in self.facts]

    def pairs(self, what: str) -> list[Fact]:
        """Return the facts of one kind, in their order."""
        return list(self.report.results.facts_where(what=what))

    def verdict(self, name: str, place: str, suffix: str = "") -> str:
        """Return the verdict on comparability: a level, or partial when items had to be exempted."""
        level = self.value(name, place, f"invariance_level{suffix}") or "unknown"
        return "partial" if self.value(name, place, f"invariance_partial{suffix}") else str(level)


def table(report: Report, group: str, identity: str, rows: Iterable[Row], kinds: dict[str, Kind], **more: Any) -> Table:  # noqa: ANN401
    """Make a table whose title and headers are the sentences of one group; columns without any value are left out."""
    rows = tuple(rows)
    first = next(iter(kinds))
    used = [key for key in kinds if key == first or any(_there(row.get(key)) for row in rows)]
    columns = tuple(Column(key, report.words.say(f"{HERE}.{group}.{key}"), kinds[key]) for key in used)
    title = more.pop("title", None) or report.words.say(f"{HERE}.{group}.title")
    return Table(identity, title, columns, rows, tuple(more.pop("notes", ())))


def _there(value: object) -> bool:
    return any(part is not None for part in value) if isinstance(value, tuple) else value is not None


def overview(report: Report, m: Measured) -> Table:
    """Every scale in one row: reliability over waves, and whether it may be compared."""
    words = report.words
    rows, columns = [], [Column(k, words.say(f"{HERE}.overview.{k}"), kind) for k, kind in _OVERVIEW.items()]
    later = list(dict.fromkeys(wave for *_, name in m.scales for wave in m.waves(name)[1:]))
    for outcome, key, scale, name in m.scales:
        alphas = [a for wave in m.waves(name) if (a := m.value(name, wave, "alpha")) is not None]
        row: Row = {
            "scale": words.outcome(name), "informant": words.say(f"{HERE}.informant.{outcome.informant}"),
            "k": len(key.scales[scale].items), "alpha": _range(alphas, report.language),
        }  # fmt: skip
        first, *_ = m.waves(name) or [""]
        for wave in later:
            judged = m.fact(name, f"{first}-{wave}", "invariance_level") is not None
            row[wave] = words.say(f"{HERE}.level.{m.verdict(name, f'{first}-{wave}')}") if judged else None
        rows.append(row)
    shown = [wave for wave in later if any(row[wave] for row in rows)]
    columns += [Column(w, words.say(f"{HERE}.overview.comparable", wave=words.wave(w))) for w in shown]
    note = words.say(f"{HERE}.overview.note")
    return Table("tab-overview", words.say(f"{HERE}.overview.title"), tuple(columns), tuple(rows), (note,))


def _range(alphas: list[float], language: str) -> str | None:
    ends = dict.fromkeys(numbers.bounded(end, language) for end in (min(alphas), max(alphas))) if alphas else {}
    return "–".join(ends) or None


_OVERVIEW: dict[str, Kind] = {"scale": "text", "informant": "text", "k": "count", "alpha": "text"}


def scores(report: Report, m: Measured) -> Table:
    """The table to paste: k, range, M, SD, alpha and omega with their intervals, per wave."""
    rows = []
    for _, key, scale, name in m.scales:
        low, high = key.score_range(scale)
        values = {"scale": report.words.outcome(name), "k": len(key.scales[scale].items)}
        kind = "of" if math.isfinite(low) and math.isfinite(high) else "open"
        label = report.words.say(f"{HERE}.table.scale_{kind}", low=f"{low:g}", high=f"{high:g}", **values)
        for wave in m.waves(name):
            at = (name, wave)
            row: Row = {"scale": label, "wave": report.words.wave(wave), "n": m.n(*at, "scale_mean")}
            row |= {"mean": m.value(*at, "scale_mean"), "sd": m.value(*at, "scale_sd"), "n_alpha": m.n(*at, "alpha")}
            for what in ("alpha", "omega"):
                row |= {what: m.value(*at, what), f"{what}_ci": _ends(m, at, what)}
            rows.append(row)
    kinds: dict[str, Kind] = {"scale": "text", "wave": "text", "n": "count", "mean": "mean", "sd": "mean"}
    kinds["n_alpha"] = "count"
    kinds |= dict.fromkeys(("alpha", "alpha_ci", "omega", "omega_ci"), "reliability")
    return table(report, "table", "tab-scales", rows, kinds, notes=[report.words.say(f"{HERE}.table.note")])


def _ends(m: Measured, at: tuple[str, str], what: str) -> tuple[float | None, float | None]:
    return m.value(*at, f"{what}_ci_low"), m.value(*at, f"{what}_ci_high")


def precision(report: Report, m: Measured) -> Table:
    """Standard error of measurement, split halves, floor and ceiling."""
    rows = [
        {"scale": report.words.outcome(name), "wave": report.words.wave(wave), "n": m.n(name, wave, "scale_mean")}
        | {"sem": m.value(name, wave, "standard_error_of_measurement")}
        | {what: m.value(name, wave, what) for what in ("split_half", "floor", "ceiling")}
        for name, wave in m.places
    ]  # fmt: skip
    kinds: dict[str, Kind] = {"scale": "text", "wave": "text", "n": "count", "sem": "mean"}
    kinds |= {"split_half": "reliability", "floor": "share", "ceiling": "share"}
    return table(report, "precision", "tab-precision", rows, kinds)


def change(report: Report, m: Measured) -> Table | None:
    """Stability between waves, and how reliable a difference is."""
    words = report.words
    found = m.pairs("retest")
    if not found:
        return None
    rows = []
    for fact in found:
        first = m.waves(fact.outcome)[0]
        at = (fact.outcome, f"{first}-{fact.wave}")
        waves = f"{words.wave(first)} – {words.wave(fact.wave)}"
        ends = _ends(m, at, "retest")
        row = {"scale": words.outcome(fact.outcome), "waves": waves, "n": fact.n, "r": fact.value, "ci": ends}
        rows.append({**row, "reliability": m.value(*at, "difference_reliability")})
    kinds: dict[str, Kind] = {"scale": "text", "waves": "text", "n": "count"}
    kinds |= dict.fromkeys(("r", "ci", "reliability"), "reliability")
    arm = found[0].arm
    note = words.say(f"{HERE}.change.note_{'arm' if arm else 'all'}", **({"arm": words.arm(arm)} if arm else {}))
    return table(report, "change", "tab-change", rows, kinds, notes=[note])


def classes(report: Report, m: Measured) -> Table | None:
    """Reliability within classes and of class means."""
    facts = m.pairs("icc1")
    if not facts:
        return None
    measures = ("icc1", "icc_k", "alpha_within", "alpha_between")
    rows = [
        {"scale": report.words.outcome(f.outcome), "wave": report.words.wave(f.wave), "n": f.n}
        | {what: m.value(f.outcome, f.wave, what) for what in measures}
        for f in facts
    ]  # fmt: skip
    kinds: dict[str, Kind] = {"scale": "text", "wave": "text", "n": "count"}
    kinds |= dict.fromkeys(measures, "reliability")
    notes = [report.words.say(f"{HERE}.classes.note"), *_not_estimable(report, rows)]
    return table(report, "classes", "tab-classes", rows, kinds, notes=notes)


def _not_estimable(report: Report, rows: list[Row]) -> Iterator[str]:
    """Say which reliabilities of class means have no value, and why."""
    alike = [row for row in rows if row["icc1"] is not None and row["icc_k"] is None]
    loose = [row for row in rows if row["icc_k"] is not None and row["alpha_within"] is not None]
    loose = [row for row in loose if row["alpha_between"] is None]
    for why, found in (("alike", alike), ("loose", loose)):
        names = [f"{row['scale']} ({row['wave']})" for row in found]
        if names:
            yield report.words.say(f"{HERE}.classes.{why}", names=report.words.listed(names))


def items(report: Report, m: Measured, scale: tuple[Outcome, Instrument, str, str], wave: str) -> Table:
    """Every item of a scale at one wave."""
    (_, key, part, name), words = scale, report.words
    rows = []
    for item in key.scales[part].items:
        label = words.say(f"{HERE}.items.reversed_item", item=item) if item in key.scales[part].reversed else item
        at = (name, wave, f"item-{item}")
        row = {"item": label, "mean": m.value(*at, "item_mean"), "sd": m.value(*at, "item_sd")}
        rows.append(row | {what: m.value(*at, what) for what in ("item_rest", "alpha_if_deleted")})
    kinds: dict[str, Kind] = {"item": "text", "mean": "mean", "sd": "mean"}
    kinds |= {"item_rest": "reliability", "alpha_if_deleted": "reliability"}
    title = words.say(f"{HERE}.items.title", scale=words.outcome(name), wave=words.wave(wave))
    whole = numbers.bounded(m.value(name, wave, "alpha"), report.language)
    n = m.n(name, wave, "alpha")
    values = {"n": numbers.count(n, report.language), "alpha": whole}
    note = words.say(f"{HERE}.items.note{'_hidden' * (n is None)}", **values)
    return table(report, "items", f"tab-items-{name}-{wave}".replace(".", "-"), rows, kinds, title=title, notes=[note])


def ladders(report: Report, m: Measured, suffix: str) -> Table | None:
    """The four models of every comparison, over waves or (`suffix` ``_arms``) over groups."""
    words, rows = report.words, []
    for fact in m.pairs(f"invariance_level{suffix}"):
        place = fact.id.split("/")[1]
        names = {"first": words.wave(place.partition("-")[0]), "wave": words.wave(fact.wave)}
        over = words.say(f"{HERE}.comparability.over{suffix}", scale=words.outcome(fact.outcome), **names)
        for level in LEVELS:
            row = {what: m.value(fact.outcome, place, level, f"invariance_{what}{suffix}") for what in STEP}
            if row["chi2"] is not None:
                rows.append({"compared": over, "model": words.say(f"{HERE}.model.{level}"), "n": fact.n, **row})
    if not rows:
        return None
    kinds: dict[str, Kind] = {"compared": "text", "model": "text", "n": "count", "chi2": "estimate", "df": "df"}
    used = dict.fromkeys(str(fact.value) for fact in m.pairs(f"invariance_missing{suffix}"))
    notes = [words.say(f"{HERE}.comparability.note_{missing}") for missing in used]
    title = words.say(f"{HERE}.comparability.title{suffix}")
    made = table(report, "comparability", f"tab-models{suffix}", rows, kinds, title=title, notes=notes)
    indices = [w for w in STEP if w not in kinds and any(_there(row.get(w)) for row in rows)]
    more = [Column(w, words.say(f"{HERE}.comparability.{w}"), "reliability", 3) for w in indices]
    return Table(made.id, made.title, (*made.columns, *more), made.rows, made.notes)


def distinct(report: Report, m: Measured) -> Table | None:
    """Correlations of scales of one informant."""
    rows = []
    for fact in m.pairs("r_disattenuated"):
        raw = m.value(fact.outcome, fact.wave, "r_scales")
        rows.append({**_pair(report, fact), "n": fact.n, "r": raw, "corrected": fact.value})
    if not rows:
        return None
    kinds: dict[str, Kind] = {"pair": "text", "wave": "text", "n": "count", "r": "reliability"}
    kinds |= {"corrected": "reliability"}
    return table(report, "distinct", "tab-distinct", rows, kinds, notes=[report.words.say(f"{HERE}.distinct.note")])


def perspectives(report: Report, m: Measured) -> Table | None:
    """Teacher beside pupil, pair of scales by pair of scales."""
    rows = []
    for fact in m.pairs("perspectives_r"):
        at = (fact.outcome, fact.wave)
        row = {**_pair(report, fact), "n": fact.n, "r": fact.value, "icc": m.value(*at, "icc_2_1")}
        row |= {what: m.value(*at, f"perspectives_{what}") for what in ("r_within", "r_class_means", "difference")}
        rows.append(row)
    if not rows:
        return None
    kinds: dict[str, Kind] = {"pair": "text", "wave": "text", "n": "count"}
    kinds |= dict.fromkeys(("r", "r_within", "r_class_means", "icc"), "reliability")
    kinds["difference"] = "estimate"
    notes = [report.words.say(f"{HERE}.perspectives.note")] if any(row["icc"] is not None for row in rows) else []
    return table(report, "perspectives", "tab-perspectives", rows, kinds, notes=notes)


def _pair(report: Report, fact: Fact) -> Row:
    first, second = (report.words.outcome(end) for end in fact.outcome.split(" ~ "))
    return {"pair": f"{first} – {second}", "wave": report.words.wave(fact.wave)}


def types(report: Report, m: Measured, outcome: str, first: str, last: str) -> Table:
    """Warm or distant, calm or stormy: who is where, and who moved."""
    words = report.words
    rows = []
    for kind in QUADRANTS:
        moved = {to: m.value(outcome, kind, to, "typology_moved") for to in QUADRANTS}
        there = m.value(outcome, first, kind, "typology")
        seen = m.n(outcome, kind, QUADRANTS[0], "typology_moved")
        rows.append({"type": words.say(f"{HERE}.types.{kind}"), "total": there, "n": seen, **moved})
    names = {"wave": words.wave(first), "last": words.wave(last)}
    kinds: dict[str, Kind] = {"type": "text", **dict.fromkeys(("total", "n", *QUADRANTS), "count")}
    columns = [Column(k, words.say(f"{HERE}.types.{k}", **names), kind) for k, kind in kinds.items()]
    title = words.say(f"{HERE}.types.title", **names)
    return Table(f"tab-types-{outcome}", title, tuple(columns), tuple(rows))


def circle(report: Report, m: Measured, outcome: str) -> Table:
    """Influence, nearness and the wave through the profile, per arm and wave."""
    words = report.words
    rows = []
    for fact in (f for f in m.pairs("agency") if f.outcome == outcome):
        at = (outcome, fact.wave, fact.arm)
        row: Row = {"arm": words.arm(fact.arm), "wave": words.wave(fact.wave), "n": fact.n, "agency": fact.value}
        row["communion"] = m.value(*at, "communion")
        row |= {what: m.value(*at, f"profile_{what}") for what in ("elevation", "amplitude", "displacement", "fit")}
        rows.append(row)
    kinds: dict[str, Kind] = {"arm": "text", "wave": "text", "n": "count"}
    kinds |= dict.fromkeys(("agency", "communion", "elevation", "amplitude"), "estimate")
    kinds |= {"displacement": "df", "fit": "reliability"}
    title = words.say(f"{HERE}.circle.title", outcome=report.scores.instruments[outcome].title)
    note = words.say(f"{HERE}.circle.note")
    return table(report, "circle", f"tab-circle-{outcome}", rows, kinds, title=title, notes=[note])
