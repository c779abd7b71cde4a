"""A picture -> its pixels as a PNG, in a process of its own: what ends that process, or fills its memory, ends no run.

Run as ``python drawing.py .svg`` it reads a picture of that kind and writes the PNG; it ends with 0 when it was drawn.
A drawing can ask for filters at which the library that draws it panics, or never comes to an end.
"""

from __future__ import annotations

import io
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

MAX_SIDE = 6000  # pixels; a picture can unfold to a thousand times its file
SIZE = (1200, 400)  # what 54 by 18 mm of paper can show
MEMORY, SECONDS = 4 << 30, 5  # that drawing it may address, and compute


def limit() -> None:
    """Let this process have no more than that, where the system can count it."""
    with suppress(ImportError):
        import resource

        for what, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_CORE, 0)):
            with suppress(ValueError, OSError):  # the system allows less already
                resource.setrlimit(what, (most, most))


def of_pixels(content: bytes) -> bytes:
    """Return a PNG or JPEG upright, without its empty border, at most `SIZE`; ValueError when it shows nothing."""
    from PIL import Image, ImageOps, PngImagePlugin

    with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as opened:
        if max(opened.size) > MAX_SIDE:
            raise ValueError(opened.size)
        picture = ImageOps.exif_transpose(opened).convert("RGBA")
    shown = picture.getbbox()
    if shown is None:
        raise ValueError(shown)
    picture = picture.crop(shown)  # without an empty border it stands in line with the text
    picture.thumbnail(SIZE)
    made = io.BytesIO()
    by = PngImagePlugin.PngInfo()
    by.add_text("Software", "werkbank")  # `check-privacy` knows by it whose drawing it is
    picture.save(made, "PNG", pnginfo=by)
    return made.getvalue()


def of_svg(content: bytes) -> bytes:
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


if __name__ == "__main__":
    limit()
    given = sys.stdin.buffer.read()
    sys.stdout.buffer.write(of_pixels(of_svg(given) if sys.argv[1] == ".svg" else given))
