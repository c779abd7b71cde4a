"""Differences between arms: adjusted for the pre-test, in gains, or after the programme alone.

`table` has one row per unit that counts (a pupil, or a class with its means): columns arm, post and, where needed, pre
and covariates; no missing values in the columns used. `weights` names the arms compared: ``{"coached": 1,
"control": -1}``; arms that it does not name lend neither their variance nor their slope.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from werkbank.statistics.groups import indicators
from werkbank.statistics.linear import least_squares
from werkbank.statistics.quantity import Quantity, not_computed
from werkbank.statistics.sizes import Paired, Sample, pooled_sd, small_sample_factor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Weights = dict[str, float]


def normalised(weights: Weights) -> Weights:
    """Return the contrast as a difference of weighted means: positive weights add up to 1, unnamed arms dropped."""
    total = sum(w for w in weights.values() if w > 0)
    return {arm: w / total for arm, w in weights.items() if w}


def ancova(table: pd.DataFrame, weights: Weights, covariates: Sequence[str] = ()) -> Quantity:
    """Difference in post-test at equal pre-test: post ~ arm + pre (+ covariates), Student's t.

    Returns
    -------
    Quantity
        Σw·(adjusted mean), in the scale's units; df = rows - arms - 1 - covariates. NaN with a note when the arms
        cannot be told apart from a covariate. Assumes one slope for all arms. Covariates of text become indicators.

    Notes
    -----
    The usual primary analysis of a randomised trial; for arms that differed beforehand it answers another question
    than the gain (Lord's paradox). Checked against R's lm (oracles ``ancova/``, emmeans pairs).
    """
    rows = _rows(table, weights)
    return _contrast(rows, weights, rows["post"], numeric(rows, ["pre", *covariates]))


def gain_difference(table: pd.DataFrame, weights: Weights) -> Quantity:
    """Difference in mean gain (post - pre): Student's t with pooled variance, in the scale's units.

    Checked against R's lm(post - pre ~ arm) (oracles ``gain_lm``).
    """
    rows = _rows(table, weights)
    return _contrast(rows, weights, rows["post"] - rows["pre"])


def post_difference(table: pd.DataFrame, weights: Weights) -> Quantity:
    """Difference in mean post-test, unadjusted: Student's t with pooled variance, in the scale's units.

    For outcomes that were measured only afterwards; with a pre-test `ancova` is better. Checked against R's t.test.
    """
    rows = _rows(table, weights)
    return _contrast(rows, weights, rows["post"])


def adjusted_g(adjusted: Quantity, pupils: pd.DataFrame, weights: Weights) -> Quantity:
    """Covariate-adjusted Hedges' g: J(N - arms)·b / S_p, S_p the unadjusted post-test SD of pupils within arms.

    Parameters
    ----------
    adjusted : Quantity
        The difference b of `ancova` (of pupils, or of class means), in the scale's units.
    pupils : DataFrame
        The pupils behind it (arm, post): the SD is theirs also when classes were analysed, so that the size compares
        with other studies.

    Notes
    -----
    Never the residual SD (WWC Procedures 5.0; EEF). The interval is that of b divided by the same SD, which counts as
    known; so it agrees with the test of b. Checked against R (oracles ``d_adj/by_pooled_post_sd_J``).
    """
    return _in_sds(adjusted, pupils, weights, "post", "sd_post_pooled")


def standardised_gain(gain: Quantity, pupils: pd.DataFrame, weights: Weights) -> Quantity:
    """Gain difference of class means in pupils' pre-test SDs: J·b / S_pre; interval of the class-means model rescaled.

    The class-level counterpart of `sizes.d_ppc2`, whose variance formula knows no classes.
    """
    return _in_sds(gain, pupils, weights, "pre", "sd_pre_pooled")


def samples(table: pd.DataFrame, weights: Weights, column: str = "post") -> list[Sample]:
    """Summarise one column per arm of the contrast, in its order."""
    return [Sample.of(table.loc[table["arm"] == arm, column]) for arm in weights]


def paired_groups(table: pd.DataFrame, weights: Weights) -> list[Paired]:
    """Summarise pre and post per arm of the contrast, in its order."""
    parts = (table.loc[table["arm"] == arm] for arm in weights)
    return [Paired.of(part["pre"], part["post"]) for part in parts]


def _in_sds(difference: Quantity, pupils: pd.DataFrame, weights: Weights, column: str, standardiser: str) -> Quantity:
    groups = samples(pupils, weights, column)
    s, df = pooled_sd(groups), sum(g.n for g in groups) - len(groups)
    if not s > 0 or df < 2:
        return not_computed("no_variation")
    return difference.scaled(small_sample_factor(df) / s, standardiser)


def _rows(table: pd.DataFrame, weights: Weights) -> pd.DataFrame:
    return table.loc[table["arm"].isin(list(weights))]


def numeric(rows: pd.DataFrame, columns: Sequence[str]) -> NDArray[np.float64]:
    """Return covariates as centred numbers: text becomes indicators of all values but the first."""
    if not columns:
        return np.empty((len(rows), 0))
    if all(is_numeric_dtype(rows[name].dtype) for name in columns):
        numbers = np.array([rows[name].to_numpy(dtype=float, na_value=np.nan) for name in columns]).T
    else:
        numbers = pd.get_dummies(rows[list(columns)], drop_first=True, dtype=float).to_numpy(dtype=float)
    centred: NDArray[np.float64] = numbers - numbers.mean(axis=0)
    return centred


def _contrast(
    rows: pd.DataFrame, weights: Weights, y: pd.Series, covariates: NDArray[np.float64] | None = None
) -> Quantity:
    # one indicator per arm, covariates centred: the arms' coefficients are their means at the average covariate
    arms = np.column_stack(indicators(rows["arm"], weights))
    X = arms if covariates is None else np.column_stack([arms, covariates])
    return least_squares(y, X).combination([*weights.values(), *[0.0] * (X.shape[1] - len(weights))])
