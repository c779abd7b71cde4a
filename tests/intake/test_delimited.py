"""Delimited text: whatever the signs and the encoding, what was written is what is read."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.intake.conftest import LONG, ONE_GROUP, TWO_ARMS, WIDE

from werkbank.intake.delimited import find_delimiter, find_encoding, read_delimited
from werkbank.intake.folding import is_summary, is_unknown, keys
from werkbank.intake.opening import RefusedFileError
from werkbank.study import FileSpec
from werkbank.study.spelling import tidy

FILE = "m.csv"
ENCODINGS = ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"]
IDS = st.text(st.sampled_from("abcXYZ0123456789éëïü -_."), min_size=1, max_size=8).filter(
    lambda text: text.strip() == text and any(c.isalpha() for c in text)
)
SCORES = st.integers(-999_999, 999_999).flatmap(
    lambda whole: st.sampled_from([whole, whole / 10, whole / 100, whole / 10_000])
)


def fits_as_an_id(name, others):
    """Whether nothing about an id asks for an answer: look-alikes and words for unknown have their own tests."""
    alike = any(keys(name) & keys(other) for other in others if other != name)
    return tidy(name) == name and not alike and not is_unknown(name) and not is_summary(name)


def written(rows, delimiter, decimal, encoding):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(
        [cell if isinstance(cell, str) else repr(cell).replace(".", decimal) for cell in row] for row in rows
    )
    return out.getvalue().encode(encoding)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    scores=st.dictionaries(IDS, st.tuples(SCORES, SCORES), min_size=1, max_size=12),
    delimiter=st.sampled_from(",;\t|"),
    decimal=st.sampled_from(",."),
    encoding=st.sampled_from(ENCODINGS),
    stated=st.booleans(),
)
def test_no_value_changes_between_writing_and_reading(read, matrix, scores, delimiter, decimal, encoding, stated):
    # one row proves the sign and the encoding, which whole numbers and plain letters leave open
    scores = {**scores, "zoë": (0.5, 1)}
    assume(all(fits_as_an_id(one, scores) for one in scores))
    rows = [["id", "a", "b"], *([name, *pair] for name, pair in scores.items())]
    spec = {"path": FILE, **({"delimiter": delimiter, "decimal": decimal} if stated else {})}
    intake = read(ONE_GROUP, {FILE: written(rows, delimiter, decimal, encoding)}, files=[spec])
    table = matrix(intake)["taal"]
    assert {name: (table[name, "pre"], table[name, "post"]) for name in scores} == scores
    assert sorted(intake.pupils.index) == sorted(scores)
    reading = intake.files[0]
    assert (reading.delimiter, reading.decimal) == (delimiter, decimal)
    assert reading.encoding == {"utf-8-sig": "utf-8-sig", "utf-16": "utf-16"}.get(encoding, encoding)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    answers=st.lists(st.lists(st.sampled_from([1, 2, 3, 4, 5, None]), min_size=2, max_size=2), min_size=2, max_size=8),
    delimiter=st.sampled_from(",;\t|"),
)
def test_answers_of_a_long_file_stay_with_their_pupil_and_wave(read, matrix, answers, delimiter):
    answers = [[1, 5], [5, 1], *answers]
    rows = [
        [f"{n:03d}", "xc"[n % 2], wave, *("" if a is None else a for a in (pair if wave == "T0" else pair[::-1]))]
        for n, pair in enumerate(answers)
        for wave in ("T0", "T1")
    ]
    content = written([["id", "arm", "wave", "q1", "q2"], *rows], delimiter, ".", "utf-8")
    table = matrix(read(TWO_ARMS, {FILE: content}))
    for n, (one, two) in enumerate(answers):
        if one is None and two is None:
            assert (f"{n:03d}", "pre") not in table.index
            continue
        pre, post = table.loc[f"{n:03d}", "pre"], table.loc[f"{n:03d}", "post"]
        for value, cell in ((one, pre["q1"]), (two, pre["q2"]), (two, post["q1"]), (one, post["q2"])):
            assert cell == value or (value is None and cell != cell)  # noqa: PLR0124 - NaN is what differs from itself


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_the_encoding_is_recognised_and_reported(read, notes, encoding):
    content = WIDE.replace("01", "Zoë").encode(encoding)
    intake = read(ONE_GROUP, {FILE: content})
    assert list(intake.pupils.index) == ["Zoë", "02"]
    assert notes(intake)["file_csv_whole"]["encoding"] == encoding
    assert ("encoding_decided" in notes(intake)) == (encoding == "cp1252")


def test_an_encoding_found_by_exclusion_shows_a_word_to_check_it_by(read, notes):
    intake = read(ONE_GROUP, {FILE: WIDE.replace("01", "juf Renée").encode("cp1252")})
    assert notes(intake)["encoding_decided"] == {"file": FILE, "encoding": "cp1252", "example": "Renée"}


def test_a_stated_encoding_is_used():
    assert find_encoding("Zoë".encode("cp850"), "cp850") == ("cp850", "")
    with pytest.raises(RefusedFileError, match="encoding_unreadable"):
        find_encoding("Zoë".encode("cp1252"), "utf-8")


def test_bytes_that_no_encoding_allows_are_refused():
    with pytest.raises(RefusedFileError, match="encoding_unreadable"):
        find_encoding(b"id;a\n\x81\x8d;1\n")


def test_a_known_column_name_tells_the_delimiter_even_when_rows_are_uneven():
    assert find_delimiter("id;a;b\n1;2,5\n", {"id", "a"}) == ";"
    assert find_delimiter("id,a;b,c\n1,2;3,4\n", {"a;b"}) == ","
    assert find_delimiter("a\n1\n2\n", {"a"}) == ","


def test_unknown_column_names_leave_the_even_table():
    assert find_delimiter("x;y\n1,5;2\n3;4\n", {"id"}) == ";"


def test_a_delimiter_within_quotes_is_part_of_the_cell(read):
    intake = read(ONE_GROUP, {FILE: 'id,a,b\n"Jansen, Piet",1,2\n"zegt ""hoi""",3,4\n'})
    assert list(intake.pupils.index) == ["Jansen, Piet", 'zegt "hoi"']


