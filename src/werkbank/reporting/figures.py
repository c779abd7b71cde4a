"""The figures of scores. Each tells in its alt text what is seen, with numbers that stand in the results.

What is drawn from single pupils (lines, distributions) is for a report that stays inside; shared reports leave it out.
seaborn draws from tidy tables that are made here; panels that are compared have one axis.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from werkbank.catalogue import say
from werkbank.reporting import numbers, style
from werkbank.reporting.labels import MM, beside, height, widest
from werkbank.reporting.style import WIDTH, Drawing, Margins

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from werkbank.reporting.blocks import Figure

MOST_SCALES = 3  # a figure with more is a wall
MOST_DIRECT = 3  # lines whose names stand at their ends; more have a legend
MOST_ROWS = 60  # classes that fit under one another on a page
MOST_PANELS = 4  # panels that fit under one another on a page
MOST_ENDS = 45  # bars that do
_PAPER = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85}  # under a number
_WAVE = 16.0  # mm that a wave's name and n need
_NUMBER = 6.0  # mm that a number beside a mark may need beyond its axes


@dataclass(frozen=True)
class Panel:
    """One arm on one scale: every score per wave, a line for every unit that was analysed, and the means.

    `lines` is units x waves (pupils, or class means where whole classes were assigned), NaN where not measured;
    `means` come from the results.
    """

    arm: str
    outcome: str
    waves: tuple[str, ...]
    values: tuple[np.ndarray, ...]
    lines: np.ndarray
    means: tuple[float | None, ...]
    n: tuple[int | None, ...]
    change: float | None = None
    better: str = "neither"

    def scores(self) -> pd.DataFrame:
        """Return every score, one a row, with its place on the axis of waves."""
        return pd.concat([pd.DataFrame({"at": at, "score": v}) for at, v in enumerate(self.values)])

    def courses(self) -> pd.DataFrame:
        """Return what every unit scored at every wave, one a row."""
        table = pd.DataFrame(self.lines).rename_axis("unit").melt(var_name="at", value_name="score", ignore_index=False)
        return table.dropna().reset_index()


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
    better: str = "neither"


@dataclass(frozen=True)
class Ends:
    """What share of the scores of one scale is the lowest and the highest that is possible."""

    label: str
    low: float
    high: float


@dataclass(frozen=True)
class Cloud:
    """One arm before and after: a dot for each pupil, the smallest reliable change, and the counts that it gives."""

    arm: str
    outcome: str
    waves: tuple[str, str]
    pre: np.ndarray
    post: np.ndarray
    smallest: float
    counts: Mapping[str, int | None]
    higher_is_better: bool


def columns_for(n: int, need: float, room: float = WIDTH - 20) -> int:
    """Return how many panels stand beside each other when each needs so many mm; the last row is not much emptier."""
    most = max(1, min(n, int(room // need)))
    return -(-n // -(-n // most))


def before_after(rows: Sequence[Sequence[Panel]], language: str, lines_are: str) -> Figure:
    """Scores before and after: a panel for each scale and arm, all panels of a scale on one axis.

    Parameters
    ----------
    rows : sequence of sequences of Panel
        Scales x arms.
    lines_are : str
        ``pupil``, ``class``, ``teacher`` or ``school``: whose change a thin line is.
    """
    figure = style.twice(lambda drawing: _before_after(drawing, rows, lines_are), language)
    assert figure is not None  # noqa: S101 - there is a scale
    return figure


def _before_after(drawing: Drawing, rows: Sequence[Sequence[Panel]], lines_are: str) -> Figure:
    language = drawing.language
    waves, arms = len(rows[0][0].waves), max(map(len, rows))
    columns = 1 if drawing.narrow else columns_for(arms, max(30, _WAVE * waves))
    deep = -(-arms // columns)  # rows of panels for one scale
    on_page = -(-arms // columns_for(arms, max(30, _WAVE * waves)))  # a phone has the scales of the page
    rows = drawing.first(list(rows), max(1, min(MOST_SCALES, MOST_PANELS // on_page)))
    sides = [drawing.fit(_towards(row[0], language), 44) for row in rows]
    left = 9 + max(height(side) for side in sides)
    wide = (drawing.width - left - 1 - 3.5 * (columns - 1)) / columns
    titles = {p.arm: drawing.fit(p.arm, wide, size=style.PANEL, bold=True) for row in rows for p in row}
    ticks = [[_counted(drawing, p, wide / (waves + 0.1)) for p in row] for row in rows]
    top = 6.5 + max(height(title, style.PANEL) for title in titles.values())
    bottom = 3 + max(height(tick) for row in ticks for of_arm in row for tick in of_arm)
    margins = Margins(left=left, right=1, bottom=bottom, top=top, columns=3.5, rows=top + bottom + 1)
    lines = deep * len(rows)
    tall = lines * 44 + top + bottom + (lines - 1) * margins.rows
    with drawing.axes(tall, margins, nrows=lines, ncols=columns) as grid:
        for i, row in enumerate(rows):
            places = grid[i * deep : (i + 1) * deep].ravel()
            limits = _limits(row)
            for position, (axes, panel) in enumerate(zip(places, row, strict=False)):
                _panel(axes, panel, position, language)
                axes.set_ylim(limits)
                style.decimal_axis(axes, language)
                axes.tick_params(labelleft=position % columns == 0)
                axes.set(ylabel=sides[i] if position % columns == 0 else "", xlabel="")
                axes.set_title(titles[panel.arm], color=style.look(position).colour, pad=17)
                axes.set_xticks(range(waves), ticks[i][position])
            for axes in places[len(row) :]:
                axes.set_axis_off()
    seen = [_seen(panel, language) for row in rows for panel in row]
    caption = say(f"figures.before_after.caption_{lines_are}", language)
    return drawing.figure("fig-before-after", [say("figures.before_after.alt", language, n=len(seen)), *seen], caption)


def _towards(of: Panel | Plot, language: str) -> str:
    """Return a scale with which end of it is better, where one is."""
    if of.better not in {"higher", "lower"}:
        return of.outcome
    better = say(f"instruments.direction.{of.better}", language)
    return say("school.standing.no_range", language, outcome=of.outcome, better=better)


def _counted(drawing: Drawing, panel: Panel, room: float) -> list[str]:
    named = [
        f"{wave}\n(n = {numbers.count(n, drawing.language)})" for wave, n in zip(panel.waves, panel.n, strict=True)
    ]
    return ["\n".join(drawing.fit(line, room - 1, 2) for line in text.split("\n")) for text in named]


def _limits(row: Sequence[Panel]) -> tuple[float, float]:
    drawn = np.concatenate(
        [np.concatenate([p.lines.ravel(), p.scores()["score"], np.array(p.means, float)]) for p in row]
    )
    drawn = drawn[np.isfinite(drawn)]
    low, high = (float(drawn.min()), float(drawn.max())) if len(drawn) else (0.0, 1.0)
    reach = (high - low) or 1.0
    return low - 0.05 * reach, high + 0.05 * reach


def _panel(axes: Axes, panel: Panel, position: int, language: str) -> None:
    import seaborn as sns

    look = style.look(position)
    scores, courses = panel.scores(), panel.courses()
    spread = scores.groupby("at")["score"].transform("nunique") > 1
    if max(map(len, panel.values), default=0) >= 5 and spread.any():
        sns.violinplot(
            scores[spread.to_numpy()], x="at", y="score", native_scale=True, inner=None, cut=0, density_norm="width",
            width=0.7, color=look.fill, saturation=1, linewidth=0, ax=axes,
        )  # fmt: skip
    if len(courses):
        faint = max(0.06, min(0.55, 14 / len(panel.lines) ** 0.75))
        line = {"color": style.SOFT, "linewidth": 0.6, "alpha": faint}
        sns.lineplot(courses, x="at", y="score", units="unit", estimator=None, ax=axes, **line)
    means = _course(axes, panel.means, look, zorder=5)
    for at, mean in means.dropna().to_numpy():  # over the panel, where they cover nothing
        axes.annotate(
            numbers.decimal(mean, language), (at, 1), (0, 3), xycoords=axes.get_xaxis_transform(),
            textcoords="offset points", ha="center", va="bottom", color=look.colour, **style.BOLD,
        )  # fmt: skip
    axes.set_xlim(-0.55, len(panel.waves) - 0.45)


def _course(axes: Axes, means: Any, look: style.Look, **more: Any) -> pd.DataFrame:  # noqa: ANN401 - matplotlib's own
    """Draw the means of one arm from wave to wave, interrupted where there is none, and return what was drawn."""
    import seaborn as sns

    table = pd.DataFrame({"at": range(len(means)), "mean": np.array(means, dtype=float)})
    more |= {"native_scale": True, "errorbar": None, "linewidth": 2.2}
    sns.pointplot(table, x="at", y="mean", ax=axes, **look.line, **more)
    return table


def _seen(panel: Panel | Line, language: str, of: Panel | Plot | None = None) -> str:
    scale = of or panel
    assert not isinstance(scale, Line)  # noqa: S101 - a line comes with its plot
    points = [
        say("figures.point", language, wave=wave, mean=numbers.decimal(mean, language), n=numbers.count(k, language))
        for wave, mean, k in zip(scale.waves, panel.means, panel.n, strict=True)
        if mean is not None
    ]
    if not points:
        return say("figures.panel_empty", language, arm=panel.arm, outcome=scale.outcome)
    return say("figures.panel", language, arm=panel.arm, outcome=scale.outcome, points="; ".join(points))


def means(plots: Sequence[Plot], language: str) -> Figure:
    """Means of all arms from wave to wave, a plot for each scale: for readers of one page, without single scores."""
    figure = style.twice(lambda drawing: _all_means(drawing, plots), language)
    assert figure is not None  # noqa: S101 - there is a plot
    return figure


def _all_means(drawing: Drawing, plots: Sequence[Plot]) -> Figure:
    language = drawing.language
    arms, waves = [line.arm for line in plots[0].lines], plots[0].waves
    direct = 1 < len(arms) <= MOST_DIRECT
    columns = 1 if drawing.narrow else columns_for(len(plots), max(45, 12 * len(waves)))
    lines = -(-len(plots) // columns)
    names = drawing.fits(arms, 26 if direct else drawing.width - 15, 2, bold=direct) if len(arms) > 1 else []
    beyond = 3 + widest(names, bold=True) if direct else 0.0  # an arm's name stands at the end of its line
    beyond += _NUMBER * (direct and len(arms) > 2)  # and behind its number, which then stands beside its mark too
    wide = (drawing.width - 12 - beyond - (10 + beyond) * (columns - 1)) / columns
    titles = [drawing.fit(_towards(plot, language), wide + beyond, 5, style.PANEL, bold=True) for plot in plots]
    room = wide / len(waves) + 0.5
    small = drawing.unbroken(list(waves), room)
    ticks = drawing.fits(list(waves), room, size=small)
    abreast = next((n for n in range(len(names), 1, -1) if n * (widest(names) + 16) < drawing.width), 1)
    legend = 0.0 if direct else -(-len(names) // abreast) * max([5.0, *map(height, names)])
    top, bottom = 2.5 + max(height(t, style.PANEL) for t in titles), 3 + max(map(height, ticks))
    margins = Margins(
        left=10, right=2 + beyond, bottom=bottom, top=legend + top, columns=10 + beyond, rows=top + bottom
    )
    tall = legend + lines * (24 + max(0, 6 * (len(arms) - 2)) + top + bottom)
    with drawing.axes(tall, margins, nrows=lines, ncols=columns) as grid:
        for axes, plot, title in zip(grid.ravel(), plots, titles, strict=False):
            _means(axes, plot, language)
            axes.set_title(title)
            axes.set_xticks(range(len(waves)), ticks, fontsize=small)
            if direct:
                _named(axes, plot, names)
        for axes in grid.ravel()[len(plots) :]:
            axes.set_axis_off()
        if names and not direct:
            handles = grid[0][0].get_legend_handles_labels()[0]
            grid[0][0].figure.legend(handles, names, loc="upper left", ncols=abreast, handlelength=2.6, borderaxespad=0)
    alt = [_seen(line, language, plot) for plot in plots for line in plot.lines]
    captions = ["caption" if len(arms) > 1 else "caption_one"]
    captions += ["axis"] * any(plot.limits[0] > plot.lowest for plot in plots)
    caption = " ".join(say(f"school.figure.{key}", language) for key in captions)
    return drawing.figure("fig-means", [say("school.figure.alt", language, n=len(plots)), *alt], caption)


def _named(axes: Axes, plot: Plot, names: Sequence[str]) -> None:
    """Write every arm's name at the end of its line, the names as far apart as they are high."""
    ends = np.array([next((m for m in reversed(line.means) if m is not None), np.nan) for line in plot.lines], float)
    shown = np.flatnonzero(~np.isnan(ends))
    order = shown[np.argsort(ends[shown], kind="stable")]
    aside = _NUMBER * MM * (len(plot.lines) > 2)
    step = 1 + 1.25 * style.SIZE * max(name.count("\n") + 1 for name in names)
    for arm, away in zip(order, _apart(axes, ends[order], 1, step), strict=True):
        axes.annotate(
            names[arm], (1, ends[arm]), (2 + aside, away[1]), xycoords=axes.get_yaxis_transform(),
            textcoords="offset points", va="center", color=style.look(int(arm)).colour, annotation_clip=False,
            **style.BOLD,
        )  # fmt: skip


