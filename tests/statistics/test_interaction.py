"""For whom: against cluster-robust least squares with a column per class, the definition, and simulation."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from tests.statistics.unit_designs import pupils

from werkbank.errors import UsageError
from werkbank.statistics.class_crossproducts import cross_contrast, cross_fit
from werkbank.statistics.interaction import (
    interaction_between,
    interaction_of_blocks,
    interaction_within,
    moderated_classes,
)
from werkbank.statistics.multilevel import cluster_robust, cr2_test
from werkbank.statistics.units import units_of

TWO = {"t": 1.0, "c": -1.0}
ORACLES = Path(__file__).parents[1] / "oracles"
DESIGNS = {d["name"]: d for d in json.loads((ORACLES / "multilevel_kr.json").read_text())}
CR2 = json.loads((ORACLES / "multilevel_cr2_means.json").read_text())


def crossed(X, y, clusters):
    wide = np.column_stack([X, y])
    sums = np.stack([wide[clusters == g].T @ wide[clusters == g] for g in np.unique(clusters)])
    return sums[:, :-1, :-1], sums[:, :-1, -1]


@pytest.mark.parametrize("want", CR2, ids=[d["name"] for d in CR2])
def test_cr2_from_cross_products_is_that_of_clubsandwich(want):
    design = DESIGNS[want["name"]]
    X = np.column_stack([design["X"][name] for name in ("Intercept", "arm", "pre")])
    y, c = np.array(design["data"]["y"]), np.array(design["data"]["class"])
    fit = cross_fit(*crossed(X, y, c), np.zeros(len(np.unique(c)), dtype=int))
    for i in range(3):
        value, parts, df, _ = cross_contrast(fit, np.eye(3)[i])
        expected = [want["cr2"][key][i] for key in ("b", "se", "df")]
        assert [float(value), float(parts.sum()) ** 0.5, float(df)] == pytest.approx(expected, rel=1e-6)
    assert np.sqrt(np.diag(fit.covariance())) == pytest.approx(want["cr2"]["se"], rel=1e-6)


@pytest.mark.parametrize("moderator", ["x", "pre"])
def test_it_is_the_model_with_a_column_per_class_and_cr2(moderator):
    rows = pupils({"c": 4, "t": 7}, seed=3, covariates=["x"])
    found = interaction_within(moderated_classes(rows, moderator), TWO, [0.0])
    treated = (rows.arm == "t").to_numpy(float)
    m = rows[moderator].to_numpy()
    columns = [pd.get_dummies(rows.unit, dtype=float), m * treated, m, *([rows.pre] if moderator == "x" else [])]
    X = np.column_stack(columns)
    cr2 = cr2_test(cluster_robust(rows.post, X, rows.unit), np.eye(X.shape[1])[11])
    got = (found.interaction.value, found.interaction.se, found.df_bm)
    assert got == pytest.approx((cr2.estimate, cr2.se, cr2.df), rel=1e-7)
    assert found.interaction.df == min(found.df_bm, found.df_welch)
    formula = f"post ~ C(unit) + arm:{moderator}" + (" + pre" if moderator == "x" else "")
    fitted = smf.ols(formula, rows).fit()
    slopes = {arm: fitted.params[f"arm[{arm}]:{moderator}"] for arm in "ct"}
    assert {arm: q.value for arm, q in found.slopes.items()} == pytest.approx(slopes, rel=1e-8)


def test_welchs_df_come_from_the_arms_own_slopes():
    rows = pupils({"c": 4, "t": 7}, seed=3)
    found = interaction_within(moderated_classes(rows, "pre"), TWO, [50.0])
    alone = []
    for arm in "ct":
        part = rows[rows.arm == arm]
        X = np.column_stack([pd.get_dummies(part.unit, dtype=float), part.pre])
        alone.append(cr2_test(cluster_robust(part.post, X, part.unit), np.eye(X.shape[1])[-1]).se ** 2)
    v = np.array(alone)
    assert found.df_welch == pytest.approx(v.sum() ** 2 / (v**2 / [3, 6]).sum(), rel=1e-7)
    assert found.interaction.se == pytest.approx(v.sum() ** 0.5, rel=1e-8)


def difference_by_hand(rows, moderator, x):
    """The difference at x, and its variance from each class's part in level and slope."""
    value, variance = 0.0, 0.0
    for arm, sign in (("t", 1), ("c", -1)):
        part = rows[rows.arm == arm]
        classes = part.groupby("unit")
        dev = part[[moderator, "post"]] - classes[[moderator, "post"]].transform("mean")
        sxx = (dev[moderator] ** 2).groupby(part.unit).sum()
        sxy = (dev[moderator] * dev.post).groupby(part.unit).sum()
        b, means, n = sxy.sum() / sxx.sum(), classes[[moderator, "post"]].mean(), classes.ngroups
        centre = means[moderator].mean()
        r = means.post - b * (means[moderator] - centre)
        level = (r - r.mean()) / n / np.sqrt(1 - 1 / n)
        slope = (sxy - b * sxx) / sxx.sum() / np.sqrt(1 - sxx / sxx.sum())
        value += sign * (r.mean() + b * (x - centre))
        variance += ((level + (x - centre) * slope) ** 2).sum()
    return value, variance**0.5


