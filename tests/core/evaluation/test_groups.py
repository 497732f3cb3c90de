"""Each window and target belongs to the group that its readings, boluses, gaps and time say."""

from dataclasses import replace

import numpy as np
import pytest

from bloodtwin_core.config import DataSettings
from bloodtwin_core.evaluation.groups import (
    DAY_PARTS,
    NONE,
    by_glucose_range,
    by_time_of_day,
    circumstances,
)
from bloodtwin_core.records import GLUCOSE_RANGES, WALL_TIME, Feature, Split
from bloodtwin_core.windows import WindowedSeries, window_series
from tests.core.evaluation.hand_made import forecasts_of, records, unit_scaler, wandering, windows_of

LOOKBACK = 40


def windows(missing: slice | None = None) -> WindowedSeries:
    glucose = wandering(120, 1)
    if missing:
        glucose[missing] = np.nan
    made = windows_of(
        {"a": {Split.train: wandering(120, 2), Split.validate: wandering(120, 3), Split.test: glucose}},
        lookback=LOOKBACK,
    )
    made.series[:, Feature.bolus_dose.column] = 0.0
    return made


def first_row(made: WindowedSeries) -> int:
    return made.segments_of(Split.test)[0].start


def test_a_bolus_counts_for_an_hour() -> None:
    made = windows()
    given = first_row(made) + 60
    made.series[given, Feature.bolus_dose.column] = 0.05
    rows = np.array([given - 1, given, given + 11, given + 12])
    assert circumstances(made, rows).after_bolus.tolist() == [0, 1, 1, 0]


def test_an_unknown_bolus_belongs_to_neither_group_unless_another_is_known() -> None:
    made = windows()
    unknown = first_row(made) + 60
    made.series[unknown, Feature.bolus_dose.column] = np.nan
    made.series[unknown + 5, Feature.bolus_dose.column] = 1.0
    rows = np.array([unknown - 1, unknown, unknown + 4, unknown + 5, unknown + 17])
    assert circumstances(made, rows).after_bolus.tolist() == [0, NONE, NONE, 1, 0]


@pytest.mark.parametrize(("records", "counts"), [(2, False), (3, True), (6, True)])
def test_a_gap_of_over_fifteen_minutes_counts_for_an_hour_from_its_first_reading(records: int, counts: bool) -> None:
    """Three records without a reading lie between two readings that are 20 minutes apart."""
    made = windows(slice(50, 50 + records))
    reading = first_row(made) + 50 + records
    rows = np.array([reading - 1, reading, reading + 11, reading + 12])
    assert circumstances(made, rows).after_gap.tolist() == [0, counts, counts, 0]


def test_targets_lie_in_the_range_of_their_reading() -> None:
    target = np.array([[40.0, 54.0, 69.9, 70.0, 180.0, 180.5, 250.0, 251.0]])
    found = by_glucose_range(forecasts_of(target, target, target, days=1, pumps=1))
    assert [GLUCOSE_RANGES[place].name for place in found.of[0]] == [
        "under 54", "54 to 70", "54 to 70", "70 to 180", "70 to 180", "180 to 250", "180 to 250", "over 250",
    ]  # fmt: skip


def day_parts(zone: str) -> list[str]:
    """Of 288 origins, which follow a lookback of as many records from midnight UTC on: the first, 36th, 37th, last."""
    made = replace(records("a", wandering(2 * 288 + 12, 1), start="2024-07-01"), wearer_zone=zone)
    series = window_series([(split, made) for split in Split], unit_scaler(), DataSettings(lookback=288, horizon=12))
    rows = series.segments_of(Split.test)[0].start + np.arange(288, 2 * 288)
    found = by_time_of_day(circumstances(series, rows))
    assert found.labels == DAY_PARTS
    return [DAY_PARTS[place] for place in found.of[[0, 35, 36, 287]]]


@pytest.mark.parametrize("zone", ["", WALL_TIME, "UTC"])
def test_the_time_of_day_is_that_of_the_origin(zone: str) -> None:
    assert day_parts(zone) == ["00:00 to 03:00", "00:00 to 03:00", "03:00 to 06:00", "21:00 to 24:00"]


def test_the_time_of_day_is_the_wearers_where_the_zone_is_known() -> None:
    assert day_parts("America/Los_Angeles") == ["15:00 to 18:00", "18:00 to 21:00", "18:00 to 21:00", "15:00 to 18:00"]
    assert day_parts("+05:30") == ["03:00 to 06:00", "06:00 to 09:00", "06:00 to 09:00", "03:00 to 06:00"]
