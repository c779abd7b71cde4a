"""What was counted: shares with their interval, checklists, positive against negative, events a day, pairs."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from werkbank.cases.logs.kept import among, text, week_of
from werkbank.statistics.quantity import Quantity
from werkbank.statistics.single_case.tallies import gini, rate, rate_ratio, tally, wilson

if TYPE_CHECKING:
    from werkbank.cases.logs.kept import Kept
    from werkbank.programmes.forms import Step
    from werkbank.results import Estimate, Fact

    Found = list[Estimate | Fact]

FEW = 10  # counted interactions below which a ratio says little


def share(kept: Kept, step: Step) -> Found:
    """Share of lines with one of some answers, or a number within bounds, with Wilson's interval.

    Of each pupil (class, teacher), and of all where there are several; apart by a column where the form says so. Below
    `step.fewest` lines only the count is told. Days of one pupil depend on each other: the interval is an indication.
    """
    rows = among(kept.rows, step.among)
    rows = rows[rows[step.column].notna()]
    parts: dict[str, pd.DataFrame] = {"": rows}
    if step.by:
        parts = {str(name): part for name, part in rows.groupby(step.by, sort=True)}
    out: Found = []
    for name, part in parts.items():
        units = list(kept.units(part))
        for whose, mine in [*units, *([("", part)] if len(units) != 1 else [])]:
            hits, n = int(_counts(mine[step.column], step).sum()), len(mine)
            out.append(kept.fact(step, "log_count", hits, arm=whose, category=name or "counted", n=n))
            if n >= max(step.fewest, 1):
                found = wilson(hits, n, kept.study.ci_level)
            else:
                found = Quantity(np.nan, note="few_events" if n else "nothing_counted")
            out.append(kept.estimate(step, "wilson_share", found, whose, n=n, level=name))
    return out


def _counts(values: pd.Series, step: Step) -> pd.Series:
    if step.within is not None:
        return values.between(*step.within)
    return values.map(text).isin(step.answers)


def checklist(kept: Kept, step: Step) -> Found:
    """Which parts were done as described: of each part a share, and of all parts together, with what it is a share of.

    Parts that did not apply or were left open are in no denominator; how many is `category` open.
    """
    out: Found = []
    parts: dict[str, pd.DataFrame] = {"": kept.rows}
    if step.by:
        parts = {str(name): part for name, part in kept.rows.groupby(step.by, sort=True)}
    for level, part in parts.items():
        units = list(kept.units(part))
        for whose, rows in [*units, *([("", part)] if len(units) != 1 else [])]:
            out += _checked(kept, step, whose, rows, level)
    return out


def _checked(kept: Kept, step: Step, whose: str, rows: pd.DataFrame, level: str) -> Found:
    out: Found = []
    done = asked = 0
    for column, wanted in step.items.items():
        given = rows[column].dropna().map(text)
        given = given[~given.isin(("na", "unchecked"))]
        hits = int(given.isin(wanted).sum())
        done, asked = done + hits, asked + len(given)
        at = {"n": len(given), "level": level, "criterion": column}
        out.append(kept.estimate(step, "wilson_share", wilson(hits, len(given), kept.study.ci_level), whose, **at))
    told = {"arm": whose, "wave": level}
    out.append(kept.fact(step, "log_fidelity", done / asked if asked else np.nan, n=asked, **told,
                         note="" if asked else "logs.nothing_counted"))  # fmt: skip
    open_ = len(rows) * len(step.items) - asked
    return [*out, kept.fact(step, "log_count", open_, category="open", **told)]


def tallied(kept: Kept, step: Step) -> Found:
    """Positive against negative: counts of all days added up, their ratio, and the share of positive.

    Returns
    -------
    list
        Of each pupil ``positive_ratio`` (note ``no_negatives``: it has no value, and the target is met),
        ``wilson_share`` of positive, ``log_met`` (1, 0; None when nothing was counted), counts in all and a week, and
        ``log_caution``: self_counted, few_interactions, interval_covers_less. ``gini`` of the positive ones between
        pupils tells how unequally these were given.
    """
    out: Found = []
    for whose, rows in kept.units():
        plus, minus = (rows[column].fillna(0).astype(int).tolist() for column in (step.column, step.other))
        found = tally(plus, minus, step.target or 3, kept.study.ci_level)
        n = found.positive + found.negative
        ratio = Quantity(found.ratio, note=found.note)
        out += [
            kept.estimate(step, "positive_ratio", ratio, whose, n=n),
            kept.estimate(step, "wilson_share", found.share, whose, n=n),
            kept.fact(step, "log_met", None if found.met is None else int(found.met), arm=whose, n=n),
            kept.fact(step, "log_count", found.positive, arm=whose, category="positive"),
            kept.fact(step, "log_count", found.negative, arm=whose, category="negative"),
        ]
        told = {"interval_covers_less": found.met and found.interval_covers_less, "few_interactions": n < FEW}
        told["self_counted"] = set(rows["source"].dropna()) == {"self"} if "source" in rows else False
        out += [kept.fact(step, "log_caution", 1, arm=whose, category=name) for name, is_so in told.items() if is_so]
        out += _by_week(kept, step, whose, rows)
    pupils = [rows[step.column].sum() for _, rows in kept.units()]
    if len(pupils) > 1:
        out.append(kept.fact(step, "gini", gini(pupils), category="positive", n=len(pupils)))
    return out


def _by_week(kept: Kept, step: Step, whose: str, rows: pd.DataFrame) -> Found:
    weeks = rows.assign(week=week_of(rows[str(kept.form.day)])).groupby("week")[[step.column, step.other]].sum()
    return [
        kept.fact(step, "log_count", int(n), arm=whose, wave=str(week), category=name)
        for week, pair in weeks.iterrows()
        for name, n in zip(("positive", "negative"), pair, strict=True)
    ]


def events(kept: Kept, step: Step) -> Found:
    """Events a school day (or, where observation is timed, an hour), and the rate after over that before.

    Returns
    -------
    list
        Of each pupil and of all ``event_rate`` (`level` A, B or ""), ``log_observed`` (school days, or hours) and,
        where it is known when the programme began, ``event_rate_ratio``. Without a calendar there is no rate: the note
        is ``no_observed_days``. Assumes independent events.
    """
    units = list(kept.units())
    out: Found = []
    for whose, rows in [*units, *([("", kept.rows)] if len(units) > 1 else [])]:
        if step.column:
            out += _hourly(kept, step, whose, rows)
        else:
            out += _daily(kept, step, whose, rows, 1 if whose else len(units))
        if len(rows) < step.fewest:
            out.append(kept.fact(step, "log_caution", len(rows), arm=whose, category="few_events"))
    return out


def _hourly(kept: Kept, step: Step, whose: str, rows: pd.DataFrame) -> Found:
    day = str(kept.form.day)
    # a line an event: the minutes of one observation stand with each of its events
    hours = float(rows.groupby(["pupil", day])[step.column].max().sum()) / 60
    unseen = bool(rows[step.column].isna().any())
    found = (
        Quantity(np.nan, note="no_observed_days")
        if unseen or not hours
        else rate(len(rows), hours, kept.study.ci_level)
    )
    return [
        kept.fact(step, "log_count", len(rows), arm=whose, category="events"),
        kept.fact(step, "log_observed", hours, arm=whose, category="hours"),
        kept.estimate(step, "event_rate", found, whose, n=len(rows)),
    ]


def _daily(kept: Kept, step: Step, whose: str, rows: pd.DataFrame, pupils: int) -> Found:
    out: Found = [kept.fact(step, "log_count", len(rows), arm=whose, category="events")]
    if not kept.school_days:
        return [*out, kept.estimate(step, "event_rate", Quantity(np.nan, note="no_observed_days"), whose, n=len(rows))]
    began = kept.log.began
    days = {"": kept.school_days}
    if began is not None:
        days = {"A": [d for d in kept.school_days if d < began], "B": [d for d in kept.school_days if d >= began]}
    phases = kept.phase(rows) if began is not None else pd.Series("", index=rows.index)
    pairs: dict[str, tuple[int, float]] = {}
    for phase, seen in days.items():
        pairs[phase] = (int((phases == phase).sum()), float(len(seen) * pupils))
        at = {"n": pairs[phase][0], "level": phase}
        out.append(kept.fact(step, "log_observed", len(seen) * pupils, arm=whose, category="days", wave=phase))
        out.append(kept.estimate(step, "event_rate", _seen(rate(*pairs[phase], kept.study.ci_level)), whose, **at))
    if began is not None:
        found = _seen(rate_ratio(pairs["A"], pairs["B"], kept.study.ci_level))
        out.append(kept.estimate(step, "event_rate_ratio", found, whose, n=pairs["A"][0] + pairs["B"][0]))
    return out


def _seen(found: Quantity) -> Quantity:
    """Tell a period in which nobody looked from days of which too much is unknown: they have one name elsewhere."""
    return replace(found, note="not_observed_days") if found.note == "not_observed" else found


def followed(kept: Kept, step: Step) -> Found:
    """Which incidents were followed by a talk, and after how many school days; none without the log of incidents."""
    other = next((book for book in kept.logs.books if book.form.name == step.name), None)
    if other is None:
        return [kept.fact(step, "log_median", None, category="days_to_talk", note="logs.no_incidents_log")]
    talks = kept.rows.groupby(step.column)[step.other].min()
    known = other.rows.set_index(step.column)[str(other.form.day)]
    both = known.index.intersection(talks.index)
    days = [kept.number(talks[one]) - kept.number(known[one]) for one in both]
    strangers = int((~talks.index.isin(known.index)).sum())
    out: Found = [kept.estimate(step, "wilson_share", wilson(len(both), len(known), kept.study.ci_level), n=len(known))]
    if days:
        out.append(kept.fact(step, "log_median", float(np.median(days)), category="days_to_talk", n=len(days)))
    if strangers:
        out.append(kept.fact(step, "log_caution", strangers, category="talk_without_incident"))
    return out


def phases(kept: Kept, step: Step) -> Found:
    """Weeks in each phase of a relationship, and how often one followed another; shares of those from ten on."""
    out: Found = []
    for whose, rows in kept.units():
        states = rows.sort_values(str(kept.form.day))[step.column].dropna().tolist()
        for state in kept.form.columns[step.column].of:
            n = states.count(state)
            out.append(kept.fact(step, "log_count", n, arm=whose, category=state, n=len(states)))
        moved = [(a, b) for a, b in pairwise(states) if a != b]
        for pair in dict.fromkeys(moved):
            out.append(
                kept.fact(
                    step, "log_moves", moved.count(pair), arm=whose, parts=pair, category="-".join(pair), n=len(moved)
                )
            )
        if len(moved) < step.fewest:
            out.append(kept.fact(step, "log_caution", len(moved), arm=whose, category="few_moves"))
    return out


def crossed(kept: Kept, step: Step) -> Found:
    """Counts of each answer, and of each pair of answers: what stood before what, never why; of each, and of all."""
    out: Found = []
    units = list(kept.units())
    for whose, rows in [*units, *([("", kept.rows)] if len(units) > 1 else [])]:
        given = rows[rows[step.column].notna()]
        for value, n in given[step.column].map(text).value_counts(sort=False).items():
            out.append(kept.fact(step, "log_count", int(n), arm=whose, category=str(value), n=len(given)))
        if step.by:
            for pair, n in given.groupby([step.column, step.by], sort=True).size().items():
                parts = tuple(map(text, pair))
                out.append(
                    kept.fact(step, "log_pair", int(n), arm=whose, parts=parts, category="-".join(parts), n=len(given))
                )
    return out
