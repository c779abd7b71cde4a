"""For whom: how the difference between arms changes with a property of the pupil, or of the class."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import special

from werkbank.errors import UsageError
from werkbank.statistics.class_crossproducts import CrossFit, cross_contrast, cross_fit
from werkbank.statistics.hc2 import contrast, robust_means, welch_df
from werkbank.statistics.quantity import Quantity, not_computed, t_test
from werkbank.statistics.unit_means import UNITS_PER_COVARIATE, adjust

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from werkbank.statistics.hc2 import Floats, RobustMeans
    from werkbank.statistics.units import Units

UNITS_NEEDED, BLOCKS_NEEDED = 4, 5  # in an arm, and of blocks that all their units share a value with
FEW_CLASSES = 12  # power .34 or less for an interaction of .2


@dataclass(frozen=True)
class Region:
    """Johnson-Neyman borders `low` and `high` of the moderator; the difference excludes 0 `between` them or outside.

    NaN with `note` when there are none: ``everywhere``, ``nowhere`` or the interaction's own refusal.
    """

    low: float
    high: float
    between: bool
    note: str = ""


@dataclass(frozen=True)
class Interaction:
    """How the difference between arms depends on a moderator.

    `interaction`: its change per unit of the moderator; `slopes`: the moderator's slope in each arm; `effects`: the
    difference at chosen values, all on `df_effects`; `region`: where it excludes 0. `df_bm`, `df_welch` are candidates
    for the interaction's df. `warnings` holds ``few_classes`` at 12 or fewer; `left_out` the covariates that could not
    be adjusted for, with the reason.
    """

    interaction: Quantity
    slopes: dict[str, Quantity]
    effects: dict[float, Quantity]
    region: Region
    df_effects: float
    df_bm: float
    df_welch: float
    warnings: tuple[str, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ModeratedClasses:
    """Numbers of K classes of one study, or of many side by side, from which an interaction follows.

    `cross` (..., K, p, p) and `moments` (..., K, p): within-class cross-products of the columns (the moderator, once
    per arm, then covariates) with each other and with the outcome. `y` (..., K), `x` (..., K), `z` (..., K, q): class
    means of outcome, moderator and covariates. `arm` (K,), `arms`.
    """

    arms: tuple[str, ...]
    arm: NDArray[np.intp]
    cross: Floats
    moments: Floats
    y: Floats
    x: Floats
    z: Floats


def moderated_classes(
    rows: pd.DataFrame,
    moderator: str,
    y: str = "post",
    *,
    covariates: Sequence[str] = ("pre",),
    unit: str = "unit",
    arm: str = "arm",
) -> ModeratedClasses:
    """Reduce pupils to what an interaction within classes needs; the moderator itself is no covariate."""
    others = [name for name in covariates if name != moderator]
    columns = [moderator, *others, y]
    if rows[[*columns, unit, arm]].isna().any(axis=None):
        raise UsageError("missing values; drop and count those rows first")
    codes, labels = pd.factorize(rows[unit].astype(str), sort=True)
    of_arm, arms = pd.factorize(rows[arm].astype(str), sort=True)
    first = np.zeros(len(labels), dtype=np.intp)
    first[codes] = of_arm
    if (first[codes] != of_arm).any():
        raise UsageError("a class lies in two arms")
    values = rows[columns].to_numpy(dtype=float)
    means = np.stack([np.bincount(codes, v) for v in values.T], axis=1) / np.bincount(codes)[:, None]
    deviations = values - means[codes]
    # what is left of a constant after rounding is no variation
    deviations[np.abs(deviations) <= 1e-12 * np.abs(values).max(axis=0)] = 0.0
    # the moderator's column is split by arm: outside its arm it is 0
    split = deviations[:, :1] * np.eye(len(arms))[of_arm]
    wide = np.column_stack([split, deviations[:, 1:]])
    sums = np.zeros((len(labels), wide.shape[1], wide.shape[1]))
    np.add.at(sums, codes, wide[:, :, None] * wide[:, None, :])
    return ModeratedClasses(
        tuple(map(str, arms)), first, sums[:, :-1, :-1], sums[:, :-1, -1], means[:, -1], means[:, 0], means[:, 1:-1]
    )


def interaction_within(
    classes: ModeratedClasses,
    weights: Mapping[str, float],
    at: Sequence[float],
    *,
    level: float = 0.95,
    beside: ArrayLike | None = None,
) -> Interaction:
    """Test whether the difference between arms depends on a property of the pupil, where classes were assigned.

    Parameters
    ----------
    weights : mapping
        Weight of each arm, summing to 0.
    at : sequence of float
        Values of the moderator at which to give the difference.
    beside : array (K, m), optional
        Properties of the classes (blocks, the mean before, covariates) at equal values of which the differences are
        given. The interaction compares pupils of one class: there they are equal by themselves.

    Returns
    -------
    Interaction
        Refused (notes): ``too_few_units``, ``two_against_more``, ``no_variation`` (of the moderator within the classes
        of an arm), ``one_class_decides`` (all its variation is in one class), ``not_estimable``,
        ``no_residual_variation``.

    Notes
    -----
    y ~ a column per class + (x - class mean) per arm + covariates, least squares, CR2 by class; interaction Σ w_a b_a;
    df the smaller of Bell-McCaffrey's and Welch's from the arms' parts of the variance. A random intercept alone
    rejects 12 to 38 % of true nulls when slopes differ from class to class. It is the slope among pupils of a class.
    Difference at x: Σ w_a [mean of r_g in arm a + b_a(x - x̄_a)], r_g = ȳ_g - b_a(x̄_g - x̄_a) - c'z̄_g, classes counting
    alike; its variance Σ_g {e_g/(n_a √(1 - 1/n_a)) + (x - x̄_a) u_g}², e_g the residual of r_g and u_g the class's part
    of the slope by CR2: level and slope of a class may go together. With `beside` the level is that of least squares
    of r_g on arms and those columns, its variance HC2. All differences stand on one df (`df_effects`), so that the
    borders of Johnson & Neyman (1936; Bauer & Curran 2005) are where their p is .05, whatever the level of intervals.
    """
    refusal = _refused(classes, weights)
    fit = None if refusal else cross_fit(classes.cross, classes.moments, classes.arm)
    if fit is None or not np.abs(fit.scores).max() > 1e-12 * np.abs(fit.b).max():
        return _without(refusal or "no_residual_variation")
    w = np.array([weights.get(name, 0.0) for name in classes.arms])
    p, k = fit.b.shape[-1], len(w)
    value, parts, df_bm, df_welch = cross_contrast(fit, np.r_[w, np.zeros(p - k)])
    tested = t_test(float(value), float(np.sqrt(parts.sum())), float(min(df_bm, df_welch)), level)
    slopes = {name: _slope(fit, i, level) for i, name in enumerate(classes.arms)}
    centre = float(classes.x.mean())
    few = ("few_classes",) if len(classes.arm) <= FEW_CLASSES else ()
    line = difference_line(classes, fit, w, centre, beside)
    df = float(np.fmin(line.df, tested.df or math.nan))
    if not (math.isfinite(df) and math.isfinite(float(line.v_level))):
        region = Region(math.nan, math.nan, between=False, note="not_estimable")
        return Interaction(tested, slopes, {}, region, math.nan, float(df_bm), float(df_welch), few)
    effects = {
        float(x): t_test(*_at(line, float(x) - centre), df, level) for x in at
    }  # fmt: skip
    region = _region(line, centre, df)
    return Interaction(tested, slopes, effects, region, df, float(df_bm), float(df_welch), few)


def _without(note: str) -> Interaction:
    nan = math.nan
    return Interaction(not_computed(note), {}, {}, Region(nan, nan, between=False, note=note), nan, nan, nan, ())


@dataclass(frozen=True)
class Line:
    """A difference along a moderator: `level` + `slope`·d, variances and covariance, and the level's df (...)."""

    level: Floats
    slope: Floats
    v_level: Floats
    v_slope: Floats
    cov: Floats
    df: Floats


