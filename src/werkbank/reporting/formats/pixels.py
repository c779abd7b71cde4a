"""A drawing as pixels, for files that cannot hold lines."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory

PPI = 200  # sharp on paper; a report of ten pictures stays below two megabytes
HEAD = 33  # bytes of a PNG before its first note: by a note `check-privacy` knows whose drawing it is


def pixels(svg: bytes, width_mm: float) -> bytes:
    """Return a drawing as a PNG of the size at which it is printed, by the compiler that also sets the PDF."""
    import typst

    page = f'#set page(width: {width_mm}mm, height: auto, margin: 0pt)\n#image("drawing.svg", width: 100%)'
    with TemporaryDirectory() as folder:
        (Path(folder) / "drawing.svg").write_bytes(svg)
        (Path(folder) / "main.typ").write_text(page, encoding="utf-8")
        made = typst.compile(str(Path(folder) / "main.typ"), root=folder, format="png", ppi=PPI)
    assert isinstance(made, bytes)  # noqa: S101 - one page
    return made[:HEAD] + _chunk(b"tEXt", b"Software\0werkbank") + made[HEAD:]


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
