"""Reliability equals R, holds its identities, and says why when there is none."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pingouin
import pytest

from werkbank.catalogue import has
from werkbank.statistics.reliability import (
    alpha,
    covariance,
    difference_reliability,
    item_rest,
    omega,
    retest,
    split_half,
    standard_error_of_measurement,
)

ORACLE = json.loads((Path(__file__).parents[1] / "oracles" / "reliability.json").read_text(encoding="utf-8"))
NAN = float("nan")
SETS = ["attitude", "sat_act", "bfi/agree", "bfi/conscientious", "bfi/extraversion", "bfi/neuroticism", "bfi/openness"]
GTI = {
    ("students", "SQA06", "ABCDEF"): 0.888,
    ("students", "SQB01", "ABCDEF"): 0.918,
    ("students", "SQA14", "ABC"): 0.850,
    ("students", "SQB03", "ABC"): 0.836,
    ("students", "SQA15", "ABCDE"): 0.925,
    ("students", "SQB02", "ABCDE"): 0.909,
    ("students", "SQA16", ("F2", "G2", "H2", "I2", "J2")): 0.830,
    ("students", "SQB07", ("CA", "CB", "CC", "CD", "CE")): 0.842,
    ("students", "SQB13", "ABCDE"): 0.909,
    ("teachers", "TQA09", "ABCDE"): 0.863,
    ("teachers", "TQB13", "ABCDE"): 0.890,
}


def real(shared, name):
    """Keyed items of one of R's example sets, and what R says about them."""
    area = json.loads((shared / "oracles" / "reference.json").read_text())["reliability"]
    file, _, scale = name.partition("/")
    reference = area[file][scale] if scale else area[file]
    data = pd.read_csv(shared / "oracles" / "data" / f"{file}.csv")
    data = data[[column for column in data.columns if column in reference["complete"]["item"]]]  # in the file's order
    for item in filter(None, (reference.get("reversed_items") or "").split(",")):
        if item in data:
            data[item] = 7 - data[item]
    return data.astype(float), reference


def simulated(n=200, k=5, seed=3):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.normal(size=(n, 1)) + rng.normal(size=(n, k)), columns=[f"i{j}" for j in range(k)])


@pytest.mark.parametrize("missing", ["complete", "pairwise"])
@pytest.mark.parametrize("name", SETS)
def test_alpha_and_its_interval_match_r(shared, name, missing):
    items, reference = real(shared, name)
    found, wanted = alpha(items, missing), reference[missing]
    assert found.estimate == pytest.approx(wanted["alpha_raw"], rel=1e-12)
    assert found.ci_low == pytest.approx(wanted["alpha_feldt_ci_low"], rel=1e-8)
    assert found.ci_high == pytest.approx(wanted["alpha_feldt_ci_high"], rel=1e-8)
    assert found.n == wanted["n"]


@pytest.mark.parametrize("missing", ["complete", "pairwise"])
@pytest.mark.parametrize("name", SETS)
def test_item_rest_matches_r(shared, name, missing):
    items, reference = real(shared, name)
    wanted = reference[missing]["item"]
    kind = "r_item_rest" if missing == "complete" else "r_item_rest_covmat"
    found = item_rest(items, missing)
    assert [found[i] for i in wanted] == pytest.approx([v[kind] for v in wanted.values()], rel=1e-10)


@pytest.mark.parametrize("name", SETS)
def test_split_half_matches_r(shared, name):
    items, reference = real(shared, name)
    found, wanted = split_half(items), reference["complete"]
    assert found.r == pytest.approx(wanted["splithalf_oddeven_r"], rel=1e-10)
    assert found.spearman_brown == pytest.approx(wanted["splithalf_spearman_brown"], rel=1e-10)
    assert found.guttman == pytest.approx(wanted["splithalf_guttman_lambda4_oddeven"], rel=1e-10)


def test_forgetting_a_reversal_is_what_r_says_it_is(shared):
    items, reference = real(shared, "bfi/agree")
    forgotten = items.assign(A1=7 - items["A1"])
    assert alpha(forgotten).estimate == pytest.approx(reference["complete"]["alpha_raw_if_NOT_reversed"], rel=1e-12)
    assert alpha(forgotten, "pairwise").estimate == pytest.approx(0.4315, abs=5e-5)  # domain 3.8
    assert item_rest(forgotten)["A1"] < 0


