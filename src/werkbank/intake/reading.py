"""The one entrance: a Study -> its answers, or all that is wrong with its files."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from werkbank import steps
from werkbank.intake.ages import add_age
from werkbank.intake.cells import Counts, Reading, convert, decide_decimal, report_outside, report_words
from werkbank.intake.contradicting import (
    Answered,
    check_copies,
    check_headings,
    check_labels,
    note_headings,
    note_same_answers,
)
from werkbank.intake.covariates import add_covariates
from werkbank.intake.declared import check_rules, note_absent, note_constant, note_declared, note_range
from werkbank.intake.filtering import filtered
from werkbank.intake.layout import Placed, Slot, declared_names, place, report_columns, slots_of
from werkbank.intake.ledger import Ledger
from werkbank.intake.log_doses import add_doses
from werkbank.intake.lone import Part, check_lone
from werkbank.intake.lookalikes import settled
from werkbank.intake.lots import hold_to_lot
from werkbank.intake.marks import note_marks
from werkbank.intake.model import ROLES, Intake, Table
from werkbank.intake.nominations import check_arms, with_standings
from werkbank.intake.opening import open_table
from werkbank.intake.people import at_assignment, check_rows, file_wave, rows_of
from werkbank.intake.sharing import note_sharing
from werkbank.study.model import WAVES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkbank.study.model import Study

WHO = ("pupil", *ROLES)
ANSWERED = ("wave", "informant", "outcome", "item", "value")


def read_answers(study: Study) -> Intake:
    """Read and check all files of a study.

    Parameters
    ----------
    study : Study
        As `werkbank.study.load_study` returns it: it knows its folder.

    Returns
    -------
    Intake
        Answers (long), pupils at assignment, and notes of all that was decided, converted or counted.

    Raises
    ------
    UnfitError
        With every problem of every file: where (file, column, row as the spreadsheet numbers it, value), what, and the
        way out. A value that could be read in two ways is refused, never guessed; nothing becomes missing because it
        could not be read.

    Notes
    -----
    Empty cells, codes that the study file calls missing, and SPSS user-missing codes become NaN; the codes are
    counted in notes. A pupil who answered nothing of an outcome at a wave has no rows for it, and is counted.
    """
    steps.begin("reading")
    ledger = Ledger()
    note_declared(study, ledger)
    if not study.files:  # a study that only follows pupils by their test results
        ledger.stop_if_unfit(study.language)
        nobody = pd.DataFrame(columns=[*ROLES], index=pd.Index([], name="pupil"))
        return Intake(study, pd.DataFrame(columns=[*WHO, *ANSWERED]), nobody, tuple(ledger.notes), ())
    slots = slots_of(study, ledger)
    tables = _tables(study, ledger)
    placed = place(slots, tables, {t.path: file_wave(study, t) for t in tables}, ledger)
    _check_roles(study, tables, ledger)
    if not ledger.has("file_double"):
        check_copies(tables, ledger)
    check_labels(study, tables, placed, ledger)
    check_headings(study, tables, slots, ledger)
    note_headings(study, tables, placed, ledger)
    if ledger.has("file_copied") or ledger.has("file_double"):
        ledger.stop_if_unfit(study.language)  # every answer of it would be double
    if study.columns.wave and not any(study.columns.wave in table.names for table in tables):
        ledger.stop_if_unfit(study.language)  # without waves every later row of a pupil would look double
    frames = settled(study, {t.path: rows_of(study, t, ledger) for t in tables}, ledger)
    blocks = _blocks(study, tables, placed, frames, ledger)
    rows = pd.concat([f for f in frames.values() if f is not None] or [pd.DataFrame()], ignore_index=True)
    if len(rows):
        check_rows(study, rows, ledger)
    ledger.stop_if_unfit(study.language)
    pupils = at_assignment(study, rows, ledger)
    pupils = add_age(study, tables, frames, add_covariates(study, tables, frames, pupils, ledger), ledger)
    hold_to_lot(study, pupils, ledger)
    check_arms(study, pupils, ledger)
    pupils = add_doses(study, pupils, ledger)
    _check_double_answers(blocks, ledger)
    ledger.stop_if_unfit(study.language)
    answers = _long(blocks, pupils)
    note_sharing(study, rows, _informants(blocks), ledger)
    note_same_answers(_answers_by_wave(blocks), ledger)
    note_constant(_by_wave(blocks), ledger)
    note_range(study, answers, ledger)
    note_absent(study, answers, pupils, ledger)
    signs = {block.path: block.sign for block in blocks}
    files = tuple(replace(t.reading, decimal=signs.get(t.path)) for t in tables)
    return Intake(study, answers, pupils, tuple(ledger.notes), files)


def _tables(study: Study, ledger: Ledger) -> list[Table]:
    """Open every file, and keep the rows that belong to the study; with a file lacking, stop."""
    declared = declared_names(study)
    seen: set[tuple[str, str | None]] = set()
    for spec in study.files:
        name = (os.path.normpath(spec.path), spec.sheet)
        if name in seen:
            ledger.problem("file_double", spec.path)
        seen.add(name)
    opened = [open_table(study, spec, declared, ledger) for spec in study.files]
    tables = [table for table in opened if table is not None]
    wrong = _delimiters_wrong(tables, declared, ledger)
    if len(tables) < len(opened) or wrong or ledger.has("waves_overlap"):  # all that follows would only repeat that
        ledger.stop_if_unfit(study.language)
    tables = with_standings(study, filtered(study, tables, ledger), ledger)
    note_marks(study, tables, ledger)
    check_rules(study, tables, ledger)
    return tables


@dataclass(frozen=True)
class _Block:
    """The answers of one outcome from one file: rows (pupil, wave, row number) x items."""

    path: str
    sign: str | None
    slot: Slot
    pupils: np.ndarray
    waves: np.ndarray
    rows: np.ndarray
    matrix: np.ndarray


def _answers_by_wave(blocks: list[_Block]) -> dict[tuple[str, str], Answered]:
    """Return what each pupil answered: (outcome, wave) -> pupils and answers; not of yes or no, often equal."""
    seen: dict[tuple[str, str], list[Answered]] = defaultdict(list)
    for block in blocks:
        if block.matrix.shape[1] > 1 or block.slot.outcome.kind == "score":
            for wave in pd.unique(block.waves):
                at = block.waves == wave
                seen[block.slot.outcome.id, wave].append((block.pupils[at], block.matrix[at]))
    return {key: (np.concatenate([p for p, _ in parts]), np.concatenate([m for _, m in parts]))
            for key, parts in seen.items()}  # fmt: skip


def _by_wave(blocks: list[_Block]) -> Iterator[tuple[str, str, tuple[str, ...], np.ndarray]]:
    """Yield the answers of every block at every wave: outcome, wave, items, and one row a pupil."""
    for block in blocks:
        for wave in pd.unique(block.waves):
            yield block.slot.outcome.id, str(wave), tuple(block.slot.items), block.matrix[block.waves == wave]


def _informants(blocks: list[_Block]) -> dict[str, set[str]]:
    """Return whose answers there are: informant -> pupils."""
    seen: dict[str, set[str]] = defaultdict(set)
    for block in blocks:
        if len(block.pupils):
            seen[block.slot.outcome.informant].update(block.pupils)
    return dict(seen)


def _delimiters_wrong(tables: list[Table], declared: set[str], ledger: Ledger) -> bool:
    """Report text that was read as one column whose name holds another delimiter and several declared names."""
    for table in tables:
        name = table.names[0] if len(table.names) == 1 else ""
        for sign in (";", ",", "\t", "|"):
            if sign != table.reading.delimiter and len(declared & {part.strip() for part in name.split(sign)}) > 1:
                told = {"sign": "tab" if sign == "\t" else sign, "given": table.reading.delimiter or "–"}
                ledger.problem("delimiter_wrong", table.path, details=told)
    return ledger.has("delimiter_wrong")


def _check_roles(study: Study, tables: list[Table], ledger: Ledger) -> None:
    """Every column that the study file names stands in at least one file."""
    named = study.columns.named()
    named.pop("pupil", None)  # every file has it, or is a problem of its own
    born = [study.birth_date.column] if study.birth_date else []
    blocks = [study.block_column] if study.block_column else []
    for column in dict.fromkeys([*named.values(), *study.pupil_columns, *born, *blocks]):
        if not any(column in table.names for table in tables):
            report_columns([column], tables[0], ledger)
    if study.columns.pupil is None and study.unit == "pupil" and (len(tables) > 1 or "wave" in named):
        ledger.problem("pupil_column_needed", study.file, column="columns.pupil")


def _blocks(
    study: Study, tables: list[Table], placed: list[Placed], frames: dict[str, pd.DataFrame | None], ledger: Ledger
) -> list[_Block]:
    blocks: list[_Block] = []
    empty: dict[tuple[str, str], list[tuple[Table, str, bool]]] = defaultdict(list)
    unbounded: dict[str, list[Part]] = defaultdict(list)
    for table in tables:
        mine, frame = [p for p in placed if p.table is table], frames[table.path]
        known = [[c for c in p.slot.columns if c in table.names] for p in mine]
        sign = decide_decimal(table, [column for columns in known for column in columns])
        counts: dict[str, Counts] = defaultdict(Counts)
        for here, columns in zip(mine, known, strict=True):
            slot = here.slot
            count = counts[slot.outcome.id]
            cells = []
            for column in columns:
                how = Reading(slot.outcome, slot.range, sign, study.rules.get(column))
                cells.append(convert(table, column, how, count, ledger))
                if slot.outcome.column is not None and np.isinf(how.allowed).any():
                    unbounded[slot.outcome.id].append(Part(table, column, cells[-1]))
            waves = None if frame is None else _waves(study, here, frame["wave"].to_numpy(), ledger)
            for item, column, values in zip(slot.items, columns, cells, strict=False):
                empty[slot.outcome.id, item].append((table, column, bool(np.isnan(values).all())))
            if frame is None or waves is None or len(columns) < len(slot.columns):
                continue
            at = waves == slot.wave if slot.wave is not None else waves != ""
            filled = ~np.isnan(values_of := np.column_stack(cells)).all(axis=1)
            _note_blank(slot.outcome.id, waves[at & ~filled], ledger)
            if elsewhere := int((filled & ~at).sum()):
                ledger.note("answers_elsewhere", file=table.path, outcome=slot.outcome.id, wave=slot.wave, n=elsewhere)
            keep = at & filled
            who = frame["pupil"].to_numpy()[keep]
            blocks.append(_Block(table.path, sign, slot, who, waves[keep], table.rows[keep], values_of[keep]))
        for count in counts.values():
            report_words(table, count, ledger)
            report_outside(table, count, ledger)
        _note_counts(table, counts, ledger)
        _note_file(table, sign, ledger)
    _check_empty(empty, ledger)
    for parts in unbounded.values():
        check_lone(parts, ledger)
    return blocks


def _waves(study: Study, here: Placed, waves: np.ndarray, ledger: Ledger) -> np.ndarray | None:
    """Return the wave of each row for this slot: the row's own, else the slot's, else the study's only one."""
    slot, table = here.slot, here.table
    if study.columns.wave in table.names or table.spec.wave is not None:
        return waves
    only = set(study.waves.values()) or set(["pre"] * study.one_moment)
    wave = slot.wave or (next(iter(only)) if len(only) == 1 else None)
    if wave is None and study.columns.wave is not None:
        report_columns([study.columns.wave], table, ledger)
        return None
    if wave is None:
        details = {"outcome": slot.outcome.id}
        ledger.problem("wave_unclear", table.path, column=slot.columns[0], details=details)
        return None
    return np.full(len(waves), wave, dtype=object)


