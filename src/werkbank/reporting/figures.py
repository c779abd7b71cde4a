"""The figures of a report. Each tells in its alt text what is seen, with numbers that stand in the results.

What is drawn from single pupils (lines, distributions) is for a report that stays inside; shared reports leave it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from werkbank.catalogue import say
from werkbank.reporting import numbers, style
from werkbank.reporting.blocks import Figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

WIDTH = 160.0


@dataclass(frozen=True)
class Panel:
    """One arm on one scale: every score per wave, a line for every unit that was analysed, and the means.

    `lines` is units x waves (pupils, or class means where whole classes were assigned), NaN where not measured;
    `means` come from the results, `intervals` too and only where the design allows them.
    """

    arm: str
    outcome: str
    waves: tuple[str, ...]
    values: tuple[np.ndarray, ...]
    lines: np.ndarray
    means: tuple[float | None, ...]
    n: tuple[int | None, ...]
    change: float | None = None
    intervals: tuple[tuple[float, float] | None, ...] = ()


@dataclass(frozen=True)
class Line:
    """The means of one arm from wave to wave, None where there is none to show, with their n."""

    arm: str
    means: tuple[float | None, ...]
    n: tuple[int | None, ...]


@dataclass(frozen=True)
class Plot:
    """One scale: the means of all arms on one axis, which may begin above the `lowest` score that there can be."""

    outcome: str
    waves: tuple[str, ...]
    lines: tuple[Line, ...]
    limits: tuple[float, float]
    lowest: float


@dataclass(frozen=True)
class Bar:
    """One interval of a forest: `sure` is False for what was explored, `ours` for what others have published."""

    label: str
    estimate: float
    low: float
    high: float
    sure: bool = True
    ours: bool = True


@dataclass(frozen=True)
class Stream:
    """One arm's way through the study: (label, count) boxes from assigned to last measured, then what was analysed."""

    arm: str
    boxes: tuple[tuple[str, int], ...]
    analysed: str
    used: tuple[tuple[str, int], ...]


def before_after(rows: Sequence[Sequence[Panel]], language: str, lines_are: str) -> Figure:
    """Scores before and after: a row for each scale, a panel for each arm, all panels of a row on one axis.

    Parameters
    ----------
    rows : sequence of sequences of Panel
        Scales x arms.
    lines_are : str
        ``pupil``, ``class``, ``teacher`` or ``school``: whose change a thin line is.
    """
    columns = max(len(row) for row in rows)
    height = 14 + 62 * len(rows)
    margins = style.Margins(left=15, right=1, bottom=11, top=5.5, columns=3.5, rows=18)
    with style.canvas(WIDTH, height, margins, nrows=len(rows), ncols=columns, sharey="row") as (figure, grid):
        for axes_row, row in zip(grid, rows, strict=True):
            for position, (axes, panel) in enumerate(zip(axes_row, row, strict=False)):
                _panel(axes, panel, style.look(position), language)
            axes_row[0].set_ylabel(row[0].outcome)
            style.decimal_axis(axes_row[0], language)
        picture = style.drawn(figure)
    seen = [_seen(panel, language) for row in rows for panel in row]
    lead = say("figures.before_after.alt", language, n=len(seen))
    caption = say(f"figures.before_after.caption_{lines_are}", language)
    return Figure("fig-before-after", picture, " ".join([lead, *seen]), caption, int(WIDTH))


