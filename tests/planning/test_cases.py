"""Planned cases: the ways to draw, the smallest p, and how often the draw will show the programme."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from pydantic import ValidationError

from werkbank.planning.cases import assignments, case_power
from werkbank.statistics.single_case.randomisation import multiple_baseline_test, phase_start_test
from werkbank.study.planning import PlannedCases

DAYS = [6, 8, 10, 12]


def cases(scheme, n=3, days=DAYS, **more):
    return PlannedCases(cases=n, days=20, starts=days, scheme=scheme, **more)


def test_ways_to_draw_are_counted_as_they_can_be_listed():
    assert assignments(cases("start", 1)) == len(DAYS)
    assert assignments(cases("independent")) == len(list(product(DAYS, repeat=3)))
    assert assignments(cases("different")) == len(list(permutations(DAYS, 3)))
    assert assignments(cases("order", 4)) == len(list(permutations(DAYS)))


def test_the_smallest_p_is_that_of_the_test():
    line = np.random.default_rng(1).normal(size=20)
    assert phase_start_test(line, 8, DAYS).smallest_p == case_power(cases("start", 1), n=100, seed=1).smallest_p
    for scheme, possible in (("independent", [DAYS] * 3), ("different", [DAYS])):
        found = multiple_baseline_test([line, line[::-1], line + 1], [6, 8, 12], scheme, possible)
        assert found.smallest_p == pytest.approx(case_power(cases(scheme), n=100, seed=1).smallest_p)


@pytest.mark.parametrize("scheme", ["independent", "different"])
def test_without_effect_cases_are_found_no_more_often_than_alpha(scheme):
    found = case_power(cases(scheme, effect=1e-9, autocorrelation=0.4), n=400, seed=3)
    assert found.power <= 0.05 + 2 * (0.05 * 0.95 / 400) ** 0.5


def test_a_huge_effect_is_found_where_p_can_get_low_enough():
    assert case_power(cases("independent", effect=20), n=100, seed=2).power > 0.9  # 1 in 64
    assert case_power(cases("start", 1, effect=20), n=100, seed=2).power == 0.0  # 1 in 4 at best


@pytest.mark.parametrize(
    "wrong",
    [
        {"scheme": "start", "n": 2},
        {"scheme": "order", "n": 3},
        {"scheme": "different", "n": 5},
        {"days": [1, 4], "scheme": "independent"},
        {"days": [6, 25], "scheme": "independent"},
    ],
)
def test_days_that_cannot_be_drawn_are_refused(wrong):
    with pytest.raises(ValidationError, match="planned_starts"):
        cases(**wrong)
