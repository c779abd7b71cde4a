"""Repeated-measures ANOVA of pupils in arms: what many readers ask for beside the model over waves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import linalg, special

from werkbank.effects.waves import independent, three_waves
from werkbank.statistics.quantity import Quantity, not_computed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from werkbank.effects.questions import Question
    from werkbank.results import Estimate


def repeated_measures(asked: Sequence[Question]) -> list[Estimate]:
    """Analyse one outcome and contrast over three or more waves, where pupils were assigned; else nothing.

    ``rm_wave`` (all arms counting alike) and, with a contrast, ``rm_interaction``, each also with ``_gg`` and ``_hf``;
    before them ``rm_mauchly``, the test of the sphericity that both would need without a correction.
    Pupils without a score at every wave are left out; they stay in `waves.over_waves`, which is the main answer. Fewer
    than three waves: UnfitError.
    """
    three_waves(asked)
    last, kept = asked[-1], asked[0].analysed
    if last.unit.of_pupil is not None:
        return []
    scores = np.column_stack([kept["pre"], *(q.table["post"].reindex(kept.index) for q in asked)])
    complete = np.isfinite(scores).all(axis=1)
    arms = kept["arm"].to_numpy()[complete]
    others = kept.loc[complete, last.adjusting.columns].to_numpy(float)
    if last.blocks.level:
        others = np.column_stack([others, pd.get_dummies(kept.loc[complete, "block"].astype(str), dtype=float)])
    weights = last.weights or {"": 1.0}
    contrasts = {"rm_wave": np.full(len(weights), 1 / len(weights))}
    if last.weights:
        contrasts["rm_interaction"] = np.array(list(weights.values()))
    members, n = [arms == arm for arm in weights], int(complete.sum())
    made = [
        last.estimate(f"{name}{kind}", found, n)
        for name, L in contrasts.items()
        for kind, found in within_arms(scores[complete], members, L, others).items()
    ]
    return [last.estimate("rm_mauchly", mauchly(scores[complete], members, others), n), *made]


def mauchly(scores: ArrayLike, arms: Sequence[ArrayLike], others: ArrayLike | None = None) -> Quantity:
    """Test whether all differences between two waves vary alike within arms (sphericity), as `within_arms` takes it.

    Returns
    -------
    Quantity
        W, 1 under sphericity and 0 at worst; `statistic` is χ², `df` and `p` are its own. NaN with a note where an arm
        has fewer than two pupils, nothing varies or there are too few pupils for so many waves. With two waves there
        is one difference: no test. It notices little with few pupils and trifles with many: no ground for leaving a
        correction out.

    Notes
    -----
    W = |E|/(tr E/d)^d, χ² = -ρν·ln W on d(d + 1)/2 - 1 df, ρ = 1 - (2d² + d + 2)/(6dν), p with Anderson's (2003, 10.7)
    term of the second order. Mauchly (1940). Checked against R's mauchly.test
    on the contrasts (with X = ~1 one term of its p counts waves for contrasts) and pingouin.
    """
    if min(np.sum(arm) for arm in arms) < 2:
        return not_computed("refused_too_few_units")
    d, nu, U, rest, _, _ = _within(scores, arms, others)
    E = rest.T @ rest
    if d < 2 or nu < d:
        return not_computed("no_degrees_of_freedom")
    sign, log_det = np.linalg.slogdet(E)
    if sign <= 0 or not np.trace(E) > 1e-12 * float((U**2).sum()):
        return not_computed("no_residual_variation")
    log_w, df = float(log_det - d * np.log(np.trace(E) / d)), d * (d + 1) / 2 - 1
    rho = 1 - (2 * d**2 + d + 2) / (6 * d * nu)
    chi2 = -nu * rho * log_w
    second = (d + 2) * (d - 1) * (d - 2) * (2 * d**3 + 6 * d**2 + 3 * d + 2) / (288 * (nu * d * rho) ** 2)
    first, other = special.chdtrc(df, chi2), special.chdtrc(df + 4, chi2)
    p = float(np.clip(first + second * (other - first), 0, 1))
    return Quantity(float(np.exp(log_w)), df=df, statistic=chi2, p=p, note="rm_mauchly")


def _within(
    scores: ArrayLike, arms: Sequence[ArrayLike], others: ArrayLike | None
) -> tuple[int, int, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return waves - 1, the df of the error, the scores on orthonormal contrasts of waves, what arms and others leave.

    And the arms' means of these contrasts at the mean of others, with their covariance but for that of the error (NaN
    where an arm follows from others).
    """
    Y, A = np.asarray(scores, float), np.column_stack(arms).astype(float)
    Z = np.empty((len(Y), 0)) if others is None else np.asarray(others, float)
    Z = independent(Z - Z.mean(axis=0)) if Z.shape[1] else Z
    U, X = Y @ linalg.helmert(Y.shape[1]).T, np.column_stack([A, Z])
    rank = int(np.linalg.matrix_rank(X / np.sqrt((X**2).sum(axis=0)).clip(1e-300)))
    b = np.linalg.lstsq(X, U, rcond=None)[0]
    rest, k = U - X @ b, A.shape[1]
    if rank < X.shape[1]:
        return U.shape[1], len(Y) - rank, U, rest, np.full((k, U.shape[1]), np.nan), np.full((k, k), np.nan)
    return U.shape[1], len(Y) - rank, U, rest, b[:k], np.linalg.inv(X.T @ X)[:k, :k]


