"""The circle: sectors to agency and communion, the wave through a profile, the order, and classes in a correlation."""

from __future__ import annotations

import json
import math
from itertools import combinations, permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from werkbank.instruments import load
from werkbank.measurement.circumplex import (
    SECTORS,
    circular_order,
    clustered_correlation,
    complementarity,
    dimensions,
    on_circle,
    sector_scores,
    structural_summary,
)
from werkbank.measurement.scoring import score
from werkbank.statistics.reliability import retest

ORACLE = json.loads((Path(__file__).parents[1] / "oracles" / "circumplex.json").read_text(encoding="utf-8"))
PROFILES = [*ORACLE["correlation_profiles"].values(), ORACLE["mean_profile"]]
QTI = load("qti-48")


def sectors(**given):
    return pd.DataFrame({name: [float(given.get(name, 0.0))] for name in SECTORS})


def test_dimensions_follow_the_printed_formula():
    """Agency and communion as printed with .92 and .38 (domain.md 2.5): within the rounding of those weights."""
    rng = np.random.default_rng(1)
    table = pd.DataFrame(rng.random((50, 8)), columns=list(SECTORS))
    agency = {
        "leadership": 0.92, "helpful": 0.38, "understanding": -0.38, "freedom": -0.92, "uncertain": -0.92,
        "dissatisfied": -0.38, "admonishing": 0.38, "strict": 0.92,
    }  # fmt: skip
    communion = {
        "leadership": 0.38, "helpful": 0.92, "understanding": 0.92, "freedom": 0.38, "uncertain": -0.38,
        "dissatisfied": -0.92, "admonishing": -0.92, "strict": -0.38,
    }  # fmt: skip
    found = dimensions(table)
    for name, weights in (("agency", agency), ("communion", communion)):
        printed = sum(weight * table[sector] for sector, weight in weights.items())
        assert np.abs(found[name] - printed).max() < 0.0132


def test_dimensions_reach_their_range_and_zero_is_neutral():
    near = sectors(leadership=1, helpful=1, understanding=1, freedom=1)
    above = sectors(leadership=1, helpful=1, admonishing=1, strict=1)
    assert dimensions(near).iloc[0].tolist() == pytest.approx([0, 2.6131259298])
    assert dimensions(above).iloc[0].tolist() == pytest.approx([2.6131259298, 0])
    assert dimensions(sectors(**dict.fromkeys(SECTORS, 0.7))).to_numpy() == pytest.approx(np.zeros((1, 2)), abs=1e-12)
    assert dimensions(sectors(strict=math.nan)).isna().all(axis=None)


@pytest.mark.parametrize("profile", PROFILES)
def test_structural_summary_equals_the_package(profile):
    found = structural_summary(profile["scores"], ORACLE["angles"])
    assert found.elevation == pytest.approx(profile["elevation"], abs=1e-12)
    assert (found.x, found.y) == pytest.approx((profile["x_value"], profile["y_value"]), abs=1e-12)
    assert found.amplitude == pytest.approx(profile["amplitude"], abs=1e-12)
    assert found.displacement == pytest.approx(math.degrees(profile["displacement"]), abs=1e-9)
    assert found.fit == pytest.approx(profile["fit"], abs=1e-9)


def test_structural_summary_equals_what_its_authors_print():
    """Narcissistic personality in jz2017, as the page of the R package circumplex prints it."""
    found = structural_summary(ORACLE["correlation_profiles"]["NARPD"]["scores"], ORACLE["angles"])
    assert [round(v, 3) for v in (found.elevation, found.x, found.y, found.amplitude)] == [0.202, -0.062, 0.179, 0.189]
    assert found.displacement == pytest.approx(108.967, abs=5e-4)