def _means(axes: Axes, plot: Plot, language: str) -> None:
    drawn = np.array([line.means for line in plot.lines], dtype=float)
    for position, values in enumerate(drawn):
        _course(axes, values, style.look(position), label=str(position))
    if legend := axes.get_legend():
        legend.remove()
    digits = 1 if np.ptp(plot.limits) > 5 else 2
    axes.set(xlabel="", ylabel="", xlim=(-0.5, drawn.shape[1] - 0.5), ylim=plot.limits)
    for at, of_wave in enumerate(drawn.T):
        here = np.flatnonzero(~np.isnan(of_wave))
        order = here[np.argsort(of_wave[here], kind="stable")]
        if len(order) <= 2:
            places = dict(zip(order, [(0, 7), (0, -7)][: len(order)][::-1], strict=True))
        else:  # beside the marks, and as far apart as digits are high
            places = dict(zip(order, _apart(axes, of_wave[order], 1 if at else -1), strict=True))
        for arm, away in places.items():
            text = numbers.decimal(of_wave[arm], language, digits)
            style.mark(axes, text, (at, of_wave[arm]), away, style.look(int(arm)).colour, bbox=_PAPER)
    style.decimal_axis(axes, language)


def _apart(axes: Axes, values: np.ndarray, side: int, step: float = 9.5) -> list[tuple[float, float]]:
    """Return how far, in points, the numbers of rising values are moved so that none covers another."""
    _, at = axes.transData.transform(np.column_stack([values, values])).T * 72 / axes.figure.dpi
    steps = np.arange(len(at)) * step
    raised = np.maximum.accumulate(at - steps) + steps
    moved = raised - (raised - at).mean()
    return [(side * 8.0, float(step)) for step in moved - at]


