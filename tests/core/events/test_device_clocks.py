"""One clock a device: what it wrote to all its lists moves together, and a row out of its place moves nothing."""

import numpy as np
import pytest

from bloodtwin_core.events.device_clocks import clock_put_right
from bloodtwin_core.events.repairs import RepairKind
from tests.core.events.test_clocks import HOUR, STEP, every_five_minutes, set_back_undone


@pytest.mark.parametrize("hours", [4, 24, 24 * 30, 24 * 365])
def test_an_old_row_at_the_end_moves_nothing(hours: int) -> None:
    shown = every_five_minutes("2024-01-01", 576)
    shown[-1] -= hours * HOUR
    found, repairs = set_back_undone(shown)
    np.testing.assert_array_equal(found, shown)
    assert repairs[RepairKind.rows_out_of_place] == 1
    assert not repairs[RepairKind.clock_set_back]


@pytest.mark.parametrize("place", [1, 200, 398])
@pytest.mark.parametrize("minutes", [-2000, -170, -62, -11, 11, 62, 170, 2000])
def test_one_row_out_of_its_place_moves_nothing(place: int, minutes: int) -> None:
    shown = every_five_minutes("2024-01-01", 400)
    shown[place] += np.timedelta64(60 * minutes, "s")
    found, repairs = set_back_undone(shown)
    assert (found != shown).sum() <= 1
    assert repairs[RepairKind.clock_shifted_events] <= 1


def test_all_lists_of_a_device_move_together_whether_they_show_the_step_or_not() -> None:
    true = every_five_minutes("2024-01-01", 400)
    boluses, basal = true[[20, 120, 180, 240, 300]] + STEP // 5, true[[10, 110, 320]] + STEP // 3
    begun, ended = true[100], true[250]

    def shown(times: np.ndarray) -> np.ndarray:
        return times + np.where((times >= begun) & (times < ended), HOUR, 0 * HOUR)

    found, repairs = clock_put_right([shown(boluses), shown(true), shown(basal)])
    for told, expected in zip(found, (boluses, true, basal), strict=True):
        np.testing.assert_array_equal(told, expected)
    assert repairs[RepairKind.clock_set_back] == 1
    assert repairs[RepairKind.clock_shifted_events] == 150 + 3 + 1


def test_the_same_list_in_two_files_is_moved_alike() -> None:
    shown = every_five_minutes("2024-01-01", 400)
    shown[:250] += HOUR
    (whole, part), repairs = clock_put_right([shown, shown[180:]])
    np.testing.assert_array_equal(whole[180:], part)
    assert repairs[RepairKind.clock_set_back] == 1


@pytest.mark.parametrize("every", [2, 5])
def test_a_list_that_goes_straight_on_through_the_step_is_of_another_clock(every: int) -> None:
    true = every_five_minutes("2024-01-01", 400)
    pump, ahead = true[::every] + STEP // 5, (true[::every] >= true[100]) & (true[::every] < true[250])
    (sensor, found), repairs = clock_put_right([true, pump + np.where(ahead, HOUR, 0 * HOUR)])
    np.testing.assert_array_equal(sensor, true)
    assert np.abs(found - pump).max() <= every * STEP
    assert repairs[RepairKind.clock_set_back] == 1


def test_a_list_that_is_silent_at_the_step_moves_with_the_others() -> None:
    true = every_five_minutes("2024-01-01", 400)
    ahead = np.where((true >= true[100]) & (true < true[250]), HOUR, 0 * HOUR)
    silent = np.r_[0:230, 280:400]
    (_, found), _ = clock_put_right([true + ahead, (true + ahead)[silent]])
    np.testing.assert_array_equal(found, true[silent])
