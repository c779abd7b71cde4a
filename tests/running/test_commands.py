"""What a batch says on the way and at its end, and that one bad row stops no other."""

from __future__ import annotations

import json
import shutil
from argparse import Namespace

import pytest

from werkbank.errors import ReportError, UsageError
from werkbank.running import commands
from werkbank.running.batch import BatchOutcome, Made, run_batch
from werkbank.running.jobs import jobs_asked

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
STATUSES = ("kept", "kept", "made", "failed")


@pytest.fixture
def told(split, small, tmp_path, monkeypatch):
    """Give a batch of four reports that take ten seconds each, and return what it said."""

    def run(*, live: bool = False, interrupted: bool = False, **more: object) -> list[str]:
        out = tmp_path / "uit"

        def fake(todo, _out, *, tell, **_):
            made = []
            for n, (job, status) in enumerate(zip(todo, STATUSES, strict=False), 1):
                made.append(Made(job, status, (), "kapot" if status == "failed" else "", 10.0))
                tell(made[-1], n, 10.0 * max(0, n - 2))
            made += [Made(job, "waiting") for job in todo[len(made) :]]
            return BatchOutcome(tuple(made), 20.0, interrupted)

        monkeypatch.setattr(commands, "run_batch", fake)
        asked = Namespace(**{
            "table": str(split), "by": "school", "report": str(small), "languages": None, "format": "html",
            "out": str(out), "workers": None, "timeout": 9, "no_warm": False, "quiet": False, "json": False,
            "scheduler": None, "speech": "nl", **more,
        })  # fmt: skip
        said: list[str] = []
        with pytest.raises(KeyboardInterrupt if interrupted else ReportError):
            commands.batch_command(asked, lambda *lines: said.extend(lines), live=live)
        return said

    return run


def test_progress_is_a_line_a_report_with_rate_and_time_to_go(told):
    said = told()
    assert "geen school" in said[0]
    assert [line.split()[0] for line in said[1:5]] == ["1/6", "2/6", "3/6", "4/6"]
    assert "(10.0 s; 0.0 per minuut, nog – min)" in said[2], "what was there already says nothing of the rate"
    assert "(10.0 s; 6.0 per minuut, nog 0.5 min)" in said[3]
    assert "kapot" in said[5]
    assert said[-3].endswith("kapot")
    assert "1 gemaakt, 2 waren er al, 1 mislukt, 2 niet begonnen" in said[-2]
    assert said[-1].endswith("index.html")
    assert not any("\x1b" in line for line in said)


def test_on_a_terminal_the_line_renews_itself(told):
    said = told(live=True)
    assert said[1].startswith("1/6")
    assert all(line.startswith("\x1b[1A\x1b[2K") for line in said[2:5])


def test_quiet_says_the_sum_alone(told):
    said = told(quiet=True)
    assert said[0].endswith(": kapot")
    assert len(said) == 3


def test_json_is_a_record_a_line(told):
    records = [json.loads(line) for line in told(json=True)]
    assert [record["status"] for record in records[:-1]] == list(STATUSES)
    assert records[3] == {
        "report": records[3]["report"], "title": "school De Regenboog", "status": "failed", "files": [],
        "message": "kapot", "seconds": 10.0,
    }  # fmt: skip
    assert records[-1] == {"made": 1, "kept": 2, "failed": 1, "waiting": 2, "seconds": 20.0, "interrupted": False}


def test_the_sum_is_told_when_it_is_interrupted(told):
    *_, sums, held, _ = told(interrupted=True)
    assert "2 niet begonnen" in sums
    assert "pas in share/ als de reeks af is" in held
    assert not any("share/" in line for line in told())
    assert json.loads(told(interrupted=True, json=True)[-1])["interrupted"]


@pytest.mark.parametrize(
    ("option", "value"), [("workers", 0), ("timeout", 0), ("languages", "nl,fr"), ("format", "odt"), ("report", "x")]
)
def test_what_cannot_be_asked_is_refused_before_anything_is_read(told, option, value):
    with pytest.raises(UsageError):
        told(**{option: value, "table": "no such study"})


def test_one_bad_study_in_a_table_stops_only_its_own_reports(split, small, tmp_path):
    bad = tmp_path / "kapot"
    shutil.copytree(split.parent, bad)
    (bad / "raw" / "scores.csv").write_text("leerling;school\n", encoding="utf-8")
    rows = "name;study;school\nA;kapot;007\nB;studie;007\nC;studie;nergens\nD;studie;S1\n"
    (tmp_path / "rapporten.csv").write_text(rows, encoding="utf-8")
    out = tmp_path / "uit"
    shared = {"out": str(out), "report": str(small), "formats": ("html",)}
    todo = jobs_asked(tmp_path / "rapporten.csv", None, "nl", shared, print)
    found = run_batch(todo, out, language="nl", workers=2)
    assert {one.job.title: one.status for one in found.made} == {"A": "failed", "B": "made", "C": "failed", "D": "made"}
    messages = {one.job.title: one.message for one in found.made}
    assert "scores.csv" in messages["A"]
    assert "nergens" in messages["C"]
