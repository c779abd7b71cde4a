"""Every variable of a study in one table, as declared and as scored."""

from __future__ import annotations

import csv

import pytest

from werkbank.cli import main
from werkbank.instruments import load
from werkbank.reporting.codebook import availability, citation, codebook
from werkbank.study import load_study
from werkbank.study.finding import example_path


@pytest.fixture
def study():
    return load_study(example_path("nabijheid"))


def test_a_scale_says_what_its_key_says(study):
    row = next(row for row in codebook(study, "en") if row["variable"] == "strs-sf.conflict")
    scale = load("strs-sf", "B").scales["conflict"]
    assert row["items"].split(", ") == list(scale.items)
    assert row["reversed"].split(", ") == list(scale.reversed) or not scale.reversed
    assert (float(row["low"]), float(row["high"])) == scale.range
    assert row["direction"] == "lower"


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_role_covariate_and_outcome_is_there(study, language):
    rows = codebook(study, language)
    names = [row["variable"] for row in rows]
    assert len(names) == len(set(names))
    assert {"pupil", "teacher", "class", "arm", "wave", *study.covariates} <= set(names)
    assert {outcome.id for outcome in study.outcomes} <= {name.partition(".")[0] for name in names}
    assert all(row["sensitivity"] and row["label"] for row in rows)
    assert {row["level"] for row in rows if row["variable"].startswith("strs")} <= {
        "relatie met een leerling",
        "relationship with a pupil",
    }


def test_the_command_writes_a_table_and_a_page(tmp_path, capsys):
    assert main(["codebook", str(example_path("nabijheid")), "--out", str(tmp_path), "--language", "en"]) == 0
    with (tmp_path / "codebook.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    expected = codebook(load_study(example_path("nabijheid")), "en")
    assert [row["variable"] for row in rows] == [row["variable"] for row in expected]
    page = (tmp_path / "codebook.html").read_text(encoding="utf-8")
    assert "strs-sf.closeness" in page
    assert "codebook.csv" in capsys.readouterr().out


def test_availability_depends_on_whose_data_they_are(study):
    simulated, confidential = availability(study, "en"), study.model_copy(update={"simulated": False, "source": None})
    assert "simulated" in simulated
    assert "cannot be made public" in availability(confidential, "en")
    assert "doi" in availability(study.model_copy(update={"simulated": False, "source": "doi 10.1/x"}), "nl")
    assert "werkbank" in citation("nl")
