"""Who answered: ids as they are written, the wave of every row, and where each pupil was at assignment."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from werkbank.errors import Said
from werkbank.intake.cells import distinct, is_date
from werkbank.intake.folding import CODE, all_codes, difference, keys
from werkbank.intake.layout import report_columns, wave_codes
from werkbank.intake.ledger import listed, nearest, shown
from werkbank.intake.lookalikes import NAMED
from werkbank.intake.model import DECLARED, ROLES
from werkbank.intake.moments import time_of, window_of, windows
from werkbank.study.model import WAVES
from werkbank.study.spelling import tidy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkbank.intake.ledger import Ledger
    from werkbank.intake.model import Table
    from werkbank.study.model import Study

# 1.0E+05, 1,23E+11 and 12345.0 are what spreadsheets and data programs make of the ids 100000, 123456789012 and 12345
SOME = 0.1  # of the schools; fewer with both arms are an exception, and no design
MOST, FEWEST_WHOLE = 0.8, 4  # of the pupils, and groups: whole groups were assigned
DAYS = ("%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y", "%d.%m.%Y")
CLOCK = re.compile(r"\d{1,2}:\d{2}")
FEW_DAYS = 5  # on each of which all filled in a form: a day a wave
NUMBERED = re.compile(r"[0-9](?:[.,][0-9]+)?E\+[0-9]+|[0-9]+[.,]0+", re.IGNORECASE)


def rows_of(study: Study, table: Table, ledger: Ledger) -> pd.DataFrame | None:
    """Return one file's rows: pupil, wave (canonical; '' when the row has none), teacher, class, school, arm, row.

    Also block and role, '' where the study file has none. Codes are checked against the study file. None when the file
    has no usable pupil column.
    """
    id_column = _id_column(study)
    if id_column is None:
        ledger.note("rows_are_pupils", file=table.path, n=len(table.rows))
        written = pupils = np.array([str(row) for row in table.rows], dtype=object)
    elif report_columns([id_column], table, ledger):
        pupils, written = _ids(table, id_column, ledger)
        ledger.cells("id_missing", table, id_column, pupils == "")
    else:
        return None
    known_waves = waves_of(study, table, ledger, pupils == "")
    frame = pd.DataFrame({"pupil": pupils, "pupil_raw": written, "wave": known_waves, "row": table.rows}, dtype=object)
    known: dict[str, Iterable[str]] = {"arm": study.arms, "role": study.role_codes}
    for role in (*ROLES, *DECLARED):
        column = study.block_column if role == "block" else study.columns.named().get(role)
        frame[role] = ""  # also of a column that stands there twice, which is a problem of its own
        if column is not None and column in table.names and report_columns([column], table, ledger):
            coded = known.get(role)
            if coded:
                frame[role] = _coded(study, role, table, column, coded, ledger)
            else:
                frame[role], frame[f"{role}_raw"] = _ids(table, column, ledger)
    roles = study.role_codes
    frame["role"] = frame["role"].map({code: roles.get(code, "") for code in frame["role"].unique()})
    for kind in NAMED:
        if f"{kind}_raw" not in frame and kind in frame:
            frame[f"{kind}_raw"] = frame[kind]
    return frame.assign(file=table.path)


def _id_column(study: Study) -> str | None:
    by_teacher = study.columns.teacher if study.unit == "teacher" else None
    return study.columns.named().get("pupil") or by_teacher


def _ids(table: Table, column: str, ledger: Ledger) -> tuple[np.ndarray, np.ndarray]:
    """Return a column as text, and as it was written; '' where empty.

    '007' stays '007', a workbook's whole numbers lose their '.0', and so does text in which all numbers have it.
    """
    codes, cells = distinct(table, column)
    if all_floats := _all_written_as_floats(cells):
        example = str(cells[0]).strip()
        cells = [cell.strip()[:-2] if isinstance(cell, str) and cell.strip() else cell for cell in cells]
        ledger.note("ids_point_zero", file=table.path, column=column, example=example)
    if all_codes(cells):  # a national file has a million: nothing in them is asked one by one
        written = np.array([*cells, ""], dtype=object)[codes]
        return written, written
    others = [i for i, cell in enumerate(cells) if not (isinstance(cell, str) and CODE.fullmatch(cell))]
    ledger.cells("id_damaged", table, column, np.isin(codes, [i for i in others if _is_damaged(cells[i])]))
    spaced = [i for i in others if isinstance(cells[i], str) and cells[i].strip() not in {"", cells[i]}]
    if spaced and not all_floats:
        ledger.note("ids_trimmed", file=table.path, column=column, n=int(np.isin(codes, spaced).sum()))
    written = [*map(shown, cells), ""]
    clean = [*written]
    for i in others:
        clean[i] = tidy(written[i])
    unseen = [i for i in others if clean[i] != written[i]]
    if unseen:
        n = int(np.isin(codes, unseen).sum())
        ledger.note("ids_unseen", file=table.path, column=column, n=n, pupils=written[unseen[0]])
    return np.array(clean, dtype=object)[codes], np.array(written, dtype=object)[codes]


def _all_written_as_floats(cells: list[object]) -> bool:
    """Whether a data program wrote every number of a column as 1.0, 2.0: an empty cell had made it a decimal column."""
    texts = [cell.strip() for cell in cells if isinstance(cell, str) and cell.strip()]
    return len(texts) > 1 and len(texts) == len(cells) and all(re.fullmatch(r"[0-9]+[.,]0", text) for text in texts)


def _is_damaged(cell: object) -> bool:
    if isinstance(cell, str):
        return is_date(cell) or cell.startswith("=") or NUMBERED.fullmatch(cell.strip()) is not None
    # beyond 15 digits a spreadsheet has already replaced the last ones by zeros
    return isinstance(cell, dt.date | dt.time) or (isinstance(cell, int | float) and abs(cell) >= 1e15)


def _coded(study: Study, what: str, table: Table, column: str, known: Iterable[str], ledger: Ledger) -> np.ndarray:
    """Return codes as the study file writes them: an SPSS code by its own, or by its value label; a date as a day."""
    codes, cells = distinct(table, column)
    labels = table.reading.labels.get(column, {})
    given = study.aliases.get(what, {})  # type: ignore[call-overload]
    alias = {tidy(old): new for old, new in given.items()} if isinstance(given, dict) else {}
    names, renamed = [], []
    days = windows(known) if what == "wave" else []
    for i, cell in enumerate(cells):
        if found_in := window_of(cell, days) if days else None:
            names.append(found_in)
            continue
        ways = [tidy(way) for way in (*ways_to_write(cell), str(labels.get(cell, "")))]
        meant = [way for way in dict.fromkeys(alias.get(way, way) for way in ways) if way in known]
        if len(meant) > 1:
            ledger.cells("code_and_label", table, column, codes == i, label=meant[1], block=f"{what}s")
        name = meant[0] if meant else ""
        if not name and given == "all":
            name = next(iter(code for code in known if keys(code) & keys(ways[0])), "")
        renamed += [i] if name and name not in ways else []
        names.append(name or ways[0])
    if renamed:
        ledger.note("aliases", column=column, n=int(np.isin(codes, renamed).sum()))
    found = np.asarray(np.array([*names, ""], dtype=object)[codes])
    if days:
        counts = ", ".join(f"{window.code}: {int((found == window.code).sum())}" for window in days)
        ledger.note("waves_by_time", file=table.path, column=column, counts=counts)
        ledger.cells("time_in_no_wave", table, column, ~np.isin(found, [*known, ""]), windows=listed(list(known)))
        return found
    strange = [i for i, name in enumerate(names) if name and name not in known]
    if what == "wave" and strange and _are_times(cells, table, column, ledger):
        return found
    twins = {i: code for i in strange for code in known if what != "role" and keys(code) & keys(names[i])}
    for i, code in twins.items():
        how = Said(f"problems.differs.{difference(code, names[i])}")
        told: dict[str, Any] = {"told_as": "code_alike", "kind": what, "nearest": code, "how": how, "block": f"{what}s"}
        ledger.cells(f"unknown_{what}", table, column, codes == i, **told)
    unlike = np.isin(codes, [i for i in strange if i not in twins])
    ledger.cells(f"unknown_{what}", table, column, unlike, known)
    return found


def _are_times(cells: list[object], table: Table, column: str, ledger: Ledger) -> bool:
    """Report once that a column of waves holds moments, where all its cells are; a few whole days are codes."""
    moments = [time_of(cell) if CLOCK.search(shown(cell)) or is_date(cell) else pd.NaT for cell in cells]
    if any(pd.isna(moment) for moment in moments):
        return False
    days = sorted({moment.date().isoformat() for moment in moments})
    if len(days) <= FEW_DAYS and all(moment == moment.normalize() for moment in moments):
        return False
    details = {"first": days[0], "last": days[-1], "n": len(days)}
    ledger.problem("wave_is_time", table.path, column=column, details=details)
    return True


def ways_to_write(cell: object) -> list[str]:
    """Return how a cell may be written: as it is, and a date as a day in the ways that people write one."""
    text = shown(cell)
    day = cell if isinstance(cell, dt.date) else _day(text)
    return [text] if day is None else [text, *(day.strftime(form) for form in DAYS)]


def _day(text: str) -> dt.date | None:
    found = re.fullmatch(r"((?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2})(?:[ T]00:00(?::00)?)?", text)
    try:
        return dt.date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None


def file_wave(study: Study, table: Table) -> str | None:
    """Return the canonical wave of a file that is wholly of one wave (an unknown code as it is written)."""
    code = table.spec.wave
    return None if code is None else wave_codes(study).get(code, code)


def waves_of(study: Study, table: Table, ledger: Ledger, nobody: np.ndarray) -> np.ndarray:
    """Return the canonical wave of each row, '' where neither the row nor the file has one.

    `nobody` marks rows without a pupil, which are a problem already.
    """
    codes, column = wave_codes(study), study.columns.wave
    whole = file_wave(study, table)
    if whole is not None and whole not in WAVES:
        details = nearest(whole, codes)
        ledger.problem("unknown_wave", study.file, column="files", value=whole, details=details)
    if column is None or column not in table.names:
        return np.full(len(table.rows), whole or "", dtype=object)
    if not report_columns([column], table, ledger):
        return np.full(len(table.rows), "", dtype=object)
    found = _coded(study, "wave", table, column, codes, ledger)
    canonical = np.array([codes.get(str(f), "") for f in found], dtype=object)
    if whole is None:
        ledger.cells("wave_missing", table, column, (found == "") & ~nobody)
        return canonical
    ledger.cells("wave_conflict", table, column, (canonical != "") & (canonical != whole), wave=whole)
    return np.full(len(table.rows), whole, dtype=object)


def check_rows(study: Study, rows: pd.DataFrame, ledger: Ledger) -> None:
    """Look for ids that do not fit together, pupils in two arms, without an arm, and double rows within a file."""
    named = rows[rows["pupil"] != ""]
    if _numbers_restart(study, named, ledger):
        return
    if ledger.has("unknown_wave") or ledger.has("wave_is_time"):
        return  # rows of which the wave is not known would look double
    double = named.duplicated(["file", "pupil", "wave"])
    if double.any() and _one_wave_of_two_codes(study, ledger):
        return
    twice = named[named["pupil"].isin(named["pupil"][double])] if double.any() else named[double]
    first = twice.drop_duplicates(["file", "pupil", "wave"]).set_index(["file", "pupil", "wave"])["row"]
    ledger.people(
        "duplicate_pupil_wave", named[double], _id_column(study),
        lambda row: {"other": int(first.loc[(row.file, row.pupil, row.wave)]), "wave": row.wave or "–"},
    )  # fmt: skip
    if study.columns.arm is None or "arm" not in rows or rows["arm"].isna().any():  # in a file that has it twice
        return
    in_arms = named[named["arm"] != ""].drop_duplicates(["pupil", "arm"])
    known = in_arms[in_arms["arm"].isin(study.arms)] if study.arms else in_arms
    both = known[known.duplicated("pupil", keep=False)]
    start = both.drop_duplicates("pupil").set_index("pupil")
    moved = both[both.duplicated("pupil")].drop_duplicates("pupil")
    moved = moved.set_index("pupil", drop=False).loc[start.index]  # in the order in which they are first seen

    def in_two(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of a frame
        one = start.loc[row.pupil]
        return {"arms": f"{one.arm}, {row.arm}", "other": int(one.row), "other_file": one.file}

    ledger.people("pupil_in_two_arms", moved, study.columns.arm, in_two)
    without = named[~named["pupil"].isin(in_arms["pupil"])].drop_duplicates("pupil")
    if ledger.has("column_double"):
        return  # the column may be the one that was not read
    ledger.people("arm_missing", without, study.columns.arm, lambda _: {"valid": ", ".join(study.arms)})


def _one_wave_of_two_codes(study: Study, ledger: Ledger) -> bool:
    """Report once that two codes stand for one wave, where pupils have several rows at a wave."""
    waves = list(study.waves.values())
    twice = next((wave for wave in waves if waves.count(wave) > 1), None)
    if twice is None:
        return False
    codes = ", ".join(code for code, wave in study.waves.items() if wave == twice)
    ledger.problem("waves_collide", study.file, column="waves", value=str(twice), details={"codes": codes})
    return True


def _numbers_restart(study: Study, named: pd.DataFrame, ledger: Ledger) -> bool:
    """Report once that pupils are numbered anew in every class, where most numbers occur in several at one wave."""
    if len(study.columns.key) != 1 or study.columns.class_ is None:
        return False
    placed = named[named["class"] != ""].drop_duplicates(["pupil", "wave", "class"])
    if placed.empty:
        return False
    several = placed[placed.duplicated(["pupil", "wave"], keep=False)]
    if several["pupil"].nunique() * 2 < named["pupil"].nunique() or several["pupil"].nunique() < 2:
        return False
    first = several.iloc[0]
    two = several[(several["pupil"] == first["pupil"]) & (several["wave"] == first["wave"])].iloc[:2]
    counted = {"n": several["pupil"].nunique(), "n_all": named["pupil"].nunique()}
    place = {"other": int(two["row"].iloc[0]), "other_file": two["file"].iloc[0]}
    details = {**counted, **place, "classes": listed(two["class"].tolist()), "class_column": study.columns.class_}
    where = {"column": study.columns.key[0], "row": int(two["row"].iloc[1]), "value": two["pupil"].iloc[1]}
    ledger.problem("numbers_restart", two["file"].iloc[1], **where, details=details)
    return True


def at_assignment(study: Study, rows: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Return each pupil's teacher, class, school and arm at the first wave seen, and note who changed.

    Rows without a wave (background files, wide files) come first. A class name that several schools use becomes
    "school / class", since classes with one name in two schools are two classes.
    """
    order = {"": -1, **{wave: n for n, wave in enumerate(WAVES)}}
    ranks = rows["wave"].map(order).to_numpy()
    in_time = rows.iloc[ranks.argsort(kind="stable")] if (np.diff(ranks) < 0).any() else rows
    roles = [*ROLES, *(["block"] if study.block_column else []), *(["role"] if study.columns.role else [])]
    pupils, changes = _firsts(in_time, roles)
    pupils = pupils.loc[rows["pupil"].drop_duplicates()]
    for role in roles:
        if role == "arm" or (role == "block" and study.design.blocks in ROLES):
            continue  # an arm that changes is a problem; of a block that is the school, the school says it
        changed = changes[role]
        if changed and not (role == "teacher" and study.unit == "teacher"):
            ledger.note(f"{role}_changed", n=len(changed), pupils=listed(changed))
    pairs = pupils[["school", "class"]].dropna().drop_duplicates()
    reused = pairs["class"][pairs["class"].duplicated()].nunique()
    if reused:
        ledger.note("class_names_reused", n=reused)
        both = pupils["school"].notna() & pupils["class"].notna()
        pupils.loc[both, "class"] = pupils["school"][both] + " / " + pupils["class"][both]
    if study.design.blocks in ROLES:
        pupils["block"] = pupils[study.design.blocks]
    if study.columns.arm is None and len(study.arms) == 1:
        pupils["arm"] = next(iter(study.arms))
    unit = study.design.assigned_by if study.design.assigned_by != "pupil" else "class"
    first_seen = in_time[in_time[unit] != ""].drop_duplicates("pupil").set_index("pupil")["wave"].map(order)
    pupils = _check_units(study, pupils, first_seen, ledger)
    _check_blocks(study, pupils, ledger)
    return pupils


