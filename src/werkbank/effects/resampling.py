"""Resampling in one go: every draw is a row of counts, so that sums over draws are one matrix product.

Percentile intervals; a seed gives the same draws. Pupils, or whole units (classes) where those were assigned, are
drawn within their arm.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from werkbank.effects import comparison
from werkbank.effects.quantity import Quantity, not_computed
from werkbank.effects.sizes import small_sample_factor

if TYPE_CHECKING:
    import pandas as pd

    from werkbank.effects.comparison import Weights

Floats = NDArray[np.float64]
DRAWS = 2000


def drawn(groups: Floats, draws: int, seed: int) -> Floats:
    """Return how often each member is drawn: draws x members, drawn with replacement within its group."""
    rng = np.random.default_rng(seed)
    counts = np.zeros((draws, len(groups)))
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        k = len(members)
        picked = rng.integers(k, size=(draws, k)) + k * np.arange(draws)[:, None]
        counts[:, members] = np.bincount(picked.ravel(), minlength=draws * k).reshape(draws, k)
    return counts


def bootstrapped_g(outcomes: Floats, treated: Floats, seed: int, draws: int = DRAWS) -> list[Quantity]:
    """Hedges' g of many outcomes at once with percentile intervals from the same draws of pupils.

    Parameters
    ----------
    outcomes : array (n, k)
        One row per pupil, no missing values.
    treated : array (n,) of bool

    Notes
    -----
    J(df)·(M_T - M_C)/S_p; Efron & Tibshirani (1993). Checked against pingouin and against drawing row by row. For
    pupils who were assigned one by one; not for classes.
    """
    y, arm = np.asarray(outcomes, dtype=float), np.asarray(treated, dtype=bool)
    y = y - y.mean(axis=0)  # sums of squares of large numbers lose digits
    observed = _g(np.ones((1, len(y))), y, arm)[0]
    found = _g(drawn(arm.astype(float), draws, seed), y, arm)
    made = []
    for g, of_outcome in zip(observed, found.T, strict=True):
        low, high = _percentiles(of_outcome)
        size = Quantity(float(g), ci_low=low, ci_high=high, standardiser="sd_post_pooled")
        made.append(size if math.isfinite(g) else not_computed("no_variation"))
    return made


def _percentiles(found: Floats) -> tuple[float, float]:
    # a draw in which nothing varies has no value; it is left out
    known = found[np.isfinite(found)]
    low, high = np.quantile(known, [0.025, 0.975]) if known.size else (math.nan, math.nan)
    return float(low), float(high)


def _g(counts: Floats, y: Floats, arm: NDArray[np.bool_]) -> Floats:
    means: list[Floats] = []
    squares = np.zeros((len(counts), y.shape[1]))
    for chosen in (arm, ~arm):
        c, values = counts[:, chosen], y[chosen]
        mean = c @ values / len(values)
        means.append(mean)
        squares = squares + c @ values**2 - len(values) * mean**2
    df = len(y) - 2
    with np.errstate(divide="ignore", invalid="ignore"):
        sd = np.sqrt(np.maximum(squares, 0.0) / df)
        found: Floats = np.where(sd > 1e-12, small_sample_factor(df) * (means[0] - means[1]) / sd, np.nan)
    return found


def mediated(table: pd.DataFrame, weights: Weights, mediator: str, seed: int, draws: int = DRAWS) -> Quantity:
    """Indirect effect a·b of the programme along `mediator`, with an interval from drawing whole units.

    Parameters
    ----------
    table : DataFrame
        One row per pupil: arm, pre, post, the mediator, and `unit` where classes were assigned; no missing values.

    Returns
    -------
    Quantity
        a (mediator ~ arm + pre) times b (post ~ mediator + arm + pre), in the scale's units. NaN with a note with fewer
        than two units in an arm or a mediator that the arm or the pre-test explains fully. No p: exploratory.

    Notes
    -----
    b is an association: whoever changed the mediator may differ in other ways (Imai et al., 2010). Percentile bootstrap
    of clusters: Preacher & Hayes (2008), Davison & Hinkley (1997). Checked against statsmodels and drawing row by row.
    """
    rows = table.loc[table["arm"].isin(list(weights))]
    treated = (rows["arm"].map(weights) > 0).to_numpy(dtype=float)
    Z = np.column_stack([np.ones(len(rows)), treated, comparison.numeric(rows, ["pre", mediator]), rows["post"]])
    by_unit = "unit" in rows and rows["unit"].notna().all()
    units, place = np.unique(rows["unit"].astype(str) if by_unit else np.arange(len(rows)), return_inverse=True)
    arm = np.zeros(len(units))
    arm[place] = treated
    if min((arm > 0).sum(), (arm == 0).sum()) < 2:
        return not_computed("refused_too_few_units")
    products = np.zeros((len(units), 25))
    np.add.at(products, place, np.einsum("ni,nj->nij", Z, Z).reshape(-1, 25))
    observed = _indirect(products.sum(axis=0)[None])[0]
    if not math.isfinite(observed):
        return not_computed("not_estimable")
    found = _indirect(drawn(arm, draws, seed) @ products)
    low, high = _percentiles(found)
    return Quantity(float(observed), float(np.nanstd(found, ddof=1)), ci_low=low, ci_high=high)


def _indirect(products: Floats) -> Floats:
    """Return a·b for every row of cross-products of (1, arm, pre, mediator, post); NaN where it cannot be told."""
    S = products.reshape(-1, 5, 5)
    a = _solved(S[:, :3, :3], S[:, :3, 3])[:, 1]
    b = _solved(S[:, :4, :4], S[:, :4, 4])[:, 3]
    return a * b


def _solved(A: Floats, v: Floats) -> Floats:
    size = np.sqrt(np.maximum(np.diagonal(A, axis1=1, axis2=2), 1e-300))
    scaled = A / size[:, :, None] / size[:, None, :]
    fine = np.linalg.eigvalsh(scaled)[:, 0] > 1e-10
    found = np.full(v.shape, np.nan)
    found[fine] = np.linalg.solve(scaled[fine], (v[fine] / size[fine])[:, :, None])[:, :, 0] / size[fine]
    return found
