"""What all formats share: texts as HTML reads them, widths that keep numbers whole."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reporting.formats.conftest import NASTY, hard, hard_table

from werkbank.reporting import labels
from werkbank.reporting.blocks import Table, inline
from werkbank.reporting.formats import FORMATS, pdf, write
from werkbank.reporting.formats.document import plain, printable, runs, written
from werkbank.reporting.numbers import Column


def test_a_text_is_read_as_html_reads_it():
    shown = [(run.text, run.strong, run.emphasis) for run in runs("a **b *c* d** *e* <em>f</em> 3 * 4 * 5")]
    assert shown == [
        ("a ", False, False),
        ("b ", True, False),
        ("c", True, True),
        (" d", True, False),
        (" ", False, False),
        ("e", False, True),
        (" <em>f</em> 3 * 4 * 5", False, False),
    ]


@given(st.text(alphabet="ab*< >&\x07"))
@settings(max_examples=200, deadline=None)
def test_no_text_is_lost(text):
    assert plain(text).replace("*", "") == printable(text).replace("*", "")
    assert ("<strong>" in inline(text)) == any(run.strong for run in runs(text))


def test_control_characters_are_seen_not_dropped():
    assert printable("a\x00b\x1fc\ud800d\te\r\n") == "a\ufffdb\ufffdc\ufffdd e  "


@pytest.mark.parametrize("language", ["nl", "en"])
def test_numbers_stay_on_their_line_and_columns_within_the_page(language):
    table = written(hard_table(), language, 120)
    assert sum(table.widths) <= 1 + 1e-9
    for row in table.rows:
        for text, numeric in zip(row, table.numeric, strict=True):
            assert not (numeric and " " in text)
    # the column of words holds one of 150 letters; every number still has the room that its longest text asks for
    line = max(len(row[0]) for row in table.rows) / (table.widths[0]) * 0.9
    assert all(
        max(len(row[i]) for row in table.rows) <= width * line
        for i, width in enumerate(table.widths)
        if table.numeric[i]
    )
    assert "–" in " ".join(table.notes)
    assert not table.short


def test_a_small_table_is_as_wide_as_it_needs():
    table = Table("t", "t", (Column("a", "group"), Column("n", "n", "count")), ({"a": "nieuw", "n": 12},), ("note",))
    shown = written(table, "en", 120)
    assert sum(shown.widths) < 0.3
    assert shown.short
    assert shown.notes == ("note",)
    assert shown.rows == (("nieuw", "12"),)


def test_words_share_what_numbers_leave():
    columns = (Column("a", "a"), Column("b", "b"), Column("c", "c"), Column("n", "n", "count"))
    row = {"a": "word " * 100, "b": "short", "c": "word " * 30, "n": 1}
    a, b, c, n = written(Table("t", "t", columns, (row,)), "nl", 120).widths
    assert a >= c > b > n
    assert a + b + c + n == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_report_gives_the_same_bytes(form, monkeypatch):
    first = write(hard("nl"), form)
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert write(hard("nl"), form) == first


@pytest.mark.parametrize("form", FORMATS)
def test_a_report_without_anything_is_a_file(form):
    from werkbank.reporting.blocks import Section
    from werkbank.reporting.formats import Document

    assert write(Document((Section("a", "en", ()),), "en", "Empty", simulated=False), form)


def test_a_format_that_does_not_exist():
    with pytest.raises(KeyError):
        write(hard("nl"), "odt")


def test_the_hard_document_is_hard():
    assert {text[0] for text in NASTY} >= set("=+-@#<*")


@pytest.mark.parametrize("word", ["measurement", "vervolgmeting", "www", "kommammm"])
def test_a_word_of_a_header_has_room_in_bold_letters_on_a_full_page(word):
    columns = (Column("a", "question"), *(Column(k, f"without later {word}", "count") for k in "bcdefg"))
    rows = tuple(dict.fromkeys("bcdefg", 194) | {"a": "closeness according to the pupil"} for _ in range(3))
    shown = written(Table("tab-t", "T", columns, rows), "en", pdf._LINE_APPENDIX)
    size = 7.8 * min(1.0, shown.scale)  # of an appendix in report.typ; 166 mm of text, 1 mm at each side of a cell
    assert all(166 * width - 2 >= labels.width(word, size, bold=True) for width in shown.widths[1:])
