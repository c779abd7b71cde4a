"""Many reports: each in its own process, whatever happens to the others, and only what is not there already."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from werkbank.catalogue import say
from werkbank.errors import UnfitError, UsageError, WerkbankError
from werkbank.intake import once
from werkbank.running import manifest
from werkbank.running.index import write_index
from werkbank.running.kernel import quick_import, undisturbed
from werkbank.running.notebooks import code_hash, notebook_path
from werkbank.running.params import checked, decisive
from werkbank.running.runner import run_languages
from werkbank.running.together import settle
from werkbank.running.verify import damaged
from werkbank.running.warm import forking
from werkbank.study import load_study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from werkbank.running.jobs import Job
    from werkbank.study import Study

LOCK = ".werkbank.lock"
Status = Literal["made", "kept", "failed", "waiting"]


class Submits(Protocol):
    """All that is asked of an executor: those of concurrent.futures, dask and others do."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:  # noqa: ANN401 - as concurrent.futures
        """Have a function called somewhere."""
        ...


@dataclass(frozen=True)
class Made:
    """How one job ended: `made`, `kept` (whole and from the same inputs already), `failed` or not begun (`waiting`)."""

    job: Job
    status: Status
    files: tuple[str, ...] = ()
    message: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class BatchOutcome:
    """What a batch has come to; `made` is in the order of the jobs."""

    made: tuple[Made, ...]
    seconds: float
    interrupted: bool = False

    def count(self, status: Status) -> int:
        """Return how many jobs ended so."""
        return sum(one.status == status for one in self.made)


def run_batch(
    jobs: list[Job],
    out: Path,
    *,
    language: str,
    workers: int | None = None,
    executor: Submits | None = None,
    tell: Callable[[Made, int, float], None] | None = None,
) -> BatchOutcome:
    """Make the reports of all jobs that are not there yet; one that fails does not stop the others.

    Parameters
    ----------
    jobs : list of Job
        Each has a folder of its own in `out`.
    out : path
        Also gets ``index.html`` and ``results.csv`` (all estimates and facts, with the report they are from), and the
        same of the copies to share in ``share``; those copies hide what would follow from all of them side by side.
    language : str
        Of the index and of messages.
    workers : int, optional
        How many at the same time; as many as there are processors when left out.
    executor : optional
        Who does the work instead of threads of this process: anything with ``submit``, such as dask's
        ``client.get_executor()``. Its workers need werkbank, and `out` and the studies under the same paths.
    tell : callable, optional
        Called after each job with what was made, how many are done and how many seconds have passed.

    Raises
    ------
    UsageError
        When another batch is at work in `out`.
    """
    started = time.monotonic()
    ended = {job.folder: Made(job, "waiting") for job in jobs}
    interrupted = False
    with _alone(out, language):
        _sweep(out)
        try:
            for number, made in enumerate(_ended(jobs, workers or os.cpu_count() or 1, executor), 1):
                ended[made.job.folder] = made
                if tell is not None:
                    tell(made, number, time.monotonic() - started)
        except KeyboardInterrupt:
            interrupted = True
        _sweep(out)
        settled = _side_by_side(tuple(ended.values()))
        outcome = BatchOutcome(settled, time.monotonic() - started, interrupted)
        write_index(out, outcome.made, language)
    return outcome


def _side_by_side(made: tuple[Made, ...]) -> tuple[Made, ...]:
    """Hide in all copies to share what follows from them together; a copy that cannot be written again is not there."""
    there = [one for one in made if one.status in {"made", "kept"} and any("share/" in file for file in one.files)]
    failed = settle({one.job.place: load_study(one.job.study) for one in there}, anew=True)
    return tuple(
        replace(one, files=tuple(f for f in one.files if (one.job.place / f).exists()), message=failed[one.job.place])
        if one.job.place in failed
        else one
        for one in made
    )


