"""Verdicts on comparability: lavaan's differences, known drift, and what must be refused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.statistics.factor_models import HS, LAVAAN, A, B, simulated, waves

import werkbank.statistics.invariance as invariance_module
from werkbank.catalogue import LANGUAGES, has, say
from werkbank.errors import UsageError
from werkbank.statistics.cfa import FactorModel, fit_cfa, fitting
from werkbank.statistics.cfa.scores import score_test
from werkbank.statistics.invariance import LEVELS, Criteria, Invariance, invariance


def assert_same_steps(found: Invariance, name: str) -> None:
    before = None
    for level in LEVELS:
        step, fit = found.step(level), LAVAAN[f"{name}/{level}"]["fit"]
        assert step.cfa.fit.chi2 == pytest.approx(fit["chisq"], rel=1e-7)
        if before:
            assert step.delta_chi2 == pytest.approx(fit["chisq"] - before["chisq"], abs=1e-5)
            assert step.delta_df == fit["df"] - before["df"]
            assert step.delta_cfi == pytest.approx(fit["cfi"] - before["cfi"], abs=1e-6)
            assert step.delta_rmsea == pytest.approx(fit["rmsea"] - before["rmsea"], abs=1e-6)
            assert step.delta_srmr == pytest.approx(fit["srmr"] - before["srmr"], abs=1e-6)
        before = fit


def test_differences_match_lavaan() -> None:
    assert_same_steps(invariance(simulated("cfa_waves"), FactorModel(B, waves(3)), missing="complete"), "waves3/b")
    assert_same_steps(
        invariance(simulated("cfa_waves"), FactorModel({"b": B["b"][:3]}, waves(2)), missing="complete"),
        "waves2/three_items",
    )


def test_differences_over_schools_match_the_reference(hs: pd.DataFrame, shared: Path) -> None:
    """Also as published: 8.192 and 40.059 on 6 df (the lavaan tutorial's chi2 difference tests, Rosseel 2012)."""
    found = invariance(hs, FactorModel(HS), group=hs.school, missing="complete")
    assert [round(found.step(level).delta_chi2, 3) for level in ("metric", "scalar")] == [8.192, 40.059]
    assert round(found.step("metric").p_chi2, 4) == 0.2244
    reference = json.loads((shared / "oracles" / "reference.json").read_text())["cfa"]["hs1939_invariance_school"]
    for level, before in (("metric", "configural"), ("scalar", "metric"), ("strict", "scalar")):
        expected, step = reference[f"{level}_vs_{before}"], found.step(level)
        assert step.delta_chi2 == pytest.approx(expected["delta_chisq"], rel=1e-6)
        assert step.p_chi2 == pytest.approx(expected["p"], rel=1e-5)
        for index in ("cfi", "rmsea", "srmr"):
            assert getattr(step, f"delta_{index}") == pytest.approx(expected[f"delta_{index}"], abs=1e-6)


def test_score_tests_match_lavaan() -> None:
    data = simulated("cfa_waves")
    scalar = fit_cfa(data, FactorModel(A, waves(2), ("loadings", "intercepts")), missing="complete")
    for what, letter in (("loadings", "L"), ("intercepts", "N")):
        for item in A["a"]:
            expected = LAVAAN["waves2/a/score_tests"][letter + item]
            found = score_test(scalar, what, item, data)
            assert found.chi2 == pytest.approx(expected["x2"], abs=2e-5)
            assert found.df == expected["df"]
            assert found.p == pytest.approx(expected["p"], abs=2e-5)


def test_score_test_of_a_marker_is_refused() -> None:
    marked = FactorModel(B, waves(2), ("loadings",), identification="marker")
    with pytest.raises(UsageError, match="identified by the factors' variance"):
        score_test(fit_cfa(simulated("cfa_waves_missing"), marked), "loadings", "b1", simulated("cfa_waves_missing"))


def test_score_test_foretells_the_drop_in_chi2() -> None:
    """Asymptotically the two are one test: they must be close where the misfit is small."""
    data = simulated("cfa_waves")
    scalar = fit_cfa(data, FactorModel(B, waves(2), ("loadings", "intercepts")))
    freer = fit_cfa(data, FactorModel(B, waves(2), ("loadings", "intercepts"), {"intercepts": ["b3"]}))
    drop = scalar.fit.chi2 - freer.fit.chi2
    assert score_test(scalar, "intercepts", "b3", data).chi2 == pytest.approx(drop, rel=0.05, abs=0.05)


def test_growth_language_is_refused_where_an_intercept_drifts() -> None:
    found = invariance(simulated("cfa_waves_missing"), FactorModel(A, waves(3)))
    assert [step.held for step in found.steps] == [True, True, False, None]
    assert (found.step("scalar").reason, found.step("strict").reason) == ("misfit", "lower_level_not_held")
    assert found.step("scalar").held_by_chi2 is False
    assert (found.level, found.partial) == ("metric", False)
    assert found.allows == ("structure", "associations")
    assert found.latent_means == ()


def test_the_drifting_item_is_found_and_freed() -> None:
    found = invariance(simulated("cfa_waves_missing"), FactorModel(A, waves(3)), search=True)
    scalar = found.step("scalar")
    assert scalar.cfa.fit.chi2 == pytest.approx(LAVAAN["waves3_fiml/a/partial_scalar_a2"]["fit"]["chisq"], rel=1e-7)
    assert [(test.what, test.item) for test in scalar.released] == [("intercepts", "a2")]
    assert found.step("strict").free == {"intercepts": ("a2",), "residuals": ("a2",)}
    assert (found.level, found.partial) == ("strict", True)
    assert found.allows == ("structure", "associations", "latent_means")  # not the plain scores
    named = invariance(simulated("cfa_waves_missing"), FactorModel(A, waves(3), free={"intercepts": ["a2"]}))
    assert named.step("scalar").released == ()
    assert named.latent_means == found.latent_means


def test_the_textbook_partial_model_is_found(hs: pd.DataFrame) -> None:
    """x3 and x7: the intercepts that the reference (and every textbook on these data) frees."""
    found = invariance(hs, FactorModel(HS), group=hs.school, missing="complete", search=True)
    assert [test.item for test in found.step("scalar").released] == ["x3", "x7"]


def test_latent_means_match_lavaan() -> None:
    found = invariance(simulated("cfa_waves"), FactorModel(B, waves(3)), missing="complete")
    assert found.allows == ("structure", "associations", "latent_means", "score_means", "score_variances")
    theirs = {row[0]: row[3:] for row in LAVAAN["waves3/b/scalar"]["par"] if row[1] == "~1" and row[0].startswith("b_")}
    for mean in found.latent_means:
        assert (mean.difference, mean.se) == pytest.approx(theirs[f"{mean.factor}_{mean.wave}"], abs=1e-5)
        assert (mean.ci_low > 0 or mean.ci_high < 0) == (mean.p < 0.05)
    assert [mean.wave for mean in found.latent_means] == ["post", "fu"]


def test_waves_within_groups_match_lavaan() -> None:
    data = simulated("cfa_waves_missing")
    found = invariance(data, FactorModel(A, waves(2)), group=data.group)
    for level in LEVELS:
        expected = LAVAAN[f"waves2_groups_fiml/a/{level}"]["fit"]["chisq"]
        assert found.step(level).cfa.fit.chi2 == pytest.approx(expected, rel=1e-7)
    freed = invariance(data, FactorModel(A, waves(2)), group=data.group, search=True)
    assert [(mean.wave, mean.group) for mean in freed.latent_means] == [
        ("post", "target"),
        ("pre", "control"),
        ("post", "control"),
    ]


def test_level_of_simulated_truth() -> None:
    """Simulation: loadings, intercepts or residuals of one item change; the level below is the verdict."""
    verdicts = {what: invariance(drifted(what), model_of_five()).level for what in ("", "loading", "intercept")}
    assert verdicts == {"": "strict", "loading": "configural", "intercept": "metric"}


def model_of_five() -> FactorModel:
    names = {wave: {f"i{k}": f"i{k}_{wave}" for k in range(5)} for wave in ("pre", "post")}
    return FactorModel({"f": list(names["pre"])}, names)


def drifted(what: str, n: int = 1500) -> pd.DataFrame:
    rng = np.random.default_rng(21)
    pre = rng.normal(size=n)
    post = 0.3 + 0.6 * pre + 0.8 * rng.normal(size=n)
    loadings, intercepts = np.full((2, 5), 0.8), np.full((2, 5), 3.0)
    loadings[1, 2] -= 0.6 * (what == "loading")
    intercepts[1, 2] += 0.6 * (what == "intercept")
    own = rng.normal(scale=0.3, size=(n, 5))
    answers = [
        intercepts[w] + eta[:, None] * loadings[w] + own + rng.normal(scale=0.5, size=(n, 5))
        for w, eta in enumerate((pre, post))
    ]
    columns = [f"i{k}_{wave}" for wave in ("pre", "post") for k in range(5)]
    return pd.DataFrame(np.hstack(answers), columns=columns)


def test_named_criteria_decide() -> None:
    strict = Criteria(cfi_drop=0.0001, rmsea_rise=0.0001)
    lenient = Criteria(cfi_drop=0.2, rmsea_rise=0.2)
    model = FactorModel(A, waves(3))
    assert invariance(simulated("cfa_waves_missing"), model, criteria=lenient).level == "strict"
    assert invariance(simulated("cfa_waves"), FactorModel(A, waves(2)), criteria=strict).level == "metric"
    assert "Chen (2007)" in invariance(simulated("cfa_waves_missing"), model).criteria.source
    assert invariance(simulated("cfa_waves_missing"), model, criteria=Criteria(configural_cfi=1.1)).level == ""


# -- what cannot be judged ---------------------------------------------------------------------------------------------


def test_two_items_cannot_be_judged() -> None:
    found = invariance(simulated("cfa_waves"), FactorModel({"b": ["b1", "b2"]}, waves(2)))
    assert [step.held for step in found.steps] == [None] * 4
    assert found.step("configural").reason == "under_identified"
    assert (found.level, found.allows, found.latent_means) == ("", (), ())


def test_three_items_in_groups_have_no_test_of_configural() -> None:
    data = simulated("cfa_waves")
    found = invariance(data, FactorModel({"b": B["b"][:3]}, waves(1)), group=data.group)
    configural, metric = found.steps[:2]
    assert (configural.held, configural.reason) == (None, "saturated")
    assert metric.held
    assert metric.delta_df == 2
    assert np.isnan(metric.delta_rmsea)
    assert found.level == "scalar"


def test_two_anchors_must_remain() -> None:
    free = {"intercepts": ["a1", "a2", "a3"]}
    step = invariance(simulated("cfa_waves_missing"), FactorModel(A, waves(3), free=free)).step("scalar")
    assert (step.held, step.reason) == (False, "too_few_anchors")


def test_constant_item_and_missing_wave_are_named() -> None:
    data = simulated("cfa_waves_missing").copy()
    data["a2_post"] = 4.0
    step = invariance(data, FactorModel(A, waves(2))).step("configural")
    assert (step.held, step.reason, step.cfa.concerned) == (None, "constant_item", ("a2_post",))
    data[[f"a{i}_post" for i in range(1, 5)]] = np.nan
    step = invariance(data, FactorModel(A, waves(2))).step("configural")
    assert (step.reason, step.cfa.concerned) == ("too_few_rows", tuple(f"a{i}_post" for i in range(1, 5)))


def test_heywood_stops_the_verdict(hs: pd.DataFrame) -> None:
    few = pd.concat([hs[hs.school == "Pasteur"][:25], hs[hs.school != "Pasteur"]])
    found = invariance(few, FactorModel({"f": ["x1", "x2", "x3", "x7", "x8"]}), group=few.school, missing="complete")
    assert (found.step("configural").held, found.step("configural").reason) == (None, "heywood")
    assert found.allows == ()


def test_one_occasion_is_refused() -> None:
    with pytest.raises(UsageError, match="at least two waves or two groups"):
        invariance(simulated("cfa_waves_missing"), FactorModel(A, waves(1)))
    with pytest.raises(UsageError, match="leave `equal` empty"):
        invariance(simulated("cfa_waves_missing"), FactorModel(A, waves(2), ("loadings",)))


@pytest.mark.long
def test_false_alarms_are_rare() -> None:
    """Simulation: 60 studies of 400 pupils without drift; scalar holds in nearly all."""
    levels = []
    for seed in range(60):
        data = drifted("", 400).sample(400, replace=True, random_state=seed)
        levels.append(invariance(data, model_of_five()).level)
    assert np.mean([level in {"scalar", "strict"} for level in levels]) > 0.9


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_and_verdict_has_its_sentence(language: str) -> None:
    source = Path(invariance_module.__file__).read_text() + Path(fitting.__file__).read_text()
    reasons = set(re.findall(r'reason="([a-z_]+)"|return "([a-z_]+)", |"([a-z_]+)" if (?:few|misfit)', source))
    codes = {code for found in reasons for code in found if code} | {"under_identified", "not_converged"}
    assert {"misfit", "too_few_anchors", "constant_item", "heywood", "singular_covariance"} <= codes
    for code in codes:
        assert has(f"invariance.reason.{code}", language), code
    for level in ("none", *LEVELS, "partial", "exploratory"):
        assert say(f"invariance.verdict.{level}", language, scale="x", items="i1")
