"""Odds ratios: published and R's values, classes as units, and where there is none."""

import math

import numpy as np
import pandas as pd
import pytest

from werkbank.effects import estimate
from werkbank.effects.binary import odds_ratio

WEIGHTS = {"T": 1.0, "C": -1.0}


def table(a, b, c, d, **more):
    """Pupils with and without in the treated arm, then in the other."""
    post = np.repeat([1.0, 0.0, 1.0, 0.0], [a, b, c, d])
    return pd.DataFrame({"arm": np.repeat(["T", "C"], [a + b, c + d]), "post": post, **more})


def test_hay_fever_and_eczema_as_bland_and_altman_print_them():
    ratio, d = odds_ratio(table(141, 420, 928, 13525), WEIGHTS)
    assert (ratio.value, ratio.ci_low, ratio.ci_high) == pytest.approx((4.89, 4.00, 5.99), abs=5e-3)
    assert (d.value * 1.65, d.se * 1.65) == pytest.approx((1.588, 0.103), abs=5e-4)
    assert d.ci_low * 1.65 == pytest.approx(math.log(ratio.ci_low))
    assert d.standardiser == "logistic_cox"
    other, _ = odds_ratio(table(141, 420, 928, 13525), {"T": -1.0, "C": 1.0})
    assert other.value == pytest.approx(1 / ratio.value)


def test_pupils_and_classes_match_r(pinned):
    known = pinned["odds"]
    rows = pd.DataFrame(known["data"]).rename(columns={"class": "unit", "y": "post"})
    ratio, d = odds_ratio(rows, WEIGHTS)
    b, se, z, p = known["woolf"]
    assert (math.log(ratio.value), d.se * 1.65, ratio.statistic, ratio.p) == pytest.approx((b, se, z, p), rel=1e-8)
    ratio, d = odds_ratio(rows, WEIGHTS, by_unit=True)
    assert (d.value * 1.65, d.se * 1.65, d.df) == pytest.approx((known["log"], *known["classes"]), rel=1e-8)
    assert ratio.df == d.df
    # classes that hold the same share of both say more than classes that do not: the interval is wider
    assert ratio.ci_low < 1 < ratio.ci_high


def test_an_empty_cell_is_mended_for_pupils_and_refused_for_classes():
    rows = table(12, 0, 5, 7, unit=np.resize(list("abcdef"), 24))
    rows["unit"] += rows["arm"]
    ratio, _ = odds_ratio(rows, WEIGHTS)
    assert ratio.value == pytest.approx((12.5 / 0.5) / (5.5 / 7.5))
    assert [q.note for q in odds_ratio(rows, WEIGHTS, by_unit=True)] == ["share_of_0_or_1"] * 2
    alike = pd.concat([table(1, 1, 1, 1, unit=unit) for unit in "ab"])
    alike["unit"] += alike["arm"]
    assert odds_ratio(alike, WEIGHTS, by_unit=True)[0].note == "no_residual_variation"


@pytest.mark.parametrize("by", ["pupil", "class"])
def test_a_report_has_it_for_scores_of_0_and_1_alone(make_study, classroom, long_scores, by):
    pupils, pre, post = classroom(classes=8, size=15)
    if by == "pupil":
        pupils = pupils.assign(arm=np.resize(["T", "C"], len(pupils)))
    study = make_study(by=by)
    plain = {e.method for e in estimate(study, long_scores({"pre": pre, "post": post}), pupils, 1)}
    passed = (post > 0.3).astype(float)
    made = {e.method: e for e in estimate(study, long_scores({"pre": pre, "post": passed}), pupils, 1)}
    assert not {"odds_ratio", "d_odds_ratio"} & plain
    ratio, d = made["odds_ratio"], made["d_odds_ratio"]
    shares = passed.groupby(pupils["arm"]).mean()
    assert ratio.estimate == pytest.approx((shares["T"] / (1 - shares["T"])) / (shares["C"] / (1 - shares["C"])))
    assert (ratio.note, ratio.role, d.role) == ("binary_outcome", "exploratory", "exploratory")
    assert (ratio.n, ratio.n_clusters) == (120, 8 if by == "class" else None)
    assert (ratio.df is None) == (by == "pupil")
    assert d.estimate == pytest.approx(math.log(ratio.estimate) / 1.65)


def test_a_true_null_is_rejected_no_more_often_than_said():
    rng, icc, found = np.random.default_rng(8), 0.15, []
    for _ in range(300):
        unit = np.repeat(np.arange(12), rng.integers(10, 31, 12))
        share = rng.beta(0.5 * (1 - icc) / icc, 0.5 * (1 - icc) / icc, 12)[unit]
        post = (rng.random(len(unit)) < share).astype(float)
        rows = pd.DataFrame({"arm": np.where(unit % 2 == 0, "T", "C"), "unit": unit, "post": post})
        found.append(odds_ratio(rows, WEIGHTS, by_unit=True)[0].p < 0.05)
    assert 0.01 < np.mean(found) < 0.09  # three Monte-Carlo SEs around .05


def test_rare_shares_whose_odds_are_not_clear_are_a_caution_and_a_sentence(make_study, long_scores):
    from werkbank.appraisal import appraise
    from werkbank.effects import describe
    from werkbank.reporting.words import Words
    from werkbank.results import Results

    counts = {"C": (2, 3, 2, 3, 2, 3, 2, 2, 3), "T": (1, 0, 0)}
    rows = [
        (arm, f"{arm}{i}", float(j < n)) for arm, many in counts.items() for i, n in enumerate(many) for j in range(20)
    ]
    pupils = pd.DataFrame(rows, columns=["arm", "class", "post"], index=[f"p{i:03}" for i in range(len(rows))])
    study, scores = make_study(by="class"), long_scores({"post": pupils["post"]})
    facts = describe(study, scores, pupils[["arm", "class"]])
    assert any(f.what == "caution" and f.category == "rare_shares" for f in facts)
    made = estimate(study, scores, pupils[["arm", "class"]], 1)
    claims = appraise(study, Results({}, tuple(made), tuple(facts)))
    (answer,) = [c for c in claims if c.kind == "answer"]
    assert (answer.verdict, answer.side) == ("rare", "lower")
    assert [c.status for c in claims if c.topic == "analysis" and c.verdict == "rare_shares"] == ["attention"]
    for language, never in (("nl", "een effect van"), ("en", "an effect of")):
        told = [Words(study, {}, language).claim(c) for c in claims]
        assert not [text for text in told if never in text and "odds" in text]
