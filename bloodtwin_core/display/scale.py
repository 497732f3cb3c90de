"""From minutes and mg/dL to places in a picture."""

from dataclasses import dataclass

import numpy as np

from bloodtwin_core.display.view import ForecastView
from bloodtwin_core.records import TARGET_RANGE
from bloodtwin_core.records.glucose_units import GlucoseUnit

LOWEST_SHOWN = 40.0
"""mg/dL; pictures begin here unless something lies below, so that lows look alike in all of them."""
HIGHEST_SHOWN_AT_LEAST = 220.0
"""mg/dL; pictures end here at least, so that calm hours do not look wild."""
_TICKS = {GlucoseUnit.mg_dl: (50.0, 100.0), GlucoseUnit.mmol_l: (3.0, 5.0)}
"""Distance between lines of glucose, in the unit, and where that makes too many of them."""
_MOST_TICKS = 7


@dataclass(frozen=True)
class Scale:
    """first and last: UTC; low and high: mg/dL."""

    first: np.datetime64
    last: np.datetime64
    low: float
    high: float

    @classmethod
    def of(cls, view: ForecastView) -> "Scale":
        """What holds all that is drawn, and the target range."""
        drawn = [view.history[np.isfinite(view.history) & (view.history_times >= view.first)], view.glucose]
        drawn += [bound for band in view.bands for bound in (band.low, band.high)]
        values = np.concatenate([*drawn, TARGET_RANGE])
        low = min(LOWEST_SHOWN, float(values.min()) - 5.0)
        high = max(HIGHEST_SHOWN_AT_LEAST, float(values.max()) + 10.0)
        return cls(view.first, view.last, max(low, 0.0), high)

    def across(self, time: np.datetime64) -> float:
        """0 at the first moment, 1 at the last."""
        return float((time - self.first) / (self.last - self.first))

    def up(self, glucose: float) -> float:
        """0 at the lowest glucose, 1 at the highest."""
        return (float(glucose) - self.low) / (self.high - self.low)

    def ticks(self, unit: GlucoseUnit) -> list[float]:
        """Round numbers of the unit that lie inside, in mg/dL."""
        for step in (distance * unit.in_mg_per_dl for distance in _TICKS[unit]):
            ticks = [step * count for count in range(1, int(self.high / step) + 1) if step * count >= self.low]
            if len(ticks) <= _MOST_TICKS:
                break
        return ticks
