"""Three or more waves in one model: what was gained, and what was kept of it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import special
from scipy.linalg import qr

from werkbank.effects.covariates import prepared
from werkbank.effects.leading import answered
from werkbank.errors import Problem, UnfitError
from werkbank.statistics.multilevel.over_waves import fit_over_waves, test_over_waves
from werkbank.statistics.quantity import Quantity, not_computed, of_contrast_test

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from werkbank.effects.comparison import Weights
    from werkbank.effects.questions import Question
    from werkbank.results import Estimate
    from werkbank.statistics.multilevel.covariances import Structure

    Structures = tuple[Structure, Structure | None]  # of pupils, and of the units that were assigned

FEWEST = 2  # units in an arm
# beyond so many waves a covariance for every two has more parameters than a study of schools has classes and pupils
MOST_WAVES, PUPILS_PER_WAVE = 6, 5


def over_waves(asked: Sequence[Question]) -> list[Estimate]:
    """Answer the questions of one outcome and contrast, from one start to two or more later waves, together.

    Returns
    -------
    list of Estimate
        ``waves_model`` per later wave, at the lead's covariates and blocks, beside the lead and never in its place: it
        is as wrong as any model with one spread for all arms where these differ. `note` says how it lets waves hang
        together. And ``maintenance_ratio`` of each wave after the first later one, by the lead's own rule among pupils
        with all three scores. Fewer than three waves: UnfitError.

    Notes
    -----
    Drawn by lot: the start is an outcome with one mean for all arms, and every pupil with a score in any wave counts
    (missing at random). Not drawn: the start, of the pupil and of the unit, is adjusted for as in the lead, and pupils
    with it and any later score count.
    """
    three_waves(asked)
    first = asked[0]
    constrained = first.randomised and first.adjusting.pre
    long, adjusted_for = _long(asked, with_start=constrained)
    later = [q.wave_to for q in asked]
    found = waves_model(
        long, first.weights, later, constrained=constrained, adjusted_for=adjusted_for, level=first.ci_level
    )
    n, units = long.index.nunique(), long["unit"].nunique() if first.unit.of_pupil is not None else None
    made = [q.estimate("waves_model", found[q.wave_to], n, units) for q in asked]
    return [*made, *(_kept(first, q) for q in asked[1:])]


def _kept(first: Question, later: Question) -> Estimate:
    """Share of the first effect that is kept: both effects, and their sum, by the lead among the same pupils."""
    rows = first.whole.assign(later=later.everyone["post"].reindex(first.whole.index)).dropna(subset=["later"])
    enough = rows.loc[rows["arm"].isin(first.plan.arms)]
    units = enough["unit"].nunique() if first.unit.of_pupil is not None else None
    counted = enough["unit"] if units is not None else enough.index.to_series()
    if counted.groupby(enough["arm"]).nunique().reindex(first.plan.arms, fill_value=0).min() < FEWEST:
        return later.estimate("maintenance_ratio", not_computed("no_first_effect"), len(enough), units)
    early = answered(first.plan, rows)
    late = answered(first.plan, rows.assign(post=rows["later"]))
    both = answered(first.plan, rows.assign(post=rows["post"] + rows["later"]))
    ratio = maintenance_ratio(late.test, early.test, both.test, first.ci_level)
    return later.estimate("maintenance_ratio", ratio, early.n, early.n_units)


def three_waves(asked: Sequence[Question]) -> None:
    """Refuse what needs three waves: with two every course is a straight line, and error cannot be told from change.

    Raises
    ------
    UnfitError
        The questions reach over fewer than three waves.
    """
    if len(asked) < 2:
        raise UnfitError([Problem("two_waves", details={"outcome": asked[0].key if asked else "–"})])


def waves_model(
    long: pd.DataFrame,
    weights: Weights,
    later: Sequence[str],
    *,
    constrained: bool,
    adjusted_for: Sequence[str] = (),
    structures: Structures | None = None,
    level: float = 0.95,
) -> dict[str, Quantity]:
    """Difference between arms at every later wave, by REML with Kenward and Roger's SE and df.

    Parameters
    ----------
    long : DataFrame
        Indexed by pupil: arm, unit (NA where pupils were assigned), wave ("" is the start), y and `adjusted_for`,
        without missing values.
    weights : mapping
        The contrast, as in `comparison`.
    later : sequence of str
        The waves after the start, in order.
    constrained : bool
        The start is among the rows, with one mean for all arms: right where arms were drawn by lot, and then as precise
        as adjusting for it. Otherwise only later waves are.
    adjusted_for : sequence of str
        Columns of numbers, each with a slope of its own at every wave.
    structures : pair, optional
        How waves hang together, in pupils and in units; chosen by `choose_structures` when left out.

    Returns
    -------
    dict of Quantity
        By later wave; `note` is a key under ``effects.notes`` that names the structure, or why there is no test.

    Notes
    -----
    y ~ wave x (1 + adjusted_for) + arm within later waves, with random effects of the unit at each wave and of the
    pupil at each wave. Units with an intercept alone reject a true null about 29 % of the time with 8 classes. With one
    covariance for every two waves the early-intervention trial's effect at the last is 7.18, unstructured 8.00. Liang &
    Zeger (2000); Kenward & Roger (1997). Checked against lme4 and pbkrtest, nlme, and the multivariate test.
    """
    waves = [*[""] * constrained, *later]
    at = {wave: (long["wave"] == wave).to_numpy(float) for wave in waves}
    numbers = long[list(adjusted_for)].to_numpy(float)
    numbers = numbers - numbers.mean(axis=0)
    others = np.column_stack([*at.values(), *(here[:, None] * numbers for here in at.values())])
    arms = list(weights)[:-1]  # the last arm is what the others are compared with
    treated = [at[wave] * (long["arm"] == arm).to_numpy(float) for wave in later for arm in arms]
    X = np.column_stack([*treated, independent(others)])
    if np.linalg.matrix_rank(X / np.sqrt((X**2).sum(axis=0)).clip(1e-300)) < X.shape[1]:
        return dict.fromkeys(later, not_computed("not_testable_by_model"))
    by_unit = bool(long["unit"].notna().all())
    place = long["wave"].map({wave: i for i, wave in enumerate(waves)}).to_numpy()
    units = long["unit"].astype(str).to_numpy() if by_unit else None
    wanted = {}
    for k, wave in enumerate(later):
        wanted[wave] = np.zeros(X.shape[1])
        wanted[wave][k * len(arms) : (k + 1) * len(arms)] = [weights[arm] for arm in arms]
    tried = [structures] if structures else choose_structures(long, waves, X.shape[1] // len(waves))
    for of_pupils, of_units in tried:
        fitted = fit_over_waves(
            long["y"].to_numpy(float), X, long.index.to_numpy(), place, units,
            structure=of_pupils, units_structure=of_units or "exchangeable",
        )  # fmt: skip
        tests = {wave: test_over_waves(fitted, row, ci_level=level) for wave, row in wanted.items()}
        if not any(test.note for test in tests.values()):
            note = f"waves_{of_pupils}" + (f"_units_{of_units}" if of_units else "")
            return {wave: replace(of_contrast_test(test), note=note) for wave, test in tests.items()}
    return dict.fromkeys(later, not_computed("not_testable_by_model"))


def choose_structures(long: pd.DataFrame, waves: Sequence[str], columns: int) -> list[Structures]:
    """Choose how waves hang together, by numbers of waves, pupils and units alone, simpler ones after it.

    Pupils: a covariance for every two waves where enough pupils have both; by the number of waves apart where enough
    have any two so far apart; else one for all. Units: one for every two where there are more of them than waves
    beyond what arms and covariates take, since one for all rejects up to 11 % of true nulls where units have courses of
    their own (docs/calibration_missing.md); else one for all. Simpler ones follow for a search that does not end.
    """
    who, everyone = pd.factorize(long.index)
    at = pd.Index(waves).get_indexer(long["wave"])
    wide = np.zeros((len(everyone), len(waves)), dtype=bool)
    wide[who[at >= 0], at[at >= 0]] = True
    together = wide.T.astype(float) @ wide
    n_waves, by_unit = len(waves), bool(long["unit"].notna().all())
    n_units = long["unit"].nunique() if by_unit else 0
    needed = PUPILS_PER_WAVE * n_waves + n_units + columns
    apart = [np.diagonal(together, k).sum() for k in range(1, n_waves)]
    pupils: list[Structure] = ["exchangeable"]
    if min(apart) >= needed:
        pupils.insert(0, "by_distance")
    if n_waves <= MOST_WAVES and together.min() >= needed:
        pupils.insert(0, "unstructured")
    if not by_unit:
        return [(structure, None) for structure in pupils]
    many = n_waves <= MOST_WAVES and n_units - columns > n_waves
    first: list[Structures] = [(pupils[0], "unstructured")] if many and pupils[0] == "unstructured" else []
    return [*first, *((structure, "exchangeable") for structure in pupils)]


def independent(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return columns with the same span, none of which follows from others."""
    size = np.sqrt((columns**2).sum(axis=0))
    scaled = columns[:, size > 0] / size[size > 0]
    _, R, order = qr(scaled, mode="economic", pivoting=True)
    kept = np.abs(np.diag(R)) > 1e-9
    return np.asarray(columns[:, size > 0][:, np.sort(order[: len(kept)][kept])])


