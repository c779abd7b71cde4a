"""What the study file says of rows and files: which belong, which count, and what holds for a whole file."""

from __future__ import annotations

import pytest
from tests.intake.conftest import ONE_GROUP, TWO_ARMS, nested

from werkbank.errors import UnfitError
from werkbank.intake.filtering import Condition, WhereError
from werkbank.intake.reading import read_answers

ROWS = "id,cohort,soort naam,a,b\n1,1,IP Address,1,2\n2,1,Survey Preview,3,4\n3,2,IP Address,5,6\n4,,IP Address,5,6\n"
CONDITIONS = {
    "cohort == 1": ["1", "2"],
    "cohort = '1'": ["1", "2"],
    "cohort != 2": ["1", "2", "4"],
    "cohort < 2": ["1", "2"],
    "cohort >= 1.5": ["3"],
    "cohort in [1, 2]": ["1", "2", "3"],
    "cohort not in [1]": ["3", "4"],
    "cohort is empty": ["4"],
    "cohort is not empty and not cohort == 2": ["1", "2"],
    '`soort naam` != "survey  PREVIEW"': ["1", "3", "4"],
    'cohort == 2 or (cohort == 1 and `soort naam` == "Survey Preview")': ["2", "3"],
}


@pytest.mark.parametrize(("condition", "left"), CONDITIONS.items(), ids=str)
def test_where_keeps_the_rows_that_it_names(read, notes, condition, left):
    intake = read(ONE_GROUP, {"m.csv": ROWS}, where=condition)
    assert intake.pupils.index.tolist() == left
    assert (notes(intake)["where"]["n"], notes(intake)["where"]["n_all"]) == (4 - len(left), 4)


WRONG = [
    "cohort", "cohort ==", "== 1", "cohort == 1 cohort", "(cohort == 1", "cohort like 1", "__import__('os')", "a == b",
    "cohort in []", "(" * 200 + "cohort == 1", "not " * 200 + "cohort == 1", "cohort == 1 and",
]  # fmt: skip


@pytest.mark.parametrize("condition", WRONG)
def test_what_is_no_condition_is_refused(refused, condition):
    with pytest.raises(WhereError):
        Condition(condition)
    assert [p.code for p in refused(ONE_GROUP, {"m.csv": ROWS}, where=condition)] == ["where_unreadable"]


@pytest.mark.parametrize(
    ("condition", "code"), [("cohrt == 1", "where_names_no_column"), ("cohort == 9", "where_nobody")]
)
def test_a_condition_that_fits_nothing_is_refused(refused, condition, code):
    assert code in [p.code for p in refused(ONE_GROUP, {"m.csv": ROWS}, where=condition)]


TWICE = "id,tijd,a,b\n1,{},1,2\n1,{},3,4\n2,,5,6\n"


@pytest.mark.parametrize(
    ("times", "value"),
    [
        (("2026-09-01 10:00", "2026-09-02 09:00"), 3),
        (("02-09-2026 10:00", "01-10-2026 09:00"), 3),
        (("1-10-2026 10:00", "2-9-2026 10:00"), 1),
        (("2026/09/14 2:30:00 PM EET", "2026/09/14 9:30:00 AM EET"), 1),
    ],
)
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_the_latest_form_counts_when_the_study_file_says_so(read, notes, times, value):
    intake = read(ONE_GROUP, {"m.csv": TWICE.format(*times)}, latest="tijd")
    assert intake.answers.set_index(["pupil", "wave"])["value"]["1", "pre"] == value
    assert notes(intake)["latest"]["n"] == 1


@pytest.mark.parametrize(
    ("times", "code"), [(("gisteren", "2026-09-02"), "time_unreadable"), (("2026-09-02", "2026-09-02"), "time_twice")]
)
def test_times_that_do_not_tell_are_refused(refused, times, code):
    assert code in [p.code for p in refused(ONE_GROUP, {"m.csv": TWICE.format(*times)}, latest="tijd")]


