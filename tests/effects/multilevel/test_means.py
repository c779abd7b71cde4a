"""Class means as the units, changes between waves, and the rule for the headline."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from werkbank.effects.multilevel import class_means, cluster_means_test, headline_method, wave_changes
from werkbank.errors import UsageError

ORACLES = Path(__file__).parents[2] / "oracles"
DESIGNS = {d["name"]: d for d in json.loads((ORACLES / "multilevel_kr.json").read_text())}
MEANS = json.loads((ORACLES / "multilevel_cr2_means.json").read_text())


@pytest.mark.parametrize("want", MEANS, ids=[d["name"] for d in MEANS])
def test_class_means_match_r(want):
    design = DESIGNS[want["name"]]
    y, arm, classes = design["data"]["y"], design["X"]["arm"], design["data"]["class"]
    for expected, covariates in ((want["student"], None), (want["ancova"], {"pre": design["X"]["pre"]})):
        result = cluster_means_test(y, arm, classes, covariates)
        got = (result.estimate, result.df, result.p, result.ci_low, result.ci_high)
        assert got == pytest.approx([expected[k] for k in ("b", "df", "p", "ci_low", "ci_high")], rel=1e-8)
        assert result.n_clusters == len(set(classes))


def test_class_means_match_the_shared_oracle(first20, reference):
    want = reference["multilevel"]["nlschools_first20"]["cluster_means_t"]
    result = cluster_means_test(first20.lang, first20.COMB, first20["class"])
    got = (result.estimate, result.df, result.statistic, result.p)
    assert got == pytest.approx([want[k] for k in ("diff_comb1_minus_0", "df", "t_comb1_minus_0", "p")], rel=1e-9)


def test_one_class_in_an_arm_is_refused_with_the_reason():
    result = cluster_means_test([1.0, 2, 3, 5], [1, 0, 0, 0], [1, 2, 3, 4])
    assert np.isnan([result.estimate, result.p]).all()
    assert "fewer than two" in result.note


def test_no_df_and_no_variation_give_a_reason():
    saturated = cluster_means_test([1.0, 2, 3, 5], [1, 1, 0, 0], [1, 2, 3, 4], {"a": [1, 5, 2, 2], "b": [0, 1, 1, 0]})
    assert np.isnan(saturated.p)
    assert saturated.note
    constant = cluster_means_test([2.0] * 4, [1, 1, 0, 0], [1, 2, 3, 4])
    assert np.isnan(constant.p)
    assert "do not vary" in constant.note


def test_missing_values_and_classes_in_both_arms_are_refused():
    with pytest.raises(UsageError, match="1 of y"):
        class_means([1, 1, 2], [0, 0, 1], {"y": [1, np.nan, 2]})
    with pytest.raises(UsageError, match="both arms: 1"):
        class_means([1, 1, 2], [0, 1, 1], {"y": [1, 2, 3]})


def test_wave_changes_count_what_they_used():
    changes = wave_changes(
        y=[1.0, 3.0, 4.0, np.nan, 2.0, 5.0],
        clusters=["a", "a", "a", "a", "b", "c"],
        waves=["pre", "pre", "post", "post", "pre", "post"],
        start="pre",
        end="post",
    )
    assert changes.loc["a"].tolist() == [2.0, 2, 1]
    assert changes["change"].isna().tolist() == [False, True, True]
    assert changes[["n_start", "n_end"]].loc[["b", "c"]].to_numpy().tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    ("arms", "method"),
    [
        ((1, 3), "refused"),
        ((12, 1), "refused"),
        ((2, 2), "cluster-means"),
        ((4, 4), "cluster-means"),
        ((6, 6), "cluster-means"),
        ((3, 16), "cluster-means"),
        ((10, 10), "kenward-roger"),
        ((40, 40), "kenward-roger"),
    ],
)
def test_headline_rule(arms, method):
    assert headline_method(*arms) == method
