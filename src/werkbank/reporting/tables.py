"""The tables of a report: values from the results, in rows that a writer of any format can print."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from werkbank.appraisal.evidence import SIZES, question
from werkbank.appraisal.other_ways import other_ways
from werkbank.catalogue import formulas, has
from werkbank.effects.multiplicity import number_of_tests
from werkbank.reporting import fitted, known, numbers
from werkbank.reporting.numbers import Column
from werkbank.reporting.report import place
from werkbank.reporting.table import table, without_empty

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkbank.reporting.blocks import Table
    from werkbank.reporting.numbers import Kind
    from werkbank.reporting.report import Report
    from werkbank.results import Estimate

TIDIER = (
    "name", "why", "materials", "procedures", "provider", "how", "where", "when_and_how_much", "tailoring",
    "modifications", "fidelity_planned", "fidelity_actual",
)  # fmt: skip
CORRECTED = {"p_holm": "Holm", "p_bh": "Benjamini-Hochberg"}
LOSSES = (
    "without_pre", "without_post", "without_both", "without_unit", "without_block", "in_broken_block",
    "without_covariate", "planned_without_pre", "planned_without_post", "planned_without_both",
)  # fmt: skip
NAMED = ("sd", "points", "percentiles", "ratio", "kept")  # the metrics that a column of their own names
BORDERS = ("border_low", "border_high")
# how a table of estimates writes each of its columns
ESTIMATED: dict[str, Kind] = {
    "question": "text", "formula": "text", "n": "count", "at": "estimate", "estimate": "estimate", "ci": "interval",
    "size": "estimate", "size_ci": "interval", "scale": "text", "share": "reliability", "statistic": "estimate",
    "df": "df", "p": "p", "p_corrected": "p",
}  # fmt: skip


def programme(report: Report) -> Table | None:
    """The TIDieR checklist; an item that the study file leaves empty stays, and says that it was not reported."""
    given: Any = report.study.programme
    described = {"name": given} if isinstance(given, str) else given.model_dump() if given is not None else {}
    words, labels = report.words, "report.tidier_columns"
    missing = words.say("report.not_reported")
    rows = [{"item": words.say(f"report.tidier.{i}"), "said": words.text(described.get(i), missing)} for i in TIDIER]
    return table(report, "programme", "", texts("item", "said"), rows, labels=labels)


def files(report: Report) -> Table | None:
    """What was read, and as what; a hash identifies each file."""
    rows = [
        {"path": f.path, "kind": f.kind, "rows": f.n_rows, "encoding": f.encoding, "sha256": f.sha256[:12]}
        | {"delimiter": _sign(report, f.delimiter), "decimal": _sign(report, f.decimal)}
        for f in report.bench.files
    ]
    kinds = texts("path", "kind", "rows", "delimiter", "decimal", "encoding", "sha256") | {"rows": "count"}
    return table(report, "files", "", kinds, rows)


def texts(*columns: str) -> dict[str, Kind | Column]:
    """Return columns that hold words."""
    return dict.fromkeys(columns, "text")


def _sign(report: Report, sign: str | None) -> str | None:
    names = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", ".": "point"}
    return report.words.say(f"report.sign.{names[sign]}") if sign in names else sign


def units(report: Report, key: str = "units") -> Column:
    """Return the column that counts classes, teachers or schools; of pupils the schools or blocks in which they are."""
    unit = report.evidence.unit
    return Column(key, report.words.say(f"report.flow.{'sites' if unit == 'pupil' else f'units_{unit}'}"), "count")


def counted(report: Report) -> list[dict[str, Any]]:
    """Return how many were assigned and measured, a row for each arm and a column for each wave."""
    e, count = report.evidence, report.results.count
    return [
        {"arm": report.words.arm(arm), "enrolled": count(what="pupils_enrolled", arm=arm)}
        | {"units": count(what="units_enrolled", arm=arm)}
        | {wave: count(what="pupils_measured", arm=arm, wave=wave) for wave in e.waves}
        for arm in e.arms
    ]


def flow(report: Report) -> Table | None:
    """How many were assigned and measured, for each arm."""
    words, rows = report.words, counted(report)
    kinds = texts("arm") | {"enrolled": "count"}
    kinds |= {"units": units(report)} if any(row["units"] is not None for row in rows) else {}
    for wave in report.evidence.waves:
        kinds[wave] = Column(wave, words.say("report.flow.measured", wave=words.wave(wave)), "count")
    return table(report, "flow", "", kinds, rows)


def analysed(report: Report) -> Table | None:
    """Assigned = analysed + those left out, for every question and arm: the counts add up."""
    e, words, count = report.evidence, report.words, report.results.count
    rows = []
    for outcome, wave_from, wave_to in dict.fromkeys((t.outcome, t.wave_from, t.wave_to) for t in e.tests):
        for arm in e.arms:
            at = {"outcome": outcome, "arm": arm, "wave_from": wave_from, "wave_to": wave_to}
            used = report.results.fact(what="pupils_analysed", **at)
            if used is not None:
                row: dict[str, Any] = {"question": words.test(outcome, wave_to, ""), "arm": words.arm(arm)}
                row |= {"enrolled": used.n} | {loss: count(what=f"pupils_{loss}", **at) for loss in LOSSES}
                rows.append(row | {"analysed": used.value, "units": count(what="units_analysed", **at)})
    shown = [loss for loss in LOSSES if any(row[loss] for row in rows)]
    kinds = texts("question", "arm") | dict.fromkeys(("enrolled", *shown, "analysed"), "count")
    kinds |= {"units": units(report)} if any(row["units"] is not None for row in rows) else {}
    return table(report, "analysed", "", kinds, rows)


def reliability(report: Report) -> Table | None:
    """Alpha, omega and the lowest item-rest correlation of each scale at each wave."""
    words, number = report.words, report.results.number
    rows = [
        {"scale": words.outcome(f.outcome), "wave": words.wave(f.wave), "n": f.n, "alpha": f.value}
        | {"alpha_ci": tuple(number(what=f"alpha_ci_{end}", **place(f)) for end in ("low", "high"))}
        | {"omega": number(what="omega", **place(f)), "item_rest": number(what="item_rest_lowest", **place(f))}
        for f in report.results.facts_where(what="alpha")
    ]
    kinds = texts("scale", "wave") | {"n": "count"}
    kinds |= dict.fromkeys(("alpha", "alpha_ci", "omega", "item_rest"), "reliability")
    return table(report, "reliability", "", kinds, rows, notes=[words.say("report.reliability.note")])


def described(report: Report, key: str, arm: str, wave: str) -> dict[str, Any]:
    """Return n, mean, spread and ends of one scale in one arm at one wave."""
    at = {"outcome": key, "arm": arm, "wave": wave}
    mean = report.results.fact(what="mean", **at)
    found = {what: report.results.number(what=what, **at) for what in ("mean", "sd", "min", "max")}
    return {"n": None if mean is None else mean.n, **found}


def before_after(report: Report, key: str) -> Table | None:
    """Mean, spread and range of one scale for each arm and wave."""
    e, words, labels = report.evidence, report.words, "report.before_after"
    rows = [
        {"arm": words.arm(arm), "wave": words.wave(wave), **described(report, key, arm, wave)}
        for arm in e.arms
        for wave in e.waves
    ]
    rows = [row for row in rows if row["mean"] is not None]
    kinds = texts("arm", "wave") | {"n": "count"} | dict.fromkeys(("mean", "sd", "min", "max"), "mean")
    notes = [direction(report, key)]
    notes += [] if key in report.same_measure else [words.say(f"{labels}.other_measure")]
    title = words.say(f"{labels}.title", outcome=words.outcome(key))
    return table(report, f"scores-{key.replace('.', '-')}", title, kinds, rows, labels=labels, notes=notes)


def direction(report: Report, key: str) -> str:
    """Return which end of a scale is better, and what scores exist, in a sentence."""
    words, (low, high) = report.words, report.score_range(key)
    better = words.say(f"instruments.direction.{report.better(key)}")
    if abs(low) == float("inf") or abs(high) == float("inf"):
        return words.say("report.before_after.direction", better=better)
    values = {"low": f"{low:g}", "high": f"{high:g}"}
    if report.language == "nl":
        values = {k: v.replace(".", ",") for k, v in values.items()}
    return words.say("report.before_after.direction_range", better=better, **values)


def _estimated(
    report: Report, name: str, title: str, columns: Sequence[str], rows: Sequence[dict[str, Any]], notes: Sequence[str]
) -> Table | None:
    """Return a table of estimates: of `columns` those, for units and along a moderator, in which there is anything."""
    kinds: dict[str, Kind | Column] = {}
    for key in columns:
        if key not in {"clusters", "at"} or any(row[key] for row in rows):
            kinds[key] = units(report, key) if key == "clusters" else ESTIMATED[key]
    if report.study.registered is not None:
        kinds["standing"] = Column("standing", report.words.say("planning.register.column.standing"))
    return table(report, name, title, kinds, rows, labels="report.estimates", notes=notes)


def _row(report: Report, e: Estimate) -> dict[str, Any]:
    """Return all that a table may tell of an estimate; a p by itself stands where readers look for p."""
    words, interval, bare = report.words, (e.ci_low, e.ci_high), e.metric in {"p", "moderator"}
    return {
        "question": words.test(e.outcome, e.wave_to, e.contrast), "formula": words.method(e.method), "n": e.n,
        "clusters": e.n_clusters, "at": e.estimate if e.metric == "moderator" else None,
        "estimate": None if bare else e.estimate, "ci": interval, "size": e.estimate, "size_ci": interval,
        "scale": words.say(f"report.estimates.{e.metric}") if e.metric in NAMED else None, "share": e.estimate,
        "statistic": e.statistic, "df": e.df, "p": e.estimate if e.metric == "p" else e.p,
        "standing": words.say(f"planning.register.mark.{e.role}"),
    }  # fmt: skip


def main(report: Report, tests: Sequence[Estimate]) -> Table | None:
    """The main analysis in the units of each scale: a row for every question, with p and corrected p."""
    words = report.words
    found = [t for t in tests if t.estimate is not None]
    beside = [report.evidence.beside(t, *CORRECTED) if t.family else None for t in found]
    rows = [_row(report, t) | {"p_corrected": c and c.p} for t, c in zip(found, beside, strict=True)]
    used = dict.fromkeys(words.method(t.method) for t in found)
    notes = [words.say("report.estimates.main_method", names=words.listed(list(used)))]
    notes += fitted.notes(report, [t for t in found if t.contrast])
    shares = [words.test(t.outcome, t.wave_to, "") for t in found if is_share(report, t)]
    notes += [words.say("report.estimates.shares", questions=words.listed([*dict.fromkeys(shares)]))] * bool(shares)
    notes += [_note(report, key) for key in dict.fromkeys(t.note for t in found if t.note)]
    sized = [(c, number_of_tests(c, report.results.estimates)) for c in beside if c is not None]
    families = dict.fromkeys((CORRECTED[c.method], n) for c, n in sized if n > 1)
    if families:
        how = [words.say("report.estimates.family", name=name, n=n) for name, n in families]
        notes.append(words.say("report.estimates.corrected", families=words.listed(how)))
    # a family of one test needs no correction: a second column with the same p would say that there was one
    columns = ("question", "n", "clusters", "estimate", "ci", "df", "p", *["p_corrected"] * bool(families))
    return _estimated(report, "main", words.say("report.estimates.main_title"), columns, rows, notes)


def is_share(report: Report, test: Estimate) -> bool:
    """Whether a difference is one of shares: of an outcome that is 0 or 1."""
    odds = report.evidence.beside(test, "odds_ratio", "odds_ratio_means") is not None
    return odds or (report.declared(test.outcome).kind == "binary" and bool(test.contrast))


def sizes(report: Report, tests: Sequence[Estimate]) -> Table | None:
    """The same answers in standard deviations, so that scales may be laid side by side."""
    found = [s for s in (report.evidence.beside(t, *SIZES) for t in tests if t.estimate is not None) if s is not None]
    columns = ["question", "n", "size", "size_ci"]
    columns += ["formula"] * (len({s.method for s in found}) > 1)  # otherwise the note names the one
    title, rows = report.words.say("report.estimates.sizes_title"), [_row(report, s) for s in found]
    return _estimated(report, "sizes", title, columns, rows, _notes(report, found))


def answers(report: Report, tests: Sequence[Estimate], name: str) -> Table | None:
    """The main analysis of every question in points and in standard deviations, each number with where it comes from.

    Questions without an estimate have no row: why there is none is said in words.
    """
    words = report.words
    found = [t for t in tests if t.estimate is not None]
    if not found:
        return None
    sized = [report.evidence.beside(t, *SIZES) for t in found]
    points = main(report, found)
    assert points is not None  # noqa: S101 - there is a row
    beside: list[dict[str, Any]] = [_row(report, s) if s is not None else {} for s in sized]
    rows = [
        row | {key: of.get(key) for key in ("size", "size_ci")} | {"formula": of.get("formula")}
        for row, of in zip(points.rows, beside, strict=True)
    ]
    several = len({s.method for s in sized if s is not None}) > 1
    kinds: dict[str, Kind | Column] = {}
    for column in points.columns:
        if column.key in {"df", "p"} and "size" not in kinds:
            kinds |= {key: ESTIMATED[key] for key in ("size", "size_ci", *["formula"] * several)}
        kinds[column.key] = column
    known = [s for s in sized if s is not None]
    notes = [*points.notes, *[note for note in _notes(report, known) if note not in points.notes]]
    title = words.say("report.estimates.main_title")
    made = table(report, name, title, kinds, rows, labels="report.estimates", notes=notes, drop_empty=True)
    return made and replace(made, how=tuple(_how(report, t) for t in found))


def _how(report: Report, test: Estimate) -> tuple[str, ...]:
    """Return where a number comes from: what it estimates, its formula, n, model, and what is taken for granted."""
    words, e = report.words, report.evidence
    estimand = words.estimand(test.method)
    said = [words.say("report.estimates.formula_said", name=words.method(test.method), estimand=estimand)]
    if test.method in formulas():
        said.append(words.say("report.how.formula", formula=formulas()[test.method]["formula"]))
    if test.n is not None:
        counts = [words.count("pupil", test.n)]
        counts += [words.count(e.unit, test.n_clusters)] if test.n_clusters and e.unit != "pupil" else []
        said.append(words.say("report.how.n", counts=words.listed(counts)))
    if test.contrast:
        said.append(words.say("report.how.model", model=fitted.told(report, fitted.fitted(report, test))))
    kind = "change" if not test.contrast else "one_arm" if e.one_arm_grouped else "compared"
    units = words.say(f"report.unit.{e.unit}.many")
    return (*said, words.say(f"report.how.assumes_{kind}{'_units' * (e.unit != 'pupil')}", units=units))


def evidence(report: Report) -> Table | None:
    """What others have published, as the study file gives it: beside the own sizes, never computed with."""
    words = report.words
    rows = [
        {"label": words.text(p.label), "size": p.g, "size_ci": p.ci, "source": words.text(p.source)}
        for p in known.beside(report)
    ]
    kinds: dict[str, Kind] = {"label": "text", "size": "estimate", "size_ci": "interval", "source": "text"}
    return table(report, "evidence", "", kinds, rows, notes=known.warnings(report))


def other_answers(report: Report, tests: Sequence[Estimate]) -> Table | None:
    """A row for each question: whether other ways to compute lead to the same verdict, and which do not."""
    words, say = report.words, report.words.say
    rows = []
    for test in tests:
        ways = other_ways(report.evidence, test)
        if test.p is None or not ways.others:
            continue
        apart = [words.method(e.method) for e in ways.apart]
        rows.append(
            {"question": words.test(test.outcome, test.wave_to, test.contrast)}
            | {"holds": say(f"report.other_ways.{'differs' if apart else 'stands'}")}
            | {"same": say("report.other_ways.of", same=str(len(ways.others) - len(apart)), n=str(len(ways.others)))}
            | {"ends": _from_to(report, ways.ends)}
            | {"apart": words.listed(apart) or say("report.other_ways.no_one")}
        )
    kinds = texts("question", "holds", "same", "ends", "apart")
    notes = [say("report.other_ways.note")]
    return table(report, "other-ways", "", kinds, rows, labels="report.other_ways", notes=notes)


def _from_to(report: Report, ends: tuple[float, float] | None) -> str:
    """Return the lowest and the highest estimate in words: in brackets they would look like an interval."""
    if ends is None:
        return numbers.MISSING
    low, high = map(report.words.decimal, ends)
    return report.words.say("report.other_ways.from_to", low=low, high=high)


def interactions(report: Report) -> Table | None:
    """Of every characteristic only whether the difference depends on it: a row for each question."""
    full = mechanisms(report, "moderation")
    if full is None:
        return None
    found = [e for e in report.results.where(kind="moderation") if e.metric != "moderator" or e.level in BORDERS]
    rows = tuple(row for e, row in zip(found, full.rows, strict=True) if not e.level)
    kept = replace(full, id="tab-interactions", rows=rows)
    return without_empty(kept) if rows else None


def estimates(report: Report, found: Sequence[Estimate], number: int) -> Table | None:
    """Estimates of one question beside its main analysis: formula, n, interval and p of each."""
    rows = [_row(report, e) for e in found]
    repeated = found[0].kind == "repeated"
    lead = next((t for t in report.evidence.tests if question(t) == question(found[0])), None)
    title = f"report.estimates.{'repeated_title' if repeated else 'title'}"
    middle = ("share", "statistic") if repeated else ("estimate", "ci", "scale")
    return _estimated(
        report,
        f"estimates-{number}",
        report.words.say(title, question=rows[0]["question"]),
        ("formula", "n", "clusters", *middle, "df", "p"),
        rows,
        [*fitted.beside(report, lead, found), *_notes(report, found)],
    )


def mechanisms(report: Report, kind: str) -> Table | None:
    """Estimates that ask for whom (``moderation``), along which way or with how much, a row each.

    The characteristic's value to which a difference belongs, or which is a border, stands in a column of its own.
    """
    words = report.words
    found = [e for e in report.results.where(kind=kind) if e.metric != "moderator" or e.level in BORDERS]
    rows = [_mechanism(report, e) for e in found]
    about = {called(report, e) for e in found}
    by = next(iter(about)) if len(about) == 1 else None
    for row in rows if by else []:  # the one characteristic is named below the table
        row["formula"] = row["formula"].removesuffix(f": {by}")
    many = any(row["p_corrected"] is not None for row in rows)
    # a note that does not hold of every question names its own
    asked: dict[str, dict[str, None]] = {}
    for e, row in zip(found, rows, strict=True):
        if e.note:
            asked.setdefault(e.note, {})[row["question"]] = None
    everything = {row["question"] for row in rows}
    notes = [words.say("report.mechanisms.by", by=by)] if by else []
    notes += [
        _note(report, note)
        if set(names) == everything
        else words.say("robustness.mechanism", name=words.listed(list(names)), by=_note(report, note))
        for note, names in asked.items()
    ]
    if many:
        n = len(report.results.where(method="p_bh_interaction"))
        notes.append(words.say("report.mechanisms.corrected", n=n))
    columns = ["question", "formula", "n", "clusters", "at", "estimate", "ci", "df", "p", *["p_corrected"] * many]
    return _estimated(report, f"mechanisms-{kind}", words.say(f"report.mechanisms.{kind}"), columns, rows, notes)


def _mechanism(report: Report, e: Estimate) -> dict[str, Any]:
    estimate, asked = report.results.estimate, {**question(e), "moderator": e.moderator, "level": e.level}
    row, by = _row(report, e), called(report, e)
    if e.grouped_by == "arm":
        by = report.words.arm(e.group)
    elif by is not None and e.group and not e.level:  # of two words, which is compared with which
        by = f"{by}: {_words_of(report, e)}"
    if by is not None:
        row["formula"] = report.words.say("robustness.mechanism", name=row["formula"], by=by)
    ends = [estimate(metric="moderator", **{**asked, "level": level}) for level in ("low", "high")]
    named = [report.words.value(e.moderator, end.group) for end in ends if end is not None and end.group]
    if e.method == "moderation" and len(named) == len(ends):  # which of two words less which
        row["formula"] = report.words.say(
            "report.estimates.which", name=report.words.method(e.method), by=by or "", low=named[0], high=named[1]
        )
    if e.level and (at := estimate(metric="moderator", **asked)):
        two = estimate(metric="moderator", **{**asked, "level": "mean"}) is None
        if at.group:  # words stand in the data as 0 and 1, which are no values that a reader knows
            row["formula"] = report.words.say(
                "report.estimates.where", by=by or "", group=report.words.value(e.moderator, at.group)
            )
        elif two and e.level not in BORDERS and at.estimate is not None:
            value = numbers.decimal(at.estimate, report.language, 0 if float(at.estimate).is_integer() else 2)
            row["formula"] = report.words.say("report.estimates.where", by=by or "", group=value)
        else:
            row["at"] = at.estimate
    corrected = estimate(method="p_bh_interaction", other=e.method, **asked)
    return row | {"p_corrected": corrected and corrected.p}


def _words_of(report: Report, e: Estimate) -> str:
    """Return which word of a characteristic is compared with which."""
    return " − ".join(report.words.value(e.moderator, word) for word in e.group.split(" - "))


def called(report: Report, e: Estimate) -> str | None:
    """Return the name of the moderator or mediator that an estimate is about."""
    words = report.words
    names = {name: words.outcome(name) for name in report.study.mediators}
    for m in report.study.moderators:
        names[m.id] = words.text(m.label, words.outcome(m.outcome) if m.outcome else words.covariate(m.id))
    return names.get(e.moderator or e.other)


def _notes(report: Report, found: Sequence[Estimate]) -> list[str]:
    words = report.words
    # which SD stands in the denominator is said once for all formulas that share it, so that rows stay readable
    units: dict[str, dict[str, None]] = {}
    for e in found:
        if e.standardiser:
            units.setdefault(_standardiser(report, e.standardiser), {})[words.method(e.method)] = None
    said = [words.say("report.estimates.in_sd", names=words.listed([*n]), standardiser=u) for u, n in units.items()]
    if len(units) > 1:
        said.append(words.say("report.estimates.note"))
    others: dict[float, dict[str, None]] = {}  # the header tells the level of the others
    for e in found:
        if e.ci_level != report.study.ci_level and e.ci_low is not None:
            others.setdefault(e.ci_level, {})[words.method(e.method)] = None
    said += [
        words.say("report.estimates.level", names=words.listed([*names]), level=words.level(level))
        for level, names in others.items()
    ]
    return said + [_note(report, k) for k in dict.fromkeys(e.note for e in found if e.note)]


def _note(report: Report, key: str) -> str:
    return report.words.say(f"effects.notes.{key}") if has(f"effects.notes.{key}", "nl") else key


def _standardiser(report: Report, name: str) -> str:
    key = f"effects.standardisers.{name}"
    return report.words.say(key) if has(key, "nl") else name


def quality(report: Report) -> Table | None:
    """The quality panel as a table: what was asked, what was found, and why that matters."""
    words = report.words
    rows = [
        {"topic": words.say(f"claims.topic.{c.topic}"), "status": words.say(f"claims.status.{c.status}")}
        | {"finding": words.claim(c)}
        for c in report.results.claims_where(kind="quality")
    ]
    return table(report, "quality", "", texts("topic", "status", "finding"), rows)
