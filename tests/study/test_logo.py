"""A school's logo: any picture from the study's folder, and nothing but its pixels."""

import io

import pytest
from PIL import Image

from werkbank.errors import UnfitError
from werkbank.study import load_study
from werkbank.study.logo import MAX_BYTES, SIZE

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


def test_a_link_that_leads_out_of_the_folder_is_not_followed(tmp_path):
    (tmp_path / "secret.png").write_bytes(picture("PNG"))
    folder = study_with(tmp_path / "study", "l.png")
    (folder / "l.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(UnfitError) as caught:
        load_study(folder)
    assert caught.value.problems[0].code == "study_logo_outside"
