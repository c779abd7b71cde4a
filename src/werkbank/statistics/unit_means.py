"""The headline rule: difference of unit means at equal pre-test, every arm's spread counted on its own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from werkbank.errors import UsageError
from werkbank.statistics.hc2 import RobustContrast, RobustMeans, contrast, pooled_se, robust_means
from werkbank.statistics.quantity import Quantity, t_test

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import ArrayLike

    from werkbank.statistics.hc2 import Floats
    from werkbank.statistics.units import Units

Slope = Literal["within", "between"]
By = Literal["units", "pupils"]
FEW_ASSIGNED, SLOPE_NEEDS, FEW_IN_AN_ARM, UNITS_PER_COVARIATE = 16, 3, 4, 10


@dataclass(frozen=True)
class SlopeChoice:
    """Which slope of the pre-test counts, and why; without one (None) there is no test, for the `reason`.

    `reason` is drawn_few, same_within_units, drawn_many, not_drawn or the refusal not_drawn_too_few_units.
    """

    slope: Slope | None
    reason: str


@dataclass(frozen=True)
class Adjusted:
    """Mean per arm at the average of all covariates, from units; what `compare` and `omnibus` draw on.

    `within` and `between` name the covariates whose slope is that among pupils of a unit, or that between units;
    `left_out` those that were given and not used, with the reason (within_slope_only, too_many_for_units,
    no_variation, follows_from_others). `fit` starts with one coefficient per arm; `n_extra` more follow.
    """

    units: Units
    fit: RobustMeans
    slope: Slope | None
    within: tuple[str, ...]
    between: tuple[str, ...]
    left_out: dict[str, str]
    by: By
    reason: str

    @property
    def means(self) -> Floats:
        """Adjusted mean (..., A) of each arm."""
        return self.fit.b[..., : len(self.units.arms)]


@dataclass(frozen=True)
class Comparison:
    """A combination of the arms' adjusted means.

    `test` holds value, SE, df, t, p and interval; refused (`refusal` is a key) it holds the value alone. `df_bm` and
    `df_welch` are the candidates for its df, `se_by_arm` the arms' own contributions to the SE. `warnings` are keys.
    """

    test: Quantity
    df_bm: float
    df_welch: float
    se_by_arm: dict[str, float]
    refusal: str
    warnings: tuple[str, ...]


def choose_slope(counts: Iterable[int], *, drawn: bool, assigned: int, moves: bool = True) -> SlopeChoice:
    """Choose the slope of the pre-test before looking at outcomes.

    Parameters
    ----------
    counts : iterable of int
        Units analysed in each arm that is compared (`Units.counts` has them).
    drawn : bool
        Whether lots were drawn among the units.
    assigned : int
        Units that were *assigned*, lost ones with them.
    moves : bool
        Whether the pre-test differs between pupils of a unit. A score that a whole class shares has no slope within
        classes: with 3 v 3 units or more it is then that between them.

    Notes
    -----
    Drawn and fewer than 16 assigned: the slope among pupils within units (rule P), which costs no df; lots make the
    arms' unit means alike. Otherwise the slope between unit means (rule K), which also holds where units with better
    starts chose the programme and the relation between units is steeper than within: P then rejects up to 9 % of true
    nulls in docs/calibration_designs.md, and more the further the arms stand apart. Neither drawn nor 3 v 3: none is
    safe.
    """
    numbers = list(counts)
    if drawn and assigned < FEW_ASSIGNED:
        if moves or min(numbers, default=0) < SLOPE_NEEDS:
            return SlopeChoice("within", "drawn_few")
        return SlopeChoice("between", "same_within_units")
    if drawn:
        return SlopeChoice("between", "drawn_many")
    if min(numbers, default=0) < SLOPE_NEEDS:
        return SlopeChoice(None, "not_drawn_too_few_units")
    return SlopeChoice("between", "not_drawn")


def adjust(
    units: Units,
    slope: Slope | SlopeChoice | None,
    *,
    by: By = "units",
    columns: ArrayLike | None = None,
    units_per_covariate: int = UNITS_PER_COVARIATE,
) -> Adjusted:
    """Estimate the mean of each arm at equal covariates.

    Parameters
    ----------
    slope : {"within", "between"}, SlopeChoice or None
        ``within``: r_j = ȳ_j - b'(x̄_j - x̄), b = (ΣSxx_j)⁻¹ΣSxy_j over pupils within units of all arms, and the arms'
        means of r. ``between``: least squares of the unit means on arms, the pre-test's unit mean and the unit-level
        covariates; further pupil-level covariates keep their slope within units. None: as without a pre-test, ȳ_j
        alone (`compare` then refuses the test if `slope` was a choice).
    by : {"units", "pupils"}
        Whether every unit counts as one (the estimand: the mean over units), or every pupil.
    columns : array (J, k), optional
        Further columns of the design, such as blocks.
    units_per_covariate : int
        Under ``between``, one unit-level covariate per so many units at most; the others are left out and named. The
        pre-test does not count. 0: no limit (pupils who were assigned one by one).

    Notes
    -----
    Under ``within`` unit-level covariates cannot be adjusted for and are left out and named. A pupil-level covariate
    that does not vary within units has no slope there; it goes between (or out). HC2: `hc2.robust_means`.
    """
    choice = slope if isinstance(slope, SlopeChoice) else SlopeChoice(slope, "")
    within, between, left_out = _sorted_covariates(units, choice.slope, units_per_covariate)
    position = {name: i for i, name in enumerate(units.names)}
    y, k = units.y, len(units.arms)
    if within:
        at = [position[name] for name in within]
        x = units.x[..., at]
        slopes = units.within_slopes[..., at]
        # at the same point of the covariates for all ways of counting: the mean over units
        y = y - np.einsum("...jq,...q->...j", x - x.mean(axis=-2, keepdims=True), slopes)
    extra = np.empty((len(units.arm), 0)) if columns is None else np.asarray(columns, dtype=float)
    repeated = _repeated(units, between, extra)
    between, left_out = tuple(n for n in between if n not in repeated), left_out | repeated
    X = np.broadcast_to(np.eye(k)[units.arm], (*y.shape, k))
    further = units.x[..., [position[name] for name in between]]
    further = np.concatenate([np.broadcast_to(extra, (*y.shape, extra.shape[-1])), further], axis=-1)
    X = np.concatenate([X, further - further.mean(axis=-2, keepdims=True)], axis=-1)
    fit = robust_means(y, X, units.arm, units.sizes if by == "pupils" else None)
    return Adjusted(units, fit, choice.slope, within, between, left_out, by, choice.reason)


def _sorted_covariates(
    units: Units, slope: Slope | None, per: int
) -> tuple[tuple[str, ...], tuple[str, ...], dict[str, str]]:
    """Return which covariates are adjusted for within units, which between them, and which not at all."""
    if slope is None:
        return (), (), dict.fromkeys(units.names, "no_slope")
    own, n_units = units.names[: units.n_pupil_level], len(units.arm)
    studies = tuple(range(units.x.ndim - 2))
    moving = (np.einsum("...ii->...i", units.sxx) > 0).any(axis=studies)
    ranges = (np.ptp(units.x, axis=-2) > 0).any(axis=studies)
    varies = {name: bool(v) for name, v in zip(units.names, ranges, strict=True)}
    inside = {name: bool(v) for name, v in zip(own, moving, strict=True)}
    pre = own[:1] if units.has_pre else ()
    left = {name: "no_variation" for name in units.names if not varies[name] and not inside.get(name, False)}
    within = [name for name in own if inside[name] and (slope == "within" or name not in pre)]
    between = [name for name in pre if slope == "between" and varies[name]]
    others = [name for name in units.names if name not in {*within, *between, *left}]
    if slope == "within":
        left |= dict.fromkeys(others, "within_slope_only")
        return tuple(within), (), left
    room = n_units // per if per else len(others)
    left |= dict.fromkeys(others[room:], "too_many_for_units")
    return tuple(within), tuple(between + others[:room]), left


def _repeated(units: Units, between: tuple[str, ...], extra: Floats) -> dict[str, str]:
    """Return the covariates between units that follow from the further columns (blocks) and those before them."""
    if not between:
        return {}
    # columns are the same kind of thing in all studies side by side: the first stands for them
    x = units.x.reshape(-1, *units.x.shape[-2:])[0]
    basis, found = np.column_stack([np.ones(len(x)), extra]), {}
    for name in between:
        column = x[:, units.names.index(name)]
        column = (column - column.mean()) / max(float(column.std()), np.finfo(float).tiny)
        rest = column - basis @ np.linalg.lstsq(basis, column, rcond=None)[0]
        if np.abs(rest).max() <= 1e-9:
            found[name] = "follows_from_others"
        else:
            basis = np.column_stack([basis, column])
    return found


def contrast_row(adjusted: Adjusted, weights: Mapping[str, float] | Sequence[float]) -> Floats:
    """Return the weights of all coefficients from those of the arms."""
    arms = adjusted.units.arms
    if not isinstance(weights, Mapping):
        weights = dict(zip(arms, np.asarray(weights, dtype=float).tolist(), strict=True))
    unknown = [name for name in weights if name not in arms]
    if unknown:
        raise UsageError(f"no units in arm {', '.join(unknown)}; there are {', '.join(arms)}")
    row = np.zeros(adjusted.fit.b.shape[-1])
    row[: len(arms)] = [weights.get(name, 0.0) for name in arms]
    return row


def compare_many(adjusted: Adjusted, weights: Mapping[str, float] | Sequence[float]) -> tuple[RobustContrast, Floats]:
    """Return a contrast of the arms and its df for all studies of `adjusted` side by side: what `compare` is made of.

    df: Bell-McCaffrey's; where the arms compared differ in number of units, or count with different weight, or pupils
    count instead of units, the smaller of these and Welch's.
    """
    row = contrast_row(adjusted, weights)
    found = contrast(adjusted.fit, row)
    if balanced(adjusted, row):
        return found, found.df_bm
    return found, np.asarray(np.fmin(found.df_bm, found.df_welch))


def balanced(adjusted: Adjusted, row: Floats) -> bool:
    """Whether the arms of a contrast would add alike to its variance if their units varied alike."""
    counts, w = np.array(list(adjusted.units.counts.values())), row[: len(adjusted.units.arms)]
    used = w != 0
    return adjusted.by == "units" and len(set(counts[used])) == 1 and bool(np.ptp(np.abs(w[used])) <= 1e-12)


def compare(adjusted: Adjusted, weights: Mapping[str, float] | Sequence[float], *, level: float = 0.95) -> Comparison:
    """Test a combination of the arms' means at equal covariates: the headline rule.

    Parameters
    ----------
    adjusted : Adjusted
        Of one study.
    weights : mapping or sequence
        Weight of each arm (0 when left out): {"coached": 1, "control": -1}; {"a": 1} is an adjusted mean.
    level : float
        Of the interval (0-1).

    Returns
    -------
    Comparison
        Refused, with the value alone: ``too_few_units`` (fewer than 2 in an arm), ``two_against_more`` (exactly 2 in
        one arm, more in another), ``leverage_of_one`` (a covariate singles a unit out), ``too_few_for_slope`` (slope
        between units below 3 v 3), ``not_estimable`` (a covariate that is the arm), ``no_residual_variation``, or the
        reason of a choice without slope. Warned: ``few_units`` (fewer than 4 in the smaller arm), ``unequal_numbers``
        (beyond 1:2), ``skewed_units``.

    Notes
    -----
    D = Σ w_a m_a; V = Σ w_a² v_a by HC2; df as in `compare_many`. With two arms, equal numbers and the slope within
    units this is Student's t on the units. Simulated: docs/calibration.md; benchmarks/calibration_designs.py.
    """
    row = contrast_row(adjusted, weights)
    found, df = compare_many(adjusted, weights)
    refusal = refused(adjusted, row)
    if not refusal and _exact(adjusted, float(found.se)):
        refusal = "no_residual_variation"
    value = float(found.value)
    test = Quantity(value, note=refusal) if refusal else t_test(value, float(found.se), float(df), level)
    parts = dict(zip(adjusted.units.arms, np.sqrt(found.parts).tolist(), strict=True))
    noted = () if refusal else warned(adjusted, row)
    return Comparison(test, float(found.df_bm), float(found.df_welch), parts, refusal, noted)


def _exact(adjusted: Adjusted, se: float) -> bool:
    spread = float(np.abs(adjusted.units.y - adjusted.units.y.mean()).max(initial=0.0))
    return not se > 1e-11 * max(spread, 1e-300) or spread <= 1e-12 * float(np.abs(adjusted.units.y).max(initial=0.0))


def refused(adjusted: Adjusted, row: Floats) -> str:
    """Return why there is no test of a contrast of the arms ("" when there is one)."""
    counts = np.array(list(adjusted.units.counts.values()))
    used = counts[row[: len(counts)] != 0]
    reasons = {
        adjusted.reason: adjusted.slope is None and adjusted.reason == "not_drawn_too_few_units",
        "too_few_units": used.min() < 2,
        "two_against_more": used.min() == 2 < used.max(),
        "too_few_for_slope": bool(adjusted.between) and used.min() < SLOPE_NEEDS,
        "not_estimable": bool(adjusted.fit.collinear),
        "no_degrees_of_freedom": adjusted.fit.Q.shape[-2] <= adjusted.fit.Q.shape[-1],
        "leverage_of_one": bool(adjusted.fit.determined),
    }
    return next((key for key, holds in reasons.items() if holds), "")


def warned(adjusted: Adjusted, row: Floats) -> tuple[str, ...]:
    """Return what makes a test of a contrast weak or less certain of its level."""
    counts = np.array(list(adjusted.units.counts.values()))
    used = counts[row[: len(counts)] != 0]
    reasons = {
        "few_units": used.min() < FEW_IN_AN_ARM,
        "unequal_numbers": used.max() > 2 * used.min(),
        "skewed_units": abs(_skewness(adjusted.fit)) > 1.96,
    }
    return tuple(key for key, holds in reasons.items() if holds)


def _skewness(fit: RobustMeans) -> float:
    """Return the skewness of the residuals, each arm brought to one spread, in its standard errors (Joanes & Gill)."""
    n = len(fit.arm)
    if n < 8:
        return 0.0
    spread = np.sqrt(np.array([np.mean(fit.rest[fit.arm == a] ** 2) for a in range(len(fit.free))]))
    z = fit.rest / np.where(spread > 0, spread, 1.0)[fit.arm]
    m2, m3 = np.mean((z - z.mean()) ** 2), np.mean((z - z.mean()) ** 3)
    if not m2 > 0:
        return 0.0
    g1 = m3 / m2**1.5 * math.sqrt(n * (n - 1)) / (n - 2)
    return float(g1 / math.sqrt(6 * n * (n - 1) / ((n - 2) * (n + 1) * (n + 3))))


def pairwise(adjusted: Adjusted, *, level: float = 0.95) -> dict[tuple[str, str], Comparison]:
    """Return the difference of every two arms (first minus second), each by the rule; not corrected for number."""
    arms = adjusted.units.arms
    return {
        (b, a): compare(adjusted, {b: 1.0, a: -1.0}, level=level)
        for i, a in enumerate(arms)
        for b in arms[i + 1 :]
    }  # fmt: skip


def pooled_variance(adjusted: Adjusted, weights: Mapping[str, float] | Sequence[float]) -> Quantity:
    """The same difference with one variance for all arms: analysis of covariance, t on J - p df.

    To be shown beside the rule, never instead: with 4 v 16 units of another spread and size it rejects up
    to 22 % of true nulls (docs/calibration_designs.md).
    """
    row = contrast_row(adjusted, weights)
    se, df = pooled_se(adjusted.fit, row)
    value = float((row * adjusted.fit.b).sum())
    if adjusted.fit.collinear or _exact(adjusted, float(se)):
        return Quantity(value, note="not_estimable" if adjusted.fit.collinear else "no_residual_variation")
    return t_test(value, float(se), df)


@dataclass(frozen=True)
class Weighting:
    """The mean over units beside the mean over pupils.

    `units` is the headline; `pupils` counts every pupil; `gap` their difference with its own test. `disagreement` is
    "" or conclusion (one excludes 0, the other does not), direction (opposite signs, either excludes 0), or size (the
    gap excludes 0).
    """

    units: Comparison
    pupils: Comparison
    gap: Quantity
    disagreement: str


def compare_weightings(
    units: Units, slope: Slope | SlopeChoice | None, weights: Mapping[str, float], **settings: int
) -> Weighting:
    """Compare the two estimands: the mean over units, and the mean over their pupils.

    The second is least squares of the pupils with CR2 by unit (for what is constant within units), the smaller of
    Bell-McCaffrey and Welch df. Where effects differ with the size of a class the two answer different questions. The
    gap's SE comes from the same residuals, unit by unit: Σ (l_j - k_j)² e_j²/(1 - h_j), on the headline's df.
    """
    alike, sized = (adjust(units, slope, by=by, **settings) for by in ("units", "pupils"))
    first, second = compare(alike, weights), compare(sized, weights)
    a, b = first.test, second.test
    if a.p is None or b.p is None or a.df is None:
        return Weighting(first, second, Quantity(a.value - b.value), "")
    root = np.sqrt(units.sizes)
    lines = _lines(alike.fit, contrast_row(alike, weights)), _lines(sized.fit, contrast_row(sized, weights)) * root
    se = float(np.sqrt(((lines[0] - lines[1]) ** 2 * alike.fit.scaled**2).sum()))
    gap = t_test(a.value - b.value, se, a.df) if se > 1e-12 * (a.se or 0.0) else Quantity(a.value - b.value)
    clear = (a.p < 0.05, b.p < 0.05)
    if a.value * b.value < 0 and any(clear):
        return Weighting(first, second, gap, "direction")
    if clear[0] != clear[1]:
        return Weighting(first, second, gap, "conclusion")
    return Weighting(first, second, gap, "size" if gap.p is not None and gap.p < 0.05 else "")


def _lines(fit: RobustMeans, row: Floats) -> Floats:
    return np.asarray(fit.Q @ np.linalg.solve(fit.R.T, row))