def difference_line(
    classes: ModeratedClasses, fit: CrossFit, w: Floats, centre: float | Floats, beside: ArrayLike | None = None
) -> Line:
    """Return the difference between arms as a line in x - centre; see `interaction_within`."""
    counts = np.bincount(classes.arm).astype(float)
    mean_of = (np.eye(len(counts))[classes.arm] / counts[classes.arm][:, None]).T
    k = len(w)
    adjusted = classes.y - np.einsum("...kq,...q->...k", classes.z, fit.b[..., k:])
    x_mean = classes.x @ mean_of.T
    from_mean = classes.x - x_mean[..., classes.arm]
    r = adjusted - fit.b[..., classes.arm] * from_mean
    X = np.broadcast_to(np.eye(k)[classes.arm], (*r.shape, k))
    if beside is not None:
        further = np.broadcast_to(np.asarray(beside, dtype=float), (*r.shape, np.shape(beside)[-1]))
        X = np.concatenate([X, further - further.mean(axis=-2, keepdims=True)], axis=-1)
    if X.shape[-1] >= X.shape[-2]:
        nothing = np.full(r.shape[:-1], np.nan)
        return Line(*[nothing] * 6)
    means = robust_means(r, X, classes.arm)
    row = np.r_[w, np.zeros(X.shape[-1] - k)]
    line = np.einsum("...jp,...p->...j", means.Q, _direction(means, row))
    away = (np.asarray(centre)[..., None] - x_mean) * w
    # the slope of an arm moves its classes' r_g, which no longer count alike where something stands beside
    away = away - (line * from_mean) @ np.eye(k)[classes.arm]
    slope = fit.scores[..., :k] @ w
    # a class speaks for its own arm's slope; through the covariates it also moves the others', which `away` weighs
    shifted = line * means.scaled + np.einsum("...ka,...a->...k", fit.scores[..., :k], away)
    parts = shifted**2 @ np.eye(k)[classes.arm]
    found = contrast(means, row)
    df = welch_df(parts, counts - 1)
    return Line(
        level=found.value + (fit.b[..., :k] * (np.asarray(centre)[..., None] - x_mean)) @ w,
        slope=fit.b[..., :k] @ w,
        v_level=np.where(means.determined, np.nan, (shifted**2).sum(axis=-1)),
        v_slope=(slope**2).sum(axis=-1),
        cov=(shifted * slope).sum(axis=-1),
        df=df if beside is None else np.asarray(np.fmin(df, found.df_bm)),
    )


