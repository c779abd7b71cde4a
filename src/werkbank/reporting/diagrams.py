"""Diagrams, drawn from counts and positions: the flow of pupils, who was there when, shared flags, the circle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from werkbank.catalogue import say
from werkbank.measurement.circumplex import SECTORS
from werkbank.reporting import numbers, style
from werkbank.reporting.labels import beside, height
from werkbank.reporting.style import WIDTH, Drawing, Margins

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.projections.polar import PolarAxes

    from werkbank.reporting.blocks import Figure

MOST_PATTERNS = 25  # rows of measured and missed that fit on a page
MOST_OVERLAPS = 12  # combinations beyond this are a wall; the pairs table has the rest
_ARROW, _PAD = 7.0, 3.6  # mm between boxes, and within a box
_DISC = 40.0  # mm: a circle
_SECTOR = np.deg2rad(45)


@dataclass(frozen=True)
class Stream:
    """One arm's way through the study: (label, count) boxes from assigned to last measured, then what was analysed."""

    arm: str
    boxes: tuple[tuple[str, int], ...]
    analysed: str
    used: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Pattern:
    """At which waves pupils were measured, and how many pupils that are in each arm (None: not to be shown)."""

    measured: tuple[bool, ...]
    counts: tuple[int | None, ...]


@dataclass(frozen=True)
class Rose:
    """One circle: the means of the eight sectors (0-1, in the order of `SECTORS`), and earlier ones shown with them."""

    title: str
    values: tuple[float, ...]
    before: tuple[float, ...] = ()


def flow(streams: Sequence[Stream], language: str) -> Figure:
    """The pupil flow: a column for each arm, a box for each step, what was lost written between the boxes."""
    figure = style.twice(lambda drawing: _flow(drawing, streams), language)
    assert figure is not None  # noqa: S101 - there is an arm
    return figure


