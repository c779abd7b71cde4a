"""A report as a Word file that can be edited: styles, captions that renumber, heads that return, alt text."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import docx as word
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.oxml import serialize_part_xml
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from werkbank.catalogue import say
from werkbank.reporting import fonts
from werkbank.reporting.blocks import Bullets, Figure, Heading, Own, Paragraph, Table, Verbatim, spanned, titled
from werkbank.reporting.formats.chapter_word import WIDTH_MM as _CHAPTER_MM
from werkbank.reporting.formats.chapter_word import as_chapter
from werkbank.reporting.formats.document import Run, linked, plain, printable, runs, together, written
from werkbank.reporting.formats.packed import timeless
from werkbank.reporting.formats.pixels import pixels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docx.document import Document as WordFile

    from werkbank.reporting.blocks import Block
    from werkbank.reporting.formats.document import Document

LOOK = Path(__file__).parents[1] / "page" / "report.word.xml"
LOCALES = {"nl": "nl-NL", "en": "en-GB"}
_WIDTH_MM = 166  # of A4's 210, between the margins
_BESIDE_WORDS_MM = 138  # of a picture on a page with a message, whatever letters a reader's Word has
_WIDTH = 9411  # the same in twentieths of a point
_CHAPTER_WIDTH, _CHAPTER_LINE = 9071, 112  # the same of a chapter
_LINE = 122  # characters of 9 points in that width
_UNWANTED = ("thumbnail", "customXml", "stylesWithEffects")  # what python-docx's template carries along


def docx(document: Document) -> bytes:
    """Return a report as a Word file, the same bytes for the same report, without person or time in its properties.

    Every look is a style (Heading 1 to 3, Caption, List Bullet, Note, Warning, Table Text, ...); the numbers of tables
    and figures and the contents are fields; a table's head returns on each page and no row is divided; pictures and
    tables carry their text alternative; the language is the report's.
    """
    file = word.Document()
    _dressed(file, document)
    body = _Body(file, document.language)
    body.opening(document)
    for block in document.blocks:
        body.add(block)
    body.closing(document)
    _lead_somewhere(file)
    made = io.BytesIO()
    file.save(made)
    return timeless(made.getvalue())


def _dressed(file: WordFile, document: Document) -> None:
    """Put the report's styles, page, running heads and properties in the place of the template's."""
    locale = LOCALES[document.language]
    styles, numbering = parse_xml(LOOK.read_text(encoding="utf-8").replace("LANGUAGE", locale).encode())
    for mine, theirs in ((styles, file.styles.element), (numbering, file.part.numbering_part.element)):
        theirs[:] = list(mine)
    for part in (file.part, file.part.package):
        for key in [k for k, rel in part.rels.items() if rel.reltype.rpartition("/")[2] in _UNWANTED]:
            part.rels.pop(key)
    settings = file.settings.element
    settings.find(qn("w:themeFontLang")).set(qn("w:val"), locale)
    settings.find(qn("w:decimalSymbol")).set(qn("w:val"), "," if document.language == "nl" else ".")
    settings.find(qn("w:listSeparator")).set(qn("w:val"), ";" if document.language == "nl" else ",")
    mode = settings.find(qn("w:compat")).find(qn("w:compatSetting"))
    mode.set(qn("w:val"), "15")  # else Word opens the file in compatibility mode

    _carry_letters(file)

    known = file.core_properties
    known.title, known.subject, known.language = printable(document.title), document.kind, locale
    known.author, known.comments = document.school or "werkbank", ""

    page = file.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = Mm((210 - _WIDTH_MM) / 2)
    page.top_margin, page.bottom_margin = (Mm(20), Mm(18)) if document.message else (Mm(27), Mm(24))
    if document.message:
        _smaller(file)
    if document.chapter:
        as_chapter(file, simulated=say("report.page.simulated", document.language) if document.simulated else "")
        return
    mark = [_run(Run("\t")), _run(Run(say("report.page.simulated", document.language), strong=True))]
    head, foot = page.header.paragraphs[0]._p, page.footer.paragraphs[0]._p  # noqa: SLF001 - python-docx' own way in
    head.extend([_run(Run(document.title)), *(mark if document.simulated else [])])
    foot.extend([_run(Run(f"{document.school or document.kind}\t")), _field("PAGE", "1"), _run(Run(" / "))])
    foot.append(_field("NUMPAGES", "1"))


_KEY = UUID("77657266-6261-6e6b-2d6c-657474657273")  # the letters are mixed with it, as the format wants
_WORDS = {"regular": "Regular", "bold": "Bold", "italic": "Italic", "bolditalic": "BoldItalic"}


def _carry_letters(file: WordFile) -> None:
    """Put the report's letters in the file, so that no machine needs them (else: Calibri)."""
    table = file.part.part_related_by(RELATIONSHIP_TYPE.FONT_TABLE)
    known = _element("w:fonts")
    letters = _element("w:font", _element("w:altName", val="Calibri"), name=fonts.CARRIED)
    letters.extend(
        [_element("w:charset", val="00"), _element("w:family", val="swiss"), _element("w:pitch", val="variable")]
    )
    for number, (face, name) in enumerate(_WORDS.items(), start=1):
        place = PackURI(f"/word/fonts/font{number}.odttf")
        made = Part(place, "application/vnd.openxmlformats-officedocument.obfuscatedFont", _mixed(fonts.unpacked(face)))
        key = {"fontKey": f"{{{str(_KEY).upper()}}}"}
        embedded = _element(f"w:embed{name}", **key)
        embedded.set(qn("r:id"), table.relate_to(made, RELATIONSHIP_TYPE.FONT))
        letters.append(embedded)
    known.append(letters)
    table._blob = serialize_part_xml(known)  # noqa: SLF001 - python-docx knows no fonts
    # the format has its settings in a fixed order
    file.settings.element.find(qn("w:zoom")).addnext(_element("w:embedTrueTypeFonts"))


