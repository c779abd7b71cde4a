"""What a reader knows of a scale before any number of it is shown: its ends, and the steps in which scores differ."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from werkbank.errors import WerkbankError
from werkbank.measurement.study_scores import instruments_of
from werkbank.study.model import Study

if TYPE_CHECKING:
    from werkbank.results import Fact, Results

# in which scores may differ, the widest first: 0 or 10, whole points, halves, the mean of three to twelve items
UNITS = (100.0, 50.0, 20.0, 10.0, 5.0, 3.0, 2.0, 1.0, 0.5, 0.25, 0.2, 0.1, *(1 / k for k in (3, 6, 7, 8, 9, 11, 12)))
FINE = 0.01  # of a scale whose steps are none of these
NEAR = 1e-6


@dataclass(frozen=True)
class Scale:
    """The `low` and `high` end of a scale, the `unit` in which scores differ, and the scores that were `met`.

    `guessed`: nothing says what the ends are, and they were taken to lie three SDs from the mean.
    """

    low: float
    high: float
    unit: float
    met: tuple[float, float]
    guessed: bool = False

    @property
    def width(self) -> float:
        """From end to end."""
        return self.high - self.low

    @cached_property
    def levels(self) -> int:
        """How many different scores lie between the lowest and the highest that occurred."""
        return round((self.met[1] - self.met[0]) / self.unit) + 1


def scales_of(results: Results) -> dict[str, Scale]:
    """Return the scale of every outcome of which a mean is among these results.

    The ends are those that the study file or the instrument's key gives, else the scores that occurred, else what means
    and SDs lead to expect; what has none of these is not there, and no magnitude of it is shared.
    """
    means: dict[str, list[Fact]] = defaultdict(list)
    ends: dict[str, list[float]] = defaultdict(list)
    for f in results.facts:
        if isinstance(f.value, int | float) and f.outcome:
            if f.what in {"mean", "scale_mean"} and f.n:
                means[f.outcome].append(f)
            elif f.what in {"min", "max"}:
                ends[f.outcome].append(float(f.value))
    declared = _declared(results.study)
    made = {}
    for outcome, facts in means.items():
        own = declared.get(outcome)
        met = (min(ends[outcome]), max(ends[outcome])) if ends[outcome] else own
        if met is None and (guess := _guess(facts, results)) is not None:
            made[outcome] = Scale(*guess, _unit(facts, []), guess, guessed=True)
        elif met is not None:
            # a range of the study file says what a score may be; where it was exceeded, what it was
            low, high = own if own is not None and own[0] < own[1] else met
            low, high = min(low, met[0]), max(high, met[1])
            made[outcome] = Scale(low, high, _unit(facts, ends[outcome]), met)
    return made


def _guess(means: list[Fact], results: Results) -> tuple[float, float] | None:
    """Return the span within three SDs of every mean."""
    ends: list[float] = []
    for f in means:
        what = "sd" if f.what == "mean" else "scale_sd"
        sd = results.number(what=what, outcome=f.outcome, arm=f.arm, wave=f.wave)
        ends += [] if sd is None else [float(f.value) - 3 * sd, float(f.value) + 3 * sd]  # type: ignore[arg-type]
    return (min(ends), max(ends)) if ends and min(ends) < max(ends) else None


def _declared(dumped: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """Return the range of every scale that the study file or a shipped key gives."""
    found: dict[str, tuple[float, float]] = {}
    try:
        keys = instruments_of(study := Study.model_validate(dumped))
    except (WerkbankError, ValueError):  # a key of one's own lies in the study's folder
        keys, study = {}, None
    for outcome in dumped.get("outcomes", ()):
        if outcome.get("range") and outcome.get("name"):
            low, high = outcome["range"]
            found[outcome["name"]] = (float(low), float(high))
    for outcome in study.outcomes if study is not None else ():
        key = keys[outcome.id]
        if outcome.id in found or (outcome.instrument is None and not outcome.range):
            continue
        for scale in (*key.scales, *key.composites):
            low, high = key.score_range(scale)
            found[scale if scale == outcome.id else f"{outcome.id}.{scale}"] = (float(low), float(high))
    return found


def _unit(facts: list[Fact], ends: list[float]) -> float:
    """Return the widest step of which every sum (n times a mean) and every end is a multiple, as a reader finds it."""
    base = min(ends, default=0.0)
    sums = [float(f.value) * (f.n or 0) - base * (f.n or 0) for f in facts]  # type: ignore[arg-type]
    known = [*sums, *(end - base for end in ends)]
    return next((u for u in UNITS if all(abs(math.remainder(x, u)) < NEAR * max(1.0, abs(x)) for x in known)), FINE)
