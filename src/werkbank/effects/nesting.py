"""Within what lots were drawn: declared blocks, or a school, class or teacher in which pupils of both arms sit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkbank.effects.units import unit_names

if TYPE_CHECKING:
    import pandas as pd

    from werkbank.effects.units import Unit
    from werkbank.study.model import Study

HALF = 0.5  # of the pupils
ABOVE = ("school", "class", "teacher")  # in which pupils may have been divided: the usual one first


@dataclass(frozen=True)
class Blocks:
    """The block of every pupil and what it is: ``block`` (declared), or the level at which nobody declared it.

    `declared` is False where the data alone say that arms meet within it; `level` is "" without blocks, `partly` then
    the level at which arms meet here and there.
    """

    level: str
    of_pupil: pd.Series | None
    declared: bool
    partly: str = ""


NO_BLOCKS = Blocks("", None, declared=False)


def blocks_of(study: Study, pupils: pd.DataFrame, unit: Unit) -> Blocks:
    """Find the blocks of a comparison.

    What the study file declares holds (a column ``block`` of `pupils`); a study file that declares that there are none
    is believed, and so is a lot that was drawn without any. Otherwise: pupils who were assigned are compared within
    schools (classes, teachers), if those with pupils of all arms hold at least half of the pupils; classes that were
    assigned are compared within schools only where every school has all arms, since a school with one arm then costs
    whole classes. Where arms meet here and there, and that is not enough, it is said.
    """
    single = not study.compared or "arm" not in pupils
    if single or unit.alone:
        return NO_BLOCKS
    if "block" in pupils and pupils["block"].notna().any():
        return Blocks("block", pupils["block"].astype("string"), declared=True)
    if study.design.blocks is False or (study.lot is not None and not study.lot.in_blocks):
        return NO_BLOCKS
    partly = ""
    levels = ABOVE if unit.of_pupil is None else ("school",) * (unit.level in {"class", "teacher"})
    for level in levels:
        names = unit_names(pupils, level)
        if names is None or study.unit == level or names.nunique() < 2:
            continue
        arms = pupils["arm"].astype(object).groupby(names).nunique()
        whole = arms == pupils["arm"].nunique()
        within = float(names.map(whole).eq(other=True).mean())
        if within >= HALF if unit.of_pupil is None else bool(whole.all()):
            return Blocks(level, names.rename("block"), declared=False)
        partly = partly or (level if (arms > 1).any() else "")
    return Blocks("", None, declared=False, partly=partly)