def change(rows: Sequence[Sequence[Panel]], language: str, lines_are: str) -> Figure | None:
    """How much each unit changed from the first to the second wave: a dot each, the pupils' mean change as a bar.

    Returns None when nobody was measured twice.
    """
    return style.twice(lambda drawing: _change(drawing, rows, lines_are), language)


def _change(drawing: Drawing, rows: Sequence[Sequence[Panel]], lines_are: str) -> Figure | None:
    language = drawing.language
    rows = drawing.first(list(rows), MOST_SCALES)
    arms = drawing.fits([panel.arm for panel in rows[0]], 22 if drawing.narrow else 45, 4)
    titles = [
        drawing.fit(_towards(row[0], language), drawing.width - beside(arms) - 4, size=style.PANEL, bold=True)
        for row in rows
    ]
    top = 3 + max(height(title, style.PANEL) for title in titles)
    margins = Margins(left=beside(arms), right=3, bottom=14 if drawing.narrow else 11, top=top, rows=top + 6)
    each = max(16.0, 2 + max(map(height, arms))) * len(arms)
    seen = []
    with drawing.axes(
        each * len(rows) + (len(rows) - 1) * margins.rows + top + margins.bottom, margins, nrows=len(rows)
    ) as grid:
        for (axes,), row, title in zip(grid, rows, titles, strict=True):
            seen += _changes(axes, row, language)
            axes.set_yticks(range(len(row)), arms)
            axes.set(ylim=(len(row) - 0.45, -0.75), title=title, xlabel="", ylabel="")
            style.decimal_axis(axes, language, "x")
        under = drawing.fit(say("figures.change.axis", language), drawing.width - beside(arms) - 4, 2)
        grid[-1][0].set_xlabel(under)
    if not seen:
        return None
    alt = [say("figures.change.alt", language, n=len(seen)), *seen]
    return drawing.figure("fig-change", alt, say(f"figures.change.caption_{lines_are}", language))


