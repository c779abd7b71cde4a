"""Names that may be one: found by what they differ in, and settled by the study file or refused.

A pupil, class or school that is spelled in two ways becomes two without a word, and a split class doubles the units of
an analysis. Nobody but the user knows whether two spellings are one name.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from werkbank.errors import Problem, Said
from werkbank.intake.folding import CODE, all_codes, code_key, difference, is_summary, is_unknown, keys, may_be_one
from werkbank.intake.ledger import listed, shown
from werkbank.study.spelling import tidy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkbank.intake.ledger import Ledger
    from werkbank.intake.model import Table
    from werkbank.study.model import Study

NAMED = ("pupil", "teacher", "class", "school", "block")
PAIRS = 3  # that a message names; the others are counted
NEAR = 1  # letters by which two names may differ to be worth a question
SHORTEST = 5  # letters of a name of which one may be a slip
MOST = 3000  # names that are compared with each other


@dataclass(frozen=True)
class Spelling:
    """A name as it stands in the files: how often, and where first."""

    text: str
    n: int
    file: str
    row: int


def settled(study: Study, frames: dict[str, pd.DataFrame | None], ledger: Ledger) -> dict[str, pd.DataFrame | None]:
    """Return the rows of every file with names spelled in one way; what the study file leaves open is a problem.

    Parameters
    ----------
    frames : dict
        Path -> rows as `people.rows_of` gives them, each name as written beside its ``<kind>_raw``.
    ledger
        Gets a problem for each kind of name with look-alikes, and for words that only say that there is no name; a
        note for what was joined by `aliases`, and for names that are merely near.
    """
    known = [frame for frame in frames.values() if frame is not None]
    if not known:
        return frames
    rows = pd.concat(known, ignore_index=True)
    made = dict(frames)
    for kind in ("school", *(kind for kind in NAMED if kind != "school")):  # classes are looked for within a school
        if kind == "pupil" and _rows_are_pupils(study):
            continue
        _check_words(study, kind, rows, ledger)
        names = _joined(study, kind, rows, ledger)
        if kind == "pupil" and not ledger.unfit:
            _note_zeros(rows[kind], ledger)
        rows = _renamed(rows, kind, names)
        made = {path: None if frame is None else _renamed(frame, kind, names) for path, frame in made.items()}
    raw = [f"{kind}_raw" for kind in NAMED]
    return {path: None if frame is None else frame.drop(columns=raw) for path, frame in made.items()}


def one_spelling(
    study: Study, kind: str, table: Table, column: str, ledger: Ledger, within: pd.Series | None = None
) -> list[str]:
    """Return the names in a column of a file of its own (a monitoring export) in one spelling, as `settled` does."""
    cells = table.column(column)
    texts = list(map(shown, cells.different))
    tidied = [tidy(name) for name in texts]
    whole = [cell if isinstance(cell, str) else text for cell, text in zip(cells.different, texts, strict=True)]
    unseen = [i for i, (text, name) in enumerate(zip(whole, tidied, strict=True)) if text != name]
    if unseen:
        n = int(np.isin(cells.codes, unseen).sum())
        ledger.note("ids_unseen", file=table.path, column=column, n=n, pupils=whole[unseen[0]])
    written, clean = cells.spread(texts, ""), cells.spread(tidied, "")
    scope = "" if within is None else within.fillna("").astype(str).to_numpy()
    frame = pd.DataFrame({kind: clean, f"{kind}_raw": written, "school": scope, "row": table.rows, "file": table.path})
    if kind == "school":
        frame["school"] = clean
    frame["wave"] = ""
    _check_words(study, kind, frame, ledger, column)
    names = _joined(study, kind, frame, ledger, column)
    return [names.get(("", raw), name) for raw, name in zip(written, clean, strict=True)]


def _rows_are_pupils(study: Study) -> bool:
    return study.columns.pupil is None and not (study.unit == "teacher" and study.columns.teacher)


def _column(study: Study, kind: str) -> str:
    named = study.columns.named()
    if kind == "pupil" and study.columns.pupil is None:
        return named.get("teacher", kind)
    return str(study.block_column) if kind == "block" else named.get(kind, kind)


def _renamed(frame: pd.DataFrame, kind: str, names: dict[tuple[str, str], str]) -> pd.DataFrame:
    if not names:
        return frame
    pairs = zip(_scope(kind, frame), frame[f"{kind}_raw"], frame[kind], strict=True)
    return frame.assign(**{kind: [names.get((place, raw), clean) for place, raw, clean in pairs]})


def _scope(kind: str, rows: pd.DataFrame) -> pd.Series:
    """Return within what a name is looked for again: classes and teachers belong to a school."""
    if kind in {"class", "teacher"}:
        return rows["school"].map({name: min(keys(name)) if name else "" for name in rows["school"].unique()})
    return pd.Series("", rows.index)


def _check_words(study: Study, kind: str, rows: pd.DataFrame, ledger: Ledger, column: str | None = None) -> None:
    allowed = {name for names in study.distinct for name in names}
    names = rows[kind]
    found = names.unique()
    words = [] if all_codes(found) else [name for name in found if not CODE.fullmatch(name)]
    strange = {n: "id_unknown" for n in words if is_unknown(n)}
    strange |= {n: "id_summary" for n in words if kind == "pupil" and is_summary(n)}
    if kind == "pupil" and len(strange) * 2 > len(found):
        return  # where every other name is such a word, these are codes
    for name, code in strange.items():
        if name in allowed:
            continue
        found = rows[names == name]
        for file, part in found.groupby("file", sort=False):
            at = [int(row) for row in part["row"]]
            ledger.add(Problem(code, str(file), column or _column(study, kind), at[0], name), len(at), at[1:6])


def _joined(
    study: Study, kind: str, rows: pd.DataFrame, ledger: Ledger, named: str | None = None
) -> dict[tuple[str, str], str]:
    """Return {(scope, spelling): name} for what is to be renamed."""
    column = named or _column(study, kind)
    declared = study.aliases.get(kind, {})  # type: ignore[call-overload]
    given = {tidy(old): new for old, new in declared.items()} if isinstance(declared, dict) else {}
    counted = _counted(kind, rows)
    if given:
        seen = {*counted["raw"], *counted["clean"]}
        if unused := [old for old in given if old not in seen]:
            ledger.note("alias_unused", column=column, n=len(unused), pupils=listed(unused))
    compared = counted[_worth_comparing(counted, given)]
    names: dict[tuple[str, str], str] = {}
    open_groups: list[list[Spelling]] = []
    by_scope: dict[str, list[Spelling]] = {scope: [] for scope in counted["scope"].unique()}
    for one in compared.itertuples():
        by_scope[one.scope].append(Spelling(one.raw, int(one.n), str(one.file), int(one.row)))
    for scope, spelled in by_scope.items():
        cleaned = {s.text: given.get(tidy(s.text), tidy(s.text)) for s in spelled}
        names |= {(scope, s.text): cleaned[s.text] for s in spelled if cleaned[s.text] != tidy(s.text)}
        alike = _alike(spelled, cleaned, _apart(study), as_names=kind != "pupil" or _are_names(spelled, len(counted)))
        if declared == "all":
            names |= {(scope, s.text): _commonest(group) for group in alike for s in group}
        open_groups += [] if declared == "all" else alike
    if open_groups:
        _report(kind, column, open_groups, ledger)
    elif kind != "block":
        _note_near(study, column, {*names.values(), *compared["clean"]} - {old for _, old in names}, rows, ledger)
    found = zip(compared["scope"], compared["raw"], compared["clean"], compared["n"], strict=True)
    if changed := sum(int(n) for scope, raw, clean, n in found if names.get((scope, raw), clean) != clean):
        ledger.note("aliases", column=column, n=changed)
    return names


def _counted(kind: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the spellings of a kind of name in the order of the rows: scope, raw, clean, n, first file and row."""
    scope, raw = _scope(kind, rows).to_numpy(dtype=object), rows[f"{kind}_raw"].to_numpy(dtype=object)
    at = (rows[kind].to_numpy(dtype=object) != "").nonzero()[0]
    scopes, raws = pd.factorize(scope[at])[0], pd.factorize(raw[at])[0]
    ids, which = pd.factorize(scopes * (int(raws.max(initial=0)) + 1) + raws)
    first = np.zeros(len(which), dtype=np.intp)
    first[ids[::-1]] = at[::-1]
    there = {"clean": rows[kind], "file": rows["file"], "row": rows["row"]}
    columns = {name: column.to_numpy(dtype=object)[first] for name, column in there.items()}
    counts = np.bincount(ids, minlength=len(which))
    return pd.DataFrame({"scope": scope[first], "raw": raw[first], "n": counts, **columns}, dtype=object)


