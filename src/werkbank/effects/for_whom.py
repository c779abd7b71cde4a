"""For whom: how a difference depends on a characteristic, by what was assigned and whose characteristic it is."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from werkbank.effects.classes import slopes_difference, with_class_means
from werkbank.effects.further import assigned
from werkbank.effects.leading import by_level
from werkbank.effects.questions import Question, identifier, outcome_waves
from werkbank.effects.units import unit_names
from werkbank.statistics.blocks import block_differences
from werkbank.statistics.interaction import (
    Interaction,
    Region,
    interaction_between,
    interaction_of_blocks,
    interaction_within,
    moderated_classes,
)
from werkbank.statistics.quantity import Quantity, not_computed
from werkbank.statistics.sites import SiteEffects
from werkbank.statistics.unit_means import Adjusted, adjust

if TYPE_CHECKING:
    from werkbank.effects.leading import Plan
    from werkbank.results import Estimate
    from werkbank.study.model import Study
    from werkbank.study.parts import Moderator


def moderator_values(study: Study, moderator: Moderator, scores: pd.DataFrame, pupils: pd.DataFrame) -> pd.Series:
    """Return the moderator of every pupil: a column, or the first score; a teacher's is the mean over its pupils.

    Two words become 0 and 1 in alphabetical order; more words than two cannot moderate: all NaN.
    """
    if moderator.column is not None:
        values = pupils.get(moderator.column, pd.Series(pd.NA, pupils.index))
    else:
        found = {key: waves for _, key, waves in outcome_waves(study, scores)}
        waves = found.get(str(moderator.outcome))
        values = pd.Series(pd.NA, pupils.index) if waves is None else waves[_before(list(waves))].reindex(pupils.index)
    if not pd.api.types.is_numeric_dtype(values):
        words = sorted(values.dropna().unique(), key=str)
        values = values.map({word: float(i) for i, word in enumerate(words)} if len(words) == 2 else {})
    values = values.astype(float)
    teachers = unit_names(pupils, "teacher") if moderator.at == "teacher" else None
    return values if teachers is None else values.groupby(teachers).transform("mean")


def _before(waves: list[str]) -> str:
    return "pre" if "pre" in waves else waves[0]


def moderation(q: Question, moderator: Moderator, values: pd.Series, pupils: pd.DataFrame) -> list[Estimate]:
    """Return the interaction of a question with one moderator, the differences at its values, and its borders.

    `values` are the moderator's of every pupil. The rows are those of `mechanisms`; of two words each row names its
    group, the interaction both.
    """
    rows = q.analysed
    rows = rows.assign(by=values.reindex(rows.index)).dropna(subset=["by"])
    by_unit = q.unit.of_pupil is not None
    n, units = len(rows), int(rows["unit"].nunique()) if by_unit else None
    if n < 6 or rows["by"].nunique() < 2:
        refused = _too_few() if n >= 6 or values.notna().any() else not_computed("moderator_not_numeric")
        return [_named(q.estimate("moderation", refused, n, units), moderator)]
    centre, spread = float(rows["by"].mean()), float(rows["by"].std())
    at = {"low": centre - spread, "mean": centre, "high": centre + spread}
    if two := rows["by"].nunique() == 2:
        at = {"low": float(rows["by"].min()), "high": float(rows["by"].max())}
    found = _interaction(q, rows, moderator.at, list(at.values()))
    made = {"moderation": ("", found.interaction)}  # method -> level, quantity
    # a model that answers where the lead refuses would only answer by what it assumes
    if by_unit and found.interaction.p is not None and _differs(rows, "unit"):
        made["moderation_kr"] = ("", _by_model(q, rows))
    if found.effects:
        made |= {f"moderation_{place}": (place, found.effects[x]) for place, x in at.items()}
        made |= {f"moderation_at_{place}": (place, Quantity(x)) for place, x in at.items()}
    made |= {} if two else _region(found, rows["by"])
    stated = [_named(q.estimate(name, x, n, units), moderator, level) for name, (level, x) in made.items()]
    words = _words(moderator, pupils.loc[rows.index]) if two else {}
    return [_worded(e, words) for e in stated]


def _interaction(q: Question, rows: pd.DataFrame, level: str, at: list[float]) -> Interaction:
    """Choose by what was assigned and whose property it is: slopes within classes, or means of classes by moderator."""
    if q.unit.of_pupil is None and level == "teacher":
        return _refused("moderator_of_shared_teachers")
    if q.blocks.level and not _differs(rows, "block"):
        return _of_blocks(q, rows, at)
    plan = _beside(q, rows)
    if q.unit.of_pupil is not None and _differs(rows, "unit"):
        return _within(q, plan, rows, at)
    of = assigned(plan, rows)
    columns = of.blocks if of.blocks.shape[1] else None
    units = of.units.with_column("by", of.means(rows["by"]))
    found = interaction_between(
        units, "by", q.weights, at, level=q.ci_level, columns=columns, units_per_covariate=of.per
    )
    repeated = {name for name, reason in found.left_out.items() if reason == "follows_from_others"}
    lost = set(found.left_out) - repeated - set(q.answer.left_out)
    return _noted(found, "moderation_without_covariates") if lost else found


def _of_blocks(q: Question, rows: pd.DataFrame, at: list[float]) -> Interaction:
    """How the differences of blocks (pairs, schools) go with what all in a block share; blocks are what is counted."""
    of_block = rows.groupby(rows["block"].astype(str))["by"].first()
    if isinstance(q.answer.found, SiteEffects):
        effects = q.answer.found.effects.set_index("site")["effect"].reindex(of_block.index)
        return interaction_of_blocks(effects, of_block, at, level=q.ci_level)
    plan = _beside(q, rows)
    of = assigned(plan, rows)
    labels = rows["block"].astype(str).groupby(of.of_row.to_numpy()).first().reindex(list(of.units.labels))
    adjusted = adjust(of.units, plan.choice, columns=of.blocks, units_per_covariate=of.per)
    effects, differences = block_differences(adjusted, labels.to_numpy(dtype=str), q.weights)
    found = interaction_of_blocks(effects, of_block, at, beside=differences, level=q.ci_level)
    lost = set(adjusted.left_out) - set(q.answer.left_out)
    return _noted(found, "moderation_without_covariates") if lost else found


def _beside(q: Question, rows: pd.DataFrame) -> Plan:
    """Return the lead's plan without what says the same as the moderator: its slopes per arm stand for it."""
    by_unit = q.unit.of_pupil is not None and not _differs(rows, "unit")
    columns = rows[["by", *q.adjusting.adjusted_for]]
    if by_unit:  # the score before may be its own moderator, as the mean of a class
        columns = columns.groupby(rows["unit"].astype(str)).mean()
    alike = [c for c in q.adjusting.adjusted_for if abs(columns["by"].corr(columns[c])) > 1 - 1e-12]
    kept = tuple(name for name in q.plan.covariates if name not in alike)
    return replace(q.plan, pre=q.plan.pre and "pre" not in alike, covariates=kept)


