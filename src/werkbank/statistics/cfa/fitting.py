"""Fit a confirmatory factor model by maximum likelihood and say how well, or why not."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from werkbank.errors import UsageError
from werkbank.statistics.cfa.estimation import (
    SINGULAR,
    Maximum,
    evaluate,
    information,
    maximise,
    smallest_eigenvalue,
    start,
)
from werkbank.statistics.cfa.indices import Fit, fit_indices
from werkbank.statistics.cfa.moments import Array, Patterns, Saturated, patterns, saturated
from werkbank.statistics.cfa.structure import FactorModel, Model
from werkbank.statistics.threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Missing = Literal["fiml", "complete"]
NAN = float("nan")


@dataclass(frozen=True)
class Parameter:
    """One entry of the fitted model; `label` is shared by entries that were held equal and empty for fixed ones."""

    kind: str
    row: str
    column: str
    group: str
    estimate: float
    se: float
    label: str

    @property
    def fixed(self) -> bool:
        """Whether the value was set, not estimated."""
        return not self.label


@dataclass(frozen=True)
class Counts:
    """How many rows a model used, by group, and how many not: without any answer (fiml), or lacking one (complete)."""

    by_group: Mapping[str, int]
    left_out: int
    missing: Missing

    @property
    def used(self) -> int:
        """Rows used in all groups."""
        return sum(self.by_group.values())


@dataclass(frozen=True)
class Cfa:
    """A fitted factor model.

    Attributes
    ----------
    counts : Counts
    parameters : tuple of Parameter
        Estimates of every entry of the model; empty when nothing could be estimated.
    fit : Fit
        chi2, degrees of freedom and indices; NaN when the model did not converge.
    converged : bool
        The likelihood is at a maximum: nothing left to gain, and the observed information is positive definite.
    reason : str
        Empty when converged to a proper solution. Else why there is no solution: constant_item, too_few_rows,
        never_together, singular_covariance, saturated_not_converged, under_identified, not_converged,
        information_not_positive_definite; or why there is an improper one: heywood (a negative residual variance),
        factor_covariance_not_positive_definite.
    concerned : tuple of str
        The columns, pairs or factors that `reason` speaks of.
    iterations : int
    labels, covariance : tuple of str (q,) and array (q, q)
        The free parameters and the covariance matrix of their estimates.
    """

    model: FactorModel
    counts: Counts
    parameters: tuple[Parameter, ...] = ()
    fit: Fit = field(default_factory=Fit)
    converged: bool = False
    reason: str = ""
    concerned: tuple[str, ...] = ()
    iterations: int = 0
    labels: tuple[str, ...] = ()
    covariance: Array = field(default_factory=lambda: np.zeros((0, 0)), repr=False, compare=False)

    @property
    def admissible(self) -> bool:
        """Whether the solution is a maximum without negative variances or impossible factor covariances."""
        return self.converged and not self.reason

    def table(self) -> pd.DataFrame:
        """Return one row per parameter."""
        return pd.DataFrame([asdict(parameter) for parameter in self.parameters])

    def of(self, kind: str) -> tuple[Parameter, ...]:
        """Return the parameters of one kind (loading, intercept, residual_covariance, factor_mean …)."""
        return tuple(parameter for parameter in self.parameters if parameter.kind == kind)


@one_thread
def fit_cfa(
    data: pd.DataFrame, model: FactorModel, *, group: Sequence[object] | None = None, missing: Missing = "fiml"
) -> Cfa:
    """Fit a factor model by normal-theory maximum likelihood (divisor n).

    Parameters
    ----------
    data : DataFrame, one row per pupil
        Answers as numbers; NaN where not answered.
    model : FactorModel
    group : sequence, as long as `data`, optional
        Group of every row; groups are taken in order of appearance.
    missing : {"fiml", "complete"}
        `fiml` uses every row with at least one answer (right when answers are missing at random given the answers
        that are there); `complete` only rows without a gap. Rows not used are counted.

    Returns
    -------
    Cfa
        Means are part of the model with several occasions or with `fiml`, else saturated and not counted. Standard
        errors come from the expected information (complete data) or the observed one (fiml), as in lavaan.

    Raises
    ------
    UsageError
        When a column does not exist or a group is missing.

    Notes
    -----
    Not for pupils in classes when p values matter: chi2 ignores clustering. Ordinal answers with fewer than five
    categories bias loadings downwards. Memory grows with the fourth power of the number of columns (0.4 GB at 56, more
    than 1 GB at 84): test scales one by one rather than all at once. Checked against lavaan 0.6-14
    (tests/oracles/cfa_models.json).
    """
    rows, left_out = split(data, model.columns, group, missing)
    compiled = Model.of(model.entries(tuple(rows)))
    counts = Counts({name: len(block) for name, block in rows.items()}, left_out, missing)
    summaries = {name: patterns(block) for name, block in rows.items() if len(block) > 2}
    reason, concerned = _obstacle(rows, summaries, model.columns)
    if not reason and compiled.degrees_of_freedom < 0:
        reason = "under_identified"
    if reason:
        return Cfa(model, counts, reason=reason, concerned=concerned)
    try:
        free = {name: saturated(summary) for name, summary in summaries.items()}
        if any(smallest_eigenvalue(unrestricted.sigma) < SINGULAR for unrestricted in free.values()):
            return Cfa(model, counts, reason="singular_covariance")
        maximum = _best(compiled, summaries, free)
    except np.linalg.LinAlgError:  # the data's own covariance matrix has no inverse: no model has a likelihood
        return Cfa(model, counts, reason="singular_covariance")
    if not all(unrestricted.converged for unrestricted in free.values()):
        return Cfa(model, counts, reason="saturated_not_converged")
    if maximum.reason:
        return Cfa(model, counts, reason=maximum.reason, iterations=maximum.iterations)
    means = missing == "fiml" or len(model.waves) > 1 or len(rows) > 1
    return _report(Cfa(model, counts), compiled, summaries, free, maximum, means=means)


def split(
    data: pd.DataFrame, columns: Sequence[str], group: Sequence[object] | None, missing: Missing
) -> tuple[dict[str, Array], int]:
    """Return the rows a model can use, by group in order of appearance, and the number of those it cannot."""
    if absent := [column for column in columns if column not in data.columns]:
        raise UsageError(f"these columns are not in the data: {', '.join(absent)}")
    names = pd.Series([""] * len(data) if group is None else list(group))
    if len(names) != len(data) or names.isna().any():
        raise UsageError("every row needs a group")
    values = data[list(columns)].to_numpy(dtype=float, na_value=np.nan)
    answered = np.isfinite(values)
    usable = answered.all(axis=1) if missing == "complete" else answered.any(axis=1)
    names = names.astype(str).to_numpy()
    rows = {name: values[usable & (names == name)] for name in dict.fromkeys(names)}
    return rows or {"": values}, int((~usable).sum())


def _obstacle(
    rows: Mapping[str, Array], summaries: Mapping[str, Patterns], columns: Sequence[str]
) -> tuple[str, tuple[str, ...]]:
    """Return why no model can be fitted to these rows, and which columns stand in the way."""
    names = np.array(columns)
    for group, block in rows.items():
        if group not in summaries:
            return "too_few_rows", (group,) if group else ()
        together = summaries[group].answered_together
        if (rare := together.diagonal() < 2).any():
            return "too_few_rows", tuple(names[rare].tolist())
        if (constant := np.nanmax(block, axis=0) == np.nanmin(block, axis=0)).any():
            return "constant_item", tuple(names[constant].tolist())
        if (apart := np.argwhere(np.triu(together < 2))).size:
            return "never_together", tuple(f"{columns[i]} × {columns[j]}" for i, j in apart)
    return "", ()


def _best(model: Model, data: Mapping[str, Patterns], free: Mapping[str, Saturated]) -> Maximum:
    """Climb from the data's own factors and, if that fails, once more from smaller loadings."""
    failed = Maximum(np.zeros(0), 0, "not_converged")
    for shrink in (1.0, 0.5):
        try:
            found = maximise(model, data, start(model, free, shrink=shrink))
        except np.linalg.LinAlgError:  # this start implies no covariance matrix
            continue
        if found.reason in {"", "under_identified"}:
            return found
        failed = found
    return failed