def within_arms(
    scores: ArrayLike, arms: Sequence[ArrayLike], L: ArrayLike, others: ArrayLike | None = None
) -> dict[str, Quantity]:
    """Test whether the change over waves, combined over arms by `L`, is more than none at any wave.

    Parameters
    ----------
    scores : array (n, waves)
        One row per pupil, no missing values.
    arms : sequence of bool arrays (n,)
        Who is in each arm; every pupil in one.
    L : array (arms,) or (q, arms)
        Combinations of arms: shares (the main effect of wave) or contrasts (wave x arm).
    others : array (n, k), optional
        What is adjusted for at every wave, covariates and indicators of blocks; arms are compared at its mean.

    Returns
    -------
    dict of Quantity
        "" is the test under sphericity: value partial eta squared (0-1), statistic F, df that of the error, (waves -
        1)(n - arms - what else is adjusted for); that of the numerator is (waves - 1)·q. "_gg" and "_hf" have
        Greenhouse & Geisser's and Huynh & Feldt's epsilon as value (Lecoutre's correction, at most 1), F, and the
        error df and p that epsilon makes. NaN with a note when an arm has fewer than two pupils or nothing varies.

    Notes
    -----
    With U the scores on orthonormal contrasts of waves: F = (tr H/df1)/(tr E/df2), every combination tested as if last
    (type III); ε_GG = (tr E)²/(d·tr E²), ε_HF = ((ν + 1)·d·ε_GG - 2)/(d(ν - d·ε_GG)), d = waves - 1, ν = n - arms -
    others. Pupils count as independent: not for assigned classes, and single groups in classes. O'Brien & Kaiser
    (1985); Lecoutre (1991). Checked against R's anova.mlm, afex's O'Brien-Kaiser values and pingouin.
    """
    rows, sizes = np.atleast_2d(L), np.array([np.sum(arm) for arm in arms])
    if sizes.min() < 2:
        return {"": not_computed("refused_too_few_units")}
    d, nu, U, rest, means, spread = _within(scores, arms, others)
    if nu < 1 or not np.isfinite(means).all():
        return {"": not_computed("no_degrees_of_freedom" if nu < 1 else "not_estimable")}
    found = rows @ means
    E = rest.T @ rest
    between = float(np.trace(found.T @ np.linalg.solve(rows @ spread @ rows.T, found)))
    error, df1, df2 = float(np.trace(E)), d * len(rows), d * nu
    if not error > 1e-12 * float((U**2).sum()):
        return {"": not_computed("no_residual_variation")}
    F = between / df1 / (error / df2)
    gg = error**2 / (d * float((E**2).sum()))
    # at ν = d·ε (as few as can be) Huynh & Feldt's ratio has no bound, and 1 is its limit
    hf = min(1.0, ((nu + 1) * d * gg - 2) / (d * (nu - d * gg))) if nu > d * gg else 1.0
    return {
        kind: Quantity(value, df=df2 * e, statistic=F, p=float(special.fdtrc(df1 * e, df2 * e, F)), note="rm_numerator")
        for kind, value, e in (("", between / (between + error), 1.0), ("_gg", gg, gg), ("_hf", hf, hf))
    }
