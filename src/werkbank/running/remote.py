"""Reports on other machines: a study goes there as bytes, files come back as bytes, and nothing else is shared.

Whether the machines see the same disks makes no difference. A worker unpacks a study once, in a folder that ends with
its process, and makes reports there as a batch does here; the files that come back are put in their place by whoever
asked, in one step.
"""

from __future__ import annotations

import atexit
import hashlib
import shutil
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkbank.catalogue import say
from werkbank.errors import MissingPieceError
from werkbank.running import manifest
from werkbank.running.runner import placed
from werkbank.study import load_study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from werkbank.running.jobs import Job
    from werkbank.running.making import Made

SECONDS_TO_CONNECT = 60
Files = dict[str, bytes]


@dataclass(frozen=True)
class Bundle:
    """A study with everything that decides its reports: `files` by name relative to the study's folder."""

    study: str
    files: Files
    notebook: tuple[str, bytes] | None
    digest: str


def bundle_of(study_file: str, report: str) -> Bundle:
    """Return a study, its data, its own keys, its logo, and the notebook when that is one of the user's own."""
    study = load_study(study_file)
    folder = study.folder.resolve()
    paths = [folder / Path(study.file).name, *(folder / spec.path for spec in study.data_files)]
    paths += [*sorted((folder / "instruments").glob("*.yaml")), *(folder / name for name in study.own_logs)]
    if study.school is not None and study.school.logo:
        paths.append(folder / study.school.logo)
    inside = [path for path in paths if path.is_file() and path.resolve().is_relative_to(folder)]
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in inside}
    own = (Path(report).name, Path(report).read_bytes()) if report.endswith(".ipynb") else None
    digest = hashlib.sha256()
    for name, content in [*sorted(files.items()), own or ("", b"")]:
        digest.update(f"{name} {len(content)} ".encode() + content)
    return Bundle(Path(study.file).name, files, own, digest.hexdigest())


def make_there(bundle: Bundle, job: Job, before: Files) -> tuple[Made, Files, dict[str, Any]]:
    """Make the reports of a job on the machine where this is called.

    Parameters
    ----------
    bundle, job
        What is asked; places on the asking machine mean nothing here.
    before : mapping of str to bytes
        The files that are in the job's folder already.

    Returns
    -------
    tuple
        How it ended, all files of the job's folder, and what they were made from.
    """
    from werkbank.running.making import make, read_once

    root = _unpacked(bundle)
    report = str(root / bundle.notebook[0]) if bundle.notebook else job.report
    with tempfile.TemporaryDirectory(prefix=".werkbank-", dir=root) as out:
        here = replace(job, study=str(root / "study" / bundle.study), report=report, out=out)
        with _lock:
            if bundle.digest not in _read:
                read_once(here.study, Path(out), warm=here.warm, leaving=root)
                _read.add(bundle.digest)
        for name, content in before.items():
            (here.place / name).parent.mkdir(parents=True, exist_ok=True)
            (here.place / name).write_bytes(content)
        made = make(here)
        files = there_already(here.place) if made.status == "made" else {}
        return replace(made, job=job), files, manifest.read(here.place).get("inputs", {})


_lock = threading.RLock()
_folders: dict[str, Path] = {}
_read: set[str] = set()


def _unpacked(bundle: Bundle) -> Path:
    with _lock:
        known = _folders.get(bundle.digest)
        if known is None or not known.is_dir():  # its template may have ended, and cleared it
            _read.discard(bundle.digest)
            root = Path(tempfile.mkdtemp(prefix="werkbank-"))
            atexit.register(shutil.rmtree, root, ignore_errors=True)
            for name, content in bundle.files.items():
                path = root / "study" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            if bundle.notebook:
                (root / bundle.notebook[0]).write_bytes(bundle.notebook[1])
            _folders[bundle.digest] = root
        return _folders[bundle.digest]


def there_already(place: Path) -> Files:
    """Return the files of a job's folder that its manifest knows."""
    found = manifest.read(place)
    reports = found.get("reports", {}).values()
    names = {*found.get("results", {}), *(file for report in reports for file in report["files"]), manifest.NAME}
    paths = {name: manifest.where(place, name) for name in sorted(names) if ".." not in Path(name).parts}
    return {name: path.read_bytes() for name, path in paths.items() if path.is_file()} if found else {}


def arrived(job: Job, answer: tuple[Made, Files, dict[str, Any]], wanted: dict[str, Any], language: str) -> Made:
    """Put the files that came back in their place; what was made with other versions than are here is refused.

    A report from another environment would not be found done at the next call, and could not be verified here.
    """
    made, files, inputs = answer
    if made.status != "made":
        return made
    if other := [name for name in wanted if wanted[name] != inputs.get(name)]:
        message = say("batch.problem.other_worker", language, what=", ".join(other))
        return replace(made, status="failed", files=(), message=message)
    placed(job.place, files)
    return made


class Workers:
    """The workers of a dask cluster: an executor that sends each study once."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - distributed ships no types
        self._client, self._executor = client, client.get_executor(pure=False)
        self._sent: dict[str, Any] = {}

    @property
    def slots(self) -> int:
        """How many reports can be made at the same time, now."""
        return max(1, sum(map(int, self._client.nthreads().values())))

    def submit(self, function: Callable[..., Any], /, bundle: Bundle, *arguments: Any) -> Future[Any]:  # noqa: ANN401
        """Have a function called by a worker, with what was sent there before."""
        sent = self._sent.get(bundle.digest)
        if sent is None or sent.status != "finished":  # the workers that held it may have been lost
            sent = self._sent[bundle.digest] = self._client.scatter(bundle, broadcast=True, hash=False)
        future: Future[Any] = self._executor.submit(function, sent, *arguments)
        return future


@contextmanager
def connected(address: str, language: str) -> Iterator[Workers]:
    """Yield the workers of the dask scheduler at `address`.

    Raises
    ------
    MissingPieceError
        When distributed is not installed, or no scheduler or worker answers.
    """
    try:
        from distributed import Client
    except ImportError:
        raise MissingPieceError(say("batch.problem.no_dask", language)) from None
    try:
        client = Client(address, timeout=SECONDS_TO_CONNECT, set_as_default=False)
    except (OSError, ValueError) as error:
        raise MissingPieceError(
            say("batch.problem.no_scheduler", language, address=address, reason=str(error))
        ) from None
    try:
        try:
            client.wait_for_workers(1, timeout=SECONDS_TO_CONNECT)
        except TimeoutError:
            raise MissingPieceError(say("batch.problem.no_workers", language, address=address)) from None
        yield Workers(client)
    finally:
        client.close()
