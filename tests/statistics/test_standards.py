"""Review standards against their published tables and examples."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from werkbank.statistics.quantity import Quantity
from werkbank.statistics.standards import (
    BOUNDARIES,
    attrition,
    attrition_risk,
    baseline_equivalence,
    improvement_index,
    odds_ratio_to_d,
)


@pytest.mark.parametrize(
    ("g", "verdict"),
    [
        (0.0, "satisfied"),
        (-0.05, "satisfied"),
        (0.051, "with_adjustment"),
        (-0.25, "with_adjustment"),
        (0.2501, "not_satisfied"),
        (math.nan, "unknown"),
    ],
)
def test_baseline_equivalence_has_the_published_borders(g, verdict):
    assert baseline_equivalence(g) == verdict


def test_attrition_tests_of_baselinr():
    assert attrition_risk(0.08, 0.03, "cautious") == "low"
    assert attrition_risk(0.30, 0.06, "cautious") == "high"
    assert attrition_risk(0.30, 0.06, "optimistic") == "low"


def test_boundary_table_is_the_published_one():
    assert (len(BOUNDARIES["cautious"]), len(BOUNDARIES["optimistic"])) == (58, 66)
    assert [BOUNDARIES["cautious"][i] for i in (0, 10, 30, 57)] == [5.7, 6.3, 4.1, 0.0]
    assert [BOUNDARIES["optimistic"][i] for i in (0, 10, 30, 65)] == [10.0, 10.9, 8.2, 0.3]


def test_between_whole_percents_the_stricter_neighbour_counts():
    assert attrition_risk(0.295, 0.0405, "cautious") == "low"  # 4.3 at 29 %, 4.1 at 30 %
    assert attrition_risk(0.295, 0.0415, "cautious") == "high"
    assert attrition_risk(0.575, 0.0, "cautious") == "high"  # 58 % is beyond the table
    assert attrition_risk(0.57, 0.0, "cautious") == "low"


@given(st.integers(1, 200), st.integers(1, 200), st.data())
def test_attrition_counts_both_arms(n_t, n_c, data):
    kept = data.draw(st.integers(0, n_t)), data.draw(st.integers(0, n_c))
    lost = attrition((n_t, n_c), kept)
    assert 0 <= lost.overall <= 1
    assert lost.differential == pytest.approx(abs(kept[0] / n_t - kept[1] / n_c))
    # whoever passes the cautious boundary passes the optimistic one
    assert lost.cautious == "high" or lost.optimistic == "low"


def test_improvement_index_of_the_handbook():
    made = improvement_index(Quantity(0.30, ci_low=-0.1, ci_high=0.7))
    assert made.value == pytest.approx(11.8, abs=0.05)
    assert (made.ci_low, made.ci_high) == pytest.approx((-3.98, 25.80), abs=0.01)
    assert improvement_index(Quantity(-0.30, standardiser="sd_pre")).standardiser == "sd_pre"
    assert improvement_index(Quantity(-0.30)).value == pytest.approx(-made.value)
    assert math.isnan(improvement_index(Quantity(math.nan, note="no_variation")).value)


def test_odds_ratios_become_d():
    assert odds_ratio_to_d(math.exp(1.65)) == pytest.approx(1.0)
    with pytest.raises(ValueError, match=r"math domain|positive|expected"):
        odds_ratio_to_d(0.0)
