"""A score of people in groups, split: how far each is from the mean of their group, and where that mean lies."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

SAME = 1e-9  # of a column's range: what differs less does not differ


@dataclass(frozen=True)
class Term:
    """One column of a model: `kind` (slope, square or product), of which predictor, and which part of it.

    Parts are within, between, cross (a product of one's part within and the other's part between) and overall, where
    groups do not count.
    """

    kind: Literal["slope", "square", "product"]
    predictor: str
    part: str
    moderator: str = ""


@dataclass(frozen=True)
class Asked:
    """What is asked besides slopes: a product with a moderator, or without one the square of the predictor itself."""

    predictor: str
    moderator: str = ""


def split(values: pd.Series, groups: pd.Series | None) -> dict[str, Floats]:
    """Return a column's part within groups (deviations) and between them (means, centred), each where it differs.

    Without groups: the column around its mean (``overall``). Enders & Tofighi (2007).
    """
    x = values.to_numpy(float)
    width = SAME * float(np.ptp(x)) if len(x) else 0.0
    if groups is None:
        return {"overall": x - x.mean()} if np.ptp(x) > 0 else {}
    means = values.astype(float).groupby(groups).transform("mean").to_numpy(float)
    parts = {}
    if np.abs(x - means).max(initial=0.0) > width:
        parts["within"] = x - means
    if np.ptp(means) > width:
        parts["between"] = means - means.mean()
    return parts


def columns_of(
    table: pd.DataFrame, predictors: Sequence[str], groups: pd.Series | None, asked: Asked | None = None
) -> dict[Term, Floats]:
    """Return the columns of a model by term: the parts of every predictor, and what is asked besides."""
    names = list(dict.fromkeys([*predictors, *([asked.moderator] if asked and asked.moderator else [])]))
    parts = {name: split(table[name], groups) for name in names}
    made = {Term("slope", name, part): column for name in names for part, column in parts[name].items()}
    if asked is None:
        return made
    first = parts[asked.predictor]
    if not asked.moderator:
        squares = {part: _centred(x**2, groups if part == "within" else None) for part, x in first.items()}
        return made | {Term("square", asked.predictor, part): x for part, x in squares.items()}
    products = _products(first, parts[asked.moderator], groups)
    return made | {Term("product", asked.predictor, part, asked.moderator): x for part, x in products.items()}


def _products(first: Mapping[str, Floats], second: Mapping[str, Floats], groups: pd.Series | None) -> dict[str, Floats]:
    """Return the products of two predictors' parts: of like with like, or across where neither has the other's."""
    alike = {
        part: first[part] * second[part]
        for part in ("overall", "within", "between")
        if {part} <= first.keys() & second.keys()
    }
    if "within" in alike:
        alike["within"] = _centred(alike["within"], groups)
    elif "within" in first and "between" in second:
        alike["cross"] = first["within"] * second["between"]
    elif "between" in first and "within" in second:
        alike["cross"] = first["between"] * second["within"]
    return alike


def _centred(column: Floats, groups: pd.Series | None) -> Floats:
    if groups is None:
        return column - float(column.mean())
    means = pd.Series(column).groupby(groups.to_numpy()).transform("mean").to_numpy(float)
    return np.asarray(column - means)


def level_sd(values: Floats, groups: pd.Series | None, part: str) -> float:
    """SD of deviations from group means (df n - groups), of the group means (df groups - 1), or of all (df n - 1).

    The units of slopes in SDs of their level (Schuurman, Ferrer, de Boer-Sonnenschein & Hamaker 2016).
    """
    if groups is None or part == "overall":
        return float(np.std(values, ddof=1))
    grouped = pd.Series(values).groupby(groups.to_numpy())
    means = grouped.mean()
    if part == "between":
        return float(means.std(ddof=1))
    rest = values - grouped.transform("mean").to_numpy(float)
    df = len(values) - len(means)
    return math.sqrt(float(rest @ rest) / df) if df > 0 else math.nan
