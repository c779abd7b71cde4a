"""Standard scores and cuts within a reference group."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from werkbank.study.underachievement import Cutoff
from werkbank.underachievement.criteria import Measure, Norm
from werkbank.underachievement.standardising import cut_score, groups_of, standardise

PUPILS = pd.DataFrame(
    {
        "school": ["1"] * 6 + ["2"] * 6 + [None],
        "class": (["a"] * 3 + ["b"] * 3) * 2 + ["a"],
        "iq": [1.0, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, np.nan, 7],
    }
)


def test_a_class_label_counts_within_its_school():
    assert groups_of(PUPILS, "class").tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, -1]
    assert groups_of(PUPILS.drop(columns="school"), "class").max() == 1


def test_z_within_a_class_and_none_where_too_few_were_measured():
    z = standardise(PUPILS, Measure("iq", "class"), min_group=3).z
    assert z[:9].tolist() == pytest.approx([-1, 0, 1] * 3)
    assert np.isnan(z[9:]).all()  # two measured in this class; no known school


def test_z_of_a_sample_has_mean_0_and_sd_1():
    z = standardise(PUPILS, Measure("iq"), min_group=10).z
    assert np.nanmean(z) == pytest.approx(0, abs=1e-12)
    assert np.nanstd(z, ddof=1) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    ("cut", "wanted"),
    [
        (Cutoff(rule="score", value=3.3), 3.3),
        (Cutoff(rule="mean", value=0.5), 3.5 + 0.5 * np.std([1, 2, 3, 4, 5, 6], ddof=1)),
        (Cutoff(rule="quantile", value=0.9), 5.5),
        (Cutoff(rule="top_mean", value=0.4), 5.0),  # the 60 % quantile is 4: mean of 4, 5, 6
    ],
)
def test_cuts_within_a_school(cut, wanted):
    found = cut_score(PUPILS, Measure("iq", "school"), cut, 3)
    assert found[:6] == pytest.approx(wanted)


def test_cuts_in_a_norm_group_are_those_of_a_normal_distribution():
    measure = Measure("iq", Norm(100, 15, "national"))
    quantile = cut_score(PUPILS, measure, Cutoff(rule="quantile", value=0.9), 1)[0]
    assert norm.sf(quantile, 100, 15) == pytest.approx(0.1, abs=1e-12)
    mean_of_top = quad(lambda x: x * norm.pdf(x, 100, 15), quantile, 300)[0] / 0.1
    assert cut_score(PUPILS, measure, Cutoff(rule="top_mean", value=0.1), 1)[0] == pytest.approx(mean_of_top, rel=1e-9)
    assert cut_score(PUPILS, measure, Cutoff(rule="mean", value=-1.0), 1)[0] == 85


def test_mean_of_the_able():
    able = np.arange(13) >= 3
    assert cut_score(PUPILS, Measure("iq", "school"), Cutoff(rule="able_mean"), 3, able)[:6] == pytest.approx(5.0)
