"""One look for all figures: told apart by marker and line as well as by colour, labelled where they are, in print size.

Colours are Okabe and Ito's, darkened until they reach 4.5:1 on white where they carry text.
"""

from __future__ import annotations

import io
import math
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from werkbank.reporting import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

INK, SOFT, FAINT = "#1d2a33", "#4d5b64", "#c3cbd0"
_MM = 1 / 25.4
_LEFT_OUT = re.compile(
    r"\s*<(?:!--.*?--|metadata>.*?</metadata|!DOCTYPE.*?)>|(?<=<g) id=\"[^\"]*\"|(?<=\n) +| ?\n(?=[LQCMz]\b)", re.DOTALL
)
_FRACTION = re.compile(r"(?<![\w.#])-?[1-9]\d*\.\d{3,}")  # of a place; what scales a letter begins with 0


@dataclass(frozen=True)
class Look:
    """How one arm is drawn in every figure."""

    colour: str
    marker: str
    dash: Any
    fill: str


LOOKS = (
    Look("#0b5563", "o", "-", "#cfe0e3"),
    Look("#a8470f", "s", (0, (5, 2)), "#f0dbcf"),
    Look("#5b3f8c", "^", (0, (1, 1.5)), "#dfd8ec"),
    Look("#5a5a00", "D", (0, (5, 1.5, 1, 1.5)), "#e6e6cc"),
)


def look(position: int) -> Look:
    """Return the look of the arm at `position`; from the fifth on looks return, and labels tell the arms apart."""
    return LOOKS[position % len(LOOKS)]


@dataclass(frozen=True)
class Margins:
    """The room around and between axes, in millimetres, where what stands there is known to fit."""

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


@contextmanager
def canvas(
    width_mm: float,
    height_mm: float,
    margins: Margins | None = None,
    **grid: Any,  # noqa: ANN401 - matplotlib's own
) -> Iterator[tuple[Canvas, Any]]:
    """Give a figure with its axes in the house style, outside pyplot's global state.

    `grid` is what ``Figure.subplots`` takes. Fonts are matplotlib's own, so that every machine draws the same bytes.
    Without `margins` matplotlib measures every text to find its own, which takes a third of the time of a picture.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure as Canvas

    settings = {
        "font.family": "DejaVu Sans",
        "font.size": 8.5,
        "axes.edgecolor": SOFT,
        "axes.labelcolor": INK,
        "axes.linewidth": 0.7,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlesize": 9,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "text.color": INK,
        "text.parse_math": False,  # a dollar sign in a user's label is no formula
        "xtick.color": SOFT,
        "xtick.labelcolor": INK,
        "ytick.color": SOFT,
        "ytick.labelcolor": INK,
        "svg.hashsalt": "werkbank",
    }
    with mpl.rc_context(settings):
        figure = Canvas(figsize=(width_mm * _MM, height_mm * _MM))
        if margins is None:
            figure.set_layout_engine("constrained")
        else:
            shape = {name: grid[name] for name in ("ncols", "nrows") if name in grid}
            figure.subplots_adjust(**margins.of(width_mm, height_mm, **shape))
        yield figure, figure.subplots(squeeze=False, **grid)


def drawn(figure: Canvas) -> bytes:
    """Return the picture as SVG, its letters as outlines: sharp at every size, and no font is needed to show it.

    The same figure gives the same bytes: no date, no program name, no ids at random. A hundredth of a point is kept.
    """
    layout = figure.get_layout_engine()
    if layout is not None:  # once: matplotlib would draw everything another time to be sure of it
        layout.execute(figure)
        figure.set_layout_engine("none")
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", facecolor="white")
    lean = _LEFT_OUT.sub("", buffer.getvalue())
    return _FRACTION.sub(lambda found: f"{float(found[0]):.2f}".rstrip("0").rstrip("."), lean).encode()


def decimal_axis(axes: Axes, language: str, which: str = "y") -> None:
    """Write an axis' numbers as the language does."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis = axes.yaxis if which == "y" else axes.xaxis
    axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    ticks = axis.get_ticklocs()
    step = float(ticks[1] - ticks[0]) if len(ticks) > 1 else 1.0
    digits = max(0, -math.floor(math.log10(step) + 1e-9))  # as many as tell two ticks apart, never fewer
    axis.set_major_formatter(FuncFormatter(lambda value, _: numbers.decimal(value, language, digits)))
