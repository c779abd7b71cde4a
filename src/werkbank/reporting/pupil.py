"""The page for a pupil's own teacher: one picture, three sentences, and what now. Nothing is computed here.

It stays at school, also with a parent's consent: that is told on it, with to whom it may be shown. It makes no
diagnosis; where a worry was named it says to whom to go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkbank.cases.logs.deciding import valued
from werkbank.cases.logs.kept import Kept
from werkbank.catalogue import has
from werkbank.reporting import log_figure, numbers
from werkbank.reporting.blocks import Heading, Paragraph
from werkbank.reporting.log_figure import Followed
from werkbank.reporting.log_words import book_of, computed_by, day, log_name, word
from werkbank.reporting.sections import maker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkbank.intake.logbook import Logbook
    from werkbank.programmes.forms import Step
    from werkbank.reporting.blocks import Block, Figure
    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.results import Fact

section = maker("pupil", "logs")
SEEN = ("ordinal", "series")  # what a picture can be drawn of
TOLD = {"dose", "grid", *SEEN}  # what a page is about


@section()
def one_page(report: Report, *, pupil: str = "") -> Blocks:
    """One page for each pupil, or for one: a picture, three sentences, what now."""
    whose = [name for name in pupils(report) if pupil in {"", name}]
    if not whose:
        yield Paragraph(_say(report, "nobody", pupil=pupil or "–"), "refusal")
    for name in whose:
        yield from _page(report, name, fresh=name != whose[0])


def pupils(report: Report) -> list[str]:
    """Return who was given something or was followed, in the order of the class list: not whom a teacher only met."""
    logs = report.bench.logs
    books = [book for book in logs.books if book.form.about == "pupil" and TOLD & {s.do for s in book.form.computes}]
    found = {str(name) for book in books for name in book.rows["pupil"]}
    listed = [name for name in logs.pupils or () if name in found]
    return [*listed, *sorted(found - set(listed))]


def _page(report: Report, pupil: str, *, fresh: bool) -> Iterator[Block]:
    """Write a sheet that may be shown without the others: one may have consent to be shown and the next may not."""
    yield Heading(_say(report, "page", pupil=pupil), 3, fresh)
    yield Paragraph(_say(report, "private"), "warning")
    drawn = _picture(report, pupil)
    if drawn is not None:
        yield drawn
    yield Paragraph(_done(report, pupil))
    yield Paragraph(_seen(report, pupil))
    yield Paragraph(_sure(report, pupil))
    yield Paragraph(_now(report, pupil), "lead")
    yield from _worried(report, pupil)
    yield Paragraph(_for_whom(report, pupil), "note")


# --- the picture


def _picture(report: Report, pupil: str) -> Figure | None:
    """Draw what was agreed to follow; else a row of days; else the first log that has something day by day."""
    agreed = {one.log: one.column for one in report.study.agreed}
    books = [book for book in report.bench.logs.books if book.form.about == "pupil"]
    grids = {book.log.id for book in books if "grid" in {step.do for step in book.form.computes}}
    books.sort(key=lambda book: (book.log.id not in agreed, book.log.id not in grids))
    for book in books:
        if not (book.rows["pupil"] == pupil).any():
            continue
        letters = report.results.fact(what="log_grid", outcome=book.log.id, arm=pupil)
        if letters is not None and book.log.id not in agreed:
            return log_figure.row_of_days(
                f"{book.log.id}-{pupil}", _say(report, "page", pupil=pupil), str(letters.value),
                log_name(report, book.log.id), report.language,
            )  # fmt: skip
        step = _followed(book, agreed.get(book.log.id, ""))
        if step is not None and (figure := _drawn(report, book, step, pupil)) is not None:
            return figure
    return None


def _followed(book: Logbook, column: str) -> Step | None:
    steps = [step for step in book.form.computes if step.do in SEEN and column in {"", step.column}]
    return steps[0] if steps else None


def _drawn(report: Report, book: Logbook, step: Step, pupil: str) -> Figure | None:
    logs = report.bench.logs
    rows = book.rows[book.rows["pupil"] == pupil]
    days = valued(Kept(report.study, logs, book, report.bench.today), step.column, rows)
    if not len(days):
        return None
    order = tuple(_say_answer(report, answer) for answer in step.answers) if step.do == "ordinal" else ()
    low, high = (1.0, float(len(order))) if order else book.form.columns[step.column].range or (0.0, 10.0)
    verdict = _verdict(report, pupil)
    review = days["date"].max().date().fromisoformat(verdict.wave) if verdict is not None and verdict.wave else None
    who = _say(report, "page", pupil=pupil)
    shown = Followed(
        f"{book.log.id}-{pupil}", who, _column(report, step.column), days, order, (low, book.log.top or high), review
    )
    return log_figure.followed(shown, report.language)


# --- three sentences


def _done(report: Report, pupil: str) -> str:
    """Return what was done, of how much that was planned."""
    found = [f for f in report.results.facts_where(what="log_count", arm=pupil, category="done", kind="log")
             if computed_by(report, f.outcome, f.table) == "dose"]  # fmt: skip
    if not found:
        return _say(report, "done.not_kept")
    fact = found[0]
    values = {"n": int(fact.value or 0), "log": log_name(report, fact.outcome)}
    at = {"outcome": fact.outcome, "table": fact.table, "arm": pupil}
    minutes = report.results.fact(what="log_minutes", category="total", **at)
    told = numbers.decimal(float(minutes.value), report.language, 0) if minutes and minutes.value is not None else ""
    expected, unknown = (report.results.fact(what="log_count", category=name, **at) for name in ("expected", "unknown"))
    first = _say(report, f"done.{'minutes' if told else 'counted'}", minutes=told, **values)
    if expected is None or expected.value is None:
        return first
    key = "of_some_unknown" if unknown is not None and unknown.value else "of"
    unknown_n = int(unknown.value or 0) if unknown is not None else 0
    of = _say(report, f"done.{key}", n=int(expected.value), unknown=unknown_n)
    return f"{first} {of}"


def _seen(report: Report, pupil: str) -> str:
    """Return what was seen, before and with the programme where it is known when that began."""
    for agreed in report.study.agreed:
        at = {"outcome": agreed.log, "table": f"review-{agreed.column}", "arm": pupil}
        before, during = (report.results.fact(what="log_median", wave=phase, **at) for phase in "AB")
        if before is not None and during is not None:
            book = book_of(report, agreed.log)
            a, b = (_middle(report, book, agreed.column, fact) for fact in (before, during))
            values = {"what": _column(report, agreed.column), "n_a": before.n, "n_b": during.n, "a": a, "b": b}
            key = "both" if before.value is not None and during.value is not None else "one_phase"
            return _say(report, f"seen.{key}", **values)
    for book in report.bench.logs.books:
        step = _followed(book, "")
        found = report.results.facts_where(what="log_median", outcome=book.log.id, arm=pupil)
        if step is not None and found:
            return _say(report, "seen.once", what=_column(report, step.column), n=found[0].n or 0,
                        middle=_middle(report, book, step.column, found[0]))  # fmt: skip
    return _say(report, "seen.not_kept")


def _middle(report: Report, book: Logbook, column: str, fact: Fact) -> str:
    if fact.value is None:
        return "–"
    step = next((s for s in book.form.computes if s.do == "ordinal" and s.column == column), None)
    order = tuple(_say_answer(report, answer) for answer in step.answers) if step is not None else ()
    return log_figure.in_order(float(fact.value), order, report.language)


def _sure(report: Report, pupil: str) -> str:
    """Return how sure that is, and what it does not show."""
    verdict = _verdict(report, pupil)
    if verdict is None:
        return _say(report, "sure.not_agreed")
    found = report.results.where(method="log_improvement", outcome=verdict.outcome, group=pupil)
    if found and found[0].estimate is not None:
        share = numbers.share(found[0].estimate, report.language)
        at = {"what": "log_count", "outcome": verdict.outcome, "arm": pupil, "category": "judged"}
        n_a, n_b = (report.results.count(wave=phase, **at) for phase in "AB")
        compared = _say(report, "sure.compared", review=day(report, verdict.wave), n_a=n_a, n_b=n_b)
        return f"{compared} {_say(report, f'sure.{verdict.value}', share=share)}"
    key = f"sure.{verdict.category}"
    return _say(report, key if has(f"pupil.{key}", report.language) else "sure.no_baseline")


# --- what now


def _verdict(report: Report, pupil: str) -> Fact | None:
    return next(iter(report.results.facts_where(what="log_verdict", arm=pupil)), None)


def _now(report: Report, pupil: str) -> str:
    """Return what follows: by the limits that were agreed; without them what a row of days allows to say."""
    verdict = _verdict(report, pupil)
    if verdict is not None:
        return _say(report, f"now.{verdict.value}.{verdict.category}", review=day(report, verdict.wave))
    strict = next(iter(report.results.facts_where(what="log_strict", arm=pupil)), None)
    if strict is not None:
        letters = report.results.fact(what="log_grid", outcome=strict.outcome, arm=pupil)
        absent = letters is not None and set(str(letters.value)) == {"D", "A"}
        key = "whole" if strict.value else "absent" if absent else "part"
        return _say(report, f"now.grid.{key}", n=str(letters.value).count("A") if letters is not None else 0)
    return _say(report, "now.not_agreed")


def _worried(report: Report, pupil: str) -> Iterator[Block]:
    """Say to whom to go with a worry that was named, and with days on end at the lowest answer."""
    named = dict.fromkeys(f.category for f in report.results.facts_where(what="log_worry", arm=pupil))
    if named:
        listed = report.words.listed([_say_answer(report, name) for name in named])
        yield Paragraph(_say(report, "worry.named", worries=listed), "warning")
    runs = report.results.facts_where(what="log_caution", category="low_run", arm=pupil)
    if runs:
        run = runs[-1]
        phase = report.words.listed([report.words.say(f"logs.phase.{name}") for name in run.parts])
        values = {"n": int(run.value or 0), "first": day(report, run.wave), "last": day(report, run.item)}
        key = "low_run_in" if phase else "low_run"
        yield Paragraph(_say(report, f"worry.{key}", phase=phase, **values), "warning")


def _for_whom(report: Report, pupil: str) -> str:
    for consent in report.study.consent:
        if consent.pupil == pupil:
            to = report.words.listed([_say(report, f"consent.to.{one}") for one in consent.to])
            return _say(report, "consent.given", to=to, day=day(report, consent.given.isoformat()))
    return _say(report, "consent.none")


def _column(report: Report, column: str) -> str:
    return word(report, "column", column).replace("_", " ")


def _say_answer(report: Report, answer: str) -> str:
    return word(report, "answer", answer)


def _say(report: Report, key: str, **values: object) -> str:
    return report.words.say(f"pupil.{key}", **values)
