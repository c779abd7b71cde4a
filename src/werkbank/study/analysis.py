"""The block `analysis`: random slopes, which only a mixed model with the optional engine can answer (decision 013)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from werkbank.catalogue import say
from werkbank.errors import MissingPieceError
from werkbank.study.parts import Part


class Analysis(Part):
    """A mixed model beyond groups within groups; it stands beside the main analysis. Needs the extra `lme`."""

    random_slopes: list[str] = Field(
        min_length=1, description="pre, covariates, or arm (pupils assigned): may differ between the classes"
    )


def engine(language: str = "en") -> Any:  # noqa: ANN401 - a module without types that may not be there
    """Return lme-python.

    Raises
    ------
    MissingPieceError
        It is not installed; the message has the line that installs it.
    """
    try:
        import lme_python
    except ImportError as error:
        raise MissingPieceError(say("problems.engine_missing", language)) from error
    return lme_python
