"""Every file that a copy consists of, read by libraries of its own format: its words, its tables, its numbers."""

from __future__ import annotations

import csv
import json
import re
from base64 import b64decode

import docx
import openpyxl
import pypdf
from lxml import etree, html

FORMATS = ("html", "pdf", "docx", "xlsx")
COUNTING = {"n", "aantal", "bij de start", "number", "at the start"}


def read(path):  # noqa: PLR0911 - one for each format
    """Return (text, tables of texts, numbers that stand as numbers) of a file; drawings inside are part of its text."""
    content = path.read_bytes()
    match path.suffix:
        case ".html":
            return _html(content)
        case ".pdf":
            return "\n".join(page.extract_text() for page in pypdf.PdfReader(path).pages), [], []
        case ".docx":
            document = docx.Document(str(path))
            tables = [[[cell.text for cell in row.cells] for row in table.rows] for table in document.tables]
            return "\n".join(p.text for p in document.paragraphs), tables, []
        case ".xlsx":
            sheets = [[list(row) for row in sheet.values] for sheet in openpyxl.load_workbook(path)]
            numbers = [cell for sheet in sheets for row in sheet for cell in row if isinstance(cell, float)]
            return "", [[["" if c is None else str(c) for c in row] for row in sheet] for sheet in sheets], numbers
        case ".csv":
            rows = list(csv.reader(content.decode().splitlines()))
            return content.decode(), [rows], []
        case ".json" | ".ipynb":
            return content.decode(), [], list(numbers_in(json.loads(content)))
    assert path.suffix == ".svg", path
    return _drawn(content), [], []


def _html(content):
    page = html.fromstring(content)
    tables = [[["".join(c.itertext()).strip() for c in row.iter("th", "td")] for row in table.iter("tr")]
              for table in page.iter("table")]  # fmt: skip
    drawn = re.findall(rb"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", content)
    words = [page.text_content(), *(picture.get("alt", "") for picture in page.iter("img"))]
    return "\n".join([*words, *(_drawn(b64decode(one)) for one in drawn)]), tables, []


def _drawn(content):
    """Return the words of a drawing and the numbers of its paths."""
    root = etree.fromstring(content)
    return "\n".join(["".join(root.itertext()), *(d for e in root.iter() for d in (e.get("d"), e.get("points")) if d)])


def numbers_in(content):
    """Yield every number that is not whole in the content of a JSON file."""
    if isinstance(content, dict):
        content = list(content.values())
    if isinstance(content, list):
        for one in content:
            yield from numbers_in(one)
    elif isinstance(content, float):
        yield content


def counted(tables):
    """Return the whole numbers under a header that counts people."""
    found = set()
    for rows in tables:
        heads = [i for i, label in enumerate(rows[0] if rows else ()) if label.strip().lower() in COUNTING]
        found |= {int(row[i]) for row in rows[1:] for i in heads if i < len(row) and row[i].strip().isdigit()}
    return found


def exact(text, true):
    """Return which `true` numbers, as they were before rounding, stand in a text: to all its decimals, four or more."""
    met = {number.replace(",", ".") for number in re.findall(r"\d+[.,]\d{4,}", text)}
    lengths = {len(number.partition(".")[2]) for number in met}
    return [value for value in true if {f"{abs(value):.{digits}f}" for digits in lengths} & met]
