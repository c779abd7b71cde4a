"""Which model is meant: the entries of loadings, covariances and means, and which of them are one parameter.

sigma = L P L' + T and mu = n + L a, with loadings L, factor covariances P, residual covariances T, intercepts n and
factor means a. Every matrix is an affine function of the parameter vector, so that all derivatives are exact.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Literal

import numpy as np

from werkbank.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from werkbank.statistics.cfa.moments import Array, Likelihood

Identification = Literal["variance", "marker"]
EQUATABLE = ("loadings", "intercepts", "residuals")


@dataclass(frozen=True)
class Entry:
    """One entry of a model matrix in one group. Entries with the same label are one parameter.

    `matrix` is loading (`row` item, `column` factor), factor_covariance, residual_covariance (variances on the
    diagonal), intercept (`row` item) or factor_mean (`row` factor). Without a label the entry is fixed at `value`;
    with one, `value` is not used.
    """

    matrix: Literal["loading", "factor_covariance", "residual_covariance", "intercept", "factor_mean"]
    row: str
    column: str
    group: str
    label: str
    value: float = 0.0


@dataclass(frozen=True)
class Occasion:
    """One occasion on which the items were answered: a wave, a group, or a wave of a group.

    Attributes
    ----------
    wave : str
        Waves of the same `group` are answers of the same rows and share one covariance matrix.
    group : str
        Groups are different rows, each with its own covariance matrix.
    columns : mapping item -> column
        Where the answers to each item stand.
    """

    wave: str
    group: str
    columns: Mapping[str, str]

    @property
    def name(self) -> str:
        """The occasion as part of a label."""
        return f"{self.group}|{self.wave}"

    def factor(self, name: str) -> str:
        """The name of factor `name` on this occasion."""
        return f"{name}_{self.wave}" if self.wave else name


@dataclass(frozen=True)
class FactorModel:
    """A factor model of items that were answered once, at several waves, in several groups, or both.

    Attributes
    ----------
    factors : mapping factor -> items
        An item may load on more than one factor.
    waves : mapping wave -> mapping item -> column
        Where the answers of each wave stand; empty when items are themselves columns and were answered once. The same
        factor at different waves is different factors that covary; residuals of the same item at different waves
        covary, too.
    equal : subset of loadings, intercepts, residuals
        What is the same on all occasions (waves and groups).
    free : mapping loadings, intercepts or residuals -> items
        The exceptions from `equal` (partial invariance).
    identification : {"variance", "marker"}
        On the first occasion factor means are 0, and variances are 1 (`variance`); or the first loading that is not
        freed is 1 on every occasion (`marker`). Later variances are estimated once loadings are equal, later means
        once intercepts are.
    """

    factors: Mapping[str, Sequence[str]]
    waves: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    equal: Collection[str] = ()
    free: Mapping[str, Collection[str]] = field(default_factory=dict)
    identification: Identification = "variance"

    def __post_init__(self) -> None:
        items, columns = set(self.items), [column for wave in self.waves.values() for column in wave.values()]
        missing = [f"{wave}: {item}" for wave, named in self.waves.items() for item in items - set(named)]
        freed = {item for items in self.free.values() for item in items}
        if not items or any(not of for of in self.factors.values()):
            raise UsageError("a factor model needs at least one factor, and every factor at least one item")
        if unknown := ({*self.equal, *self.free} - set(EQUATABLE)) | (freed - items):
            raise UsageError(f"not in this factor model: {', '.join(sorted(unknown))}")
        if missing:
            raise UsageError(f"no column is named for {', '.join(sorted(missing))}")
        if twice := {column for column in columns if columns.count(column) > 1}:
            raise UsageError(f"named for more than one item or wave: {', '.join(sorted(twice))}")

    @property
    def items(self) -> tuple[str, ...]:
        """The items, each once."""
        return tuple(dict.fromkeys(item for items in self.factors.values() for item in items))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the data that hold the answers, wave by wave."""
        return tuple(column for occasion in self.occasions(("",)) for column in occasion.columns.values())

    def occasions(self, groups: Sequence[str]) -> list[Occasion]:
        """Return every wave of every group."""
        waves = {wave: {i: columns[i] for i in self.items} for wave, columns in self.waves.items()}
        waves = waves or {"": {item: item for item in self.items}}
        return [Occasion(wave, group, columns) for group in groups for wave, columns in waves.items()]

    def entries(self, groups: Sequence[str] = ("",)) -> list[Entry]:
        """Return the entries of all model matrices of all groups."""
        occasions = self.occasions(groups)
        found: list[Entry] = []
        for occasion in occasions:
            found += _measurement(self, occasion)
            found += _factors(self, occasion, first=occasion is occasions[0])
        return found + _between_waves(self, occasions)


