"""What a study file leaves open: texts of an example, who filled something in; and items on which nobody differs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

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
    given = answers.dropna(subset=["value"])
    by = given.groupby(["outcome", "wave", "item"], observed=True)["value"].agg(["min", "max", "size"])
    items = given.groupby("outcome", observed=True)["item"].nunique()
    for (outcome, wave, item), found in by[(by["min"] == by["max"]) & (by["size"] >= FEWEST)].iterrows():
        if items[outcome] > 1:
            ledger.note(
                "item_constant", outcome=str(outcome), wave=str(wave), item=str(item), value=f"{found['min']:g}"
            )
