"""A day of many wearers as fast as it can be sent, while the service is killed again and again.

What was answered with 200 must be there after every restart; at the end every forecast is held against the batch.
"""

import math
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import requests

from benchmarks.common.rows import Row, below, noted
from benchmarks.service.batch import SAME, forecast_from
from benchmarks.service.sending import body_of
from benchmarks.service.server import Running, free_port, serving
from benchmarks.service.wearers import Wearers, fill
from bloodtwin_core.pretrained import base_forecaster
from bloodtwin_core.service.store import EventKind, StoredEvent

_HISTORY_HOURS, _DAY_HOURS = 26.0, 24.0
_TOGETHER = 4
"""Readings in a request."""


@dataclass
class _Day:
    """What every wearer sends, in turns, and what was answered. until: when the day ends (second)."""

    wearers: int
    until: int
    made: Wearers = field(default_factory=Wearers)
    answered: dict[int, set[int]] = field(default_factory=dict)

    def batches(self) -> Iterator[tuple[int, list[StoredEvent]]]:
        """Wearer by number and events, all wearers' first hours before their second ones."""
        days = [self._events(number) for number in range(self.wearers)]
        for start in range(0, max(len(day) for day in days), _TOGETHER):
            for number, day in enumerate(days):
                if batch := day[start : start + _TOGETHER]:
                    yield number, batch

    def _events(self, number: int) -> list[StoredEvent]:
        begin = self.until - round(_DAY_HOURS * 3600)
        return [event for event in self.made.history(number, self.until, _DAY_HOURS) if event.second > begin]

    def all_of(self, number: int) -> list[StoredEvent]:
        """The wearer's events, those from before the day too."""
        begin = self.until - round(_DAY_HOURS * 3600)
        return [*self.made.history(number, begin, _HISTORY_HOURS), *self._events(number)]


def kills(wearers: int, times: int, seed: int = 0) -> list[Row]:
    """So many wearers, killed so many times at moments drawn by chance."""
    day = _Day(wearers, int(time.time()))
    batches = list(day.batches())
    moments = sorted(np.random.default_rng(seed).choice(len(batches), times, replace=False).tolist())
    lost, begun = 0, time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="bloodtwin-kills-") as folder, ExitStack() as stack:
        fill(Path(folder), wearers, day.until - round(_DAY_HOURS * 3600), _HISTORY_HOURS)
        arguments = ("--store", folder, "--set", "most_requests_a_minute=1000000")
        port = free_port()
        service = stack.enter_context(serving(*arguments, port=port))
        session = requests.Session()
        for place, (number, events) in enumerate(batches):
            if place in moments:
                service.kill()
                service = stack.enter_context(serving(*arguments, port=port))
                session = requests.Session()
                lost += _lost(day, session, service)
            _send(day, session, service, number, events)
        sending = time.perf_counter() - begun
        lost += _lost(day, session, service)
        differences, refused = _differences(day, session, service)
    largest = max(differences, default=math.nan)
    readings = sum(len(seconds) for seconds in day.answered.values())
    return [
        below(f"readings lost of {readings} answered, {wearers} wearers, {times} kills", float(lost), "", 1.0),
        below("largest difference of their forecasts from the batch", largest, "mg/dL", SAME),
        noted("wearers whose forecasts were compared", float(len(differences)), ""),
        *(noted(f"refused: {reason}", float(count), "") for reason, count in refused.items()),
        noted("time for the day, restarts included", sending, "s"),
    ]


def _send(day: _Day, session: requests.Session, service: Running, number: int, events: list[StoredEvent]) -> None:
    url = f"{service.url}/v1/wearers/{day.made.name(number)}/events"
    session.post(url, json=body_of(events), timeout=60).raise_for_status()
    seconds = {event.second for event in events if event.kind is EventKind.glucose}
    day.answered.setdefault(number, set()).update(seconds)


def _lost(day: _Day, session: requests.Session, service: Running) -> int:
    """How many readings that were answered are not there."""
    lost = 0
    for number, seconds in day.answered.items():
        url = f"{service.url}/v1/wearers/{day.made.name(number)}/history?hours=30"
        told = session.get(url, timeout=60).json()["readings"]
        there = {int(np.datetime64(row["time"].rstrip("Z"), "s").astype(np.int64)) for row in told}
        lost += len(seconds - there)
    return lost


def _differences(day: _Day, session: requests.Session, service: Running) -> tuple[list[float], Counter[str]]:
    """Of each wearer that forecasts, after one more reading, now: the day may have taken longer than one stays fresh.

    The largest difference of each from the batch (mg/dL), and why the others have none.
    """
    forecaster, differences, refused = base_forecaster(threads=1), list[float](), Counter[str]()
    for number in range(day.wearers):
        second = int(time.time())
        fresh = StoredEvent(EventKind.glucose, "", second, day.made.glucose(number, second), sensor="s")
        _send(day, session, service, number, [fresh])
        told = session.get(f"{service.url}/v1/wearers/{day.made.name(number)}/forecast", timeout=60).json()
        if told["forecast"] is None:
            refused[told["refusals"][0]["reason"]] += 1
            continue
        now = int(np.datetime64(told["now"].rstrip("Z"), "s").astype(np.int64))
        expected = forecast_from([*day.all_of(number), fresh], now, forecaster)
        differences.append(float(np.abs(expected - np.array(told["forecast"]["glucose"])).max()))
    return differences, refused
