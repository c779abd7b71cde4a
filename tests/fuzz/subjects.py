"""What is mutilated: small studies of real data, in every kind of file, and the table of a batch."""

from __future__ import annotations

import csv
import io
import tempfile
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import openpyxl
import pandas as pd
import pyreadstat
import yaml

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "data" / "examples"
KEY = """\
name: mijn-vragen
title: Eigen vragenlijst
source: eigen lijst
range: [1, 4]
scales: {plezier: {items: [1, 2, 3], reversed: [2]}}
"""
ALIKE = ("klas", "groep", "één")  # words that a spreadsheet, an encoding or a join may damage


@dataclass(frozen=True)
class Subject:
    """A study's folder as bytes by name, and the file that will be mutilated."""

    files: dict[str, bytes]
    target: str

    def with_content(self, content: bytes) -> Subject:
        """Return it with another content of the target."""
        return replace(self, files={**self.files, self.target: content})


def subjects(kind: str) -> list[Subject]:
    """Return what a kind of fuzzing starts from."""
    return list(_subjects(kind))


@cache
def _subjects(kind: str) -> tuple[Subject, ...]:
    made = {"study": _studies, "key": _keys, "csv": _delimited, "xlsx": _workbooks, "sav": _spss, "table": _tables}
    return tuple(made[kind]())


def _example(name: str, rows: int) -> dict[str, bytes]:
    """Return an example with the first pupils only: a run of ten thousand cannot read thousands of rows each time."""
    folder = EXAMPLES / name
    found = {"study.yaml": (folder / "study.yaml").read_bytes()}
    known: set[str] = set()
    for path in sorted((folder / "raw").glob("*.csv")):
        lines = path.read_text(encoding="utf-8").splitlines()
        first = known or {line.partition(";")[0] for line in lines[1 : rows + 1]}
        if name == "nabijheid":
            known = first
            lines = [lines[0], *(line for line in lines[1:] if line.partition(";")[0] in known)]
        found[f"raw/{path.name}"] = "\n".join(lines[: rows * 4]).encode() + b"\n"
    return found


def _studies() -> list[Subject]:
    templates = (ROOT / "src" / "werkbank" / "study" / "templates").glob("*.yaml")
    whole = [_example(name, 12) for name in ("baumann", "nabijheid", "bdf", "volgsysteem")]
    return [Subject(files, "study.yaml") for files in whole] + [
        Subject({"study.yaml": path.read_bytes()}, "study.yaml") for path in sorted(templates)
    ]


def _keys() -> list[Subject]:
    outcome = {"instrument": "mijn-vragen", "informant": "pupil", "items": "q{item}"}
    study = {
        "title": "eigen lijst", "design": {"kind": "single_group"}, "files": [{"path": "a.csv"}],
        "columns": {"pupil": "id", "wave": "meting"}, "waves": {"T0": "pre", "T1": "post"}, "outcomes": [outcome],
    }  # fmt: skip
    rows = "id,meting,q1,q2,q3\n01,T0,1,2,3\n01,T1,4,,1\n02,T0,2,2,2\n02,T1,1,3,4\n"
    files = {"study.yaml": _yaml(study), "a.csv": rows.encode(), "instruments/mijn-vragen.yaml": KEY.encode()}
    shipped = (ROOT / "src" / "werkbank" / "instruments" / "keys" / "mindset-3.yaml").read_bytes()
    return [
        Subject(files, "instruments/mijn-vragen.yaml"),
        Subject({**files, "instruments/mijn-vragen.yaml": shipped}, "instruments/mijn-vragen.yaml"),
    ]


def _delimited() -> list[Subject]:
    found = [Subject(_example("baumann", 40), "raw/baumann.csv"), Subject(_example("bdf", 20), "raw/bdf.csv")]
    nabijheid = _example("nabijheid", 12)
    found += [Subject(nabijheid, f"raw/{name}.csv") for name in ("leraren", "leerlingen", "achtergrond")]
    odd = _with_words("m.csv")
    rows = _cells_of_words()
    text = io.StringIO()
    csv.writer(text, delimiter=";", quoting=csv.QUOTE_ALL).writerows(rows)
    return [*found, Subject({**odd, "m.csv": text.getvalue().encode()}, "m.csv")]


