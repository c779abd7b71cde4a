"""Power of the lead: R and the published formula for clusters; simulation through the lead in every design."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy import stats
from tests.conftest import ORACLES

from werkbank.appraisal.precision import minimum_detectable
from werkbank.planning.finding import scaled, units_needed
from werkbank.planning.power import bloom_detectable, detectable, half_width, power, shape, unit_variance
from werkbank.planning.prospect import Prospect
from werkbank.planning.simulating import simulate

KNOWN = json.loads((ORACLES / "power.json").read_text(encoding="utf-8"))
TWO = {"T": 1.0, "C": -1.0}


def classes(t, c, *, weights=None, more=None, **told):
    units = {"T": t, "C": c, **(more or {})}
    told = {"assigned": sum(units.values()), "size": 20, "icc": 0.15, "r": 0.6, "r_units": 0.75, **told}
    return Prospect("class", weights or TWO, units, told.pop("assigned"), **told)


def pupils(t, c, **told):
    return Prospect("pupil", TWO, {"T": t, "C": c}, t + c, **told)


@pytest.mark.parametrize("n", [20, 50, 100])
@pytest.mark.parametrize("d", [0.2, 0.5])
def test_pupils_in_two_groups_match_power_t_test_of_r(n, d):
    known = KNOWN[f"two_sample_t_n{n}_d{d}"]["power_strict_two_sided"]
    assert power(pupils(n, n), d) == pytest.approx(known, abs=1e-9)


@pytest.mark.parametrize("j", [10, 20, 40])
@pytest.mark.parametrize("icc", [0.05, 0.15])
def test_clusters_match_the_published_formula(j, icc):
    known = KNOWN[f"cluster_rct_J{j}_m20_icc{icc}_d0.3"]
    p = classes(j // 2, j // 2, icc=icc, r=None)
    assert power(p, 0.3) == pytest.approx(known["power"], abs=1e-9)
    assert bloom_detectable(p) == pytest.approx(known["mdes_power80_bloom"], abs=1e-9)
    assert power(p, detectable(p)) == pytest.approx(0.80, abs=1e-6)
    assert detectable(p) == pytest.approx(known["mdes_power80_bloom"], rel=3e-3)


@pytest.mark.parametrize("d", [0.2, 0.3, 0.4, 0.5, 0.8])
def test_the_units_needed_are_those_of_r(d):
    known = KNOWN[f"two_sample_t_power80_d{d}"]["n_per_group_ceiling"]
    assert units_needed(pupils(10, 10), d, 0.80) == known


def test_the_rule_is_that_with_which_a_report_tells_what_could_have_been_seen():
    p = classes(6, 6)
    se, df = math.sqrt(shape(p).sigma2 * shape(p).scale[0]), shape(p).df[0]
    assert bloom_detectable(p) == pytest.approx(minimum_detectable(se, df), rel=1e-12)
    assert df == pytest.approx(10)  # lots, fewer than 16: the slope among pupils costs none


def test_the_variance_of_a_class_follows_from_its_parts():
    rho, n, w, b = 0.15, 20, 0.6, 0.75
    free = rho * (1 - b * b) + (1 - rho) / n * (1 - w * w)
    assert unit_variance(classes(6, 6)) == pytest.approx(free + rho * (b - w) ** 2, rel=1e-12)
    whole = np.array([[rho + (1 - rho) / n, rho * b + (1 - rho) * w / n]] * 2)
    conditional = whole[0, 0] - whole[0, 1] ** 2 / whole[0, 0]
    assert unit_variance(classes(10, 10)) == pytest.approx(conditional, rel=1e-12)
    assert unit_variance(classes(6, 6, r=None)) == pytest.approx(rho + (1 - rho) / n, rel=1e-12)


def test_a_mean_of_fewer_pupils_counts_as_what_is_left_on_average():
    p = classes(6, 6, lost=0.3)
    n = np.random.default_rng(1).binomial(20, 0.7, 400_000)
    assert p.inverse_size == pytest.approx(np.mean(1 / n[n > 0]), rel=2e-3)


def test_the_width_of_an_interval_is_expected_as_students_t_has_it():
    p = pupils(15, 15)
    se, df = math.sqrt(2 / 15), 28
    by_integral = stats.chi(df).mean() / math.sqrt(df)
    assert half_width(p) == pytest.approx(stats.t.ppf(0.975, df) * se * by_integral, rel=1e-9)


@pytest.mark.parametrize(
    ("p", "reason"),
    [
        (classes(2, 3), "two_against_more"),
        (classes(1, 3), "too_few_units"),
        (classes(2, 2, drawn=False), "not_drawn_too_few_units"),
        (Prospect("class", {"": 1.0}, {"": 1}, 1, r=0.6), "too_few_single"),
        (Prospect("class", {"": 1.0}, {"": 6}, 6), "never_twice"),
    ],
)
def test_what_the_lead_will_refuse_has_no_power(p, reason):
    assert shape(p).refusal == reason
    assert all(math.isnan(f) for f in (power(p, 0.3), detectable(p), bloom_detectable(p), half_width(p)))


def test_more_units_keep_proportions_and_blocks():
    p = scaled(classes(6, 12, blocks=6), 12)
    assert (p.units, p.blocks, p.assigned) == ({"T": 12, "C": 24}, 12, 36)
    n = units_needed(classes(6, 6), 0.3, 0.80)
    assert power(scaled(classes(6, 6), n), 0.3) >= 0.80 > power(scaled(classes(6, 6), n - 1), 0.3)
    assert units_needed(classes(6, 6), 0.001, 0.80) is None


# a difference that is found about half of the time tells most about a formula
DESIGNS = {
    "few classes, slope among pupils": (classes(6, 6), 0.4),
    "classes and pupils are lost": (classes(5, 5, assigned=12, lost=0.2), 0.5),
    "unequal numbers": (classes(3, 9), 0.6),
    "many classes, slope between": (classes(10, 10), 0.4),
    "not drawn, few": (classes(3, 3, drawn=False), 1.2),
    "not drawn, unequal": (classes(3, 6, drawn=False), 0.8),
    "many unequal": (classes(6, 14), 0.4),
    "three arms": (classes(6, 6, weights={"T": 1.0, "B": 0.0, "C": -1.0}, more={"B": 6}), 0.5),
    "pairs": (classes(8, 8, blocks=8), 0.4),
    "few pairs": (classes(6, 6, blocks=6), 0.4),
    "strata": (classes(6, 6, blocks=3), 0.4),
    "many strata": (classes(9, 18, blocks=9), 0.35),
    "a covariate": (classes(6, 6, explained=0.1), 0.4),
    "a covariate and no score before": (classes(9, 9, r=None, r_units=None, explained=0.3), 0.5),
    "pupils": (pupils(40, 40, r=0.6), 0.4),
    "pupils, unequal": (pupils(12, 40, r=0.6, explained=0.1), 0.6),
    "pupils within schools": (pupils(40, 40, r=0.6, blocks=5, icc=0.15), 0.4),
    "one group of classes": (Prospect("class", {"": 1.0}, {"": 8}, 8, size=20, icc=0.15, r=0.6, r_units=0.75), 0.25),
    "one group of pupils": (Prospect("pupil", {"": 1.0}, {"": 30}, 30, r=0.6), 0.3),
}


def agrees(name, n):
    p, effect = DESIGNS[name]
    found, expected = simulate(p, effect, n=n, seed=20261130), power(p, effect)
    assert found.refused == 0
    assert abs(found.power - expected) < 3 * math.sqrt(expected * (1 - expected) / n)
    assert found.half_width == pytest.approx(half_width(p), rel=1.5 / math.sqrt(n))


@pytest.mark.parametrize("name", DESIGNS)
def test_formula_and_simulation_through_the_lead_agree(name):
    agrees(name, 150)


@pytest.mark.long
@pytest.mark.parametrize("name", DESIGNS)
def test_formula_and_simulation_agree_to_the_second_decimal(name):
    agrees(name, 3000)


def test_nothing_is_found_more_often_than_alpha_where_there_is_nothing():
    for name in ("few classes, slope among pupils", "many classes, slope between", "pairs", "pupils"):
        assert power(DESIGNS[name][0], 0.0) == pytest.approx(0.05, abs=1e-6)
