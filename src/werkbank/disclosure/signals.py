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

SIDES = ("flagged", "not_flagged")  # of a table of causes
HERE = ("underachievement", "monitoring")
FLOW = ("pupils", "both", "judged", "able")  # each within the one before it
NEUTRAL = {*FLOW, "series", "missing"}  # to be among these says nothing of anyone
BY_GROUP = ("flag_rate", "residual")
OF_FIT = ("r2", "see", "cv_r2", "icc")  # computed over the pupils of the regression: with every predictor
SUMS_UP = ("overlap", "duration", "breadth", "profiles")  # tables whose categories are all of those judged
OF = {"share": "able", "chance": "judged", "se_gap": "judged"}  # an estimate -> the count that is its n
Place = tuple[str, str, str, str, str]  # table, outcome, moment, method, school: where counts stand together


def about(item: Fact | Estimate) -> bool:
    """Whether a result is of a report on underachievement or monitoring."""
    return item.kind in HERE


def follows(f: Fact) -> bool:
    """Whether this is a share, or a rate times a count: shown with the counts behind it."""
    return (f.table, f.category) in {("gates", "share_both"), ("followed", "expected")}


def count_name(f: Fact) -> str:
    """Return which count the value of a fact of this kind is, or an empty text."""
    return "" if follows(f) else f"having {f.id}"


def group_of(f: Fact) -> str:
    """Return the table of categories to which a count of people belongs: of one n, and shown or hidden together."""
    # a method of reliable change names its categories in `what`; each pattern has pupils of its own
    what = f.kind if f.kind == "reliable_change" else f.what
    own = f.category if f.table == "selective" else ""
    return " ".join(part for part in (f.outcome, f.arm, f.wave, f.criterion, what, own) if part)


def n_name(item: Fact | Estimate, results: Results) -> str:
    """Return which count the n of a result is, or an empty text."""
    if isinstance(item, Estimate):
        if item.estimand in BY_GROUP:
            return f"grouped {item.id}"
        if item.estimand in {"kappa", "phi", "jaccard"}:
            return next((f"judged {group_of(f)}" for f in _overlaps(item, results)), "")
        return _beside(item, results, OF[item.estimand]) if item.estimand in OF else f"having {item.id}"
    if item.what == "monitoring_drop":
        return _beside(item, results, "series", "followed")
    if item.table == "coefficients" or (item.table == "found" and item.category in OF_FIT):
        return _of_fit(item, results)
    with_both = item.table == "found" and item.category == "correlation"
    return _beside(item, results, "both") if with_both else f"judged {group_of(item)}"


def behind(item: Fact | Estimate, results: Results) -> list[str]:
    """Return the counts without which this result may not be shown."""
    if isinstance(item, Fact):
        if not follows(item):
            return []
        if item.kind == "monitoring":
            return [_beside(item, results, "judged", "followed")]
        return [_beside(item, results, "both", "gates"), f"judged {group_of(item)}"]
    if item.estimand in BY_GROUP:
        return [f"grouped {item.id}", *[f"flagged {item.id}"] * (item.estimand == "flag_rate")]
    if item.estimand == "share":
        return [_beside(item, results, "flagged"), _beside(item, results, "able")]
    # how far two methods agree: from the table of who was flagged by which
    return [count_name(f) for f in _overlaps(item, results) if f.value is not None] if item.other else []


def _beside(item: Fact | Estimate, results: Results, category: str, table: str = "found") -> str:
    """Return the name of a count of the same measure, moment and method as `item`, or of the same school."""
    at = {name: getattr(item, name) for name in ("kind", "outcome", "criterion")}
    at |= {"wave": item.wave, "arm": item.arm} if isinstance(item, Fact) else {"wave": item.wave_to, "arm": ""}
    fact = results.fact(table=table, category=category, **at)
    return "" if fact is None else count_name(fact)


def _of_fit(f: Fact, results: Results) -> str:
    """Return the count of those judged where the fit rests on just these, else a count of its own."""
    where = {"kind": f.kind, "outcome": f.outcome, "criterion": f.criterion, "wave": f.wave}
    judged = results.fact(table="found", category="judged", **where)
    same = judged is not None and (judged.value is None or f.n is None or judged.value == f.n)
    return count_name(judged) if judged is not None and same else f"judged {group_of(f)}"


def _overlaps(e: Estimate, results: Results) -> tuple[Fact, ...]:
    return results.facts_where(kind=e.kind, table="overlap", outcome=e.outcome, wave=e.wave_to)


def flagged_in_groups(results: Results) -> dict[str, float]:
    """Return how many were flagged in each group of pupils: a rate times those who could be."""
    rates = [e for e in results.where(estimand="flag_rate") if e.estimate is not None and e.n is not None]
    return {f"flagged {e.id}": float(round((e.estimate or 0) * (e.n or 0))) for e in rates}


