"""Studies of many designs through the commands: what `check` asks, and that what it calls fit, a report is made of."""

from __future__ import annotations

import csv
import io
import json
import shutil
from contextlib import redirect_stdout
from dataclasses import replace

import numpy as np
import pytest
import yaml
from tests.effects import generated as drawn

from werkbank.cli import main

FAULTS = (
    "design_blocks_ignored", "design_lots_within_schools", "design_target_and_transfer", "design_large_effect_crash",
    "design_count_and_likert", "covconst", "floorpre",
)  # fmt: skip
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
PAIR = {"T": 1, "C": 1}


def write(folder, of, **design):
    """Write a drawn study as a school would have it: one csv and a study file."""
    (folder / "raw").mkdir(parents=True)
    of.pupils.assign(**of.waves).reset_index().to_csv(folder / "raw" / "d.csv", index=False)
    kept = {name: name for name in ("class", "school", "teacher", "role") if name in of.pupils}
    arms = sorted(set(of.pupils["arm"]), reverse=True)
    study = {
        "title": "Drawn",
        "language": "en",
        "design": {"kind": "randomised", "assigned_by": of.design["by"], **design},
        "files": [{"path": "raw/d.csv"}],
        "columns": {"pupil": "pupil", "arm": "arm", **kept},
        "arms": {arm: "control" if arm == "C" else "intervention" for arm in arms},
        "outcomes": [
            {
                "name": "y",
                "informant": "test",
                "column": {"pre": "pre", "post": "post"},
                "better": "higher",
                "role": "primary",
            }
        ],
    }
    (folder / "study.yaml").write_text(yaml.safe_dump(study))


def slipped():
    """Ten classes in two arms, three pupils with the wrong arm, said to have been assigned one by one."""
    of = drawn.of_classes(1, {"T": 5, "C": 5}, smallest=8)
    of.pupils.iloc[:3, of.pupils.columns.get_loc("arm")] = "C"
    return replace(of, design={"by": "pupil"})


def without(of, what):
    """The same study in which these pupils were not measured afterwards."""
    return replace(of, post=of.post.where(~what(of.pupils)))


def tiny():
    """Scores that programs write as 1e-07."""
    of = drawn.of_classes(7, {"T": 4, "C": 4})
    return replace(of, pre=of.pre.round(1) * 1e-6, post=of.post.round(1) * 1e-6)


# name -> drawn study, more of its design, what `check` asks, its lead
DRAWN = {
    "sites": (lambda: drawn.within_schools(1, 8), {}, {"blocks_question"}, "sites_fixed"),
    "declared": (lambda: drawn.within_schools(2, 8), {"blocks": "school"}, set(), "sites_fixed"),
    "lostpair": (
        lambda: without(drawn.classes_in_blocks(3, [PAIR] * 6), lambda p: p["class"] == "k00"),
        {"blocks": "block"}, set(), "block_differences",
    ),
    "roles": (lambda: drawn.with_roles(4, 8, 8), {}, set(), "role_means"),
    "onerole": (
        lambda: without(drawn.with_roles(5, 6, 6), lambda p: p["role"] == "transfer"), {}, set(), "role_means",
    ),
    "slip": (slipped, {}, {"whole_groups_question"}, "unit_means_within"),
    "toofew": (lambda: drawn.of_classes(6, {"T": 2, "C": 5}), {}, set(), "unit_means_within"),
    "tiny": (tiny, {}, set(), "unit_means_within"),
}  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Every drawn study and fault, after `check --json` and one `batch`: {name: (what was asked, results)}."""
    from tests.conftest import ROOT

    folder = tmp_path_factory.mktemp("designs")
    places = {}
    for name, (make, design, _, _) in DRAWN.items():
        write(folder / name, make(), **design)
        places[name] = folder / name
    faults = ROOT.parent / "shared" / "faults"
    for name in (name for name in FAULTS if (faults / name).is_dir()):
        # a copy: what is given out is remembered beside the study
        places[name] = shutil.copytree(faults / name, folder / name)
    asked = {}
    for name, place in places.items():
        told = io.TextIOWrapper(io.BytesIO())
        with redirect_stdout(told):
            assert main(["check", str(place), "--json"]) == 0, name
        notes = json.loads(told.buffer.getvalue().decode("utf-8"))["notes"]
        asked[name] = {note["key"].removeprefix("intake.") for note in notes}
    with (folder / "table.csv").open("w", newline="") as file:
        # the longest report of what others drew, the shortest of what was drawn here
        rows = [[name, str(place), "school" if name in DRAWN else "evaluation"] for name, place in places.items()]
        csv.writer(file).writerows([["name", "study", "report"], *rows])
    told = io.TextIOWrapper(io.BytesIO())
    with redirect_stdout(told):
        code = main(["batch", str(folder / "table.csv"), "--out", str(folder / "out"), "--workers", "2"])
    assert code == 0, told.buffer.getvalue().decode("utf-8")
    found = {}
    for name in places:
        (result,) = (folder / "out").glob(f"*{name.replace('_', '-')}-*/results.json")
        assert (result.parent / "share").is_dir()
        found[name] = asked[name], json.loads(result.read_text())
    return found


@pytest.mark.parametrize("name", DRAWN)
def test_a_drawn_study_is_asked_what_is_open_and_answered(made, name):
    asked, results = made[name]
    _, _, questions, method = DRAWN[name]
    assert {key for key in asked if key.endswith("_question")} == questions
    leads = [e for e in results["estimates"] if e["kind"] == "headline" and e["estimate"] is not None]
    assert {e["method"] for e in leads} == {method}
    assert all((e["p"] is None) == (name == "toofew") for e in leads)
    cautions = {f["category"] for f in results["facts"] if f["what"] == "caution"}
    open_ = {"blocks_question": "blocks_undeclared", "whole_groups_question": "mixed_units_left_out"}
    assert {open_[key] for key in questions} == cautions & set(open_.values())


@pytest.fixture
def fault(made, shared):
    """Return a maker of a fault's (asked, headline estimates, all results)."""
    assert shared.is_dir()

    def get(name):
        asked, results = made[name]
        return asked, [e for e in results["estimates"] if e["kind"] == "headline"], results

    return get


