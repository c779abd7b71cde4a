"""What a log asks, as data: its columns, what they may hold, and which of a few functions compute what.

A form is ``logs/<name>.yaml``. What its columns and answers are called stands in ``locale/<language>/logs.yaml``; a
sheet may be filled in in either language.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from werkbank.catalogue import has, say, shipped

FOLDER = Path(__file__).with_name("logs")
DONE = "done"
STATUS = ("done", "not_done", "absent", "refused", "no_school")
Kind = Literal["pupil", "teacher", "class", "date", "whole", "number", "choice", "code"]
Do = Literal[
    "dose", "grid", "share", "checklist", "coverage", "ordinal", "series", "tally", "rate", "followed", "phases",
    "goals", "attainment", "raters", "counts", "items",
]  # fmt: skip
WORRIES = ("none", "anxiety", "low_mood", "stress", "bullying", "unsafe")
COMMON: dict[str, dict[str, Any]] = {
    "pupil": {"kind": "pupil"},
    "teacher": {"kind": "teacher"},
    "class": {"kind": "class"},
    "date": {"kind": "date"},
    "status": {"kind": "choice", "of": list(STATUS)},
    "phase": {"kind": "choice", "of": ["A", "B"], "optional": True},
    "worry": {"kind": "choice", "of": list(WORRIES), "optional": True},
}


class Strict(BaseModel):
    """A block that knows no other keys than its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Asked(Strict):
    """One column of a sheet."""

    kind: Kind
    of: tuple[str, ...] = ()
    range: tuple[float, float] | None = None
    above: float | None = None  # the value itself is too small: minutes are more than 0
    optional: bool = False
    any_day: bool = False  # a date that need not be a school day
    to_come: bool = False  # a date that may lie ahead: by when something is planned
    topped: bool = False  # the study file says how high its scale goes

    @model_validator(mode="after")
    def _whole(self) -> Asked:
        if (self.kind == "choice") != bool(self.of):
            raise ValueError("a choice has answers, and nothing else has")
        return self


class Step(Strict):
    """One thing that is computed: by which function, of which columns."""

    do: Do
    name: str = ""  # how results call it; the column when left out
    column: str = ""
    answers: tuple[str, ...] = ()  # those that count; of an order, from low to high
    within: tuple[float, float] | None = None  # numbers that count
    among: dict[str, tuple[str, ...]] = {}  # rows of which it is a share
    items: dict[str, tuple[str, ...]] = {}  # of a checklist: column -> answers with which it was done
    by: str = ""
    other: str = ""
    target: float | None = None
    days: int | None = None
    weights: Literal["none", "linear", "quadratic"] = "none"
    better: Literal["higher", "lower"] = "higher"
    fewest: int = 0  # rows below which it is only counted
    whole: bool = False  # all items are needed for a sum

    @property
    def called(self) -> str:
        """How results call what it computes."""
        return self.name or self.column or self.do


class Labels(Strict):
    """What a log of one's own, its columns and its answers are called; what has no name here is called as it stands."""

    log: dict[Literal["nl", "en"], str] = {}
    columns: dict[str, dict[Literal["nl", "en"], str]] = {}
    answers: dict[str, dict[Literal["nl", "en"], str]] = {}


class Form(Strict):
    """A log: what it asks of a teacher, and what follows from it."""

    name: str
    labels: Labels = Labels()
    about: Literal["pupil", "teacher", "class"] = "pupil"
    rhythm: Literal["daily", "planned", "event", "weekly", "once"]
    double: tuple[str, ...]  # columns of which no two rows have the same
    columns: dict[str, Asked]
    computes: tuple[Step, ...]
    planned: dict[str, float] = {}  # what its source says of the dose: sessions, minutes
    rows: int = Field(default=60, description="empty lines on the sheet")

    @model_validator(mode="before")
    @classmethod
    def _common(cls, raw: Any) -> Any:  # noqa: ANN401 - whatever YAML held
        columns = {name: {**COMMON.get(name, {}), **(asked or {})} for name, asked in raw["columns"].items()}
        return {**raw, "columns": columns}

    @model_validator(mode="after")
    def _agrees(self) -> Form:
        named = [self.double, *((*step.items, *step.among) for step in self.computes)]
        single = [column for step in self.computes for column in (step.column, step.by, step.other) if column]
        unknown = {column for part in named for column in part} | set(single)
        if unknown - set(self.columns):
            raise ValueError(f"{self.name}: no column {', '.join(sorted(unknown - set(self.columns)))}")
        called = [step.called for step in self.computes]
        if len(called) != len(set(called)):
            raise ValueError(f"{self.name}: two things that are computed have one name")
        return self

    def of_kind(self, kind: Kind) -> list[str]:
        """Return the columns of a kind."""
        return [name for name, asked in self.columns.items() if asked.kind == kind]

    @property
    def followed(self) -> set[str]:
        """Columns that can be followed day by day: numbers, and answers that have an order."""
        ordered = {step.column for step in self.computes if step.do == "ordinal"}
        return {*self.of_kind("whole"), *self.of_kind("number"), *ordered}

    @property
    def day(self) -> str | None:
        """The column with the day that a row is about."""
        return next(iter(self.of_kind("date")), None)


def called(kind: Literal["log", "column", "answer"], code: str, language: str, *forms: Form) -> str:
    """Return what a log, a column or an answer is called: by its own form's labels, else as everybody calls it."""
    for one in forms:
        of = {"log": {one.name: one.labels.log}, "column": one.labels.columns, "answer": one.labels.answers}[kind]
        named: dict[str, str] = {str(spoken): text for spoken, text in of.get(code, {}).items()}
        if named:
            return named.get(language) or next(iter(named.values()))
    key = f"logs.{kind}.{code}"
    return say(key, language) if has(key, language) else code


def form_names() -> list[str]:
    """Return the names of every log."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


@cache
def form(name: str) -> Form:
    """Return the log `name`.

    Raises
    ------
    KeyError
        When there is none.
    """
    if name not in form_names():
        raise KeyError(name)
    return Form.model_validate(shipped(FOLDER / f"{name}.yaml"))