def _direction(means: RobustMeans, row: Floats) -> Floats:
    weights = np.broadcast_to(row, means.b.shape)[..., None]
    return np.asarray(np.linalg.solve(np.swapaxes(means.R, -1, -2), weights)[..., 0])


def _at(line: Line, d: float) -> tuple[float, float]:
    variance = float(line.v_level) + 2 * d * float(line.cov) + d**2 * float(line.v_slope)
    return float(line.level) + d * float(line.slope), math.sqrt(max(variance, 0.0))


def _region(line: Line, centre: float, df: float) -> Region:
    # a border is where p = .05, whatever the level of the intervals
    t2 = float(special.stdtrit(df, 0.975)) ** 2
    a = float(line.slope) ** 2 - t2 * float(line.v_slope)
    b = 2 * (float(line.level) * float(line.slope) - t2 * float(line.cov))
    c = float(line.level) ** 2 - t2 * float(line.v_level)
    root = b**2 - 4 * a * c
    if root < 0 or a == 0:
        return Region(math.nan, math.nan, between=False, note="everywhere" if c > 0 else "nowhere")
    low, high = sorted((-b + sign * math.sqrt(root)) / (2 * a) for sign in (-1, 1))
    return Region(low + centre, high + centre, between=a < 0)


def _slope(fit: CrossFit, i: int, level: float) -> Quantity:
    value, parts, df_bm, df_welch = cross_contrast(fit, np.eye(fit.b.shape[-1])[i])
    return t_test(float(value), float(np.sqrt(parts.sum())), float(np.fmin(df_bm, df_welch)), level)


