"""A PDF -> every string in it: pages, notes, fields, bookmarks, alternatives for pictures, attachments and pictures."""

from __future__ import annotations

import io
import re
from typing import Any

from werkbank.disclosure.reading import Cells, Read

WIDE = 50  # signs; a line that long goes on in the next one
GAP = re.compile(r"\S+(?: \S+)*")
MAKERS = {"/Author": "author", "/Creator": "creator"}


def read_pdf(content: bytes) -> Read:
    """Return what a PDF holds."""
    from pypdf import PdfReader
    from pypdf.generic import StreamObject

    reader = PdfReader(io.BytesIO(content))
    pages = [page.extract_text() for page in reader.pages]
    said: list[str] = []
    inside: list[tuple[str, bytes]] = []
    for thing in _objects(reader):
        _strings(thing, said)
        if isinstance(thing, StreamObject):
            inside += _stream(thing)
    tables = [_table(page.extract_text(extraction_mode="layout")) for page in reader.pages]
    known = {str(k): str(v) for k, v in (reader.metadata or {}).items()}
    makers = {name: known[key] for key, name in MAKERS.items() if key in known}
    text = "\n".join([*pages, *said, *known.values()])
    return Read(text, "\n".join([*map(_flowing, pages), *said]), tables, makers, inside)


def _objects(reader: Any) -> list[Any]:  # noqa: ANN401 - pypdf's own objects
    """Return every object of the newest form of the file."""
    from pypdf.generic import IndirectObject

    numbers = {(n, g) for g, known in reader.xref.items() for n in known} | {(n, 0) for n in reader.xref_objStm}
    found = [reader.trailer.get("/Info")]
    for number, generation in sorted(numbers):
        found.append(reader.get_object(IndirectObject(number, generation, reader)))
    return [thing for thing in found if thing is not None]


def _strings(thing: Any, said: list[str]) -> None:  # noqa: ANN401 - as above
    from pypdf.generic import ByteStringObject, TextStringObject

    if isinstance(thing, TextStringObject):
        said.append(str(thing))
    elif isinstance(thing, ByteStringObject):
        said.append(bytes(thing).decode("latin-1"))
    elif isinstance(thing, dict):
        for key, value in thing.items():
            if key != "/ID":
                _strings(value, said)
    elif isinstance(thing, list):
        for value in thing:
            _strings(value, said)


def _stream(thing: Any) -> list[tuple[str, bytes]]:  # noqa: ANN401 - as above
    """Return an attachment, a picture, or metadata; not the marks of a page, a font or a profile."""
    kind, way = thing.get("/Subtype"), thing.get("/Filter")
    if kind == "/Image":
        packed = way == "/DCTDecode" or (isinstance(way, list) and way[-1:] == ["/DCTDecode"])
        return [("picture.jpg", thing._data)] if packed and way == "/DCTDecode" else []  # noqa: SLF001 - as it lies there
    if thing.get("/Type") in {"/EmbeddedFile", "/Metadata"} or kind == "/XML":
        return [("attached", thing.get_data())]
    return []


def _flowing(page: str) -> str:
    """Return the text of a page with the breaks of its paragraphs taken out."""
    return re.sub(rf"(?m)^(.{{{WIDE},}})\n", r"\1 ", page)


def _table(laid: str) -> Cells:
    """Return the lines of a page as rows, with each piece in the column of the words above it."""
    rows: list[list[str]] = []
    heads: list[tuple[int, int]] = []
    for line in laid.split("\n"):
        pieces = [(m.start(), m.end(), m[0]) for m in GAP.finditer(line)]
        if not pieces:
            continue
        row: dict[int, str] = {}
        for start, end, piece in pieces:
            at = next((i for i, (a, b) in enumerate(heads) if start < b + 1 and end > a - 1), None)
            if at is None:
                heads.append((start, end))
                at = len(heads) - 1
            elif re.search(r"[^\W\d_]", piece):
                heads[at] = (start, end)
            row[at] = f"{row[at]} {piece}" if at in row else piece
        rows.append([row.get(i, "") for i in range(len(heads))])
    return rows
