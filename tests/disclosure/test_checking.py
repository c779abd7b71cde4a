"""What is planted in a finished file is found, in every format; what a run shares is clean, together as well."""

from __future__ import annotations

import base64
import json

import docx
import openpyxl
import pytest
from tests.disclosure.conftest import BORN, NAME, small_study

import werkbank
from werkbank.cli import main
from werkbank.disclosure import suppress
from werkbank.disclosure.checking import check_files
from werkbank.disclosure.labelled import in_table
from werkbank.reporting.blocks import Heading, Paragraph, Section, Table
from werkbank.reporting.formats import Document, write
from werkbank.reporting.numbers import Column
from werkbank.reporting.page import render
from werkbank.reporting.sharing import not_to_leave
from werkbank.results import Fact, Results

FORMATS = ("html", "pdf", "docx", "xlsx")


def page(folder, form, text, n=30):
    """Write a small report with `text` in a sentence and `n` in a table."""
    table = Table("tab-x", "Tabel", (Column("arm", "groep"), Column("n", "n", "count")), ({"arm": text, "n": n},))
    section = Section("begin", "nl", (Heading("Begin"), Paragraph(text), table))
    path = folder / f"page.{form}"
    if form == "html":
        made = render([section], language="nl", title="Proef", simulated=False, provenance={})
        path.write_text(made, encoding="utf-8")
    else:
        path.write_bytes(write(Document((section,), "nl", "Proef", simulated=False), form))
    return path


def codes(paths, study=None):
    return {problem.code for problem in check_files(paths, 6, study)[1]}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return small_study(tmp_path_factory.mktemp("planted"), 1)


@pytest.mark.parametrize("form", FORMATS)
def test_a_planted_name_and_birth_date_are_found(form, tmp_path, study):
    assert codes([page(tmp_path, form, "Niets bijzonders.")], study) == set()
    for planted in (NAME, BORN, "nr-7013"):
        assert "privacy_person" in codes([page(tmp_path, form, f"Dit gaat over {planted}, dus niet delen.")], study)
    assert "privacy_code" in codes([page(tmp_path, form, "Dit gaat over p-abcdefgh.")])


@pytest.mark.parametrize("form", ["html", "docx", "xlsx"])
def test_a_small_count_in_a_table_is_found(form, tmp_path):
    assert "privacy_small" in codes([page(tmp_path, form, "x", n=4)])
    assert "privacy_small" not in codes([page(tmp_path, form, "x", n=6)])


def test_makers_and_folders_are_found(tmp_path):
    document = docx.Document()
    document.core_properties.author = "A. de Boer"
    document.save(str(tmp_path / "a.docx"))
    book = openpyxl.Workbook()
    book.properties.creator = "A. de Boer"
    book.active["A1"] = "/home/adeboer/studie"
    book.save(tmp_path / "b.xlsx")
    assert codes([tmp_path / "a.docx"]) == {"privacy_maker"}
    assert codes([tmp_path / "b.xlsx"]) == {"privacy_maker", "privacy_place"}


def test_a_table_of_pupils_in_a_notebook_is_found(tmp_path):
    shown = {"output_type": "execute_result", "data": {"text/plain": ["   pupil\n0  x"]}}
    content = {"cells": [{"cell_type": "code", "source": "df.head()", "outputs": [shown]}]}
    (tmp_path / "a.ipynb").write_text(json.dumps(content), encoding="utf-8")
    assert codes([tmp_path / "a.ipynb"]) == {"privacy_output"}


def test_extremes_and_extreme_shares_are_found(tmp_path):
    (tmp_path / "a.csv").write_text("groep;laagste;deel\nalle;3;2%\nrest;4;50%\n", encoding="utf-8")
    assert codes([tmp_path / "a.csv"]) == {"privacy_extreme", "privacy_share"}


