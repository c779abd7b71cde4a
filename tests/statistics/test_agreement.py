"""Agreement of raters equals R and the papers' own tables."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pingouin
import pytest

from werkbank.catalogue import has
from werkbank.statistics.agreement import FORMS, icc, kappa, krippendorff

ORACLE = json.loads((Path(__file__).parents[1] / "oracles" / "reliability.json").read_text(encoding="utf-8"))
NAN = float("nan")
# Krippendorff (2011), data of four observers and twelve units
UNITS = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
        [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
    ]
).T


def cases(table):
    """The ratings of two raters behind a table of counts."""
    pairs = [(r, c) for r, row in enumerate(table) for c, n in enumerate(row) for _ in range(n)]
    return zip(*pairs, strict=True)


def test_intraclass_correlations_of_shrout_and_fleiss(shared):
    reference = json.loads((shared / "oracles" / "reference.json").read_text())["reliability"]["icc_shrout_fleiss"]
    found = icc(pd.read_csv(shared / "oracles" / "data" / "shrout_fleiss.csv").iloc[:, -4:])
    for form, name in zip(FORMS, ("ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k"), strict=True):
        mine, wanted = found[form], reference[name]
        assert (mine.estimate, mine.ci_low, mine.ci_high, mine.f, mine.p) == pytest.approx(
            [wanted[key] for key in ("icc", "ci_low", "ci_high", "F", "p")], rel=1e-9
        )
        assert (mine.df1, mine.df2) == (wanted["df1"], wanted["df2"])
    # the published table prints these
    assert [round(found[form].estimate, 2) for form in FORMS] == [0.17, 0.29, 0.71, 0.44, 0.62, 0.91]


def test_two_raters_match_r():
    reference = ORACLE["icc_two_raters"]
    found = icc(np.array(reference["ratings"]))
    for form, n in zip(FORMS, range(6), strict=True):
        assert found[form].estimate == pytest.approx(reference["icc"][n], rel=1e-9)
        assert found[form].ci_low == pytest.approx(reference["low"][n], rel=1e-7)
        assert found[form].ci_high == pytest.approx(reference["high"][n], rel=1e-7)
        assert found[form].p == pytest.approx(reference["p"][n], rel=1e-7)


@pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")  # pingouin 0.7 on pandas 3.1
def test_intraclass_correlations_agree_with_pingouin():
    ratings = np.random.default_rng(5).normal(size=(9, 3)) + np.arange(9)[:, None]
    long = pd.DataFrame(ratings).melt(ignore_index=False, var_name="rater").reset_index()
    theirs = pingouin.intraclass_corr(long, "index", "rater", "value").set_index("Type")["ICC"]
    assert [m.estimate for m in icc(ratings).values()] == pytest.approx(theirs.to_list(), rel=1e-9)


def test_cases_that_a_rater_missed_are_left_out_and_counted():
    ratings = np.array(ORACLE["icc_two_raters"]["ratings"])
    with_gap = np.vstack([ratings, [3.0, NAN]])
    assert icc(with_gap) == icc(ratings)
    assert icc(with_gap)["ICC(2,1)"].n == 12


def test_shifted_raters_are_consistent_but_do_not_agree():
    found = icc(np.array([[1.0, 3], [2, 4], [3, 5], [4, 6]]))
    assert found["ICC(3,1)"].estimate == 1
    assert (found["ICC(3,1)"].ci_low, found["ICC(3,1)"].ci_high) == (1, 1)
    assert found["ICC(2,1)"].estimate < 0.5


@pytest.mark.parametrize(
    ("ratings", "reason"),
    [(np.ones((5, 2)), "no_variance"), (np.ones((1, 2)), "too_few_raters"), (np.full((5, 2), NAN), "too_few_raters")],
)
def test_no_intraclass_correlation_without_a_reason(ratings, reason):
    for found in icc(ratings).values():
        assert math.isnan(found.estimate)
        assert found.note.endswith(reason)
        assert has(found.note, "nl")


@pytest.mark.parametrize("weights", ["none", "linear", "quadratic"])
def test_kappa_of_cohens_table_matches_r(weights):
    first, second = cases(ORACLE["kappa"]["table"])
    value, variance = ORACLE["kappa"][weights]
    found = kappa(first, second, weights)
    assert found.estimate == pytest.approx(value, rel=1e-12)
    assert found.n == 200
    if weights == "none":  # psych's variance of a weighted kappa is not that of Fleiss et al.: see the next test
        assert found.se == pytest.approx(math.sqrt(variance), rel=1e-9)


@pytest.mark.parametrize("weights", ["none", "linear", "quadratic"])
def test_standard_error_of_kappa_is_that_of_the_delta_method(weights):
    table = np.array(ORACLE["kappa"]["table"], float)
    n, shares, apart = table.sum(), table / table.sum(), np.abs(np.subtract.outer(range(3), range(3)))
    w = {"none": apart == 0, "linear": 1 - apart / 2, "quadratic": 1 - apart**2 / 4}[weights].astype(float)

    def at(p):
        p = p / p.sum()
        chance = p.sum(axis=1) @ w @ p.sum(axis=0)
        return ((w * p).sum() - chance) / (1 - chance)

    steps = np.eye(9).reshape(9, 3, 3) * 1e-6
    slope = np.array([at(shares + step) - at(shares - step) for step in steps]).reshape(3, 3) / 2e-6
    variance = ((shares * slope**2).sum() - (shares * slope).sum() ** 2) / n
    assert kappa(*cases(table.astype(int)), weights).se == pytest.approx(math.sqrt(variance), rel=1e-6)


def test_kappa_equals_the_shared_reference(shared):
    reference = json.loads((shared / "oracles" / "reference.json").read_text())["tables"]["kappa_cohen1968"]
    first, second = cases([reference[f"row{n}"] for n in (1, 2, 3)])
    plain = kappa(first, second)
    assert (plain.ci_low, plain.ci_high) == pytest.approx((reference["kappa_ci_low"], reference["kappa_ci_high"]))
    first, second = cases([reference[f"row{n}"] for n in (1, 2, 3)])
    assert kappa(first, second, "quadratic").estimate == pytest.approx(reference["kappa_quadratic"])


def test_quadratic_kappa_is_close_to_the_intraclass_correlation():
    # Fleiss & Cohen (1973): with n - 1 against n as the only difference
    rng = np.random.default_rng(7)
    true = rng.integers(1, 6, 4000)
    first, second = (np.clip(true + rng.integers(-1, 2, 4000), 1, 5) for _ in range(2))
    both = np.column_stack([first, second]).astype(float)
    assert kappa(first, second, "quadratic").estimate == pytest.approx(icc(both)["ICC(2,1)"].estimate, abs=1e-3)


def test_kappa_of_numbers_weighs_by_their_distance_and_not_by_what_occurs():
    # 1 and 5 are four apart even when nobody gave a 2, 3 or 4
    first, second = [1, 1, 5, 5, 1, 2], [1, 5, 5, 1, 1, 1]
    assert kappa(first, second, "linear").estimate != pytest.approx(
        kappa(list("aaccab"), list("accaaa"), "linear").estimate
    )


def test_kappa_at_the_edges():
    assert kappa(["a", "b", None], ["a", "b", "a"]).estimate == 1
    assert kappa(["a", "b"], ["a", "b"]).n == 2
    assert kappa(["a"] * 5, ["a"] * 5).note.endswith("no_disagreement_possible")
    assert kappa([], []).note.endswith("too_few_raters")
    assert kappa([NAN, 1.0], [1.0, NAN]).note.endswith("too_few_raters")
    assert kappa(["a", "b", "a", "b"], ["b", "a", "b", "a"]).estimate == -1


@pytest.mark.parametrize(
    ("level", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_krippendorffs_worked_example(level, published):
    found = krippendorff(UNITS, level)
    assert found.estimate == pytest.approx(published, abs=5e-4)
    assert (found.n, found.cases) == (40, 11)


def test_krippendorff_of_two_raters_is_scotts_pi_corrected_for_size():
    first, second = (np.array(list(side)) for side in cases(ORACLE["kappa"]["table"]))
    n = 2 * len(first)
    pooled = np.bincount(np.concatenate([first, second])) / n
    observed, expected = (first == second).mean(), (pooled**2).sum()
    pi = (observed - expected) / (1 - expected)
    assert krippendorff(np.column_stack([first, second])).estimate == pytest.approx(1 - (1 - pi) * (n - 1) / n)


def test_krippendorff_of_interval_data_without_gaps_is_close_to_the_one_way_icc():
    ratings = np.random.default_rng(5).normal(size=(500, 3)) + np.random.default_rng(6).normal(size=(500, 1))
    assert krippendorff(ratings.round(1), "interval").estimate == pytest.approx(
        icc(ratings.round(1))["ICC(1,1)"].estimate, abs=2e-3
    )


def test_krippendorff_at_the_edges():
    words = [["warm", "warm", None], ["cold", "cold", "cold"], ["warm", None, None]]
    found = krippendorff(pd.DataFrame(words))
    assert (found.estimate, found.n, found.cases) == (1, 5, 2)
    assert krippendorff(np.ones((4, 2))).note.endswith("no_disagreement_possible")
    assert krippendorff(np.full((4, 2), NAN)).note.endswith("too_few_raters")
    assert krippendorff(np.array([[1.0, NAN], [NAN, 2.0]])).note.endswith("too_few_raters")
    assert krippendorff(np.array([[0.0, 0], [0, 1], [1, 1]]), "ratio").estimate < 1
