"""Three or more waves in one model: what was gained, and what was kept of it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import special

from werkbank.effects.leading import answered
from werkbank.errors import Problem, UnfitError
from werkbank.statistics import multilevel
from werkbank.statistics.quantity import Quantity, not_computed, of_contrast_test

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkbank.effects.comparison import Weights
    from werkbank.effects.questions import Question
    from werkbank.results import Estimate

FEWEST = 2  # units in an arm


def over_waves(asked: Sequence[Question]) -> list[Estimate]:
    """Answer the questions of one outcome and contrast, from one start to two or more later waves, together.

    Returns
    -------
    list of Estimate
        ``waves_model`` per later wave, with every pupil who has a score in any wave (missing at random), beside the
        lead and never in its place: it is as wrong as any model with one spread for all arms where these differ. And
        ``maintenance_ratio`` of each wave after the first later one, by the lead's own rule among pupils with all three
        scores. Fewer than three waves: UnfitError.
    """
    three_waves(asked)
    first = asked[0]
    long = _long(asked)
    model = WavesModel(long, first.weights, [q.wave_to for q in asked], constrained=first.randomised)
    n, units = long.index.nunique(), long["unit"].nunique() if first.unit.of_pupil is not None else None
    found = [model.effect([q.wave_to]) for q in asked]
    bare = bool(first.adjusting.columns or first.blocks.level)
    found = [replace(x, note=x.note or "waves_unadjusted") if bare else x for x in found]
    made = [q.estimate("waves_model", effect, n, units) for q, effect in zip(asked, found, strict=True)]
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


class WavesModel:
    """y ~ wave + arm within later waves + (1 | unit) + (1 | unit:wave) + (1 | pupil), REML, Kenward-Roger.

    Parameters
    ----------
    long : DataFrame
        Indexed by pupil: arm, unit (NA where pupils were assigned), wave ("" is the start), y without missing values.
    weights : mapping
        The contrast, as in `comparison`.
    later : sequence of str
        The waves after the start, in order.
    constrained : bool
        One mean for all arms at the start: right for arms drawn by lot, and then as precise as adjusting. Otherwise the
        effect at a wave is the difference in change from the start.

    Notes
    -----
    The term per unit and wave is what makes the test right where classes were assigned: without it a true null is
    rejected about 29 % of the time with 8 classes. Checked against lme4 and pbkrtest (tests/oracles/effects.R).
    """

    def __init__(self, long: pd.DataFrame, weights: Weights, later: Sequence[str], *, constrained: bool) -> None:
        self.later, self.constrained, self.weights = list(later), constrained, weights
        self.start = [] if constrained else [""]
        waves = ["", *self.later]
        columns = [(long["wave"] == w).to_numpy(float) for w in waves]
        self._arms = list(weights)[:-1]  # the last arm is what the others are compared with
        for wave in [*self.start, *self.later]:
            here = (long["wave"] == wave).to_numpy()
            columns += [(here & (long["arm"] == arm).to_numpy()).astype(float) for arm in self._arms]
        self._offset, X = len(waves), np.column_stack(columns)
        by_unit = bool(long["unit"].notna().all())
        groups = {"unit": long["unit"].astype(str)} if by_unit else {}
        groups["pupil"] = pd.Series(long.index.astype(str), long.index)
        self.fit = None
        if np.linalg.matrix_rank(X) == X.shape[1] and len(multilevel.identifiable(groups)[0]) == len(groups):
            terms = {"waves": long["wave"].to_numpy(), "waves_of": ["unit"]} if by_unit else {}
            self.fit = multilevel.fit(long["y"], X, groups, **terms)

    def effect(self, waves: Sequence[str]) -> Quantity:
        """Test the contrast at one later wave, or the sum of the contrasts at several."""
        if self.fit is None:
            return not_computed("not_testable_by_model")
        row = np.zeros(len(self.fit.names))
        blocks = [*self.start, *self.later]
        for wave in waves:
            for k, arm in enumerate(self._arms):
                row[self._offset + blocks.index(wave) * len(self._arms) + k] += self.weights[arm]
                if self.start:
                    row[self._offset + k] -= self.weights[arm]
        return of_contrast_test(multilevel.test(self.fit, row))


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


def _long(asked: Sequence[Question]) -> pd.DataFrame:
    table = asked[0].table
    parts = [table.assign(wave="", y=table["pre"]), *(q.table.assign(wave=q.wave_to, y=q.table["post"]) for q in asked)]
    needed = ["y", "unit"] if asked[0].unit.of_pupil is not None else ["y"]
    return pd.concat(parts)[["arm", "unit", "wave", "y"]].dropna(subset=needed)
