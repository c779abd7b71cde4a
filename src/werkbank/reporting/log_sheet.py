"""A log to fill in: a workbook in which answers are chosen from lists, and the same on A4 for who writes by hand."""

from __future__ import annotations

import datetime as dt
import io
import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from werkbank.catalogue import say
from werkbank.errors import UsageError, nearest
from werkbank.programmes.forms import Asked, Form, called, form_names
from werkbank.reporting import fonts
from werkbank.reporting.formats.packed import timeless
from werkbank.study import load_study
from werkbank.study.logs import ClassList
from werkbank.study.own_logs import OWN, form_of
from werkbank.study.templates import new_log_study

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

    from werkbank.study.model import Study

TEMPLATE = Path(__file__).with_name("page") / "log.typ"
MOST = 600  # lines that are prepared; more are left to be written
ON_PAPER = 20  # lines of a page
LISTS = "_lists"


@dataclass(frozen=True)
class Sheet:
    """What stands on a sheet before anybody wrote on it."""

    form: Form
    language: str
    pupils: tuple[str, ...]
    lines: list[dict[str, Any]]

    def head(self, column: str) -> str:
        """Return what a column is called."""
        return called("column", column, self.language, self.form)

    def expects(self, column: str) -> str:
        """Return in a few words what belongs in a column."""
        how = self.form.columns[column]
        key: str = how.kind if how.kind in {"whole", "number", "choice", "code"} else "who"
        if how.kind == "date":
            key = "any_date" if how.any_day or how.to_come else "date"
        if how.above is not None:
            key = "above"
        low, high = how.range or (0, 0)
        return say(f"logs.expects.{key}", self.language, low=f"{low:g}", high=f"{high:g}")

    def answers(self, how: Asked) -> list[str]:
        """Return the answers that may be chosen, as they are written."""
        return [called("answer", answer, self.language, self.form) for answer in how.of]


def write_log(name: str, folder: Path, language: str, study: Study | None = None) -> list[Path]:
    """Write the sheet of a log as ``<name>.xlsx``, and ``<name>.pdf`` to print; existing files are left alone.

    Parameters
    ----------
    name : str
        Of the log.
    folder : Path
        Where to; it is made.
    language : str
    study : Study, optional
        Whose class list and calendar fill in what is known already.

    Raises
    ------
    UsageError
        No such log; or a file of that name is there, which may hold what somebody wrote.
    """
    at = study.folder if study is not None else Path()
    try:
        asked = form_of(name, at, language, study.file if study is not None else name)
    except KeyError:
        raise UsageError(say("cli.problem.no_log", language, name=name, **nearest(name, form_names()))) from None
    called_so = Path(name).stem if name.endswith(OWN) else name
    files = [folder / f"{called_so}.xlsx", folder / f"{called_so}.pdf"]
    for file in files:
        if file.exists():
            raise UsageError(say("cli.problem.log_exists", language, path=file.as_posix()))
    sheet = prepared(asked, language, study)
    folder.mkdir(parents=True, exist_ok=True)
    for file, made in zip(files, (workbook(sheet), on_paper(sheet)), strict=True):
        file.write_bytes(made)
    return files


def start_log(log: str, language: str, name: str | None = None, study: str | None = None) -> list[Path]:
    """Write a log's sheets: into a study that is there, into a new folder with a study file, or here.

    Raises
    ------
    UsageError
        As `write_log`; or the new folder is there already.
    """
    own = log.endswith(OWN)  # which lies in the folder of a study, or here
    if log not in form_names() and not (own and name is None):
        raise UsageError(say("cli.problem.no_log", language, name=log, **nearest(log, form_names())))
    if study is not None:
        known = load_study(study)
        return write_log(log, known.folder / "logs", language, known)
    if name is None:
        return write_log(log, Path(), language)
    folder = new_log_study(Path(name), log, language)
    return [folder / "study.yaml", *write_log(log, folder / "logs", language, load_study(folder))]


def prepared(asked: Form, language: str, study: Study | None = None) -> Sheet:
    """Return a sheet with its lines: who and which day stand there where class list and calendar say so."""
    listed = study.class_list if study is not None else None
    pupils = tuple(listed) if listed is not None and not isinstance(listed, ClassList) else ()
    calendar = study.calendar if study is not None else None
    lines: list[dict[str, Any]] = []
    whose = pupils if asked.about == "pupil" and "pupil" in asked.columns else ()
    if asked.rhythm == "daily" and calendar is not None and asked.about == "pupil":
        days = calendar.school_days()
        days = days[:10] if "day_nr" in asked.columns else days
        lines = [{"pupil": who, "date": day, "day_nr": n} for n, day in enumerate(days, 1) for who in whose or ("",)]
    elif asked.rhythm == "once":
        lines = [{"pupil": who} for who in whose]
    elif "day_nr" in asked.columns:
        lines = [{"day_nr": n} for n in range(1, 11)]
    lines = lines[:MOST]
    lines += [{} for _ in range(max(asked.rows - len(lines), 0))]
    return Sheet(asked, language, pupils, lines)


