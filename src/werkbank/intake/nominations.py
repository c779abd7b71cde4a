"""A file with who named whom -> a file with a row for each pupil: how it stands among its classmates.

Who named whom goes no further than this: what is handed on are scores of pupils, as any other ready score. Nothing is
guessed: a code that is nobody's in the class, and a classmate who was named twice or as both, are problems.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from werkbank.intake.cells import plain
from werkbank.intake.columns import Column
from werkbank.intake.ledger import brief, nearest, shown
from werkbank.statistics.sociometric import named_share, social_impact, social_preference
from werkbank.study.model import KEY
from werkbank.study.parts import PEERS
from werkbank.study.spelling import tidy

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from werkbank.intake.ledger import Ledger
    from werkbank.intake.model import Table
    from werkbank.study.model import Study
    from werkbank.study.parts import Nominations

EMPTY = {"", "-", "–"}
LIKED, DISLIKED = "liked", "disliked"


@dataclass(frozen=True)
class _Named:
    """One nomination as it stands in a cell."""

    column: str
    row: int
    who: str
    whom: str
    kind: str


def with_standings(study: Study, tables: list[Table], ledger: Ledger) -> list[Table]:
    """Return the tables with, in the place of nominations, what these say of each pupil.

    A class in which too few named somebody has no scores (empty cells), and neither has one in which all were named
    equally often; both are counted in a note. Pupils of a class are those that the other files have in it, at any wave:
    who was absent can be named.
    """
    if not any(table.spec.nominations for table in tables):
        return tables
    roster = _roster(study, [table for table in tables if table.spec.nominations is None])
    made = []
    for table in tables:
        how = table.spec.nominations
        usable = how is None or _is_usable(study, table, how, roster, ledger)
        made.append(table if how is None or not usable else _standings(study, table, how, roster, ledger))
    if ledger.has("nominations_none"):
        ledger.stop_if_unfit(study.language)  # that its columns are empty would only repeat that
    return made


def _roster(study: Study, tables: list[Table]) -> dict[str, str]:
    """Return pupil -> class, as the other files have it first; without a column for it all are one class."""
    known: dict[str, str] = {}
    pupil, room = study.columns.named().get("pupil", ""), study.columns.class_
    for table in tables:
        if pupil not in table.names or (room is not None and room not in table.names):
            continue
        rooms = table.cells(room) if room is not None else np.full(len(table.rows), "")
        for who, where in zip(table.cells(pupil), rooms, strict=True):
            if tidy(shown(who)) and (room is None or tidy(shown(where))):
                known.setdefault(tidy(shown(who)), tidy(shown(where)))
    return known


def _is_usable(study: Study, table: Table, how: Nominations, roster: dict[str, str], ledger: Ledger) -> bool:
    """Whether the columns are there, and it is known who is in which class."""
    pupil = study.columns.named().get("pupil")
    if pupil is None:
        ledger.problem("pupil_column_needed", study.file, column="columns.pupil")
        return False
    lacking = [name for name in (pupil, *how.columns) if name not in table.names]
    for name in lacking:
        ledger.problem("column_missing", table.path, column=name, details=nearest(name, table.names))
    if not roster:
        ledger.problem("nominations_no_class", table.path)
    return not lacking and bool(roster)


def _standings(study: Study, table: Table, how: Nominations, roster: dict[str, str], ledger: Ledger) -> Table:
    pupil = str(study.columns.named().get("pupil"))
    given = _by_pupils(table, list(_read(table, how, pupil, ledger)), pupil, roster, ledger)
    nominations = _checked(table, given, roster, ledger)
    scores: dict[str, np.ndarray] = {}
    few = even = 0
    for room in dict.fromkeys(roster.values()):
        members = [who for who, where in roster.items() if where == room]
        mine = [one for one in nominations if roster[one.who] == room]
        nominators = {one.who for one in mine}
        if not mine:
            continue  # a class that was not asked
        if len(nominators) < how.fewest or len(nominators) < how.share * len(members):
            few += 1
            continue
        found = _of_class(members, mine, nominators)
        even += bool(np.isnan(found[:, 0]).any())
        scores |= dict(zip(members, found, strict=True))
    asked = {roster[one.who] for one in nominations}
    told = {"file": table.path, "fewest": how.fewest, "share": f"{how.share * 100:g}"}
    ledger.note("nominations.read", file=table.path, n=len(nominations), n_classes=len(asked))
    if few:
        ledger.note("nominations.few", n=few, **told)
    if even:
        ledger.note("nominations.even", file=table.path, n=even)
    if few + even == len(asked) and not ledger.unfit:
        ledger.problem("nominations_none", table.path, details={**told, "few": few, "even": even})
    return _as_table(table, pupil, [who for who, room in roster.items() if room in asked], scores)


def _read(table: Table, how: Nominations, pupil: str, ledger: Ledger) -> Iterator[_Named]:
    """Yield what was filled in, by row: one nomination a row, or one pupil a row and a nomination a cell."""
    who = [tidy(shown(cell)) for cell in table.cells(pupil)]
    rows = [int(row) for row in table.rows]
    if how.whom and how.kind:
        meant = {plain(word): kind for kind, words in ((LIKED, how.liked), (DISLIKED, how.disliked)) for word in words}
        said = zip(rows, who, table.cells(how.whom), table.cells(how.kind), strict=True)
        for row, name, whom, kind in said:
            found = meant.get(plain(shown(kind)))
            if found is None:
                valid = ", ".join([*how.liked, *how.disliked])
                where = {"column": how.kind, "row": row, "value": brief(shown(kind))}
                ledger.problem("nominations_kind", table.path, **where, details={"valid": valid})
            elif tidy(shown(whom)) not in EMPTY:
                yield _Named(how.whom, row, name, tidy(shown(whom)), found)
        return
    for kind, columns in ((LIKED, how.liked), (DISLIKED, how.disliked)):
        for column in columns:
            for row, name, whom in zip(rows, who, table.cells(column), strict=True):
                if tidy(shown(whom)) not in EMPTY:
                    yield _Named(column, row, name, tidy(shown(whom)), kind)


def _by_pupils(table: Table, given: list[_Named], pupil: str, roster: dict[str, str], ledger: Ledger) -> list[_Named]:
    """Return the nominations by pupils of the study; any other who named is a problem, told once a row."""
    rows = {one.row: one.who for one in given if one.who not in roster}
    for row, who in rows.items():
        where = {"column": pupil, "row": row, "value": brief(who)}
        ledger.problem("nominations_unknown", table.path, **where, details=nearest(who, roster))
    return [one for one in given if one.who in roster]


def _checked(table: Table, given: list[_Named], roster: dict[str, str], ledger: Ledger) -> list[_Named]:
    """Return the nominations of classmates; what cannot be right is a problem, what does not count is counted."""
    kept: dict[tuple[str, str], _Named] = {}
    own = elsewhere = 0
    for one in given:
        whom = one.whom if one.whom in roster else _of_own_class(one)
        where = {"column": one.column, "row": one.row, "value": brief(one.whom)}
        if whom not in roster:
            ledger.problem("nominations_unknown", table.path, **where, details=nearest(one.whom, roster))
        elif whom == one.who:
            own += 1
        elif roster[whom] != roster[one.who]:
            elsewhere += 1
        elif (first := kept.get((one.who, whom))) is not None:
            code = "nominations_twice" if first.kind == one.kind else "nominations_contradict"
            ledger.problem(code, table.path, **where, details={"first": first.row})
        else:
            kept[one.who, whom] = replace(one, whom=whom)
    if own:
        ledger.note("nominations.own", file=table.path, n=own)
    if elsewhere:
        ledger.note("nominations.elsewhere", file=table.path, n=elsewhere)
    return list(kept.values())


def _of_own_class(one: _Named) -> str:
    """Return the whole key of a classmate of whom the number alone was filled in, where numbers restart by class."""
    return KEY.join([*one.who.split(KEY)[:-1], one.whom])


def _of_class(members: list[str], named: list[_Named], nominators: set[str]) -> np.ndarray:
    """Return of each pupil of a class what `PEERS` lists."""
    times = {kind: Counter(one.whom for one in named if one.kind == kind) for kind in (LIKED, DISLIKED)}
    liked, disliked = ([times[kind][who] for who in members] for kind in (LIKED, DISLIKED))
    could = [len(nominators) - (who in nominators) for who in members]
    return np.column_stack([
        social_preference(liked, disliked), social_impact(liked, disliked),
        named_share(liked, could), named_share(disliked, could),
    ])  # fmt: skip


def _as_table(table: Table, pupil: str, members: list[str], scores: dict[str, np.ndarray]) -> Table:
    """Return a table with a row a pupil, numbered by its own first row in the file, where it has one."""
    own = dict(zip(reversed([tidy(shown(c)) for c in table.cells(pupil)]), reversed(table.rows.tolist()), strict=True))
    nothing = np.full(len(PEERS), np.nan)
    cells = np.array([scores.get(who, nothing) for who in members], dtype=float).reshape(-1, len(PEERS))
    columns = [[None if np.isnan(value) else float(value) for value in cells[:, n]] for n in range(len(PEERS))]
    rows = np.array([own.get(who, 1) for who in members], dtype=np.int64)
    made = (Column.of(members), *(Column.of(values) for values in columns))
    return replace(table, names=(pupil, *PEERS), columns=made, rows=rows)


def check_arms(study: Study, pupils: pd.DataFrame, ledger: Ledger) -> None:
    """Refuse to compare arms on what has the same mean in every class, where each class is wholly in one arm.

    And say, where arms are compared within classes, that what one wins here another loses.
    """
    relative = [one.id for one in study.outcomes if _columns_of(one.column) & set(PEERS[:2])]
    if not relative or not any(spec.nominations for spec in study.files) or study.design.kind == "association":
        return
    arms = (
        pupils.groupby("class", observed=True)["arm"].nunique() if study.columns.class_ else pupils[["arm"]].nunique()
    )
    if study.compared and (arms > 1).any():
        ledger.note("nominations.relative", outcomes=", ".join(relative))
        return
    for name in relative:
        ledger.problem("nominations_same_mean", study.file, column="outcomes", value=name)


def _columns_of(column: str | dict[str, str] | None) -> set[str]:
    return set(column.values()) if isinstance(column, dict) else {column} if column else set()