def _worth_comparing(counted: pd.DataFrame, given: dict[str, str]) -> np.ndarray:
    """Return which spellings may be like another: all but codes whose one key nothing else has.

    A national file has a million pupils, and nearly all of them are called by a code.
    """
    scopes, raws = counted["scope"].tolist(), counted["raw"].tolist()
    if not given and raws == counted["clean"].tolist() and all_codes(raws):
        return np.zeros(len(raws), dtype=bool)
    known = [
        None if raw != clean or raw in given else code_key(raw)
        for raw, clean in zip(raws, counted["clean"].tolist(), strict=True)
    ]
    times = Counter(zip(scopes, known, strict=True))
    others = set()
    for scope, raw, key in zip(scopes, raws, known, strict=True):
        if key is None and len(times) > 1:
            others |= {(scope, one) for one in keys(given.get(tidy(raw), tidy(raw)))}
    lone = [
        key is not None and times[scope, key] == 1 and (scope, key) not in others
        for scope, key in zip(scopes, known, strict=True)
    ]
    return ~np.array(lone, dtype=bool)


def _note_zeros(names: pd.Series, ledger: Ledger) -> None:
    """Numbers of which some begin with a zero, and that are not equally long, may have lost zeros."""
    found = names.unique()
    if all_codes(found):
        return  # as long as each other
    ids = [name for name in found if name.isascii() and name.isdigit()]
    zeros = [name for name in ids if name.startswith("0")]
    if zeros and len(set(map(len, ids))) > 1:
        ledger.note("ids_zeros", n=len(zeros), total=len(ids), example=zeros[0])


