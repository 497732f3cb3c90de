import numpy as np
import pytest

from bloodtwin_core.control.controllers.suspension import basal_iq, quantile_suspension
from tests.core.control.states import forecast, state

NAN = float("nan")


def rate(controller, glucose, told=None):
    return controller.decide(state(glucose, forecast=told)).basal_rate


@pytest.mark.parametrize(
    ("glucose", "expected"),
    [
        ([100, 98, 96, 94], 1.0),  # 82 in half an hour
        ([100, 97, 94, 91], 0.0),  # 73
        ([69, 69, 69, 69], 0.0),
        ([70, 68, 66, 67], 1.0),  # rising, though low
        ([90, 90, 90, 90], 1.0),
    ],
)
def test_basal_stops_below_70_or_where_80_is_expected_and_goes_on_with_the_first_rise(glucose, expected):
    assert rate(basal_iq(), glucose) == expected


def test_the_line_is_the_least_squares_one_through_what_was_measured():
    now = state([120, 110, NAN, 96])
    slope, at_now = np.polyfit([-15.0, -10.0, 0.0], [120.0, 110.0, 96.0], 1)
    assert now.line_ahead(30) == pytest.approx(at_now + 30 * slope)
    assert state([NAN, NAN, NAN, 96]).line_ahead(30) == 96.0
    assert np.isnan(state([NAN]).line_ahead(30))


def test_nothing_is_stopped_for_more_than_two_hours_of_two_and_a_half():
    controller = basal_iq()
    stopped = [rate(controller, [60, 60, 60, 60]) == 0.0 for _ in range(60)]
    assert stopped[:24] == [True] * 24
    assert stopped[24:30] == [False] * 6
    assert max(sum(stopped[start : start + 30]) for start in range(31)) == 24


def test_without_a_fresh_reading_the_profile_runs():
    assert rate(basal_iq(), [60, NAN, NAN, NAN, NAN]) == 1.0
    assert rate(basal_iq(), [NAN]) == 1.0


def test_the_quantile_decides_where_there_is_a_forecast():
    level = [100.0] * 4
    assert rate(quantile_suspension(0.1, 70.0), level, forecast(100.0, spread=40.0)) == 0.0
    assert rate(quantile_suspension(0.1, 70.0), level, forecast(100.0, spread=20.0)) == 1.0
    assert rate(quantile_suspension(0.5, 70.0), level, forecast(100.0, spread=40.0)) == 1.0
    assert rate(quantile_suspension(0.1, 70.0), [100, 97, 94, 91]) == 0.0


def test_the_quantiles_suspension_too_goes_on_with_the_first_rise():
    told = forecast(90.0, spread=40.0)
    assert rate(quantile_suspension(), [92, 91, 90, 89], told) == 0.0
    assert rate(quantile_suspension(), [92, 91, 89, 90], told) == 1.0
    assert rate(quantile_suspension(), [68, 67, 66, 67], told) == 1.0
