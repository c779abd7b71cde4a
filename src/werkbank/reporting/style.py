"""One look for all figures: told apart by marker and line as well as by colour, labelled where they are, in print size.

Colours are Okabe and Ito's, darkened until they reach 4.5:1 on white where they carry text.
"""

from __future__ import annotations

import io
import math
import pickle
import re
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from werkbank.catalogue import say
from werkbank.reporting import fonts, labels, numbers
from werkbank.reporting.blocks import Figure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

SIZE = labels.SIZE
WIDTH = 160.0  # mm: the width of a page's text
PHONE = 92.0  # mm: of a phone, on which nine points are still read
TITLE, PANEL = 11, 10  # points: of a figure's title, and of a panel's
INK, SOFT, FAINT = "#1d2a33", "#4d5b64", "#c3cbd0"
_LEFT_OUT = re.compile(
    r"\s*<(?:!--.*?--|metadata>.*?</metadata|!DOCTYPE.*?)>|(?<=<g) id=\"[^\"]*\"|(?<=\n) +| ?\n(?=[LQCMz]\b)", re.DOTALL
)
_FRACTION = re.compile(r"(?<![\w.#])-?[1-9]\d*\.\d{3,}")  # of a place; what scales a letter begins with 0
_THEME = {
    "font.size": labels.SIZE,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "axes.labelsize": labels.SIZE,
    "axes.linewidth": 0.7,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": PANEL,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "legend.fontsize": labels.SIZE,
    "legend.frameon": False,
    "lines.markersize": 6,
    "text.color": INK,
    "text.parse_math": False,  # a dollar sign in a user's label is no formula
    **{f"{axis}tick.{what}": value for axis in "xy" for what, value in (("color", SOFT), ("labelcolor", INK))},
    **{
        f"{axis}tick.{what}": value
        for axis in "xy"
        for what, value in (("labelsize", labels.SIZE), ("major.size", 3.5))
    },
    **{f"{axis}tick.major.width": 0.7 for axis in "xy"},
    "svg.hashsalt": "werkbank",
}
PICTURES = 32  # that are kept: those of one report
BOLD: dict[str, Any] = {"fontweight": "bold"}


@dataclass(frozen=True)
class Look:
    """How one arm is drawn in every figure."""

    colour: str
    marker: str
    dash: Any
    fill: str

    @property
    def line(self) -> dict[str, Any]:
        """What a line of this arm is drawn with."""
        return {"color": self.colour, "marker": self.marker, "linestyle": self.dash}


LOOKS = (
    Look("#0b5563", "o", "-", "#cfe0e3"),
    Look("#a8470f", "s", (0, (5, 2)), "#f0dbcf"),
    Look("#5b3f8c", "^", (0, (1, 1.5)), "#dfd8ec"),
    Look("#5a5a00", "D", (0, (5, 1.5, 1, 1.5)), "#e6e6cc"),
    Look("#8a2360", "v", (0, (9, 2)), "#ecd4e1"),
    Look("#3d3d3d", "P", (0, (3, 1, 1, 1, 1, 1)), "#dddddd"),
)


def look(position: int) -> Look:
    """Return the look of the arm at `position`; from the seventh on looks return, and labels tell the arms apart."""
    return LOOKS[position % len(LOOKS)]


@dataclass(frozen=True)
class Margins:
    """The room around and between axes, in millimetres; what stands there was measured beforehand."""

    left: float = 0.0
    right: float = 0.0
    bottom: float = 0.0
    top: float = 0.0
    columns: float = 0.0
    rows: float = 0.0

    def of(self, width: float, height: float, ncols: int = 1, nrows: int = 1) -> dict[str, float]:
        """Return them as matplotlib wants them: as shares of the figure, and of one of its axes."""
        wide = (width - self.left - self.right - self.columns * (ncols - 1)) / ncols
        high = (height - self.bottom - self.top - self.rows * (nrows - 1)) / nrows
        return {
            "left": self.left / width,
            "right": 1 - self.right / width,
            "bottom": self.bottom / height,
            "top": 1 - self.top / height,
            "wspace": self.columns / wide,
            "hspace": self.rows / high,
        }


