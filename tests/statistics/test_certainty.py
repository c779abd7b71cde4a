"""Equivalence and Bayes factors against R, and the verdict they allow."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from werkbank.statistics.certainty import CAUCHY_SCALE, bayes_factor, log_bayes_factor, tost, verdict
from werkbank.statistics.quantity import Quantity, t_test

PAIRS = ["DRTA_vs_Basal", "Strat_vs_Basal", "Strat_vs_DRTA"]


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("bound", ["0.2sd", "0.5sd"])
def test_tost_matches_r(reference, pair, bound):
    gain = reference["baumann1"][pair]["gain"]
    known = gain["tost"][f"student_bound_{bound}"]
    se = (gain["student"]["ci_high"] - gain["mean_diff"]) / 2.018081703
    lm = reference["baumann1"][pair]["gain_lm"]
    assert lm["se"] == pytest.approx(se, rel=1e-7)
    made = tost(t_test(lm["b"], lm["se"], known["df"]), known["bound_raw"])
    assert made.p == pytest.approx(known["p_tost"], rel=1e-6)
    assert (made.ci_low, made.ci_high) == pytest.approx((known["ci90_low"], known["ci90_high"]), rel=1e-6)


@pytest.mark.parametrize("pair", PAIRS)
def test_bayes_factor_matches_r(reference, pair):
    known = reference["baumann1"][pair]
    assert bayes_factor(known["gain_lm"]["b"] / known["gain_lm"]["se"], 22, 22).value == pytest.approx(
        known["gain"]["bf10"], rel=1e-5
    )
    for side in ("paired_treat", "paired_control"):
        assert bayes_factor(known[side]["t"], 22).value == pytest.approx(known[side]["bf10_medium"], rel=1e-5)


@given(st.floats(-2, 2), st.floats(0.01, 1), st.floats(1, 50), st.floats(0.05, 1))
def test_equivalent_exactly_when_the_90_interval_lies_within_the_bounds(b, se, df, bound):
    made = tost(t_test(b, se, df), bound)
    if abs(made.p - 0.05) > 1e-9:
        assert (made.p < 0.05) == (-bound < made.ci_low and made.ci_high < bound)


def test_verdicts():
    assert verdict(0.01, 0.5) == "different"
    assert verdict(0.5, 0.01) == "equivalent"
    assert verdict(0.01, 0.01) == "both"
    assert verdict(0.5, 0.5) == "undecided"
    assert verdict(None, None) == "undecided"


def test_no_test_no_certainty():
    assert math.isnan(tost(Quantity(1.0, note="no_residual_variation"), 0.2).value)
    assert bayes_factor(None, 10, 10).note == "no_residual_variation"
    assert bayes_factor(2.0, 1, 10).note == "no_residual_variation"


@pytest.mark.parametrize(
    ("t", "n", "other"), [(0.0, 6, 6), (2.1, 12, None), (3.5, 20, 25), (9.0, 60, 40), (22.0, 60, None)]
)
def test_the_logarithm_is_pingouins_where_that_is_a_number_and_goes_on_where_it_is_not(t, n, other):
    from pingouin import bayesfactor_ttest

    known = float(bayesfactor_ttest(t, n, other, paired=other is None, r=CAUCHY_SCALE))
    assert log_bayes_factor(t, n, other).value == pytest.approx(math.log(known), abs=1e-7)
    # a t at which the factor itself is no number any more: ever larger, and even in t
    far = log_bayes_factor(90.0, 600).value
    assert far > log_bayes_factor(60.0, 600).value > 400
    assert log_bayes_factor(-90.0, 600).value == far
    assert bayes_factor(90.0, 600).value == math.inf
