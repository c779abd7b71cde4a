"""Which columns of which file hold which outcome, item and wave."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic import ValidationError

from werkbank.errors import Problem, Said, UnfitError
from werkbank.instruments import Instrument, load
from werkbank.intake.folding import difference, keys
from werkbank.intake.ledger import listed, nearest
from werkbank.study.model import WAVES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkbank.intake.ledger import Ledger
    from werkbank.intake.model import Table
    from werkbank.study.model import Outcome, Study

Written = str | list[str] | dict[str, str | list[str]]  # how a study file may name the columns of an outcome


@dataclass(frozen=True)
class Slot:
    """The columns of one outcome at one wave, one for each item.

    `wave` None: the wave is that of the row or of the whole file. `optional`: the columns follow from a pattern with
    {wave}, so that an outcome need not have been measured at every wave.
    """

    outcome: Outcome
    items: tuple[str, ...]
    range: tuple[float, float]
    wave: str | None
    columns: tuple[str, ...]
    optional: bool = False


@dataclass(frozen=True)
class Placed:
    """A slot, and the file in which it was found."""

    slot: Slot
    table: Table


def wave_codes(study: Study) -> dict[str, str]:
    """Return the file's wave codes -> canonical names; without any in the study file only the canonical names hold."""
    return {code: str(wave) for code, wave in study.waves.items()} or {wave: wave for wave in WAVES}


def declared_names(study: Study) -> set[str]:
    """Return every column name that the study file spells out or implies, for telling delimiters apart."""
    names = {*study.columns.named().values(), *study.pupil_columns, *filter(None, [study.block_column])}
    names |= {name for spec in study.files if spec.nominations for name in spec.nominations.columns}
    for outcome in study.outcomes:
        given = outcome.items if outcome.items is not None else outcome.column
        for written in given.values() if isinstance(given, dict) else [given]:
            patterns = [written] if isinstance(written, str) else list(written or [])
            for wave in wave_codes(study):
                names |= {_filled(p, str(item), wave) for p in patterns for item in range(1, 41)}
    return names


def slots_of(study: Study, ledger: Ledger) -> list[Slot]:
    """Return what to look for; problems of scoring keys and of wave names go to the ledger."""
    slots: list[Slot] = []
    for n, outcome in enumerate(study.outcomes):
        place = f"outcomes.{n}"
        try:
            key = key_of(study, outcome)
        except UnfitError as error:
            for p in error.problems:
                ledger.add(replace(p, file=p.file or study.file, column=p.column or (None if p.file else place)))
            continue
        scales = {part for name in outcome.scales or key.scales for part in key.parts(name)}
        order = key.items if outcome.instrument else outcome.item_ids  # own columns are listed in the user's order
        items = tuple(item for item in order if any(item in key.scales[scale].items for scale in scales))
        given: Written = outcome.items or "{item}"
        if outcome.column is not None:
            given = (
                outcome.column if isinstance(outcome.column, str) else {str(w): c for w, c in outcome.column.items()}
            )
        for wave, written, optional in _per_wave(study, given, place, ledger):
            columns = _columns(outcome, items, written, wave, place, study, ledger)
            canonical = wave_codes(study).get(wave, wave) if wave else None
            if columns:
                slots.append(Slot(outcome, items, key.range, canonical, columns, optional))
    return slots


def key_of(study: Study, outcome: Outcome) -> Instrument:
    """Return the scoring key of an outcome: its instrument's, or one made of its own items.

    Raises
    ------
    UnfitError
        An unknown instrument, a version that must be chosen, a frame without its item numbers, own items that
        contradict each other, a scale that the key lacks.
    """
    if outcome.instrument is not None:
        key = load(outcome.instrument, outcome.version, outcome.order, study.folder / "instruments")
        key.known(outcome.scales or [])
        return key
    try:
        return Instrument.own(
            outcome.id,
            outcome.item_ids,
            outcome.possible,
            outcome.reversed_ids,
            score=outcome.score,
            direction=outcome.better,
            informant=(outcome.informant,),
            certainty="own",
        )
    except ValidationError as error:
        said = "; ".join(str(e["msg"]) for e in error.errors(include_url=False))
        details = {"reason_key": "own_items", "said": said}
        raise UnfitError([Problem("instrument_invalid", details=details)]) from None


def _per_wave(
    study: Study, given: Written, place: str, ledger: Ledger
) -> list[tuple[str | None, str | list[str], bool]]:
    """Return (wave as the user codes it, or None; what is written for it; whether it may be absent)."""
    codes = wave_codes(study)
    if isinstance(given, dict):
        known = [wave for wave in given if wave in codes or wave in WAVES]
        for wave in given:
            if wave not in known:
                details = nearest(wave, [*codes, *WAVES])
                ledger.problem("unknown_wave", study.file, column=f"{place}.items", value=wave, details=details)
        return [(wave, given[wave], False) for wave in known]
    if "{wave}" in "".join(given):
        return [(code, given, True) for code in codes]
    return [(None, given, False)]