def test_what_cannot_be_inspected_does_not_pass(tmp_path):
    (tmp_path / "a.doc").write_text("x", encoding="utf-8")
    (tmp_path / "b.xlsx").write_text("x", encoding="utf-8")
    assert codes([tmp_path / "a.doc", tmp_path / "b.xlsx", tmp_path / "c.html"]) == {
        "privacy_kind", "privacy_damaged", "privacy_absent",
    }  # fmt: skip


def school(n):
    facts = (
        Fact("flow/all/all/pupils_enrolled", "pupils_enrolled", n),
        Fact("flow/all/pre/pupils_measured", "pupils_measured", n, wave="pre"),
    )
    return Results({"title": "x"}, facts=facts)


def test_schools_that_give_one_another_away_are_found_only_together(tmp_path):
    for name, n in {"a": 30, "b": 4, "c": 20, "all": 54}.items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / "school.json").write_text(suppress(school(n)).to_json(), encoding="utf-8")
    apart = [codes([tmp_path / name]) for name in ("a", "b", "c", "all")]
    assert apart == [set()] * 4
    assert codes([tmp_path]) == {"privacy_derivable"}


def lossy(**hidden):
    """A copy to share of 40 pupils, 20 of whom were analysed; it hides some of its counts."""
    counts = {"pre": 4, "post": 8, "both": 8, "unit": 0}
    lost = {f"pupils_without_{why}": hidden.get(why, n) for why, n in counts.items()}
    facts = [Fact("flow/all/all/pupils_enrolled", "pupils_enrolled", 40)]
    facts += [Fact(f"flow/x/all/post/{what}", what, n, "x", wave="post", n=None if n is None else 40, wave_to="post")
              for what, n in {**lost, "pupils_analysed": 20}.items()]  # fmt: skip
    return Results({"title": "x"}, facts=tuple(facts))


@pytest.mark.parametrize("apart", [True, False])
def test_two_reports_of_one_study_in_two_folders_are_found_side_by_side(tmp_path, apart):
    first, second = tmp_path / "school", tmp_path / ("evaluatie" if apart else "school")
    for folder, name, copy in ((first, "a", lossy(pre=None, both=None)), (second, "b", lossy(pre=None, post=None))):
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.json").write_text(copy.to_json(), encoding="utf-8")
        assert codes([folder / f"{name}.json"]) == set()
    assert codes([first, second]) == {"privacy_derivable"}
    other = Results({"title": "x"}, facts=tuple(f if f.what != "pupils_enrolled" else Fact(f.id, f.what, 41)
                                                for f in lossy(pre=None, post=None).facts))  # fmt: skip
    (second / "b.json").unlink()
    (tmp_path / "b.json").write_text(other.to_json(), encoding="utf-8")
    assert codes([first, tmp_path / "b.json"]) == set(), "what contradicts is of other pupils"


def test_a_loss_between_two_counts_is_found(tmp_path):
    facts = (
        Fact("flow/all/all/pupils_enrolled", "pupils_enrolled", 30),
        Fact("flow/all/pre/pupils_measured", "pupils_measured", 28, wave="pre"),
    )
    (tmp_path / "a.json").write_text(Results({"title": "x"}, facts=facts).to_json(), encoding="utf-8")
    assert codes([tmp_path / "a.json"]) == {"privacy_derivable"}


