"""A pupil-monitoring export, held to what other files are held to: names that look alike, values that stand alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from werkbank.intake.cells import plain
from werkbank.intake.ledger import shown
from werkbank.intake.lone import Part, check_lone
from werkbank.intake.lookalikes import one_spelling
from werkbank.study.parts import Rule

if TYPE_CHECKING:
    from werkbank.intake.ledger import Ledger
    from werkbank.intake.model import Table
    from werkbank.study.model import Study

NAMES = ("pupil", "subject", "school")
SCORES = ("ability", "norm", "raw")


def without_missing(study: Study, table: Table) -> Table:
    """Return a table in which the codes that `rules` calls missing are empty cells."""
    columns = list(table.columns)
    for at, name in enumerate(table.names):
        missing = {plain(shown(code)) for code in (study.rules.get(name) or Rule()).missing}
        if missing:
            gone = [plain(shown(cell)) in missing for cell in columns[at].different]
            columns[at] = columns[at].where(np.array([*gone, False])[columns[at].codes], None)
    return replace(table, columns=tuple(columns))


def check_monitored(study: Study, scores: pd.DataFrame, table: Table, ledger: Ledger) -> pd.DataFrame:
    """Return the results with names in one spelling; what is open, and what cannot be right, goes to the ledger.

    Parameters
    ----------
    scores : DataFrame
        The long table of one sheet or file, in the order of its rows.
    table : Table
        Where it was read from; of a wide export (several results a row) only names are checked.
    """
    if study.monitoring is None or len(scores) != len(table.rows):
        return scores
    named = study.monitoring.columns.named()
    made = scores.copy()
    for kind in NAMES:
        if kind in named and named[kind] in table.names:
            within = made["school"] if kind == "pupil" and "school" in made else None
            made[kind] = one_spelling(study, kind, table, named[kind], ledger, within)
    for kind in SCORES:
        if kind in made and kind in named:
            _check_scores(made, kind, table, named[kind], ledger)
    if {"raw", "max"} <= set(made) and "raw" in named:
        above = (made["raw"] > made["max"]).to_numpy(dtype=bool)
        ledger.cells("score_above_most", table, named["raw"], above)
    return made


def _check_scores(scores: pd.DataFrame, kind: str, table: Table, column: str, ledger: Ledger) -> None:
    values = pd.to_numeric(scores[kind], errors="coerce").to_numpy(dtype=float)
    subjects = scores["subject"].astype(str).to_numpy() if "subject" in scores else np.full(len(values), "")
    for subject in dict.fromkeys(subjects):
        check_lone([Part(table, column, np.where(subjects == subject, values, np.nan))], ledger)
