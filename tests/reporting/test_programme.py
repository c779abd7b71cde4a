"""The report on a programme: every number is one of the results, every log has its part, and none of it leaves."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.cases.logs_made import found, school_days, study

import werkbank
from werkbank.catalogue import LANGUAGES, has
from werkbank.disclosure.flow import kind
from werkbank.programmes.forms import form, form_names
from werkbank.reporting import programme
from werkbank.reporting.blocks import Bullets, Paragraph, Table
from werkbank.study.finding import example_path

PARTS = ("overview", "described", "done", "fidelity", "whom", "seen", "counted", "raters", "cautions")
DAYS = school_days(30)


def written(bench):
    made = {name: getattr(programme, name)(bench) for name in PARTS}
    return {name: part.blocks for name, part in made.items() if part is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_part_of_the_example_is_written_and_none_may_leave(language):
    parts = written(werkbank.open(example_path("leerlingen"), language=language))
    assert set(parts) == {*PARTS} - {"raters"}
    assert not any(getattr(programme, name).shared for name in PARTS)
    tables = [block for blocks in parts.values() for block in blocks if isinstance(block, Table)]
    assert len({one.id for one in tables}) == len(tables)
    said = [block.text for blocks in parts.values() for block in blocks if isinstance(block, Paragraph)]
    assert any("L12" in text for text in said)  # never reached


def cell(column, how, i, rhythm):
    """Return something that may stand in a column, another thing in each line."""
    numbered = {"pupil": f"L0{i % 3 + 1}", "teacher": f"LK{i % 2}", "class": f"7{i}", "code": f"{column}-{i}"}
    if how.kind in numbered:
        return numbered[how.kind]
    if column in {"status", "session_nr"}:
        return "done" if column == "status" else i + 1
    if how.kind == "choice":
        return how.of[i // 3 % len(how.of)]
    if how.kind == "date":
        return DAYS[i // 3] if rhythm != "weekly" else DAYS[0] + dt.timedelta(7 * (i // 3))
    low, high = how.range
    return max(low, how.above + 1 if how.above is not None else low) if i % 2 else min(high, 10)


def filled(name, n):
    """Return lines of a log with every answer in turn, no two of them of the same thing."""
    asked = form(name)
    return [[cell(column, how, i, asked.rhythm) for column, how in asked.columns.items()] for i in range(n)]


@pytest.mark.parametrize("name", form_names())
def test_every_log_can_be_reported_in_both_languages(name, tmp_path):
    rows = filled(name, 3 if form(name).rhythm == "once" else 12)
    folder = study(tmp_path / "a", name, rows, more={"top": 10} if name == "thermometer" else None)
    for language in LANGUAGES:
        parts = written(werkbank.open(folder, language=language))
        assert {"overview", "cautions"} <= set(parts)
    _, _, estimates, facts = found(folder)
    assert len({e.id for e in estimates}) == len(estimates)
    assert len({f.id for f in facts}) == len(facts)
    for note in {e.note for e in estimates} | {f.note for f in facts} - {""}:
        assert not note or has(f"programme.note.{note.removeprefix('logs.')}", "nl"), note
    for caution in {f.category for f in facts if f.what == "log_caution"}:
        assert has(f"programme.caution.{caution}", "nl"), caution


def test_no_number_of_a_log_is_shared():
    bench = werkbank.open(example_path("leerlingen"))
    whats = {f.what for f in bench.results.facts} | {e.method for e in bench.results.estimates}
    assert {kind(what) for what in whats} == {"never"}


def test_what_is_unknown_is_not_called_not_done(tmp_path):
    rows = [("L01", n, day, 2, "ja", "gedaan") for n, day in enumerate(DAYS[:9], 1)]
    folder = study(tmp_path / "a", "2x10", rows)
    [table] = [b for b in programme.done(werkbank.open(folder)).blocks if isinstance(b, Table)]
    row = table.rows[0]
    assert (row["done"], row["unknown"], row["expected"]) == (9, 1, 10)
    assert row["row"] == "G G G G G G G G G ?"


def test_cautions_name_where_they_hold(tmp_path):
    rows = [("L01", DAYS[0], "ochtend", None, 3, 1, "zelf")]
    folder = study(tmp_path / "a", "tally-3-1", rows)
    [bullets] = [b for b in programme.cautions(werkbank.open(folder)).blocks if isinstance(b, Bullets)]
    assert any("turflijst 3:1 (L01)" in text and "zelf geteld" in text for text in bullets.items)
