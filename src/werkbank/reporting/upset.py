"""An UpSet figure: which methods flagged the same pupils."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkbank.catalogue import say
from werkbank.reporting import numbers, style
from werkbank.reporting.blocks import Figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

WIDTH = 160
MOST = 12  # combinations beyond this are a wall; the pairs table has the rest


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
    bars = sorted(((which, n) for which, n in combined if which), key=lambda bar: -bar[1])[:MOST]
    if not bars:
        return None
    ratio = {"height_ratios": [3, 0.55 * len(methods) + 0.3]}
    with style.canvas(WIDTH, 55 + 7 * len(methods), nrows=2, sharex=True, gridspec_kw=ratio) as (figure, grid):
        _bars(grid[0][0], [n for _, n in bars], language)
        _dots(grid[1][0], methods, [which for which, _ in bars])
        picture = style.drawn(figure)
    told = [
        say(
            "underachieving.upset.seen", language,
            methods=", ".join(methods[i] for i in which), n=numbers.count(n, language),
        )
        for which, n in bars
    ]  # fmt: skip
    alt = say("underachieving.upset.alt", language, n=len(bars), seen=" ".join(told))
    caption = say("underachieving.upset.caption", language, measure=measure, none=numbers.count(none, language))
    return Figure(name, picture, alt, caption, WIDTH)


def _bars(axes: Axes, heights: list[int], language: str) -> None:
    axes.bar(range(len(heights)), heights, width=0.55, color=style.LOOKS[0].colour)
    for x, n in enumerate(heights):
        axes.annotate(numbers.count(n, language), (x, n), (0, 3), textcoords="offset points", ha="center")
    axes.set_ylabel(say("underachieving.upset.axis", language))
    axes.set_ylim(0, max(heights) * 1.15)
    style.decimal_axis(axes, language)
    axes.tick_params(axis="x", length=0)


def _dots(axes: Axes, methods: Sequence[str], columns: list[tuple[int, ...]]) -> None:
    for x, which in enumerate(columns):
        off = [y for y in range(len(methods)) if y not in which]
        axes.plot([x] * len(off), off, "o", color=style.FAINT, markersize=7, markerfacecolor="white", linestyle="none")
        axes.plot([x] * len(which), list(which), "o-", color=style.LOOKS[0].colour, markersize=7, linewidth=2)
    axes.set_yticks(range(len(methods)), list(methods))
    axes.set_xticks([])
    axes.set_xlim(-0.6, len(columns) - 0.4)
    axes.set_ylim(len(methods) - 0.5, -0.5)
    axes.tick_params(length=0)
    axes.spines[["left", "bottom"]].set_visible(False)
