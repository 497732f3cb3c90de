"""The recorded wearer, replayed: days of history at once, then what happens as the clock goes on."""

import logging
import math
import threading
from collections.abc import Callable, Iterator

from bloodtwin_core.common.errors import BloodTwinError
from bloodtwin_core.events.grid import BIN_SECONDS
from bloodtwin_core.service.clock import FastClock
from bloodtwin_core.service.demo.past_forecasts import past_forecasts
from bloodtwin_core.service.demo.recording import Recording
from bloodtwin_core.service.running import Service
from bloodtwin_core.service.store import EventKind, Store, StoredEvent, StoredForecast, Wearer

logger = logging.getLogger(__name__)
NAME = "demo"
HISTORY_DAYS = 4
_DAY_SECONDS = 24 * 3600
_PHASE_SECONDS = -20
"""A reading comes so long before its five minutes end."""


class Replay:
    """Feeds the desk from a thread of its own. The recording begins at midnight UTC and is repeated.

    Another thread makes the forecasts of yesterday and today, as far as they are history.
    """

    def __init__(self, recording: Recording, service: Service, wearer: Wearer, clock: FastClock) -> None:
        self._recording, self._service, self._wearer, self._clock = recording, service, wearer, clock
        self._begun = int(clock())
        self._ended, self._history_is_in, self._past_is_made = (threading.Event() for _ in range(3))
        self._threads = [
            threading.Thread(target=work, name=name, daemon=True)
            for name, work in (("demo", self._play), ("demo's past", self._look_back))
        ]

    def start(self) -> None:
        """Put the history in and begin to play."""
        for thread in self._threads:
            thread.start()

    def wait_for_past(self) -> None:
        """Return once the forecasts of the past are made."""
        self._past_is_made.wait()

    def close(self) -> None:
        """Stop."""
        self._ended.set()
        self._history_is_in.set()
        for thread in self._threads:
            thread.join()

    def _play(self) -> None:
        now = self._begun
        self._put(list(self._between(now - HISTORY_DAYS * _DAY_SECONDS, now)))
        self._history_is_in.set()
        while not self._ended.is_set():
            due = now - (now - _PHASE_SECONDS) % BIN_SECONDS + BIN_SECONDS
            self._ended.wait(max(0.0, (due - self._clock()) / self._clock.speed))
            if not self._ended.is_set():
                self._put(list(self._between(now, due)))
                now = due

    def _look_back(self) -> None:
        """Make the forecasts from yesterday's midnight on, a second after each reading."""
        self._history_is_in.wait()
        try:
            self._make_past()
        except BloodTwinError:
            self._complain()

    def _make_past(self) -> None:
        midnight = self._begun - self._begun % _DAY_SECONDS - _DAY_SECONDS
        moments = range(midnight + BIN_SECONDS + _PHASE_SECONDS + 1, self._begun - BIN_SECONDS, BIN_SECONDS)
        for made in past_forecasts(self._service.engine, self._wearer, moments):
            if self._ended.is_set():
                return
            rows = [(self._wearer.number, forecast) for forecast in made]
            self._service.desk.put(self._wearer, _keeping(rows)).written.result()
        self._past_is_made.set()

    def _put(self, events: list[StoredEvent]) -> None:
        try:
            now = int(self._clock())
            self._service.desk.put(
                self._wearer, lambda store: store.events.put(self._wearer.number, events, now)
            ).outlook.result()
        except BloodTwinError:
            self._complain()

    def _complain(self) -> None:
        """Of what failed, unless the service ends, which may be before this does."""
        if not (self._ended.is_set() or self._service.is_closing):
            logger.exception("the demonstration could not be kept")
        self._ended.wait(1.0)

    def _between(self, first: int, last: int) -> Iterator[StoredEvent]:
        """What happens after first up to last (seconds)."""
        for record in range(first // BIN_SECONDS, last // BIN_SECONDS + 2):
            for event in self._of(record):
                if first < event.second <= last:
                    yield event

    def _of(self, record: int) -> Iterator[StoredEvent]:
        """The events of the five minutes that end at a multiple of them."""
        recording, place = self._recording, (record - 1) % len(self._recording)
        second = record * BIN_SECONDS + _PHASE_SECONDS
        glucose, bolus = recording.glucose[place], recording.bolus_dose[place]
        grams, rate = recording.carbohydrates[place], recording.basal_rate[place]
        if math.isfinite(glucose):
            yield StoredEvent(EventKind.glucose, f"{second}", second, float(glucose), sensor=NAME, origin=NAME)
        begins = second - BIN_SECONDS + 30
        yield StoredEvent(EventKind.basal, f"{begins}", begins, float(rate), origin=NAME)
        for kind, amount in ((EventKind.bolus, bolus), (EventKind.carbohydrates, grams)):
            if amount > 0:
                yield StoredEvent(kind, f"{second - 10}", second - 10, float(amount), origin=NAME)


def _keeping(rows: list[tuple[int, StoredForecast]]) -> Callable[[Store], None]:
    return lambda store: store.forecasts.put(rows)
