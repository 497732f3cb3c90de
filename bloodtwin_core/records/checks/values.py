"""Continuity of values: limits, flags that agree with them, features that follow from others, a header that fits."""

from collections.abc import Iterator

import numpy as np

from bloodtwin_core.records import FEATURE_TABLE, GLUCOSE_LIMITS, Feature, time_of_day
from bloodtwin_core.records.changes import DELTA_TOLERANCE, differences
from bloodtwin_core.records.checks.findings import CheckName, Finding, Severity, about, records_where
from bloodtwin_core.records.split_files import SplitFile

_TIME_TOLERANCE = 1e-2
"""Largest difference of sin_time and cos_time; others may have rounded them to two decimals or used the local time."""


def value_limits(file: SplitFile) -> Iterator[Finding]:
    """Values outside the limits of FEATURE_TABLE, and unknown ones where the contract knows none."""
    for feature in file.records.features:
        row = FEATURE_TABLE[feature]
        limits = row.limits
        if limits is None:
            continue
        values = file.records.feature(feature)
        outside = (values < limits.low) | (values > limits.high)
        if not row.may_be_unknown:
            outside |= np.isnan(values)
        yield from records_where(
            file,
            outside,
            CheckName.value_limits,
            f"{feature} is {{:g}}, not within {limits.low:g} to {limits.high:g} ({limits.unit})",
            "Correct the values; clip and flag glucose outside its limits",
            feature,
        )


def missing_flag(file: SplitFile) -> Iterator[Finding]:
    """bg_missing_flag is 1 exactly where bg is unknown."""
    flag = file.records.feature(Feature.bg_missing_flag)
    unknown = np.isnan(file.records.feature(Feature.bg))
    yield from records_where(
        file,
        (flag == 0) & unknown | (flag == 1) & ~unknown,
        CheckName.missing_flag,
        "bg_missing_flag is {:g} but bg says otherwise",
        "Write 1 where bg is empty and 0 where it is not; a glucose that was not measured is left empty",
        Feature.bg_missing_flag,
    )
    yield from _only_zero_or_one(file, Feature.bg_missing_flag, CheckName.missing_flag)


def clip_flag(file: SplitFile) -> Iterator[Finding]:
    """bg_clip_flag is 1 only where bg is at a limit."""
    glucose = file.records.feature(Feature.bg)
    at_limit = (glucose == GLUCOSE_LIMITS.low) | (glucose == GLUCOSE_LIMITS.high)
    yield from records_where(
        file,
        (file.records.feature(Feature.bg_clip_flag) == 1) & ~at_limit,
        CheckName.clip_flag,
        "bg_clip_flag is {:g} but bg is not at a limit",
        f"Write 1 only where bg was clipped to {GLUCOSE_LIMITS.low:g} or {GLUCOSE_LIMITS.high:g} {GLUCOSE_LIMITS.unit}",
        Feature.bg_clip_flag,
    )
    yield from _only_zero_or_one(file, Feature.bg_clip_flag, CheckName.clip_flag)


def _only_zero_or_one(file: SplitFile, feature: Feature, check: CheckName) -> Iterator[Finding]:
    values = file.records.feature(feature)
    between = (values > 0) & (values < 1)
    yield from records_where(file, between, check, f"{feature} is {{:g}}", "Write 0 or 1", feature)


def time_features(file: SplitFile) -> Iterator[Finding]:
    """sin_time and cos_time against the time of day in UTC."""
    sin_time, cos_time = time_of_day(file.records.timestamps)
    for feature, expected in ((Feature.sin_time, sin_time), (Feature.cos_time, cos_time)):
        yield from records_where(
            file,
            np.abs(file.records.feature(feature) - expected) > _TIME_TOLERANCE,
            CheckName.time_of_day,
            f"{feature} is {{:g}}, not that of the timestamp's time of day in UTC",
            "It is computed anyway. If the file has local time in it, state the zone: # wearer_zone: Europe/London",
            feature,
            Severity.warning,
        )


def delta_agrees(file: SplitFile) -> Iterator[Finding]:
    """delta_bg against the difference of readings five minutes apart, where both were measured."""
    glucose = file.records.feature(Feature.bg)
    # A glucose outside its limits is found as such (value_limits); its differences say nothing more.
    possible = (glucose >= GLUCOSE_LIMITS.low) & (glucose <= GLUCOSE_LIMITS.high)
    difference = differences(np.where(possible, glucose, np.nan), file.records.timestamps)
    yield from records_where(
        file,
        np.abs(file.records.feature(Feature.delta_bg) - difference) > DELTA_TOLERANCE,
        CheckName.delta_bg,
        "delta_bg is {:g}, not the difference of bg to the record before",
        "Write bg minus the bg five minutes before, or leave it empty everywhere, and it is computed",
        Feature.delta_bg,
    )


def header_agrees(file: SplitFile) -> Iterator[Finding]:
    """Whether the file is still the one its header describes; a cut-off file shows here."""
    truth = {"record_count": str(len(file.records)), "pump_serial": file.pump_id, "file_role": str(file.split)}
    for key, value in truth.items():
        stated = str(getattr(file.header, key))
        if stated and stated != value:
            what = f"the header says {key} {stated}, the file says {value}"
            todo = "See whether the file was cut off or moved; export it again"
            yield about(file, CheckName.header, what, "1 header", todo, column=key, severity=Severity.warning)
