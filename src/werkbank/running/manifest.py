"""manifest.json: what a report was made from and with, so that it can be made again and checked.

It holds hashes, names relative to the study's folder and versions; no time, no user and no path of a machine, so that
the same inputs give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import sys
from contextlib import suppress
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkbank.catalogue import LANGUAGES, say

if TYPE_CHECKING:
    from werkbank.study.model import Study

NAME = "manifest.json"
BATCH = "batch.json"  # of a batch: what it wrote beside its reports, and which folders they are in
SHARE = "share"  # beside the other files of a run: the only ones that may leave
HELD = ".share"  # copies to share that were not yet looked at beside the others
SCHEMA_VERSION = 2  # 1 had no seal


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def inputs_of(study: Study, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return everything that decides what the results are: study, data, own keys, parameters, versions.

    `parameters` are those of the report apart from the paths and the language.
    """
    folder = study.folder
    own_keys = sorted((folder / "instruments").glob("*.yaml"))
    return {
        "study": _hashed(folder, folder / Path(study.file).name if Path(study.file).suffix else folder / "study.yaml"),
        "data": [
            _hashed(folder, folder / path) for path in [*(spec.path for spec in study.data_files), *_papers(study)]
        ],
        "instruments": [_hashed(folder, path) for path in own_keys],
        "logo": [_hashed(folder, folder / study.school.logo)] if study.school and study.school.logo else [],
        "parameters": parameters,
        "werkbank": metadata.version("werkbank"),
        "code": _code(),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": _packages(),
        "environment": _environment(),
    }


def _papers(study: Study) -> list[str]:
    """Return the papers that a study names: its lot and the list it was drawn from, its registration, its own logs."""
    from werkbank.intake.lots import lot_list

    drawn = [str(study.design.lot), lot_list(study)] if study.lot is not None else []
    return [*drawn, *[str(study.design.preregistration)] * (study.registered is not None), *study.own_logs]


def notice(key: str = "notice") -> str:
    """Return, in every language, what says of a file without pages that it stays inside; ``row`` for a row of it."""
    return " · ".join(say(f"privacy.{key}", language) for language in LANGUAGES)


def read(folder: Path) -> dict[str, Any]:
    """Return the manifest in `folder`, or an empty one where there is none that this version can read."""
    found = _there(folder)
    return found if found.get("schema_version") == SCHEMA_VERSION else {}


def is_older(folder: Path) -> bool:
    """Whether an older version wrote the manifest in `folder`: that of a report that must be made again."""
    version = _there(folder).get("schema_version")
    return type(version) is int and 0 < version < SCHEMA_VERSION and "inputs" in _there(folder)


