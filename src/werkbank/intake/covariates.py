"""What was known of pupils before the programme began: numbers where all are numbers, words otherwise."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from werkbank.errors import Said
from werkbank.intake.cells import decide_decimal, distinct, number, plain
from werkbank.intake.folding import difference, is_unknown, keys, says_missing
from werkbank.intake.layout import report_columns
from werkbank.intake.ledger import shown
from werkbank.intake.lone import Part, check_lone, is_usual
from werkbank.study.model import WAVES
from werkbank.study.parts import Rule
from werkbank.study.spelling import tidy

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkbank.intake.ledger import Ledger
    from werkbank.intake.model import Table
    from werkbank.study.model import Study


FEW = 8  # pupils of whom each may well have a value of their own
SEVERAL = 5  # different values with one unit: 8,3 jaar is a number, and 5 keer may be a group
MOST = 50  # words of a column that are held against each other
GROUPS = frozenset(("geen", "none", "nil"))  # no help is a group
MEASURED = re.compile(r"(?:[€$£]\s*)?[+-]?[0-9]+(?:[.,][0-9]+)?(?:\s*(?P<sign>[%‰€$£])|\s+(?P<unit>[^\W\d_]{1,9})\.?)")
YES_OR_NO = dict.fromkeys(("1", "ja", "yes", "j", "y", "true", "waar", "wel", "1.0"), 1.0)
YES_OR_NO |= dict.fromkeys(("0", "nee", "no", "n", "false", "onwaar", "niet", "0.0"), 0.0)


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
        parts, read = [], []
        for table in tables:
            frame = frames[table.path]
            if name not in table.names or frame is None or not report_columns([name], table, ledger):
                continue
            cells = (
                _yes_or_no(study, table, name, ledger) if name == study.received else _cells(study, table, name, ledger)
            )
            read.append(Part(table, name, _by_value(cells, lambda c: c if isinstance(c, float) else np.nan, float)))
            parts.append(pd.DataFrame({"pupil": frame["pupil"], "order": frame["wave"].map(order), "cell": cells}))
        if not parts:
            continue
        in_line = name in study.covariates
        if (study.rules.get(name) or Rule()).range is None:
            check_lone(read, ledger)
        seen = pd.concat(parts).dropna(subset="cell").sort_values("order", kind="stable")
        seen = seen.assign(cell=_in_one_spelling(seen["cell"], name, ledger))
        later = seen.drop_duplicates(["pupil", "cell"])
        if changed := later["pupil"][later["pupil"].duplicated()].nunique():
            ledger.note("covariate_changed", covariate=name, n=changed)
        first = seen.drop_duplicates("pupil").set_index("pupil")["cell"]
        added[name] = _typed(first, name, ledger, in_line=in_line).reindex(added.index)
        _note_unseen(study, name, added[name], ledger)
        if in_line:
            _note_worth(study, name, added, ledger)
    return added


def _by_value(cells: np.ndarray | pd.Series, make: Callable[[Any], Any], kind: type = object) -> np.ndarray:
    """Return what `make` makes of each cell, asked once of each different one; of an empty cell of NaN."""
    codes, values = pd.factorize(np.asarray(cells, dtype=object))
    made: np.ndarray = np.empty(len(values) + 1, dtype=kind)
    made[:] = [*map(make, values), make(np.nan)]
    return np.asarray(made[codes])


def _note_unseen(study: Study, name: str, values: pd.Series, ledger: Ledger) -> None:
    """Note a value that the plan of who is not measured names and nobody has: a slip, or a group that is not here."""
    plan = study.design.planned_missing
    if plan is not None and plan.column == name:
        seen = {shown(value) for value in values.dropna().unique()}
        for value in plan.waves:
            if value not in seen:
                ledger.note("planned_missing_unseen", column=name, value=value)


def _note_worth(study: Study, name: str, pupils: pd.DataFrame, ledger: Ledger) -> None:
    """Note a covariate that can adjust nothing, or costs pupils: empty, of one value, the arm itself, a name."""
    values, n = pupils[name], len(pupils)
    known = values.dropna()
    if known.empty:
        ledger.note("covariate_empty", covariate=name)
        return
    if len(known) < n:
        ledger.note("covariate_unknown", covariate=name, n=n - len(known), n_all=n)
    if known.nunique() < 2:
        ledger.note("covariate_constant", covariate=name, value=shown(known.iloc[0]))
    elif known.dtype == object and known.nunique() * 2 > len(known) > FEW:
        ledger.note("covariate_all_different", covariate=name, n=known.nunique(), n_all=len(known))
    elif study.columns.arm is not None and known.nunique() <= len(study.arms) and _follows(values, pupils["arm"]):
        ledger.note("covariate_is_arm", covariate=name)


def _follows(values: pd.Series, arm: pd.Series) -> bool:
    both = pd.DataFrame({"value": values, "arm": arm.astype(object)}).dropna()
    per_arm = both.groupby("arm")["value"].nunique()
    return len(per_arm) > 1 and bool(per_arm.max() == 1)


def _cells(study: Study, table: Table, name: str, ledger: Ledger) -> np.ndarray:
    """Return numbers, words, and NaN for what is empty or missing by the column's rule.

    A number that can be read in two ways, and one outside the rule's range, is a problem.
    """
    rule = study.rules.get(name) or Rule()
    missing = {plain(shown(code)) for code in rule.missing}
    words = {plain(word): float(value) for word, value in (rule.answers or {}).items()}
    codes, cells = distinct(table, name)
    sign = decide_decimal(table, [name])
    values = np.full(len(cells) + 1, np.nan, dtype=object)
    labels = table.reading.labels.get(name, {})
    for i, cell in enumerate(cells):
        if not shown(cell) or table.is_user_missing(name, cell):
            continue
        text = str(labels.get(cell) or shown(cell))
        if {plain(text), plain(shown(cell))} & missing:
            ledger.note("missing_codes", file=table.path, outcome=name, code=shown(cell), n=int((codes == i).sum()))
            continue
        read = words.get(plain(text), words.get(plain(shown(cell)), number(labels.get(cell, cell), sign)))
        if rule.range and isinstance(read, float) and not rule.range[0] <= read <= rule.range[1]:
            limits = {"low": f"{rule.range[0]:g}", "high": f"{rule.range[1]:g}", "outcome": name}
            code = "out_of_range_usual" if is_usual(read) else "out_of_range"
            ledger.cells(code, table, name, codes == i, **limits)
        values[i] = read if isinstance(read, float) else str(labels.get(cell) or shown(cell))
        if read in {"decimal_ambiguous", "decimal_mixed"}:
            ledger.cells(str(read), table, name, codes == i, decimal=sign or "–")
    _check_groups(study, table, name, codes, values, ledger)
    return np.asarray(values[codes])


def _check_groups(study: Study, table: Table, name: str, codes: np.ndarray, values: np.ndarray, ledger: Ledger) -> None:
    """Words that say that nothing is known are no group of pupils, nor are numbers with a sign or a unit."""
    allowed = {name for names in study.distinct for name in names}
    words = [(i, value) for i, value in enumerate(values) if isinstance(value, str) and tidy(value) not in allowed]
    measured = [(i, found) for i, value in words if (found := MEASURED.fullmatch(value.strip()))]
    units = {found["sign"] or found["unit"] for _, found in measured}
    signed = all(found["sign"] for _, found in measured)
    if measured and (signed or (len(units) == 1 and len(measured) >= SEVERAL)):
        ledger.cells("covariate_not_a_number", table, name, np.isin(codes, [i for i, _ in measured]))
    unsaid = [i for i, value in words if plain(value) not in GROUPS and (is_unknown(value) or says_missing(value))]
    ledger.cells("covariate_missing_word", table, name, np.isin(codes, unsaid))


def _in_one_spelling(cells: pd.Series, name: str, ledger: Ledger) -> pd.Series:
    """Return words that differ in case and spaces alone as the one that stands first most often; ask about accents."""
    counts = cells[_by_value(cells, lambda cell: isinstance(cell, str), bool)].value_counts()
    spelled: dict[str, list[str]] = defaultdict(list)
    for word in counts.index:
        spelled[plain(word)].append(word)
    for words in spelled.values():
        others = words[1:]
        if others or tidy(words[0]) != words[0]:
            old = [word for word in words if word != tidy(words[0])]
            n = int(counts[old].sum())
            ledger.note(
                "covariate_spellings", covariate=name, n=n, new=tidy(words[0]), old=", ".join(map(repr, old[:3]))
            )
    for one, other in combinations([tidy(words[0]) for words in spelled.values()][:MOST], 2):
        if keys(one) & keys(other):
            how = Said(f"problems.differs.{difference(one, other)}")
            ledger.note("covariate_alike", covariate=name, one=one, other=other, how=how)
    kept = {word: tidy(words[0]) for words in spelled.values() for word in words}
    return pd.Series(_by_value(cells, lambda cell: kept.get(cell, cell)), cells.index, dtype=object)


def _yes_or_no(study: Study, table: Table, name: str, ledger: Ledger) -> np.ndarray:
    """Return 1 for yes, 0 for no, NaN for what is empty or missing; any other coding must be declared in `rules`."""
    rule = study.rules.get(name) or Rule()
    words = {**YES_OR_NO, **{plain(word): float(value) for word, value in (rule.answers or {}).items()}}
    missing = {plain(shown(code)) for code in rule.missing}
    codes, cells = distinct(table, name)
    labels = table.reading.labels.get(name, {})
    values = np.full(len(cells) + 1, np.nan, dtype=object)
    wrong = []
    for i, cell in enumerate(cells):
        text, label = plain(shown(cell)), plain(labels.get(cell, ""))
        if not text or {text, label} & missing or table.is_user_missing(name, cell):
            continue
        found = words.get(label, words.get(text))
        values[i] = np.nan if found is None else found
        wrong += [i] if found not in {0.0, 1.0} else []
    if wrong:
        ledger.cells("received_unclear", table, name, np.isin(codes, wrong))
    return np.asarray(values[codes])


def _typed(first: pd.Series, name: str, ledger: Ledger, *, in_line: bool) -> pd.Series:
    numeric = _by_value(first, lambda cell: isinstance(cell, float), bool)
    if numeric.all():
        if in_line and first.nunique() > 2:  # a year group in digits is meant as groups as often as not
            ledger.note("covariate_line", covariate=name)
        return first.astype(float)
    if numeric.any():
        ledger.note("covariate_words", covariate=name, n=int((~numeric).sum()))
    return pd.Series(_by_value(first, shown), first.index, dtype=object)
