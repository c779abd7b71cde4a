"""What could have been seen, and how much dropping out is too much."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from werkbank.appraisal.precision import acceptable, attrition, minimum_detectable


def se_two_level(j, n, icc, r2_class, r2_pupil, p=0.5):
    # Dong & Maynard (2013), two levels, classes assigned
    between = icc * (1 - r2_class) / (p * (1 - p) * j)
    return math.sqrt(between + (1 - icc) * (1 - r2_pupil) / (p * (1 - p) * j * n))


@pytest.mark.parametrize(
    ("j", "n", "r2", "published"),
    # illustrations of the design formula with M from the df: 20 classes of 20 without, 8 of 22 with covariates
    [(20, 20, 0.0, 0.581), (8, 22, 0.5, 0.728)],
)
def test_mdes_matches_the_formula_of_dong_and_maynard(j, n, r2, published):
    se = se_two_level(j, n, 0.15, r2, r2)
    assert minimum_detectable(se, j - 2) == pytest.approx(published, abs=5e-4)


def test_with_many_degrees_of_freedom_the_multiplier_is_that_of_the_rule_of_thumb():
    assert minimum_detectable(1.0, 1e6) == pytest.approx(2.8016, abs=1e-4)


@pytest.mark.parametrize(("se", "df"), [(None, 3), (0.1, None), (0.0, 3), (math.nan, 3), (math.inf, 3), (0.2, 0)])
def test_without_a_test_there_is_nothing_to_detect(se, df):
    assert minimum_detectable(se, df) is None


def test_attrition_counts_over_all_arms_and_between_the_extremes():
    assert attrition({"a": 100, "b": 50}, {"a": 90, "b": 30}) == pytest.approx((0.2, 0.3))
    assert attrition({"a": 10}, {"a": 8}) == pytest.approx((0.2, 0.0))
    assert attrition({"a": 0, "b": 5}, {"a": 0, "b": 5}) is None
    assert attrition({}, {}) is None


@pytest.mark.parametrize(
    ("overall", "differential", "low"),
    # What Works Clearinghouse Standards 4.1, table II.1, as in R's baselinr
    [(0.08, 0.03, True), (0.30, 0.06, False), (0.0, 0.057, True), (0.0, 0.058, False), (0.57, 0.0, True),
     (0.58, 0.0, False), (1.0, 0.0, False)],
)  # fmt: skip
def test_the_cautious_boundary(overall, differential, low):
    assert acceptable(overall, differential) is low


def test_between_whole_per_cents_the_stricter_neighbour_counts():
    # the boundary is 5.5 at 19 % and 5.4 at 20 %
    assert acceptable(0.19, 0.055)
    assert not acceptable(0.195, 0.055)


@given(st.floats(0, 1), st.floats(0, 0.5), st.floats(0, 0.5))
def test_more_difference_between_arms_is_never_better(overall, differential, more):
    assert acceptable(overall, differential) or not acceptable(overall, differential + more)
