"""Means and SDs of scores as they may be shown: which are hidden, and to which step the others are rounded."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from werkbank.disclosure.beside import ends_of, keep_apart
from werkbank.disclosure.flow import kind
from werkbank.disclosure.leeway import rounded, step_of, to_step
from werkbank.disclosure.patterns import FEW, Printed, tells
from werkbank.disclosure.scales import Scale, scales_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkbank.results import Fact, Results

PAIRS = {"mean": "sd", "scale_mean": "scale_sd", "item_mean": "item_sd", "mean_change": "sd_change"}


@dataclass(frozen=True)
class Magnitudes:
    """What may be shown of scores.

    `values` maps the id of a fact to its rounded value, `steps` to what it was rounded to (not there: it follows from
    others that are shown); a magnitude without a value is hidden. `few` are outcomes of
    which nothing is shown that was made of scores; `split` are (outcome, arm, wave_from, wave_to) of which a change and
    means that lie side by side would tell of the few who are in one and not in the other.
    """

    values: Mapping[str, float]
    steps: Mapping[str, float]
    scales: Mapping[str, Scale]
    few: frozenset[str]
    split: frozenset[tuple[str, str, str, str]]


def magnitudes(results: Results, min_cell: int) -> Magnitudes:
    """Return the means and SDs of these results that may be shown, rounded."""
    scales = scales_of(results)
    values: dict[str, float] = {}
    steps: dict[str, float] = {}
    few: set[str] = set()
    for mean, sd in _pairs(results):
        scale = _scale_of(mean, results, scales)
        shown = None if scale is None else _shown(mean, sd, scale, results, min_cell)
        alike = scale is not None and sd is not None and (sd.value == 0 or (shown is not None and shown[1] == 0))
        if alike and mean.what != "mean_change":
            few |= {mean.outcome} if not mean.item else set()
        elif shown is not None and scale is not None and not _patterned(mean, scale, shown, min_cell):
            values[mean.id], steps[mean.id] = shown[0], shown[2]
            if sd is not None:
                values[sd.id], steps[sd.id] = shown[1], shown[3]
        elif shown is not None and not mean.item:
            few.add(mean.outcome)
    split = _split(results, min_cell)
    _side_by_side(results, values, steps, split)
    keep_apart(results, values, steps, scales, min_cell)
    return Magnitudes(values, steps, scales, frozenset(few | _of_two(results)), frozenset(split))


def _pairs(results: Results) -> list[tuple[Fact, Fact | None]]:
    """Return every mean with the SD of the same scores."""
    known = [f for f in results.facts if f.n and f.value is not None]
    at = {(f.what, f.outcome, f.arm, f.wave, f.wave_from, f.item): f for f in known}
    means = [f for f in known if f.what in PAIRS and kind(f.what) == "magnitude"]
    return [(f, at.get((PAIRS[f.what], f.outcome, f.arm, f.wave, f.wave_from, f.item))) for f in means]


def _scale_of(f: Fact, results: Results, scales: Mapping[str, Scale]) -> Scale | None:
    """Return on which scale the scores behind a fact lie: of an item one of its own, of a change twice as wide."""
    scale = scales.get(f.outcome)
    if scale is None or not f.n:
        return None
    if f.what == "mean_change":
        return Scale(-scale.width, scale.width, scale.unit, (-scale.width, scale.width))
    if f.item:
        beside = results.facts_where(what="item_mean", outcome=f.outcome, wave=f.wave)
        whole = results.number(what="scale_mean", outcome=f.outcome, wave=f.wave)
        total = sum(float(i.value) for i in beside if isinstance(i.value, int | float))
        # a scale that is the sum of its items is as many times as wide as one of them
        summed = isinstance(whole, int | float) and abs(whole - total) < abs(whole - total / len(beside))
        times = len(beside) if summed else 1
        low, high = scale.low / times, scale.high / times
        return Scale(low, high, 1.0, (low, high))
    return scale


def _shown(
    mean: Fact, sd: Fact | None, scale: Scale, results: Results, min_cell: int
) -> tuple[float, float, float, float] | None:
    n, middle = int(mean.n or 0), float(mean.value or 0)
    if n < min_cell:
        return None
    spread = float(sd.value or 0) if sd is not None else 0.0
    if sd is None:
        step = step_of(scale, n, min_cell)
        return to_step(middle, step), math.nan, step, step
    return rounded(middle, spread, n, scale, ends_of(mean, spread, scale, results), min_cell)


def _patterned(mean: Fact, scale: Scale, shown: tuple[float, float, float, float], min_cell: int) -> bool:
    """Whether scores with few levels are told by their mean and SD."""
    if mean.what == "mean_change" or scale.levels > FEW:
        return False
    if scale.levels < 3 or scale.guessed:
        return True  # a mean of two answers is a count: what is known of it in a whole and its parts, is subtracted
    low, step = scale.met[0], scale.unit
    at, spread, mean_step, sd_step = shown
    printed = Printed(
        int(mean.n or 0), scale.levels, (at - low) / step, spread / step, mean_step / step, sd_step / step
    )
    return _tells(replace(printed, **{k: round(getattr(printed, k), 9) for k in ("mean", "sd")}), min_cell)


_tells = lru_cache(maxsize=4096)(tells)


def _of_two(results: Results) -> set[str]:
    """Return the outcomes scored 0 or 1 whose extremes are not known: only theirs have this SD."""
    found = set()
    for mean, sd in _pairs(results):
        if mean.what == "mean" and sd is not None:
            at, n = float(mean.value or 0), int(mean.n or 0)
            if math.isclose(float(sd.value or 0) ** 2 * (n - 1), at * (1 - at) * n, abs_tol=1e-9):
                found.add(mean.outcome)
    return found


def _scored(results: Results, f: Fact) -> tuple[Fact | None, Fact | None]:
    """Return the means, of all who had a score, at the two moments between which a change lies."""
    place = {"what": "mean", "outcome": f.outcome, "arm": f.arm}
    return (results.fact(**place, wave=f.wave_from), results.fact(**place, wave=f.wave_to))


def _split(results: Results, min_cell: int) -> set[tuple[str, str, str, str]]:
    """Return where those who changed and those who had a score differ by some, but by fewer than `min_cell`."""
    found = set()
    for f in results.facts_where(what="mean_change"):
        apart = [int(m.n or 0) - int(f.n or 0) for m in _scored(results, f) if m is not None]
        if any(0 < less < min_cell for less in apart):
            found.add((f.outcome, f.arm, f.wave_from, f.wave_to))
    return found


def _side_by_side(
    results: Results, values: dict[str, float], steps: dict[str, float], split: set[tuple[str, str, str, str]]
) -> None:
    """Show a change as the difference of the means that are shown, or not at all beside means of nearly the same."""
    for f in results.facts_where(what="mean_change"):
        beside = _scored(results, f)
        sd = results.fact(what="sd_change", outcome=f.outcome, arm=f.arm, wave=f.wave, wave_from=f.wave_from)
        if (f.outcome, f.arm, f.wave_from, f.wave_to) in split:
            gone = [f, sd] if f.arm else _means(results, beside, int(f.n or 0))  # of one group the change is the answer
            for item in gone:
                if item is not None:
                    values.pop(item.id, None)
        elif f.id in values and all(m is not None and m.n == f.n and m.id in values for m in beside):
            first, last = (values[m.id] for m in beside if m is not None)
            values[f.id] = round(last - first, 9) + 0.0
            steps.pop(f.id, None)


def _means(results: Results, beside: tuple[Fact | None, ...], n: int) -> list[Fact | None]:
    """Return the last mean that is of others than those who changed, and its SD: without one of two no sum follows."""
    found: list[Fact | None] = []
    for m in [m for m in beside if m is not None and m.n != n][-1:]:
        place = {"outcome": m.outcome, "wave": m.wave}
        found += [m, results.fact(what="sd", arm=m.arm, **place)]
        found += [results.fact(what=what, **place) for what in ("scale_mean", "scale_sd")]
    return found
