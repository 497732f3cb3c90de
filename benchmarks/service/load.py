"""Load: every wearer sends a reading every five minutes and waits for its forecast, in real time."""

import http.client
import json
import queue
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common.rows import Row, below, noted
from benchmarks.service.server import Running, serving
from benchmarks.service.wearers import EVERY, Wearers, fill

SERVER_CORE = 0
_SENDERS = 16
_HISTORY_HOURS = 26.0
TARGET_MS = 20.0


@dataclass(frozen=True)
class Sent:
    """A reading that was sent: when it was due and how long its forecast took (s), and what was answered.

    reason: why there is no forecast, empty where there is one.
    """

    due: float
    seconds: float
    status: int
    reason: str


def load(wearers: int, seconds: float, *, power_cut: bool = False, model: Path | None = None) -> list[Row]:
    """The server on one core, as `bloodtwin serve` runs, and the client where it is started; None: the base model."""
    with tempfile.TemporaryDirectory(prefix="bloodtwin-load-") as folder:
        fill(Path(folder), wearers, int(time.time()), _HISTORY_HOURS)
        settings = ["--set", "most_requests_a_minute=1000000"]
        settings += ["--set", f"survives_power_cut={'true' if power_cut else 'false'}"]
        settings += [] if model is None else ["--model", str(model)]
        with serving("--store", folder, *settings, core=SERVER_CORE) as service:
            before, busy = service.memory(), service.processor_seconds()
            sent = _send(service, wearers, seconds)
            after, busy = service.memory(), service.processor_seconds() - busy
    took = 1000.0 * np.array([one.seconds for one in sent])
    reasons = Counter(one.reason for one in sent if one.reason)
    what = f"{wearers} wearers, {len(sent) / seconds:.1f} readings/s, {seconds:g} s"
    return [
        below(
            f"99th percentile from a reading to its forecast, {what}", float(np.percentile(took, 99)), "ms", TARGET_MS
        ),
        noted("median of the same", float(np.median(took)), "ms"),
        noted("longest of the same", float(took.max()), "ms"),
        noted("readings without a forecast", float(reasons.total()), ""),
        *(noted(f"of these for {reason}", float(count), "") for reason, count in reasons.most_common()),
        noted("processor time a reading", 1000.0 * busy / len(sent), "ms"),
        noted("memory at first", before, "MiB"),
        noted("memory a wearer", 1024.0 * (after - before) / wearers, "KiB"),
    ]


def _send(service: Running, wearers: int, seconds: float) -> list[Sent]:
    made, begun = Wearers(), time.time() + 1.0
    # Sensors read at any moment: all at whole seconds, seven of 2,000 would come at once, every second.
    within = np.random.default_rng(0).random(wearers)
    due = sorted(
        (second, number)
        for number in range(wearers)
        for second in _readings(made.phase(number) + float(within[number]), begun, begun + seconds)
    )
    waiting: queue.SimpleQueue[tuple[float, int] | None] = queue.SimpleQueue()
    sent: list[Sent] = []
    senders = [threading.Thread(target=_sender, args=(service, made, waiting, sent)) for _ in range(_SENDERS)]
    for sender in senders:
        sender.start()
    for second, number in due:
        time.sleep(max(0.0, second - time.time()))
        waiting.put((second, number))
    for _ in senders:
        waiting.put(None)
    for sender in senders:
        sender.join()
    return sent


def _readings(phase: float, begin: float, end: float) -> list[float]:
    first = begin - (begin - phase) % EVERY + EVERY
    return [second for second in np.arange(first, end, EVERY).tolist() if second < end]


def _sender(
    service: Running, made: Wearers, waiting: "queue.SimpleQueue[tuple[float, int] | None]", sent: list[Sent]
) -> None:
    connection = http.client.HTTPConnection(service.url.removeprefix("http://"), timeout=30)
    while (job := waiting.get()) is not None:
        due, number = job
        second = int(due)
        reading = {
            "time": datetime.fromtimestamp(second, UTC).isoformat(),
            "glucose": made.glucose(number, second),
            "sensor": "s",
        }
        body = json.dumps({"readings": [reading]})
        path = f"/v1/wearers/{made.name(number)}/events?outlook=true"
        begun = time.perf_counter()
        connection.request("POST", path, body, {"content-type": "application/json"})
        answer = connection.getresponse()
        told = json.loads(answer.read())
        took = time.perf_counter() - begun
        sent.append(Sent(due, took, answer.status, _reason(answer.status, told)))


def _reason(status: int, told: dict[str, Any]) -> str:
    if status != 200:
        return f"status {status}"
    outlook = told["outlook"]
    return "" if outlook["forecast"] is not None else ", ".join(why["reason"] for why in outlook["refusals"])
