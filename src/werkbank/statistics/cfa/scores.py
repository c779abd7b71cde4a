"""What a constraint costs: score tests (modification indices) for entries that were held equal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from werkbank.errors import UsageError
from werkbank.statistics.cfa.estimation import evaluate, information, score
from werkbank.statistics.cfa.fitting import Cfa, split
from werkbank.statistics.cfa.moments import patterns
from werkbank.statistics.cfa.structure import FactorModel, Model

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


@dataclass(frozen=True)
class ScoreTest:
    """The chi2 that the fitted model would drop by, approximately, if `item` were freed from `what`."""

    what: str
    item: str
    chi2: float
    df: int
    p: float


def score_test(
    fitted: Cfa, what: str, item: str, data: pd.DataFrame, *, group: Sequence[object] | None = None
) -> ScoreTest:
    """Test whether one item's equal loadings, intercepts or residuals fit, without fitting the freer model.

    Parameters
    ----------
    fitted : Cfa
        A converged model in which `what` is equal over occasions and `item` is not freed; not scaled by a marker,
        whose release would change the scale.
    what : {"loadings", "intercepts", "residuals"}
    item : str
    data, group
        As `fitted` was given them.

    Returns
    -------
    ScoreTest
        s' I⁻¹ s, with score s and information I of the freer model at the estimates of the fitted one (Rao 1948); as
        many degrees of freedom as parameters are added. NaN when the freer model is not identified.

    Raises
    ------
    UsageError
        When the model is scaled by a marker or did not converge.

    Notes
    -----
    I is the observed information with FIML, as lavaan has it, and the expected one where that is not positive definite:
    an item that drifts far would otherwise get a negative statistic. Checked against lavaan 0.6-14 `lavTestScore`
    (tests/oracles/cfa_models.json), and in that case against the drop in chi2 when the item is freed.
    """
    was = fitted.model
    if was.identification == "marker" or not fitted.converged:
        raise UsageError("a score test needs a converged model that is identified by the factors' variance")
    freed = {**was.free, what: (*was.free.get(what, ()), item)}
    rows, _ = split(data, was.columns, group, fitted.counts.missing)
    model = Model.of(FactorModel(**{**vars(was), "free": freed}).entries(tuple(rows)))
    known = {(q.kind, q.row, q.column, q.group): q.estimate for q in fitted.parameters}
    values = {e.label: known[e.matrix, e.row, e.column, e.group] for e in model.entries if e.label}
    x = np.array([values[label] for label in model.labels])
    at = evaluate(model, {name: patterns(block) for name, block in rows.items()}, x)
    slope = score(model, at, x)
    df = len(model.labels) - len(fitted.labels)
    chi2 = float("nan")
    # far from the freer model's own optimum the observed information need not be positive definite: the expected one is
    for observed in (True, False) if fitted.counts.missing == "fiml" else (False,):
        weight = information(model, at, x, observed=observed)
        if np.linalg.eigvalsh(weight)[0] > 0:
            chi2 = float(slope @ np.linalg.solve(weight, slope))
            break
    return ScoreTest(what, item, chi2, df, float(special.chdtrc(df, chi2)) if chi2 >= 0 and df else float("nan"))