def _panel(axes: Axes, panel: Panel, look: style.Look, language: str) -> None:
    from matplotlib.collections import LineCollection

    at = np.arange(len(panel.waves), dtype=float)
    many = max((len(v) for v in panel.values), default=0) >= 5
    drawn: list[tuple[float, np.ndarray]] = []
    if many:
        drawn = [(x, v) for x, v in zip(at, panel.values, strict=True) if len(set(v)) > 1]
    if drawn:
        shapes = axes.violinplot([v for _, v in drawn], [x for x, _ in drawn], widths=0.7, showextrema=False)
        for body in shapes["bodies"]:  # type: ignore[attr-defined] # a list, whatever matplotlib's stub says
            body.set(facecolor=look.fill, alpha=1, linewidth=0)
    segments = [np.column_stack([at, line])[~np.isnan(line)] for line in panel.lines]
    faint = min(0.55, 14 / max(len(segments), 1) ** 0.75)
    axes.add_collection(LineCollection(segments, colors=style.SOFT, linewidths=0.6, alpha=max(faint, 0.06)))
    means = [np.nan if m is None else m for m in panel.means]
    for x_mean, interval in zip(at, panel.intervals, strict=False):
        if interval:
            axes.plot([x_mean, x_mean], interval, color=look.colour, linewidth=2.2, solid_capstyle="butt", zorder=4)
    axes.plot(at, means, color=look.colour, marker=look.marker, linestyle=look.dash, linewidth=2.2, zorder=5)
    for x_mean, mean in zip(at, panel.means, strict=True):
        if mean is not None:
            text = numbers.decimal(mean, language)
            box = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}
            axes.annotate(
                text, (x_mean, mean), (0, 9), textcoords="offset points", ha="center", va="bottom", color=look.colour,
                fontweight="bold", bbox=box, zorder=6,
            )  # fmt: skip
    labels = [f"{w}\n(n = {numbers.count(n, language)})" for w, n in zip(panel.waves, panel.n, strict=True)]
    axes.set_xticks(at, labels)
    axes.set_xlim(-0.55, len(at) - 0.45)
    axes.set_title(panel.arm, color=look.colour)


def _seen(panel: Panel, language: str) -> str:
    return _said(language, panel.arm, panel.outcome, panel.waves, panel.means, panel.n)


def _said(
    language: str, arm: str, outcome: str, waves: Sequence[str], means: Sequence[float | None], n: Sequence[int | None]
) -> str:
    points = [
        say("figures.point", language, wave=wave, mean=numbers.decimal(mean, language), n=numbers.count(k, language))
        for wave, mean, k in zip(waves, means, n, strict=True)
        if mean is not None
    ]
    if not points:
        return say("figures.panel_empty", language, arm=arm, outcome=outcome)
    return say("figures.panel", language, arm=arm, outcome=outcome, points="; ".join(points))


def means(plots: Sequence[Plot], language: str) -> Figure:
    """Means of all arms from wave to wave, a plot for each scale: for readers of one page, without single scores."""
    with style.canvas(WIDTH, 40, ncols=len(plots)) as (figure, grid):
        for axes, plot in zip(grid[0], plots, strict=True):
            _means(axes, plot, language)
        if len(plots[0].lines) > 1:
            figure.legend(
                *grid[0][0].get_legend_handles_labels(), loc="outside upper left", ncols=len(plots[0].lines),
                frameon=False, fontsize=8.5, handlelength=2.6,
            )  # fmt: skip
        picture = style.drawn(figure)
    seen = [
        _said(language, line.arm, plot.outcome, plot.waves, line.means, line.n) for plot in plots for line in plot.lines
    ]
    alt = " ".join([say("school.figure.alt", language, n=len(plots)), *seen])
    captions = ["caption" if len(plots[0].lines) > 1 else "caption_one"]
    captions += ["axis"] * any(plot.limits[0] > plot.lowest for plot in plots)
    caption = " ".join(say(f"school.figure.{key}", language) for key in captions)
    return Figure("fig-means", picture, alt, caption, int(WIDTH))


def _means(axes: Axes, plot: Plot, language: str) -> None:
    at = np.arange(len(plot.waves), dtype=float)
    drawn = np.array([[np.nan if m is None else m for m in line.means] for line in plot.lines])
    for position, (line, values) in enumerate(zip(plot.lines, drawn, strict=True)):
        look = style.look(position)
        axes.plot(at, values, color=look.colour, marker=look.marker, linestyle=look.dash, linewidth=2.2, label=line.arm)
        for x, mean in enumerate(values):
            others = drawn[:, x][~np.isnan(drawn[:, x])]
            if np.isnan(mean):
                continue
            above = bool(mean >= others.mean()) if len(set(others)) > 1 else position == 0
            text = numbers.decimal(mean, language, 1 if np.ptp(plot.limits) > 5 else 2)
            axes.annotate(
                text, (x, mean), (0, 7 if above else -7), textcoords="offset points", ha="center",
                va="bottom" if above else "top", color=look.colour, fontweight="bold",
            )  # fmt: skip
    axes.set_xticks(at, plot.waves)
    axes.set_xlim(-0.4, len(at) - 0.6)
    axes.set_ylim(*plot.limits)
    axes.set_title(plot.outcome)
    style.decimal_axis(axes, language)


