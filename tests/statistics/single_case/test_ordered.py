"""Ordered answers before and with a programme, over pupils."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from werkbank.errors import UsageError
from werkbank.statistics.single_case.ordered import ordered_shift


def drawn(pupils, days, shift, seed, spread=1.0):
    """Return counts of three answers for each pupil in A and B, pupils differing in level."""
    rng = np.random.default_rng(seed)
    level = rng.normal(0, spread, pupils)
    made = np.zeros((pupils, 2, 3))
    for one in range(pupils):
        for phase in (0, 1):
            latent = level[one] + shift * phase + rng.logistic(size=days)
            made[one, phase] = np.bincount(np.digitize(latent, [-1.0, 1.0]), minlength=3)
    return made


@pytest.mark.parametrize("seed", range(3))
def test_the_shift_is_that_of_another_package(seed):
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    counts = drawn(8, 20, 0.8, seed)
    whole = counts.sum(axis=0)
    rows = [(phase, k) for phase in (0, 1) for k in range(3) for _ in range(int(whole[phase, k]))]
    table = pd.DataFrame(rows, columns=["b", "y"])
    model = OrderedModel(pd.Series(pd.Categorical(table["y"], ordered=True)), table[["b"]].astype(float), distr="logit")
    theirs = model.fit(method="bfgs", disp=0, gtol=1e-9)
    assert ordered_shift(counts).value == pytest.approx(theirs.params["b"], abs=1e-4)


def test_of_two_answers_it_is_the_log_odds_ratio():
    counts = np.array([[[6, 4], [3, 7]], [[5, 5], [2, 8]], [[7, 3], [4, 6]]])
    low, high = counts[:, :, 0].sum(axis=0), counts[:, :, 1].sum(axis=0)
    assert ordered_shift(counts).value == pytest.approx(math.log(high[1] * low[0] / (low[1] * high[0])), abs=1e-6)


def test_its_error_leaves_out_one_pupil_at_a_time():
    counts = np.array([[[6, 4], [3, 7]], [[5, 5], [2, 8]], [[7, 3], [4, 6]]], dtype=float)

    def odds(rows):
        whole = rows.sum(axis=0)
        return math.log(whole[1, 1] * whole[0, 0] / (whole[1, 0] * whole[0, 1]))

    left = np.array([odds(np.delete(counts, one, axis=0)) for one in range(3)])
    found = ordered_shift(counts)
    assert found.se == pytest.approx(math.sqrt(2 / 3 * ((left - left.mean()) ** 2).sum()), abs=1e-5)
    assert (found.df, found.note) == (2, "few_cases")


def test_turning_the_answers_turns_the_shift():
    counts = drawn(6, 15, 0.5, 4)
    assert ordered_shift(counts[:, :, ::-1]).value == pytest.approx(-ordered_shift(counts).value, abs=1e-4)


def test_what_cannot_be_computed_says_why():
    assert ordered_shift(np.ones((1, 2, 3))).note == "too_few_cases"
    apart = np.array([[[5, 0], [0, 5]]] * 3)
    assert ordered_shift(apart).note == "separated"
    crossing = np.array([[[2, 6, 2], [5, 0, 5]]] * 6)
    assert ordered_shift(crossing).note == "odds_not_proportional"
    assert math.isnan(ordered_shift(np.array([[[5, 0, 0], [5, 0, 0]]] * 4)).value)
    for wrong in (np.ones((3, 2)), np.ones((3, 3, 3)), -np.ones((3, 2, 3))):
        with pytest.raises(UsageError):
            ordered_shift(wrong)


def test_without_a_shift_its_interval_misses_zero_about_as_often_as_it_says():
    found = [ordered_shift(drawn(8, 12, 0.0, seed)) for seed in range(120)]
    missed = np.mean([q.ci_low > 0 or q.ci_high < 0 for q in found if q.ci_low is not None])
    assert missed <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 120)
