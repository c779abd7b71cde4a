"""A study file with a block `planning` -> every comparison that will be made, with what is expected of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkbank.effects.questions import contrasts, equivalence_bound
from werkbank.effects.roles import role_arms
from werkbank.planning.prospect import Prospect
from werkbank.study.planning import PlannedWave

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkbank.study.model import Study
    from werkbank.study.planning import Planning

USUAL_ICC = (0.05, 0.25)  # of the simulations on which the lead rests (docs/calibration_designs.md)


@dataclass(frozen=True)
class Asked:
    """One comparison at one later wave.

    `enrolled_units` and `enrolled_pupils` are those of the arms compared at the start, `units` and `pupils` those that
    will be left; `low`, `middle` and `high` the same prospect with the lowest, middle and highest ICC.
    """

    contrast: str
    wave_from: str
    wave_to: str
    low: Prospect
    middle: Prospect
    high: Prospect
    enrolled_units: Mapping[str, int]
    enrolled_pupils: Mapping[str, int]
    units: Mapping[str, int]
    pupils: Mapping[str, int]


def iccs(plan: Planning) -> tuple[float, float, float]:
    """Return the lowest, middle and highest ICC: as declared, or what the lead was tried with."""
    if plan.icc is None:
        low, high = USUAL_ICC
    else:
        low, high = plan.icc if isinstance(plan.icc, tuple) else (plan.icc, plan.icc)
    return low, (low + high) / 2, high


def smallest_that_matters(study: Study) -> float:
    """Return the difference that should be found: of the plan, else the one that the report holds to matter."""
    plan = study.planning
    return plan.effect if plan is not None and plan.effect is not None else equivalence_bound(study)


def planned_waves(study: Study) -> dict[str, PlannedWave]:
    """Return the later measurements that are planned, with what is expected of each."""
    plan = study.planning
    if plan is not None and plan.waves:
        return {wave: said for wave, said in plan.waves.items() if wave not in {"baseline", "pre"}}
    later = [wave for wave in study.waves.values() if wave not in {"baseline", "pre"}]
    return {wave: PlannedWave() for wave in dict.fromkeys(later or ["post"])}


def asked(study: Study) -> list[Asked]:
    """Return every comparison that the study file asks for: contrast by contrast, wave by wave."""
    if study.planning is None or not study.planning.of_groups:
        return []
    waves = planned_waves(study)
    return [_asked(study, name, weights, wave) for wave in waves.items() for name, weights in contrasts(study).items()]


def _asked(study: Study, name: str, weights: Mapping[str, float], at: tuple[str, PlannedWave]) -> Asked:
    wave, said = at
    plan, level = study.planning, study.design.assigned_by
    assert plan is not None  # noqa: S101 - seen by the caller
    lost_units = plan.lost_units if said.lost_units is None else said.lost_units
    lost_pupils = plan.lost_pupils if said.lost_pupils is None else said.lost_pupils
    source = _arm_behind(study, weights)
    assigned = {arm: int(plan.of_arm(plan.units, of)) for arm, of in source.items()}
    size = {arm: _pupils_of(plan, arm) if level != "pupil" else 1 for arm in source}
    share = {arm: float(plan.of_arm(lost_pupils, of)) for arm, of in source.items()}
    gone = {arm: int(plan.of_arm(lost_units, of)) for arm, of in source.items()}
    if level == "pupil":
        left = {arm: round(n * (1 - share[arm])) for arm, n in assigned.items()}
    else:
        left = {arm: max(n - gone[arm], 0) for arm, n in assigned.items()}
    compared = [arm for arm, w in weights.items() if w] or [""]
    r = plan.r if said.r is None else said.r
    between = said.r_units if said.r_units is not None else said.r if said.r is not None else plan.r_units
    prospect = Prospect(
        level=level,
        weights={arm: weights.get(arm, 0.0) for arm in source} if weights else {"": 1.0},
        units=left,
        assigned=sum(assigned.values()),
        size=round(sum(size[arm] for arm in compared) / len(compared)),
        lost=0.0 if level == "pupil" else sum(share[arm] for arm in compared) / len(compared),
        drawn=study.design.kind == "randomised",
        blocks=plan.blocks,
        r=r,
        r_units=between,
        explained=plan.explained,
    )
    low, middle, high = (prospect.with_(icc=icc) for icc in iccs(plan))
    pupils = {arm: assigned[arm] * size[arm] for arm in compared}
    rest = {arm: round(left[arm] * size[arm] * (1 - share[arm] * (level != "pupil"))) for arm in compared}
    return Asked(
        name, "" if r is None else "pre", wave, low, middle, high,
        enrolled_units={arm: assigned[arm] for arm in compared}, enrolled_pupils=pupils,
        units={arm: left[arm] for arm in compared}, pupils=rest,
    )  # fmt: skip


def _arm_behind(study: Study, weights: Mapping[str, float]) -> dict[str, str]:
    """Return the arms that are analysed together, each with the arm of the study file that has its units.

    Of coached teachers' pupils with roles each role is an arm by itself, beside the control teachers.
    """
    if not weights:
        return {"": ""}
    roles = role_arms(study)
    if roles is None:
        return {arm: arm for arm in study.arms}
    coached = study.treated_arms[0]
    return {arm: arm if arm in study.arms else coached for arm in weights}


def _pupils_of(plan: Planning, arm: str) -> int:
    named = {str(role): n for role, n in plan.pupils_in_role.items()}
    return named.get(arm, plan.pupils)