def _mixed(font: bytes) -> bytes:
    """Return a font as Office keeps it: its first 32 bytes mixed with the key, backwards and twice."""
    key = _KEY.bytes[::-1] * 2
    return bytes(a ^ b for a, b in zip(font[:32], key, strict=True)) + font[32:]


def _lead_somewhere(file: WordFile) -> None:
    """Give every address of the text its relation, by which Word knows where a link leads."""
    for link in file.element.body.iter(qn("w:hyperlink")):
        address = link.get(qn("r:id"))
        if address:
            link.set(qn("r:id"), file.part.relate_to(address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))


def _smaller(file: WordFile) -> None:
    """Set a report whose first page is its message smaller, so that the message is a page."""
    for style, size, above, below in (("Normal", 9.5, 0, 4), ("List Bullet", 9.5, 0, 2), ("Caption", 8.5, 3, 3),
                                      ("Title", 17, 2, 4), ("Subtitle", 9, 0, 0), ("Heading 1", 14, 8, 4),
                                      ("Heading 3", 10.5, 6, 3), ("Warning", 9, 2, 4), ("Note", 9, 6, 4)):  # fmt: skip
        looks: Any = file.styles[style]
        looks.font.size = Pt(size)
        looks.paragraph_format.space_before, looks.paragraph_format.space_after = Pt(above), Pt(below)


