"""A user's HTML and markdown -> blocks: cleaned by nh3 first, so that nothing that runs or loads is left."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from werkbank.reporting.blocks import Bullets, Heading, Paragraph, Table, Verbatim
from werkbank.reporting.numbers import Column
from werkbank.reporting.own import BETWEEN, COLUMNS, ROWS, Shown, cut

if TYPE_CHECKING:
    from collections.abc import Mapping

# no attribute but these: an address to read, spans of a table, words for a picture
KEPT = {"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}, "img": {"alt"}}
TAGS = {
    *(f"h{level}" for level in range(1, 7)), "p", "div", "section", "article", "blockquote", "ul", "ol", "li", "dl",
    "dt", "dd", "pre", "hr", "br", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "a", "b", "strong",
    "em", "i", "code", "span", "img", "sub", "sup", "figure", "figcaption",
}  # fmt: skip
STRONG, EMPHASIS = {"b", "strong"}, {"em", "i"}
INLINE = {*STRONG, *EMPHASIS, "a", "code", "span", "img", "br", "sub", "sup"}
MISSING = {"", "nan", "NaN", "None", "<NA>", "NaT", "–"}
_NUMBER = re.compile(r"[-−+]?[\d.,]*\d(?:[eE][-+]?\d+)?%?|[-−+]?inf")
_WIDEST_SPAN = 1000  # what a browser allows of a colspan


def of_html(html: str) -> Shown | None:
    """Return what a reader would see of a piece of HTML: tables, headings, lists and text; None when that is nothing.

    Scripts, styles, frames, forms, pictures from elsewhere and every attribute that can do something go without a
    trace; a picture's alternative text stays.
    """
    import lxml.html  # type: ignore[import-untyped]
    import nh3

    clean = nh3.clean(html, tags=TAGS, attributes=KEPT, url_schemes={"http", "https", "mailto"}, link_rel=None)
    if not clean.strip():
        return None
    found = _Found()
    _walk(lxml.html.fragment_fromstring(clean, create_parent="div"), found)
    found.end()
    return Shown(tuple(found.blocks), tuple(found.notes)) if found.blocks else None


def of_markdown(text: str) -> Shown | None:
    """Return a piece of markdown: headings stand below the report's own, everything else as `of_html` has it."""
    import mistune

    made = mistune.create_markdown(escape=False, plugins=["table", "strikethrough"])(text)
    return of_html(str(made))


@dataclass
class _Found:
    """The blocks so far, and the words of a paragraph that has not ended."""

    blocks: list[Any] = field(default_factory=list)
    notes: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def end(self) -> None:
        text = _spaced("".join(self.words))
        self.words.clear()
        if text:
            self.blocks.append(Paragraph(text))


def _walk(element: Any, found: _Found) -> None:  # noqa: ANN401 - lxml has no types
    found.words.append(element.text or "")
    for child in element:
        tag = child.tag
        if tag in INLINE:
            found.words.append(_inline(child))
        else:
            found.end()
            _block(child, found)
        found.words.append(child.tail or "")


def _block(element: Any, found: _Found) -> None:  # noqa: ANN401
    tag = element.tag
    if re.fullmatch(r"h[1-6]", tag):
        if text := _spaced(_words(element)):
            above = any(isinstance(block, Heading) for block in found.blocks)
            # a level is never skipped: 3 stands below the report's own, 4 below a 3 of this piece
            found.blocks.append(Heading(text, 4 if above and int(tag[1]) > 2 else 3))
    elif tag in {"ul", "ol"}:
        items = [_spaced(_words(item)) for item in element if item.tag == "li"]
        marks = (f"{i}. " if tag == "ol" else "" for i in range(1, len(items) + 1))
        if listed := tuple(f"{mark}{item}" for mark, item in zip(marks, items, strict=True) if item):
            found.blocks.append(Bullets(listed))
    elif tag == "table":
        _table(element, found)
    elif tag == "pre":
        if (text := element.text_content().strip("\n")).strip():
            found.blocks.append(Verbatim(text))
    else:
        _walk(element, found)
        found.end()


def _words(element: Any) -> str:  # noqa: ANN401
    parts = [element.text or ""]
    for child in element:
        inside = _inline(child) if child.tag in INLINE else f" {_words(child)} "
        parts += [inside, child.tail or ""]
    return "".join(parts)


def _inline(element: Any) -> str:  # noqa: ANN401
    """Return words with their emphasis; a link says where it leads."""
    tag, text = element.tag, _words(element)
    if tag == "br":
        return " "
    if tag == "img":
        return str(element.get("alt") or "")
    target = element.get("href")
    if tag == "a" and target and target.removeprefix("mailto:") not in text:
        return f"{text} ({target})"
    mark = "**" if tag in STRONG else "*" if tag in EMPHASIS else ""
    core = text.strip()
    return text.replace(core, f"{mark}{core}{mark}", 1) if mark and core and "*" not in core else text


def _spaced(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _table(element: Any, found: _Found) -> None:  # noqa: ANN401
    """Keep a table: rows of headers become one (levels divided), leading header cells of a row stay in front."""
    lines = [row for row in element.iter("tr") if next(row.iterancestors("table")) is element]
    heads = [i for i, row in enumerate(lines) if row.getparent().tag == "thead"]
    if not heads:
        heads = [0] if lines and all(cell.tag == "th" for cell in lines[0]) else []
    grid = _grid(lines)
    width = max(map(len, grid), default=0)
    if not width:
        return
    header = [[*grid[i], *[""] * (width - len(grid[i]))] for i in heads]
    body = [row for i, row in enumerate(grid) if i not in heads]
    columns = []
    for x in range(min(width, COLUMNS)):
        label = BETWEEN.join(dict.fromkeys(row[x] for row in header if row[x]))
        cells = [row[x] for row in body if x < len(row) and row[x] not in MISSING]
        number = x > 0 and bool(cells) and all(_NUMBER.fullmatch(cell) for cell in cells)
        columns.append(Column(f"c{x}", label, "number" if number else "text"))
    keys = [column.key for column in columns]
    rows = tuple({k: None if v in MISSING else v for k, v in zip(keys, row, strict=False)} for row in body[:ROWS])
    caption = next((_spaced(_words(part)) for part in element if part.tag == "caption"), "")
    found.blocks.append(Table("", caption, tuple(columns), rows))
    found.notes += cut(len(body), width)


def _grid(lines: list[Any]) -> list[list[str]]:
    """Return a table's texts cell by cell; a cell that spans several is repeated in each."""
    below: dict[tuple[int, int], str] = {}
    grid = []
    for y, line in enumerate(lines):
        row: list[str] = []
        for cell in (cell for cell in line if cell.tag in {"td", "th"}):
            while (y, len(row)) in below:
                row.append(below[y, len(row)])
            text, wide, high = _spaced(_words(cell)), _span(cell, "colspan"), _span(cell, "rowspan")
            for _ in range(wide):
                for step in range(1, min(high, len(lines) - y)):
                    below[y + step, len(row)] = text
                row.append(text)
        while (y, len(row)) in below:
            row.append(below[y, len(row)])
        grid.append(row)
    return grid


def _span(cell: Any, name: str) -> int:  # noqa: ANN401
    given = cell.get(name, "1")
    return max(1, min(_WIDEST_SPAN, int(given))) if given.isdecimal() else 1