def test_a_wave_is_found_back_and_a_flat_profile_has_no_direction():
    angles = np.deg2rad(list(SECTORS.values()))
    found = structural_summary(0.4 + 0.2 * np.cos(angles - np.deg2rad(200)))
    assert (found.elevation, found.amplitude, found.displacement, found.fit) == pytest.approx((0.4, 0.2, 200, 1))
    flat = structural_summary(np.full(8, 0.3))
    assert flat.elevation == pytest.approx(0.3)
    assert math.isnan(flat.displacement)
    assert math.isnan(flat.fit)
    assert math.isnan(structural_summary([0.1, math.nan, *[0.2] * 6]).amplitude)


def test_the_vector_of_a_profile_is_its_dimensions():
    """With eight equal steps agency = 4 y and communion = 4 x: two roads to the same place."""
    profile = np.random.default_rng(2).random(8)
    found, dims = structural_summary(profile), dimensions(pd.DataFrame([profile], columns=list(SECTORS)))
    assert dims.iloc[0].tolist() == pytest.approx([4 * found.y, 4 * found.x])


@pytest.mark.parametrize("decimals", [15, 1])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_circular_order_equals_the_package(which, decimals):
    scales = ORACLE["scales"]
    expected = ORACLE["orders" if decimals == 15 else "coarse_orders"][which]
    matrix = pd.DataFrame(ORACLE["correlations"], scales, scales).round(decimals)
    found = circular_order(matrix.loc[expected["scales"], expected["scales"]])
    assert (found.met, found.tied, found.predictions) == (expected["agreements"], expected["ties"], 288)
    assert found.index == pytest.approx(expected["ci"], abs=1e-12)
    assert found.p == pytest.approx(expected["p_value"], abs=1e-12)


def test_circular_order_equals_counting_one_by_one():
    rng = np.random.default_rng(3)
    matrix = np.corrcoef(rng.normal(size=(40, 5)), rowvar=False)
    pairs = list(combinations(range(5), 2))

    def met(order):
        step = {p: min((p[1] - p[0]) % 5, (p[0] - p[1]) % 5) for p in pairs}
        r = {p: matrix[order[p[0]], order[p[1]]] for p in pairs}
        return sum(r[a] > r[b] for a in pairs for b in pairs if step[a] < step[b])

    counts = [met(order) for order in permutations(range(5))]
    found = circular_order(matrix)
    assert found.met == counts[0]
    assert found.p == pytest.approx(np.mean([c >= counts[0] for c in counts]))


def test_a_perfect_circle_has_the_smallest_p_there_is():
    angles = np.deg2rad(np.arange(8) * 45)
    found = circular_order(np.cos(angles[:, None] - angles[None, :]).round(12))
    assert (found.index, found.met) == (1.0, 288)
    assert found.p == pytest.approx(16 / math.factorial(8))


def test_circular_order_at_the_edges():
    broken = np.eye(8)
    broken[0, 1] = math.nan
    assert math.isnan(circular_order(broken).index)
    assert circular_order(broken).note == "measurement.reason.no_variance"
    for k in (3, 9):
        with pytest.raises(ValueError, match="4 to 8"):
            circular_order(np.eye(k))


def test_order_of_unrelated_scales_is_found_by_chance_only():
    rng = np.random.default_rng(4)
    p = np.array([circular_order(np.corrcoef(rng.normal(size=(60, 8)), rowvar=False)).p for _ in range(120)])
    assert (p <= 0.05).mean() <= 0.1
    assert abs(p.mean() - 0.5) < 0.08


def clustered(rng, classes, size, r, share=0.3):
    shape = np.linalg.cholesky(np.array([[1, r], [r, 1]]))
    common = rng.normal(size=(classes, 2)) @ shape.T * math.sqrt(share)
    pairs = np.repeat(common, size, axis=0) + rng.normal(size=(classes * size, 2)) @ shape.T * math.sqrt(1 - share)
    return pairs[:, 0], pairs[:, 1], np.repeat(np.arange(classes), size)


