"""What is said before any number: each warning where it belongs, and none elsewhere."""

from __future__ import annotations

import math

import numpy as np
import pytest

from werkbank.statistics.single_case.cautions import cautions
from werkbank.statistics.single_case.series import compare

NAN = math.nan


def keys(*args, **kwargs):
    best = kwargs.pop("best", None)
    return {caution.key: caution.figure for caution in cautions(compare(*args, **kwargs), best)}


def test_a_series_without_faults_calls_for_nothing():
    assert keys([3, 5, 4, 5, 3, 4], [6, 8, 7, 6, 8, 7], best=10) == {}


@pytest.mark.parametrize(
    ("a", "b", "wanted"),
    [
        ([3, 5, 4], [6, 8, 7, 6, 8, 6], {"few_points": 3}),
        ([3] * 5, [3] * 5, {"no_variation": 3}),
        ([10, 10, 10, 4, 5, 10], [6, 8, 7, 6, 8, 7], {"baseline_at_best": 4 / 6}),
        ([3, 5, 4, 5, 3, NAN, NAN], [6, 8, 7, 6, 8, 7], {"missing_unequal": 2 / 7}),
        (
            [3, 5, 4, 5, 3, NAN, NAN, NAN],
            [6, 8, 7, 6, 8, 7],
            {"missing_unequal": 3 / 8, "missing_many": 3 / 8},
        ),
    ],
)
def test_each_warning(a, b, wanted):
    assert keys(a, b, best=10) == pytest.approx(wanted)


def test_a_baseline_that_improves_already():
    rising = keys([1, 2, 3, 4, 5], [6, 5, 6, 5, 6])
    assert rising["baseline_improving"] <= 0.10
    assert "baseline_improving" not in keys([1, 2, 3, 4, 5], [6, 5, 6, 5, 6], better="lower")
    assert "baseline_improving" not in keys([5, 4, 3, 2, 1], [6, 5, 6, 5, 6])


def test_neighbours_that_resemble_each_other():
    wave = np.sin(np.arange(20) / 3)
    assert keys(wave[:10], wave[10:])["neighbours_alike"] > 0.4
    # about their means: -1 -1 -1 1 2 | -1 -1 0 1 1 has neighbours 1 + 1 - 1 + 2 - 2 + 1 + 0 + 0 + 1 = 3, squares 12
    assert keys([1, 1, 1, 3, 4], [6, 6, 7, 8, 8])["neighbours_alike"] == pytest.approx(3 / 12)
    assert "neighbours_alike" not in keys([1, 3, 1, 3, 1, 3], [3, 1, 3, 1, 3, 1])


def test_less_is_better_has_its_ceiling_below():
    assert "baseline_at_best" in keys([0, 0, 0, 2, 1], [0, 1, 0, 1, 0], best=0, better="lower")
    assert "baseline_at_best" not in keys([0, 0, 0, 2, 1], [0, 1, 0, 1, 0], better="lower")


def test_an_empty_phase_is_refused_elsewhere():
    assert keys([], [1, 2]) == {}
    assert keys([NAN], [1, 2]) == {}
