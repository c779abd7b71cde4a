"""The report on a programme: what was done, how much of it, and with whom. Nothing is computed here.

Pupils stand in it by their codes, one by one: no part of it leaves the school.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from werkbank.reporting import numbers, tables
from werkbank.reporting.blocks import Bullets, Heading, Paragraph
from werkbank.reporting.log_words import (
    answer,
    computed_by,
    day,
    filled,
    form_of,
    log_name,
    note,
    what,
    whose,
    word,
)
from werkbank.reporting.sections import maker
from werkbank.reporting.table import table
from werkbank.study import programmes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkbank.reporting.blocks import Block, Table
    from werkbank.reporting.numbers import Kind
    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.results import Fact

section = maker("programme", "logs")
STATES = ("done", "not_done", "absent", "refused", "unknown", "expected")
TOLD = {
    "minutes": ("log_minutes", "total"), "median": ("log_minutes", "median"), "gap": ("log_gap", ""),
    "weekly": ("log_weekly", ""), "row": ("log_grid", ""),
}  # fmt: skip
SHARES: dict[str, Kind] = {
    "what": "text", "whose": "text", "share": "reliability", "ci": "reliability", "n": "count", "why": "text",
}  # fmt: skip
AGREED = ("kappa", "krippendorff", "icc_2_1")


@section()
def overview(report: Report) -> Blocks:
    """What was done and with whom, in a few sentences; and what a log cannot tell."""
    name = report.study.programme_in(report.language)
    if name:
        yield Paragraph(_say(report, "overview.programme", programme=name), "lead")
    for log, fact in _totals(report):
        minutes = report.results.fact(what="log_minutes", outcome=log, table=fact.table, arm="", category="total")
        values = {"log": log_name(report, log, title=True), "n": fact.n or 0, "done": int(fact.value or 0)}
        key = f"{'minutes' if minutes is not None else 'counted'}.{form_of(report, log).about}"
        told = (
            numbers.decimal(float(minutes.value), report.language, 0) if minutes and minutes.value is not None else "0"
        )
        yield Paragraph(_say(report, f"overview.{key}", minutes=told, **values))
    for fact in report.results.facts_where(what="log_coverage", category=""):
        if fact.value is not None:
            yield Paragraph(
                _say(report, "overview.reached", share=numbers.share(float(fact.value), report.language), n=fact.n)
            )
    yield Paragraph(_say(report, "overview.no_effect"), "note")


def _totals(report: Report) -> Iterator[tuple[str, Fact]]:
    for fact in report.results.facts_where(what="log_count", category="done", arm=""):
        if computed_by(report, fact.outcome, fact.table) == "dose":
            yield fact.outcome, fact


@section()
def described(report: Report) -> Blocks:
    """What the programme is, as far as is known; what is not known is said."""
    if report.study.programme is None:
        yield Paragraph(_say(report, "described.none"), "note")
        return
    yield from _checklist(report)
    if more := programmes.told(report.study, report.language):
        yield Bullets(tuple(more))


def _checklist(report: Report) -> Blocks:
    """Describe the programme by what is known; what is not is one line."""
    full, missing = tables.programme(report), report.words.say("report.not_reported")
    if full is None:
        return
    rows = [row for row in full.rows if row["said"] != missing]
    absent = [str(row["item"]) for row in full.rows if row["said"] == missing]
    notes = [report.words.say("report.design.not_reported", items=report.words.listed(absent))] if absent else []
    if rows:
        yield replace(full, rows=tuple(rows), notes=(*full.notes, *notes))
    else:
        yield Paragraph(notes[0])


@section()
def done(report: Report) -> Blocks:
    """How much was done, of what was planned: each pupil (class, teacher) by itself, days without a line apart."""
    yield Paragraph(_say(report, "done.lead"))
    for log in filled(report):
        rows = [_dose(report, log, who) for who in whose(report, log, "dose", "grid")]
        kinds: dict[str, Kind] = {"whose": "text", **dict.fromkeys(STATES, "count"), "share": "reliability",
                                  "bounds": "reliability", "minutes": "estimate", "median": "estimate", "gap": "count",
                                  "weekly": "estimate", "row": "text"}  # fmt: skip
        yield table(report, f"done-{log}", _of(report, "done", log), kinds, rows, labels="programme.done",
                    notes=_period(report, log), drop_empty=True)  # fmt: skip


def _dose(report: Report, log: str, who: str) -> dict[str, Any]:
    get, at = report.results.fact, {"outcome": log, "arm": who}
    row: dict[str, Any] = {"whose": who}
    steps = [step for step in form_of(report, log).computes if step.do in {"dose", "grid"}]
    for step in steps:
        row |= {
            name: f.value for name in STATES if (f := get(what="log_count", table=step.called, category=name, **at))
        }
    for name, (kind, category) in TOLD.items():
        fact = get(what=kind, category=category, **at)
        row[name] = fact.value if fact is not None else None
    if row["row"]:
        row["row"] = " ".join(report.words.say(f"logs.letter.{letter}") for letter in str(row["row"]))
    share = next(iter(report.results.where(method="log_adherence", outcome=log, group=who)), None)
    if share is not None and not share.note.endswith("no_plan"):
        row |= {"share": share.estimate, "bounds": (share.ci_low, share.ci_high) if share.estimate is None else None}
        row["bounds"] = row["bounds"] or (None, None)
    return row


def _period(report: Report, log: str) -> list[str]:
    first, last = (report.results.fact(what="log_period", outcome=log, category=end) for end in ("first", "last"))
    days = report.results.fact(what="log_count", outcome=log, table="log", category="school_days")
    notes = []
    if first is not None and last is not None:
        values = {"first": day(report, str(first.value)), "last": day(report, str(last.value))}
        notes.append(
            _say(report, f"done.{'period' if days else 'period_without'}", n=days.value if days else 0, **values)
        )
    if any(e.note.endswith("no_plan") for e in report.results.where(method="log_adherence", outcome=log)):
        notes.append(_say(report, "done.no_plan"))
    if report.results.facts_where(what="log_grid", outcome=log):
        notes.append(_say(report, "done.letters"))
    return notes


@section()
def fidelity(report: Report) -> Blocks:
    """Whether it was done as described: shares with what they are shares of."""
    yield Paragraph(_say(report, "fidelity.lead"))
    everyone = _say(report, "everyone")
    for log in filled(report):
        found = [
            e
            for e in report.results.where(method="wilson_share", outcome=log)
            if computed_by(report, log, e.other) != "tally"
        ]
        rows = [
            {"what": what(report, e), "whose": e.group or everyone, "share": e.estimate,
             "ci": (e.ci_low, e.ci_high), "n": e.n, "why": note(report, e.note) or None}
            for e in found if e.n or e.note
        ]  # fmt: skip
        whole = [
            {"what": ", ".join(filter(None, [answer(report, f.wave), _say(report, "fidelity.whole")])),
             "whose": f.arm or everyone, "share": f.value, "n": f.n}
            for f in report.results.facts_where(what="log_fidelity", outcome=log) if f.n
        ]  # fmt: skip
        parts = list(dict.fromkeys(what(report, e) for e in found if computed_by(report, log, e.other) == "checklist"))
        notes = [_say(report, "fidelity.note_whole", items=report.words.listed(parts))] if whole else []
        yield table(report, f"shares-{log}", _of(report, "shares", log), SHARES, [*whole, *rows],
                    labels="programme.fidelity", notes=notes, drop_empty=True)  # fmt: skip


@section()
def whom(report: Report) -> Blocks:
    """Who of the class was reached, how unequally, and who not for long: for inside only."""
    for log in filled(report):
        found = report.results.facts_where(what="log_coverage", outcome=log)
        if not found:
            continue
        if found[0].value is None:
            yield Paragraph(_say(report, "whom.no_class_list"), "note")
            continue
        rows = []
        for fact in found:
            at = {"outcome": log, "category": fact.category}
            middle, low, unequal = (report.results.fact(what=w, **at) for w in ("log_median", "log_low", "gini"))
            rows.append({
                "kind": word(report, "answer", fact.category) if fact.category else _say(report, "whom.all"),
                "share": fact.value, "n": fact.n, "median": middle.value if middle else None,
                "low": low.value if low else None, "gini": unequal.value if unequal else None,
            })  # fmt: skip
        kinds: dict[str, Kind] = {"kind": "text", "share": "reliability", "n": "count", "median": "estimate",
                                  "low": "count", "gini": "reliability"}  # fmt: skip
        yield table(
            report,
            f"whom-{log}",
            _of(report, "whom", log),
            kinds,
            rows,
            labels="programme.whom",
            notes=[_say(report, "whom.note")],
        )
        yield from _unreached(report, log)


def _unreached(report: Report, log: str) -> Iterator[Block]:
    since = report.results.facts_where(what="log_since", outcome=log)
    never = [f.arm for f in since if f.value is None]
    long = sorted((f for f in since if f.value is not None), key=lambda f: -float(f.value or 0))[:5]
    if never:
        yield Paragraph(_say(report, "whom.never", n=len(never), pupils=report.words.listed(never)), "warning")
    if long:
        told = [_say(report, "whom.since", pupil=f.arm, n=int(f.value or 0)) for f in long]
        yield Paragraph(_say(report, "whom.longest", pupils=report.words.listed(told)))


@section()
def seen(report: Report) -> Blocks:
    """How pupils went on: counts of ordered answers, middles of numbers, and phases where there are any."""
    yield Paragraph(_say(report, "seen.lead"))
    for log in filled(report):
        yield _ordered(report, log)
        yield _numbers(report, log)
    yield _together(report)


def _together(report: Report) -> Table | None:
    """Return what models over all pupils find between the two periods."""
    rows = [
        {"of": ", ".join(filter(None, [log_name(report, e.outcome), answer(report, e.level)])),
         "what": _say(report, f"seen.{e.method}"), "pupils": e.n_clusters, "days": e.n, "estimate": e.estimate,
         "ci": (e.ci_low, e.ci_high), "df": e.df, "why": note(report, e.note) or None}
        for method in ("log_ordered", "phase_effect") for e in report.results.where(method=method, kind="log")
    ]  # fmt: skip
    kinds: dict[str, Kind] = {"of": "text", "what": "text", "pupils": "count", "days": "count", "estimate": "estimate",
                              "ci": "interval", "df": "df", "why": "text"}  # fmt: skip
    notes = [_say(report, "seen.note_together")]
    title = _say(report, "seen.together")
    return table(report, "together", title, kinds, rows, labels="programme.seen", notes=notes, drop_empty=True)


def _ordered(report: Report, log: str) -> Table | None:
    form = form_of(report, log)
    step = next((one for one in form.computes if one.do == "ordinal"), None)
    if step is None:
        return None
    answers = form.columns[step.column].of
    kinds: dict[str, Kind | Any] = {"whose": "text"}
    kinds |= {answer: numbers.Column(answer, word(report, "answer", answer), "count") for answer in answers}
    kinds |= {"trend": "reliability", "nap": "reliability", "ci": "reliability"}
    rows = []
    for who in whose(report, log, "ordinal"):
        at = {"outcome": log, "table": step.called, "arm": who, "wave": ""}
        row: dict[str, Any] = {"whose": who}
        row |= {
            a: f.value for a in answers if (f := report.results.fact(what="log_count", category=a, **at)) is not None
        }
        rows.append(row | _phases(report, log, who, step.called))
    reviewed = log in {agreed.log for agreed in report.study.agreed}
    notes = [_say(report, f"seen.note_{name}") for name in ("trend", "nap", *["review"] * reviewed)]
    title = _of(report, "seen", log)
    return table(report, f"seen-{log}", title, kinds, rows, labels="programme.seen", notes=notes, drop_empty=True)


def _phases(report: Report, log: str, who: str, other: str, level: str = "") -> dict[str, Any]:
    at = {"outcome": log, "group": who, "other": other, "level": level}
    trend, nap = (next(iter(report.results.where(method=m, **at)), None) for m in ("log_trend", "nap"))
    return {"trend": trend.estimate if trend else None, "nap": nap.estimate if nap else None,
            "ci": (nap.ci_low, nap.ci_high) if nap else (None, None)}  # fmt: skip


def _numbers(report: Report, log: str) -> Table | None:
    steps = [one for one in form_of(report, log).computes if one.do == "series"]
    rows = []
    for step in steps:
        for fact in report.results.facts_where(what="log_first", outcome=log, table=step.called):
            at = {"outcome": log, "table": step.called, "arm": fact.arm, "wave": fact.wave}
            get = {
                name: report.results.fact(what=f"log_{name}", **at)
                for name in ("last", "change", "median", "low", "high")
            }
            row = {"whose": fact.arm, "of": answer(report, fact.wave), "n": fact.n, "first": fact.value}
            row |= {name: f.value for name, f in get.items() if f is not None}
            rows.append(row | _phases(report, log, fact.arm, step.called, fact.wave))
    kinds: dict[str, Kind] = {"whose": "text", "of": "text", "n": "count", "first": "estimate", "last": "estimate",
                              "change": "estimate", "median": "estimate", "low": "estimate", "high": "estimate",
                              "nap": "reliability", "ci": "reliability"}  # fmt: skip
    unsure = any(e.note.endswith("no_reliability") for e in report.results.where(method="log_rci", outcome=log))
    notes = [_say(report, "seen.no_reliability")] if unsure else []
    return table(report, f"numbers-{log}", _of(report, "numbers", log), kinds, rows, labels="programme.seen",
                 notes=notes, drop_empty=True)  # fmt: skip


@section()
def counted(report: Report) -> Blocks:
    """Positive against negative, conflicts a day before and after, moves, goals, and what stood before what."""
    for log in filled(report):
        blocks = [one for one in (_tallied(report, log), _rates(report, log), _counts(report, log)) if one is not None]
        if blocks:
            yield Heading(log_name(report, log, title=True), 3)
            yield from blocks


def _tallied(report: Report, log: str) -> Table | None:
    rows = []
    for e in report.results.where(method="positive_ratio", outcome=log):
        at = {"outcome": log, "table": e.other, "arm": e.group, "wave": ""}
        plus, minus = (report.results.fact(what="log_count", category=name, **at) for name in ("positive", "negative"))
        share = next(iter(report.results.where(method="wilson_share", outcome=log, other=e.other, group=e.group)), None)
        met = report.results.fact(what="log_met", outcome=log, arm=e.group)
        rows.append({
            "whose": e.group, "plus": plus.value if plus else None, "minus": minus.value if minus else None,
            "ratio": e.estimate, "share": share.estimate if share else None,
            "ci": (share.ci_low, share.ci_high) if share else (None, None), "why": note(report, e.note) or None,
            "met": _say(report, f"counted.met_{met.value}") if met is not None and met.value is not None else None,
        })  # fmt: skip
    kinds: dict[str, Kind] = {"whose": "text", "plus": "count", "minus": "count", "ratio": "estimate", "met": "text",
                              "share": "reliability", "ci": "reliability", "why": "text"}  # fmt: skip
    return table(report, f"tally-{log}", _of(report, "tally", log), kinds, rows, labels="programme.counted",
                 notes=[_say(report, "counted.note_tally")], drop_empty=True)  # fmt: skip


def _rates(report: Report, log: str) -> Table | None:
    rows = []
    for e in [e for m in ("event_rate", "event_rate_ratio") for e in report.results.where(method=m, outcome=log)]:
        kind = _say(report, f"counted.{e.method}")
        phase = report.words.say(f"logs.phase.{e.level}") if e.level else None
        who, interval = e.group or _say(report, "everyone"), (e.ci_low, e.ci_high)
        rows.append({"whose": who, "what": kind, "phase": phase, "n": e.n, "p": e.p, "value": e.estimate,
                     "ci": interval, "why": note(report, e.note) or None})  # fmt: skip
    kinds: dict[str, Kind] = {"whose": "text", "what": "text", "phase": "text", "n": "count", "value": "estimate",
                              "ci": "interval", "p": "p", "why": "text"}  # fmt: skip
    return table(report, f"rates-{log}", _of(report, "rates", log), kinds, rows, labels="programme.counted",
                 notes=[_say(report, "counted.note_rates")], drop_empty=True)  # fmt: skip


def _counts(report: Report, log: str) -> Table | None:
    """Return counts of answers, pairs and moves, and sums of lists, in one table."""
    wanted = {"phases", "counts", "items", "attainment", "goals"}
    rows: list[dict[str, Any]] = []
    for fact in report.results.facts_where(kind="log", outcome=log):
        if (
            fact.what in {"log_count", "log_pair", "log_moves", "log_sum"}
            and computed_by(report, log, fact.table) in wanted
        ):
            parts = [answer(report, part) for part in fact.parts] or [answer(report, fact.category or fact.table)]
            rows.append({"whose": fact.arm or _say(report, "everyone"), "what": " – ".join(parts), "n": fact.value,
                         "of": fact.n, "why": note(report, fact.note) or None})  # fmt: skip
    score = _say(report, "counted.attainment")
    rows += [
        {"whose": e.group, "what": score, "n": e.estimate, "of": e.n, "why": note(report, e.note) or None}
        for e in report.results.where(method="goal_attainment", outcome=log)
    ]
    kinds: dict[str, Kind] = {"whose": "text", "what": "text", "n": "estimate", "of": "count", "why": "text"}
    return table(report, f"counts-{log}", _of(report, "counts", log), kinds, rows, labels="programme.counted",
                 drop_empty=True)  # fmt: skip


@section()
def raters(report: Report) -> Blocks:
    """Whether two raters of the same things agree: per cent first, then beyond chance."""
    rows = []
    for fact in report.results.facts_where(what="log_agreement"):
        if fact.value is None:
            continue
        at = {"outcome": fact.outcome, "other": fact.table}
        row = {
            "what": f"{log_name(report, fact.outcome)}: {answer(report, fact.item)}",
            "n": fact.n,
            "share": fact.value,
        }
        for method in AGREED:
            found = next(iter(report.results.where(method=method, **at)), None)
            if found is not None:
                row |= {method: found.estimate, "why": note(report, found.note) or row.get("why")}
        rows.append(row)
    if not rows:
        return
    beyond: dict[str, Kind] = dict.fromkeys(AGREED, "reliability")
    kinds: dict[str, Kind] = {"what": "text", "n": "count", "share": "reliability", **beyond, "why": "text"}
    yield table(report, "raters", "", kinds, rows, labels="programme.raters", drop_empty=True)


@section()
def cautions(report: Report) -> Blocks:
    """What weighs on how these logs are read."""
    found: dict[str, dict[str, list[str]]] = {}
    for fact in report.results.facts_where(what="log_caution"):
        these = found.setdefault(fact.category, {}).setdefault(log_name(report, fact.outcome), [])
        these += [fact.arm] * bool(fact.arm and fact.arm not in these)
    lines = []
    for name, logs in found.items():
        where = [f"{log} ({report.words.listed(who)})" if who else log for log, who in logs.items()]
        lines.append(_say(report, f"caution.{name}", where=report.words.listed(where)))
    lines += [one.sentence(report.language, names_pupils=False) for one in report.bench.logs.notes]
    yield Bullets((*lines, *(_say(report, f"caution.{name}") for name in ("always", "unknown"))))


def _of(report: Report, name: str, log: str) -> str:
    """Return the title of a table of one log: no two tables of a page have one name."""
    return _say(report, f"title.{name}", log=log_name(report, log))


def _say(report: Report, key: str, **values: object) -> str:
    return report.words.say(f"programme.{key}", **values)