def _firsts(rows: pd.DataFrame, roles: list[str]) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Return the first that is known of every pupil in each role, and for each role the pupils of whom it changes."""
    ids, seen = pd.factorize(rows["pupil"])
    who = pd.Index(list(seen), name="pupil")
    firsts, changes = {}, {}
    for role in roles:
        codes, values = pd.factorize(rows[role].where(rows[role] != ""))
        there = codes >= 0
        first = np.full(len(who), -1)
        first[ids[there][::-1]] = codes[there][::-1]
        found = np.array([*values, np.nan], dtype=object)[first].tolist()
        firsts[role] = pd.Series(found, who, dtype=None if rows[role].dtype == object else rows[role].dtype)
        later = there & (codes != first[ids])
        changes[role] = list(who[pd.unique(ids[later])])
    return pd.DataFrame(firsts, index=who, columns=roles), changes


def _check_units(study: Study, pupils: pd.DataFrame, first_seen: pd.Series, ledger: Ledger) -> pd.DataFrame:
    """A unit that was assigned as a whole is known for every pupil and lies in one arm.

    A pupil who is first seen, after the start, in a class of another arm has moved there before being seen: the class
    at assignment is then unknown, which is noted, and not a class in two arms.
    """
    unit = study.design.assigned_by
    if unit == "pupil" or (unit == "teacher" and study.unit == "teacher"):
        return pupils
    column = study.columns.named().get(unit)
    without = [str(pupil) for pupil in pupils.index[pupils[unit].isna()]]
    ledger.named("unit_missing", study.file, column, without, {"unit": column, "of_data": True})
    if study.columns.arm is None:
        return pupils
    moved: list[str] = []
    arms = pupils[[unit, "arm"]].dropna()
    # target and transfer pupils of one teacher are in one arm of the lots: that of the coached
    lots = {arm: "coached" if role in {"target", "transfer"} else arm for arm, role in study.arms.items()}
    arms["arm"] = arms["arm"].astype(object).map(lots)
    mixed = arms.groupby(unit, observed=True)["arm"].nunique()
    for name, members in arms[arms[unit].isin(mixed.index[mixed > 1])].groupby(unit, sort=False):
        seen = first_seen.reindex(members.index)
        at_start = members["arm"][seen == seen.min()].unique()
        if len(at_start) > 1:
            sizes = members["arm"].value_counts()
            few = members.index[members["arm"] == sizes.index[-1]].astype(str).tolist()
            counts = ", ".join(f"{arm}: {n}" for arm, n in sizes.items())
            details = {
                "unit": column,
                "of_data": True,
                "arms": ", ".join(at_start),
                "counts": counts,
                "pupils": listed(few[:5]),
            }
            ledger.problem("unit_in_two_arms", study.file, column=column, value=str(name), details=details)
        else:
            moved += members.index[members["arm"] != at_start[0]].tolist()
    if moved:
        pupils.loc[moved, [unit, *({"class", "teacher"} - {unit})]] = np.nan
        ledger.note("unit_unknown", n=len(moved), pupils=listed(moved), unit=column)
    return pupils


def _check_blocks(study: Study, pupils: pd.DataFrame, ledger: Ledger) -> None:
    """Blocks hold whole units; whose block is unknown is counted; and blocks that were not declared are asked for."""
    unit = study.design.assigned_by
    if study.block_column is None:
        _ask_for_blocks(study, pupils, ledger)
        return
    if n := int(pupils["block"].isna().sum()):
        ledger.note("block_unknown", n=n, n_all=len(pupils), column=study.block_column)
    if unit == "pupil":
        return
    pairs = pupils[[unit, "block"]].dropna().drop_duplicates()
    column = study.columns.named().get(unit)
    for name, blocks in pairs[pairs[unit].duplicated(keep=False)].groupby(unit, sort=False)["block"]:
        details = {"unit": column, "of_data": True, "blocks": listed(blocks.tolist())}
        ledger.problem("unit_in_two_blocks", study.file, column=study.block_column, value=str(name), details=details)


def held_whole(groups: pd.Series, arms: pd.Series) -> pd.Series | None:
    """Tell of each pupil whether their group holds one arm only, where that is how groups were made; else None.

    Pupils who were assigned one by one seldom end up in groups of one arm: where 80 % of the pupils who have a
    group-mate do, whole groups were assigned, and the others are slips or moves. NaN without a group.
    """
    known = pd.DataFrame({"group": groups, "arm": arms.astype(object)}).dropna()
    of = known.groupby("group", observed=True)["arm"].agg(["nunique", "size"])
    several = of[of["size"] > 1]
    whole = several["nunique"] == 1
    if int(whole.sum()) < FEWEST_WHOLE or several.loc[whole, "size"].sum() < MOST * several["size"].sum():
        return None
    return groups.map(of["nunique"] == 1)


def _ask_for_whole_groups(study: Study, pupils: pd.DataFrame, ledger: Ledger) -> str:
    """Pupils who were assigned one by one, and yet whole classes (teachers, schools) in one arm: ask.

    Returns the level that was assigned as it seems.
    """
    for level in ("class", "teacher", "school") if study.design.assigned_by == "pupil" else ():
        whole = None if study.design.individual_arms else held_whole(pupils[level], pupils["arm"])
        if whole is not None and pupils[level].nunique() < pupils[level].count():
            of = whole.groupby(pupils[level]).first()
            counts = {"n": int(of.sum()), "n_all": len(of)}
            ledger.note("whole_groups_question", **counts, column=study.columns.named().get(level), level=level)
            return level
    return study.design.assigned_by


def _ask_for_blocks(study: Study, pupils: pd.DataFrame, ledger: Ledger) -> None:
    """Both arms in one school (class, teacher) may mean that lots were drawn in it, and then the analysis differs."""
    above = {"pupil": ("class", "teacher", "school"), "class": ("school",), "teacher": ("school",)}
    if study.columns.arm is None or study.unit == "teacher" or study.lot is not None:
        return
    assigned = _ask_for_whole_groups(study, pupils, ledger)
    for level in () if study.design.blocks is False else above.get(assigned, ()):
        within = pupils[[level, "arm"]].dropna()
        pairs = within.astype(str).drop_duplicates()
        both, n_all = pairs[level][pairs[level].duplicated()].nunique(), pairs[level].nunique()
        if both > 1 and both >= SOME * n_all:
            ledger.note("blocks_question", n=both, n_all=n_all, column=study.columns.named().get(level), level=level)