def _there(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def held(place: Path, file: str) -> Path:
    """Return where a file of a manifest is written, whatever that says: a copy to share is held back first."""
    return place / (HELD if file.startswith(f"{SHARE}/") else "") / Path(file).name


def where(place: Path, file: str) -> Path:
    """Return where a file of a manifest lies: its copies to share may still be held back."""
    back = held(place, file)
    return back if file.startswith(f"{SHARE}/") and back.is_file() else place / file


def remove(place: Path, file: str) -> None:
    """Remove a file of a manifest, of a copy to share also the one that was let go."""
    for folder in (HELD, SHARE) if file.startswith(f"{SHARE}/") else ("",):
        (place / folder / Path(file).name).unlink(missing_ok=True)


def withdraw(place: Path) -> None:
    """Hold the copies to share of a folder back that were let go before."""
    (place / HELD).mkdir(exist_ok=True)
    for path in (place / SHARE).glob("[!.]*"):
        path.replace(place / HELD / path.name)


def hold(place: Path, files: list[str]) -> None:
    """Hold these copies to share back that were let go before."""
    (place / HELD).mkdir(exist_ok=True)
    for name in (Path(file).name for file in files):
        if (place / SHARE / name).is_file():
            (place / SHARE / name).replace(place / HELD / name)


def release(place: Path) -> None:
    """Let the copies to share of a folder go, each in one step: all that is beside them is as it is meant to be.

    A copy whose entry says why it is held stays behind.
    """
    entries = read(place).get("reports", {}).values()
    stays = {Path(file).name for entry in entries if entry.get("share", {}).get("held") for file in entry["files"]}
    for path in sorted((place / HELD).glob("[!.]*")):
        if path.name not in stays:
            (place / SHARE).mkdir(exist_ok=True)
            let_read(path)
            path.replace(place / SHARE / path.name)
    if not any((place / HELD).glob("[!.]*")):
        shutil.rmtree(place / HELD, ignore_errors=True)


def written(inputs: dict[str, Any], results: dict[str, str], reports: dict[str, Any]) -> str:
    """Return the text of a manifest; `results` and each report's ``files`` map file names to hashes."""
    told = {"schema_version": SCHEMA_VERSION, "notice": notice()}
    return sealed({**told, "inputs": inputs, "results": results, "reports": reports})


def sealed(content: dict[str, Any]) -> str:
    """Return JSON that ends in a hash of the rest: whatever is changed in it by hand, it no longer fits."""
    whole = {k: v for k, v in content.items() if k != "seal"}
    seal = hashlib.sha256(json.dumps(whole, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
    return json.dumps({**whole, "seal": seal}, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def seal(out: Path, reports: list[str]) -> None:
    """Write down what a batch has written beside its reports, so that `verify` can tell what was changed or taken."""
    names = ("index.html", "results.csv")
    files = [*names, *(f"{SHARE}/{name}" for name in names)]
    hashes = {file: sha256(out / file) for file in files if (out / file).is_file()}
    content = {"notice": notice(), "files": hashes, "reports": sorted(set(reports))}
    put(out / BATCH, sealed(content).encode())


def put(path: Path, content: bytes) -> None:
    """Write a file in one step: whole, or as it was; what does not lie in ``share`` is for its owner only."""
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_bytes(content)
        own(beside if path.parent.name != SHARE else None)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def own(path: Path | None) -> None:
    """Let nobody but its owner read a file or folder, where the disk knows of owners."""
    if path is not None:
        with suppress(OSError):
            path.chmod(0o700 if path.is_dir() else 0o600)


def let_read(path: Path) -> None:
    """Give a copy to share the rights that a new file has here: it is meant to be handed out."""
    mask = os.umask(0)
    os.umask(mask)
    with suppress(OSError):
        path.chmod((0o777 if path.is_dir() else 0o666) & ~mask)


def footer(inputs: dict[str, Any], notebook: str, code: str) -> dict[str, str]:
    """Return what a page says about where it comes from; hashes are shortened, manifest.json has them whole."""
    study, data = inputs["study"], inputs["data"]
    return {
        "werkbank": inputs["werkbank"],
        "python": inputs["python"],
        "study": f"{study['file']} ({study['sha256'][:12]})",
        "data_sha256": ", ".join(f"{item['file']} ({item['sha256'][:12]})" for item in data),
        "notebook": f"{notebook} ({code[:12]})",
        "seed": str(inputs["parameters"]["seed"]),
        "environment": inputs["environment"][:12],
    }


def _hashed(folder: Path, path: Path) -> dict[str, str]:
    inside = path.resolve().is_relative_to(folder.resolve())
    shown = path.resolve().relative_to(folder.resolve()).as_posix() if inside else path.name
    return {"file": shown, "sha256": sha256(path)}


@cache
def _packages() -> dict[str, str]:
    """Return the versions of what werkbank itself asks for; optional extras are in the hash of the environment."""
    needed = [line for line in metadata.requires("werkbank") or [] if "extra ==" not in line]
    asked = [re.split(r"[^A-Za-z0-9._-]", line)[0] for line in needed]
    return {name: metadata.version(name) for name in sorted(set(asked))}


@cache
def _code() -> str:
    """Return one hash over werkbank's own code, keys and wording: a version number does not move with every change."""
    package = Path(__file__).resolve().parents[1]
    files = sorted(path for path in package.rglob("*") if path.suffix in {".py", ".yaml", ".j2", ".css"})
    lines = [f"{path.relative_to(package).as_posix()} {sha256(path)}" for path in files]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@cache
def _environment() -> str:
    """Return one hash over the name and version of everything that is installed, whatever the order."""
    # the folders' names say both; reading the metadata of 150 packages would take half a second
    installed = {found.stem.lower() for folder in sys.path for found in Path(folder).glob("*.dist-info")}
    return hashlib.sha256("\n".join(sorted(installed)).encode()).hexdigest()
