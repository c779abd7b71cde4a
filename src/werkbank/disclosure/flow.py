"""How the counts of a study add up: the pupil flow, the n of every statistic, and the tables of categories."""

from __future__ import annotations

import math
from collections import defaultdict
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkbank.catalogue import shipped
from werkbank.disclosure import signals
from werkbank.disclosure.protecting import Counts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkbank.results import Estimate, Fact, Results

LOSSES = ("pupils_without_pre", "pupils_without_post", "pupils_without_both", "pupils_without_unit")
PAIRED = {
    "r_pre_post", "mean_change", "sd_change", "regression_break_even_mean", "regression_expected",
    "difference_reliability",
}  # fmt: skip
OF_OTHERS = {"alpha_within", "alpha_between", "icc1", "icc_k", "icc_2_1"}  # their n counts classes, or pairs of scales
OF_SCALE = {"scale_mean", "scale_sd", "floor", "ceiling", "split_half", "standard_error_of_measurement"}
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
    arms = {f.arm for f in results.facts if f.what == "pupils_enrolled"}
    found: dict[tuple[str, str], str] = {}
    for f in results.facts:
        if kind(f.what) == "flow":
            found[f.id, "value"] = _flow_name(f)
        elif kind(f.what) == "attribute" and (name := signals.count_name(f)):
            found[f.id, "value"] = name
        elif kind(f.what) == "share":
            found[f.id, "share"] = f"having {f.id}"
        if name := signals.n_name(f) if signals.about(f) else _n_of(f, results, arms):
            found[f.id, "n"] = name
    for e in results.estimates:
        of = _compared(results, e.outcome, e.contrast, when(e.wave_from, e.wave_to))
        found[e.id, "n"] = signals.n_name(e) if signals.about(e) else of
    return found


def _n_of(f: Fact, results: Results, arms: set[str]) -> str:
    """Return which count the n of a fact is, or an empty text."""
    start = f.what.split("_")[0]
    within = {"alpha": "items", "omega": "items", "item": "items", "icc": "icc"}.get(start, "")
    found = ""
    if (start == "pupils" and f.what not in {"pupils_enrolled", "pupils_measured"}) or f.what == "units_analysed":
        found = f"enrolled {f.arm}"
    elif f.what in {"mean", "sd"} and f.arm in arms:
        found = f"scored {f.outcome} {f.arm} {f.wave}"
    elif f.what in PAIRED or start == "retest":
        found = f"analysed {f.outcome} {f.arm} {f.wave}"
    elif f.what in OF_SCALE:
        found = f"all scored {f.outcome} {f.wave}"
    elif within and f.what not in OF_OTHERS:
        found = f"beside {within} {f.outcome} {f.wave}"
    elif start in {"baseline", "attrition"}:
        found = _compared(results, f.outcome, f.arm, f.wave)
    elif kind(f.what) == "attribute":
        found = f"judged {group_of(f)}"
    return found


def group_of(fact: Fact) -> str:
    """Return the table of categories to which a count of people belongs: its counts are shown or hidden together."""
    if fact.what.startswith("rci_"):
        return fact.id.rpartition("_")[0]
    return fact.id.rpartition("/")[0] if fact.what == "typology" else f"{fact.outcome} {fact.what}"


def when(wave_from: str, wave_to: str) -> str:
    """Return how facts call a pair of waves."""
    return f"{wave_from}-{wave_to}" if wave_from == "baseline" else wave_to


def system(results: Results, min_cell: int, part: str = "", *, unknown: bool = False) -> Counts:
    """Return every count of people that a report of these results shows, and how they add up.

    `part` distinguishes the counts of one report from those of others in a batch. With `unknown` the results are taken
    for a shared copy: the counts that it hides are in the system too, without a price and without a value (NaN).
    """
    counts = Counts()
    names = slots(results)
    numbers = _numbers(results, names)
    if unknown:
        hidden = {name: math.nan for (_, slot), name in names.items() if slot == "value" and name not in numbers}
        counts.values |= {part + name: value for name, value in hidden.items()}
    for name, value in numbers.items():
        counts.shown(part + name, value, COSTS.get(name.split(" ")[0], COSTS["lost"]))
    _flow(counts, {**numbers, **hidden} if unknown else numbers, part)
    _contrasts(counts, results, numbers, part)
    _categories(counts, results, min_cell, part)
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


def _compared(results: Results, outcome: str, contrast: str, wave: str) -> str:
    return f"analysed {outcome} {contrast} {wave}" if arms_of(results.study, contrast) else f"compared {contrast}"


def arms_of(study: Mapping[str, Any], contrast: str) -> list[str]:
    """Return the arms of a contrast: those of a planned one, or the two that its name names; [""] for one group."""
    if not contrast:
        return [""]
    for planned in study.get("contrasts", []):
        if planned["name"] == contrast:
            return [arm for arm, weight in planned["weights"].items() if weight]
    pair = [arm for arm in study.get("arms", {}) if contrast.startswith(f"{arm} - ") or contrast.endswith(f" - {arm}")]
    return pair if len(pair) == 2 else []


