"""The report on questions without a programme, a function for each section. Nothing is computed here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkbank.disclosure import HIDDEN
from werkbank.reporting import association_figure, numbers
from werkbank.reporting.blocks import Bullets, Paragraph
from werkbank.reporting.numbers import Column
from werkbank.reporting.sections import maker
from werkbank.reporting.table import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkbank.reporting.numbers import Kind
    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.results import Claim, Estimate, Fact

section = maker("association", "effects", "associations")
FURTHER = "association_further"


@section(shared=True)
def answer(report: Report) -> Blocks:
    """What goes together, how sure that is, and what it does not say."""
    told = [c for c in _answers(report) if _kind(report, c) == "slope"]
    tested = [c for c in told if c.verdict not in {"untested", "hidden"}]
    clear = sum(c.verdict == "clear" for c in tested)
    hidden = any(c.verdict == "hidden" for c in told)
    lead = "clear" if clear else "none" if tested else "hidden" if hidden else "untested"
    yield Paragraph(_say(report, f"lead.{lead}", n=len(tested), clear=numbers.count(clear, report.language)), "lead")
    yield Paragraph(_say(report, "grade"))
    yield _figure(report)
    shown = [c for c in told if c.verdict not in {"hidden", "unclear"}]
    yield Bullets(tuple(_sentence(report, c) for c in shown)) if shown else None
    unclear = [_pair(report, _tested(report, c)) for c in told if c.verdict == "unclear"]
    if unclear:
        yield Paragraph(_say(report, "unclear", pairs="; ".join(unclear)))
    if any(c.verdict in {"unclear", "fragile", "unsure"} for c in told):
        yield Paragraph(_say(report, "no_evidence"), "note")


@section(shared=True)
def asked(report: Report) -> Blocks:
    """Every question: of whom, when, in which groups; who could not be used; means and correlations."""
    yield Paragraph(_say(report, "asked.lead"))
    kinds: dict[str, Kind | Column] = {"question": "count", "outcome": "text", "predictors": "text", "level": "text",
                                       "wave": "text"}  # fmt: skip
    for key in ("enrolled", "used", "groups"):
        kinds[key] = Column(key, _say(report, f"asked.{key}"), "count")
    rows = [_question(report, number) for number in _numbers(report)]
    yield table(report, "questions", "", kinds, rows, labels="association.asked", drop_empty=True)
    lost = report.results.facts_where(what="association_lost")
    numbered = dict.fromkeys(f.table for f in lost)
    said = tuple(_lost(report, number, [f for f in lost if f.table == number]) for number in numbered)
    yield Bullets(said) if said else None
    held = [c for c in report.study.covariates if c in report.intake.pupils.columns]
    if held:
        yield Paragraph(_say(report, "asked.held", names=report.words.covariates(held)))
    yield from _described(report)


def _described(report: Report) -> Blocks:
    """Return the scores' means and spread, and how they go together pair by pair."""
    about = {"kind": "described", "what": "mean", "arm": ""}
    found = report.results.facts_where(**about)
    number = report.results.number
    rows = [
        {"scale": report.words.outcome(f.outcome), "wave": report.words.wave(f.wave), "n": f.n, "mean": f.value,
         "sd": number(what="sd", outcome=f.outcome, wave=f.wave, arm=""),
         "icc": number(what="icc", outcome=f.outcome, wave=f.wave)}
        for f in found
    ]  # fmt: skip
    kinds: dict[str, Kind | Column] = {
        "scale": "text", "wave": "text", "n": "count", "mean": "mean", "sd": "mean", "icc": "reliability",
    }  # fmt: skip
    yield table(report, "means", "", kinds, rows, labels="association.means", drop_empty=True)
    pairs = [
        {"question": int(f.table), "one": _named(report, f.parts[0]), "other": _named(report, f.parts[1]),
         "r": f.value, "n": f.n}
        for f in report.results.facts_where(what="association_r")
        if f.value is not None
    ]  # fmt: skip
    shown: dict[str, Kind | Column] = {"question": "count", "one": "text", "other": "text", "r": "reliability"}
    shown["n"] = Column("n", _say(report, "means.n"), "count")
    notes = [_say(report, "pairs.note")]
    yield table(report, "pairs", "", shown, pairs, labels="association.pairs", notes=notes)


