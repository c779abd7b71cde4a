"""Egger's regression and leaving one out equal R's metafor."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from werkbank.statistics.pooling.model import pool, wald
from werkbank.statistics.pooling.small_studies import egger, leave_one_out


def test_egger_equals_metafor_and_weighted_least_squares(expectancy):
    made, value = egger(expectancy.y, expectancy.v), expectancy.values["egger"]
    expected = [value[k] for k in ("intercept_bias", "se_bias", "df", "t", "p")]
    assert [made.slope, made.se, made.df, made.t, made.p] == pytest.approx(expected, abs=1e-10)
    se = np.sqrt(expectancy.v)
    other = sm.WLS(expectancy.y, sm.add_constant(se), weights=1 / expectancy.v).fit()
    assert [made.slope, made.se] == pytest.approx([other.params[1], other.bse[1]], rel=1e-9)


def test_leaving_one_out_equals_metafor(expectancy):
    made = leave_one_out(expectancy.y, expectancy.v)
    for at in range(19):
        value = expectancy.values["leave_one_out"][f"drop{at + 1:02}"]
        assert [made.estimate[at], made.tau2[at]] == pytest.approx([value["mu"], value["tau2"]], abs=1e-8)
        fit = pool(np.delete(expectancy.y, at), np.delete(expectancy.v, at))
        assert wald(fit).se[0] == pytest.approx(value["se"], abs=1e-9)
    assert made.estimate.min() == pytest.approx(0.0473, abs=5e-5)
    assert made.estimate.max() == pytest.approx(0.1017, abs=5e-5)


def test_few_studies_are_refused():
    with pytest.raises(ValueError, match="below 10"):
        egger(np.zeros(9), np.ones(9))
    with pytest.raises(ValueError, match="too few"):
        leave_one_out(np.zeros(3), np.ones(3))