def _changes(axes: Axes, row: Sequence[Panel], language: str) -> list[str]:
    import seaborn as sns

    seen = []
    axes.axvline(0, color=style.SOFT, linewidth=0.8)
    for position, panel in enumerate(row):
        look = style.look(position)
        moved = panel.lines[:, 1] - panel.lines[:, 0] if panel.lines.shape[1] > 1 else np.array([])
        moved = np.sort(moved[~np.isnan(moved)])
        if not len(moved):
            continue
        # dots are spread by rank, not by chance (as stripplot would): the same data give the same picture
        spread = (np.arange(len(moved)) * 0.618034 % 1 - 0.5) * 0.55
        dots = pd.DataFrame({"change": moved, "at": position + spread})
        sns.scatterplot(
            dots, x="change", y="at", color=look.colour, marker=look.marker, s=11, alpha=0.55, linewidth=0, ax=axes
        )
        if panel.change is None:
            seen.append(say("figures.change.seen_dots", language, arm=panel.arm, outcome=panel.outcome))
            continue
        mean = numbers.decimal(panel.change, language)
        axes.plot([panel.change] * 2, [position - 0.36, position + 0.36], color=look.colour, linewidth=2.4, zorder=4)
        style.mark(axes, mean, (panel.change, position - 0.36), (0, 3), look.colour, bbox=_PAPER, zorder=6)
        seen.append(say("figures.change.seen", language, arm=panel.arm, outcome=panel.outcome, mean=mean))
    return seen


