"""What should lie in a folder of reports and does not, and what lies there that no report made."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from werkbank.running import manifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Fault = tuple[
    str, Literal["lacking", "foreign", "damaged", "older"], str
]  # of which report or file, what, and more about it
SIGNS = ("results.json", manifest.SHARE, manifest.HELD)  # one of these beside no manifest: there was a report
FIELDS = {"schema_version", "notice", "inputs", "results", "reports", "seal"}


def places_below(folder: Path) -> list[Path]:
    """Return every folder in and below `folder` in which a report or a batch is, or was."""
    marks = {path.parent for name in (manifest.NAME, manifest.BATCH, *SIGNS) for path in folder.rglob(name)}
    found = {place for place in marks if not {manifest.SHARE, manifest.HELD} & {*place.relative_to(folder).parts}}
    return sorted(place for place in found if not _passing(place, folder))


def _passing(place: Path, top: Path) -> bool:
    """Whether a folder is one in which a report is being made."""
    return any(part.startswith(".werkbank-") for part in place.relative_to(top).parts)


def faults(place: Path) -> Iterator[Fault]:
    """Yield what is amiss in one folder, its reports' own files apart."""
    is_batch = (place / manifest.BATCH).exists() or _indexed(place)
    if is_batch:
        yield from _of_batch(place)
        if not any((place / name).exists() for name in (manifest.NAME, "results.json")):
            return
    found = manifest.read(place)
    if not found or not found.get("reports"):
        yield manifest.NAME, "older" if manifest.is_older(place) else "lacking", manifest.NAME
        return
    if not _sound(place, found) or not _shaped(found):
        yield manifest.NAME, "damaged", manifest.NAME
        return
    try:
        told = [
            (n, f"{manifest.NAME}: {f}") for n, e in found["reports"].items() for f in _told_otherwise(place, found, e)
        ]
        known = {file for report in found["reports"].values() for file in report["files"]}
    except (KeyError, TypeError, AttributeError):  # sealed, and no manifest of ours
        yield manifest.NAME, "damaged", manifest.NAME
        return
    yield from ((name, "damaged", field) for name, field in told)
    for back in (manifest.SHARE, manifest.HELD) if not is_batch else ():
        for path in sorted((place / back).rglob("*")):
            file = f"{manifest.SHARE}/{path.relative_to(place / back).as_posix()}"
            if file not in known:
                yield file, "foreign", path.relative_to(place).as_posix()


def _indexed(place: Path) -> bool:
    return (place / "index.html").exists() and not (place / manifest.NAME).exists()


def _sound(place: Path, found: dict[str, Any]) -> bool:
    """Whether a manifest is written as werkbank writes one, to the byte."""
    if found.keys() != FIELDS:
        return False
    return found.get("notice") == manifest.notice() and _sealed(place / manifest.NAME, found)


def _shaped(found: dict[str, Any]) -> bool:
    """Whether a manifest names files and hashes, and what each report was made from, where ours do."""
    entries = found["reports"].values() if isinstance(found["reports"], dict) else [None]
    files = [found["results"], *(entry.get("files") if isinstance(entry, dict) else None for entry in entries)]
    texts = [isinstance(one, dict) and all(isinstance(v, str) for v in one.values()) for one in files]
    parts = isinstance(found["inputs"], dict) and isinstance(found["inputs"].get("parameters"), dict)
    notebooks = [isinstance(entry, dict) and isinstance(entry.get("notebook"), str) for entry in entries]
    return all(texts) and parts and all(notebooks)


def _sealed(path: Path, content: dict[str, Any]) -> bool:
    """Whether a file is, to the byte, what was sealed."""
    return manifest.sealed(content) == path.read_text(encoding="utf-8")


def _told_otherwise(place: Path, found: dict[str, Any], entry: dict[str, Any]) -> Iterator[str]:
    """Yield the fields of a manifest that a page made with it says otherwise at its foot."""
    page = next((file for file in entry["files"] if file.endswith(".html") and "/" not in file), None)
    if page is None or not (place / page).is_file():
        return
    text = (place / page).read_text(encoding="utf-8", errors="replace")
    inputs = found["inputs"]
    said = {
        "werkbank": inputs["werkbank"],
        "python": inputs["python"],
        "study": inputs["study"]["sha256"][:12],
        "environment": inputs["environment"][:12],
        "seed": inputs["parameters"]["seed"],
        "notebook": entry["notebook"][:12],
        **{f"data {item['file']}": item["sha256"][:12] for item in inputs["data"]},
    }
    yield from (field for field, value in said.items() if str(value) not in text)


def _of_batch(place: Path) -> Iterator[Fault]:
    """Yield what is amiss with what a batch wrote beside its reports: index, joint table, and those to share."""
    try:
        sealed = json.loads((place / manifest.BATCH).read_text(encoding="utf-8"))
        files, reports = dict(sealed["files"]), list(sealed["reports"])
    except (OSError, ValueError, KeyError, TypeError):
        yield manifest.BATCH, "lacking", manifest.BATCH
        return
    if not _sealed(place / manifest.BATCH, sealed):
        yield manifest.BATCH, "damaged", manifest.BATCH
    for file, digest in sorted(files.items()):
        path = place / file
        if not path.resolve().is_relative_to(place.resolve()) or not path.is_file() or manifest.sha256(path) != digest:
            yield file, "damaged", file
    for report in reports:
        if not (place / report / manifest.NAME).is_file():
            yield report, "lacking", f"{report}/{manifest.NAME}"
    own = manifest.read(place).get("reports", {}).values()  # where one report lies in the folder itself
    known = {*files, *(file for report in own for file in report["files"])}
    for path in sorted((place / manifest.SHARE).rglob("*")):
        file = path.relative_to(place).as_posix()
        if file not in known:
            yield file, "foreign", file
