"""The design as far as files show it: which arms, which of them is the control, what was assigned as a whole.

Whether lots were drawn stands in no file. What is written here is always marked, and where two codes say nothing of
themselves nothing is written: the sign of every result hangs on it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from werkbank.drafting.roles import sides_of
from werkbank.drafting.settling import OPEN, parted
from werkbank.drafting.waves import ORDER, Place, meanings, whole
from werkbank.drafting.words import compact
from werkbank.errors import Said
from werkbank.intake.moments import time_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkbank.drafting.roles import Roles
    from werkbank.drafting.seen import Seen, SeenFile
    from werkbank.drafting.settling import Settling

NEARLY = 0.95  # of the pupils in the arm of their unit: some move
LEAST_IN_UNIT = 2  # rows, on average
UNITS = ("school", "class", "teacher")  # largest first
CANONICAL = ("baseline", "pre", "post", "followup", "followup2", "followup3", "followup4")
ARM_ROLES = ("intervention", "control", "target", "transfer")
RECEIVERS = ("teacher", "pupil", "parent")


@dataclass(frozen=True)
class Design:
    """What the study file says of the design."""

    kind: str
    assigned_by: str | None
    arms: dict[str, str]
    blocks: str | None = None  # within what lots were drawn or arms were formed, where the user said so
    raters: str | None = None  # whether those who took part in the programme filled it in, where the user said so
    received: tuple[str, ...] = ()  # to whom the programme was given, where the user said so


def settle_design(files: list[SeenFile], roles: Roles, settling: Settling) -> Design:
    """Return kind, assigned unit and the arms' roles, each said by the user or marked."""
    columns = _columns(files, roles, "arm")
    if not columns:
        kind = settling.settle("design.kind", "single_group", Said("drafting.guess.kind.no_arm"), choices=_KINDS)
        return Design(kind, None, {}, raters=_raters(settling), received=_received(settling))
    arms = _arms(columns, settling)
    told = Said("drafting.guess.kind.arms")
    asked = Said("drafting.ask.kind")
    kind = settling.settle("design.kind", "controlled", told, question=asked, choices=_KINDS)
    unit, why = _assigned(files, roles)
    values = {"unit": Said(f"drafting.word.unit.{unit}"), "column": " + ".join(roles.columns.get(unit, [])) or "–"}
    choices = ("pupil", *(u for u in ("class", "teacher", "school") if u in roles.columns))
    asked = Said("drafting.ask.assigned_by", values)
    unit = settling.settle(
        "design.assigned_by", unit, Said(f"drafting.guess.assigned_by.{why}", values), question=asked, choices=choices
    )
    larger = [u for u in UNITS if u in roles.columns and u != unit] if unit != "school" else []
    larger = [u for u in larger if unit == "pupil" or UNITS.index(u) < UNITS.index(unit)]
    blocks = settling.may_be_said("design.blocks", ("false", *larger)) if larger else ""
    return Design(kind, unit, arms, blocks or None, _raters(settling), _received(settling))


_KINDS = ("single_group", "controlled", "randomised")


def _raters(settling: Settling) -> str | None:
    """Return whether raters took part in the programme, which no file can say: only what the user said."""
    return settling.may_be_said("design.raters_are_implementers", ("true", "false")) or None


def _received(settling: Settling) -> tuple[str, ...]:
    """Return to whom the programme was given, which no file can say: only what the user said."""
    said = settling.may_be_said("design.received_by", RECEIVERS, several=True)
    return tuple(parted(said, RECEIVERS)) if said else ()


def _columns(files: list[SeenFile], roles: Roles, role: str) -> list[Seen]:
    named = [(file, roles.heading(role, file)) for file in files]
    return [file.columns[name] for file, name in named if name is not None]


