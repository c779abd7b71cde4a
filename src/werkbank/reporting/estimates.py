"""The figures of estimates with their intervals: one under another, along a characteristic, under many decisions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from werkbank.catalogue import say
from werkbank.effects.moderation import along
from werkbank.reporting import numbers, style
from werkbank.reporting.labels import beside, height, widest
from werkbank.reporting.style import WIDTH, Drawing, Margins

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from werkbank.reporting.blocks import Figure

MOST_BARS = 32  # intervals that fit under one another on a page
MOST_SLOPES = 4  # panels; the table has every difference
CHOICES = ("model", "scoring", "outliers", "within_arms", "normal_ranks", "every_wave", "overlap", "covariates")
_DASHED, _DOTTED = (0, (4, 2)), (0, (1, 1.5))


@dataclass(frozen=True)
class Bar:
    """One interval of a forest: `sure` is False for what was explored, `ours` for what others have published."""

    label: str
    estimate: float
    low: float
    high: float
    sure: bool = True
    ours: bool = True

    def written(self, language: str) -> tuple[str, str]:
        """Return the estimate and its interval as a reader sees them."""
        return numbers.decimal(self.estimate, language), numbers.interval(self.low, self.high, language)


@dataclass(frozen=True)
class Slope:
    """One question by one characteristic: differences at mean - SD, mean and mean + SD, their SEs, the line's df."""

    question: str
    by: str
    at: tuple[float, ...]
    effects: tuple[float, ...]
    ses: tuple[float, ...]
    df: float
    level: float = 0.95


def forest(bars: Sequence[Bar], language: str, level: str) -> Figure:
    """Effect sizes with their intervals (of `level` percent), one under another, the numbers beside them."""
    drawing = Drawing(language)
    bars = [*drawing.first([bar for bar in bars if bar.ours], MOST_BARS), *(bar for bar in bars if not bar.ours)]
    size = 8.5 if len(bars) <= 20 else 7.5
    names = drawing.fits([bar.label for bar in bars], 66, 5 if len(bars) <= 20 else 3, size)
    texts = ["  ".join(bar.written(language)) for bar in bars]
    each = max(6.5 if len(bars) <= 20 else 0, 1.8 + max(height(name, size) for name in names))
    margins = Margins(left=beside(names, size), right=3 + widest(texts, size), bottom=11, top=2)
    with drawing.axes(13 + each * len(bars), margins) as grid:
        axes = grid[0][0]
        axes.axvline(0, color=style.SOFT, linewidth=0.8)
        if own := sum(bar.ours for bar in bars) % len(bars):
            axes.axhline(own - 0.5, color=style.FAINT, linewidth=0.8)
        for y, (bar, text) in enumerate(zip(bars, texts, strict=True)):
            _bar(axes, y, bar)
            place = (1.02, y)
            axes.annotate(
                text, place, xycoords=axes.get_yaxis_transform(), va="center", annotation_clip=False, size=size
            )
        axes.set_yticks(range(len(bars)), names, fontsize=size)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set(ylim=(len(bars) - 0.5, -0.5), xlabel=say("figures.forest.axis", language))
        style.decimal_axis(axes, language, "x")
    alt = [say("figures.forest.alt", language, n=len(bars), level=level), *(_bar_seen(bar, language) for bar in bars)]
    captions = ["caption", *["caption_published"] * any(not bar.ours for bar in bars)]
    return drawing.figure(
        "fig-forest", alt, " ".join(say(f"figures.forest.{key}", language, level=level) for key in captions)
    )


def _bar(axes: Axes, y: int, bar: Bar) -> None:
    """Draw an interval that was estimated elsewhere: seaborn's own come from resampling, so this is matplotlib's."""
    colour = style.LOOKS[0 if bar.ours else 1].colour if bar.sure else style.SOFT
    line, mark = ("-" if bar.sure else "--", "o") if bar.ours else (":", "D")
    face = colour if bar.sure and bar.ours else "white"
    axes.plot([bar.low, bar.high], [y, y], color=colour, linewidth=1.8, linestyle=line)
    axes.plot(bar.estimate, y, mark, color=colour, markersize=6.5, markerfacecolor=face)


