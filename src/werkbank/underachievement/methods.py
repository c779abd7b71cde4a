"""Four ways of finding pupils who achieve less than expected, at one moment, with every choice explicit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from werkbank.errors import Problem, UnfitError
from werkbank.statistics.shares import share
from werkbank.underachievement.chance import share_beyond, true_gap
from werkbank.underachievement.criteria import Criteria, Measure, Norm
from werkbank.underachievement.regression import Prediction, regress
from werkbank.underachievement.standardising import Scaled, cut_score, groups_of, standardise, units_of

if TYPE_CHECKING:
    from werkbank.study.underachievement import Grouping, Tie

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Finding:
    """Who was flagged by one set of criteria, how sure, and what chance alone would give.

    Attributes
    ----------
    table : DataFrame, one row per pupil, same index as the input
        ``expected``, ``actual`` (test units); ``z_expected``, ``z_actual`` (reference group); ``able``; ``gap`` (SD
        below the cut, SD between the two, or residual SDs below the prediction; positive = less than expected);
        ``probability`` that the gap without measurement error passes the threshold (0-1, NaN without reliabilities);
        ``flag`` (True, False, or missing: not judged).
    se_gap : float
        Standard error of every pupil's gap, same units (NaN without reliabilities).
    n, n_both, n_judged, n_able, n_flagged : int
        Pupils; with both measures; judged (their reference group is large enough, or, for a nomination, a source was
        asked); able among the judged; flagged.
    share, ci_low, ci_high : float
        Flagged among the able (0-1) with its 95 % interval, which knows schools, or classes within one school.
    clustered, n_units : str, int or None
        The level that the interval knows and how many of these the able pupils sit in: school, class, or "" and None
        where neither is known or there is but one.
    chance : float
        The share that normally distributed scores with the correlation seen here give, *whoever underachieves*: the
        threshold moves with the spread of the group, and so does this. It is no share of pupils who do well. NaN for
        a nomination, for which there is no formula.
    correlation : float
        Of expected and actual measure, among pupils with both.
    prediction : Prediction or None
        Regression only.
    notes : tuple of str
        Keys of sentences under ``underachievement.notes``.
    """

    criteria: Criteria
    table: pd.DataFrame
    se_gap: float
    n: int
    n_both: int
    n_judged: int
    n_able: int
    n_flagged: int
    share: float
    ci_low: float
    ci_high: float
    clustered: str
    n_units: int | None
    chance: float
    correlation: float
    prediction: Prediction | None = None
    notes: tuple[str, ...] = ()


def find(pupils: pd.DataFrame, criteria: Criteria, among: pd.Index | None = None) -> Finding:
    """Flag the pupils who achieve less than expected by one method, at one moment.

    Parameters
    ----------
    pupils : DataFrame
        One row per pupil, indexed by pupil; the columns that `criteria` names, and ``class`` and ``school`` where
        they are a reference group. Missing values: a pupil without both measures is not judged, and is counted.
    criteria : Criteria
    among : Index, optional
        The pupils to tell of, a part of `pupils` (one school): all of them say what can be expected and where cuts
        lie, these alone are flagged and counted. Everyone when left out.

    Returns
    -------
    Finding
        A flag is a first gate only (see `kinds.gates`): never read it as a verdict on a pupil.

    Raises
    ------
    UnfitError
        Columns missing or not numeric; a pupil twice.

    Notes
    -----
    Absolute split: able and actual < cut. Simple difference: able and z_expected - z_actual >= k. Regression: able
    and (actual - predicted)/SEE <= -k, fitted on the whole group. Reis & McCoach (2000); domain.md 4.10. Checked
    against R on bdf and nlschools, to the pupil (oracle area underachievement).
    """
    _check(pupils, criteria)
    scaled = {m: standardise(pupils, m, criteria.min_group) for m in {*criteria.measures, criteria.expected}}
    expected, actual = scaled[criteria.expected], scaled[criteria.actual]
    able = _able(pupils, criteria, expected)
    gap = _gap(pupils, criteria, scaled, able)
    passed = gap.size >= gap.threshold if gap.tie == ">=" else gap.size > gap.threshold
    judged = np.isfinite(gap.size) & (np.isfinite(expected.z) if criteria.able else True)
    se, probability = np.nan, np.full(len(pupils), np.nan)
    if len(gap.weights):
        reliabilities = np.array([np.nan if m.reliability is None else m.reliability for m in criteria.measures])
        z = np.column_stack([scaled[m].z for m in criteria.measures])
        se, probability = true_gap(z, gap.size, gap.weights, reliabilities, gap.threshold)
    table = pd.DataFrame(
        {
            "expected": expected.score,
            "actual": actual.score,
            "z_expected": expected.z,
            "z_actual": actual.z,
            "able": able,
            "gap": gap.size if len(gap.weights) else np.nan,
            "probability": probability,
            "flag": pd.Series(able & passed, index=pupils.index, dtype="boolean").mask(~judged),
        },
        index=pupils.index,
    )
    here = np.ones(len(pupils), dtype=bool) if among is None else pupils.index.isin(among)
    found = _counted(table[here], judged[here], criteria, float(se), gap, units_of(pupils[here]))
    return found if here.all() else replace(found, notes=("against_everyone", *found.notes))


def _check(pupils: pd.DataFrame, criteria: Criteria) -> None:
    wanted = [m.column for m in (*criteria.measures, criteria.expected)]
    groups = {m.reference for m in criteria.measures if isinstance(m.reference, str)} - {"sample"}
    names = [*wanted, *groups, *filter(None, (criteria.nominated_by, criteria.random_intercept))]
    problems = [
        Problem("underachievement_column_missing", column=name, details={"valid": ", ".join(map(str, pupils.columns))})
        for name in dict.fromkeys(names)
        if name not in pupils
    ]
    problems += [
        Problem("underachievement_not_numeric", column=name)
        for name in dict.fromkeys(wanted)
        if name in pupils and not pd.api.types.is_numeric_dtype(pupils[name])
    ]
    problems += [
        Problem("underachievement_pupil_twice", value=str(pupil))
        for pupil in pupils.index[pupils.index.duplicated()].unique()
    ]
    if problems:
        raise UnfitError(problems)


def _able(pupils: pd.DataFrame, criteria: Criteria, expected: Scaled) -> Flags:
    if criteria.able is None:
        return np.ones(len(pupils), dtype=bool)
    cut = cut_score(pupils, criteria.expected, criteria.able, criteria.min_group)
    return expected.score >= cut if criteria.able.tie == ">=" else expected.score > cut


class _Gap(NamedTuple):
    """How far each pupil falls short, from where on that counts, and each z's weight in it (none: not a sum of z)."""

    size: Floats
    threshold: float
    tie: Tie
    weights: Floats
    prediction: Prediction | None = None


