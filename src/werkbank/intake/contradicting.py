"""What files say against each other: value labels, headings, the same file twice, the same answers twice."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from werkbank.intake.folding import keys
from werkbank.intake.ledger import brief, shown
from werkbank.study.spelling import tidy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkbank.intake.layout import Placed
    from werkbank.intake.ledger import Ledger
    from werkbank.intake.model import Table
    from werkbank.study.model import Study

CONTROL = ("controle", "control", "wachtlijst", "waitlist", "vergelijk", "comparison", "geen programma", "no treatment")
TREATED = ("interventie", "intervention", "experiment", "programma", "treatment", "behandel", "coaching")
FEWEST = 8  # rows in which answers that are all the same say anything
Answered = tuple[np.ndarray, np.ndarray]  # pupils, and what each of them answered
Labels = dict[str, dict[str, tuple[str, "Table", str]]]  # what is meant -> code -> label, file, column


def check_labels(study: Study, tables: list[Table], placed: list[Placed], ledger: Ledger) -> None:
    """Hold value labels against each other over files and waves, and those of arms against `arms`."""
    seen: Labels = defaultdict(dict)
    named = study.columns.named()
    for table in tables:
        for role in ("arm", "wave", "role"):
            if named.get(role) in table.names:
                _hold(seen, role, table, named[role], ledger)
    for here in placed:
        for item, column in zip(here.slot.items, here.slot.columns, strict=True):
            if column in here.table.names:
                _hold(seen, f"{here.slot.outcome.id}.{item}", here.table, column, ledger)
    for code, (label, table, column) in seen["arm"].items():
        given, text = study.arms.get(code), label.casefold()
        control, treated = any(w in text for w in CONTROL), any(w in text for w in TREATED)
        if given is not None and control != treated and (given == "control") is not control:
            details = {"label": label, "role": given}
            ledger.problem("arm_label_conflict", table.path, column=column, value=code, details=details)


def _hold(seen: Labels, meant: str, table: Table, column: str, ledger: Ledger) -> None:
    for cell, label in table.reading.labels.get(column, {}).items():
        code, text = shown(cell), tidy(str(label))
        if code not in seen[meant]:
            seen[meant][code] = (text, table, column)
            continue
        first, other, other_column = seen[meant][code]
        if not keys(first) & keys(text):
            details = {"label": brief(text), "other": brief(first), "other_file": other.path}
            details["other_column"] = other_column
            ledger.problem("labels_conflict", table.path, column=column, value=code, details=details)


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
            if same >= 0.9 * both and len({row.tobytes() for row in first}) > 2:
                ledger.note("same_answers", outcome=outcome, one=one, other=other, n=same, n_all=both)


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
