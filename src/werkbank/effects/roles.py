"""Coached teachers with target pupils and others: which arms that makes, and what is compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

    from werkbank.study.model import Study


class RoleArms(NamedTuple):
    """The arms of a study of roles as results call them: coached teachers' two kinds of pupils, control teachers'."""

    target: str
    transfer: str
    control: str


def role_arms(study: Study) -> RoleArms | None:
    """Return the arms of a study whose teachers (or classes) were coached and whose pupils have roles; else None.

    Roles are declared as a column beside the arm (the arms then are ``target`` and ``transfer``), or as arms whose role
    is target and transfer and which sit under the same teachers. Planned contrasts are taken as they are declared.
    """
    if study.contrasts or study.design.assigned_by == "pupil" or len(study.control_arms) != 1:
        return None
    if "role" in study.columns.named() and len(study.treated_arms) == 1:
        return RoleArms("target", "transfer", study.control_arms[0])
    named = {role: [arm for arm, of in study.arms.items() if of == role] for role in ("target", "transfer")}
    if len(study.treated_arms) == 2 and all(named.values()):
        return RoleArms(named["target"][0], named["transfer"][0], study.control_arms[0])
    return None


def shown_roles(study: Study) -> dict[str, str]:
    """Return the role of every arm as results call it, in the order in which reports show them.

    Where roles have a column of their own, coached teachers' pupils are the arms ``target`` and ``transfer``; the arm
    of their teachers stays, as the last, for pupils without a role.
    """
    roles = role_arms(study)
    if roles is None or "role" not in study.columns.named():
        return {code: str(role) for code, role in study.arms.items()}
    made = {roles.target: "target", roles.transfer: "transfer", roles.control: "control"}
    return made | {code: str(role) for code, role in study.arms.items() if code not in made}


def shown_arms(study: Study, pupils: pd.DataFrame) -> pd.Series:
    """Return every pupil's arm; of coached teachers' pupils with a role in a column of its own, that role.

    Their pupils without a role keep the arm of their teacher, which no comparison names.
    """
    arm = pupils["arm"].astype(object)
    roles = role_arms(study)
    if roles is None or "role" not in pupils or "role" not in study.columns.named():
        return arm
    return arm.where((arm == roles.control) | pupils["role"].isna(), pupils["role"].astype(object))
