"""What a study file leaves open: texts of an example, who filled something in; and items on which nobody differs."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np

from werkbank.study.parts import text_in

if TYPE_CHECKING:
    import pandas as pd

    from werkbank.intake.ledger import Ledger
    from werkbank.study.model import Study

# of the templates, and what people write to come back to
PLACEHOLDER = re.compile(
    r"titel van het onderzoek|title of the study|todo\b.*|tbd|\.\.\.|…|x{3,}|<[^>]*>|\[[^]]*\]|in te vullen|fill in.*",
    re.IGNORECASE,
)
FEWEST = 10  # answers; fewer may well be the same


def note_declared(study: Study, ledger: Ledger) -> None:
    """Report texts that were left from an example, and note outcomes of which nobody said who filled them in."""
    texts = {"title": study.title, **{f"outcomes.{n}.label": o.label for n, o in enumerate(study.outcomes)}}
    texts |= {"programme": study.programme_in("nl") or None, "school.name": study.school.name if study.school else None}
    for column, text in texts.items():
        for spoken in {text_in(text, "nl"), text_in(text, "en")}:
            if PLACEHOLDER.fullmatch(spoken.strip()):
                ledger.problem("study_placeholder", study.file, column=column, value=spoken)
    for outcome in study.outcomes:
        if "informant" not in outcome.model_fields_set and outcome.instrument is None:
            ledger.note("informant_not_said", outcome=outcome.id)


def note_absent(study: Study, answers: pd.DataFrame, pupils: pd.DataFrame, ledger: Ledger) -> None:
    """Note arms and waves that were declared and do not occur, and how many units each arm has."""
    seen = set(pupils["arm"].dropna())
    for arm in study.arms if study.columns.arm is not None else ():
        if arm not in seen:
            ledger.note("arm_absent", value=arm)
    there = {str(wave) for wave in answers["wave"].unique()}
    for code, wave in study.waves.items():
        if wave not in there:
            ledger.note("wave_absent", value=code)
    unit = study.design.assigned_by
    if unit == "pupil" or study.columns.arm is None or unit not in pupils:
        return
    units = pupils[[unit, "arm"]].dropna().astype(str).drop_duplicates()["arm"].value_counts()
    counts = {arm: int(units.get(arm, 0)) for arm in study.arms}
    name = "units_per_arm" if min(counts.values()) > 1 else "units_too_few"
    column = study.columns.named().get(unit, unit)
    ledger.note(name, unit=column, counts=", ".join(f"{arm} {n}" for arm, n in counts.items()))


def note_constant(answers: pd.DataFrame, ledger: Ledger) -> None:
    """Name items of scales on which everyone gave the same answer at a wave."""
    names = ("outcome", "wave", "item")
    known = [answers[name].cat.categories for name in names]
    given = answers["value"].notna().to_numpy()
    values = answers["value"].to_numpy()[given]
    codes = [answers[name].cat.codes.to_numpy()[given].astype(np.intp) for name in names]
    at = np.ravel_multi_index(codes, [len(one) for one in known]) if len(values) else np.zeros(0, dtype=np.intp)
    sizes = np.bincount(at, minlength=math.prod(map(len, known)))
    first = np.zeros(len(sizes))
    first[at] = values  # any of them: it is asked whether all are like it
    varied = np.bincount(at[values != first[at]], minlength=len(sizes)) > 0
    several = (sizes.reshape([len(one) for one in known]).sum(axis=1) > 0).sum(axis=1) > 1
    for place in (~varied & (sizes >= FEWEST)).nonzero()[0]:
        which = np.unravel_index(place, [len(one) for one in known])
        outcome, wave, item = (str(one[i]) for one, i in zip(known, which, strict=True))
        if several[which[0]]:
            ledger.note("item_constant", outcome=outcome, wave=wave, item=item, value=f"{first[place]:g}")
