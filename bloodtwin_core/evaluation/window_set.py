"""View of the long table: one window set, as test_results.yaml tells it under complete: and available:."""

from dataclasses import dataclass
from typing import Any

from bloodtwin_core.evaluation.comparison import Comparison, minutes_ahead
from bloodtwin_core.evaluation.figures import Named
from bloodtwin_core.evaluation.metrics import Span
from bloodtwin_core.evaluation.table import Division, FigureName, FigureTable, GroupName, WindowSet
from bloodtwin_core.records.glucose_ranges import range_shown
from bloodtwin_core.records.glucose_units import GlucoseUnit


@dataclass(frozen=True)
class WindowSetResults:
    """One window set: all pumps pooled, each pump, the error by step of all pumps, and all pumps by groups.

    The groups, by their label: glucose_ranges of the reading forecast for, times_of_day of the forecast origin, bolus
    and gap by what happened before it; see groups.py.
    """

    table: FigureTable
    window_set: WindowSet

    @property
    def pooled(self) -> Comparison:
        """All windows."""
        return Comparison(self.table, GroupName(self.window_set, Division.pooled))

    @property
    def windows(self) -> int:
        """How many there are."""
        return self.pooled.windows

    @property
    def measured_targets(self) -> int:
        """Readings that forecasts are held against."""
        return self.pooled.measured_targets

    @property
    def error_by_step(self) -> Named[Any]:
        """MAE (mg/dL) AT each step of every forecaster, each list [step]; minutes say how far ahead the steps lie."""
        errors = {
            forecaster: self.table.steps(self.pooled.group, FigureName(forecaster, "mae", Span.at))
            for forecaster in self.table.forecasters
        }
        return Named({"minutes": minutes_ahead(self.table.horizon), **errors})

    def divided(self, division: Division) -> dict[str, Comparison]:
        """The groups of a division by their label."""
        names = self.table.groups_of(self.window_set, division)
        return {name.label: Comparison(self.table, name) for name in names}

    @property
    def pumps(self) -> dict[str, Comparison]:
        """By pump, those without a test window too."""
        return self.divided(Division.pumps)

    @property
    def glucose_ranges(self) -> dict[str, Comparison]:
        """By the range of the reading forecast for."""
        return self.divided(Division.glucose_ranges)

    @property
    def times_of_day(self) -> dict[str, Comparison]:
        """By the origin's time of day."""
        return self.divided(Division.times_of_day)

    @property
    def bolus(self) -> dict[str, Comparison]:
        """By whether there was a bolus shortly before."""
        return self.divided(Division.bolus)

    @property
    def gap(self) -> dict[str, Comparison]:
        """By whether a gap in the readings ended shortly before."""
        return self.divided(Division.gap)

    def groups(self, unit: GlucoseUnit = GlucoseUnit.mg_dl) -> dict[str, Comparison]:
        """All groups by a label that says what they are, ranges of glucose in a unit, and all windows last."""
        ranges = {f"reading {range_shown(name, unit)} {unit}": each for name, each in self.glucose_ranges.items()}
        return {**ranges, **self.times_of_day, **self.bolus, **self.gap, "all": self.pooled}