FILES = {
    "raw/klas 5A.csv": "nr,wave,q1,q2\n1,T0,1,2\n2,T0,3,4\n",
    "raw/klas 6B.csv": "nr,wave,q1,q2\n1,T0,2,2\n2,T0,3,4\n",
}
SAID = [{"path": "raw/klas 5A.csv", "class": "5A", "arm": "x"}, {"path": "raw/klas 6B.csv", "class": "6B", "arm": "c"}]
PER_CLASS = {**TWO_ARMS, "columns": {"pupil": ["class", "nr"], "wave": "wave"}}


def test_a_class_and_arm_said_of_a_file_hold_for_its_pupils_and_are_part_of_their_key(read):
    pupils = read(PER_CLASS, FILES, files=SAID).pupils
    assert pupils.index.tolist() == ["5A / 1", "5A / 2", "6B / 1", "6B / 2"]
    assert pupils["class"].tolist() == ["5A", "5A", "6B", "6B"]
    assert pupils["arm"].tolist() == ["x", "x", "c", "c"]


def test_a_row_that_says_otherwise_is_refused(refused):
    content = {"m.csv": "id,wave,arm,q1,q2\n1,T0,c,1,2\n2,T0,,3,4\n"}
    problems = refused(TWO_ARMS, content, files=[{"path": "m.csv", "arm": "x"}])
    assert [(p.code, p.row, p.value) for p in problems] == [("role_conflict", 2, "c")]


def test_numbers_that_begin_anew_in_every_class_are_one_problem_with_the_way_out(refused):
    rows = [f"{n},{'xc'[k % 2]},T0,k{k},1,2" for k in range(4) for n in range(1, 6)]
    content = {"m.csv": "id,arm,wave,klas,q1,q2\n" + "\n".join(rows) + "\n"}
    columns = {"class": "klas"}
    (problem,) = refused(TWO_ARMS, content, columns=columns)
    assert problem.code == "numbers_restart"
    assert "pupil: [klas, id]" in problem.sentence("nl")


def test_a_pattern_stands_for_the_files_that_it_fits(make_study):
    contents = {f"raw/klas{n}.csv": f"id,a,b\n{n},1,2\n" for n in range(3)}
    study = make_study(ONE_GROUP, contents, files=[{"path": "raw/klas*.csv"}])
    assert [spec.path for spec in study.files] == ["raw/klas0.csv", "raw/klas1.csv", "raw/klas2.csv"]
    assert len(read_answers(study).pupils) == 3


@pytest.mark.parametrize("pattern", ["raw/groep*.csv", "../*", "/*"])
def test_a_pattern_that_fits_nothing_is_refused(make_study, pattern):
    with pytest.raises(UnfitError) as caught:
        make_study(ONE_GROUP, {"raw/m.csv": "id,a,b\n1,1,2\n"}, files=[{"path": pattern}])
    assert [p.code for p in caught.value.problems] == ["files_none"]


def test_rows_above_the_header_and_rows_that_sum_up_are_skipped_when_said(read, notes):
    text = "Export van maandag,,\nid,a,b\nnummer,score,score\n1,1,2\n2,3,4\nGemiddelde,2,3\n"
    intake = read(ONE_GROUP, {"m.csv": text}, files=[{"path": "m.csv", "header": 2, "skip": [3, 6]}])
    assert intake.pupils.index.tolist() == ["1", "2"]
    assert notes(intake)["rows_skipped"]["n"] == 3


def test_a_file_may_have_names_of_its_own(read):
    contents = {"a.csv": "id,a\n1,1\n2,2\n", "b.csv": "Nummer,Toets\n1,3\n2,4\n"}
    files = [{"path": "a.csv"}, {"path": "b.csv", "columns": {"id": "Nummer", "b": "Toets"}}]
    assert len(read(ONE_GROUP, contents, files=files).answers) == 4


def test_the_base_of_these_studies_is_fit(read):
    assert len(read(nested(ONE_GROUP, {}), {"m.csv": ROWS}).pupils) == 4
