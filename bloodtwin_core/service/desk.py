"""The one thread that writes events and forecasts, so that what waits together is written and forecast together.

A job is answered when what it brought is on disk. Forecasts follow: of each wearer that a job concerned one, all of
them in one run of the network.
"""

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from bloodtwin_core.common.errors import BloodTwinError
from bloodtwin_core.service.engine import Engine
from bloodtwin_core.service.store import StoredEvent, Wearer
from bloodtwin_core.serving.outlook import Outlook

logger = logging.getLogger(__name__)
_MOST_TOGETHER = 64
Heard = Callable[[Wearer, Outlook], None]


@dataclass
class _Job:
    """Events of a wearer to keep, none to ask for the outlook alone."""

    wearer: Wearer
    events: Sequence[StoredEvent]
    kept: "Future[int]" = field(default_factory=Future)
    outlook: "Future[Outlook]" = field(default_factory=Future)


class Desk:
    """Takes jobs from any thread and answers with futures."""

    def __init__(self, engine: Engine, heard: Heard) -> None:
        """heard is told of every outlook that new events brought, in the desk's thread."""
        self._engine, self._heard = engine, heard
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="desk", daemon=True)
        self._thread.start()

    def put(self, wearer: Wearer, events: Sequence[StoredEvent]) -> "tuple[Future[int], Future[Outlook]]":
        """Keep events: how many changed anything, once they are on disk; and the outlook from then on."""
        job = _Job(wearer, events)
        self._jobs.put(job)
        return job.kept, job.outlook

    def ask(self, wearer: Wearer) -> "Future[Outlook]":
        """The outlook as it is now."""
        return self.put(wearer, ())[1]

    def close(self) -> None:
        """Finish what was taken and stop."""
        self._jobs.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            jobs, last = self._waiting(job)
            try:
                self._keep(jobs)
                self._forecast(jobs)
            except Exception as error:  # noqa: BLE001 (the desk must outlive whatever one batch brings)
                self._fail(jobs, error)
            if last:
                return

    def _waiting(self, first: _Job) -> tuple[list[_Job], bool]:
        """The jobs that wait now, and whether the end was among them."""
        jobs = [first]
        while len(jobs) < _MOST_TOGETHER:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                return jobs, True
            jobs.append(job)
        return jobs, False

    def _keep(self, jobs: Sequence[_Job]) -> None:
        bringing = [job for job in jobs if job.events]
        changed = self._engine.keep([(job.wearer, job.events) for job in bringing])
        for job, count in zip(bringing, changed, strict=True):
            job.kept.set_result(count)
        for job in jobs:
            if not job.events:
                job.kept.set_result(0)

    def _forecast(self, jobs: Sequence[_Job]) -> None:
        wearers = {job.wearer.number: job.wearer for job in jobs}
        told = self._engine.outlooks(list(wearers.values()))
        by_number = dict(zip(wearers, told, strict=True))
        for job in jobs:
            job.outlook.set_result(by_number[job.wearer.number])
        for number in {job.wearer.number for job in jobs if job.events}:
            self._heard(wearers[number], by_number[number])

    def _fail(self, jobs: Sequence[_Job], error: Exception) -> None:
        if not isinstance(error, BloodTwinError):
            logger.exception("a batch of %d jobs failed", len(jobs))
        for job in jobs:
            for future in (job.kept, job.outlook):
                if not future.done():
                    future.set_exception(error)
