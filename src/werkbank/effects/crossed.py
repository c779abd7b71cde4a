"""Random slopes and crossed groups, with the optional engine lme-python (decision 013)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import special

from werkbank.effects import comparison
from werkbank.effects.units import LEVELS, unit_names
from werkbank.statistics.quantity import Quantity, not_computed
from werkbank.study.analysis import engine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

    from werkbank.effects.comparison import Weights
    from werkbank.effects.questions import Question
    from werkbank.results import Estimate
    from werkbank.study.analysis import Analysis

KENWARD_ROGER_ROWS = 1000  # the engine takes seconds from here on, and eight times as long for twice the rows


def with_crossed_groups(analysis: Analysis, q: Question, pupils: pd.DataFrame) -> list[Estimate]:
    """Answer one question with the random slopes that the study file asks for: ``mixed_lme``."""
    own = [unit_names(pupils, level) for level in LEVELS] if q.unit.of_pupil is None else [q.unit.of_pupil]
    named = {"unit": next((names for names in own if names is not None), None)}
    labels = pd.DataFrame({name: names for name, names in named.items() if names is not None}, pupils.index)
    rows = q.analysed.dropna(subset=list(q.covariates))
    labels = labels.reindex(rows.index).dropna().astype(str)
    rows = rows.loc[labels.index]
    covariates = [*["pre"] * bool(q.wave_from), *q.covariates]
    slopes = [name for name in analysis.random_slopes if name in {"arm", *covariates}]
    found = difference(rows, q.weights, dict(labels.items()), covariates, slopes)
    units = None if q.unit.of_pupil is None else int(rows["unit"].nunique())
    return [q.estimate("mixed_lme", found, len(rows), units)]


def difference(
    rows: pd.DataFrame,
    weights: Weights,
    groups: Mapping[str, ArrayLike],
    covariates: Sequence[str] = (),
    slopes: Sequence[str] = (),
) -> Quantity:
    """Difference between arms when groups cross, or slopes differ between the groups named first: REML.

    Parameters
    ----------
    rows : DataFrame
        One row per pupil without missing values: arm, post and the covariates.
    groups : mapping of name to labels
        Random intercepts, in any relation to each other; the slopes belong to the first.
    slopes : sequence of str
        Covariates, or ``arm`` where arms differ within groups; correlated with the intercept and each other.

    Returns
    -------
    Quantity
        In the scale's units, with Kenward-Roger's test; Satterthwaite's, and a note, beyond 1,000 rows. NaN with a
        note where the model cannot be estimated or does not converge.

    Raises
    ------
    MissingPieceError
        lme-python is not installed.

    Notes
    -----
    post ~ arm + covariates + (1 + slopes | first) + (1 | others). Barr et al. (2013); Kenward & Roger (1997). Checked
    against lme4 + pbkrtest and, for intercepts alone, against the engine of `multilevel`.
    """
    lme = engine()
    import polars as pl

    kept = {name: labels for name, labels in groups.items() if 1 < len(set(np.asarray(labels))) < len(rows)}
    columns = {f"a{i}": (rows["arm"] == arm).to_numpy(float) for i, arm in enumerate(weights)}
    random = [f"a{i}" for i in range(len(weights) - 1)] if "arm" in slopes else []
    for name in covariates:
        part = {f"x{len(columns) + j}": column for j, column in enumerate(comparison.numeric(rows, [name]).T)}
        random += list(part) if name in slopes else []
        columns |= part
    X = np.column_stack(list(columns.values()))
    if not kept or np.linalg.matrix_rank(X) < X.shape[1]:
        return not_computed("not_testable_by_model")
    terms = [" + ".join(["(1", *(random if i == 0 else [])]) + f" | g{i})" for i in range(len(kept))]
    labels = {f"g{i}": np.asarray(of).astype(str) for i, of in enumerate(kept.values())}
    data = pl.DataFrame({"y": rows["post"].to_numpy(float), **columns, **labels})
    how = "kenward-roger" if len(rows) <= KENWARD_ROGER_ROWS else "satterthwaite"
    try:
        formula = " + ".join(["y ~ 0", *columns, *terms])
        fit = lme.lmer(formula, data=data, control=lme.FitControl(max_iterations=20_000, tolerance=1e-12))
        (fit.with_kenward_roger if how == "kenward-roger" else fit.with_satterthwaite)(data)
        row = [*weights.values(), *[0.0] * (X.shape[1] - len(weights))]
        test = fit.test_contrast([row], how)
    except ValueError:  # what the engine raises when it cannot go on
        return not_computed("not_testable_by_model")
    value = float(np.dot(row, fit.coefficients))
    if not (fit.converged and test.f_value > 0 and test.den_df > 0):
        return not_computed("not_testable_by_model")
    t, note = math.copysign(math.sqrt(test.f_value), value), "" if how == "kenward-roger" else "lme_satterthwaite"
    half = float(special.stdtrit(test.den_df, 0.975)) * value / t
    return Quantity(value, value / t, test.den_df, t, test.p_value, value - half, value + half, note=note)
