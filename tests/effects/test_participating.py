"""Who took part on both levels, and the variances of the model of pupils."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from werkbank.effects.describing import _arms
from werkbank.effects.participating import participating, variance_components
from werkbank.effects.questions import questions


@cache
def nabijheid():
    from werkbank.intake import read_answers
    from werkbank.measurement.study_scores import score_study
    from werkbank.study import load_study
    from werkbank.study.finding import example_path

    study = load_study(example_path("nabijheid"))
    intake = read_answers(study)
    return study, intake.pupils, score_study(intake).table


def found(change=None, **update):
    study, pupils, _ = nabijheid()
    study = study.model_copy(update=update)
    pupils = pupils.copy() if change is None else change(pupils.copy())
    return study, pupils, participating(study, pupils, _arms(study, pupils))


def value(facts, what, arm, item="", word=""):
    (one,) = [f for f in facts if (f.what, f.arm, f.item, f.category) == (what, arm, item, word)]
    return one.value


def test_counts_and_sizes_are_those_of_a_plain_count():
    study, pupils, facts = found()
    for arm in study.arms:
        of = pupils[pupils["arm"] == arm]
        assert value(facts, "units_teachers", arm) == of["teacher"].nunique()
        assert value(facts, "units_schools", arm) == of["school"].nunique()
        sizes = of["class"].value_counts()
        sizes = sizes[sizes > 0]
        assert value(facts, "size_mean", arm) == pytest.approx(sizes.mean())
        assert value(facts, "size_smallest", arm) == sizes.min()
        assert value(facts, "size_largest", arm) == sizes.max()
    table = pd.crosstab(pupils["school"].astype(str), pupils["arm"].astype(str))
    assert value(facts, "units_schools_shared", "") == int((table > 0).all(axis=1).sum())


def test_sizes_of_units_add_up_to_the_pupils():
    study, pupils, facts = found()
    for arm in study.arms:
        of = pupils[(pupils["arm"] == arm) & pupils["class"].notna()]
        mean = value(facts, "size_mean", arm)
        assert mean * of["class"].nunique() == pytest.approx(len(of))
        assert value(facts, "size_smallest", arm) <= mean <= value(facts, "size_largest", arm)


def test_schools_with_every_arm_are_those_of_both_lists():
    study, pupils, facts = found()
    lists = [set(pupils.loc[pupils["arm"] == arm, "school"].dropna()) for arm in study.arms]
    assert value(facts, "units_schools_shared", "") == len(lists[0] & lists[1])
    assert [value(facts, "units_schools", arm) for arm in study.arms] == [len(one) for one in lists]


def test_covariates_are_those_of_a_plain_table():
    study, pupils, facts = found()
    for arm in study.arms:
        of = pupils.loc[pupils["arm"] == arm, "sekse"].dropna().astype(str)
        for word, share in of.value_counts(normalize=True).items():
            assert value(facts, "enrolled_share", arm, "sekse", word) == pytest.approx(share)
    study, pupils, facts = found(lambda p: p.assign(leeftijd=np.linspace(8, 12, len(p))), covariates=["leeftijd"])
    for arm in study.arms:
        of = pupils.loc[pupils["arm"] == arm, "leeftijd"]
        assert value(facts, "enrolled_mean", arm, "leeftijd") == pytest.approx(of.mean())
        assert value(facts, "enrolled_sd", arm, "leeftijd") == pytest.approx(of.std())


def test_shares_add_up_to_one():
    study, _, facts = found()
    for arm in study.arms:
        for name in study.covariates:
            own = [f.value for f in facts if (f.what, f.arm, f.item) == ("enrolled_share", arm, name)]
            assert sum(own) == pytest.approx(1)


def test_a_mean_moves_with_its_values_and_an_sd_does_not():
    def at(shift):
        return found(lambda p: p.assign(x=np.linspace(0, 9, len(p)) + shift), covariates=["x"])[2]

    low, high = at(0), at(5)
    arm = low[-1].arm
    assert value(high, "enrolled_mean", arm, "x") == pytest.approx(value(low, "enrolled_mean", arm, "x") + 5)
    assert value(high, "enrolled_sd", arm, "x") == pytest.approx(value(low, "enrolled_sd", arm, "x"))


def test_what_nobody_has_is_left_out():
    _, _, facts = found(lambda p: p.drop(columns=["teacher", "school"]).assign(sekse=pd.NA), covariates=["sekse"])
    assert not [f for f in facts if f.what.startswith(("units_", "enrolled_"))]


def test_variances_are_those_of_statsmodels():
    import statsmodels.api as sm

    study, pupils, scores = nabijheid()
    question = next(
        q for q in questions(study, scores, pupils) if q.key == "strs-sf.conflict" and q.wave_to == "followup"
    )
    facts = {f.category: f.value for f in variance_components(question)}
    from werkbank.effects.comparing import of_pupils

    rows, covariates = of_pupils(question)
    X = np.column_stack([(rows["arm"] == "LLInC").to_numpy(float), rows[covariates].to_numpy(float)])
    fit = sm.MixedLM(rows["post"].to_numpy(float), sm.add_constant(X), rows["unit"].astype(str)).fit(reml=True)
    assert facts["school"] == pytest.approx(0, abs=1e-6)  # so that classes alone are the same model
    assert facts["class"] == pytest.approx(float(np.asarray(fit.cov_re)[0, 0]), rel=1e-3)
    assert facts["residual"] == pytest.approx(fit.scale, rel=1e-3)
