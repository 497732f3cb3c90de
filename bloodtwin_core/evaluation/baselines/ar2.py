"""AR2, the forecast that Nightscout draws and warns by: the last two readings, carried on by published coefficients.

Nightscout (cgm-remote-monitor, lib/plugins/ar2.js) takes y = log(glucose / 140 mg/dL) of the last reading and of five
minutes before it, and goes on step by step, y(t + 1) = 1.716 y(t) - 0.723 y(t - 1), to forecasts within 36 to 400
mg/dL. It warns by the first 6 steps and draws 13; a longer horizon goes on the same way. Where the last two readings
lie further apart, the one of five minutes before lies on the line between them. Forecasts count from the time of the
last reading, so one of ten minutes ago is carried two steps further. Nightscout's rounding to whole mg/dL is left out.
"""

import numpy as np
import numpy.typing as npt

from bloodtwin_core.evaluation.baselines.baseline import from_last_reading
from bloodtwin_core.records import Feature, Glucose, Limits, Rows
from bloodtwin_core.windows import WindowedSeries

COEFFICIENTS = (-0.723, 1.716)
"""Of five minutes before, and of the last reading."""
REFERENCE = 140.0
"""mg/dL; what forecasts tend to."""
FORECAST_LIMITS = Limits(36.0, 400.0, "mg/dL")
"""Nightscout forecasts nothing from a reading below the lower one; here the last reading stays then."""


def ar2(windows: WindowedSeries, rows: Rows) -> Glucose:
    """Forecasts in mg/dL, [window, horizon]; the last reading stays where a lookback holds fewer than two readings."""
    forecast = from_last_reading(windows, rows, np.zeros((len(rows), windows.horizon)))
    if not len(rows):
        return forecast
    newest, second = _last_two_readings(windows, rows)
    glucose = windows.series[:, Feature.bg.column]
    current, earlier = (glucose[places].astype(np.float64) for places in (newest, second))
    known = (second > rows - windows.lookback) & (np.minimum(current, earlier) >= FORECAST_LIMITS.low)
    before = current - (current - earlier) / np.maximum(newest - second, 1)
    reached = _carried_on(before[known], current[known], windows.horizon + int((rows - newest)[known].max(initial=0)))
    steps = (rows - newest)[known, None] + np.arange(windows.horizon)
    forecast[known] = np.clip(np.take_along_axis(reached, steps, axis=1), FORECAST_LIMITS.low, FORECAST_LIMITS.high)
    return forecast


def _last_two_readings(windows: WindowedSeries, rows: Rows) -> tuple[Rows, Rows]:
    """The rows of the newest measured reading up to each origin and of the one before it; below 0 there is none."""
    first, last = max(int(rows.min()) - windows.lookback + 1, 0), int(rows.max())
    measured = windows.series[first : last + 1, Feature.bg_missing_flag.column] == 0
    places = np.flatnonzero(measured) + first
    count = np.cumsum(measured)[rows - first]
    readings = np.concatenate([[-1, -1], places])
    return readings[count + 1], readings[count]


def _carried_on(
    before: npt.NDArray[np.float64], current: npt.NDArray[np.float64], steps: int
) -> npt.NDArray[np.float64]:
    """Glucose (mg/dL) step by step after the current reading, [window, step]."""
    previous, newest = np.log(before / REFERENCE), np.log(current / REFERENCE)
    reached = np.empty((len(current), steps))
    for step in range(steps):
        previous, newest = newest, COEFFICIENTS[0] * previous + COEFFICIENTS[1] * newest
        reached[:, step] = REFERENCE * np.exp(newest)
    return reached
