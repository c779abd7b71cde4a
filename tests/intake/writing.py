"""A made study as files: csv, workbook or SPSS, long or wide, whole or in parts; and its study file."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pandas as pd
import pyreadstat
from tests.intake.making import ITEMS, ROLES, Made, Row

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Sequence

NUMBERS = ("leeftijd", "lessen", *ITEMS)
ABOUT = ("leeftijd", "sekse", "lessen")
LONG = ("csv", "xlsx", "sav", "waves", "schools")
LAYOUTS = (*LONG, "apart", "wide")
Files = dict[str, bytes]


def as_csv(head: Sequence[str], rows: Iterable[Sequence[Any]], sign: str = ";", encoding: str = "utf-8") -> bytes:
    """Return a table as delimited text."""
    text = io.StringIO()
    csv.writer(text, delimiter=sign, lineterminator="\n").writerows([head, *rows])
    return text.getvalue().encode(encoding)


def as_workbook(rows: Iterable[Sequence[Any]]) -> bytes:
    """Return a table, with its header, as a workbook."""
    book, content = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(list(row))
    book.save(content)
    return content.getvalue()


def as_spss(frame: pd.DataFrame, **options: Any) -> bytes:
    """Return a table as an SPSS file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.sav"
        pyreadstat.write_sav(frame, str(path), **options)
        return path.read_bytes()


def typed(column: str, cell: str) -> str | float | None:
    """Return a cell as a workbook or SPSS would hold it."""
    if column not in NUMBERS:
        return cell
    try:
        return float(cell)
    except ValueError:
        return cell or None


def cells(rows: Iterable[Row], head: Sequence[str]) -> list[list[str]]:
    """Return rows as lists, in the order of the header."""
    return [[row[name] for name in head] for row in rows]


def frame_of(rows: Iterable[Row], head: Sequence[str]) -> pd.DataFrame:
    """Return rows as SPSS would hold them."""
    return pd.DataFrame([[typed(n, row[n]) for n in head] for row in rows], columns=list(head))


def written(made: Made, layout: str, chance: random.Random) -> tuple[Files, dict[str, Any]]:
    """Return the files of a study in a layout, and what of the study file goes with them."""
    rows, head = made.rows, made.head
    sign = chance.choice([";", ",", "\t"])
    if layout == "xlsx":
        table = [head, *([typed(n, row[n]) for n in head] for row in rows)]
        return {"raw/m.xlsx": as_workbook(table)}, {"files": [{"path": "raw/m.xlsx"}]}
    if layout == "sav":
        return {"raw/m.sav": as_spss(frame_of(rows, head))}, {"files": [{"path": "raw/m.sav"}]}
    apart = {"waves": _by_wave, "apart": _apart, "wide": _wide}
    if layout in apart:
        return apart[layout](made, sign)
    if layout == "schools":
        parts = {f"raw/school {n}.csv": [row for row in rows if row["school"] == school]
                 for n, school in enumerate(made.names("school"))}  # fmt: skip
        files = {name: as_csv(head, cells(part, head), sign) for name, part in parts.items()}
        return files, {"files": [{"path": "raw/school*.csv"}]}
    encoding = chance.choice(["utf-8", "utf-8-sig", "utf-16"])
    return {"raw/m.csv": as_csv(head, cells(rows, head), sign, encoding)}, {"files": [{"path": "raw/m.csv"}]}


def _by_wave(made: Made, sign: str) -> tuple[Files, dict[str, Any]]:
    head = [name for name in made.head if name != "meting"]
    files: Files = {}
    for n, wave in enumerate(made.waves):
        mine = [row for row in made.rows if row["meting"] == wave]
        files[f"raw/{'ab'[n]}.csv"] = as_csv(head, cells(mine, head), sign)
    listed = [{"path": f"raw/{'ab'[n]}.csv", "wave": wave} for n, wave in enumerate(made.waves)]
    return files, {"files": listed, "columns": {"pupil": "nr", **ROLES}}


def _first(made: Made) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for row in sorted(made.rows, key=lambda row: row["meting"] != made.waves[0]):
        found.setdefault(row["nr"], row)
    return found


def _apart(made: Made, sign: str) -> tuple[Files, dict[str, Any]]:
    about, answers = ["nr", *ROLES.values(), *ABOUT], ["nr", "meting", *ITEMS]
    files = {
        "raw/leerlingen.csv": as_csv(about, cells(_first(made).values(), about), sign),
        "raw/antwoorden.csv": as_csv(answers, cells(made.rows, answers), sign),
    }
    return files, {"files": [{"path": name} for name in files]}


def _wide(made: Made, sign: str) -> tuple[Files, dict[str, Any]]:
    about = ["nr", *ROLES.values(), *ABOUT]
    head = [*about, *(f"{item}_{n}" for n in (1, 2) for item in ITEMS)]
    rows = []
    at = {(row["nr"], row["meting"]): row for row in made.rows}
    for pupil, row in _first(made).items():
        later = [at.get((pupil, wave), dict.fromkeys(ITEMS, "")) for wave in made.waves]
        rows.append([*(row[name] for name in about), *(one[item] for one in later for item in ITEMS)])
    study = made.study()
    own, score = study["outcomes"]
    own = {**own, "items": {"pre": [f"q{n}_1" for n in (1, 2, 3)], "post": [f"q{n}_2" for n in (1, 2, 3)]}}
    score = {**score, "column": {"pre": "taal_1", "post": "taal_2"}}
    told = {"files": [{"path": "raw/m.csv"}], "columns": {"pupil": "nr", **ROLES}, "outcomes": [own, score]}
    return {"raw/m.csv": as_csv(head, rows, sign)}, told
