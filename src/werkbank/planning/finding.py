"""Everything that a plan says in numbers, as facts: power, smallest detectable difference, width, units needed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from werkbank.planning.asking import asked, iccs, smallest_that_matters
from werkbank.planning.cases import case_power
from werkbank.planning.power import bloom_detectable, detectable, half_width, power, shape
from werkbank.planning.related import slope_power
from werkbank.planning.simulating import simulate
from werkbank.results import Fact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkbank.planning.asking import Asked
    from werkbank.planning.prospect import Prospect
    from werkbank.study.model import Study

KIND = "plan"
MOST_UNITS = 2000  # in the smallest arm
CURVE_ICCS = (0.05, 0.10, 0.15, 0.20, 0.25)
CURVE = (3, 4, 5, 6, 8, 10, 12, 16, 20, 30, 40)  # units in the smallest arm


def facts(study: Study, seed: int, *, quick: bool = False) -> list[Fact]:
    """Return what a plan says in numbers.

    Parameters
    ----------
    study : Study
        With a block `planning`.
    seed : int
        Of the simulated studies.
    quick : bool
        Leave the simulated studies and the curves out, which take most of the time.

    Returns
    -------
    list of Fact
        Of kind ``plan``: by contrast and wave, with `category` the ICC, and `item` the number of units in the smallest
        arm where it is another than the plan's. A number that a design refuses is None, with the reason in `note`.
    """
    plan = study.planning
    if plan is None:
        return []
    if plan.cases is not None:
        return _of_cases(study, seed)
    if plan.association is not None:
        return _of_association(study, seed)
    effect = smallest_that_matters(study)
    made = [_fact("plan_effect", effect), _fact("plan_aim", plan.power)]
    made += [
        _fact("plan_icc", icc, category=name) for name, icc in zip(("low", "middle", "high"), iccs(plan), strict=True)
    ]
    for number, one in enumerate(asked(study)):
        made += _of(one, effect, plan.power, 0 if quick else plan.simulations, seed)
        if number == 0 and not quick and not one.middle.single:
            made += list(_curve(one, plan.power))
    return made


def _of(one: Asked, effect: float, aim: float, n: int, seed: int) -> Iterator[Fact]:
    at: dict[str, Any] = {"contrast": one.contrast, "wave": one.wave_to, "wave_from": one.wave_from,
                          "wave_to": one.wave_to}  # fmt: skip
    for prospect in dict.fromkeys(p.icc for p in (one.low, one.middle, one.high)):
        p = next(x for x in (one.low, one.middle, one.high) if x.icc == prospect)
        where = {**at, "category": f"{p.icc:g}", "n": sum(one.units.values()), "note": shape(p).refusal}
        yield _fact("plan_power", power(p, effect), **where)
        yield _fact("plan_detectable", detectable(p, aim), **where)
        yield _fact("plan_detectable_rule", bloom_detectable(p, aim), **where)
        yield _fact("plan_half_width", half_width(p), **where)
        if not p.single:
            yield _fact("plan_units_needed", units_needed(p, effect, aim), **where)
    if n and not shape(one.middle).refusal:
        found = simulate(one.middle, effect, n=n, seed=seed)
        where = {**at, "category": f"{one.middle.icc:g}", "n": n}
        yield _fact("plan_power_simulated", found.power, **where)
        yield _fact("plan_power_mcse", found.mcse, **where)
        yield _fact("plan_half_width_simulated", found.half_width, **where)
    for arm in one.units:
        yield _fact("plan_units", one.enrolled_units[arm], arm=arm, category="assigned", **at)
        yield _fact("plan_units", one.units[arm], arm=arm, category="analysed", **at)


def scaled(p: Prospect, smallest: int) -> Prospect:
    """Return the same comparison with `smallest` units in the smallest arm, all else in proportion."""
    now = min(p.counts) if not p.single else p.units[""]
    times = smallest / now
    units = {arm: max(round(n * times), 1) for arm, n in p.units.items()}
    return p.with_(units=units, assigned=max(round(p.assigned * times), sum(units.values())),
                   blocks=max(round(p.blocks * times), 1) if p.blocks else 0)  # fmt: skip


def units_needed(p: Prospect, effect: float, aim: float) -> int | None:
    """Return the fewest units in the smallest arm that find `effect` with chance `aim`; None beyond `MOST_UNITS`.

    Arms keep their proportions, blocks their size, and so does the share that is lost.
    """
    now = min(p.counts)
    step = -(-now // p.blocks) if p.blocks and p.level != "pupil" else 1
    grid = list(range(step * max(1, -(-2 // step)), MOST_UNITS + 1, step))
    low, high = 0, len(grid) - 1
    if not _reaches(p, grid[high], effect, aim):
        return None
    while low < high:
        middle = (low + high) // 2
        if _reaches(p, grid[middle], effect, aim):
            high = middle
        else:
            low = middle + 1
    return grid[low]


def _reaches(p: Prospect, n: int, effect: float, aim: float) -> bool:
    found = power(scaled(p, n), effect)
    return not math.isnan(found) and found >= aim


def _curve(one: Asked, aim: float) -> Iterator[Fact]:
    """The smallest detectable difference by number of units and ICC, all else as planned."""
    p = one.middle
    at: dict[str, Any] = {"contrast": one.contrast, "wave": one.wave_to, "wave_from": one.wave_from,
                          "wave_to": one.wave_to}  # fmt: skip
    counts = CURVE if p.level != "pupil" else tuple(10 * n for n in CURVE)
    # those of the plan, so that the figure and the table tell of the same; one ICC alone shows nothing of the others
    own = tuple(dict.fromkeys((one.low.icc, one.middle.icc, one.high.icc)))
    many = (p.icc,) if p.level == "pupil" else own if len(own) > 1 else tuple(sorted({*CURVE_ICCS, *own}))
    for icc in many:
        for n in counts:
            made = scaled(p, n).with_(icc=icc)
            if not shape(made).refusal:
                yield _fact("plan_detectable", detectable(made, aim), category=f"{icc:g}", item=str(n), **at)


def _of_cases(study: Study, seed: int) -> list[Fact]:
    plan = study.planning
    assert plan is not None  # noqa: S101 - seen by the caller
    assert plan.cases is not None  # noqa: S101 - as above
    found = case_power(plan.cases, n=plan.simulations, seed=seed, alpha=1 - study.ci_level)
    return [
        _fact("plan_effect", plan.cases.effect),
        _fact("plan_aim", plan.power),
        _fact("plan_assignments", found.assignments),
        _fact("plan_case_smallest_p", found.smallest_p),
        _fact("plan_case_power", found.power, n=found.n),
        _fact("plan_power_mcse", found.mcse, n=found.n),
    ]


def _of_association(study: Study, seed: int) -> list[Fact]:
    plan = study.planning
    assert plan is not None  # noqa: S101 - seen by the caller
    assert plan.association is not None  # noqa: S101 - as above
    made = [_fact("plan_effect", plan.association.slope), _fact("plan_aim", plan.power)]
    found = slope_power(plan.association, n=plan.simulations, seed=seed, alpha=1 - study.ci_level)
    for part, one in found.items():
        made += [
            _fact("plan_slope_power", one.power, category=part, n=one.n),
            _fact("plan_power_mcse", one.mcse, category=part, n=one.n),
            _fact("plan_slope_half_width", one.half_width, category=part, n=one.n),
        ]
    return made


def _fact(what: str, value: float | None, **more: Any) -> Fact:  # noqa: ANN401 - a fact's
    known = None if value is None or not np.isfinite(value) else value
    at = [more.get(name, "") for name in ("contrast", "wave", "arm", "category", "item")]
    key = "/".join(["plan", *("".join(str(part).lower().split()) for part in at if part), what])
    return Fact(key, what, known, kind=KIND, **more)
