"""Schools in one model of all pupils: as a general library has it, and as pooling at the same residual variance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from werkbank.errors import UsageError
from werkbank.statistics.pooling.model import pool
from werkbank.statistics.pooling.one_stage import one_stage

PAIR = {"T": 1.0, "C": -1.0}


def pupils(seed, schools=12, spread=0.3, smallest=8, largest=20):
    """Draw pupils of schools that differ in level, size and effect."""
    rng, parts = np.random.default_rng(seed), []
    for s in range(schools):
        level, effect = rng.normal(), rng.normal(0.3, spread)
        for arm in PAIR:
            pre = rng.normal(size=rng.integers(smallest, largest))
            post = level + 0.5 * pre + (arm == "T") * effect + rng.normal(size=len(pre))
            parts.append(pd.DataFrame({"site": f"S{s:02}", "arm": arm, "pre": pre, "post": post}))
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("covariates", [(), ("pre",)])
@pytest.mark.parametrize("seed", [3, 4])
def test_it_is_the_mixed_model_with_a_dummy_for_each_school(seed, covariates):
    import statsmodels.formula.api as smf

    rows = pupils(seed)
    made = one_stage(rows, PAIR, covariates=covariates)
    rows["treated"] = (rows["arm"] == "T").astype(float)
    formula = " + ".join(["post ~ treated", "C(site)", *covariates])
    model = smf.mixedlm(formula, rows, groups="site", re_formula="0 + treated")
    known = model.fit(reml=True, method="powell")
    assert made.mean.value == pytest.approx(known.params["treated"], abs=1e-4)
    assert made.mean.se == pytest.approx(known.bse["treated"], rel=3e-3)  # its search ends before the last digits
    assert made.tau2 == pytest.approx(known.cov_re.iloc[0, 0], rel=2e-2)
    assert made.residual == pytest.approx(known.scale, rel=1e-3)


@pytest.mark.parametrize("covariates", [(), ("pre",)])
def test_it_maximises_the_restricted_likelihood_of_whole_matrices(covariates):
    rows = pupils(6, schools=8)
    made = one_stage(rows, PAIR, covariates=covariates)
    treated = (rows["arm"] == "T").to_numpy(float)
    same = (rows["site"].to_numpy()[:, None] == rows["site"].to_numpy()).astype(float)
    levels = pd.get_dummies(rows["site"], dtype=float)
    x, y = np.column_stack([treated, levels, rows[[*covariates]]]), rows["post"].to_numpy()

    def fitted(logs):
        tau2, residual = np.exp(logs)
        v = residual * np.eye(len(y)) + tau2 * same * np.outer(treated, treated)
        w = np.linalg.inv(v)
        information = x.T @ w @ x
        beta = np.linalg.solve(information, x.T @ w @ y)
        deviance = np.linalg.slogdet(v)[1] + np.linalg.slogdet(information)[1] + (y - x @ beta) @ w @ (y - x @ beta)
        return deviance, beta[0], np.linalg.inv(information)[0, 0] ** 0.5

    start = np.log([made.tau2, made.residual]) + 0.1
    tight = {"xatol": 1e-9, "fatol": 1e-11}
    found = optimize.minimize(lambda logs: fitted(logs)[0], start, method="Nelder-Mead", options=tight).x
    assert [made.tau2, made.residual] == pytest.approx(np.exp(found), rel=1e-4)
    assert [made.mean.value, made.mean.se] == pytest.approx(fitted(found)[1:], rel=1e-5)


@pytest.mark.parametrize("spread", [0.0, 0.4])
def test_at_the_same_residual_variance_two_stages_give_the_same(spread):
    made = one_stage(pupils(7, spread=spread), PAIR)
    fit = pool(made.effects["effect"].to_numpy(), made.effects["variance"].to_numpy())
    assert fit.between == pytest.approx(made.tau2, abs=1e-7)
    assert fit.beta[0] == pytest.approx(made.mean.value, abs=1e-8)
    assert fit.covariance[0, 0] ** 0.5 == pytest.approx(made.mean.se, rel=1e-6)


def test_units_and_levels_of_schools_do_not_matter():
    rows = pupils(8)
    one = one_stage(rows, PAIR, covariates=["pre"])
    moved = rows.assign(post=5 * rows["post"] + 100 * rows["site"].str[1:].astype(float))
    other = one_stage(moved, PAIR, covariates=["pre"])
    assert other.mean.value == pytest.approx(5 * one.mean.value)
    assert other.mean.p == pytest.approx(one.mean.p)
    assert other.standardised == pytest.approx(one.standardised)
    assert one.mean.df == 11


def test_schools_without_an_arm_say_nothing():
    rows = pupils(9)
    alone = rows[rows["site"] == "S00"].query("arm == 'T'").assign(site="alone", post=99.0)
    assert one_stage(pd.concat([rows, alone]), PAIR).mean == one_stage(rows, PAIR).mean


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda rows: rows[rows["site"].isin(["S00", "S01"])],
        lambda rows: rows.assign(post=np.where(rows.index == 3, np.nan, rows["post"])),
        lambda rows: rows.assign(post=(rows["arm"] == "T").astype(float)),
        lambda rows: rows.assign(pre=1.0),
    ],
    ids=["two schools", "a missing value", "no variation", "a constant covariate"],
)
def test_what_cannot_be_estimated_is_refused(spoilt):
    with pytest.raises(UsageError):
        one_stage(spoilt(pupils(5)), PAIR, covariates=["pre"])
