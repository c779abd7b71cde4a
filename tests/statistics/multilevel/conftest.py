"""The reference values and data of the shared folder that this room's tests use."""

from __future__ import annotations

import json

import pandas as pd
import pytest


@pytest.fixture(scope="session")
def reference(shared):
    return json.loads((shared / "oracles" / "reference.json").read_text())


@pytest.fixture(scope="session")
def nlschools(shared):
    return pd.read_csv(shared / "oracles" / "data" / "nlschools.csv")


@pytest.fixture(scope="session")
def first20(shared):
    return pd.read_csv(shared / "oracles" / "data" / "nlschools_first20.csv")


@pytest.fixture(scope="session")
def bdf(shared):
    return pd.read_csv(shared / "oracles" / "data" / "bdf.csv")


@pytest.fixture(scope="session")
def baumann_long(shared):
    return pd.read_csv(shared / "oracles" / "data" / "baumann1_long.csv")
