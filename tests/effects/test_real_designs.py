"""Real studies whose design was once ignored, from their rows through `werkbank.estimate` to R's numbers.

eef_mst (pupils within schools), STAR (classes within schools, three arms), Baumann (three arms), electric company
(pairs of classes). Their data lie beside the project.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from tests.conftest import ORACLES

import werkbank
from werkbank.study.model import Study

R = json.loads((ORACLES / "designs.json").read_text())


def answer(pupils, waves, arms, **design):
    """Estimate and describe one outcome `y` of pupils in arms."""
    study = Study.model_validate(
        {
            "title": "real",
            "design": {"kind": "randomised", "assigned_by": "pupil", "blocks": None, **design},
            "files": [{"path": "x.csv"}],
            "columns": {"pupil": "id", "class": "class", "school": "school", "arm": "arm"},
            "arms": arms,
            "outcomes": [{"name": "y", "column": "y", "better": "higher", "role": "primary"}],
        }
    )
    scores = pd.concat(
        [
            pd.DataFrame({"pupil": s.index, "wave": w, "outcome": "y", "scale": "y", "score": s.to_numpy(float)})
            for w, s in waves.items()
        ]
    ).dropna(subset=["score"])
    return werkbank.estimate(study, scores, pupils, 1), werkbank.describe(study, scores, pupils)


def only(made, method, contrast):
    (e,) = [e for e in made if e.method == method and e.contrast == contrast]
    return e


def test_eef_mst_is_compared_within_its_schools(shared):
    rows = pd.read_csv(shared / "data" / "eef_mst.csv")
    rows.index = [f"p{i:03d}" for i in range(len(rows))]
    pupils = pd.DataFrame(
        {"arm": rows["Intervention"].map({1: "T", 0: "C"}), "school": rows["School"].astype(str)}, rows.index
    )
    waves = {"pre": rows["Prettest"], "post": rows["Posttest"]}
    made, facts = answer(pupils, waves, {"T": "intervention", "C": "control"})
    lead, pooled = only(made, "sites_fixed", "T - C"), only(made, "sites_fixed_pooled", "T - C")
    assert (lead.kind, lead.n, lead.n_clusters) == ("headline", 208, 53)
    assert lead.estimate == pytest.approx(R["eef_mst"]["b"], abs=5e-4)
    assert (pooled.estimate, pooled.se) == pytest.approx((R["eef_mst"]["b"], R["eef_mst"]["se"]), abs=5e-4)
    mixed = only(made, "sites_mixed", "T - C")
    assert (mixed.estimate, mixed.se) == pytest.approx((R["eef_mst"]["b_mixed"], R["eef_mst"]["se_mixed"]), abs=5e-4)
    assert (mixed.n, mixed.n_clusters) == (210, 54)
    fitted = smf.ols("Posttest ~ Intervention + Prettest + C(School)", rows).fit(cov_type="HC2")
    assert lead.se == pytest.approx(fitted.bse["Intervention"], rel=1e-8)
    cautions = {f.category for f in facts if f.what == "caution"}
    assert {"blocks_undeclared", "sites_with_one_arm"} <= cautions


def test_baumann_has_one_slope_for_three_methods(shared):
    rows = pd.read_csv(shared / "data" / "baumann.csv")
    rows.index = [f"p{i:02d}" for i in range(len(rows))]
    pupils = pd.DataFrame({"arm": rows["group"]}, rows.index)
    arms = {"Basal": "control", "DRTA": "intervention", "Strat": "intervention"}
    waves = {"pre": rows["pretest.1"], "post": rows["post.test.1"]}
    made, _ = answer(pupils, waves, arms)
    known = R["baumann1"]["pairs"]
    pair = only(made, "pairwise", "Strat - DRTA")
    assert pair.estimate == pytest.approx(known["Strat_minus_DRTA"]["estimate"], rel=1e-9)
    robust = smf.ols("Q('post.test.1') ~ C(group) + Q('pretest.1')", rows).fit(cov_type="HC2")
    strat, drta = (robust.params.index.get_loc(f"C(group)[T.{g}]") for g in ("Strat", "DRTA"))
    row = np.zeros(len(robust.params))
    row[strat], row[drta] = 1, -1
    assert pair.se == pytest.approx(float(robust.t_test(row).sd.item()), rel=1e-9)
    # one variance for all, as R's lm takes it: .734 on 62 df stand beside each contrast that is asked
    for arm in ("DRTA", "Strat"):
        beside = only(made, "ancova", f"{arm} - Basal")
        r = known[f"{arm}_minus_Basal"]
        assert (beside.estimate, beside.se, beside.df) == pytest.approx((r["estimate"], r["SE"], r["df"]), rel=1e-8)
    study_of_two = {"contrasts": [{"name": "drta-strat", "weights": {"DRTA": 1, "Strat": -1}}]}
    asked = Study.model_validate(
        {
            "title": "real",
            "design": {"kind": "randomised", "assigned_by": "pupil"},
            "files": [{"path": "x.csv"}],
            "columns": {"pupil": "id", "arm": "arm"},
            "arms": arms,
            "outcomes": [{"name": "y", "column": "y", "better": "higher"}],
            **study_of_two,
        }
    )
    scores = pd.concat(
        [
            pd.DataFrame({"pupil": s.index, "wave": w, "outcome": "y", "scale": "y", "score": s.to_numpy(float)})
            for w, s in waves.items()
        ]
    )
    beside = only(werkbank.estimate(asked, scores, pupils, 1), "ancova", "drta-strat")
    assert (beside.estimate, beside.se, beside.df) == pytest.approx((1.590, 0.734, 62), abs=5e-4)


def test_electric_company_is_compared_within_its_pairs(shared):
    rows = pd.read_csv(shared / "data" / "electric_company.csv")
    rows.index = [f"c{i:03d}" for i in range(len(rows))]  # a row is a class
    pupils = pd.DataFrame({"arm": rows["treatment"].map({1: "T", 0: "C"}), "class": rows.index}, rows.index)
    pupils["block"] = rows["pair_id"].astype(str)
    waves = {"pre": rows["pre_test"], "post": rows["post_test"]}
    arms = {"T": "intervention", "C": "control"}
    made, _ = answer(pupils, waves, arms, assigned_by="class", blocks="pair")
    lead = only(made, "block_differences", "T - C")
    assert (lead.kind, lead.n, lead.n_clusters, lead.df) == ("headline", 192, 192, 94)
    expected = (R["electric_company"]["b"], R["electric_company"]["se"])
    assert (lead.estimate, lead.se) == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize("y", ["read", "math"])
def test_star_with_all_arms_is_compared_within_its_schools(shared, y):
    rows = pd.read_csv(shared / "data" / "star_mlmrev.csv").query("gr == 'K'").dropna(subset=[y, "tch", "sch"])
    rows.index = rows["id"].astype(str)
    pupils = pd.DataFrame({"arm": rows["cltype"], "class": rows["tch"].astype(str), "school": rows["sch"].astype(str)})
    arms = {"reg": "control", "small": "intervention", "reg+A": "intervention"}
    made, _ = answer(pupils, {"post": rows[y]}, arms, assigned_by="class", blocks=False)
    beside = only(made, "mixed_kr", "small - reg")  # three arms, classes in schools at random: R's model
    assert (beside.estimate, beside.se) == pytest.approx(R["star_k"][y], abs=1e-3)
    lead = only(made, "unit_means_post", "small - reg")
    means = rows.groupby("tch").agg(post=(y, "mean"), arm=("cltype", "first"))
    known = smf.ols("post ~ C(arm)", means).fit(cov_type="HC2")
    assert (lead.estimate, lead.se) == pytest.approx((known.params["C(arm)[T.small]"], known.bse["C(arm)[T.small]"]))
