"""What is promised before the data: the block of study.yaml that says it, and the file in which a promise is kept."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - pydantic reads it
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, ValidationError

from werkbank.errors import Problem, UnfitError
from werkbank.instruments.written import NotYamlError
from werkbank.study.parts import Part, Text
from werkbank.study.sealed import opened, seal_of

if TYPE_CHECKING:
    from pathlib import Path

# where the data lie, how they are spelled, what pages are called: no promise about the study
NO_PROMISE = frozenset(
    {
        "files", "columns", "aliases", "distinct", "labels", "thesis", "reports", "school", "privacy", "language",
        "measured", "title", "source", "simulated", "evidence", "logo", "monitoring", "programme", "planning",
    }
)  # fmt: skip
State = Literal["none", "before", "outcomes", "unread"]


class Registration(Part):
    """What a study file does not say otherwise, and a registration asks for."""

    hypotheses: list[Text] = Field(default_factory=list, description="in words; from the primary questions if left out")
    stopping: Text | None = Field(default=None, description="when the collecting of data ends, and who decides")
    missing: Text | None = Field(default=None, description="what is done about missing data besides what reports do")
    exclusions: Text | None = Field(default=None, description="who will be left out, and by which rule")


class DataFile(Part):
    """A data file that was there when the plan was registered."""

    file: str
    sha256: str


class Data(Part):
    """Which data were there: none, only measurements before, outcomes, or files that could not be read."""

    state: State
    files: tuple[DataFile, ...] = ()
    n_outcomes: int = Field(default=0, description="answers after the start that were there")


class Registered(Part):
    """A plan as it was registered; `study` is the study file, field by field."""

    registration: Literal[1]
    made: datetime
    study_file: str
    study_sha256: str
    data: Data
    made_with: dict[str, str]
    study: dict[str, Any]

    @property
    def in_time(self) -> bool:
        """Whether nothing shows that outcomes were there already."""
        return self.data.state in {"none", "before"}


def fields_of(study: Any) -> dict[str, Any]:  # noqa: ANN401 - a Study, which imports this
    """Return what a study file promises: every field that is set, as plain values, but for those of `NO_PROMISE`."""
    content: dict[str, Any] = study.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {name: value for name, value in content.items() if name not in NO_PROMISE}


def read_registration(path: Path, shown: str, language: str = "nl") -> Registered:
    """Read a registration and see whether it is as it was made.

    Raises
    ------
    UnfitError
        ``registration_not_found``, ``registration_unreadable``, ``registration_altered``.
    """
    if not path.is_file():
        raise UnfitError([Problem("registration_not_found", shown)], language)
    try:
        raw, seal = opened(path)
        registered = Registered.model_validate(raw)
    except (NotYamlError, ValidationError):
        raise UnfitError([Problem("registration_unreadable", shown)], language) from None
    if seal != seal_of(registered):
        raise UnfitError([Problem("registration_altered", shown)], language)
    return registered
