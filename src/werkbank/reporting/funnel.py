"""All schools of a batch in one picture: each mean by how many pupils it rests on, with what chance alone gives.

Never a ranking: schools stand in the order of their size, and a mean within its bar is like all others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkbank.catalogue import say
from werkbank.measurement.study_scores import scale_label
from werkbank.reporting import numbers, style
from werkbank.reporting.labels import MM, height
from werkbank.reporting.plainly import capital
from werkbank.reporting.style import WIDTH, Drawing, Margins

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from werkbank.instruments import Instrument
    from werkbank.reporting.blocks import Figure
    from werkbank.results import Results
    from werkbank.study import Study

NAMED = 15  # schools that are named in the picture
_HIGH = 58.0  # mm of a panel
_HERE = "batch.funnel"


@dataclass(frozen=True)
class Part:
    """One school: its name, how many pupils its mean rests on, the mean, and where it may lie by chance."""

    name: str
    n: int
    mean: float
    expected: float
    limits: tuple[float, float]


def funnel(
    study: Study, keys: dict[str, Instrument], found: Sequence[tuple[str, Results]], language: str
) -> Figure | None:
    """Draw the schools of a batch; None where fewer than three of them have a mean that may be shown.

    Parameters
    ----------
    study : Study
        To which all reports belong.
    keys : mapping
        The instruments of its outcomes (`Scores.instruments`).
    found : sequence of (str, Results)
        Each report's name and what it holds.
    """
    panels: dict[tuple[str, str], list[Part]] = {}
    for name, results in found:
        negative = results.claims_where(topic="reliability", verdict="negative")
        unsound = {key for claim in negative for key in claim.values.get("outcomes", ())}
        for fact in results.facts_where(what="part_mean"):
            if fact.outcome in unsound:  # a score that must not be used yet is not drawn for a board
                continue
            at = {"outcome": fact.outcome, "wave": fact.wave}
            more = [results.number(what=f"part_{what}", **at) for what in ("expected", "limit_low", "limit_high")]
            if isinstance(fact.value, float) and fact.n and None not in more:
                expected, low, high = (x or 0.0 for x in more)
                panels.setdefault((fact.outcome, fact.wave), []).append(
                    Part(name, fact.n, fact.value, expected, (low, high))
                )
    panels = {at: parts for at, parts in panels.items() if len(parts) > 2}
    return _drawn(study, keys, panels, language) if panels else None


def _drawn(
    study: Study, keys: dict[str, Instrument], panels: dict[tuple[str, str], list[Part]], language: str
) -> Figure:
    drawing, named = Drawing(language), {}
    for key, wave in panels:
        label = capital(scale_label(study, keys, key, language))
        named[key, wave] = say(f"{_HERE}.panel", language, outcome=label, wave=say(f"report.wave.{wave}", language))
    titles = {at: drawing.fit(title, WIDTH, 2, 9.5, bold=True) for at, title in named.items()}
    over = 2 + max(height(title, 9.5) for title in titles.values())
    tall = len(panels) * (_HIGH + over + 11)
    margins = Margins(left=14, right=4, bottom=11, top=over, rows=11 + over)
    with style.canvas(WIDTH, tall, margins, drawing, nrows=len(panels)) as (figure, grid):
        for (axes,), (at, parts) in zip(grid, panels.items(), strict=True):
            _panel(axes, parts, language)
            axes.set_xlabel(say(f"{_HERE}.axis", language))
            axes.annotate(titles[at], (0, 1), (-14 * MM, 4), xycoords="axes fraction", textcoords="offset points",
                          fontsize=9.5, fontweight="bold", va="bottom")  # fmt: skip
        drawing.image = style.drawn(figure, drawing)
    return drawing.figure("fig-funnel", _seen(named, panels, language), say(f"{_HERE}.caption", language))


def _panel(axes: Axes, parts: Sequence[Part], language: str) -> None:
    import seaborn as sns

    ordered = sorted(parts, key=lambda part: (part.n, part.name))
    places = _apart([part.n for part in ordered])
    for part, x in zip(ordered, places, strict=True):
        axes.plot((x, x), part.limits, color="#c3cbd0", linewidth=5, solid_capstyle="butt", zorder=1)
    axes.axhline(ordered[0].expected, color=style.INK, linewidth=0.8, zorder=2)
    look = style.look(0)
    sns.scatterplot(
        x=places, y=[part.mean for part in ordered], color=look.colour, s=34, linewidth=0, zorder=3, ax=axes
    )
    if len(ordered) <= NAMED:
        for part, x in zip(ordered, places, strict=True):
            style.mark(axes, part.name, (x, part.mean), (6, 0), style.SOFT, fontsize=8.5, fontweight="normal")
    room = 0.08 * (max(places) - min(places) or 1.0)
    axes.set_xlim(min(places) - room, max(places) + 1.6 * room)
    style.decimal_axis(axes, language, "y")
    style.decimal_axis(axes, language, "x")


def _apart(counts: Sequence[int]) -> list[float]:
    """Return where on the axis schools stand: those with equally many pupils a little beside each other."""
    step = (max(counts) - min(counts) or 1) * 0.022
    return [n + step * sum(other == n for other in counts[:i]) for i, n in enumerate(counts)]


def _seen(named: dict[tuple[str, str], str], panels: dict[tuple[str, str], list[Part]], language: str) -> list[str]:
    said = []
    for at, parts in panels.items():
        outside = [p for p in parts if not p.limits[0] <= p.mean <= p.limits[1]]
        said.append(
            say(f"{_HERE}.seen", language, panel=named[at], n=len(outside), n_all=len(parts),
                n_text=numbers.count(len(outside), language), mean=numbers.decimal(parts[0].expected, language, 1))
        )  # fmt: skip
    return said
