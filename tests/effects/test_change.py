"""The change of one group against R's paired t test, for pupils and for class means."""

import pandas as pd
import pytest

from werkbank.effects.change import mean_change
from werkbank.effects.units import unit_means


@pytest.mark.parametrize("arm", ["DRTA", "Basal", "Strat"])
def test_mean_change_matches_r(reference, baumann, arm):
    group = baumann[baumann["group"] == arm]
    made = mean_change(group["pretest_1"], group["post_test_1"])
    pair, side = (
        ("Strat_vs_Basal", "treat") if arm == "Strat" else ("DRTA_vs_Basal", "treat" if arm == "DRTA" else "control")
    )
    wanted = reference["baumann1"][pair][f"paired_{side}"]
    names = ("mean_gain", "t", "df", "p", "ci_low", "ci_high")
    got = (made.value, made.statistic, made.df, made.p, made.ci_low, made.ci_high)
    assert got == pytest.approx(tuple(wanted[k] for k in names), rel=1e-7)


def test_change_of_class_means_matches_r(pinned):
    data = pd.DataFrame(pinned["classes"]["data"]).rename(columns={"class": "unit"})
    means = unit_means(data, ["pre", "post"])
    made, wanted = mean_change(means["pre"], means["post"]), pinned["classes"]["change"]
    assert (made.value, made.statistic, made.p) == pytest.approx((wanted["b"], wanted["t"], wanted["p"]), rel=1e-7)
    scaled = made.scaled(1.7, "sd_pre")
    assert scaled.value / scaled.se == pytest.approx(wanted["t"], rel=1e-7)
