"""Real questionnaires before and after a teaching unit, no control group: the published numbers, and no causal word.

OECD Global Teaching InSights public data, with reference values computed in R (the data's own README states the missing
rule behind each number; it is repeated at each test).
"""

from __future__ import annotations

import shutil

import pytest
import yaml

import werkbank
from werkbank.appraisal.wording import check_text
from werkbank.measurement.scoring import item_matrix
from werkbank.running.runner import run_languages
from werkbank.statistics.reliability import alpha


def named(prefix, letters):
    return [f"{prefix}{letter}" for letter in letters]


ITEMS = {
    "self-concept": (named("SQA06", "ABCDEF"), named("SQB01", "ABCDEF"), 0.888, 0.918),
    "interest": (named("SQA14", "ABC"), named("SQB03", "ABC"), 0.850, 0.836),
    "general-self-efficacy": (named("SQA15", "ABCDE"), named("SQB02", "ABCDE"), 0.925, 0.909),
    "task-self-efficacy": ([f"SQA16{x}2" for x in "FGHIJ"], named("SQB07C", "ABCDE"), 0.830, 0.842),
}


def written(folder, shared, file, study):
    shutil.copy(shared / "data" / file, folder / file)
    (folder / "study.yaml").write_text(yaml.safe_dump(study, sort_keys=False))
    return folder / "study.yaml"


def outcome(name, pre, post, **more):
    return {"name": name, "items": {"pre": pre, "post": post}, "range": [1, 4], "better": "higher", **more}


@pytest.fixture(scope="module")
def pupils_study(shared, tmp_path_factory):
    return written(
        tmp_path_factory.mktemp("pupils"),
        shared,
        "gti_students.csv",
        {
            "title": "Global Teaching InSights, pupils",
            "design": {"kind": "single_group", "raters_are_implementers": False},
            "files": [{"path": "gti_students.csv"}],
            "columns": {"pupil": "S_ID", "teacher": "T_ID", "class": "T_ID", "school": "SCH_ID"},
            "outcomes": [outcome(name, pre, post, informant="pupil") for name, (pre, post, _, _) in ITEMS.items()],
        },
    )


@pytest.fixture(scope="module")
def teachers_study(shared, tmp_path_factory):
    pre, post = named("TQA09", "ABCDE"), named("TQB13", "ABCDE")
    return written(
        tmp_path_factory.mktemp("teachers"),
        shared,
        "gti_teachers.csv",
        {
            "title": "Global Teaching InSights, teachers",
            "unit": "teacher",
            "design": {"kind": "single_group", "raters_are_implementers": True},
            "files": [{"path": "gti_teachers.csv"}],
            "columns": {"pupil": "T_ID"},
            "outcomes": [outcome("relationship", pre, post, informant="teacher", role="primary")],
        },
    )


@pytest.fixture(scope="module")
def pupils(pupils_study):
    intake = werkbank.read_answers(werkbank.load_study(pupils_study))
    return intake, werkbank.score_study(intake)


@pytest.fixture(scope="module")
def teachers(teachers_study):
    intake = werkbank.read_answers(werkbank.load_study(teachers_study))
    return intake, werkbank.score_study(intake)


@pytest.mark.parametrize("name", ITEMS)
def test_alphas_of_pupil_scales_from_pairwise_covariances(pupils, name):
    intake, scores = pupils
    for wave, published in zip(("pre", "post"), ITEMS[name][2:], strict=True):
        items = item_matrix(intake.answers, name, scores.instruments[name], name, wave, "pupil")
        assert alpha(items, missing="pairwise").estimate == pytest.approx(published, abs=0.0005)


def test_alphas_of_the_teachers_scale_from_pairwise_covariances(teachers):
    intake, scores = teachers
    for wave, published in (("pre", 0.863), ("post", 0.890)):
        items = item_matrix(
            intake.answers, "relationship", scores.instruments["relationship"], "relationship", wave, "teacher"
        )
        assert alpha(items, missing="pairwise").estimate == pytest.approx(published, abs=0.0005)


