"""The example studies: written from their sources to the byte, and giving the numbers that are known."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import whole_example

import werkbank
from werkbank.reporting.sharing import shared_bench
from werkbank.study.finding import example_path

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))


HEADLINE = "unit_means_between"  # 24 classes were drawn by lot, with two covariates


def one(results, **wanted):
    found = results.where(**wanted)
    assert len(found) == 1, [e.id for e in found]
    return found[0]


def test_the_raw_files_are_what_the_script_writes(tmp_path):
    import make_examples

    make_examples.main(tmp_path)
    written = {p.relative_to(tmp_path) for p in tmp_path.rglob("*.csv")}
    assert {p.parts[0] for p in written} == {"baumann", "bdf", "nabijheid"}
    for name in written:
        assert (tmp_path / name).read_bytes() == (make_examples.EXAMPLES / name).read_bytes(), name


def test_an_unknown_example_names_those_there_are():
    with pytest.raises(werkbank.UsageError, match="nabijheid"):
        example_path("nabij")


@pytest.fixture(scope="module")
def baumann():
    return whole_example("baumann").part("effects")


@pytest.fixture(scope="module")
def nabijheid():
    return whole_example("nabijheid").part("effects")


@pytest.fixture(scope="module")
def oracle(shared):
    return json.loads((shared / "oracles" / "reference.json").read_text())["prepost"]["baumann1"]


@pytest.fixture(scope="module")
def truth():
    import simulate_nabijheid

    means = simulate_nabijheid.true_effects(repeats=10)
    # closeness and conflict are sums of 7 and 8 items in the scoring key
    return {
        "strs-sf.closeness": [7 * x for x in means["closeness"]],
        "strs-sf.conflict": [8 * x for x in means["conflict"]],
        "nabijheid-leerling": list(means["pupil"]),
        "rekenen": list(means["arithmetic"]),
    }


@pytest.mark.parametrize("arm", ["DRTA", "Strat"])
def test_baumann_equals_r(baumann, oracle, arm):
    r = oracle[f"{arm}_vs_Basal"]
    here = {"outcome": "lezen1", "contrast": f"{arm} - Basal", "wave_from": "pre", "wave_to": "post"}
    # one slope for all three arms, as emmeans has it: near R's ANCOVA of two of them, with the df of three
    ancova, lead = (one(baumann, method=method, **here) for method in ("ancova", "hc2"))
    assert ancova.estimate == pytest.approx(float(r["ancova"]["b_treat"]), abs=0.15)
    assert (ancova.df, lead.estimate) == (62, pytest.approx(ancova.estimate))
    gain = one(baumann, method="gain_difference", **here)
    assert gain.estimate == pytest.approx(float(r["gain"]["mean_diff"]), rel=1e-6)
    assert gain.p == pytest.approx(float(r["gain"]["student"]["p"]), rel=1e-6)
    g = one(baumann, method="hedges_g", **here)
    assert g.estimate == pytest.approx(float(r["post"]["g"]), rel=1e-6)
    assert g.ci_low == pytest.approx(float(r["post"]["g_ci_low_ncp"]), rel=1e-6)
    assert g.ci_high == pytest.approx(float(r["post"]["g_ci_high_ncp"]), rel=1e-6)
    assert one(baumann, method="d_ppc2", **here).estimate == pytest.approx(float(r["morris"]["d_ppc2"]), rel=1e-6)


@pytest.mark.parametrize("wave", ["post", "followup"])
def test_the_true_effect_lies_within_the_interval_of_the_headline(nabijheid, truth, wave):
    for outcome, effects in truth.items():
        effect = effects[("post", "followup").index(wave)]
        for method in ("ancova_unit_means", HEADLINE):
            found = one(nabijheid, outcome=outcome, wave_to=wave, method=method)
            assert found.ci_low < effect < found.ci_high, (outcome, method)


def test_closeness_went_up_and_conflict_down(nabijheid):
    up = one(nabijheid, outcome="strs-sf.closeness", wave_to="post", method="ancova_unit_means")
    down = one(nabijheid, outcome="strs-sf.conflict", wave_to="post", method="ancova_unit_means")
    assert up.ci_low > 0 > down.ci_high


def test_for_whom_with_how_much_and_along_which_way_hold_what_is_true(nabijheid):
    # in truth neither the teacher's efficacy nor the number of conversations makes any difference
    asked = [e for e in nabijheid.estimates if e.method in {"moderation", "dose_response"}]
    assert len(asked) == 8
    assert all(e.ci_low < 0 < e.ci_high and e.role == "exploratory" for e in asked)
    for scale in ("closeness", "conflict"):
        here = {"outcome": f"strs-sf.{scale}", "wave_to": "post"}
        low, high = (one(nabijheid, method=f"moderation_{end}", **here) for end in ("low", "high"))
        slope = one(nabijheid, method="moderation", **here)
        assert np.sign(high.estimate - low.estimate) == np.sign(slope.estimate)
        borders = [one(nabijheid, method=f"moderation_region_{end}", **here).estimate for end in ("low", "high")]
        assert borders[0] < borders[1]
        assert one(nabijheid, method="mediation", **here).ci_low < one(nabijheid, method="mediation", **here).ci_high


def test_pupils_of_assigned_classes_are_never_compared_as_pupils(nabijheid):
    pupil_level = {"ancova", "gain_difference", "hedges_g", "g_adjusted", "d_ppc2", "paired_t"}
    assert not [e.id for e in nabijheid.estimates if e.method in pupil_level]
    assert all(e.n_clusters is not None for e in nabijheid.estimates if e.p is not None)


@pytest.mark.parametrize("name", ["baumann", "bdf", "nabijheid"])
def test_the_lead_answer_of_every_example_survives_in_a_copy(name):
    bench = whole_example(name).about("effects")
    shared = shared_bench(bench).results
    copy = {claim.id: claim for claim in shared.claims}
    leading = [claim for claim in bench.results.claims if claim.kind == "answer"]
    assert leading
    for claim in leading:
        kept = copy[claim.id]
        assert (kept.verdict, kept.sentence, kept.grade) == (claim.verdict, claim.sentence, claim.grade)
        assert kept.values.keys() - {"n"} == claim.values.keys() - {"n"}
        assert shared.item(claim.test).estimate is not None
