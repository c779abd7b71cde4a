"""What files say against each other: value labels, headings, the same file twice, the same answers twice."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from werkbank.errors import Problem
from werkbank.intake.cells import plain
from werkbank.intake.folding import keys
from werkbank.intake.layout import report_twin
from werkbank.intake.ledger import brief, shown
from werkbank.study.spelling import tidy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkbank.intake.layout import Placed, Slot
    from werkbank.intake.ledger import Ledger
    from werkbank.intake.model import Table
    from werkbank.study.model import Outcome, Study

CONTROL = ("controle", "control", "wachtlijst", "waitlist", "vergelijk", "comparison", "geen programma", "no treatment")
TREATED = ("interventie", "intervention", "experiment", "programma", "treatment", "behandel", "coaching")
MANY = 4  # different answers: a short scale on which all stay where they were is no copy
FEWEST = 8  # rows in which answers that are all the same say anything
Answered = tuple[np.ndarray, np.ndarray]  # pupils, and what each of them answered
Labels = dict[str, dict[str, tuple[str, "Table", str]]]  # what is meant -> code -> label, file, column


def check_labels(study: Study, tables: list[Table], placed: list[Placed], ledger: Ledger) -> None:
    """Hold value labels against each other over files and waves, and against `arms` and `answers`.

    One problem for a file and what is meant by its columns: fifteen items were labelled by one hand.
    """
    seen: Labels = defaultdict(dict)
    found: dict[tuple[str, str], list[Problem]] = defaultdict(list)
    named = study.columns.named()
    about = {**named, "block": study.block_column, **{name: name for name in study.pupil_columns}}
    for table in tables:
        for meant, column in about.items():
            if column is not None and column in table.names:
                found[table.path, meant] += _held(seen, meant, table, column)
    for here in placed:
        outcome = here.slot.outcome
        for item, column in zip(here.slot.items, here.slot.columns, strict=True):
            if column in here.table.names:
                path = here.table.path
                found[path, f"items of {outcome.id}"] += _held(seen, f"{outcome.id}.{item}", here.table, column)
                found[path, f"answers to {outcome.id}"] += _held_against(outcome, here.table, column, study, ledger)
    for problems in found.values():
        if problems:
            ledger.add(_together(problems))
    _hold_arms(study, seen["arm"], ledger)


def _hold_arms(study: Study, seen: dict[str, tuple[str, Table, str]], ledger: Ledger) -> None:
    """A label that calls the control group the programme's, or the other way round."""
    for code, (label, table, column) in seen.items():
        given, text = study.arms.get(code), label.casefold()
        control, treated = any(w in text for w in CONTROL), any(w in text for w in TREATED)
        if given is not None and control != treated and (given == "control") is not control:
            details = {"label": label, "role": given}
            ledger.problem("arm_label_conflict", table.path, column=column, value=code, details=details)


def _together(problems: list[Problem]) -> Problem:
    first, columns = problems[0], list(dict.fromkeys(str(one.column) for one in problems))
    if len(problems) == 1:
        return first
    values = [str(one.value) for one in problems[1:5] if one.column == first.column]
    more = {"n": len(problems), "rows": [], "columns": columns[1:5], "values": values}
    return replace(first, details={**first.details, "more": more})


def _held(seen: Labels, meant: str, table: Table, column: str) -> list[Problem]:
    found: list[Problem] = []
    for cell, label in table.reading.labels.get(column, {}).items():
        code, text = shown(cell), tidy(str(label))
        if code not in seen[meant]:
            seen[meant][code] = (text, table, column)
            continue
        first, other, other_column = seen[meant][code]
        if not keys(first) & keys(text):
            details = {"label": brief(text), "other": brief(first), "other_file": other.path}
            details["other_column"] = other_column
            found.append(Problem("labels_conflict", table.path, column, value=code, details=details))
    return found


