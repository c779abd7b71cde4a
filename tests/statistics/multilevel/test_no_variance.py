"""Kenward and Roger's correction may leave no variance: then there is no test, and it says so."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from werkbank.statistics import multilevel
from werkbank.statistics.multilevel import inference


def test_a_variance_below_zero_is_told_and_no_warning(monkeypatch):
    chance = np.random.default_rng(7)
    units = np.repeat(np.arange(8), 6)
    y = chance.normal(size=48) + chance.normal(size=8)[units]
    X = pd.DataFrame({"one": 1.0, "arm": (units % 2).astype(float)})
    fit = multilevel.fit(y, X, {"class": units})
    assert multilevel.test(fit, "arm").se > 0
    right = inference.adjusted_vcov
    monkeypatch.setattr(inference, "adjusted_vcov", lambda info: (-right(info)[0], right(info)[1]))
    found = multilevel.test(fit, "arm")
    assert math.isnan(found.se)
    assert "not above zero" in found.note
