"""Hedges' (2007) sizes against published values, EEF's example and simulation."""

import math

import numpy as np
import pandas as pd
import pytest

from werkbank.effects.classes import mixed_difference
from werkbank.effects.comparison import adjusted_g, ancova
from werkbank.statistics.sizes_in_clusters import d_total, d_total_one_arm, d_within


@pytest.mark.parametrize(("icc", "d", "variance"), [(0.20, 0.2971, 0.04819), (0.10, 0.2986, 0.02913)])
def test_equal_classes_match_the_published_values(icc, d, variance):
    made = d_total(0.30, 1.0, [20] * 10, [20] * 10, icc)
    assert made.value == pytest.approx(d, abs=5e-5)
    assert made.se**2 == pytest.approx(variance, abs=5e-6)


def test_nlschools_matches_the_oracle(reference):
    # the oracle takes the equal-size form at the mean class size: equal classes of that size must agree
    known = reference["cluster_smd"]["nlschools_first20_icc0.20"]
    made = d_total(known["d_naive"], 1.0, [15.75] * 10, [15.75] * 10, 0.20)
    assert made.value == pytest.approx(known["d_T_hedges2007"], rel=1e-9)


@pytest.mark.parametrize(
    ("adjusted", "total", "within"),
    [(True, (0.67, 0.07, 1.28), (0.81, 0.10, 1.52)), (False, (0.60, 0.02, 1.17), (0.70, 0.04, 1.37))],
)
def test_eef_trial_matches_eefanalytics(shared, adjusted, total, within):
    data = pd.read_csv(shared / "data/eef_crt.csv")
    rows = pd.DataFrame({"unit": data["School"], "post": data["Posttest"], "pre": data["Prettest"]})
    rows["arm"] = data["Intervention"].map({1: "T", 0: "C"})
    weights = {"T": 1.0, "C": -1.0}
    b = mixed_difference(rows, weights, ["pre"]).test.value
    assert b == pytest.approx(3.11, abs=5e-3)
    model = mixed_difference(rows, weights, ["pre"]) if adjusted else mixed_difference(rows.assign(arm=""), {"": 1.0})
    sizes = rows.groupby(["arm", "unit"]).size()
    treated, control = sizes["T"].tolist(), sizes["C"].tolist()
    in_total = d_total(b, math.sqrt(model.between + model.within), treated, control, model.icc)
    inside = d_within(b, math.sqrt(model.within), treated, control, model.icc)
    assert (in_total.value, in_total.ci_low, in_total.ci_high) == pytest.approx(total, abs=5.5e-3)
    assert (inside.value, inside.ci_low, inside.ci_high) == pytest.approx(within, abs=5.5e-3)


def test_eef_multisite_trial_matches_eefanalytics_but_for_its_standardiser(shared):
    # pupils assigned within schools: b 3.59 [.58, 6.59]; eefAnalytics divides by the residual SD, .32 [.05, .60]
    data = pd.read_csv(shared / "data/eef_mst.csv")
    rows = pd.DataFrame({"post": data["Posttest"], "pre": data["Prettest"]})
    rows["arm"] = data["Intervention"].map({1: "T", 0: "C"})
    weights = {"T": 1.0, "C": -1.0}
    b = ancova(rows, weights)
    assert (b.value, b.ci_low, b.ci_high) == pytest.approx((3.59, 0.58, 6.59), abs=5.5e-3)
    residual = b.se / math.sqrt(1 / (rows["arm"] == "T").sum() + 1 / (rows["arm"] == "C").sum())
    assert (b.value / residual, b.ci_low / residual, b.ci_high / residual) == pytest.approx(
        (0.32, 0.05, 0.60), abs=6e-3
    )
    ours = adjusted_g(b, rows, weights)
    unadjusted = math.sqrt(sum((len(y) - 1) * y.var() for _, y in rows.groupby("arm")["post"]) / (len(rows) - 2))
    assert ours.value * unadjusted == pytest.approx(b.value, rel=4e-3)  # and the correction for small samples


def test_without_clustering_all_forms_agree():
    both, one = d_total(0.4, 1.0, [5] * 8, [5] * 8, 0.0), d_total_one_arm(0.4, 1.0, [5] * 8, 40, 0.0)
    assert one.value == pytest.approx(both.value)
    assert one.se == pytest.approx(both.se)


