"""A planned question without a programme: the chance that its slopes will be clear, by the report's own function."""

from __future__ import annotations

import math

import numpy as np
import pytest
import yaml
from scipy import stats

from werkbank.cli import main
from werkbank.planning.related import MOST, rows_of, slope_power
from werkbank.study.planning import PlannedAssociation


def planned(**more):
    return PlannedAssociation(**{"groups": 20, "pupils": 20, "slope": 0.2, "differs": 0.0, **more})


def test_scores_are_as_alike_as_was_said():
    rows = rows_of(planned(groups=500, pupils=60, slope=0.4, icc=0.2, icc_predictor=0.3), np.random.default_rng(1))
    assert [rows["y"].std(), rows["x"].std()] == pytest.approx([1, 1], abs=0.06)
    means = rows.groupby("group")[["x", "y"]].transform("mean")
    inner = rows[["x", "y"]] - means
    assert np.corrcoef(inner.T)[0, 1] == pytest.approx(0.4, abs=0.02)
    assert inner["y"].var() * 60 / 59 == pytest.approx(0.8, abs=0.02)
    assert np.corrcoef(rows.groupby("group")[["x", "y"]].mean().T)[0, 1] == pytest.approx(0.4, abs=0.08)


def test_within_groups_it_is_near_the_power_of_a_correlation():
    """With slopes that are alike the slope within rests on all pupils; that CR2 must agree costs some of it."""
    found = slope_power(planned(groups=30, pupils=10, slope=0.15), n=120, seed=2)["within"]
    df = 30 * 9 - 1
    ncp = 0.15 / math.sqrt(1 - 0.15**2) * math.sqrt(df)
    formula = stats.nct.sf(stats.t.isf(0.025, df), df, ncp)
    assert formula - 0.12 <= found.power <= formula + 2.5 * found.mcse


def test_where_there_is_nothing_nothing_is_found_more_often_than_alpha():
    found = slope_power(planned(slope=1e-9, differs=0.2), n=150, seed=3)
    assert all(one.power <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 150) for one in found.values())


def test_more_groups_find_more_and_studies_are_kept_few():
    few, many = (slope_power(planned(groups=n, slope=0.3), n=60, seed=4) for n in (6, 60))
    assert few["within"].power < many["within"].power
    assert few["between"].half_width > 2 * many["between"].half_width
    assert few["within"].n == min(60, MOST)


@pytest.mark.parametrize(("language", "said"), [("nl", "Binnen groepen"), ("en", "Within groups")])
def test_it_is_said_by_the_command_and_in_the_report(language, said, tmp_path, capsys):
    told = {"title": "t", "language": language, "design": {"kind": "association"}, "reports": ["planning"],
            "planning": {"association": {"groups": 12, "pupils": 15}, "simulations": 100}}  # fmt: skip
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")
    assert main(["plan", str(tmp_path / "study.yaml")]) == 0
    out = capsys.readouterr().out
    assert said in out
    assert out.count("0,80" if language == "nl" else "0.80") == 2
