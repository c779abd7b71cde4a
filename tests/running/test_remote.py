"""Reports that other machines make: a real dask cluster over TCP whose workers see none of our files, and pools."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path

import pytest
from tests.conftest import lacking
from tests.running.conftest import PARAMETERS, READ, SCHOOLS, SECTION, command, jobs, whole

from werkbank.errors import MissingPieceError
from werkbank.running import manifest, remote
from werkbank.running.batch import run_batch
from werkbank.running.remote import connected
from werkbank.running.verify import verify

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="workers are hidden from our files by mounts"),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
ROOT = Path(__file__).resolve().parents[2]


class Cluster:
    """A scheduler and workers, each a process of its own with its own place for temporary files."""

    def __init__(self, folder: Path, hidden: list[Path]) -> None:
        # as short as a machine's own place for temporary files, or a kernel's sockets have to go elsewhere
        self.folder, self.hidden, self.workers = Path(tempfile.mkdtemp()), hidden, []
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        folder.symlink_to(self.folder)
        self.told = self.folder / "scheduler.json"
        self.scheduler = self._start("scheduler", "--no-dashboard", "--scheduler-file", self.told, "--port", "0")
        until(lambda: self.told.exists() and self.told.read_text().endswith("}"))

    @property
    def address(self) -> str:
        import json

        return json.loads(self.told.read_text())["address"]

    def worker(self) -> subprocess.Popen[bytes]:
        """Start a worker; where mounts are allowed it cannot see the study, nor the folder of the reports."""
        mounts = "".join(f"mount -t tmpfs none '{place}' && " for place in self.hidden)
        alone = ["unshare", "--mount", "--map-root-user", "sh", "-c", f'{mounts}exec "$@"', "sh"]
        prefix = alone if mounts_are_allowed() else []
        words = ["worker", self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        self.workers.append(self._start(*words, prefix=prefix))
        return self.workers[-1]

    def _start(self, *words: object, prefix: list[str] | None = None) -> subprocess.Popen[bytes]:
        own = self.folder / f"{words[0]}{len(self.workers)}"
        own.mkdir(exist_ok=True)
        with (own / "log.txt").open("wb") as log:
            return subprocess.Popen(
                [*(prefix or []), sys.executable, "-m", "dask", *map(str, words), "--host", "127.0.0.1"],
                stdout=log, stderr=log, cwd=own, env={**os.environ, "TMPDIR": str(own)},
            )  # fmt: skip

    def end(self) -> None:
        for process in [*self.workers, self.scheduler]:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:  # dask may wait long for itself
                process.kill()
                process.wait()


def mounts_are_allowed() -> bool:
    asks = ["unshare", "--mount", "--map-root-user", "mount", "-t", "tmpfs", "none", "/mnt"]
    return shutil.which("unshare") is not None and not subprocess.run(asks, capture_output=True, check=False).returncode


@contextmanager
def cluster(tmp_path: Path, *hidden: Path):
    if find_spec("distributed") is None:
        lacking("distributed is not installed: no batch is sent to other machines")
    found = Cluster(tmp_path / "cluster", list(hidden))
    try:
        yield found
    finally:
        found.end()


def until(true, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert true()


def temporary(folder: Path) -> list[str]:
    return [path.name for own in folder.glob("worker*") for path in own.glob("*werkbank-*")]


def test_workers_that_share_no_disk_make_what_is_made_here(split, small, tmp_path, monkeypatch):
    out, here = tmp_path / "uit", tmp_path / "hier"
    out.mkdir()
    with cluster(tmp_path, split.parent, out) as found:
        found.worker(), found.worker()
        made = subprocess.run(
            command(split, small, out, "--scheduler", found.address, "--language", "nl,en"),
            capture_output=True, text=True, check=False, env={**os.environ, "LANG": "nl_NL.UTF-8"},
        )  # fmt: skip
        assert made.returncode == 0, made.stderr + made.stdout
    until(lambda: temporary(tmp_path / "cluster") == [])
    assert all(whole(out).values())
    assert len(whole(out)) == len(SCHOOLS)
    run_batch(jobs(split, small, here, languages=("nl", "en")), here, language="nl", workers=2)
    for path in sorted(here.rglob("*")):
        if path.is_file() and path.name != ".werkbank.lock":
            assert (out / path.relative_to(here)).read_bytes() == path.read_bytes(), path.name
    again = run_batch(jobs(split, small, out, languages=("nl", "en")), out, language="nl", workers=2)
    assert again.count("kept") == len(SCHOOLS)
    monkeypatch.setattr("werkbank.running.notebooks.notebook_folder", lambda: small.parent)
    assert {one.verdict for one in verify([out / "school-007"], study=split)} == {"same"}


def test_a_worker_that_is_lost_loses_no_report(split, notebook, tmp_path):
    slow = notebook(PARAMETERS + "\nonly: dict = {}", SECTION, READ, "import time\ntime.sleep(1)")
    out = tmp_path / "uit"
    out.mkdir()
    with cluster(tmp_path, split.parent, out) as found:
        first, _ = found.worker(), found.worker()
        batch = subprocess.Popen(
            command(split, slow, out, "--scheduler", found.address), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        until(lambda: list(out.glob("school*")) or batch.poll() is not None)
        os.kill(first.pid, signal.SIGKILL)
        told, complained = batch.communicate(timeout=180)
        assert batch.returncode == 0, (told, complained)
    until(lambda: temporary(tmp_path / "cluster") == [])
    assert all(whole(out).values())
    assert len(whole(out)) == len(SCHOOLS)


def test_without_dask_or_scheduler_or_worker_the_way_out_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(remote, "SECONDS_TO_CONNECT", 1)
    with pytest.raises(MissingPieceError, match="tcp://127"), connected("tcp://127.0.0.1:9", "nl"):
        pass
    with cluster(tmp_path) as found, pytest.raises(MissingPieceError, match="dask worker"):  # noqa: SIM117
        with connected(found.address, "nl"):
            pass
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingPieceError, match=r"pip install \"werkbank\[dask\]\""), connected("tcp://x:1", "nl"):
        pass


class Counting:
    """An executor that keeps count of what is in flight, and loses what it is told to lose."""

    slots = 2

    def __init__(self, pool, lost: set[int] = frozenset()) -> None:
        self.pool, self.lost, self.calls, self.most, self.flying = pool, lost, 0, 0, 0

    def submit(self, function, *arguments):
        self.calls += 1
        if self.calls in self.lost:
            future: Future = Future()
            future.set_exception(BrokenProcessPool("lost"))
            return future
        self.flying += 1
        self.most = max(self.most, self.flying)
        future = self.pool.submit(function, *arguments)
        future.add_done_callback(self._landed)
        return future

    def _landed(self, _future) -> None:
        self.flying -= 1


def test_any_executor_does_and_no_more_is_on_its_way_than_it_can_hold(split, small, tmp_path):
    out = tmp_path / "uit"
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        crew = Counting(pool)
        assert run_batch(jobs(split, small, out), out, language="nl", executor=crew).count("made") == len(SCHOOLS)
        assert crew.most <= 2 * crew.slots
        assert run_batch(jobs(split, small, out), out, language="nl", executor=crew).count("kept") == len(SCHOOLS)
        assert crew.calls == len(SCHOOLS), "what is there is not sent"
        (out / "school-007" / "klein.nl.html").write_text("weg")
        assert run_batch(jobs(split, small, out), out, language="nl", executor=crew).count("made") == 1
    assert all(whole(out).values())


def test_what_is_lost_is_asked_again_but_not_for_ever(split, small, tmp_path):
    out = tmp_path / "uit"
    with ThreadPoolExecutor(2) as pool:
        found = run_batch(jobs(split, small, out)[:2], out, language="nl", executor=Counting(pool, {1, 2}))
        assert found.count("made") == 2
    with ThreadPoolExecutor(2) as pool:
        found = run_batch(jobs(split, small, out), out, language="nl", executor=Counting(pool, set(range(1, 99))))
    assert (found.count("kept"), found.count("failed")) == (2, 4)
    assert "lost" in found.made[-1].message
    closed = ThreadPoolExecutor(1)
    closed.shutdown()
    assert run_batch(jobs(split, small, out), out, language="nl", executor=closed).count("failed") == 4


def test_a_report_of_another_environment_is_not_kept(split, small, tmp_path, monkeypatch):
    out = tmp_path / "uit"
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        pool.submit(os.getpid).result()
        monkeypatch.setattr(manifest, "_environment", lambda: "another")
        found = run_batch(jobs(split, small, out)[:1], out, language="nl", executor=pool)
    assert found.count("failed") == 1
    assert "environment" in found.made[0].message
    assert not whole(out)


def test_other_reports_in_the_folder_stay(split, small, notebook, tmp_path):
    out = tmp_path / "uit"
    other = notebook("# Rapport", PARAMETERS + "\nonly: dict = {}", SECTION, READ, name="ander")
    run_batch(jobs(split, other, out)[:1], out, language="nl")
    with ThreadPoolExecutor(1) as pool:
        made = run_batch(jobs(split, small, out)[:1], out, language="nl", executor=pool)
    assert made.made[0].message == ""
    found = manifest.read(next(out.glob("school*")))
    assert set(found["reports"]) == {"ander.nl", "klein.nl"}
    assert all(whole(out).values())


def test_a_batch_that_is_killed_leaves_no_folder(split, notebook, tmp_path):
    slow = notebook(PARAMETERS + "\nonly: dict = {}", SECTION, READ, "import time\ntime.sleep(60)")
    out = tmp_path / "uit"
    batch = subprocess.Popen(command(split, slow, out), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until(lambda: list(out.glob(".werkbank-*/*")))
    time.sleep(1)
    batch.kill()
    batch.communicate()
    until(lambda: not list(out.glob(".werkbank-*")))
