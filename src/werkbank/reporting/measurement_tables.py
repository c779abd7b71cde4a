"""The tables of the measurement report, and what they read: its scales, and the facts about each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from werkbank.measurement.comparability import STEP
from werkbank.measurement.perspectives import QUADRANTS
from werkbank.measurement.study_scores import scale_key
from werkbank.reporting import numbers
from werkbank.reporting.numbers import Column
from werkbank.reporting.table import table
from werkbank.statistics.invariance import LEVELS
from werkbank.study import WAVES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from werkbank.instruments import Instrument, Scale
    from werkbank.reporting.blocks import Table
    from werkbank.reporting.numbers import Kind
    from werkbank.reporting.report import Report
    from werkbank.results import Fact
    from werkbank.study import Outcome

Row = dict[str, Any]
HERE = "measurement_report"
PLACE: dict[str, Kind] = {"scale": "text", "wave": "text", "n": "count"}
OF_CLASSES = ("icc1", "icc_k", "alpha_within", "alpha_between")


@dataclass(frozen=True)
class ScaleOf:
    """A scale of the study: its outcome, its key and what the key and results call it; the waves with scores."""

    outcome: Outcome
    key: Instrument
    scale: str
    name: str
    waves: tuple[str, ...]

    @property
    def part(self) -> Scale:
        """The scale's items and how they are scored."""
        return self.key.scales[self.scale]


def scales(report: Report) -> list[ScaleOf]:
    """Return every scale in the study file's order."""
    found = []
    for outcome in report.study.outcomes:
        key = report.scores.instruments[outcome.id]
        for scale in (scale for scale in outcome.scales or key.scales if scale in key.scales):
            name = scale_key(outcome.id, scale)
            scored = {fact.wave for fact in report.results.facts_where(what="scale_mean", outcome=name)}
            found.append(ScaleOf(outcome, key, scale, name, tuple(wave for wave in WAVES if wave in scored)))
    return found


def places(report: Report) -> Iterator[tuple[ScaleOf, dict[str, str]]]:
    """Yield every scale with each moment at which it has scores, as the columns by which its facts are found."""
    for scale in scales(report):
        yield from ((scale, {"outcome": scale.name, "wave": wave}) for wave in scale.waves)


def values(report: Report, at: Mapping[str, str], *names: str, **columns: str) -> dict[str, float | None]:
    """Return quantities of one place by `names`, and others under what a table calls their columns."""
    wanted = {**dict(zip(names, names, strict=True)), **columns}
    return {column: report.results.number(what=what, **at) for column, what in wanted.items()}


def ends(report: Report, at: Mapping[str, str], what: str) -> tuple[float | None, float | None]:
    """Return the interval of a quantity of one place."""
    low, high = (report.results.number(what=f"{what}_ci_{end}", **at) for end in ("low", "high"))
    return low, high


def n_of(report: Report, at: Mapping[str, str], what: str) -> int | None:
    """Return on how many a quantity of one place rests; None when that is hidden or there is none."""
    fact = report.results.fact(what=what, **at)
    return fact.n if fact else None


def levels(report: Report, compared: str, **where: str) -> tuple[Fact, ...]:
    """Return what each comparison over ``waves`` or over ``arms`` came to."""
    return report.results.facts_where(kind="invariance", table=compared, category="level", **where)


def ladder(report: Report, level: Fact, step: str = "") -> dict[str, Fact]:
    """Return by category the facts that belong to a comparison, or to one step of it."""
    at = {"table": level.table, "outcome": level.outcome, "wave": level.wave, "step": step}
    return {fact.category: fact for fact in report.results.facts_where(kind="invariance", **at)}


def exempt(report: Report, level: Fact) -> tuple[str, ...]:
    """Return the items that had to be released before latent means could be compared."""
    partial = ladder(report, level).get("partial")
    return partial.parts if partial and partial.value else ()


def verdict(report: Report, level: Fact) -> str:
    """Return the verdict on comparability: a level, or partial when items had to be exempted."""
    return "partial" if exempt(report, level) else str(level.value or "unknown")


