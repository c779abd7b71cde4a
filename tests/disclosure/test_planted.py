"""Forty and more files in which something was planted are found by ``check-privacy``; none that a run shares is."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from urllib.parse import quote

import docx
import openpyxl
import pypdf
import pytest
from openpyxl.comments import Comment
from PIL import Image, PngImagePlugin
from tests.disclosure.conftest import BORN, NAME, small_study
from tests.disclosure.test_checking import page

from werkbank.catalogue import say
from werkbank.cli import main
from werkbank.disclosure.checking import check_files
from werkbank.running.batch import run_batch
from werkbank.running.jobs import jobs_asked
from werkbank.running.runner import run_languages
from werkbank.study.finding import example_path

FORMATS = ("html", "pdf", "docx", "xlsx")
DRAWN = f'<svg xmlns="http://www.w3.org/2000/svg"><text x="1">Dit is {NAME}</text></svg>'
LIST = f"naam;geboren\n{NAME};{BORN}\n".encode()


def noted(kind="tEXt", text=NAME):
    """A picture of one grey point with a note in it."""
    made, notes = io.BytesIO(), PngImagePlugin.PngInfo()
    if kind == "iTXt":
        notes.add_itxt("Comment", text)
    else:
        notes.add_text("Comment", text, zip=kind == "zTXt")
    Image.new("L", (1, 1)).save(made, "PNG", pnginfo=notes)
    return made.getvalue()


def photo(text):
    made, exif = io.BytesIO(), Image.Exif()
    exif[0x010E] = text
    Image.new("L", (8, 8)).save(made, "JPEG", exif=exif, comment=text.encode())
    return made.getvalue()


def packed(kind, content):
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def html(body, head=""):
    return f"<!DOCTYPE html><html><head>{head}</head><body><p>Een verslag.</p>{body}</body></html>".encode()


def pdf(folder, change, text="Een verslag."):
    """Give a PDF of ours to `change`, which plants something in it."""
    writer = pypdf.PdfWriter(clone_from=page(folder, "pdf", text))
    change(writer)
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


def remark(writer):
    from pypdf.annotations import FreeText

    writer.add_annotation(0, FreeText(text=f"vraag {NAME} nog", rect=(50, 550, 200, 650)))


def word(change):
    document = docx.Document()
    document.core_properties.author = ""
    document.add_paragraph("Een verslag.")
    change(document)
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()


def added(content, **parts):
    """Add parts to an office file."""
    made = io.BytesIO(content)
    with zipfile.ZipFile(made, "a") as archive:
        for name, body in parts.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), body)
    return made.getvalue()


def split_runs(document):
    paragraph = document.add_paragraph("Leerling nr-")
    paragraph.add_run("70").bold = True
    paragraph.add_run("13")


def header(document):
    document.sections[0].header.paragraphs[0].text = f"Over {NAME}"


def nested(document):
    inner = document.add_table(1, 1).cell(0, 0).add_table(2, 2)
    for (r, c), text in {(0, 0): "groep", (0, 1): "aantal leerlingen", (1, 0): "a", (1, 1): "4"}.items():
        inner.cell(r, c).text = text


def properties(document):
    document.core_properties.keywords = NAME


def book(change):
    made, workbook = io.BytesIO(), openpyxl.Workbook()
    workbook.properties.creator = "openpyxl"
    workbook.active["A1"] = "Een verslag."
    change(workbook)
    workbook.save(made)
    return made.getvalue()


def hidden_sheet(workbook):
    sheet = workbook.create_sheet("x")
    sheet.sheet_state = "hidden"
    for row in (["groep", "n"], ["a", 3]):
        sheet.append(row)


def cell_note(workbook):
    workbook.active["A1"].comment = Comment(NAME, "werkbank")


def before_the_row(workbook):
    for row in (["", "coaching", "controle"], ["aantal leerlingen", 4, 40]):
        workbook.active.append(row)


def in_full(workbook):
    workbook.active["B1"] = 52.382978723404254


def notebook(*cells):
    return json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def said(text, **more):
    return {"cell_type": "markdown", "id": "a", "metadata": {}, "source": [text], **more}


def shown(**data):
    output = {"output_type": "display_data", "metadata": {}, "data": {k.replace("__", "/"): v for k, v in data.items()}}
    return {"cell_type": "code", "id": "b", "metadata": {}, "source": "", "outputs": [output], "execution_count": 1}


EMBEDDED = book(hidden_sheet)
PLANTED = {
    "says it stays inside, nl.html": (lambda _: html(f"<p>{say('privacy.inside', 'nl')}</p>"), "inside"),
    "three in figures.html": (lambda _: html("<p>Bij 3 leerlingen ging het beter.</p>"), "small"),
    "three in words.html": (lambda _: html("<p>Bij drie leerlingen ging het beter.</p>"), "small"),
    "three in English.html": (lambda _: html("<p>It helped three pupils.</p>"), "small"),
    "one girl.html": (lambda _: html("<p>Er was één meisje in deze groep.</p>"), "small"),
    "three of forty.html": (lambda _: html("<p>3 van de 40 leerlingen vielen uit.</p>"), "small"),
    "behind an n.html": (lambda _: html("<p>Jongens (n&nbsp;=&nbsp;4) deden mee.</p>"), "small"),
    "split by markup.html": (lambda _: html("<p>nr-<b>70</b><!-- x -->13</p>"), "person"),
    "split by what nobody sees.html": (lambda _: html("<p>nr-70&shy;&#8203;13</p>"), "person"),
    "in a comment.html": (lambda _: html(f"<!-- {NAME} -->"), "person"),
    "in an alternative.html": (lambda _: html(f'<img src="x.png" alt="geboren {BORN}">'), "person"),
    "a date in words.html": (lambda _: html("<p>geboren op 7 maart 2014</p>"), "person"),
    "in a packed drawing.html": (lambda _: html(f'<img src="{packed("image/svg+xml", DRAWN.encode())}">'), "person"),
    "in a written drawing.html": (lambda _: html(f'<img src="data:image/svg+xml,{quote(DRAWN)}">'), "person"),
    "beside pixels.html": (lambda _: html(f'<img src="{packed("image/png", noted())}">'), "person"),
    "beside pixels, folded.html": (lambda _: html(f'<img src="{packed("image/png", noted("zTXt"))}">'), "person"),
    "a list to download.html": (lambda _: html(f'<a href="{packed("text/csv", LIST)}">lijst</a>'), "person"),
    "words before a row.html": (
        lambda _: html("<table><tr><th></th><th>a</th></tr><tr><th>meisjes</th><td>2</td></tr></table>"), "small"),
    "a small share.html": (lambda _: html("<p>Dat is 2% van de leerlingen.</p>"), "share"),
    "the highest score.html": (lambda _: html("<p>De hoogste score was 58.</p>"), "extreme"),
    "in full.html": (lambda _: html("<p>Het gemiddelde was 52,3829787.</p>"), "exact"),
    "who made it.html": (lambda _: html("", '<meta name="author" content="A. de Boer">'), "maker"),
    "a place.html": (lambda _: html(r"<p>C:\Users\adeboer\studie</p>"), "place"),
    "a screenshot.html": (lambda _: html(f'<img src="{packed("image/png", shot())}">'), "picture"),
    "says it stays inside, en.pdf": (lambda f: page(f, "pdf", say("privacy.inside", "en")).read_bytes(), "inside"),
    "two boys.pdf": (lambda f: page(f, "pdf", "Only two boys took part.").read_bytes(), "small"),
    "a small count in a table.pdf": (lambda f: page(f, "pdf", "x", n=4).read_bytes(), "small"),
    "a remark.pdf": (lambda f: pdf(f, remark), "person"),
    "an attachment.pdf": (lambda f: pdf(f, lambda w: w.add_attachment("lijst.csv", LIST)), "person"),
    "a bookmark.pdf": (lambda f: pdf(f, lambda w: w.add_outline_item(title=f"Over {NAME}", page_number=0)), "person"),
    "who made it.pdf": (lambda f: pdf(f, lambda w: w.add_metadata({"/Author": "A. de Boer"})), "maker"),
    "says it stays inside.docx": (lambda f: page(f, "docx", say("privacy.inside", "nl")).read_bytes(), "inside"),
    "split over runs.docx": (lambda _: word(split_runs), "person"),
    "in the margin.docx": (lambda _: word(header), "person"),
    "a table in a table.docx": (lambda _: word(nested), "small"),
    "keywords.docx": (lambda _: word(properties), "person"),
    "a comment.docx": (
        lambda _: added(word(repr), word__comments_dot_xml=f"<w:comments><w:t>{NAME}</w:t></w:comments>"), "person"),
    "who commented.docx": (
        lambda _: added(word(repr), word__comments_dot_xml='<w:comment w:author="A. de Boer"/>'), "maker"),
    "beside pixels.docx": (lambda _: added(word(repr), word__media__a_dot_png=noted("iTXt")), "person"),
    "a drawing.docx": (lambda _: added(word(repr), word__media__a_dot_svg=DRAWN), "person"),
    "a workbook in it.docx": (lambda _: added(word(repr), word__embeddings__a_dot_xlsx=EMBEDDED), "small"),
    "a hidden sheet.xlsx": (lambda _: EMBEDDED, "small"),
    "a note at a cell.xlsx": (lambda _: book(cell_note), "person"),
    "words before a row.xlsx": (lambda _: book(before_the_row), "small"),
    "in full.xlsx": (lambda _: book(in_full), "exact"),
    "a photo.xlsx": (lambda _: added(book(repr), xl__media__a_dot_jpg=photo(NAME)), "person"),
    "in words.ipynb": (lambda _: notebook(said("Bij twee leerlingen ging het beter.")), "small"),
    "beside pixels.ipynb": (
        lambda _: notebook(shown(image__png=base64.b64encode(noted()).decode())), "person"),
    "attached.ipynb": (
        lambda _: notebook(said("![](attachment:a.svg)", attachments={"a.svg": {"image/svg+xml": [DRAWN]}})), "person"),
    "a small count.csv": (lambda _: b"groep,n\na,3\n", "small"),
    "of results.csv": (lambda _: b"result,what,value\nfact,pupils_enrolled,4\n", "small"),
    "the lowest.csv": (lambda _: b"groep;laagste\na;12\n", "extreme"),
    "a small count.json": (lambda _: b'{"rows": [{"arm": "a", "pupils": 3}]}', "small"),
    "a name in signs.json": (lambda _: json.dumps({"x": NAME}).replace("F", "\\u0046").encode(), "person"),
    "in full.json": (lambda _: b'{"mean": 52.382978723404254}', "exact"),
    "a drawing.svg": (lambda _: DRAWN.encode(), "person"),
}  # fmt: skip


def shot():
    made = io.BytesIO()
    Image.new("L", (300, 200)).save(made, "PNG")
    return made.getvalue()


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return small_study(tmp_path_factory.mktemp("planted"), 1)


@pytest.mark.parametrize("name", PLANTED)
def test_what_is_planted_is_found(name, tmp_path, study, capsys):
    make, code = PLANTED[name]
    path = tmp_path / name
    path.write_bytes(make(tmp_path))
    assert f"privacy_{code}" in {problem.code for problem in check_files([path], 6, study)[1]}
    assert main(["check-privacy", str(path), "--study", str(study.folder), "--language", "nl"]) == 3
    assert "Traceback" not in capsys.readouterr().err


def test_there_are_forty():
    assert len(PLANTED) >= 40


def clean(place, study):
    files = [path for path in place.rglob("*") if path.is_file() and path.parent.name == "share"]
    assert [problem.sentence("en") for problem in check_files(files, study=study)[1]] == []
    return files


def test_nothing_is_found_in_what_a_run_shares(tmp_path):
    found = []
    for name, report, languages in (("nabijheid", "school", ("nl", "en")), ("baumann", "school", ("nl", "en"))):
        place = tmp_path / name
        run_languages(example_path(name), report, languages=languages, formats=FORMATS, out=place, warm=True)
        found += clean(place, None)
    assert len(found) >= 20
    assert {path.suffix for path in found} == {".html", ".pdf", ".docx", ".xlsx", ".json", ".csv"}


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "report"),
    [
        ("nabijheid", "evaluation"), ("nabijheid", "measurement"), ("baumann", "evaluation"), ("bdf", "evaluation"),
        ("bdf", "underachievement"), ("volgsysteem", "monitoring"),
    ],
)  # fmt: skip
def test_nothing_is_found_in_any_report_of_an_example(tmp_path, name, report):
    study = example_path(name)
    run_languages(study, report, languages=("nl", "en"), formats=FORMATS, out=tmp_path / name, warm=True)
    assert len(clean(tmp_path / name, None)) >= 10


@pytest.mark.long
def test_nothing_is_found_in_an_untouched_batch(tmp_path):
    shared = {"out": str(tmp_path), "report": "school", "languages": ("nl", "en"), "formats": FORMATS}
    jobs = jobs_asked(example_path("nabijheid"), "school", "nl", shared, lambda _: None)
    assert run_batch(jobs, tmp_path, language="nl", workers=2).count("made") == len(jobs)
    assert len(clean(tmp_path, None)) >= 20