def test_differences_along_the_moderator_follow_their_definition():
    rows = pupils({"c": 5, "t": 6}, seed=9)
    found = interaction_within(moderated_classes(rows, "pre"), TWO, [30.0, 50.0, 71.5])
    for x, effect in found.effects.items():
        assert (effect.value, effect.se) == pytest.approx(difference_by_hand(rows, "pre", x), rel=1e-8)
        assert effect.df == found.df_effects
    low, high = found.effects[30.0], found.effects[50.0]
    assert (high.value - low.value) / 20 == pytest.approx(found.interaction.value, rel=1e-8)


def test_at_the_borders_of_johnson_and_neyman_an_interval_ends_at_zero():
    rows = pupils({"c": 10, "t": 10}, seed=9)
    rows["post"] += (rows.arm == "t") * (rows.pre - 50) * 0.6
    region = interaction_within(moderated_classes(rows, "pre"), TWO, [50.0]).region
    assert not region.between
    at = interaction_within(
        moderated_classes(rows, "pre"), TWO, [region.low, region.high, region.low - 5, 50.0]
    ).effects
    assert at[region.low].ci_high == pytest.approx(0, abs=1e-8)
    assert at[region.high].ci_low == pytest.approx(0, abs=1e-8)
    assert at[region.low - 5].p < 0.05 < at[50.0].p
    none = interaction_within(moderated_classes(pupils({"c": 6, "t": 6}, seed=1), "pre"), TWO, [50.0]).region
    assert none.note == "nowhere" or none.low < none.high
    everywhere = rows.assign(post=rows.post + 100 * (rows.arm == "t") - (rows.arm == "t") * (rows.pre - 50) * 0.6)
    found = interaction_within(moderated_classes(everywhere, "pre"), TWO, [50.0])
    assert found.effects[50.0].p < 1e-6


def test_what_cannot_be_moderated_is_refused():
    def note(rows, moderator="pre"):
        return interaction_within(moderated_classes(rows, moderator), TWO, [0.0]).interaction.note

    rows = pupils({"c": 4, "t": 4}, covariates=["x"], unit_level=["v"])
    assert note(pupils({"c": 1, "t": 4})) == "too_few_units"
    assert note(pupils({"c": 2, "t": 4})) == "two_against_more"
    assert note(rows, "v") == "no_variation"
    assert note(rows.assign(x=np.where(rows.unit.isin(["c00", "c04"]), rows.x, 1.0)), "x") == "one_class_decides"
    assert note(rows.assign(x=rows.pre * 2), "x") == "not_estimable"
    assert note(rows.assign(post=7.1), "x") == "no_residual_variation"
    with pytest.raises(UsageError, match="sum to 0"):
        interaction_within(moderated_classes(rows, "x"), {"t": 1.0}, [0.0])
    with pytest.raises(UsageError, match="no classes in arm z"):
        interaction_within(moderated_classes(rows, "x"), {"t": 1.0, "z": -1.0}, [0.0])
    with pytest.raises(UsageError, match="two arms"):
        moderated_classes(rows.assign(arm=np.where(rows.index == 0, "t", rows.arm)), "x")
    assert interaction_within(moderated_classes(rows, "x"), TWO, [0.0]).warnings == ("few_classes",)