@pytest.mark.parametrize(("key", "published"), GTI.items(), ids=lambda v: v[1] if isinstance(v, tuple) else None)
def test_alphas_of_real_pre_and_post_questionnaires(shared, key, published):
    file, stem, letters = key
    data = pd.read_csv(shared / "data" / f"gti_{file}.csv", usecols=[f"{stem}{letter}" for letter in letters])
    assert alpha(data, "pairwise").estimate == pytest.approx(published, abs=5e-4)


def test_number_of_pupils_who_rated_the_relation(shared):
    data = pd.read_csv(shared / "data" / "gti_students.csv", usecols=[f"SQB13{c}" for c in "ABCDE"])
    assert alpha(data, "pairwise").n == 9888


@pytest.mark.parametrize("missing", ["complete", "pairwise"])
def test_alpha_agrees_with_pingouin(missing):
    items = simulated().mask(np.random.default_rng(0).random((200, 5)) < 0.1)
    value, _ = pingouin.cronbach_alpha(items, nan_policy="listwise" if missing == "complete" else "pairwise")
    found = alpha(items, missing)
    assert found.estimate == pytest.approx(value, rel=1e-10)
    if missing == "complete":
        # on the complete rows, because pingouin 0.7 takes n before it drops the others; it rounds to 3 decimals
        low, high = pingouin.cronbach_alpha(items.dropna())[1]
        assert (found.ci_low, found.ci_high) == pytest.approx((low, high), abs=5e-4)


def test_pairwise_covariance_is_that_of_pandas_far_from_zero():
    items = simulated().mask(np.random.default_rng(1).random((200, 5)) < 0.3) + 1e6
    found, n = covariance(items, "pairwise")
    assert found == pytest.approx(items.cov().to_numpy(), rel=1e-8)
    assert n == int(items.notna().any(axis=1).sum())


def test_standardised_items_of_equal_correlation_give_spearman_brown():
    # k parallel items of mean correlation r: alpha is the stepped-up r
    z = simulated()
    z = (z - z.mean()) / z.std()
    r = z.corr().to_numpy()[~np.eye(5, dtype=bool)].mean()
    assert alpha(z).estimate == pytest.approx(5 * r / (1 + 4 * r))


def test_feldt_interval_covers():
    # parallel items, true alpha = k rho / (1 + (k-1) rho) with rho = .5 -> 5 x .5 / 3
    rng, true, inside = np.random.default_rng(11), 5 * 0.5 / 3, 0
    for _ in range(400):
        a = alpha(rng.normal(size=(40, 1)) + rng.normal(size=(40, 5)))
        inside += a.ci_low <= true <= a.ci_high
    assert 0.92 <= inside / 400 <= 0.98


@pytest.mark.parametrize("missing", ["complete", "pairwise"])
@pytest.mark.parametrize(
    ("items", "reason"),
    [
        (np.ones((5, 1)), "too_few_items"),
        (np.ones((1, 3)), "too_few_respondents"),
        (np.full((4, 3), NAN), "too_few_respondents"),
        (np.ones((6, 3)), "no_variance"),
        (np.array([[1, 2], [2, 1], [1, 2], [2, 1]]), "no_variance"),
    ],
)
def test_no_alpha_without_a_reason(items, reason, missing):
    a = alpha(items, missing)
    assert math.isnan(a.estimate)
    assert math.isnan(a.ci_low)
    assert a.note.endswith(reason)
    assert has(a.note, "nl")
    assert has(a.note, "en")


def test_items_that_nobody_answered_together():
    items = np.array([[1, NAN], [2, NAN], [NAN, 3], [NAN, 1]])
    assert alpha(items, "pairwise").note.endswith("pair_without_respondents")
    assert alpha(items).note.endswith("too_few_respondents")