def test_blocks_that_were_ignored_are_asked_for_and_lead(fault):
    asked, (lead,), results = fault("design_blocks_ignored")
    assert "blocks_question" in asked
    assert (lead["method"], round(lead["estimate"], 2), round(lead["p"], 2)) == ("sites_fixed", -0.02, 0.98)
    assert "blocks_undeclared" in {c["verdict"] for c in results["claims"]}


def test_lots_within_schools_reassign_within_them(fault):
    asked, (lead,), results = fault("design_lots_within_schools")
    assert "blocks_question" in asked
    assert lead["method"] == "block_differences"
    (smallest,) = [e["estimate"] for e in results["estimates"] if e["method"] == "randomisation_smallest_p"]
    assert smallest == pytest.approx(1 / 128)


def test_target_and_transfer_pupils_are_compared_by_teacher(fault):
    _, leads, results = fault("design_target_and_transfer")
    assert {(e["method"], e["n_clusters"]) for e in leads} == {("role_means", 30)}
    (between,) = [e for e in results["estimates"] if e["method"] == "role_pairs"]
    assert between["df"] in {13, 14}
    assert not {"hc2", "ancova", "mixed_kr"} & {e["method"] for e in results["estimates"]}


def test_a_large_effect_has_a_report_and_a_logarithm(fault):
    _, leads, results = fault("design_large_effect_crash")
    assert leads[0]["p"] < 1e-20
    logs = [e["estimate"] for e in results["estimates"] if e["method"] == "bayes_factor_log"]
    assert np.isfinite(logs).all()
    assert max(logs) > 100


def test_counts_and_few_answers_say_nothing_of_a_score_before(fault):
    _, leads, results = fault("design_count_and_likert")
    assert {(e["method"], e["wave_from"]) for e in leads} == {("unit_means_post", "")}
    assert len([e for e in results["estimates"] if e["method"] == "omnibus"]) == 2
    assert not [f for f in results["facts"] if f["what"] == "baseline_difference"]


def test_what_does_not_vary_is_named(fault):
    _, _, results = fault("covconst")
    assert {f["item"]: f["value"] for f in results["facts"] if f["what"] == "covariate"}["konst"] == "no_variation"
    _, leads, results = fault("floorpre")
    assert leads[0]["method"] == "unit_means_post"
    assert "pre_without_variation" in {c["verdict"] for c in results["claims"]}
