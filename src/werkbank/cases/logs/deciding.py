"""What now, for one pupil: go on, adapt or stop, by limits that were agreed beforehand. A rule for a talk, not a test.

The rule is cautious on one side: where nothing changed or things got worse it says "go on" in at most one case in ten,
also when one day is much like the day before (held to this by simulation). It looks once, at the review, and not every
day until the answer pleases.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from werkbank.programmes.forms import Step
from werkbank.statistics.quantity import Quantity
from werkbank.statistics.single_case.overlap import kendall_trend
from werkbank.statistics.single_case.series import pairs as compared
from werkbank.study.logs import REVIEW

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from werkbank.cases.logs.kept import Kept
    from werkbank.results import Estimate, Fact
    from werkbank.study.logs import Agreed

    Floats = NDArray[np.float64]
    Found = list[Estimate | Fact]

FEWEST = 5  # days in a phase
LEAST_ALIKE = 0.20  # correlation of one day with the day before that is taken to be there at the least
MOST_ALIKE = 0.80
BEYOND = 1.645  # standard errors: one sided, 5 % where days are as alike as they seem
LATEST = 5  # days of which the middle value is held against the limits
HALF_DONE = 0.5  # below it a plan was not carried out, and says nothing of whether it works
WINDOW = dt.timedelta(days=7)  # about the review
GROWING = 0.20  # p of a baseline that went up by itself


@dataclass(frozen=True)
class Judged:
    """What follows for a pupil (`verdict`), why (`reason`), and what it rests on; turned so that higher is better.

    `verdict` is go_on, adapt, stop, first_do (the plan was hardly carried out), not_yet (too early, or too few days) or
    none (no limits that were agreed beforehand, no baseline).
    """

    verdict: str
    reason: str
    nap: float = math.nan
    z: float = math.nan
    days: tuple[int, int] = (0, 0)  # before and with the programme, of those that were compared


def improvement(a: Floats, b: Floats) -> tuple[float, float]:
    """Return NAP of B over A, and how many standard errors it lies above one half.

    The standard error is that without effect, √((m + n + 1)/(12mn)), times √((1 + r)/(1 - r)) for days that are like
    the day before: r is estimated about the medians of the phases, and taken to be .20 at the least and .80 at the
    most, because short series tell it too low. Checked by hand and by simulation.
    """
    m, n = len(a), len(b)
    nap = float(compared(a, b).mean() + 1) / 2
    rest = [values - np.median(values) for values in (a, b)]
    whole = sum(float(values @ values) for values in rest)
    lag = sum(float(values[1:] @ values[:-1]) for values in rest) / whole if whole else 0.0
    r = min(max(lag, LEAST_ALIKE), MOST_ALIKE)
    return nap, (nap - 0.5) / math.sqrt((m + n + 1) / (12 * m * n) * (1 + r) / (1 - r))


def judge(a: Floats, b: Floats, *, goal: float | None = None, stop: float | None = None) -> Judged:
    """Judge the days with a programme against those before, at the review; higher is better.

    Parameters
    ----------
    a, b : array
        Values of the days before and with the programme, in order of time.
    goal, stop : float, optional
        Agreed beforehand; held against the middle value of the last five days of B.

    Returns
    -------
    Judged
        go_on when B lies clearly above A (`improvement`), unless A went up by itself already; stop when it lies clearly
        below, or the latest days are at the limit without improvement; adapt otherwise.
    """
    if min(len(a), len(b)) < FEWEST:
        return Judged("not_yet", "few_days")
    nap, z = improvement(a, b)
    latest = float(np.median(b[-LATEST:]))
    trend, p = kendall_trend(a)
    better = z >= BEYOND
    found = nap, z, (len(a), len(b))
    if better and trend > 0 and p <= GROWING:
        return Judged("adapt", "grew_before", *found)
    if better:
        return Judged("go_on", "goal" if goal is not None and latest >= goal else "improved", *found)
    if z <= -BEYOND:
        return Judged("stop", "worse", *found)
    if stop is not None and latest <= stop:
        return Judged("stop", "limit", *found)
    there = goal is not None and latest >= goal and float(np.median(a)) >= goal
    return Judged("adapt", "was_there" if there else "no_clear_change", *found)


def decided(kept: Kept, agreed: Agreed, share_done: dict[str, tuple[float, float] | None]) -> Found:
    """Return of each pupil what follows at the review (``log_verdict``), and what it rests on (``log_improvement``).

    The days that were compared, up to the review, are ``log_count`` (`category` judged, `wave` the phase); the middle
    values (``log_median``) are of all days.

    Parameters
    ----------
    kept : Kept
        The log with what is followed.
    agreed : Agreed
    share_done : dict
        Of each pupil the least and the most (0-1) that was done of what was planned; None: no plan is known.
    """
    step = Step(do="series", name=f"review-{agreed.column}", column=agreed.column)
    out: Found = []
    for whose, rows in kept.units():
        days = valued(kept, agreed.column, rows)
        judged, at = _judged(kept, agreed, days, share_done.get(whose))
        n = {phase: int((days["phase"] == phase).sum()) for phase in "AB"}
        out.append(kept.fact(step, "log_verdict", judged.verdict, arm=whose, category=judged.reason, n=sum(n.values()),
                             wave=at.isoformat() if at else ""))  # fmt: skip
        found = Quantity(judged.nap, statistic=judged.z, note="" if math.isfinite(judged.nap) else judged.reason)
        out.append(kept.estimate(step, "log_improvement", found, whose, n=sum(judged.days)))
        out += [kept.fact(step, "log_count", days_, arm=whose, wave=phase, category="judged")
                for phase, days_ in zip("AB", judged.days, strict=True) if math.isfinite(judged.nap)]  # fmt: skip
        for phase in "AB":
            values = days.loc[days["phase"] == phase, "value"]
            middle = float(values.median()) if len(values) else math.nan
            out.append(kept.fact(step, "log_median", middle, arm=whose, wave=phase, n=n[phase],
                                 note="" if n[phase] else "logs.no_days"))  # fmt: skip
    return out


def valued(kept: Kept, column: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the days on which something was seen: ``date``, ``value`` (of an order its place) and ``phase``."""
    step = next((s for s in kept.form.computes if s.do == "series" and s.column == column and s.by), None)
    if step is not None:  # moments and questions are no one series: the one that was asked most
        rows = rows[rows[column].notna()]
        most = rows[step.by].value_counts()
        rows = rows[rows[step.by] == most.index[0]] if len(most) else rows
    values = rows[column]
    order = next((s.answers for s in kept.form.computes if s.do == "ordinal" and s.column == column), None)
    if order is not None:
        values = values.map({name: float(place) for place, name in enumerate(order, 1)})
    made = pd.DataFrame({"date": rows[str(kept.form.day)], "value": values.astype(float), "phase": kept.phase(rows)})
    return made.dropna(subset=["value"]).sort_values("date", kind="stable")


