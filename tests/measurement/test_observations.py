"""Coded measures: success and failure stay apart, shares add up, and inequality is that within the class."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from werkbank.errors import UsageError
from werkbank.instruments import load
from werkbank.measurement.observations import attributions, feedback_shares, inequality_within
from werkbank.measurement.scoring import score

NAN = float("nan")


def events():
    return pd.DataFrame(
        {
            "pupil": ["a", "a", "a", "b"],
            "wave": "pre",
            "event": ["success", "success", "failure", "failure"],
            "locus": [0, 1, 1, 1],
            "stability": [0, 0, 1, NAN],
            "controllability": [1, 1, 0, 0],
        }
    )


def test_success_and_failure_are_kept_apart():
    found = attributions(events()).set_index(["pupil", "item"])
    assert found.loc[("a", "success_locus"), "value"] == 0.5
    assert found.loc[("a", "success_locus"), "n_events"] == 2
    assert found.loc[("a", "failure_locus"), "value"] == 1
    assert ("b", "success_locus") not in found.index
    assert ("b", "failure_stability") not in found.index  # could not be coded
    assert len(found) == 8


def test_attributions_go_through_their_key():
    key = load("attribution-events")
    long = attributions(events()).assign(
        teacher="t", school="s", arm="a", informant="observer", outcome="attr", **{"class": "c"}
    )
    table = score(long, "attr", key).set_index(["pupil", "scale"])["score"]
    assert table[("a", "success_controllability")] == 1
    assert table[("b", "failure_locus")] == 1


def test_a_code_that_does_not_exist_is_refused():
    with pytest.raises(UsageError, match="2"):
        attributions(events().assign(locus=2))
    with pytest.raises(UsageError, match="luck"):
        attributions(events().assign(event="luck"))
    with pytest.raises(UsageError, match="effort"):
        feedback_shares(pd.DataFrame({"teacher": "t", "wave": "pre", "focus": ["effort"]}))


def test_feedback_shares_add_up_to_one_and_uncoded_is_not_counted():
    remarks = pd.DataFrame(
        {"teacher": ["t"] * 5 + ["u"], "wave": "pre", "focus": ["process"] * 3 + ["person", None, "product"]}
    )
    found = feedback_shares(remarks).set_index(["teacher", "item"])
    assert found.loc[("t", "process"), "value"] == 0.75
    assert found.loc[("t", "product"), "value"] == 0
    assert found.loc[("t", "process"), "n_remarks"] == 4
    assert found.groupby("teacher")["value"].sum().tolist() == pytest.approx([1, 1])


def test_a_class_can_be_fair_on_average_and_unfair_to_one():
    rows = pd.DataFrame({"class": ["x"] * 4 + ["y"] * 3 + ["z"], "wave": "pre", "score": [1.0, 1, 1, 1, 0, 0, 3, 2]})
    found = inequality_within(rows).set_index("class")
    assert found.loc["x", "mean"] == found.loc["y", "mean"] == 1
    assert (found.loc["x", "sd"], found.loc["y", "sd"]) == pytest.approx((0, math.sqrt(3)))
    assert math.isnan(found.loc["z", "sd"])
    assert found.loc["y", ["n", "lowest", "highest"]].tolist() == [3, 0, 3]
