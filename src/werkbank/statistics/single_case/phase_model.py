"""The multilevel model of a single-case study: days within pupils (within classes), level and slope over phases."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from werkbank.errors import UsageError
from werkbank.statistics.single_case.mixed import fit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkbank.statistics.single_case.mixed import Method, SeriesFit
    from werkbank.statistics.single_case.panel import Panel

FEWEST_CASES = 5  # with fewer the model describes these pupils, and says little of others


def phase_model(
    panel: Panel,
    *,
    trend: bool = False,
    varying: bool = True,
    classes: Mapping[str, str] | None = None,
    autocorrelated: bool = False,
    method: Method = "reml",
) -> SeriesFit:
    """Fit y = level + change of level in B (+ baseline slope + change of slope), cases differing from each other.

    Parameters
    ----------
    panel : Panel
        Two or more cases. The values of a reversal's baselines count as one condition.
    trend : bool
        Add ``time`` (sessions since the first of the case) and ``time_in_phase`` (sessions since the first in B).
    varying : bool
        Let the change of level differ between cases (and classes) too. Without it the standard error ignores that
        pupils differ in what the programme does for them, and is far too small (.041 in place of .111 in one study).
    classes : mapping of case label to class, optional
        A level above the pupil, to be used where the programme was given to classes.
    autocorrelated : bool
        AR(1) errors over the real gaps between sessions.
    method : {"reml", "ml"}
        As in `mixed.fit`.

    Returns
    -------
    SeriesFit
        Coefficients ``intercept``, ``phase`` and, with `trend`, ``time`` and ``time_in_phase``; raw direction. With the
        note ``few_cases`` below five cases or classes: descriptive. Test with `inference.test`.

    Raises
    ------
    UsageError
        A case without a class.

    Notes
    -----
    Van den Noortgate & Onghena (2003); Moeyaert and colleagues (2014). Checked against lme4 and nlme on seven outcomes,
    and the published engagement of Leidig and colleagues (2022).
    """
    columns = panel.columns()
    names = ["intercept", "time", "phase", "time_in_phase"] if trend else ["intercept", "phase"]
    random = ["intercept", "phase"] if varying else ["intercept"]
    groups = None
    units = panel.n_cases
    if classes is not None:
        lacking = [label for label in panel.labels if label not in classes]
        if lacking:
            raise UsageError(f"no class is known for {', '.join(lacking)}")
        groups = {"class": [classes[panel.labels[code]] for code in panel.case]}
        units = len(set(groups["class"]))
    found = fit(
        panel.y,
        columns[names],
        panel.case,
        panel.times,
        {"class": random, "case": random} if groups else {"case": random},
        groups=groups,
        autocorrelated=autocorrelated,
        method=method,
    )
    return replace(found, note=found.note or ("few_cases" if units < FEWEST_CASES else ""))
