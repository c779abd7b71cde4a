"""A review -> its numbers: each study's effect, the mean, where a next study may lie, and how far studies differ."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from scipy import stats

from werkbank.statistics.pooling.shrinking import LEAST_DF as LEAST_DF_OF_SHRUNKEN
from werkbank.statistics.pooling.shrinking import shrunken
from werkbank.statistics.pooling.spread import prediction, q_profile, spread
from werkbank.synthesis.claiming import claims, facts
from werkbank.synthesis.differing import moderated
from werkbank.synthesis.doubting import at_other_r, small_studies, studies_at_other_r, without_each
from werkbank.synthesis.pool import Pool

if TYPE_CHECKING:
    from werkbank.results import Claim, Estimate, Fact
    from werkbank.synthesis.review import Review

FEW = 5  # studies: below it what is pooled is told with its caution
LEAST_DF = 4.0  # of CR2: below it a p is not to be trusted (Tipton 2015)
ROADS = {
    "change": "printed_change", "means": "printed_means", "odds_ratio": "printed_odds", "proportions": "printed_odds",
    "t": "printed_test", "f": "printed_test", "p": "printed_test", "interval": "printed_test",
}  # fmt: skip


def synthesised(review: Review, ci_level: float = 0.95) -> tuple[list[Estimate], list[Fact], list[Claim]]:
    """Return everything that is computed of a review; below three studies only each study's own effects."""
    made = Pool(review, ci_level)
    estimates = [*_studies(made), *studies_at_other_r(made)]
    if made.is_pooled:
        estimates += [_mean(made), *_prediction(made), *_spread(made), *_drawn(made)]
        estimates += [*moderated(made), *small_studies(made), *without_each(made), *at_other_r(made)]
    return estimates, facts(made), claims(made, estimates)


def _studies(made: Pool) -> list[Estimate]:
    """Each effect as it was read, with its own large-sample interval."""
    z, out = float(stats.norm.ppf((1 + made.ci_level) / 2)), []
    for i, row in enumerate(made.review.effects.to_dict("records"), 1):
        g, se, how = row["g"], math.sqrt(row["variance"]), row["how"]
        method = "printed_clusters" if how.endswith("+clusters") else ROADS.get(how, "printed_given")
        out.append(
            made.estimate(
                "effect", str(i), method=method, value=g, se=se,
                ci_low=g - z * se, ci_high=g + z * se, n=None if math.isnan(row["n"]) else int(row["n"]),
                n_clusters=None, contrast=row["effect"], kind="study", metric="sd", grouped_by="study",
                group=row["study"], criterion=how,
            )
        )  # fmt: skip
    return out


def _mean(made: Pool) -> Estimate:
    m = made.mean
    few = "synthesis.few_studies" if made.review.n_studies < FEW else ""
    note = "synthesis.few_df" if m.df[0] < LEAST_DF else few
    return made.estimate("mean", method=made.method, value=float(m.estimate[0]), kind="pooled", metric="sd", note=note,
                         role="confirmatory", **made.numbers(m))  # fmt: skip


def _prediction(made: Pool) -> list[Estimate]:
    if made.review.block.method == "common":
        return []
    low, high = prediction(made.fit, made.mean, ci_level=made.ci_level)
    at = {"df": float(made.mean.df[0]), "ci_low": low, "ci_high": high}
    value = float(made.mean.estimate[0])
    return [made.estimate("prediction", method="prediction", value=value, kind="prediction", metric="sd", **at)]


def _spread(made: Pool) -> list[Estimate]:
    found = spread(made.fit)
    q = {"df": found.df, "statistic": found.q, "p": found.p}
    out = [made.estimate("q", method="heterogeneity", value=found.q, kind="heterogeneity", level="q", **q)]
    if made.review.block.method == "common":
        return out
    out.append(
        made.estimate(
            "i2", method="heterogeneity", value=found.i2 / 100, kind="heterogeneity", metric="share", level="i2"
        )
    )
    if made.review.is_nested:
        parts = {"between": made.fit.between, "within": made.fit.within}
        return out + [
            made.estimate(name, method=made.method, value=value, kind="heterogeneity", level=name)
            for name, value in parts.items()
        ]
    low, high = q_profile(made.fit, ci_level=made.ci_level)
    at = {"ci_low": low, "ci_high": high}
    made_of = made.estimate("tau2", method="tau2_interval", value=found.tau2, kind="heterogeneity", level="tau2", **at)
    return [*out, made_of]


def _drawn(made: Pool) -> list[Estimate]:
    """Each study's own effect drawn towards the others, where every study has one."""
    if made.review.is_nested or made.review.block.method == "common" or made.fit.df < LEAST_DF_OF_SHRUNKEN:
        return []
    found = shrunken(made.fit, ci_level=made.ci_level)
    return [
        made.estimate(
            "shrunken", study, method="shrunken", value=float(found.estimate[i]), se=float(found.sd[i]),
            ci_low=float(found.low[i]), ci_high=float(found.high[i]), kind="shrunken", metric="sd",
            grouped_by="study", group=study,
        )
        for i, study in enumerate(made.review.effects["study"])
    ]  # fmt: skip
