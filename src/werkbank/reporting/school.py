"""The report for a school: one page first, in everyday words; then the details. Nobody in it can be recognised.

Groups smaller than the study's `privacy.min_cell` are left out everywhere, and so is every result in which they take
part; no lowest or highest score and no dot of a single pupil or class is shown. Nothing is computed here: see `Report`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkbank.reporting import numbers, pictures, plainly
from werkbank.reporting.blocks import Block, Bullets, Heading, Paragraph, Table
from werkbank.reporting.numbers import Column
from werkbank.reporting.plainly import HERE, capital, digits_of, hidden_arm, hidden_test, outcome, short, small, width
from werkbank.reporting.sections import maker
from werkbank.study import text_in

if TYPE_CHECKING:
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
    words, e = report.words, report.evidence
    columns = [_column(report, "arm"), _column(report, "enrolled", "count")]
    columns += [Column(w, words.wave(w), "count") for w in e.waves]
    rows = []
    for arm in e.arms:
        counts = {"enrolled": e.count("pupils_enrolled", arm=arm)}
        counts |= {w: e.count("pupils_measured", arm=arm, wave=w) for w in e.waves}
        rows.append({"arm": words.arm(arm)} | {k: _shown(report, n) for k, n in counts.items()})
    title = words.say(f"{HERE}.table.who")
    table = Table("tab-who", title, tuple(columns), tuple(rows), _hidden_note(report, rows))
    waves = words.say(f"{HERE}.done.waves", waves=words.listed([words.wave(w) for w in e.waves]))
    counted = any(row[w] is not None for row in rows for w in e.waves)  # not in every copy to share
    lead = words.say(f"{HERE}.who.{'lead' if counted else 'lead_hidden'}")
    yield Paragraph(f"{waves} {lead}")
    yield table


@section("numbers", shared=True)
def details(report: Report) -> Blocks:
    """The other outcomes in words; all means and all differences in tables."""
    say = report.words.say
    others = _measured(report, [k for k in report.keys if k not in _first(report)])
    lead = " ".join([say(f"{HERE}.numbers.{'lead' if others else 'none'}"), *others])
    found = _found(report, primary=False)
    yield Paragraph(lead)
    yield from found
    yield _means(report)
    yield from _sizes(report)


@section(shared=True)
def trust(report: Report) -> Blocks:
    """The quality panel in everyday words: every topic, always."""
    words = report.words
    found: dict[tuple[str, ...], dict[str, None]] = {}  # what is said of several questions alike is said once
    for claim in report.claims("quality/"):
        said = (f"topic.{claim.id.split('/')[1]}", f"status.{claim.values['status']}")
        asked = words.written(claim).get("test")
        key = (*(words.say(f"claims.{part}") for part in said), _plainly(report, claim, test=QUESTION))
        found.setdefault(key, {}).update({asked: None} if asked else {})
    rows = [
        {"topic": topic, "status": status, "finding": capital(finding.replace(QUESTION, "; ".join(asked)))}
        for (topic, status, finding), asked in found.items()
    ]
    columns = tuple(Column(key, words.say(f"report.quality.{key}")) for key in ("topic", "status", "finding"))
    table = Table("tab-quality", words.say(f"{HERE}.trust.title"), columns, tuple(rows))
    yield Paragraph(words.say(f"{HERE}.trust.lead"))
    yield table


@section(shared=True)
def terms(report: Report) -> Blocks:
    """What the words mean; and where the numbers come from, which a copy to share does not tell."""
    words, study = report.words, report.study
    yield Heading(words.say(f"{HERE}.terms.heading"), 3)
    yield _meanings(report)
    if report.bench.copy_to_share:
        return
    made = [words.say("report.provenance.study", file=Path(study.file).name), words.say(f"{HERE}.terms.results")]
    made.append(words.say("report.provenance.seed", seed=report.bench.seed))
    if study.source:
        made.insert(0, words.say("report.design.source", source=text_in(study.source, report.language)))
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


def _column(report: Report, key: str, kind: Any = "text") -> Column:  # noqa: ANN401 - a Kind
    return Column(key, report.words.say(f"{HERE}.table.{key}"), kind)


# --- what may be shown


def _shown(report: Report, n: int | None) -> int | None:
    return None if small(report, n) else n


def _hidden_note(report: Report, rows: list[dict[str, Any]]) -> tuple[str, ...]:
    if all(value is not None for row in rows for value in row.values()):
        return ()
    return (report.words.say(f"{HERE}.table.hidden", min_cell=report.study.privacy.min_cell),)


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
    return [k for k in report.keys if report.evidence.role(k) == "primary"] or report.keys


def _measured(report: Report, keys: list[str]) -> list[str]:
    words, said = report.words, []
    for informant in INFORMANTS:
        named = [words.outcome(k) for k in keys if report.study.outcome(k.partition(".")[0]).informant == informant]
        if named:
            said.append(words.say(f"{HERE}.measured.{informant}", outcomes=words.listed(named)))
    return said


def _arms(report: Report) -> list[str]:
    e, words = report.evidence, report.words
    said = []
    for arm in e.arms:
        pupils, units = e.count("pupils_enrolled", arm=arm), e.count("units_enrolled", arm=arm)
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


def _found(report: Report, *, primary: bool) -> list[Block]:
    """Return a figure (of what matters most) and a paragraph for every outcome that is primary, or is not."""
    keys = [k for k in report.keys if (k in _first(report)) is primary]
    figure = pictures.means(report, lambda n: not small(report, n)) if primary else None
    return [*([figure] if figure else []), *(outcome(report, key) for key in keys)]


# --- how sure, what not, what next


def _sure(report: Report) -> list[str]:
    words, e = report.words, report.evidence
    first = [t for t in e.tests if t.outcome in _first(report)]
    # as it was judged when all was there to judge by: a copy to share lacks the counts
    judged, *_ = report.claims("design/grade")
    partly = "_partly" * (judged.grade == "effect" and bool(report.claims("design/reason/")))
    grade = "description" if all(hidden_test(report, t) for t in first) else f"{judged.grade}{partly}"
    said = [words.say(f"{HERE}.sure.{grade}")]
    if grade == "description":
        return said
    found = {c.id.removeprefix("answer/") for c in report.claims("answer/") if _clear(c)}  # needs no detecting
    for claim in report.claims("quality/detectable/"):
        if claim.values.get("points") is not None and not found & set(claim.about):
            kind = claim.sentence.rpartition(".")[2]
            digits = digits_of([claim.values["points"]], width(report, str(claim.values["outcome"])))
            points = numbers.decimal(claim.values["points"], report.language, digits)
            return [*said, words.say(f"{HERE}.sure.detectable_{kind}", **words.written(claim) | {"points": points})]
    return said


def _clear(claim: Claim) -> bool:
    return claim.sentence.rpartition(".")[2].startswith("clear")


def _limits(report: Report) -> list[str]:
    pressing = {"attention": 0, "unknown": 1}
    claims = [c for c in report.claims("quality/") if c.id.split("/")[1] in LIMITS and c.values["status"] in pressing]
    claims.sort(key=lambda c: (pressing[c.values["status"]], LIMITS.index(c.id.split("/")[1])))
    first = {c.sentence: c for c in reversed(claims)}  # one of a kind: an outcome more says nothing new
    return [capital(_plainly(report, c)) for c in claims if first[c.sentence] is c][:MOST]


def _plainly(report: Report, claim: Claim, **instead: str) -> str:
    """Return a claim of the quality panel in everyday words, with some of its values written otherwise."""
    if claim.sentence.startswith("privacy."):  # in a shared copy
        return report.words.claim(claim)
    key = f"{HERE}.{claim.sentence.partition('.')[2]}"
    values = report.words.written(claim)
    precise = {k: v for k, v in claim.values.items() if k in {"r_low", "r_high"}}  # a zero before the point is plainer
    values |= {k: numbers.decimal(v, report.language, 2) for k, v in precise.items()}
    if claim.values.get("share_overall") == 0 and claim.sentence.endswith("attrition.low"):
        key = f"{HERE}.quality.attrition.nobody"
    elif claim.sentence.endswith("attrition.high") and claim.values["points_differential"] >= UNEVEN:
        key = f"{HERE}.quality.attrition.uneven"
    if claim.sentence.startswith("claims.quality.numbers") and hidden_arm(report, str(claim.values["arm"])):
        key, values = f"{HERE}.quality.numbers.hidden", values | {"min_cell": report.study.privacy.min_cell}
    return report.words.say(key, **{**values, **instead})


def _next(report: Report) -> list[str]:
    study, e, words = report.study, report.evidence, report.words
    answers = report.claims("answer/")
    first = {c.values["role"] for c in answers[:1]}  # answers stand in the order of their weight
    open_ends = [c for c in answers if c.values["role"] in first]
    open_ends = [c for c in open_ends if c.grade == "description" or c.sentence.endswith(("unclear", "untested"))]
    unit = study.unit if e.unit == "pupil" else e.unit
    asked_pupils = study.unit == "teacher" or any(o.informant == "pupil" for o in study.outcomes)
    values = {form: words.say(f"report.unit.{unit}.{form.partition('_')[2]}") for form in ("unit_one", "unit_many")}
    worse = dict.fromkeys(c.values["outcome"] for c in answers if _clear(c) and _worse(report, c))
    values["outcomes"] = words.listed([words.outcome(key) for key in worse])
    asked = {
        "worse": bool(worse),
        "fix_items": any(c.sentence.endswith("reliability.negative") for c in report.claims("quality/")),
        "talk": True,
        "compare": study.design.kind == "single_group",
        "lot": study.design.kind == "controlled",
        "more_units": bool(open_ends),
        "second_source" + "_other" * asked_pupils: study.design.raters_are_implementers is True,
        "measure_later": any(c.sentence.endswith("followup.none") for c in report.claims("quality/")),
        "worth": any(map(_clear, answers)),
        "plan": study.design.preregistration is None,
    }
    return [words.say(f"{HERE}.next.{name}", **values) for name, wanted in asked.items() if wanted][:MOST]


def _worse(report: Report, answer: Claim) -> bool:
    """Whether what was found is on the side that nobody hoped for, and may be shown."""
    test = next(t for t in report.evidence.tests if answer.id == f"answer/{t.id}")
    better = plainly.direction(report, test.outcome)
    return not hidden_test(report, test) and answer.values["estimate"] * {"higher": 1, "lower": -1}.get(better, 0) < 0


# --- tables


def _means(report: Report) -> Table:
    e, words = report.evidence, report.words
    rows = []
    for key in report.keys:
        for arm in e.arms:
            row: dict[str, Any] = {"outcome": words.outcome(key), "arm": words.arm(arm)}
            for wave in e.waves:
                fact = e.fact("mean", key, arm, wave)
                may = fact is not None and not small(report, fact.n) and not hidden_arm(report, arm)
                row |= {f"n_{wave}": fact.n, wave: fact.value} if fact and may else {f"n_{wave}": None, wave: None}
            rows.append(row)
    columns = [_column(report, key) for key in ("outcome", "arm")]
    for wave in e.waves:
        columns += [Column(wave, words.wave(wave), "mean"), Column(f"n_{wave}", words.say(f"{HERE}.table.n"), "count")]
    title = words.say(f"{HERE}.table.means")
    return Table("tab-means", title, tuple(columns), tuple(rows), _hidden_note(report, rows))


def _sizes(report: Report) -> list[Table]:
    words = report.words
    tests = [t for t in report.evidence.tests if t.estimate is not None]
    if not tests:
        return []
    rows = []
    for t in tests:
        hidden = hidden_test(report, t)
        found = {"n": t.n, "estimate": t.estimate, "ci": (t.ci_low, t.ci_high)}
        question = words.test(t.outcome, t.wave_to, t.contrast)
        rows.append({"outcome": question} | (dict.fromkeys(found) if hidden else found))
    kind = "compared" if tests[0].contrast else "change"
    columns = (
        _column(report, "outcome"),
        _column(report, "n", "count"),
        Column("estimate", words.say(f"{HERE}.table.estimate_{kind}"), "estimate"),
        _column(report, "ci", "interval"),
    )
    notes = [words.say(f"{HERE}.table.minus")] + [words.say(f"{HERE}.table.twice")] * (kind == "change")
    if any(t.contrast and t.wave_from for t in tests):
        notes.append(words.say(f"{HERE}.table.adjusted"))
    title = words.say(f"{HERE}.table.{'differences' if tests[0].contrast else 'changes'}")
    return [Table("tab-differences", title, columns, tuple(rows), (*notes, *_hidden_note(report, rows)))]
