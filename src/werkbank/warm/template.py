"""The template process: one thread, everything imported, and a fork for each request.

It is asked over a socket pair (datagrams, each with the descriptors that the child shall have), and answers on the
child's own socket: the child's first line is ``{"pid": …}``, its last, written here, ``{"exit": …}``. When the asking
side closes the socket or dies, the template kills its children and ends.
"""

from __future__ import annotations

import gc
import json
import os
import selectors
import shutil
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from werkbank.warm.child import adopt_orphans, detach, kill_session
from werkbank.warm.folder import LOCK, sweep
from werkbank.warm.forking import PRELOAD
from werkbank.warm.offline import leave_network, refuse
from werkbank.warm.preload import preload

if TYPE_CHECKING:
    from collections.abc import Callable

DATAGRAM = 4096
_clear: list[Path] = []


def main(number: int) -> None:
    """Serve requests on descriptor `number` until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupted caller closes the socket
    control = socket.socket(fileno=number)
    adopt_orphans()
    preload(os.environ.get(PRELOAD, ""))
    gc.collect()
    gc.freeze()
    gc.disable()  # a collection would write into pages that are shared with every child
    children: dict[int, tuple[int, socket.socket]] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(control, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is control:
                    if not _request(control, selector, children):
                        _end(children)
                        return
                else:
                    _bury(key.fd, selector, children)


def _request(
    control: socket.socket, selector: selectors.BaseSelector, children: dict[int, tuple[int, socket.socket]]
) -> bool:
    text, numbers, *_ = socket.recv_fds(control, DATAGRAM, 3)
    if not text:
        return False
    request = json.loads(text)
    line = socket.socket(fileno=numbers[0])
    if request["kind"] in {"read", "clear"}:
        _read(request["study"]) if request["kind"] == "read" else _clear.append(Path(request["folder"]))
        line.close()
        return True
    if len(list(Path("/proc/self/task").iterdir())) > 1:
        _say(line, {"refused": "threads"})
        line.close()
        return True
    pid = os.fork()
    if pid == 0:
        _child(request["kind"], line, numbers[1:])
    for other in numbers[1:]:
        os.close(other)
    watch = os.pidfd_open(pid)
    children[watch] = (pid, line)
    selector.register(watch, selectors.EVENT_READ)
    return True


def _child(kind: str, line: socket.socket, numbers: list[int]) -> NoReturn:
    code = 1
    try:
        for target, number in zip((1, 2), numbers, strict=False):
            os.dup2(number, target)
        parent = os.getppid()
        if kind == "cells":  # a kernel has a client, which may be on the network
            leave_network()
            refuse()
        detach(parent, line.fileno())
        _say(line, {"pid": os.getpid()})
        code = _work(kind)(line)
    except BaseException:  # noqa: BLE001 - nothing of a child's may return into the template's loop
        import traceback

        _say(line, {"crash": traceback.format_exc()})
    finally:
        os._exit(code)


def _work(kind: str) -> Callable[[socket.socket], int]:
    if kind == "cells":
        from werkbank.warm.cells import serve

        return serve
    from werkbank.warm.kernels import serve as serve_kernel

    return serve_kernel


def _read(study: str) -> None:
    """Read a study once, for all children to come; what is wrong with it is told by whoever runs it."""
    from werkbank.errors import WerkbankError
    from werkbank.intake import once
    from werkbank.study import load_study

    try:
        once.keep(load_study(study))
    except (WerkbankError, OSError):
        return
    gc.collect()
    gc.freeze()


def _bury(watch: int, selector: selectors.BaseSelector, children: dict[int, tuple[int, socket.socket]]) -> None:
    pid, line = children.pop(watch)
    selector.unregister(watch)
    os.close(watch)
    _, status = os.waitpid(pid, 0)
    kill_session(pid, os.getpid(), {known for known, _ in children.values()})
    _say(line, {"exit": os.waitstatus_to_exitcode(status)})
    line.close()


def _end(children: dict[int, tuple[int, socket.socket]]) -> None:
    for pid, _ in children.values():
        kill_session(pid)
    for folder in _clear:
        sweep(folder) if (folder / LOCK).exists() else shutil.rmtree(folder, ignore_errors=True)


def _say(line: socket.socket, message: dict[str, Any]) -> None:
    try:
        line.sendall(json.dumps(message).encode() + b"\n")
    except OSError:
        return  # the asking side has gone, or has seen enough


if __name__ == "__main__":
    main(int(sys.argv[1]))
