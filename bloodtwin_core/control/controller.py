"""What a pump knows every five minutes, what it may decide, and the interface of whoever decides."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from bloodtwin_core.records import RECORD_MINUTES
from bloodtwin_core.serving.forecast import Forecast

Signal = npt.NDArray[np.float32]

LINE_RECORDS = 4
"""Readings that a line through recent glucose is fitted to: those of the last 15 minutes and the one before."""
FRESH_MINUTES = 15.0
"""The oldest reading to act on."""


@dataclass(frozen=True)
class TherapySettings:
    """The profile in a pump: basal rate (U/h), correction factor (mg/dL per U), carbohydrate ratio (g per U)."""

    basal_rate: float
    correction_factor: float
    carbohydrate_ratio: float


@dataclass(frozen=True)
class PumpState:
    """What a pump knows at the end of a record.

    time: of that record, on the pump's clock, UTC. utc_offset_hours: how far its local time is ahead. glucose (mg/dL,
    NaN where nothing was read), basal_rate (U/h) and bolus (U): all records up to now, [record]. insulin_on_board: U
    that still act, relative to the basal profile, so below 0 after a suspension. bolus_age, reading_age: minutes since
    the newest. forecast: None for a controller that asks for none, and where there can be none.
    """

    time: np.datetime64
    utc_offset_hours: int
    glucose: Signal
    basal_rate: Signal
    bolus: Signal
    insulin_on_board: float
    bolus_age: float
    reading_age: float
    therapy: TherapySettings
    forecast: Forecast | None = None

    @property
    def is_fresh(self) -> bool:
        """Whether the newest reading is fit to act on."""
        return self.reading_age <= FRESH_MINUTES

    @property
    def newest(self) -> float:
        """The newest reading (mg/dL), NaN before the first."""
        place = len(self.glucose) - 1 - int(self.reading_age // RECORD_MINUTES)
        return float(self.glucose[place]) if place >= 0 else float("nan")

    def line_ahead(self, minutes: float) -> float:
        """Glucose (mg/dL) so many minutes from now, on the least-squares line through the last LINE_RECORDS records.

        From one reading it is that reading, from none NaN.
        """
        recent: list[float] = self.glucose[-LINE_RECORDS:].tolist()
        points = [(RECORD_MINUTES * (place + 1.0 - len(recent)), bg) for place, bg in enumerate(recent) if bg == bg]
        if len(points) < 2:
            return self.newest
        centre = sum(time for time, _ in points) / len(points)
        mean = sum(bg for _, bg in points) / len(points)
        rise = sum((time - centre) * bg for time, bg in points)
        return mean + rise / sum((time - centre) ** 2 for time, _ in points) * (minutes - centre)


@dataclass(frozen=True)
class Decision:
    """What the pump shall give in the next five minutes: a basal rate (U/h) and a bolus (U) at their beginning."""

    basal_rate: float
    bolus: float = 0.0


class Controller(Protocol):
    """Decides for one pump, every five minutes; it may remember what it decided before."""

    @property
    def wants_forecast(self) -> bool:
        """Whether `decide` looks at PumpState.forecast; making one takes most of the time."""

    def decide(self, now: PumpState) -> Decision:
        """What to give next."""
