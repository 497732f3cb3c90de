"""What is kept: wearers, and the events of each."""

from dataclasses import dataclass
from enum import StrEnum


class EventKind(StrEnum):
    """What happened."""

    glucose = "glucose"
    """A sensor's reading, mg/dL."""
    basal = "basal"
    """The basal rate, U/h, from then on; None is unknown from then on."""
    bolus = "bolus"
    """U, over minutes."""
    carbohydrates = "carbohydrates"
    """g announced."""


@dataclass(frozen=True)
class StoredEvent:
    """One event. second: since 1970 UTC. value: in the kind's unit, None unknown. minutes: over which it is spread.

    name: identity among the wearer's events of its kind; an event that comes again by its name replaces the one before.
    sensor: which device said so. origin: by which way it came.
    """

    kind: EventKind
    name: str
    second: int
    value: float | None
    minutes: float = 0.0
    sensor: str = ""
    origin: str = ""


@dataclass(frozen=True)
class Wearer:
    """Somebody whose glucose is forecast. zone: IANA name or offset of the zone that they live in, "" unknown."""

    number: int
    name: str
    zone: str
