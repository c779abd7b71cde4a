"""From a report's scores and results to what its figures draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from werkbank.appraisal.evidence import SIZES, question
from werkbank.effects.questions import contrasts, outcome_waves
from werkbank.effects.roles import shown_arms
from werkbank.effects.units import unit_of_analysis
from werkbank.reporting import diagrams, estimates, figures, fitted, numbers, standing, style
from werkbank.reporting.known import beside
from werkbank.reporting.plainly import (
    amount,
    answered,
    capital,
    doubtful,
    ends,
    equal_in,
    first,
    good,
    shown_answers,
    side_of,
    written,
)
from werkbank.reporting.tables import called, described

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkbank.reporting.blocks import Figure
    from werkbank.reporting.report import Report
    from werkbank.results import Claim, Estimate

LEVELS = ("low", "mean", "high")
CLEAR = {"better", "worse", "higher", "lower"}
TOWARDS = CLEAR | {f"later_{side}" for side in CLEAR}  # titles that name an arm
SPLIT = ("faded_equivalent", "later_equivalent")  # titles that only an equivalence test carries


def before_after(report: Report) -> Figure | None:
    """Draw the primary scales (else the first ones) before and after."""
    rows, unit = _panels(report)
    return figures.before_after(rows, report.language, unit) if rows else None


def change(report: Report) -> Figure | None:
    """Draw how far each unit moved from the first to the next measurement, on the same scales."""
    rows, unit = _panels(report)
    paired = unit != "pupil" and rows and figures.dumbbells(rows, report.language, unit)
    return paired or (figures.change(rows, report.language, unit) if rows else None)


def missing(report: Report) -> Figure | None:
    """Draw who was measured at which waves; None where everyone was, or where the counts may not be shown."""
    e, words = report.evidence, report.words
    facts = [f for f in report.results.facts_where(what="missing_pattern") if isinstance(f.value, int)]
    counts = {(f.parts, f.arm): int(f.value or 0) for f in facts}
    total = {waves: sum(n for (w, _), n in counts.items() if w == waves) for waves, _ in counts}
    found = [
        diagrams.Pattern(tuple(w in waves for w in e.waves), tuple(counts.get((waves, arm), 0) for arm in e.arms))
        for waves in sorted(total, key=lambda waves: -total[waves])
    ]
    if len(found) < 2:
        return None
    arms = [words.arm(arm) for arm in e.arms]
    return diagrams.missing(found, [words.wave(w) for w in e.waves], arms, report.language)


def means(report: Report, may_show: Callable[[int | None], bool]) -> Figure | None:
    """Draw the means of every arm, one beside another, on the primary scales (else the first one); no single scores.

    A mean whose n `may_show` refuses is left out. The axis is as high as the spread between pupils, so that a
    difference looks as large as it is beside that spread.
    """
    e, words = report.evidence, report.words
    plots = []
    for key in _first(report, report.same_measure)[: figures.MOST_SCALES]:
        told = {arm: [described(report, key, arm, wave) for wave in e.waves] for arm in e.arms}
        shown = {arm: [d if may_show(d["n"]) else {} for d in of_arm] for arm, of_arm in told.items()}
        lines = tuple(
            figures.Line(words.arm(arm), *(tuple(d.get(what) for d in of_arm) for what in ("mean", "n")))
            for arm, of_arm in shown.items()
        )
        drawn = [m for line in lines for m in line.means if m is not None]
        spread = [d["sd"] or 0.0 for of_arm in told.values() for d in of_arm]
        if len(e.waves) > 1 and drawn:
            reach = max(spread) or 1.0  # scores that are all alike have no spread to measure by
            limits = (min(drawn) - reach, max(drawn) + reach)
            waves = tuple(words.wave(w) for w in e.waves)
            plots.append(
                figures.Plot(words.outcome(key), waves, lines, limits, report.score_range(key)[0], report.better(key))
            )
    return figures.means(plots, report.language) if plots else None


def answer(report: Report) -> Figure | None:
    """Draw the answers to the first questions with how sure they are: the numbers of the sentences beside it."""
    found = [(key, claims) for key in first(report) if (claims := shown_answers(report, key))]
    if not found:
        return None
    words, lead = report.words, found[0][1][0]
    test = answered(report, lead)
    found_in = fitted.fitted(report, test)
    kind = f"equal_{equal_in(found_in)}" if test.contrast else "change"
    kind = "several" * (len(contrasts(report.study)) > 1) or kind
    covariates = words.covariates(found_in.covariates)
    subtitle = words.say(f"school.standing.subtitle_{kind}", covariates=covariates, **written(report, lead))
    scales = [_scale(report, key, claims) for key, claims in found]
    turned = any(report.better(key) in {"higher", "lower"} for key, _ in found)
    return standing.standing(scales, capital(_title(report, found)), subtitle, report.language, turned=turned)


def _scale(report: Report, key: str, claims: list[Claim]) -> standing.Scale:
    words, e = report.words, report.evidence
    spreads = [described(report, key, arm, wave)["sd"] for arm in e.arms for wave in e.waves]
    known = [sd for sd in spreads if sd]
    rows = tuple(_standing_row(report, claim) for claim in claims)
    widest = max(abs(end) for row in rows for end in (*(row.ci or ()), row.estimate)) or 1.0
    sides = {"higher": ("worse", "better"), "lower": ("worse", "better")}.get(report.better(key), ("lower", "higher"))
    spread = sum(known) / len(known) if known else widest
    return standing.Scale(ends(report, key, "school.standing"), rows, spread, (words.say(f"school.standing.{sides[0]}"),
                          words.say(f"school.standing.{sides[1]}")))  # fmt: skip


def _standing_row(report: Report, claim: Claim) -> standing.Row:
    words, test = report.words, answered(report, claim)
    turn = -1 if report.better(claim.outcome) == "lower" else 1
    low, high = test.ci_low, test.ci_high
    ci = None if low is None or high is None else (min(turn * low, turn * high), max(turn * low, turn * high))
    label = words.wave(test.wave_to)
    if len(contrasts(report.study)) > 1:
        label = words.say("school.standing.row", wave=label, contrast=words.contrast(test.contrast))
    side, verdict, look = side_of(report, claim), claim.verdict, None
    if verdict == "clear":
        verdict = {True: "better", False: "worse", None: f"clear_{claim.side}"}[good(report, claim)]
        look = style.look(1 if verdict == "worse" else 0)
    elif verdict == "equivalent" and not test.contrast:
        verdict = "equivalent_change"
    if doubtful(report, claim.outcome):
        verdict, look = "doubtful", None
    size = words.say(f"school.standing.size_{side}", d=amount(report, claim))
    return standing.Row(
        label,
        turn * (test.estimate or 0.0),
        ci,
        test.se,
        test.df,
        size,
        words.say(f"school.standing.{verdict}"),
        look,
    )


def _title(report: Report, found: list[tuple[str, list[Claim]]]) -> str:
    """Return what was found, as the title of its picture; of what the same holds is named together."""
    words = report.words
    outcomes: dict[tuple[str, str, str], list[str]] = {}
    for key, claims in found:
        for contrast in dict.fromkeys(c.contrast for c in claims):
            of = [c for c in claims if c.contrast == contrast]
            kind = "compared" if answered(report, of[0]).contrast else "change"
            for what in _standings(report, of):
                treated = str(written(report, of[0]).get("treated", "")) if what in TOWARDS else ""
                outcomes.setdefault((kind, what, treated), []).append(words.outcome(key))
    arms: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for (kind, what, treated), names in outcomes.items():
        arms.setdefault((kind, what, tuple(dict.fromkeys(names))), []).append(treated)
    told = [
        words.say(
            f"school.title.{kind}.{what}{'.equivalent' * (what in SPLIT)}",
            outcomes=words.listed(list(names)), treated=words.listed(treated),
        )
        for (kind, what, names), treated in sorted(arms.items(), key=lambda item: "_" in item[0][1])
    ]  # fmt: skip
    return "; ".join(told)


def _standings(report: Report, claims: list[Claim]) -> list[str]:
    """Return how an outcome stood at first, and whether that was no longer clear, or only then, at the last wave."""
    lead, last = claims[0], claims[-1]
    if doubtful(report, lead.outcome):
        return ["doubtful"]
    found = []
    for claim in (lead, last):
        kind = {True: "better", False: "worse", None: claim.side}[good(report, claim)]
        found.append(kind if claim.verdict == "clear" else "equivalent" if claim.verdict == "equivalent" else "unclear")
    if found[0] == found[1] or lead is last:
        return found[:1]
    if found[0] in CLEAR and found[1] not in CLEAR:
        return [found[0], f"faded_{found[1]}"]
    return [found[0], f"later_{found[1]}"]


def forest(report: Report, *, headed: bool = True) -> Figure | None:
    """Draw the standardised size of every headline test that has an interval, and what others published below.

    `headed`: with what was found as its title, where the page gives the figure none of its own.
    """
    bars = []
    # which side is better must be known of every row, or the sides have no names and nothing is mirrored
    known = all(report.better(test.outcome) in {"higher", "lower"} for test in report.evidence.tests)
    for test in report.evidence.tests:
        size = report.evidence.beside(test, *SIZES)
        if size is None or size.estimate is None or size.ci_low is None or size.ci_high is None:
            continue
        sure = report.evidence.role_of(test) == "primary"
        bars.append(
            estimates.Bar(
                _row_label(report, test), size.estimate, size.ci_low, size.ci_high, sure,
                group=_towards(report, test.outcome), people=_people(report, test),
                turned=known and report.better(test.outcome) == "lower",
            )
        )  # fmt: skip
    published = [estimates.Bar(report.words.text(p.label), p.g, *p.ci, ours=False) for p in beside(report)]
    words = report.words
    level = words.level(report.study.ci_level)
    sides = (words.say("school.standing.worse"), words.say("school.standing.better")) if known else None
    answers = [(key, claims) for key in first(report) if (claims := shown_answers(report, key))]
    title = capital(_title(report, answers)) if answers else ""
    compared = "difference" if any(t.contrast for t in report.evidence.tests) else "change"
    over = (title, words.say(f"figures.forest.subtitle_{compared}", level=level)) if headed else ("", "")
    head = estimates.Headed(*over, sides, words.say(f"report.unit.{report.evidence.unit}.many"))
    return estimates.forest([*bars, *published], report.language, level, head) if bars else None


def _row_label(report: Report, test: Estimate) -> str:
    words, label = report.words, report.words.wave(test.wave_to)
    if len(contrasts(report.study)) > 1:
        return words.say("school.standing.row", wave=label, contrast=words.contrast(test.contrast))
    return label


def _towards(report: Report, key: str) -> str:
    """Return an outcome with which end of it is better."""
    words = report.words
    better = words.say(f"instruments.direction.{report.better(key)}")
    return words.say("school.standing.no_range", outcome=capital(words.outcome(key)), better=better)


def _people(report: Report, test: Estimate) -> str:
    """Return on how many pupils and units an estimate rests."""
    n = "" if test.n is None else numbers.count(test.n, report.language)
    units = test.n_clusters
    return n if units is None or units == test.n else f"{n} ({numbers.count(units, report.language)})"


def slopes(report: Report) -> Figure | None:
    """Draw the difference along every declared characteristic that is a number, primary outcomes first."""
    found = []
    look = report.results.estimate
    for e in report.results.where(kind="moderation", level="mean", metric="points"):
        asked = {**question(e), "kind": "moderation", "moderator": e.moderator}
        pairs = [(look(level=x, metric="moderator", **asked), look(level=x, metric="points", **asked)) for x in LEVELS]
        known = [x for at, f in pairs if at and f for x in (at.estimate, f.estimate, f.se) if x is not None]
        # the differences share one df, which need not be that of the interaction
        if len(known) == 9 and e.df is not None:  # a place, a difference and its SE, thrice
            asks = report.words.test(e.outcome, e.wave_to, e.contrast)
            places, effects, ses = (tuple(known[part::3]) for part in range(3))
            found.append(
                estimates.Slope(
                    asks, called(report, e) or "", places, effects, ses, e.df, e.ci_level, e.outcome,
                    report.better(e.outcome), _values_of(report, e.moderator),
                )
            )  # fmt: skip
    level = report.words.level(report.study.ci_level)
    return estimates.slopes(found, report.language, level) if found else None


def _values_of(report: Report, moderator: str) -> tuple[float, ...]:
    """Return the values of a characteristic that is a column of numbers; a copy to share shows nobody's."""
    pupils = report.intake.pupils
    if report.bench.copy_to_share or moderator not in pupils:
        return ()
    values = pd.to_numeric(pupils[moderator], errors="coerce").dropna()
    return tuple(float(value) for value in values)


