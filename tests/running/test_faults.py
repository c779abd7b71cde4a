"""Whatever goes wrong with a batch, and whenever: what is there is whole, nothing else is, and a second call completes.

Every test is repeated over seeds, which choose the moment and the reports; the first stands in ``make test``, ten in
``make test-long``.
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.conftest import lacking
from tests.running.conftest import PARAMETERS, READ, SCHOOLS, SECTION, command, jobs, whole

from werkbank.running import manifest
from werkbank.running.batch import run_batch
from werkbank.running.verify import verify
from werkbank.warm.folder import LOCK

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="processes are looked for in /proc"),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]
LONG = [pytest.param(seed, marks=pytest.mark.long, id=f"seed{seed:02}") for seed in range(1, 11)]
SEEDS = [pytest.param(1, id="seed01"), *LONG[1:]]
EACH = 0.1  # seconds between two looks at who there is
MEMORY = 3 << 30  # bytes that each process of a batch may address


class Batch:
    """A batch as a user starts it, and every process that came of it."""

    def __init__(self, split: Path, notebook: Path, out: Path, *more: str, temporary: Path | None = None) -> None:
        self.out, self.temporary = out, temporary or out.with_name("tijdelijk")
        self.temporary.mkdir(exist_ok=True)
        self.family: set[int] = set()
        self.at = 0.0  # when the last look was
        self.process = subprocess.Popen(
            command(split, notebook, out, *more), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, "TMPDIR": str(self.temporary), "LANG": "nl_NL.UTF-8"},
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),  # noqa: PLW1509 - no threads here
        )  # fmt: skip

    def until(self, reports: int) -> None:
        """Wait until it is at work and has made so many reports, or has ended."""
        until(lambda: self.looked() and (self.out / LOCK).exists() and len(list(self.out.glob("school*"))) >= reports)

    def look(self) -> None:
        self.family |= descendants(self.process.pid)
        self.at = time.monotonic()

    def looked(self) -> bool:
        """Have a look, if the last one is some time ago: each reads all of /proc, beside those who do the work."""
        if time.monotonic() > self.at + EACH:
            self.look()
        return True

    def ended(self) -> tuple[int, str, str]:
        """Wait for its end, and assert that no process and no temporary folder is left."""
        while self.process.poll() is None:
            self.looked()
            time.sleep(0.02)
        told, complained = self.process.communicate()
        until(lambda: not any(map(alive, self.family)), seconds=15)
        assert [words(pid) for pid in self.family if alive(pid)] == []
        assert "Traceback" not in complained
        return self.process.returncode, told, complained


def completed(split: Path, notebook: Path, out: Path, monkeypatch: pytest.MonkeyPatch, *, kept: int = 0) -> None:
    """What is there is whole; a second call makes what lacks, touches nothing else, and all can be verified."""
    before = {
        path: path.stat().st_mtime_ns for name, fit in whole(out).items() if fit for path in (out / name).iterdir()
    }
    manifest._environment.cache_clear()  # whoever installs something meanwhile has all reports made again
    found = run_batch(jobs(split, notebook, out), out, language="nl", workers=2)
    assert found.count("made") + found.count("kept") == len(SCHOOLS), [one.message for one in found.made]
    assert found.count("kept") >= kept
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert len(whole(out)) == len(SCHOOLS)
    assert all(whole(out).values())
    assert not list(out.glob(".werkbank-*"))
    monkeypatch.setattr("werkbank.running.notebooks.notebook_folder", lambda: notebook.parent)
    assert [one.verdict for one in verify([out / "school-007"], study=split)] == ["same"]


def whole_or_absent(out: Path) -> int:
    """No report is under its final name that is not whole; return how many are there."""
    found = whole(out)
    assert all(found.values()), found
    return len(found)


def until(true, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.01)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return -1


def words(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def descendants(top: int) -> set[int]:
    parents = {int(p.name): parent(int(p.name)) for p in Path("/proc").glob("[0-9]*")}
    found, new = set(), {top}
    while new:
        new = {pid for pid, above in parents.items() if above in new}
        found |= new
    return found


def killed(batch: Batch, victim: str, seed: int) -> None:
    chance = random.Random(f"{victim}{seed}")  # noqa: S311 - the same chance every time
    batch.until(chance.randrange(len(SCHOOLS)))
    time.sleep(chance.uniform(0, 0.5))
    batch.look()
    template = next((pid for pid in batch.family if "warm.template" in words(pid)), 0)
    kernels = [pid for pid in batch.family if "warm.offline" in words(pid)]
    children = [pid for pid in batch.family if template and parent(pid) == template]
    victims = {"batch": [batch.process.pid], "template": [template], "child": children, "kernel": kernels}
    for pid in victims.get(victim, [])[:1]:
        if alive(pid):
            os.kill(pid, signal.SIGKILL)
    if victim == "interrupt":
        batch.process.send_signal(signal.SIGINT)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("victim", ["batch", "template", "child", "interrupt"])
def test_whatever_is_killed_a_second_call_completes(split, small, tmp_path, monkeypatch, victim, seed):
    out = tmp_path / "uit"
    batch = Batch(split, small, out)
    killed(batch, victim, seed)
    code, told, _ = batch.ended()
    # -2: all was said, and Python itself was ending
    assert code in {"batch": {-9, 0}, "interrupt": {0, 130, -2}}.get(victim, {0, 1})
    there = whole_or_absent(out)
    assert victim != "template" or (code, there) == (0, len(SCHOOLS)), "a killed template costs no report"
    if victim != "batch":
        assert any("gemaakt" in line for line in told.splitlines()[-3:])  # an interrupted one says of the copies, too
        assert (out / "index.html").is_file()
        assert not list(out.glob(".werkbank-*"))
        assert not list(batch.temporary.iterdir())
    completed(split, small, out, monkeypatch, kept=there)


@pytest.mark.parametrize("seed", LONG)
@pytest.mark.parametrize("victim", ["batch", "kernel"])
def test_so_it_is_with_ordinary_kernels(split, small, tmp_path, monkeypatch, victim, seed):
    out = tmp_path / "uit"
    batch = Batch(split, small, out, "--no-warm")
    killed(batch, victim, seed)
    code, _, _ = batch.ended()
    assert code in {-9, 0, 1}
    completed(split, small, out, monkeypatch, kept=whole_or_absent(out))


BAD = {
    "exits with 0": ("import os\nos._exit(0)", "exit code 0"),
    "hangs": ("import time\ntime.sleep(3600)", "langer"),
    "hangs and will not stop": (
        "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\ntime.sleep(3600)", "langer",
    ),
    "eats memory": ("eaten = []\nwhile True:\n    eaten.append(bytearray(1 << 26))", "MemoryError"),
    "is killed for its memory": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
    "leaves a daemon": (
        "import subprocess\nsubprocess.Popen(['sleep', '3600'], start_new_session=True)\nraise SystemExit",
        "SystemExit",
    ),
}  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
def test_notebooks_that_go_wrong_spoil_no_other(split, notebook, tmp_path, monkeypatch, seed):
    chance = random.Random(f"bad{seed}")  # noqa: S311 - as above
    bad = dict(zip(chance.sample(SCHOOLS, 4), chance.sample(sorted(BAD), 4), strict=True))
    marked = split.parent / "kapot.json"
    marked.write_text(json.dumps({school: BAD[ending][0] for school, ending in bad.items()}), encoding="utf-8")
    last = (
        f"import json\nfrom pathlib import Path\nmarked = Path({str(marked)!r})\n"
        "if marked.exists():\n    exec(json.loads(marked.read_text()).get(only['school'], ''))"
    )
    path = notebook(PARAMETERS + "\nonly: dict = {}", SECTION, READ, last, "1 + 1")
    out = tmp_path / "uit"
    batch = Batch(split, path, out, "--timeout", "12")
    code, told, _ = batch.ended()
    assert code == 1
    for school, ending in bad.items():
        assert any(line.startswith(f"school {school}: ") and BAD[ending][1] in line for line in told.splitlines()), told
    assert whole_or_absent(out) == 2
    assert not list(out.glob(".werkbank-*"))
    assert not list(batch.temporary.iterdir())
    marked.unlink()
    completed(split, path, out, monkeypatch, kept=2)


@pytest.mark.parametrize("seed", SEEDS)
def test_two_batches_in_one_folder_at_once(split, small, tmp_path, monkeypatch, seed):
    chance = random.Random(f"two{seed}")  # noqa: S311 - as above
    out = tmp_path / "uit"
    first = Batch(split, small, out)
    if chance.random() < 0.5:
        time.sleep(chance.uniform(0, 1))
    else:
        first.until(chance.randrange(len(SCHOOLS)))
    second = Batch(split, small, out)
    if kill := chance.random() < 0.3:
        first.until(chance.randrange(3))
        first.process.kill()
    codes = [batch.ended()[0] for batch in (first, second)]
    assert codes in ([0, 0], [0, 2], [2, 0], [-9, 0], [-9, 2])
    there = whole_or_absent(out)
    assert kill or there == len(SCHOOLS)
    completed(split, small, out, monkeypatch, kept=there)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_full_disk_leaves_nothing_half_written(split, small, tmp_path, monkeypatch, seed):
    chance = random.Random(f"disk{seed}")  # noqa: S311 - as above
    disk = tmp_path / "schijf"
    disk.mkdir()
    size = f"size={chance.randrange(24, 160)}k"
    mount = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", disk]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        lacking("a small disk may not be mounted here")
    out = disk / "uit"
    temporary = disk / "tijdelijk" if chance.random() < 0.5 else None
    try:
        batch = Batch(split, small, out, temporary=temporary)
        code, _, complained = batch.ended()
        assert code in {1, 4}
        assert complained
        there = whole_or_absent(out)
        assert not list(out.glob(".werkbank-*"))
        subprocess.run(["mount", "-o", "remount,size=8m", disk], check=True)
        completed(split, small, out, monkeypatch, kept=there)
    finally:
        subprocess.run(["umount", disk], check=True)


WAITS = "import time\nfrom pathlib import Path\nPath({mark!r}).touch()\ntime.sleep(60)"
BACKWARDS = """\
import time
_now, _calls = time.time, [0]
def time_that_goes_back():
    _calls[0] += 1
    return _now() - 3600 * _calls[0]
