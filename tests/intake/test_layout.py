"""Where answers stand: long and wide files, patterns, lists, ready scores, several files."""

from __future__ import annotations

import pytest
from tests.intake.conftest import LONG, ONE_GROUP, TWO_ARMS, WIDE
from tests.intake.test_broken import XLSX, workbook

SEQ_C = {"instrument": "seq-c", "items": "seqc{item}_{wave}"}
STRS = {"instrument": "strs-sf", "version": "B", "informant": "teacher", "items": "strs_{item}"}


def row_of(columns, start=1):
    return ",".join(str((start + n) % 5 + 1) for n, _ in enumerate(columns))


def test_a_pattern_with_item_and_wave_reads_a_wide_file(read, matrix, notes):
    columns = [f"seqc{item}_{wave}" for wave in ("T0", "T1") for item in range(1, 25)]
    content = f"id,{','.join(columns)}\n01,{row_of(columns)}\n"
    intake = read(ONE_GROUP, {"m.csv": content}, outcomes=[SEQ_C], waves={"T0": "pre", "T1": "post", "T2": "followup"})
    table = matrix(intake)
    assert table.loc[("01", "pre"), ["1", "2", "24"]].tolist() == [2, 3, 5]
    assert table.loc[("01", "post"), ["1", "2", "24"]].tolist() == [1, 2, 4]
    assert notes(intake)["outcome_not_at_wave"] == {"outcome": "seq-c", "wave": "followup"}


def test_one_column_that_lacks_among_the_others_is_a_problem_with_its_nearest(refused):
    columns = [f"seqc{item}_{wave}" for wave in ("T0", "T1") for item in range(1, 25)]
    content = f"id,{','.join(columns)}\n01,{row_of(columns)}\n".replace("seqc7_T1", "seqc07_T1")
    (problem,) = refused(ONE_GROUP, {"m.csv": content}, outcomes=[SEQ_C], waves={"T0": "pre", "T1": "post"})
    assert (problem.code, problem.column, problem.details["nearest"]) == ("column_missing", "seqc7_T1", "seqc07_T1")


def test_a_pattern_may_ask_for_leading_zeros(read, matrix):
    columns = [f"s{item:02d}" for item in range(1, 16)]
    content = f"id,{','.join(columns)}\n01,{row_of(columns)}\n"
    outcome = {**STRS, "items": "s{item:02}"}
    intake = read(ONE_GROUP, {"m.csv": content}, outcomes=[outcome], files=[{"path": "m.csv", "wave": "pre"}])
    assert matrix(intake).loc[("01", "pre"), ["1", "15"]].tolist() == [2, 1]


def test_only_the_items_of_the_wanted_scales_are_read(read):
    closeness = [1, 3, 5, 6, 7, 9, 15]
    columns = [f"strs_{item}" for item in closeness]
    content = f"id,{','.join(columns)}\n01,{row_of(columns)}\n"
    outcome = {**STRS, "scales": ["closeness"]}
    intake = read(ONE_GROUP, {"m.csv": content}, outcomes=[outcome], files=[{"path": "m.csv", "wave": "pre"}])
    assert list(intake.answers["item"].cat.categories) == [str(i) for i in closeness]


def test_lists_per_wave_make_the_first_waves_columns_the_items(read, matrix):
    outcome = {"name": "x", "items": {"pre": ["A1", "A2"], "post": ["B1", "B2"]}, "range": [1, 4], "better": "higher"}
    intake = read(ONE_GROUP, {"m.csv": "id,A1,A2,B1,B2\n01,1,2,3,4\n"}, outcomes=[outcome])
    assert matrix(intake).loc["01"].to_dict("index") == {"pre": {"A1": 1, "A2": 2}, "post": {"A1": 3, "A2": 4}}


def test_own_columns_are_paired_over_waves_in_the_users_order(read, matrix):
    outcome = {"name": "x", "items": {"pre": ["b", "a"], "post": ["c", "d"]}, "range": [1, 4], "better": "higher"}
    intake = read(ONE_GROUP, {"m.csv": "id,a,b,c,d\n01,1,2,3,4\n"}, outcomes=[outcome])
    assert matrix(intake).loc["01"].to_dict("index") == {"pre": {"a": 1, "b": 2}, "post": {"b": 3, "a": 4}}


@pytest.mark.parametrize("column", ["taal_{wave}", {"pre": "taal_T0", "post": "taal_T1"}])
def test_a_ready_score_is_one_item_that_bears_the_outcomes_name(read, matrix, column):
    outcome = {"name": "taal", "column": column, "better": "higher"}
    content = "id,taal_T0,taal_T1\n01,1,2\n"
    intake = read(ONE_GROUP, {"m.csv": content}, outcomes=[outcome], waves={"T0": "pre", "T1": "post"})
    assert matrix(intake)["taal"].to_dict() == {("01", "pre"): 1, ("01", "post"): 2}


