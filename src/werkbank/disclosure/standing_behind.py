"""Who stands behind the numbers of a report, as keyed hashes: enough to tell two groups apart, and nobody in them.

A pupil is eight digits of an HMAC with the key that pseudonyms have (it lies outside the project); what is known of one
is four digits of an HMAC with pupil, measure and value under the same key. Without the key neither an own number nor a
score can be tried out on them.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from werkbank.effects.questions import outcome_waves
from werkbank.effects.roles import shown_arms
from werkbank.intake import once, read_answers
from werkbank.intake.pseudonyms import SHORTEST, read_key
from werkbank.measurement.study_scores import score_study

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from werkbank.study import Study

Pairs = frozenset[tuple[str, str]]  # (pupil, what is known of that pupil here), hashed both
ENROLLED, COLUMNS, EXPORT = "|", "columns|", "export|"  # cells of no outcome: arm, all columns, a monitoring export
DIGITS, OF_VALUE = 8, 4


@dataclass(frozen=True)
class Behind:
    """A group of pupils by hash: `cells` maps ``outcome|wave`` to what each pupil has there, `arms` an arm to who."""

    cells: dict[str, dict[str, str]] = field(default_factory=dict)
    arms: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def pupils(self) -> frozenset[str]:
        """Everyone of whom anything is known."""
        return frozenset(pupil for known in self.cells.values() for pupil in known)

    def at(self, cell: str) -> Pairs:
        """Return who has what in ``outcome|wave|arm``; without an arm, of everyone."""
        place, _, arm = cell.rpartition("|")
        known = self.cells.get(place, {})
        if not arm:
            return frozenset(known.items())
        return frozenset((pupil, known[pupil]) for pupil in self.arms.get(arm, frozenset()) & known.keys())

    def within(self, pupils: frozenset[str]) -> Behind:
        """Return these pupils only."""
        cells = {place: {p: v for p, v in known.items() if p in pupils} for place, known in self.cells.items()}
        return Behind(cells, {arm: members & pupils for arm, members in self.arms.items()})

    def joined(self, other: Behind) -> Behind:
        """Return both, which share no cell."""
        return Behind({**self.cells, **other.cells}, {**self.arms, **other.arms})

    def marks(self, places: Iterable[str]) -> set[str]:
        """Return each pupil with all that is known of it in these cells: one whose score changed is another one."""
        found: dict[str, list[str]] = {pupil: [] for pupil in self.pupils}
        for place in sorted(places):
            known = self.cells.get(place, {})
            for pupil, told in found.items():
                told.append(known.get(pupil, "-"))
        return {f"{pupil} {' '.join(told)}" for pupil, told in found.items()}

    def to_json(self) -> dict[str, Any]:
        """Return plain values, in a fixed order."""
        cells = {place: sorted(map("".join, known.items())) for place, known in self.cells.items()}
        return {"cells": cells, "arms": {arm: sorted(members) for arm, members in self.arms.items()}}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Behind:
        """Return what `to_json` gave."""
        cells = {place: {pair[:DIGITS]: pair[DIGITS:] for pair in known} for place, known in content["cells"].items()}
        return cls(cells, {arm: frozenset(members) for arm, members in content["arms"].items()})


@dataclass(frozen=True)
class Standing:
    """All pupils of a study, and of each role which of them have a code: `of` a report are those that it is about."""

    everyone: Behind
    roles: dict[str, dict[str, frozenset[str]]]

    def of(self, only: Mapping[str, str]) -> Behind:
        """Return the pupils of a report that is limited to these codes."""
        chosen = self.everyone.pupils
        for role, code in only.items():
            chosen &= self.roles.get(role, {}).get(str(code), frozenset())
        return self.everyone.within(chosen)


def key_mark(study: Study) -> str:
    """Return by what the key of the hashes is known again."""
    return _hash(read_key(study)[0], "register", DIGITS)


def standing(study: Study, *, export: bool = False) -> Standing:
    """Return who stands behind the numbers of a study; with `export`, behind those of its monitoring export."""
    key, _ = read_key(study)
    if export:
        return _of_export(study, key)
    intake = read_answers(study)
    scored = score_study(intake)
    own = intake.pupils
    of = {pupil: _hash(key, f"pupil\0{str(pupil)[: SHORTEST + 2]}", DIGITS) for pupil in own.index}
    arm = shown_arms(study, own).astype("string").fillna("") if "arm" in own else None
    cells = {ENROLLED: dict.fromkeys(of.values(), ""), COLUMNS: _rows(own, of, key)}
    for _, outcome, table in outcome_waves(study, scored.table):
        for wave in table.columns:
            known = table[wave].dropna()
            here = {of[p]: _hash(key, f"{p}\0{outcome}\0{wave}\0{v!r}", OF_VALUE) for p, v in known.items() if p in of}
            cells[f"{outcome}|{wave}"] = here
            cells.setdefault(f"|{wave}", {}).update(dict.fromkeys(here, ""))
    arms = {} if arm is None else _by_code(arm[arm != ""], of)
    asked = once.keep(study).pupils.set_axis(own.index)  # a report of one teacher is asked for by the own number
    roles = {role: _by_code(asked[role], of) for role in ("school", "class", "teacher", "arm") if role in asked}
    return Standing(Behind(cells, arms), roles)


def _rows(own: pd.DataFrame, of: Mapping[Any, str], key: bytes) -> dict[str, str]:
    names = sorted(own.columns.astype(str)) if len(own) else []  # of no rows pandas would join none of the columns
    rows = own[names].astype("string").fillna("").agg("\0".join, axis=1) if names else own.index.to_series().map(str)
    return {of[p]: _hash(key, f"{p}\0{row}", OF_VALUE) for p, row in rows.items()}


def _by_code(column: pd.Series, of: Mapping[Any, str]) -> dict[str, frozenset[str]]:
    codes = column.dropna().astype(str)
    return {str(code): frozenset(of[p] for p in codes[codes == code].index) for code in codes.unique()}


def _of_export(study: Study, key: bytes) -> Standing:
    """Of an export all that it says of a pupil is one cell: whatever changed there may be in any of its numbers."""
    from werkbank.underachievement.following import follow

    scores = follow(study).scores
    of = {pupil: _hash(key, f"export\0{pupil}", DIGITS) for pupil in scores["pupil"].astype(str).unique()}
    rows = scores.astype("string").fillna("").agg("\0".join, axis=1).groupby(scores["pupil"].astype(str)).agg("\n".join)
    known = {of[pupil]: _hash(key, f"{pupil}\0{row}", OF_VALUE) for pupil, row in rows.items()}
    first = scores.drop_duplicates("pupil").set_index("pupil")
    roles = {role: _by_code(first[role], of) for role in ("school", "class") if role in first}
    return Standing(Behind({EXPORT: known}), roles)


def _hash(key: bytes, text: str, digits: int) -> str:
    return hmac.new(key, f"register\0{text}".encode(), hashlib.sha256).hexdigest()[:digits]
