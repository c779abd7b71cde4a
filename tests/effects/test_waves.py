"""One model over all waves against lme4 and pbkrtest, and the share of an effect that was kept."""

import math

import numpy as np
import pandas as pd
import pytest

from werkbank.effects import estimate
from werkbank.effects.waves import WavesModel, maintenance_ratio
from werkbank.statistics.quantity import t_test


@pytest.fixture
def long(pinned):
    data = pd.DataFrame(pinned["waves"]["data"]).set_index("pupil")
    return data.assign(
        unit=data["class"],
        arm=data["arm"].map({1: "T", 0: "C"}),
        wave=data["wave"].map({0: "", 1: "post", 2: "followup"}),
    )


@pytest.mark.parametrize(("constrained", "which"), [(True, "constrained"), (False, "free")])
def test_waves_model_matches_pbkrtest(pinned, long, constrained, which):
    model = WavesModel(long, {"T": 1.0, "C": -1.0}, ["post", "followup"], constrained=constrained)
    for wave, known in pinned["waves"][which].items():
        made = model.effect([wave])
        assert (made.value, made.se) == pytest.approx((known["b"], known["se"]), rel=2e-5)
        assert (made.df, made.p) == pytest.approx((known["df"], known["p"]), rel=2e-3)


def test_pupils_alone_need_no_classes(long):
    model = WavesModel(long.assign(unit=pd.NA), {"T": 1.0, "C": -1.0}, ["post", "followup"], constrained=True)
    assert model.effect(["post"]).df > 100


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
