"""What is made to fill the memory is refused in a short message before it does: measured in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from textwrap import dedent

import openpyxl
import pytest
import yaml
from tests.intake.conftest import ONE_GROUP
from tests.intake.test_hostile import with_a_cell_at

MEGABYTES = 250  # over what a study of two pupils takes
PROGRAM = dedent(
    """
    import json, resource, sys
    from werkbank.errors import UnfitError
    from werkbank.intake import calamine, reading, spss, workbooks
    from werkbank.study import load_study

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        reading.read_answers(load_study(sys.argv[1]))
        told = []
    except UnfitError as error:
        told = [[p.code, p.sentence("nl"), p.sentence("en")] for p in error.problems]
    print(json.dumps([told, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024]))
    """
)


def ods(sheet: str) -> bytes:
    import io

    head = (
        '<?xml version="1.0" encoding="UTF-8"?><office:document-content '
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2">'
    )
    body = f'<office:body><office:spreadsheet><table:table table:name="a">{sheet}</table:table></office:spreadsheet>'
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", f"{head}{body}</office:body></office:document-content>")
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            '<manifest:file-entry manifest:full-path="/" '
            'manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/></manifest:manifest>',
        )
    return made.getvalue()


def cell(text: str, more: str = "") -> str:
    return f'<table:table-cell office:value-type="string"{more}><text:p>{text}</text:p></table:table-cell>'


ROWS = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in ("iab", "112", "234"))
FAR = ' table:number-columns-repeated="1000000"'


def _repeated(path):
    cells = f'<table:table-row table:number-rows-repeated="1000000">{cell("1", FAR)}</table:table-row>'
    (path / "m.ods").write_bytes(ods(ROWS + cells))


def _repeated_below(path):
    gap = '<table:table-row table:number-rows-repeated="9000000"><table:table-cell/></table:table-row>'
    far = f"<table:table-row><table:table-cell{FAR}/>{cell('1')}</table:table-row>"
    (path / "m.ods").write_bytes(ods(ROWS + gap + far))


def _far_cell(path):
    (path / "m.xlsx").write_bytes(with_a_cell_at("XFD1048576"))


def _bomb(path):
    book = openpyxl.Workbook()
    book.active.append(["id", "a", "b"])
    book.save(path / "m.xlsx")
    with zipfile.ZipFile(path / "m.xlsx", "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/b.xml", "w") as out:
        for _ in range(450):
            out.write(b"\0" * 1_000_000)


def _shared_text(path):
    import io

    book, old = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["id", "a", "b"])
    book.save(old)
    with (
        zipfile.ZipFile(old) as before,
        zipfile.ZipFile(path / "m.xlsx", "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for name in before.namelist():
            if name != "xl/sharedStrings.xml":
                after.writestr(name, before.read(name))
        with after.open("xl/sharedStrings.xml", "w") as out:
            out.write(b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">')
            out.write(b"<si><t>id</t></si><si><t>")
            for _ in range(380):
                out.write(b"x" * 1_000_000)
            out.write(b"</t></si></sst>")


def _text(path, head: bytes, piece: bytes, times: int, tail: bytes = b"\n"):
    with (path / "m.csv").open("wb") as out:
        out.write(head)
        for _ in range(times):
            out.write(piece)
        out.write(tail)


HOSTILE = {
    "a row of a million cells, a million times": (_repeated, "sheet_spread"),
    "a cell below nine million empty rows": (_repeated_below, "sheet_spread"),
    "a cell at XFD1048576": (_far_cell, "sheet_spread"),
    "a zip bomb": (_bomb, "file_too_large"),
    "shared strings of 380 MB": (_shared_text, "file_too_large"),
    "one cell of 60 MB": (lambda path: _text(path, b"id,a,b\n1,1,", b"x" * 1_000_000, 60), "line_too_long"),
    "one quoted cell of 60 MB": (
        lambda path: _text(path, b'id,a,b\n1,1,"', b"x" * 999 + b"\n", 60_000),
        "cell_too_long",
    ),
    "one line of 60 MB": (lambda path: _text(path, b"id,a,b\n", b"1," * 500_000, 60), "line_too_long"),
    "four million columns": (lambda path: _text(path, b"id,a,b\n", b"1," * 500_000, 8), "columns_too_many"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_fills_the_memory_is_refused_before_it_does(tmp_path, name):
    write, code = HOSTILE[name]
    write(tmp_path)
    (file,) = tmp_path.glob("m.*")
    (tmp_path / "study.yaml").write_text(yaml.safe_dump({**ONE_GROUP, "files": [{"path": file.name}]}))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)], capture_output=True, text=True, check=True, timeout=120
    )
    told, peak = json.loads(done.stdout)
    assert [found[0] for found in told] == [code]
    assert all(len(sentence) < 500 for found in told for sentence in found[1:])
    assert peak < MEGABYTES + 2 * file.stat().st_size / 1e6
