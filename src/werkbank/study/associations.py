"""The block of study.yaml of questions without a programme: which score goes together with which others."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from werkbank.study.parts import Part, Text, Wave


class Association(Part):
    """One question: how an outcome goes together with predictors, within groups of pupils and between them."""

    outcome: str = Field(description="an outcome, or one of its scales: strs-sf.closeness")
    predictors: list[str] = Field(
        min_length=1,
        description="outcomes or their scales, or columns: numbers, or two words; of all the slope beside the others",
    )
    moderators: list[str] = Field(
        default_factory=list, description="as predictors: whether the slopes depend on these, one at a time"
    )
    curved: bool | list[str] = Field(
        default=False, description="predictors whose line may bend (a square is added); true: all of them"
    )
    level: Literal["pupil", "class", "teacher", "school"] | None = Field(
        default=None,
        description="the groups within and between which it is asked; pupil: groups do not count. Left out: the "
        "smallest of class, teacher and school that has a column",
    )
    wave: Wave | None = Field(
        default=None, description="when the outcome was measured; left out: the first at which all of it was"
    )
    predictors_wave: Wave | None = Field(
        default=None, description="when predictors were measured; that of the outcome when left out"
    )
    label: Text | None = Field(default=None, description="how the report calls the question")

    @model_validator(mode="after")
    def _asks_something(self) -> Association:
        named = [*self.predictors, *self.moderators]
        if self.outcome in named:
            raise ValueError("association_of_itself")
        if len(set(self.predictors)) < len(self.predictors) or set(self.moderators) & set(self.predictors):
            raise ValueError("association_twice")
        if not isinstance(self.curved, bool) and not set(self.curved) <= set(self.predictors):
            raise ValueError("association_curved")
        return self

    @property
    def bent(self) -> list[str]:
        """The predictors whose line may bend."""
        return self.curved if isinstance(self.curved, list) else self.predictors if self.curved else []
