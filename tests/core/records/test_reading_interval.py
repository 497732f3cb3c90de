"""Sensors with a reading every 15 minutes are told of in plain words, before anybody waits for a training."""

import numpy as np
import pytest

from bloodtwin_core.common.errors import DataError, TooFewWindows
from bloodtwin_core.records import Mask, PumpRecords, Split, records_from_signals
from bloodtwin_core.records.cadence import RECORD_INTERVAL
from bloodtwin_core.records.joining import require_measured
from bloodtwin_core.records.reading_interval import reading_interval, sparse_sensor
from bloodtwin_core.windows import window_series
from bloodtwin_core.windows.scaler import fit_scaler
from tests.core.tiny import TINY_DATA

START = np.datetime64("2024-01-01T00:00:00", "s")


def every(records: int, count: int = 300) -> Mask:
    return np.arange(count) % records == 0


def measured_every(records: int) -> PumpRecords:
    times = START + np.arange(300) * RECORD_INTERVAL
    glucose = np.where(every(records), 120.0 + np.arange(300) % 40, np.nan)
    return records_from_signals("libre", times, glucose, np.ones(300), np.zeros(300))


@pytest.mark.parametrize(("records", "minutes"), [(1, 5), (2, 10), (3, 15), (6, 30)])
def test_the_usual_interval_is_known_in_spite_of_gaps(records: int, minutes: int) -> None:
    measured = every(records)
    measured[60:120] = False
    assert reading_interval([measured, every(records)]) == minutes


def test_without_two_readings_nothing_is_known() -> None:
    assert reading_interval([]) is None
    assert reading_interval([np.zeros(10, dtype=bool), every(10, 10)]) is None
    assert sparse_sensor([]) == ""


def test_a_sensor_every_five_minutes_with_many_holes_is_not_called_sparse() -> None:
    measured = np.random.default_rng(0).random(3000) < 0.6
    assert sparse_sensor([measured]) == ""


def test_windows_of_a_sparse_sensor_are_refused_with_the_reason() -> None:
    records = measured_every(3)
    splits = [(split, records) for split in Split]
    with pytest.raises(TooFewWindows, match="a reading every 15 minutes"):
        window_series(splits, fit_scaler([measured_every(1)]), TINY_DATA)


def test_a_forecast_from_a_sparse_sensor_is_refused_with_the_reason() -> None:
    with pytest.raises(DataError, match="a reading every 15 minutes"):
        require_measured(measured_every(3), 0.9)
