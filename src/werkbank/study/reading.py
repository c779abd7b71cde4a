"""study.yaml -> Study, or a list of all that is wrong with it, each with its line and the nearest valid name."""

from __future__ import annotations

import typing
from dataclasses import replace
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from werkbank.errors import Problem, UnfitError, nearest
from werkbank.instruments import load
from werkbank.instruments.expected import should_be, unreadable
from werkbank.instruments.written import MAX_BYTES, NotYamlError, read_yaml
from werkbank.study.logo import draw_logo
from werkbank.study.lot import read_lot
from werkbank.study.model import WAVES, FileSpec, Outcome, Programme, Study
from werkbank.study.parts import Informant
from werkbank.study.programmes import named
from werkbank.study.registration import read_registration
from werkbank.study.single_case import Drawn as DrawnDays
from werkbank.study.spelling import tidy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkbank.study.lot import Lot
    from werkbank.study.registration import Registered
    from werkbank.study.single_case import SingleCase

# how a part of a study file is written, where it was written otherwise
EXAMPLES = {
    "files": "files: [{path: raw/scores.csv}]", "columns": "columns: {pupil: nr, class: klas}",
    "arms": "arms: {A: intervention, B: control}", "waves": "waves: {T0: pre, T1: post}",
    "roles": "roles: {doel: target, overig: transfer}", "answers": "answers: {oneens: 1, eens: 2}",
    "range": "range: [1, 5]", "items": "items: [v1, v2]", "missing": "missing: [9]", "scales": "scales: [closeness]",
    "reversed": "reversed: [v2]", "covariates": "covariates: [a, b]", "moderators": "moderators: [{column: a}]",
    "mediators": "mediators: [a]", "reports": "reports: [evaluation]", "primary": "primary: [{outcome: a, wave: post}]",
    "aliases": "aliases: {class: {5a: 5A}}", "distinct": "distinct: [[A, B]]", "rules": "rules: {a: {range: [1, 5]}}",
    "norms": "norms: {a: [14.2, 5.1]}", "skip": "skip: [2]", "privacy": "privacy: {min_cell: 6}",
    "outcomes": "outcomes: [{name: a, items: [v1, v2], range: [1, 5], better: higher}]",
    "associations": "associations: [{outcome: a, predictors: [b]}]",
    "contrasts": "contrasts: [{name: a-b, weights: {A: 1, B: -1}}]",
    "design": "design: {kind: controlled, assigned_by: class}", "school": "school: {name: De Wilg}",
}  # fmt: skip
MOST_FILES = 2000  # that one pattern may stand for


def load_study(path: str | Path) -> Study:
    """Read and check a study file.

    Parameters
    ----------
    path : path
        A study.yaml, or the folder that holds one.

    Raises
    ------
    UnfitError
        With every problem at once: YAML that cannot be read, unknown keys and values (naming the nearest valid one),
        and declarations that contradict each other.
    """
    file = Path(path)
    file = file / "study.yaml" if file.is_dir() else file
    shown = file.as_posix()
    if not file.is_file():
        raise UnfitError([Problem("study_not_found", file=shown)])
    if file.stat().st_size > MAX_BYTES:
        raise UnfitError([Problem("study_too_large", file=shown)])
    study, lines = _declared(file, shown, file.read_bytes())
    language = study.language
    study = study.model_copy(update={"files": _found(study.files, file.resolve().parent, shown, lines, language)})
    study = study.model_copy(update={"programme": _described(study)})
    study = study.model_copy(update={"outcomes": _filled_in_by(study, file.resolve().parent)})
    study._folder, study._file = file.resolve().parent, shown  # noqa: SLF001 - set once, by the only reader
    if study.design.lot is not None:
        lot = _lot_of(study, lines, language)
        if study.single_case is not None:
            study = study.model_copy(update={"single_case": _drawn_cases(study, lot, lines)})
        study._lot = lot  # noqa: SLF001 - as above
    if (study.design.preregistration or "").endswith(".yaml"):
        study._registered = _registered(study, lines, language)  # noqa: SLF001 - as above
    if study.school is not None and study.school.logo is not None:
        logo = draw_logo(study.folder, study.school.logo)
        if isinstance(logo, Problem):
            row = lines.get(("school", "logo"))
            raise UnfitError([replace(logo, file=shown, column="school.logo", row=row, value=logo.file)], language)
        study._logo = logo  # noqa: SLF001 - as above
    return study


def _described(study: Study) -> str | Programme | None:
    """Return the programme with what is known of it beforehand, where the study file names a template."""
    name, given = named(study.programme), study.programme
    if name is None:
        return given
    return Programme.of_template(name, given if isinstance(given, Programme) else None)