def test_one_clustered_arm_matches_a_simulation():
    rng = np.random.default_rng(11)
    groups, size, n_control, icc, delta, runs = 10, 5, 50, 0.3, 0.5, 3000
    between = rng.normal(0, math.sqrt(icc), (runs, groups, 1))
    treated = delta + (between + rng.normal(0, math.sqrt(1 - icc), (runs, groups, size))).reshape(runs, -1)
    control = rng.normal(0, math.sqrt(1 - icc), (runs, n_control))
    b = treated.mean(1) - control.mean(1)
    n_t = groups * size
    s = np.sqrt(((n_t - 1) * treated.var(1, ddof=1) + (n_control - 1) * control.var(1, ddof=1)) / (n_t + n_control - 2))
    made = [d_total_one_arm(x, y, [size] * groups, n_control, icc) for x, y in zip(b, s, strict=True)]
    values = np.array([m.value for m in made])
    assert values.mean() == pytest.approx(delta, abs=0.02)
    assert np.mean([m.se**2 for m in made]) == pytest.approx(values.var(), rel=0.1)
    assert np.mean([m.ci_low < delta < m.ci_high for m in made]) > 0.93


def test_unequal_classes_match_a_simulation():
    rng = np.random.default_rng(12)
    sizes_t, sizes_c, icc, runs = [4, 9, 15, 22, 30], [6, 8, 20, 24, 12], 0.15, 2500

    def scores(sizes, mean):
        where = np.repeat(np.arange(len(sizes)), sizes)
        classes = rng.normal(0, math.sqrt(icc), (runs, len(sizes)))
        return mean + classes[:, where] + rng.normal(0, math.sqrt(1 - icc), (runs, len(where)))

    t, c = scores(sizes_t, 0.4), scores(sizes_c, 0.0)
    n_t, n_c = t.shape[1], c.shape[1]
    s = np.sqrt(((n_t - 1) * t.var(1, ddof=1) + (n_c - 1) * c.var(1, ddof=1)) / (n_t + n_c - 2))
    made = [d_total(x, y, sizes_t, sizes_c, icc) for x, y in zip(t.mean(1) - c.mean(1), s, strict=True)]
    values = np.array([m.value for m in made])
    assert values.mean() == pytest.approx(0.4, abs=0.02)
    assert np.mean([m.se**2 for m in made]) == pytest.approx(values.var(), rel=0.1)


def test_few_classes_widen_the_interval_and_one_refuses():
    z, t = d_total(0.3, 1.0, [20] * 3, [20] * 3, 0.1), d_total(0.3, 1.0, [20] * 3, [20] * 3, 0.1, 4.0)
    assert t.ci_high - t.ci_low > 1.4 * (z.ci_high - z.ci_low)
    assert d_total(0.3, 1.0, [20], [20] * 3, 0.1).note == "refused_too_few_units"
    assert d_within(0.3, 1.0, [20], [20] * 3, 0.1).note == "refused_too_few_units"
    assert d_within(0.3, 1.0, [1] * 5, [1] * 5, 0.0).note == "refused_too_few_units"  # nobody beside another
    assert d_total_one_arm(0.3, 1.0, [20], 30, 0.1).note == "refused_too_few_units"


def test_the_arms_difference_is_not_counted_as_one_between_classes():
    # four classes, .80 total SDs: with the arms left out of the model for the ICC it came out as .764
    from werkbank.effects.classes import in_total_and_within_sds

    rng = np.random.default_rng(5)
    where = np.repeat(np.arange(4), 20)
    arm = np.where(where % 2 == 0, "T", "C")
    found, raw = [], []
    for _ in range(200):
        y = 0.8 * (arm == "T") + rng.normal(0, 0.05**0.5, 4)[where] + rng.normal(0, 0.95**0.5, 80)
        rows = pd.DataFrame({"unit": where.astype(str), "arm": arm, "post": y})
        sizes = in_total_and_within_sds(rows, {"T": 1.0, "C": -1.0}, [])
        if sizes:
            found.append(sizes["d_total_unconditional"].value)
            raw.append(y[arm == "T"].mean() - y[arm == "C"].mean())
    # what was drawn, in true total SDs (1), but for the little that an ICC of so few classes is too high
    assert np.mean(found) == pytest.approx(np.mean(raw), abs=0.02)


def test_an_interval_has_the_level_that_was_asked():
    for made in (
        d_total(0.3, 1.0, [20] * 3, [20] * 3, 0.1, 4.0, 0.8),
        d_within(0.3, 1.0, [20] * 3, [20] * 3, 0.1, 4.0, 0.8),
        d_total_one_arm(0.3, 1.0, [20] * 3, 60, 0.1, 4.0, 0.8),
    ):
        assert (made.ci_high - made.ci_low) / made.se == pytest.approx(2 * 1.5332, abs=1e-3)  # t of 4 df at .90
