"""What a report is made of, before it is a page: the one model that every writer (HTML, PDF, DOCX, xlsx) reads.

A notebook cell shows a `Section`; JupyterLab displays its HTML, and the executed notebook carries the same section as
JSON, so that other formats are written from the same run. Text may hold ``*emphasis*`` and ``**strong**`` only.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field, replace
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from werkbank.catalogue import say
from werkbank.reporting import addresses, numbers
from werkbank.reporting.numbers import Column
from werkbank.results import MIME

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Cell = str | int | float | None
Tone = Literal["plain", "lead", "note", "warning", "refusal", "own"]


@dataclass(frozen=True)
class Heading:
    """A heading; a page has one of level 1, and levels are never skipped.

    `fresh`: on paper it begins a page, for what stands under it may be shown to others than what stands before it.
    """

    text: str
    level: int = 2
    fresh: bool = False


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; `tone` is shown by a word and a border, never by colour alone."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True)
class Bullets:
    """A list of short texts."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table of values, not of texts: writers format numbers per language, a workbook keeps them as numbers.

    The first column is the row header. An ``interval`` cell is a two-item tuple. Every table of statistics has a column
    (or a note) with its N.
    """

    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[dict[str, Any], ...]
    notes: tuple[str, ...] = ()
    # of each row what its first estimate opens to on a page: formula, n, model, what is taken for granted
    how: tuple[tuple[str, ...], ...] = ()
    number: int = 0  # in a chapter, once its place is known


@dataclass(frozen=True)
class Figure:
    """A picture (SVG or PNG) with the words for who does not see it; `alt` says what is seen, `caption` what it is."""

    id: str
    image: bytes = field(repr=False)
    alt: str
    caption: str
    width_mm: int = 160
    narrow: bytes = field(default=b"", repr=False)  # the same for a phone, where it needs another shape
    number: int = 0

    @property
    def is_vector(self) -> bool:
        """Whether the picture is drawn by SVG's lines and not by pixels."""
        return not self.image.startswith(b"\x89PNG")


@dataclass(frozen=True)
class Verbatim:
    """Text whose lines and spaces are kept, as a cell printed it; no emphasis is read in it."""

    text: str


@dataclass(frozen=True)
class Own:
    """What a user added: every writer marks it as not checked by werkbank, and no copy to share holds it."""

    blocks: tuple[Heading | Paragraph | Bullets | Table | Figure | Verbatim, ...]

    def marked(self, language: str) -> tuple[Block, ...]:
        """Return the blocks after the sentence that says whose they are, for files that know no frame."""
        return (own_mark(language), *self.blocks)


Block = Heading | Paragraph | Bullets | Table | Figure | Verbatim | Own
_BLOCKS: dict[str, type] = {c.__name__: c for c in (Heading, Paragraph, Bullets, Table, Figure, Verbatim, Own)}


def own_mark(language: str) -> Paragraph:
    """Return the sentence that stands over whatever a user added."""
    return Paragraph(say("report.own.mark", language), "own")


@dataclass(frozen=True)
class Section:
    """A part of a report: what one notebook cell shows.

    An `appendix` comes after all other parts, lettered instead of numbered: folded on a page, small on paper.
    """

    id: str
    language: str
    blocks: tuple[Block, ...]
    appendix: bool = False

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:  # noqa: ANN401, ARG002
        return {"text/html": section_html(self), MIME: self.to_json()}

    def to_json(self) -> dict[str, Any]:
        """Return the section as JSON values; `from_json` is its inverse."""
        content = {"id": self.id, "language": self.language, "blocks": [block_json(block) for block in self.blocks]}
        return content | {"appendix": True} if self.appendix else content

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Section:
        """Read a section back from an executed notebook."""
        blocks = tuple(block_from(item) for item in content["blocks"])
        return cls(content["id"], content["language"], blocks, appendix=content.get("appendix", False))


FIRST_PAGE = "one-page"  # the section that is a page by itself: its report has no cover, no contents and no numbers


def opens_with_its_message(sections: Sequence[Section]) -> bool:
    """Whether the first page of a report is its message."""
    return bool(sections) and sections[0].id == FIRST_PAGE


# the part that answers the study's questions: a report that opens with it has no cover, its contents come after it
ANSWERS = ("summary", "overview", "answer", "questions")


def opens_with_its_answers(sections: Sequence[Section]) -> bool:
    """Whether a report begins with what was found."""
    return bool(sections) and (sections[0].id in ANSWERS or sections[0].id.startswith(APART))


