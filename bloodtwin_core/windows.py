"""Segments, forecast origins and windows over one long series.

A window is never copied out of the series: it is the row of its forecast origin. Its lookback is that
row and the lookback - 1 rows before it, its targets the next horizon rows, all in one segment.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bloodtwin_core.config import DataSettings
from bloodtwin_core.errors import TooFewWindows
from bloodtwin_core.records import (
    CARRIED_BASAL_RECORDS,
    RECORD_INTERVAL,
    RECORD_MINUTES,
    Feature,
    PumpRecords,
    Split,
    Timestamps,
    Values,
)
from bloodtwin_core.scaling import FeatureScaler

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Segment:
    """Rows start to stop (not included) of the series: one pump, one split, a record every five minutes."""

    pump_id: str
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
    bg_missing_flag; only basal_rate and bolus_dose may be NaN, where they are unknown. timestamps: [record].
    """

    series: Values
    timestamps: Timestamps
    segments: tuple[Segment, ...]
    origins: dict[Split, Origins]
    lookback: int
    horizon: int

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
        """Pumps with records in the test split, which those that are only learnt from have not."""
        return tuple(dict.fromkeys(segment.pump_id for segment in self.segments_of(Split.test)))

    def segments_of(self, split: Split) -> list[Segment]:
        """The segments of one split."""
        return [segment for segment in self.segments if segment.split is split]


def window_series(
    pumps: Iterable[tuple[Split, PumpRecords]], scaler: FeatureScaler, settings: DataSettings
) -> WindowedSeries:
    """Cut records into segments and find every forecast origin.

    Raises TooFewWindows if a split has none.
    """
    values: list[Values] = []
    timestamps: list[Timestamps] = []
    segments: list[Segment] = []
    length = 0
    for split, records in pumps:
        for part in contiguous(records):
            values.append(fill_from_the_past(part.values, scaler.centres))
            timestamps.append(part.timestamps)
            segments.append(Segment(part.pump_id, split, length, length + len(part)))
            length += len(part)
    series = np.concatenate(values) if values else np.empty((0, len(Feature)), dtype=np.float32)
    origins = {
        split: find_origins(series, [s for s in segments if s.split is split], split, settings) for split in Split
    }
    return WindowedSeries(
        series=series,
        timestamps=np.concatenate(timestamps),
        segments=tuple(segments),
        origins=origins,
        lookback=settings.lookback,
        horizon=settings.horizon,
    )


def contiguous(records: PumpRecords) -> Iterator[PumpRecords]:
    """The runs of records that follow each other every five minutes, each from its first measured glucose on."""
    breaks = np.flatnonzero(np.diff(records.timestamps) != RECORD_INTERVAL) + 1
    for start, stop in zip([0, *breaks], [*breaks, len(records)], strict=True):
        measured = np.flatnonzero(records.feature(Feature.bg_missing_flag)[start:stop] == 0)
        if len(measured):
            yield records.rows(start + int(measured[0]), stop)


def fill_from_the_past(values: Values, usual: Mapping[str, float]) -> Values:
    """A segment as a network sees it, [record, feature]: nothing is taken from the future.

    usual is the training median of each feature. Glucose keeps its last known value, and where there is none yet, the
    usual one; an unknown change of glucose is 0. A basal rate keeps its last known value for CARRIED_BASAL_RECORDS and
    is NaN beyond them, as an unknown bolus always is: insulin that nobody knows of is not taken for the usual insulin.
    """
    filled = values.copy()
    glucose, _ = _carried_forward(filled[:, Feature.bg.column])
    filled[:, Feature.bg.column] = np.where(np.isnan(glucose), usual[Feature.bg], glucose)
    filled[:, Feature.delta_bg.column] = np.nan_to_num(filled[:, Feature.delta_bg.column], nan=0.0)
    basal, age = _carried_forward(filled[:, Feature.basal_rate.column])
    filled[:, Feature.basal_rate.column] = np.where(age <= CARRIED_BASAL_RECORDS, basal, np.nan)
    return filled


def _carried_forward(column: Values) -> tuple[Values, Rows]:
    """Each record's last known value, NaN where there is none yet, and its age in records, both [record]."""
    places = np.arange(len(column))
    last_known = np.maximum.accumulate(np.where(np.isfinite(column), places, -1))
    # Where nothing is known yet, the first value stands in, which is itself unknown.
    carried = column[np.maximum(last_known, 0)]
    return carried, places - last_known


def find_origins(series: Values, segments: list[Segment], split: Split, settings: DataSettings) -> Origins:
    """The forecast origins of one split that are *available*, and which of them are *complete*.

    Available: the last reading is at most max_reading_age_minutes old, min_measured_share of the lookback
    and at least one target were measured. In the training split only every stride-th row counts.
    Raises TooFewWindows if there is none.
    """
    found = [_origins_of_segment(series, segment, settings) for segment in segments]
    rows = np.concatenate([rows for rows, _ in found]) if found else np.empty(0, dtype=np.int64)
    complete = np.concatenate([complete for _, complete in found]) if found else np.empty(0, dtype=np.bool_)
    if split is Split.train:
        rows, complete = rows[:: settings.stride], complete[:: settings.stride]
    if not len(rows):
        longest = max((segment.stop - segment.start for segment in segments), default=0)
        raise TooFewWindows(
            f"the {split} split holds no forecast origin: a window needs {settings.lookback + settings.horizon} "
            f"records without a break, the longest segment has {longest}",
            todo="Bring a longer history, or lower data.lookback or data.horizon",
        )
    return Origins(rows, complete)


def _origins_of_segment(series: Values, segment: Segment, settings: DataSettings) -> tuple[Rows, Mask]:
    lookback, horizon = settings.lookback, settings.horizon
    local = np.arange(lookback - 1, segment.stop - segment.start - horizon)
    measured = series[segment.start : segment.stop, Feature.bg_missing_flag.column] == 0
    count = np.concatenate([[0], np.cumsum(measured)])
    in_lookback = count[local + 1] - count[local + 1 - lookback]
    in_targets = count[local + 1 + horizon] - count[local + 1]
    last_measured = np.maximum.accumulate(np.where(measured, np.arange(len(measured)), -1))
    age_minutes = (local - last_measured[local]) * RECORD_MINUTES
    available = (
        (age_minutes <= settings.max_reading_age_minutes)
        & (in_lookback >= settings.min_measured_share * lookback)
        & (in_targets > 0)
    )
    complete = (in_lookback == lookback) & (in_targets == horizon)
    return segment.start + local[available], complete[available]


def evenly_spread(rows: Rows, most: int) -> Rows:
    """At most so many of the rows, evenly spread over all of them, in order."""
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]


def in_batches(windows: int, size: int) -> Iterator[slice]:
    """Slices of at most size that together cover so many windows."""
    for begin in range(0, windows, size):
        yield slice(begin, min(begin + size, windows))
