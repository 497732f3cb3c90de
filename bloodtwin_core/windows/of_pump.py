"""The windows of one pump alone, and of its latest days alone."""

import dataclasses

import numpy as np

from bloodtwin_core.records import RECORDS_PER_DAY, Rows, Split, has_past
from bloodtwin_core.windows import Origins, Segment, WindowedSeries
from bloodtwin_core.windows.past import with_past


def windows_of_pump(windows: WindowedSeries, pump_id: str) -> WindowedSeries:
    """The segments and forecast origins of one pump; the series stays as it is, so rows keep their numbers."""
    segments = tuple(segment for segment in windows.segments if segment.pump_id == pump_id)
    origins = {split: _within(origins, segments, split) for split, origins in windows.origins.items()}
    return dataclasses.replace(windows, segments=segments, origins=origins)


def _within(origins: Origins, segments: tuple[Segment, ...], split: Split) -> Origins:
    rows = np.asarray(origins.rows)
    kept = np.zeros(len(rows), dtype=np.bool_)
    for segment in segments:
        if segment.split is split:
            low, high = np.searchsorted(rows, [segment.start, segment.stop])
            kept[low:high] = True
    return Origins(rows[kept], np.asarray(origins.complete)[kept])


def with_latest_days(
    windows: WindowedSeries, days: int, lookback: int, judged_share: float, min_measured_share: float
) -> WindowedSeries:
    """One pump's windows as if its history had begun so many days before the end of its train split.

    The latest judged_share of those days becomes the validate split, what comes before it the train split. A forecast
    there may look back on as little as lookback records (at least min_measured_share of them measured, the last one
    too), and from a validation origin into the training days, which lie in its past. The test split stays.
    """
    train = sorted(windows.segments_of(Split.train), key=lambda segment: segment.start)
    left = days * RECORDS_PER_DAY
    kept: list[Segment] = []
    for segment in reversed(train):
        start = max(segment.start, segment.stop - left)
        left -= segment.stop - start
        if start < segment.stop:
            kept.insert(0, dataclasses.replace(segment, start=start))
    rows = np.concatenate([_rows(windows, segment, lookback, min_measured_share) for segment in kept])
    records = np.concatenate([np.arange(segment.start, segment.stop) for segment in kept])
    border = int(records[round(len(records) * (1.0 - judged_share))])
    # A target of a training origin must not reach into the validation days.
    learned, judged = rows[rows + windows.horizon < border], rows[rows >= border]
    if has_past(windows.features):  # Nothing is known of the days before.
        windows = with_past(dataclasses.replace(windows, segments=(*kept, *windows.segments_of(Split.test))))
    # The validation days stand behind the series once more, with what they look back on: no row is in two splits.
    first = next(segment for segment in kept if segment.stop > border).start
    moved = len(windows.series) - first
    again = [
        dataclasses.replace(segment, split=Split.validate, start=segment.start + moved, stop=segment.stop + moved)
        for segment in kept
        if segment.stop > border
    ]
    last = kept[-1].stop
    return dataclasses.replace(
        windows,
        series=np.concatenate([windows.series, windows.series[first:last]]),
        timestamps=np.concatenate([windows.timestamps, windows.timestamps[first:last]]),
        segments=(*kept, *windows.segments_of(Split.test), *again),
        origins={
            Split.train: Origins(learned, np.ones(len(learned), dtype=np.bool_)),
            Split.validate: Origins(judged + moved, np.ones(len(judged), dtype=np.bool_)),
            Split.test: windows.origins[Split.test],
        },
    )


def _rows(windows: WindowedSeries, segment: Segment, lookback: int, min_measured_share: float) -> Rows:
    """Rows of a segment with a lookback before and a horizon after them in it, a reading, and a measured target."""
    measured = windows.measured[segment.start : segment.stop]
    count = np.concatenate([[0], np.cumsum(measured)])
    local = np.arange(lookback - 1, segment.stop - segment.start - windows.horizon)
    enough = count[local + 1] - count[local + 1 - lookback] >= min_measured_share * lookback
    ahead = count[local + 1 + windows.horizon] > count[local + 1]
    rows: Rows = segment.start + local[measured[local] & enough & ahead]
    return rows


def origins_of(windows: WindowedSeries, split: Split, complete: bool = False) -> Rows:
    """The rows of a split's forecast origins, ascending, or of its complete ones alone."""
    origins = windows.origins[split]
    rows: Rows = np.asarray(origins.rows)[origins.complete] if complete else np.asarray(origins.rows)
    return rows
