"""Repeated-measures ANOVA against R, published values and pingouin; and where it must not be given."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from werkbank.effects import estimate
from werkbank.effects.repeated import mauchly, repeated_measures, within_arms
from werkbank.errors import UnfitError

ORACLES = Path(__file__).parents[1] / "oracles"
CONTRAST = [[1.0, -1.0, 0.0], [0.0, 1.0, -1.0]]


@pytest.fixture(scope="module")
def pinned_r():
    return json.loads((ORACLES / "repeated.json").read_text())


def parts(of):
    data = pd.DataFrame(of["data"])
    waves = [c for c in data if c != "arm"]
    return data[waves].to_numpy(), [(data["arm"] == arm).to_numpy() for arm in sorted(set(data["arm"]))]


def agrees(found, known, rel=1e-8):
    plain, gg, hf = found[""], found["_gg"], found["_hf"]
    assert (plain.statistic, plain.df, plain.p) == pytest.approx((known["F"], known["df2"], known["p"]), rel=rel)
    assert (gg.value, gg.p) == pytest.approx((known["gg"], known["p_gg"]), rel=rel)
    assert (hf.value, hf.p) == pytest.approx((known["hf"], known["p_hf"]), rel=rel)
    assert gg.df == pytest.approx(known["df2"] * known["gg"], rel=rel)


def test_r_s_anova_of_unequal_arms_and_of_four_waves(pinned_r):
    scores, arms = parts(pinned_r["obk"])
    agrees(within_arms(scores, arms, CONTRAST), pinned_r["obk"]["interaction"])
    scores, arms = parts(pinned_r["four"])
    agrees(within_arms(scores, arms, [1.0, -1.0]), pinned_r["four"]["interaction"])
    agrees(within_arms(scores, arms, [0.5, 0.5]), pinned_r["four"]["wave"])


def test_o_brien_and_kaiser_as_afex_prints_them(pinned_r):
    scores, arms = parts(pinned_r["obk"])
    wave = within_arms(scores, arms, np.full(3, 1 / 3))
    assert wave[""].statistic == pytest.approx(19.294, abs=5e-4)
    assert wave["_gg"].value == pytest.approx(0.8707, abs=5e-5)
    assert wave["_gg"].df == pytest.approx(22.64, abs=5e-3)
    assert wave["_gg"].p == pytest.approx(2.4e-5, abs=5e-7)
    course = within_arms(scores, arms, CONTRAST)
    assert course[""].statistic == pytest.approx(5.430, abs=5e-4)
    assert course["_gg"].p == pytest.approx(0.0043, abs=5e-5)
    assert course["_hf"].value == pytest.approx(0.9939, abs=5e-5)


@pytest.mark.filterwarnings("ignore:The inplace keyword:Warning")  # pingouin's own
def test_one_group_is_pingouin_s(pinned_r):
    import pingouin as pg

    scores, _ = parts(pinned_r["four"])
    found = within_arms(scores, [np.ones(len(scores), bool)], [1.0])
    table = pg.rm_anova(pd.DataFrame(scores), correction=True, effsize="np2").iloc[0]
    assert found[""].statistic == pytest.approx(table["F"])
    assert found[""].value == pytest.approx(table["np2"])
    assert found["_gg"].value == pytest.approx(table["eps"])
    assert found["_gg"].p == pytest.approx(table.filter(regex="GG").iloc[0])
    # Huynh and Feldt without groups: Lecoutre's correction changes nothing
    assert found["_hf"].value == pytest.approx(pg.epsilon(pd.DataFrame(scores), correction="hf"))


@pytest.mark.filterwarnings("ignore:The inplace keyword:Warning")  # pingouin's own
def test_mauchly_s_test_is_r_s_and_pingouin_s(pinned_r):
    import pingouin as pg

    for name in ("obk", "four"):
        found, known = mauchly(*parts(pinned_r[name])), pinned_r[name]["interaction"]
        assert (found.value, found.p) == pytest.approx((known["W"], known["p_W"]), rel=1e-8)
    scores, _ = parts(pinned_r["four"])
    found, known = mauchly(scores, [np.ones(len(scores), bool)]), pg.sphericity(pd.DataFrame(scores))
    assert (found.value, found.statistic, found.df) == pytest.approx((known.W, known.chi2, known.dof))
    assert found.p == pytest.approx(known.pval, abs=1e-4)  # pingouin's p is of the first order
    assert mauchly(scores[:, :2], [np.ones(len(scores), bool)]).note == "no_degrees_of_freedom"
    assert mauchly(scores[:3], [np.ones(3, bool)]).note == "no_degrees_of_freedom"


def test_two_waves_are_the_t_test_of_the_gain(pinned_r):
    from scipy import stats

    scores, arms = parts(pinned_r["four"])
    gain = scores[:, 1] - scores[:, 0]
    found = within_arms(scores[:, :2], arms, [1.0, -1.0])
    t = stats.ttest_ind(gain[arms[0]], gain[arms[1]])
    assert found[""].statistic == pytest.approx(t.statistic**2)
    # one contrast is always spherical
    assert [q.p for q in found.values()] == pytest.approx([t.pvalue] * 3)
    assert (found["_gg"].value, found["_hf"].value) == pytest.approx((1, 1))


def test_what_cannot_be_tested_says_why():
    arms = [np.arange(6) < 5, np.arange(6) >= 5]
    scores = np.random.default_rng(1).normal(size=(6, 3))
    assert within_arms(scores, arms, [1, -1])[""].note == mauchly(scores, arms).note == "refused_too_few_units"
    flat = np.arange(6.0)[:, None] + np.array([0.0, 1.0, 4.0])
    halves = [np.arange(6) < 3, np.arange(6) >= 3]
    assert within_arms(flat, halves, [1, -1])[""].note == mauchly(flat, halves).note == "no_residual_variation"


@pytest.fixture
def three_waves(classroom, long_scores):
    pupils, pre, post = classroom(classes=8, size=10, effect=0.6)
    rng = np.random.default_rng(3)
    later = (0.6 * post + rng.normal(0, 0.5, 80)).where(rng.random(80) > 0.2)
    mixed = pupils.assign(arm=np.resize(["T", "C"], 80))
    return pupils, mixed, {"pre": pre, "post": post, "followup": later}, long_scores


def test_it_is_given_where_pupils_were_assigned_and_nowhere_else(make_study, three_waves):
    pupils, mixed, waves, long_scores = three_waves
    made = {e.method: e for e in estimate(make_study(), long_scores(waves), mixed, 1) if e.method.startswith("rm_")}
    kinds = {f"rm_{what}{kind}" for what in ("wave", "interaction") for kind in ("", "_gg", "_hf")}
    assert set(made) == {"rm_mauchly"} | kinds
    complete = waves["followup"].notna()
    assert {(e.n, e.wave_to, e.role) for e in made.values()} == {(int(complete.sum()), "followup", "exploratory")}
    scores = np.column_stack([w[complete] for w in waves.values()])
    arms = [(mixed.loc[complete, "arm"] == arm).to_numpy() for arm in "TC"]
    assert made["rm_interaction_gg"].p == pytest.approx(within_arms(scores, arms, [1, -1])["_gg"].p)
    by_class = estimate(make_study(by="class"), long_scores(waves), pupils, 1)
    assert not [e for e in by_class if e.method.startswith("rm_")]
    assert [e for e in by_class if e.method == "waves_model"]


def test_one_group_has_a_change_and_no_interaction(make_study, three_waves):
    _, mixed, waves, long_scores = three_waves
    alone = mixed.assign(**{"class": "one", "teacher": "t"}).drop(columns="arm")
    made = estimate(make_study(kind="single_group"), long_scores(waves), alone, 1)
    assert {e.method for e in made if e.method.startswith("rm_")} == {
        "rm_mauchly", "rm_wave", "rm_wave_gg", "rm_wave_hf"
    }  # fmt: skip


def test_two_waves_are_refused(make_study, three_waves):
    from werkbank.effects.lagged import lagged
    from werkbank.effects.questions import questions
    from werkbank.effects.waves import over_waves

    _, mixed, waves, long_scores = three_waves
    two = long_scores({wave: waves[wave] for wave in ("pre", "post")})
    study = make_study()
    asked = list(questions(study, two, mixed))
    assert len(asked) == 1
    for trajectory in (over_waves, repeated_measures, lambda few: lagged(few, {})):
        with pytest.raises(UnfitError) as refused:
            trajectory(asked)
        (problem,) = refused.value.problems
        assert problem.code == "two_waves"
        assert "rechte lijn" in problem.sentence("nl")
        assert "straight line" in problem.sentence("en")
    made = {e.method for e in estimate(study, two, mixed, 1)}
    assert not {m for m in made if m.startswith(("rm_", "lagged", "waves_model", "maintenance"))}


def test_blocks_and_covariates_are_the_multivariate_regression_s():
    # with two waves: the t of the arm in a regression of the change; and Wilks' arm term never sees the blocks
    from werkbank.statistics.linear import least_squares

    rng = np.random.default_rng(2)
    block, age = rng.integers(0, 4, 60), rng.normal(size=60)
    treated = rng.random(60) < 0.2 + 0.15 * block
    scores = np.column_stack([rng.normal(size=60), rng.normal(size=60) + block + 0.5 * age + 0.3 * treated])
    others = np.column_stack([age, *(block == b for b in range(4))]).astype(float)
    members = [treated, ~treated]
    found = within_arms(scores, members, [1.0, -1.0], others)[""]
    X = np.column_stack([treated, ~treated, age, *(block == b for b in range(1, 4))]).astype(float)
    known = least_squares(scores[:, 1] - scores[:, 0], X).combination([1, -1, 0, 0, 0, 0])
    assert found.statistic == pytest.approx(known.statistic**2, rel=1e-9)
    assert (found.df, found.p) == pytest.approx((known.df, known.p), rel=1e-9)
    alone = within_arms(scores, members, [1.0, -1.0], np.column_stack([treated]).astype(float))
    assert alone[""].note == "not_estimable"
    assert within_arms(scores, members, [1.0, -1.0])[""].p == within_arms(scores, members, [1.0, -1.0], None)[""].p


def test_three_waves_with_blocks_match_statsmodels():
    from statsmodels.multivariate.manova import MANOVA

    rng = np.random.default_rng(5)
    block = rng.integers(0, 3, 50)
    treated = rng.random(50) < 0.3 + 0.15 * block
    scores = rng.normal(size=(50, 3)) + block[:, None]
    others = np.column_stack([block == b for b in range(3)]).astype(float)
    found = within_arms(scores, [treated, ~treated], [1.0, -1.0], others)[""]
    X = np.column_stack([treated, ~treated, *(block == b for b in (1, 2))]).astype(float)
    M = np.array([[1, -1, 0], [0.5, 0.5, -1]]).T
    M = M / np.sqrt((M**2).sum(axis=0))
    known = MANOVA(scores, X).mv_test([("arm", np.array([[1.0, -1, 0, 0]]), M)]).results["arm"]
    H, E = np.asarray(known["H"]), np.asarray(known["E"])
    assert found.statistic == pytest.approx(np.trace(H) / 2 / (np.trace(E) / found.df), rel=1e-9)
