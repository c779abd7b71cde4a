"""How reliable scores are: alpha, item-rest correlations, split halves, retest and differences.

Items come as respondents x items, already keyed (`scoring.item_matrix`). What cannot be computed is NaN, and `note` is
the catalogue key of the reason.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from werkbank.statistics.cfa import omega

if TYPE_CHECKING:
    import pandas as pd

Matrix = NDArray[np.float64]
Missing = Literal["complete", "pairwise"]
REASON = "measurement.reason."

__all__ = [
    "Alpha",
    "Interval",
    "SplitHalf",
    "alpha",
    "alpha_of",
    "covariance",
    "difference_reliability",
    "item_rest",
    "omega",
    "retest",
    "split_half",
    "standard_error_of_measurement",
]


@dataclass(frozen=True)
class Interval:
    """A value with its confidence interval, the number of respondents behind it, and the reason when it is NaN."""

    estimate: float = math.nan
    ci_low: float = math.nan
    ci_high: float = math.nan
    n: int = 0
    level: float = 0.95
    note: str = ""


@dataclass(frozen=True)
class Alpha(Interval):
    """Cronbach's alpha of `k` items, with Feldt's interval."""

    k: int = 0


@dataclass(frozen=True)
class SplitHalf:
    """Odd against even items: their correlation, stepped up to full length, and Guttman's lambda 4."""

    r: float
    spearman_brown: float
    guttman: float
    n: int
    note: str = ""


def covariance(items: ArrayLike | pd.DataFrame, missing: Missing = "complete") -> tuple[Matrix, int]:
    """Return the covariance matrix of the items and the number of respondents that it rests on.

    ``complete`` uses respondents who answered every item; ``pairwise`` uses for each pair of items everyone who
    answered both (as R's pairwise.complete.obs) and counts everyone with at least one answer.
    """
    x = np.asarray(items, float)
    there = ~np.isnan(x)
    if missing == "complete":
        x = x[there.all(axis=1)]
        n = len(x)
        if n < 2:
            return np.full((x.shape[1],) * 2, np.nan), n
        centred = x - x.mean(axis=0)
        return centred.T @ centred / (n - 1), n
    n = int(there.any(axis=1).sum())
    mask = there.astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        # centred first: the products below would otherwise subtract two large, nearly equal numbers
        z = np.where(there, x - np.where(there, x, 0).sum(axis=0) / mask.sum(axis=0), 0.0)
        pairs = mask.T @ mask
        sums = z.T @ mask  # sum of item i over those who also answered item j
        return np.where(pairs > 1, (z.T @ z - sums * sums.T / pairs) / (pairs - 1), np.nan), n


def alpha(items: ArrayLike | pd.DataFrame, missing: Missing = "complete", level: float = 0.95) -> Alpha:
    """Cronbach's alpha: a lower bound of the reliability of the sum, where errors are uncorrelated.

    Parameters
    ----------
    items : respondents x items
        Keyed answers, at least two items; NaN is not answered.
    missing : {"complete", "pairwise"}
        Which answers count, see `covariance`. With pairwise the interval takes n as everyone with an answer, as R's
        psych does: slightly too narrow when much is missing.
    level : float
        Confidence level.

    Returns
    -------
    Alpha
        In (-inf, 1]; negative when items run against each other. NaN with a reason for one item, fewer than two
        respondents or a sum without variance. A constant item stays in and is named in `note`.

    Notes
    -----
    k/(k-1) (1 - tr C / sum C); interval of Feldt (1965): 1 - (1 - alpha) F at n-1 and (n-1)(k-1) df, which assumes
    normal, parallel items and independent respondents (pupils in classes make it too narrow). Not for a scale with
    several factors. Checked against R psych 2.2.9 and pingouin.
    """
    c, n = covariance(items, missing)
    k = len(c)
    if reason := _too_little(c, n):
        return Alpha(n=n, level=level, note=REASON + reason, k=k)
    estimate = float(alpha_of(c))
    constant = bool((np.diag(c) == 0).any())
    return Alpha(estimate, *_feldt(estimate, n, k, level), n, level, REASON + "constant_item" if constant else "", k)


def item_rest(items: pd.DataFrame, missing: Missing = "complete") -> pd.Series[float]:
    """Correlation of each item with the sum of the others, from the covariance matrix.

    NaN for a constant item or where the others together do not vary. Negative: the item runs against its scale, most
    likely because it is not reversed, or reversed wrongly. Checked against R psych (r.drop).
    """
    import pandas as pd

    c, _ = covariance(items, missing)
    own = np.diag(c)
    with_others = c.sum(axis=1) - own
    rest = float(c.sum()) - 2 * with_others - own
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.where((own > 0) & (rest > 1e-12), with_others / np.sqrt(own * rest), np.nan)
    return pd.Series(np.clip(found, -1, 1), index=items.columns, name="item_rest")