def _apart(study: Study) -> set[frozenset[str]]:
    return {frozenset(map(tidy, pair)) for names in study.distinct for pair in combinations(names, 2)}


def _are_names(spelled: list[Spelling], n: int) -> bool:
    """Whether most of `n` pupils are called by words: AB12 and ab12 are codes all the same, and compared as such."""
    return sum(" " in s.text.strip() for s in spelled) * 2 > n


def _commonest(group: list[Spelling]) -> str:
    return tidy(max(group, key=lambda s: s.n).text)


def _alike(
    spelled: list[Spelling], cleaned: dict[str, str], apart: set[frozenset[str]], *, as_names: bool
) -> list[list[Spelling]]:
    """Return the groups of spellings that share a key, but for those that the study file says are two or one."""
    by_key: dict[str, list[Spelling]] = defaultdict(list)
    for s in spelled:
        for key in keys(cleaned[s.text]):
            if as_names or "·" not in key:
                by_key[key].append(s)
    groups: dict[frozenset[str], list[Spelling]] = {}
    for found in by_key.values():
        group = [s for s in found if any(_open(s, other, cleaned, apart) for other in found)]
        if len(group) > 1:
            groups[frozenset(s.text for s in group)] = group
    return [group for name, group in groups.items() if not any(name < other for other in groups)]


def _open(one: Spelling, other: Spelling, cleaned: dict[str, str], apart: set[frozenset[str]]) -> bool:
    """Whether two spellings still ask for an answer."""
    if one.text == other.text:
        return False
    a, b = cleaned[one.text], cleaned[other.text]
    if a == b:  # the same but for what cannot be seen, or made the same by an alias
        return tidy(one.text) == tidy(other.text)
    return frozenset((a, b)) not in apart and may_be_one(a, b)


def _report(kind: str, column: str, alike: list[list[Spelling]], ledger: Ledger) -> None:
    """Name what looks alike, with rows and counts: one problem for a kind of name."""
    pairs = []
    for group in alike[:PAIRS]:
        spelled = [
            Said("problems.spelling", {"name": s.text, "n": s.n, "row": s.row, "file": s.file}) for s in group[:3]
        ]
        pairs.append(Said("problems.spellings", {"names": tuple(spelled)}))
    first = alike[0]
    kept = max(first, key=lambda s: s.n)
    other = next(s for s in first if s is not kept)
    how = dict.fromkeys(difference(group[0].text, s.text) for group in alike for s in group[1:])
    details: dict[str, Any] = {
        "kind": kind,
        "pairs": tuple(pairs),
        "how": tuple(Said(f"problems.differs.{name}") for name in how),
        "n": len(alike),
        "old": other.text,
        "new": kept.text,
    }
    unseen = tidy(other.text) == tidy(kept.text)
    code = "lookalikes_unseen" if unseen else "lookalikes"
    ledger.problem(code, other.file, column=column, row=other.row, value=other.text, details=details)


def _note_near(study: Study, column: str, names: Iterable[str], seen: pd.DataFrame, ledger: Ledger) -> None:
    """Names in words that differ by a letter, and are never seen side by side, are worth a question."""
    words = sorted({name for name in names if sum(c.isalpha() for c in name) >= SHORTEST and not _has_digit(name)})
    if not 1 < len(words) <= MOST:
        return
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    folded = ["".join(sorted(keys(name), key=len)[-1:]) for name in words]
    found = process.cdist(folded, folded, scorer=OSA.distance, score_cutoff=NEAR, dtype="uint8")
    apart = _apart(study)
    pairs = [
        (words[i], words[j])
        for i, j in zip(*(found <= NEAR).nonzero(), strict=True)
        if i < j and frozenset((words[i], words[j])) not in apart
    ]
    if "pupil" in seen:
        pairs = [(one, other) for one, other in pairs if not _side_by_side(one, other, seen)]
    if pairs:
        names_of = [f"{one} – {other}" for one, other in pairs]
        ledger.note("near_names", column=column, n=len(pairs), pupils=listed(names_of))


def _has_digit(name: str) -> bool:
    return any(c.isdigit() for c in name)


def _side_by_side(one: str, other: str, seen: pd.DataFrame) -> bool:
    waves = [set(seen["wave"][seen["pupil"] == name]) for name in (one, other)]
    return bool(waves[0] & waves[1])
