"""Commands that talk: steps while one waits, the reader's language, JSON on every command, what a computer lacks."""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.conftest import ROOT
from tests.test_cli import Broken, werkbank

from werkbank import steps, usage
from werkbank.catalogue import LANGUAGES, topic_sentences
from werkbank.cli import main
from werkbank.progress import Progress, words

SECONDS = 10  # without a new word


class Terminal(io.StringIO):
    def isatty(self):
        return True


def on_terminal(words, cwd, typed="", **env):
    """Run a command on a terminal of its own; return its exit code, what it showed, and the longest silence.

    That the seconds of a line go on is no new word.
    """
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    here = {**os.environ, "LANG": "nl_NL.UTF-8", "TERM": "xterm", **env}
    here.pop("LC_ALL", None)
    started = subprocess.Popen(
        [sys.executable, "-m", "werkbank", *words], cwd=cwd, stdin=theirs, stdout=theirs, stderr=theirs, env=here
    )
    os.close(theirs)
    os.write(ours, typed.encode())
    shown, longest, last, before = b"", 0.0, time.monotonic(), ""
    while True:
        ready, _, _ = select.select([ours], [], [], 0.5)
        try:
            piece = os.read(ours, 4096) if ready else b""
        except OSError:
            break
        if ready and not piece:
            break
        shown += piece
        told = [re.sub(r" …( \d+ s)?$", "", line.strip()) for line in re.split(r"\x1b\[2K|[\r\n]", _whole(piece))]
        for line in [line for line in told if line and line != before]:
            longest, last, before = max(longest, time.monotonic() - last), time.monotonic(), line
    os.close(ours)
    return started.wait(), shown.decode(), max(longest, time.monotonic() - last)


def _whole(piece):
    return piece.decode(errors="replace")


@pytest.fixture
def study(tmp_path):
    return Broken("").write(tmp_path / "studie").parent


@pytest.mark.usefixtures("study")
def test_a_run_on_a_terminal_is_never_silent_for_long_and_renews_one_line(tmp_path):
    code, shown, longest = on_terminal(["run", "studie"], tmp_path)
    assert code == 0, shown
    assert longest < SECONDS
    for said in ("bestanden lezen en controleren", "antwoorden scoren", "schatten: vertrouwen", "opmaken: HTML"):
        assert said in shown
    drawn = [line for line in shown.split("\x1b[2K") if "…" in line]
    assert len(drawn) > 5
    assert all("\n" not in line.rstrip("\r\n") for line in drawn[:-1])  # it stays one line
    assert shown.rstrip().endswith("manifest.json")
    code, shown, longest = on_terminal(["verify", "reports/studie", "--study", "studie"], tmp_path)
    assert code == 0, shown
    assert longest < SECONDS
    assert "opnieuw maken: reports/studie/evaluation.nl" in shown
    assert shown.splitlines()[-1].endswith("hetzelfde, tot op de byte")


@pytest.mark.usefixtures("study")
def test_elsewhere_each_step_is_a_plain_line_once_beside_the_answer(tmp_path):
    done = werkbank("run", "studie", cwd=tmp_path, LANG="nl_NL.UTF-8")
    lines = done.stdout.partition("gemaakt:")[0].splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert len(lines) == len(set(lines)) > 5
    assert "\x1b" not in done.stderr + done.stdout
    assert lines[0] == "bestanden lezen en controleren"
    assert any(line.startswith("schatten: vertrouwen (vraag 1 van ") for line in lines)
    assert "\ngemaakt:\n" in done.stdout


@pytest.mark.usefixtures("study")
def test_a_batch_tells_on_a_terminal_which_report_is_at_which_step(tmp_path):
    code, shown, longest = on_terminal(["batch", "studie", "--by", "class", "--workers", "2"], tmp_path)
    assert code in {0, 1}, shown
    assert longest < SECONDS
    assert re.search(r"0/4 · \S+", shown)
    assert "4/4" in shown


@pytest.mark.long
def test_whole_reports_on_a_terminal_are_never_silent_for_long(tmp_path):
    shutil.copytree(ROOT / "data" / "examples" / "nabijheid", tmp_path / "nabijheid")
    for words_of in (
        ["run", "nabijheid"],
        ["verify", "reports/nabijheid", "--study", "nabijheid"],
        ["batch", "nabijheid", "--by", "school", "--workers", "2"],
    ):
        began = time.monotonic()
        code, shown, longest = on_terminal(words_of, tmp_path)
        assert code == 0, shown
        print(f"{words_of[0]}: {time.monotonic() - began:.0f} s, longest {longest:.1f} s")  # noqa: T201 - shown with -s
        assert longest < SECONDS