def maintenance_ratio(late: Quantity, early: Quantity, their_sum: Quantity, level: float = 0.95) -> Quantity:
    """Share of the first effect that is left at a later wave, with Fieller's interval.

    `their_sum` is the test of both effects added, which carries their covariance. Without a clear first effect (its own
    interval holds 0) the ratio has no bounded interval and is not given. Fieller (1954). Checked against a simulation.
    """
    parts = (late, early, their_sum)
    if any(x.se is None or x.df is None for x in parts) or not (early.p is not None and early.p < 0.05):
        return not_computed("no_first_effect")
    v_late, v_early, v_sum = ((x.se or 0.0) ** 2 for x in parts)
    cov, ratio = (v_sum - v_late - v_early) / 2, late.value / early.value
    t = float(special.stdtrit(min(x.df or 1.0 for x in (late, early)), (1 + level) / 2))
    g = t**2 * v_early / early.value**2
    if g >= 1:
        return not_computed("no_first_effect")
    inside = v_late - 2 * ratio * cov + ratio**2 * v_early - g * (v_late - cov**2 / v_early)
    centre = (ratio - g * cov / v_early) / (1 - g)
    half = t / abs(early.value) * math.sqrt(max(inside, 0.0)) / (1 - g)
    return Quantity(ratio, ci_low=centre - half, ci_high=centre + half)


