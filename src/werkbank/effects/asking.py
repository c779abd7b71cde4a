"""Which questions were asked beforehand: the primary ones, and what that makes of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from werkbank.study.model import Study

Role = Literal["primary", "secondary", "exploratory"]


def role_of_outcome(study: Study, key: str) -> Role:
    """Return the role of what results call `key`: a list of primary questions wins over the outcome's own role."""
    name = key.partition(".")[0]
    own = study.outcome(name).role
    if not study.primary:
        return own
    if any(asked.outcome in {key, name} for asked in study.primary):
        return "primary"
    return "secondary" if own == "primary" else own


def role_of_question(study: Study, key: str, wave: str, contrast: str, first_wave: str) -> Role:
    """Return the role of one question: an outcome at a wave, in a comparison.

    Without a list of primary questions a primary outcome is asked at its first wave after the start; later ones
    (follow-ups) are secondary. `first_wave` is that wave.
    """
    name, role = key.partition(".")[0], role_of_outcome(study, key)
    if role != "primary":
        return role
    if not study.primary:
        return "primary" if wave == first_wave else "secondary"
    asked = [p for p in study.primary if p.outcome in {key, name} and p.wave == wave]
    return "primary" if any(p.contrast in {None, contrast} for p in asked) else "secondary"