def _refused(classes: ModeratedClasses, weights: Mapping[str, float]) -> str:
    unknown = [name for name in weights if name not in classes.arms]
    if unknown:
        raise UsageError(f"no classes in arm {', '.join(unknown)}; there are {', '.join(classes.arms)}")
    if abs(sum(weights.values())) > 1e-9:
        raise UsageError("weights of an interaction sum to 0: it compares slopes")
    counts = np.array([int((classes.arm == classes.arms.index(a)).sum()) for a, w in weights.items() if w != 0])
    diagonal = np.einsum("...ii->...i", classes.cross)
    k, p = len(classes.arms), diagonal.shape[-1]
    varying = np.array([(diagonal[classes.arm == a, a] > 0).sum() for a in range(k)])
    whole = classes.cross.sum(axis=-3)
    size = np.sqrt(np.where(np.diag(whole) > 0, np.diag(whole), 1.0))
    if counts.min() < 2:
        return "too_few_units"
    if counts.min() == 2 < counts.max():
        return "two_against_more"
    if (varying == 0).any():
        return "no_variation"
    if np.linalg.matrix_rank(whole / np.outer(size, size), tol=1e-9) < p:
        return "not_estimable"
    return "one_class_decides" if (varying < 2).any() else ""


def _new(columns: Floats, known: Floats) -> Floats:
    """Return the columns that do not follow from the known ones and those before them."""
    kept: list[Floats] = []
    for column in columns.T:
        basis = np.column_stack([known, *kept])
        if np.abs(column - basis @ np.linalg.lstsq(basis, column, rcond=None)[0]).max() > 1e-9:
            kept.append(column)
    return np.column_stack(kept) if kept else np.empty((len(known), 0))


def interaction_between(
    units: Units,
    moderator: str,
    weights: Mapping[str, float],
    at: Sequence[float],
    *,
    level: float = 0.95,
    columns: ArrayLike | None = None,
    units_per_covariate: int = UNITS_PER_COVARIATE,
) -> Interaction:
    """Test whether the difference between arms depends on a property of the class or teacher: rule K, arm by moderator.

    Parameters
    ----------
    units : Units
        With the moderator among the covariates; the others are adjusted for as in `unit_means.adjust` with the slope
        between units. Of pupils who were assigned one by one, each is a unit.
    weights : mapping
        Weight of each of the two or more arms, summing to 0.
    columns, units_per_covariate
        As in `unit_means.adjust`: blocks, and how many covariates of units so many units carry.

    Returns
    -------
    Interaction
        `left_out` names covariates that could not be adjusted for. Refused: ``too_few_for_moderation`` (fewer than 4
        units in an arm), ``not_estimable``, ``no_degrees_of_freedom``, ``leverage_of_one``.

    Notes
    -----
    ȳ ~ arm + pre + covariates + moderator per arm on unit means, HC2; df the smaller of Bell-McCaffrey's and Welch's
    with n_k - 2 for each arm. Simulated: docs/calibration_moderation.md.
    """
    x = units.x[:, units.names.index(moderator)]
    k, centre, counts = len(units.arms), float(x.mean()), np.bincount(units.arm)
    w = np.array([weights.get(name, 0.0) for name in units.arms])
    if counts[w != 0].min() < UNITS_NEEDED:
        return _without("too_few_for_moderation")
    slopes_of = np.eye(k)[units.arm] * (x - centre)[:, None]
    further = slopes_of if columns is None else np.column_stack([slopes_of, np.asarray(columns, dtype=float)])
    if len(x) <= k + further.shape[1]:
        return _without("no_degrees_of_freedom")
    adjusted = adjust(_besides(units, moderator), "between", columns=further, units_per_covariate=units_per_covariate)
    fit = adjusted.fit
    note = "not_estimable" if bool(fit.collinear) else "leverage_of_one" if bool(fit.determined) else ""
    note = "no_degrees_of_freedom" if fit.Q.shape[-2] <= fit.Q.shape[-1] else note
    if note:
        return _without(note)
    zero = np.zeros(fit.b.shape[-1] - 2 * k)

    def tested(row: Floats, df: float | None = None) -> tuple[Quantity, float, float]:
        found = contrast(fit, np.r_[row, zero], counts - 2.0)
        smaller = float(np.fmin(found.df_bm, found.df_welch))
        made = t_test(float(found.value), float(found.se), smaller if df is None else df, level)
        return made, float(found.df_bm), float(found.df_welch)

    interaction, df_bm, df_welch = tested(np.r_[0 * w, w])
    main, both = tested(np.r_[w, 0 * w])[0], tested(np.r_[w, w])[0]
    df = min(q.df if q.df is not None else math.nan for q in (interaction, main))
    v_main, v_slope, v_both = ((q.se or 0.0) ** 2 for q in (main, interaction, both))
    line = Line(*map(np.asarray, (main.value, interaction.value, v_main, v_slope, (v_both - v_main - v_slope) / 2, df)))
    slopes = {name: tested(np.r_[0 * w, np.eye(k)[i]])[0] for i, name in enumerate(units.arms)}
    effects = {float(v): t_test(*_at(line, float(v) - centre), df, level) for v in at}
    few = ("few_classes",) if len(x) <= FEW_CLASSES else ()
    region = _region(line, centre, df)
    return Interaction(interaction, slopes, effects, region, df, df_bm, df_welch, few, adjusted.left_out)


