"""The one way to describe a table: columns and their kinds as data, and a row for each thing that is told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from werkbank.reporting.blocks import Table
from werkbank.reporting.numbers import Column
from werkbank.reporting.plainly import capital

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from werkbank.reporting.numbers import Kind
    from werkbank.reporting.report import Report

NOTHING = (None, (None, None))


def table(
    report: Report,
    name: str,
    title: str,
    kinds: Mapping[str, Kind | Column],
    rows: Iterable[Mapping[str, Any]],
    *,
    labels: str = "",
    notes: Sequence[str] = (),
    drop_empty: bool = False,
) -> Table | None:
    """Return the table ``tab-<name>``, or None when there is nothing to tell: no row.

    Parameters
    ----------
    title : str
        As readers see it; empty for the catalogue's own, ``<labels>.title``.
    kinds : mapping
        Of each column in turn its key in the rows, and how it is written. A `Column` instead of a kind brings its own
        header (a wave, an arm, the unit of this study: what the catalogue cannot know) or decimals.
    rows : iterable of mapping
        Values by column; one that a row lacks is missing there, and what has no column is left out.
    labels : str
        Where the catalogue has the headers: ``<labels>.<key>``; ``report.<name>`` when left out.
    drop_empty : bool
        Whether columns without a single value are left out.
    """
    start = labels or f"report.{name}"
    columns = tuple(
        kind if isinstance(kind, Column) else Column(key, report.words.say(f"{start}.{key}"), kind)
        for key, kind in kinds.items()
    )
    told = tuple({column.key: row.get(column.key) for column in columns} for row in rows)
    named = capital(title or report.words.say(f"{start}.title"))
    made = Table(f"tab-{name}", named, columns, told, tuple(notes))
    return None if not told else without_empty(made) if drop_empty else made


def without_empty(made: Table) -> Table:
    """Return a table without the columns, other than the first, in which nothing is left to show."""
    first, *rest = made.columns
    kept = [c for c in rest if any(row.get(c.key) not in NOTHING for row in made.rows)]
    keys = [c.key for c in (first, *kept)]
    rows = tuple({key: row.get(key) for key in keys} for row in made.rows)
    return replace(made, columns=(first, *kept), rows=rows)