def _arms(columns: list[Seen], settling: Settling) -> dict[str, str]:
    codes = _codes(columns)
    control = settling.given.get("control", "")
    settling.places.append("control")
    if not control and not any(sides_of(codes.values()).values()) and set(codes) != {"0", "1"}:
        control = _asked_control(list(codes), settling)
    if control:
        named = [part.strip() for part in control.split(",")]
        for code in named:
            settling.known("control", code)
        return {code: "control" if code in named else "intervention" for code in codes}
    sides, why = _sides(codes)
    made = {}
    for code in codes:
        side = Said(f"drafting.word.side.{sides[code]}") if sides[code] != OPEN else ""
        values = {"code": code, "label": codes[code], "column": columns[0].name, "side": side}
        reason = "open" if sides[code] == OPEN else why[code]
        told = Said(f"drafting.guess.arms.{reason}", values)
        made[code] = settling.settle(f"arms.{code}", sides[code], told, choices=ARM_ROLES)
    return made


def _codes(columns: list[Seen]) -> dict[str, str]:
    """Return code -> what it is called, of the codes that stand in more than a stray row.

    Of codes that differ only in case or signs the first is kept: that the others are the same is for `check` to ask.
    """
    found: dict[str, str] = {}
    for seen in columns:
        word = dict(zip(seen.texts, seen.shown_words, strict=True))
        for text in sorted(seen.usual, key=lambda t: -seen.counts[seen.texts.index(t)]):
            if compact(text) not in {compact(known) for known in found}:
                found[text] = word[text]
    in_file = [text for seen in columns for text in seen.texts]
    return {text: found[text] for text in dict.fromkeys(in_file) if text in found}


def _asked_control(codes: list[str], settling: Settling) -> str:
    if any(f"arms.{code}" in settling.given for code in codes) or settling.ask is None:
        return ""
    asked = Said("drafting.ask.control", {"codes": ", ".join(codes)})
    answer = settling.settle("control", OPEN, Said("drafting.guess.arms.open"), question=asked, choices=codes)
    settling.guesses.pop("control", None)
    return "" if answer == OPEN else answer