def test_a_whole_run_names_nobody_and_shares_nothing_small(tmp_path, study, capsys):
    for report in ("evaluation", "school"):
        werkbank.run_report(study.folder, report, out=tmp_path / "out", formats=FORMATS, warm=True)
    share = sorted((tmp_path / "out" / "share").iterdir())
    assert {path.suffix for path in share} == {".html", ".pdf", ".docx", ".xlsx", ".json", ".csv"}
    min_cell, found = check_files([tmp_path / "out" / "share"], study=study)
    assert min_cell == study.privacy.min_cell
    assert [problem.sentence("en") for problem in found] == []
    everything = check_files([p for p in (tmp_path / "out").rglob("*") if p.is_file()], 6, study)[1]
    assert not [p for p in everything if p.code in {"privacy_person", "privacy_code", "privacy_place", "privacy_maker"}]
    assert {p.code for p in everything} & {"privacy_small", "privacy_extreme"}, "what stays inside shows more"
    assert main(["check-privacy", str(tmp_path / "out" / "share"), "--language", "nl"]) == 0
    assert main(["check-privacy", str(tmp_path / "out" / "results.json")]) == 3
    assert "share" in (tmp_path / "out" / "school.nl.html").read_text(encoding="utf-8")
    capsys.readouterr()


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_private_file_is_known_by_what_it_says_of_itself(form, language, tmp_path):
    table = Table("tab-x", "Tabel", (Column("n", "n", "count"),), ({"n": 30},))
    section = Section("begin", language, (Heading("Begin"), Paragraph("Niets bijzonders."), table))
    (inside,) = not_to_leave([section], language)
    for name, made in (("open", section), ("besloten", inside)):
        path = tmp_path / f"{name}.{form}"
        if form == "html":
            text = render([made], language=language, title="Proef", simulated=False, provenance={})
            path.write_text(text, encoding="utf-8")
        else:
            path.write_bytes(write(Document((made,), language, "Proef", simulated=False), form))
    assert codes([tmp_path / f"open.{form}"]) == set()
    assert codes([tmp_path / f"besloten.{form}"]) == {"privacy_inside"}


def test_what_a_run_keeps_inside_is_known_in_every_file(tmp_path, study):
    werkbank.run_report(study.folder, "school", out=tmp_path / "out", formats=FORMATS, warm=True)
    inside = [path for path in (tmp_path / "out").iterdir() if path.is_file()]
    assert {path.suffix for path in inside} == {".html", ".pdf", ".docx", ".xlsx", ".json", ".csv", ".ipynb"}
    helps = [path for path in inside if ".reading_help." in path.name]  # tell of no study, and go with every copy
    assert {path.suffix for path in helps} == {".html", ".pdf", ".docx"}
    assert [path.name for path in inside if path not in helps and "privacy_inside" not in codes([path])] == []
    assert codes(helps) == set()
    assert codes([tmp_path / "out" / "share"]) == set()


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("Bij 3 leerlingen ging het beter.", True), ("Bij drie leerlingen ging het beter.", True),
        ("Four pupils did better.", True), ("Bij 30 leerlingen ging het beter.", False),
        ("Bij 1.003 leerlingen ging het beter.", False), ("Dat is één leerling te veel.", False),
        ("Bij <b>2</b> leerlingen.", True),
    ],
)  # fmt: skip
def test_a_small_count_in_a_sentence_is_found(said, found, tmp_path):
    (tmp_path / "a.html").write_text(f"<html><body><p>{said}</p></body></html>", encoding="utf-8")
    assert ("privacy_small" in codes([tmp_path / "a.html"])) == found


def test_an_id_that_markup_splits_and_a_number_in_full_are_found(tmp_path, study):
    (tmp_path / "a.html").write_text("<html><body><p>nr-<b>70</b>13</p></body></html>", encoding="utf-8")
    assert "privacy_person" in codes([tmp_path / "a.html"], study)
    (tmp_path / "b.csv").write_text("gemiddelde\n52.382978723404254\n52.4\n", encoding="utf-8")
    assert codes([tmp_path / "b.csv"]) == {"privacy_exact"}


def test_a_drawing_inside_a_page_is_read(tmp_path):
    drawing = base64.b64encode(b"<svg><text>p-abcdefgh</text></svg>").decode()
    (tmp_path / "a.html").write_text(f'<html><body><img src="data:image/svg+xml;base64,{drawing}"></body></html>')
    assert codes([tmp_path / "a.html"]) == {"privacy_code"}


@pytest.mark.parametrize(
    ("row", "found"),
    [("Scholen", False), ("Classes", False), ("Klas 3a", True), ("Leerlingen", True), ("Klassen met leerlingen", True)],
)
def test_a_row_that_counts_schools_or_classes_counts_no_pupils(row, found):
    assert bool(list(in_table("a.html", [["Kenmerk", "n"], [row, "2"]], 6))) == found
