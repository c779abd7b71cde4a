"""All outcomes of a study at once: answers -> scores, with the facts that tell how well each scale was measured."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from werkbank import steps
from werkbank.errors import UnfitError
from werkbank.intake.layout import key_of
from werkbank.measurement.scoring import SCORES, item_matrix, score
from werkbank.results import Fact, plain
from werkbank.statistics.reliability import alpha, item_rest, omega
from werkbank.study import WAVES, text_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from werkbank.instruments import Instrument
    from werkbank.intake import Intake
    from werkbank.study import Outcome, Study


@dataclass(frozen=True)
class Warned:
    """Something about a scale that a reader must see: a catalogue key under ``report.warnings`` and its values."""

    key: str
    values: dict[str, object]


@dataclass(frozen=True)
class Scores:
    """Scores of every outcome, the keys that made them, and what is known about their quality.

    `table` is long: pupil, teacher, class, school, arm, wave, informant, outcome, scale, score, n_items_answered,
    n_items.
    """

    table: pd.DataFrame
    instruments: dict[str, Instrument]
    facts: tuple[Fact, ...]
    warnings: tuple[Warned, ...]


def instruments_of(study: Study) -> dict[str, Instrument]:
    """Return the key of every outcome, by outcome name.

    Raises
    ------
    UnfitError
        With every problem of every outcome: unknown instrument, a version that must be chosen, a frame without its
        item numbers, a scale that the instrument lacks.
    """
    found, problems = {}, []
    for n, outcome in enumerate(study.outcomes):
        try:
            found[outcome.id] = key_of(study, outcome)
        except UnfitError as error:
            where = f"outcomes.{n}"
            problems += [replace(p, file=p.file or study.file, column=p.column or where) for p in error.problems]
    if problems:
        raise UnfitError(problems, study.language)
    return found


def score_study(intake: Intake) -> Scores:
    """Score every outcome of a study and describe its scales.

    For each scale of two or more items, at each wave: alpha with Feldt's interval, one-factor omega, and the lowest
    item-rest correlation; a negative one is a warning that names the item.

    Parameters
    ----------
    intake : Intake
        Checked answers, as `werkbank.intake.read_answers` returns them.
    """
    steps.begin("scoring")
    study = intake.study
    keys = instruments_of(study)
    facts = [
        Fact(f"file-{n}/rows_read", "rows_read", f.n_rows, kind="file") for n, f in enumerate(intake.files, start=1)
    ]
    warnings: list[Warned] = []
    for outcome, scale in scales_of_items(intake, keys):
        more, loud = _quality(intake, outcome, keys[outcome.id], scale)
        facts += more
        warnings += loud
    return Scores(table_of_scores(intake, keys), keys, tuple(facts), tuple(warnings))


def table_of_scores(intake: Intake, keys: Mapping[str, Instrument]) -> pd.DataFrame:
    """Return the scores of every outcome in one long table (`Scores.table`), by their keys."""
    tables = [score(intake.answers, o.id, keys[o.id], o.scales) for o in intake.study.outcomes]
    empty = tables[0] if tables else pd.DataFrame(columns=SCORES)
    table = pd.concat([t for t in tables if len(t)], ignore_index=True) if any(map(len, tables)) else empty
    return table[SCORES]


def scale_key(outcome: str, scale: str) -> str:
    """Return how results call a scale: ``strs-sf.closeness``, or ``taal`` when the outcome is its only scale."""
    return scale if scale == outcome else f"{outcome}.{scale}"


def scale_of(key: str) -> tuple[str, str]:
    """Return the outcome and the scale that results call `key`, as instruments have it: the inverse of `scale_key`."""
    outcome, _, scale = key.partition(".")
    return outcome, scale or outcome


def scale_label(study: Study, keys: dict[str, Instrument], key: str, language: str) -> str:
    """Return how a reader is shown the scale that results call `key`."""
    name, scale = scale_of(key)
    outcome = study.outcome(name)
    if scale == name:
        return text_in(outcome.label, language, name)
    label = keys[name].label(scale, language)
    own = text_in(outcome.label, language)
    return f"{label} ({own})" if own else label


def scale_meaning(study: Study, keys: dict[str, Instrument], key: str, language: str) -> str:
    """Return what a scale is about in everyday words: the study's own, else its instrument's, else nothing."""
    name, scale = scale_of(key)
    own = text_in(study.outcome(name).meaning, language)
    known = keys[name].scales.get(scale)
    return own or (text_in({**known.meaning}, language) if known is not None else "")


def scales_of_items(intake: Intake, keys: Mapping[str, Instrument]) -> Iterator[tuple[Outcome, str]]:
    """Yield every scale of the study that is made of more than one item."""
    for outcome in intake.study.outcomes:
        key = keys[outcome.id]
        for scale in outcome.scales or list(key.scales):
            if scale in key.scales and len(key.scales[scale].items) > 1:
                yield outcome, scale


def waves_of(intake: Intake, outcome: Outcome) -> list[str]:
    """Return the waves at which an outcome was asked, in the order of time."""
    answers = intake.answers
    seen = set(answers.loc[answers["outcome"] == outcome.id, "wave"].unique().astype(str))
    return [wave for wave in WAVES if wave in seen]


def _quality(intake: Intake, outcome: Outcome, key: Instrument, scale: str) -> tuple[list[Fact], list[Warned]]:
    facts: list[Fact] = []
    warnings: list[Warned] = []
    name = scale_key(outcome.id, scale)
    for wave in waves_of(intake, outcome):
        items = item_matrix(intake.answers, outcome.id, key, scale, wave, outcome.informant)
        if items.empty or bool(items.isna().all(axis=None)):
            continue
        found: dict[str, tuple[float, int]] = {}
        for what, r in (("alpha", alpha(items)), ("omega", omega(items.to_numpy(float)))):
            ends = {"": r.estimate, "_ci_low": r.ci_low, "_ci_high": r.ci_high}
            found |= {what + end: (value, r.n) for end, value in ends.items()}
        rest = item_rest(items)
        lowest = rest.idxmin() if rest.notna().any() else None
        if lowest is not None:
            found["item_rest_lowest"] = (float(rest[lowest]), found["alpha"][1])
            negative = [str(item) for item in rest.index[rest < 0]]
            warnings += [Warned("negative_item_rest", {"outcome": name, "wave": wave, "item": i}) for i in negative]
        facts += [
            Fact(f"{name}/{wave}/{what}", what, plain(value), name, outcome.informant, "", wave, n, kind="reliability")
            for what, (value, n) in found.items()
        ]
    return facts, warnings
