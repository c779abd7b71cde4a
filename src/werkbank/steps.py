"""Which step is being taken: said by whoever takes it, heard by whoever waits for a report.

In the process that waits, `listening` hears. The process of a notebook is another: it writes its steps as lines of JSON
into the file that its environment names, and `forwarded` passes on what is written there. Where nobody listens, nothing
is written. No step changes what is computed.
"""

from __future__ import annotations

import json
import os
import threading
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FILE = "WERKBANK_STEPS"  # the variable that names the file
SECONDS = 0.2  # between two looks at it


@dataclass(frozen=True)
class Step:
    """A step that begins: the key of its sentence (``steps.<name>``, or a part's heading), and what that names."""

    key: str
    values: dict[str, str | int] = field(default_factory=dict)


_hears: ContextVar[Callable[[Step], None] | None] = ContextVar("hears", default=None)


def begin(name: str, **values: str | int) -> None:
    """Say that a step begins; `name` is a key under ``steps``, or a whole key."""
    step = Step(name if "." in name else f"steps.{name}", values)
    if (hears := _hears.get()) is not None:
        hears(step)
    elif path := os.environ.get(FILE):
        with suppress(OSError), Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps([step.key, step.values]) + "\n")


def heard() -> bool:
    """Whether anyone in this process listens."""
    return _hears.get() is not None


@contextmanager
def listening(hears: Callable[[Step], None]) -> Iterator[None]:
    """Have `hears` called with every step that begins in this context."""
    token = _hears.set(hears)
    try:
        yield
    finally:
        _hears.reset(token)


@contextmanager
def forwarded(file: Path) -> Iterator[dict[str, str]]:
    """Pass on the steps that another process writes into `file`; yield the environment that it needs."""
    hears = _hears.get()
    if hears is None:
        yield {}
        return
    file.touch()
    over = threading.Event()
    watching = threading.Thread(target=_watched, args=(file, hears, over), daemon=True)
    watching.start()
    try:
        yield {FILE: str(file.resolve())}
    finally:
        over.set()
        watching.join()


def _watched(file: Path, hears: Callable[[Step], None], over: threading.Event) -> None:
    at, last = 0, False
    while not last:
        last = over.wait(SECONDS)  # looks once more when all is over
        with suppress(OSError), file.open("rb") as lines:
            lines.seek(at)
            for line in lines:
                if not line.endswith(b"\n"):
                    break  # still being written
                at += len(line)
                with suppress(ValueError, TypeError):
                    hears(Step(*json.loads(line)))