def _held_against(outcome: Outcome, table: Table, column: str, study: Study, ledger: Ledger) -> list[Problem]:
    """Labels whose codes rise where the answers of the study file do now rise and now fall: one of the two is wrong.

    Answers that are counted from elsewhere (0 for 1), the other way round, or declared for this very column, say what
    is meant; the other way round is named.
    """
    rule = study.rules.get(column)
    answers = {plain(word): value for word, value in (outcome.answers or {}).items()}
    if not answers or (rule is not None and rule.answers is not None):
        return []
    codes = table.reading.labels.get(column, {})
    pairs = sorted(
        (float(code), answers[plain(label)], str(label))
        for code, label in codes.items()
        if isinstance(code, int | float) and plain(label) in answers
    )
    falls = [low > high for (_, low, _), (_, high, _) in pairwise(pairs)]
    if falls and all(falls):
        ledger.note("labels_turned", file=table.path, column=column, outcome=outcome.id)
        return []
    for (one, low, label), (other, high, other_label) in pairwise(pairs):
        if low > high:
            details: dict[str, Any] = {
                "one": f"{one:g} = {brief(label)}", "other": f"{other:g} = {brief(other_label)}",
                "outcome": outcome.id, "low": f"{low:g}", "high": f"{high:g}",
            }  # fmt: skip
            return [Problem("labels_against_answers", table.path, column, value=brief(label), details=details)]
    return []


def check_copies(tables: list[Table], ledger: Ledger) -> None:
    """The same bytes under two names are one file that is read twice."""
    first: dict[tuple[str, Any], Table] = {}
    for table in tables:
        key = (table.reading.sha256, table.reading.sheet)
        if key in first:
            ledger.problem("file_copied", table.path, details={"other_file": first[key].path})
        first.setdefault(key, table)


def note_same_answers(answers: Mapping[tuple[str, str], Answered], ledger: Ledger) -> None:
    """Name an outcome of which (nearly) all pupils gave exactly the same answers at two waves: columns were copied.

    Parameters
    ----------
    answers : mapping
        (outcome, wave) -> pupils (each once), and a row of answers for each; NaN is like NaN.
    """
    by_outcome: dict[str, list[str]] = defaultdict(list)
    for outcome, wave in answers:
        by_outcome[outcome].append(wave)
    for outcome, waves in by_outcome.items():
        for one, other in combinations(waves, 2):
            (who, a), (them, b) = answers[outcome, one], answers[outcome, other]
            place = pd.Index(who).get_indexer(pd.Index(them))
            both = int((place >= 0).sum())
            if both < FEWEST or a.shape[1] != b.shape[1]:
                continue
            first, second = a[place[place >= 0]], b[place >= 0]
            same = int(((first == second) | (np.isnan(first) & np.isnan(second))).all(axis=1).sum())
            if same >= 0.9 * both and len(pd.DataFrame(first).drop_duplicates()) > MANY:
                ledger.note("same_answers", outcome=outcome, one=one, other=other, n=same, n_all=both)


def check_headings(study: Study, tables: list[Table], slots: list[Slot], ledger: Ledger) -> None:
    """Look in every file for headings that differ from one that is read only in what nobody sees or means.

    A score called ‘Taal’ in the file of one school, and ‘taal’ in all others, would be lost for that school.
    """
    about = dict.fromkeys([*study.columns.named().values(), *study.pupil_columns])
    if study.birth_date is not None:
        about[study.birth_date.column] = None
    apart = {frozenset(pair) for names in study.distinct for pair in combinations(names, 2)}
    measured = {
        column: slot.outcome.informant
        for slot in slots
        for column in slot.columns
        if any(column in table.names for table in tables)  # one that no file has is a problem of its own
    }
    for table in tables:
        here = {c for c, informant in measured.items() if table.spec.informant in {None, informant}}
        wanted = [*about, *(here - about.keys())]
        others = [name for name in dict.fromkeys(table.names) if name and name not in {*about, *measured}]
        for column in sorted({*wanted} - {*table.names}):
            alike = [name for name in others if frozenset((name, column)) not in apart]
            report_twin(column, alike, table, ledger)


def note_headings(study: Study, tables: list[Table], placed: list[Placed], ledger: Ledger) -> None:
    """Name headings that look like one that is read: nobody can see which of the two was meant."""
    for table in tables:
        wanted = {column for here in placed if here.table is table for column in here.slot.columns}
        wanted |= {*study.columns.named().values(), *study.pupil_columns}
        for name in dict.fromkeys(table.names):
            twins = [one for one in wanted if one in table.names and name not in wanted and _twins(one, name)]
            if twins:
                ledger.note("headings_alike", file=table.path, column=twins[0], other=name)


def _twins(one: str, other: str) -> bool:
    return "".join(one.split()).casefold() == "".join(other.split()).casefold()
