"""How much of a programme each pupil had, from a log: for the question whether more of it went with more change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from werkbank.intake.logbook import read_logs
from werkbank.programmes.forms import DONE

if TYPE_CHECKING:
    from werkbank.intake.ledger import Ledger
    from werkbank.intake.logbook import Logbook
    from werkbank.study.model import Study

OPEN = ("na", "unchecked")  # answers with which a part of a checklist did not apply


def add_doses(study: Study, pupils: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Return `pupils` with the dose, and who took part, where the study file takes these from a log.

    Of a log about classes or teachers every pupil has that of the class or teacher. A pupil without a line is unknown
    and not without a dose; but for pupils of control arms, who count as not having taken part. Both are counted.

    Raises
    ------
    UnfitError
        As `read_logs`.
    """
    wanted = {name: found for name in (study.dose, study.received) if name and (found := study.of_log(name))}
    if not wanted:
        return pupils
    made = pupils.copy()
    logs = read_logs(study, enrolled=pupils.index.astype(str))
    for name, (log, what) in wanted.items():
        book = next(book for book in logs.books if book.log.id == log)
        of_unit = _measured(book, what)
        own = pd.Series(pupils.index.astype(str), index=pupils.index)
        units = own if book.form.about == "pupil" else pupils[book.form.about].astype(str)
        values = units.map(of_unit).astype(float)
        if what == "received":
            values = _of_controls(study, pupils, values, log, ledger)
        ledger.note("logs.dose", log=log, n=int(values.notna().sum()), n_unknown=int(values.isna().sum()))
        made[name] = values
    return made


def _measured(book: Logbook, what: str) -> dict[str, float]:
    """Return of each pupil (class, teacher) sessions, minutes, the share of parts done, or 1 for having had any."""
    rows, about = book.rows, book.form.about
    done = rows[rows["status"] == DONE] if "status" in rows else rows
    step = next((one for one in book.form.computes if one.do == "dose"), None)
    counts = done.groupby(about).size().reindex(rows[about].unique(), fill_value=0).astype(float)
    found: Any = counts
    if what == "received":
        found = (counts > 0).astype(float)
    elif what == "minutes":
        column = step.column if step is not None else ""
        found = done.groupby(about)[column].sum().reindex(counts.index, fill_value=0.0) if column else counts * np.nan
    elif what == "fidelity":
        found = done.groupby(about)[list(done.columns)].apply(lambda part: _fidelity(book, part))
    return {str(who): float(value) for who, value in found.items()}


def _fidelity(book: Logbook, rows: pd.DataFrame) -> float:
    step = next((one for one in book.form.computes if one.do == "checklist"), None)
    given = [
        (f"{cell:g}" if isinstance(cell, float) else str(cell)) in wanted
        for column, wanted in (step.items.items() if step is not None else ())
        for cell in rows[column].dropna()
        if cell not in OPEN
    ]
    return float(np.mean(given)) if given else np.nan


def _of_controls(study: Study, pupils: pd.DataFrame, values: pd.Series, log: str, ledger: Ledger) -> pd.Series:
    control = pupils["arm"].astype(str).isin(study.control_arms) & values.isna()
    if control.any():
        ledger.note("logs.controls_without", log=log, n=int(control.sum()))
    return values.mask(control, 0.0)
