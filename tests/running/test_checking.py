"""What `check` says of questions; and a monitoring export that is not fit stops a run before its notebook starts."""

from __future__ import annotations

import json

import pytest
import yaml
from tests.intake import bad_inputs as bad

from werkbank.cli import main

DRAWN = {"kind": "randomised", "assigned_by": "class", "blocks": False}
MONITORED = {
    "title": "volgen",
    "design": {"kind": "single_group"},
    "monitoring": {
        "file": {"path": "lvs.csv"},
        "shape": "long",
        "columns": {"pupil": "Leerling", "subject": "Vak", "date": "Datum", "test": "Toets", "ability": "Score"},
    },
}


def put(folder, study, files):
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    (folder / "study.yaml").write_text(yaml.safe_dump(study, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return str(folder)


def told(capsys, *words):
    code = main(["check", "--json", *words])
    return code, json.loads(capsys.readouterr().out)


def test_every_question_is_foreseen_with_its_numbers_and_its_reason(tmp_path, capsys):
    study, files = bad.written({})
    code, found = told(capsys, put(tmp_path, study, files))
    assert code == 0
    assert [(q["outcome"], q["state"], q["reason"]) for q in found["questions"]] == [
        ("fijn", "described", "not_drawn_too_few_units"),
        ("taal", "described", "not_drawn_too_few_units"),
    ]
    assert all(q["units"] == {"int": 2, "con": 2} and q["pupils"] == {"int": 20, "con": 20} for q in found["questions"])
    assert all("loting" in q["sentence"] for q in found["questions"])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"m.csv": bad.text([r for r in bad.rows() if r[2] < "6"])}, ["Wordt niet beantwoord", "int: 1 klas"]),
        ({"design": DRAWN}, ["Wordt getoetst", "toe te schrijven"]),
        ({"design": {"kind": "single_group"}, "arms": {}}, ["Wordt getoetst", "niet waardoor", "4 klassen"]),
        (
            {"design": {"kind": "single_group"}, "arms": {},
             "m.csv": bad.text([r for r in bad.rows() if r[5] == "T0"])},
            ["Wordt niet beantwoord", "maar op één moment"],
        ),
        (
            {"m.csv": bad.put("taal", "30"), "design": DRAWN},
            ["beschreven: taal", "varieert"],
        ),
    ],
)  # fmt: skip
def test_what_a_design_allows_is_said_in_words(changes, words, tmp_path, capsys):
    study, files = bad.written(changes)
    if not study["arms"]:
        study["columns"].pop("arm")
    assert main(["check", put(tmp_path, study, files)]) == 0
    said = capsys.readouterr().out.partition("Welke vragen worden beantwoord:")[2]
    assert [word for word in words if word not in said] == []


@pytest.mark.parametrize("command", [["check"], ["run", "--report", "monitoring"]])
def test_a_monitoring_export_that_is_not_there_is_exit_3(command, tmp_path, capsys):
    assert main([command[0], put(tmp_path, MONITORED, {}), *command[1:]]) == 3
    assert "lvs.csv" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["check"], ["run", "--report", "monitoring"]])
def test_a_monitoring_export_with_dates_that_are_none_is_exit_3(command, tmp_path, capsys):
    rows = "\n".join(f"L{n:02d};Rekenen;gisteren;M{m};{100 + n}" for n in range(12) for m in range(3, 6))
    study = put(tmp_path, MONITORED, {"lvs.csv": f"Leerling;Vak;Datum;Toets;Score\n{rows}\n"})
    assert main([command[0], study, *command[1:]]) == 3
    assert "gisteren" in capsys.readouterr().err
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize("report", ["monitoring", "underachievement"])
def test_a_report_of_what_the_study_does_not_declare_is_exit_3(report, tmp_path, capsys):
    study, files = bad.written({})
    assert main(["run", put(tmp_path, study, files), "--report", report]) == 3
    assert report in capsys.readouterr().err


def test_an_evaluation_of_a_study_without_outcomes_is_exit_3(tmp_path, capsys):
    assert main(["run", put(tmp_path, MONITORED, {}), "--report", "evaluation"]) == 3
    assert "outcomes" in capsys.readouterr().err
