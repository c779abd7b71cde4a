"""The tables of a report as a workbook: numbers that are numbers, shown as the report shows them."""

from __future__ import annotations

import io
import re
from math import ceil, isfinite
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink

from werkbank.catalogue import say
from werkbank.reporting.blocks import Paragraph, opens_with_its_message
from werkbank.reporting.formats.document import plain, printable
from werkbank.reporting.formats.packed import timeless

if TYPE_CHECKING:
    from collections.abc import Iterable

    from openpyxl.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

    from werkbank.reporting.blocks import Table
    from werkbank.reporting.formats.document import Document
    from werkbank.reporting.numbers import Column

HEADER_ROW = 3
_FORBIDDEN = re.compile(r"[\[\]:*?/\\']")  # in a sheet's name
_INK, _SOFT, _ACCENT, _WARN = "1D2A33", "4D5B64", "0B5563", "8A3B12"
_RULE = Side(style="medium", color=_INK)
_LINE = Side(style="hair", color=_SOFT)
_WIDEST = 60  # characters of a column; longer texts wrap
_ROW = 15.5  # points of a line


def xlsx(document: Document) -> bytes:
    """Return the tables of a report as a workbook, the same bytes for the same report.

    The first sheet is the contents, the second says what each column holds, and every table has a sheet: title, what
    report it is from, header (frozen), rows, notes. Numbers keep all their decimals under the format in which the
    report shows them; an interval is two columns; what is missing is an empty cell. A text is never a formula, whatever
    it begins with.
    """
    book = Workbook()
    book.properties.title, book.properties.creator = plain(document.title), document.school or "werkbank"
    book.properties.language = document.language
    names = _sheet_names(document)
    _contents(book.active, document, names)
    _codebook(book.create_sheet(names[1]), document, names)
    for number, (table, name) in enumerate(zip(document.tables, names[2:], strict=True), start=1):
        _sheet(book.create_sheet(name), table, number, document)
    for sheet in book.worksheets:
        _for_paper(sheet, document)
    made = io.BytesIO()
    book.save(made)
    return timeless(made.getvalue())


def value_columns(table: Table, language: str) -> list[tuple[Column, str, int | None]]:
    """Return what a sheet's columns hold: (column, label, end of the interval that it is, if it is one)."""
    found: list[tuple[Column, str, int | None]] = []
    for column in table.columns:
        if _is_interval(table, column):
            ends = (say(f"formats.interval_{end}", language, label=plain(column.label)) for end in ("low", "high"))
            found += [(column, label, end) for end, label in enumerate(ends)]
        else:
            found.append((column, plain(column.label), None))
    return found


def _is_interval(table: Table, column: Column) -> bool:
    return column.kind == "interval" or any(isinstance(row.get(column.key), (tuple, list)) for row in table.rows)


def _sheet_names(document: Document) -> list[str]:
    """Return names that Excel takes: at most 31 characters, none of its signs, no two alike."""
    names = [say(f"formats.workbook.{name}", document.language) for name in ("contents", "codebook")]
    for table in document.tables:
        wanted = _FORBIDDEN.sub(" ", table.id.removeprefix("tab-"))
        name, n = wanted[:31], 1
        while name.lower() in {taken.lower() for taken in names}:
            n += 1
            name = f"{wanted[: 31 - len(str(n)) - 1]} {n}"
        names.append(name)
    return names


