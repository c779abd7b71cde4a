"""What a user adds, as blocks: whole tables, clean HTML, pictures with words, and nothing that runs."""

from __future__ import annotations

import base64
import io
import json

import numpy as np
import pandas as pd
import pytest

import werkbank
from werkbank.errors import UsageError
from werkbank.reporting import numbers
from werkbank.reporting.blocks import Bullets, Figure, Heading, Own, Paragraph, Section, Table, Verbatim, section_html
from werkbank.reporting.cleaning import of_html, of_markdown
from werkbank.reporting.numbers import Column
from werkbank.reporting.outputs import adopted, is_handle, printed
from werkbank.reporting.own import ROWS, Shown, of_frame, of_png
from werkbank.reporting.showing import shown


def seen(made: Shown, language: str = "nl") -> str:
    return section_html(Section("s", language, (made.own(language, 1),)))


def png(width: int = 300, height: int = 100) -> bytes:
    from PIL import Image

    made = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(made, "PNG")
    return made.getvalue()


def test_a_frame_keeps_its_index_its_levels_and_what_is_missing():
    index = pd.MultiIndex.from_tuples([("a", 2024), ("b", 2025)], names=["school", None])
    columns = pd.MultiIndex.from_tuples([("post", "mean"), ("post", "n")])
    (table,) = of_frame(pd.DataFrame([[1.5, 3], [np.nan, 4]], index, columns)).blocks
    assert [c.label for c in table.columns] == ["school", "", "post / mean", "post / n"]
    assert [c.kind for c in table.columns] == ["text", "number", "number", "number"]
    assert table.rows[1] == {"i0": "b", "i1": 2025, "c0": None, "c1": 4}
    page = seen(Shown((table,)))
    assert '<td class="number">1,5</td>' in page
    assert '<td class="number">–</td>' in page
    assert '<td class="number">2025</td>' in page  # a year has no sign between its thousands
    assert ">rij<" in page  # an index without a name still has a header


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(0.00001, 4, "1,00e−05"), (-1234.5, 1, "−1234,5"), (0.0, 2, "0,00"), (-0.0, 0, "0"), (2.5e16, 0, "2,50e+16"),
     (float("inf"), 2, "∞"), (float("nan"), 2, "–"), (0.00005, 4, "0,0001")],
)  # fmt: skip
def test_a_number_of_ones_own_is_never_a_false_zero(value, digits, text):
    assert numbers.cell(value, Column("x", "x", "number", digits), "nl") == text


def test_a_long_or_wide_frame_says_what_is_left_out():
    made = of_frame(pd.DataFrame(np.arange(18 * (ROWS + 1)).reshape(ROWS + 1, 18)))
    assert len(made.blocks[0].rows) == ROWS
    assert made.notes == (("more_rows", {"n": 1, "shown": ROWS}), ("more_columns", {"n": 2, "shown": 16}))
    assert f"De eerste {ROWS} rijen; 1 rij is weggelaten." in seen(made)


def test_every_kind_of_value_survives_json():
    frame = pd.DataFrame(
        {
            "t": [pd.Timestamp("2026-09-01"), pd.NaT],
            "c": pd.Categorical(["x", None]),
            "b": [True, pd.NA],
            "n": [np.int64(3), 4],
        }
    )
    made = of_frame(frame)
    assert Shown.from_json(json.loads(json.dumps(made.to_json()))) == made
    own = made.own("en", 1)
    section = Section("s", "en", (own, Own((Verbatim("a\n b"), Bullets(("x",))))))
    assert Section.from_json(json.loads(json.dumps(section.to_json()))) == section
    assert made.blocks[0].rows[0] == {"i0": 0, "c0": "2026-09-01 00:00:00", "c1": "x", "c2": "True", "c3": 3}


def test_what_runs_or_loads_is_gone_and_the_words_stay():
    made = of_html(
        "<div onclick='x()'><h1>Kop</h1><p>tekst <img src=x onerror=alert(1) alt='een plaatje'> "
        "<script>alert('plant')</script>"
        "<a href='javascript:alert(2)'>klik</a> <a href='https://example.org'>hier</a></p>"
        "<style>p{}</style><iframe src='https://evil.example'></iframe><form><input value='x'></form></div>"
    )
    assert made.blocks == (
        Heading("Kop", 3),
        Paragraph("tekst een plaatje klik hier (https://example.org)"),
    )
    assert of_html("<script>alert(1)</script><style>x</style>") is None


def test_a_table_of_html_becomes_a_table_with_spans_and_numbers():
    frame = pd.DataFrame(
        [[1.5, "<b>x</b>"], [2.25, "y"]],
        pd.MultiIndex.from_product([["a"], [1, 2]], names=["g", "h"]),
        pd.MultiIndex.from_tuples([("v", "m"), ("v", "s")]),
    )
    (table,) = of_html(frame.to_html()).blocks
    assert [c.label for c in table.columns] == ["g", "h", "v / m", "v / s"]
    assert [c.kind for c in table.columns] == ["text", "number", "number", "text"]
    assert table.rows[1] == {"c0": "a", "c1": "2", "c2": "2.25", "c3": "y"}
    assert "&lt;b&gt;x&lt;/b&gt;" in seen(Shown((table,)))


