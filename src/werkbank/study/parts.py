"""What every block of a study file is built from: waves, texts in two languages, files."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

# canonical wave names in the order of time; the file's own codes are mapped to these
WAVES = ("baseline", "pre", "post", "followup", *(f"followup{n}" for n in range(2, 100)))

Wave = Annotated[
    str,
    Field(
        pattern=r"^(baseline|pre|post|followup([2-9]|[1-9][0-9])?)$",
        description="baseline, pre, post, followup, followup2 … followup99",
    ),
]
# scores that are made of nominations, as columns of their file; the first two have mean 0 and SD 1 in every class
PEERS = ("peer_preference", "peer_impact", "peer_liked", "peer_disliked")
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


class Nominations(Part):
    """How a file tells who named whom; the pupil's own column holds who named.

    With `whom` and `kind` a row is one nomination; without them a row is one pupil, and columns hold whom it named.
    """

    liked: list[str] = Field(
        min_length=1, description="columns with codes of who was named; or, with kind, what it holds: [most, aardig]"
    )
    disliked: list[str] = Field(min_length=1, description="as liked")
    whom: str | None = Field(default=None, description="the column with who was named, where a row is one nomination")
    kind: str | None = Field(default=None, description="the column that says whether it is liked or disliked")
    fewest: int = Field(
        default=10, ge=3, description="pupils of a class who named somebody; a class with fewer has no scores"
    )
    share: float = Field(default=0.6, gt=0, le=1, description="as fewest: the share of its pupils who named somebody")

    @model_validator(mode="after")
    def _agrees(self) -> Nominations:
        if (self.whom is None) != (self.kind is None):
            raise ValueError("nominations_layout")
        if {name.casefold() for name in self.liked} & {name.casefold() for name in self.disliked}:
            raise ValueError("nominations_both")
        return self

    @property
    def columns(self) -> list[str]:
        """The columns of the file that it names."""
        return [self.whom, self.kind] if self.whom and self.kind else [*self.liked, *self.disliked]


class FileSpec(Part):
    """One file with answers. What can be seen in the file need not be said here."""

    path: str = Field(min_length=1, description="relative to the folder of study.yaml")
    sheet: str | None = Field(default=None, description="the sheet of a workbook; needed when there is more than one")
    wave: str | None = Field(default=None, description="the wave code, when the whole file is of one wave")
    class_: str | None = Field(default=None, alias="class", description="the class, when the whole file is of one")
    teacher: str | None = Field(default=None, description="as class")
    school: str | None = Field(default=None, description="as class")
    arm: str | None = Field(default=None, description="the arm's code, when the whole file is of one arm")
    header: int | None = Field(
        default=None, ge=1, description="the row with the column names, when it is not the first"
    )
    skip: list[int] = Field(default_factory=list, description="rows that hold no answers: a second header, an average")
    columns: dict[str, str] = Field(
        default_factory=dict, description="names as this study file has them -> names as this file has them"
    )
    informant: Informant | None = Field(default=None, description="whose answers these are, when all are one's")
    nominations: Nominations | None = Field(
        default=None, description="where it tells who named whom: scores among classmates are made of it (peer_…)"
    )
    delimiter: Literal[",", ";", "\t", "|"] | None = Field(default=None, description="when it cannot be seen")
    decimal: Literal[",", "."] | None = Field(default=None, description="when it cannot be seen")
    encoding: str | None = Field(default=None, description="when it cannot be seen")


class Rule(Part):
    """What the cells of one column may hold, whatever the column is for."""

    missing: list[float | str] = Field(default_factory=list, description="codes that mean: not known")
    range: tuple[float, float] | None = Field(default=None, description="lowest and highest possible value")
    answers: dict[str, float] | None = Field(default=None, description="what stands in the cells -> numbers")

    @field_validator("answers", mode="before")
    @classmethod
    def _text_keys(cls, raw: Any) -> Any:  # noqa: ANN401 - whatever YAML held
        return answer_keys(raw)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Rule:
        if self.range is not None and self.range[0] > self.range[1]:
            raise ValueError("outcome_range_order")
        check_answers(self.answers)
        return self


def text_keys(raw: Any) -> Any:  # noqa: ANN401 - whatever YAML held
    """Return a mapping with its keys as text: a file's codes are, and YAML reads 1 and 2026-09-14 otherwise."""
    return {str(k): v for k, v in raw.items()} if isinstance(raw, dict) else raw


def answer_keys(raw: Any) -> Any:  # noqa: ANN401 - whatever YAML held
    """Return answers with their words as text; of an unquoted yes or no YAML keeps only that it was one."""
    words = {True: ("yes", "true", "on"), False: ("no", "false", "off")}
    if not isinstance(raw, dict):
        return raw
    return {word: v for k, v in raw.items() for word in (words[k] if isinstance(k, bool) else (str(k),))}


def check_answers(answers: dict[str, float] | None) -> None:
    """Raise when two spellings of one answer stand for two numbers."""
    seen: dict[str, float] = {}
    for word, number in (answers or {}).items():
        if seen.setdefault(" ".join(word.split()).casefold(), number) != number:
            raise ValueError("answers_collide")


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
