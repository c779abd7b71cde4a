"""The report on underachievement, a function for each section: counts, choices and chance; a signal is no verdict.

Nothing is computed here. Pupils appear only in `pupils`, which a reader must ask for and which says that it is private.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkbank.catalogue import topic_sentences
from werkbank.disclosure.suppressing import HIDDEN
from werkbank.reporting import choices
from werkbank.reporting.blocks import Block, Bullets, Heading, Paragraph, Table
from werkbank.reporting.flagged import Flagged, slug
from werkbank.reporting.sections import maker
from werkbank.study import text_in

if TYPE_CHECKING:
    from werkbank.reporting.numbers import Kind
    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.underachievement.study import Examined

section = maker("underachieving", "underachievement")


@section(shared=True)
def summary(report: Report) -> Blocks:
    """How many were flagged beside what chance gives; what a flag does not mean."""
    found = Flagged(report)
    blocks: list[Block] = [Paragraph(_guard(report, "low_achievement"), "lead")]
    lines = tuple(_line(found, actual) for actual in found.last)
    blocks.append(Bullets(lines))
    if any(found.facts(actual, "duration") for actual in found.last):
        blocks.append(Bullets(tuple(_signals(found, actual) for actual in found.last)))
    else:
        blocks.append(Paragraph(found.say("summary.no_duration"), "warning"))
    guards = tuple(_guard(report, name) for name in ("signal", "one_score", "method_choice"))
    yield from blocks
    yield Bullets(guards)


def _signals(found: Flagged, actual: str) -> str:
    n = found.value(actual, "gates/signal")
    return found.hidden(actual) if n is None else found.say("summary.signals", measure=found.at(actual), n=int(n))


def _line(found: Flagged, actual: str) -> str:
    main = found.methods[0]
    share, chance = found.estimate(actual, main, "share"), found.estimate(actual, main, "chance")
    if share is None:
        return found.at(actual)
    if share.note == HIDDEN:
        return found.hidden(actual)
    low, high, by_chance = share.ci_low, share.ci_high, None if chance is None else chance.estimate
    values: dict[str, Any] = {
        "measure": found.at(actual),
        "method": found.method(main),
        "flagged": found.count(found.value(actual, f"{main}/flagged")),
        "able": found.count(found.value(actual, f"{main}/able")),
        "share": found.share(share.estimate),
        "ci": found.share_interval(low, high),
    }
    if by_chance is None or low is None or high is None:
        return found.say("summary.line_nomination", **values)
    where = "below" if by_chance < low else "above" if by_chance > high else "within"
    line = found.say("summary.line", **values, chance=found.share(by_chance))
    return f"{line} {found.say(f'summary.{where}')}"


@section(shared=True)
def method(report: Report) -> Blocks:
    """Every choice: measures, reference group, cuts, threshold, tie rule; with the warnings that go with them."""
    found = Flagged(report)
    keys = dict.fromkeys(key for e in found.shares if e.note != HIDDEN for key in e.note.split())
    notes = [Paragraph(report.words.say(f"underachievement.notes.{key}"), "warning") for key in keys]
    names = [found.report.words.say(f"underachievement.methods.{m}") for m in _families(found)]
    yield Paragraph(found.say("method.lead"))
    yield choices.table(found)
    yield from notes
    yield Bullets(tuple(names))


def _families(found: Flagged) -> list[str]:
    used = ["regression" if m == "random_intercept" else m for m in found.methods]
    return list(dict.fromkeys(m for m in used if not m.startswith("nomination")))


@section("found", shared=True)
def flagged(report: Report) -> Blocks:
    """Who have both measures, how many each method flags, and what chance and measurement error give."""
    found = Flagged(report)
    blocks: list[Block] = []
    for actual in found.last:
        blocks.append(_both(found, actual))
        blocks.append(_flagged_table(found, actual))
        blocks += _over_time(found, actual)
    blocks.append(Paragraph(found.say("found.mean_chance"), "note"))
    blocks += [t for actual in found.last if (t := _regressions(found, actual)) is not None]
    yield from blocks


def _both(found: Flagged, actual: str) -> Paragraph:
    main = found.methods[0]
    value = {name: found.value(actual, f"{main}/{name}") for name in ("pupils", "both", "correlation")}
    if None in (value["pupils"], value["both"], value["correlation"]) and found.any_hidden:
        return Paragraph(found.hidden(actual))
    text = found.say(
        "found.lead",
        measure=found.at(actual),
        n=found.count(value["pupils"]),
        both=found.count(value["both"]),
        share=found.share(found.value(actual, "gates/share_both")),
        r=found.bounded(value["correlation"]),
    )
    return Paragraph(text)


def _flagged_table(found: Flagged, actual: str) -> Table:
    rows = [_row(found, actual, m) for m in found.methods]
    kinds: dict[str, Kind] = {
        "method": "text", "able": "count", "flagged": "count", "share": "share", "ci": "share", "chance": "share",
        "se_gap": "estimate", "true_gap": "share",
    }  # fmt: skip
    title = found.say("found.title", measure=found.at(actual))
    return found.table(f"tab-flagged-{slug(actual)}", title, "found", kinds, rows, (found.say("found.note"),))


def _row(found: Flagged, actual: str, name: str, wave: str | None = None) -> dict[str, Any]:
    made = {e: found.estimate(actual, name, e, wave) for e in ("share", "chance", "se_gap", "true_gap")}
    share = made["share"]
    row: dict[str, Any] = {key: None if e is None else e.estimate for key, e in made.items()}
    row["ci"] = (None, None) if share is None else (share.ci_low, share.ci_high)
    row |= {key: found.value(actual, f"{name}/{key}", wave) for key in ("judged", "able", "flagged")}
    return {**row, "method": found.method(name)}


def _over_time(found: Flagged, actual: str) -> list[Block]:
    """The method that counts at every moment, where there is more than one."""
    main = found.methods[0]
    waves = [e.wave_to for e in found.shares if e.outcome == actual and e.contrast == main]
    if len(waves) < 2:
        return []
    rows = [{**_row(found, actual, main, w), "moment": found.report.words.wave(w)} for w in waves]
    kinds: dict[str, Kind] = {
        "moment": "text", "judged": "count", "able": "count", "flagged": "count", "share": "share", "ci": "share",
        "chance": "share",
    }  # fmt: skip
    title = found.say("found.moments_title", measure=found.actual(actual))
    return [found.table(f"tab-moments-{slug(actual)}", title, "found", kinds, rows)]


def _regressions(found: Flagged, actual: str) -> Table | None:
    rows, equations = [], []
    for name in (m for m in found.methods if m in {"regression", "random_intercept"}):
        row: dict[str, Any] = {k: found.value(actual, f"{name}/{k}") for k in ("r2", "cv_r2", "see", "icc")}
        rows.append({**row, "method": found.method(name), "n": found.value(actual, f"{name}/both")})
        if any(fact.value is None for fact in found.facts(actual, name) if "/b_" in fact.id):  # in a copy to share
            continue
        equations.append(_equation(found, actual, name))
    if not rows:
        return None
    kinds: dict[str, Kind] = {
        "method": "text",
        "n": "count",
        "r2": "reliability",
        "cv_r2": "reliability",
        "see": "mean",
    }
    kinds |= {"icc": "reliability"} if "random_intercept" in found.methods else {}
    title = found.say("regression.title", measure=found.at(actual))
    note = found.say("regression.note", equation=" ".join(equations))
    return found.table(f"tab-regression-{slug(actual)}", title, "regression", kinds, rows, (note,))


def _equation(found: Flagged, actual: str, name: str) -> str:
    said = {m.id: found.measure(m) for m in found.block.measures}
    terms = []
    for fact in found.facts(actual, name):
        key = fact.id.rpartition("/b_")[2]
        if "/b_" in fact.id and not isinstance(fact.value, str):
            number = found.number(fact.value)
            terms.append(number if key == "intercept" else f"{number} × {said.get(key, key)}")
    equation = found.say("method.predicted", measure=found.actual(actual), equation=" + ".join(terms))
    return f"{found.method(name)}: {equation}."


@section(shared=True)
def kinds(report: Report) -> Blocks:
    """Relative or absolute, for how long, in how many subjects, and the three gates with the count at each."""
    found = Flagged(report)
    main = found.methods[0]
    rows = [
        {"measure": found.at(a), **{k: found.value(a, f"{main}/{k}") for k in ("flagged", "relative", "absolute")}}
        for a in found.last
    ]
    counted: dict[str, Kind] = dict.fromkeys(("flagged", "relative", "absolute"), "count")
    title = found.say("kinds.title", method=found.method(main))
    meant = tuple(report.words.say(f"underachievement.kinds.{k}") for k in ("relative", "absolute"))
    blocks: list[Block] = [
        found.table("tab-kinds", title, "kinds", {"measure": "text", **counted}, rows, meant),
        *_lasting(found),
        *_breadth(found),
        Heading(found.say("kinds.gates_heading"), 3),
        Paragraph(found.say("kinds.gates_lead")),
        _gates(found),
    ]
    if not found.block.excluded:
        blocks.append(Paragraph(found.say("kinds.nothing_excluded"), "warning"))
    yield from blocks
    yield from _selective(found)
    yield from _profiles(found)


def _lasting(found: Flagged) -> list[Block]:
    rows: list[dict[str, Any]] = []
    for actual in found.last:
        counted = {f.id.rpartition("/")[2]: f for f in found.facts(actual, "duration")}
        if counted:
            judged = next(iter(counted.values())).n
            rows.append({"measure": found.actual(actual), "judged": judged, **{k: f.value for k, f in counted.items()}})
    if not rows:
        return [Paragraph(found.say("kinds.no_duration"), "note")]
    shown: dict[str, Kind] = {"measure": "text", "judged": "count", "chronic": "count", "situational": "count"}
    title = found.say("kinds.duration_title", method=found.method(found.methods[0]))
    meant = tuple(found.report.words.say(f"underachievement.kinds.{k}") for k in ("chronic", "situational"))
    return [found.table("tab-duration", title, "kinds", {**shown, "not_flagged": "count"}, rows, meant)]


def _breadth(found: Flagged) -> list[Block]:
    if len(found.last) < 2:
        return []
    at = {k: found.overall(f"breadth/{k}") for k in ("all", "some", "none")}
    if any(f is not None and f.value is None for f in at.values()):
        return [Paragraph(found.say("kinds.breadth_hidden"))]
    counts = {k: found.count(0 if f is None else float(f.value or 0)) for k, f in at.items()}
    return [Paragraph(found.say("kinds.breadth", **counts))]


def _gates(found: Flagged) -> Table:
    names = ("both", "discrepancy", "duration", "signal", "not_established")
    rows = [{"measure": found.at(a), **{k: found.value(a, f"gates/{k}") for k in names}} for a in found.last]
    shown: dict[str, Kind] = {"measure": "text", **dict.fromkeys(names, "count")}
    gates = tuple(
        f"{n}. {found.report.words.say(f'underachievement.gates.{gate}')}"
        for n, gate in enumerate(("discrepancy", "duration", "exclusion"), 1)
    )
    return found.table("tab-gates", found.say("kinds.gates_title"), "kinds", shown, rows, gates)


def _selective(found: Flagged) -> list[Block]:
    rows, meant = [], []
    for name in ("producing", "consuming"):
        fact = found.overall(f"selective/{name}")
        if fact is not None:
            rows.append({"pattern": found.say(f"kinds.{name}"), "judged": fact.n, "seen": fact.value})
            meant.append(found.report.words.say(f"underachievement.kinds.{name}"))
    if not rows:
        return []
    shown: dict[str, Kind] = {"pattern": "text", "judged": "count", "seen": "count"}
    title = found.say("kinds.selective_title")
    heading = Heading(found.say("kinds.selective_heading"), 3)
    return [heading, found.table("tab-selective", title, "kinds", shown, rows, tuple(meant))]


def _profiles(found: Flagged) -> list[Block]:
    facts = [f for f in found.report.results.facts if f.id.startswith("underachievement/profiles/")]
    if not facts:
        return []
    say = found.report.words.say
    rows = [{"profile": say(f"underachievement.profiles.{f.id.rpartition('/')[2]}"), "n": f.value} for f in facts]
    caveat = (say("underachievement.profiles.caveat"),)
    shown: dict[str, Kind] = {"profile": "text", "n": "count"}
    return [found.table("tab-profiles", found.say("kinds.profiles_title"), "kinds", shown, rows, caveat)]


@section(shared=True, reads=())
def talk(report: Report) -> Blocks:
    """What to do with a signal: questions to ask, causes as a form to fill, and whom to turn to. No diagnosis."""
    found = Flagged(report)
    said: dict[str, Any] = topic_sentences("underachievement", found.language)
    rows = [
        {"where": found.say(f"talk.{where}"), "cause": cause, "seen": "…"}
        for where in ("pupil", "surroundings", "context")
        for cause in said["causes"][where]
    ]
    shown: dict[str, Kind] = {"where": "text", "cause": "text", "seen": "text"}
    form = found.table("tab-causes", found.say("talk.causes_title"), "talk", shown, rows, (said["causes"]["heading"],))
    yield Paragraph(_guard(report, "signal"), "lead")
    yield Paragraph(_guard(report, "early_errors"))
    yield Heading(found.say("talk.questions"), 3)
    yield Bullets(tuple(said["questions"]))
    yield form
    yield Paragraph(_guard(report, "referral"), "warning")


@section()
def pupils(report: Report, *, shown: bool = False) -> Blocks:
    """Nothing but where to find it; or, when `shown`, the pupils flagged, on a page that is private."""
    found = Flagged(report)
    if not shown:
        yield Paragraph(found.say("pupils.not_here"))
        return
    blocks: list[Block] = [Paragraph(found.say("pupils.private"), "warning"), Paragraph(_guard(report, "signal"))]
    for actual in found.last:
        rows = _pupil_rows(found, report.bench.examined, actual)
        kinds: dict[str, Kind] = {
            "pupil": "text", "class": "text", "expected": "estimate", "actual": "estimate", "gap": "estimate",
            "probability": "share", "methods": "count", "duration": "text",
        }  # fmt: skip
        title = found.say("pupils.title", measure=found.at(actual))
        note = (found.say("pupils.note"), _guard(report, "one_score"))
        table = found.table(f"tab-pupils-{slug(actual)}", title, "pupils", kinds, rows, note)
        blocks.append(table if rows else Paragraph(found.say("pupils.none")))
    yield from blocks
    yield Paragraph(_guard(report, "referral"), "warning")


def _pupil_rows(found: Flagged, examined: Examined, actual: str) -> list[dict[str, Any]]:
    table = examined.finding(actual).table
    lasting = examined.lasting[examined.lasting["subject"] == actual].set_index("pupil")["kind"].to_dict()
    flags = examined.flags(actual).values()
    rows = []
    for pupil, row in (
        table[table["flag"].fillna(value=False).astype(bool)].sort_values("gap", ascending=False).iterrows()
    ):
        kind = str(lasting.get(pupil, "unknown"))
        known = {k: float(row[c]) for k, c in (("expected", "z_expected"), ("actual", "z_actual"), ("gap", "gap"))}
        rows.append(
            {
                "pupil": str(pupil),
                "class": str(examined.pupils["class"].get(pupil, "")) if "class" in examined.pupils else None,
                **known,
                "probability": float(row["probability"]),
                "methods": sum(bool(f.get(pupil, default=False)) for f in flags),
                "duration": found.say(f"pupils.{kind if kind in {'chronic', 'situational'} else 'unknown'}"),
            }
        )
    return rows


@section(reads=())
def provenance(report: Report) -> Blocks:
    """Where the numbers come from, so that anyone can make them again."""
    say, study = report.words.say, report.study
    said = [say("report.design.source", source=text_in(study.source, report.language))] if study.source else []
    said += [
        say("report.provenance.study", file=Path(study.file).name),
        say("report.provenance.version", version=version("werkbank")),
        say("report.provenance.seed", seed=report.bench.seed),
        say("report.provenance.results"),
    ]
    yield Bullets(tuple(said))


def _guard(report: Report, name: str) -> str:
    return report.words.say(f"underachievement.guards.{name}")
