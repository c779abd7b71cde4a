"""`werkbank.show`: a user's own table, picture, text or number in the private report."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import Any

from werkbank.catalogue import say
from werkbank.errors import UsageError
from werkbank.reporting.blocks import Figure, Heading, Paragraph, Table
from werkbank.reporting.outputs import adopted
from werkbank.reporting.own import DECIMALS, Shown, of_frame, of_png, shell, spoken_here
from werkbank.results import OWN_MIME

PPI = 200  # of a picture: sharp on paper
OWN = "own:"  # begins the name under which a bench keeps what a cell of its user's showed


def show(thing: object, caption: str = "", alt: str = "") -> None:
    """Put a table, picture, text or number of your own into the private report, at this place of the notebook.

    Every format of the report marks it as your own analysis, not checked by werkbank, and numbers it with the other
    tables and figures. It never enters a copy to share. Rows of single pupils are yours to answer for. `werkbank run`
    keeps it, and so does the last cell of a notebook that is run by hand, where this comes after the bench is opened:
    in the order in which cells first ran.

    Parameters
    ----------
    thing : DataFrame, Series, Styler, matplotlib figure or axes, seaborn grid, text, number, or what Jupyter can show
        A table keeps its index and the levels of its header (``post / mean``); a missing value is a dash. Of a longer
        table the first 200 rows and 16 columns are shown, and how many were left out is said. A picture of pyplot is
        closed, so that it does not appear a second time.
    caption : str
        The title of a table, the caption of a picture, the heading of a text.
    alt : str
        What is to be seen in a picture, for who cannot see it. Without it a note in the report asks for it.

    Raises
    ------
    UsageError
        For a thing of which nothing but its address in memory could be shown.
    """
    from IPython.display import display

    made = shown(thing, caption, alt)
    _on_every_bench(made)
    display(made)  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Added:
    """What stands on a bench in the place of a part: that a user showed something, in which execution of a cell."""

    run: int
    shared = False  # like a part's: it enters no copy to share, and reads no results
    reads: tuple[str, ...] = ()


def _on_every_bench(made: Shown) -> None:
    """Note on each bench of this notebook what was shown, in the place of what the same cell showed before."""
    from werkbank.bench import Bench

    running = shell()
    named = running.user_ns.items() if running is not None else ()
    benches = {id(thing): thing for name, thing in named if isinstance(thing, Bench) and not name.startswith("_")}
    for bench in benches.values():
        key, run = f"{OWN}{_this_cell(running)}", running.execution_count
        added, before = bench.shown.get(key, (Added(run), ()))
        bench.shown[key] = (Added(run), (*(before if added.run == run else ()), made))


def _this_cell(running: Any) -> str:  # noqa: ANN401 - IPython's own
    """Return the id of the cell that runs, where the notebook's program tells it; else what is written in it."""
    parent = getattr(running, "parent_header", {})  # of ipykernel: the message that asked for this
    told = parent.get("metadata", {}).get("cellId") if isinstance(parent, dict) else None
    return str(told or running.user_ns.get("In", [""])[-1])


def shown(thing: object, caption: str = "", alt: str = "") -> Shown:
    """Return a thing as `show` puts it into the report."""
    import pandas as pd

    if isinstance(thing, pd.Series | pd.Index):
        thing = thing.to_frame()
    if isinstance(thing, pd.DataFrame):
        made = of_frame(thing)
    elif (figure := _figure_of(thing)) is not None:
        made = of_png(_drawn(figure))
    elif isinstance(thing, float):
        made = Shown((Paragraph(f"{thing:.{DECIMALS}g}"),))
    elif isinstance(thing, str | int) and str(thing).strip() and "\n" not in str(thing):
        made = Shown((Paragraph(str(thing).strip()),))
    else:
        found = adopted(_bundle(thing), {})
        if found is None:
            raise UsageError(say("cli.problem.not_shown", spoken_here(), kind=type(thing).__name__))
        made = found
    return _titled(made, caption, alt)


def _titled(made: Shown, caption: str, alt: str) -> Shown:
    blocks: list[Any] = []
    named = False
    for block in made.blocks:
        if isinstance(block, Table):
            blocks.append(replace(block, title=block.title if named else caption or block.title))
        elif isinstance(block, Figure):
            blocks.append(replace(block, caption="" if named else caption, alt=alt or block.alt))
        else:
            blocks.append(block)
        named = named or isinstance(block, Table | Figure)
    heading = [Heading(caption, 3)] if caption and not named else []
    return replace(made, blocks=(*heading, *blocks))


def _bundle(thing: object) -> dict[str, Any]:
    """Return what Jupyter would show of a thing, by MIME type."""
    if isinstance(thing, str):
        return {"text/plain": thing}
    from IPython.core.formatters import DisplayFormatter

    running = shell()
    formatter = running.display_formatter if running is not None else DisplayFormatter()
    return dict(formatter.format(thing)[0])


def _figure_of(thing: object) -> Any:  # noqa: ANN401 - matplotlib's own
    """Return the matplotlib figure that a thing is or belongs to: a figure, axes (or an array of them), a grid."""
    import numpy as np
    from matplotlib.figure import Figure as Canvas

    if isinstance(thing, Canvas):
        return thing
    if isinstance(thing, np.ndarray) and thing.dtype.kind == "O" and thing.size:
        thing = thing.flat[0]  # what `plt.subplots` and `DataFrame.hist` give
    found = getattr(thing, "figure", None)
    return found if isinstance(found, Canvas) else None


def _drawn(figure: Any) -> bytes:  # noqa: ANN401 - matplotlib's own
    import sys

    made = io.BytesIO()
    figure.savefig(made, format="png", dpi=PPI, bbox_inches="tight", facecolor="white", metadata={"Software": None})
    if (pyplot := sys.modules.get("matplotlib.pyplot")) is not None:
        pyplot.close(figure)
    return made.getvalue()


def prepare() -> None:
    """Have this process's IPython give tables whole, and pictures sharp: the runner calls it before the first cell."""
    running = shell()
    if running is None:
        return
    from traitlets.config import Config

    bundles = running.display_formatter.mimebundle_formatter
    for module in ("pandas", "pandas.core.frame", "pandas.core.series"):
        for name in ("DataFrame", "Series"):
            bundles.for_type_by_name(module, name, _whole)
    config = Config()
    config.InlineBackend.figure_formats = {"retina"}
    running.update_config(config)


def _whole(table: Any, include: Any = None, exclude: Any = None) -> Any:  # noqa: ANN401, ARG001 - as IPython calls it
    """Return a pandas table as our own table; one that has its own way to be shown is shown that way."""
    if hasattr(type(table), "_repr_mimebundle_"):
        return table._repr_mimebundle_()
    return {OWN_MIME: of_frame(table.to_frame() if table.ndim == 1 else table).to_json()}
