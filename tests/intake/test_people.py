"""Who answered, in which class and arm, and what was known before."""

from __future__ import annotations

import numpy as np
import pytest
from tests.intake.conftest import LONG, ONE_GROUP, TWO_ARMS, WIDE

CLASSES = {"class": "klas", "teacher": "lk", "school": "school"}


def with_classes(*rows):
    return "id,arm,wave,q1,q2,klas,lk,school\n" + "\n".join(rows) + "\n"


def test_a_pupil_who_changes_class_keeps_the_class_at_assignment(read, notes):
    content = with_classes("1,x,T1,1,1,b,L2,s", "1,x,T0,1,1,a,L1,s", "2,c,T0,1,1,c,L3,s", "2,c,T1,1,1,c,L4,s")
    intake = read(TWO_ARMS, {"m.csv": content}, columns=CLASSES)
    assert intake.pupils[["class", "teacher"]].to_numpy().tolist() == [["a", "L1"], ["c", "L3"]]
    assert notes(intake)["class_changed"] == {"n": 1, "pupils": "1"}
    assert notes(intake)["teacher_changed"] == {"n": 2, "pupils": "1, 2"}
    assert intake.answers.groupby("pupil", observed=True)["class"].first().tolist() == ["a", "c"]


def test_classes_of_one_name_in_two_schools_are_two_classes(read, notes):
    content = with_classes("1,x,T0,1,1,5a,L1,Noord", "2,c,T0,1,1,5a,L2,Zuid")
    intake = read(TWO_ARMS, {"m.csv": content}, columns=CLASSES)
    assert intake.pupils["class"].tolist() == ["Noord / 5a", "Zuid / 5a"]
    assert notes(intake)["class_names_reused"] == {"n": 1}


def test_who_is_first_seen_in_a_class_of_the_other_arm_has_no_known_class(read, notes):
    rows = ["1,x,T0,1,1,a,L1,s", "2,c,T0,1,1,b,L2,s", "3,x,T1,1,1,b,L2,s"]
    intake = read(TWO_ARMS, {"m.csv": with_classes(*rows)}, columns=CLASSES, design={"assigned_by": "class"})
    assert intake.pupils["class"].to_dict() == {"1": "a", "2": "b", "3": np.nan}
    assert notes(intake)["unit_unknown"] == {"n": 1, "pupils": "3", "unit": "klas"}
    assert len(intake.answers) == 6


def test_without_an_id_column_rows_are_pupils_numbered_as_in_the_spreadsheet(read, notes):
    intake = read(ONE_GROUP, {"m.csv": WIDE}, columns={"pupil": None})
    assert list(intake.pupils.index) == ["2", "3"]
    assert notes(intake)["rows_are_pupils"] == {"file": "m.csv", "n": 2}


def test_when_teachers_are_studied_their_ids_are_the_pupils(read):
    intake = read(ONE_GROUP, {"m.csv": WIDE}, unit="teacher", columns={"pupil": None, "teacher": "id"})
    assert list(intake.pupils.index) == ["01", "02"]


def test_ids_stay_text(read, notes):
    intake = read(ONE_GROUP, {"m.csv": "id,a,b\n007,1,2\n12,3,4\n1e5,5,6\n1-2-13,7,8\n"})
    assert list(intake.pupils.index) == ["007", "12", "1e5", "1-2-13"]
    assert notes(intake)["ids_zeros"] == {"n": 1, "total": 2, "example": "007"}


def test_zeros_lost_in_one_of_two_files_are_seen(refused):
    contents = {"a.csv": "id,a\n007,1\n", "b.csv": "id,b\n7,1\n"}
    (problem,) = refused(ONE_GROUP, contents)
    assert (problem.code, problem.file, problem.row, problem.value) == ("lookalikes", "b.csv", 2, "7")
    assert (problem.details["old"], problem.details["new"]) == ("7", "007")


def test_pupils_without_answers_are_known_and_have_no_rows(read, notes):
    intake = read(ONE_GROUP, {"m.csv": WIDE + "03,,\n"})
    assert list(intake.pupils.index) == ["01", "02", "03"]
    assert sorted(set(intake.answers["pupil"])) == ["01", "02"]
    assert notes(intake)["forms_blank"]["n"] == 1


def test_a_single_group_without_a_column_is_in_the_one_arm_that_is_named(read):
    assert set(read(ONE_GROUP, {"m.csv": WIDE}, arms={"coaching": "intervention"}).pupils["arm"]) == {"coaching"}
    assert read(ONE_GROUP, {"m.csv": WIDE}).pupils["arm"].isna().all()


def test_covariates_are_those_of_the_first_wave(read, notes):
    content = "id,arm,wave,q1,q2,groep,leeftijd,sekse\n1,x,T1,1,1,6,10,j\n1,x,T0,1,1,5/6,9.5,\n2,c,T0,1,1,6,,m\n"
    intake = read(TWO_ARMS, {"m.csv": content}, covariates=["groep", "leeftijd", "sekse"])
    assert intake.pupils["groep"].tolist() == ["5/6", "6"]
    assert intake.pupils["leeftijd"].tolist() == pytest.approx([9.5, np.nan], nan_ok=True)
    assert intake.pupils["sekse"].tolist() == ["j", "m"]
    assert notes(intake)["covariate_words"] == {"covariate": "groep", "n": 1}
    assert [n.values["covariate"] for n in intake.notes if n.key == "intake.covariate_changed"] == ["groep", "leeftijd"]


def test_a_covariate_that_can_be_read_in_two_ways_is_refused(refused):
    (problem,) = refused(ONE_GROUP, {"m.csv": "id;a;b;iq\n1;1;2;1.234\n"}, covariates=["iq"])
    assert (problem.code, problem.column, problem.value) == ("decimal_ambiguous", "iq", "1.234")


def test_the_answers_are_one_tidy_table(read):
    answers = read(TWO_ARMS, {"m.csv": LONG}).answers
    who = ["pupil", "teacher", "class", "school", "arm", "wave", "informant", "outcome", "item", "value"]
    assert list(answers.columns) == who
    assert len(answers) == 8
    assert answers["value"].isna().sum() == 1
    assert answers["arm"].tolist() == ["x"] * 4 + ["c"] * 4


def test_a_covariate_in_numbers_is_said_to_count_as_a_line(read, notes):
    rows = [("1", "x", 5, 0, 3.2), ("2", "x", 6, 1, 3.4), ("3", "c", 7, 0, 3.9)]
    lines = [f"{pupil},{arm},T0,1,1,{year},{girl},{drive}" for pupil, arm, year, girl, drive in rows]
    content = "\n".join(["id,arm,wave,q1,q2,jaargroep,meisje,drijfveer", *lines])
    moderators = [{"column": "drijfveer", "at": "pupil"}]
    intake = read(TWO_ARMS, {"m.csv": content}, covariates=["jaargroep", "meisje"], moderators=moderators)
    assert [n.values for n in intake.notes if n.key == "intake.covariate_line"] == [{"covariate": "jaargroep"}]
    words = read(TWO_ARMS, {"m.csv": content.replace("T0,1,1,", "T0,1,1,groep ")}, covariates=["jaargroep", "meisje"])
    assert "covariate_line" not in notes(words)
