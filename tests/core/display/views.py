"""Made-up forecasts to draw and to say."""

from collections.abc import Sequence

import numpy as np

from bloodtwin_core.display import Band, ForecastView
from bloodtwin_core.display.clock import WearerClock
from bloodtwin_core.records import RECORD_INTERVAL
from bloodtwin_core.records.glucose_units import GlucoseUnit

ORIGIN = np.datetime64("2026-03-29T00:30:00", "s")


def going(
    glucose: Sequence[float], history: Sequence[float] = (120.0,), width: float = 0.0, unit: str = GlucoseUnit.mg_dl
) -> ForecastView:
    """A forecast that goes so, after such readings, with 80 % within width mg/dL a step of it; 0 gives no bands."""
    middle, steps = np.array(glucose, dtype=np.float32), np.arange(1, len(glucose) + 1, dtype=np.float32)
    return ForecastView(
        pump_id="anna",
        origin=ORIGIN,
        history_times=ORIGIN - RECORD_INTERVAL * np.arange(len(history))[::-1],
        history=np.array(history, dtype=np.float32),
        times=ORIGIN + RECORD_INTERVAL * np.arange(1, len(glucose) + 1),
        glucose=middle,
        bands=(Band(0.8, middle - width * steps, middle + width * steps),) if width else (),
        unit=GlucoseUnit(unit),
        clock=WearerClock(),
    )