time.time = time_that_goes_back
"""


def alone(split: Path, notebook: Path, out: Path, **env: str) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "werkbank", "run", str(split), "--report", str(notebook), "--out", str(out)]
    return subprocess.Popen(
        words, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **env}
    )  # fmt: skip


def test_the_next_run_sweeps_what_a_killed_one_left_and_nothing_of_a_living_one(split, notebook, tmp_path):
    places = tmp_path / "verslagen"
    marks = [tmp_path / "een", tmp_path / "twee"]
    waiting = [notebook(PARAMETERS, SECTION, WAITS.format(mark=str(mark)), name=mark.name) for mark in marks]
    runs = [alone(split, path, places / path.stem) for path in waiting]
    try:
        until(lambda: all(mark.exists() for mark in marks))
        works = {mark.name: {path.parent.name for path in places.glob(".werkbank-*/.alive")} for mark in marks}
        assert len(works["een"]) == 2
        runs[0].kill()
        runs[0].communicate()
        last = alone(split, notebook(PARAMETERS, SECTION, READ.replace(", only", "")), places / "drie")
        _, complained = last.communicate()
        assert last.returncode == 0, complained
        assert len(list(places.glob(".werkbank-*"))) == 1, "of the one that lives"
        assert runs[1].poll() is None
    finally:
        runs[1].send_signal(signal.SIGINT)
        _, complained = runs[1].communicate()
    assert (runs[1].returncode, "Traceback" in complained) == (130, False)
    assert not list(places.glob(".werkbank-*"))


def test_a_clock_that_goes_back_changes_nothing(split, small, tmp_path, monkeypatch):
    ears = tmp_path / "klok"
    ears.mkdir()
    (ears / "sitecustomize.py").write_text(BACKWARDS, encoding="utf-8")
    later = time.time() + 10 * 365 * 86400
    for path in (split, split.parent / "raw" / "scores.csv", small):
        os.utime(path, (later, later))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(ears), os.environ.get("PYTHONPATH", "")])))
    code, _, _ = Batch(split, small, tmp_path / "uit").ended()
    assert code == 0
    for place in (tmp_path / "uit").glob("school-*/*"):
        os.utime(place, (later, later))
    completed(split, small, tmp_path / "uit", monkeypatch, kept=len(SCHOOLS))


def test_a_report_goes_first_when_memory_runs_out(split, notebook, tmp_path):
    asks = "from pathlib import Path\nassert Path('/proc/self/oom_score_adj').read_text().strip() == '500'"
    path = notebook(PARAMETERS + "\nonly: dict = {}", SECTION, READ, asks)
    out = tmp_path / "uit"
    assert run_batch(jobs(split, path, out)[:1], out, language="nl").count("made") == 1
