"""What readers call what a study file calls by codes, in one language or in each."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from werkbank.study.parts import Part, Text, text_keys

MADE = {"age"}  # a column that intake makes, for which reports have a word


class Labels(Part):
    """Names for readers, by kind, because arms and waves may share codes; each one text, or one per language."""

    arm: dict[str, Text] = Field(default_factory=dict, description="arm codes -> names: {controle: {nl: …, en: …}}")
    wave: dict[str, Text] = Field(
        default_factory=dict, description="the file's wave codes, or pre, post, followup … -> names"
    )
    covariate: dict[str, Text] = Field(
        default_factory=dict, description="columns of covariates, moderators and dose -> names"
    )
    value: dict[str, dict[str, Text]] = Field(
        default_factory=dict, description="column -> its codes -> names: {sekse: {j: {nl: jongen, en: boy}}}"
    )

    @model_validator(mode="before")
    @classmethod
    def _codes_are_text(cls, raw: Any) -> Any:  # noqa: ANN401 - whatever YAML held
        if not isinstance(raw, dict):
            return raw
        made = {kind: text_keys(names) for kind, names in raw.items()}
        if isinstance(made.get("value"), dict):
            made["value"] = {column: text_keys(names) for column, names in made["value"].items()}
        return made