def _columns(
    outcome: Outcome,
    items: tuple[str, ...],
    written: str | list[str],
    wave: str | None,
    place: str,
    study: Study,
    ledger: Ledger,
) -> tuple[str, ...]:
    if isinstance(written, str):
        return tuple(_filled(written, item, wave) for item in items)
    if len(written) != len(items):
        details = {"found": len(written), "expected": len(items), "outcome": outcome.id}
        ledger.problem("items_count", study.file, column=f"{place}.items", details=details)
        return ()
    return tuple(_filled(column, "", wave) for column in written)


def _filled(pattern: str, item: str, wave: str | None) -> str:
    """Fill {item}, {item:02} (so many digits) and {wave} in; no other formatting is run on a user's text."""
    text = re.sub(r"\{item(?::0?(\d)d?)?\}", lambda m: item.zfill(int(m[1] or 0)), pattern)
    return text.replace("{wave}", wave or "")


def place(slots: list[Slot], tables: list[Table], waves: dict[str, str | None], ledger: Ledger) -> list[Placed]:
    """Find every slot in the files where it may be.

    Parameters
    ----------
    slots, tables
        What to look for, and where.
    waves : dict
        Path -> canonical wave of a file that is wholly of one wave.
    ledger
        A column that lacks while others of its outcome are there is a problem with the nearest name; an outcome that
        is not in one of several files, or not at one of several waves, is a note.
    """
    placed: list[Placed] = []
    for outcome in dict.fromkeys(slot.outcome.id for slot in slots):
        mine = [slot for slot in slots if slot.outcome.id == outcome]
        who = mine[0].outcome.informant
        files = [t for t in tables if who == "unknown" or t.spec.informant in {None, who}]
        found = [
            Placed(slot, table)
            for slot in mine
            for table in files
            if waves[table.path] in {None, slot.wave or waves[table.path]} and set(slot.columns) & set(table.names)
        ]
        placed += found
        _report_absent(outcome, mine, files, found, ledger)
    return placed


def _report_absent(outcome: str, mine: list[Slot], files: list[Table], found: list[Placed], ledger: Ledger) -> None:
    first = files[0] if files else None
    if not found:
        details = {"outcome": outcome, "nearest": nearest(mine[0].columns[0], first.names)["nearest"] if first else "–"}
        ledger.problem("outcome_missing", first.path if first else "", column=mine[0].columns[0], details=details)
        return
    for here in found:
        report_columns(here.slot.columns, here.table, ledger)
    for slot in mine:
        if any(here.slot is slot for here in found):
            continue
        if slot.optional:
            ledger.note("outcome_not_at_wave", outcome=outcome, wave=slot.wave)
        elif first is not None:
            report_columns(slot.columns, first, ledger)
    for table in files:
        whole_file = table.spec.wave is not None or table.spec.informant is not None
        if whole_file and not any(here.table is table for here in found):
            ledger.note("outcome_not_in_file", outcome=outcome, file=table.path)


def report_columns(columns: Iterable[str], table: Table, ledger: Ledger) -> bool:
    """Return whether each column stands in the file exactly once; if not, that is a problem.

    The nearest name is looked for among the columns that are not wanted themselves: q07 for q7, and not q17.
    """
    wanted = list(columns)
    others = [name for name in table.names if name and name not in wanted]
    fit = True
    for column in wanted:
        count = table.names.count(column)
        if count == 0:
            _report_missing(column, others, table, ledger)
        if count > 1:
            ledger.problem("column_double", table.path, column=column, details={"n": count})
        fit = fit and count == 1
    return fit


def _report_missing(column: str, others: list[str], table: Table, ledger: Ledger) -> None:
    """Name the column that was meant; of one that looks the same, in what it differs."""
    if not report_twin(column, others, table, ledger):
        there = listed([name for name in dict.fromkeys(table.names) if name])
        ledger.problem("column_missing", table.path, column=column, details={**nearest(column, others), "valid": there})


def report_twin(column: str, others: Iterable[str], table: Table, ledger: Ledger) -> bool:
    """Return whether a heading of a file that lacks `column` looks the same; if so, that is a problem."""
    twin = next((name for name in others if keys(name) & keys(column)), None)
    if twin is not None:
        how = Said(f"problems.differs.{difference(column, twin)}")
        details = {"told_as": "column_alike", "other": twin, "nearest": twin, "how": how}
        ledger.problem("column_missing", table.path, column=column, details=details)
    return twin is not None
