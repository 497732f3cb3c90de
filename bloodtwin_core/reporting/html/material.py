"""What a report is made from."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.attention import Attended
from bloodtwin_core.evaluation.clinical.alarms import ThresholdAlarms
from bloodtwin_core.evaluation.clinical.events import Threshold
from bloodtwin_core.evaluation.coverage import CoverageResult
from bloodtwin_core.evaluation.forecasts import TestForecasts
from bloodtwin_core.evaluation.metrics import REPORTED_MINUTES, TARGET_MINUTES, step_at
from bloodtwin_core.evaluation.results import TestResults
from bloodtwin_core.records import RECORD_MINUTES, Split
from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.windows import WindowedSeries

Glucoses = npt.NDArray[np.float32]
ALARM_MINUTES = 30
"""Of the alarms of different reach, the one that the opening and the pictures tell of."""


@dataclass(frozen=True)
class Material:
    """A test, its windows and forecasts; name is the model's, virtual says that the wearers were simulated.

    attended is None where the network has no attention.
    """

    name: str
    results: TestResults
    forecasts: TestForecasts
    windows: WindowedSeries
    settings: EvaluationSettings
    virtual: bool
    attended: Attended | None = None

    @property
    def unit(self) -> GlucoseUnit:
        """The unit in which its readers want glucose and errors; everything here is in mg/dL."""
        return GlucoseUnit(self.settings.unit)

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
    def calibration(self) -> CoverageResult | None:
        """What its quantiles are worth; None if it gives none."""
        return None if self.results.uncertainty is None else self.results.uncertainty.calibration

    def alarms(self, threshold: Threshold) -> ThresholdAlarms | None:
        """The alarms that the opening tells of; None where the horizon is too short for them."""
        of_threshold = (each for each in self.results.clinical.alarms if each.threshold == threshold.name)
        return next((each for each in of_threshold if each.minutes == ALARM_MINUTES), None)

    @property
    def unseen_people(self) -> int:
        """Tested pumps of which no record is in the training split."""
        learned = {segment.pump_id for segment in self.windows.segments_of(Split.train)}
        return len(set(np.unique(self.forecasts.pump).tolist()) - learned)

    def _within(self, minutes: tuple[int, ...]) -> list[int]:
        horizon = self.results.horizon
        return [each for each in minutes if step_at(each) <= horizon] or [horizon * RECORD_MINUTES]
