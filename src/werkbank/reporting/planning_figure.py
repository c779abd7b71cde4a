"""The figure of a plan: the smallest difference that will be found, by number of units, a line for each ICC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkbank.catalogue import say
from werkbank.reporting import numbers, style
from werkbank.reporting.style import Drawing, Margins

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkbank.reporting.blocks import Figure

HERE = "planning.plan.figure"
_HIGH = 82.0  # mm


@dataclass(frozen=True)
class Words:
    """What the figure calls things: units, the asked chance; `effect` that matters and `now` planned units."""

    units: Mapping[str, str]
    aim: str
    effect: float
    now: int


def curves(lines: Mapping[str, list[tuple[int, float]]], words: Words, language: str) -> Figure:
    """Draw a line for each ICC (its key), of (units, difference); lines end in their name."""
    import pandas as pd
    import seaborn as sns

    drawing = Drawing(language)

    def text(key: str, **values: object) -> str:
        return say(f"{HERE}.{key}", language, **{**words.units, **values})

    with drawing.axes(_HIGH, Margins(left=16, right=5, bottom=12, top=5)) as grid:
        axes = grid[0, 0]
        for place, (icc, points) in enumerate(lines.items()):
            look = style.look(place)
            table = pd.DataFrame(points, columns=["n", "d"])
            sns.lineplot(table, x="n", y="d", ax=axes, color=look.colour, marker=look.marker, linestyle=look.dash,
                         markersize=5, markeredgewidth=0, legend=False)  # fmt: skip
            name = text("icc", icc=numbers.bounded(float(icc), language))
            axes.annotate(name, points[0], (-7, 0), textcoords="offset points", va="center", ha="right", fontsize=8,
                          color=look.colour, annotation_clip=False)  # fmt: skip
        axes.axhline(words.effect, color=style.SOFT, linewidth=0.8, linestyle=(0, (2, 2)))
        axes.annotate(text("matters", effect=numbers.decimal(words.effect, language, 2)), (0, words.effect), (3, 3),
                      textcoords="offset points", xycoords=axes.get_yaxis_transform(), fontsize=8,
                      color=style.SOFT)  # fmt: skip
        axes.axvline(words.now, color=style.SOFT, linewidth=0.8, linestyle=(0, (2, 2)))
        top = min(max(d for points in lines.values() for _, d in points) * 1.05, 2.0)
        axes.set(xscale="log", ylim=(0, top), xlabel=text("axis_units"), ylabel=text("axis_difference"))
        first, last = (f(n for points in lines.values() for n, _ in points) for f in (min, max))
        axes.set_xlim(0.68 * first, 1.1 * last)  # room for the names of the lines
        ticks = [n for n, _ in max(lines.values(), key=len)]
        axes.set_xticks(ticks, [numbers.count(n, language) for n in ticks])
        axes.minorticks_off()
        axes.annotate(text("planned"), (words.now, top), (3, -8), textcoords="offset points", fontsize=8,
                      color=style.SOFT)  # fmt: skip
        style.decimal_axis(axes, language, "y")
    seen = [
        text("seen", icc=numbers.bounded(float(icc), language), first=numbers.decimal(points[0][1], language, 2),
             n_first=points[0][0], last=numbers.decimal(points[-1][1], language, 2), n_last=points[-1][0])
        for icc, points in lines.items()
    ]  # fmt: skip
    return drawing.figure("fig-plan-curves", [text("alt"), *seen], text("caption", aim=words.aim))