class _Body:
    """The text of the file, filled from top to bottom; it numbers headings, tables and figures."""

    def __init__(self, file: WordFile, language: str) -> None:
        self.file = file
        self.language = language
        self.end = file.element.body[-1]  # the properties of the page, which stay last
        self.message = self.chapter = False
        self.n = {"heading": 0, "table": 0, "figure": 0}

    def put(self, *elements: Any) -> None:  # noqa: ANN401 - python-docx' XML elements have no public type
        for element in elements:
            self.end.addprevious(element)

    def opening(self, document: Document) -> None:
        """Write the title, what it is, whose it is, and the contents."""
        self.message, self.chapter = document.message, document.chapter
        if self.chapter:
            self.chapter_opening(document)
            return
        if document.school and document.logo:
            wide = 25 if self.message else 50
            self.picture(document.logo, say("formats.logo", self.language, school=document.school), wide)
        self.put(_paragraph("Subtitle", runs(document.kind)), _paragraph("Title", (Run(document.title),)))
        if document.school:
            self.put(_paragraph("Lead", (Run(document.school),)))
        if document.simulated:
            word_, sentence = (say(f"report.page.{key}", self.language) for key in ("simulated", "simulated_sentence"))
            self.put(_paragraph("Warning", (Run(f"{word_}.", strong=True), Run(f" {sentence}"))))
        if self.message:
            return
        self.put(_paragraph("Normal", (Run(say("formats.language", self.language)),)))
        self.contents([plain(b.text) for b in document.blocks if isinstance(b, Heading) and b.level <= 2])

    def chapter_opening(self, document: Document) -> None:
        """Write the title of a chapter, and no more than it needs."""
        self.put(_paragraph("Title", (Run(document.title),)))
        if document.simulated:
            told = ". ".join(say(f"report.page.{key}", self.language) for key in ("simulated", "simulated_sentence"))
            self.put(_paragraph("Note", (Run(told, emphasis=True),)))

    def contents(self, headings: list[str]) -> None:
        """Write the contents as a field: clickable at once, renewed by Word when its user asks."""
        self.put(_paragraph("TOCHeading", (Run(say("report.page.contents", self.language)),)))
        first, last = 0, len(headings) - 1
        for i, heading in enumerate(headings):
            line = _paragraph("TOC1", ())
            if i == first:
                line.extend([_mark("begin"), _instruction('TOC \\o "1-1" \\n \\h \\z \\u'), _mark("separate")])
            link = _element("w:hyperlink", _run(Run(f"{i + 1}.\t{heading}")), anchor=f"_Toc{i + 1:05}", history=1)
            line.append(link)
            if i == last:
                line.append(_mark("end"))
            self.put(line)

    def closing(self, document: Document) -> None:
        """Write where the report comes from."""
        if document.chapter:
            return
        if document.message:
            told = "; ".join(f"{label} {value}" for label, value in document.colophon)
            title = say("report.page.colophon", self.language)
            self.put(*[_paragraph("TableNote", (Run(f"{title}: {told}"),))] * bool(told))
            return
        if document.colophon:
            title = _paragraph("Heading1", (Run(say("report.page.colophon", self.language)),))
            # the colophon is no part of the report's argument: no number
            title.pPr.append(_element("w:numPr", _element("w:numId", val=0)))
            self.put(title)
        for label, value in document.colophon:
            self.put(_paragraph("TableNote", (Run(f"{label}: ", strong=True), Run(value))))

    def add(self, block: Block) -> None:  # noqa: C901 - one case a kind of block
        """Write one block."""
        match block:
            case Heading():
                self.heading(block)
            case Paragraph(text, "plain" | "lead" as tone):
                self.put(_paragraph("Normal" if tone == "plain" else "Lead", runs(text)))
            case Paragraph(text, "own"):
                self.put(_paragraph("OwnMark", runs(text), keep=True))
            case Paragraph(text, tone):
                said = Run(say(f"report.tone.{tone}", self.language), strong=True)
                self.put(_paragraph(tone.capitalize(), (said, Run(" "), *runs(text))))
            case Bullets():
                self.put(*(_paragraph("ListBullet", runs(item)) for item in block.items))
            case Table():
                self.table(block)
            case Figure() if self.chapter:
                self.chapter_figure(block)
            case Figure():
                width = min(block.width_mm, _WIDTH_MM if not self.message else _BESIDE_WORDS_MM)
                self.picture(pixels(block.image, width) if block.is_vector else block.image, block.alt, width)
                self.put(self.caption("figure", runs(block.caption)))
            case Verbatim():
                self.put(*(_paragraph("Verbatim", (Run(line),)) for line in block.text.split("\n")))
            case Own():
                raise TypeError("a document has its parts instead")

    def chapter_figure(self, block: Figure) -> None:
        """Write a figure under its number and title, with its note below."""
        title, note = titled(block.caption, self.language)
        width = min(block.width_mm, _CHAPTER_MM)
        self.put(*self.chapter_caption("figure", runs(title)))
        self.picture(pixels(block.image, width) if block.is_vector else block.image, block.alt, width)
        self.put(_paragraph("TableNote", runs(note)))

    def chapter_caption(self, kind: str, title: tuple[Run, ...]) -> list[Any]:
        """Return the number of a table or figure in bold on a line of its own, and its title in italics below."""
        self.n[kind] += 1
        name = say(f"formats.{kind}", self.language)
        number = _paragraph("Caption", (Run(f"{name} ", strong=True),), keep=True)
        number.append(_field(f"SEQ {name} \\* ARABIC", str(self.n[kind]), strong=True))
        return [number, _paragraph("Caption", tuple(Run(run.text, emphasis=True) for run in title), keep=True)]

    def heading(self, block: Heading) -> None:
        level = min(3, max(1, block.level - 1))  # the study's title has the style Title
        line = _paragraph(f"Heading{level}", runs(block.text))
        if level == 1:
            self.n["heading"] += 1
            n = self.n["heading"]
            line.insert(1, _element("w:bookmarkStart", id=n, name=f"_Toc{n:05}"))
            line.append(_element("w:bookmarkEnd", id=n))
            if self.message or self.chapter:
                line.pPr.append(_element("w:numPr", _element("w:numId", val=0)))
        opens = level == 1 and not self.chapter and self.n["heading"] == (2 if self.message else 1)
        if block.fresh or opens:
            line.pPr.insert(1, _element("w:pageBreakBefore"))  # after the style: the format has them in a fixed order
        self.put(line)

    def caption(self, kind: str, said: tuple[Run, ...]) -> Any:  # noqa: ANN401
        self.n[kind] += 1
        name = say(f"formats.{kind}", self.language)
        line = _paragraph("Caption", (Run(f"{name} ", strong=True),), keep=kind == "table")
        line.append(_field(f"SEQ {name} \\* ARABIC", str(self.n[kind]), strong=True))
        line.extend(
            [_run(Run(". ", strong=True)), *(_run(replace(r, strong=kind == "table" or r.strong)) for r in said)]
        )
        return line

    def picture(self, image: bytes, alt: str, width_mm: float) -> None:
        added = self.file.add_paragraph(style="Picture")
        shape = added.add_run().add_picture(io.BytesIO(image), width=Mm(width_mm))
        shape._inline.docPr.set("descr", printable(alt))  # noqa: SLF001 - python-docx has no other way to it

    def table(self, block: Table) -> None:
        shown = written(block, self.language, _CHAPTER_LINE if self.chapter else _LINE)
        width = _CHAPTER_WIDTH if self.chapter else _WIDTH
        widths = [round(width * part) for part in shown.widths]
        keep = shown.short
        size = "Small" if shown.scale < 1 else ""
        looks = [f"TableNumber{size}" if number else f"TableText{size}" for number in shown.numeric]
        made = _element("w:tbl", _table_properties(plain(block.title), sum(widths), chapter=self.chapter))
        made.append(_element("w:tblGrid", *(_element("w:gridCol", w=width) for width in widths)))
        if any(column.over for column in block.columns):
            over = _element("w:tr", _element("w:trPr", _element("w:cantSplit"), _element("w:tblHeader")))
            over.extend(_spans(block))
            made.append(over)
        head = _element("w:tr", _element("w:trPr", _element("w:cantSplit"), _element("w:tblHeader")))
        labels: list[tuple[Run, ...]] = [(Run(text),) for text in shown.header]
        if self.chapter:
            labels = [runs(c.label) for c in block.columns]
        head.extend(_cells(labels, looks, widths, keep=True, ruled=self.chapter, whole=False))
        made.append(head)
        for i, row in enumerate(shown.rows):
            line = _element("w:tr", _element("w:trPr", _element("w:cantSplit")))
            line.extend(_cells([linked(text) for text in row], looks, widths, keep=keep and i < len(shown.rows) - 1))
            made.append(line)
        captions = self.chapter_caption if self.chapter else lambda kind, said: [self.caption(kind, said)]
        self.put(*captions("table", runs(block.title)), made)
        # a paragraph after every table, or Word would join two into one
        notes = (" ".join(shown.notes),) if self.chapter else shown.notes or ("",)
        self.put(*(_paragraph("TableNote", runs(note)) for note in notes))


