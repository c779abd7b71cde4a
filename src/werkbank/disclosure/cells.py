"""How many people stand behind each indicator of a model: one pupil in a cell is that pupil's score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from werkbank.effects.associating import ABOVE, GROUP, related
from werkbank.effects.for_whom import moderator_values
from werkbank.effects.questions import outcome_waves
from werkbank.effects.roles import shown_arms

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkbank.results import Estimate, Results
    from werkbank.study import Study

FEW = 6  # different values: a moderator with more is a line, not groups
BEFORE = "pre"  # as a moderator: the score before


def smallest_cells(study: Study, results: Results, scores: pd.DataFrame, pupils: pd.DataFrame) -> dict[str, int]:
    """Return by the id of an estimate the smallest number of people behind what it rests on.

    Of a moderation: each value of the moderator in each arm that is compared, where it has few values; else each arm.
    Of an analysis with covariates: each value of a covariate that has few. Of an association: each value of all that is
    in it, where there are few. Estimates that this knows nothing of are not in it, and those that need it are then not
    shared.
    """
    waves = {key: table for _, key, table in outcome_waves(study, scores)}
    by = {m.id: moderator_values(study, m, scores, pupils) for m in study.moderators}
    pupils = pupils.assign(arm=shown_arms(study, pupils)) if "arm" in pupils else pupils  # as estimates name arms
    found = _of_associations(study, results, scores, pupils)
    for e in results.estimates:
        if not e.moderator and "covariates" not in e.method:
            continue
        rows = _analysed(study, e, waves, pupils)
        if rows is None:
            continue
        if e.moderator:
            values = waves[e.outcome].get(BEFORE) if e.moderator == BEFORE else by.get(e.moderator)
            if values is not None:
                found[e.id] = _of_indicator(rows, values.reindex(rows.index))
        else:
            known = [rows[c] for c in study.covariates if c in rows]
            found[e.id] = min((_smallest(column) for column in known), default=len(rows))
    return found


def _of_associations(study: Study, results: Results, scores: pd.DataFrame, pupils: pd.DataFrame) -> dict[str, int]:
    asked = [e for e in results.estimates if e.grouped_by == "association"]
    least: dict[str, int] = {}
    for q in related(study, scores, pupils) if asked else ():
        columns = [q.table[name] for name in q.table if name not in {GROUP, ABOVE}]
        least[str(q.number)] = min(map(_smallest, columns), default=0)
    return {e.id: least.get(e.group, 0) for e in asked}


def _analysed(study: Study, e: Estimate, waves: dict[str, pd.DataFrame], pupils: pd.DataFrame) -> pd.DataFrame | None:
    """Return the pupils in the arms of an estimate who have the scores that it is about."""
    table = waves.get(e.outcome)
    asked = [wave for wave in (e.wave_from, e.wave_to) if wave]
    if table is None or not e.arms or "arm" not in pupils or any(wave not in table for wave in asked):
        return None
    complete = table.dropna(subset=asked).index
    rows = pupils.loc[pupils.index.isin(complete)]
    rows = rows.assign(arm=shown_arms(study, rows))
    return rows.loc[rows["arm"].astype(str).isin(e.arms)]


def _of_indicator(rows: pd.DataFrame, values: pd.Series) -> int:
    known = values.notna()
    arms = rows.loc[known, "arm"].astype(str)
    if values.nunique() > FEW:
        return _smallest(arms)
    return int(pd.crosstab(arms, values[known]).to_numpy().min()) if known.any() else 0


def _smallest(column: Iterable[object]) -> int:
    """Return the smallest count of a value, where there are few; else of all."""
    counts = pd.Series(list(column)).value_counts()
    return int(counts.min() if 0 < len(counts) <= FEW else counts.sum())
