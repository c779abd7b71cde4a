"""The eight-sector circle before and after, drawn from numbers that stand in the results."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from werkbank.catalogue import say
from werkbank.measurement.circumplex import SECTORS
from werkbank.reporting import numbers, style
from werkbank.reporting.blocks import Figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.projections.polar import PolarAxes

WIDTH, CELL, DISC = 160.0, 74.0, 40.0  # mm: the figure, the height of a row, a circle
_WIDE = np.deg2rad(45)


@dataclass(frozen=True)
class Rose:
    """One circle: the means of the eight sectors (0-1, in the order of `SECTORS`), and earlier ones shown with them."""

    title: str
    values: tuple[float, ...]
    before: tuple[float, ...] = ()


def polar(rows: Sequence[Sequence[Rose]], names: Sequence[str], before: str, language: str) -> Figure:
    """Draw a row of circles for each group, one for each wave.

    Parameters
    ----------
    rows : sequence of sequences of Rose
        Groups x waves.
    names : sequence of str
        What the sectors are called, in the order of `SECTORS`.
    before : str
        The wave whose outline is drawn dashed in later circles.
    """
    columns, height = max(map(len, rows)), CELL * len(rows)
    grid: dict[str, Any] = {"nrows": len(rows), "ncols": columns, "subplot_kw": {"projection": "polar"}}
    with style.canvas(WIDTH, height, **grid) as (figure, axes):
        # circles are placed by hand, with room for the sectors' names around each: a layout engine makes them unequal
        figure.set_layout_engine("none")
        for i, row in enumerate(rows):
            for j, (place, rose) in enumerate(zip(axes[i], row, strict=False)):
                x, y = WIDTH * (j + 0.5) / columns, height - CELL * (i + 0.5) - 3
                place.set_position(((x - DISC / 2) / WIDTH, (y - DISC / 2) / height, DISC / WIDTH, DISC / height))
                _rose(place, rose, names, style.look(i), language)
        picture = style.drawn(figure)
    roses = [rose for row in rows for rose in row]
    alt = " ".join(
        [say("measurement_report.circle.alt", language, n=len(roses)), *(_seen(r, names, language) for r in roses)]
    )
    return Figure(
        "fig-circle", picture, alt, say("measurement_report.circle.caption", language, wave=before), int(WIDTH)
    )


def _rose(axes: PolarAxes, rose: Rose, names: Sequence[str], look: style.Look, language: str) -> None:
    turns = np.deg2rad(list(SECTORS.values()))
    axes.bar(turns, rose.values, width=_WIDE, color=look.fill, edgecolor=look.colour, linewidth=1.3, zorder=3)
    for turn, value in zip(turns, rose.before, strict=False):
        arc = np.linspace(turn - _WIDE / 2, turn + _WIDE / 2, 20)
        axes.plot(arc, np.full(20, value), color=style.INK, linewidth=1.1, linestyle=(0, (3, 2)), zorder=4)
    axes.set_ylim(0, 1)
    axes.set_yticks([0.25, 0.5, 0.75, 1], [])
    axes.grid(color=style.FAINT, linewidth=0.6)
    axes.spines["polar"].set_color(style.FAINT)
    axes.set_xticks(np.deg2rad([0, 90, 180, 270]), [])
    for turn, name, value in zip(turns, names, rose.values, strict=True):
        side = "left" if np.cos(turn) > 0 else "right"
        level = "bottom" if np.sin(turn) > 0.5 else "top" if np.sin(turn) < -0.5 else "center"
        text = f"{textwrap.fill(name, 14)}\n{numbers.decimal(value, language)}"
        axes.text(turn, 1.06, text, ha=side, va=level, fontsize=7.5, linespacing=1.2)
    ends: dict[str, Any] = {"fontsize": 7, "color": style.SOFT, "fontstyle": "italic", "va": "center"}
    axes.text(np.pi / 2, 1.07, say("measurement_report.circle.top", language), ha="center", **ends)
    axes.text(0, 1.05, say("measurement_report.circle.right", language), ha="left", **ends)
    axes.set_title(rose.title, color=look.colour, pad=24, loc="center")


def _seen(rose: Rose, names: Sequence[str], language: str) -> str:
    points = "; ".join(f"{n} {numbers.decimal(v, language)}" for n, v in zip(names, rose.values, strict=True))
    return say("measurement_report.circle.seen", language, panel=rose.title, points=points)
