"""A section's HTML: semantic, escaped, deterministic."""

import re

import pytest

from werkbank.reporting.blocks import (
    MIME,
    Bullets,
    Figure,
    Heading,
    Paragraph,
    Section,
    Table,
    contents,
    inline,
    section_html,
)
from werkbank.reporting.numbers import Column

TABLE = Table(
    "t-estimates",
    "Schattingen",
    (
        Column("who", "Uitkomst *maat* < 3"),
        Column("n", "n", "count"),
        Column("d", "d", "estimate"),
        Column("ci", "95%-BI", "interval"),
        Column("p", "p", "p"),
    ),
    (
        {"who": "nabijheid <script>", "n": 2287, "d": -0.456, "ci": (0.1, 0.2), "p": 0.0004},
        {"who": "conflict & co", "n": 12, "d": None, "ci": (None, None), "p": 0.034},
    ),
    ("n = aantal leerlingen",),
)


def section(language="nl", blocks=None):
    blocks = blocks or (
        Heading("Wat is gemeten?"),
        Paragraph("Een *nadruk* en **sterk** & <b>niets</b>."),
        Paragraph("Pas op.", "warning"),
        Bullets(("een", "twee")),
        TABLE,
        Figure("f-1", b"\x89PNG", 'Een "beeld" van <iets>', "Bijschrift"),
    )
    return Section("measures", language, blocks)


def test_text_is_escaped_and_emphasis_kept():
    html = section_html(section())
    assert "<em>nadruk</em> en <strong>sterk</strong> &amp; &lt;b&gt;niets&lt;/b&gt;" in html
    assert "<script" not in html
    assert 'alt="Een &quot;beeld&quot; van &lt;iets&gt;"' in html


@pytest.mark.parametrize("text", ["3 * 4 * 5", "a*b*c", "**", "* los *"])
def test_stars_that_are_no_markup_stay_stars(text):
    assert inline(text) == text


def test_a_table_has_a_caption_scoped_headers_and_numbers_of_its_language():
    html = section_html(section())
    assert '<caption id="t-estimates-caption">Schattingen</caption>' in html
    assert html.count('scope="col"') == 5
    assert html.count('scope="row"') == 2
    for text in ("2.287", "−0,46", "[0,10; 0,20]", "&lt; ,001", ",034", "–"):
        assert f">{text}<" in html
    english = section_html(section("en"))
    for text in ("2,287", "−0.46", "[0.10, 0.20]", "&lt; .001", ".034"):
        assert f">{text}<" in english
    assert "<style" not in html
    assert html.count("<table") == html.count("</table>") == 1


def test_every_id_stands_once_and_every_reference_has_its_target():
    html = section_html(section())
    ids = re.findall(r' id="([^"]*)"', html)
    assert len(ids) == len(set(ids))
    assert not [i for i in ids if " " in i]
    assert set(re.findall(r'(?:aria-labelledby|headers)="([^"]*)"', html)) <= set(ids)


def test_a_missing_value_is_explained_and_a_tone_is_a_word():
    html = section_html(section())
    assert "niet beschikbaar" in html
    assert "Let op." in html
    assert "Please note." in section_html(section("en"))


def test_equal_sections_give_equal_bytes_also_after_a_round_trip_through_a_notebook():
    first = section_html(section())
    bundle = section()._repr_mimebundle_()
    assert bundle["text/html"] == first
    assert section_html(Section.from_json(bundle[MIME])) == first


def test_contents_lists_first_headings():
    assert contents([section(), Section("x", "nl", (Paragraph("geen kop"),))]) == [
        ("measures-0", "Wat is gemeten?", False)
    ]