def overview(report: Report) -> Table | None:
    """Every scale in one row: reliability over waves, and whether it may be compared."""
    words, rows, here = report.words, [], f"{HERE}.overview"
    for scale in scales(report):
        alphas = [report.results.number(what="alpha", outcome=scale.name, wave=wave) for wave in scale.waves]
        row: Row = {
            "scale": words.outcome(scale.name), "informant": words.say(f"{HERE}.informant.{scale.outcome.informant}"),
            "k": len(scale.part.items), "alpha": _range([a for a in alphas if a is not None], report.language),
        }  # fmt: skip
        judged = levels(report, "waves", outcome=scale.name)
        rows.append(row | {f.wave: words.say(f"{HERE}.level.{verdict(report, f)}") for f in judged})
    compared = [wave for wave in WAVES if any(wave in row for row in rows)]
    kinds: dict[str, Kind | Column] = {"scale": "text", "informant": "text", "k": "count", "alpha": "text"}
    kinds |= {w: Column(w, words.say(f"{here}.comparable", wave=words.wave(w))) for w in compared}
    return table(report, "overview", "", kinds, rows, labels=here, notes=[words.say(f"{here}.note")])


def _range(alphas: list[float], language: str) -> str | None:
    ends = dict.fromkeys(numbers.bounded(end, language) for end in (min(alphas), max(alphas))) if alphas else {}
    return "–".join(ends) or None


def scores(report: Report) -> Table | None:
    """The table to paste: k, range, M, SD, alpha and omega with their intervals, per wave."""
    words, rows, here = report.words, [], f"{HERE}.table"
    for scale, at in places(report):
        low, high = scale.key.score_range(scale.scale)
        told = {"scale": words.outcome(scale.name), "k": len(scale.part.items), "low": f"{low:g}", "high": f"{high:g}"}
        label = words.say(f"{here}.scale_{'of' if math.isfinite(low) and math.isfinite(high) else 'open'}", **told)
        counts = {"n": n_of(report, at, "scale_mean"), "n_alpha": n_of(report, at, "alpha")}
        means = values(report, at, "alpha", "omega", mean="scale_mean", sd="scale_sd")
        intervals = {f"{what}_ci": ends(report, at, what) for what in ("alpha", "omega")}
        rows.append({"scale": label, "wave": words.wave(at["wave"]), **counts, **means, **intervals})
    kinds: dict[str, Kind] = {**PLACE, "mean": "mean", "sd": "mean", "n_alpha": "count"}
    kinds |= dict.fromkeys(("alpha", "alpha_ci", "omega", "omega_ci"), "reliability")
    notes = [words.say(f"{here}.note")]
    return table(report, "scales", "", kinds, rows, labels=here, notes=notes, drop_empty=True)


def precision(report: Report) -> Table | None:
    """Standard error of measurement, split halves, floor and ceiling."""
    rows, here = [], f"{HERE}.precision"
    for _, at in places(report):
        found = values(report, at, "split_half", "floor", "ceiling", sem="standard_error_of_measurement")
        rows.append({**_place(report, **at), "n": n_of(report, at, "scale_mean"), **found})
    kinds: dict[str, Kind] = {**PLACE, "sem": "mean", "split_half": "reliability", "floor": "share", "ceiling": "share"}
    return table(report, "precision", "", kinds, rows, labels=here, drop_empty=True)


def _place(report: Report, outcome: str, wave: str) -> Row:
    return {"scale": report.words.outcome(outcome), "wave": report.words.wave(wave)}


def change(report: Report) -> Table | None:
    """Stability between waves, and how reliable a difference is."""
    words, rows, here = report.words, [], f"{HERE}.change"
    found = report.results.facts_where(what="retest")
    for fact in found:
        at = {"outcome": fact.outcome, "wave": fact.wave}
        waves = f"{words.wave(fact.wave_from)} – {words.wave(fact.wave_to)}"
        row: Row = {"scale": words.outcome(fact.outcome), "waves": waves, "n": fact.n, "r": fact.value}
        row["ci"] = ends(report, at, "retest")
        rows.append(row | values(report, at, reliability="difference_reliability"))
    kinds: dict[str, Kind] = {"scale": "text", "waves": "text", "n": "count"}
    kinds |= dict.fromkeys(("r", "ci", "reliability"), "reliability")
    arm = found[0].arm if found else ""
    note = words.say(f"{here}.note_arm", arm=words.arm(arm)) if arm else words.say(f"{here}.note_all")
    return table(report, "change", "", kinds, rows, labels=here, notes=[note], drop_empty=True)


