"""The arms in the data, held against the lot that was drawn: a unit that is elsewhere is named, or was declared."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from werkbank.intake.ledger import nearest
from werkbank.intake.lists import read_list, same_list
from werkbank.study.model import KEY
from werkbank.study.parts import text_in
from werkbank.study.spelling import tidy

if TYPE_CHECKING:
    import pandas as pd

    from werkbank.intake.ledger import Ledger
    from werkbank.intake.lists import Rows
    from werkbank.study.lot import Drawn, Lot
    from werkbank.study.model import Study

COACHED = {"target", "transfer"}  # pupils of one teacher, who are in one arm of the lots


def lot_list(study: Study) -> str:
    """Return where the list lies from which a study's lots were drawn, relative to the study's folder."""
    beside = PurePosixPath(str(study.design.lot)).parent
    return (beside / study.lot.drawn_from.file).as_posix() if study.lot else ""


def drawn_list(study: Study, lot: Lot) -> Rows:
    """Read the list from which a study's lots were drawn.

    Raises
    ------
    UnfitError
        It cannot be read, or is not the list any more (``lot_list_altered``).
    """
    of, shown = lot.drawn_from, lot_list(study)
    rows = read_list(study.folder, shown, of.unit, of.within, study.language, sheet=of.sheet)
    same_list(rows, of.sha256, shown, study.language)
    return rows


def hold_to_lot(study: Study, pupils: pd.DataFrame, ledger: Ledger) -> None:
    """Hold the arms of pupils (by their own numbers) against the lot that the study file names.

    Every unit must be in the arm that was drawn for it, unless `design.lot_deviations` says why it is not; blocks must
    be those within which lots were drawn. A unit that was drawn must be in the data, if only with empty scores: what
    was lost would otherwise not be counted.
    """
    lot = study.lot
    if lot is None or lot.level == "case" or not _fits(study, lot, ledger):
        return
    rows = drawn_list(study, lot)
    codes = {tidy(name): unit for name, unit in zip(rows.units, lot.units, strict=True)}
    there = _units(pupils, lot.level)
    lots = {arm: "coached" if role in COACHED else arm for arm, role in study.arms.items()}
    lots |= dict.fromkeys(_coached(study, lot), "coached")
    declared, found = study.design.lot_deviations or {}, set[str]()
    for names, arms in there.items():
        on_list = next((name for name in names if name in codes), "")
        unit = codes.get(on_list)
        if unit is None or unit.code in found:  # a list that knows one 5A does not know a second school's
            ledger.problem("lot_unit_unknown", str(study.design.lot), value=names[0], details=nearest(names[0], codes))
            continue
        found.add(unit.code)
        for arm in arms:
            _compare(study, unit, on_list, (arm, lots.get(arm, arm) == lots.get(str(unit.arm), unit.arm)), ledger)
    for code in declared.keys() - {unit.code for unit in lot.units}:
        valid = [unit.code for unit in lot.units]
        ledger.problem("lot_deviation_unknown", study.file, column="design.lot_deviations", value=code,
                       details=nearest(code, valid))  # fmt: skip
    _check_blocks(study, lot, pupils, codes, ledger)
    for name, unit in zip(rows.units, lot.units, strict=True):
        if unit.code not in found:  # what was drawn and is lost counts as lost
            said = {"code": unit.code, "drawn": str(unit.arm)}
            ledger.problem("lot_unit_absent", str(study.design.lot), value=name, details=said)
    drawn = lot.drawn.date().isoformat() if lot.drawn else "–"
    ledger.note(f"lot_held_{lot.foretold}", file=str(study.design.lot), on=drawn, n=len(lot.units),
                source=lot.seed.source)  # fmt: skip


def _fits(study: Study, lot: Lot, ledger: Ledger) -> bool:
    """See that the study file and the lot speak of the same thing."""
    name = str(study.design.lot)
    if study.design.kind != "randomised":
        ledger.problem("lot_not_randomised", study.file, column="design.kind", value=study.design.kind)
    if lot.level != study.design.assigned_by:
        ledger.problem("lot_other_level", study.file, column="design.assigned_by", value=study.design.assigned_by,
                       details={"drawn": lot.level})  # fmt: skip
    for arm in lot.arms or {}:
        if arm not in study.arms and arm not in _coached(study, lot):
            ledger.problem("lot_arm_unknown", name, value=arm, details=nearest(arm, study.arms))
    if lot.in_blocks and study.block_column is None:
        ledger.problem("lot_blocks_undeclared", study.file, column="design.blocks",
                       details={"within": str(lot.drawn_from.within)})  # fmt: skip
    return not ledger.unfit


def _coached(study: Study, lot: Lot) -> list[str]:
    """Return the lot's arm of coached teachers, where the data have their two kinds of pupils as arms instead."""
    unknown = [arm for arm in lot.arms or {} if arm not in study.arms]
    return unknown if len(unknown) == 1 and COACHED & {*study.arms.values()} else []