def dumbbells(rows: Sequence[Sequence[Panel]], language: str, lines_are: str) -> Figure | None:
    """Every class before and after, an open and a closed mark with a line between, under the mean of its arm.

    None where no class was measured twice, or where there are too many for a page.
    """
    return style.twice(lambda drawing: _all_dumbbells(drawing, rows, lines_are), language)


def _all_dumbbells(drawing: Drawing, rows: Sequence[Sequence[Panel]], lines_are: str) -> Figure | None:
    language = drawing.language
    rows = drawing.first(list(rows), MOST_SCALES)
    pairs = [[panel.lines[~np.isnan(panel.lines[:, :2]).any(axis=1), :2] for panel in row] for row in rows]
    most = max(sum(len(pair) + 2 for pair in row) for row in pairs)
    if most > MOST_ROWS or not any(len(pair) for row in pairs for pair in row):
        return None
    arms = drawing.fits([panel.arm for panel in rows[0]], 22 if drawing.narrow else 35, 3, bold=True)
    left = beside(arms, bold=True)
    columns = 1 if drawing.narrow else len(rows)
    lines = len(rows) // columns
    wide = (drawing.width - left - 3 - 7 * (columns - 1)) / columns
    titles = [drawing.fit(_towards(row[0], language), wide, 5, style.PANEL, bold=True) for row in rows]
    waves = drawing.fits(list(rows[0][0].waves[:2]), wide / 2 - 2, 1, 8)
    top = 7 + max(height(title, style.PANEL) for title in titles)
    margins = Margins(left=left, right=3, bottom=7, top=top, columns=7, rows=top + 7)
    tall = lines * (top + 7 + 3.4 * most)
    with drawing.axes(tall, margins, nrows=lines, ncols=columns, sharey=True) as grid:
        for axes, row, units, title in zip(grid.flat, rows, pairs, titles, strict=True):
            starts = _dumbbells(axes, row, units, language)
            axes.set_yticks(starts, arms, **style.BOLD)
            axes.set_title(title)
            _ends_named(axes, row, waves)
    said = [say("figures.dumbbells.alt", language, n=len(rows))]
    for panel in (p for row in rows for p in row if None not in p.means[:2]):
        ends = dict(zip(("before", "after"), _written(panel, language), strict=True))
        said.append(say("figures.dumbbells.seen", language, arm=panel.arm, outcome=panel.outcome, **ends))
    return drawing.figure("fig-change", said, say(f"figures.dumbbells.caption_{lines_are}", language))