def test_in_the_folder_of_a_study_no_name_is_needed(study, tmp_path):
    assert werkbank("check", cwd=study).returncode == 0
    done = werkbank("run", cwd=study)
    assert done.returncode == 0, done.stderr
    assert (study / "reports" / "studie" / "evaluation.nl.html").is_file()
    for command in ("check", "run", "codebook"):
        lost = werkbank(command, cwd=tmp_path, LANG="nl_NL.UTF-8")
        assert (lost.returncode, lost.stdout) == (2, "")
        assert "STUDY" in lost.stderr
        assert "study.yaml" in lost.stderr


def test_steps_of_another_process_are_passed_on_in_their_order(tmp_path):
    heard = []
    code = "from werkbank import steps\nfor n in range(50): steps.begin('estimating', outcome='é', at=n, of=50)"
    with steps.listening(heard.append):
        steps.begin("starting")
        with steps.forwarded(tmp_path / "steps") as env:
            subprocess.run([sys.executable, "-c", code], env={**os.environ, **env}, check=True)
        steps.begin("sharing")
    assert [step.key for step in heard] == ["steps.starting", *["steps.estimating"] * 50, "steps.sharing"]
    assert [step.values["at"] for step in heard[1:-1]] == list(range(50))
    with steps.forwarded(tmp_path / "none") as env:
        steps.begin("starting")
    assert (env, (tmp_path / "none").exists()) == ({}, False)


def test_every_step_is_a_sentence_and_every_sentence_a_step():
    source = Path(steps.__file__).parent
    begun = {
        name
        for path in source.rglob("*.py")
        for name in re.findall(r"steps\.begin\(\s*\"(\w+)\"", path.read_text(encoding="utf-8"))
    }
    for language in LANGUAGES:
        sentences = set(topic_sentences("steps", language))
        assert begun <= sentences
        assert words(steps.Step("evaluation.heading.flow"), language)


def test_a_line_of_a_terminal_fits_and_is_taken_away():
    stream = Terminal()
    with Progress(stream, "nl", live=True) as told:
        told.tell("x" * 200)
        told.tell("kort")
    drawn = stream.getvalue().split("\r\x1b[2K")
    assert max(map(len, drawn)) <= 79
    assert drawn[-1] == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_usage_and_errors_are_in_the_language_of_the_system(language, tmp_path):
    spoken = {"nl": "nl_NL.UTF-8", "en": "en_GB.UTF-8"}[language]
    said = topic_sentences("usage", language)
    shown = werkbank("run", "--help", cwd=tmp_path, LANG=spoken).stdout
    assert shown.startswith(said["usage"])
    assert f"\n{said['options']}:" in shown
    for given, key in (
        (["run", "x", "--ouut"], "unrecognised"),
        (["verify"], "required"),
        (["lab", "--port"], "expected_one"),
    ):
        error = werkbank(*given, cwd=tmp_path, LANG=spoken)
        assert error.returncode == 2
        assert said[key].partition("%")[0].strip() in error.stderr


def test_the_order_in_which_a_language_is_looked_for(monkeypatch):
    for name in usage.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert usage.spoken_here() == "en"
    monkeypatch.setenv("LANG", "nl_BE.UTF-8")
    assert usage.spoken_here() == "nl"
    monkeypatch.setenv("LC_MESSAGES", "en_US.UTF-8")
    assert usage.spoken_here() == "en"
    monkeypatch.setenv("LC_ALL", "nl_NL")
    assert usage.spoken_here() == "nl"
    assert usage.spoken_here(["run", "--language", "en"]) == "en"
    assert usage.spoken_here(["run", "--language=en"]) == "en"
    assert usage.spoken_here(["run", "--language"]) == "nl"


def test_the_words_that_are_translated_are_those_of_argparse_and_are_given_back():
    source = Path(argparse.__file__).read_text(encoding="utf-8")
    for text in topic_sentences("usage", "en").values():
        assert text in source or text == "invalid choice: %(value)r (choose from %(choices)s)", text
    before = argparse._
    with usage.speaking("nl"):
        assert argparse._("options") == "opties"
    assert argparse._ is before


