"""Whether a pupil changed more than the instrument's error allows, and what comes back to the mean by itself.

The verdict depends on the method (with one set of real data 29 improved by Jacobson & Truax, 12 by another), so three
are computed and each carries its name. Higher scores are better here: turn the sign of a scale where lower is better.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from werkbank.statistics.sizes import Paired

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = NDArray[np.float64]
Method = Literal["jacobson_truax", "edwards_nunnally", "hageman_arrindell"]
CATEGORIES = ("recovered", "improved", "unchanged", "deteriorated")
# (1 - r)/√r = 1.65: below it a mean change of one SE of a difference is a verdict on every pupil, whatever he did
LEAST_R_DD = 0.2222


@dataclass(frozen=True)
class ReliableChange:
    """The index of every pupil, the value it must exceed, and the smallest raw change that does (NaN: it varies)."""

    method: Method
    index: Floats
    threshold: float
    smallest_change: float

    def counts(self, pre: ArrayLike, post: ArrayLike, cutoff: float | None = None) -> dict[str, int]:
        """Count the four categories: recovered is improved and across `cutoff`, which not all had passed before.

        Without `cutoff` nobody counts as recovered.
        """
        x, y = np.asarray(pre, dtype=float), np.asarray(post, dtype=float)
        improved = self.index > self.threshold
        crossed = (x < cutoff) & (y >= cutoff) if cutoff is not None else np.zeros(x.shape, dtype=bool)
        worse = self.index < -self.threshold
        recovered = improved & crossed
        numbers = (recovered.sum(), (improved & ~recovered).sum(), (~improved & ~worse).sum(), worse.sum())
        return dict(zip(CATEGORIES, map(int, numbers), strict=True))


def jacobson_truax(pre: ArrayLike, post: ArrayLike, reliability: float, sd_pre: float | None = None) -> ReliableChange:
    """Change in standard errors of a difference: (post - pre) / (√2·s₁·√(1-r)), reliable beyond 1.96.

    Parameters
    ----------
    pre, post : array of n
        Pairs without missing values.
    reliability : float
        0-1; test-retest of the instrument. With alpha in its place more than 2.5 % improve by chance.
    sd_pre : float, optional
        SD of a norm group; of these pupils when left out.

    Returns
    -------
    ReliableChange
        With a reliability of 1 every change would be reliable: there is no index and no smallest change.

    Notes
    -----
    Jacobson & Truax (1991), with the √2 of Christensen & Mendoza (1986). Checked against R (oracles ``rci/``) and the
    paper's worked example (RC 3.16).
    """
    x, y, group = _pairs(pre, post)
    s_diff = math.sqrt(2) * (sd_pre or group.sd_pre) * math.sqrt(1 - reliability)
    return ReliableChange("jacobson_truax", _over(y - x, s_diff), 1.96, 1.96 * s_diff if s_diff > 0 else math.nan)


def edwards_nunnally(
    pre: ArrayLike, post: ArrayLike, reliability: float, norm: tuple[float, float] | None = None
) -> ReliableChange:
    """Post-test against the true score expected from the pre-test: (post - [r(pre - M) + M]) / (s√(1-r)), beyond 2.

    Corrects for regression to the mean M. `norm` is (M, s) of a norm group; of these pupils when left out. Source:
    Nunnally & Kotsch (1983), Speer (1992). Checked against R and clinicalsignificance's formula.
    """
    x, y, group = _pairs(pre, post)
    mean, s = norm or (group.mean_pre, group.sd_pre)
    expected = reliability * (x - mean) + mean
    return ReliableChange("edwards_nunnally", _over(y - expected, s * math.sqrt(1 - reliability)), 2.0, math.nan)


def hageman_arrindell(pre: ArrayLike, post: ArrayLike, reliability: float) -> ReliableChange:
    """Change shrunk towards the group's by the reliability of the differences, beyond 1.65.

    RC = ((post - pre)·r_DD + Δ(1 - r_DD)) / (√r_DD·√2·SE), SE = s₁√(1-r), r_DD from the reliabilities 1 - SE²/s² of
    both waves. NaN for everybody when r_DD is below .22 (`LEAST_R_DD`): √r_DD in the denominator then lets the group's
    mean change decide for every pupil, and "all improved" is no verdict on any of them. Source: Hageman & Arrindell
    (1999). Checked against R and clinicalsignificance's formula.
    """
    x, y, group = _pairs(pre, post)
    error = group.sd_pre**2 * (1 - reliability)
    r_dd = 1 - 2 * error / group.sd_change**2 if group.sd_change > 0 else math.nan
    scale = math.sqrt(r_dd) * math.sqrt(2 * error) if r_dd >= LEAST_R_DD else 0.0
    return ReliableChange("hageman_arrindell", _over((y - x) * r_dd + group.change * (1 - r_dd), scale), 1.65, math.nan)


def cutoff(own: tuple[float, float], norm: tuple[float, float]) -> float:
    """Score that separates these pupils (`own` mean, SD) from pupils in general (`norm`): both as likely there.

    Criterion c of Jacobson & Truax (1991): (s·M_norm + s_norm·M)/(s + s_norm); for their example (40, 7.5; 60, 7.5) 50.
    """
    return (own[1] * norm[0] + norm[1] * own[0]) / (own[1] + norm[1])


def expected_regression(mean_pre: float, population_mean: float, r: float) -> float:
    """Change to be expected without any programme of pupils whose mean is `mean_pre`: (1 - r)·(μ - mean_pre).

    `r` is the correlation over this time in an unselected group; that of chosen pupils is lower, and expects too much.
    Galton (1886); Campbell & Kenny (1999). Checked against the published example (μ 2, σ .8, ρ .75, chosen beyond +1
    SD: -.305) and a simulation.
    """
    return (1 - r) * (population_mean - mean_pre)


def break_even_mean(mean_pre: float, change: float, r: float) -> float:
    """Population mean at which the whole `change` is regression to the mean: mean_pre + change/(1 - r).

    The inverse of `expected_regression`: where nobody knows how all pupils score, the reader can judge whether this
    mean is likely. NaN for r = 1.
    """
    return mean_pre + change / (1 - r) if r < 1 else math.nan


def all_methods(pre: ArrayLike, post: ArrayLike, reliability: float) -> Sequence[ReliableChange]:
    """Return the three verdicts on the same pupils."""
    return [method(pre, post, reliability) for method in (jacobson_truax, edwards_nunnally, hageman_arrindell)]


def _pairs(pre: ArrayLike, post: ArrayLike) -> tuple[Floats, Floats, Paired]:
    x, y = np.asarray(pre, dtype=float), np.asarray(post, dtype=float)
    return x, y, Paired.of(x, y)


def _over(values: Floats, scale: float) -> Floats:
    return values / scale if scale > 0 else np.full(values.shape, math.nan)
