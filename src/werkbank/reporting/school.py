"""The report for a school: one page first, in everyday words; then the details. Nobody in it can be recognised.

Groups smaller than the study's `privacy.min_cell` are left out everywhere, and so is every result in which they take
part; no lowest or highest score and no dot of a single pupil or class is shown. Nothing is computed here: see `Report`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkbank.appraisal.quality import TOPICS
from werkbank.reporting import fitted, pictures
from werkbank.reporting.blocks import Bullets, Heading, Paragraph
from werkbank.reporting.informants import apart
from werkbank.reporting.numbers import Column
from werkbank.reporting.own_classes import own_classes, whose
from werkbank.reporting.plainly import (
    HERE,
    answered,
    capital,
    digits_of,
    doubtful,
    doubts,
    equal_in,
    finding,
    first,
    good,
    hidden_arm,
    hidden_test,
    is_control,
    of_hundred,
    rated,
    rated_keys,
    shown_answers,
    silence,
    small,
)
from werkbank.reporting.sections import maker
from werkbank.reporting.table import table
from werkbank.reporting.tables import counted, texts

__all__ = ["details", "one_page", "own_classes", "terms", "trust", "who"]

if TYPE_CHECKING:
    from werkbank.reporting.blocks import Table
    from werkbank.reporting.numbers import Kind
    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.results import Claim, Estimate

section = maker("school", "within")  # of a part of a study: the answers of the whole, and its own classes

# what limits a study, the weightiest first; who filled in, numbers and detectable are told elsewhere on the page
LIMITS = (
    "reliability", "control", "selection", "attrition", "baseline", "followup", "unit", "comparability",
)  # fmt: skip
MOST = 3
WORST_FIRST = ("attention", "unknown", "information", "met")
FAR_APART = 0.25  # SDs beforehand, beyond which it is told even where a lot made it so
UNEVEN = 10  # percentage points between groups from which what is missing is called uneven
QUESTION = "\0"  # stands for the questions of which the same is said
TOLD = {"reliability", "multiplicity"}  # what a reader needs even where nothing is wrong
INFORMANTS = ("teacher", "pupil", "parent", "observer", "test", "unknown")


@section(shared=True)
def one_page(report: Report) -> Blocks:
    """What was found and its picture; what was done, how sure that is, what it does not show; what to do next."""
    say = report.words.say
    if report.bench.only and not report.bench.copy_to_share:  # a copy names nobody whom the study file does not name
        yield Paragraph(say(f"{HERE}.only", whose=whose(report)))
    yield from _findings(report)
    yield pictures.answer(report)
    for part, told in (("done", _done(report)), ("sure", _sure(report)), ("not_shown", _not_shown(report))):
        yield Paragraph(f"**{say(f'{HERE}.{part}.heading')}** {' '.join(told)}")
    yield Heading(say(f"{HERE}.next.heading"), 3)
    yield Bullets(tuple(_next(report)))


def _findings(report: Report) -> list[Paragraph]:
    """Return what was found for the first outcomes, and where the rest stands."""
    words, found = report.words, list[Paragraph]()
    for key in first(report):
        found.append(finding(report, key, found))
    named: dict[str, list[str]] = {"clear": [], "open": [], "hidden": [], "silent": [], "doubtful": []}
    for key in report.keys:
        if key not in first(report):
            named[_standing(report, key)].append(words.outcome(key))
    compared = any(t.contrast for t in report.evidence.tests)
    key_of = {"open": f"open_{'compared' if compared else 'change'}"}
    said = [
        words.say(f"{HERE}.also.{key_of.get(how, how)}", outcomes=words.listed(names))
        for how, names in named.items()
        if names
    ]
    said = [*of_hundred(report, first(report)), *said]
    return [*found, *([Paragraph(" ".join(said))] if said else [])]


def _standing(report: Report, key: str) -> str:
    """Return in one word what was found for an outcome that the first page only names.

    What is hidden is not called unclear: whoever reads that would take it for a result.
    """
    shown = shown_answers(report, key)
    if shown and doubtful(report, key):
        return "doubtful"
    if any(claim.verdict == "clear" for claim in shown):
        return "clear"
    if any(silence(report, claim) == "too_small" for claim in report.results.claims_where(kind="answer", outcome=key)):
        return "hidden"
    return "open" if shown else "silent"


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
    yield from _policy(report)


def _policy(report: Report) -> Blocks:
    """What the school has agreed, in its own words; they may name people, and stay out of a copy to share."""
    policy, words = report.study.policy, report.words
    if policy is None or report.bench.copy_to_share:
        return
    told = {"protocol": policy.protocol, "signals": policy.signals, "parents": policy.parents}
    yield Heading(words.say(f"{HERE}.policy.heading"), 3)
    yield Bullets(tuple(words.say(f"{HERE}.policy.{k}", said=words.text(v).rstrip(".")) for k, v in told.items() if v))
    missing = [words.say(f"{HERE}.policy.called.{k}") for k, v in told.items() if not v]
    if missing:
        yield Paragraph(words.say(f"{HERE}.policy.missing", what=words.listed(missing)), "note")


@section("numbers", shared=True)
def details(report: Report) -> Blocks:
    """The means as they were measured, the other outcomes in words, all differences in tables."""
    words = report.words
    picture = pictures.means(report, lambda n: not small(report, n))
    shown = [answered(report, claim) for key in first(report) for claim in shown_answers(report, key)]
    why = dict.fromkeys(said for test in shown for said in _unlike_the_chart(report, test))
    every = [answered(report, claim) for key in report.keys for claim in shown_answers(report, key)]
    turned = [f"{words.outcome(t.outcome)} ({words.wave(t.wave_to)})" for t in every if _turned(report, t)]
    why |= dict.fromkeys([words.say(f"{HERE}.numbers.turned", questions=words.listed(turned))] * bool(turned))
    why |= dict.fromkeys([words.say(f"{HERE}.numbers.bell")] * bool(of_hundred(report, first(report))))
    if why:
        yield Paragraph(" ".join(why))
    yield picture
    told = _findings(report)
    for key in report.keys:
        if key not in first(report):
            told.append(finding(report, key, told))
            yield Paragraph(" ".join([told[-1].text, *rated(report, [key])]), told[-1].tone)
    if not report.bench.only:  # of a part of a study the tables of the whole stand in the report about the whole
        yield _means(report)
        yield _sizes(report)


@section(shared=True)
def trust(report: Report) -> Blocks:
    """The quality panel in everyday words: what asks for care, the worst first; what does not, in one sentence."""
    words = report.words
    found: dict[tuple[str, ...], dict[str, None]] = {}  # what is said of several questions alike is said once
    for claim in sorted(_pressing(report), key=lambda c: WORST_FIRST.index(c.status)):
        asked = words.written(claim).get("test")
        said = (claim.topic, claim.status, _plainly(report, claim, test=QUESTION))
        found.setdefault(said, {}).update({asked: None} if asked else {})
    rows = [
        {
            "topic": words.say(f"claims.topic.{topic}"),
            "status": words.say(f"claims.status.{status}"),
            "finding": capital(told_of.replace(QUESTION, "; ".join(asked))),
        }
        for (topic, status, told_of), asked in found.items()
    ]
    told = {topic for topic, *_ in found}
    fine = [topic for topic in TOPICS if topic not in told]
    yield Paragraph(words.say(f"{HERE}.trust.lead"))
    yield table(report, "quality", words.say(f"{HERE}.trust.title"), texts("topic", "status", "finding"), rows)
    if fine:
        names = [words.say(f"{HERE}.trust.of.{topic}") for topic in fine]
        yield Paragraph(words.say(f"{HERE}.trust.fine", topics=words.listed(names)))


def _unlike_the_chart(report: Report, test: Estimate) -> list[str]:
    """Say why an answer is not one mean of the chart less another: by what its model adjusted for."""
    words = report.words
    if not test.contrast:
        return [words.say(f"{HERE}.numbers.twice")]
    if (alike := equal_in(fitted.fitted(report, test))) == "none":
        return []
    covariates = words.covariates(fitted.fitted(report, test).covariates)
    return [words.say(f"{HERE}.numbers.adjusted_{alike}", covariates=covariates)]


def _turned(report: Report, test: Estimate) -> bool:
    """Whether the chart's means differ the other way than the answer: the groups stood apart beforehand."""
    if test.estimate is None or len(test.arms) != len(("treated", "control")):
        return False
    at = {"what": "mean", "outcome": test.outcome, "wave": test.wave_to}
    one, other = (report.results.fact(arm=arm, **at) for arm in test.arms)
    means = [None if f is None else f.value for f in (one, other)]
    if not all(isinstance(m, int | float) for m in means):
        return False
    return (means[0] - means[1]) * test.estimate < 0  # type: ignore[operator]  # both are numbers