_pictures: dict[object, Figure | None] = {}


class Drawing(labels.Labels):
    """A figure while it is made: its labels, its axes, and in the end its picture with everything that was said."""

    image = b""

    def __init__(self, language: str, width: float = WIDTH) -> None:
        super().__init__(language)
        self.width = width

    @property
    def narrow(self) -> bool:
        """Whether this is the picture for a phone: panels under one another, names over rows."""
        return self.width < WIDTH

    @contextmanager
    def axes(self, height: float, margins: Margins, **grid: Any) -> Iterator[Any]:  # noqa: ANN401 - matplotlib's own
        """Give axes of the width of a page; what is drawn on them within the ``with`` is the picture."""
        with canvas(self.width, height, margins, self, **grid) as (figure, axes):
            yield axes
            self.image = drawn(figure, self)

    def figure(self, name: str, alt: list[str], caption: str) -> Figure:
        """Return the picture with its words: what is seen, what it is, and what its labels had to leave out."""
        return Figure(name, self.image, " ".join(alt), " ".join([caption, *self.notes()]), int(WIDTH))


def twice(draw: Callable[[Drawing], Figure | None], language: str) -> Figure | None:
    """Return what `draw` draws for a page, and with it what it draws for a phone, whose panels stand in one column.

    The words are those of the page: what is seen is the same. The copy to share shows much of what the report has
    drawn: what closes over equal data is drawn once.
    """
    key = _content(draw, language)
    if key not in _pictures:
        while len(_pictures) >= PICTURES:
            del _pictures[next(iter(_pictures))]
        _pictures[key] = _both(draw, language)
    return _pictures[key]


def _content(draw: Callable[[Drawing], Figure | None], language: str) -> object:
    """Return what is the same for drawings of equal data; for data that cannot be written down, the drawing itself."""
    held = [cell.cell_contents for cell in draw.__closure__ or ()]
    written = io.BytesIO()
    pickler = pickle.Pickler(written)
    pickler.fast = True  # equal values are written alike, whichever objects they are
    try:
        pickler.dump([draw.__defaults__, held])
    except (pickle.PicklingError, TypeError, AttributeError, RecursionError):
        return draw
    return draw.__code__, language, written.getvalue()


def _both(draw: Callable[[Drawing], Figure | None], language: str) -> Figure | None:
    page, phone = Drawing(language), Drawing(language, PHONE)
    figure = draw(page)
    narrow = draw(phone) if figure is not None else None
    if figure is None or narrow is None:
        return figure
    more = [note for note in phone.notes() if note not in page.notes()]
    if more:  # what only the phone's picture shortens is said under both, which have one caption
        more = [say("figures.notes.phone", language), *more]
    return replace(figure, narrow=narrow.image, caption=" ".join([figure.caption, *more]))


def titled(drawing: Drawing, title: str, subtitle: str = "") -> tuple[float, Callable[[Canvas], None]]:
    """Return how many mm a title and what stands under it take, and what writes them over a figure."""
    found = drawing.fit(title, drawing.width - 1, 3, TITLE, bold=True) if title else ""
    under = drawing.fit(subtitle, drawing.width - 1, 3) if subtitle else ""
    high = [labels.height(text, size) + 1 if text else 0.0 for text, size in ((found, TITLE), (under, labels.SIZE))]

    def write(figure: Canvas) -> None:
        tall = figure.get_figheight() * 25.4
        if found:
            figure.text(0, 1 - 0.4 / tall, found, fontsize=TITLE, va="top", **BOLD)
        if under:
            figure.text(0, 1 - (high[0] + 0.4) / tall, under, va="top", color=SOFT)

    return sum(high) + (1.0 if any(high) else 0.0), write


