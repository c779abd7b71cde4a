"""Reliable change and regression to the mean against R, published examples and simulation."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from werkbank.statistics.reliable import (
    all_methods,
    break_even_mean,
    cutoff,
    edwards_nunnally,
    expected_regression,
    hageman_arrindell,
    jacobson_truax,
)


@pytest.mark.parametrize("r", [0.70, 0.80, 0.90])
def test_jacobson_truax_matches_r(reference, baumann, r):
    known = reference["rci"]["all_sdpre_total"][f"r{r:.2f}"]
    made = jacobson_truax(baumann["pretest_1"], baumann["post_test_1"], r)
    assert made.index == pytest.approx(known["rci_values"], rel=1e-9, abs=1e-12)
    counts = made.counts(baumann["pretest_1"], baumann["post_test_1"])
    assert counts["improved"] == known["improved_gt_1.96"]
    assert counts["deteriorated"] == known["deteriorated_lt_m1.96"]
    assert made.smallest_change == pytest.approx(known["critical_raw_change_1.96"], rel=1e-9)


def test_worked_example_of_the_paper():
    # Jacobson & Truax (1991): s 7.5, r .80, from 32.5 to 47.5: RC 3.16; cut-offs 55, 45, 50
    made = jacobson_truax([32.5, 40.0], [47.5, 40.0], 0.80, sd_pre=7.5)
    assert made.index[0] == pytest.approx(3.16, abs=5e-3)
    assert cutoff((40, 7.5), (60, 7.5)) == 50
    assert cutoff((40, 15.0), (60, 7.5)) > 50  # the wider group reaches further


@pytest.fixture
def couples(shared):
    data = pd.read_csv(shared / "data/jacobson_1989.csv").pivot_table(index="subject", columns="time", values="das")
    return data["pre"], data["post"]


@pytest.mark.parametrize(("r", "wanted"), [(0.80, (16, 13, 1)), (0.88, (19, 10, 1))])
def test_couples_of_jacobson_1989(couples, r, wanted):
    counts = jacobson_truax(*couples, r).counts(*couples)
    assert (counts["improved"], counts["unchanged"], counts["deteriorated"]) == wanted


def test_other_methods_match_r(pinned, couples):
    known = pinned["reliable"]
    for made in (edwards_nunnally(*couples, 0.80), hageman_arrindell(*couples, 0.80)):
        assert made.index == pytest.approx(known[made.method], rel=1e-9)


def test_the_method_changes_the_verdict(couples):
    counts = {made.method: made.counts(*couples)["improved"] for made in all_methods(*couples, 0.80)}
    assert counts == {"jacobson_truax": 16, "edwards_nunnally": 20, "hageman_arrindell": 19}


def test_recovered_is_improved_and_across_the_cut_off():
    pre, post = [1.0, 1.0, 6.0, 3.0], [6.0, 4.0, 9.0, 0.0]
    made = jacobson_truax(pre, post, 0.9, sd_pre=1.0)
    assert made.counts(pre, post, cutoff=5.0) == {"recovered": 1, "improved": 2, "unchanged": 0, "deteriorated": 1}
    assert made.counts(pre, post)["recovered"] == 0


def test_equal_scores_have_no_verdict():
    flat = [3.0, 3.0, 3.0]
    for made in all_methods(flat, flat, 0.8):
        assert np.isnan(made.index).all()
        assert made.counts(flat, flat)["unchanged"] == 3


def test_a_reliability_of_one_has_no_verdict():
    pre = np.array([1.0, 2.0, 3.0, 4.0])
    for made in all_methods(pre, pre + np.array([0.1, 0.2, 0.0, 0.1]), 1.0):
        assert np.isnan(made.index).all()
        assert np.isnan(made.smallest_change)


def test_differences_without_reliability_do_not_make_all_pupils_improve():
    # changes that are all but error, around a mean change of one SE of a difference: √r_DD would make it everybody's
    rng = np.random.default_rng(3)
    r, n = 0.8, 56
    true = rng.normal(0, math.sqrt(r), n)
    pre, post = true + rng.normal(0, math.sqrt(1 - r), n), true + 0.7 + rng.normal(0, math.sqrt(1 - r), n)
    error = 2 * pre.std(ddof=1) ** 2 * (1 - r)
    post += (pre + 0.7 - post) * (1 - math.sqrt(1.05 * error / np.var(post - pre, ddof=1)))  # r_DD .05
    r_dd = 1 - error / np.var(post - pre, ddof=1)
    assert r_dd == pytest.approx(0.05 / 1.05)
    made = hageman_arrindell(pre, post, r)
    change = post - pre
    as_published = (change * r_dd + change.mean() * (1 - r_dd)) / math.sqrt(r_dd * error)
    assert (as_published > 1.65).sum() == n
    assert np.isnan(made.index).all()


def test_stable_pupils_change_reliably_in_five_percent():
    rng = np.random.default_rng(21)
    true, r = rng.normal(0, math.sqrt(0.8), 40_000), 0.8
    pre, post = (true + rng.normal(0, math.sqrt(1 - r), true.size) for _ in range(2))
    share = np.mean(np.abs(jacobson_truax(pre, post, r).index) > 1.96)
    assert share == pytest.approx(0.05, abs=0.005)


def test_published_expectation_of_regression():
    # conflict: mean 2, SD .8, r .75, chosen above +1 SD: .305 points back without any programme
    chosen = 2 + 0.8 * stats.norm.pdf(1) / stats.norm.sf(1)
    assert expected_regression(chosen, 2.0, 0.75) == pytest.approx(-0.305, abs=5e-4)


def test_expected_regression_matches_a_simulation():
    rng = np.random.default_rng(22)
    pre = rng.normal(2, 0.8, 200_000)
    post = 2 + 0.75 * (pre - 2) + rng.normal(0, 0.8 * math.sqrt(1 - 0.75**2), pre.size)
    chosen = pre > 2.8
    seen = (post - pre)[chosen].mean()
    assert seen == pytest.approx(expected_regression(pre[chosen].mean(), 2.0, 0.75), abs=0.01)


def test_break_even_mean_undoes_expected_regression():
    assert break_even_mean(3.2, expected_regression(3.2, 2.0, 0.6), 0.6) == pytest.approx(2.0)
    assert math.isnan(break_even_mean(3.2, -0.1, 1.0))
