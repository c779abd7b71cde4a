"""The limits of a funnel: what chance gives to a group of pupils who sit in classes."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from werkbank.statistics.funnel import funnel_limits

Z = 1.959963984540054


@given(n=st.integers(2, 400), size=st.floats(1, 40), icc=st.floats(0, 1), sd=st.floats(0.1, 50))
def test_limits_lie_between_those_of_pupils_and_of_classes(n, size, icc, sd):
    def half(icc):
        low, high = funnel_limits(10, sd, n, size, icc)
        assert low + high == pytest.approx(20, abs=1e-9)
        return (high - low) / 2

    assert half(0) == pytest.approx(Z * sd / math.sqrt(n), rel=1e-9)
    assert half(1) == pytest.approx(Z * sd / math.sqrt(n / size), rel=1e-9)
    assert half(0) - 1e-9 <= half(icc) <= half(1) + 1e-9
    assert half(-0.1) == half(0)


def test_groups_like_everyone_lie_within():
    rng = np.random.default_rng(3)
    size, classes, icc, sd, schools = 20, 3, 0.2, 4.0, 4000
    between = rng.normal(0, sd * math.sqrt(icc), (schools, classes))
    within = rng.normal(0, sd * math.sqrt((1 - icc) / size), (schools, classes))
    means = 25 + (between + within).mean(axis=1)
    low, high = funnel_limits(25, sd, size * classes, size, icc)
    assert np.mean((low <= means) & (means <= high)) == pytest.approx(0.95, abs=0.012)


def test_nobody_has_no_limits():
    with pytest.raises(ValueError, match="at least one pupil"):
        funnel_limits(1, 1, 0)
