"""In JupyterLab the same messages go through the kernel."""

from __future__ import annotations

import json

import nbformat
import pytest
from tests.building.files_to_fill_in import clean, csv

from werkbank.building.widget import STATIC, builder
from werkbank.catalogue import LANGUAGES
from werkbank.running.start_page import start_page


@pytest.fixture
def widget(tmp_path, monkeypatch):
    monkeypatch.setenv("WERKBANK_ROOT", str(tmp_path))
    made = builder("en", doors=True)
    made.sent = []
    made.send = lambda content, buffers=None: made.sent.append((content, buffers))
    yield made
    made.session.close()


def test_a_message_is_answered_under_its_number(widget, tmp_path):
    widget.hear(None, {"id": "1", "message": {"do": "begin"}}, [])
    widget.hear(None, {"id": "2", "message": {"do": "read", "name": "m.csv"}}, [memoryview(csv(clean()))])
    (first, _), (second, _) = widget.sent
    assert (first["id"], second["id"]) == ("1", "2")
    assert first["answer"]["words"]["run"] == "Make the report"
    assert second["answer"]["files"][0]["name"] == "m.csv"
    assert widget.session.root == tmp_path
    assert widget.doors


def test_a_report_goes_back_as_its_bytes(widget, tmp_path):
    made = tmp_path / "r.html"
    made.write_bytes(b"<p>r</p>")
    widget.session.page = lambda: made
    widget.hear(None, {"id": "3", "message": {"do": "report"}}, [])
    assert widget.sent == [({"id": "3", "answer": {}}, [b"<p>r</p>"])]


def test_it_is_the_file_that_the_page_has(widget):
    assert str(widget._esm) == (STATIC / "form.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_start_page_is_a_notebook_whose_one_cell_shows_the_form(language):
    notebook = nbformat.reads(start_page(language), as_version=4)
    nbformat.validate(notebook)
    (cell,) = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert cell.metadata["jupyter"]["source_hidden"]
    assert f'builder("{language}", doors=True)' in cell.source
    json.loads(start_page(language))
