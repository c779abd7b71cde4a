"""Figures of robustness: single pupils against an instrument's error, and one effect under many decisions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from werkbank.catalogue import say
from werkbank.reporting import numbers, style
from werkbank.reporting.blocks import Figure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from matplotlib.axes import Axes

WIDTH = 160.0
CHOICES = ("model", "scoring", "outliers", "within_arms", "normal_ranks", "every_wave", "overlap", "covariates")


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


def scatter(clouds: Sequence[Cloud], language: str) -> Figure:
    """Before against after, a panel for each arm; inside the band a change is no larger than the error."""
    values = np.concatenate([np.concatenate([c.pre, c.post]) for c in clouds])
    edge = max(0.04 * float(np.ptp(values)), 0.1)
    limits = (float(values.min()) - edge, float(values.max()) + edge)
    margins = style.Margins(left=15, right=1, bottom=11, top=6, columns=4)
    with style.canvas(WIDTH, 76, margins, ncols=len(clouds), sharey="row") as (figure, grid):
        for position, (axes, cloud) in enumerate(zip(grid[0], clouds, strict=True)):
            _cloud(axes, cloud, style.look(position), limits, language)
        grid[0][0].set_ylabel(
            say("robustness.scatter.axis", language, outcome=clouds[0].outcome, wave=clouds[0].waves[1])
        )
        picture = style.drawn(figure)
    seen = [
        say(
            "robustness.scatter.seen", language, arm=c.arm, n=len(c.pre),
            **{k: numbers.count(c.counts[k], language) for k in ("improved", "unchanged", "deteriorated")},
        )
        for c in clouds
    ]  # fmt: skip
    alt = " ".join([say("robustness.scatter.alt", language, outcome=clouds[0].outcome), *seen])
    return Figure("fig-reliable-change", picture, alt, say("robustness.scatter.caption", language), int(WIDTH))


def _cloud(axes: Axes, cloud: Cloud, look: style.Look, limits: tuple[float, float], language: str) -> None:
    line = np.array(limits)
    axes.fill_between(line, line - cloud.smallest, line + cloud.smallest, color=style.FAINT, alpha=0.45, linewidth=0)
    axes.plot(line, line, color=style.SOFT, linewidth=0.8)
    # scores repeat: a dot is as large as the number of pupils who share its place
    places, shared = np.unique(np.column_stack([cloud.pre, cloud.post]), axis=0, return_counts=True)
    axes.scatter(
        places[:, 0], places[:, 1], s=9 * shared, color=look.colour, marker=look.marker, alpha=0.6, linewidths=0
    )
    above, below = ("improved", "deteriorated") if cloud.higher_is_better else ("deteriorated", "improved")
    for name, place, align in ((above, (0.03, 0.97), "top"), (below, (0.97, 0.03), "bottom")):
        text = say(f"robustness.scatter.{name}", language, count=numbers.count(cloud.counts[name], language))
        side = "left" if align == "top" else "right"
        axes.text(*place, text, transform=axes.transAxes, va=align, ha=side, fontweight="bold", color=look.colour)
    axes.set(xlim=limits, ylim=limits, title=cloud.arm, aspect="equal")
    axes.set_xlabel(say("robustness.scatter.axis", language, outcome=cloud.outcome, wave=cloud.waves[0]))
    style.decimal_axis(axes, language)
    style.decimal_axis(axes, language, "x")


def specifications(table: pd.DataFrame, main: float | None, said: Mapping[str, object], language: str) -> Figure:
    """Effects in order of size with their intervals; below each, which decisions it rests on."""
    rows = [(choice, value) for choice in CHOICES for value in _values(table, choice)]
    ratios = {"height_ratios": [62, 5 + 4.3 * len(rows)]}
    at = np.arange(len(table))
    with style.canvas(WIDTH, 72 + 4.3 * len(rows), nrows=2, sharex=True, gridspec_kw=ratios) as (figure, grid):
        top, below = grid[0][0], grid[1][0]
        sure = (table["p"] < 0.05).to_numpy()
        for chosen, colour, mark in ((sure, style.LOOKS[0].colour, "o"), (~sure, style.LOOKS[1].colour, "s")):
            part = table.loc[chosen]
            top.plot(*_strokes(at[chosen], part["ci_low"], part["ci_high"]), color=colour, linewidth=0.6, alpha=0.35)
            top.plot(at[chosen], part["effect"], mark, color=colour, markersize=2, linestyle="none")
        top.axhline(0, color=style.SOFT, linewidth=0.8)
        if main is not None:
            top.axhline(main, color=style.INK, linewidth=0.9, linestyle=(0, (4, 2)))
        top.set_ylabel(say("robustness.curve.axis", language))
        style.decimal_axis(top, language)
        for y, (choice, value) in enumerate(rows):
            held = (_grouped(table[choice]) == value).to_numpy()
            below.plot(*_strokes(at[held], y - 0.32, y + 0.32), color=style.INK, linewidth=0.5)
        below.set_yticks(range(len(rows)), [say(f"robustness.choices.{c}.{v}", language) for c, v in rows], fontsize=7)
        below.set_ylim(len(rows) - 0.5, -0.5)
        below.tick_params(length=0)
        below.set_xticks([])
        below.set_xlabel(say("robustness.curve.order", language))
        picture = style.drawn(figure)
    alt = say("robustness.curve.alt", language, **said)
    return Figure("fig-many-ways", picture, alt, say("robustness.curve.caption", language, **said), int(WIDTH))


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


def _values(table: pd.DataFrame, choice: str) -> list[str]:
    """Return the values of a decision that was open: one that was always taken the same way is no choice."""
    found = sorted(set(_grouped(table[choice])))
    if len(found) < 2:
        return []
    return ["true"] if found == ["false", "true"] else found
