"""What holds for a whole file: its wave, its class, and how it calls the columns that others call otherwise."""

from __future__ import annotations

from collections import Counter
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkbank.catalogue import say
from werkbank.drafting.design import CANONICAL
from werkbank.drafting.waves import Place, meanings, places
from werkbank.errors import Said

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkbank.drafting.roles import Roles
    from werkbank.drafting.seen import SeenFile
    from werkbank.drafting.settling import Settling

HEADERS = 99  # rows of which one may be said to be the header
ALIKE = 0.5  # of the headings of two files, from which they are one form


def file_specs(
    files: list[SeenFile],
    roles: Roles,
    free: Mapping[str, list[str]],
    in_heads: Mapping[str, Place],
    settling: Settling,
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Return what the study file says of each file, and the waves of whole files where the files differ in that."""
    specs: list[dict[str, Any]] = []
    for file in files:
        spec: dict[str, Any] = {"path": file.path}
        if file.header is not None:
            told = Said("drafting.guess.header", {"row": file.header, "path": file.path})
            rows = [str(row) for row in range(1, HEADERS + 1)]
            spec["header"] = int(settling.settle("files.header", str(file.header), told, choices=rows))
        if file.sheet is not None:
            spec["sheet"] = file.sheet
        if skipped := settling.may_be_said(f"skip.{Path(file.path).name}"):
            spec["skip"] = _rows(skipped, f"skip.{Path(file.path).name}", settling)
        renamed = {roles.columns[role][0]: own for role, own in roles.per_file.get(file.name, {}).items()}
        if renamed:
            spec["columns"] = renamed
        specs.append(spec)
    long = any(roles.heading("wave", file) for file in files)
    if len(files) < 2 or not _one_form(files, free):
        return specs, {}
    if long or in_heads or not all(places(_plain_name(file)) for file in files):
        _class_of_files(files, specs, roles, settling)
        return specs, {}
    codes = _codes_of_files(files)
    waves = {}
    for spec, (code, meaning) in zip(specs, codes, strict=True):
        spec["wave"] = code
        told = Said("drafting.guess.waves.file", {"code": code, "meaning": meaning, "path": spec["path"]})
        waves[code] = settling.settle(f"waves.{code}", meaning, told, choices=CANONICAL)
    return specs, waves


def _rows(said: str, place: str, settling: Settling) -> list[int]:
    """Return numbers of rows, which were said with commas between them."""
    parts = [part.strip() for part in said.split(",") if part.strip()]
    if not all(part.isdecimal() for part in parts):
        raise settling.refused("drafting.problem.rows", place, said)
    return sorted({int(part) for part in parts})


def _one_form(files: list[SeenFile], free: Mapping[str, list[str]]) -> bool:
    """Whether files share their headings: one form at several moments, or in several classes."""
    sets = [set(free[file.name]) for file in files]
    shared = set.intersection(*sets)
    return all(len(shared) >= ALIKE * len(one) > 0 for one in sets)


def _class_of_files(files: list[SeenFile], specs: list[dict[str, Any]], roles: Roles, settling: Settling) -> None:
    """Call the class of a whole file after what its name has of its own, where no column names one."""
    names = [_plain_name(file) for file in files]
    start = _shared_start(names)
    end = _shared_start([name[start:][::-1] for name in names])
    while start and names[0][start - 1].isdigit():  # klas10, klas11
        start -= 1
    own = [name[start : len(name) - end].strip("_- ") for name in names]
    if "class" in roles.columns or not all(own) or len(set(own)) < len(own):
        return
    told = Said("drafting.guess.class.file", {"column": names[0], "value": own[0]})
    if settling.settle("columns.class", "class", told) != "class":
        return
    roles.columns["class"] = ["class"]
    for spec, value in zip(specs, own, strict=True):
        spec["class"] = value
    pupil = roles.columns.get("pupil", [])
    heads = [file.columns[pupil[0]] for file in files if len(pupil) == 1 and pupil[0] in file.columns]
    shared = Counter(text for seen in heads for text in seen.texts)
    if heads and sum(n > 1 for n in shared.values()) > 0.5 * len(shared):
        names = ["class", pupil[0]]
        values = {"column": " + ".join(names), "others": pupil[0]}
        settling.settle("columns.pupil", "+".join(names), Said("drafting.guess.pupil.restarted", values))
        roles.columns["pupil"] = names


def _shared_start(names: list[str]) -> int:
    """Return how many signs at their beginning all names share."""
    return sum(1 for _ in takewhile(lambda signs: len(set(signs)) == 1, zip(*names, strict=False)))


def _plain_name(file: SeenFile) -> str:
    return file.sheet or Path(file.path).stem


def _codes_of_files(files: list[SeenFile]) -> list[tuple[str, str]]:
    found = [places(_plain_name(file))[0] for file in files]
    meant = meanings(found)
    return [(place.code, meant[place.code]) for place in found]


def one_moment(specs: list[dict[str, Any]], settling: Settling) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Call the only moment that there is by a code: no wave stands in a heading, a column or the name of a file."""
    told = Said("drafting.guess.waves.one_moment")
    code = say("drafting.word.moment", settling.language)
    meaning = settling.settle(f"waves.{code}", "post", told, choices=CANONICAL)
    return [{**spec, "wave": code} for spec in specs], {code: meaning}
