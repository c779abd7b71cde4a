"""Three reports of one study, in every format: the same estimates, and no number that is not a result."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from pathlib import Path

import docx
import openpyxl
import pytest
import yaml
from tests.reporting.conftest import reading
from tests.reporting.formats.conftest import tables_of

import werkbank
from werkbank.reporting import evaluation, numbers, school, thesis
from werkbank.reporting.blocks import Bullets, Paragraph, Table
from werkbank.reporting.formats import Document, write
from werkbank.reporting.page import render

CASES = [("single", "nl"), ("single", "en"), ("baumann", "nl"), pytest.param("nabijheid", "en", marks=pytest.mark.long)]
case = pytest.mark.parametrize(("name", "language"), CASES)
TABLES = {"evaluation": "tab-main", "thesis": "tab-main", "school": "tab-differences"}
DIGITS = {"school": 1}  # as its sentences have it
HEADS = {"question", "outcome"}, {"n"}, {"estimate"}, {"ci"}
DECIMAL = re.compile(r"(?<![\w.,])[−-]?\d*[.,]\d+(?![\w.]*\d)")


def reports(report):
    """Give the sections of each of the three, as their notebooks write them."""
    return {
        "school": [school.one_page(report), school.who(report), school.details(report), school.trust(report)],
        "thesis": [thesis.participants(report), thesis.instruments(report), thesis.procedure(report),
                   thesis.analysis(report), thesis.results(report), thesis.limitations(report)],
        "evaluation": [evaluation.summary(report), evaluation.estimates(report), evaluation.meaning(report)],
    }  # fmt: skip


def in_html(document):
    page = render(document.sections, language=document.language, title="x", simulated=True, provenance={})
    for table in tables_of(page):
        yield [[cell.strip() for cell in row] for row in table]


def in_docx(document):
    for table in docx.Document(io.BytesIO(write(document, "docx"))).tables:
        yield [[cell.text.strip() for cell in row.cells] for row in table.rows]


def in_xlsx(document):
    for sheet in openpyxl.load_workbook(io.BytesIO(write(document, "xlsx"))).worksheets:
        yield [[cell for cell in row if cell is not None] for row in sheet.iter_rows(values_only=True)]


def read_back(rows, table, language):
    """Return what a table says of every question: (n, estimate, lowest, highest), numbers as they are printed."""
    place = [next(i for i, c in enumerate(table.columns) if c.key in keys) for keys in HEADS]
    found = {}
    for row in rows:
        if len(row) == len(table.columns):
            question, n, estimate, ci = (str(row[i]) for i in place)
            ends = [said.replace(",", ".") for said in re.findall(r"[−-]?\d+[.,]\d+", ci)]
            if len(ends) == 2:
                found[plainly(question)] = (
                    n,
                    numbers_of(estimate, language),
                    *[float(e.replace("−", "-")) for e in ends],
                )
    return found


def plainly(cell):
    """Return a cell as a question is named: a chapter indents it under its group and begins it with a capital."""
    text = cell.strip() if isinstance(cell, str) else cell
    return text[:1].lower() + text[1:] if isinstance(text, str) else text


def numbers_of(text, language):
    return float(text.replace("−", "-").replace("," if language == "nl" else ".", "."))


@case
def test_the_three_say_the_same_of_every_question(report, name, language):
    made = report(name, language)
    assert made.evidence.tests
    for which, shown in reports(made).items():
        wanted, digits = {}, DIGITS.get(which, 2)
        for test in made.evidence.tests:
            ends = [round(x, digits) for x in (test.estimate, test.ci_low, test.ci_high)]
            wanted[plainly(reading(made).words.test(test.outcome, test.wave_to, test.contrast))] = (str(test.n), *ends)
        table = next(b for s in shown for b in s.blocks if isinstance(b, Table) and b.id == TABLES[which])
        document = Document(tuple(shown), language, "x", simulated=True)
        for reader in (in_html, in_docx):
            said = [read_back(rows, table, language) for rows in reader(document)]
            assert wanted in [{k: v for k, v in one.items() if k in wanted} for one in said], (which, reader)
        cells = [row for sheet in in_xlsx(document) for row in sheet]
        for question, (n, *ends) in wanted.items():
            rows = [row for row in cells if [plainly(cell) for cell in row[:1]] == [question] and int(n) in row]
            assert any(all(any(isinstance(c, float) and round(c, digits) == end for c in row) for end in ends)
                       for row in rows), (which, question)  # fmt: skip


def values_in(content):
    if isinstance(content, dict):
        for value in content.values():
            yield from values_in(value)
    elif isinstance(content, list):
        for value in content:
            yield from values_in(value)
    elif isinstance(content, int | float) and not isinstance(content, bool):
        yield abs(float(content))


@case
def test_no_sentence_holds_a_number_that_is_not_a_result(report, name, language):
    """Decimals in running text: values of results.json as rounded, or constants of the wording itself."""
    made = report(name, language)
    known = set(values_in(json.loads(made.results.to_json())))
    known |= {100 * value for value in known}
    words = Path(werkbank.__file__).parent / "locale" / language
    constants = {found for path in words.glob("*.yaml") for text in texts_in(yaml.safe_load(path.read_text("utf-8")))
                 for found in DECIMAL.findall(text)}  # fmt: skip
    found = Counter()
    for which, shown in reports(made).items():
        for block in (b for s in shown for b in s.blocks):
            for text in running(block):
                for written in set(DECIMAL.findall(re.sub(r"werkbank \d[\d.]*", "", text))) - constants:
                    found[which] += 1
                    digits = len(re.split("[.,]", written)[1])
                    value = abs(numbers_of(written, language))
                    assert any(abs(k - value) <= 0.5 * 10**-digits + 1e-9 for k in known), (which, written, text)
    few = {which for which in TABLES if found[which] < 2}
    assert not few, "reports without numbers prove nothing"
    assert found.total() > 15, "reports without numbers prove nothing"


def running(block):
    """Return the sentences of a block: also those that a number of a table opens to."""
    if isinstance(block, Table):
        return [text for how in block.how for text in how]
    return block.items if isinstance(block, Bullets) else [block.text] if isinstance(block, Paragraph) else ()


def texts_in(content):
    if isinstance(content, dict):
        for value in content.values():
            yield from texts_in(value)
    elif isinstance(content, str):
        yield content


@pytest.mark.parametrize("language", ["nl", "en"])
def test_what_others_published_stands_beside_it_with_its_source(report, language):
    made = report("single", language)
    published = {"label": {"nl": "Anderen", "en": "Others"}, "g": 0.3, "ci": (0.22, 0.38), "source": "Naslag (2011)."}
    study = made.study.model_validate({**made.study.model_dump(by_alias=True), "evidence": [published]})
    study._folder, study._file = made.study._folder, made.study._file
    from dataclasses import replace

    beside = replace(made, intake=replace(made.intake, study=study))
    for write_section, drawn in ((thesis.results, thesis.results), (evaluation.estimates, evaluation.summary)):
        blocks = write_section(beside).blocks
        table = next(b for b in blocks if isinstance(b, Table) and b.id == "tab-evidence")
        (row,) = table.rows
        assert row == {"label": {"nl": "Anderen", "en": "Others"}[language], "size": 0.3, "size_ci": (0.22, 0.38),
                       "source": "Naslag (2011)."}  # fmt: skip
        alt = next(b.alt for b in drawn(beside).blocks if getattr(b, "id", "") == "fig-forest")
        assert numbers.interval(0.22, 0.38, language) in alt
        assert not [b for b in write_section(made).blocks if getattr(b, "id", "") == "tab-evidence"]
    assert not [b for b in school.details(beside).blocks if getattr(b, "id", "") == "tab-evidence"]
