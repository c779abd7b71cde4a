"""Many reports: each in its own process, whatever happens to the others, and only what is not there already."""

from __future__ import annotations

import os
import tempfile
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, Protocol

from werkbank.errors import UnfitError, WerkbankError
from werkbank.intake import once
from werkbank.running import manifest
from werkbank.running.folder import alone
from werkbank.running.index import write_index
from werkbank.running.kernel import quick_import, undisturbed
from werkbank.running.notebooks import code_hash, notebook_path
from werkbank.running.params import checked, decisive
from werkbank.running.remote import Bundle, arrived, bundle_of, make_there, there_already
from werkbank.running.runner import run_held
from werkbank.running.together import settle
from werkbank.running.verify import damaged
from werkbank.running.warm import forking
from werkbank.study import load_study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from werkbank.running.jobs import Job
    from werkbank.study import Study

TRIES = 3  # for a report whose worker was lost
Status = Literal["made", "kept", "failed", "waiting"]


class Submits(Protocol):
    """All that is asked of an executor: those of concurrent.futures, and others that are like them.

    One that has `slots` is asked for it: how many reports it can make at the same time, now.
    """

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
        same of the copies to share in ``share``; those copies hide what would follow from all of them side by side,
        and are there only when all are: an interrupted or killed batch holds them back until it is called again.
    language : str
        Of the index and of messages.
    workers : int, optional
        How many at the same time; as many as there are processors when left out.
    executor : optional
        Who does the work instead of threads of this process: anything with a ``submit`` that gives futures of
        concurrent.futures, such as a pool of processes here or workers elsewhere (`werkbank.running.remote.connected`).
        Studies go there, and reports come back, as bytes: the machines need werkbank in the same versions and no
        common disk. Never more than twice as many reports are on their way as can be made at the same time; one whose
        worker was lost is asked for again.
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
    with alone(out, language):
        crew = _Here(out, workers or os.cpu_count() or 1) if executor is None else _There(executor, workers, language)
        try:
            for number, made in enumerate(_ended(jobs, crew), 1):
                ended[made.job.folder] = made
                if tell is not None:
                    tell(made, number, time.monotonic() - started)
        except KeyboardInterrupt:
            interrupted = True
        for name in ("index.html", "results.csv"):  # of copies that are about to hide other counts
            (out / manifest.SHARE / name).unlink(missing_ok=True)
        settled = (_held_back if interrupted else _side_by_side)(tuple(ended.values()))
        outcome = BatchOutcome(settled, time.monotonic() - started, interrupted)
        write_index(out, outcome.made, language)
    return outcome


def _held_back(made: tuple[Made, ...]) -> tuple[Made, ...]:
    """Leave all copies to share as they are: those that are new wait for all that they will be read beside."""
    return tuple(replace(one, files=tuple(f for f in one.files if (one.job.place / f).exists())) for one in made)


def _side_by_side(made: tuple[Made, ...]) -> tuple[Made, ...]:
    """Hide in all copies to share what follows from them together; a copy that cannot be written again is not there."""
    there = [one for one in made if one.status in {"made", "kept"} and any("share/" in file for file in one.files)]
    studies = {name: load_study(name) for name in {one.job.study for one in there}}
    for one in made:  # an earlier copy of what could not be made again was not looked at beside the others
        if one.status == "failed" and (one.job.place / manifest.SHARE).is_dir():
            manifest.withdraw(one.job.place)
    failed = settle({one.job.place: studies[one.job.study] for one in there}, anew=True)
    return tuple(
        replace(one, files=tuple(f for f in one.files if (one.job.place / f).exists()), message=failed[one.job.place])
        if one.job.place in failed
        else one
        for one in made
    )


