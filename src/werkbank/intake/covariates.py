"""What was known of pupils before the programme began: numbers where all are numbers, words otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from werkbank.intake.cells import decide_decimal, distinct, number
from werkbank.intake.layout import report_columns
from werkbank.intake.ledger import shown
from werkbank.study.model import WAVES

if TYPE_CHECKING:
    from werkbank.intake.ledger import Ledger
    from werkbank.intake.model import Table
    from werkbank.study.model import Study


def add_covariates(
    study: Study, tables: list[Table], frames: dict[str, pd.DataFrame | None], pupils: pd.DataFrame, ledger: Ledger
) -> pd.DataFrame:
    """Return `pupils` with the columns the study file names about them, as they were at the first wave seen.

    A column of which every cell is a number becomes float, and a note says that a covariate then counts as a straight
    line; any other becomes text, and when it holds both a note says so. Empty cells and SPSS user-missing codes are
    NaN. A covariate that changes later keeps its first value, counted.
    """
    order = {"": -1, **{wave: n for n, wave in enumerate(WAVES)}}
    added = pupils.copy()
    for name in study.pupil_columns:
        parts = []
        for table in tables:
            frame = frames[table.path]
            if name not in table.names or frame is None or not report_columns([name], table, ledger):
                continue
            cells = _cells(table, name, ledger)
            parts.append(pd.DataFrame({"pupil": frame["pupil"], "order": frame["wave"].map(order), "cell": cells}))
        if not parts:
            continue
        seen = pd.concat(parts).dropna(subset="cell").sort_values("order", kind="stable")
        later = seen.drop_duplicates(["pupil", "cell"])
        if changed := later["pupil"][later["pupil"].duplicated()].nunique():
            ledger.note("covariate_changed", covariate=name, n=changed)
        first = seen.drop_duplicates("pupil").set_index("pupil")["cell"]
        added[name] = _typed(first, name, ledger, in_line=name in study.covariates).reindex(added.index)
    return added


def _cells(table: Table, name: str, ledger: Ledger) -> np.ndarray:
    """Return numbers, words, and NaN for an empty cell; a number that can be read in two ways is a problem."""
    codes, cells = distinct(table.cells(name))
    sign = decide_decimal(table, [name])
    values = np.full(len(cells) + 1, np.nan, dtype=object)
    labels = table.reading.labels.get(name, {})
    for i, cell in enumerate(cells):
        if not shown(cell) or table.is_user_missing(name, cell):
            continue
        read = number(labels.get(cell, cell), sign)
        values[i] = read if isinstance(read, float) else str(labels.get(cell) or shown(cell))
        if read in {"decimal_ambiguous", "decimal_mixed"}:
            ledger.cells(str(read), table, name, codes == i, decimal=sign or "–")
    return np.asarray(values[codes])


def _typed(first: pd.Series, name: str, ledger: Ledger, *, in_line: bool) -> pd.Series:
    numeric = first.map(lambda cell: isinstance(cell, float))
    if numeric.all():
        if in_line and first.nunique() > 2:  # a year group in digits is meant as groups as often as not
            ledger.note("covariate_line", covariate=name)
        return first.astype(float)
    if numeric.any():
        ledger.note("covariate_words", covariate=name, n=int((~numeric).sum()))
    return first.map(shown).astype(object)