def _note_blank(outcome: str, waves: np.ndarray, ledger: Ledger) -> None:
    for wave in WAVES:
        if n := int((waves == wave).sum()):
            ledger.note("forms_blank", outcome=outcome, wave=wave, n=n)


def _note_counts(table: Table, counts: dict[str, Counts], ledger: Ledger) -> None:
    for outcome, count in counts.items():
        for code, n in sorted(count.missing.items()):
            ledger.note("missing_codes", file=table.path, outcome=outcome, code=code, n=n)
        for code, n in sorted(count.user_missing.items()):
            ledger.note("user_missing", file=table.path, outcome=outcome, code=code, n=n)
        if count.between:
            n, example = count.between.total(), min(count.between)
            ledger.note("between_answers", file=table.path, outcome=outcome, n=n, example=example)
        if count.words:
            ledger.note("words", file=table.path, outcome=outcome, n=count.words)
        if count.numbers:
            ledger.note("words_and_numbers", file=table.path, outcome=outcome, n=count.numbers)
        if count.labelled:
            ledger.note("labelled_numbers", file=table.path, outcome=outcome, n=count.labelled)
        if count.texts and table.reading.kind == "xlsx":
            ledger.note("text_numbers", file=table.path, outcome=outcome, n=count.texts)


def _note_file(table: Table, sign: str | None, ledger: Ledger) -> None:
    r = table.reading
    if r.kind in {"csv", "qualtrics"}:
        delimiter = "tab" if r.delimiter == "\t" else r.delimiter
        name = "file_csv" if sign else "file_csv_whole"
        ledger.note(name, file=r.path, n=r.n_rows, delimiter=delimiter, decimal=sign, encoding=r.encoding)
    else:
        ledger.note("file_sav" if r.kind == "sav" else "file_xlsx", file=r.path, n=r.n_rows, sheet=r.sheet)


