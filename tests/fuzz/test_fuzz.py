"""Whatever a file holds, the command line answers 0 or 3, in words, soon, and no value that it reads is another's.

The inputs are made, run and judged by ``run.py`` beside this file, in a process of its own: here only its sum is read.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).with_name("run.py")
KINDS = ("study", "key", "csv", "xlsx", "sav", "table")
SHORT = {"study": 25, "key": 20, "csv": 25, "xlsx": 25, "sav": 20, "table": 25}
FULL = {"study": 1500, "key": 800, "csv": 2500, "xlsx": 1500, "sav": 1500, "table": 1200}
MADE_UP = {"study": 500, "csv": 800, "xlsx": 500, "sav": 300, "table": 400}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="each input is tried in a forked process")


def answered(kind: str, first: int, last: int) -> dict[str, int]:
    command = [sys.executable, str(RUN), kind, str(first), str(last)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "LANG": "C.UTF-8"})
    assert not done.stderr
    *wrong, total = [json.loads(line) for line in done.stdout.splitlines()]
    assert wrong == []
    assert total["inputs"] >= last - first
    assert {name for name in total if name.startswith("exit")} <= {"exit 0", "exit 3"}
    return total


@pytest.mark.parametrize("kind", KINDS)
def test_mutilated_files_are_read_or_refused(kind):
    total = answered(kind, 1, SHORT[kind])
    assert total["judged"], "a run in which nothing could be read says nothing about values"


@pytest.mark.parametrize("kind", MADE_UP)
def test_made_up_files_are_read_or_refused(kind):
    answered(kind, 0, 10)


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_mutilated_files_are_read_or_refused_at_length(kind):
    total = answered(kind, 1, FULL[kind])
    assert total["judged"] >= 0.04 * FULL[kind]


@pytest.mark.long
@pytest.mark.parametrize("kind", MADE_UP)
def test_made_up_files_are_read_or_refused_at_length(kind):
    answered(kind, 0, MADE_UP[kind])


def test_the_judge_finds_a_changed_value(tmp_path):
    """A judge that agrees with everything would let every test above pass."""
    code = (
        "import run, judging, sys\nfrom pathlib import Path\nfrom subjects import subjects\n"
        "from werkbank.intake.reading import read_answers\nfrom werkbank.study import load_study\n"
        "for kind in ('csv', 'xlsx', 'sav'):\n"
        "    for number, subject in enumerate(subjects(kind)):\n"
        "        folder = Path(sys.argv[1]) / f'{kind}{number}'\n"
        "        for name, content in subject.files.items():\n"
        "            (folder / name).parent.mkdir(parents=True, exist_ok=True)\n"
        "            (folder / name).write_bytes(content)\n"
        "        intake = read_answers(load_study(folder))\n"
        "        assert judging.answers_judged(intake) == []\n"
        "        at = intake.answers['value'].first_valid_index()\n"
        "        intake.answers.loc[at, 'value'] += 1\n"
        "        assert len(judging.answers_judged(intake)) == 1\n"
        "        intake.answers.drop(index=at, inplace=True)\n"
        "        assert len(judging.answers_judged(intake)) == 1\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, cwd=RUN.parent)
