"""What a report is made of, before it is a page: the one model that every writer (HTML, PDF, DOCX, xlsx) reads.

A notebook cell shows a `Section`; JupyterLab displays its HTML, and the executed notebook carries the same section as
JSON, so that other formats are written from the same run. Text may hold ``*emphasis*`` and ``**strong**`` only.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any, Literal

MIME = "application/vnd.werkbank.section+json"

Cell = str | int | float | None
Kind = Literal["text", "count", "mean", "estimate", "p", "share", "interval", "reliability", "df"]
Tone = Literal["plain", "lead", "note", "warning", "refusal"]


@dataclass(frozen=True)
class Heading:
    """A heading; a page has one of level 1, and levels are never skipped."""

    text: str
    level: int = 2


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
class Column:
    """A column of a table: `kind` decides how its numbers are written, per language; `label` is its header."""

    key: str
    label: str
    kind: Kind = "text"
    digits: int | None = None


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


@dataclass(frozen=True)
class Figure:
    """A picture (SVG or PNG) with the words for who does not see it; `alt` says what is seen, `caption` what it is."""

    id: str
    image: bytes = field(repr=False)
    alt: str
    caption: str
    width_mm: int = 160

    @property
    def is_vector(self) -> bool:
        """Whether the picture is drawn by SVG's lines and not by pixels."""
        return not self.image.startswith(b"\x89PNG")


Block = Heading | Paragraph | Bullets | Table | Figure
_BLOCKS: dict[str, type] = {c.__name__: c for c in (Heading, Paragraph, Bullets, Table, Figure)}


@dataclass(frozen=True)
class Section:
    """A part of a report: what one notebook cell shows."""

    id: str
    language: str
    blocks: tuple[Block, ...]

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:  # noqa: ANN401, ARG002
        from werkbank.reporting.html import section_html

        return {"text/html": section_html(self), MIME: self.to_json()}

    def to_json(self) -> dict[str, Any]:
        """Return the section as JSON values; `from_json` is its inverse."""
        return {"id": self.id, "language": self.language, "blocks": [_block_json(block) for block in self.blocks]}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Section:
        """Read a section back from an executed notebook."""
        return cls(content["id"], content["language"], tuple(_block(item) for item in content["blocks"]))


@dataclass(frozen=True)
class Sections:
    """One part of a report in several languages: what a notebook cell shows when it writes for more than one reader."""

    parts: tuple[Section, ...]

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:  # noqa: ANN401, ARG002
        from werkbank.reporting.html import section_html

        shown = "\n".join(section_html(part) for part in self.parts)
        return {"text/html": shown, MIME: [part.to_json() for part in self.parts]}


def _block_json(block: Block) -> dict[str, Any]:
    name = type(block).__name__
    values = dict(vars(block))
    if isinstance(block, Figure):
        values["image"] = base64.b64encode(block.image).decode("ascii")
    if isinstance(block, Table):
        values["columns"] = [dict(vars(column)) for column in block.columns]
    return {"block": name, **values}


def _block(item: dict[str, Any]) -> Block:
    values = {k: v for k, v in item.items() if k != "block"}
    name = item["block"]
    if name == "Figure":
        values["image"] = base64.b64decode(values["image"])
    if name == "Table":
        values["columns"] = tuple(Column(**column) for column in values["columns"])
        values["rows"] = tuple(values["rows"])
        values["notes"] = tuple(values["notes"])
    if name == "Bullets":
        values["items"] = tuple(values["items"])
    block: Block = _BLOCKS[name](**values)
    return block