@pytest.mark.parametrize(("env", "seen"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_colours_are_for_a_terminal_only(env, seen, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b" in usage.painted("x", "red", Terminal())) is seen
    assert usage.painted("x", "red", io.StringIO()) == "x"


def answered(capsys, *given):
    code = main([*given, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_every_command_answers_in_json(study, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = str(study / "raw" / "metingen.csv")
    code, new = answered(capsys, "new", "nieuw", "--from", data)
    assert code == 0
    assert {"folder", "study", "guesses", "fit", "problems"} <= set(new)
    assert {"place", "value", "open", "sentence"} == set(new["guesses"][0])
    code, check = answered(capsys, "check", "studie")
    assert (code, check["ok"], check["fit"], check["pupils"]) == (0, True, True, 24)
    code, run = answered(capsys, "run", "studie")
    assert (code, run["report"], run["language"]) == (0, "evaluation", "nl")
    assert all((tmp_path / file).is_file() for file in run["files"])
    code, verified = answered(capsys, "verify", run["folder"], "--quick")
    assert (code, [one["good"] for one in verified["reports"]]) == (0, [True])
    code, private = answered(capsys, "check-privacy", f"{run['folder']}/share")
    assert (code, private["problems"]) == (0, [])
    code, withdrawn = answered(capsys, "withdrawn", "studie")
    assert (code, len(withdrawn["copies"])) == (0, 1)
    code, codebook = answered(capsys, "codebook", "studie", "--out", "boek")
    assert (code, len(codebook["files"])) == (0, 2)
    code, instruments = answered(capsys, "instruments", "strs-sf")
    assert [one["version"] for one in instruments["instruments"]] == ["A", "B", "C"]
    code, evidence = answered(capsys, "evidence")
    assert isinstance(evidence, list)
    code, schema = answered(capsys, "schema")
    assert schema["type"] == "object"


def test_what_goes_wrong_is_json_too(study, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (study / "study.yaml").write_text("title: x\n", encoding="utf-8")
    for given, exit_code in (
        (("check", "studie"), 3), (("run", "nergens"), 3), (("instruments", "sdc"), 2), (("run", "--ouut"), 2),
        (("verify", "nergens"), 2), (("new", "x", "--from", "weg.csv"), 2), (("run",), 2),
    ):  # fmt: skip
        code, told = answered(capsys, *given)
        assert (code, told["ok"], told["exit_code"]) == (exit_code, False, exit_code), given
        assert told["error"]
        assert all({"code", "file", "sentence"} <= set(problem) for problem in told["problems"])
    _, told = answered(capsys, "check", "studie")
    assert (told["fit"], bool(told["problems"])) == (False, True)


@pytest.mark.usefixtures("study")
def test_a_report_that_was_changed_is_named_in_json(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _, run = answered(capsys, "run", "studie")
    page = tmp_path / run["files"][0]
    page.chmod(0o600)
    page.write_text("changed", encoding="utf-8")
    code, told = answered(capsys, "verify", run["folder"], "--quick")
    assert (code, told["ok"], told["exit_code"]) == (1, False, 1)
    assert any("evaluation.nl.html" in str(one) and not one["good"] for one in told["reports"])


def test_doctor_finds_what_is_there_and_what_lacks(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, told = answered(capsys, "doctor")
    found = {one["name"]: one["state"] for one in told["found"]}
    assert (code, told["ok"]) == (0, True)
    assert {"python", "libraries", "notebook", "fonts", "browser", "writing", "left_over", "locale"} <= set(found)
    assert {found[name] for name in ("python", "libraries", "notebook", "fonts")} == {"good"}
    left = tmp_path / "reports" / ".werkbank-abc"
    left.mkdir(parents=True)
    (left / ".alive").touch()
    monkeypatch.setattr("werkbank.running.execution.execute", _lacking)
    for language in LANGUAGES:
        assert main(["doctor", "--language", language]) == 4
        shown = capsys.readouterr()
        assert "reports/.werkbank-abc" in shown.out
        assert "no kernel" in shown.out
        assert "→" in shown.out
    code, told = answered(capsys, "doctor")
    assert (code, told["ok"]) == (4, False)
    assert [one["name"] for one in told["found"] if one["state"] == "lacking"] == ["notebook"]


def _lacking(*_given, **_named):
    from werkbank.errors import MissingPieceError

    raise MissingPieceError("no kernel")


def test_doctor_names_letters_and_libraries_that_lack(tmp_path, capsys, monkeypatch):
    import importlib.metadata

    def absent(_name):
        raise importlib.metadata.PackageNotFoundError

    def no_letters():
        raise ModuleNotFoundError("font_source_sans_pro")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("werkbank.running.execution.execute", lambda *_, **__: {})
    monkeypatch.setattr("werkbank.reporting.fonts.folder", no_letters)
    monkeypatch.setattr(importlib.metadata, "version", absent)
    code, told = answered(capsys, "doctor")
    lacking = {one["name"]: one["told"] for one in told["found"] if one["state"] == "lacking"}
    assert (code, set(lacking)) == (4, {"libraries", "fonts"})
    assert "papermill" in lacking["libraries"]
    assert all("pip install" in way for way in lacking.values())
