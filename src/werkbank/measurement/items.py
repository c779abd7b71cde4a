"""Item analysis: which items work, which run the wrong way, and whether a paper's scoring was found."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from werkbank.statistics.reliability import Missing, alpha, covariance, item_rest

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


@dataclass(frozen=True)
class Scoring:
    """One way of scoring the same answers, what it gives, and which published values it reproduces."""

    score: Literal["sum", "mean"]
    flipped: str | None
    mean: float
    sd: float
    alpha: float
    n: int
    reproduced: tuple[str, ...]


@dataclass(frozen=True)
class Reproduction:
    """Whether a scoring gives a paper's numbers.

    `as_keyed` are the ways that keep the key, `by_one_flip` those that reproduce everything published once a single
    item is reversed (or no longer reversed).
    """

    reproduced: bool
    as_keyed: tuple[Scoring, ...]
    by_one_flip: tuple[Scoring, ...]


def reproduce(
    items: pd.DataFrame, response: tuple[float, float], published: dict[str, str], missing: Missing = "complete"
) -> Reproduction:
    """Ask whether keyed answers give the mean, SD and alpha of a paper, and which single reversal would.

    Parameters
    ----------
    items : DataFrame, respondents x items
        Answers keyed as one believes the paper did.
    response : tuple
        Lowest and highest answer.
    published : dict
        Any of ``mean``, ``sd`` and ``alpha`` as text, as printed: ``{"mean": "13.68", "alpha": ".70"}``. The number of
        decimals says how closely they must agree (half a unit of the last one).
    missing : {"complete", "pairwise"}
        Which answers alpha uses; mean and SD are those of respondents who answered everything.

    Returns
    -------
    Reproduction
        Sum and mean scoring are both tried.

    Raises
    ------
    ValueError
        When nothing published is given, or it is not a number.
    """
    targets = {name: _printed(text) for name, text in published.items() if name in {"mean", "sd", "alpha"}}
    if not targets:
        raise ValueError("give at least one of mean, sd and alpha as it was printed")
    kept = tuple(_scored(items, how, None, targets, missing) for how in ("sum", "mean"))
    flips = tuple(
        found
        for item in items.columns
        for how in ("sum", "mean")
        if len((found := _scored(_flip(items, item, response), how, str(item), targets, missing)).reproduced)
        == len(targets)
    )
    return Reproduction(any(len(s.reproduced) == len(targets) for s in kept), kept, flips)


def _printed(text: str) -> tuple[float, float]:
    """Return a printed number and half a unit of its last decimal."""
    plain = str(text).strip().replace(",", ".").replace("−", "-")
    decimals = len(plain.partition(".")[2])
    return float(plain), 0.5 * 10.0**-decimals


def _flip(items: pd.DataFrame, item: object, response: tuple[float, float]) -> pd.DataFrame:
    return items.assign(**{str(item): response[0] + response[1] - items[item]})


def _scored(
    items: pd.DataFrame,
    how: Literal["sum", "mean"],
    flipped: str | None,
    targets: dict[str, tuple[float, float]],
    missing: Missing,
) -> Scoring:
    whole = items.dropna()
    scores = whole.sum(axis=1) if how == "sum" else whole.mean(axis=1)
    found = {"mean": float(scores.mean()), "sd": float(scores.std()), "alpha": alpha(items, missing).estimate}
    # 1e-9: a value that lies exactly on the rounding border was rounded one way or the other
    agreed = tuple(name for name, (value, half) in targets.items() if abs(found[name] - value) <= half + 1e-9)
    return Scoring(how, flipped, found["mean"], found["sd"], found["alpha"], len(whole), agreed)