def _within(q: Question, plan: Plan, rows: pd.DataFrame, at: list[float]) -> Interaction:
    """Slopes within classes; the differences at a value are at equal class means and blocks, as the lead's is."""
    names = [*["pre"] * plan.pre, *plan.covariates]
    inner = by_level(rows, names)[0]
    own = rows[["by", *inner]] - rows[["by", *inner]].groupby(rows["unit"].astype(str)).transform("mean")
    # what says the same as the moderator among pupils of a class has no slope of its own beside it
    inner = [name for name in inner if abs(own["by"].corr(own[name])) <= 1 - 1e-12]
    classes = moderated_classes(rows, "by", covariates=inner)
    of, lead = assigned(plan, rows), q.answer.found
    between = lead.between if isinstance(lead, Adjusted) else ()
    columns = np.column_stack([of.blocks, *[of.means(rows[name]) for name in between]])
    beside = columns if columns.shape[1] else None
    found = interaction_within(classes, q.weights, at, level=q.ci_level, beside=beside)
    if found.effects or beside is None or found.interaction.p is None:
        return found
    bare = interaction_within(classes, q.weights, at, level=q.ci_level)
    return _noted(bare, "moderation_without_covariates")


def _by_model(q: Question, rows: pd.DataFrame) -> Quantity:
    """The interaction by a mixed model in which the moderator's slope differs from class to class."""
    plan = _beside(q, rows)
    rows = with_class_means(rows, ["pre"] * plan.pre)
    covariates = [*["pre", "pre_of_unit"] * plan.pre, *plan.covariates, *["block"] * bool(q.blocks.level)]
    return slopes_difference(rows, q.weights, "by", covariates)


def _differs(rows: pd.DataFrame, group: str) -> bool:
    of_group = rows["by"].groupby(rows[group].astype(str))
    return bool((of_group.max() > of_group.min()).any())


def _noted(found: Interaction, note: str) -> Interaction:
    """Say of the differences at a value what they could not be adjusted for."""
    effects = {x: replace(effect, note=effect.note or note) for x, effect in found.effects.items()}
    return replace(found, effects=effects)


def _refused(note: str) -> Interaction:
    none = Region(math.nan, math.nan, between=False, note=note)
    return Interaction(not_computed(note), {}, {}, none, math.nan, math.nan, math.nan, ())


def _region(found: Interaction, values: pd.Series) -> dict[str, tuple[str, Quantity]]:
    """Return the Johnson-Neyman borders, or the interaction again with a note that there are none."""
    region = found.region
    if region.note in {"everywhere", "nowhere"}:
        note = "region_all" if region.note == "everywhere" else "region_none"
        return {"moderation": ("", replace(found.interaction, note=note))}
    if region.note:
        return {}
    note = "region_between" if region.between else "region_outside"
    inside = all(values.min() <= x <= values.max() for x in (region.low, region.high))
    borders = [Quantity(x, note=note + "_beyond" * (not inside)) for x in (region.low, region.high)]
    return {
        "moderation_region_low": ("border_low", borders[0]),
        "moderation_region_high": ("border_high", borders[1]),
    }


def _words(moderator: Moderator, pupils: pd.DataFrame) -> dict[str, str]:
    """Return what the two values of a moderator in words are called, at low and at high."""
    values = pupils.get(moderator.column) if moderator.column is not None else None
    if values is None or pd.api.types.is_numeric_dtype(values):
        return {}
    words = sorted(map(str, values.dropna().unique()))
    return {"low": words[0], "high": words[1]} if len(words) == 2 else {}


def _worded(e: Estimate, words: dict[str, str]) -> Estimate:
    """Name the group that an estimate is about; of an interaction the group that is compared, and with which."""
    if not words:
        return e
    return (
        replace(e, group=words[str(e.level)])
        if e.level in words
        else replace(e, group="{high} - {low}".format(**words))
    )


def _named(estimate: Estimate, moderator: Moderator, level: str = "") -> Estimate:
    place = identifier(estimate.id, moderator.id)
    return replace(estimate, id=place, moderator=moderator.id, level=level, role="exploratory")


def _too_few() -> Quantity:
    return not_computed("not_estimable")
