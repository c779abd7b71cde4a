"""Numbers that leave are rounded before anything is written: every format of a copy holds the same rounded value."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from werkbank.disclosure.flow import kind, moment
from werkbank.disclosure.leeway import step_of, steps, to_step
from werkbank.results import Estimate

if TYPE_CHECKING:
    from werkbank.disclosure.magnitudes import Magnitudes
    from werkbank.results import Claim, Fact, Results

HUNDREDTH, THOUSANDTH = 0.01, 0.001
IN_POINTS = {"standard_error_of_measurement", "rci_smallest_change", "rci_cutoff"}
BY_SIZE = ("underachievement_", "monitoring_", "typology_cut", "regression_")  # on a scale that the study gives
ENROLLED = {"enrolled_mean", "enrolled_sd"}  # of a covariate, of whose scale nothing is known
P_EDGES = (0.001, 0.05)
SAID_P = {"p", "p_corrected", "p_equivalence"}  # the names of a claim's values
SAID_POINTS = {"estimate", "ci", "points"}


def significant(value: float, digits: int) -> float:
    """Return a number with so many significant digits."""
    if not value or not math.isfinite(value):
        return value
    return float(f"{value:.{digits - 1}e}")


def share_step(n: int | None, min_cell: int) -> float:
    """Return the step to which a share of `n` people is rounded, so that its denominator cannot be found."""
    return next(steps(max(HUNDREDTH, 1 / max((n or 0) - min_cell, 1))))


def points_step(item: Fact | Estimate, results: Results, shown: Magnitudes, min_cell: int) -> float | None:
    """Return the step of a number in points of a scale: that of the smallest group it was made of."""
    scale = shown.scales.get(item.outcome)
    if scale is None:
        return None
    at = {"outcome": item.outcome, "wave": moment(item) if isinstance(item, Estimate) else item.wave}
    groups = [results.number(what="pupils_analysed", arm=arm, **at) for arm in item.arms]
    least = min([int(n) for n in [*groups, item.n] if n], default=0)
    return step_of(scale, least, min_cell) if least else None


def rounded_fact(f: Fact, results: Results, shown: Magnitudes, min_cell: int) -> Fact:
    """Return a fact that is shown with its value as it is shown."""
    if isinstance(f.value, bool | int | str) or f.value is None:
        return f
    how = kind(f.what)
    if how == "magnitude":
        return replace(f, value=shown.values[f.id])
    if how in {"share", "lost"}:
        n = results.number(what="pupils_enrolled", arm=f.arm) if f.kind == "participants" else f.n
        return replace(f, value=_within(f.value, to_step(f.value, share_step(n if n is None else int(n), min_cell))))
    if f.what in IN_POINTS:
        step = points_step(f, results, shown, min_cell)
        return replace(f, value=significant(f.value, 2) if step is None else to_step(f.value, step))
    if f.what in ENROLLED or f.what.startswith(BY_SIZE):
        return replace(f, value=significant(f.value, 2 if f.what in ENROLLED else 3))
    return replace(f, value=to_step(f.value, THOUSANDTH if f.what.endswith("_p") else HUNDREDTH))


def _within(value: float, rounded: float) -> float:
    """Keep a share that was capped at 5 or 95 % there."""
    return value if abs(value) in {0.05, 0.95} else min(max(rounded, -1.0), 1.0)


def rounded_estimate(e: Estimate, results: Results, shown: Magnitudes, min_cell: int) -> Estimate:
    """Return an estimate that is shown with its numbers as they are shown."""
    points = points_step(e, results, shown, min_cell) if e.metric == "points" else None
    step = {"percentiles": 1.0, "p": THOUSANDTH, "points": points}.get(e.metric, HUNDREDTH)
    digits = {"points": 2, "moderator": 2, "ratio": 3}.get(e.metric)

    def own(value: float | None) -> float | None:
        if value is None or not math.isfinite(value):
            return value
        if e.metric == "share":
            return _within(value, to_step(value, share_step(e.n, min_cell)))
        if digits is not None and (e.metric != "points" or step is None):
            return significant(value, digits)
        return to_step(value, step or HUNDREDTH)

    return replace(
        e,
        estimate=own(e.estimate),
        se=own(e.se),
        ci_low=own(e.ci_low),
        ci_high=own(e.ci_high),
        p=e.p if e.p is None else shown_p(e.p),
        statistic=_to(e.statistic, HUNDREDTH),
        df=_to(e.df, 0.1),
    )


def shown_p(p: float) -> float:
    """Return a p to three decimals, on the side of .001 and of .05 where it lies, because words are said of these."""
    rounded = to_step(p, THOUSANDTH)
    return next((edge - THOUSANDTH for edge in P_EDGES if p < edge <= rounded), rounded)


def _to(value: float | None, step: float) -> float | None:
    return value if value is None or not math.isfinite(value) else to_step(value, step)


def rounded_claim(c: Claim, results: Results, shown: Magnitudes, min_cell: int) -> Claim:
    """Return a claim with its numbers as the results that it is about show them."""
    tests = [item for key in (c.test, *c.about) if isinstance(item := results.item(key), Estimate)]
    in_points = [s for e in tests if (s := points_step(e, results, shown, min_cell)) is not None]
    sizes = [e.n for e in tests if e.n]

    def own(name: str, value: Any) -> Any:  # noqa: ANN401 - a claim's value
        if isinstance(value, list | tuple):
            return [own(name, one) for one in value]
        if not isinstance(value, float) or not math.isfinite(value):
            return value
        if name in SAID_P:
            return shown_p(value)
        if name in SAID_POINTS:
            return to_step(value, in_points[0]) if in_points else significant(value, 2)
        if name in {"share_overall", "points_differential"}:
            step = share_step(min(sizes, default=0), min_cell)
            return _within(value, to_step(value, step * (100 if name == "points_differential" else 1)))
        return to_step(value, HUNDREDTH)

    return replace(c, values={name: own(name, value) for name, value in c.values.items()})
