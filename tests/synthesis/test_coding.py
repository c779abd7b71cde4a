"""A row of published numbers becomes an effect by the best road, and nothing is corrected or assumed in silence."""

from __future__ import annotations

import pandas as pd
import pytest

from werkbank.synthesis.coding import Assumed, NotCodableError, code, roads, turned

MEANS = {"n_treated": 40.0, "n_control": 44.0, "mean_treated": 21.0, "sd_treated": 4.0, "mean_control": 19.5,
         "sd_control": 4.2}  # fmt: skip
BEFORE = {"pre_mean_treated": 19.0, "pre_sd_treated": 4.1, "pre_mean_control": 19.2, "pre_sd_control": 4.0}


def test_the_best_road_comes_first():
    assert roads(MEANS) == ["means"]
    assert roads(MEANS | BEFORE) == ["change", "means"]
    assert roads(MEANS | {"g": 0.3, "se": 0.1}) == ["given", "means"]
    assert roads({"t": 2.0}) == []


def test_a_coders_effect_wins_and_is_never_corrected():
    made = code(MEANS | {"g": 0.10, "se": 0.2, "class_size": 22.0}, Assumed(icc=0.15))
    assert (made.effect.g, made.effect.se) == (0.10, pytest.approx(0.2))
    assert [key for key, _ in made.remarks] == ["differs_means"]
    alike = code(MEANS | {"g": code(MEANS, Assumed()).effect.g, "se": 0.2}, Assumed())
    assert alike.remarks == ()


def test_classes_that_a_study_ignored_are_corrected_for_with_the_icc_that_is_said():
    plain, made = code(MEANS, Assumed()).effect, code(MEANS | {"class_size": 20.0}, Assumed(icc=0.15))
    assert made.effect.variance > 2 * plain.variance
    assert made.remarks == (("clusters", 0.15),)
    with pytest.raises(NotCodableError) as refused:
        code(MEANS | {"class_size": 20.0}, Assumed())
    assert refused.value.key == "effect_without_icc"


def test_a_correlation_is_assumed_aloud_or_not_at_all():
    made = code(MEANS | BEFORE, Assumed(pre_post_r=0.6))
    assert ("r_assumed", 0.6) in made.remarks
    assert not [key for key, _ in code(MEANS | BEFORE | {"r": 0.6}, Assumed()).remarks if key == "r_assumed"]
    with pytest.raises(NotCodableError) as refused:
        code(MEANS | BEFORE, Assumed())
    assert refused.value.key == "effect_without_r"


def test_a_printed_p_that_cannot_be_is_remarked():
    assert ("p_differs", pytest.approx(0.098, abs=5e-4)) in code(MEANS, Assumed(), "p < .05").remarks
    assert code(MEANS, Assumed(), ".098").remarks == ()


@pytest.mark.parametrize(
    ("row", "key"),
    [
        ({"n_treated": 20.0}, "effect_without_road"),
        ({"g": 0.3}, "effect_without_road"),
        ({"g": 0.3, "se": 0.0}, "effect_impossible"),
        (MEANS | {"sd_treated": 0.0, "sd_control": 0.0}, "effect_impossible"),
        ({"p": 1.2, "sign": 1.0, "n_treated": 20.0, "n_control": 20.0}, "effect_impossible"),
        (MEANS | {"class_size": 500.0}, "effect_impossible"),
    ],
)
def test_what_is_no_effect_says_why(row, key):
    with pytest.raises(NotCodableError) as refused:
        code(row, Assumed(icc=0.5))
    assert refused.value.key == key


def test_where_lower_is_better_the_sign_turns_and_nothing_else():
    made = code(MEANS, Assumed())
    other = turned(made)
    assert (other.effect.g, other.effect.variance) == (-made.effect.g, made.effect.variance)


def test_means_give_what_the_clearinghouse_coded(shared):
    """1,553 findings: where means, SDs and sizes are printed, our g is the one that its reviewers wrote down."""
    table = pd.read_csv(shared / "data" / "meta_wwc_wolf2022.csv", low_memory=False)
    names = {"f_t_mean": "mean_treated", "f_c_mean": "mean_control", "f_t_sd": "sd_treated", "f_c_sd": "sd_control",
             "f_t_ss": "n_treated", "f_c_ss": "n_control"}  # fmt: skip
    rows = table.dropna(subset=[*names, "f_effect_size_wwc"])
    rows = rows[(rows["f_t_sd"] > 0) & (rows["f_c_sd"] > 0)]
    ours = [code({ours: float(row[theirs]) for theirs, ours in names.items()}, Assumed()).effect.g
            for row in rows.to_dict("records")]  # fmt: skip
    off = (pd.Series(ours, index=rows.index).abs() - rows["f_effect_size_wwc"].abs()).abs()
    assert len(rows) > 500
    assert off.median() < 0.005
    # the others were adjusted for the score before, or turned: a coder's own value is therefore never overwritten
    assert 0.5 < (off < 0.02).mean() < 1
