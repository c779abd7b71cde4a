"""Three or more arms at once: whether they differ at all, their means at equal covariates, and every two compared."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from werkbank.effects.leading import as_units, single_pupils, slope_of
from werkbank.effects.multiplicity import adjusted as corrected
from werkbank.effects.questions import identifier
from werkbank.statistics.omnibus import omnibus
from werkbank.statistics.quantity import Quantity
from werkbank.statistics.unit_means import UNITS_PER_COVARIATE, Adjusted, adjust, compare, pairwise

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from werkbank.effects.questions import Question
    from werkbank.results import Estimate

    Stated = Callable[..., Estimate]


def all_arms(study_arms: Sequence[str], controls: Sequence[str], asked: Sequence[Question]) -> list[Estimate]:
    """Describe and compare all arms of every outcome and pair of waves.

    Parameters
    ----------
    study_arms, controls : sequence of str
        The arms in the order of the study file, and which of them are control arms.
    asked : sequence of Question
        Questions that can be answered, of any outcome and contrast.

    Returns
    -------
    list of Estimate
        Where three or more arms have two units or more: ``omnibus`` (Welch-James F, unequal spread allowed),
        ``adjusted_mean`` of every arm (`group`), ``pooled_contrast`` of all treated arms counting alike against the
        control arms, ``pairwise`` for every two arms and ``p_holm_pairs``, its p corrected for their number. The slope
        of the pre-test is that of all arms, the spread is each arm's own. Nothing where units were assigned within
        blocks or have roles: their contrasts are answered one by one.
    """
    made: list[Estimate] = []
    for place in dict.fromkeys((q.key, q.wave_from, q.wave_to) for q in asked):
        q = next(q for q in asked if (q.key, q.wave_from, q.wave_to) == place)
        counts = q.units_in_all_arms()
        arms = [arm for arm in study_arms if counts.get(arm, 0) > 1]
        if len(arms) > 2 and q.plan.design in {"pupils", "units"}:
            made += _of_moment(q, arms, [arm for arm in arms if arm in controls])
    return made


def _of_moment(q: Question, arms: list[str], controls: list[str]) -> list[Estimate]:
    rows = q.whole.loc[q.whole["arm"].isin(arms)]
    by_unit = q.unit.of_pupil is not None
    units = as_units(q.plan, rows) if by_unit else single_pupils(q.plan, rows)
    found = adjust(units, slope_of(q.plan), units_per_covariate=UNITS_PER_COVARIATE if by_unit else 0)
    n_units = len(units.arm) if by_unit else None

    def stated(method: str, quantity: Quantity, of: Sequence[str], name: str = "") -> Estimate:
        n = int(rows["arm"].isin(of).sum())
        counted = None if n_units is None else sum(units.counts[arm] for arm in of)
        made = q.estimate(method, quantity, n, counted)
        return replace(made, contrast=name, arms=tuple(of), id=_id(q, name or "all", method))

    test = omnibus(found)
    whole = Quantity(test.statistic, df=test.df, statistic=test.statistic, p=test.p, note=test.note or "omnibus")
    made = [stated("omnibus", whole, arms)]
    made += [_mean(stated("adjusted_mean", _mean_of(found, arm, q), [arm]), arm) for arm in arms]
    treated = [arm for arm in arms if arm not in controls]
    if controls and len(treated) > 1:
        weights = {arm: 1 / len(treated) for arm in treated} | {arm: -1 / len(controls) for arm in controls}
        pooled = compare(found, weights, level=q.ci_level).test
        made.append(stated("pooled_contrast", pooled, [*treated, *controls]))
    return [*made, *_pairs(q, found, arms, stated)]


def _pairs(q: Question, found: Adjusted, arms: list[str], stated: Stated) -> list[Estimate]:
    order = {arm: i for i, arm in enumerate(arms)}
    made = []
    for (later, earlier), result in pairwise(found, level=q.ci_level).items():
        a, b, test = later, earlier, result.test
        if order[a] < order[b]:  # the later arm in the study file minus the earlier one
            a, b = b, a
            test = compare(found, {a: 1.0, b: -1.0}, level=q.ci_level).test
        made.append(stated("pairwise", test, [a, b], f"{a} - {b}"))
    tested = [e for e in made if e.p is not None]
    if len(tested) < 2:
        return made
    smaller = corrected([float(e.p or 0) for e in tested], "holm")
    for e, p in zip(tested, smaller, strict=True):
        values = Quantity(float(p), p=float(p))
        made.append(stated("p_holm_pairs", values, e.arms, e.contrast))
    return made


def _mean_of(found: Adjusted, arm: str, q: Question) -> Quantity:
    """Return an arm's mean at equal covariates with its interval; a test against 0 would ask nothing."""
    test = compare(found, {arm: 1.0}, level=q.ci_level).test
    return replace(test, statistic=None, p=None)


def _mean(estimate: Estimate, arm: str) -> Estimate:
    return replace(estimate, grouped_by="arm", group=arm, id=f"{estimate.id}/{identifier(arm)}")


def _id(q: Question, name: str, method: str) -> str:
    return identifier(q.key, f"{q.wave_from}-{q.wave_to}".strip("-"), name, method)
