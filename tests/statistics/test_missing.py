"""Missing scores: Little's test, Rubin's rules and imputation that knows classes."""

import math

import numpy as np
import pandas as pd
import pytest

from werkbank.effects import describe, estimate
from werkbank.effects.comparison import ancova
from werkbank.effects.units import unit_means
from werkbank.statistics.missing import Imputer, em_moments, little_mcar, pooled

AIR = ["Ozone", "Solar.R", "Wind", "Temp"]


def test_little_matches_r(reference, shared):
    for name, file, columns in (
        ("airquality_4vars_Ozone_Solar_Wind_Temp", "airquality", AIR),
        ("nhanes", "nhanes", ["age", "bmi", "hyp", "chl"]),
    ):
        data, known = pd.read_csv(shared / f"oracles/data/{file}.csv")[columns], reference["mcar"][name]
        made = little_mcar(data)
        assert (made.value, made.df, made.p) == pytest.approx((known["chisq"], known["df"], known["p"]), rel=1e-6)
        mean, cov = em_moments(data)
        assert mean == pytest.approx([known["em_mean"][c] for c in columns], rel=1e-6)
        for i, c in enumerate(columns):
            assert cov[i] == pytest.approx([known["em_cov_ml"][c][other] for other in columns], rel=1e-5, abs=1e-6)


def test_little_matches_naniars_published_result(shared):
    data = pd.read_csv(shared / "oracles/data/airquality.csv")[[*AIR, "Month", "Day"]]
    made = little_mcar(data)
    assert (made.value, made.df) == pytest.approx((35.1, 14), abs=0.05)
    assert made.p == pytest.approx(0.00142, abs=5e-6)


def test_a_handful_of_pupils_gives_a_test_or_a_note_and_never_a_crash(subtests):
    for seed in range(40):
        with subtests.test(f"seed {seed}"):
            rng = np.random.default_rng(seed)
            X = rng.integers(1, 4, (int(rng.integers(2, 7)), int(rng.integers(2, 4)))).astype(float)
            X[rng.random(X.shape) < 0.4] = np.nan
            found = little_mcar(X[~np.isnan(X).all(axis=1)])
            assert found.note or found.statistic >= 0


def test_nothing_missing_and_nothing_varying():
    assert little_mcar([[1.0, 2.0], [2.0, 3.0], [0.0, 1.0]]).note == "nothing_missing"
    assert little_mcar([[1.0, 2.0], [1.0, np.nan], [1.0, 1.0]]).note == "no_variation"
    assert little_mcar([[np.nan, np.nan], [1.0, 2.0]]).note == "nothing_missing"


@pytest.mark.parametrize("term", ["Intercept", "age", "hyp", "chl"])
def test_pooling_matches_mice(reference, term):
    known = reference["mi"][term]
    copies = [known[f"imp{i}"] for i in range(1, 6)]
    made = pooled([c["est"] for c in copies], [c["se"] for c in copies], reference["mi"]["df_complete"])
    assert (made.value, made.se, made.df, made.p) == pytest.approx(
        tuple(known[k] for k in ("est", "se", "df_barnard_rubin", "p")), rel=1e-8
    )
    assert (made.ci_low, made.ci_high) == pytest.approx((known["ci_low"], known["ci_high"]), rel=1e-7)


def test_equal_copies_pool_to_the_analysis_itself():
    made = pooled([0.4, 0.4, 0.4], [0.1, 0.1, 0.1], 9)
    assert (made.value, made.se) == pytest.approx((0.4, 0.1))
    assert made.df == pytest.approx(9 * 10 / 12)  # what Barnard and Rubin's observed-data df leaves of 9


def trial(seed, classes=12, size=20, icc=0.15):
    """Pre, post and post with gaps that depend on pre and arm: missing at random."""
    rng = np.random.default_rng(seed)
    code = np.repeat(np.arange(classes), size)
    arm = code % 2
    pre = rng.normal(0, math.sqrt(1 - icc), code.size) + rng.normal(0, math.sqrt(icc), classes)[code]
    post = 0.6 * pre + 0.3 * arm + rng.normal(0, 0.7, code.size) + rng.normal(0, 0.3, classes)[code]
    gone = rng.random(code.size) < 1 / (1 + np.exp(1.2 - 1.5 * pre - 0.8 * arm))
    return code, arm, pre, post, np.where(gone, np.nan, post)


def effect(code, arm, pre, post):
    rows = pd.DataFrame({"unit": code, "arm": np.where(arm == 1, "T", "C"), "pre": pre, "post": post})
    return ancova(unit_means(rows, ["pre", "post"]), {"T": 1.0, "C": -1.0})


def mi_minus_complete(seed):
    code, arm, pre, post, seen = trial(seed)
    imputer = Imputer(np.column_stack([pre, seen]), np.column_stack([1 - arm, arm]).astype(float), code)
    found = [effect(code, arm, *copy.T) for copy in imputer.completed(5, seed, burn_in=10, thin=4)]
    return pooled([f.value for f in found], [f.se for f in found], 9).value - effect(code, arm, pre, post).value


def test_imputation_has_no_bias_to_speak_of():
    # against the effect in the same data without gaps; Monte-Carlo SE about .017
    assert np.mean([mi_minus_complete(seed) for seed in range(24)]) == pytest.approx(0.0, abs=0.05)


@pytest.mark.long
def test_imputation_bias_is_below_two_hundredths_of_an_sd():
    off = [mi_minus_complete(seed) for seed in range(400)]
    assert abs(np.mean(off)) < 0.02


