"""One model over all waves against lme4 and pbkrtest, and the share of an effect that was kept."""

import math

import numpy as np
import pandas as pd
import pytest

from werkbank.effects import describe, estimate
from werkbank.effects.waves import choose_structures, maintenance_ratio, waves_model
from werkbank.statistics.quantity import t_test


@pytest.fixture
def long(pinned):
    data = pd.DataFrame(pinned["waves"]["data"]).set_index("pupil")
    return data.assign(
        unit=data["class"],
        arm=data["arm"].map({1: "T", 0: "C"}),
        wave=data["wave"].map({0: "", 1: "post", 2: "followup"}),
    )


ARMS = {"T": 1.0, "C": -1.0}
ALIKE = ("exchangeable", "exchangeable")


def test_waves_model_matches_pbkrtest(pinned, long):
    found = waves_model(long, ARMS, ["post", "followup"], constrained=True, structures=ALIKE)
    for wave, known in pinned["waves"]["constrained"].items():
        made = found[wave]
        assert (made.value, made.se) == pytest.approx((known["b"], known["se"]), rel=2e-5)
        assert (made.df, made.p) == pytest.approx((known["df"], known["p"]), rel=2e-3)


def test_pupils_alone_need_no_classes(long):
    found = waves_model(long.assign(unit=pd.NA), ARMS, ["post", "followup"], constrained=True)
    assert found["post"].df > 50
    assert found["post"].note == "waves_unstructured"


def early_intervention(shared):
    """103 infants at 1, 1.5 and 2 years, drawn by lot."""
    table = pd.read_csv(shared / "data/early_intervention.csv")
    return pd.DataFrame(
        {
            "arm": table["trt"].map({"Y": "T", "N": "C"}).to_numpy(),
            "unit": pd.NA,
            "wave": table["age"].map({1.0: "", 1.5: "post", 2.0: "followup"}).to_numpy(),
            "y": table["cog"].to_numpy(float),
        },
        index=pd.Index(table["id"].astype(str), name="pupil"),
    )


def test_early_intervention_is_that_of_nlme_unstructured_and_not_of_one_covariance(shared):
    long = early_intervention(shared)
    made = waves_model(long, ARMS, ["post", "followup"], constrained=True)["followup"]
    # the SE without Kenward and Roger's correction is nlme's 1.83: tests/statistics/multilevel/test_over_waves.py
    assert made.value == pytest.approx(8.002, abs=5e-4)
    assert (made.se, made.df) == pytest.approx((1.851, 101), abs=1e-3)
    alike = waves_model(long, ARMS, ["post", "followup"], constrained=True, structures=("exchangeable", None))
    assert alike["followup"].value == pytest.approx(7.18, abs=5e-3)


def test_early_intervention_through_estimate(shared, make_study, long_scores):
    long = early_intervention(shared)
    waves = {name or "pre": part["y"] for name, part in long.groupby("wave", sort=False)}
    pupils = long.loc[long["wave"] == "", ["arm"]]
    made = estimate(make_study(columns={"pupil": "id", "arm": "arm"}), long_scores(waves), pupils, 1)
    (row,) = [e for e in made if e.method == "waves_model" and e.wave_to == "followup"]
    (lead,) = [e for e in made if e.kind == "headline" and e.wave_to == "followup"]
    assert (row.estimate, row.note, row.n) == (pytest.approx(8.002, abs=5e-4), "waves_unstructured", 103)
    # complete scores: the same as adjusting for the start
    assert row.estimate == pytest.approx(lead.estimate, rel=1e-6)


