"""Reports that people finish: pages, words and where the answers stand, of the shipped examples in both languages."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from functools import cache
from importlib import import_module

import pytest
from pypdf import PdfReader
from tests.conftest import ROOT, opened_example

from werkbank.reporting.blocks import Heading, Table, section_html
from werkbank.reporting.formats import Document, write
from werkbank.reporting.sharing import not_to_leave
from werkbank.running.params import MODELS

PART = re.compile(r"(\w+)\.(\w+)\(bench(, shown=pupil_pages)?\)")
HEADED = re.compile(r"^A\. \S(?!.*(?: \.){3}).*$", re.MULTILINE)
# pages in all, pages and words of the body; what no bar was named for, may not grow
BUDGETS = {
    ("nabijheid", "evaluation"): (24, 12, 4500),
    ("bdf", "evaluation"): (14, 12, 4500),
    ("nabijheid", "measurement"): (10, 8, 3000),
    ("bdf", "underachievement"): (10, 8, 3500),
    ("volgsysteem", "monitoring"): (4, 4, 1500),
}
CASES = [(study, report, language) for study, report in BUDGETS for language in ("nl", "en")]


@cache
def opened(study, report):  # noqa: ARG001 - a bench for each report, as a notebook has it
    return opened_example(study, "nl+en")


@cache
def written(study, report):
    """Return what the cells of a report's notebook make, in both languages, without a kernel."""
    cells = json.loads((ROOT / "notebooks" / f"{report}.ipynb").read_text(encoding="utf-8"))["cells"]
    found = [PART.fullmatch("".join(cell["source"]).strip()) for cell in cells]
    parts = [getattr(import_module(f"werkbank.reporting.{one[1]}"), one[2]) for one in found if one]
    made = [part(opened(study, report)) for part in parts]
    return [section for both in made if both is not None for section in both.parts]


@cache
def document(study, report, language):
    sections = not_to_leave([one for one in written(study, report) if one.language == language], language)
    title = opened(study, report).study.title_in(language)
    return Document(sections, language, title, simulated=study != "bdf", provenance={"seed": "20250901"}, report=report)


@cache
def pages(study, report, language):
    reader = PdfReader(io.BytesIO(write(document(study, report, language), "pdf")))
    return tuple(page.extract_text() for page in reader.pages)


def body_pages(shown):
    # a heading, not its line in the contents, which ends on dots and a page
    first = next((i for i, text in enumerate(shown) if i and HEADED.search(text)), len(shown))
    return shown[:first]


def test_every_report_has_parts_to_measure():
    assert {report for _, report in BUDGETS} < set(MODELS)
    assert len(document("nabijheid", "evaluation", "nl").sections) >= 15


@pytest.mark.parametrize(("study", "report", "language"), CASES)
def test_a_report_is_no_longer_than_its_budget(study, report, language):
    most, most_body, words = BUDGETS[study, report]
    shown = pages(study, report, language)
    body = body_pages(shown)
    assert len(shown) <= most
    assert len(body) <= most_body
    assert sum(len(text.split()) for text in body) <= words


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_first_estimate_stands_on_the_first_page(language):
    first = pages("nabijheid", "evaluation", language)[0]
    sign = "," if language == "nl" else "."
    assert f"2{sign}52" in first
    assert f"0{sign}63" in first


@pytest.mark.parametrize(("study", "report", "language"), CASES)
def test_no_note_stands_below_several_tables(study, report, language):
    for section in document(study, report, language).sections:
        notes = [note for block in section.blocks if isinstance(block, Table) for note in block.notes]
        twice = {note for note in notes if notes.count(note) > 1}
        assert not twice, (section.id, twice)


@pytest.mark.parametrize(("study", "report", "language"), CASES)
def test_appendices_come_last_and_are_folded_on_the_page(study, report, language):
    made = document(study, report, language)
    for section in made.sections:
        page = section_html(section)
        assert ("<details>\n<summary><h2" in page) is section.appendix
    mixed = replace(made, sections=made.sections[::-1])
    heads = [block.text for block in mixed.blocks[mixed.in_body :] if isinstance(block, Heading) and block.level == 2]
    assert heads == [s.blocks[0].text for s in made.sections[::-1] if s.appendix]


@pytest.mark.parametrize("language", ["nl", "en"])
def test_standards_are_listed_only_where_their_parts_are(language):
    tables = {report: [b.id for b in document(study, report, language).blocks if isinstance(b, Table)]
              for study, report in BUDGETS if study == "nabijheid"}  # fmt: skip
    assert "tab-jars" in tables["evaluation"]
    assert "tab-jars" not in tables["measurement"]
