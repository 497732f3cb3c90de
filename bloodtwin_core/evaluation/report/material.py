"""What a report is made from."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.clinical.alarms import ThresholdAlarms, threshold_alarms
from bloodtwin_core.evaluation.clinical.events import HYPERGLYCAEMIA, HYPOGLYCAEMIA, pump_timelines
from bloodtwin_core.evaluation.coverage import Calibration, calibration_of
from bloodtwin_core.evaluation.forecasts import TestForecasts
from bloodtwin_core.evaluation.metrics import REPORTED_MINUTES, TARGET_MINUTES, step_at
from bloodtwin_core.evaluation.results import TestResults
from bloodtwin_core.network.quantiles import QUANTILE_LEVELS
from bloodtwin_core.records import RECORD_MINUTES, Split
from bloodtwin_core.windows import WindowedSeries

Glucoses = npt.NDArray[np.float32]
ALARM_MINUTES = 30
"""How far ahead alarms are judged: what the report's opening and its section on alarms tell."""


@dataclass(frozen=True)
class Material:
    """A test, its windows and forecasts; name is the model's, virtual says that the wearers were simulated.

    calibration is None where the network gives no quantiles; alarms are empty where the horizon is too short for them.
    """

    name: str
    results: TestResults
    forecasts: TestForecasts
    windows: WindowedSeries
    settings: EvaluationSettings
    virtual: bool
    calibration: Calibration | None
    alarms: tuple[ThresholdAlarms, ...]

    @classmethod
    def gather(
        cls,
        name: str,
        results: TestResults,
        forecasts: TestForecasts,
        windows: WindowedSeries,
        settings: EvaluationSettings,
        virtual: bool,
    ) -> Self:
        """Measure what the results do not hold: calibration and alarms."""
        return cls(name, results, forecasts, windows, settings, virtual, _calibration(forecasts), _alarms(forecasts))

    @property
    def reported(self) -> list[int]:
        """The reported minutes ahead that the horizon reaches, or else its end."""
        return self._within(REPORTED_MINUTES)

    @property
    def judged(self) -> list[int]:
        """Those that have targets."""
        return self._within(TARGET_MINUTES)

    def at(self, minutes: int) -> tuple[Glucoses, Glucoses]:
        """Readings and forecasts (mg/dL) so many minutes ahead, both [measured target]."""
        step = step_at(minutes) - 1
        known = np.asarray(self.forecasts.measured[:, step])
        return self.forecasts.target[known, step], self.forecasts.model[known, step]

    @property
    def newcomers(self) -> int:
        """Tested pumps of which no record is in the training split."""
        learned = {segment.pump_id for segment in self.windows.segments_of(Split.train)}
        return len(set(np.unique(self.forecasts.pump).tolist()) - learned)

    def _within(self, minutes: tuple[int, ...]) -> list[int]:
        horizon = self.results.horizon
        return [each for each in minutes if step_at(each) <= horizon] or [horizon * RECORD_MINUTES]


def _calibration(forecasts: TestForecasts) -> Calibration | None:
    if forecasts.quantiles is None:
        return None
    return calibration_of(
        forecasts.quantiles, QUANTILE_LEVELS, forecasts.target, forecasts.measured, np.asarray(forecasts.last)
    )


def _alarms(forecasts: TestForecasts) -> tuple[ThresholdAlarms, ...]:
    if forecasts.horizon < step_at(ALARM_MINUTES):
        return ()
    timelines = pump_timelines(
        np.asarray(forecasts.pump), np.asarray(forecasts.timestamp), np.asarray(forecasts.last),
        forecasts.target, forecasts.measured,
    )  # fmt: skip
    return tuple(
        threshold_alarms(
            timelines, threshold, ALARM_MINUTES,
            forecasts.model, forecasts.persistence, forecasts.ridge, forecasts.quantiles, QUANTILE_LEVELS,
        )
        for threshold in (HYPOGLYCAEMIA, HYPERGLYCAEMIA)
    )  # fmt: skip
