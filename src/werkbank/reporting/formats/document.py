"""What every file of a report is written from: the sections of one run, and what stands around them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from html import unescape
from math import ceil
from typing import TYPE_CHECKING, Any

from werkbank.catalogue import has, say
from werkbank.reporting import addresses, numbers
from werkbank.reporting.blocks import (
    Own,
    Table,
    body_first,
    inline,
    is_chapter,
    opens_with_its_answers,
    opens_with_its_message,
    own_mark,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkbank.reporting.blocks import Block, Section
    from werkbank.reporting.numbers import Column

_TAGS = re.compile(r"(</?(?:strong|em|a)\b[^>]*>)")
# a number stays on the line of the sign before it, and that sign on the line of what it is the number of
_SIGN = re.compile(
    r"(?<=[\w)*]) (?=[=<>≤≥] ?[−<]?[\d.,])|(?<=[=<>≤≥±×]) (?=[−<]?[\d.,])|(?<=\d;) (?=[−\d])|(?<=\d) (?=SD\b|%)"
)
# what XML 1.0 cannot hold; a workbook, a Word file and a font refuse it alike
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_GAP = 3  # of them between two columns
_WIDE = 0.15  # of a word that its widest letters may ask beyond the usual
_FIRST = 26  # of the first column, where it has words
_WORD = 28  # of a word; a longer one (a path, a hash) is broken where the column ends
_SHORT = 14  # lines of a table that would rather move to the next page than be divided


@dataclass(frozen=True)
class Document:
    """A report before it is a file; equal documents give equal bytes in every format.

    `provenance` is what the colophon says, by key, as for the HTML page; `report` is the kind of report as its cover
    names it (an evaluation report when left out); `logo` is a PNG, JPEG or SVG picture, and shown only with the name
    of the school that it stands for, because that is its text alternative.
    """

    sections: tuple[Section, ...]
    language: str
    title: str
    simulated: bool
    provenance: Mapping[str, str] = field(default_factory=dict)
    report: str | None = None
    school: str | None = None
    logo: bytes | None = field(default=None, repr=False)

    @property
    def kind(self) -> str:
        """What sort of report this is, in its language."""
        return self.report or say("report.page.report", self.language)

    @property
    def message(self) -> bool:
        """Whether the first page is the report's message: then it has no cover, no contents and no numbered parts."""
        return opens_with_its_message(self.sections)

    @property
    def chapter(self) -> bool:
        """Whether this is a chapter to be handed in: no cover, no contents, no colophon."""
        return is_chapter(self.sections)

    @property
    def placed(self) -> tuple[tuple[Block, bool], ...]:
        """Every block of every section in order, and whether it is of what a user added; a mark precedes those."""
        return tuple(
            (part, isinstance(block, Own))
            for section in body_first(self.sections)
            for block in section.blocks
            for part in (block.marked(self.language) if isinstance(block, Own) else (block,))
        )

    @property
    def answers(self) -> bool:
        """Whether the report opens with what was found: then it has no cover, and its contents come after that."""
        return opens_with_its_answers(self.sections)

    @property
    def in_body(self) -> int:
        """How many of the `placed` blocks stand before the first appendix."""
        body = Document(tuple(s for s in self.sections if not s.appendix), self.language, self.title, self.simulated)
        return len(body.placed)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Every block, as `placed` has them."""
        return tuple(block for block, _ in self.placed)

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every table, in order: the place in this list is the table's number in every format.

        A sheet has nothing beside its table: there a note says which are a user's own.
        """
        mark = own_mark(self.language).text
        of = ((block, own) for block, own in self.placed if isinstance(block, Table))
        return tuple(replace(table, notes=(*table.notes, plain(mark))) if own else table for table, own in of)

    @property
    def colophon(self) -> tuple[tuple[str, str], ...]:
        """What the report was made from and with, as (label, value)."""
        known = {key: f"report.page.provenance.{key}" for key in self.provenance}
        labels = {key: say(name, self.language) if has(name, self.language) else key for key, name in known.items()}
        return tuple((labels[key], value) for key, value in self.provenance.items() if value)  # a plan has no data


@dataclass(frozen=True)
class Run:
    """A piece of text in one style; `link` is the address that it leads to."""

    text: str
    strong: bool = False
    emphasis: bool = False
    link: str | None = None


