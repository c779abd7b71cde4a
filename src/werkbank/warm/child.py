"""What a forked child does first: become a process like a fresh one, and never outlive whoever forked it."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import random
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
YOUNG = 10_000  # objects between two looks for garbage: at 700 it is a twentieth of a report's time
FIRST_TO_GO = "500"  # for the kernel, when memory runs out: this notebook, not what else runs on the machine


def detach(parent: int, keep: int) -> None:
    """Leave the template behind: its session, descriptors (except the standard three and `keep`) and signal handlers.

    Called directly after the fork; `parent` is the process that must be alive for this one to live.
    """
    os.setsid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    adopt_orphans()
    if os.getppid() != parent:
        os._exit(1)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]:
        if number > 2 and number != keep:
            with contextlib.suppress(OSError):
                os.close(number)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(FIRST_TO_GO, encoding="ascii")


def adopt_orphans() -> None:
    """Become the parent of whatever this process's descendants leave behind: no daemon of a cell goes unseen."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def renew(cwd: str, env: dict[str, str]) -> None:
    """Take the folder and the environment that were asked for, and chance of one's own."""
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    _add_folder()
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()  # the legacy generator's state was copied with the process
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
    gc.enable()


def _add_folder() -> None:
    """Let the notebook import from its folder, but after the standard library: where IPython's kernel puts it."""
    sys.path = [place for place in sys.path if place]
    packages = [i for i, place in enumerate(sys.path) if place.endswith(("site-packages", "dist-packages"))]
    sys.path.insert(min(packages, default=len(sys.path)), "")


def kill_session(leader: int, orphans_of: int = -1, known: Collection[int] = ()) -> None:
    """Kill every process in the session of a child that has ended: what its cells started must not stay behind.

    So it is with orphans that `orphans_of` has adopted: its children, but for those that are `known`.
    """
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            state = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            pid, parent, session = int(entry.name), int(state[1]), int(state[3])
            if session == leader or (parent == orphans_of and pid not in known):
                os.kill(pid, signal.SIGKILL)
                if parent == orphans_of and pid not in known:
                    os.waitpid(pid, 0)
