"""Numbers of the same scores side by side: an arm and everyone, before, after and the change, read together.

Each by itself leaves a tenth of the scale for the one whose score is not known (`leeway`); what two of them leave may
lie at opposite sides of that score. So all that a copy says of a score is asked at once, and what says least is hidden
first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from werkbank.disclosure.leeway import LEEWAY, Group, Said, between, enough

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from werkbank.disclosure.scales import Scale
    from werkbank.results import Fact, Results

TAIL = 3.0  # SDs from the mean at which the one with the least room is looked for, where the extremes are not known
CHANGES = (-2.0, -1.0, 0.0, 1.0, 2.0)  # SDs from the mean change at which it is looked for
# a reader misses least what comes first
FIRST = ("scale_sd", "sd_change", "scale_mean", "mean_change", "sd")


def ends_of(mean: Fact, spread: float, scale: Scale, results: Results) -> tuple[float, float]:
    """Return the lowest and highest score of the people behind a mean; where unknown, three SDs from it."""
    middle = float(mean.value or 0)
    if mean.what == "mean_change" or mean.item:
        return max(scale.low, middle - TAIL * spread), min(scale.high, middle + TAIL * spread)
    at = {"outcome": mean.outcome, "wave": mean.wave} | ({"arm": mean.arm} if mean.what == "mean" else {})
    low = [float(f.value) for f in results.facts_where(what="min", **at) if isinstance(f.value, int | float)]
    high = [float(f.value) for f in results.facts_where(what="max", **at) if isinstance(f.value, int | float)]
    return (
        min(low, default=max(scale.low, middle - TAIL * spread)),
        max(high, default=min(scale.high, middle + TAIL * spread)),
    )


def keep_apart(
    results: Results,
    values: dict[str, float],
    steps: Mapping[str, float],
    scales: Mapping[str, Scale],
    min_cell: int,
) -> None:
    """Take from `values` what, beside the rest, leaves someone less than a tenth of the scale, or tells of few."""
    for arm in results.facts_where(what="mean"):
        scale = scales.get(arm.outcome)
        if scale is None or not arm.n:
            continue
        about = [f for f in _about(arm, results) if f.id in values and f.id in steps and f.n]
        sd = results.number(what="sd", outcome=arm.outcome, arm=arm.arm, wave=arm.wave)
        scores = between(ends_of(arm, float(sd or 0), scale, results), float(arm.value or 0), scale)
        while len(about) > 1 and not _leave_enough(about, arm, scores, scale, results, values, steps):
            worst = next((f for what in FIRST for f in about if f.what == what), None)
            if worst is None:
                break
            gone = {worst.what, "scale_sd" if worst.what == "scale_mean" else worst.what}
            for f in [f for f in about if f.what in gone]:
                values.pop(f.id, None)
            about = [f for f in about if f.id in values]
    for everyone in results.facts_where(what="scale_mean"):
        if everyone.id in values and _rest_is_told(everyone, results, values, steps, scales, min_cell):
            values.pop(everyone.id)
            spread = results.fact(what="scale_sd", outcome=everyone.outcome, wave=everyone.wave)
            values.pop(spread.id if spread is not None else "", None)


def _rest_is_told(
    everyone: Fact,
    results: Results,
    values: Mapping[str, float],
    steps: Mapping[str, float],
    scales: Mapping[str, Scale],
    min_cell: int,
) -> bool:
    """Whether the mean of the few in no arm that is shown follows, to a tenth of the scale, from all the others."""
    arms = [f for f in results.facts_where(what="mean", outcome=everyone.outcome, wave=everyone.wave) if f.id in values]
    rest = int(everyone.n or 0) - sum(int(f.n or 0) for f in arms)
    open_sum = sum(steps.get(f.id, 0.0) * int(f.n or 0) for f in (everyone, *arms))
    return 0 < rest < min_cell and open_sum < LEEWAY * scales[everyone.outcome].width * rest


def _about(arm: Fact, results: Results) -> list[Fact]:
    """Return the numbers in which a score behind the mean of an arm counts."""
    at = {"outcome": arm.outcome, "wave": arm.wave}
    own = [f for what in ("mean", "sd") for f in results.facts_where(what=what, arm=arm.arm, **at)]
    own += [f for what in ("scale_mean", "scale_sd") for f in results.facts_where(what=what, **at)]
    changes = [f for what in ("mean_change", "sd_change")
               for f in results.facts_where(what=what, outcome=arm.outcome, arm=arm.arm)]  # fmt: skip
    return own + [f for f in changes if arm.wave in {f.wave_from, f.wave_to}]


def _leave_enough(
    about: Iterable[Fact],
    arm: Fact,
    scores: np.ndarray,
    scale: Scale,
    results: Results,
    values: Mapping[str, float],
    steps: Mapping[str, float],
) -> bool:
    plain, changes = [], []
    for f in about:
        spread = f.what in {"sd", "scale_sd", "sd_change"}
        group = _group(f, results)
        said = (group, values[f.id], steps[f.id], spread)
        if f.what in {"mean_change", "sd_change"}:
            changes.append((said, -1 if arm.wave == f.wave_from else 1))
        else:
            plain.append(Said(*said))
    if not changes:
        return enough(plain, scores, scale)
    for score in scores:  # how much someone with this score changed is not among the results
        for far in CHANGES:
            moved = [_moved(said, way, far, score, scale) for said, way in changes]
            if not enough([*plain, *moved], np.array([score]), scale):
                return False
    return True


def _moved(said: tuple[Group, float, float, bool], way: int, far: float, score: float, scale: Scale) -> Said:
    """Return what is said of a change, for one with this score whose own lies `far` SDs from the mean, if it can."""
    limits = (score - scale.high, score - scale.low) if way > 0 else (scale.low - score, scale.high - score)
    return Said(*said, score=float(np.clip(said[0].mean + far * said[0].sd, *limits)), way=way)


def _group(f: Fact, results: Results) -> Group:
    """Return the people behind a number."""
    mean, sd = {"scale_sd": ("scale_mean", "scale_sd"), "scale_mean": ("scale_mean", "scale_sd")}.get(
        f.what, ("mean_change", "sd_change") if f.what.endswith("_change") else ("mean", "sd")
    )
    place = {"outcome": f.outcome, "arm": f.arm, "wave": f.wave, "wave_from": f.wave_from}
    found = [results.number(what=what, **place) for what in (mean, sd)]
    return Group(int(f.n or 0), float(found[0] or 0), float(found[1] or 0))
