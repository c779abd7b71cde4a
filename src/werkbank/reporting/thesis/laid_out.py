"""The tables of a chapter: spanner heads instead of repeated names, groups of rows, a note that says what is what."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from werkbank.appraisal.evidence import SIZES, question
from werkbank.catalogue import has
from werkbank.effects.multiplicity import number_of_tests
from werkbank.reporting import fitted, tables
from werkbank.reporting.fitted import BARE
from werkbank.reporting.numbers import Column
from werkbank.reporting.plainly import capital
from werkbank.reporting.table import table
from werkbank.reporting.thesis.telling import told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkbank.reporting.blocks import Table
    from werkbank.reporting.report import Report
    from werkbank.results import Estimate, Fact

BESIDE = (
    "mixed_kr", "sites_mixed", "waves_model", "multiple_imputation", "cr2", "ancova_unit_means", "unit_means_pupils",
    "ancova_covariates", "ancova", "gain_difference", "gain_difference_unit_means", "randomisation_test",
)  # fmt: skip
EMPTY = (None, "", (None, None))
INDENT = "\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}"


def made(
    report: Report,
    name: str,
    columns: Sequence[Column],
    rows: Sequence[dict[str, Any]],
    notes: Sequence[str],
    title: str = "title",
) -> Table | None:
    """Return a table whose note begins as APA has it; of a group of rows the first column alone is filled."""
    label = report.words.say("formats.note")
    noted = [f"*{label}* {notes[0]}", *notes[1:]] if notes else []
    title = told(report, f"table.{name}.{title}")
    first, *rest = columns
    filled = [c for c in rest if any(row.get(c.key) not in EMPTY for row in rows)]
    return table(report, name, title, {c.key: c for c in (first, *filled)}, rows, notes=noted)


def _group(name: str, columns: Sequence[Column]) -> dict[str, Any]:
    """Return the row that names the rows below it."""
    return {columns[0].key: name} | {c.key: "" for c in columns[1:]}


def _stub(report: Report, table_name: str) -> Column:
    return Column("stub", told(report, f"table.{table_name}.stub"))


def participants(report: Report) -> Table | None:
    """Both levels by arm: schools, classes, teachers and pupils; every covariate; the scores before."""
    e, words, results = report.evidence, report.words, report.results
    arms = e.arms
    several = len(arms) == 2
    columns = [_stub(report, "participants")]
    for arm in arms:
        over = words.arm(arm) if arm else ""
        columns += [Column(f"n {arm}", "*n*", "count", over=over), Column(f"m {arm}", "*M* / %", "mean", over=over),
                    Column(f"sd {arm}", "*SD*", "mean", over=over)]  # fmt: skip
    columns += [Column("g", "*g*", "estimate")] * several
    rows: list[dict[str, Any]] = []

    def row(name: str, found: dict[str, dict[str, Any]], **more: Any) -> None:  # noqa: ANN401 - values of cells
        cells = {f"{key} {arm}": x for arm, one in found.items() for key, x in one.items()}
        if any(x is not None for x in cells.values()):
            rows.append(
                {c.key: "" for c in columns} | {"stub": name} | {k: x for k, x in cells.items() if x is not None} | more
            )

    counts = {"units_schools": "school", "units_teachers": "teacher", "units_enrolled": e.unit}
    if e.unit in {"school", "teacher"}:
        del counts[f"units_{e.unit}s"]
    for what, level in counts.items():
        row(told(report, f"table.participants.{level}"), {a: {"n": results.count(what=what, arm=a)} for a in arms})
    row(capital(words.say(f"report.unit.{report.study.unit}.many")),
        {a: {"n": results.count(what="pupils_enrolled", arm=a)} for a in arms})  # fmt: skip
    row(told(report, "table.participants.size", unit=words.say(f"report.unit.{e.unit}.one")),
        {a: {"m": results.number(what="size_mean", arm=a)} for a in arms})  # fmt: skip
    for name in report.study.covariates:
        _characteristic(report, name, arms, row)
    _scores_before(report, arms, row)
    notes = [told(report, "table.participants.note")] + [told(report, "table.participants.g")] * several
    found = made(report, "participants", columns, rows, notes)
    return found if rows else None


def _characteristic(report: Report, name: str, arms: Sequence[str], row: Any) -> None:  # noqa: ANN401 - a local function
    results = report.results
    shares = results.facts_where(what="enrolled_share", item=name)
    for word in dict.fromkeys(f.category for f in shares if f.value is not None):
        at = {arm: results.number(what="enrolled_share", item=name, category=word, arm=arm) for arm in arms}
        label = f"{capital(report.words.covariate(name))}: {report.words.value(name, word)}"
        row(label, {a: {"m": None if x is None else report.words.share(x)} for a, x in at.items()})
    of = {a: {"m": results.number(what="enrolled_mean", item=name, arm=a),
              "sd": results.number(what="enrolled_sd", item=name, arm=a)} for a in arms}  # fmt: skip
    row(capital(report.words.covariate(name)), of)


def _scores_before(report: Report, arms: Sequence[str], row: Any) -> None:  # noqa: ANN401
    e, words = report.evidence, report.words
    first = next((t.wave_from for t in e.tests if t.wave_from), "")
    for key in report.keys if first else ():
        found = {arm: tables.described(report, key, arm, first) for arm in arms}
        told_of = {a: {"n": x["n"], "m": x["mean"], "sd": x["sd"]} for a, x in found.items()}
        g = next(
            (
                f.value
                for f in report.results.facts_where(what="baseline_difference", outcome=key)
                if f.value is not None
            ),
            None,
        )
        extra = {"g": g} if g is not None and len(arms) == 2 else {}
        row(f"{capital(words.outcome(key))} ({words.wave(first)})", told_of, **extra)


def instruments(report: Report) -> Table | None:
    """Each scale: who answered, items, range, direction, and how reliable it was at every wave."""
    words, results, waves = report.words, report.results, report.evidence.waves
    columns = [_stub(report, "instruments")]
    columns += [
        Column(key, told(report, f"table.instruments.{key}")) for key in ("informant", "items", "range", "better")
    ]
    for what, symbol in (("alpha", "α"), ("omega", "ω")):
        columns += [
            Column(
                f"{what} {w}",
                words.say(f"thesis.short_wave.{w}") if w in SHORT else words.wave(w),
                "reliability",
                over=symbol,
            )
            for w in waves
        ]
    rows = []
    for key in report.keys:
        outcome, (instrument, scale) = report.declared(key), report.scale(key)
        low, high = report.score_range(key)
        n = None
        if outcome.column is None:
            parts = [scale] if scale in instrument.scales else instrument.composites[scale].weights
            n = sum(len(instrument.scales[part].items) for part in parts)
        bounded = abs(low) != float("inf") and abs(high) != float("inf")
        row: dict[str, Any] = {"stub": capital(words.outcome(key)), "items": "" if n is None else str(n)}
        row["informant"] = told(report, f"informant.{outcome.informant}")
        row["range"] = f"{low:g}–{high:g}".replace(".", "," if report.language == "nl" else ".") if bounded else ""
        row["better"] = told(report, f"better.{report.better(key)}")
        for what, w in product(("alpha", "omega"), waves):
            x = results.number(what=what, outcome=key, wave=w)
            row[f"{what} {w}"] = "" if x is None else x
        rows.append(row)
    known = any(results.facts_where(what="alpha"))
    return made(report, "instruments", columns, rows, [told(report, "table.instruments.note")] if known else [])


SHORT = ("baseline", "pre", "post", "followup")


def described(report: Report) -> Table | None:
    """N, mean and SD by arm at every wave, scales as groups of rows, with how alike pupils of one class are."""
    e, words = report.evidence, report.words
    columns = [_stub(report, "described")]
    for arm in e.arms:
        over = words.arm(arm) if arm else ""
        columns += [Column(f"n {arm}", "*n*", "count", over=over), Column(f"mean {arm}", "*M*", "mean", over=over),
                    Column(f"sd {arm}", "*SD*", "mean", over=over)]  # fmt: skip
    columns += [
        Column("icc", "ICC", "reliability"),
        Column("ci", told(report, "stat.interval", level="95"), "reliability"),
    ]
    rows = []
    for key in report.keys:
        rows.append(_group(capital(words.outcome(key)), columns))
        for wave in e.waves:
            row: dict[str, Any] = {"stub": f"{INDENT}{words.wave(wave)}"}
            for arm in e.arms:
                found = tables.described(report, key, arm, wave)
                row |= {f"{what} {arm}": found[what] for what in ("n", "mean", "sd")}
            at = {"outcome": key, "wave": wave}
            row["icc"] = report.results.number(what="icc", **at)
            row["ci"] = tuple(report.results.number(what=f"icc_ci_{end}", **at) for end in ("low", "high"))
            if any(row.get(c.key) not in (None, (None, None)) for c in columns[1:]):
                rows.append(row)
    unit = words.say(f"report.unit.{e.unit}.many")
    known = any(f.value is not None for f in report.results.facts_where(what="icc"))
    hidden = all(row.get(f"n {arm}") in EMPTY for row in rows for arm in e.arms)
    notes = [told(report, "table.described.note_bare" if hidden else "table.described.note")] + [
        told(report, "table.described.icc", units=unit)
    ] * known
    return made(report, "described", columns, rows, notes)


def main(report: Report, tests: Sequence[Estimate]) -> Table | None:
    """Every question: the difference in points with its test, and beside it in SDs; primary questions first."""
    words, e = report.words, report.evidence
    found = [t for t in tests if t.estimate is not None]
    points, sds = told(report, "table.main.points"), told(report, "table.main.sds")
    level = words.level(report.study.ci_level)
    interval = told(report, "stat.interval", level=level)
    corrected = {t.id: e.beside(t, *tables.CORRECTED) for t in found if t.family}
    several = any(c is not None and number_of_tests(c, report.results.estimates) > 1 for c in corrected.values())
    unit = tables.units(report, "clusters")
    columns = [
        Column("question", told(report, "table.main.stub")), Column("n", "*n*", "count"),
        Column("clusters", unit.label, "count"),
        Column("estimate", "*b*", "estimate", over=points), Column("se", "*SE*", "estimate", over=points),
        Column("ci", interval, "interval", over=points), Column("statistic", "*t*", "estimate", over=points),
        Column("df", "*df*", "df", over=points), Column("p", "*p*", "p", over=points),
        *[Column("p_corrected", told(report, "table.main.corrected"), "p", over=points)] * several,
        Column("size", "*g*", "estimate", over=sds), Column("size_ci", interval, "interval", over=sds),
    ]  # fmt: skip
    if len({t.n_clusters for t in found}) < 2:
        columns = [c for c in columns if c.key != "clusters"]
    rows: list[dict[str, Any]] = []
    for role in ("primary", "secondary", "exploratory"):
        own = [t for t in found if e.role_of(t) == role]
        if own and len({e.role_of(t) for t in found}) > 1:
            rows.append(_group(told(report, f"role.{role}"), columns))
        rows += [_main_row(report, t, corrected.get(t.id)) for t in own]
    notes = [told(report, "table.main.note")]
    counts = {t.n_clusters for t in found}
    if len(counts) == 1 and (n := next(iter(counts))) is not None:
        notes[0] += " " + told(report, "table.main.units", units=words.count(e.unit, n))
    notes.append(_denominators(report, found))
    notes.append(_directions(report, found))
    notes += fitted.notes(report, [t for t in found if t.contrast])
    notes += [words.say(f"effects.notes.{k}") for k in dict.fromkeys(t.note for t in found if t.note)]
    shares = [words.test(t.outcome, t.wave_to, "") for t in found if tables.is_share(report, t)]
    notes += [words.say("report.estimates.shares", questions=words.listed([*dict.fromkeys(shares)]))] * bool(shares)
    notes += [_families(report, found)] * several
    title = "title" if any(t.contrast for t in found) else "title_change"
    return made(report, "main", columns, rows, [note for note in notes if note], title)


def _main_row(report: Report, t: Estimate, corrected: Estimate | None) -> dict[str, Any]:
    size = report.evidence.beside(t, *SIZES)
    name = capital(report.words.test(t.outcome, t.wave_to, t.contrast))
    row: dict[str, Any] = {
        "question": f"{INDENT}{name}" if len({report.evidence.role_of(x) for x in report.evidence.tests}) > 1 else name
    }
    row |= {key: getattr(t, key) for key in ("n", "estimate", "se", "statistic", "df", "p")}
    row |= {"clusters": t.n_clusters, "ci": (t.ci_low, t.ci_high), "p_corrected": corrected and corrected.p}
    return row | ({} if size is None else {"size": size.estimate, "size_ci": (size.ci_low, size.ci_high)})


def _families(report: Report, found: Sequence[Estimate]) -> str:
    sized = [
        (t.family, c, number_of_tests(c, report.results.estimates))
        for t in found
        if (c := report.evidence.beside(t, *tables.CORRECTED))
    ]
    families = dict.fromkeys((tables.CORRECTED[c.method], n) for _, c, n in sized if n > 1)
    how = [told(report, "table.main.family", name=name, n=n) for name, n in families]
    return told(report, "table.main.families", families=report.words.listed(how)) if how else ""


def _denominators(report: Report, found: Sequence[Estimate]) -> str:
    """Say by which SD each difference was divided, per wave where that differs."""
    sizes = [s for s in (report.evidence.beside(t, *SIZES) for t in found) if s is not None]
    units: dict[str, list[str]] = {}
    for s in sizes:
        units.setdefault(s.standardiser, []).append(s.wave_to)
    said = []
    for name, found_at in units.items():
        key = f"denominator.{name}"
        waves = [report.words.wave(w) for w in dict.fromkeys(found_at)]
        if has(f"thesis.{key}", report.language):
            said.append(told(report, key, waves=report.words.listed(waves)))
        else:
            said.append(
                told(
                    report,
                    "denominator.other",
                    name=report.words.say(f"effects.standardisers.{name}") if name else "SD",
                )
            )
    return " ".join(said)


def _directions(report: Report, found: Sequence[Estimate]) -> str:
    """Say what a positive number means, and of which scales lower is better."""
    keys = dict.fromkeys(t.outcome for t in found)
    lower = [report.words.outcome(k) for k in keys if report.better(k) == "lower"]
    compared = any(t.contrast for t in found)
    treated = report.words.listed([report.words.arm(a) for a in report.study.treated_arms])
    single = len(report.study.treated_arms) == 1
    said = []
    if compared and single:
        said.append(told(report, "direction.compared", treated=treated))
    elif not compared:
        said.append(told(report, "direction.change"))
    if lower:
        said.append(told(report, "direction.lower", outcomes=report.words.listed(lower)))
    return " ".join(said)


def variances(report: Report) -> Table | None:
    """The variance of each level after adjustment, from the mixed model of pupils, of every primary question."""
    words = report.words
    facts = [f for f in report.results.facts_where(what="variance_component") if f.value is not None]
    of = {
        (t.outcome, t.contrast, t.wave_from, t.wave_to): t
        for t in report.evidence.tests
        if report.evidence.role(t.outcome) == "primary"
    }
    shown = [f for f in facts if (f.outcome, f.contrast, f.wave_from, f.wave_to) in of]
    levels = [x for x in ("school", "teacher", "class", "residual") if any(f.category == x for f in shown)]
    over = told(report, "table.variances.over")
    columns = [_stub(report, "variances")]
    columns += [Column(x, told(report, f"table.variances.{x}"), "estimate", over=over) for x in levels]
    rows = []
    for key, t in of.items():
        own = {f.category: f.value for f in shown if (f.outcome, f.contrast, f.wave_from, f.wave_to) == key}
        if own:
            rows.append({"stub": capital(words.test(t.outcome, t.wave_to, t.contrast)), **own})
    return made(report, "variances", columns, rows, [told(report, "table.variances.note")]) if rows else None


def sensitivity(report: Report) -> Table | None:
    """The same primary questions by other analyses: a row an analysis, a question beside the other."""
    words, e = report.words, report.evidence
    tests = [t for t in e.primary if t.estimate is not None and e.role_of(t) == "primary"][:3]
    rows: dict[str, dict[str, Any]] = {}
    columns = [_stub(report, "sensitivity")]
    interval = told(report, "stat.interval", level=words.level(report.study.ci_level))
    for i, t in enumerate(tests):
        over = capital(words.test(t.outcome, t.wave_to, t.contrast))
        columns += [Column(f"b {i}", "*b*", "estimate", over=over),
                    Column(f"ci {i}", interval, "interval", over=over),
                    Column(f"p {i}", "*p*", "p", over=over)]  # fmt: skip
        for x in alternatives(report, t):
            row = rows.setdefault(x.method, {"stub": told_method(report, x.method)})
            row |= {f"b {i}": x.estimate, f"p {i}": x.p}
            row |= {f"ci {i}": (x.ci_low, x.ci_high)}
    if not rows:
        return None
    lead: dict[str, Any] = {"stub": told(report, "table.sensitivity.lead")}
    for i, t in enumerate(tests):
        lead |= {f"b {i}": t.estimate, f"ci {i}": (t.ci_low, t.ci_high), f"p {i}": t.p}
    return made(report, "sensitivity", columns, [lead, *rows.values()], [told(report, "table.sensitivity.note")])


def alternatives(report: Report, test: Estimate) -> list[Estimate]:
    """Return other analyses of one question in points of the scale, with a p."""
    found = [e for m in BESIDE for e in report.results.where(method=m, **question(test))]
    return [e for e in found if e.p is not None and e.method != test.method and e.method not in BARE]


def told_method(report: Report, method: str) -> str:
    """Return an analysis in the words of a table."""
    key = f"thesis.method.{method}"
    return report.words.say(key) if has(key, report.language) else capital(report.words.method(method))


def method_in_sentence(report: Report, method: str) -> str:
    """Return an analysis in the words of a table, as they stand within a sentence."""
    key = f"thesis.method.{method}"
    told_of = report.words.say(key) if has(key, report.language) else ""
    return told_of[:1].lower() + told_of[1:] or report.words.method(method)


def intervention(report: Report) -> list[tuple[str, str]]:
    """Return what the study file tells of the programme, by its TIDieR item."""
    given: Any = report.study.programme
    described = {} if given is None or isinstance(given, str) else given.model_dump()
    items = [i for i in tables.TIDIER if i != "name"]
    return [(i, report.words.text(described.get(i))) for i in items if described.get(i)]


def fact_of(report: Report, test: Estimate, what: str) -> Fact | None:
    """Return a fact of one question."""
    return next(iter(report.results.facts_where(what=what, **question(test))), None)