def _sides(codes: dict[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return each arm's role and the reason for it: its own word, 0 and 1, or that another arm is the control."""
    said = sides_of(codes.values())
    found = {code: said[word] for code, word in codes.items()}
    if len(set(codes)) == 2 and set(codes) == {"0", "1"} and not any(found.values()):
        return {"0": "control", "1": "intervention"}, dict.fromkeys(codes, "zero")
    reasons = {code: "word" if side else "other" for code, side in found.items()}
    if "control" in found.values():
        return {code: side or "intervention" for code, side in found.items()}, reasons
    left = [code for code, side in found.items() if not side]
    if len(left) == 1 and len(found) > 1:
        return {code: side or "control" for code, side in found.items()}, reasons
    return dict.fromkeys(codes, OPEN), reasons


def _assigned(files: list[SeenFile], roles: Roles) -> tuple[str, str]:
    """Return the largest unit within which everyone is in one arm, and how sure that is."""
    for file in files:
        arm = roles.heading("arm", file)
        if arm is None:
            continue
        for unit in UNITS:
            names = [name for name in roles.columns.get(unit, []) if name in file.columns]
            own = roles.heading(unit, file)
            columns = [file.columns[name] for name in ([own] if own else names)]
            share = _in_one_arm(columns, file.columns[arm]) if columns else 0.0
            if share >= NEARLY:
                return unit, "constant" if share == 1.0 else "nearly"
        if any(roles.heading(unit, file) for unit in UNITS):
            return "pupil", "mixed"
    if all(roles.heading(unit, file) is None for file in files for unit in UNITS):
        return "pupil", "no_unit"
    return _across(files, roles)


def _across(files: list[SeenFile], roles: Roles) -> tuple[str, str]:
    """Return the unit where arm and unit stand in two files, brought together by the pupil."""
    arms = _by_pupil(files, roles, "arm")
    for unit in UNITS:
        units = _by_pupil(files, roles, unit)
        both = [(units[pupil], arms[pupil]) for pupil in units if pupil in arms]
        share = _share(both)
        if share >= NEARLY:
            return unit, "constant" if share == 1.0 else "nearly"
    return "pupil", "mixed"


def _by_pupil(files: list[SeenFile], roles: Roles, role: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for file in files:
        pupil, name = roles.heading("pupil", file), roles.heading(role, file)
        if pupil is not None and name is not None:
            who, what = file.columns[pupil], file.columns[name]
            for a, b in zip(who.codes, what.codes, strict=True):
                if a >= 0 and b >= 0:
                    found.setdefault(who.texts[a], what.texts[b])
    return found


def _in_one_arm(columns: list[Seen], arm: Seen) -> float:
    there = np.logical_and.reduce([arm.filled, *(seen.filled for seen in columns)])
    units = [tuple(row) for row in np.column_stack([seen.codes[there] for seen in columns]).tolist()]
    return _share(list(zip(units, arm.codes[there].tolist(), strict=True)))


def _share(both: Sequence[tuple[object, object]]) -> float:
    """Return the share that is in the arm of most others in its unit; 0 with one unit, or of one pupil each."""
    counted: dict[object, Counter[object]] = defaultdict(Counter)
    for unit, arm in both:
        counted[unit][arm] += 1
    if not 1 < len(counted) <= len(both) / LEAST_IN_UNIT:
        return 0.0
    return sum(max(found.values()) for found in counted.values()) / len(both)


def settle_waves(files: list[SeenFile], roles: Roles, in_names: dict[str, Place], settling: Settling) -> dict[str, str]:
    """Return what each wave code means, from the cells of a column or from names; "?" where it cannot be seen."""
    columns = _columns(files, roles, "wave")
    found: dict[str, str] = {}
    if columns:
        found = _of_cells(columns)
        column = columns[0].name
        for code, meaning in found.items():
            told = Said(f"drafting.guess.waves.{'open' if meaning == OPEN else 'cells'}",
                        {"code": code, "meaning": meaning, "column": column})  # fmt: skip
            found[code] = settling.settle(f"waves.{code}", meaning, told, choices=CANONICAL)
    for code, meaning in meanings(in_names.values()).items():
        if code not in found:
            example = next(name for name, place in in_names.items() if place.code == code)
            told = Said("drafting.guess.waves.names", {"code": code, "meaning": meaning, "column": example})
            found[code] = settling.settle(f"waves.{code}", meaning, told, choices=CANONICAL)
    return found


def _of_cells(columns: list[Seen]) -> dict[str, str]:
    codes = _codes(columns)
    parsed = {text: whole(word) for text, word in codes.items()}
    if all(parsed.values()):
        places = {text: place for text, place in parsed.items() if place is not None}
        meant = meanings(places.values())
        made = {text: meant[place.code] for text, place in places.items()}
        return dict(sorted(made.items(), key=lambda item: ORDER.index(item[1])))
    if all(seen.numbers is not None for seen in columns):
        numbers = {t: float(x) for seen in columns if seen.numbers is not None
                   for t, x in zip(seen.texts, seen.numbers, strict=True) if t in codes}  # fmt: skip
        steps = sorted(x for x in set(numbers.values()) if not np.isnan(x))
        ordered = sorted((t for t, x in numbers.items() if not np.isnan(x)), key=lambda t: numbers[t])
        return {text: ORDER[1 + steps.index(numbers[text])] for text in ordered}
    days = {text: time_of(text) for text in codes}
    if all(re.match(r"[0-9]", text) and not pd.isna(day) for text, day in days.items()):
        ordered = sorted(codes, key=lambda text: days[text])
        return {text.removesuffix(" 00:00:00"): ORDER[1 + n] for n, text in enumerate(ordered)}
    return {text: place.kind or OPEN if place else OPEN for text, place in parsed.items()}
