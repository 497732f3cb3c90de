"""Made-up days of a wearer, as a client sends them."""

import math
from datetime import UTC, datetime
from typing import Any

NOON = 1_772_452_800
"""2026-03-02T12:00:00Z."""


def stamp(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat()


def glucose_at(second: int) -> float:
    """mg/dL, a slow swing."""
    return round(140.0 + 40.0 * math.sin(second / 7200.0))


def reading(second: int, glucose: float | None = None) -> dict[str, Any]:
    return {"time": stamp(second), "glucose": glucose_at(second) if glucose is None else glucose}


def readings(until: int = NOON, count: int = 300, every: int = 300) -> list[dict[str, Any]]:
    """The last count readings, oldest first, the newest at until."""
    return [reading(until - every * number) for number in range(count)][::-1]