@section(shared=True)
def slopes(report: Report) -> Blocks:
    """Every slope of every question, within groups and between them, with its check and its size."""
    noted: set[str] = set()
    for number in _numbers(report):
        every = [e for e in report.results.where(kind="association", group=number) if e.family]
        found = [e for e in every if e.estimate is not None or e.note == HIDDEN]
        if not found:
            continue
        unit = _units(report, number)
        if any(e.note == "groups_held" for e in found):
            yield Paragraph(_say(report, "held", number=number, **unit), "warning")
        yield _slopes(report, number, found, noted)
        context = [e for e in report.results.where(method="association_context", group=number) if e.p is not None]
        if context:
            lead = _say(report, "slopes.context_lead", **unit)
            yield Paragraph(lead) if lead not in noted else None
            noted.add(lead)
        told = (
            _say(report, "slopes.context", predictor=_named(report, e.other), numbers=_told(report, e)) for e in context
        )
        yield Bullets(tuple(told)) if context else None


def _slopes(report: Report, number: str, found: Sequence[Estimate], noted: set[str]) -> Any:  # noqa: ANN401
    """Return a question's slopes; what `noted` under an earlier table is not said again."""
    unit, level = _units(report, number), report.words.level(found[0].ci_level)
    kinds: dict[str, Kind | Column] = {"predictor": "text", "part": "text"}
    names: dict[str, Kind] = {"b": "estimate", "se": "estimate", "df": "df", "ci": "interval", "p": "p",
                              "p_corrected": "p", "beta": "estimate", "cr2": "p"}  # fmt: skip
    for key, kind in names.items():
        kinds[key] = Column(key, _say(report, f"slopes.{key}", level=level), kind)
    kinds["n"] = Column("n", _say(report, "means.n"), "count")
    rows = [
        {"predictor": _named(report, e.other), "part": _part(report, e), "b": e.estimate, "se": e.se, "df": e.df,
         "ci": (e.ci_low, e.ci_high), "p": e.p, "p_corrected": _smaller(report, e), "n": e.n,
         "beta": _beside(report, e, f"{e.method}_sd", "estimate"),
         "cr2": _beside(report, e, f"association_cr2_{_of(e)}", "p")}
        for e in found
    ]  # fmt: skip
    grouped = any(_of(e) != "overall" for e in found)
    keys = ["note_within", "note_beta", "note_cr2", "note_means"] if grouped else ["note_overall"]
    notes = [note for key in keys if (note := _say(report, f"slopes.{key}", **unit)) not in noted]
    noted.update(notes)
    title = _say(report, "slopes.title", outcome=report.words.outcome(found[0].outcome))
    return table(report, f"slopes-{number}", title, kinds, rows, labels="association.slopes", notes=notes,
                 drop_empty=True)  # fmt: skip


@section(shared=True)
def further(report: Report) -> Blocks:
    """Whether slopes depend on a moderator, and whether lines bend: explored."""
    told = [c for c in _answers(report) if _kind(report, c) != "slope" and c.verdict != "hidden"]
    found = [e for e in report.results.where(kind=FURTHER) if e.family and e.estimate is not None]
    if not told:
        return
    yield Paragraph(_say(report, "further_lead"))
    yield Bullets(tuple(_sentence(report, c) for c in told))
    level = report.words.level(report.study.ci_level)
    kinds: dict[str, Kind | Column] = {"outcome": "text", "predictor": "text", "moderator": "text", "part": "text",
                                       "b": "estimate"}  # fmt: skip
    kinds |= {"ci": Column("ci", _say(report, "further.ci", level=level), "interval"), "p": "p", "p_corrected": "p",
              "low": "estimate", "high": "estimate", "n": Column("n", _say(report, "means.n"), "count")}  # fmt: skip
    rows = [
        {"outcome": report.words.outcome(e.outcome), "predictor": _named(report, e.other), "part": _part(report, e),
         "moderator": _say(report, "further.squared") if e.moderator == e.other else _named(report, e.moderator),
         "b": e.estimate, "ci": (e.ci_low, e.ci_high), "p": e.p, "p_corrected": _smaller(report, e), "n": e.n,
         **{where: _simple(report, e, where) for where in ("low", "high")}}
        for e in found
    ]  # fmt: skip
    yield table(report, "further", "", kinds, rows, labels="association.further", drop_empty=True)