def _report(
    empty: Cfa,
    model: Model,
    data: Mapping[str, Patterns],
    free: Mapping[str, Saturated],
    maximum: Maximum,
    *,
    means: bool,
) -> Cfa:
    x = maximum.x
    at = evaluate(model, data, x)
    weight = information(model, at, x, observed=empty.counts.missing == "fiml")
    covariance = np.asarray(np.linalg.inv(weight), dtype=float)
    se = dict(zip(model.labels, np.sqrt(covariance.diagonal()), strict=True))
    parameters = tuple(
        Parameter(e.matrix, e.row, e.column, e.group, model.value_of(e, x), float(se.get(e.label, NAN)), e.label)
        for e in model.entries
    )
    reason, concerned = _inadmissible(model, parameters, x)
    return replace(
        empty,
        parameters=parameters,
        fit=fit_indices(model, x, data, free, means=means),
        converged=True,
        reason=reason,
        concerned=concerned,
        iterations=maximum.iterations,
        labels=model.labels,
        covariance=covariance,
    )


def _inadmissible(model: Model, parameters: Sequence[Parameter], x: Array) -> tuple[str, tuple[str, ...]]:
    residuals = [q for q in parameters if q.kind == "residual_covariance" and q.row == q.column]
    negative = tuple(q.row for q in residuals if q.estimate < 0)
    if negative:
        return "heywood", negative
    for name, group in model.groups.items():
        lowest = np.linalg.eigvalsh(group.matrices(x)[1]).min(initial=np.inf)
        if lowest <= 0:
            return "factor_covariance_not_positive_definite", (name, *group.factors)
    return "", ()