def test_a_line_that_states_the_delimiter_counts_as_a_row(read, refused):
    assert list(read(ONE_GROUP, {FILE: "sep=;\n" + WIDE.replace(",", ";")}).pupils.index) == ["01", "02"]
    (problem,) = refused(ONE_GROUP, {FILE: "sep=;\nid;a;b\n01;1;x\n"})
    assert problem.row == 3


def test_rows_are_numbered_as_the_spreadsheet_does(refused, read, notes):
    content = 'id,a,b\n"een\ntwee",1,2\n\n , ,\n03,1,x\n'
    (problem,) = refused(ONE_GROUP, {FILE: content})
    assert problem.row == 5
    assert notes(read(ONE_GROUP, {FILE: content.replace("x", "2")}))["blank_rows"] == {"file": FILE, "n": 2}


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_all_systems(read, end):
    assert len(read(TWO_ARMS, {FILE: LONG.replace("\n", end)}).answers) == 8


def test_no_delimiter_at_all_is_refused():
    with pytest.raises(RefusedFileError, match="delimiter_unclear"):
        read_delimited(b"x\n1\n2\n", FileSpec(path=FILE), {"id"})


QUALTRICS = (
    "StartDate,Status,id,a,b\n"
    'Start Date,Response Type,Wat is je nummer?,"Hoe\nging het?",En nu?\n'
    '"{""ImportId"":""startDate""}","{""ImportId"":""status""}","{""ImportId"":""QID1""}","{""ImportId"":""QID2""}",'
    '"{""ImportId"":""QID3""}"\n'
    "2024-01-02,IP Address,007,1,2\n"
    "2024-01-03,Survey Preview,008,3,4\n"
)


def test_the_three_header_rows_of_qualtrics_are_recognised(read, matrix, notes):
    intake = read(ONE_GROUP, {FILE: QUALTRICS})
    assert matrix(intake)["taal"].to_dict() == {
        ("007", "post"): 2,
        ("007", "pre"): 1,
        ("008", "post"): 4,
        ("008", "pre"): 3,
    }
    assert (intake.files[0].kind, intake.files[0].n_rows) == ("qualtrics", 2)
    assert notes(intake)["qualtrics_preview"] == {"file": FILE, "n": 1}


def test_rows_of_qualtrics_are_numbered_with_its_three_headers(refused):
    (problem,) = refused(ONE_GROUP, {FILE: QUALTRICS.replace("008,3", "008,drie")})
    assert (problem.row, problem.value) == (5, "drie")