def _ended(jobs: list[Job], workers: int, executor: Submits | None) -> Iterator[Made]:
    """Yield what was made, in the order in which it was; never more at work than are needed to keep all busy."""
    for study in {job.study: None for job in jobs}:
        _shared(study, Path(jobs[0].out), warm=executor is None and jobs[0].warm)
    own = None if executor is not None else ThreadPoolExecutor(workers)
    todo = iter(jobs)
    busy: set[Future[Made]] = set()
    try:
        while True:
            while len(busy) < 2 * workers and (job := next(todo, None)) is not None:
                busy.add((own or executor).submit(make, job))  # type: ignore[union-attr]
            if not busy:
                return
            finished, busy = wait(busy, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in finished)
    finally:  # also when interrupted: what was begun is ended, and leaves nothing
        if own is not None:
            own.shutdown(wait=False, cancel_futures=True)
            forking.close_all()
            own.shutdown(wait=True)
            forking.close_all()


def _shared(study: str, out: Path, *, warm: bool) -> None:
    """Import once, and read a study once here and once in the template, for all of its reports."""
    quick_import("papermill")
    once.keep(load_study(study))
    if warm:
        try:
            with tempfile.TemporaryDirectory(prefix=".werkbank-", dir=out) as folder:  # swept, if this is killed in it
                template = forking.template({**os.environ, **undisturbed(Path(folder))})
                template.read(str(Path(study).resolve()))
        except (forking.NotWarmError, OSError):
            return  # each report finds so itself, and uses an ordinary kernel


def make(job: Job) -> Made:
    """Make the reports of one job, or find them made; any failure is what is returned."""
    started = time.monotonic()
    status: Status = "kept"
    try:
        study = load_study(job.study)
        found = {language: _done(job, study, language) for language in job.languages or (study.language,)}
        if missing := tuple(language for language, there in found.items() if not there):
            status = "made"
            made = run_languages(
                job.study, job.report, languages=missing, out=job.place, seed=job.seed, formats=job.formats,
                timeout=job.timeout, warm=job.warm, only=job.only,
            )  # fmt: skip
            found |= {one.language: tuple(p.relative_to(job.place).as_posix() for p in one.files) for one in made}
        files = list(dict.fromkeys(name for there in found.values() for name in there))
    except UnfitError as error:
        return _failed(job, started, "; ".join(problem.sentence(error.language) for problem in error.problems[:3]))
    except (WerkbankError, OSError) as error:
        return _failed(job, started, str(error))
    except Exception as error:  # noqa: BLE001 - one report's surprise must not stop a thousand others
        return _failed(job, started, f"{type(error).__name__}: {error}")
    return Made(job, status, tuple(files), "", time.monotonic() - started)


def _failed(job: Job, started: float, message: str) -> Made:
    return Made(job, "failed", (), message, time.monotonic() - started)


def _done(job: Job, study: Study, language: str) -> tuple[str, ...]:
    """Return the files of a report that is there, whole, from the same inputs by the same notebook; or none."""
    notebook = notebook_path(job.report, language)
    own = checked(notebook.stem, {"seed": job.seed, "only": job.only}, language)
    found = manifest.read(job.place)
    key = f"{notebook.stem}.{language}"
    report = found.get("reports", {}).get(key)
    inputs = manifest.inputs_of(study, decisive(own))
    wanted = {f"{key}.{kind}" for kind in job.formats}
    if report is None or found["inputs"] != inputs or report["notebook"] != code_hash(notebook):
        return ()
    if not wanted <= set(report["files"]) or damaged(job.place, found, key):
        return ()
    return (*report["files"], *found["results"], manifest.NAME)


@contextmanager
def _alone(out: Path, language: str) -> Iterator[None]:
    """Hold the folder for this batch; the lock ends with the process, however it ends."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / LOCK
    with path.open("a", encoding="ascii") as file:
        try:
            _lock(file.fileno())
        except OSError:
            raise UsageError(say("batch.problem.busy", language, path=out.as_posix())) from None
        yield
    # it stays: taken away, a third batch could lock a new file while a second waits for this one


def _lock(number: int) -> None:
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        msvcrt.locking(number, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        return
    fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _sweep(out: Path) -> None:
    """Remove the folders in which reports were being made when a batch was killed."""
    for left in out.glob(".werkbank-*"):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)
