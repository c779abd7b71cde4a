"""How long and in how many subjects a pupil was flagged: runs of consecutive moments, by date."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from werkbank.errors import Problem, UnfitError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def durations(
    flags: pd.DataFrame, by: tuple[str, ...] = ("pupil", "subject"), *, min_days: int = 183, min_moments: int = 2
) -> pd.DataFrame:
    """How long each pupil was flagged without interruption, and whether that is chronic.

    Parameters
    ----------
    flags : DataFrame
        `by`, ``date`` (datetime) and ``flag`` (bool or missing), one row per moment. A moment without a judgement
        neither lengthens nor breaks a run, and is counted.
    by : tuple of str
        What makes a series.
    min_days, min_moments : int
        Chronic: at least `min_moments` consecutive flags over at least `min_days` days (half a year = 183).

    Returns
    -------
    DataFrame
        One row per series: `by`, ``n_moments`` (judged), ``n_unknown``, ``n_flags``, ``longest`` (flags in the longest
        run, longest in days), ``days`` (its span), ``kind``: ``chronic``, ``situational`` (flagged, but not for so
        long), ``not flagged``, or missing (never judged).

    Raises
    ------
    UnfitError
        A moment twice in one series.
    """
    rows, series = in_order(flags, by)
    unknown = rows["flag"].isna().to_numpy()
    judged = rows[~unknown]
    n = int(series[-1]) + 1 if len(series) else 0
    runs = runs_of(series[~unknown], n, judged["date"], judged["flag"].to_numpy(bool), min_moments, min_days)
    table = rows.iloc[np.flatnonzero(np.diff(series, prepend=-1))][list(by)].reset_index(drop=True)
    table["n_moments"] = np.bincount(series[~unknown], minlength=n)
    table["n_unknown"] = np.bincount(series[unknown], minlength=n)
    table["n_flags"], table["longest"], table["days"] = runs.n, runs.longest, runs.days
    kind = pd.Series(np.select([runs.enough, runs.n > 0], ["chronic", "situational"], "not flagged"))
    return table.assign(kind=kind.mask(table["n_moments"] == 0))


def in_order(table: pd.DataFrame, by: tuple[str, ...]) -> tuple[pd.DataFrame, NDArray[np.intp]]:
    """Return the rows by series and date, and the code of each row's series (0, 1, …).

    Raises
    ------
    UnfitError
        Problem ``monitoring_row_incomplete``: rows that cannot be placed, because a key or the date is missing;
        ``underachievement_moment_twice``: a series with two rows on one day.
    """
    gaps = table[[*by, "date"]].isna().sum()
    if gaps.any():
        raise UnfitError(
            [
                Problem("monitoring_row_incomplete", column=str(c), details={"n": int(n)})
                for c, n in gaps[gaps > 0].items()
            ]
        )
    codes = table.groupby(list(by), observed=True, sort=False).ngroup().to_numpy()
    days = table["date"].to_numpy().astype("datetime64[D]")
    order = np.lexsort((days, codes))
    rows, series = table.iloc[order], codes[order]
    twice = (np.diff(series) == 0) & (np.diff(days[order]) == np.timedelta64(0, "D"))
    if twice.any():
        keys = [*by, "date"]
        raise UnfitError(
            [
                Problem("underachievement_moment_twice", value=" · ".join(str(v) for v in row))
                for row in rows[keys].iloc[1:][twice].drop_duplicates().itertuples(index=False)
            ]
        )
    return rows, series


class Runs(NamedTuple):
    """Per series: rows that hold, and the run of them that lasted longest (in rows and in days)."""

    n: NDArray[np.intp]
    longest: NDArray[np.intp]
    days: NDArray[np.intp]
    enough: NDArray[np.bool_]  # some run is long enough, in rows and in days


def runs_of(
    series: NDArray[np.intp], n: int, dates: pd.Series, holds: NDArray[np.bool_], min_rows: int, min_days: int
) -> Runs:
    """Find the runs of rows that hold, in each of `n` series whose rows are in order."""
    changes = (np.diff(series) != 0) | (np.diff(holds) != 0)
    starts = np.flatnonzero(np.r_[True, changes]) if len(series) else np.zeros(0, dtype=np.intp)
    ends = np.r_[starts[1:], len(series)] - 1 if len(series) else starts
    starts, ends = starts[holds[starts]], ends[holds[starts]]
    day = dates.to_numpy().astype("datetime64[D]").astype(np.intp)
    of, size, days = series[starts], ends - starts + 1, day[ends] - day[starts]
    found = Runs(np.zeros(n, int), np.zeros(n, int), np.zeros(n, int), np.zeros(n, dtype=bool))
    np.add.at(found.n, of, size)
    order = np.lexsort((size, days, of))  # the last of a series is its longest
    found.longest[of[order]], found.days[of[order]] = size[order], days[order]
    found.enough[of[(size >= min_rows) & (days >= min_days)]] = True
    return found


def breadth(by_subject: pd.DataFrame) -> pd.DataFrame:
    """Join a pupil's subjects: flagged in all, in some, or in none of the subjects judged.

    Parameters
    ----------
    by_subject : DataFrame
        From `durations` by pupil and subject.

    Returns
    -------
    DataFrame
        Index pupil: ``n_subjects`` (judged), ``n_flagged``, ``n_chronic``, ``kind`` (``chronic`` when any subject is,
        ``situational``, ``not flagged``), ``breadth`` (``all``, ``some``, ``none``).
    """
    judged = by_subject.dropna(subset=["kind"])
    table = judged.assign(flagged=judged["kind"] != "not flagged", chronic=judged["kind"] == "chronic")
    table = table.groupby("pupil", observed=True, sort=False).agg(
        n_subjects=("kind", "size"), n_flagged=("flagged", "sum"), n_chronic=("chronic", "sum")
    )
    table["kind"] = np.select(
        [table["n_chronic"] > 0, table["n_flagged"] > 0], ["chronic", "situational"], "not flagged"
    )
    everywhere = table["n_flagged"] == table["n_subjects"]
    table["breadth"] = np.select([table["n_flagged"] == 0, everywhere], ["none", "all"], "some")
    return table
