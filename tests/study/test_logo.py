"""A school's logo: any picture from the study's folder, and nothing but its pixels."""

import base64
import io
import struct
import zlib

import pytest
from PIL import Image

from werkbank.cli import main
from werkbank.errors import UnfitError
from werkbank.study import load_study
from werkbank.study.drawing import SIZE
from werkbank.study.logo import MAX_BYTES

STUDY = """\
title: Proef
school: {{name: De Wilg, logo: {logo}}}
design: {{kind: single_group}}
files: [{{path: raw.csv}}]
outcomes: [{{name: taal, column: taal, range: [0, 60], better: higher}}]
"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="30" height="10"><rect width="30" height="10" fill="red"/>{}</svg>'


def study_with(folder, name, content=None):
    folder.mkdir(exist_ok=True)
    if content is not None:
        (folder / name).write_bytes(content)
    (folder / "study.yaml").write_text(STUDY.format(logo=name), encoding="utf-8")
    return folder


def picture(form, size=(30, 10), mode="RGB", **more):
    made = io.BytesIO()
    Image.new(mode, size, "red").save(made, form, **more)
    return made.getvalue()


def drawn(folder, name, content):
    logo = load_study(study_with(folder, name, content)).logo
    return Image.open(io.BytesIO(logo)), logo


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("l.png", picture("PNG")),
        ("l.jpg", picture("JPEG")),
        ("l.JPEG", picture("JPEG")),
        ("l.svg", SVG.format("").encode()),
    ],
)
def test_each_kind_becomes_the_same_png(tmp_path, name, content):
    shown, logo = drawn(tmp_path, name, content)
    assert shown.format == "PNG"
    assert shown.width / shown.height == pytest.approx(3, rel=0.02)
    red, green, blue, alpha = shown.getpixel((shown.width // 2, shown.height // 2))
    assert (red > 250, green < 5, blue < 5, alpha) == (True, True, True, 255)
    assert load_study(tmp_path).logo == logo, "the same bytes each time"


def test_where_and_by_whom_a_photo_was_taken_does_not_go_on(tmp_path):
    exif = Image.Exif()
    exif[0x013B], exif[0x8825] = "Photographer P.", {1: "N", 2: (52.0, 0.0, 0.0)}
    given = picture("JPEG", exif=exif)
    assert b"Photographer" in given
    shown, logo = drawn(tmp_path, "l.jpg", given)
    assert b"Photographer" not in logo
    assert not shown.getexif()


def test_a_script_in_a_drawing_does_not_go_on(tmp_path):
    _, logo = drawn(tmp_path, "l.svg", SVG.format("<script>alert(1)</script>").encode())
    assert logo == drawn(tmp_path / "plain", "l.svg", SVG.format("").encode())[1]


@pytest.mark.parametrize("address", ["other.png", "http://example.org/c.png", "file:///etc/hostname"])
def test_a_drawing_that_wants_another_file_is_refused(tmp_path, address):
    (tmp_path / "other.png").write_bytes(picture("PNG", (10, 10)))
    with pytest.raises(UnfitError):
        drawn(tmp_path, "l.svg", SVG.format(f'<image href="{address}" width="9" height="9"/>').encode())


def test_a_large_picture_is_made_as_small_as_paper_needs(tmp_path):
    shown, _ = drawn(tmp_path, "l.png", picture("PNG", (5000, 100)))
    assert (shown.width, shown.height) == (SIZE[0], 24)


LAUGHS = '<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9)
)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("absent.png", None, "absent"),
        ("l.png", b"", "no_picture"),
        ("l.png", b"<html>", "no_picture"),
        ("l.png", picture("PNG")[:60], "no_picture"),
        ("l.png", picture("GIF"), "no_picture"),
        ("l.gif", picture("GIF"), "no_picture"),
        ("l.svg", b"<svg", "no_picture"),
        ("l.svg", picture("PNG"), "no_picture"),
        ("l.svg", f"{LAUGHS}]>{SVG.format('<text>&j;</text>')}".encode(), "no_picture"),
        ("l.png", picture("PNG", (7000, 2)), "no_picture"),
        ("l.png", picture("PNG") + bytes(MAX_BYTES), "too_large"),
        ("/etc/hostname", None, "outside"),
        ("../l.png", None, "outside"),
    ],
)
def test_what_is_no_logo_is_named_with_its_line(tmp_path, name, content, code):
    with pytest.raises(UnfitError) as caught:
        load_study(study_with(tmp_path / "study", name, content))
    (problem,) = caught.value.problems
    assert (problem.code, problem.row, problem.value) == (f"study_logo_{code}", 2, name)
    assert name in problem.sentence("nl")
    assert problem.sentence("nl") != problem.sentence("en")


def unfolding(width, height, rows, bits=8, colour=6):
    """Write a PNG that says this size and holds so many rows of nothing."""
    wide = (1 + width * bits * (4 if colour == 6 else 1) // 8) if rows else 0

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(wide * rows), 9)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def drawing(inside, size='width="30" height="10"'):
    whole = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f"<svg {whole} {size}>{inside}</svg>".encode()


def filtered(what, region="", box='width="30" height="10"'):
    return drawing(f'<filter id="f" {region}>{what}</filter><rect {box} filter="url(#f)"/>')


HOSTILE = {
    "unfolds to more than may be drawn.png": unfolding(100_000, 100_000, 0),
    "says a size beyond all.png": unfolding(2**31 - 1, 2**31 - 1, 0),
    "is nothing but transparent.png": unfolding(900, 900, 900),
    "a filter that panics.svg": filtered(
        '<feMorphology operator="dilate" radius="1e9"/>', 'x="0" y="0" width="1e9" height="1e9"'
    ),
    "a filter that ends the process.svg": filtered(
        "<feFlood/>", 'x="-1e38" y="-1e38" width="1e38" height="1e38"', 'width="1e-30" height="1e-30"'
    ),
    "a filter without end.svg": filtered('<feTurbulence baseFrequency="0.5" numOctaves="1000000000"/>'),
    "a picture in it that fills the memory.svg": drawing(
        '<image width="30" height="10" xlink:href="data:image/png;base64,'
        f'{base64.b64encode(unfolding(30_000, 30_000, 30_000, 1, 0)).decode()}"/>'
    ),
    "uses of uses.svg": drawing(
        '<defs><rect id="g0" width="1" height="1"/>'
        + "".join(f'<g id="g{i + 1}">{f"""<use xlink:href="#g{i}"/>""" * 10}</g>' for i in range(9))
        + '</defs><use xlink:href="#g9"/>'
    ),
    "in itself.svg": drawing('<g id="a"><use xlink:href="#a"/></g>'),
    "nests.svg": drawing("<g>" * 100_000 + "</g>" * 100_000),
    "without a size.svg": drawing("<rect/>", 'width="0" height="0"'),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_logo_is_a_problem_like_any_other(tmp_path, name, capfd, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tijdelijk"))
    monkeypatch.setattr("tempfile.tempdir", None)
    (tmp_path / "tijdelijk").mkdir()
    folder = study_with(tmp_path / "study", name.replace(" ", "-"), HOSTILE[name])
    assert main(["check", str(folder), "--language", "en"]) == 3
    said = capfd.readouterr()
    assert "cannot be drawn" in said.err
    assert "Traceback" not in said.err + said.out
    assert "panicked" not in said.err + said.out
    assert not list((tmp_path / "tijdelijk").iterdir())


def test_a_link_that_leads_out_of_the_folder_is_not_followed(tmp_path):
    (tmp_path / "secret.png").write_bytes(picture("PNG"))
    folder = study_with(tmp_path / "study", "l.png")
    (folder / "l.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(UnfitError) as caught:
        load_study(folder)
    assert caught.value.problems[0].code == "study_logo_outside"
