"""The letters of every file that a report is read in: one family, the same on every machine, fetched from nowhere.

Figures and PDF are set from the static files of Source Sans Pro; what those lack is taken from matplotlib's own DejaVu.
A page and a Word file carry a part of the same family with them (Latin and Greek), renamed as its licence asks of a
part: ``page/fonts`` holds it, and ``scripts/page_fonts.py`` makes it.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

FAMILY, OTHERWISE = "Source Sans Pro", "DejaVu Sans"
CARRIED = "Werkbank Sans"
FACES = {"regular": "Regular", "italic": "It", "bold": "Semibold", "bolditalic": "SemiboldIt"}
PART = Path(__file__).parent / "page" / "fonts"


@cache
def folder() -> Path:
    """Return where the static files are."""
    return Path(str(files("font_source_sans_pro"))) / "files"


def fallback() -> Path:
    """Return where the letters are that stand in for those that the family lacks."""
    import matplotlib as mpl

    return Path(mpl.get_data_path()) / "fonts" / "ttf"


@cache
def registered() -> list[str]:
    """Make the family known to matplotlib, and return what a figure is written in: it, then what stands in for it."""
    from matplotlib.font_manager import fontManager

    for face in FACES.values():
        fontManager.addfont(folder() / f"SourceSansPro-{face}.ttf")
        if face.startswith("Semibold"):  # by its own name a family of its own; here what is asked for as bold
            fontManager.ttflist[-1] = replace(fontManager.ttflist[-1], name=FAMILY, weight=700)
    return [FAMILY, OTHERWISE]


@cache
def glyphs() -> frozenset[int]:
    """Return the characters that there are letters for."""
    from matplotlib.ft2font import FT2Font

    found: set[int] = set()
    for file in (folder() / "SourceSansPro-Regular.ttf", fallback() / "DejaVuSans.ttf"):
        found |= set(FT2Font(str(file)).get_charmap())
    return frozenset(found)


@cache
def style_sheet() -> str:
    """Return the CSS that gives a page its letters, with the letters in it."""
    rules = []
    for face in ("regular", "italic", "bold"):
        weight = "600 700" if face == "bold" else "400"
        letters = b64encode((PART / f"{face}.woff").read_bytes()).decode("ascii")
        rules.append(
            f'@font-face {{ font-family: "{CARRIED}"; font-style: {"italic" if face == "italic" else "normal"}; '
            f"font-weight: {weight}; src: url(data:font/woff;base64,{letters}) format('woff'); }}"
        )
    return "\n".join(rules) + "\n"


def unpacked(face: str) -> bytes:
    """Return one face of the part that a Word file carries, as TrueType."""
    import io

    from fontTools.ttLib import TTFont

    font: Any = TTFont(PART / f"{face}.woff", recalcTimestamp=False)
    font.flavor = None
    made = io.BytesIO()
    font.save(made, reorderTables=None)
    return made.getvalue()