def classes(report: Report) -> Table | None:
    """Reliability within classes and of class means."""
    rows, here = [], f"{HERE}.classes"
    for fact in report.results.facts_where(what="icc1"):
        at = {"outcome": fact.outcome, "wave": fact.wave}
        rows.append({**_place(report, **at), "n": fact.n, **values(report, at, *OF_CLASSES)})
    kinds: dict[str, Kind] = {**PLACE, **dict.fromkeys(OF_CLASSES, "reliability")}
    notes = [report.words.say(f"{here}.note"), *_not_estimable(report, rows)]
    return table(report, "classes", "", kinds, rows, labels=here, notes=notes, drop_empty=True)


def _not_estimable(report: Report, rows: list[Row]) -> Iterator[str]:
    """Say which reliabilities of class means have no value, and why."""
    alike = [row for row in rows if row["icc1"] is not None and row["icc_k"] is None]
    loose = [row for row in rows if row["icc_k"] is not None and row["alpha_within"] is not None]
    loose = [row for row in loose if row["alpha_between"] is None]
    for why, found in (("alike", alike), ("loose", loose)):
        names = [f"{row['scale']} ({row['wave']})" for row in found]
        if names:
            yield report.words.say(f"{HERE}.classes.{why}", names=report.words.listed(names))


def items(report: Report, scale: ScaleOf, wave: str) -> Table | None:
    """Every item of a scale at one wave."""
    words, rows, here, at = report.words, [], f"{HERE}.items", {"outcome": scale.name, "wave": wave}
    for item in scale.part.items:
        label = words.say(f"{here}.reversed_item", item=item) if item in scale.part.reversed else item
        of_item = {**at, "item": item}
        found = values(report, of_item, "item_rest", "alpha_if_deleted", mean="item_mean", sd="item_sd")
        rows.append({"item": label, **found})
    kinds: dict[str, Kind] = {"item": "text", "mean": "mean", "sd": "mean"}
    kinds |= {"item_rest": "reliability", "alpha_if_deleted": "reliability"}
    title = words.say(f"{here}.title", scale=words.outcome(scale.name), wave=words.wave(wave))
    whole, n = report.results.number(what="alpha", **at), n_of(report, at, "alpha")
    told = {"n": numbers.count(n, report.language), "alpha": numbers.bounded(whole, report.language)}
    note = words.say(f"{here}.note{'_hidden' * (n is None)}", **told)
    name = f"items-{scale.name}-{wave}".replace(".", "-")
    return table(report, name, title, kinds, rows, labels=here, notes=[note], drop_empty=True)


def ladders(report: Report, compared: str) -> Table | None:
    """The four models of every comparison, over ``waves`` or over ``arms``."""
    words, rows, here, suffix = report.words, [], f"{HERE}.comparability", "_arms" * (compared == "arms")
    for level in levels(report, compared):
        names = {"first": words.wave(level.wave_from), "wave": words.wave(level.wave)}
        over = words.say(f"{here}.over{suffix}", scale=words.outcome(level.outcome), **names)
        for step in LEVELS:
            found = {category: fact.value for category, fact in ladder(report, level, step).items()}
            if found.get("chi2") is not None:
                rows.append({"compared": over, "model": words.say(f"{HERE}.model.{step}"), "n": level.n, **found})
    kinds: dict[str, Kind | Column] = {"compared": "text", "model": "text", "n": "count"}
    kinds |= {what: Column(what, words.say(f"{here}.{what}"), "reliability", 3) for what in STEP}
    kinds |= {"chi2": "estimate", "df": "df"}
    used = report.results.facts_where(kind="invariance", table=compared, category="missing")
    notes = [words.say(f"{here}.note_{how}") for how in dict.fromkeys(fact.value for fact in used if fact.value)]
    title = words.say(f"{here}.title{suffix}")
    return table(report, f"models{suffix}", title, kinds, rows, labels=here, notes=notes, drop_empty=True)