def _contents(sheet: Worksheet, document: Document, names: list[str]) -> None:
    language = document.language
    sheet.title = names[0]
    _text(sheet, 1, 1, document.title, _font(bold=True, size=16, color=_INK))
    _text(sheet, 2, 1, document.school or document.kind, _font(bold=True, color=_ACCENT))
    row = 3
    if document.simulated:
        mark, sentence = (say(f"report.page.{key}", language) for key in ("simulated", "simulated_sentence"))
        _text(sheet, row, 1, f"{mark}. {sentence}", _font(bold=True, color=_WARN))
        row += 1
    if for_whom := _for_whom(document):  # a workbook has no text of the report but its tables: this it must say
        _text(sheet, row, 1, for_whom, _font(bold=True, color=_WARN))
        row += 1
    for key in ("lead", "empty"):
        _text(sheet, row, 1, say(f"formats.workbook.{key}", language), _font(color=_SOFT))
        row += 1
    row += 1
    _header(sheet, row, [say(f"formats.workbook.{key}", language) for key in ("sheet", "table")])
    label = say("formats.table", language)
    titles = [f"{label} {n}. {plain(table.title)}" for n, table in enumerate(document.tables, start=1)]
    for name, title in zip(names[1:], ["", *titles], strict=True):
        row += 1
        cell = _text(sheet, row, 1, name, _font(color=_ACCENT, underline="single"))
        cell.hyperlink = Hyperlink(ref=cell.coordinate, location=f"'{name}'!A1")
        _text(sheet, row, 2, title)
    row += 2
    for known, value in document.colophon:
        _text(sheet, row, 1, known, _font(color=_SOFT))
        _text(sheet, row, 2, value, _font(color=_SOFT))
        row += 1
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 34, 90


def _for_whom(document: Document) -> str:
    """Return the note for whom a report is: it opens with that, or ends its first page where that has a message."""
    blocks = document.sections[0].blocks if document.sections else ()
    first = blocks[-1:] if opens_with_its_message(document.sections) else blocks[:2]
    return next((block.text for block in first if isinstance(block, Paragraph) and block.tone == "note"), "")


def _codebook(sheet: Worksheet, document: Document, names: list[str]) -> None:
    language = document.language
    _opening(sheet, say("formats.workbook.codebook", language), document)
    _header(sheet, HEADER_ROW, [say(f"formats.workbook.{k}", language) for k in ("sheet", "column", "key", "kind")])
    row = HEADER_ROW
    for table, name in zip(document.tables, names[2:], strict=True):
        for column, label, end in value_columns(table, language):
            row += 1
            kind = "interval" if end is not None else column.kind
            for x, text in enumerate((name, label, column.key, say(f"formats.kind.{kind}", language)), start=1):
                _text(sheet, row, x, text)
    for letter, width in zip("ABCD", (34, 34, 20, 60), strict=True):
        sheet.column_dimensions[letter].width = width


def _sheet(sheet: Worksheet, table: Table, number: int, document: Document) -> None:
    language = document.language
    _opening(sheet, f"{say('formats.table', language)} {number}. {plain(table.title)}", document)
    columns = value_columns(table, language)
    _header(sheet, HEADER_ROW, [label for _, label, _ in columns], [c.kind != "text" for c, _, _ in columns])
    for y, row in enumerate(table.rows, start=HEADER_ROW + 1):
        for x, (column, _, end) in enumerate(columns, start=1):
            given = row.get(column.key)
            _value(sheet.cell(y, x), given if end is None else _end(given, end), column, language)
    last = HEADER_ROW + len(table.rows)
    widths = _fitted(sheet, range(HEADER_ROW, last + 1), len(columns))
    for x in range(1, len(columns) + 1):
        sheet.cell(last, x).border = Border(top=_RULE if last == HEADER_ROW else None, bottom=_RULE)
    for y, note in enumerate(table.notes, start=last + 2):
        _text(sheet, y, 1, note, _font(color=_SOFT)).alignment = Alignment(wrap_text=True, vertical="top")
        sheet.merge_cells(start_row=y, end_row=y, start_column=1, end_column=len(columns))
        sheet.row_dimensions[y].height = _ROW * ceil(len(note) / sum(widths))


def _fitted(sheet: Worksheet, rows: range, n_columns: int) -> list[float]:
    """Give columns the width, and rows the height, of what they hold: LibreOffice does not find heights itself."""
    widths = []
    for x in range(1, n_columns + 1):
        texts = [str(sheet.cell(y, x).value or "") for y in rows if isinstance(sheet.cell(y, x).value, str)]
        words = max((len(word) for word in texts[0].split()), default=0)  # a header may wrap between words
        widths.append(4 + min(_WIDEST, max([words * 1.1, 8, *map(len, texts[1:])])))
        sheet.column_dimensions[get_column_letter(x)].width = widths[-1]
    for y in rows:
        values = [sheet.cell(y, x).value for x in range(1, n_columns + 1)]
        lines = [len(wrap(v, int(w) - 2)) for v, w in zip(values, widths, strict=True) if isinstance(v, str)]
        sheet.row_dimensions[y].height = _ROW * max([1, *lines])
    return widths


