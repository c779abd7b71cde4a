"""Do raters agree: intraclass correlations, (weighted) kappa and Krippendorff's alpha.

Ratings come as cases x raters; NaN is not rated. What cannot be computed is NaN, with the reason's catalogue key.
`kappa` and `krippendorff` reach reports through the logs of which two raters keep one (`cases.logs.attaining`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from werkbank.statistics.reliability import REASON, Interval

Matrix = NDArray[np.float64]
Form = Literal["ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)"]
FORMS: tuple[Form, ...] = ("ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)")
Level = Literal["nominal", "ordinal", "interval", "ratio"]


@dataclass(frozen=True, kw_only=True)
class Icc(Interval):
    """One intraclass correlation with its interval and the F test of no differences between cases."""

    form: Form
    k: int
    f: float = math.nan
    df1: float = math.nan
    df2: float = math.nan
    p: float = math.nan


@dataclass(frozen=True)
class Kappa(Interval):
    """Agreement of two raters beyond chance; `observed` and `expected` are the (weighted) shares of agreement."""

    se: float = math.nan
    observed: float = math.nan
    expected: float = math.nan


@dataclass(frozen=True)
class Krippendorff:
    """Krippendorff's alpha: `n` values that can be paired, in `cases` cases."""

    estimate: float
    level: Level
    n: int
    cases: int
    note: str = ""


def icc(ratings: ArrayLike | pd.DataFrame, level: float = 0.95) -> dict[Form, Icc]:
    """Intraclass correlations of Shrout & Fleiss (1979).

    Parameters
    ----------
    ratings : cases x raters
        Cases that every rater rated are used; `n` says how many.
    level : float
        Confidence level.

    Returns
    -------
    dict
        All six forms. (1,.): each case has other raters; (2,.): the same raters, who stand for others, agreement in
        level counts; (3,.): these raters only, consistency counts. (.,1) is one rater, (.,k) the mean of all k.
        Two people rating the same pupils: ICC(2,1).

    Notes
    -----
    From the two-way analysis of variance; intervals after McGraw & Wong (1996). Estimates may be negative. Checked
    against R psych 2.2.9 on the table of Shrout & Fleiss, and pingouin.
    """
    x = np.asarray(ratings, float)
    x = x[~np.isnan(x).any(axis=1)]
    n, k = x.shape
    if n < 2 or k < 2:
        return {form: Icc(form=form, k=k, n=n, note=REASON + "too_few_raters") for form in FORMS}
    grand, rows, columns = x.mean(), x.mean(axis=1), x.mean(axis=0)
    bms = float(k * ((rows - grand) ** 2).sum() / (n - 1))
    jms = float(n * ((columns - grand) ** 2).sum() / (k - 1))
    wms = float(((x - rows[:, None]) ** 2).sum() / (n * (k - 1)))
    ems = max(wms * n * (k - 1) - jms * (k - 1), 0.0) / ((n - 1) * (k - 1))
    if bms + wms <= 1e-12 * (1 + grand**2):
        return {form: Icc(form=form, k=k, n=n, note=REASON + "no_variance") for form in FORMS}
    found: dict[Form, Icc] = {}
    singles: tuple[Form, Form, Form] = FORMS[:3]  # type: ignore[assignment]  # the first three of six
    for single, mean, value in zip(singles, FORMS[3:], _single_iccs(bms, jms, wms, ems, n, k), strict=True):
        error, df2 = (wms, n * (k - 1)) if single == "ICC(1,1)" else (ems, (n - 1) * (k - 1))
        f = bms / error if error > 0 else math.inf
        test = {"f": f, "df1": n - 1, "df2": df2, "p": float(special.fdtrc(n - 1, df2, f))}
        if single == "ICC(2,1)":
            low, high = _absolute_interval(value, bms, jms, ems, n, k, level)
        else:
            low, high = _relative_interval(f, n - 1, df2, k, level)
        stepped = _stepped_up(value, k), _stepped_up(low, k), _stepped_up(high, k)
        found[single] = Icc(value, low, high, n, level, form=single, k=k, **test)
        found[mean] = Icc(*stepped, n, level, form=mean, k=k, **test)
    return {form: found[form] for form in FORMS}