def test_complete_scores_that_were_not_drawn_give_the_analysis_of_covariance_of_every_wave(make_study, long_scores):
    rng = np.random.default_rng(8)
    index = pd.Index([f"p{i:03d}" for i in range(60)], name="pupil")
    pupils = pd.DataFrame({"arm": np.repeat(["T", "C"], 30), "age": rng.normal(9, 1, 60)}, index)
    pre = pd.Series(rng.normal(size=60), index)
    waves = {"pre": pre} | {
        w: 0.5 * pre + 0.3 * pupils["age"] + rng.normal(size=60) for w in ("post", "followup", "followup2")
    }
    study = make_study(kind="controlled", covariates=["age"])
    made = estimate(study, long_scores(waves), pupils, 1)
    for wave in ("post", "followup", "followup2"):
        (row,) = [e for e in made if e.method == "waves_model" and e.wave_to == wave]
        (known,) = [e for e in made if e.method == "ancova_covariates" and e.wave_to == wave]
        assert (row.estimate, row.se, row.df) == pytest.approx((known.estimate, known.se, known.df), rel=1e-5)


def test_the_model_over_waves_takes_the_blocks_and_covariates_of_the_lead(make_study, long_scores, subtests):
    rng = np.random.default_rng(9)
    index = pd.Index([f"p{i:03d}" for i in range(120)], name="pupil")
    school = rng.integers(0, 6, 120)
    treated = rng.random(120) < 0.15 + 0.12 * school  # shares rise with the school's level
    age = rng.normal(9, 1, 120)
    pupils = pd.DataFrame({"arm": np.where(treated, "T", "C"), "school": [f"s{s}" for s in school], "age": age}, index)
    level = 1.5 * school + 0.8 * age
    waves = {w: pd.Series(level + rng.normal(size=120), index) for w in ("pre", "post", "followup")}
    scores = long_scores(waves)
    for covariates in ((), ("age",)):
        with subtests.test(covariates=covariates):
            study = make_study(blocks="school", covariates=list(covariates))
            made = estimate(study, scores, pupils.assign(block=pupils["school"]), 1)
            for wave in ("post", "followup"):
                (row,) = [e for e in made if e.method == "waves_model" and e.wave_to == wave]
                (lead,) = [e for e in made if e.kind == "headline" and e.wave_to == wave]
                assert lead.method == "sites_fixed"
                assert row.estimate == pytest.approx(lead.estimate, rel=1e-6)
                assert row.se == pytest.approx(lead.se, rel=0.15)
                assert row.note == "waves_unstructured"


@pytest.mark.parametrize(
    ("n_waves", "pupils", "units", "chosen"),
    [
        (3, 60, None, ("unstructured", None)),
        (3, 12, None, ("exchangeable", None)),
        (9, 80, None, ("by_distance", None)),
        (3, 400, 20, ("unstructured", "unstructured")),
        (3, 120, 6, ("unstructured", "unstructured")),
        (3, 120, 4, ("unstructured", "exchangeable")),
        (9, 400, 20, ("by_distance", "exchangeable")),
    ],
)
def test_the_covariance_is_chosen_by_numbers(n_waves, pupils, units, chosen):
    waves = [f"w{i}" for i in range(n_waves)]
    who = [f"p{i}" for i in range(pupils) for _ in waves]
    unit = pd.NA if units is None else [f"k{i % units}" for i in range(pupils) for _ in waves]
    long = pd.DataFrame({"unit": unit, "wave": waves * pupils}, index=who)
    assert choose_structures(long, waves, 2)[0] == chosen


def test_waves_that_no_pupil_has_together_have_no_covariance_of_their_own(make_study, long_scores):
    # rotating forms: everybody at the start, half at each later wave; what is one wave apart is seen from the start
    rng = np.random.default_rng(11)
    index = pd.Index([f"p{i:03d}" for i in range(160)], name="pupil")
    pupils = pd.DataFrame({"arm": np.array(["T", "C"])[np.arange(160) % 2]}, index)
    level, form = rng.normal(size=160), np.arange(160) // 2 % 2
    post, later = (pd.Series(level + rng.normal(size=160), index) for _ in range(2))
    waves = {"pre": pd.Series(level + rng.normal(size=160), index), "post": post.where(form == 0)}
    waves["followup"] = later.where(form == 1)
    made = estimate(make_study(), long_scores(waves), pupils, 1)
    rows = [e for e in made if e.method == "waves_model"]
    assert [(e.n, e.note) for e in rows] == [(160, "waves_by_distance")] * 2
    assert all(e.p is not None for e in rows)


