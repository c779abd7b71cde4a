"""What hangs on a choice: who is flagged when one of them is another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkbank.disclosure.suppressing import HIDDEN
from werkbank.reporting import said_once
from werkbank.reporting.blocks import Bullets, Heading, Paragraph
from werkbank.reporting.flagged import slug

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkbank.reporting.blocks import Block, Table
    from werkbank.reporting.flagged import Flagged
    from werkbank.reporting.numbers import Kind
    from werkbank.results import Estimate

HERE = "varied"


def blocks(found: Flagged) -> Iterator[Block | None]:
    """Return a table of each measure, one choice changed a row, and how far shares and lists move."""
    made = {actual: _varied(found, actual) for actual in found.last}
    if not any(made.values()):
        return
    yield Heading(found.say(f"{HERE}.heading"), 3)
    if any(e.note == HIDDEN for several in made.values() for e in several):
        yield Paragraph(found.say(f"{HERE}.hidden"), "note")
        return
    yield Paragraph(found.say(f"{HERE}.lead"))
    yield from said_once.below(found.report, [_table(found, actual, several) for actual, several in made.items()])
    ranges = [text for actual, several in made.items() if (text := _range(found, actual, several))]
    yield Bullets(said_once.sentences(ranges)) if ranges else None
    if not found.block.alternatives:
        yield Paragraph(found.say(f"{HERE}.no_alternatives"), "note")


def _varied(found: Flagged, actual: str) -> tuple[Estimate, ...]:
    return found.report.results.where(outcome=actual, estimand="varied")


def _kept(found: Flagged, e: Estimate) -> float | None:
    at = {"outcome": e.outcome, "grouped_by": e.grouped_by, "group": e.group}
    kept = found.report.results.estimate(estimand="kept", **at)
    return None if kept is None else kept.estimate


def _table(found: Flagged, actual: str, several: tuple[Estimate, ...]) -> Table | None:
    kinds: dict[str, Kind] = {
        "what": "text", "choice": "text", "n": "count", "flagged": "count", "share": "share", "ci": "share",
        "kept": "share",
    }  # fmt: skip
    main = found.estimate(actual, "share", found.main)
    rows: list[dict[str, Any]] = []
    if main is not None:
        flagged = found.value(actual, "flagged", found.main)
        rows.append({"what": found.say(f"{HERE}.chosen"), "flagged": flagged, **_numbers(main)})
    for e in several:
        n = found.value(actual, f"{e.grouped_by}={e.group}", table="varied")
        row = {"what": found.say(f"{HERE}.{e.grouped_by}"), "choice": _choice(found, e), "flagged": n}
        rows.append(row | {"kept": _kept(found, e), **_numbers(e)})
    title = found.say(f"{HERE}.title", measure=found.at(actual), method=found.method(found.main))
    return found.table(f"varied-{slug(actual)}", title, HERE, kinds, rows, found.say(f"{HERE}.note"))


def _numbers(e: Estimate) -> dict[str, Any]:
    return {"n": e.n, "share": e.estimate, "ci": (e.ci_low, e.ci_high)}


def _choice(found: Flagged, e: Estimate) -> str:
    if e.grouped_by == "expected":
        return next((found.measure(m) for m in found.block.alternatives if m.id == e.group), e.group)
    if e.grouped_by == "method":
        return found.method(e.group)
    if e.group == "all":
        return found.say(f"{HERE}.all")
    value = found.number(float(e.group))
    return found.say(f"{HERE}.quantile", value=value) if e.grouped_by == "able" else value


def _range(found: Flagged, actual: str, several: tuple[Estimate, ...]) -> str:
    shares = [e.estimate for e in several if e.estimate is not None]
    kept = [share for e in several if (share := _kept(found, e)) is not None]
    if not shares or not kept:
        return ""
    said = {"lowest": min(shares), "highest": max(shares), "least": min(kept), "most": max(kept)}
    shown = {name: found.report.words.share(value) for name, value in said.items()}
    return found.say(f"{HERE}.range", measure=found.at(actual), **shown)
