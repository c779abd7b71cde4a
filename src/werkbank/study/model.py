"""The Study: the only thing a user writes, as a checked model.

It owns names and shapes, and says nothing about data: that a column exists, or that an answer fits, is checked at
intake. Every field's description becomes the help that an editor shows (schema/study.schema.json).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field, PrivateAttr, field_validator, model_validator

from werkbank.programmes.forms import form, form_names
from werkbank.programmes.registry import TIDIER, template, template_names
from werkbank.study.associations import Association  # noqa: TC001 - pydantic reads it
from werkbank.study.labels import MADE, Labels
from werkbank.study.logs import Agreed, Calendar, ClassList, Consent, Log
from werkbank.study.lot import Lot  # noqa: TC001 - pydantic reads it
from werkbank.study.parts import (
    WAVES,
    FileSpec,
    Informant,
    Moderator,
    Name,
    Part,
    Published,
    Rule,
    Text,
    Wave,
    answer_keys,
    check_answers,
    text_in,
    text_keys,
)
from werkbank.study.planning import Planning  # noqa: TC001 - pydantic reads it
from werkbank.study.registration import Registered, Registration  # noqa: TC001 - as above
from werkbank.study.single_case import SingleCase  # noqa: TC001 - pydantic reads it
from werkbank.study.synthesis import Synthesis  # noqa: TC001 - pydantic reads it
from werkbank.study.thesis import Thesis
from werkbank.study.underachievement import Monitoring, Underachievement  # noqa: TC001 - pydantic reads it

__all__ = ["WAVES", "Contrast", "Design", "FileSpec", "Outcome", "Programme", "Study", "text_in"]

ArmRole = Literal["intervention", "control", "target", "transfer"]
Kind = Literal["pupil", "teacher", "class", "school", "block", "arm", "wave", "subject"]
KEY = " / "  # between the parts of a pupil's key
Unit = Literal["pupil", "class", "teacher", "school"]


class PlannedMissing(Part):
    """Who was by plan not measured at some waves: Solomon's groups, forms that rotate."""

    column: str = Field(description="the column that says so of every pupil: a group, a form")
    waves: dict[str, list[Wave]] = Field(
        min_length=1, description="a value of the column -> the waves at which its pupils were not to be measured"
    )


class Design(Part):
    """How pupils came to be in an arm, and what that means for what may be said."""

    kind: Literal["single_group", "controlled", "randomised", "association"] = Field(
        description="single_group: no control group; controlled: a control group, not drawn by lot; randomised: by "
        "lot; association: no programme, only what goes together (associations)"
    )
    assigned_by: Unit = Field(default="pupil", description="what was given the programme as a whole")
    blocks: str | Literal[False] | None = Field(
        default=None,
        description="class, teacher, school or a column (pairs, strata) within which arms were formed; false: nowhere",
    )
    individual_arms: list[str] = Field(
        default_factory=list,
        description="arms whose pupils were taught on their own, while those of other arms sat in (coaching) groups",
    )
    planned_missing: PlannedMissing | None = Field(
        default=None, description="who was by plan not measured at some waves, which is no loss"
    )
    control_received_after: Wave | None = Field(
        default=None,
        description="the last wave before the control group was given the programme as well (a waiting list)",
    )
    selected_on: str | None = Field(default=None, description="the outcome on which pupils were chosen, if any")
    given_by: list[Literal["teacher", "pupil", "parent", "observer", "coach"]] = Field(
        default_factory=list, description="who gave the programme to others"
    )
    received_by: list[Literal["teacher", "pupil", "parent"]] = Field(
        default_factory=list, description="to whom it was given: teachers who were coached, pupils who were taught"
    )
    raters_are_implementers: bool | None = Field(
        default=None,
        description="true when those who took part in the programme also filled in the questionnaire; whether they "
        "gave it or received it is said by given_by and received_by",
    )
    blind: dict[Informant, bool | Literal["unknown"]] = Field(
        default_factory=dict,
        description="by who filled in or observed: true when they did not know who was given the programme",
    )
    lot: str | None = Field(default=None, description="the file that `werkbank lot` wrote, in the study's folder")
    lot_deviations: dict[str, Text] | None = Field(
        default=None, description="a unit's code in that file -> why it is not in the arm (not begun on the day) drawn"
    )
    preregistration: str | None = Field(
        default=None, description="where the plan was registered, if it was; or the file that `werkbank register` wrote"
    )

    @field_validator("lot_deviations", mode="before")
    @classmethod
    def _codes_as_text(cls, raw: Any) -> Any:  # noqa: ANN401 - whatever YAML held
        return text_keys(raw)


