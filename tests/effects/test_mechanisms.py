"""Moderators, dose and taking part as a study file declares them."""

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from werkbank.effects.mechanisms import mechanisms
from werkbank.effects.questions import questions


@pytest.fixture
def asked(make_study, classroom, long_scores):
    """Return the estimates of a study of pupils (or classes) with further columns."""

    def ask(pupils_columns=None, *, by="pupil", kind="randomised", post_plus=0.0, **declared):
        pupils, pre, post = classroom(classes=12, size=10)
        if by == "pupil":
            pupils = pupils.assign(arm=np.resize(["T", "C"], len(pupils)))
        pupils = pupils.assign(**(pupils_columns or {}))
        study = make_study(by=by, kind=kind, **declared)
        scores = long_scores({"pre": pre, "post": post + post_plus})
        (question,) = questions(study, scores, pupils)
        return {e.id.split("/", 3)[3]: e for e in mechanisms(study, question, scores, pupils, seed=1)}, question

    return ask


N = 120
EFFICACY = np.random.default_rng(4).normal(3, 0.5, N)


def test_a_declared_column_moderates_as_statsmodels_says(asked):
    import statsmodels.api as sm
    from scipy import special

    made, q = asked({"efficacy": EFFICACY}, moderators=[{"column": "efficacy"}])
    rows = q.analysed
    t = (rows["arm"] == "T").to_numpy(float)
    low, high = EFFICACY.mean() - EFFICACY.std(ddof=1), EFFICACY.mean() + EFFICACY.std(ddof=1)
    for method, at in (("moderation_low", low), ("moderation_mean", EFFICACY.mean()), ("moderation_high", high)):
        X = np.column_stack([np.ones(N), t, EFFICACY - at, t * (EFFICACY - at), rows["pre"]])
        fit = sm.OLS(rows["post"].to_numpy(), X).fit(cov_type="HC2")
        e, interaction = made[f"{method}/efficacy"], made["moderation/efficacy"]
        assert (e.estimate, e.se) == pytest.approx((fit.params[1], fit.bse[1]), rel=1e-8)
        assert (interaction.estimate, interaction.se) == pytest.approx((fit.params[3], fit.bse[3]), rel=1e-8)
        for one in (e, interaction):  # each arm's spread on its own costs df: fewer than pupils - 5, and never z
            assert 30 < one.df < N - 5
            assert one.p == pytest.approx(2 * special.stdtr(one.df, -abs(one.statistic)))
    assert {e.role for e in made.values()} == {"exploratory"}


def test_simple_slopes_stand_beside_the_values_they_belong_to(asked):
    made, _ = asked({"efficacy": EFFICACY}, moderators=[{"column": "efficacy"}])
    at = [made[f"moderation_at_{place}/efficacy"].estimate for place in ("low", "mean", "high")]
    spread = EFFICACY.std(ddof=1)
    assert at == pytest.approx([EFFICACY.mean() - spread, EFFICACY.mean(), EFFICACY.mean() + spread])
    slopes = [made[f"moderation_{place}/efficacy"].estimate for place in ("low", "mean", "high")]
    assert np.diff(slopes) == pytest.approx([made["moderation/efficacy"].estimate * spread] * 2)


@pytest.mark.parametrize(("level", "note"), [(9.0, "region_all"), (0.0, "region_none")])
def test_without_borders_it_is_said_on_which_side_all_values_lie(asked, level, note):
    treated = np.where(np.resize(["T", "C"], N) == "T", 1.0, 0.0)
    flat = np.where(np.arange(N) % 4 < 2, 1.0, -1.0) + 0.01 * np.resize([0.0, 1, 2], N)  # crosses the arms evenly
    made, _ = asked({"half": flat}, post_plus=level * treated, moderators=[{"column": "half"}])
    borders = [key for key in made if "region" in key]
    assert (made["moderation/half"].note == note) == (not borders)
    assert (made["moderation_mean/half"].p < 0.05) == (note == "region_all")


@pytest.mark.parametrize(("steep", "beyond"), [(3.0, False), (0.3, True)])
def test_borders_beyond_the_values_that_occurred_are_called_so(asked, steep, beyond):
    columns, declared = {"efficacy": EFFICACY}, [{"column": "efficacy"}]
    treated = np.where(np.resize(["T", "C"], N) == "T", 1.0, 0.0)
    made, _ = asked(columns, post_plus=treated * (0.3 + steep * (EFFICACY - 3)), moderators=declared)
    borders = [e for key, e in made.items() if "region" in key]
    assert len(borders) == 2
    assert beyond != all(EFFICACY.min() <= e.estimate <= EFFICACY.max() for e in borders)
    assert {e.note.endswith("_beyond") for e in borders} == {beyond}


def test_two_words_are_two_values(asked):
    made, _ = asked({"sex": np.resize(["f", "m", "m"], N)}, moderators=[{"column": "sex"}])
    gap = made["moderation_high/sex"].estimate - made["moderation_low/sex"].estimate
    assert gap == pytest.approx(made["moderation/sex"].estimate)
    assert not any("region" in key or "mean" in key for key in made)
    values = [made[f"moderation_at_{place}/sex"] for place in ("low", "high")]
    assert [(e.estimate, e.group) for e in values] == [(0.0, "f"), (1.0, "m")]


def test_more_words_than_two_are_refused(asked):
    made, _ = asked({"place": np.resize(["a", "b", "c"], N)}, moderators=[{"column": "place"}])
    (e,) = made.values()
    assert (e.estimate, e.note) == (None, "moderator_not_numeric")


