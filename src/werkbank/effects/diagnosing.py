"""What the lead of each primary question takes for granted, looked at: residuals, spread by arm, slopes, ranks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from werkbank.effects.cautions import answerable
from werkbank.effects.leading import single_pupils
from werkbank.effects.questions import Question, identifier, questions
from werkbank.results import Fact
from werkbank.statistics.interaction import interaction_between, interaction_within, moderated_classes
from werkbank.statistics.residuals import ranks, shape
from werkbank.statistics.unit_means import Adjusted, compare, contrast_row

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from werkbank.statistics.quantity import Quantity
    from werkbank.study.model import Study


def diagnose(study: Study, scores_table: pd.DataFrame, pupils: pd.DataFrame) -> list[Fact]:
    """Look at the assumptions of the main analysis of every primary question that compares unit means or pupils.

    Returns
    -------
    list of Fact
        Of kind ``diagnostic``, per question; `n` counts what was assigned (pupils, classes …). `residual_normality_w`
        and `_p` (Shapiro & Wilk) of the residuals, each divided by its arm's SD, because arms may spread differently;
        `spread_of_units` per arm: the SD of their residuals; `rank_p` and `rank_superiority` for two arms:
        Mann and Whitney's test of what was assigned at equal covariates, treated arm first, and the chance that one
        of it scores higher. `slopes_differ` and `_p`: how much steeper the score before tells the score after in the
        treated arm, and whether one slope for all arms will do. `influence_largest`: by how many of its SEs the
        difference moves when the unit is left out that moves it most. `values_distinct`, `share_at_top` and
        `share_at_bottom`: how many different scores pupils have afterwards, and which shares of them have the highest
        and the lowest one seen. Nothing for blocks, schools and roles, whose leads are differences of their own.
    """
    made: list[Fact] = []
    for q in questions(study, scores_table, pupils):
        if q.weights and "primary" in {q.role, q.outcome.role} and answerable(q):
            found = q.answer.found
            if isinstance(found, Adjusted) and not found.fit.collinear:
                made += _of_question(q, found)
    return made


def _of_question(q: Question, found: Adjusted) -> list[Fact]:
    units = found.units
    spread = {
        arm: float(np.std(found.fit.rest[units.arm == i], ddof=1)) if (units.arm == i).sum() > 1 else math.nan
        for i, arm in enumerate(units.arms)
    }
    compared = [arm for arm, weight in q.weights.items() if weight]
    inside = [arm for arm in compared if spread.get(arm, 0) > 0]
    scaled = [found.fit.rest[units.arm == units.arms.index(arm)] / spread[arm] for arm in inside]
    seen = shape(np.concatenate(scaled) if scaled else np.empty(0))
    made = [_fact(q, "residual_normality_w", seen.w, seen.n), _fact(q, "residual_normality_p", seen.p, seen.n)]
    made += [_fact(q, "spread_of_units", spread[arm], units.counts[arm], arm) for arm in compared if arm in spread]
    if sorted(q.weights.values()) == [-1.0, 1.0]:
        treated, control = sorted(q.weights, key=lambda arm: -q.weights[arm])
        at = {arm: i for i, arm in enumerate(units.arms)}
        if treated in at and control in at:
            level = {arm: found.means[at[arm]] + found.fit.rest[units.arm == at[arm]] for arm in (treated, control)}
            by_rank = ranks(level[treated], level[control])
            n = sum(by_rank.n)
            made += [_fact(q, "rank_p", by_rank.p, n), _fact(q, "rank_superiority", by_rank.superiority, n)]
    slopes = slopes_differ(q)
    if slopes is not None:
        made += [_fact(q, "slopes_differ", slopes.value, seen.n), _fact(q, "slopes_differ_p", _known(slopes.p), seen.n)]
    made.append(_fact(q, "influence_largest", influence(found, q.weights), seen.n))
    scores, n = q.analysed["post"], len(q.analysed)
    ends = {"top": scores.max(), "bottom": scores.min()}
    made.append(_fact(q, "values_distinct", float(scores.nunique()), n))
    return [*made, *(_fact(q, f"share_at_{end}", float((scores == x).mean()), n) for end, x in ends.items())]


def slopes_differ(q: Question) -> Quantity | None:
    """Return how much the pre-test's slope differs between the arms compared; None where it is not adjusted for.

    Of classes (teachers, schools) that of pupils within them, CR2 (`interaction.interaction_within`); of pupils who
    were assigned one by one HC2 (`interaction_between`): never a model that takes classmates as independent.
    """
    if not (q.wave_from and q.adjusting.pre) or abs(sum(q.weights.values())) > 1e-9:
        return None
    rows = q.whole.loc[q.whole["arm"].isin(q.plan.arms)]
    at = [float(rows["pre"].mean())]
    if q.unit.of_pupil is None:
        return interaction_between(single_pupils(q.plan, rows), "pre", q.weights, at).interaction
    classes = moderated_classes(rows, "pre", covariates=[c for c in q.adjusting.columns if c != "pre"])
    return interaction_within(classes, q.weights, at).interaction


def influence(found: Adjusted, weights: Mapping[str, float]) -> float:
    """Return the largest change of a difference when one unit is left out, in SEs of the difference; NaN without SE.

    Exact for least squares on unit means: D - D without j = l_j e_j/(1 - h_j). Under the slope within classes that
    slope stays as it was.
    """
    fit = found.fit
    compared = compare(found, weights)
    if not compared.test.se:
        return math.nan
    row = contrast_row(found, weights)
    lines = fit.Q @ np.linalg.solve(fit.R.T, row)
    moved = lines * fit.rest / np.maximum(1 - fit.leverage, 1e-9)
    return float(np.abs(moved).max() / compared.test.se)


def _known(x: float | None) -> float:
    return math.nan if x is None else x


def _fact(q: Question, what: str, value: float, n: int, arm: str = "") -> Fact:
    moment = f"{q.wave_from}-{q.wave_to}".strip("-")
    treated_first = tuple(sorted(q.weights, key=lambda name: -q.weights[name]))
    return Fact(
        id=identifier(q.key, q.contrast, *([arm] if arm else []), moment, what),
        what=what,
        value=value if math.isfinite(value) else None,
        outcome=q.key,
        informant=q.outcome.informant,
        arm=arm or q.contrast,
        wave=q.wave_to,
        n=n,
        kind="diagnostic",
        contrast=q.contrast,
        arms=(arm,) if arm else treated_first,
        wave_from=q.wave_from,
        wave_to=q.wave_to,
        note="" if math.isfinite(value) else "no_variation",
    )
