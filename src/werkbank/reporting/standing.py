"""The one picture of a school's first page: every main difference with how sure it is, the better side on the right.

A row has 20 dots, each as likely as the next to be where the true difference lies (the confidence distribution: a t
with the df of the estimate), and a bar from end to end of the interval. Scales have a panel each; their axes span
equally many standard deviations, so that a difference looks as large as it is beside the spread between pupils.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from werkbank.catalogue import say
from werkbank.reporting import style
from werkbank.reporting.labels import MM, height
from werkbank.reporting.style import WIDTH, Drawing, Margins

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from werkbank.reporting.blocks import Figure

DOTS = 20
MOST_ROWS = 8
_ROW = 12.5  # mm
_SIDE = 36.0  # mm for the names, and as much for what is said of each row
_MARGIN = 1.0
_TITLE = style.TITLE
_DOT = (3.0, 2.75, 2.5, 2.2, 1.9, 1.6, 1.3, 1.0)  # mm: the largest with which the highest pile fits a row
_OVER = 1.2  # mm from the bar to the lowest dot


@dataclass(frozen=True)
class Paper:
    """How wide a picture is, what it keeps free on both sides, and how high a row is: all in mm."""

    width: float
    left: float
    right: float
    row: float


_WIDE = Paper(WIDTH, _SIDE, _SIDE, _ROW)
_NARROW = Paper(92, _MARGIN, _MARGIN, _ROW + 5)


@dataclass(frozen=True)
class Row:
    """A difference, turned so that more is better: what it is called, and in words how large and how sure it is."""

    label: str
    estimate: float
    ci: tuple[float, float] | None
    se: float | None
    df: float | None
    size: str
    verdict: str
    look: style.Look | None  # None where nothing is clear


@dataclass(frozen=True)
class Scale:
    """The rows of one outcome, how far its scores lie apart, and what its left and right side are called."""

    outcome: str
    rows: tuple[Row, ...]
    spread: float
    sides: tuple[str, str]


def standing(scales: Sequence[Scale], title: str, subtitle: str, language: str, *, turned: bool = True) -> Figure:
    """Draw how treated and compared stand to each other; `title` is what was found, `turned`: the right is better.

    A phone gets a picture of its own, whose names and numbers stand over the rows and not beside them.
    """
    drawing = Drawing(language)
    image, dots = _picture(drawing, scales, (title, subtitle), _WIDE)
    narrow, _ = _picture(Drawing(language), scales, (title, subtitle), _NARROW)
    seen = [
        say("school.standing.seen", language, outcome=scale.outcome, wave=row.label, size=row.size, verdict=row.verdict)
        for scale in scales
        for row in scale.rows
    ]
    captions = [*["dots"] * dots, "bar" if turned else "bar_neither"]
    drawing.image = image
    caption = " ".join(say(f"school.standing.{key}", language) for key in captions)
    return replace(drawing.figure("fig-answer", [f"{title}.", *seen], caption), narrow=narrow)


def _picture(drawing: Drawing, scales: Sequence[Scale], head: tuple[str, str], paper: Paper) -> tuple[bytes, bool]:
    """Return the picture on this paper, and whether its rows have dots."""
    found = drawing.fit(head[0], paper.width, 3, _TITLE, bold=True)
    under = drawing.fit(head[1], paper.width, 3)
    names = [drawing.fit(scale.outcome, paper.width - 1, 2, 9.5, bold=True) for scale in scales]
    above = height(found, _TITLE) + height(under) + 3
    rows = [len(scale.rows) for scale in scales]
    over = 1.5 + max(height(name, 9.5) for name in names)
    margins = Margins(left=paper.left, right=paper.right, bottom=9.5, top=above + over, rows=9.5 + over)
    tall = above + len(rows) * (9.5 + over) + paper.row * sum(rows)
    reach = _reach(scales)
    room = paper.width - paper.left - paper.right
    size = _dot(scales, reach, room)
    grid_of = {"nrows": len(rows), "gridspec_kw": {"height_ratios": rows}}
    with style.canvas(paper.width, tall, margins, drawing, **grid_of) as (figure, grid):
        for (axes,), scale, name in zip(grid, scales, names, strict=True):
            low, high = (end * scale.spread for end in reach)
            axes.set(xlim=(low, high), ylim=(paper.row * len(scale.rows), 0), yticks=[])
            axes.spines["left"].set_visible(False)
            style.decimal_axis(axes, drawing.language, "x")
            style.unsigned(axes)
            axes.axvline(0, color=style.INK, linewidth=0.9, zorder=1)
            style.sides(axes, scale.sides)
            axes.annotate(
                name, (0, 1), (-paper.left * MM, 4), xycoords="axes fraction", textcoords="offset points",
                fontsize=9.5, fontweight="bold",
            )  # fmt: skip
            for i, row in enumerate(scale.rows):
                base = (i + 1) * paper.row - 1.5
                _row(axes, row, base, size, (high - low) / room)
                (_told if paper.left > _MARGIN else _told_over)(axes, row, drawing, base)
        figure.text(0, 1 - 0.6 / tall, found, fontsize=_TITLE, fontweight="bold", va="top")
        figure.text(0, 1 - (height(found, _TITLE) + 1) / tall, under, va="top", color=style.SOFT)
        return style.drawn(figure, drawing), bool(size)


def _reach(scales: Sequence[Scale]) -> tuple[float, float]:
    """Return in standard deviations from where to where all axes go: zero and some room on both its sides are in it."""
    ends = [
        end / scale.spread for scale in scales for row in scale.rows for end in (row.ci or (row.estimate, row.estimate))
    ]
    reach = max(*(abs(end) for end in ends), 0.1)
    return min(1.12 * min(ends), -0.4 * reach), max(1.12 * max(ends), 0.4 * reach)


def _places(row: Row) -> np.ndarray:
    from scipy import stats

    if row.se is None or row.ci is None or not row.se > 0:
        return np.array([])
    shares = (np.arange(DOTS) + 0.5) / DOTS
    spread = stats.norm.ppf(shares) if row.df is None else stats.t.ppf(shares, row.df)
    return np.asarray(row.estimate + row.se * spread)


def _piles(row: Row, step: float) -> tuple[np.ndarray, np.ndarray]:
    """Return for every dot its place, in steps around the estimate, and how many lie under it."""
    at = np.floor((_places(row) - row.estimate) / step) + 0.5
    under = np.array([np.count_nonzero(at[:i] == x) for i, x in enumerate(at)])
    return row.estimate + at * step, under


def _dot(scales: Sequence[Scale], reach: tuple[float, float], room: float) -> float:
    """Return how wide a dot is, in mm; 0 where no size lets every pile fit its row."""
    for size in _DOT:
        piles = [
            _piles(row, size * (reach[1] - reach[0]) * scale.spread / room)[1] for scale in scales for row in scale.rows
        ]
        highest = [int(pile.max()) + 1 for pile in piles if len(pile)]
        if highest and max(highest) * size + _OVER < _ROW - 2.5:
            return size
    return 0.0


def _row(axes: Axes, row: Row, base: float, size: float, unit: float) -> None:
    import seaborn as sns

    colour = row.look.colour if row.look else style.SOFT
    if size:
        at, under = _piles(row, size * unit)
        axes.set_autoscale_on(False)
        sns.scatterplot(
            x=at, y=base - _OVER - size * (under + 0.5), s=(0.94 * size * MM) ** 2,
            color=colour if row.look else "#8a979e", linewidth=0, zorder=3, ax=axes,
        )  # fmt: skip
    if row.ci:
        axes.plot(row.ci, (base, base), color=colour, linewidth=2.4, solid_capstyle="butt", zorder=2)
    if not size or row.ci is None:
        axes.plot([row.estimate], [base], marker="o", color=colour, markersize=7, zorder=3)


def _told(axes: Axes, row: Row, drawing: Drawing, base: float) -> None:
    bold: dict[str, Any] = {"fontweight": "bold"} if row.look else {}
    colour = row.look.colour if row.look else style.SOFT
    where: dict[str, Any] = {"xycoords": axes.get_yaxis_transform(), "textcoords": "offset points"}
    name = drawing.fit(row.label, _SIDE - 4, 2, 9)
    axes.annotate(name, (0, base - 3), (-8, 0), ha="right", va="center", fontsize=9, **bold, **where)
    size, verdict = drawing.fit(row.size, _SIDE - 3, 1, 9, bold=True), drawing.fit(row.verdict, _SIDE - 3, 1)
    axes.annotate(size, (1, base - 5), (7, 0), va="center", fontsize=9, fontweight="bold", color=colour, **where)
    axes.annotate(verdict, (1, base - 1), (7, 0), va="center", color=colour, **where)


def _told_over(axes: Axes, row: Row, drawing: Drawing, base: float) -> None:
    """Write over a row what else stands on both its sides."""
    said = drawing.fit(f"{row.label}: {row.size}, {row.verdict}", _NARROW.width - 3, 2, 9, bold=bool(row.look))
    axes.annotate(
        said, (0, base - _NARROW.row + 4), xycoords=axes.get_yaxis_transform(), va="center", fontsize=9, zorder=4,
        color=row.look.colour if row.look else style.INK, fontweight="bold" if row.look else "normal",
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
    )  # fmt: skip
