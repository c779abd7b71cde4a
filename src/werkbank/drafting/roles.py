"""Which column says who, where, in which arm and when: by its name, and by what stands in it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from werkbank.catalogue import say
from werkbank.drafting.waves import whole
from werkbank.drafting.words import (
    CONTROL,
    COVARIATES,
    OF_ARMS,
    OF_TOOLS,
    PAIRS,
    TREATED,
    compact,
    grade_of_name,
    holds,
)
from werkbank.errors import Said

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkbank.drafting.seen import Seen, SeenFile
    from werkbank.drafting.settling import Settling

NONE = ("-", "none", "geen")  # as an answer: there is no such column
MOST_ARMS, MOST_WAVES, MOST_ROUNDS = 6, 12, 6
MOST_GROUPS, LEAST_IN_ARM = 4, 10  # of a column that is called a group
UNIQUE = 0.9  # of the rows, for a column that its name calls the pupil's
CLASS_CODE = re.compile(r"(?:groep|klas|class|group|grade)?[ _-]*[1-8][ _-]*[a-h]", re.IGNORECASE)


@dataclass
class Roles:
    """Role -> heading, for the whole study, and per file where a file calls it otherwise."""

    columns: dict[str, list[str]] = field(default_factory=dict)
    per_file: dict[str, dict[str, str]] = field(default_factory=dict)

    def heading(self, role: str, file: SeenFile) -> str | None:
        """Return how a file calls the column of a role; None when it has none."""
        mine = self.per_file.get(file.name, {}).get(role)
        if mine is not None:
            return mine
        named = self.columns.get(role, [])
        return named[0] if len(named) == 1 and named[0] in file.columns else None

    def taken(self, file: SeenFile) -> set[str]:
        """Return the headings of a file that have a role."""
        found = {self.heading(role, file) for role in self.columns}
        found |= {name for names in self.columns.values() for name in names if name in file.columns}
        return {name for name in found if name}


def find_roles(files: list[SeenFile], settling: Settling) -> Roles:
    """Return the columns with a role, each marked as a guess unless the user named it."""
    roles = Roles()
    for role in ("wave", "arm", "pupil", "school", "class", "teacher"):
        place = f"columns.{role}"
        given = settling.given.get(place, "")
        if given:
            settling.known(place, given)
            if given not in NONE:
                roles.columns[role] = _existing(place, given, files, settling)
            continue
        found = {file.name: one for file in files if (one := _of_file(role, file, roles)) is not None}
        if not found:
            settling.places.append(place)
            continue
        _settle(role, files, found, roles, settling)
    return roles


def _existing(place: str, given: str, files: list[SeenFile], settling: Settling) -> list[str]:
    """Return the headings that the user named, joined by + where several tell pupils apart."""
    headings = list(dict.fromkeys(name for file in files for name in file.columns))
    names = [given] if given in headings else [part.strip() for part in given.split("+")]
    for name in names:
        if name not in headings:
            raise settling.refused("drafting.problem.answer", place, name, headings)
    return names


def _settle(
    role: str, files: list[SeenFile], found: dict[str, tuple[list[str], str]], roles: Roles, settling: Settling
) -> None:
    """Write down the heading that most files have, and how the others call it."""
    counted = Counter(tuple(names) for names, _ in found.values())
    names = list(counted.most_common(1)[0][0])
    why = next(reason for those, reason in found.values() if those == names)
    roles.columns[role] = names
    for file in files:
        theirs = found.get(file.name)
        if theirs is not None and len(names) == 1 and theirs[0] != names and names[0] not in file.columns:
            roles.per_file.setdefault(file.name, {})[role] = theirs[0][0]
    values = {
        "column": " + ".join(names),
        "others": _others(role, files, names) or say("drafting.word.other_column", settling.language),
    }
    settling.settle(f"columns.{role}", "+".join(names), Said(f"drafting.guess.{role}.{why}", values))


def _others(role: str, files: list[SeenFile], names: list[str]) -> str:
    """Return which other columns might have been meant."""
    every = [name for file in files for name in file.columns if name not in names]
    likely = [name for name in dict.fromkeys(every) if grade_of_name(name, role)]
    return ", ".join(likely[:4])


def _of_file(role: str, file: SeenFile, roles: Roles) -> tuple[list[str], str] | None:
    """Return the column of a role in one file, and the reason as a key; None where there is none."""
    free = [seen for name, seen in file.columns.items() if name not in roles.taken(file) and not _of_a_tool(name)]
    graded = sorted(((grade_of_name(seen.name, role), seen) for seen in free), key=lambda pair: -pair[0])
    finders = {"wave": _wave, "arm": _arm, "pupil": _pupil}
    if role in finders:
        return finders[role](file, graded, roles)
    return _unit(role, file, graded, roles)


def _of_a_tool(name: str) -> bool:
    return compact(name) in OF_TOOLS


def _different(seen: Seen) -> int:
    return len(seen.usual)


def _words(seen: Seen) -> list[str]:
    """Return what the usual cells say, labels in place of codes."""
    return [word for text, word in zip(seen.texts, seen.shown_words, strict=True) if text in seen.usual]


def _wave(file: SeenFile, graded: list[tuple[int, Seen]], _roles: Roles) -> tuple[list[str], str] | None:
    for grade, seen in graded:
        n = _different(seen)
        if not 1 <= n <= MOST_WAVES or seen.filled.mean() < UNIQUE:
            continue
        waves = all(whole(text) for text in _words(seen))
        steps = seen.numbers is not None and n > 1
        if waves and (grade or n > 1):
            return [seen.name], "name" if grade else "cells"
        if n > 1 and ((grade == 2 and not phases(seen)) or (grade == 1 and steps and _repeats(file, seen))):
            return [seen.name], "name"
    for _, seen in graded:
        if 2 <= _different(seen) <= MOST_ROUNDS and seen.numbers is not None and _repeats(file, seen, each=UNIQUE):
            return [seen.name], "once_each"
    return None


def phases(seen: Seen) -> bool:
    """Whether these are the phases of single cases (A, B, A2): days, and no waves of a group."""
    return all(re.fullmatch(r"[abc][0-9]?", text) for text in seen.shown_words)


def _repeats(file: SeenFile, wave: Seen, each: float = 0.0) -> bool:
    """Whether some column of the file stands once at each value of `wave`, and more than once in all.

    `each`: the share of all pairs of a pupil and a value that must be there; what is no wave has fewer.
    """
    for seen in file.columns.values():
        if seen is not wave and grade_of_name(seen.name, "pupil"):
            alone, together = share_once([seen]), share_once([seen, wave])
            pairs = len(seen.texts) * _different(wave)
            if together >= UNIQUE > alone and pairs and file.n_rows >= each * pairs:
                return True
    return False


def _arm(_file: SeenFile, graded: list[tuple[int, Seen]], _roles: Roles) -> tuple[list[str], str] | None:
    for grade, seen in graded:
        if not 2 <= _different(seen) <= MOST_ARMS or (seen.numbers is not None and not seen.whole):
            continue
        sides = list(sides_of(_words(seen)).values())
        worded = "control" in sides and all(len(text) > 2 or grade for text in _words(seen))
        if grade and _names_of_arms(seen):
            return [seen.name], "few"
        if grade == 2 and (seen.numbers is None or _different(seen) <= 3):
            return [seen.name], "name"
        if worded and (grade or all(sides)) and not _of_people(seen.name):
            return [seen.name], "cells"
    for _, seen in graded:
        sides = list(sides_of(_words(seen)).values())
        if sorted(sides) == ["control", "intervention"] and holds(seen.name, OF_ARMS):
            return [seen.name], "yes_no"
    return None


def _names_of_arms(seen: Seen) -> bool:
    """Whether a column that is called a group holds a few names, none of which is a class's: Basal, DRTA, Strat."""
    words = seen.usual
    if compact(seen.name) not in {"groep", "group"} or seen.numbers is not None or len(words) > MOST_GROUPS:
        return False
    names = all(word.isalpha() for word in words) and not any(CLASS_CODE.fullmatch(word) for word in words)
    return names and bool(seen.filled.sum() >= LEAST_IN_ARM * len(words))