def _ends_named(axes: Axes, row: Sequence[Panel], waves: Sequence[str]) -> None:
    """Say over the first pair of marks which is which."""
    means = next((p.means[:2] for p in row if None not in p.means[:2]), None)
    if means is None:
        return
    before, after = (float(mean) for mean in means if mean is not None)
    sides = ("right", "left") if before <= after else ("left", "right")
    for x, wave, side in zip((before, after), waves, sides, strict=True):
        axes.annotate(
            wave, (x, 0), (-2 if side == "right" else 2, 8), textcoords="offset points", ha=side, va="bottom",
            fontsize=8, color=style.SOFT, annotation_clip=False,
        )  # fmt: skip


def _written(panel: Panel, language: str) -> list[str]:
    return [numbers.decimal(mean, language) for mean in panel.means[:2]]


def _dumbbells(axes: Axes, row: Sequence[Panel], pairs: Sequence[np.ndarray], language: str) -> list[float]:
    """Draw one scale, and return at what height every arm begins."""
    y, starts = 0.0, []
    for position, (panel, units) in enumerate(zip(row, pairs, strict=True)):
        look = style.look(position)
        starts.append(y)
        if None not in panel.means[:2]:
            ends = np.array(panel.means[:2], dtype=float)
            _dumbbell(axes, ends[None], y, look, 2.6)
            sides = (-1, 1) if ends[0] <= ends[1] else (1, -1)
            for x, text, side in zip(ends, _written(panel, language), sides, strict=True):
                style.mark(axes, text, (x, y), (6 * side, 0), look.colour)
        _dumbbell(axes, units[np.argsort(units[:, 0], kind="stable")], y + 1.2, look, 1.0)
        y += len(units) + 2
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.margins(x=0.16)
    axes.set(ylim=(y - 0.6, -1.6), xlabel="", ylabel="")
    style.decimal_axis(axes, language, "x")
    axes.grid(axis="x", color=style.FAINT, linewidth=0.5)
    return starts


