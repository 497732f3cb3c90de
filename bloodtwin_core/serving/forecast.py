"""A forecast: glucose to come, and between what bounds."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.records import RECORD_INTERVAL, PumpRecords, Timestamps, local_datetimes
from bloodtwin_core.serving.facts import ExportedForecast, ExportFacts


@dataclass(frozen=True)
class Forecast:
    """Glucose to come, made at origin: times on the records' clock [horizon], glucose mg/dL [horizon].

    quantiles: mg/dL [horizon, level], rising with levels, None from a file without them (model.ts). disagreement:
    standard deviation over the members of an ensemble, mg/dL [horizon], None from a single network. wearer_zone: as in
    PumpRecords, that of the records.
    """

    pump_id: str
    origin: np.datetime64
    times: Timestamps
    glucose: npt.NDArray[np.float32]
    levels: tuple[float, ...] = ()
    quantiles: npt.NDArray[np.float32] | None = None
    disagreement: npt.NDArray[np.float32] | None = None
    wearer_zone: str = ""

    @property
    def local_times(self) -> list[datetime]:
        """The times for people [horizon]: local with their offset, UTC where no zone is known, naive if wall time."""
        return local_datetimes(self.times, self.wearer_zone)

    def band(self, share: float = 0.80) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Lowest and highest glucose (mg/dL), each [horizon], between which that share of readings should lie.

        Raises SettingsError if the file gives no quantiles that bound this share.
        """
        shares = {round(1.0 - 2.0 * level, 6): level for level in self.levels if level < 0.5}
        if self.quantiles is None or round(share, 6) not in shares:
            there = f"those of {', '.join(f'{known:g}' for known in sorted(shares))}" if shares else "none"
            raise SettingsError(
                f"a band of {share:g} was asked for, and the export gives {there}. "
                "Ask for one of those, or load model.onnx, which gives quantiles"
            )
        below = self.levels.index(shares[round(share, 6)])
        return self.quantiles[:, below], self.quantiles[:, len(self.levels) - 1 - below]


def forecast_of(records: PumpRecords, answer: ExportedForecast, facts: ExportFacts, row: int = 0) -> Forecast:
    """The forecast of one window in an answer, that of this row, made at the last of the records."""
    origin = records.timestamps[-1]
    return Forecast(
        pump_id=records.pump_id,
        origin=origin,
        times=following(origin, facts.horizon),
        glucose=answer.prediction[row],
        levels=() if answer.quantiles is None else facts.quantile_levels,
        quantiles=None if answer.quantiles is None else answer.quantiles[row],
        disagreement=None if answer.disagreement is None else answer.disagreement[row],
        wearer_zone=records.wearer_zone,
    )


def following(origin: np.datetime64, count: int) -> Timestamps:
    """The times of so many records after origin."""
    return origin + RECORD_INTERVAL * np.arange(1, count + 1)
