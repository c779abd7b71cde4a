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
