"""Forecasts as they were made, to be held against what came."""

from collections.abc import Sequence

import numpy as np

from bloodtwin_core.service.store.database import Database, Row
from bloodtwin_core.service.store.kinds import StoredForecast


class Forecasts:
    """The last forecast made from each origin of a wearer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, made: Sequence[tuple[int, StoredForecast]]) -> None:
        """Keep forecasts, each of a wearer by number."""
        self._database.write_many(
            "INSERT OR REPLACE INTO forecasts (wearer, origin, made, model, reasons, levels, glucose, quantiles) "
            "SELECT ?, ?, ?, ?, ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM wearers WHERE number = ?)",
            [(wearer, *_columns(forecast), wearer) for wearer, forecast in made],
        )

    def between(self, wearer: int, first: int, last: int) -> list[StoredForecast]:
        """Those from origins of first to last second, in the order of time."""
        rows = self._database.rows(
            "SELECT origin, made, model, reasons, levels, glucose, quantiles FROM forecasts "
            "WHERE wearer = ? AND origin BETWEEN ? AND ? ORDER BY origin",
            (wearer, first, last),
        )
        return [_forecast(row) for row in rows]

    def forget_before(self, wearer: int, second: int) -> None:
        """Forget what is older."""
        self._database.write("DELETE FROM forecasts WHERE wearer = ? AND origin < ?", (wearer, second))


def _columns(forecast: StoredForecast) -> Row:
    glucose, quantiles = forecast.glucose, forecast.quantiles
    return (
        *(forecast.origin, forecast.made, forecast.model),
        *(" ".join(forecast.reasons), " ".join(f"{level:g}" for level in forecast.levels)),
        None if glucose is None else glucose.astype("<f4").tobytes(),
        None if quantiles is None else quantiles.astype("<f4").tobytes(),
    )


def _forecast(row: Row) -> StoredForecast:
    origin, made, model, reasons, levels, glucose, quantiles = row
    known = tuple(float(level) for level in levels.split())
    return StoredForecast(
        *(origin, made, model, tuple(reasons.split()), known),
        None if glucose is None else np.frombuffer(glucose, dtype="<f4"),
        None if quantiles is None else np.frombuffer(quantiles, dtype="<f4").reshape(-1, len(known)),
    )
