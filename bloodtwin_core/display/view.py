"""What is drawn: the last hours and the coming one, for a reader with a unit and a zone."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bloodtwin_core.display.clock import WearerClock
from bloodtwin_core.display.doses import Doses, doses_of
from bloodtwin_core.records import RECORD_MINUTES, RECORDS_PER_HOUR, Feature, PumpRecords, Timestamps
from bloodtwin_core.records.glucose_units import GlucoseUnit

if TYPE_CHECKING:  # onnxruntime comes with it, which drawing does not need.
    from bloodtwin_core.serving.forecast import Forecast

HISTORY_HOURS = 5
_TREND_MINUTES = 15
"""Over which the direction of glucose is told."""
_MINUTE = np.timedelta64(60, "s")
_TREND_TOLERANCE = RECORD_MINUTES / 2
"""Minutes by which the reading that the newest is compared with may lie beside that."""


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
    nothing was measured. times and glucose are empty where there is no forecast. bands are the widest first. about says
    in a line which model and data it is of. since: from when on the picture is drawn, by default from the history on.
    now: the moment at which it is looked at, by default the origin.
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
    doses: Doses = field(default_factory=Doses)
    since: np.datetime64 | None = None
    now: np.datetime64 | None = None

    @property
    def has_forecast(self) -> bool:
        """Whether there is a forecast to draw."""
        return len(self.times) > 0

    @property
    def has_reading(self) -> bool:
        """Whether anything was measured."""
        return bool(np.isfinite(self.history).any())

    @property
    def first(self) -> np.datetime64:
        """The first moment (UTC) that is drawn."""
        first: np.datetime64 = self.history_times[0] if self.since is None else self.since
        return first

    @property
    def moment(self) -> np.datetime64:
        """The moment (UTC) at which it is looked at."""
        return self.origin if self.now is None else self.now

    @property
    def last(self) -> np.datetime64:
        """The last moment (UTC) that is drawn; without a forecast as far ahead as one would usually reach."""
        last: np.datetime64 = self.times[-1] if self.has_forecast else self.moment + np.timedelta64(1, "h")
        return max(last, self.moment)

    @property
    def last_reading(self) -> tuple[np.datetime64, float]:
        """Time (UTC) and glucose (mg/dL) of the newest reading. Raises ValueError if there is none (has_reading)."""
        measured = np.flatnonzero(np.isfinite(self.history))
        if not len(measured):
            raise ValueError("there is no reading")
        return self.history_times[measured[-1]], float(self.history[measured[-1]])

    @property
    def change(self) -> float | None:
        """Change (mg/dL) over the 15 minutes up to the last reading; None where there was none 15 minutes before."""
        if not self.has_reading:
            return None
        newest, glucose = self.last_reading
        ages = (newest - self.history_times) / _MINUTE
        usable = np.isfinite(self.history) & (np.abs(ages - _TREND_MINUTES) <= _TREND_TOLERANCE)
        if not usable.any():
            return None
        before = int(np.argmin(np.where(usable, np.abs(ages - _TREND_MINUTES), np.inf)))
        return (glucose - float(self.history[before])) * _TREND_MINUTES / float(ages[before])

    @property
    def change_per_minute(self) -> float | None:
        """The same in mg/dL per minute."""
        return None if self.change is None else self.change / _TREND_MINUTES

    @property
    def minutes_ahead(self) -> list[int]:
        """Minutes from the origin to each step."""
        return [RECORD_MINUTES * step for step in range(1, len(self.times) + 1)]

    def minutes_to(self, step: int) -> int:
        """Minutes from the moment at which it is looked at to a step, in fives, at least one of them."""
        away = float((self.times[step] - self.moment) / _MINUTE)
        return max(1, round(away / RECORD_MINUTES)) * RECORD_MINUTES

    def with_history(self, hours: int) -> "ForecastView":
        """The same with so many hours of history at most; the newest reading stays in any case."""
        newest = int(np.flatnonzero(np.isfinite(self.history))[-1])
        first = min(max(0, len(self.history) - hours * RECORDS_PER_HOUR), newest)
        return replace(self, history_times=self.history_times[first:], history=self.history[first:])

    def headline(self) -> str:
        """The forecast in a line: now, and at the end, with the widest usual band."""
        if not self.has_reading:
            return "No reading"
        now = f"{self.unit.text(self.last_reading[1])} {self.unit} now"
        return f"{now}, {self.at_the_end()}" if self.has_forecast else f"{now}, no forecast"

    def at_the_end(self) -> str:
        """Where the forecast ends, with the widest usual band."""
        last = len(self.glucose) - 1
        end = f"{self.unit.text(float(self.glucose[last]))} {self.unit} in {self.minutes_to(last)} min"
        band = next((band for band in self.bands if round(band.share, 2) == 0.8), None)
        if band is not None:
            low, high = self.unit.text(float(band.low[last])), self.unit.text(float(band.high[last]))
            end += f" (8 times in 10 between {low} and {high})"
        return end


def view_of(
    forecast: "Forecast", records: PumpRecords, unit: GlucoseUnit, clock: WearerClock, about: str = ""
) -> ForecastView:
    """The view of a forecast and of the records that it was made from."""
    recent = records.rows(max(0, len(records) - HISTORY_HOURS * RECORDS_PER_HOUR), len(records))
    return ForecastView(
        pump_id=forecast.pump_id,
        origin=forecast.origin,
        history_times=recent.timestamps,
        history=recent.feature(Feature.bg),
        times=forecast.times,
        glucose=forecast.glucose,
        bands=bands_of(forecast),
        unit=unit,
        clock=clock,
        about=about,
        doses=doses_of(recent),
    )


def bands_of(forecast: "Forecast") -> tuple[Band, ...]:
    """The bands that a forecast gives, the widest first."""
    shares = sorted((1.0 - 2.0 * level for level in forecast.levels if level < 0.5), reverse=True)
    return tuple(Band(share, *forecast.band(share)) for share in shares)