def _cells_of_words() -> list[list[str]]:
    words = ["nooit", "soms", "vaak", "één keer"]
    head = ["leerling", "groep", "arm", "meting", "w1", "w2", "taal"]
    return [head] + [
        [f"0{n}", f"{ALIKE[n % 3]} {n // 3}", "xc"[n % 2], wave, words[n % 4], words[(n + step) % 4], f"{n},5"]
        for n in range(8)
        for step, wave in enumerate(("T0", "T1"))
    ]


def _with_words(name: str) -> dict[str, bytes]:
    study = {
        "title": "woorden", "design": {"kind": "controlled"}, "files": [{"path": name}],
        "columns": {"pupil": "leerling", "class": "groep", "arm": "arm", "wave": "meting"},
        "arms": {"x": "intervention", "c": "control"}, "waves": {"T0": "pre", "T1": "post"},
        "outcomes": [
            {"name": "vaak", "items": ["w1", "w2"], "range": [1, 4], "better": "higher",
             "answers": {"nooit": 1, "soms": 2, "vaak": 3, "één keer": 4}},
            {"name": "taal", "column": "taal", "range": [0, 60], "better": "higher", "missing": [9, 99]},
        ],
    }  # fmt: skip
    return {"study.yaml": _yaml(study)}


def _typed(text: str) -> str | float | None:
    try:
        return float(text.replace(",", ".")) if not text.startswith("0") else text
    except ValueError:
        return text or None


def _workbooks() -> list[Subject]:
    baumann = _example("baumann", 20)
    grids = {
        "raw/baumann": [line.split(",") for line in baumann["raw/baumann.csv"].decode().splitlines()],
        "m": _cells_of_words(),
    }
    studies = {"raw/baumann": baumann["study.yaml"], "m": _with_words("m.xlsx")["study.yaml"]}
    found = []
    for name, rows in grids.items():
        book = openpyxl.Workbook()
        for row in [rows[0], *([_typed(cell) for cell in row] for row in rows[1:])]:
            book.active.append(row)
        content = io.BytesIO()
        book.save(content)
        study = studies[name].replace(b"baumann.csv", b"baumann.xlsx")
        found.append(Subject({"study.yaml": study, f"{name}.xlsx": content.getvalue()}, f"{name}.xlsx"))
    return found


def _spss() -> list[Subject]:
    rows = _cells_of_words()
    columns = {name: [_typed(row[i]) for row in rows[1:]] for i, name in enumerate(rows[0])}
    codes = {"nooit": 1.0, "soms": 2.0, "vaak": 3.0, "één keer": 4.0}
    columns |= {name: [codes[cell] for cell in columns[name]] for name in ("w1", "w2")}
    columns["leerling"] = [float(cell) for cell in columns["leerling"]]
    columns["taal"] = [float(row[-1].replace(",", ".")) for row in rows[1:]]
    columns["taal"][3] = 97.0
    labels = {name: {code: word for word, code in codes.items()} for name in ("w1", "w2")}
    options = {"variable_value_labels": labels, "missing_ranges": {"taal": [{"lo": 97, "hi": 99}]}}
    found = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.sav"
        for compressed in (False, True):
            pyreadstat.write_sav(pd.DataFrame(columns), str(path), row_compress=compressed, **options)
            content = bytearray(path.read_bytes())
            content[92:109] = b"01 Jan 2400:00:00"  # when it was made: the same numbers shall give the same inputs
            found.append(Subject({**_with_words("m.sav"), "m.sav": bytes(content)}, "m.sav"))
    return found


def _tables() -> list[Subject]:
    study = _example("nabijheid", 12)["study.yaml"]
    plain = "name;study;report;school;language;seed\n;s/study.yaml;;007;nl+en;7\nZonnehof;s/study.yaml;school;1e5;;\n"
    wide = 'study,class,teacher,arm\ns/study.yaml,7a,,\ns/study.yaml,"7,b",L 1,x\ns/study.yaml,\'=1+1,,\n'
    return [Subject({"s/study.yaml": study, "t.csv": text.encode()}, "t.csv") for text in (plain, wide)]


def _yaml(content: dict[str, object]) -> bytes:
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False).encode()
