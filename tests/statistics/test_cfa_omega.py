"""Omega against lavaan 0.6-14 (estimate and standard error), against alpha, and on scales that have none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from tests.statistics.factor_models import LAVAAN

from werkbank.statistics.cfa import omega

if TYPE_CHECKING:
    from pathlib import Path

SCALES = {"agree": "A", "conscientious": "C", "extraversion": "E", "neuroticism": "N", "openness": "O"}


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("missing", ["complete", "fiml"])
def test_omega_matches_lavaan(bfi: pd.DataFrame, shared: Path, scale: str, missing: str) -> None:
    letter = SCALES[scale]
    found = omega(bfi[[f"{letter}{i}" for i in range(1, 6)]].to_numpy(float), missing=missing)
    *_, estimate, se = LAVAAN[f"bfi/{letter}/{'ml' if missing == 'complete' else 'fiml'}"]["par"][-1]
    assert found.estimate == pytest.approx(estimate, abs=1e-6)
    assert found.se == pytest.approx(se, rel=1e-4)
    assert (found.ci_low, found.ci_high) == pytest.approx(
        (estimate - 1.959964 * se, estimate + 1.959964 * se), abs=1e-5
    )
    reference = json.loads((shared / "oracles" / "reference.json").read_text())["reliability"]["bfi"][scale]
    block = reference["complete"]["omega_cfa_ml"] if missing == "complete" else reference["fiml"]["omega_cfa"]
    assert found.estimate == pytest.approx(block["omega_raw"], abs=1e-6)


@pytest.mark.parametrize("scale", ["sat_act"])
def test_three_items_of_very_different_units(shared: Path, scale: str) -> None:
    data = pd.read_csv(shared / "oracles" / "data" / f"{scale}.csv")[["ACT", "SATV", "SATQ"]].to_numpy(float)
    reference = json.loads((shared / "oracles" / "reference.json").read_text())["reliability"][scale]
    for missing, block in (
        ("complete", reference["complete"]["omega_cfa_ml"]),
        ("fiml", reference["fiml"]["omega_cfa"]),
    ):
        assert omega(data, missing=missing).estimate == pytest.approx(block["omega_raw"], abs=1e-6)


def test_parallel_items_have_omega_equal_to_alpha() -> None:
    """Identity: with equal variances and equal covariances omega is alpha is Spearman-Brown."""
    k, r = 4, 0.4
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(200, k))
    rows -= rows.mean(axis=0)
    rows = np.linalg.qr(rows)[0] @ np.linalg.cholesky(r + (1 - r) * np.eye(k)).T  # exactly these correlations
    assert omega(rows).estimate == pytest.approx(k * r / (1 + (k - 1) * r), rel=1e-10)


def test_reversing_an_item_breaks_it_and_reversing_all_does_not() -> None:
    rng = np.random.default_rng(6)
    rows = rng.normal(size=(300, 1)) + rng.normal(size=(300, 5))
    whole = omega(rows).estimate
    assert omega(8 - rows).estimate == pytest.approx(whole, rel=1e-9)
    assert omega(rows * [1, 1, -1, 1, 1]).estimate < whole - 0.1


def test_interval_covers_in_simulation() -> None:
    """Simulation: 120 samples of 150 pupils; true omega .8; the 95 % interval covers it in about 95 %."""
    rng = np.random.default_rng(11)
    loading, theta = np.full(5, 0.8), 0.8
    truth = loading.sum() ** 2 / (loading.sum() ** 2 + 5 * theta)
    found = [
        omega(rng.normal(size=(150, 1)) * loading + rng.normal(scale=theta**0.5, size=(150, 5))) for _ in range(120)
    ]
    covered = np.mean([o.ci_low <= truth <= o.ci_high for o in found])
    assert 0.91 <= covered <= 0.98


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (np.ones((30, 2)), "too_few_items"),
        (np.ones(30), "too_few_items"),
        (np.full((30, 4), np.nan), "too_few_rows"),
        (np.ones((1, 4)), "too_few_rows"),
        (np.column_stack([np.random.default_rng(1).normal(size=(30, 3)), np.ones(30)]), "constant_item"),
    ],
)
def test_no_omega_says_why(rows: np.ndarray, reason: str) -> None:
    for missing in ("complete", "fiml"):
        found = omega(rows, missing=missing)
        assert (found.converged, found.reason) == (False, reason)
        assert np.isnan([found.estimate, found.se, found.ci_low, found.ci_high]).all()


def test_heywood_has_loadings_but_no_omega(shared: Path) -> None:
    data = pd.read_csv(shared / "oracles" / "data" / "hs1939.csv")
    rows = data[data.school == "Pasteur"][["x1", "x2", "x3", "x7", "x8"]][:25].to_numpy(float)
    found = omega(rows)
    assert (found.converged, found.reason) == (True, "heywood")
    assert np.isnan(found.estimate)
    assert (found.uniquenesses < 0).sum() == 1


def test_fifty_thousand_pupils() -> None:
    rng = np.random.default_rng(12)
    rows = rng.normal(size=(50_000, 1)) + rng.normal(size=(50_000, 10))
    assert omega(rows).estimate == pytest.approx(10 / 11, abs=0.002)
