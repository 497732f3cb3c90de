"""What is kept: wearers, their events, and the forecasts made of them."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt


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
    sensor_start = "sensor_start"
    """A new sensor was started; no value."""
    derived_until = "derived_until"
    """Until when the wearer's documents were told as events; no value."""
    clock_ahead = "clock_ahead"
    """An event was refused, at the time of this note, since it lay so many minutes ahead."""


@dataclass(frozen=True)
class StoredEvent:
    """One event. second: since 1970 UTC. value: in the kind's unit, None unknown. minutes: over which it is spread.

    name: identity among the wearer's events of its kind; an event that comes again by its name replaces the one before.
    sensor: which device said so. origin: by which way it came.
    """

    kind: EventKind
    name: str
    second: int
    value: float | None = None
    minutes: float = 0.0
    sensor: str = ""
    origin: str = ""


@dataclass(frozen=True)
class Wearer:
    """Somebody whose glucose is forecast. zone: IANA name or offset of the zone that they live in, "" unknown."""

    number: int
    name: str
    zone: str


@dataclass(frozen=True)
class StoredForecast:
    """A forecast as it was made: origin and made in seconds since 1970 UTC, model: sha256 of its file.

    glucose: mg/dL [horizon], None where there was none; quantiles: mg/dL [horizon, level]. reasons: words of refusals,
    or of doubts.
    """

    origin: int
    made: int
    model: str
    reasons: tuple[str, ...] = ()
    levels: tuple[float, ...] = ()
    glucose: npt.NDArray[np.float32] | None = None
    quantiles: npt.NDArray[np.float32] | None = None
