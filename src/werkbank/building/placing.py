"""At which field of the form a problem stands: where a user can mend it, or looks first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkbank.building.fields import Field, Section
    from werkbank.building.form import Drafted
    from werkbank.errors import Problem

FILES = "files"  # the control with which files are chosen
# problems of values, and the question of an outcome that is about them; of the others the first question is
OF_VALUES = {
    "range": ("out_of_range", "out_of_range_usual", "range_wrong", "scale_differs", "score_above_most",
              "study_outcome_range_order", "study_outcome_needs_range", "study_outcome_binary_range"),
    "missing": ("missing_word", "label_says_missing", "value_usual", "not_a_number", "date_found",
                "out_of_range", "not_whole"),
    "better": ("study_outcome_needs_better",),
    "version": ("version_needed", "unknown_version", "frame_unfilled"),
}  # fmt: skip
# problems of a study file, by what the file calls its parts
OF_KEYS = {
    "design": "design.kind",
    "arms": "columns.arm",
    "waves": "columns.wave",
    "columns": "columns.pupil",
    "programme": "programme",
}
OF_CODES = {
    "pupil_in_two_arms": "columns.arm", "unit_in_two_arms": "design.assigned_by", "unit_missing": "design.assigned_by",
    "study_assigned_unit_without_column": "design.assigned_by", "study_arm_column_missing": "columns.arm",
    "study_arms_missing": "columns.arm", "study_single_group_with_control": "design.kind",
    "study_individual_arms": "design.kind", "duplicate_pupil_wave": "columns.pupil", "numbers_restart": "columns.pupil",
    "study_without_outcomes": "measured", "study_title_empty": "title", "two_waves": "columns.wave",
    "pupil_column_needed": "columns.pupil", "id_missing": "columns.pupil", "id_unknown": "columns.pupil",
    "id_damaged": "columns.pupil", "id_summary": "columns.pupil", "lot_not_randomised": "design.kind",
}  # fmt: skip
PLACES_OF_A_ROLE = ("pupil", "class", "teacher", "school", "arm", "wave")


def placed(problem: Problem, made: Drafted, sections: Iterable[Section]) -> str:
    """Return the place of the field at which a problem stands; "" for one of the whole."""
    fields = [field for section in sections for group in section.groups for field in group.fields]
    places = {field.place for field in fields}
    for place in _candidates(problem, made, fields):
        if place in places or place in {FILES, "title", "measured"}:
            return place
    return ""


def _candidates(problem: Problem, made: Drafted, fields: list[Field]) -> Iterable[str]:
    """Yield the places that a problem may stand at, best first."""
    written = problem.file.endswith((".yaml", ".yml"))
    if written and problem.column:
        yield from _of_key(problem, made)
    if problem.code in OF_CODES:
        yield OF_CODES[problem.code]
    if problem.code in {"unknown_arm", "code_alike", "label_against_answers"} and problem.value:
        yield f"arms.{problem.value}"
    if problem.code.startswith("unknown_wave") and problem.value:
        yield f"waves.{problem.value}"
    if not written or problem.details.get("of_data"):
        yield from _of_column(problem, made, fields)
        if problem.column is None and problem.file:
            yield FILES


def _of_key(problem: Problem, made: Drafted) -> Iterable[str]:
    """Yield the places of a name in the study file: outcomes.0.version, arms.A, design.kind."""
    key = str(problem.column)
    yield key
    parts = key.split(".")
    if parts[0] == "outcomes" and len(parts) > 1 and parts[1].isdecimal():
        outcomes = made.draft.outcomes
        if int(parts[1]) < len(outcomes):
            place = outcomes[int(parts[1])].place
            yield from (f"{place}.{name}" for name in parts[2:3])
            yield from _of_outcome(problem, place)
    if parts[0] == "outcomes":
        yield "measured"
    if parts[0] in OF_KEYS:
        yield OF_KEYS[parts[0]]


def _of_outcome(problem: Problem, place: str) -> Iterable[str]:
    for name, codes in OF_VALUES.items():
        if problem.code in codes:
            yield f"{place}.{name}"
    yield from (f"{place}.{name}" for name in ("instrument", "informant", "use"))


def _of_column(problem: Problem, made: Drafted, fields: list[Field]) -> Iterable[str]:
    """Yield the places of the column that a problem of the data names, or of the role that it names."""
    named = [str(problem.column)] if problem.column else []
    named += [str(problem.details[name]) for name in ("outcome", "role", "unit") if problem.details.get(name)]
    if more := problem.details.get("more"):
        named += [str(one) for one in more.get("columns", ())]
    for name in named:
        for role in PLACES_OF_A_ROLE:
            if name == role or name in made.draft.roles.columns.get(role, []):
                yield f"columns.{role}"
        for outcome in made.draft.outcomes:
            if name in outcome.columns or _called(name, outcome.place, outcome.fields):
                yield from _of_outcome(problem, outcome.place)
        for place in (f"covariates.{name}", f"besides.{name}"):
            if any(field.place == place for field in fields):
                yield place


def _called(name: str, place: str, fields: dict[str, object]) -> bool:
    """Whether a name is an outcome's own, or a column that its pattern asks for."""
    own = str(fields.get("name", fields.get("instrument", place)))
    asked = re.sub(r"\\{\w+\\}", ".+", re.escape(str(fields.get("items", ""))))
    return name.split(".", maxsplit=1)[0] in {place, own} or re.fullmatch(asked, name) is not None