def flow(report: Report) -> Figure | None:
    """Draw the way of every arm from assigned to measured, and who was analysed for the first primary outcome."""
    e, words, count = report.evidence, report.words, report.results.count
    first = next(iter(e.tests), None)
    questions = [t for t in e.tests if first is not None and t.outcome == first.outcome]
    analysed = words.say("report.flow.analysed", outcome=words.outcome(first.outcome)) if first is not None else ""
    streams = []
    for arm in e.arms:
        enrolled = _in_units(report, words.say("report.flow.enrolled"), count(what="units_enrolled", arm=arm))
        steps = [(enrolled, count(what="pupils_enrolled", arm=arm))]
        for w in e.waves:
            label = words.say("report.flow.measured", wave=words.wave(w))
            steps.append((label, count(what="pupils_measured", arm=arm, wave=w)))
        used = {}
        for t in questions:
            at = {**question(t), "contrast": "", "arm": arm}
            label = _in_units(report, words.wave(t.wave_to), count(what="units_analysed", **at))
            used[label] = count(what="pupils_analysed", **at)
        boxes = tuple((label, n) for label, n in steps if n is not None)
        if boxes:
            known = tuple((label, n) for label, n in used.items() if n is not None)
            streams.append(diagrams.Stream(words.arm(arm), boxes, analysed, known))
    return diagrams.flow(streams, report.language) if streams else None


