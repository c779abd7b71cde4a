"""A bibliography of the field for the reports: references, and what was not found of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from werkbank.catalogue import say, shipped
from werkbank.synthesis.evidence import named


@dataclass(frozen=True)
class Written:
    """One work.

    Attributes
    ----------
    reference : str
        As much of the reference as was found.
    open : tuple of str
        What was not found of it: year, title, journal, pages, publisher. Nothing: the reference is whole.
    told : dict
        By language, what it is of use for.
    """

    id: str
    topic: str
    reference: str
    told: dict[str, str] = field(hash=False)
    open: tuple[str, ...] = ()


@cache
def literature() -> tuple[Written, ...]:
    """Return the bibliography, in its own order."""
    rows: list[dict[str, Any]] = shipped(Path(__file__).with_name("literature.yaml"))
    sources: list[dict[str, Any]] = shipped(Path(__file__).with_name("references.yaml"))
    whole = {source["id"]: str(source["text"]) for source in sources}
    return tuple(_written(row, whole) for row in rows)


def _written(row: dict[str, Any], whole: dict[str, str]) -> Written:
    text = row.get("reference") or (named(row["id"]).source if row["of"] == "evidence" else whole[row["id"]])
    return Written(row["id"], row["topic"], text, row["told"], tuple(row.get("open", ())))


def by_topic() -> dict[str, list[Written]]:
    """Return the bibliography by topic, in the order in which topics first appear."""
    found: dict[str, list[Written]] = {}
    for one in literature():
        found.setdefault(one.topic, []).append(one)
    return found


def line(one: Written, language: str) -> str:
    """Return an entry as a reader sees it: reference, what it is of use for, and what was not found of it."""
    missing = ", ".join(say(f"synthesis.field.missing.{part}", language) for part in one.open)
    key = "entry_part" if one.open else "entry"
    return say(f"synthesis.field.{key}", language, reference=one.reference, told=one.told[language], missing=missing)


def told(language: str) -> list[str]:
    """Return the bibliography as lines, a heading for each topic."""
    lines = []
    for topic, entries in by_topic().items():
        lines += [say(f"synthesis.field.topic.{topic}", language), *(f"- {line(one, language)}" for one in entries)]
    return lines
