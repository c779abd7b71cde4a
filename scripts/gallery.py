"""Draw what docs/gallery.md shows: run the code of the page, and put each figure and table below the code that made it.

Run as ``make docs``. A block of code ends in what is shown; the comment below it says which figure or table of that
part: ``<!-- figure fig-answer -->``. tests/test_gallery.py runs all but those marked ``costly``, of over five seconds.
"""

from __future__ import annotations

import ast
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import pandas as pd

import werkbank
from werkbank.reporting import evaluation, school
from werkbank.reporting.blocks import Figure, Section, Table
from werkbank.reporting.numbers import cell
from werkbank.reporting.own import of_frame

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).resolve().parents[1] / "docs" / "gallery.md"
PICTURES = PAGE.parent / "pictures" / "gallery"
DUTCH = ((school.one_page, "fig-answer"), (evaluation.summary, "fig-forest"), (evaluation.flow, "fig-flow"))
ENTRY = re.compile(
    r"```python(?P<marks>[^\n]*)\n(?P<code>.*?)```\n(?:\n<!-- (?P<kind>figure|table) (?P<name>[\w-]+) -->\n"
    r"(?P<shown>.*?)<!-- end -->\n)?",
    re.DOTALL,
)


def value_of(code: str, names: dict[str, Any]) -> object:
    """Run a block of code as a cell of a notebook, and return the value of its last line."""
    tree = ast.parse(code)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, PAGE.name, "exec"), names)  # noqa: S102 - the page's own code
    return eval(compile(ast.Expression(last.value), PAGE.name, "eval"), names) if last is not None else None  # noqa: S307


def block_of(value: object, name: str) -> Figure | Table:
    """Return the figure or table of that name in what a block of code gave: a part of a report, or something own."""
    if isinstance(value, Section):
        return next(block for block in value.blocks if isinstance(block, Figure | Table) and block.id == name)
    if isinstance(value, pd.DataFrame):
        return next(block for block in of_frame(value).blocks if isinstance(block, Table))
    drawn = io.BytesIO()
    figure = getattr(value, "figure", value)
    with mpl.rc_context({"svg.hashsalt": name}):  # the same bytes each time
        figure.savefig(drawn, format="svg", bbox_inches="tight", metadata={"Date": None})
    return Figure(name, drawn.getvalue(), "", "")


def markdown(table: Table) -> str:
    """Return a table as Markdown, its cells as a report writes them."""
    told = [[cell(row.get(column.key), column, "en") for column in table.columns] for row in table.rows]
    heads = [f"{column.over}: {column.label}" if column.over else column.label for column in table.columns]
    rule = ["---" if column.kind == "text" else "--:" for column in table.columns]
    rows = [heads, rule, *told]
    return "\n".join(f"| {' | '.join(_plain(text) for text in row)} |" for row in rows) + "\n"


def _plain(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def entries(text: str) -> Iterator[re.Match[str]]:
    """Return the blocks of code of the page, each with what is shown below it."""
    return ENTRY.finditer(text)


def drawn(text: str) -> str:
    """Run the page, write its pictures, and return it with its tables and the words for its pictures of now."""
    names: dict[str, Any] = {}
    PICTURES.mkdir(parents=True, exist_ok=True)

    def anew(found: re.Match[str]) -> str:
        value = value_of(found["code"], names)
        if not found["kind"]:
            return found[0]
        block = block_of(value, found["name"])
        shown = markdown(block) if isinstance(block, Table) else _picture(block, found["shown"])
        head = f"```python{found['marks']}\n{found['code']}```\n"
        return f"{head}\n<!-- {found['kind']} {found['name']} -->\n\n{shown}\n<!-- end -->\n"

    return ENTRY.sub(anew, text)


def _picture(figure: Figure, before: str) -> str:
    """Write a picture; its words are the figure's own, or those that the page has for a picture of one's own."""
    (PICTURES / f"{figure.id}.svg").write_bytes(figure.image)
    had = re.search(r"!\[(.*?)\]", before, re.DOTALL)
    alt = figure.alt or (had[1] if had else "")
    return f"![{alt.replace('[', '(').replace(']', ')')}](pictures/gallery/{figure.id}.svg)\n"


def dutch() -> None:
    """Draw what the Dutch pages show: figures of a Dutch report of the same study."""
    bench = werkbank.open("nabijheid", language="nl")
    for part, name in DUTCH:
        figure = block_of(part(bench), name)
        if isinstance(figure, Figure):
            (PICTURES / f"{name}.nl.svg").write_bytes(figure.image)


def main() -> None:
    """Draw the gallery again."""
    dutch()
    PAGE.write_text(drawn(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
