"""Reliability at the level of classes equals mixed models."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from werkbank.statistics.reliability_in_clusters import cluster_reliability

ORACLE = json.loads((Path(__file__).parents[1] / "oracles" / "reliability.json").read_text(encoding="utf-8"))
NAN = float("nan")


def simulated(n=200, k=5, seed=3):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.normal(size=(n, 1)) + rng.normal(size=(n, k)), columns=[f"i{j}" for j in range(k)])


def test_class_level_reliability_matches_mixed_models():
    reference = ORACLE["clusters"]
    found = cluster_reliability(np.array(reference["items"]), reference["class"])
    for name in ("alpha_within", "alpha_between", "icc1", "icc_k"):
        assert getattr(found, name) == pytest.approx(reference[name][0], rel=1e-5), name
    assert (found.n, found.n_clusters, found.n0) == (360, 24, 15)


def test_intraclass_correlation_of_unequal_classes_matches_r(shared):
    reference = json.loads((shared / "oracles" / "reference.json").read_text())["multilevel"]["nlschools"]["icc_anova"]
    data = pd.read_csv(shared / "oracles" / "data" / "nlschools.csv")
    found = cluster_reliability(data[["lang"]], data["class"])
    assert found.icc1 == pytest.approx(reference["icc1_unbalanced_n0"], rel=1e-10)
    assert found.icc_k == pytest.approx(reference["icc2"], rel=1e-10)
    assert math.isnan(found.alpha_within)  # one item


def test_class_level_reliability_at_the_edges():
    items = simulated(n=12, k=3)
    assert cluster_reliability(items, ["a"] * 12).note.endswith("too_few_clusters")
    assert cluster_reliability(items, list(range(12))).note.endswith("singleton_clusters")
    assert cluster_reliability(items * NAN, ["a", "b"] * 6).note.endswith("too_few_clusters")
    flat = cluster_reliability(np.ones((12, 3)), ["a", "b"] * 6)
    assert flat.note.endswith("no_variance")
    same = cluster_reliability(pd.concat([items, items]), np.repeat([0, 1], 12))  # two classes with equal means
    assert same.note.endswith("no_between_variance")
    assert same.icc1 < 0
    assert math.isnan(same.alpha_between)
    assert math.isnan(same.icc_k)
    some = cluster_reliability(items, [*"aabbccddee", None, None])
    assert (some.n, some.n_clusters) == (10, 5)


def test_no_reliability_of_class_means_lies_outside_0_and_1():
    told = set()
    for seed in range(60):  # few small classes: a variance between them is often negative
        rng = np.random.default_rng(seed)
        found = cluster_reliability(rng.normal(size=(24, 4)), np.repeat(np.arange(4), 6))
        for value in (found.alpha_between, found.icc_k):
            assert math.isnan(value) or 0 <= value <= 1
        assert bool(found.note) == math.isnan(found.alpha_between)
        told.add(found.note.rpartition(".")[2])
    assert told == {"", "no_between_variance", "no_between_alpha"}


def test_an_alpha_of_class_means_above_1_is_not_given():
    # the second item varies less between classes than within: its variance between them comes out negative
    items = np.array([[9.0, 3], [9, 1], [5, 1.1], [5, 3], [1, 1], [1, 3.1]])
    found = cluster_reliability(items, list("aabbcc"))
    assert found.icc_k > 0.9
    assert found.note.endswith("no_between_alpha")
    assert math.isnan(found.alpha_between)