class Columns(Part):
    """The names of the columns that say who, where and when."""

    pupil: str | list[str] | None = Field(
        default=None,
        description="left out: every row is one pupil, numbered by its row; [class, number] where classes number alike",
    )
    teacher: str | None = Field(default=None, description="who taught the pupil: a code or a name")
    class_: str | None = Field(default=None, alias="class", description="the class in which the pupil was")
    school: str | None = Field(default=None, description="the school of the pupil")
    arm: str | None = Field(default=None, description="which arm the pupil was in; its codes are explained under arms")
    role: str | None = Field(default=None, description="whose programme it was: target and transfer pupils (roles)")
    wave: str | None = Field(default=None, description="only in long files: the column with the wave code")

    def named(self) -> dict[str, str]:
        """Return the roles that have a column: {role: column name}."""
        named = {k: v for k, v in self.model_dump(by_alias=True).items() if v is not None}
        return {k: KEY.join(v) if isinstance(v, list) else v for k, v in named.items()}

    @property
    def key(self) -> list[str]:
        """The columns that together say which pupil it is."""
        return self.pupil if isinstance(self.pupil, list) else [self.pupil] if self.pupil else []


class Outcome(Part):
    """One thing that was measured: by an instrument with a key, by own items, or as a ready score in a column."""

    name: Name | None = Field(default=None, description="how results call it; an instrument's name when left out")
    label: Text | None = Field(default=None, description="how the report calls it")
    meaning: Text | None = Field(
        default=None, description="what it is in everyday words, as: how warm the contact with the teacher is"
    )
    instrument: str | None = Field(default=None, description="a scoring key: `werkbank instruments` lists them")
    version: str | None = Field(default=None, description="which version of the key, where more than one circulates")
    order: str | None = Field(default=None, description="which item order, where more than one circulates")
    informant: Informant | Literal["unknown"] = Field(
        default="unknown", description="who filled it in; left out, it is the only one that its key allows, or not said"
    )
    scales: list[str] | None = Field(default=None, description="which scales of the instrument; all when left out")
    items: str | list[str] | dict[str, str | list[str]] | None = Field(
        default=None,
        description='columns: a pattern as "strs_{item}" or "seqc{item}_{wave}", a list, or a list per wave',
    )
    column: str | dict[Wave, str] | None = Field(
        default=None, description="the column of a ready score; or one per wave; or a pattern with {wave}"
    )
    range: tuple[float, float] | None = Field(
        default=None, description="lowest and highest possible value; a ready score without it is not checked"
    )
    reversed: list[str] = Field(default_factory=list, description="own items that are worded the other way round")
    score: Literal["mean", "sum"] = Field(default="mean", description="of own items")
    better: Literal["higher", "lower", "neither"] | None = Field(default=None, description="which direction is good")
    norms: dict[str, tuple[float, float]] = Field(
        default_factory=dict,
        description="scale -> mean and SD of pupils in general: for who recovered, and for regression to the mean",
    )
    answers: dict[str, float] | None = Field(default=None, description="answers stored as words -> numbers")
    missing: list[float | str] = Field(default_factory=list, description="codes that mean: not answered")
    kind: Literal["score", "count", "binary"] = Field(
        default="score", description="of a ready score: a score, a count (days absent), or 0 and 1"
    )
    reliability: float | None = Field(
        default=None, gt=0, le=1, description="of a ready score, as its manual gives it; items have their own"
    )
    same_measure: bool = Field(
        default=True, description="false: another test before than after; it adjusts, and no change is computed"
    )
    role: Literal["primary", "secondary", "exploratory"] = Field(
        default="secondary",
        description="primary: what the study was about, chosen beforehand; exploratory: looked at without a question",
    )
    family: str | None = Field(default=None, description="outcomes corrected together for the number of tests")
    theory: Text | None = Field(
        default=None, description="from which theory it comes, for the codebook; that of a key is known"
    )
    level: Literal["relation", "class", "teacher", "pupil", "school"] | None = Field(
        default=None, description="on what it is, for the codebook; that of a key is known"
    )
    made_by: Literal["independent", "own"] | None = Field(
        default=None,
        description="own: made by who studies or made the programme; effects on it come out larger. Keys are not",
    )

    @field_validator("answers", mode="before")
    @classmethod
    def _text_keys(cls, raw: Any) -> Any:  # noqa: ANN401 - whatever YAML held
        return answer_keys(raw)

    @model_validator(mode="after")
    def _one_kind(self) -> Outcome:
        kinds = [self.instrument is not None, self.instrument is None and self.items is not None, bool(self.column)]
        if sum(kinds) != 1:
            raise ValueError("outcome_kind")
        if self.instrument is None and isinstance(self.items, str):
            raise ValueError("outcome_own_needs_list")
        if isinstance(self.items, dict) and len({len(v) for v in self.items.values() if isinstance(v, list)}) > 1:
            raise ValueError("outcome_items_differ")
        if self.instrument is None and self.name is None:
            raise ValueError("outcome_needs_name")
        if self.instrument is None and self.column is None and self.range is None:
            raise ValueError("outcome_needs_range")
        if self.instrument is None and self.better is None:
            raise ValueError("outcome_needs_better")
        if self.range is not None and self.range[0] >= self.range[1]:
            raise ValueError("outcome_range_order")
        check_answers(self.answers)
        if not set(self.norms) <= set(self.scales or [self.id]) or any(not sd > 0 for _, sd in self.norms.values()):
            raise ValueError("outcome_norms")
        return self

    @model_validator(mode="after")
    def _of_its_kind(self) -> Outcome:
        if self.column is None and (self.kind != "score" or self.reliability is not None):
            raise ValueError("outcome_ready_only")
        if self.kind == "binary" and self.range not in {None, (0.0, 1.0)}:
            raise ValueError("outcome_binary_range")
        if self.kind == "count" and self.range is not None and self.range[0] < 0:
            raise ValueError("outcome_count_range")
        return self

    @property
    def id(self) -> str:
        """The name that results use for this outcome."""
        return self.name or str(self.instrument)

    @property
    def possible(self) -> tuple[float, float]:
        """The lowest and highest possible value; without end where nothing bounds it."""
        unbounded = {"binary": (0.0, 1.0), "count": (0.0, float("inf"))}
        return self.range or unbounded.get(self.kind, (float("-inf"), float("inf")))

    @property
    def item_ids(self) -> list[str]:
        """How results call the user's own items: by their column, or by that of the first wave that is listed.

        A ready score is one item, called as the outcome.
        """
        if self.column is not None:
            return [self.id]
        listed = next(iter(self.items.values())) if isinstance(self.items, dict) else self.items
        columns = [listed] if isinstance(listed, str) else list(listed or [])
        return [_without_wave(column) for column in columns]

    @property
    def reversed_ids(self) -> list[str]:
        """The reversed items as `item_ids` calls them, whichever wave's column the user named."""
        ids = self.item_ids
        lists = list(self.items.values()) if isinstance(self.items, dict) else [self.items or []]
        place = {_without_wave(c): n for names in lists if not isinstance(names, str) for n, c in enumerate(names)}
        return [ids[place[name]] if name in place else name for name in map(_without_wave, self.reversed)]


