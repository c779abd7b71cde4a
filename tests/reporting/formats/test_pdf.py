"""The PDF: tagged for who does not see it, numbered and marked for who does, and nothing of the machine in it."""

import io
import re

import pytest
import typst
from pypdf import PdfReader
from tests.reporting.formats import tagged
from tests.reporting.formats.conftest import hard, in_file, png, squeezed

from werkbank.reporting.blocks import Bullets, Figure, Heading, Paragraph, Section, Table
from werkbank.reporting.formats import Document, write
from werkbank.reporting.formats.pdf import pdf
from werkbank.reporting.numbers import Column

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="40pt" height="30pt" viewBox="0 0 40 30"/>'


@pytest.fixture(scope="module")
def made(file):
    return file("hard", "nl", "pdf")


@pytest.fixture(scope="module")
def pages(made):
    return [page.extract_text() for page in PdfReader(io.BytesIO(made)).pages]


def test_it_says_that_it_conforms_to_pdf_ua(made):
    root = PdfReader(io.BytesIO(made)).trailer["/Root"]
    assert b"<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_data()
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "nl-NL"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]


def test_it_holds_no_time_and_no_place(made):
    about = PdfReader(io.BytesIO(made)).metadata
    assert about.title == "#title() = <x> & co"
    assert set(about) <= {"/Title", "/Creator"}
    assert b"/tmp" not in made
    assert b"CreateDate" not in PdfReader(io.BytesIO(made)).trailer["/Root"]["/Metadata"].get_data()


def test_every_page_says_that_data_are_simulated(pages):
    assert len(pages) > 4
    assert all("Gesimuleerde gegevens" in page for page in pages)
    plain = PdfReader(io.BytesIO(write(hard("en", simulated=False), "pdf"))).pages
    assert not any("imulated data" in page.extract_text() for page in plain)


@pytest.mark.parametrize(("name", "title"), [("hard", "#title() = <x> & co"), ("single", "Study single")])
def test_pages_and_captions_are_numbered_in_order(name, title, file):
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(file(name, "nl", "pdf"))).pages]
    for number, page in enumerate(pages[1:], start=2):
        assert f"{number} / {len(pages)}" in page
        assert title in page
    captions = [n.text for n in tagged.tree(file(name, "nl", "pdf")).all("Caption")]
    tables = [re.match(r"Tabel (\d+)\. ", caption) for caption in captions]
    assert [int(found[1]) for found in tables if found] == list(range(1, sum(map(bool, tables)) + 1))


def test_a_long_table_has_its_head_on_every_page(pages):
    assert sum("text column" in page and "reliability" in page for page in pages) >= 2


def test_what_a_screen_reader_gets(made):
    root = tagged.tree(made)
    assert [squeezed(n.text) for n in root.all("H1")] == ["Inhoud", "1.Headingone<&>", "2.Two", "Herkomstvanditrapport"]
    assert [n.text for n in root.all("H2")] == ["Deeper"]
    assert [n.given["/Alt"] for n in root.all("Figure")] == ['What is "seen" <there>']
    captions = [n.text for n in root.all("Caption")]
    assert captions == ["Tabel 1. Every kind of cell", "Figuur 1. A caption", "Tabel 2. Nothing", "Tabel 3. One"]
    table = root.all("Table")[0]
    assert len(table.all("TH")) == 9
    assert len(table.all("TR")) == 61
    assert {str(n.given["/A"][0]["/Scope"] if isinstance(n.given["/A"], list) else n.given["/A"]["/Scope"])
            for n in table.all("TH")} == {"/Column"}  # fmt: skip
    said = root.text
    for word in ("Toelichting. ", "Let op. ", "Niet mogelijk. "):
        assert word in said
    assert len(root.all("LI")) == 9


def test_text_is_never_markup(made):
    said = squeezed(tagged.tree(made).text)
    for text in ("#panic()$x$[a](b)@SUM(A1)\\n", "<w:t>&amp;</w:t>{x}%"):
        assert said.count(text) >= 5
    assert "tab" in said
    assert in_file("and\x07bell") in said