def test_a_property_of_the_class_is_hc2_of_class_means_with_arm_by_moderator():
    rows = pupils({"c": 6, "t": 8}, seed=5, unit_level=["v"])
    units = units_of(rows, unit_level=["v"])
    found = interaction_between(units, "v", TWO, [-1.0, 0.5])
    means = rows.groupby(["arm", "unit"])[["post", "pre", "v"]].mean().reset_index()
    fitted = smf.ols("post ~ arm * v + pre", means).fit(cov_type="HC2")
    got = (found.interaction.value, found.interaction.se)
    assert got == pytest.approx((fitted.params["arm[T.t]:v"], fitted.bse["arm[T.t]:v"]), rel=1e-7)
    for x, effect in found.effects.items():
        at = fitted.t_test(f"arm[T.t] + {x} * arm[T.t]:v = 0")
        assert (effect.value, effect.se) == pytest.approx((at.effect.item(), at.sd.item()), rel=1e-7)
    c, t = ((means.arm == arm).to_numpy(float) for arm in "ct")
    X = np.column_stack([c, t, means.v * c, means.v * t, means.pre])
    cr2 = cr2_test(cluster_robust(means.post, X, means.unit), np.array([0, 0, -1.0, 1.0, 0]))
    assert found.df_bm == pytest.approx(cr2.df, rel=1e-7)
    few = units_of(pupils({"c": 3, "t": 8}, unit_level=["v"]), unit_level=["v"])
    assert interaction_between(few, "v", TWO, [0.0]).interaction.note == "too_few_for_moderation"
    flat = units_of(rows.assign(v=1.0), unit_level=["v"])
    assert interaction_between(flat, "v", TWO, [0.0]).interaction.note == "not_estimable"


def test_what_blocks_share_is_least_squares_of_their_differences_with_hc2():
    rng = np.random.default_rng(11)
    D, x, z = rng.normal(size=9), rng.exponential(size=9), rng.normal(size=(9, 1))
    found = interaction_of_blocks(D, x, [0.0, 2.0], beside=z)
    X = np.column_stack([np.ones(9), x, z])
    robust = sm.OLS(D, X).fit(cov_type="HC2")
    clubs = cluster_robust(D, X, [str(i) for i in range(9)])
    for made, row in ((found.interaction, [0, 1, 0]), (found.effects[2.0], [1, 2, 0])):  # 0: where arms start alike
        assert made.value == pytest.approx(robust.params @ row)
        assert made.se == pytest.approx(np.sqrt(row @ robust.cov_params() @ row))
    known = cr2_test(clubs, [0, 1, 0])
    assert (found.interaction.se, found.interaction.df) == pytest.approx((known.se, known.df))
    assert found.slopes == {}


def test_what_blocks_share_is_refused_where_it_cannot_be_told():
    few = interaction_of_blocks([1.0, 2, 0, 1], [0.0, 1, 2, 3], [0.0])
    assert few.interaction.note == "too_few_for_moderation"
    alone = interaction_of_blocks([1.0, 2, 0, 1, 3, 2], [0.0, 0, 0, 0, 0, 1], [0.0])
    assert alone.interaction.note == "leverage_of_one"
    assert not alone.effects
    same = interaction_of_blocks([1.0, 2, 0, 1, 3, 2], [1.0] * 6, [0.0])
    assert same.interaction.note == "not_estimable"


@pytest.mark.parametrize("unequal", [1.0, 3.0])
def test_what_blocks_share_rejects_no_more_than_it_says(unequal):
    rng = np.random.default_rng(12)
    spread = np.where(np.arange(6) % 2, unequal, 1.0)
    p = [
        interaction_of_blocks(rng.normal(size=6) * spread, rng.normal(size=6), [0.0]).interaction.p for _ in range(400)
    ]
    assert np.mean(np.array(p) < 0.05) < 0.05 + 2 * np.sqrt(0.05 * 0.95 / 400)
