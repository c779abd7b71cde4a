"""A drop against a pupil's own prediction, with the false-alarm rate controlled over the whole school."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import chdtri, ndtr, ndtri, owens_t, stdtr, stdtrit

from werkbank.errors import UsageError
from werkbank.underachievement.monitoring import (
    SERIES,
    Arranged,
    Floats,
    Line,
    Scale,
    arrange,
    common_scale,
    line_through,
    measurement_error,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Rule:
    """When a school is told that a pupil's results drop.

    Attributes
    ----------
    scale : {"ability", "norm", "raw"}
        Column that is followed: a common ability scale; a standard score in the norm group; or raw scores of one and
        the same test.
    growth : {"linear", "level"}
        What a stable pupil does: grow along an own straight line (ability), or keep an own level (norm scores).
    sem : mapping of subject to float, or None
        Known standard error of measurement in units of the scale, SD·√(1 - reliability). None: estimated from all
        pupils' scatter about their own earlier line, which also holds real ups and downs.
    min_history : int
        Earlier scores a prediction needs.
    confirm : {1, 2}
        Last scores that must all be low. With 2 a low score can be confirmed; with 1 it is never more than a reason
        to look again.
    rate : float
        False-alarm rate over the whole school: of a school's alerts, at most this share false on average (Benjamini &
        Hochberg, 1995), and when every pupil is stable, at most this chance of any alert. Not familywise, because an
        alert asks for a talk, and a drop that is missed costs more than a talk too many.
    """

    scale: Scale = "ability"
    growth: Literal["linear", "level"] = "linear"
    sem: Mapping[str, float] | None = None
    min_history: int = 3
    confirm: Literal[1, 2] = 2
    rate: float = 0.05

    def __post_init__(self) -> None:
        least = {"linear": 2, "level": 1}[self.growth] + (self.sem is None)
        if self.min_history < least:
            raise UsageError(f"{self.growth} growth needs at least {least} earlier scores here, not {self.min_history}")
        if not 0 < self.rate < 1:
            raise UsageError(f"a false-alarm rate lies between 0 and 1, not at {self.rate}")


@dataclass(frozen=True)
class Watched:
    """What monitoring saw.

    Attributes
    ----------
    table : DataFrame, one row per pupil and subject
        ``school`` (at the last score), ``n`` (scores), ``last_date``, ``last``, ``predicted`` (from the scores before
        those to be confirmed), ``z_last``, ``z_before`` (the one but last, NaN with confirm 1): observed minus
        predicted over the SD of that prediction error; ``p`` (one-sided: that all would be so low); ``p_adjusted``;
        ``state``: ``alert`` (confirmed), ``look again`` (confirm 1), ``none`` or ``not judged`` (too few scores).
    n_series, n_judged, n_alerts : int
        Pupil-subject series; judged; with state ``alert`` or ``look again``.
    n_missing : int
        Rows without a score, left out.
    n_expected : float
        Alerts that stable pupils would give if each were tested at `rate` alone: what the control prevents.
    error : DataFrame
        ``school``, ``subject``, ``sem``, ``df`` (inf when the SEM was given).
    """

    rule: Rule
    table: pd.DataFrame
    n_series: int
    n_judged: int
    n_alerts: int
    n_missing: int
    n_expected: float
    error: pd.DataFrame = field(repr=False)


def watch(scores: pd.DataFrame, rule: Rule) -> Watched:
    """Compare each pupil's last scores with what that pupil's own earlier scores predict.

    Parameters
    ----------
    scores : DataFrame
        Long: ``pupil``, ``subject``, ``date`` (datetime, as irregular as they are), the column `rule.scale`, and
        optionally ``school`` (one school when absent), ``test``, ``level``, ``ability_scale``. Rows without a score
        are left out and counted.
    rule : Rule

    Returns
    -------
    Watched

    Raises
    ------
    UnfitError
        Scores that are not on one scale (`common_scale`); two scores of one pupil and subject on one day.

    Notes
    -----
    Least squares per series on its history, X = [1, t] or [1]. Prediction errors of the last scores have covariance
    σ²(I + X₀(X'X)⁻¹X₀'), so a far or late prediction is less sure. p is P(all Z <= the highest z), for two scores
    Φ(c) - 2T(c, √((1-ρ)/(1+ρ))) (Owen, 1956). With an estimated σ (pooled over a school's series, df = Σ(n - p)) the
    z follow a bivariate t; one normal-tail approximation per score would alarm half as often again in small schools.
    Checked against R's predict.lm, and by simulation of stable pupils at reliabilities .7-.95 and irregular
    intervals. Not for drops shared by a whole class (a new test, a bad morning): those are alerts on everybody.
    """
    common_scale(scores, rule.scale)
    data = arrange(scores, rule.scale)
    own = _predicted(data, rule.confirm, linear=rule.growth == "linear")
    table = data.last[[*SERIES, "school"]].assign(n=data.counts, last_date=data.last["date"])
    table["last"], table["predicted"] = data.last[rule.scale], own.predicted[-1] + data.origin
    error, sem, df = measurement_error(own.line, table, rule.sem)
    judged = (own.line.n >= rule.min_history) & np.isfinite(own.variance[-1]) & (sem > 0)
    z = (own.seen - own.predicted) / (np.where(judged, sem, np.nan) * np.sqrt(own.variance))
    table["z_last"], table["z_before"] = z[-1], z[0] if rule.confirm == 2 else np.nan
    table["p"] = _all_low(z, own.correlation, df)
    table["p_adjusted"] = adjusted(table["p"], table["school"])
    low = table["p_adjusted"].to_numpy() <= rule.rate
    table["state"] = np.select([~judged, low], ["not judged", "alert" if rule.confirm == 2 else "look again"], "none")
    return Watched(
        rule=rule,
        table=table,
        n_series=len(table),
        n_judged=int(judged.sum()),
        n_alerts=int((low & judged).sum()),
        n_missing=int(scores[rule.scale].isna().sum()),
        n_expected=rule.rate * int(judged.sum()),
        error=error,
    )


BAND = 0.95  # of a stable pupil's next scores lie within the own expected band; the rest falls half below, half above


def moved(watched: Watched) -> pd.Series:
    """Return for each judged series whether its last score fell, stayed or rose beside the own expected band.

    Returns
    -------
    Series of str
        ``fell``, ``stayed`` or ``rose``, by row of ``watched.table``; series that were not judged are left out.

    Notes
    -----
    The band is the 95 % prediction interval of the pupil's own line, ``predicted ± t(.975, df) · SD of the prediction
    error``: of stable pupils 2.5 % lies below it and 2.5 % above (Draper & Smith, 1998, ch. 3). It judges one score,
    each series on its own: no alert, and no correction for how many were looked at. Checked against the interval of
    statsmodels, and by simulation of stable pupils.
    """
    table = watched.table[watched.table["state"] != "not judged"]
    df = table[["school", "subject"]].merge(watched.error, on=["school", "subject"], how="left")["df"].to_numpy(float)
    limit = np.where(np.isinf(df), ndtri((1 + BAND) / 2), stdtrit(np.where(np.isinf(df), 1.0, df), (1 + BAND) / 2))
    z = table["z_last"].to_numpy(float)
    return pd.Series(np.select([z < -limit, z > limit], ["fell", "rose"], "stayed"), index=table.index)


class _Predicted(NamedTuple):
    """The last scores of every series (rows: earliest first) and what the line through those before predicts."""

    line: Line
    seen: Floats
    predicted: Floats
    variance: Floats  # of the prediction error, over σ²
    correlation: Floats  # between the first and the last prediction error


def _predicted(data: Arranged, confirm: int, *, linear: bool) -> _Predicted:
    line = line_through(data, confirm, linear=linear)
    at = np.maximum(data.ends - np.arange(confirm)[::-1, None], data.ends - data.counts + 1)
    ahead = data.years[at] - line.t_mean
    mean_variance = 1 / np.where(line.n > 0, line.n, np.nan)
    variance = 1 + mean_variance + ahead**2 * line.per_year
    correlation = (mean_variance + ahead[0] * ahead[-1] * line.per_year) / np.sqrt(variance[0] * variance[-1])
    return _Predicted(line, data.y[at], line.y_mean + line.slope * ahead, variance, correlation)


def _all_low(z: Floats, correlation: Floats, df: Floats) -> Floats:
    """P(every deviate <= the highest of `z`): one (t) or two that are correlated (bivariate t); normal at infinite df.

    Bivariate t: the normal probability at c·s, averaged over s = √(χ²/df) by Gauss-Hermite quadrature in Φ⁻¹ of its
    distribution function.
    """
    c = z.max(axis=0)
    if len(z) == 1:
        return np.asarray(np.where(np.isfinite(df), stdtr(df, c), ndtr(c)))
    skew = np.sqrt((1 - correlation) / (1 + correlation))
    known = np.isinf(df)
    p = np.where(known, ndtr(c) - 2 * owens_t(c, skew), 0.0)
    if known.all():
        return p
    # one χ² quantile per school and subject, not per pupil
    each, which = np.unique(np.where(known, np.nan, df), return_inverse=True)
    for node, weight in zip(*np.polynomial.hermite_e.hermegauss(24), strict=True):
        cs = c * np.sqrt(chdtri(each, ndtr(-node)) / each)[which]
        p += np.where(known, 0.0, weight / np.sqrt(2 * np.pi) * (ndtr(cs) - 2 * owens_t(cs, skew)))
    return p


def adjusted(p: pd.Series, families: pd.Series) -> pd.Series:
    """Adjust p-values within each family (school) by Benjamini & Hochberg (1995); missing ones stay so, uncounted."""
    worst_first = pd.DataFrame({"p": p, "family": families}).dropna(subset=["p"]).sort_values("p", ascending=False)
    grouped = worst_first.groupby("family", observed=True, sort=False)["p"]
    m = grouped.transform("size")
    steps = worst_first["p"] * m / (m - grouped.cumcount())
    return steps.groupby(worst_first["family"], observed=True, sort=False).cummin().clip(upper=1.0).reindex(p.index)
