"""The evidence base as a reader sees it."""

from __future__ import annotations

from werkbank.catalogue import say
from werkbank.reporting import numbers
from werkbank.synthesis.evidence import evidence


def told(language: str, outcome: str = "") -> list[str]:
    """Return the evidence as lines for a reader: each entry with its numbers, what is missing, and its source."""
    lines = []
    for known in evidence():
        if outcome and known.outcome != outcome:
            continue
        missing = say("synthesis.evidence.not_found", language)
        g = missing if known.g is None else numbers.decimal(known.g, language)
        ci = f" {numbers.interval(*known.ci, language)}" if known.ci else ""
        lines.append(say("synthesis.evidence.line", language, id=known.id, label=known.label[language], g=f"{g}{ci}"))
        certainty = say(f"synthesis.certainty.{known.certainty}", language)
        lines.append(say("synthesis.evidence.source", language, source=known.source, certainty=certainty))
        if known.open:
            lines.append(say("synthesis.evidence.open", language, what=known.open))
    return lines
