"""What every estimator of this room returns, and the one place where a t statistic becomes a p and an interval."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scipy import special

if TYPE_CHECKING:
    from werkbank.statistics.multilevel import ContrastTest


STANDARD_LEVEL = 0.95  # of every interval that nobody asked for at another level


@dataclass(frozen=True)
class Quantity:
    """One estimated quantity: a value and, where its method has them, SE, df, statistic, p and interval.

    What cannot be computed is NaN, with the reason in `note` (a key under ``effects.notes``); None means that the
    quantity has no such part. `standardiser` is a key under ``effects.standardisers``.
    """

    value: float
    se: float | None = None
    df: float | None = None
    statistic: float | None = None
    p: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    standardiser: str = ""
    note: str = ""

    def scaled(self, factor: float, standardiser: str, note: str = "") -> Quantity:
        """Return the quantity in other units; `factor` counts as known, so that test and interval keep agreeing."""
        scaled = {name: getattr(self, name) for name in ("value", "se", "ci_low", "ci_high")}
        scaled = {name: None if x is None else x * factor for name, x in scaled.items()}
        return replace(self, **scaled, standardiser=standardiser, note=note or self.note)


def not_computed(note: str) -> Quantity:
    """Return a quantity that could not be computed, with its reason."""
    return Quantity(math.nan, note=note)


def of_contrast_test(test: ContrastTest) -> Quantity:
    """Return a test of the multilevel room as a quantity; what its model cannot carry is NaN with a note."""
    if test.note or not math.isfinite(test.p):
        return not_computed("not_testable_by_model")
    return Quantity(test.estimate, test.se, test.df, test.statistic, test.p, test.ci_low, test.ci_high)


def t_test(value: float, se: float, df: float, level: float = 0.95) -> Quantity:
    """Two-sided t test and interval of an estimate with a standard error.

    An SE of zero (no variation left) or no degrees of freedom gives the value alone: then there is no test. The
    interval excludes 0 exactly when p < 1 - `level`.
    """
    if not (math.isfinite(value) and math.isfinite(se)) or se <= 0 or df <= 0:
        return Quantity(value, note="no_residual_variation" if df > 0 else "no_degrees_of_freedom")
    t = value / se
    half = float(special.stdtrit(df, (1 + level) / 2)) * se
    p = float(2 * special.stdtr(df, -abs(t)))
    return Quantity(value, se, df, t, p, value - half, value + half)


def at_level(found: Quantity, level: float) -> Quantity | None:
    """Return an estimate with its interval at another level than 95 %; None where SE and df do not tell it.

    Only an interval of value ± t·SE (of value ± z·SE where there are no df) can be told from these; one at `level`
    already stays as it is. Checked against intervals that were computed at that level.
    """
    if found.ci_low is None or found.ci_high is None or found.se is None or not found.se > 0:
        return None
    half = (found.ci_high - found.ci_low) / 2
    for of in (level, STANDARD_LEVEL):
        tail = (1 + of) / 2
        reach = float(special.ndtri(tail) if found.df is None else special.stdtrit(found.df, tail))
        if math.isclose(half, reach * found.se, rel_tol=1e-7):
            if of == level:
                return found
            at = (1 + level) / 2
            half = float(special.ndtri(at) if found.df is None else special.stdtrit(found.df, at)) * found.se
            return replace(found, ci_low=found.value - half, ci_high=found.value + half)
    return None


def large_sample_interval(
    value: float, variance: float, standardiser: str, df: float | None = None, level: float = 0.95
) -> Quantity:
    """Interval from a published variance, without a test: value ± z·√variance, or t(df) where df are given."""
    if not variance >= 0:
        return Quantity(value, standardiser=standardiser, note="no_variance")
    se = math.sqrt(variance)
    half = float(special.ndtri((1 + level) / 2) if df is None else special.stdtrit(df, (1 + level) / 2)) * se
    return Quantity(value, se, ci_low=value - half, ci_high=value + half, standardiser=standardiser)
