"""Who was lost after assignment, at every level: pupils, the units that were assigned, and the schools above them.

A few per cent of the pupils may be whole schools, where these are small: each level is counted and judged by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkbank.statistics.standards import attrition

if TYPE_CHECKING:
    import pandas as pd

    from werkbank.effects.questions import Question
    from werkbank.effects.units import Unit


def schools_above(unit: Unit, pupils: pd.DataFrame) -> pd.Series | None:
    """Return every pupil's school where there is more than one and schools are not themselves what was assigned."""
    if unit.level == "school" or "school" not in pupils or pupils["school"].nunique() < 2:
        return None
    return pupils["school"].astype("string")


def at_every_level(q: Question, schools: pd.Series | None) -> dict[str, float | str]:
    """Judge what was lost of one comparison: ``attrition_overall`` … of pupils, ``attrition_units_…``, ``_schools_…``.

    Assigned are all who have an arm, with or without scores, but for those who by plan were not measured; analysed are
    those of this question. A unit is lost when not one of its pupils is analysed. Nothing
    where an arm has nobody, and of units where arms are partly grouped.
    """
    rows = q.table.loc[~q.missing_by_plan.any(axis=1)]
    levels: dict[str, pd.Series | None] = {"": rows.index.to_series(), "schools_": schools}
    if q.unit.of_pupil is not None and not q.partly_grouped:
        levels["units_"] = rows["unit"]
    found: dict[str, float | str] = {}
    for level, of_pupil in levels.items():
        if of_pupil is None:
            continue
        assigned = [_count(of_pupil, rows, arm) for arm in q.arms]
        if len(assigned) > 1 and min(assigned) > 0:
            lost = attrition(assigned, [_count(of_pupil, q.analysed, arm) for arm in q.arms])
            found |= {f"attrition_{level}{name}": value for name, value in vars(lost).items()}
    return found


def _count(of_pupil: pd.Series, rows: pd.DataFrame, arm: str) -> int:
    return int(of_pupil.reindex(rows.index[rows["arm"] == arm]).nunique())