def _without_wave(column: str) -> str:
    return column.replace("{wave}", "").strip("_-. ") if "{wave}" in column else column


class Contrast(Part):
    """A comparison of arms that was planned: weights that add up to zero."""

    name: Name
    label: Text | None = Field(default=None, description="how the report calls it; its name when left out")
    weights: dict[str, float] = Field(description="an arm's code -> its weight; they add up to zero: {a: 1, b: -1}")

    @model_validator(mode="after")
    def _sums_to_zero(self) -> Contrast:
        if abs(sum(self.weights.values())) > 1e-9 or not any(self.weights.values()):
            raise ValueError("contrast_sum")
        return self


class Primary(Part):
    """A question that was asked beforehand: it is answered first, and corrected with the others that are listed."""

    outcome: str = Field(description="an outcome, or one of its scales: strs-sf.closeness")
    wave: Wave = Field(default="post", description="when the answer is wanted")
    contrast: str | None = Field(default=None, description="a planned contrast; every comparison when left out")


class BirthDate(Part):
    """A column of birth dates: only the age on one day goes on, as `age`, which may be listed among the covariates."""

    column: str = Field(description="the column with the dates of birth; none of them goes on")
    on: date = Field(description="the day on which the age is wanted, as the first day of school")


class Privacy(Part):
    """How small a group may be before its numbers are hidden."""

    min_cell: int = Field(default=6, ge=2, description="the smallest count that may be shown")