def _of_people(name: str) -> bool:
    """Whether a heading is that of a covariate: sekse holds two codes as well."""
    return any(compact(name) in names for names in COVARIATES.values())


def sides_of(words: Iterable[str]) -> dict[str, str]:
    """Return the role that each code says it has; a single letter says it beside its counterpart only: E and C."""
    words = list(words)
    for treated, control in PAIRS:
        if sorted(map(compact, words)) == sorted((treated, control)):
            return {word: "control" if compact(word) == control else "intervention" for word in words}
    return {word: side_of(word) for word in words}


def side_of(text: str) -> str:
    """Return the role that a code of an arm says it has: control, intervention, or "" for neither."""
    plain = compact(text)
    if plain in CONTROL or any(len(word) > 5 and word in plain for word in CONTROL):
        return "control"
    if plain in TREATED or any(len(word) > 5 and word in plain for word in TREATED):
        return "intervention"
    return ""


def share_once(columns: list[Seen]) -> float:
    """Return the share of the rows whose cells in these columns are those of no other row."""
    there = np.logical_and.reduce([seen.filled for seen in columns])
    if not there.any():
        return 0.0
    keys = np.column_stack([seen.codes[there] for seen in columns])
    return float(len(np.unique(keys, axis=0)) / len(keys))


def _pupil(file: SeenFile, graded: list[tuple[int, Seen]], roles: Roles) -> tuple[list[str], str] | None:
    name = roles.heading("wave", file)
    waves = [file.columns[name]] if name else []
    for grade, seen in graded:
        share = share_once([seen, *waves])
        if grade and share == 1.0 and seen.filled.mean() >= UNIQUE:
            return [seen.name], "unique"
    for grade, seen in graded:
        if grade == 2 and share_once([seen, *waves]) >= UNIQUE:
            return [seen.name], "name"
    if restarted := _restarted(graded, waves):
        return restarted, "restarted"
    for grade, seen in graded:
        if grade and len(seen.texts) > MOST_WAVES:  # some pupils stand in more rows: `check` says which
            return [seen.name], "name"
    return _by_codes(graded, waves)