def relate(counts: Counts, results: Results, part: str, min_cell: int) -> None:
    """Add the equations between the counts of these reports to the system."""
    at: dict[Place, dict[str, str]] = defaultdict(dict)
    judged: dict[Place, str] = {}
    for f in results.facts:
        if about(f) and (name := count_name(f)):
            place = (f.table, f.outcome, f.wave, f.criterion, f.arm)
            at[place][f.category], judged[place] = part + name, f"{part}judged {group_of(f)}"
            if not _says_nothing(f) and isinstance(f.value, int) and f.value < min_cell:
                counts.sensitive.add(part + name)  # nobody was flagged: that says something of everyone
    counts.sensitive &= counts.values.keys()
    for place, own in at.items():
        if place[0] in {*SUMS_UP, "bands"}:
            counts.adds_up(judged[place], own.values())
        for name in own.values() if place[0] == "reasons" else ():
            counts.within(judged[place], name, telling=True)  # a pupil may have several causes: each is apart
    shares = results.where(kind="underachievement", estimand="share")
    mains = {(e.outcome, e.wave_to): e.criterion for e in reversed(shares)}
    for e in shares:
        main = at["found", e.outcome, e.wave_to, mains[e.outcome, e.wave_to], ""]
        own = at["found", e.outcome, e.wave_to, e.criterion, ""]
        _method(counts, own, main)
        mine = [part + count_name(f) for f in _overlaps(e, results) if e.criterion in f.parts]
        if mine and own.get("flagged") in counts.values:
            counts.within(own["flagged"], *mine)
        if own is main:
            gates = ("gates", e.outcome, e.wave_to, "", "")
            causes = at["causes", e.outcome, e.wave_to, "", ""]
            _gates(counts, main, at[gates], causes.values(), judged.get(gates, ""))
            wrote, other = (judged.get(("reasons", e.outcome, e.wave_to, side, ""), "") for side in SIDES)
            counts.within(main.get("flagged", ""), wrote)  # of whom nobody wrote a cause down are a count, too
            counts.within(main.get("able", ""), main.get("flagged", ""), other)
            _groups(counts, results, part, e, main)
    firsts = [at["found", outcome, wave, method, ""] for (outcome, wave), method in reversed(mains.items())]
    _breadth(counts, at["breadth", "", "", "", ""], firsts)
    _monitoring(counts, at, results, part)


def _says_nothing(f: Fact) -> bool:
    """Whether to be among these says nothing of anyone; by the absolute split a difference is never relative."""
    counted = f.table in {"found", "gates", "followed"} and f.category in NEUTRAL
    return counted or (f.category, f.criterion) == ("relative", "absolute")


def _method(counts: Counts, own: dict[str, str], main: dict[str, str]) -> None:
    for whole, inside in pairwise(FLOW):
        counts.within(own.get(whole, ""), own.get(inside, ""))
    counts.within(own.get("able", ""), own.get("flagged", ""), telling=True)
    counts.adds_up(own.get("flagged", ""), [own.get("relative", ""), own.get("absolute", "")])
    for name in FLOW if own is not main else ():  # one criterion, mostly the same pupils
        counts.adds_up(own.get(name, ""), [main.get(name, "")])


def _gates(counts: Counts, main: dict[str, str], own: dict[str, str], causes: Iterable[str], n: str) -> None:
    counts.adds_up(n, [main.get("pupils", "")])
    counts.adds_up(own.get("both", ""), [main.get("both", "")])
    counts.adds_up(own.get("discrepancy", ""), [main.get("flagged", "")])
    counts.within(own.get("discrepancy", ""), own.get("duration", ""), telling=True)
    counts.within(own.get("duration", ""), own.get("signal", ""), own.get("not_established", ""))
    for name in causes:
        counts.within(own.get("not_established", ""), name)


def _groups(counts: Counts, results: Results, part: str, of: Estimate, main: dict[str, str]) -> None:
    """The groups of one column are parts of all: of those who could be flagged, who were, and who were judged."""
    for estimand, wholes in (("flag_rate", ("able", "flagged")), ("residual", ("judged", ""))):
        columns: dict[str, list[str]] = defaultdict(list)
        for e in results.where(estimand=estimand, outcome=of.outcome, wave_to=of.wave_to):
            columns[e.grouped_by].append(e.id)
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


def _monitoring(counts: Counts, at: dict[Place, dict[str, str]], results: Results, part: str) -> None:
    total = at["followed", "", "", "", ""]
    places = [own for (table, subject, *_), own in at.items() if table == "followed" and subject]
    for name in ("series", "judged"):  # a total tells less than its parts do: it goes first
        counts.costs |= {total[name]: 0.9} if total.get(name) in counts.costs else {}
    for name in ("series", "judged", "alerts"):
        counts.adds_up(total.get(name, ""), [own[name] for own in places if name in own])
    for own in (total, *places):
        counts.within(own.get("series", ""), own.get("judged", ""))
        counts.within(own.get("judged", ""), own.get("alerts", ""), telling=True)
    for f in results.facts_where(kind="monitoring", table="followed"):
        if f.category == "ceiling":
            counts.within(f"{part}judged {group_of(f)}", part + count_name(f), telling=True)
        if f.category == "growth":
            series = at["followed", f.outcome, f.wave, f.criterion, f.arm].get("series", "")
            counts.within(series, f"{part}judged {group_of(f)}")
