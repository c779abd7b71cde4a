"""For whom, as a picture: the difference between groups along a characteristic, and where it is surely not zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from werkbank.catalogue import say
from werkbank.effects.moderation import along
from werkbank.reporting import numbers, style
from werkbank.reporting.blocks import Figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes

WIDTH = 160.0
MOST = 4  # panels; the table has every difference


@dataclass(frozen=True)
class Slope:
    """One question by one characteristic: differences at mean - SD, mean and mean + SD, their SEs, the line's df."""

    question: str
    by: str
    at: tuple[float, ...]
    effects: tuple[float, ...]
    ses: tuple[float, ...]
    df: float


def slopes(found: Sequence[Slope], language: str) -> Figure:
    """Draw the difference along the characteristic with its interval, a panel for each question; thick: p < .05."""
    shown = found[:MOST]
    columns = min(2, len(shown))
    rows = -(-len(shown) // columns)
    curves = [along(s.at, s.effects, s.ses, s.df) for s in shown]
    margins = style.Margins(left=15, right=2, bottom=11, top=6, columns=13, rows=19)
    with style.canvas(WIDTH, 14 + 54 * rows, margins, nrows=rows, ncols=columns) as (figure, grid):
        for axes in grid.flat[len(shown) :]:
            axes.set_visible(False)
        for axes, slope, curve in zip(grid.flat, shown, curves, strict=False):
            _panel(axes, slope, curve, language)
        picture = style.drawn(figure)
    seen = [_seen(slope, curve, language) for slope, curve in zip(shown, curves, strict=True)]
    alt = " ".join([say("figures.slopes.alt", language, n=len(shown)), *seen])
    caption = say("figures.slopes.caption", language)
    return Figure("fig-slopes", picture, alt, caption, int(WIDTH))


def _panel(axes: Axes, slope: Slope, curve: pd.DataFrame, language: str) -> None:
    look, at = style.look(0), curve["at"].to_numpy()
    band = curve.iloc[::10]  # bends little: more points are more bytes and no other picture
    axes.fill_between(band["at"], band["low"], band["high"], color=look.fill, linewidth=0)
    axes.axhline(0, color=style.SOFT, linewidth=0.8)
    axes.plot(at[[0, -1]], curve["difference"].iloc[[0, -1]], color=look.colour, linewidth=0.9, linestyle=(0, (4, 2)))
    for part in _parts(curve):
        axes.plot(part, np.interp(part, at, curve["difference"]), color=look.colour, linewidth=2.4)
    axes.plot(slope.at, slope.effects, look.marker, color=look.colour, markersize=4.5, markeredgecolor="white")
    bottom, top = axes.get_ylim()
    axes.set_ylim(bottom, top + 0.14 * (top - bottom))  # room for what is said above the band
    for start, end in _parts(curve):
        for x in {start, end} - {at[0], at[-1]}:
            axes.axvline(x, color=style.SOFT, linewidth=0.8, linestyle=(0, (1, 1.5)))
        if end - start > 0.2 * np.ptp(at):
            axes.text((start + end) / 2, 0.97, say("figures.slopes.sure", language), color=look.colour, ha="center",
                      va="top", fontweight="bold", fontsize=8, transform=axes.get_xaxis_transform())  # fmt: skip
    axes.set_xlim(at[0], at[-1])
    axes.set_title(slope.question)
    axes.set_xlabel(slope.by)
    axes.set_ylabel(say("figures.slopes.axis", language))
    style.decimal_axis(axes, language)
    style.decimal_axis(axes, language, "x")


def _parts(curve: pd.DataFrame) -> list[tuple[float, float]]:
    """Return from where to where the interval excludes zero."""
    sure, at = curve["sure"].to_numpy(), curve["at"].to_numpy()
    edges = np.flatnonzero(np.diff(np.concatenate([[False], sure, [False]]).astype(int)))
    return [(float(at[start]), float(at[end - 1])) for start, end in edges.reshape(-1, 2)]


def _seen(slope: Slope, curve: pd.DataFrame, language: str) -> str:
    places = zip(("low", "mean", "high"), slope.at, slope.effects, strict=True)
    said = {"question": slope.question, "by": slope.by}
    for name, at, effect in places:
        said |= {f"at_{name}": numbers.decimal(at, language), name: numbers.decimal(effect, language)}
    if curve["sure"].all() or not curve["sure"].any():
        where = say(f"figures.slopes.{'everywhere' if curve['sure'].all() else 'nowhere'}", language)
    else:
        ends = [[numbers.decimal(x, language) for x in part] for part in _parts(curve)]
        pieces = [say("figures.slopes.piece", language, start=start, end=end) for start, end in ends]
        where = say(f"figures.slopes.parts_{len(pieces)}", language, **dict(zip(("first", "second"), pieces)))  # noqa: B905
    return say("figures.slopes.seen", language, where=where, **said)
