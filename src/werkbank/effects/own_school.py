"""A school's own result beside that of the other schools of a study, drawn towards these; no test of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from werkbank.effects.questions import questions
from werkbank.effects.units import unit_means
from werkbank.errors import UsageError
from werkbank.results import Fact
from werkbank.statistics.pooling.model import pool
from werkbank.statistics.pooling.one_stage import one_stage
from werkbank.statistics.pooling.shrinking import LEAST_DF, shrunken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkbank.effects.questions import Question
    from werkbank.study import Study

MOST = 2  # outcomes
FEWEST = LEAST_DF + 1  # schools with a result of their own


@dataclass(frozen=True)
class Schools:
    """Each school's own result: `effect` and its `variance`, by school; `left_out` have none that may be told."""

    effects: pd.DataFrame
    left_out: int


def beside_others(study: Study, scores: pd.DataFrame, pupils: pd.DataFrame, only: Mapping[str, str]) -> list[Fact]:
    """Return what one school found itself, and what that becomes when the other schools are known.

    Parameters
    ----------
    study : Study
        What was declared: its primary questions (else the first one), two outcomes at most, are told.
    scores, pupils : DataFrame
        Of everyone in the study.
    only : mapping of str to str
        ``{"school": code}``; of any other part nothing is returned.

    Returns
    -------
    list of Fact
        In points of the scale, of each question: `part_effect`, `part_drawn`, `part_drawn_low`, `part_drawn_high`
        (95 %, or the study's level), `part_others` (the mean over schools), `part_weight` (how much of the drawn result
        is the school's own, 0-1), and `part_schools` (how many schools it rests on). One fact `part_effect` without a
        value and with its reason as note where there is none: ``whole_schools`` (each is in one arm), ``few_schools``,
        ``small_school`` (an arm of this one has fewer pupils than `privacy.min_cell`), ``no_variation``.

    Notes
    -----
    Effects of schools and their variances come from one model of all pupils (`one_stage`), or of all classes where
    classes were assigned: schools share the spread within schools, as most have too few to say it of their own. They
    are drawn together as ``werkbank pool`` does (`shrunken`). Of a single group it is the change of these pupils.
    Registry: ``part_effect``, ``part_drawn``.
    """
    if set(only) != {"school"} or "school" not in pupils or study.design.kind == "association":
        return []
    school = pupils["school"].astype("string")
    if school.nunique() < 2:
        return []
    found: list[Fact] = []
    for q in _told(questions(study, scores, pupils)):
        about: dict[str, Any] = {"outcome": q.key, "wave": q.wave_to, "kind": "classes", "contrast": q.contrast}
        found += _of(q, school, only["school"], study.privacy.min_cell, about)
    return found


def _told(asked: Any) -> list[Question]:  # noqa: ANN401 - as `questions` yields them
    every = [q for q in asked if not q.refusal and (q.weights or q.wave_from) and q.roles is None]
    first = [q for q in every if q.role == "primary"] or every[:1]
    kept = {q.key: q for q in reversed(first)}
    return list(reversed(kept.values()))[:MOST]


def _of(q: Question, school: pd.Series, own: str, least: int, about: dict[str, Any]) -> list[Fact]:
    made = schools(q, school, least)
    named = f"{q.key}/{q.wave_to}" + f"/{q.contrast}" * bool(q.contrast)
    if isinstance(made, str) or own not in made.effects.index:
        note = made if isinstance(made, str) else "small_school"
        return [Fact(f"part_effect/{named}", "part_effect", None, note=note, table="own", **about)]
    y, v = (made.effects[name].to_numpy(float) for name in ("effect", "variance"))
    drawn, mean = shrunken(fit := pool(y, v), ci_level=q.ci_level), float(pool(y, v).beta[0])
    i = made.effects.index.get_loc(own)
    values = {
        "effect": y[i], "drawn": drawn.estimate[i], "drawn_low": drawn.low[i], "drawn_high": drawn.high[i],
        "others": mean, "weight": drawn.own[i], "schools": len(fit.y), "left_out": made.left_out,
    }  # fmt: skip
    return [
        Fact(f"part_{what}/{named}", f"part_{what}", float(value), table="own", **about)
        for what, value in values.items()
    ]


def schools(q: Question, school: pd.Series, least: int) -> Schools | str:
    """Return every school's own result, or why there is none: whole_schools, few_schools, no_variation."""
    rows = q.analysed.assign(school=school.reindex(q.analysed.index)).dropna(subset=["school"])
    n_all = rows["school"].nunique()
    arms = list(q.arms) or [""]
    counts = rows.groupby(["school", "arm"], observed=True).size().unstack(fill_value=0).reindex(columns=arms)  # noqa: PD010
    both = counts.fillna(0).ge(1).all(axis=1)
    if not both.any():
        return "whole_schools"
    shown = counts.fillna(0).ge(least).all(axis=1)
    rows = rows[rows["school"].isin(shown.index[shown])]
    if shown.sum() < FEWEST:
        return "few_schools"
    try:
        effects = _compared(q, rows) if q.weights else _changed(rows)
    except (UsageError, np.linalg.LinAlgError):
        return "no_variation"
    return Schools(effects, int(n_all - len(effects))) if len(effects) >= FEWEST else "few_schools"


def _compared(q: Question, rows: pd.DataFrame) -> pd.DataFrame:
    """Each school's difference between arms at equal scores before and covariates: of pupils, or of their classes."""
    adjusting = list(q.adjusting.adjusted_for)
    if q.unit.of_pupil is not None:
        # a unit is of one school; one that has pupils of two would be two units here
        rows = rows.assign(unit=rows["unit"].astype(str) + "\0" + rows["school"].astype(str))
        of = rows.drop_duplicates("unit").set_index("unit")["school"]
        rows = unit_means(rows, ["post", *adjusting])
        rows = rows.assign(school=rows["unit"].map(of))
    return one_stage(rows, q.weights, covariates=adjusting, site="school", ci_level=q.ci_level).effects


def _changed(rows: pd.DataFrame) -> pd.DataFrame:
    """Each school's mean change, with the spread of changes that schools share."""
    change = rows["post"] - rows["pre"]
    by = change.groupby(rows["school"].astype(str))
    within = float(((change - by.transform("mean")) ** 2).sum()) / (len(change) - by.ngroups)
    if not within > 0:
        raise UsageError("changes do not vary within schools")
    return pd.DataFrame({"effect": by.mean(), "variance": within / by.size()})
