"""All pupils of a log together, before and with a programme: a model of days within pupils, exploratory.

Nobody drew when it began: what it finds is a difference between two periods, whatever else changed between them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from werkbank.statistics.single_case.inference import test as tested
from werkbank.statistics.single_case.ordered import ordered_shift
from werkbank.statistics.single_case.panel import panel
from werkbank.statistics.single_case.phase_model import phase_model

if TYPE_CHECKING:
    from werkbank.cases.logs.kept import Kept
    from werkbank.programmes.forms import Step
    from werkbank.results import Estimate

FEWEST = 2  # days in a phase of a pupil


def together(kept: Kept, step: Step, days: pd.DataFrame, level: str = "") -> list[Estimate]:
    """Return the difference between the phases over pupils: ``phase_effect`` of numbers, ``log_ordered`` of an order.

    Parameters
    ----------
    kept, step
        The log, and what is computed of it.
    days : DataFrame
        ``pupil``, ``day``, ``value`` (of an order its place) and ``phase``; pupils with fewer than two days in a phase
        are left out. Below two pupils nothing is returned.
    level : str
        The moment or question.
    """
    counts = pd.crosstab(days["pupil"], days["phase"])
    if not {"A", "B"} <= set(counts.columns):
        return []
    whole = counts.index[(counts[["A", "B"]] >= FEWEST).all(axis=1)]
    rows = days[days["pupil"].isin(whole)]
    if len(whole) < 2 or rows["value"].nunique() < 2:
        return []
    at: dict[str, Any] = {"n": len(rows), "n_clusters": len(whole), "level": level}
    if step.do == "ordinal":
        places = len(step.answers)
        made = np.array([
            [np.bincount(part.loc[part["phase"] == phase, "value"].astype(int) - 1, minlength=places) for phase in "AB"]
            for _, part in rows.groupby("pupil")
        ])  # fmt: skip
        found = ordered_shift(made, kept.study.ci_level)
        return [kept.estimate(step, "log_ordered", found, **at)]
    cases = panel(rows["pupil"], rows["day"].astype(float), (rows["phase"] == "B").astype(float), rows["value"])
    found = tested(phase_model(cases), "phase", level=kept.study.ci_level)
    return [kept.estimate(step, "phase_effect", found, **at)]
