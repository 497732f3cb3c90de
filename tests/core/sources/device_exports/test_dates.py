"""Dates and times as accounts are set: every form that LibreView writes, and how its order is told."""

from pathlib import Path

import numpy as np
import pytest

from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.sources.device_exports import DateOrder
from tests.core.sources.device_exports.vendor_files import kept, libre, wearer

FORMS = [
    "{year}-{month}-{day} {hour24}:{minute}",
    "{year}-{month}-{day} {hour12}:{minute} {half}",
    "{day}-{month}-{year} {hour24}:{minute}",
    "{day}-{month}-{year} {hour12}:{minute} {half}",
    "{month}-{day}-{year} {hour24}:{minute}",
    "{month}-{day}-{year} {hour12}:{minute} {half}",
    "{day}.{month}.{year} {hour24}:{minute}",
    "{day}/{month}/{year} {hour24}:{minute}",
    "{month}/{day}/{year} {hour12}:{minute} {half}",
    "{year}/{month}/{day} {hour24}:{minute}",
    "{year}-{month}-{day}T{hour24}:{minute}:30",
    "{day}-{month}-{year} {hour24}:{minute}:30",
    "{day}. {month}. {year} {hour24}:{minute}",
    "{year}. {month}. {day}. {hour24}:{minute}",
    "{day}/{month}/{year} {hour24}.{minute}",
]
TIMES = [
    np.datetime64(f"2021-12-18T{hour:02}:{minute:02}")
    for hour, minute in ((0, 3), (0, 58), (11, 59), (12, 0), (23, 45))
]


def written(time: np.datetime64, form: str, half: str = "{}M") -> str:
    year, month, day, hour, minute = (
        str(time)[place] for place in (slice(4), slice(5, 7), slice(8, 10), slice(11, 13), slice(14, 16))
    )
    names = {"year": year, "month": month, "day": day, "hour24": hour, "minute": minute}
    letter = "P" if int(hour) >= 12 else "A"
    return form.format(**names, hour12=f"{(int(hour) + 11) % 12 + 1:02}", half=half.format(letter))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_date_and_time_is_read(form: str, tmp_path: Path) -> None:
    rows = [kept(written(time, form), 100 + place) for place, time in enumerate(TIMES)]
    found = wearer(tmp_path, libre(rows))
    assert [str(time)[:16] for time in found.glucose.times] == [str(time) for time in TIMES]


@pytest.mark.parametrize("half", ["{}M", " {}M", "{}.M.", "{}. M."])
def test_halves_of_the_day_are_read_as_languages_write_them(half: str, tmp_path: Path) -> None:
    rows = [kept(written(time, FORMS[1], half), 100 + place) for place, time in enumerate(TIMES)]
    found = wearer(tmp_path, libre([row.replace("AM", "am").replace("PM", "pm") for row in rows]))
    assert [str(time)[:16] for time in found.glucose.times] == [str(time) for time in TIMES]


def test_rows_around_a_midnight_tell_the_order_of_dates_with_no_day_over_12(tmp_path: Path) -> None:
    hours = np.arange(np.datetime64("2024-05-01T18", "h"), np.datetime64("2024-05-02T06", "h"))
    for name, form in (("day", FORMS[2]), ("month", FORMS[4])):
        rows = [kept(written(hour.astype("datetime64[m]"), form), 100 + place) for place, hour in enumerate(hours)]
        found = wearer(tmp_path / name, libre(rows))
        assert found.glucose.times.tolist() == hours.astype("datetime64[s]").tolist()


def test_the_setting_goes_before_what_midnights_tell(tmp_path: Path) -> None:
    rows = [kept("05-01-2024 23:00", 100), kept("05-02-2024 01:00", 101)]
    found = wearer(tmp_path, libre(rows), date_order=DateOrder.day_first)
    assert [str(time)[:10] for time in found.glucose.times] == ["2024-01-05", "2024-02-05"]


def test_dates_far_apart_want_the_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"data\.vendor\.date_order"):
        wearer(tmp_path, libre([kept("05-01-2024 10:00", 100), kept("07-01-2024 10:00", 101)]))


@pytest.mark.parametrize(
    "text", ["2021-12-18 13:03 PM", "2021-12-18 00:03 AM", "2021-13-18 10:00", "18 Dec 2021 10:00", "2021-12-18"]
)
def test_what_is_no_date_and_time_is_refused_with_the_forms_that_are(text: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"line 4, column Device Timestamp: '.*' is not.*2021-12-20 23:15, 20-12-2021"):
        wearer(tmp_path, libre([kept("2021-12-18 10:00", 100), kept(text, 100)]))
