"""A log of one's own: a file beside study.yaml, of the shape of those that werkbank knows, read and checked as they."""

from __future__ import annotations

import json

import pytest
import yaml

import werkbank
from werkbank.cli import main
from werkbank.errors import UnfitError
from werkbank.reporting import programme
from werkbank.running import manifest
from werkbank.running.remote import bundle_of
from werkbank.study import load_study

OWN = {
    "rhythm": "daily",
    "double": ["pupil", "date"],
    "columns": {
        "pupil": None,
        "date": None,
        "mood": {"kind": "choice", "of": ["rain", "cloud", "sun"]},
        "turns": {"kind": "whole", "range": [0, 20]},
    },
    "computes": [
        {"do": "ordinal", "column": "mood", "answers": ["rain", "cloud", "sun"]},
        {"do": "counts", "name": "moods", "column": "mood"},
    ],
    "labels": {
        "log": {"nl": "weerbericht", "en": "weather report"},
        "columns": {"mood": {"nl": "weer", "en": "weather"}, "turns": {"nl": "beurten"}},
        "answers": {"rain": {"nl": "regen"}, "cloud": {"nl": "bewolkt"}, "sun": {"nl": "zon"}},
    },
}


def study_in(folder, own=OWN, rows=None):
    (folder / "weer.yaml").write_text(yaml.safe_dump(own, allow_unicode=True, sort_keys=False), encoding="utf-8")
    days = [f"2026-09-{day:02}" for day in (7, 8, 9, 10, 11, 14, 15, 16, 17, 18)]
    made = [f"L{n},{day},{('regen', 'bewolkt', 'zon')[(n + i) % 3]},{i}" for n in (1, 2) for i, day in enumerate(days)]
    lines = ["leerling,datum,weer,beurten", *(rows or made)]
    (folder / "weer.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    study = {
        "title": "Weer", "class_list": ["L1", "L2"], "calendar": {"first": "2026-09-01", "last": "2026-09-30"},
        "logs": [{"log": "weer.yaml", "path": "weer.csv"}],
    }  # fmt: skip
    text = yaml.safe_dump(study).replace("'2026-09-01'", "2026-09-01").replace("'2026-09-30'", "2026-09-30")
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    return folder


def test_it_is_read_in_its_own_words_and_reported(tmp_path):
    bench = werkbank.open(study_in(tmp_path), language="nl")
    (book,) = bench.logs.books
    assert (book.log.id, len(book.rows), set(book.rows["mood"])) == ("weer", 20, {"rain", "cloud", "sun"})
    shown = [programme.seen(bench), programme.counted(bench), programme.done(bench)]
    text = " ".join(section._repr_mimebundle_()["text/html"] for section in shown if section is not None)
    assert all(word in text for word in ("eerbericht", "regen", "bewolkt", "zon"))
    assert "cloud" not in text
    assert {f.outcome for f in bench.part("logs").facts} == {"weer"}


def test_what_is_wrong_on_its_sheet_is_told_as_of_any_log(tmp_path, capsys):
    rows = ["L1,2026-09-07,zon,3", "L1,2026-09-08,hagel,3", "L9,2026-09-09,zon,99", "L1,2026-09-12,zon,2"]
    assert main(["check", "--json", str(study_in(tmp_path, rows=rows))]) == 3
    found = json.loads(capsys.readouterr().out)["problems"]
    assert {p["code"] for p in found} >= {"log_choice", "log_pupil", "log_range"}
    assert any("zon" in p["sentence"] for p in found if p["code"] == "log_choice")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"columns": None}, "log_own_disagrees"),
        ({"columns": {"mood": 3}}, "log_own_disagrees"),
        ({"double": ["nobody"]}, "log_own_disagrees"),
        ({"rhythm": "sometimes"}, "log_own_wrong"),
        ({"surprise": 1}, "log_own_wrong"),
        ({"computes": [{"do": "magic"}]}, "log_own_wrong"),
        ({"columns": {"pupil": None, "date": None, "mood": {"kind": "choice"}}}, "log_own_disagrees"),
    ],
)
def test_a_file_that_is_no_log_says_so(tmp_path, change, code):
    with pytest.raises(UnfitError) as error:
        werkbank.open(study_in(tmp_path, OWN | change)).logs  # noqa: B018 - read when it is asked for
    assert code in {p.code for p in error.value.problems}
    assert all(p.sentence(language) for p in error.value.problems for language in ("nl", "en"))


def test_a_file_that_is_not_there_or_elsewhere_is_named(tmp_path):
    folder = study_in(tmp_path)
    for name in ("weg.yaml", "../weer.yaml"):
        text = (folder / "study.yaml").read_text(encoding="utf-8")
        (folder / "study.yaml").write_text(text.replace("log: weer.yaml", f"log: {name}"), encoding="utf-8")
        with pytest.raises(UnfitError) as error:
            werkbank.open(folder).logs  # noqa: B018
        assert [p.code for p in error.value.problems] == ["log_own_missing"]
        (folder / "study.yaml").write_text(text, encoding="utf-8")


def test_its_sheet_is_written_in_its_own_words(tmp_path, monkeypatch):
    import openpyxl

    folder = study_in(tmp_path)
    assert main(["new", "--log", "weer.yaml", "--study", str(folder), "--language", "nl"]) == 0
    book = openpyxl.load_workbook(folder / "logs" / "weer.xlsx")
    assert [cell.value for cell in book.active[1]][2:4] == ["weer", "beurten"]
    monkeypatch.chdir(tmp_path)
    assert main(["new", "geheel-nieuw", "--log", "weer.yaml"]) == 2


def test_a_changed_form_is_another_input_and_travels_with_its_study(tmp_path):
    study = study_in(tmp_path)
    before = {file["file"]: file["sha256"] for file in manifest.inputs_of(load_study(study), {})["data"]}
    assert "weer.yaml" in before
    assert "weer.yaml" in bundle_of(str(study), "programme").files
    (study / "weer.yaml").write_text(
        (study / "weer.yaml").read_text(encoding="utf-8") + "\n# anders\n", encoding="utf-8"
    )
    after = {file["file"]: file["sha256"] for file in manifest.inputs_of(load_study(study), {})["data"]}
    assert before["weer.yaml"] != after["weer.yaml"]
    assert before["weer.csv"] == after["weer.csv"]
