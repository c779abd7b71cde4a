"""The figures of pooled studies: every effect with the mean and where a next one may lie, and effects by precision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from werkbank.catalogue import say
from werkbank.reporting import numbers, style
from werkbank.reporting.labels import beside, height, widest
from werkbank.reporting.style import Drawing, Margins

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from werkbank.reporting.blocks import Figure

MOST_EFFECTS = 45  # rows that fit on a page
Z = 1.959963984540054


@dataclass(frozen=True)
class Row:
    """One effect of a forest, with its share of the weight (0-1; None where no mean is pooled)."""

    label: str
    estimate: float
    low: float
    high: float
    weight: float | None = None


@dataclass(frozen=True)
class Mean:
    """The pooled mean with its interval, and where the true effect of a next study may lie (None: not told)."""

    estimate: float
    low: float
    high: float
    ahead: tuple[float, float] | None = None


def forest(rows: Sequence[Row], mean: Mean | None, language: str) -> Figure:
    """Every effect, largest first, and under them the mean as a diamond with the prediction interval as a bar."""
    drawing = Drawing(language)
    shown = drawing.first(sorted(rows, key=lambda row: -row.estimate), MOST_EFFECTS)
    size = 8.5 if len(shown) <= 20 else 7
    labels = [row.label for row in shown] + [say("figures.pooled.mean", language)] * (mean is not None)
    names = drawing.fits(labels, 62, 3, size)
    texts = [_written(row.estimate, row.low, row.high, language) for row in shown]
    texts += [_written(mean.estimate, mean.low, mean.high, language)] if mean else []
    each = 1.8 + max(height(name, size) for name in names)
    margins = Margins(left=beside(names, size), right=3 + widest(texts, size), bottom=16, top=7)
    with drawing.axes(25 + each * len(names), margins) as grid:
        axes = grid[0][0]
        axes.axvline(0, color=style.SOFT, linewidth=0.8)
        for y, row in enumerate(shown):
            axes.plot([row.low, row.high], [y, y], color=style.SOFT, linewidth=1.3)
        _squares(axes, shown)
        if mean:
            _diamond(axes, len(shown), mean)
        head = axes.get_yaxis_transform()
        for y, text in enumerate(texts):
            axes.annotate(text, (1.02, y), xycoords=head, va="center", annotation_clip=False, size=size)
        heading = say("figures.pooled.heading", language)
        axes.annotate(heading, (1.02, -0.9), xycoords=head, va="center", annotation_clip=False, size=size, **style.BOLD)
        axes.set_yticks(range(len(names)), names, fontsize=size)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set(ylim=(len(names) - 0.4, -0.6), xlabel=say("figures.pooled.axis", language))
        style.decimal_axis(axes, language, "x")
    return drawing.figure("fig-pooled", _seen(shown, mean, language), say("figures.pooled.caption", language))


def _squares(axes: Axes, rows: Sequence[Row]) -> None:
    """Draw each effect as a square whose area is its weight."""
    import seaborn as sns

    weights = [row.weight or 0.0 for row in rows]
    largest = max(weights) or 1.0
    table = pd.DataFrame({"g": [row.estimate for row in rows], "y": range(len(rows)), "area": weights})
    sizes = {weight: 14 + 70 * weight / largest for weight in set(weights)}
    sns.scatterplot(table, x="g", y="y", size="area", sizes=sizes, marker="s", color=style.LOOKS[0].colour, ax=axes,
                    legend=False, edgecolor="white", zorder=3)  # fmt: skip
    axes.set_ylabel("")


def _diamond(axes: Axes, y: int, mean: Mean) -> None:
    colour = style.LOOKS[1].colour
    axes.axhline(y - 0.5, color=style.FAINT, linewidth=0.8)
    if mean.ahead:
        axes.plot(mean.ahead, [y, y], color=colour, linewidth=3, alpha=0.35, solid_capstyle="butt")
    corners = [(mean.low, y), (mean.estimate, y - 0.28), (mean.high, y), (mean.estimate, y + 0.28)]
    axes.fill(*zip(*corners, strict=True), color=colour, zorder=3)


def _written(estimate: float, low: float, high: float, language: str) -> str:
    return f"{numbers.decimal(estimate, language)}  {numbers.interval(low, high, language)}"


def _seen(rows: Sequence[Row], mean: Mean | None, language: str) -> list[str]:
    seen = [say("figures.pooled.alt", language, n=len(rows))]
    seen += [
        say("figures.pooled.row", language, label=row.label, told=_written(row.estimate, row.low, row.high, language))
        for row in rows
    ]
    if mean:
        told = _written(mean.estimate, mean.low, mean.high, language)
        seen.append(say("figures.pooled.mean_seen", language, told=told))
        if mean.ahead:
            seen.append(say("figures.pooled.ahead_seen", language, ci=numbers.interval(*mean.ahead, language)))
    return seen


def funnel(effects: Sequence[tuple[float, float]], mean: float, language: str) -> Figure:
    """Effects by their standard error: small studies lie low, and without selection as often left as right."""
    import seaborn as sns

    drawing = Drawing(language)
    table = pd.DataFrame(effects, columns=["g", "se"])
    lowest = float(table["se"].max()) * 1.08
    with drawing.axes(80, Margins(left=17, right=4, bottom=11, top=4)) as grid:
        axes = grid[0][0]
        edge = np.array([0.0, lowest])
        axes.fill_betweenx(edge, mean - Z * edge, mean + Z * edge, color=style.LOOKS[0].fill, linewidth=0)
        axes.axvline(mean, color=style.LOOKS[1].colour, linewidth=1.2)
        axes.axvline(0, color=style.SOFT, linewidth=0.8, linestyle=(0, (1, 1.5)))
        point: dict[str, Any] = {"color": style.LOOKS[0].colour, "edgecolor": "white", "s": 34, "zorder": 3}
        sns.scatterplot(table, x="g", y="se", ax=axes, **point)
        axes.set(
            ylim=(lowest, 0), xlabel=say("figures.pooled.axis", language), ylabel=say("figures.funnel.axis", language)
        )
        style.decimal_axis(axes, language, "x")
        style.decimal_axis(axes, language)
    left = int((table["g"] < mean).sum())
    alt = say("figures.funnel.alt", language, n=len(table), left=left, right=len(table) - left)
    return drawing.figure("fig-funnel", [alt], say("figures.funnel.caption", language))
