"""Intraclass correlations against lme4, R's multilevel and psych, and by simulated coverage."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from werkbank.statistics.multilevel import icc


def test_reml_icc_matches_lme4(nlschools, reference):
    result = icc(nlschools.lang, {"class": nlschools["class"]})
    want = reference["multilevel"]["nlschools"]["null"]["reml"]["icc"]["class"]
    assert result.icc["class"] == pytest.approx(want, rel=1e-4)
    assert result.ci_low < want < result.ci_high


def test_balanced_interval_is_that_of_shrout_and_fleiss(shared, reference):
    ratings = pd.read_csv(shared / "oracles" / "data" / "shrout_fleiss.csv", index_col="S").to_numpy()
    want = reference["reliability"]["icc_shrout_fleiss"]["ICC1"]
    target = np.repeat(np.arange(len(ratings)), ratings.shape[1])
    result = icc(ratings.ravel(), {"target": target})
    assert result.icc["target"] == pytest.approx(want["icc"], rel=1e-6)
    assert result.ci_high == pytest.approx(want["ci_high"], rel=1e-7)
    assert result.ci_low == 0.0  # psych gives the negative limit; a variance has none


def test_interval_covers_with_very_unequal_classes():
    rng = np.random.default_rng(10)
    classes = np.repeat(np.arange(10), [2, 3, 4, 6, 8, 12, 16, 20, 25, 30])
    covered = []
    for _ in range(250):
        result = icc(rng.normal(size=10)[classes] * 0.5 + rng.normal(size=126), {"class": classes})
        covered.append(result.ci_low <= 0.2 <= result.ci_high)
    assert np.mean(covered) == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / 250))


def test_two_levels_have_shares_but_no_interval():
    rng = np.random.default_rng(11)
    klass = np.repeat(np.arange(12), 6)
    result = icc(rng.normal(size=4)[klass // 3] + rng.normal(size=72), {"school": klass // 3, "class": klass})
    assert set(result.icc) == {"school", "class"}
    assert np.isnan(result.ci_low)
    assert "more than one level" in result.note


def test_constant_outcome_has_no_icc():
    result = icc(np.ones(8), {"class": np.repeat([0, 1], 4)})
    assert np.isnan(result.icc["class"])
    assert result.note