def change(rows: Sequence[Sequence[Panel]], language: str, lines_are: str) -> Figure | None:
    """How much each unit changed from the first to the second wave: a dot each, the pupils' mean change as a bar.

    Returns None when nobody was measured twice.
    """
    with style.canvas(WIDTH, 16 + 20 * sum(map(len, rows)), nrows=len(rows)) as (figure, grid):
        seen = []
        for (axes,), row in zip(grid, rows, strict=True):
            seen += _changes(axes, row, language)
            axes.set_title(row[0].outcome)
            style.decimal_axis(axes, language, "x")
        grid[-1][0].set_xlabel(say("figures.change.axis", language))
        picture = style.drawn(figure)
    if not seen:
        return None
    alt = " ".join([say("figures.change.alt", language, n=len(seen)), *seen])
    return Figure("fig-change", picture, alt, say(f"figures.change.caption_{lines_are}", language), int(WIDTH))


def _changes(axes: Axes, row: Sequence[Panel], language: str) -> list[str]:
    seen = []
    axes.axvline(0, color=style.SOFT, linewidth=0.8)
    for position, panel in enumerate(row):
        look = style.look(position)
        moved = panel.lines[:, 1] - panel.lines[:, 0] if panel.lines.shape[1] > 1 else np.array([])
        moved = np.sort(moved[~np.isnan(moved)])
        if not len(moved):
            continue
        # dots are spread by rank, not by chance: the same data give the same picture
        spread = (np.arange(len(moved)) * 0.618034 % 1 - 0.5) * 0.55
        axes.plot(moved, position + spread, look.marker, color=look.colour, markersize=3, alpha=0.55, linestyle="none")
        if panel.change is None:
            seen.append(say("figures.change.seen_dots", language, arm=panel.arm, outcome=panel.outcome))
            continue
        mean = numbers.decimal(panel.change, language)
        axes.plot([panel.change] * 2, [position - 0.36, position + 0.36], color=look.colour, linewidth=2.4, zorder=4)
        axes.annotate(
            mean, (panel.change, position - 0.36), (0, 3), textcoords="offset points", ha="center", va="bottom",
            color=look.colour, fontweight="bold",
        )  # fmt: skip
        seen.append(say("figures.change.seen", language, arm=panel.arm, outcome=panel.outcome, mean=mean))
    axes.set_yticks(range(len(row)), [panel.arm for panel in row])
    axes.set_ylim(len(row) - 0.45, -0.75)
    return seen


def forest(bars: Sequence[Bar], language: str) -> Figure:
    """Effect sizes with their intervals, one under another, the numbers beside them."""
    with style.canvas(WIDTH, 22 + 7.5 * len(bars)) as (figure, grid):
        axes = grid[0][0]
        axes.axvline(0, color=style.SOFT, linewidth=0.8)
        if own := sum(bar.ours for bar in bars) % len(bars):
            axes.axhline(own - 0.5, color=style.FAINT, linewidth=0.8)
        for y, bar in enumerate(bars):
            colour = style.LOOKS[0 if bar.ours else 1].colour if bar.sure else style.SOFT
            line, mark = ("-" if bar.sure else "--", "o") if bar.ours else (":", "D")
            face = colour if bar.sure and bar.ours else "white"
            axes.plot([bar.low, bar.high], [y, y], color=colour, linewidth=1.8, linestyle=line)
            axes.plot(bar.estimate, y, mark, color=colour, markersize=6.5, markerfacecolor=face)
            text = f"{numbers.decimal(bar.estimate, language)}  {numbers.interval(bar.low, bar.high, language)}"
            axes.annotate(text, (1.02, y), xycoords=axes.get_yaxis_transform(), va="center", annotation_clip=False)
        axes.set_yticks(range(len(bars)), [bar.label for bar in bars])
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_ylim(len(bars) - 0.4, -0.6)
        style.decimal_axis(axes, language, "x")
        axes.set_xlabel(say("figures.forest.axis", language))
        picture = style.drawn(figure)
    seen = [_bar_seen(bar, language) for bar in bars]
    alt = " ".join([say("figures.forest.alt", language, n=len(bars)), *seen])
    captions = ["caption", *["caption_published"] * any(not bar.ours for bar in bars)]
    caption = " ".join(say(f"figures.forest.{key}", language) for key in captions)
    return Figure("fig-forest", picture, alt, caption, int(WIDTH))


