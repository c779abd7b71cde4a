"""Many reports: each in its own process, whatever happens to the others, and only what is not there already."""

from __future__ import annotations

import os
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from werkbank import steps
from werkbank.errors import UnfitError, WerkbankError
from werkbank.running import manifest
from werkbank.running.index import write_index
from werkbank.running.making import Made, Status, failed, found_made, make, read_once, told, wanted
from werkbank.running.remote import Bundle, arrived, bundle_of, make_there, there_already
from werkbank.running.together import settle
from werkbank.study import load_study
from werkbank.warm import forking
from werkbank.warm.folder import alone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from werkbank.running.jobs import Job
    from werkbank.steps import Step

TRIES = 3  # for a report whose worker was lost


class Submits(Protocol):
    """All that is asked of an executor: those of concurrent.futures, and others that are like them.

    One that has `slots` is asked for it: how many reports it can make at the same time, now.
    """

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Future[Any]:  # noqa: ANN401 - as concurrent.futures
        """Have a function called somewhere."""
        ...


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
    hears: Callable[[Job, Step], None] | None = None,
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
    hears : callable, optional
        Called with each step of each report that is made here, from the thread that makes it.

    Raises
    ------
    UsageError
        When another batch is at work in `out`.
    """
    started = time.monotonic()
    ended = {job.folder: Made(job, "waiting") for job in jobs}
    interrupted = False
    with alone(out, language):
        crew = (
            _Here(out, workers or os.cpu_count() or 1, hears)
            if executor is None
            else _There(executor, workers, language)
        )
        try:
            for number, made in enumerate(_ended(jobs, crew), 1):
                ended[made.job.folder] = made
                if tell is not None:
                    tell(made, number, time.monotonic() - started)
        except KeyboardInterrupt:
            interrupted = True
        for name in ("index.html", "results.csv"):  # of copies that are about to hide other counts
            (out / manifest.SHARE / name).unlink(missing_ok=True)
        done = tuple(ended.values())
        settled = _held_back(done) if interrupted else _side_by_side(done, language)
        outcome = BatchOutcome(settled, time.monotonic() - started, interrupted)
        write_index(out, outcome.made, language)
    return outcome


def _held_back(made: tuple[Made, ...]) -> tuple[Made, ...]:
    """Leave all copies to share as they are: those that are new wait for all that they will be read beside."""
    return tuple(replace(one, files=tuple(f for f in one.files if (one.job.place / f).exists())) for one in made)


def _side_by_side(made: tuple[Made, ...], language: str) -> tuple[Made, ...]:
    """Hide in all copies to share what follows from them together; a copy that cannot be written again is not there."""
    there = [one for one in made if one.status in {"made", "kept"} and any("share/" in file for file in one.files)]
    studies = {name: load_study(name) for name in {one.job.study for one in there}}
    for one in made:  # an earlier copy of what could not be made again was not looked at beside the others
        if one.status == "failed" and (one.job.place / manifest.SHARE).is_dir():
            manifest.withdraw(one.job.place)
    settled = settle({one.job.place: studies[one.job.study] for one in there}, anew=True, language=language)

    def told(one: Made) -> Made:
        place = one.job.place
        lines = " ".join(filter(None, (settled.failed.get(place), *settled.said.get(place, ()))))
        return replace(one, files=tuple(f for f in one.files if (place / f).exists()), message=lines) if lines else one

    return tuple(map(told, made))


class _Here:
    """Threads of this process, each with a forked child for every notebook."""

    def __init__(self, out: Path, slots: int, hears: Callable[[Job, Step], None] | None = None) -> None:
        self.out, self.slots, self._pool, self._hears = out, slots, ThreadPoolExecutor(slots), hears
        self._read, self._lock = set[str](), Lock()

    def begin(self, job: Job) -> Future[Any]:
        return self._pool.submit(self._make, job)

    def _make(self, job: Job) -> Made:
        with steps.listening(partial(self._hears, job)) if self._hears else nullcontext():
            return make(job, self._ready)

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
        return arrived(job, answer, wanted(job, load_study(job.study)), self._language)

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
            refused: Future[Any] = Future()
            refused.set_exception(error)
            busy[refused] = (job, TRIES)

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
                    made = failed(job, time.monotonic(), told(error))
                yield made
    finally:  # also when interrupted: what was begun is ended, and leaves nothing
        for future in busy:
            future.cancel()
        crew.end()