def distinct(report: Report) -> Table | None:
    """Correlations of scales of one informant."""
    rows, here = [], f"{HERE}.distinct"
    for fact in report.results.facts_where(what="r_disattenuated"):
        raw = report.results.number(what="r_scales", outcome=fact.outcome, wave=fact.wave)
        rows.append({**_pair(report, fact), "r": raw, "corrected": fact.value})
    kinds: dict[str, Kind] = {"pair": "text", "wave": "text", "n": "count", "r": "reliability"}
    kinds |= {"corrected": "reliability"}
    notes = [report.words.say(f"{here}.note")]
    return table(report, "distinct", "", kinds, rows, labels=here, notes=notes, drop_empty=True)


def perspectives(report: Report) -> Table | None:
    """Teacher beside pupil, pair of scales by pair of scales."""
    rows, here, of_pair = [], f"{HERE}.perspectives", ("r_within", "r_class_means", "difference")
    for fact in report.results.facts_where(what="perspectives_r"):
        at = {"outcome": fact.outcome, "wave": fact.wave}
        found = values(report, at, icc="icc_2_1", **{what: f"perspectives_{what}" for what in of_pair})
        rows.append({**_pair(report, fact), "r": fact.value, **found})
    kinds: dict[str, Kind] = {"pair": "text", "wave": "text", "n": "count"}
    kinds |= dict.fromkeys(("r", "r_within", "r_class_means", "icc"), "reliability")
    kinds["difference"] = "estimate"
    notes = [report.words.say(f"{here}.note")] if any(row["icc"] is not None for row in rows) else []
    return table(report, "perspectives", "", kinds, rows, labels=here, notes=notes, drop_empty=True)


def _pair(report: Report, fact: Fact) -> Row:
    pair = " – ".join(report.words.outcome(part) for part in fact.parts)
    return {"pair": pair, "wave": report.words.wave(fact.wave), "n": fact.n}


def types(report: Report, moved: Fact) -> Table | None:
    """Warm or distant, calm or stormy: who is where at the first of two waves, and who moved."""
    words, facts, here, rows = report.words, report.results, f"{HERE}.types", []
    for kind in QUADRANTS:
        there = facts.number(what="typology", outcome=moved.outcome, wave=moved.wave_from, category=kind)
        went = {to: facts.fact(what="typology_moved", outcome=moved.outcome, parts=(kind, to)) for to in QUADRANTS}
        seen = next((fact.n for fact in went.values() if fact), None)
        counts = {to: fact and fact.value for to, fact in went.items()}
        rows.append({"type": words.say(f"{here}.{kind}"), "total": there, "n": seen, **counts})
    names = {"wave": words.wave(moved.wave_from), "last": words.wave(moved.wave_to)}
    kinds: dict[str, Kind] = {"type": "text", **dict.fromkeys(("total", "n", *QUADRANTS), "count")}
    columns = {k: Column(k, words.say(f"{here}.{k}", **names), kind) for k, kind in kinds.items()}
    return table(report, f"types-{moved.outcome}", words.say(f"{here}.title", **names), columns, rows)


def circle(report: Report, outcome: str) -> Table | None:
    """Influence, nearness and the wave through the profile, per arm and wave."""
    words, rows, here = report.words, [], f"{HERE}.circle"
    of_profile = {what: f"profile_{what}" for what in ("elevation", "amplitude", "displacement", "fit")}
    for fact in report.results.facts_where(what="agency", outcome=outcome):
        at = {"outcome": outcome, "wave": fact.wave, "arm": fact.arm}
        row: Row = {"arm": words.arm(fact.arm), "wave": words.wave(fact.wave), "n": fact.n, "agency": fact.value}
        rows.append(row | values(report, at, "communion", **of_profile))
    kinds: dict[str, Kind] = {"arm": "text", "wave": "text", "n": "count"}
    kinds |= dict.fromkeys(("agency", "communion", "elevation", "amplitude"), "estimate")
    kinds |= {"displacement": "df", "fit": "reliability"}
    title = words.say(f"{here}.title", outcome=report.scores.instruments[outcome].title)
    notes = [words.say(f"{here}.note")]
    return table(report, f"circle-{outcome}", title, kinds, rows, labels=here, notes=notes, drop_empty=True)
