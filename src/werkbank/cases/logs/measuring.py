"""All logs of a study -> what was done and seen: each form says which functions compute it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from werkbank.cases.logs import attaining, counting, doing, following
from werkbank.cases.logs.deciding import decided
from werkbank.cases.logs.kept import Kept
from werkbank.results import Estimate, Fact

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkbank.intake.logbook import Logs
    from werkbank.programmes.forms import Do, Step
    from werkbank.study.model import Study

    Found = list[Estimate | Fact]

FUNCTIONS: dict[Do, Callable[[Kept, Step], Found]] = {
    "dose": doing.dose,
    "grid": doing.grid,
    "coverage": doing.covered,
    "share": counting.share,
    "checklist": counting.checklist,
    "tally": counting.tallied,
    "rate": counting.events,
    "followed": counting.followed,
    "phases": counting.phases,
    "counts": counting.crossed,
    "ordinal": following.ordinal,
    "series": following.series,
    "goals": attaining.goals,
    "attainment": attaining.attained,
    "items": attaining.summed,
    "raters": attaining.agreed,
}


def measured(study: Study, logs: Logs, today: dt.date | None = None) -> tuple[list[Estimate], list[Fact]]:
    """Return everything that is computed of the logs of a study.

    Parameters
    ----------
    study : Study
    logs : Logs
        As `werkbank.intake.logbook.read_logs` gives them.
    today : date, optional
        Decides whether a declared period is over; the day on which this runs when left out.
    """
    now = today or dt.date.today()  # noqa: DTZ011 - a school's own day
    found: Found = []
    for book in logs.books:
        kept = Kept(study, logs, book, now)
        if len(book.rows):
            found += _period(kept)
            for step in book.form.computes:
                found += FUNCTIONS[step.do](kept, step)
            found += _worries(kept)
    found += _reviews(study, logs, now, found)
    estimates = [one for one in found if isinstance(one, Estimate)]
    return estimates, [one for one in found if isinstance(one, Fact)]


def _reviews(study: Study, logs: Logs, today: dt.date, known: Found) -> Found:
    """Tell what was agreed to follow at the review, once it is known how much of the plan was carried out."""
    out: Found = []
    for agreed in study.agreed:
        book = next((book for book in logs.books if book.log.id == agreed.log), None)
        done: dict[str, tuple[float, float] | None] = {}
        for one in known:
            if (
                isinstance(one, Estimate)
                and one.method == "log_adherence"
                and one.outcome == (agreed.dose or one.outcome)
            ):
                bounds = one.ci_low, one.ci_high
                done[one.group] = None if bounds[0] is None or bounds[1] is None else (bounds[0], bounds[1])
        if book is not None and len(book.rows):
            out += decided(Kept(study, logs, book, today), agreed, done)
    return out


def _period(kept: Kept) -> Found:
    """Tell from when to when a log counts, how many school days that are, and what was prepared and left open."""
    out: Found = [
        _fact(kept, "log_count", len(kept.rows), "rows"),
        _fact(kept, "log_count", kept.book.unfilled, "unfilled"),
    ]
    if kept.period is not None:
        first, last = kept.period
        out += [
            _fact(kept, "log_period", first.isoformat(), "first"),
            _fact(kept, "log_period", last.isoformat(), "last"),
        ]
    if kept.school_days:
        out.append(_fact(kept, "log_count", len(kept.school_days), "school_days"))
    return out


def _worries(kept: Kept) -> Found:
    """Tell of whom a worry was named, in the words of the list: for a referral, never a diagnosis."""
    if "worry" not in kept.rows:
        return []
    named = kept.rows[kept.rows["worry"].notna() & (kept.rows["worry"] != "none")]
    return [
        _fact(kept, "log_worry", int(n), str(worry), arm=str(whose))
        for (whose, worry), n in named.groupby([kept.form.about, "worry"], sort=True).size().items()
    ]


def _fact(kept: Kept, what: str, value: float | str, category: str, arm: str = "") -> Fact:
    key = "/".join(["log", kept.log.id, what, *filter(None, [arm]), category])
    return Fact(key, what, value, outcome=kept.log.id, kind="log", table="log", category=category, arm=arm)
