"""The headline rule: its numbers, its choice of slope, what it refuses and what it says of what it leaves out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats
from tests.statistics.unit_designs import pupils

from werkbank.errors import UsageError
from werkbank.statistics.multilevel import cluster_robust, cr2_test
from werkbank.statistics.unit_means import (
    adjust,
    choose_slope,
    compare,
    compare_many,
    compare_weightings,
    pairwise,
    pooled_variance,
)
from werkbank.statistics.units import stacked, units_of

R = json.loads((Path(__file__).parents[1] / "oracles" / "designs.json").read_text())
TWO = {"t": 1.0, "c": -1.0}


def by_hand(rows, arms):
    """The rule with the slope within classes, step by step."""
    dev = rows[["pre", "post"]] - rows.groupby("unit")[["pre", "post"]].transform("mean")
    b = (dev.pre * dev.post).sum() / (dev.pre**2).sum()
    means = rows.groupby(["arm", "unit"])[["pre", "post"]].mean()
    r = means.post - b * means.pre
    t, c = (r[a].to_numpy() for a in arms)
    return t, c


def test_the_slope_within_classes_step_by_step():
    rows = pupils({"c": 5, "t": 8}, seed=3, spread=2.0)
    found = compare(adjust(units_of(rows), "within"), TWO)
    t, c = by_hand(rows, "tc")
    v = np.array([t.var(ddof=1) / 8, c.var(ddof=1) / 5])
    welch = v.sum() ** 2 / (v**2 / [7, 4]).sum()
    bm = (1 / 8 + 1 / 5) ** 2 / (1 / (64 * 7) + 1 / (25 * 4))
    assert found.test.value == pytest.approx(t.mean() - c.mean(), rel=1e-10)
    assert found.test.se == pytest.approx(np.sqrt(v.sum()), rel=1e-10)
    assert found.test.df == pytest.approx(min(welch, bm), rel=1e-10)
    assert found.test.p == pytest.approx(
        2 * stats.t.sf(abs(found.test.value / found.test.se), min(welch, bm)), rel=1e-9
    )
    assert found.se_by_arm == pytest.approx({"t": v[0] ** 0.5, "c": v[1] ** 0.5}, rel=1e-9)


def test_with_equal_numbers_it_is_student_on_class_means():
    rows = pupils({"c": 6, "t": 6}, seed=5)
    found = compare(adjust(units_of(rows), "within"), TWO).test
    student = stats.ttest_ind(*by_hand(rows, "tc"))
    assert (found.statistic, found.df, found.p) == pytest.approx((student.statistic, 10, student.pvalue), rel=1e-9)
    assert (found.p < 0.05) == (not found.ci_low <= 0 <= found.ci_high)


def test_the_slope_between_class_means_is_hc2_of_their_regression():
    rows = pupils({"c": 7, "t": 10}, seed=8, spread=2.0)
    found = compare(adjust(units_of(rows), "between"), TWO)
    means = rows.groupby(["arm", "unit"])[["pre", "post"]].mean().reset_index()
    X = np.column_stack([means.arm == "c", means.arm == "t", means.pre]).astype(float)
    cr2 = cr2_test(cluster_robust(means.post, X, means.unit), [-1.0, 1.0, 0.0])
    fitted = smf.ols("post ~ arm + pre", means).fit(cov_type="HC2")
    assert found.test.se == pytest.approx(fitted.bse["arm[T.t]"], rel=1e-8)
    assert (found.test.value, found.test.se, found.df_bm) == pytest.approx((cr2.estimate, cr2.se, cr2.df), rel=1e-8)
    assert found.test.df == min(found.df_bm, found.df_welch)


@pytest.mark.parametrize("pair", ["DRTA_vs_Basal", "Strat_vs_Basal", "Strat_vs_DRTA"])
def test_pupils_assigned_one_by_one_have_rs_hc2(baumann, pair):
    first, second = pair.split("_vs_")
    rows = baumann[baumann.group.isin([first, second])].assign(pupil=lambda d: d.index.astype(str))
    units = units_of(rows, "post_test_1", pre="pretest_1", unit="pupil", arm="group")
    adjusted = adjust(units, "between", units_per_covariate=0)
    found, want = compare(adjusted, {first: 1.0, second: -1.0}), R["baumann1"][pair]
    assert (found.test.value, found.test.se) == pytest.approx((want["b_treat"], want["se_treat_HC2"]), rel=1e-9)
    ordinary = pooled_variance(adjusted, {first: 1.0, second: -1.0})
    assert (ordinary.value, ordinary.se, ordinary.df) == pytest.approx(
        (want["b_treat"], want["se"], want["df"]), rel=1e-9
    )


def test_three_arms_lend_their_slope_and_not_their_spread(baumann):
    rows = baumann.assign(pupil=baumann.index.astype(str))
    adjusted = adjust(units_of(rows, "post_test_1", pre="pretest_1", unit="pupil", arm="group"), "between")
    ordinary, rule = (f(adjusted, {"DRTA": 1.0, "Strat": -1.0}) for f in (pooled_variance, compare))
    want = R["baumann1"]["pairs"]["Strat_minus_DRTA"]
    assert (-ordinary.value, ordinary.se, ordinary.df) == pytest.approx(
        (want["estimate"], want["SE"], want["df"]), rel=1e-9
    )
    assert rule.test.value == pytest.approx(1.590, abs=5e-4)
    assert rule.test.se == pytest.approx(0.7364886954, rel=1e-8)
    assert dict(zip(adjusted.units.arms, adjusted.means, strict=True)) == pytest.approx(
        R["baumann1"]["adjmean"], rel=1e-9
    )
    pairs = pairwise(adjusted)
    assert pairs["Strat", "DRTA"].test.value == pytest.approx(-rule.test.value, rel=1e-12)
    mean = compare(adjusted, {"DRTA": 1.0}).test
    assert (mean.value, round(mean.df, 6)) == pytest.approx((9.8147, 21), abs=2)


def test_further_pupil_level_covariates_join_the_slopes_within_classes():
    rows = pupils({"c": 5, "t": 6}, seed=9, covariates=["x"])
    rows["post"] += 3 * rows.x
    fitted = smf.ols("post ~ C(unit) + pre + x", rows).fit()
    assert units_of(rows, pupil_level=["x"]).within_slopes == pytest.approx(
        fitted.params[["pre", "x"]].to_numpy(), rel=1e-8
    )
    adjusted = adjust(units_of(rows, pupil_level=["x"]), "within")
    by_class = rows.groupby(["arm", "unit"])[["post", "pre", "x"]].mean()
    r = by_class.post - by_class.pre * fitted.params["pre"] - by_class.x * fitted.params["x"]
    assert compare(adjusted, TWO).test.value == pytest.approx(r["t"].mean() - r["c"].mean(), rel=1e-9)
    between = adjust(units_of(rows, pupil_level=["x"]), "between")
    assert (between.within, between.between) == (("x",), ("pre",))


def test_what_is_left_out_is_named():
    rows = pupils({"c": 10, "t": 10}, seed=2, unit_level=["size", "age", "city"]).assign(same=1.0)
    units = units_of(rows, pupil_level=["same"], unit_level=["size", "age", "city"])
    assert adjust(units, "within").left_out == {
        "same": "no_variation", "size": "within_slope_only", "age": "within_slope_only", "city": "within_slope_only",
    }  # fmt: skip
    between = adjust(units, "between")
    assert (between.between, between.left_out) == (
        ("pre", "size", "age"),
        {"same": "no_variation", "city": "too_many_for_units"},
    )
    assert adjust(units, "between", units_per_covariate=0).between == ("pre", "size", "age", "city")
    twice = units_of(rows.assign(months=rows.age * 12 + 3), unit_level=["age", "months"])
    assert adjust(twice, "between").left_out == {"months": "follows_from_others"}
    columns = (np.arange(20)[:, None] % 4 == np.arange(1, 4)).astype(float)
    of_block = rows.unit.str[1:].astype(int) % 4 * 1.0
    blocked = adjust(units_of(rows.assign(block=of_block), unit_level=["block"]), "between", columns=columns)
    assert (blocked.left_out, compare(blocked, TWO).refusal) == ({"block": "follows_from_others"}, "")
    assert compare(between, TWO).test.df < 20 - 4


@pytest.mark.parametrize(
    ("counts", "assigned", "drawn", "want"),
    [
        ((6, 6), 12, True, ("within", "drawn_few")),
        ((6, 6), 16, True, ("between", "drawn_many")),  # sixteen were assigned, twelve are left
        ((2, 2), 4, True, ("within", "drawn_few")),
        ((3, 3), 6, False, ("between", "not_drawn")),
        ((2, 9), 11, False, (None, "not_drawn_too_few_units")),
    ],
)
def test_the_slope_is_chosen_by_the_design_alone(counts, assigned, drawn, want):
    choice = choose_slope(counts, drawn=drawn, assigned=assigned)
    assert (choice.slope, choice.reason) == want


@pytest.mark.parametrize(
    ("arms", "slope", "refusal"),
    [
        ({"c": 1, "t": 5}, "within", "too_few_units"),
        ({"c": 2, "t": 3}, "within", "two_against_more"),
        ({"c": 2, "t": 2}, "within", ""),
        ({"c": 2, "t": 2}, "between", "too_few_for_slope"),
        ({"c": 3, "t": 3}, "between", ""),
    ],
)
def test_what_no_test_can_carry_is_refused_with_the_difference_kept(arms, slope, refusal):
    found = compare(adjust(units_of(pupils(arms)), slope), TWO)
    assert found.refusal == found.test.note == refusal
    assert np.isfinite(found.test.value)
    assert (found.test.p is None) == bool(refusal)


def test_not_drawn_and_few_gives_differences_and_no_test():
    units = units_of(pupils({"c": 2, "t": 2}))
    found = compare(adjust(units, choose_slope(units.counts.values(), drawn=False, assigned=4)), TWO)
    raw = dict(zip(units.labels, units.y, strict=True))
    assert found.refusal == "not_drawn_too_few_units"
    assert found.test.value == pytest.approx((raw["c02"] + raw["c03"] - raw["c00"] - raw["c01"]) / 2, rel=1e-10)
    assert found.test.se is None


def test_a_covariate_that_singles_a_class_out_or_is_the_arm_is_refused():
    rows = pupils({"c": 10, "t": 10}, seed=4)
    alone = adjust(units_of(rows.assign(v=(rows.unit == "c03").astype(float)), unit_level=["v"]), "between")
    assert compare(alone, TWO).refusal == "leverage_of_one"
    arm = adjust(units_of(rows.assign(v=(rows.arm == "t").astype(float)), unit_level=["v"]), "between")
    assert compare(arm, TWO).refusal == "not_estimable"
    flat = adjust(units_of(rows.assign(post=3.0)), "within")
    assert compare(flat, TWO).refusal == "no_residual_variation"


def test_warnings_say_what_weakens_a_test():
    def noted(arms, change=lambda d: d, seed=1):
        return compare(adjust(units_of(change(pupils(arms, seed=seed))), "within"), TWO).warnings

    assert noted({"c": 8, "t": 8}) == ()
    assert noted({"c": 3, "t": 3}) == ("few_units",)
    assert noted({"c": 3, "t": 9}) == ("few_units", "unequal_numbers")
    skewed = noted({"c": 8, "t": 8}, lambda d: d.assign(post=d.post + 60 * d.unit.isin(["c01", "c12"])))
    assert skewed == ("skewed_units",)


def test_without_a_pre_test_it_is_the_difference_of_class_means():
    rows = pupils({"c": 4, "t": 6}, seed=6)
    units = units_of(rows, pre=None)
    welch = stats.ttest_ind(units.y[units.arm == 1], units.y[units.arm == 0], equal_var=False)
    for slope in ("within", "between"):
        found = compare(adjust(units, slope), TWO)
        assert found.test.statistic == pytest.approx(welch.statistic, rel=1e-9)
        assert found.df_welch == pytest.approx(welch.df, rel=1e-9)


def test_counting_pupils_is_another_question_and_a_disagreement_is_named():
    rng = np.random.default_rng(3)
    rows = pupils({"c": 12, "t": 12}, seed=11, sizes=(4, 40))
    n = rows.groupby("unit").pre.transform("size")
    rows["post"] = rng.normal(size=len(rows)) + (rows.arm == "t") * (n - 20) / 10
    units = units_of(rows, pre=None)
    found = compare_weightings(units, "within", TWO)
    X = np.column_stack([rows.arm == "c", rows.arm == "t"]).astype(float)
    cr2 = cr2_test(cluster_robust(rows.post, X, rows.unit), [-1.0, 1.0])
    assert (found.pupils.test.value, found.pupils.test.se) == pytest.approx((cr2.estimate, cr2.se), rel=1e-8)
    assert found.pupils.test.df == pytest.approx(min(cr2.df, found.pupils.df_welch), rel=1e-8)
    assert found.gap.value == pytest.approx(found.units.test.value - cr2.estimate, rel=1e-8)
    assert found.disagreement in {"size", "conclusion", "direction"}
    alike = compare_weightings(units_of(pupils({"c": 8, "t": 8}, sizes=(9, 9))), "within", TWO)
    assert alike.units.test.value == pytest.approx(alike.pupils.test.value, rel=1e-10)
    assert (alike.disagreement, alike.gap.p) == ("", None)


def test_origin_scale_order_and_labels_do_not_matter():
    rows = pupils({"c": 5, "t": 7}, seed=13)
    moved = rows.assign(post=rows.post * 10 + 1e6, pre=rows.pre / 7 - 1e4).sample(frac=1, random_state=1)
    for slope in ("within", "between"):
        a, b = (compare(adjust(units_of(d), slope), TWO).test for d in (rows, moved))
        assert (b.value, b.se, b.df, b.p) == pytest.approx((10 * a.value, 10 * a.se, a.df, a.p), rel=1e-6)


def test_what_is_wrong_with_the_table_is_said():
    rows = pupils({"c": 3, "t": 3}, covariates=["x"])
    with pytest.raises(UsageError, match="no rows"):
        units_of(rows.iloc[:0])
    with pytest.raises(UsageError, match="1 of pre"):
        units_of(rows.assign(pre=rows.pre.where(rows.index > 0)))
    with pytest.raises(UsageError, match="two arms: c00"):
        units_of(rows.assign(arm=np.where(rows.index == 0, "t", rows.arm)))
    with pytest.raises(UsageError, match="differs within a unit: x"):
        units_of(rows, unit_level=["x"])
    with pytest.raises(UsageError, match="no units in arm z"):
        compare(adjust(units_of(rows), "within"), {"t": 1.0, "z": -1.0})


def test_completed_copies_side_by_side_are_each_of_them_alone():
    rows = pupils({"c": 5, "t": 7}, seed=3, covariates=["x"])
    copies = [rows.assign(post=rows.post + k * rows.x, pre=rows.pre - k * rows.x) for k in range(3)]
    several = [units_of(d, pupil_level=["x"]) for d in copies]
    for slope in ("within", "between"):
        found, df = compare_many(adjust(stacked(several), slope), TWO)
        alone = [compare(adjust(u, slope), TWO).test for u in several]
        assert found.value == pytest.approx([q.value for q in alone], rel=1e-9)
        assert found.se == pytest.approx([q.se for q in alone], rel=1e-9)
        assert df == pytest.approx([q.df for q in alone], rel=1e-9)
    with pytest.raises(UsageError, match="same units"):
        stacked([several[0], units_of(rows)])
    with pytest.raises(UsageError, match="changes its arm"):
        stacked([several[0], units_of(rows.assign(arm=rows.arm.map({"c": "t", "t": "c"})), pupil_level=["x"])])


def test_units_keep_their_pupils():
    units = units_of(pupils({"c": 3, "t": 4}))
    assert units.counts == {"c": 3, "t": 4}
    kept = units.only(np.array([True, False, True, True, True, True, False]))
    assert (kept.counts, len(kept.labels), kept.y.shape) == ({"c": 2, "t": 3}, 5, (5,))
    assert isinstance(pd.Series(units.sizes).sum(), float)
