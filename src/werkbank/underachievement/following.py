"""A study's block `monitoring` worked out: the export read, growth, alerts, runs without an error; stated as counts."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from werkbank.errors import Problem, UnfitError
from werkbank.intake.cells import decide_decimal, number
from werkbank.intake.ledger import Ledger, shown
from werkbank.intake.monitored import check_monitored, without_missing
from werkbank.intake.opening import open_table
from werkbank.results import Fact, plain
from werkbank.underachievement.alerts import Rule, Watched, moved, watch
from werkbank.underachievement.monitoring import ceiling_runs, growth
from werkbank.underachievement.readers import NUMBERS, from_long, from_sheets, from_wide

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkbank.intake.model import FileReading, Table
    from werkbank.study import Study
    from werkbank.study.underachievement import Monitoring

DAY_FIRST = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4})")


@dataclass(frozen=True)
class Followed:
    """What one study's monitoring export gave.

    Attributes
    ----------
    block : Monitoring
    scores : DataFrame
        The long table (`readers`), as read.
    files : tuple of FileReading
    watched : Watched
        Alerts by the block's rule.
    slopes : DataFrame
        From `growth`.
    ceiling : DataFrame or None
        From `ceiling_runs`; None without points and points possible.
    schools : tuple of str
        The codes of all schools in the export, in an order that cannot be worked out without the export: counts go by
        the place in it, which is the same whichever pupils are followed.
    """

    block: Monitoring
    scores: pd.DataFrame
    files: tuple[FileReading, ...]
    watched: Watched
    slopes: pd.DataFrame
    ceiling: pd.DataFrame | None
    schools: tuple[str, ...] = ()


def follow(study: Study, only: Mapping[str, str] | None = None) -> Followed:
    """Read a study's monitoring export and compare each pupil with the own earlier results.

    Parameters
    ----------
    study : Study
        With a block `monitoring`; paths are relative to its folder.
    only : mapping of str to str, optional
        ``{"school": "007"}``: the false-alarm rate then holds over these pupils, and the error is estimated from them.

    Raises
    ------
    UnfitError
        No such block; a file that cannot be read; dates, numbers and bands that cannot; scores that are not on one
        scale (`common_scale`).
    """
    block = study.monitoring
    if block is None:
        raise UnfitError([Problem("monitoring_not_declared", file=study.file)], study.language)
    scores, files = _read(study, block)
    digest = files[0].sha256
    codes = scores["school"].dropna().astype(str).unique() if "school" in scores else ()
    schools = sorted(filter(None, codes), key=lambda code: hashlib.sha256(f"{digest} {code}".encode()).digest())
    for role, code in (only or {}).items():
        known = sorted(set(scores[role].dropna().astype(str))) if role in {"school", "class"} & set(scores) else []
        if code not in known:
            details = {"role": role, "valid": ", ".join(known) or "–"}
            raise UnfitError([Problem("only_unknown", study.file, value=code, details=details)], study.language)
        scores = scores[scores[role].astype(str) == code].reset_index(drop=True)
    rule = Rule(block.scale, block.growth, block.sem, block.min_history, block.confirm, block.rate)
    has_points = {"raw", "max"} <= set(scores) and bool(scores[["raw", "max"]].notna().all(axis=1).any())
    return Followed(
        block,
        scores,
        files,
        watch(scores, rule),
        growth(scores, block.scale, block.sem),
        ceiling_runs(scores) if has_points else None,
        tuple(schools),
    )


def facts(followed: Followed) -> list[Fact]:
    """Return what was followed as counts and means by school and subject; no pupil is named.

    ``outcome`` is the subject, ``arm`` the number of the school ("" when the export names none). Which code has which
    number stands in facts of its own, that a copy to share is without.
    """
    w = followed.watched
    numbered = {code: str(number) for number, code in enumerate(followed.schools, 1)}
    here = set(w.table["school"].astype(str))
    found = [
        _fact("series", "monitoring_count", w.n_series),
        _fact("judged", "monitoring_count", w.n_judged),
        _fact("missing", "monitoring_count", w.n_missing),
        _fact("pupils", "monitoring_count", int(followed.scores["pupil"].nunique())),
        _fact("alerts", "monitoring_alert", w.n_alerts),
        _fact("expected", "monitoring_alert", w.n_expected),
    ]
    found += [_school(number, code) for code, number in numbered.items() if code in here]
    went = moved(w)
    groups = w.table.groupby(["school", "subject"], observed=True, sort=False)
    for (school, subject), table in sorted(groups, key=lambda one: int(numbered.get(str(one[0][0]), 0))):
        at = (numbered.get(str(school), ""), str(subject))
        slopes = followed.slopes.merge(table[["pupil", "subject"]], on=["pupil", "subject"])["slope"].dropna()
        error = w.error[(w.error["school"] == school) & (w.error["subject"] == subject)]
        judged, n = table["state"] != "not judged", len(slopes)
        found += [
            _fact("series", "monitoring_count", len(table), *at),
            _fact("judged", "monitoring_count", int(judged.sum()), *at),
            _fact("alerts", "monitoring_alert", int(table["state"].isin(["alert", "look again"]).sum()), *at),
            *(
                _fact(
                    side, "monitoring_moved", int((went.reindex(table.index) == side).sum()), *at, n=int(judged.sum())
                )
                for side in ("fell", "rose")
            ),
            _fact("sem", "monitoring_drop", float(error["sem"].iloc[0]), *at, n=len(table)),
            _fact("sem_df", "monitoring_drop", float(error["df"].iloc[0]), *at),
            _fact("growth", "monitoring_growth", float(slopes.mean()) if n else None, *at, n=n),
            _fact("growth_sd", "monitoring_growth", float(slopes.std()) if n > 1 else None, *at, n=n),
        ]
        if followed.ceiling is not None:
            mine = followed.ceiling.merge(table[["pupil", "subject"]], on=["pupil", "subject"])
            found.append(_fact("ceiling", "monitoring_ceiling", int(mine["ceiling"].sum()), *at, n=len(mine)))
    return found + _bands(followed.scores)


def _bands(scores: pd.DataFrame) -> list[Fact]:
    """How many pupils are in each band at their last test; an order, so counted and never averaged."""
    if "band" not in scores:
        return []
    last = scores.dropna(subset=["band"]).sort_values("date").drop_duplicates(["pupil", "subject"], keep="last")
    return [
        _band(str(band), str(subject), int((table["band"] == band).sum()), len(table))
        for subject, table in last.groupby("subject", observed=True, sort=False)
        for band in reversed(table["band"].cat.categories)
    ]


def _fact(name: str, what: str, value: float | None, school: str = "", subject: str = "", n: int | None = None) -> Fact:
    place = "/".join(part for part in (school, subject, name) if part)
    made = Fact(f"monitoring/{place}", what, plain(value), subject, "test", school, "", n, kind="monitoring")
    return replace(made, table="followed", category=name)


def _band(band: str, subject: str, count: int, n: int) -> Fact:
    made = _fact(f"band_{band}", "monitoring_count", count, "", subject, n)
    return replace(made, table="bands", category=band)


def _school(number: str, code: str) -> Fact:
    made = Fact(f"monitoring/school_{number}", "monitoring_school", code, informant="test", arm=number)
    return replace(made, kind="monitoring", table="schools")


def _read(study: Study, block: Monitoring) -> tuple[pd.DataFrame, tuple[FileReading, ...]]:
    columns, ledger = block.columns.named(), Ledger()
    specs = [block.file.model_copy(update={"sheet": s}) for s in block.sheets] or [block.file]
    opened = [open_table(study, spec, set(columns.values()), ledger) for spec in specs]
    ledger.stop_if_unfit(study.language)
    tables = [without_missing(study, table) for table in opened if table is not None]
    signs = [decide_decimal(table, _numeric(table, block, columns)) for table in tables]
    frames = [_cells(table, block, columns, sign) for table, sign in zip(tables, signs, strict=True)]
    try:
        if block.shape == "sheets":
            scores = from_sheets(dict(zip(block.sheets, frames, strict=True)), columns)
        elif block.shape == "wide":
            scores = from_wide(frames[0], columns, str(block.pattern), block.moments)
        else:
            scores = from_long(frames[0], columns)
    except UnfitError as unfit:
        for found in unfit.problems:
            ledger.add(replace(found, file=found.file or block.file.path))  # one cause once, with its count
        ledger.stop_if_unfit(study.language)
        raise
    if len(tables) == 1:
        scores = check_monitored(study, scores, tables[0], ledger)
        ledger.stop_if_unfit(study.language)
    return scores, tuple(replace(table.reading, decimal=sign) for table, sign in zip(tables, signs, strict=True))


def _numeric(table: Table, block: Monitoring, columns: dict[str, str]) -> list[str]:
    """The columns that hold numbers: of a wide export all that are not named."""
    ours = {theirs: name for name, theirs in columns.items()}
    return [c for c in table.names if (ours[c] in NUMBERS if c in ours else block.shape == "wide")]


def _cells(table: Table, block: Monitoring, columns: dict[str, str], sign: str | None) -> pd.DataFrame:
    """The cells as the readers of exports want them; what does not convert stays as it is, for them to refuse."""
    kinds = {theirs: ours for ours, theirs in columns.items()}
    numeric = _numeric(table, block, columns)
    made: dict[str, list[object]] = {}
    for name in table.names:
        cells = [cell if shown(cell) else None for cell in table.cells(name)]
        if name in numeric:
            read = [cell if cell is None else number(cell, sign) for cell in cells]
            cells = [c if isinstance(r, str) else r for c, r in zip(cells, read, strict=True)]
        elif kinds.get(name) == "date":
            cells = [_iso(cell) if block.day_first else cell for cell in cells]
        else:
            cells = [None if cell is None else shown(cell) for cell in cells]
        made[name] = cells
    return pd.DataFrame(made)


def _iso(cell: object) -> object:
    day = DAY_FIRST.fullmatch(cell.strip()) if isinstance(cell, str) else None
    return f"{day[3]}-{int(day[2]):02}-{int(day[1]):02}" if day else cell
