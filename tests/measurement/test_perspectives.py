"""Teacher beside pupil, and closeness crossed with conflict."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from werkbank.measurement.perspectives import QUADRANTS, compare_perspectives, typology

NAN = float("nan")


def table(scores, scale="closeness", wave="pre", classes=None):
    pupils = [f"p{n}" for n in range(len(scores))]
    return pd.DataFrame(
        {"pupil": pupils, "class": classes or ["c"] * len(scores), "wave": wave, "scale": scale, "score": scores}
    ).astype({"score": float})


def test_pairs_are_matched_by_pupil_and_counted():
    teacher = table([1, 2, 3, 4, 5])
    pupil = table([2, 3, 4, NAN, 6]).iloc[::-1]
    found = compare_perspectives(teacher, pupil, "pre", same_range=True)
    assert found.n == 4
    assert found.r == pytest.approx(1)
    assert found.difference == pytest.approx(-1)
    assert 0 < found.icc < 1


def test_classes_and_pupils_may_disagree_in_sign():
    # between classes up, within each class down
    classes = ["a"] * 3 + ["b"] * 3 + ["c"] * 3
    found = compare_perspectives(
        table([1, 2, 3, 11, 12, 13, 21, 22, 23], classes=classes),
        table([3, 2, 1, 13, 12, 11, 23, 22, 21], classes=classes),
        "pre",
    )
    assert found.r_within == pytest.approx(-1)
    assert found.r_class_means == pytest.approx(1)
    assert found.n_clusters == 3
    assert math.isnan(found.icc)
    assert math.isnan(found.difference)


def test_class_means_of_real_questionnaires(shared):
    pupils = pd.read_csv(shared / "data" / "gti_students.csv", usecols=["T_ID", *[f"SQB13{c}" for c in "ABCDE"]])
    teachers = pd.read_csv(shared / "data" / "gti_teachers.csv", usecols=["T_ID", *[f"TQB13{c}" for c in "ABCDE"]])
    rated = pupils.set_index("T_ID").mean(axis=1).groupby("T_ID").mean()
    t, p = (
        pd.DataFrame({"pupil": s.index, "class": "all", "wave": "post", "score": s.to_numpy()})
        for s in (teachers.set_index("T_ID").mean(axis=1), rated)
    )
    found = compare_perspectives(t, p, "post")
    assert found.n == 415  # README of the data: .303 over 415 classes
    assert found.r == pytest.approx(0.303, abs=5e-4)


def test_too_few_pairs_or_no_variance_is_nan():
    few = compare_perspectives(table([1, 2]), table([1, 2]), "pre")
    assert few.note.endswith("too_few_pairs")
    assert few.n == 2
    assert math.isnan(compare_perspectives(table([1, 1, 1, 1]), table([1, 2, 3, 4]), "pre").r)


def both(close, conflict, wave):
    return pd.concat([table(close, "closeness", wave), table(conflict, "conflict", wave)])


def test_quadrants_and_who_moved():
    scores = pd.concat(
        [both([5, 5, 1, 1, 3], [1, 5, 1, 5, 3], "pre"), both([5, 5, 5, 1, NAN], [1, 1, 1, 5, 3], "post")]
    )
    found = typology(scores)
    assert found.cuts == {"closeness": 3, "conflict": 3}
    assert found.counts.loc["pre"].to_dict() == dict(zip(QUADRANTS, [2, 1, 1, 1], strict=True))  # p4 is on both cuts
    assert found.counts.loc["post"].to_dict() == dict(zip(QUADRANTS, [3, 0, 0, 1], strict=True))
    assert found.transitions.loc["warm_stormy", "warm_calm"] == 1
    assert found.transitions.loc["distant_calm", "warm_calm"] == 1
    assert int(found.transitions.to_numpy().sum()) == 4  # p4 has no second score


def test_median_cuts_stay_those_of_the_first_wave():
    scores = pd.concat([both([1, 2, 3, 4], [4, 3, 2, 1], "pre"), both([5, 5, 5, 5], [1, 1, 1, 1], "post")])
    found = typology(scores)
    assert found.cuts == {"closeness": 2.5, "conflict": 2.5}
    assert found.counts.loc["post", "warm_calm"] == 4
    assert found.r["pre"] == pytest.approx(-1)
    assert math.isnan(found.r["post"])


def test_a_typology_of_nobody_is_empty_and_categoricals_do():
    scores = both([NAN, NAN], [1, 2], "pre")
    found = typology(scores.astype({"wave": "category", "scale": "category"}))
    assert int(found.counts.to_numpy().sum()) == 0
    assert found.transitions.shape == (4, 4)
    assert np.isnan(found.r["pre"])


def test_a_pupil_scored_twice_in_a_wave_is_refused():
    scores = pd.concat([both([1, 2], [1, 2], "pre")] * 2)
    with pytest.raises(ValueError, match="duplicate"):
        typology(scores)