def _end(value: Any, end: int) -> Any:  # noqa: ANN401 - a cell holds what the report's table holds
    if isinstance(value, (tuple, list)):
        return value[end]
    return value if end == 0 else None  # a single number among intervals stands in the first of their columns


def _value(cell: Cell, value: Any, column: Column, language: str) -> None:  # noqa: ANN401
    is_text = column.kind == "text"
    cell.alignment = Alignment(vertical="top", wrap_text=is_text, indent=int(is_text and cell.column > 1))
    cell.border = Border(bottom=_LINE)
    if value is None:
        return
    if isinstance(value, str) or column.kind == "text":
        _said(cell, str(value))
    elif isfinite(value):
        cell.value = value
        cell.number_format = _number_format(float(value), column, language)


def _number_format(value: float, column: Column, language: str) -> str:
    """Return the format that shows a number as `numbers.cell` writes it; Excel puts the reader's decimal sign in."""
    sign = "," if language == "nl" else "."
    digits = 2 if column.digits is None else column.digits
    match column.kind:
        case "count":
            return "#,##0"
        case "p":
            return f'[<0.001]"< {sign}001";[>0.9995]"> {sign}999";.000'
        case "share":
            return f"{_decimals('#,##0', column.digits or 0)}%"
        case "reliability":
            return _decimals("#,##0" if abs(value) >= 1 else "", digits)
        case "df":
            return "#,##0" if abs(value - round(value)) < 1e-9 else "#,##0.0"
        case _:
            return _decimals("0" if column.kind == "number" else "#,##0", digits)


def _decimals(whole: str, digits: int) -> str:
    return f"{whole}.{'0' * digits}" if digits else whole or "0"


def _opening(sheet: Worksheet, title: str, document: Document) -> None:
    _text(sheet, 1, 1, title, _font(bold=True, size=13, color=_INK))
    _text(sheet, 2, 1, document.title, _font(color=_SOFT))
    if document.simulated:
        # on every sheet, because a sheet may travel alone
        mark = say("report.page.simulated", document.language)
        _text(sheet, 2, 1, f"{document.title} – {mark}", _font(bold=True, color=_WARN))
    sheet.freeze_panes = f"B{HEADER_ROW + 1}"
    sheet.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW}"


def _header(sheet: Worksheet, row: int, labels: Iterable[str], numeric: Iterable[bool] | None = None) -> None:
    labels = list(labels)
    sides = [False] * len(labels) if numeric is None else list(numeric)
    for x, (label, number) in enumerate(zip(labels, sides, strict=True), start=1):
        cell = _text(sheet, row, x, label, _font(bold=True, color=_INK))
        indent = int(not number and x > 1)  # a text keeps away from the number beside it
        side = "right" if number else "left"
        cell.alignment = Alignment(horizontal=side, vertical="bottom", wrap_text=True, indent=indent)
        cell.border = Border(top=_RULE, bottom=_RULE)


def _text(sheet: Worksheet, row: int, column: int, text: str, font: Font | None = None) -> Cell:
    cell = sheet.cell(row, column)
    _said(cell, plain(text))
    if font is not None:
        cell.font = font
    return cell


def _said(cell: Cell, text: str) -> None:
    cell.value = printable(text)
    cell.data_type = "s"  # else `=1+1` in a file's answers would be a formula here
    cell.quotePrefix = text[:1] in "=+-@\t"


def _font(**look: Any) -> Font:  # noqa: ANN401 - openpyxl's own
    return Font(**{"name": "Calibri", "size": 11, **look})


def _for_paper(sheet: Worksheet, document: Document) -> None:
    sheet.sheet_view.showGridLines = False
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9  # A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    if document.simulated:
        sheet.oddHeader.right.text = say("report.page.simulated", document.language)
    sheet.oddFooter.right.text = "&P / &N"