def test_characters_without_a_glyph_are_seen_and_counted(made):
    said = tagged.tree(made).text
    assert "\N{PILE OF POO}" not in said
    n = int(re.search(r"(\d+) tekens die de lettertypen", said).group(1))
    assert n == 1 + sum(i % 9 == 8 for i in range(60))  # one in the bullets, the others in the table
    assert "lettertypen" not in tagged.tree(write(Document((), "nl", "Żółć Ελλάδα Жук", simulated=False), "pdf")).text


def test_the_cover_shows_the_school():
    root = tagged.tree(write(hard("en", school="De Wilg", logo=png(), report="School report"), "pdf"))
    assert root.all("Figure")[0].given["/Alt"] == "Logo of De Wilg"
    assert "De Wilg" in root.text
    assert "SCHOOL REPORT" in root.text
    # a logo without a name would be a picture without words
    assert len(tagged.tree(write(hard("en", logo=png()), "pdf")).all("Figure")) == 1


def test_a_drawing_stays_lines():
    section = Section("a", "en", (Heading("H"), Figure("f", SVG, "seen", "caption", 400)))
    made = write(Document((section,), "en", "T", simulated=False), "pdf")
    assert b"/Subtype /Image" not in made
    assert b"/Subtype/Image" not in made


@pytest.mark.parametrize(
    "blocks",
    [(Heading("H"), Figure("f", png(), "", "no words")), (Heading("H"), Heading("skipped", 4))],
    ids=["no alt", "skipped level"],
)
def test_what_is_not_accessible_is_not_made(blocks):
    with pytest.raises(typst.TypstError, match="PDF/UA-1"):
        pdf(Document((Section("a", "en", blocks),), "en", "T", simulated=False))


ADDRESS = "https://doi.org/10.1016/S0022-4405(00)00048-6"
LONG = "Het 95%-betrouwbaarheidsinterval van onderwijsonderzoekersvoorzieningen stelt niemand gerust. " * 6


def referring(language):
    blocks = (Heading("H"), Paragraph(f"{LONG}{ADDRESS}. {'0123456789abcdef' * 8}"), Bullets((f"*Zie* {ADDRESS}",)))
    table = Table("t", "Bronnen", (Column("a", "bron", "text"),), ({"a": f"zie {ADDRESS}"},))
    return write(Document((Section("a", language, (*blocks, table)),), language, "T", simulated=False), "pdf")


def test_text_is_copied_as_it_was_written(made):
    for file in (made, referring("nl")):
        said = "".join(page.extract_text() for page in PdfReader(io.BytesIO(file)).pages)
        assert not set(said) & {"\u200b", "\u2060", "\ufeff", "\ufffc"}
    assert ADDRESS in said.replace("\n", "")
    assert "0123456789abcdef" * 8 in said.replace("\n", "")
    assert "95%-betrouwbaarheidsinterval" in said.replace("\n", "")


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_reference_can_be_followed(language):
    found = [
        annotation.get_object()
        for page in PdfReader(io.BytesIO(referring(language))).pages
        for annotation in page.get("/Annots", [])
    ]
    to = [note["/A"]["/URI"] for note in found if "/URI" in note.get("/A", {})]
    assert set(to) == {ADDRESS}
    assert len(to) >= 3
    assert all(note.get("/Contents") for note in found), "PDF/UA: a link says what it is"


def test_words_are_divided_as_their_language_does():
    text = "Aansprakelijkheidsverzekering " * 40
    ends = []
    for language in ("nl", "en"):
        section = Section("a", language, (Heading("H"), Paragraph(text)))
        made = write(Document((section,), language, "T", simulated=False), "pdf")
        lines = "".join(page.extract_text() for page in PdfReader(io.BytesIO(made)).pages).split("\n")
        divided = [line.rstrip("\u00ad-\u2010 ").rpartition(" ")[2] for line in lines if "prakel" in line]
        ends.append({end for end in divided if end and not end.startswith("Aansprakelijkheidsverzekering")})
    assert ends[0] & {"Aanspra", "Aansprake", "Aansprakelijk", "Aansprakelijkheids", "Aansprakelijkheidsver"}
    assert ends[0] != ends[1]


def test_letters_are_those_of_the_figures(made):
    used = {
        str(font.get_object()["/BaseFont"]).partition("+")[2]
        for page in PdfReader(io.BytesIO(made)).pages
        for font in page["/Resources"]["/Font"].values()
    }
    assert any(name.startswith("SourceSansPro") for name in used)
    assert not any("Libertinus" in name for name in used)
