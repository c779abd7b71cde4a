"""Own measures that are coded rather than answered: attributions, feedback, fairness within a class.

Reports tell such shares of a log with their interval (`cases.logs.counting`); these are for tables of one's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from werkbank.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

DIMENSIONS = ("locus", "stability", "controllability")
OUTCOMES = ("success", "failure")
FOCUS = ("process", "product", "person")


def attributions(events: pd.DataFrame, by: tuple[str, ...] = ("pupil", "wave")) -> pd.DataFrame:
    """Turn coded events into one share per dimension, success and failure apart.

    Parameters
    ----------
    events : DataFrame
        One row an event: `event` (success or failure), locus (1 internal), stability (1 stable), controllability
        (1 controllable), and the columns in `by`. A dimension that could not be coded is NaN.
    by : tuple of str
        Whose events are taken together.

    Returns
    -------
    DataFrame
        Columns `by`, item, value, n_events: items ``success_locus`` to ``failure_controllability``, as the key
        ``attribution-events`` scores them; value is the share of events coded 1. Someone without failures has no
        failure rows. There is no total: an internal failure and an internal success mean opposite things.

    Raises
    ------
    UsageError
        When a code is not 0, 1 or empty, or an event is neither success nor failure.
    """
    _only(events["event"].dropna().unique(), OUTCOMES)
    for dimension in DIMENSIONS:
        _only(events[dimension].dropna().unique(), (0, 1))
    long = events.melt([*by, "event"], list(DIMENSIONS), "dimension", "code").dropna(subset=["event", "code"])
    long["item"] = long["event"].astype(str) + "_" + long["dimension"].astype(str)
    long["code"] = long["code"].astype(float)
    grouped = long.groupby([*by, "item"], observed=True, sort=False)["code"]
    return grouped.agg(value="mean", n_events="size").reset_index()


def feedback_shares(remarks: pd.DataFrame, by: tuple[str, ...] = ("teacher", "wave")) -> pd.DataFrame:
    """Return what share of coded feedback was about process, product and person.

    Parameters
    ----------
    remarks : DataFrame
        One row a remark: `focus` (process, product or person) and the columns in `by`. An uncoded remark is NaN and
        not counted.

    Returns
    -------
    DataFrame
        Columns `by`, item, value, n_remarks; the three shares of one teacher and wave add up to 1.

    Raises
    ------
    UsageError
        When a focus is none of the three.
    """
    _only(remarks["focus"].dropna().unique(), FOCUS)
    coded = remarks.dropna(subset=["focus"]).astype({"focus": str})
    counts = pd.crosstab([coded[column] for column in by], coded["focus"]).reindex(columns=list(FOCUS), fill_value=0)
    total = counts.sum(axis=1).rename("n_remarks")
    shares = counts.div(total, axis=0).join(total).reset_index()
    return shares.melt([*by, "n_remarks"], list(FOCUS), "item", "value")


def inequality_within(scores: pd.DataFrame) -> pd.DataFrame:
    """Describe how differently pupils of one class see the same teacher.

    Parameters
    ----------
    scores : DataFrame
        Rows of one scale from `scoring.score`.

    Returns
    -------
    DataFrame
        Columns class, wave, n, mean, sd, lowest, highest: `sd` (n - 1) is the inequality within the class, NaN for a
        class with one pupil. A class can be fair on average and unfair to one pupil.
    """
    rows = scores[scores["score"].notna()]
    grouped = rows.groupby(["class", "wave"], observed=True, sort=False)["score"]
    return grouped.agg(n="size", mean="mean", sd="std", lowest="min", highest="max").reset_index()


def _only(found: Iterable[object], allowed: tuple[object, ...]) -> None:
    strange = [value for value in np.asarray(list(found), object) if value not in allowed]
    if strange:
        raise UsageError(f"{strange[0]!r} is not a code; codes are {', '.join(map(str, allowed))}")
