"""From records to a series with its forecast origins."""

from collections.abc import Iterable

import numpy as np

from bloodtwin_core.common.errors import TooFewWindows
from bloodtwin_core.config import DataSettings
from bloodtwin_core.records import (
    RECORD_MINUTES,
    Feature,
    Mask,
    OriginRules,
    PumpRecords,
    Rows,
    Split,
    Timestamps,
    Values,
    clock_learnt,
    times_shown,
    with_time_of_day,
    without_past,
)
from bloodtwin_core.records.filling import fill_from_the_past
from bloodtwin_core.records.reading_interval import sparse_sensor
from bloodtwin_core.records.segments import contiguous
from bloodtwin_core.windows.past import as_read_by
from bloodtwin_core.windows.scaler import FeatureScaler
from bloodtwin_core.windows.series import Origins, Segment, WindowedSeries


def window_series(
    pumps: Iterable[tuple[Split, PumpRecords]], scaler: FeatureScaler, settings: DataSettings
) -> WindowedSeries:
    """Cut records into segments and find every forecast origin.

    Of the records the features of the scaler are taken. Sine and cosine of the time of day are computed here, on the
    wearer's clock where the zone is known, and what the past says of the wearer where the scaler's network reads it.
    Raises TooFewWindows if a split has none.
    """
    features = without_past(scaler.columns)
    values: list[Values] = []
    timestamps: list[Timestamps] = []
    segments: list[Segment] = []
    zones: dict[Split, set[str]] = {split: set() for split in Split}
    length = 0
    for split, records in pumps:
        for part in contiguous(records.with_features(features)):
            timed = with_time_of_day(part.values, times_shown(part.timestamps, part.wearer_zone))
            values.append(fill_from_the_past(timed, scaler.centres, features))
            zones[split].add(part.wearer_zone)
            timestamps.append(part.timestamps)
            segments.append(Segment(part.pump_id, split, length, length + len(part)))
            length += len(part)
    series = np.concatenate(values) if values else np.empty((0, len(features)), dtype=np.float32)
    origins = {
        split: find_origins(series, [s for s in segments if s.split is split], split, settings) for split in Split
    }
    windows = WindowedSeries(
        series=series,
        timestamps=np.concatenate(timestamps),
        segments=tuple(segments),
        origins=origins,
        lookback=settings.lookback,
        horizon=settings.horizon,
        features=features,
        rules=OriginRules.of(settings, clock_learnt(zones[Split.train])),
    )
    return as_read_by(windows, scaler.columns)


def find_origins(series: Values, segments: list[Segment], split: Split, settings: DataSettings) -> Origins:
    """The forecast origins of one split that are *available*, and which of them are *complete*.

    Available: the last reading is at most max_reading_age_minutes old, min_measured_share of the lookback
    and at least one target were measured. In the training split only every stride-th row counts.
    Raises TooFewWindows if there is none.
    """
    by_segment = [_origins_of_segment(series, segment, settings) for segment in segments]
    rows = np.concatenate([rows for rows, _ in by_segment]) if by_segment else np.empty(0, dtype=np.int64)
    complete = np.concatenate([complete for _, complete in by_segment]) if by_segment else np.empty(0, dtype=np.bool_)
    if split is Split.train:
        rows, complete = rows[:: settings.stride], complete[:: settings.stride]
    if not len(rows):
        longest = max((segment.stop - segment.start for segment in segments), default=0)
        if sparse := sparse_sensor(_measured(series, segment) for segment in segments):
            raise TooFewWindows(
                f"the {split} split holds no forecast origin: {sparse}", todo="A longer history is no help"
            )
        raise TooFewWindows(
            f"the {split} split holds no forecast origin: a window needs {settings.lookback + settings.horizon} "
            f"records without a break, the longest segment has {longest}",
            todo="Bring a longer history, or lower data.lookback or data.horizon",
        )
    return Origins(rows, complete)


def _origins_of_segment(series: Values, segment: Segment, settings: DataSettings) -> tuple[Rows, Mask]:
    lookback, horizon = settings.lookback, settings.horizon
    local = np.arange(lookback - 1, segment.stop - segment.start - horizon)
    measured = _measured(series, segment)
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


def _measured(series: Values, segment: Segment) -> Mask:
    flags: Mask = series[segment.start : segment.stop, Feature.bg_missing_flag.column] == 0
    return flags
