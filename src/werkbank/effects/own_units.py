"""The classes of a part of a study (a school, a teacher) among all of its classes: means, and no test of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from werkbank.effects.asking import role_of_outcome
from werkbank.effects.questions import outcome_waves, wave_pairs
from werkbank.effects.roles import shown_arms
from werkbank.results import Fact
from werkbank.statistics.funnel import funnel_limits
from werkbank.statistics.multilevel import icc, identifiable
from werkbank.statistics.sizes import sd

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkbank.study import Outcome, Study

LEVELS = ("class", "teacher", "school")
MOST = 2  # outcomes


def unit_means(study: Study, scores_table: pd.DataFrame, pupils: pd.DataFrame, only: Mapping[str, str]) -> list[Fact]:
    """Describe every class at the first measurement after the start, those of `only` by their names.

    Parameters
    ----------
    study : Study
        What was declared: its primary outcomes (else the first one), two at most, are described.
    scores_table, pupils : DataFrame
        Of everyone in the study, not only of the part.
    only : mapping of str to str
        The part: a role (class, teacher, school, arm) and its code.

    Returns
    -------
    list of Fact
        `class_mean`: the mean score of the pupils of a class who have that score (`n` of them). `table` is own or
        others; `category` is the name of an own class, others have none and stand in the order of their means. Classes
        of fewer pupils than the study's `privacy.min_cell` have no value (``too_few`` as their note) when they are
        own, and are left out when they are not. Teachers, then schools, stand in for classes where there are none.

    `part_mean` is the mean of the whole part (`n` its pupils), and `part_expected`, `part_limit_low`, `part_limit_high`
        the mean of everyone with the 95% limits between which that of the part lies when its pupils are like everyone
        (`statistics.funnel`, with the classes' intraclass correlation over all of the study); no value where the part
        has fewer pupils than `privacy.min_cell`.

    Notes
    -----
    A class is that at assignment; pupils without one are in no class. One with pupils of two arms is two rows. Nothing
    is tested: a school has too few classes for that, and means of classes differ by who is in them.
    """
    level = next((role for role in LEVELS if role in pupils and pupils[role].notna().any()), "")
    if not level or not only:
        return []
    inside = pd.Series(data=True, index=pupils.index)
    for role, code in only.items():
        inside &= (pupils[role].astype("string") == code).fillna(value=False)
    arms = shown_arms(study, pupils) if "arm" in pupils and study.arms else pd.Series("", index=pupils.index)
    facts: list[Fact] = []
    for outcome, key, wave, scores in _described(study, scores_table):
        rows = pd.DataFrame(
            {"score": scores.reindex(pupils.index), "unit": pupils[level].astype("string"), "arm": arms, "own": inside}
        ).dropna(subset=["score", "unit", "arm"])
        about: dict[str, Any] = {"outcome": key, "informant": outcome.informant, "wave": wave, "kind": "classes"}
        facts += _means(about, rows, study.privacy.min_cell)
        facts += _part(about, rows, study.privacy.min_cell)
    return facts


def _part(about: dict[str, Any], rows: pd.DataFrame, least: int) -> list[Fact]:
    """Return the mean of the part, and where it may lie by chance."""
    own = rows.loc[rows["own"], "score"]
    named = f"{about['outcome']}/{about['wave']}"
    if len(own) < least:
        return [Fact(f"part_mean/{named}", "part_mean", None, note="too_few", table="own", **about)]
    kept, _ = identifiable({"unit": rows["unit"].astype(str)})
    alike = icc(rows["score"], kept).icc["unit"] if kept and sd(rows["score"]) > 0 else 0.0
    mean, spread, size = float(rows["score"].mean()), sd(rows["score"]), len(rows) / rows["unit"].nunique()
    low, high = funnel_limits(mean, spread, len(own), size, 0.0 if np.isnan(alike) else alike)
    values = {"mean": float(own.mean()), "expected": mean, "limit_low": low, "limit_high": high}
    return [
        Fact(f"part_{what}/{named}", f"part_{what}", value, n=len(own), table="own", **about)
        for what, value in values.items()
    ]


def _described(study: Study, scores_table: pd.DataFrame) -> list[tuple[Outcome, str, str, pd.Series]]:
    found = []
    for outcome, key, waves in outcome_waves(study, scores_table):
        _, later = next(iter(wave_pairs(study, list(waves))), ("", ""))
        later = next((wave for wave in waves if wave in {"post", later}), later) if "post" in waves else later
        if later:
            found.append((outcome, key, later, waves[later]))
    primary = [one for one in found if role_of_outcome(study, one[1]) == "primary"]
    return (primary or found)[:MOST]


def _means(about: dict[str, Any], rows: pd.DataFrame, least: int) -> list[Fact]:
    """Return the mean of each class and arm."""
    told = rows.groupby(["arm", "unit"], observed=True, sort=True).agg(
        mean=("score", "mean"), n=("score", "size"), own=("own", "any")
    )
    facts, others = [], 0
    name = f"class_mean/{about['outcome']}/{about['wave']}"
    for (arm, unit), mean, n, own in told.sort_values("mean", kind="stable").itertuples(name=None):
        at = {**about, "arm": str(arm)}
        if own and n < least:
            facts.append(
                Fact(f"{name}/own/{arm}/{unit}", "class_mean", None, n=None, note="too_few", table="own",
                     category=str(unit), **at)
            )  # fmt: skip
        elif own:
            facts.append(
                Fact(f"{name}/own/{arm}/{unit}", "class_mean", float(mean), n=int(n), table="own",
                     category=str(unit), **at)
            )  # fmt: skip
        elif n >= least:
            others += 1
            facts.append(Fact(f"{name}/others/{others}", "class_mean", float(mean), n=int(n), table="others", **at))
    return facts
