"""One small table in every format that is read: the same answers come out."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import openpyxl
import pandas as pd
import pyreadstat
import pytest

FILES = Path(__file__).parent / "files"
HEAD = ["nr", "klas", "arm", "meting", "q1", "q2", "taal"]
ROWS = [
    [1, "5A", "int", "2026-09-14", 1, 2, 20.5],
    [1, "5A", "int", "2026-12-07", 3, 4, 31],
    [2, "5B", "con", "2026-09-14", 5, None, 18],
    [2, "5B", "con", "2026-12-07", 2, 1, 22.25],
]
STUDY = {
    "title": "proef in vier rijen",
    "design": {"kind": "controlled"},
    "columns": {"pupil": "nr", "class": "klas", "arm": "arm", "wave": "meting"},
    "arms": {"int": "intervention", "con": "control"},
    "waves": {"2026-09-14": "pre", "2026-12-07": "post"},
    "outcomes": [
        {"name": "fijn", "informant": "pupil", "items": ["q1", "q2"], "range": [1, 5], "better": "higher"},
        {"name": "taal", "informant": "test", "column": "taal", "range": [0, 60], "better": "higher"},
    ],
}


def frame():
    return pd.DataFrame(ROWS, columns=HEAD).astype({"nr": float, "q1": float, "q2": float})


def as_csv(_folder):
    return ("scores.csv", frame().to_csv(index=False, sep=";", decimal=",").encode())


def as_xlsx(_folder):
    book, content = openpyxl.Workbook(), io.BytesIO()
    book.active.append(HEAD)
    for row in ROWS:
        book.active.append([*row[:3], dt.datetime.fromisoformat(row[3]), *row[4:]])
    book.save(content)
    return ("scores.xlsx", content.getvalue())


def as_sav(folder):
    pyreadstat.write_sav(frame(), str(folder / "made.sav"))
    return ("scores.sav", (folder / "made.sav").read_bytes())


def as_por(folder):
    pyreadstat.write_por(frame(), str(folder / "made.por"))
    return ("scores.por", (folder / "made.por").read_bytes())


def as_xls(_folder):
    return ("scores.xls", (FILES / "scores.xls").read_bytes())


def as_ods(_folder):
    return ("scores.ods", (FILES / "scores.ods").read_bytes())


@pytest.mark.parametrize("made", [as_csv, as_xlsx, as_xls, as_ods, as_sav, as_por])
def test_every_format_gives_the_same_answers(made, read, matrix, notes, tmp_path):
    name, content = made(tmp_path)
    found = read(STUDY, {name: content})
    table = matrix(found)
    assert table["q1"].to_dict() == {("1", "pre"): 1, ("1", "post"): 3, ("2", "pre"): 5, ("2", "post"): 2}
    assert table["taal"].to_dict() == {
        ("1", "pre"): 20.5, ("1", "post"): 31, ("2", "pre"): 18, ("2", "post"): 22.25,
    }  # fmt: skip
    assert table["q2"].isna().sum() == 1
    assert found.pupils["class"].tolist() == ["5A", "5B"]
    assert ("por_names" in notes(found)) is (made is as_por)


@pytest.mark.parametrize("made", [as_xlsx, as_xls, as_ods, as_csv])
def test_waves_may_be_windows_of_days_in_every_format(made, read, matrix, notes, tmp_path):
    name, content = made(tmp_path)
    windows = {"2026-09-01 .. 2026-09-30": "pre", "1-12-2026 .. 31-12-2026": "post"}
    found = read(STUDY, {name: content}, waves=windows)
    assert matrix(found)["q1"].to_dict() == {("1", "pre"): 1, ("1", "post"): 3, ("2", "pre"): 5, ("2", "post"): 2}
    assert "2026-09-01 .. 2026-09-30: 2" in notes(found)["waves_by_time"]["counts"]


def test_a_time_outside_every_window_is_refused_and_windows_share_no_day(refused, tmp_path):
    _, content = as_csv(tmp_path)
    (outside,) = refused(STUDY, {"m.csv": content}, waves={"2026-09-01 .. 2026-09-30": "pre"})
    assert (outside.code, outside.row, outside.value) == ("time_in_no_wave", 3, "2026-12-07")
    both = {"2026-09-01 .. 2026-12-07": "pre", "2026-12-07 .. 2026-12-31": "post"}
    (shared,) = refused(STUDY, {"m.csv": content}, waves=both)
    assert shared.code == "waves_overlap"


def test_the_last_moments_of_a_window_belong_to_it_and_the_latest_form_counts_within_it(read, matrix):
    rows = ["1;5A;int;30-9-2026 23:59:59;1;2;20", "1;5A;int;29-9-2026 8:00;5;5;20", "2;5B;con;1-9-2026 0:00;2;2;30"]
    content = ";".join(HEAD) + "\n" + "\n".join(rows) + "\n"
    waves = {"2026-09-01 .. 2026-09-30": "pre", "2026-12-01 .. 2026-12-31": "post"}
    found = read(STUDY, {"m.csv": content}, waves=waves, latest="meting")
    assert matrix(found)["q1"].to_dict() == {("1", "pre"): 1, ("2", "pre"): 2}
