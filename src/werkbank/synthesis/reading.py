"""A table of published numbers -> a review: every cell read or named, none guessed."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

import pandas as pd

from werkbank.errors import Problem, UnfitError
from werkbank.intake.cells import decide_decimal, number
from werkbank.intake.ledger import Ledger, nearest, shown
from werkbank.intake.model import Note
from werkbank.intake.opening import open_table
from werkbank.study.synthesis import Quantity
from werkbank.synthesis.coding import Assumed, Coded, NotCodableError, code, turned
from werkbank.synthesis.review import APART, OTHER_R, USUAL_R, Review

if TYPE_CHECKING:
    from werkbank.intake.model import Table
    from werkbank.study.model import Study
    from werkbank.study.synthesis import Synthesis

WORDS = ("study", "effect", "p_printed", "better")
NUMBERS = tuple(name for name in get_args(Quantity) if name not in WORDS)
UNSAID = {"", "nan", "unknown"}
RANGE = re.compile(r"(\d+) ?[-–] ?(\d+)")
SIGNS = {"+": 1.0, "-": -1.0, "−": -1.0}


def review_of(study: Study) -> Review:
    """Read what a study's block `synthesis` names.

    Raises
    ------
    UnfitError
        No such block; a file that cannot be read; cells that are no numbers; rows without an effect; traits over which
        nobody should pool without saying so.
    """
    block = study.synthesis
    if block is None:
        raise UnfitError([Problem("synthesis_not_declared", file=study.file)], study.language)
    if block.file is None:
        from werkbank.synthesis.network import gathered

        made = gathered(study, block)
    else:
        made = _from_table(study, block)
    _refuse_mixtures(study, block, made)
    return replace(made, notes=(*made.notes, *_unsaid(made)))


def _from_table(study: Study, block: Synthesis) -> Review:
    ledger, spec = Ledger(), block.file
    assert spec is not None  # noqa: S101 - told apart by the caller
    declared = {*block.columns.values(), *block.moderators}
    table = open_table(study, spec, declared, ledger)
    ledger.stop_if_unfit(study.language)
    assert table is not None  # noqa: S101 - its reasons were raised
    names = {name: block.columns.get(name, name) for name in get_args(Quantity)}
    at = {ours: theirs for ours, theirs in names.items() if theirs in table.names}
    for theirs in [c for c in declared if c not in table.names]:
        ledger.problem("column_missing", spec.path, column=theirs, details=nearest(theirs, table.names))
    if "study" not in at:
        ledger.problem("synthesis_without_study", spec.path)
    ledger.stop_if_unfit(study.language)
    rows = _rows(block, table, at, ledger)
    ledger.stop_if_unfit(study.language)
    if not rows:
        ledger.problem("no_rows", spec.path)
        ledger.stop_if_unfit(study.language)
    return Review(block, pd.DataFrame(rows), (table.reading,), tuple(ledger.notes))


def _rows(block: Synthesis, table: Table, at: dict[str, str], ledger: Ledger) -> list[dict[str, Any]]:
    sign = decide_decimal(table, [at[name] for name in NUMBERS if name in at])
    assumed = Assumed(USUAL_R if block.pre_post_r is None else block.pre_post_r, block.icc)
    made = list[dict[str, Any]]()
    traits = [name for name in table.names if name in block.moderators or name in APART]
    for i, row in enumerate(table.rows):
        cells = {ours: table.cells(theirs)[i] for ours, theirs in at.items()}
        who = shown(cells["study"])
        if not who:
            ledger.problem("synthesis_row_without_study", table.path, column=at["study"], row=int(row))
            continue
        numbers = _numbers(cells, at, table, int(row), sign, ledger)
        if numbers is None:
            continue
        try:
            found = code(numbers, assumed, shown(cells.get("p_printed")))
        except NotCodableError as error:
            ledger.problem(error.key, table.path, row=int(row), value=who)
            continue
        made.append(
            {"study": who, "effect": shown(cells.get("effect")), "at_other_r": _at_other_r(found, numbers, assumed)}
            | _told(found, shown(cells.get("better")) or block.better)
            | {trait: shown(table.cells(trait)[i]) for trait in traits}
        )
    return made


def _at_other_r(found: Coded, numbers: dict[str, float], assumed: Assumed) -> tuple[float, ...]:
    """Return the variances of an effect whose pre-post correlation was assumed, at each of `OTHER_R`; else nothing."""
    if "r_assumed" not in dict(found.remarks):
        return ()
    return tuple(code(numbers, replace(assumed, pre_post_r=r)).effect.variance for r in OTHER_R)


def _numbers(
    cells: dict[str, Any], at: dict[str, str], table: Table, row: int, sign: str | None, ledger: Ledger
) -> dict[str, float] | None:
    """Return the numbers of a row; None when a cell is no number, which the ledger then names."""
    found, sound = {}, True
    for name in NUMBERS:
        text = shown(cells.get(name))
        if not text:
            continue
        read = SIGNS[text] if name == "sign" and text in SIGNS else number(cells[name], sign)
        if isinstance(read, str) or not math.isfinite(read):
            ledger.problem("effect_not_a_number", table.path, column=at[name], row=row, value=text)
            sound = False
        else:
            found[name] = read
    return found if sound else None


def _told(coded: Coded, better: str) -> dict[str, Any]:
    effect = (turned(coded) if better == "lower" else coded).effect
    n = effect.n_treated + effect.n_control
    return {"g": effect.g, "variance": effect.variance, "n": n or math.nan, "how": effect.how, "remarks": coded.remarks}


def _refuse_mixtures(study: Study, block: Synthesis, review: Review) -> None:
    """Stop where effects of two kinds would be pooled as if they were of one."""
    found = []
    for trait in APART:
        if trait in review.effects and trait not in block.moderators:
            kinds = _said(review, trait)
            if len(kinds) > 1 and not (trait == "age" and _overlap(kinds)):
                details = {"trait": trait, "kinds": ", ".join(kinds)}
                found.append(Problem("synthesis_mixture", file=study.file, column=trait, details=details))
    if found:
        raise UnfitError(found, study.language)


def _said(review: Review, trait: str) -> list[str]:
    return sorted(set(review.effects[trait].astype(str)) - UNSAID)


def _overlap(kinds: list[str]) -> bool:
    """Whether ages that are written as ranges (8-12) have a year that is in all of them: then they are of one kind."""
    ranges = [RANGE.fullmatch(kind) for kind in kinds]
    if not all(ranges):
        return False
    youngest, oldest = (max(int(one[1]) for one in ranges if one), min(int(one[2]) for one in ranges if one))
    return youngest <= oldest


def _unsaid(review: Review) -> list[Note]:
    """Return a note for each trait that must not be mixed and that only some studies tell."""
    notes = []
    for trait in APART:
        if trait in review.effects and _said(review, trait):
            silent = review.effects.loc[review.effects[trait].astype(str).isin(UNSAID), "study"]
            if len(silent):
                notes.append(Note(f"intake.synthesis.unsaid.{trait}", {"studies": ", ".join(dict.fromkeys(silent))}))
    return notes
