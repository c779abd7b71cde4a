"""Which step is being taken: said by whoever takes it, heard by whoever waits for a report.

In the process that waits, `listening` hears. The process of a notebook is another: it writes its steps as lines of JSON
into the file that its environment names, and `forwarded` passes on what is written there. Where nobody listens, nothing
is written. No step changes what is computed.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from werkbank.ticking import Ticking

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


def forget() -> None:
    """Have nobody listen in this process: it was forked from one in which somebody does."""
    _hears.set(None)


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
    watch = _Watch(file, hears)
    watching = Ticking(SECONDS, watch.look)
    watching.start()
    try:
        yield {FILE: str(file.resolve())}
    finally:
        watching.stop()
        watch.look()  # once more, when all is over


class _Watch:
    """A file of steps, and how far it was read."""

    def __init__(self, file: Path, hears: Callable[[Step], None]) -> None:
        self._file, self._hears, self._at = file, hears, 0

    def look(self) -> None:
        """Pass on what is new."""
        with suppress(OSError), self._file.open("rb") as lines:
            lines.seek(self._at)
            for line in lines:
                if not line.endswith(b"\n"):
                    break  # still being written
                self._at += len(line)
                with suppress(ValueError, TypeError):
                    self._hears(Step(*json.loads(line)))