def _lot_of(study: Study, lines: dict[tuple[str, ...], int], language: str) -> Lot:
    """Return the lot that a study file names; it must lie in the study's folder, and have been drawn."""
    name, row = str(study.design.lot), lines.get(("design", "lot"))
    path = (study.folder / name).resolve()
    if not path.is_relative_to(study.folder):
        raise UnfitError([Problem("lot_not_found", study.file, "design.lot", row, name)], language)
    lot = read_lot(path, name, language)
    if not lot.is_drawn:
        raise UnfitError([Problem("lot_not_drawn", study.file, "design.lot", row, name)], language)
    return lot


def _registered(study: Study, lines: dict[tuple[str, ...], int], language: str) -> Registered:
    """Return the registration that a study file names; it must lie in the study's folder."""
    name, row = str(study.design.preregistration), lines.get(("design", "preregistration"))
    path = (study.folder / name).resolve()
    if not path.is_relative_to(study.folder):
        raise UnfitError([Problem("registration_not_found", study.file, "design.preregistration", row, name)], language)
    return read_registration(path, name, language)


def _drawn_cases(study: Study, lot: Lot, lines: dict[tuple[str, ...], int]) -> SingleCase:
    """Return the block of a single-case study with what its lot drew from; what the block says must be the same."""
    block, row = study.single_case, lines.get(("design", "lot"))
    assert block is not None  # noqa: S101 - seen by the caller
    if lot.scheme == "arms":
        details = {"drawn": lot.level}
        raise UnfitError([Problem("lot_other_level", study.file, "design.lot", row, "case", details)], study.language)
    drawn = DrawnDays(scheme=lot.scheme, starts=[] if lot.scheme == "order" else [lot.days or []])
    said = block.drawn
    same = said is None or (said.scheme == drawn.scheme and all(sorted(s) == lot.days for s in said.starts))
    if not same:
        raise UnfitError([Problem("lot_other_days", study.file, "single_case.drawn", row)], study.language)
    return block.model_copy(update={"drawn": said or drawn})


def _filled_in_by(study: Study, folder: Path) -> list[Outcome]:
    """Return the outcomes with who filled them in, where only one can have: the files', or that of the scoring key.

    What nobody said remains unknown: a report then says so, and guesses nothing.
    """
    of_files = {spec.informant for spec in study.files}
    whole = next(iter(of_files)) if len(of_files) == 1 else None
    made = []
    for outcome in study.outcomes:
        who: str | None = None if outcome.informant != "unknown" else whole
        if outcome.informant == "unknown" and who is None and outcome.instrument is not None:
            try:
                key = load(outcome.instrument, outcome.version, outcome.order, folder / "instruments")
            except UnfitError:
                key = None  # intake says what is wrong with it
            who = key.informant[0] if key is not None and len(key.informant) == 1 else None
        made.append(outcome.model_copy(update={"informant": who}) if who in get_args(Informant) else outcome)
    return made


def _found(
    files: list[FileSpec], folder: Path, shown: str, lines: dict[tuple[str, ...], int], language: str
) -> list[FileSpec]:
    """Return a spec for every file: `raw/klas*.csv` stands for all files that it fits, in the order of their names."""
    made: list[FileSpec] = []
    for n, spec in enumerate(files):
        if not any(sign in spec.path for sign in "*?[") or (folder / spec.path).exists():
            made.append(spec)
            continue
        pattern = PurePosixPath(spec.path)
        fitting = [] if pattern.is_absolute() or ".." in pattern.parts else _fitting(folder, spec.path)
        names = [p.relative_to(folder).as_posix() for p in fitting if p.is_file() and not p.name.startswith((".", "~"))]
        names = [name for name in names if name != Path(shown).name]  # `*` would be the study file, too
        if not names:
            row = lines.get(("files", str(n), "path"))
            problem = Problem("files_none", shown, f"files.{n}.path", row, spec.path)
            raise UnfitError([problem], language)
        made += [spec.model_copy(update={"path": name}) for name in names]
    return made


def _fitting(folder: Path, pattern: str) -> list[Path]:
    try:
        return sorted(folder.glob(pattern))[:MOST_FILES]
    except (ValueError, OSError, NotImplementedError, RecursionError):  # `**.csv` is no pattern
        return []


@lru_cache(maxsize=8)  # a batch reads the same study for every report
def _declared(file: Path, shown: str, _content: bytes) -> tuple[Study, dict[tuple[str, ...], int]]:
    raw, lines = _read_yaml(file, shown)
    language = "en" if raw.get("language") == "en" else "nl"
    try:
        return Study.model_validate(raw), lines
    except ValidationError as error:
        found = [_problem(dict(e), lines, shown) for e in error.errors(include_url=False)]
        # what may be either of two shapes is wrong in both ways: one of them says it
        problems = {(problem.code, problem.column, problem.value): problem for problem in reversed(found)}
        raise UnfitError(list(reversed(problems.values())), language) from None


