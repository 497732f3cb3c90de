"""A sensor with a reading every 15 minutes: lines between readings, nothing after the last, nothing from the future."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bloodtwin_core.records import Feature, PumpRecords, records_from_signals
from bloodtwin_core.records.between_readings import is_sparse, lines_between_readings
from bloodtwin_core.serving.intake import taken

NOTHING = np.nan


def records(glucose: list[float]) -> PumpRecords:
    times = np.datetime64("2024-01-01", "s") + np.arange(len(glucose)) * np.timedelta64(300, "s")
    unknown = np.full(len(glucose), np.nan)
    return records_from_signals("p", times, np.array(glucose), unknown, unknown)


def thinned(glucose: list[float], every: int) -> list[float]:
    return [value if place % every == 0 else NOTHING for place, value in enumerate(glucose)]


def test_lines_are_drawn_between_readings_and_not_beyond_the_last() -> None:
    made = lines_between_readings(records([100.0, NOTHING, NOTHING, 130.0, NOTHING, NOTHING, 100.0, NOTHING]))
    np.testing.assert_allclose(made.feature(Feature.bg), [100, 110, 120, 130, 120, 110, 100])
    np.testing.assert_allclose(made.feature(Feature.delta_bg), [np.nan, 10, 10, 10, -10, -10, -10])
    assert not made.feature(Feature.bg_missing_flag).any()


@pytest.mark.parametrize(("minutes", "drawn"), [(15, True), (20, True), (25, False), (60, False)])
def test_a_real_gap_stays_one(minutes: int, drawn: bool) -> None:
    gap = [NOTHING] * (minutes // 5 - 1)
    made = lines_between_readings(records([100.0, *gap, 130.0]))
    assert np.isfinite(made.feature(Feature.bg)).all() == drawn
    assert (made.feature(Feature.bg_missing_flag)[1:-1] == (0 if drawn else 1)).all()


def test_where_nothing_was_measured_nothing_is_made() -> None:
    nothing = records([NOTHING] * 3)
    assert lines_between_readings(nothing) is nothing


@pytest.mark.parametrize(("every", "sparse"), [(1, False), (2, True), (3, True)])
def test_a_sensor_is_sparse_from_ten_minutes_on(every: int, sparse: bool) -> None:
    assert is_sparse(records(thinned([100.0 + place for place in range(60)], every))) == sparse


@given(st.lists(st.one_of(st.none(), st.floats(20, 600)), min_size=1, max_size=60))
def test_readings_stay_as_they_are_and_a_forecaster_takes_what_is_made(given_readings: list[float | None]) -> None:
    before = records([NOTHING if value is None else value for value in given_readings])
    made = lines_between_readings(before)
    measured = np.isfinite(before.feature(Feature.bg))[: len(made)]
    np.testing.assert_array_equal(made.feature(Feature.bg)[measured], before.feature(Feature.bg)[: len(made)][measured])
    taken(made)


@given(st.lists(st.floats(40, 400), min_size=8, max_size=40), st.integers(0, 2))
def test_a_line_rests_on_what_was_known_at_the_last_reading(glucose: list[float], cut: int) -> None:
    """What comes later changes nothing of what was made before it."""
    whole = records(thinned(glucose, 3))
    early = whole.rows(0, len(whole) - cut)
    made, earlier = lines_between_readings(whole), lines_between_readings(early)
    np.testing.assert_array_equal(made.values[: len(earlier)], earlier.values)
