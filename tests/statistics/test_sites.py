"""Pupils within schools: R's model with school dummies, the mean of schools' effects, and whether these differ."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats
from statsmodels.stats.anova import anova_lm

from werkbank.errors import UsageError
from werkbank.statistics import multilevel
from werkbank.statistics.sites import site_effects

R = json.loads((Path(__file__).parents[1] / "oracles" / "designs.json").read_text())
TWO = {"t": 1.0, "c": -1.0}


def schools(n=8, seed=1, differ=0.0, per=(10, 30)):
    rng = np.random.default_rng(seed)
    size = rng.integers(*per, n)
    site = np.repeat(np.arange(n), size)
    arm = np.where(rng.random(len(site)) < np.linspace(0.3, 0.7, n)[site], "t", "c")
    rows = pd.DataFrame({"site": [f"s{i:02d}" for i in site], "arm": arm, "pre": rng.normal(size=len(site))})
    effect = rng.normal(size=n)[site] * differ * (arm == "t")
    rows["post"] = site / n + 0.6 * rows.pre + effect + rng.normal(size=len(site))
    return rows


def test_eef_mst_is_rs_model_with_school_dummies(shared):
    rows = pd.read_csv(shared / "data" / "eef_mst.csv").assign(arm=lambda d: d.Intervention.astype(str))
    found = site_effects(rows, {"1": 1.0, "0": -1.0}, "Posttest", covariates=["Prettest"], site="School")
    ordinary = found.in_these_pooled
    assert (ordinary.value, ordinary.se) == pytest.approx((R["eef_mst"]["b"], R["eef_mst"]["se"]), abs=5e-4)
    fitted = smf.ols("Posttest ~ Intervention + Prettest + C(School)", rows).fit()
    robust = smf.ols("Posttest ~ Intervention + Prettest + C(School)", rows).fit(cov_type="HC2")
    assert (ordinary.value, ordinary.se, ordinary.df) == pytest.approx(
        (fitted.params["Intervention"], fitted.bse["Intervention"], fitted.df_resid), rel=1e-8
    )
    assert found.in_these.test.se == pytest.approx(robust.bse["Intervention"], rel=1e-8)
    assert (found.one_arm, found.n_one_arm, len(found.effects)) == (("32",), 2, 53)


def test_in_these_sites_is_least_squares_with_site_columns_and_hc2():
    rows = schools()
    found = site_effects(rows, TWO)
    model = smf.ols("post ~ arm + pre + C(site)", rows)
    assert found.in_these.test.se == pytest.approx(model.fit(cov_type="HC2").bse["arm[T.t]"], rel=1e-8)
    X = pd.get_dummies(rows[["arm", "site"]], dtype=float).drop(columns="site_s00").assign(pre=rows.pre)
    contrast = np.r_[-1.0, 1.0, np.zeros(X.shape[1] - 2)]
    cr2 = multilevel.cr2_test(multilevel.cluster_robust(rows.post, X, np.arange(len(rows))), contrast)
    assert found.in_these.df_bm == pytest.approx(cr2.df, rel=1e-7)
    assert found.in_these_pooled.p == pytest.approx(model.fit().pvalues["arm[T.t]"], rel=1e-8)


def test_in_sites_like_these_every_site_counts_as_one():
    rows = schools(differ=0.5)
    found = site_effects(rows, TWO)
    cells = rows.groupby(["site", "arm"])
    dev = rows[["pre", "post"]] - cells[["pre", "post"]].transform("mean")
    b = (dev.pre * dev.post).sum() / (dev.pre**2).sum()
    r = rows.assign(r=rows.post - b * rows.pre).pivot_table("r", "site", "arm")
    want = stats.ttest_1samp(r.t - r.c, 0)
    assert found.effects.effect.to_numpy() == pytest.approx((r.t - r.c).to_numpy(), rel=1e-9)
    got = found.in_sites_like_these
    assert (got.statistic, got.df, got.p) == pytest.approx((want.statistic, 7, want.pvalue), rel=1e-9)
    assert site_effects(rows[rows.site < "s05"], TWO).in_sites_like_these.note == "fewer_than_six_sites"


def test_heterogeneity_is_the_test_of_site_by_arm_and_tau_is_of_dersimonian_and_laird():
    rows = schools(differ=0.8, seed=5)
    found = site_effects(rows, TWO).heterogeneity
    both = [smf.ols(f"post ~ arm {sign} C(site) + pre", rows).fit() for sign in "+*"]
    table = anova_lm(*both)
    assert (found.statistic, found.p) == pytest.approx((table.F[1], table["Pr(>F)"][1]), rel=1e-8)
    assert (found.df_numerator, found.df) == (7, both[1].df_resid)
    from statsmodels.stats.meta_analysis import combine_effects

    effects = site_effects(rows, TWO).effects
    theirs = combine_effects(effects.effect.to_numpy(), effects.se.to_numpy() ** 2, method_re="chi2")
    assert found.tau == pytest.approx(theirs.tau2**0.5, rel=1e-8)
    assert site_effects(schools(seed=12), TWO).heterogeneity.tau >= 0


def test_a_school_with_one_arm_lends_its_slope_only_and_one_of_one_pupil_nothing():
    rows = schools()
    extra = pd.DataFrame({"site": ["x", "x", "x", "y"], "arm": "c", "pre": [0.0, 1, 2, 5], "post": [0.0, 2, 1, 9]})
    found, without = site_effects(pd.concat([rows, extra]), TWO), site_effects(rows, TWO)
    assert (found.one_arm, found.n_one_arm) == (("x", "y"), 4)
    assert len(found.effects) == len(without.effects) == 8
    assert found.in_these.test.value == pytest.approx(without.in_these.test.value, abs=0.01)
    assert found.in_these_pooled.df == without.in_these_pooled.df + 2
    assert found.effects.n_t.tolist() == without.effects.n_t.tolist()


def test_what_cannot_be_compared_within_sites_is_refused():
    rows = schools()
    with pytest.raises(UsageError, match="sum to 0"):
        site_effects(rows, {"t": 1.0})
    with pytest.raises(UsageError, match="no site"):
        site_effects(rows.assign(site=rows.arm), TWO)
    flat = site_effects(rows.assign(post=0.3), TWO)
    assert {flat.in_these.refusal, flat.in_sites_like_these.note} == {"no_residual_variation"}
    one = site_effects(rows[rows.site == "s03"], TWO)
    assert (one.heterogeneity.note, one.in_sites_like_these.note) == ("one_site", "fewer_than_six_sites")
    assert one.in_these.test.p is not None


@pytest.mark.parametrize("y", ["read", "math"])
def test_star_with_all_arms_is_the_mixed_model_of_r(shared, y):
    """Which design gives 6.098 (1.652) and 8.027 (2.595): kindergarten, three arms, class in school at random."""
    rows = pd.read_csv(shared / "data" / "star_mlmrev.csv").query("gr == 'K'").dropna(subset=[y, "tch", "sch"])
    X = np.column_stack([rows.cltype == "reg", rows.cltype == "reg+A", rows.cltype == "small"]).astype(float)
    groups = {"school": rows.sch.astype(str), "class": rows.sch.astype(str) + "/" + rows.tch.astype(str)}
    test = multilevel.test(multilevel.fit(rows[y], X, groups), [-1.0, 0.0, 1.0])
    assert (test.estimate, test.se) == pytest.approx(R["star_k"][y], abs=1e-3)
