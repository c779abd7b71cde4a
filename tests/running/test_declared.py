"""Whatever a study file may declare on sound answers: what `check` calls fit, `run` finishes."""

from __future__ import annotations

import csv
import json
import subprocess
import sys

import pytest
from tests.running.declaring import declared

from werkbank.running.checking import check_study
from werkbank.study import load_study

STUDIES = 60
FURTHER = 4  # of so many studies one gets all three reports
REPORTS = ("evaluation", "school", "thesis")


@pytest.mark.parametrize("seed", range(8))
def test_sound_answers_are_fit_whatever_is_declared(seed, tmp_path):
    declared(seed).write(tmp_path)
    checked = check_study(load_study(tmp_path))
    assert checked.questions
    for language in ("nl", "en"):
        assert all(checked.foreseen(language))
        assert all(note.sentence(language) for note in checked.notes)


@pytest.mark.long
def test_what_check_calls_fit_is_made(tmp_path):
    jobs = []
    for seed in range(STUDIES):
        folder = tmp_path / f"d{seed}"
        declared(seed).write(folder)
        assert check_study(load_study(folder)).questions
        jobs += [(f"d{seed}-{name}", folder, name) for name in REPORTS[: None if seed % FURTHER == 0 else 1]]
    with (tmp_path / "jobs.csv").open("w", newline="", encoding="utf-8") as table:
        csv.writer(table).writerows([("name", "study", "report"), *jobs])
    words = ["batch", str(tmp_path / "jobs.csv"), "--out", str(tmp_path / "out"), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "werkbank", *words], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    made = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert [one for one in made if one["status"] != "made"] == []
    assert len(made) == len(jobs)
    assert done.returncode == 0
