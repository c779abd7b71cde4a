"""Every format shows the same numbers: each file is read back, and each of its cells compared with the sections."""

import io

import pytest
from tests.reporting.formats import tagged
from tests.reporting.formats.conftest import in_file, squeezed, tables_of

from werkbank.reporting import numbers
from werkbank.reporting.blocks import Bullets, Paragraph
from werkbank.reporting.formats.document import plain
from werkbank.reporting.formats.xlsx import HEADER_ROW, value_columns

REPORTS = [(name, language) for name in ("hard", "single") for language in ("nl", "en")]
LONG = [
    pytest.param(name, language, marks=pytest.mark.long)
    for name in ("nabijheid", "baumann")
    for language in ("nl", "en")
]


def expected(document):
    """What readers see: per table its header and rows, as texts without spaces."""
    tables = []
    for table in document.tables:
        head = [squeezed(plain(column.label)) for column in table.columns]
        cells = [[numbers.cell(row.get(c.key), c, document.language) for c in table.columns] for row in table.rows]
        tables.append([head, *[[squeezed(in_file(text)) for text in row] for row in cells]])
    return tables


@pytest.mark.parametrize(("name", "language"), REPORTS + LONG)
def test_html(name, language, document):
    from werkbank.reporting.page import render

    report = document(name, language)
    page = render(report.sections, language=language, title=report.title, simulated=False, provenance={})
    # a page keeps the characters that other formats cannot hold
    shown = [[[squeezed(in_file(squeezed(cell))) for cell in row] for row in table] for table in tables_of(page)]
    assert shown == expected(report)


@pytest.mark.parametrize(("name", "language"), REPORTS + LONG)
def test_every_sentence_is_in_every_format(name, language, document, file):
    report = document(name, language)
    wanted = [b.text for b in report.blocks if isinstance(b, Paragraph)]
    wanted += [item for b in report.blocks if isinstance(b, Bullets) for item in b.items]
    assert len(wanted) > 3
    for form, said in (("pdf", tagged.tree(file(name, language, "pdf")).text), ("docx", words(file, name, language))):
        for text in wanted:
            lean = squeezed(in_file(plain(text)))
            lean = lean.replace("\N{PILE OF POO}", "\N{REPLACEMENT CHARACTER}") if form == "pdf" else lean
            assert lean in squeezed(said), (form, text)


def words(file, name, language):
    import docx

    return "".join(p.text for p in docx.Document(io.BytesIO(file(name, language, "docx"))).paragraphs)


@pytest.mark.parametrize(("name", "language"), REPORTS + LONG)
def test_pdf(name, language, document, file):
    tables = tagged.tree(file(name, language, "pdf")).all("Table")
    shown = [[[squeezed(cell.text) for cell in row.all("TH", "TD")] for row in table.all("TR")] for table in tables]
    # a PDF's fonts lack an emoji; it stands as the replacement sign there
    wanted = [[[cell.replace("\N{PILE OF POO}", "\N{REPLACEMENT CHARACTER}") for cell in row] for row in table]
              for table in expected(document(name, language))]  # fmt: skip
    assert shown == wanted


@pytest.mark.parametrize(("name", "language"), REPORTS + LONG)
def test_docx(name, language, document, file):
    import docx

    tables = docx.Document(io.BytesIO(file(name, language, "docx"))).tables
    assert [[[squeezed(cell.text) for cell in row.cells] for row in table.rows] for table in tables] == expected(
        document(name, language)
    )


@pytest.mark.parametrize(("name", "language"), REPORTS + LONG)
def test_xlsx(name, language, document, file):
    import openpyxl

    sheets = openpyxl.load_workbook(io.BytesIO(file(name, language, "xlsx"))).worksheets[2:]
    report = document(name, language)
    assert len(sheets) == len(report.tables)
    for sheet, table, wanted in zip(sheets, report.tables, expected(report), strict=True):
        columns = value_columns(table, language)
        assert [cell.value for cell in sheet[HEADER_ROW]][: len(columns)] == [label for _, label, _ in columns]
        for y, (row, texts) in enumerate(zip(table.rows, wanted[1:], strict=True), start=HEADER_ROW + 1):
            values = read_back([sheet.cell(y, x).value for x in range(1, len(columns) + 1)], columns, row)
            assert [squeezed(numbers.cell(v, c, language)) for v, c in zip(values, table.columns, strict=True)] == texts


def read_back(values, columns, row):
    """Put the ends of intervals together again; a column of intervals may hold single numbers in a row without."""
    read = []
    for value, (column, _, end) in zip(values, columns, strict=True):
        if end is None:
            read.append(value)
        elif end == 0:
            read.append([value, None])
        else:
            read[-1][1] = value
            if not isinstance(row.get(column.key), (tuple, list)) and read[-1] == [row.get(column.key), None]:
                read[-1] = row.get(column.key)
    return read
