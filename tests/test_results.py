"""The store of results: what goes in comes out, and nothing stands for two things."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
import re

import pytest

from werkbank.results import Claim, Estimate, Fact, OlderResultsError, Results


@pytest.fixture
def store() -> Results:
    return Results(
        study={"title": "Nabijheid"},
        estimates=(
            Estimate(
                "a/pre-post/x", "a", "gain", 0.1 + 0.2, p=0.04, ci_low=0.01, ci_high=0.59, n=20, arms=("new", "old")
            ),
        ),
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
    assert [r["result"] for r in rows] == ["estimate", "fact", "fact"]
    assert [r["arms"] for r in rows] == ["new + old", "", ""]
    assert float(rows[0]["estimate"]) == 0.1 + 0.2
    assert rows[1]["value"] == "20"
    assert rows[2]["value"].startswith("'=")


def test_a_store_of_another_version_is_refused(store):
    content = json.loads(store.to_json()) | {"schema_version": 99}
    with pytest.raises(ValueError, match="99"):
        Results.from_json(json.dumps(content))


def test_a_store_of_an_older_version_says_so(store):
    content = json.loads(store.to_json()) | {"schema_version": 1}
    with pytest.raises(OlderResultsError, match="older version of werkbank"):
        Results.from_json(json.dumps(content))


def test_one_result_is_found_by_its_columns(store):
    assert store.estimate(method="gain", arms=("new", "old")).id == "a/pre-post/x"
    assert store.fact(what="n", outcome="b") is None
    assert (store.number(what="n"), store.number(what="label"), store.number(what="other")) == (20, None, None)
    assert [store.count(what=what) for what in ("n", "label", "other")] == [20, None, None]
    assert store.claim(grade="change") is store.item("c1") is store.claims[0]
    assert store.item("nothing") is None


def test_a_question_that_several_results_answer_is_refused(store):
    with pytest.raises(ValueError, match="2 results have outcome='a': a/n, a/label"):
        store.fact(outcome="a")


def test_a_column_that_does_not_exist_is_refused(store):
    with pytest.raises(TypeError, match="facts have no column colour"):
        store.facts_where(colour="red")
    with pytest.raises(TypeError, match="claims have no column"):
        Results({}).claims_where(colour="red")


def test_what_was_looked_up_before_more_came_is_looked_up_again(store):
    assert store.facts_where(what="n", outcome="a") != ()
    more = store.with_more(facts=[Fact("b/n", "n", 3, outcome="a")])
    assert [f.id for f in more.facts_where(what="n", outcome="a")] == ["a/n", "b/n"]
    assert [f.id for f in store.facts_where(what="n", outcome="a")] == ["a/n"]


def test_frames_have_the_columns_and_kinds_that_are_promised(store):
    for name, kind in (("estimates", Estimate), ("facts", Fact), ("claims", Claim)):
        for results in (store, Results({})):
            frame = results.frame(name)
            named = [f.name for f in dataclasses.fields(kind)]
            assert [c for c in frame.columns if c != "text"] == named
            assert len(frame) == len(getattr(results, name))
            kinds = {c: str(t) for c, t in frame.dtypes.items()}
            assert {c for c, t in kinds.items() if t == "Int64"} == {"n", "n_clusters"} & set(named)
            assert {c for c, t in kinds.items() if t == "object"} == {"about", "arms", "parts", "values"} & set(named)
            assert set(kinds.values()) <= {"string", "float64", "Int64", "object"}


def test_a_frame_holds_numbers_apart_from_words(store):
    facts = store.frame("facts").set_index("id")
    assert facts.loc["a/n", "value"] == 20.0
    assert facts.loc["a/n", "text"] == ""
    assert math.isnan(facts.loc["a/label", "value"])
    assert facts.loc["a/label", "text"].startswith("=cmd")
    store.frame("claims")["values"].iloc[0]["n"] = 21
    assert store.claims[0].values == {"n": 20}, "a frame's dicts are its own"


def test_every_column_is_described():
    for kind in (Estimate, Fact, Claim):
        names = re.findall(r"^    ([a-z_, ]+) : ", kind.__doc__, flags=re.MULTILINE)
        described = [name for line in names for name in line.split(", ")]
        assert sorted(described) == sorted(f.name for f in dataclasses.fields(kind))


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