def _units(pupils: pd.DataFrame, level: str) -> dict[tuple[str, ...], list[str]]:
    """Return the units in the data by the names a list may have for them, with every arm their pupils are in."""
    known = pupils.dropna(subset=["arm"])
    bare = known.index.to_series() if level == "pupil" else known[level]
    names = bare.astype(object).map(lambda name: tidy(str(name)), na_action="ignore")
    pairs = [names]
    if level not in {"school", "pupil"} and "school" in known and known["school"].notna().any():
        school = known["school"].astype(object).map(lambda name: tidy(str(name)), na_action="ignore")
        pairs.insert(0, school + KEY + names)
    keys = [tuple(str(one) for one in row if isinstance(one, str)) for row in zip(*pairs, strict=True)]
    found: dict[tuple[str, ...], list[str]] = {}
    for key, arm in zip(keys, known["arm"].astype(str), strict=True):
        if key and arm not in found.setdefault(key, []):
            found[key].append(arm)
    return found


def _compare(study: Study, unit: Drawn, name: str, arm: tuple[str, bool], ledger: Ledger) -> None:
    found, same = arm
    reason = (study.design.lot_deviations or {}).get(unit.code)
    said = {"code": unit.code, "drawn": str(unit.arm), "found": found}
    if not same and reason is None:
        ledger.problem("lot_arm_differs", study.file, value=name, details=said)
    elif not same:
        ledger.note("lot_deviation", **said, reason=text_in(reason, study.language))
    elif reason is not None:
        ledger.problem("lot_deviation_none", study.file, column="design.lot_deviations", value=unit.code, details=said)


def _check_blocks(study: Study, lot: Lot, pupils: pd.DataFrame, units: dict[str, Drawn], ledger: Ledger) -> None:
    """Blocks in the data divide the units as the blocks of the lot do."""
    if not lot.in_blocks or "block" not in pupils:
        return
    known = pupils.dropna(subset=["block"])
    bare = known.index.to_series() if lot.level == "pupil" else known[lot.level]
    told = known.assign(unit=bare.astype(str).map(tidy))
    if lot.level not in {"school", "pupil"} and "school" in known:
        told["full"] = known["school"].astype(str).map(tidy) + KEY + told["unit"]
    seen: dict[str, str] = {}
    back: dict[str, str] = {}
    for row in told.drop_duplicates(["unit", "block"]).itertuples():
        unit = units.get(getattr(row, "full", row.unit)) or units.get(row.unit)
        if unit is None:
            continue
        block = str(row.block)
        if seen.setdefault(unit.block, block) != block or back.setdefault(block, unit.block) != unit.block:
            ledger.problem("lot_blocks_differ", study.file, column=study.block_column, value=row.unit,
                           details={"block": block, "of_data": True})  # fmt: skip