@section(shared=True)
def meaning(report: Report) -> Blocks:
    """What this allows one to say, and how much weight it bears."""
    yield Paragraph(_say(report, "grade"), "lead")
    yield Paragraph(_say(report, "reason"))
    rows = [
        {"point": _say(report, f"topic.{c.topic}"), "said": _quality(report, c)}
        for c in report.results.claims_where(kind="quality")
        if c.id.startswith("association/")
    ]
    yield table(report, "weight", "", {"point": "text", "said": "text"}, rows, labels="association.quality")


@section(shared=True)
def method(report: Report) -> Blocks:
    """Which model, and why."""
    used = {e.method for e in report.results.where(grouped_by="association")}
    numbered = [n for n in _numbers(report) if _level(report, n) != "pupil"]
    unit = _units(report, (numbered or _numbers(report))[0])
    lines = []
    if numbered:
        lines.append(_say(report, "method.mixed", **unit))
    if any(name.endswith("_cross") for name in used):
        lines.append(_say(report, "method.cross", **unit))
    if any(name.endswith("_overall") for name in used):
        lines.append(_say(report, "method.plain"))
    lines.append(_say(report, "method.sds"))
    yield Bullets(tuple(lines))


def _answers(report: Report) -> list[Claim]:
    return [c for c in report.results.claims_where(kind="answer") if c.test.startswith("association/")]


def _tested(report: Report, claim: Claim) -> Estimate:
    return next(iter(report.results.where(id=claim.test)))


def _kind(report: Report, claim: Claim) -> str:
    name = _tested(report, claim).method.split("_")[1]
    return name if name in {"product", "square"} else "slope"


def _of(e: Estimate) -> str:
    return e.method.rpartition("_")[2]


def _numbers(report: Report) -> list[str]:
    return [f.table for f in report.results.facts_where(what="association_level")]


def _level(report: Report, number: str) -> str:
    found = report.results.fact(what="association_level", table=number)
    return str(found.value) if found is not None else "pupil"


def _units(report: Report, number: str) -> dict[str, str]:
    level = _level(report, number)
    level = level if level != "pupil" else "class"
    return {
        "group": report.words.say(f"report.unit.{level}.one"),
        "groups": report.words.say(f"report.unit.{level}.many"),
    }


def _part(report: Report, e: Estimate) -> str:
    return _say(report, f"part.{_of(e)}", **_units(report, e.group))


def _pair(report: Report, e: Estimate) -> str:
    """Return what was compared with what, and where."""
    outcome = report.words.outcome(e.outcome)
    return _say(report, "figure.label", predictor=_named(report, e.other), outcome=outcome, part=_part(report, e))


def _named(report: Report, name: str) -> str:
    """Return a scale or a column as a reader knows it; of a column of two words which is compared with which."""
    if report.study.is_outcome(name):
        return report.words.outcome(name)
    words = _words_of(report, name)
    called = report.words.covariate(name)
    if not words:
        return called
    low, high = (report.words.value(name, word) for word in words)
    return _say(report, "words", name=called, low=low, high=high)


def _words_of(report: Report, name: str) -> list[str]:
    column = report.intake.pupils.get(name)
    if column is None or column.dtype.kind in "fiub":
        return []
    found = sorted(column.dropna().astype(str).unique())
    return found if len(found) == 2 else []


def _sentence(report: Report, claim: Claim) -> str:
    e = _tested(report, claim)
    unit = _units(report, e.group)
    why = _say(report, f"note.{e.note}") if e.note in NOTES else _say(report, "note.untested")
    shown = {where: numbers.decimal(_simple(report, e, where), report.language) for where in ("low", "high")}
    return _say(
        report, claim.sentence.removeprefix("association."), where=_say(report, f"where.{_of(e)}", **unit),
        outcome=report.words.outcome(e.outcome), predictor=_named(report, e.other), numbers=_told(report, e), why=why,
        moderator=_named(report, e.moderator) if e.moderator else "", groups=unit["groups"], **shown,
    )  # fmt: skip


NOTES = (
    "association_no_variation", "association_not_estimable", "association_too_few_groups",
    "association_predictor_constant", "not_testable_by_model",
)  # fmt: skip