def test_markdown_stands_below_the_reports_own_headings():
    made = of_markdown(
        "# Kop\n\n**vet**, *schuin*, `code`\n\n- een\n- twee\n\n"
        "### Dieper\n\n| a | b |\n|--|--|\n| x | 1 |\n\n```\n  p\n```"
    )
    kinds = [type(block) for block in made.blocks]
    assert kinds == [Heading, Paragraph, Bullets, Heading, Table, Verbatim]
    assert [b.level for b in made.blocks if isinstance(b, Heading)] == [3, 4]
    assert made.blocks[1].text == "**vet**, *schuin*, code"
    assert of_markdown("#### Alleen diep").blocks == (Heading("Alleen diep", 3),)
    assert of_markdown("<!-- niets -->") is None


def test_html_that_only_a_script_can_show_gives_way_to_the_picture_beside_it():
    image = base64.b64encode(png()).decode()
    made = adopted({"text/html": "<script>draw()</script>", "image/png": image, "text/plain": "<Plot>"}, {})
    assert isinstance(made.blocks[0], Figure)
    assert adopted({"image/png": base64.b64encode(b"no picture").decode(), "text/plain": "tekst"}, {}).blocks == (
        Verbatim("tekst"),
    )
    assert adopted({"application/x": "y"}, {}) is None


def test_a_drawing_is_passed_on_as_pixels_without_what_else_it_holds():
    inside = "<script>alert(1)</script><rect width='9' height='9'/>"
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="200" height="50">{inside}</svg>'
    (figure,) = adopted({"image/svg+xml": svg}, {}).blocks
    assert not figure.is_vector
    assert adopted({"image/svg+xml": "<svg", "text/plain": "x"}, {}).blocks == (Verbatim("x"),)


def test_prints_keep_their_lines_and_lose_colours_bars_and_addresses():
    made = printed("a\x1b[31mb\x1b[0m\n  c\n10%\r100%\n<x.Y at 0x7f00aa11>, z")
    assert made.blocks == (Verbatim("ab\n  c\n100%\n<x.Y>, z"),)
    assert printed("<seaborn.axisgrid.FacetGrid at 0x7f00aa11>") is None
    assert printed(" \n") is None
    assert is_handle({"text/plain": "[<matplotlib.lines.Line2D at 0x7f00aa11>]"})
    assert not is_handle({"text/plain": "3"})
    assert "&lt;b&gt; **x**" in seen(printed("<b> **x**"))  # markup of any kind is text


def test_a_picture_without_words_gets_plain_ones_and_a_note_that_asks():
    bare, told = of_png(png()), shown_picture(alt="Een lege rechthoek")
    assert "wat erop te zien is, is niet beschreven" in seen(bare)
    assert "werkbank.show(…, alt=…)" in seen(bare)
    assert 'alt="Een lege rechthoek"' in seen(told)
    assert "werkbank.show" not in seen(told)
    assert bare.blocks[0].width_mm == round(300 / 96 * 25.4)
    assert of_png(png(100, 4000)).blocks[0].width_mm == 20  # never higher than a page


def shown_picture(**words):
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    axes.plot([1, 2])
    made = shown(axes, **words)
    assert not plt.fignum_exists(figure.number)  # else the cell would show it a second time
    return made


def test_show_takes_what_a_user_has():
    import matplotlib.pyplot as plt
    import seaborn as sns

    frame = pd.DataFrame({"x": [1.0, 2.0], "g": ["a", "b"]})
    grid = sns.catplot(frame, x="g", y="x")
    _, many = plt.subplots(1, 2)
    for picture in (grid, many, plt.figure()):
        (block,) = shown(picture, "Titel", "Woorden").blocks
        assert (block.caption, block.alt) == ("Titel", "Woorden")
    (table,) = shown(frame["x"], "Titel").blocks
    assert (table.title, table.columns[1].label) == ("Titel", "x")
    (styled,) = shown(frame.style.format({"x": "{:.3f}"}), "Titel").blocks
    assert styled.rows[0] == {"c0": "0", "c1": "1.000", "c2": "a"}
    assert shown("een *zin*").blocks == (Paragraph("een *zin*"),)
    assert shown("regels\n  blijven").blocks == (Verbatim("regels\n  blijven"),)
    assert shown(3).blocks == (Paragraph("3"),)
    assert shown(0.123456789, "Kop").blocks == (Heading("Kop", 3), Paragraph("0.1235"))
    with pytest.raises(UsageError, match="object"):
        shown(object())
    plt.close("all")


def test_show_puts_its_mark_on_what_jupyter_displays(capsys):
    werkbank.show(pd.DataFrame({"x": [1]}), caption="Titel")
    assert "Shown" in capsys.readouterr().out  # outside a notebook there is only a print of it
    bundle = shown("x")._repr_mimebundle_()
    assert "Own analysis" in bundle["text/html"]
    assert bundle["application/vnd.werkbank.own+json"]["blocks"] == [
        {"block": "Paragraph", "text": "x", "tone": "plain"}
    ]