def test_own_items_may_bear_the_wave_in_a_list(read, matrix):
    outcome = {"name": "x", "items": ["moe_{wave}", "blij_{wave}"], "range": [1, 4], "better": "higher"}
    content = "id,moe_0,blij_0,moe_1,blij_1\n01,1,2,3,4\n"
    intake = read(ONE_GROUP, {"m.csv": content}, outcomes=[outcome], waves={0: "pre", 1: "post"})
    assert matrix(intake).loc["01", "post"].to_dict() == {"moe": 3, "blij": 4}


def test_one_file_a_wave(read, matrix):
    files = [{"path": "voor.csv", "wave": "T0"}, {"path": "na.csv", "wave": "post"}]
    contents = {"voor.csv": "id,arm,q1,q2\n01,x,1,2\n02,c,3,4\n", "na.csv": "id,q1,q2\n02,5,5\n01,4,4\n03,1,1\n"}
    background = {"klas.csv": "id;arm;klas\n03;x;a\n02;c;b\n"}
    intake = read(
        TWO_ARMS,
        contents | background,
        files=[*files, {"path": "klas.csv"}],
        columns={"wave": None, "class": "klas"},
    )
    assert matrix(intake)["q1"].to_dict() == {
        ("01", "pre"): 1,
        ("02", "pre"): 3,
        ("01", "post"): 4,
        ("02", "post"): 5,
        ("03", "post"): 1,
    }
    assert intake.pupils["arm"].to_dict() == {"01": "x", "02": "c", "03": "x"}
    assert intake.pupils["class"].dropna().to_dict() == {"02": "b", "03": "a"}


def test_one_file_an_informant(read):
    outcomes = [
        {"name": name, "informant": who, "items": ["q1"], "range": [1, 5], "better": "higher"}
        for name, who in (("x", "pupil"), ("y", "teacher"))
    ]
    files = [
        {"path": "l.csv", "informant": "pupil", "wave": "pre"},
        {"path": "k.csv", "informant": "teacher", "wave": "pre"},
    ]
    intake = read(ONE_GROUP, {"l.csv": "id,q1\n1,4\n", "k.csv": "id,q1\n1,2\n"}, outcomes=outcomes, files=files)
    rows = intake.answers[["outcome", "informant", "value"]].astype({"outcome": str, "informant": str})
    assert rows.to_numpy().tolist() == [["x", "pupil", 4.0], ["y", "teacher", 2.0]]


def test_an_outcome_that_one_of_the_files_lacks_is_noted(read):
    contents = {"voor.csv": LONG.replace("T1", "T0").replace("01,x,T0,3,4\n", "").replace("02,c,T0,2,1\n", "")}
    contents["na.csv"] = "id,arm,wave,taal\n01,x,T1,5\n"
    outcomes = [*TWO_ARMS["outcomes"], {"name": "taal", "column": "taal", "better": "higher"}]
    files = [{"path": "voor.csv", "wave": "T0"}, {"path": "na.csv", "wave": "T1"}]
    intake = read(TWO_ARMS, contents, outcomes=outcomes, files=files)
    absent = [n.values for n in intake.notes if n.key == "intake.outcome_not_in_file"]
    assert absent == [{"outcome": "fijn", "file": "na.csv"}, {"outcome": "taal", "file": "voor.csv"}]


def test_a_column_that_is_empty_at_one_wave_only_is_noted(read, notes):
    outcome = {"name": "x", "items": {"pre": ["a1", "a2"], "post": ["b1", "b2"]}, "range": [1, 5], "better": "higher"}
    intake = read(ONE_GROUP, {"m.csv": "id,a1,a2,b1,b2\n1,1,2,3,\n2,1,2,3,\n"}, outcomes=[outcome])
    assert notes(intake)["column_empty_here"]["column"] == "b2"


def test_an_unused_double_or_nameless_column_is_no_problem(read):
    assert len(read(ONE_GROUP, {"m.csv": ",id,a,b,z,z\n1,01,1,2,0,0\n"}).answers) == 2


