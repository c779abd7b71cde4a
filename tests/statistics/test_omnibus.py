"""Several arms at once: Welch's test of R and statsmodels, Johansen's form with a slope, and two arms as a t test."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from statsmodels.stats.oneway import anova_oneway
from tests.statistics.unit_designs import pupils

from werkbank.statistics.omnibus import omnibus
from werkbank.statistics.unit_means import adjust, compare
from werkbank.statistics.units import units_of

R = json.loads((Path(__file__).parents[1] / "oracles" / "designs.json").read_text())["baumann1"]["welch"]


@pytest.mark.parametrize("what", ["anova_post", "anova_gain"])
def test_without_a_slope_it_is_rs_welch_test(baumann, what):
    rows = baumann.assign(pupil=baumann.index.astype(str), gain=baumann.post_test_1 - baumann.pretest_1)
    y = "post_test_1" if what == "anova_post" else "gain"
    found = omnibus(adjust(units_of(rows, y, pre=None, unit="pupil", arm="group"), None))
    want = R[what]
    got = (found.statistic, found.df_numerator, found.df, found.p)
    assert got == pytest.approx([want[k] for k in ("welch_F", "welch_df1", "welch_df2", "welch_p")], rel=1e-9)


def test_with_the_slope_within_classes_it_is_welchs_test_of_their_adjusted_means():
    rows = pupils({"a": 4, "b": 9, "c": 6}, seed=3, spread=3.0)
    units = units_of(rows)
    r = units.y - units.within_slopes[0] * units.x[:, 0]
    theirs = anova_oneway([r[units.arm == k] for k in range(3)], use_var="unequal", welch_correction=True)
    found = omnibus(adjust(units, "within"))
    assert (found.statistic, found.p) == pytest.approx((theirs.statistic, theirs.pvalue), rel=1e-9)
    assert found.df == pytest.approx(theirs.df_denom, rel=1e-9)


def test_two_arms_are_the_square_of_the_t_test_with_welchs_df():
    adjusted = adjust(units_of(pupils({"a": 5, "b": 9}, seed=5)), "between")
    found, pair = omnibus(adjusted), compare(adjusted, {"b": 1.0, "a": -1.0})
    assert (found.statistic, found.df) == pytest.approx((pair.test.statistic**2, pair.df_welch), rel=1e-8)


def test_johansens_formula_step_by_step_with_a_slope_between():
    adjusted = adjust(units_of(pupils({"a": 5, "b": 7, "c": 6}, seed=8)), "between")
    arm, y, x = adjusted.units.arm, adjusted.units.y, adjusted.units.x[:, 0]
    X = np.column_stack([np.eye(3)[arm], x - x.mean()])
    M = np.linalg.inv(X.T @ X) @ X.T
    h, e = np.diag(X @ M), y - X @ (M @ y)
    V = [(M[:3, arm == k] * (e**2 / (1 - h))[arm == k]) @ M[:3, arm == k].T for k in range(3)]
    C, m = np.array([[-1, 1, 0], [-1, 0, 1]]), (M @ y)[:3]
    inverse = np.linalg.inv(C @ sum(V) @ C.T)
    T = (C @ m) @ inverse @ (C @ m)
    P = [C @ v @ C.T @ inverse for v in V]
    B = sum((np.trace(p @ p) + np.trace(p) ** 2) / (n - 1) for p, n in zip(P, (5, 7, 6), strict=True)) / 2
    found = omnibus(adjusted)
    assert found.statistic == pytest.approx(T / (2 + 2 * B - 6 * B / 4), rel=1e-9)
    assert found.df == pytest.approx(8 / (3 * B), rel=1e-9)


def test_what_no_arm_can_carry_is_refused():
    assert omnibus(adjust(units_of(pupils({"a": 1, "b": 4, "c": 4})), "within")).note == "too_few_units"
    assert omnibus(adjust(units_of(pupils({"a": 4})), "within")).note == "one_arm"
    flat = omnibus(adjust(units_of(pupils({"a": 4, "b": 4, "c": 4}).assign(post=1.0)), None))
    assert flat.note == "no_residual_variation"
