"""A school's logo: checked like any input, and drawn again before a page holds it.

A picture from elsewhere can carry a place and a person (EXIF), or scripts and addresses (SVG); only its pixels go on.
"""

from __future__ import annotations

import io
from pathlib import Path
from tempfile import TemporaryDirectory

from werkbank.errors import Problem

MAX_BYTES = 2_000_000
MAX_SIDE = 6000  # pixels; a picture can unfold to a thousand times its file
SIZE = (1200, 400)  # what 54 by 18 mm of paper can show
SUFFIXES = (".png", ".jpg", ".jpeg", ".svg")


def draw_logo(folder: Path, path: str) -> bytes | Problem:
    """Return the logo at `path` (in the study's `folder`) as a PNG without metadata, or what is wrong with it."""

    def wrong(code: str) -> Problem:
        return Problem(f"study_logo_{code}", path, details={"valid": ", ".join(SUFFIXES)})

    file = (folder / path).resolve()
    if Path(path).is_absolute() or not file.is_relative_to(folder.resolve()):
        return wrong("outside")
    if not file.is_file():
        return wrong("absent")
    if file.stat().st_size > MAX_BYTES:
        return wrong("too_large")
    if file.suffix.lower() not in SUFFIXES:
        return wrong("no_picture")
    content = file.read_bytes()
    try:
        return _png(_of_svg(content) if file.suffix.lower() == ".svg" else content)
    except (OSError, ValueError, SyntaxError, RuntimeError):  # what the two libraries raise for what is no picture
        return wrong("no_picture")


def _png(content: bytes) -> bytes:
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as opened:
        if max(opened.size) > MAX_SIDE:
            raise ValueError(opened.size)
        picture = ImageOps.exif_transpose(opened).convert("RGBA")
    picture = picture.crop(picture.getbbox())  # without an empty border it stands in line with the text
    picture.thumbnail(SIZE)
    made = io.BytesIO()
    picture.save(made, "PNG")
    return made.getvalue()


def _of_svg(content: bytes) -> bytes:
    """Return a drawing as pixels, set by the compiler of the PDF in a folder where there is nothing else to read."""
    import typst

    page = f"#set page(width: {SIZE[0] / 4}pt, height: {SIZE[1] / 4}pt, margin: 0pt, fill: none)\n"
    page += '#image("logo", format: "svg", width: 100%, height: 100%, fit: "contain")'
    with TemporaryDirectory() as folder:
        (Path(folder) / "logo").write_bytes(content)
        (Path(folder) / "main.typ").write_text(page, encoding="utf-8")
        main = str(Path(folder) / "main.typ")
        made = typst.compile(main, root=folder, format="png", ppi=288, ignore_system_fonts=True)
    assert isinstance(made, bytes)  # noqa: S101 - one page
    return made