def _pressing(report: Report) -> list[Claim]:
    """Return what the quality panel found that asks for care, and what is needed beside an answer that is open."""
    sure = {c.test for c in _clear(report)}
    found = []
    for claim in report.results.claims_where(kind="quality"):
        missed = claim.topic == "detectable" and not set(claim.about) & sure and claim.verdict != "missed"
        apart = claim.topic == "baseline" and abs(claim.values.get("g") or 0) > FAR_APART
        if claim.status in {"attention", "unknown"} or missed or apart or claim.topic in TOLD:
            found.append(claim)
    return found


@section(shared=True)
def terms(report: Report) -> Blocks:
    """Where the numbers come from, which a copy to share does not tell."""
    words, study = report.words, report.study
    if report.bench.copy_to_share:
        return
    made = [words.say("report.design.source", source=words.text(study.source))] if study.source else []
    made += [words.say("report.provenance.study", file=Path(study.file).name), words.say(f"{HERE}.terms.results")]
    yield Paragraph(" ".join(made))


glossary = terms  # as copies of older notebooks call it


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
        how = words.text(getattr(study.programme, "procedures", None))
        said.append(words.say(f"{HERE}.done.programme{'_how' * bool(how)}", programme=name, how=how))
    unit = study.unit if study.design.assigned_by == "pupil" else study.design.assigned_by
    unit_many = words.say(f"report.unit.{unit}.many")
    alone = "_no_control" * (study.design.kind != "single_group" and not study.control_arms)
    after = study.design.control_received_after
    waited, values = "_waited" * (after is not None), {"unit_many": unit_many, "after": words.wave(after or "post")}
    said.append(words.say(f"{HERE}.done.{study.design.kind}{alone}{waited}", **values))
    if study.design.blocks and study.design.kind != "single_group":
        blocks = fitted.blocks(report, study.design.blocks)
        said.append(words.say(f"{HERE}.done.within_{study.design.kind}", blocks=blocks))
    themselves = {report.declared(key).informant for key in rated_keys(report, first(report))}  # told beside how sure
    others = [key for key in first(report) if report.declared(key).informant not in themselves]
    return [*said, _arms(report), *_measured(report, others)]


