"""Finding a key by name, version and item order; reading a user's own; handing out a frame to fill in."""

from __future__ import annotations

import difflib
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from werkbank.catalogue import shipped
from werkbank.errors import Problem, UnfitError
from werkbank.instruments.expected import should_be, unreadable
from werkbank.instruments.model import Instrument
from werkbank.instruments.written import NotYamlError, read_yaml

KEYS = Path(__file__).parent / "keys"


def names() -> list[str]:
    """Return the names of every shipped key and frame."""
    return sorted(path.stem for path in KEYS.glob("*.yaml"))


def load(name: str, version: str | None = None, order: str | None = None, folder: Path | None = None) -> Instrument:
    """Return the key `name`, in the version and item order that the user chose.

    Parameters
    ----------
    name : str
        One of `names()`, or the name of a key in `folder`.
    version, order : str, optional
        Needed where the instrument circulates in forms that score differently; never defaulted.
    folder : Path, optional
        Where the user's own keys lie (``instruments/`` beside study.yaml): filled-in frames and own questionnaires.
        A file there may not bear the name of a complete shipped key.

    Raises
    ------
    UnfitError
        With the problem ``unknown_instrument``, ``version_needed``, ``unknown_version``, ``frame_unfilled``,
        ``instrument_invalid`` or ``instrument_name_taken``.
    """
    name = str(name)
    mine = folder / f"{name}.yaml" if folder and Path(name).name == name else None  # a name, never a path
    if mine is not None and mine.is_file():
        if name in names() and all(i.status == "complete" for i in variants(name)):
            raise UnfitError([Problem("instrument_name_taken", file=f"{mine.parent.name}/{mine.name}", value=name)])
        shown = f"{folder.name}/{mine.name}" if folder else mine.name
        found = _choose(_parsed(mine, shown), {"version": version, "order": order}, shown)
    elif name in names():
        found = _choose(_shipped(name), {"version": version, "order": order}, "")
    else:
        near = difflib.get_close_matches(name.lower(), names(), n=1, cutoff=0.3)
        details = {"nearest": near[0] if near else "", "valid": ", ".join(names())}
        raise UnfitError([Problem("unknown_instrument", value=name, details=details)])
    if found.status == "frame":
        details = {"name": name, "source": found.source}
        raise UnfitError([Problem("frame_unfilled", value=name, details=details)])
    return found


def variants(name: str) -> list[Instrument]:
    """Return every version and order of the shipped key `name`, frames among them, for listing and explaining."""
    raw = _shipped(name)
    return [_build(raw, {"version": v, "order": o}, "") for v, o in product(*(raw.get(f) or [None] for f in _AXES))]


def read(path: Path, version: str | None = None, order: str | None = None) -> Instrument:
    """Return a user's key from a YAML file.

    Raises
    ------
    UnfitError
        When the file is not YAML or contradicts itself: one problem for each field.
    """
    return _choose(_parsed(path), {"version": version, "order": order}, path.name)


def template(name: str) -> str:
    """Return the YAML of frame `name` with a hole for each scale's item numbers, to be filled from the manual."""
    lines = (KEYS / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    head = [
        f"# {name}: fill in the item numbers from the manual you hold, then save this file as",
        f"# instruments/{name}.yaml beside your study.yaml. Numbers only: the wording stays with its publisher.",
    ]
    return "\n".join([*head, *(line.replace("items: []", "items: []  # <- item numbers") for line in lines)]) + "\n"


_AXES = ("versions", "orders")


@cache
def _shipped(name: str) -> dict[str, Any]:
    return _parsed(KEYS / f"{name}.yaml")


def _parsed(path: Path, shown: str = "") -> dict[str, Any]:
    try:
        raw = shipped(path) if path.parent == KEYS else read_yaml(path, aliases=True)[0]
    except NotYamlError as error:
        found = Problem("instrument_invalid", shown or path.name, row=error.row, details=unreadable(error.reason))
        raise UnfitError([found]) from None
    forms = [raw.get(axis) or {} for axis in _AXES] if isinstance(raw, dict) else [raw]
    forms += [form or {} for axis in forms if isinstance(axis, dict) for form in axis.values()]
    if not all(isinstance(form, dict) for form in forms) or not isinstance(raw, dict):
        raise UnfitError(
            [
                Problem(
                    "instrument_invalid",
                    shown or path.name,
                    details={"reason_key": "key_block", "reason": "not a mapping"},
                )
            ]
        )
    return raw


def _choose(raw: dict[str, Any], chosen: dict[str, str | None], file: str) -> Instrument:
    """Build the one variant that the user asked for, or say which there are."""
    problems = []
    for axis in _AXES:
        what = axis.removesuffix("s")
        valid, value = [str(v) for v in raw.get(axis) or {}], chosen[what]
        details = {"name": raw.get("name", ""), "field": what, "valid": ", ".join(valid) or "–"}
        if value is None and valid:
            problems.append(Problem("version_needed", file=file, details=details))
        elif value is not None and str(value) not in valid:
            problems.append(Problem("unknown_version", file=file, value=str(value), details=details))
    if problems:
        raise UnfitError(problems)
    return _build(raw, chosen, file)


def _build(raw: dict[str, Any], chosen: dict[str, str | None], file: str) -> Instrument:
    form = {k: v for k, v in raw.items() if k not in _AXES}
    for axis in _AXES:
        value = chosen[axis.removesuffix("s")]
        if value is not None:
            form.update({str(k): v for k, v in (raw.get(axis) or {}).items()}[str(value)] or {})
            form[axis.removesuffix("s")] = str(value)
    try:
        return Instrument.model_validate(form)
    except ValidationError as error:
        raise UnfitError(
            [
                Problem("instrument_invalid", file, ".".join(map(str, e["loc"])) or None, details=should_be(dict(e)))
                for e in error.errors()
            ]
        ) from error
