"""Whether small studies say otherwise, and whether what is said hangs on one study, or on what was assumed."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from scipy import stats

from werkbank.statistics.pooling.small_studies import FEWEST, egger, leave_one_out
from werkbank.synthesis.pool import POOLED, Pool
from werkbank.synthesis.review import OTHER_R

if TYPE_CHECKING:
    from werkbank.results import Estimate


def small_studies(made: Pool) -> list[Estimate]:
    """Return Egger's regression, or why there is none."""
    at = {"method": "egger", "kind": "small_studies"}
    if made.review.is_nested:
        return [made.estimate("egger", value=None, note="synthesis.egger_nested", **at)]
    if len(made.y) < FEWEST:
        return [made.estimate("egger", value=None, note="synthesis.egger_few", **at)]
    found = egger(made.y, made.v)
    return [made.estimate("egger", value=found.slope, se=found.se, df=found.df, statistic=found.t, p=found.p, **at)]


def without_each(made: Pool) -> list[Estimate]:
    """Return the pooled mean without each study in turn; nothing where only three remain none too many."""
    review = made.review
    if review.n_studies <= POOLED:
        return []
    if not review.is_nested:
        found = leave_one_out(made.y, made.v, method=review.block.method, ci_level=made.ci_level)
        columns = (review.effects["study"], found.estimate, found.se, found.low, found.high, found.p)
        return [_left(made, *row) for row in zip(*columns, strict=True)]
    out = []
    for study in dict.fromkeys(review.effects["study"]):
        kept = review.effects[review.effects["study"] != study].reset_index(drop=True)
        m = Pool(replace(review, effects=kept), made.ci_level).mean
        out.append(_left(made, study, m.estimate[0], m.se[0], m.low[0], m.high[0], m.p[0]))
    return out


def at_other_r(made: Pool) -> list[Estimate]:
    """Return the pooled mean at other pre-post correlations, where papers print none and one was assumed."""
    effects = made.review.effects
    if "at_other_r" not in effects or not effects["at_other_r"].map(len).any():
        return []
    out = []
    for i, r in enumerate(OTHER_R):
        variances = [at[i] if at else v for at, v in zip(effects["at_other_r"], effects["variance"], strict=True)]
        other = Pool(replace(made.review, effects=effects.assign(variance=variances)), made.ci_level)
        value = float(other.mean.estimate[0])
        out.append(other.estimate("at_r", f"{r:g}", method=made.method, value=value, kind="at_r", level=f"{r:g}",
                                  metric="sd", **other.numbers(other.mean)))  # fmt: skip
    return out


def studies_at_other_r(made: Pool) -> list[Estimate]:
    """Return each effect of which papers print no pre-post correlation, once for every one of `OTHER_R`.

    How large it is does not hang on the correlation (Morris, 2008), how precise it is does.
    """
    effects = made.review.effects
    if "at_other_r" not in effects:
        return []
    z = float(stats.norm.ppf((1 + made.ci_level) / 2))
    return [
        made.estimate(
            "effect", str(i), f"r={r:g}", method="printed_change", value=row["g"], se=math.sqrt(v), level=f"{r:g}",
            ci_low=row["g"] - z * math.sqrt(v), ci_high=row["g"] + z * math.sqrt(v), n_clusters=None,
            n=None if math.isnan(row["n"]) else int(row["n"]), contrast=row["effect"], kind="study_at_r", metric="sd",
            grouped_by="study", group=row["study"], criterion=row["how"],
        )
        for i, row in enumerate(effects.to_dict("records"), 1)
        for r, v in zip(OTHER_R, row["at_other_r"], strict=False)
    ]  # fmt: skip


def _left(made: Pool, study: str, value: float, se: float, low: float, high: float, p: float) -> Estimate:
    at = {"se": float(se), "ci_low": float(low), "ci_high": float(high), "p": float(p), "n": None}
    return made.estimate("without", study, method="leave_one_out", value=float(value), kind="without", metric="sd",
                         grouped_by="study", group=study, n_clusters=made.review.n_studies - 1, **at)  # fmt: skip
