"""What logs count: intervals of R and scipy, ratios and T-scores by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from werkbank.errors import UsageError
from werkbank.measurement.scoring import gas_t
from werkbank.statistics.agreement import icc, kappa
from werkbank.statistics.single_case.tallies import (
    adherence,
    coverage,
    gini,
    goal_attainment,
    rate,
    rate_ratio,
    tally,
    wilson,
)


@pytest.mark.parametrize(("x", "n"), [(9, 12), (8, 11), (8, 10), (12, 12), (0, 5)])
def test_wilson_matches_r_and_scipy(worked, x, n):
    found, wanted = wilson(x, n), worked["log_examples"][f"wilson_{x}_of_{n}"]
    assert (found.ci_low, found.ci_high) == pytest.approx(wanted, abs=1e-9)
    theirs = stats.binomtest(x, n).proportion_ci(method="wilson")
    assert (found.ci_low, found.ci_high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
    assert found.ci_low <= found.value <= found.ci_high


def test_three_to_one():
    met, short = tally([5, 4], [1, 2]), tally([8], [3])
    assert (met.ratio, met.met, met.interval_covers_less, met.note) == (3.0, True, True, "")
    assert (met.share.ci_low, met.share.ci_high) == pytest.approx((0.46769466507, 0.91105833161))
    assert (round(short.ratio, 2), short.met) == (2.67, False)
    assert not tally([300], [20]).interval_covers_less


def test_a_tally_without_negatives_or_without_anything():
    only = tally([12], [0])
    assert (only.met, only.note) == (True, "no_negatives")
    assert math.isnan(only.ratio)
    nothing = tally([0, 0], [0, 0])
    assert (nothing.met, nothing.note, nothing.share.note) == (None, "no_interactions", "nothing_counted")
    assert tally([6], [2]).note == "few_interactions"
    with pytest.raises(UsageError):
        tally([1], [1, 2])
    with pytest.raises(UsageError):
        tally([-1], [1])


def test_days_are_added_up_and_not_averaged():
    # the mean of the daily ratios would be (10 + 1)/2
    assert tally([10, 5], [1, 5]).ratio == 2.5


def test_rate_ratios_match_r(worked):
    for key, before, after in (
        ("rate_ratio_6_in_20_vs_2_in_30", (6, 20), (2, 30)),
        ("rate_ratio_3_in_20_vs_0_in_30", (3, 20), (0, 30)),
    ):
        found, wanted = rate_ratio(before, after), worked["log_examples"][key]
        assert found.value == pytest.approx(wanted["ratio"], abs=1e-9)
        assert (found.ci_low, found.ci_high, found.p) == pytest.approx(
            (*wanted["ci_exact"], wanted["p_exact_two_sided"]), abs=1e-8
        )
        assert rate(*before).value == pytest.approx(wanted["rate1"])


def test_a_rate_ratio_turned_round_is_its_inverse():
    there, back = rate_ratio((6, 20), (2, 30)), rate_ratio((2, 30), (6, 20))
    assert (there.value, there.ci_low, there.ci_high) == pytest.approx(
        (1 / back.value, 1 / back.ci_high, 1 / back.ci_low)
    )
    assert there.p == pytest.approx(back.p)


def test_rates_that_cannot_be_compared():
    assert rate_ratio((0, 20), (0, 30)).note == "nothing_counted"
    assert rate_ratio((3, 20), (0, 0)).note == "not_observed"
    assert rate_ratio((0, 20), (3, 30)).value == math.inf
    assert rate_ratio((0, 20), (3, 30)).ci_high == math.inf
    assert rate(0, 0).note == "not_observed"
    with pytest.raises(UsageError):
        rate(2, 0)
    with pytest.raises(UsageError):
        rate_ratio((-1, 20), (0, 30))
    with pytest.raises(UsageError):
        wilson(3, 2)


def test_exact_limits_of_a_rate():
    found = rate(6, 20)
    assert found.ci_low == pytest.approx(stats.chi2.ppf(0.025, 12) / 2 / 20)
    assert found.ci_high == pytest.approx(stats.chi2.ppf(0.975, 14) / 2 / 20)
    # the limits are the rates at which six or more, six or fewer, have a chance of .025
    assert stats.poisson.sf(5, found.ci_low * 20) == pytest.approx(0.025)
    assert stats.poisson.cdf(6, found.ci_high * 20) == pytest.approx(0.025)
    assert rate(0, 20).ci_low == 0


def test_inequality_within_a_class(worked):
    wanted = worked["log_examples"]["gini_contacts"]
    assert gini(wanted["x"]) == pytest.approx(wanted["gini"])
    assert coverage(wanted["x"]) == wanted["coverage"]
    assert gini([3, 3, 3]) == 0
    assert gini([0, 0, 0, 9]) == pytest.approx(3 / 4)
    assert math.isnan(gini([0, 0]))
    assert math.isnan(coverage([]))
    # the area between the line of equality and the Lorenz curve, twice
    x = np.sort(np.array([0.0, 1, 1, 2, 6]))
    lorenz = np.append(0, np.cumsum(x) / x.sum())
    assert gini(x) == pytest.approx(1 - 2 * float(np.trapezoid(lorenz, dx=1 / 5)))


def test_adherence_is_bounded_where_too_much_is_unknown():
    assert adherence(8, 10).value == 0.8
    assert (adherence(8, 10, 2).low, adherence(8, 10, 2).high) == (0.8, 1.0)
    unknown = adherence(5, 10, 3)
    assert math.isnan(unknown.value)
    assert (unknown.low, unknown.high, unknown.note) == (0.5, 0.8, "not_observed")
    assert adherence(0, 0).note == "nothing_counted"
    with pytest.raises(UsageError):
        adherence(9, 10, 2)


def test_goal_attainment_by_hand(worked):
    wanted = worked["log_examples"]["gas_three_goals"]
    assert goal_attainment(wanted["scores"], wanted["weights"]).value == pytest.approx(wanted["T"])
    assert goal_attainment([1, 1, 0]).value == pytest.approx(wanted["T_unweighted_1_1_0"])
    assert goal_attainment([0, 0]).value == 50
    assert goal_attainment([1, math.nan, 1, 0]).value == pytest.approx(wanted["T_unweighted_1_1_0"])
    assert (goal_attainment([1]).note, goal_attainment([1, math.nan]).goals) == ("few_goals", 1)
    for bad in (([3, 0], None), ([1, 0], [1, 0]), ([1, 0], [1])):
        with pytest.raises(UsageError):
            goal_attainment(*bad)


def test_goal_attainment_equals_the_scored_questionnaire():
    rng = np.random.default_rng(4)
    for _ in range(20):
        x, w = rng.integers(-2, 3, 4).astype(float), rng.integers(1, 4, 4).astype(float)
        assert goal_attainment(x, w).value == pytest.approx(float(gas_t(x, w)[0]))


def test_raters_of_logs_agree_as_in_r(worked):
    words = worked["log_examples"]["kappa_words"]
    for weights, key in (("none", "kappa"), ("linear", "kappa_linear"), ("quadratic", "kappa_quadratic")):
        assert kappa(words["rater1"], words["rater2"], weights).estimate == pytest.approx(words[key], abs=1e-9)
    assert kappa([1, 1, 1], [1, 1, 1]).note
    wanted = worked["log_examples"]["icc21_two_raters"]
    assert icc(np.array(wanted["m"]))["ICC(2,1)"].estimate == pytest.approx(wanted["icc"], abs=1e-9)
