"""From which theory a measure comes, and on what level it is: tags of the codebook, as data."""

from __future__ import annotations

from pathlib import Path

from werkbank.catalogue import shipped

TAGS = Path(__file__).with_name("theories.yaml")
THEORIES = ("attachment", "interpersonal", "self_determination", "attribution", "helplessness", "mindset", "efficacy")
LEVELS = ("relation", "class", "teacher", "pupil", "school")


def tags(instrument: str | None) -> tuple[str, str]:
    """Return theory and level of an instrument; "" for what is not known of it."""
    known: dict[str, dict[str, str]] = shipped(TAGS)
    told = known.get(instrument or "", {})
    return told.get("theory", ""), told.get("level", "")
