"""Continuity of timestamps: order, duplicates, cadence and gaps inside one split, order and overlap across splits."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.csv_table import first_true
from bloodtwin_core.config import DataSettings
from bloodtwin_core.records import RECORD_INTERVAL, RECORD_MINUTES, Feature, PumpRecords, Split
from bloodtwin_core.records.checks.findings import CheckName, Finding, Severity, about, records_where
from bloodtwin_core.records.split_files import TIMESTAMP, SplitFile


def steps(records: PumpRecords) -> npt.NDArray[np.timedelta64]:
    """Time from the record before, [record]; the first has the step it should have."""
    return np.diff(records.timestamps, prepend=records.timestamps[:1] - RECORD_INTERVAL)


def time_order(file: SplitFile) -> Iterator[Finding]:
    """Timestamps that go back or stand more than once."""
    backward = steps(file.records) < np.timedelta64(0, "s")
    yield from records_where(
        file,
        backward,
        CheckName.time_order,
        "the timestamp {} is earlier than the one before",
        "Sort the rows by timestamp",
        TIMESTAMP,
    )
    _, firsts = np.unique(file.records.timestamps, return_index=True)
    again = np.ones(len(file.records), dtype=bool)
    again[firsts] = False
    yield from records_where(
        file,
        again,
        CheckName.duplicate_timestamps,
        "the timestamp {} stands more than once",
        "Keep one row of each timestamp",
        TIMESTAMP,
    )


def cadence(file: SplitFile, max_gap: np.timedelta64) -> Iterator[Finding]:
    """Steps inside a segment that are not five minutes; one longer than max_gap starts a new segment."""
    step = steps(file.records)
    wrong = (step > np.timedelta64(0, "s")) & (step != RECORD_INTERVAL) & (step <= max_gap)
    yield from records_where(
        file,
        wrong,
        CheckName.cadence,
        f"the record at {{}} is not {RECORD_MINUTES} min after the one before",
        f"Put the rows on a {RECORD_MINUTES}-minute grid, and where nothing was measured leave bg empty and flag it",
        TIMESTAMP,
    )


def glucose_gap(file: SplitFile, max_gap: np.timedelta64) -> Iterator[Finding]:
    """Runs of records without glucose that should have ended the segment.

    A gap is counted from reading to reading; at a segment's ends, from its first or to its last record.
    """
    records = file.records
    starts = np.flatnonzero(steps(records) != RECORD_INTERVAL)
    known = ~np.isnan(records.feature(Feature.bg))
    marks = known.copy()
    marks[[0, *starts, *(starts - 1), -1]] = True
    places = np.flatnonzero(marks)
    since = records.timestamps[places[1:]] - records.timestamps[places[:-1]]
    inside = ~np.isin(places[1:], starts)
    too_long = np.flatnonzero(inside & (since > max_gap))
    if len(too_long):
        first = int(too_long[np.argmax(since[too_long] == since[too_long].max())])
        hours = since[first] / np.timedelta64(3600, "s")
        yield about(
            file,
            CheckName.glucose_gap,
            f"for {hours:.1f} h no glucose was measured inside a segment, from {records.timestamps[places[first]]}",
            f"{len(too_long)} gap{'s' if len(too_long) > 1 else ''}, {hours:.1f} h the longest",
            "Remove the rows of the gap so that a new segment starts after it, or raise data.max_gap_hours",
            record=int(places[first]) + 1,
            column=Feature.bg,
        )


def breaks(file: SplitFile, settings: DataSettings) -> Iterator[Finding]:
    """Holes in the rows that are longer than data.max_gap_hours, so that a segment ends there, and what they cost."""
    step = steps(file.records)
    hole = step > np.timedelta64(round(settings.max_gap_hours * 3600), "s")
    first = first_true(hole)
    if first is None:
        return
    hours = step[hole] / np.timedelta64(3600, "s")
    lengths = np.diff([0, *np.flatnonzero(hole), len(step)])
    window = settings.lookback + settings.horizon
    cost = max(len(step) - window + 1, 0) - int(np.maximum(lengths - window + 1, 0).sum())
    yield about(
        file,
        CheckName.breaks,
        f"for {hours[0]:.1f} h there are no rows, up to {file.records.timestamps[first]}",
        f"{len(hours)} break{'s' if len(hours) > 1 else ''}, {hours.max():.1f} h the longest, "
        f"{hours.sum():.1f} h in all, which cost {cost} forecast origins",
        "See whether rows were lost; where the sensor was not worn nothing is to be done (data.block_breaks)",
        record=first,
        column=TIMESTAMP,
        severity=Severity.error if settings.block_breaks else Severity.warning,
    )


def split_order(files: Sequence[SplitFile]) -> list[Finding]:
    """Missing splits of one pump, and splits that do not follow each other in time."""
    by_split = {file.split: file for file in files}
    findings = [
        Finding(
            CheckName.split_without_data,
            Severity.error,
            files[0].pump_id,
            split,
            None,
            None,
            None,
            "0 records",
            "the pump has no such split",
            "Write all three splits of the pump, or leave it out (data.pump_ids)",
        )
        for split in Split
        if split not in by_split
    ]
    ordered = [by_split[split] for split in Split if split in by_split and len(by_split[split].records)]
    for earlier, later in combinations(ordered, 2):
        early = later.records.timestamps <= earlier.records.timestamps.max()
        what = f"the record at {{}} is not after all of {earlier.split}"
        todo = "Split the pump's history in time: train, then validate, then test, with no record in two of them"
        findings += records_where(later, early, CheckName.split_order, what, todo, TIMESTAMP)
    return findings


def wearer_overlaps(splits: Sequence[SplitFile], wearers: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    """Two pumps of one wearer, of which one is learned from at the time at which the other is tested on."""
    for wearer, pump_ids in wearers.items():
        worn = [file for file in splits if file.pump_id in pump_ids and len(file.records)]
        for one, other in combinations(worn, 2):
            if one.pump_id == other.pump_id or one.split is other.split:
                continue
            start = max(one.records.timestamps.min(), other.records.timestamps.min())
            end = min(one.records.timestamps.max(), other.records.timestamps.max())
            if start <= end:
                days = (end - start) / np.timedelta64(24 * 3600, "s")
                yield about(
                    one,
                    CheckName.wearer_overlap,
                    f"{wearer} also wore pump {other.pump_id}, whose {other.split} split covers the same time "
                    f"from {start} to {end}",
                    f"{days:.1f} days",
                    "Leave one of the pumps out (data.pump_ids), or split both at the same dates",
                    record=first_true(one.records.timestamps >= start),
                    column=TIMESTAMP,
                    severity=Severity.warning,
                )


def wearers_without_data(splits: Sequence[SplitFile], settings: DataSettings) -> Iterator[Finding]:
    """Pumps that data.wearers names and that are not there: a mistyped one would hide an overlap.

    What data.pump_ids leaves out is meant to be absent, and joined pumps stand under their wearer's name.
    """
    there = {file.pump_id for file in splits}
    for wearer, pump_ids in settings.wearers.items():
        for pump_id in pump_ids:
            wanted = not settings.pump_ids or pump_id in settings.pump_ids
            if pump_id not in there and wanted and not settings.join_wearers:
                yield Finding(
                    CheckName.wearer_overlap,
                    Severity.warning,
                    pump_id,
                    None,
                    None,
                    None,
                    None,
                    "0 records",
                    f"data.wearers says that {wearer} wore it, but it has no data, so no overlap can be seen",
                    "Correct data.wearers, or add the pump's files",
                )
