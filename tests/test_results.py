"""The store of results: what goes in comes out, and nothing stands for two things."""

from __future__ import annotations

import csv
import io
import json
import math

import pytest

from werkbank.results import Claim, Estimate, Fact, Results


@pytest.fixture
def store() -> Results:
    return Results(
        study={"title": "Nabijheid"},
        estimates=(Estimate("a/pre-post/x", "a", "gain", 0.1 + 0.2, p=0.04, ci_low=0.01, ci_high=0.59, n=20),),
        facts=(Fact("a/n", "n", 20, outcome="a"), Fact("a/label", "label", "=cmd|' /C calc'!A0", outcome="a")),
        claims=(Claim("c1", ("a/pre-post/x",), "change", "claims.change", {"n": 20}),),
    )


def test_json_is_read_back_to_the_last_bit(store):
    assert Results.from_json(store.to_json()) == store
    assert Results.from_json(store.to_json()).estimates[0].estimate == 0.1 + 0.2


def test_equal_results_are_equal_bytes(store):
    assert store.to_json() == Results.from_json(store.to_json()).to_json()


def test_what_could_not_be_computed_is_null_not_nan():
    text = Results({}, (Estimate("a", "a", "g", math.nan, se=math.inf),)).to_json()
    assert "NaN" not in text
    assert json.loads(text)["estimates"][0]["estimate"] is None


def test_one_id_never_stands_for_two_results(store):
    with pytest.raises(ValueError, match="a/n"):
        store.with_more(facts=[Fact("a/n", "n", 21)])


def test_csv_holds_every_number_and_neutralises_formulas(store):
    rows = list(csv.DictReader(io.StringIO(store.to_csv())))
    assert [r["kind"] for r in rows] == ["estimate", "fact", "fact"]
    assert float(rows[0]["estimate"]) == 0.1 + 0.2
    assert rows[1]["value"] == "20"
    assert rows[2]["value"].startswith("'=")


def test_a_store_of_another_version_is_refused(store):
    content = json.loads(store.to_json()) | {"schema_version": 99}
    with pytest.raises(ValueError, match="99"):
        Results.from_json(json.dumps(content))


def test_results_are_found_by_their_fields(store):
    assert [e.id for e in store.where(method="gain", outcome="a")] == ["a/pre-post/x"]
    assert store.where(method="nothing") == ()
    assert [f.value for f in store.facts_where(what="n")] == [20]


def test_reports_of_one_study_join_their_results(store):
    other = Results(store.study, store.estimates, (Fact("b/n", "n", 3),))
    joined = store.joined(other)
    assert [f.id for f in joined.facts] == ["a/n", "a/label", "b/n"]
    assert joined.joined(other) == joined
    with pytest.raises(ValueError, match="a/n"):
        store.joined(Results({}, facts=(Fact("a/n", "n", 19),)))
