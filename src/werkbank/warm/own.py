"""A command's own process in the place of a template: it has read what its one report needs, and is forked.

Only for a process that `warm.anew` has begun and that runs a command of ours: nobody's options or patches are in it. In
a notebook, in a batch (whose process has threads) and in a user's program the template is another process.
"""

from __future__ import annotations

import gc
import json
import os
import selectors
import socket
import sys
import threading
import time
import traceback
import weakref
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from werkbank import steps
from werkbank.ticking import held
from werkbank.warm import anew, forking
from werkbank.warm.child import adopt_orphans, detach, kill_session
from werkbank.warm.forking import Child, NotWarmError
from werkbank.warm.offline import leave_network, refuse
from werkbank.warm.preload import as_in_a_kernel

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS_TO_GO = 0.5


def ready() -> bool:
    """Whether this process may be forked for its reports; from now on `forking.template` then gives this process."""
    if not anew.begun():
        return False
    if forking.own is None:
        gc.disable()  # what is imported stays
        with as_in_a_kernel():
            import matplotlib as mpl
            import pandas as pd
        del mpl, pd
        forking.own = Own()
    return True


class Own:
    """The process itself, to be forked, as `forking.Template` is one of its own."""

    def fork(self, kind: str, first: dict[str, Any], *_: int) -> Child:
        """Return a new child that runs cells; `first` is its first line.

        Raises
        ------
        NotWarmError
            For anything but cells, or when a library left a thread running here.
        """
        if kind != "cells":
            raise NotWarmError(kind)
        from werkbank.warm import cells  # before the fork: a second report finds it

        ours, theirs = socket.socketpair()
        known = _children()
        adopt_orphans()
        sys.stdout.flush()
        sys.stderr.flush()
        with held(), theirs:
            if not _alone():
                ours.close()
                raise NotWarmError("threads")
            gc.freeze()  # neither process looks through what was imported again
            parent = os.getpid()
            pid = os.fork()
            if pid == 0:
                _child(parent, theirs, cells.serve)
        return OwnChild(ours, first, pid, known)


class OwnChild(Child):
    """A child of this process, which learns itself how it ended, and clears up after it."""

    def __init__(self, line: socket.socket, first: dict[str, Any], pid: int, known: set[int]) -> None:
        self._watch, self._known, self._buried = os.pidfd_open(pid), known, False
        self.pid = pid
        super().__init__(line, first, lambda: False)

    def _received(self, deadline: float | None) -> bytes:
        """Return what the child says, and its end as the template says it: also when others hold its line open."""
        if self._buried:
            return b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._watch, selectors.EVENT_READ)
            selector.register(self._line, selectors.EVENT_READ)
            while True:
                seconds = None if deadline is None else max(deadline - time.monotonic(), 0.001)
                seen = {key.fileobj for key, _ in selector.select(seconds)}
                if not seen:
                    raise TimeoutError
                if self._line in seen and (more := self._more()):
                    return more
                if self._watch in seen:
                    return b"\n" * bool(self._rest) + json.dumps({"exit": self._bury()}).encode() + b"\n"
                selector.unregister(self._line)  # closed: the end is near

    def _more(self) -> bytes:
        try:
            return self._line.recv(1 << 20, socket.MSG_DONTWAIT)
        except (BlockingIOError, ConnectionError):
            return b""

    def _bury(self) -> int:
        """Wait for the child that has ended, and end whatever its cells have started."""
        _, status = os.waitpid(self.pid, 0)
        self._buried = True
        os.close(self._watch)
        kill_session(self.pid, os.getpid(), self._known)
        return os.waitstatus_to_exitcode(status)

    def end(self, seconds: float) -> None:
        """Let it end, or make it, with every process of its session and what it left behind."""
        super().end(seconds)
        if not self._buried:
            self._bury()


def _alone() -> bool:
    """Whether this process has one thread; one that has been joined may take a moment until the system knows."""
    late = time.monotonic() + SECONDS_TO_GO
    while (several := len(list(Path("/proc/self/task").iterdir())) > 1) and time.monotonic() < late:
        if threading.active_count() > 1:  # it stays
            break
        time.sleep(0.001)
    return not several


def _children() -> set[int]:
    """Return the processes that this one has started."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            if int(entry.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1]) == os.getpid():
                found.add(int(entry.parent.name))
    return found


def _child(parent: int, line: socket.socket, serve: Callable[[socket.socket], int]) -> NoReturn:
    code = 1
    try:
        _forget()
        leave_network()
        refuse()
        detach(parent, line.fileno())
        line.sendall(json.dumps({"pid": os.getpid()}).encode() + b"\n")
        code = serve(line)
    except BaseException:  # noqa: BLE001 - nothing of a child's may return into the command
        with suppress(OSError):
            line.sendall(json.dumps({"crash": traceback.format_exc()}).encode() + b"\n")
    finally:
        os._exit(code)


def _forget() -> None:
    """Leave behind what is the command's: its ears, its standard input, what it clears up, its place in `sys.path`."""
    forking.own = None
    anew.forget()
    steps.forget()
    sys.argv = ["-c"]  # as in a template's child
    sys.unraisablehook = sys.__unraisablehook__
    for kept in list(weakref.finalize._registry):  # type: ignore[attr-defined] # noqa: SLF001 - temporary folders
        kept.atexit = False
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