def _measured(report: Report, keys: list[str]) -> list[str]:
    words, said = report.words, []
    for informant in INFORMANTS:
        named = [words.outcome(k) for k in keys if report.declared(k).informant == informant]
        if named:
            said.append(words.say(f"{HERE}.measured.{informant}", outcomes=words.listed(named)))
    return said


def _arms(report: Report) -> str:
    """Return in a sentence how many were in each arm at the start."""
    words, told = report.words, []
    for arm in report.evidence.arms:
        pupils = report.results.count(what="pupils_enrolled", arm=arm)
        values: dict[str, Any] = {"arm": words.arm(arm), "pupils": words.count("pupil", pupils or 0)}
        values["min_cell"] = report.study.privacy.min_cell
        way = "arm_hidden" if hidden_arm(report, arm) else "arm" if arm else "everyone"
        if way == "arm" and is_control(report, arm) and not words.arm(arm).casefold().startswith("control"):
            way = "arm_control"  # or nobody knows which of these groups the findings call so
        told.append(words.say(f"{HERE}.done.{way}", **values))
    return words.say(f"{HERE}.done.arms", arms=words.listed(told))


# --- how sure, what not, what next


def _sure(report: Report) -> list[str]:
    words, e = report.words, report.evidence
    tests = [t for t in e.tests if t.outcome in first(report)]
    # as it was judged when all was there to judge by: a copy to share lacks the counts
    (judged,) = report.results.claims_where(kind="grade")
    partly = "_partly" * (judged.grade == "effect" and bool(report.results.claims_where(kind="reason")))
    # nor does it hold a difference that is not shown: of what has no number this page can be sure of nothing
    nothing = all(t.estimate is None or hidden_test(report, t) for t in tests)
    grade = "description" if nothing else f"{judged.grade}{partly}"
    said = [words.say(f"{HERE}.sure.{grade}")]
    if grade == "description":
        return said
    said += rated(report, first(report))
    if not report.bench.only and (split := apart(report)) is not None:
        did_not = words.say(f"report.informants.{split.did_not}")
        said.append(capital(words.say(f"{HERE}.sure.informants", others=did_not)))
    found = {c.test for c in _clear(report)}  # needs no detecting
    for claim in report.results.claims_where(kind="quality", topic="detectable"):
        if (points := claim.values.get("points")) is not None and claim.outcome in first(report):
            if found & set(claim.about):
                break
            values = words.written(claim)
            values["points"] = words.decimal(points, digits_of(report, claim.outcome, points))
            return [*said, words.say(f"{HERE}.sure.detectable_{claim.verdict}", **values)]
    return said


def _not_shown(report: Report) -> list[str]:
    return [report.words.say(f"{HERE}.not_shown.averages"), *_limits(report)]


def _clear(report: Report) -> tuple[Claim, ...]:
    return report.results.claims_where(kind="answer", verdict="clear")


