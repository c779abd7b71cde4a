"""Excel workbooks: values as stored, refused before reading when they would unfold without end."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import openpyxl
from openpyxl.utils.cell import column_index_from_string, range_boundaries

from werkbank.intake import room
from werkbank.intake.columns import Gathering
from werkbank.intake.grid import Grid, RefusedFileError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkbank.study.model import FileSpec

MAX_UNPACKED = 400_000_000  # bytes; a workbook is a zip archive, and a small one can unpack to any size
MAX_SHARED = 150_000_000  # bytes of texts that cells share
LEAST_UNPACKED = 40_000_000  # bytes that are always tried
BYTES_OF_A_BYTE = 12  # that the texts and cells of a workbook may take in memory: an estimate
LAST_ROW = 1_048_576  # of any Excel sheet
CHUNK = 1 << 20
ROWS = 1_000  # that are held as lists before they are kept by column
CELL = re.compile(rb"<(?:\w+:)?c\s[^>]*?r=\"([A-Z]{1,3})([0-9]{1,7})\"")
MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=\"([A-Z0-9:]+)\"")
HIDDEN = re.compile(rb"<(?:\w+:)?row\s[^>]*?hidden=\"(?:1|true)\"")
FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")


def read_workbook(content: bytes, spec: FileSpec) -> Grid:
    """Read one sheet as stored cells: text, numbers, dates, None.

    A formula counts for the value that was saved with it. Merged cells are refused: the cells under them are empty, and
    what was meant there cannot be known.

    Raises
    ------
    RefusedFileError
        ``file_unreadable``, ``workbook_protected``, ``file_too_large``, ``sheet_too_large``, ``sheet_needed``,
        ``sheet_unknown``, ``cells_merged``.
    """
    guard(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # about styles and validations that play no part here
        book = _load(content, values=True)
        try:
            sheet = _chosen(book, spec.sheet)
            seen = _scanned(content, sheet)
            if seen.merged:
                first_row = range_boundaries(seen.merged)[1]
                raise RefusedFileError("cells_merged", row=first_row, value=seen.merged)
            notes: list[tuple[str, dict[str, Any]]] = []
            if seen.hidden:
                notes.append(("rows_hidden", {"n": seen.hidden}))
            formulas = _formulas(content, sheet.title) if seen.formulas else None
            if formulas is not None:
                notes.append(("formulas", {"n": sum(map(len, formulas.values()))}))
            rows = _gathered(sheet, formulas or {})
        finally:
            book.close()
    return Grid.of_sheet(rows, sheet.title, notes)


def _gathered(sheet: Any, formulas: dict[int, dict[int, str]]) -> Gathering:  # noqa: ANN401 - openpyxl ships no types
    """Return the cells of a sheet; a formula that was saved without its value becomes its own text: ``=A1+B1``."""
    gathered = Gathering()
    some: list[list[Any]] = []
    for number, row in enumerate(_rows(sheet)):
        for column, written in formulas.get(number, {}).items():
            if row[column] is None:
                row[column] = written
        some.append(row)
        if len(some) == ROWS:
            gathered.add(some)
            some = []
    if some:
        gathered.add(some)
    return gathered


def guard(content: bytes) -> None:
    """Refuse an archive that is none, or that would unfold to more than can be read."""
    if content.startswith(b"\xd0\xcf\x11\xe0"):  # the old container: an encrypted workbook, or an .xls in disguise
        raise RefusedFileError("workbook_protected")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile:
        raise RefusedFileError("file_unreadable", reason="zip") from None
    most = min(MAX_UNPACKED, max(LEAST_UNPACKED, room.at_hand() // BYTES_OF_A_BYTE))
    unpacked = sum(member.file_size for member in members)
    shared = sum(member.file_size for member in members if member.filename.endswith("sharedStrings.xml"))
    if shared > min(most, MAX_SHARED):  # they are read whole, before any cell
        unpacked, most = shared, min(most, MAX_SHARED)
    if unpacked > most:
        size, limit = f"{unpacked // 1_000_000} MB", f"{most // 1_000_000} MB"
        raise RefusedFileError("file_too_large", size=size, limit=limit)


def _load(content: bytes, *, values: bool) -> Any:  # noqa: ANN401 - openpyxl ships no types
    try:
        return openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=values, keep_links=False)
    except Exception as error:  # noqa: BLE001 - a damaged workbook fails in openpyxl in any of a dozen ways
        raise RefusedFileError("file_unreadable", reason=type(error).__name__) from None


def _chosen(book: Any, wanted: str | None) -> Any:  # noqa: ANN401 - openpyxl ships no types
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    visible = [title for title, sheet in sheets.items() if sheet.sheet_state == "visible"]
    names = ", ".join(sheets)
    if wanted is None and len(visible) != 1:
        raise RefusedFileError("sheet_needed", valid=names)
    if wanted is not None and wanted not in sheets:
        raise RefusedFileError("sheet_unknown", value=wanted, valid=names)
    sheet = sheets[wanted if wanted is not None else visible[0]]
    size = (sheet.max_row or 0) * (sheet.max_column or 0)
    if size > (limit := _limit()):
        raise RefusedFileError("sheet_too_large", cells=size, limit=limit)
    return sheet


@dataclass
class _Seen:
    """What the tags of a sheet tell before it is read."""

    hidden: int = 0
    merged: str = ""
    formulas: bool = False


def _scanned(content: bytes, sheet: Any) -> _Seen:  # noqa: ANN401 - as above
    """Read only the tags of a sheet, in pieces; refuse one of which a lone cell far away makes too large a table.

    One cell at XFD1048576 spans 17 thousand million.
    """
    right, bottom, address = 1, 1, ""
    widths: dict[bytes, int] = {}
    seen, limit = _Seen(), _limit()
    for piece in tags(content, sheet._worksheet_path.lstrip("/")):  # noqa: SLF001 - read-only sheets tell no merged cells
        for found in CELL.finditer(piece):
            width, row = widths.setdefault(found[1], column_index_from_string(found[1].decode())), int(found[2])
            if width > right or row > bottom:
                right, bottom, address = max(right, width), max(bottom, row), found[1].decode() + str(row)
        if right * bottom > limit:
            raise RefusedFileError("sheet_spread", value=address, cells=right * bottom, limit=limit)
        seen.hidden += sum(1 for _ in HIDDEN.finditer(piece))
        seen.formulas = seen.formulas or FORMULA.search(piece) is not None
        if not seen.merged and (merged := MERGED.search(piece)):
            seen.merged = merged[1].decode()
    return seen


def tags(content: bytes, name: str) -> Iterator[bytes]:
    """Yield a file of an archive in pieces that cut no tag in two; a tag as long as a piece is cut all the same."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive, archive.open(name) as stream:
        rest = b""
        while piece := stream.read(CHUNK):
            piece = rest + piece
            start = piece.rfind(b"<")
            cut = start >= 0 and piece.find(b">", start) < 0 and len(piece) - start < CHUNK
            rest = piece[start:] if cut else b""
            yield piece[:start] if cut else piece
        if rest:
            yield rest


