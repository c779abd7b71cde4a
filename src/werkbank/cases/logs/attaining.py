"""Goals and what became of them, sums of a list, and whether two people saw the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from werkbank.cases.logs.kept import text
from werkbank.statistics.agreement import icc, kappa, krippendorff
from werkbank.statistics.quantity import Quantity
from werkbank.statistics.single_case.tallies import goal_attainment, wilson

if TYPE_CHECKING:
    from werkbank.cases.logs.kept import Kept
    from werkbank.programmes.forms import Step
    from werkbank.results import Estimate, Fact
    from werkbank.statistics.reliability import Interval

    Found = list[Estimate | Fact]

NEEDED = ("monitor", "partner")  # what a plan must name


def goals(kept: Kept, step: Step) -> Found:
    """Sub-goals done of those that were due, for each partner and together; on time, and days late.

    Returns
    -------
    list
        Of each pupil and partner (`level`; "": together) ``wilson_share`` (done of due), of each pupil ``log_count``
        (`category` due, on_time, all), ``log_median`` (days_late) and ``log_caution``: no_pupil_task, no_parent_task,
        no_monitor.

    Notes
    -----
    Due are sub-goals whose day is not after the day up to which the log counts. A sub-goal that is done before its day
    counts as due.
    """
    out: Found = []
    for whose, rows in kept.units():
        end = pd.Timestamp(_until(kept, rows))
        due = rows[(rows[step.other] <= end) | rows[step.column].notna()]
        for level, part in [("", due), *((str(name), part) for name, part in due.groupby(step.by, sort=True))]:
            found = wilson(int(part[step.column].notna().sum()), len(part), kept.study.ci_level)
            out.append(kept.estimate(step, "wilson_share", found, whose, n=len(part), level=level))
        late = (due[step.column] - due[step.other]).dt.days.dropna()
        for name, n in (("all", len(rows)), ("due", len(due)), ("on_time", int((late <= 0).sum()))):
            out.append(kept.fact(step, "log_count", n, arm=whose, category=name))
        if len(late):
            out.append(
                kept.fact(step, "log_median", float(late.median()), arm=whose, category="days_late", n=len(late))
            )
        missing = {f"no_{one}_task": one not in set(rows[step.by]) for one in ("pupil", "parent")}
        missing["no_monitor"] = not rows["monitor"].notna().any()
        out += [kept.fact(step, "log_caution", 1, arm=whose, category=name) for name, is_so in missing.items() if is_so]
    return out


def _until(kept: Kept, rows: pd.DataFrame) -> pd.Timestamp:
    """Return the day up to which a plan counts: the declared end once it is past, else the latest thing done."""
    end = kept.log.last or (kept.calendar.last if kept.calendar else None)
    if end is not None and end < kept.today:
        return pd.Timestamp(end)
    happened = [rows[name].max() for name in ("start", "done_on") if rows[name].notna().any()]
    return max(happened)


def attained(kept: Kept, step: Step) -> Found:
    """Goal attainment T of each pupil; none where levels were not written before the start, or of one goal."""
    out: Found = []
    for whose, rows in kept.units():
        rated = rows[rows[step.column].notna()]
        late = bool((rows["levels_before"] != "yes").any())
        weights = rated[step.other].fillna(1.0) if rated[step.other].notna().any() else None
        found = goal_attainment(rated[step.column].tolist(), None if weights is None else weights.tolist())
        score = Quantity(np.nan, note="levels_after_start") if late else Quantity(found.value, note=found.note)
        out.append(kept.estimate(step, "goal_attainment", score, whose, n=found.goals))
    return out


def summed(kept: Kept, step: Step) -> Found:
    """Sum of a list of each pupil (and rater): of several columns, or of several lines of one.

    With `step.whole` all must be there, else there is no sum (note ``not_whole``). Of words the lines that were left
    empty are counted; of signals the seventh counts for nothing where bullying is not excluded, which is counted, too.
    """
    out: Found = []
    by = step.by or next((name for name in ("coder",) if name in kept.rows), "")
    for whose, mine in kept.units():
        for level, rows in mine.groupby(by, sort=True) if by else [("", mine)]:
            values = rows[[*step.items] or [step.column]].to_numpy(dtype=float)
            gaps = int(np.isnan(values).sum())
            total = float(np.nansum(values)) if gaps < values.size and not (step.whole and gaps) else np.nan
            at = {"arm": whose, "wave": str(level), "n": values.size - gaps}
            out.append(kept.fact(step, "log_sum", total, note="" if np.isfinite(total) else "logs.not_whole", **at))
            if "empty" in rows:
                empty = int((rows["empty"] == "yes").sum())
                out.append(kept.fact(step, "log_count", empty, arm=whose, wave=str(level), category="empty"))
    if "bullying_excluded" in kept.rows:
        kept_out = kept.rows[kept.rows["s7_social"].notna() & (kept.rows["bullying_excluded"] != "yes")]
        out.append(kept.fact(step, "log_count", len(kept_out), category="bullying_not_excluded"))
    return out


def agreed(kept: Kept, step: Step) -> Found:
    """Whether two raters of the same things agree: in per cent, beyond chance, and of numbers in level.

    Returns
    -------
    list
        ``log_agreement`` (share of pairs that are equal), ``kappa`` (weighted as the form says), ``krippendorff``
        (ordered where the answers are) and of numbers ``icc_2_1``, and ``log_bias`` (second minus first, on average).
        Below `step.fewest` pairs there is agreement only (note ``few_pairs``); with one rater nothing (``one_rater``).
    """
    key = [column for column in kept.form.double if column != step.by]
    pairs = kept.rows.pivot_table(index=key, columns=step.by, values=step.column, aggfunc="first", dropna=False)
    pairs = (pairs.dropna(axis=0, how="any") if pairs.shape[1] == len("12") else pairs.iloc[:0]).reset_index(drop=True)
    n = len(pairs)
    if not n:
        return [kept.fact(step, "log_agreement", None, note="logs.one_rater", item=step.column)]
    first, second = pairs.iloc[:, 0], pairs.iloc[:, 1]
    out: Found = [kept.fact(step, "log_agreement", float((first == second).mean()), item=step.column, n=n)]
    numeric = kept.form.columns[step.column].kind in {"whole", "number"}
    if numeric:
        out.append(kept.fact(step, "log_bias", float((second - first).astype(float).mean()), item=step.column, n=n))
    if n < max(step.fewest, 2):
        return [*out, _agreement(kept, step, "kappa", Quantity(np.nan, note="few_pairs"), n)]
    given = [column.astype(float) if numeric else column.map(text) for column in (first, second)]
    found = kappa(given[0], given[1], step.weights, kept.study.ci_level)
    out.append(_agreement(kept, step, "kappa", _interval(found, "no_disagreement_possible"), n))
    alpha = krippendorff(pairs.astype(float) if numeric else pairs, "ordinal" if numeric else "nominal")
    value = Quantity(alpha.estimate, note="no_disagreement_possible" if alpha.note else "")
    out.append(_agreement(kept, step, "krippendorff", value, n))
    if numeric:
        one = icc(pairs.astype(float), kept.study.ci_level)["ICC(2,1)"]
        out.append(_agreement(kept, step, "icc_2_1", _interval(one, "no_variation"), n))
    return out


def _agreement(kept: Kept, step: Step, method: str, found: Quantity, n: int) -> Estimate:
    return kept.estimate(step, method, found, n=n, level=step.column)


def _interval(found: Interval, note: str) -> Quantity:
    return Quantity(found.estimate, ci_low=found.ci_low, ci_high=found.ci_high, note=note if found.note else "")
