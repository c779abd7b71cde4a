"""Cells in a forked child: the shell of an ordinary kernel, with a socket in the place of its ZMQ channels."""

from __future__ import annotations

import atexit
import builtins
import gc
import getpass
import io
import json
import os
import sys
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, BinaryIO

from ipykernel.compiler import XCachingCompiler
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.error import StdinNotImplementedError, UsageError
from jupyter_client.jsonutil import json_default
from jupyter_client.session import Session
from traitlets.config import Config

from werkbank.warm.child import renew

if TYPE_CHECKING:
    import socket


def serve(line: socket.socket) -> int:
    """Run the cells that arrive on `line`, one JSON text a line, and answer with the messages of a kernel."""
    incoming, outgoing = line.makefile("rb"), line.makefile("wb")
    first = json.loads(incoming.readline())
    renew(first["cwd"], first["env"])
    wire = Wire(outgoing)
    shell = _shell(wire)
    streams = [Stream(wire, name, number) for name, number in (("stdout", 1), ("stderr", 2))]
    sys.stdout, sys.stderr = streams
    for text in incoming:
        shell.set_parent({"header": {"msg_id": "cell"}})
        reply = _run(shell, wire, json.loads(text)["source"])
        for stream in streams:
            stream.flush()
        wire.send(None, "reply", reply)
    gc.freeze()  # the shell would have all of it looked through once more
    atexit._run_exitfuncs()  # noqa: SLF001 - os._exit, which must follow a fork, would pass over them
    return 0


def _run(shell: Any, wire: Wire, source: str) -> dict[str, Any]:  # noqa: ANN401 - as above
    count = shell.execution_count
    wire.send(None, "execute_input", {"code": source, "execution_count": count})
    try:
        result = shell.run_cell(source, store_history=True)
        error = result.error_before_exec or result.error_in_exec
    except KeyboardInterrupt as interrupt:  # between two lines of the shell's own
        error = interrupt
    if error is None:
        return {"status": "ok", "execution_count": count}
    shown = {"ename": type(error).__name__, "evalue": str(error), "traceback": shell._last_traceback or []}  # noqa: SLF001
    return {"status": "error", "execution_count": count, **shown}


def _shell(wire: Wire) -> Any:  # noqa: ANN401 - traitlets types nothing
    # no history: it would be written by a thread into the user's profile
    config = Config({"HistoryManager": {"enabled": False}})
    kernel = SimpleNamespace(eventloop=None, shell=None)
    shell = ZMQInteractiveShell.instance(config=config, kernel=kernel, compiler_class=XCachingCompiler)
    for publisher in (shell.displayhook, shell.display_pub):
        publisher.session, publisher.pub_socket = wire, None
    shell.displayhook.topic = b"execute_result"
    shell.enable_gui = _no_gui
    builtins.input = getpass.getpass = _no_input
    return shell


def _no_gui(gui: str | None = None) -> None:
    # `%matplotlib inline` comes here as well, and asks for none
    if gui not in {None, "inline"}:
        raise UsageError(f"no event loop of {gui!r} runs here")


def _no_input(*_: object, **__: object) -> str:
    raise StdinNotImplementedError("raw_input was called, but this frontend does not support input requests.")


class Wire(Session):
    """A kernel's session that writes each message to a socket, as one line of JSON."""

    def __init__(self, outgoing: BinaryIO) -> None:
        super().__init__()
        self._outgoing, self._lock, self._owner = outgoing, threading.Lock(), os.getpid()

    def send(self, stream: Any, msg_or_type: Any, content: Any = None, *_: Any, **__: Any) -> None:  # noqa: ANN401, ARG002 - as Session
        """Send one message; a process that a cell forked has nothing to say here."""
        if os.getpid() != self._owner:
            return
        if isinstance(msg_or_type, dict):
            msg_or_type, content = msg_or_type["header"]["msg_type"], msg_or_type["content"]
        text = json.dumps({"type": msg_or_type, "content": content}, default=json_default)
        with self._lock:
            self._outgoing.write(text.encode() + b"\n")
            self._outgoing.flush()


class Stream(io.TextIOBase):
    """``sys.stdout`` or ``sys.stderr`` of a cell; what C code and processes of the cell write comes after its text."""

    encoding = "UTF-8"
    errors = "strict"

    def __init__(self, wire: Wire, name: str, number: int) -> None:
        self._wire, self._name, self._number = wire, name, number
        self._lock, self._text, self._owner, self._read = threading.RLock(), io.StringIO(), os.getpid(), 0
        memory = os.memfd_create(name)
        os.dup2(memory, number)
        os.close(memory)
        os.set_inheritable(number, True)

    @property
    def name(self) -> str:
        """The name that tools look for."""
        return f"<{self._name}>"

    def fileno(self) -> int:
        """Return the descriptor behind the stream."""
        return self._number

    def writable(self) -> bool:
        """Whether text can be written: yes."""
        return True

    def write(self, text: str) -> int:
        """Keep `text` until the cell shows something else or ends."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        if os.getpid() != self._owner:
            return os.write(self._number, text.encode())
        with self._lock:
            return self._text.write(text)

    def flush(self) -> None:
        """Send what is kept, and what was written to the descriptor itself."""
        if os.getpid() != self._owner:
            return
        with self._lock:
            text = self._text.getvalue() + self._from_descriptor()
            self._text = io.StringIO()
            if text:
                self._wire.send(None, "stream", {"name": self._name, "text": text})

    def _from_descriptor(self) -> str:
        original = sys.__stdout__ if self._number == 1 else sys.__stderr__
        if original is not None:
            original.flush()
        size = os.fstat(self._number).st_size
        found = os.pread(self._number, size - self._read, self._read)
        self._read = size
        return found.decode("utf-8", "replace")
