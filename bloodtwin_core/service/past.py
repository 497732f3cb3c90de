"""How good the forecasts of the last hours were: each held against what came."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bloodtwin_core.events.grid import BIN_SECONDS
from bloodtwin_core.records import RECORD_MINUTES
from bloodtwin_core.service.store import EventKind, Store, StoredForecast, Wearer

JUDGED_MINUTES = (30, 60)
BAND = 0.80
_Glucose = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """Of the forecasts so many minutes ahead of which the reading has come.

    mae, persistence_mae: mean absolute error (mg/dL) of the forecast, and of saying that glucose stays. inside: share
    (0 to 1) of the readings within the band of BAND; None where the model gives no quantiles, or nothing came.
    """

    minutes: int
    count: int
    mae: float | None
    persistence_mae: float | None
    inside: float | None


@dataclass(frozen=True)
class Past:
    """The forecasts of some hours in the order of time, how good they were, and why there was none, counted."""

    forecasts: Sequence[StoredForecast]
    judged: tuple[Judged, ...]
    refusals: dict[str, int]


def past_of(store: Store, wearer: Wearer, first: int, last: int) -> Past:
    """The forecasts from origins of first to last second, and what came up to then."""
    forecasts = store.forecasts.between(wearer.number, first, last)
    readings = store.events.between(wearer.number, EventKind.glucose, first - BIN_SECONDS, last)
    came = {-(-second // BIN_SECONDS): value for second, value, *_ in readings if value is not None}
    made = [forecast for forecast in forecasts if forecast.glucose is not None]
    judged = tuple(_judged(made, came, minutes) for minutes in JUDGED_MINUTES)
    refused = Counter(forecast.reasons[0] for forecast in forecasts if forecast.glucose is None and forecast.reasons)
    return Past(forecasts, judged, dict(refused))


def _judged(made: Sequence[StoredForecast], came: dict[int, float], minutes: int) -> Judged:
    step = minutes // RECORD_MINUTES - 1
    rows, inside = [], []
    for forecast in made:
        origin = forecast.origin // BIN_SECONDS
        true, start = came.get(origin + step + 1), came.get(origin)
        if forecast.glucose is None or len(forecast.glucose) <= step or true is None or start is None:
            continue
        rows.append((abs(float(forecast.glucose[step]) - true), abs(start - true)))
        if (band := band_of(forecast)) is not None:
            inside.append(bool(band[0][step] <= true <= band[1][step]))
    errors = np.mean(rows, axis=0) if rows else None
    return Judged(
        minutes,
        len(rows),
        None if errors is None else float(errors[0]),
        None if errors is None else float(errors[1]),
        float(np.mean(inside)) if inside else None,
    )


def band_of(forecast: StoredForecast) -> tuple[_Glucose, _Glucose] | None:
    """Lowest and highest glucose (mg/dL, [horizon]) of the band of BAND; None where the model gives no quantiles."""
    below = [place for place, level in enumerate(forecast.levels) if abs(1.0 - 2.0 * level - BAND) < 1e-6]
    if forecast.quantiles is None or not below:
        return None
    quantiles = forecast.quantiles.astype(np.float64)
    return quantiles[:, below[0]], quantiles[:, len(forecast.levels) - 1 - below[0]]