def _spans(block: Table) -> Iterator[Any]:
    """Yield the cells that stand over several columns each."""
    for over, n in spanned(block):
        line = _element("w:tcBorders", _element("w:bottom", val="single", sz=4, space=0, color="000000"))
        look = _element("w:tcPr", _element("w:gridSpan", val=n), *[line] * bool(over))
        said = _paragraph("TableText", runs(over), keep=True)
        said.pPr.append(_element("w:jc", val="center"))
        yield _element("w:tc", look, said)


def _table_properties(title: str, width: int, *, chapter: bool = False) -> Any:  # noqa: ANN401
    return _element(
        "w:tblPr",
        _element("w:tblStyle", val="ChapterTable" if chapter else "ReportTable"),
        _element("w:tblW", w=round(5000 * min(1, width / _WIDTH)), type="pct"),
        _element("w:tblLayout", type="autofit"),
        _element("w:tblLook", val="0020", firstRow=1, lastRow=0, firstColumn=0, lastColumn=0, noHBand=1, noVBand=1),
        _element("w:tblCaption", val=title),
    )


def _cells(
    texts: list[tuple[Run, ...]],
    looks: list[str],
    widths: list[int],
    *,
    keep: bool,
    ruled: bool = False,
    whole: bool = True,
) -> Iterator[Any]:
    for said, look, width in zip(texts, looks, widths, strict=True):
        size = _element("w:tcPr", _element("w:tcW", w=width, type="dxa"))
        if ruled:
            rule = _element("w:bottom", val="single", sz=6, space=0, color="000000")
            size.append(_element("w:tcBorders", rule))
        if whole and "Number" in look:
            size.append(_element("w:noWrap"))  # a number is not divided, whatever letters a reader has
        yield _element("w:tc", size, _paragraph(look, said, keep=keep))


