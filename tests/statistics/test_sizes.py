"""Named effect sizes against R, published tables and their own identities."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from werkbank.statistics.change import SIZES, change_sizes, mean_change
from werkbank.statistics.noncentral import noncentral_t_cdf, noncentrality_ci
from werkbank.statistics.sizes import (
    Paired,
    Sample,
    d_av,
    d_ppc2,
    d_rm,
    d_z,
    hedges_g,
    pooled_r,
    sd,
    small_sample_factor,
    smcc,
    smcr,
)

PAIRS = ["DRTA_vs_Basal", "Strat_vs_Basal", "Strat_vs_DRTA"]
# Morris (2008), Table 5: pre and post means and SDs, n; r is one for both groups
MORRIS = [
    ((30.6, 38.5, 15.0, 11.6, 20), (23.1, 19.7, 13.8, 14.8, 20), 0.47, 0.7684),
    ((23.5, 26.8, 3.1, 4.1, 50), (24.9, 25.3, 4.1, 3.3, 42), 0.64, 0.8010),
    ((0.5, 0.7, 0.1, 0.1, 9), (0.6, 0.6, 0.2, 0.2, 9), 0.77, 1.2045),
    ((53.4, 75.9, 14.5, 4.4, 10), (55.7, 60.7, 17.3, 17.9, 11), 0.89, 1.0476),
    ((35.6, 36.0, 4.7, 4.6, 14), (34.8, 33.4, 3.1, 6.9, 14), 0.44, 0.4389),
]


def published(row, r):
    return Paired.published(row[4], row[:2], row[2:4], r)


def groups_of(baumann, pair, form=1):
    arms = pair.split("_vs_")
    parts = [baumann[baumann["group"] == arm] for arm in arms]
    return [Paired.of(p[f"pretest_{form}"], p[f"post_test_{form}"]) for p in parts]


def post_of(group):
    return Sample(group.n, group.mean_post, group.sd_post)


def test_small_sample_factor_matches_r(reference):
    for name, value in reference["J_exact"].items():
        assert small_sample_factor(float(name[2:])) == pytest.approx(value, rel=1e-12)
    assert math.isnan(small_sample_factor(1))


@pytest.mark.parametrize("pair", PAIRS)
def test_g_matches_r(reference, baumann, pair):
    wanted = reference["baumann1"][pair]["post"]
    g = hedges_g([post_of(x) for x in groups_of(baumann, pair)])
    assert g.value == pytest.approx(wanted["g"], rel=1e-9)
    assert (g.ci_low, g.ci_high) == pytest.approx((wanted["g_ci_low_ncp"], wanted["g_ci_high_ncp"]), abs=1e-6)
    assert g.p == pytest.approx(wanted["student"]["p"], rel=1e-6)


@pytest.mark.parametrize("pair", PAIRS)
def test_g_before_matches_r(reference, baumann, pair):
    before = [Sample(x.n, x.mean_pre, x.sd_pre) for x in groups_of(baumann, pair)]
    assert hedges_g(before).value == pytest.approx(reference["baumann1"][pair]["pre"]["g"], rel=1e-9)


@pytest.mark.parametrize("pair", PAIRS)
def test_d_ppc2_matches_r(reference, baumann, pair):
    wanted = reference["baumann1"][pair]["morris"]
    d = d_ppc2(groups_of(baumann, pair))
    assert d.value == pytest.approx(wanted["d_ppc2"], rel=1e-9)
    assert d.se**2 == pytest.approx(wanted["d_ppc2_var"], rel=1e-9)
    assert (d.ci_low, d.ci_high) == pytest.approx((wanted["d_ppc2_ci_low"], wanted["d_ppc2_ci_high"]), rel=1e-9)


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("side", [0, 1])
def test_change_sizes_match_r_and_metafor(reference, baumann, pair, side):
    wanted = reference["baumann1"][pair][["paired_treat", "paired_control"][side]]
    group = groups_of(baumann, pair)[side]
    z, c, r = d_z(group), smcc(group), smcr(group)
    assert z.value == pytest.approx(wanted["d_z"], rel=1e-9)
    assert (z.ci_low, z.ci_high) == pytest.approx((wanted["d_z_ci_low_ncp"], wanted["d_z_ci_high_ncp"]), abs=1e-6)
    assert d_av(group).value == pytest.approx(wanted["d_av_rootmeanvar"], rel=1e-9)
    assert d_rm(group).value == pytest.approx(wanted["d_rm"], rel=1e-9)
    assert (c.value, c.se**2) == pytest.approx((wanted["smcc_yi"], wanted["smcc_vi"]), rel=1e-9)
    assert (r.value, r.se**2) == pytest.approx((wanted["smcr_yi"], wanted["smcr_vi"]), rel=1e-9)


@pytest.mark.parametrize("study", range(5))
def test_morris_table_5(reference, study):
    treated, control, r, wanted = MORRIS[study]
    d = d_ppc2([published(treated, r), published(control, r)], rho=r)
    # eq. 9 gives the factor as 1 - 3/(4df - 1); the table itself was computed with the exact one
    df = treated[4] + control[4] - 2
    assert d.value / (1 - 3 / (4 * df - 1)) * small_sample_factor(df) == pytest.approx(wanted, abs=5.1e-5)
    oracle = reference["morris2008"]["d_ppc2"]
    assert (d.value, d.se**2) == pytest.approx((oracle["yi"][study], oracle["vi"][study]), rel=1e-9)


def test_morris_own_variance_of_study_1():
    # k = 1/20 + 1/20, rho .47, delta .7684 in eq. 25 (domain knowledge: .1158)
    treated, control, r, _ = MORRIS[0]
    d = d_ppc2([published(treated, r), published(control, r)], rho=r)
    assert d.se**2 == pytest.approx(0.1158, abs=5e-5)


@pytest.mark.parametrize("study", range(5))
def test_one_group_sizes_of_morris_match_metafor(reference, study):
    for row, arm in zip(MORRIS[study][:2], ["treat", "control"], strict=True):
        group = published(row, MORRIS[study][2])
        for name, size in (("SMCR", smcr), ("SMCC", smcc)):
            wanted = reference["morris2008"][f"{name}_{arm}"]
            assert size(group).value == pytest.approx(wanted["yi"][study], rel=1e-9, abs=1e-12)
            assert size(group).se ** 2 == pytest.approx(wanted["vi"][study], rel=1e-9)


def test_four_names_for_one_change_as_in_effsize_49():
    group = Paired.of([110, 122, 101, 120, 140], [150, 160, 110, 140, 155])
    assert d_z(group).value == pytest.approx(1.755, abs=5e-4)
    assert d_rm(group).value == pytest.approx(1.325, abs=5e-4)
    assert d_av(group).value == pytest.approx(1.399, abs=5e-4)
    assert group.change / group.sd_pre == pytest.approx(1.669, abs=5e-4)
    assert smcr(group).value == pytest.approx(small_sample_factor(4) * 1.669, abs=5e-4)
    assert group.r == pytest.approx(0.715, abs=5e-4)


def test_g_of_baumann2_and_anorexia_matches_r(pinned, baumann):
    wanted = pinned["baumann2"]["Strat - Basal"]
    groups = groups_of(baumann, "Strat_vs_Basal", form=2)
    g, d = hedges_g([post_of(x) for x in groups]), d_ppc2(groups)
    assert (g.value, g.ci_low, g.ci_high) == pytest.approx(tuple(wanted["g"].values()), abs=1e-6)
    assert (d.value, d.se**2) == pytest.approx((wanted["d_ppc2"]["d"], wanted["d_ppc2"]["v"]), rel=1e-9)


def test_g_of_a_planned_contrast_matches_r(pinned, baumann):
    groups = [Sample.of(baumann.loc[baumann["group"] == arm, "post_test_1"]) for arm in ("DRTA", "Strat", "Basal")]
    g = hedges_g(groups, (0.5, 0.5, -1))
    assert (g.value, g.ci_low, g.ci_high) == pytest.approx(tuple(pinned["three_arms"]["g"].values()), abs=1e-6)


values = st.lists(st.floats(-50, 50).map(lambda x: round(x, 2)), min_size=3, max_size=12)


@given(values, values)
def test_interval_of_g_excludes_zero_exactly_when_p_is_below_05(a, b):
    g = hedges_g([Sample.of(a), Sample.of(b)])
    if not g.note and abs(g.p - 0.05) > 1e-6:
        assert (g.ci_low > 0 or g.ci_high < 0) == (g.p < 0.05)
        assert math.copysign(1, g.value) == math.copysign(1, g.statistic)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=3, max_size=15))
def test_exact_intervals_of_change_agree_with_the_paired_test(pairs):
    pre, post = np.array(pairs, dtype=float).T
    test = mean_change(pre, post)
    sizes = change_sizes(pre, post)
    for name in ("d_z", "d_av", "d_rm", "smcc"):
        size = sizes[name]
        if not size.note and test.p is not None and abs(test.p - 0.05) > 1e-6:
            assert (size.ci_low > 0 or size.ci_high < 0) == (test.p < 0.05)


@pytest.mark.parametrize("name", SIZES)
def test_shifting_and_scaling_the_scores_changes_no_size(name):
    pre, post = np.random.default_rng(3).normal(size=(2, 20))
    size, other = SIZES[name](Paired.of(pre, post)), SIZES[name](Paired.of(3 + 7 * pre, 3 + 7 * post))
    assert size.value == pytest.approx(other.value, rel=1e-9)
    assert size.ci_low == pytest.approx(other.ci_low, rel=1e-6)
    swapped = SIZES[name](Paired.of(-pre, -post))
    assert swapped.value == pytest.approx(-size.value, rel=1e-9)


def test_groups_that_do_not_vary_have_no_size():
    flat = [2.0, 2.0, 2.0]
    assert hedges_g([Sample.of(flat), Sample.of(flat)]).note == "no_variation"
    assert d_ppc2([Paired.of(flat, flat)] * 2).note == "no_variation"
    for size in SIZES.values():
        made = size(Paired.of(flat, flat))
        assert made.note == "no_variation"
        assert math.isnan(made.value)


def test_everyone_changes_alike():
    pre = [0.1, 0.2, 0.4, 0.8]
    group = Paired.of(pre, [x + 0.1 for x in pre])
    assert group.sd_change == 0
    assert d_z(group).note == "no_variation"
    assert mean_change(pre, [x + 0.1 for x in pre]).note == "no_residual_variation"
    assert smcr(group).value == pytest.approx(small_sample_factor(3) * 0.1 / sd(pre))


def test_one_pupil_in_an_arm_still_gives_g():
    g = hedges_g([Sample.of([3.0]), Sample.of([1.0, 2.0, 3.0, 2.0])])
    assert g.df == 3
    assert math.isfinite(g.ci_low)


def test_pooled_correlation_ignores_differences_between_groups():
    rng = np.random.default_rng(5)
    pre, post = rng.normal(size=(2, 500))
    near, far = Paired.of(pre, post), Paired.of(pre + 100, post + 100)
    assert pooled_r([near, far]) == pytest.approx(near.r, rel=1e-6)


@pytest.mark.parametrize(
    ("t", "df"), [(0.0, 3), (2.0, 1), (-30.0, 11801), (60.0, 2285), (300.0, 4), (11.0, 2), (1e3, 3)]
)
def test_noncentrality_limits_invert_the_distribution(t, df):
    from scipy import stats

    for ncp, tail in zip(noncentrality_ci(t, df), (0.975, 0.025), strict=True):
        assert noncentral_t_cdf(t, df, ncp) == pytest.approx(tail, abs=1e-10)
        theirs = stats.nct.cdf(t, df, ncp)
        assert math.isnan(theirs) or theirs == pytest.approx(tail, abs=1e-8)


def test_two_pupils_are_too_few_and_not_without_variation():
    pair = Paired.of([1.0, 2.0], [2.0, 4.0])
    assert {smcr(pair).note, smcc(pair).note} == {"too_few_scores"}
    assert d_z(Paired.of([1.0], [2.0])).note == "too_few_scores"
    assert hedges_g([Sample.of([1.0]), Sample.of([2.0, 3.0])]).note == "too_few_scores"
    assert d_ppc2([pair, Paired.of([1.0], [2.0])]).note == "too_few_scores"


def test_a_correlation_beyond_one_is_refused():
    from werkbank.errors import UsageError

    for r in (1.2, -1.01):
        with pytest.raises(UsageError, match="between -1 and 1"):
            Paired.published(10, (1.0, 2.0), (1.0, 1.0), r)
        with pytest.raises(UsageError, match="between -1 and 1"):
            d_ppc2([published(MORRIS[0][0], 0.5)] * 2, rho=r)
    x = np.array([0.1, 0.2, 0.7])
    assert Paired.of(x, 3 * x).r <= 1.0


@pytest.mark.parametrize("level", [0.8, 0.99])
def test_an_interval_has_the_level_that_was_asked(level):
    rng = np.random.default_rng(3)
    group, other = (Paired.of(rng.normal(size=20), rng.normal(0.5, 1, 20)) for _ in range(2))
    wider = level > 0.95
    for asked, plain in (
        *((f(group, level), f(group)) for f in (d_z, smcc, d_av, d_rm, smcr)),
        (hedges_g([post_of(group), post_of(other)], level=level), hedges_g([post_of(group), post_of(other)])),
        (d_ppc2([group, other], level=level), d_ppc2([group, other])),
    ):
        assert asked.value == plain.value
        assert (asked.ci_low < plain.ci_low) == wider
        assert (asked.ci_high > plain.ci_high) == wider
    # of g it holds the effect exactly where the noncentral t says so
    g = hedges_g([post_of(group), post_of(other)], level=level)
    j, per_t = small_sample_factor(38), np.sqrt(2 / 20)
    for limit, tail in ((g.ci_low, (1 + level) / 2), (g.ci_high, (1 - level) / 2)):
        assert noncentral_t_cdf(g.statistic, 38, limit / j / per_t) == pytest.approx(tail, abs=1e-8)
