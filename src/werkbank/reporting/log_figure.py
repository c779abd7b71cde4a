"""The one picture of a pupil's page: what was seen day by day, or a row of days with what was done on each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from werkbank.catalogue import say
from werkbank.reporting import numbers, style
from werkbank.reporting.style import Drawing, Margins

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd
    from matplotlib.axes import Axes

    from werkbank.reporting.blocks import Figure

HIGH = 52.0  # mm
CELL = {"D": (style.INK, "white", ""), "N": ("white", style.INK, ""), "A": ("white", style.INK, "///"),
        "R": ("white", style.INK, "xx"), "U": ("white", style.SOFT, "..")}  # fmt: skip


@dataclass(frozen=True)
class Followed:
    """What is drawn of a pupil: days with ``date``, ``value`` and ``phase``, and how the values are called."""

    name: str
    who: str
    label: str
    days: pd.DataFrame
    order: tuple[str, ...]  # of places 1, 2, 3: their names; empty for numbers
    limits: tuple[float, float]
    review: dt.date | None = None


def followed(shown: Followed, language: str) -> Figure:
    """Draw every day as a mark: of an order with its name on the axis, phases apart, each with its middle.

    Days are joined within a phase, over a weekend and over no longer gap: what was not seen is not drawn.
    """
    drawing = Drawing(language)
    days = shown.days.assign(day=shown.days["date"].map(lambda stamp: stamp.toordinal()))
    reviewed = shown.review is not None and shown.review.toordinal() <= days["day"].max()
    began = _began(days)
    margins = Margins(left=24, right=6, bottom=13, top=7)
    with drawing.axes(HIGH, margins) as grid:
        axes = grid[0, 0]
        for phase, part in days.groupby("phase"):
            _phase(axes, str(phase), part)
            # the first name ends where the programme begins: a short phase has no room for it
            ends = phase == "A" and began is not None
            at = began - 0.5 if ends and began is not None else float(part["day"].min())
            named = say(f"logs.phase.{phase or 'none'}", language)
            axes.annotate(named, (at, 1.03), xycoords=axes.get_xaxis_transform(), fontsize=8, annotation_clip=False,
                          ha="right" if ends else "left")  # fmt: skip
        if began is not None:
            axes.axvline(began, color=style.SOFT, linewidth=0.9)
        if reviewed and shown.review is not None:
            axes.axvline(shown.review.toordinal(), color=style.SOFT, linewidth=0.9, linestyle=(0, (1, 2)))
        _dates(axes, days["day"].to_numpy(), language)
        low, high = shown.limits
        axes.set_ylim(low - 0.08 * (high - low), high + 0.08 * (high - low))
        if shown.order:
            axes.set_yticks(range(1, len(shown.order) + 1), labels=list(shown.order))
        else:
            style.decimal_axis(axes, language)
        axes.set(xlabel=say("logs.figure.axis", language), ylabel="")
    alt = [say("logs.figure.alt", language, n=len(days), what=shown.label), *_seen(shown, days, language)]
    caption = [say("logs.figure.caption", language, what=shown.label, who=shown.who)]
    caption += [say(f"logs.figure.{key}", language) for key, told in (("began", began), ("review", reviewed)) if told]
    return drawing.figure(f"fig-log-{shown.name}", alt, " ".join(caption))


def _began(days: pd.DataFrame) -> float | None:
    """Return where the programme began, just before its first day; None without days before it, or where it stopped."""
    before, during = (days.loc[days["phase"] == phase, "day"] for phase in "AB")
    return float(during.min()) - 0.5 if len(before) and len(during) and before.max() < during.min() else None


def _phase(axes: Axes, phase: str, part: pd.DataFrame) -> None:
    look = style.look(0 if phase == "B" else 1)
    day, value = part["day"].to_numpy(), part["value"].to_numpy()
    for start in np.flatnonzero(np.diff(day) <= 3):  # over a weekend, and not over a week in which nobody looked
        axes.plot(day[start : start + 2], value[start : start + 2], color=look.colour, linewidth=0.8, alpha=0.6)
    axes.plot(day, value, linestyle="none", marker=look.marker, color=look.colour, markersize=4.5)
    if phase in {"A", "B"}:
        middle = float(np.median(value))
        axes.plot([day[0], day[-1]], [middle, middle], color=look.colour, linewidth=1.8, alpha=0.8)


def _dates(axes: Axes, days: np.ndarray, language: str) -> None:
    from datetime import date

    from babel.dates import format_date

    places = np.unique(np.linspace(days.min(), days.max(), min(5, len(np.unique(days)))).round().astype(int))
    axes.set_xticks(places, labels=[format_date(date.fromordinal(int(day)), "d MMM", language) for day in places])
    axes.set_xlim(days.min() - 1.5, days.max() + 1.5)


def _seen(shown: Followed, days: pd.DataFrame, language: str) -> list[str]:
    told = []
    for phase, part in days.groupby("phase"):
        middle = float(np.median(part["value"]))
        name = in_order(middle, shown.order, language)
        told.append(say("logs.figure.seen", language, phase=say(f"logs.phase.{phase or 'none'}", language),
                        n=len(part), middle=name))  # fmt: skip
    return told


def in_order(value: float, order: tuple[str, ...], language: str) -> str:
    """Return a middle value as a reader knows it: a place in an order by its name, two places by both."""
    if not order:
        return numbers.decimal(value, language, 1)
    low, high = int(np.floor(value)), int(np.ceil(value))
    names = list(dict.fromkeys((order[low - 1], order[high - 1])))
    return say("logs.between", language, low=names[0], high=names[1]) if len(names) > 1 else names[0]


def row_of_days(name: str, who: str, letters: str, label: str, language: str) -> Figure:
    """Draw a row of days, each told by its letter, shade and hatching."""
    from matplotlib.patches import Rectangle

    drawing = Drawing(language)
    with drawing.axes(22, Margins(left=1, right=1, bottom=6, top=1)) as grid:
        axes = grid[0, 0]
        for place, letter in enumerate(letters):
            fill, ink, hatch = CELL[letter]
            axes.add_patch(Rectangle((place + 0.06, 0), 0.88, 1, facecolor=fill, edgecolor=style.INK, hatch=hatch))
            shown = say(f"logs.letter.{letter}", language)
            axes.text(place + 0.5, 0.5, shown, ha="center", va="center", color=ink, fontsize=12,
                      bbox={"facecolor": fill, "edgecolor": "none", "pad": 1.5}, **style.BOLD)  # fmt: skip
        axes.set(xlim=(0, len(letters)), ylim=(-0.02, 1.02), yticks=[])
        axes.set_xticks(np.arange(len(letters)) + 0.5, labels=[str(n) for n in range(1, len(letters) + 1)])
        for side in ("left", "bottom"):
            axes.spines[side].set_visible(False)
        axes.tick_params(length=0)
    counted = ", ".join(
        say(f"logs.letters.{letter}", language, n=letters.count(letter)) for letter in CELL if letter in letters
    )
    alt = [say("logs.row.alt", language, n=len(letters), counted=counted)]
    return drawing.figure(f"fig-log-{name}", alt, say("logs.row.caption", language, what=label, who=who))
