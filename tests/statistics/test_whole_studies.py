"""What the calibration simulates is what `werkbank.estimate` answers: whole studies, pupil by pupil."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from werkbank.statistics.units import units_of

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
FEW = {"classes": 12, "three arms": 4, "pairs and strata": 6, "pupils, also within schools": 6}


@pytest.fixture(scope="module")
def whole_studies():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        yield importlib.import_module("whole_studies")
    finally:
        sys.path.remove(str(BENCHMARKS))


def test_pupils_have_exactly_the_sums_that_were_simulated(whole_studies):
    rng = np.random.default_rng(1)
    settings = {"icc": 0.15, "sizes": "5-35", "covariates": 1, "unit_level": 1}
    units = whole_studies.fast.study(whole_studies.fast.classes(rng, np.repeat([0, 1], 7), 2, **settings), 0)
    made = units_of(whole_studies.pupils_of(units, rng), pupil_level=["x0"], unit_level=["v0"])
    assert made.labels == units.labels
    for name in ("sizes", "y", "x", "sxx", "sxy"):
        assert getattr(made, name) == pytest.approx(getattr(units, name), abs=1e-9)


@pytest.mark.parametrize("kind", FEW)
def test_estimate_gives_the_p_that_was_simulated(whole_studies, kind):
    rng = np.random.default_rng(len(kind))
    generate = whole_studies.KINDS[kind][0]
    for i in range(FEW[kind]):
        whole = generate(rng, i)
        assert whole_studies.lead_of(whole).p == pytest.approx(whole.p, abs=1e-9)


@pytest.mark.long
def test_five_hundred_studies_agree(whole_studies):
    found = whole_studies.compared({kind: n for kind, (_, n) in whole_studies.KINDS.items()})
    assert sum(n for n, _ in found.values()) == 500
    assert max(apart for _, apart in found.values()) < 1e-9


def test_the_recorded_run_is_of_five_hundred_studies(whole_studies):
    found = json.loads(whole_studies.RAW.read_text(encoding="utf-8"))["compared"]["kinds"]
    assert {kind: n for kind, (n, _) in found.items()} == {k: n for k, (_, n) in whole_studies.KINDS.items()}
    assert max(apart for _, apart in found.values()) < whole_studies.TOLERANCE


def test_a_study_written_as_files_is_read_as_the_same_study(whole_studies, tmp_path):
    whole = whole_studies.of_blocks(np.random.default_rng(3), 1)
    whole_studies.as_files(whole, tmp_path)
    assert whole_studies.from_files(tmp_path).p == pytest.approx(whole.p, abs=1e-9)
