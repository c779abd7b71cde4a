"""Random slopes and crossed groups against lme4 and pbkrtest; and what happens on a machine without the engine."""

import builtins
import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from pydantic import ValidationError
from tests.conftest import lacking

from werkbank.effects import crossed, estimate
from werkbank.effects.classes import mixed_difference
from werkbank.errors import MissingPieceError
from werkbank.study.reading import load_study

PINNED = json.loads((Path(__file__).parents[1] / "oracles" / "crossed.json").read_text())
WEIGHTS = {"T": 1.0, "C": -1.0}


@pytest.fixture
def engine():
    if importlib.util.find_spec("lme_python") is None:
        lacking("the optional extra lme-python is not installed")


def rows(of):
    data = pd.DataFrame(PINNED[of]["data"])
    return data.assign(unit=data["class"])


def agrees(made, known):
    assert made.value == pytest.approx(known["b"], rel=1e-5)
    assert made.statistic**2 == pytest.approx(known["F"], rel=1e-4)
    assert made.df == pytest.approx(known["df"], rel=1e-4)
    assert made.p == pytest.approx(known["p"], rel=1e-3)
    assert (made.ci_low > 0 or made.ci_high < 0) == (made.p < 0.05)


@pytest.mark.usefixtures("engine")
def test_slopes_and_crossed_groups_match_pbkrtest():
    data = rows("classes")
    both = {"class": data["class"], "teacher": data["teacher"]}
    agrees(crossed.difference(data, WEIGHTS, both, ["pre"], ["pre"]), PINNED["classes"]["slopes_and_crossed"])
    agrees(crossed.difference(data, WEIGHTS, both, ["pre"]), PINNED["classes"]["crossed"])
    data = rows("pupils")
    agrees(crossed.difference(data, WEIGHTS, {"class": data["class"]}, ["pre"], ["arm"]), PINNED["pupils"]["arm"])


@pytest.mark.usefixtures("engine")
def test_intercepts_alone_are_those_of_our_own_engine():
    data = rows("classes")
    ours = mixed_difference(data, WEIGHTS, ["pre"]).test
    theirs = crossed.difference(data, WEIGHTS, {"class": data["class"]}, ["pre"])
    assert (theirs.value, theirs.se, theirs.df, theirs.p) == pytest.approx(
        (ours.value, ours.se, ours.df, ours.p), rel=1e-4
    )


@pytest.mark.usefixtures("engine")
def test_what_cannot_be_estimated_says_so(monkeypatch):
    data = rows("classes")
    one = crossed.difference(data, WEIGHTS, {"class": ["same"] * len(data)}, ["pre"])
    assert one.note == "not_testable_by_model"
    twin = crossed.difference(data.assign(again=data["pre"]), WEIGHTS, {"class": data["class"]}, ["pre", "again"])
    assert twin.note == "not_testable_by_model"
    monkeypatch.setattr(crossed, "KENWARD_ROGER_ROWS", 50)
    many = crossed.difference(data, WEIGHTS, {"class": data["class"]}, ["pre"])
    assert many.note == "lme_satterthwaite"
    assert many.p is not None


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("by", ["class", "pupil"])
def test_a_study_that_asks_for_it_gets_it_beside_the_headline(make_study, classroom, long_scores, by):
    pupils, pre, post = classroom(classes=10, size=10)
    pupils = pupils if by == "class" else pupils.assign(arm=np.resize(["T", "C"], 100))
    slopes = ["pre"] if by == "class" else ["arm"]
    study = make_study(by=by, analysis={"random_slopes": slopes})
    made = estimate(study, long_scores({"pre": pre, "post": post}), pupils.drop(columns=["school"]), 1)
    (found,) = [e for e in made if e.method == "mixed_lme"]
    assert (found.n, found.n_clusters, found.role) == (100, 10 if by == "class" else None, "exploratory")
    assert found.ci_low < found.estimate < found.ci_high
    assert made[0].method == ("ancova_unit_means" if by == "class" else "ancova")


@pytest.mark.parametrize(
    "wrong", [{}, {"random_slopes": ["nothing"]}, {"random_slopes": ["arm"]}, {"crossed": ["teacher"]}]
)
def test_what_makes_no_sense_is_refused(make_study, wrong):
    with pytest.raises(ValidationError):
        make_study(by="class", analysis=wrong)


@pytest.fixture
def without(monkeypatch):
    monkeypatch.delitem(sys.modules, "lme_python", raising=False)
    ordinary = builtins.__import__

    def absent(name, *more, **named):
        if name == "lme_python":
            raise ImportError(name)
        return ordinary(name, *more, **named)

    monkeypatch.setattr(builtins, "__import__", absent)


@pytest.mark.usefixtures("without")
@pytest.mark.parametrize("language", ["nl", "en"])
def test_without_the_engine_the_command_ends_with_four_and_the_line_that_installs_it(tmp_path, capsys, language):
    from werkbank.cli import main

    study = {
        "title": "x",
        "language": language,
        "design": {"kind": "randomised", "assigned_by": "class"},
        "files": [{"path": "x.csv"}],
        "columns": {"pupil": "id", "class": "k", "arm": "arm"},
        "arms": {"T": "intervention", "C": "control"},
        "outcomes": [{"name": "y", "column": "y", "better": "higher"}],
    }
    file = tmp_path / "study.yaml"
    file.write_text(yaml.safe_dump(study), encoding="utf-8")
    load_study(file)  # without the block nothing is missed
    file.write_text(yaml.safe_dump({**study, "analysis": {"random_slopes": ["pre"]}}), encoding="utf-8")
    with pytest.raises(MissingPieceError):
        load_study(file)
    assert main(["check", str(file)]) == 4
    assert main(["run", str(file)]) == 4
    assert 'pip install "werkbank[lme]"' in capsys.readouterr().err