def workbook(sheet: Sheet) -> bytes:
    """Return the sheet as a workbook: a heading and a list for each column, ready to print on A4."""
    book = Workbook()
    page, lists = book.active, book.create_sheet(LISTS)
    page.title, lists.sheet_state = say("logs.sheet.name", sheet.language), "hidden"
    for place, column in enumerate(sheet.form.columns, 1):
        head = page.cell(1, place, sheet.head(column))
        head.font, head.fill = Font(bold=True), PatternFill("solid", fgColor="E8EEF2")
        head.alignment = Alignment(wrap_text=True, vertical="top")
        page.column_dimensions[get_column_letter(place)].width = max(len(sheet.head(column)) + 3, 14)
        _validate(page, lists, sheet, column, place)
    for number, line in enumerate(sheet.lines, 2):
        for place, column in enumerate(sheet.form.columns, 1):
            cell = page.cell(number, place, line.get(column) or None)
            if sheet.form.columns[column].kind == "date":
                cell.number_format = "dd-mm-yyyy"
    page.freeze_panes, page.print_title_rows = "A2", "1:1"
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", 9  # A4
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.print_options.gridLines = True
    held = io.BytesIO()
    book.save(held)
    return timeless(held.getvalue())


def _validate(page: Worksheet, lists: Worksheet, sheet: Sheet, column: str, place: int) -> None:
    how = sheet.form.columns[column]
    letter, last = get_column_letter(place), len(sheet.lines) + 500
    choices = sheet.answers(how) or (list(sheet.pupils) if how.kind == "pupil" else [])
    if choices:
        for row, choice in enumerate(choices, 1):
            lists.cell(row, place, choice)
        rule = DataValidation("list", formula1=f"{LISTS}!${letter}$1:${letter}${len(choices)}", allow_blank=True)
    elif how.kind == "date":
        rule = DataValidation(
            "date", operator="greaterThan", formula1=str(_serial(dt.date(2000, 1, 1))), allow_blank=True
        )
    elif how.kind in {"whole", "number"}:
        low, high = how.range or (0, 0)
        rule = DataValidation("whole" if how.kind == "whole" else "decimal", operator="between",
                              formula1=f"{low:g}", formula2=f"{high:g}", allow_blank=True)  # fmt: skip
    else:
        rule = DataValidation("textLength", operator="lessThan", formula1="25", allow_blank=True)
    rule.showErrorMessage = rule.showInputMessage = True
    rule.promptTitle, rule.prompt = sheet.head(column)[:32], sheet.expects(column)
    rule.errorTitle, rule.error = rule.promptTitle, rule.prompt
    page.add_data_validation(rule)
    rule.add(f"{letter}2:{letter}{last}")


def _serial(day: dt.date) -> int:
    return (day - dt.date(1899, 12, 30)).days


def on_paper(sheet: Sheet) -> bytes:
    """Return the sheet as a PDF: A4, a line for each that was prepared, and a page of empty ones at the least."""
    import typst

    columns = list(sheet.form.columns)
    heads = [
        {"name": sheet.head(name), "expects": ", ".join(sheet.answers(sheet.form.columns[name])) or sheet.expects(name)}
        for name in columns
    ]
    lines = [line for line in sheet.lines if line] or [{} for _ in range(ON_PAPER)]
    rows = [[_written(line.get(name)) for name in columns] for line in lines]
    title = called("log", sheet.form.name, sheet.language, sheet.form)
    content = {
        "language": sheet.language, "title": title[:1].upper() + title[1:], "heads": heads, "rows": rows,
        "lead": say("logs.sheet.lead", sheet.language), "footer": say("logs.sheet.stays", sheet.language),
    }  # fmt: skip
    with TemporaryDirectory() as folder:
        (Path(folder) / "main.typ").write_bytes(TEMPLATE.read_bytes())
        (Path(folder) / "log.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        made = typst.compile(
            str(Path(folder) / "main.typ"), root=folder, format="pdf", pdf_standards=["ua-1"], ignore_system_fonts=True,
            font_paths=[str(fonts.folder()), str(fonts.fallback())],
        )  # fmt: skip
    assert isinstance(made, bytes)  # noqa: S101 - a PDF is one file
    return made


def _written(value: object) -> str:
    if isinstance(value, dt.date):
        return f"{value:%d-%m-%Y}"
    return "" if value is None else str(value)