def _limit() -> int:
    return room.most_cells(room.BYTES_OF_A_STORED_CELL)


def _rows(sheet: Any) -> Iterator[list[Any]]:  # noqa: ANN401 - as above
    sheet.reset_dimensions()  # what a sheet says of its own size is often wrong: rows beyond it would be lost
    total, limit = 0, _limit()
    cells = sheet.iter_rows(min_row=1, max_row=LAST_ROW, values_only=True)
    while True:
        try:
            row = next(cells, None)
        except Exception as error:  # noqa: BLE001 - as for loading
            raise RefusedFileError("file_unreadable", reason=type(error).__name__) from None
        if row is None:
            return
        total += len(row)
        if total > limit:
            raise RefusedFileError("sheet_too_large", cells=total, limit=limit)
        yield [str(cell).upper() if isinstance(cell, bool) else cell for cell in row]


def _formulas(content: bytes, title: str) -> dict[int, dict[int, str]]:
    """Return the text of every formula: row -> column -> text."""
    book = _load(content, values=False)
    found: dict[int, dict[int, str]] = {}
    try:
        sheet = book[title]
        sheet.reset_dimensions()
        for number, row in enumerate(sheet.iter_rows(min_row=1, max_row=LAST_ROW)):
            for column, cell in enumerate(row):
                if cell.data_type == "f":
                    written = str(cell.value) if isinstance(cell.value, str) else "=…"
                    found.setdefault(number, {})[column] = written
    finally:
        book.close()
    return found