def printable(text: str) -> str:
    """Return text in which a visible sign stands for each control character, and a space for a tab or a new line."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", re.sub(r"[\t\r\n\v\f]", " ", text))


def runs(text: str) -> tuple[Run, ...]:
    """Return text as runs: the same ``*emphasis*`` and ``**strong**`` as in HTML, because HTML's reading decides."""
    style: dict[str, Any] = {}
    found = []
    for piece in _TAGS.split(inline(printable(text))):
        if _TAGS.fullmatch(piece):
            opens, name = not piece.startswith("</"), piece.strip("</>").partition(" ")[0]
            if name == "a":
                style["link"] = unescape(piece.split('"')[1]) if opens else None
            else:
                style["strong" if name == "strong" else "emphasis"] = opens
        elif piece:
            found.append(Run(unescape(piece), **style))
    return tuple(found)


def together(text: str) -> str:
    """Return text in which no line ends between a number and its sign: ``p = 0,03``, ``[0,12; 0,40]``, ``0,3 SD``."""
    return _SIGN.sub("\N{NO-BREAK SPACE}", text)


def linked(text: str) -> tuple[Run, ...]:
    """Return text as it stands, only its addresses as links."""
    return tuple(Run(piece, link=address) for piece, address in addresses.split(text))


def plain(text: str) -> str:
    """Return text without its markup."""
    return "".join(run.text for run in runs(text))


@dataclass(frozen=True)
class Written:
    """A table as a page shows it: `rows` are texts, `widths` parts of the text's width that add up to 1 at most.

    `short` tables fit on a page, and are better not divided over two. `scale` is below 1 where the numbers
    need more than the page's width at the usual size.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    widths: tuple[float, ...]
    notes: tuple[str, ...]
    short: bool
    scale: float


def written(table: Table, language: str, line: int) -> Written:
    """Return what readers see of a table; every number is written by `numbers.cell`, as on the HTML page.

    `line` is the number of characters of the table's text that fit on a line of the page.
    """
    numeric = tuple(column.kind != "text" for column in table.columns)
    rows = tuple(tuple(_cell(row.get(c.key), c, language) for c in table.columns) for row in table.rows)
    header = tuple(plain(column.label) for column in table.columns)
    missing = [say("report.table.missing", language)] if any(numbers.MISSING in row for row in rows) else []
    wanted = _wanted(header, rows, numeric, line)
    lines = sum(max(ceil(len(text) / width) for text, width in zip(row, wanted, strict=True)) for row in rows)
    whole = max(line, sum(wanted))
    widths = tuple(width / whole for width in wanted)
    return Written(header, rows, numeric, widths, (*table.notes, *missing), lines <= _SHORT, line / whole)


def _cell(value: object, column: Column, language: str) -> str:
    text = printable(numbers.cell(value, column, language))
    # an interval or `< ,001` is one number and stays on one line
    return text if column.kind == "text" else text.replace(" ", "\N{NO-BREAK SPACE}")


def _in_bold(word: str) -> int:
    """Return the room of a header's word, in characters: one that does not fit would lie over its neighbours."""
    return ceil(1.15 * len(word) + 0.7 * sum(map(word.lower().count, "mw")))


def _wanted(
    header: tuple[str, ...], rows: tuple[tuple[str, ...], ...], numeric: tuple[bool, ...], line: int
) -> list[int]:
    """Give numbers the characters they need; what is left goes to words, first to the columns that need least."""
    columns = list(zip(header, *rows, strict=True))
    words = [max(len(word) for text in column for word in text.split(" ")) for column in columns]
    bold = [max(map(_in_bold, label.split(" "))) for label in header]
    words = [max(pair) for pair in zip(words, bold, strict=True)]
    longest = [max(w, *map(len, column)) for w, column in zip(words, columns, strict=True)]
    wanted = [w if n else 0 for w, n in zip(words, numeric, strict=True)]
    room = line - sum(wanted) - _GAP * len(wanted)
    texts = sorted((i for i, number in enumerate(numeric) if not number), key=longest.__getitem__)
    for place, i in enumerate(texts):
        # what a row is called is read first, and may make the numbers beside it smaller
        least = min(longest[i], _FIRST) if i == 0 else min(words[i], _WORD)
        wanted[i] = max(least, min(longest[i], room // (len(texts) - place)))
        room -= wanted[i]
    for i in texts:  # letters as wide as an m: where there is room, a word of one line is not divided over two
        more = max(0, min(ceil(_WIDE * min(longest[i], wanted[i])), room))
        wanted[i] += more
        room -= more
    return [width + _GAP for width in wanted]
