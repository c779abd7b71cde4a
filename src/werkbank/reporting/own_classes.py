"""The part of a school's report that only its own school gets: its classes among all classes, without a test of them.

What the programme did is answered by the whole study, on the first page. A school has a handful of classes, of which
nothing can be tested; what it can see is where they stand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from werkbank.reporting import style
from werkbank.reporting.beside_schools import beside_schools
from werkbank.reporting.blocks import Paragraph
from werkbank.reporting.labels import MM, height, width
from werkbank.reporting.numbers import Column
from werkbank.reporting.plainly import capital, digits_of, doubts, ends
from werkbank.reporting.sections import maker
from werkbank.reporting.style import WIDTH, Drawing, Margins
from werkbank.reporting.table import table
from werkbank.reporting.tables import texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from werkbank.reporting.blocks import Figure, Table
    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.results import Fact

section = maker("school", "within")
HERE = "school.own_classes"
LEVELS = ("class", "teacher", "school")
_SIDE = 30.0  # mm for the names of the arms
_DOT = 2.6  # mm
_STEP = 3.6  # mm from one row of names to the next
_OTHER = "#aab4ba"


def whose(report: Report) -> str:
    """Return whose report this is, as ``school 007``."""
    say = report.words.say
    return report.words.listed([f"{say(f'batch.role.{role}')} {code}" for role, code in report.bench.only.items()])


@section()
def own_classes(report: Report) -> Blocks:
    """Where the classes of this school stand among all of the study; nothing in a report about everyone."""
    if not report.bench.only:
        return
    facts = [f for f in report.results.facts_where(what="class_mean") if f.outcome in report.keys]
    if any(f.table == "own" for f in facts):
        words, named = report.words, _named(report)
        named["wave"] = words.listed(list(dict.fromkeys(words.wave(f.wave) for f in facts)))
        yield Paragraph(words.say(f"{HERE}.lead", **named))
        yield _picture(report, facts, named)
        yield _table(report, facts, named)
        yield Paragraph(words.say(f"{HERE}.caution", **named))
    yield from beside_schools(report, whose(report))


def _named(report: Report) -> dict[str, Any]:
    columns = report.study.columns.named()
    unit = next((role for role in LEVELS if role in columns), "class")
    forms = {form: report.words.say(f"report.unit.{unit}.{form}") for form in ("one", "many")}
    named = {f"unit_{form}": said for form, said in forms.items()}
    return named | {"unit_many_capital": capital(forms["many"]), "whose": whose(report)}


def _table(report: Report, facts: Sequence[Fact], named: dict[str, Any]) -> Table | None:
    """A row a class: how many pupils, and the mean of each outcome."""
    words, own = report.words, [f for f in facts if f.table == "own"]
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for fact in own:
        row = rows.setdefault((fact.category, fact.arm), {"unit": fact.category, "arm": words.arm(fact.arm)})
        row |= {f"n_{fact.outcome}": fact.n, fact.outcome: fact.value}
    kinds = texts("arm") if any(fact.arm for fact in own) else {}
    kinds = {"unit": Column("unit", words.say(f"{HERE}.unit", **named), "text"), **kinds}
    for key in dict.fromkeys(fact.outcome for fact in own):
        kinds[key] = Column(key, words.outcome(key), "mean")
        kinds[f"n_{key}"] = Column(f"n_{key}", words.say("school.table.n"), "count")
    notes = [words.say("school.table.hidden", min_cell=report.study.privacy.min_cell)]
    title = words.say(f"{HERE}.title", **named)
    told = [rows[at] for at in sorted(rows)]
    notes = notes * any(fact.value is None for fact in own) + doubts(report, [fact.outcome for fact in own])
    return table(report, "own-classes", title, kinds, told, labels="school.table", notes=notes)


# --- the picture


@dataclass(frozen=True)
class Strip:
    """The classes of one arm on one outcome: means of all others, and the own ones with their names."""

    arm: str
    others: tuple[float, ...]
    own: tuple[tuple[str, float], ...]


def _picture(report: Report, facts: Sequence[Fact], named: dict[str, Any]) -> Figure | None:
    words, drawing = report.words, Drawing(report.language)
    known = [f for f in facts if isinstance(f.value, float)]
    panels = {key: _strips(report, [f for f in known if f.outcome == key]) for key in dict.fromkeys(
        f.outcome for f in known if f.table == "own")}  # fmt: skip
    if not panels:
        return None
    names = {key: drawing.fit(ends(report, key, "school.standing"), WIDTH - 2, 2, 9.5, bold=True) for key in panels}
    head = drawing.fit(words.say(f"{HERE}.subtitle", **named), WIDTH, 2)
    over = 2 + max(height(name, 9.5) for name in names.values())
    deep = {key: [_deep(strip) for strip in strips] for key, strips in panels.items()}
    rows = [sum(each) for each in deep.values()]
    above = height(head) + 1
    margins = Margins(left=_SIDE, right=4, bottom=8, top=above + over, rows=8 + over)
    tall = above + len(rows) * (8 + over) + sum(rows)
    grid = {"nrows": len(rows), "gridspec_kw": {"height_ratios": rows}}
    with style.canvas(WIDTH, tall, margins, drawing, **grid) as (figure, axes):
        for (one,), (key, strips) in zip(axes, panels.items(), strict=True):
            _strip_panel(one, strips, deep[key], report.language)
            one.annotate(names[key], (0, 1), (-_SIDE * MM, 3), xycoords="axes fraction", textcoords="offset points",
                         fontsize=9.5, fontweight="bold", va="bottom")  # fmt: skip
            for strip, base in zip(strips, _bases(deep[key]), strict=True):
                label = drawing.fit(strip.arm, _SIDE - 3, 2, 9)
                one.annotate(label, (0, base - 1.5), (-8, 0), xycoords=one.get_yaxis_transform(), ha="right",
                             va="center", textcoords="offset points", fontsize=9)  # fmt: skip
        figure.text(0, 1 - 0.4 / tall, head, va="top", color=style.SOFT)
        drawing.image = style.drawn(figure, drawing)
    caption = words.say(f"{HERE}.caption", **named)
    few = words.say(f"{HERE}.caption_few", min_cell=report.study.privacy.min_cell, **named)
    return drawing.figure(
        "fig-own-classes", _seen(report, known, named), " ".join([caption, few, *doubts(report, list(panels))])
    )


def _strips(report: Report, facts: Sequence[Fact]) -> list[Strip]:
    return [
        Strip(
            report.words.arm(arm) if arm else report.words.say("report.everyone"),
            tuple(float(f.value or 0.0) for f in facts if f.arm == arm and f.table == "others"),
            tuple((f.category, float(f.value or 0.0)) for f in facts if f.arm == arm and f.table == "own"),
        )
        for arm in dict.fromkeys([*(a for a in report.evidence.arms if any(f.arm == a for f in facts)),
                                  *(f.arm for f in facts)])
    ]  # fmt: skip


def _seen(report: Report, facts: Sequence[Fact], named: dict[str, Any]) -> list[str]:
    words, said = report.words, [f"{report.words.say(f'{HERE}.finding', **named)}."]
    for key in dict.fromkeys(f.outcome for f in facts):
        values = [float(f.value or 0.0) for f in facts if f.outcome == key]
        digits = digits_of(report, key, *values)
        low, high = (words.decimal(end, digits) for end in (min(values), max(values)))
        said.append(words.say(f"{HERE}.range", outcome=words.outcome(key), low=low, high=high, **named))
        said += [
            words.say(f"{HERE}.seen", outcome=words.outcome(key), unit=f.category,
                      mean=words.decimal(float(f.value or 0.0), digits))
            for f in facts if f.outcome == key and f.table == "own"
        ]  # fmt: skip
    return said


def _deep(strip: Strip) -> float:
    """Return how high a row is, in mm: dots in piles, and names above them in as many lines as they need."""
    return 9.0 + _STEP * min(4, max(1, len(strip.own)))


def _bases(deep: Sequence[float]) -> list[float]:
    return [sum(deep[: i + 1]) - 2.0 for i in range(len(deep))]


def _strip_panel(axes: Axes, strips: Sequence[Strip], deep: Sequence[float], language: str) -> None:
    values = [x for strip in strips for x in (*strip.others, *(mean for _, mean in strip.own))]
    room = WIDTH - _SIDE - 4
    span = (max(values) - min(values)) or 1.0
    low, high = min(values) - 0.06 * span, max(values) + 0.06 * span
    axes.set_xlim(low, high)
    axes.set_ylim(sum(deep), 0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    style.decimal_axis(axes, language, "x")
    unit = (high - low) / room  # of the scale, a mm
    for number, (strip, base) in enumerate(zip(strips, _bases(deep), strict=True)):
        _dots(axes, strip, base, unit, style.look(number))


def _dots(axes: Axes, strip: Strip, base: float, unit: float, look: style.Look) -> None:
    import seaborn as sns

    everyone = sorted([(mean, "") for mean in strip.others] + [(mean, name) for name, mean in strip.own])
    piled: list[list[float]] = []
    places = []
    for mean, name in everyone:  # the lowest row in which a dot touches no other
        row = next((i for i, taken in enumerate(piled) if mean - taken[-1] >= _DOT * unit), len(piled))
        piled[row:] = piled[row:] or [[]]
        piled[row].append(mean)
        places.append((mean, base - _DOT * row, name))
    size = (0.92 * _DOT * MM) ** 2
    axes.set_autoscale_on(False)
    for own, colour in ((False, _OTHER), (True, look.colour)):
        chosen = [(x, y) for x, y, name in places if bool(name) is own]
        if chosen:
            xs, ys = zip(*chosen, strict=True)
            more = {"marker": look.marker} if own else {}
            sns.scatterplot(x=list(xs), y=list(ys), s=size, color=colour, linewidth=0, zorder=3, ax=axes, **more)
    _names(axes, [place for place in places if place[2]], base, unit, look)


def _names(axes: Axes, own: list[tuple[float, float, str]], base: float, unit: float, look: style.Look) -> None:
    """Write the names of the own classes over their dots, each with a thin line to its own."""
    ends_at: list[float] = []
    for x, y, name in own:
        half = 0.5 * width(name, 8.5, bold=True) * unit + 0.8 * unit
        line = next((i for i, end in enumerate(ends_at) if x - half >= end), len(ends_at))
        ends_at[line:] = ends_at[line:] or [0.0]
        ends_at[line] = x + half
        top = base - 6.5 - _STEP * line
        axes.plot((x, x), (y - 1.4, top + 0.4), color=look.colour, linewidth=0.6, zorder=1)
        axes.annotate(name, (x, top), (0, 0), textcoords="offset points", ha="center", va="bottom",
                      fontsize=8.5, fontweight="bold", color=look.colour)  # fmt: skip
