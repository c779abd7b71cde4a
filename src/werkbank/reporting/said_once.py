"""What several answers say in the same words is said once, with the questions of which it holds."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from werkbank.effects.questions import contrasts
from werkbank.reporting.blocks import Bullets, Paragraph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkbank.reporting.blocks import Table
    from werkbank.reporting.report import Report
    from werkbank.reporting.sections import Blocks
    from werkbank.results import Claim

_END = re.compile(r"(?<=[.!?])\s+(?=[^\s\d])")


@dataclass(frozen=True)
class Told:
    """Claims as sentences: what only one of them says, and each sentence of several with those that say it."""

    own: dict[str, str]  # by the id of the claim
    shared: dict[str, tuple[Claim, ...]]

    def of(self, claims: Sequence[Claim], before: Sequence[Claim] = ()) -> dict[str, tuple[Claim, ...]]:
        """Return the shared sentences that any of `claims` says and none of `before`, which were told already."""
        told, now = {c.id for c in before}, {c.id for c in claims}
        ids = {sentence: {c.id for c in of} for sentence, of in self.shared.items()}
        return {s: of for s, of in self.shared.items() if ids[s] & now and not ids[s] & told}


def told(report: Report, claims: Sequence[Claim]) -> Told:
    """Return all answers of a report; the first sentence of each stays its own, whoever else says the same."""
    pieces = {c.id: _END.split(report.words.claim(c)) for c in claims}
    said: dict[str, list[Claim]] = {}
    for c in claims:
        for sentence in dict.fromkeys(pieces[c.id][1:]):
            said.setdefault(sentence, []).append(c)
    shared = {sentence: tuple(of) for sentence, of in said.items() if len(of) > 1}
    own = {id_: " ".join([first, *(s for s in rest if s not in shared)]) for id_, (first, *rest) in pieces.items()}
    return Told(own, shared)


def shown(report: Report, all_told: Told, claims: Sequence[Claim], before: Sequence[Claim] = ()) -> Blocks:
    """Yield the own sentences of claims, and below them what holds of several."""
    fit = [c for c in claims if c.grade != "description"]
    if fit:
        yield Bullets(tuple(all_told.own[c.id] for c in fit))
    for c in claims:
        if c not in fit:
            yield Paragraph(all_told.own[c.id], "refusal")
    shared = all_told.of(claims, before)
    answered = report.results.claims_where(kind="answer")
    if shared:
        yield Bullets(tuple(_of_several(report, sentence, of, len(answered)) for sentence, of in shared.items()))


def sentences(texts: Sequence[str]) -> tuple[str, ...]:
    """Return texts in which a sentence that ends several of them stands only in the last of those."""
    pieces = [_END.split(text) for text in texts]
    last = {sentence: i for i, (_, *rest) in enumerate(pieces) for sentence in rest}
    return tuple(" ".join([first, *(s for s in rest if last[s] == i)]) for i, (first, *rest) in enumerate(pieces))


def below(report: Report, tables: Sequence[Table | None]) -> Blocks:
    """Yield tables, and once below them the notes that several have; a note of one table stays with it."""
    shown_here = [made for made in tables if made is not None]
    counted = Counter(note for made in shown_here for note in dict.fromkeys(made.notes))
    common = [note for note, n in counted.items() if n > 1]
    yield from (replace(made, notes=tuple(n for n in made.notes if n not in common)) for made in shown_here)
    if common:
        yield Paragraph(report.words.say("report.once.tables"))
        yield Bullets(tuple(common))


def _of_several(report: Report, sentence: str, of: Sequence[Claim], n: int) -> str:
    words = report.words
    if len(of) == n:
        return words.say("report.once.all", sentence=sentence)
    names = words.listed([_asked(report, c) for c in of])
    return words.say("report.once.some", questions=names, sentence=sentence)


def _asked(report: Report, claim: Claim) -> str:
    words = report.words
    names = {"outcome": words.outcome(claim.outcome), "wave": words.wave(claim.wave_to)}
    if claim.contrast and len(contrasts(report.study)) > 1:
        return words.say("report.once.compared", contrast=words.contrast(claim.contrast), **names)
    return words.say("report.once.single", **names)
