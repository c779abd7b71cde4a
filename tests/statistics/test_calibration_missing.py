"""Cells of the calibration of what meets missing scores, small; and the fast imputation beside the library's row."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def calibration():
    spec = importlib.util.spec_from_file_location("calibration_missing", ROOT / "benchmarks" / "calibration_missing.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "settings",
    [
        {"n": (3, 3), "icc": 0.2, "spread": (2, 1), "lost": 0.3},
        {"n": (4, 8), "icc": 0.1, "spread": (2, 1), "lost": 0.3},
        {"n": (10, 10), "icc": 0.2, "spread": (1, 2), "lost": 0.2},
    ],
)
def test_the_imputed_row_keeps_its_level_and_no_interval_is_without_an_end(calibration, settings):
    found = calibration.imputation_cell(np.random.default_rng(4), 300, **settings)
    # three Monte-Carlo errors above .05
    assert found["imputed"] <= 0.05 + 3 * 0.0126
    assert abs(found["bias"]) < 0.08
    assert found["widest"] < 12


def test_everybody_by_a_missing_indicator_is_no_more_precise_than_complete_pairs(calibration):
    found = calibration.indicator_cell(np.random.default_rng(5), 400, n=(6, 6), icc=0.2, pre_lost=0.2)
    assert found["everybody"] <= 0.05 + 3 * 0.011
    assert found["width"] > 0.93


def test_classes_with_courses_of_their_own_need_a_covariance_for_every_two_waves(calibration):
    found = calibration.waves_cell(np.random.default_rng(6), 60, n=(5, 5))
    assert found["classes unstructured"] <= 0.05 + 3 * 0.028


@pytest.mark.long
def test_the_fast_imputation_is_the_library_s(calibration, monkeypatch):
    monkeypatch.setattr(calibration.imputing, "COPIES", 20)  # put back afterwards: the check sets its own
    found = calibration.check(10, 60)
    assert found["largest"] < 4
    assert 0.85 < found["se_low"] <= found["se_high"] < 1.15


def test_the_page_says_what_the_numbers_say(calibration):
    kept = json.loads(calibration.RAW.read_text(encoding="utf-8"))
    assert calibration.PAGE.read_text(encoding="utf-8") == calibration.page(kept)
    for family, cells in calibration.cells().items():
        assert set(kept[family]) == set(cells)
    assert max(cell["imputed"] for cell in kept["imputation"].values()) <= 0.065
