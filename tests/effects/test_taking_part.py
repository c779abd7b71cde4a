"""Taking part, the effect on those whom the lot moved, and the dose: two-stage matrices, R, and the lead itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from werkbank.effects import estimate
from werkbank.effects.leading import Plan, answered
from werkbank.effects.taking_part import dose_response, taking_part
from werkbank.statistics.unit_means import SlopeChoice

WEIGHTS = {"T": 1.0, "C": -1.0}


def plan(design="pupils", slope="between", *, covariates=(), pre=True, weights=WEIGHTS):
    return Plan(design, weights, pre, covariates, SlopeChoice(slope, ""), n_blocks=None)


@pytest.fixture
def trial(pinned):
    data = pd.DataFrame(pinned["cace"]["data"])
    return data.assign(arm=data["arm"].map({1: "T", 0: "C"}), had=data["received"].astype(float))


def classes(n=12, size=15, seed=2, followed=0.9, by_mistake=0.2, effect=0.6):
    """Pupils in classes that were drawn; whole classes follow the lot or not, and pupils within them attend."""
    rng = np.random.default_rng(seed)
    of = np.repeat(np.arange(n), size)
    treated = of % 2 == 0
    had = (rng.random(len(of)) < np.where(treated, followed, by_mistake)).astype(float)
    pre = rng.normal(size=len(of))
    post = 0.5 * pre + effect * had + rng.normal(0, 0.4, n)[of] + rng.normal(size=len(of))
    arm = np.where(treated, "T", "C")
    block = (of // 2).astype(str)
    return pd.DataFrame(
        {"arm": arm, "unit": [f"k{k:02d}" for k in of], "block": block, "pre": pre, "post": post, "had": had}
    )


def two_stages(y, d, Z, instrument):
    """Two-stage least squares of y on d and Z's other columns: value, HC2 SE by the leverages of the first stage."""
    X = np.column_stack([d, np.delete(Z, instrument, axis=1)])
    fitted = Z @ np.linalg.lstsq(Z, X, rcond=None)[0]
    inverse = np.linalg.inv(fitted.T @ fitted)
    b = inverse @ fitted.T @ y
    h = np.einsum("ij,jk,ik->i", fitted, inverse, fitted)
    meat = fitted.T @ (fitted * ((y - X @ b) ** 2 / (1 - h))[:, None])
    return b[0], np.sqrt((inverse @ meat @ inverse)[0, 0])


def test_of_pupils_it_is_two_stage_least_squares_with_hc2_and_r_s_value(trial, pinned):
    found = taking_part(plan(), trial, drawn=True)
    Z = np.column_stack([trial["arm"] == "T", np.ones(len(trial)), trial["pre"]]).astype(float)
    value, se = two_stages(trial["post"].to_numpy(), trial["had"].to_numpy(), Z, 0)
    assert (found.effect.value, found.effect.se) == pytest.approx((value, se), rel=1e-8)
    assert found.effect.value == pytest.approx(pinned["cace"]["b"], rel=1e-9)
    assert 20 < found.effect.df < len(trial) - 3
    assert found.share["T"] == pytest.approx(trial.loc[trial.arm == "T", "had"].mean())


@pytest.mark.parametrize("slope", ["within", "between"])
@pytest.mark.parametrize("design", ["units", "blocks", "sites", "pupils"])
def test_where_all_comply_it_is_the_lead_in_every_design(design, slope):
    rows = classes()
    rows = rows.assign(had=(rows["arm"] == "T").astype(float))
    if design == "sites":  # pupils of both arms in every block
        rows = rows.assign(arm=np.resize(["T", "C"], len(rows)))
        rows = rows.assign(had=(rows["arm"] == "T").astype(float))
    lead = answered(plan(design, slope), rows).test
    made = taking_part(plan(design, slope), rows, drawn=True).effect
    assert (made.value, made.se, made.df, made.p) == pytest.approx((lead.value, lead.se, lead.df, lead.p), rel=1e-9)


def test_of_classes_it_is_that_of_class_means_and_never_of_pupils():
    rows = classes()
    made = taking_part(plan("units"), rows, drawn=True)
    means = rows.groupby("unit").agg({"arm": "first", "pre": "mean", "post": "mean", "had": "mean"})
    Z = np.column_stack([means["arm"] == "T", np.ones(len(means)), means["pre"]]).astype(float)
    value, se = two_stages(means["post"].to_numpy(), means["had"].to_numpy(), Z, 0)
    assert (made.effect.value, made.effect.se) == pytest.approx((value, se), rel=1e-8)
    assert made.effect.df < 12
    assert (made.n, made.n_units) == (180, 12)


def test_controls_who_took_part_are_never_passed_over():
    made = taking_part(plan("units"), classes(by_mistake=0.55, followed=1.0, n=40), drawn=True)
    assert made.effect.note == "cace_controls_took_part"
    assert made.share["C"] == pytest.approx(0.55, abs=0.1)
    assert taking_part(plan("units"), classes(by_mistake=0.0), drawn=True).effect.note == ""