def body_first(sections: Sequence[Section]) -> tuple[Section, ...]:
    """Return sections as every format has them: appendices last, whatever the order of a notebook's cells."""
    return tuple(sorted(sections, key=lambda section: section.appendix))


CHAPTER, APART = "chapter-", "apart-"  # how the ids of a thesis' sections begin, and of what is for its writer alone
_MENTION = re.compile(r"\[#((?:tab|fig)-[a-z0-9-]+)\]")


def is_chapter(sections: Sequence[Section]) -> bool:
    """Whether sections are a chapter to be handed in: no cover, no contents, tables and figures as APA has them."""
    return any(section.id.startswith(CHAPTER) for section in sections)


def numbered(sections: Sequence[Section]) -> tuple[Section, ...]:
    """Return a chapter in which tables and figures have their numbers, also where the text mentions them."""
    counts = {Table: 0, Figure: 0}
    numbers: dict[str, str] = {}

    def placed(block: Block) -> Block:
        if isinstance(block, Own):
            return replace(block, blocks=tuple(placed(part) for part in block.blocks))  # type: ignore[misc]
        if not isinstance(block, Table | Figure):
            return block
        kind: type = type(block)
        counts[kind] += 1
        numbers[block.id] = str(counts[kind])
        return replace(block, number=counts[kind])

    made = [replace(s, blocks=tuple(placed(block) for block in s.blocks)) for s in sections]

    def said(text: str, language: str) -> str:
        return _MENTION.sub(lambda m: _mention(m.group(1), numbers.get(m.group(1), ""), language), text)

    return tuple(replace(s, blocks=tuple(_spoken(b, said, s.language) for b in s.blocks)) for s in made)


def _mention(name: str, number: str, language: str) -> str:
    kind = say(f"formats.{'table' if name.startswith('tab-') else 'figure'}", language)
    return f"{kind}\N{NO-BREAK SPACE}{number}" if number else kind


def _spoken(block: Block, said: Callable[[str, str], str], language: str) -> Block:
    """Return a block with its texts as `said` has them."""
    match block:
        case Paragraph() | Heading():
            return replace(block, text=said(block.text, language))
        case Bullets():
            return replace(block, items=tuple(said(item, language) for item in block.items))
        case Table():
            return replace(block, notes=tuple(said(note, language) for note in block.notes))
        case Figure():
            return replace(block, caption=said(block.caption, language))
    return block


@dataclass(frozen=True)
class Sections:
    """One part of a report in several languages: what a notebook cell shows when it writes for more than one reader."""

    parts: tuple[Section, ...]

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:  # noqa: ANN401, ARG002
        shown = "\n".join(section_html(part) for part in self.parts)
        return {"text/html": shown, MIME: [part.to_json() for part in self.parts]}


def block_json(block: Block) -> dict[str, Any]:
    """Return a block as JSON values; `block_from` is its inverse."""
    name = type(block).__name__
    values = dict(vars(block))
    if isinstance(block, Figure):
        values |= {k: base64.b64encode(values[k]).decode("ascii") for k in ("image", "narrow") if values[k]}
        values = {k: v for k, v in values.items() if v != b""}
    if isinstance(block, Table):
        values["columns"] = [dict(vars(column)) for column in block.columns]
        values = {k: v for k, v in values.items() if k != "how" or v}
    if isinstance(block, Own):
        values["blocks"] = [block_json(part) for part in block.blocks]
    if isinstance(block, Heading) and not block.fresh:
        del values["fresh"]
    return {"block": name, **values}


def block_from(item: dict[str, Any]) -> Block:
    """Read a block back."""
    values = {k: v for k, v in item.items() if k != "block"}
    name = item["block"]
    if name == "Figure":
        values |= {k: base64.b64decode(values[k]) for k in ("image", "narrow") if k in values}
    if name == "Table":
        values["columns"] = tuple(Column(**column) for column in values["columns"])
        values["rows"] = tuple(values["rows"])
        values["notes"] = tuple(values["notes"])
        values["how"] = tuple(map(tuple, values.get("how", ())))
    if name == "Bullets":
        values["items"] = tuple(values["items"])
    if name == "Own":
        values["blocks"] = tuple(block_from(part) for part in values["blocks"])
    block: Block = _BLOCKS[name](**values)
    return block


_STRONG = re.compile(r"\*\*(\S(?:.*?\S)?)\*\*")
_EMPHASIS = re.compile(r"(?<![\w*])\*(\S(?:[^*]*?\S)?)\*(?![\w*])")