def _measurement(model: FactorModel, occasion: Occasion) -> list[Entry]:
    def label(what: str, name: str, item: str) -> str:
        shared = what in model.equal and item not in model.free.get(what, ())
        return f"{what}:{name}" if shared else f"{occasion.name}:{what}:{name}"

    found, group = [], occasion.group
    for factor, items in model.factors.items():
        marker = next((i for i in items if i not in model.free.get("loadings", ())), items[0])
        for item in items:
            marks = model.identification == "marker" and item == marker
            name = "" if marks else label("loadings", f"{factor}=~{item}", item)
            found.append(Entry("loading", occasion.columns[item], occasion.factor(factor), group, name, 1.0))
    for item in model.items:
        column = occasion.columns[item]
        found.append(Entry("intercept", column, "", group, label("intercepts", item, item)))
        found.append(Entry("residual_covariance", column, column, group, label("residuals", item, item)))
    return found


def _factors(model: FactorModel, occasion: Occasion, *, first: bool) -> list[Entry]:
    found = []
    fixed_variance = model.identification == "variance" and (first or "loadings" not in model.equal)
    names = [occasion.factor(factor) for factor in model.factors]
    for name in names:
        variance = "" if fixed_variance else f"{occasion.name}:{name}~~{name}"
        mean = "" if first or "intercepts" not in model.equal else f"{occasion.name}:{name}~1"
        found.append(Entry("factor_covariance", name, name, occasion.group, variance, 1.0))
        found.append(Entry("factor_mean", name, "", occasion.group, mean))
    for a, b in combinations(names, 2):
        found.append(Entry("factor_covariance", a, b, occasion.group, f"{occasion.name}:{a}~~{b}"))
    return found


def _between_waves(model: FactorModel, occasions: Sequence[Occasion]) -> list[Entry]:
    found = []
    for one, other in combinations(occasions, 2):
        if one.group == other.group:
            group = one.group
            pairs = [(one.factor(f), other.factor(g)) for f in model.factors for g in model.factors]
            found += [Entry("factor_covariance", a, b, group, f"{group}:{a}~~{b}") for a, b in pairs]
            repeated = [(one.columns[item], other.columns[item]) for item in model.items]
            found += [Entry("residual_covariance", a, b, group, f"{group}:{a}~~{b}") for a, b in repeated]
    return found


