"""The report on pupil monitoring, a function for each section: alerts with their false-alarm rate, growth, levels.

Nothing is computed here. Pupils appear only in `pupils`, which a reader must ask for and which says that it is private.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from babel.dates import format_date

from werkbank.errors import Problem, UnfitError
from werkbank.reporting import movements, numbers
from werkbank.reporting.blocks import Bullets, Paragraph, Table
from werkbank.reporting.numbers import Column, Kind
from werkbank.reporting.sections import maker
from werkbank.reporting.table import table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.study.underachievement import Monitoring

section = maker("monitoring", "monitoring")

KIND = "monitoring"
DAYS, SHARE = 183, 0.90  # of a run without an error, as `ceiling_runs` counts it


@section(shared=True)
def summary(report: Report) -> Blocks:
    """How many were followed, how many alerts there are, and how many chance would have given."""
    block, words = _block(report), report.words
    value = {name: _of_all(report, name) for name in ("pupils", "series", "judged", "alerts", "missing", "expected")}
    written = {name: numbers.count(n, report.language) for name, n in value.items()}
    told = "hidden" if None in (value["pupils"], value["series"], value["judged"]) else "line"
    yield Paragraph(_say(report, f"summary.{told}", **written), "lead")
    told = "alerts_hidden" if value["alerts"] is None else "alerts"
    yield Paragraph(_say(report, f"summary.{told}", n=int(value["alerts"] or 0), n_text=written["alerts"]))
    yield movements.movements(_moved(report), report.language)
    said = [_say(report, "summary.rate", rate=words.share(block.rate))]
    if value["expected"] is not None:  # hidden in a copy to share when it tells how many were judged
        said.append(words.say("underachievement.alerts.unprotected", n_expected=written["expected"]))
    said.append(_say(report, "summary.shared"))
    if value["missing"]:
        said.append(_say(report, "summary.missing", n=int(value["missing"]), n_text=written["missing"]))
    yield Bullets(tuple(said))
    guard = "signal" if block.confirm == 2 else "one_score"
    yield Paragraph(words.say(f"underachievement.guards.{guard}"), "warning")


@section(shared=True, appendix=True)
def method(report: Report) -> Blocks:
    """Every choice behind an alert."""
    block, words = _block(report), report.words
    rows: list[tuple[str, str, dict[str, str]]] = [
        ("scale", f"scale_{block.scale}", {}),
        ("growth", f"growth_{block.growth}", {}),
    ]
    given = block.sem or {}
    rows += [
        ("sem", "sem_given", {"subject": _subject(report, s), "value": words.decimal(v)}) for s, v in given.items()
    ]
    rows += [] if given else [("sem", "sem_estimated", {})]
    rows += [
        ("min_history", "history", {"n": str(block.min_history)}),
        ("confirm", f"confirm_{block.confirm}", {}),
        ("rate", "rate", {"rate": words.share(block.rate)}),
    ]
    said = [
        {"item": _say(report, f"method.rows.{item}"), "choice": _say(report, f"method.{key}", **values)}
        for item, key, values in rows
    ]
    yield Paragraph(_say(report, "method.lead"))
    yield _table(report, "choices", "method", {"item": "text", "choice": "text"}, said)


@section(shared=True)
def alerts(report: Report) -> Blocks:
    """Alerts by school and subject, and what an alert is."""
    kinds: dict[str, Kind] = {
        "place": "text", "series": "count", "judged": "count", "alerts": "count", "fell": "count", "rose": "count",
        "sem": "mean", "sem_df": "df",
    }  # fmt: skip
    state = "alert" if _block(report).confirm == 2 else "look_again"
    yield Paragraph(report.words.say(f"underachievement.alerts.{state}"))
    yield _table(report, "alerts", "alerts", kinds, _by_place(report), _say(report, "alerts.note"))
    yield Paragraph(_say(report, "alerts.not_judged"), "note")


@section(shared=True)
def growth(report: Report) -> Blocks:
    """Growth per year by school and subject."""
    kinds: dict[str, Kind] = {"place": "text", "n": "count", "growth": "mean", "growth_sd": "mean"}
    yield Paragraph(_say(report, "growth.lead"))
    yield _table(report, "growth", "growth", kinds, _by_place(report, "growth"), _say(report, "growth.note"))


@section(shared=True)
def levels(report: Report) -> Blocks:
    """Runs without an error, and the last level of each pupil, counted as an order."""
    words = report.words
    kinds: dict[str, Kind] = {"place": "text", "n": "count", "ceiling": "count"}
    rows = [row for row in _by_place(report, "ceiling") if row.get("n") or row.get("ceiling") is not None]
    said = words.say("underachievement.guards.no_learning_space", days=DAYS, share=words.share(SHARE))
    nobody = bool(rows) and not any(row.get("ceiling") or row.get("ceiling") is None for row in rows)
    ceiling: Table | Paragraph | None = Paragraph(_say(report, "levels.nobody", said=said)) if nobody else None
    ceiling = ceiling or _table(report, "ceiling", "levels", kinds, rows, said, title="ceiling_title")
    bands = _bands(report)
    yield ceiling
    yield bands
    if not ceiling and not bands:
        yield Paragraph(_say(report, "levels.none"))


def _moved(report: Report) -> list[movements.Moved]:
    """Return for each school and subject how many fell and rose beside their own band."""
    rows = _by_place(report)
    return [
        movements.Moved(row["place"], *(_whole(row.get(key)) for key in ("fell", "rose", "judged"))) for row in rows
    ]


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) else None


def _bands(report: Report) -> Table | None:
    facts = report.results.facts_where(kind=KIND, table="bands")
    kinds: dict[str, Kind | Column] = {"subject": "text", "n": "count"}
    kinds |= {f.category: Column(f.category, f.category, "count") for f in facts}
    rows: dict[str, dict[str, Any]] = {}
    for f in facts:
        rows.setdefault(f.outcome, {"subject": _subject(report, f.outcome), "n": f.n})[f.category] = f.value
    names = list(dict.fromkeys(f.category for f in facts))
    note = _say(report, "levels.bands_note", bands=report.words.listed(names))
    return _table(report, "bands", "levels", kinds, rows.values(), note, title="bands_title")


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
        row
        | {"place": _place(report, str(row["school"]), str(row["subject"]))}
        | {"last_date": format_date(row["last_date"], "medium", locale=report.language)}
        for row in alarming.to_dict("records")
    ]
    yield Paragraph(report.words.say("underachieving.pupils.private"), "warning")
    if not rows:
        yield Paragraph(_say(report, "pupils.none"))
        return
    yield _table(report, "pupils", "pupils", kinds, rows, _say(report, "pupils.note"))
    for guard in ("signal", "referral"):
        yield Paragraph(report.words.say(f"underachievement.guards.{guard}"), "warning")


def _block(report: Report) -> Monitoring:
    found = report.study.monitoring
    if found is None:
        raise UnfitError([Problem("monitoring_not_declared", file=report.study.file)], report.study.language)
    return found


def _say(report: Report, key: str, **values: object) -> str:
    return report.words.say(f"monitoring.{key}", **values)


def _of_all(report: Report, name: str) -> float | None:
    return report.results.number(kind=KIND, table="followed", category=name, outcome="")


def _subject(report: Report, code: str) -> str:
    """Return the name of a subject: its label in the column of subjects, or else the word in the file."""
    column = _block(report).columns.subject
    return report.words.value(column, code) if column else code


def _place(report: Report, school: str, subject: str) -> str:
    subject = _subject(report, subject)
    return _say(report, "alerts.place_school", school=school, subject=subject) if school else subject


def _by_place(report: Report, n_of: str = "") -> list[dict[str, Any]]:
    """One row for each school and subject, with the facts that the columns are called after; `n` is that of `n_of`.

    A copy to share does not know a school's code, only that it is not another school.
    """
    codes = {f.arm: str(f.value) for f in report.results.facts_where(kind=KIND, table="schools")}
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for f in (f for f in report.results.facts_where(kind=KIND, table="followed") if f.outcome):
        school = (codes.get(f.arm) or _say(report, "alerts.school_numbered", n=f.arm)) if f.arm else ""
        row = rows.setdefault((school, f.outcome), {"place": _place(report, school, f.outcome)})
        row |= {f.category: f.value} | ({"n": f.n} if f.category == n_of else {})
    return [rows[place] for place in sorted(rows, key=lambda place: place[0] if codes else "")]


def _table(
    report: Report, name: str, topic: str, kinds: Mapping[str, Kind | Column], rows: Iterable[Mapping[str, Any]],
    *notes: str, title: str = "title",
) -> Table | None:  # fmt: skip
    said = _say(report, f"{topic}.{title}")
    return table(report, name, said, kinds, rows, labels=f"monitoring.{topic}", notes=notes)
