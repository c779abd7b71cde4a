"""Repeated-measures ANOVA of pupils in arms: what many readers ask for beside the model over waves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import linalg, special

from werkbank.effects.quantity import Quantity, not_computed
from werkbank.effects.waves import three_waves

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from werkbank.effects.questions import Question
    from werkbank.results import Estimate


def repeated_measures(asked: Sequence[Question]) -> list[Estimate]:
    """Analyse one outcome and contrast over three or more waves, where pupils were assigned; else nothing.

    ``rm_wave`` (all arms counting alike) and, with a contrast, ``rm_interaction``, each also with ``_gg`` and ``_hf``.
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
    weights = last.weights or {"": 1.0}
    contrasts = {"rm_wave": np.full(len(weights), 1 / len(weights))}
    if last.weights:
        contrasts["rm_interaction"] = np.array(list(weights.values()))
    return [
        last.estimate(f"{name}{kind}", found, int(complete.sum()))
        for name, L in contrasts.items()
        for kind, found in within_arms(scores[complete], [arms == arm for arm in weights], L).items()
    ]


def within_arms(scores: ArrayLike, arms: Sequence[ArrayLike], L: ArrayLike) -> dict[str, Quantity]:
    """Test whether the change over waves, combined over arms by `L`, is more than none at any wave.

    Parameters
    ----------
    scores : array (n, waves)
        One row per pupil, no missing values.
    arms : sequence of bool arrays (n,)
        Who is in each arm; every pupil in one.
    L : array (arms,) or (q, arms)
        Combinations of arms: shares (the main effect of wave) or contrasts (wave x arm).

    Returns
    -------
    dict of Quantity
        "" is the test under sphericity: value partial eta squared (0-1), statistic F, df that of the error,
        (waves - 1)(n - arms); that of the numerator is (waves - 1)·q. "_gg" and "_hf" have Greenhouse & Geisser's and
        Huynh & Feldt's epsilon as value (Lecoutre's correction, at most 1), F, and the error df and p that epsilon
        makes. NaN with a note when an arm has fewer than two pupils or nothing varies.

    Notes
    -----
    With U the scores on orthonormal contrasts of waves: F = (tr H/df1)/(tr E/df2), every combination tested as if last
    (type III); ε_GG = (tr E)²/(d·tr E²), ε_HF = ((ν + 1)·d·ε_GG - 2)/(d(ν - d·ε_GG)), d = waves - 1, ν = n - arms.
    Pupils count as independent: not for assigned classes, and single groups in classes. O'Brien & Kaiser (1985);
    Lecoutre (1991). Checked against R's anova.mlm, afex's O'Brien-Kaiser values and pingouin.
    """
    Y, X, rows = np.asarray(scores, float), np.column_stack(arms).astype(float), np.atleast_2d(L)
    d, nu = Y.shape[1] - 1, len(Y) - X.shape[1]
    if X.sum(axis=0).min() < 2:
        return {"": not_computed("refused_too_few_units")}
    U = Y @ linalg.helmert(d + 1).T
    means = np.linalg.lstsq(X, U, rcond=None)[0]
    rest, found = U - X @ means, rows @ means
    E = rest.T @ rest
    between = float(np.trace(found.T @ np.linalg.solve(rows / X.sum(axis=0) @ rows.T, found)))
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
