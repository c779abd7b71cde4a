"""Old Excel workbooks and OpenDocument sheets (.xls, .xlsb, .ods), by the library that knows these formats."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from openpyxl.utils.cell import get_column_letter

from werkbank.intake import room
from werkbank.intake.columns import Gathering
from werkbank.intake.grid import Grid, RefusedFileError
from werkbank.intake.workbooks import guard, tags

if TYPE_CHECKING:
    from werkbank.study.model import FileSpec

SHEETS_OF_ODS = "content.xml"
ODS_TAG = re.compile(rb"<table:(table-row|covered-table-cell|table-cell|table)(?=[\s/>])[^>]*>")
ROWS_REPEATED = re.compile(rb"number-rows-repeated=[\"'](\d{1,12})")
COLUMNS_REPEATED = re.compile(rb"number-columns-repeated=[\"'](\d{1,12})")
MAX_BYTES = 30_000_000  # on disk; what these formats hold is only known once it is unfolded


def read_old_workbook(content: bytes, spec: FileSpec) -> Grid:
    """Read one sheet as stored cells: text, numbers, dates, None; a formula counts for the value saved with it.

    Raises
    ------
    RefusedFileError
        ``file_too_large``, ``file_unreadable``, ``workbook_protected``, ``sheet_needed``, ``sheet_unknown``,
        ``sheet_too_large``.
    """
    from python_calamine import PasswordError

    if len(content) > MAX_BYTES:
        size, limit = f"{len(content) // 1_000_000} MB", f"{MAX_BYTES // 1_000_000} MB"
        raise RefusedFileError("file_too_large", size=size, limit=limit)
    if content.startswith(b"PK"):
        guard(content)
        if SHEETS_OF_ODS in _members(content):
            check_repeats(content)
    try:
        title, rows = _read(content, spec.sheet)
    except PasswordError:
        raise RefusedFileError("workbook_protected") from None
    except RefusedFileError:
        raise
    except Exception as error:  # noqa: BLE001 - a damaged file fails in the library in any of a dozen ways
        raise RefusedFileError("file_unreadable", reason=type(error).__name__) from None
    return Grid.of_sheet(rows, title)


def _read(content: bytes, wanted: str | None) -> tuple[str, Gathering]:
    from python_calamine import CalamineWorkbook, SheetVisibleEnum

    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    visible = [one.name for one in book.sheets_metadata if one.visible == SheetVisibleEnum.Visible]
    title = _chosen(book.sheet_names, visible, wanted)
    sheet = book.get_sheet_by_name(title)
    limit = room.most_cells(room.BYTES_OF_A_STORED_CELL)
    if (cells := sheet.total_height * sheet.total_width) > limit:
        raise RefusedFileError("sheet_too_large", cells=cells, limit=limit)
    rows = Gathering()
    for row in sheet.to_python(skip_empty_area=False):
        rows.add([[_cell(value) for value in row]])
    return title, rows


def _members(content: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.namelist()


def check_repeats(content: bytes) -> None:
    """Refuse an OpenDocument file of which a sheet unfolds to more cells than fit: a few bytes can repeat a row.

    Only the tags are read. What is repeated at the end of a row or sheet, with nothing in it, is no table; all that
    stands before a filled cell is.
    """
    limit = room.most_cells(room.BYTES_OF_A_STORED_CELL)
    extent = _Extent()
    for piece in tags(content, SHEETS_OF_ODS):
        for found in ODS_TAG.finditer(piece):
            extent.meet(found[1], found[0])
            if extent.right * extent.bottom > limit:
                cells, value = (
                    extent.right * extent.bottom,
                    f"{get_column_letter(min(extent.right, 16384))}{extent.bottom}",
                )
                raise RefusedFileError("sheet_spread", value=value, cells=cells, limit=limit)


@dataclass
class _Extent:
    """How far the filled cells of an OpenDocument sheet reach."""

    right: int = 0
    bottom: int = 0
    row: int = 0  # above the one that is met
    rows: int = 1  # for which that one stands
    column: int = 0

    def meet(self, name: bytes, tag: bytes) -> None:
        if name == b"table":
            self.right = self.bottom = self.row = self.column = 0
            self.rows = 0
        elif name == b"table-row":
            self.row, self.column = self.row + self.rows, 0
            self.rows = _repeated(ROWS_REPEATED, tag)
        else:
            self.column += _repeated(COLUMNS_REPEATED, tag)
            if not tag.endswith(b"/>") or b"value" in tag:
                self.right, self.bottom = max(self.right, self.column), max(self.bottom, self.row + self.rows)


def _repeated(form: re.Pattern[bytes], tag: bytes) -> int:
    found = form.search(tag)
    return int(found[1]) if found else 1


def _chosen(names: list[str], visible: list[str], wanted: str | None) -> str:
    if wanted is None and len(visible) != 1:
        raise RefusedFileError("sheet_needed", valid=", ".join(names))
    if wanted is not None and wanted not in names:
        raise RefusedFileError("sheet_unknown", value=wanted, valid=", ".join(names))
    return wanted if wanted is not None else visible[0]


def _cell(value: Any) -> Any:  # noqa: ANN401 - text, a number, a date, or a truth
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, dt.timedelta):
        return str(value)
    return None if value == "" else value
