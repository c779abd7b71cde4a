"""A dose from a log answers what the same dose in a column answers; who has no line is unknown, and counted."""

from __future__ import annotations

import shutil
from functools import cache

import numpy as np
import pandas as pd
import pytest
import yaml
from tests.cases.logs_made import school_days
from tests.conftest import opened_example

import werkbank
from werkbank.intake.reading import read_answers
from werkbank.study import load_study
from werkbank.study.finding import example_path

CALENDAR = {"first": "2025-09-15", "last": "2026-01-30"}
SOURCE = example_path("nabijheid").parent
HEAD = "leerkracht;coach;sessie_nr;datum;minuten;leerling;rol;status"


@pytest.fixture(scope="module")
def talks():
    """Every teacher who was coached, and in how many talks."""
    background = pd.read_csv(SOURCE / "raw" / "achtergrond.csv", sep=";", decimal=",").set_index("leerlingnr")
    teachers = pd.read_csv(SOURCE / "raw" / "leraren.csv", sep=";", decimal=",")
    first = teachers.drop_duplicates("leerlingnr").set_index("leerlingnr")["lk"]
    known = background.join(first.rename("lk")).dropna(subset=["lk"])
    known = known[known["conditie"] == "LLInC"].dropna(subset=["gesprekken"])
    return known.groupby("lk")["gesprekken"].first().astype(int), known.groupby("lk").head(1).reset_index().set_index(
        "lk"
    )


def declared(folder, talks, *, without=(), **more):
    folder.mkdir()
    shutil.copytree(SOURCE / "raw", folder / "raw")
    counts, pupils = talks
    lines = [HEAD]
    for teacher, n in counts.items():
        if teacher not in without:
            lines += [
                f"{teacher};c1;{i + 1};{day:%d-%m-%Y};45;{pupils.loc[teacher, 'leerlingnr']};doelleerling;gedaan"
                for i, day in enumerate(school_days(int(n), first=pd.Timestamp("2025-09-22").date()))
            ]
    (folder / "llinc.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    told = yaml.safe_load((SOURCE / "study.yaml").read_text(encoding="utf-8"))
    told["labels"]["covariate"].pop("gesprekken", None)
    told["labels"]["value"].pop("gesprekken", None)
    told |= {"logs": [{"log": "llinc", "path": "llinc.csv"}], "calendar": CALENDAR, **more}
    (folder / "study.yaml").write_text(yaml.safe_dump(told, allow_unicode=True), encoding="utf-8")
    return folder


def slopes(bench):
    found = bench.part("effects").where(method="dose_response")
    return {(e.outcome, e.wave_to): e.estimate for e in found}


@cache
def slopes_of_the_example():
    return slopes(opened_example("nabijheid", "nl"))


def test_sessions_of_a_log_are_the_dose_that_a_column_holds(tmp_path, talks):
    folder = declared(tmp_path / "a", talks, dose="llinc.sessions")
    ours, theirs = slopes(werkbank.open(folder)), slopes_of_the_example()
    assert set(ours) == set(theirs)
    assert ours
    for key, value in theirs.items():
        assert ours[key] == pytest.approx(value, abs=1e-9), key


def test_minutes_are_sessions_in_another_unit(tmp_path, talks):
    folder = declared(tmp_path / "a", talks, dose="llinc.minutes")
    pupils = read_answers(load_study(folder)).pupils
    ours, theirs = slopes(werkbank.open(folder)), slopes_of_the_example()
    assert all(ours[key] == pytest.approx(value / 45, abs=1e-9) for key, value in theirs.items())
    assert pupils["llinc.minutes"].dropna().mod(45).eq(0).all()


def test_who_has_no_line_is_unknown_and_counted(tmp_path, talks):
    left = talks[0].index[0]
    folder = declared(tmp_path / "a", talks, without=[left], dose="llinc.sessions", received="llinc")
    intake = read_answers(load_study(folder))
    of_left = intake.pupils["teacher"] == left
    assert intake.pupils.loc[of_left, "llinc.sessions"].isna().all()
    assert intake.pupils.loc[of_left, "llinc"].isna().all()
    controls = intake.pupils["arm"] == "controle"
    took = intake.pupils.loc[controls, "llinc"]  # some have a teacher who was coached for another class
    assert took.notna().all()
    assert (took == 0).mean() > 0.9
    notes = {note.key: note for note in intake.notes}
    assert notes["intake.logs.controls_without"].values["n"] == int((took == 0).sum())  # noqa: PD011 - of a note
    said = notes["intake.logs.dose"].sentence("nl")
    assert "niet, en die tellen bij de dosis niet mee" in said
    assert np.isfinite(intake.pupils.loc[~of_left & ~controls, "llinc"]).any()
