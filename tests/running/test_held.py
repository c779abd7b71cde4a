"""Copies to share are in ``share`` only when they were looked at beside all others, whenever a batch or a run ends."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.disclosure.test_batch_attack import study_of_schools
from tests.running.conftest import whole

import werkbank
from werkbank.errors import UsageError
from werkbank.running import manifest, runner, together
from werkbank.running.batch import run_batch
from werkbank.running.jobs import jobs_of_table

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(autouse=True)
def _code_stands_still(monkeypatch):
    monkeypatch.setattr(manifest, "_code", lambda: "0")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scholen")
    study_of_schools(folder, 1, 3)
    return folder


def asked(study, out, *, rows=4):
    table = study / f"{out.parent.name}-{rows}.csv"
    lines = ["name;study;school;report", "alle;study.yaml;;school", *(f";study.yaml;s{i};school" for i in range(3))]
    table.write_text("\n".join(lines[: rows + 1]) + "\n", encoding="utf-8")
    return table, jobs_of_table(table, "nl", {"out": str(out), "formats": ("html",)})


def inside(out, name):
    """Return the files in every folder of this name; what is being swept beside them may vanish (a glob would stop)."""
    return [Path(place) / file for place, _, files in os.walk(out) for file in files if Path(place).name == name]


def let_go(out):
    """Return the content of every file in a folder `share`, by name."""
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in inside(out, "share")}


def held(out):
    return [path.name for path in inside(out, ".share")]


@pytest.mark.parametrize("sent", [signal.SIGKILL, pytest.param(signal.SIGINT, marks=pytest.mark.long)])
def test_a_batch_that_ends_early_lets_no_copy_go(study, tmp_path, sent):
    out = tmp_path / "uit"
    table, jobs = asked(study, out)
    command = [sys.executable, "-m", "werkbank", "batch", str(table), "--out", str(out), "--workers", "1"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 120
        while len(list(out.glob("*/manifest.json"))) < 2 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        os.kill(process.pid, sent)
    assert held(out), "a batch that had made nothing proves nothing"
    assert let_go(out) == {}
    assert all(whole(out).values())
    made = None
    while made is None and time.monotonic() < deadline:
        with contextlib.suppress(UsageError):  # the template of a killed batch is still sweeping its folder
            made = run_batch(jobs, out, language="nl", workers=1)
    assert made.count("made") + made.count("kept") == 4
    assert held(out) == []
    assert len({name.partition("/")[0] for name in let_go(out)}) == 5


@pytest.mark.parametrize("moment", [0, *(pytest.param(n, marks=pytest.mark.long) for n in (1, 2))])
def test_whenever_settling_ends_what_was_let_go_belongs_together(study, tmp_path, monkeypatch, moment):
    """A second batch of more schools leaves earlier copies as they were; it is stopped at the n-th copy, or between."""
    out = tmp_path / "uit"
    run_batch(asked(study, out, rows=2)[1], out, language="nl", workers=2)
    before = let_go(out)
    jobs = asked(study, out)[1]
    wanted, seen = {0: ("_renewed", 1), 1: ("_renewed", 3), 2: ("release", 2)}[moment], []
    home = together if wanted[0] == "_renewed" else manifest
    usual = getattr(home, wanted[0])

    def stopped(*arguments):
        seen.append(arguments)
        if len(seen) > wanted[1]:
            raise SystemExit
        return usual(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(home, wanted[0], stopped)
        with pytest.raises(SystemExit):
            run_batch(jobs, out, language="nl", workers=2)
    between = let_go(out)
    run_batch(jobs, out, language="nl", workers=2)
    after = let_go(out)
    joint = {"share/index.html", "share/results.csv"}
    assert before.items() - after.items() == {(name, before[name]) for name in joint}, "what was given out stays"
    assert between.items() <= before.items() or between.items() <= after.items()
    assert held(out) == []


def test_a_run_that_ends_before_its_copies_were_looked_at_holds_them_back(study, tmp_path, monkeypatch):
    def killed(*_, **__):
        raise SystemExit

    out = tmp_path / "uit"
    with monkeypatch.context() as patch:
        patch.setattr(runner, "settle", killed)
        with pytest.raises(SystemExit):
            werkbank.run_report(study, "school", language="nl", out=out, warm=True)
    assert let_go(out) == {}
    assert "school.nl.html" in held(out)
    werkbank.run_report(study, "evaluation", language="en", out=out, warm=True)
    assert {"share/school.nl.html", "share/evaluation.en.html"} <= let_go(out).keys()
    assert held(out) == []


@pytest.mark.long
def test_the_earlier_copy_of_what_cannot_be_made_again_is_held_back(study, tmp_path):
    own = tmp_path / "studie"
    shutil.copytree(study, own)
    out = tmp_path / "uit"
    jobs = asked(own, out, rows=2)[1]
    run_batch(jobs, out, language="nl", workers=1)
    assert {job.folder for job in jobs} < {name.partition("/")[0] for name in let_go(out)}
    rows = (own / "raw.csv").read_text(encoding="utf-8").splitlines()
    (own / "raw.csv").write_text("\n".join(r for r in rows if ";s0;" not in r) + "\n", encoding="utf-8")
    made = run_batch(jobs, out, language="nl", workers=1)
    assert [one.status for one in made.made] == ["made", "failed"]
    assert {name.partition("/")[0] for name in let_go(out)} == {jobs[0].folder, "share"}
    assert held(out)
