"""What kind of underachievement: relative or absolute, situational or chronic, and the three gates before it counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from werkbank.errors import Problem, UnfitError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkbank.underachievement.methods import Finding

# Betts & Neihart's six profiles: labels that practice uses. Not scientifically founded: no inference rests on them, and
# every table of them prints the caveat.
PROFILES = ("successful", "creative", "underground", "at_risk", "twice_exceptional", "autonomous")
PROFILE_CAVEAT = "underachievement.profiles.caveat"


def relative_or_absolute(finding: Finding) -> pd.Series:
    """Label each flagged pupil: below the own level only, or below the group's mean as well.

    Returns
    -------
    Series of str
        Index pupil: ``relative`` (flagged, actual at or above the mean of the reference group), ``absolute`` (flagged,
        below it), ``not flagged``, or missing (not judged). S2; domain.md 1.4.
    """
    flag, below = finding.table["flag"], finding.table["z_actual"] < 0
    kind = np.select([flag.isna(), ~flag.fillna(value=False), below], ["", "not flagged", "absolute"], "relative")
    return pd.Series(kind, index=flag.index, name="kind").mask(flag.isna())


def selective(
    scores: pd.DataFrame, pattern: Literal["producing", "consuming"], *, min_gap: float = 1.0, min_each: int = 2
) -> pd.DataFrame:
    """Look for pupils whose level hangs on what is at stake, or on what they like. Indicative: no error rate is known.

    Parameters
    ----------
    scores : DataFrame
        ``pupil``, ``z`` (standard score within subject and moment) and a column of bools: ``at_stake`` (a report or
        advice hangs on this result) for selective producing, ``liked`` (the pupil likes this subject) for selective
        consuming. Rows with a missing value are left out.
    min_gap : float
        SDs between the two kinds of results.
    min_each : int
        Results of each kind needed: below it there is no pattern to see, and ``pattern`` is missing.

    Returns
    -------
    DataFrame
        Index pupil: ``n_with``, ``n_without``, ``gap`` (SD), ``pattern`` (bool or missing).
    """
    column = {"producing": "at_stake", "consuming": "liked"}[pattern]
    known = scores.dropna(subset=["z", column])
    holds = known[column].astype(bool)
    sides = {side: known[holds == side].groupby("pupil", observed=True)["z"] for side in (True, False)}
    n = pd.concat({side: z.size() for side, z in sides.items()}, axis=1).fillna(0).astype(int)
    mean = pd.concat({side: z.mean() for side, z in sides.items()}, axis=1)
    gap = mean[True] - mean[False]
    pattern = (gap >= min_gap).astype("boolean").mask(n.min(axis=1) < min_each)
    return pd.DataFrame({"n_with": n[True], "n_without": n[False], "gap": gap, "pattern": pattern})


@dataclass(frozen=True)
class Gates:
    """The three gates of Reis & McCoach (2000), pupil by pupil, with the count that passes each.

    Attributes
    ----------
    table : DataFrame
        Index pupil: ``discrepancy``, ``duration``, ``excluded`` (True, False or missing = not known), ``signal``:
        True when all three hold, False when one does not, missing when it is not known.
    n, n_both, share_both
        Pupils; with both measures; their share (0-1).
    n_discrepancy, n_duration, n_signal : int
        Pupils left after each gate, in this order.
    n_not_established : int
        Through the first two gates, but a disorder or bullying was neither found nor excluded.
    not_established : dict
        The same for each cause that should have been excluded.
    """

    table: pd.DataFrame
    n: int
    n_both: int
    share_both: float
    n_discrepancy: int
    n_duration: int
    n_signal: int
    n_not_established: int
    not_established: dict[str, int]


def gates(discrepancy: pd.Series, duration: pd.Series, other_causes: pd.DataFrame, both: pd.Series) -> Gates:
    """Put the three gates in a row: a large discrepancy, for long enough, and not caused by something else.

    One low score can never pass: `duration` must come from at least two moments (`durations`).

    Parameters
    ----------
    discrepancy : Series of boolean
        Index pupil: flagged at the last moment.
    duration : Series of str
        Index pupil: ``kind`` of `durations` or `breadth`.
    other_causes : DataFrame of boolean
        Index pupil, a column for each cause (``disorder``, ``bullying``): True present, False excluded, missing not
        established. Missing pupils: nothing established.
    both : Series of bool
        Index pupil: expected and actual were both measured; its index says who the pupils are.

    Returns
    -------
    Gates
        A signal to talk about, not a diagnosis.
    """
    pupils = both.index
    gap = discrepancy.reindex(pupils).astype("boolean")
    kind = duration.reindex(pupils)
    long = (kind == "chronic").astype("boolean").mask(kind.isna())
    causes = other_causes.reindex(pupils).astype("boolean")
    present = causes.fillna(value=False).any(axis=1)
    open_ = causes.isna().any(axis=1) & ~present
    excluded = (~present).astype("boolean").mask(open_)
    signal = gap & long & excluded
    through = (gap & long).fillna(value=False)
    return Gates(
        table=pd.DataFrame({"discrepancy": gap, "duration": long, "excluded": excluded, "signal": signal}),
        n=len(pupils),
        n_both=int(both.sum()),
        share_both=float(both.mean()) if len(pupils) else np.nan,
        n_discrepancy=int(gap.sum()),
        n_duration=int(through.sum()),
        n_signal=int(signal.sum()),
        n_not_established=int((through & open_).sum()),
        not_established={str(name): int((through & causes[name].isna()).sum()) for name in causes},
    )


def profile_counts(labels: Iterable[str]) -> dict[str, int]:
    """Count the Betts & Neihart labels that teachers gave, all six in fixed order; print `PROFILE_CAVEAT` with them.

    Raises
    ------
    UnfitError
        A label that is not one of `PROFILES`.
    """
    given = list(labels)
    strange = sorted(set(given) - set(PROFILES))
    if strange:
        valid = ", ".join(PROFILES)
        raise UnfitError(
            [Problem("underachievement_unknown_profile", value=v, details={"valid": valid}) for v in strange]
        )
    return {profile: given.count(profile) for profile in PROFILES}