def interaction_of_blocks(
    effects: ArrayLike, x: ArrayLike, at: Sequence[float], *, beside: ArrayLike | None = None, level: float = 0.95
) -> Interaction:
    """Test whether the difference between arms depends on a property of the blocks (pairs, strata, sites) themselves.

    Parameters
    ----------
    effects : array (S,)
        The difference between arms in every block.
    x : array (S,)
        The moderator of every block.
    beside : array (S, q), optional
        Differences between arms of what is adjusted for between units; the interaction is at equal values.

    Returns
    -------
    Interaction
        Without slopes of arms: what the moderator does to scores by itself lies between blocks. Refused:
        ``too_few_for_moderation`` (fewer than 5 blocks), ``no_degrees_of_freedom``, ``not_estimable``,
        ``leverage_of_one``.

    Notes
    -----
    D_s = a + b x_s (+ c'z_s) + e_s over blocks, HC2, Bell-McCaffrey df: blocks are what there are few of, and they may
    be of unequal size. Simulated: tests/statistics/test_interaction.py.
    """
    D, values = np.asarray(effects, dtype=float), np.asarray(x, dtype=float)
    centre = float(values.mean())
    X = np.column_stack([np.ones(len(D)), values - centre, *([] if beside is None else [np.asarray(beside)])])
    if len(D) < BLOCKS_NEEDED:
        return _without("too_few_for_moderation")
    if len(D) <= X.shape[1]:
        return _without("no_degrees_of_freedom")
    fit = robust_means(D, X, np.zeros(len(D), dtype=np.intp))
    if bool(fit.collinear) or bool(fit.determined):
        return _without("not_estimable" if bool(fit.collinear) else "leverage_of_one")
    most = len(D) - X.shape[1]

    def tested(at_level: float, along: float, df: float | None = None) -> tuple[Quantity, float]:
        found = contrast(fit, np.r_[at_level, along, np.zeros(X.shape[1] - 2)])
        own = float(np.fmin(found.df_bm, most))
        return t_test(float(found.value), float(found.se), own if df is None else df, level), float(found.df_bm)

    (interaction, df_bm), (main, _), (both, _) = tested(0, 1), tested(1, 0), tested(1, 1)
    if interaction.df is None or main.df is None:
        return _without(interaction.note or main.note)
    df = min(interaction.df, main.df)
    v_main, v_slope, v_both = ((q.se or 0.0) ** 2 for q in (main, interaction, both))
    line = Line(*map(np.asarray, (main.value, interaction.value, v_main, v_slope, (v_both - v_main - v_slope) / 2, df)))
    found = {float(v): t_test(*_at(line, float(v) - centre), df, level) for v in at}
    few = ("few_classes",) if 2 * len(D) <= FEW_CLASSES else ()
    return Interaction(interaction, {}, found, _region(line, centre, df), df, df_bm, float(most), few)


def _besides(units: Units, moderator: str) -> Units:
    """Return the units without the moderator among what is adjusted for."""
    place = units.names.index(moderator)
    inner = [i for i in range(units.n_pupil_level) if i != place]
    return replace(
        units,
        names=tuple(name for name in units.names if name != moderator),
        x=np.delete(units.x, place, axis=-1),
        has_pre=units.has_pre and place != 0,
        n_pupil_level=len(inner),
        sxx=units.sxx[..., inner, :][..., inner],
        sxy=units.sxy[..., inner],
    )
