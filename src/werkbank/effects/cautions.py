"""What weighs on the answer to a question: kept as facts, by keys that a report turns into sentences."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from werkbank.effects.binary import unsure_shares
from werkbank.effects.classes import levels
from werkbank.effects.comparing import weighted
from werkbank.effects.questions import identifier
from werkbank.results import Fact

if TYPE_CHECKING:
    from werkbank.effects.questions import Question


def cautions(q: Question) -> list[Fact]:
    """Say of one comparison what weakens its lead, and what was done with each covariate.

    Returns
    -------
    list of Fact
        ``caution`` (`category`): few_units, unequal_numbers, skewed_units; blocks_undeclared and _partly (the level as
        value), blocks_dropped, sites_with_one_arm, mixed_units_left_out; pre_without_variation, pre_same_within_units
        (it could not be used); rare_shares (near 0 or 1, and the odds are not clear); weighting_conclusion, _direction
        or _size (the means over units and over pupils disagree); not_like_with_like, one_role_only. ``covariate``
        (`item` its name): used, or why not: no_variation, nothing_known, follows_from_others, within_slope_only,
        no_slope, too_many_for_units, same_in_a_block. ``random_effects`` (`parts` the levels above the pupil that the
        mixed model beside the lead can tell apart). Nothing where a question cannot be answered at all.
    """
    if not answerable(q):
        return []
    found = dict.fromkeys(q.answer.cautions, "") | _of_blocks(q)
    said = {
        "rare_shares": unsure_shares(q),
        "pre_without_variation": bool(q.wave_from) and not q.adjusting.pre,
        "pre_same_within_units": q.pre_same_within_units and q.plan.choice.slope == "within",
    }
    found |= {name: "" for name, holds in said.items() if holds}
    weighting = weighted(q)
    if weighting is not None and weighting.disagreement:
        found[f"weighting_{weighting.disagreement}"] = ""
    made = [_fact(q, "caution", value or key, category=key) for key, value in found.items()]
    made += [_fact(q, "covariate", status, item=name) for name, status in uses(q).items()]
    if q.plan.design in {"units", "blocks"} and (kept := _random(q)):
        made.append(replace(_fact(q, "random_effects", "+".join(kept)), parts=kept))
    return made


def _of_blocks(q: Question) -> dict[str, str]:
    """Return what weighs on a comparison because of blocks, or of units that stand in both arms."""
    found = {}
    if q.blocks.level and not q.blocks.declared:
        found["blocks_undeclared"] = q.blocks.level
    if q.blocks.partly:
        found["blocks_undeclared_partly"] = q.blocks.partly
    if q.unit.mixed:
        found["mixed_units_left_out"] = ""
    if q.in_broken_blocks.any():
        found["sites_with_one_arm" if q.unit.of_pupil is None else "blocks_dropped"] = ""
    return found


def _random(q: Question) -> tuple[str, ...]:
    rows = q.whole.drop(columns=["school"] if q.blocks.level and "school" in q.whole else [])
    return tuple(q.unit.level if level == "unit" else level for level in levels(rows))


def answerable(q: Question) -> bool:
    """Whether arms are compared by the headline rule: enough units, all of one kind, none in two arms."""
    if not q.weights or q.partly_grouped or min(q.units_per_arm().values()) < 2:
        return False
    return q.unit.of_pupil is None or q.roles is not None or not q.shares_units


def uses(q: Question) -> dict[str, str]:
    """Return every declared covariate with ``used``, or why the lead does not adjust for it."""
    of = q.adjusting.of
    later = {of[column]: reason for column, reason in q.answer.left_out.items() if column in of}
    return {name: q.adjusting.left_out.get(name) or later.get(name, "used") for name in q.covariates}


def _fact(q: Question, what: str, value: str, *, category: str = "", item: str = "") -> Fact:
    place = identifier(q.key, q.contrast, f"{q.wave_from}-{q.wave_to}".strip("-"), what, category or item)
    return Fact(
        place, what, value, q.key, q.outcome.informant, q.contrast, q.wave_to, q.answer.n, kind=what,
        category=category, item=item, contrast=q.contrast, arms=q.arms, wave_from=q.wave_from, wave_to=q.wave_to,
    )  # fmt: skip