def kappa(
    first: ArrayLike, second: ArrayLike, weights: Literal["none", "linear", "quadratic"] = "none", level: float = 0.95
) -> Kappa:
    """Cohen's kappa of two raters, weighted by how far apart two ratings are if asked.

    Parameters
    ----------
    first, second : array
        The category that each rater gave each case; cases that one of them left out are not counted.
    weights : {"none", "linear", "quadratic"}
        Disagreement of two numbers is their (squared) distance; of two words, that of their places in sorted order.
    level : float
        Confidence level.

    Returns
    -------
    Kappa
        1 is perfect, 0 chance, negative less than chance. NaN with a reason when both used one category only.

    Notes
    -----
    1 - Σdp/Σde (Cohen 1968); standard error of Fleiss, Cohen & Everitt (1969), normal interval cut off at ±1. Checked
    against Cohen's (1968) table and R psych.
    """
    pairs = pd.DataFrame({"a": list(np.asarray(first, object)), "b": list(np.asarray(second, object))}).dropna()
    n = len(pairs)
    categories = sorted({*pairs["a"], *pairs["b"]})
    if n < 2 or len(categories) < 2:
        reason = "too_few_raters" if n < 2 else "no_disagreement_possible"
        return Kappa(n=n, level=level, note=REASON + reason)
    counts = pd.crosstab(pairs["a"], pairs["b"]).reindex(index=categories, columns=categories, fill_value=0)
    return kappa_of_counts(counts, _agreement_weights(categories, weights), level)


def kappa_of_counts(counts: ArrayLike, w: Matrix, level: float = 0.95) -> Kappa:
    """Return `kappa` of a square table of counts, with `w` the agreement that each cell stands for (1: full)."""
    table = np.asarray(counts, float)
    n = int(table.sum())
    table = table / max(n, 1)
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    observed, expected = float((w * table).sum()), float(rows @ w @ columns)
    if n == 0 or math.isclose(expected, 1):
        note = REASON + ("no_disagreement_possible" if n else "too_few_raters")
        return Kappa(n=n, level=level, note=note, observed=observed, expected=expected)
    estimate = (observed - expected) / (1 - expected)
    typical = (w @ columns)[:, None] + (rows @ w)[None, :]
    spread = float((table * (w * (1 - expected) - typical * (1 - observed)) ** 2).sum())
    variance = (spread - (observed * expected - 2 * expected + observed) ** 2) / (n * (1 - expected) ** 4)
    se = math.sqrt(max(variance, 0.0))
    half = float(special.ndtri((1 + level) / 2)) * se
    low, high = max(estimate - half, -1.0), min(estimate + half, 1.0)
    return Kappa(estimate, low, high, n, level, se=se, observed=observed, expected=expected)


def krippendorff(ratings: ArrayLike | pd.DataFrame, level: Level = "nominal") -> Krippendorff:
    """Krippendorff's alpha for any number of raters, with gaps.

    Parameters
    ----------
    ratings : cases x raters
        Words for the nominal level, numbers for the others; a case counts when two raters rated it.
    level : {"nominal", "ordinal", "interval", "ratio"}
        What a disagreement weighs: all the same, the number of values in between, (a - b)², ((a - b)/(a + b))².

    Returns
    -------
    Krippendorff
        1 is perfect, 0 chance. NaN with a reason when only one value was ever given.

    Notes
    -----
    1 - D_o/D_e over the coincidences of values (Krippendorff 2011, whose worked example gives .743, .815, .849 and
    .797 for the four levels).
    """
    table = pd.DataFrame(ratings)
    long = table.melt(ignore_index=False).dropna(subset="value")
    counts = pd.crosstab(long.index, long["value"]) if len(long) else pd.DataFrame()
    counts = counts[counts.sum(axis=1) >= 2] if len(counts) else counts
    values = np.asarray(counts, float)
    n, cases = int(values.sum()), len(values)
    if cases < 1:
        return Krippendorff(math.nan, level, n, cases, REASON + "too_few_raters")
    share = 1 / (values.sum(axis=1) - 1)
    coincidences = values.T @ (values * share[:, None]) - np.diag(share @ values)
    totals = values.sum(axis=0)
    distance = _distances(counts.columns, totals, level)
    expected = float(totals @ distance @ totals)
    if expected == 0:
        return Krippendorff(math.nan, level, n, cases, REASON + "no_disagreement_possible")
    return Krippendorff(1 - (n - 1) * float((coincidences * distance).sum()) / expected, level, n, cases)