def _dumbbell(axes: Axes, ends: np.ndarray, top: float, look: style.Look, thick: float) -> None:
    import seaborn as sns

    if not len(ends):
        return
    table = pd.DataFrame(ends, columns=["before", "after"]).assign(y=top + np.arange(len(ends)))
    both = table.melt("y", value_name="score")
    sns.lineplot(
        both,
        x="score",
        y="y",
        units="y",
        estimator=None,
        orient="y",
        color=look.colour,
        linewidth=thick,
        zorder=2,
        ax=axes,
    )
    for wave, face in (("before", "white"), ("after", look.colour)):
        sns.scatterplot(
            table, x=wave, y="y", marker=look.marker, color=face, edgecolor=look.colour, linewidth=1,
            s=(2.4 + 1.6 * thick) ** 2, zorder=3, ax=axes,
        )  # fmt: skip


def ends(rows: Sequence[Ends], limit: float, language: str) -> Figure:
    """How many scores stand at the lowest and the highest possible value: where a change can hardly show."""
    figure = style.twice(lambda drawing: _all_ends(drawing, rows, limit), language)
    assert figure is not None  # noqa: S101 - there is a scale
    return figure


def _all_ends(drawing: Drawing, rows: Sequence[Ends], limit: float) -> Figure:
    language = drawing.language
    rows = drawing.first(list(rows), MOST_ENDS)
    names = drawing.fits([row.label for row in rows], 36 if drawing.narrow else 75, 4 if drawing.narrow else 2)
    each = max(6.0, 1.5 + max(map(height, names))) if len(rows) < 25 else 1 + max(map(height, names))
    margins = Margins(left=beside(names), right=3, bottom=2, top=7)
    with drawing.axes(9 + each * len(rows), margins) as grid:
        _ends(grid[0][0], rows, limit, language)
        grid[0][0].set_yticks(range(len(rows)), names)
    shares = [{end: numbers.share(getattr(row, end), language) for end in ("low", "high")} for row in rows]
    seen = [say("figures.ends.seen", language, label=r.label, **s) for r, s in zip(rows, shares, strict=True)]
    caption = say("figures.ends.caption", language, limit=numbers.share(limit, language))
    return drawing.figure("fig-ends", [say("figures.ends.alt", language, n=len(rows)), *seen], caption)


def _ends(axes: Axes, rows: Sequence[Ends], limit: float, language: str) -> None:
    import seaborn as sns

    reach = max([1.4 * limit, *(1.25 * max(row.low, row.high) for row in rows)])
    for end, sign, look, side in (("low", -1, style.LOOKS[1], "left"), ("high", 1, style.LOOKS[0], "right")):
        shares = pd.DataFrame({"share": [sign * getattr(row, end) for row in rows], "row": range(len(rows))})
        sns.barplot(
            shares, x="share", y="row", orient="y", native_scale=True, errorbar=None, width=0.62, color=look.fill,
            saturation=1, edgecolor=look.colour, linewidth=0.9, ax=axes,
        )  # fmt: skip
        for share, y in shares.to_numpy():
            text = numbers.share(abs(share), language)
            box = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
            style.mark(axes, text, (share, y), (3 * sign, 0), fontsize=7.5, fontweight="normal", bbox=box)
        axes.axvline(sign * limit, color=style.SOFT, linewidth=0.8, linestyle="--", zorder=0)
        head = say(f"figures.ends.{end}", language)
        at = (sign * reach, 1.01)
        axes.annotate(head, at, xycoords=axes.get_xaxis_transform(), ha=side, va="bottom", **style.BOLD)
    axes.axvline(0, color=style.INK, linewidth=0.8)
    axes.set(xlim=(-reach, reach), ylim=(len(rows) - 0.4, -0.6), xlabel="", ylabel="", xticks=[])
    axes.spines["bottom"].set_visible(False)


