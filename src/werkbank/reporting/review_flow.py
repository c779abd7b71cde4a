"""How the studies of a review were found and chosen, as PRISMA 2020 has it: what came in, what fell off and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from werkbank.catalogue import say
from werkbank.reporting import style
from werkbank.reporting.labels import height, width
from werkbank.reporting.style import Drawing, Margins

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from werkbank.reporting.blocks import Figure

SIZE, NAMES = 8.5, 7.5
_BAND, _GAP, _BETWEEN, _PAD = 6.5, 5.0, 5.0, 3.4  # mm: a phase's name, between columns, between steps, within a box


@dataclass(frozen=True)
class Step:
    """One step: its phase, what is left (lines of a box), and what fell off there (lines of the box beside it)."""

    phase: str
    kept: tuple[str, ...]
    lost: tuple[str, ...] = ()


def review_flow(steps: Sequence[Step], language: str) -> Figure:
    """Draw the steps from top to bottom, what fell off to their right; the phases stand in the margin."""
    figure = style.twice(lambda drawing: _drawn(drawing, steps), language)
    assert figure is not None  # noqa: S101 - there is a step
    return figure


def _drawn(drawing: Drawing, steps: Sequence[Step]) -> Figure:
    language = drawing.language
    wide = (drawing.width - _BAND - _GAP - 2) / 2
    kept = [_box(drawing, step.kept, wide) for step in steps]
    lost = [_box(drawing, step.lost, wide) for step in steps]
    high = [max(_tall(text) for text in pair if text) for pair in zip(kept, lost, strict=True)]
    for i, step in enumerate(steps):
        if [other.phase for other in steps].count(step.phase) == 1:  # its name stands along this step alone
            high[i] = max(high[i], width(step.phase, NAMES, bold=True) + 2)
    tall = sum(high) + _BETWEEN * (len(steps) - 1) + 2
    tops = [1 + sum(high[:i]) + _BETWEEN * i for i in range(len(steps))]
    with drawing.axes(tall, Margins(left=1, right=1)) as grid:
        axes = grid[0][0]
        axes.set_axis_off()
        axes.set(xlim=(0, drawing.width - 2), ylim=(tall, 0))
        for i, (top, room) in enumerate(zip(tops, high, strict=True)):
            middle, x = top + room / 2, _BAND + wide / 2
            _frame(axes, (_BAND, middle), wide, kept[i], style.LOOKS[0].colour)
            if i:
                _arrow(
                    axes, (x, tops[i - 1] + (high[i - 1] + _tall(kept[i - 1])) / 2), (x, middle - _tall(kept[i]) / 2)
                )
            if lost[i]:
                right = _BAND + wide + _GAP
                _frame(axes, (right, middle), wide, lost[i], style.SOFT)
                _arrow(axes, (_BAND + wide, middle), (right, middle))
        _phases(axes, steps, tops, high)
    seen = [say("figures.review_flow.alt", language, n=len(steps))]
    for step in steps:
        said = "; ".join(step.kept)
        key = "seen_lost" if step.lost else "seen"
        seen.append(say(f"figures.review_flow.{key}", language, kept=said, lost="; ".join(step.lost)))
    return drawing.figure("fig-review-flow", seen, say("figures.review_flow.caption", language))


def _box(drawing: Drawing, lines: Sequence[str], wide: float) -> str:
    return "\n".join(drawing.fit(line, wide - _PAD, 5, SIZE) for line in lines)


def _tall(text: str) -> float:
    return height(text, SIZE) * 1.12 + _PAD


def _frame(axes: Axes, at: tuple[float, float], wide: float, text: str, colour: str) -> None:
    from matplotlib.patches import Rectangle

    (left, middle), tall = at, _tall(text)
    edge: dict[str, Any] = {"facecolor": "white", "edgecolor": colour, "linewidth": 1.1}
    axes.add_patch(Rectangle((left, middle - tall / 2), wide, tall, **edge))
    axes.text(left + _PAD / 2, middle, text, va="center", ha="left", size=SIZE, linespacing=1.25)


def _arrow(axes: Axes, tail: tuple[float, float], tip: tuple[float, float]) -> None:
    ends: dict[str, Any] = {"arrowstyle": "-|>", "color": style.SOFT, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", tip, tail, arrowprops=ends)


def _phases(axes: Axes, steps: Sequence[Step], tops: Sequence[float], high: Sequence[float]) -> None:
    """Write each phase once, along the steps that belong to it."""
    from matplotlib.patches import Rectangle

    names = list(dict.fromkeys(step.phase for step in steps))
    for name in names:
        mine = [i for i, step in enumerate(steps) if step.phase == name]
        top, end = tops[mine[0]], tops[mine[-1]] + high[mine[-1]]
        axes.add_patch(Rectangle((0, top), _BAND - 2, end - top, facecolor=style.LOOKS[0].fill, linewidth=0))
        axes.text(
            (_BAND - 2) / 2, (top + end) / 2, name, rotation=90, ha="center", va="center", size=NAMES, **style.BOLD
        )
