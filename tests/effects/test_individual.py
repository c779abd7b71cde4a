"""Reliable change in many made studies: reliability that is given, one SD for all arms, and no verdict at all."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from werkbank.effects import by_own_alpha, reliable_changes
from werkbank.statistics.reliable import LEAST_R_DD

METHODS = ("jacobson_truax", "edwards_nunnally", "hageman_arrindell")
CATEGORIES = ("recovered", "improved", "unchanged", "deteriorated")
ARMS = {"T": "intervention", "C": "control", "D": "control"}
each_seed = pytest.mark.parametrize("seed", range(8))


def made(seed, *, mean=0.0, noise=0.6, n=40):
    """Pupils of three arms: T and C have the same pairs of scores, D starts with quite another spread."""
    rng = np.random.default_rng(seed)
    pre = rng.normal(50, 10, n)
    post = 50 + 0.8 * (pre - 50) + mean + rng.normal(0, 10 * noise, n)
    wild = rng.normal(50, 25, n)
    arm = np.repeat(list("TCD"), n)
    index = pd.Index([f"p{i:03}" for i in range(3 * n)])
    pupils = pd.DataFrame({"arm": arm}, index=index)
    waves = {"pre": np.r_[pre, pre, wild], "post": np.r_[post, post, wild + rng.normal(0, 5, n)]}
    return pupils, {wave: pd.Series(values.round(1), index) for wave, values in waves.items()}


def counted(facts, arm, method):
    return {f.category: f.value for f in facts if f.arm == arm and f.criterion == method}


@each_seed
def test_pupils_with_the_same_scores_have_the_same_verdict_in_every_arm(make_study, long_scores, seed):
    pupils, waves = made(seed, mean=3.0)
    facts = reliable_changes(make_study(arms=ARMS), long_scores(waves), pupils, {"y": 0.85}, {"y": "higher"})
    smallest = {f.arm: f.value for f in facts if f.what == "rci_smallest_change"}
    assert len(set(smallest.values())) == 1
    everyone = waves["pre"].std()
    assert smallest["T"] == pytest.approx(1.96 * 2**0.5 * everyone * (1 - 0.85) ** 0.5)
    for method in METHODS:
        assert counted(facts, "T", method) == counted(facts, "C", method)


@each_seed
def test_the_reliability_of_a_ready_score_is_the_one_that_was_given(make_study, long_scores, seed):
    r = round(float(np.random.default_rng(seed).uniform(0.6, 0.98)), 2)
    outcome = {"name": "y", "column": "y", "better": "higher", "role": "primary", "reliability": r}
    pupils, waves = made(seed)
    study, ready = make_study(arms=ARMS, outcomes=[outcome]), SimpleNamespace(facts=[], instruments={}, table=None)
    ready.table = long_scores(waves)
    facts = by_own_alpha(study, ready, pupils)
    assert {f.value for f in facts if f.what == "rci_reliability"} == {r}
    assert facts == reliable_changes(study, ready.table, pupils, {"y": r}, {"y": "higher"})
    for arm in ARMS:
        found = counted(facts, arm, "jacobson_truax")
        assert sum(found[c] for c in CATEGORIES if found[c] is not None) == 40


@each_seed
def test_differences_that_are_hardly_reliable_have_no_verdict_by_a_method_that_divides_by_that(
    make_study, long_scores, seed
):
    """All gain alike: what differs between gains is error, and "all improved" would be a verdict on nobody."""
    rng = np.random.default_rng(seed)
    pupils, waves = made(seed, mean=12.0)
    s, change = waves["pre"].std(), (waves["post"] - waves["pre"]).std()
    r_dd = rng.uniform(0.001, LEAST_R_DD - 0.01)
    r = 1 - (1 - r_dd) * change**2 / (2 * s**2)
    facts = reliable_changes(make_study(arms=ARMS), long_scores(waves), pupils, {"y": r}, {"y": "higher"})
    for arm in ARMS:
        assert set(counted(facts, arm, "hageman_arrindell").values()) == {None}
        assert counted(facts, arm, "jacobson_truax")["improved"] is not None
    r = 1 - (1 - LEAST_R_DD - 0.05) * change**2 / (2 * s**2)
    facts = reliable_changes(make_study(arms=ARMS), long_scores(waves), pupils, {"y": r}, {"y": "higher"})
    assert counted(facts, "T", "hageman_arrindell")["improved"] is not None


@each_seed
def test_a_reliability_of_one_gives_no_verdict_on_anyone(make_study, long_scores, seed):
    pupils, waves = made(seed)
    facts = reliable_changes(make_study(arms=ARMS), long_scores(waves), pupils, {"y": 1.0}, {"y": "higher"})
    for arm in ARMS:
        for method in METHODS:
            assert set(counted(facts, arm, method).values()) == {None}
        smallest = [f.value for f in facts if f.what == "rci_smallest_change" and f.arm == arm]
        assert smallest == [None]


@each_seed
def test_scores_that_do_not_vary_before_give_no_verdict(make_study, long_scores, seed):
    pupils, waves = made(seed)
    waves["pre"] = waves["pre"] * 0 + 50.0
    facts = reliable_changes(make_study(arms=ARMS), long_scores(waves), pupils, {"y": 0.8}, {"y": "higher"})
    assert {v for method in METHODS for v in counted(facts, "T", method).values()} == {None}
