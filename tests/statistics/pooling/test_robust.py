"""CR2 of pooled models equals R's clubSandwich, and the plain formula of one effect a study."""

from __future__ import annotations

import numpy as np
import pytest

from werkbank.statistics.pooling.model import pool
from werkbank.statistics.pooling.robust import cr2


@pytest.mark.parametrize("name", ["three_level_CR2", "CHE_rho0.4_CR2", "CHE_rho0.6_CR2", "CHE_rho0.8_CR2"])
def test_the_mean_equals_clubsandwich(published, name):
    review = published("assink2016")
    rho = float(name[7:10]) if name.startswith("CHE") else 0.0
    made = cr2(pool(review.y, review.v, studies=review.table["study"].to_numpy(), rho=rho))
    value = review.values[name]["Intercept"]
    expected = [value[k] for k in ("b", "se_CR2", "df_CR2", "p_CR2", "ci_low_CR2", "ci_high_CR2")]
    found = [made.estimate[0], made.se[0], made.df[0], made.p[0], made.low[0], made.high[0]]
    assert found == pytest.approx(expected, rel=1e-5)


def test_districts_equal_clubsandwich(published):
    review = published("konstantopoulos2011")
    made = cr2(pool(review.y, review.v, studies=review.table["district"].to_numpy()))
    value = review.values["three_level_CR2"]["Intercept"]
    assert [made.se[0], made.df[0], made.p[0]] == pytest.approx(
        [value[k] for k in ("se_CR2", "df_CR2", "p_CR2")], rel=1e-5
    )


def test_moderators_equal_clubsandwich(published):
    review = published("assink2016")
    kinds = np.column_stack([(review.table["deltype"] == k).to_numpy(dtype=float) for k in ("covert", "overt")])
    made = cr2(pool(review.y, review.v, studies=review.table["study"].to_numpy(), moderators=kinds))
    for at, name in enumerate(("Intercept", "deltypecovert", "deltypeovert")):
        value = review.values["mods_deltype_CR2"][name]
        assert [made.se[at], made.df[at]] == pytest.approx([value["se_CR2"], value["df_CR2"]], rel=1e-4)


def test_of_a_weighted_mean_it_is_the_sum_of_squared_residuals_over_one_less_its_weight():
    rng = np.random.default_rng(3)
    v = rng.uniform(0.02, 0.1, 12)
    y = rng.normal(0.2, 0.3, 12)
    fit = pool(y, v, method="PM")
    w = 1 / (v + fit.between)
    share = w / w.sum()
    by_hand = np.sqrt(np.sum(share**2 * (y - fit.beta[0]) ** 2 / (1 - share)))
    assert cr2(fit).se[0] == pytest.approx(by_hand, rel=1e-10)
