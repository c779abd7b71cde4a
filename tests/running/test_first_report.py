"""Which report `run` makes when none is named, and what `check` says of the reports that a study file names."""

from __future__ import annotations

import pytest
from tests.running.test_declared import declared

import werkbank
from werkbank.cli import main
from werkbank.errors import UnfitError
from werkbank.running import commands
from werkbank.running.checking import check_reports
from werkbank.study import load_study

FIRST = {
    "baumann": "evaluation", "bdf": "evaluation", "klassenspel": "single_case", "leerlingen": "programme",
    "nabijheid": "evaluation", "overzicht": "synthesis", "samenhang": "association", "volgsysteem": "monitoring",
    "voornemen": "planning",
}  # fmt: skip


@pytest.mark.parametrize(("name", "report"), FIRST.items())
def test_the_report_that_fits_is_the_first_also_when_the_file_names_none(name, report):
    study = load_study(werkbank.example_path(name))
    check_reports(study)
    assert study.first_report == report
    silent = study.model_copy(update={})
    silent.__pydantic_fields_set__.discard("reports")
    assert silent.first_report == report


def test_a_report_that_does_not_exist_or_was_not_declared_is_told_by_check(tmp_path, capsys):
    declared(1).write(tmp_path)
    path = tmp_path / "study.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "\nreports: [evalution, monitoring]\n", encoding="utf-8")
    with pytest.raises(UnfitError) as error:
        check_reports(load_study(tmp_path))
    assert [(p.code, p.column) for p in error.value.problems] == [
        ("study_unknown_value", "reports"), ("monitoring_not_declared", None),
    ]  # fmt: skip
    assert main(["check", str(tmp_path), "--json"]) == 3
    assert "evaluation" in capsys.readouterr().out


def test_a_notebook_of_ones_own_is_looked_for_in_the_study_s_folder(tmp_path, monkeypatch):
    declared(1).write(tmp_path)
    path = tmp_path / "study.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "\nreports: [eigen.ipynb]\n", encoding="utf-8")
    with pytest.raises(UnfitError) as error:
        check_reports(load_study(tmp_path))
    assert error.value.problems[0].code == "study_unknown_value"
    (tmp_path / "eigen.ipynb").write_text("{}", encoding="utf-8")
    check_reports(load_study(tmp_path))
    (tmp_path / "elders").mkdir()
    monkeypatch.chdir(tmp_path / "elders")
    assert commands._first_report("..") == (tmp_path / "eigen.ipynb").as_posix()
