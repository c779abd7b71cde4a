"""The block of study.yaml of a single-case study: who was followed day by day, in which phases, and what was drawn."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from werkbank.study.parts import FileSpec, Part, Text

Phase = Literal["A", "B"]
Scale = Literal["rating", "count", "percentage"]


class CaseColumns(Part):
    """The names of the columns of a file with a row for each case and day."""

    case: str = Field(description="who was followed: a pupil, a class")
    session: str = Field(description="the number of the school day or session; a day without a value keeps its number")
    phase: str = Field(description="the phase: A, B, or what `phases` says")
    class_: str | None = Field(default=None, alias="class", description="where the programme was given to classes")


class CaseOutcome(Part):
    """One thing that was measured day by day."""

    column: str = Field(description="the column with a value for each day")
    label: Text | None = Field(default=None, description="how the report calls it; the column when left out")
    better: Literal["higher", "lower"] = Field(description="which direction is good")
    range: tuple[float, float] = Field(description="lowest and highest possible value")
    scale: Scale = Field(
        default="rating", description="rating: its zero is a choice; count and percentage: a true zero"
    )
    role: Literal["primary", "secondary"] = Field(
        default="secondary", description="primary: what it was about, chosen beforehand"
    )

    @model_validator(mode="after")
    def _in_order(self) -> CaseOutcome:
        if self.range[0] >= self.range[1]:
            raise ValueError("outcome_range_order")
        return self


class Drawn(Part):
    """What was drawn by lot before the first day, from which possibilities: without it there is no test."""

    scheme: Literal["start", "order", "independent", "different"] = Field(
        description="start: the first day of B of the one case; order: which case began when; independent: a start for "
        "each case; different: another start for each, from one set"
    )
    starts: list[list[int]] = Field(
        default_factory=list, description="the days that could be drawn: one list, or one for each case"
    )


class SingleCase(Part):
    """Cases that are their own control: followed before and during a programme."""

    file: FileSpec = Field(description="the file with a row for each case and day")
    columns: CaseColumns = Field(description="which columns say who, when and in which phase")
    phases: dict[str, Phase] = Field(
        default={"A": "A", "B": "B"}, description="the file's codes -> A (baseline), B (programme)"
    )
    outcomes: list[CaseOutcome] = Field(min_length=1, description="what was measured day by day; at least one")
    given_to: Literal["case", "class"] = Field(
        default="case", description="whether each case, or a class, was given it"
    )
    drawn: Drawn | None = Field(default=None, description="null: phases were chosen, so no test of chance is possible")

    @property
    def drawn_one(self) -> bool:
        """Whether the first day of the programme of one case was drawn."""
        return self.drawn is not None and self.drawn.scheme == "start"
