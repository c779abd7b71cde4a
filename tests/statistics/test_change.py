"""The change of one group against R's paired t test, for pupils and for class means."""

import pandas as pd
import pytest

from werkbank.effects.units import unit_means
from werkbank.statistics.change import mean_change


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


@pytest.mark.parametrize(
    ("before", "after", "change", "n", "size"),
    [("SQA15", "SQB02", -0.189, 11802, -0.282), ("SQA16", "SQB07", 0.209, 11538, 0.297)],
)
def test_gti_changes_are_reproduced_without_a_pupil_level_test(
    shared, make_study, long_scores, before, after, change, n, size
):
    # OECD (2020): self-efficacy before and after a unit, mean of any answered items; pupils sit in 507 classes
    from werkbank.effects import describe, estimate

    data = pd.read_csv(shared / "data/gti_students.csv", low_memory=False).set_index("S_ID")
    means = {w: data[[c for c in data if c.startswith(p)]].mean(axis=1) for w, p in (("pre", before), ("post", after))}
    pupils = pd.DataFrame({"class": data.index.astype(str).str.rsplit("-", n=1).str[0]}, index=data.index.astype(str))
    scores = long_scores({w: m.set_axis(pupils.index) for w, m in means.items()}).dropna()
    study = make_study(kind="single_group")
    facts = {f.what: f for f in describe(study, scores, pupils)}
    assert facts["mean_change"].value == pytest.approx(change, abs=6e-4)
    assert facts["mean_change"].n == n
    made = {e.method: e for e in estimate(study, scores, pupils, 1)}
    assert made["d_z"].estimate == pytest.approx(size, abs=6e-4)
    assert made["d_z"].ci_low is None
    assert made["change_unit_means"].n_clusters > 400
    assert "mean_change" not in made
