"""Scores compared with a reference group: standard scores and cuts within the sample, a class, a school or a norm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from werkbank.underachievement.criteria import Measure, Norm

if TYPE_CHECKING:
    from werkbank.study.underachievement import Cutoff, Grouping

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Scaled(NamedTuple):
    """Scores in test units, as z in their reference group, and that group's SD (NaN: no spread, or too few)."""

    score: Floats
    z: Floats
    sd: Floats


def groups_of(pupils: pd.DataFrame, which: Grouping) -> pd.Series:
    """Return one code per class or school; a class label counts within its school, -1 is unknown."""
    by = ["school", "class"] if which == "class" and "school" in pupils else [which]
    codes = pupils.groupby(by, sort=False, observed=True).ngroup()
    return codes.fillna(-1).astype(int)


def units_of(pupils: pd.DataFrame) -> tuple[str, pd.Series]:
    """Return the widest level of which there is more than one (school, class, or "") and every pupil's unit.

    Pupils whose unit is not known are one unit together: they cannot be called independent.
    """
    levels: tuple[Grouping, ...] = ("school", "class")
    for level in levels:
        if level in pupils and np.ptp(codes := groups_of(pupils, level)) > 0:
            return level, codes
    return "", pd.Series(0, index=pupils.index)


def standardise(pupils: pd.DataFrame, measure: Measure, min_group: int) -> Scaled:
    """Compare one measure with its reference group; groups below `min_group` scores have no z."""
    score = pupils[measure.column].to_numpy(float)
    if isinstance(measure.reference, Norm):
        mean, sd = np.full(len(score), measure.reference.mean), np.full(len(score), measure.reference.sd)
    else:
        mean, sd = within(pupils, measure, min_group, "mean"), within(pupils, measure, min_group, "std")
    sd = np.where(sd > 0, sd, np.nan)  # a group without spread has no standard scores
    return Scaled(score, (score - mean) / sd, sd)


def within(pupils: pd.DataFrame, measure: Measure, min_group: int, what: str, **options: Any) -> Floats:  # noqa: ANN401 - passed on to pandas
    """One statistic of a measure within each pupil's reference group, NaN where the group is too small."""
    scores = pupils[measure.column].astype(float)
    if measure.reference == "sample" or isinstance(measure.reference, Norm):
        value = getattr(scores, what)(**options) if scores.notna().sum() > 1 else np.nan
        return np.full(len(scores), float(value))
    codes = groups_of(pupils, measure.reference)
    grouped = scores.groupby(codes)
    values = getattr(grouped, what)(**options).where(grouped.count() >= min_group)
    return np.asarray(codes.map(values).where(codes >= 0), dtype=float)


def cut_score(pupils: pd.DataFrame, measure: Measure, cut: Cutoff, min_group: int, able: Flags | None = None) -> Floats:
    """Each pupil's cut score, in test units."""
    n = len(pupils)
    if cut.rule == "score":
        return np.full(n, cut.value)
    if cut.rule == "able_mean":
        among = pupils.assign(**{measure.column: pupils[measure.column].where(able)})
        return within(among, measure, 1, "mean")
    if isinstance(measure.reference, Norm):
        M, SD = measure.reference.mean, measure.reference.sd
        top = norm.pdf(norm.isf(cut.value)) / cut.value if cut.rule == "top_mean" else 0.0
        z = {"mean": cut.value, "quantile": norm.ppf(cut.value), "top_mean": top}[cut.rule]
        return np.full(n, M + SD * z)
    if cut.rule == "mean":
        return within(pupils, measure, min_group, "mean") + cut.value * within(pupils, measure, min_group, "std")
    if cut.rule == "quantile":
        return within(pupils, measure, min_group, "quantile", q=cut.value)
    start = within(pupils, measure, min_group, "quantile", q=1 - cut.value)
    top_only = pupils.assign(**{measure.column: pupils[measure.column].where(pupils[measure.column] >= start)})
    return within(top_only, measure, 1, "mean")
