"""Standing among classmates: worked by hand in exact fractions, and by numpy from a matrix of who named whom."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt

import numpy as np
import pytest

from werkbank.statistics.sociometric import named_share, social_impact, social_preference

# five pupils: liked 4 3 2 1 0, disliked 0 0 1 1 3; their squared SDs are 5/2 and 3/2
LIKED, DISLIKED = [4, 3, 2, 1, 0], [0, 0, 1, 1, 3]


def by_hand(sign):
    """Squares of what is standardised are exact up to one product of roots; see the test for how it is put together."""
    liked = [Fraction(x) - Fraction(sum(LIKED), 5) for x in LIKED]
    disliked = [Fraction(x) - Fraction(sum(DISLIKED), 5) for x in DISLIKED]
    var_l, var_d = (sum(x * x for x in part) / 4 for part in (liked, disliked))
    cov = sum(x * y for x, y in zip(liked, disliked, strict=True)) / 4
    assert (var_l, var_d, cov) == (Fraction(5, 2), Fraction(3, 2), Fraction(-7, 4))
    r = float(cov) / sqrt(var_l * var_d)
    sd = sqrt(2 + sign * 2 * r)  # of a sum or difference of two standardised numbers
    return [(float(x) / sqrt(var_l) + sign * float(y) / sqrt(var_d)) / sd for x, y in zip(liked, disliked, strict=True)]


def matrices(seed, n):
    named = np.random.default_rng(seed).choice([-1, 0, 1], size=(n, n), p=[0.15, 0.65, 0.2])
    np.fill_diagonal(named, 0)
    return named


@pytest.mark.parametrize(("sign", "function"), [(-1, social_preference), (1, social_impact)])
def test_standing_by_exact_fractions(sign, function):
    assert function(LIKED, DISLIKED) == pytest.approx(by_hand(sign), abs=1e-12)


@pytest.mark.parametrize(("sign", "function"), [(-1, social_preference), (1, social_impact)])
@pytest.mark.parametrize("seed", range(5))
def test_standing_from_a_matrix_of_who_named_whom(sign, function, seed):
    named = matrices(seed, 24)
    liked, disliked = (named == 1).sum(axis=0), (named == -1).sum(axis=0)
    both = np.corrcoef(liked, disliked)[0, 1]
    raw = (liked - liked.mean()) / np.std(liked, ddof=1) + sign * (disliked - disliked.mean()) / np.std(
        disliked, ddof=1
    )
    found = function(liked.tolist(), disliked.tolist())
    assert found == pytest.approx(raw / np.sqrt(2 + 2 * sign * both), abs=1e-10)
    assert (found.mean(), found.std(ddof=1)) == pytest.approx((0, 1))


def test_where_all_are_named_equally_often_there_is_no_standing():
    assert np.isnan(social_preference([2, 2, 2], [0, 1, 2])).all()
    assert np.isnan(social_impact([0, 1, 2], [0, 0, 0])).all()
    # liked and disliked go wholly together: a preference is the same for all, an impact is not
    assert np.isnan(social_preference([0, 1, 2], [0, 1, 2])).all()
    assert social_impact([0, 1, 2], [0, 1, 2]) == pytest.approx([-1, 0, 1])
    assert np.isnan(social_preference([1], [0])).all()


def test_the_share_that_named_a_pupil():
    # who named somebody cannot name itself; who did not could be named by all who did
    assert named_share([4, 3, 0], [9, 10, 10]) == pytest.approx([float(Fraction(4, 9)), 0.3, 0])
    named = matrices(7, 12) == 1
    could = named.any(axis=1).sum() - named.any(axis=1)
    assert named_share(named.sum(axis=0).tolist(), could.tolist()) == pytest.approx(named.sum(axis=0) / could)
    assert np.isnan(named_share([0], [0])).all()
