"""Inputs that hypothesis makes up, most of them well-formed: what is odd about them is what stands in the cells."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyreadstat
import yaml
from hypothesis import strategies as st
from mutating import CELLS, STORED, VALUES
from subjects import Subject

WAVES = ("T0", "T1")
WORDS = st.one_of(st.sampled_from(CELLS), st.text(max_size=8), st.integers(0, 99).map(str))
NUMBERS = {
    sign: st.one_of(
        st.integers(0, 60).map(str),
        st.decimals(0, 60, places=2).map(lambda d, sign=sign: str(d).replace(".", sign)),
        st.decimals(0, 60, places=1).map(lambda d, sign=sign: str(d).replace(".", sign)),
        st.just(""),
    )
    for sign in ".,"
}
NAMES = st.one_of(st.sampled_from(["q1", "leerling", "meting", "groep", "Q1", "é", "a b"]), st.text(max_size=6))
IDS = (st.integers(1, 99).map(str), st.integers(1, 9).map("00{}".format), st.text("abcé -'", min_size=1, max_size=5))


def study(name: str, **more: Any) -> bytes:
    """Return a study of one score in one file."""
    content = {
        "title": "verzonnen", "design": {"kind": "single_group"}, "files": [{"path": name}],
        "columns": {"pupil": "leerling", "class": "groep", "wave": "meting"}, "waves": {"T0": "pre", "T1": "post"},
        "outcomes": [{"name": "taal", "column": "q1", "range": [0, 60], "better": "higher"}], **more,
    }  # fmt: skip
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False).encode()


@st.composite
def rows(draw: st.DrawFn, cells: st.SearchStrategy[Any]) -> list[list[Any]]:
    """Return a table in which every pupil stands once at each wave, mostly."""
    double = draw(st.integers(0, 9)) == 0
    pupils = draw(st.lists(draw(st.sampled_from(IDS)), min_size=1, max_size=6, unique_by=None if double else str.strip))
    head = ["leerling", "groep", "meting", "q1", draw(NAMES)]
    odd = draw(st.integers(0, 40))
    made = [[p, draw(IDS[2]), w, draw(cells), draw(WORDS)] for p in pupils for w in WAVES]
    if odd < len(made):
        made[odd][draw(st.integers(0, 4))] = draw(WORDS)
    return [head, *made]


@st.composite
def delimited(draw: st.DrawFn) -> Subject:
    """A csv of any dialect."""
    text = io.StringIO()
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]))
    sign, end = draw(st.sampled_from(",;\t|")), draw(st.sampled_from(["\n", "\r\n", "\r"]))
    csv.writer(text, delimiter=sign, quoting=quoting, lineterminator=end).writerows(
        draw(rows(NUMBERS[draw(st.sampled_from(".,"))]))
    )
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]))
    return Subject({"study.yaml": study("a.csv"), "a.csv": text.getvalue().encode(encoding, "replace")}, "a.csv")


@st.composite
def workbook(draw: st.DrawFn) -> Subject:
    """A workbook with cells of any type."""
    odd = [st.sampled_from(STORED), NUMBERS[","]] if draw(st.integers(0, 3)) == 0 else []
    stored = st.one_of(st.integers(0, 60), st.floats(0, 60), st.none(), *odd)
    book = openpyxl.Workbook()
    for row in draw(rows(stored)):
        book.active.append([_allowed(cell) for cell in row])
    content = io.BytesIO()
    book.save(content)
    return Subject({"study.yaml": study("a.xlsx"), "a.xlsx": content.getvalue()}, "a.xlsx")


def _allowed(cell: Any) -> Any:
    return openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE.sub("", cell) if isinstance(cell, str) else cell


@st.composite
def spss(draw: st.DrawFn) -> Subject:
    """An SPSS file with labels and user-missing codes."""
    table = draw(rows(st.one_of(st.integers(0, 60).map(float), st.floats(0, 60), st.just(float("nan")))))
    numeric = draw(st.booleans())
    frame = pd.DataFrame(table[1:], columns=["leerling", "groep", "meting", "q1", "rest"])
    frame["q1"] = pd.to_numeric(frame["q1"], errors="coerce")
    if numeric:
        frame["leerling"] = range(len(frame))
        frame["leerling"] //= 2
    text = [column for column in frame if frame[column].dtype == object]
    frame[text] = frame[text].map(lambda cell: str(cell).encode("utf-8", "replace").decode().replace("\0", ""))
    options = {
        "missing_ranges": {"q1": draw(st.sampled_from([[9], [{"lo": 50, "hi": 60}], [7, {"lo": 55, "hi": 56}]]))},
        "row_compress": draw(st.booleans()),
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.sav"
        pyreadstat.write_sav(frame, str(path), **options)
        return Subject({"study.yaml": study("a.sav"), "a.sav": path.read_bytes()}, "a.sav")


PLAIN = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9), st.sampled_from(VALUES), st.dates()
)
TREES = st.recursive(
    PLAIN, lambda t: st.lists(t, max_size=4) | st.dictionaries(st.text(max_size=9), t, max_size=4), max_leaves=8
)
FIELDS = (
    "title", "language", "programme", "design", "files", "columns", "arms", "waves", "outcomes", "covariates",
    "missing", "moderators", "mediators", "dose", "received", "contrasts", "privacy", "unit", "birth_date",
    "underachievement", "monitoring", "reports", "simulated", "source", "analysis",
)  # fmt: skip


@st.composite
def declared(draw: st.DrawFn) -> Subject:
    """A study file in which anything may stand in any field."""
    odd = draw(st.dictionaries(st.sampled_from(FIELDS), TREES, min_size=1, max_size=3))
    text = "leerling,groep,meting,q1\n1,a,T0,3\n1,a,T1,4\n2,b,T0,5\n2,b,T1,1\n"
    return Subject({"study.yaml": study("a.csv", **odd), "a.csv": text.encode()}, "study.yaml")


@st.composite
def table(draw: st.DrawFn) -> Subject:
    """A table of reports."""
    columns = ("name", "report", "language", "seed", "school", "class", "teacher", "arm")
    head = ["study", *draw(st.lists(st.sampled_from(columns), unique=True, max_size=5))]
    fitting = {"language": st.sampled_from(["nl", "en", "nl+en", ""]), "report": st.sampled_from(["", "school"])}
    fitting["seed"] = st.sampled_from(["", "7", "007", "123456789"])
    cells = st.one_of(WORDS, *IDS)
    made = [["s.yaml", *(draw(fitting.get(name, cells)) for name in head[1:])] for _ in range(draw(st.integers(1, 5)))]
    text = io.StringIO()
    csv.writer(text, delimiter=draw(st.sampled_from(",;\t"))).writerows([head, *made])
    content = text.getvalue().encode("utf-8", "replace")
    return Subject({"s.yaml": study("a.csv"), "t.csv": content}, "t.csv")


STRATEGIES = {"study": declared, "csv": delimited, "xlsx": workbook, "sav": spss, "table": table}
