"""A teacher's sheet: read as it was filled in, or every doubt at once with its row."""

from __future__ import annotations

import datetime as dt

import openpyxl
import pytest
import yaml
from tests.cases.logs_made import TODAY, found, school_days, sheet, study

from werkbank.cli import main
from werkbank.errors import UnfitError
from werkbank.intake.log_days import day_of
from werkbank.intake.logbook import read_logs
from werkbank.programmes.forms import form, form_names
from werkbank.reporting.log_sheet import write_log
from werkbank.study import load_study

MONDAY = dt.datetime.combine(dt.date(2026, 9, 7), dt.time())
GOOD = ("L01", 1, MONDAY, 2, "ja", "gedaan")
BAD = [
    GOOD,
    ("L01", 2, "08-09-2026", "twee", "ja", "gedaan"),  # a word for a number
    ("L01", 3, "31-09-2026", 2, "ja", "gedaan"),  # no day
    ("L01", 4, "13-09-2026", 2, "ja", "gedaan"),  # a Sunday
    ("L01", 5, "13-10-2026", 2, "ja", "gedaan"),  # a holiday
    ("L01", 6, "07-09-2026", 2, "ja", "gedaan"),  # twice
    ("L07", 1, "07-09-2026", 2, "ja", "gedaan"),  # nobody of the class
    ("L02", 1, "07-09-2036", 2, "ja", "gedaan"),  # to come
    ("L02", 2, "08-09-2026", 3, "ja", "leerling afwezig"),  # minutes with a pupil who was not there
    ("L02", 3, "09-09-2026", 2, "misschien", "gedaan"),  # no answer of the list
    ("L02", 4, "10-09-2026", None, "ja", "gedaan"),  # done, for how long?
    ("L02", 5, "11-09-2026", 0, "ja", "gedaan"),  # no minutes
    ("L02", 6, "04-09-2026", 2, "ja", "gedaan"),  # before the period
    ("L02", 11, "14-09-2026", 2, "ja", "gedaan"),  # an eleventh day
    ("L02", 8, "26-11-27", 2, "ja", "gedaan"),  # which of the two is the year?
]


def refused(folder, today=TODAY):
    with pytest.raises(UnfitError) as error:
        read_logs(load_study(folder), today=today)
    return error.value.problems


def test_everything_wrong_is_listed_at_once_with_its_row(tmp_path):
    problems = refused(study(tmp_path / "a", "2x10", BAD))
    assert {(p.code, p.row) for p in problems} == {
        ("log_number", 3), ("log_date", 4), ("log_weekend", 5), ("log_holiday", 6), ("log_double", 7), ("log_pupil", 8),
        ("log_future", 9), ("log_undone", 10), ("log_choice", 11), ("log_empty", 12), ("log_range_above", 13),
        ("log_outside", 14), ("log_range", 15), ("log_date", 16),
    }  # fmt: skip
    for language in ("nl", "en"):
        assert all(problem.sentence(language) for problem in problems)
    said = next(p.sentence("nl") for p in problems if p.code == "log_weekend")
    assert said.startswith("2x10.xlsx, kolom ‘datum’, rij 5: 2026-09-13 is een zondag")


def test_the_command_says_so_and_ends_with_three(tmp_path, capsys):
    folder = study(tmp_path / "a", "2x10", BAD)
    assert main(["check", str(folder)]) == 3
    said = capsys.readouterr().err
    assert "‘twee’ is geen getal" in said
    assert "‘L07’ staat niet in de klassenlijst" in said
    assert main(["check", str(study(tmp_path / "b", "2x10", [GOOD])), "--language", "en"]) == 0


def test_a_day_is_read_in_one_way_or_not_at_all():
    day = dt.date(2026, 9, 7)
    for cell in (day, dt.datetime.combine(day, dt.time(8, 30)), "2026-09-07", "07-09-2026", "7-9-2026", "07/09/2026"):
        assert day_of(cell) == day
    for cell in ("09-07-26", "7 sep", 46272, 46272.0, "", "2026-13-01", "31-02-2026", None, "maandag"):
        assert day_of(cell) is None


