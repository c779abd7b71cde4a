"""The figure of associations: every slope in standard deviations with its interval, within groups and between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkbank.catalogue import say
from werkbank.reporting import numbers, style
from werkbank.reporting.labels import beside, height, widest
from werkbank.reporting.style import Drawing, Margins

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkbank.reporting.blocks import Figure

MOST = 40  # rows that fit on a page


@dataclass(frozen=True)
class Row:
    """One slope; `between`: of means of groups."""

    label: str
    estimate: float
    low: float
    high: float
    between: bool = False


def slopes(rows: Sequence[Row], language: str, level: str) -> Figure:
    """Every slope as a point with its interval; slopes between groups by another marker than those within."""
    drawing = Drawing(language)
    shown = drawing.first(list(rows), MOST)
    size = 8.5 if len(shown) <= 20 else 7
    names = drawing.fits([row.label for row in shown], 62, 3, size)
    texts = [_written(row, language) for row in shown]
    each = 1.8 + max(height(name, size) for name in names)
    margins = Margins(left=beside(names, size), right=3 + widest(texts, size), bottom=16, top=7)
    with drawing.axes(25 + each * len(names), margins) as grid:
        axes = grid[0][0]
        axes.axvline(0, color=style.SOFT, linewidth=0.8)
        for y, row in enumerate(shown):
            look = style.LOOKS[int(row.between)]
            axes.plot([row.low, row.high], [y, y], color=look.colour, linewidth=1.3)
            axes.plot([row.estimate], [y], look.marker, color=look.colour, markeredgecolor="white", zorder=3)
        head = axes.get_yaxis_transform()
        for y, text in enumerate(texts):
            axes.annotate(text, (1.02, y), xycoords=head, va="center", annotation_clip=False, size=size)
        heading = say("association.figure.heading", language)
        axes.annotate(heading, (1.02, -0.9), xycoords=head, va="center", annotation_clip=False, size=size, **style.BOLD)
        axes.set_yticks(range(len(names)), names, fontsize=size)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set(ylim=(len(names) - 0.4, -0.6), xlabel=say("association.figure.axis", language))
        style.decimal_axis(axes, language, "x")
    seen = [say("association.figure.alt", language, n=len(shown))]
    seen += [say("association.figure.row", language, label=r.label, told=_written(r, language)) for r in shown]
    return drawing.figure("fig-associations", seen, say("association.figure.caption", language, level=level))


def _written(row: Row, language: str) -> str:
    return f"{numbers.decimal(row.estimate, language)}  {numbers.interval(row.low, row.high, language)}"