class School(Part):
    """Whose report it is: on its cover and its pages, and on a copy to share only when that is asked for."""

    name: str = Field(min_length=1, max_length=120, description="as the cover has it; at most 120 signs")
    logo: str | None = Field(default=None, description="a png, jpg or svg in the study's folder, at most 2 MB")
    shared: bool = Field(default=False, description="true: copies that may leave the school name it, too")


class Policy(Part):
    """What a school has agreed about signalling and about parents, as it says itself; nothing is computed with it."""

    protocol: Text | None = Field(default=None, description="by which protocol it works")
    signals: Text | None = Field(default=None, description="who signals, and when")
    parents: Text | None = Field(default=None, description="the part of parents")

    @model_validator(mode="after")
    def _says_something(self) -> Policy:
        if not (self.protocol or self.signals or self.parents):
            raise ValueError("policy_empty")
        return self


def _texts(raw: Any) -> Any:  # noqa: ANN401 - whatever YAML held
    """Return names as text: a class may be called 5."""
    if isinstance(raw, dict):
        return {key: _texts(value) for key, value in raw.items()}
    if isinstance(raw, list):
        return [_texts(value) for value in raw]
    return str(raw) if isinstance(raw, int | float | date) and not isinstance(raw, bool) else raw


def _with_given_columns(raw: Any) -> Any:  # noqa: ANN401 - whatever YAML held
    """Name the column of what is said per file (the class, the arm) after it, where no column has it."""
    files = raw.get("files") if isinstance(raw, dict) else None
    columns = raw.get("columns", {}) if isinstance(files, list) else None
    if not isinstance(files, list) or not isinstance(columns, dict):
        return raw
    mentioned = {key for file in files if isinstance(file, dict) for key in file}
    said = [role for role in ("class", "teacher", "school", "arm") if role in mentioned]
    return {**raw, "columns": {**{role: role for role in said}, **columns}} if said else raw


class Programme(Part):
    """A description of one's own programme after the TIDieR checklist; what is left out is reported as not reported."""

    name: Text | None = Field(default=None, description="that of its template when left out")
    template: str | None = Field(
        default=None, description="what is known beforehand of a programme: `werkbank programmes` lists them"
    )
    why: Text | None = Field(default=None, description="why it should work: its theory or purpose")
    materials: Text | None = Field(
        default=None, description="what was used: a manual, cards, films, and where they can be had"
    )
    procedures: Text | None = Field(default=None, description="what was done, step by step")
    provider: Text | None = Field(default=None, description="who gave it, and how they were trained")
    how: Text | None = Field(
        default=None, description="one to one, in a group or with the class; face to face or otherwise"
    )
    where: Text | None = Field(default=None, description="in what kind of place it was given")
    when_and_how_much: Text | None = Field(
        default=None, description="how many sessions, of how many minutes, over how many weeks"
    )
    tailoring: Text | None = Field(default=None, description="what was fitted to whom, and by what rule")
    modifications: Text | None = Field(default=None, description="what was changed while the study ran, and why")
    fidelity_planned: Text | None = Field(
        default=None, description="how it was to be kept watch on that it was given as meant"
    )
    fidelity_actual: Text | None = Field(default=None, description="how far it was given as meant")

    @model_validator(mode="after")
    def _has_a_name(self) -> Programme:
        if self.template is not None and self.template not in template_names():
            raise ValueError("programme_unknown")
        if self.name is None and self.template is None:
            raise ValueError("programme_without_name")
        return self

    @classmethod
    def of_template(cls, name: str, given: Programme | None = None) -> Programme:
        """Return what is known of a programme, under what the study file says itself."""
        known = {item: template(name).tidier(item) for item in TIDIER}
        own = given.model_dump(exclude_none=True) if given is not None else {}
        return cls.model_validate({**{k: v for k, v in known.items() if v is not None}, **own, "template": name})


def _needed(schema: dict[str, Any]) -> None:
    """Say in the schema what a study file must have: pupils' answers, or one of the blocks that read something else."""
    schema["required"] = [name for name in schema["required"] if name != "design"]
    schema["anyOf"] = [
        {"required": ["design", "files", "outcomes"]},
        {"required": ["design", "monitoring"]},
        {"required": ["synthesis"]},
        {"required": ["single_case"]},
        {"required": ["logs"]},
        {"required": ["planning"]},
    ]


