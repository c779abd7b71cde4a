"""The plan of a study, a function for each section: ten questions, what may be said, whether it will show.

Nothing is computed here, and nobody is behind a number: there are no data yet.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from babel.lists import format_list

from werkbank.catalogue import has, say, shipped
from werkbank.effects.questions import equivalence_bound
from werkbank.effects.units import LEVELS, unit_words
from werkbank.planning import known
from werkbank.planning.asking import asked, iccs, smallest_that_matters
from werkbank.planning.related import PARTS
from werkbank.reporting import numbers, planning_figure
from werkbank.reporting.blocks import Bullets, Heading, Paragraph
from werkbank.reporting.numbers import Column
from werkbank.reporting.plainly import capital
from werkbank.reporting.sections import maker
from werkbank.reporting.table import table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkbank.planning.asking import Asked
    from werkbank.reporting.numbers import Kind
    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.results import Claim
    from werkbank.study.planning import Planning

HERE = "planning.plan"
section = maker(HERE, "planning")
CLEAR = "clear_higher"


@section()
def questions(report: Report) -> Blocks:
    """Ten questions, with the answers of the study file; what it does not say is said to be filled in."""
    yield Paragraph(_say(report, "lead.questions"))
    kinds: dict[str, Kind] = {"question": "text", "answer": "text"}
    rows = [{"question": _say(report, f"question.{name}"), "answer": said} for name, said in _answers(report)]
    title = _say(report, "table.questions")
    yield table(report, "plan-questions", title, kinds, rows, labels=f"{HERE}.column")


@section()
def allowed(report: Report) -> Blocks:
    """What the report will be allowed to say, in its own sentences; numbers are still dots."""
    told = report.results.claims_where(kind="foreseen")
    if not told:
        return
    yield Paragraph(_say(report, "lead.allowed"))
    alike: dict[tuple[Any, ...], list[Claim]] = {}  # questions of which the same will be said are told once
    for claim in told:
        against = tuple(report.words.claim(why) for why in _against(report, claim))
        reason = str(claim.values.get("reason", ""))
        key = (claim.contrast, claim.wave_from, claim.wave_to, claim.grade, claim.verdict, reason, against)
        alike.setdefault(key, []).append(claim)
    for claims in alike.values():
        yield from _foretold(report, claims)


@section()
def enough(report: Report) -> Blocks:
    """A verdict for every comparison, and the numbers behind it."""
    plan = _plan(report)
    if plan.cases is not None:
        yield from _cases(report)
        return
    if plan.association is not None:
        yield from _association(report)
        return
    effect, aim = (report.words.decimal(_value(report, what), 2) for what in ("plan_effect", "plan_aim"))
    yield Paragraph(_say(report, "lead.enough", effect=effect, aim=aim))
    comparisons = asked(report.study)
    for one in comparisons:
        yield Paragraph(verdict(report, one), "lead")
        if (made := _value(report, "plan_power_simulated", **_at(one))) is not None:
            n = next(f.n for f in report.results.facts_where(what="plan_power_simulated", **_at(one)))
            mcse = report.words.decimal(_value(report, "plan_power_mcse", **_at(one)), 3)
            yield Paragraph(_say(report, "simulated", n=numbers.count(n, report.language), mcse=mcse,
                                 power=report.words.decimal(made, 2)), "note")  # fmt: skip
    yield _numbers(report, comparisons, aim)


@section()
def curves(report: Report) -> Blocks:
    """The smallest difference that will be found, by number of units and ICC."""
    found = [f for f in report.results.facts_where(what="plan_detectable") if f.item and f.value is not None]
    if not found:
        return
    aim = report.words.decimal(_value(report, "plan_aim"), 2)
    yield Paragraph(_say(report, "lead.curves", aim=aim, **_units(report)))
    lines: dict[str, list[tuple[int, float]]] = {}
    for f in found:
        lines.setdefault(f.category, []).append((int(f.item), float(f.value or 0.0)))
    plan, first = _plan(report), asked(report.study)[0]
    now = min(first.middle.counts)
    words = planning_figure.Words(_units(report), aim, plan.effect or equivalence_bound(report.study), now)
    if rises := _rises(lines):
        key, between = "blocks" if plan.blocks else "rule", {"before": rises[0], "after": rises[1]}
        yield Paragraph(_say(report, f"rises.{key}", **between, **_units(report)))
    yield planning_figure.curves(lines, words, report.language)


def _rises(lines: dict[str, list[tuple[int, float]]]) -> tuple[int, int] | None:
    """Return between which numbers of units more of them find less: where another rule begins to hold."""
    found = [(a, b) for points in lines.values() for (a, x), (b, y) in pairwise(points) if y > x]
    return found[0] if found else None


@section(name="known")
def known_iccs(report: Report) -> Blocks:
    """ICCs that are known from public data, each with its source."""
    plan = _plan(report)
    if plan.cases is not None or (plan.of_groups and report.study.design.assigned_by == "pupil"):
        return
    yield Paragraph(_say(report, "lead.known"))
    rows = [
        {"what": report.words.text(one["what"]), "where": report.words.text(one["where"]), "icc": one["icc"],
         "pupils": one["n"], "units": one["n_units"], "source": report.words.text(one["source"])}
        for one in shipped(known.FILE)
    ]  # fmt: skip
    kinds: dict[str, Kind] = {"what": "text", "where": "text", "icc": "reliability", "pupils": "count",
                              "units": "count", "source": "text"}  # fmt: skip
    yield table(report, "plan-iccs", _say(report, "table.known"), kinds, rows, labels=f"{HERE}.column")


def verdict(report: Report, one: Asked) -> str:
    """Return in plain words whether a comparison will show what matters."""
    low, high = (_value(report, "plan_power", **_at(one), category=f"{p.icc:g}") for p in (one.high, one.low))
    test, units = _test(report, one), _units(report)
    if low is None or high is None:
        note = next((f.note for f in report.results.facts_where(what="plan_power", **_at(one)) if f.note), "")
        return _say(report, "verdict.refused", test=test, reason=_reason(report, note))
    if one.middle.single:
        half = _value(report, "plan_half_width", **_at(one), category=f"{one.middle.icc:g}")
        return _say(report, "verdict.single", test=test, half=report.words.decimal(half, 2))
    aim = _value(report, "plan_aim") or 0.8
    low, high = min(low, high), max(low, high)
    name = "enough" if low >= aim else "depends" if high >= aim else "short"
    needed = _value(report, "plan_units_needed", **_at(one), category=f"{one.high.icc:g}")
    most = _value(report, "plan_detectable", **_at(one), category=f"{one.middle.icc:g}")
    least = _value(report, "plan_units_needed", **_at(one), category=f"{one.low.icc:g}")
    name += "_many" * (needed is None and name != "enough")
    if name == "short" and least is not None and one.low.icc != one.high.icc:
        name = "short_range"  # what is found and what is needed hang on the ICC: each is told with its own
    said = {"low": low, "high": high, "aim": aim, "effect": _value(report, "plan_effect"), "detectable": most}
    # what falls just short must not read as what was asked for
    places = 3 if any(x < aim <= round(x, 2) for x in (low, high)) else 2
    written = {key: report.words.decimal(value, places) for key, value in said.items()}
    ends = sorted(report.words.decimal(x, places) for x in (low, high))
    spread = "one" if ends[0] == ends[1] else "range"
    written["chance"] = _say(report, f"chance.{spread}", low=ends[0], high=ends[1])
    count = numbers.count(needed, report.language) if needed is not None else ""
    ranged = {"icc": report.words.bounded(one.middle.icc), "least": numbers.count(least or 0.0, report.language)}
    return _say(report, f"verdict.{name}", test=test, needed=count, **written, **units, **ranged)


def _numbers(report: Report, comparisons: list[Asked], aim: str) -> Any:  # noqa: ANN401 - a table or nothing
    rows = []
    for one in comparisons:
        for icc in dict.fromkeys(p.icc for p in (one.low, one.middle, one.high)):
            at = {**_at(one), "category": f"{icc:g}"}
            row = {name: _value(report, f"plan_{what}", **at) for name, what in _COLUMNS.items()}
            rows.append({"comparison": _test(report, one), "icc": icc, "n": sum(one.units.values()), **row})
    head = {
        "comparison": "text",
        "icc": "reliability",
        "n": "count",
        "power": "reliability",
        "simulated": "reliability",
    }
    kinds: dict[str, Kind | Column] = dict(head)  # type: ignore[arg-type]
    kinds["detectable"] = Column("detectable", _say(report, "column.detectable", aim=aim), "estimate")
    kinds |= {"rule": "estimate", "half": "estimate", "needed": "count"}
    notes = [_say(report, f"note.{name}") for name in ("half", "rule", "drawn")]
    return table(report, "plan-power", _say(report, "table.enough"), kinds, rows, labels=f"{HERE}.column",
                 notes=notes, drop_empty=True)  # fmt: skip


_COLUMNS = {"power": "power", "simulated": "power_simulated", "detectable": "detectable", "rule": "detectable_rule",
            "half": "half_width", "needed": "units_needed"}  # fmt: skip


def _cases(report: Report) -> Blocks:
    plan = _plan(report).cases
    assert plan is not None  # noqa: S101 - seen by the caller
    smallest, power = _value(report, "plan_case_smallest_p"), _value(report, "plan_case_power") or 0.0
    ways = numbers.count(_value(report, "plan_assignments"), report.language)
    p = numbers.p_value(smallest, report.language)
    yield Paragraph(_say(report, "lead.cases", cases=plan.cases, days=plan.days, ways=ways, smallest=p))
    aim = _value(report, "plan_aim") or 0.8
    alpha = 1 - report.study.ci_level
    name = "never" if (smallest or 1.0) > alpha + 1e-12 else "enough" if power >= aim else "short"
    written = {"effect": report.words.decimal(plan.effect, 2), "power": report.words.decimal(power, 2)}
    written |= {"aim": report.words.decimal(aim, 2), "ways": ways, "smallest": p}
    yield Paragraph(_say(report, f"verdict.cases_{name}", **written), "lead")


def _association(report: Report) -> Blocks:
    plan = _plan(report).association
    assert plan is not None  # noqa: S101 - seen by the caller
    words = report.words
    said = {
        "groups": numbers.count(plan.groups, report.language), "pupils": plan.pupils,
        "slope": words.bounded(plan.slope), "icc": words.bounded(plan.icc), "differs": words.bounded(plan.differs),
        "icc_predictor": words.bounded(plan.icc_predictor),
    }  # fmt: skip
    yield Paragraph(_say(report, "lead.association", **said))
    aim = _value(report, "plan_aim") or 0.8
    for part in PARTS:
        power = _value(report, "plan_slope_power", category=part)
        width = _value(report, "plan_slope_half_width", category=part)
        told = {"power": power, "half": width, "aim": aim}
        values = {**said, **{name: words.decimal(value, 2) for name, value in told.items()}}
        enough = "enough" if power is not None and power >= aim else "short"
        yield Paragraph(_say(report, f"verdict.{part}_{enough}", **values), "lead")
    n = next(f.n for f in report.results.facts_where(what="plan_slope_power"))
    mcse = max(_value(report, "plan_power_mcse", category=part) or 0.0 for part in PARTS)
    yield Paragraph(_say(report, "simulated_slopes", n=numbers.count(n, report.language),
                         mcse=words.decimal(mcse, 3)), "note")  # fmt: skip


def _foretold(report: Report, claims: list[Claim]) -> Iterator[Any]:
    """Tell what will be said of questions that differ only in the outcome."""
    words, c = report.words, claims[0]
    outcomes = [words.outcome(one.outcome) for one in claims]
    names = {"outcome": words.listed(outcomes), "wave": words.wave(c.wave_to)}
    compared = _say(report, "allowed.question", contrast=words.contrast(c.contrast), **names)
    yield Heading(capital(compared if c.contrast else _say(report, "allowed.single", **names)), 3)
    yield Paragraph(words.claim(c), "lead")
    if against := _against(report, c):
        yield Bullets(tuple(words.claim(why) for why in against))
    if c.verdict != "tested":
        yield Paragraph(_say(report, f"allowed.{c.verdict}", reason=_reason(report, str(c.values["reason"]))))
        return
    for name, variant in (("clear", CLEAR), ("unclear", "unclear")):
        yield Paragraph(_say(report, f"allowed.{name}"))
        yield Paragraph(words.say(f"claims.answer.{c.grade}.{variant}", **_dots(report, c, outcomes)), "note")
    for one, outcome in zip(claims, outcomes, strict=True):
        if said := _rated(report, one.outcome):
            key = "also_of" if len(claims) > 1 else "also"
            yield Paragraph(_say(report, f"allowed.{key}", said=said, outcome=outcome))


def _against(report: Report, c: Claim) -> tuple[Claim, ...]:
    at = {"outcome": c.outcome, "contrast": c.contrast, "wave_to": c.wave_to}
    return tuple(report.results.claims_where(kind="foreseen_reason", **at))


def _dots(report: Report, c: Claim, outcomes: list[str]) -> dict[str, str]:
    """Return the values of an answer, in which everything that is not known yet is dots."""
    arms = c.contrast and report.evidence.weights(c.contrast)
    known = {"outcome": format_list(outcomes, "or", locale=report.language), "wave": report.words.wave(c.wave_to)}
    known |= {"wave_from": report.words.wave(c.wave_from), "level": report.words.level(report.study.ci_level)}
    if arms:
        known["treated"] = report.words.listed([report.words.arm(a) for a, w in arms.items() if w > 0])
        known["control"] = report.words.listed([report.words.arm(a) for a, w in arms.items() if w < 0])
    dots = dict.fromkeys(("estimate", "size", "method", "n"), "…")
    dots |= dict.fromkeys(("ci", "size_ci"), "[…; …]" if report.language == "nl" else "[…, …]")
    dots |= dict.fromkeys(("p", "p_said"), "*p* = …")
    return {**dots, **known}


def _rated(report: Report, key: str) -> str:
    """Return the caveat that will follow every answer when those who took part filled it in; nothing otherwise."""
    outcome = report.declared(key)
    part = report.evidence.part_of_rater(outcome.id)
    sentence = f"claims.also.rated.{outcome.informant}.{part}"
    return report.words.say(sentence) if part and has(sentence, report.language) else ""


def _reason(report: Report, name: str) -> str:
    """Return why there will be no test, in the words in which `check` and the report say it."""
    if not name:
        return ""
    key = next(k for k in (f"check.reasons.{name}", f"effects.notes.{name}") if has(k, report.language))
    return report.words.say(key, **_units(report))


def _answers(report: Report) -> Iterator[tuple[str, str]]:
    """Yield every question with the answer of the study file."""
    study, plan, words, units = report.study, _plan(report), report.words, _units(report)
    if not plan.of_groups:
        return

    def answer(name: str, **values: object) -> str:
        return _say(report, f"answer.{name}", **{**units, **values})

    level, arms = study.design.assigned_by, list(study.arms) or [""]

    def by_arm(given: Any, write: Any) -> str:  # noqa: ANN401 - one number, or one by arm
        if not isinstance(given, dict):
            return str(write(given))
        return words.listed([f"{words.arm(arm)} {write(given.get(arm, 0))}" for arm in arms])

    def whole(n: int) -> str:
        return numbers.count(n, report.language)

    yield "assigned", answer("assigned")
    yield "drawn", answer(study.design.kind)
    yield "units", answer("units", counts=by_arm(plan.units, whole))
    yield "blocks", answer("blocks", n=plan.blocks) if plan.blocks else answer("no_blocks")
    yield "pupils", answer("one_each") if level == "pupil" else answer("pupils", n=plan.pupils)
    r, between = (words.bounded(x) for x in (plan.r, plan.r if plan.r_units is None else plan.r_units))
    before = "not_before" if plan.r is None else "before_pupils" if level == "pupil" else "before"
    yield "before", answer(before, r=r, r_units=between)
    low, _, high = iccs(plan)
    alike = "icc_default" if plan.icc is None else "icc_one" if low == high else "icc"
    alike = "icc_none" if level == "pupil" and not plan.blocks else alike
    yield "alike", answer(alike, low=words.bounded(low), high=words.bounded(high))
    lost = by_arm(plan.lost_pupils, words.share)
    gone = by_arm(plan.lost_units, whole)
    yield "lost", answer("lost_pupils" if level == "pupil" else "lost", counts=lost, units=gone)
    rated = [words.text(o.label, o.id) for o in study.outcomes if report.evidence.part_of_rater(o.id)]
    said = bool(study.design.given_by or study.design.received_by) or study.design.raters_are_implementers is not None
    yield "raters", answer("rated", names=words.listed(rated)) if rated else answer("not_rated" if said else "not_said")
    effect = words.decimal(smallest_that_matters(study), 2)
    known_effect = plan.effect is not None or study.equivalence is not None
    yield "matters", answer("matters" if known_effect else "matters_default", effect=effect)


def _test(report: Report, one: Asked) -> str:
    wave = report.words.wave(one.wave_to)
    return f"{report.words.contrast(one.contrast)}, {wave}" if one.contrast else wave


def _units(report: Report) -> dict[str, str]:
    level = report.study.design.assigned_by
    if level in LEVELS:
        return unit_words(level, report.language)
    return {f"unit_{form}": say(f"report.unit.pupil.{form}", report.language) for form in ("one", "many")}


def _at(one: Asked) -> dict[str, str]:
    return {"contrast": one.contrast, "wave_to": one.wave_to, "item": ""}


def _value(report: Report, what: str, **at: str) -> float | None:
    found = report.results.facts_where(what=what, **at)
    value = found[0].value if found else None
    return float(value) if isinstance(value, int | float) else None


def _plan(report: Report) -> Planning:
    plan = report.study.planning
    assert plan is not None  # noqa: S101 - `check_report` has seen it
    return plan


def _say(report: Report, key: str, **values: object) -> str:
    return report.words.say(f"{HERE}.{key}", **values)
