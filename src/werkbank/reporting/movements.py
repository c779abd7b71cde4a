"""Who rose and who fell beside what their own results predicted, and what chance alone gives: one picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkbank.catalogue import say
from werkbank.reporting import numbers, style
from werkbank.reporting.labels import beside, height
from werkbank.reporting.style import Drawing, Margins

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from werkbank.reporting.blocks import Figure

CHANCE = 0.025  # of stable pupils, on each side of the own 95% band
MOST = 40  # rows that fit on a page


@dataclass(frozen=True)
class Moved:
    """One school and subject: how many of those judged fell, and rose; None where a copy to share hides it."""

    label: str
    fell: int | None
    rose: int | None
    judged: int | None


def movements(rows: Sequence[Moved], language: str) -> Figure | None:
    """Draw for each school and subject which share fell to the left and rose to the right, with chance as a band."""
    known = [row for row in rows if row.judged and None not in {row.fell, row.rose}]
    if not known:
        return None
    drawing = Drawing(language)
    shown = drawing.first(known, MOST)
    names = drawing.fits([row.label for row in shown], 50, 2)
    each = max(8.0, 2.5 + max(map(height, names)))
    margins = Margins(left=beside(names), right=3, bottom=12, top=8)
    with drawing.axes(20 + each * len(shown), margins) as grid:
        _draw(grid[0][0], shown, language)
        grid[0][0].set_yticks(range(len(shown)), names)
    seen = [say("monitoring.moved.seen", language, **_said(row, language)) for row in shown]
    alt = [say("monitoring.moved.alt", language, n=len(shown)), *seen]
    return drawing.figure("fig-moved", alt, say("monitoring.moved.caption", language))


def _said(row: Moved, language: str) -> dict[str, str]:
    counts = {"fell": row.fell, "rose": row.rose, "judged": row.judged}
    shares = {
        f"{side}_share": numbers.share((counts[side] or 0) / (row.judged or 1), language) for side in ("fell", "rose")
    }
    return {"place": row.label, **{k: numbers.count(v, language) for k, v in counts.items()}, **shares}


def _draw(axes: Axes, rows: Sequence[Moved], language: str) -> None:
    reach = 1.45 * max(0.06, *((max(row.fell or 0, row.rose or 0) / (row.judged or 1)) for row in rows))
    axes.axvspan(-CHANCE, CHANCE, color=style.FAINT, linewidth=0, alpha=0.5, zorder=0)
    for end, sign, look in (("fell", -1, style.LOOKS[1]), ("rose", 1, style.LOOKS[0])):
        for y, row in enumerate(rows):
            count = getattr(row, end) or 0
            share = count / (row.judged or 1)
            axes.barh(y, sign * share, height=0.5, color=look.fill, edgecolor=look.colour, linewidth=0.9)
            values = _said(row, language)
            text = say("monitoring.moved.bar", language, n=values[end], share=values[f"{end}_share"])
            side = "left" if sign > 0 else "right"
            axes.annotate(text, (sign * share, y), (4 * sign, 0), textcoords="offset points", ha=side, va="center",
                          fontsize=8.5, color=look.colour)  # fmt: skip
        head, at = say(f"monitoring.moved.{end}", language), (sign * reach, 1.02)
        side = "right" if sign > 0 else "left"
        axes.annotate(head, at, xycoords=axes.get_xaxis_transform(), ha=side, va="bottom", color=look.colour,
                      fontweight="bold", fontsize=9)  # fmt: skip
    axes.axvline(0, color=style.INK, linewidth=0.8)
    axes.set(xlim=(-reach, reach), ylim=(len(rows) - 0.4, -0.6), ylabel="", xticks=[])
    axes.set_xlabel(say("monitoring.moved.axis", language), fontsize=8.5)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