def _check_empty(empty: dict[tuple[str, str], list[tuple[Table, str, bool]]], ledger: Ledger) -> None:
    """An item without any answer at any wave is a column that went wrong; at one wave it is worth a note."""
    for (outcome, item), seen in empty.items():
        if all(is_empty for *_, is_empty in seen):
            table, column, _ = seen[0]
            ledger.problem("column_empty", table.path, column=column, details={"outcome": outcome, "item": item})
        else:
            for table, column, is_empty in seen:
                if is_empty:
                    ledger.note("column_empty_here", file=table.path, column=column, outcome=outcome)


def _check_double_answers(blocks: list[_Block], ledger: Ledger) -> None:
    """The same pupil, wave and outcome in two files or columns: nobody can tell which answers count."""
    seen: dict[str, list[_Block]] = defaultdict(list)
    for block in blocks:
        seen[block.slot.outcome.id].append(block)
    for outcome, mine in seen.items():
        if len(mine) < 2:
            continue
        parts = [pd.DataFrame({"pupil": b.pupils, "wave": b.waves, "row": b.rows}).assign(file=b.path) for b in mine]
        rows = pd.concat(parts, ignore_index=True)
        double = rows.duplicated(["pupil", "wave"])
        if double.any():
            first = rows.drop_duplicates(["pupil", "wave"]).set_index(["pupil", "wave"])
            ledger.people("duplicate_across_files", rows[double], None, partial(_first_answers, first, outcome))