def _single_iccs(bms: float, jms: float, wms: float, ems: float, n: int, k: int) -> tuple[float, float, float]:
    """Return ICC(1,1), ICC(2,1) and ICC(3,1)."""
    return (
        (bms - wms) / (bms + (k - 1) * wms),
        (bms - ems) / (bms + (k - 1) * ems + k * (jms - ems) / n),
        (bms - ems) / (bms + (k - 1) * ems) if bms + ems > 0 else math.nan,
    )


def _stepped_up(single: float, k: int) -> float:
    """Return the reliability of the mean of k raters (Spearman-Brown)."""
    below = 1 + (k - 1) * single
    return k * single / below if below > 0 else -math.inf


def _relative_interval(f: float, df1: float, df2: float, k: int, level: float) -> tuple[float, float]:
    if math.isinf(f):
        return 1.0, 1.0
    q = (1 + level) / 2
    low, high = f / float(special.fdtri(df1, df2, q)), f * float(special.fdtri(df2, df1, q))
    return (low - 1) / (low + k - 1), (high - 1) / (high + k - 1)


def _absolute_interval(
    value: float, bms: float, jms: float, ems: float, n: int, k: int, level: float
) -> tuple[float, float]:
    """Satterthwaite interval for ICC(2,1) (McGraw & Wong 1996)."""
    if ems == 0:
        return (1.0, 1.0) if jms == 0 else (math.nan, math.nan)
    fj, weight, q = jms / ems, n * (1 + (k - 1) * value) - k * value, (1 + level) / 2
    above = (k - 1) * (n - 1) * (k * value * fj + weight) ** 2
    v = above / ((n - 1) * k**2 * value**2 * fj**2 + weight**2)
    up, down = float(special.fdtri(n - 1, v, q)), float(special.fdtri(v, n - 1, q))
    other = k * jms + (k * n - k - n) * ems
    return n * (bms - up * ems) / (up * other + n * bms), n * (down * bms - ems) / (other + n * down * bms)


def _agreement_weights(categories: list[object], weights: str) -> Matrix:
    """Return 1 for full agreement, 0 for the furthest disagreement."""
    numeric = all(isinstance(c, int | float | np.number) for c in categories)
    at = np.array(categories if numeric else range(len(categories)), float)
    if weights == "none":
        return np.eye(len(at))
    distance = np.abs(at[:, None] - at[None, :]) ** (2 if weights == "quadratic" else 1)
    return np.asarray(1 - distance / distance.max(), float)


def _distances(categories: pd.Index, totals: Matrix, level: Level) -> Matrix:
    k = len(categories)
    if level == "nominal":
        return 1 - np.eye(k)
    if level == "ordinal":
        upto = np.cumsum(totals) - totals / 2  # mid-ranks: the values in between, half of the two themselves
        return np.asarray((upto[:, None] - upto[None, :]) ** 2, float)
    at = np.asarray(categories, float)
    apart = at[:, None] - at[None, :]
    if level == "interval":
        return np.asarray(apart**2, float)
    together = at[:, None] + at[None, :]
    return np.asarray((apart / np.where(together == 0, 1, together)) ** 2, float)
