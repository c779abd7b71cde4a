"""The asking side: start a template once per process, and ask it for children."""

from __future__ import annotations

import atexit
import json
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol

from werkbank.warm.child import kill_session
from werkbank.warm.kernel import ONE_THREAD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# of its environment: a module whose `preload()` a template calls before its first child
PRELOAD = "WERKBANK_PRELOAD"
# what libraries look at when they are imported, or Python when it starts: another value asks for another template
DECISIVE = ("PYTHON", "MPL", "MATPLOTLIB", "OMP_", "OPENBLAS_", "MKL_", "LC_", "LANG", "TZ", "VIRTUAL_ENV", PRELOAD)
SECONDS_TO_START = 120

logger = logging.getLogger(__name__)


class NotWarmError(RuntimeError):
    """There is no template here; an ordinary kernel does the same work."""


class Child:
    """A process forked from the template: send it lines, read its messages, learn how it ended."""

    def __init__(self, line: socket.socket, first: dict[str, Any], was_lost: Callable[[], bool]) -> None:
        self._line, self._rest, self._was_lost = line, b"", was_lost
        answer = self._message(time.monotonic() + SECONDS_TO_START)
        if answer is None or "pid" not in answer:
            line.close()
            raise NotWarmError((answer or {}).get("refused", "ended"))
        self.pid: int = answer["pid"]
        self.exit: int | None = None  # negative: the signal; None while it lives, or when the template died with it
        self.send(first)

    def send(self, message: dict[str, Any]) -> None:
        """Give the child one line."""
        try:
            self._line.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            return  # it has ended: the next message tells how

    def messages(self, seconds: float | None) -> Iterator[dict[str, Any]]:
        """Yield messages until the child has ended (then `exit` is set); TimeoutError when that takes longer."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while (message := self._message(deadline)) is not None:
            if "exit" in message:
                self.exit = message["exit"]
                return
            if "crash" in message:
                logger.error("a forked child failed: %s", message["crash"])
                continue
            yield message

    def _message(self, deadline: float | None) -> dict[str, Any] | None:
        while b"\n" not in self._rest:
            if not (more := self._received(deadline)):
                return None
            self._rest += more
        text, _, self._rest = self._rest.partition(b"\n")
        message: dict[str, Any] = json.loads(text)
        return message

    def _received(self, deadline: float | None) -> bytes:
        self._line.settimeout(None if deadline is None else max(deadline - time.monotonic(), 0.001))
        try:
            return self._line.recv(1 << 20)
        except ConnectionError:
            return b""

    def went_with_template(self) -> bool:
        """Whether this child ended because something killed its template: it would have gone on."""
        return self.exit is None and self._was_lost()

    def close_line(self) -> None:
        """Say that no more cells will come: the child ends by itself."""
        self._line.shutdown(socket.SHUT_WR)

    def end(self, seconds: float) -> None:
        """Let the child end, or make it, and take every process of its session along."""
        try:
            self.close_line()
            for _ in self.messages(seconds):
                pass
        except OSError:
            pass
        if self.exit is None:
            kill_session(self.pid)
        self._line.close()


class Template:
    """A template process of this one; it ends with it."""

    def __init__(self, env: dict[str, str]) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # not by -m: that would put this folder, not the notebook's, at the head of sys.path
        code = f"from werkbank.warm.template import main; main({theirs.fileno()})"
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 - our own words
                [sys.executable, "-c", code],
                env=env, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        self._control, self._asked, self._closed = ours, False, False

    def alive(self) -> bool:
        """Whether it can be asked."""
        return self.process.poll() is None

    def was_lost(self) -> bool:
        """Whether it was ended by anyone but this process."""
        return not self._closed

    def fork(self, kind: str, first: dict[str, Any], *descriptors: int) -> Child:
        """Return a new child that runs cells (``cells``) or a kernel (``kernel``); `first` is its first line.

        Raises
        ------
        NotWarmError
            When the template has died, or will not fork because a library left a thread running in it.
        """
        return Child(self._ask({"kind": kind}, *descriptors), first, self.was_lost)

    def read(self, study: str) -> None:
        """Have a study read once; children find it (`werkbank.intake.once`)."""
        self._ask({"kind": "read", "study": study}).close()

    def clear(self, folder: Path) -> None:
        """Have a folder cleared when this process has ended: a batch's swept, any other removed."""
        self._ask({"kind": "clear", "folder": str(folder.resolve())}).close()

    def _ask(self, request: dict[str, Any], *descriptors: int) -> socket.socket:
        line, theirs = socket.socketpair()
        self._asked = True
        with theirs:
            try:
                socket.send_fds(self._control, [json.dumps(request).encode()], [theirs.fileno(), *descriptors])
            except OSError as error:
                line.close()
                raise NotWarmError(str(error)) from error
        return line

    def close(self) -> None:
        """End the template and with it all of its children."""
        self._closed = True
        self._control.close()
        try:
            self.process.wait(5 if self._asked else 0)  # it has nothing to end, or to clear, before it was asked
        except subprocess.TimeoutExpired:  # while it was importing
            self.process.kill()
            self.process.wait()


class Forks(Protocol):
    """Whatever can be asked for a child: a template, or this process itself (`werkbank.warm.own`)."""

    def fork(self, kind: str, first: dict[str, Any], *descriptors: int) -> Child:
        """Return a new child."""
        ...


own: Forks | None = None  # where this process itself may be forked
_templates: dict[tuple[tuple[str, str], ...], Template] = {}
_lock = threading.Lock()


def template(env: dict[str, str]) -> Template:
    """Return this process's template for notebooks that will run in `env`; the first call starts it.

    Raises
    ------
    NotWarmError
        Where there is no fork that can be trusted (anything but Linux).
    """
    if sys.platform != "linux":
        raise NotWarmError(sys.platform)
    env = {"PYTHONHASHSEED": "0", **ONE_THREAD, **env}
    rc = env.get("MATPLOTLIBRC")
    if rc and os.path.isfile(rc) and not os.path.getsize(rc):  # noqa: PTH113, PTH202 - a name from the environment
        env["MATPLOTLIBRC"] = os.devnull  # an empty one of each report's own: all the same to matplotlib
    key = (("pid", str(os.getpid())), *sorted((k, v) for k, v in env.items() if k.startswith(DECISIVE)))
    with _lock:
        found = _templates.get(key)
        if found is None or not found.alive():
            found = _templates[key] = Template(env)
        return found


def forks(env: dict[str, str]) -> Forks:
    """Return whom to ask for a child that runs cells in `env`: this process itself where it may be forked.

    Raises
    ------
    NotWarmError
        As `template`.
    """
    return own or template(env)


@atexit.register
def close_all() -> None:
    """End the templates of this process."""
    with _lock:
        for key in [key for key in _templates if key[0][1] == str(os.getpid())]:
            _templates.pop(key).close()
