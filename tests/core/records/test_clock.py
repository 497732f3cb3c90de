"""The time of day is the wearer's own where the zone is known, computed in UTC timestamps' stead nowhere else."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.events.splits import write_event_splits
from bloodtwin_core.events.wearers import joined
from bloodtwin_core.records import (
    RECORD_INTERVAL,
    UNKNOWN_ZONE,
    WALL_TIME,
    Clock,
    Feature,
    PumpRecords,
    Split,
    clock_learnt,
    local_datetimes,
    time_of_day,
    times_shown,
)
from bloodtwin_core.records.split_files import read_split_file, write_split_file
from bloodtwin_core.windows import window_series
from bloodtwin_core.windows.scaler import fit_scaler
from bloodtwin_core.windows.storage import fingerprint_of, read_windows, write_windows
from tests.core.events.hand_made import pump, steady_glucose
from tests.core.tiny import TINY_DATA, tiny_records, tiny_splits

ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca", "UTC"]


@pytest.mark.parametrize("zone", ZONES)
@given(start=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)), count=st.integers(1, 900))
@settings(max_examples=20, deadline=None)
def test_the_wearers_clock_shows_what_the_zone_says(zone: str, start: datetime, count: int) -> None:
    timestamps = np.datetime64(start, "s") + np.arange(count) * RECORD_INTERVAL
    expected = [
        stamp.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) for stamp in timestamps.tolist()
    ]
    assert times_shown(timestamps, zone).tolist() == expected


def test_clocks_that_are_put_forward_and_back_are_followed_record_by_record() -> None:
    for night, expected in (
        ("2026-03-29T00:50:00", ["01:50", "01:55", "03:00"]),
        ("2026-10-25T00:50:00", ["02:50", "02:55", "02:00"]),
    ):
        shown = times_shown(np.datetime64(night) + np.arange(3) * RECORD_INTERVAL, "Europe/Berlin")
        assert [f"{time:%H:%M}" for time in shown.tolist()] == expected


def test_an_offset_is_a_zone_and_nonsense_is_refused() -> None:
    noon = np.array(["2026-01-31T12:00:00"], dtype="datetime64[s]")
    assert str(times_shown(noon, "+05:30")[0]) == "2026-01-31T17:30:00"
    assert str(times_shown(noon, "-09:30")[0]) == "2026-01-31T02:30:00"
    for unknown in (UNKNOWN_ZONE, WALL_TIME):
        assert times_shown(noon, unknown) is noon
    for nonsense in ("Mars/Olympus", "+99:00", "../etc/passwd", "x" * 500):
        with pytest.raises(SettingsError, match=r"is not a time zone\. Name it as the IANA does"):
            times_shown(noon, nonsense)
    with pytest.raises(SettingsError, match="wall time already"):
        replace(tiny_records(count=3), wearer_zone=WALL_TIME).in_zone("Europe/Berlin")


def test_times_for_people_are_local_with_their_offset() -> None:
    noon = np.array(["2026-07-31T12:00:00"], dtype="datetime64[s]")
    assert local_datetimes(noon, "Europe/Berlin")[0].isoformat() == "2026-07-31T14:00:00+02:00"
    assert local_datetimes(noon, UNKNOWN_ZONE)[0].isoformat() == "2026-07-31T12:00:00+00:00"
    assert local_datetimes(noon, WALL_TIME)[0].isoformat() == "2026-07-31T12:00:00"


def test_a_clock_is_learnt_from_all_records() -> None:
    assert clock_learnt(["Europe/Berlin", WALL_TIME]) is Clock.local
    assert clock_learnt([UNKNOWN_ZONE, UNKNOWN_ZONE]) is Clock.utc
    assert clock_learnt([UNKNOWN_ZONE, WALL_TIME]) is Clock.mixed


@pytest.mark.parametrize("zone", ["Europe/Berlin", "+01:00", UNKNOWN_ZONE])
def test_a_split_file_keeps_the_zone_and_its_timestamps_in_utc(tmp_path: Path, zone: str) -> None:
    records = replace(tiny_records(count=50), wearer_zone=zone)
    path = write_split_file(tmp_path, records, Split.test)
    read = read_split_file(path).records
    assert read.wearer_zone == zone
    np.testing.assert_array_equal(read.timestamps, records.timestamps)
    assert ("# wearer_zone: " + zone in path.read_text()) == (zone != UNKNOWN_ZONE)


def test_a_file_of_wall_times_is_known_by_its_tz_handling(tmp_path: Path) -> None:
    said = "local wall time of the wearer, taken as UTC; the data set publishes no zone"
    path = write_split_file(tmp_path, tiny_records(count=50), Split.test, tz_handling=said)
    assert read_split_file(path).records.wearer_zone == WALL_TIME


def test_a_zone_that_does_not_exist_is_refused_with_the_file(tmp_path: Path) -> None:
    path = write_split_file(tmp_path, tiny_records(count=50), Split.test, extra={"wearer_zone": "Mars/Olympus"})
    with pytest.raises(DataError, match=rf"{path}: wearer_zone is 'Mars/Olympus'.*Correct the line"):
        read_split_file(path)


def test_the_zone_of_events_reaches_the_files(tmp_path: Path) -> None:
    events = replace(pump(steady_glucose(3 * 24 * 60)), wearer_zone="Europe/Berlin")
    written = write_event_splits([events], DataSettings(), tmp_path)
    assert {read_split_file(path).records.wearer_zone for path in written[0].files.values()} == {"Europe/Berlin"}


def test_pumps_of_one_wearer_in_two_zones_leave_the_zone_unknown() -> None:
    one, other = PumpEvents("a", wearer_zone="Europe/Berlin"), PumpEvents("b", wearer_zone="Europe/Paris")
    assert joined("anna", [one, replace(other, wearer_zone="Europe/Berlin")]).wearer_zone == "Europe/Berlin"
    assert joined("anna", [one, other]).wearer_zone == UNKNOWN_ZONE


def _in_zone(zone: str) -> list[tuple[Split, PumpRecords]]:
    return [(split, replace(records, wearer_zone=zone)) for split, records in tiny_splits()]


def test_windows_tell_the_time_of_day_of_the_wearers_clock(tmp_path: Path) -> None:
    splits = _in_zone("Asia/Kathmandu")
    scaler = fit_scaler(records for split, records in splits if split is Split.train)
    windows = window_series(splits, scaler, TINY_DATA)
    sin_time, cos_time = time_of_day(windows.timestamps + np.timedelta64(5 * 3600 + 45 * 60, "s"))
    np.testing.assert_array_equal(windows.series[:, Feature.sin_time.column], sin_time)
    np.testing.assert_array_equal(windows.series[:, Feature.cos_time.column], cos_time)
    assert windows.rules.clock is Clock.local
    write_windows(tmp_path / "windows", windows, "raw")
    assert read_windows(tmp_path / "windows")[0].rules == windows.rules


def test_without_a_zone_windows_are_what_they_were() -> None:
    splits = tiny_splits()
    scaler = fit_scaler(records for split, records in splits if split is Split.train)
    windows = window_series(splits, scaler, TINY_DATA)
    as_before = np.concatenate([records.values[:, 4:6] for _, records in splits])
    kept = np.isin(np.concatenate([records.timestamps for _, records in splits]), windows.timestamps)
    assert len(windows.series) <= kept.sum()
    np.testing.assert_array_equal(windows.series[-50:, 4:6], as_before[-50:])
    wall = window_series(_in_zone(WALL_TIME), scaler, TINY_DATA)
    assert fingerprint_of(wall) == fingerprint_of(windows)
    assert (windows.rules.clock, wall.rules.clock) == (Clock.utc, Clock.local)
    mixed = window_series([*_in_zone(WALL_TIME), *splits], scaler, TINY_DATA)
    assert mixed.rules.clock is Clock.mixed
