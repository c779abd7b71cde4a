"""Item analysis: which items work, which run the wrong way, and which scales are one thing under two names."""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from werkbank.statistics.reliability import Missing, covariance, item_rest

if TYPE_CHECKING:
    from werkbank.instruments import Instrument

TOO_ALIKE = 0.85


def item_statistics(items: pd.DataFrame, missing: Missing = "complete") -> pd.DataFrame:
    """Describe each item of a scale: mean, SD, item-rest correlation, and alpha without it.

    Parameters
    ----------
    items : DataFrame, respondents x items
        Keyed answers.
    missing : {"complete", "pairwise"}
        As in `reliability.alpha`; mean, SD and n are those of the same answers.

    Returns
    -------
    DataFrame
        Index: the items; columns n, mean, sd, item_rest, alpha_if_deleted. `item_rest` is the correlation of an item
        with the sum of the others, NaN for a constant item; `alpha_if_deleted` is NaN for a scale of two.

    Notes
    -----
    Both come from the covariance matrix in closed form. Checked against R psych (r.drop, alpha.drop), bfi and attitude.
    """
    c, _ = covariance(items, missing)
    used = items.dropna() if missing == "complete" else items
    k, own = len(c), np.diag(c)
    rest = c.sum() - 2 * c.sum(axis=1) + own  # the variance of the sum of the others
    with np.errstate(invalid="ignore", divide="ignore"):
        left = (1 - (np.trace(c) - own) / rest) * (k - 1) / (k - 2) if k > 2 else np.full(k, np.nan)
    return pd.DataFrame(
        {
            "n": used.count(),
            "mean": used.mean(),
            "sd": used.std(),
            "item_rest": item_rest(items, missing),
            "alpha_if_deleted": np.where(rest > 1e-12, left, np.nan),
        },
        index=items.columns,
    )


def floor_and_ceiling(scores: pd.DataFrame, instrument: Instrument) -> pd.DataFrame:
    """Return the share of scores at the lowest and at the highest possible value, per scale, informant and wave.

    Returns
    -------
    DataFrame
        Columns outcome, scale, informant, wave, n, mean, sd, floor, ceiling; n is the number of scores that exist,
        which may be 0 where answers were missing.
    """
    ends = {name: instrument.score_range(name) for name in instrument.scored}
    low, high = (scores["scale"].map({name: e[side] for name, e in ends.items()}).astype(float) for side in (0, 1))
    there = scores["score"].notna()
    rows = scores.assign(
        floor=(scores["score"] <= low + 1e-9).astype(float).where(there),
        ceiling=(scores["score"] >= high - 1e-9).astype(float).where(there),
    )
    grouped = rows.groupby(["outcome", "scale", "informant", "wave"], observed=True, sort=False)
    return grouped.agg(
        n=("score", "count"),
        mean=("score", "mean"),
        sd=("score", "std"),
        floor=("floor", "mean"),
        ceiling=("ceiling", "mean"),
    ).reset_index()


def discriminant(scores: pd.DataFrame, reliabilities: dict[str, float]) -> pd.DataFrame:
    """Ask of each pair of scales whether they still measure two things once measurement error is taken out.

    Parameters
    ----------
    scores : DataFrame, respondents x scales
        One wave and informant, wide.
    reliabilities : dict
        Per column of `scores`, its alpha or omega.

    Returns
    -------
    DataFrame
        Columns first, second, n, r, disattenuated = r/√(r_xx r_yy) (Spearman 1904) and too_alike (its size above
        .85). NaN when a reliability is not above 0. A value above 1 says that a reliability is too low an estimate.
    """
    rows = []
    for first, second in combinations(scores.columns, 2):
        pair = scores[[first, second]].dropna()
        varies = len(pair) > 2 and bool((pair.std() > 0).all())
        r = float(pair.corr().iloc[0, 1]) if varies else math.nan
        product = reliabilities.get(first, math.nan) * reliabilities.get(second, math.nan)
        true = r / math.sqrt(product) if product > 0 else math.nan
        rows.append((first, second, len(pair), r, true, abs(true) > TOO_ALIKE))
    return pd.DataFrame(rows, columns=["first", "second", "n", "r", "disattenuated", "too_alike"])
