"""The folder of a batch: held by one at a time, and swept of what a killed one left."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from werkbank.catalogue import say
from werkbank.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCK = ".werkbank.lock"
UNFINISHED = ".werkbank-*"  # folders in which reports are being made


@contextmanager
def alone(out: Path, language: str) -> Iterator[None]:
    """Hold the folder for this batch, swept; the lock ends with the process, however it ends.

    Raises
    ------
    UsageError
        When another batch is at work there.
    """
    out.mkdir(parents=True, exist_ok=True)
    with (out / LOCK).open("a", encoding="ascii") as file:
        try:
            _lock(file.fileno())
        except OSError:
            raise UsageError(say("batch.problem.busy", language, path=out.as_posix())) from None
        _remove_unfinished(out)
        try:
            yield
        finally:
            _remove_unfinished(out)
    # it stays: taken away, a third batch could lock a new file while a second waits for this one


def sweep(out: Path) -> None:
    """Remove what a batch that was killed left in its folder, unless another is at work there by now."""
    try:
        with alone(out, "en"):
            return
    except (UsageError, OSError):
        return


def _lock(number: int) -> None:
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        msvcrt.locking(number, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        return
    fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _remove_unfinished(out: Path) -> None:
    for left in out.glob(UNFINISHED):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)
