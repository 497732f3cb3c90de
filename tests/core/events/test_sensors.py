"""One sensor at a time, and fills that no sensor took."""

import numpy as np
import pytest

from bloodtwin_core.events.kinds import GlucoseEvents, PumpEvents
from bloodtwin_core.events.placeholders import placeholder_readings
from bloodtwin_core.events.repairs import RepairKind
from bloodtwin_core.records import Feature
from tests.core.events.hand_made import at, by_minute, pump, records_of


def two_sensors(names: tuple[str, str], seconds_apart: float) -> PumpEvents:
    """One sensor from 0 to 300 min that reads 100 to 106, one from 200 to 600 min that reads 200 to 206."""
    first, second = np.arange(2, 300, 5.0), np.arange(200, 600, 5.0) + 2 + seconds_apart / 60
    glucose = np.append(100.0 + np.arange(len(first)) % 7, 200.0 + np.arange(len(second)) % 7)
    labels = np.repeat(names, [len(first), len(second)])
    return PumpEvents("a", GlucoseEvents.of(at(np.append(first, second)), glucose, labels))


@pytest.mark.parametrize("names", [("G6", "G7"), ("G7", "G6"), ("", "")])
@pytest.mark.parametrize("seconds_apart", [0, 60, 130])
def test_of_two_sensors_at_once_the_one_worn_first_is_followed(names: tuple[str, str], seconds_apart: float) -> None:
    records, repairs = records_of(two_sensors(names, seconds_apart))
    glucose = by_minute(records, Feature.bg)
    assert all(glucose[minute] < 110 for minute in range(5, 301, 5))
    assert all(glucose[minute] >= 200 for minute in range(310, 600, 5))
    assert repairs[RepairKind.second_sensor_readings] >= 19


def test_a_sensor_that_pauses_briefly_is_not_left_for_another() -> None:
    events = two_sensors(("G6", "G7"), 60).glucose
    paused = events.chosen(~((events.sensor == "G6") & (events.times >= at(250)) & (events.times < at(260))))
    glucose = by_minute(records_of(PumpEvents("a", paused))[0], Feature.bg)
    assert all(not glucose[minute] >= 200 for minute in range(5, 301, 5))


def test_a_sensor_that_reads_every_minute_gives_its_latest_reading() -> None:
    readings = [(float(minute), 100.0 + minute % 50) for minute in range(100)]
    records, repairs = records_of(pump(readings))
    assert by_minute(records, Feature.bg) == {minute: 100.0 + minute % 50 for minute in range(0, 96, 5)} | {100: 149.0}
    assert repairs[RepairKind.earlier_readings_in_bin] == 100 - 21
    assert repairs[RepairKind.second_sensor_readings] == 0


def test_long_runs_of_one_value_are_fills_wherever_they_stand() -> None:
    glucose = 100.0 + np.arange(300) % 9
    glucose[:30], glucose[100:124], glucose[270:] = 100.0, 87.0, 100.0
    filled = placeholder_readings(GlucoseEvents.of(at(np.arange(300) * 5.0), glucose))
    assert np.flatnonzero(filled).tolist() == [*range(30), *range(100, 124), *range(270, 300)]


@pytest.mark.parametrize("value", [39.0, 40.0, 400.0, 401.0, 399.6])
def test_a_sensor_at_the_end_of_its_range_fills_nothing(value: float) -> None:
    assert not placeholder_readings(GlucoseEvents.of(at(np.arange(100) * 5.0), np.full(100, value))).any()


def test_as_many_equal_readings_as_truly_occur_are_no_fill() -> None:
    glucose = np.repeat(100.0 + np.arange(10), 23)
    assert not placeholder_readings(GlucoseEvents.of(at(np.arange(230) * 5.0), glucose)).any()


def test_a_sensor_of_one_minute_may_say_the_same_for_half_an_hour() -> None:
    assert not placeholder_readings(GlucoseEvents.of(at(np.arange(30.0)), np.full(30, 100.0))).any()


def test_a_fill_of_one_sensor_is_found_between_readings_of_another() -> None:
    times = np.repeat(np.arange(40) * 5.0, 2)
    glucose = np.tile([100.0, 0.0], 40) + np.tile([0.0, 1.0], 40) * (150 + np.arange(80) % 7)
    events = GlucoseEvents.of(at(times), glucose, np.tile(["filled", "true"], 40))
    np.testing.assert_array_equal(placeholder_readings(events), events.sensor == "filled")
