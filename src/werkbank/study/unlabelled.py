"""Which names an asked language lacks, so that its report would show a code or the other language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkbank.study.labels import MADE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkbank.study.model import Study
    from werkbank.study.parts import Text


def unlabelled(study: Study, language: str) -> list[tuple[str, str]]:
    """Return (kind, code) of what has no name in `language`, so that a report shows the code or the other language.

    What a study file calls by a bare code is taken to be in the study's own language; a text in one language counts
    for that language only, unless it was given as the name in each.
    """
    return [(kind, name) for kind, name, text in _named(study) if not _known(text, language, study.language)]


def _known(text: Text | None, language: str, own: str) -> bool:
    return language in text if isinstance(text, dict) else language == own


def _named(study: Study) -> Iterator[tuple[str, str, Text | None]]:
    labels = study.labels
    yield "title", "title", study.title
    programme = study.programme
    if programme is not None:
        name = programme if isinstance(programme, str) else programme.name
        yield "programme", "programme", name
    for arm in study.arms:
        # of a bare letter or number a report tells the role, which it has in every language
        if len(arm) > 2 or arm in labels.arm:
            yield "arm", arm, labels.arm.get(arm)
    yield from (("wave", wave, text) for wave, text in labels.wave.items())
    for outcome in study.outcomes:
        if outcome.instrument is None or outcome.label is not None:
            yield "outcome", outcome.id, outcome.label
    given: dict[str, Text | None] = {m.column: m.label for m in study.moderators if m.column and m.label is not None}
    who = study.underachievement
    given.update({group.column: group.label for group in (who.fairness if who else [])})
    elsewhere = {who.expected.column} if who else set()  # which has a label of its own
    for column in study.pupil_columns:
        if column not in MADE | elsewhere:
            yield "covariate", column, labels.covariate.get(column, given.get(column))
    yield from (("moderator", m.id, m.label) for m in study.moderators if m.outcome and m.label is not None)
    yield from (("contrast", contrast.name, contrast.label) for contrast in study.contrasts)
    for column, names in labels.value.items():
        yield from (("value", f"{column}: {code}", text) for code, text in names.items())
