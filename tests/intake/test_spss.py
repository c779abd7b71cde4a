"""Real SPSS files, written with pyreadstat and read back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyreadstat
import pytest
from tests.intake.conftest import ONE_GROUP, TWO_ARMS

SAV = "m.sav"
LABELS = {1: "Helemaal mee oneens", 2: "Mee oneens", 3: "Mee eens", 4: "Helemaal mee eens", 9: "Weet niet"}


@pytest.fixture
def sav(tmp_path):
    def write(columns, **options):
        path = tmp_path / "write.sav"
        pyreadstat.write_sav(pd.DataFrame(columns), str(path), **options)
        content = path.read_bytes()
        path.unlink()
        return content

    return write


def test_user_missing_codes_are_not_answers_and_are_counted_by_code(read, matrix, notes, sav):
    content = sav(
        {"id": ["007", "8", "é9"], "a": [1.0, 9.0, np.nan], "b": [97.0, 99.0, 3.5]},
        variable_value_labels={"a": LABELS},
        missing_ranges={"a": [9], "b": [{"lo": 97, "hi": 99}]},
    )
    intake = read(ONE_GROUP, {SAV: content})
    assert matrix(intake)["taal"].to_dict() == {("007", "pre"): 1, ("é9", "post"): 3.5}
    assert list(intake.pupils.index) == ["007", "8", "é9"]
    said = [vars(note)["values"] for note in intake.notes if note.key == "intake.user_missing"]
    counted = {values["code"]: values["n"] for values in said}
    assert counted == {"9 (Weet niet)": 1, "97": 1, "99": 1}
    assert notes(intake)["file_sav"]["n"] == 3
    assert intake.files[0].labels["a"][9.0] == "Weet niet"
    assert dict(intake.files[0].user_missing) == {"a": ((9.0, 9.0),), "b": ((97.0, 99.0),)}


def test_value_labels_serve_as_answers(read, matrix, notes, sav):
    # the codes run the other way than the numbers that the study file gives to the words
    content = sav(
        {"id": ["1", "2"], "a": [1.0, 2.0], "b": [4.0, 9.0]},
        variable_value_labels={"a": LABELS, "b": LABELS},
        missing_ranges={"b": [9]},
    )
    words = {"helemaal mee eens": 1, "mee eens": 2, "mee oneens": 3, "helemaal mee  oneens": 4}
    outcome = {**ONE_GROUP["outcomes"][0], "range": [1, 4], "answers": words}
    intake = read(ONE_GROUP, {SAV: content}, outcomes=[outcome])
    assert matrix(intake)["taal"].to_dict() == {("1", "pre"): 4, ("1", "post"): 1, ("2", "pre"): 3}
    assert notes(intake)["words"]["n"] == 3


def test_a_label_that_the_study_file_does_not_know_is_refused(refused, sav):
    content = sav({"id": ["1"], "a": [9.0], "b": [1.0]}, variable_value_labels={"a": LABELS, "b": LABELS})
    outcome = {**ONE_GROUP["outcomes"][0], "range": [1, 4], "answers": {v: k for k, v in LABELS.items() if k < 9}}
    (problem,) = refused(ONE_GROUP, {SAV: content}, outcomes=[outcome])
    assert (problem.code, problem.column, problem.row, problem.value) == ("unknown_word", "a", 1, "Weet niet")


def test_a_missing_code_that_SPSS_does_not_know_is_out_of_range(refused, read, sav, notes):  # noqa: N802 - its name
    content = sav({"id": [1.0, 2.0], "a": [999.0, 2.0], "b": [1.0, 1.0]})
    outcome = {**ONE_GROUP["outcomes"][0], "range": [1, 4]}
    (problem,) = refused(ONE_GROUP, {SAV: content}, outcomes=[outcome])
    assert (problem.code, problem.row, problem.value) == ("out_of_range_usual", 1, "999")
    intake = read(ONE_GROUP, {SAV: content}, outcomes=[{**outcome, "missing": [999]}])
    assert notes(intake)["missing_codes"] == {"file": SAV, "outcome": "taal", "code": "999", "n": 1}


def test_arms_and_waves_may_be_named_by_code_or_by_label(read, sav):
    columns = {"id": ["a", "b"], "arm": [1.0, 0.0], "wave": [1.0, 2.0], "q1": [1.0, 2.0], "q2": [3.0, 4.0]}
    labels = {"arm": {1: "x", 0: "c"}, "wave": {1: "voormeting", 2: "nameting"}}
    content = sav(columns, variable_value_labels=labels)
    intake = read(TWO_ARMS, {SAV: content}, waves={1: "pre", 2: "post"})
    assert intake.pupils["arm"].to_dict() == {"a": "x", "b": "c"}
    assert list(intake.answers["wave"].cat.categories) == ["pre", "post"]


def test_whole_numbers_as_ids_have_no_decimals_and_a_date_is_no_id(read, refused, sav):
    assert list(read(ONE_GROUP, {SAV: sav({"id": [7.0], "a": [1.0], "b": [1.0]})}).pupils.index) == ["7"]
    days = pd.to_datetime(["2024-01-02"])
    (problem,) = refused(ONE_GROUP, {SAV: sav({"id": days, "a": [1.0], "b": [1.0]})})
    assert problem.code == "id_damaged"


def test_a_labelled_covariate_is_read_by_its_labels(read, sav):
    columns = {
        "id": ["a", "b", "c"],
        "a": [1.0] * 3,
        "b": [1.0] * 3,
        "sekse": [1.0, 2.0, 9.0],
        "leeftijd": [9.5, 10, 11],
    }
    labels = {"sekse": {1: "meisje", 2: "jongen", 9: "onbekend"}}
    content = sav(columns, variable_value_labels=labels, missing_ranges={"sekse": [9]})
    pupils = read(ONE_GROUP, {SAV: content}, covariates=["sekse", "leeftijd"]).pupils
    assert pupils["sekse"].tolist()[:2] == ["meisje", "jongen"]
    assert pupils["sekse"].isna().tolist() == [False, False, True]
    assert pupils["leeftijd"].tolist() == [9.5, 10.0, 11.0]


def test_a_table_with_too_many_cells_is_refused_by_its_description(refused, monkeypatch, sav):
    monkeypatch.setattr("werkbank.intake.room.MAX_CELLS", 5)
    (problem,) = refused(ONE_GROUP, {SAV: sav({"id": ["a", "b"], "a": [1.0] * 2, "b": [1.0] * 2})})
    assert (problem.code, problem.details["cells"]) == ("sheet_too_large", 6)


def test_a_file_on_which_the_c_library_ends_its_process_is_refused(refused, sav):
    content = bytearray(sav({"id": ["1", "2"], "a": [1.0, 2.0], "b": [4.0, 9.0]}))
    content[188:192] = b"\xff\xff\xff\x7f"  # the print format of the first variable: ReadStat looks it up unchecked
    (problem,) = refused(ONE_GROUP, {SAV: bytes(content)})
    assert problem.code == "file_unreadable"


def test_a_file_that_claims_more_cells_than_memory_holds_is_refused_before_it_is_read(refused, sav, monkeypatch):
    monkeypatch.setattr("werkbank.intake.room.MAX_CELLS", 5)
    content = sav({"id": ["1", "2"], "a": [1.0, 2.0], "b": [4.0, 9.0]})
    assert refused(ONE_GROUP, {SAV: content})[0].code == "sheet_too_large"


def test_a_reader_that_does_not_end_is_ended(refused, sav, monkeypatch):
    monkeypatch.setattr("werkbank.intake.spss.SECONDS", 0.001)
    assert refused(ONE_GROUP, {SAV: sav({"id": ["1"], "a": [1.0], "b": [4.0]})})[0].code == "file_unreadable"
