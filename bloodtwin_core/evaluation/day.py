"""One day of a test split with the forecasts made during it: what a person looks at to judge a forecaster."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.evaluation.forecasts import Predict, Quantiles
from bloodtwin_core.network.levels import QUANTILE_LEVELS
from bloodtwin_core.records import RECORD_INTERVAL, Feature, Glucose, Rows, Split, Timestamps
from bloodtwin_core.windows import WindowedSeries

BAND = (0.10, 0.90)
"""The quantiles between which 80 % of the readings should lie."""


@dataclass(frozen=True)
class ForecastDay:
    """One day (UTC) of one pump.

    timestamps [record] and glucose [record] (mg/dL, NaN where not measured) are the day's records; origins
    [window] are the times at which forecasts [window, step] (mg/dL) were made, step by step 5 minutes ahead.
    band [window, step, 2] (mg/dL) holds the lower and upper ends of their 80 % bands, if they have some.
    """

    pump_id: str
    day: np.datetime64
    timestamps: Timestamps
    glucose: npt.NDArray[np.float32]
    origins: Timestamps
    forecasts: Glucose
    band: npt.NDArray[np.float32] | None = None

    def forecast_at(self, step: int) -> tuple[Timestamps, npt.NDArray[np.float32]]:
        """When each forecast at one step (counted from 1) comes due, [window], and what it says (mg/dL), [window]."""
        return self.origins + step * RECORD_INTERVAL, self.forecasts[:, step - 1]


def forecast_day(windows: WindowedSeries, predict: Predict, pump_id: str | None = None) -> ForecastDay:
    """The test day with the most forecast origins, the latest of equals, with a forecast from each.

    The day is chosen by how much of it was measured, never by how well it was forecast. Without pump_id all
    pumps are looked at. Raises SettingsError if that pump has no test window.
    """
    rows = windows.origins[Split.test].rows
    pump_of = windows.pump_of(rows)
    if pump_id is not None:
        rows, pump_of = rows[pump_of == pump_id], pump_of[pump_of == pump_id]
    if not len(rows):
        raise SettingsError(f"pump {pump_id} has no test window. Choose one of data.pump_ids with a longer history")
    day_of = windows.timestamps[rows].astype("datetime64[D]")
    candidates, counts = np.unique(np.rec.fromarrays([pump_of, day_of]), return_counts=True)
    pump, day = candidates[len(counts) - 1 - int(np.argmax(counts[::-1]))]
    chosen = rows[(pump_of == pump) & (day_of == day)]
    return day_of_rows(windows, str(pump), day, chosen, predict(chosen))


def day_of_rows(
    windows: WindowedSeries,
    pump: str,
    day: np.datetime64,
    rows: Rows,
    forecasts: Glucose,
    quantiles: Quantiles | None = None,
) -> ForecastDay:
    """A pump's day with the forecasts made from these rows.

    The day's records lie in the test segments of the pump; those of other splits stay out.
    """
    of_pump = [np.arange(s.start, s.stop) for s in windows.segments_of(Split.test) if s.pump_id == pump]
    records = np.concatenate(of_pump)
    records = records[windows.timestamps[records].astype("datetime64[D]") == day]
    glucose = np.where(windows.measured[records], windows.series[records, Feature.bg.column], np.nan)
    band = None if quantiles is None else quantiles[:, :, [QUANTILE_LEVELS.index(level) for level in BAND]]
    return ForecastDay(
        pump, day, windows.timestamps[records], glucose.astype(np.float32), windows.timestamps[rows], forecasts, band
    )
