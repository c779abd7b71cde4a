"""Published effects, and what R's metafor and clubSandwich computed on them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Published:
    """Effects and variances of a review, and values of R."""

    y: np.ndarray
    v: np.ndarray
    table: pd.DataFrame
    values: dict


@pytest.fixture(scope="session")
def expectancy():
    """Raudenbush (1985): 19 studies of teacher expectancy."""
    pinned = json.loads((Path(__file__).parents[2] / "oracles" / "meta.json").read_text(encoding="utf-8"))
    table = pd.DataFrame(
        pinned["studies"], columns=["author", "year", "weeks", "setting", "tester", "n1", "n2", "y", "v"]
    )
    return Published(table["y"].to_numpy(), table["v"].to_numpy(), table, pinned)


@pytest.fixture(scope="session")
def published(shared):
    """Return a review of the shared data by name, with its values."""
    values = json.loads((shared / "oracles" / "reference.json").read_text(encoding="utf-8"))["meta"]

    def of(name: str) -> Published:
        table = pd.read_csv(shared / "data" / f"meta_{name}.csv")
        return Published(table["yi"].to_numpy(), table["vi"].to_numpy(), table, values[name])

    return of
