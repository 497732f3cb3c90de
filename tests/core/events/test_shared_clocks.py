"""Lists of which nobody says which device wrote them: of one clock, unless they prove to be of two."""

import numpy as np
import pytest

from bloodtwin_core.events.shared_clocks import may_share_clock
from bloodtwin_core.records import Timestamps
from tests.core.events.test_clocks import HOUR, LONDON, STEP, every_five_minutes, wall_times

TRUE = every_five_minutes("2024-01-10", 400)


def ahead(times: Timestamps) -> Timestamps:
    """What a clock shows that is an hour ahead for half a day."""
    return times + np.where((times >= TRUE[100]) & (times < TRUE[250]), HOUR, 0 * HOUR)


def late(times: Timestamps) -> Timestamps:
    """What a clock shows that is put forward to summer time a day late."""
    return wall_times(times) - np.where(
        (times >= np.datetime64("2024-03-31T01:00")) & (times < np.datetime64("2024-04-01T01:00")), HOUR, 0 * HOUR
    )


@pytest.mark.parametrize("every", [2, 60])
def test_a_sensor_that_runs_on_while_the_pump_is_set_back_has_another_clock(every: int) -> None:
    pump = TRUE[::every]
    # With a bolus or two a step back of an hour need not show.
    shows = bool((np.diff(ahead(pump)) < 0 * HOUR).any())
    assert may_share_clock([TRUE], [ahead(pump)], LONDON) is not shows
    assert may_share_clock([ahead(pump)], [TRUE], LONDON) is not shows


@pytest.mark.parametrize("every", [1, 7, 60])
def test_lists_that_show_the_same_step_or_none_may_be_of_one_clock(every: int) -> None:
    assert may_share_clock([ahead(TRUE)], [ahead(TRUE[::every])], LONDON)
    assert may_share_clock([TRUE], [TRUE[::every], TRUE[:0]], LONDON)


def test_a_sensor_that_is_silent_meanwhile_tells_nothing() -> None:
    pauses = np.concatenate([TRUE[:230], TRUE[280:]])
    assert may_share_clock([pauses], [ahead(TRUE[::2])], LONDON)


def test_a_sensor_that_was_put_forward_in_time_has_another_clock_than_a_pump_that_was_not() -> None:
    true = every_five_minutes("2024-03-30T20:00", 500)
    pump = true[::6] + STEP // 2
    assert not may_share_clock([wall_times(true)], [late(pump)], LONDON)
    assert may_share_clock([late(true)], [late(pump)], LONDON)
    assert may_share_clock([wall_times(true)], [wall_times(pump)], LONDON)