def _limits(report: Report) -> list[str]:
    pressing = {"attention": 0, "unknown": 1}
    claims = [c for c in report.results.claims_where(kind="quality") if c.topic in LIMITS and c.status in pressing]
    elsewhere = {("comparability", "unknown"), ("reliability", "attention")}  # in the panel; with the number itself
    claims = [c for c in claims if (c.topic, c.status) not in elsewhere]
    # groups that the score itself formed cannot be compared at all, which goes before that no lot formed them
    claims.sort(key=lambda c: (pressing[c.status], c.verdict != "apart", LIMITS.index(c.topic)))
    kept = {c.sentence: c for c in reversed(claims)}  # one of a kind: an outcome more says nothing new
    return [capital(_plainly(report, c)) for c in claims if kept[c.sentence] is c][:1]


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
    decided, outcomes = _decision(report)
    values["outcomes"] = words.listed([words.outcome(key) for key in outcomes])
    asked = {
        "fix_items": bool(report.results.claims_where(topic="reliability", verdict="negative")),
        decided: True,
        "talk": True,
        "compare": study.design.kind == "single_group",
        "lot": study.design.kind == "controlled",
        "second_source" + "_other" * asked_pupils: study.design.raters_are_implementers is True,
        "more_units": bool(open_ends),
        # only of what was found can one ask whether it lasts
        "measure_later": decided != "go_on_for_now"
        and bool(_clear(report))
        and bool(report.results.claims_where(topic="followup", verdict="none")),
        "plan": study.design.preregistration is None,
    }
    return [words.say(f"{HERE}.next.{name}", **values) for name, wanted in asked.items() if wanted][
        : MOST - bool(report.bench.only)
    ]


def _decision(report: Report) -> tuple[str, list[str]]:
    """Return whether to go on, to adapt or to stop, as far as the design tells; and for which outcomes that is so."""
    worse = [c.outcome for c in _clear(report) if _worse(report, c) and not doubtful(report, c.outcome)]
    if worse:
        return "worse", list(dict.fromkeys(worse))
    sound = [key for key in first(report) if not doubtful(report, key)]
    of = {key: shown for key in sound if (shown := shown_answers(report, key))}
    if not of:
        return "nothing_shown", []
    if not all(c.grade == "effect" for shown in of.values() for c in shown):
        return "cannot", []
    clear = [key for key, shown in of.items() if any(c.verdict == "clear" and good(report, c) for c in shown)]
    lasting = [key for key in clear if _lasts(report, of[key])]
    if not clear:
        alike = all(c.verdict == "equivalent" for shown in of.values() for c in shown)
        return ("equivalent", list(of)) if alike else ("open", [])
    several = any(len({c.wave_to for c in shown}) > 1 for shown in of.values())
    if several and (faded := [key for key in clear if key not in lasting]):
        return "adapt", faded
    return "go_on" if several else "go_on_for_now", clear


def _lasts(report: Report, shown: list[Claim]) -> bool:
    """Whether whatever was clear and better was so at the last measurement of its comparison, too."""
    last = {c.contrast: c for c in shown}  # they stand in the order of time
    return all(last[c.contrast].verdict == "clear" for c in shown if c.verdict == "clear" and good(report, c))


def _worse(report: Report, answer: Claim) -> bool:
    """Whether what was found is on the side that nobody hoped for, and may be shown."""
    return not hidden_test(report, answered(report, answer)) and good(report, answer) is False


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
    return _table(report, "means", "means", kinds, rows, *doubts(report, report.keys))


def _sizes(report: Report) -> Table | None:
    words = report.words
    tests = [t for t in report.evidence.tests if t.estimate is not None]
    rows: list[dict[str, Any]] = [{"outcome": words.test(t.outcome, t.wave_to, t.contrast)} for t in tests]
    for t, row in zip(tests, rows, strict=True):
        if not hidden_test(report, t):
            row |= {"n": t.n, "estimate": t.estimate, "ci": (t.ci_low, t.ci_high)}
    change = not any(t.contrast for t in tests)
    label = words.say(f"{HERE}.table.estimate_{'change' if change else 'compared'}")
    kinds = texts("outcome") | {"n": "count", "estimate": Column("estimate", label, "estimate", 1)}
    kinds |= {"ci": Column("ci", words.say(f"{HERE}.table.ci"), "interval", 1)}  # as the sentences have it
    said = [words.say(f"{HERE}.table.{note}") for note in ("between", "minus")]
    alike = [c for c in report.results.claims_where(kind="answer", verdict="equivalent") if c.values.get("bound")]
    said += [words.say(f"{HERE}.table.bound.equivalent", **words.written(alike[0]))] if alike else []
    said += doubts(report, [t.outcome for t in tests])
    return _table(report, "differences", "changes" if change else "differences", kinds, rows, *said)
