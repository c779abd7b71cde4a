"""The workbook: numbers are numbers under the report's formats, texts are never formulas, sheets have fit names."""

import io
import math
import re
from itertools import product

import openpyxl
import pytest
from tests.reporting.formats.conftest import KINDS, NASTY, VALUES, in_file, zip_times

from werkbank.reporting import numbers
from werkbank.reporting.formats.xlsx import HEADER_ROW, _number_format
from werkbank.reporting.numbers import Column


@pytest.fixture(scope="module")
def book(file):
    return openpyxl.load_workbook(io.BytesIO(file("hard", "nl", "xlsx")))


@pytest.fixture(scope="module")
def sheet(book):
    return book.worksheets[2]


def test_sheets_have_names_that_excel_takes(book):
    assert book.sheetnames == [
        "Inhoud", "Kolommen", "hard   everything  in one table", "empty", "hard   everything  in one tab 2",
    ]  # fmt: skip
    assert all(len(name) <= 31 for name in book.sheetnames)


def test_the_contents_lead_to_every_sheet(book):
    links = [c.hyperlink.location for row in book["Inhoud"].iter_rows() for c in row if c.hyperlink]
    assert links == [f"'{name}'!A1" for name in book.sheetnames[1:]]
    said = [c.value for row in book["Inhoud"].iter_rows() for c in row if c.value]
    assert "Tabel 1. Every kind of cell" in said
    assert any(text.startswith("Gesimuleerde gegevens.") for text in said)


def test_every_column_is_explained(book):
    rows = [[cell.value for cell in row[:4]] for row in book["Kolommen"].iter_rows(min_row=HEADER_ROW + 1)]
    assert len(rows) == len(KINDS) + 2 + 2 + 1  # two columns of intervals; two smaller tables
    assert ["empty", "n", "n", "aantal"] in rows
    assert all(all(row) for row in rows)


def test_no_text_is_a_formula(book):
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    told = [cell for cell in cells if isinstance(cell.value, str) and cell.value[:1] in tuple("=+-@")]
    assert len(told) > 20
    assert all(cell.quotePrefix and cell.data_type == "s" for cell in told)


def test_numbers_keep_their_decimals_and_gaps_are_empty(sheet):
    labels = [cell.value for cell in sheet[HEADER_ROW]]
    for i in range(60):
        row = dict(zip(labels, (cell.value for cell in sheet[HEADER_ROW + 1 + i]), strict=True))
        value = VALUES[i % len(VALUES)]
        shown = None if value is None or not math.isfinite(value) else value
        assert row["mean column"] == shown
        assert row["p column"] == shown
        assert row["text column"] == in_file(NASTY[i % len(NASTY)])
        if i % 5 and i % 2:
            assert (row["interval column: ondergrens"], row["interval column: bovengrens"]) == (shown, 2.5)


def test_notes_stand_below_and_the_head_stays(sheet):
    below = [cell.value for (cell,) in sheet.iter_rows(min_row=HEADER_ROW + 62, max_col=1) if cell.value]
    assert len(below) == 4
    assert sheet.freeze_panes == "B4"
    assert sheet.print_title_rows == "$3:$3"


def test_every_sheet_says_that_data_are_simulated(book):
    for sheet in book.worksheets:
        assert sheet.oddHeader.right.text == "Gesimuleerde gegevens"
        assert "Gesimuleerde gegevens" in f"{sheet['A2'].value}{sheet['A3'].value}"


def test_it_holds_no_person_and_no_time(file, book):
    assert zip_times(file("hard", "nl", "xlsx")) == {(1980, 1, 1, 0, 0, 0)}
    assert book.properties.creator == "werkbank"
    assert book.properties.lastModifiedBy is None


def test_a_cell_is_shown_as_the_report_writes_it(subtests):
    """Where the language's decimal sign is a point: the sign in a cell is that of the reader's Excel."""
    for kind, digits in product(sorted(set(KINDS) - {"text", "interval"}), (None, 0, 1, 3)):
        with subtests.test(f"{kind}, {digits}"):
            column = Column(kind, kind, kind, digits)
            for value in (v for v in VALUES if v is not None and math.isfinite(v)):
                shown = as_excel(value, _number_format(value, column, "en"))
                written = numbers.cell(value, column, "en").replace("\N{MINUS SIGN}", "-")
                # Excel keeps the sign of what rounds to zero
                assert shown in {written, f"-{written}"}


def as_excel(value, pattern):
    """Show a number under the formats that the workbook uses."""
    if ";" in pattern:
        low, high, other = pattern.split(";")
        chosen = low if value < 0.001 else high if value > 0.9995 else other
        if '"' in chosen:
            return re.sub(r'\[.*\]|"', "", chosen)
        pattern = other
    percent = pattern.endswith("%")
    body = pattern.rstrip("%")
    digits = len(body.partition(".")[2])
    text = f"{value * 100 if percent else value:{',' if '#' in body else ''}.{digits}f}"
    if body.startswith("."):
        text = re.sub(r"^(-?)0\.", r"\1.", text)
    return text + ("%" if percent else "")
