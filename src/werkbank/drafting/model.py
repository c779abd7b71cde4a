"""What drafting hands on: a first study file before it is written, and the folder that was made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from werkbank.drafting.naming import Naming

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from werkbank.drafting.design import Design
    from werkbank.drafting.measures import Outcome
    from werkbank.drafting.roles import Roles
    from werkbank.drafting.settling import Guess


@dataclass
class Draft:
    """What a first study file says, and what of it was guessed."""

    title: str
    language: str
    files: list[dict[str, Any]]
    roles: Roles
    design: Design
    waves: dict[str, str]
    outcomes: list[Outcome]
    covariates: list[str]
    guesses: dict[str, Guess]
    unit: str = "pupil"
    told: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    births: list[str] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    naming: Naming = field(default_factory=Naming)


@dataclass(frozen=True)
class Made:
    """The folder that was made, the guesses in its study file, and all that holds there: place -> value."""

    folder: Path
    guesses: tuple[Guess, ...]
    settled: Mapping[str, str]
