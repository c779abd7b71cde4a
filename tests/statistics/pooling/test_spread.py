"""How far studies differ equals R's metafor."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from werkbank.statistics.pooling.model import generalised_q, knapp_hartung, pool, wald
from werkbank.statistics.pooling.spread import prediction, q_profile, spread, typical_variance


@pytest.mark.parametrize("method", ["DL", "ML", "REML", "PM", "common"])
def test_heterogeneity_equals_metafor(expectancy, method):
    made = spread(pool(expectancy.y, expectancy.v, method=method))
    value = expectancy.values["models"]["FE" if method == "common" else method]
    expected = [value["Q"], value["Q_p"], value["I2"], value["H2"], value.get("tau2", 0)]
    assert [made.q, made.p, made.i2, made.h2, made.tau2] == pytest.approx(expected, abs=1e-7)
    assert made.df == 18


@pytest.mark.parametrize("method", ["DL", "ML", "REML", "PM"])
def test_prediction_intervals_equal_metafor(expectancy, method):
    fit, value = pool(expectancy.y, expectancy.v, method=method), expectancy.values["models"][method]
    assert prediction(fit, wald(fit)) == pytest.approx([value["pi_low"], value["pi_high"]], abs=1e-8)
    hartung = prediction(fit, knapp_hartung(fit, never_narrower=False))
    assert hartung == pytest.approx([value["knha"]["pi_low"], value["knha"]["pi_high"]], abs=1e-8)


def test_prediction_of_three_levels_equals_metafor(published):
    review = published("assink2016")
    fit = pool(review.y, review.v, studies=review.table["study"].to_numpy())
    value = review.values["three_level_t"]
    assert prediction(fit, wald(fit, on_t=True)) == pytest.approx([value["pi_low"], value["pi_high"]], abs=1e-5)


def test_the_q_profile_equals_metafor_and_its_limits_are_quantiles(expectancy):
    fit, value = pool(expectancy.y, expectancy.v), expectancy.values["q_profile"]
    low, high = q_profile(fit)
    assert [low, high] == pytest.approx([value["tau2_low"], value["tau2_high"]], abs=1e-10)
    at = [generalised_q(fit.y, fit.x, expectancy.v, t) for t in (low, high)]
    assert stats.chi2.cdf(at, 18) == pytest.approx([0.975, 0.025], abs=1e-9)
    assert 100 * high / (high + typical_variance(fit)) == pytest.approx(value["I2_high"], abs=1e-7)


def test_what_has_no_such_interval_is_refused(expectancy):
    weeks = expectancy.table["weeks"].to_numpy()
    fit = pool(expectancy.y, expectancy.v, moderators=weeks)
    mean = wald(fit)
    with pytest.raises(ValueError, match="no one prediction"):
        prediction(fit, mean)
    nested = pool(expectancy.y, expectancy.v, studies=np.repeat(np.arange(10), 2)[:19])
    with pytest.raises(ValueError, match="of its own"):
        q_profile(nested)
