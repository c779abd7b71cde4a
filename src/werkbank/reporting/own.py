"""What a user adds to a report, as blocks that say nothing in any language yet: tables, pictures, text."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from werkbank.catalogue import LANGUAGES, say
from werkbank.reporting.blocks import (
    Figure,
    Own,
    Paragraph,
    Table,
    Verbatim,
    block_from,
    block_html,
    block_json,
)
from werkbank.reporting.numbers import Column
from werkbank.results import OWN_MIME

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from werkbank.reporting.blocks import Block

ROWS, COLUMNS, LINES = 200, 16, 400  # of one table or text; what is beyond is counted
DECIMALS = 4
WIDEST_MM, HIGHEST_MM = 160.0, 210.0
BETWEEN = " / "  # levels of a header


@dataclass(frozen=True)
class Shown:
    """What a user showed, before it is said in the language of a report.

    `blocks` may lack a title, caption, alt text or label, each then an empty text; `notes` are sentences of the
    catalogue ``report.own`` with their values.
    """

    blocks: tuple[Any, ...]
    notes: tuple[tuple[str, Mapping[str, object]], ...] = ()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:  # noqa: ANN401, ARG002
        return {"text/html": block_html(self.own(spoken_here(), 1), "own", spoken_here()), OWN_MIME: self.to_json()}

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values; `from_json` is its inverse."""
        notes = [[key, dict(values)] for key, values in self.notes]
        return {"blocks": [block_json(block) for block in self.blocks], "notes": notes}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Shown:
        """Read it back from a notebook's output."""
        notes = tuple((key, dict(values)) for key, values in content["notes"])
        return cls(tuple(block_from(item) for item in content["blocks"]), notes)

    def own(self, language: str, first: int) -> Own:
        """Return it as the block of a report in `language`; ids count from `first`."""
        blocks = tuple(_told(block, language, first + i) for i, block in enumerate(self.blocks))
        bare: list[tuple[str, Mapping[str, object]]] = (
            [("no_alt", {})] if any(isinstance(b, Figure) and not b.alt for b in self.blocks) else []
        )
        notes = (
            Paragraph(say(f"report.own.{key}", language, **values), "note") for key, values in (*self.notes, *bare)
        )
        return Own((*blocks, *notes))


def _told(block: Block, language: str, number: int) -> Any:  # noqa: ANN401 - the kind of block that it was
    match block:
        case Table():
            columns = tuple(replace(c, label=c.label or say("report.own.row", language)) for c in block.columns)
            title = block.title or say("report.own.table", language)
            return replace(block, id=f"own-{number}", title=title, columns=columns)
        case Figure():
            caption = block.caption or say("report.own.figure", language)
            return replace(block, id=f"own-{number}", caption=caption, alt=block.alt or say("report.own.alt", language))
    return block


def spoken_here() -> str:
    """Return the language that the notebook's parameters cell names; English where there is none."""
    running = shell()
    language = str(running.user_ns.get("language", "")).partition("+")[0] if running is not None else ""
    return language if language in LANGUAGES else "en"


def shell() -> Any:  # noqa: ANN401 - IPython's own
    """Return the IPython that runs this, or None."""
    from IPython.core.getipython import get_ipython

    return get_ipython()


def of_png(image: bytes, width_px: float | None = None) -> Shown:
    """Return a picture in pixels; `width_px` is how wide a screen would show it, at 96 to the inch.

    Any format that Pillow reads becomes a PNG. OSError when it is no picture.
    """
    from PIL import Image

    with Image.open(io.BytesIO(image)) as picture:
        picture.load()
        (width, height), per_inch = picture.size, picture.info.get("dpi", (96,))[0]
        if picture.format != "PNG":
            made = io.BytesIO()
            picture.convert("RGB").save(made, "PNG")
            image = made.getvalue()
    wide = (width_px / 96 if width_px else width / max(float(per_inch), 1.0)) * 25.4
    wide = min(wide, WIDEST_MM, HIGHEST_MM * width / height)
    return Shown((Figure("", image, "", "", max(20, round(wide))),))


def of_text(text: str) -> Shown:
    """Return text as it was printed; ValueError when it holds nothing but space."""
    lines = text.strip("\n").split("\n")
    if not text.strip():
        raise ValueError("no text")
    more = len(lines) - LINES
    notes = (("more_lines", {"n": more, "shown": LINES}),) if more > 0 else ()
    return Shown((Verbatim("\n".join(lines[:LINES])),), notes)


def of_frame(frame: pd.DataFrame) -> Shown:
    """Return a table with the index in front, every level of index and header kept; missing values are None."""
    kept = frame.iloc[:ROWS, :COLUMNS]
    levels = range(kept.index.nlevels)
    names = [_label(name) for name in kept.index.names]
    columns = [_column(f"i{i}", names[i], kept.index.get_level_values(i), first=i == 0) for i in levels]
    columns += [_column(f"c{i}", _label(label), kept.iloc[:, i]) for i, label in enumerate(kept.columns)]
    index = [kept.index.get_level_values(i) for i in levels]
    values = [
        [_cell(value) for value in column] for column in (*index, *(kept.iloc[:, i] for i in range(kept.shape[1])))
    ]
    keys = [column.key for column in columns]
    rows = tuple(dict(zip(keys, row, strict=True)) for row in zip(*values, strict=True))
    return Shown((Table("", "", tuple(columns), rows),), cut(len(frame), frame.shape[1]))


def cut(n_rows: int, n_columns: int) -> tuple[tuple[str, Mapping[str, object]], ...]:
    """Return the notes on what of a table of this size is left out."""
    found: list[tuple[str, Mapping[str, object]]] = []
    if n_rows > ROWS:
        found.append(("more_rows", {"n": n_rows - ROWS, "shown": ROWS}))
    if n_columns > COLUMNS:
        found.append(("more_columns", {"n": n_columns - COLUMNS, "shown": COLUMNS}))
    return tuple(found)


def _label(name: object) -> str:
    parts = name if isinstance(name, tuple) else (name,)
    return BETWEEN.join(str(part) for part in parts if part is not None and str(part) != "")


def _column(key: str, label: str, values: Iterable[Any], *, first: bool = False) -> Column:
    known = [value for value in map(_cell, values) if value is not None]
    if not known or first or any(isinstance(value, str) for value in known):
        return Column(key, label)
    return Column(key, label, "number", _decimals([value for value in known if not isinstance(value, str)]))


def _decimals(values: Iterable[float]) -> int:
    """Return how many decimals tell all of the values, at most `DECIMALS`."""
    finite = [value for value in values if math.isfinite(value)]
    exact = (d for d in range(DECIMALS) if all(math.isclose(round(v, d), v, rel_tol=1e-9) for v in finite))
    return next(exact, DECIMALS)


def _cell(value: Any) -> str | int | float | None:  # noqa: ANN401 - whatever a table holds
    import numpy as np
    import pandas as pd

    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return str(value)