def test_three_waves_reach_the_results(make_study, classroom, long_scores):
    pupils, pre, post = classroom(classes=12, effect=1.0)
    rng = np.random.default_rng(4)
    later = (0.5 * post + 0.3 * pre + rng.normal(0, 0.5, len(pre))).where(rng.random(len(pre)) > 0.3)
    scores = long_scores({"pre": pre, "post": post, "followup": later})
    made = estimate(make_study(by="class"), scores, pupils, 1)
    effects = {e.wave_to: e for e in made if e.method == "waves_model"}
    assert set(effects) == {"post", "followup"}
    assert effects["followup"].n == len(pupils)  # those without follow-up count too
    assert effects["followup"].n_clusters == 12
    (ratio,) = [e for e in made if e.method == "maintenance_ratio"]
    # by the lead, among the pupils with all three scores
    rows = scores.pivot_table(index="pupil", columns="wave", values="score").dropna().index
    whole = estimate(make_study(by="class"), scores[scores["pupil"].isin(rows)], pupils.loc[rows], 1)
    leads = {e.wave_to: e.estimate for e in whole if e.kind == "headline"}
    assert ratio.n == len(rows)
    assert ratio.estimate == pytest.approx(leads["followup"] / leads["post"])
    assert ratio.ci_low < ratio.estimate < ratio.ci_high
    two = estimate(make_study(by="class"), long_scores({"pre": pre, "post": post}), pupils, 1)
    assert not [e for e in two if e.method == "waves_model"]


def test_a_ratio_needs_a_first_effect():
    small = t_test(0.1, 0.1, 20)
    assert maintenance_ratio(small, small, t_test(0.2, 0.2, 20)).note == "no_first_effect"


def test_fieller_covers_the_true_share():
    rng = np.random.default_rng(5)
    hits = []
    for _ in range(1500):
        early, late = rng.multivariate_normal([1.0, 0.6], [[0.04, 0.02], [0.02, 0.05]])
        made = maintenance_ratio(
            t_test(late, math.sqrt(0.05), 1e6), t_test(early, 0.2, 1e6), t_test(early + late, math.sqrt(0.13), 1e6)
        )
        if not made.note:
            hits.append(made.ci_low < 0.6 < made.ci_high)
    assert np.mean(hits) == pytest.approx(0.95, abs=0.015)


def test_solomon_s_arms_without_a_score_before_are_compared_afterwards_and_have_lost_nobody(make_study, long_scores):
    rng = np.random.default_rng(1)
    index = pd.Index([f"p{i:03d}" for i in range(160)], name="pupil")
    group = np.arange(160) % 4
    pupils = pd.DataFrame({"arm": np.array(["TP", "CP", "TN", "CN"])[group]}, index)
    pre = pd.Series(rng.normal(size=160), index)
    post = 0.6 * pre + rng.normal(size=160) + 0.6 * (group % 2 == 0)
    arms = {"TP": "intervention", "CP": "control", "TN": "intervention", "CN": "control"}
    study = make_study(arms=arms, columns={"pupil": "id", "arm": "arm"})
    scores = long_scores({"pre": pre.where(group < 2), "post": post})
    made = {(e.contrast, e.wave_from): e for e in estimate(study, scores, pupils, 1) if e.kind == "headline"}
    assert set(made) == {("TP - CP", "pre"), ("TP - CN", ""), ("TN - CP", ""), ("TN - CN", "")}
    assert all(e.p is not None and e.n == 80 for e in made.values())
    alone = estimate(
        make_study(arms={"TN": "intervention", "CN": "control"}, columns={"pupil": "id", "arm": "arm"}),
        scores.loc[scores["pupil"].isin(index[group > 1]) & (scores["wave"] == "post")],
        pupils.loc[group > 1],
        1,
    )
    (known,) = [e for e in alone if e.kind == "headline"]
    assert made["TN - CN", ""].estimate == pytest.approx(known.estimate)
    lost = {f.contrast: f.value for f in describe(study, scores, pupils) if f.what == "attrition_overall"}
    assert lost == dict.fromkeys(["TP - CP", "TP - CN", "TN - CP", "TN - CN"], 0.0)