def _bar_seen(bar: Bar, language: str) -> str:
    side = "right" if bar.low > 0 else "left" if bar.high < 0 else "across"
    interval = numbers.interval(bar.low, bar.high, language)
    label = bar.label if bar.ours else say("figures.forest.published", language, label=bar.label)
    values: dict[str, Any] = {"label": label, "d": numbers.decimal(bar.estimate, language), "ci": interval}
    return say(f"figures.forest.{side}", language, **values)


def flow(streams: Sequence[Stream], language: str) -> Figure:
    """The pupil flow: a column for each arm, a box for each step, what was lost written between the boxes."""
    steps = max(len(s.boxes) for s in streams) + 1
    with style.canvas(WIDTH, 14 + 21 * steps, style.Margins(1, 1, 1, 1)) as (figure, grid):
        axes = grid[0][0]
        axes.set_axis_off()
        for x, stream in enumerate(streams):
            _stream(axes, x, stream, language)
        axes.set_xlim(-0.55, len(streams) - 0.45)
        axes.set_ylim(-steps + 0.4, 0.95)
        picture = style.drawn(figure)
    seen = [
        say(
            "figures.flow.arm", language, arm=s.arm, analysed=s.analysed,
            steps=_steps(s.boxes, language, ": "), used=_steps(s.used, language, " "),
        )
        for s in streams
    ]  # fmt: skip
    alt = " ".join([say("figures.flow.alt", language, n=len(streams)), *seen])
    return Figure("fig-flow", picture, alt, say("figures.flow.caption", language), int(WIDTH))


def _steps(boxes: Sequence[tuple[str, int]], language: str, divider: str) -> str:
    return "; ".join(f"{label}{divider}{numbers.count(n, language)}" for label, n in boxes)


def _stream(axes: Axes, x: float, stream: Stream, language: str) -> None:
    look = style.look(int(x))
    axes.text(x, 0.55, stream.arm, ha="center", va="bottom", fontweight="bold", color=look.colour, fontsize=9.5)
    for step, (label, n) in enumerate(stream.boxes):
        _box(axes, x, -step, f"{label}\nn = {numbers.count(n, language)}", look)
        if step:
            _arrow(axes, x, -step, stream.boxes[step - 1][1] - n, language)
    if stream.used:
        used = "\n".join(f"{label}: n = {numbers.count(n, language)}" for label, n in stream.used)
        _box(axes, x, -len(stream.boxes) - 0.1, f"{stream.analysed}\n{used}", look)
        _arrow(axes, x, -len(stream.boxes), 0, language)


def _box(axes: Axes, x: float, y: float, text: str, look: style.Look) -> None:
    box = {"boxstyle": "round,pad=0.55", "facecolor": "white", "edgecolor": look.colour, "linewidth": 1.1}
    axes.text(x, y, text, ha="center", va="center", bbox=box, fontsize=8.5, linespacing=1.45)


def _arrow(axes: Axes, x: float, y: float, lost: int, language: str) -> None:
    ends = {"arrowstyle": "-|>", "color": style.SOFT, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", (x, y + 0.29), (x, y + 0.71), arrowprops=ends)
    if lost > 0:
        text = say("figures.flow.lost", language, n=lost, n_text=numbers.count(lost, language))
        axes.text(x + 0.04, y + 0.5, text, ha="left", va="center", fontsize=7.5, color=style.SOFT)
    elif lost < 0:
        text = say("figures.flow.more", language, n=-lost, n_text=numbers.count(-lost, language))
        axes.text(x + 0.04, y + 0.5, text, ha="left", va="center", fontsize=7.5, color=style.SOFT)
