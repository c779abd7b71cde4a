"""The Word file: styles and fields that a user goes on with, text alternatives, nothing of a person or a time."""

import io
import zipfile

import docx
import pytest
from docx.oxml.ns import qn
from tests.reporting.formats.conftest import NASTY, hard, png, squeezed, zip_times

from werkbank.reporting.blocks import Figure, Heading, Paragraph, Section, Table
from werkbank.reporting.formats import Document, write
from werkbank.reporting.formats.docx import LOOK
from werkbank.reporting.numbers import Column


@pytest.fixture(scope="module")
def made(file):
    return file("hard", "nl", "docx")


@pytest.fixture(scope="module")
def word(made):
    return docx.Document(io.BytesIO(made))


def styled(word, style):
    return [p.text for p in word.paragraphs if p.style.name == style]


def test_every_look_is_a_style(word):
    used = {p.style.name for p in word.paragraphs}
    assert used <= {style.name for style in word.styles}
    assert used >= {
        "Title", "Subtitle", "Heading 1", "Heading 2", "Caption", "List Bullet", "Lead", "Note", "Warning", "Refusal",
        "Table Note", "Picture", "toc 1", "TOC Heading",
    }  # fmt: skip
    assert styled(word, "Heading 1") == ["Heading one <&>", "Two", "Herkomst van dit rapport"]
    assert styled(word, "Heading 2") == ["Deeper"]
    for i, table in enumerate(word.tables):
        assert table.style.name == "Report Table"
        inside = {p.style.name for row in table.rows for c in row.cells for p in c.paragraphs}
        small = " Small" if i == 0 else ""  # nine columns of long numbers
        assert inside <= {f"Table Text{small}", f"Table Number{small}"}
    # no direct look: sizes, colours and fonts stand in styles alone
    assert not [e for tag in ("w:sz", "w:color", "w:rFonts", "w:jc") for e in word.element.body.iter(qn(tag))]


def test_the_styles_that_are_named_exist():
    import re

    look = LOOK.read_text(encoding="utf-8")
    named = set(re.findall(r'<w:(?:basedOn|next|pStyle) w:val="(\w+)"', look))
    assert named <= set(re.findall(r'w:styleId="(\w+)"', look))


def test_the_language_is_the_reports(word, file):
    defaults = word.styles.element.find(qn("w:docDefaults"))
    assert next(defaults.iter(qn("w:lang"))).get(qn("w:val")) == "nl-NL"
    english = docx.Document(io.BytesIO(file("hard", "en", "docx")))
    assert next(english.styles.element.iter(qn("w:lang"))).get(qn("w:val")) == "en-GB"
    assert (word.core_properties.language, english.core_properties.language) == ("nl-NL", "en-GB")


def test_a_tables_head_returns_and_no_row_is_divided(word):
    for table in word.tables:
        heads = [row._tr.trPr.find(qn("w:tblHeader")) is not None for row in table.rows]
        assert heads == [True] + [False] * (len(table.rows) - 1)
        assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in table.rows)
    assert len(word.tables[0].rows) == 61


def test_captions_number_themselves(word):
    assert styled(word, "Caption")[0] == "Tabel . Every kind of cell"
    fields = [e.get(qn("w:instr")).strip() for e in word.element.body.iter(qn("w:fldSimple"))]
    assert fields == [r"SEQ Tabel \* ARABIC", r"SEQ Figuur \* ARABIC", r"SEQ Tabel \* ARABIC", r"SEQ Tabel \* ARABIC"]
    shown = ["".join(t.text for t in e.iter(qn("w:t"))) for e in word.element.body.iter(qn("w:fldSimple"))]
    assert shown == ["1", "1", "2", "3"]
    assert all(p.paragraph_format.keep_with_next for p in word.paragraphs if p.text.startswith("Tabel "))


def test_contents_lead_to_headings(word):
    targets = {e.get(qn("w:name")) for e in word.element.body.iter(qn("w:bookmarkStart"))}
    links = [e.get(qn("w:anchor")) for e in word.element.body.iter(qn("w:hyperlink"))]
    assert len(links) == 2
    assert set(links) == targets
    marks = [e.get(qn("w:fldCharType")) for e in word.element.body.iter(qn("w:fldChar"))]
    assert marks == ["begin", "separate", "end"]


def test_pictures_and_tables_have_their_words(word):
    assert [e.get("descr") for e in word.element.body.iter(qn("wp:docPr"))] == ['What is "seen" <there>']
    captions = [e.get(qn("w:val")) for e in word.element.body.iter(qn("w:tblCaption"))]
    assert captions == ["Every kind of cell", "Nothing", "One"]
    named = docx.Document(io.BytesIO(write(hard("en", school="De Wilg", logo=png()), "docx")))
    assert next(named.element.body.iter(qn("wp:docPr"))).get("descr") == "Logo of De Wilg"


def test_tones_are_words(word):
    assert styled(word, "Note")[0].startswith("Toelichting. note text")
    assert styled(word, "Warning")[1].startswith("Let op. warning text")
    assert styled(word, "Refusal")[0].startswith("Niet mogelijk. refusal text")


def test_texts_are_texts(word):
    bullets = [squeezed(text) for text in styled(word, "List Bullet")]
    assert bullets[0] == squeezed(NASTY[0])
    assert bullets[6] == squeezed(NASTY[6])
    assert bullets[5] == "emphasisandstrong"


