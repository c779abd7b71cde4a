"""How the counts of a study add up: the pupil flow, the n of every statistic, and the tables of categories."""

from __future__ import annotations

import math
from collections import defaultdict
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from werkbank.catalogue import shipped
from werkbank.disclosure import signals
from werkbank.disclosure.protecting import Counts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkbank.results import Claim, Estimate, Fact, Results

LOSSES = {
    "pre": "pupils_without_pre", "post": "pupils_without_post", "both": "pupils_without_both",
    "unit": "pupils_without_unit", "block": "pupils_without_block", "broken": "pupils_in_broken_block",
    "covariate": "pupils_without_covariate", "planned_pre": "pupils_planned_without_pre",
    "planned_post": "pupils_planned_without_post", "planned_both": "pupils_planned_without_both",
}  # fmt: skip
PLACES = ("unit", "block", "broken", "covariate")  # lost with both scores, for want of something else
# their n is how many were assigned
OF_ASSIGNED = {"pupils_analysed", "units_analysed", "schools_enrolled", "schools_analysed", *LOSSES.values()}
PAIRED = {"change", "regression", "retest"}  # kinds of facts about those who have both scores
# of the kinds of facts about one scale at one moment: all who have a score, or those of them who can be looked at so
OF_SCALE = {
    "scale": "all scored", "icc": "beside icc", "item": "beside items", "reliability": "beside items",
}  # fmt: skip
# what a reader would miss most is the dearest to hide: the n of the analyses before those of the flow
COSTS = {"analysed": 10.0, "enrolled": 6.0, "scored": 3.0, "measured": 2.0, "lost": 1.0, "beside": 0.5}


@cache
def kind(what: str) -> str:
    """Return how a shared copy treats a fact or an estimate of this kind: a key of ``kinds.yaml``."""
    kinds: dict[str, list[str]] = shipped(Path(__file__).parent / "kinds.yaml")
    return next(name for name, patterns in kinds.items() if any(fnmatch(what, pattern) for pattern in patterns))


def slots(results: Results) -> dict[tuple[str, str], str]:
    """Return which count each number of people is: (id, ``value`` or ``n``) -> its name.

    A number that is not here belongs to no known count; a shared copy does not show it.
    """
    arms = {f.arm for f in results.facts_where(what="pupils_enrolled")}
    found: dict[tuple[str, str], str] = {}
    for f in results.facts:
        if kind(f.what) == "flow":
            found[f.id, "value"] = _flow_name(f)
        elif kind(f.what) == "attribute" and (name := signals.count_name(f)):
            found[f.id, "value"] = name
        elif kind(f.what) == "share":
            found[f.id, "share"] = f"having {f.id}"
        if name := signals.n_name(f, results) if signals.about(f) else _n_of(f, arms):
            found[f.id, "n"] = name
    for e in results.estimates:
        found[e.id, "n"] = signals.n_name(e, results) if signals.about(e) else _compared(e)
    return found


def _n_of(f: Fact, arms: set[str]) -> str:
    """Return which count the n of a fact is, or an empty text."""
    named = ""
    if f.what in OF_ASSIGNED:
        named = f"enrolled {f.arm}"
    elif f.what in {"mean", "sd"} and f.arm in arms:
        named = f"scored {f.outcome} {f.arm} {f.wave}"
    elif f.kind in PAIRED:
        named = f"analysed {f.outcome} {f.arm} {f.wave}"
    elif f.kind in OF_SCALE:
        named = f"{OF_SCALE[f.kind]} {f.outcome} {f.wave}"
    elif f.kind in {"baseline", "attrition"}:
        named = _compared(f)
    elif kind(f.what) == "attribute":
        named = f"judged {signals.group_of(f)}"
    return named


def system(results: Results, min_cell: int, part: str = "", *, unknown: bool = False) -> Counts:
    """Return every count of people that a report of these results shows, and how they add up.

    `part` distinguishes the counts of one report from those of others in a batch. With `unknown` the results are taken
    for a shared copy: the counts that it hides are in the system too, without a price and without a value (NaN).
    """
    counts = Counts()
    names = slots(results)
    numbers = _numbers(results, names, rounded=unknown)
    if unknown:
        hidden = [name for (_, slot), name in names.items() if slot == "value" and name not in numbers]
        counts.values |= {part + name: math.nan for name in hidden}
    for name, value in numbers.items():
        counts.shown(part + name, value, COSTS.get(name.split(" ")[0], COSTS["lost"]))
    _flow(counts, results, part)
    _associations(counts, results, part)
    _contrasts(counts, results, part)
    _scales(counts, results, names, part)
    _categories(counts, results, min_cell, part)
    if not unknown:  # a copy's shares are rounded: they are no counts
        _shares(counts, results, min_cell, part)
    signals.relate(counts, results, part, min_cell)
    return counts