def _in_units(report: Report, label: str, n: int | None) -> str:
    if n is None:
        return label
    return report.words.say("report.flow.in_units", label=label, units=report.words.count(report.evidence.unit, n))


def _first(report: Report, keys: list[str]) -> list[str]:
    """Return the primary ones of some scales, else the first."""
    return [key for key in keys if key in report.primary] or keys[:1]


def _panels(report: Report) -> tuple[list[list[figures.Panel]], str]:
    wide = {key: table for _, key, table in outcome_waves(report.study, report.scores.table)}
    # a line between two different tests would show a change that nobody measured
    keys = [key for key in report.same_measure if key in wide and len(wide[key].columns) > 1]
    unit = unit_of_analysis(report.study, report.intake.pupils)
    level, units = ("pupil", None) if unit.alone else (unit.level, unit.of_pupil)
    return [_row(report, key, wide[key], units) for key in _first(report, keys)], level


def _row(report: Report, key: str, wide: pd.DataFrame, units: pd.Series | None) -> list[figures.Panel]:
    pupils, words, e = report.intake.pupils, report.words, report.evidence
    shown = shown_arms(report.study, pupils) if e.arms != [""] else None
    waves = list(wide.columns)
    row = []
    for arm in e.arms:
        members = pupils.index if shown is None else pupils.index[shown == arm]
        scores = wide.reindex(members)
        lines = scores if units is None else scores.groupby(units.reindex(members), observed=True).mean()
        told = [described(report, key, arm, wave) for wave in waves]
        moved = {"what": "mean_change", "outcome": key, "arm": arm}
        row.append(
            figures.Panel(
                arm=words.arm(arm),
                outcome=words.outcome(key),
                waves=tuple(words.wave(w) for w in waves),
                values=tuple(scores[w].dropna().to_numpy(dtype=float) for w in waves),
                lines=lines.to_numpy(dtype=float) if len(lines) else np.empty((0, len(waves))),
                means=tuple(d["mean"] for d in told),
                n=tuple(d["n"] for d in told),
                change=report.results.number(**moved, wave=waves[1]) if len(waves) > 1 else None,
                better=report.better(key),
            )
        )
    return row