class Study(Part):
    """Everything werkbank needs to know about a study, apart from the answers themselves."""

    model_config = ConfigDict(json_schema_extra=_needed)

    title: Text = Field(description="one title, or one per language: {nl: …, en: …}")
    language: Literal["nl", "en"] = Field(default="nl", description="of the reports: Dutch or English")
    simulated: bool = Field(default=False, description="true: every page says that the data are simulated")
    source: Text | None = Field(default=None, description="where the data come from: citation and licence")
    unit: Literal["pupil", "teacher"] = Field(default="pupil", description="whom a row of answers is about")
    programme: str | Programme | None = Field(default=None, description="a name, or a description (TIDieR)")
    evidence: list[str | Published] = Field(
        default_factory=list,
        description="published effects, to stand beside the own: whole, or as `werkbank evidence` calls them",
    )
    school: School | None = Field(default=None, description="whose report it is: shown on its cover and pages")
    policy: Policy | None = Field(default=None, description="what the school has agreed: told in the school's report")
    school_type: Literal["po", "vo"] | None = Field(
        default=None, description="primary (po) or secondary (vo) education: the two are never pooled in silence"
    )
    ages: tuple[int, int] | None = Field(default=None, description="of the pupils, in years: [youngest, oldest]")
    design: Design = Field(description="may be left out of a review")
    files: list[FileSpec] = Field(
        default_factory=list, min_length=1, description="may be left out when pupils are only monitored"
    )
    where: str | None = Field(
        default=None, description='rows that belong to the study: cohort == 1 and Status != "Survey Preview"'
    )
    latest: str | None = Field(
        default=None, description="a column with a time: of several forms of a pupil at a wave the latest counts"
    )
    columns: Columns = Field(default_factory=Columns, description="which columns say who, where and when")
    aliases: dict[Kind, dict[str, str] | Literal["all"]] = Field(
        default_factory=dict,
        description="spellings that are one: {class: {5a: 5A}}; all: whatever differs only in case, spaces, zeros …",
    )
    distinct: list[list[str]] = Field(default_factory=list, description="spellings that look alike and are not one")
    rules: dict[str, Rule] = Field(default_factory=dict, description="what the cells of a column may hold, by column")
    arms: dict[str, ArmRole] = Field(default_factory=dict, description="the file's arm codes -> their role")
    roles: dict[str, Literal["target", "transfer"]] = Field(
        default_factory=dict, description="the codes in columns.role -> target, transfer"
    )
    waves: dict[str, Wave] = Field(
        default_factory=dict,
        description="the file's wave codes, or windows of days (2026-09-01 .. 2026-10-15), -> pre, post, followup …",
    )
    outcomes: list[Outcome] = Field(default_factory=list, min_length=1, description="as files")
    primary: list[Primary] = Field(
        default_factory=list, description="the questions asked beforehand; wins over an outcome's `role`"
    )
    equivalence: float | None = Field(
        default=None, gt=0, description="the smallest standardised difference that matters; 0.20 when left out"
    )
    ci_level: float = Field(default=0.95, gt=0.5, lt=1, description="of intervals")
    contrasts: list[Contrast] = Field(default_factory=list, description="planned comparisons of three or more arms")
    covariates: list[str] = Field(default_factory=list, description="columns known before the programme began")
    birth_date: BirthDate | None = Field(default=None, description="a column of dates, of which only the age is kept")
    associations: list[Association] = Field(
        default_factory=list, description="questions without a programme: what goes together with what"
    )
    moderators: list[Moderator] = Field(default_factory=list, description="for whom it may work better: exploratory")
    mediators: list[str] = Field(default_factory=list, description="scales along which it may work: exploratory")
    dose: str | None = Field(
        default=None,
        description="how much of the programme was had: a column, or of a log its .sessions, .minutes or .fidelity",
    )
    received: str | None = Field(
        default=None, description="who took part: a column with 0-1, or a log; for arms drawn by lot"
    )
    underachievement: Underachievement | None = Field(default=None, description="who achieves less than expected")
    monitoring: Monitoring | None = Field(default=None, description="pupils followed by their test results")
    single_case: SingleCase | None = Field(default=None, description="cases followed day by day, each its own control")
    planning: Planning | None = Field(default=None, description="what is expected, before there are data")
    registration: Registration | None = Field(default=None, description="what is promised besides")
    synthesis: Synthesis | None = Field(default=None, description="effects of several studies, pooled")
    logs: list[Log] = Field(default_factory=list, description="what was done and seen, day by day, on sheets")
    calendar: Calendar | None = Field(default=None, description="the school days that logs are about")
    class_list: list[str] | ClassList | None = Field(
        default=None, description="the pupils of the logs: their codes, or a file with them"
    )
    agreed: list[Agreed] = Field(default_factory=list, description="limits for a pupil's page, agreed beforehand")
    consent: list[Consent] = Field(default_factory=list, description="whose page may be shown, and to whom")
    labels: Labels = Field(
        default_factory=Labels,
        description="names for readers, per language, of arms, waves, covariates and their values",
    )
    measured: dict[Wave, date] = Field(
        default_factory=dict, description="about when each wave was: {pre: 2026-09-15, post: 2027-01-15}"
    )
    thesis: Thesis = Field(default_factory=Thesis, description="what only the student knows, for the chapter")
    privacy: Privacy = Field(
        default_factory=Privacy, description="how small a group may be before its numbers are hidden"
    )
    reports: list[str] = Field(
        default_factory=lambda: ["evaluation"],
        min_length=1,
        description="which reports are wanted; `run` without --report makes the first. evaluation when left out, or "
        "the report of what else the study declares",
    )

    _folder: Path = PrivateAttr(default=Path())
    _file: str = PrivateAttr(default="study.yaml")
    _logo: bytes | None = PrivateAttr(default=None)
    _lot: Lot | None = PrivateAttr(default=None)
    _registered: Registered | None = PrivateAttr(default=None)

    @property
    def folder(self) -> Path:
        """The folder that holds study.yaml; paths of files are relative to it."""
        return self._folder

    @property
    def first_report(self) -> str:
        """The report that is made when none is named: the first that the file names, or that fits what it declares."""
        if "reports" in self.model_fields_set or (self.outcomes and self.files and self.design.kind != "association"):
            return self.reports[0]
        declared = {
            "association": self.associations, "monitoring": self.monitoring, "single_case": self.single_case,
            "synthesis": self.synthesis, "planning": self.planning, "programme": self.logs,
        }  # fmt: skip
        return next((name for name, asked in declared.items() if asked), self.reports[0])

    @property
    def file(self) -> str:
        """The study file's name as the user wrote it."""
        return self._file

    @property
    def logo(self) -> bytes | None:
        """The school's logo as a PNG."""
        return self._logo

    @property
    def lot(self) -> Lot | None:
        """What was drawn, where `design.lot` names it: read, and seen to be unaltered."""
        return self._lot

    @property
    def registered(self) -> Registered | None:
        """The plan as it was registered, where `design.preregistration` names its file."""
        return self._registered

    def title_in(self, language: str) -> str:
        """Return the title for a report in `language`."""
        return text_in(self.title, language)

    def programme_in(self, language: str) -> str:
        """Return the name of the programme for a report in `language`, or nothing when the study file names none."""
        return text_in(self.programme.name if isinstance(self.programme, Programme) else self.programme, language)

    @property
    def data_files(self) -> list[FileSpec]:
        """Every file that the study reads."""
        blocks = (self.monitoring, self.single_case, self.synthesis)
        alone = [block.file for block in blocks if block is not None and block.file is not None]
        given = self.class_list
        listed = [FileSpec(path=given.path, sheet=given.sheet)] if isinstance(given, ClassList) else []
        return [*self.files, *alone, *(log.file for log in self.logs), *listed]

    @property
    def own_logs(self) -> list[str]:
        """The files, beside the study file, that say what logs of one's own ask: they decide what a sheet means."""
        return list(dict.fromkeys(log.log for log in self.logs if log.log.endswith(".yaml")))

    @property
    def pupil_columns(self) -> list[str]:
        """The columns that say something of a pupil: covariates, moderators, dose, plan and of underachievement."""
        more = self.underachievement.columns if self.underachievement else []
        planned = self.design.planned_missing
        columns = [*(m.column for m in self.moderators), self.dose, self.received, planned.column if planned else None]
        made = {"age"} if self.birth_date else set()  # no column of a file
        made |= {name for name in (self.dose, self.received) if name and self.of_log(name)}
        asked = [name for one in self.associations for name in (*one.predictors, *one.moderators)]
        columns += [name for name in asked if not self.is_outcome(name)]
        named = dict.fromkeys([*self.covariates, *(c for c in columns if c), *more])
        return [name for name in named if name not in made]

    def is_outcome(self, name: str) -> bool:
        """Whether a name is that of an outcome or one of its scales, and not a column's."""
        return name.split(".", maxsplit=1)[0] in {outcome.id for outcome in self.outcomes}

    @property
    def compared(self) -> bool:
        """Whether arms are compared: not in a single group, and not where there is no programme."""
        return self.design.kind in {"controlled", "randomised"}

    @property
    def one_moment(self) -> bool:
        """Whether nothing was said of moments where none are needed: a question of what goes together, asked once."""
        said = [part for o in self.outcomes for part in (o.items, o.column)]
        per_wave = any(isinstance(part, dict) or "{wave}" in str(part) for part in said)
        return self.design.kind == "association" and not (self.waves or self.columns.wave or per_wave)

    def of_log(self, name: str) -> tuple[str, str] | None:
        """Return which log a dose comes from, and what of it: sessions, minutes, fidelity, received. None: a column."""
        ids = {log.id for log in self.logs}
        log, _, what = name.rpartition(".")
        if log in ids and what in {"sessions", "minutes", "fidelity"}:
            return log, what
        return (name, "received") if name in ids else None

    @property
    def block_column(self) -> str | None:
        """The column that holds the blocks, if there are any; whether one is asked for is `design.blocks`."""
        blocks = self.design.blocks
        return self.columns.named().get(blocks, blocks) if blocks else None

    @property
    def role_codes(self) -> dict[str, str]:
        """The codes in the column of roles -> target, transfer; these words themselves where none are declared."""
        return {code: str(role) for code, role in self.roles.items()} or {"target": "target", "transfer": "transfer"}

    def control_has_waited(self, wave: str) -> bool:
        """Whether the control group had been given the programme by a wave, as after a waiting list."""
        last = self.design.control_received_after
        return last is not None and WAVES.index(wave) > WAVES.index(last)

    @property
    def control_arms(self) -> list[str]:
        """The codes of the arms that were not given the programme."""
        return [arm for arm, role in self.arms.items() if role == "control"]

    @property
    def treated_arms(self) -> list[str]:
        """The codes of the other arms, in the order of the study file."""
        return [arm for arm, role in self.arms.items() if role != "control"]

    def norm(self, key: str) -> tuple[float, float] | None:
        """Return the mean and SD of pupils in general on a scale as results call it, where the study file has them."""
        name, _, scale = key.partition(".")
        return self.outcome(name).norms.get(scale or name)

    def outcome(self, name: str) -> Outcome:
        """Return the outcome called `name`.

        Raises
        ------
        KeyError
            When there is none.
        """
        for outcome in self.outcomes:
            if outcome.id == name:
                return outcome
        raise KeyError(name)

    @model_validator(mode="before")
    @classmethod
    def _text_keys(cls, raw: Any) -> Any:  # noqa: ANN401 - whatever YAML held
        # a spreadsheet's arm codes are often 0 and 1: YAML reads numbers, the file holds text
        if isinstance(raw, dict):
            planned = raw.get("planning")
            cases = isinstance(planned, dict) and isinstance(planned.get("cases"), dict)
            alone = raw.get("logs") and not raw.get("outcomes")
            if cases or alone or any(isinstance(raw.get(block), dict) for block in ("synthesis", "single_case")):
                # no groups
                raw = {"design": {"kind": "single_group"}, **raw}
            raw = {**raw, **{key: text_keys(raw[key]) for key in ("arms", "waves", "roles", "rules") if key in raw}}
            if isinstance(raw.get("aliases"), dict):
                raw["aliases"] = {kind: _texts(text_keys(names)) for kind, names in raw["aliases"].items()}
            if isinstance(raw.get("class_list"), list):
                raw["class_list"] = _texts(raw["class_list"])
            if isinstance(raw.get("distinct"), list):
                raw["distinct"] = [_texts(names) for names in raw["distinct"]]
        return _with_given_columns(raw)

    @model_validator(mode="after")
    def _mechanisms_exist(self) -> Study:
        ids = {outcome.id for outcome in self.outcomes}
        named = [*self.mediators, *(m.outcome for m in self.moderators if m.outcome is not None)]
        if any(name.split(".")[0] not in ids for name in named):
            raise ValueError("moderator_outcome_unknown")
        return self

    @model_validator(mode="after")
    def _questions_exist(self) -> Study:
        ids, planned = {outcome.id for outcome in self.outcomes}, {contrast.name for contrast in self.contrasts}
        if any(asked.outcome.split(".")[0] not in ids for asked in self.primary):
            raise ValueError("primary_outcome_unknown")
        if any(asked.contrast not in {None, *planned} for asked in self.primary):
            raise ValueError("primary_contrast_unknown")
        if self.roles and self.columns.role is None:
            raise ValueError("roles_without_column")
        return self

    @model_validator(mode="after")
    def _associations_exist(self) -> Study:
        foreseen = self.planning is not None and self.planning.association is not None
        if self.design.kind == "association" and not self.associations and not foreseen:
            raise ValueError("association_without_questions")
        if self.design.kind == "association" and (self.arms or self.columns.arm or self.programme):
            raise ValueError("association_with_programme")
        if not all(self.is_outcome(asked.outcome) for asked in self.associations):
            raise ValueError("association_outcome_unknown")
        known = self.columns.named()
        if any(
            asked.level in {"class", "teacher", "school"} and asked.level not in known for asked in self.associations
        ):
            raise ValueError("association_level_without_column")
        return self

    @model_validator(mode="after")
    def _blocks_hold_units(self) -> Study:
        named, blocks = self.columns.named(), self.design.blocks
        if not blocks:
            return self
        if blocks in {"class", "teacher", "school"} and blocks not in named:
            raise ValueError("blocks_without_column")
        if self.block_column in {named.get(self.design.assigned_by), named.get("pupil"), named.get("arm")}:
            raise ValueError("blocks_are_units")
        return self

    @model_validator(mode="after")
    def _groups_beside_pupils(self) -> Study:
        alone, named = set(self.design.individual_arms), self.columns.named().keys() & {"class", "teacher", "school"}
        if alone and not (alone < set(self.arms) and self.design.assigned_by == "pupil" and named):
            raise ValueError("individual_arms")
        if self.design.control_received_after is not None and not self.control_arms:
            raise ValueError("control_received_after")
        return self

    @model_validator(mode="after")
    def _logs_exist(self) -> Study:
        named = [log.id for log in self.logs]
        if len(named) != len(set(named)):
            raise ValueError("log_names_double")
        if {name for agreed in self.agreed for name in (agreed.log, agreed.dose) if name} - set(named):
            raise ValueError("agreed_log_unknown")
        kinds = {log.id: form(log.log) for log in self.logs if log.log in form_names()}
        if any(one.column not in kinds[one.log].followed for one in self.agreed if one.log in kinds):
            raise ValueError("agreed_column")
        return self

    @model_validator(mode="after")
    def _raters_are_told_once(self) -> Study:
        took_part = {*self.design.given_by, *self.design.received_by} - {"pupil"}
        if self.design.raters_are_implementers is False and took_part & {o.informant for o in self.outcomes}:
            raise ValueError("raters_contradict")
        return self

    @model_validator(mode="after")
    def _labels_are_of_something(self) -> Study:
        labels = self.labels
        columns = {*self.pupil_columns, *MADE}
        if self.monitoring is not None and self.monitoring.columns.subject:
            columns.add(self.monitoring.columns.subject)
        waves = {*self.waves, *self.waves.values(), *({"pre", "post"} if not self.waves else ())}
        waves |= {wave for o in self.outcomes if isinstance(o.column, dict) for wave in o.column}
        waves |= {wave for o in self.outcomes if isinstance(o.items, dict) for wave in o.items}
        if not (
            set(labels.arm) <= {*self.arms, *self.role_codes}
            and set(labels.wave) <= waves
            and {*labels.covariate, *labels.value} <= columns
        ):
            raise ValueError("labels_unknown")
        return self

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Study:
        ids = [outcome.id for outcome in self.outcomes]
        if (
            self.monitoring is None
            and self.synthesis is None
            and self.single_case is None
            and not self.logs
            and not (self.planning is not None and (self.outcomes or not self.planning.of_groups))
            and not (self.files and self.outcomes)
        ):
            raise ValueError("without_outcomes")
        named = self.underachievement.outcomes if self.underachievement else []
        if any(name.split(".")[0] not in ids for name in named):
            raise ValueError("underachievement_outcome_unknown")
        if len(ids) != len(set(ids)):
            raise ValueError("outcome_names_double")
        if self.design.kind == "single_group" and self.control_arms:
            raise ValueError("single_group_with_control")
        if self.compared and len(self.arms) < 2:
            raise ValueError("arms_missing")
        if self.compared and self.columns.arm is None:
            raise ValueError("arm_column_missing")
        unknown = [arm for contrast in self.contrasts for arm in contrast.weights if arm not in self.arms]
        if unknown:
            raise ValueError("contrast_arm_unknown")
        if self.design.selected_on is not None and self.design.selected_on.split(".")[0] not in ids:
            raise ValueError("selected_on_unknown")
        role = {"class": self.columns.class_, "teacher": self.columns.teacher, "school": self.columns.school}
        if self.design.assigned_by in role and role[self.design.assigned_by] is None:
            raise ValueError("assigned_unit_without_column")
        return self
