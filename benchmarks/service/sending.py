"""Events as the service's own interface takes them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from bloodtwin_core.service.store import EventKind, StoredEvent


def body_of(events: Sequence[StoredEvent]) -> dict[str, Any]:
    """The body of POST /v1/wearers/{name}/events."""
    return {
        "readings": [
            {"time": _stamp(event), "glucose": event.value, "sensor": event.sensor}
            for event in events
            if event.kind is EventKind.glucose
        ],
        "basal": [{"time": _stamp(event), "rate": event.value} for event in events if event.kind is EventKind.basal],
        "boluses": [
            {"time": _stamp(event), "dose": event.value, "minutes": event.minutes}
            for event in events
            if event.kind is EventKind.bolus
        ],
    }


def _stamp(event: StoredEvent) -> str:
    return datetime.fromtimestamp(event.second, UTC).isoformat()