@contextmanager
def canvas(
    width_mm: float,
    height_mm: float,
    margins: Margins | None = None,
    said: labels.Labels | None = None,
    **grid: Any,  # noqa: ANN401 - matplotlib's own
) -> Iterator[tuple[Canvas, Any]]:
    """Give a figure with its axes in the house style, outside pyplot's global state; `grid` is for ``subplots``.

    What a drawing library remarks on the picture (a ``UserWarning``) goes to `said` and never to stderr; warnings about
    numbers (a ``RuntimeWarning``) are given as always.
    """
    import matplotlib as mpl
    import seaborn as sns
    from matplotlib.figure import Figure as Canvas

    look = sns.axes_style("ticks") | sns.plotting_context("paper") | _THEME | {"font.family": fonts.registered()}
    with mpl.rc_context(look):
        figure = Canvas(figsize=(width_mm * labels.MM / 72, height_mm * labels.MM / 72))
        shape = {name: grid[name] for name in ("ncols", "nrows") if name in grid}
        room = margins or Margins(left=15, right=3, bottom=10, top=8)
        figure.subplots_adjust(**room.of(width_mm, height_mm, **shape))
        with _remarks(said):
            yield figure, figure.subplots(squeeze=False, **grid)


@contextmanager
def _remarks(said: labels.Labels | None) -> Iterator[None]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        yield
    for warning in caught:
        # a library that will change says so to who maintains this, not to who reads a figure
        if issubclass(warning.category, (UserWarning, FutureWarning, DeprecationWarning, PendingDeprecationWarning)):
            if said is not None and issubclass(warning.category, UserWarning):
                said.remarks.append(str(warning.message).partition("\n")[0])
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)


def drawn(figure: Canvas, said: labels.Labels | None = None) -> bytes:
    """Return the picture as SVG, its letters as outlines: sharp at every size, and no font is needed to show it.

    The same figure gives the same bytes: no date, no program name, no ids at random. A hundredth of a point is kept.
    """
    from matplotlib.text import Text

    said = labels.Labels("en") if said is None else said
    for text in figure.findobj(Text):
        text.set_text(said.readable(text.get_text()))
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", facecolor="white")
    lean = _LEFT_OUT.sub("", buffer.getvalue())
    return _FRACTION.sub(lambda found: f"{float(found[0]):.2f}".rstrip("0").rstrip("."), lean).encode()


def mark(
    axes: Axes,
    text: str,
    at: tuple[float, float],
    away: tuple[float, float],
    colour: str = INK,
    **more: Any,  # noqa: ANN401 - matplotlib's own
) -> None:
    """Write a number beside what it belongs to, `away` points from it, on the side that it is moved to."""
    side = {0: "center", 1: "left", -1: "right"}[(away[0] > 0) - (away[0] < 0)]
    level = "center" if away[0] else {0: "center", 1: "bottom", -1: "top"}[(away[1] > 0) - (away[1] < 0)]
    given = {"ha": side, "va": level, "color": colour} | BOLD | more
    axes.annotate(text, at, away, textcoords="offset points", **given)


def decimal_axis(axes: Axes, language: str, which: str = "y") -> None:
    """Write an axis' numbers as the language does."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis = axes.yaxis if which == "y" else axes.xaxis
    axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    ticks = axis.get_ticklocs()
    step = float(ticks[1] - ticks[0]) if len(ticks) > 1 else 1.0
    digits = max(0, -math.floor(math.log10(step) + 1e-9))  # as many as tell two ticks apart, never fewer
    axis.set_major_formatter(FuncFormatter(lambda value, _: numbers.decimal(value, language, digits)))


def unsigned(axes: Axes) -> None:
    """Write how far from zero, on either side: which side is better is said in words."""
    from matplotlib.ticker import FuncFormatter

    written = axes.xaxis.get_major_formatter()
    assert isinstance(written, FuncFormatter)  # noqa: S101 - the house's own
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, at: str(written.func(abs(value), at))))


def sides(axes: Axes, names: tuple[str, str]) -> None:
    """Say under zero what lies to its left and to its right."""
    where: dict[str, Any] = {"xycoords": axes.get_xaxis_transform(), "textcoords": "offset points", "va": "top"}
    for text, away, side in ((f"← {names[0]}", -4, "right"), (f"{names[1]} →", 4, "left")):
        axes.annotate(text, (0, 0), (away, -15), ha=side, color=SOFT, **where)
