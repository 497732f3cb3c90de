"""Zones by name, and by their distance from UTC."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.events.zones import zone_named
from bloodtwin_core.records.clock import zone_of


@pytest.mark.parametrize(("name", "minutes"), [("+02:00", 120), ("-05:00", -300), ("-03:30", -210), ("+00:00", 0)])
def test_an_offset_is_a_zone_that_never_changes(name: str, minutes: int) -> None:
    assert zone_of(name).utcoffset(datetime(2025, 7, 1)) == timedelta(minutes=minutes)


def test_every_other_name_is_that_of_a_zone() -> None:
    assert zone_of("Asia/Tokyo") == zone_named("Asia/Tokyo") == ZoneInfo("Asia/Tokyo")
    for wrong in ("Berlin/Europe", "2:00", ""):
        with pytest.raises(SettingsError):
            zone_of(wrong)
