"""Local times in UTC, hours that occur twice or never, and clocks that were set back."""

from datetime import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.events.clocks import recorded_oldest_first, utc_from_local, utc_of_lists
from bloodtwin_core.events.device_clocks import clock_put_right
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.events.zones import zone_named
from bloodtwin_core.records import Timestamps

LONDON = zone_named("Europe/London")
STEP = np.timedelta64(300, "s")
HOUR = np.timedelta64(3600, "s")


def wall_times(utc: Timestamps, zone: str = "Europe/London") -> Timestamps:
    """What a clock that follows the zone shows."""
    there = zone_named(zone)
    local = [datetime.fromtimestamp(int(time), there).replace(tzinfo=None) for time in utc.astype(np.int64)]
    return np.array(local, dtype="datetime64[s]")


def every_five_minutes(start: str, count: int) -> Timestamps:
    return np.datetime64(start, "s") + np.arange(count) * STEP


def set_back_undone(times: Timestamps) -> tuple[Timestamps, Repairs]:
    """clock_put_right for a device of one list."""
    (corrected,), repairs = clock_put_right([times])
    return corrected, repairs


def test_summer_and_winter_have_their_own_offset() -> None:
    local = np.array(["2023-01-15T12:00", "2023-07-15T12:00"], dtype="datetime64[s]")
    utc, repairs = utc_from_local(local, LONDON)
    assert utc.astype(str).tolist() == ["2023-01-15T12:00:00", "2023-07-15T11:00:00"]
    assert not repairs


@pytest.mark.parametrize(
    ("zone", "night"),
    [
        ("Europe/London", "2023-10-28T22:00"),
        ("America/New_York", "2023-11-05T03:00"),
        ("Australia/Lord_Howe", "2023-04-01T12:00"),
    ],
)
def test_an_hour_that_occurs_twice_is_told_apart_by_the_step_back(zone: str, night: str) -> None:
    utc = every_five_minutes(night, 80)
    found, repairs = utc_from_local(wall_times(utc, zone), zone_named(zone))
    np.testing.assert_array_equal(found, utc)
    assert repairs[RepairKind.ambiguous_local_times] == (12 if zone == "Australia/Lord_Howe" else 24)


def test_of_an_hour_that_occurs_twice_the_first_is_meant_where_nothing_steps_back() -> None:
    local = np.array(["2023-10-29T00:55", "2023-10-29T01:30", "2023-10-29T02:10"], dtype="datetime64[s]")
    utc, repairs = utc_from_local(local, LONDON)
    assert utc.astype(str).tolist() == ["2023-10-28T23:55:00", "2023-10-29T00:30:00", "2023-10-29T02:10:00"]
    assert repairs[RepairKind.ambiguous_local_times] == 1


def test_entries_seconds_out_of_order_are_no_step_back() -> None:
    local = np.array(["2023-10-29T01:10:05", "2023-10-29T01:10:00", "2023-10-29T01:15:00"], dtype="datetime64[s]")
    utc, _ = utc_from_local(local, LONDON)
    assert (utc < np.datetime64("2023-10-29T01:00")).all()


def test_an_hour_that_does_not_exist_is_that_of_a_clock_not_put_forward_yet() -> None:
    local = np.array(["2023-03-26T00:55", "2023-03-26T01:30", "2023-03-26T02:35"], dtype="datetime64[s]")
    utc, repairs = utc_from_local(local, LONDON)
    assert utc.astype(str).tolist() == ["2023-03-26T00:55:00", "2023-03-26T01:30:00", "2023-03-26T01:35:00"]
    assert repairs[RepairKind.nonexistent_local_times] == 1


@pytest.mark.parametrize(
    ("zone", "begin", "put_right", "late"),
    [
        ("Europe/London", "2024-03-30T20:00", "2024-04-02T08:00", 60),
        ("America/New_York", "2024-03-09T20:00", "2024-03-10T09:00", 60),
        ("Australia/Lord_Howe", "2024-10-05T10:00", "2024-10-07T00:00", 30),
        ("Europe/London", "2024-03-30T20:00", "2025-01-01T00:00", 60),
    ],
)
def test_a_clock_that_is_put_forward_late_moves_nothing_before_or_after(
    zone: str, begin: str, put_right: str, late: int
) -> None:
    true = np.arange(np.datetime64(begin, "s"), np.datetime64(put_right, "s") + 5 * HOUR, STEP)
    shown = wall_times(true, zone)
    saving = (shown - true) > (shown[0] - true[0])
    shown[saving & (true < np.datetime64(put_right, "s"))] -= np.timedelta64(late * 60, "s")
    found, repairs = utc_from_local(shown, zone_named(zone))
    np.testing.assert_array_equal(found, true)
    assert repairs[RepairKind.nonexistent_local_times] == late / 5
    assert not set_back_undone(found)[1]


def test_of_sparse_events_only_those_near_the_time_that_does_not_exist_are_of_a_late_clock() -> None:
    local = np.array(["2024-03-30T20:00", "2024-03-31T01:30", "2024-03-31T02:10", "2024-03-31T08:00"], "datetime64[s]")
    utc, _ = utc_from_local(np.append(local, np.datetime64("2024-03-31T13:00", "s")), LONDON)
    assert [str(time)[8:16] for time in utc] == ["30T20:00", "31T01:30", "31T02:10", "31T07:00", "31T12:00"]


