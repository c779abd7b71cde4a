"""The report for a school: one page first, in everyday words; then the details. Nobody in it can be recognised.

Groups smaller than the study's `privacy.min_cell` are left out everywhere, and so is every result in which they take
part; no lowest or highest score and no dot of a single pupil or class is shown. Nothing is computed here: see `Report`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkbank.reporting import pictures
from werkbank.reporting.blocks import Bullets, Heading, Paragraph
from werkbank.reporting.numbers import Column
from werkbank.reporting.plainly import (
    HERE,
    answered,
    capital,
    digits_of,
    hidden_arm,
    hidden_test,
    outcome,
    short,
    small,
)
from werkbank.reporting.sections import maker
from werkbank.reporting.table import table
from werkbank.reporting.tables import counted, texts

if TYPE_CHECKING:
    from werkbank.reporting.blocks import Table
    from werkbank.reporting.numbers import Kind
    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.results import Claim

section = maker("school", "effects")

# what a page has room for, the weightiest first; who filled in, numbers and detectable are told elsewhere on it
LIMITS = (
    "reliability", "control", "selection", "attrition", "baseline", "followup", "unit", "comparability",
    "preregistration",
)  # fmt: skip
MOST = 3
UNEVEN = 10  # percentage points between groups from which what is missing is called uneven
QUESTION = "\0"  # stands for the questions of which the same is said
INFORMANTS = ("teacher", "pupil", "parent", "observer", "test")


@section(shared=True)
def one_page(report: Report) -> Blocks:
    """What was done and with whom, what changed, how sure that is, what it does not show, what to do next."""
    say = report.words.say
    yield from short(report)
    yield Heading(say(f"{HERE}.done.heading"), 3)
    yield Paragraph(" ".join(_done(report)))
    yield Heading(say(f"{HERE}.changed.heading"), 3)
    yield from _found(report, primary=True)
    yield Heading(say(f"{HERE}.sure.heading"), 3)
    yield Paragraph(" ".join(_sure(report)))
    yield Heading(say(f"{HERE}.not_shown.heading"), 3)
    yield Bullets((*_limits(report), say(f"{HERE}.not_shown.averages")))
    yield Heading(say(f"{HERE}.next.heading"), 3)
    yield Bullets(tuple(_next(report)))


@section(shared=True)
def who(report: Report) -> Blocks:
    """How many there were at the start and at each measurement."""
    words, waves = report.words, report.evidence.waves
    rows = [{k: v if k == "arm" or not small(report, v) else None for k, v in row.items()} for row in counted(report)]
    kinds = texts("arm") | {"enrolled": "count"} | {w: Column(w, words.wave(w), "count") for w in waves}
    said = words.say(f"{HERE}.done.waves", waves=words.listed([words.wave(w) for w in waves]))
    known = any(row[w] is not None for row in rows for w in waves)  # not in every copy to share
    lead = words.say(f"{HERE}.who.{'lead' if known else 'lead_hidden'}")
    yield Paragraph(f"{said} {lead}")
    yield _table(report, "who", "who", kinds, rows)


@section("numbers", shared=True)
def details(report: Report) -> Blocks:
    """The other outcomes in words; all means and all differences in tables."""
    say = report.words.say
    others = _measured(report, [k for k in report.keys if k not in _first(report)])
    lead = " ".join([say(f"{HERE}.numbers.{'lead' if others else 'none'}"), *others])
    yield Paragraph(lead)
    yield from _found(report, primary=False)
    yield _means(report)
    yield _sizes(report)


@section(shared=True)
def trust(report: Report) -> Blocks:
    """The quality panel in everyday words: every topic, always."""
    words = report.words
    found: dict[tuple[str, ...], dict[str, None]] = {}  # what is said of several questions alike is said once
    for claim in report.results.claims_where(kind="quality"):
        asked = words.written(claim).get("test")
        said = (words.say(f"claims.topic.{claim.topic}"), words.say(f"claims.status.{claim.status}"))
        found.setdefault((*said, _plainly(report, claim, test=QUESTION)), {}).update({asked: None} if asked else {})
    rows = [
        {"topic": topic, "status": status, "finding": capital(finding.replace(QUESTION, "; ".join(asked)))}
        for (topic, status, finding), asked in found.items()
    ]
    title, kinds = words.say(f"{HERE}.trust.title"), texts("topic", "status", "finding")
    yield Paragraph(words.say(f"{HERE}.trust.lead"))
    yield table(report, "quality", title, kinds, rows)


@section(shared=True)
def terms(report: Report) -> Blocks:
    """What the words mean; and where the numbers come from, which a copy to share does not tell."""
    words, study = report.words, report.study
    yield Heading(words.say(f"{HERE}.terms.heading"), 3)
    yield _meanings(report)
    if report.bench.copy_to_share:
        return
    made = [words.say("report.design.source", source=words.text(study.source))] if study.source else []
    made += [words.say("report.provenance.study", file=Path(study.file).name), words.say(f"{HERE}.terms.results")]
    made.append(words.say("report.provenance.seed", seed=report.bench.seed))
    yield Heading(words.say(f"{HERE}.terms.source_heading"), 3)
    yield Bullets(tuple(made))


glossary = terms  # as copies of older notebooks call it


def _meanings(report: Report) -> Bullets:
    used = ["mean", "arms", "lot", "between", "chance", "sd", "waves"]
    if report.study.design.kind == "single_group":
        used.remove("arms")
    if report.study.design.kind != "randomised":
        used.remove("lot")
    return Bullets(tuple(report.words.say(f"{HERE}.terms.{term}") for term in used))


def _table(
    report: Report, name: str, title: str, kinds: dict[str, Kind | Column], rows: list[dict[str, Any]], *notes: str
) -> Table | None:
    """Return a table whose last note says, where anything is hidden, from how many people on numbers are shown."""
    say = report.words.say
    if any(row.get(key) is None for row in rows for key in kinds):
        notes += (say(f"{HERE}.table.hidden", min_cell=report.study.privacy.min_cell),)
    return table(report, name, say(f"{HERE}.table.{title}"), kinds, rows, labels=f"{HERE}.table", notes=notes)


# --- what was done, and with whom


def _done(report: Report) -> list[str]:
    study, words = report.study, report.words
    said = []
    if name := study.programme_in(report.language):
        said.append(words.say(f"{HERE}.done.programme", programme=name))
    unit = study.unit if study.design.assigned_by == "pupil" else study.design.assigned_by
    said.append(words.say(f"{HERE}.done.{study.design.kind}", unit_many=words.say(f"report.unit.{unit}.many")))
    return [*said, *_arms(report), *_measured(report, _first(report))]


def _first(report: Report) -> list[str]:
    """Return the scales of the first page: the primary ones; all of them where a study names none."""
    return report.primary or report.keys


def _measured(report: Report, keys: list[str]) -> list[str]:
    words, said = report.words, []
    for informant in INFORMANTS:
        named = [words.outcome(k) for k in keys if report.declared(k).informant == informant]
        if named:
            said.append(words.say(f"{HERE}.measured.{informant}", outcomes=words.listed(named)))
    return said


def _arms(report: Report) -> list[str]:
    e, words = report.evidence, report.words
    said = []
    for arm in e.arms:
        pupils, units = (report.results.count(what=f"{what}_enrolled", arm=arm) for what in ("pupils", "units"))
        values: dict[str, Any] = {"arm": capital(words.arm(arm)), "min_cell": report.study.privacy.min_cell}
        values["pupils"] = words.count("pupil", pupils or 0)
        if hidden_arm(report, arm):
            said.append(words.say(f"{HERE}.done.arm_hidden", **values))
        elif units is None:
            said.append(words.say(f"{HERE}.done.arm", **values))
        else:
            said.append(words.say(f"{HERE}.done.arm_units", units=words.count(e.unit, units), **values))
    return said


# --- what changed


def _found(report: Report, *, primary: bool) -> Blocks:
    """Yield a figure (of what matters most) and a paragraph for every outcome that is primary, or is not."""
    if primary:
        yield pictures.means(report, lambda n: not small(report, n))
    yield from (outcome(report, key) for key in report.keys if (key in _first(report)) is primary)


# --- how sure, what not, what next


def _sure(report: Report) -> list[str]:
    words, e = report.words, report.evidence
    first = [t for t in e.tests if t.outcome in _first(report)]
    # as it was judged when all was there to judge by: a copy to share lacks the counts
    (judged,) = report.results.claims_where(kind="grade")
    partly = "_partly" * (judged.grade == "effect" and bool(report.results.claims_where(kind="reason")))
    grade = "description" if all(hidden_test(report, t) for t in first) else f"{judged.grade}{partly}"
    said = [words.say(f"{HERE}.sure.{grade}")]
    if grade == "description":
        return said
    found = {c.test for c in _clear(report)}  # needs no detecting
    for claim in report.results.claims_where(kind="quality", topic="detectable"):
        if (points := claim.values.get("points")) is not None and not found & set(claim.about):
            written = words.written(claim)
            written["points"] = words.decimal(points, digits_of(report, claim.outcome, points))
            return [*said, words.say(f"{HERE}.sure.detectable_{claim.verdict}", **written)]
    return said


def _clear(report: Report) -> tuple[Claim, ...]:
    return report.results.claims_where(kind="answer", verdict="clear")


def _limits(report: Report) -> list[str]:
    pressing = {"attention": 0, "unknown": 1}
    claims = [c for c in report.results.claims_where(kind="quality") if c.topic in LIMITS and c.status in pressing]
    claims.sort(key=lambda c: (pressing[c.status], LIMITS.index(c.topic)))
    first = {c.sentence: c for c in reversed(claims)}  # one of a kind: an outcome more says nothing new
    return [capital(_plainly(report, c)) for c in claims if first[c.sentence] is c][:MOST]


def _plainly(report: Report, claim: Claim, **instead: str) -> str:
    """Return a claim of the quality panel in everyday words, with some of its values written otherwise."""
    if claim.verdict == "hidden":  # in a shared copy
        return report.words.claim(claim)
    key = f"{HERE}.quality.{claim.topic}.{claim.verdict}"
    values = report.words.written(claim)
    precise = {k: v for k, v in claim.values.items() if k in {"r_low", "r_high"}}  # a zero before the point is plainer
    values |= {k: report.words.decimal(v) for k, v in precise.items()}
    match claim.topic, claim.verdict:
        case "attrition", "low" if claim.values.get("share_overall") == 0:
            key = f"{HERE}.quality.attrition.nobody"
        case "attrition", "high" if claim.values["points_differential"] >= UNEVEN:
            key = f"{HERE}.quality.attrition.uneven"
        case "numbers", _ if hidden_arm(report, str(claim.values["arm"])):
            key, values = f"{HERE}.quality.numbers.hidden", values | {"min_cell": report.study.privacy.min_cell}
    return report.words.say(key, **{**values, **instead})


def _next(report: Report) -> list[str]:
    study, e, words = report.study, report.evidence, report.words
    answers = report.results.claims_where(kind="answer")
    # answers stand in the order of their weight
    open_ends = [c for c in answers if c.role == answers[0].role]
    open_ends = [c for c in open_ends if c.grade == "description" or c.verdict in {"unclear", "untested"}]
    unit = study.unit if e.unit == "pupil" else e.unit
    asked_pupils = study.unit == "teacher" or any(o.informant == "pupil" for o in study.outcomes)
    values = {f"unit_{form}": words.say(f"report.unit.{unit}.{form}") for form in ("one", "many")}
    worse = dict.fromkeys(c.outcome for c in _clear(report) if _worse(report, c))
    values["outcomes"] = words.listed([words.outcome(key) for key in worse])
    asked = {
        "worse": bool(worse),
        "fix_items": bool(report.results.claims_where(topic="reliability", verdict="negative")),
        "talk": True,
        "compare": study.design.kind == "single_group",
        "lot": study.design.kind == "controlled",
        "more_units": bool(open_ends),
        "second_source" + "_other" * asked_pupils: study.design.raters_are_implementers is True,
        "measure_later": bool(report.results.claims_where(topic="followup", verdict="none")),
        "worth": bool(_clear(report)),
        "plan": study.design.preregistration is None,
    }
    return [words.say(f"{HERE}.next.{name}", **values) for name, wanted in asked.items() if wanted][:MOST]


def _worse(report: Report, answer: Claim) -> bool:
    """Whether what was found is on the side that nobody hoped for, and may be shown."""
    wanted = report.better(answer.outcome)
    return not hidden_test(report, answered(report, answer)) and {wanted, answer.side} == {"higher", "lower"}


# --- tables


def _means(report: Report) -> Table | None:
    words, waves = report.words, report.evidence.waves
    rows = []
    for key in report.keys:
        for arm in report.evidence.arms:
            row: dict[str, Any] = {"outcome": words.outcome(key), "arm": words.arm(arm)}
            for wave in waves:
                fact = report.results.fact(what="mean", outcome=key, arm=arm, wave=wave)
                if fact is not None and not small(report, fact.n) and not hidden_arm(report, arm):
                    row |= {f"n_{wave}": fact.n, wave: fact.value}
            rows.append(row)
    kinds = texts("outcome", "arm")
    for wave in waves:
        kinds[wave] = Column(wave, words.wave(wave), "mean")
        kinds[f"n_{wave}"] = Column(f"n_{wave}", words.say(f"{HERE}.table.n"), "count")
    return _table(report, "means", "means", kinds, rows)


def _sizes(report: Report) -> Table | None:
    words = report.words
    tests = [t for t in report.evidence.tests if t.estimate is not None]
    rows: list[dict[str, Any]] = [{"outcome": words.test(t.outcome, t.wave_to, t.contrast)} for t in tests]
    for t, row in zip(tests, rows, strict=True):
        if not hidden_test(report, t):
            row |= {"n": t.n, "estimate": t.estimate, "ci": (t.ci_low, t.ci_high)}
    change = not any(t.contrast for t in tests)
    label = words.say(f"{HERE}.table.estimate_{'change' if change else 'compared'}")
    kinds = texts("outcome") | {"n": "count", "estimate": Column("estimate", label, "estimate"), "ci": "interval"}
    notes = ["minus", *["twice"] * change, *["adjusted"] * any(t.contrast and t.wave_from for t in tests)]
    said = [words.say(f"{HERE}.table.{note}") for note in notes]
    return _table(report, "differences", "changes" if change else "differences", kinds, rows, *said)
