"""PND, PEM, PAND and IRD: for an appendix, for whoever must compare with older studies. None is fit to judge by.

PND depends on the length of the baseline (one extreme value settles it); PAND and IRD do not start at 0 when nothing
happened, and their floor depends on the lengths of the phases (Pustejovsky 2019). All are in the improving direction,
without standard errors.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from werkbank.statistics.single_case.overlap import Overlap
from werkbank.statistics.single_case.series import order

if TYPE_CHECKING:
    from werkbank.statistics.single_case.series import Comparison


def _of(comparison: Comparison, value: float) -> Overlap:
    return Overlap(value, m=comparison.m, n=comparison.n, note=comparison.starved)


def pnd(comparison: Comparison) -> Overlap:
    """Share of B strictly better than the best value of A; NaN for an empty phase.

    Scruggs, Mastropieri & Casto (1987). Fault: no value stands for "no effect", and one outlier in A, likelier the
    longer A is, makes it 0. Checked against R and worked fractions.
    """
    a, b = comparison.turned
    return _of(comparison, math.nan if comparison.starved else float((order(a.max(), b) > 0).mean()))


def pem(comparison: Comparison, *, ties_for_half: bool = True) -> Overlap:
    """Share of B better than the median of A, ties for half (or for nothing, as some programs count); 0-1, .5 is none.

    Ma (2006). Fault: blind to how far B lies beyond the median, and to any trend. Checked against R and fractions.
    """
    if comparison.starved:
        return _of(comparison, math.nan)
    a, b = comparison.turned
    signs = order(float(np.median(a)), b)
    return _of(comparison, float(((signs > 0) + (0.5 if ties_for_half else 0.0) * (signs == 0)).mean()))


def pand(comparison: Comparison) -> Overlap:
    """Largest share of all values that can stay when all of B must lie strictly above all of A.

    max over cuts c of #{A < c} + #{B ≥ c}, over m + n. Parker, Hagan-Burke & Vannest (2007), by the fewest removals;
    their sorting method is another statistic. Fault: never below max(m, n)/(m + n), also without any effect. Checked
    against R and worked fractions.
    """
    if comparison.starved:
        return _of(comparison, math.nan)
    a, b = (np.round(values, 9) for values in comparison.turned)
    cuts = np.append(np.unique(np.concatenate([a, b])), np.inf)
    kept = (a[:, None] < cuts).sum(axis=0) + (b[:, None] >= cuts).sum(axis=0)
    return _of(comparison, int(kept.max()) / (comparison.m + comparison.n))


def ird(comparison: Comparison) -> Overlap:
    """Robust improvement rate difference: 1 - (m+n)²/(2mn)·(1 - PAND); NaN for an empty phase.

    Parker, Vannest & Brown (2009). Fault: without any effect it is at least |n - m|/(2 max(m, n)), not 0. Checked
    against R and worked fractions.
    """
    if comparison.starved:
        return _of(comparison, math.nan)
    m, n = comparison.m, comparison.n
    return _of(comparison, 1 - (m + n) ** 2 / (2 * m * n) * (1 - pand(comparison).value))
