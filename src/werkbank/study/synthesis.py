"""The block of study.yaml of a review: which effects are pooled, from what, and every choice on the way."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from werkbank.study.parts import FileSpec, Part, Text

# what a row of a table of published numbers may hold, in words of our own
Quantity = Literal[
    "study", "effect", "n_treated", "n_control",
    "mean_treated", "sd_treated", "mean_control", "sd_control",
    "pre_mean_treated", "pre_sd_treated", "pre_mean_control", "pre_sd_control", "r",
    "t", "f", "p", "sign", "ci_low", "ci_high", "sd",
    "odds_ratio", "or_low", "or_high", "share_treated", "share_control",
    "g", "se", "variance", "p_printed", "class_size", "better",
]  # fmt: skip


class Flow(Part):
    """How studies were found and chosen, as PRISMA 2020 counts them."""

    identified: int = Field(ge=0, description="records found in databases and registers")
    other: int = Field(default=0, ge=0, description="records found otherwise")
    removed: int = Field(default=0, ge=0, description="records removed before screening: doubles and the like")
    excluded: int = Field(default=0, ge=0, description="records excluded on title and summary")
    not_retrieved: int = Field(default=0, ge=0, description="reports that could not be got")
    ineligible: dict[str, int] = Field(default_factory=dict, description="reports excluded after reading: reason -> n")
    included: int = Field(ge=0, description="studies in the review")

    def between(self) -> dict[str, int]:
        """Return what follows from the steps: how many were screened, sought, read, and how many reports were left."""
        screened = self.identified + self.other - self.removed
        sought = screened - self.excluded
        read = sought - self.not_retrieved
        return {"screened": screened, "sought": sought, "read": read, "left": read - sum(self.ineligible.values())}

    @model_validator(mode="after")
    def _adds_up(self) -> Flow:
        if self.between()["left"] < 0:
            raise ValueError("flow_negative")
        return self


class Synthesis(Part):
    """Effects that are pooled: published numbers in a table, or copies to share of several schools."""

    file: FileSpec | None = Field(default=None, description="a table of published numbers: a row an effect")
    results: list[str] = Field(
        default_factory=list, description="instead: copies to share (json) of several studies; * stands for any name"
    )
    outcome: str = Field(description="what is pooled: of results their key, such as strs-sf.conflict")
    label: Text | None = Field(default=None, description="how the report calls it")
    wave: str = Field(default="post", description="of results: the measurement after")
    better: Literal["higher", "lower"] = Field(default="higher", description="which way is better, unless a row says")
    columns: dict[Quantity, str] = Field(default_factory=dict, description="our name -> the file's")
    moderators: list[str] = Field(default_factory=list, description="columns by which effects may differ")
    method: Literal["REML", "DL", "PM", "common"] = Field(
        default="REML", description="how studies' spread is estimated"
    )
    correlation: float = Field(default=0.6, ge=0, lt=1, description="of the errors of effects of one study: assumed")
    pre_post_r: float | None = Field(
        default=None, gt=-1, lt=1, description="pre-post correlation where a paper prints none: assumed"
    )
    icc: float | None = Field(default=None, ge=0, lt=1, description="where a study ignored its classes: assumed")
    flow: Flow | None = Field(default=None, description="how studies were found and chosen (PRISMA 2020)")

    @model_validator(mode="after")
    def _one_source(self) -> Synthesis:
        if (self.file is None) == (not self.results):
            raise ValueError("synthesis_source")
        return self
