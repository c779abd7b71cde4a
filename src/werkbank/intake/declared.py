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
