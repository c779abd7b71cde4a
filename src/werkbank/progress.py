"""Steps as words while one waits: on a terminal one line that renews itself, elsewhere a line for each, once."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self, TextIO

from werkbank import steps
from werkbank.catalogue import has, say
from werkbank.ticking import Ticking

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from werkbank.steps import Step

TICK = 1.0  # seconds after which a line that stays says how long it has
WIDTH = 78  # signs of a line: one that wraps cannot be renewed
CLEAR = "\r\x1b[2K"


class Progress:
    """What is being done, told as it is heard.

    Parameters
    ----------
    stream : text stream
        Where it is told.
    language : str
    live : bool
        Whether the stream is a terminal. There the line of now says for how long, so that it is seen to live.
    lead : str
        What stands before every step: the report that it is of.
    """

    def __init__(self, stream: TextIO, language: str, *, live: bool, lead: str = "") -> None:
        self._stream, self._language, self._live, self.lead = stream, language, live, lead
        self._told: set[str] = set()
        self._now, self._since, self._shown = "", time.monotonic(), False
        self._lock = threading.RLock()
        self._ticking = Ticking(TICK, self._tick) if live else None

    def __enter__(self) -> Self:
        if self._ticking is not None:
            self._ticking.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._ticking is not None:
            self._ticking.stop()
        self.clear()

    def __call__(self, step: Step) -> None:
        """Tell a step."""
        self.tell(words(step, self._language))

    def tell(self, text: str) -> None:
        """Tell in words what is being done now."""
        line = f"{self.lead}{text}"
        with self._lock:
            if line != self._now:
                self._now, self._since = line, time.monotonic()
            if self._live:
                self._draw()
            elif line not in self._told:
                self._told.add(line)
                self._stream.write(f"{line}\n")
                self._stream.flush()

    def done(self) -> None:
        """Take the line of now away for good."""
        with self._lock:
            self.clear()
            self._now = ""

    def clear(self) -> None:
        """Take the line of now away, so that something else can be printed."""
        with self._lock:
            if self._live and self._shown:
                self._stream.write(CLEAR)
                self._stream.flush()
                self._shown = False

    def _tick(self) -> None:
        with self._lock:
            if self._now:
                self._draw()

    def _draw(self) -> None:
        seconds = int(time.monotonic() - self._since)
        waited = f" … {seconds} s" if seconds >= 2 * TICK else " …"
        room = WIDTH - len(waited)
        line = self._now if len(self._now) <= room else f"{self._now[: room - 1]}…"
        self._stream.write(f"{CLEAR}{line}{waited}")
        self._stream.flush()
        self._shown = True


@contextmanager
def telling(language: str, *, silent: bool = False) -> Iterator[Progress | None]:
    """Tell every step that begins in this context, and first that there is one: what follows may take its time to load.

    The line that renews itself is on standard error, apart from what a command answers; plain lines stand before the
    answer, so that standard error holds what is wrong and nothing else. None where nothing is to be told.
    """
    if silent:
        yield None
        return
    live = sys.stderr.isatty()
    with Progress(sys.stderr if live else sys.stdout, language, live=live) as told, steps.listening(told):
        if live:
            steps.begin("beginning")
        yield told


def words(step: Step, language: str) -> str:
    """Return a step in words; a part of a report by its heading."""
    if not step.key.startswith("steps."):
        return say("steps.part", language, title=say(step.key, language) if has(step.key, language) else step.key)
    return say(step.key, language, **step.values)