def _first_answers(first: pd.DataFrame, outcome: str, row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of a frame
    other = first.loc[(row.pupil, row.wave)]
    return {"other": int(other["row"]), "other_file": other["file"], "wave": row.wave, "outcome": outcome}


def _long(blocks: list[_Block], pupils: pd.DataFrame) -> pd.DataFrame:
    """Spread the blocks out to one row an answer; codes are repeated, never text."""
    outcomes = list(dict.fromkeys(b.slot.outcome.id for b in blocks))
    informants = list(dict.fromkeys(b.slot.outcome.informant for b in blocks))
    items = list(dict.fromkeys(item for b in blocks for item in b.slot.items))
    parts: dict[str, list[np.ndarray]] = defaultdict(list)
    for b in blocks:
        slot, k = b.slot, len(b.slot.items)
        n = len(b.rows)
        parts["pupil"].append(np.repeat(pupils.index.get_indexer(b.pupils).astype(np.int32), k))
        parts["wave"].append(np.repeat(pd.Index(WAVES).get_indexer(b.waves).astype(np.int8), k))
        parts["informant"].append(np.full(n * k, informants.index(slot.outcome.informant), np.int8))
        parts["outcome"].append(np.full(n * k, outcomes.index(slot.outcome.id), np.int16))
        parts["item"].append(np.tile(np.array([items.index(i) for i in slot.items], np.int16), n))
        parts["value"].append(b.matrix.ravel())
    codes = {name: np.concatenate(arrays) for name, arrays in parts.items()}
    seen = [n for n in range(len(WAVES)) if (codes["wave"] == n).any()]
    place_of = np.zeros(len(WAVES), np.int8)
    place_of[seen] = range(len(seen))
    columns = {"pupil": pd.Categorical.from_codes(codes["pupil"], categories=pupils.index.rename(None))}
    for role in ROLES:
        at = pd.Categorical(pupils[role])
        columns[role] = pd.Categorical.from_codes(at.codes[codes["pupil"]], categories=at.categories)
    waves = [WAVES[n] for n in seen]
    columns["wave"] = pd.Categorical.from_codes(place_of[codes["wave"]], categories=waves, ordered=True)
    for name, categories in (("informant", informants), ("outcome", outcomes), ("item", items)):
        columns[name] = pd.Categorical.from_codes(codes[name], categories=categories)
    return pd.DataFrame({**columns, "value": codes["value"]}, copy=False)
