"""Every school (or study) with its own result and that drawn towards the others: by name, and no ranking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkbank.catalogue import say
from werkbank.reporting import numbers, style
from werkbank.reporting.labels import beside, height
from werkbank.reporting.style import Drawing, Margins

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkbank.reporting.blocks import Figure

MOST = 45  # rows that fit on a page
HERE = "figures.drawn"


@dataclass(frozen=True)
class Drawn:
    """One school: its own result, and the drawn one with its interval."""

    label: str
    own: float
    drawn: float
    low: float
    high: float


def drawn_figure(rows: Sequence[Drawn], mean: float, language: str) -> Figure:
    """Draw two marks a row, an open one for the own result; schools by name, so that their order says nothing."""
    drawing = Drawing(language)
    shown = drawing.first(sorted(rows, key=lambda row: row.label.casefold()), MOST)
    size = 8.5 if len(shown) <= 20 else 7
    names = drawing.fits([row.label for row in shown], 62, 3, size)
    each = 1.8 + max(height(name, size) for name in names)
    own, drawn = style.LOOKS[1].colour, style.LOOKS[0].colour
    with drawing.axes(25 + each * len(names), Margins(left=beside(names, size), right=4, bottom=16, top=9)) as grid:
        axes = grid[0][0]
        axes.axvline(0, color=style.SOFT, linewidth=0.8)
        axes.axvline(mean, color=style.SOFT, linewidth=0.8, linestyle=(0, (1, 1.5)))
        for y, row in enumerate(shown):
            axes.plot([row.low, row.high], [y, y], color=drawn, linewidth=1.3)
            axes.annotate("", (row.drawn, y), (row.own, y), arrowprops={"arrowstyle": "-", "color": style.FAINT})
        places = range(len(shown))
        axes.scatter([row.own for row in shown], places, s=26, facecolor="white", edgecolor=own, zorder=3,
                     label=say(f"{HERE}.own", language))  # fmt: skip
        axes.scatter([row.drawn for row in shown], places, s=26, marker="s", color=drawn, zorder=4,
                     label=say(f"{HERE}.drawn", language))  # fmt: skip
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, fontsize=size, borderaxespad=0.2)
        axes.set_yticks(places, names, fontsize=size)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set(ylim=(len(names) - 0.4, -0.6), xlabel=say("figures.pooled.axis", language))
        style.decimal_axis(axes, language, "x")
    return drawing.figure("fig-drawn", _seen(shown, mean, language), say(f"{HERE}.caption", language))


def _seen(rows: Sequence[Drawn], mean: float, language: str) -> list[str]:
    def told(value: float) -> str:
        return numbers.decimal(value, language)

    return [
        say(f"{HERE}.alt", language, n=len(rows), mean=told(mean)),
        *(
            say(f"{HERE}.row", language, label=row.label, own=told(row.own), drawn=told(row.drawn),
                ci=numbers.interval(row.low, row.high, language))
            for row in rows
        ),
    ]  # fmt: skip
