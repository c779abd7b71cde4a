"""A section as accessible HTML: what JupyterLab shows and what the page is made of. No script, no style sheet here."""

from __future__ import annotations

import base64
import re
from html import escape
from typing import Any

from werkbank.catalogue import say
from werkbank.reporting import numbers
from werkbank.reporting.blocks import Block, Bullets, Figure, Heading, Paragraph, Section, Table

_STRONG = re.compile(r"\*\*(\S(?:.*?\S)?)\*\*")
_EMPHASIS = re.compile(r"(?<![\w*])\*(\S(?:[^*]*?\S)?)\*(?![\w*])")


def section_html(section: Section) -> str:
    """Return a section as one ``<section>`` element: semantic, with fixed ids, the same bytes for the same section.

    Headings keep the level they have; tables have a caption, scoped headers and a scroll region that a keyboard
    reaches; figures carry their text alternative and are embedded; every text is escaped.
    """
    blocks = "\n".join(_block(block, f"{section.id}-{i}", section.language) for i, block in enumerate(section.blocks))
    label = next((f"{section.id}-{i}" for i, b in enumerate(section.blocks) if isinstance(b, Heading)), None)
    labelled = f' aria-labelledby="{label}"' if label else ""
    return f'<section id="{section.id}" lang="{section.language}"{labelled}>\n{blocks}\n</section>'


def contents(sections: list[Section]) -> list[tuple[str, str]]:
    """Return (id, text) of the first heading of each section: a page's table of contents."""
    found = []
    for section in sections:
        for i, block in enumerate(section.blocks):
            if isinstance(block, Heading):
                found.append((f"{section.id}-{i}", block.text))
                break
    return found


def inline(text: str) -> str:
    """Return text with ``*emphasis*`` and ``**strong**`` as HTML, everything else escaped."""
    safe = escape(text, quote=False)
    return _EMPHASIS.sub(r"<em>\1</em>", _STRONG.sub(r"<strong>\1</strong>", safe))


def _block(block: Block, block_id: str, language: str) -> str:
    match block:
        case Heading():
            return f'<h{block.level} id="{block_id}">{inline(block.text)}</h{block.level}>'
        case Paragraph():
            return _paragraph(block, language)
        case Bullets():
            return "<ul>\n" + "\n".join(f"<li>{inline(item)}</li>" for item in block.items) + "\n</ul>"
        case Table():
            return _table(block, language)
        case Figure():
            return _figure(block)


def _paragraph(block: Paragraph, language: str) -> str:
    if block.tone == "plain":
        return f"<p>{inline(block.text)}</p>"
    if block.tone == "lead":
        return f'<p class="lead">{inline(block.text)}</p>'
    # the tone is said in a word, so that it survives a black-and-white print and a screen reader
    word = escape(say(f"report.tone.{block.tone}", language))
    return f'<p class="tone {block.tone}"><strong class="tone-word">{word}</strong> {inline(block.text)}</p>'


def _figure(block: Figure) -> str:
    kind = "svg+xml" if block.is_vector else "png"
    source = f"data:image/{kind};base64,{base64.b64encode(block.image).decode('ascii')}"
    return (
        f'<figure id="{block.id}" style="max-width: {block.width_mm}mm">\n'
        f'<div class="scroll" role="region" tabindex="0" aria-labelledby="{block.id}-caption">'
        f'<img src="{source}" alt="{escape(block.alt)}"></div>\n'
        f'<figcaption id="{block.id}-caption">{inline(block.caption)}</figcaption>\n</figure>'
    )


def _table(block: Table, language: str) -> str:
    caption = f'<caption id="{block.id}-caption">{inline(block.title)}</caption>'
    table = _bare_table(block, language).replace(">", f">\n{caption}", 1)
    missing = [say("report.table.missing", language)] if f">{numbers.MISSING}<" in table else []
    notes = "".join(f'\n<p class="table-note">{inline(note)}</p>' for note in [*block.notes, *missing])
    region = f'<div class="scroll" role="region" tabindex="0" aria-labelledby="{block.id}-caption">\n{table}\n</div>'
    return f'<div class="table" id="{block.id}">\n{region}{notes}\n</div>'


def _bare_table(block: Table, language: str) -> str:
    """Return the ``<table>``; a class says for every cell but the row header whether it holds a number or words."""
    of = {column.key: "text" if column.kind == "text" else "number" for column in block.columns[1:]}
    head = "".join(f'<th class="{of.get(c.key, "stub")}" scope="col">{inline(c.label)}</th>\n' for c in block.columns)
    body = "".join(f"<tr>\n{_row(block, row, of, language)}</tr>\n" for row in block.rows)
    return f"<table>\n<thead>\n<tr>\n{head}</tr>\n</thead>\n<tbody>\n{body}</tbody>\n</table>"


def _row(block: Table, row: dict[str, Any], of: dict[str, str], language: str) -> str:
    first, *rest = [escape(numbers.cell(row.get(c.key), c, language), quote=False) for c in block.columns]
    cells = [f'<td class="{kind}">{text}</td>\n' for kind, text in zip(of.values(), rest, strict=True)]
    return f'<th class="stub" scope="row">{first}</th>\n{"".join(cells)}'
