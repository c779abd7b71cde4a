"""A log of one's own: a file beside study.yaml of the same shape as the logs that werkbank knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from werkbank.errors import Problem, UnfitError
from werkbank.instruments.expected import should_be, unreadable
from werkbank.instruments.written import NotYamlError, read_yaml
from werkbank.programmes.forms import Form, form, form_names

if TYPE_CHECKING:
    from pathlib import Path

OWN = ".yaml"  # how the name of a log of one's own ends


def form_of(log: str, folder: Path, language: str, file: str) -> Form:
    """Return what a log asks: one that werkbank knows, or the file in the study's folder that `log` names.

    Parameters
    ----------
    log : str
        As `logs` in the study file has it: ``2x10``, or ``mijn-log.yaml``.
    folder : Path
        Of the study.
    file : str
        The study file, which a problem names.

    Raises
    ------
    UnfitError
        ``log_own_missing``, ``log_own_yaml``, ``log_own_wrong``, ``log_own_disagrees``: with every problem of the file.
    KeyError
        No such log, and not the name of a file.
    """
    if not log.endswith(OWN):
        if log not in form_names():
            raise KeyError(log)
        return form(log)
    path = (folder / log).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise UnfitError([Problem("log_own_missing", file, "logs", value=log)], language)
    try:
        raw, _ = read_yaml(path)
    except NotYamlError as error:
        told = Problem("log_own_yaml", log, row=error.row, details=unreadable(error.reason))
        raise UnfitError([told], language) from None
    if not (isinstance(raw, dict) and isinstance(raw.get("columns"), dict)):
        raise UnfitError([Problem("log_own_disagrees", log, "columns")], language)
    if not all(how is None or isinstance(how, dict) for how in raw["columns"].values()):
        raise UnfitError([Problem("log_own_disagrees", log, "columns")], language)
    try:
        return Form.model_validate({"name": path.stem, **raw})
    except ValidationError as error:
        problems = [_problem(log, dict(found)) for found in error.errors(include_url=False)]
        raise UnfitError(problems, language) from None


def _problem(log: str, found: dict[str, object]) -> Problem:
    where = ".".join(map(str, found["loc"])) or None  # type: ignore[call-overload] # pydantic gives a tuple
    if found["type"] == "value_error":
        return Problem("log_own_disagrees", log, where)
    value = found.get("input")
    shown = str(value) if isinstance(value, str | int | float | bool) else None
    return Problem("log_own_wrong", log, where, value=shown, details=should_be(found))
