"""The randomisation test against enumeration by hand and scipy's permutation test."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import pytest
from scipy import stats

from werkbank.statistics.multilevel import randomisation_test
from werkbank.statistics.multilevel.randomisation import _some

RNG = np.random.default_rng(12)
Y8 = RNG.normal(size=8)
ARM8 = np.array([1, 1, 1, 1, 0, 0, 0, 0])


def test_smallest_p_of_four_against_four_is_2_in_70():
    result = randomisation_test([9, 8, 7, 6, 1, 2, 3, 4], ARM8, np.arange(8))
    assert result.exact
    assert result.n_assignments == comb(8, 4)
    assert result.p == pytest.approx(2 / 70)
    assert result.smallest_p == pytest.approx(2 / 70)
    assert result.estimate == pytest.approx(5.0)


def test_unequal_arms_reach_1_in_c():
    result = randomisation_test([9, 8, 1, 2, 3], [1, 1, 0, 0, 0], np.arange(5))
    assert result.p == result.smallest_p == pytest.approx(1 / 10)


def test_six_classes_cannot_reach_the_five_percent_level():
    assert randomisation_test([9, 8, 7, 1, 2, 3], [1, 1, 1, 0, 0, 0], np.arange(6)).smallest_p == pytest.approx(0.1)


def test_matches_scipys_exact_permutation_test():
    theirs = stats.permutation_test(
        (Y8[:4], Y8[4:]), lambda a, b, axis: a.mean(axis=axis) - b.mean(axis=axis), n_resamples=np.inf
    )
    ours = randomisation_test(Y8, ARM8, np.arange(8))
    assert ours.p == pytest.approx(theirs.pvalue)
    assert ours.estimate == pytest.approx(theirs.statistic)


def test_covariates_and_pupils_match_enumeration_by_hand():
    classes = np.repeat(np.arange(7), [3, 4, 5, 3, 4, 5, 3])
    y, pre, arm = RNG.normal(size=27), RNG.normal(size=27), (classes < 3).astype(int)
    means = np.array([[y[classes == c].mean(), pre[classes == c].mean()] for c in range(7)])
    slope, intercept = np.polyfit(means[:, 1], means[:, 0], 1)
    rest = means[:, 0] - intercept - slope * means[:, 1]
    by_hand = [abs(rest[list(chosen)].mean() - np.delete(rest, chosen).mean()) for chosen in combinations(range(7), 3)]
    p = np.mean([d >= by_hand[0] - 1e-12 for d in by_hand])  # the first combination is the one that happened
    assert randomisation_test(y, arm, classes, {"pre": pre}).p == pytest.approx(p)


def test_pairs_are_reassigned_within_pairs():
    result = randomisation_test([5, 1, 6, 2, 9, 3], [1, 0, 1, 0, 1, 0], np.arange(6), strata=[1, 1, 2, 2, 3, 3])
    assert result.n_assignments == 8
    assert result.p == result.smallest_p == pytest.approx(2 / 8)


def by_hand(y, arm, strata):
    """Enumerate every assignment that keeps the number of treated of each stratum."""
    ways = [()]
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        ways = [(*way, *more) for way in ways for more in combinations(members, int(arm[members].sum()))]
    rest = y - np.array([y[strata == s].mean() for s in strata])
    chosen = np.array([np.isin(np.arange(len(y)), way) for way in ways])
    difference = np.abs([rest[c].mean() - rest[~c].mean() for c in chosen])
    observed = abs(rest[arm > 0].mean() - rest[arm == 0].mean())
    return float((difference >= observed - 1e-9).mean()), len(ways)


@pytest.mark.parametrize("seed", range(12))
def test_counting_by_halves_is_counting_one_by_one(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(4, 7, rng.integers(1, 4))
    strata = np.repeat(np.arange(len(sizes)), sizes)
    arm = np.concatenate([rng.permutation(np.arange(k) < rng.integers(2, k - 1)) for k in sizes]).astype(int)
    y = rng.integers(0, 5, len(arm)).astype(float) if seed % 2 else rng.normal(size=len(arm))  # ties, and none
    made = randomisation_test(y, arm, np.arange(len(y)), strata=strata)
    assert made.exact
    assert (made.p, made.n_assignments) == pytest.approx(by_hand(y, arm, strata))


@pytest.mark.parametrize("classes", [8, 12])
def test_a_list_of_all_assignments_is_counting_by_halves(classes, monkeypatch):
    rng = np.random.default_rng(classes)
    unit = np.repeat(np.arange(classes), 3)
    for y in (rng.normal(size=len(unit)), rng.integers(0, 3, len(unit)).astype(float)):  # with ties, too
        listed = randomisation_test(y, unit % 2 == 0, unit)
        with monkeypatch.context() as patch:
            patch.setattr("werkbank.statistics.multilevel.randomisation.LISTED", 0)
            assert randomisation_test(y, unit % 2 == 0, unit) == listed


def test_thirty_six_classes_are_counted_and_agree_with_a_sample():
    y, arm = RNG.normal(size=36), np.repeat([1, 0], 18)
    made = randomisation_test(y, arm, np.arange(36))
    assert made.exact
    assert made.n_assignments == comb(36, 18)
    sampled = randomisation_test(y, arm, np.arange(36), max_exact=1, draws=40_000)
    assert made.p == pytest.approx(sampled.p, abs=4 * np.sqrt(0.25 / 40_000))


@pytest.mark.parametrize(("n", "k"), [(12, 6), (24, 12), (63, 31), (64, 32), (20, 3)])
def test_every_choice_is_as_likely_whichever_way_it_is_drawn(n, k):
    values = 2.0 ** np.arange(n) if n < 50 else np.arange(n) ** 1.5
    sums = _some(values, k, 20_000, np.random.default_rng(n))
    assert len(sums) == 20_000
    assert sums.mean() == pytest.approx(k * values.mean(), abs=5 * sums.std() / np.sqrt(20_000))
    assert sums.var() == pytest.approx(k * (n - k) / (n - 1) * values.var(), rel=0.06)
    if n < 50:  # the sum of powers of two says who was chosen
        chosen = (sums.astype(int)[:, None] >> np.arange(n)) & 1
        assert set(chosen.sum(axis=1)) == {k}
        assert chosen.mean(axis=0) == pytest.approx(np.full(n, k / n), abs=0.02)


def test_sample_uses_the_plus_one_rule_and_its_seed():
    y, arm = RNG.normal(size=50), np.repeat([1, 0], 25)
    first = randomisation_test(y, arm, np.arange(50), draws=999, seed=4)
    assert not first.exact
    assert first == randomisation_test(y, arm, np.arange(50), draws=999, seed=4)
    assert first.smallest_p == pytest.approx(1 / 1000)
    assert (first.p * 1000) % 1 == pytest.approx(0, abs=1e-9)
    exact = randomisation_test(Y8, ARM8, np.arange(8)).p
    assert randomisation_test(Y8, ARM8, np.arange(8), max_exact=1).p == pytest.approx(exact, abs=0.015)


def test_one_class_in_an_arm_is_refused_with_the_reason():
    result = randomisation_test([1, 2, 3, 4], [1, 0, 0, 0], np.arange(4))
    assert np.isnan([result.p, result.smallest_p]).all()
    assert "fewer than two" in result.note


def test_a_sample_is_the_same_however_many_are_drawn_at_a_time(monkeypatch):
    values = np.random.default_rng(3).normal(size=90)
    module = "werkbank.statistics.multilevel.randomisation.AT_ONCE"
    found = []
    for at_once in (1, 1000, 10**9):
        monkeypatch.setattr(module, at_once)
        found.append(_some(values, 40, 500, np.random.default_rng(7)))
    np.testing.assert_allclose(found[0], found[2], rtol=0, atol=1e-12)
    np.testing.assert_allclose(found[1], found[2], rtol=0, atol=1e-12)
