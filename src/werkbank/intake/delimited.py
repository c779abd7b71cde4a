"""Delimited text: encoding and delimiter are decided once for the whole file, by evidence, or the file is refused."""

from __future__ import annotations

import codecs
import csv
import io
import re
from typing import TYPE_CHECKING

from werkbank.intake.grid import Grid, RefusedFileError, header_at
from werkbank.study.spelling import tidy

if TYPE_CHECKING:
    from werkbank.study.model import FileSpec

DELIMITERS = (",", ";", "\t", "|")
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
SAMPLE = 100_000  # characters on which delimiters are compared; every row is checked once one is chosen


def read_delimited(content: bytes, spec: FileSpec, declared: set[str]) -> Grid:
    """Read delimited text as untouched cells.

    Raises
    ------
    RefusedFileError
        ``encoding_unknown``, ``encoding_unreadable``, ``delimiter_unclear``, ``quotes_broken``.
    """
    text, encoding, doubt = decode(content, spec.encoding)
    notes = [("encoding_decided", {"encoding": encoding, "example": doubt})] if doubt else []
    first, _, rest = text.partition("\n")
    stated = re.fullmatch(r"sep=(.)", first.strip())  # Excel writes its delimiter like this on a line of its own
    body = rest if stated else text
    delimiter = spec.delimiter or (stated[1] if stated else None) or find_delimiter(body, declared)
    rows = _rows(body, delimiter)
    first_row = 2 if stated else 1
    how = {"delimiter": delimiter, "encoding": encoding}
    return Grid(rows, range(first_row, first_row + len(rows)), how, notes)


def decode(content: bytes, stated: str | None = None) -> tuple[str, str, str]:
    """Return text, encoding, and (when the encoding was a matter of exclusion) a word by which a user can check it.

    A byte order mark decides; else UTF-16 shows by its zero bytes; else strict UTF-8; what is not UTF-8 can only be
    one of the old single-byte encodings, of which cp1252 is that of Windows in western Europe.
    """
    if stated is not None:
        try:
            return content.decode(stated).removeprefix("\ufeff"), codecs.lookup(stated).name, ""
        except LookupError:
            raise RefusedFileError("encoding_unknown", value=stated) from None
        except UnicodeError:
            raise RefusedFileError("encoding_unreadable", value=stated) from None
    for encoding in (*(name for bom, name in BOMS if content.startswith(bom)), *_without_bom(content)):
        try:
            text = content.decode(encoding)
        except UnicodeError:
            continue
        if "\0" not in text:
            example = re.search(r"\w*[^\W\d_a-zA-Z]\w*", text) if encoding == "cp1252" else None
            return text, encoding, example[0] if example else "…" if encoding == "cp1252" else ""
    raise RefusedFileError("encoding_unreadable", value="utf-8, cp1252, utf-16")


def _without_bom(content: bytes) -> tuple[str, ...]:
    if b"\0" not in content[:1000]:
        return ("utf-8", "cp1252")
    return ("utf-16-le", "utf-16-be") if content[:1000:2].count(0) < content[1:1000:2].count(0) else ("utf-16-be",)


def find_delimiter(text: str, declared: set[str]) -> str:
    """Return the delimiter under which the header holds most of the declared names and all rows are equally wide.

    Raises
    ------
    RefusedFileError
        ``delimiter_unclear`` when two do equally well, or none does.
    """
    found: dict[str, tuple[int, bool]] = {}
    for delimiter in DELIMITERS:
        rows = [row for row in csv.reader(io.StringIO(text[:SAMPLE], newline=""), delimiter=delimiter) if any(row)]
        rows = rows[:-1] if len(text) > SAMPLE else rows  # the last may have been cut
        rows = rows[header_at(rows, declared) :]
        names = {tidy(cell) for cell in rows[0]} if rows else set()
        even = len(names) > 1 and len({len(row) for row in rows}) == 1
        found[delimiter] = (len(names & declared), even)
    best = max(found.values())
    chosen = [delimiter for delimiter, fit in found.items() if fit == best]
    if best[0] and len(chosen) == len(DELIMITERS):  # one known name and no delimiter at all: a file of one column
        return ","
    if best == (0, False) or len(chosen) > 1:
        raise RefusedFileError("delimiter_unclear", valid="  ".join("tab" if d == "\t" else d for d in chosen))
    return chosen[0]


def _rows(text: str, delimiter: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    try:
        rows.extend(reader)
    except csv.Error as error:
        raise RefusedFileError("quotes_broken", row=len(rows) + 1, reason=str(error)) from None
    return rows