def _by_codes(graded: list[tuple[int, Seen]], waves: list[Seen]) -> tuple[list[str], str] | None:
    """Return a column that holds a code of its own in each row, whatever it is called."""
    for _, seen in graded:
        if any(grade_of_name(seen.name, role) == 2 for role in ("teacher", "class", "school")):
            continue
        codes = seen.numbers is None and seen.filled.all() and any(char.isdigit() for char in "".join(seen.texts))
        if codes and len(seen.texts) > MOST_WAVES and share_once([seen, *waves]) == 1.0:
            return [seen.name], "cells"
    return None


def _restarted(graded: list[tuple[int, Seen]], waves: list[Seen]) -> list[str]:
    """Return class and number where numbers begin again in every class."""
    for grade, seen in graded:
        if not grade or seen.numbers is None:
            continue
        for _, other in graded:
            unit = max(grade_of_name(other.name, "class"), grade_of_name(other.name, "school"))
            if other is not seen and unit and share_once([other, seen, *waves]) == 1.0:
                return [other.name, seen.name]
    return []


def _unit(role: str, file: SeenFile, graded: list[tuple[int, Seen]], roles: Roles) -> tuple[list[str], str] | None:
    pupil = roles.columns.get("pupil", [])
    for grade, seen in graded:
        if grade == 2 and seen.texts and not (seen.numbers is not None and not seen.whole):
            return [seen.name], "name"
    parts = [name for name in pupil if len(pupil) > 1 and grade_of_name(name, role)]
    if parts and parts[0] in file.columns:
        return parts, "restarted"
    for grade, seen in graded:
        repeated = 1 < _different(seen) < 0.5 * seen.filled.sum()
        yeargroups = seen.numbers is not None and bool(np.nanmax(seen.numbers, initial=0) <= 8)
        if grade == 1 and repeated and not (role == "class" and yeargroups and _has_sure(graded)):
            return [seen.name], "name"
        if role == "class" and repeated and all(CLASS_CODE.fullmatch(text) for text in seen.texts):
            return [seen.name], "cells"
    return None


def _has_sure(graded: list[tuple[int, Seen]]) -> bool:
    return graded[0][0] == 2