def _read_yaml(file: Path, shown: str) -> tuple[dict[str, Any], dict[tuple[str, ...], int]]:
    try:
        raw, node = read_yaml(file)
    except NotYamlError as error:
        raise UnfitError(
            [Problem("study_not_yaml", file=shown, row=error.row, details=unreadable(error.reason))]
        ) from None
    if not isinstance(raw, dict):
        raise UnfitError([Problem("study_not_mapping", file=shown)])
    lines = _lines(node)
    if twice := list(_twice(raw)):
        language = "en" if raw.get("language") == "en" else "nl"
        raise UnfitError([_named_twice(path, lines, shown) for path in twice], language)
    return tidied(raw), lines


def _twice(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:  # noqa: ANN401 - whatever YAML held
    """Return the names that are one without signs that cannot be seen, and stand for different things."""
    parts = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    seen: dict[Any, Any] = {}
    for key, value in parts:
        here = (*path, str(key))
        if seen.setdefault(_tidied(key), value) != value:
            yield here
        yield from _twice(value, here)


def _named_twice(path: tuple[str, ...], lines: dict[tuple[str, ...], int], shown: str) -> Problem:
    column, row = ".".join(path), lines.get(path)
    if path[-2:-1] == ("answers",):
        return Problem("study_answers_collide", shown, column, row)
    return Problem("study_not_yaml", shown, column, row, details={"reason_key": "yaml_twice", "said": path[-1]})


def tidied(node: Any) -> Any:  # noqa: ANN401 - whatever YAML held
    """Return what stands in a study file without signs that cannot be seen, as names in data files are compared."""
    if isinstance(node, dict):
        return {_tidied(key): tidied(value) for key, value in node.items()}
    return [tidied(value) for value in node] if isinstance(node, list) else _tidied(node)


def _tidied(text: Any) -> Any:  # noqa: ANN401 - as above
    return tidy(text) if isinstance(text, str) and "\n" not in text and text.strip() else text


def _lines(node: yaml.Node | None, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], int]:
    """Map every path in the YAML to the line it stands on."""
    found: dict[tuple[str, ...], int] = {}
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*path, str(key.value))
            found[here] = key.start_mark.line + 1
            found.update(_lines(value, here))
    elif isinstance(node, yaml.SequenceNode):
        for i, value in enumerate(node.value):
            found[(*path, str(i))] = value.start_mark.line + 1
            found.update(_lines(value, (*path, str(i))))
    return found


def _problem(error: dict[str, Any], lines: dict[tuple[str, ...], int], file: str) -> Problem:
    """Translate one pydantic error into a Problem that a teacher can mend."""
    path: list[str] = []
    for part in map(str, error["loc"]):
        if _is_written(part) or (*path, part) in lines:  # an arm may be called int
            path.append(part)
    row = next((lines[tuple(path[:n])] for n in range(len(path), 0, -1) if tuple(path[:n]) in lines), None)
    column = ".".join(path) or None
    value = error.get("input")
    shown = str(value) if isinstance(value, (str, int, float, bool)) else None
    kind = error["type"]
    if kind == "extra_forbidden":
        valid = _valid_keys(path[:-1])
        return Problem("study_unknown_key", file, column, row, path[-1], nearest(path[-1], valid))
    if kind == "missing":
        return Problem("study_missing_key", file, column, row)
    if kind == "literal_error":
        expected = str(error.get("ctx", {}).get("expected", "")).replace("'", "").replace(" or ", ", ")
        valid = [part.strip() for part in expected.split(",") if part.strip()]
        return Problem("study_unknown_value", file, column, row, shown, nearest(str(value), valid))
    if kind == "string_pattern_mismatch" and str(error.get("ctx", {}).get("pattern", "")).startswith("^(baseline"):
        return Problem("study_unknown_value", file, column, row, shown, nearest(str(value), [*WAVES[:6], "…"]))
    if kind == "value_error":
        return Problem(f"study_{error['ctx']['error']}", file, column, row)
    example = next((EXAMPLES[part] for part in reversed(path) if part in EXAMPLES), "")
    details = {**should_be(error), **({"example": example} if example else {})}
    return Problem("study_wrong_type", file, column, row, shown, details)


def _is_written(part: object) -> bool:
    # pydantic adds names of union members (str, list[str], function-after…) that no user wrote
    text = str(part)
    machine = ("[" in text) or text in {"str", "int", "float", "Programme"} or text.startswith("function-")
    return not machine


def _valid_keys(path: list[str]) -> list[str]:
    """Return the keys that may stand at `path` in a study file."""
    annotation: Any = Study
    for part in (*path, ""):
        inside = [annotation, *typing.get_args(annotation)]  # a model, a list of them, or one that may be left out
        model = next((m for m in inside if isinstance(m, type) and issubclass(m, BaseModel)), None)
        fields = {f.alias or name: f.annotation for name, f in model.model_fields.items()} if model else {}
        if not part.isdigit():
            annotation = fields.get(part)
    return list(fields)
