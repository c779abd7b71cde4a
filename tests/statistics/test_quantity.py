"""An interval at another level than 95 %: told from the SE and df of an estimate, or not told at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from werkbank.statistics.quantity import Quantity, at_level, large_sample_interval, t_test

numbers = st.floats(-50, 50)
positive = st.floats(0.01, 50)


@given(numbers, positive, st.floats(1, 400), st.sampled_from([0.8, 0.9, 0.975, 0.99]))
def test_a_t_interval_is_that_of_a_test_at_the_level(value, se, df, level):
    made, known = at_level(t_test(value, se, df), level), t_test(value, se, df, level)
    assert (made.ci_low, made.ci_high) == pytest.approx((known.ci_low, known.ci_high), rel=1e-9)
    assert (made.value, made.p, made.df) == (known.value, known.p, known.df)
    assert at_level(known, level) is known, "one at the level stays"


def test_it_is_scipy_s_interval():
    made = at_level(t_test(2.0, 0.7, 9.3), 0.9)
    assert (made.ci_low, made.ci_high) == pytest.approx(stats.t.interval(0.9, 9.3, loc=2.0, scale=0.7))
    made = at_level(large_sample_interval(0.4, 0.01, ""), 0.99)
    assert (made.ci_low, made.ci_high) == pytest.approx(stats.norm.interval(0.99, loc=0.4, scale=0.1))


def test_an_interval_that_se_and_df_do_not_tell_is_not_made_up():
    drawn = Quantity(0.5, 0.2, ci_low=0.2, ci_high=0.8)  # of a bootstrap
    assert at_level(drawn, 0.9) is None
    assert at_level(Quantity(0.5), 0.9) is None
