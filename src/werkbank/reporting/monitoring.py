"""The report on pupil monitoring, a function for each section: alerts with their false-alarm rate, growth, levels.

Nothing is computed here. Pupils appear only in `pupils`, which a reader must ask for and which says that it is private.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from babel.dates import format_date

from werkbank.errors import Problem, UnfitError
from werkbank.reporting import numbers
from werkbank.reporting.blocks import Block, Bullets, Paragraph, Table
from werkbank.reporting.numbers import Column, Kind
from werkbank.reporting.sections import maker

if TYPE_CHECKING:
    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.results import Fact
    from werkbank.study.underachievement import Monitoring

section = maker("monitoring", "monitoring")

DAYS, SHARE = 183, 0.90  # of a run without an error, as `ceiling_runs` counts it


@section(shared=True)
def summary(report: Report) -> Blocks:
    """How many were followed, how many alerts there are, and how many chance would have given."""
    block, words = _block(report), report.words
    counts = {name: _count(report, name) for name in ("pupils", "series", "judged")}
    n, missing, expected = (_value(report, name) for name in ("alerts", "missing", "expected"))
    rate = numbers.share(block.rate, report.language)
    said = [_say(report, "summary.rate", rate=rate)]
    if expected is not None:  # hidden in a copy to share when it tells how many were judged
        written = numbers.decimal(expected, report.language, 0)
        said.append(words.say("underachievement.alerts.unprotected", n_expected=written))
    said.append(_say(report, "summary.shared"))
    if missing:
        said.append(_say(report, "summary.missing", n=int(missing), n_text=numbers.count(missing, report.language)))
    told = "line" if numbers.MISSING not in counts.values() else "hidden"
    of_alerts = {"n": int(n or 0), "n_text": numbers.count(n, report.language)}
    guard = "signal" if block.confirm == 2 else "one_score"
    yield Paragraph(_say(report, f"summary.{told}", **counts), "lead")
    yield Paragraph(_say(report, "summary.alerts_hidden" if n is None else "summary.alerts", **of_alerts))
    yield Bullets(tuple(said))
    yield Paragraph(words.say(f"underachievement.guards.{guard}"), "warning")


@section(shared=True)
def method(report: Report) -> Blocks:
    """Every choice behind an alert."""
    block, language = _block(report), report.language
    rows: list[tuple[str, str, dict[str, str]]] = [
        ("scale", f"scale_{block.scale}", {}),
        ("growth", f"growth_{block.growth}", {}),
    ]
    given = block.sem or {}
    rows += [("sem", "sem_given", {"subject": s, "value": numbers.decimal(v, language)}) for s, v in given.items()]
    rows += [] if given else [("sem", "sem_estimated", {})]
    rows += [
        ("min_history", "history", {"n": str(block.min_history)}),
        ("confirm", f"confirm_{block.confirm}", {}),
        ("rate", "rate", {"rate": numbers.share(block.rate, language)}),
    ]
    said = [
        {"item": _say(report, f"method.rows.{item}"), "choice": _say(report, f"method.{key}", **values)}
        for item, key, values in rows
    ]
    table = _table(report, "choices", "method", {"item": "text", "choice": "text"}, said)
    yield Paragraph(_say(report, "method.lead"))
    yield table


@section(shared=True)
def alerts(report: Report) -> Blocks:
    """Alerts by school and subject, and what an alert is."""
    kinds: dict[str, Kind] = {
        "place": "text", "series": "count", "judged": "count", "alerts": "count", "sem": "mean", "sem_df": "df",
    }  # fmt: skip
    table = _table(report, "alerts", "alerts", kinds, _by_place(report, kinds), _say(report, "alerts.note"))
    state = "alert" if _block(report).confirm == 2 else "look_again"
    said = report.words.say(f"underachievement.alerts.{state}")
    not_judged = Paragraph(_say(report, "alerts.not_judged"), "note")
    yield Paragraph(said)
    yield table
    yield not_judged


@section(shared=True)
def growth(report: Report) -> Blocks:
    """Growth per year by school and subject."""
    kinds: dict[str, Kind] = {"place": "text", "n": "count", "growth": "mean", "growth_sd": "mean"}
    rows = _by_place(report, kinds, n_of="growth")
    table = _table(report, "growth", "growth", kinds, rows, _say(report, "growth.note"))
    yield Paragraph(_say(report, "growth.lead"))
    yield table


@section(shared=True)
def levels(report: Report) -> Blocks:
    """Runs without an error, and the last level of each pupil, counted as an order."""
    blocks: list[Block] = []
    kinds: dict[str, Kind] = {"place": "text", "n": "count", "ceiling": "count"}
    rows = [row for row in _by_place(report, kinds, n_of="ceiling") if row["n"] or row["ceiling"] is not None]
    if rows:
        said = report.words.say(
            "underachievement.guards.no_learning_space", days=DAYS, share=numbers.share(SHARE, report.language)
        )
        blocks.append(_table(report, "ceiling", "levels", kinds, rows, said, title="ceiling_title"))
    bands = [f for f in report.results.facts if "/band_" in f.id]
    if bands:
        blocks.append(_bands(report, bands))
    yield from blocks or [Paragraph(_say(report, "levels.none"))]


def _bands(report: Report, facts: list[Fact]) -> Table:
    names = list(dict.fromkeys(f.id.rpartition("/band_")[2] for f in facts))
    rows: dict[str, dict[str, Any]] = {}
    for f in facts:
        row = rows.setdefault(f.outcome, {"subject": f.outcome, "n": f.n})
        row[f.id.rpartition("/band_")[2]] = f.value
    columns = [Column("subject", _say(report, "levels.subject")), Column("n", _say(report, "levels.n"), "count")]
    columns += [Column(name, name, "count") for name in names]
    note = (_say(report, "levels.bands_note"),)
    return Table("tab-bands", _say(report, "levels.bands_title"), tuple(columns), tuple(rows.values()), note)


@section()
def pupils(report: Report, *, shown: bool = False) -> Blocks:
    """Nothing but where to find it; or, when `shown`, the pupils with an alert, on a private page."""
    if not shown:
        yield Paragraph(_say(report, "pupils.not_here"))
        return
    kinds: dict[str, Kind] = {
        "pupil": "text", "place": "text", "last_date": "text", "last": "mean", "predicted": "mean",
        "z_last": "estimate", "z_before": "estimate", "p_adjusted": "p",
    }  # fmt: skip
    table = report.bench.followed.watched.table
    alarming = table[table["state"].isin(["alert", "look again"])].sort_values("p_adjusted")
    rows = [
        {
            **{k: float(row[k]) for k in ("last", "predicted", "z_last", "z_before", "p_adjusted")},
            "pupil": str(row["pupil"]),
            "place": _place(report, str(row["school"]), str(row["subject"])),
            "last_date": format_date(row["last_date"], "medium", locale=report.language),
        }
        for row in alarming.to_dict("records")
    ]
    guards = [Paragraph(report.words.say(f"underachievement.guards.{g}"), "warning") for g in ("signal", "referral")]
    private = Paragraph(report.words.say("underachieving.pupils.private"), "warning")
    if not rows:
        yield private
        yield Paragraph(_say(report, "pupils.none"))
        return
    made = _table(report, "pupils", "pupils", kinds, rows, _say(report, "pupils.note"))
    yield private
    yield made
    yield from guards


def _block(report: Report) -> Monitoring:
    found = report.study.monitoring
    if found is None:
        raise UnfitError([Problem("monitoring_not_declared", file=report.study.file)], report.study.language)
    return found


def _say(report: Report, key: str, **values: object) -> str:
    return report.words.say(f"monitoring.{key}", **values)


def _value(report: Report, name: str) -> float | None:
    for fact in report.results.facts:
        if fact.id == f"monitoring/{name}" and not isinstance(fact.value, str):
            return fact.value
    return None


def _count(report: Report, name: str) -> str:
    return numbers.count(_value(report, name), report.language)


def _place(report: Report, school: str, subject: str) -> str:
    return _say(report, "alerts.place_school", school=school, subject=subject) if school else subject


def _by_place(report: Report, kinds: dict[str, Kind], n_of: str = "") -> list[dict[str, Any]]:
    """One row for each school and subject, with the facts that the columns are called after.

    A copy to share does not know a school's code, only that it is not another school.
    """
    codes = {f.arm: str(f.value) for f in report.results.facts if f.what == "monitoring_school"}
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for f in report.results.facts:
        name = f.id.rpartition("/")[2]
        if f.outcome and not name.startswith("band_"):
            school = (codes.get(f.arm) or _say(report, "alerts.school_numbered", n=f.arm)) if f.arm else ""
            row = rows.setdefault((school, f.outcome), {"place": _place(report, school, f.outcome)})
            row[name] = f.value
            if name == n_of:
                row["n"] = f.n
    places = sorted(rows, key=lambda place: place[0] if codes else "")
    return [{key: rows[place].get(key) for key in kinds} for place in places]


def _table(
    report: Report, name: str, topic: str, kinds: dict[str, Kind], rows: list[dict[str, Any]], *notes: str,
    title: str = "title",
) -> Table:  # fmt: skip
    columns = tuple(Column(key, _say(report, f"{topic}.{key}"), kind) for key, kind in kinds.items())
    return Table(f"tab-{name}", _say(report, f"{topic}.{title}"), columns, tuple(rows), notes)