def test_clustered_correlation_equals_leaving_out_one_class_at_a_time():
    a, b, classes = clustered(np.random.default_rng(5), 9, 7, 0.4)
    a[3], classes = math.nan, classes.astype(object)
    keep = ~np.isnan(a)
    left = [math.atanh(np.corrcoef(a[keep & (classes != c)], b[keep & (classes != c)])[0, 1]) for c in range(9)]
    se = math.sqrt(8 / 9 * np.sum((np.array(left) - np.mean(left)) ** 2))
    found = clustered_correlation(a, b, classes)
    assert found.estimate == pytest.approx(np.corrcoef(a[keep], b[keep])[0, 1])
    assert (found.n, found.n_clusters) == (62, 9)
    low, high = (math.tanh(math.atanh(found.estimate) + side * 2.306004135 * se) for side in (-1, 1))
    assert (found.ci_low, found.ci_high) == pytest.approx((low, high))


def test_without_classes_it_is_fishers_interval():
    a, b, _ = clustered(np.random.default_rng(6), 4000, 1, 0.3)
    mine, fisher = clustered_correlation(a, b, np.arange(4000)), retest(a, b)
    assert (mine.ci_low, mine.ci_high) == pytest.approx((fisher.ci_low, fisher.ci_high), abs=0.003)


@pytest.mark.parametrize("classes", [8, 20])
def test_clustered_interval_covers(classes):
    rng = np.random.default_rng(classes)
    found = [clustered_correlation(*clustered(rng, classes, 12, 0.3)) for _ in range(400)]
    assert 0.93 <= np.mean([f.ci_low <= 0.3 <= f.ci_high for f in found]) <= 0.985
    assert all((f.p < 0.05) == (f.ci_low > 0 or f.ci_high < 0) for f in found)


def test_clustered_correlation_at_the_edges():
    rng = np.random.default_rng(7)
    few = clustered_correlation(rng.normal(size=8), rng.normal(size=8), [1, 1, 2, 2, 3, 3, 4, 4])
    assert math.isfinite(few.estimate)
    assert math.isnan(few.ci_low)
    assert few.note.endswith("no_interval")
    assert clustered_correlation([1, 2], [1, 2], [1, 2]).note.endswith("too_few_pairs")
    assert clustered_correlation([1, 1, 1], [1, 2, 3], [1, 2, 3]).note.endswith("no_variance")
    perfect = clustered_correlation(np.arange(9.0), np.arange(9.0), np.arange(9))
    assert perfect.estimate == pytest.approx(1)
    assert math.isnan(perfect.p)
    unknown = clustered_correlation(rng.normal(size=12), rng.normal(size=12), [None] * 6 + list(range(6)))
    assert unknown.n == 6


def test_complementarity_of_a_simulated_dance():
    """Nearness evokes nearness, influence its opposite; both signs come back from sector answers."""
    rng = np.random.default_rng(8)
    near, power = rng.normal(size=(2, 400))
    teacher = pd.DataFrame({"agency": power, "communion": near})
    pupil = pd.DataFrame(
        {"agency": -0.5 * power + rng.normal(size=400), "communion": 0.5 * near + rng.normal(size=400)}
    )
    found = complementarity(teacher, pupil, pd.Series(np.arange(400) // 20))
    assert found["communion"].ci_low > 0
    assert found["agency"].ci_high < 0
    assert found["agency"].n_clusters == 20


def test_sectors_of_answers_run_from_zero_to_one():
    """Hand case: 4 on every leadership item is 1, 0 on every strict item is 0, 2 on the rest is a half."""
    rows = []
    for item in QTI.items:
        value = 4 if item in QTI.scales["leadership"].items else 0 if item in QTI.scales["strict"].items else 2
        rows.append({"pupil": "p", "teacher": "t", "class": "c", "school": "s", "arm": "a", "wave": "pre",
                     "informant": "pupil", "outcome": "qti-48", "item": item, "value": float(value)})  # fmt: skip
    found = sector_scores(score(pd.DataFrame(rows), "qti-48", QTI), QTI)
    assert on_circle(QTI)
    assert not on_circle(load("strs-sf", "B"))
    assert list(found.columns) == [*SECTORS, "class"]
    row = found.loc[("p", "pre")]
    assert (row["leadership"], row["strict"], row["helpful"], row["class"]) == (1.0, 0.0, 0.5, "c")
