"""What a reader must be told before any number about two phases: keys, each with the figure that it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from werkbank.statistics.single_case.autocorrelation import lag_one
from werkbank.statistics.single_case.overlap import kendall_trend
from werkbank.statistics.single_case.series import order

if TYPE_CHECKING:
    from werkbank.statistics.single_case.series import Comparison

FEWEST_POINTS = 5
UNEQUAL_MISSING = 0.20  # difference between the phases' shares; a choice of this package
MOST_MISSING = 1 / 3  # of one phase; a choice of this package


@dataclass(frozen=True)
class Caution:
    """A warning's key and its figure.

    ``few_points`` (values of the shorter phase), ``no_variation`` (the value), ``baseline_at_best`` (share of A at the
    best possible value), ``baseline_improving`` (p of A's trend), ``missing_unequal`` (difference of shares),
    ``missing_many`` (largest share), ``neighbours_alike`` (r at lag one: standard errors are too small).
    """

    key: str
    figure: float


def cautions(comparison: Comparison, best: float | None = None) -> tuple[Caution, ...]:
    """Return the warnings that two phases call for.

    Parameters
    ----------
    comparison : Comparison
        A and B.
    best : float, optional
        The best possible value of the instrument; without it no ceiling can be seen.

    Returns
    -------
    tuple of Caution
        In a fixed order; empty when there is nothing to warn of. Autocorrelation is told above .20 of the values
        about their phase means, from ten values on.
    """
    if comparison.starved:
        return ()
    a, b = comparison.turned
    found = []
    if min(len(a), len(b)) < FEWEST_POINTS:
        found.append(Caution("few_points", min(len(a), len(b))))
    if not float(np.ptp(comparison.values)) > 0:
        found.append(Caution("no_variation", float(comparison.values[0])))
    if best is not None and (at_best := float((order(comparison.sign * best, a) >= 0).mean())) > 0.5:
        found.append(Caution("baseline_at_best", at_best))
    trend, p = kendall_trend(a)
    if trend > 0 and p <= 0.10:
        found.append(Caution("baseline_improving", p))
    shares = comparison.missing_shares
    if abs(shares[0] - shares[1]) > UNEQUAL_MISSING:
        found.append(Caution("missing_unequal", abs(shares[0] - shares[1])))
    if max(shares) > MOST_MISSING:
        found.append(Caution("missing_many", max(shares)))
    alike = lag_one(np.concatenate([a - a.mean(), b - b.mean()]))
    if len(a) + len(b) >= 2 * FEWEST_POINTS and alike > 0.20:
        found.append(Caution("neighbours_alike", alike))
    return tuple(found)