def changed(scores, name, *, least):
    """Mean change, d_z and n for those with at least `least` answers at both waves."""
    rows = scores.table[scores.table["outcome"] == name]
    rows = rows[rows["n_items_answered"] >= least]
    wide = rows.pivot_table(index="pupil", columns="wave", values="score", observed=True)
    change = (wide["post"] - wide["pre"]).dropna()
    return change.mean(), change.mean() / change.std(ddof=1), len(change)


def test_the_80_percent_rule_gives_its_own_n(pupils):
    # README: with the 80 % rule n is 11,732 (the published change takes the mean of any answered item)
    _, _, n = changed(pupils[1], "general-self-efficacy", least=4)
    assert n == 11_732


def test_the_teachers_change_with_the_80_percent_rule(teachers, teachers_study):
    change, _, n = changed(teachers[1], "relationship", least=4)
    assert n == 644
    assert change == pytest.approx(-0.004, abs=0.0005)
    study = werkbank.load_study(teachers_study)
    found = werkbank.estimate(study, teachers[1].table, teachers[0].pupils, seed=1)
    mean_change = [e for e in found if e.standardiser == "" and e.wave_to == "post" and e.n == n]
    assert [e for e in mean_change if e.estimate == pytest.approx(change, abs=1e-12)]


def test_the_published_change_with_the_mean_of_any_answered_item(shared, tmp_path):
    # the study says so itself: an own key with the rule "one answer is enough"
    for name, published, d_z, n in (
        ("general-self-efficacy", -0.189, -0.282, 11_802),
        ("task-self-efficacy", 0.209, 0.297, 11_538),
    ):
        pre, post, _, _ = ITEMS[name]
        keys = tmp_path / "instruments"
        keys.mkdir(exist_ok=True)
        numbers = [str(i + 1) for i in range(len(pre))]
        key = {
            "name": name,
            "title": name,
            "range": [1, 4],
            "score": "mean",
            "missing": {"at_least": 1, "source": "any answered item"},
            "scales": {"score": {"items": numbers}},
        }
        (keys / f"{name}.yaml").write_text(yaml.safe_dump(key))
        path = written(
            tmp_path,
            shared,
            "gti_students.csv",
            {
                "title": "any answered item",
                "design": {"kind": "single_group"},
                "files": [{"path": "gti_students.csv"}],
                "columns": {"pupil": "S_ID"},
                "outcomes": [{"instrument": name, "items": {"pre": pre, "post": post}}],
            },
        )
        scores = werkbank.score_study(werkbank.read_answers(werkbank.load_study(path)))
        change, found_d_z, found_n = changed(scores, name, least=1)
        assert found_n == n
        assert change == pytest.approx(published, abs=0.0005)
        assert found_d_z == pytest.approx(d_z, abs=0.0005)


def test_a_group_in_classes_is_analysed_as_classes(pupils, pupils_study):
    study = werkbank.load_study(pupils_study)
    found = werkbank.estimate(study, pupils[1].table, pupils[0].pupils, seed=1)
    with_inference = [e for e in found if e.p is not None and e.outcome == "interest"]
    assert with_inference
    assert all(e.n_clusters is not None and e.n_clusters > 400 for e in with_inference)


@pytest.fixture(scope="module")
def reports(teachers_study, tmp_path_factory):
    """The folder with the report in both languages, from one run, and its results."""
    out = tmp_path_factory.mktemp("out")
    made = run_languages(teachers_study, languages=("nl", "en"), out=out, warm=True)
    return out, made[0].results


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_report_has_no_causal_wording(reports, language):
    out, results = reports
    page = (out / f"evaluation.{language}.html").read_text(encoding="utf-8")
    # 644 teachers changed by -0.004: the equivalence test itself carries "no relevant change" here
    equivalent = [c for c in results.claims if c.sentence.endswith(".equivalent")]
    assert equivalent
    assert check_text(page, "change", language, equivalent=True) == []