def _judged(
    kept: Kept, agreed: Agreed, days: pd.DataFrame, done: tuple[float, float] | None
) -> tuple[Judged, dt.date | None]:
    treated = days[days["phase"] == "B"]
    if not len(treated) or not (days["phase"] == "A").any():
        return Judged("none", "no_baseline"), None
    began = kept.log.began or treated["date"].min().date()
    review = agreed.review or began + dt.timedelta(days=REVIEW)
    if agreed.made >= began:
        return Judged("none", "agreed_too_late"), review
    if days["date"].max().date() < review - WINDOW and kept.today < review:
        return Judged("not_yet", "before_review"), review
    if done is not None and done[0] < HALF_DONE:
        # a session without a line may have been given: it is not told that it was not, nor judged as if it was
        return Judged("first_do", "hardly_done" if done[1] < HALF_DONE else "hardly_known"), review
    sign = 1.0 if agreed.better == "higher" else -1.0
    seen = days[days["date"] <= pd.Timestamp(review)]
    a, b = (sign * seen.loc[seen["phase"] == phase, "value"].to_numpy(dtype=float) for phase in "AB")
    limits = {name: None if value is None else sign * value for name, value in
              (("goal", agreed.goal), ("stop", agreed.stop))}  # fmt: skip
    return judge(a, b, **limits), review