def test_pupils_without_the_moderator_are_left_out_and_counted(asked):
    made, _ = asked({"efficacy": np.where(np.arange(N) < 20, np.nan, EFFICACY)}, moderators=[{"column": "efficacy"}])
    assert made["moderation/efficacy"].n == 100


def test_the_score_before_may_moderate_and_a_teacher_s_is_averaged(asked):
    made, q = asked(moderators=[{"outcome": "y"}])
    assert made["moderation/y"].n == N
    by_class, _ = asked(by="class", moderators=[{"outcome": "y", "at": "teacher"}])
    assert by_class["moderation/y"].n_clusters == 12
    assert by_class["moderation/y"].df < 12
    assert q.covariates == ()


def test_dose_is_asked_of_the_treated_alone(asked):
    dose = np.random.default_rng(2).integers(1, 9, N).astype(float)
    made, _ = asked({"sessions": dose}, post_plus=0.5 * dose, dose="sessions")
    e = made["dose_response"]
    assert e.n == 60
    assert e.ci_low < 0.5 < e.ci_high
    assert e.note == "dose_not_by_lot"


def test_dose_and_taking_part_are_of_classes_where_classes_were_assigned(asked):
    had = np.random.default_rng(3).integers(0, 2, N).astype(float)
    made, _ = asked({"had": had}, by="class", dose="had")
    assert (made["dose_response"].n, made["dose_response"].n_clusters) == (60, 6)
    assert made["dose_response"].df < 4  # six classes, an intercept and a slope, and HC2 knows that one weighs more


def test_without_a_lot_there_is_no_cace(asked):
    followed = np.where(np.resize(["T", "C"], N) == "T", 1.0, 0.0)
    followed[:20:2] = 0.0
    by_lot, _ = asked({"came": followed}, received="came")
    plain, _ = asked({"came": followed}, received="came", kind="controlled")
    assert by_lot["cace"].p is not None
    assert (plain["cace"].estimate, plain["cace"].note) == (None, "cace_needs_lot")


def test_a_moderator_is_one_thing_that_exists(make_study):
    for wrong in ({"column": "a", "outcome": "y"}, {}, {"outcome": "nothing"}):
        with pytest.raises(ValidationError):
            make_study(moderators=[wrong])
    study = make_study(moderators=[{"column": "a"}], dose="b", received="c")
    assert study.pupil_columns == ["a", "b", "c"]


@pytest.mark.parametrize("by", ["pupil", "class"])
def test_a_declared_mediator_is_answered_with_its_limits(make_study, classroom, long_scores, by):
    from werkbank.effects import estimate

    pupils, pre, post = classroom(classes=12, size=10)
    if by == "pupil":
        pupils = pupils.assign(arm=np.resize(["T", "C"], len(pupils)))
    outcomes = [
        {"name": "y", "column": "y", "better": "higher", "role": "primary"},
        {"name": "m", "column": "m", "better": "higher"},
    ]
    study = make_study(by=by, outcomes=outcomes, mediators=["m"])
    way = pd.Series(np.random.default_rng(1).normal(size=N), pupils.index)
    scores = pd.concat([long_scores({"pre": pre, "post": post}), long_scores({"pre": way, "post": way + pre}, "m")])
    (made,) = [e for e in estimate(study, scores, pupils, 1) if e.method == "mediation"]
    assert (made.id, made.role, made.p) == ("y/pre-post/t-c/mediation/m", "exploratory", None)
    assert made.note == "mediator_at_same_wave"
    assert made.n_clusters == (12 if by == "class" else None)
    assert made.ci_low < made.estimate < made.ci_high


def test_the_contextual_effect_is_that_of_statsmodels_and_of_the_other_parametrisation(classroom):
    import pandas as pd
    import statsmodels.formula.api as smf

    from werkbank.effects.classes import contextual_effect
    from werkbank.statistics import multilevel

    pupils, pre, post = classroom(classes=20, size=12)
    table = pd.DataFrame({"arm": pupils["arm"], "unit": pupils["class"], "pre": pre, "post": post})
    table["mean"] = table.groupby("unit")["pre"].transform("mean")
    table["post"] += 0.5 * table["mean"]
    made = contextual_effect(table, {"T": 1.0, "C": -1.0})
    fit = smf.mixedlm("post ~ arm + pre + mean", table, groups=table["unit"]).fit(reml=True)
    assert made.value == pytest.approx(fit.params["mean"], abs=1e-4)
    t = (table["arm"] == "T").to_numpy(float)
    X = np.column_stack([t, 1 - t, table["pre"], table["mean"]])
    other = multilevel.test(multilevel.fit(table["post"], X, {"unit": table["unit"]}), [0.0, 0.0, 0.0, 1.0])
    assert (made.value, made.se, made.p) == pytest.approx((other.estimate, other.se, other.p), rel=1e-5)


def test_classes_with_the_same_mean_have_no_contextual_effect(classroom):
    from werkbank.effects.classes import contextual_effect

    pupils, pre, post = classroom(classes=6)
    pre = pre - pre.groupby(pupils["class"]).transform("mean")
    table = pd.DataFrame({"arm": pupils["arm"], "unit": pupils["class"], "pre": pre.round(12), "post": post})
    made = contextual_effect(table, {"T": 1.0, "C": -1.0})
    assert made.p is None or not np.isfinite(made.value) or made.se > 1e6
