"""Segments, forecast origins and windows over one long series.

A window is never copied out of the series: it is the row of its forecast origin. Its lookback is that
row and the lookback - 1 rows before it, its targets the next horizon rows, all in one segment.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bloodtwin_core.records import FEATURES, Feature, Mask, Rows, Split, Timestamps, Values
from bloodtwin_core.records.origin_rules import USUAL_RULES, OriginRules
from bloodtwin_core.records.pump_ids import PumpId


@dataclass(frozen=True)
class Segment:
    """Rows start to stop (not included) of the series: one pump, one split, a record every five minutes."""

    pump_id: PumpId
    split: Split
    start: int
    stop: int


@dataclass(frozen=True)
class Origins:
    """Forecast origins of one split, the *available* set.

    rows: [window], rows of the series, ascending. complete: [window], true where all readings of
    lookback and targets were measured.
    """

    rows: Rows
    complete: Mask

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class WindowedSeries:
    """All segments end to end, and the forecast origins in them.

    series: float32 [record, feature], physical units. Glucose is carried forward from the past and flagged by
    bg_missing_flag; only features that stay unknown (FeatureRow) may be NaN, insulin among them. timestamps: [record].
    features: what the columns hold, the contract's eight first. rules: from what records a forecast may start, and
    whose time of day the series tells.
    """

    series: Values
    timestamps: Timestamps
    segments: tuple[Segment, ...]
    origins: dict[Split, Origins]
    lookback: int
    horizon: int
    features: tuple[str, ...] = FEATURES
    rules: OriginRules = USUAL_RULES

    @property
    def measured(self) -> Mask:
        """Whether each record's glucose was measured, [record]."""
        measured: Mask = self.series[:, Feature.bg_missing_flag.column] == 0
        return measured

    def lookbacks(self, rows: Rows) -> Values:
        """What a forecast from each origin looks back on, [window, lookback, feature]."""
        lookbacks: Values = self.series[rows[:, None] + np.arange(1 - self.lookback, 1)]
        return lookbacks

    def targets(self, rows: Rows) -> tuple[npt.NDArray[np.float32], Mask]:
        """Glucose (mg/dL) after each origin and whether it was measured, both [window, horizon]."""
        ahead = rows[:, None] + np.arange(1, self.horizon + 1)
        return self.series[ahead, Feature.bg.column], self.series[ahead, Feature.bg_missing_flag.column] == 0

    def pump_of(self, rows: Rows) -> npt.NDArray[np.str_]:
        """The pump that each row belongs to, [window]."""
        starts = np.array([segment.start for segment in self.segments])
        pumps = np.array([segment.pump_id for segment in self.segments])
        return pumps[np.searchsorted(starts, rows, side="right") - 1]

    @property
    def tested_pumps(self) -> tuple[str, ...]:
        """Pumps with records in the test split, which those that are train-only have not."""
        return tuple(dict.fromkeys(segment.pump_id for segment in self.segments_of(Split.test)))

    def segments_of(self, split: Split) -> list[Segment]:
        """The segments of one split."""
        return [segment for segment in self.segments if segment.split is split]


def evenly_spread(rows: Rows, most: int) -> Rows:
    """At most so many of the rows, evenly spread over all of them, in order."""
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]


def in_batches(windows: int, size: int) -> Iterator[slice]:
    """Slices of at most size that together cover so many windows."""
    for begin in range(0, windows, size):
        yield slice(begin, min(begin + size, windows))