class _Here:
    """Threads of this process, each with a forked child for every notebook."""

    def __init__(self, out: Path, slots: int) -> None:
        self.out, self.slots, self._pool = out, slots, ThreadPoolExecutor(slots)
        self._read, self._lock = set[str](), Lock()

    def begin(self, job: Job) -> Future[Any]:
        return self._pool.submit(make, job, self._ready)

    def _ready(self, job: Job) -> None:
        with self._lock:
            if job.study not in self._read:
                read_once(job.study, self.out, warm=job.warm, leaving=self.out)
                self._read.add(job.study)

    def take(self, _job: Job, made: Made) -> Made:
        return made

    def end(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        forking.close_all()
        self._pool.shutdown(wait=True)
        forking.close_all()


class _There:
    """Whatever an executor has: what is there already is found here, all else is sent and comes back."""

    def __init__(self, executor: Submits, workers: int | None, language: str) -> None:
        self._executor, self._workers, self._language = executor, workers, language
        self._bundles: dict[tuple[str, str], Bundle] = {}

    @property
    def slots(self) -> int:
        asked = self._workers or getattr(self._executor, "slots", None) or getattr(self._executor, "_max_workers", None)
        return asked or os.cpu_count() or 1

    def begin(self, job: Job) -> Future[Any]:
        there = found_made(job)
        if there is not None:
            future: Future[Any] = Future()
            future.set_result((there, {}, {}))
            return future
        bundle = self._bundles.get((job.study, job.report)) or bundle_of(job.study, job.report)
        self._bundles[job.study, job.report] = bundle
        return self._executor.submit(make_there, bundle, job, there_already(job.place))

    def take(self, job: Job, answer: Any) -> Made:  # noqa: ANN401 - what `make_there` returns
        return arrived(job, answer, _wanted(job, load_study(job.study)), self._language)

    def end(self) -> None:
        return


def _ended(jobs: list[Job], crew: _Here | _There) -> Iterator[Made]:
    """Yield what was made, in the order in which it was; never more at work than are needed to keep all busy."""
    todo = iter(jobs)
    busy: dict[Future[Any], tuple[Job, int]] = {}

    def begin(job: Job, tries: int) -> None:
        try:
            busy[crew.begin(job)] = (job, tries)
        except (UnfitError, WerkbankError, OSError, RuntimeError) as error:  # also: the executor was shut down
            failed: Future[Any] = Future()
            failed.set_exception(error)
            busy[failed] = (job, TRIES)

    try:
        while True:
            while len(busy) < 2 * crew.slots and (job := next(todo, None)) is not None:
                begin(job, 1)
            if not busy:
                return
            for future in wait(busy, return_when=FIRST_COMPLETED).done:
                job, tries = busy.pop(future)
                try:
                    made = crew.take(job, future.result())
                except Exception as error:  # noqa: BLE001 - a worker may be lost in any way
                    if tries < TRIES:
                        begin(job, tries + 1)
                        continue
                    made = _failed(job, time.monotonic(), _told(error))
                yield made
    finally:  # also when interrupted: what was begun is ended, and leaves nothing
        for future in busy:
            future.cancel()
        crew.end()


def read_once(study: str, out: Path, *, warm: bool, leaving: Path) -> None:
    """Import once, and read a study once here and once in the template, for all reports that are made here.

    `out` is for passing files; `leaving` is the folder to be swept, or removed when it is no batch's, by the template
    when this process is killed.
    """
    if warm and (template := begun(out)) is not None:  # first: it starts while the same is done here
        with suppress(forking.NotWarmError):
            template.clear(leaving)
            template.read(str(Path(study).resolve()))
    quick_import("papermill")
    once.keep(load_study(study))


def begun(out: Path | None = None) -> forking.Template | None:
    """Return this process's template, which takes seconds to start; without one each report uses an ordinary kernel.

    `out` is for passing files.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=".werkbank-", dir=out) as folder:  # swept, if this is killed in it
            return forking.template({**os.environ, **undisturbed(Path(folder))})
    except (forking.NotWarmError, OSError):
        return None


def make(job: Job, ready: Callable[[Job], None] = lambda _: None) -> Made:
    """Make the reports of one job, `ready` for it, or find them made; any failure is what is returned."""
    started = time.monotonic()
    status: Status = "kept"
    try:
        study = load_study(job.study)
        found = _found(job, study)
        if missing := tuple(language for language, there in found.items() if not there):
            status = "made"
            ready(job)
            made = run_held(
                job.study, job.report, languages=missing, out=job.place, seed=job.seed, formats=job.formats,
                timeout=job.timeout, warm=job.warm, only=job.only,
            )  # fmt: skip
            found |= {one.language: tuple(p.relative_to(job.place).as_posix() for p in one.files) for one in made}
    except Exception as error:  # noqa: BLE001 - one report's surprise must not stop a thousand others
        return _failed(job, started, _told(error))
    return Made(job, status, _files(found), "", time.monotonic() - started)


def found_made(job: Job) -> Made | None:
    """Return a job whose reports are all there, whole and from the same inputs; or nothing."""
    started = time.monotonic()
    found = _found(job, load_study(job.study))
    return Made(job, "kept", _files(found), "", time.monotonic() - started) if all(found.values()) else None


def _found(job: Job, study: Study) -> dict[str, tuple[str, ...]]:
    return {language: _done(job, study, language) for language in job.languages or (study.language,)}


def _files(found: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for there in found.values() for name in there))


def _told(error: Exception) -> str:
    if isinstance(error, UnfitError):
        return "; ".join(problem.sentence(error.language) for problem in error.problems[:3])
    return str(error) if isinstance(error, WerkbankError | OSError) else f"{type(error).__name__}: {error}"


def _failed(job: Job, started: float, message: str) -> Made:
    return Made(job, "failed", (), message, time.monotonic() - started)


def _wanted(job: Job, study: Study) -> dict[str, Any]:
    """Return what a job's reports are made from, as their manifest will say it."""
    notebook = notebook_path(job.report)
    own = checked(notebook.stem, {"seed": job.seed, "only": job.only})
    return manifest.inputs_of(study, decisive(own))


def _done(job: Job, study: Study, language: str) -> tuple[str, ...]:
    """Return the files of a report that is there, whole, from the same inputs by the same notebook; or none."""
    notebook = notebook_path(job.report, language)
    found = manifest.read(job.place)
    key = f"{notebook.stem}.{language}"
    report = found.get("reports", {}).get(key)
    wanted = {f"{key}.{kind}" for kind in job.formats}
    if report is None or found["inputs"] != _wanted(job, study) or report["notebook"] != code_hash(notebook):
        return ()
    if not wanted <= set(report["files"]) or damaged(job.place, found, key):
        return ()
    return (*report["files"], *found["results"], manifest.NAME)
