"""The report on underachievement, a function for each section: counts, choices and chance; a signal is no verdict.

Nothing is computed here. Pupils appear only in `pupils`, which a reader must ask for and which says that it is private.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkbank.catalogue import topic_sentences
from werkbank.disclosure.suppressing import HIDDEN
from werkbank.programmes.forms import called
from werkbank.reporting import choices, numbers, said_once, varying
from werkbank.reporting.blocks import Block, Bullets, Heading, Paragraph, Table
from werkbank.reporting.flagged import Flagged, slug
from werkbank.reporting.sections import maker
from werkbank.reporting.table import without_empty
from werkbank.underachievement.reasons import SIDES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from werkbank.reporting.numbers import Kind
    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks

MOVED = ("not_flagged", "relative", "absolute")

section = maker("underachieving", "underachievement")


FAMILIES = {name: name for name in ("absolute", "difference", "regression")} | {"random_intercept": "regression"}


@section(shared=True)
def summary(report: Report) -> Blocks:
    """How many were flagged beside what chance gives; what a flag does not mean."""
    found = Flagged(report)
    yield Paragraph(_guard(report, "low_achievement"), "lead")
    if any("against_everyone" in e.note.split() for e in found.shares):
        yield Paragraph(report.words.say("underachievement.notes.against_everyone"))
    yield Bullets(said_once.sentences([_line(found, actual) for actual in found.last]))
    if any(found.facts("duration", actual) for actual in found.last):
        yield Bullets(tuple(_signals(found, actual) for actual in found.last))
    else:
        yield Paragraph(found.say("summary.no_duration"), "warning")
    yield Bullets(tuple(_guard(report, name) for name in ("signal", "one_score", "method_choice")))


def _signals(found: Flagged, actual: str) -> str:
    n = found.value(actual, "signal", table="gates")
    return found.hidden(actual) if n is None else found.say("summary.signals", measure=found.at(actual), n=int(n))


def _line(found: Flagged, actual: str) -> str:
    share, chance = (found.estimate(actual, name, found.main) for name in ("share", "chance"))
    if share is None:
        return found.at(actual)
    if share.note == HIDDEN:
        return found.hidden(actual)
    words, low, high, by_chance = (
        found.report.words,
        share.ci_low,
        share.ci_high,
        None if chance is None else chance.estimate,
    )
    values: dict[str, Any] = {
        "measure": found.at(actual),
        "method": found.method(found.main),
        "flagged": found.count(found.value(actual, "flagged", found.main)),
        "able": found.count(found.value(actual, "able", found.main)),
        "share": words.share(share.estimate),
        "ci": numbers.share_interval(low, high, found.report.language),
    }
    everyone = found.of_all
    if by_chance is None or low is None or high is None:
        return found.say(f"summary.line_nomination{everyone}", **values)
    where = "below" if by_chance < low else "above" if by_chance > high else "within"
    line = found.say(f"summary.line{everyone}", **values, chance=words.share(by_chance))
    return f"{line} {found.say(f'summary.{where}')}"


@section(shared=True, appendix=True)
def method(report: Report) -> Blocks:
    """Every choice: measures, reference group, cuts, threshold, tie rule; with the warnings that go with them."""
    found = Flagged(report)
    yield Paragraph(found.say("method.lead"))
    yield choices.table(found)
    noted = (key for e in found.shares if e.note != HIDDEN for key in e.note.split() if key != "against_everyone")
    for key in dict.fromkeys(noted):  # that one stands on the first page
        yield Paragraph(report.words.say(f"underachievement.notes.{key}"), "warning")
    used = dict.fromkeys(FAMILIES[m] for m in found.methods if m in FAMILIES)
    yield Bullets(
        tuple(report.words.say(f"underachievement.methods.{m}{found.of_all * (m == 'absolute')}") for m in used)
    )


@section("found", shared=True)
def flagged(report: Report) -> Blocks:
    """Who have both measures, how many each method flags, and what chance and measurement error give."""
    found = Flagged(report)
    for actual in found.last:
        yield _both(found, actual)
        yield from _judged_fewer(found, actual)
    made = [table(found, actual) for actual in found.last for table in (_by_method, _over_time)]
    yield from said_once.below(report, made)
    yield Paragraph(found.say("found.mean_chance"), "note")
    yield from varying.blocks(found)


@section(shared=True, appendix=True)
def regressions(report: Report) -> Blocks:
    """What each regression explains, and its equation."""
    found = Flagged(report)
    yield from said_once.below(report, [_regressions(found, actual) for actual in found.last])


def _both(found: Flagged, actual: str) -> Paragraph:
    words = found.report.words
    value = {name: found.value(actual, name, found.main) for name in ("pupils", "both", "correlation")}
    if None in value.values() and found.any_hidden:
        return Paragraph(found.hidden(actual))
    text = found.say(
        "found.lead_whole" if value["both"] == value["pupils"] else "found.lead",
        measure=found.at(actual),
        n=found.count(value["pupils"]),
        both=found.count(value["both"]),
        share=words.share(found.value(actual, "share_both", table="gates")),
        r=words.bounded(value["correlation"]),
    )
    return Paragraph(text)


def _by_method(found: Flagged, actual: str) -> Table | None:
    kinds: dict[str, Kind] = {
        "method": "text", "judged": "count", _looked_at(found): "count", "flagged": "count", "share": "share",
        "ci": "share", "chance": "share",
        "se_gap": "estimate", "true_gap": "share",
    }  # fmt: skip
    rows = [{**_row(found, actual, m), "method": found.method(m)} for m in found.methods]
    title, notes = found.say("found.title", measure=found.at(actual)), [found.say("found.note")]
    return found.table(f"flagged-{slug(actual)}", title, "found", kinds, rows, *notes)


def _judged_fewer(found: Flagged, actual: str) -> Iterator[Paragraph]:
    """Say of each method that judges fewer pupils than have both measures how many: its numbers are about these."""
    for name in found.methods:
        both, judged = (found.value(actual, what, name) for what in ("both", "judged"))
        if both is not None and judged is not None and judged < both and name not in found.nominations:
            values = {"both": found.count(both), "judged": found.count(judged), "measure": found.at(actual)}
            yield Paragraph(found.say("found.judged_fewer", method=found.method(name), **values), "note")


def _looked_at(found: Flagged) -> str:
    """The count that shares are of: the able, or all who were judged where the study file has no cut."""
    return "able" if found.block.able is not None else "judged"


def _row(found: Flagged, actual: str, name: str, wave: str | None = None) -> dict[str, Any]:
    made = {e: found.estimate(actual, e, name, wave=wave) for e in ("share", "chance", "se_gap", "true_gap")}
    row: dict[str, Any] = {key: e and e.estimate for key, e in made.items()}
    row |= {key: found.value(actual, key, name, wave=wave) for key in ("judged", "able", "flagged")}
    return row | {"ci": (made["share"].ci_low, made["share"].ci_high) if made["share"] else (None, None)}


def _over_time(found: Flagged, actual: str) -> Table | None:
    """The method that counts at every moment, where there is more than one."""
    waves = [e.wave_to for e in found.shares if (e.outcome, e.criterion) == (actual, found.main)]
    if len(waves) < 2:
        return None
    kinds: dict[str, Kind] = {
        "moment": "text", "judged": "count", _looked_at(found): "count", "flagged": "count", "share": "share",
        "ci": "share",
        "chance": "share",
    }  # fmt: skip
    rows = [{**_row(found, actual, found.main, w), "moment": found.report.words.wave(w)} for w in waves]
    title = found.say("found.moments_title", measure=found.actual(actual))
    return found.table(f"moments-{slug(actual)}", title, "found", kinds, rows)


def _regressions(found: Flagged, actual: str) -> Table | None:
    used = [m for m in found.methods if FAMILIES.get(m) == "regression"]
    kinds: dict[str, Kind] = {
        "method": "text", "n": "count", "r2": "reliability", "cv_r2": "reliability", "see": "mean",
    }  # fmt: skip
    kinds |= {"icc": "reliability"} if "random_intercept" in used else {}
    rows: list[dict[str, Any]] = [
        {"method": found.method(m), "n": _fitted(found, actual, m)}
        | {key: found.value(actual, key, m) for key in ("r2", "cv_r2", "see", "icc")}
        for m in used
    ]
    title = found.say("regression.title", measure=found.at(actual))
    notes = [
        found.say("regression.note"),
        *[found.say("regression.note_own")] * ("random_intercept" in used),
        *filter(None, (_equation(found, actual, m) for m in used)),
    ]
    return found.table(f"regression-{slug(actual)}", title, "regression", kinds, rows, *notes)


def _fitted(found: Flagged, actual: str, name: str) -> int | None:
    """How many pupils a regression rests on."""
    return next((f.n for f in found.facts("coefficients", actual, name)), None)


def _equation(found: Flagged, actual: str, name: str) -> str:
    """The regression in words; nothing where a copy to share hides a part of it."""
    said, terms = {m.id: found.measure(m) for m in found.block.measures}, []
    for fact in found.facts("coefficients", actual, name):
        if fact.value is None:
            return ""
        number, key = found.number(float(fact.value)), fact.category
        terms.append(number if key == "intercept" else f"{number} × {said.get(key, key)}")
    equation = found.say("method.predicted", measure=found.actual(actual), equation=" + ".join(terms))
    return f"{found.method(name)}: {equation}."


@section(shared=True)
def kinds(report: Report) -> Blocks:
    """Relative or absolute, for how long, in how many subjects, and the three gates with the count at each."""
    found, words = Flagged(report), report.words
    counted = ("flagged", "relative", "absolute")
    rows = [{"measure": found.at(a), **{k: found.value(a, k, found.main) for k in counted}} for a in found.last]
    title = found.say("kinds.title", method=found.method(found.main))
    meant = [words.say(f"underachievement.kinds.{k}") for k in ("relative", "absolute")]
    yield _counted(found, "kinds", title, ("measure", *counted), rows, meant)
    yield from said_once.below(report, [_moves(found, actual) for actual in found.last])
    yield _lasting(found)
    if len(found.last) > 1:
        yield Paragraph(_breadth(found))
    yield Heading(found.say("kinds.gates_heading"), 3)
    yield Paragraph(found.say("kinds.gates_lead"))
    yield _gates(found)
    if not found.block.excluded:
        yield Paragraph(found.say("kinds.nothing_excluded"), "warning")
    yield from _reasons(found)
    if patterns := found.facts("selective"):
        yield Heading(found.say("kinds.selective_heading"), 3)
        rows = [{"pattern": found.say(f"kinds.{f.category}"), "judged": f.n, "seen": f.value} for f in patterns]
        meant = [words.say(f"underachievement.kinds.{f.category}") for f in patterns]
        yield _counted(
            found, "selective", found.say("kinds.selective_title"), ("pattern", "judged", "seen"), rows, meant
        )
    rows = [
        {"profile": words.say(f"underachievement.profiles.{f.category}"), "n": f.value} for f in found.facts("profiles")
    ]
    caveat = [words.say("underachievement.profiles.caveat")]
    yield _counted(found, "profiles", found.say("kinds.profiles_title"), ("profile", "n"), rows, caveat)


def _moves(found: Flagged, actual: str) -> Table | None:
    """From which kind to which between the last two moments; not in a copy to share, where its cells are few."""
    facts = found.facts("moves", actual)
    if not facts or found.report.bench.copy_to_share:
        return None
    kinds: dict[str, Kind] = {"before": "text", **dict.fromkeys(MOVED, "count")}
    rows: dict[str, dict[str, Any]] = {}
    for fact in facts:
        before, after = fact.parts
        rows.setdefault(before, {"before": found.say(f"kinds.{before}")})[after] = fact.value
    words = found.report.words
    named = {"wave_from": words.wave(facts[0].wave_from), "wave": words.wave(facts[0].wave_to)}
    title = found.say("kinds.moves_title", measure=found.actual(actual), method=found.method(found.main), **named)
    note = found.say("kinds.moves_note", n=int(facts[0].n or 0))
    return found.table(f"moves-{slug(actual)}", title, "kinds", kinds, list(rows.values()), note)


def _reasons(found: Flagged) -> Iterator[Block | None]:
    """Causes that were written down, by flagged or not; nothing without a log of causes."""
    made = [_reasons_of(found, actual) for actual in found.last if found.facts("reasons", actual, SIDES[0])]
    if not made:
        return
    yield Heading(found.say("reasons.heading"), 3)
    yield Paragraph(found.say("reasons.lead"), "note")
    yield from said_once.below(found.report, made)


def _reasons_of(found: Flagged, actual: str) -> Table | None:
    sides = {side: {f.category: f for f in found.facts("reasons", actual, side)} for side in SIDES}
    causes = list(sides["flagged"])
    rows = []
    for cause in causes:
        row: dict[str, Any] = {"cause": called("answer", cause, found.report.language)}
        for side, told in sides.items():
            fact = told[cause]
            share = fact.value / fact.n if fact.n and isinstance(fact.value, int) else None
            row |= {side: fact.value, f"share_{side}": share}
        rows.append(row)
    kinds: dict[str, Kind] = {"cause": "text"}
    for side in SIDES:
        kinds |= {side: "count", f"share_{side}": "share"}
    notes = []
    for side, told in sides.items():
        n, unknown = told[causes[0]].n, found.facts("unwritten", actual, side)[0].value
        if n is not None and unknown is not None:
            notes.append(found.say(f"reasons.of_{side}", n=int(n), unknown=found.count(float(unknown))))
    title = found.say("reasons.title", measure=found.at(actual), method=found.method(found.main))
    return found.table(f"reasons-{slug(actual)}", title, "reasons", kinds, rows, *notes)


def _lasting(found: Flagged) -> Block | None:
    rows: list[dict[str, Any]] = []
    for actual in found.last:
        if counted := found.facts("duration", actual):
            counts = {f.category: f.value for f in counted}
            rows.append({"measure": found.actual(actual), "judged": counted[0].n, **counts})
    if not rows:
        return Paragraph(found.say("kinds.no_duration"), "note")
    title = found.say("kinds.duration_title", method=found.method(found.main))
    meant = [found.report.words.say(f"underachievement.kinds.{k}") for k in ("chronic", "situational")]
    return _counted(
        found, "duration", title, ("measure", "judged", "chronic", "situational", "not_flagged"), rows, meant
    )


def _breadth(found: Flagged) -> str:
    at = dict.fromkeys(("all", "some", "none"), 0.0) | {f.category: f.value for f in found.facts("breadth")}
    if None in at.values():
        return found.say("kinds.breadth_hidden")
    return found.say("kinds.breadth", **{k: found.count(float(n or 0)) for k, n in at.items()})


def _gates(found: Flagged) -> Table | None:
    names = ("both", "discrepancy", "duration", "signal", "not_established")
    rows = [{"measure": found.at(a), **{k: found.value(a, k, table="gates") for k in names}} for a in found.last]
    gates = [
        f"{n}. {found.report.words.say(f'underachievement.gates.{gate}')}"
        for n, gate in enumerate(("discrepancy", "duration", "exclusion"), 1)
    ]
    made = _counted(found, "gates", found.say("kinds.gates_title"), ("measure", *names), rows, gates)
    return None if made is None else without_empty(made)  # what was not looked at is told below, not by dashes


@section(shared=True, reads=())
def talk(report: Report) -> Blocks:
    """What to do with a signal: questions to ask, causes as a form to fill, and whom to turn to. No diagnosis."""
    found = Flagged(report)
    said: dict[str, Any] = topic_sentences("underachievement", report.language)
    rows = [
        {"where": found.say(f"talk.{where}"), "cause": cause, "seen": "…"}
        for where in ("pupil", "surroundings", "context")
        for cause in said["causes"][where]
    ]
    kinds: dict[str, Kind] = {"where": "text", "cause": "text", "seen": "text"}
    yield Paragraph(_guard(report, "signal"), "lead")
    yield Paragraph(_guard(report, "early_errors"))
    yield Heading(found.say("talk.questions"), 3)
    yield Bullets(tuple(said["questions"]))
    yield found.table("causes", found.say("talk.causes_title"), "talk", kinds, rows, said["causes"]["heading"])
    yield Paragraph(_guard(report, "referral"), "warning")


@section()
def pupils(report: Report, *, shown: bool = False) -> Blocks:
    """Nothing but where to find it; or, when `shown`, the pupils flagged, on a page that is private."""
    found = Flagged(report)
    if not shown:
        yield Paragraph(found.say("pupils.not_here"))
        return
    yield Paragraph(found.say("pupils.private"), "warning")
    yield Paragraph(_guard(report, "signal"))
    kinds: dict[str, Kind] = {
        "pupil": "text", "class": "text", "expected": "estimate", "actual": "estimate", "gap": "estimate",
        "probability": "share", "methods": "count", "duration": "text",
    }  # fmt: skip
    notes = [found.say("pupils.note"), _guard(report, "one_score")]
    for actual in found.last:
        flagged = report.bench.examined.flagged(actual).rename_axis("pupil").reset_index().to_dict("records")
        rows = [{**row, "duration": found.say(f"pupils.{row['duration']}")} for row in flagged]
        title = found.say("pupils.title", measure=found.at(actual))
        made = found.table(f"pupils-{slug(actual)}", title, "pupils", kinds, rows, *notes)
        yield made or Paragraph(found.say("pupils.none"))
    yield Paragraph(_guard(report, "referral"), "warning")


@section(appendix=True, reads=())
def provenance(report: Report) -> Blocks:
    """Where the numbers come from, so that anyone can make them again."""
    say, study = report.words.say, report.study
    said = [say("report.design.source", source=report.words.text(study.source))] if study.source else []
    said += [
        say("report.provenance.study", file=Path(study.file).name),
        say("report.provenance.version", version=version("werkbank")),
        say("report.provenance.seed", seed=report.bench.seed),
        say("report.provenance.results"),
    ]
    yield Bullets(tuple(said))
    if study.underachievement is not None:
        yield Heading(say("report.glossary.heading"), 3)
        yield Bullets(tuple(say(f"glossary.{term}") for term in ("underachievement", "underlearning")))


def _counted(
    found: Flagged, name: str, title: str, columns: Sequence[str], rows: list[dict[str, Any]], notes: Sequence[str]
) -> Table | None:
    """Return a table of counts under ``underachieving.kinds``; its first column says of what."""
    first, *counts = columns
    kinds: dict[str, Kind] = {first: "text", **dict.fromkeys(counts, "count")}
    return found.table(name, title, "kinds", kinds, rows, *notes)


def _guard(report: Report, name: str) -> str:
    return report.words.say(f"underachievement.guards.{name}")
