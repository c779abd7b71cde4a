"""What tests of factor models share: the models, the simulated waves, and what it means to equal lavaan 0.6-14."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

if TYPE_CHECKING:
    from werkbank.statistics.cfa import Cfa

ORACLES = Path(__file__).resolve().parents[1] / "oracles"
LAVAAN = json.loads((ORACLES / "cfa_models.json").read_text())["models"]
EQUAL = {
    "configural": (),
    "metric": ("loadings",),
    "scalar": ("loadings", "intercepts"),
    "strict": ("loadings", "intercepts", "residuals"),
}
A, B = {"a": ["a1", "a2", "a3", "a4"]}, {"b": ["b1", "b2", "b3", "b4"]}
BFI = {f"{scale}f": [f"{scale}{i}" for i in range(1, 6)] for scale in "ACENO"}
HS = {"visual": ["x1", "x2", "x3"], "textual": ["x4", "x5", "x6"], "speed": ["x7", "x8", "x9"]}


def waves(how_many: int) -> dict[str, dict[str, str]]:
    """Columns of the first waves of the simulated data."""
    items = [*A["a"], *B["b"]]
    return {wave: {item: f"{item}_{wave}" for item in items} for wave in ("pre", "post", "fu")[:how_many]}


@cache
def simulated(name: str = "cfa_waves") -> pd.DataFrame:
    return pd.read_csv(ORACLES / f"{name}.csv")


def assert_same_fit(found: Cfa, name: str) -> None:
    """chi2 within 1e-5 relative and indices within 1e-5 is asked; what is had is far closer."""
    expected = LAVAAN[name]["fit"]
    fit = found.fit
    assert found.converged
    assert (fit.df, fit.n_parameters, fit.baseline_df) == tuple(expected[k] for k in ("df", "npar", "baseline.df"))
    assert fit.chi2 == pytest.approx(expected["chisq"], rel=1e-7, abs=1e-7)
    assert fit.baseline_chi2 == pytest.approx(expected["baseline.chisq"], rel=1e-7)
    for ours, theirs in {"loglik": "logl", "aic": "aic", "bic": "bic"}.items():
        assert getattr(fit, ours) == pytest.approx(expected[theirs], rel=1e-9)
    indices = {"cfi": "cfi", "srmr": "srmr"}
    if fit.df:
        indices |= {"p": "pvalue", "tli": "tli", "rmsea": "rmsea", "rmsea_low": "rmsea.ci.lower"}
        indices |= {"rmsea_high": "rmsea.ci.upper"}
    for ours, theirs in indices.items():
        assert getattr(fit, ours) == pytest.approx(expected[theirs], abs=1e-6), ours


def assert_same_parameters(found: Cfa, name: str, *, tolerance: float = 2e-4) -> None:
    rows = [row if len(row) == 6 else [*row[:3], 1, *row[3:]] for row in LAVAAN[name]["par"]]
    theirs = {tuple(row[:4]): row[4:] for row in rows}
    groups = list(found.counts.by_group)
    compared = 0
    for q in found.parameters:
        lhs, op, rhs = {
            "loading": (q.column, "=~", q.row),
            "intercept": (q.row, "~1", ""),
            "factor_mean": (q.row, "~1", ""),
        }.get(q.kind, (q.row, "~~", q.column))
        number = groups.index(q.group) + 1
        row = theirs.get((lhs, op, rhs, number)) or theirs.get((rhs, op, lhs, number))
        if row is None:  # lavaan does not print saturated means
            continue
        compared += 1
        assert q.estimate == pytest.approx(row[0], abs=tolerance), q
        if not q.fixed:
            assert q.se == pytest.approx(row[1], abs=tolerance), q
    assert compared >= len(rows) - 1  # lavaan's table also holds the defined omega
