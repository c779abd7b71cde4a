"""Is every value that was read the value of a cell, and every filled cell a value that was read?"""

from __future__ import annotations

import csv
import io
import math
import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import reading

from werkbank.intake.layout import slots_of
from werkbank.intake.ledger import Ledger

if TYPE_CHECKING:
    from pathlib import Path

    from reading import Cell, Sheet

    from werkbank.intake.layout import Slot
    from werkbank.intake.model import FileReading, Intake
    from werkbank.running.jobs import Job
    from werkbank.study import Study

CANONICAL = ("pre", "post", "followup", "followup2", "followup3")
Key = tuple[str, str, str, str]  # pupil, wave, outcome, item


def answers_judged(intake: Intake) -> list[str]:
    """Return what differs between an intake and its files; raises `reading.UnreadableError` where it cannot be told."""
    study = intake.study
    wanted: dict[Key, float] = {}
    pupils: set[str] = set()
    for spec, how in zip(study.files, intake.files, strict=True):
        sheet = _sheet(study.folder / spec.path, how)
        pupils |= set(_pupils(study, sheet))
        for slot in slots_of(study, Ledger()):
            if spec.informant in {None, slot.outcome.informant} and set(slot.columns) <= set(sheet.header):
                wanted |= _cells(study, slot, sheet, spec.wave)
    table = intake.answers
    keys = zip(*(table[c].astype(str) for c in ("pupil", "wave", "outcome", "item")), strict=True)
    found = {key: value for key, value in zip(keys, table["value"], strict=True) if not math.isnan(value)}
    differing = [
        f"{key}: read {found.get(key)}, cell {wanted.get(key)}"
        for key in {*wanted, *found}
        if not _same(key, wanted, found)
    ]
    if pupils != set(map(str, intake.pupils.index)):
        differing.append(f"pupils {sorted(pupils ^ set(map(str, intake.pupils.index)))[:5]}")
    return differing


def _same(key: Key, wanted: dict[Key, float], found: dict[Key, float]) -> bool:
    return key in wanted and key in found and wanted[key] == found[key]


def _sheet(path: Path, how: FileReading) -> Sheet:
    content = path.read_bytes()
    if how.kind in {"csv", "qualtrics"}:
        return reading.delimited(content, str(how.encoding), str(how.delimiter))
    return reading.workbook(content, str(how.sheet)) if how.kind == "xlsx" else reading.spss(content)


def _text(cell: Cell) -> str:
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else str(cell)
    return "" if cell is None else cell.strip()


def _pupils(study: Study, sheet: Sheet) -> list[str]:
    column = study.columns.pupil or (study.columns.teacher if study.unit == "teacher" else None)
    if column is None:
        return [str(number) for number in sheet.rows]
    at = sheet.header.index(column)
    return [_text(row[at]) for row in sheet.rows.values()]


def _cells(study: Study, slot: Slot, sheet: Sheet, whole: str | None) -> dict[Key, float]:
    codes = {str(code): str(wave) for code, wave in study.waves.items()} or {wave: wave for wave in CANONICAL}
    at_wave = sheet.header.index(study.columns.wave) if study.columns.wave in sheet.header else None
    found: dict[Key, float] = {}
    for pupil, row in zip(_pupils(study, sheet), sheet.rows.values(), strict=True):
        wave = slot.wave or (codes.get(whole, whole) if whole else None)
        if at_wave is not None and not whole:
            labels = sheet.labels.get(sheet.header[at_wave], {})
            code = _text(row[at_wave])
            own = codes.get(code) or codes.get(labels.get(row[at_wave], "").strip())  # type: ignore[arg-type]
            if slot.wave is not None and own != slot.wave:
                continue
            wave = own
        if wave is None:
            (wave,) = set(study.waves.values())
        for item, column in zip(slot.items, slot.columns, strict=True):
            number = _number(row[sheet.header.index(column)], column, slot, sheet)
            if number is not None:
                found[pupil, str(wave), slot.outcome.id, item] = number
    return found


def _number(cell: Cell, column: str, slot: Slot, sheet: Sheet) -> float | None:
    """Return the number that a cell says, None where it says none; infinite for what should have been refused."""
    outcome, text = slot.outcome, _text(cell)
    label = sheet.labels.get(column, {}).get(cell) if isinstance(cell, float) else None
    if not text or any(isinstance(cell, float) and low <= cell <= high for low, high in sheet.missing.get(column, [])):
        return None
    missing = {_text(float(m)) if isinstance(m, int | float) else str(m).strip() for m in outcome.missing}
    said = {" ".join(str(t).split()).casefold() for t in (text, label) if t is not None}
    if said & {" ".join(m.split()).casefold() for m in missing}:
        return None
    if outcome.answers is not None and (label or not sheet.labels or isinstance(cell, str)):
        words = {" ".join(str(w).split()).casefold(): float(v) for w, v in outcome.answers.items()}
        return next((words[t] for t in said if t in words), math.inf)
    if isinstance(cell, float):
        return cell
    try:
        number = float(Decimal(text.replace("−", "-").replace(",", ".")))
    except InvalidOperation:
        return math.inf
    return None if _text(number) in missing else number


def jobs_judged(path: Path, jobs: list[Job]) -> list[str]:
    """Return what differs between a table of reports and the jobs that were made of it."""
    text = path.read_bytes().decode("utf-8-sig")
    sign = max(";,\t", key=text.partition("\n")[0].count)
    sheet = reading.delimited(path.read_bytes(), "utf-8-sig", sign)
    rows = [dict(zip(sheet.header, map(_text, row), strict=False)) for row in sheet.rows.values()]
    differing = [] if len(rows) == len(jobs) else [f"{len(rows)} rows, {len(jobs)} jobs"]
    for row, job in zip(rows, jobs, strict=False):
        said: dict[str, Any] = {k: v for k, v in row.items() if v}
        told = {
            "study": str(path.parent / said["study"]),
            "report": "evaluation",
            "seed": "20250901",
            **{k: said[k] for k in ("report", "seed") if k in said},
        }
        differing += [
            f"{k}: {v} became {getattr(job, k)}"
            for k, v in told.items()
            if k != "study" and str(getattr(job, k)) != v.lstrip("0") and v != str(getattr(job, k))
        ]
        only = {k: v for k, v in said.items() if k in {"school", "class", "teacher", "arm"}}
        if job.only != only or job.languages != tuple(
            said.get("language", "").split("+") if said.get("language") else ()
        ):
            differing.append(f"{only} became {job.only}, {job.languages}")
        if not re.fullmatch(r"[A-Za-z0-9-]{1,70}", job.folder):
            differing.append(f"a folder called {job.folder!r}")
    if len({job.folder.casefold() for job in jobs}) < len(jobs):
        differing.append("two jobs in one folder")
    return differing


def as_table(rows: list[list[str]], sign: str) -> bytes:
    """Return rows as delimited text."""
    text = io.StringIO()
    csv.writer(text, delimiter=sign).writerows(rows)
    return text.getvalue().encode()
