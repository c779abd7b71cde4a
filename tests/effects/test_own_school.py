"""One school beside the others: its own result from one model, drawn as the pool draws; and why there is none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from werkbank.effects.own_school import beside_others
from werkbank.statistics.pooling.model import pool
from werkbank.statistics.pooling.shrinking import shrunken
from werkbank.study.model import Study

OUTCOME = {"name": "mood", "column": "mood", "better": "higher", "informant": "pupil"}
FILES = [{"path": "a.csv"}]


def declared(*, kind="randomised", by="pupil", **more):
    told = {"title": "t", "design": {"kind": kind}, "files": FILES, "outcomes": [OUTCOME],
            "columns": {"pupil": "p", "class": "c", "school": "s"}, **more}  # fmt: skip
    if kind != "single_group":
        told["design"] |= {"assigned_by": by}
        told["columns"]["arm"] = "arm"
        told["arms"] = {"P": "intervention", "C": "control"}
    return Study.model_validate(told)


def made(seed=1, *, n_schools=8, size=24, tau=1.0, arms="pupil", pre=True):
    """Pupils of schools with an effect of their own (SD tau, mean 2), and what these effects are."""
    rng = np.random.default_rng(seed)
    n = n_schools * size
    school = np.repeat(np.arange(n_schools), size)
    room = school * 4 + np.tile(np.arange(size) % 4, n_schools)
    arm = {"pupil": np.tile(np.arange(size) // 4 % 2, n_schools), "class": room % 2, "school": school % 2}[arms]
    truth = rng.normal(2, tau, n_schools)
    before = rng.normal(50, 5, n)
    after = 20 + 0.6 * before + truth[school] * arm + rng.normal(0, 3, n) + rng.normal(0, 2, n_schools)[school]
    names = [f"p{i}" for i in range(n)]
    pupils = pd.DataFrame({"teacher": pd.NA, "class": [f"c{r}" for r in room], "school": [f"s{s}" for s in school],
                           "arm": np.where(arm == 1, "P", "C")}, index=pd.Index(names, name="pupil"))  # fmt: skip
    rows = [("pre", before)] * pre + [("post", after)]
    scores = pd.concat([
        pd.DataFrame({"pupil": names, "wave": wave, "outcome": "mood", "scale": "mood", "score": values})
        for wave, values in rows
    ])  # fmt: skip
    return scores, pupils, truth


def told(study, scores, pupils, code="s0"):
    return {f.what: f.value for f in beside_others(study, scores, pupils, {"school": code})}


def test_without_a_score_before_it_is_the_difference_of_means_and_the_pool():
    scores, pupils, _ = made(pre=False)
    found = told(declared(), scores, pupils)
    y = pupils.assign(y=scores.set_index("pupil")["score"])
    cell = y.groupby(["school", "arm"])["y"]
    means, n = (y.pivot_table("y", "school", "arm", how) for how in ("mean", "size"))
    pooled = float(((y["y"] - cell.transform("mean")) ** 2).sum()) / (len(y) - 16)
    d, v = (means["P"] - means["C"]).to_numpy(), (pooled * (1 / n).sum(axis=1)).to_numpy()
    drawn = shrunken(pool(d, v))
    assert found["part_effect"] == pytest.approx(d[0])
    # one stage finds the residual variance by likelihood, with what lies between schools in it as well
    assert found["part_drawn"] == pytest.approx(drawn.estimate[0], abs=0.02)
    assert (found["part_drawn_low"], found["part_drawn_high"]) == pytest.approx((drawn.low[0], drawn.high[0]), abs=0.05)
    assert found["part_schools"] == 8


def test_a_single_group_has_its_own_change():
    scores, pupils, _ = made()
    found = told(declared(kind="single_group"), scores, pupils, "s3")
    wide = scores.pivot_table("score", "pupil", "wave").reindex(pupils.index)
    change = (wide["post"] - wide["pre"]).groupby(pupils["school"])
    n, s2 = change.size(), change.var()
    v = ((n - 1) * s2).sum() / (n - 1).sum() / n
    drawn = shrunken(pool(change.mean().to_numpy(), v.to_numpy()))
    assert (found["part_effect"], found["part_drawn"]) == pytest.approx((change.mean()["s3"], drawn.estimate[3]))
    assert found["part_weight"] == pytest.approx(drawn.own[3])


def test_drawn_results_are_nearer_to_the_truth_and_their_intervals_hold_it():
    raw, drawn, held = [], [], []
    for seed in range(12):
        scores, pupils, truth = made(seed, n_schools=12)
        for n in range(0, 12, 3):
            found = told(declared(), scores, pupils, f"s{n}")
            raw.append(found["part_effect"] - truth[n])
            drawn.append(found["part_drawn"] - truth[n])
            held.append(found["part_drawn_low"] <= truth[n] <= found["part_drawn_high"])
    assert np.mean(np.square(drawn)) < np.mean(np.square(raw))
    assert np.mean(held) >= 0.88  # 48 schools: 95 % less 2 standard errors


def test_of_classes_the_spread_is_that_of_classes():
    scores, pupils, _ = made(arms="class")
    by_class = told(declared(by="class"), scores, pupils)
    wide = scores.pivot_table("score", "pupil", "wave").join(pupils)
    means = wide.groupby(["school", "arm", "class"])[["pre", "post"]].mean().groupby(["school", "arm"]).mean()
    gap = means.loc["s0", "P"] - means.loc["s0", "C"]
    slope = (gap["post"] - by_class["part_effect"]) / gap["pre"]
    assert 0 < slope < 1.2  # the difference of class means, at equal means before
    assert by_class["part_schools"] == 8


@pytest.mark.parametrize(
    ("how", "note"),
    [({"arms": "school"}, "whole_schools"), ({"n_schools": 3}, "few_schools"), ({"size": 8}, "few_schools")],
)
def test_why_there_is_none(how, note):
    scores, pupils, _ = made(**how)
    (only,) = beside_others(declared(by="school" if "arms" in how else "pupil"), scores, pupils, {"school": "s0"})
    assert (only.value, only.note) == (None, note)


def test_a_small_school_has_no_number_and_does_not_count_for_others():
    scores, pupils, _ = made()
    gone = pupils.index[(pupils["school"] == "s0") & (pupils["arm"] == "P")][3:]
    scores = scores[~scores["pupil"].isin(gone)]
    (own,) = beside_others(declared(), scores, pupils, {"school": "s0"})
    assert (own.value, own.note) == (None, "small_school")
    other = told(declared(), scores, pupils, "s1")
    assert (other["part_schools"], other["part_left_out"]) == (7, 1)


def test_of_a_class_or_of_one_school_alone_nothing_is_told():
    scores, pupils, _ = made()
    assert beside_others(declared(), scores, pupils, {"class": "c1"}) == []
    alone = pupils.assign(school="s0")
    assert beside_others(declared(), scores, alone, {"school": "s0"}) == []
