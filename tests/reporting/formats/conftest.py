"""Documents to be written: real reports, and one that holds what is hard to write; and what reads files back."""

from __future__ import annotations

import io
import re
import shutil
import struct
import subprocess
import zlib
from functools import cache

import pytest
from tests.conftest import lacking

from werkbank.reporting.blocks import Bullets, Figure, Heading, Paragraph, Section, Table
from werkbank.reporting.formats import Document, write
from werkbank.reporting.numbers import Column

KINDS = ("text", "count", "mean", "estimate", "p", "share", "interval", "reliability", "df")
NASTY = (
    "#panic() $x$ [a](b) @SUM(A1) \\n",
    "=HYPERLINK(1)",
    "+1",
    "-2 is text",
    "@x",
    "*emphasis* and **strong**",
    "<w:t>&amp;</w:t> {x} %",
    "o" * 150,
    "tab\tand\x07bell \N{PILE OF POO}",
)
VALUES = (0.0, -0.004, -1.236, 12.5, 1234567.891, 0.0004, 0.9999, 0.03449, 1.0, float("nan"), float("inf"), None)


def png(width=4, height=3):
    """A small real picture."""

    def part(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(b"".join(b"\x00" + b"\x0b\x55\x63" * width for _ in range(height)))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", rows) + part(b"IEND", b"")


def hard_table():
    columns = tuple(Column(kind, f"{kind} column", kind) for kind in KINDS)
    rows = []
    for i in range(60):
        value = VALUES[i % len(VALUES)]
        ends = None if i % 5 == 0 else [value, 2.5] if i % 2 else (-0.5, value)
        row = dict.fromkeys(KINDS, value) | {"text": NASTY[i % len(NASTY)], "interval": ends}
        rows.append(row | ({"reliability": [0.7, 0.999]} if i == 7 else {}))
    return Table("tab-hard: [everything]/in?one*table", "Every *kind* of cell", columns, tuple(rows), NASTY[:4])


def hard(language, *, simulated=True, **around):
    """Return a document of everything that is hard to write."""
    empty = Table("tab-empty", "Nothing", (Column("a", "a"), Column("n", "n", "count")), ())
    one = Table("tab-hard: [everything]/in?one*table too", "One", (Column("n", "n", "count"),), ({"n": 3},))
    tones = tuple(
        Paragraph(f"{tone} **text** {NASTY[0]}", tone) for tone in ("plain", "lead", "note", "warning", "refusal")
    )
    first = Section(
        "a", language, (Heading("Heading *one* <&>"), *tones, Bullets(NASTY), Heading("Deeper", 3), hard_table())
    )
    second = Section(
        "b", language, (Heading("Two"), Figure("fig", png(), 'What is "seen" <there>', "A *caption*", 120), empty, one)
    )
    provenance = {"werkbank": "0.1.0", "something": NASTY[0]}
    title = around.pop("title", "#title() = <x> & co")
    return Document((first, second), language, title, simulated, provenance, **around)


@pytest.fixture(scope="session")
def document(sections):
    """Give a document: `hard`, or the report of an example or hard case of reporting."""

    @cache
    def made(name, language):
        if name == "hard":
            return hard(language)
        return Document(sections(name, language), language, f"Study {name}", simulated=True, provenance={"seed": "1"})

    return made


@pytest.fixture(scope="session")
def file(document):
    """Give the bytes of a document in a format; each is written once."""
    return cache(lambda name, language, form: write(document(name, language), form))


@pytest.fixture(scope="session")
def soffice(tmp_path_factory):
    """Give a function that lets LibreOffice print a file as a PDF."""
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if not program:
        lacking("no LibreOffice on this machine: Word files are not opened in it")
    folder = tmp_path_factory.mktemp("office")

    def printed(made, name):
        (folder / name).write_bytes(made)
        home = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
        words = [program, home, "--headless", "--convert-to", "pdf", "--outdir", str(folder), str(folder / name)]
        subprocess.run(words, check=True, capture_output=True, timeout=180)
        return (folder / name).with_suffix(".pdf").read_bytes()

    return printed


def squeezed(text):
    """Return text without spaces and places to break, which lines and columns change."""
    return re.sub(r"[\s\N{ZERO WIDTH SPACE}\N{SOFT HYPHEN}]+", "", text)


def tables_of(page):
    """Yield each table of a page as rows of texts: of a number that opens to where it comes from, the number."""
    from lxml import html

    for table in html.fromstring(page).iter("table"):
        for opened in table.xpath('.//details[@class="how"]/*[not(self::summary)]'):
            opened.getparent().remove(opened)
        yield [[cell.text_content() for cell in row.iter("th", "td")] for row in table.iter("tr")]


def in_file(text):
    """Return a text as a file may show it: control characters replaced."""
    return re.sub(r"[\x00-\x08\x0e-\x1f]", "\N{REPLACEMENT CHARACTER}", text).replace("\t", " ")


def zip_times(made):
    import zipfile

    with zipfile.ZipFile(io.BytesIO(made)) as packed:
        return {entry.date_time for entry in packed.infolist()}
