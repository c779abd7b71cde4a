"""Effects from what papers print equal R's escalc, Morris' table and each other."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from werkbank.statistics.printed import (
    Effect,
    agrees,
    clustered,
    from_change,
    from_f,
    from_interval,
    from_means,
    from_odds_ratio,
    from_p,
    from_proportions,
    from_t,
    p_of,
)
from werkbank.statistics.sizes import Paired, Sample

# Morris (2008), Table 5: T pre and post (M, SD), n, C pre and post, n, r, d_ppc2
MORRIS = [
    (30.6, 15.0, 38.5, 11.6, 20, 23.1, 13.8, 19.7, 14.8, 20, 0.47, 0.7684),
    (23.5, 3.1, 26.8, 4.1, 50, 24.9, 4.1, 25.3, 3.3, 42, 0.64, 0.8010),
    (0.5, 0.1, 0.7, 0.1, 9, 0.6, 0.2, 0.6, 0.2, 9, 0.77, 1.2045),
    (53.4, 14.5, 75.9, 4.4, 10, 55.7, 17.3, 60.7, 17.9, 11, 0.89, 1.0476),
    (35.6, 4.7, 36.0, 4.6, 14, 34.8, 3.1, 33.4, 6.9, 14, 0.44, 0.4389),
]


@pytest.mark.parametrize("row", MORRIS)
def test_change_equals_morris_table_5(row):
    m1, s1, m2, s2, n, m3, s3, m4, s4, n_c, r, published = row
    made = from_change(Paired.published(n, (m1, m2), (s1, s2), r), Paired.published(n_c, (m3, m4), (s3, s4), r), r)
    # his table has the exact J where his formula has 1 - 3 / (4 df - 1)
    assert made.g == pytest.approx(published, abs=6e-4)


def test_the_variance_of_change_is_morris_own():
    m1, s1, m2, s2, n, m3, s3, m4, s4, n_c, r, _ = MORRIS[0]
    made = from_change(Paired.published(n, (m1, m2), (s1, s2), r), Paired.published(n_c, (m3, m4), (s3, s4), r), r)
    assert made.variance == pytest.approx(0.1158, abs=5e-5)


def test_means_equal_escalc():
    # metafor 3.8, escalc("SMD"), Normand (1999), first study: length of stay 55 (47) n 155 v 75 (64) n 156
    made = from_means(Sample(155, 55, 47), Sample(156, 75, 64))
    assert [made.g, made.variance] == pytest.approx([-0.3552, 0.0131], abs=6e-5)


def test_means_equal_every_study_of_normand(shared):
    values = json.loads((shared / "oracles" / "reference.json").read_text(encoding="utf-8"))["escalc"]["normand1999"]
    rows = pd.read_csv(shared / "oracles" / "data" / "meta_normand1999.csv").to_dict("records")
    made = [from_means(Sample(r["n1i"], r["m1i"], r["sd1i"]), Sample(r["n2i"], r["m2i"], r["sd2i"])) for r in rows]
    assert [e.g for e in made] == pytest.approx(values["SMD"]["yi"], abs=1e-10)
    assert [e.variance for e in made] == pytest.approx(values["SMD"]["vi"], abs=1e-10)


def test_change_equals_every_study_of_morris(shared):
    values = json.loads((shared / "oracles" / "reference.json").read_text(encoding="utf-8"))["escalc"]["morris2008"]
    made = []
    for m1, s1, m2, s2, n, m3, s3, m4, s4, n_c, r, _ in MORRIS:
        t, c = Paired.published(n, (m1, m2), (s1, s2), r), Paired.published(n_c, (m3, m4), (s3, s4), r)
        made.append(from_change(t, c, r))
    assert [e.g for e in made] == pytest.approx(values["d_ppc2"]["yi"], abs=1e-10)
    assert [e.variance for e in made] == pytest.approx(values["d_ppc2"]["vi"], abs=1e-10)


@settings(deadline=None)
@given(st.floats(-3, 3), st.integers(3, 200), st.integers(3, 200))
def test_means_t_f_and_p_give_one_effect(difference, n_t, n_c):
    means = from_means(Sample(n_t, difference, 1.0), Sample(n_c, 0.0, 1.0))
    t = difference / math.sqrt(1 / n_t + 1 / n_c)
    of_t, of_f = from_t(t, n_t, n_c), from_f(t * t, n_t, n_c, sign=difference)
    assert [of_t.g, of_t.variance] == pytest.approx([means.g, means.variance], rel=1e-9, abs=1e-12)
    assert [of_f.g, of_f.variance] == pytest.approx([means.g, means.variance], rel=1e-6, abs=1e-7)
    assert p_of(means) == pytest.approx(2 * stats.t.sf(abs(t), n_t + n_c - 2), rel=1e-9)
    if 1e-6 < abs(t) < 6:
        assert from_p(p_of(means), n_t, n_c, sign=difference).g == pytest.approx(means.g, rel=1e-6)


def test_an_interval_keeps_its_own_precision():
    n_t, n_c, b, se, sd = 40, 44, 2.0, 0.5, 4.0
    reach = stats.t.ppf(0.975, n_t + n_c - 2) * se
    made = from_interval(b - reach, b + reach, n_t, n_c, sd)
    j = made.g / (b / sd)
    assert pytest.approx(j, abs=1e-4) == 1 - 3 / (4 * 82 - 1)
    assert made.se == pytest.approx(j * se / sd)


def test_odds_are_turned_into_sds():
    made = from_odds_ratio(2.0, 100, 100, low=1.2, high=3.3333333333)
    assert made.g == pytest.approx(math.log(2) * math.sqrt(3) / math.pi)
    se = (math.log(3.3333333333) - math.log(1.2)) / 2 / stats.norm.ppf(0.975)
    assert made.se == pytest.approx(se * math.sqrt(3) / math.pi)
    table = from_proportions(0.60, 100, 0.40, 100)
    by_hand = math.log(60 * 60 / (40 * 40))
    assert table.g == pytest.approx(by_hand * math.sqrt(3) / math.pi)
    assert table.variance == pytest.approx((2 / 60 + 2 / 40) * 3 / math.pi**2)
    assert math.isfinite(from_proportions(1.0, 20, 0.5, 20).g)


@pytest.mark.parametrize(("icc", "g", "variance"), [(0.20, 0.2971, 0.04819), (0.10, 0.2986, 0.02913)])
def test_classes_are_corrected_for_as_hedges_has_it(icc, g, variance):
    # ten classes of 20 in each arm, b = .30 and S = 1 (VIVECampbell, eefAnalytics)
    made = clustered(Effect(0.30, 0.01, 200, 200, "means"), 20, icc)
    assert [made.g, made.variance] == pytest.approx([g, variance], abs=6e-5)
    assert made.how == "means+clusters"


def test_without_likeness_within_classes_nothing_changes():
    plain = from_means(Sample(100, 0.3, 1.0), Sample(100, 0.0, 1.0))
    made = clustered(plain, 20, 0.0)
    assert [made.g, made.variance] == pytest.approx([plain.g, plain.variance], rel=2e-3)


@pytest.mark.parametrize(
    ("printed", "recomputed", "fits"),
    [
        (".03", 0.0349, True), (".03", 0.0351, False), ("p = .030", 0.0304, True), ("0,03", 0.026, True),
        ("< .05", 0.049, True), ("< .05", 0.051, False), ("> .05", 0.06, True), ("n.s.", 0.06, True),
        ("n.s.", 0.04, False), ("<.001", 0.0009, True),
    ],
)  # fmt: skip
def test_a_printed_p_is_held_against_the_recomputed_one(printed, recomputed, fits):
    assert agrees(printed, recomputed) is fits


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: from_means(Sample(10, 1, 0.0), Sample(10, 2, 0.0)),
        lambda: from_t(1.0, 1, 2),
        lambda: from_f(-1.0, 10, 10, 1),
        lambda: from_p(0.0, 10, 10, 1),
        lambda: from_p(1.2, 10, 10, 1),
        lambda: from_interval(2.0, 1.0, 10, 10, 1.0),
        lambda: from_odds_ratio(0.0, 10, 10, low=0.5, high=2),
        lambda: from_odds_ratio(2.0, 10, 10),
        lambda: from_proportions(1.2, 10, 0.5, 10),
        lambda: clustered(Effect(0.3, 0.1, 10, 10, "t"), 20, 1.0),
        lambda: clustered(Effect(0.3, 0.1, 5, 5, "t"), 10, 0.9),
    ],
)
def test_what_no_paper_can_print_is_refused(wrong):
    with pytest.raises(ValueError, match=r"[a-z]"):
        wrong()


def test_simulated_effects_have_the_variance_that_is_said():
    rng = np.random.default_rng(5)
    made = [from_t(float(stats.nct.rvs(df=38, nc=0.5 * math.sqrt(10), random_state=rng)), 20, 20) for _ in range(4000)]
    assert np.var([e.g for e in made]) == pytest.approx(np.mean([e.variance for e in made]), rel=0.08)
