"""Pupils with roles under one teacher: target pupils, others to whom it may transfer, and those of other teachers."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from werkbank.statistics.blocks import compare_in_blocks
from werkbank.statistics.quantity import not_computed
from werkbank.statistics.unit_means import Comparison, adjust, compare
from werkbank.statistics.units import units_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from werkbank.statistics.quantity import Quantity
    from werkbank.statistics.unit_means import Slope, SlopeChoice

NOBODY = Comparison(not_computed("too_few_units"), math.nan, math.nan, {}, "too_few_units", ())


@dataclass(frozen=True)
class RoleEffects:
    """Answers of a study whose teachers were coached and whose pupils have roles.

    `against_control` per role: coached minus control teachers' means of that role (`like_with_like` says whether the
    control teachers' pupils had that role, or all their pupils were taken). `between_roles`: first role minus second
    within coached teachers; a description unless the targets were drawn by lot. `teachers` counts those behind each
    answer, (coached, control) or (coached,); `one_role_only` are coached teachers without pupils of one of the roles,
    who are not in `between_roles`; `left_out` says of each answer which covariates it could not adjust for, and why.
    """

    against_control: dict[str, Comparison]
    like_with_like: dict[str, bool]
    between_roles: Quantity
    teachers: dict[str, tuple[int, ...]]
    one_role_only: tuple[str, ...]
    left_out: dict[str, Mapping[str, str]]


def role_effects(  # noqa: PLR0913 - the columns of one table
    rows: pd.DataFrame,
    coached: str,
    control: str,
    slope: Slope | SlopeChoice | None,
    y: str = "post",
    *,
    pre: str | None = "pre",
    pupil_level: Sequence[str] = (),
    teacher_level: Sequence[str] = (),
    teacher: str = "teacher",
    arm: str = "arm",
    role: str = "role",
    roles: tuple[str, str] = ("target", "transfer"),
) -> RoleEffects:
    """Compare teachers' means by role with those of control teachers, and the roles with each other.

    Parameters
    ----------
    rows : DataFrame
        One row per pupil: teacher, arm, role (of control teachers' pupils, too, where they nominated), scores; no
        missing values. A role that nobody has in one of the arms is refused (``too_few_units``), the other is answered.
    slope : see `unit_means.adjust`
        Of the pre-test, chosen for the number of teachers; within units it is that within teacher and role.
    pupil_level, teacher_level : sequence of str
        Further covariates that differ between pupils of a teacher, and those that do not: against control as in
        `unit_means.adjust`; between the roles those of the teacher are equal by themselves.
    roles : tuple of str
        The role that was coached first.

    Notes
    -----
    Every teacher is one unit, whatever the number of pupils; against control the headline rule on the teachers' means
    of that role; between roles a paired t over coached teachers (n - 1; with a slope between units n - 2, of teachers'
    differences on differences). A model with a teacher intercept alone rejects up to 13 % of true nulls between roles
    when the gap between roles differs from teacher to teacher. Targets are chosen, not drawn: regression to the mean
    is in `between_roles`.
    """
    table = rows.assign(**{name: rows[name].astype(str) for name in (arm, role)}, _teacher=rows[teacher].astype(str))
    # every teacher's pupils of one role are a cell: the pre-test's slope is that within cells, of all of them
    table = table.assign(_cell=table["_teacher"] + " / " + table[role])
    cells = units_of(table, y, pre=pre, pupil_level=pupil_level, unit="_cell", arm=arm)
    level: dict[str, Sequence[str]] = {"pupil_level": pupil_level, "unit_level": teacher_level}
    against, like, counted = {}, {}, {}
    left_out: dict[str, Mapping[str, str]] = {"between": dict.fromkeys(teacher_level, "same_in_a_block")}
    for name in roles:
        theirs = table[(table[arm] == control) & (table[role] == name)]
        like[name] = not theirs.empty
        theirs = theirs if like[name] else table[table[arm] == control]
        both = pd.concat([table[(table[arm] == coached) & (table[role] == name)], theirs])
        n_of = both.groupby(arm)["_teacher"].nunique()
        counted[name] = (int(n_of.get(coached, 0)), int(n_of.get(control, 0)))
        if min(counted[name]) == 0:  # this role was not measured in one of the arms
            against[name], left_out[name] = NOBODY, {}
            continue
        units = replace(units_of(both, y, pre=pre, unit="_teacher", arm=arm, **level), sxx=cells.sxx, sxy=cells.sxy)
        adjusted = adjust(units, slope)
        against[name], left_out[name] = compare(adjusted, {coached: 1.0, control: -1.0}), adjusted.left_out
    theirs = table[(table[arm] == coached) & table[role].isin(roles)]
    if theirs[role].nunique() < len(roles):
        none = not_computed("no_blocks")
        return RoleEffects(against, like, none, {**counted, "between": (0,)}, _teachers(theirs), left_out)
    pairs = units_of(theirs, y, pre=pre, pupil_level=pupil_level, unit="_cell", arm=role)
    pairs = replace(pairs, sxx=cells.sxx, sxy=cells.sxy)
    of = [label.removesuffix(f" / {pairs.arms[a]}") for label, a in zip(pairs.labels, pairs.arm, strict=True)]
    found = compare_in_blocks(pairs, of, {roles[0]: 1.0, roles[1]: -1.0}, slope)
    teachers = {**counted, "between": (len(found.blocks),)}
    return RoleEffects(against, like, found.differences, teachers, found.dropped, left_out)


def _teachers(rows: pd.DataFrame) -> tuple[str, ...]:
    return tuple(sorted(rows["_teacher"].unique()))
