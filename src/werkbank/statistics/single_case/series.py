"""Two phases of one case: which values are compared, when they were taken, and which way is better."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from werkbank.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = NDArray[np.floating[Any]]
Better = Literal["higher", "lower"]
# every reason for which a number of this room is not given, or is given with a warning
NOTES = frozenset(
    {
        "ar1_at_boundary",
        "assignment_outside_the_set",
        "assignment_without_data",
        "baseline_constant",
        "empty_phase",
        "few_cases",
        "few_goals",
        "few_interactions",
        "median_near_zero",
        "mean_of_zero",
        "negative_values",
        "no_expected_cells",
        "no_interactions",
        "no_negatives",
        "no_variation",
        "not_converged",
        "not_observed",
        "not_staggered",
        "nothing_counted",
        "one_possible_assignment",
        "one_point_in_a_phase",
        "too_few_cases",
        "too_few_df",
        "too_few_points",
        "too_few_points_for_a_trend",
        "too_short_for_autocorrelation",
        "variance_at_zero",
    }
)


@dataclass(frozen=True)
class Comparison:
    """Baseline A against the phase B beside it, of one case and one outcome.

    Attributes
    ----------
    a, b : ndarray
        Observed values in the outcome's own units, in order of time.
    times_a, times_b : ndarray
        Session or school-day number of each observed value; a day without a value keeps its number and is not here.
    missing : (int, int)
        Occasions of each phase that have no value.
    better : {"higher", "lower"}
        Which direction is an improvement.
    """

    a: Floats
    b: Floats
    times_a: Floats
    times_b: Floats
    missing: tuple[int, int]
    better: Better

    @property
    def m(self) -> int:
        """Values in A."""
        return len(self.a)

    @property
    def n(self) -> int:
        """Values in B."""
        return len(self.b)

    @property
    def sign(self) -> int:
        """1 where higher is better, else -1."""
        return 1 if self.better == "higher" else -1

    @property
    def turned(self) -> tuple[Floats, Floats]:
        """A and B with the sign turned so that higher is better."""
        return self.sign * self.a, self.sign * self.b

    @property
    def values(self) -> Floats:
        """A and B after each other."""
        return np.concatenate([self.a, self.b])

    @property
    def times(self) -> Floats:
        """The times of `values`."""
        return np.concatenate([self.times_a, self.times_b])

    @property
    def in_b(self) -> Floats:
        """0 for a value of A, 1 for one of B."""
        return np.repeat([0.0, 1.0], [self.m, self.n])

    @property
    def missing_shares(self) -> tuple[float, float]:
        """Share (0-1) of the occasions of each phase that have no value; NaN for a phase without occasions."""
        planned = (self.m + self.missing[0], self.n + self.missing[1])
        first, second = (k / total if total else float("nan") for k, total in zip(self.missing, planned, strict=True))
        return first, second

    @property
    def starved(self) -> str:
        """Why nothing at all can be said ("" when something can)."""
        return "empty_phase" if min(self.m, self.n) == 0 else ""


def compare(a: ArrayLike, b: ArrayLike, *, better: Better = "higher", times: ArrayLike | None = None) -> Comparison:
    """Put two adjacent phases against each other.

    Parameters
    ----------
    a, b : array
        Values of the baseline and of the phase after it, in order; NaN is an occasion that was not observed.
    better : {"higher", "lower"}
        Which direction is an improvement.
    times : array of len(a) + len(b), optional
        Session or school-day numbers, rising; 1, 2, 3 … over all occasions, observed or not, when left out.

    Raises
    ------
    UsageError
        Times that do not fit or do not rise; infinite values.
    """
    first, second = (np.asarray(values, dtype=float).ravel() for values in (a, b))
    values = np.concatenate([first, second])
    when = np.arange(1.0, len(values) + 1) if times is None else np.asarray(times, dtype=float).ravel()
    if len(when) != len(values):
        raise UsageError(f"{len(when)} times for {len(values)} values")
    if not np.isfinite(when).all() or (np.diff(when) <= 0).any():
        raise UsageError("times must be known and rise from one occasion to the next")
    if np.isinf(values).any():
        raise UsageError("a value is infinite")
    if better not in {"higher", "lower"}:
        raise UsageError(f"better is 'higher' or 'lower', not {better!r}")
    seen = ~np.isnan(values)
    in_a = np.arange(len(values)) < len(first)
    missing = int((~seen & in_a).sum()), int((~seen & ~in_a).sum())
    keep_a, keep_b = seen & in_a, seen & ~in_a
    return Comparison(values[keep_a], values[keep_b], when[keep_a], when[keep_b], missing, better)


def comparisons(
    phases: Sequence[str],
    values: ArrayLike,
    *,
    better: Better = "higher",
    times: ArrayLike | None = None,
    baseline: str = "A",
    reversal: bool = False,
) -> tuple[Comparison, ...]:
    """Cut the series of one case into its baselines, each with the phase that follows it.

    Parameters
    ----------
    phases : sequence of str
        The condition on each occasion, in order of time (A A A B B A A B B); a change of it starts a new phase.
    values, better, times
        As in `compare`.
    baseline : str
        The condition that is compared with what follows it.
    reversal : bool
        Give the returns to the baseline instead: each phase that is not a baseline against the baseline after it.

    Raises
    ------
    UsageError
        As many phases as values are needed.
    """
    numbers = np.asarray(values, dtype=float).ravel()
    when = np.arange(1.0, len(numbers) + 1) if times is None else np.asarray(times, dtype=float).ravel()
    if not len(phases) == len(numbers) == len(when):
        raise UsageError(f"{len(phases)} phases and {len(when)} times for {len(numbers)} values")
    runs = [[i for i, _ in run] for _, run in groupby(enumerate(phases), key=lambda pair: pair[1])]
    return tuple(
        compare(numbers[one], numbers[two], better=better, times=when[[*one, *two]])
        for one, two in pairwise(runs)
        if (phases[one[0]] == baseline) != reversal
    )


def order(low: Any, high: Any) -> Floats:  # noqa: ANN401 - numbers or arrays that broadcast
    """Return 1 where `high` exceeds `low`, 0 where they tie, else -1.

    Differences that vanish in nine decimals are ties: values that were equal before a trend was taken out are not
    equal in binary.
    """
    return np.asarray(np.sign(np.round(np.subtract(high, low), 9)), dtype=float)


def pairs(a: Floats, b: Floats) -> Floats:
    """Return `order` of every value of A (rows) with every value of B (columns)."""
    return order(a[:, None], b[None, :])


def rises(values: Floats) -> int:
    """Return S of a series: its rising pairs minus its falling ones."""
    return int(np.triu(pairs(values, values), 1).sum())


def ties(values: Floats) -> int:
    """Return how many pairs of a series are tied."""
    k = len(values)
    return int((np.triu(pairs(values, values) == 0, 1)).sum()) if k else 0
