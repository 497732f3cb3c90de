"""Documents as apps upload them to a Nightscout site, and what the site tells with them."""

import json
from typing import Any

import numpy as np

from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.sources.nightscout.reading import events_of_documents

NOON = np.datetime64("2024-05-01T12:00:00", "s")
Document = dict[str, Any]


def at(minutes: float) -> np.datetime64:
    """So many minutes after noon."""
    return NOON + np.timedelta64(round(minutes * 60), "s")


def milliseconds(time: np.datetime64) -> int:
    return int(time.astype("datetime64[ms]").astype(np.int64))


def treatment(minutes: float, what: str, name: str = "", **said: Any) -> Document:
    return {"_id": f"t{minutes} {what} {name}", "eventType": what, "created_at": f"{at(minutes)}.000Z", **said}


def reading(minutes: float, sgv: Any = 120, **said: Any) -> Document:
    return {"_id": f"e{minutes}", "type": "sgv", "sgv": sgv, "date": milliseconds(at(minutes)), "device": "G6", **said}


def status(minutes: float, **pump: Any) -> Document:
    return {"_id": f"d{minutes}", "created_at": f"{at(minutes)}.000Z", "device": "loop://phone", "pump": pump}


def content(*steps: tuple[int, float], zone: str = "UTC") -> Document:
    """A profile's content: U/h from each hour on."""
    basal = [{"time": f"{hour:02d}:00", "timeAsSeconds": hour * 3600, "value": rate} for hour, rate in steps]
    return {"basal": basal, **({"timezone": zone} if zone else {})}


def profile(
    *steps: tuple[int, float], start: str = "2024-01-01T00:00:00.000Z", zone: str = "UTC", **more: Document
) -> Document:
    store = {"Day": content(*steps, zone=zone), **more}
    return {"_id": f"p{start}", "defaultProfile": "Day", "startDate": start, "store": store}


def brought(*steps: tuple[int, float], zone: str = "UTC") -> str:
    """A profile as a Profile Switch brings it."""
    return json.dumps(content(*steps, zone=zone))


FLAT = profile((0, 1.0))


def told(*treatments: Document, profiles: tuple[Document, ...] = (FLAT,), hours: int = 36, **more: Any) -> PumpEvents:
    """What a site tells with these treatments, and a reading every hour from noon the day before on."""
    readings = more.pop("entries", [reading(60.0 * hour) for hour in range(-24, hours - 24)])
    return events_of_documents("p", readings, treatments, profiles, more.pop("statuses", ()), **more)


def rates(pump: PumpEvents, first: float = 0.0, last: float = 720.0) -> list[tuple[float, float]]:
    """Minutes after noon, and U/h from then on, where it changes; between two times, with the rate at the first."""
    minutes = (pump.basal.times - NOON) / np.timedelta64(1, "m")
    now = pump.basal.rate[minutes <= first]
    found = [(first, round(float(now[-1]), 6))] if len(now) else []
    for minute, rate in zip(minutes, pump.basal.rate, strict=True):
        if first < minute < last and (not found or round(float(rate), 6) != found[-1][1]):
            found.append((float(minute), round(float(rate), 6)))
    return found


def boluses(pump: PumpEvents) -> list[tuple[float, float, float]]:
    """Minutes after noon, U, and minutes over which it is spread."""
    minutes = (pump.bolus.times - NOON) / np.timedelta64(1, "m")
    return [
        (float(a), round(float(b), 6), float(c))
        for a, b, c in zip(minutes, pump.bolus.dose, pump.bolus.minutes, strict=True)
    ]
