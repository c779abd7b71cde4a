"""What the lead takes for granted is looked at in its own residuals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from werkbank.effects import diagnose, estimate
from werkbank.statistics.residuals import ranks, shape


def by_what(facts):
    return {(f.what, f.arms if f.what == "spread_of_units" else ()): f for f in facts}


def test_without_a_slope_it_is_the_scores_themselves(make_study, long_scores):
    rng = np.random.default_rng(4)
    pupils = pd.DataFrame({"arm": ["T"] * 20 + ["C"] * 25}, index=[f"p{i}" for i in range(45)])
    post = pd.Series(rng.gamma(2, 2, 45), index=pupils.index)
    facts = by_what(diagnose(make_study(), long_scores({"post": post}), pupils))
    t, c = post[pupils["arm"] == "T"], post[pupils["arm"] == "C"]
    assert facts["spread_of_units", ("T",)].value == pytest.approx(t.std())
    scaled = np.concatenate([(t - t.mean()) / t.std(), (c - c.mean()) / c.std()])
    assert facts["residual_normality_w", ()].value == pytest.approx(shape(scaled).w)
    assert facts["residual_normality_w", ()].n == 45
    assert facts["rank_p", ()].value == pytest.approx(ranks(t, c).p)
    assert facts["rank_superiority", ()].value == pytest.approx(ranks(t, c).superiority)


def test_classes_are_what_is_looked_at_where_classes_were_assigned(make_study, long_scores, classroom):
    pupils, pre, post = classroom(classes=10, effect=0.0)
    study = make_study(by="class")
    scores = long_scores({"pre": pre, "post": post})
    facts = by_what(diagnose(study, scores, pupils))
    assert facts["residual_normality_w", ()].n == 10
    assert facts["spread_of_units", ("T",)].n == 5
    lead = next(e for e in estimate(study, scores, pupils, seed=1) if e.kind == "headline")
    assert (lead.outcome, lead.contrast) == (facts["rank_p", ()].outcome, facts["rank_p", ()].contrast)


def test_what_cannot_be_answered_is_not_looked_at(make_study, long_scores, classroom):
    pupils, pre, post = classroom(classes=2)
    assert diagnose(make_study(by="class"), long_scores({"pre": pre, "post": post}), pupils) == []


def test_slopes_that_differ_among_pupils_of_a_class_are_seen(make_study, long_scores, classroom):
    pupils, pre, post = classroom(classes=16, size=25, effect=0.0)
    treated = pupils["arm"] == "T"
    steeper = post + 0.8 * pre * treated
    study = make_study(by="class")
    found = by_what(diagnose(study, long_scores({"pre": pre, "post": steeper}), pupils))
    alike = by_what(diagnose(study, long_scores({"pre": pre, "post": post}), pupils))
    assert found["slopes_differ", ()].value == pytest.approx(alike["slopes_differ", ()].value + 0.8)
    assert found["slopes_differ_p", ()].value < 0.001


def test_slopes_of_pupils_are_those_of_each_arm_by_itself(make_study, long_scores):
    rng = np.random.default_rng(8)
    pupils = pd.DataFrame({"arm": ["T"] * 40 + ["C"] * 50}, index=[f"p{i}" for i in range(90)])
    pre = pd.Series(rng.normal(size=90), pupils.index)
    post = 0.5 * pre + pd.Series(rng.normal(size=90), pupils.index)
    facts = by_what(diagnose(make_study(), long_scores({"pre": pre, "post": post}), pupils))
    slope = {arm: np.polyfit(pre[pupils["arm"] == arm], post[pupils["arm"] == arm], 1)[0] for arm in "TC"}
    assert facts["slopes_differ", ()].value == pytest.approx(slope["T"] - slope["C"])


def test_influence_is_what_leaving_each_pupil_out_does(make_study, long_scores):
    rng = np.random.default_rng(5)
    pupils = pd.DataFrame({"arm": ["T"] * 12 + ["C"] * 14}, index=[f"p{i:02}" for i in range(26)])
    pre = pd.Series(rng.normal(size=26), pupils.index)
    post = 0.5 * pre + pd.Series(rng.normal(size=26), pupils.index)
    post.iloc[3] += 6
    study, scores = make_study(), long_scores({"pre": pre, "post": post})
    facts = by_what(diagnose(study, scores, pupils))

    def lead(kept):
        made = estimate(study, scores[scores["pupil"].isin(kept)], pupils.loc[kept], seed=1)
        return next(e for e in made if e.kind == "headline")

    whole = lead(list(pupils.index))
    moved = [abs(lead([p for p in pupils.index if p != out]).estimate - whole.estimate) for out in pupils.index]
    assert facts["influence_largest", ()].value == pytest.approx(max(moved) / whole.se, rel=1e-8)
    assert int(np.argmax(moved)) == 3


def test_values_and_ends_of_the_scale_are_counted(make_study, long_scores):
    pupils = pd.DataFrame({"arm": np.resize(["T", "C"], 40)}, index=[f"p{i:02}" for i in range(40)])
    post = pd.Series([5.0] * 12 + [1.0] * 4 + [2, 3, 4, 3] * 6, pupils.index)
    facts = by_what(diagnose(make_study(), long_scores({"post": post}), pupils))
    assert facts["values_distinct", ()].value == 5
    assert facts["share_at_top", ()].value == pytest.approx(12 / 40)
    assert facts["share_at_bottom", ()].value == pytest.approx(4 / 40)
    assert facts["share_at_top", ()].n == 40
    assert ("slopes_differ", ()) not in facts


def test_slopes_that_do_not_differ_are_seldom_said_to(make_study, long_scores, classroom):
    study, seen = make_study(by="class"), []
    for seed in range(60):
        pupils, pre, post = classroom(classes=12, size=12, effect=0.0, seed=seed)
        seen.append(
            by_what(diagnose(study, long_scores({"pre": pre, "post": post}), pupils))["slopes_differ_p", ()].value
        )
    assert np.mean(np.array(seen) < 0.05) < 0.05 + 3 * (0.05 * 0.95 / 60) ** 0.5