def test_either_language_and_both_kinds_of_file_give_the_same(tmp_path):
    rows = [("L01", 1, "07-09-2026", 2, "ja", "gedaan"), ("L01", 2, "08-09-2026", 3, "nee", "gedaan")]
    english = [("L01", 1, "2026-09-07", 2, "yes", "done"), ("L01", 2, "2026-09-08", 3, "no", "done")]
    dutch = read_logs(load_study(study(tmp_path / "a", "2x10", rows)), today=TODAY).books[0].rows
    other = study(tmp_path / "b", "2x10", english, language="en")
    assert read_logs(load_study(other), today=TODAY).books[0].rows.equals(dutch)
    lines = ["leerling;dag_nr;datum;minuten;onderwerp_leerling;status", *(";".join(map(str, row)) for row in rows)]
    (other / "2x10.csv").write_text("\n".join(lines), encoding="utf-8")
    told = yaml.safe_load((other / "study.yaml").read_text()) | {"logs": [{"log": "2x10", "path": "2x10.csv"}]}
    (other / "study.yaml").write_text(yaml.safe_dump(told))
    assert read_logs(load_study(other), today=TODAY).books[0].rows.equals(dutch)


def test_a_prepared_line_that_was_left_open_is_unknown_and_counted(tmp_path):
    rows = [GOOD, ("L01", 2, "08-09-2026", None, None, None)]
    logs = read_logs(load_study(study(tmp_path / "a", "2x10", rows)), today=TODAY)
    assert (len(logs.books[0].rows), logs.books[0].unfilled) == (1, 1)
    assert [note.values["n"] for note in logs.notes if note.key == "intake.logs.unfilled"] == [1]


def test_without_calendar_and_class_list_that_is_said(tmp_path):
    folder = study(tmp_path / "a", "2x10", [GOOD], calendar=None, class_list=None)
    keys = [note.key for note in read_logs(load_study(folder), today=TODAY).notes]
    assert keys == ["intake.logs.no_calendar", "intake.logs.no_class_list"]


def test_days_to_come_are_only_for_what_is_planned(tmp_path):
    row = ("i1", "L01", "07-09-2026", "ja", "ja", "ja", "ja", "ja", "ja", "14-12-2026", None)
    logs = read_logs(load_study(study(tmp_path / "a", "repair-talk", [row])), today=TODAY)
    assert logs.books[0].rows["follow_up_date"].iloc[0].date() == dt.date(2026, 12, 14)


def test_a_thermometer_needs_its_top_and_keeps_to_it(tmp_path):
    row = ("L01", "07-09-2026", "begin van de dag", 11, None, "gedaan", None, None)
    assert [p.code for p in refused(study(tmp_path / "a", "thermometer", [row]))] == ["log_top_needed"]
    problems = refused(study(tmp_path / "b", "thermometer", [row], more={"top": 10}))
    assert [(p.code, p.details["high"]) for p in problems] == [("log_range", "10")]


def test_a_sentence_is_no_code(tmp_path):
    row = ("zei dat hij bang was", "L01", "07-09-2026", "1", None)
    assert [p.code for p in refused(study(tmp_path / "a", "incidents", [row]))] == ["log_code"]


def test_a_weekly_log_has_one_line_a_week(tmp_path):
    row = ("L01", "07-09-2026", "opbouwen", None, None, None, None, None)
    again = ("L01", "09-09-2026", "herstellen", None, None, None, None, None)
    assert [p.code for p in refused(study(tmp_path / "a", "emr", [row, again]))] == ["log_double"]


def test_an_unknown_log_is_named_with_its_nearest(tmp_path):
    folder = study(tmp_path / "a", "2x10", [GOOD])
    told = (folder / "study.yaml").read_text().replace("log: 2x10", "log: 2x11")
    (folder / "study.yaml").write_text(told)
    [problem] = refused(folder)
    assert (problem.code, problem.details["nearest"]) == ("log_unknown", "2x10")