def section_html(section: Section) -> str:
    """Return a section as one ``<section>`` element: semantic, with fixed ids, the same bytes for the same section.

    A table that the text mentions has no number as long as the whole of the chapter is not known (`numbered`).

    Headings keep the level they have; tables have a caption, scoped headers and a scroll region that a keyboard
    reaches; figures carry their text alternative and are embedded; every text is escaped.
    """
    language = section.language
    plainly = [_spoken(b, lambda text, lang: _MENTION.sub(lambda m: _mention(m[1], "", lang), text), language)
               for b in section.blocks]  # fmt: skip
    blocks = "\n".join(block_html(block, f"{section.id}-{i}", language) for i, block in enumerate(plainly))
    label = next((f"{section.id}-{i}" for i, b in enumerate(section.blocks) if isinstance(b, Heading)), None)
    labelled = f' aria-labelledby="{label}"' if label else ""
    if section.appendix and isinstance(section.blocks[0], Heading):
        heading, _, rest = blocks.partition("\n")
        blocks = f"<details>\n<summary>{heading}</summary>\n{rest}\n</details>"
    kind = ' class="appendix"' if section.appendix else ""
    return f'<section id="{section.id}"{kind} lang="{section.language}"{labelled}>\n{blocks}\n</section>'


def contents(sections: Sequence[Section]) -> list[tuple[str, str, bool]]:
    """Return (id, text, whether it is an appendix) of the first heading of each section: a page's contents."""
    found = []
    for section in sections:
        for i, block in enumerate(section.blocks):
            if isinstance(block, Heading) and block.level <= 2:
                found.append((f"{section.id}-{i}", block.text, section.appendix))
                break
    return found


def inline(text: str) -> str:
    """Return text with ``*emphasis*``, ``**strong**`` and addresses as HTML, everything else escaped."""
    return _linked(_EMPHASIS.sub(r"<em>\1</em>", _STRONG.sub(r"<strong>\1</strong>", escape(text, quote=False))))


def _linked(safe: str) -> str:
    """Return escaped text with its addresses as links."""
    pieces = addresses.split(safe) if "://" in safe else [(safe, None)]
    return "".join(
        piece if address is None else f'<a href="{address.replace(chr(39), "&#x27;")}">{piece}</a>'
        for piece, address in pieces
    )


def block_html(block: Block, block_id: str, language: str) -> str:
    """Return one block; `block_id` is the id of a heading."""
    match block:
        case Heading():
            fresh = ' class="fresh"' if block.fresh else ""
            return f'<h{block.level} id="{block_id}"{fresh}>{inline(block.text)}</h{block.level}>'
        case Paragraph():
            return _paragraph(block, language)
        case Bullets() | Verbatim():
            return _lines(block, language)
        case Table():
            return _table(block, language)
        case Figure():
            return _figure(block, language)
        case Own():
            return _own(block, block_id, language)


def _lines(block: Bullets | Verbatim, language: str) -> str:
    if isinstance(block, Bullets):
        return "<ul>\n" + "\n".join(f"<li>{inline(item)}</li>" for item in block.items) + "\n</ul>"
    label = escape(say("report.own.verbatim", language))
    return f'<pre role="group" tabindex="0" aria-label="{label}">{escape(block.text, quote=False)}</pre>'


def _own(block: Own, block_id: str, language: str) -> str:
    parts = block.marked(language)
    shown = "\n".join(block_html(part, f"{block_id}-{i}", language) for i, part in enumerate(parts))
    # two things of a user's may have one name, which landmarks must not have
    shown = shown.replace('<div class="scroll" role="region"', '<div class="scroll" role="group"')
    return f'<div class="own">\n{shown}\n</div>'


def _paragraph(block: Paragraph, language: str) -> str:
    if block.tone == "plain":
        return f"<p>{inline(block.text)}</p>"
    if block.tone == "lead":
        return f'<p class="lead">{inline(block.text)}</p>'
    if block.tone == "own":
        return f'<p class="own-mark">{inline(block.text)}</p>'
    # the tone is said in a word, so that it survives a black-and-white print and a screen reader
    word = escape(say(f"report.tone.{block.tone}", language))
    return f'<p class="tone {block.tone}"><strong class="tone-word">{word}</strong> {inline(block.text)}</p>'


