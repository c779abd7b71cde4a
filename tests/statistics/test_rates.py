"""Shares and counts: the rule's difference, ratios by the delta method, and a generalised model that knows classes."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from tests.statistics.unit_designs import pupils

from werkbank.statistics.multilevel import cluster_robust, cr2_test
from werkbank.statistics.rates import compare_rates, generalised, working_problem
from werkbank.statistics.unit_means import adjust, compare
from werkbank.statistics.units import units_of

TWO = {"t": 1.0, "c": -1.0}


def shares(arms, seed=1, **settings):
    rows = pupils(arms, seed=seed, **settings)
    return rows.assign(post=(rows.post > 30 + 3 * (rows.arm == "c")).astype(float))


def counts(arms, seed=1):
    rows = pupils(arms, seed=seed)
    rate = np.exp((rows.post - 35) / 20)
    return rows.assign(post=np.random.default_rng(seed).poisson(rate).astype(float))


def test_the_difference_is_the_rule_and_the_ratio_is_that_of_the_same_means():
    rows = shares({"c": 5, "t": 8})
    adjusted = adjust(units_of(rows), "within")
    found = compare_rates(adjusted, TWO, shares=True)
    assert found.difference == compare(adjusted, TWO)
    c, t = adjusted.means
    assert found.ratio.ratio.value == pytest.approx(t / c, rel=1e-10)
    assert found.odds_ratio.ratio.value == pytest.approx(t / (1 - t) / (c / (1 - c)), rel=1e-10)
    se = found.difference.se_by_arm
    by_delta = math.sqrt((se["t"] / t) ** 2 + (se["c"] / c) ** 2)
    assert found.ratio.log.se == pytest.approx(by_delta, rel=1e-9)
    odds = math.sqrt((se["t"] / (t * (1 - t))) ** 2 + (se["c"] / (c * (1 - c))) ** 2)
    assert found.odds_ratio.log.se == pytest.approx(odds, rel=1e-9)
    assert (found.warnings, found.unsure) == ((), False)
    rare = rows.assign(post=rows.post * (np.arange(len(rows)) % 4 == 0))
    rarely = compare_rates(adjust(units_of(rare), "within"), TWO, shares=True)
    assert rarely.warnings == ("rare",)
    assert math.log(found.ratio.ratio.ci_low) == pytest.approx(found.ratio.log.ci_low, rel=1e-9)


def test_the_delta_method_is_the_derivative_also_with_a_slope_between():
    adjusted = adjust(units_of(shares({"c": 6, "t": 8})), "between")
    found, m = compare_rates(adjusted, TWO, shares=True), adjusted.means
    linear = compare(adjusted, {"t": 1 / m[1], "c": -1 / m[0]})
    assert found.ratio.log.se == pytest.approx(linear.test.se, rel=1e-9)
    assert found.ratio.log.df == pytest.approx(min(linear.df_bm, linear.df_welch), rel=1e-9)


@pytest.mark.parametrize("family", ["binomial", "poisson"])
def test_the_generalised_model_is_statsmodels_fit_with_cr2_of_its_working_problem(family):
    rows = shares({"c": 5, "t": 7}) if family == "binomial" else counts({"c": 5, "t": 7})
    found = generalised(rows, TWO, family)
    treated = (rows.arm == "t").to_numpy(float)
    X = np.column_stack([1 - treated, treated, rows.pre - rows.pre.mean()])
    kind = sm.families.Binomial() if family == "binomial" else sm.families.Poisson()
    theirs = sm.GLM(rows.post, X, family=kind).fit(tol=1e-12)
    assert found.log.value == pytest.approx(theirs.params.iloc[1] - theirs.params.iloc[0], rel=1e-8)
    mean = theirs.fittedvalues.to_numpy()
    weight = mean * (1 - mean) if family == "binomial" else mean
    z = X @ theirs.params.to_numpy() + (rows.post.to_numpy() - mean) / weight
    fit = cluster_robust(z * np.sqrt(weight), X * np.sqrt(weight)[:, None], rows.unit)
    cr2 = cr2_test(fit, np.array([-1.0, 1, 0]))
    assert found.log.se == pytest.approx(cr2.se, rel=1e-6)
    assert found.log.df <= cr2.df * (1 + 1e-6)


def test_with_classes_of_one_size_and_no_covariate_the_logit_is_the_delta_method_of_class_means():
    rows = shares({"c": 6, "t": 6}, sizes=(12, 12))
    model = generalised(rows, TWO, "binomial", covariates=[])
    means = compare_rates(adjust(units_of(rows, pre=None), "within"), TWO, shares=True).odds_ratio
    assert (model.log.value, model.log.se) == pytest.approx((means.log.value, means.log.se), rel=1e-8)
    rates = generalised(rows, TWO, "poisson", covariates=[])
    ratio = compare_rates(adjust(units_of(rows, pre=None), "within"), TWO, shares=True).ratio
    assert (rates.log.value, rates.log.se) == pytest.approx((ratio.log.value, ratio.log.se), rel=1e-8)


def test_what_has_no_ratio_says_so():
    rows = shares({"c": 4, "t": 4})
    none = rows.assign(post=np.where(rows.arm == "c", 0.0, rows.post))
    assert generalised(none, TWO, "binomial").log.note == "share_of_0_or_1"
    assert generalised(none, TWO, "poisson").log.note == "rate_of_zero"
    found = compare_rates(adjust(units_of(none, pre=None), None), TWO, shares=True)
    assert (found.ratio.log.note, found.odds_ratio.log.note) == ("rate_of_zero", "share_of_0_or_1")
    assert found.warnings == ("rare",)
    assert found.unsure == (found.difference.test.p < 0.05)  # there are no odds to confirm it
    assert found.difference.test.p is not None
    few = shares({"c": 1, "t": 4})
    assert generalised(few, TWO, "binomial").log.note == "too_few_units"
    assert compare_rates(adjust(units_of(few), "within"), TWO, shares=False).ratio.log.note == "too_few_units"
    assert generalised(rows.assign(pre=(rows.arm == "t") * 1.0), TWO, "binomial").log.note == "not_estimable"
    assert generalised(rows.assign(pre=rows.post), TWO, "binomial").log.note == "not_converged"
    assert compare_rates(adjust(units_of(rows), "within"), TWO, shares=False).odds_ratio is None
    alike = shares({"c": 4, "t": 4}, sizes=(4, 4)).assign(
        post=lambda d: (np.arange(len(d)) % 4 < 1 + (d.arm == "t")) * 1.0
    )
    assert generalised(alike, TWO, "binomial", covariates=[]).log.note == "no_residual_variation"


def test_perfect_separation_has_no_maximum():
    x = np.linspace(-1, 1, 20)
    assert working_problem(x > 0, np.column_stack([np.ones(20), x]), "binomial") is None


def of_classes(c, t, size=20):
    """Pupils of classes with so many of them a 1."""
    rows = [
        {"unit": f"{arm}{i}", "arm": arm, "post": float(j < n)}
        for arm, counts in (("c", c), ("t", t))
        for i, n in enumerate(counts)
        for j in range(size)
    ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("c", "t", "expected"),
    [
        ((2, 3, 2, 3, 2, 3, 2, 2, 3), (1, 0, 0), True),  # rare, the difference is clear and the odds are not
        ((9, 10, 9, 10, 9, 10, 9, 9, 10), (4, 5, 4), False),  # not rare
        ((4, 3, 4, 3, 4, 3, 4, 4, 3), (1, 1, 1, 2, 1, 1, 1, 1, 1), False),  # rare, both are clear
        ((2, 3, 2, 3, 2, 3, 2, 2, 3), (2, 3, 2), False),  # rare, nothing to be sure of
    ],
)
def test_a_difference_of_rare_shares_is_unsure_where_the_odds_do_not_agree(c, t, expected):
    found = compare_rates(adjust(units_of(of_classes(c, t), pre=None), None), TWO, shares=True)
    p, odds = found.difference.test.p, found.odds_ratio.log.p
    assert found.unsure is expected
    assert expected == ("rare" in found.warnings and p < 0.05 <= odds)


def test_no_more_true_nulls_are_called_clear_than_the_difference_or_the_odds_reject():
    rng, clear, lead = np.random.default_rng(3), 0, 0
    for _ in range(400):
        spread = np.r_[np.full(3, 0.4), np.full(9, 0.2)] ** 2
        share = rng.beta(0.1 * (1 - spread) / spread, 0.9 * (1 - spread) / spread)
        n = rng.binomial(20, share)
        found = compare_rates(adjust(units_of(of_classes(n[3:], n[:3]), pre=None), None), TWO, shares=True)
        p = found.difference.test.p
        lead += p is not None and p < 0.05
        clear += p is not None and p < 0.05 and not found.unsure
    assert clear <= lead
    assert clear / 400 <= 0.04
    assert lead / 400 > 0.05
