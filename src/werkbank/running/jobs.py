"""What a batch is asked to make: one job a folder, from a study split by school or from a table that one may edit.

A code (a school called ``007`` or ``../x``) is text all the way: it limits the answers as a value, and the folder that
is named after it is built from letters, digits and hyphens only.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from werkbank.catalogue import LANGUAGES, say
from werkbank.errors import Problem, UnfitError, UsageError, nearest
from werkbank.intake import once
from werkbank.running.execution import CELL_SECONDS
from werkbank.running.params import SEED
from werkbank.study import load_study

if TYPE_CHECKING:
    from collections.abc import Callable

ROLES = ("school", "class", "teacher", "arm")
COLUMNS = ("name", "study", "report", "language", "seed", *ROLES)
LARGEST_TABLE = 5_000_000  # bytes; a row for each school of the Netherlands is a tenth of this


@dataclass(frozen=True)
class Job:
    """The reports of one folder: one selection of one study, in one or more languages."""

    folder: str
    title: str
    study: str
    out: str
    report: str = "evaluation"
    languages: tuple[str, ...] = ()  # empty: the study's own
    seed: int = SEED
    formats: tuple[str, ...] = ("html",)
    only: dict[str, str] = field(default_factory=dict)
    warm: bool = True
    timeout: int = CELL_SECONDS

    @property
    def place(self) -> Path:
        """Where its files go."""
        return Path(self.out) / self.folder


def jobs_asked(
    table: Path, by: str | None, language: str, shared: dict[str, object], tell: Callable[[str], None]
) -> list[Job]:
    """Return the jobs that a table lists, or one job for each code of a role (`by`) in a study.

    `shared` are the fields that all jobs share; `tell` hears how many pupils have no code and are in no report.

    Raises
    ------
    UsageError
        When it cannot be known which reports are asked for.
    UnfitError
        With every problem of the table, or of the study and its data.
    """
    if table.suffix.lower() == ".csv":
        if by is not None:
            raise UsageError(say("batch.problem.by_table", language))
        return jobs_of_table(table, language, shared)
    if by is None:
        raise UsageError(say("batch.problem.by_needed", language))
    study = load_study(table)
    if by not in study.columns.named():
        raise UsageError(say("batch.problem.no_role", language, role=say(f"batch.role.{by}", language)))
    of = once.keep(study).pupils[by]
    if lacking := int(of.isna().sum()):
        tell(say("batch.progress.unplaced", language, n=lacking, role=say(f"batch.role.{by}", language)))
    spoken = shared.get("languages") or (study.language,)
    title = say(f"batch.role.{by}", str(spoken[0]))  # type: ignore[index]
    return [
        Job(folder=safe_name(by, code), title=f"{title} {code}", study=str(table), only={by: code}, **shared)  # type: ignore[arg-type]
        for code in sorted({str(code) for code in of.dropna()})
    ]


def jobs_of_table(table: Path, language: str, shared: dict[str, object]) -> list[Job]:
    """Return one job for each row of a table of parameters.

    Parameters
    ----------
    table : path
        A csv (comma, semicolon or tab) with a header of names out of `COLUMNS`; ``study`` is needed and relative to
        the table. An empty cell asks for the default. Every cell is text: ``007`` stays ``007``.
    language : str
        Of the problems that are told.
    shared : dict
        Fields that all jobs share where a row does not say otherwise.

    Raises
    ------
    UnfitError
        With every problem of every row.
    """
    problems: list[Problem] = []
    header, rows = _read(table, language)
    for name in header:
        if name not in COLUMNS or header.count(name) > 1:
            details = nearest(name, list(COLUMNS))
            problems.append(Problem("table_column", table.name, column=name, row=1, details=details))
    if "study" not in header:
        problems.append(Problem("table_column_needed", table.name, column="study", row=1))
    if not rows:
        problems.append(Problem("table_empty", table.name))
    jobs = []
    for number, row in rows:
        if len(row) != len(header):
            problems.append(Problem("table_row", table.name, row=number, details={"n": len(row), "n_all": len(header)}))
            continue
        cells = {name: cell.strip() for name, cell in zip(header, row, strict=True) if cell.strip()}
        found = [Problem("table_value", table.name, name, number, value) for name, value in _unfit(cells)]
        problems += found
        if not found and not problems:
            jobs.append(_job(table, cells, shared))
    doubled = {
        job.folder.casefold() for job in jobs if [j.folder.casefold() for j in jobs].count(job.folder.casefold()) > 1
    }
    problems += [Problem("table_double", table.name, value=name) for name in sorted(doubled)]
    if problems:
        raise UnfitError(problems, language)
    return jobs


def _read(table: Path, language: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    try:
        if table.stat().st_size > LARGEST_TABLE:
            raise UnfitError([Problem("table_large", table.name)], language)
        text = table.read_bytes().decode("utf-8-sig")
        first = text.partition("\n")[0]
        delimiter = max(";,\t", key=first.count)
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except FileNotFoundError:
        raise UsageError(say("batch.problem.no_table", language, path=table.as_posix())) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnfitError([Problem("table_unreadable", table.name, details={"reason": str(error)})], language) from None
    header = [name.strip() for name in lines[0]] if lines else []
    return header, [(n, row) for n, row in enumerate(lines[1:], 2) if any(cell.strip() for cell in row)]


def _unfit(cells: dict[str, str]) -> list[tuple[str, str]]:
    fits = {
        "study": cells.get("study", "") != "",
        "language": set(cells.get("language", "nl").split("+")) <= set(LANGUAGES),
        "seed": re.fullmatch(r"[0-9]{1,9}", cells.get("seed", "1")) is not None,
        "name": not any(unicodedata.category(letter) == "Cc" for letter in cells.get("name", "")),
    }
    return [(name, cells.get(name, "")) for name, fit in fits.items() if not fit]


def _job(table: Path, cells: dict[str, str], shared: dict[str, object]) -> Job:
    only = {role: cells[role] for role in ROLES if role in cells}
    title = cells.get("name") or " ".join(only.values()) or Path(cells["study"]).stem
    known: dict[str, object] = {**shared, "only": only, "study": str(table.parent / cells["study"])}
    if "report" in cells:
        known["report"] = cells["report"]
    if "language" in cells:
        known["languages"] = tuple(cells["language"].split("+"))
    if "seed" in cells:
        known["seed"] = int(cells["seed"])
    kind = next(iter(only), "report") if "name" not in cells else "report"
    return Job(folder=safe_name(kind, title), title=title, **known)  # type: ignore[arg-type]


def safe_name(kind: str, code: str) -> str:
    """Return a folder's name for `code`: never a path, the same on every system, and different for different codes.

    Letters lose their accents, all else becomes a hyphen. Unless nothing was changed, the first digits of the code's
    hash tell it from others that would be called the same; small letters have it too, as some file systems do not tell
    ``a`` from ``A``.
    """
    plain = unicodedata.normalize("NFKD", code).encode("ascii", "ignore").decode()
    short = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:40]
    known = f"-{hashlib.sha256(code.encode()).hexdigest()[:8]}" if short != code or code != code.upper() else ""
    return f"{kind}-{short}{known}".replace("--", "-")