@settings(max_examples=50, deadline=None)
@given(
    start=st.integers(1_577_836_800, 1_900_000_000),
    gaps=st.lists(st.integers(1, 3000), min_size=1, max_size=60),
    zone=st.sampled_from(["Europe/London", "America/New_York", "Asia/Kolkata", "Australia/Sydney", "UTC"]),
)
def test_what_the_clock_showed_is_read_back(start: int, gaps: list[int], zone: str) -> None:
    """Right everywhere but where only one of two equal hours was recorded, or a silence hides the step back."""
    utc = (start + np.cumsum(gaps)).astype("datetime64[s]")
    local = wall_times(utc, zone)
    found, repairs = utc_from_local(local, zone_named(zone))
    if not repairs[RepairKind.ambiguous_local_times]:
        np.testing.assert_array_equal(found, utc)
    np.testing.assert_array_equal(wall_times(found, zone), local)


def test_no_events_are_no_trouble() -> None:
    none = np.array([], dtype="datetime64[s]")
    assert len(utc_from_local(none, LONDON)[0]) == 0
    assert len(set_back_undone(none)[0]) == 0
    assert recorded_oldest_first(none)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "London", "\0"])
def test_a_zone_that_does_not_exist_is_named(name: str) -> None:
    with pytest.raises(SettingsError, match=r"is not a time zone\. Name it as the IANA does"):
        zone_named(name)


def test_a_list_that_is_newest_first_is_recognised() -> None:
    times = every_five_minutes("2024-01-01", 10)
    assert recorded_oldest_first(times)
    assert not recorded_oldest_first(times[::-1])


@pytest.mark.parametrize("minutes", [8, 60, 61, 170])
def test_a_clock_that_was_ahead_since_it_was_set_forward_is_put_right(minutes: int) -> None:
    true = every_five_minutes("2024-01-01", 400)
    ahead = np.timedelta64(minutes * 60, "s")
    shown = true.copy()
    shown[100:250] += ahead
    found, repairs = set_back_undone(shown)
    np.testing.assert_array_equal(found, true)
    assert repairs[RepairKind.clock_set_back] == 1
    assert repairs[RepairKind.clock_shifted_events] == 150


def test_a_clock_ahead_from_the_beginning_is_put_right() -> None:
    true = every_five_minutes("2024-01-01", 200)
    shown = true.copy()
    shown[:90] += HOUR
    found, _ = set_back_undone(shown)
    np.testing.assert_array_equal(found, true)


def test_two_corrections_are_both_undone() -> None:
    true = every_five_minutes("2024-01-01", 600)
    shown = true.copy()
    shown[100:200] += HOUR
    shown[300:400] += 2 * HOUR
    found, repairs = set_back_undone(shown)
    np.testing.assert_array_equal(found, true)
    assert repairs[RepairKind.clock_set_back] == 2


def test_times_in_no_recording_order_are_left_alone() -> None:
    shuffled = np.random.default_rng(0).permutation(every_five_minutes("2024-01-01", 200))
    found, repairs = set_back_undone(shuffled)
    np.testing.assert_array_equal(found, shuffled)
    assert not repairs


@settings(max_examples=50, deadline=None)
@given(cuts=st.dictionaries(st.integers(1, 399), st.integers(8, 170), min_size=1, max_size=4))
def test_corrected_times_never_go_back(cuts: dict[int, int]) -> None:
    shown = every_five_minutes("2024-01-01", 400)
    for place, minutes in cuts.items():
        shown[place:] -= np.timedelta64(minutes * 60, "s")
    found, _ = set_back_undone(shown)
    assert (np.diff(found) >= -np.timedelta64(120, "s")).all()


def test_a_sensor_that_was_put_forward_in_time_has_another_clock_than_a_pump_that_was_not() -> None:
    true = every_five_minutes("2024-03-30T20:00", 500)
    given = true[::6] + STEP // 2
    late = (given >= np.datetime64("2024-03-31T01:00")) & (given < np.datetime64("2024-04-01T01:00"))
    shown = [wall_times(true), wall_times(given) - np.where(late, HOUR, 0 * HOUR)]
    (readings, _), (boluses, _) = utc_of_lists(shown, LONDON)
    np.testing.assert_array_equal(readings, true)
    np.testing.assert_array_equal(boluses, given)


@settings(max_examples=50, deadline=None)
@given(
    lists=st.lists(st.lists(st.integers(0, 2000), min_size=1, max_size=40), min_size=1, max_size=3),
    late=st.booleans(),
)
def test_whatever_the_lists_of_a_clock_show_each_time_comes_to_exist(lists: list[list[int]], late: bool) -> None:
    start = np.datetime64("2024-03-30T20:00", "s")
    told = [start + np.sort(np.array(minutes)) * np.timedelta64(60, "s") for minutes in lists]
    shown = [times if late else wall_times(times) for times in told]
    for (found, _), times in zip(utc_of_lists(shown, LONDON), told, strict=True):
        assert len(found) == len(times)
        assert late or np.array_equal(found, times)
