"""The figures of estimates with their intervals: one under another, along a characteristic, under many decisions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from werkbank.catalogue import say
from werkbank.effects.moderation import along
from werkbank.reporting import numbers, style
from werkbank.reporting.labels import MM, beside, height, widest
from werkbank.reporting.style import Drawing, Margins

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from werkbank.reporting.blocks import Figure

MOST_BARS = 32  # intervals that fit under one another on a page
MOST_SLOPES = 4  # panels; the table has every difference
CHOICES = ("model", "scoring", "outliers", "within_arms", "normal_ranks", "every_wave", "overlap", "covariates")
_DASHED, _DOTTED = (0, (4, 2)), (0, (1, 1.5))
_MAIN = style.LOOKS[4].colour  # of the main analysis among many: no other thing in the picture has it


@dataclass(frozen=True)
class Bar:
    """One interval of a forest: `sure` is False for what was explored, `ours` for what others have published.

    `group` is what rows stand together under; `people` who it rests on. `turned`: lower is better, so that it is drawn
    mirrored, with the better side on the right as all others; the number beside it stays that of the tables.
    """

    label: str
    estimate: float
    low: float
    high: float
    sure: bool = True
    ours: bool = True
    group: str = ""
    people: str = ""
    turned: bool = False

    def written(self, language: str) -> tuple[str, str]:
        """Return the estimate and its interval as a reader sees them."""
        return numbers.decimal(self.estimate, language), numbers.interval(self.low, self.high, language)

    @property
    def drawn(self) -> tuple[float, float, float]:
        """Where the estimate and the ends of its interval stand on the axis."""
        sign = -1 if self.turned else 1
        low, high = sorted((sign * self.low, sign * self.high))
        return sign * self.estimate, low, high


@dataclass(frozen=True)
class Slope:
    """One question by one characteristic: differences at mean - SD, mean and mean + SD, their SEs, the line's df.

    Panels of one `outcome` have one axis; `values` are those of the characteristic, empty where they may not be shown.
    """

    question: str
    by: str
    at: tuple[float, ...]
    effects: tuple[float, ...]
    ses: tuple[float, ...]
    df: float
    level: float = 0.95
    outcome: str = ""
    better: str = "neither"
    values: tuple[float, ...] = ()


@dataclass(frozen=True)
class Headed:
    """What stands over a figure: what was found, and what is measured; what the ends of its axis and its units are."""

    title: str = ""
    subtitle: str = ""
    sides: tuple[str, str] | None = None
    units: str = ""


def forest(bars: Sequence[Bar], language: str, level: str, head: Headed | None = None) -> Figure:
    """Effect sizes with their intervals (of `level` percent), by outcome, the numbers in columns beside them."""
    figure = style.twice(lambda drawing: _forest(drawing, bars, level, head or Headed()), language)
    assert figure is not None  # noqa: S101 - there are bars
    return figure


def _forest(drawing: Drawing, bars: Sequence[Bar], level: str, head: Headed) -> Figure:
    language = drawing.language
    bars = [*drawing.first([bar for bar in bars if bar.ours], MOST_BARS), *(bar for bar in bars if not bar.ours)]
    rows = _grouped_rows(bars, say("figures.forest.others", language))
    size = 9 if len(rows) <= 30 else 8
    columns = _columns(bars, language, level, size, head.units)
    aside = 0.0 if drawing.narrow else 4 + sum(wide for *_, wide in columns)
    names = _row_names(drawing, rows, drawing.width - aside - (8 if drawing.narrow else 58), size)
    each = [_row_height(name, row, size, narrow=drawing.narrow) for name, row in zip(names, rows, strict=True)]
    at = np.cumsum([0, *each])
    above, write = style.titled(drawing, head.title, head.subtitle)
    left = 1.0 if drawing.narrow else max(beside(names, size) + 1.5, 20.0)
    heads = 2.0 if drawing.narrow else 1 + max(height(title, size) for title, *_ in columns)
    under = 12.0 if head.sides else 10.0
    margins = Margins(left=left, right=2 + aside, bottom=under, top=above + heads)
    with drawing.axes(above + heads + at[-1] + under, margins) as grid:
        axes = grid[0][0]
        axes.set(ylim=(at[-1], 0), yticks=[])
        if not drawing.narrow:
            axes.axvline(0, color=style.INK, linewidth=0.9, zorder=1)
        for y, tall, name, row in zip(at, each, names, rows, strict=False):
            _forest_row(axes, (y, tall), name, row, columns, drawing, size)
        axes.spines["left"].set_visible(False)
        _forest_axis(axes, language, head)
        if not drawing.narrow:
            _heads(axes, columns, size)
        write(axes.figure)
    alt = [f"{head.title}."] if head.title else []
    alt += [say("figures.forest.alt", language, n=len(bars), level=level)]
    alt += [_bar_seen(bar, language, known=head.sides is not None) for bar in bars]
    captions = ["caption", *["caption_turned"] * any(bar.turned for bar in bars)]
    captions += ["caption_published"] * any(not bar.ours for bar in bars)
    return drawing.figure(
        "fig-forest", alt, " ".join(say(f"figures.forest.{key}", language, level=level) for key in captions)
    )


def _grouped_rows(bars: Sequence[Bar], others: str) -> list[Bar | str]:
    """Return the bars under the names of their groups; a bar without a group has none over it."""
    rows: list[Bar | str] = []
    last, order = "", list(dict.fromkeys(bar.group for bar in bars if bar.ours))
    together = sorted(bars, key=lambda bar: order.index(bar.group) if bar.ours else len(order))
    for bar in together:
        group = bar.group if bar.ours else others * any(b.group for b in bars)
        if group and group != last:
            rows.append(group)
        last = group
        rows.append(bar)
    return rows


def _columns(bars: Sequence[Bar], language: str, level: str, size: float, units: str) -> list[tuple[str, str, float]]:
    """Return the columns of numbers beside a forest: their heads, what they hold, and how wide they are in mm."""
    texts = {
        "people": [bar.people for bar in bars],
        "estimate": [bar.written(language)[0] for bar in bars],
        "ci": [bar.written(language)[1] for bar in bars],
    }
    found = []
    for kind, of in texts.items():
        if any(of):
            name = "units" if kind == "people" and any("(" in text for text in of) else kind
            title = say(f"figures.forest.column.{name}", language, level=level, units=units)
            found.append((title, kind, max(widest(of, size), widest([title], size, bold=True)) + 3.5))
    return found


def _row_names(drawing: Drawing, rows: Sequence[Bar | str], room: float, size: float) -> list[str]:
    return [
        drawing.fit(row if isinstance(row, str) else row.label, room, 4, size, bold=isinstance(row, str))
        for row in rows
    ]


def _row_height(name: str, row: Bar | str, size: float, *, narrow: bool) -> float:
    tall = height(name, size) + 1.6
    if isinstance(row, str):
        return tall + 1.2
    return tall + 4.0 if narrow else max(tall, 5.4)  # a phone has the name over its bar


def _forest_row(
    axes: Axes, place: tuple[float, float], name: str, row: Bar | str, columns: Sequence[tuple[str, str, float]],
    drawing: Drawing, size: float,
) -> None:  # fmt: skip
    y, tall = place
    bold, side = isinstance(row, str), axes.get_yaxis_transform()
    at: dict[str, Any] = {"xycoords": side, "textcoords": "offset points", "annotation_clip": False, "fontsize": size}
    if drawing.narrow:
        told = name if bold else f"{name}: {'  '.join(row.written(drawing.language))}"  # type: ignore[union-attr]
        over = drawing.fit(told, drawing.width - 4, 3, size, bold=bold)
        weight: dict[str, Any] = style.BOLD if bold else {}
        up, level = (tall / 2, "center") if bold else (0.4, "top")
        axes.annotate(over, (0, y + up), (0, 0), va=level, **at, **weight)
        if not isinstance(row, str):
            axes.plot([0, 0], [y + tall - 4.2, y + tall], color=style.INK, linewidth=0.9, zorder=1)
            _bar(axes, y + tall - 2.2, row)
        return
    middle = y + tall / 2 + (0.5 if bold else 0)
    if isinstance(row, str):
        left = -axes.get_position().x0 * drawing.width * MM + 1
        axes.annotate(name, (0, middle), (left, 0), va="center", ha="left", **at, **style.BOLD)
        return
    axes.annotate(name, (0, middle), (-8, 0), va="center", ha="right", **at)
    _bar(axes, middle, row)
    texts = dict(zip(("estimate", "ci"), row.written(drawing.language), strict=True)) | {"people": row.people}
    end = 2.0
    for _, kind, wide in columns:
        end += wide
        axes.annotate(texts[kind], (1, middle), (end * MM, 0), va="center", ha="right", **at)


def _heads(axes: Axes, columns: Sequence[tuple[str, str, float]], size: float) -> None:
    end = 2.0
    for title, _, wide in columns:
        end += wide
        axes.annotate(
            title, (1, 1), (end * MM, 2), xycoords="axes fraction", textcoords="offset points", ha="right",
            fontsize=size, **style.BOLD,
        )  # fmt: skip


def _forest_axis(axes: Axes, language: str, head: Headed) -> None:
    low, high = axes.get_xlim()
    reach = max(abs(low), abs(high), 0.1)
    axes.set_xlim(min(low, -0.35 * reach), max(high, 0.35 * reach))  # room for the name of either side
    style.decimal_axis(axes, language, "x")
    axes.tick_params(axis="y", length=0)
    if head.sides is None:
        axes.set_xlabel(say("figures.forest.axis", language))
        return
    style.unsigned(axes)
    style.sides(axes, head.sides)


def _bar(axes: Axes, y: float, bar: Bar) -> None:
    """Draw an interval that was estimated elsewhere: seaborn's own come from resampling, so this is matplotlib's."""
    colour = style.LOOKS[0 if bar.ours else 1].colour if bar.sure else style.SOFT
    line, mark = ("-" if bar.sure else "--", "o") if bar.ours else (":", "D")
    face = colour if bar.sure and bar.ours else "white"
    at, low, high = bar.drawn
    axes.plot([low, high], [y, y], color=colour, linewidth=2.0, linestyle=line, zorder=3)
    axes.plot(at, y, mark, color=colour, markersize=6.5, markerfacecolor=face, zorder=4)


def _bar_seen(bar: Bar, language: str, *, known: bool) -> str:
    """Say of one interval where it lies: on the better side where that is known, else left or right of zero."""
    _, low, high = bar.drawn
    side = "right" if low > 0 else "left" if high < 0 else "across"
    side = {"right": "better", "left": "worse"}.get(side, side) if known else side
    name = f"{bar.group}, {bar.label}" if bar.group else bar.label
    label = name if bar.ours else say("figures.forest.published", language, label=bar.label)
    d, ci = bar.written(language)
    return say(f"figures.forest.{side}", language, label=label, d=d, ci=ci)


def slopes(found: Sequence[Slope], language: str, level: str) -> Figure | None:
    """Draw the difference along the characteristic, a panel a question, intervals of `level` percent; thick p < .05.

    Panels of one outcome have one axis. Under each the characteristic itself is drawn, where it may be shown.
    """
    return style.twice(lambda drawing: _slopes(drawing, found, level), language)


def _slopes(drawing: Drawing, found: Sequence[Slope], level: str) -> Figure:
    language = drawing.language
    shown = drawing.first(list(found), MOST_SLOPES)
    columns = 1 if drawing.narrow else min(2, len(shown))
    lines = -(-len(shown) // columns)
    curves = [along(s.at, s.effects, s.ses, s.df, s.level) for s in shown]
    wide = (drawing.width - 17 - 15 * (columns - 1)) / columns
    titles = [drawing.fit(s.question, wide, 4, style.PANEL, bold=True) for s in shown]
    names = drawing.fits([s.by for s in shown], wide)
    above, write = style.titled(drawing, "", say("figures.slopes.subtitle", language))
    top, bottom = 3 + max(height(t, style.PANEL) for t in titles), 8 + max(map(height, names))
    margins = Margins(left=15, right=2, bottom=bottom, top=above + top, columns=15, rows=top + bottom)
    sides = [drawing.fit(say(f"figures.slopes.axis_{s.better}", language), 44) for s in shown]
    with drawing.axes(above + lines * (44 + top + bottom), margins, nrows=lines, ncols=columns) as grid:
        for axes, slope, curve, title, name, side in zip(grid.flat, shown, curves, titles, names, sides, strict=False):
            alike = [c for s, c in zip(shown, curves, strict=True) if s.outcome == slope.outcome]
            limits = (min(float(c["low"].min()) for c in alike), max(float(c["high"].max()) for c in alike))
            _slope(axes, slope, curve, (min(limits[0], 0), max(limits[1], 0)), language)
            axes.set(title=title, xlabel=name, ylabel=side)
        for axes in grid.flat[len(shown) :]:
            axes.set_axis_off()
        write(grid.flat[0].figure)
    seen = [_slope_seen(slope, curve, language) for slope, curve in zip(shown, curves, strict=True)]
    alt = [say("figures.slopes.alt", language, n=len(shown), level=level), *seen]
    captions = [say("figures.slopes.caption", language, level=level)]
    captions += [say("figures.slopes.spread", language)] * any(len(s.values) for s in shown)
    return drawing.figure("fig-slopes", alt, " ".join(captions))


def _slope(axes: Axes, slope: Slope, curve: pd.DataFrame, limits: tuple[float, float], language: str) -> None:
    import seaborn as sns

    look, at = style.look(0), curve["at"].to_numpy()
    band = curve.iloc[::10]  # bends little: more points are more bytes and no other picture
    axes.fill_between(band["at"], band["low"], band["high"], color=look.fill, linewidth=0)
    axes.axhline(0, color=style.INK, linewidth=0.9)
    line: dict[str, Any] = {"x": "at", "y": "difference", "color": look.colour, "ax": axes}
    sns.lineplot(curve.iloc[[0, -1]], linewidth=0.9, linestyle=_DASHED, **line)
    for start, end in _parts(curve):
        sns.lineplot(curve[curve["at"].isin([start, end])], linewidth=2.4, **line)
    three = pd.DataFrame({"at": slope.at, "difference": slope.effects})
    sns.scatterplot(three, marker=look.marker, s=24, edgecolor="white", zorder=3, **line)
    high = limits[1] - limits[0]
    bottom = limits[0] - (0.22 if len(slope.values) else 0.03) * high  # room for who has which value
    axes.set(ylim=(bottom, limits[1] + 0.16 * high), xlim=(at[0], at[-1]))  # and for what is said above the band
    _spread(axes, slope, 0.17)
    for start, end in _parts(curve):
        for x in {start, end} - {at[0], at[-1]}:
            axes.axvline(x, color=style.SOFT, linewidth=0.8, linestyle=_DOTTED)
        if end - start > 0.2 * np.ptp(at):
            sure = say("figures.slopes.sure", language)
            axes.text((start + end) / 2, 0.97, sure, color=look.colour, ha="center", va="top", fontweight="bold",
                      fontsize=8.5, transform=axes.get_xaxis_transform())  # fmt: skip
    style.decimal_axis(axes, language)
    style.decimal_axis(axes, language, "x")
    if len(slope.values):  # no number of the axis stands beside the columns
        shown = [tick for tick in axes.get_yticks() if limits[0] - 0.03 * high <= tick <= axes.get_ylim()[1]]
        axes.set_yticks(shown)


def _spread(axes: Axes, slope: Slope, high: float) -> None:
    """Draw at the foot of a panel how many have which value: columns, the tallest `high` of the panel."""
    values = np.asarray(slope.values, float)
    low, end = axes.get_xlim()
    inside = values[(values >= low) & (values <= end)]
    if not len(inside):
        return
    counts, edges = np.histogram(inside, bins=min(24, max(8, len(np.unique(inside)))), range=(low, end))
    axes.bar(
        edges[:-1], high * counts / counts.max(), np.diff(edges), align="edge", color=style.FAINT, linewidth=0.4,
        edgecolor="white", transform=axes.get_xaxis_transform(), zorder=1,
    )  # fmt: skip


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


@dataclass(frozen=True)
class Lead:
    """The main analysis among the others: its effect, and for every decision the key of what it chose."""

    effect: float | None
    chosen: Mapping[str, str]

    def row(self, table: pd.DataFrame) -> int | None:
        """Return where among the analyses the main one stands, if it is one of them."""
        held = np.ones(len(table), bool)
        for choice in CHOICES:
            if choice in self.chosen:
                held &= (_grouped(table[choice]) == self.chosen[choice]).to_numpy()
        found = np.flatnonzero(held)
        if self.effect is None or not len(found):
            return None
        return int(found[np.abs(table["effect"].to_numpy()[found] - self.effect).argmin()])


def specifications(table: pd.DataFrame, lead: Lead, said: Mapping[str, object], language: str) -> Figure:
    """Effects in order of size with their intervals; below each, which decisions it rests on, the main one marked."""
    figure = style.twice(lambda drawing: _specifications(drawing, table, lead, said), language)
    assert figure is not None  # noqa: S101 - there are analyses
    return figure


def _specifications(drawing: Drawing, table: pd.DataFrame, lead: Lead, said: Mapping[str, object]) -> Figure:
    language = drawing.language
    table = table.assign(at=range(1, len(table) + 1), sure=table["p"] < 0.05).reset_index(drop=True)
    main = lead.row(table)
    rows = _choices(table)
    heads = [say(f"robustness.curve.heading.{row}", language) if isinstance(row, str) else "" for row in rows]
    texts = [head or _option(table, row, language) for head, row in zip(heads, rows, strict=True)]
    size, room = 8, 34.0 if drawing.narrow else 66.0
    names = [drawing.fit(text, room, 3, size, bold=bool(head)) for text, head in zip(texts, heads, strict=True)]
    each = [height(name, size) + 0.9 + 1.0 * bool(head) for name, head in zip(names, heads, strict=True)]
    at = np.cumsum([0, *each])
    title = say("robustness.curve.title", language, **said)
    above, write = style.titled(drawing, title, say("robustness.curve.subtitle", language, **said))
    high = 50 if drawing.narrow else 56
    under = drawing.fit(say("robustness.curve.order", language), drawing.width - beside(names, size) - 2, 2)
    margins = Margins(left=max(16.0, beside(names, size)), right=1.5, bottom=7 + height(under), top=above + 2, rows=6)
    ratios = {"height_ratios": [high, max(1.0, at[-1])]}
    tall = above + 15 + height(under) + high + max(1.0, at[-1])
    with drawing.axes(tall, margins, nrows=2, sharex=True, gridspec_kw=ratios) as grid:
        (top,), (below,) = grid
        _effects(top, table, main, lead, language)
        middles = [y + tall / 2 for y, tall in zip(at, each, strict=False)]
        for y, row in zip(middles, rows, strict=True):
            if not isinstance(row, str):
                _ticks(below, table, row, y, main)
        below.set_yticks(middles, names, fontsize=size)
        for label, head, row in zip(below.get_yticklabels(), heads, rows, strict=True):
            chosen = not isinstance(row, str) and lead.chosen.get(row[0]) == row[1]
            label.set(fontweight="bold" if head or chosen else "normal", color=_MAIN if chosen else style.INK)
        below.set(ylim=(at[-1], 0), xlim=(0, len(table) + 1), xlabel=under)
        below.tick_params(length=0)
        style.decimal_axis(below, language, "x")
        below.tick_params(axis="x", length=2, labelbottom=True)
        write(top.figure)
    alt = [say("robustness.curve.alt", language, **said)]
    # the caption explains only what is drawn
    caption = ["caption", *["sure"] * bool(table["sure"].any()), *["unsure"] * bool(not table["sure"].all())]
    caption += ["main" if main is not None else "main_line"] * (lead.effect is not None) + ["choices"] * bool(rows)
    told = " ".join(say(f"robustness.curve.{key}", language, **said) for key in caption)
    return drawing.figure("fig-many-ways", alt, told)


def _choices(table: pd.DataFrame) -> list[tuple[str, str] | str]:
    """Return the options of every open decision under its name; decisions of yes or no have one name together."""
    rows: list[tuple[str, str] | str] = []
    last = ""
    for choice in CHOICES:
        for value in _values(table, choice):
            head = choice if value != "true" else "also"
            if head != last:
                rows.append(head)
            last = head
            rows.append((choice, value))
    return rows


def _option(table: pd.DataFrame, row: tuple[str, str] | str, language: str) -> str:
    choice, value = row[0], row[1]
    n = int((_grouped(table[choice]) == value).sum())
    name = say(f"robustness.choices.{choice}.{value}", language)
    return f"{name} ({numbers.count(n, language)})"


def _ticks(axes: Axes, table: pd.DataFrame, row: tuple[str, str], y: float, main: int | None) -> None:
    held = (_grouped(table[row[0]]) == row[1]).to_numpy()
    axes.plot(*_strokes(table["at"][held], y - 1.3, y + 1.3), color=style.SOFT, linewidth=0.5)
    if main is not None and held[main]:
        axes.plot([main + 1], [y], marker="D", markersize=4.5, color=_MAIN, zorder=4)


def _effects(axes: Axes, table: pd.DataFrame, main: int | None, lead: Lead, language: str) -> None:
    import seaborn as sns

    for sure, part in table.groupby("sure"):
        look = style.LOOKS[0 if sure else 1]
        ends = _strokes(part["at"], part["ci_low"], part["ci_high"])
        axes.plot(*ends, color=look.colour, linewidth=0.6, alpha=0.35)
        dots: dict[str, Any] = {"color": look.colour, "marker": look.marker, "s": 5, "linewidth": 0}
        sns.scatterplot(part, x="at", y="effect", ax=axes, **dots)
    axes.axhline(0, color=style.INK, linewidth=0.9)
    if main is not None:
        at, effect = table.loc[main, ["at", "effect"]].astype(float)
        axes.plot([at], [effect], marker="D", markersize=6.5, color="white", markeredgecolor=_MAIN,
                  markeredgewidth=1.6, zorder=6)  # fmt: skip
        side = -1 if at > 0.5 * len(table) else 1
        low, high = axes.get_ylim()
        axes.set_ylim(low, high + 0.12 * (high - low))
        place = (at + side * 0.03 * len(table), high + 0.06 * (high - low))
        axes.annotate(
            say("robustness.curve.here", language), (at, effect), place, va="center", color=_MAIN,
            ha="left" if side > 0 else "right", arrowprops={"arrowstyle": "-", "color": _MAIN, "linewidth": 0.8},
            **style.BOLD,
        )  # fmt: skip
    elif lead.effect is not None:
        axes.axhline(lead.effect, color=_MAIN, linewidth=1.1, linestyle=_DASHED)
    axes.set(ylabel=say("robustness.curve.axis", language), xlabel="")
    axes.tick_params(axis="x", length=0, labelbottom=False)
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