def test_it_holds_no_person_no_time_and_no_leftovers(made, word):
    about = word.core_properties
    assert (about.author, about.last_modified_by, about.comments) == ("werkbank", "", "")
    assert about.title == "#title() = <x> & co"
    assert (about.created, about.modified) == (None, None)
    assert zip_times(made) == {(1980, 1, 1, 0, 0, 0)}
    names = zipfile.ZipFile(io.BytesIO(made)).namelist()
    assert not [n for n in names if "thumbnail" in n or "customXml" in n or "WithEffects" in n]


def test_libreoffice_shows_it_whole(made, soffice):
    from pypdf import PdfReader

    pages = [page.extract_text() for page in PdfReader(io.BytesIO(soffice(made, "hard.docx"))).pages]
    assert len(pages) > 4
    assert all("Gesimuleerde gegevens" in page for page in pages)
    assert f"{len(pages)} / {len(pages)}" in pages[-1]
    said = squeezed("".join(pages))
    assert "Tabel1.Everykindofcell" in said
    assert "Tabel3.One" in said
    assert "1.Headingone<&>" in said
    assert said.count("textcolumn") >= 2  # the head on each of the table's pages
    assert squeezed("[−0,50; −1,24]") in said


def test_a_drawing_becomes_pixels_that_word_can_show():
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="40pt" height="30pt" viewBox="0 0 40 30"/>'
    section = Section("a", "en", (Heading("H"), Figure("f", svg, "seen", "caption", 160)))
    made = docx.Document(io.BytesIO(write(Document((section,), "en", "T", simulated=False), "docx")))
    (shape,) = made.inline_shapes
    assert (shape.width.mm, shape.height.mm) == (pytest.approx(160, abs=1), pytest.approx(120, abs=1))
    (image,) = [part for part in made.part.package.parts if part.content_type == "image/png"]
    assert image.image.px_width == pytest.approx(160 / 25.4 * 200, abs=2)


def test_it_carries_its_letters(made, word):
    """A machine without the family shows the file as one that has it: LibreOffice finds the letters in the file."""
    from fontTools.ttLib import TTFont

    from werkbank.reporting import fonts

    inside = zipfile.ZipFile(io.BytesIO(made))
    table = inside.read("word/fontTable.xml").decode()
    assert 'w:altName w:val="Calibri"' in table
    key = bytes.fromhex("".join(c for c in table.split('fontKey="{')[1].split("}")[0] if c != "-"))[::-1]
    for face, name in zip(("regular", "bold", "italic", "bolditalic"), range(1, 5), strict=True):
        mixed = inside.read(f"word/fonts/font{name}.odttf")
        clear = bytes(a ^ b for a, b in zip(mixed[:32], key * 2, strict=True)) + mixed[32:]
        assert clear == fonts.unpacked(face)
        assert TTFont(io.BytesIO(clear))["name"].getDebugName(1) == fonts.CARRIED
    order = [child.tag for child in word.settings.element]
    assert order.index(qn("w:embedTrueTypeFonts")) == order.index(qn("w:zoom")) + 1


def test_libreoffice_has_no_letters_of_its_own_to_use(made, soffice):
    from pypdf import PdfReader

    used = {
        str(font.get_object()["/BaseFont"]).partition("+")[2]
        for page in PdfReader(io.BytesIO(soffice(made, "letters.docx"))).pages
        for font in page["/Resources"]["/Font"].values()
    }
    assert used >= {"WerkbankSans-Regular", "WerkbankSans-Bold"}
    assert not any("Carlito" in name or "Liberation" in name for name in used)


ADDRESS = "https://doi.org/10.1016/S0022-4405(00)00048-6"


def referring(language="nl"):
    said = Paragraph(f"Hedges (2007), *Titel*, p = 0,03, g = 0,40 [0,12; 0,60]. {ADDRESS}.")
    table = Table("t", "Bronnen", (Column("a", "bron", "text"), Column("b", "g", "interval")),
                  ({"a": f"zie {ADDRESS}", "b": (0.1, 0.4)},))  # fmt: skip
    return Document((Section("a", language, (Heading("H"), said, table)),), language, "T", simulated=False)


def test_references_lead_to_their_address():
    word = docx.Document(io.BytesIO(write(referring(), "docx")))
    cell = word.tables[0].cell(1, 0).paragraphs[0]
    for paragraph in (next(p for p in word.paragraphs if p.text.startswith("Hedges")), cell):
        (link,) = [found for found in paragraph.hyperlinks if found.address]
        assert (link.address, link.text) == (ADDRESS, ADDRESS)
        assert link.runs[0].style.name == "Hyperlink"
    assert not next(p for p in word.paragraphs if p.text.startswith("Hedges")).text.endswith("6")


def test_numbers_do_not_break():
    word = docx.Document(io.BytesIO(write(referring(), "docx")))
    said = next(p.text for p in word.paragraphs if p.text.startswith("Hedges")).replace("\N{NO-BREAK SPACE}", "~")
    assert "p~=~0,03, g~=~0,40 [0,12;~0,60]" in said
    numbers = [c._tc for row in word.tables[0].rows[1:] for c in row.cells[1:]]
    assert all(cell.tcPr.find(qn("w:noWrap")) is not None for cell in numbers)
