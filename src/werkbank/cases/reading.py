"""A file with a row for each case and day -> series; every cell read or named, no day made up."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from werkbank.errors import Problem, UnfitError
from werkbank.intake.cells import decide_decimal, number
from werkbank.intake.folding import says_missing
from werkbank.intake.ledger import Ledger, nearest, shown
from werkbank.intake.lookalikes import one_spelling
from werkbank.intake.lots import drawn_list
from werkbank.intake.opening import open_table
from werkbank.study.parts import text_in

if TYPE_CHECKING:
    from werkbank.intake.model import FileReading, Note, Table
    from werkbank.study.model import Study
    from werkbank.study.single_case import CaseOutcome, SingleCase

FEWEST_CASES = 2


@dataclass(frozen=True)
class CaseSeries:
    """Cases as they were read.

    Attributes
    ----------
    block : SingleCase
    days : DataFrame
        A row for each case and day: ``case``, ``class`` ("" where not declared), ``session``, ``phase`` (A or B), and a
        column for each outcome; NaN is a day without a value.
    files : tuple of FileReading
    notes : tuple of Note
    """

    block: SingleCase
    days: pd.DataFrame
    files: tuple[FileReading, ...]
    notes: tuple[Note, ...]

    def of(self, outcome: str) -> dict[str, pd.DataFrame]:
        """Return each case's days on one outcome (``session``, ``phase``, ``value``), in the file's order."""
        rows = self.days.rename(columns={outcome: "value"})
        return {str(case): days for case, days in rows.groupby("case", sort=False)[["session", "phase", "value"]]}


def read_cases(study: Study) -> CaseSeries:
    """Read what a study's block `single_case` names.

    Raises
    ------
    UnfitError
        No such block; a file or a cell that cannot be read; a day twice; phases in an order that is none; a case
        without a baseline.
    """
    block = study.single_case
    if block is None:
        raise UnfitError([Problem("single_case_not_declared", file=study.file)], study.language)
    ledger, columns = Ledger(), block.columns.model_dump(by_alias=True, exclude_none=True)
    declared = {*columns.values(), *(outcome.column for outcome in block.outcomes)}
    table = open_table(study, block.file, declared, ledger)
    ledger.stop_if_unfit(study.language)
    assert table is not None  # noqa: S101 - its reasons were raised
    for name in sorted(declared - {*table.names}):
        ledger.problem("column_missing", table.path, column=name, details=nearest(name, table.names))
    ledger.stop_if_unfit(study.language)
    days = _days(study, block, table, columns, ledger)
    ledger.stop_if_unfit(study.language)
    _check_order(block, table, days, ledger)
    ledger.stop_if_unfit(study.language)
    _hold_to_lot(study, days, ledger)
    ledger.stop_if_unfit(study.language)
    return CaseSeries(block, days.drop(columns="row"), (table.reading,), tuple(ledger.notes))


def _days(study: Study, block: SingleCase, table: Table, columns: dict[str, str], ledger: Ledger) -> pd.DataFrame:
    measured = [outcome.column for outcome in block.outcomes]
    sign = decide_decimal(table, [columns["session"], *measured])
    made = pd.DataFrame({"row": table.rows, "case": one_spelling(study, "pupil", table, columns["case"], ledger)})
    made["class"] = one_spelling(study, "class", table, columns["class"], ledger) if "class" in columns else ""
    made["session"] = _numbers(table, columns["session"], sign, ledger, whole=True)
    made["phase"] = _phases(block, table, columns["phase"], ledger)
    for outcome in block.outcomes:
        made[outcome.column] = _values(table, outcome, sign, ledger)
    for row in made.loc[made["case"] == "", "row"]:
        ledger.problem("case_missing", table.path, column=columns["case"], row=int(row))
    return made.sort_values(["session"], kind="stable").sort_values(
        "case", kind="stable", key=_first_seen(made["case"])
    )


def _first_seen(cases: pd.Series) -> Any:  # noqa: ANN401 - a key for sorting
    place = {case: i for i, case in enumerate(dict.fromkeys(cases))}
    return lambda column: column.map(place)


def _numbers(table: Table, column: str, sign: str | None, ledger: Ledger, *, whole: bool = False) -> list[float]:
    found = []
    for row, cell in zip(table.rows, table.cells(column), strict=True):
        text = shown(cell)
        read = number(cell, sign) if text and not says_missing(text) else math.nan
        if isinstance(read, str) or (whole and not float(read).is_integer()):
            ledger.problem("case_number", table.path, column=column, row=int(row), value=text)
            read = math.nan
        found.append(float(read))
    return found


def _phases(block: SingleCase, table: Table, column: str, ledger: Ledger) -> list[str]:
    found = []
    for row, cell in zip(table.rows, table.cells(column), strict=True):
        code = shown(cell)
        if code not in block.phases:
            details = nearest(code, block.phases)
            ledger.problem("case_phase", table.path, column=column, row=int(row), value=code, details=details)
        found.append(block.phases.get(code, ""))
    return found


def _values(table: Table, outcome: CaseOutcome, sign: str | None, ledger: Ledger) -> list[float]:
    values = _numbers(table, outcome.column, sign, ledger)
    low, high = outcome.range
    for row, value in zip(table.rows, values, strict=True):
        if value < low or value > high:
            details = {"low": f"{low:g}", "high": f"{high:g}"}
            ledger.problem(
                "case_range", table.path, column=outcome.column, row=int(row), value=f"{value:g}", details=details
            )
    return values


def _check_order(block: SingleCase, table: Table, days: pd.DataFrame, ledger: Ledger) -> None:
    """Name days that stand twice, and cases that do not begin in a baseline or have one phase only."""
    doubled = days[days.duplicated(["case", "session"])]
    for row in doubled.itertuples():
        where = {"column": block.columns.session, "row": int(row.row), "value": f"{row.session:g}"}
        ledger.problem("case_day_twice", table.path, **where, details={"case": row.case})
    for case, rows in days.groupby("case", sort=False):
        phases = list(dict.fromkeys(rows["phase"]))
        first = int(rows["row"].iloc[0])
        if phases[0] != "A":
            ledger.problem("case_without_baseline", table.path, column=block.columns.phase, row=first, value=str(case))
        elif "B" not in phases:
            ledger.problem("case_without_programme", table.path, column=block.columns.phase, row=first, value=str(case))


def _hold_to_lot(study: Study, days: pd.DataFrame, ledger: Ledger) -> None:
    """Every case (or class) began on the day that was drawn for it, unless the study file says why it did not."""
    lot, block = study.lot, study.single_case
    if lot is None or block is None:
        return
    rows, name = drawn_list(study, lot), str(study.design.lot)
    by = "class" if block.given_to == "class" and (days["class"] != "").any() else "case"
    begun = days[days["phase"] == "B"].groupby(by, sort=False)["session"].min()
    reasons = study.design.lot_deviations or {}
    codes = dict(zip(rows.units, lot.units, strict=True))
    for who in begun.index:
        if str(who) not in codes:
            ledger.problem("lot_unit_unknown", name, value=str(who), details=nearest(str(who), codes))
    for who, unit in codes.items():
        found, reason = begun.get(who), reasons.get(unit.code)
        said = {"code": unit.code, "drawn": str(unit.start), "found": "–" if found is None else f"{found:g}"}
        if found is None:
            ledger.problem("lot_unit_absent", name, value=who, details=said)
        elif found != unit.start and reason is None:
            ledger.problem("lot_start_differs", study.file, value=who, details=said)
        elif found != unit.start:
            ledger.note("lot_deviation", **said, reason=text_in(reason, study.language))
        elif reason is not None:
            at = {"column": "design.lot_deviations", "value": unit.code}
            ledger.problem("lot_deviation_none", study.file, **at, details=said)
    drawn = lot.drawn.date().isoformat() if lot.drawn else "–"
    ledger.note(f"lot_held_{lot.foretold}", file=name, on=drawn, n=len(lot.units), source=lot.seed.source)
