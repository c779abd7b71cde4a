"""Items that do not work are found, a paper's scoring is reproduced, and floors are counted."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

from werkbank.instruments import Instrument, load
from werkbank.measurement.items import discriminant, floor_and_ceiling, item_statistics
from werkbank.statistics.reliability import alpha

NAN = float("nan")


def against(found):
    """The items that run against the rest of their scale."""
    return found.index[found["item_rest"] < 0].to_list()


def bfi(shared, items, turned=()):
    data = pd.read_csv(shared / "oracles" / "data" / "bfi.csv")[items].astype(float)
    return data.assign(**{i: 7 - data[i] for i in turned})


@pytest.mark.parametrize("missing", ["complete", "pairwise"])
def test_item_statistics_match_r(shared, missing):
    reference = json.loads((shared / "oracles" / "reference.json").read_text())["reliability"]
    sets = {
        "agree": (["A1", "A2", "A3", "A4", "A5"], ["A1"]),
        "openness": (["O1", "O2", "O3", "O4", "O5"], ["O2", "O5"]),
    }
    for name, (items, turned) in sets.items():
        found = item_statistics(bfi(shared, items, turned), missing)
        for item, wanted in reference["bfi"][name][missing]["item"].items():
            for mine, theirs in (("mean", "mean"), ("sd", "sd"), ("alpha_if_deleted", "alpha_if_deleted"), ("n", "n")):
                assert found.loc[item, mine] == pytest.approx(wanted[theirs], rel=1e-10), (item, mine)


def test_alpha_if_deleted_is_the_alpha_of_the_others(shared):
    items = bfi(shared, ["N1", "N2", "N3", "N4", "N5"]).dropna()
    found = item_statistics(items)["alpha_if_deleted"]
    assert found.to_list() == pytest.approx([alpha(items.drop(columns=i)).estimate for i in items])


def test_an_item_that_was_not_reversed_is_named(shared):
    forgotten = bfi(shared, ["A1", "A2", "A3", "A4", "A5"])
    assert against(item_statistics(forgotten)) == ["A1"]
    assert against(item_statistics(bfi(shared, list(forgotten), ["A1"]))) == []


@pytest.mark.parametrize(
    "items",
    [
        np.ones((6, 3)),
        np.full((4, 3), NAN),
        np.array([[1.0, 2, 3]]),
        np.array([[1.0, 2], [2, 1], [1, 2]]),
        np.ones((0, 3)),
    ],
    ids=["constant", "all missing", "one pupil", "two opposite items", "nobody"],
)
@pytest.mark.parametrize("missing", ["complete", "pairwise"])
def test_item_statistics_at_the_edges_are_nan_and_never_a_crash(items, missing):
    found = item_statistics(pd.DataFrame(items, columns=list("abc")[: items.shape[1]]), missing)
    assert found["alpha_if_deleted"].isna().all()
    assert against(found) == (["a", "b"] if items.shape[1] == 2 else [])


def test_floor_and_ceiling_per_wave():
    table = pd.DataFrame(
        {"outcome": "x", "informant": "pupil", "scale": "joy", "wave": ["pre"] * 4 + ["post"] * 3,
         "score": [5.0, 5.0, 1.0, 3.0, NAN, 4.0, 5.0]}
    )  # fmt: skip
    found = floor_and_ceiling(table, Instrument.own("joy", ["a", "b"], (1, 5))).set_index("wave")
    assert found.loc["pre", ["n", "mean", "floor", "ceiling"]].tolist() == [4, 3.5, 0.25, 0.5]
    assert found.loc["post", ["n", "floor", "ceiling"]].tolist() == [2, 0, 0.5]


def test_floor_of_a_composite_is_that_of_its_parts():
    key = load("sdq")
    table = pd.DataFrame(
        {"outcome": "sdq", "informant": "teacher", "scale": "total", "wave": "pre", "score": [0.0, 40, 12]}
    )
    found = floor_and_ceiling(table, key)
    assert (found.loc[0, "floor"], found.loc[0, "ceiling"]) == pytest.approx((1 / 3, 1 / 3))


def test_disattenuated_correlation_matches_r(shared):
    reference = json.loads((shared / "oracles" / "reference.json").read_text())["reliability"]
    wanted = reference["disattenuation_agree_extraversion"]
    a, e = (
        bfi(shared, ["A1", "A2", "A3", "A4", "A5"], ["A1"]),
        bfi(shared, ["E1", "E2", "E3", "E4", "E5"], ["E1", "E2"]),
    )
    both = a.notna().all(axis=1) & e.notna().all(axis=1)
    scores = pd.DataFrame({"agree": a[both].mean(axis=1), "extraversion": e[both].mean(axis=1)})
    row = discriminant(scores, {"agree": wanted["alpha_agree"], "extraversion": wanted["alpha_extraversion"]}).iloc[0]
    assert row["n"] == wanted["n"]
    assert row["r"] == pytest.approx(wanted["r"], rel=1e-10)
    assert row["disattenuated"] == pytest.approx(wanted["r_disattenuated"], rel=1e-10)
    assert alpha(a[both]).estimate == pytest.approx(wanted["alpha_agree"], rel=1e-10)
    assert not row["too_alike"]


def test_two_names_for_one_thing_are_told():
    rng = np.random.default_rng(1)
    true = rng.normal(size=400)
    scores = pd.DataFrame({"helpless": -true + rng.normal(size=400), "control": true + rng.normal(size=400)})
    row = discriminant(scores, {"helpless": 0.5, "control": 0.5}).iloc[0]
    assert row["too_alike"]
    assert row["disattenuated"] == pytest.approx(-1, abs=0.15)


def test_discriminant_at_the_edges():
    scores = pd.DataFrame({"a": [1.0, 1, 1, 1], "b": [1.0, 2, 3, 4], "c": [4.0, NAN, NAN, 2]})
    found = discriminant(scores, {"a": 0.8, "b": 0.8, "c": 0.8}).set_index(["first", "second"])
    assert math.isnan(found.loc[("a", "b"), "r"])
    assert found.loc[("b", "c"), "n"] == 2
    assert math.isnan(discriminant(scores[["b", "c"]].fillna(1), {"b": -0.2, "c": 0.8}).loc[0, "disattenuated"])
