"""Class means as the units."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from werkbank.effects import comparison
from werkbank.effects.units import unit_means
from werkbank.errors import UsageError
from werkbank.statistics.multilevel import class_means

ORACLES = Path(__file__).parents[2] / "oracles"
DESIGNS = {d["name"]: d for d in json.loads((ORACLES / "multilevel_kr.json").read_text())}
MEANS = json.loads((ORACLES / "multilevel_cr2_means.json").read_text())


WEIGHTS = {"1": 1.0, "0": -1.0}


def means_of(classes, arm, **columns):
    table = pd.DataFrame({"unit": np.asarray(classes), "arm": np.asarray(arm).astype(int).astype(str), **columns})
    return unit_means(table, list(columns))


@pytest.mark.parametrize("want", MEANS, ids=[d["name"] for d in MEANS])
def test_class_means_match_r(want):
    design = DESIGNS[want["name"]]
    means = means_of(design["data"]["class"], design["X"]["arm"], post=design["data"]["y"], pre=design["X"]["pre"])
    for expected, made in (
        (want["student"], comparison.post_difference(means, WEIGHTS)),
        (want["ancova"], comparison.ancova(means, WEIGHTS)),
    ):
        got = (made.value, made.df, made.p, made.ci_low, made.ci_high)
        assert got == pytest.approx([expected[k] for k in ("b", "df", "p", "ci_low", "ci_high")], rel=1e-8)


def test_class_means_match_the_shared_oracle(first20, reference):
    want = reference["multilevel"]["nlschools_first20"]["cluster_means_t"]
    means = means_of(first20["class"], first20.COMB, post=first20.lang.to_numpy())
    made = comparison.post_difference(means, WEIGHTS)
    got = (made.value, made.df, made.statistic, made.p)
    assert got == pytest.approx([want[k] for k in ("diff_comb1_minus_0", "df", "t_comb1_minus_0", "p")], rel=1e-9)


def test_missing_values_and_classes_in_both_arms_are_refused():
    with pytest.raises(UsageError, match="1 of y"):
        class_means([1, 1, 2], [0, 0, 1], {"y": [1, np.nan, 2]})
    with pytest.raises(UsageError, match="both arms: 1"):
        class_means([1, 1, 2], [0, 1, 1], {"y": [1, 2, 3]})
