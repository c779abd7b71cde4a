"""Where there is no POSIX (Windows) everything is imported, and a study is checked: what is lacking has a way around.

It is no Windows: paths, the console and processes are those of this computer.
"""

from __future__ import annotations

import subprocess
import sys

import pytest
from tests.test_cli import Broken

# modules and functions that Windows does not have
MODULES = ("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "posix_ipc", "syslog")
FUNCTIONS = (
    "fork",
    "forkpty",
    "getuid",
    "geteuid",
    "getgid",
    "setsid",
    "killpg",
    "getpgid",
    "nice",
    "statvfs",
    "chown",
)
LACKING = f"""
import os, signal, sys
import asyncio, selectors, socket, subprocess, tempfile, threading  # these, and others' libraries, know where they are
import anywidget, matplotlib.pyplot, nbclient, nbformat, numpy, openpyxl, pandas, papermill, pydantic, scipy.stats, zmq
for name in {MODULES!r}:
    sys.modules[name] = None
for name in {FUNCTIONS!r}:
    if hasattr(os, name):
        delattr(os, name)
for name in ("SIGKILL", "SIGHUP", "SIGALRM", "SIGCHLD"):
    if hasattr(signal, name):
        delattr(signal, name)
"""


def without(code, cwd):
    return subprocess.run([sys.executable, "-c", LACKING + code], cwd=cwd, text=True, capture_output=True, check=False)


@pytest.fixture
def study(tmp_path):
    return Broken("").write(tmp_path / "studie").parent


def test_every_module_is_imported(tmp_path):
    code = """
import importlib, pkgutil
import werkbank
names = [one.name for one in pkgutil.walk_packages(werkbank.__path__, "werkbank.") if not one.name.endswith("__main__")]
for name in names:
    importlib.import_module(name)
print(len(names))
"""
    done = without(code, tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) > 200


@pytest.mark.parametrize("words", [["check", "studie"], ["new", "eigen", "--from", "studie/raw/d.csv"]])
def test_commands_that_start_no_notebook_do_their_work(words, study, tmp_path):
    (study / "raw").mkdir(exist_ok=True)
    (study / "raw" / "d.csv").write_text("leerlingnr;taal_T0;taal_T1\n" + "P1;1;2\nP2;3;4\nP3;5;6\n", encoding="utf-8")
    done = without(f"from werkbank.cli import main\nsys.exit(main({words!r}))", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
