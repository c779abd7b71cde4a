"""Adjusted and unadjusted differences between arms, against R's lm."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from werkbank.effects.comparison import (
    adjusted_g,
    ancova,
    gain_difference,
    normalised,
    post_difference,
    standardised_gain,
)
from werkbank.effects.units import unit_means
from werkbank.statistics.linear import least_squares


def table_of(data, pre, post, group="group"):
    return pd.DataFrame({"arm": data[group], "pre": data[pre].astype(float), "post": data[post].astype(float)})


@pytest.mark.parametrize("pair", ["DRTA_vs_Basal", "Strat_vs_Basal", "Strat_vs_DRTA"])
def test_ancova_and_gain_match_r_on_baumann(reference, baumann, pair):
    treated, control = pair.split("_vs_")
    wanted, weights = reference["baumann1"][pair], {treated: 1.0, control: -1.0}
    table = table_of(baumann, "pretest_1", "post_test_1")
    b = ancova(table, weights)
    names = ("b_treat", "se", "t", "df", "p", "ci_low", "ci_high")
    assert (b.value, b.se, b.statistic, b.df, b.p, b.ci_low, b.ci_high) == pytest.approx(
        tuple(wanted["ancova"][k] for k in names), rel=1e-7
    )
    gain = gain_difference(table, weights)
    assert (gain.value, gain.se, gain.df, gain.p) == pytest.approx(
        tuple(wanted["gain_lm"][k] for k in ("b", "se", "df", "p")), rel=1e-7
    )
    after = post_difference(table, weights)
    student = wanted["post"]["student"]
    assert (after.p, after.ci_low, after.ci_high) == pytest.approx(
        (student["p"], student["ci_low"], student["ci_high"]), rel=1e-7
    )
    g = adjusted_g(b, table, weights)
    assert g.value == pytest.approx(wanted["ancova"]["d_adj"], rel=1e-9)
    assert (g.ci_low > 0 or g.ci_high < 0) == (b.p < 0.05)


@pytest.mark.parametrize(("data", "contrast"), [("baumann2", "DRTA - Basal"), ("baumann2", "Strat - Basal")])
def test_baumann2_matches_r(pinned, baumann, data, contrast):
    check(pinned[data][contrast], table_of(baumann, "pretest_2", "post_test_2"), contrast)


@pytest.mark.parametrize("contrast", ["CBT - Cont", "FT - Cont"])
def test_anorexia_matches_r(pinned, shared, contrast):
    data = pd.read_csv(shared / "data/MASS_anorexia.csv")
    check(pinned["anorexia"][contrast], table_of(data, "Prewt", "Postwt", "Treat"), contrast)


def check(wanted, table, contrast):
    weights = dict(zip(contrast.split(" - "), (1.0, -1.0), strict=True))
    b, gain = ancova(table, weights), gain_difference(table, weights)
    assert (b.value, b.se, b.statistic, b.p, b.ci_low, b.ci_high) == pytest.approx(
        tuple(wanted["ancova"].values()), rel=1e-7
    )
    assert (gain.value, gain.se, gain.statistic, gain.p) == pytest.approx(tuple(wanted["gain"].values()), rel=1e-7)
    assert adjusted_g(b, table, weights).value == pytest.approx(wanted["g_adjusted"], rel=1e-7)


def test_planned_contrast_of_three_arms_is_one_model(pinned, baumann):
    weights = normalised({"DRTA": 1, "Strat": 1, "Basal": -2})
    assert weights == {"DRTA": 0.5, "Strat": 0.5, "Basal": -1}
    b = ancova(table_of(baumann, "pretest_1", "post_test_1"), weights)
    assert (b.value, b.se, b.df) == pytest.approx(tuple(pinned["three_arms"]["ancova"].values()), rel=1e-9)


def test_three_arm_model_matches_emmeans(reference, baumann):
    table = table_of(baumann, "pretest_1", "post_test_1")
    for pair, wanted in reference["omnibus"]["pairs_none"].items():
        one, other = pair.split("_minus_")
        third = ({"Basal", "DRTA", "Strat"} - {one, other}).pop()
        b = ancova(table, {one: 1.0, other: -1.0, third: 0.0})
        assert (b.value, b.se, b.p) == pytest.approx(tuple(wanted[k] for k in ("estimate", "SE", "p.value")), rel=1e-7)


def test_covariates_of_text_and_constants(pinned):
    data = pd.DataFrame(pinned["covariates"]["data"])
    data["arm"] = data["arm"].map({1: "T", 0: "C"})
    b = ancova(data, {"T": 1.0, "C": -1.0}, ("age", "sex", "school"))
    wanted = pinned["covariates"]
    assert (b.value, b.se, b.df) == pytest.approx((wanted["b"], wanted["se"], wanted["df"]), rel=1e-9)


def test_class_means_match_r(pinned):
    data = pd.DataFrame(pinned["classes"]["data"]).rename(columns={"class": "unit"})
    data["arm"] = data["arm"].map({1: "T", 0: "C"})
    means, weights = unit_means(data, ["pre", "post"]), {"T": 1.0, "C": -1.0}
    for made, wanted in ((ancova(means, weights), "ancova"), (gain_difference(means, weights), "gain")):
        assert (made.value, made.se, made.statistic, made.p) == pytest.approx(
            tuple(pinned["classes"][wanted]), rel=1e-9
        )
    assert post_difference(means, weights).p == pytest.approx(pinned["classes"]["post"]["p"], rel=1e-9)
    in_sds = standardised_gain(gain_difference(means, weights), data, weights)
    assert in_sds.value / in_sds.se == pytest.approx(gain_difference(means, weights).statistic, rel=1e-9)


def test_an_arm_that_is_also_a_covariate_is_not_estimable():
    data = pd.DataFrame({"arm": list("TTTCCC"), "pre": [1.0, 2, 3, 1, 2, 4], "post": [2.0, 3, 5, 1, 2, 3]})
    data["site"] = data["arm"]
    made = ancova(data, {"T": 1.0, "C": -1.0}, ["site"])
    assert made.note == "not_estimable"
    assert math.isnan(made.value)


def test_too_few_rows_give_a_value_without_a_test():
    data = pd.DataFrame({"arm": ["T", "C", "C"], "pre": [1.0, 2, 3], "post": [2.0, 3, 5]})
    made = ancova(data, {"T": 1.0, "C": -1.0})
    assert made.p is None
    assert made.note == "no_degrees_of_freedom"
    flat = data.assign(post=[1.0, 1.0, 1.0])
    assert post_difference(flat, {"T": 1.0, "C": -1.0}).note == "no_residual_variation"


def test_change_and_post_give_the_same_adjusted_difference(baumann):
    table = table_of(baumann, "pretest_1", "post_test_1")
    changed = table.assign(post=table["post"] - table["pre"])
    weights = {"DRTA": 1.0, "Basal": -1.0}
    assert ancova(table, weights).value == pytest.approx(ancova(changed, weights).value, rel=1e-9)
    assert ancova(table, weights).p == pytest.approx(ancova(changed, weights).p, rel=1e-9)


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 100), st.floats(-50, 50))
def test_shift_and_scale_change_neither_test_nor_adjusted_g(seed, scale, shift):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"arm": ["T"] * 7 + ["C"] * 9, "pre": rng.normal(size=16), "post": rng.normal(size=16)})
    other = table.assign(pre=table["pre"] * scale + shift, post=table["post"] * scale + shift)
    weights = {"T": 1.0, "C": -1.0}
    b, c = ancova(table, weights), ancova(other, weights)
    assert b.p == pytest.approx(c.p, rel=1e-6)
    assert b.value * scale == pytest.approx(c.value, rel=1e-6, abs=1e-9)
    assert adjusted_g(b, table, weights).value == pytest.approx(adjusted_g(c, other, weights).value, rel=1e-6)
    assert (b.ci_low > 0 or b.ci_high < 0) == (b.p < 0.05)
    backwards = ancova(table, {"C": 1.0, "T": -1.0})
    assert backwards.value == pytest.approx(-b.value, rel=1e-9)


def test_least_squares_is_exact_where_the_fit_is_perfect():
    x = np.arange(6.0)
    fit = least_squares(2 + 3 * x, np.column_stack([np.ones(6), x]))
    assert fit.b == pytest.approx([2, 3])
    assert fit.variance == 0