def _flow_name(f: Fact) -> str:
    match f.what:
        case "pupils_enrolled":
            return f"enrolled {f.arm}"
        case "pupils_measured":
            return f"measured {f.arm} {f.wave}"
        case "pupils_analysed":
            return f"analysed {f.outcome} {f.arm} {f.wave}"
    return f"{f.what} {f.outcome} {f.arm} {f.wave}"


def _compared(item: Fact | Estimate) -> str:
    contrast = item.contrast
    if of_association(item):  # of those with all scores of one question, whatever else was measured
        contrast = f"association {item.group}"  # type: ignore[union-attr] # only an estimate has one
        return f"analysed {item.outcome} {contrast} {moment(item)}"
    named = bool(item.arms) or not contrast
    return f"analysed {item.outcome} {contrast} {moment(item)}" if named else f"compared {contrast}"


def of_association(item: Fact | Estimate) -> bool:
    """Whether a result answers a question without a programme."""
    return getattr(item, "grouped_by", "") == "association"


def arms_of(item: Fact | Estimate) -> tuple[str, ...]:
    """Return the arms that a result compares; of a result for everybody that one group, of one arm none."""
    return item.arms or (() if item.contrast or getattr(item, "arm", "") else ("",))


def moment(item: Fact | Estimate | Claim) -> str:
    """Return how facts call the pair of waves of a result."""
    return f"{item.wave_from}-{item.wave_to}" if item.wave_from == "baseline" else item.wave_to


def _numbers(results: Results, names: Mapping[tuple[str, str], str], *, rounded: bool) -> dict[str, float]:
    """Return the number behind every name: a count's own, else the one n that stands for it in several places."""
    seen: dict[str, set[float]] = defaultdict(set)
    items: tuple[Fact | Estimate, ...] = (*results.facts, *results.estimates)
    for item in items:
        for slot in ("value", "n"):
            number = getattr(item, slot, None)
            if (item.id, slot) in names and isinstance(number, int | float) and number == int(number):
                seen[names[item.id, slot]].add(float(number))
    single = {name: numbers.pop() for name, numbers in seen.items() if len(numbers) == 1}
    primary = {names[f.id, "value"]: f.value for f in results.facts if (f.id, "value") in names}
    single |= {} if rounded else signals.flagged_in_groups(results)
    own = {**single, **{name: float(value) for name, value in primary.items() if isinstance(value, int | float)}}
    for (outcome, contrast, wave), arms in _comparisons(results).items():
        of_arms = [own.get(f"analysed {outcome} {arm} {wave}") for arm in arms]
        if of_arms and None not in of_arms:  # another n (of an imputed data set) does not stand for this count
            own[f"analysed {outcome} {contrast} {wave}"] = sum(n for n in of_arms if n is not None)
    return own


def _comparisons(results: Results) -> dict[tuple[str, str, str], tuple[str, ...]]:
    """Return the arms of every comparison: (outcome, contrast, moment) -> arms."""
    items: tuple[Fact | Estimate, ...] = (*results.facts_where(what="baseline_difference"), *results.estimates)
    found = {(i.contrast, i.outcome, moment(i)): i.arms for i in items if i.arms}
    return {(outcome, contrast, wave): found[contrast, outcome, wave] for contrast, outcome, wave in sorted(found)}


def _flow(counts: Counts, results: Results, part: str) -> None:
    """Assigned = analysed + lost; scored at a wave = analysed + lost at the other; and each lies within another."""
    for f in results.facts:
        at = f"{f.arm} {f.wave}"
        if f.what == "pupils_measured":
            counts.within(f"{part}enrolled {f.arm}", f"{part}measured {at}")
        elif f.what == "mean":
            counts.within(f"{part}measured {at}", f"{part}scored {f.outcome} {at}")
            counts.within(f"{part}enrolled {f.arm}", f"{part}scored {f.outcome} {at}")
        elif f.what == "pupils_analysed":
            there = {g.what for g in results.facts if (g.outcome, g.arm, g.wave) == (f.outcome, f.arm, f.wave)}
            lost = {why: f"{part}{loss} {f.outcome} {at}" for why, loss in LOSSES.items() if loss in there}
            placed = [lost[why] for why in PLACES if why in lost]
            before, after = ([lost[w] for w in (e, f"planned_{e}") if w in lost] for e in ("post", "pre"))
            analysed, scored = part + _flow_name(f), f"{part}scored {f.outcome} {f.arm}"
            counts.adds_up(f"{part}enrolled {f.arm}", [analysed, *lost.values()])
            counts.adds_up(f"{scored} {f.wave_from}", [analysed, *before, *placed])
            counts.adds_up(f"{scored} {f.wave_to}", [analysed, *after, *placed])


