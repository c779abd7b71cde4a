"""What someone who knows every score but one finds of that one in all that a copy says of scores, read together.

Which scores of the last one would round to what is printed? A mean, an SD, the mean of all beside that of an arm, a
change: each leaves some; what all leave together must span a tenth of the scale. Floating point finds who stands out,
fractions decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

LEAST = Fraction(1, 10)
DENOMINATORS = 420  # of the scores that there are: whole, halves, means of a few items
MEANS, SPREADS = {"mean", "scale_mean", "item_mean", "mean_change"}, {"sd", "scale_sd", "item_sd", "sd_change"}


@dataclass(frozen=True)
class Statement:
    """A printed number: a mean or an SD of `pupils`, of their scores at `after` (less those at `before`)."""

    id: str
    spread: bool
    value: float
    step: float
    pupils: tuple[str, ...]
    after: tuple[str, str]
    before: tuple[str, str] | None = None


@dataclass(frozen=True)
class Known:
    """All scores: (outcome, wave) -> pupil -> score; the arm of each pupil; ends and unit of each scale."""

    scores: dict[tuple[str, str], dict[str, float]]
    arms: dict[str, str]
    scales: dict[str, tuple[float, float, Fraction]]


def known(bench, units):
    """Return what there is to know of a study: the reader knows all of it but one score."""
    table, scores = bench.scores, {}
    for (outcome, wave), rows in table.groupby(["outcome", "wave"], observed=True):
        have = rows.dropna(subset=["score"])
        scores[outcome, str(wave)] = dict(zip(have["pupil"].astype(str), have["score"].astype(float), strict=True))
    pupils = bench.intake.pupils
    arms = dict(zip(pupils.index.astype(str), pupils["arm"].astype(str), strict=True)) if "arm" in pupils else {}
    ranges = {o.name: tuple(o.range) for o in bench.study.outcomes}
    return Known(scores, arms, {outcome: (*ranges[outcome], unit) for outcome, unit in units.items()})


def statements(copy, true, steps, of):
    """Return what a copy says of scores, as statements; those of groups that cannot be made up again are left out."""
    found = []
    for f in copy.facts:
        if f.what not in MEANS | SPREADS or f.value is None or f.id not in steps or f.item:
            continue
        after = (f.outcome, f.wave_to or f.wave)
        before = (f.outcome, f.wave_from) if f.what.endswith("_change") else None
        there = of.scores.get(after, {}).keys() & (
            of.scores.get(before, {}).keys() if before else of.scores[after].keys()
        )
        group = tuple(sorted(p for p in there if not f.arm or of.arms.get(p) == f.arm))
        if len(group) == true[f.id].n:
            found.append(Statement(f.id, f.what in SPREADS, f.value, steps[f.id], group, after, before))
    return found


def left(target, at, said, of, *, exact=False):
    """Return the lowest and highest score of `target` at `at` (outcome, wave) that agrees with all that is said.

    Only scores that there are on the scale are tried.
    """
    number = _exact if exact else float
    low, high, unit = of.scales[at[0]]
    truth = number(of.scores[at][target])
    tried = [_exact(low) + unit * i for i in range(int((_exact(high) - _exact(low)) / unit) + 1)]
    tried = tried if exact else np.array([*map(float, tried), truth])
    fits = [True] * len(tried) if exact else np.ones(len(tried), bool)
    for s in said:
        if target in s.pupils and at in {s.after, s.before}:
            agree = _agree(s, target, at, tried, of, number)
            fits = [a and b for a, b in zip(fits, agree, strict=True)] if exact else fits & agree
    kept = [y for y, fit in zip(tried, fits, strict=True) if fit]
    return (min(kept), max(kept)) if kept else (truth, truth)


def _exact(score):
    return Fraction(score).limit_denominator(DENOMINATORS)


def _agree(s, target, at, tried, of, number):
    """Whether a statement holds for each score of the target that is tried."""
    others = [number(of.scores[s.after][p]) - (number(of.scores[s.before][p]) if s.before else 0)
              for p in s.pupils if p != target]  # fmt: skip
    beside = s.before if at == s.after else s.after
    own = [
        y if s.before is None else (y - number(of.scores[beside][target])) * (1 if at == s.after else -1) for y in tried
    ]
    n, total, squares = len(s.pupils), sum(others), sum(x * x for x in others)
    printed, half = (Fraction(repr(s.value)), Fraction(repr(s.step)) / 2) if number is _exact else (s.value, s.step / 2)
    slack = Fraction(1, 10**9) if number is _exact else 1e-9
    if number is float:
        own = np.asarray(own)
        mean = (total + own) / n
        if not s.spread:
            return np.abs(mean - printed) <= half + slack
        variance = np.maximum((squares + own**2 - n * mean**2) / (n - 1), 0)
        return (variance >= max(printed - half, 0) ** 2 - slack) & (variance <= (printed + half) ** 2 + slack)
    means = [(total + y) / n for y in own]
    if not s.spread:
        return [abs(m - printed) <= half + slack for m in means]
    variances = [(squares + y * y - n * m * m) / (n - 1) for y, m in zip(own, means, strict=True)]
    return [max(printed - half, 0) ** 2 - slack <= v <= (printed + half) ** 2 + slack for v in variances]


def narrowed(said, of):
    """Return (pupil, outcome, wave, part of the scale that is left) of each score that is left less than a tenth."""
    found = []
    for at in sorted({place for s in said for place in (s.after, s.before) if place}):
        scores = of.scores[at]
        width = _exact(of.scales[at[0]][1]) - _exact(of.scales[at[0]][0])
        about = {p for s in said if at in {s.after, s.before} for p in s.pupils}
        for target in _standing_out(about, scores, of):
            low, high = left(target, at, said, of)
            if high - low < float(LEAST * width) + 1e-6:  # fractions decide
                low, high = left(target, at, said, of, exact=True)
                if high - low < LEAST * width:
                    found.append((target, *at, float((high - low) / width)))
    return found


def _standing_out(about, scores, of):
    """Return of each arm the pupils with the lowest, the highest and a middle score."""
    found = set()
    for arm in {of.arms.get(p, "") for p in about}:
        own = sorted((p for p in about if of.arms.get(p, "") == arm and p in scores), key=lambda p: (scores[p], p))
        found |= {own[i] for i in (0, len(own) // 2, -1) if own}
    return sorted(found)
