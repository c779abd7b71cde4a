"""Figures of rows beside rows: classes before and after, who was measured when, and scores at the ends of a scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from werkbank.catalogue import say
from werkbank.reporting import numbers, style
from werkbank.reporting.blocks import Figure
from werkbank.reporting.figures import WIDTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from werkbank.reporting.figures import Panel

MOST_ROWS = 60  # classes that fit under one another on a page


@dataclass(frozen=True)
class Pattern:
    """At which waves pupils were measured, and how many pupils that are in each arm (None: not to be shown)."""

    measured: tuple[bool, ...]
    counts: tuple[int | None, ...]


@dataclass(frozen=True)
class Ends:
    """What share of the scores of one scale is the lowest and the highest that is possible."""

    label: str
    low: float
    high: float


def dumbbells(rows: Sequence[Sequence[Panel]], language: str, lines_are: str) -> Figure | None:
    """Every class before and after, an open and a closed mark with a line between, under the mean of its arm.

    None where no class was measured twice, or where there are too many for a page.
    """
    pairs = [[panel.lines[~np.isnan(panel.lines[:, :2]).any(axis=1), :2] for panel in row] for row in rows]
    height = max(sum(len(pair) + 2 for pair in row) for row in pairs)
    if height > MOST_ROWS or not any(len(pair) for row in pairs for pair in row):
        return None
    margins = style.Margins(left=24, right=3, bottom=11, top=12, columns=7)
    with style.canvas(WIDTH, 24 + 3.4 * height, margins, ncols=len(rows), sharey=True) as (figure, grid):
        for axes, row, units in zip(grid[0], rows, pairs, strict=True):
            _dumbbells(axes, row, units, language)
        for mark, wave in zip(("white", style.SOFT), rows[0][0].waves, strict=False):
            grid[0][0].plot([], [], "o-", color=style.SOFT, markerfacecolor=mark, label=wave)
        figure.legend(*grid[0][0].get_legend_handles_labels(), loc="upper left", ncols=2, frameon=False)
        picture = style.drawn(figure)
    values = [
        {"arm": p.arm, "outcome": p.outcome} | dict(zip(("before", "after"), _means(p, language), strict=True))
        for row in rows
        for p in row
        if None not in p.means[:2]
    ]
    alt = [say("figures.dumbbells.alt", language, n=len(rows))]
    alt += [say("figures.dumbbells.seen", language, **v) for v in values]
    return Figure("fig-change", picture, " ".join(alt), say(f"figures.dumbbells.caption_{lines_are}", language))


def _means(panel: Panel, language: str) -> list[str]:
    return [numbers.decimal(mean, language) for mean in panel.means[:2]]


def _dumbbells(axes: Axes, row: Sequence[Panel], pairs: Sequence[np.ndarray], language: str) -> None:
    y, named = 0.0, []
    for position, (panel, units) in enumerate(zip(row, pairs, strict=True)):
        look = style.look(position)
        named.append((y, panel.arm))
        if None not in panel.means[:2]:
            ends = np.array(panel.means[:2], dtype=float)
            _dumbbell(axes, ends, y, look, 2.6)
            for x, text, side in zip(ends, _means(panel, language), _sides(ends), strict=True):
                axes.annotate(
                    text, (x, y), (6 * side, 0), textcoords="offset points", va="center", color=look.colour,
                    ha="left" if side > 0 else "right", fontweight="bold",
                )  # fmt: skip
        for i, unit in enumerate(units[np.argsort(units[:, 0], kind="stable")]):
            _dumbbell(axes, unit, y + 1.2 + i, look, 1.0)
        y += len(units) + 2
    axes.set_yticks([at for at, _ in named], [arm for _, arm in named], fontweight="bold")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_ylim(y - 0.6, -1)
    axes.margins(x=0.16)
    axes.set_title(row[0].outcome)
    style.decimal_axis(axes, language, "x")
    axes.grid(axis="x", color=style.FAINT, linewidth=0.5)
    axes.set_axisbelow(True)


def _sides(ends: np.ndarray) -> tuple[int, int]:
    return (-1, 1) if ends[0] <= ends[1] else (1, -1)


def _dumbbell(axes: Axes, ends: np.ndarray, y: float, look: style.Look, width: float) -> None:
    axes.plot(ends, [y, y], color=look.colour, linewidth=width, zorder=2)
    for x, fill in zip(ends, ("white", look.colour), strict=True):
        axes.plot(x, y, look.marker, color=look.colour, markerfacecolor=fill, markersize=2.4 + 1.6 * width, zorder=3)


def missing(patterns: Sequence[Pattern], waves: Sequence[str], arms: Sequence[str], language: str) -> Figure:
    """Which measurements pupils have and lack: a row for each pattern, and how many pupils have it in each arm."""
    margins = style.Margins(left=3, right=3, bottom=2, top=11)
    with style.canvas(WIDTH, 16 + 7 * len(patterns), margins) as (figure, grid):
        axes = grid[0][0]
        axes.set_axis_off()
        for y, pattern in enumerate(patterns):
            for x, there in enumerate(pattern.measured):
                axes.plot(x, y, "s", color=style.INK, markerfacecolor=style.INK if there else "white", markersize=9)
            for x, count in enumerate(pattern.counts):
                text = numbers.MISSING if count is None else numbers.count(count, language)
                axes.text(len(waves) + 0.2 + x, y, text, ha="center", va="center", fontsize=9)
        heads = [*enumerate(waves), *((len(waves) + 0.2 + x, arm) for x, arm in enumerate(arms))]
        for at, text in heads:
            axes.text(at, -0.75, text, ha="center", va="bottom", fontweight="bold")
        axes.set_xlim(-0.6, len(waves) + len(arms) - 0.2)
        axes.set_ylim(len(patterns) - 0.4, -0.7)
        picture = style.drawn(figure)
    alt = [say("figures.missing.alt", language, n=len(patterns))]
    for pattern in patterns:
        having = [wave for wave, there in zip(waves, pattern.measured, strict=True) if there]
        counts = [f"{arm} {numbers.count(n, language)}" for arm, n in zip(arms, pattern.counts, strict=True) if n]
        key = "seen" if having else "seen_none"
        alt.append(say(f"figures.missing.{key}", language, waves=", ".join(having), counts=", ".join(counts)))
    return Figure("fig-missing", picture, " ".join(alt), say("figures.missing.caption", language), int(WIDTH))


def ends(rows: Sequence[Ends], limit: float, language: str) -> Figure:
    """How many scores stand at the lowest and the highest possible value: where a change can hardly show."""
    with style.canvas(WIDTH, 14 + 6 * len(rows)) as (figure, grid):
        axes = grid[0][0]
        for at in (-limit, limit):
            axes.axvline(at, color=style.SOFT, linewidth=0.8, linestyle="--")
        for y, row in enumerate(rows):
            for share, sign, look in ((row.low, -1, style.LOOKS[1]), (row.high, 1, style.LOOKS[0])):
                axes.barh(y, sign * share, height=0.62, color=look.fill, edgecolor=look.colour, linewidth=0.9)
                axes.annotate(
                    numbers.share(share, language), (sign * share, y), (3 * sign, 0), textcoords="offset points",
                    ha="left" if sign > 0 else "right", va="center", fontsize=7.5,
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
                )  # fmt: skip
        axes.axvline(0, color=style.INK, linewidth=0.8)
        reach = max([1.4 * limit, *(1.25 * max(row.low, row.high) for row in rows)])
        axes.set_xlim(-reach, reach)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_yticks(range(len(rows)), [row.label for row in rows])
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
        for x, side, ha in ((-reach, "low", "left"), (reach, "high", "right")):
            text = say(f"figures.ends.{side}", language)
            axes.annotate(text, (x, 1.01), xycoords=axes.get_xaxis_transform(), ha=ha, va="bottom", fontweight="bold")
        picture = style.drawn(figure)
    shares = [{end: numbers.share(getattr(row, end), language) for end in ("low", "high")} for row in rows]
    seen = [say("figures.ends.seen", language, label=r.label, **s) for r, s in zip(rows, shares, strict=True)]
    alt = " ".join([say("figures.ends.alt", language, n=len(rows)), *seen])
    caption = say("figures.ends.caption", language, limit=numbers.share(limit, language))
    return Figure("fig-ends", picture, alt, caption, int(WIDTH))
