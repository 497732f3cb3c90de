from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from bloodtwin_core.records import RECORD_INTERVAL, RECORDS_PER_DAY, PumpRecords, records_from_signals
from bloodtwin_core.records.summary import long_gaps
from bloodtwin_core.reporting.plots.calendar import _places, coverage_calendar, measured_days


def pump(first: str, glucose: np.ndarray, rows: slice | np.ndarray = slice(None)) -> PumpRecords:
    times = np.datetime64(first, "s") + np.arange(len(glucose)) * RECORD_INTERVAL
    ones = np.ones(len(glucose))
    return records_from_signals("881235", times[rows], glucose[rows], ones[rows], ones[rows])


def test_each_day_has_its_share_of_readings() -> None:
    glucose = np.full(4 * RECORDS_PER_DAY, 120.0)
    glucose[RECORDS_PER_DAY : RECORDS_PER_DAY * 3 // 2] = np.nan
    rows = np.r_[0 : 2 * RECORDS_PER_DAY, 3 * RECORDS_PER_DAY : 4 * RECORDS_PER_DAY]
    days, shares = measured_days([pump("2023-12-31T00:00:00", glucose, rows)])
    assert days.tolist() == [
        np.datetime64(day).item() for day in ("2023-12-31", "2024-01-01", "2024-01-02", "2024-01-03")
    ]
    assert shares.tolist() == [1.0, 0.5, 0.0, 1.0]


@pytest.mark.parametrize("day", ["2021-01-01", "2024-02-29", "2024-12-31", "2028-12-31"])
def test_days_stand_in_their_week_as_calendars_have_it(day: str) -> None:
    date = np.datetime64(day, "D")
    year = date.astype("datetime64[Y]")
    (week,), (weekday,) = _places(year, np.array([date]))
    assert weekday == date.item().weekday()
    first = year.astype("datetime64[D]").item()
    assert week == ((date.item() - first).days + first.weekday()) // 7 < 54


def test_the_picture_has_a_band_for_each_year() -> None:
    one, three = (
        Image.open(BytesIO(coverage_calendar("881235", [pump("2023-11-01T00:00:00", np.full(288 * days, 120.0))])))
        for days in (30, 500)
    )
    assert one.width == three.width
    assert three.height > 2 * one.height


@pytest.mark.parametrize("wrong", ["1970-01-01T00:00:00", "2204-01-01T00:00:00"])
def test_a_wrong_clock_stops_no_picture(wrong: str) -> None:
    """Continuity checks name such timestamps, so the page that stands before them must not fail on them."""
    history = pump("2024-01-01T00:00:00", np.full(40, 120.0))
    history.timestamps[5] = np.datetime64(wrong)
    days, shares = measured_days([history])
    assert shares.sum() == pytest.approx(40 / RECORDS_PER_DAY)
    assert (np.diff(days) == np.timedelta64(1, "D")).all()
    usual, wronged = (
        Image.open(BytesIO(coverage_calendar("881235", [part])))
        for part in (pump("2023-12-31T23:00:00", np.full(40, 120.0)), history)
    )
    assert wronged.size == usual.size


def test_long_gaps_are_counted_from_reading_to_reading() -> None:
    glucose = np.full(5 * RECORDS_PER_DAY, 120.0)
    glucose[10 : 10 + 12 * 20] = np.nan
    glucose[500 : 500 + 12 * 10] = np.nan
    rows = np.r_[0:1000, 1288:1440]
    gaps = long_gaps([pump("2024-01-01T00:00:00", glucose, rows)], 15.0)
    assert gaps.count == 2
    assert gaps.days == pytest.approx((20 + 24) / 24, abs=0.01)