@pytest.mark.parametrize("name", form_names())
def test_every_sheet_can_be_filled_in_and_read(name, tmp_path):
    """What a teacher chooses from the lists of a sheet is what is read, for every log."""
    asked = form(name)
    folder = study(tmp_path / "a", name, [], more={"top": 10} if name == "thermometer" else None)
    (folder / f"{name}.xlsx").unlink()
    for path in write_log(name, folder, "nl"):
        assert path.stat().st_size > 1000
    book = openpyxl.load_workbook(folder / f"{name}.xlsx")
    page, lists = book.worksheets
    assert lists.sheet_state == "hidden"
    assert page.data_validations.count == len(asked.columns)
    whose = {"pupil": "L01", "teacher": "LK1", "class": "7a"}
    for place, (column, how) in enumerate(asked.columns.items(), 1):
        value = whose.get(how.kind, "c1")
        if how.kind == "choice":
            value = lists.cell(1, place).value
        elif how.kind in {"whole", "number"}:
            value = how.range[1] if column != "value" else 10
        elif how.kind == "date":
            value = MONDAY
        page.cell(2, place, value)
    book.save(folder / f"{name}.xlsx")
    rows = read_logs(load_study(folder), today=TODAY).books[0].rows
    assert len(rows) == 1
    assert rows.drop(columns="row").notna().all(axis=None)
    assert found(folder)[3]


def test_a_sheet_knows_the_class_and_the_days_and_overwrites_nothing(tmp_path, capsys):
    folder = study(tmp_path / "a", "check-in", [])
    assert main(["new", "--log", "2x10", "--study", str(folder), "--language", "nl"]) == 0
    page = openpyxl.load_workbook(folder / "logs" / "2x10.xlsx").worksheets[0]
    days = [page.cell(row, 3).value.date() for row in range(2, 32)]
    assert days[::3] == school_days(10)
    assert [page.cell(row, 1).value for row in (2, 3, 4)] == ["L01", "L02", "L03"]
    assert main(["new", "--log", "2x10", "--study", str(folder)]) == 2
    assert "2x10.xlsx" in capsys.readouterr().err


def test_a_new_study_of_a_log_is_fit_as_it_stands(tmp_path):
    folder = tmp_path / "nieuw"
    for language in ("nl", "en"):
        assert main(["new", str(folder / language), "--log", "thermometer", "--language", language]) == 0
        assert load_study(folder / language).logs[0].top == 10
    assert main(["new", "--log", "nonesuch"]) == 2
    assert main(["new"]) == 2


def test_two_logs_report_their_faults_together(tmp_path):
    folder = study(tmp_path / "a", "2x10", BAD[:2], others=[{"log": "tally-3-1", "path": "t.xlsx"}])
    names = list(form("tally-3-1").columns)
    sheet(folder / "t.xlsx", names, [("L01", "12-09-2026", "ochtend", None, 3, 1, "zelf")])
    assert {(p.code, p.file) for p in refused(folder)} == {("log_number", "2x10.xlsx"), ("log_weekend", "t.xlsx")}


def test_a_sheet_on_which_nothing_was_written_yet_is_told_and_stops_nothing(tmp_path):
    others = [{"log": "tally-3-1", "path": "t.xlsx"}]
    folder = study(tmp_path / "a", "2x10", [GOOD], others=others)
    sheet(folder / "t.xlsx", list(form("tally-3-1").columns), [])
    logs = read_logs(load_study(folder), today=TODAY)
    assert [book.log.id for book in logs.books] == ["2x10"]
    assert "intake.logs.empty" in [note.key for note in logs.notes]
    assert main(["new", str(tmp_path / "b"), "--log", "incidents"]) == 0
    assert main(["check", str(tmp_path / "b")]) == 0


def test_only_what_can_be_followed_may_be_agreed_on(tmp_path):
    for log, column, fit in (
        ("check-in", "colour", True),
        ("check-in", "follow_up", False),
        ("check-in", "kleur", False),
    ):
        agreed = [{"made": "2026-09-07", "log": log, "column": column}]
        folder = study(tmp_path / f"{column}", log, [("L01", "07-09-2026", "rood", None, None, None)], agreed=agreed)
        if fit:
            assert load_study(folder).agreed
        else:
            with pytest.raises(UnfitError) as error:
                load_study(folder)
            assert [p.code for p in error.value.problems] == ["study_agreed_column"]