def _bar_seen(bar: Bar, language: str) -> str:
    side = "right" if bar.low > 0 else "left" if bar.high < 0 else "across"
    label = bar.label if bar.ours else say("figures.forest.published", language, label=bar.label)
    d, ci = bar.written(language)
    return say(f"figures.forest.{side}", language, label=label, d=d, ci=ci)


def slopes(found: Sequence[Slope], language: str, level: str) -> Figure:
    """Draw the difference along the characteristic, a panel a question, intervals of `level` percent; thick p < .05."""
    drawing = Drawing(language)
    shown = drawing.first(list(found), MOST_SLOPES)
    columns = min(2, len(shown))
    lines = -(-len(shown) // columns)
    curves = [along(s.at, s.effects, s.ses, s.df, s.level) for s in shown]
    wide = (WIDTH - 17 - 15 * (columns - 1)) / columns
    titles = drawing.fits([s.question for s in shown], wide, 4, 9, bold=True)
    names = drawing.fits([s.by for s in shown], wide)
    top, bottom = 3 + max(height(t, 9) for t in titles), 7 + max(map(height, names))
    margins = Margins(left=15, right=2, bottom=bottom, top=top, columns=15, rows=top + bottom)
    with drawing.axes(lines * (37 + top + bottom), margins, nrows=lines, ncols=columns) as grid:
        for axes, slope, curve, title, name in zip(grid.flat, shown, curves, titles, names, strict=False):
            _slope(axes, slope, curve, language)
            axes.set(title=title, xlabel=name, ylabel=say("figures.slopes.axis", language))
        for axes in grid.flat[len(shown) :]:
            axes.set_axis_off()
    seen = [_slope_seen(slope, curve, language) for slope, curve in zip(shown, curves, strict=True)]
    alt = [say("figures.slopes.alt", language, n=len(shown), level=level), *seen]
    return drawing.figure("fig-slopes", alt, say("figures.slopes.caption", language, level=level))


def _slope(axes: Axes, slope: Slope, curve: pd.DataFrame, language: str) -> None:
    import seaborn as sns

    look, at = style.look(0), curve["at"].to_numpy()
    band = curve.iloc[::10]  # bends little: more points are more bytes and no other picture
    axes.fill_between(band["at"], band["low"], band["high"], color=look.fill, linewidth=0)
    axes.axhline(0, color=style.SOFT, linewidth=0.8)
    line: dict[str, Any] = {"x": "at", "y": "difference", "color": look.colour, "ax": axes}
    sns.lineplot(curve.iloc[[0, -1]], linewidth=0.9, linestyle=_DASHED, **line)
    for start, end in _parts(curve):
        sns.lineplot(curve[curve["at"].isin([start, end])], linewidth=2.4, **line)
    three = pd.DataFrame({"at": slope.at, "difference": slope.effects})
    sns.scatterplot(three, marker=look.marker, s=24, edgecolor="white", zorder=3, **line)
    bottom, top = axes.get_ylim()
    axes.set(ylim=(bottom, top + 0.14 * (top - bottom)), xlim=(at[0], at[-1]))  # room for what is said above the band
    for start, end in _parts(curve):
        for x in {start, end} - {at[0], at[-1]}:
            axes.axvline(x, color=style.SOFT, linewidth=0.8, linestyle=_DOTTED)
        if end - start > 0.2 * np.ptp(at):
            sure = say("figures.slopes.sure", language)
            axes.text((start + end) / 2, 0.97, sure, color=look.colour, ha="center", va="top", fontweight="bold",
                      fontsize=8, transform=axes.get_xaxis_transform())  # fmt: skip
    style.decimal_axis(axes, language)
    style.decimal_axis(axes, language, "x")


def _parts(curve: pd.DataFrame) -> list[tuple[float, float]]:
    """Return from where to where p is below .05."""
    sure, at = curve["sure"].to_numpy(), curve["at"].to_numpy()
    edges = np.flatnonzero(np.diff(np.concatenate([[False], sure, [False]]).astype(int)))
    return [(float(at[start]), float(at[end - 1])) for start, end in edges.reshape(-1, 2)]


def _slope_seen(slope: Slope, curve: pd.DataFrame, language: str) -> str:
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


def specifications(table: pd.DataFrame, main: float | None, said: Mapping[str, object], language: str) -> Figure:
    """Effects in order of size with their intervals; below each, which decisions it rests on."""
    drawing = Drawing(language)
    table = table.assign(at=range(len(table)), sure=table["p"] < 0.05)
    rows = [(choice, value) for choice in CHOICES for value in _values(table, choice)]
    names = drawing.fits([say(f"robustness.choices.{c}.{v}", language) for c, v in rows], 62, 2, 7)
    each = max([4.3, *(1 + height(name, 7) for name in names)])
    margins = Margins(left=max(16.0, beside(names, 7)), right=1, bottom=6, top=2, rows=3)
    ratios = {"height_ratios": [56, max(1.0, each * len(rows))]}
    with drawing.axes(67 + each * len(rows), margins, nrows=2, sharex=True, gridspec_kw=ratios) as grid:
        (top,), (below,) = grid
        _effects(top, table, main, language)
        for y, (choice, value) in enumerate(rows):
            held = (_grouped(table[choice]) == value).to_numpy()
            below.plot(*_strokes(table["at"][held], y - 0.32, y + 0.32), color=style.INK, linewidth=0.5)
        below.set_yticks(range(len(rows)), names, fontsize=7)
        below.set(ylim=(len(rows) - 0.5, -0.5), xticks=[], xlabel=say("robustness.curve.order", language))
        below.tick_params(length=0)
    alt = [say("robustness.curve.alt", language, **said)]
    return drawing.figure("fig-many-ways", alt, say("robustness.curve.caption", language, **said))


def _effects(axes: Axes, table: pd.DataFrame, main: float | None, language: str) -> None:
    import seaborn as sns

    for sure, part in table.groupby("sure"):
        look = style.LOOKS[0 if sure else 1]
        ends = _strokes(part["at"], part["ci_low"], part["ci_high"])
        axes.plot(*ends, color=look.colour, linewidth=0.6, alpha=0.35)
        dots: dict[str, Any] = {"color": look.colour, "marker": look.marker, "s": 5, "linewidth": 0}
        sns.scatterplot(part, x="at", y="effect", ax=axes, **dots)
    axes.axhline(0, color=style.SOFT, linewidth=0.8)
    if main is not None:
        axes.axhline(main, color=style.INK, linewidth=0.9, linestyle=_DASHED)
    axes.set(ylabel=say("robustness.curve.axis", language), xlabel="")
    axes.tick_params(axis="x", length=0)
    style.decimal_axis(axes, language)


def _strokes(x: Any, low: Any, high: Any) -> tuple[np.ndarray, np.ndarray]:  # noqa: ANN401 - arrays or numbers
    """Return upright strokes as one line that is interrupted: a drawing holds it in a fifth of the bytes."""
    ends = np.broadcast_arrays(np.asarray(low, float), np.asarray(high, float), np.nan, np.asarray(x, float))
    return np.repeat(ends[3], 3), np.column_stack(ends[:3]).ravel()


def _grouped(column: pd.Series) -> pd.Series:
    """Return the values of a decision as keys of the catalogue, sizes of one kind of outlier rule together."""
    if column.name == "scoring":
        return column.map(lambda share: f"share_{round(100 * share)}")
    if column.name == "outliers":
        return column.str.partition("_")[0]
    return column.astype(str).str.lower()


def differ(table: pd.DataFrame, choice: str) -> bool:
    """Whether analyses took a decision in more than one way."""
    return bool(_values(table, choice))


def _values(table: pd.DataFrame, choice: str) -> list[str]:
    """Return the values of a decision that was open: one that was always taken the same way is no choice."""
    found = sorted(set(_grouped(table[choice])))
    if len(found) < 2:
        return []
    return ["true"] if found == ["false", "true"] else found