def _numbers(results: Results, names: Mapping[tuple[str, str], str]) -> dict[str, float]:
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
    single |= signals.flagged_in_groups(results)
    own = {**single, **{name: float(value) for name, value in primary.items() if isinstance(value, int | float)}}
    for contrast, outcome, wave in _comparisons(results):
        of_arms = [own.get(f"analysed {outcome} {arm} {wave}") for arm in arms_of(results.study, contrast)]
        if of_arms and None not in of_arms:  # another n (of an imputed data set) does not stand for this count
            own[f"analysed {outcome} {contrast} {wave}"] = sum(n for n in of_arms if n is not None)
    return own


def _comparisons(results: Results) -> list[tuple[str, str, str]]:
    found = {(f.arm, f.outcome, f.wave) for f in results.facts if f.what == "baseline_difference"}
    found |= {(e.contrast, e.outcome, when(e.wave_from, e.wave_to)) for e in results.estimates if e.contrast}
    return sorted(found)


def _flow(counts: Counts, numbers: Mapping[str, float], part: str) -> None:
    """Assigned = analysed + lost; scored at a wave = analysed + lost at the other; and each lies within another."""
    for name in numbers:
        head, *rest = name.split(" ")
        if head == "measured":
            counts.within(f"{part}enrolled {' '.join(rest[:-1])}", part + name)
        elif head == "scored":
            arm, wave = " ".join(rest[1:-1]), rest[-1]
            counts.within(f"{part}measured {arm} {wave}", part + name)
            counts.within(f"{part}enrolled {arm}", part + name)
        elif head == "analysed" and f"{part}pupils_without_pre {' '.join(rest)}" in counts.values:
            outcome, arm, pair = rest[0], " ".join(rest[1:-1]), rest[-1]
            first, _, last = pair.rpartition("-")
            lost = {loss.rpartition("_")[2]: f"{part}{loss} {' '.join(rest)}" for loss in LOSSES}
            counts.adds_up(f"{part}enrolled {arm}", [part + name, *lost.values()])
            scored = f"{part}scored {outcome} {arm}"
            counts.adds_up(f"{scored} {first or 'pre'}", [part + name, lost["post"], lost["unit"]])
            counts.adds_up(f"{scored} {last}", [part + name, lost["pre"], lost["unit"]])


def _contrasts(counts: Counts, results: Results, numbers: Mapping[str, float], part: str) -> None:
    """A comparison's n is the sum of its arms'; what was judged over all arms lies within the sum of the scored."""
    for contrast, outcome, wave in _comparisons(results):
        arms = [f"{part}analysed {outcome} {arm} {wave}" for arm in arms_of(results.study, contrast)]
        if arms:
            counts.adds_up(f"{part}analysed {outcome} {contrast} {wave}", arms)
    arms_seen = sorted({f.arm for f in results.facts if f.what == "pupils_enrolled"})
    _scales(counts, numbers, part, arms_seen)


def _scales(counts: Counts, numbers: Mapping[str, float], part: str, arms: list[str]) -> None:
    """All who have a score are those of each arm; who answered every item, or has two scores, is one of them."""
    named = [name.split(" ") for name in numbers]
    at = {tuple(n[2:]) for n in named if n[0] in {"beside", "all"}}
    for outcome, wave in sorted(at):
        whole = f"{part}all scored {outcome} {wave}"
        parts = [f"{part}scored {outcome} {arm} {wave}" for arm in arms]
        if whole not in counts.values and parts and all(p in counts.values for p in parts):
            counts.values[whole] = sum(counts.values[p] for p in parts)
        counts.adds_up(whole, parts)
        for beside in ("items", "icc"):
            counts.within(whole, f"{part}beside {beside} {outcome} {wave}")
        for name in (
            n for n in named if not parts and n[:2] == ["analysed", outcome] and wave in {"pre", *n[-1].split("-")}
        ):
            counts.within(whole, part + " ".join(name))


def _categories(counts: Counts, results: Results, min_cell: int, part: str) -> None:
    """A table of categories is sensitive as a whole when one count, or all but that count, is small, or none."""
    groups: dict[str, list[Any]] = defaultdict(list)
    for f in results.facts:
        if kind(f.what) == "attribute" and isinstance(f.value, int) and not signals.about(f):
            groups[group_of(f)].append(f)
    for name, facts in groups.items():
        totals = [f.n for f in facts if f.n is not None]
        if any(f.value < min_cell or f.value > max([f.n or 0, *totals]) - min_cell for f in facts):
            counts.sensitive |= {f"{part}having {f.id}" for f in facts}
        if facts[0].what.startswith("rci_"):
            counts.adds_up(f"{part}judged {name}", [f"{part}having {f.id}" for f in facts])


def _shares(counts: Counts, results: Results, min_cell: int, part: str) -> None:
    """A share of n people is a count of those who have it, and a count of those who have not."""
    for f in results.facts:
        if kind(f.what) == "share" and isinstance(f.value, int | float) and f.n is not None:
            have = round(f.value * f.n)
            both = {f"{part}having {f.id}": have, f"{part}lacking {f.id}": f.n - have}
            for name, value in both.items():
                counts.shown(name, float(value), COSTS["beside"])
                counts.sensitive |= {name} if value < min_cell else set()
            counts.adds_up(f"{part}all scored {f.outcome} {f.wave}", both)
