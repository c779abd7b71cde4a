"""Rules hold for every column that is read, and what no rule covers is looked at."""

from __future__ import annotations

import numpy as np
import pytest
from tests.intake.conftest import ONE_GROUP, TWO_ARMS

from werkbank.intake.lone import lone

TEN = range(10, 20)
ONE_TO_FIVE = [1.0, 2.0, 3.0, 4.0, 5.0] * 4


def wide(column, cells):
    rows = zip(TEN, cells, strict=True)
    return f"id,a,b,{column}\n" + "".join(f"{n},{n % 5},{n % 3},{cell}\n" for n, cell in rows)


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ([999.0], {999.0: "value_usual"}),
        ([99.0, 98.0], {99.0: "value_usual", 98.0: "value_usual"}),
        ([-9.0], {-9.0: "value_usual"}),
        ([9.0], {9.0: "usual_near"}),
        ([20.0], {20.0: "value_far"}),
        ([6.0, 7.0], {}),
        ([8.0, 7.0, 6.0, 9.0], {}),
    ],
)
def test_what_lies_beyond_a_gap_is_lone(more, found):
    assert lone(np.array([*ONE_TO_FIVE, *more])) == found


def test_a_usual_code_in_a_covariate_is_refused_until_it_is_settled(refused):
    (problem,) = refused(
        ONE_GROUP, {"m.csv": wide("leeftijd", [8, 9, 10, 999, 8, 9, 10, 8, 9, 999])}, covariates=["leeftijd"]
    )
    assert (problem.code, problem.file, problem.column, problem.row) == ("value_usual", "m.csv", "leeftijd", 5)
    assert problem.details["more"]["n"] == 2


@pytest.mark.parametrize(("rule", "missing"), [({"missing": [999]}, 2), ({"range": [0, 1000]}, 0)])
def test_a_rule_settles_it(read, rule, missing):
    content = {"m.csv": wide("leeftijd", [8, 9, 10, 999, 8, 9, 10, 8, 9, 999])}
    intake = read(ONE_GROUP, content, covariates=["leeftijd"], rules={"leeftijd": rule})
    assert intake.pupils["leeftijd"].isna().sum() == missing


def test_a_rule_has_a_range(refused):
    content = {"m.csv": wide("leeftijd", [8, 9, 10, 61, 8, 9, 10, 8, 9, 8])}
    (problem,) = refused(ONE_GROUP, content, covariates=["leeftijd"], rules={"leeftijd": {"range": [3, 13]}})
    assert (problem.code, problem.value) == ("out_of_range", "61")


def test_a_far_value_that_is_no_code_is_named(read, notes):
    content = {"m.csv": wide("leeftijd", [8, 9, 10, 61, 8, 9, 10, 8, 9, 8])}
    found = notes(read(ONE_GROUP, content, covariates=["leeftijd"]))["value_far"]
    assert (found["column"], found["row"], found["value"]) == ("leeftijd", 5, "61")


def test_a_score_without_a_range_is_looked_at(refused):
    rows = "".join(f"{n},{n},{999 if n == 13 else n + 1}\n" for n in TEN)
    (problem,) = refused(ONE_GROUP, {"m.csv": f"id,a,b\n{rows}"})
    assert (problem.code, problem.column, problem.value) == ("value_usual", "b", "999")


RECEIVED = {
    **TWO_ARMS,
    "design": {"kind": "randomised"},
    "received": "mee",
}


def with_received(words):
    rows = [f"{n},{'xc'[n % 2]},T0,1,2,{word}" for n, word in enumerate(words)]
    return {"m.csv": "id,arm,wave,q1,q2,mee\n" + "\n".join(rows) + "\n"}


@pytest.mark.parametrize("words", [["ja", "nee", "Ja", ""], ["1", "0", "1", ""], ["yes", "NO", "true", ""]])
def test_who_took_part_is_yes_or_no(read, words):
    found = read(RECEIVED, with_received(words)).pupils["mee"].tolist()
    assert found[:3] == [1.0, 0.0, 1.0]
    assert np.isnan(found[3])


def test_another_coding_must_be_declared(refused, read):
    content = with_received(["1", "2", "1", "2"])
    assert {p.code for p in refused(RECEIVED, content)} == {"received_unclear"}
    declared = {"mee": {"answers": {1: 1, 2: 0}}}
    assert read(RECEIVED, content, rules=declared).pupils["mee"].tolist() == [1.0, 0.0, 1.0, 0.0]


def test_an_impossible_year_of_birth_is_refused(refused):
    content = {"m.csv": wide("geb", ["2016-03-04"] * 8 + ["1961-03-04", "2026-03-04"])}
    born = {"column": "geb", "on": "2026-09-01"}
    problems = refused(ONE_GROUP, content, birth_date=born)
    assert [(p.code, p.row) for p in problems] == [("birth_date_odd", 10), ("birth_date_odd", 11)]


SCALE = [{"name": "fijn", "items": ["q1", "q2"], "range": [1, 5], "better": "higher"}]


def test_a_scale_that_is_numbered_otherwise_is_one_problem_and_never_missing(refused, read):
    rows = "".join(f"{n},{'xc'[n % 2]},T0,{n % 5},{(n + 2) % 5}\n" for n in range(30))
    content = {"m.csv": f"id,arm,wave,q1,q2\n{rows}"}
    (problem,) = refused(TWO_ARMS, content)
    assert problem.code == "scale_differs"
    assert "missing" not in problem.sentence("en")
    answers = {"answers": {0: 1, 1: 2, 2: 3, 3: 4, 4: 5}}
    values = read(TWO_ARMS, content, outcomes=[{**SCALE[0], **answers}]).answers["value"]
    assert (values.min(), values.max()) == (1, 5)


def test_an_answer_with_its_words_is_its_number(read, notes):
    content = {"m.csv": "id,arm,wave,q1,q2\n1,x,T0,5 - Helemaal mee eens,1 = oneens\n2,c,T0,4,2\n"}
    intake = read(TWO_ARMS, content)
    assert intake.answers["value"].tolist() == [5, 1, 4, 2]
    assert notes(intake)["labelled_numbers"]["n"] == 2


def test_the_same_words_with_two_numbers_are_refused(refused):
    content = {"m.csv": "id,arm,wave,q1,q2\n1,x,T0,5 - eens,1\n2,c,T0,4 - eens,2\n"}
    assert {p.code for p in refused(TWO_ARMS, content)} == {"label_two_numbers"}


WORDS = [{**SCALE[0], "answers": {"oneens": 1, "eens": 5}}]


def test_words_and_numbers_are_read_with_a_line(read, notes):
    content = {"m.csv": "id,arm,wave,q1,q2\n1,x,T0,eens,oneens\n2,c,T0,1,5\n"}
    intake = read(TWO_ARMS, content, outcomes=WORDS)
    assert intake.answers["value"].tolist() == [5, 1, 1, 5]
    assert notes(intake)["words_and_numbers"]["n"] == 2


@pytest.mark.parametrize("word", ["N/A", "weet niet", "n.v.t."])
def test_a_word_for_no_answer_is_proposed_as_missing_and_never_as_an_answer(refused, word):
    content = {"m.csv": f"id,arm,wave,q1,q2\n1,x,T0,eens,oneens\n2,c,T0,eens,{word}\n"}
    (problem,) = refused(TWO_ARMS, content, outcomes=WORDS)
    assert problem.code == "missing_word"
    assert f'missing: ["{word}"]' in problem.sentence("nl")
