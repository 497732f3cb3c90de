"""A forecast as JSON for programs."""

import json
from typing import Any

from bloodtwin_core.display import ForecastView


def forecast_json(view: ForecastView) -> str:
    """One object on one line; glucose in the view's unit, times ISO 8601 with the offset where it is known."""
    unit, clock = view.unit, view.clock
    when, last = view.last_reading

    def shown(glucose: float) -> float:
        return round(unit.of(float(glucose)), unit.decimals + 2)

    content: dict[str, Any] = {
        "pump": view.pump_id,
        "unit": str(unit),
        "zone": str(clock.zone) if clock.zone else None,
        "origin": clock.stamp(view.origin),
        "last_reading": {"time": clock.stamp(when), "glucose": shown(last)},
        "about": view.about,
        "forecast": [
            {
                "time": clock.stamp(time),
                "minutes": view.minutes_ahead[step],
                "glucose": shown(view.glucose[step]),
                "bands": {f"{band.share:.2f}": [shown(band.low[step]), shown(band.high[step])] for band in view.bands},
            }
            for step, time in enumerate(view.times)
        ],
    }
    return json.dumps(content, ensure_ascii=False) + "\n"
