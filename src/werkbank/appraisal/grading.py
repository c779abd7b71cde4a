"""What keeps an answer from being called an effect: one rule, before the results are there and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkbank.appraisal.precision import acceptable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkbank.study import Study

Loss = tuple[float, float] | None  # overall and differential attrition


def reasons_against(
    study: Study,
    *,
    contrast: str,
    unit: str,
    estimated: bool,
    tested: bool,
    lost: Sequence[Loss],
    untested: str = "",
) -> list[str]:
    """Return what keeps an answer from the grade "effect": keys under ``claims.reasons``, empty when nothing does.

    Parameters
    ----------
    contrast : str
        The comparison; "" for the change of a single group.
    unit : str
        What is analysed: pupil, class, teacher or school.
    estimated, tested : bool
        Whether there is an estimate, and a test of it.
    lost : sequence of (overall, differential) or None
        Attrition of pupils, and of units where these were assigned; None: not known.
    untested : str
        Why there is no test: few, spread, apart; "" where that is not known.
    """
    if not estimated:
        return ["no_estimate"]
    if not contrast:
        return ["single_group"]
    design = study.design
    found = [] if design.kind == "randomised" else ["not_randomised"]
    if design.assigned_by == "pupil" and unit != "pupil" and not design.individual_arms:
        found.append("units_follow_arms")
    if not tested:
        found.append(f"no_test_{untested}" if untested else "no_test")
    if any(rate is None for rate in lost):
        found.append("attrition_unknown")
    elif not all(acceptable(*rate) for rate in lost if rate is not None):
        found.append("attrition" if design.kind == "randomised" else "attrition_not_drawn")
    return found


def grade_of(reasons: Sequence[str]) -> str:
    """Return the grade that goes with `reasons_against`: description, change, association or effect."""
    match list(reasons):
        case []:
            return "effect"
        case ["no_estimate"]:
            return "description"
        case ["single_group"]:
            return "change"
        case _:
            return "association"
