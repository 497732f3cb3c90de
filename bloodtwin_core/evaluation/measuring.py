"""From test forecasts to test results: pooled, per pump and per group, on complete and available windows.

Forecasts may be memory-mapped; measuring them takes about 2.4 kB a window at a horizon of 12, most of it for
uncertainty and clinical measures, which look at all windows at once: 0.2 GB and 5 s for 85,000 windows on one core.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation import metrics as known_metrics
from bloodtwin_core.evaluation.blocks import BlockErrors, Blocks, block_errors, blocks_of
from bloodtwin_core.evaluation.bootstrap import Resamples
from bloodtwin_core.evaluation.clinical.results import clinical_of
from bloodtwin_core.evaluation.comparison import Comparison
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
from bloodtwin_core.evaluation.table import Division, FigureTable, GroupName, WindowSet
from bloodtwin_core.evaluation.tabulating import TableMaker
from bloodtwin_core.evaluation.targets import target_outcomes
from bloodtwin_core.evaluation.uncertainty import uncertainty_of
from bloodtwin_core.evaluation.window_set import WindowSetResults
from bloodtwin_core.records import RECORD_MINUTES, Mask
from bloodtwin_core.windows import WindowedSeries


def measure(
    forecasts: TestForecasts, windows: WindowedSeries, index: ForecastsIndex, settings: EvaluationSettings
) -> TestResults:
    """Everything that is told of these forecasts, and which targets were met; the windows are those they were made on.

    The pumps of the index that have no window are reported with none.
    """
    blocks = blocks_of(forecasts)
    resamples = Resamples.draw(blocks.pump, settings)
    before = circumstances(windows, np.array(forecasts.rows))
    table = _Measuring(forecasts, before, blocks, resamples).table(index.pumps)
    complete = WindowSetResults(table, WindowSet.complete)
    return TestResults(
        tested=index.tested,
        lookback=index.lookback,
        horizon=index.horizon,
        baselines=index.baselines,
        targets=target_outcomes(complete.pooled, settings, index.horizon),
        notes=_notes(complete, index.horizon),
        table=table,
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
    blocks: Blocks
    resamples: Resamples

    def table(self, pumps: Sequence[str]) -> FigureTable:
        """Both window sets: all windows together, by pump, and by group."""
        maker = table_maker(self.forecasts)
        sets = {
            WindowSet.complete: np.array(self.forecasts.complete),
            WindowSet.available: np.ones(len(self.forecasts), dtype=np.bool_),
        }
        for window_set, among in sets.items():
            pooled = self._errors(everything(self.forecasts), among)["all"]
            maker.add(GroupName(window_set, Division.pooled), pooled, self.resamples)
            for pump in pumps:
                resamples = self.resamples.of(pooled.pump == pump)
                maker.add(GroupName(window_set, Division.pumps, pump), pooled.of_pump(pump), resamples)
            for division, groups in self._groupings.items():
                for label, errors in self._errors(groups, among).items():
                    maker.add(GroupName(window_set, division, label), errors, self.resamples)
        return maker.table

    @cached_property
    def _groupings(self) -> dict[Division, Grouping]:
        return {
            Division.glucose_ranges: by_glucose_range(self.forecasts),
            Division.times_of_day: by_time_of_day(self.circumstances),
            Division.bolus: by_bolus(self.circumstances),
            Division.gap: by_gap(self.circumstances),
        }

    def _errors(self, groups: Grouping, among: Mask) -> dict[str, BlockErrors]:
        return block_errors(self.forecasts, self.blocks, groups, among)


def table_maker(forecasts: TestForecasts) -> TableMaker:
    """A table to be filled with figures of these forecasts."""
    names = tuple(metric.name for metric in known_metrics.METRICS)
    return TableMaker(forecasts.horizon, tuple(forecasts.forecasters), names)


def pooled_comparison(forecasts: TestForecasts, among: Mask, settings: EvaluationSettings) -> Comparison:
    """The forecasters on the windows that among [window] chooses, all pumps together."""
    blocks, maker = blocks_of(forecasts), table_maker(forecasts)
    errors = block_errors(forecasts, blocks, everything(forecasts), among)["all"]
    name = GroupName(WindowSet.available, Division.pooled)
    maker.add(name, errors, Resamples.draw(blocks.pump, settings))
    return Comparison(maker.table, name)


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
