"""What the tables of a finished file give away, each cell judged by the words above it and before it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from werkbank.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COUNTED = re.compile(
    r"\b(?:n|aantal|aantallen|hoeveel|toegewezen|start|gemeten|geanalyseerd|geen|zonder|leerlingen|leraren|meisjes|jongens"
    r"|kinderen|deelnemers|verbeterd|hersteld|verslechterd|gelijk gebleven|frequentie|counts?|number|assigned|measured"
    r"|analysed|without|pupils|teachers|girls|boys|children|students|participants|improved|recovered|deteriorated"
    r"|unchanged|frequency|freq|pupils_\w+|teachers_\w+|n_pupils|n_teachers)\b",
    re.IGNORECASE,
)
OTHER_COUNTS = re.compile(
    r"klas(?:sen)?\b|school|scholen|items?\b|vragen|class(?:es)?\b|questions|rij|row|cluster|units|sd|%|df|p\b|gemiddeld|mean"
    r"|score|punt|point|percentage|jaar|year|groep\b|grade|seed|version|schema", re.IGNORECASE,
)  # fmt: skip
UNITS = re.compile(r"scholen|klassen|schools|classes", re.IGNORECASE)
EXTREME = re.compile(r"^(?!.*item).*\b(?:min|max|minimum|maximum|laagste|hoogste|lowest|highest)\b", re.IGNORECASE)
SHARE = re.compile(r"(\d+(?:[.,]\d+)?) ?%")
PART = re.compile(r"(\d+)\s*(?:/|van|of|uit|\()\s*\d+[^,.]*")
PEOPLE = re.compile(r"(?:pupils|teachers|n_pupils|n_teachers)(?:_|$)|count$")  # what results call a number of people
WHOLE = re.compile(r"\d+(?:\.0+)?")
LETTER = re.compile(r"[^\W\d_]")


def small(name: str, column: str, value: str, min_cell: int, row: int | None = None) -> Problem:
    """Return the problem of a count that is too small."""
    return Problem("privacy_small", name, column=column, row=row, value=value, details={"min_cell": min_cell})


def counts_people(label: str) -> bool:
    """Whether what stands under, or after, this label is a number of people."""
    return COUNTED.search(label) is not None and OTHER_COUNTS.search(label) is None


def in_table(name: str, cells: Sequence[Sequence[str]], min_cell: int) -> Iterator[Problem]:
    """Yield what a table gives away: a sheet may hold a title before its header, and words may stand before a row."""
    labels: dict[int, str] = {}
    for r, row in enumerate(cells, 1):
        before = ""
        for i, cell in enumerate(text.strip() for text in row):
            label = labels.get(i, "")
            share = SHARE.fullmatch(cell)
            part = PART.fullmatch(cell)
            if share:
                if not 5 <= float(share[1].replace(",", ".")) <= 95:
                    yield Problem("privacy_share", name, column=label, row=r, value=cell)
            elif LETTER.search(cell) and not part:
                labels[i] = cell
                before = before or cell
            elif EXTREME.search(label) and re.search(r"\d", cell):
                yield Problem("privacy_extreme", name, column=label)
            else:
                number = part[1] if part else cell
                if number.isdigit() and 0 < int(number) < min_cell and _counts(label, before):
                    yield small(name, label or before, cell, min_cell, r)


def in_store(name: str, cells: Sequence[Sequence[str]], min_cell: int) -> Iterator[Problem]:
    """Yield the small counts of a table of results, in which a column says what the value of a row is."""
    if not cells or not {"what", "value"} <= set(cells[0]):
        return
    what, value = (cells[0].index(column) for column in ("what", "value"))
    for r, row in enumerate(cells[1:], 2):
        whole = len(row) == len(cells[0]) and PEOPLE.match(row[what]) and WHOLE.fullmatch(row[value])
        if whole and 0 < float(row[value]) < min_cell:
            yield small(name, row[what], row[value], min_cell, r)


def _counts(label: str, before: str) -> bool:
    if UNITS.fullmatch(before):  # a row of how many there are of them, under whatever label
        return False
    return counts_people(label) or (counts_people(before) and OTHER_COUNTS.search(label) is None)