def scatter(clouds: Sequence[Cloud], language: str) -> Figure:
    """Before against after, a panel for each arm; inside the band a change is no larger than the error."""
    figure = style.twice(lambda drawing: _scatter(drawing, clouds), language)
    assert figure is not None  # noqa: S101 - there is an arm
    return figure


def _scatter(drawing: Drawing, clouds: Sequence[Cloud]) -> Figure:
    language = drawing.language
    values = np.concatenate([np.concatenate([c.pre, c.post]) for c in clouds])
    edge = max(0.04 * float(np.ptp(values)), 0.1)
    limits = (float(values.min()) - edge, float(values.max()) + edge)
    columns = columns_for(len(clouds), 46, drawing.width - 20)
    lines = -(-len(clouds) // columns)
    first = clouds[0]
    names = [say("robustness.scatter.axis", language, outcome=first.outcome, wave=wave) for wave in first.waves]
    left = 9 + height(drawing.fit(names[1], 55))
    wide = (drawing.width - left - 1 - 4 * (columns - 1)) / columns
    square = min(62.0, wide)
    under, aside = drawing.fit(names[0], wide), drawing.fit(names[1], square)
    titles = drawing.fits([cloud.arm for cloud in clouds], wide, size=9, bold=True)
    top, bottom = 3 + max(height(title, 9) for title in titles), 7 + height(under)
    margins = Margins(left=left, right=1, bottom=bottom, top=top, columns=4, rows=top + bottom)
    tall = lines * (square + top + bottom)
    with drawing.axes(tall, margins, nrows=lines, ncols=columns) as grid:
        for position, (axes, cloud) in enumerate(zip(grid.ravel(), clouds, strict=False)):
            _cloud(axes, cloud, style.look(position), limits, drawing)
            axes.set(xlim=limits, ylim=limits, title=titles[position], aspect="equal", xlabel=under)
            axes.set_ylabel(aside if position % columns == 0 else "")
            axes.tick_params(labelleft=position % columns == 0)
            style.decimal_axis(axes, language)
            style.decimal_axis(axes, language, "x")
        for axes in grid.ravel()[len(clouds) :]:
            axes.set_axis_off()
    seen = [
        say(
            "robustness.scatter.seen", language, arm=c.arm, n=len(c.pre),
            **{k: numbers.count(c.counts[k], language) for k in ("improved", "unchanged", "deteriorated")},
        )
        for c in clouds
    ]  # fmt: skip
    alt = [say("robustness.scatter.alt", language, outcome=first.outcome), *seen]
    return drawing.figure("fig-reliable-change", alt, say("robustness.scatter.caption", language))


def _cloud(axes: Axes, cloud: Cloud, look: style.Look, limits: tuple[float, float], drawing: Drawing) -> None:
    import seaborn as sns

    line = np.array(limits)
    axes.fill_between(line, line - cloud.smallest, line + cloud.smallest, color=style.FAINT, alpha=0.45, linewidth=0)
    axes.plot(line, line, color=style.SOFT, linewidth=0.8)
    # scores repeat: a dot is as large as the number of pupils who share its place
    places = pd.DataFrame({"pre": cloud.pre, "post": cloud.post}).value_counts().reset_index(name="pupils")
    sns.scatterplot(
        places, x="pre", y="post", size="pupils", sizes={n: 9 * n for n in places["pupils"]}, color=look.colour,
        marker=look.marker, alpha=0.6, linewidth=0, legend=False, ax=axes,
    )  # fmt: skip
    above, below = ("improved", "deteriorated") if cloud.higher_is_better else ("deteriorated", "improved")
    for name, place, level, side in ((above, (0.03, 0.97), "top", "left"), (below, (0.97, 0.03), "bottom", "right")):
        count = numbers.count(cloud.counts[name], drawing.language)
        text = say(f"robustness.scatter.{name}", drawing.language, count=count)
        axes.text(*place, text, transform=axes.transAxes, va=level, ha=side, color=look.colour, **style.BOLD)