def _told(report: Report, e: Estimate) -> str:
    """Return a slope in numbers: in points, its interval, its p with the one correction, and in SDs."""
    spoken = report.language
    p, smaller = numbers.p_phrase(e.p, spoken), _smaller(report, e)
    n = sum(other.family == e.family for other in report.results.where(kind="correction", role=e.role))
    if smaller is not None and n > 1:
        p = _say(report, "corrected", p=p, n=n, p_corrected=numbers.p_value(smaller, spoken))
    beta = _beside(report, e, f"{e.method}_sd", "estimate")
    said = "" if beta is None else _say(report, "beta", beta=numbers.decimal(beta, spoken))
    return _say(report, "numbers", b=numbers.decimal(e.estimate, spoken), p=p, beta=said,
                ci=numbers.interval(e.ci_low, e.ci_high, spoken), level=report.words.level(e.ci_level))  # fmt: skip


def _smaller(report: Report, e: Estimate) -> float | None:
    """Return the p that is corrected for the number of tests."""
    found = [x for how in ("holm", "bh") if (x := report.results.estimate(id=f"{e.id}/association_p_{how}"))]
    return found[0].p if found else None


def _beside(report: Report, e: Estimate, method: str, column: str) -> float | None:
    found = report.results.where(method=method, group=e.group, other=e.other, moderator=e.moderator, outcome=e.outcome)
    return getattr(found[0], column) if found else None


def _simple(report: Report, e: Estimate, where: str) -> float | None:
    found = report.results.where(method="association_slope_at", group=e.group, other=e.other, moderator=e.moderator,
                                 level=where, criterion=_of(e), outcome=e.outcome)  # fmt: skip
    return found[0].estimate if found else None


def _question(report: Report, number: str) -> dict[str, Any]:
    level = report.results.facts_where(what="association_level", table=number)[0]
    found = [e for e in report.results.where(kind="association", group=number) if e.family or not e.p]
    names = dict.fromkeys(e.other for e in found)
    before = next((e.wave_from for e in found if e.wave_from), "")
    wave = report.words.wave(level.wave)
    count = {f.what.removeprefix("association_"): f.value for f in report.results.facts_where(table=number)}
    return {
        "question": int(number), "outcome": report.words.outcome(level.outcome),
        "predictors": report.words.listed([_named(report, name) for name in names]),
        "level": _say(report, "asked.none") if level.value == "pupil"
        else report.words.say(f"report.unit.{level.value}.many"),
        "wave": _say(report, "asked.lagged", before=report.words.wave(before), after=wave) if before else wave,
        **{key: count.get(key) for key in ("enrolled", "used", "groups")},
    }  # fmt: skip


def _lost(report: Report, number: str, lost: Sequence[Fact]) -> str:
    """Return in one sentence how many a question could not use, by what they lack."""
    parts = []
    for f in lost:
        own = f.category in {"outcome", "group"}
        what = _say(report, f"asked.the_{f.category}") if own else _named(report, f.category)
        n = report.words.count("pupil", int(f.value or 0))
        parts.append(_say(report, "asked.lost_part", n=n, what=what))
    return _say(report, "asked.lost", number=number, parts=report.words.listed(parts))


def _quality(report: Report, claim: Claim) -> str:
    values = dict(claim.values)
    if "raters" in values:
        values["raters"] = report.words.listed([report.words.rater(who) for who in values["raters"]])
    if "share_overall" in values:
        values["share_overall"] = numbers.share(values["share_overall"], report.language)
    known = claim.sentence if claim.sentence.startswith("association.") else "privacy.claim.plain"
    return report.words.say(known, **values)


def _figure(report: Report) -> Any:  # noqa: ANN401 - a figure or nothing
    sizes = [
        (e, next(iter(report.results.where(method=f"{e.method}_sd", group=e.group, other=e.other)), None))
        for e in report.results.where(kind="association")
        if e.family
    ]
    rows = [
        association_figure.Row(
            _pair(report, e),
            size.estimate, size.ci_low, size.ci_high, between=_of(e) == "between",
        )
        for e, size in sizes
        if size is not None and size.estimate is not None and size.ci_low is not None and size.ci_high is not None
    ]  # fmt: skip
    return association_figure.slopes(rows, report.language, report.words.level(report.study.ci_level)) if rows else None


def _say(report: Report, key: str, **values: object) -> str:
    return report.words.say(f"association.{key}", **values)
