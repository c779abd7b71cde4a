"""What effects differ by: one trait at a time, as a slope or as kinds of studies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from werkbank.results import Estimate
    from werkbank.statistics.pooling.covariance import Array
    from werkbank.statistics.pooling.model import Coefficients
    from werkbank.synthesis.pool import Pool

PER_KIND = 5  # studies that each kind, or a slope's two ends, need on average
LEAST_DF = 4.0


def moderated(made: Pool) -> list[Estimate]:
    """Return, for every trait that the review names, how effects differ by it; what is too thin is refused."""
    out: list[Estimate] = []
    for trait in made.review.block.moderators:
        values = numeric(made, trait)
        out += _slope(made, trait, values) if values is not None else _kinds(made, trait)
    return out


def numeric(made: Pool, trait: str) -> Array | None:
    """Return a trait's numbers; None for words, and for two numbers, which are two kinds."""
    texts = [str(cell).replace(",", ".") for cell in made.review.effects[trait]]
    try:
        values = np.array([float(text) for text in texts])
    except ValueError:
        return None
    return values if len(set(values)) > 2 and np.isfinite(values).all() else None


def _refused(made: Pool, trait: str, note: str) -> list[Estimate]:
    at = {"kind": "moderation", "moderator": trait}
    return [made.estimate("by", trait, method="pooled_moderator", value=None, note=f"synthesis.{note}", **at)]


def _slope(made: Pool, trait: str, values: Array) -> list[Estimate]:
    if made.review.n_studies < 2 * PER_KIND:
        return _refused(made, trait, "few_for_moderator")
    m = made.tested(made.fitted(values - values.mean()))
    return [_coefficient(made, trait, m, 1, "")]


def _kinds(made: Pool, trait: str) -> list[Estimate]:
    kinds = np.array([str(cell) for cell in made.review.effects[trait]])
    names = sorted(set(kinds), key=lambda name: (-int((kinds == name).sum()), name))
    if len(names) < 2:
        return _refused(made, trait, "one_kind")
    if made.review.n_studies < PER_KIND * len(names):
        return _refused(made, trait, "few_for_moderator")
    out = []
    for name in names:
        # the same model, each time with another kind as its reference: the constant is then that kind's mean
        others = [other for other in names if other != name]
        m = made.tested(made.fitted(np.column_stack([(kinds == other).astype(float) for other in others])))
        out.append(_of_kind(made, trait, m, name))
        if name == names[0]:
            out += [_coefficient(made, trait, m, at, other) for at, other in enumerate(others, 1)]
    return out


def _coefficient(made: Pool, trait: str, m: Coefficients, at: int, group: str) -> Estimate:
    named = {"grouped_by": trait, "group": group} if group else {}
    note = "synthesis.few_df" if m.df[at] < LEAST_DF else ""
    return made.estimate("by", trait, group or "slope", method="pooled_moderator", value=float(m.estimate[at]),
                         kind="moderation", moderator=trait, metric="sd", note=note, **named,
                         **made.numbers(m, at))  # fmt: skip


def _of_kind(made: Pool, trait: str, m: Coefficients, group: str) -> Estimate:
    mine = made.review.effects[trait].astype(str) == group
    counted = {"n": int(mine.sum()), "n_clusters": int(made.review.effects.loc[mine, "study"].nunique())}
    return made.estimate("of", trait, group, method="pooled_moderator", value=float(m.estimate[0]), kind="subgroup",
                         moderator=trait, grouped_by=trait, group=group, metric="sd",
                         **counted, **made.numbers(m))  # fmt: skip