def test_a_lot_that_was_not_followed_moves_nobody_and_without_a_lot_there_is_no_answer(trial):
    rows = trial.assign(had=np.resize([0.0, 1.0], len(trial)))
    assert taking_part(plan(), rows, drawn=True).effect.note == "weak_instrument"
    assert taking_part(plan(), trial, drawn=False).effect.note == "cace_needs_lot"
    assert taking_part(plan(), trial, drawn=False).first_stage.p is not None
    nobody = taking_part(plan(), trial.assign(had=0.0), drawn=True)
    assert nobody.effect.note == "weak_instrument"


def test_with_few_classes_the_first_stage_must_be_beyond_its_own_t():
    # F is above 10, but at 2 df that is no difference: t must be beyond 4.3
    rows = pd.DataFrame({"unit": ["a", "b", "c", "d"], "arm": ["T", "T", "C", "C"], "had": [1.0, 0.4, 0.0, 0.1]})
    rows = pd.concat([rows] * 3).assign(post=np.arange(12.0), pre=0.0)
    found = taking_part(plan("units", None, pre=False), rows, drawn=True)
    first = found.first_stage
    assert first.df == pytest.approx(2)
    assert found.effect.note == "weak_instrument"


def test_the_dose_is_r_s_slope_and_statsmodels_hc2(trial, pinned):
    import statsmodels.api as sm

    rows = trial[trial["arm"] == "T"].assign(had=lambda t: t["dose"])
    made = dose_response(plan(), rows)
    X = np.column_stack([np.ones(len(rows)), rows["had"], rows["pre"]])
    fit = sm.OLS(rows["post"].to_numpy(), X).fit(cov_type="HC2")
    assert (made.value, made.se) == pytest.approx((fit.params[1], fit.bse[1]), rel=1e-8)
    assert made.value == pytest.approx(pinned["cace"]["dose"][0], rel=1e-8)
    assert made.note == "dose_not_by_lot"


def test_the_dose_of_classes_is_hc2_on_their_means_with_the_df_of_one_row_clusters():
    from werkbank.statistics import multilevel

    rows = classes(n=20)
    rows = rows[rows["arm"] == "T"]
    made = dose_response(plan("units"), rows)
    means = rows.groupby("unit")[["had", "pre", "post"]].mean()
    X = np.column_stack([np.ones(10), means["had"], means["pre"]])
    known = multilevel.cr2_test(multilevel.cluster_robust(means["post"], X, means.index), [0.0, 1, 0])
    assert (made.value, made.se) == pytest.approx((known.estimate, known.se), rel=1e-8)
    assert made.df == pytest.approx(min(known.df, 8), rel=1e-6)


def test_pairs_of_which_one_was_treated_leave_no_blocks_for_the_dose_and_it_is_said():
    rows = classes(n=12)
    treated = rows[rows["arm"] == "T"]
    made = dose_response(plan("blocks"), treated)
    assert made.note == "dose_without_blocks"
    assert made.p == pytest.approx(dose_response(plan("units"), treated).p)
    sites = rows.assign(had=np.random.default_rng(1).normal(size=len(rows)))
    inside = dose_response(plan("sites"), sites[sites["arm"] == "T"])
    assert inside.note == "dose_not_by_lot"


def test_a_report_has_take_up_by_arm_and_the_first_stage_with_covariates(make_study, classroom, long_scores):
    pupils, pre, post = classroom(classes=20, size=10)
    rng = np.random.default_rng(5)
    came = np.where(pupils["arm"] == "T", rng.random(200) < 0.8, rng.random(200) < 0.3).astype(float)
    pupils = pupils.assign(came=came, age=rng.normal(10, 1, 200))
    study = make_study(by="class", received="came", covariates=["age"])
    made = {e.method + "/" + e.group: e for e in estimate(study, long_scores({"pre": pre, "post": post}), pupils, 1)}
    for arm in ("T", "C"):
        share = made[f"take_up/{arm}"]
        assert share.estimate == pytest.approx(came[(pupils["arm"] == arm).to_numpy()].mean())
        assert (share.n, share.n_clusters, share.kind) == (100, 10, "cace")
    first, effect, lead = made["first_stage/"], made["cace/"], made["unit_means_between/"]
    assert first.df < 20
    assert effect.df < 20
    # at the same covariates as the lead, so that their ratio is the effect
    assert effect.estimate == pytest.approx(lead.estimate / first.estimate, rel=1e-9)
    assert effect.note == "cace_controls_took_part"


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_an_effect_that_was_put_in_comes_out_where_both_arms_took_part(share):
    found = [
        taking_part(plan("units"), classes(n=16, seed=seed, by_mistake=share, effect=0.8), drawn=True).effect
        for seed in range(150)
    ]
    made = [q for q in found if q.p is not None]
    assert np.mean([q.value for q in made]) == pytest.approx(0.8, abs=0.12)
    assert np.mean([q.ci_low < 0.8 < q.ci_high for q in made]) > 0.9