def test_codes_for_missing_may_be_numbers_or_words_and_blanks_are_simply_empty(read, matrix):
    outcome = {**TWO_ARMS["outcomes"][0], "missing": [99, "n.v.t.", "-1,5"]}
    content = "id,arm,wave,q1,q2\n01,x,T0,99,2\n02,c,T0, N.V.T. ,3\n01,x,T1, ,4\n02,c,T1,1,99.0\n"
    intake = read(TWO_ARMS, {"m.csv": content}, outcomes=[outcome])
    table = matrix(intake)
    assert table["q1"].dropna().to_dict() == {("02", "post"): 1}
    assert table["q2"].dropna().to_dict() == {("01", "pre"): 2, ("02", "pre"): 3, ("01", "post"): 4}
    counted = {n.values["code"]: n.values["n"] for n in intake.notes if n.key == "intake.missing_codes"}
    assert counted == {"99": 1, "N.V.T.": 1, "99.0": 1}


def test_words_match_whatever_their_case_and_spaces(read, matrix, notes):
    answers = {"Helemaal mee eens": 5, "mee eens": 4, "Mee oneens": 2}
    outcome = {**TWO_ARMS["outcomes"][0], "answers": answers, "missing": ["weet niet"]}
    first = "id;arm;wave;q1;q2\n01;x;T0;helemaal  mee eens ;MEE ONEENS\n"
    content = first + "02;c;T0;Mee\u00a0eens;Weet niet\n01;x;T1;;mee eens\n"
    intake = read(TWO_ARMS, {"m.csv": content}, outcomes=[outcome])
    assert matrix(intake).loc[("01", "pre")].to_dict() == {"q1": 5, "q2": 2}
    assert matrix(intake)["q1"]["02", "pre"] == 4
    assert notes(intake)["words"]["n"] == 4
    assert notes(intake)["missing_codes"] == {"file": "m.csv", "outcome": "fijn", "code": "Weet niet", "n": 1}


def test_one_workbook_may_hold_a_sheet_for_each_wave(read, refused, matrix):
    sheet = [["id", "arm", "q1", "q2"], ["01", "x", 1, 2], ["02", "c", 3, 4]]
    content = workbook(sheet, na=[*sheet[:2], ["02", "c", 5, 5]])
    files = [{"path": XLSX, "sheet": "data", "wave": "T0"}, {"path": XLSX, "sheet": "na", "wave": "T1"}]
    intake = read(TWO_ARMS, {XLSX: content}, files=files, columns={"wave": None})
    assert matrix(intake)["q1"].to_dict() == {
        ("01", "post"): 1,
        ("01", "pre"): 1,
        ("02", "post"): 5,
        ("02", "pre"): 3,
    }
    problems = refused(TWO_ARMS, {XLSX: content}, files=[files[0], {**files[0]}], columns={"wave": None})
    assert ("file_double", XLSX) in [(p.code, p.file) for p in problems]


def test_answers_in_the_columns_of_another_wave_are_counted(read):
    outcome = {"name": "x", "items": {"pre": ["q1"], "post": ["q2"]}, "range": [1, 5], "better": "higher"}
    intake = read(TWO_ARMS, {"m.csv": LONG}, outcomes=[outcome])
    assert intake.answers["value"].tolist() == [1, 5, 4, 1]
    elsewhere = [n.values["n"] for n in intake.notes if n.key == "intake.answers_elsewhere"]
    assert elsewhere == [2, 1]


def test_a_scale_that_the_instrument_lacks_is_refused(refused):
    outcome = {**STRS, "scales": ["warmth"]}
    (problem,) = refused(ONE_GROUP, {"m.csv": "id,strs_1\n1,1\n"}, outcomes=[outcome])
    assert (problem.code, problem.value) == ("instrument_unknown_scale", "warmth")


def test_two_columns_for_the_same_wave_are_not_chosen_between(refused):
    outcome = {"name": "taal", "column": "taal_{wave}", "better": "higher"}
    content = "id,taal_T0,taal_S0\n01,1,2\n02,,3\n"
    (problem,) = refused(ONE_GROUP, {"m.csv": content}, outcomes=[outcome], waves={"T0": "pre", "S0": "pre"})
    assert (problem.code, problem.row, problem.value) == ("duplicate_across_files", 2, "01")


def test_an_answer_between_two_of_the_scale_is_read_and_counted(read, notes):
    intake = read(TWO_ARMS, {"m.csv": LONG.replace("T0,1,", "T0,1.5,").replace("T1,3,", "T1,2.5,")})
    assert notes(intake)["between_answers"] == {"file": "m.csv", "outcome": "fijn", "n": 2, "example": "1.5"}
    assert sorted(intake.answers["value"].dropna())[:2] == [1.0, 1.5]


def test_a_test_score_with_decimals_needs_no_line(read, notes):
    assert "between_answers" not in notes(read(ONE_GROUP, {"m.csv": WIDE.replace("1,2", "1.5,2")}))
