"""From test forecasts to test results: pooled, per pump and per group, on complete and available windows.

Forecasts may be memory-mapped; measuring them takes about 2.4 kB a window at a horizon of 12, most of it for
uncertainty and clinical measures, which look at all windows at once: 0.2 GB and 5 s for 85,000 windows on one core.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.blocks import BlockErrors, Blocks, Source, block_errors, blocks_of
from bloodtwin_core.evaluation.bootstrap import Resamples, intervals_of
from bloodtwin_core.evaluation.clinical.results import clinical_of
from bloodtwin_core.evaluation.comparison import Comparison, ErrorByStep, Metrics, WindowSetResults
from bloodtwin_core.evaluation.forecasts import TestForecasts
from bloodtwin_core.evaluation.forecasts_files import ForecastsIndex
from bloodtwin_core.evaluation.groups import (
    Circumstances,
    Grouping,
    by_bolus,
    by_gap,
    by_glucose_range,
    by_time_of_day,
    circumstances,
    everything,
)
from bloodtwin_core.evaluation.metrics import TARGET_MINUTES
from bloodtwin_core.evaluation.results import TestResults
from bloodtwin_core.evaluation.steps import StepComparison
from bloodtwin_core.evaluation.targets import target_outcomes
from bloodtwin_core.evaluation.uncertainty import uncertainty_of
from bloodtwin_core.records import RECORD_MINUTES, Mask
from bloodtwin_core.windows import WindowedSeries


def measure(
    forecasts: TestForecasts, windows: WindowedSeries, index: ForecastsIndex, settings: EvaluationSettings
) -> TestResults:
    """Everything that is told of these forecasts, and which targets were met; the windows are those they were made on.

    The pumps of the index that have no window are reported with none.
    """
    blocks, found = blocks_of(forecasts), circumstances(windows, np.array(forecasts.rows))
    resamples = Resamples.draw(blocks.pump, settings)
    measuring = _Measuring(forecasts, found, index.pumps, blocks, resamples)
    complete = measuring.window_set(np.array(forecasts.complete))
    available = measuring.window_set(np.ones(len(forecasts), dtype=np.bool_))
    return TestResults(
        tested=index.tested,
        lookback=index.lookback,
        horizon=index.horizon,
        ridge=index.ridge,
        targets=target_outcomes(complete.pooled, settings, index.horizon),
        notes=_notes(complete, index.horizon),
        complete=complete,
        available=available,
        uncertainty=uncertainty_of(forecasts, windows, blocks, resamples),
        clinical=clinical_of(forecasts),
    )


def without(
    forecasts: TestForecasts, index: ForecastsIndex, pump_ids: Sequence[str]
) -> tuple[TestForecasts, ForecastsIndex]:
    """The forecasts of all pumps but these. Raises SettingsError if one of them was not tested."""
    left_out = only(forecasts, index, pump_ids)[1].pumps
    return only(forecasts, index, [pump for pump in index.pumps if pump not in left_out])


def only(
    forecasts: TestForecasts, index: ForecastsIndex, pump_ids: Sequence[str]
) -> tuple[TestForecasts, ForecastsIndex]:
    """The forecasts of these pumps, such as the held-out ones. Raises SettingsError if one of them was not tested."""
    unknown = sorted(set(pump_ids) - set(index.pumps))
    if unknown:
        raise SettingsError(f"pumps {unknown} were not tested. Tested were {sorted(index.pumps)}")
    chosen = tuple(pump for pump in index.pumps if pump in pump_ids)
    kept = forecasts.only(chosen)
    return kept, index.model_copy(update={"pumps": chosen, "windows": len(kept)})


@dataclass(frozen=True)
class _Measuring:
    """What both window sets share."""

    forecasts: TestForecasts
    circumstances: Circumstances
    pumps: tuple[str, ...]
    blocks: Blocks
    resamples: Resamples

    def window_set(self, among: Mask) -> WindowSetResults:
        """The windows that among [window] chooses."""
        everyone = block_errors(self.forecasts, self.blocks, everything(self.forecasts), among)["all"]
        pooled = comparison_of(everyone, self.resamples)
        return WindowSetResults(
            windows=pooled.windows,
            measured_targets=pooled.measured_targets,
            pooled=pooled,
            error_by_step=_error_by_step(pooled.by_step),
            pumps={pump: self._of_pump(everyone, pump) for pump in self.pumps},
            glucose_ranges=self._groups(by_glucose_range(self.forecasts), among),
            times_of_day=self._groups(by_time_of_day(self.forecasts), among),
            bolus=self._groups(by_bolus(self.circumstances), among),
            gap=self._groups(by_gap(self.circumstances), among),
        )

    def _of_pump(self, everyone: BlockErrors, pump: str) -> Comparison:
        return comparison_of(everyone.of_pump(pump), self.resamples.of(everyone.pump == pump))

    def _groups(self, groups: Grouping, among: Mask) -> dict[str, Comparison]:
        errors = block_errors(self.forecasts, self.blocks, groups, among)
        return {label: comparison_of(of_group, self.resamples) for label, of_group in errors.items()}


def comparison_of(errors: BlockErrors, resamples: Resamples) -> Comparison:
    """The three forecasters on the windows of some blocks; the resamples are of the same blocks."""
    model, persistence, ridge = (errors.total(source) for source in Source)
    own, still, linear = Metrics.of(model), Metrics.of(persistence), Metrics.of(ridge)
    return Comparison(
        windows=model.windows,
        measured_targets=int(model.targets.sum()),
        model=own,
        persistence=still,
        ridge=linear,
        skill=own.relative_to(still),
        skill_against_ridge=own.relative_to(linear),
        intervals=intervals_of(errors, resamples),
        by_step=StepComparison.of(model, persistence, ridge),
    )


def _error_by_step(by_step: StepComparison) -> ErrorByStep:
    return ErrorByStep(
        minutes=by_step.minutes,
        model=by_step.model.mae_at,
        persistence=by_step.persistence.mae_at,
        ridge=by_step.ridge.mae_at,
    )


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
