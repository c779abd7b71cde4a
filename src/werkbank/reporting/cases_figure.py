"""The figure of cases that are followed day by day: a row a case, phases apart, their medians, one axis of days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from werkbank.catalogue import say
from werkbank.reporting import numbers, style
from werkbank.reporting.style import Drawing, Margins

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from werkbank.reporting.blocks import Figure

ON_A_PAGE = 9  # cases of one figure
EACH = 23.0  # mm of a row
WIDE = 0.2  # of the axis: what the name of a phase takes


@dataclass(frozen=True)
class Line:
    """One case: its days (``session``, ``phase``, ``value``; NaN where nobody saw) and its median in each phase."""

    case: str
    days: pd.DataFrame
    medians: tuple[tuple[str, float | None], ...]


def pages(lines: list[Line], name: str, label: str, limits: tuple[float, float], language: str) -> list[Figure]:
    """Draw every case under another on one axis of days, so many in a figure as a page holds; each has its own name."""
    last = max(float(line.days["session"].max()) for line in lines)
    parts = [lines[start : start + ON_A_PAGE] for start in range(0, len(lines), ON_A_PAGE)]
    drawn = []
    for number, part in enumerate(parts, 1):
        of = f"{label[:1].upper()}{label[1:]}"
        if len(parts) > 1:
            of = say("figures.cases.part", language, outcome=of, part=number, parts=len(parts))
        drawn.append(_page(part, f"{name}-{number}", (of, label), limits, last, language))
    return drawn


def _page(
    shown: list[Line], name: str, said: tuple[str, str], limits: tuple[float, float], last: float, language: str
) -> Figure:
    """Draw some cases; their lines stop where a phase ends or a day is missing. `said`: in the caption, on the axis."""
    of, label = said
    drawing = Drawing(language)
    margins = Margins(left=22, right=20, bottom=12, top=6, rows=5)
    grid_of = {"nrows": len(shown), "ncols": 1, "sharex": True, "sharey": True}
    with drawing.axes(18 + EACH * len(shown), margins, **grid_of) as grid:
        for axes, line in zip(grid[:, 0], shown, strict=True):
            _case(axes, line, limits)
            axes.annotate(line.case, (1.01, 0.5), xycoords="axes fraction", va="center", fontsize=8, **style.BOLD)
        bottom = grid[-1, 0]
        bottom.set(xlim=(0, last + 1), xlabel=say("figures.cases.axis", language))
        style.decimal_axis(bottom, language, "x")
        for axes in grid[:, 0]:
            axes.set_ylim(limits[0] - 0.1 * np.ptp(limits), limits[1] + 0.1 * np.ptp(limits))
            style.decimal_axis(axes, language)
        top = grid[0, 0]
        _named(top, shown[0], last, language)
        grid[len(shown) // 2, 0].set_ylabel(say("figures.cases.unit", language, of=label, low=f"{limits[0]:g}",
                                                high=f"{limits[1]:g}"))  # fmt: skip
    alt = [say("figures.cases.alt", language, n=len(shown)), *(_seen(line, language) for line in shown)]
    return drawing.figure(f"fig-cases-{name}", alt, say("figures.cases.caption", language, of=of))


def _named(axes: Axes, line: Line, last: float, language: str) -> None:
    """Name the phases over the first case: a first one that is short ends its name where the next begins."""
    starts = _starts(line)
    for number, (phase, at) in enumerate(starts):
        end = starts[number + 1][1] if number + 1 < len(starts) else last + 1
        short = end - at < WIDE * last
        named = say(f"figures.cases.phase_{phase}", language) if not short or not number else phase
        axes.annotate(named, (end - 1 if short and not number else at, 1.04), fontsize=8, annotation_clip=False,
                      ha="right" if short and not number else "left", xycoords=axes.get_xaxis_transform())  # fmt: skip


def _starts(line: Line) -> list[tuple[str, float]]:
    phases = line.days["phase"].to_numpy()
    new = np.r_[True, phases[1:] != phases[:-1]]
    return [
        (str(phase), float(at)) for phase, at in zip(phases[new], line.days["session"].to_numpy()[new], strict=True)
    ]


def _case(axes: Axes, line: Line, limits: tuple[float, float]) -> None:
    import seaborn as sns

    days = line.days.assign(run=(line.days["phase"] != line.days["phase"].shift()).cumsum())
    for run, part in days.groupby("run"):
        look = style.look(0 if part["phase"].iloc[0] == "B" else 1)
        for piece in _unbroken(part):
            axes.plot(piece["session"], piece["value"], color=look.colour, linewidth=0.8, alpha=0.6)
        seen = part.dropna(subset=["value"])
        sns.scatterplot(seen, x="session", y="value", ax=axes, color=look.colour, marker=look.marker, s=11,
                        edgecolor="none", legend=False)  # fmt: skip
        if len(seen):
            middle = float(np.median(seen["value"]))
            axes.plot(
                [part["session"].min(), part["session"].max()], [middle, middle], color=look.colour, linewidth=1.6
            )
        if run > 1:
            axes.axvline(float(part["session"].min()) - 0.5, color=style.SOFT, linewidth=0.9, linestyle=(0, (4, 2)))
    axes.set(xlabel="", ylabel="")
    axes.set_yticks([limits[0], limits[1]])


def _unbroken(part: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the stretches of days of which each has a value."""
    known = part["value"].notna()
    return [piece for _, piece in part[known].groupby((~known).cumsum()[known]) if len(piece) > 1]


def _seen(line: Line, language: str) -> str:
    told = [
        say("figures.cases.median", language, phase=say(f"figures.cases.phase_{phase[0]}", language),
            median=numbers.decimal(middle, language, 1))
        for phase, middle in line.medians
        if middle is not None
    ]  # fmt: skip
    return say("figures.cases.seen", language, case=line.case, medians="; ".join(told))
