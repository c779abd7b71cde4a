"""The mixed model itself: real data with published values, identities, boundaries, refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from werkbank.errors import UsageError
from werkbank.statistics.multilevel import fit, identifiable, test


def matches(fitted, want):
    assert fitted.converged
    assert fitted.loglik == pytest.approx(want["logLik"], abs=1e-6)
    for name, row in want["fixed"].items():
        at = fitted.names.index(name)
        assert fitted.beta[at] == pytest.approx(row["b"], rel=1e-6, abs=1e-6 * row["se"])
        assert fitted.se[at] == pytest.approx(row["se"], rel=1e-5)
        satterthwaite = test(fitted, name, "satterthwaite")
        assert satterthwaite.df == pytest.approx(row["df_satterthwaite"], rel=1e-3)
        assert satterthwaite.p == pytest.approx(row["p_satterthwaite"], rel=1e-3)
        assert satterthwaite.ci_low == pytest.approx(row["ci_low_satt"], abs=1e-4 * row["se"])
        if "df_kr" in row:
            kr = test(fitted, name)
            assert kr.se == pytest.approx(row["se_kr"], rel=1e-5)
            assert kr.df == pytest.approx(row["df_kr"], rel=1e-3)
            assert kr.p == pytest.approx(row["p_kr"], rel=1e-3)
    for name, variance in fitted.variances.items():
        assert variance == pytest.approx(want["varcomp"][f"{name}.Intercept"], rel=1e-4)
    assert fitted.residual == pytest.approx(want["varcomp"]["Residual"], rel=1e-4)


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_nlschools_null_model(nlschools, reference, method):
    want = reference["multilevel"]["nlschools"]["null"][method]
    fitted = fit(
        nlschools.lang, np.ones((len(nlschools), 1)), {"class": nlschools["class"]}, ["Intercept"], method=method
    )
    matches(fitted, want)
    assert fitted.icc["class"] == pytest.approx(want["icc"]["class"], rel=1e-4)
    assert fitted.n_groups == {"class": 133}


@pytest.mark.parametrize("method", ["reml", "ml"])
def test_nlschools_with_covariates_at_both_levels(nlschools, reference, method):
    X = pd.DataFrame({"Intercept": 1.0, "IQ": nlschools.IQ, "SES": nlschools.SES, "COMB1": nlschools.COMB})
    fitted = fit(nlschools.lang, X, {"class": nlschools["class"]}, method=method)
    matches(fitted, reference["multilevel"]["nlschools"]["iq_ses_comb"][method])


@pytest.mark.parametrize("model", ["comb", "iq_comb", "null"])
def test_first_20_classes(first20, reference, model):
    X = pd.DataFrame({"Intercept": 1.0, "IQ": first20.IQ, "COMB1": first20.COMB})
    columns = {"comb": ["Intercept", "COMB1"], "iq_comb": ["Intercept", "IQ", "COMB1"], "null": ["Intercept"]}[model]
    fitted = fit(first20.lang, X[columns], {"class": first20["class"]})
    matches(fitted, reference["multilevel"]["nlschools_first20"][model]["reml"])


def test_balanced_repeated_measures_have_the_df_of_theory(baumann_long, reference):
    d = baumann_long
    X = pd.DataFrame({"Intercept": np.ones(len(d)), "time": d.time})
    for group in ("DRTA", "Strat"):
        X[group] = (d.group == group).astype(float)
        X[f"{group}:time"] = X[group] * d.time
    fitted = fit(d.y, X, {"pupil": d.id})
    for name in ("DRTA:time", "Strat:time"):
        assert test(fitted, name).df == pytest.approx(63, rel=1e-6)
    want = reference["multilevel"]["baumann1_long"]["time_x_group"]["reml"]
    assert fitted.loglik == pytest.approx(want["logLik"], abs=1e-6)


def test_snijders_and_bosker_empty_model(bdf):
    fitted = fit(bdf.langPOST, np.ones((len(bdf), 1)), {"school": bdf.schoolNR}, method="ml")
    # Snijders & Bosker (1999), Table 4.1: 40.36 (.43), 19.42, 64.57, deviance 16253.2
    assert fitted.beta[0] == pytest.approx(40.36, abs=0.006)
    assert fitted.se[0] == pytest.approx(0.43, abs=0.005)
    assert fitted.variances["school"] == pytest.approx(19.42, abs=0.01)
    assert fitted.residual == pytest.approx(64.57, abs=0.006)
    assert fitted.deviance == pytest.approx(16253.2, abs=0.05)


def dense(y, X, Zs, variances, residual):
    """-2 restricted log-likelihood by the formula, with n x n matrices."""
    V = residual * np.eye(len(y)) + sum(v * Z @ Z.T for v, Z in zip(variances, Zs, strict=True))
    inverse = np.linalg.inv(V)
    F = X.T @ inverse @ X
    rest = y - X @ np.linalg.solve(F, X.T @ inverse @ y)
    constant = (len(y) - X.shape[1]) * np.log(2 * np.pi)
    return constant + np.linalg.slogdet(V)[1] + np.linalg.slogdet(F)[1] + rest @ inverse @ rest


def indicator(labels):
    codes = np.unique(labels, return_inverse=True)[1]
    return np.eye(codes.max() + 1)[codes]


def school_study(seed=3):
    """Pupils over three waves in classes in schools, with gaps."""
    rng = np.random.default_rng(seed)
    class_of = np.repeat(np.arange(9), rng.integers(3, 6, 9))
    pupil, wave = np.repeat(np.arange(len(class_of)), 3), np.tile([0, 1, 2], len(class_of))
    keep = rng.random(len(pupil)) > 0.15
    pupil, wave = pupil[keep], wave[keep]
    klass = class_of[pupil]
    school = klass // 3
    y = rng.normal(size=3)[school] + 0.5 * rng.normal(size=9)[klass] + 0.7 * rng.normal(size=(9, 3))[klass, wave]
    y += rng.normal(size=len(class_of))[pupil] + 0.5 * rng.normal(size=len(pupil))
    X = np.column_stack([np.ones(len(y)), wave == 1, wave == 2, rng.normal(size=len(y))])
    return y, X, {"school": school, "class": klass, "pupil": pupil}, wave


@pytest.mark.parametrize("waves_of", [(), ("class",), ("school",), ("school", "class")])
def test_likelihood_equals_the_dense_formula_at_any_depth(waves_of):
    y, X, groups, wave = school_study()
    fitted = fit(y, X, groups, waves=wave, waves_of=waves_of)
    Zs = [indicator(groups[t[:-5]] * 3 + wave if t.endswith(":wave") else groups[t]) for t in fitted.variances]
    variances = np.array(list(fitted.variances.values()))
    at_best = dense(y, X, Zs, variances, fitted.residual)
    assert fitted.deviance == pytest.approx(at_best, rel=1e-10)
    for i in range(len(variances)):
        for change in (0.97, 1.03):
            other = variances.copy()
            other[i] = other[i] * change + (1e-3 if other[i] == 0 else 0)
            assert dense(y, X, Zs, other, fitted.residual) >= at_best - 1e-9


def test_class_by_wave_of_the_innermost_factor_is_a_nested_level():
    y, X, groups, wave = school_study()
    first = fit(y, X, {"class": groups["class"]}, waves=wave, waves_of=["class"])
    second = fit(y, X, {"class": groups["class"], "cell": groups["class"] * 3 + wave})
    assert first.loglik == pytest.approx(second.loglik, abs=1e-9)
    assert list(first.variances) == ["class", "class:wave"]


def test_the_search_ends_where_no_other_variances_are_better(subtests):
    for seed in range(30):
        with subtests.test(f"seed {seed}"):
            # in many of these one or more variances are zero, where a careless search gets stuck beside the maximum
            rng = np.random.default_rng(seed)
            class_of = np.repeat(np.arange(6), rng.integers(3, 9, 6))
            pupil, wave = np.repeat(np.arange(len(class_of)), 3), np.tile([0, 1, 2], len(class_of))
            klass = class_of[pupil]
            spread = rng.integers(0, 2, 3) * rng.random(3)
            y = spread[0] * rng.normal(size=6)[klass] + spread[1] * rng.normal(size=(6, 3))[klass, wave]
            y += spread[2] * rng.normal(size=len(class_of))[pupil] + rng.normal(size=len(pupil))
            X = np.column_stack([np.ones(len(y)), wave == 1, wave == 2, klass % 2])
            fitted = fit(y, X, {"class": klass, "pupil": pupil}, waves=wave, waves_of=["class"])
            assert fitted.converged
            Zs = [indicator(klass), indicator(klass * 3 + wave), indicator(pupil)]
            best = np.array(list(fitted.variances.values()))
            assert fitted.deviance == pytest.approx(dense(y, X, Zs, best, fitted.residual), rel=1e-9)
            for _ in range(6):
                other = np.maximum(best + rng.normal(size=3) * rng.choice([0.01, 0.1]), 0)
                assert dense(y, X, Zs, other, fitted.residual) >= fitted.deviance - 1e-8


def test_variance_zero_after_adjusting_for_the_pretest():
    # the ordinary case after adjustment, where statsmodels' MixedLM ends with standard errors 6 to 17 % off:
    # the class variance is put at exactly 0 and everything equals least squares
    rng = np.random.default_rng(5)
    klass = np.repeat(np.arange(8), 15)
    pre = rng.normal(size=120) + 0.5 * rng.normal(size=8)[klass]
    noise = rng.normal(size=120)
    noise -= np.array([noise[klass == c].mean() for c in range(8)])[klass] * 0.9
    X = np.column_stack([np.ones(120), klass % 2, pre])
    y = X @ [2, 0.3, 0.8] + noise
    fitted = fit(y, X, {"class": klass}, ["one", "arm", "pre"])
    assert fitted.variances == {"class": 0.0}
    assert fitted.singular
    assert fitted.converged
    beta, rss, *_ = np.linalg.lstsq(X, y)
    least_squares = rss[0] / (120 - 3) * np.linalg.inv(X.T @ X)
    assert fitted.beta == pytest.approx(beta, rel=1e-10)
    assert fitted.vcov == pytest.approx(least_squares, rel=1e-10)
    # Kenward-Roger keeps the component that was estimated as zero: more cautious than least squares
    assert test(fitted, "arm").df < 20
    assert test(fitted, "arm", "satterthwaite").df == pytest.approx(117)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.floats(1e-3, 1e3), st.floats(-1e4, 1e4))
def test_scale_origin_and_order_of_rows_do_not_matter(seed, scale, shift):
    rng = np.random.default_rng(seed)
    y, X, groups, _ = school_study(seed % 50)
    order = rng.permutation(len(y))
    first = fit(y, X, groups)
    second = fit(shift + scale * y[order], X[order], {k: g[order] for k, g in groups.items()})
    assert second.se == pytest.approx(first.se * scale, rel=1e-5)
    kr, again = test(first, [0, 0, 1, 0]), test(second, [0, 0, 1, 0])
    assert again.df == pytest.approx(kr.df, rel=1e-4)
    assert again.p == pytest.approx(kr.p, rel=1e-4)
    assert (kr.p < 0.05) == (not kr.ci_low <= 0 <= kr.ci_high)


def test_balanced_design_equals_the_test_on_class_means():
    rng = np.random.default_rng(8)
    klass = np.repeat(np.arange(8), 12)
    y = rng.normal(size=8)[klass] + rng.normal(size=96)
    X = np.column_stack([np.ones(96), klass % 2])
    kr = test(fit(y, X, {"class": klass}, ["one", "arm"]), "arm")
    means = y.reshape(8, 12).mean(axis=1)
    difference = means[1::2].mean() - means[::2].mean()
    se = np.sqrt((means[1::2].var(ddof=1) + means[::2].var(ddof=1)) / 2 * (2 / 4))
    assert (kr.estimate, kr.se, kr.df) == pytest.approx((difference, se, 6), rel=1e-8)


def test_two_clusters_carry_a_fit_but_not_a_contrast_between_them():
    rng = np.random.default_rng(2)
    klass = np.repeat([0, 1], 20)
    y, pre = rng.normal(size=40) + klass, rng.normal(size=40)
    within = fit(y, np.column_stack([np.ones(40), pre]), {"class": klass}, ["one", "pre"])
    assert within.converged
    assert test(within, "pre").df > 30
    confounded = fit(y, np.column_stack([np.ones(40), klass]), {"class": klass}, ["one", "arm"])
    refused = test(confounded, "arm")
    assert np.isnan([refused.p, refused.ci_low, refused.df]).all()
    assert "class" in refused.note


def test_a_class_of_one_pupil_is_no_problem():
    rng = np.random.default_rng(4)
    klass = np.array([0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4])
    fitted = fit(rng.normal(size=11), np.ones((11, 1)), {"class": klass})
    assert fitted.converged
    assert fitted.n_groups == {"class": 5}


def test_constant_outcome_gives_no_numbers_but_a_reason():
    fitted = fit(np.full(12, 3.0), np.ones((12, 1)), {"class": np.repeat([0, 1, 2], 4)}, ["one"])
    assert fitted.beta == pytest.approx([3.0])
    assert not fitted.converged
    result = test(fitted, "one")
    assert np.isnan(result.p)
    assert "does not vary" in result.note


def test_outcome_of_the_class_itself_is_refused_with_the_way_out():
    klass = np.repeat(np.arange(6), 4)
    y = np.random.default_rng(1).normal(size=6)[klass]
    fitted = fit(y, np.column_stack([np.ones(24), klass % 2]), {"class": klass}, ["one", "arm"])
    result = test(fitted, "arm")
    assert not fitted.converged
    assert np.isnan([result.p, result.se, *fitted.se]).all()
    assert "does not vary within 'class'" in result.note


CLASS = np.repeat([0, 1, 2], 4)


@pytest.mark.parametrize(
    ("groups", "match"),
    [
        ({"class": CLASS, "teacher": np.tile([0, 1], 6)}, "'teacher' is not nested in 'class'"),
        ({"school": CLASS, "class": CLASS + 10}, "'class' and 'school' are the same groups"),
        ({"school": np.zeros(12), "class": CLASS}, "'school' has one group only"),
        ({"pupil": np.arange(12)}, "'pupil' has one row in every group"),
        ({"class": [None, *CLASS[1:]]}, "1 rows have no class"),
        ({}, "at least one grouping factor"),
    ],
)
def test_groups_that_cannot_be_estimated_are_refused_by_name(groups, match):
    with pytest.raises(UsageError, match=match):
        fit(np.arange(12.0), np.ones((12, 1)), groups)


def test_identifiable_levels_are_kept_and_the_others_named():
    school = np.repeat([0, 1], 6)
    kept, dropped = identifiable({"board": np.zeros(12), "school": school, "class": school + 5, "pupil": np.arange(12)})
    assert list(kept) == ["school"]
    assert dropped == {"board": "one_group", "class": "same_as_school", "pupil": "one_row_each"}


def test_collinear_and_missing_columns_are_refused_by_name():
    rng = np.random.default_rng(1)
    X = pd.DataFrame({"one": 1.0, "boy": np.tile([0, 1], 6), "pre": rng.normal(size=12)})
    X["girl"] = 1 - X.boy
    with pytest.raises(UsageError, match="collinear: girl follows"):
        fit(rng.normal(size=12), X, {"class": CLASS})
    X.loc[3, "pre"] = np.nan
    with pytest.raises(UsageError, match="1 values of pre are missing"):
        fit(rng.normal(size=12), X, {"class": CLASS})
    with pytest.raises(UsageError, match="4 rows cannot carry 5 columns"):
        fit(np.arange(4.0), np.ones((4, 5)), {"class": [0, 0, 1, 1]})


def test_contrasts_that_make_no_sense_are_refused():
    y, X, groups, _ = school_study()
    fitted = fit(y, X, groups, ["one", "w1", "w2", "x"])
    with pytest.raises(UsageError, match="no column 'w3'"):
        test(fitted, "w3")
    with pytest.raises(UsageError, match="3 weights for 4"):
        test(fitted, [1, 0, 0])
    with pytest.raises(UsageError, match="repeat each other"):
        test(fitted, [[0, 1, 0, 0], [0, 2, 0, 0]])
    with pytest.raises(UsageError, match="REML"):
        test(fit(y, X, groups, method="ml"), [0, 1, 0, 0])
