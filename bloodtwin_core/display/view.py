"""What is drawn: the last hours and the coming one, for a reader with a unit and a zone."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bloodtwin_core.display.clock import WearerClock
from bloodtwin_core.records import RECORD_MINUTES, RECORDS_PER_HOUR, Feature, PumpRecords, Timestamps
from bloodtwin_core.records.glucose_units import GlucoseUnit

if TYPE_CHECKING:  # onnxruntime comes with it, which drawing does not need.
    from bloodtwin_core.serving.forecast import Forecast

HISTORY_HOURS = 5
_TREND_RECORDS = 3
"""Records (15 min) over which the direction of glucose is told."""


@dataclass(frozen=True)
class Band:
    """Bounds (mg/dL, [step]) between which a share (0 to 1) of readings should lie."""

    share: float
    low: npt.NDArray[np.float32]
    high: npt.NDArray[np.float32]


@dataclass(frozen=True)
class ForecastView:
    """A forecast with the history before it.

    history_times [record] and times [step] in UTC; history [record] and glucose [step] in mg/dL, history NaN where
    nothing was measured. bands are the widest first. about says in a line which model and data it is of.
    """

    pump_id: str
    origin: np.datetime64
    history_times: Timestamps
    history: npt.NDArray[np.float32]
    times: Timestamps
    glucose: npt.NDArray[np.float32]
    bands: tuple[Band, ...]
    unit: GlucoseUnit
    clock: WearerClock
    about: str = ""

    @property
    def last_reading(self) -> tuple[np.datetime64, float]:
        """Time (UTC) and glucose (mg/dL) of the newest reading; the forecaster has made sure that there is one."""
        newest = int(np.flatnonzero(np.isfinite(self.history))[-1])
        return self.history_times[newest], float(self.history[newest])

    @property
    def change(self) -> float | None:
        """Change (mg/dL) over the last 15 minutes; None where a reading is missing."""
        if len(self.history) <= _TREND_RECORDS:
            return None
        change = float(self.history[-1] - self.history[-1 - _TREND_RECORDS])
        return change if np.isfinite(change) else None

    @property
    def minutes_ahead(self) -> list[int]:
        """Minutes from the origin to each step."""
        return [RECORD_MINUTES * step for step in range(1, len(self.times) + 1)]

    def with_history(self, hours: int) -> "ForecastView":
        """The same with so many hours of history at most; the newest reading stays in any case."""
        newest = int(np.flatnonzero(np.isfinite(self.history))[-1])
        first = min(max(0, len(self.history) - hours * RECORDS_PER_HOUR), newest)
        return replace(self, history_times=self.history_times[first:], history=self.history[first:])

    def headline(self) -> str:
        """The forecast in a line: now, in half an hour, at the end, with the widest usual band."""
        _, now = self.last_reading
        last = len(self.glucose) - 1
        end = f"{self.unit.text(float(self.glucose[last]))} {self.unit} in {self.minutes_ahead[last]} min"
        band = next((band for band in self.bands if round(band.share, 2) == 0.8), None)
        if band is not None:
            low, high = self.unit.text(float(band.low[last])), self.unit.text(float(band.high[last]))
            end += f" (8 times in 10 between {low} and {high})"
        return f"{self.unit.text(now)} {self.unit} now, {end}"


def view_of(
    forecast: "Forecast", records: PumpRecords, unit: GlucoseUnit, clock: WearerClock, about: str = ""
) -> ForecastView:
    """The view of a forecast and of the records that it was made from."""
    recent = records.rows(max(0, len(records) - HISTORY_HOURS * RECORDS_PER_HOUR), len(records))
    shares = sorted((1.0 - 2.0 * level for level in forecast.levels if level < 0.5), reverse=True)
    return ForecastView(
        pump_id=forecast.pump_id,
        origin=forecast.origin,
        history_times=recent.timestamps,
        history=recent.feature(Feature.bg),
        times=forecast.times,
        glucose=forecast.glucose,
        bands=tuple(Band(share, *forecast.band(share)) for share in shares),
        unit=unit,
        clock=clock,
        about=about,
    )