def test_two_items_and_a_constant_item():
    two = simulated(k=2)
    r = two.corr().iloc[0, 1]
    assert item_rest(two).to_numpy() == pytest.approx([r, r])
    with_constant = simulated(k=3).assign(i1=4.0)
    a = alpha(with_constant)
    assert a.note.endswith("constant_item")
    assert a.estimate == pytest.approx(3 / 2 * (1 - np.trace(c := covariance(with_constant)[0]) / c.sum()))
    assert math.isnan(item_rest(with_constant)["i1"])


def test_fifty_thousand_pupils():
    items = simulated(n=50_000, k=28)
    assert alpha(items).estimate == pytest.approx(alpha(items, "pairwise").estimate, rel=1e-12)


def test_omega_matches_r(shared):
    items, reference = real(shared, "bfi/neuroticism")
    wanted = reference["complete"]["omega_cfa_ml"]["omega_raw"]
    assert omega(items.to_numpy()).estimate == pytest.approx(wanted, rel=1e-5)


def test_retest_matches_r_and_has_no_interval_for_three():
    first, second = np.array(ORACLE["icc_two_raters"]["ratings"]).T
    found, wanted = retest(first, second), {k: v[0] for k, v in ORACLE["retest"].items()}
    assert found.estimate == pytest.approx(wanted["r"], rel=1e-12)
    assert (found.ci_low, found.ci_high) == pytest.approx((wanted["low"], wanted["high"]), rel=1e-10)
    assert found.estimate == pytest.approx(pingouin.corr(first, second)["r"].iloc[0])
    with_gap = retest([*first, NAN, 3], [*second, 4, NAN])
    assert with_gap == found
    assert retest([1, 2, 3], [1, 3, 2]).note.endswith("no_interval")
    assert retest([1, 2], [1, 3]).note.endswith("too_few_respondents")
    assert retest([1, 1, 1, 1], [1, 2, 3, 4]).note.endswith("no_variance")


def test_reliability_of_a_difference_and_error_of_measurement(shared):
    assert difference_reliability(0.88, 0.88, 0.70) == pytest.approx(0.60)  # domain 4.9
    assert difference_reliability(0.9, 0.8, 0.5) == pytest.approx(((0.9 + 0.8) / 2 - 0.5) / (1 - 0.5))
    assert difference_reliability(0.9, 0.8, 0.0, 2, 1) == pytest.approx((4 * 0.9 + 0.8) / 5)
    assert math.isnan(difference_reliability(0.9, 0.9, 1.0))
    assert standard_error_of_measurement(7.5, 0.80) == pytest.approx(3.354, abs=5e-4)  # Jacobson & Truax (1991)
    assert math.isnan(standard_error_of_measurement(7.5, NAN))
    assert math.isnan(standard_error_of_measurement(7.5, -0.1))
    for name in SETS:
        reference = real(shared, name)[1]
        found = standard_error_of_measurement(reference["score_complete"]["sd"], reference["complete"]["alpha_raw"])
        if "sem_alpha" in reference["score_complete"]:
            assert found == pytest.approx(reference["score_complete"]["sem_alpha"], rel=1e-10)


def test_true_change_reliability_of_simulated_change():
    rng, n = np.random.default_rng(8), 200_000
    level, change = rng.normal(size=n), rng.normal(scale=0.8, size=n)
    pre, post = level + rng.normal(scale=0.5, size=n), level + change + rng.normal(scale=0.5, size=n)
    r = np.corrcoef(pre, post)[0, 1]
    found = difference_reliability(1 / 1.25, 1.64 / 1.89, r, pre.std(), post.std())
    assert found == pytest.approx(0.64 / (0.64 + 0.5), abs=0.01)


def test_split_half_at_the_edges():
    assert split_half(np.ones((5, 1))).note.endswith("too_few_items")
    assert split_half(np.ones((2, 2))).note.endswith("too_few_respondents")
    assert split_half(np.ones((5, 2))).note.endswith("no_variance")
    opposite = split_half(np.array([[1.0, 3], [2, 2], [3, 1]]))
    assert math.isnan(opposite.spearman_brown) or opposite.spearman_brown < -1
    assert math.isnan(opposite.guttman)
