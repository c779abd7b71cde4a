"""What may be said of what was pooled, and what was counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkbank.results import Claim, Estimate, Fact

if TYPE_CHECKING:
    from werkbank.synthesis.pool import Pool

KIND = "synthesis"


def facts(made: Pool) -> list[Fact]:
    """Return how many studies, effects and pupils there are, and how studies were found."""
    review = made.review
    counted = {"studies": review.n_studies, "effects": len(review.effects)}
    if review.effects["n"].notna().any():
        counted["pupils"] = int(review.effects.groupby("study")["n"].max().sum())
    counted |= review.held_back
    out = [_fact(made, "synthesis_count", value, name, "counts") for name, value in counted.items()]
    flow = review.block.flow
    if flow is None:
        return out
    reasons = flow.ineligible
    steps = {name: n for name, n in flow.model_dump().items() if name != "ineligible"} | flow.between()
    out += [_fact(made, "synthesis_flow", n, name, "flow") for name, n in steps.items()]
    return out + [_fact(made, "synthesis_flow", n, reason, "ineligible") for reason, n in reasons.items()]


def _fact(made: Pool, what: str, value: float, category: str, table: str) -> Fact:
    key = made.key(table, category)
    return Fact(key, what, value, outcome=made.review.block.outcome, kind=KIND, table=table, category=category)


def claims(made: Pool, estimates: list[Estimate]) -> list[Claim]:
    """Return what may be said of the whole: that effects go together with programmes, never more than that.

    Whether the pooled studies carry causal words is for who knows their designs; a table of numbers does not.
    """
    of = {kind: [e for e in estimates if e.kind == kind] for kind in ("study", "pooled", "prediction", "without")}
    if not of["pooled"]:
        return [_claim(made, of["study"], "side_by_side", {"n": made.review.n_studies})]
    mean, alpha = of["pooled"][0], 1 - made.ci_level
    sure = mean.p is not None and mean.p < alpha and mean.note != "synthesis.few_df"
    verdict = "clear" if sure else "unclear"
    side = ("higher" if (mean.estimate or 0.0) > 0 else "lower") if sure else ""
    told = [_claim(made, [mean], verdict, {}, side)]
    for ahead in of["prediction"]:
        crosses = (ahead.ci_low or 0.0) < 0 < (ahead.ci_high or 0.0)
        told.append(_claim(made, [ahead], "next_may_differ" if crosses else "next_alike", {}))
    if of["without"] and sure:
        turning = [e.group for e in of["without"] if float(e.p or 0.0) >= alpha]
        values = {"n": len(turning), "studies": ", ".join(turning[:3])}
        told.append(_claim(made, of["without"], "rests_on_one" if turning else "rests_on_none", values))
    return told


def _claim(made: Pool, about: list[Estimate], verdict: str, values: dict[str, object], side: str = "") -> Claim:
    named = tuple(e.id for e in about)
    return Claim(made.key("claim", verdict), named, "association", f"synthesis.claim.{verdict}", values, kind=KIND,
                 topic=KIND, verdict=verdict, side=side, outcome=made.review.block.outcome)  # fmt: skip
