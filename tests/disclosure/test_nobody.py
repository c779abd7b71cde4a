"""A pupil's name, number and birth date, a parent's remark and a teacher's name are in no file that is made."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO

import numpy as np
import pytest
import yaml
from pypdf import PdfReader

import werkbank
from werkbank.running.batch import run_batch
from werkbank.running.jobs import jobs_asked
from werkbank.running.params import MODELS

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
FORMATS = ("html", "pdf", "docx", "xlsx")
PLANTED = (
    "Fleur", "Planten", "nr-7013", "nr-7026", "2014-03-07", "07-03-2014", "7-3-2014", "7 maart 2014", "March 7, 2014",
    "Kwastje", "belt elke week", "7013001",
)  # fmt: skip
CODES = ("08BX", "03QK")  # of schools: they stay inside, but for what lists the reports of a batch by school
JOINT = {"index.html", "results.csv"}
INSIDE = {"planning", "programme", "pupil", "single_case"}  # stay inside, whole
LONG = {"evaluation", "measurement", "school", "thesis"}  # the batch and the two others have every kind of file


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A study with every block, in which the first pupil is known by name and the others by number."""
    folder, rng = tmp_path_factory.mktemp("geplant"), np.random.default_rng(4)
    rows = ["leerling;naam;bsn;lk;school;groep;geboren;opmerking;sekse;arm;meting;a1;a2;a3;taal;iq"]
    export = ["leerling;school;vak;toets;datum;goed;opgaven;vaardigheid;niveau"]
    for pupil in range(64):
        who = "Fleur van der Planten" if pupil == 0 else f"nr-{7000 + 13 * pupil}"
        born = "2014-03-07" if pupil == 0 else "2014-01-02"
        school, arm, iq = CODES[pupil % 2], "ab"[pupil % 8 // 4], round(float(rng.normal(100, 15)), 1)
        known = f"{who};Fleur;7013001;Meester Kwastje {pupil % 4};{school};k{pupil % 8};{born};moeder belt elke week"
        for wave in ("T0", "T1"):
            items = ";".join(str(x) for x in rng.integers(1, 6, 3))
            rows.append(f"{known};{pupil % 2};{arm};{wave};{items};{int(rng.normal(40, 8))};{iq}")
        for test in range(5):
            score = round(float(rng.normal(40 + 9 * test, 4)) - 30 * (pupil == 0 and test > 2), 1)
            day = f"1{pupil % 9}-0{1 + 5 * (test % 2)}-{2021 + test // 2}"
            export.append(f"{who};{school};rekenen;T{test};{day};{int(score) // 2};50;{score};{'IV'[test % 2]}")
    days = ["geval;naam;opmerking;dag;fase;gedrag"]
    days += [
        f"g{case};{'Fleur van der Planten' if case == 0 else f'nr-{7000 + 13 * case}'};moeder belt elke week;{day};"
        f"{'AB'[day > 8 + 2 * case]};{int(rng.integers(0, 5)) + (day > 8 + 2 * case)}"
        for case in range(4) for day in range(1, 25)
    ]  # fmt: skip
    papers = ["study;opmerking;n_treated;n_control;mean_treated;sd_treated;mean_control;sd_control"]
    papers += [f"Auteur {n} (2010);Fleur belt elke week;{40 + n};45;{20 + n % 4};4,5;20;4,{n}" for n in range(1, 9)]
    colours = ["leerling;naam;opmerking;datum;kleur;nagesprek;fase;zorg"]
    colours += [
        f"{'Fleur van der Planten' if who == 0 else f'nr-{7000 + 13 * who}'};Fleur;moeder belt elke week;"
        f"{day:02}-09-2025;{('rood', 'groen')[day % 2]};ja;{'AB'[day > 7]};angst"
        for who in range(3) for day in (1, 2, 3, 4, 5, 8, 9, 10, 11, 12)
    ]  # fmt: skip
    (folder / "kleuren.csv").write_text("\n".join(colours) + "\n", encoding="utf-8")
    (folder / "dagen.csv").write_text("\n".join(days) + "\n", encoding="utf-8")
    (folder / "studies.csv").write_text("\n".join(papers) + "\n", encoding="utf-8")
    (folder / "raw.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (folder / "lvs.csv").write_text("\n".join(export) + "\n", encoding="utf-8")
    names = ["leerling", "school", "vak", "toets", "datum", "goed", "opgaven", "vaardigheid", "niveau"]
    roles = ["pupil", "school", "subject", "test", "date", "raw", "max", "ability", "band"]
    content = {
        "title": "Geplant", "design": {"kind": "controlled", "assigned_by": "class"}, "files": [{"path": "raw.csv"}],
        "columns": {"pupil": "leerling", "teacher": "lk", "school": "school", "class": "groep", "wave": "meting",
                    "arm": "arm"},
        "arms": {"a": "intervention", "b": "control"}, "waves": {"T0": "pre", "T1": "post"},
        "birth_date": {"column": "geboren", "on": "2025-09-01"}, "covariates": ["age"],
        "outcomes": [
            {"name": "fijn", "items": ["a1", "a2", "a3"], "range": [1, 5], "better": "higher", "role": "primary",
             "informant": "teacher"},
            {"name": "taal", "column": "taal", "range": [0, 80], "better": "higher"},
        ],
        "underachievement": {
            "expected": {"column": "iq", "reliability": 0.9}, "actual": [{"outcome": "taal", "reliability": 0.85}],
            "compare": ["absolute", "regression"], "fairness": [{"column": "sekse"}],
        },
        "single_case": {"file": {"path": "dagen.csv"}, "columns": {"case": "geval", "session": "dag", "phase": "fase"},
                        "outcomes": [{"column": "gedrag", "better": "higher", "range": [0, 5], "role": "primary"}],
                        "drawn": None},
        "associations": [{"outcome": "taal", "predictors": ["fijn", "iq"], "moderators": ["sekse"], "curved": True}],
        "planning": {"units": 6, "simulations": 100},
        "logs": [{"log": "check-in", "path": "kleuren.csv"}],
        "synthesis": {"file": {"path": "studies.csv"}, "outcome": "taal", "better": "higher"},
        "monitoring": {"file": {"path": "lvs.csv"}, "shape": "long", "day_first": True,
                       "columns": dict(zip(roles, names, strict=True))},
    }  # fmt: skip
    (folder / "study.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return folder / "study.yaml"


def everything(path):
    """Yield all text of a file: as it is, unpacked when it is an archive, and a PDF's pages, metadata and objects."""
    content = path.read_bytes()
    yield path.name
    if path.suffix == ".pdf":
        reader = PdfReader(BytesIO(content))
        yield " ".join(page.extract_text() for page in reader.pages)
        yield json.dumps({str(k): str(v) for k, v in (reader.metadata or {}).items()})
        if reader.xmp_metadata is not None:
            yield reader.xmp_metadata.stream.get_data().decode("utf-8", "replace")
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for part in archive.infolist():
                yield part.filename + part.comment.decode("utf-8", "replace")
                yield archive.read(part).decode("utf-8", "replace")
    else:
        yield content.decode("utf-8", "replace")


def found_in(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    wanted = {path: PLANTED + CODES * (path.parent.name == "share" and path.name not in JOINT) for path in files}
    hits = [(p.name, word) for p in files for text in everything(p) for word in wanted[p] if word in text]
    return files, hits


@pytest.mark.parametrize(
    "report", [pytest.param(name, marks=[pytest.mark.long] * (name in LONG)) for name in sorted(MODELS)]
)
def test_no_file_of_a_report_holds_what_was_planted(study, tmp_path, report):
    werkbank.run_report(study, report, out=tmp_path / "uit", formats=FORMATS, warm=True)
    files, found = found_in(tmp_path / "uit")
    assert not found
    assert {path.suffix for path in files} == {".html", ".pdf", ".docx", ".xlsx", ".ipynb", ".json", ".csv"}
    pages = (tmp_path / "uit" / "monitoring.nl.html", tmp_path / "uit" / "share" / "monitoring.nl.html")
    inside, outside = (p.read_text(encoding="utf-8") if p.is_file() else "" for p in pages)
    assert (CODES[0] in inside, "school 1" in inside, "school 1" in outside) == (bool(inside), False, bool(inside))
    leaves = {f".{f}" for f in FORMATS} | {".json", ".csv"} if report not in INSIDE else set()
    assert {p.suffix for p in files if p.parent.name == "share"} == leaves


def test_no_file_of_a_batch_holds_what_was_planted(study, tmp_path):
    shared = {"out": str(tmp_path / "uit"), "report": "school", "formats": FORMATS}
    made = run_batch(jobs_asked(study, "school", "nl", shared, print), tmp_path / "uit", language="nl", workers=1)
    assert made.count("made") == 2
    files, found = found_in(tmp_path / "uit")
    assert not found
    assert {p.name for p in files} >= {"index.html", "results.csv", "manifest.json", "school.nl.docx"}
    assert (tmp_path / "uit" / "share" / "index.html").is_file()


def test_the_search_finds_what_is_there(study, tmp_path):
    (tmp_path / "a.csv").write_bytes((study.parent / "raw.csv").read_bytes())
    with zipfile.ZipFile(tmp_path / "b.docx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("docProps/core.xml", "<dc:creator>Fleur</dc:creator>")
    assert {name for name, _ in found_in(tmp_path)[1]} == {"a.csv", "b.docx"}
