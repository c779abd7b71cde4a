"""Waves: in the names of columns, in the cells of a column, or in the name of a file; and which comes first.

A name is taken apart only where other names bear it out: ‘lezen_T0’ holds a wave because there is a ‘lezen_T1’.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

HOLE = "\0"  # where the wave stood in a name
# (what it is, or None when a number says so), as it is written; longer forms first
FORMS: tuple[tuple[str | None, str], ...] = (
    ("post", r"post[._ -]?test|postmeting|post|nameting|nam|achteraf|eindmeting|eindtoets|eind|nm|na|after"),
    (
        "pre",
        r"pre[._ -]?t+est|premeting|pret|pre|voormeting|vooraf|voor|beginmeting|begintoets|begin|nulmeting|vm|before",
    ),
    ("baseline", r"baseline|bl"),
    ("followup", r"follow[._ -]?up[._ -]?[0-9]?|fup?[._ -]?[0-9]?|vervolgmeting|vervolg|retentie|delayed"),
    (None, r"(?:meetmoment|meting|moment|afname|wave|golf|time|tijd|ronde|occasion|t|m|w)[._ -]?[0-9]"),
    (None, r"(?:19|20)[0-9]{2}"),
)
ANY = re.compile("|".join(f"(?P<f{n}>{form})" for n, (_, form) in enumerate(FORMS)), re.IGNORECASE)
ORDER = ("baseline", "pre", "post", "followup", *(f"followup{n}" for n in range(2, 100)))


@dataclass(frozen=True)
class Place:
    """A wave in a name: `code` as it is written, and the name with a hole in its place."""

    template: str
    code: str
    kind: str | None
    rank: int

    @property
    def alike(self) -> str:
        """The template as it is compared: without case, and without the signs beside the hole."""
        return re.sub(rf"[\W_]*{HOLE}[\W_]*", HOLE, self.template).casefold()


def places(name: str) -> list[Place]:
    """Return every wave that may stand in a name."""
    found = []
    for start in range(len(name)):
        match = ANY.match(name, start)
        while match is not None:
            if _bounded(name, *match.span()):
                found.append(_place(name, match))
                break
            shorter = match.end() - 1
            match = ANY.fullmatch(name, start, shorter) if shorter > start else None
    return found


def _bounded(name: str, start: int, end: int) -> bool:
    """Whether a part of a name begins and ends as a word does: _pre_, langPRET, pre1; Prewt at the very beginning."""
    before, first, last, after = name[start - 1 : start], name[start], name[end - 1], name[end : end + 1]
    left = not before or not before.isalnum() or (before.islower() and first.isupper())
    left = left or before.isdigit() != first.isdigit()
    right = not after or not after.isalnum() or (last.isalpha() and after.isdigit())
    right = right or (last.isdigit() and after.isalpha()) or (last.islower() and after.isupper())
    opening = start == 0 and name[:end].casefold() in {"pre", "post"}
    return (left and right) or opening


def _place(name: str, match: re.Match[str]) -> Place:
    form = next(n for n in range(len(FORMS)) if match[f"f{n}"] is not None)
    kind, code = FORMS[form][0], match[0]
    number = re.search(r"[0-9]+$", code)
    return Place(name[: match.start()] + HOLE + name[match.end() :], code, kind, int(number[0]) if number else 1)


def in_names(names: Iterable[str]) -> dict[str, Place]:
    """Return which wave stands in which name, where names bear each other out.

    A name of which one wave is there only (a test that was given afterwards alone) counts when its code stands in
    other names, too.
    """
    all_places = {name: places(name) for name in names}
    alike: dict[str, set[str]] = defaultdict(set)
    for found in all_places.values():
        for place in found:
            alike[place.alike].add(_meant(place))
    proven = {_meant(place) for found in all_places.values() for place in found if len(alike[place.alike]) > 1}
    chosen = {}
    for name, found in all_places.items():
        several = [place for place in found if len(alike[place.alike]) > 1]
        lone = [place for place in found if _meant(place) in proven]
        best = max(several or lone, key=lambda place: (len(alike[place.alike]), place.kind is not None), default=None)
        if best is not None:
            chosen[name] = best
    return chosen


def _meant(place: Place) -> str:
    return f"{place.kind}{place.rank if place.kind == 'followup' else ''}" if place.kind else place.code.casefold()


def whole(text: str) -> Place | None:
    """Return the wave that a cell or a name wholly is: T0, voormeting."""
    match = ANY.fullmatch(text.strip())
    return _place(text.strip(), match) if match else None


def only_one(names: Iterable[str]) -> tuple[str, dict[str, Place]] | None:
    """Return the one wave that stands in most names, as in a file of one wave; None when there is none."""
    counted: dict[str, dict[str, Place]] = defaultdict(dict)
    names = list(names)
    for name in names:
        for place in places(name):
            if place.kind is None and not re.fullmatch(r"[tT][0-9]", place.code):
                continue  # m1, w2 and years stand in names for much else
            counted[place.code].setdefault(name, place)
    code = max(counted, key=lambda one: len(counted[one]), default=None)
    if code is None or len(counted[code]) < max(2, 0.4 * len(names)):
        return None
    return code, counted[code]


def meanings(found: Iterable[Place]) -> dict[str, str]:
    """Return what each code means: its own word says so, or its place among the numbers does."""
    by_code = {place.code: place for place in found}
    named = {code: place for code, place in by_code.items() if place.kind is not None}
    numbered = sorted({place.rank for code, place in by_code.items() if code not in named})
    has_pre = any(place.kind == "pre" for place in named.values())
    made = {}
    for code, place in by_code.items():
        if place.kind == "followup":
            made[code] = "followup" if place.rank < 2 else f"followup{place.rank}"
        elif place.kind == "baseline":
            made[code] = "baseline" if has_pre else "pre"
        elif place.kind is not None:
            made[code] = place.kind
        else:
            made[code] = ORDER[1 + numbered.index(place.rank)]
    return dict(sorted(made.items(), key=lambda item: ORDER.index(item[1])))
