"""What was assigned, and therefore what may be counted: pupils, or whole classes, teachers or schools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from werkbank.catalogue import say
from werkbank.intake.people import held_whole

if TYPE_CHECKING:
    from werkbank.study.model import Study

LEVELS = ("class", "teacher", "school")  # from small to large


@dataclass(frozen=True)
class Unit:
    """The unit of analysis: its level, the unit of every pupil (None for pupils themselves), and why.

    `reason` is a key under ``effects.units``: declared; single_group_in_units; arms_hold_whole_units;
    arms_hold_most_units, where units with pupils of several arms (`mixed`, slips or moves) are left out;
    one_arm_in_units, where the pupils of `alone`, arms without units, are each a unit of their own.
    """

    level: str
    of_pupil: pd.Series | None
    reason: str
    alone: frozenset[str] = frozenset()
    mixed: frozenset[str] = frozenset()


def unit_words(level: str, language: str) -> dict[str, str]:
    """Return what a method is about in words: `unit_one`, `unit_many` and `unit_means` of what was assigned."""
    named = level if level in LEVELS else LEVELS[0]
    return {f"unit_{form}": say(f"effects.unit_called.{named}.{form}", language) for form in ("one", "many", "means")}


def unit_of_analysis(study: Study, pupils: pd.DataFrame) -> Unit:
    """Decide whose number counts as n.

    What the study file declares holds. A single group that sits in more than one class (or teacher, or school) is
    analysed by class. Where pupils are said to have been assigned but no class holds more than one arm, the classes
    were assigned in fact, and are analysed; likewise where hardly any does (`held_whole`), and those are left out.
    Where arms are declared whose pupils were taught on their own, a unit is a group in the other arms and a pupil in
    those.

    Parameters
    ----------
    pupils : DataFrame
        Indexed by pupil, with the columns class, teacher, school and arm at assignment, as far as they exist.
    """
    declared = study.design.assigned_by
    if declared != "pupil":
        return Unit(declared, unit_names(pupils, declared), "declared")
    single, alone = not study.compared, frozenset(study.design.individual_arms)
    for level in LEVELS:
        names = unit_names(pupils, level)
        if alone and names is not None:
            by_itself = pupils["arm"].astype(str).isin(alone)
            own = pd.Series("= " + pupils.index.astype(str), pupils.index)
            return Unit(level, names.mask(by_itself, own), "one_arm_in_units", alone)
        if names is None or study.unit == level or names.nunique() < 2 or names.nunique() == names.count():
            continue
        if single:
            return Unit(level, names, "single_group_in_units")
        if pupils["arm"].astype(str).groupby(names).nunique().max() == 1:
            return Unit(level, names, "arms_hold_whole_units")
        if (whole := held_whole(names, pupils["arm"])) is not None:
            kept = whole.eq(other=True)
            return Unit(level, names.where(kept), "arms_hold_most_units", mixed=frozenset(names[~kept].dropna()))
    return Unit("pupil", None, "declared")


def unit_names(pupils: pd.DataFrame, level: str) -> pd.Series | None:
    """Return every pupil's unit, or None where it was not recorded; two schools' "5a" are two classes."""
    if level not in pupils or pupils[level].isna().all():
        return None
    names = pupils[level].astype("string")
    if level != "school" and "school" in pupils and not pupils["school"].isna().all():
        names = pupils["school"].astype("string").fillna("") + " / " + names
    return names.rename("unit")


def unit_means(pairs: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Return one row per unit: its arm, the means of `columns` and n (pupils); pupils without unit are left out."""
    grouped = pairs.dropna(subset=["unit"]).groupby(["arm", "unit"], observed=True, sort=True)
    return grouped[columns].mean().assign(n=grouped.size()).reset_index()