def _associations(counts: Counts, results: Results, part: str) -> None:
    """Who is in a question without a programme has a score on its outcome and on each of its predictors."""
    asked = [e for e in results.estimates if of_association(e)]
    pairs = [(f"scored {e.outcome}  {e.wave_to}", _compared(e)) for e in asked]
    pairs += [(f"scored {e.other}  {e.wave_from or e.wave_to}", _compared(e)) for e in asked]
    for scored, used in dict.fromkeys([*pairs, *(("enrolled ", used) for _, used in pairs)]):
        counts.within(part + scored, part + used)


def _contrasts(counts: Counts, results: Results, part: str) -> None:
    """A comparison's n is the sum of its arms'."""
    for (outcome, contrast, wave), arms in _comparisons(results).items():
        of_arms = [f"{part}analysed {outcome} {arm} {wave}" for arm in arms]
        counts.adds_up(f"{part}analysed {outcome} {contrast} {wave}", of_arms)


def _scales(counts: Counts, results: Results, names: Mapping[tuple[str, str], str], part: str) -> None:
    """All who have a score are those of each arm; who answered every item, or has two scores, is one of them."""
    arms = sorted({f.arm for f in results.facts_where(what="pupils_enrolled")})
    known = [f for f in results.facts if part + names.get((f.id, "n"), "") in counts.values]
    scales = {(f.outcome, f.wave) for f in known if f.kind in OF_SCALE}
    for outcome, wave in sorted(scales):
        whole = f"{part}all scored {outcome} {wave}"
        parts = [f"{part}scored {outcome} {arm} {wave}" for arm in arms]
        if whole not in counts.values and parts and all(p in counts.values for p in parts):
            counts.values[whole] = sum(counts.values[p] for p in parts)
        counts.adds_up(whole, parts)
        for beside in ("items", "icc"):
            counts.within(whole, f"{part}beside {beside} {outcome} {wave}")
        paired = [f for f in known if f.kind in PAIRED and f.outcome == outcome and wave in {f.wave_from, f.wave_to}]
        for name in dict.fromkeys(names[f.id, "n"] for f in paired if not arms):
            counts.within(whole, part + name)


def _categories(counts: Counts, results: Results, min_cell: int, part: str) -> None:
    """A table of categories is sensitive as a whole when one count, or all but that count, is small, or none."""
    groups: dict[str, dict[str, int]] = defaultdict(dict)
    of: dict[str, list[int]] = defaultdict(list)
    for f in results.facts:
        if kind(f.what) == "attribute" and isinstance(f.value, int) and not signals.about(f):
            group = f"{part}judged {signals.group_of(f)}"
            groups[group][f"{part}having {f.id}"] = f.value
            of[group].append(f.n or 0)
    for name, own in groups.items():
        if min(own.values()) < min_cell or max(own.values()) > max(of[name]) - min_cell:
            counts.sensitive |= own.keys()
        counts.adds_up(name, own)


def _shares(counts: Counts, results: Results, min_cell: int, part: str) -> None:
    """A share of n people is a count of those who have it, and a count of those who have not."""
    rare = _rare_words(results, min_cell)
    for f in results.facts:
        if kind(f.what) == "share" and isinstance(f.value, int | float) and f.n is not None:
            have = round(f.value * f.n)
            both = {f"{part}having {f.id}": have, f"{part}lacking {f.id}": f.n - have}
            for name, value in both.items():
                counts.shown(name, float(value), COSTS["beside"])
                counts.sensitive |= {name} if value < min_cell or f.item in rare else set()
            whole = f"known {f.item} {f.arm}" if f.kind == "participants" else f"all scored {f.outcome} {f.wave}"
            counts.adds_up(f"{part}{whole}", both)


def _rare_words(results: Results, min_cell: int) -> set[str]:
    """Return the characteristics of participants of which no share is shown: one of their values is too rare in an arm.

    What all other values of a characteristic have in common gives the last one away.
    """
    found = results.facts_where(what="enrolled_share")
    few = {f.item for f in found if isinstance(f.value, float | int) and f.value * (f.n or 0) < min_cell - 1e-9}
    words = {item: {f.category for f in found if f.item == item} for item in {f.item for f in found}}
    arms = {f.arm for f in found}
    # a value that an arm lacks altogether says of everyone there that they do not have it
    known = {(f.item, f.category, f.arm) for f in found}
    lacking = {item for item, own in words.items() if any((item, w, arm) not in known for w in own for arm in arms)}
    return few | lacking
