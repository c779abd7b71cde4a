"""The page of a lot, to print and to keep: from which list, by which seed, what was drawn; units by code, no names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkbank.catalogue import say
from werkbank.reporting.blocks import Bullets, Heading, Paragraph, Section, Table
from werkbank.reporting.numbers import Column

if TYPE_CHECKING:
    from datetime import datetime

    from werkbank.reporting.blocks import Block
    from werkbank.study.lot import Lot


def lot_page(lot: Lot, language: str) -> str:
    """Return the page as HTML: the same bytes whenever it is made from the same lot."""
    from werkbank.reporting.page import render

    made = {"werkbank": lot.made_with.get("werkbank", ""), "python": lot.made_with.get("python", "")}
    return render(
        [lot_section(lot, language)], language=language, title=say("planning.lot.title", language), simulated=False,
        provenance=made, kind=say("planning.lot.title", language),
    )  # fmt: skip


def lot_section(lot: Lot, language: str) -> Section:
    """Return what the page says."""
    state = "drawn" if lot.is_drawn else "announced"

    def text(key: str, **values: object) -> str:
        return say(f"planning.lot.{key}", language, **values)

    of, seed = lot.drawn_from, lot.seed
    when = {"announced": _moment(lot.announced), "drawn": _moment(lot.drawn)}
    on = seed.on.isoformat() if seed.on else ""
    said = [text("list", file=of.file, n=len(lot.units), unit=", ".join(of.unit), sha256=of.sha256)]
    said += [text("within", within=of.within)] if of.within else []
    said += [text(f"promise.{seed.kind}", source=seed.source, sha256=seed.sha256 or "", on=on)]
    said += [text("days", days=", ".join(map(str, lot.days)))] if lot.days else []
    said += [text(f"foretold.{lot.foretold}", **when)] if lot.is_drawn else []
    said += [text("seed", seed=seed.text)] if lot.is_drawn else []
    blocks: list[Block] = [
        Heading(text(f"heading.{state}")),
        Paragraph(text(f"lead.{state}", n=len(lot.units), **when)),
        Bullets(tuple(said)),
        Paragraph(text("codes", first=lot.units[0].code)),
        _units(lot, language),
        *([_counts(lot, language)] if lot.is_drawn and lot.arms else []),
        Heading(text("again.heading"), 3),
        Paragraph(text(f"again.{_way(lot)}", **({"first_arm": next(iter(lot.arms))} if lot.arms else {}))),
    ]
    return Section("lot", language, tuple(blocks))


def _way(lot: Lot) -> str:
    return "starts" if lot.scheme in {"start", "independent"} else lot.scheme


def _units(lot: Lot, language: str) -> Table:
    keys = ["code", *["block"] * lot.in_blocks]
    keys += [("arm" if lot.arms else "start")] * lot.is_drawn
    columns = tuple(Column(key, say(f"planning.lot.column.{key}", language)) for key in keys)
    rows = tuple({key: _cell(getattr(unit, key)) for key in keys} for unit in lot.units)
    title = say(f"planning.lot.table{'' if lot.is_drawn else '_announced'}", language)
    return Table("tab-lot", title, columns, rows)


def _counts(lot: Lot, language: str) -> Table:
    arms = list(lot.arms or {})
    blocks = dict.fromkeys(unit.block for unit in lot.units)
    head = Column("block", say("planning.lot.column.block", language))
    columns = (head, *(Column(f"arm{i}", arm, "count") for i, arm in enumerate(arms)))
    rows = []
    for block in blocks:
        drawn = [unit.arm for unit in lot.units if unit.block == block]
        rows.append({"block": block or "–", **{f"arm{i}": drawn.count(arm) for i, arm in enumerate(arms)}})
    return Table("tab-lot-counts", say("planning.lot.counts", language), columns, tuple(rows))


def _cell(value: object) -> str:
    return "" if value is None else str(value)


def _moment(when: datetime | None) -> str:
    return "" if when is None else when.strftime("%Y-%m-%d %H:%M")
