"""A section as accessible HTML: what JupyterLab shows and what the page is made of. No script, no style sheet here."""

from __future__ import annotations

import base64
import re
from html import escape

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
    source = "data:image/png;base64," + base64.b64encode(block.png).decode("ascii")
    return (
        f'<figure id="{block.id}" style="max-width: {block.width_mm}mm">\n'
        f'<img src="{source}" alt="{escape(block.alt)}">\n'
        f"<figcaption>{inline(block.caption)}</figcaption>\n</figure>"
    )


def _table(block: Table, language: str) -> str:
    caption = f'<caption id="{block.id}-caption">{inline(block.title)}</caption>'
    table = _great_table(block, language).replace(">", f">\n{caption}", 1)
    missing = [say("report.table.missing", language)] if f">{numbers.MISSING}<" in table else []
    notes = "".join(f'\n<p class="table-note">{inline(note)}</p>' for note in [*block.notes, *missing])
    region = f'<div class="scroll" role="region" tabindex="0" aria-labelledby="{block.id}-caption">\n{table}\n</div>'
    return f'<div class="table" id="{block.id}">\n{region}{notes}\n</div>'


def _great_table(block: Table, language: str) -> str:
    """Return the bare ``<table>`` that Great Tables writes; its style sheet (10 kB a table) stands once in the page."""
    import pandas as pd
    from great_tables import GT
    from great_tables import html as trusted

    stub, *rest = block.columns
    texts = {c.key: [numbers.cell(row.get(c.key), c, language) for row in block.rows] for c in block.columns}
    numeric = [c.key for c in rest if c.kind != "text"]
    great = GT(pd.DataFrame(texts, dtype=object), rowname_col=stub.key, id=block.id)
    great = great.cols_label(**{c.key: trusted(inline(c.label)) for c in rest})
    great = great.tab_stubhead(trusted(inline(stub.label))).cols_align("left", [c.key for c in rest])
    if numeric:
        great = great.cols_align("right", numeric)
    written = re.search(r"<table.*</table>", great.as_raw_html(), re.DOTALL)
    assert written is not None  # noqa: S101 - Great Tables always writes one table
    return _tidied(written.group())


def _tidied(table: str) -> str:
    # `scope` says what Great Tables' ids and `headers` say again (and its ids may hold spaces, which HTML forbids)
    table = re.sub(r' (?:id|headers|rowspan|colspan|data-quarto-[a-z-]+)="[^"]*"', "", table)
    return re.sub(r"\n\s*", "\n", table)