def _figure(block: Figure, language: str) -> str:
    kind = "svg+xml" if block.is_vector else "png"
    start = f"data:image/{kind};base64,"
    source, narrow = (start + base64.b64encode(image).decode("ascii") for image in (block.image, block.narrow))
    shown = f'<img src="{source}" alt="{escape(block.alt)}">'
    if block.narrow:
        # two pictures of which the style sheet shows one: <picture> would keep on paper what a small window chose
        shown = (
            shown.replace("<img ", '<img class="wide" ')
            + f'<img class="narrow" src="{narrow}" alt="{escape(block.alt)}">'
        )
    if block.number:
        title, note = titled(block.caption, language)
        return (
            f'<figure id="{block.id}" style="max-width: {block.width_mm}mm">\n'
            f'<figcaption id="{block.id}-caption">{_numbered("figure", block.number, title, language)}</figcaption>\n'
            f'<div class="scroll" role="region" tabindex="0" aria-labelledby="{block.id}-caption">{shown}</div>\n'
            + (f'<p class="table-note">{inline(note)}</p>\n' if note else "")
            + "</figure>"
        )
    return (
        f'<figure id="{block.id}" style="max-width: {block.width_mm}mm">\n'
        f'<div class="scroll" role="region" tabindex="0" aria-labelledby="{block.id}-caption">'
        f"{shown}</div>\n"
        f'<figcaption id="{block.id}-caption">{inline(block.caption)}</figcaption>\n</figure>'
    )


def titled(caption: str, language: str) -> tuple[str, str]:
    """Return a figure's title and its note as APA has them: the first sentence of a caption, and what follows."""
    title, _, rest = caption.partition(". ")
    return title.rstrip("."), f"*{say('formats.note', language)}* {rest}" if rest else ""


def _numbered(kind: str, number: int, title: str, language: str) -> str:
    name = escape(say(f"formats.{kind}", language))
    return f'<strong class="number">{name} {number}</strong> <em class="title">{inline(title)}</em>'


def _table(block: Table, language: str) -> str:
    said = _numbered("table", block.number, block.title, language) if block.number else inline(block.title)
    caption = f'<caption id="{block.id}-caption">{said}</caption>'
    table = _bare_table(block, language).replace(">", f">\n{caption}", 1)
    missing = [say("report.table.missing", language)] if f">{numbers.MISSING}<" in table else []
    notes = "".join(f'\n<p class="table-note">{inline(note)}</p>' for note in [*block.notes, *missing])
    region = f'<div class="scroll" role="region" tabindex="0" aria-labelledby="{block.id}-caption">\n{table}\n</div>'
    return f'<div class="table" id="{block.id}">\n{region}{notes}\n</div>'


def _bare_table(block: Table, language: str) -> str:
    """Return the ``<table>``; a class says for every cell but the row header whether it holds a number or words."""
    of = {column.key: "text" if column.kind == "text" else "number" for column in block.columns[1:]}
    head = "".join(f'<th class="{of.get(c.key, "stub")}" scope="col">{inline(c.label)}</th>\n' for c in block.columns)
    if any(column.over for column in block.columns):
        spans = "".join(
            f'<th class="over" scope="colgroup" colspan="{n}">{inline(over)}</th>\n'
            if over
            else f'<td colspan="{n}"></td>\n'
            for over, n in spanned(block)
        )
        head = f"{spans}</tr>\n<tr>\n{head}"
    opened = block.how or ((),) * len(block.rows)
    body = "".join(
        f"<tr>\n{_row(block, row, of, language, how)}</tr>\n" for row, how in zip(block.rows, opened, strict=True)
    )
    return f"<table>\n<thead>\n<tr>\n{head}</tr>\n</thead>\n<tbody>\n{body}</tbody>\n</table>"


def spanned(block: Table) -> list[tuple[str, int]]:
    """Return what stands over the columns of a table, and over how many of them each."""
    return [(over, len(list(columns))) for over, columns in groupby(block.columns, key=lambda column: column.over)]


def _row(block: Table, row: dict[str, Any], of: dict[str, str], language: str, how: Sequence[str] = ()) -> str:
    first, *rest = [_linked(escape(numbers.cell(row.get(c.key), c, language), quote=False)) for c in block.columns]
    opens = next((i for i, c in enumerate(block.columns[1:]) if how and c.kind == "estimate"), None)
    if opens is not None:
        rest[opens] = _opened(rest[opens], first, how, language)
    cells = [f'<td class="{kind}">{text}</td>\n' for kind, text in zip(of.values(), rest, strict=True)]
    return f'<th class="stub" scope="row">{first}</th>\n{"".join(cells)}'


def _opened(number: str, of: str, how: Sequence[str], language: str) -> str:
    """Return a number that opens to where it comes from."""
    label = escape(say("report.table.how", language, of=of, number=number))
    said = "".join(f"<p>{inline(text)}</p>" for text in how)
    return f'<details class="how"><summary aria-label="{label}">{number}</summary><div>{said}</div></details>'