def test_imputation_keeps_what_was_seen_and_repeats_itself():
    code, arm, pre, _, seen = trial(1)
    scores = np.column_stack([np.where(np.arange(pre.size) % 9 == 0, np.nan, pre), seen])
    fixed = np.column_stack([1 - arm, arm]).astype(float)
    first, again = (Imputer(scores, fixed, code).completed(3, 7) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one, other)
        assert not np.isnan(one).any()
        assert np.array_equal(one[~np.isnan(scores)], scores[~np.isnan(scores)])
    assert not np.array_equal(first[0], first[1])
    assert not np.isnan(Imputer(scores, fixed, None).completed(2, 7)[0]).any()


def test_imputed_classes_stay_alike():
    # a flat imputation would wash the classes out: their share in imputed scores must stay near that in seen ones
    from werkbank.statistics.multilevel import icc

    code, arm, pre, _, seen = trial(3, classes=40, icc=0.3)
    copies = Imputer(np.column_stack([pre, seen]), np.column_stack([1 - arm, arm]).astype(float), code).completed(8, 1)
    gone = np.isnan(seen)
    filled = np.mean([icc(c[gone, 1], {"unit": code[gone]}).icc["unit"] for c in copies])
    assert filled == pytest.approx(icc(seen[~gone], {"unit": code[~gone]}).icc["unit"], abs=0.1)


@pytest.mark.parametrize("classes", [8, 20])
def test_the_report_gets_imputation_with_everybody_and_its_tipping_point(make_study, classroom, long_scores, classes):
    pupils, pre, post = classroom(classes=classes, effect=2.0)
    post = post.where(np.random.default_rng(2).random(len(post)) > 0.2)
    scores, study = long_scores({"pre": pre, "post": post}), make_study(by="class")
    made = {e.method: e for e in estimate(study, scores, pupils, 1)}
    filled = made["multiple_imputation"]
    assert (filled.n, filled.n_clusters) == (len(pupils), classes)
    assert filled.df < classes
    assert filled.estimate == pytest.approx(2.0, abs=0.6)
    tip = made["delta_tipping_point"]
    assert tip.note == "no_tipping_point" or tip.estimate < 0
    facts = {f.what: f for f in describe(study, scores, pupils)}
    assert facts["mcar_df"].value == 1
    assert facts["dropout_difference"].n is not None
    assert "multiple_imputation" not in {
        e.method for e in estimate(study, long_scores({"pre": pre, "post": post.fillna(0)}), pupils, 1)
    }


def test_dropouts_are_compared_with_stayers_beforehand(make_study, classroom, long_scores):
    pupils, pre, post = classroom()
    gone = pre > 1
    facts = describe(make_study(by="class"), long_scores({"pre": pre, "post": post.mask(gone)}), pupils)
    (fact,) = [f for f in facts if f.what == "dropout_difference" and f.arm == "T"]
    assert fact.n == (gone & (pupils["arm"] == "T")).sum()
    assert fact.value > 1


def test_the_tipping_point_is_where_p_passes_05():
    from werkbank.effects.imputing import _tipping_point
    from werkbank.statistics.quantity import t_test

    def effect_with(delta):
        return t_test(0.5 + 0.3 * delta, 0.2, 20)

    tip = _tipping_point(effect_with, -1.0)
    assert effect_with(tip.value).p >= 0.05 > effect_with(tip.value + 0.1).p
    assert _tipping_point(lambda delta: t_test(5.0 + 0.1 * delta, 0.2, 20), -1.0).note == "no_tipping_point"


def test_class_effects_spread_by_arm():
    # ten classes an arm, alike in the one and far apart in the other: what is filled in must be so, too
    rng = np.random.default_rng(12)
    code = np.repeat(np.arange(20), 15)
    arm = code % 2
    of_class = rng.normal(size=20) * np.where(np.arange(20) % 2 == 1, 2.0, 0.1)
    pre = rng.normal(size=code.size)
    post = 0.5 * pre + of_class[code] + rng.normal(0, 0.5, code.size)
    whole = np.isin(code, (0, 1))  # one class of each arm has lost everybody
    scores = np.column_stack([pre, np.where(whole, np.nan, post)])
    fixed = np.column_stack([1 - arm, arm]).astype(float)
    copies = Imputer(scores, fixed, code, arm).completed(200, 3, burn_in=20, thin=5)
    spread = [np.std([copy[code == c, 1].mean() for copy in copies]) for c in (0, 1)]
    assert spread[0] < 0.8
    assert spread[1] > 1.3
    alike = Imputer(scores, fixed, code).completed(200, 3, burn_in=20, thin=5)
    assert np.std([copy[code == 0, 1].mean() for copy in alike]) > 1.0  # what one variance for both would say


def test_three_classes_an_arm_never_fill_in_scores_from_nowhere():
    for seed in range(5):
        code, arm, pre, post, seen = trial(seed, classes=6)
        fixed = np.column_stack([1 - arm, arm]).astype(float)
        copies = Imputer(np.column_stack([pre, seen]), fixed, code, arm).completed(40, seed)
        assert max(np.abs(copy).max() for copy in copies) < 5 + 3 * np.abs(post).max()


def test_fewer_than_two_df_give_no_interval(make_study, classroom, long_scores):
    pupils, pre, post = classroom(classes=4, effect=0.5)
    post = post.where(np.random.default_rng(3).random(len(post)) > 0.5)
    made = {e.method: e for e in estimate(make_study(by="class"), long_scores({"pre": pre, "post": post}), pupils, 1)}
    filled = made["multiple_imputation"]
    assert filled.note == "imputation_too_few_df"
    assert filled.estimate is not None
    assert (filled.se, filled.p, filled.ci_low, filled.ci_high) == (None, None, None, None)
    assert "delta_tipping_point" not in made
