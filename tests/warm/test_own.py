"""A command forks its notebook's process from itself: as a fresh kernel, gone with what it started, or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.running.conftest import PARAMETERS, RESULTS, SECTION

from werkbank import steps, ticking
from werkbank.warm import anew, forking, own

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="nowhere else a process is forked")

# what a cell can see of where it came from; a kernel of its own is started as `warm.offline`
SEES = (
    "import json, os, sys, pandas, warnings\n"
    "seen = {'kernel': any('offline' in word or 'ipykernel' in word for word in sys.argv),\n"
    "  'hash': hash('a'), 'columns': pandas.options.display.max_columns, 'here': [p for p in sys.path if p in HERE],\n"
    "  'backend': os.environ['MPLBACKEND'], 'stdin': sys.__stdin__.read(), 'folder': sorted(os.listdir()),\n"
    "  'threads': len(os.listdir('/proc/self/task')), 'sent': os.environ.get('SENT', '')}\n"
    "from pathlib import Path\nPath(SEEN).write_text(json.dumps(seen))"
)


@pytest.fixture
def command(notebook, study, tmp_path):
    """Run a notebook with these cells by the command, from a folder of its own; return its end, and what was seen."""

    def run(*cells: str, name: str = "klein", hold: str = "", **env: str) -> tuple[subprocess.CompletedProcess, dict]:
        seen, here = tmp_path / "seen.json", tmp_path / "hier"
        here.mkdir(exist_ok=True)
        told = f"SEEN, HERE = {str(seen)!r}, [{str(here)!r}]"
        path = notebook(PARAMETERS, SECTION, RESULTS, told, *cells, name=name)
        words = ["-m", "werkbank", "run", str(study), "--report", str(path), "--out", str(tmp_path / "uit")]
        done = subprocess.run(
            [sys.executable, *hold.split(), *words], capture_output=True, text=True, check=False, cwd=here,
            input="what a cell must not read", env={**os.environ, **env},
        )  # fmt: skip
        return done, json.loads(seen.read_text()) if seen.exists() else {}

    return run


def test_the_process_is_forked_and_is_like_a_fresh_one(command):
    done, forked = command(SEES, SENT="x")
    assert done.returncode == 0, done.stderr
    assert not forked["kernel"]
    # -E has Python pass over its environment, and with it the order of sets: such a command starts a kernel
    done, fresh = command(SEES, hold="-E", SENT="x")
    assert done.returncode == 0, done.stderr
    assert fresh["kernel"]
    left_by_kernel = {"kernel", "kernel.json", "ipython"}
    for one in (forked, fresh):
        one.pop("kernel")
        one["folder"] = [name for name in one["folder"] if not name.startswith(tuple(left_by_kernel))]
        one.pop("threads")
    assert forked == fresh
    assert (forked["columns"], forked["here"], forked["stdin"], forked["sent"]) == (20, [], "", "x")


def test_every_end_is_told_and_nothing_is_left(command, tmp_path):
    daemon = "import subprocess\np = subprocess.Popen(['sleep', '77'], start_new_session=True)\n"
    daemon += "from pathlib import Path\nPath(SEEN).write_text(str(p.pid))\n"
    for last, words in (("raise SystemExit(3)", "SystemExit"), ("import os\nos._exit(3)", "exit code 3")):
        done, pid = command(daemon + last)
        assert done.returncode == 1
        assert words in done.stderr
        assert "Traceback" not in done.stderr
        assert not Path(f"/proc/{pid}").exists()
        assert not (tmp_path / "uit").exists()
        assert not list(tmp_path.glob(".werkbank-*"))


def test_what_a_cell_that_ended_holds_open_is_not_waited_for(command):
    done, _ = command("import os\nif os.fork() == 0:\n    import time; time.sleep(77); os._exit(0)\nos._exit(3)")
    assert done.returncode == 1
    assert "exit code 3" in done.stderr


def test_a_thread_that_a_library_left_makes_it_an_ordinary_kernel(command, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nif 'run' in sys.argv:\n"
        "    import threading, time\n    threading.Thread(target=time.sleep, args=(99,), daemon=True).start()"
    )
    done, seen = command(SEES, PYTHONPATH=os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    assert done.returncode == 0, done.stderr
    assert seen["kernel"]


def test_only_a_command_that_began_anew_is_forked(monkeypatch):
    assert not own.ready()
    assert forking.own is None
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(os, "execv", lambda *_: pytest.fail("it began anew"))
    anew.begin(["run", "studie"])
    monkeypatch.setattr(sys, "platform", "linux")
    for words in ([], ["--help"], ["run", "--help"], ["batch", "studie"], ["check", "studie"]):
        anew.begin(words)
    assert not anew.begun()


def test_threads_beside_the_work_pause_while_a_process_is_forked():
    names = []
    one = ticking.Ticking(0.01, lambda: names.append(threading.current_thread().name))
    before = threading.active_count()
    one.start()
    with ticking.held():
        assert threading.active_count() == before
        until = len(names)
        time.sleep(0.05)
        assert len(names) == until
    assert threading.active_count() == before + 1
    deadline = time.monotonic() + 10
    while len(names) == until and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(names) > until
    one.stop()
    assert threading.active_count() == before


def test_a_child_tells_no_step_to_the_ears_of_its_parent():
    heard: list[str] = []
    with steps.listening(lambda step: heard.append(step.key)):
        steps.begin("starting")
        steps.forget()
        steps.begin("starting")
    assert heard == ["steps.starting"]
