"""study.yaml -> Study, or a list of all that is wrong with it, each with its line and the nearest valid name."""

from __future__ import annotations

import typing
from dataclasses import replace
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import BaseModel, ValidationError

from werkbank.errors import Problem, UnfitError, nearest
from werkbank.instruments.written import MAX_BYTES, NotYamlError, read_yaml
from werkbank.study.logo import draw_logo
from werkbank.study.model import WAVES, FileSpec, Study
from werkbank.study.spelling import tidy

if TYPE_CHECKING:
    from collections.abc import Iterator

# what pydantic calls an error, by how that begins -> a sentence of problems.reason
EXPECTED = {
    "string_pattern": "name", "string_too_short": "longer", "string_too_long": "shorter", "string": "text",
    "int": "whole", "float": "number", "bool": "yes_no", "list": "list", "tuple": "list", "too_short": "more",
    "too_long": "fewer", "missing_positional": "more", "dict": "block", "model": "block", "date": "date",
    "greater_than_equal": "at_least", "greater_than": "above", "less_than_equal": "at_most", "less_than": "below",
}  # fmt: skip
# what the YAML library says, by a part of it -> as above
YAML = {
    "mapping values are not allowed": "yaml_colon", "\\t": "yaml_tab", "expected ':'": "yaml_no_colon",
    "block end": "yaml_indent", "expected ','": "yaml_quote",
    "did not find expected": "yaml_indent", "end of stream": "yaml_quote",
    "twice": "yaml_twice", "duplicate": "yaml_twice", "undefined alias": "yaml_star", "alias": "yaml_star",
    "cannot start any token": "yaml_sign", "control characters": "yaml_sign", "not allowed": "yaml_sign",
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
    study._folder, study._file = file.resolve().parent, shown  # noqa: SLF001 - set once, by the only reader
    if study.school is not None and study.school.logo is not None:
        logo = draw_logo(study.folder, study.school.logo)
        if isinstance(logo, Problem):
            row = lines.get(("school", "logo"))
            raise UnfitError([replace(logo, file=shown, column="school.logo", row=row, value=logo.file)], language)
        study._logo = logo  # noqa: SLF001 - as above
    return study


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
        fitting = [] if pattern.is_absolute() or ".." in pattern.parts else sorted(folder.glob(spec.path))[:MOST_FILES]
        names = [p.relative_to(folder).as_posix() for p in fitting if p.is_file() and not p.name.startswith((".", "~"))]
        if not names:
            row = lines.get(("files", str(n), "path"))
            problem = Problem("files_none", shown, f"files.{n}.path", row, spec.path)
            raise UnfitError([problem], language)
        made += [spec.model_copy(update={"path": name}) for name in names]
    return made


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
        key = next((key for start, key in YAML.items() if start in error.reason), "yaml_other")
        details = {"reason_key": key, "said": error.reason}
        raise UnfitError([Problem("study_not_yaml", file=shown, row=error.row, details=details)]) from None
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
    path = [str(part) for part in error["loc"] if _is_written(part)]
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
    return Problem("study_wrong_type", file, column, row, shown, _expected(error))


def _expected(error: dict[str, Any]) -> dict[str, Any]:
    """Return what should have stood there, as the key of a sentence and the limit that it names."""
    limits = ("gt", "ge", "lt", "le", "min_length", "max_length")
    limit = next((f"{error['ctx'][name]:g}" for name in limits if name in error.get("ctx", {})), "")
    key = next((key for start, key in EXPECTED.items() if error["type"].startswith(start)), "other")
    return {"reason_key": key, "limit": limit}


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
