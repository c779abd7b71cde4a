"""Agreement between methods, against psych, R and the definitions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from werkbank.errors import UsageError
from werkbank.underachievement.agreement import (
    Fourfold,
    against,
    by_leaving_out,
    fourfold,
    jaccard,
    judged_by_all,
    kappa,
    pairwise,
    phi,
    which_by_which,
)
from werkbank.underachievement.methods import find


@pytest.fixture(scope="module")
def findings(bdf, criteria):
    return {name: find(bdf, c).table for name, c in criteria.items()}


@pytest.fixture(scope="module")
def able(findings):
    return judged_by_all({name: t.loc[t["able"], "flag"] for name, t in findings.items()})


def test_pairs_match_r(able, findings, reference):
    wanted = reference["bdf_lang"]["top10"]["agreement"]
    everyone = pairwise(judged_by_all({name: t["flag"] for name, t in findings.items()}))
    for table, whole in ((pairwise(able), False), (everyone, True)):
        for row in table.itertuples():
            w = wanted[f"{row.a}_x_{row.b}"]
            if whole:
                assert row.kappa == pytest.approx(w["kappa_all_pupils"], rel=1e-9)
                continue
            assert (row.both, row.only_a, row.only_b, row.neither) == tuple(
                w[k] for k in ("both", "only_first", "only_second", "neither_in_high")
            )
            assert row.kappa == pytest.approx(w["kappa_within_high"], rel=1e-9)
            assert row.phi == pytest.approx(w["phi_within_high"], rel=1e-9)
            assert row.jaccard == pytest.approx(w["jaccard"], rel=1e-9)
            assert row.kappa_low == pytest.approx(w["kappa_ci_low_within_high"], abs=1e-5)
            assert row.kappa_high == pytest.approx(w["kappa_ci_high_within_high"], abs=1e-5)
            counts = Fourfold(row.both, row.only_a, row.only_b, row.neither)
            assert kappa(counts).se == pytest.approx(w["kappa_se_psych_within_high"], rel=1e-9)


def test_which_by_which_adds_up_and_matches_r(able, reference):
    table = which_by_which(able)
    wanted = reference["bdf_lang"]["top10"]["overlap"]
    by_number = table.groupby("n_methods")["n"].sum()
    assert table["n"].sum() == len(able) == 257
    assert [by_number.get(k, 0) for k in (3, 2, 1, 0)] == [
        wanted[k] for k in ("all_three", "exactly_two", "exactly_one", "none")
    ]
    assert table["n_methods"].is_monotonic_decreasing


def delta_method_se(counts, statistic):
    n, step = sum(counts), 1e-5
    p = np.array(counts) / n
    slopes = []
    for i in range(4):
        up, down = p.copy(), p.copy()
        up[i], down[i] = p[i] + step, p[i] - step
        slopes.append((statistic(up) - statistic(down)) / (2 * step))
    slopes = np.array(slopes)
    return np.sqrt((p @ slopes**2 - (p @ slopes) ** 2) / n)


def phi_of(p):
    a, b, c, d = p
    return (a * d - b * c) / np.sqrt((a + b) * (c + d) * (a + c) * (b + d))


def kappa_of(p):
    a, b, c, d = p / p.sum()
    chance = (a + b) * (a + c) + (c + d) * (b + d)
    return (a + d - chance) / (1 - chance)


@pytest.mark.parametrize("counts", [(20, 0, 67, 170), (12, 5, 9, 80), (3, 30, 25, 4), (1, 2, 3, 4)])
def test_standard_errors_match_a_numerical_delta_method(counts):
    assert phi(Fourfold(*counts)).se == pytest.approx(delta_method_se(counts, phi_of), rel=1e-5)
    assert kappa(Fourfold(*counts)).se == pytest.approx(delta_method_se(counts, kappa_of), rel=1e-5)


def test_phi_is_the_correlation_of_flags(able):
    row = pairwise(able).iloc[0]
    assert row["phi"] == pytest.approx(able[[row["a"], row["b"]]].astype(float).corr().iloc[0, 1], rel=1e-12)


@pytest.mark.parametrize("counts", [(0, 0, 0, 9), (9, 0, 0, 0), (0, 0, 0, 0)])
def test_agreement_does_not_exist_when_all_or_none_are_flagged(counts):
    table = Fourfold(*counts)
    assert np.isnan([kappa(table).estimate, phi(table).estimate, phi(table).low]).all()
    assert np.isnan(jaccard(table).estimate) == (counts[0] == 0)


def test_one_method_that_flags_nobody_has_kappa_zero_and_no_phi():
    table = Fourfold(0, 0, 5, 20)
    assert kappa(table).estimate == 0
    assert np.isnan(phi(table).estimate)


def test_sensitivity_and_specificity_against_a_chosen_method(able):
    table = against(able, "difference").set_index("method")
    row = table.loc["regression"]
    assert (row["sensitivity"], row["sensitivity_n"]) == (pytest.approx(36 / 87), 87)
    assert (row["specificity"], row["specificity_n"]) == (1.0, 170)
    # Clopper-Pearson for all of 170: one-sided bound (alpha/2)^(1/n)
    assert row["specificity_low"] == pytest.approx(0.025 ** (1 / 170), rel=1e-12)
    assert row["specificity_high"] == 1.0
    with pytest.raises(UsageError, match="nomination"):
        against(able, "nomination")


def test_only_pupils_judged_by_all_methods_are_compared_and_the_rest_is_counted():
    flags = {
        "a": pd.Series([True, None, False], index=["p", "q", "r"], dtype="boolean"),
        "b": pd.Series([True, True], index=["p", "q"], dtype="boolean"),
    }
    table = judged_by_all(flags)
    assert table.index.tolist() == ["p"]
    assert table.attrs["n_left_out"] == 2


def test_jaccard_sensitivity_and_specificity_are_shares_of_sets(able):
    pairs, shares = pairwise(able).set_index(["a", "b"]), against(able, "regression").set_index("method")
    chosen = {name: set(able.index[able[name]]) for name in able}
    for (a, b), row in pairs.iterrows():
        assert row["jaccard"] == len(chosen[a] & chosen[b]) / len(chosen[a] | chosen[b])
    standard, rest = chosen["regression"], set(able.index) - chosen["regression"]
    for method, row in shares.iterrows():
        assert row["sensitivity"] == len(chosen[method] & standard) / len(standard)
        assert row["specificity"] == len(rest - chosen[method]) / len(rest)


def test_jaccard_interval_is_exact_for_the_pupils_flagged_by_either(reference):
    wanted = reference["bdf_lang"]["top10"]["absolute_mean"]  # 20 of 257, as a proportion
    found = jaccard(Fourfold(20, 200, 37, 5))
    assert (found.low, found.high) == pytest.approx((wanted["ci_low_clopper"], wanted["ci_high_clopper"]), abs=1e-9)


def two_methods(schools=12, size=20, seed=4):
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(schools), size)
    level = rng.normal(size=schools)[unit] + rng.normal(size=schools * size)
    flags = pd.DataFrame({"a": level > 0.8, "b": level + rng.normal(scale=0.7, size=len(level)) > 0.9})
    return flags, pd.Series(unit, index=flags.index)


def test_intervals_of_agreement_know_schools():
    flags, unit = two_methods()
    (alone,) = pairwise(flags).to_dict("records")
    (known,) = pairwise(flags, unit).to_dict("records")
    for name in ("kappa", "phi", "jaccard"):
        assert known[name] == pytest.approx(alone[name])
        assert known[f"{name}_low"] < known[name] < known[f"{name}_high"]
    assert known["jaccard_low"] < alone["jaccard_low"]
    (row,) = against(flags, "a", unit).to_dict("records")
    assert row["sensitivity_low"] <= against(flags, "a")["sensitivity_low"].iloc[0]


def test_leaving_out_units_is_the_jackknife_written_out():
    flags, unit = two_methods(schools=6)
    without = [kappa(fourfold(*(flags.loc[unit != g, c] for c in "ab"))).estimate for g in range(6)]
    se = np.sqrt(5 / 6 * np.sum((np.array(without) - np.mean(without)) ** 2))
    found = by_leaving_out(flags, unit, kappa)
    assert found.se == pytest.approx(se)
    assert found.high - found.low == pytest.approx(2 * 2.570581836 * se, rel=1e-8)


def test_a_unit_for_every_pupil_gives_nearly_the_interval_of_pupils():
    flags, _ = two_methods(schools=40)
    found = by_leaving_out(flags, pd.Series(range(len(flags)), index=flags.index), phi)
    assert found.se == pytest.approx(phi(fourfold(flags["a"], flags["b"])).se, rel=0.02)


def test_agreement_over_one_unit_or_with_all_flags_in_one_has_no_interval():
    flags, unit = two_methods(schools=3)
    assert np.isnan(by_leaving_out(flags, unit * 0, kappa).low)
    only = flags & (unit.to_numpy() == 0)[:, None]
    assert np.isnan(by_leaving_out(only, unit, phi).low)
