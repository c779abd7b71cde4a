"""The look of a chapter as a Word file: Times, line spacing 1.5, margins of 25 mm, tables as APA has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor

if TYPE_CHECKING:
    from docx.document import Document as WordFile

FONT = "Times New Roman"
MARGIN = 25
WIDTH_MM = 160
# name, size, bold, italic, points above and below, spacing of lines
STYLES = (
    ("Normal", 11, False, False, 0, 6, 1.5),
    ("Title", 15, True, False, 0, 10, 1.0),
    ("Heading 1", 12, True, False, 16, 8, 1.0),
    ("Heading 2", 11, True, False, 12, 6, 1.0),
    ("Heading 3", 11, True, True, 10, 5, 1.0),
    ("Caption", 10, False, False, 12, 2, 1.0),
    ("Table Text", 8.5, False, False, 1, 1, 1.0),
    ("Table Note", 9, False, False, 3, 12, 1.0),
    ("Note", 9, False, False, 8, 8, 1.0),
    ("List Bullet", 10.5, False, False, 0, 5, 1.0),
    ("Picture", 9, False, False, 2, 2, 1.0),
)
TABLE = (
    '<w:style %s w:type="table" w:customStyle="1" w:styleId="ChapterTable"><w:name w:val="Chapter Table"/>'
    '<w:basedOn w:val="TableNormal"/><w:qFormat/><w:tblPr><w:tblBorders>'
    '<w:top w:val="single" w:sz="8" w:space="0" w:color="000000"/>'
    '<w:bottom w:val="single" w:sz="8" w:space="0" w:color="000000"/></w:tblBorders></w:tblPr></w:style>'
)


def as_chapter(file: WordFile, simulated: str) -> None:
    """Change the styles, the page and the running head to those of a chapter."""
    for name, size, bold, italic, above, below, lines in STYLES:
        look: Any = file.styles[name]
        look.font.name, look.font.size, look.font.bold, look.font.italic = FONT, Pt(size), bold, italic
        look.element.rPr.rFonts.set(qn("w:cs"), FONT)
        look.font.color.rgb = RGBColor(0, 0, 0)
        look.paragraph_format.space_before, look.paragraph_format.space_after = Pt(above), Pt(below)
        look.paragraph_format.line_spacing = Pt(size * 1.65) if lines > 1 else lines
    styles: Any = file.styles
    for name in ("Title", "Heading 1"):
        styles[name].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for name in ("Heading 1", "List Bullet"):
        if (numbered := styles[name].element.pPr.find(qn("w:numPr"))) is not None:
            styles[name].element.pPr.remove(numbered)
    hanging = styles["List Bullet"].paragraph_format
    hanging.left_indent, hanging.first_line_indent = Mm(8), Mm(-8)
    for border in styles["Note"].element.iter(qn("w:pBdr"), qn("w:shd")):
        border.getparent().remove(border)
    styles.element.append(parse_xml(TABLE % nsdecls("w")))
    page = file.sections[0]
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Mm(MARGIN)
    head = page.header.paragraphs[0]
    head.text = f"{simulated}\t" if simulated else "\t"
    head.style.font.name = FONT
    for tab in head.style.element.iter(qn("w:tab")):
        tab.set(qn("w:pos"), str(round(WIDTH_MM / 25.4 * 1440)))
    for border in list(head.style.element.iter(qn("w:pBdr"))):
        border.getparent().remove(border)
    head._p.append(  # noqa: SLF001 - python-docx has no other way to a field
        parse_xml(f'<w:fldSimple {nsdecls("w")} w:instr=" PAGE "><w:r><w:t>1</w:t></w:r></w:fldSimple>')
    )
