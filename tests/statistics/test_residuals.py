"""Shape and ranks of residuals, against published values and against every assignment counted."""

from __future__ import annotations

from itertools import combinations
from math import comb, isnan

import numpy as np
import pytest

from werkbank.statistics.residuals import ranks, shape

# Shapiro & Wilk (1965): weights of eleven men, W = .79; R's shapiro.test prints W = 0.78881, p = 0.006704
MEN = [148, 154, 158, 160, 161, 162, 166, 170, 182, 195, 236]


def test_the_papers_example():
    found = shape(MEN)
    assert found.n == 11
    assert found.w == pytest.approx(0.78881, abs=1e-5)
    assert found.p == pytest.approx(0.006704, abs=1e-6)


def test_shape_knows_no_unit_and_no_level():
    assert shape(3 + 0.1 * np.array(MEN)).w == pytest.approx(shape(MEN).w, rel=1e-9)


def test_nothing_that_varies_has_no_shape():
    for values in ([], [1.0, 2.0], [4.0] * 9, [np.nan] * 5):
        assert isnan(shape(values).w)
        assert isnan(shape(values).p)


def test_p_by_rank_counts_all_assignments():
    first, second = [1.0, 4.0, 6.0, 7.5], [2.0, 3.0, 5.0, 8.0, 9.0]
    pooled = [*first, *second]
    u = sum((a > b) + (a == b) / 2 for a in first for b in second)
    far = abs(u - len(first) * len(second) / 2)
    as_far = 0
    for chosen in combinations(range(len(pooled)), len(first)):
        one = [pooled[i] for i in chosen]
        other = [value for i, value in enumerate(pooled) if i not in chosen]
        as_far += abs(sum(a > b for a in one for b in other) - len(first) * len(second) / 2) >= far
    found = ranks(first, second)
    assert found.u == u
    assert found.p == pytest.approx(as_far / comb(9, 4), abs=1e-12)
    assert found.superiority == pytest.approx(u / 20, abs=1e-12)


def test_ties_count_as_half_and_sides_add_up_to_one():
    a, b = [1, 2, 2, 3], [2, 2, 4]
    assert ranks(a, b).superiority + ranks(b, a).superiority == pytest.approx(1)
    assert ranks(a, b).superiority == pytest.approx((0 + 1 + 1 + 2) / 12)


def test_an_empty_group_has_no_rank():
    assert isnan(ranks([], [1.0, 2.0]).p)
    assert ranks([np.nan], [1.0]).n == (0, 1)