def _gap(pupils: pd.DataFrame, criteria: Criteria, scaled: dict[Measure, Scaled], able: Flags) -> _Gap:
    expected, actual = scaled[criteria.expected], scaled[criteria.actual]
    if criteria.method == "nomination":
        return _Gap(pupils[criteria.nominated_by].to_numpy(float), 1.0, ">=", np.zeros(0))
    if criteria.method == "absolute":
        cut = cut_score(pupils, criteria.actual, criteria.low, criteria.min_group, able)
        return _Gap((cut - actual.score) / actual.sd, 0.0, criteria.low.tie, np.array([0.0, -1.0]))
    if criteria.method == "difference":
        return _Gap(expected.z - actual.z, criteria.threshold, criteria.tie, np.array([1.0, -1.0]))
    prediction, gap, weights = _below_prediction(pupils, criteria, [scaled[m] for m in criteria.measures])
    return _Gap(gap, criteria.threshold, criteria.tie, weights, prediction)


def _below_prediction(
    pupils: pd.DataFrame, criteria: Criteria, measures: list[Scaled]
) -> tuple[Prediction, Floats, Floats]:
    """How far each pupil is below the prediction, in residual SDs, and each z's weight in it."""
    relative = any(m.reference in ("class", "school") for m in criteria.measures)
    values = np.column_stack([m.z if relative else m.score for m in measures])
    units = np.ones(len(measures)) if relative else np.array([m.sd[0] for m in measures])
    present: list[Grouping] = [g for g in ("school", "class") if g in pupils]
    cv_by = criteria.random_intercept or next(iter(present), None)
    groups = groups_of(pupils, criteria.random_intercept).to_numpy() if criteria.random_intercept else None
    folds = groups_of(pupils, cv_by).to_numpy() if cv_by else np.arange(len(pupils))
    used = np.isfinite(values).all(axis=1) & (folds >= 0) & (True if groups is None else groups >= 0)
    if len(np.unique(folds[used])) < 2:  # one class: nothing to leave out but its pupils
        cv_by, folds = None, np.arange(len(pupils))
    _check_predictable(values[used, :-1], None if groups is None else groups[used], criteria)
    prediction, residuals = regress(
        values[used, -1],
        values[used, :-1],
        tuple(m.column for m in criteria.measures[:-1]),
        np.unique(folds[used], return_inverse=True)[1],
        cv_by or "pupil",
        None if groups is None else np.unique(groups[used], return_inverse=True)[1],
    )
    gap = np.full(len(pupils), np.nan)
    gap[used] = -residuals / prediction.see
    slopes = np.append(list(prediction.coefficients.values())[1:], -1.0)
    return prediction, gap, slopes * units / prediction.see


