"""One wearer: the memory of the process, and how soon a reading is a forecast on a stream that a page listens to."""

import json
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import requests

from benchmarks.common.rows import Row, below, noted
from benchmarks.service.sending import body_of
from benchmarks.service.server import Running, serving
from benchmarks.service.wearers import EVERY, Wearers, fill
from bloodtwin_core.records.past import PAST_REACH_DAYS
from bloodtwin_core.service.store import EventKind, StoredEvent

_MEMORY_MIB, _SECONDS = 150.0, 1.0
_HISTORY_HOURS = 24.0 * (PAST_REACH_DAYS + 1)
"""More than the base model reads of a wearer's past."""


def alone(readings: int = 20) -> list[Row]:
    """A service with a history of one wearer, who sends some readings, and then treatments as Loop does."""
    made = Wearers()
    with tempfile.TemporaryDirectory(prefix="bloodtwin-alone-") as folder:
        fill(Path(folder), 1, int(time.time()) - EVERY, _HISTORY_HOURS)
        with serving("--store", folder) as service:
            begun = service.memory()
            took = [_streamed(service, made.name(0), place) for place in range(readings)]
            after = service.memory("VmHWM")
            _treatments(service)
            with_treatments = service.memory("VmHWM")
    return [
        noted("memory at first", begun, "MiB"),
        below("peak memory with one wearer", after, "MiB", _MEMORY_MIB),
        below(
            "peak memory with treatments of Nightscout's clients",
            with_treatments,
            "MiB",
            _MEMORY_MIB,
        ),
        below("longest time from sending a reading to its forecast on a stream", max(took), "s", _SECONDS),
        noted("median of the same", statistics.median(took), "s"),
    ]


def _streamed(service: Running, name: str, place: int) -> float:
    """Seconds from sending a reading until a stream tells the outlook that rests on it."""
    listening, told = threading.Event(), list[float]()
    glucose = 150.0 + place

    def listen() -> None:
        url = f"{service.url}/v1/wearers/{name}/stream"
        with requests.get(url, stream=True, timeout=30) as stream:
            for line in stream.iter_lines(chunk_size=1):
                if line.startswith(b"data: "):
                    outlook = json.loads(line[6:])
                    if listening.is_set() and outlook["reading"]["glucose"] == glucose:
                        told.append(time.perf_counter())
                        return
                    listening.set()

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    listening.wait(20)
    event = StoredEvent(EventKind.glucose, "", int(time.time()), glucose, sensor="s")
    begun = time.perf_counter()
    requests.post(f"{service.url}/v1/wearers/{name}/events", json=body_of([event]), timeout=30).raise_for_status()
    thread.join(20)
    return told[0] - begun if told else float("inf")


def _treatments(service: Running) -> None:
    now = int(time.time())
    documents: list[dict[str, Any]] = [
        {
            "eventType": "Temp Basal",
            "timestamp": now - 300 * place,
            "created_at": (now - 300 * place) * 1000,
            "rate": 1.0 + place % 3,
            "absolute": 1.0 + place % 3,
            "duration": 30,
            "syncIdentifier": f"temp{place}",
        }
        for place in range(500)
    ]
    requests.post(f"{service.url}/api/v1/treatments", json=documents, timeout=60).raise_for_status()
