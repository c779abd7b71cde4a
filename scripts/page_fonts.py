"""Make src/werkbank/reporting/page/fonts: the part of Source Sans Pro that pages and Word files carry with them.

The part has Latin and Greek letters and the signs of a report. The licence (OFL 1.1) reserves the family's name for
the whole, so the part is renamed; the licence stands beside it.
"""

from __future__ import annotations

import shutil

from fontTools import subset

from werkbank.reporting.fonts import CARRIED, FACES, PART, folder

SIGNS = "−≤≥±×÷½→←↑↓…–—‘’“”„•·√≈≠∞′″€†‡§∑∂⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃\u2002\u2009\u200a\u202f\u0302\u0303\u0304\u0308"
WANTED = [*range(0x20, 0x180), *range(0x391, 0x3CA), 0x2BC, 0x1E9E, *map(ord, SIGNS)]
STYLES = {"regular": "Regular", "italic": "Italic", "bold": "Bold", "bolditalic": "Bold Italic"}


def main() -> None:
    """Write the part, a file a face."""
    PART.mkdir(exist_ok=True)
    for face, name in FACES.items():
        options = subset.Options(flavor="woff", hinting=False, notdef_outline=True)
        options.layout_features = ["kern", "liga", "tnum", "lnum", "mark", "ccmp"]
        font = subset.load_font(str(folder() / f"SourceSansPro-{name}.ttf"), options)
        cut = subset.Subsetter(options)
        cut.populate(unicodes=WANTED)
        cut.subset(font)
        bold, slanted = face.startswith("bold"), face.endswith("italic")
        names = {
            1: CARRIED,
            2: STYLES[face],
            4: f"{CARRIED} {STYLES[face]}",
            6: f"WerkbankSans-{STYLES[face]}".replace(" ", ""),
        }
        kept = [record for record in font["name"].names if record.nameID in {0, 13, 14}]
        font["name"].names = kept
        for number, text in names.items():
            font["name"].setName(text, number, 3, 1, 0x409)
        # a word processor asks for the bold of a family, which here is the half-bold that the page has
        font["OS/2"].usWeightClass = 700 if bold else 400
        font["OS/2"].fsSelection = (1 * slanted) | (32 * bold) | (64 * (not bold and not slanted))
        font["head"].macStyle = (1 * bold) | (2 * slanted)
        font.recalcTimestamp = False
        subset.save_font(font, str(PART / f"{face}.woff"), options)
    shutil.copy(folder() / "LICENSE.txt", PART / "LICENSE.txt")


if __name__ == "__main__":
    main()