def alpha_of(c: Matrix) -> float:
    """Return alpha of a covariance matrix; NaN for one item."""
    k, total = len(c), float(c.sum())
    return k / (k - 1) * (1 - float(np.trace(c)) / total) if k > 1 and total != 0 else math.nan


def split_half(items: ArrayLike | pd.DataFrame) -> SplitHalf:
    """Reliability from two halves of the items in the order given (first, third … against second, fourth …).

    Complete respondents only. `spearman_brown` = 2r/(1+r) assumes equally good halves; `guttman` =
    2 (1 - (s²_a + s²_b)/s²_total) does not. Checked against R psych.
    """
    x = np.asarray(items, float)
    x = x[~np.isnan(x).any(axis=1)]
    if x.shape[1] < 2 or len(x) < 3:
        reason = "too_few_items" if x.shape[1] < 2 else "too_few_respondents"
        return SplitHalf(math.nan, math.nan, math.nan, len(x), REASON + reason)
    a, b = x[:, ::2].sum(axis=1), x[:, 1::2].sum(axis=1)
    if a.std() == 0 or b.std() == 0:
        return SplitHalf(math.nan, math.nan, math.nan, len(x), REASON + "no_variance")
    r = float(np.corrcoef(a, b)[0, 1])
    guttman = 2 * (1 - (a.var(ddof=1) + b.var(ddof=1)) / (a + b).var(ddof=1)) if (a + b).std() > 0 else math.nan
    return SplitHalf(r, 2 * r / (1 + r) if r > -1 else math.nan, float(guttman), len(x))


def retest(first: ArrayLike, second: ArrayLike, level: float = 0.95) -> Interval:
    """Test-retest correlation of two score columns of the same respondents, with Fisher's z interval.

    Stability, not reliability alone: real differences in how pupils change lower it too. Pairs with a missing score
    are left out; `n` is the number of pairs used.
    """
    a, b = np.asarray(first, float), np.asarray(second, float)
    both = ~(np.isnan(a) | np.isnan(b))
    a, b, n = a[both], b[both], int(both.sum())
    if n < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return Interval(n=n, level=level, note=REASON + ("too_few_respondents" if n < 3 else "no_variance"))
    r = float(np.clip(np.corrcoef(a, b)[0, 1], -1, 1))
    if n < 4 or abs(r) == 1:
        return Interval(r, n=n, level=level, note=REASON + "no_interval")
    half = float(special.ndtri((1 + level) / 2)) / math.sqrt(n - 3)
    return Interval(r, math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half), n, level)


def standard_error_of_measurement(sd: float, reliability: float) -> float:
    """Return SD √(1 - reliability), in points of the scale; NaN when the reliability is not between 0 and 1."""
    return sd * math.sqrt(1 - reliability) if 0 <= reliability <= 1 else math.nan


def difference_reliability(
    first: float, second: float, r: float, sd_first: float = 1.0, sd_second: float = 1.0
) -> float:
    """Reliability of a pupil's change: how much of the variance of post - pre is not error.

    Parameters
    ----------
    first, second : float
        Reliability of the two scores.
    r : float
        Their correlation.
    sd_first, sd_second : float
        Their SDs; equal when left out.

    Returns
    -------
    float
        (s1² r11 + s2² r22 - 2 r s1 s2) / (s1² + s2² - 2 r s1 s2); NaN when the difference has no variance. Negative
        when the correlation is higher than the reliabilities allow. Domain check: .88, .88 and .70 give .60.
    """
    shared = 2 * r * sd_first * sd_second
    total = sd_first**2 + sd_second**2 - shared
    return (sd_first**2 * first + sd_second**2 * second - shared) / total if total > 1e-12 else math.nan


def _feldt(estimate: float, n: int, k: int, level: float) -> tuple[float, float]:
    df, tail = (n - 1, (n - 1) * (k - 1)), (1 - level) / 2
    low, high = (1 - (1 - estimate) * float(special.fdtri(*df, q)) for q in (1 - tail, tail))
    return low, high


def _too_little(c: Matrix, n: int) -> str:
    """Say why a covariance matrix gives no alpha, or nothing when it does."""
    if len(c) < 2:
        return "too_few_items"
    if n < 2:
        return "too_few_respondents"
    if np.isnan(c).any():
        return "pair_without_respondents"
    return "no_variance" if float(c.sum()) <= 1e-12 * max(1.0, float(np.trace(c))) else ""
