"""The one thread that writes and forecasts, so that what waits together is written and forecast together.

A job is answered when what it wrote is on disk. Forecasts follow: of each wearer that a job concerned one, all of them
in one run of the network.
"""

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from bloodtwin_core.common.errors import BloodTwinError, StorageError
from bloodtwin_core.service.engine import Engine, Made, stored
from bloodtwin_core.service.store import Store, StoredForecast, Wearer

logger = logging.getLogger(__name__)
T = TypeVar("T")
_MOST_TOGETHER = 64
_IDLE_SECONDS = 0.5
"""After so long without a job, forecasts that were made are written to the history."""
Heard = Callable[[Wearer, Made], None]


@dataclass
class Job(Generic[T]):
    """Something to write for a wearer, and the outlook from then on. write None: the outlook alone is asked for."""

    wearer: Wearer
    write: Callable[[Store], T] | None
    written: "Future[T]" = field(default_factory=lambda: _begun())
    outlook: "Future[Made]" = field(default_factory=lambda: _begun())


def _begun() -> "Future[Any]":
    """A future that cannot be cancelled: whoever no longer waits leaves the job to be finished for others."""
    future: Future[Any] = Future()
    future.set_running_or_notify_cancel()
    return future


class Desk:
    """Takes jobs from any thread, and answers with futures."""

    def __init__(self, engine: Engine, heard: Heard) -> None:
        """heard is told of every outlook that something new brought, in the desk's thread."""
        self._engine, self._heard = engine, heard
        self._jobs: queue.SimpleQueue[Job[Any] | None] = queue.SimpleQueue()
        self._history: list[tuple[int, StoredForecast]] = []
        self._is_closed, self._turn = False, threading.Lock()
        self._thread = threading.Thread(target=self._work, name="desk", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Jobs that wait."""
        return self._jobs.qsize()

    @property
    def is_alive(self) -> bool:
        """Whether somebody is at work."""
        return self._thread.is_alive()

    def put(self, wearer: Wearer, write: Callable[[Store], T]) -> Job[T]:
        """Write something of a wearer, within a transaction; written answers once it is on disk."""
        return self._taken(Job(wearer, write))

    def ask(self, wearer: Wearer) -> "Future[Made]":
        """The outlook as it is now."""
        return self._taken(Job[None](wearer, None)).outlook

    def close(self) -> None:
        """Finish what was taken, and stop. Who comes later is told so and does not wait."""
        with self._turn:
            self._is_closed = True
            self._jobs.put(None)
        self._thread.join()

    def _taken(self, job: Job[T]) -> Job[T]:
        with self._turn:
            if self._is_closed:
                _fail([job], StorageError("The service ends and keeps nothing more. Start it again"))
            else:
                self._jobs.put(job)
        return job

    def _work(self) -> None:
        last = False
        while not last:
            jobs, last = self._waiting_jobs()
            try:
                self._write(jobs)
                self._forecast([job for job in jobs if not job.outlook.done()])
            except Exception as error:
                if not isinstance(error, BloodTwinError):
                    logger.exception("%d jobs failed", len(jobs))
                _fail(jobs, error)
        with suppress(StorageError):
            self._write(())

    def _waiting_jobs(self) -> tuple[list[Job[Any]], bool]:
        """The jobs that wait, none after a while without one, and whether the end was among them."""
        try:
            first = self._jobs.get(timeout=_IDLE_SECONDS if self._history else None)
        except queue.Empty:
            return [], False
        jobs = []
        while first is not None:
            jobs.append(first)
            if len(jobs) == _MOST_TOGETHER:
                return jobs, False
            try:
                first = self._jobs.get_nowait()
            except queue.Empty:
                return jobs, False
        return jobs, True

    def _write(self, jobs: Sequence[Job[Any]]) -> None:
        """One transaction for all; a job that fails leaves nothing, and the others are written."""
        writing = [job for job in jobs if job.write is not None]
        if not writing and (jobs or not self._history):
            return
        store, results = self._engine.store, list[Any]()
        with store.transaction():
            store.forecasts.put(self._history)
            results += [_written(job, store) for job in writing]
        self._history.clear()
        for job, result in zip(writing, results, strict=True):
            if isinstance(result, Exception):
                _fail([job], result)
            else:
                self._engine.changed(job.wearer)
                job.written.set_result(result)

    def _forecast(self, jobs: Sequence[Job[Any]]) -> None:
        wearers = {job.wearer.number: job.wearer for job in jobs}
        made = dict(zip(wearers, self._engine.outlooks(list(wearers.values())), strict=True))
        for job in jobs:
            job.outlook.set_result(made[job.wearer.number])
        for number in {job.wearer.number for job in jobs if job.write is not None}:
            self._history.append((number, stored(made[number])))
            self._heard(wearers[number], made[number])


def _written(job: Job[T], store: Store) -> T | Exception:
    """What a job's writing gave, or why it failed."""
    if job.write is None:
        raise ValueError("there is nothing to write")
    try:
        with store.savepoint():
            return job.write(store)
    except StorageError:
        raise
    except Exception as error:  # noqa: BLE001 (told to whoever waits for the job)
        return error


def _fail(jobs: Sequence[Job[Any]], error: Exception) -> None:
    for job in jobs:
        for future in (job.written, job.outlook):
            if not future.done():
                future.set_exception(error)
