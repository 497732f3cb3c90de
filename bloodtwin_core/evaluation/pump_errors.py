"""Errors of the forecaster and its baselines by pump, and the results of any choice of pumps.

Adding the errors of pumps pools them exactly, so no choice of pumps needs another forecast.
"""

from dataclasses import dataclass, replace

from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.errors import SettingsError
from bloodtwin_core.evaluation.comparison import WindowSetResults, comparison_of, error_by_step
from bloodtwin_core.evaluation.metrics import TARGET_MINUTES, ErrorSums, no_errors
from bloodtwin_core.evaluation.results import RidgeFit, TestedModel, TestResults
from bloodtwin_core.evaluation.targets import target_outcomes
from bloodtwin_core.records import RECORD_MINUTES


@dataclass(frozen=True)
class ForecasterErrors:
    """Errors of the three forecasters on the same windows."""

    model: ErrorSums
    persistence: ErrorSums
    ridge: ErrorSums

    def __add__(self, other: "ForecasterErrors") -> "ForecasterErrors":
        return ForecasterErrors(
            self.model + other.model, self.persistence + other.persistence, self.ridge + other.ridge
        )


@dataclass(frozen=True)
class PumpErrors:
    """Errors of one pump in both window sets."""

    complete: ForecasterErrors
    available: ForecasterErrors


@dataclass(frozen=True)
class TestErrors:
    """Errors by pump, from which the results of any choice of pumps follow without another forecast."""

    __test__ = False  # Its name begins with Test, but pytest should not collect it.

    pumps: dict[str, PumpErrors]
    lookback: int
    horizon: int
    ridge: RidgeFit

    def only(self, pump_ids: list[str]) -> "TestErrors":
        """The errors of these pumps. Raises SettingsError if one was not tested."""
        unknown = sorted(set(pump_ids) - set(self.pumps))
        if unknown:
            raise SettingsError(f"pumps {unknown} were not tested. Tested were {sorted(self.pumps)}")
        return replace(self, pumps={pump: errors for pump, errors in self.pumps.items() if pump in pump_ids})

    def without(self, pump_ids: list[str]) -> "TestErrors":
        """The errors of all pumps but these. Raises SettingsError if one of them was not tested."""
        left_out = self.only(pump_ids).pumps
        return self.only([pump for pump in self.pumps if pump not in left_out])

    def results(self, settings: EvaluationSettings, tested: TestedModel) -> TestResults:
        """Metrics per pump and pooled, and which targets were met."""
        complete = _window_set({pump: errors.complete for pump, errors in self.pumps.items()}, self.horizon)
        available = _window_set({pump: errors.available for pump, errors in self.pumps.items()}, self.horizon)
        return TestResults(
            tested=tested,
            lookback=self.lookback,
            horizon=self.horizon,
            ridge=self.ridge,
            targets=target_outcomes(complete.pooled, settings, self.horizon),
            notes=_notes(complete, self.horizon),
            complete=complete,
            available=available,
        )


def _window_set(by_pump: dict[str, ForecasterErrors], horizon: int) -> WindowSetResults:
    total = sum(by_pump.values(), start=nothing_yet(horizon))
    everyone = comparison_of(total.model, total.persistence, total.ridge)
    return WindowSetResults(
        windows=everyone.windows,
        measured_targets=everyone.measured_targets,
        pooled=everyone,
        pumps={pump: comparison_of(e.model, e.persistence, e.ridge) for pump, e in by_pump.items()},
        error_by_step=error_by_step(total.model, total.persistence, total.ridge),
    )


def nothing_yet(horizon: int) -> ForecasterErrors:
    """The errors on no window at all."""
    return ForecasterErrors(no_errors(horizon), no_errors(horizon), no_errors(horizon))


def _notes(complete: WindowSetResults, horizon: int) -> list[str]:
    notes = []
    if not complete.windows:
        notes.append("No test window is complete: each has a gap, so the metrics at the top are null. See available.")
    beyond = [f"{minutes} min" for minutes in TARGET_MINUTES if minutes > horizon * RECORD_MINUTES]
    if beyond:
        notes.append(
            f"The horizon ends at {horizon * RECORD_MINUTES} min: there are no metrics for {' and '.join(beyond)}."
        )
    return notes
