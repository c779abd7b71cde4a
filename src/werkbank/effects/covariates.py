"""What a comparison adjusts for: one set of covariates, in numbers, for every row that answers the same question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

CLOSE = 1e-9  # what may be left of a column, in its own SDs, when it follows from others


@dataclass(frozen=True)
class Covariates:
    """Covariates of one analysis set: `table` has their columns (text as indicators), complete rows only.

    `of` gives for every column the covariate that it is of; `left_out` says why others are not adjusted for (keys under
    ``effects.covariates``: no_variation, nothing_known, follows_from_others). `pre` is False where a pre-test was asked
    for and does not vary.
    """

    table: pd.DataFrame
    of: dict[str, str]
    left_out: dict[str, str]
    pre: bool

    @property
    def columns(self) -> list[str]:
        """The columns of covariates besides the pre-test."""
        return list(self.of)

    @property
    def adjusted_for(self) -> list[str]:
        """The pre-test, if there is one that varies, and the covariates' columns."""
        return ["pre"] * self.pre + self.columns


def prepared(rows: pd.DataFrame, names: Sequence[str], *, pre: bool) -> Covariates:
    """Turn covariates into numbers and drop, by name, those that say nothing.

    Parameters
    ----------
    rows : DataFrame
        One row per pupil of all arms: arm, pre (where `pre`), and the covariates, which alone may be missing.
    names : sequence of str
        The declared covariates.

    Notes
    -----
    A covariate of one value, or of none, costs nobody a place: it is dropped before rows are. One that follows from the
    pre-test and the covariates before it (a duplicate, the same age in months) is dropped afterwards. A covariate that
    says the same as the arm is kept: the programme cannot be told apart from it, and the analysis refuses by itself.
    """
    left_out = {}
    for name in names:
        known = rows[name].dropna()
        if known.empty:
            left_out[name] = "nothing_known"
        elif known.nunique() < 2:
            left_out[name] = "no_variation"
    kept = [name for name in names if name not in left_out]
    rows = rows.dropna(subset=kept)
    with_pre = pre and bool(rows["pre"].max() > rows["pre"].min())
    basis = np.ones((len(rows), 1))
    if with_pre:
        basis = np.column_stack([basis, _standard(rows["pre"].to_numpy(float))])
    of: dict[str, str] = {}
    made = {}
    for name in kept:
        if rows[name].nunique() < 2:
            left_out[name] = "no_variation"
            continue
        for column, values in _numbers(rows[name], name).items():
            z = _standard(values)
            rest = z - basis @ np.linalg.lstsq(basis, z, rcond=None)[0]
            if np.abs(rest).max(initial=0.0) > CLOSE:
                basis, made[column], of[column] = np.column_stack([basis, z]), values, name
        if name not in of.values():
            left_out[name] = "follows_from_others"
    return Covariates(rows.assign(**made), of, left_out, with_pre)


def _numbers(values: pd.Series, name: str) -> dict[str, np.ndarray]:
    """Return one column of numbers, or of text an indicator for every value but the first."""
    if pd.api.types.is_numeric_dtype(values):
        return {f"{name} ·": values.to_numpy(float)}
    words = sorted(values.unique(), key=str)[1:]
    return {f"{name} = {word}": (values == word).to_numpy(float) for word in words}


def _standard(values: np.ndarray) -> np.ndarray:
    return np.asarray((values - values.mean()) / max(float(values.std()), np.finfo(float).tiny))
