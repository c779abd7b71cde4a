"""Every format comes from the one run, stands in the manifest, and goes when its inputs have changed."""

import io
import json

import openpyxl
import pytest
from docx import Document
from pypdf import PdfReader
from tests.running.conftest import PARAMETERS, RESULTS, SECTION

from werkbank.errors import ReportError
from werkbank.running.pages import FORMATS, pages
from werkbank.running.runner import run_report
from werkbank.study import load_study


def test_all_formats_from_one_run(notebook, study, tmp_path):
    own, out = notebook(PARAMETERS, SECTION, RESULTS), tmp_path / "out"
    made = run_report(study, own, out=out, formats=FORMATS)
    assert {path.suffix for path in made.files} == {".html", ".pdf", ".docx", ".xlsx", ".ipynb", ".json", ".csv"}
    assert any("1. Begin" in page.extract_text() for page in PdfReader(out / "klein.nl.pdf").pages)
    heads = [p.text for p in Document(str(out / "klein.nl.docx")).paragraphs if p.style.name == "Heading 1"]
    assert heads[0] == "Begin"
    assert openpyxl.load_workbook(io.BytesIO((out / "klein.nl.xlsx").read_bytes())).sheetnames == ["Inhoud", "Kolommen"]
    before = {path.name: path.read_bytes() for path in made.files}

    # the page alone, from the same inputs: the other formats still hold, and the manifest goes on naming them
    run_report(study, own, out=out)
    listed = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["reports"]["klein.nl"]["files"]
    assert set(listed) == {f"klein.nl.{form}" for form in (*FORMATS, "ipynb")}
    assert {name: (out / name).read_bytes() for name in before} == before

    # other inputs: a file of the earlier run would contradict the new page
    again = run_report(study, own, out=out, seed=2)
    assert set(again.superseded) == {"klein.nl.pdf", "klein.nl.docx", "klein.nl.xlsx"}
    assert not (out / "klein.nl.pdf").exists()


def test_a_notebook_without_sections_is_no_report(study):
    with pytest.raises(ReportError):
        pages([], load_study(study), "nl", FORMATS, {})
