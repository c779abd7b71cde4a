"""Pupils followed over years: scores that can be compared, each pupil's own growth, and runs without an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from werkbank.errors import Problem, UnfitError, UsageError
from werkbank.underachievement.durations import in_order, runs_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

Floats = NDArray[np.float64]
Scale = Literal["ability", "norm", "raw"]
SERIES = ("pupil", "subject")
DAYS_PER_YEAR = 365.25


def growth(scores: pd.DataFrame, scale: Scale, sem: Mapping[str, float] | None = None) -> pd.DataFrame:
    """Each pupil's own straight line through all scores.

    Parameters
    ----------
    scores, scale, sem
        As in `watch` and `Rule`.

    Returns
    -------
    DataFrame
        One row per pupil and subject: ``school``, ``n``, ``slope`` (units of the scale per year), ``slope_se`` (from
        the SEM, given or pooled per school and subject). NaN below 2 scores.
    """
    common_scale(scores, scale)
    data = arrange(scores, scale)
    line = line_through(data, 0, linear=True)
    _, sigma, _ = measurement_error(line, data.last, sem)
    table = data.last[[*SERIES, "school"]]
    return table.assign(n=data.counts, slope=line.slope, slope_se=sigma * np.sqrt(line.per_year))


class Arranged(NamedTuple):
    """Scores in order, series after series; times (years) and scores relative to the series' first."""

    last: pd.DataFrame  # each series' last row; school is "" where there is none
    counts: NDArray[np.intp]
    ends: NDArray[np.intp]
    origin: Floats
    years: Floats
    y: Floats


class Line(NamedTuple):
    """Per series, the least-squares line: y_mean + slope·(t - t_mean)."""

    n: Floats
    t_mean: Floats
    y_mean: Floats
    slope: Floats
    per_year: Floats  # 1/Σ(t - t_mean)²: the slope's variance over σ²
    sse: Floats
    df: Floats


def arrange(scores: pd.DataFrame, scale: Scale) -> Arranged:
    """Put the scores in order; rows without one are left out."""
    rows, series = in_order(scores[scores[scale].notna()], SERIES)
    counts = np.bincount(series)
    ends = np.cumsum(counts) - 1
    first = ends - counts + 1
    years = rows["date"].to_numpy().astype("datetime64[D]").astype(float) / DAYS_PER_YEAR
    y = rows[scale].to_numpy(float)
    years, origin = years - np.repeat(years[first], counts), y[first]
    last = rows.iloc[ends].reset_index(drop=True)
    last = last if "school" in last else last.assign(school="")
    return Arranged(last, counts, ends, origin, years, y - np.repeat(origin, counts))


def line_through(data: Arranged, skip: int, *, linear: bool) -> Line:
    """Fit each series without its last `skip` scores; level 0 slope when not `linear`."""
    used = np.arange(len(data.y)) <= np.repeat(data.ends - skip, data.counts)
    starts = data.ends - data.counts + 1

    def total(values: Floats) -> Floats:
        return np.asarray(np.add.reduceat(np.where(used, values, 0.0), starts)) if len(values) else values

    n = np.maximum(data.counts - skip, 0).astype(float)
    some = np.where(n > 0, n, np.nan)
    y_mean, t_mean = total(data.y) / some, total(data.years) / some
    dy = data.y - np.repeat(y_mean, data.counts)
    if not linear:
        nothing = np.zeros(len(n))
        return Line(n, t_mean, y_mean, nothing, nothing, total(dy * dy), np.maximum(n - 1, 0))
    dt = data.years - np.repeat(t_mean, data.counts)
    stt = total(dt * dt)
    per_year = 1 / np.where(stt > 0, stt, np.nan)
    slope = total(dt * dy) * per_year
    syy = total(dy * dy)
    sse = syy - slope**2 * stt
    sse = np.where(sse > 1e-12 * syy, sse, 0.0)  # what is left is rounding, not scatter
    return Line(n, t_mean, y_mean, slope, per_year, sse, np.maximum(n - 2, 0))


