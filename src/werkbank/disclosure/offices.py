"""A Word document or a workbook -> every part of it: what is shown, hidden, commented, deleted, attached or cached."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

from werkbank.disclosure.reading import Cells, Read

LARGEST = 200_000_000  # bytes that one file may unfold to
ENDS = re.compile(r"</(?:w:p|w:tc|w:tr|si|row|c|v|c:v|a:p|text|comment)>|<(?:w:br|w:cr|w:tab)[^>]*/>")
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
PROPERTY = re.compile(r"<(?:\w+:)?(creator|lastModifiedBy|Manager|Company|author)(?:\s[^>]*)?>([^<]+)<")
BY = re.compile(r"\b(?:w:author|w15:author|displayName|userId)=\"([^\"]+)\"")
CROPPED = re.compile(r"<a:srcRect\b[^>]*\b[ltrb]=\"[1-9]")


def read_docx(content: bytes) -> Read:
    """Return what a Word document holds."""
    from lxml import etree  # type: ignore[import-untyped]

    parts, inside = _parts(content)
    tables: list[Cells] = []
    for name, part in parts.items():
        if name.startswith("word/") and "<w:tbl" in part:
            tree = etree.fromstring(part.encode(), etree.XMLParser(resolve_entities=False, huge_tree=True))
            tables += [_word_table(table) for table in tree.iter(f"{W}tbl")]
    return _office(parts, inside, tables)


def read_xlsx(content: bytes) -> Read:
    """Return what a workbook holds, sheets that are hidden among it."""
    import openpyxl

    tables: list[Cells] = []
    for values in (False, True):  # formulas, and what they came to
        book = openpyxl.load_workbook(io.BytesIO(content), data_only=values)
        tables += [[[_written(v) for v in row] for row in s.iter_rows(values_only=True)] for s in book.worksheets]
    parts, inside = _parts(content)
    read = _office(parts, inside, tables)
    cells = "\n".join("\t".join(row) for table in tables for row in table)
    return Read(f"{read.text}\n{cells}", f"{read.said}\n{cells}", tables, read.makers, inside, 0, [], read.cropped)


def _parts(content: bytes) -> tuple[dict[str, str], list[tuple[str, bytes]]]:
    """Return the parts that are text, and those that have a format of their own."""
    texts, inside = {}, []
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > LARGEST:
            raise ValueError("too large")
        for name in archive.namelist():
            body = archive.read(name)
            if name.endswith((".xml", ".rels", ".vml")):
                texts[name] = body.decode("utf-16" if body[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8", "replace")
            elif body:
                inside.append((name, body))
        notes = archive.comment.decode("utf-8", "replace")
    return {**texts, "comment": notes}, inside


def _office(parts: dict[str, str], inside: list[tuple[str, bytes]], tables: list[Cells]) -> Read:
    from html import unescape

    said = "\n".join(unescape(re.sub(r"<[^>]+>", "", ENDS.sub("\n", part))) for part in parts.values())
    attributes = "\n".join(unescape(value) for part in parts.values() for value in re.findall(r'="([^"]*)"', part))
    makers = {
        key: value
        for name, part in parts.items()
        for key, value in (PROPERTY.findall(part) if name.startswith("docProps/") or "comments" in name else ())
    }
    makers |= {f"author {i}": who for i, who in enumerate(dict.fromkeys(BY.findall("\n".join(parts.values()))), 1)}
    alone = "\n".join(
        unescape(value)
        for part in parts.values()
        for value in re.findall(r'\b(?:descr|title|alt|name|prompt|error|promptTitle|errorTitle)="([^"]+)"', part)
    )
    names = "\n".join([*parts, *(name for name, _ in inside)])
    cropped = sum(len(CROPPED.findall(part)) for part in parts.values())
    return Read(f"{said}\n{attributes}\n{names}", f"{said}\n{alone}", tables, makers, inside, 0, [], cropped)


def _word_table(table: Any) -> Cells:  # noqa: ANN401 - lxml ships no types
    return [
        [" ".join("".join(t.text or "" for t in p.iter(f"{W}t", f"{W}delText")) for p in cell.iter(f"{W}p")).strip()
         for cell in row.iter(f"{W}tc")]
        for row in table.iter(f"{W}tr")
    ]  # fmt: skip


def _written(value: Any) -> str:  # noqa: ANN401 - a cell
    whole = isinstance(value, float) and value.is_integer()
    return "" if value is None else str(int(value) if whole else value)