@dataclass(frozen=True)
class GroupModel:
    """The matrices of one group as affine functions: entry 0 is the constant, entry k + 1 the slope of parameter k."""

    columns: tuple[str, ...]
    factors: tuple[str, ...]
    loading: Array  # (q + 1, p, m)
    factor_covariance: Array  # (q + 1, m, m)
    residual_covariance: Array  # (q + 1, p, p)
    intercept: Array  # (q + 1, p)
    factor_mean: Array  # (q + 1, m)

    def moments(self, x: Array) -> tuple[Array, Array]:
        """Return sigma (p, p) and mu (p,) that parameters `x` (q,) imply."""
        lam, psi, theta, nu, alpha = self.matrices(x)
        return lam @ psi @ lam.T + theta, nu + lam @ alpha

    def matrices(self, x: Array) -> tuple[Array, ...]:
        """Return loadings, factor covariances, residual covariances, intercepts and factor means at `x`."""
        full = np.concatenate([[1.0], x])
        stacks = (self.loading, self.factor_covariance, self.residual_covariance, self.intercept, self.factor_mean)
        # what np.tensordot does, without its own cost, which is larger than the product's
        return tuple((full @ stack.reshape(len(full), -1)).reshape(stack.shape[1:]) for stack in stacks)

    def jacobian(self, x: Array) -> tuple[Array, Array]:
        """Return the derivatives of sigma (q, p, p) and of mu (q, p) to the parameters."""
        lam, psi, _, _, alpha = self.matrices(x)
        through = self.loading[1:] @ (psi @ lam.T)
        by_sigma = through + through.transpose(0, 2, 1) + lam @ self.factor_covariance[1:] @ lam.T
        return by_sigma + self.residual_covariance[1:], self.intercept[1:] + self.loading[1:] @ alpha + (
            self.factor_mean[1:] @ lam.T
        )

    def score(self, x: Array, likelihood: Likelihood) -> Array:
        """Return the derivative of the log-likelihood to the parameters (q,)."""
        by_sigma, by_mu = likelihood.score()
        d_sigma, d_mu = self.jacobian(x)
        total: Array = d_sigma.reshape(len(x), -1) @ by_sigma.ravel() + d_mu @ by_mu
        return total

    def information(self, x: Array, likelihood: Likelihood, *, observed: bool) -> Array:
        """Return minus the second derivative of the log-likelihood (q, q), or its expectation."""
        d_sigma, d_mu = self.jacobian(x)
        down = np.concatenate([d_sigma.reshape(len(x), -1), d_mu], axis=1)
        total = down @ likelihood.information(observed=observed) @ down.T
        if observed:
            total -= self._curvature(x, likelihood)
        symmetric: Array = (total + total.T) / 2
        return symmetric

    def _curvature(self, x: Array, likelihood: Likelihood) -> Array:
        # the second derivatives of sigma and mu, weighted by the score: they vanish only where the model fits exactly
        by_sigma, by_mu = likelihood.score()
        lam, psi, *_ = self.matrices(x)
        q, d_loading = len(x), self.loading[1:]
        pulled = by_sigma @ d_loading
        twice_loading = 2 * (d_loading @ psi).reshape(q, -1) @ pulled.reshape(q, -1).T
        loading_factor = 2 * (lam.T @ pulled).reshape(q, -1) @ self.factor_covariance[1:].reshape(q, -1).T
        loading_mean = np.einsum("qpm,p->qm", d_loading, by_mu) @ self.factor_mean[1:].T
        mixed = loading_factor + loading_mean
        total: Array = twice_loading + mixed + mixed.T
        return total


@dataclass(frozen=True)
class Model:
    """A factor model of one or several groups, ready to be estimated: `labels` name its q parameters."""

    labels: tuple[str, ...]
    entries: tuple[Entry, ...]
    groups: Mapping[str, GroupModel]

    @classmethod
    def of(cls, entries: Sequence[Entry]) -> Model:
        """Arrange entries as matrices; the order of items and factors is that of the entries."""
        labels = tuple(dict.fromkeys(e.label for e in entries if e.label))
        groups = {}
        for group in dict.fromkeys(e.group for e in entries):
            groups[group] = _arrange([e for e in entries if e.group == group], labels)
        return cls(labels, tuple(entries), groups)

    @property
    def degrees_of_freedom(self) -> int:
        """Means, variances and covariances of all groups, minus parameters."""
        moments = sum(p * (p + 3) // 2 for p in (len(group.columns) for group in self.groups.values()))
        return moments - len(self.labels)

    def value_of(self, entry: Entry, x: Array) -> float:
        """Return the value of an entry under parameters `x`."""
        return float(x[self.labels.index(entry.label)]) if entry.label else entry.value


def _arrange(entries: Sequence[Entry], labels: Sequence[str]) -> GroupModel:
    columns = tuple(e.row for e in entries if e.matrix == "intercept")
    factors = tuple(e.row for e in entries if e.matrix == "factor_mean")
    place = {label: k + 1 for k, label in enumerate(labels)} | {"": 0}
    of_items, of_factors = ({name: i for i, name in enumerate(names)} for names in (columns, factors))
    sides = {  # which names stand on the rows and columns of each matrix
        "loading": (of_items, of_factors),
        "factor_covariance": (of_factors, of_factors),
        "residual_covariance": (of_items, of_items),
        "intercept": (of_items,),
        "factor_mean": (of_factors,),
    }
    stacks = {name: np.zeros((len(labels) + 1, *map(len, side))) for name, side in sides.items()}
    for e in entries:
        where = tuple(names[name] for names, name in zip(sides[e.matrix], (e.row, e.column), strict=False))
        for spot in {where, where[::-1]} if e.matrix.endswith("covariance") else {where}:
            stacks[e.matrix][(place[e.label], *spot)] = 1.0 if e.label else e.value
    return GroupModel(columns, factors, **stacks)