def measurement_error(
    line: Line, table: pd.DataFrame, given: Mapping[str, float] | None
) -> tuple[pd.DataFrame, Floats, Floats]:
    """SEM and its df per school and subject, and per series: as given, or pooled over the scatter about the lines."""
    keys = ["school", "subject"]
    if given is not None:
        lacking = sorted(set(map(str, table["subject"].unique())) - set(given))
        if lacking:
            raise UsageError(f"no SEM given for: {', '.join(lacking)}")
        error = table[keys].drop_duplicates(ignore_index=True)
        error = error.assign(sem=error["subject"].astype(object).map(given).astype(float), df=np.inf)
    else:
        usable = (line.df > 0) & np.isfinite(line.sse)
        spread = table[keys].assign(sse=np.where(usable, line.sse, 0.0), df=np.where(usable, line.df, 0.0))
        error = spread.groupby(keys, observed=True, sort=False)[["sse", "df"]].sum().reset_index()
        error["df"] = error["df"].where(error["df"] > 0)
        error["sem"] = np.sqrt(error["sse"] / error["df"])
        error = error[[*keys, "sem", "df"]]
    per_series = table[keys].merge(error, on=keys, how="left")
    return error, per_series["sem"].to_numpy(float), per_series["df"].to_numpy(float)


def ceiling_runs(
    scores: pd.DataFrame, *, share: float = 0.90, min_moments: int = 2, min_days: int = 183
) -> pd.DataFrame:
    """Find pupils who had nothing left to learn from what they were tested on: no learning space.

    Parameters
    ----------
    scores : DataFrame
        ``pupil``, ``subject``, ``date``, ``raw`` (points) and ``max`` (points possible); rows without either are left
        out.
    share : float
        Of the points, 0-1.
    min_moments, min_days : int
        At least so many consecutive tests, over at least so many days.

    Returns
    -------
    DataFrame
        One row per pupil and subject: ``n_flags`` (tests at or above `share`), ``longest``, ``days``, ``ceiling``
        (bool). A reason to test above the own level, not a finding about the pupil.
    """
    rows, series = in_order(scores.dropna(subset=["raw", "max"]), SERIES)
    high = (rows["raw"] >= share * rows["max"]).to_numpy(bool)
    table = rows.iloc[np.flatnonzero(np.diff(series, prepend=-1))][list(SERIES)].reset_index(drop=True)
    runs = runs_of(series, len(table), rows["date"], high, min_moments, min_days)
    return table.assign(n_flags=runs.n, longest=runs.longest, days=runs.days, ceiling=runs.enough)


def common_scale(scores: pd.DataFrame, scale: Scale) -> None:
    """Refuse scores that cannot be compared over time or between test levels.

    Ability scores must be on one ability scale per subject (column ``ability_scale``); norm scores need one ``level``
    per subject and ``test``, because a pupil tested above or below level is compared with another norm group; raw
    scores need one test and level per subject.

    Raises
    ------
    UnfitError
        Problem ``monitoring_scales_differ``, ``monitoring_norm_across_levels``, ``monitoring_raw_across_tests``;
        ``monitoring_column_missing``.
    """
    missing = [name for name in (*SERIES, "date", scale) if name not in scores]
    if missing:
        raise UnfitError([Problem("monitoring_column_missing", column=name) for name in missing])
    within, what, code = {
        "ability": (["subject"], ["ability_scale"], "monitoring_scales_differ"),
        "norm": (["subject", "test"], ["level"], "monitoring_norm_across_levels"),
        "raw": (["subject"], ["test", "level"], "monitoring_raw_across_tests"),
    }[scale]
    within, what = [c for c in within if c in scores], [c for c in what if c in scores]
    if not what:
        return
    kinds = scores.loc[scores[scale].notna(), [*within, *what]].drop_duplicates()
    problems = [
        Problem(code, value=" · ".join(map(str, key)), details={"found": "; ".join(_labels(some[what]))})
        for key, some in kinds.groupby(within, observed=True)
        if len(some) > 1
    ]
    if problems:
        raise UnfitError(problems)


def _labels(rows: pd.DataFrame) -> list[str]:
    return sorted(" ".join(map(str, row)) for row in rows.itertuples(index=False))
