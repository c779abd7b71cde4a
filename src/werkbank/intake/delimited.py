"""Delimited text: encoding and delimiter are decided once for the whole file, by evidence, or the file is refused."""

from __future__ import annotations

import codecs
import csv
import io
import re
from itertools import islice
from typing import TYPE_CHECKING

from werkbank.intake import room
from werkbank.intake.columns import Gathering
from werkbank.intake.grid import Grid, RefusedFileError, header_at
from werkbank.study.spelling import tidy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkbank.study.model import FileSpec

DELIMITERS = (",", ";", "\t", "|")
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
SAMPLE = 100_000  # characters on which delimiters are compared; every row is checked once one is chosen
PIECE = 1 << 20  # characters that are decoded at a time
CELLS = 200_000  # that are held as lists before they are kept by column
LONGEST_LINE = 10_000_000  # characters; a line of so many is no row of answers
OLD_LETTERS = re.compile(r"\w*[^\W\d_a-zA-Z]\w*")


def read_delimited(content: bytes, spec: FileSpec, declared: set[str]) -> Grid:
    """Read delimited text as untouched cells.

    Raises
    ------
    RefusedFileError
        ``encoding_unknown``, ``encoding_unreadable``, ``delimiter_unclear``, ``quotes_broken``, ``line_too_long``,
        ``columns_too_many``, ``sheet_too_large``.
    """
    encoding, doubt = find_encoding(content, spec.encoding)
    notes = [("encoding_decided", {"encoding": encoding, "example": doubt})] if doubt else []
    stream = _opened(content, encoding)
    sample = stream.read(SAMPLE + 1000)  # and a line above the header
    marked = sample.startswith("\ufeff")  # of a stated encoding; others take the mark off themselves
    sample = sample.removeprefix("\ufeff")
    first = sample.partition("\n")[0]
    stated = re.fullmatch(r"sep=(.)", first.strip())  # Excel writes its delimiter like this on a line of its own
    skipped = len(first) + 1 if stated else 0
    delimiter = spec.delimiter or (stated[1] if stated else None) or find_delimiter(sample[skipped:], declared)
    stream = _opened(content, encoding)
    stream.read(skipped + marked)
    rows = _rows(stream, delimiter)
    return Grid.gathered(rows, 2 if stated else 1, {"delimiter": delimiter, "encoding": encoding}, notes)


def _opened(content: bytes, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content), encoding, newline="")


def find_encoding(content: bytes, stated: str | None = None) -> tuple[str, str]:
    """Return the encoding, and (when it was a matter of exclusion) a word by which a user can check it.

    A byte order mark decides; else UTF-16 shows by its zero bytes; else strict UTF-8; what is not UTF-8 can only be
    one of the old single-byte encodings, of which cp1252 is that of Windows in western Europe.
    """
    if stated is not None:
        try:
            for _ in _decoded(content, stated):
                pass
            return codecs.lookup(stated).name, ""
        except LookupError:
            raise RefusedFileError("encoding_unknown", value=stated) from None
        except UnicodeError:
            raise RefusedFileError("encoding_unreadable", value=stated) from None
    for encoding in (*(name for bom, name in BOMS if content.startswith(bom)), *_without_bom(content)):
        example = ""
        try:
            for text in _decoded(content, encoding):
                if "\0" in text:
                    break
                if encoding == "cp1252" and not example:
                    found = OLD_LETTERS.search(text)
                    example = found[0] if found else ""
            else:
                return encoding, example or "…" if encoding == "cp1252" else ""
        except UnicodeError:
            continue
    raise RefusedFileError("encoding_unreadable", value="utf-8, cp1252, utf-16")


def _decoded(content: bytes, encoding: str) -> Iterator[str]:
    """Yield the text piece by piece: the whole of it takes up to four bytes a character.

    A file without line ends is refused here: read by lines it would be held as one.
    """
    stream, length = _opened(content, encoding), 0
    while piece := stream.read(PIECE):
        length = 0 if "\n" in piece or "\r" in piece else length + len(piece)
        if length >= LONGEST_LINE:
            raise RefusedFileError("line_too_long", limit=LONGEST_LINE)
        yield piece


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


def _rows(stream: io.TextIOWrapper, delimiter: str) -> Gathering:
    reader = csv.reader(stream, delimiter=delimiter, strict=True)
    gathered, limit, at_once = Gathering(), room.most_cells(), 100
    while True:
        rows: list[list[str]] = []
        try:
            rows.extend(islice(reader, at_once))
        except csv.Error as error:
            row = gathered.n + len(rows) + 1
            if str(error).startswith("field larger"):
                raise RefusedFileError("cell_too_long", row=row, limit=csv.field_size_limit()) from None
            raise RefusedFileError("quotes_broken", row=row, reason=str(error)) from None
        if not rows:
            return gathered
        if (most := max(map(len, rows))) > room.MAX_COLUMNS:
            raise RefusedFileError("columns_too_many", found=most, limit=room.MAX_COLUMNS)
        at_once = CELLS // max(most, 1) + 1
        gathered.add(rows)
        if gathered.n_cells > limit:
            raise RefusedFileError("sheet_too_large", cells=gathered.n_cells, limit=limit)
