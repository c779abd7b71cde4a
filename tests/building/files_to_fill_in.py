"""A wide file as a school's survey tool gives it, clean and with one mistake each, and where the form says so."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import pyreadstat
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Rows = list[dict[str, str]]
TEACHERS, CLASSES, SCHOOLS = ("Bakker", "Visser", "Smit", "Mulder"), ("5A", "5B", "6A", "6B"), ("De Vlinder", "De Wilg")
RAW = ROOT / "data" / "examples" / "nabijheid" / "raw"
CLOSE = (1, 3, 5, 6, 7, 9, 15)


def clean() -> Rows:
    """Return 40 pupils of four classes: a questionnaire of 15 items and a test, before and after."""
    draw = random.Random(1)  # noqa: S311 - answers, no secrets
    rows = []
    for i in range(40):
        at = i // 10
        row = {"leerlingnr": f"P{i + 1:02}", "lk": TEACHERS[at], "groep": CLASSES[at], "school": SCHOOLS[at // 2]}
        row["conditie"] = ("interventie", "controle")[at % 2]
        for wave in ("T0", "T1"):
            for item in range(1, 16):
                middle = 3.4 if item in CLOSE else 2.2
                row[f"strs_{item}_{wave}"] = str(min(5, max(1, round(draw.gauss(middle, 1)))))
        row |= {"taaltoets_T0": str(draw.randint(20, 45)), "taaltoets_T1": str(draw.randint(22, 50))}
        rows.append(row)
    return rows


def csv(rows: Rows) -> bytes:
    heads = list(rows[0])
    lines = [heads, *([row[name] for name in heads] for row in rows)]
    return "".join(";".join(line) + "\n" for line in lines).encode()


def nabijheid_sav(folder: Path) -> Path:
    """Write the example's three files as SPSS would have them, in one."""
    about, pupils, teachers = (
        pd.read_csv(RAW / f"{name}.csv", sep=";", decimal=",") for name in ("achtergrond", "leerlingen", "leraren")
    )
    whole = teachers.merge(pupils, on=["leerlingnr", "meting"], how="outer").merge(about, on="leerlingnr", how="left")
    path = folder / "nabijheid.sav"
    pyreadstat.write_sav(whole, str(path))
    return path


def clean_base() -> Rows:
    """Return the questionnaire alone, as in the file that took nine rounds by hand."""
    return [{name: cell for name, cell in row.items() if not name.startswith("taaltoets")} for row in clean()]


def one_cell(row: int, column: str, value: str) -> Callable[[Rows], None]:
    def planted(rows: Rows) -> None:
        rows[row - 2][column] = value  # as a spreadsheet numbers rows: the header is the first

    return planted


def every_arm(rows: Rows) -> None:
    for row in rows:
        row["conditie"] = {"interventie": "A", "controle": "B"}[row["conditie"]]


def unknown_twice(rows: Rows) -> None:
    rows[3]["leerlingnr"] = rows[4]["leerlingnr"] = "onbekend"


def average_below(rows: Rows) -> None:
    rows.append(dict.fromkeys(rows[0], "") | {"leerlingnr": "Gemiddelde", "strs_1_T0": "3,2"})


def column_gone(rows: Rows) -> None:
    for row in rows:
        del row["strs_3_T1"]


@dataclass(frozen=True)
class Mistake:
    """What is planted, the field at which it must be named, and what the sentence must name."""

    plant: Callable[[Rows], None]
    place: str
    names: tuple[str, ...]


MISTAKES = {
    "an answer out of range": Mistake(one_cell(6, "strs_3_T0", "7"), "strs.missing", ("strs_3_T0", "6", "7")),
    "a word among answers": Mistake(one_cell(8, "strs_8_T1", "soms"), "strs.missing", ("strs_8_T1", "8", "soms")),
    "a pupil twice": Mistake(one_cell(11, "leerlingnr", "P09"), "columns.pupil", ("leerlingnr", "11", "P09")),
    "a pupil without number": Mistake(one_cell(14, "leerlingnr", ""), "columns.pupil", ("leerlingnr", "14")),
    "two pupils called unknown": Mistake(unknown_twice, "columns.pupil", ("leerlingnr", "5", "onbekend")),
    "a class in two spellings": Mistake(one_cell(4, "groep", "5a"), "columns.class", ("groep", "4", "5a")),
    "a pupil in the other arm": Mistake(one_cell(4, "conditie", "controle"), "design.assigned_by", ("5A", "P03")),
    "an arm in two spellings": Mistake(one_cell(4, "conditie", "Interventie"), "columns.arm", ("4", "Interventie")),
    "an arm left out": Mistake(one_cell(7, "conditie", ""), "columns.arm", ("conditie", "7", "P06")),
    "a class left out": Mistake(one_cell(7, "groep", ""), "design.assigned_by", ("groep", "P06")),
    "a word for a score": Mistake(one_cell(7, "taaltoets_T0", "ziek"), "taaltoets.missing", ("7", "ziek")),
    "a date for a score": Mistake(one_cell(7, "taaltoets_T0", "12-jan"), "taaltoets.missing", ("7", "12-jan")),
    "999 for a score": Mistake(one_cell(7, "taaltoets_T0", "999"), "taaltoets.missing", ("7", "999")),
    "a row of averages": Mistake(average_below, "columns.pupil", ("42", "Gemiddelde")),
    "an item that is not there": Mistake(column_gone, "strs.instrument", ("strs_3_T1",)),
    "arms that say nothing": Mistake(every_arm, "arms.A", ("arms.A",)),
}
