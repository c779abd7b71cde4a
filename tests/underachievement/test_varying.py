"""What hangs on a choice: one of them changed at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from werkbank.study.underachievement import Cutoff
from werkbank.underachievement.criteria import Criteria, Measure
from werkbank.underachievement.methods import find
from werkbank.underachievement.varying import variations

IQ, OTHER, LANG = Measure("iq", basis="ability"), Measure("raven", basis="ability"), Measure("lang")


def pupils(n=400, seed=2):
    rng = np.random.default_rng(seed)
    iq = rng.normal(100, 15, n)
    raven = 30 + 4 * (0.7 * (iq - 100) / 15 + 0.7 * rng.normal(size=n))
    lang = 50 + 8 * (0.6 * (iq - 100) / 15 + 0.8 * rng.normal(size=n))
    return pd.DataFrame({"iq": iq, "raven": raven, "lang": lang, "school": np.arange(n) % 10})


def flags(finding):
    return set(finding.table.index[finding.table["flag"].fillna(value=False).astype(bool)])


@pytest.mark.parametrize("method", ["absolute", "difference", "regression"])
@pytest.mark.parametrize("able", [Cutoff(rule="quantile", value=0.8), None])
def test_each_row_is_the_finding_by_that_one_choice(method, able):
    table = pupils()
    criteria = Criteria(method, IQ, LANG, able=able)
    main = find(table, criteria)
    made = {(v.varied, v.value): v for v in variations(table, main, [OTHER])}
    by_hand = {
        ("expected", "raven"): replace(criteria, expected=OTHER),
        ("able", "0.95"): replace(criteria, able=Cutoff(rule="quantile", value=0.95)),
        **{("method", m): replace(criteria, method=m) for m in ("absolute", "difference", "regression") if m != method},
    }
    if method != "absolute":
        by_hand["threshold", "1.5"] = replace(criteria, threshold=1.5)
    for key, other in by_hand.items():
        again = find(table, other)
        assert (made[key].finding.n_flagged, made[key].finding.share) == (again.n_flagged, again.share)
        assert made[key].kept.value == pytest.approx(len(flags(main) & flags(again)) / len(flags(main)))
    assert all(v.finding.criteria != criteria for v in made.values())
    assert (("able", "all") in made) == (able is not None)
    assert ("able", "0.8") not in made or able is None


def test_a_predictor_that_is_the_expected_measure_is_replaced_with_it():
    table = pupils()
    main = find(table, Criteria("regression", IQ, LANG, predictors=(IQ,)))
    (other,) = [v for v in variations(table, main, [OTHER]) if v.varied == "expected"]
    assert list(other.finding.prediction.coefficients) == ["intercept", "raven"]


def test_a_cut_by_score_becomes_the_same_share_on_another_measure():
    table = pupils()
    main = find(table, Criteria("difference", IQ, LANG, able=Cutoff(rule="score", value=115)))
    (other,) = [v for v in variations(table, main, [OTHER]) if v.varied == "expected"]
    assert other.finding.n_able == pytest.approx(main.n_able, abs=1)


def test_a_measure_that_says_nothing_is_shown_without_numbers():
    table = pupils().assign(raven=1.0)
    main = find(table, Criteria("regression", IQ, LANG))
    (other,) = [v for v in variations(table, main, [OTHER]) if v.varied == "expected"]
    assert other.finding is None
    assert np.isnan(other.kept.value)


def test_pupils_without_the_other_measure_do_not_count_as_no_longer_flagged():
    table = pupils()
    main = find(table, Criteria("difference", IQ, LANG))
    gone = sorted(flags(main))[: main.n_flagged // 2]
    table.loc[gone, "raven"] = np.nan
    (other,) = [v for v in variations(table, main, [OTHER]) if v.varied == "expected"]
    assert other.kept.n <= main.n_flagged


def test_a_nomination_has_nothing_to_vary():
    table = pupils().assign(named=(np.arange(400) % 9 == 0) * 1.0)
    main = find(table, Criteria("nomination", IQ, LANG, able=None, nominated_by="named"))
    assert variations(table, main, [OTHER]) == []


@pytest.mark.parametrize("schools", [4, 10, 40])
def test_shares_of_schools_are_covered_also_with_few_of_them(schools):
    """A short run of benchmarks/flagging.py: pupils of one school are alike, and the interval knows."""
    rng, hits = np.random.default_rng([7, schools]), []
    for _ in range(150):
        school = np.repeat(np.arange(schools), 25)
        level = rng.normal(0, 0.5, schools)[school]
        table = pd.DataFrame({"iq": level + rng.normal(size=len(school)), "school": school})
        table["lang"] = rng.normal(0, 0.5, schools)[school] + 0.6 * table["iq"] + rng.normal(0, 0.7, len(school))
        found = find(table, Criteria("regression", IQ, LANG, able=None))
        hits.append(found.ci_low <= 0.1587 <= found.ci_high)
    assert np.mean(hits) >= 0.95 - 3 * (0.05 * 0.95 / 150) ** 0.5
