"""Threads that do something small again and again beside the work, and end while this process is forked.

A fork copies one thread only: what another one held (a stream's lock) would be held in the child for ever.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_at_work: list[Ticking] = []


class Ticking:
    """`tick`, called every so many seconds by a thread from `start` to `stop`."""

    def __init__(self, seconds: float, tick: Callable[[], None]) -> None:
        self._seconds, self._tick = seconds, tick
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        _at_work.append(self)
        self._resume()

    def stop(self) -> None:
        """End, when a call that has begun is over."""
        if self in _at_work:
            _at_work.remove(self)
        self._pause()

    def _resume(self) -> None:
        self._over.clear()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _pause(self) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(self._seconds):
            self._tick()


@contextmanager
def held() -> Iterator[None]:
    """Have none of these threads meanwhile."""
    paused = list(_at_work)
    for one in paused:
        one._pause()  # noqa: SLF001 - of this module's own
    try:
        yield
    finally:
        for one in paused:
            one._resume()  # noqa: SLF001
