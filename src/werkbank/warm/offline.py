"""No network during a run: a report's process has none, and is told so when it asks.

It gets a network namespace of its own, in which there is nothing (Linux, where the system allows it): that holds for C
code and for programs that its cells start, too. Every report's process refuses in Python, in words, whatever goes
further than this computer. Run as a program, this starts an ordinary kernel of which all of that holds; one that is
spoken to over TCP needs this computer's own network and keeps it.
"""

from __future__ import annotations

import contextlib
import ctypes
import ipaddress
import json
import os
import runpy
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
ASKED_AT = {"socket.getaddrinfo": 0, "socket.gethostbyname": 0, "socket.gethostbyaddr": 0}
TRY = "--try"  # said to this as a program
SENT_AT = {"socket.connect": 1, "socket.sendto": 1, "socket.sendmsg": 1}


def refuse() -> None:
    """Have Python raise PermissionError when this process looks up or reaches for another computer, from now on."""
    sys.addaudithook(_hear)


def leave_network() -> bool:
    """Take this process (of one thread) out of every network; whether the system allowed it."""
    if sys.platform != "linux":
        return False
    system, user, group = ctypes.CDLL(None), os.getuid(), os.getgid()
    if system.unshare(CLONE_NEWNET) == 0:
        return True
    if system.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
        return False
    with contextlib.suppress(OSError):  # without these it is nobody, which may do what it could before
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            Path("/proc/self", name).write_text(text, encoding="ascii")
    return True


@cache
def can_leave() -> bool:
    """Whether this system lets a process leave the network: a short-lived one tries it."""
    if sys.platform != "linux":
        return False
    words = [sys.executable, "-I", "-S", __file__, TRY]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0  # noqa: S603 - our own words


def _spoken_to_by_files(words: list[str]) -> bool:
    """Whether a kernel's connection file names sockets in a folder, which reach across namespaces."""
    file = Path(words[words.index("-f") + 1])
    return bool(json.loads(file.read_text(encoding="utf-8"))["transport"] == "ipc")


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ASKED_AT and not _near(arguments[ASKED_AT[event]]):
        raise PermissionError(f"no network during a run: {arguments[0]!r} was looked up")
    if event in SENT_AT and isinstance(address := arguments[SENT_AT[event]], tuple) and not _near(address[0]):
        raise PermissionError(f"no network during a run: {address[0]!r} was connected to")


def _near(host: Any) -> bool:  # noqa: ANN401 - text, bytes or None, as sockets take them
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if name in {None, "", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(str(name).partition("%")[0]).is_loopback
    except ValueError:
        return False


if __name__ == "__main__":
    if TRY in sys.argv:
        raise SystemExit(not leave_network())
    if _spoken_to_by_files(sys.argv):
        leave_network()
    refuse()
    runpy.run_module("ipykernel_launcher", run_name="__main__", alter_sys=True)
