"""Mixed models and their tests against lme4, lmerTest and pbkrtest on 72 designs that multilevel_kr.R generates."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from werkbank.statistics.multilevel import fit, test
from werkbank.statistics.multilevel.design import checked, factors, in_orthogonal_basis, least_squares
from werkbank.statistics.multilevel.inference import adjusted_vcov, kenward_roger_df
from werkbank.statistics.multilevel.likelihood import information_at as information
from werkbank.statistics.multilevel.mixed import rotated

ORACLE = Path(__file__).parents[2] / "oracles" / "multilevel_kr.json"
DESIGNS = json.loads(ORACLE.read_text())


def arguments(design):
    data, names = design["data"], list(design["X"])
    X = np.column_stack([design["X"][name] for name in names])
    groups = {name: data[name] for name in design["groups"]}
    waves = {"waves": data["wave"], "waves_of": design["waves_of"]} if design["waves_of"] else {}
    return {"y": data["y"], "X": X, "groups": groups, "names": names, **waves}


def terms(design):
    """Our terms in order, with the name lme4 has for each."""
    return [t for name in design["groups"] for t in ([name, "cw"] if name in design["waves_of"] else [name])]


def information_at(design, variances, residual):
    given = arguments(design)
    y, X, names = checked(given["y"], given["X"], given["names"])
    grouping = factors(given["groups"], given.get("waves"), given.get("waves_of", ()), len(y))
    _, rest, R = least_squares(X, y, names)
    sums = in_orthogonal_basis(X, rest, R, 1.0, grouping)
    return rotated(information(sums, variances / residual, residual, reml=True), R, 1.0)


def test_the_oracle_covers_what_it_should():
    assert len(DESIGNS) >= 60
    assert sum(d["singular"] for d in DESIGNS) >= 20
    assert {len(d["groups"]) for d in DESIGNS} == {1, 2}
    assert sum(bool(d["waves_of"]) for d in DESIGNS) >= 6


def test_kenward_roger_at_lme4s_own_variances(subtests):
    for design in DESIGNS:
        with subtests.test(design["name"]):
            variances = np.array([design["variances"][t] for t in terms(design)])
            info = information_at(design, variances, design["variances"]["Residual"])
            adjusted, W = adjusted_vcov(info)
            for row, want in zip(np.eye(len(adjusted)), design["fixed"].values(), strict=True):
                assert np.sqrt(row @ adjusted @ row) == pytest.approx(want["se_kr"], rel=1e-6)
                assert np.sqrt(row @ info.Phi @ row) == pytest.approx(want["se"], rel=1e-6)
                assert kenward_roger_df(info, W, row[None])[0] == pytest.approx(want["df_kr"], rel=1e-6)
            L = np.eye(len(adjusted))[[list(design["X"]).index(c) for c in design["joint"]["columns"]]]
            df, scaling = kenward_roger_df(info, W, L)
            assert df == pytest.approx(design["joint"]["df_kr"], rel=1e-6)
            assert scaling == pytest.approx(design["joint"]["scaling"], rel=1e-6)


def test_fit_finds_lme4s_optimum(subtests):
    for design in DESIGNS:
        with subtests.test(design["name"]):
            ours = fit(**arguments(design))
            assert ours.converged
            assert ours.loglik >= design["logLik"] - 1e-8
            assert ours.loglik == pytest.approx(design["logLik"], abs=1e-6)
            total = sum(design["variances"].values())
            for ours_name, name in zip(ours.variances, terms(design), strict=True):
                assert ours.variances[ours_name] == pytest.approx(design["variances"][name], abs=2e-5 * total)
            assert ours.singular == design["singular"]


def test_tests_at_our_optimum(subtests):
    for design in DESIGNS:
        with subtests.test(design["name"]):
            ours = fit(**arguments(design))
            for name, want in design["fixed"].items():
                kr = test(ours, name)
                assert kr.estimate == pytest.approx(want["b"], abs=1e-5 * want["se"])
                assert kr.se == pytest.approx(want["se_kr"], rel=1e-5)
                assert kr.df == pytest.approx(want["df_kr"], rel=1e-3)
                satterthwaite = test(ours, name, "satterthwaite")
                assert satterthwaite.se == pytest.approx(want["se"], rel=1e-5)
                assert satterthwaite.df == pytest.approx(want["df_satterthwaite"], rel=1e-3)
            rows = np.eye(len(ours.names))[[ours.names.index(c) for c in design["joint"]["columns"]]]
            want = design["joint"]
            joint = test(ours, rows)
            assert joint.statistic == pytest.approx(want["F_kr"], rel=1e-4)
            if want["df_kr"] > 0:
                assert joint.df == pytest.approx(want["df_kr"], rel=1e-3)
                assert joint.p == pytest.approx(want["p_kr"], rel=1e-3, abs=1e-12)
            else:  # pbkrtest returns the negative df and a p that is not a number
                assert np.isnan([joint.df, joint.p]).all()
                assert "df" in joint.note
            joint = test(ours, rows, "satterthwaite")
            assert joint.statistic == pytest.approx(want["F_satterthwaite"], rel=1e-4)
            assert joint.df == pytest.approx(want["df_satterthwaite"], rel=1e-3)
