"""Real workbooks, written with openpyxl and read back."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.intake.conftest import ONE_GROUP, TWO_ARMS
from tests.intake.test_broken import ROWS, XLSX, rezipped, workbook

from werkbank.intake.lone import is_usual


def test_numbers_text_and_ids_are_read_as_they_are_stored(read, matrix, notes):
    rows = [["id", "a", "b"], ["007", 1, 2.5], [12, "3,25", "4"], ["x y ", None, 0]]
    intake = read(ONE_GROUP, {XLSX: workbook(rows)})
    assert list(intake.pupils.index) == ["007", "12", "x y"]
    table = matrix(intake)["taal"]
    assert table.to_dict() == {
        ("007", "pre"): 1,
        ("007", "post"): 2.5,
        ("12", "pre"): 3.25,
        ("12", "post"): 4,
        ("x y", "post"): 0,
    }
    assert intake.files[0].decimal == ","
    assert notes(intake)["text_numbers"] == {"file": XLSX, "outcome": "taal", "n": 2}
    assert notes(intake)["ids_trimmed"]["n"] == 1
    assert notes(intake)["forms_blank"] == {"outcome": "taal", "wave": "pre", "n": 1}


def test_the_sheet_is_the_only_visible_one_or_the_named_one(read):
    other = [["id", "a", "b"], ["99", 9, 9]]
    named = read(ONE_GROUP, {XLSX: workbook(ROWS, oud=other)}, files=[{"path": XLSX, "sheet": "oud"}])
    assert list(named.pupils.index) == ["99"]
    book = openpyxl.load_workbook(io.BytesIO(workbook(ROWS, oud=other)))
    book["oud"].sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    visible = read(ONE_GROUP, {XLSX: out.getvalue()})
    assert (visible.files[0].sheet, list(visible.pupils.index)) == ("data", ["01", "02"])


def test_the_saved_result_of_a_formula_is_read_and_counted(read, matrix, notes):
    # openpyxl writes no results: put them in as a spreadsheet program does
    content = workbook([*ROWS, ["03", "=B2+1", 5]])
    xml = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")
    assert b"<f>B2+1</f><v></v>" in xml or b"<f>B2+1</f><v/>" in xml or b"<f>B2+1</f><v />" in xml
    for empty in (b"<v></v>", b"<v/>", b"<v />"):
        xml = xml.replace(b"<f>B2+1</f>" + empty, b"<f>B2+1</f><v>2</v>")
    intake = read(ONE_GROUP, {XLSX: rezipped(content, "xl/worksheets/sheet1.xml", xml)})
    assert matrix(intake).loc[("03", "pre"), "taal"] == 2
    assert notes(intake)["formulas"]["n"] == 1


def test_a_sheet_that_tells_a_wrong_size_loses_no_rows(read):
    content = workbook(ROWS)
    xml = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")
    assert b'ref="A1:C3"' in xml
    small = rezipped(content, "xl/worksheets/sheet1.xml", xml.replace(b'ref="A1:C3"', b'ref="A1:A1"'))
    assert len(read(ONE_GROUP, {XLSX: small}).pupils) == 2


def test_empty_rows_keep_the_numbers_of_the_rows_below(refused):
    (problem,) = refused(ONE_GROUP, {XLSX: workbook([*ROWS, [], [], ["03", "x", 1]])})
    assert (problem.row, problem.value) == (6, "x")


def test_true_and_false_are_not_one_and_nought(refused):
    (problem,) = refused(ONE_GROUP, {XLSX: workbook([*ROWS, ["03", True, 1]])})
    assert (problem.code, problem.value) == ("not_a_number", "TRUE")


def test_an_id_beyond_fifteen_digits_has_lost_its_last_ones(refused):
    (problem,) = refused(ONE_GROUP, {XLSX: workbook([*ROWS, [1234567890123456, 1, 1]])})
    assert (problem.code, problem.row) == ("id_damaged", 4)


def test_arms_and_waves_stored_as_numbers_match_their_codes(read):
    rows = [["id", "arm", "wave", "q1", "q2"], ["a", 1, 0, 1, 2], ["b", 0.0, 1, 3, 4]]
    intake = read(TWO_ARMS, {XLSX: workbook(rows)}, arms={1: "intervention", 0: "control"}, waves={0: "pre", 1: "post"})
    assert intake.pupils["arm"].to_dict() == {"a": "1", "b": "0"}
    assert list(intake.answers["wave"].cat.categories) == ["pre", "post"]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    scores=st.lists(
        st.one_of(
            st.integers(-10_000, 10_000).filter(lambda x: not is_usual(x)),
            st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 6)),
        ),
        min_size=2,
        max_size=8,
    ),
    as_text=st.booleans(),
)
def test_no_value_changes_between_a_workbook_and_the_answers(read, matrix, scores, as_text):
    scores = [0.5, *scores]
    cells = [f"{s:.6f}".replace(".", ",") if as_text else s for s in scores]
    rows = [["id", "a", "b"], *([f"p{n}", cell, cell] for n, cell in enumerate(cells))]
    table = matrix(read(ONE_GROUP, {XLSX: workbook(rows)}))["taal"]
    assert [table[f"p{n}", "pre"] for n in range(len(scores))] == pytest.approx(scores, abs=0, rel=1e-15)
