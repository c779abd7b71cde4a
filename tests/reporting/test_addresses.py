"""Addresses become links, without the sign that ends the sentence, in a page as in every other format."""

import pytest

from werkbank.reporting import addresses
from werkbank.reporting.blocks import Paragraph, Section, Table, section_html
from werkbank.reporting.formats.document import runs
from werkbank.reporting.numbers import Column

DOI = "https://doi.org/10.1016/S0022-4405(00)00048-6"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"({DOI}).", [DOI]),
        ("zie https://a.nl/b, of http://c.nl/d?e=f&g=1!", ["https://a.nl/b", "http://c.nl/d?e=f&g=1"]),
        ("https://doi.org/10.1/(x)", ["https://doi.org/10.1/(x)"]),
        ("https:// is geen adres, xhttp://y ook niet, javascript://z evenmin", []),
        ("“https://a.nl/b”", ["https://a.nl/b"]),
    ],
)
def test_an_address_ends_before_the_sentence_does(text, found):
    pieces = addresses.split(text)
    assert [address for _, address in pieces if address] == found
    assert "".join(piece for piece, _ in pieces) == text


def test_a_page_links_what_a_text_and_a_cell_name():
    table = Table("t", "Bronnen", (Column("a", "bron", "text"), Column("b", "adres", "text")), ({"a": "x", "b": DOI},))
    page = section_html(Section("s", "nl", (Paragraph(f"**Hedges** ({DOI}) https://a.nl/?x=1&y='2'"), table)))
    assert page.count(f'<a href="{DOI}">{DOI}</a>') == 2
    assert '<a href="https://a.nl/?x=1&amp;y=&#x27;2">' in page


def test_a_run_knows_where_it_leads():
    assert [(r.text, r.strong, r.link) for r in runs("**zie https://a.nl/b&c** nu")] == [
        ("zie ", True, None),
        ("https://a.nl/b&c", True, "https://a.nl/b&c"),
        (" nu", False, None),
    ]
