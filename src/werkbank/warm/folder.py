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
ALIVE = ".alive"  # in such a folder: locked by the process that is at work in it


@contextmanager
def alone(out: Path, language: str) -> Iterator[None]:
    """Hold the folder for this batch, swept; the lock ends with the process, however it ends.

    Raises
    ------
    UsageError
        When another batch is at work there.
    """
    new = not out.exists()
    out.mkdir(parents=True, exist_ok=True)
    if new:  # for its owner only; a folder that was there keeps the rights it has
        out.chmod(0o700)
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


@contextmanager
def living(work: Path) -> Iterator[None]:
    """Mark a work folder as that of a process at work: the mark is locked as long as the process lives."""
    beside = work / f"{ALIVE}.new"
    with beside.open("w", encoding="ascii") as file:
        try:
            _lock(file.fileno())
            beside.rename(work / ALIVE)  # locked before it is seen
        except OSError:  # a disk without locks: the folder is left alone
            beside.unlink(missing_ok=True)
        yield


def sweep_dead(parent: Path) -> None:
    """Remove the work folders that runs left here when they were killed; one without a mark is left alone."""
    for mark in parent.glob(f"{UNFINISHED}/{ALIVE}"):
        if not is_living(mark) and not mark.parent.is_symlink():
            shutil.rmtree(mark.parent, ignore_errors=True)


def is_living(mark: Path) -> bool:
    """Whether a process is at work in the folder of this mark, or the mark is gone by now."""
    try:
        with mark.open("r+", encoding="ascii") as file:
            _lock(file.fileno())
    except OSError:
        return True
    return False


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
        mark = left / ALIVE  # of a run that writes to a folder in here, beside this batch
        if left.is_dir() and not left.is_symlink() and not (mark.exists() and is_living(mark)):
            shutil.rmtree(left, ignore_errors=True)
