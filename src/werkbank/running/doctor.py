"""``werkbank doctor``: what this computer has and lacks for a report, each with its way out."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shutil
import sys
import tempfile
import time
import webbrowser
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import werkbank
from werkbank.catalogue import say
from werkbank.errors import MissingPieceError, WerkbankError
from werkbank.usage import VARIABLES, painted
from werkbank.warm.folder import ALIVE, UNFINISHED, is_living
from werkbank.warm.offline import can_leave

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

State = Literal["good", "note", "lacking"]
SIGN = {"good": "✓", "note": "·", "lacking": "✗"}
COLOUR = {"good": "green", "note": "yellow", "lacking": "red"}
LEAST_FREE = 500_000_000  # bytes on the disk where reports go
SECONDS = 120  # for a notebook of one line
OURS = ("werkbank.warm", "ipykernel_launcher")


@dataclass(frozen=True)
class Found:
    """One thing that was looked at: `state` is lacking when no report can be made without it."""

    name: str
    state: State
    values: dict[str, Any] = field(default_factory=dict)

    def line(self, language: str) -> str:
        """Return what was found; with the way out, where something is to be done."""
        told = say(f"doctor.{self.name}.{self.state}", language, **self.values)
        return f"{SIGN[self.state]} {told}"


def doctor_command(asked: argparse.Namespace, tell: Callable[..., None]) -> dict[str, Any]:
    """Look at everything, a line for each; return what was found.

    Raises
    ------
    MissingPieceError
        When something lacks without which no report can be made.
    """
    found = []
    for look in LOOKS:
        for one in look(asked.speech):
            found.append(one)
            tell(painted(one.line(asked.speech), COLOUR[one.state], sys.stdout))
    rows = [{"name": one.name, "state": one.state, "told": one.line(asked.speech)[2:], **one.values} for one in found]
    if lacking := [one for one in found if one.state == "lacking"]:
        error = MissingPieceError(say("doctor.summary.lacking", asked.speech, n=len(lacking)))
        error.more = {"found": rows}
        raise error
    tell(say("doctor.summary.good", asked.speech))
    return {"ok": True, "found": rows}


def _python(_language: str) -> Iterator[Found]:
    yield Found("python", "good", {"python": sys.version.split()[0], "werkbank": werkbank.__version__})


def _libraries(_language: str) -> Iterator[Found]:
    """Look whether every library that werkbank asks for on every system is there."""
    absent = []
    for line in importlib.metadata.requires("werkbank") or []:
        name = re.match(r"[A-Za-z0-9._-]+", line)
        if name is None or ";" in line:  # for some systems, or on request
            continue
        try:
            importlib.metadata.version(name[0])
        except importlib.metadata.PackageNotFoundError:
            absent.append(name[0])
    values = {"names": ", ".join(absent), "python": Path(sys.executable).name}
    yield Found("libraries", "lacking" if absent else "good", values)


def _notebook(language: str) -> Iterator[Found]:
    """Run a notebook of one line, as a report runs: process, sockets, letters and all."""
    cell: dict[str, Any]
    cell = {"cell_type": "code", "execution_count": None, "id": "one", "metadata": {"tags": ["parameters"]},
            "outputs": [], "source": 'language = "en"'}  # fmt: skip
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    begun = time.monotonic()
    try:
        from werkbank.running.execution import execute  # a library that lacks is found here, and said

        with tempfile.TemporaryDirectory(prefix="werkbank-doctor-") as work:
            path = Path(work) / "one.ipynb"
            path.write_text(json.dumps(notebook), encoding="utf-8")
            execute(path, {"language": language}, Path(work), timeout=SECONDS)
    except (WerkbankError, OSError, ImportError) as error:
        yield Found("notebook", "lacking", {"reason": str(error), "python": Path(sys.executable).name})
        return
    yield Found("notebook", "good", {"seconds": f"{time.monotonic() - begun:.1f}"})
    yield Found("network", "good" if can_leave() else "note")


def _fonts(_language: str) -> Iterator[Found]:
    from werkbank.reporting.fonts import FAMILY, fallback, folder

    try:
        there = list(folder().glob("**/*.[ot]tf")) and list(fallback().glob("*.ttf"))
    except ImportError:
        there = []
    yield Found("fonts", "good" if there else "lacking", {"family": FAMILY, "python": Path(sys.executable).name})


def _browser(_language: str) -> Iterator[Found]:
    try:
        webbrowser.get()
    except webbrowser.Error:
        yield Found("browser", "note")
    else:
        yield Found("browser", "good")


def _writing(_language: str) -> Iterator[Found]:
    """Look whether reports can be written here, and files of passage in the system's own folder."""
    for place in (Path.cwd(), Path(tempfile.gettempdir())):
        try:
            with tempfile.TemporaryDirectory(prefix=".werkbank-doctor-", dir=place):
                free = shutil.disk_usage(place).free
        except OSError as error:
            yield Found("writing", "lacking", {"path": place.as_posix(), "reason": error.strerror or str(error)})
            continue
        state: State = "good" if free >= LEAST_FREE else "note"
        yield Found("writing", state, {"path": place.as_posix(), "free": f"{free // 1_000_000} MB"})


def _left_over(_language: str) -> Iterator[Found]:
    """Look for work folders here and in reports/ of which no process is alive."""
    here = Path.cwd()
    dead = [
        mark.parent
        for place in (here, here / "reports", here / "reports" / "batch")
        for mark in place.glob(f"{UNFINISHED}/{ALIVE}")
        if not is_living(mark)
    ]
    names = ", ".join(path.relative_to(here).as_posix() for path in dead)
    yield Found("left_over", "note" if dead else "good", {"names": names, "n": len(dead)})


def _strays(_language: str) -> Iterator[Found]:
    """Look for processes of notebooks whose report is gone: their parent is, so that the system has taken them over.

    Where processes are not files (macOS, Windows) nothing is looked at, and nothing is said.
    """
    if not Path("/proc/self/stat").exists():
        return
    found = [path.name for path in Path("/proc").iterdir() if path.name.isdecimal() and _astray(path)]
    yield Found("strays", "note" if found else "good", {"names": ", ".join(found), "n": len(found)})


def _astray(process: Path) -> bool:
    try:
        words = (process / "cmdline").read_bytes().decode(errors="replace")
        parent = (process / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1]
        return process.stat().st_uid == os.getuid() and parent == "1" and any(name in words for name in OURS)
    except (OSError, IndexError):  # it has ended by now
        return False


def _locale(language: str) -> Iterator[Found]:
    said = next((f"{name}={os.environ[name]}" for name in VARIABLES if os.environ.get(name)), "–")
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    state: State = "good" if encoding == "utf8" else "note"
    spoken = say(f"doctor.language.{language}", language)
    yield Found("locale", state, {"spoken": spoken, "said": said, "encoding": sys.stdout.encoding or "–"})


LOOKS: tuple[Callable[[str], Iterator[Found]], ...] = (
    _python, _libraries, _notebook, _fonts, _browser, _writing, _left_over, _strays, _locale,
)  # fmt: skip
