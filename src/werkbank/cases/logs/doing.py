"""What was done and how much of it, against what was planned; with whom, and who was not reached."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np

from werkbank.cases.logs.kept import among
from werkbank.programmes.forms import DONE
from werkbank.statistics.quantity import Quantity
from werkbank.statistics.single_case.tallies import adherence, coverage, gini

if TYPE_CHECKING:
    import pandas as pd

    from werkbank.cases.logs.kept import Kept
    from werkbank.programmes.forms import Step
    from werkbank.results import Estimate, Fact

    Found = list[Estimate | Fact]

EXCUSED = ("absent", "no_school")  # days on which nothing could be done
LETTERS = {"done": "D", "not_done": "N", "absent": "A", "refused": "R"}
UNKNOWN = "U"


def dose(kept: Kept, step: Step) -> Found:
    """Sessions, minutes, gaps and, where it is known what was planned, the share of it that was done.

    Returns
    -------
    list
        Of each pupil (teacher, class) ``log_count`` (`category` done, not_done, absent, refused, unknown, expected),
        ``log_minutes`` (total, median, planned), ``log_gap`` (the most school days from one time to the next),
        ``log_weekly``, and ``log_adherence``: done over expected, with its bounds; of all together the totals.

    Notes
    -----
    Expected are: of a daily log the school days up to the day to which it counts, without absence; of others the
    planned sessions, or sessions a week times weeks with school. Without any of these nothing is expected, and the note
    of the share is ``no_plan``. A day or a planned session without a line is unknown, not "not done".
    """
    out: Found = []
    total, minutes = 0, 0.0
    for whose, rows in kept.units(among(kept.rows, step.among)):
        done = _done(rows)
        total += len(done)
        out += _counted(kept, step, whose, rows)
        if step.column:
            spent = done[step.column].dropna()
            minutes += float(spent.sum())
            at = {"arm": whose, "n": len(spent)}
            out.append(kept.fact(step, "log_minutes", float(spent.sum()), category="total", **at))
            if len(spent):
                out.append(kept.fact(step, "log_minutes", float(spent.median()), category="median", **at))
        out += _spread(kept, step, whose, done)
    n = kept.rows[kept.form.about].nunique()
    out.append(kept.fact(step, "log_count", total, category="done", n=n))
    if step.column:
        out.append(kept.fact(step, "log_minutes", minutes, category="total", n=n))
    return out


def _done(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["status"] == DONE] if "status" in rows else rows


def _counted(kept: Kept, step: Step, whose: str, rows: pd.DataFrame) -> Found:
    counts = rows["status"].value_counts().to_dict() if "status" in rows else {DONE: len(rows)}
    expected, unknown = _expected(kept, rows, counts)
    out: Found = [
        kept.fact(step, "log_count", int(counts.get(name, 0)), arm=whose, category=name)
        for name in (*LETTERS, "no_school")
        if name in counts or name == DONE
    ]
    if expected is None:
        return [*out, kept.estimate(step, "log_adherence", Quantity(np.nan, note="no_plan"), whose)]
    known = {"expected": expected, "unknown": unknown}
    out += [kept.fact(step, "log_count", n, arm=whose, category=name) for name, n in known.items()]
    done = min(int(counts.get(DONE, 0)), expected)  # more than planned is all of it
    found = adherence(done, expected, min(unknown, expected - done))
    share = Quantity(found.value, ci_low=found.low, ci_high=found.high, note=found.note)
    return [*out, kept.estimate(step, "log_adherence", share, whose, n=expected)]


def _expected(kept: Kept, rows: pd.DataFrame, counts: dict[str, int]) -> tuple[int | None, int]:
    """Return how many times something was to be done, and of how many nobody knows."""
    planned, excused = kept.log.planned, sum(int(counts.get(name, 0)) for name in EXCUSED)
    sessions = planned.sessions if planned and planned.sessions else kept.form.planned.get("sessions")
    if planned and planned.per_week and not planned.sessions:
        weeks = planned.weeks or len({day.isocalendar()[:2] for day in kept.school_days})
        sessions = round(planned.per_week * weeks) or None
    if sessions:
        left = max(int(sessions) - int(counts.get("absent", 0)), 0)
        return left, max(left - (len(rows) - excused), 0)
    if kept.form.rhythm != "daily" or not kept.school_days:
        return None, 0
    days = set(kept.school_days)
    there = rows[rows[kept.form.day].map(lambda stamp: stamp.date() in days)]
    off = int(there["status"].isin(EXCUSED).sum()) if "status" in there else 0
    return len(days) - off, len(days) - there[kept.form.day].nunique()


def _spread(kept: Kept, step: Step, whose: str, done: pd.DataFrame) -> Found:
    out: Found = []
    days = sorted({stamp.date() for stamp in done[kept.form.day].dropna()}) if kept.form.day else []
    places = [kept.number(day) for day in days]
    if len(places) > 1:
        out.append(kept.fact(step, "log_gap", int(max(np.diff(places))), arm=whose, n=len(places)))
    weeks = len({day.isocalendar()[:2] for day in kept.school_days})
    if weeks:
        out.append(kept.fact(step, "log_weekly", len(done) / weeks, arm=whose, n=weeks))
    return out


def grid(kept: Kept, step: Step) -> Found:
    """So many school days in a row, from the first one: which were done.

    Returns
    -------
    list
        Of each pupil ``log_grid`` (a letter a day: D done, N not done, A absent, R refused, U unknown),
        ``log_strict`` (1 when every day was done), ``log_run`` (the most days in a row), ``log_count`` (`category`
        done, short: days with fewer minutes than `target`), ``log_adherence`` of the days on which the pupil was there,
        and ``log_caution``: outside (lines after the row of days), overlapping (two pupils at once).
    """
    out: Found = []
    spans: dict[str, tuple[dt.date, dt.date]] = {}
    for whose, rows in kept.units():
        state = {
            stamp.date(): (status, spent)
            for stamp, status, spent in zip(rows[kept.form.day], rows["status"], rows[step.column], strict=True)
        }
        days = _in_a_row(kept, step.days or 10, state)
        letters = "".join(LETTERS.get(state[day][0], UNKNOWN) if day in state else UNKNOWN for day in days)
        spans[whose] = (days[0], days[-1])
        short = sum(1 for day in days if state.get(day, ("", 0))[0] == DONE and state[day][1] < (step.target or 0))
        longest = max(len(run) for run in "".join(c if c == "D" else " " for c in letters).split(" "))
        there = len(letters) - letters.count("A")
        told: dict[str, str | int] = {
            "log_grid": letters,
            "log_strict": int(letters == "D" * len(days)),
            "log_run": longest,
        }
        out += [kept.fact(step, what, value, arm=whose, n=len(days)) for what, value in told.items()]
        for name, n in (("done", letters.count("D")), ("short", short), ("there", there)):
            out.append(kept.fact(step, "log_count", n, arm=whose, category=name, n=len(days)))
        found = adherence(letters.count("D"), there, letters.count("U"))
        share = Quantity(found.value, ci_low=found.low, ci_high=found.high, note=found.note)
        out.append(kept.estimate(step, "log_adherence", share, whose, n=there))
        if outside := len([day for day in state if day > days[-1]]):
            out.append(kept.fact(step, "log_caution", outside, arm=whose, category="outside"))
    pairs = [(a, b) for a in spans for b in spans if a < b and _meet(spans[a], spans[b])]
    if pairs:
        out.append(kept.fact(step, "log_caution", len(pairs), category="overlapping"))
    return out


def _in_a_row(kept: Kept, n: int, state: dict[dt.date, tuple[str, float]]) -> list[dt.date]:
    """Return the first `n` school days from the first line (or the log's first day); days without school are none."""
    first = kept.log.first or min(state)
    none = {day for day, (status, _) in state.items() if status == "no_school"}
    days: list[dt.date] = []
    day = first
    while len(days) < n and (day - first).days < 10 * n:
        if not kept.days.without_school(day) and day not in none:
            days.append(day)
        day += dt.timedelta(1)
    return days


def _meet(a: tuple[dt.date, dt.date], b: tuple[dt.date, dt.date]) -> bool:
    return a[0] <= b[1] and b[0] <= a[1]


def covered(kept: Kept, step: Step) -> Found:
    """Who of the class was reached, how unequally, and how long ago.

    Returns
    -------
    list
        Of all contacts and of each kind ``log_coverage`` (share of the class list, 0-1), ``gini``, ``log_median`` and
        ``log_low`` of contacts a pupil; of each pupil ``log_count`` (contacts) and ``log_since`` (school days since the
        last one; None: never). Without a class list ``log_coverage`` has the note ``no_class_list``, and nothing else
        is told. Contacts that do not count (with correction or instruction) are ``log_count`` `category` apart.
    """
    rows = among(kept.rows, step.among)
    out: Found = [kept.fact(step, "log_count", len(kept.rows) - len(rows), category="apart")]
    everyone = kept.logs.pupils
    if everyone is None:
        return [*out, kept.fact(step, "log_coverage", None, note="logs.no_class_list")]
    kinds = (
        {"": rows, **{str(kind): part for kind, part in rows.groupby(step.by, sort=True)}} if step.by else {"": rows}
    )
    for kind, part in kinds.items():
        counts = part["pupil"].value_counts().reindex(list(everyone), fill_value=0)
        at = {"category": kind, "n": len(counts)}
        out.append(kept.fact(step, "log_coverage", coverage(counts), **at))
        out.append(kept.fact(step, "gini", gini(counts), **at, note="" if counts.sum() else "logs.nothing_counted"))
        out.append(kept.fact(step, "log_median", float(counts.median()), **at))
        out.append(kept.fact(step, "log_low", int(counts.min()), **at))
        if not kind:
            out += [kept.fact(step, "log_count", int(n), arm=str(who)) for who, n in counts.items()]
    return [*out, *_since(kept, step, rows, everyone)]


def _since(kept: Kept, step: Step, rows: pd.DataFrame, everyone: tuple[str, ...]) -> Found:
    if kept.period is None or kept.form.day is None:
        return []
    last = rows.groupby("pupil")[kept.form.day].max()
    end = kept.number(kept.period[1])
    return [
        kept.fact(step, "log_since", end - kept.number(last[who]) if who in last else None, arm=who,
                  note="" if who in last else "logs.never")
        for who in everyone
    ]  # fmt: skip
