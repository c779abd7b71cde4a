"""Every format comes from the one run, stands in the manifest, and goes when its inputs have changed."""

import io
import json
import zipfile

import openpyxl
import pytest
from docx import Document
from PIL import Image
from pypdf import PdfReader
from tests.running.conftest import PARAMETERS, RESULTS, SECTION

from werkbank.errors import ReportError
from werkbank.reporting.blocks import Heading, Section
from werkbank.running import manifest
from werkbank.running.pages import FORMATS, pages
from werkbank.running.runner import run_report
from werkbank.study import load_study


def test_all_formats_from_one_run(notebook, study, tmp_path):
    own, out = notebook(PARAMETERS, SECTION, RESULTS), tmp_path / "out"
    made = run_report(study, own, out=out, formats=FORMATS, warm=True)
    assert {path.suffix for path in made.files} == {".html", ".pdf", ".docx", ".xlsx", ".ipynb", ".json", ".csv"}
    assert any("1. Begin" in page.extract_text() for page in PdfReader(out / "klein.nl.pdf").pages)
    heads = [p.text for p in Document(str(out / "klein.nl.docx")).paragraphs if p.style.name == "Heading 1"]
    assert heads[0] == "Begin"
    assert openpyxl.load_workbook(io.BytesIO((out / "klein.nl.xlsx").read_bytes())).sheetnames == ["Inhoud", "Kolommen"]
    before = {path.name: path.read_bytes() for path in made.files}

    # the page alone, from the same inputs: the other formats still hold, and the manifest goes on naming them
    run_report(study, own, out=out, warm=True)
    listed = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["reports"]["klein.nl"]["files"]
    assert set(listed) == {f"klein.nl.{form}" for form in (*FORMATS, "ipynb")}
    assert {name: (out / name).read_bytes() for name in before} == before

    # other inputs: a file of the earlier run would contradict the new page
    again = run_report(study, own, out=out, seed=2, warm=True)
    assert set(again.superseded) == {"klein.nl.pdf", "klein.nl.docx", "klein.nl.xlsx"}
    assert not (out / "klein.nl.pdf").exists()


def test_a_notebook_without_sections_is_no_report(study):
    with pytest.raises(ReportError):
        pages([], load_study(study), "nl", FORMATS, {})


@pytest.fixture
def of_a_school(study):
    """The study of a school with a logo; `shared` is how its study file says whether copies to share name it."""
    Image.new("RGB", (30, 10), "red").save(study.parent / "logo.png")
    text = study.read_text(encoding="utf-8")

    def declared(shared):
        school = f"school: {{name: De Wilg, logo: logo.png, shared: {shared}}}\n"
        study.write_text(school + text, encoding="utf-8")
        return load_study(study)

    return declared


def said(form, content):
    if form == "pdf":
        return "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    if form == "docx":
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            return "".join(packed.read(name).decode() for name in packed.namelist() if name.endswith(".xml"))
    return content


@pytest.mark.parametrize(("shared", "outside"), [("false", False), ("true", True)])
def test_a_school_is_named_inside_and_outside_only_when_it_asks(shared, outside, of_a_school):
    declared = of_a_school(shared)
    section = Section("a", "nl", (Heading("Begin"),)).to_json()
    for inside, named in ((True, True), (False, outside)):
        made = pages([section], declared, "nl", ("html", "pdf", "docx"), {}, inside=inside)
        for form, content in made.items():
            assert ("De Wilg" in said(form, content)) is named, (form, inside)
        assert ('alt="Logo van De Wilg"' in made["html"]) is named
        assert ("word/media/" in str(zipfile.ZipFile(io.BytesIO(made["docx"])).namelist())) is named


def test_another_logo_is_another_report(of_a_school, study):
    before = manifest.inputs_of(of_a_school("false"), {})
    Image.new("RGB", (30, 10), "blue").save(study.parent / "logo.png")
    assert manifest.inputs_of(load_study(study), {})["logo"] != before["logo"]
