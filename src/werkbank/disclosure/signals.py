"""How counts of flags and alerts add up: who was judged, and flagged, by which methods, for how long, in which group.

A count is called ``having <id of its fact>``.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from werkbank.results import Estimate, Fact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkbank.disclosure.protecting import Counts
    from werkbank.results import Results

HERE = ("underachievement/", "monitoring/")
FLOW = ("pupils", "both", "judged", "able")  # each within the one before it; to be in them says nothing of anyone
FOLLOWS = ("/share_both", "/expected")  # a share, and a rate times a count: shown with the counts behind them
BY_GROUP = ("flag_rate_by_group", "residual_by_group")


def about(item: Fact | Estimate) -> bool:
    """Whether a result is of a report on underachievement or monitoring."""
    return item.id.startswith(HERE)


def count_name(f: Fact) -> str:
    """Return which count the value of a fact of this kind is, or an empty text."""
    return "" if f.id.endswith(FOLLOWS) else f"having {f.id}"


def n_name(item: Fact | Estimate) -> str:
    """Return which count the n of a result is, or an empty text."""
    place, _, last = item.id.rpartition("/")
    if isinstance(item, Estimate):
        if item.method in BY_GROUP:
            return f"grouped {item.id}"
        if last in {"kappa", "phi", "jaccard"}:
            return f"judged {place.rpartition('/')[0]}/overlap"
        return f"having {place}/{({'share': 'able', 'chance': 'judged', 'se_gap': 'judged'}).get(last, last)}"
    if item.what in {"underachievement_selective", "monitoring_ceiling", "monitoring_growth"}:
        return f"judged {item.id.removesuffix('_sd')}"
    if item.what == "monitoring_drop":
        return f"having {place}/series"
    counted = last == "share_both" or item.what.rpartition("_")[2] in {"count", "kind", "duration", "gates"}
    return f"judged {place}" if counted else f"having {place}/both"


def behind(item: Fact | Estimate, names: Iterable[str]) -> list[str]:
    """Return the counts (of `names`) without which this result may not be shown."""
    place, _, last = item.id.rpartition("/")
    if isinstance(item, Fact):
        of = {"share_both": [f"having {place}/both", f"judged {place}"], "expected": ["having monitoring/judged"]}
        return of.get(last, [])
    if item.method in BY_GROUP:
        return [f"grouped {item.id}", *[f"flagged {item.id}"] * (last == "flag_rate")]
    if item.method == "underachievement_share":
        return [f"having {place}/flagged", f"having {place}/able"]
    if " x " in item.contrast:  # how far two methods agree: from the table of who was flagged by which
        table = f"having {place.rpartition('/')[0]}/overlap/"
        return [name for name in names if name.startswith(table)]
    return []


def flagged_in_groups(results: Results) -> dict[str, float]:
    """Return how many were flagged in each group of pupils: a rate times those who could be."""
    rates = [e for e in results.estimates if e.method == BY_GROUP[0] and e.estimate is not None and e.n is not None]
    return {f"flagged {e.id}": float(round((e.estimate or 0) * (e.n or 0))) for e in rates}


def relate(counts: Counts, results: Results, part: str, min_cell: int) -> None:
    """Add the equations between the counts of these reports to the system."""
    at: dict[str, dict[str, str]] = defaultdict(dict)
    for f in results.facts:
        if about(f) and (name := count_name(f)):
            place, _, last = f.id.rpartition("/")
            at[place][last] = part + name
            known = last in {*FLOW, "series", "missing"} or (last == "relative" and place.endswith("/absolute"))
            if not known and isinstance(f.value, int) and f.value < min_cell:
                counts.sensitive.add(part + name)  # nobody was flagged: that says something of everyone
    counts.sensitive &= counts.values.keys()
    for place, own in at.items():
        if place.rpartition("/")[2] in {"overlap", "duration", "breadth", "profiles"}:
            counts.adds_up(f"{part}judged {place}", own.values())
    mains = {(e.outcome, e.wave_to): e.contrast for e in reversed(results.estimates) if e.estimand == "share"}
    firsts = []
    for e in (e for e in results.estimates if e.estimand == "share"):
        root = f"underachievement/{e.outcome}/{e.wave_to or 'once'}"
        main = at[f"{root}/{mains[e.outcome, e.wave_to]}"]
        _method(counts, at[f"{root}/{e.contrast}"], main)
        _overlap(counts, at[f"{root}/overlap"], e.contrast, at[f"{root}/{e.contrast}"])
        if e.contrast == mains[e.outcome, e.wave_to]:
            firsts.append(main)
            _gates(counts, main, at[f"{root}/gates"], f"{part}judged {root}/gates")
            _groups(counts, results, part, root, main)
    _breadth(counts, at["underachievement/breadth"], firsts)
    _monitoring(counts, at, results, part)


def _method(counts: Counts, own: dict[str, str], main: dict[str, str]) -> None:
    for whole, inside in pairwise(FLOW):
        counts.within(own.get(whole, ""), own.get(inside, ""))
    counts.within(own.get("able", ""), own.get("flagged", ""), telling=True)
    counts.adds_up(own.get("flagged", ""), [own.get("relative", ""), own.get("absolute", "")])
    for name in FLOW if own is not main else ():  # one criterion, mostly the same pupils
        counts.adds_up(own.get(name, ""), [main.get(name, "")])


def _overlap(counts: Counts, own: dict[str, str], method: str, flags: dict[str, str]) -> None:
    mine = [name for combined, name in own.items() if method in combined.split("+")]
    if mine and flags.get("flagged") in counts.values:
        counts.within(flags["flagged"], *mine)


def _gates(counts: Counts, main: dict[str, str], own: dict[str, str], n: str) -> None:
    counts.adds_up(n, [main.get("pupils", "")])
    counts.adds_up(own.get("both", ""), [main.get("both", "")])
    counts.adds_up(own.get("discrepancy", ""), [main.get("flagged", "")])
    counts.within(own.get("discrepancy", ""), own.get("duration", ""), telling=True)
    counts.within(own.get("duration", ""), own.get("signal", ""), own.get("not_established", ""))
    for name in (own[key] for key in own if key.startswith("not_established_")):
        counts.within(own.get("not_established", ""), name)


def _groups(counts: Counts, results: Results, part: str, root: str, main: dict[str, str]) -> None:
    """The groups of one column are parts of all: of those who could be flagged, who were, and who were judged."""
    for estimand, wholes in (("flag_rate", ("able", "flagged")), ("residual", ("judged", ""))):
        columns: dict[str, list[str]] = defaultdict(list)
        for e in results.estimates:
            if e.estimand == estimand and e.id.startswith(f"{root}/"):
                columns[e.contrast.partition("=")[0]].append(e.id)
        for ids in columns.values():
            for word, whole in zip(("grouped", "flagged"), wholes, strict=True):
                known = [name for i in ids if (name := f"{part}{word} {i}") in counts.values]
                if known and whole:
                    counts.within(main.get(whole, ""), *known)
            for i in ids:
                counts.within(f"{part}grouped {i}", f"{part}flagged {i}", telling=True)


def _breadth(counts: Counts, own: dict[str, str], mains: list[dict[str, str]]) -> None:
    """With two subjects, all flags are twice those in both and once those in one."""
    flagged = [main.get("flagged", "") for main in mains]
    relation = {**dict.fromkeys(flagged, 1.0), own.get("all", ""): -2.0, own.get("some", ""): -1.0}
    relation = {name: weight for name, weight in relation.items() if name}
    if (
        len(flagged) == 2
        and all(name in counts.values for name in relation)
        and not sum(weight * counts.values[name] for name, weight in relation.items())
    ):
        counts.relations.append(relation)
    for name in flagged if "all" in own else ():
        counts.within(name, own["all"])


def _monitoring(counts: Counts, at: dict[str, dict[str, str]], results: Results, part: str) -> None:
    total = at["monitoring"]
    places = [own for place, own in at.items() if place.startswith("monitoring/") and "series" in own]
    for name in ("series", "judged"):  # a total tells less than its parts do: it goes first
        counts.costs |= {total[name]: 0.9} if total.get(name) in counts.costs else {}
    for name in ("series", "judged", "alerts"):
        counts.adds_up(total.get(name, ""), [own[name] for own in places if name in own])
    for own in (total, *places):
        counts.within(own.get("series", ""), own.get("judged", ""))
        counts.within(own.get("judged", ""), own.get("alerts", ""), telling=True)
    for f in results.facts:
        place, _, last = f.id.rpartition("/")
        if f.what == "monitoring_ceiling":
            counts.within(f"{part}judged {f.id}", f"{part}having {f.id}", telling=True)
        if last == "growth":
            counts.within(f"{part}having {place}/series", f"{part}judged {f.id}")
    for place, own in at.items():
        if bands := [name for key, name in own.items() if key.startswith("band_")]:
            counts.adds_up(f"{part}judged {place}", bands)
