"""How one score goes together with others, when people sit in groups: slopes within the groups, and between them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd

from werkbank.statistics import multilevel
from werkbank.statistics.quantity import Quantity, at_level, not_computed, of_contrast_test
from werkbank.statistics.within_between import SAME, Asked, Term, columns_of, level_sd, split

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

SPARE = 3  # groups that must be left over beside their means, so that these can be told from chance
FEWEST = 3  # people that must be left over beside all columns


@dataclass(frozen=True)
class Associations:
    """Slopes of a model of a score on others, each with its test.

    Attributes
    ----------
    tests : mapping of Term to Quantity
        In points of the outcome for each point of the predictor.
    robust : mapping of Term to Quantity
        The same by least squares with CR2 standard errors by group; empty where groups do not count.
    context : mapping of predictor to Quantity
        Slope between groups minus slope within them.
    standardised : mapping of Term to Quantity
        Slopes in SDs of their level, which count as known.
    simple : mapping of (Term, "low" or "high") to Quantity
        The slope at one SD below and above the mean of the moderator (of a square: of the predictor itself).
    n, n_groups : int
        Rows and groups used; `n_groups` is 0 where groups do not count.
    held : bool
        Whether groups were held constant: too few of them to say anything between.
    """

    tests: Mapping[Term, Quantity]
    robust: Mapping[Term, Quantity]
    context: Mapping[str, Quantity]
    standardised: Mapping[Term, Quantity]
    simple: Mapping[tuple[Term, str], Quantity]
    n: int
    n_groups: int
    held: bool = False


class _Model(Protocol):
    def test(self, row: list[float]) -> Quantity:
        """Test one linear combination of the columns."""
        ...


@dataclass(frozen=True)
class _Rows:
    """What a model is fitted to: the outcome, its columns by term, the groups, and the covariates."""

    y: Floats
    columns: Mapping[Term, Floats]
    groups: pd.Series | None
    intercepts: Floats
    covariates: Floats
    held: bool
    place: Mapping[Term, int] = field(init=False)
    X: Floats = field(init=False)

    def __post_init__(self) -> None:
        start = self.intercepts.shape[1]
        object.__setattr__(self, "place", {term: start + i for i, term in enumerate(self.columns)})
        own = np.column_stack([self.intercepts, *self.columns.values()])
        object.__setattr__(self, "X", np.column_stack([own, _new(own, self.covariates)]))

    @property
    def estimable(self) -> bool:
        size = np.maximum(np.abs(self.X).max(axis=0), SAME)
        return bool(np.linalg.matrix_rank(self.X / size) == self.X.shape[1]) and (
            len(self.y) >= self.X.shape[1] + FEWEST
        )

    def row(self, weights: Mapping[Term, float]) -> list[float]:
        made = np.zeros(self.X.shape[1])
        for term, weight in weights.items():
            made[self.place[term]] = weight
        return made.tolist()


def associations(
    table: pd.DataFrame,
    outcome: str,
    predictors: Sequence[str],
    *,
    covariates: ArrayLike = (),
    group: str = "",
    above: str = "",
    asked: Asked | None = None,
    level: float = 0.95,
) -> Associations | str:
    """Slopes of an outcome on predictors, split in a part within groups and a part between them.

    ``y = b0 + Σ w_k (x_k - mean of its group) + Σ b_k (mean of its group) + covariates + u_group + e``: REML,
    Kenward-Roger. What does not differ within groups has a part between alone, and the other way round. Where fewer
    than `SPARE` groups would be left over beside their means, groups are held constant (an indicator each, HC2), which
    answers within them and says nothing between. Where the outcome is one of whole groups, these are the rows, and
    where there are no groups people are: least squares, HC2, Bell and McCaffrey's df.

    Parameters
    ----------
    table : DataFrame
        A row a person, without missing values in the columns used.
    covariates : array (n, c)
        Held constant as they are; what follows from the other columns is left out.
    group, above : str
        The column of the groups that split predictors, and of those in which these sit; empty: none.
    asked : Asked, optional
        With a product or a square besides. Of two that both differ within groups the product of their deviations, and
        that of their means; of one that differs within and one that is a group's own the cross-level product, with a
        random slope of the former, without which its test is too sure.
    level : float
        Of intervals (0-1).

    Returns
    -------
    Associations or str
        Or why there are none: ``no_variation`` of the outcome, ``not_estimable`` (a predictor that follows from the
        others, or too few people), ``too_few_groups``.

    Notes
    -----
    Enders & Tofighi (2007); Bell, Fairbrother & Jones (2019); Heisig & Schaeffer (2019) on random slopes. The mean of
    few pupils is no exact mean of its group: a slope between is then drawn towards the one within (Lüdtke et al. 2008).
    Checked against statsmodels' MixedLM, R's lme4 (nlschools) and its other parametrisation.
    """
    beside = np.asarray(covariates, dtype=float).reshape(len(table), -1)
    if len(table) < FEWEST or not np.ptp(table[outcome].to_numpy(float)) > 0:
        return "no_variation"
    groups = table[group].astype(str) if group else None
    if groups is not None and groups.nunique() < 2:
        groups = None
    if groups is not None and "within" not in split(table[outcome], groups):
        return _of_groups(table, outcome, predictors, beside, group, asked, level)
    rows = _rows(table, outcome, predictors, beside, groups, asked)
    if not rows.columns:
        return "too_few_groups" if rows.held else "not_estimable"
    if not rows.estimable:
        return "not_estimable"
    return _tested(rows, _model(rows, table, above, asked), asked, level)


def _of_groups(
    table: pd.DataFrame,
    outcome: str,
    predictors: Sequence[str],
    beside: Floats,
    group: str,
    asked: Asked | None,
    level: float,
) -> Associations | str:
    """Answer of an outcome that all in a group share: a row a group, with the means of the rest."""
    names = list(dict.fromkeys([outcome, *predictors, *([asked.moderator] if asked and asked.moderator else [])]))
    keys = table[group].astype(str)
    means = table[names].astype(float).groupby(keys).mean()
    covariates = pd.DataFrame(beside, index=table.index).groupby(keys).mean().to_numpy()
    found = associations(means, outcome, predictors, covariates=covariates, asked=asked, level=level)
    if isinstance(found, str):
        return "too_few_groups" if found == "not_estimable" else found

    def between(of: Mapping[Term, Quantity]) -> dict[Term, Quantity]:
        return {_between(term): test for term, test in of.items()}

    sizes = {
        term: Quantity(**{**vars(test), "standardiser": "sd_between"})
        for term, test in between(found.standardised).items()
    }
    at = {(_between(term), where): test for (term, where), test in found.simple.items()}
    return Associations(between(found.tests), {}, {}, sizes, at, len(table), found.n)


def _between(term: Term) -> Term:
    return Term(term.kind, term.predictor, "between", term.moderator)


def _rows(
    table: pd.DataFrame,
    outcome: str,
    predictors: Sequence[str],
    beside: Floats,
    groups: pd.Series | None,
    asked: Asked | None,
) -> _Rows:
    columns = columns_of(table, predictors, groups, asked)
    of_means = sum(term.part in {"between", "cross"} for term in columns)
    held = groups is not None and int(groups.nunique()) < of_means + 1 + SPARE
    if held:
        columns = {term: column for term, column in columns.items() if term.part == "within"}
    ones = np.ones((len(table), 1)) if not held else pd.get_dummies(groups, dtype=float).to_numpy()
    return _Rows(table[outcome].to_numpy(float), columns, groups, ones, beside, held=held)


def _new(columns: Floats, covariates: Floats) -> Floats:
    """Return the covariates that say something beside the columns and the covariates before them."""
    kept, basis = np.empty((len(columns), 0)), columns
    for column in covariates.T:
        rest = column - basis @ np.linalg.lstsq(basis, column, rcond=None)[0]
        if np.abs(rest).max(initial=0.0) > 1e-7 * max(float(np.abs(column).max(initial=0.0)), SAME):
            kept, basis = np.column_stack([kept, column]), np.column_stack([basis, column])
    return kept


@dataclass(frozen=True)
class _LeastSquares:
    fit: multilevel.RobustFit

    def test(self, row: list[float]) -> Quantity:
        return of_contrast_test(multilevel.cr2_test(self.fit, row))


@dataclass(frozen=True)
class _Mixed:
    fit: multilevel.MixedFit

    def test(self, row: list[float]) -> Quantity:
        return of_contrast_test(multilevel.test(self.fit, row))


def _model(rows: _Rows, table: pd.DataFrame, above: str, asked: Asked | None) -> _Model:
    alone = np.arange(len(rows.y)).astype(str)  # every person a cluster of one: HC2
    if rows.groups is None or rows.held:
        return _LeastSquares(multilevel.cluster_robust(rows.y, rows.X, alone))
    if (random := _random_slope(rows, asked)) is not None and len(rows.y) > rows.X.shape[1] + 4:
        return _Mixed(multilevel.fit_slopes(rows.y, rows.X, rows.groups, random))
    named = ({"above": table[above].astype(str)} if above else {}) | {"group": rows.groups}
    kept, _ = multilevel.identifiable(named)
    if not kept:  # a person each: there is nothing within groups
        return _LeastSquares(multilevel.cluster_robust(rows.y, rows.X, alone))
    return _Mixed(multilevel.fit(rows.y, rows.X, kept))


def _random_slope(rows: _Rows, asked: Asked | None) -> Floats | None:
    """Return the column whose slope differs from group to group: of a cross-level product the part within."""
    if asked is None or not any(term.part == "cross" for term in rows.columns):
        return None
    names = (asked.predictor, asked.moderator)
    return next((rows.columns[t] for name in names if (t := Term("slope", name, "within")) in rows.columns), None)


def _tested(rows: _Rows, model: _Model, asked: Asked | None, level: float) -> Associations:
    def test(weights: Mapping[Term, float]) -> Quantity:
        found = model.test(rows.row(weights))
        return at_level(found, level) or found

    tests = {term: test({term: 1.0}) for term in rows.columns}
    slopes = {(t.predictor, t.part): t for t in rows.columns if t.kind == "slope"}
    pairs = {name: (slopes[name, "between"], own) for (name, part), own in slopes.items()
             if part == "within" and (name, "between") in slopes}  # fmt: skip
    robust = {}
    if rows.groups is not None and not rows.held:
        fit = _LeastSquares(multilevel.cluster_robust(rows.y, rows.X, rows.groups))
        found = {term: fit.test(rows.row({term: 1.0})) for term in rows.columns}
        robust = {term: at_level(one, level) or one for term, one in found.items()}
    return Associations(
        tests=tests,
        robust=robust,
        context={name: test({between: 1.0, within: -1.0}) for name, (between, within) in pairs.items()},
        standardised={t: _in_sds(tests[t], rows, t) for t in slopes.values()},
        simple={key: test(weights) for key, weights in _at(rows, asked).items()},
        n=len(rows.y),
        n_groups=int(rows.groups.nunique()) if rows.groups is not None else 0,
        held=rows.held,
    )


def _at(rows: _Rows, asked: Asked | None) -> dict[tuple[Term, str], dict[Term, float]]:
    """Return the combinations that are the predictor's slope at low and high: b + c·m, of a square b + 2c·x."""
    made = {}
    for term in (t for t in rows.columns if asked is not None and t.kind != "slope"):
        slope, by = _beside(rows, term)
        if slope is None or by is None:
            continue
        spread = level_sd(rows.columns[by], rows.groups, by.part)
        twice = 2.0 if term.kind == "square" else 1.0
        for name, x in (("low", -spread), ("high", spread)):
            made[term, name] = {slope: 1.0, term: twice * x}
    return made


def _beside(rows: _Rows, term: Term) -> tuple[Term | None, Term | None]:
    """Return the slope that a product or square changes, and along what it does."""
    names = (term.predictor, term.moderator or term.predictor)
    parts = [(term.part, term.part), ("within", "between"), ("between", "within")]
    if term.part != "cross":
        parts = parts[:1]
    for one, other in parts:
        slope, by = Term("slope", names[0], one), Term("slope", names[1], other)
        if slope in rows.columns and by in rows.columns:
            return slope, by
    return None, None


def _in_sds(test: Quantity, rows: _Rows, term: Term) -> Quantity:
    """Return a slope in SDs of its level."""
    if not math.isfinite(test.value):
        return not_computed(test.note)
    x, y = (level_sd(values, rows.groups, term.part) for values in (rows.columns[term], rows.y))
    if not min(x, y) > 0:
        return not_computed("no_variation")
    return test.scaled(x / y, f"sd_{term.part}")
