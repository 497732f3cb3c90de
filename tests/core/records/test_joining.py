"""Parts of a history become one grid that ends at the moment asked for."""

import numpy as np
import pytest

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.records import CARBOHYDRATES, RECORD_INTERVAL, Feature, PumpRecords, features_with, time_of_day
from bloodtwin_core.records.joining import records_up_to, require_measured
from tests.core.tiny import tiny_records

WHOLE = tiny_records(count=400, missing=0.0)
LAST = WHOLE.timestamps[-1]


def test_parts_in_any_order_are_the_whole_again() -> None:
    parts = [WHOLE.rows(300, 400), WHOLE.rows(0, 200), WHOLE.rows(150, 300)]
    joined = records_up_to(parts, LAST, 288)
    np.testing.assert_array_equal(joined.timestamps, WHOLE.timestamps[-288:])
    np.testing.assert_array_equal(joined.values, WHOLE.values[-288:])


def test_what_no_part_has_is_missing_and_never_invented() -> None:
    joined = records_up_to([WHOLE.rows(0, 200), WHOLE.rows(210, 400)], LAST, 288)
    hole = slice(200 - 112, 210 - 112)
    assert np.isnan(joined.feature(Feature.bg)[hole]).all()
    assert np.isnan(joined.feature(Feature.bolus_dose)[hole]).all()
    assert (joined.feature(Feature.bg_missing_flag)[hole] == 1).all()
    np.testing.assert_array_equal(joined.feature(Feature.sin_time)[hole], time_of_day(joined.timestamps)[0][hole])
    assert np.isfinite(joined.feature(Feature.bg)).sum() == 278


@pytest.mark.parametrize("minutes", [0, 4, 5, 12])
def test_the_grid_ends_less_than_one_record_before_the_moment(minutes: int) -> None:
    moment = LAST + np.timedelta64(minutes, "m")
    joined = records_up_to([WHOLE], moment, 24)
    assert np.timedelta64(0, "s") <= moment - joined.timestamps[-1] < RECORD_INTERVAL
    assert len(joined) == 24
    assert int(joined.feature(Feature.bg_missing_flag).sum()) == minutes // 5


def test_nothing_after_the_moment_is_used() -> None:
    joined = records_up_to([WHOLE], WHOLE.timestamps[299], 288)
    np.testing.assert_array_equal(joined.values, WHOLE.values[12:300])


def test_a_moment_before_the_history_is_said() -> None:
    with pytest.raises(DataError, match="there is no record before 2023"):
        records_up_to([WHOLE], np.datetime64("2023-01-01", "s"), 288)


@pytest.mark.parametrize(
    ("first", "said"),
    [(200, "the history reaches back 16 h 40 min and 7 h 20 min are missing"), (388, "back 1 h and 23 h are missing")],
)
def test_a_short_history_is_refused_with_how_much_is_missing(first: int, said: str) -> None:
    with pytest.raises(DataError, match=said):
        require_measured(records_up_to([WHOLE.rows(first, 400)], LAST, 288), 0.9)


def test_a_reading_every_quarter_of_an_hour_is_too_few() -> None:
    values = WHOLE.values.copy()
    values[np.arange(400) % 3 != 0, Feature.bg.column] = np.nan
    sparse = type(WHOLE)(WHOLE.pump_id, WHOLE.timestamps, values)
    with pytest.raises(DataError, match="glucose was measured in 33% of the last 24 h"):
        require_measured(records_up_to([sparse], LAST, 288), 0.9)
    require_measured(records_up_to([WHOLE], LAST, 288), 0.9)


def test_extra_features_are_joined_too_and_unknown_where_no_part_has_them() -> None:
    values = np.column_stack([WHOLE.values, np.arange(400, dtype=np.float32)])
    announced = PumpRecords(WHOLE.pump_id, WHOLE.timestamps, values, features_with([CARBOHYDRATES]))
    joined = records_up_to([announced.rows(0, 200), announced.rows(210, 400)], LAST, 288).feature(CARBOHYDRATES)
    assert joined[-1] == 399
    assert np.isnan(joined).sum() == 10
