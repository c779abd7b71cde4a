"""How JupyterLab is started: for this computer only, with this interpreter, with the notebooks in view."""

from __future__ import annotations

import json
import sys

import pytest

from werkbank.errors import MissingPieceError
from werkbank.running import lab
from werkbank.running.start_page import EXTENSION, START, start_cell


def test_it_listens_to_this_computer_only_and_keeps_its_token(tmp_path):
    command = lab.lab_command(tmp_path, browser=False, port=None)
    assert command[:3] == [sys.executable, "-m", "jupyterlab"]
    assert "--ServerApp.ip=127.0.0.1" in command
    assert "--LabApp.default_url=/lab/tree/start.ipynb" in command
    assert not any("token" in word or "password" in word or "allow-root" in word for word in command)


def test_root_is_allowed_when_asked_for_only(tmp_path):
    command = lab.lab_command(tmp_path, browser=False, port=None, allow_root=True)
    assert "--ServerApp.allow_root=True" in command


def test_a_start_page_that_is_there_is_left_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(lab, "lab_command", lambda *_, **__: [sys.executable, "-c", "pass"])
    (tmp_path / "notebooks").mkdir()
    lab.open_lab(tmp_path, language="nl")
    assert "Shift + Enter" in (tmp_path / "start.ipynb").read_text(encoding="utf-8")
    (tmp_path / "start.ipynb").write_text("mine")
    lab.open_lab(tmp_path, language="en")
    assert (tmp_path / "start.ipynb").read_text() == "mine"


def test_its_kernel_is_this_interpreter_before_any_other(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", "/elsewhere")
    env = lab._environment(tmp_path)
    assert env["JUPYTER_PATH"].split(":")[0] == str(tmp_path)
    spec = json.loads((tmp_path / "kernels" / "python3" / "kernel.json").read_text())
    assert spec["argv"][0] == sys.executable


def test_without_jupyterlab_it_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr("werkbank.running.lab.importlib.util.find_spec", lambda _: None)
    with pytest.raises(MissingPieceError, match="pip install jupyterlab"):
        lab.open_lab(tmp_path, language="en")
    assert not list(tmp_path.iterdir())


def test_notebooks_that_are_there_are_left_as_they_are(tmp_path, monkeypatch):
    monkeypatch.setattr(lab, "lab_command", lambda *_, **__: [sys.executable, "-c", "pass"])
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "evaluation.ipynb").write_text("mine")
    lab.open_lab(tmp_path, language="en")
    assert (tmp_path / "notebooks" / "evaluation.ipynb").read_text() == "mine"


def test_where_there_are_none_the_notebooks_and_nothing_else_are_copied(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(lab, "lab_command", lambda *_, **__: [sys.executable, "-c", "pass"])
    shipped = tmp_path / "shipped"
    (shipped / "reports").mkdir(parents=True)
    (shipped / "school.ipynb").write_text("{}")
    (shipped / ".hidden").write_text("")
    monkeypatch.setattr(lab, "notebook_folder", lambda: shipped)
    lab.open_lab(tmp_path / "mine", language="en")
    assert [path.name for path in (tmp_path / "mine" / "notebooks").iterdir()] == ["school.ipynb"]
    assert "notebooks" in capsys.readouterr().out


def test_its_kernels_know_where_it_was_started(tmp_path, monkeypatch):
    write = "import os, pathlib; pathlib.Path('root.txt').write_text(os.environ['WERKBANK_ROOT'])"
    monkeypatch.setattr(lab, "lab_command", lambda *_, **__: [sys.executable, "-c", write])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notebooks").mkdir()
    lab.open_lab(tmp_path, language="en")
    assert (tmp_path / "root.txt").read_text() == str(tmp_path.resolve())


def test_a_lab_that_does_not_start_is_a_missing_piece(tmp_path, monkeypatch):
    monkeypatch.setattr(lab, "lab_command", lambda *_, **__: [sys.executable, "-c", "raise SystemExit(7)"])
    with pytest.raises(MissingPieceError, match="7"):
        lab.open_lab(tmp_path, language="en")


def test_an_extension_that_runs_the_start_page_is_written_for_as_long_as_lab_is_there(tmp_path):
    lab._environment(tmp_path)
    own = tmp_path / "labextensions" / EXTENSION
    build = json.loads((own / "package.json").read_text(encoding="utf-8"))["jupyterlab"]["_build"]
    text = (own / build["load"]).read_text(encoding="utf-8")
    assert f'const PAGE = "{START}"' in text
    assert all(json.dumps(start_cell(language)) in text for language in ("nl", "en"))
    assert f'_JUPYTERLAB["{EXTENSION}"]' in text
