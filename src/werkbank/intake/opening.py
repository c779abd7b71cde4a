"""A file on disk -> a Table of untouched cells, or the reasons why not."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from werkbank.errors import Problem, readable
from werkbank.intake import room
from werkbank.intake.delimited import read_delimited
from werkbank.intake.disguised import check_kind
from werkbank.intake.given import with_given
from werkbank.intake.grid import Grid, RefusedFileError, header_at, text
from werkbank.intake.ledger import brief, nearest
from werkbank.intake.model import FileReading, Table
from werkbank.study.spelling import tidy

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from werkbank.intake.ledger import Ledger
    from werkbank.study.model import FileSpec, Study

MAX_BYTES = 2_000_000_000  # of a file on disk; a million pupils at two waves, 28 items each, are some 200 MB
BYTES_OF_A_BYTE = 8  # that reading a file of text may take: an estimate
LONGEST_CELL = 131_072  # characters; Excel holds 32,767
LEAST = 50_000_000  # bytes that are always tried
PER_COLUMN = ("labels", "user_missing")  # what an SPSS file says of a column
KINDS = {
    **dict.fromkeys((".csv", ".tsv", ".txt"), "csv"),
    **dict.fromkeys((".xlsx", ".xlsm"), "xlsx"),
    **dict.fromkeys((".xls", ".xlsb"), "xls"),
    ".ods": "ods",
    **dict.fromkeys((".sav", ".zsav", ".por"), "sav"),
}


def open_table(study: Study, spec: FileSpec, declared: set[str], ledger: Ledger) -> Table | None:
    """Read one file; None when it could not be read, with the reason in the ledger.

    Parameters
    ----------
    study, spec
        The file, and what the study file says of it.
    declared : set of str
        Column names that the study file mentions: they tell which delimiter is the right one.
    ledger : Ledger
        Where problems and notes go.
    """
    try:
        path = _checked(study.folder, spec.path)
        kind, content = KINDS[path.suffix.lower()], _content(path)
        check_kind(path.name, kind, content)
        grid = _read(kind, path, content, spec, declared)
        _check_lengths(grid)
        _drop_skipped(grid, spec)
        _drop_blank_rows(grid)
        _check_header(grid, declared)
        kind = "qualtrics" if kind == "csv" and _drop_qualtrics_rows(grid) else kind
        return _table(study, spec, kind, hashlib.sha256(content).hexdigest(), grid, ledger)
    except RefusedFileError as refused:
        ledger.add(Problem(refused.code, spec.path, row=refused.row, value=refused.value, details=refused.details))
        return None


def _checked(folder: Path, shown: str) -> Path:
    """Return the path of a file that exists, lies in the study's folder, is of a known type and not too large."""
    root = folder.resolve()
    try:
        path = (root / shown).resolve()
        there = path.is_file()
    except (OSError, ValueError, RuntimeError):  # a NUL, a name longer than a disk allows, links in a circle
        raise RefusedFileError("path_unusable") from None
    if not path.is_relative_to(root):
        raise RefusedFileError("file_outside")
    if not there and path.exists():
        raise RefusedFileError("file_is_folder" if path.is_dir() else "file_is_no_file")
    if not there:
        raise RefusedFileError("file_not_found", nearest=_nearest_file(path, root))
    if path.suffix.lower() not in KINDS:
        raise RefusedFileError("file_type_unknown", value=path.suffix or path.name, valid=", ".join(KINDS))
    limit = min(MAX_BYTES, max(LEAST, room.at_hand() // BYTES_OF_A_BYTE))
    if (size := path.stat().st_size) > limit:
        raise RefusedFileError("file_too_large", size=f"{size // 1_000_000} MB", limit=f"{limit // 1_000_000} MB")
    return path


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise RefusedFileError("file_no_access") from None


def _nearest_file(path: Path, root: Path) -> str:
    here = [p.relative_to(root).as_posix() for p in root.rglob("*") if p.suffix.lower() in KINDS]
    return nearest(path.relative_to(root).as_posix(), here)["nearest"]


def _read(kind: str, path: Path, content: bytes, spec: FileSpec, declared: set[str]) -> Grid:
    if not content.strip(b"\0 \r\n\t\xef\xbb\xbf\xff\xfe"):
        raise RefusedFileError("file_empty")
    if kind == "csv":
        return read_delimited(content, spec, declared)
    if kind == "xlsx":
        from werkbank.intake.workbooks import read_workbook

        return read_workbook(content, spec)
    if kind in {"xls", "ods"}:
        from werkbank.intake.calamine import read_old_workbook

        return read_old_workbook(content, spec)
    from werkbank.intake.spss import read_spss

    return read_spss(path, declared)


def _check_lengths(grid: Grid) -> None:
    for column in grid.columns:
        for code, value in enumerate(column.different):
            if isinstance(value, str) and len(value) > LONGEST_CELL:
                row = int(grid.numbers[(column.codes == code).argmax()])
                raise RefusedFileError("cell_too_long", row=row, limit=LONGEST_CELL)


def _drop_skipped(grid: Grid, spec: FileSpec) -> None:
    """Leave out what the study file says is no answer: rows above the header, and rows by their number."""
    kept = ~np.isin(grid.numbers, list(spec.skip)) & (grid.numbers >= (spec.header or 0))
    if not kept.all():
        grid.notes.append(("rows_skipped", {"n": int((~kept).sum())}))
        grid.keep(kept)


def _check_header(grid: Grid, declared: set[str]) -> None:
    head = grid.head()
    if lower := header_at(head, declared):
        above = next(filter(None, map(text, head[0])))
        raise RefusedFileError("header_lower", row=int(grid.numbers[lower]), value=brief(above))


def _drop_qualtrics_rows(grid: Grid) -> bool:
    """Qualtrics puts two rows under the header: the question's text, and ``{"ImportId": …}``."""
    if len(grid) < 3 or not any(str(cell).startswith('{"ImportId"') for cell in grid.row(2)):
        return False
    kept = np.ones(len(grid), dtype=bool)
    kept[1:3] = False
    grid.keep(kept)
    grid.notes.append(("qualtrics", {}))
    status = [str(name).strip() for name in grid.row(0)]
    if "Status" in status:
        column = grid.columns[status.index("Status")]
        previews = [str(value).strip() in {"Survey Preview", "1", "Survey Test", "2"} for value in column.different]
        if n := int(np.array([*previews, False])[column.codes[1:]].sum()):
            grid.notes.append(("qualtrics_preview", {"n": n}))
    return True


def _table(study: Study, spec: FileSpec, kind: str, sha256: str, grid: Grid, ledger: Ledger) -> Table:
    width = int(grid.widths[0])
    uneven = (grid.widths != width).nonzero()[0]
    if len(uneven):
        sign = {"\t": "tab"}.get(grid.how["delimiter"], grid.how["delimiter"])
        row, found = int(grid.numbers[uneven[0]]), int(grid.widths[uneven[0]])
        raise RefusedFileError("row_width", row=row, found=found, expected=width, delimiter=sign)
    if len(grid) < 2:
        raise RefusedFileError("no_rows")
    for name, values in grid.notes:
        ledger.note(name, file=spec.path, **values)
    reading = FileReading(spec.path, sha256, len(grid) - 1, kind, **_named_alike(grid.how))
    names = _names(spec, grid.row(0), ledger)
    below = np.arange(len(grid)) > 0
    grid.keep(below)
    columns = tuple(column.without_unused() for column in grid.columns[:width])
    return with_given(study, Table(spec, names, columns, grid.numbers.astype(np.int64), reading), ledger)


def _names(spec: FileSpec, header: Sequence[Any], ledger: Ledger) -> tuple[str, ...]:
    """Return the column names as the study file has them: without what cannot be seen, renamed where it says so."""
    written = list(map(text, header))
    names = [tidy(name) for name in written]
    unseen = [old for old, new in zip(written, names, strict=True) if " ".join(old.split()) != new]
    if unseen:
        ledger.note("headings_unseen", file=spec.path, n=len(unseen), example=readable(unseen[0]))
    ours = {tidy(theirs): own for own, theirs in spec.columns.items()}
    for theirs in [theirs for theirs in ours if theirs not in names]:
        ledger.problem("column_missing", spec.path, column=theirs, details=nearest(theirs, names))
    return tuple(ours.get(name, name) for name in names)


def _named_alike(how: dict[str, Any]) -> dict[str, Any]:
    per_column = {key: {tidy(name): value for name, value in how[key].items()} for key in PER_COLUMN if key in how}
    return {**how, **per_column}


def _drop_blank_rows(grid: Grid) -> None:
    blank = grid.blank()
    if blank.any():
        grid.notes.append(("blank_rows", {"n": int(blank.sum())}))
        grid.keep(~blank)
    if blank.all():
        raise RefusedFileError("no_rows")
