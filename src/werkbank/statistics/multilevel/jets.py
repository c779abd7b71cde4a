"""Arithmetic on values that carry their first and second derivatives.

Everything that REML, Kenward-Roger and Satterthwaite need is a value, gradient or Hessian of two functions of the
variance ratios: log|V| and A'V⁻¹A. Carrying the derivatives through one recursion replaces a page of matrix algebra
per model, and they are exact, also where a variance is zero.

A jet is an array whose first axis holds the Taylor coefficients (value, q first and q(q+1)/2 second partial
derivatives); the other axes are the object's own shape. A jet with one coefficient is a plain value, so the same
code evaluates without derivatives.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

Jet = NDArray[np.floating[Any]]


@cache
def pairs(q: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the index pairs (i, j), i <= j, in the order in which second derivatives are stored."""
    return np.triu_indices(q)


@cache
def n_variables(n_coefficients: int) -> int:
    """Return q, the number of variables, of jets with this many coefficients."""
    return int((np.sqrt(8 * n_coefficients + 1) - 3) / 2 + 0.5)


def variables(values: Jet, *, derivatives: bool) -> list[Jet]:
    """Return the variables themselves, one jet for each entry of the last axis of `values`."""
    along = np.moveaxis(values, -1, 0)
    if not derivatives:
        return list(along[:, None])
    q = len(along)
    seeds = np.zeros((q, 1 + q + q * (q + 1) // 2, *along.shape[1:]))
    seeds[:, 0] = along
    seeds[np.arange(q), 1 + np.arange(q)] = 1.0
    return list(seeds)


def product(f: Jet, g: Jet, times: Callable[..., Jet] = np.multiply) -> Jet:
    """Return f · g for any product `times` that is linear in both and works along the first axis."""
    value = times(f[:1], g[:1])
    q = n_variables(len(f))
    if q == 0:
        return value
    i, j = pairs(q)
    f1, f2, g1, g2 = f[1 : q + 1], f[q + 1 :], g[1 : q + 1], g[q + 1 :]
    first = times(f1, g[:1]) + times(f[:1], g1)
    second = times(f2, g[:1]) + times(f[:1], g2) + times(f1[i], g1[j]) + times(f1[j], g1[i])
    return np.concatenate([value, first, second])


def reciprocal(f: Jet) -> Jet:
    """Return 1 / f, elementwise."""
    return _chain(f, 1 / f[:1], -1 / f[:1] ** 2, 2 / f[:1] ** 3)


def logarithm(f: Jet) -> Jet:
    """Return log f, elementwise."""
    return _chain(f, np.log(f[:1]), 1 / f[:1], -1 / f[:1] ** 2)


def _chain(f: Jet, value: Jet, slope: Jet, curvature: Jet) -> Jet:
    q = n_variables(len(f))
    i, j = pairs(q)
    f1, f2 = f[1 : q + 1], f[q + 1 :]
    return np.concatenate([value, slope * f1, slope * f2 + curvature * f1[i] * f1[j]])


def inverse(f: Jet) -> Jet:
    """Return the inverse of (stacks of) square matrices."""
    q = n_variables(len(f))
    v = np.asarray(np.linalg.inv(f[:1]))
    if q == 0:
        return v
    i, j = pairs(q)
    a, b = v @ f[1 : q + 1], v @ f[q + 1 :]
    second = (a[i] @ a[j] + a[j] @ a[i] - b) @ v
    return np.asarray(np.concatenate([v, -a @ v, second]))


def log_determinant(f: Jet) -> Jet:
    """Return log|f| of (stacks of) square matrices with positive determinant."""
    q = n_variables(len(f))
    value = np.asarray(np.linalg.slogdet(f[:1])[1])
    if q == 0:
        return value
    i, j = pairs(q)
    vf = np.linalg.inv(f[:1]) @ f[1:]
    a, b = vf[:q], vf[q:]
    # tr(AB) is the sum of the products of A's elements with those of B'
    mixed = (a[i] * np.swapaxes(a[j], -1, -2)).sum(axis=(-1, -2))
    return np.concatenate([value, _trace(a), _trace(b) - mixed])


def _trace(matrices: Jet) -> Jet:
    return np.asarray(np.einsum("...tt->...", matrices))


def gradient_and_hessian(f: Jet) -> tuple[Jet, NDArray[np.float64]]:
    """Return first derivatives (q, …) and the full symmetric second derivatives (q, q, …)."""
    q = n_variables(len(f))
    i, j = pairs(q)
    hessian = np.empty((q, q, *f.shape[1:]))
    hessian[i, j] = hessian[j, i] = f[q + 1 :]
    return f[1 : q + 1], hessian
