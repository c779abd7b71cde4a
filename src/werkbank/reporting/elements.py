"""Which techniques the programmes have in common: a tile for each programme and technique, and the same in words.

From the templates' own vocabulary (`werkbank.programmes`): a technique that a template does not name was not found in
its source, which is not the same as absent from the programme.
"""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from werkbank.catalogue import say
from werkbank.programmes.registry import elements, short_title, techniques, template_names
from werkbank.reporting import style
from werkbank.reporting.labels import beside, height, widest
from werkbank.reporting.style import Drawing, Margins

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from werkbank.reporting.blocks import Figure

SIZE = 8.0
_EACH = 5.2  # mm: a row


def matrix(language: str) -> Figure:
    """Draw programmes x techniques: a filled tile where a programme has a technique, and how many have it."""
    figure = style.twice(_matrix, language)
    assert figure is not None  # noqa: S101 - there are programmes
    return figure


def _matrix(drawing: Drawing) -> Figure:
    language, having = drawing.language, elements()
    programmes = template_names()
    names = drawing.fits(
        [say(f"programmes.technique.{code}", language) for code in having], 38 if drawing.narrow else 62, 2, SIZE
    )
    heads = drawing.fits([short_title(name, language) for name in programmes], 60, 1, SIZE)
    rows = [max(_EACH, height(name, SIZE) + 1.2) for name in names]
    tops = [sum(rows[:i]) for i in range(len(rows) + 1)]
    margins = Margins(left=beside(names, SIZE), right=8, bottom=1, top=3 + widest(heads, SIZE))
    with drawing.axes(tops[-1] + margins.top + 1, margins) as grid:
        axes = grid[0][0]
        axes.set(xlim=(0, len(programmes)), ylim=(tops[-1], 0))
        _tiles(axes, list(having.values()), programmes, tops)
        axes.set_yticks([(a + b) / 2 for a, b in pairwise(tops)], names, fontsize=SIZE)
        axes.set_xticks([i + 0.5 for i in range(len(heads))], heads, fontsize=SIZE, rotation=90)
        axes.tick_params(length=0, labeltop=True, labelbottom=False)
        axes.spines[["left", "bottom"]].set_visible(False)
        for top, end, owners in zip(tops, tops[1:], having.values(), strict=False):
            axes.annotate(str(len(owners)), (len(programmes) + 0.3, (top + end) / 2), va="center", size=SIZE,
                          annotation_clip=False)  # fmt: skip
    alt = say("figures.elements.alt", language, n=len(having), programmes=len(programmes))
    return drawing.figure("fig-elements", [alt, *told(language)], say("figures.elements.caption", language))


def _tiles(axes: Axes, having: list[tuple[str, ...]], programmes: list[str], tops: list[float]) -> None:
    from matplotlib.patches import Rectangle

    for top, end, owners in zip(tops, tops[1:], having, strict=False):
        for x, programme in enumerate(programmes):
            there = programme in owners
            face = style.LOOKS[0].colour if there else "white"
            edge = style.LOOKS[0].colour if there else style.FAINT
            tile = Rectangle(
                (x + 0.12, top + 0.7), 0.76, end - top - 1.4, facecolor=face, edgecolor=edge, linewidth=0.7
            )
            axes.add_patch(tile)


def told(language: str) -> list[str]:
    """Return the same in words: for each recommendation of the guide its techniques, and which programmes have them."""
    part = {one.name: one.recommendation.split(".")[0] for one in techniques()}
    lines = []
    for number, found in groupby(elements().items(), key=lambda pair: part[pair[0]]):
        said = [
            say("figures.elements.row", language, technique=say(f"programmes.technique.{code}", language),
                n=len(owners), programmes=", ".join(short_title(name, language) for name in owners))
            for code, owners in found
        ]  # fmt: skip
        key = "recommendation" if number else "elsewhere"
        lines.append(say(f"figures.elements.{key}", language, number=number, rows="; ".join(said)))
    named = {name for owners in elements().values() for name in owners}
    none = [short_title(name, language) for name in template_names() if name not in named]
    return [*lines, *([say("figures.elements.none", language, programmes=", ".join(none))] if none else [])]
