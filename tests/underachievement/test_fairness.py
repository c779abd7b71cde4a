"""Rates and residuals by group, without giving anybody away."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from werkbank.errors import UsageError
from werkbank.underachievement.fairness import flag_rates, residuals_by_group
from werkbank.underachievement.methods import find


def test_rates_of_bdf_by_sex(bdf, criteria):
    table = find(bdf, criteria["difference"]).table.query("able")
    found = flag_rates(table["flag"], bdf["sex"], min_cell=6).set_index("group")
    counts = table["flag"].astype(bool).groupby(bdf["sex"]).agg(["size", "sum"])
    assert found["n"].tolist() == counts["size"].tolist()
    assert found["n_flagged"].tolist() == counts["sum"].tolist()
    assert found["n_flagged"].sum() == 87
    assert not found["hidden"].any()


def make(sizes):
    rows = [(g, i < flagged) for g, (n, flagged) in sizes.items() for i in range(n)]
    frame = pd.DataFrame(rows, columns=["g", "flag"])
    return frame["flag"].astype("boolean"), frame["g"]


@pytest.mark.parametrize(
    ("sizes", "hidden"),
    [
        ({"a": (50, 20), "b": (50, 20)}, set()),
        ({"a": (50, 20), "b": (50, 3), "c": (30, 15)}, {"b", "c"}),  # c too: the total would give b away
        ({"a": (50, 20), "b": (50, 48), "c": (30, 15)}, {"b", "c"}),  # two who were not flagged
        ({"a": (50, 20), "b": (4, 0), "c": (3, 3)}, {"b", "c"}),
        ({"a": (50, 0), "b": (50, 50)}, set()),
        ({"a": (5, 1)}, {"a"}),
    ],
)
def test_small_cells_are_hidden_and_cannot_be_worked_back(sizes, hidden):
    found = flag_rates(*make(sizes), min_cell=6).set_index("group")
    assert set(found.index[found["hidden"]]) == hidden
    assert found.loc[list(hidden), ["n", "n_flagged", "share", "ci_low", "ci_high"]].isna().all(axis=None)
    assert found.loc[~found["hidden"], "share"].notna().all()


def test_who_is_not_registered_is_a_group():
    flags, groups = make({"a": (20, 10), "b": (20, 10)})
    found = flag_rates(flags, groups.where(groups == "a"), min_cell=6)
    assert found["group"].tolist() == ["?", "a"]
    with pytest.raises(UsageError):
        flag_rates(flags, groups, min_cell=0)


def test_residuals_by_sex_match_clubsandwich(bdf, criteria, r):
    residuals = -find(bdf, criteria["regression"]).table["gap"]
    found = residuals_by_group(residuals, bdf["sex"], 6, clusters=bdf["school"]).set_index("group")
    for sex, wanted in r["by_sex"].items():
        row = found.loc[sex]
        assert (row["n"], row["n_clusters"]) == (wanted["n"], wanted["clusters"])
        assert (row["mean"], row["se"]) == pytest.approx((wanted["mean"], wanted["se"]), rel=1e-8)
    single = residuals_by_group(residuals, bdf["sex"], 6).set_index("group")
    assert single.loc["0", "se"] == pytest.approx(r["by_sex"]["0"]["se_iid"], rel=1e-8)


def test_interval_excludes_zero_exactly_when_a_t_test_says_so():
    from scipy.stats import ttest_1samp

    rng = np.random.default_rng(1)
    for shift in (0.1, 0.45, 0.5, 0.55, 1.0):
        e = pd.Series(rng.normal(shift, 1, 18))
        row = residuals_by_group(e, pd.Series("g", e.index), 6).iloc[0]
        assert (row["ci_low"] > 0 or row["ci_high"] < 0) == (ttest_1samp(e, 0).pvalue < 0.05)


def test_one_cluster_has_no_interval_and_a_small_group_no_numbers():
    e = pd.Series(np.arange(14.0))
    groups = pd.Series(["a"] * 10 + ["b"] * 4)
    found = residuals_by_group(e, groups, 6, clusters=pd.Series("school 1", e.index)).set_index("group")
    assert np.isnan(found.loc["a", "se"])
    assert found.loc["a", "mean"] == 4.5
    assert found.loc["b", ["n", "mean"]].isna().all()
    assert found.loc["b", "hidden"]
