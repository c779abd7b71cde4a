"""What may be passed into a notebook: one checked model per report, equal to the notebook's own parameters cell.

papermill writes parameters as code, takes any name, and turns what it does not know into text. So nothing reaches it
that is not a known name with a plain value of the right type.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from werkbank.catalogue import say
from werkbank.errors import UsageError, nearest

SEED = 20250901


class ReportParams(BaseModel):
    """What every report notebook takes; the defaults are those with which it runs in JupyterLab."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    study: str = Field(default="nabijheid", description="a study file, or the name of an example")
    language: Literal["nl", "en"] = Field(default="nl", description="of the report")
    seed: int = Field(default=SEED, ge=0, lt=2**32, description="of everything that is drawn at random")
    results: str = Field(default="", description="the file to which the results go; empty: to none")
    only: dict[str, str] = Field(
        default={}, description="a role and a code, as {'school': '007'}: a report of these pupils; empty: of all"
    )


class EvaluationParams(ReportParams):
    """Of ``evaluation.ipynb``."""


class AssociationParams(ReportParams):
    """Of ``association.ipynb``."""

    study: str = Field(default="samenhang", description="a study file with associations, or an example's name")


class MeasurementParams(ReportParams):
    """Of ``measurement.ipynb``."""


class UnderachievementParams(ReportParams):
    """Of ``underachievement.ipynb``."""

    study: str = Field(default="bdf", description="a study file with a block underachievement, or an example's name")
    pupil_pages: bool = Field(default=False, description="true: pupils by name, on a page that is private")


class MonitoringParams(ReportParams):
    """Of ``monitoring.ipynb``."""

    study: str = Field(default="volgsysteem", description="a study file with a block monitoring, or an example's name")
    pupil_pages: bool = Field(default=False, description="true: pupils by name, on a page that is private")


class SingleCaseParams(ReportParams):
    """Of ``single_case.ipynb``."""

    study: str = Field(default="klassenspel", description="a study file with a block single_case, or an example's name")
    pupil_pages: bool = Field(default=False, description="true: a private page for each case, for its teacher")


class ProgrammeParams(ReportParams):
    """Of ``programme.ipynb``."""

    study: str = Field(default="leerlingen", description="a study file with a block logs, or an example's name")


class PupilParams(ReportParams):
    """Of ``pupil.ipynb``."""

    study: str = Field(default="leerlingen", description="a study file with a block logs, or an example's name")
    pupil: str = Field(default="", description="the code of one pupil; empty: a page for each")


class PlanningParams(ReportParams):
    """Of ``planning.ipynb``."""

    study: str = Field(default="voornemen", description="a study file with a block planning, or an example's name")


class SynthesisParams(ReportParams):
    """Of ``synthesis.ipynb``."""

    study: str = Field(default="overzicht", description="a study file with a block synthesis, or an example's name")


class SchoolParams(ReportParams):
    """Of ``school.ipynb``."""


class ThesisParams(ReportParams):
    """Of ``thesis.ipynb``."""


MODELS: dict[str, type[ReportParams]] = {
    "association": AssociationParams,
    "evaluation": EvaluationParams,
    "measurement": MeasurementParams,
    "monitoring": MonitoringParams,
    "programme": ProgrammeParams,
    "pupil": PupilParams,
    "planning": PlanningParams,
    "school": SchoolParams,
    "single_case": SingleCaseParams,
    "synthesis": SynthesisParams,
    "thesis": ThesisParams,
    "underachievement": UnderachievementParams,
}


NOT_DECISIVE = {"study", "language", "results"}  # of the results: the study is known by its hash


SHOWN = {"pupil_pages", "pupil"}  # decide what a report shows of its results, not what they are


def shown(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters that are one report's own affair, as its entry in a manifest keeps them."""
    return {k: v for k, v in parameters.items() if k in SHOWN}


def decisive(parameters: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters that decide what the results are, as a manifest keeps them."""
    return {k: v for k, v in parameters.items() if k not in NOT_DECISIVE | SHOWN and v != {}}


def checked(report: str, given: dict[str, object], language: str = "en") -> dict[str, Any]:
    """Return the parameters of a notebook, complete and of plain types.

    Raises
    ------
    UsageError
        For a name that the report does not know (naming the nearest one) or a value that does not fit.
    """
    model = MODELS.get(report, ReportParams)
    known = list(model.model_fields)
    for name in given:
        if name not in known:
            raise UsageError(say("cli.problem.no_parameter", language, name=name, **nearest(name, known)))
    try:
        return model.model_validate(given).model_dump()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        details = {"name": str(first["loc"][0]), "value": first["input"], "reason": first["msg"]}
        raise UsageError(say("cli.problem.parameter_value", language, **details)) from None
