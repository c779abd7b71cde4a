"""A report as PDF/UA-1, set by typst: a cover, running heads, tables whose heads return, pictures with their words."""

from __future__ import annotations

import json
import re
import struct
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from warnings import warn

from werkbank.catalogue import say
from werkbank.reporting import fonts
from werkbank.reporting.blocks import Bullets, Figure, Heading, Own, Paragraph, Table, Verbatim, spanned, titled
from werkbank.reporting.formats.document import linked, printable, runs, together, written

if TYPE_CHECKING:
    from werkbank.reporting.blocks import Block
    from werkbank.reporting.formats.document import Document, Run

TEMPLATE = Path(__file__).parents[1] / "page" / "report.typ"
CHAPTER = TEMPLATE.with_name("chapter.typ")
_LINE = 126  # characters of 9 points between the margins
_LINE_APPENDIX = 145  # of 7.8 points
_SIZE = re.compile(rb'viewBox="0 0 ([\d.]+) ([\d.]+)"')
_HIGH = 80  # mm: a picture that would leave a gap where a page ends
_SMALLEST = 0.7  # of 9 points: what can still be read
_REPLACED = "\N{REPLACEMENT CHARACTER}"


def pdf(document: Document) -> bytes:
    """Return a report as a PDF that conforms to PDF/UA-1; the compiler refuses to make any other.

    The template reads the report as JSON: a text is never typst markup, whatever it holds. Fonts are those of the
    figures, so that every machine sets the same pages. A character that neither
    has (an emoji in a title) is replaced by a visible sign, and the colophon counts them.

    Raises
    ------
    typst.TypstError
        When the document would not conform: a picture without text alternative, a skipped level of heading.
    """
    import typst

    files: dict[str, bytes] = {}
    content = _content(document, files)
    text, n_replaced = _displayable(json.dumps(content, ensure_ascii=False))
    if n_replaced:
        note = {"replaced": say("formats.replaced", document.language, n=n_replaced)}
        text = json.dumps(json.loads(text) | note, ensure_ascii=False)
    template = CHAPTER if document.chapter else TEMPLATE
    files |= {"main.typ": template.read_bytes(), "report.json": text.encode()}
    with TemporaryDirectory() as folder:
        for name, file in files.items():
            (Path(folder) / name).write_bytes(file)
        made, doubts = typst.compile_with_warnings(
            str(Path(folder) / "main.typ"),
            root=folder,
            format="pdf",
            pdf_standards=["ua-1"],
            ignore_system_fonts=True,
            font_paths=[str(fonts.folder()), str(fonts.fallback())],
        )
    for doubt in doubts:
        warn(str(doubt), stacklevel=2)
    assert isinstance(made, bytes)  # noqa: S101 - a PDF is one file
    return made


def _content(document: Document, files: dict[str, bytes]) -> dict[str, Any]:
    language = document.language
    if document.school and document.logo:
        files["logo"] = document.logo
    in_body, opening = document.in_body, len(document.sections[0].blocks) if document.answers else 0
    return {
        "language": language,
        "message": document.message,
        "answers": document.answers,
        "title": document.title,
        "report": document.kind,
        "school": document.school,
        "logo": say("formats.logo", language, school=document.school) if "logo" in files else None,
        "simulated": say("report.page.simulated", language) if document.simulated else None,
        "simulated_sentence": say("report.page.simulated_sentence", language),
        "spoken": say("formats.language", language),
        "contents": say("report.page.contents", language),
        "colophon": say("report.page.colophon", language),
        "provenance": document.colophon,
        "replaced": None,
        "table": say("formats.table", language),
        "figure": say("formats.figure", language),
        "blocks": _numbered(
            [
                _block(block, language, files, appendix=i >= in_body) | {"own": own, "opening": i < opening}
                for i, (block, own) in enumerate(document.placed)
            ]
        ),
    }


def _numbered(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give tables and pictures their numbers: those of every other format, whatever page they land on."""
    counts = Counter[str]()
    for block in blocks:
        counts[block["is"]] += 1
        block["number"] = counts[block["is"]]
    return blocks


def _block(block: Block, language: str, files: dict[str, bytes], *, appendix: bool = False) -> dict[str, Any]:
    return _shown(block, language, files, appendix=appendix) | {"appendix": appendix}


def _shown(block: Block, language: str, files: dict[str, bytes], *, appendix: bool) -> dict[str, Any]:
    match block:
        case Heading():
            # the study's title is the document's, so that its parts are headings of level 1
            level = max(1, block.level - 1)
            return {"is": "heading", "level": level, "text": _text(block.text), "fresh": block.fresh}
        case Paragraph():
            return _paragraph(block, language)
        case Bullets():
            return {"is": "bullets", "items": [_text(item) for item in block.items]}
        case Table():
            return _table(block, language, _LINE_APPENDIX if appendix else _LINE)
        case Figure():
            name = f"picture-{len(files)}"
            files[name] = block.image
            shown = {"alt": block.alt, "caption": _text(block.caption), "width": block.width_mm}
            shown["high"] = _height_mm(block) > _HIGH
            title, note = titled(block.caption, language)
            shown |= {"title": _text(title), "note": _text(note) if note else []}
            return {"is": "picture", "file": name, **shown}
        case Verbatim():
            return {"is": "verbatim", "text": "\n".join(map(printable, block.text.split("\n")))}
        case Own():
            raise TypeError("a document has its parts instead")


def _paragraph(block: Paragraph, language: str) -> dict[str, Any]:
    if block.tone == "own":
        return {"is": "mark", "text": _text(block.text)}
    word = None if block.tone in {"plain", "lead"} else say(f"report.tone.{block.tone}", language)
    return {"is": "paragraph", "tone": block.tone, "word": word, "text": _text(block.text)}


def _height_mm(block: Figure) -> float:
    if found := _SIZE.search(block.image) if block.is_vector else None:
        width, height = map(float, found.groups())
    else:
        width, height = struct.unpack(">II", block.image[16:24])  # where every PNG says how large it is
    return block.width_mm * height / width


def _table(block: Table, language: str, line: int) -> dict[str, Any]:
    table = written(block, language, line)
    return {
        "is": "table",
        "title": _text(block.title),
        "header": table.header,
        "header_runs": [_text(column.label) for column in block.columns],
        "spans": [{"text": _text(over) if over else [], "n": n} for over, n in spanned(block)],
        "short": table.short,
        "scale": max(table.scale, _SMALLEST),
        "numeric": table.numeric,
        "widths": table.widths,
        "rows": [[_runs(linked(text)) for text in row] for row in table.rows],
        "notes": [_text(note) for note in table.notes],
    }


def _text(text: str) -> list[dict[str, Any]]:
    return _runs(runs(text))


def _runs(said: tuple[Run, ...]) -> list[dict[str, Any]]:
    return [vars(run) | {"text": together(run.text)} for run in said]


def _displayable(text: str) -> tuple[str, int]:
    known = fonts.glyphs()
    shown = "".join(c if ord(c) in known else _REPLACED for c in text)
    return shown, sum(a != b for a, b in zip(text, shown, strict=True))
