"""Notebooks as a user runs them: every cell in an ordinary kernel, the report written by the last one."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from werkbank.running.notebooks import notebook_path, report_names

ROOT = Path(__file__).parents[2]
STUDIES = {"association": "samenhang", "underachievement": "bdf", "monitoring": "volgsysteem", "synthesis": "overzicht",
           "single_case": "klassenspel", "pupil": "leerlingen", "planning": "voornemen", "programme": "leerlingen"}
OF_NOBODY = {"planning", "synthesis"}  # a plan and a table of published effects hold no pupils to keep inside
NOT_TO_LEAVE = "Houd dit verslag binnen de school"
MARK = "nbval-check-output"
ANSWERS = {"title": "Eén groep", "language": "nl", "design": {"kind": "single_group", "assigned_by": "pupil"},
           "files": [{"path": "a.csv"}], "columns": {"pupil": "nr", "wave": "m"}, "waves": {"a": "pre", "b": "post"},
           "outcomes": [{"name": "taal", "column": "taal", "informant": "test", "range": [0, 60], "better": "higher",
                         "role": "primary"}]}  # fmt: skip


def text_of(path):
    from pypdf import PdfReader

    if path.suffix == ".pdf":
        return " ".join(" ".join(page.extract_text() for page in PdfReader(path).pages).split())
    if path.suffix == ".docx":
        packed = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
        return re.sub(r"<[^>]+>", "", packed.read("word/document.xml").decode())
    return path.read_text(encoding="utf-8")


def code(notebook):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_every_cell_runs_and_marked_outputs_are_as_committed(by_hand):
    """A second opinion from another runner: nbval compares what the marked cells print with what is committed."""
    folder, done = by_hand
    assert done.returncode == 0, done.stdout[-3000:]
    notebooks = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((folder / "notebooks").glob("*.ipynb"))]
    assert f"{sum(len(code(notebook)) for notebook in notebooks)} passed" in done.stdout
    assert len(notebooks) == len(report_names())


def test_the_last_cell_wrote_the_report_in_every_format(by_hand):
    folder, _ = by_hand
    for name in report_names():
        place = folder / "reports" / STUDIES.get(name, "nabijheid") / "by-hand"
        for form in ("html", "pdf", "docx"):
            text = text_of(place / f"{name}.nl.{form}")
            assert (NOT_TO_LEAVE in text) is (name not in OF_NOBODY), (name, form)
            assert "pingouin as pg" not in text
        assert json.loads((place / f"{name}.results.json").read_text(encoding="utf-8"))["notice"]
        assert (place / f"{name}.results.csv").is_file()
    assert not [path for path in folder.rglob("share")]
    assert sorted(path.name for path in folder.iterdir()) == ["notebooks", "reports"]


@pytest.mark.parametrize("name", report_names())
def test_only_outputs_that_may_be_seen_by_everyone_are_committed(name):
    for cell in code(json.loads(notebook_path(name).read_text(encoding="utf-8"))):
        if MARK in cell["metadata"].get("tags", []):
            (output,) = cell["outputs"]
            assert (output["output_type"], output["name"]) == ("stream", "stdout"), "text, and no rows of pupils"
            assert len(output["text"]) <= 6
            assert not re.search(r"\bp-\w{8}\b", "".join(output["text"]))
            assert cell["execution_count"] is not None, "without it nbval compares nothing"
        else:
            assert (cell["outputs"], cell["execution_count"]) == ([], None)
        assert "execution" not in cell["metadata"]


def run(report, folder, change=(), **parameters):
    """A notebook's code cells in an ordinary kernel whose folder is `folder`, errors and all; by the cell's id."""
    from nbclient import NotebookClient
    from traitlets.config import Config

    notebook = nbformat.read(notebook_path(report), as_version=4)
    (given,) = [cell for cell in notebook.cells if cell.id == "parameters"]
    given.source += "".join(f"\n{key} = {value!r}" for key, value in parameters.items())
    for after, name, source in change:
        at = next(i for i, cell in enumerate(notebook.cells) if cell.id == after) + 1
        notebook.cells.insert(at, nbformat.v4.new_code_cell(source, id=name))
    config = Config({"KernelManager": {"transport_encryption": "auto"}})
    where = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, kernel_name="python3", allow_errors=True, resources=where, config=config).execute()
    return {cell.id: cell.outputs for cell in notebook.cells if cell.cell_type == "code"}


def errors(outputs):
    return {name: o.evalue for name, found in outputs.items() for o in found if o.output_type == "error"}


def test_what_a_user_shows_stands_in_the_report_at_its_place(tmp_path):
    mine = "import pandas as pd\nwerkbank.show(pd.DataFrame({'kolom7': [1, 2]}), caption='Titel7')\nwerkbank.show('zin7')"
    early = "werkbank.show('eerst7')"
    outputs = run(
        "school", tmp_path, [("open", "vooraf", early), ("who", "mijn", mine), ("terms", "los", "'los7'")],
        study="baumann",
    )  # fmt: skip
    assert not errors(outputs)
    place = tmp_path / "reports" / "baumann" / "by-hand"
    (said,) = outputs["finish"]
    assert (place / "school.nl.html").as_posix() in said.data["text/plain"]
    command = f"werkbank run {(ROOT / 'data' / 'examples' / 'baumann').as_posix()} --report school"
    assert command in said.data["text/plain"], "a command that works here"
    assert "uw andere uitvoer en tekstcellen staan er niet in" in said.data["text/plain"]
    for form in ("html", "pdf", "docx"):
        text = text_of(place / f"school.nl.{form}")
        at = [text.rindex(word) for word in ("eerst7", "Wie deden mee", "Titel7", "zin7", "Herkomst")]
        assert at == sorted(at), form
        assert text.count("niet door werkbank gecontroleerd") >= 2
        assert "los7" not in text
    assert "kolom7" not in (place / "school.results.json").read_text(encoding="utf-8")


def test_an_unfit_study_shows_its_list_and_later_cells_say_to_mend_it(tmp_path):
    study = tmp_path / "kapot"
    shutil.copytree(ROOT / "data" / "examples" / "baumann", study)
    text = (study / "study.yaml").read_text(encoding="utf-8")
    (study / "study.yaml").write_text(text.replace("kind: randomised", "kind: gerandomiseerd"), encoding="utf-8")
    for language, first, later in (
        ("nl", "kan nog niet worden geanalyseerd", "Herstel eerst het onderzoek"),
        ("en", "not fit to be analysed yet", "First mend the study"),
    ):
        outputs = run("evaluation", tmp_path, study="kapot", language=language)
        (shown,) = outputs["open"]
        assert first in shown.data["text/html"]
        assert "gerandomiseerd" in shown.data["text/html"]
        wrong = errors(outputs)
        assert "open" not in wrong
        assert {*wrong} == {*outputs} - {"parameters", "open"}
        assert all(message.startswith(later) for message in wrong.values()), wrong
        tracebacks = [o.traceback for name in wrong for o in outputs[name]]
        assert all(len(lines) == 1 for lines in tracebacks), "a sentence and no lines of code"
        assert not (tmp_path / "reports").exists()


def test_one_group_without_arms_runs_to_the_end(tmp_path):
    import yaml

    study = tmp_path / "groep"
    study.mkdir()
    (study / "study.yaml").write_text(yaml.safe_dump(ANSWERS), encoding="utf-8")
    rows = [f"{i},{wave},{20 + i % 7 + 3 * (wave == 'b')}" for i in range(24) for wave in "ab"]
    (study / "a.csv").write_text("\n".join(["nr,m,taal", *rows]), encoding="utf-8")
    outputs = run("evaluation", tmp_path, study="groep")
    assert not errors(outputs)
    assert (tmp_path / "reports" / "groep" / "by-hand" / "evaluation.nl.pdf").is_file()