def _element(tag: str, *children: Any, **attributes: object) -> Any:  # noqa: ANN401
    made = OxmlElement(tag)
    for name, value in attributes.items():
        made.set(qn(f"w:{name}"), printable(str(value)))
    made.extend(children)
    return made


def _paragraph(style: str, said: tuple[Run, ...], *, keep: bool = False) -> Any:  # noqa: ANN401
    properties = _element("w:pPr", _element("w:pStyle", val=style))
    if keep:
        properties.append(_element("w:keepNext"))
    return _element("w:p", properties, *map(_run, said))


def _run(said: Run) -> Any:  # noqa: ANN401
    if said.link:
        link = _element("w:hyperlink", _run(replace(said, link=None)), history=1)
        link[0].insert(0, _element("w:rPr", _element("w:rStyle", val="Hyperlink")))
        link.set(qn("r:id"), said.link)
        return link
    made = OxmlElement("w:r")
    if said.strong or said.emphasis:
        made.append(_element("w:rPr", _element("w:rStyle", val="Strong" if said.strong else "Emphasis")))
    for i, piece in enumerate(together(said.text).split("\t")):
        if i:
            made.append(_element("w:tab"))
        text = _element("w:t")
        text.text = printable(piece)
        text.set(qn("xml:space"), "preserve")
        made.append(text)
    return made


def _field(instruction: str, shown: str, *, strong: bool = False) -> Any:  # noqa: ANN401
    return _element("w:fldSimple", _run(Run(shown, strong)), instr=f" {instruction} ")


def _mark(kind: str) -> Any:  # noqa: ANN401
    return _element("w:r", _element("w:fldChar", fldCharType=kind))


def _instruction(text: str) -> Any:  # noqa: ANN401
    told = _element("w:instrText")
    told.text = text
    return _element("w:r", told)
