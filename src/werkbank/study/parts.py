"""What every block of a study file is built from: waves, texts in two languages, files."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

# canonical wave names in the order of time; the file's own codes are mapped to these
WAVES = ("baseline", "pre", "post", "followup", *(f"followup{n}" for n in range(2, 100)))

Wave = Annotated[
    str,
    Field(
        pattern=r"^(baseline|pre|post|followup([2-9]|[1-9][0-9])?)$",
        description="baseline, pre, post, followup, followup2 … followup99",
    ),
]
Informant = Literal["teacher", "pupil", "parent", "observer", "test"]
Text = str | dict[Literal["nl", "en"], str]  # one text, or one per language of the report
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$", description="letters, digits, - and _")]


def text_in(text: Text | None, language: str, otherwise: str = "") -> str:
    """Return `text` in `language`, in its other language when it has only that, or `otherwise` when there is none."""
    if isinstance(text, dict):
        by_language: dict[str, str] = {str(k): v for k, v in text.items()}
        return by_language.get(language) or next(iter(by_language.values()), otherwise)
    return text or otherwise


class Part(BaseModel):
    """A block of a study file: it cannot be changed, and knows no other keys than its own."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class FileSpec(Part):
    """One file with answers. What can be seen in the file need not be said here."""

    path: str = Field(description="relative to the folder of study.yaml")
    sheet: str | None = Field(default=None, description="the sheet of a workbook; needed when there is more than one")
    wave: str | None = Field(default=None, description="the wave code, when the whole file is of one wave")
    informant: Informant | None = Field(default=None, description="whose answers these are, when all are one's")
    delimiter: Literal[",", ";", "\t", "|"] | None = Field(default=None, description="when it cannot be seen")
    decimal: Literal[",", "."] | None = Field(default=None, description="when it cannot be seen")
    encoding: str | None = Field(default=None, description="when it cannot be seen")


class Moderator(Part):
    """For whom the programme may work better: a column, or a scale of this study as it was scored beforehand."""

    column: str | None = Field(default=None, description="a column: numbers, or two words")
    outcome: str | None = Field(default=None, description="a scale as results call it, such as tses-12.engagement")
    at: Literal["pupil", "teacher"] = Field(default="pupil", description="whose it is; a teacher's is averaged")
    label: Text | None = Field(default=None, description="how the report calls it")

    @model_validator(mode="after")
    def _one_source(self) -> Moderator:
        if (self.column is None) == (self.outcome is None):
            raise ValueError("moderator_kind")
        return self

    @property
    def id(self) -> str:
        """The name that results use for this moderator."""
        return self.column or str(self.outcome)


class Published(Part):
    """An effect that others have published: drawn and listed beside this study's own, not computed with."""

    label: Text = Field(description="as a reader knows it, such as: Durlak et al. (2011), 213 programmes")
    g: float = Field(description="the standardised effect; above zero is in favour of the programme")
    ci: tuple[float, float] = Field(description="its 95% confidence interval: [lowest, highest]")
    source: Text = Field(description="the reference, whole")

    @model_validator(mode="after")
    def _within(self) -> Published:
        if not self.ci[0] <= self.g <= self.ci[1]:
            raise ValueError("evidence_order")
        return self
