"""A day at many times its speed, with readings that come late, twice or with a value that is corrected later.

Every forecast is held against what the importers and the forecaster make of the events known by then, in order; what
the service refuses for what it sees (a value to be corrected can be a jump that no body makes) is counted.
"""

import time
from collections import Counter
from dataclasses import replace

import numpy as np
import requests

from benchmarks.common.rows import Row, below, noted
from benchmarks.service.batch import SAME, forecast_from
from benchmarks.service.in_process import SetClock, served
from benchmarks.service.sending import body_of
from benchmarks.service.wearers import ZONE, Wearers
from bloodtwin_core.service.clock import FastClock, Now
from bloodtwin_core.service.store import EventKind, StoredEvent

_DAY = 24 * 3600
_WEARER = 3
Arrival = tuple[float, StoredEvent]
"""When an event arrives (second), and the event."""


def replay(speed: float, hours: float, disturbed: float, seed: int = 0) -> list[Row]:
    """So many hours of one wearer; disturbed: share of the readings that do not come as they should.

    speed 0: the clock is set to when each event is due, whatever it takes.
    """
    made = Wearers()
    with served(FastClock(speed) if speed else SetClock(time.time())) as (service, url):
        clock, name = service.now, made.name(_WEARER)
        wearer = service.store.wearers.put(name, ZONE)
        begun = int(clock()) + 600
        before = list(made.history(_WEARER, begun, 60.0))
        service.store.events.put(wearer.number, before, begun)
        later = [event for event in made.history(_WEARER, begun + round(hours * 3600), hours) if event.second > begun]
        known = {(event.kind, event.name): event for event in before}
        forecaster, differences, refused = service.model.now.forecaster, list[float](), Counter[str]()
        for due, event in _arrivals(later, disturbed, seed):
            _wait(clock, due, speed)
            answer = requests.post(f"{url}/v1/wearers/{name}/events?outlook=true", json=body_of([event]), timeout=30)
            answer.raise_for_status()
            known[event.kind, event.name] = event
            told = answer.json()["outlook"]
            now = int(np.datetime64(told["now"].rstrip("Z"), "s").astype(np.int64))
            if told["forecast"] is None:
                refused[told["refusals"][0]["reason"]] += 1
                continue
            expected = forecast_from(known.values(), now, forecaster)
            differences.append(float(np.abs(expected - np.array(told["forecast"]["glucose"])).max()))
    what = f"{hours:g} h at {speed:g} times speed, {disturbed:.0%} late, twice or corrected"
    return [
        below(f"largest difference from the batch, {what}", max(differences), "mg/dL", SAME),
        noted("forecasts compared", float(len(differences)), ""),
        *(noted(f"refused: {reason}", float(count), "") for reason, count in sorted(refused.items())),
    ]


def _wait(clock: Now, due: float, speed: float) -> None:
    if isinstance(clock, SetClock):
        clock.second = due
    else:
        time.sleep(max(0.0, (due - clock()) / speed))


def _arrivals(events: list[StoredEvent], disturbed: float, seed: int) -> list[Arrival]:
    """Events as they come, the disturbed share of the readings in one of three ways."""
    random, arrivals = np.random.default_rng(seed), list[Arrival]()
    for event in events:
        is_disturbed = event.kind is EventKind.glucose and random.random() < disturbed
        match random.integers(3) if is_disturbed else -1:
            case 0:
                arrivals.append((event.second + random.uniform(60, 840), event))
            case 1:
                arrivals += [(event.second, event), (event.second + random.uniform(1, 1200), event)]
            case 2:
                wrong = replace(event, value=float(random.integers(60, 250)))
                arrivals += [(event.second, wrong), (event.second + random.uniform(1, 600), event)]
            case _:
                arrivals.append((event.second, event))
    return sorted(arrivals, key=lambda arrival: arrival[0])
