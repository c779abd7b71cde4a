"""A report in several languages: computed once, and each of its files what a run in that language alone makes."""

from __future__ import annotations

import json

import pytest

import werkbank
from werkbank.cli import main
from werkbank.errors import UsageError
from werkbank.running import runner
from werkbank.running.runner import run_languages, run_report
from werkbank.running.verify import verify
from werkbank.study.finding import example_path


@pytest.fixture
def counted(monkeypatch):
    """Count how often a notebook is run."""
    runs = []

    def execute(notebook, parameters, work, **options):
        runs.append(parameters["language"])
        return original(notebook, parameters, work, **options)

    original = runner.execute
    monkeypatch.setattr(runner, "execute", execute)
    return runs


def test_both_languages_come_from_one_run_and_are_what_a_run_of_their_own_makes(tmp_path, counted):
    study = example_path("baumann")
    both = run_languages(study, "school", languages=("nl", "en"), out=tmp_path / "both")
    assert counted == ["nl+en"]
    assert [made.language for made in both] == ["nl", "en"]
    for language in ("nl", "en"):
        alone = run_report(study, "school", language=language, out=tmp_path / "alone", warm=True)
        for path in alone.files:
            same = tmp_path / "both" / path.relative_to(tmp_path / "alone")
            if path.name != "manifest.json" or language == "en":  # after the second one it names both
                assert path.read_bytes() == same.read_bytes(), path.name
    kept = json.loads((tmp_path / "both" / "school.en.ipynb").read_text(encoding="utf-8"))
    assert "nl+en" not in json.dumps(kept)


def test_the_command_makes_both_and_speaks_the_first(tmp_path, counted, capsys):
    words = ["run", str(example_path("baumann")), "--report", "school", "--out", str(tmp_path / "uit")]
    assert main([*words, "--language", "en,nl"]) == 0
    told = capsys.readouterr().out
    assert counted == ["en+nl"]
    assert "school.nl.html" in told
    assert "\nmade:" in told
    assert main([*words, "--language", "nl,de"]) == 2
    assert "‘de’" in capsys.readouterr().err


def test_a_notebook_of_ones_own_runs_once_a_language(notebook, study, tmp_path, counted):
    from tests.running.conftest import PARAMETERS, RESULTS, SECTION

    path = notebook("# Rapport", PARAMETERS, SECTION, RESULTS)
    made = run_languages(study, path, languages=("en", "nl"), out=tmp_path / "uit", warm=True)
    assert counted == ["en", "nl"]
    assert {file.name for one in made for file in one.files} >= {"klein.en.html", "klein.nl.html"}


def test_an_unknown_language_is_named_before_anything_is_read(study, tmp_path):
    with pytest.raises(UsageError, match="de"):
        run_languages(study, languages=("nl", "de"), out=tmp_path / "uit")
    assert not (tmp_path / "uit").exists()
    assert werkbank.run_report is run_report


def test_a_folder_whose_results_were_lost_is_made_again(notebook, study, tmp_path):
    from tests.running.conftest import PARAMETERS, RESULTS, SECTION

    path = notebook("# Rapport", PARAMETERS, SECTION, RESULTS)
    store = tmp_path / "uit" / "results.json"
    for lost in (store.unlink, lambda: store.write_text("{}", encoding="utf-8")):
        made = run_languages(study, path, languages=("nl", "en"), out=tmp_path / "uit", warm=True)
        whole = store.read_bytes()
        lost()
        made = run_languages(study, path, languages=("nl", "en"), out=tmp_path / "uit", warm=True)
        assert store.read_bytes() == whole
        assert [one.superseded for one in made] == [(), ()]
        assert {one.verdict for one in verify([tmp_path / "uit"], quick=True)} == {"intact"}
