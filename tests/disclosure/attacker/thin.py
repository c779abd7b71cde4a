"""What is in a copy although too few stand behind it: arms, indicators, models without freedom, shares, extremes.

Who is behind a number is counted from the answers, not from what the results say of it.
"""

from __future__ import annotations

import pandas as pd

FEW, FREE = 6, 10
ENDS = {"min", "max"}


def thin(copy, bench):
    """Return (id, what is wrong) of each number that rests on too few, or that tells of everyone or nobody."""
    scores, pupils = bench.scores, bench.intake.pupils
    wide = {str(o): rows.pivot_table(index="pupil", columns="wave", values="score", observed=True)
            for o, rows in scores.groupby("outcome", observed=True)}  # fmt: skip
    shown = [e for e in copy.estimates if e.estimate is not None or e.p is not None]
    found = [(e.id, why) for e in shown if (why := _estimate(e, wide, pupils, bench))]
    for f in copy.facts:
        if f.value is None:
            continue
        if f.what in ENDS:
            found.append((f.id, "extreme"))
        elif f.what in {"floor", "ceiling"} and not 0.05 <= f.value <= 0.95:
            found.append((f.id, "nearly all or nobody"))
        elif f.what in {"sd", "scale_sd"} and f.value == 0:
            found.append((f.id, "all the same answer"))
        elif f.what in {"mean", "sd"} and f.arm and len(_behind(f.outcome, [f.wave], [f.arm], wide, pupils)) < FEW:
            found.append((f.id, "few in an arm"))
    return found


def _behind(outcome, waves, arms, wide, pupils):
    """Return the pupils in these arms who have a score at each of these waves."""
    table = wide.get(outcome)
    if table is None or any(wave not in table for wave in waves):
        return pupils
    rows = pupils.loc[pupils.index.isin(table.dropna(subset=waves).index)]
    return rows.loc[rows["arm"].astype(str).isin(arms)] if arms and "arm" in rows else rows


def _estimate(e, wide, pupils, bench):
    waves = [wave for wave in (e.wave_from, e.wave_to) if wave]
    rows = _behind(e.outcome, waves, e.arms, wide, pupils)
    if "arm" in rows and e.arms and min(rows["arm"].astype(str).value_counts().reindex(e.arms, fill_value=0)) < FEW:
        return "few in an arm"
    if e.moderator and e.moderator in rows and pd.crosstab(rows["arm"], rows[e.moderator]).to_numpy().min() < FEW:
        return "few behind an indicator"
    known = [c for c in bench.study.covariates if c in rows and "covariates" in e.method]
    if any(rows[c].value_counts().min() < FEW for c in known):
        return "few behind a covariate"
    if len(rows) - max(len(e.arms), 1) - 1 < FREE:
        return "no freedom"
    return ""
