"""Data that no factor model survives, and models that no data identify: each says why."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.statistics.factor_models import EQUAL, HS, LAVAAN, A, assert_same_fit, simulated, waves

from werkbank.errors import UsageError
from werkbank.statistics.cfa import FactorModel, fit_cfa


def test_lavaan_does_not_converge_and_neither_do_we(hs: pd.DataFrame) -> None:
    small = hs[hs.school == "Pasteur"][:25]
    for name, rows, factors in (
        ("hs1939_first25/three_factors", small, HS),
        ("hs1939_first12/two_factors", small[:12], {k: HS[k] for k in ("visual", "speed")}),
    ):
        assert LAVAAN[name]["converged"] is False
        found = fit_cfa(rows, FactorModel(factors), missing="complete")
        assert (found.converged, found.reason) == (False, "not_converged")
        assert np.isnan(found.fit.chi2)
        assert found.parameters == ()


def test_heywood_is_named(hs: pd.DataFrame) -> None:
    small = hs[hs.school == "Pasteur"][:25]
    found = fit_cfa(small, FactorModel({"f": ["x1", "x2", "x3", "x7", "x8"]}), missing="complete")
    assert_same_fit(found, "hs1939_first25/heywood")
    assert LAVAAN["hs1939_first25/heywood"]["admissible"] is False
    assert (found.converged, found.admissible, found.reason) == (True, False, "heywood")
    assert len(found.concerned) == 1


def test_three_items_fit_by_construction(hs: pd.DataFrame) -> None:
    found = fit_cfa(hs, FactorModel({"f": HS["visual"]}), missing="complete")
    assert_same_fit(found, "hs1939/three_items")
    assert found.fit.df == 0
    assert np.isnan([found.fit.p, found.fit.tli, found.fit.rmsea]).all()


def test_two_items_at_two_waves() -> None:
    """Not identified until means differ; lavaan prints a fit at metric, and warns that there is none."""
    for level, reason in (("configural", "under_identified"), ("metric", "under_identified"), ("scalar", "")):
        model = FactorModel({"b": ["b1", "b2"]}, waves(2), EQUAL[level])
        assert fit_cfa(simulated(), model, missing="complete").reason == reason
    assert "may be a symptom that the model is not identified" in LAVAAN["waves2/two_items/metric"]["warnings"][0]
    for level in ("scalar", "strict"):
        model = FactorModel({"b": ["b1", "b2"]}, waves(2), EQUAL[level])
        assert_same_fit(fit_cfa(simulated(), model, missing="complete"), f"waves2/two_items/{level}")


def test_a_count_of_parameters_is_no_identification() -> None:
    """Two uncorrelated-looking pairs share a factor each: df would do, the information matrix would not."""
    rng = np.random.default_rng(2)
    data = pd.DataFrame(rng.normal(size=(200, 6)), columns=list("abcdef"))
    model = FactorModel({"f": list("abcdef"), "g": list("abcdef")[:1]})
    assert fit_cfa(data, model, missing="complete").reason == "under_identified"


def broken(change: str) -> pd.DataFrame:
    data = simulated()[list(waves(1)["pre"].values())[:4]].astype(float)
    if change == "constant":
        data["a2_pre"] = 3.1
    elif change == "copied":
        data["a2_pre"] = data["a1_pre"]
    elif change == "apart":
        data.loc[::2, "a1_pre"] = np.nan
        data.loc[1::2, "a2_pre"] = np.nan
    elif change == "all missing":
        data[:] = np.nan
    elif change == "one column missing":
        data["a3_pre"] = np.nan
    elif change == "one pupil":
        data = data[:1]
    elif change == "no pupil":
        data = data[:0]
    return data


@pytest.mark.parametrize(
    ("change", "reason", "concerned"),
    [
        ("constant", "constant_item", ("a2_pre",)),
        ("copied", "singular_covariance", ()),
        ("apart", "never_together", ("a1_pre × a2_pre",)),
        ("all missing", "too_few_rows", ()),
        ("one column missing", "too_few_rows", ("a3_pre",)),
        ("one pupil", "too_few_rows", ()),
        ("no pupil", "too_few_rows", ()),
    ],
)
def test_unusable_data_are_named(change: str, reason: str, concerned: tuple[str, ...]) -> None:
    data = broken(change)
    found = fit_cfa(data, FactorModel({"a": list(data.columns)}))
    assert (found.converged, found.reason, found.concerned) == (False, reason, concerned)
    assert found.iterations == 0
    assert np.isnan(found.fit.chi2)
    assert found.table().empty


def test_a_constant_item_in_one_group_is_named() -> None:
    data = simulated().copy()
    data.loc[data.group == "control", "a2_pre"] = 3
    found = fit_cfa(data, FactorModel(A, waves(1)), group=data.group)
    assert (found.reason, found.concerned) == ("constant_item", ("a2_pre",))


def test_unbalanced_groups() -> None:
    data = simulated()
    group = ["small"] * 40 + ["large"] * 260
    found = fit_cfa(data, FactorModel(A, waves(1), EQUAL["scalar"]), group=group)
    assert dict(found.counts.by_group) == {"small": 40, "large": 260}
    assert found.admissible


def test_rows_without_an_answer_are_counted() -> None:
    data = simulated("cfa_waves_missing")
    found = fit_cfa(data, FactorModel(A, {"fu": waves(3)["fu"]}))
    empty = data[[f"a{i}_fu" for i in range(1, 5)]].isna().all(axis=1).sum()
    assert found.counts.left_out == empty > 0
    assert found.counts.used + empty == len(data)


def test_wrong_calls_are_refused() -> None:
    with pytest.raises(UsageError, match="not in the data: nope"):
        fit_cfa(simulated(), FactorModel({"a": ["a1_pre", "a2_pre", "nope"]}))
    with pytest.raises(UsageError, match="every row needs a group"):
        fit_cfa(simulated(), FactorModel(A, waves(1)), group=["x"])
    with pytest.raises(UsageError, match="at least one factor"):
        FactorModel({})
    with pytest.raises(UsageError, match="no column is named for post: a4"):
        FactorModel(A, {"pre": waves(1)["pre"], "post": {"a1": "q1", "a2": "q2", "a3": "q3"}})
    with pytest.raises(UsageError, match="more than one item or wave: q1"):
        FactorModel({"a": ["a1"]}, {"pre": {"a1": "q1"}, "post": {"a1": "q1"}})
    with pytest.raises(UsageError, match="not in this factor model: thresholds"):
        FactorModel(A, equal=("thresholds",))
