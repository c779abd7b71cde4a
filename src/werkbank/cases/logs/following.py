"""How a pupil went on: colours, thermometers, scale questions. Ordered values: no means, and no verdict alone."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from werkbank.cases.logs.kept import week_of
from werkbank.cases.logs.together import together
from werkbank.statistics.quantity import Quantity
from werkbank.statistics.reliable import jacobson_truax
from werkbank.statistics.single_case import overlap
from werkbank.statistics.single_case.series import comparisons

if TYPE_CHECKING:
    from werkbank.cases.logs.kept import Kept
    from werkbank.programmes.forms import Step
    from werkbank.results import Estimate, Fact

    Found = list[Estimate | Fact]

ASIDE = 0.20  # of a week refused or unknown: the rest may be another kind of day


def ordinal(kept: Kept, step: Step) -> Found:
    """Ordered answers day by day: counts a week and in all, the middle one, a trend, phases, and days in a row.

    Returns
    -------
    list
        Of each pupil ``log_count`` of each answer (`wave`: the week, "" in all), refused and absent apart,
        ``log_median`` (a place in the order, 1 the lowest), ``log_trend`` (tau-b with the school day), ``nap`` and
        ``case_tau`` where there are phases, ``log_run`` (most school days in a row with the lowest answer) and
        ``log_caution``: low_run, much_refused (of a week).
    """
    out: Found = []
    order = {name: float(place) for place, name in enumerate(step.answers, 1)}
    for whose, rows in kept.units():
        days = rows.assign(place=rows[step.column].map(order), day=rows[str(kept.form.day)].map(kept.number))
        out += _weekly(kept, step, whose, days)
        known = days[days["place"].notna()]
        if len(known):
            middle = float(np.percentile(known["place"], 50, method="lower"))
            out.append(kept.fact(step, "log_median", middle, arm=whose, n=len(known)))
        out.append(kept.estimate(step, "log_trend", trend(known["day"], known["place"]), whose, n=len(known)))
        out += _phases(kept, step, whose, known, "place", "")
        run = lowest_run(days)
        out.append(kept.fact(step, "log_run", len(run), arm=whose, category=step.answers[0]))
        if step.days and len(run) >= step.days:
            out.append(_low(kept, step, whose, days[days["day"].isin(run)]))
    return [*out, *_together(kept, step, kept.rows.assign(value=kept.rows[step.column].map(order)))]


def _together(kept: Kept, step: Step, rows: pd.DataFrame, level: str = "") -> Found:
    """Return what a model over all pupils finds; nothing in a log about a class, or of one pupil."""
    if kept.form.about != "pupil":
        return []
    rows = rows[rows["value"].notna()]
    days = rows.assign(day=rows[str(kept.form.day)].map(kept.number), phase=kept.phase(rows))
    return [*together(kept, step, days, level)]


def _weekly(kept: Kept, step: Step, whose: str, days: pd.DataFrame) -> Found:
    weeks = week_of(days[str(kept.form.day)])
    answers = kept.form.columns[step.column].of
    out: Found = []
    for week, part in [("", days), *((str(week), part) for week, part in days.groupby(weeks, sort=True))]:
        for answer in answers:
            n = int((part[step.column] == answer).sum())
            out.append(kept.fact(step, "log_count", n, arm=whose, wave=week, category=answer, n=len(part)))
        due = [day for day in kept.school_days if week and week_of(pd.Series([pd.Timestamp(day)]))[0] == week]
        there = max(len(due) or len(part), len(part)) - int((part[step.column] == "absent").sum())
        aside = there - int(part["place"].notna().sum())
        if week and there and aside / there > ASIDE:
            out.append(kept.fact(step, "log_caution", aside, arm=whose, wave=week, category="much_refused", n=there))
    return out


def trend(days: pd.Series, values: pd.Series) -> Quantity:
    """Kendall's tau-b of a value with the school day: 1 always up, -1 always down; NaN where nothing varies.

    Days of one pupil depend on each other, so that there is no p. Ties on both sides are taken into account. Checked by
    hand and against scipy.
    """
    x, y = days.to_numpy(dtype=float), values.to_numpy(dtype=float)
    if len(x) < 3:
        return Quantity(np.nan, note="few_days")
    up = np.sign(np.subtract.outer(x, x)) * np.sign(np.subtract.outer(y, y))
    alone = [float(np.abs(np.sign(np.subtract.outer(v, v))).sum()) for v in (x, y)]
    if not all(alone):
        return Quantity(np.nan, note="no_variation")
    return Quantity(float(up.sum()) / float(np.sqrt(alone[0] * alone[1])))


def lowest_run(days: pd.DataFrame) -> list[int]:
    """Return the most school days in a row with the lowest answer, the latest of equals; an unknown day ends a row."""
    red = sorted({int(day) for day in days.loc[days["place"] == 1, "day"]})
    runs = [[day for _, day in run] for _, run in groupby(enumerate(red), key=lambda pair: pair[1] - pair[0])]
    return max(reversed(runs), key=len, default=[])


def _low(kept: Kept, step: Step, whose: str, rows: pd.DataFrame) -> Fact:
    """Return the caution with when it was: its first day (`wave`), its last (`item`), and the phases (`parts`)."""
    first, last = (day.date().isoformat() for day in (rows[str(kept.form.day)].min(), rows[str(kept.form.day)].max()))
    phases = tuple(sorted(set(kept.phase(rows)) - {""}))
    n = rows["day"].nunique()
    return kept.fact(step, "log_caution", n, arm=whose, category="low_run", wave=first, item=last, parts=phases)


def _phases(kept: Kept, step: Step, whose: str, days: pd.DataFrame, column: str, level: str) -> Found:
    """Compare the phases, where there are any, by how they overlap."""
    phase = kept.phase(days)
    if set(phase) != {"A", "B"} or phase.iloc[0] != "A":
        return []
    out: Found = []
    pairs = comparisons(list(phase), days[column], better=step.better, times=days["day"])
    for number, pair in enumerate(pairs, 1):
        at = {"n": pair.m + pair.n, "level": level, "criterion": str(number) if len(pairs) > 1 else ""}
        out.append(kept.estimate(step, "nap", overlap.nap(pair, level=kept.study.ci_level), whose, **at))
        out.append(kept.estimate(step, "case_tau", overlap.tau(pair, level=kept.study.ci_level), whose, **at))
    return out


def series(kept: Kept, step: Step) -> Found:
    """A number again and again: first, last, middle and range, steps up, phases; moments or questions never together.

    Returns
    -------
    list
        Of each pupil and each moment (`wave`) ``log_first``, ``log_last``, ``log_median``, ``log_low``, ``log_high``,
        ``log_change`` (last minus first), ``log_count`` (up: times at least one higher than the time before),
        ``log_rci`` where a reliability and an SD are declared (note ``no_reliability`` where not), ``nap`` and
        ``case_tau`` where there are phases.
    """
    out: Found = []
    for whose, mine in kept.units(kept.rows[kept.rows[step.column].notna()]):
        parts = mine.groupby(step.by, sort=True) if step.by else [("", mine)]
        for level, part in parts:
            out += _series(kept, step, whose, part, str(level))
    rows = kept.rows.assign(value=kept.rows[step.column].astype(float))
    for level, part in rows.groupby(step.by, sort=True) if step.by else [("", rows)]:
        out += _together(kept, step, part, str(level))
    return out


def _series(kept: Kept, step: Step, whose: str, rows: pd.DataFrame, level: str) -> Found:
    values = rows[step.column].astype(float)
    first, last = float(values.iloc[0]), float(values.iloc[-1])
    told = {
        "log_first": first, "log_last": last, "log_change": last - first, "log_median": float(values.median()),
        "log_low": float(values.min()), "log_high": float(values.max()),
    }  # fmt: skip
    at = {"arm": whose, "wave": level, "n": len(values)}
    out: Found = [kept.fact(step, what, value, **at) for what, value in told.items()]
    up = int((values.diff() >= 1).sum())
    out.append(kept.fact(step, "log_count", up, category="up", **at))
    r, sd = kept.log.reliability, kept.log.sd
    rci = Quantity(np.nan, note="no_reliability")
    if r is not None and sd is not None:
        rci = Quantity(float(jacobson_truax([first], [last], r, sd).index[0]))
    out.append(kept.estimate(step, "log_rci", rci, whose, n=len(values), level=level))
    days = rows.assign(day=rows[str(kept.form.day)].map(kept.number))
    return [*out, *_phases(kept, step, whose, days, step.column, level)]