def _flow(drawing: Drawing, streams: Sequence[Stream]) -> Figure:
    language = drawing.language
    columns = -(-len(streams) // -(-len(streams) // (2 if drawing.narrow else 5)))
    wide = (drawing.width - 2) / columns
    lines = [streams[i : i + columns] for i in range(0, len(streams), columns)]
    names = {s.arm: drawing.fit(s.arm, wide - 3, 5, 9, bold=True) for s in streams}
    boxes = {s.arm: _boxes(drawing, s, wide - 8) for s in streams}
    heads = [max(height(names[s.arm], 9) for s in line) + 2.5 for line in lines]
    steps = [_steps_mm([boxes[s.arm] for s in line]) for line in lines]
    tall = sum(heads) + sum(map(sum, steps)) + sum(_ARROW * len(s) for s in steps)
    with drawing.axes(tall, Margins(left=1, right=1)) as grid:
        axes, y = grid[0][0], 0.0
        axes.set_axis_off()
        axes.set(xlim=(0, columns * wide), ylim=(tall, 0))
        for line, head, high in zip(lines, heads, steps, strict=True):
            for at, stream in enumerate(line):
                look, x = style.look(streams.index(stream)), (at + 0.5) * wide
                axes.text(
                    x,
                    y + head - 2,
                    names[stream.arm],
                    ha="center",
                    va="bottom",
                    color=look.colour,
                    size=9,
                    **style.BOLD,
                )
                _stream(axes, (x, y + head), stream, boxes[stream.arm], high, language)
            y += head + sum(high) + _ARROW * len(high)
    seen = [
        say(
            "figures.flow.arm", language, arm=s.arm, analysed=s.analysed,
            steps=_steps(s.boxes, language, ": "), used=_steps(s.used, language, " "),
        )
        for s in streams
    ]  # fmt: skip
    alt = [say("figures.flow.alt", language, n=len(streams)), *seen]
    return drawing.figure("fig-flow", alt, say("figures.flow.caption", language))


def _steps(boxes: Sequence[tuple[str, int]], language: str, divider: str) -> str:
    return "; ".join(f"{label}{divider}{numbers.count(n, language)}" for label, n in boxes)


def _boxes(drawing: Drawing, stream: Stream, room: float) -> list[str]:
    """Return what stands in every box of an arm; many boxes have one line each, where it fits."""
    joint = ": " if len(stream.boxes) > 5 else "\n"
    texts = [
        f"{label}{joint}n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{numbers.count(n, drawing.language)}"
        for label, n in stream.boxes
    ]
    if stream.used:
        used = [
            f"{label}: n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{numbers.count(n, drawing.language)}"
            for label, n in stream.used
        ]
        texts.append("\n".join([stream.analysed, *used]))
    return ["\n".join(drawing.fit(line, room) for line in text.split("\n")) for text in texts]


def _steps_mm(columns: Sequence[Sequence[str]]) -> list[float]:
    """Return how high every step is: as high as the fullest box of all arms, so that steps stand beside each other."""
    most = max(map(len, columns))
    return [max(height(boxes[i]) for boxes in columns if i < len(boxes)) + _PAD for i in range(most)]


def _stream(
    axes: Axes, start: tuple[float, float], stream: Stream, boxes: Sequence[str], high: Sequence[float], language: str
) -> None:
    x, y = start
    counts = [n for _, n in stream.boxes]
    look = axes.texts[-1].get_color()
    frame = {"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": look, "linewidth": 1.1}
    for step, (text, tall) in enumerate(zip(boxes, high, strict=False)):
        middle = y + tall / 2
        axes.text(x, middle, text, ha="center", va="center", bbox=frame, linespacing=1.25)
        if step:
            above = height(boxes[step - 1]) + _PAD  # of the box above, which may be lower than its step
            measured = step < len(counts)  # what is analysed does not come from the last measurement alone
            ends: dict[str, Any] = {"arrowstyle": "-|>" if measured else "-", "linestyle": "-" if measured else ":"}
            ends |= {"color": style.SOFT, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0}
            tip, tail = middle - (height(text) + _PAD) / 2 + 0.2, y - _ARROW - high[step - 1] / 2 + above / 2 - 0.2
            axes.annotate("", (x, tip), (x, tail), arrowprops=ends)
            # of those at the start: who missed one measurement may be back at the next
            if measured and (lost := counts[0] - counts[step]):
                first, many = (numbers.count(n, language) for n in (counts[0], lost))
                said = say("figures.flow.lost", language, n=lost, n_text=many, start=first)
                axes.text(x + 1.5, y - _ARROW / 2, said, ha="left", va="center", fontsize=7.5, color=style.SOFT)
        y += tall + _ARROW


def missing(patterns: Sequence[Pattern], waves: Sequence[str], arms: Sequence[str], language: str) -> Figure:
    """Which measurements pupils have and lack: a row for each pattern, and how many pupils have it in each arm."""
    figure = style.twice(lambda drawing: _missing(drawing, patterns, waves, arms), language)
    assert figure is not None  # noqa: S101 - there is a pattern
    return figure


def _missing(drawing: Drawing, patterns: Sequence[Pattern], waves: Sequence[str], arms: Sequence[str]) -> Figure:
    import seaborn as sns
    from matplotlib.patches import Rectangle

    language = drawing.language
    patterns = drawing.first(list(patterns), MOST_PATTERNS)
    cell = min(24.0, (drawing.width - 12) / (len(waves) + len(arms)))
    room = (drawing.width - 12 - cell * len(waves)) / len(arms)
    size = 8.5 if cell > 15 else 7.5
    names = drawing.fits(list(waves), cell - 1, 3, size), drawing.fits(list(arms), room - 1, 4, size)
    top = 2 + max(map(height, names[0] + names[1]))
    there = pd.DataFrame([p.measured for p in patterns], dtype=float)
    counts = pd.DataFrame([p.counts for p in patterns])
    texts = counts.map(lambda n: numbers.MISSING if pd.isna(n) else numbers.count(int(n), language))
    ratios = {"width_ratios": [cell * len(waves), room * len(arms)]}
    margins = Margins(left=3, right=3, bottom=1, top=top, columns=6)
    with drawing.axes(top + 1 + 6.5 * len(patterns), margins, ncols=2, gridspec_kw=ratios) as grid:
        plain: dict[str, Any] = {"cbar": False, "vmin": 0, "vmax": 1, "linewidths": 5, "linecolor": "white"}
        sns.heatmap(there, cmap=["white", style.INK], ax=grid[0][0], **plain)
        sns.heatmap(0 * there.iloc[:, :1].to_numpy() + np.zeros(len(arms)), cmap=["white"], annot=texts, fmt="",
                    annot_kws={"color": style.INK, "fontsize": 9}, ax=grid[0][1], **plain)  # fmt: skip
        for axes, heads in zip(grid[0], names, strict=True):
            axes.set(yticks=[], xlabel="", ylabel="")
            axes.set_xticks([i + 0.5 for i in range(len(heads))], heads, fontsize=size, rotation=0)
            axes.tick_params(length=0, labeltop=True, labelbottom=False)
        for y in range(len(patterns)):
            for x in range(len(waves)):
                frame: dict[str, Any] = {"fill": False, "edgecolor": style.INK, "linewidth": 0.9}
                grid[0][0].add_patch(Rectangle((x + 0.06, y + 0.12), 0.88, 0.76, **frame))
    alt = [say("figures.missing.alt", language, n=len(patterns))]
    for pattern in patterns:
        having = [wave for wave, there in zip(waves, pattern.measured, strict=True) if there]
        counts = [f"{arm} {numbers.count(n, language)}" for arm, n in zip(arms, pattern.counts, strict=True) if n]
        key = "seen" if having else "seen_none"
        alt.append(say(f"figures.missing.{key}", language, waves=", ".join(having), counts=", ".join(counts)))
    return drawing.figure("fig-missing", alt, say("figures.missing.caption", language))


def upset(
    name: str, measure: str, methods: Sequence[str], combined: Sequence[tuple[tuple[int, ...], int]], language: str
) -> Figure | None:
    """Draw how many pupils each combination of methods flagged, the largest first.

    Parameters
    ----------
    name, measure : str
        The figure's id, and what was achieved.
    methods : sequence of str
        As readers know them.
    combined : sequence of (positions of methods, n)
        No position at all: pupils whom no method flagged; they are told in the caption.

    Returns None when no method flagged anybody.
    """
    none = sum(n for which, n in combined if not which)
    drawing = Drawing(language)
    bars = drawing.first(sorted(((which, n) for which, n in combined if which), key=lambda bar: -bar[1]), MOST_OVERLAPS)
    if not bars:
        return None
    names = drawing.fits(list(methods), 60, 2)
    each = max(6.0, 2 + max(map(height, names)))
    margins = Margins(left=max(16.0, beside(names)), right=1, bottom=1, top=2, rows=3)
    ratios = {"height_ratios": [45, each * len(methods)]}
    with drawing.axes(51 + each * len(methods), margins, nrows=2, sharex=True, gridspec_kw=ratios) as grid:
        _overlaps(grid[0][0], [n for _, n in bars], language)
        _dots(grid[1][0], names, [which for which, _ in bars])
    told = [
        say(
            "underachieving.upset.seen", language,
            methods=", ".join(methods[i] for i in which), n=numbers.count(n, language),
        )
        for which, n in bars
    ]  # fmt: skip
    alt = say("underachieving.upset.alt", language, n=len(bars), seen=" ".join(told))
    caption = say("underachieving.upset.caption", language, measure=measure, none=numbers.count(none, language))
    return drawing.figure(name, [alt], caption)


def _overlaps(axes: Axes, heights: list[int], language: str) -> None:
    import seaborn as sns

    table = pd.DataFrame({"at": range(len(heights)), "n": heights})
    colour = style.LOOKS[0].colour
    sns.barplot(table, x="at", y="n", native_scale=True, errorbar=None, width=0.55, color=colour, saturation=1, ax=axes)
    for x, n in enumerate(heights):
        style.mark(axes, numbers.count(n, language), (x, n), (0, 3), fontweight="normal")
    axes.set(xlabel="", ylabel=say("underachieving.upset.axis", language), ylim=(0, max(heights) * 1.15))
    style.decimal_axis(axes, language)
    axes.tick_params(axis="x", length=0)


def _dots(axes: Axes, names: Sequence[str], columns: list[tuple[int, ...]]) -> None:
    import seaborn as sns

    colour = style.LOOKS[0].colour
    table = pd.DataFrame([(x, y, y in which) for x, which in enumerate(columns) for y in range(len(names))])
    table.columns = ["at", "method", "flagged"]
    sns.lineplot(table[table["flagged"]], x="at", y="method", units="at", estimator=None, orient="y", color=colour,
                 linewidth=2, zorder=1, ax=axes)  # fmt: skip
    for flagged, part in table.groupby("flagged"):
        face, edge = (colour, colour) if flagged else ("white", style.FAINT)
        sns.scatterplot(part, x="at", y="method", color=face, edgecolor=edge, s=49, linewidth=1, zorder=2, ax=axes)
    axes.set_yticks(range(len(names)), names)
    axes.set(xlim=(-0.6, len(columns) - 0.4), ylim=(len(names) - 0.5, -0.5), xlabel="", ylabel="", xticks=[])
    axes.tick_params(length=0)
    axes.spines[["left", "bottom"]].set_visible(False)


def circle(rows: Sequence[Sequence[Rose]], names: Sequence[str], before: str, language: str) -> Figure:
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
    drawing = Drawing(language)
    columns = max(map(len, rows))
    called = drawing.fits(list(names), 22, 3, 7.5)
    titles = [drawing.fits([rose.title for rose in row], WIDTH / columns - 4, size=9, bold=True) for row in rows]
    top = 13 + max(height(title, 9) for row in titles for title in row)
    side = (WIDTH / columns - _DISC) / 2
    margins = Margins(left=side, right=side, bottom=11, top=top, columns=2 * side, rows=top + 11)
    grid: dict[str, Any] = {"nrows": len(rows), "ncols": columns, "subplot_kw": {"projection": "polar"}}
    with drawing.axes(len(rows) * (_DISC + top + 11), margins, **grid) as axes:
        for i, row in enumerate(rows):
            for place, rose, title in zip(axes[i], row, titles[i], strict=False):
                _rose(place, rose, called, style.look(i), language)
                place.set_title(title, color=style.look(i).colour, pad=22, loc="center")
            for place in axes[i][len(row) :]:
                place.set_axis_off()
    roses = [rose for row in rows for rose in row]
    seen = [_rose_seen(rose, names, language) for rose in roses]
    alt = [say("measurement_report.circle.alt", language, n=len(roses)), *seen]
    return drawing.figure("fig-circle", alt, say("measurement_report.circle.caption", language, wave=before))


def _rose(axes: PolarAxes, rose: Rose, names: Sequence[str], look: style.Look, language: str) -> None:
    turns = np.deg2rad(list(SECTORS.values()))
    axes.bar(turns, rose.values, width=_SECTOR, color=look.fill, edgecolor=look.colour, linewidth=1.3, zorder=3)
    for turn, value in zip(turns, rose.before, strict=False):
        arc = np.linspace(turn - _SECTOR / 2, turn + _SECTOR / 2, 20)
        axes.plot(arc, np.full(20, value), color=style.INK, linewidth=1.1, linestyle=(0, (3, 2)), zorder=4)
    axes.set_ylim(0, 1)
    axes.set_yticks([0.25, 0.5, 0.75, 1], [])
    axes.grid(visible=True, color=style.FAINT, linewidth=0.6)
    axes.spines["polar"].set_color(style.FAINT)
    axes.set_xticks(np.deg2rad([0, 90, 180, 270]), [])
    for turn, name, value in zip(turns, names, rose.values, strict=True):
        side = "left" if np.cos(turn) > 0 else "right"
        level = "bottom" if np.sin(turn) > 0.5 else "top" if np.sin(turn) < -0.5 else "center"
        axes.text(
            turn, 1.06, f"{name}\n{numbers.decimal(value, language)}", ha=side, va=level, fontsize=7.5, linespacing=1.2
        )
    ends: dict[str, Any] = {"fontsize": 7, "color": style.SOFT, "fontstyle": "italic", "va": "center"}
    axes.text(np.pi / 2, 1.07, say("measurement_report.circle.top", language), ha="center", **ends)
    axes.text(0, 1.05, say("measurement_report.circle.right", language), ha="left", **ends)


def _rose_seen(rose: Rose, names: Sequence[str], language: str) -> str:
    points = "; ".join(f"{n} {numbers.decimal(v, language)}" for n, v in zip(names, rose.values, strict=True))
    return say("measurement_report.circle.seen", language, panel=rose.title, points=points)