def _long(asked: Sequence[Question], *, with_start: bool) -> tuple[pd.DataFrame, list[str]]:
    """Return a row per pupil and wave of the arms compared, and the names of what is adjusted for."""
    q = asked[0]
    by_unit, blocked = q.unit.of_pupil is not None, bool(q.blocks.level)
    adjust_pre = q.adjusting.pre and not with_start
    needed = [*["unit"] * by_unit, *["block"] * blocked, *["pre"] * adjust_pre]
    rows = q.table.dropna(subset=needed)
    if blocked:
        arms_here = rows["arm"].groupby(rows["block"].astype(str)).transform("nunique")
        rows = rows.loc[arms_here == len(q.arms)]
    known = prepared(rows, [c for c in q.covariates if c not in q.adjusting.left_out], pre=adjust_pre)
    rows, names = known.table, list(known.columns)
    if adjust_pre:
        names.append("pre")
        if by_unit:
            rows = rows.assign(pre_of_unit=rows["pre"].groupby(rows["unit"].astype(str)).transform("mean"))
            names.append("pre_of_unit")
    if blocked:
        dummies = pd.get_dummies(rows["block"].astype(str), prefix="block", dtype=float).iloc[:, 1:]
        rows, names = rows.join(dummies), [*names, *dummies.columns]
    scores = {q.wave_to: q.everyone["post"] for q in asked}
    scores = {"": q.everyone["pre"], **scores} if with_start else scores
    parts = [rows.assign(wave=wave, y=score.reindex(rows.index)) for wave, score in scores.items()]
    return pd.concat(parts)[["arm", "unit", "wave", "y", *names]].dropna(subset=["y"]), names
