"""Real files of others, and the examples that ship, read through a Study."""

from __future__ import annotations

import csv

import pandas as pd
import pytest
from tests.conftest import ROOT
from tests.intake.conftest import ONE_GROUP

from werkbank.intake.reading import read_answers
from werkbank.study import load_study

GTI_TEACHERS = {
    "unit": "teacher",
    "columns": {"pupil": "T_ID", "school": "SCH_ID"},
    "outcomes": [
        {
            "name": "relation",
            "informant": "teacher",
            "items": {"pre": [f"TQA09{c}" for c in "ABCDE"], "post": [f"TQB13{c}" for c in "ABCDE"]},
            "range": [1, 4],
            "better": "higher",
        }
    ],
}


def own(name, pre, post):
    return {"name": name, "items": {"pre": pre, "post": post}, "range": [1, 4], "better": "higher"}


GTI_STUDENTS = {
    "columns": {"pupil": "S_ID", "class": "T_ID", "school": "SCH_ID"},
    "covariates": ["COUNTRY"],
    "outcomes": [
        own("self-concept", [f"SQA06{c}" for c in "ABCDEF"], [f"SQB01{c}" for c in "ABCDEF"]),
        own("interest", [f"SQA14{c}" for c in "ABC"], [f"SQB03{c}" for c in "ABC"]),
        own("efficacy", [f"SQA15{c}" for c in "ABCDE"], [f"SQB02{c}" for c in "ABCDE"]),
    ],
}


@pytest.mark.parametrize(("file", "changes"), [("gti_teachers.csv", GTI_TEACHERS), ("gti_students.csv", GTI_STUDENTS)])
def test_every_answer_of_the_teaching_insights_files_arrives(shared, read, file, changes):
    intake = read(ONE_GROUP, {file: (shared / "data" / file).read_bytes()}, **changes)
    raw = pd.read_csv(shared / "data" / file, dtype={changes["columns"]["pupil"]: str})
    raw = raw.set_index(changes["columns"]["pupil"])
    assert len(intake.pupils) == len(raw)
    answers = intake.answers.astype({"wave": str, "item": str, "pupil": str})
    for outcome in changes["outcomes"]:
        for wave, columns in outcome["items"].items():
            here = answers[(answers["outcome"] == outcome["name"]) & (answers["wave"] == wave)]
            table = here.pivot_table(index="pupil", columns="item", values="value")[outcome["items"]["pre"]]
            expected = raw[columns].dropna(how="all")
            assert (table.loc[expected.index].to_numpy() == expected.to_numpy()).sum() == expected.notna().sum().sum()
            assert len(table) == len(expected)


def test_answers_stored_as_words_become_numbers(shared, read):
    path = shared / "data" / "sasr_items.csv"
    words = {"Strongly Disagree": 1, "Disagree": 2, "Neither": 3, "Agree": 4, "Strongly Agree": 5}
    items = [f"SASR{n}" for n in range(1, 64)]
    outcome = {"name": "sasr", "items": items, "range": [1, 5], "better": "higher", "answers": words}
    intake = read(
        ONE_GROUP,
        {"sasr.csv": path.read_bytes()},
        outcomes=[outcome],
        columns={"pupil": None},
        files=[{"path": "sasr.csv", "wave": "baseline"}],
    )
    with path.open(encoding="utf-8") as lines:
        cells = [cell for row in csv.DictReader(lines) for cell in row.values()]
    expected = pd.Series([words[cell] for cell in cells if cell]).value_counts()
    assert intake.answers["value"].value_counts().to_dict() == {float(k): n for k, n in expected.items()}


def test_a_trial_in_classes_with_its_year_as_wave(shared, read):
    path = shared / "data" / "mental_abacus.csv"
    changes = {
        "design": {"kind": "randomised", "assigned_by": "class"},
        "columns": {"pupil": "subid", "class": "class_num", "arm": "group", "wave": "year"},
        "waves": {2015: "pre", 2016: "post"},
        "outcomes": [
            {"name": "arithmetic", "column": "arithmeticTotal", "better": "higher", "informant": "test"},
            {"name": "memory", "column": "swm", "better": "higher", "informant": "test"},
        ],
        "covariates": ["grade"],
    }
    raw = pd.read_csv(path)
    arms = {arm: "control" if arm == "CNTL" else "intervention" for arm in raw["group"].unique()}
    intake = read(ONE_GROUP, {"m.csv": path.read_bytes()}, arms=arms, **changes)
    assert len(intake.pupils) == raw["subid"].nunique() == 164
    assert intake.pupils["class"].nunique() == 21
    for name, column in (("arithmetic", "arithmeticTotal"), ("memory", "swm")):
        values = intake.answers.loc[intake.answers["outcome"] == name, "value"]
        assert values.to_numpy() == pytest.approx(raw[column].dropna().to_numpy(), abs=0)


def test_the_dutch_pupils_of_bdf(shared, read):
    path = shared / "data" / "bdf.csv"
    outcome = {"name": "taal", "column": {"pre": "langPRET", "post": "langPOST"}, "better": "higher"}
    iq = {"name": "iq", "column": {"pre": "IQ.verb"}, "better": "neither"}
    columns = {"pupil": "pupilNR", "class": "classNR", "school": "schoolNR"}
    intake = read(ONE_GROUP, {"bdf.csv": path.read_bytes()}, columns=columns, outcomes=[outcome, iq])
    raw = pd.read_csv(path)
    assert len(intake.pupils) == len(raw)
    assert intake.answers.groupby("outcome", observed=True)["value"].sum().to_dict() == pytest.approx(
        {"taal": raw["langPRET"].sum() + raw["langPOST"].sum(), "iq": raw["IQ.verb"].sum()}, rel=1e-12
    )


@pytest.mark.parametrize("example", ["baumann", "bdf", "nabijheid"])
def test_the_examples_that_ship_are_fit(example, notes):
    intake = read_answers(load_study(ROOT / "data" / "examples" / example))
    assert len(intake.answers)
    assert notes(intake)