def _check_predictable(measures: Floats, groups: NDArray[np.intp] | None, criteria: Criteria) -> None:
    """Refuse a prediction from what is the same for all, and a level for each group where all are of one."""
    if groups is not None and len(np.unique(groups)) < 2:
        raise UnfitError(
            [Problem("underachievement_one_group", column=f"random_intercept: {criteria.random_intercept}")]
        )
    n, k = measures.shape
    if n <= k + 1 or np.linalg.matrix_rank(np.column_stack([np.ones(n), measures])) <= k:
        names = ", ".join(m.column for m in criteria.measures[:-1])
        raise UnfitError([Problem("underachievement_no_prediction", column=names, details={"n": n})])


def _counted(
    table: pd.DataFrame, judged: Flags, criteria: Criteria, se: float, gap: _Gap, units: tuple[str, pd.Series]
) -> Finding:
    able, flagged = table["able"].to_numpy() & judged, table["flag"].fillna(value=False).to_numpy(bool)
    both = table[["expected", "actual"]].notna().all(axis=1)
    level, of_pupil = units
    part = share(flagged[able], of_pupil.to_numpy()[able] if level else None)
    r = float(table.loc[both, "expected"].corr(table.loc[both, "actual"])) if both.sum() > 2 else np.nan
    return Finding(
        criteria=criteria,
        table=table,
        se_gap=se,
        n=len(table),
        n_both=int(both.sum()),
        n_judged=int(judged.sum()),
        n_able=int(able.sum()),
        n_flagged=int(flagged.sum()),
        share=part.value,
        ci_low=part.low,
        ci_high=part.high,
        clustered=level,
        n_units=part.n_units,
        chance=np.nan if criteria.method == "nomination" else _by_chance(table[judged], criteria, gap.threshold),
        correlation=r,
        prediction=gap.prediction,
        notes=_notes(criteria, table, judged, se),
    )


def _by_chance(judged: pd.DataFrame, criteria: Criteria, threshold: float) -> float:
    """The share beyond the threshold among the able if ability and gap were bivariate normal with these moments."""
    x, gap = judged["z_expected"].to_numpy(), judged["gap"].to_numpy()
    if len(x) < 3 or np.nanstd(gap) == 0 or np.nanstd(x) == 0:
        return np.nan
    rho = float(np.corrcoef(x, gap)[0, 1])
    k = (threshold - gap.mean()) / gap.std(ddof=1)
    able = criteria.able
    if able is None:
        gate = -np.inf
    elif able.rule == "quantile" and not isinstance(criteria.expected.reference, Norm):
        gate = float(norm.ppf(able.value))
    else:  # where the cut lies among these pupils
        lowest = judged.loc[judged["able"], "z_expected"].min()
        gate = float((lowest - x.mean()) / x.std(ddof=1))
    return share_beyond(rho, gate, float(k))


def _notes(criteria: Criteria, table: pd.DataFrame, are_judged: Flags, se: float) -> tuple[str, ...]:
    groups, judged = {m.reference for m in criteria.measures}, table[are_judged]
    known = table[["expected", "actual"]].notna()
    nomination, regression = criteria.method == "nomination", criteria.method == "regression"
    relative = bool(groups & {"class", "school"})
    said = {
        "contemporaneous": criteria.contemporaneous is True,
        "dates_unknown": criteria.contemporaneous is None,
        "references_differ": criteria.method == "difference" and len(groups) > 1,
        # each z counts from the mean and in the SD of all who have that score
        "z_of_different_pupils": (criteria.method == "difference" or (regression and relative))
        and any(not isinstance(group, Norm) for group in groups)
        and bool((known["expected"] != known["actual"]).any()),
        "expected_not_a_predictor": regression and criteria.expected not in criteria.measures,
        "reliability_unknown": not nomination and bool(np.isnan(se)),
        "reliability_too_low": not nomination and not np.isnan(se) and bool(judged["probability"].isna().all()),
        "reliability_within_groups": not np.isnan(se) and relative,
    }
    return tuple(key for key, applies in said.items() if applies)
