"""Any finished file -> what a stranger finds in it: its whole text, its tables as cells, and who made it."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from werkbank.errors import Problem, UnfitError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Cells = list[list[str]]
PICTURES = re.compile(
    r"data:[a-z]+/[a-z+.-]+;base64,[A-Za-z0-9+/=\s]+|\"(?:image|image/png)\": ?\"[A-Za-z0-9+/=\\n]+\""
)
DRAWINGS = re.compile(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)")


@dataclass(frozen=True)
class Opened:
    """One file: all its text without pictures, its tables (header first), and its metadata by name."""

    path: Path
    text: str
    tables: list[Cells] = field(default_factory=list)
    metadata: dict[str, str] = field(default_factory=dict)
    stray: int = 0  # outputs of a notebook that are no section of a report


def open_file(path: Path) -> Opened:
    """Return what a file holds; the kind is known by its suffix.

    Raises
    ------
    UnfitError
        When it is of no kind that can be inspected, or is damaged: what was not inspected must not pass for clean.
    """
    readers: dict[str, Callable[[Path], Opened]] = {
        ".html": _html, ".pdf": _pdf, ".docx": _docx, ".xlsx": _xlsx, ".csv": _csv, ".json": _json, ".ipynb": _notebook,
    }  # fmt: skip
    if not path.is_file():
        raise UnfitError([Problem("privacy_absent", path.name)])
    read = readers.get(path.suffix.lower())
    if read is None:
        raise UnfitError([Problem("privacy_kind", path.name, details={"valid": ", ".join(readers)})])
    try:
        return read(path)
    except Exception as error:
        raise UnfitError([Problem("privacy_damaged", path.name, details={"reason": type(error).__name__})]) from error


def _html(path: Path) -> Opened:
    whole = path.read_text(encoding="utf-8")
    text = PICTURES.sub("", whole)
    drawn = [base64.b64decode(found).decode("utf-8", "replace") for found in DRAWINGS.findall(whole)]
    return Opened(path, "\n".join([text, *drawn]), _html_tables(text))


def _html_tables(text: str) -> list[Cells]:
    from lxml import html  # type: ignore[import-untyped]

    def cells(table: Any) -> Cells:  # noqa: ANN401 - lxml ships no types
        return [["".join(cell.itertext()).strip() for cell in row.iter("th", "td")] for row in table.iter("tr")]

    return [cells(table) for table in html.fromstring(text).iter("table")] if text.strip() else []


def _pdf(path: Path) -> Opened:
    from pypdf import PdfReader

    reader = PdfReader(path)
    known = {str(k).lstrip("/"): str(v) for k, v in (reader.metadata or {}).items()}
    pages = "\n".join(page.extract_text() for page in reader.pages)
    notes = [note.get_object().get("/Contents", "") for page in reader.pages for note in page.get("/Annots", ())]
    inside = [content.decode("utf-8", "replace") for several in reader.attachments.values() for content in several]
    pages = "\n".join([pages, *map(str, notes), *reader.attachments, *inside])
    xmp = reader.xmp_metadata
    return Opened(path, pages + (str(xmp.stream.get_data(), "utf-8", "replace") if xmp else ""), [], known)


def _docx(path: Path) -> Opened:
    import docx

    document = docx.Document(str(path))
    tables = [[[cell.text.strip() for cell in row.cells] for row in table.rows] for table in document.tables]
    core = document.core_properties
    known = {
        "author": core.author or "",
        "lastModifiedBy": core.last_modified_by or "",
        "comments": core.comments or "",
    }
    return Opened(path, _packed(path), tables, known)


def _xlsx(path: Path) -> Opened:
    import openpyxl

    book = openpyxl.load_workbook(path)
    tables = [
        [[_written(value) for value in row] for row in sheet.iter_rows(values_only=True)] for sheet in book.worksheets
    ]
    p = book.properties
    return Opened(path, _packed(path), tables, {"creator": p.creator or "", "lastModifiedBy": p.lastModifiedBy or ""})


def _packed(path: Path) -> str:
    """Return the text of every part of an office file, attributes and hidden parts included."""
    with zipfile.ZipFile(path) as archive:
        parts = [
            archive.read(n).decode("utf-8", "replace") for n in archive.namelist() if n.endswith((".xml", ".rels"))
        ]
    runs = [re.sub(r"<[^>]+>", "", re.sub(r"</(?:w:p|si|row)>", "\n", part)) for part in parts]
    return "\n".join([*runs, *(" ".join(re.findall(r'="([^"]*)"', part)) for part in parts)])


def _written(value: Any) -> str:  # noqa: ANN401 - a cell
    whole = isinstance(value, float) and value.is_integer()
    return "" if value is None else str(int(value) if whole else value)


def _csv(path: Path) -> Opened:
    text = path.read_text(encoding="utf-8-sig")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    return Opened(path, text, [list(csv.reader(io.StringIO(text), delimiter=delimiter))])


def _json(path: Path) -> Opened:
    text = PICTURES.sub("", path.read_text(encoding="utf-8"))
    return Opened(path, text)


def _notebook(path: Path) -> Opened:
    from werkbank.results import MIME

    content = json.loads(path.read_text(encoding="utf-8"))
    outputs = [output for cell in content["cells"] for output in cell.get("outputs", [])]
    data = [output.get("data", {}) for output in outputs]
    pages = ["".join(shown.get("text/html", "")) for shown in data]
    stray = sum(MIME not in shown for shown in data)
    text = PICTURES.sub("", json.dumps(content, ensure_ascii=False))
    return Opened(path, text, [table for page in pages for table in _html_tables(page)], {}, stray)
